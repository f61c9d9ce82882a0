"""Products made of ops: numbers, derivatives, and what they say to bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, complaint
from tests.samples.sample import A3, A23, A234, EMPTY, array


def _rows() -> list[Row]:
    pairs = [(0.75, 1.5), (0.75, A23), (A23, 0.75), (A3, A3 + 1), (A23, A3), (A3, array(3, 2)), (A23, array(3, 4))]
    deep = [(array(2, 2, 3), A3), (array(2, 2, 3), array(3, 2)), (A3, array(2, 3, 2)), (A23, array(2, 3, 4))]
    inner = [(0.75, 1.5), (0.75, A3), (A3, A3 + 1), (A23, A3), (A23, array(4, 3)), (array(2, 2, 3), A23)]
    axes: list[tuple[Any, Any, Any]] = [
        (A234, array(3, 4, 2), 2),
        (A23, A3, 0),
        (A234, array(4, 2), 1),
        (A234, array(4, 3, 2), ([1, 2], [1, 0])),
        (A234, array(4, 2), (2, 0)),
        (A234, array(4, 2), (-1, 0)),
        (A234, array(3, 4), ((-2, -1), (0, 1))),
        (A3, A3, 1),
    ]
    matrices = [
        (A23, array(3, 4)),
        (A23, array(3, 4), array(4, 2)),
        (A3, array(3, 4), array(4)),
        (A3, array(3, 2)),
        (A23, array(3, 4), array(4, 2), array(2)),
        (A3, A3 + 1),
    ]
    kron = [(0.75, A3), (A3, array(2)), (A23, array(2, 2)), (A3, A23), (A234, array(2, 1))]
    cross = [(-1, (A3, array(3, low=-1.0))), (-1, (A23, A3)), (0, (array(3, 2), array(3, 2, low=-1.0)))]
    return [
        *(Row("dot", xs, np.dot) for xs in (*pairs, *deep)),
        *(Row("inner", xs, np.inner) for xs in inner),
        *(Row("vdot", xs, np.vdot) for xs in [(0.75, 1.5), (A3, A3 + 1), (A23, array(3, 2))]),
        *(Row("outer", xs, np.outer) for xs in [(0.75, 1.5), (A3, array(2)), (A23, A3), (np.zeros(0), A3)]),
        *(Row("tensordot", (x, y), np.tensordot, {"axes": a}) for x, y, a in axes),
        *(Row("kron", xs, np.kron) for xs in kron),
        *(
            Row("multi_dot", xs, lambda *xs: np.linalg.multi_dot(xs), f=lambda *xs: ops.multi_dot(xs))
            for xs in matrices
        ),
        *(Row("cross", xs, np.cross, {"axis": a}) for a, xs in cross),
        *(Row("matrix_transpose", (x,), np.linalg.matrix_transpose) for x in (A23, A234, EMPTY)),
    ]


ROWS = _rows()


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_dot(torch: Any, x: Any, y: Any) -> Any:
    if not x.ndim or not y.ndim:
        return x * y
    return torch.tensordot(x, y, ([x.ndim - 1], [max(y.ndim - 2, 0)]))


def _torch_tensordot(torch: Any, x: Any, y: Any, axes: Any) -> Any:
    lists = axes if isinstance(axes, int) else [[a] if isinstance(a, int) else list(a) for a in axes]
    return torch.tensordot(x, y, lists)


TORCH: dict[str, Any] = {
    "dot": _torch_dot,
    "inner": lambda torch, x, y: torch.inner(x, y),
    "vdot": lambda torch, x, y: torch.sum(x.ravel() * y.ravel()),
    "outer": lambda torch, x, y: torch.outer(x.ravel(), y.ravel()),
    "tensordot": _torch_tensordot,
    "kron": lambda torch, x, y: torch.kron(x, y),
    "multi_dot": lambda torch, *xs: torch.linalg.multi_dot(xs),
    "matrix_transpose": lambda torch, x: x.mT,
    "cross": lambda torch, x, y, axis: torch.linalg.cross(x, y.expand(x.shape) if y.ndim < x.ndim else y, dim=axis),
}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


@pytest.mark.parametrize("x", [A23, A234], ids=np.shape)
def test_transposes_on_dask(x: Any) -> None:
    agrees_on_dask(Row("matrix_transpose", (x,), np.linalg.matrix_transpose))


# What it says

a, b, n = Value(array(2, 3), label="a"), Value(array(4), label="b"), Value(2.0, label="n")
VALUES = [a, b, n]


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (
            lambda: ops.dot(a, b),
            ShapeError,
            "dot: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3] meet axes [0] of sizes [4]; "
            "name as many axes of both, each once, of equal sizes",
        ),
        (lambda: ops.inner(a, b), ShapeError, "inner: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3] meet axes [0]"),
        (
            lambda: ops.vdot(a, b),
            ShapeError,
            "vdot: 'a' (2, 3) and 'b' (4,) have different numbers of elements; give as many",
        ),
        (
            lambda: ops.tensordot(a, b, axes=1),
            ShapeError,
            "tensordot: 'a' (2, 3) and 'b' (4,): axes [1] of sizes [3]",
        ),
        (lambda: ops.tensordot(a, b, axes=2), ShapeError, "tensordot: axis 1 of 'b' (4,): its axes are numbered"),
        (
            lambda: ops.tensordot(a, a, axes=([0, 0], [0, 0])),
            ShapeError,
            "axes [0, 0] of sizes [2, 2] meet axes [0, 0]",
        ),
        (lambda: ops.tensordot(a, a, axes=([0, 1], [0])), ShapeError, "axes [0, 1] of sizes [2, 3] meet axes [0]"),
        (
            lambda: ops.multi_dot([a]),
            ShapeError,
            "multi_dot: 'a' (2, 3): give at least two matrices; only the first",
        ),
        (lambda: ops.multi_dot([a, b, a]), ShapeError, "multi_dot: 'a' (2, 3), 'b' (4,), 'a' (2, 3): give at least"),
        (lambda: ops.multi_dot([a, a]), ShapeError, "multi_dot: 'a' (2, 3) meets 'a' (2, 3): inner sizes differ"),
        (lambda: ops.cross(a, b), ShapeError, "cross: 'a' (2, 3) and 'b' (4,): axis -1 must have length 3 in both"),
        (
            lambda: ops.cross(a, a, axis=2),
            ShapeError,
            "cross: axis 2 of 'a' (2, 3): its axes are numbered from -2 to 1",
        ),
        (
            lambda: ops.matrix_transpose(b),
            ShapeError,
            "matrix_transpose: 'b' (4,) is not a matrix; it needs shape (m, n), or (..., m, n) for a batch",
        ),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, VALUES)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_matrix_that_was_transposed_gets_its_gradient_as_it_lies(dtype: Any) -> None:
    """x @ w.T, as a layer has it: the same gradient as of a matrix that lies the other
    way, and no strides to rearrange.
    """
    generator = np.random.default_rng(0)
    x, w, g = (generator.standard_normal(shape).astype(dtype) for shape in ((5, 4), (3, 4), (5, 3)))
    layer, plain = Value(w), Value(np.ascontiguousarray(w.T))
    (x @ layer.T).backward(g)
    (x @ plain).backward(g)
    np.testing.assert_allclose(layer.grad, plain.grad.T, rtol=1e-5 if dtype == np.float32 else 1e-13)
    assert layer.grad.flags.c_contiguous
    part = ops.OPS["matmul"].rules[1](g, x, w.T)
    assert part.flags.f_contiguous and part.shape == (4, 3)
