"""Functions of matrices: right at equal eigenvalues and for defective matrices, to
second order, in both modes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg

from micrograd import Value, grad, gradcheck, hessian, jvp, ops
from micrograd.errors import DomainError, GradientError, MicrogradError, OpError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.samples import exact
from tests.samples.matrices import apart, symmetric
from tests.samples.matrix_functions import ANY, DEFECTIVE, EXPONENTIAL, TORCH, TURNING, WITH_ROOTS
from tests.samples.sample import array

RNG = np.random.default_rng(3)
ROWS = [
    *(Row("expm", (x,), exact.rounded(exact.exponential)) for x in ANY if x.size),
    *(Row("sqrtm", (x,), exact.rounded(exact.square_root)) for x in WITH_ROOTS if x.size),
    *(Row("logm", (x,), exact.rounded(exact.logarithm)) for x in WITH_ROOTS if x.size),
    *(
        Row("funm_symmetric", (x,), scipy.linalg.expm, {}, lambda x: ops.funm_symmetric(x, *EXPONENTIAL))
        for x in (symmetric(apart(3, 3)), symmetric(apart(2, 2, 2)), np.zeros((2, 2)), np.diag([1.0, 1.0, 2.0]))
    ),
]
OPS = {"expm": "matrix_exponential", "sqrtm": "matrix_square_root", "logm": "matrix_logarithm"}


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in ROWS if row.op in OPS], ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[OPS[row.op]])


# expm


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("size", [1e-12, 1.0, 30.0])
def test_the_derivative_of_expm_is_scipys(n: int, size: float) -> None:
    a, e = size * RNG.normal(size=(n, n)), RNG.normal(size=(n, n))
    wanted = scipy.linalg.expm_frechet(a, e, compute_expm=False)
    z, t = jvp(ops.expm, (a,), (e,))
    np.testing.assert_allclose(t, wanted, rtol=1e-11, atol=1e-12 * np.abs(wanted).max())
    np.testing.assert_allclose(z, scipy.linalg.expm(a), rtol=1e-11, atol=1e-12 * np.abs(z).max())
    g = grad(lambda x: ops.sum(ops.expm(x) * e))(a)
    wanted = scipy.linalg.expm_frechet(a.T, e, compute_expm=False)
    np.testing.assert_allclose(g, wanted, rtol=1e-11, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("size", [1e-200, 1e-8, 1e8, 1e200])
def test_a_direction_of_any_size_costs_no_digits(size: float) -> None:
    a, e = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
    _, t = jvp(ops.expm, (a,), (size * e,))
    np.testing.assert_allclose(t / size, scipy.linalg.expm_frechet(a, e, compute_expm=False), rtol=1e-12)


def test_expm_of_a_matrix_far_from_normal_keeps_its_digits() -> None:
    a = np.array([[1.0, 1e6], [0.0, -1.0]])  # by its norm it would be halved 18 times, and lose six digits
    np.testing.assert_allclose(ops.expm(a), [[np.e, 1e6 * np.sinh(1.0)], [0.0, 1.0 / np.e]], rtol=1e-14)


def test_expm_of_zero_is_the_identity_and_so_is_its_derivative() -> None:
    e = array(3, 3)
    z, t = jvp(ops.expm, (np.zeros((3, 3)),), (e,))
    np.testing.assert_array_equal(z, np.eye(3))
    np.testing.assert_allclose(t, e, rtol=1e-15)


def test_expm_in_extremes() -> None:
    np.testing.assert_array_equal(ops.expm(np.array([[[np.nan]], [[0.0]]])), [[[np.nan]], [[1.0]]])
    assert ops.expm(np.array([[-1e4]])) == 0.0
    assert np.isinf(ops.expm(np.array([[1e4]])))
    assert ops.expm(Value(np.zeros((2, 0, 0)))).shape == (2, 0, 0)
    np.testing.assert_allclose(ops.expm([[0.0, 1.0], [0.0, 0.0]]), [[1.0, 1.0], [0.0, 1.0]], rtol=1e-15)


def test_each_matrix_of_a_batch_is_as_it_is_alone() -> None:
    x = np.array([1e-3 * TURNING, TURNING, 40.0 * TURNING, np.zeros((2, 2))])
    z = Value(x)
    ops.expm(z).backward()
    for one, g in zip(x, z.grad, strict=True):
        alone = Value(one)
        ops.expm(alone).backward()
        np.testing.assert_allclose(g, alone.grad, rtol=1e-13)


# All of them, where eigenvalues are equal


@pytest.mark.parametrize("name", ["expm", "sqrtm", "logm"])
@pytest.mark.parametrize("x", [DEFECTIVE, np.eye(3), 2.0 * np.eye(3), np.diag([1.0, 1.0, 2.0])], ids=str)
def test_second_order_at_equal_eigenvalues(name: str, x: Any) -> None:
    def f(x: Any) -> Any:
        return ops.sum(getattr(ops, name)(x) * array(3, 3))

    assert gradcheck(grad(f), [x], rtol=1e-6)
    e = array(3, 3)
    second = jvp(lambda y: jvp(f, (y,), (e,))[1], (x,), (e,))[1]
    np.testing.assert_allclose(np.sum(e * jvp(grad(f), (x,), (e,))[1]), second, rtol=1e-10)


def test_one_undoes_the_other() -> None:
    x = DEFECTIVE + 0.1 * array(3, 3)
    for f in (lambda x: ops.expm(ops.logm(x)), lambda x: ops.sqrtm(x) @ ops.sqrtm(x)):
        z, t = jvp(f, (x,), (x,))
        np.testing.assert_allclose([z, t], [x, x], rtol=1e-13)
    np.testing.assert_allclose(ops.logm(ops.expm(TURNING)), TURNING, rtol=1e-14)


def test_hessian_of_a_determinant_by_way_of_the_logarithm() -> None:
    """log det x = trace log x, whose second derivative is -x^-1 e x^-1."""
    x = apart(2, 2)
    found = hessian(lambda x: ops.trace(ops.logm(x)))(x)
    inverse = np.linalg.inv(x)
    np.testing.assert_allclose(found, -np.einsum("li,jk->ijkl", inverse, inverse), rtol=1e-10)


# Functions of symmetric matrices


CLOSE = [0.0, 1e-16, 1e-12, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1.0]


@pytest.mark.parametrize("gap", CLOSE)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e3])
def test_no_gap_between_eigenvalues_costs_digits(gap: float, scale: float) -> None:
    """The logarithm, whose divided differences are known without cancellation."""
    w = scale * np.array([1.0, 1.0 + gap])
    e = np.array([[0.0, 1.0], [1.0, 0.0]])
    functions = (np.log, lambda w: 1.0 / w, lambda w: -1.0 / w**2)
    _, t = jvp(lambda x: ops.funm_symmetric(x, *functions), (np.diag(w),), (e,))
    gap = (w[1] - w[0]) / w[0]
    np.testing.assert_allclose(t[0, 1], (np.log1p(gap) / gap if gap else 1.0) / w[0], rtol=1e-9)


@pytest.mark.parametrize("gap", CLOSE)
def test_second_order_near_equal_eigenvalues(gap: float) -> None:
    x, e = np.diag([1.0, 1.0 + gap, 1.0 + 3.0 * gap]), symmetric(array(3, 3))

    def second(f: Callable[[Any], Any]) -> Any:
        return jvp(lambda y: jvp(f, (y,), (e,))[1], (x,), (e,))[1]

    found = second(lambda x: ops.funm_symmetric(x, *EXPONENTIAL))
    np.testing.assert_allclose(found, second(ops.expm), rtol=1e-7)


def test_a_rule_for_close_eigenvalues_is_not_used_for_others() -> None:
    """sin at 0 and 2 pi: f' is 1 at both and at many points between, and the difference
    is 0.
    """
    x, e = np.diag([0.0, 2.0 * np.pi]), np.array([[0.0, 1.0], [1.0, 0.0]])
    _, t = jvp(lambda x: ops.funm_symmetric(x, np.sin, np.cos), (x,), (e,))
    np.testing.assert_allclose(t, 0.0, atol=1e-15)


def test_the_gradient_of_the_symmetric_part_is_symmetric() -> None:
    x = apart(3, 3)
    v = Value(x)
    (ops.funm_symmetric(v, *EXPONENTIAL) * array(3, 3)).sum().backward()
    np.testing.assert_allclose(v.grad, v.grad.T, rtol=1e-14)
    np.testing.assert_allclose(ops.funm_symmetric(x, np.exp), scipy.linalg.expm(symmetric(x)), rtol=1e-13)


def test_a_constant_function_is_one() -> None:
    np.testing.assert_allclose(ops.funm_symmetric(apart(2, 2), lambda w: 3.0), 3.0 * np.eye(2), atol=1e-15)


def test_a_derivative_that_was_not_given_is_asked_for() -> None:
    with pytest.raises(
        GradientError, match=r"derivative 2 of \(2, 2\) needs that of f; 1 of f were given, and there may be at most 4"
    ):
        hessian(lambda x: ops.sum(ops.funm_symmetric(x, np.exp, np.exp)))(np.eye(2))


def test_a_parameter_inside_f_is_refused() -> None:
    p = Value(2.0)
    with pytest.raises(OpError, match=r"funm_symmetric: f gives a Value \(2,\): f gets plain eigenvalues, and a Value"):
        ops.funm_symmetric(np.eye(2), lambda w: ops.multiply(p, w))


# Errors


@pytest.mark.parametrize("name", ["expm", "sqrtm", "logm"])
def test_what_is_not_square_is_named(name: str) -> None:
    words = "'w' (2, 3) is not square; it needs shape (n, n), or (..., n, n) for a batch"
    assert said(f"ops.{name}(w)", ShapeError) == f"{name}: {words}"


@pytest.mark.parametrize("name", ["sqrtm", "logm"])
@pytest.mark.parametrize(
    ("matrix", "error", "words"),
    [
        (np.zeros((2, 2)), DomainError, "(2, 2) has the eigenvalue 0, and none may be 0 or negative"),
        (np.diag([1.0, -2.0]), DomainError, "(2, 2) has the eigenvalue -2, and none may be 0 or negative; add"),
        (np.array([[0.0, 1.0], [0.0, 0.0]]), DomainError, "(2, 2) has the eigenvalue 0, and none may be 0"),
        (np.array([np.eye(2), -np.eye(2)]), DomainError, "(2, 2, 2) at (1,) has the eigenvalue -1, and none may"),
        (np.array([[np.inf]]), DomainError, "(1, 1) holds nan or inf; find where they come from"),
    ],
)
def test_matrices_without_a_root(name: str, matrix: Any, error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error) as caught:
        getattr(ops, name)(Value(matrix))
    assert str(caught.value).startswith(f"{name}: {words}")


@pytest.mark.parametrize("f", [ops.expm, ops.sqrtm, ops.logm, lambda x: ops.funm_symmetric(x, np.exp)])
def test_a_lazy_array_is_not_computed_in_silence(f: Callable[[Any], Any]) -> None:
    lazy = pytest.importorskip("dask.array").eye(2)
    with pytest.raises(OpError, match="functions of matrices need the numbers, and an array of dask may not have them"):
        f(Value(lazy))
