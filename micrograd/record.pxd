# C types of record.py: the fields of a record, which the engine reads at every node.
from micrograd.chain cimport times

cdef set EXACT


cdef class Formulas:
    cdef public int state, uses, slopes
    cdef public bint has_params
    cdef public object run, slope_x, slope_y


cdef class Op:
    cdef public object name, symbol, forward, rules, facts, shared
    cdef public Formulas formulas
    cdef public str kink
    cdef public int _count, _least
    cdef dict __dict__


cdef class Elementwise(Op):
    pass


cdef class Multilinear(Op):
    cdef public object _shape


cdef class Linear(Multilinear):
    pass


cdef class Primitive(Op):
    cdef public tuple push_rules
    cdef public object _shape


cdef class Comparison(Elementwise):
    pass


cdef class Question(Op):
    cdef public object _shape, _kind


cdef class HandMade(Op):
    pass


cdef class Leaf(HandMade):
    pass


cdef class Constant(HandMade):
    pass
