# The functions of fields.py for C: see there. References are borrowed from the list.
from micrograd.node cimport Node


cdef extern from "Python.h":
    void *_borrowed "PyList_GET_ITEM"(list nodes, Py_ssize_t i) noexcept


cdef inline Py_ssize_t floats_into(list nodes, double[::1] numbers, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), numbers.shape[0])
    cdef double *to = &numbers[0] if count else NULL
    cdef void *node
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if not (<Node>node)._is_float:
            return i
        to[i] = (<Node>node)._float
    return count


cdef inline Py_ssize_t add_to_float_grads(list nodes, double[::1] numbers, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), numbers.shape[0])
    cdef double *parts = &numbers[0] if count else NULL
    cdef void *node
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if not (<Node>node)._has_float_grad:
            return i
        (<Node>node)._float_grad += parts[i]
    return count
