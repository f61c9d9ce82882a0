"""`odeint`: ordinary differential equations, with gradients by the start, the arguments
and the times.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from numbers import Real
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_operand
from micrograd.errors import ArgumentError, GradientError, ShapeError
from micrograd.interpreter import ground, numbers_below, shape_of
from micrograd.leaves import as_array, described, joined_leaves
from micrograd.modes import is_recording
from micrograd.ops.hints import told_keywords
from micrograd.scipy.flows import Flow, Solver, explicit
from micrograd.scipy.plainly import is_live, plainly, refuse_captured
from micrograd.scipy.solving import as_tuple, check_function, note_of_lists
from micrograd.scipy.stepping import FIXED, Tableau, equal_parts, path
from micrograd.scipy.unknowns import Arguments, Unknowns, joined
from micrograd.trees import BRANCHES, leaves_of, like, same_leaves

EXPLICIT = ("RK45", "RK23", "DOP853")
ADAPTIVE = (*EXPLICIT, "Radau", "BDF", "LSODA")
OPTIONS = ("max_step", "first_step", "min_step", "jac_sparsity")
TOLERANCE = 1.49012e-8  # of scipy.integrate.odeint


@told_keywords
def odeint(
    f: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Any = (),
    method: str = "RK45",
    *,
    rtol: float = TOLERANCE,
    atol: float = TOLERANCE,
    gradient: str | None = None,
    step_size: float | None = None,
    **options: Any,
) -> Any:
    """The solution of an ordinary differential equation at some times.

    dy/dt = f(t, y, *args), where y = y0 at the time t[0]

    Args:
        f: the slope, a function (t, y, *args) to what has the structure and the shapes
            of y. The order is that of `scipy.integrate.solve_ivp`, not of SciPy's
            `odeint`.
        y0: y at the time t[0]: a number, an array, or a tree of them.
        t: the times, of shape (n,), rising or falling.
        args: more arguments of f, trees.
        method: "RK45", "RK23", "DOP853", or for stiff equations "Radau", "BDF",
            "LSODA": SciPy's, which choose their steps by rtol and atol. Or "rk4",
            "euler", with steps that are given.
        rtol: relative tolerance of a step.
        atol: absolute tolerance of a step, in the units of y.
        gradient: "adjoint" solves the adjoint equation backward. Its memory does not
            grow with the steps. "direct" goes back through the steps. It is the
            gradient of the numbers that come out, and needs memory for each step. None
            is "adjoint" for SciPy's methods.
        step_size: the largest step of "rk4" and "euler"; None takes one step from each
            time to the next.
        options: max_step, first_step, min_step of "LSODA", and jac_sparsity of "Radau"
            and "BDF", as of `solve_ivp`.

    Returns:
        y at the times t, in the structure of y0, each leaf of shape (n, *shape). It has
        derivatives of any order by y0, args and t.

    Raises:
        ArgumentError: there is no such method, gradient or option, f takes (y, t), or t
            does not rise or fall all the way.
        ShapeError: f gives other shapes than y has.
        DomainError: SciPy's solver stopped before the last time.
        GradientError: y cannot be followed backward, or f uses a Value from outside.
        MissingExtraError: SciPy is not installed.

    Source: Chen, Rubanova, Bettencourt, Duvenaud (2018), arXiv:1806.07366.

    >>> import numpy as np
    >>> from micrograd import grad
    >>> t = np.array([0.0, 1.0, 2.0])
    >>> odeint(lambda t, y, k: -k * y, 1.0, t, args=(0.5,)).round(6)
    array([1.      , 0.606531, 0.367879])
    >>> def last(k):
    ...     return odeint(lambda t, y, k: -k * y, 1.0, t, args=(k,))[-1]
    >>> round(grad(last)(0.5), 6)
    -0.735759
    """
    check_function("odeint", "slope", f)
    _check_order(f)
    kind = _kind(method, gradient, step_size, options)
    _check_tolerances(rtol, atol)
    equation = Equation(f, y0, _times(t), as_tuple(args))
    solver = Solver(method, float(rtol), float(atol), options)
    with note_of_lists("odeint", y0, "y"):
        if method in FIXED:
            return equation.stepped(FIXED[method], equal_parts(equation.t, step_size))
        if kind == "direct":
            given = explicit(method)
            return equation.stepped(Tableau(given.A, given.B, given.C), equation.parts(solver))
        return equation.flowing(solver)


class Equation:
    """A differential equation between trees.

    Args:
        f: the slope.
        y0: y at the first time.
        t: the times, a vector.
        args: more arguments of f.
    """

    def __init__(self, f: Callable[..., Any], y0: Any, t: Any, args: tuple[Any, ...]) -> None:
        self._f = f
        self._y = Unknowns("odeint", y0, "y0")
        self._args = Arguments(args)
        self.t = t

    def flowing(self, solver: Solver) -> Any:
        """y at all times by SciPy's steps, an op with continuous gradients."""
        live, n = self._args.live, self._y.size
        op = Flow(solver, self._slope, n, len(live), is_live(self.t), self._check, self._watch)
        return self._y.shaped(op(self._y.vector(), self.t, *live), as_given=True)

    def stepped(self, tableau: Tableau, parts: Any) -> Any:
        """y at all times by these steps, each of ops."""
        args = self._args.replaced(self._args.live)

        def slopes(t: Any, leaves: Any) -> Any:
            return self._leaves(self._f(t, like(self._y.tree, leaves), *args))

        y0 = [as_array(x) if shape_of(as_array(x)) else as_array(x) * 1.0 for x in leaves_of(self._y.tree)]
        return like(self._y.tree, path(tableau, slopes, y0, self.t, parts))

    def parts(self, solver: Solver) -> list[Any]:
        """The steps that SciPy takes from each time to the next, as parts of the
        span.
        """
        t, y = np.asarray(ground(self.t), dtype=np.float64), np.asarray(ground(self._y.vector()), dtype=np.float64)
        live = [ground(x) for x in self._args.live]
        found = []
        with plainly():
            for span in itertools.pairwise(t):
                slope = lambda s, y: ground(self._slope(s, y, *live))  # noqa: E731
                times, path = solver.run(slope, y, np.array(span), None, y.size)
                found.append(list(np.diff(times) / (span[1] - span[0])))
                y = path[-1]
        return found

    def _slope(self, t: Any, y: Any, *live: Any) -> Any:
        """The slope of y as a vector."""
        out = self._f(t, self._y.shaped(y), *self._args.replaced(live))
        return joined(self._leaves(out))

    def _leaves(self, out: Any) -> list[Any]:
        tree = self._y.tree
        if not isinstance(tree, BRANCHES) and isinstance(out, (list, tuple)):
            out = as_operand(list(out), "odeint")  # solve_ivp takes lists, too
        leaves = [as_array(x) for x in same_leaves("odeint", "slope", joined_leaves(out), "y0", tree)]
        given, wanted = [shape_of(x) for x in leaves], [np.shape(x) for x in self._y.plain]
        if given != wanted:
            i = next(i for i, shape in enumerate(wanted) if given[i] != shape)
            raise ShapeError(
                f"odeint: {self._y.flat.leaf(i).replace('y0', 'the slope', 1)} has shape {given[i]}, "
                f"and y has {wanted[i]}; f(t, y, *args) gives one slope for each number of y"
            )
        return leaves

    def _check(self, y0: Any, t: Any, *live: Any) -> None:
        """Refuse plain inputs that are not finite, and a slope that uses other
        Values.
        """
        self._y.flat.refuse_if_not_finite(y0, "start from finite numbers")
        if is_recording():
            self._watch(float(t[0]), y0, *live)

    def _watch(self, t: float, y: Any, *live: Any) -> None:
        """Refuse a slope that uses other Values at this time."""
        shaped = self._y.shaped(y)
        refuse_captured("odeint", lambda y, *args: self._f(t, y, *args), shaped, self._args.replaced(live))


def _kind(method: str, gradient: str | None, step_size: float | None, options: dict[str, Any]) -> str:
    """How gradients are computed, after a check of what was asked for."""
    if method not in ADAPTIVE and method not in FIXED:
        names = ", ".join(map(repr, (*ADAPTIVE, *FIXED)))
        raise ArgumentError(f"odeint: there is no method {method!r}; take one of {names}")
    if gradient not in (None, "adjoint", "direct"):
        raise ArgumentError(f"odeint: gradient={gradient!r}; take 'adjoint', 'direct', or None for the usual one")
    if method in FIXED:
        if gradient == "adjoint":
            raise ArgumentError(
                f"odeint: {method!r} does not control its error, and an adjoint would not fit its steps; "
                f"gradient='direct' is exact for it"
            )
        if options:
            raise ArgumentError(f"odeint: {method!r} has no option {next(iter(options))!r}; it has step_size")
        if step_size is not None and not (isinstance(step_size, Real) and step_size > 0.0):
            raise ArgumentError(f"odeint: step_size={step_size!r}; give a time above 0")
        return "direct"
    for name in options:
        if name not in OPTIONS:
            raise ArgumentError(
                f"odeint: there is no option {name}=; it has rtol, atol, {', '.join(OPTIONS)};\n"
                f"the result is y at the times t, and the Jacobians are made by odeint"
            )
    if step_size is not None:
        raise ArgumentError(f"odeint: {method!r} chooses its steps by rtol and atol; leave step_size out, or max_step=")
    if gradient == "direct" and method not in EXPLICIT:
        raise ArgumentError(
            f"odeint: {method!r} solves equations in each step, which 'direct' does not go through; "
            f"take gradient='adjoint', or one of {', '.join(map(repr, EXPLICIT))}"
        )
    return gradient or "adjoint"


def _check_order(f: Any) -> None:
    """Refuse f(y, t), told by its names, as `scipy.integrate.odeint` and JAX's have it.
    Where y is a number it would run, and give wrong numbers.
    """
    try:
        taken = list(inspect.signature(f).parameters.values())  # without the self of a method
    except (TypeError, ValueError):  # a function written in C
        return
    names = [x.name for x in taken if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
    if names[1:2] == ["t"]:
        raise ArgumentError(
            f"odeint: f takes ({names[0]}, t), as for SciPy's odeint; here it takes (t, y), "
            f"as for solve_ivp; write lambda t, y, *args: f(y, t, *args)"
        )


def _check_tolerances(*given: Any) -> None:
    for x in given:
        if not isinstance(x, (int, float)) or not x > 0.0:
            raise ArgumentError(f"odeint: a tolerance is {x!r}; give a number above 0 for all of y")


def _times(t: Any) -> Any:
    t = as_array(as_operand(list(t), "odeint") if isinstance(t, (list, tuple)) else t)
    if len(shape_of(t)) != 1 or not shape_of(t)[0]:
        raise ShapeError(f"odeint: t is {described(t)}; give the times in an array of shape (n,)")
    numbers = numbers_below(t)
    if numbers is None:
        raise GradientError("odeint: t has a shape and no numbers; give numbers")
    steps = np.diff(np.asarray(numbers, dtype=np.float64), axis=-1)
    if not (np.all(steps > 0.0) or np.all(steps < 0.0)) or not np.all(np.isfinite(numbers)):
        raise ArgumentError(
            "odeint: the times in t do not rise all the way, or fall all the way; sort them, and give each once"
        )
    return t
