"""Axis numbers: what counts as one, and the words for what does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.ops.axes import along, axes_of, axis_of, means_all, new_axis, reduced_shape, running_shape

A23 = np.ones((2, 3))


@pytest.mark.parametrize("x", [A23, Value(A23, label="w"), A23.astype("float32")], ids=["array", "value", "float32"])
@pytest.mark.parametrize("axis", [1, -1, np.int64(1), np.array(1)], ids=["int", "negative", "np.int64", "0-d array"])
def test_one_axis(x: Any, axis: Any) -> None:
    assert axis_of("sum", x, axis) == 1
    assert type(axis_of("sum", x, axis)) is int


@pytest.mark.parametrize(
    ("axis", "axes"),
    [(None, (0, 1)), (0, (0,)), (-1, (1,)), ((1, 0), (1, 0)), ((), ()), (np.int64(1), (1,)), ((np.int64(-1),), (1,))],
    ids=str,
)
def test_several_axes(axis: Any, axes: tuple[int, ...]) -> None:
    found = axes_of("sum", A23, axis)
    assert found == axes
    assert all(type(a) is int for a in found)


def test_a_number_has_axis_0_in_reductions_alone() -> None:
    assert axes_of("sum", 2.0, 0) == axes_of("sum", 2.0, -1) == axes_of("sum", 2.0, None) == ()
    with pytest.raises(ShapeError, match=r"flip: axis 0 of \(\): a number has no axes"):
        axes_of("flip", 2.0, 0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda w: axis_of("f", w, 2), ShapeError, "f: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        (lambda w: axis_of("f", w, -3), ShapeError, "f: axis -3 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        (lambda w: axis_of("f", w, 1.0), ArgumentError, "f: axis 1.0: give an integer"),
        (lambda w: axis_of("f", w, "x"), ArgumentError, "f: axis 'x': give an integer"),
        (lambda w: axis_of("f", w, None), ArgumentError, "f: axis None: give an integer"),
        (lambda w: axis_of("f", 2.0, 0), ShapeError, "f: axis 0 of (): a number has no axes"),
        (lambda w: axes_of("f", w, (0, 2)), ShapeError, "f: axis (0, 2) of 'w' (2, 3): its axes are numbered from"),
        (lambda w: axes_of("f", w, (0, -2)), ShapeError, "f: axis (0, -2) of 'w' (2, 3): an axis is named twice; name"),
        (lambda w: axes_of("f", w, [0]), ArgumentError, "f: axis [0]: give an integer, or a tuple of integers"),
        (lambda w: axes_of("f", w, (0.5,)), ArgumentError, "f: axis (0.5,): give an integer, or a tuple of integers"),
        (lambda w: axes_of("f", w, np.array([0])), ArgumentError, "f: axis array([0]): give an integer, or a tuple of"),
        (lambda w: new_axis("f", 3, 3), ShapeError, "f: axis 3: the axes of the result are numbered from -3 to 2"),
        (lambda w: new_axis("f", 0.0, 3), ArgumentError, "f: axis 0.0: give an integer"),
        (lambda w: running_shape("f", w, 2), ShapeError, "f: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ],
)
def test_errors(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call(Value(A23, label="w"))
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), (), (1, 0)], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_the_shape_of_a_reduction_is_that_of_numpy(axis: Any, keepdims: bool) -> None:
    assert reduced_shape("sum", A23, axis, keepdims) == np.sum(A23, axis=axis, keepdims=keepdims).shape


@pytest.mark.parametrize(("x", "axis"), [(A23, None), (A23, 0), (A23, -1), (2.0, None), (2.0, 0), (np.zeros(0), 0)])
def test_the_shape_of_a_scan_is_that_of_numpy(x: Any, axis: int | None) -> None:
    assert running_shape("cumsum", x, axis) == np.cumsum(x, axis=axis).shape
    assert means_all(x, axis) == (axis is None or np.ndim(x) == 0)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_index_along_an_axis_is_what_take_takes(axis: int) -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(x[along(axis, 1)], np.take(x, 1, axis=axis))
