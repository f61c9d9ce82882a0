"""Arguments of the transforms: chosen by number and by name, trees of every kind, and
what f may return.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
import warnings
from enum import Enum
from typing import Any

import numpy as np
import pytest

from micrograd import Value, elementwise_grad, grad, hessian, jacobian, jvp, value_and_grad, vjp
from micrograd.argnums import Chosen
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError
from micrograd.nn import Linear
from micrograd.trees import fixed_of, is_fixed, leaves_of, like, same_leaves

X = np.array([0.5, -1.0, 2.0])


@dataclasses.dataclass
class Layer:
    w: Any
    b: Any = 0.0
    name: str = "layer"


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    w: Any
    mask: Any = None


class Shade(Enum):
    DARK = 1


# By name


def scaled(x, w=1.0, *, b=0.0):
    return np.sum(x * w) + b


NAMED = {
    "one": (lambda: grad(scaled, argnames="w")(X, w=2.0), X.sum()),
    "one of a tuple": (lambda: grad(scaled, argnames=("b",))(X, b=2.0), {"b": 1.0}),
    "several": (lambda: grad(scaled, argnames=["b", "w"])(X, w=2.0, b=1.0), {"b": 1.0, "w": X.sum()}),
    "both": (lambda: grad(scaled, 0, argnames="w")(X, w=2.0), (2.0 * np.ones(3), X.sum())),
    "both, several": (
        lambda: grad(scaled, (0,), argnames=("w", "b"))(X, w=2.0, b=0.0),
        ((2.0 * np.ones(3),), {"w": X.sum(), "b": 1.0}),
    ),
    "value": (lambda: value_and_grad(scaled, argnames="w")(X, w=2.0), (2.0 * X.sum(), X.sum())),
    "aux": (
        lambda: grad(lambda *, x: (x * x, "note"), has_aux=True, argnames="x")(x=3.0),
        (6.0, "note"),
    ),
    "elementwise": (lambda: elementwise_grad(lambda x, y: x * y, argnames="y")(X, y=X), X),
    "tree": (lambda: grad(lambda p: p["a"] * p["b"], argnames="p")(p={"a": 2.0, "b": 3.0}), {"a": 3.0, "b": 2.0}),
    "twice": (lambda: grad(grad(lambda *, x: x**3, argnames="x"), argnames="x")(x=2.0), 12.0),
}


def same(given, wanted):
    if isinstance(wanted, (dict, tuple)):
        assert type(given) is type(wanted) and len(given) == len(wanted)
        for key in wanted if isinstance(wanted, dict) else range(len(wanted)):
            same(given[key], wanted[key])
    elif isinstance(wanted, str):
        assert given == wanted
    else:
        np.testing.assert_allclose(given, wanted, rtol=1e-14)
        assert np.shape(given) == np.shape(wanted)


@pytest.mark.parametrize("row", NAMED)
def test_arguments_by_name(row):
    call, wanted = NAMED[row]
    same(call(), wanted)


@pytest.mark.parametrize("argnames", ["v", ("w", "w"), (), ("w", "v"), 0], ids=repr)
def test_a_name_that_was_not_given_is_refused(argnames):
    with pytest.raises(ArgumentError) as caught:
        grad(scaled, argnames=argnames)(X, w=1.0)
    assert str(caught.value) == (
        f"grad: argnames={argnames!r}, and f was called with the names ['w']; "
        f"give the name of one, or a tuple of different ones; argnums= is for those given by position"
    )


def test_by_position_and_not_by_name_says_where_to_go():
    with pytest.raises(ArgumentError, match="argnames= is for those given by name"):
        grad(scaled)(x=X)


# Trees


def test_none_is_an_empty_tree():
    gradient = grad(lambda p: np.sum(p["x"] ** 2))({"x": X, "mask": None, "more": [None, 1.0]})
    np.testing.assert_array_equal(gradient["x"], 2 * X)
    assert (gradient["mask"], gradient["more"]) == (None, [None, 0.0])
    assert grad(lambda x, y: y, (0, 1))(None, 2.0) == (None, 1.0)
    assert jvp(lambda p: p[0] * 3.0, ([2.0, None],), ([1.0, None],)) == (6.0, 3.0)
    out, pullback = vjp(lambda x: (x * x, None), 3.0)
    assert (out, pullback((1.0, None))) == ((9.0, None), (6.0,))


FIXED = ["relu", b"relu", np.tanh, Shade.DARK, Linear, {1, 2}]


@pytest.mark.parametrize("fixed", FIXED, ids=["text", "bytes", "ufunc", "enum", "class", "set"])
def test_what_holds_no_numbers_is_passed_through(fixed):
    seen = []

    def f(p):
        seen.append(p["kind"])
        return p["x"] ** 2

    assert grad(f)({"x": 3.0, "kind": fixed}) == {"x": 6.0, "kind": fixed}
    assert jvp(f, ({"x": 3.0, "kind": fixed},), ({"x": 1.0, "kind": None},)) == (9.0, 6.0)
    assert jacobian(f, mode="reverse")({"x": 3.0, "kind": fixed}) == {"x": 6.0, "kind": fixed}
    assert vjp(lambda x: {"y": x * x, "kind": fixed}, 3.0)[1]({"y": 1.0, "kind": None}) == (6.0,)
    assert all(kind is fixed for kind in seen)
    for transform in (grad(lambda p: 1.0), jacobian(lambda p: 1.0), lambda p: vjp(lambda p: 1.0, p)):
        for nothing in (fixed, [fixed], {"a": fixed, "b": None}):
            with pytest.raises(DataError, match="not a number or an array of numbers"):
                transform(nothing)


def test_dataclasses_are_trees():
    gradient = grad(lambda p: np.sum(p.w * X) + p.b**2)(Layer(X, 3.0, "first"))
    assert type(gradient) is Layer and (gradient.b, gradient.name) == (6.0, "first")
    np.testing.assert_array_equal(gradient.w, X)
    frozen = grad(lambda p: p.w.w * p.w.b)(Frozen(Layer(2.0, 3.0)))
    assert frozen == Frozen(Layer(3.0, 2.0))
    assert hessian(lambda p: p.w**2 * p.b)(Layer(2.0, 3.0)).w == Layer(6.0, 4.0)
    assert jvp(lambda p: p.w * p.b, (Layer(2.0, 3.0),), (Layer(1.0, 0.0),)) == (6.0, 3.0)
    value, aux = grad(lambda x: (x * x, Layer(x, x + 1.0)), has_aux=True)(3.0)
    assert (value, aux) == (6.0, Layer(3.0, 4.0))
    with pytest.raises(ArgumentError, match="the tangent has the structure"):
        jvp(lambda p: p.w, (Layer(2.0, 3.0),), (Frozen(1.0),))


def test_modules_are_trees():
    layer = Linear(3, 2, rng=np.random.default_rng(0))
    gradient = grad(lambda layer: np.sum(layer(X)))(layer)
    assert type(gradient) is Linear
    np.testing.assert_array_equal(gradient.weight.data, np.tile(X, (2, 1)))


def test_trees_of_everything_apart_and_together():
    tree = {"a": [1.0, None, "x"], "b": Layer(2.0, Frozen(3.0))}
    assert leaves_of(tree) == [1.0, 2.0, 3.0]
    assert fixed_of(tree) == [None, "x", None, "layer"]
    assert like(tree, [4.0, 5.0, 6.0]) == {"a": [4.0, None, "x"], "b": Layer(5.0, Frozen(6.0))}
    assert same_leaves("f", "mine", tree, "other", tree) == [1.0, 2.0, 3.0]
    assert not any(
        is_fixed(x) for x in (1, 1.0, True, 1j, X, np.float32(1.0), Value(1.0), [], {}, (), memoryview(b"a"))
    )


# What f may return

ONE = {
    "(1,)": lambda x: (x * x).reshape(1),
    "(1, 1)": lambda x: x.reshape(1, 1) ** 2,
    "[v]": lambda x: np.array([x * x]),
}


@pytest.mark.parametrize("shape", ONE)
def test_one_element_in_an_array_is_a_number(shape):
    f = ONE[shape]
    assert grad(f)(3.0) == 6.0
    assert hessian(f)(3.0) == 2.0
    value, gradient = value_and_grad(f)(3.0)
    assert np.shape(value) == ((1, 1) if shape == "(1, 1)" else (1,)) and np.all(value == 9.0) and gradient == 6.0
    assert grad(lambda x: np.sum(grad(f)(x)) ** 2)(3.0) == 24.0
    np.testing.assert_array_equal(grad(lambda x: X @ x.reshape(3, 1))(X), X)


@pytest.mark.parametrize("given", [X, X[:0], X[:2].reshape(1, 2)], ids=["three", "none", "row"])
def test_several_elements_are_not_a_number(given):
    with pytest.raises(ShapeError, match=r"grad: f returned an array of shape \(.*\), wanted one number; sum it"):
        grad(lambda x: x * 2.0)(given)


def test_has_aux_of_vjp_and_jvp():
    out, pullback, aux = vjp(lambda x, y: (x * y, {"s": x + y, "name": "sum"}), 2.0, 3.0, has_aux=True)
    assert (out, pullback(1.0), aux) == (6.0, (3.0, 2.0), {"s": 5.0, "name": "sum"})
    out, slope, aux = jvp(lambda x, y: (x * y, [x + y, None]), (2.0, 3.0), (1.0, 0.0), has_aux=True)
    assert (out, slope, aux) == (6.0, 3.0, [5.0, None])


# Borders of every transform

TRANSFORMS = {
    "grad": lambda x: grad(total)(x),
    "value_and_grad": lambda x: value_and_grad(total)(x)[1],
    "elementwise_grad": lambda x: elementwise_grad(total)(x),
    "vjp": lambda x: vjp(total, x)[1](1.0)[0],
    "jacobian": lambda x: jacobian(total)(x),
    "jacobian, forward": lambda x: jacobian(total, mode="forward")(x),
    "jacobian, reverse": lambda x: jacobian(total, mode="reverse")(x),
}


def total(x):
    return sum(np.sum(leaf**2) for leaf in leaves_of(x)) + 0.0


@pytest.mark.parametrize("name", TRANSFORMS)
def test_borders(name):
    d = TRANSFORMS[name]
    assert d([1.0, 2.0]) == [2.0, 4.0]
    assert d(3) == 6.0 and type(d(3)) is float
    assert d(np.array([1, 2])).tolist() == [2.0, 4.0]
    assert d(X.astype(np.float32)).dtype == np.float32
    assert d(np.zeros(0)).shape == (0,)
    assert d([]) == [] and d({}) == {}
    assert grad(lambda x: np.sum(d(x) * X))(X).tolist() == (2 * X).tolist()
    assert isinstance(d(Value(3.0)), Value)
    for wrong in ("text", 1j, np.array(["a"]), np.array([1j])):
        with pytest.raises(DataError):
            d(wrong)


def test_borders_of_jvp():
    assert jvp(total, ([1.0, 2.0],), ([1.0, 1.0],)) == (5.0, 6.0)
    assert jvp(total, (3,), (1,)) == (9.0, 6.0)
    assert jvp(total, (X.astype(np.float32),), (np.ones(3),))[1].dtype == np.float32
    assert jvp(total, (np.zeros(0),), (np.zeros(0),)) == (0.0, 0.0)
    assert grad(lambda x: jvp(total, (x,), (1.0,))[1])(3.0) == 2.0
    for wrong in (1j, np.array(["a"])):
        with pytest.raises(MicrogradError):
            jvp(total, (wrong,), (1.0,))


def test_chosen_gives_what_jacobians_need():
    chosen = Chosen("f", (0, -1), (1.0, "fixed", [2.0, None]), {"w": 4.0}, "w")
    assert chosen.leaves == [1.0, 2.0, 4.0]
    assert chosen.called(lambda *args, **options: (args, options), [5.0, 6.0, 7.0]) == (
        (5.0, "fixed", [6.0, None]),
        {"w": 7.0},
    )
    assert chosen.shaped([5.0, 6.0, 7.0]) == ((5.0, [6.0, None]), 7.0)


# The program of the user

WARNING = {"raw": lambda x: x * np.log(-np.ones(1))[0], "primal": lambda x: np.log(x - 5.0)}


@pytest.mark.parametrize("name", WARNING)
@pytest.mark.parametrize("x", [np.float32(2.0), X[:1]], ids=["number", "array"])
def test_derivatives_are_quiet_and_the_program_is_not(name, x):
    f = WARNING[name]
    for call in (lambda: jvp(f, (x,), (x,)), lambda: vjp(f, x), lambda: grad(lambda x: np.sum(f(x)))(x)):
        with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
            call()
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="invalid value"):
            call()
        assert np.geterr()["divide"] == "warn"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert jvp(np.sqrt, (np.zeros(1),), (np.ones(1),))[1] == np.inf


def test_a_pullback_is_called_by_many_threads():
    def f(x):
        for _ in range(50):
            x = np.sin(x) + x * 0.5
        return x

    for x in (0.3, np.linspace(0.1, 0.9, 50)):
        _, pullback = vjp(f, x)
        wanted = [pullback(c * np.ones(np.shape(x))[()])[0] for c in range(8)]
        found: list[Any] = [None] * 8

        def work(c, x=x, pullback=pullback, found=found):
            for _ in range(20):
                found[c] = pullback(c * np.ones(np.shape(x))[()])[0]

        threads = [threading.Thread(target=functools.partial(work, c)) for c in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for given, right in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(given, right)


def test_a_gradient_that_f_computes_itself_is_not_added():
    seen = []

    def f(x):
        z = x * x * 3.0
        z.backward()
        seen.append(x)
        return z

    for x in (2.0, X[:1]):
        assert grad(lambda x: np.sum(f(x)))(x) == 6.0 * x
        assert seen[-1].grad == 6.0 * x  # as f left it
