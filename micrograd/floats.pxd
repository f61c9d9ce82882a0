# C types of floats.py.
cimport cython

from micrograd cimport doubles, memory
from micrograd.node cimport Node
from micrograd.op cimport Formulas, Op
from micrograd.operands cimport nobody_to_ask

cdef object _CONSTANT
cdef set OPEN, PAUSES
cdef dict NONE


cdef class Params(dict):
    cdef public Formulas formulas


cpdef Params shared_params(Op op, dict params)
cpdef apply(Op op, Node x, object y=*)
cpdef reflected(Op op, Node x, object y)
cpdef applied(type kind, Op op, object inputs, dict params)
@cython.locals(node=Node, formulas=Formulas, data=double)
cpdef build(type kind, Op op, object x, object y, Params params)
cdef bint _are_made(Formulas formulas, Op op, Params params) except -1
@cython.locals(record=Op, formulas=Formulas, g=double, h=double, z=double)
cpdef bint step(Node node) except -1
@cython.locals(node=Node)
cdef bint is_float(object x, type kind) noexcept
@cython.locals(node=Node)
cdef double float_of(object x) except? -1
@cython.locals(node=Node)
cdef bint may_move(object x) noexcept
@cython.locals(node=Node)
cdef int add_float(object x, double part) except -1
