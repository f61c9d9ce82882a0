"""PyTorch's modules, by the names of its database of them (`module_db`), and ours.

A row names what makes our module from the arguments of PyTorch's. To let another module
join the test, add its row. If one of its samples is refused, say in REFUSED with which
words, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import nn

SAME = """
Linear Bilinear Embedding
Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d
MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d
BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d GroupNorm LayerNorm RMSNorm
CELU ELU GELU GLU Hardshrink Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish PReLU ReLU ReLU6 SELU SiLU
Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold
""".split()

# What makes our module, from the arguments of PyTorch's
MODULES: dict[str, Callable[..., Any]] = {name: getattr(nn, name) for name in SAME}

# Samples that are refused: the words of the error, by module, and why
REFUSED: dict[str, dict[str, str]] = {}

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
    "one layer at a time: TransformerEncoderLayer": "Transformer TransformerDecoderLayer TransformerEncoder",
    "not here yet": "GRU GRUCell LSTM LSTMCell MultiheadAttention RNN RNNCell TransformerEncoderLayer",
}
MISSING = {name: why for why, names in _MISSING.items() for name in names.split()}
