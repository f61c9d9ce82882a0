# C types of traced.py.
cimport cython

from micrograd.engine cimport Value
from micrograd.node cimport Node, data_of, inputs_of, is_constant, made, set_data, set_inputs
from micrograd.operands cimport all_raw, operand
from micrograd.reading cimport what_is_read
from micrograd.record cimport Op

cdef dict _empty
cdef set PLAIN
cdef object _LEAF, _CONSTANT
cdef set OPEN


cdef class Traced(Value):
    pass


cdef class Outline(Traced):
    pass


@cython.locals(inputs=tuple, is_large=bint, slim=list, numbers=list, moving=list, i=Py_ssize_t)
cdef _slimmed(Node node)
@cython.locals(node=Node)
cpdef bint has_outline(object x) except -1
cdef bint _have_outlines(tuple inputs) except -1
