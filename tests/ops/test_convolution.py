"""Convolutions in three dimensions, transposed ones, columns and pixels: against loops,
transposes and PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.ops.test_networks import convolved
from tests.samples.sample import array


def _each(given: Any, k: int) -> list[int]:
    return [given] * k if isinstance(given, int) else [*given]


def _transposed(
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """By loops over samples, channels, places and the elements of a kernel."""
    k = weight.ndim - 2
    params = {"stride": stride, "padding": padding, "output_padding": output_padding, "groups": groups}
    if x.ndim == k + 1:
        return _transposed(x[None], weight, bias, dilation=dilation, **params)[0]
    step, cut, more, spread = (_each(v, k) for v in (stride, padding, output_padding, dilation))
    size, each, per_group = weight.shape[2:], weight.shape[1], x.shape[1] // groups
    full = [
        (n - 1) * s + (q - 1) * d + 1 + m for n, s, q, d, m in zip(x.shape[2:], step, size, spread, more, strict=True)
    ]
    z = np.zeros((x.shape[0], each * groups, *full))
    for n, c, *p in np.ndindex(*x.shape):
        for f, *q in np.ndindex(*weight.shape[1:]):
            place = [a * s + b * d for a, b, s, d in zip(p, q, step, spread, strict=True)]
            z[(n, c // per_group * each + f, *place)] += x[(n, c, *p)] * weight[(c, f, *q)]
    z = z[(..., *(slice(c, n - c) for c, n in zip(cut, full, strict=True)))]
    return z if bias is None else z + bias.reshape(-1, *[1] * k)


def _unfolded(x: Any, kernel_size: Any, *, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    if x.ndim == 3:
        return _unfolded(x[None], kernel_size, dilation=dilation, padding=padding, stride=stride)[0]
    size, spread, ends, step = (_each(v, 2) for v in (kernel_size, dilation, padding, stride))
    x = np.pad(x, [(0, 0), (0, 0), *((n, n) for n in ends)])
    places = [(n - (q - 1) * d - 1) // s + 1 for n, q, d, s in zip(x.shape[2:], size, spread, step, strict=True)]
    z = np.zeros((*x.shape[:2], *size, *places))
    for a, b, i, j in np.ndindex(*size, *places):
        z[:, :, a, b, i, j] = x[:, :, i * step[0] + a * spread[0], j * step[1] + b * spread[1]]
    return z.reshape(x.shape[0], -1, places[0] * places[1])


def _folded(x: Any, output_size: Any, kernel_size: Any, **params: Any) -> Any:
    """The transpose of _unfolded, column by column of the identity."""
    if x.ndim == 2:
        return _folded(x[None], output_size, kernel_size, **params)[0]
    channels = x.shape[1] // int(np.prod(_each(kernel_size, 2)))
    shape = (channels, *_each(output_size, 2))
    basis = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    columns = _unfolded(basis, kernel_size, **params)
    return np.einsum("ikl,nkl->ni", columns, x).reshape(-1, *shape)


def _shuffled(x: Any, upscale_factor: int) -> Any:
    r = upscale_factor
    *batch, channels, height, width = x.shape
    z = np.zeros((*batch, channels // r**2, height * r, width * r))
    for c, i, j in np.ndindex(*z.shape[-3:]):
        z[..., c, i, j] = x[..., c * r**2 + i % r * r + j % r, i // r, j // r]
    return z


def _unshuffled(x: Any, downscale_factor: int) -> Any:
    r = downscale_factor
    *batch, channels, height, width = x.shape
    z = np.zeros((*batch, channels * r**2, height // r, width // r))
    for c, i, j in np.ndindex(channels, height, width):
        z[..., c * r**2 + i % r * r + j % r, i // r, j // r] = x[..., c, i, j]
    return z


IMAGE = array(2, 2, 4, 5)
FOLDS: list[dict[str, Any]] = [{"kernel_size": 2}, {"kernel_size": (2, 3), "padding": (1, 0), "stride": 2}]
FOLDS += [{"kernel_size": 2, "dilation": (2, 1), "padding": 1, "stride": (1, 3)}]
ROWS = [
    Row("conv3d", (array(1, 2, 3, 3, 2), array(2, 2, 2, 2, 1), array(2)), convolved),
    Row(
        "conv3d",
        (array(1, 2, 3, 4, 3), array(2, 1, 2, 2, 2)),
        convolved,
        {"groups": 2, "stride": (1, 2, 1), "padding": 1},
    ),
    Row("conv3d", (array(1, 3, 3, 3), array(1, 1, 2, 2, 3)), convolved, {"dilation": (2, 1, 1), "padding": "valid"}),
    Row("conv_transpose1d", (array(2, 2, 4), array(2, 3, 3)), _transposed),
    Row(
        "conv_transpose1d",
        (array(2, 4), array(2, 1, 3), array(2)),
        _transposed,
        {"groups": 2, "stride": 2, "padding": 1},
    ),
    Row("conv_transpose1d", (array(1, 1, 3), array(1, 1, 2)), _transposed, {"output_padding": 2, "dilation": 3}),
    Row("conv_transpose1d", (np.zeros((0, 2, 4)), array(2, 3, 3)), _transposed),
    Row("conv_transpose2d", (array(1, 2, 2, 3), array(2, 2, 2, 2), array(2)), _transposed),
    Row(
        "conv_transpose2d",
        (array(1, 4, 2, 3), array(4, 1, 3, 2)),
        _transposed,
        {"groups": 2, "stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2), "dilation": (1, 2)},
    ),
    Row("conv_transpose3d", (array(1, 2, 2, 2, 2), array(2, 1, 2, 1, 2), array(1)), _transposed, {"stride": 2}),
    *(Row("unfold", (x,), _unfolded, params) for x in (IMAGE, IMAGE[0]) for params in FOLDS),
    *(
        Row("fold", (_unfolded(x, **params),), _folded, {"output_size": (4, 5), **params})
        for x in (IMAGE, IMAGE[0])
        for params in FOLDS
    ),
    *(Row("pixel_shuffle", (x,), _shuffled, {"upscale_factor": 2}) for x in (array(2, 8, 2, 3), array(4, 1, 2))),
    *(Row("pixel_unshuffle", (x,), _unshuffled, {"downscale_factor": 2}) for x in (array(2, 2, 4, 6), array(1, 2, 2))),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in ROWS if 0 not in row.inputs[0].shape], ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, lambda torch, *xs, **params: getattr(torch.nn.functional, row.op)(*xs, **params))


def test_a_transposed_convolution_is_the_gradient_of_a_convolution() -> None:
    weight, g = array(3, 2, 3, 3), array(1, 3, 3, 3)
    x = Value(np.zeros((1, 2, 6, 6)))
    ops.conv2d(x, weight, stride=2, padding=1).backward(g)
    z = ops.conv_transpose2d(g, weight, stride=2, padding=1, output_padding=1)
    np.testing.assert_allclose(z, x.grad, rtol=1e-13)


def test_shuffling_back_and_forth_changes_nothing() -> None:
    x = array(2, 8, 3, 2)
    np.testing.assert_array_equal(ops.pixel_unshuffle(ops.pixel_shuffle(x, 2), 2), x)


I4 = "np.ones((1, 4, 3, 3))"


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.conv_transpose1d(w, w)", ShapeError, "conv_transpose1d: input 'w' (2, 3), weight 'w' (2, 3): they need"),
        (
            f"ops.conv_transpose2d({I4}, np.ones((3, 1, 2, 2)))",
            ShapeError,
            "conv_transpose2d: input (1, 4, 3, 3), weight (3, 1, 2, 2), groups=1: the input has 4 channels",
        ),
        (
            f"ops.conv_transpose2d({I4}, np.ones((4, 1, 2, 2)), groups=0)",
            ArgumentError,
            "conv_transpose2d: groups=0: give",
        ),
        (
            f"ops.conv_transpose2d({I4}, np.ones((4, 1, 2, 2)), output_padding=1)",
            ArgumentError,
            "conv_transpose2d: output_padding (1, 1), stride (1, 1), dilation (1, 1): output_padding must",
        ),
        (
            f"ops.conv_transpose2d({I4}, np.ones((4, 1, 2, 2)), padding=2)",
            ShapeError,
            "conv_transpose2d: padding (2, 2) cuts off all of (4, 4), which (1, 4, 3, 3) gives; use less padding",
        ),
        (
            f"ops.conv_transpose2d({I4}, np.ones((4, 1, 2, 2)), b)",
            ShapeError,
            "conv_transpose2d: bias 'b' (2,) for 1 channels: give one of shape (1,)",
        ),
        ("ops.unfold(w, 2)", ShapeError, "unfold: 'w' (2, 3) is not an image; it needs shape"),
        ("ops.fold(b, 2, 2)", ShapeError, "fold: 'b' (2,) is not a set of columns; it needs"),
        (
            "ops.fold(w, (2, 2), (1, 2))",
            ShapeError,
            "fold: (1, 2, 3) for an image of (2, 2) and a kernel of (1, 2): give (batch, channels * 2, 2)",
        ),
        ("ops.pixel_shuffle(w, 2)", ShapeError, "pixel_shuffle: 'w' (2, 3): it needs shape (..., channels"),
        ("ops.pixel_shuffle(w, 0)", ArgumentError, "pixel_shuffle: upscale_factor=0: give an integer of at least 1"),
        ("ops.pixel_unshuffle(np.ones((1, 3, 3)), 2)", ShapeError, "pixel_unshuffle: (1, 3, 3): it needs"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
