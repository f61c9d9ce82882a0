# The functions of copies.py in C: see there.
cdef extern from "micrograd/copies.h":
    bint copied "micrograd_copied"(object source, object shape, object target) noexcept
    bint renewed "micrograd_renewed"(object source, object like, void *spare) noexcept
    size_t address_like "micrograd_address_like"(object array, object other) noexcept
