"""Many numbers in one array and back; whether a value has a gradient."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gathering
from micrograd.errors import DataError
from micrograd.gradients import has_grad


def test_numbers_in_one_array_and_back() -> None:
    nodes = [Value(1.5), Value(2), Value(-3.0)]
    numbers = np.empty(3)
    assert gathering.are_numbers(nodes) and gathering.data_into(nodes, gathering.view(numbers))
    assert numbers.tolist() == [1.5, 2.0, -3.0]
    gathering.add_to_data(nodes, gathering.view(np.array([0.5, 0.5, 0.5])))
    assert [v.data for v in nodes] == [2.0, 2.5, -2.5]
    nodes[1].data = np.ones(2)
    assert not gathering.are_numbers(nodes) and not gathering.data_into(nodes, gathering.view(numbers))


def test_gradients_in_one_array() -> None:
    nodes = [Value(1.0), Value(2.0), Value(3.0)]
    nodes[0].grad, nodes[2].grad = 5.0, Value(7.0)
    numbers = np.array([9.0, 9.0, 9.0])
    assert gathering.gradients_into(nodes, gathering.view(numbers)) == 2
    assert numbers.tolist() == [5.0, 9.0, 7.0]
    assert gathering.gradients_of(nodes) == [5.0, None, 7.0]
    gathering.forget_gradients(nodes)
    assert gathering.gradients_of(nodes) == [None, None, None]


def test_a_gradient_of_zero_is_not_none() -> None:
    x, y, z = Value(1.0), Value(np.ones(2)), Value(np.ones(2))
    (x * 0.0 + (y * 0.0).sum()).backward()
    assert [has_grad(v) for v in (x, y, z)] == [True, True, False]
    x.grad, y.grad = 0.0, None
    assert [has_grad(v) for v in (x, y)] == [False, False]
    y.grad = np.zeros(2)
    assert has_grad(y)


def test_reading_a_gradient_does_not_make_one() -> None:
    x = Value(np.ones(2))
    zeros = x.grad
    assert zeros.tolist() == [0.0, 0.0] and not has_grad(x)
    x.grad *= 0.5  # as when gradients are scaled by hand
    assert not has_grad(x)
    assert not has_grad(copy.deepcopy(x)) and not has_grad(pickle.loads(pickle.dumps(x)))
    (Value(2.0) * 3.0).backward()  # a loss that does not reach it
    assert not has_grad(x)
    (x[0] * 0.0).backward()
    assert has_grad(x)


def test_zeros_that_somebody_has_written_into_are_a_gradient() -> None:
    x = Value(np.ones(2))
    x.grad[0] = 4.0
    assert has_grad(x)
    (x * 2.0).sum().backward()
    assert x.grad.tolist() == [6.0, 2.0]


def test_a_step_of_the_users_own_adds_to_zeros() -> None:
    x = Value(np.ones(2))
    z = Value(np.ones(2), (x,), "own")

    def step() -> None:
        x.grad += 3.0 * z.grad

    z._backward = step
    z.backward()
    assert has_grad(x) and x.grad.tolist() == [3.0, 3.0]


def test_gradients_while_a_walk_is_under_way() -> None:
    """Within a walk, another thread sees the gradients from before it."""
    x, y = Value(2.0), Value(3.0)
    x.grad = 10.0
    z = Value(5.0, (x, y), "own")
    seen = []

    def look() -> None:
        numbers = np.zeros(2)
        count = gathering.gradients_into([x, y], gathering.view(numbers))
        seen.append((count, numbers.tolist(), gathering.gradients_of([x, y]), has_grad(x), has_grad(y)))

    def step() -> None:
        x.grad += 1.0
        y.grad += 1.0
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    z._backward = step
    z.backward()
    assert seen == [(1, [10.0, 0.0], [10.0, None], True, False)]
    assert (x.grad, y.grad) == (11.0, 1.0)


def test_gradients_forgotten_while_a_walk_is_under_way() -> None:
    x = Value(2.0)
    x.grad = 10.0
    z = Value(5.0, (x,), "own")

    def step() -> None:
        x.grad += 1.0
        thread = threading.Thread(target=gathering.forget_gradients, args=([x],))
        thread.start()
        thread.join()

    z._backward = step
    z.backward()
    assert x.grad == 1.0


def test_what_is_not_a_value() -> None:
    with pytest.raises(DataError) as caught:
        has_grad(3)
    assert str(caught.value) == "has_grad: int is not a Value; give a Value"


def _mixed() -> list[Value]:
    """Values with gradients of several kinds: none, floats, NumPy's, an array, zeros
    that were only shown.
    """
    nodes = [Value(1.0), Value(2.0), Value(np.float64(3.0)), Value(np.ones(2)), Value(np.ones(2)), Value(4.0)]
    for i, gradient in ((1, 5.0), (2, np.float64(6.0)), (3, np.ones(2)), (5, 0.5)):
        nodes[i].grad = gradient
    assert nodes[4].grad.tolist() == [0.0, 0.0]
    return nodes


REACHED = [False, True, True, True, False, True]


@pytest.mark.parametrize("wrong", [None, *range(len(REACHED))])
def test_which_nodes_are_reached(wrong: int | None) -> None:
    expected = [x != (i == wrong) for i, x in enumerate(REACHED)]
    assert gathering.are_reached(_mixed(), expected) == (wrong is None)


def test_gradients_of_every_kind_are_forgotten() -> None:
    nodes = _mixed()
    gathering.forget_gradients(nodes)
    assert not any(has_grad(x) for x in nodes)


@pytest.mark.parametrize("work", [gathering.forget_gradients, lambda nodes: gathering.are_reached(nodes, [False] * 3)])
def test_what_is_not_a_node_is_refused(work: Callable[[list[Any]], Any]) -> None:
    with pytest.raises((TypeError, AttributeError)):
        work([Value(1.0), 2.0, Value(3.0)])


def test_which_nodes_are_reached_while_a_walk_is_under_way() -> None:
    """Within a walk, another thread sees the gradients from before it."""
    x, y = Value(2.0), Value(3.0)
    x.grad = 10.0
    z = Value(5.0, (x, y), "own")
    seen = []

    def step() -> None:
        y.grad += 1.0
        thread = threading.Thread(target=lambda: seen.append(gathering.are_reached([x, y], [True, False])))
        thread.start()
        thread.join()

    z._backward = step
    z.backward()
    assert seen == [True]
