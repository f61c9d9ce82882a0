# C types of traced.py.
from micrograd.engine cimport Value
from micrograd.node cimport data_of, made, watch_like
from micrograd.operands cimport operand

cdef object _LEAF, _CONSTANT


cdef class Traced(Value):
    pass
