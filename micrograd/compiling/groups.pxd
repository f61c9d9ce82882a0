# C types of groups.py: its loops go over all entries of a tape.
cimport cython

from micrograd.compiling.tape cimport Tape


cdef class Group:
    cdef public int number
    cdef public bint is_inlined
    cdef public Py_ssize_t size
    cdef public object record, params, runs, home
    cdef public tuple shape, strides
    cdef public list members, terms, inputs


@cython.locals(
    records=list, inputs=list, numbers=list, uses=list, swaps=dict, added=list, signature=list, known=dict, groups=list,
    absorbed=list, i=Py_ssize_t, shape=tuple, terms=list, marks=tuple, given=tuple, group=Group,
)
cpdef list groups_of(Tape tape, bint exact)
@cython.locals(numbers=list, positions=list, group=Group, k=Py_ssize_t, member=Py_ssize_t)
cpdef tuple placed(object groups, Py_ssize_t count)
cpdef tuple shape_of(object number)
@cython.locals(absorbed=list, i=Py_ssize_t)
cdef list _absorbed(Tape tape, list uses, bint exact)
@cython.locals(runs=list)
cdef tuple _as_runs(Tape tape, list terms, list signature, bint exact)
