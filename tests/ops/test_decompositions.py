"""Decompositions: numbers, derivatives, what stays finite where values are equal, and
what they say to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, DomainError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint, gradient_of
from tests.samples.matrices import ANY, DEFINITE, SQUARE, TALL, apart, swapped, symmetric
from tests.samples.sample import A23, array

# Eigenvectors and the like by what does not depend on their signs; ours, or those that
# are given


def _by_eigh(x: Any, eigh: Any = ops.eigh, t: Any = ops.swap_last) -> Any:
    w, v = eigh(x)
    return (v * v) * w[..., None, :] + (v * (w * w)[..., None, :]) @ t(v)


def _by_svd(x: Any, svd: Any = ops.svd) -> Any:
    u, s, vh = svd(x)
    return (u * u).sum() * s[..., 0] + ((u * (s * s)[..., None, :]) @ vh).sum(-2).sum(-1) + (vh**4).sum()


def _by_qr(x: Any, qr: Any = ops.qr) -> Any:
    q, r = qr(x)
    return (q**2).sum() + (q**4).sum(-2).sum(-1) + (r * r).sum(-2).sum(-1) * 3.0 + (q @ r).sum(-2).sum(-1)


def _cholesky(x: Any, upper: bool = False) -> Any:
    return np.linalg.cholesky(x, upper=upper)


def _eigh(x: Any) -> Any:
    return _by_eigh(x, np.linalg.eigh, swapped)


def _svd(x: Any) -> Any:
    return _by_svd(x, lambda x: np.linalg.svd(x, full_matrices=False))


def _rows() -> list[Row]:
    return [
        *(Row("cholesky", (x,), _cholesky) for x in DEFINITE),
        *(Row("cholesky", (x,), _cholesky, {"upper": True}) for x in DEFINITE),
        *(Row("eigh", (x,), _eigh, f=_by_eigh) for x in SQUARE),
        *(Row("eigvalsh", (x,), np.linalg.eigvalsh) for x in SQUARE),
        *(Row("eigvalsh", (x,), np.linalg.eigvalsh, {"UPLO": "U"}) for x in SQUARE),
        *(Row("svd", (x,), _svd, f=_by_svd) for x in ANY),
        *(Row("svdvals", (x,), np.linalg.svdvals) for x in ANY),
        *(Row("qr", (x,), lambda x: _by_qr(x, np.linalg.qr), f=_by_qr) for x in (*TALL, array(2, 4), apart(2, 2, 3))),
    ]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_triangle(x: Any, upper: bool = False) -> Any:
    x = x.mT if upper else x
    return x.tril() + x.tril(-1).mT


TORCH: dict[str, Any] = {
    "cholesky": lambda torch, x, upper=False: torch.linalg.cholesky(_torch_triangle(x, upper), upper=upper),
    "eigh": lambda torch, x: _by_eigh(_torch_triangle(x), torch.linalg.eigh, lambda v: v.mT),
    "eigvalsh": lambda torch, x, UPLO="L": torch.linalg.eigvalsh(_torch_triangle(x, UPLO == "U")),
    "svd": lambda torch, x: _by_svd(x, lambda x: torch.linalg.svd(x, full_matrices=False)),
    "svdvals": lambda torch, x: torch.linalg.svdvals(x),
    "qr": lambda torch, x: _by_qr(x, torch.linalg.qr),
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


def test_eigenvalues_that_are_equal_have_gradients() -> None:
    x = np.diag([1.0, 2.0, 2.0])
    weights = np.arange(3.0)

    def f(x: Any) -> Any:
        return (ops.eigvalsh(x) * weights).sum()

    assert np.isfinite(gradient_of(f, x)).all()
    assert np.isfinite(jvp(f, (x,), (np.ones((3, 3)),))[1])
    np.testing.assert_allclose(gradient_of(lambda x: ops.eigvalsh(x).sum(), x), np.eye(3))
    np.testing.assert_allclose(gradient_of(lambda x: (ops.eigvalsh(x) ** 2).sum(), x), 2 * x)
    assert gradcheck(lambda x: ops.eigvalsh(x)[0], [x], order=1)


def test_eigenvectors_beside_equal_eigenvalues_have_gradients() -> None:
    x = np.diag([1.0, 2.0, 2.0]) + 0.25
    spread, v = np.linalg.eigh(x)
    assert spread[2] > spread[1] + 1e-3
    tied = v @ np.diag([1.0, 2.0, 2.0]) @ v.T
    assert gradcheck(lambda x: (ops.eigh(x).eigenvectors[:, 0] ** 2)[1], [tied], order=1)


def test_eigenvectors_of_equal_eigenvalues_have_no_gradient_and_do_not_pretend() -> None:
    for weights in (np.eye(2), A23[:, :2]):
        g = gradient_of(lambda x, weights=weights: (ops.eigh(x).eigenvectors * weights).sum(), np.eye(2))
        assert not np.isfinite(g).all()


@pytest.mark.parametrize("x", [np.eye(3), np.zeros((3, 2)), np.ones((2, 3)), np.diag([1.0, 0.0])], ids=str)
def test_singular_values_have_gradients_everywhere(x: Any) -> None:
    assert np.isfinite(gradient_of(lambda x: ops.svdvals(x).sum(), x)).all()
    assert np.isfinite(jvp(lambda x: ops.svdvals(x).sum(), (x,), (array(*x.shape),))[1])


def test_singular_vectors_of_equal_singular_values_have_no_gradient_and_do_not_pretend() -> None:
    def f(x: Any) -> Any:
        u, s, vh = ops.svd(x)
        return ((u * s) @ vh * np.array([[1.0, 2.0], [2.0, 3.0]])).sum()

    assert not np.isfinite(gradient_of(f, np.eye(2))).all()


def test_what_is_returned_has_names() -> None:
    x = Value(symmetric(apart(3, 3)))
    assert ops.eigh(x).eigenvalues.shape == (3,)
    assert ops.svd(x).Vh.shape == (3, 3)
    assert ops.svd(x).S.shape == ops.svd(x, full_matrices=True).S.shape == (3,)
    assert ops.svd(x, compute_uv=False).shape == (3,)
    assert ops.qr(x).R.shape == ops.qr(x, mode="r").shape == (3, 3)
    assert ops.slogdet(x).logabsdet.shape == ()


# What it says

a, b, n = Value(array(2, 3), label="a"), Value(array(4), label="b"), Value(2.0, label="n")
batch = Value(np.stack([np.eye(2), np.zeros((2, 2))]), label="t")
negative = Value(np.diag([1.0, -1.0, 1.0]), label="p")
broken = Value(np.array([[1.0, np.nan], [np.nan, 1.0]]), label="w")
VALUES = [a, b, batch, negative, broken]


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: ops.cholesky(a), ShapeError, "cholesky: 'a' (2, 3) is not square"),
        (
            lambda: ops.cholesky(negative),
            DomainError,
            "cholesky: 'p' (3, 3) is not positive definite: its leading minor of order 2 is not; "
            "add a multiple of the identity?",
        ),
        (lambda: ops.cholesky(batch), DomainError, "cholesky: 't' (2, 2, 2) at (1,) is not positive definite"),
        (lambda: ops.eigh(a), ShapeError, "eigh: 'a' (2, 3) is not square"),
        (lambda: ops.eigvalsh(a), ShapeError, "eigvalsh: 'a' (2, 3) is not square"),
        (lambda: ops.svd(b), ShapeError, "svd: 'b' (4,) is not a matrix; it needs shape (m, n), or (..., m, n)"),
        (
            lambda: ops.svd(a, full_matrices=True),
            ArgumentError,
            "svd: 'a' (2, 3) is not square, and vectors beyond the thin form have no derivative; "
            "pass full_matrices=False",
        ),
        (lambda: ops.svd(broken), DomainError, "svd: 'w' (2, 2) holds nan or inf; find where they come from with"),
        (lambda: ops.svdvals(b), ShapeError, "svdvals: 'b' (4,) is not a matrix"),
        (lambda: ops.qr(b), ShapeError, "qr: 'b' (4,) is not a matrix"),
        (lambda: ops.qr(a, mode="complete"), ArgumentError, "qr: mode 'complete' of 'a' (2, 3): only 'reduced' and"),
        (lambda: ops.orthogonal_factors(a), ShapeError, "orthogonal_factors: 'a' (2, 3) has more columns than rows"),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, VALUES)


def test_it_says_when_lapack_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(x: Any) -> Any:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr(np.linalg, "eigh", give_up)
    with pytest.raises(
        DomainError, match=r"^eigh: 's' \(2, 2\) has no answer: LAPACK gave up on it; scale the matrix\?$"
    ):
        ops.eigh(Value(np.eye(2), label="s"))
    with pytest.raises(DomainError, match=r"^eigvalsh: 'w' \(2, 2\) holds nan or inf"):
        ops.eigvalsh(broken)
