# C types of batch.py.
cimport cython

from micrograd cimport levels
from micrograd.batched.rules cimport run
from micrograd.interpreter cimport shape_of
from micrograd.ops.operators cimport Operators
from micrograd.record cimport Op

cdef set PLAIN


cdef class Batch(Operators):
    cdef public object examples, _number
    cdef public bint is_mapped

    @cython.locals(data=list, mapped=list)
    cpdef _apply_op(self, Op op, object inputs, dict params)
