"""A model for each layer of nn, an input for it, and the axis of the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from micrograd import nn, ops


class Case(NamedTuple):
    name: str
    model: Any
    inputs: tuple[Any, ...]
    axis: Any = 0


RNG = np.random.default_rng(7)
PLAIN = (
    "CELU ELU GELU SELU LeakyReLU LogSigmoid Mish PReLU ReLU SiLU Sigmoid Softplus Softsign Tanh Tanhshrink Hardshrink "
    "Hardsigmoid Hardswish Hardtanh ReLU6 Softshrink Identity Dropout GLU"
).split()


def floats(*shape: int) -> Any:
    return RNG.normal(size=shape)


def activations() -> Iterator[Case]:
    for name in PLAIN:
        yield Case(name, getattr(nn, name)(), (2.0 * floats(4, 6),))
    for name in ("Softmax", "Softmin", "LogSoftmax"):
        yield Case(name, getattr(nn, name)(dim=1), (floats(4, 6, 2),))
    yield Case("GELU tanh", nn.GELU("tanh"), (floats(4, 6),))
    yield Case("PReLU of channels", nn.PReLU(3), (floats(4, 3, 2),))
    yield Case("Threshold", nn.Threshold(0.5, -1.0), (floats(4, 6),))
    yield Case("Softmax2d", nn.Softmax2d(), (floats(2, 3, 4, 4),))


def linear() -> Iterator[Case]:
    yield Case("Linear", nn.Linear(6, 3, rng=RNG), (floats(4, 6),))
    yield Case("Linear of rows", nn.Linear(6, 3, rng=RNG), (floats(4, 5, 6),))
    yield Case("Linear without bias", nn.Linear(6, 3, bias=False, rng=RNG), (floats(4, 5, 6),))
    yield Case("Bilinear", nn.Bilinear(3, 4, 2, rng=RNG), (floats(5, 3), floats(5, 4)))
    yield Case("Embedding", nn.Embedding(7, 3, rng=RNG), (RNG.integers(0, 7, (4, 2)),))
    yield Case("Embedding with padding", nn.Embedding(7, 3, padding_idx=1, rng=RNG), (RNG.integers(0, 7, (4, 2)),))
    yield Case("Flatten", nn.Flatten(), (floats(4, 2, 3),))
    yield Case("Unflatten", nn.Unflatten(1, (2, 3)), (floats(4, 6),))
    mlp = nn.MLP(3, [4, 4, 1])
    yield Case("MLP", mlp, (floats(5, 3),))
    yield Case("MLP of one sample", mlp, (floats(3),), None)
    yield Case("Layer", nn.Layer(3, 2), (floats(5, 3),))
    yield Case("Neuron", nn.Neuron(3, activation="tanh"), (floats(5, 3),))
    sequence = nn.Sequential(nn.Linear(2, 3, rng=RNG), ops.tanh, nn.Residual(nn.Linear(3, 3, rng=RNG)))
    yield Case("Sequential", sequence, (floats(4, 2),))
    yield Case("Residual", nn.Residual(nn.Linear(3, 3, rng=RNG)), (floats(4, 3),))


def sliding(k: int) -> Iterator[Case]:
    x = floats(2, 4, *(7, 6, 5)[:k])
    conv, transposed = getattr(nn, f"Conv{k}d"), getattr(nn, f"ConvTranspose{k}d")
    yield Case(f"Conv{k}d", conv(4, 6, 3, padding=1, dilation=2, rng=RNG), (x,))
    yield Case(f"Conv{k}d in groups", conv(4, 6, 3, stride=2, padding=1, groups=2, rng=RNG), (x,))
    yield Case(f"Conv{k}d of one", conv(4, 6, 3, rng=RNG), (x[0],), None)
    for mode in ("reflect", "replicate", "circular"):
        yield Case(f"Conv{k}d {mode}", conv(4, 2, 3, padding=1, padding_mode=mode, rng=RNG), (x,))
    yield Case(f"ConvTranspose{k}d", transposed(4, 2, 3, padding=1, stride=2, output_padding=1, rng=RNG), (x,))
    yield Case(f"ConvTranspose{k}d in groups", transposed(4, 6, 2, groups=2, dilation=2, rng=RNG), (x,))
    for name, options in (("MaxPool", {"padding": 1}), ("MaxPool", {"ceil_mode": True, "stride": 3})):
        yield Case(f"{name}{k}d {options}", getattr(nn, f"{name}{k}d")(2, **options), (x,))
    for options in ({"padding": 1}, {"padding": 1, "count_include_pad": False}, {"ceil_mode": True}):
        yield Case(f"AvgPool{k}d {options}", getattr(nn, f"AvgPool{k}d")(2, **options), (x,))
    yield Case(f"MaxPool{k}d of one", getattr(nn, f"MaxPool{k}d")(2), (x[0],), None)
    yield Case(f"AdaptiveAvgPool{k}d", getattr(nn, f"AdaptiveAvgPool{k}d")(2), (x,))
    yield Case(f"AdaptiveMaxPool{k}d", getattr(nn, f"AdaptiveMaxPool{k}d")(3), (x,))
    batch = getattr(nn, f"BatchNorm{k}d")(4)
    batch(1.5 * x + 1.0)  # so that it has seen a batch
    yield Case(f"BatchNorm{k}d", batch, (x,))
    yield Case(f"BatchNorm{k}d by the batch", getattr(nn, f"BatchNorm{k}d")(4, track_running_stats=False), (x,))
    yield Case(f"InstanceNorm{k}d", getattr(nn, f"InstanceNorm{k}d")(4, affine=True), (x,))
    tracked = getattr(nn, f"InstanceNorm{k}d")(4, track_running_stats=True)
    tracked(1.5 * x + 1.0)
    yield Case(f"InstanceNorm{k}d, tracked", tracked, (x,))
    yield Case(f"Dropout{k}d", getattr(nn, f"Dropout{k}d")(), (x,))


def sequences() -> Iterator[Case]:
    for name in ("RNN", "LSTM", "GRU"):
        kind = getattr(nn, name)
        yield Case(name, kind(3, 4, rng=RNG), (floats(6, 5, 3),), 1)
        both = kind(3, 4, 2, batch_first=True, bidirectional=True, bias=False, rng=RNG)
        yield Case(f"{name}, both ways", both, (floats(5, 6, 3),))
        yield Case(f"{name}, any steps", kind(3, 4, rng=RNG), (floats(6, 3),))
        yield Case(f"{name}Cell", getattr(nn, f"{name}Cell")(3, 4, rng=RNG), (floats(5, 3),))
    yield Case("RNN relu", nn.RNN(3, 4, nonlinearity="relu", rng=RNG), (floats(6, 5, 3), floats(1, 5, 4)), 1)
    states = floats(1, 5, 4), floats(1, 5, 4)
    yield Case("LSTM with states", nn.LSTM(3, 4, batch_first=True, rng=RNG), (floats(5, 6, 3), states), (0, 1, 1))
    yield Case("LSTM, projected", nn.LSTM(3, 4, proj_size=2, rng=RNG), (floats(3, 5, 3),), 1)
    attention = nn.MultiheadAttention(8, 2, batch_first=True, rng=RNG)
    yield Case("MultiheadAttention", attention, (floats(3, 5, 8), floats(3, 6, 8), floats(3, 6, 8)))
    more = nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True, rng=RNG)
    yield Case("MultiheadAttention and more", more, (floats(5, 3, 8), floats(6, 3, 8), floats(6, 3, 8)), 1)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, rng=RNG)
    yield Case("TransformerEncoder", nn.TransformerEncoder(layer, 2, nn.LayerNorm(8)), (floats(3, 5, 8),))
    gelu = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True, rng=RNG)
    yield Case("TransformerEncoderLayer", gelu, (floats(5, 3, 8),), 1)


def norms() -> Iterator[Case]:
    yield Case("LayerNorm", nn.LayerNorm((4, 2)), (floats(3, 4, 2),))
    yield Case("RMSNorm", nn.RMSNorm(4), (floats(3, 4),))
    yield Case("GroupNorm", nn.GroupNorm(2, 4), (floats(3, 4, 5),))


CASES = [*activations(), *linear(), *sliding(1), *sliding(2), *sliding(3), *sequences(), *norms()]
IDS = [case.name for case in CASES]
assert len(set(IDS)) == len(IDS)


def plain(x: Any) -> Any:
    """The numbers of a result."""
    return np.asarray(x.data if hasattr(x, "backward") else x)
