"""NumPy's ufuncs on object arrays of Values: each has the method that NumPy's object
loop calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, ShapeError

# Of bits, of whole numbers, and of matrices: not for Values one by one. Two are
# Python's `and` and `or`.
APART = set("bitwise_and bitwise_count bitwise_or bitwise_xor invert left_shift right_shift gcd lcm".split())
APART |= set("matmul matvec vecdot vecmat logical_and logical_or".split())
UFUNCS = {f.__name__: f for f in (getattr(np, name) for name in sorted(np.__all__)) if isinstance(f, np.ufunc)}
LOOPS = [name for name, f in UFUNCS.items() if any("O" in types for types in f.types) and name not in APART]
PLAIN = {"floor", "ceil", "trunc", "sign", "logical_not"}  # and comparisons: NumPy makes plain numbers of them


def _values(numbers: list[float]) -> Any:
    values = np.empty(len(numbers), object)
    values[:] = [Value(x) for x in numbers]
    return values


def test_there_are_as_many_as_numpy_has() -> None:
    assert len(LOOPS) > 50
    assert {"log2", "arctan2", "hypot", "rint", "deg2rad", "cbrt", "fmod", "floor_divide", "conjugate"} <= set(LOOPS)


@pytest.mark.parametrize("name", LOOPS)
def test_ufunc_on_an_object_array(name: str) -> None:
    ufunc, start = UFUNCS[name], 1.0 if name == "arccosh" else 0.0
    rows = [[start + 0.3, start + 0.8], [0.5, 0.7]][: ufunc.nin]
    objects = [_values(row) for row in rows]
    given = ufunc(*objects)
    wanted = ufunc(*map(np.array, rows))
    np.testing.assert_allclose([float(z) for z in given], np.asarray(wanted, float), rtol=1e-14)
    if not isinstance(given[0], Value):
        assert name in PLAIN or wanted.dtype == bool
        return
    whole = [Value(row) for row in rows]
    ufunc(*whole).sum().backward()
    (given[0] + given[1]).backward()
    for parts, one in zip(objects, whole, strict=True):
        np.testing.assert_allclose([v.grad for v in parts], one.grad, rtol=1e-14)


def test_methods_beside_the_ufuncs() -> None:
    v = Value([0.25, 0.5], label="v")
    for name in ("log2", "arcsin", "expm1", "cbrt", "degrees"):
        np.testing.assert_array_equal(getattr(v, name)().data, getattr(np, name)(v.data))
    np.testing.assert_array_equal(v.arctan2(2.0).data, np.arctan2(v.data, 2.0))
    assert type(v).log2.__name__ == "log2" and "base 2" in type(v).log2.__doc__
    assert int(Value(-2.5)) == -2 and np.trunc(_values([-2.5]))[0] == -2
    with pytest.raises(ArgumentError, match=r"sum: keepdims=0\.5 is not True or False; give dtype= and out= by"):
        v.sum(0, 0.5)


def test_a_shape_has_no_number() -> None:
    said = "float(): () has no number yet; replace `if` by ops.where, and drop float()"
    with pytest.raises(DataError) as error:
        float(Abstract(()))
    assert str(error.value) == said


def test_sizes_and_axes_are_whole_numbers() -> None:
    v = Value([[1.0, 2.0]])
    with pytest.raises(ShapeError) as error:
        v.transpose(1.0, 0.0)
    assert str(error.value) == "transpose: (1.0, 0.0) are not whole numbers; give them as in transpose(1, 0)"
    with pytest.raises(ShapeError, match=r"reshape: .* are not whole numbers"):
        v.reshape("2", "1")
