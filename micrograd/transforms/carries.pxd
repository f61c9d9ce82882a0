# C types of carries.py.
cimport cython

from micrograd.node cimport data_of


cpdef bint flat(object tree, object wanted, list found) except -1


cdef class Carry:
    cdef object _name, _tree, _array
    cdef list _shapes, _dtypes, _before

    @cython.locals(found=list, i=Py_ssize_t, is_joined=bint)
    cpdef checked(self, object tree, object step)
    cdef bint _fits(self, Py_ssize_t i, object x) except -1
    cdef object _misfit(self, Py_ssize_t i, object x, object step)
