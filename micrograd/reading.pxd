# C types of reading.py.
cimport cython

from micrograd.interpreter cimport shape_of
from micrograd.record cimport Elementwise, Op

cdef dict _known
cdef set NUMBERS

cpdef tuple what_is_read(Op op, object z, list inputs, list moving, dict params)
@cython.locals(parts=list)
cdef tuple _key(Op op, object z, list inputs, list moving, dict params)
cdef int _add_kind(list parts, object x) except -1
