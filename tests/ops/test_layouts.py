"""Values turned, joined from blocks, and cut along named axes; and what these say to
bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, said
from tests.samples.sample import A3, A13, A21, A23, A234, EMPTY

A444 = np.arange(64.0).reshape(4, 4, 4) / 7.0 + 0.5


def _parts(name: str, x: Any, *args: Any, **options: Any) -> Row:
    """The parts laid end to end, each but the first doubled."""

    def call(home: Any) -> Callable[..., Any]:
        def f(x: Any) -> Any:
            parts = getattr(home, name)(x, *args, **options)
            return home.concatenate([*parts[:1], *(2.0 * part for part in parts[1:])], axis=None)

        return f

    if name == "unstack":
        return Row(name, (x,), _unstacked, options, lambda x, **p: ops.stack(ops.unstack(x, **p)))
    return Row(name, (x,), call(np), {}, call(ops))


def _unstacked(x: Any, axis: int = 0) -> Any:
    return np.stack(list(np.moveaxis(x, axis, 0)))


def _block(*xs: Any, laid: Callable[..., Any]) -> Row:
    return Row("block", xs, lambda *xs: np.block(laid(*xs)), {}, lambda *xs: ops.block(laid(*xs)))


ROWS = [
    *(Row("fliplr", (x,), np.fliplr) for x in (A23, A234, EMPTY)),
    *(Row("flipud", (x,), np.flipud) for x in (A3, A23, A234)),
    *(Row("rot90", (A23,), np.rot90, {"k": k}) for k in (0, 1, 2, 3, -1, 5)),
    *(Row("rot90", (A234,), np.rot90, {"k": k, "axes": a}) for k in (1, 2, 3) for a in ((1, 2), (2, 0), (0, -1))),
    *(Row("rollaxis", (A234,), np.rollaxis, {"axis": a, "start": s}) for a in (0, 1, -1) for s in (0, 1, 3, -1)),
    *(_parts("hsplit", x, s) for x, s in ((A3, 3), (A3, [1]), (A23, 3), (A444, (1, 2)))),
    *(_parts("vsplit", x, s) for x, s in ((A23, 2), (A444, [1, 3]))),
    *(_parts("dsplit", A444, s) for s in (2, [3])),
    *(_parts("unstack", x, axis=a) for x, a in ((A23, 0), (A23, 1), (A234, -2), (A3, 0))),
    _block(A23, A21, A3, laid=lambda x, y, z: [[x, y], [z, y[1]]]),
    _block(A3, A21[:, 0], 0.75, laid=lambda x, y, z: [x, y, z]),
    _block(A23, laid=lambda x: x),
    _block(0.75, laid=lambda x: [x]),
    _block(0.75, A13, laid=lambda x, y: [[x, y]]),
    _block(A23, A23, laid=lambda x, y: [[[x], [y]]]),
    _block(A234, A234, laid=lambda x, y: [x, y]),
    _block(EMPTY, A23, laid=lambda x, y: [[x], [y]]),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.inputs[0] is A234 or row.inputs[0] is A444], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def test_unstack_is_a_tuple() -> None:
    parts = ops.unstack(Value(A23))
    assert isinstance(parts, tuple)
    assert [part.shape for part in parts] == [(3,), (3,)]


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.fliplr(b)", ShapeError, "fliplr: 'b' (2,) has too few axes; it needs at least 2, see reshape"),
        ("ops.flipud(n)", ShapeError, "flipud: 'n' () has too few axes; it needs at least 1"),
        ("ops.rot90(b)", ShapeError, "rot90: 'b' (2,) has too few axes; it needs at least 2"),
        ("ops.rot90(w, axes=(0, 0))", ShapeError, "rot90: axis (0, 0) of 'w' (2, 3): an axis is named twice"),
        ("ops.rot90(w, axes=(0, 2))", ShapeError, "rot90: axis (0, 2) of 'w' (2, 3): its axes are numbered from"),
        ("ops.rot90(w, axes=(0,))", ShapeError, "rot90: axes (0,) of 'w' (2, 3): name two"),
        ("ops.rot90(w, 0.5)", ArgumentError, "rot90: k=0.5 is not an integer; give one"),
        ("ops.rollaxis(w, 2)", ShapeError, "rollaxis: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.rollaxis(w, 0, 3)", ShapeError, "rollaxis: start 3 of 'w' (2, 3): give a number from -2 to 2"),
        ("ops.hsplit(n, 1)", ShapeError, "hsplit: 'n' () has too few axes; it needs at least 1"),
        ("ops.hsplit(w, 2)", ShapeError, "split: axis 1 of 'w' (2, 3) does not make 2 equal parts; array_split"),
        ("ops.vsplit(b, 2)", ShapeError, "vsplit: 'b' (2,) has too few axes; it needs at least 2"),
        ("ops.dsplit(w, 2)", ShapeError, "dsplit: 'w' (2, 3) has too few axes; it needs at least 3"),
        ("ops.unstack(n)", ShapeError, "unstack: axis 0 of 'n' (): a number has no axes"),
        ("ops.unstack(w, axis=2)", ShapeError, "unstack: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.block([])", ArgumentError, "block: a list is empty; nest all blocks equally deep"),
        ("ops.block([b, [b]])", ArgumentError, "block: one list holds blocks of the depths [0, 1]; nest all blocks"),
        ("ops.block([(b, b)])", ArgumentError, "block: a tuple among the blocks; write it as a list, [...]"),
        ("ops.block([[b, 'a']])", DataError, "block: 'a' is a str, not a number or an array of numbers"),
        ("ops.block([[w, b]])", ShapeError, "concatenate: 'w' (2, 3), (1, 2): sizes must be equal, except on"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
