"""Whole numbers are numbers: every function gives for integers, in a list or an array,
what it gives for floats.

A result in the dtype of its integers would be cut to whole numbers, without a word.
"""

from __future__ import annotations

import functools
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


# Of few bits, as the pixels of a picture. NumPy's own functions go round at the end of
# the type, and ours of the same name may; the others must not.
FEW = {
    "int8": np.array([100, -100, -127, 7, 127, -3], np.int8),
    "uint8": np.array([200, 100, 0, 7, 255, 3], np.uint8),
    "uint64": np.array([3, 1, 0, 7, 2, 200], np.uint64),
    "bool": np.array([True, False, True, True, False, True]),
}
GO_ROUND = {"multi_dot": "NumPy wants a list of factors; the product of two rows goes round as theirs"}


def agree(found: list[Any], wanted: list[Any] | None) -> bool:
    return wanted is not None and all(map(lambda z, w: np.allclose(z, w, 1e-3, 1e-3, True), found, wanted))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FEW)
@pytest.mark.parametrize("name", NAMES)
def test_whole_numbers_of_few_bits(name: str, kind: str) -> None:
    f, numpys = getattr(ops, name), getattr(np, name, None) or getattr(np.linalg, name, None)
    for x in (FEW[kind], FEW[kind].reshape(2, 3)):
        for options in ({}, {"axis": 0}):
            found, wanted = (outcome(functools.partial(f, **options), [y]) for y in (x, x.astype(float)))
            theirs = numpys and outcome(functools.partial(numpys, **options), [x])
            if found is not None and wanted is not None and name not in GO_ROUND:
                assert agree(found, wanted) or agree(found, theirs), f"{name}: {found}, not {wanted}"
