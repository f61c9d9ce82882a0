# C types of arrays.py.
cdef set EXACT, PLAIN

cpdef bint is_number(object x) noexcept
cpdef as_data(object data, object asker=*)
