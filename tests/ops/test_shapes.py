"""Shapes that are composed of ops; and what they say to bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.sample import A3, A21, A23, A234, EMPTY

A45 = np.arange(20.0).reshape(4, 5) / 7.0 + 0.5


def _joined(*arrays: Any, axis: Any = 0) -> Any:
    return np.concatenate(arrays, axis)


def _join(**params: Any) -> Row:
    return Row("concatenate", (A23, A23[:, :2] + 1.0, A21), _joined, params, lambda *xs, **p: ops.concatenate(xs, **p))


def _side_by_side(name: str, *arrays: Any) -> Row:
    return Row(name, arrays, lambda *xs: getattr(np, name)(xs), {}, lambda *xs: getattr(ops, name)(xs))


def _parts(name: str, x: Any, **params: Any) -> Row:
    """split and array_split give lists: the parts here laid end to end, the second
    turned around.
    """

    def f(x: Any, **params: Any) -> Any:
        parts = getattr(ops, name)(x, **params)
        return ops.concatenate([*parts[:1], *(2.0 * part for part in parts[1:])], axis=None)

    def numpy(x: Any, **params: Any) -> Any:
        parts = getattr(np, name)(x, **params)
        return np.concatenate([*parts[:1], *(2.0 * part for part in parts[1:])], axis=None)

    return Row(name, (x,), numpy, params, f)


def _rows(name: str, x: Any, *params: dict[str, Any]) -> list[Row]:
    return [Row(name, (x,), getattr(np, name), p) for p in params]


MOVES = [
    *(Row("ravel", (x,), np.ravel) for x in (A234, 0.75, EMPTY)),
    *_rows("moveaxis", A234, {"source": 0, "destination": -1}, {"source": (0, -1), "destination": (1, 0)}),
    *_rows("swapaxes", A234, {"axis1": 0, "axis2": -1}, {"axis1": 1, "axis2": 1}),
    *_rows("expand_dims", A23, {"axis": 1}, {"axis": (0, -1)}, {"axis": -2}),
    *_rows("expand_dims", 0.75, {"axis": 0}, {"axis": (1, 0)}),
    *_rows("squeeze", A23[None, :, None], {}, {"axis": 0}, {"axis": (0, -2)}, {"axis": ()}),
    *_rows("flip", A234, {}, {"axis": 0}, {"axis": (-1, 0)}),
    *(Row(name, (x,), getattr(np, name)) for name in "atleast_1d atleast_2d atleast_3d".split() for x in (0.75, A3)),
    *(Row(name, (x,), getattr(np, name)) for name in "atleast_1d atleast_2d atleast_3d".split() for x in (A23, A234)),
]
JOINS = [
    *(_join(axis=a) for a in (1, -1, None)),
    *(_side_by_side(name, A3, A3 + 1.0) for name in "vstack hstack dstack column_stack".split()),
    *(_side_by_side(name, A23, A23 + 1.0) for name in "vstack hstack dstack column_stack".split()),
    *(_side_by_side(name, 0.75, 1.5) for name in "vstack hstack dstack".split()),
    _side_by_side("vstack", A23, A3, A23[:0]),
    _side_by_side("hstack", A23, A21),
    _side_by_side("column_stack", A23, A23[:, 0], A21),
    *_rows("roll", A234, {"shift": 2}, {"shift": -1, "axis": 1}, {"shift": (5, 1), "axis": (0, -1)}, {"shift": 0}),
    *_rows("roll", A234, {"shift": 1, "axis": (0, 2)}, {"shift": (1, 2), "axis": 2}, {"shift": 3, "axis": 1}),
    Row("roll", (EMPTY,), np.roll, {"shift": 1, "axis": 0}),
    *(_parts("split", A45, indices_or_sections=s, axis=a) for s, a in ((2, 0), (5, -1), ((1, 3), 1), ([4, 9], 1))),
    *(_parts("array_split", A45, indices_or_sections=s, axis=a) for s, a in ((3, 0), (2, 1), (7, 1), ([-1], 1))),
    *_rows("tile", A23, {"reps": 2}, {"reps": (2, 1)}, {"reps": (2, 1, 3)}, {"reps": ()}, {"reps": 0}),
    Row("tile", (0.75,), np.tile, {"reps": 3}),
    *_rows("repeat", A23, {"repeats": 2}, {"repeats": 3, "axis": 1}, {"repeats": 0, "axis": 0}),
    *_rows("repeat", A23, {"repeats": [2, 0, 1], "axis": -1}, {"repeats": [3], "axis": 0}),
]
PADS = [
    *_rows("pad", A23, {"pad_width": 1}, {"pad_width": (0, 2)}, {"pad_width": ((1, 0), (2, 3))}, {"pad_width": 0}),
    *_rows("pad", A23, {"pad_width": ((1, 0), (2, 3)), "constant_values": 7.0}),
    *_rows("pad", A23, {"pad_width": 1, "constant_values": ((1.0, 2.0), (3.0, 4.0))}),
    *_rows("pad", EMPTY, {"pad_width": ((1, 0), (0, 0))}),
    *_rows("pad", A23, *({"pad_width": ((1, 0), (2, 3)), "mode": m} for m in ("edge", "symmetric", "wrap", "reflect"))),
]
TRIANGLES = [
    *(Row(name, (A45,), getattr(np, name), {"k": k}) for name in ("tril", "triu") for k in (-2, 0, 1)),
    *(Row(name, (A234,), getattr(np, name)) for name in ("tril", "triu")),
    *_rows("diagonal", A45, *({"offset": k} for k in (-5, -2, 0, 1, 4))),
    *_rows("diagonal", A234, {"axis1": 1, "axis2": 2}, {"axis1": -1, "axis2": 0, "offset": 1}),
    *_rows("diag", A45, *({"k": k} for k in (0, 1, -1))),
    *_rows("diag", A3, *({"k": k} for k in (0, 2, -1))),
    Row("diag", (np.zeros(0),), np.diag, {"k": 1}),
]
ROWS = MOVES + JOINS + PADS + TRIANGLES


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _on_dask(row: Row) -> bool:
    """Dask cannot reshape what is empty, or a number."""
    empty = [{"reps": 0}, {"repeats": 0, "axis": 0}, *({"indices_or_sections": s, "axis": 1} for s in (7, [4, 9]))]
    return np.ndim(row.inputs[0]) > 0 and np.size(row.inputs[0]) > 0 and row.params not in empty


@pytest.mark.parametrize("row", [row for row in ROWS if _on_dask(row)], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def _by_place(row: Row) -> Callable[..., Any]:
    """Each function of this family as PyTorch has it: a choice of elements, whose
    places NumPy says.
    """

    def f(torch: Any, *xs: Any, **params: Any) -> Any:
        ends = np.cumsum([x.numel() for x in xs])
        places = [np.arange(end - x.numel(), end).reshape(x.shape) + 1.0 for x, end in zip(xs, ends, strict=True)]
        chosen = torch.as_tensor(np.asarray(row.numpy(*places, **params)).astype(int))
        elements = torch.cat([torch.zeros(1, dtype=xs[0].dtype), *(x.reshape(-1) for x in xs)])  # at place 0, zero
        return elements[chosen]

    return f


@pytest.mark.peer
@pytest.mark.parametrize(
    "row", [row for row in ROWS if "split" not in row.op and "constant_values" not in row.params], ids=str
)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, _by_place(row))


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in ROWS if "split" in row.op], ids=str)
def test_parts_against_torch(row: Row) -> None:
    def theirs(torch: Any, x: Any, indices_or_sections: Any, axis: int) -> Any:
        parts = torch.tensor_split(x, indices_or_sections, dim=axis)
        return torch.cat([parts[0].reshape(-1), *(2.0 * part.reshape(-1) for part in parts[1:])])

    agrees_with_torch(row, theirs)


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in PADS if isinstance(row.params.get("constant_values"), float)], ids=str)
def test_pad_against_torch(row: Row) -> None:
    def theirs(torch: Any, x: Any, pad_width: Any, constant_values: float) -> Any:
        return torch.nn.functional.pad(x, [n for pair in reversed(pad_width) for n in pair], value=constant_values)

    agrees_with_torch(row, theirs)


def test_several_values_give_a_tuple() -> None:
    one, two = ops.atleast_1d(Value(2.0), Value([1.0, 2.0]))
    assert (one.shape, two.shape) == ((1,), (2,))
    assert [x.shape for x in ops.atleast_2d(2.0, A3)] == [(1, 1), (1, 3)]
    assert [x.shape for x in ops.atleast_3d(2.0, A23)] == [(1, 1, 1), (2, 3, 1)]


def test_concatenate_takes_any_sequence() -> None:
    v = Value(A23)
    np.testing.assert_array_equal(ops.concatenate(v).data, A23.ravel())  # the rows of one value
    np.testing.assert_array_equal(ops.concatenate(x for x in (v[0], [9.0])).data, [*A23[0], 9.0])


@pytest.mark.parametrize("f", [ops.tril, ops.triu])
def test_what_a_triangle_leaves_out_may_be_infinite(f: Callable[..., Any]) -> None:
    x = np.full((2, 2), np.inf)
    x[0, 0] = x[1, 1] = 1.0
    v = Value(x if f is ops.triu else x.T)
    v.data[1 if f is ops.triu else 0, 0 if f is ops.triu else 1] = np.nan
    z = f(v)
    z.backward()
    assert not np.isnan(z.data).any()
    np.testing.assert_array_equal(v.grad, f(np.ones((2, 2))))


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("w.reshape(-2, -3)", ShapeError, "reshape: 'w' (2, 3) has 6 elements, and shape (-2, -3) does not; give"),
        ("ops.reshape(w, shape=2.5)", ArgumentError, "reshape: 2.5: give an integer, or a tuple of integers"),
        ("ops.reshape(w, shape=(2, 'a'))", ArgumentError, "reshape: (2, 'a'): give an integer, or a tuple of integers"),
        ("ops.transpose(w, axes=(0, 'a'))", ArgumentError, "transpose: (0, 'a'): give an integer, or a tuple of"),
        ("ops.broadcast_to(w, shape='a')", ArgumentError, "broadcast_to: 'a': give an integer, or a tuple of integers"),
        (
            "ops.expand_dims(w, axis=4)",
            ShapeError,
            "expand_dims: axis 4: the axes of the result are numbered from -3 to 2",
        ),
        ("ops.expand_dims(w, axis=(0, -4))", ShapeError, "expand_dims: axis (0, -4) of 'w' (2, 3): an axis is named"),
        ("ops.expand_dims(w, axis='a')", ArgumentError, "expand_dims: axis 'a': give an integer"),
        ("ops.squeeze(w, axis=0)", ShapeError, "squeeze: axis 0 of 'w' (2, 3): only axes of length 1 can be removed"),
        ("ops.squeeze(w, axis=2)", ShapeError, "squeeze: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.moveaxis(w, 2, 0)", ShapeError, "moveaxis: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.moveaxis(w, (0, 1), 0)", ShapeError, "moveaxis: axes (0, 1) of 'w' (2, 3) to 0: give one place per"),
        ("ops.swapaxes(w, 0, 2)", ShapeError, "swapaxes: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.flip(w, axis=(0, 0))", ShapeError, "flip: axis (0, 0) of 'w' (2, 3): an axis is named twice; name each"),
        ("ops.roll(w, 1, axis=2)", ShapeError, "roll: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.roll(w, (1, 2, 3), axis=(0, 1))", ShapeError, "roll: shift (1, 2, 3) along axis (0, 1) of 'w' (2, 3): "),
        ("ops.roll(w, 1.5)", ArgumentError, "roll: 1.5: give an integer, or a tuple of integers"),
        ("ops.concatenate([])", ShapeError, "concatenate: nothing: give at least one value, all with the same number"),
        ("ops.concatenate([n, n])", ShapeError, "concatenate: 'n' (), 'n' (): a number has no axis to join along; use"),
        ("ops.concatenate([w, b])", ShapeError, "concatenate: 'w' (2, 3), 'b' (2,): give at least one value, all with"),
        (
            "ops.concatenate([w, w[:, :2]])",
            ShapeError,
            "concatenate: 'w' (2, 3), (2, 2): sizes must be equal,",
        ),
        (
            "ops.concatenate([w, w], axis=2)",
            ShapeError,
            "concatenate: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1",
        ),
        ("ops.concatenate([w, w], axis='a')", ArgumentError, "concatenate: axis 'a': give an integer"),
        ("ops.vstack([])", ShapeError, "concatenate: nothing: give at least one value, all with the same number"),
        ("ops.hstack([w, b])", ShapeError, "concatenate: 'w' (2, 3), 'b' (2,): give at least one value, all with"),
        ("np.dstack([w, b])", ShapeError, "concatenate: (2, 3, 1), (1, 2, 1): sizes must be equal,"),
        ("ops.column_stack(3.0)", ArgumentError, "column_stack: 3.0 is not a sequence; give a list of values"),
        ("np.hstack([b, 'a'])", DataError, "hstack: 'a' is a str, not a number or an array of numbers"),
        ("ops.concatenate([b, None])", DataError, "concatenate: None is a NoneType, not a number or an array"),
        ("ops.concatenate(3.0)", ArgumentError, "concatenate: 3.0 is not a sequence; give a list of values"),
        ("ops.split(w, 2, axis=1)", ShapeError, "split: axis 1 of 'w' (2, 3) does not make 2 equal parts;"),
        ("ops.split(w, 2, axis=5)", ShapeError, "split: axis 5 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.split(w, 0)", ArgumentError, "split: 0 parts of 'w' (2, 3); give at least 1"),
        ("ops.split(w, 1.5)", ArgumentError, "split: 1.5: give an integer, or a tuple of integers"),
        ("ops.array_split(w, -1)", ArgumentError, "array_split: -1 parts of 'w' (2, 3); give at least 1"),
        ("ops.tile(w, -1)", ArgumentError, "tile: -1 copies of 'w' (2, 3); give at least 0"),
        ("ops.tile(w, 1.5)", ArgumentError, "tile: 1.5: give an integer, or a tuple of integers"),
        ("ops.repeat(w, -1)", ArgumentError, "repeat: -1 times; give at least 0"),
        ("ops.repeat(w, [1, 2], axis=1)", ShapeError, "repeat: 2 numbers for axis 1 of 'w' (2, 3); give one, or 3"),
        (
            "ops.pad(w, ((1, 2), (3, 4), (5, 6)))",
            ShapeError,
            "pad: widths ((1, 2), (3, 4), (5, 6)) for 'w' (2, 3): ",
        ),
        ("ops.pad(w, -1)", ArgumentError, "pad: widths -1: give integers of at least 0"),
        ("ops.pad(w, 1.5)", ArgumentError, "pad: widths 1.5: give integers of at least 0"),
        ("ops.pad(w, 1, mode='mean')", ArgumentError, "pad: mode 'mean': give 'constant', 'edge', 'reflect', "),
        (
            "ops.pad(w, 1, constant_values=n)",
            ArgumentError,
            "pad: constant_values 'n' () carry no gradient; ",
        ),
        (
            "ops.pad(e, 1, mode='edge')",
            ShapeError,
            "pad: axis 0 of 'e' (0, 3) is empty: mode 'edge' has nothing ",
        ),
        ("ops.tril(b)", ShapeError, "tril: 'b' (2,) is not a matrix; it needs shape (m, n), or (..., m, n)"),
        ("ops.triu(n)", ShapeError, "triu: 'n' () is not a matrix; it needs shape (m, n), or (..., m, n)"),
        ("ops.diagonal(b)", ShapeError, "diagonal: 'b' (2,) is not a matrix; it needs shape (m, n), or (..., m, n)"),
        ("ops.diagonal(w, axis2=2)", ShapeError, "diagonal: axis (0, 2) of 'w' (2, 3): its axes are numbered from"),
        ("ops.diag(n)", ShapeError, "diag: 'n' (): give a vector or a matrix; diagonal takes batches"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
