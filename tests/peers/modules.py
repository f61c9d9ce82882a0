"""PyTorch's modules, by the names of its database of them (`module_db`), and ours.

A row names what makes our module from the arguments of PyTorch's. To let another module
join the test, add its row. If one of its samples is refused, say in REFUSED with which
words, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd import nn

SAME = """
Linear Bilinear Embedding
Flatten Unflatten Identity Hardsigmoid Dropout Dropout1d Dropout2d Dropout3d
Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d GroupNorm LayerNorm RMSNorm
CELU ELU GELU GLU Hardshrink Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish PReLU ReLU ReLU6 SELU SiLU
Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold
RNN LSTM GRU RNNCell LSTMCell GRUCell MultiheadAttention TransformerEncoderLayer
""".split()

# What makes our module, from the arguments of PyTorch's
MODULES: dict[str, Callable[..., Any]] = {name: getattr(nn, name) for name in SAME}


class Extra(NamedTuple):
    """A sample of ours: what PyTorch's database leaves out.

    Attributes:
        name: of the module.
        made: arguments of the constructor.
        options: its keyword arguments.
        shapes: of the inputs.
        given: further arguments of the call.
    """

    name: str
    made: tuple[Any, ...]
    options: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    given: dict[str, Any] = {}


_CONV: list[dict[str, Any]] = [
    {"stride": 2, "padding": 1},
    {"dilation": 2, "groups": 2},
    {"padding": "same", "dilation": 2, "bias": False},
    {"padding": "valid"},
    *({"padding": 2, "padding_mode": mode, "stride": 2} for mode in ("reflect", "replicate", "circular")),
    {"padding": "same", "padding_mode": "circular"},
]
_TRANSPOSED: list[dict[str, Any]] = [
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"dilation": 2, "groups": 2},
    {"stride": 3, "bias": False},
]
_WINDOW: list[dict[str, Any]] = [{"stride": 1}, {"padding": 1}, {"padding": 1, "ceil_mode": True, "stride": 2}]
EXTRAS = [
    Extra("Linear", (3, 2), {}, ((4, 5, 3),)),
    Extra("Linear", (3, 2), {}, ((2, 4, 5, 3),)),
    Extra("Bilinear", (3, 2, 4), {}, ((2, 5, 3), (2, 5, 2))),
    Extra("Bilinear", (3, 2, 4), {}, ((3,), (2,))),
    Extra("Flatten", (), {}, ((2, 3, 4),)),
    Extra("Flatten", (0, 1), {}, ((2, 3, 4),)),
    Extra("Unflatten", (1, (2, 3)), {}, ((5, 6),)),
    Extra("Unflatten", (-1, (2, -1)), {}, ((5, 6),)),
    Extra("Identity", (7,), {"unused": 1}, ((2, 3),)),
    Extra("Hardsigmoid", (), {}, ((4, 5),)),
    Extra("Softplus", (2.0,), {"threshold": 1.0}, ((4, 5),)),
    Extra("GELU", ("tanh",), {}, ((4, 5),)),
    *(Extra(f"Conv{k}d", (4, 6, 3), options, ((2, 4, *(5, 7, 6)[:k]),)) for k in (1, 2, 3) for options in _CONV),
    Extra("Conv2d", (1, 2, (3, 2)), {"stride": (1, 2), "padding": (0, 1)}, ((2, 1, 5, 6),)),
    *(
        Extra(f"ConvTranspose{k}d", (4, 6, 3), options, ((2, 4, *(5, 4, 3)[:k]),))
        for k in (1, 2, 3)
        for options in _TRANSPOSED
    ),
    Extra("ConvTranspose2d", (2, 3, 3), {"stride": 2}, ((2, 2, 3, 4),), {"output_size": [8, 10]}),
    *(
        Extra(f"{kind}Pool{k}d", (3,), options, ((2, 2, *(7, 6, 8)[:k]),))
        for kind in ("Max", "Avg")
        for k in (1, 2, 3)
        for options in _WINDOW
    ),
    Extra("MaxPool2d", (2,), {"dilation": 2}, ((2, 2, 6, 7),)),
    Extra("AvgPool2d", (3,), {"padding": 1, "count_include_pad": False}, ((2, 2, 6, 7),)),
    Extra("AdaptiveAvgPool2d", ((None, 2),), {}, ((2, 2, 6, 7),)),
    Extra("BatchNorm1d", (3,), {"momentum": None}, ((4, 3),)),
    Extra("BatchNorm2d", (3,), {"bias": False}, ((4, 3, 2, 2),)),
    Extra("LayerNorm", ((2, 3),), {"bias": False}, ((4, 2, 3),)),
    Extra("RMSNorm", (3,), {"eps": 1e-3}, ((4, 2, 3),)),
    Extra("Dropout", (0.0,), {}, ((4, 3),)),
    Extra("Dropout", (1.0,), {}, ((4, 3),)),
    *(Extra(f"Dropout{k}d", (1.0,), {}, ((2, 2, *(3, 2, 4)[:k]),)) for k in (1, 2, 3)),
]

# Samples that are refused: the words of the error, by module, and why
REFUSED: dict[str, dict[str, str]] = {}

# Where PyTorch's own gradient in float64 is rounded: how far, and why
ROUGH = {"Hardsigmoid": (1e-7, "PyTorch multiplies by 1 / 6 in float32, which is 0.16666667163")}

# Modules of PyTorch's database that are not compared here, and why
_MISSING = {
    "losses are functions here, with a test of their own": "BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss "
    "CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss LinearCrossEntropyLoss MSELoss "
    "MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss PoissonNLLLoss "
    "SmoothL1Loss SoftMarginLoss",
    "sizes are given here, not guessed from the first input": "LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d "
    "LazyConvTranspose2d LazyConvTranspose3d",
    "windows at random places are not here": "FractionalMaxPool2d FractionalMaxPool3d",
    "ops.pad does it": "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d "
    "ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d "
    "ZeroPad2d ZeroPad3d",
    "too rare": "LPPool1d LPPool2d LPPool3d LocalResponseNorm",
    "the database makes it from a layer of PyTorch's; TransformerEncoderLayer is compared": "TransformerEncoder",
    "there is no decoder here": "Transformer TransformerDecoderLayer",
}
MISSING = {name: why for why, names in _MISSING.items() for name in names.split()}
