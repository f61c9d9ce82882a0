"""Inverses and linear equations: numbers, derivatives, singular matrices, and what they
say to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, DataError, DomainError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint
from tests.samples.matrices import ANY, S22, SQUARE, apart
from tests.samples.sample import A3, A23, array


def _linalg(name: str, *xs: Any, **params: Any) -> Row:
    return Row(name, xs, getattr(np.linalg, name), params)


def _rows() -> list[Row]:
    systems = [
        (apart(3, 3), A3),
        (apart(3, 3), array(3, 2)),
        (S22, array(2)),
        (S22, array(2, 3)),
        (S22, array(2, 2, 1)),
        (apart(2, 2), array(3, 2, 2)),
    ]
    fits = [(apart(4, 2), array(4)), (apart(4, 2), array(4, 3)), (apart(3, 3), A3), (apart(2, 4), array(2))]
    return [
        _linalg("tensorsolve", (apart(6, 6)).reshape(2, 3, 6), A23),
        _linalg("tensorsolve", (apart(6, 6)).reshape(6, 2, 3), array(6)),
        _linalg("tensorsolve", (apart(6, 6)).reshape(2, 6, 3), array(6), axes=(0, 2)),
        _linalg("tensorinv", apart(6, 6).reshape(2, 3, 6)),
        _linalg("tensorinv", apart(6, 6).reshape(6, 3, 2), ind=1),
        *(Row("inv", (x,), np.linalg.inv) for x in SQUARE),
        *(
            Row("matrix_power", (x,), np.linalg.matrix_power, {"n": n})
            for x in (apart(2, 2), S22)
            for n in (0, 1, 2, 5, -1, -3)
        ),
        *(Row("solve", xs, np.linalg.solve) for xs in systems),
        *(Row("pinv", (x,), np.linalg.pinv) for x in ANY),
        *(Row("lstsq", xs, lambda a, b: np.linalg.lstsq(a, b)[0], f=lambda a, b: ops.lstsq(a, b)[0]) for xs in fits),
    ]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_solve(torch: Any, a: Any, b: Any) -> Any:
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b)


TORCH: dict[str, Any] = {
    "tensorsolve": lambda torch, a, b, axes=None: torch.linalg.tensorsolve(a, b, axes),
    "tensorinv": lambda torch, a, ind=2: torch.linalg.tensorinv(a, ind),
    "matrix_power": lambda torch, x, n: torch.linalg.matrix_power(x, n) if n else torch.matrix_power(x, 0) + 0 * x,
    "inv": lambda torch, x: torch.linalg.inv(x),
    "solve": _torch_solve,
    "pinv": lambda torch, x: torch.linalg.pinv(x),
    "lstsq": lambda torch, a, b: torch.linalg.pinv(a) @ b,
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


def test_pseudoinverse_of_a_matrix_that_keeps_its_rank() -> None:
    """x = a b of rank 1: gradients by a and b go through pinv(x)."""
    a, b = array(3, 1), array(1, 4)
    assert gradcheck(lambda a, b: ops.pinv(a @ b, rcond=1e-10), [a, b], rtol=1e-5)
    np.testing.assert_allclose(ops.pinv(a @ b, rcond=1e-10), np.linalg.pinv(a @ b))


def test_lstsq_returns_numpys_four() -> None:
    for a, b in [(apart(4, 2), array(4)), (apart(3, 3), array(3)), (np.ones((3, 2)), array(3, 2))]:
        z, residuals, rank, singular = ops.lstsq(Value(a), Value(b))
        wanted = np.linalg.lstsq(a, b)
        plain = residuals.data if isinstance(residuals, Value) else residuals
        for mine, other in zip((z.data, plain, rank, singular), wanted, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-14)
        assert isinstance(residuals, Value) == (wanted[1].size > 0)
        z.sum().backward()


def test_lstsq_residuals_have_a_gradient() -> None:
    a, b = apart(4, 2), array(4, 3)
    assert gradcheck(lambda a, b: ops.lstsq(a, b)[1], [a, b])
    assert gradcheck(lambda a, b: ops.lstsq(a, b)[1], [a, b[:, 0]])


def test_lists_are_arrays() -> None:
    np.testing.assert_allclose(ops.inv([[2.0, 0.0], [0.0, 4.0]]), np.diag([0.5, 0.25]))
    np.testing.assert_allclose(ops.solve([[2, 0], [0, 4]], [1, 1]), [0.5, 0.25])
    assert ops.dot([1.0, 2.0], [3.0, 4.0]) == 11.0


# What it says

a, b, n = Value(array(2, 3), label="a"), Value(array(4), label="b"), Value(2.0, label="n")
singular = Value(np.array([[1.0, 2.0], [2.0, 4.0]]), label="s")
batch = Value(np.stack([np.eye(2), np.zeros((2, 2))]), label="t")
broken = Value(np.array([[1.0, np.nan], [np.nan, 1.0]]), label="w")
VALUES = [a, b, n, singular, batch, broken]
REPAIR = "use lstsq or pinv, or add a multiple of the identity"


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: ops.inv(a), ShapeError, "inv: 'a' (2, 3) is not square; it needs shape (n, n), or (..., n, n)"),
        (lambda: ops.inv(b), ShapeError, "inv: 'b' (4,) is not square"),
        (lambda: ops.inv(np.ones((2, 3))), ShapeError, "inv: (2, 3) is not square"),
        (lambda: ops.inv("x"), DataError, "inv: 'x' is a str, not a number or an array of numbers"),
        (lambda: ops.inv([[1.0], [2.0, 3.0]]), DataError, "inv: the list [[1.0], [2.0, 3.0]] is ragged"),
        (
            lambda: ops.inv(singular),
            DomainError,
            f"inv: 's' (2, 2) is singular: its rank is 1, not 2; {REPAIR}",
        ),
        (
            lambda: ops.inv(batch),
            DomainError,
            f"inv: 't' (2, 2, 2) at (1,) is singular: its rank is 0, not 2; {REPAIR}",
        ),
        (lambda: ops.inv(np.zeros((1, 1))), DomainError, "inv: (1, 1) is singular: its rank is 0, not 1"),
        (lambda: ops.matrix_power(a, 2), ShapeError, "matrix_power: 'a' (2, 3) is not square"),
        (
            lambda: ops.matrix_power(singular, 0.5),
            ArgumentError,
            "matrix_power: n=0.5 is not an integer; give one, as 2",
        ),
        (lambda: ops.matrix_power(singular, -1), DomainError, "matrix_power: 's' (2, 2) is singular: its rank is 1"),
        (lambda: ops.pinv(b), ShapeError, "pinv: 'b' (4,) is not a matrix"),
        (lambda: ops.pinv(broken), DomainError, "pinv: 'w' (2, 2) holds nan or inf"),
        (lambda: ops.solve(a, b), ShapeError, "solve: 'a' (2, 3) is not square"),
        (
            lambda: ops.solve(singular, b),
            ShapeError,
            "solve: 's' (2, 2) x = 'b' (4,): sizes differ; b needs as many rows as a",
        ),
        (lambda: ops.solve(singular, n), ShapeError, "solve: 's' (2, 2) x = 'n' (): sizes differ"),
        (
            lambda: ops.solve(batch, np.ones((3, 2, 1))),
            ShapeError,
            "solve: 't' (2, 2, 2) x = (3, 2, 1): batch axes (2,) and (3,) do not broadcast; sizes must be equal or 1",
        ),
        (lambda: ops.solve(singular, [1.0, 2.0]), DomainError, "solve: 's' (2, 2) is singular: its rank is 1, not 2"),
        (lambda: ops.lstsq(a, b), ShapeError, "lstsq: 'a' (2, 3) x = 'b' (4,): give one matrix (m, n), and b of"),
        (lambda: ops.lstsq(batch, b), ShapeError, "lstsq: 't' (2, 2, 2) x = 'b' (4,): give one matrix"),
        (
            lambda: ops.tensorsolve(a, np.ones(2)),
            ShapeError,
            "tensorsolve: 'a' (2, 3) z = (2,): give as many equations as unknowns, the equations first",
        ),
        (
            lambda: ops.tensorinv(a, 1),
            ShapeError,
            "tensorinv: 'a' (2, 3) with ind 1: (2,) and (3,) must hold as many elements",
        ),
        (lambda: ops.tensorinv(a, 0), ArgumentError, "tensorinv: ind=0: give an integer of at least 1"),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, VALUES)
