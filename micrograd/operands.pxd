# C types of operands.py.
from micrograd.node cimport Node

cdef object _CONSTANT
cdef set PLAIN

cpdef operand(str name, Node beside, object x)
cpdef bint are_numbers(object x, object y) except -1
cpdef bint nobody_to_ask(object x) except -1
cpdef constant(object op, int i, object x, object inputs)
cpdef kind_of_result(object inputs)
cpdef bint all_raw(list data) except -1
