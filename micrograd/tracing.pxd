# C types of tracing.py.
cimport cython

from micrograd.argnums cimport Chosen
from micrograd.leaves cimport joined_leaves, unshared_leaves
from micrograd.node cimport data_of
from micrograd.reverse cimport Reach, pulled
from micrograd.trees cimport leaves_of, like, mapped


cdef class none_around:
    cdef object _token


cdef class _OneMoreAround:
    cdef object _pause, _recording, _token


cdef class Trace:
    cdef public object out
    cdef public list fresh
    cdef public bint is_inside
    cdef Chosen _chosen
    cdef dict _reaches

    cdef bint _rests_on_others(self) except -1
    cdef double _level(self) except -2
    cdef Reach _reach(self, object root)
    @cython.locals(found=list)
    cpdef list pull(self, object root, object seed)
    cpdef result(self, object tree)
    cpdef shaped(self, object leaves)


cdef bint _has_level(object z, double level) except -1
cdef bint _is_at_the_top() except -1
