# The functions of unchecked.py in C: see there.
from micrograd.node cimport Node
from micrograd.record cimport Op


cdef extern from "micrograd/memory.h":
    Node node "micrograd_known"(object x)
    Op record "micrograd_known"(object x)
