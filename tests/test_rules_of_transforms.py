"""Rules and checkpoints whose functions use transforms themselves, or close over what a
transform differentiates.
"""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import (
    Value,
    checkpoint,
    custom_jvp,
    custom_vjp,
    grad,
    hvp,
    jacobian,
    jvp,
    linear_transpose,
    linearize,
    vjp,
    vmap,
    while_loop,
)
from micrograd.errors import GradientError
from micrograd.trees import leaves_of

X, U, V = np.array([0.4, -0.9, 0.7]), np.array([1.0, 0.2, -0.4]), np.array([0.3, -0.7, 1.1])


def plain(x):
    return np.tanh(x) * np.roll(x, 1)


def by_backward(backward):
    def made(f):
        h = custom_vjp(lambda x: f(x))
        h.defvjp(lambda x: (f(x), x), lambda x, g: backward(f, x, g))
        return h

    return made


def by_rule(tangent):
    def made(f):
        h = custom_jvp(lambda x: f(x))
        h.defjvp(lambda primals, tangents: (h(*primals), tangent(f, primals[0], tangents[0])))
        return h

    return made


RULES = {
    "vjp": by_backward(lambda f, x, g: vjp(f, x)[1](g)),
    "vjp by jacobian": by_backward(lambda f, x, g: (g @ jacobian(f)(x),)),
    "vjp by grad": by_backward(lambda f, x, g: (grad(lambda x: np.sum(f(x) * g))(x),)),
    "jvp": by_rule(lambda f, x, t: jvp(f, (x,), (t,))[1]),
    "jvp by linearize": by_rule(lambda f, x, t: linearize(f, x)[1](t)),
    "jvp by jacobian": by_rule(lambda f, x, t: jacobian(f)(x) @ t),
    "jvp by grad": by_rule(lambda f, x, t: grad(lambda s: np.sum(jvp(f, (x,), (t,))[1] * s))(np.ones(3))),
    "checkpoint of aux": lambda f: checkpoint(lambda x: vjp(lambda s: (np.sum(s), f(s)), x, has_aux=True)[2]),
}
AROUND = {"": lambda f: f, "in custom_vjp": RULES["vjp"], "in custom_jvp": RULES["jvp"], "in checkpoint": checkpoint}
DERIVATIVES = {
    "grad": lambda f: grad(lambda x: np.sum(f(x) * V))(X),
    "jacobian": lambda f: jacobian(f)(X),
    "forward": lambda f: jacobian(f, mode="forward")(X),
    "linearize": lambda f: linearize(f, X)[1](U),
    "hvp": lambda f: hvp(lambda x: np.sum(f(x) * V), (X,), (U,)),
    "jvp of jvp": lambda f: jvp(lambda x: jvp(f, (x,), (U,))[1], (X,), (V,)),
    "vjp of jvp": lambda f: vjp(lambda x: jvp(f, (x,), (U,))[1], X)[1](V),
    "jvp of jacobian": lambda f: jvp(jacobian(f, mode="forward"), (X,), (U,)),
    "vjp of jacobian": lambda f: vjp(jacobian(f), X)[1](np.outer(U, V)),
    "vmap": lambda f: vmap(grad(lambda s: np.sum(f(X * s))))(U),
    "grad of vmap": lambda f: grad(lambda x: np.sum(vmap(lambda s: f(x * s))(U) ** 2))(X),
    "grad of vmap, not mapped": lambda f: grad(lambda x: np.sum(vmap(lambda s: s * f(x))(U) ** 2))(X),
    "jacobian of has_aux": lambda f: jacobian(lambda x: jvp(lambda s: (s, f(x) * s), (1.0,), (1.0,), has_aux=True)[2])(
        X
    ),
}


@pytest.mark.parametrize("derivative", DERIVATIVES.values(), ids=DERIVATIVES)
@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_that_uses_transforms(rule, around, derivative):
    found, wanted = derivative(around(rule(plain))), derivative(plain)
    for x, y in zip(leaves_of(found), leaves_of(wanted), strict=True):
        assert not isinstance(x, Value)
        np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)


def test_a_rule_that_takes_grad_of_a_function_of_its_own_output():
    square = custom_jvp(lambda x: x * x)
    square.defjvp(lambda primals, tangents: (square(*primals), 2.0 * primals[0] * tangents[0]))
    f = custom_jvp(lambda x: square(x) * x)

    @f.defjvp
    def rule(primals, tangents):
        z = f(*primals)
        return z, tangents[0] * grad(lambda x: square(x) * x + 0.0 * z)(primals[0])

    assert (grad(f)(2.0), grad(grad(f))(2.0), jvp(grad(f), (2.0,), (1.0,))) == (12.0, 12.0, (12.0, 12.0))


CONSTANTS = {
    "custom_vjp": by_backward(lambda f, x, g: (2.0 * g,))(lambda x: 3.0),
    "custom_jvp": by_rule(lambda f, x, t: 2.0 * t)(lambda x: 3.0),
}


@pytest.mark.parametrize("f", CONSTANTS.values(), ids=CONSTANTS)
def test_a_function_that_gives_the_same_number_in_each_example_has_the_slope_of_its_rule(f):
    assert vmap(grad(f))(X).tolist() == [2.0] * 3
    np.testing.assert_allclose(vmap(lambda s: grad(lambda x: f(x * s))(2.0))(X), 2.0 * X)
    assert jvp(lambda s: grad(lambda x: f(x) * s)(2.0), (1.0,), (1.0,)) == (2.0, 2.0)


CLOSURES = {  # checkpointed functions of w that close over the s of a transform further in
    "jvp": (lambda c: grad(lambda w: jvp(lambda s: c(lambda w: w * s)(w) * s, (2.0,), (1.0,))[1])(3.0), 4.0),
    "vmap": (lambda c: grad(lambda w: np.sum(vmap(lambda s: c(lambda w: w * s)(w))(U)))(3.0), np.sum(U)),
    "both": (lambda c: grad(lambda w: jvp(lambda s: c(lambda w: (w * s, w))(w)[0] * s, (2.0,), (1.0,))[1])(3.0), 4.0),
    "a grad in it": (
        lambda c: grad(lambda w: jvp(lambda s: c(grad(lambda w: w**3))(w) * s, (2.0,), (1.0,))[1])(3.0),
        18.0,
    ),
    "vmap of jvp": (
        lambda c: grad(lambda w: np.sum(vmap(lambda y: jvp(lambda s: c(lambda y: y * s)(y), (2.0,), (1.0,))[1])(w)))(U),
        np.ones(3),
    ),
    "a loop": (
        lambda c: grad(
            lambda w: np.sum(vmap(lambda s: while_loop(lambda c: c < 5.0, lambda c: c * s, w, max_steps=9))(U + 2.0))
        )(1.0),
        3.0**2 + 2.2**3 + 1.6**4,
    ),
    "backward": (lambda c: of_backward(c), 4.0),
}


def of_backward(c):
    w = Value(3.0)
    jvp(lambda s: c(lambda w: w * s)(w) * s, (2.0,), (1.0,))[1].backward()
    return w.grad


@pytest.mark.parametrize("closure", CLOSURES.values(), ids=CLOSURES)
@pytest.mark.parametrize("keep", [lambda f: f, checkpoint], ids=["plain", "checkpoint"])
def test_a_checkpoint_closes_over_what_is_further_in(keep, closure):
    program, wanted = closure
    np.testing.assert_allclose(program(keep), wanted, rtol=1e-12)


@pytest.mark.parametrize("outer", [jvp, lambda f, x, t: (0.0, grad(f)(*x))], ids=["jvp", "grad"])
def test_backward_may_close_over_an_outer_value_but_not_over_an_inner_one(outer):
    def made(w):
        f = custom_vjp(lambda x: x * x)
        f.defvjp(lambda x: (x * x, x), lambda x, g: (2.0 * x * g * w,))
        return f

    assert outer(lambda w: jvp(made(w), (3.0,), (1.0,))[1], (1.0,), (1.0,))[1] == 6.0
    with pytest.raises(GradientError, match="backward uses a Dual that is not one of its arguments"):
        jvp(lambda x: jvp(lambda w: made(w)(x), (1.0,), (1.0,))[0], (3.0,), (1.0,))


LEAKS = {
    "jvp": lambda f, x: jvp(f, (x,), (1.0,)),
    "grad": lambda f, x: grad(f)(x),
    "vjp": lambda f, x: vjp(f, x),
    "linearize": lambda f, x: linearize(f, x),
}
SLOPES = {
    "jvp": lambda f: jvp(f, (2.0,), (1.0,))[1],
    "grad": lambda f: grad(f)(2.0),
    "linearize": lambda f: linearize(f, 2.0)[1](1.0),
    "grad of jvp": lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[0])(2.0),
    "jvp of grad": lambda f: jvp(lambda x: jvp(lambda y: f(x) * y, (1.0,), (1.0,))[1], (2.0,), (1.0,))[1],
    "vmap": lambda f: vmap(lambda x: jvp(f, (x,), (1.0,))[1])(np.array([2.0]))[0],
}


@pytest.mark.parametrize("slope", SLOPES.values(), ids=SLOPES)
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_what_is_left_over_from_an_inner_transform_is_a_constant_of_that_one_alone(leak, slope):
    def square(x):
        kept = []
        leak(lambda y: (kept.append(x * y), 1.0 * y)[1], x)
        return kept[0]

    assert slope(square) == 4.0


@pytest.mark.parametrize("pushed", [linearize, lambda f, x: (f(x), linear_transpose(f, x))], ids=["push", "transpose"])
def test_a_linear_map_made_before_is_differentiated_by_what_it_gets(pushed):
    linear = pushed(lambda x: 3.0 * x, 2.0)[1]
    assert np.all(np.array(jacobian(lambda t: linear(t))(1.0)) == 3.0)
    t = Value(1.0)
    leaves_of(linear(t))[0].backward()
    assert t.grad == 3.0


def test_a_value_that_the_function_of_a_jvp_makes_of_its_input_moves():
    assert jvp(lambda x: Value(x) * 2.0, (3.0,), (1.0,)) == (6.0, 2.0)


def test_a_product_of_constants_that_stand_for_outer_values_has_their_history():
    def f(x):
        return linearize(lambda s: s * linearize(lambda s: s * x * x, 1.0)[1](1.0), 1.0)[1](1.0)

    assert grad(lambda x: np.sum(vmap(lambda _: f(x))(np.zeros(2))))(3.0) == 12.0
