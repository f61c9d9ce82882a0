# The functions of fields.py for C: see there. References are borrowed from the list.
from micrograd.node cimport Node


cdef extern from "Python.h":
    void *_borrowed "PyList_GET_ITEM"(list nodes, Py_ssize_t i) noexcept
    void *_true "Py_True"
    void *_kind_of "Py_TYPE"(void *x) noexcept


cdef inline void *gradient_of(Node node) noexcept:
    return <void *>node._gradient


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


cdef inline Py_ssize_t set_floats(list nodes, double[::1] numbers, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), numbers.shape[0])
    cdef double *given = &numbers[0] if count else NULL
    cdef void *node
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if not (<Node>node)._is_float:
            return i
        (<Node>node)._float = given[i]
    return count


cdef inline Py_ssize_t grads_into(list nodes, double[::1] numbers, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), numbers.shape[0])
    cdef double *to = &numbers[0] if count else NULL
    cdef void *node
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if (<Node>node)._has_gradient:
            return i
        to[i] = (<Node>node)._float_grad if (<Node>node)._has_float_grad else 0.0
    return count


cdef inline Py_ssize_t set_float_grads(list nodes, double[::1] numbers, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), numbers.shape[0])
    cdef double *given = &numbers[0] if count else NULL
    cdef void *node
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if (<Node>node)._has_gradient:
            return i
        (<Node>node)._has_float_grad = True
        (<Node>node)._float_grad = given[i]
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


cdef inline Py_ssize_t forget_float_grads(list nodes, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = len(nodes)
    cdef void *node
    cdef void *kind = NULL  # that is known to be one of nodes
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if _kind_of(node) != kind:
            if not isinstance(<object>node, Node):
                return i
            kind = _kind_of(node)
        if (<Node>node)._has_gradient:
            return i
        if (<Node>node)._has_float_grad:  # to write into memory takes longer than to look
            (<Node>node)._has_float_grad = False
    return count


cdef inline Py_ssize_t as_expected(list nodes, list expected, Py_ssize_t at) noexcept:
    cdef Py_ssize_t i, count = min(len(nodes), len(expected))
    cdef void *node
    cdef void *kind = NULL
    for i in range(at, count):
        node = _borrowed(nodes, i)
        if _kind_of(node) != kind:
            if not isinstance(<object>node, Node):
                return i
            kind = _kind_of(node)
        if (<Node>node)._has_gradient or (<Node>node)._has_float_grad != (_borrowed(expected, i) == _true):
            return i
    return count
