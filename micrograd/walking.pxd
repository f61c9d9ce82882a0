# C types of walking.py.
cimport cython

from micrograd cimport memory
from micrograd.deferred cimport Deferred
from micrograd.gradients cimport Gradients
from micrograd.node cimport (
    Node, collect, forget_grad, grad_at, grad_of, inputs_of, is_constant, known_grad, set_grad,
    set_grad_at
)
from micrograd.walks cimport Walk

cdef dict ACTIVE, CAPTURES


cdef class StepBack(Deferred):
    cpdef take(self, Walking walk, object gradient)
    cpdef bint take_alone(self, Node node, object seed) except -1
    cpdef take_by_hand(self, Node node)


cdef class Pending:
    cpdef compute(self)
    cpdef add(self, Walk walk)


cdef class Walking(Walk):
    cdef public object seed, in_order, _quietly
    cdef public bint create_graph
    cdef public list order
    cdef public Gradients _gradients

    cdef int _begin(self) except -1
    cdef int _be_quiet(self) except -1
    cdef int _end_quiet(self) except -1
    cpdef settled(self, Node node)
    @cython.locals(pending=Pending)
    cdef int _compute_pending(self) except -1
    @cython.locals(step=StepBack)
    cpdef take_own_step(self, Node node)


@cython.locals(step=StepBack)
cpdef bint is_one_step(Node root, object seed) except -1
@cython.locals(node=Node)
cdef int _watch_all(list order) except -1
cpdef int next_number() except -1
cpdef bint is_ahead(object x, int mark) noexcept
@cython.locals(node=Node)
cdef list _order_beside(Walking walk)
@cython.locals(node=Node, pending=Pending)
cdef int _add_up(Walk walk) except -1
@cython.locals(node=Node)
cdef list _totals_apart(Walk walk)
@cython.locals(node=Node)
cpdef undo(Walk walk)
cdef _sum(object part, object known)
@cython.locals(leaf=Node, i=int)
cdef list _totals(list leaves, list before)
@cython.locals(leaf=Node)
cdef list _taken_grads(list leaves)
@cython.locals(i=int)
cdef int _set_grads(list leaves, list grads) except -1
