# C types of boundary.py.
cimport cython

from micrograd.node cimport Node, add_grad, data_of, grad_of, set_data, set_grad


@cython.locals(node=Node, i=cython.Py_ssize_t)
cpdef int read(list values, double[::1] buffer) except -2
@cython.locals(i=cython.Py_ssize_t)
cpdef read_grads(list values, double[::1] buffer)
@cython.locals(node=Node, i=cython.Py_ssize_t)
cpdef write(list values, double[::1] buffer)
@cython.locals(node=Node, i=cython.Py_ssize_t, part=double)
cpdef add_to_grads(list values, double[::1] buffer, double factor)
@cython.locals(node=Node, i=cython.Py_ssize_t)
cpdef set_grads(list values, double[::1] buffer)
