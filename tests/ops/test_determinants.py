"""Determinants and cofactors: numbers, derivatives where they are 0, and what they say
to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint, gradient_of
from tests.samples.matrices import SQUARE, apart
from tests.samples.sample import array

ROWS = [
    *(Row("det", (x,), np.linalg.det) for x in SQUARE),
    *(
        Row(
            "slogdet",
            (x,),
            lambda x: np.linalg.slogdet(x).logabsdet,
            f=lambda x: ops.slogdet(x).logabsdet,
        )
        for x in (*SQUARE, -SQUARE[0])
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


TORCH: dict[str, Any] = {
    "det": lambda torch, x: torch.linalg.det(x),
    "slogdet": lambda torch, x: torch.linalg.slogdet(x).logabsdet,
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


@pytest.mark.parametrize("x", [np.diag([2.0, 3.0, 0.0]), np.diag([2.0, 0.0, 0.0]), np.zeros((3, 3)), np.ones((3, 3))])
def test_gradient_of_a_determinant_is_finite_where_it_is_0(x: Any) -> None:
    minors = [
        [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(3)] for i in range(3)
    ]
    np.testing.assert_allclose(gradient_of(ops.det, x), minors, atol=1e-14)
    np.testing.assert_allclose(jvp(ops.det, (x,), (np.eye(3),))[1], np.trace(minors), atol=1e-14)


def test_cofactors_are_minors() -> None:
    x = apart(4, 4)
    minors = [
        [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(ops.cofactor(x), minors, rtol=1e-12)
    np.testing.assert_allclose(ops.cofactor(x), np.linalg.det(x) * np.linalg.inv(x).T, rtol=1e-12)


def test_determinants_that_overflow_have_a_logarithm() -> None:
    x = Value(1e200 * np.eye(3))
    sign, logabsdet = ops.slogdet(x)
    assert sign == 1.0 and not isinstance(sign, Value)
    logabsdet.backward()
    np.testing.assert_allclose(x.grad, 1e-200 * np.eye(3))


def test_a_branch_not_taken_has_no_say_though_its_matrix_is_singular() -> None:
    x = np.stack([np.diag([2.0, 3.0]), np.zeros((2, 2))])

    def f(x: Any) -> Any:
        sign, logabsdet = ops.slogdet(x)
        return ops.where(sign > 0, logabsdet, 0.0).sum()

    np.testing.assert_allclose(gradient_of(f, x), [np.diag([1 / 2, 1 / 3]), np.zeros((2, 2))])
    np.testing.assert_allclose(
        jvp(f, (x,), (np.ones((2, 2, 2)) * np.array([1.0, 0.0])[:, None, None],))[1], 1 / 2 + 1 / 3
    )


# What it says

a = Value(array(2, 3), label="a")
VALUES = [a]


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: ops.det(a), ShapeError, "det: 'a' (2, 3) is not square"),
        (lambda: ops.slogdet(a), ShapeError, "slogdet: 'a' (2, 3) is not square"),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, VALUES)
