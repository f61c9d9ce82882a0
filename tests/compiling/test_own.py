"""Numbers that a function keeps itself stay right when it is compiled."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.errors import CaptureError


class Thing:
    """An object with attributes."""

    def __init__(self, **given):
        vars(self).update(given)


class Slotted:
    __slots__ = ("v",)


def _parameters():
    return [Value(1.0), Value(2.0)]


def _back(params):
    for p in params:
        p.grad = 0.0
    z = params[0] * params[0] + params[0] * params[1] * params[1]
    z.backward()
    return z.data


def in_a_list():
    params, v = _parameters(), [0.0, 0.0]

    def step():
        z = _back(params)
        for i, p in enumerate(params):
            v[i] = 0.9 * v[i] + p.grad
            p.data -= 0.02 * v[i]
        return z

    return step, lambda: [params[0].data, params[1].data, *v]


def in_a_new_list():
    params, v = _parameters(), [0.0, 0.0]

    def step():
        nonlocal v
        z = _back(params)
        v = [0.9 * a + p.grad for a, p in zip(v, params, strict=True)]
        for a, p in zip(v, params, strict=True):
            p.data -= 0.02 * a
        return z

    return step, lambda: [params[0].data, params[1].data, *v]


def in_lists_of_a_dictionary():
    params, v = _parameters(), {"m": [0.0, 0.0], "v": [1.0, 1.0], "t": 0}

    def step():
        z = _back(params)
        v["t"] += 1
        for i, p in enumerate(params):
            v["m"][i] += 0.1 * (p.grad - v["m"][i])
            v["v"][i] += 0.1 * (p.grad**2 - v["v"][i])
            p.data -= 0.02 * v["m"][i] / (1.0 - 0.9 ** v["t"]) / v["v"][i] ** 0.5
        return z

    return step, lambda: [params[0].data, params[1].data, *v["m"], *v["v"], v["t"]]


def in_an_attribute():
    params, thing = _parameters(), Thing(v=0.0, t=0)

    def step():
        z = _back(params)
        thing.t += 1
        thing.v = 0.5 * thing.v + params[0].grad
        params[0].data -= 0.02 / thing.t * thing.v
        return z

    return step, lambda: [params[0].data, thing.v, thing.t]


def in_slots():
    params, thing = _parameters(), Slotted()
    thing.v = 1.0

    def step():
        z = _back(params)
        thing.v = 0.5 * thing.v + params[0].grad
        params[0].data -= 0.02 * thing.v
        return z

    return step, lambda: [params[0].data, thing.v]


def in_an_attribute_that_begins_as_none():
    params, thing = _parameters(), Thing(v=None)

    def step():
        z = _back(params)
        thing.v = params[0].grad if thing.v is None else 0.5 * thing.v + params[0].grad
        params[0].data -= 0.02 * thing.v
        return z

    return step, lambda: [params[0].data, thing.v]


def in_arrays():
    p, v, kept = Value(np.array([1.0, 2.0])), np.zeros(2), {"s": np.ones(2), "fixed": np.full(2, 3.0)}

    def step():
        nonlocal v
        p.grad = None
        (p * p).sum().backward()
        v = 0.9 * v + p.grad
        kept["s"] = kept["s"] + p.grad**2
        p.data -= 0.02 * v / kept["s"] ** 0.5 * kept["fixed"]

    return step, lambda: [*p.data, *v, *kept["s"], *kept["fixed"]]


def in_an_array_that_gets_its_shape_later():
    p, thing = Value(np.array([1.0, 2.0])), Thing(v=0.0)

    def step():
        p.grad = None
        (p * p).sum().backward()
        thing.v = 0.9 * thing.v + p.grad
        p.data -= 0.02 * thing.v

    return step, lambda: [*p.data, *thing.v]


def in_a_count_of_a_loss():
    w, calls = Value(2.0), [0]

    def loss():
        calls[0] += 1
        return w * calls[0]

    return lambda f=loss: f, lambda: calls


KEEPERS = [
    in_a_list,
    in_a_new_list,
    in_lists_of_a_dictionary,
    in_an_attribute,
    in_slots,
    in_an_attribute_that_begins_as_none,
    in_arrays,
    in_an_array_that_gets_its_shape_later,
]


@pytest.mark.parametrize("make", KEEPERS)
def test_what_is_kept(make):
    answers = []
    for change in (lambda f: f, lambda f: micrograd.compile(f, backend="numpy")):
        step, state = make()
        step = change(step)
        answers.append([[step() for _ in range(8)], state()])
    (found, kept), (wanted, state) = answers[1], answers[0]
    assert [type(x) for x in kept] == [type(x) for x in state]
    np.testing.assert_allclose(kept, state, rtol=1e-12)
    np.testing.assert_allclose(*[[0.0 if x is None else x for x in xs] for xs in (found, wanted)], rtol=1e-12)


def test_a_loss_that_counts_its_calls():
    w, calls = Value(2.0), [0]

    def loss():
        calls[0] += 1
        return w * calls[0]

    compiled = micrograd.compile(loss)
    for k in range(1, 5):
        z = compiled()
        w.zero_grad()
        z.backward()
        assert (z.data, w.grad, calls) == (2.0 * k, float(k), [k])


def test_what_is_kept_may_be_set_from_outside():
    w, thing = Value(1.0), Thing(v=0.0)

    def step(x):
        thing.v = thing.v + x
        return w * thing.v

    compiled = micrograd.compile(step)
    assert [compiled(1.0).data for _ in range(3)] == [1.0, 2.0, 3.0]
    thing.v = 10.0
    assert compiled(1.0).data == 11.0
    thing.v = np.array([1.0, 2.0])
    assert (compiled(1.0).data == [2.0, 3.0]).all()
    assert (thing.v == [2.0, 3.0]).all()


def test_a_run_that_fails_leaves_what_was_kept():
    w, v = Value(1.0), [1.0, 2.0]

    def step(x):
        v[0] = v[0] + x
        v[1] = v[1] * x
        if v[1] > 0.0:
            v[0] = 0.0
        return w * v[0]

    with pytest.raises(CaptureError, match="bool"):
        micrograd.compile(step)(2.0)
    assert v == [1.0, 2.0]


def test_a_number_that_hides_is_refused_with_its_line():
    w, kept = Value(1.0), iter([])

    class Box:
        pass

    boxes = [Box()]

    def step(x):
        setattr(boxes[0], "hid" + "den", getattr(boxes[0], "hid" + "den", 0.0) + x)
        return w * getattr(boxes[0], "hid" + "den")

    compiled = micrograd.compile(step)
    compiled(1.0)
    with pytest.raises(CaptureError, match=r"belongs to a capture that is over, in .*test_own.py:\d+: setattr"):
        for _ in range(3):
            compiled(1.0)
    assert kept is not None


def test_a_number_that_is_a_branch_is_left_alone():
    w, thing = Value(2.0), Thing(ready=0)

    def loss():
        if not thing.ready:
            thing.ready = 1
        return w * 3.0

    compiled = micrograd.compile(loss)
    assert [compiled().data for _ in range(3)] == [6.0] * 3
    assert thing.ready == 1
