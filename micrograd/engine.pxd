# C types of engine.py: with them Cython compiles that file, as it stands, into the fast engine.
cimport cython
from libc cimport math

from micrograd cimport memory
from micrograd.ops.operators cimport Operators

cdef object LEAF, CONSTANT, add, subtract, multiply, divide, matmul, raise_to, relu_op, tanh_op, exp_op, log_op
cdef object positive_op
cdef double NAN
cdef int _next_walk() except -1
cdef set _modes, PLAIN, NUMBERS, EXACT, PAUSES
cdef dict NONE, ACTIVE


cdef class Value(Operators):
    # What a walk needs comes first: with Python's own head it fills one cache line, where a node is aligned to it.
    cdef public double _slope, _float
    cdef public int _mark
    cdef public unsigned char _has_slope, _has_gradient, _is_float, _has_own
    cdef public object _record, _x, _y
    cdef public object _gradient, _array, _params, _own, label
    cdef object __weakref__


cdef class Traced(Value):
    pass


cpdef list toposort(Value root)
cpdef fit(object g, object data)
@cython.locals(parts=list)
cdef list _parts(Value node, object g, bint create_graph, set wanted=*)
cdef _unshared(object part, object g)
cpdef pull(Value node, bint create_graph=*, bint by_hand=*, dict apart=*)
cdef int _accumulate(Value x, object g, object part, dict apart) except -1

@cython.locals(order=list, stack=list, node=Value)
cdef list _collect(Value root, int walk, list leaves)
@cython.locals(leaf=Value)
cdef list _grads_of(list leaves)
@cython.locals(leaf=Value)
cdef int _put_grads(list leaves, object grads) except -1
@cython.locals(order=list, stack=list, node=Value)
cdef list _collect_beside(Value root, set seen)
@cython.locals(node=Value)
cdef list _begin(object walk)
@cython.locals(leaf=Value, node=Value)
cdef int _add_up(object walk) except -1
@cython.locals(node=Value)
cdef list _totals_apart(object walk)
@cython.locals(node=Value)
cdef int _end(object walk, list others) except -1
@cython.locals(node=Value)
cpdef undo(object walk)
cdef _sum(object part, object known)
cdef int _forget(Value node, list leaves) except -1
cdef bint _push_input(Value node, int walk, list stack) except -1
cdef bint _push(object x, int walk, list stack) except -1
cdef bint _is_ahead(Value node, int walk) noexcept

@cython.locals(node=Value, is_alone=bint)
cdef int _walk_back(list order, bint create_graph, dict apart) except -1
cdef bint _is_whole(Value node, dict apart) except -1
cdef int _step_of_its_own(Value node) except -1
@cython.locals(gx=double, gy=double)
cdef bint _float_step(Value node) except -1
@cython.locals(power=double)
cdef double _partial(Value node, double x) except? -1
cdef double _raised(double x, double exponent) noexcept
cdef double _exponential(double x) noexcept
cdef _of_both(object op, Value value, object other, bint is_reflected=*)
@cython.locals(value=Value)
cdef bint _is_plain(object x, type kind) noexcept
@cython.locals(value=Value)
cdef double _float_of(object x) except? -1
@cython.locals(value=Value)
cdef int _receive(object x, double part) except -1

@cython.locals(value=Value)
cdef _held(object x)
@cython.locals(node=Value)
cpdef bint rests_on_others(Value root, set known) except -1
cdef int _hold(Value node, object data) except -1
cdef _grad_of(Value node)
cdef int _slope_to(Value node, object grad) except -1
cdef _grad_at(Value node, dict apart)
cdef int _put_grad_at(Value node, object grad, dict apart) except -1
cdef _grad_here(Value node)
cdef int _put_grad_here(Value node, object grad) except -1
cdef bint _is_in_node(Value node) except -1
cdef _at(Value node, object place)
cdef int _put_at(Value node, object place, object grad) except -1
cdef bint _is_constant(Value node) noexcept
@cython.locals(node=Value)
cdef Value _node(type kind, object data, object record, object x, object y)
@cython.locals(node=Value)
cdef Value _float_node(type kind, double data, object record, Value x, object y)
cdef bint _may_move(object x) except -1
cdef Value _with_params(Value node, object params)
cdef tuple _inputs(Value node)
cdef _put_inputs(Value node, object inputs)
cdef bint _quick(Value node) noexcept
