# The functions of flat.py in C: see there.
cdef extern from "micrograd/flat.h":
    enum:
        ASK "MICROGRAD_FLAT_ASK"
        COMBINE "MICROGRAD_FLAT_COMBINE"
        RUN "MICROGRAD_FLAT_RUN"
        WHOLE "MICROGRAD_FLAT_WHOLE"
        GIVE "MICROGRAD_FLAT_GIVE"
        GIVE_TWO "MICROGRAD_FLAT_GIVE_TWO"
        RUN_LAST "MICROGRAD_FLAT_RUN_LAST"
    double LARGEST "MICROGRAD_FLAT_LARGEST"
    double NOTHING "MICROGRAD_FLAT_NOTHING"
    object packed "micrograd_flat_packed"(list rows, list programs)
    Py_ssize_t forward "micrograd_flat_forward"(
        object rows, list programs, object numbers, Py_ssize_t first, Py_ssize_t at, Py_ssize_t end
    ) except -1
    Py_ssize_t back "micrograd_flat_back"(
        object rows, list programs, object numbers, object grads, object inputs, Py_ssize_t first, Py_ssize_t at
    ) except -1
