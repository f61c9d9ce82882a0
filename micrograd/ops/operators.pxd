# C types of operators.py: the base of the compiled Value.

cdef class Operators:
    pass
