"""LBFGS and its line search, without PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, optim
from micrograd.errors import StateError
from micrograd.optim.line_search import Point, lowest_of_cubic, strong_wolfe

MATRIX = np.diag([1.0, 4.0, 9.0]) + 0.5


def closure_of(optimizer: Any, loss_of: Callable[[], Value], seen: list[float]) -> Callable[[], Value]:
    def closure() -> Value:
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        seen.append(loss.data)
        return loss

    return closure


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("history", [2, 100])
def test_a_bowl(search: str | None, history: int) -> None:
    x, y = Value(np.array([3.0, -2.0, 1.0])), Value(5.0)
    optimizer = optim.LBFGS([x, y], 1.0 if search else 0.5, 100, history_size=history, line_search_fn=search)
    seen: list[float] = []
    optimizer.step(closure_of(optimizer, lambda: (x * (MATRIX @ x)).sum() + (y - 2.0) ** 2, seen))
    np.testing.assert_allclose([*x.data, y.data], [0.0, 0.0, 0.0, 2.0], atol=1e-4)
    state = optimizer.state_dict()["state"][0]
    assert state["func_evals"] == len(seen) and len(state["ro"]) <= history


def test_at_the_minimum_it_does_not_move() -> None:
    x = Value(0.0)
    optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe")
    seen: list[float] = []
    assert optimizer.step(closure_of(optimizer, lambda: x * x, seen)).data == 0.0
    assert (x.data, seen) == (0.0, [0.0])
    other = optim.LBFGS([x], line_search_fn="strong_wolfe")
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict() == optimizer.state_dict()


def test_a_limit_of_evaluations() -> None:
    x = Value(np.array([-1.2, 1.0]))
    optimizer = optim.LBFGS([x], max_iter=50, max_eval=7, line_search_fn="strong_wolfe")
    seen: list[float] = []
    loss = closure_of(optimizer, lambda: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2, seen)
    optimizer.step(loss)
    assert 7 <= len(seen) <= 8


def test_parameters_are_as_they_were_after_an_error_in_the_closure() -> None:
    x, y = Value(np.array([1.0, 2.0])), Value(3.0)
    optimizer = optim.LBFGS([x, y], line_search_fn="strong_wolfe")
    calls = []

    def closure() -> Value:
        calls.append(1)
        if len(calls) == 2:
            raise ZeroDivisionError
        optimizer.zero_grad()
        loss = (x * x).sum() + y * y
        loss.backward()
        return loss

    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)
    assert (x.data.tolist(), y.data) == ([1.0, 2.0], 3.0)


def test_states_that_do_not_fit() -> None:
    x = Value(np.array([3.0, -2.0]))
    optimizer = optim.LBFGS([x], max_iter=3)
    optimizer.step(closure_of(optimizer, lambda: (x * x).sum(), []))
    state = optimizer.state_dict()
    with pytest.raises(StateError) as caught:
        optim.LBFGS([Value(np.ones(3))]).load_state_dict(state)
    text = "it has d of shape (2,), not (3,); it has prev_flat_grad of shape (2,), not (3,)"
    assert str(caught.value) == f"LBFGS: the state does not fit: {text}"
    del state["state"][0]["ro"]
    with pytest.raises(StateError) as caught:
        optimizer.load_state_dict(state)
    assert str(caught.value) == "LBFGS: the state does not fit: it lacks ro"
    with pytest.raises(StateError) as caught:
        optimizer.load_state_dict(3)  # type: ignore[arg-type]
    assert str(caught.value) == "LBFGS: this is not a state of an optimiser; give what state_dict() gave"
    fresh = optim.LBFGS([x])
    fresh.load_state_dict(optim.LBFGS([x]).state_dict())
    assert fresh.state_dict()["state"] == {}


# The line search


def line(f: Callable[[float], float], slope: Callable[[float], float]) -> tuple[Any, Point]:
    return lambda t: (f(t), np.array([slope(t)])), Point(0.0, f(0.0), np.array([slope(0.0)]), slope(0.0))


LINES = {
    "bowl": (lambda t: (t - 3.0) ** 2, lambda t: 2.0 * (t - 3.0)),
    "far": (lambda t: math.log(1.0 + (t - 50.0) ** 2), lambda t: 2 * (t - 50.0) / (1 + (t - 50.0) ** 2)),
    "waves": (lambda t: 0.05 * (t - 5.0) ** 2 + math.cos(3.0 * t), lambda t: 0.1 * (t - 5.0) - 3.0 * math.sin(3.0 * t)),
    "wall": (lambda t: -t + (10.0 * max(t - 1.0, 0.0)) ** 4, lambda t: -1.0 + 40.0 * (10.0 * max(t - 1.0, 0.0)) ** 3),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("first", [0.01, 1.0, 4.0, 30.0])
def test_the_conditions_of_wolfe_hold(name: str, first: float) -> None:
    f, slope = LINES[name]
    evaluate, start = line(f, slope)
    found, _ = strong_wolfe(evaluate, np.array([1.0]), first, start, 1e-12, 60)
    assert found.loss == f(found.t)
    if start.slope < 0.0:
        assert found.loss <= start.loss + 1e-4 * found.t * start.slope
        assert abs(found.slope) <= 0.9 * abs(start.slope)


def test_a_search_that_ends_early_gives_the_best_point() -> None:
    evaluate, start = line(lambda t: -t, lambda t: -1.0)  # falls for ever
    found, calls = strong_wolfe(evaluate, np.array([1.0]), 1.0, start, 1e-9, 4)
    assert found.loss < -100.0 and calls == 5
    evaluate, start = line(lambda t: t, lambda t: 1.0)  # rises: there is no such point
    found, _ = strong_wolfe(evaluate, np.array([1.0]), 1.0, start, 1e-9, 10)
    assert found.t < 1e-3


def test_the_lowest_point_of_a_cubic() -> None:
    def at(t: float) -> Point:
        return Point(t, t**3 - 3 * t, None, 3 * t * t - 3)  # lowest at 1

    assert lowest_of_cubic(at(0.0), at(3.0)) == pytest.approx(1.0)
    assert lowest_of_cubic(at(3.0), at(0.0)) == pytest.approx(1.0)
    assert lowest_of_cubic(at(0.0), at(0.5)) == 0.5  # within the two points
    assert lowest_of_cubic(at(0.5), at(0.5)) == 0.5
    assert lowest_of_cubic(Point(0.0, 0.0, None, -1.0), Point(1.0, -1.0, None, -1.0)) == 0.5  # a straight line
    assert lowest_of_cubic(Point(0.0, math.nan, None, -1.0), Point(1.0, 0.0, None, 1.0)) == 0.5
