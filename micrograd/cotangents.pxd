# C types of cotangents.py.
cimport cython

from micrograd.arrays cimport as_data
from micrograd.interpreter cimport numbers_below, shape_of

cdef set EXACT
cdef set PLAIN

cpdef fit(object g, object data)
cpdef given_cotangent(str asker, object x, object given)
cpdef in_dtype(object g, object below)
cpdef unshared(object part, object g)
@cython.locals(i=Py_ssize_t, extra=Py_ssize_t)
cdef bint _broadcasts(object shape, object larger) except -1
