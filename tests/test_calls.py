"""How ops and composites may be called: NumPy's positions, lists, and what is said of
anything else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, ops
from micrograd.abstract import Abstract
from micrograd.errors import DataError, MicrogradError, OpError
from micrograd.op import elementwise
from micrograd.ops.calls import Plan, kind_of, order_of
from micrograd.transforms import jvp
from tests.ops.composites import assert_alone

X = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 6.0]])


def numpys(name: str) -> Any:
    return getattr(np, name, None) or getattr(np.linalg, name)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sum", (0,)),
        ("sum", (1, None, None, True)),
        ("sum", (None,)),
        ("mean", (0,)),
        ("max", ((0, 1), None, True)),
        ("var", (0, None, None, 1)),
        ("std", (0, None, None, 1, True)),
        ("prod", (1,)),
        ("cumsum", (1,)),
        ("median", (0, None, False, True)),
        ("argmax", (1,)),
        ("argsort", (0,)),
        ("any", (0,)),
        ("sort", (0,)),
        ("reshape", ((3, 2),)),
        ("transpose", ((1, 0),)),
        ("broadcast_to", ((2, 2, 3),)),
        ("expand_dims", (1,)),
        ("squeeze", (None,)),
        ("flip", (0,)),
        ("roll", (1, 1)),
        ("repeat", (2, 1)),
        ("tile", ((2, 1),)),
        ("take", ([0], 1)),
        ("take", ([7], 1, None, "clip")),
        ("take_along_axis", (np.array([[0], [1]]), 1)),
        ("round", (1,)),
        ("clip", (2.0, 4.0)),
        ("norm", (1, 0, True)),
        ("diagonal", (1, 0, 1)),
        ("trace", (1,)),
        ("tril", (1,)),
        ("pad", (1, "edge")),
        ("moveaxis", (0, 1)),
    ],
    ids=str,
)
def test_positions_are_numpys(name: str, arguments: tuple[Any, ...]) -> None:
    """The same call means the same, on numbers, on a Value, and in forward mode."""
    wanted = numpys(name)(X, *arguments)
    function = getattr(ops, name)
    np.testing.assert_allclose(function(X, *arguments), wanted)
    np.testing.assert_allclose(function(X.tolist(), *arguments), wanted)
    z = function(Value(X), *arguments)
    np.testing.assert_allclose(z.data if isinstance(z, Value) else z, wanted)
    if isinstance(z, Value):
        primal, _ = jvp(lambda x: function(x, *arguments), [X], [X])
        np.testing.assert_allclose(primal, wanted)
        assert function(Abstract(X.shape), *arguments).shape == wanted.shape


def test_the_call_of_the_issue_has_the_gradient_of_the_call_by_name() -> None:
    v = Value(X)
    (ops.sum(v, 0) * [1.0, 2.0, 3.0]).sum().backward()
    np.testing.assert_array_equal(v.grad, [[1.0, 2.0, 3.0]] * 2)
    assert ops.stack([Value(1.0), Value(2.0)], 0).shape == (2,)
    assert ops.concatenate([Value(X), X], 1).shape == (2, 6)
    assert ops.softmax(Value(X), 0).shape == X.shape  # NumPy has none: the order is our own


@pytest.mark.parametrize("name", [name for name in ops.__all__ if callable(getattr(ops, name))])
def test_no_position_is_misread(name: str) -> None:
    """Where NumPy has a function of this name, what we take by position stands at the
    same place there.
    """
    theirs = order_of(name)
    if theirs is None:
        return
    code = getattr(ops, name)
    code = getattr(getattr(code, "forward", code), "__wrapped__", getattr(code, "forward", code)).__code__
    ours = code.co_varnames[: code.co_argcount]
    theirs = list(theirs)
    shared = [p for p in ours if p in theirs and p not in ("x", "a", "b", "n")]
    assert [theirs.index(p) for p in shared] == [ours.index(p) for p in shared]


V, W = 2.0, 3.0


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (lambda v, w: ops.tanh([v, w]), 1.0 - np.tanh([V, W]) ** 2),
        (lambda v, w: ops.tanh([[v], [w]]), 1.0 - np.tanh([V, W]) ** 2),
        (lambda v, w: ops.multiply([v, w], (w, v)), [2 * W, 2 * V]),
        (lambda v, w: ops.multiply(v, y=w), [W, V]),
        (lambda v, w: ops.multiply(x=v, y=w), [W, V]),
        (lambda v, w: ops.sum([v, [w, 1.0][0]], 0), [1.0, 1.0]),
        (lambda v, w: ops.mean([v, w, 1.0, 1.0]), [0.25, 0.25]),
        (lambda v, w: ops.square(np.array([v, w], object)), [2 * V, 2 * W]),
        (lambda v, w: ops.where([True, False], [v, v], [w, w]), [1.0, 1.0]),
        (lambda v, w: ops.dot([v, w], [3.0, 4.0]), [3.0, 4.0]),
        (lambda v, w: ops.matmul(np.eye(2), [v, w]), [1.0, 1.0]),
        (lambda v, w: ops.concatenate([[v, 1.0], [w]]), [1.0, 1.0]),
        (lambda v, w: ops.stack([[v, w], [w, v]]), [2.0, 2.0]),
        (lambda v, w: ops.einsum("i,i", [v, w], [3.0, 4.0]), [3.0, 4.0]),
        (lambda v, w: [v, w] - v, [-1.0, 1.0]),
        (lambda v, w: np.array([1.0, 2.0]) * ops.stack([v, w]), [1.0, 2.0]),
    ],
)
def test_lists_of_values_keep_their_history(call: Any, wanted: Any) -> None:
    v, w = Value(V), Value(W)
    ops.sum(call(v, w)).backward()
    np.testing.assert_allclose([v.grad, w.grad], wanted)
    slope = grad(lambda x: ops.sum(call(x, Value(W).detach())))(V)
    np.testing.assert_allclose(slope, wanted[0])


def object_array(*values: Any) -> Any:
    """An object array, filled one by one: NumPy itself may look into what it is
    given.
    """
    boxes = np.empty(len(values), object)
    for i, value in enumerate(values):
        boxes[i] = value
    return boxes


@pytest.mark.parametrize("f", [ops.tanh, ops.square, ops.erf, ops.relu, ops.cumsum, ops.softmax, ops.negative])
def test_object_arrays_of_values_are_stacked(f: Any) -> None:
    v, w = Value(V), Value(W)
    z = f(object_array(v, w))
    assert isinstance(z, Value)
    assert z.shape == (2,)
    (z * [1.0, 2.0]).sum().backward()
    x = Value([V, W])
    (f(x) * [1.0, 2.0]).sum().backward()
    np.testing.assert_allclose([v.grad, w.grad], x.grad)


@pytest.mark.parametrize("operate", [lambda x, y: x * y, lambda x, y: x - y, lambda x, y: x / y, lambda x, y: x**y])
def test_operators_stack_object_arrays(operate: Any) -> None:
    v, x = Value(V), Value([1.0, 2.0])
    for z in (operate(x, object_array(v, v)), operate(object_array(v, v), x)):
        assert isinstance(z, Value)
        z.sum().backward()
    y = Value([V, V])
    x2 = Value([1.0, 2.0])
    (operate(x2, y) + operate(y, x2)).sum().backward()
    np.testing.assert_allclose(v.grad, y.grad.sum())
    np.testing.assert_allclose(x.grad, x2.grad)


def test_lists_of_numbers_are_arrays() -> None:
    np.testing.assert_array_equal(ops.tanh([1.0, 2.0]), np.tanh([1.0, 2.0]))
    assert ops.any([False, True])
    assert ops.argmax((1, 3, 2)) == 1
    np.testing.assert_array_equal(ops.where([True, False], 1.0, [2.0, 3.0]), [1.0, 3.0])


LISTED = [
    (lambda v: ops.tanh("a"), DataError, "tanh: 'a' is a str, not a number or an array of numbers"),
    (lambda v: ops.tanh(None), DataError, "tanh: None is a NoneType, not a number or an array of numbers"),
    (lambda v: ops.mean(None), DataError, "mean: None is a NoneType, not a number or an array of numbers"),
    (lambda v: ops.mean({1}), DataError, "mean: {1} is a set, not a number or an array of numbers"),
    (lambda v: ops.tanh([1.0, [2.0]]), DataError, "tanh: the list [1.0, [2.0]] is ragged"),
    (lambda v: ops.mean([v, "a"]), DataError, "mean: "),
    (lambda v: ops.sum(v, axis="0"), MicrogradError, "sum: axis '0': give an integer, or a tuple of integers"),
    (lambda v: ops.sum(v, "0"), MicrogradError, "sum: axis '0': give an integer, or a tuple of integers"),
    (lambda v: ops.tile(v, 1, 2), OpError, "tile: 3 arguments are too many; call it as tile(x, reps)"),
    (lambda v: ops.softmax(v, 0, 2), OpError, "softmax: 3 arguments are too many; call it as softmax(x, axis=)"),
    (lambda v: ops.tile(v), OpError, "tile: missing reps; call it as tile(x, reps)"),
    (lambda v: ops.tanh(), OpError, "tanh: missing x; call it as tanh(x)"),
    (lambda v: ops.multiply(v), OpError, "multiply: missing y; call it as multiply(x, y)"),
    (lambda v: ops.multiply(v, v, v), OpError, "multiply: argument 3 is out= in NumPy, but not here; no op writes"),
    (lambda v: ops.var(v, 0, 1), OpError, "var: argument 3 is dtype= in NumPy, but not here; use .astype(dtype)"),
    (lambda v: ops.argsort(v, 0, "stable"), OpError, "argsort: argument 3 is kind= in NumPy, but not"),
    (lambda v: ops.sum(v, 0, axis=0), OpError, "sum: axis is given twice, by position and by name; give it once"),
    (lambda v: ops.tanh(v, x=v), OpError, "tanh: x is given twice, by position and by name; give it once"),
    (lambda v: ops.sum(v, axxis=0), OpError, "sum: there is no axxis=; the nearest is axis="),
    (lambda v: ops.sum(v, dim=0), OpError, "sum: there is no dim=; write axis="),
    (lambda v: ops.mean(v, keepdim=True), OpError, "mean: there is no keepdim=; write keepdims="),
    (lambda v: ops.tanh(v, out=v), OpError, "tanh: there is no out=; no op writes into an array; take the result"),
    (lambda v: ops.tanh(v, zzz=v), OpError, "tanh: there is no zzz=; call it as tanh(x)"),
    (lambda v: ops.raise_to(v, exponent=v), OpError, "raise_to: exponent= is a Value, and a param carries no gradient"),
]


@pytest.mark.parametrize(("call", "error", "words"), LISTED, ids=lambda given: given if isinstance(given, str) else "")
@pytest.mark.parametrize("kind", [Value, np.asarray, lambda x: Abstract(np.shape(x))], ids=["value", "array", "shape"])
def test_what_is_said_of_other_calls(kind: Any, call: Any, error: type[MicrogradError], words: str) -> None:
    if kind is np.asarray and words.startswith("raise_to"):
        return
    with pytest.raises(error) as caught:
        call(kind([1.0, 2.0]))
    assert str(caught.value).startswith(words)
    assert_alone(caught.value)


def test_a_type_error_of_an_ops_own_forward_is_shown_as_it_is() -> None:
    @elementwise("odd_one", lambda z, x: 1.0)
    def odd_one(x: Any) -> Any:
        raise TypeError("mine")

    try:
        with pytest.raises(TypeError, match=r"^mine$"):
            odd_one(1.0)
    finally:
        del ops.OPS["odd_one"]


def test_a_default_of_an_input_still_serves() -> None:
    @elementwise("scaled", lambda z, x, y: y, lambda z, x, y: x)
    def scaled(x: Any, y: Any = 2.0) -> Any:
        return x * y

    try:
        assert scaled(3.0) == 6.0
    finally:
        del ops.OPS["scaled"]


def test_a_function_of_any_keywords_is_not_told_which_there_are() -> None:
    def padded(x: Array, **options: Any) -> Any:  # type: ignore[name-defined]  # noqa: F821
        return x, options

    plan = Plan(padded)
    assert plan.read(([1.0],), {"dim": 3})[1] == {"dim": 3}


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("Array", "an array"),
        ("Array | float", "an array"),
        ("Array | None", "an array or None"),
        ("Sequence[Array]", "several arrays"),
        ("Array | str", ""),
        ("int", ""),
        ("SubArray", ""),
    ],
)
def test_what_a_signature_says_of_an_argument(annotation: str, kind: str) -> None:
    assert kind_of(annotation) == kind
