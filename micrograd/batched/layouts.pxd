# C types of batched/layouts.py.
cimport cython

from micrograd.interpreter cimport shape_of


cpdef Py_ssize_t rank_of(object x) except -1
@cython.locals(shape=tuple)
cpdef with_rank(object x, Py_ssize_t rank)
cpdef moved(object x, Py_ssize_t source, Py_ssize_t destination)


cdef class stand_in:
    cdef public tuple shape
