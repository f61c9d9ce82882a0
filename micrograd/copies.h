/* The function of compiling/copies.py in C: see there for what it is about. It runs under the GIL. */
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
#endif
