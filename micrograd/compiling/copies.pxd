# The functions of copies.py in C: see there.
cdef extern from "micrograd/copies.h":
    bint copied "micrograd_copied"(object source, object shape, object target) noexcept
    size_t address_like "micrograd_address_like"(object array, object other) noexcept
