# C types of boundary.py.
cimport cython

from micrograd cimport fields
from micrograd.compiling cimport copies, direct
from micrograd.node cimport Node, add_grad, data_of, grad_of, set_data, set_grad

cdef dict ACTIVE


@cython.locals(node=Node, i=cython.Py_ssize_t, count=cython.Py_ssize_t)
cpdef int read(list values, double[::1] buffer) except -2
@cython.locals(node=Node, i=cython.Py_ssize_t)
cpdef read_grads(list values, double[::1] buffer)
@cython.locals(node=Node)
cpdef set_array_grad(list values, object buffer)
@cython.locals(node=Node, i=cython.Py_ssize_t, count=cython.Py_ssize_t)
cpdef write(list values, double[::1] buffer)
@cython.locals(i=cython.Py_ssize_t, count=cython.Py_ssize_t)
cpdef add_to_grads(list values, double[::1] buffer)
@cython.locals(node=Node, i=cython.Py_ssize_t)
cpdef set_grads(list values, double[::1] buffer)
cpdef size_t address_like(object array, object other) except? 0
cpdef run_steps(list steps, object function, size_t address, object space)
@cython.locals(i=cython.Py_ssize_t, total=double, other=double)
cpdef bint has_nan(double[::1] buffer) except -1
