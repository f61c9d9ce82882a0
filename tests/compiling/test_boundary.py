"""Numbers of many Values at once: most hold floats, some do not. Addresses of arrays."""

from __future__ import annotations

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
