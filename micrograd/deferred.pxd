# C types of deferred.py.

cdef class Deferred:
    cpdef tuple listed(self)
    cpdef owed(self, object node)
    cpdef forgive(self)
