"""Results of solvers with derivatives by `args`, by the implicit function theorem.

A solver of SciPy runs on plain numbers. A few Newton steps check that what it found is
a solution, and that the solution moves smoothly with the arguments. Then the result is
an op of the arguments: see rules.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import GradientError
from micrograd.interpreter import shape_of
from micrograd.leaves import as_array, joined_leaves
from micrograd.modes import is_recording
from micrograd.ops import cast, concatenate, ravel, reshape
from micrograd.ops.operators import Operators
from micrograd.scipy.active import still_at
from micrograd.scipy.flat import Flat
from micrograd.scipy.plainly import is_inside, is_live, is_plain, plainly, refuse_captured
from micrograd.scipy.rules import Implicit
from micrograd.scipy.solving import optimizers
from micrograd.scipy.systems import DENSE, System, check_regular, chosen
from micrograd.transforms import jvp
from micrograd.trees import leaves_of, like

STEPS = 10  # of Newton at most
KEPT = ("success", "status", "message", "method", "nfev", "njev", "nhev", "nit", "active_mask")


class Problem:
    """What a solver solves, and what holds at its solution.

    Args:
        name: the solver that the user called.
        params: the start, a tree.
        args: the arguments by which the result has derivatives, a tree.
        f: the user's function (params, *args), to see what it uses.
        conditions: a function (params, args) to a tree of as many numbers as params
            has, all 0 at the solution; in ops.
        solve: a function (params, args) of plain numbers to SciPy's result.
        how: how to solve linear systems: "dense", "gmres", "cg", or None.
        krylov: what None means for many unknowns.
        bounds: a function of the `Flat` of params to (low, high), or None.
    """

    def __init__(
        self,
        name: str,
        params: Any,
        args: Any,
        f: Callable[..., Any],
        conditions: Callable[..., Any],
        solve: Callable[..., Any],
        how: str | None = None,
        krylov: str = "gmres",
        bounds: Callable[..., Any] | None = None,
    ) -> None:
        self.name, self.params, self.args = name, joined_leaves(params), joined_leaves(args)
        self.f, self.conditions, self.solve = f, conditions, solve
        self.how, self.krylov, self.bounds = how, krylov, bounds

    def is_plain(self) -> bool:
        """Whether the result has no derivative by args."""
        if not is_recording():
            return True
        return not any(map(_is_within, leaves_of(self.params))) and not any(map(is_live, leaves_of(self.args)))


def result_of(problem: Problem) -> Any:
    """SciPy's result, with derivatives by the arguments where they have a gradient."""
    chosen(problem.name, problem.how, 0, problem.krylov)
    if not problem.is_plain():
        return _Solution(problem).result()
    if is_recording() and is_inside():
        refuse_captured(problem.name, problem.f, problem.params, problem.args)
    with plainly():
        result = problem.solve(problem.params, problem.args)
    if is_recording() and not is_inside():  # errors about the parameters go before
        refuse_captured(problem.name, problem.f, problem.params, problem.args)
    return result


class _Solution:
    """A problem with arguments that have gradients."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._args = leaves_of(problem.args)
        self._live = [i for i, x in enumerate(self._args) if is_live(x)]
        self._start = [x.detach() if isinstance(x, Operators) else x for x in leaves_of(problem.params)]
        self._flat = Flat(problem.name, like(problem.params, map(_stand_in, self._start)))
        self._size = self._flat.vector.size
        self._how = chosen(problem.name, problem.how, self._size, problem.krylov)
        self._found: list[Any] = []

    def result(self) -> Any:
        """SciPy's result, without what would lose its gradient."""
        name, live = self._problem.name, [as_array(self._args[i]) for i in self._live]
        fixes = self._problem.bounds is not None
        op = Implicit(name, self._run, self._equations, self._system, self._size, len(live), fixes)
        z = op(self._vector_of_start(), *live)
        result = optimizers(name).OptimizeResult(success=True)
        if len(self._found) == 1:  # not inside a vmap
            result.update({key: self._found[0][key] for key in KEPT if key in self._found[0]})
        result.x = like(self._problem.params, self._leaves(op.split(z)[0], True))
        return result

    def _vector_of_start(self) -> Any:
        if all(map(is_plain, self._start)):
            return self._flat.vector
        return concatenate([ravel(as_array(x)) for x in self._start])

    def _leaves(self, x: Any, as_given: bool) -> list[Any]:
        """A vector of unknowns as leaves, in the dtypes of the start if asked for."""
        leaves, end = [], 0
        for size, given in zip(self._flat.sizes, leaves_of(self._flat.tree(self._flat.vector)), strict=True):
            shape, end = np.shape(given), end + size
            leaf = reshape(x[end - size : end], shape=shape) if shape else x[end - 1]
            narrow = as_given and getattr(given, "dtype", np.float64) != np.float64
            leaves.append(cast(leaf, dtype=given.dtype) if narrow else leaf)
        return leaves

    def _arguments(self, live: Sequence[Any]) -> Any:
        leaves = list(self._args)
        for i, x in zip(self._live, live, strict=True):
            leaves[i] = x
        return like(self._problem.args, leaves)

    def _equations(self, x: Any, *live: Any) -> Any:
        out = self._problem.conditions(like(self._problem.params, self._leaves(x, False)), self._arguments(live))
        return vector(out)

    def _system(self, x: Any, live: Sequence[Any], active: Any) -> System:
        return System(self._problem.name, self._equations, self._how, x, live, active)

    def _run(self, start: Any, *live: Any) -> Any:
        """The solution on plain numbers."""
        problem, flat = self._problem, self._flat
        params, args = flat.tree(start), self._arguments(live)
        refuse_captured(problem.name, problem.f, params, args)
        result = problem.solve(params, args)
        if not result.success:
            raise GradientError(
                f"{problem.name}: it did not converge ({str(result.message).strip()}), and where there is no solution "
                f"there is no gradient;\nstart nearer, allow more steps, or call it in `with no_grad():`"
            )
        self._found.append(result)
        x = flat.joined(leaves_of(result.x))
        span = max(np.max(abs(x)), np.max(abs(x - start)), 1e-6)
        if problem.bounds is None:
            return self._refined(x, live, span, None)
        low, high = problem.bounds(flat)
        x, active = still_at(flat, x, self._equations(x, *live), self._curvatures(x, live), (low, high), span)
        return np.concatenate([np.clip(self._refined(x, live, span, active), low, high), active])

    def _curvatures(self, x: Any, live: Sequence[Any]) -> Callable[[int], float]:
        """How fast the slope of the loss by element i grows with it."""

        def curvature(i: int) -> float:
            one = np.zeros(x.size)
            one[i] = 1.0
            return float(jvp(lambda x: self._equations(x, *live), (x,), (one,))[1][i])

        return curvature

    def _refined(self, x: Any, live: Sequence[Any], span: float, active: Any) -> Any:
        """The solution after Newton's steps.

        Raises:
            GradientError: the Jacobian is singular, or the steps do not shrink.
        """
        system = self._system(x, live, active)
        if self._how == DENSE:
            check_regular(self._problem.name, system.matrix, self._flat.element)
        else:  # a singular system may have a solution for some right-hand sides, but not for this one
            system.solve(np.random.default_rng(0).normal(size=x.size))
        last = span
        for _ in range(STEPS):
            miss = self._equations(x, *live)
            step = system.solve(miss if active is None else np.where(active, 0.0, miss))
            size = np.max(abs(step))
            if size <= 1e-11 * span:
                return x - step
            if not size <= 0.1 * last:
                break
            x, last = x - step, size
        raise GradientError(
            f"{self._problem.name}: Newton's steps from {self._flat.element(int(np.argmax(abs(step))))} do not shrink: "
            f"it is not a solution, or the Jacobian is singular there;\n"
            f"ask for a smaller tolerance, or call it in `with no_grad():`"
        )


def vector(out: Any) -> Any:
    """The numbers of a tree as a vector, in ops."""
    return concatenate([ravel(as_array(z)) for z in leaves_of(joined_leaves(out))])


def _is_within(x: Any) -> bool:
    """Whether x belongs to a transform, as a start may."""
    if isinstance(x, Value):
        return x._is_traced()
    return isinstance(x, Operators) and x._below is not None


def _stand_in(x: Any) -> Any:
    """A plain number or array like x."""
    if is_plain(x):
        return x
    return np.zeros(shape_of(x), x.dtype) if shape_of(x) else 0.0
