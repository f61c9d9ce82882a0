# C types of batched/products.py.
from micrograd.batched.layouts cimport moved, with_rank
from micrograd.batched.rules cimport elementwise
from micrograd.interpreter cimport shape_of


cdef bint _are_column_and_row(object x, object y) except -1
