# C types of transcript.py: its loop goes over all notes of a capture.
cimport cython

from micrograd.compiling.tape cimport Tape
from micrograd.node cimport Node, data_of, inputs_of


@cython.locals(known=dict, short=dict, node=Node, entries=list)
cdef _read_all(object script, object notes, Tape tape, dict known)  # notes may be of a subclass
