# C types of traced.py.
from micrograd.engine cimport Value

cdef object _LEAF, _CONSTANT


cdef class Traced(Value):
    pass
