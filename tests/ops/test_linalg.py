"""Linear algebra made of ops: numbers, derivatives, what stays finite, and what it says to bad input."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, DataError, DomainError, GradientWarning, MicrogradError, ShapeError
from micrograd.ops import linalg, where
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch
from tests.samples.linalg import ANY, DEFINITE, SQUARE, TALL, apart, swapped, symmetric
from tests.samples.sample import A3, A23, A234, array

S3, S22 = symmetric(apart(3, 3)), apart(2, 2, 2)
SIGNED = array(3, 4, low=-2.1, high=1.0) * np.array([[1.0], [1.1], [1.3]])  # no two sums tie


def _products() -> list[Row]:
    pairs = [(0.75, 1.5), (0.75, A23), (A23, 0.75), (A3, A3 + 1), (A23, A3), (A3, array(3, 2)), (A23, array(3, 4))]
    deep = [(array(2, 2, 3), A3), (array(2, 2, 3), array(3, 2)), (A3, array(2, 3, 2)), (A23, array(2, 3, 4))]
    inner = [(0.75, 1.5), (0.75, A3), (A3, A3 + 1), (A23, A3), (A23, array(4, 3)), (array(2, 2, 3), A23)]
    axes: list[tuple[Any, Any, Any]] = [
        (A234, array(3, 4, 2), 2),
        (A23, A3, 0),
        (A234, array(4, 2), 1),
        (A234, array(4, 3, 2), ([1, 2], [1, 0])),
        (A234, array(4, 2), (2, 0)),
        (A234, array(4, 2), (-1, 0)),
        (A234, array(3, 4), ((-2, -1), (0, 1))),
        (A3, A3, 1),
    ]
    matrices = [
        (A23, array(3, 4)),
        (A23, array(3, 4), array(4, 2)),
        (A3, array(3, 4), array(4)),
        (A3, array(3, 2)),
        (A23, array(3, 4), array(4, 2), array(2)),
        (A3, A3 + 1),
    ]
    kron = [(0.75, A3), (A3, array(2)), (A23, array(2, 2)), (A3, A23), (A234, array(2, 1))]
    cross = [(-1, (A3, array(3, low=-1.0))), (-1, (A23, A3)), (0, (array(3, 2), array(3, 2, low=-1.0)))]
    diagonals: list[tuple[Any, dict[str, Any]]] = [
        (apart(3, 3), {}),
        (A23, {"offset": 1}),
        (A23, {"offset": -1}),
        (A23, {"offset": 5}),
        (A234, {}),
        (A234, {"axis1": -1, "axis2": 0, "offset": -2}),
    ]
    return [
        *(Row("dot", xs, np.dot) for xs in (*pairs, *deep)),
        *(Row("inner", xs, np.inner) for xs in inner),
        *(Row("vdot", xs, np.vdot) for xs in [(0.75, 1.5), (A3, A3 + 1), (A23, array(3, 2))]),
        *(Row("outer", xs, np.outer) for xs in [(0.75, 1.5), (A3, array(2)), (A23, A3), (np.zeros(0), A3)]),
        *(Row("tensordot", (x, y), np.tensordot, {"axes": a}) for x, y, a in axes),
        *(Row("kron", xs, np.kron) for xs in kron),
        *(
            Row("multi_dot", xs, lambda *xs: np.linalg.multi_dot(xs), f=lambda *xs: linalg.multi_dot(xs))
            for xs in matrices
        ),
        *(Row("cross", xs, np.cross, {"axis": a}) for a, xs in cross),
        *(
            Row("matrix_power", (x,), np.linalg.matrix_power, {"n": n})
            for x in (apart(2, 2), S22)
            for n in (0, 1, 2, 5, -1, -3)
        ),
        *(Row("trace", (x,), np.trace, p) for x, p in diagonals),
    ]


def _solutions() -> list[Row]:
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
        *(Row("inv", (x,), np.linalg.inv) for x in SQUARE),
        *(Row("solve", xs, np.linalg.solve) for xs in systems),
        *(Row("det", (x,), np.linalg.det) for x in SQUARE),
        *(
            Row(
                "slogdet",
                (x,),
                lambda x: np.linalg.slogdet(x).logabsdet,
                f=lambda x: linalg.slogdet(x).logabsdet,
            )
            for x in (*SQUARE, -SQUARE[0])
        ),
        *(Row("pinv", (x,), np.linalg.pinv) for x in ANY),
        *(Row("lstsq", xs, lambda a, b: np.linalg.lstsq(a, b)[0], f=lambda a, b: linalg.lstsq(a, b)[0]) for xs in fits),
    ]


# Eigenvectors and the like by what does not depend on their signs; ours, or those that are given


def _by_eigh(x: Any, eigh: Any = linalg.eigh, t: Any = linalg.swap_last) -> Any:
    w, v = eigh(x)
    return (v * v) * w[..., None, :] + (v * (w * w)[..., None, :]) @ t(v)


def _by_svd(x: Any, svd: Any = linalg.svd) -> Any:
    u, s, vh = svd(x)
    return (u * u).sum() * s[..., 0] + ((u * (s * s)[..., None, :]) @ vh).sum(-2).sum(-1) + (vh**4).sum()


def _by_qr(x: Any, qr: Any = linalg.qr) -> Any:
    q, r = qr(x)
    return (q**2).sum() + (q**4).sum(-2).sum(-1) + (r * r).sum(-2).sum(-1) * 3.0 + (q @ r).sum(-2).sum(-1)


def _cholesky(x: Any, upper: bool = False) -> Any:
    return np.linalg.cholesky(x, upper=upper)


def _eigh(x: Any) -> Any:
    return _by_eigh(x, np.linalg.eigh, swapped)


def _svd(x: Any) -> Any:
    return _by_svd(x, lambda x: np.linalg.svd(x, full_matrices=False))


def _decompositions() -> list[Row]:
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


def _norms() -> list[Row]:
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
    return [Row("norm", (x,), np.linalg.norm, p) for x, p in [*vectors, *along, *matrices, *batches, *others]]


ROWS = [*_products(), *_solutions(), *_decompositions(), *_norms()]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_dot(torch: Any, x: Any, y: Any) -> Any:
    if not x.ndim or not y.ndim:
        return x * y
    return torch.tensordot(x, y, ([x.ndim - 1], [max(y.ndim - 2, 0)]))


def _torch_tensordot(torch: Any, x: Any, y: Any, axes: Any) -> Any:
    lists = axes if isinstance(axes, int) else [[a] if isinstance(a, int) else list(a) for a in axes]
    return torch.tensordot(x, y, lists)


def _torch_solve(torch: Any, a: Any, b: Any) -> Any:
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b)


def _torch_norm(torch: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.norm(x, ord, axis, keepdims)


def _torch_triangle(x: Any, upper: bool = False) -> Any:
    x = x.mT if upper else x
    return x.tril() + x.tril(-1).mT


TORCH: dict[str, Any] = {
    "dot": _torch_dot,
    "inner": lambda torch, x, y: torch.inner(x, y),
    "vdot": lambda torch, x, y: torch.sum(x.ravel() * y.ravel()),
    "outer": lambda torch, x, y: torch.outer(x.ravel(), y.ravel()),
    "tensordot": _torch_tensordot,
    "kron": lambda torch, x, y: torch.kron(x, y),
    "multi_dot": lambda torch, *xs: torch.linalg.multi_dot(xs),
    "cross": lambda torch, x, y, axis: torch.linalg.cross(x, y.expand(x.shape) if y.ndim < x.ndim else y, dim=axis),
    "matrix_power": lambda torch, x, n: torch.linalg.matrix_power(x, n) if n else torch.matrix_power(x, 0) + 0 * x,
    "trace": lambda torch, x, offset=0, axis1=0, axis2=1: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "inv": lambda torch, x: torch.linalg.inv(x),
    "solve": _torch_solve,
    "det": lambda torch, x: torch.linalg.det(x),
    "slogdet": lambda torch, x: torch.linalg.slogdet(x).logabsdet,
    "pinv": lambda torch, x: torch.linalg.pinv(x),
    "lstsq": lambda torch, a, b: torch.linalg.pinv(a) @ b,
    "cholesky": lambda torch, x, upper=False: torch.linalg.cholesky(_torch_triangle(x, upper), upper=upper),
    "eigh": lambda torch, x: _by_eigh(_torch_triangle(x), torch.linalg.eigh, lambda v: v.mT),
    "eigvalsh": lambda torch, x, UPLO="L": torch.linalg.eigvalsh(_torch_triangle(x, UPLO == "U")),
    "svd": lambda torch, x: _by_svd(x, lambda x: torch.linalg.svd(x, full_matrices=False)),
    "svdvals": lambda torch, x: torch.linalg.svdvals(x),
    "qr": lambda torch, x: _by_qr(x, torch.linalg.qr),
    "norm": _torch_norm,
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


# What stays finite, and what does not


def _gradient(f: Any, x: Any) -> Any:
    value = Value(x)
    f(value).backward()
    return value.grad


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
        return linalg.norm(x, ord=ord)

    zero = np.zeros(3)
    np.testing.assert_array_equal(_gradient(f, zero), zero)
    assert jvp(f, (zero,), (np.ones(3),))[1] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)  # in second order it is not known
        np.testing.assert_array_equal(_twice(f, zero), zero)


@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf])
def test_norm_of_a_zero_matrix_is_flat(ord: Any) -> None:
    def f(x: Any) -> Any:
        return linalg.norm(x, ord=ord)

    zero = np.zeros((2, 3))
    np.testing.assert_array_equal(_gradient(f, zero), zero)
    assert jvp(f, (zero,), (np.ones((2, 3)),))[1] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)  # in second order it is not known
        np.testing.assert_array_equal(_twice(f, zero), zero)


def test_norm_of_a_zero_number_is_flat() -> None:
    assert _gradient(linalg.norm, 0.0) == 0.0


def test_norm_with_some_zeros() -> None:
    x = np.array([0.0, 3.0, -4.0])
    np.testing.assert_allclose(_gradient(linalg.norm, x), [0.0, 0.6, -0.8])
    np.testing.assert_allclose(_gradient(lambda x: linalg.norm(x, ord=1), x), [0.0, 1.0, -1.0])
    with pytest.warns(GradientWarning, match="a gradient of 0 times an infinite slope is not known"):
        assert np.isfinite(_twice(lambda x: linalg.norm(x, ord=1.5), x)).all()


def test_norm_that_counts_is_plain_data() -> None:
    count = linalg.norm(Value([0.0, 3.0, -4.0]), ord=0)
    assert not isinstance(count, Value)
    assert count == 2.0


def test_extrema_that_tie_share() -> None:
    np.testing.assert_array_equal(_gradient(lambda x: linalg.norm(x, ord=math.inf), [2.0, -2.0, 1.0]), [0.5, -0.5, 0.0])


@pytest.mark.parametrize("x", [np.diag([2.0, 3.0, 0.0]), np.diag([2.0, 0.0, 0.0]), np.zeros((3, 3)), np.ones((3, 3))])
def test_gradient_of_a_determinant_is_finite_where_it_is_0(x: Any) -> None:
    minors = [
        [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(3)] for i in range(3)
    ]
    np.testing.assert_allclose(_gradient(linalg.det, x), minors, atol=1e-14)
    np.testing.assert_allclose(jvp(linalg.det, (x,), (np.eye(3),))[1], np.trace(minors), atol=1e-14)


def test_cofactors_are_minors() -> None:
    x = apart(4, 4)
    minors = [
        [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(linalg.cofactor(x), minors, rtol=1e-12)
    np.testing.assert_allclose(linalg.cofactor(x), np.linalg.det(x) * np.linalg.inv(x).T, rtol=1e-12)


def test_determinants_that_overflow_have_a_logarithm() -> None:
    x = Value(1e200 * np.eye(3))
    sign, logabsdet = linalg.slogdet(x)
    assert sign == 1.0 and not isinstance(sign, Value)
    logabsdet.backward()
    np.testing.assert_allclose(x.grad, 1e-200 * np.eye(3))


def test_a_branch_not_taken_has_no_say_though_its_matrix_is_singular() -> None:
    x = np.stack([np.diag([2.0, 3.0]), np.zeros((2, 2))])

    def f(x: Any) -> Any:
        sign, logabsdet = linalg.slogdet(x)
        return where(sign > 0, logabsdet, 0.0).sum()

    np.testing.assert_allclose(_gradient(f, x), [np.diag([1 / 2, 1 / 3]), np.zeros((2, 2))])
    np.testing.assert_allclose(
        jvp(f, (x,), (np.ones((2, 2, 2)) * np.array([1.0, 0.0])[:, None, None],))[1], 1 / 2 + 1 / 3
    )


def test_eigenvalues_that_are_equal_have_gradients() -> None:
    x = np.diag([1.0, 2.0, 2.0])
    weights = np.arange(3.0)

    def f(x: Any) -> Any:
        return (linalg.eigvalsh(x) * weights).sum()

    assert np.isfinite(_gradient(f, x)).all()
    assert np.isfinite(jvp(f, (x,), (np.ones((3, 3)),))[1])
    np.testing.assert_allclose(_gradient(lambda x: linalg.eigvalsh(x).sum(), x), np.eye(3))
    np.testing.assert_allclose(_gradient(lambda x: (linalg.eigvalsh(x) ** 2).sum(), x), 2 * x)
    assert gradcheck(lambda x: linalg.eigvalsh(x)[0], [x], order=1)


def test_eigenvectors_beside_equal_eigenvalues_have_gradients() -> None:
    x = np.diag([1.0, 2.0, 2.0]) + 0.25
    spread, v = np.linalg.eigh(x)
    assert spread[2] > spread[1] + 1e-3
    tied = v @ np.diag([1.0, 2.0, 2.0]) @ v.T
    assert gradcheck(lambda x: (linalg.eigh(x).eigenvectors[:, 0] ** 2)[1], [tied], order=1)


def test_eigenvectors_of_equal_eigenvalues_have_no_gradient_and_do_not_pretend() -> None:
    for weights in (np.eye(2), A23[:, :2]):
        g = _gradient(lambda x, weights=weights: (linalg.eigh(x).eigenvectors * weights).sum(), np.eye(2))
        assert not np.isfinite(g).all()


@pytest.mark.parametrize("x", [np.eye(3), np.zeros((3, 2)), np.ones((2, 3)), np.diag([1.0, 0.0])], ids=str)
def test_singular_values_have_gradients_everywhere(x: Any) -> None:
    assert np.isfinite(_gradient(lambda x: linalg.svdvals(x).sum(), x)).all()
    assert np.isfinite(jvp(lambda x: linalg.svdvals(x).sum(), (x,), (array(*x.shape),))[1])


def test_singular_vectors_of_equal_singular_values_have_no_gradient_and_do_not_pretend() -> None:
    def f(x: Any) -> Any:
        u, s, vh = linalg.svd(x)
        return ((u * s) @ vh * np.array([[1.0, 2.0], [2.0, 3.0]])).sum()

    assert not np.isfinite(_gradient(f, np.eye(2))).all()


def test_pseudoinverse_of_a_matrix_that_keeps_its_rank() -> None:
    """x = a b of rank 1: gradients by a and b go through pinv(x)."""
    a, b = array(3, 1), array(1, 4)
    assert gradcheck(lambda a, b: linalg.pinv(a @ b, rcond=1e-10), [a, b], rtol=1e-5)
    np.testing.assert_allclose(linalg.pinv(a @ b, rcond=1e-10), np.linalg.pinv(a @ b))


def test_lstsq_returns_numpys_four() -> None:
    for a, b in [(apart(4, 2), array(4)), (apart(3, 3), array(3)), (np.ones((3, 2)), array(3, 2))]:
        z, residuals, rank, singular = linalg.lstsq(Value(a), Value(b))
        wanted = np.linalg.lstsq(a, b)
        plain = residuals.data if isinstance(residuals, Value) else residuals
        for mine, other in zip((z.data, plain, rank, singular), wanted, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-14)
        assert isinstance(residuals, Value) == (wanted[1].size > 0)
        z.sum().backward()


def test_lstsq_residuals_have_a_gradient() -> None:
    a, b = apart(4, 2), array(4, 3)
    assert gradcheck(lambda a, b: linalg.lstsq(a, b)[1], [a, b])
    assert gradcheck(lambda a, b: linalg.lstsq(a, b)[1], [a, b[:, 0]])


def test_what_is_returned_has_names() -> None:
    x = Value(S3)
    assert linalg.eigh(x).eigenvalues.shape == (3,)
    assert linalg.svd(x).Vh.shape == (3, 3)
    assert linalg.svd(x).S.shape == linalg.svd(x, full_matrices=True).S.shape == (3,)
    assert linalg.svd(x, compute_uv=False).shape == (3,)
    assert linalg.qr(x).R.shape == linalg.qr(x, mode="r").shape == (3, 3)
    assert linalg.slogdet(x).logabsdet.shape == ()


def test_lists_are_arrays() -> None:
    np.testing.assert_allclose(linalg.inv([[2.0, 0.0], [0.0, 4.0]]), np.diag([0.5, 0.25]))
    np.testing.assert_allclose(linalg.solve([[2, 0], [0, 4]], [1, 1]), [0.5, 0.25])
    assert linalg.dot([1.0, 2.0], [3.0, 4.0]) == 11.0


@pytest.mark.parametrize("f", [linalg.det, linalg.inv, linalg.eigvalsh, linalg.cholesky, linalg.norm, linalg.svdvals])
def test_matrices_without_elements(f: Any) -> None:
    for shape in [(0, 0), (0, 3, 3)]:
        x = Value(np.zeros(shape))
        z = f(x)
        z.backward()
        assert x.grad.shape == shape


# What it says

a, b, n = Value(array(2, 3), label="a"), Value(array(4), label="b"), Value(2.0, label="n")
singular = Value(np.array([[1.0, 2.0], [2.0, 4.0]]), label="s")
batch = Value(np.stack([np.eye(2), np.zeros((2, 2))]), label="t")
negative = Value(np.diag([1.0, -1.0, 1.0]), label="p")
broken = Value(np.array([[1.0, np.nan], [np.nan, 1.0]]), label="w")
REPAIR = "take lstsq or pinv, or add a multiple of the identity"


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: linalg.inv(a), ShapeError, "inv: 'a' (2, 3) is not square; it needs shape (n, n), or (..., n, n)"),
        (lambda: linalg.inv(b), ShapeError, "inv: 'b' (4,) is not square"),
        (lambda: linalg.inv(np.ones((2, 3))), ShapeError, "inv: (2, 3) is not square"),
        (lambda: linalg.inv("x"), DataError, "inv: 'x' is a str, not a number or an array of numbers"),
        (lambda: linalg.inv([[1.0], [2.0, 3.0]]), DataError, "inv: the list [[1.0], [2.0, 3.0]] is ragged"),
        (lambda: linalg.det(a), ShapeError, "det: 'a' (2, 3) is not square"),
        (lambda: linalg.slogdet(a), ShapeError, "slogdet: 'a' (2, 3) is not square"),
        (lambda: linalg.cholesky(a), ShapeError, "cholesky: 'a' (2, 3) is not square"),
        (lambda: linalg.eigh(a), ShapeError, "eigh: 'a' (2, 3) is not square"),
        (lambda: linalg.eigvalsh(a), ShapeError, "eigvalsh: 'a' (2, 3) is not square"),
        (lambda: linalg.matrix_power(a, 2), ShapeError, "matrix_power: 'a' (2, 3) is not square"),
        (
            lambda: linalg.matrix_power(singular, 0.5),
            ArgumentError,
            "matrix_power: exponent 0.5 of 's' (2, 2): give an",
        ),
        (lambda: linalg.matrix_power(singular, -1), DomainError, "matrix_power: 's' (2, 2) is singular: of rank 1"),
        (lambda: linalg.svd(b), ShapeError, "svd: 'b' (4,) is not a matrix; it needs shape (m, n), or (..., m, n)"),
        (
            lambda: linalg.svd(a, full_matrices=True),
            ArgumentError,
            "svd: 'a' (2, 3) is not square, and vectors beyond the thin form have no derivative; "
            "pass full_matrices=False",
        ),
        (lambda: linalg.svdvals(b), ShapeError, "svdvals: 'b' (4,) is not a matrix"),
        (lambda: linalg.pinv(b), ShapeError, "pinv: 'b' (4,) is not a matrix"),
        (lambda: linalg.qr(b), ShapeError, "qr: 'b' (4,) is not a matrix"),
        (lambda: linalg.qr(a, mode="complete"), ArgumentError, "qr: mode 'complete' of 'a' (2, 3): 'reduced' and 'r'"),
        (lambda: linalg.orthogonal_factors(a), ShapeError, "orthogonal_factors: 'a' (2, 3) has more columns than rows"),
        (lambda: linalg.solve(a, b), ShapeError, "solve: 'a' (2, 3) is not square"),
        (
            lambda: linalg.solve(singular, b),
            ShapeError,
            "solve: 's' (2, 2) x = 'b' (4,): sizes differ; b needs as many rows as a",
        ),
        (lambda: linalg.solve(singular, n), ShapeError, "solve: 's' (2, 2) x = 'n' (): sizes differ"),
        (
            lambda: linalg.solve(batch, np.ones((3, 2, 1))),
            ShapeError,
            "solve: 't' (2, 2, 2) x = (3, 2, 1): batch axes do not broadcast; sizes must be equal or 1",
        ),
        (lambda: linalg.lstsq(a, b), ShapeError, "lstsq: 'a' (2, 3) x = 'b' (4,): give one matrix (m, n), and b of"),
        (lambda: linalg.lstsq(batch, b), ShapeError, "lstsq: 't' (2, 2, 2) x = 'b' (4,): give one matrix"),
        (
            lambda: linalg.inv(singular),
            DomainError,
            f"inv: 's' (2, 2) is singular: of rank 1, not 2; {REPAIR}",
        ),
        (lambda: linalg.inv(batch), DomainError, f"inv: 't' (2, 2, 2) at (1,) is singular: of rank 0, not 2; {REPAIR}"),
        (lambda: linalg.inv(np.zeros((1, 1))), DomainError, "inv: (1, 1) is singular: of rank 0, not 1"),
        (lambda: linalg.solve(singular, [1.0, 2.0]), DomainError, "solve: 's' (2, 2) is singular: of rank 1, not 2"),
        (
            lambda: linalg.cholesky(negative),
            DomainError,
            "cholesky: 'p' (3, 3) is not positive definite: its leading minor of order 2 is not; "
            "add a multiple of the identity?",
        ),
        (lambda: linalg.cholesky(batch), DomainError, "cholesky: 't' (2, 2, 2) at (1,) is not positive definite"),
        (lambda: linalg.svd(broken), DomainError, "svd: 'w' (2, 2) holds nan or inf; find where they come from with"),
        (lambda: linalg.pinv(broken), DomainError, "pinv: 'w' (2, 2) holds nan or inf"),
        (lambda: linalg.norm(broken, ord=2), DomainError, "norm: 'w' (2, 2) holds nan or inf"),
        (
            lambda: linalg.dot(a, b),
            ShapeError,
            "dot: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3] meet axes [0] of sizes [4]; "
            "name as many of both, each once, of equal sizes",
        ),
        (lambda: linalg.inner(a, b), ShapeError, "inner: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3] meet axes [0]"),
        (lambda: linalg.vdot(a, b), ShapeError, "vdot: 'a' (2, 3) and 'b' (4,) differ in their number of elements"),
        (
            lambda: linalg.tensordot(a, b, axes=1),
            ShapeError,
            "tensordot: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3]",
        ),
        (lambda: linalg.tensordot(a, b, axes=2), ShapeError, "tensordot: axis 1 of 'b' (4,): its axes are numbered"),
        (
            lambda: linalg.tensordot(a, a, axes=([0, 0], [0, 0])),
            ShapeError,
            "axes [0, 0] of sizes [2, 2] meet axes [0, 0]",
        ),
        (lambda: linalg.tensordot(a, a, axes=([0, 1], [0])), ShapeError, "axes [0, 1] of sizes [2, 3] meet axes [0]"),
        (
            lambda: linalg.multi_dot([a]),
            ShapeError,
            "multi_dot: 'a' (2, 3): give two matrices at least; only the first",
        ),
        (lambda: linalg.multi_dot([a, b, a]), ShapeError, "multi_dot: 'a' (2, 3), 'b' (4,), 'a' (2, 3): give two"),
        (lambda: linalg.multi_dot([a, a]), ShapeError, "multi_dot: 'a' (2, 3) meets 'a' (2, 3): inner sizes differ"),
        (lambda: linalg.cross(a, b), ShapeError, "cross: 'a' (2, 3) and 'b' (4,): axis -1 must have length 3 in both"),
        (
            lambda: linalg.cross(a, a, axis=2),
            ShapeError,
            "cross: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1",
        ),
        (lambda: linalg.trace(b), ShapeError, "trace: 'b' (4,) is not a matrix"),
        (
            lambda: linalg.trace(a, axis2=2),
            ShapeError,
            "trace: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1",
        ),
        (lambda: linalg.trace(a, axis2=0), ShapeError, "trace: axes 0 and 0 of 'a' (2, 3) are one; name two"),
        (lambda: linalg.norm(a, axis=2), ShapeError, "norm: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1"),
        (lambda: linalg.norm(a, axis="x"), ShapeError, "norm: axis 'x' of 'a' (2, 3)"),
        (lambda: linalg.norm(a, axis=(0, 0)), ShapeError, "norm: axis (0, 0) of 'a' (2, 3): name one axis for vectors"),
        (lambda: linalg.norm(batch, ord=2), ShapeError, "norm: 't' (2, 2, 2) with ord=2: name one axis for vectors"),
        (lambda: linalg.norm(b, ord="fro"), ArgumentError, "norm: ord='fro' of the vectors of 'b' (4,): give a number"),
        (lambda: linalg.norm(a, ord=3), ArgumentError, "norm: ord=3 of the matrices of 'a' (2, 3): 'fro', 'nuc', 1, 2"),
        (lambda: linalg.norm(np.ones(0), ord=-math.inf), ShapeError, "norm: (0,) with ord=-inf has no element; it"),
    ],
)
def test_what_it_says(f: Any, error: type[MicrogradError], words: str) -> None:
    values = [a, b, n, singular, batch, negative, broken]
    before = [(repr(v.data), repr(v.grad)) for v in values]
    with pytest.raises(error) as caught:
        f()
    assert words in str(caught.value)
    assert type(caught.value) is error
    assert len(str(caught.value).splitlines()) <= 3
    assert [(repr(v.data), repr(v.grad)) for v in values] == before


def test_it_says_when_lapack_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def give_up(x: Any) -> Any:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr(np.linalg, "eigh", give_up)
    with pytest.raises(DomainError, match=r"^eigh: 's' \(2, 2\) has no answer: LAPACK gives up on it; scale it\?$"):
        linalg.eigh(singular)
    with pytest.raises(DomainError, match=r"^eigvalsh: 'w' \(2, 2\) holds nan or inf"):
        linalg.eigvalsh(broken)
