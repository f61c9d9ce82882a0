# C types of floats.py.
cimport cython

from micrograd cimport doubles, memory, unchecked
from micrograd.node cimport Node, set_grad
from micrograd.record cimport Formulas, Op
from micrograd.operands cimport nobody_to_ask

cdef object _CONSTANT
cdef set OPEN, PAUSES
cdef dict NONE, CAPTURES
cdef double NAN
cdef int SUM, PRODUCT


cdef class Params(dict):
    cdef public Formulas formulas


cpdef Params shared_params(Op op, dict params)
cpdef apply(Op op, Node x, object y)
cpdef apply_one(Op op, Node x)
@cython.locals(record=Op, node=Node)
cdef _apply_known(object op, object x)
cpdef reflected(Op op, Node x, object y)
cpdef applied(Node asked, Op op, object inputs, dict params)
cdef _applied(type kind, Op op, object inputs, dict params)
@cython.locals(
    node=Node, left=Node, right=Node, formulas=Formulas, a=double, b=double, data=double, has_history=bint, is_watched=bint
)
cpdef build(type kind, Op op, object x, object y, Params params)
cdef bint _are_made(Formulas formulas, Op op, Params params) except -1
@cython.locals(
    left=Node, right=Node, formulas=Formulas, params=Params, a=double, b=double, g=double, h=double, kind=type
)
cpdef bint step(Node node) except -1
@cython.locals(formulas=Formulas, shared=Params, a=double, b=double, g=double, h=double, z=double)
cpdef pushed(Op op, object x, object y, object s, object t, dict params)
cdef double _number(object x) except? -1
@cython.locals(number=double)
cdef double _from_int(object x) except? -1
cdef int _add(Node node, double part) except -1
