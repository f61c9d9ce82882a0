# C types of running.py.
cimport cython

from micrograd.compiling cimport boundary, copies
from micrograd.compiling.results cimport Call, Returned, Targets
from micrograd.compiling.spaces cimport Doubles, Space
from micrograd.node cimport data_of


cdef class Running:
    cdef readonly object plan
    cdef readonly bint is_step, has_above
    cdef object _forward, _backward, _tree, _lending, _array
    cdef list _theta, _states, _befores, _reads, _checks, _cleared, _puts
    cdef readonly list pool
    cdef Returned _returned
    cdef bint _is_single, _is_tuple, _borrows, _gives_away
    cdef Py_ssize_t _count
    cdef dict _targets

    cpdef bint holds(self) except -1
    cpdef run(self, list leaves, tuple given)
    @cython.locals(k=Py_ssize_t, wrong=int, is_array=bint)
    cdef int _read(self, Space space, list leaves, bint borrows) except -1
    @cython.locals(doubles=Doubles)
    cdef bint _is_nan(self, Space space) except -1
    cdef _uncompiled(self, Space space, tuple given)
    cdef Space _space(self)
    cpdef give_back(self, Space space)
    cpdef Space copy_of(self, Space space)
    cpdef Targets targets(self, object which)
    @cython.locals(starts=list, doubles=Doubles, numbers=cython.double[::1], start=Py_ssize_t)
    cpdef go_back(self, Space space, dict seeds)
