# C types of batched/indexing.py.
from micrograd.batched.layouts cimport moved, with_rank
from micrograd.batched.rules cimport elementwise
from micrograd.interpreter cimport shape_of


cdef bint _is_usual(object index) except -1
cdef bint _are_usual(list shapes, object indices, Py_ssize_t rank) except -1
cdef Py_ssize_t _more_axes(object index) except? -1000
cpdef tuple _within(object index)
