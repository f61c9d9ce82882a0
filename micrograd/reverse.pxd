# C types of reverse.py.
cimport cython

from micrograd cimport floats
from micrograd.engine cimport in_order, pull
from micrograd.gradients cimport Gradients
from micrograd.node cimport (
    Node, add_grad, collect, forget_grad, grad_of, inputs_of, is_constant, known_grad, set_grad
)
from micrograd.quiet cimport quietly

from micrograd.traced cimport has_outline

cdef dict ACTIVE
cdef set _taken


cdef class Reach:
    cdef public Node root
    cdef public list ends, order
    cdef public bint is_own
    cdef list _path
    cdef set _nodes

    cpdef tuple path(self)
    cdef tuple _found(self)


@cython.locals(number=int, node=Node)
cdef list _order_of(Node root, list ends)
@cython.locals(node=Node)
cdef bint _has_leaf(list order) except -1


cdef class Route(Gradients):
    cdef public set nodes
    cdef public dict grads


cdef class Own(Gradients):
    pass


@cython.locals(is_taken=bint)
cpdef list pulled(Reach reach, object seed, bint create_graph)
@cython.locals(node=Node)
cdef list _beside(Reach reach, object seed, bint create_graph)
@cython.locals(before=list, order=list, node=Node, i=Py_ssize_t)
cdef list _within(Reach reach, object seed)
@cython.locals(node=Node)
cdef int _walk(Reach reach, object seed, list order) except -1
@cython.locals(node=Node, gradients=Own)
cdef int _walk_quietly(Reach reach, object seed, list order) except -1
cdef int _pass_on(Node node) except -1
