"""Products of vectors over chosen axes, and what they say to bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, said
from tests.samples.sample import A3, A13, A21, A23, A234, EMPTY, array

A5 = array(5, 2, 3)


def _product(name: str, *xs: Any, **params: Any) -> Row:
    """NumPy's answer by einsum, as older NumPy has no matvec and vecmat."""
    said = {"vecdot": "...i,...i->...", "matvec": "...ij,...j->...i", "vecmat": "...i,...ij->...j"}[name]
    return Row(name, xs, lambda x, y: np.einsum(said, x, y), params)


VECDOTS = [(A3, A3 + 1.0), (A23, A3), (A21, A21), (EMPTY, A3), (A5, A23), (array(4, 1, 3), A23)]
ROWS = [
    *(_product("vecdot", *xs) for xs in VECDOTS),
    *(_product("matvec", *xs) for xs in [(A23, A3), (A5, A3), (A23, array(4, 1, 3)), (A5, array(5, 3)), (EMPTY, A3)]),
    *(
        _product("vecmat", *xs)
        for xs in [(A21[:, 0], A23), (array(5, 2), A5), (A13, array(4, 3, 2)), (A3, A3[:, None])]
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [ROWS[1], ROWS[7]], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


AXES = [
    ("vecdot", (A234, A3), {"axes": [1, 0, ()]}),
    ("vecdot", (A234, A3), {"axes": [(1,), (-1,)]}),
    ("vecdot", (A23, A23 + 1.0), {"axis": 0}),
    ("vecdot", (A23, A23 + 1.0), {"axis": 0, "keepdims": True}),
    ("vecdot", (A234, A234), {"axis": 1, "keepdims": True}),
    ("matvec", (array(3, 2, 4), A3), {"axes": [(1, 0), 0, 0]}),
    ("vecmat", (A3, array(4, 2, 3)), {"axes": [(0,), (2, 1), (0,)]}),
]


@pytest.mark.parametrize(("name", "xs", "options"), AXES)
def test_numpys_ufuncs_with_axes(name: str, xs: Any, options: dict[str, Any]) -> None:
    ufunc = getattr(np, name, None)
    if ufunc is None:
        pytest.skip(f"this NumPy has no {name}")
    z, wanted = ufunc(*map(Value, xs), **options), ufunc(*xs, **options)
    np.testing.assert_allclose(z.data, wanted, rtol=1e-14)
    assert z.shape == wanted.shape


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.vecdot(b, w)",
            ShapeError,
            "vecdot: 'b' (2,) and 'w' (2, 3): inner sizes 2 and 3 differ; transpose one?",
        ),
        (
            "ops.vecdot(b, n)",
            ShapeError,
            "vecdot: 'b' (2,) and 'n' (): 'n' () has too few axes; give a vector, or a batch",
        ),
        (
            "ops.matvec(b, b)",
            ShapeError,
            "matvec: 'b' (2,) and 'b' (2,): 'b' (2,) has too few axes; give a matrix, or a",
        ),
        ("ops.matvec(w, b)", ShapeError, "matvec: 'w' (2, 3) and 'b' (2,): inner sizes 3 and 2 differ"),
        ("ops.vecmat(w, w)", ShapeError, "vecmat: 'w' (2, 3) and 'w' (2, 3): inner sizes 3 and 2 differ"),
        ("ops.matvec(w, b, axes=[0])", ArgumentError, "matvec: axes [0]: give a list of the axes of each input and of"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
