# C types of node.py: the fields of a node, and the functions that read and write them.
cimport cython

from micrograd cimport memory
from micrograd.arrays cimport as_data, is_number
from micrograd.cotangents cimport given_cotangent
from micrograd.interpreter cimport shape_of
from micrograd.record cimport Op
from micrograd.ops.operators cimport Operators

cdef object _LEAF, _CONSTANT
cdef set PLAIN, EXACT
cdef dict ACTIVE, CAPTURES
cdef int _SHOWN


cdef class Node(Operators):
    # What a walk needs comes first: with Python's own head it fills one cache line,
    # where a node is aligned to it.
    cdef public double _float_grad, _float
    cdef public int _mark
    cdef public unsigned char _has_float_grad, _has_gradient, _is_float, _has_own_step
    cdef public Op _record
    cdef public object _x, _y
    cdef public object _gradient, _array, _params, _own_step, label
    cdef object __weakref__


@cython.locals(node=Node)
cpdef data_of(object x)
cpdef int set_data(Node node, object data) except -1
cpdef grad_of(Node node)
cpdef int set_grad(Node node, object grad) except -1
cpdef bint holds_grad(Node node) except -1
cpdef known_grad(Node node)
cpdef int add_grad(Node node, object part) except -1
cpdef int forget_grad(Node node) except -1
cpdef bint is_in_node(Node node) except -1
cpdef grad_at(Node node, object place)
cpdef int set_grad_at(Node node, object place, object grad) except -1
cpdef tuple inputs_of(Node node)
cpdef int set_inputs(Node node, object inputs) except -1
cpdef bint is_constant(Node node) noexcept
@cython.locals(node=Node)
cpdef Node made(type kind, object data, object record, object x, object y)
@cython.locals(order=list, stack=list, node=Node)
cpdef list collect(Node root, set seen)
