"""`jacobian` and `hessian` with sparsity=: the numbers of the dense ones, in SciPy's
arrays, for few directions.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from micrograd import Value, custom_jvp, grad, hessian, jacobian, jvp, vmap
from micrograd.errors import ArgumentError, DataError, GradientError, MissingExtraError, ShapeError

sparse = pytest.importorskip("scipy.sparse", reason="the extra scipy")

X = np.linspace(-1.0, 1.5, 12)


def stencil(x: Any) -> Any:
    """A nonlinear equation of diffusion: tridiagonal."""
    return np.concatenate([x[:1], 2.0 * x[1:-1] - x[:-2] - x[2:], x[-1:]]) + np.tanh(x)


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def banded(n: int, width: int = 1) -> Any:
    return abs(np.arange(n)[:, None] - np.arange(n)) <= width


FUNCTIONS: dict[str, Any] = {
    "tridiagonal": stencil,
    "one by one": lambda x: np.exp(x) * x,
    "wide": lambda x: x[:6] * x[6:],
    "tall": lambda x: np.concatenate([x, x[::-1] ** 2, np.sin(x)]),
    "one full row": lambda x: np.concatenate([x * x, np.sum(x, keepdims=True)]),
    "one full column": lambda x: x * x[0],
    "full": lambda x: np.ones((12, 12)) @ np.cos(x),
    "to a number": lambda x: np.sum(x[::3] ** 2),
    "to a matrix": lambda x: np.reshape(x, (3, 4)) * np.arange(12.0).reshape(3, 4),
    "a constant": lambda x: np.ones(3),
    "nothing": lambda x: x[:0],
    "steps": lambda x: np.floor(x),
}


@pytest.mark.parametrize("given", ["detect", "dense"])
@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_numbers_of_the_dense_jacobian(name: str, mode: str | None, given: str) -> None:
    f = FUNCTIONS[name]
    wanted = jacobian(f)(X).reshape(-1, 12)
    found = jacobian(f, mode=mode, sparsity="detect" if given == "detect" else wanted != 0)(X)
    assert isinstance(found, sparse.csr_array) and found.dtype == np.float64
    np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-15)


@pytest.mark.parametrize("chunk", [None, 1, 2])
def test_hessians(chunk: int | None) -> None:
    for f in (rosenbrock, lambda x: x[0] * np.sum(x**2), lambda x: np.sum(np.sin(x)), lambda x: np.sum(x), np.prod):
        wanted = hessian(f)(X)
        for sparsity in ("detect", wanted != 0):
            found = hessian(f, sparsity=sparsity, chunk_size=chunk)(X)
            assert isinstance(found, sparse.csr_array)
            np.testing.assert_allclose(found.toarray(), wanted, rtol=1e-12, atol=1e-15)


def test_one_triangle_is_enough_for_a_hessian() -> None:
    upper = sparse.csr_array(np.triu(banded(12)))
    np.testing.assert_allclose(hessian(rosenbrock, sparsity=upper)(X).toarray(), hessian(rosenbrock)(X), rtol=1e-14)


def test_ten_thousand_unknowns_take_three_pushes() -> None:
    """And the check one more; detection is one run, on sets of indices."""
    runs = []

    def f(x: Any) -> Any:
        runs.append(type(x).__name__)
        return stencil(x)

    x = np.linspace(-1.0, 1.0, 10_000)
    found = jacobian(f, sparsity="detect", check=False, chunk_size=1)(x)
    assert runs == ["Dependence", "Dual", "Dual", "Dual"]
    assert found.shape == (10_000, 10_000) and found.nnz == 29_996
    runs.clear()
    again = jacobian(f, sparsity=found, chunk_size=1)(x)  # a result is a pattern
    assert runs == ["Dual"] * 4
    np.testing.assert_array_equal(again.data, found.data)
    runs.clear()
    np.testing.assert_array_equal(jacobian(f, sparsity=found)(x).data, found.data)  # all at once
    assert runs == ["Dual"]
    np.testing.assert_allclose(found.diagonal()[1:-1], 3.0 - np.tanh(x[1:-1]) ** 2)
    np.testing.assert_array_equal(found.diagonal(1), np.append(0.0, np.full(9998, -1.0)))


def test_hessians_by_three_pushes() -> None:
    runs = []

    def f(x: Any) -> Any:
        runs.append(1)
        return rosenbrock(x)

    found = hessian(f, sparsity="detect", check=False, chunk_size=1)(np.linspace(-1.0, 1.0, 2000))
    assert len(runs) == 1 + 3 and found.nnz == 2000 + 2 * 1999


def test_reverse_mode_runs_once() -> None:
    runs = []

    def f(x: Any) -> Any:
        runs.append(type(x).__name__)
        return np.stack([np.sum(x[:6] ** 2), np.sum(x[6:] ** 3)])

    np.testing.assert_array_equal(jacobian(f, sparsity="detect")(X).toarray(), jacobian(f)(X))
    assert runs[:2] == ["Dependence", "Traced"]


def test_the_pattern_does_not_come_from_the_numbers() -> None:
    """At 0 each of these has derivatives of 0, and they are stored."""
    zeros = np.zeros(3)
    for f, count in ((lambda x: x * x, 3), (lambda x: x * 0.0, 3), (lambda x: np.where(x > 5.0, x, 0.0), 3)):
        found = jacobian(f, sparsity="detect")(zeros)
        assert found.nnz == count and not found.data.any()
    assert hessian(lambda x: np.sum(x**3), sparsity="detect")(zeros).nnz == 3


def test_trees_and_several_arguments() -> None:
    def f(p: Any, y: Any, scale: float) -> Any:
        return {"a": p["w"] * y[0] * scale, "b": [np.sum(y), p["b"] * p["w"]]}

    p, y = {"w": X[:3], "b": 2.0}, X[3:5]
    wanted = jacobian(f, argnums=(0, 1))(p, y, 3.0)
    for mode in (None, "forward", "reverse"):
        found = jacobian(f, argnums=(0, 1), mode=mode, sparsity="detect")(p, y, 3.0)
        for get in (
            lambda t: t["a"][0]["w"],
            lambda t: t["a"][0]["b"],
            lambda t: t["a"][1],
            lambda t: t["b"][0][0]["w"],
            lambda t: t["b"][1][0]["b"],
            lambda t: t["b"][1][1],
        ):
            block = get(found)
            assert block.shape == (np.size(get(wanted)) // block.shape[1], block.shape[1])
            np.testing.assert_allclose(block.toarray(), np.reshape(get(wanted), block.shape), rtol=1e-15)
    by_name = jacobian(lambda x, w: x * w, argnames="w", sparsity="detect")(X, w=X)
    np.testing.assert_array_equal(by_name.diagonal(), X)


def test_hessian_of_a_tree() -> None:
    def f(p: Any) -> Any:
        return np.sum(p["w"] ** 2) * p["b"]

    p = {"w": X[:3], "b": 2.0}
    wanted, found = hessian(f)(p), hessian(f, sparsity="detect")(p)
    np.testing.assert_allclose(found["w"]["w"].toarray(), wanted["w"]["w"])
    np.testing.assert_allclose(found["w"]["b"].toarray()[:, 0], wanted["w"]["b"])
    assert found["b"]["b"].nnz == 0 and found["b"]["b"].shape == (1, 1)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_aux(mode: str) -> None:
    found, aux = jacobian(lambda x: (x * x, {"x": x, "n": "note"}), mode=mode, has_aux=True, sparsity="detect")(X)
    np.testing.assert_array_equal(found.diagonal(), 2 * X)
    assert aux["n"] == "note" and type(aux["x"]) is np.ndarray
    np.testing.assert_array_equal(aux["x"], X)
    found, aux = hessian(lambda x: (rosenbrock(x), x), has_aux=True, sparsity="detect")(X)
    np.testing.assert_array_equal(aux, X)


def test_float32_stays() -> None:
    for mode in ("forward", "reverse"):
        assert jacobian(stencil, mode=mode, sparsity="detect")(X.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_pattern_that_is_too_small(mode: str) -> None:
    small = banded(12)
    small[3, 4] = False
    with pytest.raises(ArgumentError) as raised:
        jacobian(stencil, mode=mode, sparsity=small)(X)
    what = "row 3 has elements in other columns" if mode == "forward" else "column 4 has elements in other rows"
    assert str(raised.value).startswith(f"jacobian: the pattern is too small: {what}, too (")
    assert str(raised.value).endswith(");\ngive a larger one, or sparsity='detect'")
    jacobian(stencil, mode=mode, sparsity=small, check=False)(X)  # the user knows
    with pytest.raises(ArgumentError, match=r"^hessian: the pattern is too small: row \d+ has elements"):
        hessian(rosenbrock, sparsity=np.eye(12))(X)


def test_a_rule_that_depends_on_more_than_its_function() -> None:
    """The detected pattern is that of the function. This rule gives a slope of 1."""
    rounded = custom_jvp(np.round)
    rounded.defjvp(lambda primals, tangents: (np.round(primals[0]), tangents[0]))
    with pytest.raises(ArgumentError) as raised:
        jacobian(rounded, sparsity="detect")(X)
    assert str(raised.value).splitlines()[1] == (
        "a rule of a custom_vjp or custom_jvp depends on more than its function; give the pattern: sparsity=pattern"
    )
    np.testing.assert_array_equal(jacobian(rounded, sparsity=np.eye(12))(X).toarray(), np.eye(12))


CANCELLING: dict[str, Any] = {
    "identity": lambda x: np.sin(x) ** 2 + np.cos(x) ** 2,
    "product": lambda x: np.exp(x) * np.exp(-x) * 7.0,
    "neighbors": lambda x: np.sqrt(x[1:]) ** 2 / x[1:] * (np.exp(np.log(x[:-1])) / x[:-1]),
}


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("name", CANCELLING)
def test_derivatives_that_are_all_rounding_are_not_refused(name: str, mode: str) -> None:
    f = CANCELLING[name]
    for seed in range(10):
        x = np.random.default_rng(seed).uniform(0.2, 3.0, 6)
        assert abs(jacobian(f, sparsity="detect", mode=mode)(x).toarray()).max() < 1e-13
        assert abs(hessian(lambda x: np.sum(x * f(x)[0]), sparsity="detect")(x).toarray()).max() < 1e-12


def test_a_pattern_may_be_too_large() -> None:
    for mode in ("forward", "reverse"):
        found = jacobian(stencil, mode=mode, sparsity=banded(12, 3))(X)
        np.testing.assert_allclose(found.toarray(), jacobian(stencil)(X), rtol=1e-15)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_pattern_of_the_wrong_height(mode: str) -> None:
    with pytest.raises(ShapeError) as raised:
        jacobian(lambda x: x[:4], mode=mode, sparsity=banded(12))(X)
    assert str(raised.value) == (
        "jacobian: the pattern has shape (12, 12), but there are 4 elements in all that f returned; "
        "give a row for each element of the output, a column for each of the input"
    )
    with pytest.raises(ShapeError, match=r"^hessian: the pattern has shape \(3, 12\), but there are 12 elements"):
        hessian(rosenbrock, sparsity=np.ones((3, 12)))(X)


def test_a_branch_on_data_needs_a_pattern() -> None:
    def f(x: Any) -> Any:
        return x * x if x[0] > 0 else -x

    with pytest.raises(DataError, match=r"^sparsity='detect': a branch \(`if`, `while`, `and`\) asks for a number"):
        jacobian(f, sparsity="detect")(X)
    np.testing.assert_array_equal(jacobian(f, sparsity=np.eye(12))(X).toarray(), -np.eye(12))


REFUSED: dict[str, Any] = {
    "a Value": lambda kind: kind(stencil, sparsity="detect")(Value(X)),
    "inside grad": lambda kind: grad(lambda x: np.sum(kind(stencil, sparsity=banded(12))(x)))(X),
    "inside jvp": lambda kind: jvp(lambda x: kind(stencil, sparsity=banded(12))(x), (X,), (X,)),
    "inside vmap": lambda kind: vmap(kind(stencil, sparsity=banded(12)))(X[None]),
    "of an outer value": lambda kind: grad(lambda s: kind(lambda x: s * x, sparsity=np.eye(12))(X).sum())(2.0),
    "of an outer value, reverse": lambda kind: grad(
        lambda s: kind(lambda x: s * x, mode="reverse", sparsity=np.eye(12))(X).sum()
    )(2.0),
}


@pytest.mark.parametrize("row", REFUSED)
def test_sparse_arrays_carry_no_gradient(row: str) -> None:
    with pytest.raises(GradientError) as raised:
        REFUSED[row](jacobian)
    assert str(raised.value) == (
        "jacobian: sparsity= gives SciPy's sparse arrays, which carry no gradient; give plain numbers (x.numpy() of a "
        "Value),\nand inside another transform call jacobian without sparsity"
    )


def test_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(MissingExtraError) as raised:
        jacobian(stencil, sparsity="detect")(X)
    assert str(raised.value) == (
        "jacobian: sparsity= gives SciPy's sparse arrays, and SciPy is not installed;\n"
        "pip install 'micrograd-nd[scipy]'"
    )


def test_a_newton_step_on_sparse_numbers() -> None:
    """The result goes straight into SciPy's solvers."""
    from scipy.sparse.linalg import spsolve

    x, derivative = np.ones(200), jacobian(stencil, sparsity=banded(200))
    for _ in range(20):
        x = x - spsolve(derivative(x).tocsc(), stencil(x) - 0.1)
    np.testing.assert_allclose(stencil(x), np.full(200, 0.1), atol=1e-12)


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "all"])
def test_chunks(size: Any) -> None:
    for transform in (jacobian, hessian):
        with pytest.raises(ArgumentError) as raised:
            transform(stencil, chunk_size=size)
        assert str(raised.value) == (
            f"{transform.__name__}: chunk_size={size!r}; give how many directions to take at once, from 1, "
            f"or None for many"
        )
