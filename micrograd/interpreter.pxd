# C types of interpreter.py: the base of the base of the compiled Value.

cdef class Interpreter:
    pass


cpdef settled(object x)
