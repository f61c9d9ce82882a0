"""What networks are built from: against plain loops, finite differences and PyTorch;
and what it says to bad input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, ops
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, IndexingError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint
from tests.samples.sample import A23, array


def _listed(given: Any, k: int) -> list[int]:
    return [given] * k if isinstance(given, int) else [*given]


def convolved(
    x: Any, weight: Any, bias: Any = None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    """By loops over samples, kernels, places, channels and the elements of a kernel."""
    k = weight.ndim - 2
    if x.ndim == k + 1:
        params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        return convolved(x[None], weight, bias, **params)[0]
    step, spread, size = _listed(stride, k), _listed(dilation, k), weight.shape[2:]
    if padding == "same":
        totals = [(s - 1) * d for s, d in zip(size, spread, strict=True)]
        ends = [(t // 2, t - t // 2) for t in totals]
    else:
        ends = [(n, n) for n in _listed(0 if padding == "valid" else padding, k)]
    x = np.pad(x, [(0, 0), (0, 0), *ends])
    places = [(n - (s - 1) * d - 1) // t + 1 for n, s, d, t in zip(x.shape[2:], size, spread, step, strict=True)]
    per_group = weight.shape[0] // groups
    z = np.zeros((x.shape[0], weight.shape[0], *places))
    for n, f, *p in np.ndindex(*z.shape):
        for c, *q in np.ndindex(*weight.shape[1:]):
            place = [a * t + b * d for a, b, t, d in zip(p, q, step, spread, strict=True)]
            z[(n, f, *p)] += x[(n, c + f // per_group * weight.shape[1], *place)] * weight[(f, c, *q)]
    return z if bias is None else z + bias.reshape(-1, *[1] * k)


def _pooled(
    f: Any, fill: float, x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1
) -> Any:
    size, spread = _listed(kernel_size, 2), _listed(dilation, 2)
    step = size if stride is None else _listed(stride, 2)
    ends = [(n, n) for n in _listed(padding, 2)]
    x = np.pad(x, [(0, 0)] * (x.ndim - 2) + ends, constant_values=fill)
    places = [(n - (s - 1) * d - 1) // t + 1 for n, s, d, t in zip(x.shape[-2:], size, spread, step, strict=True)]
    z = np.zeros((*x.shape[:-2], *places))
    for i, j in np.ndindex(*places):
        rows = slice(i * step[0], i * step[0] + (size[0] - 1) * spread[0] + 1, spread[0])
        columns = slice(j * step[1], j * step[1] + (size[1] - 1) * spread[1] + 1, spread[1])
        z[..., i, j] = f(x[..., rows, columns], axis=(-2, -1))
    return z


SIGNALS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((array(2, 2, 5), array(2, 2, 3)), {}),
    ((array(2, 1, 5), array(2, 1, 3), array(2)), {"stride": 2, "padding": 1}),
    ((array(2, 6), array(2, 2, 2), array(2)), {"dilation": (3,), "padding": (2,)}),
    ((array(1, 4, 3), array(4, 2, 2), array(4)), {"groups": 2}),
    ((array(1, 2, 4), array(4, 1, 3)), {"groups": 2, "padding": "same"}),
    ((array(1, 1, 6), array(2, 1, 4)), {"padding": "same", "dilation": 1}),
    ((array(1, 1, 7), array(2, 1, 4)), {"padding": "valid", "stride": 3}),
    ((array(1, 2, 3), array(2, 2, 1)), {}),
    ((np.zeros((0, 2, 3)), array(2, 2, 2)), {}),
]
IMAGES: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((array(2, 2, 3, 3), array(2, 2, 2, 3)), {}),
    ((array(1, 2, 4, 5), array(3, 2, 3, 3), array(3)), {"stride": 2, "padding": 1}),
    ((array(1, 1, 5, 6), array(2, 1, 2, 2), array(2)), {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2)}),
    ((array(1, 4, 2, 3), array(2, 2, 2, 2)), {"groups": 2}),
    ((array(1, 2, 3, 3), array(2, 1, 3, 3), array(2)), {"groups": 2, "padding": "same"}),
    ((array(1, 1, 4, 4), array(2, 1, 2, 3)), {"padding": "same", "dilation": (2, 1)}),
    ((array(2, 3, 4), array(2, 2, 3, 2), array(2)), {"padding": "valid"}),
]
POOLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((array(1, 2, 4, 4),), {"kernel_size": 2}),
    ((array(2, 5, 6),), {"kernel_size": (2, 3), "stride": 1}),
    ((array(1, 1, 5, 6),), {"kernel_size": 3, "stride": (2, 1), "padding": 1}),
    ((-array(1, 5, 5),), {"kernel_size": (3, 2), "padding": (1, 0), "stride": 2}),
]


def _largest(x: Any, **params: Any) -> Any:
    return _pooled(np.max, -np.inf, x, **params)


def _mean(x: Any, **params: Any) -> Any:
    return _pooled(np.mean, 0.0, x, **params)


INDICES = np.array([[0, 2, 0], [1, 1, 0]])

ROWS = [
    *(Row("conv1d", xs, convolved, params) for xs, params in SIGNALS),
    *(Row("conv2d", xs, convolved, params) for xs, params in IMAGES),
    *(Row("max_pool2d", xs, _largest, params) for xs, params in POOLS),
    Row("max_pool2d", (array(1, 6, 6),), _largest, {"kernel_size": 2, "dilation": (2, 1), "stride": 1}),
    *(Row("avg_pool2d", xs, _mean, params) for xs, params in POOLS),
    Row(
        "embedding",
        (array(4, 2),),
        lambda weight: weight[INDICES],
        f=lambda weight: ops.embedding(INDICES, weight),
    ),
    Row(
        "dropout",
        (array(4, 5),),
        lambda x: np.where(np.random.default_rng(3).random(x.shape) >= 0.25, x / 0.75, 0.0),
        f=lambda x: ops.dropout(x, p=0.25, rng=np.random.default_rng(3)),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _named(name: str) -> Callable[..., Any]:
    return lambda torch, *xs, **params: getattr(torch.nn.functional, name)(*xs, **params)


TORCH: dict[str, Any] = {
    **{name: _named(name) for name in ("conv1d", "conv2d", "max_pool2d", "avg_pool2d")},
    "embedding": lambda torch, weight: torch.nn.functional.embedding(torch.tensor(INDICES), weight),
    "dropout": lambda torch, x: x * torch.tensor(np.random.default_rng(3).random(x.shape) >= 0.25) / 0.75,
}


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")  # torch copies, and says so
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


@pytest.mark.peer
def test_one_hot_against_torch() -> None:
    import torch

    theirs = torch.nn.functional.one_hot(torch.tensor(INDICES), 4).numpy()
    np.testing.assert_array_equal(ops.one_hot(INDICES, 4), theirs)


@pytest.mark.peer
def test_dropout_against_torch() -> None:
    """The extremes are the same; in between, the values and how many of them."""
    import torch

    torch.manual_seed(0)
    x = np.ones(10_000)
    for p in (0.0, 1.0):
        theirs = torch.nn.functional.dropout(torch.tensor(x), p).numpy()
        np.testing.assert_array_equal(ops.dropout(x, p=p), theirs)
    mine = ops.dropout(x, p=0.3, rng=np.random.default_rng(0))
    theirs = torch.nn.functional.dropout(torch.tensor(x), 0.3).numpy()
    np.testing.assert_allclose(np.unique(mine), np.unique(theirs))
    assert abs(np.mean(mine) - np.mean(theirs)) < 0.03


def test_windows_copy_nothing_and_leave_the_input_alone() -> None:
    x = array(6)
    before = x.copy()
    z = ops.windows(x, size=(3,), stride=(1,), dilation=(1,))
    assert np.shares_memory(z, x)
    v = Value(x)
    ops.windows(v, size=(3,), stride=(1,), dilation=(1,)).backward()
    np.testing.assert_array_equal(v.grad, [1, 2, 3, 3, 2, 1])
    np.testing.assert_array_equal(x, before)


def test_overlap_add_is_the_transpose_of_windows() -> None:
    steps: dict[str, Any] = {"stride": (2, 1), "dilation": (1, 2)}
    x, shape = array(2, 5, 6), (2, 2, 4, 2, 2)
    y = array(*shape)
    seen = ops.windows(x, size=(2, 2), **steps)
    assert seen.shape == shape
    np.testing.assert_allclose(np.sum(seen * y), np.sum(x * ops.overlap_add(y, lengths=(5, 6), **steps)))


def test_a_convolution_of_constants_costs_no_gradient() -> None:
    weight = Value(array(3, 2, 2, 2))
    z = ops.conv2d(array(1, 2, 3, 3), weight)
    assert gradcheck(lambda w: ops.conv2d(array(1, 2, 3, 3), w), [weight])
    z.sum().backward()
    assert weight.grad.shape == (3, 2, 2, 2)


def test_elements_that_tie_for_the_largest_share() -> None:
    x = Value(np.array([[[0.0, 0.0], [0.0, -1.0]]]))
    ops.max_pool2d(x, kernel_size=2).backward()
    np.testing.assert_allclose(x.grad, [[[1 / 3, 1 / 3], [1 / 3, 0.0]]])


def test_a_row_taken_twice_gets_both_gradients() -> None:
    weight = Value(array(3, 2))
    ops.embedding([1, 1, 0], weight).backward()
    np.testing.assert_array_equal(weight.grad, [[1, 1], [2, 2], [0, 0]])


def test_embedding_takes_any_shape_of_indices() -> None:
    weight = array(3, 2)
    np.testing.assert_array_equal(ops.embedding(2, weight), weight[2])
    np.testing.assert_array_equal(ops.embedding(np.zeros((2, 0), int), weight), np.zeros((2, 0, 2)))
    np.testing.assert_array_equal(ops.embedding(np.array([2], np.uint8), [1.0, 2.0, 3.0]), [3.0])


def test_one_hot() -> None:
    hot = ops.one_hot(np.array([[1, 0]]), 3)
    np.testing.assert_array_equal(hot, [[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]])
    assert hot.dtype == float
    assert ops.one_hot(2, 3).tolist() == [0.0, 0.0, 1.0]


def test_dropout_keeps_the_mean() -> None:
    z = ops.dropout(np.ones(100_000), p=0.2, rng=np.random.default_rng(0))
    assert abs(z.mean() - 1.0) < 0.01
    assert set(np.unique(z)) == {0.0, 1.25}


def test_dropout_out_of_training_is_nothing() -> None:
    x = Value(A23)
    assert ops.dropout(x, p=0.9, training=False) is x
    assert ops.dropout(x, p=0.0) is x
    z = ops.dropout(x, p=1.0)
    z.backward()
    np.testing.assert_array_equal(z.data, np.zeros((2, 3)))
    np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))


def test_dropout_draws_again_what_a_seed_drew() -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(1)
        drawn.append(ops.dropout(np.ones(20)))
    np.testing.assert_array_equal(*drawn)
    assert ops.dropout(2.0, rng=np.random.default_rng(0)) in (0.0, 4.0)


def test_dropped_infinities_are_gone() -> None:
    """A dropped element is 0, not infinity times 0."""
    x = Value(np.array([np.inf, 1.0]))
    z = ops.dropout(x, p=1.0)
    np.testing.assert_array_equal(z.data, [0.0, 0.0])


def test_forward_mode_of_a_small_network() -> None:
    def f(x: Any, w: Any, table: Any) -> Any:
        z = ops.max_pool2d(ops.conv2d(x, w, padding=1), kernel_size=2)
        return (z.sum(axis=(2, 3)) @ ops.embedding([0, 1], table)).sum()

    xs, ts = ([array(*s) + i for i, s in enumerate([(1, 1, 4, 4), (2, 1, 3, 3), (3, 3)])] for _ in range(2))
    values = [Value(x) for x in xs]
    f(*values).backward()
    reverse = sum(np.sum(v.grad * t) for v, t in zip(values, ts, strict=True))
    np.testing.assert_allclose(jvp(f, xs, ts)[1], reverse, rtol=1e-12)


# What it says

x, w = Value(array(1, 2, 4, 4), label="x"), Value(array(3, 2, 3, 3), label="w")
table, n = Value(array(3, 2), label="table"), Value(2.0, label="n")


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (
            lambda: ops.conv2d(n, w),
            ShapeError,
            "conv2d: input 'n' (), weight 'w' (3, 2, 3, 3): they need shapes (batch, channels, height, width) "
            "and (nout, channels, height, width)",
        ),
        (
            lambda: ops.conv1d(x, w),
            ShapeError,
            "conv1d: input 'x' (1, 2, 4, 4), weight 'w' (3, 2, 3, 3): they need",
        ),
        (
            lambda: ops.conv2d(x, w, groups=2),
            ShapeError,
            "conv2d: input 'x' (1, 2, 4, 4), weight 'w' (3, 2, 3, 3), groups=2: the input has 2 channels, "
            "and 3 kernels take 2 * 2; both numbers must be equal, and groups must divide the kernels",
        ),
        (
            lambda: ops.conv2d(x, np.ones((3, 1, 1, 1)), groups=2),
            ShapeError,
            "(3, 1, 1, 1), groups=2: the input has",
        ),
        (lambda: ops.conv2d(x, np.ones((3, 4, 1, 1))), ShapeError, "2 channels, and 3 kernels take 4 * 1"),
        (
            lambda: ops.conv2d(x, w, groups=0),
            ArgumentError,
            "conv2d: groups=0: give an integer of at least 1",
        ),
        (lambda: ops.conv2d(x, w, A23), ShapeError, "conv2d: bias (2, 3) for 3 kernels: give one of shape (3,)"),
        (
            lambda: ops.conv2d(x, w, dilation=2),
            ShapeError,
            "conv2d: a window of (3, 3), which spans (5, 5), does not fit (4, 4), the last axes of 'x' (1, 2, 4, 4) "
            "with their padding; pad more, or use a smaller window",
        ),
        (
            lambda: ops.conv2d(x, w, stride=0),
            ArgumentError,
            "conv2d: stride=0: give an integer of at least 1, or one each for height and width",
        ),
        (lambda: ops.conv2d(x, w, stride=(1, 2, 3)), ArgumentError, "conv2d: stride=(1, 2, 3): give an integer"),
        (
            lambda: ops.conv2d(x, w, dilation=1.5),
            ArgumentError,
            "conv2d: dilation=1.5: give an integer of at least 1",
        ),
        (lambda: ops.conv2d(x, w, padding=-1), ArgumentError, "conv2d: padding=-1: give an integer of at least 0"),
        (lambda: ops.conv2d(x, w, padding="full"), ArgumentError, "conv2d: padding='full': give an integer"),
        (
            lambda: ops.conv2d(x, w, padding="same", stride=2),
            ArgumentError,
            "conv2d: padding='same' with stride (2, 2): it needs stride 1; give numbers",
        ),
        (
            lambda: ops.max_pool2d(n, kernel_size=2),
            ShapeError,
            "max_pool2d: 'n' () has too few axes; it needs shape (..., height",
        ),
        (lambda: ops.max_pool2d(x, kernel_size=0), ArgumentError, "max_pool2d: kernel_size=0: give an integer of"),
        (
            lambda: ops.max_pool2d(x, kernel_size=5),
            ShapeError,
            "max_pool2d: a window of (5, 5), which spans (5, 5)",
        ),
        (
            lambda: ops.avg_pool2d(x, kernel_size=2, padding=2),
            ArgumentError,
            "avg_pool2d: padding (2, 2) is more than half of kernel_size (2, 2); give less",
        ),
        (
            lambda: ops.windows(table, size=(4,), stride=(1,), dilation=(1,)),
            ShapeError,
            "windows: a window of (4,), which spans (4,), does not fit (2,), the last axes of 'table' (3, 2)",
        ),
        (
            lambda: ops.windows(n, size=(4,), stride=(1,), dilation=(1,)),
            ShapeError,
            "windows: 'n' () has fewer axes than the window (4,); give at most one size per axis",
        ),
        (
            lambda: ops.overlap_add(table, lengths=(7,), stride=(1,), dilation=(1,)),
            ShapeError,
            "overlap_add: 'table' (3, 2) is not laid out in windows over (7,); make it with windows first",
        ),
        (
            lambda: ops.embedding([0, 3], table),
            IndexingError,
            "embedding: index 3 in (2,): the rows of 'table' (3, 2) are numbered from 0 to 2",
        ),
        (
            lambda: ops.embedding([[-1]], table),
            IndexingError,
            "embedding: index -1 in (1, 1): the rows of 'table'",
        ),
        (lambda: ops.embedding([0.5], table), IndexingError, "embedding: indices of type float64: give integers"),
        (lambda: ops.embedding(table, table), IndexingError, "embedding: indices of type float64: give integers"),
        (lambda: ops.embedding([0], n), ShapeError, "embedding: weight 'n' () is a number; it needs shape (rows"),
        (
            lambda: ops.one_hot([3], 3),
            IndexingError,
            "one_hot: index 3 in (1,): the classes are numbered from 0 to 2",
        ),
        (
            lambda: ops.one_hot([0], 0),
            ArgumentError,
            "one_hot: num_classes=0: give an integer of at least 1",
        ),
        (lambda: ops.one_hot(["a"], 3), IndexingError, "one_hot: indices of type <U1: give integers"),
        (
            lambda: ops.dropout(x, p=1.5),
            ArgumentError,
            "dropout: p=1.5 is not a probability; give a number from 0 to 1",
        ),
        (
            lambda: ops.dropout(x, p="0.5"),
            ArgumentError,
            "dropout: p='0.5' is not a probability; give a number from 0 to 1",
        ),
        (
            lambda: ops.dropout(x, p=True),
            ArgumentError,
            "dropout: p=True is not a probability; give a number from 0 to 1",
        ),
    ],
)
def test_errors(f: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    assert words in complaint(f, error, [x, w, table, n])
