# C types of arrays.py.
cpdef bint is_number(object x) noexcept
