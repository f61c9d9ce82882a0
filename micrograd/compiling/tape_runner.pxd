# C types of tape_runner.py: its loops are those of flat.h.
from micrograd.compiling cimport flat
