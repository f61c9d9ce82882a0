# C types of levels.py.

cdef class pushing:
    cdef object _constant, _number, _token


cdef class mapping(pushing):
    cdef object _mapping_token


cpdef begin_recording()
cpdef int end_recording(object number) except -1
cpdef innermost()
cpdef lifted(object x)
cpdef bint is_running(object level) except -1
cpdef bint is_mapping() except -1
cpdef bint is_recording() except -1
