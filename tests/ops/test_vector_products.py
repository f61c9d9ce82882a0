"""Products of vectors, norms, condition numbers and equations of tensors; and what these say to bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, DomainError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.linalg import apart
from tests.samples.sample import A3, A13, A21, A23, A234, EMPTY, array

A5 = array(5, 2, 3)


def _linalg(name: str, *xs: Any, **params: Any) -> Row:
    return Row(name, xs, getattr(np.linalg, name), params)


def _product(name: str, *xs: Any, **params: Any) -> Row:
    """NumPy's answer by einsum, as older NumPy has no matvec and vecmat."""
    said = {"vecdot": "...i,...i->...", "matvec": "...ij,...j->...i", "vecmat": "...i,...ij->...j"}[name]
    return Row(name, xs, lambda x, y: np.einsum(said, x, y), params)


VECDOTS = [(A3, A3 + 1.0), (A23, A3), (A21, A21), (EMPTY, A3), (A5, A23), (array(4, 1, 3), A23)]
PRODUCTS = [
    *(_product("vecdot", *xs) for xs in VECDOTS),
    *(_product("matvec", *xs) for xs in [(A23, A3), (A5, A3), (A23, array(4, 1, 3)), (A5, array(5, 3)), (EMPTY, A3)]),
    *(
        _product("vecmat", *xs)
        for xs in [(A21[:, 0], A23), (array(5, 2), A5), (A13, array(4, 3, 2)), (A3, A3[:, None])]
    ),
]
NORMS = [
    *(_linalg("vector_norm", A234, axis=a, keepdims=k) for a in (None, 1, (0, 2), (-1, 0), (0, 1, 2)) for k in (0, 1)),
    *(_linalg("vector_norm", A234, axis=(2, 0), ord=o) for o in (1, 3, 0.5, -2, np.inf, -np.inf)),
    *(_linalg("vector_norm", x) for x in (A3, EMPTY, np.array(0.75))),
    *(_linalg("matrix_norm", apart(2, 2, 3), ord=o) for o in ("fro", "nuc", 1, -1, 2, -2, np.inf)),
    _linalg("matrix_norm", A23, keepdims=True),
]
CONDITIONS = [
    *(_linalg("cond", x) for x in (apart(3, 3), apart(4, 2), apart(2, 2, 2))),
    *(_linalg("cond", apart(3, 3), p=p) for p in (1, -1, 2, -2, np.inf, "fro", "nuc")),
]
TENSORS = [
    _linalg("tensorsolve", (apart(6, 6)).reshape(2, 3, 6), A23),
    _linalg("tensorsolve", (apart(6, 6)).reshape(6, 2, 3), array(6)),
    _linalg("tensorsolve", (apart(6, 6)).reshape(2, 6, 3), array(6), axes=(0, 2)),
    _linalg("tensorinv", apart(6, 6).reshape(2, 3, 6)),
    _linalg("tensorinv", apart(6, 6).reshape(6, 3, 2), ind=1),
]
TURNS = [_linalg("matrix_transpose", x) for x in (A23, A234, EMPTY)]
ROWS = PRODUCTS + NORMS + CONDITIONS + TENSORS + TURNS


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize("row", [PRODUCTS[1], PRODUCTS[7], *TURNS[:2]], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", [r for r in NORMS + CONDITIONS + TENSORS if r.params.get("ord") != -np.inf], ids=str)
def test_against_torch(row: Row) -> None:
    def theirs(torch: Any, *xs: Any, **params: Any) -> Any:
        names = {"axis": "dim", "keepdims": "keepdim", "axes": "dims"}
        options = {names.get(name, name): x for name, x in params.items()}
        if "keepdim" in options:
            options["keepdim"] = bool(options["keepdim"])
        if row.op == "cond" and params.get("p") not in (None, 2, -2):  # there PyTorch's own backward fails
            return torch.linalg.matrix_norm(*xs, params["p"]) * torch.linalg.matrix_norm(xs[0].inverse(), params["p"])
        return getattr(torch.linalg, row.op)(*xs, **options)

    agrees_with_torch(row, theirs, {np.float64: 1e-10})


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


def test_ranks_are_plain() -> None:
    v = Value(np.diag([1.0, 0.0, 1e-20]))
    for rank in (ops.matrix_rank(v), np.linalg.matrix_rank(v), np.linalg.matrix_rank(v, hermitian=True)):
        assert (int(rank), isinstance(rank, Value)) == (1, False)
    assert np.linalg.matrix_rank(v, tol=1e-30) == 2
    np.testing.assert_array_equal(ops.matrix_rank(np.array([np.eye(2), np.zeros((2, 2))])), [2, 0])
    with pytest.raises(DataError, match="is a shape without numbers, and the rank depends on them"):
        ops.matrix_rank(Abstract((2, 2)))


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.vecdot(b, w)",
            ShapeError,
            "vecdot: 'b' (2,) and 'w' (2, 3): sizes 2 and 3 meet, and differ; transpose one?",
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
        ("ops.matvec(w, b)", ShapeError, "matvec: 'w' (2, 3) and 'b' (2,): sizes 3 and 2 meet, and differ"),
        ("ops.vecmat(w, w)", ShapeError, "vecmat: 'w' (2, 3) and 'w' (2, 3): sizes 3 and 2 meet, and differ"),
        ("ops.matvec(w, b, axes=[0])", ArgumentError, "matvec: axes [0]: give a list of the axes of each input and of"),
        ("ops.matrix_transpose(b)", ShapeError, "matrix_transpose: 'b' (2,) is not a matrix; it needs shape (m, n)"),
        ("ops.vector_norm(w, axis=2)", ShapeError, "vector_norm: axis 2 of 'w' (2, 3): its axes are numbered from"),
        ("ops.vector_norm(w, ord='fro')", ArgumentError, "norm: ord='fro' of the vectors of (6,): give a number, inf"),
        ("ops.matrix_norm(b)", ShapeError, "matrix_norm: 'b' (2,) is not a matrix; it needs shape (m, n)"),
        ("ops.cond(e)", ShapeError, "cond: 'e' (0, 3) has no element; it needs one at least"),
        ("ops.cond(w, 1)", ShapeError, "cond: 'w' (2, 3) is not square; it needs shape (n, n)"),
        (
            "ops.cond(Value(np.zeros((2, 2))))",
            DomainError,
            "cond: (2, 2) is singular: its condition number is infinite",
        ),
        ("ops.cond(Value(np.zeros((2, 2))), 1)", DomainError, "inv: (2, 2) is singular: of rank 0, not 2"),
        (
            "ops.tensorsolve(w, b)",
            ShapeError,
            "tensorsolve: 'w' (2, 3) z = 'b' (2,): give as many equations, in front,",
        ),
        ("ops.tensorinv(w, 1)", ShapeError, "tensorinv: 'w' (2, 3) with ind 1: (2,) and (3,) must be of one size"),
        ("ops.tensorinv(w, 0)", ArgumentError, "tensorinv: ind 0: give 1 at least"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
