# C types of leaves.py.
from micrograd.trees cimport is_branch, leaves_of, mapped

cpdef as_array(object x)
cpdef joined_leaves(object tree)
cpdef list unshared_leaves(list arrays, list others)
cpdef unboxed(object x)
