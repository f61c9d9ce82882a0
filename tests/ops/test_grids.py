"""Values spread over an interval, a shape, or a grid; and what these say to bad
input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, ops
from micrograd.errors import ArgumentError, DomainError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, said
from tests.samples.sample import A3, A13, A21, A23, EMPTY


def _grids(*xs: Any, **options: Any) -> Row:
    """The coordinates of the grid, each times another number, and all together in one
    row.
    """

    def call(home: Any) -> Callable[..., Any]:
        def f(*xs: Any) -> Any:
            grids = home.meshgrid(*xs, **options)
            return home.concatenate([(i + 1.0) * x for i, x in enumerate(grids)], axis=None)

        return f

    return Row("meshgrid", xs, call(np), {}, call(ops))


def _broadcast(*xs: Any) -> Row:
    def call(home: Any) -> Callable[..., Any]:
        return lambda *xs: home.stack(home.broadcast_arrays(*xs))

    return Row("broadcast_arrays", xs, call(np), {}, call(ops))


def _filled(full_like: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: full_like(x, x, shape=(2, 3))


ENDS = [(0.75, 2.5), (A3, A3 + 1.0), (A3, 0.75), (A21, A3), (0.75, 0.75)]
ROWS = [
    *(Row("linspace", ends, np.linspace, {"num": 5}) for ends in ENDS),
    *(Row("linspace", (A3, A23), np.linspace, p) for p in ({}, {"num": 0}, {"num": 1}, {"num": 1, "endpoint": False})),
    *(Row("linspace", (A3, A23), np.linspace, {"num": 4, "axis": a}) for a in (1, 2, -1)),
    Row("linspace", (A3, A23), np.linspace, {"num": 4, "endpoint": False}),
    *(Row("logspace", ends, np.logspace, {"num": 4}) for ends in ENDS),
    *(Row("logspace", ends, np.logspace, {"num": 3, "base": 2.5, "endpoint": False}) for ends in ENDS),
    Row(
        "logspace",
        (A3, A3 + 1.0, A3 + 2.0),
        lambda x, y, b: np.logspace(x, y, 4, base=b, axis=-1),
        {},
        lambda x, y, b: ops.logspace(x, y, 4, base=b, axis=-1),
    ),
    *(Row("geomspace", ends, np.geomspace, {"num": 4}) for ends in ENDS),
    *(Row("geomspace", (-x, -y), np.geomspace, {"num": 3, "endpoint": False}) for x, y in ENDS[:2]),
    Row("geomspace", (A3, A23), np.geomspace, {"num": 3, "axis": 1}),
    Row("full", (0.75,), lambda x: np.full((2, 3), x), {}, lambda x: ops.full((2, 3), x)),
    Row("full", (A3,), lambda x: np.full((2, 3), x), {}, lambda x: ops.full((2, 3), x)),
    Row("full", (0.75,), lambda x: np.full(0, x), {}, lambda x: ops.full(0, x)),
    Row("full_like", (A3,), _filled(np.full_like), {}, _filled(ops.full_like)),
    _broadcast(A21, A13),
    _broadcast(A23, A3, 0.75),
    _broadcast(A23),
    _broadcast(EMPTY, A3),
    *(_grids(A3, A21[:, 0], sparse=sparse, indexing=name) for sparse in (False, True) for name in ("xy", "ij")),
    _grids(A3, A21[:, 0], copy=False),
    _grids(A3, A3 + 1.0, A21[:, 0]),
    _grids(A3, 0.75),
    _grids(A3),
    _grids(A23, A3, indexing="ij"),
    _grids(EMPTY[:, 0], A3),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [ROWS[1], _broadcast(A21, A13), _grids(A3, A3)], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


def test_the_step_of_linspace_has_a_gradient() -> None:
    z, step = ops.linspace(Value(1.0), Value(3.0), 5, retstep=True)
    assert (z.data.tolist(), float(step)) == ([1.0, 1.5, 2.0, 2.5, 3.0], 0.5)
    assert grad(lambda x: ops.linspace(1.0, x, 5, retstep=True)[1])(3.0) == 0.25
    assert np.isnan(ops.linspace(0.0, 1.0, 1, retstep=True)[1])


def test_the_end_is_the_end() -> None:
    a, b = 0.1, 0.7
    for n in range(2, 60):
        assert ops.linspace(a, b, n)[-1] == b
        assert ops.geomspace(a, b, n)[-1] == b
    wide = ops.linspace(-1e308, 1e307, 3)
    np.testing.assert_array_equal(wide, np.linspace(-1e308, 1e307, 3))


def test_ends_that_are_integers_give_floats() -> None:
    for z, wanted in (
        (ops.linspace(Value(0), Value(1), 1), [0.0]),
        (ops.linspace(0, 4, 3), [0.0, 2.0, 4.0]),
        (ops.geomspace(Value(1), 4, 3), [1.0, 2.0, 4.0]),
        (ops.linspace([0, 1], [1, 3], 2), [[0.0, 1.0], [1.0, 3.0]]),
    ):
        np.testing.assert_allclose(getattr(z, "data", z), wanted, rtol=1e-15)
        assert z.dtype == float


def test_dtypes() -> None:
    x = Value(np.float32(0.5))
    assert ops.linspace(x, 1.0, 3).dtype == np.linspace(np.float32(0.5), 1.0, 3).dtype
    assert ops.linspace(Value(0.5), 1.0, 3, dtype=np.float32).dtype == np.float32
    assert ops.full(2, Value(0.5), np.float32).dtype == np.float32
    assert ops.full_like(np.zeros(2, np.float32), Value(0.5)).dtype == np.float32
    assert ops.full_like(Value(np.zeros(2, np.float32)), 2.0).dtype == np.float32
    assert ops.full_like(np.zeros(2), 3, int).dtype == int
    assert ops.full(2, 3).dtype == int


def test_a_grid_has_memory_of_its_own() -> None:
    x = Value([1.0, 2.0])
    (z,) = ops.meshgrid(x)
    z.data[0] = 9.0
    assert x.data.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.linspace(b, 1.0, -1)", ArgumentError, "linspace: num=-1; give at least 0"),
        ("ops.linspace(b, 1.0, 2.5)", ArgumentError, "linspace: num=2.5 is not an"),
        ("ops.linspace(b, 1.0, axis=2)", ShapeError, "linspace: axis 2: the axes of the result are numbered"),
        ("ops.linspace(b, 1.0, dtype=int)", ArgumentError, "linspace: dtype int64: a Value holds floating-point"),
        ("ops.linspace(b, w)", ShapeError, "linspace: 'b' (2,) and 'w' (2, 3) do not broadcast: sizes on an axis,"),
        ("ops.logspace(b, 1.0, dtype=int)", ArgumentError, "logspace: dtype int64: a Value holds floating-point"),
        ("ops.geomspace(b, -1.0)", DomainError, "geomspace: from 'b' (2,) to (): an end is 0, or the signs differ"),
        ("ops.geomspace(0.0, b)", DomainError, "geomspace: from () to 'b' (2,): an end is 0, or the signs differ"),
        ("ops.geomspace(b, 1.0, 'a')", ArgumentError, "geomspace: num='a' is not an"),
        ("ops.full((2, 2), w)", ShapeError, "broadcast_to: 'w' (2, 3) does not broadcast to (2, 2): each size"),
        ("ops.full('a', w)", ArgumentError, "full: 'a': give an integer, or a tuple of integers"),
        ("ops.full(2, n, int)", ArgumentError, "full: dtype int64: a Value holds floating-point numbers; round"),
        ("ops.full_like(np.arange(2), n)", ArgumentError, "full: dtype int64: a Value holds floating-point"),
        ("ops.broadcast_arrays(w, b)", ShapeError, "broadcast_arrays: 'w' (2, 3) and 'b' (2,) do not broadcast:"),
        ("ops.meshgrid(b, b, indexing='a')", ArgumentError, "meshgrid: indexing 'a': give 'xy' or 'ij'"),
    ],
)  # fmt: skip
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
