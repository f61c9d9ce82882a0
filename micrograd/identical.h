/* The functions of compiling/identical.py in C: see there for what they are about. All run under the GIL. */
#ifndef MICROGRAD_IDENTICAL_H
#define MICROGRAD_IDENTICAL_H
#include <Python.h>
#include <string.h>

/* References are borrowed throughout: nothing is done with an object but to compare its address. */
static PyObject *micrograd_part_of_function(PyObject *function, PyObject *key) {
    const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;
    PyObject *found;
    if (name == NULL) return NULL;
    if (strcmp(name, "__code__") == 0) return PyFunction_GET_CODE(function);
    if (strcmp(name, "__defaults__") == 0) found = PyFunction_GET_DEFAULTS(function);
    else if (strcmp(name, "__kwdefaults__") == 0) found = PyFunction_GET_KW_DEFAULTS(function);
    else return NULL;
    return found == NULL ? Py_None : found;
}

static Py_ssize_t micrograd_first_doubtful(
    PyObject *containers, PyObject *keys, PyObject *held, PyObject *missing, Py_ssize_t at) {
    const Py_ssize_t count = PyList_GET_SIZE(keys);
    for (; at < count; at++) {
        PyObject *container = PyList_GET_ITEM(containers, at), *names = container, *found;
        if (PyCell_Check(container)) found = PyCell_GET(container);
        else if (PyFunction_Check(container)) {
            found = micrograd_part_of_function(container, PyList_GET_ITEM(keys, at));
            if (found == NULL) return PyErr_Occurred() ? -1 : at;
        }
        else {
            if (PyType_Check(container)) names = ((PyTypeObject *)container)->tp_dict;
            if (names == NULL || !PyDict_Check(names)) return at;
            found = PyDict_GetItemWithError(names, PyList_GET_ITEM(keys, at));
            if (found == NULL && PyErr_Occurred()) return -1;
        }
        if ((found == NULL ? missing : found) != PyList_GET_ITEM(held, at)) return at;
    }
    return count;
}

static int micrograd_has_same(PyObject *container, PyObject *items) {
    const Py_ssize_t count = PyList_GET_SIZE(items);
    PyObject *const *expected = ((PyListObject *)items)->ob_item;
    PyObject *const *there;
    PyObject *key, *value;
    Py_ssize_t at = 0, i = 0;
    if (PyDict_CheckExact(container)) {
        if (2 * PyDict_GET_SIZE(container) != count) return 0;
        while (PyDict_Next(container, &at, &key, &value)) {
            if (key != expected[i] || value != expected[i + 1]) return 0;
            i += 2;
        }
        return 1;
    }
    if (PyList_CheckExact(container)) there = ((PyListObject *)container)->ob_item;
    else if (PyTuple_CheckExact(container)) there = ((PyTupleObject *)container)->ob_item;
    else return 0;
    return Py_SIZE(container) == count && memcmp(there, expected, (size_t)count * sizeof(PyObject *)) == 0;
}

static Py_ssize_t micrograd_first_touched(PyObject *containers, PyObject *held, Py_ssize_t at) {
    const Py_ssize_t count = PyList_GET_SIZE(containers);
    while (at < count && micrograd_has_same(PyList_GET_ITEM(containers, at), PyList_GET_ITEM(held, at))) at++;
    return at;
}

static int micrograd_has_bytes(PyObject *array, PyObject *bytes) {
    Py_buffer there;
    int same;
    if (PyObject_GetBuffer(array, &there, PyBUF_SIMPLE) < 0) { /* it does not lie in one piece, say */
        PyErr_Clear();
        return 0;
    }
    same = there.len == PyBytes_GET_SIZE(bytes) && memcmp(there.buf, PyBytes_AS_STRING(bytes), (size_t)there.len) == 0;
    PyBuffer_Release(&there);
    return same;
}
#endif
