# C types of deferred.py.

cdef class Deferred:
    cpdef tuple listed(self)
