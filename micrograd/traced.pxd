# C types of traced.py.
cimport cython

from micrograd.engine cimport Value
from micrograd.node cimport Node, data_of, inputs_of, is_constant, made, set_data, set_inputs
from micrograd.operands cimport all_raw, operand
from micrograd.record cimport Op

cdef object _LEAF, _CONSTANT
cdef set OPEN


cdef class Traced(Value):
    pass


cdef class Outline(Traced):
    pass


@cython.locals(inputs=tuple, is_large=bint)
cdef _slimmed(Node node)
@cython.locals(node=Node)
cdef bint _has_outline(object x) except -1
