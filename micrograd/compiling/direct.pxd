# The function of direct.py in C: see there.
cdef extern from "micrograd/direct.h":
    int call "micrograd_direct_call"(
        object function, size_t address, size_t which, size_t first, int count, size_t pointers
    ) except -1
