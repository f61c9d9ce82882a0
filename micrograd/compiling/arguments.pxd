# C types of arguments.py.
cdef set KEYS, REAL, USUAL


cdef class Same:
    cdef readonly object x


cpdef split(tuple given, list leaves)
cdef _key(object x, list leaves)
