# C types of function.py.
from micrograd cimport levels

cdef dict CAPTURES
cdef set OPEN
