# C types of calls.py.

cdef class Plan:
    cdef public str name
    cdef public list places, params, required, array_places
    cdef public dict kinds
    cdef public object rest
    cdef public bint is_open
    cdef public Py_ssize_t most

    cpdef bint suits(self, tuple args, dict params) except -1
