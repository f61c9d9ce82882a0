# C types of leaves.py.
cimport cython

from micrograd.arrays cimport as_data
from micrograd.trees cimport is_branch, leaves_of, mapped

cpdef as_array(object x)
cpdef joined_leaves(object tree)
cpdef list unshared_leaves(list arrays, list others)
cpdef unboxed(object x)
@cython.locals(i=Py_ssize_t)
cdef bint _are_floats(list given, list wanted) except -1
