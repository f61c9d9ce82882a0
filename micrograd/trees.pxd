# C types of trees.py.

cpdef bint is_branch(object x) except -1
cpdef bint is_fixed(object x) except -1
cpdef list leaves_of(object tree)
cdef int _collect(object tree, list found) except -1
cpdef list fixed_of(object tree)
cpdef like(object tree, object leaves)
cpdef mapped(object f, object tree)
cdef _built(object tree, object supply)
