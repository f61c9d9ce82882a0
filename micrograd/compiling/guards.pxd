# C types of guards.py: its loops are those of identical.h.
cimport cython

from micrograd.compiling cimport identical


cdef class Guards:
    cdef public object draws
    cdef public list modules, values
    cdef public set read
    cdef list _containers, _keys, _held, _names, _wholes, _arrays, _parts, _parts_held, _whole_of

    cdef int _keep_entries(self, list entries) except -1
    cdef int _keep_wholes(self, list wholes) except -1
    cpdef bint hold(self) except -1
    @cython.locals(i=cython.Py_ssize_t, count=cython.Py_ssize_t)
    cdef Py_ssize_t _changed_entry(self) except -2
    @cython.locals(items=Items, i=cython.Py_ssize_t, count=cython.Py_ssize_t)
    cdef bint _has_changed_whole(self) except -1


cdef class Items:
    cdef object _kind
    cdef readonly list parts
    cdef readonly list items

    cpdef bint are_in(self, object container) except -1


cdef bint _are_same(object x, object expected) except -1
