# C types of operands.py.
cimport cython

from micrograd.arrays cimport is_number
from micrograd.node cimport Node, data_of, made

cdef object _CONSTANT
cdef dict CAPTURES
cdef set PLAIN

cpdef operand(str name, Node beside, object x)
cpdef bint are_numbers(object x, object y) except -1
@cython.locals(node=Node)
cpdef bint holds_number(object x) except -1
cpdef bint nobody_to_ask(object x) except -1
cpdef constant(object op, int i, object x, object inputs)
@cython.locals(node=Node)
cpdef kind_of_result(list inputs)
cpdef list at_one_level(list inputs)
cpdef bint all_raw(list data) except -1
