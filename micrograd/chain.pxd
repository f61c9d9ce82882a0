# C types of chain.py.

cdef set EXACT
