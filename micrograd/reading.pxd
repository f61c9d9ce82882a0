# C types of reading.py.
cimport cython

from micrograd.record cimport Elementwise, Op

cdef dict _known

cpdef tuple what_is_read(Op op, object z, list inputs, list moving, dict params)
@cython.locals(parts=list)
cdef tuple _key(Op op, object z, list inputs, list moving, dict params)
