"""`Flow`: the op of a solution of a differential equation, with continuous gradients.

SciPy solves y' = f(t, y, *leaves) on plain numbers. Backward, the adjoint a = dL/dy
obeys a' = -a df/dy, and is solved from the last time to the first. Forward, a tangent s
obeys s' = df/dy s + df/dp. Both are solved as this op again, so that derivatives have
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import DomainError, GradientError, MissingExtraError
from micrograd.interpreter import ground, numbers_below, shape_of
from micrograd.modes import is_recording
from micrograd.ops import concatenate, expand_dims, reshape, stack
from micrograd.ops import sum as total
from micrograd.scipy.plainly import by_rule, is_plain, plainly
from micrograd.scipy.rules import Private
from micrograd.scipy.unknowns import joined
from micrograd.transforms import jacobian, jvp, vjp

Many = Sequence[Any]
STIFF = ("Radau", "BDF", "LSODA")  # they use the Jacobian
MULTISTEP = ("BDF", "LSODA")  # they start with small steps
SMALL = 100  # numbers in y, up to which it is exact


class Solver:
    """A method of SciPy's, with its tolerances.

    Args:
        method: its name.
        rtol: relative tolerance of a step.
        atol: absolute tolerance of a step.
        options: more arguments of SciPy's class.
        goes_on: a run begins with the step that the one before would have taken next.
    """

    def __init__(self, method: str, rtol: float, atol: float, options: dict[str, Any], goes_on: bool = False) -> None:
        self.method, self.rtol, self.atol, self.options = method, rtol, atol, options
        self._goes_on, self._step = goes_on, options.get("first_step")

    def of_spans(self) -> Solver:
        """The same for another equation, which is solved span by span."""
        options = {name: x for name, x in self.options.items() if name not in ("first_step", "jac_sparsity")}
        return Solver(self.method, self.rtol, self.atol, options, self.method not in MULTISTEP)

    def run(self, f: Callable[..., Any], y0: Any, t: Any, at: Any, driving: int) -> tuple[Any, Any]:
        """Times, and the solution there: a row for each. All is plain numbers.

        Args:
            f: the slope (t, y), of a float and a vector.
            y0: y at the first time.
            t: the first and the last time.
            at: the times for which to give y, the first one among them; None for those
                of all steps.
            driving: on how many numbers of y the slope depends, the first ones.

        Raises:
            DomainError: the solver stopped before the last time, or the slope is not
                finite at the first.
        """
        options, start, end = dict(self.options), float(t[0]), float(t[-1])
        if self._step is not None:
            options["first_step"] = min(self._step, abs(end - start))
        if self.method in STIFF and driving <= SMALL:
            options["jac"] = lambda s, y: self._jacobian(f, float(s), y, driving)
        last: Any = None

        def slope(s: Any, y: Any) -> Any:
            nonlocal last
            is_first, last = last is None, float(s)
            out = np.asarray(f(last, y), dtype=np.float64)
            if is_first and not np.all(np.isfinite(out)):  # SciPy would look for a step for ever
                raise DomainError(
                    f"odeint: the slope is not finite at t = {last:g}; start from other numbers, or change args"
                )
            return out

        steps = _integrators()[self.method](slope, start, y0, end, rtol=self.rtol, atol=self.atol, **options)
        times, found = [start], [y0]
        while steps.status == "running":
            message = steps.step()
            if steps.status == "failed" or not np.all(np.isfinite(steps.y)):
                raise DomainError(
                    f"odeint: {self.method} stopped at t = {last:g}: {message or 'y is not finite.'}\n"
                    f"The solution may end there, or be stiff: end before, or take method='Radau', 'BDF' or 'LSODA'"
                )
            for time in _passed(at, len(times), steps):
                times.append(time)
                found.append(np.array(steps.y) if time == steps.t else steps.dense_output()(time))
        if self._goes_on:
            self._step = float(steps.h_abs)
        return np.array(times), np.stack(found)

    def _jacobian(self, f: Callable[..., Any], t: float, y: Any, driving: int) -> Any:
        """The derivatives of the slope, a column for each number of y. The numbers
        that do not drive it have columns of zeros, which are not stored: many
        arguments have a gradient each, and nothing depends on it.
        """
        found = jacobian(lambda head: f(t, concatenate([head, y[driving:]]) if driving < y.size else head))(y[:driving])
        rest = (y.size, y.size - driving)
        if driving == y.size:
            return found
        if self.method == "LSODA":
            return np.concatenate([found, np.zeros(rest)], axis=1)
        from scipy import sparse

        return sparse.hstack([sparse.csc_matrix(found), sparse.csc_matrix(rest)], format="csc")


def _passed(at: Any, known: int, steps: Any) -> list[float]:
    """The times among these that the last step has passed."""
    if at is None:
        return [float(steps.t)]
    return [float(time) for time in at[known:] if (steps.t - time) * steps.direction >= 0.0]


def _integrators() -> Any:
    try:
        import scipy.integrate
    except ImportError:
        raise MissingExtraError(
            "odeint: SciPy has this method, and SciPy is not installed, unlike 'rk4' and 'euler';\n"
            "pip install 'micrograd-nd[scipy]'"
        ) from None
    return vars(scipy.integrate)


def explicit(method: str) -> Any:
    """SciPy's class of an explicit Runge-Kutta method: it has the coefficients."""
    return _integrators()[method]


class Flow(Private):
    """The solution at some times as an op of y at the first one, the times, and leaves.

    Its output has shape (times, size).

    Args:
        solver: what solves the equation.
        f: the slope (t, y, *leaves), of a vector y, in ops.
        size: the number of elements of y.
        count: the number of leaves.
        moves: whether the times have a gradient.
        check: a function of the plain inputs that refuses them, or None.
        watch: a function (t, y, *leaves) that refuses the user's function, if it uses a
            Value there; or None.
        driving: on how many numbers of y the slope depends, the first ones; None for
            all.
    """

    def __init__(
        self,
        solver: Solver,
        f: Callable[..., Any],
        size: int,
        count: int,
        moves: bool,
        check: Callable[..., None] | None = None,
        watch: Callable[..., None] | None = None,
        driving: int | None = None,
    ) -> None:
        self.solver, self.f, self.size, self.moves = solver, f, size, moves

        def forward(y0: Any, t: Any, *leaves: Any) -> Any:
            watches = watch is not None and is_recording()
            if check is not None:
                check(y0, t, *leaves)

            def slope(s: Any, y: Any) -> Any:
                out = f(s, y, *leaves)
                if not is_plain(y):  # for the Jacobian
                    return out
                if watches and not is_plain(out):
                    watch(s, y, *leaves)  # type: ignore[misc]  # it is there
                return ground(out)

            with plainly():
                if t.size == 1:
                    return np.array(y0)[None]
                return solver.run(slope, np.array(y0), t, t, size if driving is None else driving)[1]

        def shared(g: Any, z: Any, *inputs: Any) -> Any:
            return by_rule(self._pulled, g, z, *inputs)

        forward.__name__ = "odeint"
        rules = [_part(0), _part(1) if moves else None, *(_part(i + 2) for i in range(count))]
        super().__init__(forward, "odeint", rules, rules, lambda y0, t, *leaves: (shape_of(t)[0], size), shared=shared)
        self.formulas.state = 2  # it has none

    def push(self, z: Any, inputs: Many, tangents: Many, params: dict[str, Any]) -> Any:
        """One solution for the tangents of all inputs together."""
        if all(t is None for t in tangents):
            return None
        return by_rule(self._pushed, z, *inputs, *tangents)

    # Backward

    def _pulled(self, g: Any, z: Any, y0: Any, t: Any, *leaves: Any) -> Many:
        n, shapes = self.size, [shape_of(x) for x in leaves]
        count = sum(_size(shape) for shape in shapes)
        back = Flow(self.solver.of_spans(), self._back, 2 * n + count, len(leaves), self.moves, driving=2 * n)
        adjoint, parts = g[-1], np.zeros(count)
        by_time = []
        for i in range(shape_of(t)[0] - 1, 0, -1):
            if self.moves:
                by_time.append(total(g[i] * self.f(t[i], z[i], *leaves)))
            start = concatenate([z[i], adjoint, parts]) if count else concatenate([z[i], adjoint])
            end = back(start, stack([t[i], t[i - 1]]), *leaves)[1]
            self._check(end[:n], z[i - 1], numbers_below(t[i - 1]))
            adjoint, parts = end[n : 2 * n] + g[i - 1], end[2 * n :]
        if self.moves:
            by_time.append(total((g[0] - adjoint) * self.f(t[0], z[0], *leaves)))
        return adjoint, stack(by_time[::-1]) if self.moves else None, *_split(parts, shapes)

    def _back(self, t: Any, state: Any, *leaves: Any) -> Any:
        """The slopes of y, of the adjoint, and of the gradient by the leaves."""
        n = self.size
        slope, pull = vjp(lambda y, *leaves: self.f(t, y, *leaves), state[:n], *leaves)
        return joined([slope, *pull(-state[n : 2 * n])])

    def _check(self, again: Any, y: Any, time: Any) -> None:
        """The way back must lead to where the way forward was."""
        miss = numbers_below(abs(again - y))
        if miss is None or not np.size(miss):  # shapes without numbers, or a vmap of no examples
            return
        size = np.max(abs(numbers_below(y)))
        if not np.max(miss) <= max(1e-3, 30.0 * self.solver.rtol) * size + 1e3 * self.solver.atol:
            raise GradientError(
                f"odeint: solved backward to t = {np.max(time):g}, y misses what it was by {np.max(miss):.1e}: the "
                f"adjoint cannot follow it;\ngive more output times in t, so that it starts anew there, or take "
                f"gradient='direct'"
            )

    # Forward

    def _pushed(self, z: Any, *inputs: Any) -> Any:
        n, half = self.size, len(inputs) // 2
        y0, t, *leaves = inputs[:half]
        by_y, by_t, *by_leaves = inputs[half:]
        moving = [i for i, move in enumerate(by_leaves) if move is not None]
        first = y0 * 0.0 if by_y is None else by_y
        if by_t is not None:
            first = first - by_t[0] * self.f(t[0], y0, *leaves)
        slopes = self._with_tangent(len(leaves), moving)
        flow = Flow(self.solver.of_spans(), slopes, 2 * n, len(leaves) + len(moving), self.moves)
        slope = flow(concatenate([y0, first]), t, *leaves, *[by_leaves[i] for i in moving])[:, n:]
        if by_t is None:
            return slope
        rates = [self.f(t[i], z[i], *leaves) for i in range(shape_of(t)[0])]
        return slope + expand_dims(by_t, axis=1) * stack(rates)

    def _with_tangent(self, count: int, moving: Sequence[int]) -> Callable[..., Any]:
        n = self.size

        def slopes(t: Any, state: Any, *rest: Any) -> Any:
            leaves, moves = list(rest[:count]), rest[count:]

            def slope(y: Any, *fresh: Any) -> Any:
                given = list(leaves)
                for i, x in zip(moving, fresh, strict=True):
                    given[i] = x
                return self.f(t, y, *given)

            primals = (state[:n], *[leaves[i] for i in moving])
            return concatenate(list(jvp(slope, primals, (state[n:], *moves))))

        return slopes


def _part(i: int) -> Callable[..., Any]:
    """The rule of input i: its part of what is computed for all inputs."""
    return lambda parts, z, *inputs: parts[i]


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape)) if shape else 1


def _split(parts: Any, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
    """A vector as arrays of these shapes."""
    found, end = [], 0
    for shape in shapes:
        end += _size(shape)
        found.append(reshape(parts[end - _size(shape) : end], shape=shape))
    return found
