# C types of spaces.py.

cdef class Doubles:
    cdef double[::1] numbers


cdef class Space:
    cdef readonly object work, outputs, d_outputs
    cdef readonly dict arrays, views
    cdef Doubles theta, before, results, seeds, d_theta
    cdef list arguments, argument_views, looked_at, lent, writes, apart
