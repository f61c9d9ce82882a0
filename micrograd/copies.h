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

/* The memory of an array, or NULL. That of a memoryview is known; else it is asked for, and `own` has it. */
static const Py_buffer *micrograd_memory_of(PyObject *x, int flags, Py_buffer *own) {
    own->obj = NULL;
    if (PyMemoryView_Check(x)) return PyMemoryView_GET_BUFFER(x);
    if (PyObject_GetBuffer(x, own, PyBUF_ND | PyBUF_FORMAT | flags) == 0) return own;
    PyErr_Clear();
    return NULL;
}

static int micrograd_put_float(PyObject *number, PyObject *target) {
    const Py_buffer *to = PyMemoryView_Check(target) ? PyMemoryView_GET_BUFFER(target) : NULL;
    if (to == NULL || to->len != (Py_ssize_t)sizeof(double) || to->format == NULL || strcmp(to->format, "d") != 0) return 0;
    *(double *)to->buf = PyFloat_AS_DOUBLE(number);
    return 1;
}

static int micrograd_are_alike(const Py_buffer *a, const Py_buffer *b) {
    return a->len == b->len && a->format != NULL && b->format != NULL && strcmp(a->format, b->format) == 0;
}

static int micrograd_copied(PyObject *source, PyObject *shape, PyObject *target) {
    Py_buffer of_source, of_target;
    int done = 0;
    if (PyFloat_CheckExact(source)) return micrograd_put_float(source, target);
    /* Both lie in one piece, and the target may be written: else there is no such buffer. */
    const Py_buffer *from = micrograd_memory_of(source, 0, &of_source), *to;
    if (from == NULL) return 0;
    to = micrograd_memory_of(target, PyBUF_WRITABLE, &of_target);
    if (to != NULL && micrograd_are_alike(from, to)) {
        done = shape == Py_None || micrograd_is_of_shape(from, shape);
        if (done) memmove(to->buf, from->buf, (size_t)from->len);
    } else if (to != NULL && shape == Py_None && from->len == to->len && from->format != NULL && to->format != NULL &&
               micrograd_is_integer(from) && strcmp(to->format, "d") == 0) {
        const long long *numbers = (const long long *)from->buf;
        for (Py_ssize_t i = 0; i < to->len / to->itemsize; i++) ((double *)to->buf)[i] = (double)numbers[i];
        done = 1;
    }
    if (to != NULL) PyBuffer_Release(&of_target);
    PyBuffer_Release(&of_source);
    return done;
}

/* Whether two arrays lie in one piece and hold numbers of one format, as many; where the first one lies. */
static inline size_t micrograd_address_like(PyObject *array, PyObject *other) {
    Py_buffer of_array, of_other;
    const Py_buffer *its, *own;
    size_t found = 0;
    if (Py_TYPE(array) != Py_TYPE(other)) return 0;
    its = micrograd_memory_of(array, 0, &of_array);
    if (its == NULL) return 0;
    own = micrograd_memory_of(other, 0, &of_other);
    if (own != NULL && micrograd_are_alike(its, own) && its->itemsize > 0 &&
        (size_t)its->buf % (size_t)its->itemsize == 0)
        found = (size_t)its->buf;
    if (own != NULL) PyBuffer_Release(&of_other);
    PyBuffer_Release(&of_array);
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
    Py_buffer of_source, of_target, of_like;
    const Py_buffer *from, *to, *its;
    int done = 0;
    if (target == NULL || like == NULL || Py_TYPE(target) != Py_TYPE(like) || !micrograd_is_sole(target)) return 0;
    from = micrograd_memory_of(source, 0, &of_source);
    if (from == NULL) return 0;
    to = micrograd_memory_of(target, PyBUF_WRITABLE, &of_target);
    its = to == NULL ? NULL : micrograd_memory_of(like, 0, &of_like);
    if (its != NULL) {
        done = to->ndim == its->ndim && micrograd_are_alike(to, its) && micrograd_are_alike(to, from);
        for (int i = 0; done && i < to->ndim; i++) done = to->shape[i] == its->shape[i];
        if (done) memmove(to->buf, from->buf, (size_t)from->len);
        PyBuffer_Release(&of_like);
    }
    if (to != NULL) PyBuffer_Release(&of_target);
    PyBuffer_Release(&of_source);
    return done;
}
#endif
