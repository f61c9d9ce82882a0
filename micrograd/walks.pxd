# C types of walks.py.

cdef class Walk:
    cdef public int number
    cdef public object root, thread, before, _around, _places
    cdef public list leaves
    cdef public dict apart, pending
    cdef public bint is_waiting

    cpdef int begin(self, int number) except -1
    cpdef int end(self) except -1


cpdef bint is_running_here(Walk walk) except -1
