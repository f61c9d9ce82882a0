# The functions of doubles.py in C: see there.
cdef extern from "micrograd/doubles.h":
    enum:
        INPUTS "MICROGRAD_INPUTS"
        CONSTANTS "MICROGRAD_CONSTANTS"
    object assemble "micrograd_assemble"(list steps, list constants, int result)
    double run "micrograd_run"(object program, double z, double x, double y, double w)
