"""`checkpoint`: the same numbers to the last bit, from less memory; and what would make
the second run another one.
"""

from __future__ import annotations

import functools
import gc
import math
import random
import threading
import tracemalloc
import weakref
from fractions import Fraction
from random import gauss

import numpy as np
import pytest
from numpy.random import rand

from micrograd import Value, checkpoint, custom_vjp, grad, hessian, hvp, jvp, nn, no_grad, vjp, vmap
from micrograd.errors import ArgumentError, GradientError
from micrograd.ops import dropout
from micrograd.transforms.rewinding import found_in
from micrograd.trees import leaves_of

X = np.array([0.5, -1.0, 2.0])


def plainly(f):
    return f


def wave(x):
    return np.sin(np.sin(x) * x)


def tree(p):
    return {"sum": np.sum(p["w"] * p["b"]), "name": "tree", "parts": [p["w"] ** 2, np.float32(2) * p["b"]]}


def loss_of_tree(f, w):
    out = f({"w": w, "b": w * w})
    return out["sum"] * np.sum(out["parts"][0]) + np.sum(out["parts"][1])


def nested(wrap, x):
    k = x * 3.0
    return wrap(lambda y: wrap(lambda z: np.sin(z) * k)(y * y) + k)(x)  # closes over k, which depends on x


PROGRAMS = {
    "elementwise": lambda wrap: lambda x: np.sum(wrap(wave)(x)),
    "tree": lambda wrap: lambda x: loss_of_tree(wrap(tree), x),
    "nested": lambda wrap: lambda x: np.sum(nested(wrap, x)),
    "chain": lambda wrap: lambda x: np.sum(functools.reduce(lambda z, _: wrap(wave)(z), range(4), x)),
    "by name": lambda wrap: lambda x: np.sum(wrap(lambda x, *, power: x**power)(x, power=3)),
    "one of two outputs": lambda wrap: lambda x: np.sum(wrap(lambda x: (np.exp(x), wave(x), x))(x)[1]),
    "the argument itself": lambda wrap: lambda x: np.sum(wrap(lambda x: x)(x) ** 4),
    "gradient inside": lambda wrap: lambda x: np.sum(wrap(grad(lambda x: np.sum(wave(x))))(x)),
    "in vmap": lambda wrap: lambda x: np.sum(vmap(lambda s: wrap(wave)(s) * s)(x)),
    "in vmap, closed over": lambda wrap: lambda x: np.sum(vmap(lambda s: wrap(lambda y: wave(y) * s)(s * 2.0))(x)),
}
TRANSFORMS = {
    "grad": lambda f: grad(f)(X),
    "hessian": lambda f: hessian(f)(X),
    "third order": lambda f: grad(lambda x: np.sum(grad(lambda y: np.sum(grad(f)(y)))(x)))(X),
    "jvp": lambda f: jvp(f, (X,), (np.ones(3),)),
    "hvp": lambda f: hvp(f, (X,), (np.ones(3),)),
    "vjp": lambda f: vjp(f, X)[1](1.0),
    "vmap of grad": lambda f: vmap(grad(f))(np.stack([X, X + 1.0])),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_every_derivative_is_the_same(program, transform):
    given, wanted = transform(program(checkpoint)), transform(program(plainly))
    assert any(np.any(x != 0.0) for x in leaves_of(wanted))
    for x, y in zip(leaves_of(given), leaves_of(wanted), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)


def run_layers(wrap):
    """The gradients of all parameters and of x, where the functions close over
    layers.
    """
    rng = np.random.default_rng(0)
    layers = [nn.Linear(3, 3, rng=rng) for _ in range(3)]
    x = Value(X)
    z = x
    for layer in layers:
        z = wrap(lambda z, layer=layer: np.tanh(layer(z)))(z)
    np.sum(z * z).backward()
    return [p.grad for layer in layers for p in layer.parameters()] + [x.grad]


def test_parameters_in_a_closure_get_their_gradients():
    for given, wanted in zip(run_layers(checkpoint), run_layers(plainly), strict=True):
        np.testing.assert_array_equal(given, wanted)
        assert np.any(given)


def test_a_module_may_be_the_function_and_an_argument():
    layer = nn.Linear(3, 3, rng=np.random.default_rng(0))
    x = Value(X)
    np.sum(checkpoint(layer)(x) ** 2).backward()
    wanted = [p.grad for p in layer.parameters()]
    found = grad(lambda m: np.sum(checkpoint(lambda m, x: m(x) ** 2)(m, X)))(layer)
    for given, other in zip(leaves_of(found), wanted, strict=True):
        np.testing.assert_allclose(given.data, other, rtol=1e-12)


def values(wrap, create_graph):
    w, x = Value(2.0, label="w"), Value(3.0, label="x")

    def f(x):
        k = w * 2.0  # made inside, from outside
        return wrap(lambda y: y * k * w)(np.sin(x)) * k, w * 5.0, x

    a, b, c = wrap(f)(x)
    (a * c + b).backward(create_graph=create_graph)
    if not create_graph:
        return w.grad, x.grad
    slope = w.grad
    w.zero_grad(), x.zero_grad()
    slope.backward()
    return w.grad, x.grad


@pytest.mark.parametrize("create_graph", [False, True])
def test_eager_values_with_closures(create_graph):
    given = values(checkpoint, create_graph)
    assert given == pytest.approx(values(plainly, create_graph), rel=1e-14)
    assert 0.0 not in given


SCALE = 1.0


def use_scale(z):
    return z * SCALE


def loops(wrap):
    """Functions made in a loop: the loop goes on before the gradient is asked for."""
    global SCALE
    z = x = Value(X)
    total = 0.0

    def write(z):
        nonlocal total
        total = total + 1.0
        return z * total

    for scale in (1.0, 2.0, 3.0):
        SCALE = scale + 1.0

        def inner(z, *, power=2.0):
            return z * scale + power  # noqa: B023 - it is what is tested

        def deep(z):
            return inner(z) if z.shape else deep(z)

        z = wrap(lambda z: inner(z) * scale)(z)  # noqa: B023
        z = wrap(functools.partial(lambda z, s: z * s * scale, s=2.0))(z)  # noqa: B023
        z = wrap(use_scale)(z)
        z = wrap(wrap(lambda z: z * scale * 0.5))(z)  # noqa: B023
        z = wrap(deep)(z)
        z = wrap(write)(z)
    np.sum(np.sin(z)).backward()
    return [x.grad]


def test_variables_are_those_of_the_first_run():
    np.testing.assert_array_equal(loops(checkpoint), loops(plainly))


def test_gradients_of_two_inputs_share_no_array():
    x, y = Value(X), Value(X + 1.0)
    np.sum(checkpoint(lambda x, y: x + y)(x, y)).backward()
    assert not np.shares_memory(x.grad, y.grad)


def test_backward_twice_adds_up():
    x = Value(X)
    z = np.sum(checkpoint(wave)(x))
    z.backward()
    once = x.grad.copy()
    z.backward()
    np.testing.assert_array_equal(x.grad, 2.0 * once)


def test_constants_and_no_grad_run_once():
    calls = []
    f = checkpoint(lambda x: calls.append(1) or x * x)
    assert f(3.0) == 9.0
    with no_grad():
        assert f(Value(3.0)).inputs == ()
    assert f(Value(3.0).detach()).data == 9.0
    assert len(calls) == 3


def test_a_user_s_gradient_through_raw_arguments():
    w = Value(2.0)
    checkpoint(lambda x: x * w)(3.0).backward()
    assert w.grad == 3.0


def test_the_history_is_one_node():
    x = Value(X)
    z = checkpoint(wave)(x)
    assert (z.op, z.inputs) == ("checkpoint", (x,))
    assert z.check_stale() == []
    x.data = X + 1.0
    assert z.check_stale() == [z]


def test_a_function_of_methods_is_run_again_on_values():
    x = Value(0.3)
    z = checkpoint(lambda y: (y * y).tanh())(x)  # a float has no tanh
    assert z.check_stale() == []
    x.data = 0.4
    assert z.check_stale() == [z]


def masked(wrap):
    return lambda x: np.sum(wrap(lambda y: np.where(x > 0.0, y, 0.0) * 2.0)(np.sqrt(x)))


def masked_inside(wrap):
    return lambda x: np.sum(np.where(x > 0.0, wrap(np.sqrt)(x), 0.0))


@pytest.mark.parametrize("program", [masked, masked_inside])
def test_zero_times_infinity_is_known_through_a_checkpoint(program):
    """The mask asks for nothing at 0, where the slope of the root is infinite."""
    x = np.array([0.0, 4.0])
    np.testing.assert_array_equal(grad(program(checkpoint))(x), grad(program(plainly))(x))


def test_exact_numbers():
    assert grad(checkpoint(lambda x: x * x))(Fraction(1, 3)) == Fraction(2, 3)


@pytest.mark.parametrize("data", [math.nan, math.inf, np.array([math.nan, 1.0]), np.array([], float)])
def test_numbers_that_are_not_finite_are_the_same_twice(data):
    x = Value(data)
    np.sum(checkpoint(lambda x: x * 2.0)(x)).backward()
    np.testing.assert_array_equal(x.grad, 2.0 * np.ones(np.shape(data)))


def test_threads_share_the_parameters():
    w = Value(np.ones(3))

    def work():
        for _ in range(20):
            np.sum(checkpoint(lambda x: x * w)(Value(X))).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(w.grad, 80.0 * X, rtol=1e-12)


def kept_by(make):
    """Whether the result of a call is freed, where its function refers to it."""
    kept = []
    z = make(kept)(Value(X)) * 2.0
    kept.append(z)
    result = weakref.ref(z)
    del z, kept
    gc.collect()
    return result() is None


def keeping(kept):
    f = custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), lambda r, g: (g if kept else None,))
    return f


@pytest.mark.parametrize("make", [lambda kept: checkpoint(lambda x: x if kept is None else x * x), keeping])
def test_a_function_may_refer_to_its_result(make):
    assert kept_by(make)


# Memory


def chain(x, n):
    for _ in range(n):
        x = np.tanh(x * 1.01)
    return x


def peak(n, piece):
    """Peak memory of a gradient through n layers, in arrays of the size of one."""
    size = 5_000
    x = Value(np.ones(size))
    tracemalloc.start()
    try:
        z = x
        for _ in range(n // piece if piece else 0):
            z = checkpoint(lambda x: chain(x, piece))(z)
        np.sum(z if piece else chain(z, n)).backward()
        return tracemalloc.get_traced_memory()[1] / (8 * size)
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_square_root():
    peak(4, 2)  # what is loaded now is not counted later
    assert peak(64, 0) > 2 * 64  # two ops a layer are kept
    assert peak(16, 4) < 10 * 4
    assert peak(256, 16) < 6 * 16  # 16 times the layers, less than 4 times the memory


# The second run


def with_default():
    rng = np.random.default_rng(3)
    return lambda x, rng=rng: x * dropout(x, p=0.5, rng=rng)


def doubled_in_noise(rng):
    return lambda x: x * x * rng.random(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: doubled_in_noise(np.random.default_rng(0)),
        lambda: doubled_in_noise(np.random.RandomState(0)),
        lambda: doubled_in_noise(np.random),
        lambda: lambda x: x * x * np.array([random.random() for _ in range(3)]),
        lambda: functools.partial(lambda x, rng: x * x * rng.random(3), rng=np.random.default_rng(0)),
        with_default,
        lambda: lambda x: x * x * rand(3),
        lambda: lambda x: x * x * np.array([gauss(0.0, 1.0), gauss(0.0, 1.0), gauss(0.0, 1.0)]),
        lambda: WithNoise(np.random.default_rng(4)).multiplied,
        lambda: WithNoise(np.random.default_rng(4)),
    ],
    ids=["closure", "RandomState", "numpy.random", "random", "partial", "default", "rand", "gauss", "method", "object"],
)
def test_random_numbers_are_drawn_again(make):
    """The second run draws what the first did; what comes after is not disturbed."""
    f = make()
    x = Value(X)
    z = checkpoint(f)(x)
    second = f(np.ones(3))
    z.backward(np.ones(3))
    np.testing.assert_allclose(x.grad * X, 2.0 * z.data, rtol=1e-12)  # of x squared times noise
    assert not np.array_equal(f(np.ones(3)), second)


class WithNoise:
    def __init__(self, rng):
        self.rng = rng

    def multiplied(self, x):
        return x * x * self.rng.random(3)

    def __call__(self, x):
        return self.multiplied(x)


def test_dropout_has_the_same_mask_in_both_runs():
    layer = nn.Dropout(0.5, rng=np.random.default_rng(1))
    x = Value(np.ones(1000))
    z = checkpoint(layer)(x)
    layer(np.ones(1000))  # another draw in between
    state = layer.rng.bit_generator.state
    z.backward(np.ones(1000))
    np.testing.assert_array_equal(x.grad, z.data)
    assert layer.rng.bit_generator.state == state


def test_running_statistics_are_updated_once():
    data = np.random.default_rng(0).normal(size=(5, 3))
    layers = [nn.BatchNorm1d(3), nn.BatchNorm1d(3)]
    for wrap, layer in zip((checkpoint, plainly), layers, strict=True):
        np.sum(wrap(lambda x, layer=layer: layer(x) ** 3)(Value(data))).backward()
    given, wanted = layers
    assert int(given.num_batches_tracked) == 1
    np.testing.assert_array_equal(given.running_mean, wanted.running_mean)
    np.testing.assert_array_equal(given.weight.grad, wanted.weight.grad)


OTHER_RUN = (
    "checkpoint: the second run of f gave other numbers than the first; its data was changed in between, "
    "or it draws random numbers where checkpoint cannot see it: draw them before, and give them as an argument"
)


def other_number(counter):
    return lambda x: x * next(counter)


def other_shape(counter):
    return lambda x: np.concatenate([x] * next(counter))


def other_structure(counter):
    return lambda x: [x * x] * next(counter)


def other_closure(counter):
    w, u = Value(2.0), Value(3.0)
    return lambda x: x * 6.0 if next(counter) > 2 else x * w * u


@pytest.mark.parametrize("make", [other_number, other_shape, other_structure, other_closure])
def test_another_second_run_is_refused(make):
    x = Value(X)
    out = checkpoint(make(iter([2, 1, 3] if make is not other_closure else [2, 3])))(x)
    z = sum(leaves_of(out)[1:], leaves_of(out)[0])
    with pytest.raises(GradientError) as caught:
        np.sum(z).backward()
    assert str(caught.value) == OTHER_RUN
    assert not np.any(x.grad)


def test_changed_parameters_are_refused():
    w = Value(2.0)
    z = checkpoint(lambda x: x * w)(Value(3.0))
    w.data = 5.0
    with pytest.raises(GradientError, match="its data was changed in between"):
        z.backward()


def test_pytorch_s_call_is_explained():
    with pytest.raises(ArgumentError) as caught:
        checkpoint(np.sin, 1.0)
    assert str(caught.value) == (
        "checkpoint: it takes the function alone; write checkpoint(f)(x), where PyTorch has checkpoint(f, x)"
    )


def test_what_is_not_a_function():
    with pytest.raises(ArgumentError, match=r"checkpoint: 3\.0 is not a function"):
        checkpoint(3.0)


def test_generators_are_found_where_a_function_may_draw_from():
    rngs = [np.random.default_rng(i) for i in range(4)]

    class Slotted:
        __slots__ = ("rng",)

    slotted = Slotted()
    slotted.rng = rngs[3]

    def f(x, rng=rngs[0]):
        def inner():
            return rngs[1].random()

        return inner() + rng.random() + slotted.rng.random() + unbound

    if X is None:
        unbound = 0.0  # a cell without a value
    generators, modules, names = found_in([f, {"a": [rngs[2]]}, nn.Dropout(0.5, rng=rngs[2])])
    assert {id(x) for x in generators} >= {id(x) for x in rngs}
    assert [type(x) for x in modules] == [nn.Dropout]
    assert "random" in names


# The function closes over a value of a transform inside of that of its argument

INSIDE = {
    "vmap of one": lambda f, a: vmap(lambda b: f(a, b))(B),
    "vmaps": lambda f, a: vmap(lambda b: vmap(lambda c: f(a * c, b))(B))(B),
    "jvp": lambda f, a: jvp(lambda b: f(a, b), (0.7,), (1.0,)),
    "grad": lambda f, a: grad(lambda b: f(a, b))(0.7),
}
B = np.array([1.0, 2.0])
AROUND = {
    "grad": lambda h: grad(h)(0.4),
    "vmap of grad": lambda h: vmap(grad(h))(B),
    "grad of vmap": lambda h: grad(lambda x: np.sum(vmap(h)(x)))(B),
}


def total(tree):
    return sum(np.sum(z) for z in leaves_of(tree))


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("inside", INSIDE)
def test_a_value_of_a_transform_inside(inside: str, around: str) -> None:
    kept = lambda a, b: checkpoint(lambda q: np.sin(q * b))(a)  # noqa: E731
    plain = lambda a, b: np.sin(a * b)  # noqa: E731
    found, wanted = (AROUND[around](lambda a, f=f: total(INSIDE[inside](f, a))) for f in (kept, plain))
    np.testing.assert_allclose(found, wanted, rtol=1e-14)
    assert np.all(wanted != 0.0)
