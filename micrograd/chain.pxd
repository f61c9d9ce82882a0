# C types of chain.py.
cimport cython

from micrograd.interpreter cimport numbers_below

cdef set EXACT, PLAIN


cpdef times(object g, object partial, object z=*, object name=*, object look=*)
cdef bint _is_choice(object partial) except -1
@cython.locals(square=double)
cpdef bint may_be_nan(object x) except -1
