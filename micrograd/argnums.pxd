# C types of argnums.py.
cimport cython

from micrograd.leaves cimport as_array
from micrograd.trees cimport fixed_of, leaves_of, like


cdef class Chosen:
    cdef public list leaves
    cdef tuple _args
    cdef dict _options
    cdef list _numbers, _names, _wanted
    cdef bint _one_number, _one_name, _is_flat

    @cython.locals(found=list)
    cdef int _add(self, object name, object tree) except -1
    cdef list _trees(self, object leaves)
    @cython.locals(trees=list, args=list, i=Py_ssize_t)
    cpdef called(self, object f, object leaves)
    @cython.locals(count=Py_ssize_t)
    cpdef shaped(self, object leaves)


cdef bint _are_several(object argnums) except -1
@cython.locals(count=Py_ssize_t)
cdef list _checked(object name, object argnums, tuple args)
cdef list _checked_names(object name, object argnames, dict options)
