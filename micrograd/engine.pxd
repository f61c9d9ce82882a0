# C types of engine.py: with them Cython compiles that file, as it stands, into the fast
# engine.
cimport cython

from micrograd cimport floats, memory, unchecked
from micrograd.arrays cimport as_data, is_number
from micrograd.cotangents cimport fit
from micrograd.gradients cimport Gradients
from micrograd.node cimport Node, collect, data_of, forget_grad, inputs_of, made, set_data, set_inputs
from micrograd.record cimport Op
from micrograd.operands cimport all_raw, are_numbers, at_one_level, constant, holds_number, kind_of_result, operand
from micrograd.walking cimport Walking, is_ahead, is_one_step

cdef object _LEAF, _CONSTANT
cdef Op add, subtract, multiply, divide, matmul, raise_to
cdef set OPEN
cdef dict ACTIVE, CAPTURES


cdef class Value(Node):
    pass


cpdef list toposort(Node root)
@cython.locals(order=list, stack=list, node=Value)
cpdef list in_order(Node root, int mark, list leaves)
cdef bint _push_inputs(Node node, int mark, list stack) except -1
@cython.locals(node=Node)
cdef inline bint _push(object x, Node user, int mark, list stack) except -1
@cython.locals(order=list, node=Value)
cpdef walk_back(Walking walk)
@cython.locals(inputs=tuple)
cpdef pull(Node node, bint create_graph, Gradients gradients)
