# C types of quiet.py.
cdef list _settings


cdef class quietly:
    cdef object _before, _numpy, _token


cdef _find_settings()
