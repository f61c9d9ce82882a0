# C types of gathering.py.
cimport cython

from micrograd cimport fields
from micrograd.node cimport Node, data_of, forget_grad, grad_at, holds_grad, known_grad, set_data

cdef dict ACTIVE, CAPTURES


cpdef gradient_of(Node node)
cpdef list gradients_of(list nodes)
@cython.locals(node=Node, i=Py_ssize_t)
cpdef int forget_gradients(list nodes) except -1
@cython.locals(node=Node, i=Py_ssize_t)
cpdef bint are_reached(list nodes, list reached) except -1
@cython.locals(node=Node, i=Py_ssize_t, found=Py_ssize_t, in_nodes=bint)
cpdef Py_ssize_t gradients_into(list nodes, double[::1] numbers) except -1
@cython.locals(node=Node, i=Py_ssize_t)
cpdef bint data_into(list nodes, double[::1] numbers) except -1
@cython.locals(node=Node, i=Py_ssize_t)
cpdef bint are_numbers(list nodes) except -1
@cython.locals(node=Node, i=Py_ssize_t)
cpdef int add_to_data(list nodes, double[::1] numbers) except -1
