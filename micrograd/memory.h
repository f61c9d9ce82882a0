/* The functions of memory.py in C: see there for what they are about. All run under the GIL. */
#ifndef MICROGRAD_MEMORY_H
#define MICROGRAD_MEMORY_H
#include <Python.h>

#if !defined(__GNUC__) && !defined(__clang__)
#define __builtin_prefetch(address, writing) ((void)(address))
#endif

/* Two nodes at a time, so that a walk which takes every other node finds them all. */
#define MICROGRAD_NODE 128
#define MICROGRAD_BELOW (16 * MICROGRAD_NODE)

static inline void micrograd_fetch_below(PyObject *node) {
    __builtin_prefetch((char *)node - MICROGRAD_BELOW, 1);
    __builtin_prefetch((char *)node - MICROGRAD_BELOW + MICROGRAD_NODE, 1);
}

static inline void micrograd_fetch_next(PyObject *nodes) {
    Py_ssize_t i = PyList_GET_SIZE(nodes) - 1 - 9;
    if (i >= 0) __builtin_prefetch(PyList_GET_ITEM(nodes, i), 1);
}

/* For Value alone: type() gives each subclass written in Python a tp_alloc of its own, Python's.
   No free list: last in, first out, it scatters a graph over memory, and pymalloc does not. */
static PyObject *micrograd_alloc(PyTypeObject *kind, Py_ssize_t n) {
    PyObject *node = PyObject_GC_New(PyObject, kind);
    (void)n;
    if (node != NULL) memset(node + 1, 0, kind->tp_basicsize - sizeof(PyObject));
    return node;
}

/* A class that adds no field to its base is made and freed as its base is, as CPython does for such
   classes of its own. Cython would go through functions of both: 13 ns a node. */
static inline void micrograd_shorten(PyTypeObject *kind) {
    kind->tp_new = kind->tp_base->tp_new;
    kind->tp_dealloc = kind->tp_base->tp_dealloc;
}

static inline void micrograd_adopt(PyTypeObject *kind) {
    kind->tp_alloc = micrograd_alloc;
    micrograd_shorten(kind);
}

/* Cython checks the type at each assignment of an object to a typed name; here it is known. */
static inline PyObject *micrograd_known(PyObject *x) {
    Py_INCREF(x);
    return x;
}

/* A new node's fields are None and zero from the start. */
static inline void micrograd_clear(PyObject *node) { (void)node; }

static inline int micrograd_is_watched(PyObject *x) { return PyObject_GC_IsTracked(x); }

static inline void micrograd_watch(PyObject *node) {
    if (!PyObject_GC_IsTracked(node)) PyObject_GC_Track(node);
}

static inline int micrograd_is_set(PyObject *variable) {
    PyObject *value = NULL;
    if (PyContextVar_Get(variable, NULL, &value) < 0) return -1;
    Py_XDECREF(value); /* the context still holds it */
    return value != NULL && value != Py_None;
}

static inline int micrograd_is_atomic(void) { return 1; }
#endif
