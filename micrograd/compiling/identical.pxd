# The functions of identical.py in C: see there.
cdef extern from "micrograd/identical.h":
    Py_ssize_t first_doubtful "micrograd_first_doubtful"(
        list containers, list keys, list held, object missing, Py_ssize_t at
    ) except -1
    bint has_same "micrograd_has_same"(object container, list items) noexcept
    bint has_bytes "micrograd_has_bytes"(object array, bytes numbers) noexcept
