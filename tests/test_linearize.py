"""`linearize` gives what `jvp` gives, without another run; `linear_transpose` the
transpose of what is linear.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from micrograd import Value, grad, hvp, jvp, linear_transpose, linearize, ops, vjp, vmap
from micrograd.errors import ArgumentError, GradientError, ShapeError
from micrograd.trees import leaves_of

X, Y = np.array([0.1, 0.4, 0.7, 1.0]), np.array([1.0, -1.3, 1.6, 2.0])


def tree(p, x):
    return {"a": np.sin(x) * p["y"], "b": (np.sum(x), 2.0, np.float32(1.0) * x, x), "name": "tree"}


PROGRAMS = {
    "tree": (tree, ({"y": Y}, X), ({"y": X}, Y)),
    "numbers": (lambda x, y: x * y + x, (2.0, 3.0), (1.0, 0.5)),
    "one does not move": (lambda x, y: x**2, (X, Y), (Y, X)),
    "shapes": (lambda x: np.reshape(x, (2, 2)) @ np.outer(X[:2], x[1:]), (X,), (Y,)),
    "list": (lambda xs: [x * xs[0] for x in xs], ([1.0, 2.0, 3.0],), ([1.0, 0.0, 2.0],)),
    "float32": (lambda x: x * x, (X.astype(np.float32),), (Y.astype(np.float32),)),
    "constant": (lambda x: 3.0, (X,), (Y,)),
    "broadcast": (lambda x, y: x + np.outer(y, y), (1.0, Y), (2.0, X)),
}


@pytest.mark.parametrize(("f", "primals", "tangents"), PROGRAMS.values(), ids=PROGRAMS)
def test_it_is_jvp(f, primals, tangents):
    out, f_jvp = linearize(f, *primals)
    for given, wanted in ((out, f(*primals)), (f_jvp(*tangents), jvp(f, primals, tangents)[1])):
        for x, y in zip(leaves_of(given), leaves_of(wanted), strict=True):
            assert not isinstance(x, Value)
            assert getattr(x, "dtype", float) == getattr(y, "dtype", float)
            np.testing.assert_allclose(x, y, rtol=1e-12)


def test_f_runs_once():
    runs = []
    _, f_jvp = linearize(lambda x: runs.append(1) or x * x, 3.0)
    assert [f_jvp(t) for t in (1.0, 2.0, 3.0)] == [6.0, 12.0, 18.0]
    assert runs == [1]


def test_with_auxiliary_data():
    out, f_jvp, aux = linearize(lambda x: (x * x, {"twice": x * 2.0}), 3.0, has_aux=True)
    assert (out, f_jvp(1.0), aux) == (9.0, 6.0, {"twice": 6.0})
    with pytest.raises(ArgumentError, match="linearize: with has_aux, f returns a pair"):
        linearize(lambda x: x, 3.0, has_aux=True)


def summed(push):
    return lambda s: np.sum(push(lambda p, x: tree(p, x)["a"], ({"y": Y * s}, X * s), ({"y": X}, Y * s)))


def by_linearize(f, primals, tangents):
    return linearize(f, *primals)[1](*tangents)


def by_jvp(f, primals, tangents):
    return jvp(f, primals, tangents)[1]


@pytest.mark.parametrize(
    "transform",
    [
        lambda f: grad(f)(1.3),
        lambda f: grad(grad(f))(1.3),
        lambda f: jvp(f, (1.3,), (1.0,)),
        lambda f: vmap(f)(X),
        lambda f: vmap(grad(f))(X),
        lambda f: grad(lambda s: np.sum(vmap(f)(s)))(X),
        lambda f: linearize(f, 1.3)[1](1.0),
    ],
    ids=["grad", "second order", "jvp", "vmap", "vmap of grad", "grad of vmap", "linearize"],
)
def test_it_nests(transform):
    given, wanted = transform(summed(by_linearize)), transform(summed(by_jvp))
    for x, y in zip(leaves_of(given), leaves_of(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_all_columns_at_once():
    _, f_jvp = linearize(lambda x: np.sin(x) * x[::-1], X)
    columns = vmap(f_jvp)(np.eye(4))
    for column, e in zip(columns, np.eye(4), strict=True):
        np.testing.assert_allclose(column, jvp(lambda x: np.sin(x) * x[::-1], (X,), (e,))[1])


def test_products_with_a_hessian():
    def f(x):
        return np.sum(np.sin(x) * x[::-1] ** 2)

    _, product = linearize(grad(f), X)
    np.testing.assert_allclose(product(Y), hvp(f, (X,), (Y,)), rtol=1e-12)


def test_values_in_values_out():
    w, x = Value(2.0), Value(3.0)
    out, f_jvp = linearize(lambda x: x * x * w, x)
    t = f_jvp(1.0)
    assert (out.data, t.data) == (18.0, 12.0)
    t.backward()
    assert (w.grad, x.grad) == (6.0, 4.0)


def test_the_graph_goes_with_the_function():
    _, f_jvp = linearize(lambda x: kept.append(x) or x * x, 3.0) if (kept := []) == [] else (None, None)
    assert kept[0].inputs == ()
    leaf = weakref.ref(kept.pop())
    del f_jvp
    gc.collect()
    assert leaf() is None


@pytest.mark.parametrize(
    ("tangents", "kind", "text"),
    [
        ((1.0,), ArgumentError, "linearize: 1 tangents for 2 primals; give one for each argument of f"),
        ((1.0, np.ones(2)), ShapeError, "linearize: a tangent of shape (2,) for the primal of shape ()"),
    ],
)
def test_wrong_tangents(tangents, kind, text):
    _, f_jvp = linearize(lambda x, y: x * y, 2.0, 3.0)
    with pytest.raises(kind) as caught:
        f_jvp(*tangents)
    assert str(caught.value).startswith(text)


def test_a_step_by_hand_is_refused():
    def f(x):
        z = x * x
        z._backward = lambda: None
        return z * 2.0

    with pytest.raises(GradientError, match=r"linearize: \* was made by hand or has a `_backward` of its own"):
        linearize(f, 3.0)


# linear_transpose

LINEAR = {
    "differences": (lambda x: x[1:] - x[:-1], (X,)),
    "matrix": (lambda x: np.outer(X, Y) @ x, (X,)),
    "two arguments": (lambda x, y: {"z": 2.0 * x - y, "w": np.sum(y)}, (X, Y)),
    "where": (lambda x: np.where(Y > 0.0, x, 0.0), (X,)),
    "itself": (lambda x: x, (X,)),
    "zero": (lambda x: ops.sum(x) * 0.0, (X,)),
}


@pytest.mark.parametrize(("f", "primals"), LINEAR.values(), ids=LINEAR)
def test_a_transpose_is_the_pullback(f, primals):
    out, pullback = vjp(f, *primals)
    rng = np.random.default_rng(0)
    seed = {"z": rng.random(4), "w": 2.0} if isinstance(out, dict) else rng.random(np.shape(out))[()]
    given = linear_transpose(f, *primals)(seed)
    for x, y in zip(given, pullback(seed), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (np.sin, "sin"),
        (lambda x: x + 1.0, "add"),
        (lambda x: x * x[0], "multiply"),
        (abs, "absolute"),
        (lambda x: x.detach() * 2.0, "a constant"),
    ],
)
def test_what_is_not_linear_has_no_transpose(f, name):
    with pytest.raises(GradientError) as caught:
        linear_transpose(f, X)
    assert str(caught.value) == (
        f"linear_transpose: f is not linear in its arguments ({name}); take vjp, which linearizes at a point"
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: linearize(np.sin), "linearize: f alone was given; give its arguments too, as in linearize(f, x)"),
        (lambda: linearize(1.0, 2.0), "linearize: 1.0 is not a function; give one, as in linearize(lambda x: x * x, 3"),
        (lambda: linear_transpose(2.0, 1.0), "linear_transpose: 2.0 is not a function; give one, as in"),
        (lambda: linear_transpose(np.negative), "linear_transpose: f alone was given; give its arguments too, as in"),
        (
            lambda: linear_transpose(np.negative, np.ones(2))(np.ones(3)),
            "linear_transpose: a cotangent of shape (3,) for the output of shape (2,)",
        ),
        (lambda: linear_transpose(np.negative, 1.0)(), "linear_transpose: 0 cotangents for one output; give one"),
    ],
)
def test_wrong_calls(call, text):
    with pytest.raises((ArgumentError, ShapeError)) as caught:
        call()
    assert str(caught.value).startswith(text)
