# The function of unchecked.py in C: see there.
from micrograd.node cimport Node


cdef extern from "memory.h":
    Node node "micrograd_known"(object x)
