# C types of tape.py: the columns, which the passes over a tape go through.

cdef class Tape:
    cdef public list records, inputs, params, numbers, origin, outputs, argument_sizes

    cpdef Py_ssize_t add(self, object record, tuple inputs=*, object params=*, object number=*, object origin=*) except -1
    cpdef list uses(self)
