"""Large arrays with a short last axis: what is quicker gives what NumPy gives."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import grad, ops
from micrograd.ops.rows import LARGE, SHORT, SHORTEST, has_short_rows, is_column, repeated, sum_of_rows

LENGTHS = [1, 2, 3, SHORTEST, SHORTEST + 1, SHORT, SHORT + 1]


def numbers(n, dtype=float, order="C"):
    x = np.random.default_rng(n).standard_normal((LARGE // n + 1, 2, n)).astype(dtype)
    return np.asarray(x, order=order)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, int, bool])
@pytest.mark.parametrize("name", ["sum", "max", "min"])
def test_reductions_of_short_rows(name, dtype, order, n):
    x = numbers(n, dtype, order)
    for keepdims in (False, True):
        for axis in (-1, 2):
            given, wanted = (getattr(room, name)(x, axis=axis, keepdims=keepdims) for room in (ops, np))
            assert given.dtype == wanted.dtype
            assert given.shape == wanted.shape
            np.testing.assert_allclose(given, wanted, rtol=1e-12 if dtype is np.float64 else 1e-3, atol=1e-5)


def test_rows_of_nothing_and_of_no_numbers():
    np.testing.assert_array_equal(sum_of_rows(np.ones((3, 0)), False), np.zeros(3))
    x = np.ones((LARGE, 2))
    x[:3] = [[np.nan, 1.0], [np.inf, 1.0], [np.inf, -np.inf]]
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(ops.sum(x, axis=1), np.sum(x, axis=1))


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_gradients_of_short_rows(order, n):
    x, weights = numbers(n, order=order), numbers(n)[..., 0]
    total = grad(lambda x: np.sum(weights * np.sum(x**2, axis=-1)))(x)
    np.testing.assert_allclose(total, 2.0 * x * weights[..., None], rtol=1e-13)
    largest = grad(lambda x: np.sum(weights * np.max(x, axis=-1)))(x)
    np.testing.assert_array_equal(largest, np.where(x == x.max(-1, keepdims=True), weights[..., None], 0.0))


def test_which_arrays_have_short_rows():
    assert has_short_rows(np.ones((LARGE, 2)), 1)
    assert not has_short_rows(np.ones((LARGE, 2)), 0)
    assert not has_short_rows(np.ones((2, 2)), 1)
    assert not has_short_rows([[1.0] * 2] * LARGE, 1)


@pytest.mark.parametrize("n", LENGTHS)
def test_a_column_is_repeated_as_by_numpy(n):
    x = np.random.default_rng(n).standard_normal((5000, 1))
    assert is_column(x, (5000, n)) == (1 < n <= SHORTEST)
    np.testing.assert_array_equal(repeated(x, (5000, n)), np.broadcast_to(x, (5000, n)))
    np.testing.assert_array_equal(ops.broadcast_to(x, shape=(5000, n)), np.broadcast_to(x, (5000, n)))
    assert not is_column(x[::2], (2500, 2))  # its order in memory is kept
