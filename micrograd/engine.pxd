# C types of engine.py: with them Cython compiles that file, as it stands, into the fast engine.
cimport cython

from micrograd cimport floats, memory
from micrograd.cotangents cimport fit
from micrograd.gradients cimport Gradients
from micrograd.node cimport Node

cdef object _LEAF, _CONSTANT, add, subtract, multiply, divide, matmul, raise_to
cdef set OPEN
cdef dict NONE, ACTIVE


cdef class Value(Node):
    pass


cpdef list toposort(Value root)
@cython.locals(order=list, stack=list, node=Node)
cpdef list in_order(Value root, int mark, list leaves)
cdef bint _push_inputs(Node node, int mark, list stack) except -1
@cython.locals(node=Node)
cdef bint _push(object x, int mark, list stack) except -1
@cython.locals(inputs=tuple)
cpdef pull(Value node, bint create_graph, Gradients gradients)
