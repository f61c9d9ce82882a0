# The functions of identical.py in C: see there.
cdef extern from "micrograd/identical.h":
    Py_ssize_t first_doubtful "micrograd_first_doubtful"(
        list containers, list keys, list held, object missing, Py_ssize_t at
    ) except -1
    Py_ssize_t first_touched "micrograd_first_touched"(list containers, list held, Py_ssize_t at) noexcept
    bint has_bytes "micrograd_has_bytes"(object array, bytes numbers) noexcept
