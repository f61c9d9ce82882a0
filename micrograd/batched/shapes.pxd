# C types of batched/shapes.py.
from micrograd.batched.layouts cimport with_rank
from micrograd.batched.rules cimport elementwise
from micrograd.interpreter cimport shape_of
