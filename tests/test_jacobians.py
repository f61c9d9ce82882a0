"""All directions at once: the numbers of the loop, in any mode, in chunks of any size,
and inside other transforms.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, hessian, jacobian, jvp, ops, vjp, vmap
from micrograd.transforms import directions

X = np.array([0.5, -1.0, 2.0])
M = np.arange(6.0).reshape(2, 3) / 5.0 + 0.3
A = M.T @ M + 3.0 * np.eye(3)

FUNCTIONS: dict[str, Any] = {
    "elementwise": lambda x: np.tanh(x) * x,
    "wide": lambda x: M @ np.sin(x),
    "tall": lambda x: np.concatenate([x, np.cumsum(x), x[::-1] ** 2]),
    "to a matrix": lambda x: np.outer(x, np.exp(x)),
    "a matrix inside": lambda x: np.linalg.solve(A + np.diag(x * x), x),
    "determinant": lambda x: np.linalg.det(A + np.diag(x)) * x,
    "sorted": lambda x: np.sort(x) ** 2,
    "where": lambda x: np.where(x > 0, x, x * x),
    "softmax": lambda x: ops.softmax(x, axis=0),
    "norm": lambda x: x / np.linalg.norm(x),
    "a gradient": grad(lambda x: np.sum(x) * np.prod(x)),
    "trees": lambda x: {"a": [x[0] * x, np.sum(x)], "b": (x[1],)},
    "indices": lambda x: x[[0, 0, 2]] * x[[1, 2, 2]],
    "broadcast": lambda x: x[:, None] * x + x,
}


def same(found: Any, wanted: Any, **near: Any) -> None:
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        found, wanted = list(found.values()), list(wanted.values())
    if isinstance(wanted, (list, tuple)):
        assert len(found) == len(wanted)
        for x, y in zip(found, wanted, strict=True):
            same(x, y, **near)
        return
    assert np.shape(found) == np.shape(wanted)
    np.testing.assert_allclose(found, wanted, **({"rtol": 1e-14, "atol": 1e-14} | near))


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_chunks_give_what_the_loop_gives(name: str, mode: str | None) -> None:
    f = FUNCTIONS[name]
    loop = jacobian(f, mode=mode, chunk_size=1)(X)
    for size in (None, 2, 100):
        same(jacobian(f, mode=mode, chunk_size=size)(X), loop)
    same(loop, jacobian(f, mode="reverse", chunk_size=1)(X))


@pytest.mark.parametrize("size", [None, 2])
def test_hessians_in_chunks(size: int | None) -> None:
    for f in (np.prod, lambda x: np.sum(np.exp(x)) ** 2, lambda x: np.linalg.det(A + np.outer(x, x))):
        same(hessian(f, chunk_size=size)(X), hessian(f, chunk_size=1)(X))


def test_elementwise_numbers_are_the_same_to_the_last_bit() -> None:
    """Nothing is summed in another order."""
    x = np.linspace(-2.0, 2.0, 40)
    for mode in ("forward", "reverse"):
        loop = jacobian(lambda x: np.tanh(x) * np.exp(-x), mode=mode, chunk_size=1)(x)
        np.testing.assert_array_equal(jacobian(lambda x: np.tanh(x) * np.exp(-x), mode=mode)(x), loop)


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("rows", [2, 4])
def test_inside_other_transforms(mode: str | None, rows: int) -> None:
    """The sum of the squares of a Jacobian, differentiated in each way."""
    weight = np.arange(rows * 3.0).reshape(rows, 3) / 7.0

    def f(x: Any) -> Any:
        return weight @ (x**3)

    def size(x: Any) -> Any:
        return np.sum(jacobian(f, mode=mode)(x) ** 2)

    def by_hand(x: Any) -> Any:
        return np.sum((weight * (3.0 * x**2)) ** 2)

    same(grad(size)(X), grad(by_hand)(X))
    same(jvp(size, (X,), (X,)), jvp(by_hand, (X,), (X,)))
    same(vjp(size, X)[1](1.0), vjp(by_hand, X)[1](1.0))
    same(hessian(size)(X), hessian(by_hand)(X), rtol=1e-12)
    same(vmap(size)(np.stack([X, 2 * X])), np.stack([by_hand(X), by_hand(2 * X)]))
    same(vmap(grad(size))(np.stack([X, 2 * X])), np.stack([grad(by_hand)(X), grad(by_hand)(2 * X)]))
    same(jacobian(jacobian(f, mode=mode), mode=mode)(X), np.einsum("ij,jk->ijk", weight, np.diag(6 * X)))


def test_hessian_inside_other_transforms() -> None:
    def f(x: Any) -> Any:
        return np.sum(x**4)

    same(jvp(hessian(f), (X,), (X,))[1], np.diag(24 * X * X))
    same(grad(lambda x: np.sum(hessian(f)(x)))(X), 24 * X)
    same(vmap(hessian(f))(np.stack([X, -X])), np.stack([np.diag(12 * X**2)] * 2))
    same(grad(lambda s: np.sum(hessian(lambda x: s * f(x))(X)))(2.0), np.sum(12 * X**2))


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("rows", [2, 4])
def test_values_in_values_out(mode: str | None, rows: int) -> None:
    x, weight = Value(X), np.ones((rows, 3))
    z = jacobian(lambda x: weight @ x**3, mode=mode)(x)
    assert type(z) is Value
    z.backward()
    same(z.data, weight * (3 * X**2))
    same(x.grad, rows * 6 * X)


@pytest.mark.parametrize("rows", [2, 4])
def test_of_a_value_that_f_uses(rows: int) -> None:
    w = Value(2.0)
    z = jacobian(lambda x: np.ones((rows, 3)) @ (w * x))(X)
    np.sum(z).backward()
    assert w.grad == 3.0 * rows


def test_numbers_in_lists_stay_numbers() -> None:
    for mode in (None, "forward", "reverse"):
        found = jacobian(lambda x: [x[0] * x[1], x[0] + 1.0, x[1] ** 2], mode=mode)([3.0, 5.0])
        assert found == [[5.0, 3.0], [1.0, 0.0], [0.0, 10.0]]
        assert all(type(x) is float for row in found for x in row)


def test_exact_numbers_stay_exact() -> None:
    third = Fraction(1, 3)
    for mode in (None, "forward", "reverse"):
        found = jacobian(lambda x: [x[0] * x[1], x[0] * x[0], x[1]], mode=mode)([third, third])
        assert found == [[third, third], [2 * third, 0], [0, 1]]
        assert type(found[0][0]) is Fraction


def test_argnames_and_argnums() -> None:
    def f(x: Any, w: Any = 1.0) -> Any:
        return x * x * w

    for mode in (None, "forward", "reverse"):
        same(jacobian(f, argnames="w", mode=mode)(X, w=2.0), X * X)
        by_number, by_name = jacobian(f, 0, mode, argnames=["w"])(X, w=2.0)
        same(by_number, np.diag(4.0 * X))
        same(by_name["w"], X * X)
    same(hessian(lambda x, w: np.sum(x * w**2), argnames="w")(X, w=X), np.diag(2 * X))


def test_a_result_may_be_changed() -> None:
    """No two blocks share memory."""
    for mode in (None, "forward", "reverse"):
        first, second = jacobian(lambda x, y: x + y, (0, 1), mode=mode)(X, X)
        first += 1.0
        same(second, np.eye(3))
        assert first.flags.writeable and first.flags.c_contiguous


def test_memory_is_bounded_by_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    over = directions.over
    monkeypatch.setattr(directions, "over", lambda f, moves: seen.append(len(moves[0])) or over(f, moves))
    jacobian(np.sin, chunk_size=4)(np.ones(10))
    assert seen == [4, 4, 2]
    seen.clear()
    monkeypatch.setattr(directions, "ROOM", 50)
    jacobian(np.sin)(np.ones(10))
    assert seen == [5, 5]


def test_a_node_by_hand_is_not_pushed() -> None:
    """It has no rule. Reverse mode takes it for a constant, and so does the rest."""

    def f(x: Any) -> Any:
        z = np.stack([x[0], x[1], x[0] * x[1]])
        return z + Value(np.zeros(3), (z,), "hand")

    same(jacobian(f)(X[:2]), jacobian(f, mode="reverse")(X[:2]))


def test_float32_stays() -> None:
    for mode in (None, "forward", "reverse"):
        assert jacobian(lambda x: M.astype(np.float32).T @ x, mode=mode)(X[:2].astype(np.float32)).dtype == np.float32
