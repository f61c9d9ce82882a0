"""`linearize`: the derivative of a function at a point, as a function; and
`linear_transpose`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd.errors import GradientError
from micrograd.interpreter import ones_like, zeros_like
from micrograd.leaves import moves_of, unboxed, unshared_leaves
from micrograd.node import inputs_of
from micrograd.quiet import quietly
from micrograd.record import HandMade
from micrograd.tracing import Trace, seal_all
from micrograd.transforms.calls import is_recorded_at
from micrograd.transforms.derived import check_function, split_aux
from micrograd.transforms.linearity import nonlinear_op
from micrograd.transforms.products import check_moves, pulled_back
from micrograd.transforms.pushing import Track, joint_reach
from micrograd.trees import leaves_of, like, mapped


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """f(*primals), and the function that pushes tangents forward at this point.

    f_jvp(*tangents) = jvp(f, primals, tangents)[1]

    f runs once, and its graph is kept. Each call of f_jvp goes along that graph, and
    does not run f again.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and
            anything else.
        primals: its arguments.
        has_aux: f returns (output, auxiliary data).

    Returns:
        (output, f_jvp) or (output, f_jvp, aux). f_jvp takes one tangent per primal, of
        its structure and shapes, and gives one in the structure of the output.

    Raises:
        ArgumentError: tangents have another structure than primals, or f returns no
            pair with has_aux.
        ShapeError: a tangent does not have the shape of its primal.

    >>> out, f_jvp = linearize(lambda x, y: x * y, 2.0, 3.0)
    >>> out, f_jvp(1.0, 0.0), f_jvp(0.0, 1.0)
    (6.0, 3.0, 2.0)
    """
    check_function("linearize", f, "(lambda x: x * x, 3.0)")
    trace = Trace("linearize", f, primals, range(len(primals)), {})
    out, aux = split_aux("linearize", trace.out) if has_aux else (trace.out, None)
    f_jvp = _Linearized(trace, primals, out)
    return (trace.result(out), f_jvp, trace.result(aux)) if has_aux else (trace.result(out), f_jvp)


class _Linearized:
    """The function from tangents of the arguments to the tangent of the output."""

    def __init__(self, trace: Trace, primals: tuple[Any, ...], out: Any) -> None:
        self._trace = trace
        self._primals = list(primals)
        self._out = out
        outs, level = leaves_of(out), trace.level()
        self._is_there = [is_recorded_at(z, level) for z in outs]
        roots = [z for z, is_there in zip(outs, self._is_there, strict=True) if is_there]
        reach = joint_reach(roots, trace.fresh)
        for node in reach.order:
            is_hand_made = isinstance(node._record, HandMade) and node is not reach.root and inputs_of(node)
            if node._has_own_step or is_hand_made:
                raise GradientError(
                    f"linearize: {node._op or 'a node'} was made by hand or has a `_backward` of its own, and no rule "
                    f"to push a tangent; make it an op with micrograd.op.elementwise"
                )
        self._track = Track(reach, roots)

    def __call__(self, *tangents: Any) -> Any:
        trace = self._trace
        check_moves("linearize", self._primals, tangents)
        moves = moves_of("linearize", "tangent", list(tangents), "primal", self._primals)
        found = iter(self._track.pushed(moves, trace.is_recorded()))
        slopes = [next(found) if is_there else None for is_there in self._is_there]
        slopes = [zeros_like(z) if t is None else t for z, t in zip(leaves_of(self._out), slopes, strict=True)]
        slopes = [unboxed(t) for t in unshared_leaves(slopes, moves)]
        tree = like(self._out, slopes)
        return trace.result(tree) if trace.is_inside else tree  # Values in it have the history of a tangent

    def __del__(self) -> None:
        if hasattr(self, "_trace"):
            seal_all(self._trace.fresh)  # the transform is over when nobody can push


def linear_transpose(f: Callable[..., Any], *primals: Any) -> Callable[[Any], Any]:
    """The transpose of a linear function: A becomes A^T, without either matrix.

    <f(x), g> = <x, transpose(g)>     for all x and g

    Args:
        f: a function that is linear in its arguments together.
        primals: arguments of the right structure, shapes and dtypes. Their numbers are
            not used.

    Returns:
        A function of a cotangent in the structure of the output, to a tuple with one in
        the structure of each primal.

    Raises:
        GradientError: f is not linear; says by which op.

    >>> import numpy as np
    >>> transpose = linear_transpose(lambda x: x[1:] - x[:-1], np.zeros(3))
    >>> transpose(np.array([1.0, 10.0]))
    (array([-1., -9., 10.]),)
    """
    check_function("linear_transpose", f, "(lambda x: 2.0 * x, 3.0)")

    def checked(*args: Any) -> Any:
        out = f(*args)
        for z in leaves_of(out):
            with quietly():
                wrong = nonlinear_op(z, leaves_of(args))
            if wrong:
                raise GradientError(
                    f"linear_transpose: f is not linear in its arguments ({wrong}); "
                    f"take vjp, which linearizes at a point"
                )
        return out

    ones = mapped(ones_like, primals)  # not zeros: a constant output shall show
    transpose: Callable[[Any], Any] = pulled_back("linear_transpose", checked, ones)[1]
    return transpose
