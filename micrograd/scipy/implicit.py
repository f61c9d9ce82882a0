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
from micrograd.interpreter import ground, shape_of
from micrograd.leaves import joined_leaves
from micrograd.modes import is_recording
from micrograd.ops import concatenate
from micrograd.ops.operators import Operators
from micrograd.scipy.active import still_at
from micrograd.scipy.multipliers import held
from micrograd.scipy.plainly import is_inside, is_live, is_plain, plainly, refuse_captured
from micrograd.scipy.rules import Implicit
from micrograd.scipy.solving import optimizers
from micrograd.scipy.systems import DENSE, System, check_minimum, check_regular, chosen
from micrograd.scipy.unknowns import Arguments, Unknowns, vector_of
from micrograd.transforms import jacobian, jvp, vjp
from micrograd.trees import leaves_of

STEPS = 10  # of Newton at most
KEPT = ("success", "status", "message", "method", "nfev", "njev", "nhev", "nit", "active_mask")


class Problem:
    """What a solver solves, and what holds at its solution.

    Args:
        name: the solver that the user called.
        params: the start, a tree.
        args: the arguments by which the result has derivatives, trees.
        f: the user's function (params, *args), to see what it uses.
        conditions: a function (params, *args) to a tree of as many numbers as params
            has, all 0 at the solution; in ops.
        solve: a function (params, *args) of plain numbers to SciPy's result.
        how: how to solve linear systems: "dense", "gmres", "cg", or None.
        krylov: what None means for many unknowns.
        bounds: a function of the `Flat` of params to (low, high), or None.
        constraints: a function (params, *args) to a vector, in ops, and a function to
            how many of its numbers must be 0, the others 0 or above; or None.
        is_minimum: the conditions are the gradient of a loss, which shall be least.
    """

    def __init__(
        self,
        name: str,
        params: Any,
        args: tuple[Any, ...],
        *,
        f: Callable[..., Any],
        conditions: Callable[..., Any],
        solve: Callable[..., Any],
        how: str | None,
        krylov: str = "gmres",
        bounds: Callable[..., Any] | None = None,
        constraints: tuple[Callable[..., Any], Callable[[], int]] | None = None,
        is_minimum: bool = False,
    ) -> None:
        self.name, self.params, self.args = name, joined_leaves(params), joined_leaves(args)
        self.f, self.conditions, self.solve = f, conditions, solve
        self.how, self.krylov, self.bounds, self.constraints = how, krylov, bounds, constraints
        self.is_minimum = is_minimum

    def is_plain(self) -> bool:
        """Whether the result has no derivative by args."""
        live = [x for x in leaves_of(self.args) if is_live(x)]
        if not is_recording():  # which stops Values alone: a tangent goes on, as through any op
            return all(isinstance(x, Value) for x in live)
        return not live and not any(map(_is_within, leaves_of(self.params)))


def result_of(problem: Problem) -> Any:
    """SciPy's result, with derivatives by the arguments where they have a gradient."""
    chosen(problem.name, problem.how, 0, problem.krylov)  # refuses a choice that there is not
    if not problem.is_plain():
        return _Solution(problem).result()
    if is_recording() and is_inside():
        refuse_captured(problem.name, problem.f, problem.params, problem.args)
    with plainly():
        result = problem.solve(problem.params, *problem.args)
    if is_recording():  # f may have branches, and use other Values here than at the start
        refuse_captured(problem.name, problem.f, result.x, problem.args)
    return result


class _Solution:
    """A problem with arguments that have gradients."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._args = Arguments(problem.args)
        self._unknowns = Unknowns(problem.name, problem.params)
        self._flat, self._count = self._unknowns.flat, self._unknowns.size
        self._size = self._count + self._constraints()
        self._how = chosen(problem.name, problem.how, self._size, problem.krylov)
        self._found: list[Any] = []

    def _constraints(self) -> int:
        """How many multipliers are unknown besides the parameters."""
        if self._problem.constraints is None:
            return 0
        constant = [x.detach() for x in self._args.live]
        with np.errstate(all="ignore"):
            rows = self._rows(self._unknowns.vector(is_constant=True), *constant)
        return int(shape_of(rows)[0])

    def result(self) -> Any:
        """SciPy's result, without what would lose its gradient."""
        name, live = self._problem.name, self._args.live
        fixes = self._problem.bounds is not None or self._problem.constraints is not None
        op = Implicit(name, self._run, self._equations, self._system, self._size, len(live), fixes)
        z = op(self._unknowns.vector(is_constant=True), *live)
        result = optimizers(name).OptimizeResult(success=True)
        if len(self._found) == 1:  # not inside a vmap
            result.update({key: self._found[0][key] for key in KEPT if key in self._found[0]})
        result.x = self._unknowns.shaped(op.split(z)[0][: self._count], as_given=True)
        return result

    def _equations(self, x: Any, *live: Any) -> Any:
        """What is 0 at the solution. With multipliers m it is the gradient of
        loss - m rows by x and by m.
        """
        if self._problem.constraints is None:
            return self._slopes(x, *live)
        x, weights = x[: self._count], x[self._count :]
        rows, pull = vjp(lambda x: self._rows(x, *live), x)
        return concatenate([self._slopes(x, *live) - pull(weights)[0], -rows])

    def _slopes(self, x: Any, *live: Any) -> Any:
        return self._called(self._problem.conditions, x, live)

    def _rows(self, x: Any, *live: Any) -> Any:
        assert self._problem.constraints is not None
        return self._called(self._problem.constraints[0], x, live)

    def _called(self, f: Callable[..., Any], x: Any, live: Sequence[Any]) -> Any:
        """Numbers of the user's, as a vector. Of plain numbers they are plain, also
        where his function uses a Value that is a constant.
        """
        out = vector_of(f(self._unknowns.shaped(x), *self._args.replaced(live)))
        return ground(out) if all(map(is_plain, (x, *live))) else out

    def _system(self, x: Any, live: Sequence[Any], active: Any) -> System:
        return System(self._problem.name, self._equations, self._how, x, live, active)

    def _run(self, start: Any, *live: Any) -> Any:
        """The solution on plain numbers."""
        problem, flat = self._problem, self._flat
        params, args = flat.tree(start), self._args.replaced(live)
        refuse_captured(problem.name, problem.f, params, args)
        result = problem.solve(params, *args)
        if not result.success:
            raise GradientError(
                f"{problem.name}: it did not converge ({str(result.message).strip()}), and where there is no solution "
                f"there is no gradient;\nstart nearer, allow more steps, or call it in `with no_grad():`"
            )
        refuse_captured(problem.name, problem.f, result.x, args)  # f may have branches
        self._found.append(result)
        x = flat.joined(leaves_of(result.x))
        span = max(np.max(abs(x)), np.max(abs(x - start)), 1e-6)
        if problem.bounds is None and problem.constraints is None:
            return self._refined(x, live, span, None)
        free = np.full(x.size, np.inf)
        low, high = (-free, free) if problem.bounds is None else problem.bounds(flat)
        if problem.constraints is None:
            x, active = still_at(flat, x, self._slopes(x, *live), self._curvatures(x, live), (low, high), span)
        else:
            rows = self._rows(x, *live), jacobian(lambda x: self._rows(x, *live))(x), problem.constraints[1]()
            curvature = self._curvatures(x, live)
            x, weights, fixed, idle = held(flat, x, self._slopes(x, *live), curvature, rows, (low, high), span)
            x, active = np.concatenate([x, weights]), np.concatenate([fixed, idle])
        x = self._refined(x, live, span, active)
        self._refuse_outside(x[: self._count], low, high, span)
        return np.concatenate([np.clip(x[: self._count], low, high), x[self._count :], active])

    def _refuse_outside(self, x: Any, low: Any, high: Any, span: float) -> None:
        beyond = np.maximum(low - x, x - high)
        if np.max(beyond) > 1e-9 * span:
            raise GradientError(
                f"{self._problem.name}: {self._flat.element(int(np.argmax(beyond)))} is near its bound, and the "
                f"minimum is beyond; ask for a smaller tolerance, or move the bound away"
            )

    def _place(self, i: int) -> str:
        """What the unknown of this number is, for errors."""
        return self._flat.element(i) if i < self._count else f"the multiplier of constraint number {i - self._count}"

    def _curvatures(self, x: Any, live: Sequence[Any]) -> Callable[[Any], float]:
        """The second derivative of the loss along a direction."""
        return lambda way: float(way @ jvp(lambda x: self._slopes(x, *live), (x,), (way,))[1])

    def _refined(self, x: Any, live: Sequence[Any], span: float, active: Any) -> Any:
        """The solution after Newton's steps.

        Raises:
            GradientError: the Jacobian is singular, or the steps do not shrink.
        """
        system = self._system(x, live, active)
        if self._how == DENSE:
            check_regular(self._problem.name, system.matrix, self._place)
            if self._problem.is_minimum:
                holding = 0 if active is None else np.sum(~active[self._count :])
                check_minimum(self._problem.name, system.matrix, self._count, holding, self._place)
        else:  # a singular system may have a solution for some right-hand sides, but not for this one
            system.solve(np.random.default_rng(0).normal(size=x.size))
        last = span
        for _ in range(STEPS):
            miss = self._equations(x, *live)
            step = system.solve(miss if active is None else np.where(active, 0.0, miss))
            size = np.max(abs(step[: self._count]))
            if size <= 1e-11 * span:
                return x - step
            if not size <= 0.1 * last:
                break
            x, last = x - step, size
        place = self._flat.element(int(np.argmax(abs(step[: self._count]))))
        raise GradientError(
            f"{self._problem.name}: Newton's steps from {place} do not shrink: "
            f"it is not a solution, or the Jacobian is singular there;\n"
            f"ask for a smaller tolerance, or call it in `with no_grad():`"
        )


def _is_within(x: Any) -> bool:
    """Whether x belongs to a transform, as a start may."""
    if isinstance(x, Value):
        return x._is_traced()
    return isinstance(x, Operators) and x._below is not None
