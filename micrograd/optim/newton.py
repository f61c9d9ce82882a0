"""LBFGS: Newton's method with the curvature of the last steps, for whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from micrograd import gathering
from micrograd import on_demand as np
from micrograd.captures import current
from micrograd.engine import enable_grad
from micrograd.errors import ArgumentError, CaptureError, StateError
from micrograd.integers import integer_at_least
from micrograd.interpreter import shape_of
from micrograd.node import data_of
from micrograd.optim import saving
from micrograd.optim.line_search import Point, strong_wolfe
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.options import number
from micrograd.optim.parameters import add_to, copied, set_data

State = dict[str, Any]


class LBFGS(Optimizer):
    """Limited-memory BFGS: few, large, costly steps, for small problems without noise.

    x = x + t d,  d = -H g

    H is the inverse of the matrix of second derivatives, as the last changes of x and g
    show it. `step` needs a closure, as it computes the loss several times. With a line
    search, t is such that the loss falls (the strong conditions of Wolfe); without, it
    is lr. There is one group only. No gradient counts as a gradient of zero.

    Args:
        params: Values; see `Optimizer`.
        lr: the first t to try, or t.
        max_iter: moves in one call of `step`.
        max_eval: computations of the loss in one call of `step`; 1.25 max_iter by
            default.
        tolerance_grad: stop where no number of the gradient is larger.
        tolerance_change: stop where the loss and the parameters change by less.
        history_size: how many changes are kept.
        line_search_fn: "strong_wolfe", or None for none.

    Raises:
        ArgumentError: an option is out of range, or there are several groups.
        DataError: a parameter cannot be trained.

    Source: Liu, Nocedal (1989), doi:10.1007/BF01589116.

    >>> from micrograd import Value
    >>> x, y = Value(-1.2), Value(1.0)
    >>> optimizer = LBFGS([x, y], max_iter=100, line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> round(x.data, 3), round(y.data, 3)
    (1.0, 1.0)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        max_iter = integer_at_least(1, "LBFGS", "max_iter", max_iter)
        options = {"lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval}
        tolerances = {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}
        more = {"history_size": history_size, "line_search_fn": line_search_fn}
        self._state: State = {}
        self._set_up(params, {**options, **tolerances, **more})

    def _check_group(self, group: dict[str, Any]) -> None:
        if self._groups:
            raise ArgumentError("LBFGS: there are several groups; it has one step for all parameters: give one list")
        number("LBFGS", "lr", group["lr"], least=0.0)
        for option in ("max_iter", "max_eval", "history_size"):
            integer_at_least(1, "LBFGS", option, group[option])
        for option in ("tolerance_grad", "tolerance_change"):
            number("LBFGS", option, group[option], least=0.0)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError(f"LBFGS: line_search_fn is {group['line_search_fn']!r}; give 'strong_wolfe' or None")

    @property
    def _params(self) -> list[Any]:
        return self._groups[0]["params"]  # type: ignore[no-any-return]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Some moves, up to max_iter.

        Args:
            closure: clears the gradients, computes the loss, calls `backward()`, and
                returns the loss.

        Returns:
            The loss before.

        Raises:
            ArgumentError: there is no closure.
        """
        if current() is not None:
            raise CaptureError(
                "compile: LBFGS computes the loss as often as it needs to; compile the closure, not the step around it"
            )
        if closure is None:
            raise ArgumentError("LBFGS: step needs a closure, which computes the loss anew; give step(closure)")
        with enable_grad():
            return _Run(self._params, self._groups[0], self._state, closure).go()

    def state_dict(self) -> State:
        """All that a checkpoint needs, as PyTorch has it: state is that of the first
        parameter.
        """
        state = {name: _detached(x) for name, x in self._state.items()}
        return {**super().state_dict(), "state": {0: state} if state else {}}

    def load_state_dict(self, state_dict: State) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            StateError: it does not fit.
        """
        inner = state_dict.get("state", {}) if isinstance(state_dict, dict) else {}
        state = dict(inner.get(0, inner.get("0", {})))
        size = sum(_size(p) for p in self._params)
        has_moved = len(state) > 1  # at a minimum there is only the count of evaluations
        wrong = [f"lacks {name}" for name in NAMES if has_moved and name not in state]
        for name in ("d", "prev_flat_grad"):
            if name in state and shape_of(state[name]) != (size,):
                wrong.append(f"has {name} of shape {shape_of(state[name])}, not {(size,)}")
        if wrong:
            raise StateError(f"LBFGS: the state does not fit: it {'; it '.join(wrong)}")
        (options,) = saving.read_groups("LBFGS", state_dict, self._groups)
        self._groups[0].update(options)
        self._state.clear()
        self._state.update({name: _detached(x) for name, x in state.items()})
        if has_moved:
            self._state["ro"] = [float(x) for x in state["ro"]]


NAMES = (
    "func_evals", "n_iter", "d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss",
)  # fmt: skip


def _detached(x: Any) -> Any:
    """An entry of the state with arrays of its own; numbers stay."""
    if isinstance(x, (list, tuple)):
        return [_detached(a) for a in x]
    return np.array(x) if isinstance(x, np.ndarray) else x


def _size(p: Any) -> int:
    return int(np.size(data_of(p)))


class _Run:
    """One call of `step`.

    Args:
        params: the parameters.
        options: those of the group.
        state: of the optimiser, changed in place.
        closure: gives the loss, and computes the gradients.
    """

    def __init__(self, params: list[Any], options: State, state: State, closure: Callable[[], Any]) -> None:
        self.params = params
        self.options = options
        self.state = state
        self.closure = closure
        self.evaluations = 0

    def go(self) -> Any:
        """Move until max_iter, or until nothing changes any more."""
        before = self.closure()
        loss, g = self._seen(before)
        if self._is_flat(g):
            return before
        for i in range(1, self.options["max_iter"] + 1):
            d, t = self._prepare(loss, g)
            slope = float(g @ d)
            if slope > -self.options["tolerance_change"]:
                break
            is_last = i == self.options["max_iter"]
            after, g, t = self._moved(Point(0.0, loss, g, slope), d, t, is_last)
            if is_last or self.evaluations >= self.options["max_eval"] or self._is_flat(g):
                break
            change = self.options["tolerance_change"]
            if np.max(np.abs(d * t)) <= change or abs(after - loss) < change:
                break
            loss = after
        return before

    def _prepare(self, loss: float, g: Any) -> tuple[Any, float]:
        """The direction, and the first t to try."""
        state = self.state
        state["n_iter"] = state.get("n_iter", 0) + 1
        t = float(self.options["lr"])
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            t *= min(1.0, 1.0 / float(np.sum(np.abs(g))))
        else:
            self._remember(g)
        state.update(d=self._direction(g), t=t, prev_flat_grad=g, prev_loss=loss)
        return state["d"], t

    def _remember(self, g: Any) -> None:
        """Keep the last change of the gradient and of the parameters."""
        state = self.state
        y, s = g - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = float(y @ s)
        if curvature > 1e-10:
            if len(state["ro"]) == self.options["history_size"]:
                for kept in (state["old_dirs"], state["old_stps"], state["ro"]):
                    kept.pop(0)
            state["old_dirs"].append(y)
            state["old_stps"].append(s)
            state["ro"].append(1.0 / curvature)
            state["H_diag"] = curvature / float(y @ y)

    def _direction(self, g: Any) -> Any:
        """d = -H g, from the changes that are kept: the loop of Nocedal."""
        pairs = list(zip(self.state["old_dirs"], self.state["old_stps"], self.state["ro"], strict=True))
        d, shares = -g, []
        for y, s, ro in reversed(pairs):
            shares.append(float(s @ d) * ro)
            d = d - shares[-1] * y
        d = d * self.state["H_diag"]
        for y, s, ro in pairs:
            d = d + (shares.pop() - float(y @ d) * ro) * s
        return d

    def _moved(self, start: Point, d: Any, t: float, is_last: bool) -> tuple[float, Any, float]:
        """Move along d; the loss and the gradient there, and t."""
        if not self.options["line_search_fn"]:
            self._move(t, d)
            if is_last:  # they would not be used
                return start.loss, start.gradient, t
            return *self._seen(self.closure()), t
        limit = self.options["max_eval"] - self.evaluations
        found, _ = strong_wolfe(lambda t: self._at(t, d), d, t, start, self.options["tolerance_change"], limit)
        self._move(found.t, d)
        self.state["t"] = found.t
        return found.loss, found.gradient, found.t

    def _at(self, t: float, d: Any) -> tuple[float, Any]:
        """The loss and the gradient at t; the parameters are then as they were."""
        before = [copied(data_of(p)) for p in self.params]
        try:
            self._move(t, d)
            return self._seen(self.closure())
        finally:
            for p, data in zip(self.params, before, strict=True):
                set_data(p, data)

    def _seen(self, loss: Any) -> tuple[float, Any]:
        """The loss as a number, and the gradient as one array."""
        self.evaluations += 1
        self.state["func_evals"] = self.state.get("func_evals", 0) + 1
        pieces = [
            np.zeros(_size(p)) if g is None else np.reshape(g, -1)
            for p, g in zip(self.params, gathering.gradients_of(self.params), strict=True)
        ]
        return number("LBFGS", "the loss that the closure gives", data_of(loss)), np.concatenate(pieces)

    def _is_flat(self, g: Any) -> bool:
        return bool(np.max(np.abs(g)) <= self.options["tolerance_grad"])

    def _move(self, t: float, d: Any) -> None:
        """Add t d to the parameters."""
        first = 0
        for p in self.params:
            size = _size(p)
            add_to(p, np.reshape(t * d[first : first + size], p.shape))
            first += size
