# C types of operators.py: the base of the compiled Value.
from micrograd cimport memory
from micrograd.interpreter cimport Interpreter


cdef class Operators(Interpreter):
    pass
