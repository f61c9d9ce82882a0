"""Numbers of many Values at once. Where arrays lie, and who has them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from micrograd import Value
from micrograd.compiling import boundary
from micrograd.gradients import has_grad

KINDS = [1.0, np.float64(2.0), 3.0, np.float32(4.0), 5.0]


def _values():
    """Values whose gradients are floats, none, and other numbers."""
    values = [Value(x) for x in KINDS]
    for value, gradient in zip(values, [None, 6.0, np.float32(7.0), None, np.float64(8.0)], strict=True):
        value.grad = gradient
    return values


def test_data_is_read_whatever_its_kind():
    buffer = np.zeros(5)
    assert boundary.read(_values(), buffer) == -1
    assert buffer.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.parametrize("i", range(5))
def test_data_that_is_not_a_number_is_named(i):
    values = _values()
    values[i] = Value([1.0])
    assert boundary.read(values, np.zeros(5)) == i


def test_data_is_written_in_its_kind():
    values = _values()
    boundary.write(values, np.arange(5.0))
    assert [x.data for x in values] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [type(x.data) for x in values] == [type(Value(x).data) for x in KINDS]


def test_gradients_are_read_whatever_their_kind():
    buffer = np.full(5, 9.0)
    boundary.read_grads(_values(), buffer)
    assert buffer.tolist() == [0.0, 6.0, 7.0, 0.0, 8.0]


def test_gradients_are_written_whatever_was_there():
    values = _values()
    boundary.set_grads(values, np.arange(5.0))
    assert [x.grad for x in values] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert all(has_grad(x) for x in values)


def test_gradients_within_a_walk():
    """There each is where the walk keeps it."""
    values = _values()
    z = Value(0.0, tuple(values), "own")
    seen = []

    def step() -> None:
        for value in values:
            value.grad += 1.0
        buffer = np.zeros(5)
        boundary.read_grads(values, buffer)
        seen.append(buffer.tolist())
        boundary.set_grads(values, np.arange(5.0))

    z._backward = step
    z.backward()
    assert seen == [[1.0] * 5]
    assert [x.grad for x in values] == [0.0, 7.0, 9.0, 3.0, 12.0]


ARRAYS = {
    "the like": (np.ones(4), True),
    "of another shape": (np.ones((2, 2)), True),
    "that cannot be written": (np.frombuffer(np.ones(4).tobytes()), True),
    "of a part": (np.ones(8)[2:6], True),
    "with gaps": (np.ones(8)[::2], False),
    "longer": (np.ones(5), False),
    "of another dtype": (np.ones(4, np.float32), False),
    "of as many bytes": (np.ones(4, np.int64), False),
    "of swapped bytes": (np.ones(4).astype(np.dtype(float).newbyteorder()), False),
    "not aligned": (np.frombuffer(bytes(33), np.uint8)[1:].view(float), False),
    "of a subclass": (np.ones(4).view(type("Own", (np.ndarray,), {})), False),
    "not an array": ([1.0] * 4, False),
}


@pytest.mark.parametrize("array, is_like", ARRAYS.values(), ids=ARRAYS)
def test_only_what_is_like_an_array_has_an_address(array, is_like):
    address = boundary.address_like(array, np.zeros(4))
    assert address == (array.__array_interface__["data"][0] if is_like else 0)


# How somebody holds the array of a gradient; what is looked at afterwards.
HOLDERS = {
    "itself": lambda a: a,
    "a view": lambda a: a[1:],
    "its memory": memoryview,
    "a weak reference": weakref.ref,
    "another Value": lambda a: _with_gradient(Value(np.ones(3)), a),
}


def _with_gradient(value, gradient):
    value._grad = gradient
    return value


def _seen(held):
    gc.collect()
    if isinstance(held, weakref.ref):
        return held() is None
    return np.array(held.grad if isinstance(held, Value) else held).tolist()


@pytest.mark.parametrize("hold", HOLDERS.values(), ids=HOLDERS)
def test_the_array_of_a_gradient_stays_as_it_was_for_who_holds_it(hold):
    value = _with_gradient(Value(np.ones(3)), np.array([1.0, 2.0, 3.0]))
    held = hold(value._gradient)
    before = True if isinstance(held, weakref.ref) else _seen(held)
    boundary.set_array_grad([value], np.array([4.0, 5.0, 6.0]))
    assert _seen(held) == before
    assert value.grad.tolist() == [4.0, 5.0, 6.0]


SPARES = {
    "like it": np.ones((2, 2)),
    "of another shape": np.ones(4),
    "of another dtype": np.ones((2, 2), np.float32),
    "that cannot be written": np.frombuffer(np.ones(4).tobytes()).reshape(2, 2),
    "with gaps": np.ones((2, 4))[:, :2],
    "a part": np.ones((4, 2))[:2],
    "shown": None,
    "a float": 2.0,
    "a Value": Value(np.ones((2, 2))),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SPARES)
def test_a_gradient_takes_the_place_of_another_one(name, dtype):
    """Twice: the second one may be written into the array of the first one."""
    value = Value(np.ones((2, 2), dtype))
    if name == "shown":
        assert value.grad.sum() == 0.0 and not has_grad(value)
    else:
        spare = SPARES[name]
        if isinstance(spare, np.ndarray):
            spare = spare.copy() if spare.base is None else spare[:]
        _with_gradient(value, spare)
        del spare
    for numbers in ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]):
        boundary.set_array_grad([value], np.array(numbers))
        assert has_grad(value) and value.grad.dtype == dtype
        assert value.grad.tolist() == [numbers[:2], numbers[2:]]
    if isinstance(SPARES[name], np.ndarray):
        assert (SPARES[name] == 1.0).all()
