# C types of interpreter.py: the base of the base of the compiled Value.
cdef set EXACT


cdef class Interpreter:
    pass


cpdef shape_of(object x)
cpdef numbers_below(object x)
cpdef settled(object x)
