# C types of dual.py.
cimport cython

from micrograd cimport floats
from micrograd.ops.operators cimport Operators
from micrograd.quiet cimport quietly
from micrograd.record cimport Op

cdef set OPEN


cdef class Dual(Operators):
    cdef public object primal, _tangent, _number

    @cython.locals(primals=list, tangents=list)
    cpdef _apply_op(self, Op op, object inputs, dict params)


@cython.locals(count=Py_ssize_t)
cdef _pushed_floats(Op op, list primals, list tangents, dict params)
