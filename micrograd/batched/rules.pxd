# C types of batched/rules.py.
cimport cython

from micrograd.batched.layouts cimport rank_of, with_rank
from micrograd.interpreter cimport shape_of
from micrograd.record cimport Op

cdef dict _rules, OPS


cpdef run(Op op, list data, list mapped, dict params)
cpdef rule_of(Op op)
@cython.locals(ranks=list, i=Py_ssize_t, rank=Py_ssize_t, most=Py_ssize_t, least=Py_ssize_t, inputs=list)
cpdef elementwise(Op op, list data, list mapped, dict params)
@cython.locals(shape=tuple)
cpdef along_axes(Op op, list data, list mapped, dict params)
