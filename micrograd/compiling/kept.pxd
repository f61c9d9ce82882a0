# C types of kept.py.
cimport cython

from micrograd.compiling cimport arguments
from micrograd.compiling.guards cimport Guards
from micrograd.compiling.running cimport Running

cdef set PAUSES


cdef class Entry:
    cdef readonly object plan
    cdef readonly Running running
    cdef readonly Guards guards
    cdef readonly list own
    cdef public bint is_checked
    cdef public object calls, refusal, used


cdef class Kept:
    cdef readonly dict entries, keyed
    cdef readonly object calls
    cdef public object last

    @cython.locals(entry=Entry)
    cpdef result(self, tuple given)
    cpdef base(self, tuple given, list leaves)
    cpdef key(self, tuple given, list leaves)
    @cython.locals(entry=Entry)
    cpdef Entry fitting(self, object key)
    cpdef run(self, Entry entry, list leaves, tuple given)
