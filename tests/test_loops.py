"""scan and while_loop: the numbers and the gradients of a loop by hand, under every
transform, and errors that name the leaf.
"""

from __future__ import annotations

import gc
import math
import tracemalloc
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import (
    Value,
    checkpoint,
    grad,
    hessian,
    jacobian,
    jvp,
    nn,
    no_grad,
    scan,
    value_and_grad,
    vmap,
    while_loop,
)
from micrograd.errors import ArgumentError, DataError, GradientError, ShapeError
from micrograd.trees import leaves_of

XS = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5], [1.0, 0.0]])
W = np.array([[0.3, -0.8], [0.6, 0.1]])


@dataclass
class State:
    """A tree that is not of lists and dicts."""

    h: Any
    steps: Any = 0


def cell(h, x):
    h = np.tanh(W @ h + x)
    return h, np.sum(h * x)


def by_hand(f, init, rows, reverse=False):
    carry, ys = init, []
    for x in reversed(rows) if reverse else rows:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, mnp.stack(ys[::-1] if reverse else ys)


def identical(given, wanted):
    for x, y in zip(leaves_of(given), leaves_of(wanted), strict=True):
        np.testing.assert_array_equal(np.asarray(x), np.asarray(y))
        assert np.asarray(x).dtype == np.asarray(y).dtype


# scan, and the loop by hand


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_is_the_loop_by_hand(reverse):
    identical(scan(cell, np.zeros(2), XS, reverse=reverse), by_hand(cell, np.zeros(2), [*XS], reverse))


def weighted(loop, reverse=False):
    """A function of weights, start and rows that uses a loop."""

    def loss(w, h, xs):
        def step(h, x):
            h = np.tanh(w @ h + x)
            return h, np.sum(h * x)

        rows = xs if loop is scan else [xs[i] for i in range(len(XS))]
        h, ys = loop(step, h, rows, reverse=reverse)
        return np.sum(h * h) + np.sum(ys * ys * ys)

    return loss


POINT = (W, np.array([0.2, -0.4]), XS)
DIRECTION = (np.ones((2, 2)), np.array([1.0, -2.0]), XS[::-1])
TRANSFORMS = {
    "grad": lambda f: grad(f, (0, 1, 2))(*POINT),
    "jvp": lambda f: jvp(f, POINT, DIRECTION),
    "hessian": lambda f: hessian(f, (0, 1))(*POINT),
    "forward jacobian": lambda f: jacobian(f, (0, 2), "forward")(*POINT),
    "jvp of grad": lambda f: jvp(grad(f, (0, 2)), POINT, DIRECTION),
    "grad of jvp": lambda f: grad(lambda w, h: jvp(f, (w, h, XS), DIRECTION)[1], (0, 1))(*POINT[:2]),
    "third order": lambda f: hessian(lambda h: np.sum(grad(f, 1)(W, h, XS)))(POINT[1]),
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_scan_has_the_derivatives_of_the_loop_by_hand_to_the_last_bit(name, reverse):
    identical(TRANSFORMS[name](weighted(scan, reverse)), TRANSFORMS[name](weighted(by_hand, reverse)))


def test_backward_fills_the_gradients_of_arguments_and_of_what_f_closes_over():
    found = []
    for loop in (scan, by_hand):
        w, h, xs = (Value(x.copy()) for x in POINT)
        weighted(loop)(w, h, xs).backward()
        found.append([w.grad, h.grad, xs.grad])
    identical(*found)
    assert all(np.any(g != 0.0) for g in found[0])


def test_the_rows_of_a_tree_and_the_ys_of_a_tree():
    def f(state, row):
        state = State(state.h + row["a"] * row["b"][0], state.steps + 1)
        return state, {"h": state.h, "none": None, "parts": (state.steps, row["a"] > 1.0)}

    xs = {"a": np.array([1.0, 2.0, 3.0]), "b": [np.array([2, 3, 4])]}
    state, ys = scan(f, State(0.0), xs, length=3)
    assert (state.h, state.steps) == (20.0, 3)
    identical(ys, {"h": np.array([2.0, 8.0, 20.0]), "parts": (np.array([1, 2, 3]), np.array([False, True, True]))})
    assert ys["none"] is None


def test_without_xs_length_says_how_many_steps():
    assert scan(lambda c, x: (c * 2.0, x), 1.0, None, length=5) == (32.0, None)


def test_ys_may_be_none_and_f_may_ignore_the_carry():
    carry, ys = scan(lambda c, x: (None, x), None, np.arange(3))
    assert carry is None
    identical(ys, np.arange(3))


def test_a_list_of_values_joined_by_numpy_is_a_carry():
    w = Value(3.0)
    carry, _ = scan(lambda c, x: (np.array([c[0] * w, c[1] + x]), None), np.ones(2), np.ones(2))
    np.sum(carry).backward()
    assert w.grad == 6.0


def test_a_python_number_takes_the_dtype_of_the_first_step():
    carry, _ = scan(lambda c, x: (c + x, None), 0, np.ones(3, np.float32))
    assert carry == 3.0 and carry.dtype == np.float32


def test_scan_under_vmap_both_ways_round():
    starts = np.array([[0.2, -0.4], [1.0, 0.5], [0.0, -2.0]])
    one = weighted(scan)
    rows = np.stack([one(W, h, XS) for h in starts])
    np.testing.assert_allclose(vmap(one, (None, 0, None))(W, starts, XS), rows, rtol=1e-14)
    found = vmap(grad(one, (0, 1)), (None, 0, None))(W, starts, XS)
    for i, h in enumerate(starts):
        for part, wanted in zip(found, grad(one, (0, 1))(W, h, XS), strict=True):
            np.testing.assert_allclose(part[i], wanted, rtol=1e-12)
    total = grad(lambda w: np.sum(vmap(one, (None, 0, None))(w, starts, XS)))(W)
    np.testing.assert_allclose(total, np.sum(found[0], axis=0), rtol=1e-12)
    many = np.stack([XS, XS[::-1], XS * 2.0])
    np.testing.assert_allclose(
        vmap(one, (None, None, 0))(W, starts[0], many), [one(W, starts[0], xs) for xs in many], rtol=1e-14
    )


# No steps


@pytest.mark.parametrize("length", [None, 0])
def test_without_rows_the_ys_have_no_rows_either(length):
    w = Value(W)

    def f(h, x):
        h = np.tanh(w @ h + x["a"])
        return h, {"h": h, "outer": np.outer(h, x["b"]), "index": x["c"], "none": None}

    xs = {"a": np.zeros((0, 2)), "b": np.zeros((0, 5), np.float32), "c": np.zeros(0, int)}
    h, ys = scan(f, np.ones(2), xs, length)
    identical(h, np.ones(2))
    assert {key: (y.shape, y.dtype.name) for key, y in ys.items() if y is not None} == {
        "h": ((0, 2), "float64"),
        "outer": ((0, 2, 5), "float64"),
        "index": ((0,), "int64"),
    }


def test_without_rows_a_python_number_stays_weak():
    _, ys = scan(lambda c, x: (c + x, c * x), 0.5, np.zeros((0, 3), np.float32)[:, 0])
    assert ys.shape == (0,) and ys.dtype == np.float32


def test_without_rows_the_gradient_is_that_of_the_carry():
    assert grad(lambda c: scan(lambda c, x: (c * x, c), c, np.zeros(0))[0])(3.0) == 1.0


# Errors


def scanned(f, init=0.0, xs=XS, **options):
    return lambda: scan(f, init, xs, **options)


REFUSED = {
    "no pair": (
        scanned(lambda c, x: c),
        ArgumentError,
        "scan: f returned a float; return a pair (carry, y), with y None where there is no output",
    ),
    "no pair without rows": (
        scanned(lambda c, x: c, xs=XS[:0]),
        ArgumentError,
        "scan: f returned a float; return a pair (carry, y), with y None where there is no output",
    ),
    "no function": (
        scanned(0.0),
        ArgumentError,
        "scan: f=0.0 is not a function; give one of the carry, and the functions first",
    ),
    "no body": (
        lambda: while_loop(lambda c: c < 1.0, 0.0, lambda c: c),
        ArgumentError,
        "while_loop: body=0.0 is not a function; give one of the carry, and the functions first",
    ),
    "structure of the carry": (
        scanned(lambda c, x: ({"a": c["a"]}, x), {"a": 0.0, "b": 1.0}),
        ArgumentError,
        "scan: the carry after step 0 has the structure {'a': *}, but the carry before it has {'a': *, 'b': *}; "
        "give the carry after step 0 the same structure, where * is a number or an array",
    ),
    "shape of the carry": (
        scanned(lambda c, x: ({"a": c["a"], "b": [x]}, x), {"a": 0.0, "b": [1.0]}),
        ShapeError,
        "scan: carry['b'][0] has shape (2,) after step 0, and () before it; "
        "a carry keeps its shapes: give init the shape that the step returns",
    ),
    "dtype of the carry": (
        scanned(lambda c, x: (State(c.h + x, c.steps), x), State(np.zeros(2, np.float32))),
        ArgumentError,
        "scan: carry.h is float64 after step 0, and float32 before it; "
        "a carry keeps its dtypes: give init the dtype that the step returns, or cast in the step",
    ),
    "dtype of a number": (
        scanned(lambda c, x: (c + 1 if x[0] > 0.0 else c + 0.5, x), 0),
        ArgumentError,
        "scan: carry is float64 after step 2, and int64 before it; "
        "a carry keeps its dtypes: give init the dtype that the step returns, or cast in the step",
    ),
    "number of steps": (
        scanned(lambda c, x: (c, x), xs=None),
        ArgumentError,
        "scan: xs has no arrays, so the number of steps is not known; give length=",
    ),
    "length": (
        scanned(lambda c, x: (c, x), xs={"a": XS, "b": XS[:3]}, length=4),
        ShapeError,
        "scan: the numbers of steps differ: 4 in length, 4 in xs['a'], 3 in xs['b']; "
        "give all arrays of xs as many rows",
    ),
    "length not whole": (
        scanned(lambda c, x: (c, x), length=4.0),
        ArgumentError,
        "scan: length=4.0; give a whole number, or None",
    ),
    "length below 0": (
        scanned(lambda c, x: (c, x), xs=None, length=-1),
        ArgumentError,
        "scan: length=-1; give 0 or more",
    ),
    "rows of a number": (
        scanned(lambda c, x: (c, x), xs=[1.0, 2.0]),
        ShapeError,
        "scan: xs[0] is a number, which has no rows; give an array (a list is a tree of its elements), "
        "or let f close over it",
    ),
    "structure of y": (
        scanned(lambda c, x: (c, [x] * (1 + (x[0] > 1.0)))),
        ArgumentError,
        "scan: the y of step 1 has the structure [*, *], but the y of step 0 has [*]; "
        "give the y of step 1 the same structure, where * is a number or an array",
    ),
    "shape of y": (
        scanned(lambda c, x: (c, {"a": x[: 1 + (x[0] > 1.0)]})),
        ShapeError,
        "scan: y['a'] has shape (2,) at step 1, and (1,) at step 0; return one shape in all steps",
    ),
    "numbers without rows": (
        scanned(lambda c, x: (c, float(x[0])), xs=XS[:0]),
        ArgumentError,
        "scan: there are 0 steps, so f was asked for the shapes of y without numbers, and failed: float(): () has "
        "no number yet; replace `if` by ops.where, and drop float()\n"
        "do not call scan without rows, or write f without asking for numbers",
    ),
    "cond is no truth": (
        lambda: while_loop(lambda c: c, lambda c: c, 1.0),
        ArgumentError,
        "while_loop: cond returned a float; return one truth, such as x > 0, or np.any(...) or np.all(...) of several",
    ),
    "cond is several": (
        lambda: while_loop(lambda c: c > 0.0, lambda c: c, np.ones(2)),
        ArgumentError,
        "while_loop: cond returned an array of shape (2,); "
        "return one truth, such as x > 0, or np.any(...) or np.all(...) of several",
    ),
    "shape in a while loop": (
        lambda: while_loop(lambda c: True, lambda c: (c[0], c), (1.0, np.ones(2))),
        ArgumentError,
        "while_loop: the carry after step 0 has the structure (*, (*, *)), but the carry before it has (*, *); "
        "give the carry after step 0 the same structure, where * is a number or an array",
    ),
    "too many steps": (
        lambda: while_loop(lambda c: c < 10.0, lambda c: c, 1.0, max_steps=7),
        ArgumentError,
        "while_loop: cond still holds after max_steps=7 steps; give more, or see that each step leads closer to the "
        "end",
    ),
    "f of one argument": (
        lambda: scan(lambda carry: (carry, carry), 0.0, np.ones(3)),
        ArgumentError,
        "scan: f takes (carry), and is called as f(carry, x)",
    ),
    "f of three arguments, without rows": (
        lambda: scan(lambda c, x, *, t: (c, c), 0.0, np.ones(0)),
        ArgumentError,
        "scan: f takes (c, x, *, t), and is called as f(carry, x)",
    ),
    "body of two arguments": (
        lambda: while_loop(lambda c: c[0] < 3.0, lambda a, b: (a, b), (0.0, 1.0)),
        ArgumentError,
        "while_loop: body takes (a, b), and is called as body(carry)",
    ),
    "cond without arguments": (
        lambda: while_loop(lambda: True, lambda c: c, 0.0),
        ArgumentError,
        "while_loop: cond takes (), and is called as cond(carry)",
    ),
    "a TypeError in f": (
        lambda: scan(lambda c, x: (c + "1", x), 0.0, np.ones(3)),
        TypeError,
        "unsupported operand type(s) for +: 'float' and 'str'",
    ),
    "a carry that is no number": (
        lambda: scan(lambda c, x: (c * 1j, x), 0.0, np.ones(3)),
        DataError,
        "scan: 0j is a complex, not a number or an array of numbers",
    ),
    "max_steps": (
        lambda: while_loop(lambda c: c < 10.0, lambda c: c, 1.0, max_steps=7.5),
        ArgumentError,
        "while_loop: max_steps=7.5; give a whole number, 0 or more, or None",
    ),
    "reverse mode without a limit": (
        lambda: grad(lambda x: while_loop(lambda c: c < 10.0, lambda c: c * x, 1.0))(2.0),
        GradientError,
        "while_loop: reverse mode has to remember the steps, and does not know how many; give max_steps=, the most "
        "there can be, or take jvp;\n"
        "for the numbers alone, call it under no_grad(), or with .detach() of what goes in",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_names_the_leaf_and_the_repair(case):
    call, error, text = REFUSED[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == text


# while_loop


def newton(a, limit=None):
    """The square root of a, and the number of steps."""
    return while_loop(
        lambda c: abs(c[0] * c[0] - a) > 1e-12 * a, lambda c: ((c[0] + a / c[0]) * 0.5, c[1] + 1), (a, 0), limit
    )


def test_a_while_loop_is_the_loop_by_hand():
    x, steps = 2.0, 0
    while abs(x * x - 2.0) > 2e-12:
        x, steps = (x + 2.0 / x) * 0.5, steps + 1
    assert newton(2.0) == newton(2.0, 100) == (x, steps)


def test_no_step_and_no_limit_needed():
    init = {"x": np.ones(2), "none": None}
    assert while_loop(lambda c: False, lambda c: c, init)["x"] is init["x"]
    assert while_loop(lambda c: np.bool_(False), lambda c: c, 1.5, max_steps=0) == 1.5


def test_forward_mode_needs_no_limit_and_reverse_mode_goes_to_any_order():
    def root(a):
        return newton(a, 64)[0]

    x = math.sqrt(2.0)
    assert math.isclose(jvp(lambda a: newton(a)[0], (2.0,), (1.0,))[1], 0.5 / x, rel_tol=1e-12)
    assert math.isclose(grad(root)(2.0), 0.5 / x, rel_tol=1e-12)
    assert math.isclose(grad(grad(root))(2.0), -0.25 / x**3, rel_tol=1e-6)
    assert math.isclose(jvp(grad(root), (2.0,), (1.0,))[1], -0.25 / x**3, rel_tol=1e-6)
    assert math.isclose(grad(lambda a: jvp(root, (a,), (1.0,))[1])(2.0), -0.25 / x**3, rel_tol=1e-6)


def powers(x, w, limit=40):
    """A loop of arrays whose number of steps depends on them."""
    return while_loop(lambda c: np.sum(c * c) < 100.0, lambda c: np.sin(w @ c) + 1.25 * c, x, limit)


def powers_by_hand(x, w):
    while np.sum((x * x).data if isinstance(x, Value) else x * x) < 100.0:
        x = np.sin(w @ x) + 1.25 * x
    return x


def test_gradients_are_those_of_the_plain_loop():
    """To the last bit for the carry; what body closes over gets one sum per piece."""
    found = []
    for f in (powers, powers_by_hand):
        x, w = Value(np.array([0.5, 0.25])), Value(W.copy())
        np.sum(f(x, w) ** 2).backward()
        found.append([x.grad, w.grad])
        found.append(grad(lambda x, w, f=f: np.sum(f(x, w) ** 2), (0, 1))(np.array([0.5, 0.25]), W))
    eager, transformed, eager_by_hand, by_hand = found
    identical([eager[0], transformed[0], by_hand[0]], [eager_by_hand[0]] * 3)
    for g in (eager[1], transformed[1], by_hand[1]):
        np.testing.assert_allclose(g, eager_by_hand[1], rtol=1e-14)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 20, 21])
def test_pieces_of_any_length_give_the_same(limit):
    """Steps that end within a piece, with one, and after several."""

    def f(x, w, steps):
        body = {"x": x, "n": 0}
        out = while_loop(lambda c: c["n"] < steps, lambda c: {"x": np.sin(w @ c["x"]), "n": c["n"] + 1}, body, limit)
        return np.sum(out["x"] ** 2)

    def plain_loop(x, w, steps):
        for _ in range(steps):
            x = np.sin(w @ x)
        return np.sum(x**2)

    x = np.array([0.5, 0.25])
    for steps in {0, 1, limit // 2, limit}:
        given, wanted = (grad(g, (0, 1))(x, W, steps) for g in (f, plain_loop))
        np.testing.assert_allclose(np.ravel(given[0]), np.ravel(wanted[0]), rtol=1e-13)
        np.testing.assert_allclose(np.ravel(given[1]), np.ravel(wanted[1]), rtol=1e-12, atol=1e-300)


SIZE = 8192


def long_while(x, w, steps):
    def body(c):
        return np.sin(c[0] * w) + np.cos(c[0]), c[1] + 1

    return np.sum(while_loop(lambda c: c[1] < steps, body, (x, 0), steps)[0])


def long_by_hand(x, w, steps):
    for _ in range(steps):
        x = np.sin(x * w) + np.cos(x)
    return np.sum(x)


def long_scan(x, w, steps):
    size = math.isqrt(steps)

    def step(c, _):
        return np.sin(c * w) + np.cos(c), None

    def piece(c, _):
        return scan(step, c, None, size)

    return np.sum(scan(checkpoint(piece), x, None, size)[0])


def backward_of(f, steps):
    x, w = Value(np.linspace(0.0, 1.0, SIZE)), Value(np.full(SIZE, 0.7))
    f(x, w, steps).backward()


def gradient_of(f, steps):
    return grad(f, (0, 1))(np.linspace(0.0, 1.0, SIZE), np.full(SIZE, 0.7), steps)


def peak_of(run, f, steps):
    """Bytes that a gradient needs at most, above what there was."""
    gc.collect()
    tracemalloc.start()
    try:
        run(f, steps)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("run", "loop"), [(backward_of, long_while), (gradient_of, long_while), (gradient_of, long_scan)]
)
def test_memory_grows_by_the_root_of_the_number_of_steps(run, loop):
    for f, least, most in ((long_by_hand, 3.5, 4.5), (loop, 1.0, 2.2)):
        run(f, 4)  # what is loaded or made once
        peaks = [peak_of(run, f, steps) for steps in (25, 100)]
        assert least < peaks[1] / peaks[0] < most, (f.__name__, peaks)


def test_values_under_no_grad_need_no_limit():
    w = Value(2.0)
    with no_grad():
        z = while_loop(lambda c: c < 10.0, lambda c: c * w, 1.0)
    assert z.data == 16.0
    assert while_loop(lambda c: c < 10.0, lambda c: c * w.detach(), 1.0).data == 16.0


def test_cond_gets_plain_numbers():
    seen = []

    def cond(c):
        seen.append((type(c["x"]), type(c["n"])))
        return math.isfinite(c["x"]) and float(c["x"]) < 5.0 and c["n"].sum() < 100.0

    def f(x):
        init = {"x": x, "n": np.zeros(2) * x}
        return while_loop(cond, lambda c: {"x": c["x"] * 2.0, "n": c["n"] + 1.0}, init, 10)["x"]

    assert value_and_grad(f)(1.0) == (8.0, 8.0)
    assert jvp(f, (1.0,), (1.0,)) == (8.0, 8.0)
    assert grad(grad(f))(1.0) == 0.0
    f(Value(1.0)).backward()
    assert {*seen} == {(float, np.ndarray)}


# while_loop inside a vmap

AS = np.array([2.0, 9.0, 1.0, 1e6])


def test_in_a_vmap_each_example_stops_at_its_own_end():
    roots, steps = vmap(newton)(AS)
    assert steps.tolist() == [newton(a)[1] for a in AS] and len({*steps.tolist()}) == 4
    np.testing.assert_array_equal(roots, [newton(a)[0] for a in AS])
    nested, _ = vmap(vmap(newton))(AS.reshape(2, 2))
    np.testing.assert_array_equal(nested, roots.reshape(2, 2))


def test_gradients_of_a_while_loop_with_vmap_both_ways_round():
    def root(a):
        return newton(a, 100)[0]

    wanted = [grad(root)(a) for a in AS]
    np.testing.assert_allclose(wanted[:2], 0.5 / np.sqrt(AS[:2]), rtol=1e-10)
    np.testing.assert_allclose(vmap(grad(root))(AS), wanted, rtol=1e-10)
    np.testing.assert_allclose(grad(lambda a: np.sum(vmap(root)(a)))(AS), wanted, rtol=1e-10)
    np.testing.assert_allclose(jvp(vmap(root), (AS,), (np.ones(4),))[1], wanted, rtol=1e-10)
    np.testing.assert_allclose(vmap(lambda a: jvp(root, (a,), (1.0,))[1])(AS), wanted, rtol=1e-10)


def test_finished_examples_take_no_part_in_what_is_not_finite():
    # After its end, the example 4.0 would go on to 1 / 0 and to nan.
    def f(x):
        return while_loop(lambda c: c > 1.5, lambda c: 1.0 / (1.0 - 1.0 / np.sqrt(c - 0.9)) * 0.0 + c - 1.0, x, 10)

    xs = np.array([2.0, 4.0])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(vmap(f)(xs), [f(x) for x in xs])


def test_a_cond_that_is_the_same_in_all_examples_needs_no_where():
    def f(x):
        return while_loop(lambda c: c[1] < 3, lambda c: (c[0] * x, c[1] + 1), (x, 0))

    powers_of, steps = vmap(f)(np.array([2.0, 3.0]))
    assert powers_of.tolist() == [16.0, 81.0] and steps.tolist() == [3, 3]


def test_no_example_at_all_ends_the_loop():
    assert vmap(lambda x: while_loop(lambda c: c < 1.0, lambda c: c, x))(np.zeros(0)).shape == (0,)


def test_one_example_that_does_not_end_is_refused():
    with pytest.raises(ArgumentError, match="cond still holds after max_steps=3 steps"):
        vmap(lambda x: while_loop(lambda c: c < 8.0, lambda c: c * 2.0, x, 3))(np.array([4.0, 0.5]))


class Cell:
    def step(self, carry):
        return carry


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: scan(lambda h: h, 0.0, np.ones(3)), "scan: f takes (h), and is called as f(carry, x)"),
        (lambda: scan(lambda h, x, y: h, 0.0, np.ones(3)), "scan: f takes (h, x, y), and is called as f(carry, x)"),
        (lambda: scan(nn.Tanh(), 0.0, np.ones(3)), "scan: f takes (input), and is called as f(carry, x)"),
        (lambda: scan([].append, 0.0, np.ones(3)), "scan: f takes (object, /), and is called as f(carry, x)"),
        (lambda: scan(Cell().step, 0.0, np.ones(3)), "scan: f takes (carry), and is called as f(carry, x)"),
        (
            lambda: scan(lambda c, x, *, t: c, 0.0, np.ones(3)),
            "scan: f takes (c, x, *, t), and is called as f(carry, x)",
        ),
        (
            lambda: while_loop(lambda x, y: x < 3, lambda c: c, (0.0, 1.0)),
            "while_loop: cond takes (x, y), and is called as cond(carry)",
        ),
        (
            lambda: while_loop(lambda c: False, lambda x, y: (x, y), (0.0, 1.0)),
            "while_loop: body takes (x, y), and is called as body(carry)",
        ),
    ],
)
def test_a_function_of_other_arguments_is_refused_before_the_loop(call, text):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text
    assert scan(lambda *both: (both[0], None), 1.0, np.ones(3)) == (1.0, None)
    assert scan(lambda h, x, scale=2.0: (h * scale, None), 1.0, np.ones(3)) == (8.0, None)
