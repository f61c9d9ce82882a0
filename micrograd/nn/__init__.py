"""Neural networks: modules, their layers, and the tutorials' Neuron, Layer and MLP.

A network takes one sample, or a batch of samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd import installed

# Here too: if PyPI's micrograd has overwritten micrograd/__init__.py, that file does
# not warn.
installed.warn_of_conflict()

from micrograd.nn import (  # noqa: E402
    activations,
    attention,
    cells,
    convolution,
    dropout,
    init,
    linear,
    losses,
    normalization,
    piecewise,
    pooling,
    recurrent,
    softmax,
    transformer,
)
from micrograd.nn.activations import *  # noqa: E402, F403
from micrograd.nn.attention import *  # noqa: E402, F403
from micrograd.nn.cells import *  # noqa: E402, F403
from micrograd.nn.containers import Residual, Sequential  # noqa: E402
from micrograd.nn.convolution import *  # noqa: E402, F403
from micrograd.nn.dropout import *  # noqa: E402, F403
from micrograd.nn.linear import *  # noqa: E402, F403
from micrograd.nn.module import Module  # noqa: E402
from micrograd.nn.names import HERE  # noqa: E402
from micrograd.nn.neuron import MLP, Layer, Neuron  # noqa: E402
from micrograd.nn.normalization import *  # noqa: E402, F403
from micrograd.nn.piecewise import *  # noqa: E402, F403
from micrograd.nn.pooling import *  # noqa: E402, F403
from micrograd.nn.recurrent import *  # noqa: E402, F403
from micrograd.nn.softmax import *  # noqa: E402, F403
from micrograd.nn.transformer import *  # noqa: E402, F403
from micrograd.ops.hints import elsewhere  # noqa: E402

__all__ = ["MLP", "Layer", "Module", "Neuron", "Residual", "Sequential", "init", "losses"]
__all__ += activations.__all__
__all__ += attention.__all__
__all__ += cells.__all__
__all__ += convolution.__all__
__all__ += dropout.__all__
__all__ += linear.__all__
__all__ += normalization.__all__
__all__ += piecewise.__all__
__all__ += pooling.__all__
__all__ += recurrent.__all__
__all__ += softmax.__all__
__all__ += transformer.__all__

if not TYPE_CHECKING:  # pragma: no branch - checkers, which then know all names, do not run

    def __getattr__(name: str) -> None:
        raise elsewhere(__name__, name, HERE)
