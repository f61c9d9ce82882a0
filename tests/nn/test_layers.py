"""Layers by themselves: derivatives of both modes and of second order, shapes without
numbers, dtypes, seeds, lists, and what is refused with which words. Their numbers are
compared with PyTorch's in tests/peers/test_modules.py.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from micrograd import Value, grad, gradcheck, jvp, nn
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, IndexingError, MicrogradError, ShapeError

RNG = np.random.default_rng


class Row(NamedTuple):
    """A layer and the shapes of its inputs."""

    name: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]

    def layer(self, **options: Any) -> Any:
        """It is made with a seed and a dtype, where it takes them."""
        kind = getattr(nn, self.name)
        taken = inspect.signature(kind).parameters
        more = {key: x for key, x in ({"rng": RNG(0)} | options).items() if key in taken}
        return kind(*self.args, **self.options, **more)

    def inputs(self, dtype: Any = float) -> list[Any]:
        """Random numbers; for pools far from one another, so that no two nearly tie."""
        generator = RNG(1)
        if "Pool" in self.name:
            return [
                generator.permuted(np.linspace(-2.0, 2.0, np.prod(s))).reshape(s).astype(dtype) for s in self.shapes
            ]
        return [generator.normal(size=shape).astype(dtype) for shape in self.shapes]


def rows(*names: str, args: tuple[Any, ...] = (), shape: tuple[int, ...] = (2, 4), **options: Any) -> list[Row]:
    return [Row(name, args, options, (shape,)) for name in names]


ROWS = [
    *rows("Linear", args=(4, 3)),
    *rows("Linear", args=(4, 3), shape=(2, 3, 4), bias=False),
    Row("Bilinear", (2, 3, 2), {}, ((4, 2), (4, 3))),
    *rows("Flatten", "Identity", shape=(2, 3, 2)),
    *rows("Unflatten", args=(1, (2, -1))),
    *rows("Conv1d", args=(2, 2, 3), shape=(2, 2, 5), padding=1),
    *rows("Conv2d", args=(2, 2, 2), shape=(1, 2, 3, 4), padding=1, padding_mode="circular"),
    *rows("Conv3d", args=(1, 2, 2), shape=(1, 1, 3, 2, 3)),
    *rows("ConvTranspose1d", args=(2, 2, 3), shape=(2, 2, 4), stride=2),
    *rows("ConvTranspose2d", args=(2, 2, 2), shape=(1, 2, 2, 3)),
    *rows("ConvTranspose3d", args=(1, 1, 2), shape=(1, 1, 2, 2, 2)),
    *rows("MaxPool1d", "AvgPool1d", args=(2,), shape=(1, 2, 4)),
    *rows("MaxPool2d", "AvgPool2d", args=(2,), shape=(1, 2, 4, 3), stride=1),
    *rows("MaxPool3d", "AvgPool3d", args=(2,), shape=(1, 2, 2, 2, 4)),
    *rows("AdaptiveMaxPool1d", "AdaptiveAvgPool1d", args=(2,), shape=(1, 2, 5)),
    *rows("AdaptiveMaxPool2d", "AdaptiveAvgPool2d", args=((2, None),), shape=(1, 2, 5, 3)),
    *rows("AdaptiveMaxPool3d", "AdaptiveAvgPool3d", args=(1,), shape=(1, 2, 2, 2, 2)),
    *rows("LayerNorm", "RMSNorm", args=(4,), shape=(3, 4)),
    *rows("GroupNorm", args=(2, 4), shape=(2, 4, 3)),
    *rows("BatchNorm1d", args=(4,), shape=(5, 4)),
    *rows("BatchNorm1d", args=(2,), shape=(2, 2, 3), affine=False, track_running_stats=False),
    *rows("BatchNorm2d", args=(2,), shape=(2, 2, 2, 3)),
    *rows("BatchNorm3d", args=(2,), shape=(2, 2, 2, 1, 2)),
    *rows("InstanceNorm1d", args=(2,), shape=(2, 2, 4), affine=True),
    *rows("InstanceNorm2d", args=(2,), shape=(2, 2, 2, 3), track_running_stats=True),
    *rows("InstanceNorm3d", args=(2,), shape=(1, 2, 2, 2, 2)),
    *rows("CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU"),
    *rows("LogSigmoid", "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink"),
    *rows("Softsign", "Tanh", "Tanhshrink"),
    *rows("Softplus", args=(2.0, 1.0)),
    *rows("PReLU", args=(4,)),
    *rows("Softmax", "Softmin", "LogSoftmax", dim=-1),
    *rows("Softmax2d", shape=(1, 3, 2, 2)),
    *rows("Threshold", args=(0.1, -3.0)),
    *rows("Dropout", args=(0.0,)),
    *rows("Dropout1d", args=(0.0,), shape=(2, 2, 3)),
    *rows("Dropout2d", args=(0.0,), shape=(2, 2, 3, 1)),
    *rows("Dropout3d", args=(0.0,), shape=(2, 2, 3, 1, 1)),
]
IDS = [f"{i}-{row.name}" for i, row in enumerate(ROWS)]
EACH = pytest.mark.parametrize("row", ROWS, ids=IDS)


def numbers(z: Any) -> Any:
    """The plain data of an output, whether it has a history or not."""
    return z.data if isinstance(z, Value) else z


def test_every_layer_has_a_row() -> None:
    public = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name))}
    others = {"MLP", "Layer", "Module", "Neuron", "Residual", "Sequential", "Embedding"}
    assert public & {row.name for row in ROWS} == {row.name for row in ROWS}
    assert {name for name in public if getattr(nn, name).__module__.rpartition(".")[2] in ROOMS} - others == {
        row.name for row in ROWS
    }


def test_the_page_lists_every_layer() -> None:
    page = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
    public = {name for name in nn.__all__ if inspect.isclass(getattr(nn, name))}
    assert public - set(re.findall(r"`(\w+)`", page)) == {"MLP", "Layer", "Module", "Neuron"}  # those of the texts


ROOMS = ("activations", "convolution", "dropout", "linear", "normalization", "piecewise", "pooling", "softmax")


@EACH
def test_derivatives(row: Row) -> None:
    check_derivatives(row, row.layer())


@pytest.mark.parametrize("row", [row for row in ROWS if row.layer().named_buffers()], ids=lambda row: row.name)
def test_derivatives_with_kept_statistics(row: Row) -> None:
    check_derivatives(row, row.layer().eval())


def check_derivatives(row: Row, layer: Any) -> None:
    """By the inputs and the parameters, in both modes, of first and second order."""
    count = len(row.shapes)

    def f(*xs: Any) -> Any:
        return layer.with_leaves(xs[count:])(*xs[:count])

    parameters = [p.data + 0.1 * RNG(2).normal(size=p.shape) for p in layer.parameters()]
    assert gradcheck(f, [*row.inputs(), *parameters], atol=1e-9)


@EACH
def test_shape_without_numbers(row: Row) -> None:
    layer = row.layer()
    before = layer.state_dict()
    out = layer(*[Abstract(shape) for shape in row.shapes])
    assert out.shape == layer(*row.inputs()).shape
    layer = row.layer()
    layer(*[Abstract(shape) for shape in row.shapes])
    for name, x in layer.state_dict().items():
        np.testing.assert_array_equal(x, before[name])  # a shape does not move what is kept


@EACH
def test_float32_stays_float32(row: Row) -> None:
    layer = row.layer(dtype="float32")
    inputs = [Value(x) for x in row.inputs(np.float32)]
    z = layer(*inputs)
    z.sum().backward()
    dtypes = {x.dtype for x in (z, *inputs, *layer.parameters())}
    dtypes |= {x.grad.dtype for x in (*inputs, *layer.parameters())}
    assert dtypes == {np.dtype(np.float32)}
    layer.eval()
    assert layer(*inputs).dtype == np.float32


@EACH
def test_lists_are_inputs(row: Row) -> None:
    layer = row.layer().eval()
    wanted = layer(*row.inputs())
    found = layer(*[x.tolist() for x in row.inputs()])
    np.testing.assert_array_equal(numbers(found), numbers(wanted))


@EACH
def test_the_same_seed_gives_the_same_bits(row: Row) -> None:
    first, second = row.layer().state_dict(), row.layer().state_dict()
    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


DRAWN = [row for row in ROWS if "rng" in inspect.signature(getattr(nn, row.name)).parameters]


@pytest.mark.parametrize("row", DRAWN, ids=[row.name for row in DRAWN])
def test_without_a_generator_the_numbers_are_fresh(row: Row) -> None:
    state = np.random.get_state()[1].tolist()
    first, second = row.layer(rng=None), row.layer(rng=None)
    for (_, x), (_, y) in zip(first.named_parameters(), second.named_parameters(), strict=True):
        assert not np.array_equal(x.data, y.data)
    assert np.random.get_state()[1].tolist() == state  # NumPy's global generator is not touched


# Embedding


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_an_empty_batch_is_padded(mode: str) -> None:
    layer = nn.Conv2d(2, 3, 3, padding=1, padding_mode=mode)
    assert layer(np.ones((0, 2, 4, 5))).shape == (0, 3, 4, 5)


def test_embedding_gives_rows_and_sums_their_gradients() -> None:
    table = nn.Embedding(4, 2, rng=RNG(0))
    z = table([[1, 3], [1, 1]])
    np.testing.assert_array_equal(z.data, table.weight.data[[[1, 3], [1, 1]]])
    z.sum().backward()
    np.testing.assert_array_equal(table.weight.grad, [[0, 0], [3, 3], [0, 0], [1, 1]])


def test_the_row_of_padding_gets_no_gradient() -> None:
    table = nn.Embedding(4, 2, padding_idx=-1, rng=RNG(0))
    assert table.padding_idx == 3
    np.testing.assert_array_equal(table.weight.data[3], [0.0, 0.0])
    table.weight.data = table.weight.data + 1.0
    z = table(np.array([3, 0, 3]))
    np.testing.assert_array_equal(z.data[0], [1.0, 1.0])  # what it holds is given out
    (z * z).sum().backward()
    np.testing.assert_array_equal(table.weight.grad[1:], np.zeros((3, 2)))
    assert np.all(table.weight.grad[0] != 0.0)


# Batch norm


def test_running_statistics_are_pytorchs() -> None:
    """By hand: the variance that is kept is the unbiased one."""
    layer = nn.BatchNorm1d(1, momentum=0.25)
    layer(np.array([[1.0], [3.0]]))
    np.testing.assert_allclose([layer.running_mean[0], layer.running_var[0]], [0.5, 0.75 + 0.25 * 2.0])
    layer.eval()
    before = layer.state_dict()
    z = layer(np.array([[2.0]]))
    np.testing.assert_allclose(z.data, (2.0 - 0.5) / np.sqrt(1.25 + 1e-5) * np.ones((1, 1)))
    assert layer.state_dict() == before
    assert before["num_batches_tracked"] == 1


def test_without_momentum_all_batches_count_the_same() -> None:
    layer = nn.BatchNorm1d(1, momentum=None)
    batches = RNG(0).normal(size=(3, 5, 1))
    for x in batches:
        layer(x)
    np.testing.assert_allclose(layer.running_mean, batches.mean(axis=(0, 1)))
    np.testing.assert_allclose(layer.running_var, batches.var(axis=1, ddof=1).mean(axis=0))


def test_statistics_move_in_transforms_too() -> None:
    """In `grad` the module is a copy of itself with other parameters."""
    x = RNG(0).normal(size=(4, 2))
    plain, by_grad, by_jvp = nn.BatchNorm1d(2), nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    plain(x)
    grad(lambda layer: (layer(x) ** 2).sum())(by_grad)
    jvp(by_jvp, (x,), (x,))
    for layer in (by_grad, by_jvp):
        for name, kept in plain.named_buffers():
            np.testing.assert_array_equal(dict(layer.named_buffers())[name], kept)


def test_a_loaded_state_goes_on() -> None:
    """The counter is an array of shape (): it has to stay one."""
    first, second = nn.BatchNorm1d(2, momentum=None), nn.BatchNorm1d(2, momentum=None)
    x, y = RNG(0).normal(size=(2, 4, 2))
    first(x)
    second.load_state_dict(first.state_dict())
    copied = first.copy()
    for layer in (first, second, copied):
        grad(lambda layer: (layer(y) ** 2).sum())(layer)
    for layer in (second, copied):
        for name, kept in first.named_buffers():
            np.testing.assert_array_equal(dict(layer.named_buffers())[name], kept)
    assert first.num_batches_tracked == 2


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(2), nn.InstanceNorm1d(2), nn.GroupNorm(2, 2)], ids=str)
def test_a_channel_of_equal_numbers_gives_zero(layer: Any) -> None:
    z = layer(np.full((3, 2, 5), 0.1))
    np.testing.assert_array_equal(numbers(z), np.zeros((3, 2, 5)))


# Dropout


def test_dropout_keeps_the_mean_and_what_it_keeps() -> None:
    layer = nn.Dropout(0.25, rng=RNG(0))
    z = layer(np.ones(100_000))
    assert set(np.unique(z)) == {0.0, 1.0 / 0.75}
    np.testing.assert_allclose(z.mean(), 1.0, atol=6.0 * np.sqrt(1.0 / 3.0 / 100_000))
    assert [name for name, _ in layer.named_generators()] == ["rng"]


def test_dropout_of_channels_keeps_or_drops_them_whole() -> None:
    z = nn.Dropout2d(0.5, rng=RNG(0))(np.ones((50, 40, 3, 2)))
    per_channel = z.reshape(50 * 40, 6)
    np.testing.assert_array_equal(per_channel.min(axis=1), per_channel.max(axis=1))
    np.testing.assert_allclose(z.mean(), 1.0, atol=6.0 / np.sqrt(2000))


def test_the_mask_is_drawn_from_the_generator_of_the_layer() -> None:
    first, second = nn.Dropout(0.5, rng=RNG(3)), nn.Dropout(0.5, rng=RNG(3))
    for _ in range(2):
        np.testing.assert_array_equal(first(np.ones(20)), second(np.ones(20)))
    x = Value(np.ones(20))
    z = first(x)
    z.sum().backward()
    np.testing.assert_array_equal(x.grad, z.data)  # the mask of the forward


@pytest.mark.parametrize(("name", "shape"), [("Dropout1d", (40, 3)), ("Dropout3d", (40, 3, 2, 2))])
def test_dropout_of_channels_without_a_batch(name: str, shape: tuple[int, ...]) -> None:
    z = getattr(nn, name)(0.5, rng=RNG(0))(np.ones(shape)).reshape(40, -1)
    np.testing.assert_array_equal(z.min(axis=1), z.max(axis=1))
    assert set(z[:, 0]) == {0.0, 2.0}


# What is refused


ERRORS: list[tuple[Callable[[], Any], type[MicrogradError], str]] = [
    (lambda: nn.Linear(0, 3), ArgumentError, "Linear: in_features=0: give an integer of at least 1"),
    (
        lambda: nn.Linear(2, 3)(np.ones((5, 4))),
        ShapeError,
        "Linear(2, 3): input (5, 4): its last axis must have the length 2",
    ),
    (lambda: nn.Linear(2, 3)(1.0), ShapeError, "Linear(2, 3): input (): its last axis must have the length 2"),
    (
        lambda: nn.Linear(2, 3, rng=0),
        ArgumentError,
        "Linear: rng=0 is not a NumPy Generator; give rng=numpy.random.default_rng(seed), or None",
    ),
    (
        lambda: nn.Linear(2, 3, dtype=int),
        ArgumentError,
        "uniform: dtype=<class 'int'> is not of floating-point numbers; give 'float64' or 'float32'",
    ),
    (
        lambda: nn.Bilinear(2, 3, 4)(np.ones((5, 2)), np.ones((4, 3))),
        ShapeError,
        "Bilinear(2, 3, 4): inputs (5, 2) and (4, 3): give (..., 2) and (..., 3), equal but for the last axis",
    ),
    (
        lambda: nn.Embedding(3, 2, max_norm=1.0),
        ArgumentError,
        "Embedding: max_norm=1.0, scale_grad_by_freq=False, sparse=False: these options are not here; leave them out",
    ),
    (
        lambda: nn.Embedding(3, 2, padding_idx=3),
        ArgumentError,
        "Embedding: padding_idx=3: the rows are numbered from -3 to 2",
    ),
    (
        lambda: nn.Embedding(3, 2)([3]),
        IndexingError,
        "embedding: index 3 in (1,): the rows of 'weight' (3, 2) are numbered from 0 to 2",
    ),
    (
        lambda: nn.Flatten(2, 1)(np.ones((2, 3, 4))),
        ShapeError,
        "Flatten(2, 1): input (2, 3, 4): the first axis is after the last; swap them?",
    ),
    (
        lambda: nn.Unflatten(1, 6),
        ArgumentError,
        "Unflatten: unflattened_size=6: give lengths, as in (2, 3)",
    ),
    (
        lambda: nn.Unflatten(1, (2, 4))(np.ones((5, 6))),
        ShapeError,
        "Unflatten: axis 1 of (5, 6) does not have the sizes (2, 4); their product must be 6",
    ),
    (
        lambda: nn.Conv2d(3, 4, 3, groups=2),
        ShapeError,
        "Conv2d: in_channels=3, out_channels=4, groups=2: groups must divide both numbers of channels",
    ),
    (
        lambda: nn.Conv2d(3, 4, (3, 0)),
        ArgumentError,
        "Conv2d: kernel_size=(3, 0): give an integer of at least 1, or one each for height and width",
    ),
    (
        lambda: nn.Conv1d(3, 4, 3, padding="all"),
        ArgumentError,
        "Conv1d: padding='all' is unknown; give a number, 'same' or 'valid'",
    ),
    (
        lambda: nn.Conv1d(3, 4, 3, stride=2, padding="same"),
        ArgumentError,
        "Conv1d: padding='same' with stride (2,): it needs stride 1; give numbers",
    ),
    (
        lambda: nn.Conv1d(3, 4, 3, padding_mode="mirror"),
        ArgumentError,
        "Conv1d: padding_mode='mirror' is unknown; choose from zeros, reflect, replicate, circular",
    ),
    (
        lambda: nn.Conv1d(1, 1, 3, padding=2, padding_mode="reflect")(np.ones((1, 1, 2))),
        ShapeError,
        "Conv1d: input (1, 1, 2), padding [(2, 2)]: padding_mode='reflect' needs axes longer than the padding",
    ),
    (
        lambda: nn.Conv2d(3, 4, 3)(np.ones((2, 1, 5, 5))),
        ShapeError,
        "conv2d: input (2, 1, 5, 5), weight 'weight' (4, 3, 3, 3), groups=1: the input has 1 channels, and 4 kernels "
        "take 3 * 1; both numbers must be equal, and groups must divide the kernels",
    ),
    (
        lambda: nn.ConvTranspose1d(1, 1, 3, padding_mode="circular"),
        ArgumentError,
        "ConvTranspose1d: padding=0, padding_mode='circular': give numbers, and padding_mode='zeros'",
    ),
    (
        lambda: nn.ConvTranspose1d(1, 1, 3, stride=2)(np.ones((1, 1, 4)), output_size=[12]),
        ShapeError,
        "ConvTranspose1d: output_size=[12] for an input (1, 1, 4): give sizes of length from (9,) to (10,)",
    ),
    (
        lambda: nn.MaxPool2d(2, padding=2),
        ArgumentError,
        "MaxPool2d: padding (2, 2) is more than half of kernel_size (2, 2); give less",
    ),
    (
        lambda: nn.MaxPool2d(2)(np.ones((4, 4))),
        ShapeError,
        "MaxPool2d: input (4, 4): it needs shape (batch, channels, height, width)",
    ),
    (
        lambda: nn.AvgPool2d(2, divisor_override=0),
        ArgumentError,
        "AvgPool2d: divisor_override=0: give an integer that is not 0, or None",
    ),
    (
        lambda: nn.AdaptiveAvgPool2d(0),
        ArgumentError,
        "AdaptiveAvgPool2d: output_size=[0, 0]: give an integer of at least 1, or one each for height and width",
    ),
    (
        lambda: nn.AdaptiveMaxPool1d(2, return_indices=True),
        ArgumentError,
        "AdaptiveMaxPool1d: return_indices=True is not here; MaxPool1d has it",
    ),
    (lambda: nn.LayerNorm(()), ArgumentError, "LayerNorm: normalized_shape=(); give the lengths of the last axes"),
    (
        lambda: nn.LayerNorm(3)(np.ones((2, 4))),
        ShapeError,
        "layer_norm: normalized_shape=3 is not the shape of the last axes of (2, 4); give their sizes",
    ),
    (
        lambda: nn.GroupNorm(2, 3),
        ArgumentError,
        "GroupNorm: num_groups=2 does not divide num_channels=3",
    ),
    (
        lambda: nn.GroupNorm(2, 4)(np.ones((2, 2, 3))),
        ShapeError,
        "GroupNorm: input (2, 2, 3): it needs shape (batch, 4, ...)",
    ),
    (
        lambda: nn.BatchNorm1d(3)(np.ones((1, 3))),
        ShapeError,
        "BatchNorm1d: input (1, 3) has one element per channel; training needs two or more: give a larger batch, or "
        "call eval() first",
    ),
    (
        lambda: nn.BatchNorm2d(3)(np.ones((2, 3))),
        ShapeError,
        "BatchNorm2d(3): input (2, 3): it needs shape (batch, channels, height, width)",
    ),
    (
        lambda: nn.BatchNorm1d(3)(np.ones((2, 4))),
        ShapeError,
        "BatchNorm1d(3): input (2, 4): axis 1 must have the length 3, the channels",
    ),
    (
        lambda: nn.InstanceNorm1d(2)(np.ones((3, 2, 1))),
        ShapeError,
        "InstanceNorm1d: input (3, 2, 1) has one element per channel of a sample; it needs two or more",
    ),
    (
        lambda: nn.InstanceNorm1d(2, momentum=None, track_running_stats=True),
        ArgumentError,
        "InstanceNorm1d: momentum=None: give a number, the share of the newest batch",
    ),
    (lambda: nn.Dropout(1.5), ArgumentError, "Dropout: p=1.5 is not a probability; give a number from 0 to 1"),
    (
        lambda: nn.Dropout(0.5, inplace=True),
        ArgumentError,
        "Dropout: inplace=True: a Value is not changed in place; take the result instead",
    ),
    (
        lambda: nn.Dropout2d(0.5)(np.ones((2, 3, 4))),
        ShapeError,
        "Dropout2d: input (2, 3, 4): it needs shape (batch, channels, height, width); use Dropout1d for (batch, "
        "channels, length)",
    ),
    (
        lambda: nn.ReLU(inplace=True),
        ArgumentError,
        "ReLU: inplace=True: a Value is not changed in place; take the result instead",
    ),
    (
        lambda: nn.LeakyReLU(0.1, np.ones(3)),
        ArgumentError,
        "LeakyReLU: given data where inplace= stands; make the layer, then call it: LeakyReLU()(x)",
    ),
    (
        lambda: nn.ReLU("x"),
        ArgumentError,
        "ReLU: inplace is of type str, not True or False; give one of them",
    ),
    *(
        (
            f,
            ArgumentError,
            f"{name}: {what} is of type Generator, not True or False; give rng= by its name",
        )
        for name, what, f in (
            ("Linear", "bias", lambda: nn.Linear(2, 3, RNG(0))),
            ("Bilinear", "bias", lambda: nn.Bilinear(2, 3, 4, RNG(0))),
            ("Conv1d", "bias", lambda: nn.Conv1d(2, 3, 4, 1, 0, 1, 1, RNG(0))),
            ("ConvTranspose2d", "bias", lambda: nn.ConvTranspose2d(2, 3, 4, 1, 0, 0, 1, RNG(0))),
            ("GRUCell", "bias", lambda: nn.GRUCell(2, 3, RNG(0))),
            ("LSTM", "bias", lambda: nn.LSTM(2, 3, 1, RNG(0))),
            ("LSTM", "batch_first", lambda: nn.LSTM(2, 3, batch_first=RNG(0))),
            ("MultiheadAttention", "bias", lambda: nn.MultiheadAttention(2, 1, 0.0, RNG(0))),
            ("Dropout", "inplace", lambda: nn.Dropout(0.5, RNG(0))),
        )
    ),
    (
        lambda: nn.TransformerEncoderLayer(4, 2, activation=nn.ReLU),
        ArgumentError,
        "TransformerEncoderLayer: activation=ReLU is a class; make a module of it: ReLU()",
    ),
    (
        lambda: nn.CELU(0.0),
        ArgumentError,
        "CELU: alpha=0.0, and x is divided by it; ReLU is the limit for alpha towards 0",
    ),
    (lambda: nn.GELU("erf"), ArgumentError, "GELU: approximate='erf' is not known; give 'none' or 'tanh'"),
    (lambda: nn.Softplus(0.0), ArgumentError, "Softplus: beta=0.0, and it is divided by it; give another number"),
    (lambda: nn.Hardtanh(1.0, 1.0), ArgumentError, "Hardtanh: min_val=1.0 is not below max_val=1.0; swap them?"),
    (lambda: nn.Softshrink(-1.0), ArgumentError, "Softshrink: lambd=-1.0 is not a distance from 0; give 0 or more"),
    (lambda: nn.Hardshrink(-1.0), ArgumentError, "Hardshrink: lambd=-1.0 is not a distance from 0; give 0 or more"),
    (
        lambda: nn.PReLU(3)(np.ones((2, 4))),
        ShapeError,
        "PReLU: input (2, 4): it needs shape (batch, 3, ...), with a slope for each channel",
    ),
    (
        lambda: nn.Softmax(),
        ArgumentError,
        "Softmax: dim=None: give the axis that is shared out, as in Softmax(dim=-1)",
    ),
    (
        lambda: nn.Softmax2d()(np.ones((2, 3))),
        ShapeError,
        "Softmax2d: input (2, 3): it needs shape (batch, channels, height, width)",
    ),
]


# Each option that is a number; the words for what is not one, and for what is below 0.
NUMBERS = [
    *[
        (name, (), option, False)
        for name, option in (
            ("LeakyReLU", "negative_slope"),
            ("ELU", "alpha"),
            ("CELU", "alpha"),
            ("Softplus", "beta"),
            ("Softplus", "threshold"),
            ("Hardtanh", "min_val"),
            ("Hardtanh", "max_val"),
            ("Hardshrink", "lambd"),
            ("Softshrink", "lambd"),
            ("PReLU", "init"),
        )
    ],
    *[(name, (2,), "eps", True) for name in ("LayerNorm", "RMSNorm", "BatchNorm1d", "BatchNorm2d", "InstanceNorm1d")],
    ("GroupNorm", (1, 2), "eps", True),
    ("BatchNorm1d", (2,), "momentum", False),
    ("InstanceNorm2d", (2,), "momentum", False),
]


@pytest.mark.parametrize("given", ["a", [1.0], True, float("nan"), -1.0], ids=repr)
@pytest.mark.parametrize(("name", "args", "option", "is_positive"), NUMBERS, ids=str)
def test_an_option_that_is_not_a_number_is_refused_at_once(
    name: str, args: tuple[Any, ...], option: str, is_positive: bool, given: Any
) -> None:
    wanted = "give a number of at least 0" if is_positive else "give a number"
    if given == -1.0 and not is_positive:
        return
    with pytest.raises(ArgumentError, match=f"^{name}: {option}={re.escape(repr(given))}: {wanted}$"):
        getattr(nn, name)(*args, **{option: given})


def test_the_eps_of_a_transformer_is_refused_by_its_normalization() -> None:
    with pytest.raises(ArgumentError, match=r"^LayerNorm: eps='a': give a number of at least 0$"):
        nn.TransformerEncoderLayer(2, 1, 2, layer_norm_eps="a")


def test_a_slope_may_be_trained() -> None:
    slope = Value(0.5)
    layer = nn.LeakyReLU(slope)
    layer(np.array([-2.0, 3.0])).sum().backward()
    assert (slope.grad, layer.parameters()) == (-2.0, [slope])


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d])
@pytest.mark.parametrize("wrong", [np.inf, -np.inf, np.nan, 1.0])
def test_dropout_of_everything_gives_zero(kind: Any, wrong: float) -> None:
    shape = {nn.Dropout: (2,), nn.Dropout1d: (1, 2, 3), nn.Dropout2d: (1, 2, 3, 3)}.get(kind, (1, 2, 3, 3, 3))
    x = np.full(shape, wrong, np.float32)
    assert kind(1.0)(x).dtype == np.float32
    np.testing.assert_array_equal(kind(1.0)(x), np.zeros(shape))
    v = Value(x)
    kind(1.0)(v).sum().backward()
    np.testing.assert_array_equal(v.grad, np.zeros(shape))


@pytest.mark.parametrize(("f", "kind", "text"), ERRORS, ids=[text.partition(":")[0] for _, _, text in ERRORS])
def test_refused_with_these_words(f: Callable[[], Any], kind: type[MicrogradError], text: str) -> None:
    with pytest.raises(kind, match=f"^{re.escape(text)}$"):
        f()


@EACH
def test_a_layer_shows_its_arguments(row: Row) -> None:
    layer = row.layer()
    if row.name not in ("PReLU", "Identity"):  # they show their weight, or nothing
        assert repr(eval(repr(layer), vars(nn))) == repr(layer)
        assert all(str(x) in repr(layer) for x in row.args)


@pytest.mark.parametrize("p", [np.float32(0.5), np.float64(0.5), 0.5], ids=lambda p: type(p).__name__)
def test_a_probability_of_numpy_keeps_the_dtype(p):
    layer = nn.Dropout(p, rng=np.random.default_rng(0))
    assert type(layer.p) is float
    assert layer(np.ones(4, np.float32)).dtype == np.float32


def test_a_divisor_of_numpy_is_an_integer_too():
    assert nn.AvgPool2d(2, divisor_override=np.int64(2))(np.ones((1, 2, 2))).item() == 2.0
