/* The functions of memory.py in C: see there for what they are about. All run under the GIL. */
#ifndef MICROGRAD_MEMORY_H
#define MICROGRAD_MEMORY_H
#include <Python.h>

/* For Value alone: type() gives each subclass written in Python a tp_alloc of its own, Python's.
   No free list: last in, first out, it scatters a graph over memory, and pymalloc does not. */
static PyObject *micrograd_alloc(PyTypeObject *kind, Py_ssize_t n) {
    PyObject *node = PyType_GenericAlloc(kind, n);
    if (node != NULL) PyObject_GC_UnTrack(node);
    return node;
}

static inline void micrograd_adopt(PyTypeObject *kind) { kind->tp_alloc = micrograd_alloc; }

/* A new node's fields are None and zero from the start. */
static inline void micrograd_clear(PyObject *node) { (void)node; }

static inline int micrograd_is_watched(PyObject *x) { return PyObject_GC_IsTracked(x); }

static inline void micrograd_watch(PyObject *node) {
    if (!PyObject_GC_IsTracked(node)) PyObject_GC_Track(node);
}
#endif
