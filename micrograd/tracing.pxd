# C types of tracing.py.
cimport cython

from micrograd cimport levels
from micrograd.argnums cimport Chosen
from micrograd.engine cimport Value
from micrograd.leaves cimport joined_leaves, unshared_leaves
from micrograd.node cimport data_of
from micrograd.reverse cimport Reach, pulled
from micrograd.trees cimport leaves_of, like, mapped


cdef class none_around:
    cdef object _token


cdef class _OneMoreAround:
    cdef object _number, _pause, _token


cdef class Trace:
    cdef public object out
    cdef public list fresh
    cdef public bint is_inside
    cdef Chosen _chosen
    cdef dict _reaches

    cdef bint _rests_on_others(self) except -1
    @cython.locals(x=Value, level=double)
    cpdef double level(self) except -2
    cdef Reach _reach(self, object root)
    cpdef list pull(self, object root, object seed)
    @cython.locals(found=list, i=Py_ssize_t)
    cpdef list pulled(self, object root, object seed)
    cpdef list reaches(self, list roots)
    cpdef list settled(self, list found, list others)
    cpdef bint is_recorded(self) except -1
    cpdef result(self, object tree)
    cpdef shaped(self, object leaves)


cdef bint _has_level(object z, double level) except -1
cdef bint _is_at_the_top() except -1
cpdef seal_all(list fresh)
