"""Functions of functions: what each gives, that they nest and mix to any depth, and
that they leave nothing behind.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
import threading
from collections import namedtuple

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import (
    Value,
    elementwise_grad,
    enable_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    levels,
    no_grad,
    ops,
    toposort,
    tracing,
    value_and_grad,
    vjp,
)
from micrograd.engine import is_recording
from micrograd.errors import ArgumentError, DataError, GradientError, ShapeError
from micrograd.op import OPS, primitive, shape_of

Layer = namedtuple("Layer", "w b")
X = np.array([0.5, -1.0, 2.0])
M = np.arange(6.0).reshape(2, 3) - 1.5


def same(given, wanted):
    """Equal trees: structure, types of the branches, shapes and numbers."""
    if isinstance(wanted, dict):
        assert type(given) is type(wanted) and list(given) == list(wanted)
        for key in wanted:
            same(given[key], wanted[key])
    elif isinstance(wanted, (list, tuple)):
        assert type(given) is type(wanted) and len(given) == len(wanted)
        for x, y in zip(given, wanted, strict=True):
            same(x, y)
    else:
        assert not isinstance(given, Value), "a Value came out of plain numbers"
        assert np.shape(given) == np.shape(wanted)
        np.testing.assert_allclose(given, wanted, rtol=1e-12, atol=1e-14)


# Each transform, by what it gives

RESULTS = {
    "number": (lambda: grad(np.tanh)(1.0), 1 - np.tanh(1.0) ** 2),
    "integer": (lambda: grad(lambda x: x**2)(3), 6.0),
    "array": (lambda: grad(lambda x: np.sum(x**2))(X), 2 * X),
    "constant": (lambda: grad(lambda x: 7.0)(X), np.zeros(3)),
    "not by this one": (lambda: grad(lambda x, y: np.sum(y))(X, X), np.zeros(3)),
    "second argument": (lambda: grad(lambda x, y: x * y, 1)(2.0, 3.0), 2.0),
    "argnums as NumPy's": (lambda: grad(lambda x, y: x * y, np.int64(1))(2.0, 3.0), 2.0),
    "last argument": (lambda: grad(lambda x, y: x * y, -1)(2.0, 3.0), 2.0),
    "two arguments": (lambda: grad(lambda x, y: x * y, (0, 1))(2.0, 3.0), (3.0, 2.0)),
    "two, back to front": (lambda: grad(lambda x, y: x * y, [-1, 0])(2.0, 3.0), (2.0, 3.0)),
    "tuple of one": (lambda: grad(lambda x, y: x * y, (1,))(2.0, 3.0), (2.0,)),
    "options and others pass": (lambda: grad(lambda x, n, *, c: c * x**n)(2.0, 3, c=0.5), 6.0),
    "list": (lambda: grad(lambda p: p[0] * p[1])([2.0, 3.0]), [3.0, 2.0]),
    "tuple": (lambda: grad(lambda p: p[0] * p[1])((2.0, 3.0)), (3.0, 2.0)),
    "dict": (lambda: grad(lambda p: p["b"] * p["a"])({"b": 2.0, "a": 3.0}), {"b": 3.0, "a": 2.0}),
    "namedtuple": (lambda: grad(lambda p: np.sum(p.w) * p.b)(Layer(X, 2.0)), Layer(2.0 * np.ones(3), X.sum())),
    "nested": (
        lambda: grad(lambda p: p["layers"][1].b * p["s"])({"layers": [Layer(1.0, 2.0), Layer(X, 3.0)], "s": (4.0)}),
        {"layers": [Layer(0.0, 0.0), Layer(np.zeros(3), 4.0)], "s": 3.0},
    ),
    "empty tree": (lambda: grad(lambda p: p["x"])({"x": 1.0, "none": [], "n": ()}), {"x": 1.0, "none": [], "n": ()}),
    "value": (lambda: value_and_grad(lambda x: x * x)(3.0), (9.0, 6.0)),
    "value, two": (lambda: value_and_grad(lambda x, y: x * y, (0, 1))(3.0, 2.0), (6.0, (2.0, 3.0))),
    "aux": (lambda: grad(lambda x: (x * x, {"x": x + 1.0}), has_aux=True)(3.0), (6.0, {"x": 4.0})),
    "value, aux": (
        lambda: value_and_grad(lambda x: (x * x, [x, 5.0]), has_aux=True)(3.0),
        ((9.0, [3.0, 5.0]), 6.0),
    ),
    "elementwise": (lambda: elementwise_grad(lambda x, y: x**2 * y)(X, 3.0), 6.0 * X),
    "elementwise, second": (lambda: elementwise_grad(lambda x, y: x**2 * y, 1)(X, 3.0), np.sum(X**2)),
    "elementwise, number": (lambda: elementwise_grad(np.exp)(0.0), 1.0),
    "vjp": (lambda: vjp(lambda x, y: x * y, 2.0, 3.0)[1](10.0), (30.0, 20.0)),
    "vjp, array": (lambda: vjp(lambda x: M @ x, X)[1](np.array([1.0, 2.0])), (M.T @ np.array([1.0, 2.0]),)),
    "vjp, trees": (
        lambda: vjp(lambda p, s: {"u": p["x"] * s, "v": [s * s]}, {"x": 2.0}, 3.0)[1]({"u": 1.0, "v": [10.0]}),
        ({"x": 3.0}, 62.0),
    ),
    "vjp, keys in another order": (lambda: vjp(lambda x: {"a": x, "b": 5 * x}, 1.0)[1]({"b": 1.0, "a": 0.0}), (5.0,)),
    "vjp, list for tuple": (lambda: vjp(lambda x: (x, 5 * x), 1.0)[1]([0.0, 1.0]), (5.0,)),
    "vjp, no output": (lambda: vjp(lambda x: [], X)[1]([]), (np.zeros(3),)),
    "vjp, constant output": (lambda: vjp(lambda x: (x, 3.0), X)[1]((X, 1.0)), (X,)),
    "vjp, primal is output": (lambda: vjp(lambda x: x, X)[1](2 * X), (2 * X,)),
    "vjp, aux": (lambda: vjp(lambda x: (x * x, {"x": x}), 3.0, has_aux=True)[2], {"x": 3.0}),
    "vjp, output": (lambda: vjp(lambda x: {"y": x * x}, 3.0)[0], {"y": 9.0}),
    "jvp": (lambda: jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0)), (6.0, 23.0)),
    "jvp, array": (lambda: jvp(lambda x: M @ x, (X,), (2 * X,)), (M @ X, 2 * M @ X)),
    "jvp, lists": (lambda: jvp(lambda x: x * x, [2.0], [1.0]), (4.0, 4.0)),
    "jvp, trees": (
        lambda: jvp(lambda p: {"u": p[0] * p[1], "v": (p[1],)}, ([2.0, 3.0],), ([1.0, 0.0],)),
        ({"u": 6.0, "v": (3.0,)}, {"u": 3.0, "v": (0.0,)}),
    ),
    "jvp, keys in another order": (
        lambda: jvp(lambda p: p["a"] + 5 * p["b"], ({"a": 1.0, "b": 1.0},), ({"b": 1.0, "a": 0.0},)),
        (6.0, 5.0),
    ),
    "jvp, constant output": (lambda: jvp(lambda x: (X, 2.0), (1.0,), (1.0,)), ((X, 2.0), (np.zeros(3), 0.0))),
    "jvp, aux": (lambda: jvp(lambda x: (x * x, [x, "name"]), (3.0,), (1.0,), has_aux=True)[:2], (9.0, 6.0)),
    "hessian": (lambda: hessian(lambda x: np.sum(x**3))(X), np.diag(6 * X)),
    "hessian, number": (lambda: hessian(lambda x: x**3)(2.0), 12.0),
    "hessian, linear": (lambda: hessian(lambda x: np.sum(2.0 * x))(X), np.zeros((3, 3))),
    "hessian, second": (lambda: hessian(lambda s, x: s * np.sum(x**3), 1)(2.0, X), np.diag(12 * X)),
    "hessian, two": (lambda: hessian(lambda x, y: x**2 * y, (0, 1))(2.0, 3.0), ((6.0, 4.0), (4.0, 0.0))),
    "hessian, tree": (
        lambda: hessian(lambda p: p["x"] ** 2 * p["y"])({"x": 2.0, "y": 3.0}),
        {"x": {"x": 6.0, "y": 4.0}, "y": {"x": 4.0, "y": 0.0}},
    ),
    "hessian, matrix": (lambda: hessian(lambda m: np.sum(m * m))(M), 2 * np.eye(6).reshape(2, 3, 2, 3)),
    "hessian, aux": (lambda: hessian(lambda x: (x**3, {"x": x}), has_aux=True)(2.0), (12.0, {"x": 2.0})),
    "hvp": (lambda: hvp(lambda x: np.sum(x**3), (X,), (np.ones(3),)), 6 * X),
    "hvp, two": (lambda: hvp(lambda x, y: x**2 * y, (2.0, 3.0), (1.0, 0.0)), (6.0, 4.0)),
    "hvp, tree": (
        lambda: hvp(lambda p: p["x"] ** 3, ({"x": 2.0, "y": X},), ({"x": 1.0, "y": X},)),
        {"x": 12.0, "y": 0 * X},
    ),
}


@pytest.mark.parametrize("row", RESULTS)
def test_results(row):
    call, wanted = RESULTS[row]
    same(call(), wanted)


JACOBIANS = {
    "square": (lambda x: x**2, (X,), 0, np.diag(2 * X)),
    "tall": (lambda x: M.T @ x, (X[:2],), 0, M.T),
    "wide": (lambda x: M @ x, (X,), 0, M),
    "number to number": (lambda x: x**2, (3.0,), 0, 6.0),
    "number to array": (lambda s: s**2 * X, (3.0,), 0, 6.0 * X),
    "array to number": (lambda x: np.sum(x**2), (X,), 0, 2 * X),
    "matrix to matrix": (lambda m: m.T, (M,), 0, np.einsum("il,jk->ijkl", np.eye(3), np.eye(2))),
    "matrix to vector": (lambda m: m @ X, (M,), 0, np.einsum("ij,k->ijk", np.eye(2), X)),
    "second": (lambda s, x: s * x, (2.0, X), 1, 2 * np.eye(3)),
    "negative": (lambda s, x: s * x, (2.0, X), -1, 2 * np.eye(3)),
    "two": (lambda s, x: s * x, (2.0, X), (0, 1), (X, 2 * np.eye(3))),
    "tree in": (lambda p: p["s"] * p["x"], ({"s": 2.0, "x": X},), 0, {"s": X, "x": 2 * np.eye(3)}),
    "tree out": (lambda x: [x * x, {"sum": np.sum(x)}], (X,), 0, [np.diag(2 * X), {"sum": np.ones(3)}]),
    "trees": (
        lambda p: (p[0] * p[1], p[0]),
        ([2.0, X],),
        0,
        ([X, 2 * np.eye(3)], [1.0, np.zeros(3)]),
    ),
    "constant": (lambda x: M, (X,), 0, np.zeros((2, 3, 3))),
    "no output": (lambda x: x[:0], (X,), 0, np.zeros((0, 3))),
    "no input": (lambda x: X, (np.zeros(0),), 0, np.zeros((3, 0))),
}


@pytest.mark.parametrize("mode", ["reverse", "forward", None])
@pytest.mark.parametrize("row", JACOBIANS)
def test_jacobian(row, mode):
    f, args, argnums, wanted = JACOBIANS[row]
    same(jacobian(f, argnums, mode)(*args), wanted)
    same(jacobian(lambda *xs: (f(*xs), [xs[0], "aux"]), argnums, mode, has_aux=True)(*args)[0], wanted)


@pytest.mark.parametrize("mode", [None, "forward", "reverse"])
@pytest.mark.parametrize("rows", [2, 5])
def test_jacobian_takes_the_cheaper_mode(rows, mode):
    """After one run of f, whose graph it then goes through either way."""
    seen = []

    @primitive(
        "twice",
        vjp=[lambda g, z, x: seen.append("reverse") or g * 2.0],
        jvp=[lambda t, z, x: seen.append("forward") or t * 2.0],
        shape=shape_of,
        axes=1,
    )
    def twice_of_test(x):
        seen.append("run")
        return x * 2.0

    matrix = np.ones((rows, 3))
    try:
        same(jacobian(lambda x: matrix @ twice_of_test(x), mode=mode)(X), 2 * matrix)
        assert seen == ["run", mode or ("reverse" if rows < 3 else "forward")]
    finally:
        del OPS["twice_of_test"]


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_aux_is_plain_and_may_be_anything(mode):
    aux = {"x": lambda x: x, "name": "text", "nothing": None}
    for transform in (
        lambda f: jacobian(f, mode=mode, has_aux=True)(X)[1],
        lambda f: jvp(f, (X,), (X,), has_aux=True)[2],
        lambda f: vjp(f, X, has_aux=True)[2],
    ):
        found = transform(lambda x: (x * x, aux | {"x": x}))
        assert found["name"] == "text" and found["nothing"] is None
        same(found["x"], X)


def test_defaultdict_keeps_its_kind():
    from collections import OrderedDict, defaultdict

    for given in (defaultdict(float, x=2.0, y=3.0), OrderedDict(x=2.0, y=3.0)):
        same(
            grad(lambda p: p["x"] * p["y"])(given),
            type(given)(*([float] * isinstance(given, defaultdict)), x=3.0, y=2.0),
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_that_of_the_argument(dtype):
    x = X.astype(dtype)

    def f(x):
        return np.sum(x * x)

    for g in (
        grad(f)(x),
        elementwise_grad(np.tanh)(x),
        vjp(lambda x: x, x)[1](np.ones(3))[0],
        vjp(lambda x: x * 2, x)[1](np.ones(3, int))[0],
        *jvp(lambda x: x, (x,), (np.ones(3),)),
        *jvp(lambda x: x * x, (x,), (np.ones(3, int),)),
        jacobian(np.exp, mode="reverse")(x),
        jacobian(np.exp, mode="forward")(x),
        hessian(f)(x),
        hvp(f, (x,), (np.ones(3),)),
        grad(lambda x: x * x)(dtype(2.0)),
        hessian(lambda x: x**3)(dtype(2.0)),
        jvp(lambda x: x * x, (dtype(2.0),), (1.0,))[1],
    ):
        assert getattr(g, "dtype", np.float64) == dtype


def test_a_transform_has_the_name_of_its_function():
    def f(x):
        """Squares."""
        return x * x

    for transform in (grad, value_and_grad, elementwise_grad, jacobian, hessian):
        assert (transform(f).__name__, transform(f).__doc__) == ("f", "Squares.")


def test_how_often_the_function_runs():
    calls = []

    def f(x):
        calls.append(1)
        return np.sum(x**3)

    for transform, times in [
        (lambda: value_and_grad(f)(X), 1),
        (lambda: hessian(f)(X), 1),
        (lambda: hvp(f, (X,), (X,)), 1),
        (lambda: jacobian(f, mode="reverse")(X), 1),
        (lambda: jacobian(f, mode="forward")(X), 1),
        (lambda: jacobian(f, mode="forward", chunk_size=2)(X), 2),
        (lambda: jacobian(f, mode="forward", chunk_size=1)(X), 3),
        (lambda: jacobian(lambda x: f(x) * M)(X), 1),
    ]:
        calls.clear()
        transform()
        assert len(calls) == times


# One function, three ways to write it

WRITTEN = {
    "numpy": lambda x: np.sum(np.tanh(np.exp(x) * np.sin(x)) / 2.0 - x**2),
    "micrograd.numpy": lambda x: mnp.sum(mnp.tanh(mnp.exp(x) * mnp.sin(x)) / 2.0 - x**2),
    "ops": lambda x: ops.sum(ops.tanh(ops.exp(x) * ops.sin(x)) / 2.0 - x**2),
    "methods": lambda x: ((x.exp() * x.sin()).tanh() / 2.0 - x**2).sum(),
}


def written_gradient(x):
    u = np.exp(x) * np.sin(x)
    return (1 - np.tanh(u) ** 2) * np.exp(x) * (np.sin(x) + np.cos(x)) / 2.0 - 2 * x


@pytest.mark.parametrize("way", WRITTEN)
def test_however_it_is_written(way):
    f = WRITTEN[way]
    same(grad(f)(X), written_gradient(X))
    same(jvp(f, (X,), (M[0],))[1], written_gradient(X) @ M[0])
    same(jacobian(f, mode="forward")(X), written_gradient(X))
    same(hessian(f)(X), jacobian(jacobian(f, mode="forward"), mode="forward")(X))
    if way != "methods":
        same(grad(f)(0.5), written_gradient(0.5))
        same(f(X), WRITTEN["numpy"](X))


ASKED = {
    "size": (lambda x: np.sum(x) * x.size, 2.0, 0.0),
    "ndim and shape": (lambda x: np.sum(x) * (x.ndim + x.shape[0]), 3.0, 0.0),
    "dtype": (lambda x: np.sum(x) if x.dtype == float else 0.0, 1.0, 0.0),
    "len": (lambda x: np.sum(x) * len(x), 2.0, 0.0),
    "iteration": (lambda x: sum(y * y for y in x), 2 * X[:2], 2.0),
    "unpacking": (lambda x: next(iter(x)) ** 3, [3 * X[0] ** 2, 0.0], [6 * X[0], 0.0]),
    "round": (lambda x: np.sum(x) * round(x[0], 1), 0.5, 0.0),
    "bool": (lambda x: np.sum(x) if x[0] else 0.0, 1.0, 0.0),
    "comparison": (lambda x: np.sum(x) if x[0] > 0.4 else 0.0, 1.0, 0.0),
    "equality": (lambda x: np.sum(x * x) if x[0] == X[0] else 0.0, 2 * X[:2], 2.0),
    "detached number": (lambda x: np.sum(x) * float(x[0].detach()), X[0], 0.0),
    "detach": (lambda x: np.sum(x * x.detach()), X[:2], 0.0),
    "print": (lambda x: np.sum(x) * (len(f"{x}") > 0), 1.0, 0.0),
    "max of Python": (lambda x: max(x) ** 2, [2 * X[0], 0.0], [2.0, 0.0]),
    "sorted": (lambda x: sorted(x)[1] ** 2, [2 * X[0], 0.0], [2.0, 0.0]),
    "key": (lambda x: {x: np.sum(x)}[x], 1.0, 0.0),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_a_function_may_ask_of_its_argument(asked):
    """In either mode, and in each within the other."""
    f, first, second = ASKED[asked]
    reverse, forward = functools.partial(jacobian, mode="reverse"), functools.partial(jacobian, mode="forward")
    for d in (grad, forward):
        same(d(f)(X[:2]), np.broadcast_to(first, 2))
    for d in (hessian, lambda f: forward(grad(f)), lambda f: reverse(forward(f)), lambda f: forward(forward(f))):
        same(d(f)(X[:2]), np.diag(np.broadcast_to(second, 2)))


def test_python_control_flow():
    def power(x, n):
        y = 1.0
        while n:
            y, n = (y * x, n - 1) if n % 2 else (y, n)
            if n:
                x, n = x * x, n // 2
        return y if y > 0 else -y

    for n in range(1, 9):
        same(grad(power)(-1.5, n), n * abs(1.5) ** n / 1.5 * -1.0)
        same(jvp(functools.partial(power, n=n), (1.5,), (1.0,))[1], n * 1.5 ** (n - 1))


# Nesting: each derivative of a function of one array, elementwise, by every transform

DERIVATIVES = {
    "grad": lambda f: grad(lambda x: np.sum(f(x))),
    "value_and_grad": lambda f: lambda x: value_and_grad(lambda x: np.sum(f(x)))(x)[1],
    "elementwise_grad": elementwise_grad,
    "vjp": lambda f: lambda x: vjp(f, x)[1](np.ones(shape_of(x)))[0],
    "jvp": lambda f: lambda x: jvp(f, (x,), (np.ones(shape_of(x)),))[1],
    "reverse jacobian": lambda f: lambda x: np.sum(jacobian(f, mode="reverse")(x), axis=tuple(shape_of(x) and (-1,))),
    "forward jacobian": lambda f: lambda x: np.sum(jacobian(f, mode="forward")(x), axis=tuple(shape_of(x) and (-1,))),
}

HIGHER = {  # the n-th derivative at x
    "sin": (np.sin, lambda n, x: np.sin(x + n * math.pi / 2)),
    "exp": (lambda x: np.exp(2.0 * x), lambda n, x: 2.0**n * np.exp(2.0 * x)),
    "log": (np.log, lambda n, x: (-1.0) ** (n + 1) * math.factorial(n - 1) / x**n),
    "reciprocal": (lambda x: 1.0 / x, lambda n, x: (-1.0) ** n * math.factorial(n) / x ** (n + 1)),
    "power": (lambda x: x**5, lambda n, x: math.factorial(5) / math.factorial(5 - n) * x ** (5 - n)),
    "x to the x": (lambda x: np.exp(x * np.log(x)) + 0.0 * x, None),
}
POINTS = [0.7, np.array([0.7, 1.3])]


@pytest.mark.parametrize("x", POINTS, ids=["number", "array"])
@pytest.mark.parametrize("name", [name for name, (_, known) in HIGHER.items() if known])
def test_mixtures_to_depth_four(name, x):
    f, known = HIGHER[name]
    mixtures = [m for n in (1, 2) for m in itertools.product(DERIVATIVES, repeat=n)]
    mixtures += [random.Random(seed).choices(list(DERIVATIVES), k=3 + seed % 2) for seed in range(24)]
    for mixture in mixtures:
        g = f
        for transform in mixture:
            g = DERIVATIVES[transform](g)
        np.testing.assert_allclose(g(x), known(len(mixture), x), rtol=1e-10, err_msg=f"{mixture}")


def nested(mixture, powers, outer):
    """y^p times all outer variables times the same one level deeper, differentiated by
    y where y is the last of them.

    Where perturbations are confused, an outer variable counts as y, or y as an outer
    one.
    """
    if not mixture:
        return 1.0
    p = powers[0]

    def body(y):
        product = y**p * nested(mixture[1:], powers[1:], [*outer, y])
        for v in outer:
            product = product * v
        return product

    return DERIVATIVES[mixture[0]](body)(outer[-1])


def nested_by_hand(powers, depth):
    """Factor and exponents of the variables of `nested`, which is a monomial."""
    if not powers:
        return 1.0, [0] * depth
    factor, exponents = nested_by_hand(powers[1:], depth + 1)
    *others, own = exponents
    own += powers[0]
    others = [e + 1 for e in others]
    others[-1] += own - 1  # d/dy y^own, taken at y = the last outer variable
    return factor * own, others


@pytest.mark.parametrize("x", POINTS, ids=["number", "array"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_closures_over_outer_variables(depth, x):
    mixtures = list(itertools.product(DERIVATIVES, repeat=depth)) if depth < 3 else []
    mixtures += [random.Random(seed).choices(list(DERIVATIVES), k=depth) for seed in range(40 if depth > 2 else 0)]
    for seed, mixture in enumerate(mixtures):
        powers = random.Random(seed).choices([1, 2, 3], k=depth)
        factor, (exponent,) = nested_by_hand(powers, 1)
        found = nested(mixture, powers, [x])
        np.testing.assert_allclose(found, factor * x**exponent, rtol=1e-10, err_msg=f"{mixture} {powers}")
        for outer in DERIVATIVES:
            slope = DERIVATIVES[outer](lambda x: nested(mixture, powers, [x]))(x)  # noqa: B023
            wanted = factor * exponent * x ** (exponent - 1)
            np.testing.assert_allclose(slope, wanted, rtol=1e-10, err_msg=f"{outer} of {mixture} {powers}")
            if depth > 2:
                break


@pytest.mark.parametrize("outer", DERIVATIVES)
@pytest.mark.parametrize("inner", DERIVATIVES)
def test_perturbations_are_not_confused(outer, inner):
    """Siskind and Pearlmutter's programs: d/dx (x d/dy (x + y)) is 1, and not 2."""
    d, e = DERIVATIVES[outer], DERIVATIVES[inner]
    same(d(lambda x: x * e(lambda y: x + y)(1.0))(1.0), 1.0)
    same(d(lambda x: x * e(lambda y: x + y)(x))(1.0), 1.0)
    same(d(lambda x: x * e(lambda y: x * y)(2.0))(3.0), 6.0)
    same(d(lambda x: e(lambda y: x * y)(x))(3.0), 1.0)
    same(d(lambda x: e(lambda y: x)(x) + x)(3.0), 1.0)  # y is not used
    same(d(lambda x: e(lambda y: y * y)(3.0))(2.0), 0.0)  # x is not used
    same(d(lambda x: e(lambda y: e(lambda z: x * y * z)(y) * x)(x))(2.0), 4.0)  # d/dx x^2


def test_branches_as_in_autodidax():
    def f(x):
        return 2.0 * x if x > 0.0 else x

    for d in DERIVATIVES.values():
        assert (d(f)(3.0), d(f)(-3.0), d(d(f))(3.0)) == (2.0, 1.0, 0.0)


def test_tanh_to_the_seventh_derivative():
    """tanh' = 1 - tanh^2, so each derivative is a polynomial in tanh."""
    polynomial, f = np.polynomial.Polynomial([0.0, 1.0]), np.tanh
    x = np.linspace(-3.0, 3.0, 7)
    for _ in range(7):
        f, polynomial = elementwise_grad(f), polynomial.deriv() * np.polynomial.Polynomial([1.0, 0.0, -1.0])
        np.testing.assert_allclose(f(x), polynomial(np.tanh(x)), rtol=1e-9, atol=1e-9)


def test_pullbacks_are_functions_to_differentiate():
    def pullback(c, x=2.0):
        return vjp(lambda y: y**3, x)[1](c)[0]

    for d in DERIVATIVES.values():
        same(d(pullback)(1.0), 12.0)
        same(d(lambda x: pullback(1.0, x))(2.0), 12.0)
        same(d(lambda x: jvp(lambda c: pullback(c, x), (1.0,), (1.0,))[1])(2.0), 12.0)
        same(d(lambda x: grad(lambda c: pullback(c, x))(1.0))(2.0), 12.0)


def test_a_pullback_may_be_called_again_and_later():
    _, pullback = vjp(lambda x: x**2, X)
    same(pullback(np.ones(3)), (2 * X,))
    same(pullback(X), (2 * X * X,))


def test_linear_transforms_transpose_each_other():
    generator = np.random.default_rng(0)

    def f(p):
        return {"u": np.tanh(M @ p["x"]) * p["s"], "v": np.sum(p["x"]) ** 2}

    p = {"x": X, "s": 0.5}
    t = {"x": generator.normal(size=3), "s": 2.0}
    c = {"u": generator.normal(size=2), "v": 3.0}
    _, slope = jvp(f, (p,), (t,))
    _, pullback = vjp(f, p)
    (pulled,) = pullback(c)
    assert math.isclose(
        c["u"] @ slope["u"] + c["v"] * slope["v"], t["x"] @ pulled["x"] + t["s"] * pulled["s"], rel_tol=1e-12
    )


# Arguments that are Values: the result is a Value, which can be differentiated again

VALUES = {
    "grad": lambda x: grad(lambda x: np.sum(x**3))(x),
    "grad, tree": lambda x: grad(lambda p: np.sum(p["x"] ** 3))({"x": x})["x"],
    "grad, closure": lambda x: grad(lambda y: np.sum(x * y * y))(x) * 1.5,
    "elementwise_grad": lambda x: elementwise_grad(lambda x: x**3)(x),
    "vjp": lambda x: vjp(lambda x: x**3, x)[1](np.ones(shape_of(x)))[0],
    "jvp": lambda x: jvp(lambda x: x**3, (x,), (np.ones(shape_of(x)),))[1],
    "jvp along a Value": lambda x: jvp(lambda y: y * x * 3.0, (np.ones(shape_of(x)),), (x,))[1],
    "vjp of a Value": lambda x: vjp(lambda y: y * 3.0, np.ones(shape_of(x)))[1](x * x)[0],
    "hvp": lambda x: hvp(lambda x: np.sum(x**4) / 4.0, (x,), (np.ones(shape_of(x)),)),
}


@pytest.mark.parametrize("data", POINTS, ids=["number", "array"])
@pytest.mark.parametrize("name", VALUES)
def test_values_as_arguments(name, data):
    x = Value(data)
    z = VALUES[name](x)
    assert isinstance(z, Value)
    assert np.all(x.grad == 0)
    np.testing.assert_allclose(z.data, 3 * data**2)
    z.backward()
    np.testing.assert_allclose(x.grad, 6 * data)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_jacobian_of_a_value(mode):
    x = Value(X)
    z = jacobian(lambda x: x**3, mode=mode)(x)
    z.backward()
    np.testing.assert_allclose(z.data, np.diag(3 * X**2))
    np.testing.assert_allclose(x.grad, 6 * X)


def test_value_of_a_value():
    x = Value(2.0)
    (z, aux), slope = value_and_grad(lambda x: (x**3, x), has_aux=True)(x)
    (z + slope + aux).backward()
    assert x.grad == 12.0 + 12.0 + 1.0


def test_a_gradient_kept_by_the_user_is_not_touched():
    """Transforms walk a graph of their own, and never through `grad`."""
    x, w = Value(X, label="x"), Value(X)
    z = np.sum(x * w)
    z.backward()
    before = [(v, v.grad.copy() if shape_of(v.grad) else v.grad, v.label) for v in toposort(z)]
    for call in (
        lambda: grad(lambda y: np.sum(y * w * x))(x),
        lambda: jvp(lambda y: y * w * x, (x,), (X,)),
        lambda: jacobian(lambda y: y * w)(x),
        lambda: hessian(lambda y: np.sum(y**3 * w))(x),
        lambda: vjp(lambda y: y * z, x)[1](X),
    ):
        call()
        for v, g, label in before:
            np.testing.assert_array_equal(v.grad, g)
            assert v.label == label


def test_arguments_are_not_changed():
    p = {"w": X.copy(), "l": [1.0, M.copy()]}
    for transform in (grad, jacobian, value_and_grad):
        transform(lambda p: np.sum(p["w"]) * np.sum(p["l"][1]) * p["l"][0])(p)
    same(p, {"w": X, "l": [1.0, M]})


def test_results_are_the_callers_own():
    for f in (
        lambda: grad(lambda x, y: np.sum(x + y), (0, 1))(X, X),
        lambda: vjp(lambda x, y: x + y, X, X)[1](X),
    ):
        first, second = f()
        first += 1.0
        same((first - 1.0, second), f())
    t = X.copy()
    _, slope = jvp(lambda x: x, (X,), (t,))
    slope += 1.0
    same(t, X)


def test_a_constant_gradient_of_a_value_is_a_value():
    x = Value(2.0)
    for z in (grad(lambda x: 3.0 * x)(x), grad(lambda x: 3.0)(x), vjp(lambda x: x, x)[1](1.0)[0]):
        assert isinstance(z, Value)
        (z + x).backward()
        assert x.grad == 1.0
        x.grad = 0.0


# Nothing is left behind


def state():
    return levels.innermost(), tracing.depth(), is_recording()


CALLS = {
    "grad": lambda f: grad(f)(2.0),
    "value_and_grad": lambda f: value_and_grad(f)(2.0),
    "elementwise_grad": lambda f: elementwise_grad(f)(2.0),
    "vjp": lambda f: vjp(f, 2.0)[1](1.0),
    "jvp": lambda f: jvp(f, (2.0,), (1.0,)),
    "reverse jacobian": lambda f: jacobian(f, mode="reverse")(2.0),
    "forward jacobian": lambda f: jacobian(f, mode="forward")(2.0),
    "hessian": lambda f: hessian(f)(2.0),
    "hvp": lambda f: hvp(f, (2.0,), (1.0,)),
}


@pytest.mark.parametrize("outer", CALLS)
@pytest.mark.parametrize("inner", CALLS)
def test_an_exception_leaves_the_context_as_it_was(outer, inner):
    def stop(x):
        raise ZeroDivisionError("stop")

    def f(x):
        with pytest.raises(ZeroDivisionError, match="stop"):
            CALLS[inner](stop)
        CALLS[inner](lambda y: x * y)
        return x * x

    before = state()
    same(CALLS[outer](f), CALLS[outer](lambda x: x * x))
    with pytest.raises(ZeroDivisionError, match="stop"):
        CALLS[outer](lambda x: CALLS[inner](stop))
    assert state() == before == (0, 0, True)


@pytest.mark.parametrize("name", CALLS)
def test_inside_no_grad(name):
    wanted = CALLS[name](lambda x: x**3)
    with no_grad():
        same(CALLS[name](lambda x: x**3), wanted)
        assert not is_recording()
        with enable_grad():
            same(CALLS[name](lambda x: x**3), wanted)
    assert is_recording()


@pytest.mark.parametrize("name", CALLS)
def test_under_no_grad_a_result_is_a_constant(name):
    """The derivative of f is taken; that of the result is what no_grad() gives up."""
    x = Value(2.0)

    def no_grad_inside(x, inner=name):
        with no_grad():
            slope = grad(lambda y: y**3)(x)
        return slope * x  # d/dx (12 x), as at x = 2 the slope is the constant 12

    with no_grad():
        z = grad(lambda y: y**3)(x)
        w = jvp(lambda y: y**3, (x,), (1.0,))[1]
    for v in (z, w):
        assert not isinstance(v, Value) or v.inputs == ()
    if name not in ("hessian", "hvp", "forward jacobian", "jvp"):
        assert 12.0 in np.ravel(CALLS[name](no_grad_inside))


def test_a_closure_over_a_users_value_gives_values():
    """Only arguments are differentiated; but the derivative depends on the user's
    Value, and says so.
    """
    w = Value(3.0)
    for derivative in (
        grad(lambda x: w * x),
        jacobian(lambda x: w * x, mode="reverse"),
        elementwise_grad(lambda x: w * x),
    ):
        g = derivative(2.0)
        assert (type(g), g.data, w.grad) == (Value, 3.0, 0.0)
        g.backward()
        assert w.grad == 1.0
        w.zero_grad() if hasattr(w, "zero_grad") else setattr(w, "grad", 0.0)
    value, g = value_and_grad(lambda x: w * x)(2.0)
    assert (type(value), type(g), value.data, g.data) == (Value, Value, 6.0, 3.0)
    out, pullback = vjp(lambda x: w * x, 2.0)
    assert (type(out), [type(x) for x in pullback(1.0)]) == (Value, [Value])


def test_a_closure_over_constants_gives_numbers():
    w = Value(3.0)
    same(grad(lambda x: w.detach() * x)(2.0), 3.0)
    with no_grad():
        same(grad(lambda x: w * x)(2.0), 3.0)


def test_threads_do_not_disturb_one_another():
    barrier, wrong = threading.Barrier(4), []

    def work(seed):
        names = random.Random(seed).choices(list(DERIVATIVES), k=3)
        for _ in range(10):
            barrier.wait()
            with no_grad() if seed % 2 else enable_grad():
                g = np.sin
                for name in names:
                    g = DERIVATIVES[name](g)
                if abs(g(0.5) + math.cos(0.5)) > 1e-12 or (levels.innermost(), tracing.depth()) != (0, 0):
                    wrong.append(names)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Bad input

TWO = (2.0, 3.0)
ERRORS = {
    "array": (
        lambda: grad(lambda x: x * x)(X),
        ShapeError,
        "grad: f returned an array of shape (3,), wanted one number; sum it, use jacobian or elementwise_grad",
    ),
    "pair": (lambda: grad(lambda x: (x, x))(1.0), ShapeError, "f returned a tuple of 2, wanted one number"),
    "dict": (lambda: value_and_grad(lambda x: {"x": x})(1.0), ShapeError, "f returned a dict, wanted one number"),
    "none": (
        lambda: grad(lambda x: None)(1.0),
        DataError,
        "grad: f returned None, wanted one number; does f lack a `return`?",
    ),
    "elementwise": (
        lambda: elementwise_grad(lambda x: [x])(1.0),
        ShapeError,
        "elementwise_grad: f returned a list, wanted one array; use jacobian",
    ),
    "too far": (
        lambda: grad(lambda x, y: x, 2)(*TWO),
        ArgumentError,
        "grad: argnums=2, and f was called with 2 positional arguments; give the number of one, from 0, or a tuple",
    ),
    "too far back": (lambda: jacobian(lambda x, y: x, -3)(*TWO), ArgumentError, "jacobian: argnums=-3, and f was"),
    "twice": (lambda: grad(lambda x, y: x, (1, -1))(*TWO), ArgumentError, "argnums=(1, -1)"),
    "none chosen": (lambda: grad(lambda x, y: x, ())(*TWO), ArgumentError, "argnums=()"),
    "by name": (lambda: grad(lambda x, y: x, "x")(*TWO), ArgumentError, "argnums='x'"),
    "by fraction": (lambda: grad(lambda x, y: x, 0.5)(*TWO), ArgumentError, "argnums=0.5"),
    "no argument": (lambda: grad(lambda: 1.0)(), ArgumentError, "argnums=0, and f was called with 0 positional"),
    "keyword": (lambda: grad(lambda x: x)(x=1.0), ArgumentError, "with 0 positional arguments"),
    "text": (lambda: grad(lambda x: x)("a"), DataError, "'a' is a str, not a number or an array of numbers"),
    "text in a tree": (lambda: grad(lambda p: 1.0)({"x": None, "name": "a"}), DataError, "'a' is a str"),
    "complex": (lambda: grad(lambda x: x)(1j), DataError, "1j"),
    "no aux": (
        lambda: grad(lambda x: x * x, has_aux=True)(1.0),
        ArgumentError,
        "grad: with has_aux, f returns a pair (output, aux); it returned a number",
    ),
    "three aux": (lambda: vjp(lambda x: (x, x, x), 1.0, has_aux=True), ArgumentError, "vjp: with has_aux, f returns a"),
    "jvp no aux": (lambda: jvp(lambda x: [x, x], TWO[:1], TWO[:1], has_aux=True), ArgumentError, "it returned a list"),
    "jacobian no aux": (
        lambda: jacobian(lambda x: X, has_aux=True)(X),
        ArgumentError,
        "it returned an array of shape (3,)",
    ),
    "mode": (
        lambda: jacobian(lambda x: x, mode="both"),
        ArgumentError,
        "jacobian: there is no mode 'both'; take 'reverse', 'forward', or None for the cheaper",
    ),
    "tangent": (
        lambda: jvp(lambda x: x, (X,), (np.ones(2),)),
        ShapeError,
        "jvp: a tangent of shape (2,) for the primal of shape (3,); give one of the same shape",
    ),
    "tangent number": (lambda: jvp(lambda x: x, (X,), (1.0,)), ShapeError, "jvp: a tangent of shape () for"),
    "tangents": (
        lambda: jvp(lambda x, y: x, TWO, (1.0,)),
        ArgumentError,
        "jvp: 1 tangents for 2 primals; give one for each argument of f",
    ),
    "tangent tree": (
        lambda: jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)),
        ArgumentError,
        "jvp: the tangent has the structure [{'b': *}], but the primal has [{'a': *}]",
    ),
    "not a tuple": (
        lambda: jvp(lambda x: x, 1.0, 1.0),
        ArgumentError,
        "jvp: primals is a float; give a tuple, one per argument of f",
    ),
    "tangents not a tuple": (lambda: jvp(lambda x: x, (X,), X), ArgumentError, "tangents is an array of shape (3,)"),
    "tangent text": (lambda: jvp(lambda x: x, (1.0,), ("a",)), DataError, "'a' is a str"),
    "cotangent": (
        lambda: vjp(lambda x: x, X)[1](np.ones(2)),
        ShapeError,
        "vjp: a cotangent of shape (2,) for the output of shape (3,); give one of the same shape",
    ),
    "cotangents": (
        lambda: vjp(lambda x: (x, {"a": x}), 1.0)[1]((1.0, 2.0)),
        ArgumentError,
        "vjp: the cotangent has the structure (*, *), but the output has (*, {'a': *}); "
        "give the cotangent the same structure",
    ),
    "one for a pair": (
        lambda: vjp(lambda x: (x, x), 1.0)[1](1.0),
        ArgumentError,
        "structure *, but the output has (*, *)",
    ),
    "pair for one": (
        lambda: vjp(lambda x: x, 1.0)[1]((1.0, 1.0)),
        ArgumentError,
        "structure (*, *), but the output has *",
    ),
    "hvp": (lambda: hvp(lambda x: x, (X,), (X,)), ShapeError, "hvp: f returned an array of shape (3,)"),
    "hvp of numbers": (lambda: hvp(np.sin, 1.0, 1.0), ArgumentError, "hvp: primals is a float; give a tuple"),
    "hessian": (lambda: hessian(lambda x: x)(X), ShapeError, "hessian: f returned an array of shape (3,), wanted one"),
    "text as a result": (lambda: grad(lambda x: "a")(1.0), DataError, "f returned a str, wanted one number; return a"),
    "none, elementwise": (lambda: elementwise_grad(lambda x: None)(X), ShapeError, "f returned None, wanted one array"),
    "argument in place of its number": (
        lambda: grad(np.sum, X),
        ArgumentError,
        "grad: argnums is an array of shape (3,); give the number of an argument, or a tuple of them; "
        "the arguments of f come in a second call: grad(f)(x)",
    ),
    "argument of a jacobian": (lambda: jacobian(np.sin, X), ArgumentError, "in a second call: jacobian(f)(x)"),
    "argument of a hessian": (lambda: hessian(np.sum, [0.5]), ArgumentError, "hessian: argnums=[0.5]; give the number"),
    "argument of value_and_grad": (lambda: value_and_grad(np.sum, X), ArgumentError, "call: value_and_grad(f)(x)"),
    "argument of elementwise_grad": (lambda: elementwise_grad(np.sin, X), ArgumentError, "elementwise_grad(f)(x)"),
    "number in place of a name": (
        lambda: grad(np.sin, argnames=0)(x=1.0),
        ArgumentError,
        "grad: argnames=0, and f was",
    ),
    "name in place of a number": (
        lambda: jacobian(np.sin, argnums="x"),
        ArgumentError,
        "jacobian: argnums='x' is a name; give the number of an argument, from 0, or argnames='x' for one that is",
    ),
    "result in place of f": (
        lambda: vjp(1.0, X),
        ArgumentError,
        "vjp: 1.0 is not a function; give one, as in vjp(lambda",
    ),
    "number in place of f": (lambda: jvp(1.0, (X,), (X,)), ArgumentError, "jvp: 1.0 is not a function; give one, as"),
    "vjp without primals": (
        lambda: vjp(np.sin),
        ArgumentError,
        "vjp: f alone was given; give its arguments too, as in vjp(f, x)",
    ),
    "several cotangents": (
        lambda: vjp(lambda x: (x, x), 1.0)[1](1.0, 1.0),
        ArgumentError,
        "vjp: 2 cotangents for one output; give one, in the structure of the output: a tuple where f returns a tuple",
    ),
}


@pytest.mark.parametrize("row", ERRORS)
def test_errors(row):
    call, kind, text = ERRORS[row]
    before = state()
    with pytest.raises(kind) as caught:
        call()
    assert text in str(caught.value)
    assert str(caught.value).count("\n") < 3
    assert state() == before


def test_a_step_of_ones_own_is_refused_with_the_repair():
    def half(x):
        z = Value(x.data / 2, (x,), "half")
        z._backward = lambda: None
        return z

    with pytest.raises(GradientError) as caught:
        grad(half)(3.0)
    assert str(caught.value) == (
        "half: it has a `_backward` of its own, which only `backward()` can follow; "
        "make it an op with micrograd.op.elementwise"
    )
