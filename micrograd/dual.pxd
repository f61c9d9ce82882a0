# C types of dual.py.
cimport cython

from micrograd cimport floats, levels
from micrograd.ops.operators cimport Operators
from micrograd.quiet cimport quietly
from micrograd.record cimport Op

cdef Op add, subtract, multiply, divide
cdef set OPEN


cdef class Dual(Operators):
    cdef public object primal, _tangent, _number

    @cython.locals(primals=list, tangents=list)
    cpdef _apply_op(self, Op op, object inputs, dict params)


cdef _of_two(Op op, object x, object y)
cdef bint _are_numbers(object x, object y) noexcept
@cython.locals(count=Py_ssize_t)
cdef _pushed_floats(Op op, list primals, list tangents, dict params)
