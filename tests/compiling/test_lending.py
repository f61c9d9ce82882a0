"""Large arrays that a step reads and writes where they are: whoever holds one sees what
he would see without compiling.
"""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import micrograd
from micrograd import Value, optim
from micrograd.compiling import lending

SIZE = 600  # above LARGE


def _in_place(p):
    p.data -= 0.1 * p.grad


def _anew(p):
    p.data = p.data - 0.1 * p.grad


def _adam(p, made={}):  # noqa: B006 - one for each parameter
    if made.get("of") is not p:
        made.update(of=p, adam=optim.Adam([p], 0.01))
    made["adam"].step()


def _step(p, update):
    def step(x):
        p.zero_grad()
        z = (p * p * x).sum()
        z.backward()
        update(p)
        return z.data

    return step


def _base(dtype):
    return np.linspace(-1.0, 1.0, 2 * SIZE).astype(dtype)


def _data_of_another(p):
    q = Value(p.data)
    return lambda p: [q.data]


def _in_memory(p):
    memory = memoryview(p.data)
    return lambda p: [np.asarray(memory)]


# How the array of a parameter is held, and what is looked at in the end.
HOLDERS = {
    "nobody": lambda base: (Value(base[:SIZE].copy()), lambda p: []),
    "a name": lambda base: ((p := Value(base[:SIZE].copy())), lambda p, a=p.data: [a, float(a is p.data)]),
    "a view": lambda base: ((p := Value(base[:SIZE].copy())), lambda p, a=p.data[::2]: [a]),
    "a part of another array": lambda base: (Value(base[:SIZE]), lambda p: [base]),
    "another value": lambda base: ((p := Value(base[:SIZE].copy())), _data_of_another(p)),
    "strides": lambda base: (Value(base[::2]), lambda p: [base]),
    "a matrix that is transposed": lambda base: (Value(base.reshape(-1, 30).T), lambda p: [base]),
    "a memoryview": lambda base: ((p := Value(base[:SIZE].copy())), _in_memory(p)),
}


@pytest.mark.parametrize("update", [_in_place, _anew, _adam])
@pytest.mark.parametrize("holder", HOLDERS)
def test_who_holds_an_array_sees_what_he_would(holder, update):
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p, seen = HOLDERS[holder](_base(float))
        step = make(_step(p, update))
        losses = [step(1.0 + 0.1 * k) for k in range(5)]
        answers.append([*losses, p.data.copy(), p.grad.copy(), *[np.copy(x) for x in seen(p)]])
    for a, b in zip(*answers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_arrays_change_places():
    p = Value(_base(np.float32))
    step = micrograd.compile(_step(p, _in_place), backend="auto")
    for _ in range(3):
        step(1.0)
    plan = step._last
    if plan.lending is None:
        pytest.skip("there is no C compiler here")
    gc.collect()
    seen = []
    for _ in range(4):
        step(1.0)
        seen.append(p.data.__array_interface__["data"][0])
    assert seen[0] == seen[2] and seen[1] == seen[3] and len(set(seen)) == 2
    assert p.data.base is None and p.grad.base is None


@pytest.mark.parametrize("update", [_in_place, _anew])
def test_what_is_held_between_calls_is_left_alone(update):
    p = Value(_base(float))
    step = micrograd.compile(_step(p, update))
    for _ in range(3):
        step(1.0)
    kept, grad = p.data, p.grad
    before = grad.copy()
    copy = kept.copy()
    for _ in range(3):
        step(1.0)
    assert (grad == before).all()
    assert (kept is p.data) if update is _in_place else (kept == copy).all()


def test_a_weak_reference_holds_an_array_too():
    p = Value(_base(float))
    step = micrograd.compile(_step(p, _anew))
    for _ in range(3):
        step(1.0)
    held = weakref.ref(p.data)
    step(1.0)
    step(1.0)
    assert held() is None or held() is p.data


def test_arguments_are_not_changed_nor_kept():
    p, x = Value(np.ones(SIZE)), _base(float)[:SIZE].copy()

    def step(x):
        p.zero_grad()
        (p * x).sum().backward()
        p.data -= 0.1 * p.grad

    step = micrograd.compile(step)
    for k in range(4):
        x[:] = k
        step(x)
    np.testing.assert_allclose(p.data, 1.0 - 0.1 * (0 + 1 + 2 + 3))
    x.setflags(write=False)
    step(x)
    step(np.full((SIZE, 2), 7.0)[:, 0])  # it cannot be read where it is
    np.testing.assert_allclose(p.data, 1.0 - 0.1 * (0 + 1 + 2 + 3 + 3 + 7))
    (entry,) = step._kept.all()
    space = entry.running.pool[-1].work
    assert all(a is space.own.get(name, a) for name, a in space.arrays.items() if name.startswith("arg"))


def test_a_nan_leaves_all_arrays_to_the_function():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p = Value(np.ones(SIZE))
        step = make(_step(p, _in_place))
        with np.errstate(all="ignore"):
            losses = [step(x) for x in (1.0, 2.0, np.nan, 1.0)]
        answers.append([losses, p.data, p.grad])
    for a, b in zip(*answers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_where_nobody_counts_references_all_arrays_are_copied(monkeypatch):
    monkeypatch.setattr(lending, "ALONE", -1)
    p = Value(np.ones(SIZE))
    shared = p.data
    step = micrograd.compile(_step(p, _in_place))
    for _ in range(3):
        step(0.5)
    assert shared is p.data
    np.testing.assert_allclose(shared, 0.9**3)


def test_a_parameter_that_is_replaced_by_a_number():
    p, q = Value(np.ones(SIZE)), Value(1.0)

    def step():
        q.grad = 0.0
        (q * q).backward()
        p.data *= 0.5

    step = micrograd.compile(step)
    for _ in range(3):
        step()
    p.data = 4.0
    step()
    assert p.data == 2.0


# Functions that give arrays: nothing is kept for a way back


@pytest.mark.parametrize("function", [lambda x: x * 2.0, lambda x: x, lambda x: np.tanh(x).reshape(2, -1)])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_result_is_the_callers(function, dtype):
    fast = micrograd.compile(function, backend="c")
    x = _base(dtype)
    results = []
    for k in range(4):
        given = x + k
        z = fast(given)
        given[:] = 0.0
        results.append((z, function(x + k)))
    for z, right in results:  # later calls have not written into it, nor has who changes an argument
        assert (z.dtype, z.shape) == (right.dtype, right.shape)
        np.testing.assert_allclose(z, right, rtol=1e-6)
        assert z.base is None
        assert z.flags.writeable
        z[:] = 7.0
    np.testing.assert_allclose(fast(x), function(x), rtol=1e-6)


def _unaligned(x):
    memory = np.zeros(x.nbytes + 1, np.uint8)
    z = memory[1:].view(float)
    z[:] = x
    return z


ODD = {
    "strided": lambda x: np.repeat(x, 2)[::2],
    "backwards": lambda x: x[::-1].copy()[::-1],
    "big-endian": lambda x: x.astype(">f8"),
    "unaligned": _unaligned,
    "read-only": lambda x: np.frombuffer(x.tobytes()),
    "a list": lambda x: x.tolist(),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("size", [6, 2 * SIZE])
def test_arguments_of_other_layouts(odd, size):
    w = Value(_base("float64")[:size])
    fast = micrograd.compile(micrograd.value_and_grad(lambda w, x: (w * x).sum()), backend="c")
    x = _base("float64")[:size] + 2.0
    for given in (x, ODD[odd](x), 2.0 * x):
        value, gradient = fast(w.data, given)
        np.testing.assert_allclose(value, (w.data * np.asarray(given, float)).sum())
        np.testing.assert_allclose(gradient, np.asarray(given, float))


STATES = [(odd, update) for odd in ODD if odd != "a list" for update in (_in_place, _anew)]


@pytest.mark.parametrize(("odd", "update"), [x for x in STATES if x != ("read-only", _in_place)])
@pytest.mark.parametrize("size", [6, 2 * SIZE])
def test_states_of_other_layouts(odd, update, size):
    def run(change):
        p = Value(_base("float64")[:size] + 2.0)
        step = change(_step(p, update))
        x = np.linspace(0.5, 1.0, size)
        losses = [step(x)]
        p.data = ODD[odd](p.data)
        losses += [step(x) for _ in range(3)]
        return losses, np.array(p.data), np.array(p.grad)

    for found, right in zip(run(lambda step: micrograd.compile(step, backend="c")), run(lambda f: f), strict=True):
        np.testing.assert_allclose(found, right)


def test_a_change_before_backward_does_not_count():
    w = Value(_base("float64"))
    fast = micrograd.compile(lambda x: (w * x * x).sum(), backend="c")
    x = _base("float64")
    for _ in range(3):
        z = fast(x)
        before = x.copy()
        x += 1.0
        w.grad = None
        z.backward()
        np.testing.assert_allclose(w.grad, before * before)


def test_arguments_are_not_held():
    w = Value(_base("float64"))
    fast = micrograd.compile(micrograd.value_and_grad(lambda w, x: (w * x).sum()), backend="c")
    fast(w.data, _base("float64"))  # the call that was captured keeps its arguments
    x = _base("float64") * 3.0
    seen = weakref.ref(x)
    fast(w.data, x)
    del x
    gc.collect()
    assert seen() is None
