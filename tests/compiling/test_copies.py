"""Pickles and copies of compiled functions are of the function: they capture anew."""

from __future__ import annotations

import copy
import pickle

import pytest

import micrograd
from micrograd import Value

w = Value(2.0)


def plain(x):
    return w * x


@micrograd.compile
def decorated(x):
    return w * x


wrapped = micrograd.compile(plain, backend="numpy")


class Line:
    def __init__(self, slope):
        self.w = Value(slope)
        self.fast = micrograd.compile(self.product)

    def product(self, x):
        return self.w * x

    @micrograd.compile
    def square(self, x):
        return self.w * x * x


def _cubed(x):
    return w * x * x * x


def _pickled(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("copied", [_pickled, copy.copy, copy.deepcopy])
def test_functions(copied):
    for f in (decorated, wrapped):
        assert f(3.0).data == copied(f)(3.0).data == 6.0
    assert copied(decorated) is decorated  # as every function of a module
    twin = copied(wrapped)
    assert twin is not wrapped and not twin.program
    twin(1.0)
    assert twin.explain().count("NumPy") == wrapped.explain().count("NumPy") > 0
    assert copied(micrograd.compile(decorated))(3.0).data == 6.0


@pytest.mark.parametrize("copied", [_pickled, copy.copy, copy.deepcopy])
def test_options_go_with_a_copy(copied):
    fast = micrograd.compile(_cubed, exact=True, backend="c", threads=2)
    assert fast.__reduce__() == copied(fast).__reduce__() == (type(fast), (_cubed, True, "c", 2))


@pytest.mark.parametrize("copied", [_pickled, copy.deepcopy])
def test_a_copy_of_an_object_computes_with_its_own_values(copied):
    line = Line(2.0)
    assert (line.fast(3.0).data, line.square(3.0).data) == (6.0, 18.0)
    twin = copied(line)
    twin.w.data = 5.0
    assert (twin.fast(3.0).data, twin.square(3.0).data) == (15.0, 45.0)
    assert (line.fast(3.0).data, line.square(3.0).data) == (6.0, 18.0)
    twin.fast(3.0).backward()
    assert twin.w.grad == 3.0 and line.w.grad == 0.0
    method = copied(line.square)
    assert method(3.0).data == 18.0 and method.__self__ is not line


def test_what_pickle_cannot_name():
    with pytest.raises((pickle.PicklingError, AttributeError), match=r"<locals>|lambda"):
        pickle.dumps(micrograd.compile(lambda x: w * x))
