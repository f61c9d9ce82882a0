/* The functions of compiling/copies.py in C: see there for what they are about. They run under the GIL. */
#ifndef MICROGRAD_COPIES_H
#define MICROGRAD_COPIES_H
#include <Python.h>
#include <string.h>

static int micrograd_is_of_shape(const Py_buffer *given, PyObject *shape) {
    if (PyTuple_GET_SIZE(shape) != given->ndim) return 0;
    for (int a = 0; a < given->ndim; a++) {
        const Py_ssize_t n = PyLong_AsSsize_t(PyTuple_GET_ITEM(shape, a));
        if (n != given->shape[a]) return 0;
    }
    return 1;
}

static int micrograd_is_integer(const Py_buffer *given) {
    return given->itemsize == 8 && (strcmp(given->format, "l") == 0 || strcmp(given->format, "q") == 0);
}

static int micrograd_copied(PyObject *source, PyObject *shape, PyObject *target) {
    Py_buffer from, to;
    int done = 0;
    /* Both lie in one piece, and the target may be written: else there is no such buffer. */
    if (PyObject_GetBuffer(source, &from, PyBUF_ND | PyBUF_FORMAT) < 0) {
        PyErr_Clear();
        return 0;
    }
    if (PyObject_GetBuffer(target, &to, PyBUF_ND | PyBUF_FORMAT | PyBUF_WRITABLE) < 0) {
        PyErr_Clear();
        PyBuffer_Release(&from);
        return 0;
    }
    if (from.len != to.len || from.format == NULL || to.format == NULL) {
    } else if (strcmp(from.format, to.format) == 0) {
        done = shape == Py_None || micrograd_is_of_shape(&from, shape);
        if (done) memmove(to.buf, from.buf, (size_t)from.len);
    } else if (shape == Py_None && micrograd_is_integer(&from) && strcmp(to.format, "d") == 0) {
        const long long *numbers = (const long long *)from.buf;
        for (Py_ssize_t i = 0; i < to.len / to.itemsize; i++) ((double *)to.buf)[i] = (double)numbers[i];
        done = 1;
    }
    PyBuffer_Release(&to);
    PyBuffer_Release(&from);
    return done;
}

/* Whether two arrays lie in one piece and hold numbers of one format, as many; where the first one lies. */
static inline size_t micrograd_address_like(PyObject *array, PyObject *other) {
    Py_buffer its, own;
    size_t found = 0;
    if (Py_TYPE(array) != Py_TYPE(other)) return 0;
    if (PyObject_GetBuffer(array, &its, PyBUF_ND | PyBUF_FORMAT) < 0) {
        PyErr_Clear();
        return 0;
    }
    if (PyObject_GetBuffer(other, &own, PyBUF_ND | PyBUF_FORMAT) < 0) {
        PyErr_Clear();
        PyBuffer_Release(&its);
        return 0;
    }
    if (its.len == own.len && its.format != NULL && own.format != NULL && strcmp(its.format, own.format) == 0 &&
        its.itemsize > 0 && (size_t)its.buf % (size_t)its.itemsize == 0)
        found = (size_t)its.buf;
    PyBuffer_Release(&own);
    PyBuffer_Release(&its);
    return found;
}

/* The array itself, where it owns its memory, and one reference to it is all there is. */
static inline int micrograd_is_sole(PyObject *array) {
    static PyObject *base_of = NULL;
    PyObject *base;
    if (Py_REFCNT(array) != 1 || !PyType_SUPPORTS_WEAKREFS(Py_TYPE(array))) return 0;
    if (*PyObject_GET_WEAKREFS_LISTPTR(array) != NULL) return 0;
    if (base_of == NULL && (base_of = PyUnicode_InternFromString("base")) == NULL) {
        PyErr_Clear();
        return 0;
    }
    base = PyObject_GetAttr(array, base_of);
    if (base == NULL) {
        PyErr_Clear();
        return 0;
    }
    Py_DECREF(base);
    return base == Py_None;
}

/* The reference to `spare` is the only one that its owner holds: it is not counted again on the way. */
static inline int micrograd_renewed(PyObject *source, PyObject *like, void *spare) {
    PyObject *target = (PyObject *)spare;
    Py_buffer its, own;
    int i, is_like;
    if (target == NULL || like == NULL || Py_TYPE(target) != Py_TYPE(like) || !micrograd_is_sole(target)) return 0;
    if (PyObject_GetBuffer(target, &its, PyBUF_ND | PyBUF_FORMAT | PyBUF_WRITABLE) < 0) {
        PyErr_Clear();
        return 0;
    }
    if (PyObject_GetBuffer(like, &own, PyBUF_ND | PyBUF_FORMAT) < 0) {
        PyErr_Clear();
        PyBuffer_Release(&its);
        return 0;
    }
    is_like = its.ndim == own.ndim && its.format != NULL && own.format != NULL && strcmp(its.format, own.format) == 0;
    for (i = 0; is_like && i < its.ndim; i++) is_like = its.shape[i] == own.shape[i];
    PyBuffer_Release(&own);
    PyBuffer_Release(&its);
    return is_like && micrograd_copied(source, Py_None, target);
}
#endif
