/* The function of compiling/direct.py in C: see there for what it is about. */
#ifndef MICROGRAD_DIRECT_H
#define MICROGRAD_DIRECT_H
#include <Python.h>

static int micrograd_direct_call(
    PyObject *function, size_t address, size_t which, size_t first, int count, size_t pointers) {
    (void)function;
    Py_BEGIN_ALLOW_THREADS
    ((void (*)(const int *, const int *, int, void **))address)(
        (const int *)which, (const int *)first, count, (void **)pointers);
    Py_END_ALLOW_THREADS
    return 0;
}
#endif
