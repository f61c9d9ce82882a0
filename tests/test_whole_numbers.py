"""Whole numbers are numbers: every function gives for integers, in a list or an array,
what it gives for floats.

A result in the dtype of its integers would be cut to whole numbers, without a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import ops
from micrograd.arrays import float_type

MATRIX = [[2, 1], [3, 4]]
CALLS: list[list[Any]] = [
    [[1, 2, 4]],
    [MATRIX],
    [[1, 2, 4], [3, 1, 2]],
    [MATRIX, MATRIX],
    [MATRIX, [1, 2]],
    [[1, 2, 4], 2],
    [[1, 2, 4], 0.5],
    [2],
    [2, 3],
    [[0, 1, 1], [1, 0, 1], [2, 2, 2]],
]
APART = {
    "At": "is indexed, and not called",
    "dropout": "draws at random",
    "full_like": "has the dtype of its first argument, as in NumPy",
}
NAMES = [name for name in ops.__all__ if callable(getattr(ops, name)) and name not in APART]


def outcome(f: Any, arguments: list[Any]) -> list[Any] | None:
    """What f gives, as float arrays; None where it refuses."""
    try:
        z = f(*arguments)
        return [np.asarray(part, float) for part in (z if isinstance(z, tuple) else (z,))]
    except Exception:
        return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_integers_are_as_floats(name: str) -> None:
    f = getattr(ops, name)
    for arguments in CALLS:
        wanted = outcome(f, [np.array(x, float) if isinstance(x, list) else float(x) for x in arguments])
        if wanted is None:
            continue
        arrays = [np.array(x) if isinstance(x, list) else x for x in arguments]
        for given in (arrays, arguments):
            found = outcome(f, given)
            assert found is not None, f"{name}({given}) is refused, though floats are not"
            for z, x in zip(found, wanted, strict=True):
                np.testing.assert_allclose(z, x, rtol=1e-12, atol=1e-12, err_msg=f"{name}({given})")


def test_enough_is_called() -> None:
    called = [name for name in NAMES if any(outcome(getattr(ops, name), arguments) for arguments in CALLS)]
    assert len(called) > 200


@pytest.mark.parametrize(("x", "dtype"), [(1, float), (np.float32(1), np.float32), (np.ones(2, bool), float)], ids=str)
def test_the_type_of_a_result_that_is_not_whole(x: Any, dtype: Any) -> None:
    assert float_type(x) == dtype
