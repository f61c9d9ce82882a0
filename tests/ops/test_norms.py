"""Norms and other numbers of a matrix: answers, derivatives at 0, and what they say to
bad input.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, DomainError, GradientWarning, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint, gradient_of
from tests.samples.matrices import apart
from tests.samples.sample import A3, A23, A234, EMPTY, array

SIGNED = array(3, 4, low=-2.1, high=1.0) * np.array([[1.0], [1.1], [1.3]])  # no two sums tie


def _linalg(name: str, *xs: Any, **params: Any) -> Row:
    return Row(name, xs, getattr(np.linalg, name), params)


def _rows() -> list[Row]:
    vectors: list[tuple[Any, dict[str, Any]]] = [
        (SIGNED[0], {"ord": ord}) for ord in (None, 1, 2, 3, 2.5, 0.5, -1, -2.5, math.inf, -math.inf)
    ]
    along: list[tuple[Any, dict[str, Any]]] = [
        (SIGNED, {"ord": ord, "axis": axis, "keepdims": keep})
        for ord in (None, 1, 2, 3, math.inf, -math.inf)
        for axis, keep in [(0, False), (-1, True)]
    ]
    matrices: list[tuple[Any, dict[str, Any]]] = [
        (SIGNED, {"ord": ord}) for ord in (None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
    ]
    batches: list[tuple[Any, dict[str, Any]]] = [
        (array(3, 2, 4, low=-1.0), {"ord": ord, "axis": axis, "keepdims": keep})
        for ord in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf)
        for axis, keep in [((-1, -2), False), ((0, 2), True), ((2, 0), False)]
    ]
    others: list[tuple[Any, dict[str, Any]]] = [
        (-0.75, {}),
        (A234, {}),
        (A234, {"keepdims": True}),
        (A234, {"axis": (0, 1)}),
        (SIGNED, {"ord": 2, "keepdims": True}),
        (np.zeros((0, 3)), {"axis": 1}),
    ]
    diagonals: list[tuple[Any, dict[str, Any]]] = [
        (apart(3, 3), {}),
        (A23, {"offset": 1}),
        (A23, {"offset": -1}),
        (A23, {"offset": 5}),
        (A234, {}),
        (A234, {"axis1": -1, "axis2": 0, "offset": -2}),
    ]
    return [
        *(Row("norm", (x,), np.linalg.norm, p) for x, p in [*vectors, *along, *matrices, *batches, *others]),
        *(
            _linalg("vector_norm", A234, axis=a, keepdims=k)
            for a in (None, 1, (0, 2), (-1, 0), (0, 1, 2))
            for k in (0, 1)
        ),
        *(_linalg("vector_norm", A234, axis=(2, 0), ord=o) for o in (1, 3, 0.5, -2, np.inf, -np.inf)),
        *(_linalg("vector_norm", x) for x in (A3, EMPTY, np.array(0.75))),
        *(_linalg("matrix_norm", apart(2, 2, 3), ord=o) for o in ("fro", "nuc", 1, -1, 2, -2, np.inf)),
        _linalg("matrix_norm", A23, keepdims=True),
        *(_linalg("cond", x) for x in (apart(3, 3), apart(4, 2), apart(2, 2, 2))),
        *(_linalg("cond", apart(3, 3), p=p) for p in (1, -1, 2, -2, np.inf, "fro", "nuc")),
        *(Row("trace", (x,), np.trace, p) for x, p in diagonals),
    ]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_cond(torch: Any, x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        return torch.linalg.cond(x, p)
    return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(x.inverse(), p)  # PyTorch's own backward fails


def _torch_norm(torch: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.norm(x, ord, axis, keepdims)


def _torch_vector_norm(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return torch.linalg.vector_norm(x, ord, axis, bool(keepdims))


def _torch_matrix_norm(torch: Any, x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return torch.linalg.matrix_norm(x, ord, keepdim=keepdims)


TORCH: dict[str, Any] = {
    "norm": _torch_norm,
    "vector_norm": _torch_vector_norm,
    "matrix_norm": _torch_matrix_norm,
    "cond": _torch_cond,
    "trace": lambda torch, x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


def _twice(f: Any, x: Any) -> Any:
    """The gradient of a weighted sum of the gradient of f."""
    value = Value(x) + 0.0
    f(value).backward(create_graph=True)
    weighted = (value.grad * array(*np.shape(x))).sum()
    value.grad = None
    if weighted.inputs:
        weighted.backward()
    return value.grad


@pytest.mark.parametrize("ord", [None, 1, 2, 3, 2.5, 1.5, 0.5, math.inf, -math.inf])
def test_norm_of_a_zero_vector_is_flat(ord: Any) -> None:
    def f(x: Any) -> Any:
        return ops.norm(x, ord=ord)

    zero = np.zeros(3)
    np.testing.assert_array_equal(gradient_of(f, zero), zero)
    assert jvp(f, (zero,), (np.ones(3),))[1] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)  # in second order it is not known
        np.testing.assert_array_equal(_twice(f, zero), zero)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_norm_of_a_zero_matrix_is_flat(ord: Any) -> None:
    def f(x: Any) -> Any:
        return ops.norm(x, ord=ord)

    zero = np.zeros((2, 3))
    np.testing.assert_array_equal(gradient_of(f, zero), zero)
    assert jvp(f, (zero,), (np.ones((2, 3)),))[1] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)  # in second order it is not known
        np.testing.assert_array_equal(_twice(f, zero), zero)


def test_norm_of_a_zero_number_is_flat() -> None:
    assert gradient_of(ops.norm, 0.0) == 0.0


def test_norm_with_some_zeros() -> None:
    x = np.array([0.0, 3.0, -4.0])
    np.testing.assert_allclose(gradient_of(ops.norm, x), [0.0, 0.6, -0.8])
    np.testing.assert_allclose(gradient_of(lambda x: ops.norm(x, ord=1), x), [0.0, 1.0, -1.0])
    with pytest.warns(GradientWarning, match="a gradient of 0 times an infinite slope is not known"):
        assert np.isfinite(_twice(lambda x: ops.norm(x, ord=1.5), x)).all()


def test_norm_that_counts_is_plain_data() -> None:
    count = ops.norm(Value([0.0, 3.0, -4.0]), ord=0)
    assert not isinstance(count, Value)
    assert count == 2.0


def test_extrema_that_tie_share() -> None:
    np.testing.assert_array_equal(gradient_of(lambda x: ops.norm(x, ord=math.inf), [2.0, -2.0, 1.0]), [0.5, -0.5, 0.0])


@pytest.mark.parametrize("f", [ops.det, ops.inv, ops.eigvalsh, ops.cholesky, ops.norm, ops.svdvals])
def test_matrices_without_elements(f: Any) -> None:
    for shape in [(0, 0), (0, 3, 3)]:
        x = Value(np.zeros(shape))
        z = f(x)
        z.backward()
        assert x.grad.shape == shape


def test_ranks_are_plain() -> None:
    v = Value(np.diag([1.0, 0.0, 1e-20]))
    for rank in (ops.matrix_rank(v), np.linalg.matrix_rank(v), np.linalg.matrix_rank(v, hermitian=True)):
        assert (int(rank), isinstance(rank, Value)) == (1, False)
    assert np.linalg.matrix_rank(v, tol=1e-30) == 2
    np.testing.assert_array_equal(ops.matrix_rank(np.array([np.eye(2), np.zeros((2, 2))])), [2, 0])
    with pytest.raises(DataError, match="is a shape without numbers, and the rank depends on them"):
        ops.matrix_rank(Abstract((2, 2)))


# What it says

a, b, n = Value(array(2, 3), label="a"), Value(array(4), label="b"), Value(2.0, label="n")
batch = Value(np.stack([np.eye(2), np.zeros((2, 2))]), label="t")
broken = Value(np.array([[1.0, np.nan], [np.nan, 1.0]]), label="w")
VALUES = [a, b, batch, broken]


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: ops.norm(broken, ord=2), DomainError, "norm: 'w' (2, 2) holds nan or inf"),
        (lambda: ops.norm(a, axis=2), ShapeError, "norm: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1"),
        (lambda: ops.norm(a, axis="x"), ArgumentError, "norm: axis 'x': give an integer, or a tuple of integers"),
        (
            lambda: ops.norm(a, axis=()),
            ShapeError,
            "norm: axis () of 'a' (2, 3): name one axis for vectors, or two for",
        ),
        (
            lambda: ops.norm(a, axis=(0, 0)),
            ShapeError,
            "norm: axis (0, 0) of 'a' (2, 3): an axis is named twice; name each once",
        ),
        (lambda: ops.norm(batch, ord=2), ShapeError, "norm: 't' (2, 2, 2) with ord=2: name one axis for vectors"),
        (lambda: ops.norm(b, ord="fro"), ArgumentError, "norm: ord='fro' of the vectors of 'b' (4,): give a number"),
        (
            lambda: ops.norm(a, ord=3),
            ArgumentError,
            "norm: ord=3 of the matrices of 'a' (2, 3): give 'fro', 'nuc', 1, 2, inf",
        ),
        (
            lambda: ops.norm(np.ones(0), ord=-math.inf),
            ShapeError,
            "norm: (0,) with ord=-inf has no element; it needs at least one",
        ),
        (lambda: ops.trace(b), ShapeError, "trace: 'b' (4,) is not a matrix"),
        (
            lambda: ops.trace(a, axis2=2),
            ShapeError,
            "trace: axis (0, 2) of 'a' (2, 3): its axes are numbered from -2 to 1",
        ),
        (
            lambda: ops.trace(a, axis2=0),
            ShapeError,
            "trace: axis (0, 0) of 'a' (2, 3): an axis is named twice; name each once",
        ),
        (
            lambda: ops.vector_norm(a, axis=2),
            ShapeError,
            "vector_norm: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1",
        ),
        (
            lambda: ops.vector_norm(a, ord="fro"),
            ArgumentError,
            "norm: ord='fro' of the vectors of (6,): give a number, inf or -inf",
        ),
        (lambda: ops.matrix_norm(b), ShapeError, "matrix_norm: 'b' (4,) is not a matrix; it needs shape (m, n)"),
        (lambda: ops.cond(np.ones((0, 3))), ShapeError, "cond: (0, 3) has no element; it needs at least one"),
        (lambda: ops.cond(a, 1), ShapeError, "cond: 'a' (2, 3) is not square; it needs shape (n, n)"),
        (
            lambda: ops.cond(Value(np.zeros((2, 2)))),
            DomainError,
            "cond: (2, 2) is singular: its condition number is infinite and has no gradient",
        ),
        (lambda: ops.cond(Value(np.zeros((2, 2))), 1), DomainError, "inv: (2, 2) is singular: its rank is 0, not 2"),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, VALUES)
