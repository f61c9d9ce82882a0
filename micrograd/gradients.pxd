# C types of gradients.py.
from micrograd.cotangents cimport unshared
from micrograd.node cimport Node, add_grad, data_of, grad_of

cdef object _CONSTANT


cdef class Gradients:
    cdef public object zeros

    cpdef of(self, Node node)
    cpdef bint wants(self, object x) except -1
    cpdef add(self, Node x, object part, object g)


cdef class Apart(Gradients):
    cdef public dict apart


cdef class ByHand(Gradients):
    pass


cdef class OfConstants(Gradients):
    cdef public set identities
