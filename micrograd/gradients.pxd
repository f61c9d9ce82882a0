# C types of gradients.py.
from micrograd.cotangents cimport fit, unshared
from micrograd.interpreter cimport numbers_below, shape_of
from micrograd.node cimport Node, add_grad, data_of, grad_of, holds_grad, set_grad

cdef object _CONSTANT
cdef set OPEN


cdef class Gradients:
    cdef public object zeros
    cdef public dict owned, waiting

    cpdef of(self, Node node)
    cpdef bint wants(self, object x) except -1
    cpdef add(self, Node x, object part, object g)
    cpdef held(self, Node x)
    cpdef hold(self, Node x, object grad)
    cpdef bint add_at(self, Node x, object g, dict params) except -1
    cpdef settle(self, Node x)


cdef class Apart(Gradients):
    cdef public dict apart


cdef class ByHand(Gradients):
    pass


cdef class OfConstants(Gradients):
    cdef public set identities


cpdef bint has_grad(object v) except -1
