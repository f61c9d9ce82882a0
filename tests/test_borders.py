"""Where a Value meets code that knows nothing of it: it keeps its history, or it is
refused with the repair.

Every row here once gave plain numbers, and so a gradient of 0 without a word.
"""

from __future__ import annotations

import copy
import math
import pickle
import statistics
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import Value, elementwise_grad, grad, hessian, hvp, jacobian, jvp, no_grad, ops, value_and_grad, vjp
from micrograd.errors import ArgumentError, DataError, GradientError, MicrogradError

X = np.array([[1.0, 2.0], [3.0, 4.0]])
ONES = np.ones(2)


def slope(f: Callable[..., Any], x: Any) -> Any:
    """The derivative in forward mode."""
    if np.ndim(x) == 0:
        return jvp(f, (x,), (1.0,))[1]
    return np.array([jvp(f, (x,), (t,))[1] for t in np.eye(len(x))])


# Numbers join NumPy's arrays as objects


JOINED: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "array, then arithmetic": (lambda x: np.sum(np.array([x[0], x[1] * x[0]]) * np.array([1.0, 2.0])), [7.0, 4.0]),
    "mean of a list": (lambda x: np.mean([x[0] ** 2, x[1] + 2]), [2.0, 0.5]),
    "sum of a list": (lambda x: np.sum([x[0] ** 2, x[1] + 2]), [4.0, 1.0]),
    "predictions less targets": (lambda x: ((np.array([x[0], x[0] * x[1]]) - ONES) ** 2).sum(), [32.0, 20.0]),
    "object array times a value": (lambda x: np.sum(np.array([x[0], x[1]]) * x), [4.0, 6.0]),
    "value times an object array": (lambda x: np.sum(x * np.array([x[0], x[1]])), [4.0, 6.0]),
    "value @ object array": (lambda x: x @ np.array([x[0], x[1]]), [4.0, 6.0]),
    "op of an object array": (lambda x: ops.sum(np.multiply(np.array([x[0], x[1]]), x)), [4.0, 6.0]),
    "object array of a matrix": (lambda x: np.sum(np.array([[x[0], 1.0], [x[1], x[0]]]) @ ONES), [2.0, 1.0]),
    "plain matrix times it": (lambda x: np.sum(X @ np.array([x[0], x[1]])), [4.0, 6.0]),
    "np.full": (lambda x: np.full(3, x[0] * x[1]).sum(), [9.0, 6.0]),
    "a matrix's dot with a number": (lambda x: X.dot(x[0]).sum(), [10.0, 0.0]),
    "micrograd.numpy.array": (lambda x: mnp.sum(mnp.array([x[0], x[1] ** 2])), [1.0, 6.0]),
    "an entry of an object array": (lambda x: _entry(x), [3.0, 2.0]),
    "variance of a list": (lambda x: np.var([x[0], x[1]]), [-0.5, 0.5]),
}


def _entry(x: Any) -> Any:
    out = np.zeros(2, dtype=object)
    out[0] = x[0] * x[1]
    return out.sum()


@pytest.mark.parametrize("name", JOINED)
def test_numbers_join_arrays_with_their_history(name: str) -> None:
    f, wanted = JOINED[name]
    at = np.array([2.0, 3.0])
    np.testing.assert_allclose(grad(f)(at), wanted)
    np.testing.assert_allclose(slope(f, at), wanted)
    x = Value(at)
    f(x).backward()
    np.testing.assert_allclose(x.grad, wanted)


def test_a_list_of_values_is_an_array_of_them_as_with_the_original_engine() -> None:
    v, w = Value(2.0), Value(3.0)
    both = np.array([v, w])
    assert both.dtype == object and both[0] is v and both[1] is w
    assert np.mean([v, w]).inputs and type(np.mean([v, w])) is Value
    (np.array([v * w, w]) - np.array([1.0, 2.0])).sum().backward()
    assert (v.grad, w.grad) == (3.0, 3.0)


def test_a_matrix_of_weights_made_by_vectorize() -> None:
    W, x = np.vectorize(Value)(X), np.array([Value(1.0), Value(-1.0)])
    for z in W @ x:
        z.backward()
    assert [[w.grad for w in row] for row in W] == [[1.0, -1.0], [1.0, -1.0]]
    assert [v.grad for v in x] == [4.0, 6.0]


def test_float32_numbers_stay_values_in_a_mean() -> None:
    x = Value(np.float32([1.0, 2.0]))
    z = np.mean([x[0], x[1]])
    z.backward()
    assert (z.dtype, x.grad.dtype, x.grad.tolist()) == (np.float32, np.float32, [0.5, 0.5])


def test_an_output_of_objects_is_one_value() -> None:
    f: Callable[[Any], Any] = lambda x: np.array([x[0] * x[1], x[1] ** 2])  # noqa: E731
    for mode in ("reverse", "forward", None):
        np.testing.assert_array_equal(jacobian(f, mode=mode)(np.array([2.0, 3.0])), [[3.0, 2.0], [0.0, 6.0]])
        columns = jacobian(f, mode=mode)([2.0, 3.0])  # a list of two numbers: the derivative by each of them
        np.testing.assert_array_equal(np.stack(columns, axis=-1), [[3.0, 2.0], [0.0, 6.0]])
    np.testing.assert_array_equal(elementwise_grad(f)(np.array([2.0, 3.0])), [3.0, 8.0])
    out, pullback = vjp(f, np.array([2.0, 3.0]))
    assert out.dtype == float
    np.testing.assert_array_equal(pullback(np.array([1.0, 0.0]))[0], [3.0, 2.0])


def test_objects_that_are_no_values_are_refused() -> None:
    with pytest.raises(DataError, match=r"multiply: .* has elements of type object"):
        Value([1.0, 2.0]) * np.array([None, 1.0])
    with pytest.raises(DataError, match=r"Value: .* has Values as its elements; micrograd\.ops\.stack joins Values"):
        Value(np.array([Value(1.0), 2.0]))


@pytest.mark.parametrize("other", [1j, np.array([1j]), "2.0", None], ids=repr)
def test_what_is_not_real_is_refused_in_both_modes(other: Any) -> None:
    for ask in (lambda: grad(lambda x: ops.sum(x * other))(1.0), lambda: slope(lambda x: ops.sum(x * other), 1.0)):
        with pytest.raises(DataError, match="multiply: "):
            ask()


# Arrays refuse to become plain ones


REFUSED: dict[str, Callable[[Any], Any]] = {
    "X.dot(w)": lambda w: np.sum(X.dot(w) ** 2),
    "asarray": lambda w: np.asarray(w).sum(),
    "array": lambda w: np.array([w, w]).sum(),
    "array of a type": lambda w: np.array(w, dtype=float).sum(),
    "out[:]": lambda w: _assigned(w, slice(None)),
    "np.testing": lambda w: np.testing.assert_allclose(w, w),
    "math.fsum of rows": lambda w: math.fsum([w, w]),
}
TRACED: dict[str, Callable[[Any], Any]] = {  # of one number, under a transform
    "float": lambda x: float(x) ** 2,
    "int": lambda x: int(x) * x,
    "math.exp": lambda x: math.exp(x),
    "math.floor": lambda x: math.floor(x) * x,
    "math.hypot": lambda x: math.hypot(x, 1.0),
    "item": lambda x: x.item() * x,
    "tolist": lambda x: x.tolist() * x,
    "complex": lambda x: complex(x).real,
    "np.float64": lambda x: np.float64(x),
    "array of floats": lambda x: np.array([x, 1.0], dtype=float).sum(),
    "statistics": lambda x: statistics.fmean([x, 1.0]),
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
}


def _assigned(v: Any, place: Any) -> Any:
    out = np.zeros(2)
    out[place] = v
    return out.sum()


@pytest.mark.parametrize("name", REFUSED)
def test_arrays_with_a_history_refuse_to_become_plain(name: str) -> None:
    f = REFUSED[name]
    for ask in (lambda: f(Value(ONES)), lambda: grad(f)(ONES), lambda: jvp(f, (ONES,), (ONES,))):
        with pytest.raises((MicrogradError, TypeError, ValueError)) as caught:
            ask()
        if name != "math.fsum of rows":
            assert "has a gradient, which a plain array would lose" in str(caught.value)
            assert "np.dot(X, v) or X @ v" in str(caught.value)
            assert "v.numpy() gives plain numbers" in str(caught.value)
            assert "micrograd.ops.stack or micrograd.numpy.array joins values" in str(caught.value)


def test_the_right_way_is_right() -> None:
    np.testing.assert_array_equal(grad(lambda w: np.sum(np.dot(X, w) ** 2))(ONES), [48.0, 68.0])
    np.testing.assert_array_equal(grad(lambda w: np.sum((X @ w) ** 2))(ONES), [48.0, 68.0])


@pytest.mark.parametrize("name", TRACED)
def test_what_is_differentiated_refuses_to_become_a_plain_number(name: str) -> None:
    f = TRACED[name]
    for transform in (grad(f), value_and_grad(f), hessian(f), jacobian(f), lambda x: vjp(f, x), lambda x: slope(f, x)):
        with pytest.raises((GradientError, TypeError, ValueError)) as caught:
            transform(2.0)
        told = str(caught.value) + str(caught.value.__cause__)
        assert "is being differentiated" in told
        assert name == "pickle" or ("np.exp(x) for math.exp(x)" in told and "x.detach() for a constant" in told)


def test_an_entry_of_a_plain_array_refuses_a_traced_number() -> None:
    for d in (grad, slope):
        with pytest.raises((MicrogradError, ValueError)) as caught:
            d(lambda x: _assigned(x[0] ** 2, 0))(ONES) if d is grad else d(lambda x: _assigned(x[0] ** 2, 0), ONES)
        assert "is being differentiated" in str(caught.value) + str(caught.value.__cause__)


def test_eager_numbers_answer() -> None:
    v = Value(2.5)
    assert (float(v), int(v), round(v), v.item(), math.exp(v)) == (2.5, 2, 2, 2.5, math.exp(2.5))
    assert float(v * 2) == 5.0 and np.array([v, 1.0], dtype=float).tolist() == [2.5, 1.0]


def test_constants_convert_freely() -> None:
    v = Value([1.0, 2.0])
    with no_grad():
        w = v * 2.0
        assert np.asarray(v).tolist() == [1.0, 2.0]
    assert np.asarray(w).tolist() == X.dot(v.detach()).tolist()[:0] + [2.0, 4.0]
    assert np.array([v.detach(), w]).dtype == float
    f: Callable[[Any], Any] = lambda x: x * float(x.detach()) + math.exp(x.detach())  # noqa: E731
    assert (grad(f)(3.0), slope(f, 3.0)) == (3.0, 3.0)
    assert grad(lambda x: np.sum(x * np.asarray(x.detach())))(ONES).tolist() == [1.0, 1.0]


def test_branches_on_numbers_keep_their_gradient() -> None:
    f: Callable[[Any], Any] = lambda x: x**2 if x > 1 and x else -x  # noqa: E731
    assert (grad(f)(3.0), grad(f)(0.5), slope(f, 3.0)) == (6.0, -1.0, 6.0)


def test_rounding_is_flat() -> None:
    assert grad(lambda x: x * round(x))(2.4) == 2.0 == slope(lambda x: x * round(x, 0), 2.4)


# Copies


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_of_what_is_differentiated_is_differentiated(copied: Any) -> None:
    assert grad(lambda x: copied(x) ** 2)(3.0) == 6.0 == slope(lambda x: copied(x) ** 2, 3.0)
    assert grad(lambda x: copied({"x": [x * x]})["x"][0])(3.0) == 6.0
    assert hvp(lambda x: copied(x) ** 3, (2.0,), (1.0,)) == 12.0
    assert hessian(lambda x: copied(x) ** 3)(2.0) == 12.0


# Eager Values that a function closes over


def test_gradient_penalty() -> None:
    w = Value(0.5)
    s = grad(lambda x: (w * x) ** 2)(3.0)
    ((3 * w - 1) ** 2 + (s - 1) ** 2).backward()
    assert (s.data, w.grad) == (1.5, 9.0)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_jacobian_of_a_function_with_weights(mode: str) -> None:
    w = Value([2.0, 3.0])
    J = jacobian(lambda x: w * x**2, mode=mode)(np.array([1.0, 4.0]))
    assert isinstance(J, Value) and J.data.tolist() == [[4.0, 0.0], [0.0, 24.0]]
    J.sum().backward()
    assert w.grad.tolist() == [2.0, 8.0]


def test_hessian_and_vjp_of_a_function_with_weights() -> None:
    w = Value(2.0)
    H = hessian(lambda x: w * x**3)(5.0)
    out, pullback = vjp(lambda x: w * x**3, 5.0)
    (g,) = pullback(1.0)
    assert (H.data, out.data, g.data) == (60.0, 250.0, 150.0)
    (H + out + g).backward()
    assert w.grad == 30.0 + 125.0 + 75.0
    h = hvp(lambda x: w * x**3, (5.0,), (1.0,))
    w.grad = 0.0
    h.backward()
    assert w.grad == 30.0


def test_results_are_values_that_a_user_meets_every_day() -> None:
    w = Value(2.0)
    s = grad(lambda x: w * x)(5.0)
    assert type(s) is Value and float(s) == 2.0 and math.exp(s) == math.exp(2.0)


# Equality compares data


def test_equality_in_formulas() -> None:
    at = np.array([0.0, 2.0, 3.0])

    def reciprocal(x: Any) -> Any:
        return np.sum(np.where(x != 0, 1 / np.where(x != 0, x, 1.0), 0.0))

    np.testing.assert_allclose(grad(reciprocal)(at), [0.0, -1 / 4, -1 / 9])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quotient = grad(lambda x: np.sum(np.where(x != 0, 1 / x, 0.0)))(at)
    np.testing.assert_allclose(quotient, [0.0, -1 / 4, -1 / 9])
    assert grad(lambda x: np.sum(x * (x == np.max(x))))(at).tolist() == [0.0, 0.0, 1.0]
    assert grad(lambda x: np.sum(x[x == 0] ** 2 + x[x != 0].sum()))(at).tolist() == [0.0, 1.0, 1.0]
    assert grad(lambda x: x * 10.0 if x == 3.0 else x)(3.0) == 10.0 == slope(lambda x: x * 10.0 if x == 3.0 else x, 3.0)
    assert grad(lambda x: x * 10.0 if x == x * 1.0 else x)(3.0) == 10.0
    y = np.array([1.0, -1.0])
    assert (np.sign(Value([3.0, 2.0])) == y).mean() == 0.5
    assert (y == np.sign(Value([3.0, 2.0]))).mean() == 0.5


# What outlives its transform


def test_a_number_kept_past_its_jvp_is_a_constant() -> None:
    cache: dict[str, Any] = {}

    def f(x: Any) -> Any:
        return cache.setdefault("x", x * 2.0) * x

    assert jvp(f, (3.0,), (1.0,)) == (18.0, 12.0)
    assert jvp(f, (5.0,), (1.0,)) == (30.0, 6.0)  # 6 x now, and not (2 x)^2
    assert grad(f)(5.0) == 6.0
    assert hessian(lambda x: f(x) * x)(5.0) == 12.0
    assert float(cache["x"]) == 6.0
    assert jvp(lambda x: cache["x"], (3.0,), (1.0,)) == (6.0, 0.0)


def test_a_number_kept_past_its_grad_is_a_constant() -> None:
    state: list[Any] = [1.0]

    def f(x: Any) -> Any:
        state[0] = 0.5 * state[0] + x
        return state[0] * x

    assert grad(f)(1.0) == 1.5 + 1.0
    assert grad(f)(2.0) == (0.75 + 2.0) + 2.0  # a plain number: the state is a constant
    assert float(state[0]) == 2.75
    assert jvp(f, (2.0,), (1.0,))[1] == 2.75 / 2 + 2.0 + 2.0
    assert vjp(f, 2.0)[1](1.0)[0] == float(np.asarray(state[0] if isinstance(state[0], float) else state[0].data)) + 2.0


def test_a_number_kept_past_a_nested_transform_is_a_constant() -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x * x)
        return x**3

    assert hvp(f, (2.0,), (1.0,)) == 12.0
    for old in list(kept):
        assert grad(lambda x, old=old: old * x)(2.0) == 4.0
        assert jvp(lambda x, old=old: old * x, (2.0,), (1.0,)) == (8.0, 4.0)


# Other libraries' arrays


@pytest.mark.parametrize(
    ("given", "repair"),
    [
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"X\.filled\(number\), and np\.where\(mask, \.\.\.\)"),
        (np.ones((1, 2)).view(np.matrix), r"np\.asarray\(X\)"),
    ],
    ids=["masked", "matrix"],
)
def test_arrays_whose_operators_differ_are_refused(given: Any, repair: str) -> None:
    v = Value([1.0, 2.0])
    for program in (lambda: Value(given), lambda: v * given, lambda: v @ given.T, lambda: ops.add(v, given)):
        with pytest.raises(DataError, match=repair):
            program()
    with pytest.raises(MicrogradError):
        given * v
    with pytest.raises(DataError, match=repair):
        grad(lambda x: np.sum(x * given))(ONES)


@pytest.mark.peer
def test_pandas_and_xarray_give_way() -> None:
    import pandas as pd
    import xarray as xr

    df = pd.DataFrame(X)
    np.testing.assert_array_equal(grad(lambda w: np.sum(np.dot(df, w) ** 2))(ONES), [48.0, 68.0])
    with pytest.raises(GradientError, match=r"np\.dot\(X, v\)"):  # pandas asks nobody before it multiplies matrices
        grad(lambda w: np.sum((df @ w) ** 2))(ONES)
    np.testing.assert_array_equal(
        grad(lambda w: np.sum((df * w) ** 2))(ONES), grad(lambda w: np.sum((X * w) ** 2))(ONES)
    )
    np.testing.assert_array_equal(grad(lambda w: np.sum((df[0] - w) ** 2))(ONES), [0.0, -4.0])
    for ask in (lambda w: pd.Series(w), lambda w: pd.DataFrame({"w": w}).sum()):
        with pytest.raises((MicrogradError, TypeError, ValueError)):
            grad(ask)(ONES)
    table = xr.DataArray(X)
    np.testing.assert_array_equal(
        grad(lambda w: np.sum((w * table) ** 2))(ONES), grad(lambda w: np.sum((w * X) ** 2))(ONES)
    )
    g = grad(lambda w: ((table * w) ** 2).sum().data)(ONES)
    np.testing.assert_array_equal(g, grad(lambda w: np.sum((X * w) ** 2))(ONES))


def test_scipy_refuses() -> None:
    special = pytest.importorskip("scipy.special", reason="SciPy is an extra")
    for f in (lambda v: special.logsumexp(v), lambda v: special.expit(v) if np.ndim(v) else special.logsumexp([v, v])):
        for x in (ONES, 1.0):
            with pytest.raises((MicrogradError, TypeError, ValueError)):
                grad(f)(x)


# NumPy's r_ and c_, which ask nobody: numbers join as objects, arrays are refused


def test_r_and_c_keep_the_history_or_refuse() -> None:
    v = Value(2.0)
    row = np.r_[v, 1.0]
    assert row.dtype == object and row[0] is v
    assert grad(lambda x: np.sum(np.r_[x[0], x[1]] ** 2))(np.array([2.0, 3.0])).tolist() == [4.0, 6.0]
    for ask in (lambda x: np.r_[x, 1.0], lambda x: np.c_[x, x], lambda x: np.r_[x[0] : 3.0 : 4j]):
        with pytest.raises((GradientError, TypeError)):
            grad(lambda x, ask=ask: np.sum(ask(x)))(ONES)
    assert grad(lambda x: np.sum(mnp.r_[x, 1.0] ** 2) + np.sum(mnp.c_[x, x]))(ONES).tolist() == [4.0, 4.0]


@pytest.mark.parametrize("transform", [grad, value_and_grad, elementwise_grad, jacobian, hessian])
def test_a_transform_of_what_is_no_function_is_refused(transform: Any) -> None:
    with pytest.raises(
        ArgumentError, match=r": 3\.0 is not a function; give one, as in \w+\(lambda x: x \* x\)\(3\.0\)"
    ):
        transform(3.0)


# Quotients


def test_a_quotient_of_numbers_in_a_transform_is_a_division() -> None:
    value, _ = value_and_grad(lambda x: x / 49.0)(49.0)
    assert value == 1.0 == jvp(lambda x: x / 49.0, (49.0,), (1.0,))[0]
    value, g = value_and_grad(lambda x: 49.0 / x)(49.0)
    assert (value, g) == (1.0, -1 / 49)
    w = Value(49.0)
    assert value_and_grad(lambda x: x / w)(49.0)[0].data == 1.0
    assert value_and_grad(lambda x: w / x)(49.0)[0].data == 1.0
    assert {node.op for node in (w / Value(49.0)).inputs} == {"", "**-1"}  # the texts' graph


# Processes


def cube(x: Any) -> Any:
    """For pickles: a function that another process can find."""
    return x**3


@pytest.mark.parametrize("derived", [grad(cube), value_and_grad(cube), jacobian(cube), hessian(cube), grad(np.tanh)])
def test_a_derivative_pickles_where_its_function_does(derived: Any) -> None:
    twin = pickle.loads(pickle.dumps(derived))
    assert twin(2.0) == derived(2.0)
    assert (twin.__name__, repr(twin)) == (derived.__name__, repr(derived))


def test_a_derivative_is_a_method_where_it_stands_in_a_class() -> None:
    class Cubic:
        scale = 2.0

        def at(self, x: Any) -> Any:
            return self.scale * x**3

        slope = grad(at, argnums=1)

    assert Cubic().slope(2.0) == 24.0


def test_a_thread_inside_a_transform_refuses_too() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(GradientError, match="is being differentiated"):
        grad(lambda x: pool.submit(math.exp, x).result())(1.0)
