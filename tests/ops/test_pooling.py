"""Pools: against plain loops and PyTorch, with all options; indices, ties, infinities;
what they say to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.samples.sample import array


def _each(given: Any, k: int) -> list[int]:
    return [given] * k if isinstance(given, int) else [*given]


def _looped(k: int, f: Callable[[Any, int], Any]) -> Callable[..., Any]:
    """f(the elements in x of a window, the elements it has with padding), window by
    window, k axes.
    """

    def pooled(
        x: Any, size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False
    ) -> Any:
        size, pads, spread = _each(size, k), _each(padding, k), _each(dilation, k)
        step = size if stride is None else _each(stride, k)
        places = []
        for n, q, s, p, d in zip(x.shape[-k:], size, step, pads, spread, strict=True):
            free = n + 2 * p - d * (q - 1) - 1
            o = (-(-free // s) if ceil_mode else free // s) + 1
            places.append(o - 1 if (o - 1) * s >= n + p else o)
        z = np.zeros((*x.shape[:-k], *places))
        for place in np.ndindex(*places):
            index: list[Any] = []
            full = 1
            for i, n, q, s, p, d in zip(place, x.shape[-k:], size, step, pads, spread, strict=True):
                at = i * s - p + d * np.arange(q)
                full *= int(np.sum(at < n + p))
                index.append(at[(at >= 0) & (at < n)])
            seen = x[(..., *np.ix_(*index))]
            z[(..., *place)] = f(seen.reshape(*x.shape[:-k], int(np.prod(seen.shape[-k:]))), full)
        return z

    return pooled


def _largest(k: int) -> Callable[..., Any]:
    pooled = _looped(k, lambda seen, full: seen.max(axis=-1))

    def f(x: Any, kernel_size: Any, **params: Any) -> Any:
        return pooled(x, kernel_size, **params)

    return f


def _mean(k: int) -> Callable[..., Any]:
    def f(
        x: Any, kernel_size: Any, *, count_include_pad: bool = True, divisor_override: Any = None, **params: Any
    ) -> Any:
        def one(seen: Any, full: int) -> Any:
            return seen.sum(axis=-1) / (divisor_override or (full if count_include_pad else seen.shape[-1]))

        return _looped(k, one)(x, kernel_size, **params)

    return f


def _adaptive(k: int, f: Callable[..., Any]) -> Callable[..., Any]:
    def pooled(x: Any, output_size: Any) -> Any:
        sizes = [n if o is None else o for n, o in zip(x.shape[-k:], _each(output_size, k), strict=True)]
        z = np.zeros((*x.shape[:-k], *sizes))
        for place in np.ndindex(*sizes):
            box = [slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip(place, x.shape[-k:], sizes, strict=True)]
            z[(..., *place)] = f(x[(..., *box)], axis=tuple(range(-k, 0)))
        return z

    return pooled


X1, X2, X3 = array(1, 2, 7), array(1, 5, 6), array(1, 3, 4, 3)
BOTH: list[tuple[int, Any, dict[str, Any]]] = [
    (1, X1, {"kernel_size": 2}),
    (1, X1, {"kernel_size": 3, "stride": 2, "padding": 1}),
    (1, X1, {"kernel_size": 2, "stride": 2, "ceil_mode": True}),
    (1, X1, {"kernel_size": 3, "stride": 4, "padding": 1, "ceil_mode": True}),
    (2, X2, {"kernel_size": 2, "ceil_mode": True}),
    (2, -X2, {"kernel_size": (3, 2), "stride": (2, 3), "padding": 1, "ceil_mode": True}),
    (2, X2[:0], {"kernel_size": 2}),
    (3, X3, {"kernel_size": 2}),
    (3, X3, {"kernel_size": (1, 2, 3), "stride": 2, "padding": (0, 1, 1), "ceil_mode": True}),
]
ROWS = [
    *(Row(f"max_pool{k}d", (x,), _largest(k), params) for k, x, params in BOTH),
    *(
        Row(f"avg_pool{k}d", (x,), _mean(k), params | extra)
        for k, x, params in BOTH
        for extra in ({}, {"count_include_pad": False})
    ),
    Row("max_pool1d", (X1,), _largest(1), {"kernel_size": 2, "stride": 2, "dilation": 3, "ceil_mode": True}),
    Row("avg_pool2d", (X2,), _mean(2), {"kernel_size": 2, "padding": 1, "divisor_override": 3}),
    *(
        Row(f"adaptive_avg_pool{k}d", (x,), _adaptive(k, np.mean), {"output_size": o})
        for k, x, o in [
            (1, X1, 3),
            (1, X1, 7),
            (1, X1, 10),
            (2, X2, 2),
            (2, X2, (3, 4)),
            (2, X2, (None, 4)),
            (3, X3, (2, 3, 2)),
        ]
    ),
    *(
        Row(f"adaptive_max_pool{k}d", (x,), _adaptive(k, np.max), {"output_size": o})
        for k, x, o in [(1, X1, 3), (2, X2, (3, 4)), (3, X3, (2, 2, 3))]
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in ROWS if 0 not in row.inputs[0].shape], ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, lambda torch, x, **params: getattr(torch.nn.functional, row.op)(x, **params))


@pytest.mark.parametrize(("k", "x", "params"), [row for row in BOTH if row[1].size])
def test_indices_lead_to_the_largest(k: int, x: Any, params: dict[str, Any]) -> None:
    z, indices = getattr(ops, f"max_pool{k}d")(Value(x), return_indices=True, **params)
    flat = x.reshape(*x.shape[:-k], -1)
    taken = np.take_along_axis(flat, indices.reshape(*x.shape[:-k], -1), axis=-1)
    np.testing.assert_array_equal(taken.reshape(z.shape), z.data)
    assert indices.dtype.kind == "i"


@pytest.mark.peer
@pytest.mark.parametrize(("k", "x", "params"), [row for row in BOTH if row[1].size])
def test_indices_are_torchs(k: int, x: Any, params: dict[str, Any]) -> None:
    import torch

    for data in (x, np.zeros_like(x), np.full_like(x, -np.inf)):
        _, ours = getattr(ops, f"max_pool{k}d")(data, return_indices=True, **params)
        _, theirs = getattr(torch.nn.functional, f"max_pool{k}d")(torch.tensor(data), return_indices=True, **params)
        np.testing.assert_array_equal(ours, theirs.numpy())


def test_an_infinity_stays_in_its_window() -> None:
    z = ops.adaptive_avg_pool1d(np.array([np.inf, 1.0, 2.0, 3.0, 4.0]), 3)
    np.testing.assert_array_equal(z, [np.inf, 2.0, 3.5])


def test_elements_that_tie_share() -> None:
    v = Value(np.array([[2.0, 2.0, 1.0, 0.0]]))
    ops.max_pool1d(v, 2).backward()
    np.testing.assert_array_equal(v.grad, [[0.5, 0.5, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "ops.max_pool3d(w, 2)",
            ShapeError,
            "max_pool3d: 'w' (2, 3) has too few axes; it needs shape (..., depth, height",
        ),
        (
            "ops.max_pool1d(w, 2, padding=2)",
            ArgumentError,
            "max_pool1d: padding (2,) is more than half of kernel_size (2,)",
        ),
        ("ops.avg_pool1d(w, 5)", ShapeError, "avg_pool1d: a window of (5,), which spans (5,), does not fit (3,)"),
        ("ops.avg_pool2d(w, 2, divisor_override=0)", ArgumentError, "avg_pool2d: divisor_override=0: give an integer"),
        (
            "ops.adaptive_avg_pool1d(e[:, :0], 2)",
            ShapeError,
            "adaptive_avg_pool1d: (0, 0): it needs shape (..., length)",
        ),
        ("ops.adaptive_avg_pool2d(w, (1, 2, 3))", ArgumentError, "adaptive_avg_pool2d: output_size=(1, 2, 3): give an"),
        (
            "ops.adaptive_max_pool1d(w, 0)",
            ArgumentError,
            "adaptive_max_pool1d: output_size=0: give an integer of at least 1",
        ),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
