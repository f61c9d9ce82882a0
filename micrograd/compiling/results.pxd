# C types of results.py.
cimport cython

from micrograd.compiling cimport boundary
from micrograd.compiling.spaces cimport Doubles, Space
from micrograd.node cimport Node, made, set_grad
from micrograd.walking cimport Pending, StepBack, Walking
from micrograd.walks cimport Walk

cdef dict ACTIVE, CAPTURES


cdef class Returned:
    cdef readonly list entries, starts, shapes
    cdef readonly dict entry_of, leaf_of
    cdef readonly bint has_values
    cdef list _makers

    @cython.locals(which=Py_ssize_t, start=Py_ssize_t, doubles=Doubles)
    cpdef list values(self, Space space, Call call)


cdef class Call:
    cdef readonly object running, space
    cdef readonly tuple given
    cdef list _free, _above

    @cython.locals(node=Node, way=Way)
    cpdef Node value(self, object data, object which)
    cpdef int keep_in_sight(self, Node node, object which) except -1
    cpdef Space free_space(self)
    cpdef free(self, Space space)
    cpdef tuple eager_gradients(self, dict seeds, Targets targets)


cdef class Targets:
    cdef readonly tuple inputs
    cdef readonly object before, places
    cdef readonly list nodes, array_nodes, names
    cdef readonly bint has_history

    cpdef Doubles numbers_in(self, Space space)
    @cython.locals(names=list, nodes=list, i=Py_ssize_t)
    cpdef list arrays_in(self, Space space)


cdef class Back(Pending):
    cdef Call call
    cdef dict seeds
    cdef Targets targets
    cdef Doubles _numbers
    cdef list _arrays, _leaves
    cdef Space _space

    @cython.locals(targets=Targets)
    cpdef int give(self, Way way, object gradient) except -1
    @cython.locals(call=Call, targets=Targets, space=Space, numbers=Doubles, arrays=list)
    cpdef compute(self)
    @cython.locals(targets=Targets, i=Py_ssize_t)
    cpdef add(self, Walk walk)
    cpdef int add_by_hand(self) except -1
    cpdef list pairs(self)


cdef class Way(StepBack):
    cdef readonly Call call
    cdef readonly object which
    cdef readonly Targets targets
    cdef object _due

    cpdef owed(self, object node)
    cpdef forgive(self)
    cpdef tuple listed(self)
    @cython.locals(call=Call, back=Back)
    cpdef take(self, Walking walk, object gradient)
    @cython.locals(call=Call, back=Back)
    cpdef bint take_alone(self, Node node, object seed) except -1
    @cython.locals(back=Back)
    cpdef take_by_hand(self, Node node)
    cdef int _check(self, bint create_graph) except -1
