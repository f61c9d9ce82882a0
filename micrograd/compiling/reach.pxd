# C types of reach.py: its loop goes over all entries of a tape.
cimport cython

from micrograd.compiling.tape cimport Tape


@cython.locals(masks=list, found=dict, wide=dict, entry=Py_ssize_t)
cpdef tuple reached(Tape tape, dict entries, dict made)
