"""`custom_vjp` and `custom_jvp`: a rule of the user's is used in every transform, to
any order, and what is wrong with one is said.
"""

from __future__ import annotations

import copy
import functools
import pickle

import numpy as np
import pytest

from micrograd import (
    Value,
    checkpoint,
    custom_jvp,
    custom_vjp,
    detect_anomaly,
    elementwise_grad,
    grad,
    gradcheck,
    hessian,
    hvp,
    jacobian,
    jvp,
    linearize,
    nn,
    no_grad,
    vjp,
    vmap,
)
from micrograd.errors import AnomalyError, ArgumentError, DataError, GradcheckError, GradientError, OpError, ShapeError
from micrograd.record import Elementwise
from micrograd.transforms.linearity import nonlinear_op
from micrograd.trees import leaves_of

X, Y = np.array([0.1, 0.4, 0.7, 1.0]), np.array([1.0, -1.3, 1.6, 2.0])


def plain(x, y):
    return np.sin(x) * y


def by_vjp():
    f = custom_vjp(plain)
    f.defvjp(lambda x, y: (f(x, y), (np.cos(x), np.sin(x), y)), lambda r, g: (r[0] * g * r[2], r[1] * g))
    return f


def by_jvp():
    f = custom_jvp(plain)

    @f.defjvp
    def rule(primals, tangents):
        (x, y), (s, t) = primals, tangents
        return f(x, y), np.cos(x) * s * y + np.sin(x) * t

    return f


def by_jvps():
    f = custom_jvp(plain)
    f.defjvps(lambda t, z, x, y: np.cos(x) * t * y, lambda t, z, x, y: np.sin(x) * t)
    return f


KINDS = {"vjp": by_vjp, "jvp": by_jvp, "jvps": by_jvps}


def total(f):
    return lambda x, y: np.sum(f(x, y) ** 2)


TRANSFORMS = {
    "plain": lambda f: f(X, Y),
    "grad": lambda f: grad(f, (0, 1))(0.7, 1.3),
    "grad by one": lambda f: grad(total(f), 1)(X, Y),
    "third order": lambda f: grad(grad(grad(f)), 1)(0.7, 1.3),
    "vjp": lambda f: vjp(f, X, Y)[1](Y),
    "jvp": lambda f: jvp(f, (X, Y), (Y, X)),
    "jvp by one": lambda f: jvp(lambda x: f(x, Y), (X,), (Y,)),
    "jvp of jvp": lambda f: jvp(lambda x: jvp(f, (x, Y), (Y, X))[1], (X,), (X,)),
    "hvp": lambda f: hvp(total(f), (X, Y), (Y, X)),
    "hessian": lambda f: hessian(total(f), (0, 1))(X, Y),
    "forward jacobian": lambda f: jacobian(f, (0, 1), mode="forward")(X, Y),
    "grad of jvp": lambda f: grad(lambda x: np.sum(jvp(f, (x, Y), (Y, X))[1]))(X),
    "jvp of grad": lambda f: jvp(grad(f), (0.7, 1.3), (1.0, 2.0)),
    "elementwise": lambda f: elementwise_grad(f)(X, Y),
    "vmap": lambda f: vmap(f, (0, None))(X, 2.0),
    "vmap of grad": lambda f: vmap(grad(f, (0, 1)))(X, Y),
    "vmap of jvp": lambda f: vmap(lambda x, y: jvp(f, (x, y), (1.0, 2.0)))(X, Y),
    "vmap of hvp": lambda f: vmap(lambda x, y: hvp(f, (x, y), (1.0, 2.0)))(X, Y),
    "vmap of jacobian": lambda f: vmap(jacobian(lambda x: f(x, x * x)))(np.outer(X, Y)),
    "vmap of vmap of grad": lambda f: vmap(vmap(grad(f, (0, 1)), (None, 0)), (0, None))(X, Y),
    "vmap of vmap of jacobian": lambda f: vmap(lambda x: vmap(lambda y: y * jacobian(f)(x, x))(Y))(X),
    "vmap of a pullback": lambda f: vmap(vjp(f, X, Y)[1])(np.eye(4)),
    "grad of vmap": lambda f: grad(total(vmap(f)), (0, 1))(X, Y),
    "grad of vmap, one mapped": lambda f: grad(total(vmap(f, (None, 0))), (0, 1))(2.0, Y),
    "hessian of vmap": lambda f: hessian(total(vmap(f, (0, None))), (0, 1))(X, 2.0),
    "jvp of vmap": lambda f: jvp(vmap(f, (0, None)), (X, 2.0), (Y, 3.0)),
    "hvp of vmap": lambda f: hvp(total(vmap(f)), (X, Y), (Y, X)),
    "vmap of vmap": lambda f: grad(lambda a: np.sum(vmap(vmap(f, (0, None)))(a, Y) ** 2))(np.outer(X, Y)),
    "a constant of a jvp": lambda f: grad(lambda y: np.sum(jvp(lambda t: t * f(t.detach(), y), (X,), (Y,))[1]))(Y),
    "checkpoint": lambda f: hessian(lambda x: np.sum(checkpoint(lambda x: f(x, x))(x) ** 2))(X),
    "linearize": lambda f: linearize(f, X, Y)[1](Y, X),
    "grad of linearize": lambda f: grad(lambda x: np.sum(linearize(f, x, Y)[1](Y, X)))(X),
    "a constant": lambda f: jvp(lambda x: x * f(X, Y), (X,), (Y,)),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_transform(kind, transform):
    for x, y in zip(leaves_of(transform(kind())), leaves_of(transform(plain)), strict=True):
        assert np.any(y != 0.0)
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)


def ten_times_by_vjp():
    f = custom_vjp(lambda x, y: x * y)
    f.defvjp(lambda x, y: (x * y, (x, y, 10)), lambda r, g: (g * r[1] * r[2], None))
    return f


def ten_times_by_jvp():
    f = custom_jvp(lambda x, y: x * y)
    f.defjvp(lambda primals, tangents: (primals[0] * primals[1], 10.0 * tangents[0] * primals[1]))
    return f


@pytest.mark.parametrize(
    "slopes",
    [
        lambda f: grad(lambda x, y: np.sum(f(x, y)), (0, 1))(X, Y),
        lambda f: jacobian(lambda x, y: np.sum(f(x, y)), (0, 1), mode="forward")(X, Y),
        lambda f: vmap(grad(f, (0, 1)))(X, Y),
        lambda f: grad(lambda x, y: np.sum(vmap(f)(x, y)), (0, 1))(X, Y),
        lambda f: eager(f),
    ],
    ids=["grad", "forward", "vmap of grad", "grad of vmap", "backward"],
)
@pytest.mark.parametrize("kind", [ten_times_by_vjp, ten_times_by_jvp])
def test_the_rule_is_used_and_not_the_function(kind, slopes):
    by_x, by_y = slopes(kind())
    np.testing.assert_allclose(by_x, 10.0 * Y, rtol=1e-14)
    np.testing.assert_array_equal(by_y, np.zeros(4))


def eager(f):
    x, y = Value(X), Value(Y)
    np.sum(f(x, y)).backward()
    return x.grad, y.grad


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_values_and_create_graph(kind):
    def slopes(f):
        x, y = Value(X), Value(Y)
        z = np.sum(f(x, y) * x)
        z.backward(create_graph=True)
        first = x.grad
        x.zero_grad(), y.zero_grad()
        np.sum(first * first).backward()
        return first.data, x.grad, y.grad

    for given, wanted in zip(slopes(kind()), slopes(plain), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-12)


def of_tree(p):
    return {"a": p["w"] * 2.0, "n": np.array([1, 2]), "b": [p["b"] ** 2, "name"]}


def tree_by_vjp():
    f = custom_vjp(of_tree)
    f.defvjp(lambda p: (f(p), p["b"]), lambda b, g: ({"w": g["a"] * 2.0, "b": 2.0 * b * g["b"][0]},))
    return f


def tree_by_jvp():
    f = custom_jvp(of_tree)
    f.defjvp(lambda p, t: (f(*p), {"a": t[0]["w"] * 2.0, "n": 0, "b": [2.0 * p[0]["b"] * t[0]["b"], "name"]}))
    return f


@pytest.mark.parametrize("kind", [tree_by_vjp, tree_by_jvp])
@pytest.mark.parametrize("transform", [grad, hessian, lambda f: lambda p: hvp(f, (p,), (p,))])
def test_trees(kind, transform):
    def loss(f, p):
        out = f(p)
        assert out["b"][1] == "name"
        return np.sum(out["a"] * out["n"]) ** 2 * np.sum(out["b"][0])

    p = {"w": np.array([1.0, 3.0]), "b": np.arange(1.0, 4.0)}
    given, wanted = transform(functools.partial(loss, kind()))(p), transform(functools.partial(loss, of_tree))(p)
    for x, y in zip(leaves_of(given), leaves_of(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_dtypes_are_those_of_the_arguments():
    f = custom_vjp(lambda x, y: (x * 2, y * 3))
    f.defvjp(lambda x, y: (f(x, y), None), lambda r, g: (2.0 * np.ones(3) * g[0], g[1] * 3))
    x, y = Value(np.ones(3, np.float32)), Value(np.ones(2))
    a, b = f(x, y)
    assert (a.dtype, b.dtype) == (np.float32, np.float64)
    (np.sum(a) + np.sum(b)).backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_f_runs_where_no_gradient_is_needed():
    calls = []

    def note(name, result):
        calls.append(name)
        return result

    f = custom_vjp(lambda x: note("f", x * x))
    f.defvjp(lambda x: note("forward", (x * x, x)), lambda x, g: note("backward", (2.0 * x * g,)))
    f(3.0)
    f(Value(3.0).detach())
    with no_grad():
        f(Value(3.0))
    assert calls == ["f", "f", "f"]
    z = f(Value(3.0))
    assert calls[3:] == ["forward"]
    z.backward()
    assert calls[4:] == ["backward"]


def test_a_gradient_is_clipped_on_its_way_back():
    clipped = custom_vjp(lambda x, limit: x, nondiff_argnums=(1,))
    clipped.defvjp(lambda x, limit: (x, None), lambda limit, _, g: (np.clip(g, -limit, limit),))
    assert grad(lambda x: 5.0 * clipped(x, 1.0) ** 2)(3.0) == 1.0
    assert grad(lambda x: 5.0 * clipped(x, limit=100.0) ** 2)(3.0) == 30.0
    with pytest.raises(GradientError) as caught:
        jvp(lambda x: clipped(x, 1.0), (3.0,), (1.0,))
    assert str(caught.value) == (
        "custom_vjp of <lambda>: backward is not linear in the cotangent (clipped), so forward mode cannot use it; "
        "write a custom_jvp, or take grad or vjp"
    )


def straight_through(kind):
    """A step function with the derivative 1."""
    f = kind(np.floor)
    if kind is custom_vjp:
        f.defvjp(lambda x: (np.floor(x), None), lambda r, g: (g,))
    else:
        f.defjvp(lambda p, t: (np.floor(p[0]), t[0]))
    return f


@pytest.mark.parametrize("kind", [custom_vjp, custom_jvp])
@pytest.mark.parametrize(
    "second",
    [
        lambda f: hessian(f)(X),
        lambda f: jacobian(grad(f), mode="forward")(X),
        lambda f: jacobian(grad(f), mode="reverse")(X),
        lambda f: vmap(linearize(grad(f), X)[1])(np.eye(4)),
        lambda f: grad(lambda x: np.sum(jvp(f, (x,), (np.ones(4),))[1]))(X) * np.eye(4),
        lambda f: jacobian(lambda x: jacobian(f, mode="forward")(x), mode="forward")(X),
    ],
    ids=["hessian", "forward over reverse", "reverse over reverse", "linearize", "reverse over forward", "forward"],
)
def test_the_rule_holds_in_all_orders_alike(kind, second):
    """The output too has the derivative of the rule, whatever forward is made of."""
    f = straight_through(kind)
    np.testing.assert_allclose(second(lambda x: np.sum(f(x + 1.0) ** 2)), 2.0 * np.eye(4))


def test_an_output_that_is_the_same_in_each_example():
    f = custom_vjp(lambda x, y: (x * y, np.sin(x)))
    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda r, g: (g[0] * r[1] + 2.0 * np.cos(r[0]) * g[1], g[0] * r[0]))

    def loss(x, y):
        a, b = f(x, y)
        return (a * b) ** 2

    given = grad(lambda x: np.sum(vmap(loss, (None, 0))(x, Y)))(2.0)
    assert given == pytest.approx(grad(lambda x: sum(loss(x, y) for y in Y))(2.0), rel=1e-14)


def power(n, x):
    return x**n


def test_arguments_without_a_gradient():
    f = custom_vjp(power, nondiff_argnums=0)
    f.defvjp(lambda n, x: (x**n, x), lambda n, x, g: (n * x ** (n - 1) * g,))
    assert grad(f, 1)(3, 2.0) == 12.0
    assert grad(lambda x: f(x=x, n=3))(2.0) == 12.0
    assert grad(grad(f, 1), 1)(3, 2.0) == 12.0
    assert jvp(lambda x: f(3, x), (2.0,), (1.0,)) == (8.0, 12.0)
    np.testing.assert_allclose(grad(lambda x: np.sum(vmap(f, (None, 0))(3, x)))(X), 3.0 * X**2)
    with pytest.raises(GradientError) as caught:
        f(Value(3.0), 2.0)
    assert str(caught.value) == (
        "custom_vjp of power: argument 0 is one of nondiff_argnums, but it carries a gradient, which would be lost; "
        "take 0 out of nondiff_argnums, or give its .detach()"
    )
    g = custom_jvp(power, nondiff_argnums=(0,))
    g.defjvp(lambda n, p, t: (p[0] ** n, n * p[0] ** (n - 1) * t[0]))
    assert grad(g, 1)(3, 2.0) == jvp(lambda x: g(3, x), (2.0,), (1.0,))[1] == 12.0


def test_defaults_are_filled_in():
    f = custom_vjp(lambda x, n=3: x**n)
    f.defvjp(lambda x, n: (x**n, (x, n)), lambda r, g: (r[1] * r[0] ** (r[1] - 1) * g, None))
    assert grad(f)(2.0) == 12.0


def test_it_may_be_a_method():
    class Scaled:
        def __init__(self, scale):
            self.scale = scale

        @custom_vjp
        def __call__(self, x):
            return self.scale * x

    Scaled.__call__.defvjp(lambda self, x: (self.scale * x, self.scale), lambda scale, g: (None, scale * g))
    assert grad(Scaled(3.0))(2.0) == 3.0


def test_modules_are_trees():
    layer = nn.Linear(3, 2, rng=np.random.default_rng(0))
    f = custom_vjp(lambda m, x: m(x))
    f.defvjp(lambda m, x: (m(x), x), lambda x, g: (None, g @ np.ones((2, 3))))
    x = Value(np.ones(3))
    f(layer, x).backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [2.0, 2.0, 2.0])
    assert not np.any(layer.weight.grad)


# What is wrong is said

NOT_DEFINED = "custom_vjp of <lambda>: it has no rule yet; give it one with f.defvjp(forward, backward)"


def test_a_rule_is_needed():
    with pytest.raises(OpError) as caught:
        custom_vjp(lambda x: x)(1.0)
    assert str(caught.value) == NOT_DEFINED
    with pytest.raises(OpError, match=r"custom_jvp of sin: it has no rule yet; give it one with f\.defjvp\(rule\)"):
        custom_jvp(np.sin)(1.0)


BAD_VJP = {
    "no tuple": (
        lambda x: (x, None),
        lambda r, g: g,
        ArgumentError,
        "backward returned a float for 1 arguments; return a tuple with one per argument, "
        "None where there is no gradient",
    ),
    "two": (
        lambda x: (x, None),
        lambda r, g: (g, g),
        ArgumentError,
        "backward returned 2 cotangents for 1 arguments; return a tuple with one per argument, "
        "None where there is no gradient",
    ),
    "shape": (
        lambda x: (x, None),
        lambda r, g: (g * np.ones(2),),
        ShapeError,
        "its rule gave a cotangent of shape (2,) for the argument of shape (); give one of the same shape: "
        "sum a cotangent over the axes along which the argument was broadcast",
    ),
    "structure": (
        lambda x: (x, None),
        lambda r, g: ([g],),
        ArgumentError,
        "the cotangent has the structure [*], but the argument has *; give the cotangent the same structure",
    ),
    "no number": (lambda x: (x, None), lambda r, g: ({1},), DataError, "{1} is a set, not a number or an array"),
    "no pair": (
        lambda x: x,
        lambda r, g: (g,),
        ArgumentError,
        "forward returned a number; return a pair (output, residuals), as f gives the output and "
        "backward takes the residuals",
    ),
}


@pytest.mark.parametrize(("forward", "backward", "kind", "text"), BAD_VJP.values(), ids=BAD_VJP)
def test_a_wrong_rule_of_reverse_mode(forward, backward, kind, text):
    f = custom_vjp(lambda x: x)
    f.defvjp(forward, backward)
    with pytest.raises(kind) as caught:
        grad(f)(1.0)
    said = str(caught.value).replace("forward returned a float", "forward returned a number")
    assert said.startswith(f"custom_vjp of <lambda>: {text}")


NOT_LINEAR = (
    "its rule is not linear in the tangents ({}), so it has no gradient; "
    "a tangent of the output is a sum of slopes times tangents of the inputs"
)
BAD_JVP = {
    "square": (lambda p, t: (p[0], t[0] ** 2), GradientError, NOT_LINEAR.format("raise_to")),
    "product": (lambda p, t: (p[0], t[0] * t[0]), GradientError, NOT_LINEAR.format("multiply")),
    "quotient": (lambda p, t: (p[0], 1.0 / t[0]), GradientError, NOT_LINEAR.format("divide")),
    "maximum": (lambda p, t: (p[0], np.maximum(t[0], 0.0)), GradientError, NOT_LINEAR.format("maximum")),
    "absolute": (lambda p, t: (p[0], abs(t[0])), GradientError, NOT_LINEAR.format("absolute")),
    "offset": (lambda p, t: (p[0], t[0] + 1.0), GradientError, NOT_LINEAR.format("add")),
    "constant": (lambda p, t: (p[0], 1.0), GradientError, NOT_LINEAR.format("a constant")),
    "shape": (
        lambda p, t: (p[0], t[0] * np.ones(3)),
        ShapeError,
        "its rule gave a tangent of shape (3,) for the output of shape (); give one of the same shape",
    ),
    "structure": (
        lambda p, t: (p[0], (t[0],)),
        ArgumentError,
        "the tangent has the structure (*,), but the output has *; "
        "give the tangent the same structure, where * is a number or an array",
    ),
    "no pair": (
        lambda p, t: p,
        ArgumentError,
        "the rule returned a tuple of 1; return a pair (output, tangent of the output)",
    ),
}


@pytest.mark.parametrize(("rule", "kind", "text"), BAD_JVP.values(), ids=BAD_JVP)
def test_a_wrong_rule_of_forward_mode(rule, kind, text):
    f = custom_jvp(lambda x: x)
    f.defjvp(rule)
    with pytest.raises(kind) as caught:
        grad(f)(1.0)
    assert str(caught.value) == f"custom_jvp of <lambda>: {text}"


def test_the_number_of_rules_by_argument():
    f = custom_jvp(lambda x, y: x * y)
    f.defjvps(lambda t, z, x, y: t * y)
    with pytest.raises(ArgumentError) as caught:
        grad(f)(1.0, 2.0)
    assert str(caught.value) == (
        "custom_jvp of <lambda>: defjvps got 1 rules, and it was called with 2 arguments; "
        "give one per argument, None where there is nothing"
    )
    f.defjvps(None, lambda t, z, x, y: t * x)
    assert grad(f, (0, 1))(3.0, 2.0) == (0.0, 3.0)
    f.defjvps(None, None)
    assert grad(f, (0, 1))(3.0, 2.0) == (0.0, 0.0)
    with pytest.raises(ArgumentError, match="defjvps takes one function per argument"):
        f.defjvps()
    with pytest.raises(ArgumentError, match=r"custom_jvp: nondiff_argnums='n'; give the numbers of arguments, from 0"):
        custom_jvp(power, nondiff_argnums="n")
    with pytest.raises(ArgumentError, match=r"give the numbers of arguments, from 0; rules are given by f.defvjp\(for"):
        custom_vjp(power, lambda x, n: (x**n, x))
    with pytest.raises(ArgumentError, match="defjvps has no place for nondiff_argnums; use defjvp"):
        custom_jvp(power, nondiff_argnums=0).defjvps(lambda t, z, x: t)


def closing(kind, w, where):
    """A function that closes over w in its rule, in one place."""
    used = [w if where == place else 2.0 for place in ("f", "out", "residuals", "backward")]
    f = kind(lambda x: x * used[0])
    if kind is custom_vjp:
        f.defvjp(lambda x: (x * used[1], used[2]), lambda r, g: (g * used[3] * r,))
    else:
        f.defjvp(lambda p, t: (p[0] * used[1], t[0] * 2.0))
    return f


@pytest.mark.parametrize(
    ("kind", "where", "said"),
    [
        (custom_vjp, "out", "forward"),
        (custom_vjp, "residuals", "forward"),
        (custom_vjp, "backward", "backward"),
        (custom_jvp, "out", "the rule"),
    ],
)
def test_a_value_from_outside_is_refused(kind, where, said):
    wanted = (
        f"{kind.__name__} of <lambda>: {said} uses a Value that is not one of its arguments, and its gradient would "
        f"be lost; give it to the function as an argument, or use its .detach()"
    )
    with pytest.raises(GradientError) as caught:
        closing(kind, Value(2.0), where)(Value(3.0)).backward()
    assert str(caught.value) == wanted
    if where != "backward":  # that one is recorded here, and right: see below
        with pytest.raises(GradientError) as caught:
            grad(lambda w: grad(lambda x: closing(kind, w, where)(x))(3.0))(2.0)
        assert str(caught.value) == wanted
    x = Value(3.0)
    closing(kind, Value(2.0).detach(), where)(x).backward()
    assert x.grad in (2.0, 4.0)


def test_a_value_from_outside_is_right_where_the_arguments_are_numbers():
    w = Value(2.0)
    closing(custom_vjp, w, "f")(3.0).backward()
    assert w.grad == 3.0


def test_second_derivatives_through_a_backward_that_closes_over_an_outer_value():
    """Recorded, as grad of grad is, the gradient of w arrives."""
    slope = grad(lambda w: grad(lambda x: closing(custom_vjp, w, "backward")(x))(3.0))(2.0)
    assert slope == 2.0


def test_a_value_of_the_vmap_around_is_refused():
    def mapped(x, w):
        return closing(custom_vjp, w, "out")(x)

    with pytest.raises(GradientError) as caught:
        grad(lambda x: np.sum(vmap(mapped)(x, Y)))(X)
    assert str(caught.value) == (
        "custom_vjp of <lambda>: it uses a value of the vmap around that is not one of its arguments, "
        "and examples would mix; give it to the function as an argument"
    )


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: custom_vjp(3.0), "custom_vjp: 3.0 is not a function; write it above a function, as @custom_vjp"),
        (lambda: by_vjp().defvjp(np.sin, 3.0), "custom_vjp of plain: backward=3.0 is not a function; write f.defvjp"),
        (lambda: by_jvp().defjvp(3.0), "custom_jvp of plain: the rule 3.0 is not a function; write f.defjvp(rule)"),
        (
            lambda: straight_through(custom_vjp)(x=1.0),
            "custom_vjp of floor: <ufunc 'floor'> has no signature to read; give arguments by position",
        ),
        (
            lambda: named_only()(1.0, y=2.0),
            "custom_vjp of <lambda>: y can be given by name only, and rules take all arguments by position; "
            "let f take it by position too",
        ),
        (
            lambda: custom_vjp(plain, nondiff_argnums=1.5),
            "custom_vjp: nondiff_argnums=1.5; give the numbers of arguments, from 0; rules are given by f.defvjp",
        ),
        (
            lambda: by_jvp()(1.0, 2.0, 3.0),
            "custom_jvp of plain: too many positional arguments; it takes (x, y), give it these arguments",
        ),
        (
            lambda: grad(of_rules(custom_jvp, lambda t: t))(1.0),
            "custom_jvp of <lambda>: rule takes (t), and is called as rule(primals, tangents)",
        ),
        (
            lambda: grad(of_rules(custom_vjp, lambda: 1.0, None))(1.0),
            "custom_vjp of <lambda>: forward takes (), and is called as forward(argument 0)",
        ),
        (
            lambda: grad(of_rules(custom_vjp, lambda x: (x, x), lambda g: (g,)))(1.0),
            "custom_vjp of <lambda>: backward takes (g), and is called as backward(residuals, cotangent)",
        ),
        (
            lambda: grad(of_rules(custom_jvp, lambda p, t: (p, t), nondiff_argnums=0), 1)(1.0, 2.0),
            "custom_jvp of <lambda>: rule takes (p, t), and is called as rule(argument 0, primals, tangents)",
        ),
        (
            lambda: beyond()(1.0),
            "custom_vjp of <lambda>: nondiff_argnums=(2,), and it was called with 1 arguments; "
            "give the numbers of arguments that there are",
        ),
    ],
)
def test_wrong_arguments(make, text):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value).startswith(text)


def of_rules(kind, *rules, nondiff_argnums=()):
    f = kind(lambda *x: x[-1], nondiff_argnums)
    if kind is custom_jvp:
        f.defjvp(*rules)
    else:
        f.defvjp(rules[0], rules[1] or (lambda r, g: (g,)))
    return f


def test_an_argument_may_be_named_twice_among_those_without_a_gradient():
    f = custom_jvp(lambda n, x: x * n, nondiff_argnums=(0, -2))
    f.defjvp(lambda n, p, t: (p[0] * n, t[0] * n))
    assert grad(f, 1)(2.0, 3.0) == 2.0


def doubled(x):
    x *= 2.0
    return x


def without_history(run):
    def rule(*args):
        with no_grad():
            return run(*args)

    return rule


@pytest.mark.parametrize("x", [3.0, X], ids=["number", "array"])
def test_a_rule_that_loses_the_history_of_what_it_gets_is_refused(x):
    f = of_rules(custom_jvp, without_history(lambda p, t: (p[0] * 2.0, t[0] * 2.0)))
    with pytest.raises(GradientError, match=r"its rule is not linear in the tangents \(a constant\)"):
        grad(lambda x: np.sum(f(x)))(x)
    f = of_rules(custom_vjp, lambda x: (x * 2.0, x), without_history(lambda r, g: (g * 2.0,)))
    with pytest.raises(GradientError, match=r"backward is not linear in the cotangent \(a constant\)"):
        jvp(f, (x,), (x,))


def test_a_constant_in_backward_makes_plain_gradients():
    f = of_rules(custom_vjp, lambda x: (x * x, x), lambda x, g: (2.0 * x * g * Value(2.0).detach(),))
    x = Value(3.0)
    f(x).backward()
    assert (type(x.grad), type(grad(f)(3.0)), type(vjp(f, 3.0)[1](1.0)[0])) == (float, float, float)
    assert (x.grad, grad(f)(3.0), grad(grad(f))(3.0)) == (12.0, 12.0, 4.0)
    assert type(grad(lambda x: np.sum(f(x)))(X)) is np.ndarray


IN_PLACE = {
    "a cotangent": ("backward", custom_vjp, lambda x: (x, x), lambda r, g: (doubled(g),)),
    "a residual": ("backward", custom_vjp, lambda x: (x, {"x": x}), lambda r, g: (g * doubled(r["x"]),)),
    "an argument": ("forward", custom_vjp, lambda x: (doubled(x), x), lambda r, g: (g,)),
    "a tangent": ("the rule", custom_jvp, lambda p, t: (p[0], doubled(t[0]))),
    "a primal": ("the rule", custom_jvp, lambda p, t: (doubled(p[0]), t[0])),
}


@pytest.mark.parametrize("case", IN_PLACE.values(), ids=IN_PLACE)
def test_a_rule_does_not_change_what_others_read(case):
    what, kind, *rules = case
    f, x = of_rules(kind, *rules), X.copy()
    with pytest.raises(ArgumentError) as caught:
        if kind is custom_vjp:
            grad(lambda x: np.sum(x + f(x)))(x)
        else:
            jvp(lambda x: x + f(x), (x,), (Y,))
    assert str(caught.value) == (
        f"{kind.__name__} of <lambda>: {what} changes an array in place that others read too; "
        "write g = g * 2, not g *= 2, or work on a copy"
    )
    assert np.array_equal(x, X)


@pytest.mark.parametrize("kind", [custom_vjp, custom_jvp])
def test_an_output_that_is_the_argument_may_be_changed(kind):
    f = of_rules(
        kind, *((lambda x: (x, None), lambda r, g: (g,)) if kind is custom_vjp else (lambda p, t: (p[0], t[0]),))
    )
    x = Value(X.copy())
    out = f(x)
    out.data[0] = 5.0
    (out * out).sum().backward()
    assert out.data[0] == 5.0
    x.grad[0] = 3.0
    z, t = jvp(f, (X.copy(),), (Y,))
    z[0] = t[0] = 7.0
    assert (z[0], t[0], x.grad[0]) == (7.0, 7.0, 3.0)


def named_only():
    f = custom_vjp(lambda x, *, y: x)
    f.defvjp(lambda x, y: (x, None), lambda r, g: (g, None))
    return f


def beyond():
    f = custom_vjp(lambda x: x, nondiff_argnums=(2,))
    f.defvjp(lambda x: (x, None), lambda n, r, g: (g,))
    return f


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("take", [copy.deepcopy, pickle.dumps])
def test_histories_with_calls_are_not_copied(kind, take):
    z = kind()(Value(1.0), Value(2.0))
    with pytest.raises(GradientError, match="the history of this value has a call of your function in it"):
        take(z)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_stale_nodes_are_found(kind):
    x, y = Value(X), Value(Y)
    z = kind()(x, y)
    assert z.check_stale() == []
    x.data = X + 1.0
    assert z.check_stale() == [z]


def test_a_function_that_draws_is_not_stale():
    rng = np.random.default_rng(0)
    f = custom_vjp(lambda x: x * rng.random())
    f.defvjp(lambda x: (x * rng.random(), None), lambda _, g: (g,))
    assert f(Value(3.0)).check_stale() == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_gradcheck_holds_a_rule_against_finite_differences(kind):
    assert gradcheck(kind(), [X, Y])


@pytest.mark.parametrize("kind", [ten_times_by_vjp, ten_times_by_jvp])
def test_gradcheck_finds_a_wrong_rule(kind):
    with pytest.raises(GradcheckError):
        gradcheck(kind(), [X, Y])


def test_anomalies_are_found_in_calls():
    f = custom_vjp(lambda x: x / 0.0)
    f.defvjp(lambda x: (x * np.inf, None), lambda r, g: (g,))
    with detect_anomaly(), pytest.raises(AnomalyError, match="custom_vjp of <lambda>"):
        f(Value(1.0))


def test_gradients_may_be_changed_in_place():
    """A rule may give its residual as the cotangent: the gradient is a copy."""
    f = custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, 2.0 * x), lambda r, g: (r,))
    x = Value(X)
    z = np.sum(f(x))
    z.backward()
    x.grad *= 0.0
    z.backward()
    np.testing.assert_array_equal(x.grad, 2.0 * X)


@pytest.mark.parametrize("kind", [custom_vjp, custom_jvp])
def test_an_output_of_whole_numbers_has_no_gradient(kind):
    def place(x):
        return np.array([1, 2]), "name"

    f = kind(place)
    if kind is custom_vjp:
        f.defvjp(lambda x: (place(x), None), lambda r, g: (None,))
    else:
        f.defjvp(lambda p, t: (place(*p), (0.0, "name")))
    for out in (f(Value(X)), jvp(lambda x: (x, f(x)), (X,), (X,))[0][1]):
        np.testing.assert_array_equal(out[0], [1, 2])
        assert out[1] == "name"


def test_a_list_for_an_array_is_no_cotangent_of_it():
    f = custom_jvp(lambda x: {"z": x})
    f.defjvp(lambda p, t: ({"z": p[0]}, {"z": [t[0]]}))
    with pytest.raises(ArgumentError, match=r"custom_jvp of <lambda>: the tangent has the structure"):
        grad(lambda x: f(x)["z"])(1.0)


THRICE = Elementwise(lambda x: 3.0 * x, "thrice", [lambda z, x: 3.0])
NEXT = Elementwise(lambda x: x + 1.0, "next", [lambda z, x: 1.0])


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (THRICE, ""),
        (NEXT, "<lambda>"),
        (lambda t: 2.0 * t - t / 3.0, ""),
        (lambda t: np.where(X > 0.5, t, 0.0), ""),
        (lambda t: np.where(X > 0.5, t, 1.0), "where"),
        (lambda t: np.where(t > 0.5, t, 0.0), ""),  # the choice is made already: a mask of plain truths
        (lambda t: np.concatenate([t, np.zeros(2)]), ""),
        (lambda t: np.concatenate([t, np.ones(2)]), "concatenated"),
        (lambda t: np.sum(t[1:] * X[1:]) + t @ X, ""),
        (lambda t: t @ t, "matmul"),
        (lambda t: np.linalg.solve(np.eye(4) * 2.0, t), ""),
        (lambda t: np.clip(t, -100.0, 100.0), "clipped"),
        (lambda t: np.exp(t), "exp"),
        (lambda t: t, ""),
        (lambda t: 0.0, ""),
        (lambda t: 1.0, "a constant"),
        (lambda t: Value(3.0) * 2.0, "a constant"),
        (lambda t: Value(0.0) * 2.0, ""),
    ],
)
def test_what_is_linear(function, wanted):
    t = Value(Y)
    assert nonlinear_op(function(t), [t]) == wanted


def test_the_definer_of_the_other_rule_is_told():
    with pytest.raises(
        AttributeError, match=r"^custom_vjp has no .defjvp: here it is defvjp\(forward, backward\); cus"
    ):
        custom_vjp(lambda x: x).defjvp(lambda primals, tangents: (primals[0], tangents[0]))
    with pytest.raises(AttributeError, match=r"^custom_jvp has no .defvjp: here it is defjvp\(rule\); custom_vjp has"):
        custom_jvp(lambda x: x).defvjp(lambda x: (x, None), lambda _, g: (g,))


@pytest.mark.parametrize(
    ("define", "text"),
    [
        (
            lambda: custom_vjp(lambda x: x).defvjp(lambda x: (x, None), lambda g: (g,)),
            "custom_vjp of <lambda>: backward takes (g), and is called as backward(residuals, cotangent)",
        ),
        (
            lambda: custom_vjp(lambda x, n: x, 1).defvjp(lambda x, n: (x, None), lambda r, g: (g,)),
            "custom_vjp of <lambda>: backward takes (r, g), and is called as backward(argument 1, residuals, "
            "cotangent)",
        ),
        (
            lambda: custom_jvp(lambda x: x).defjvp(lambda x: x),
            "custom_jvp of <lambda>: rule takes (x), and is called as rule(primals, tangents)",
        ),
    ],
)
def test_a_rule_of_other_arguments_is_refused_at_once(define, text):
    with pytest.raises(ArgumentError) as caught:
        define()
    assert str(caught.value) == text
