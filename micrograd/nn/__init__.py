"""Neural networks: modules, their layers, and the tutorials' Neuron, Layer and MLP.

A network takes one sample, or a batch of samples.
"""

from __future__ import annotations

from micrograd import installed

# Here too: if PyPI's micrograd has overwritten micrograd/__init__.py, that file does
# not warn.
installed.warn_of_conflict()

from micrograd.nn.containers import Residual, Sequential  # noqa: E402
from micrograd.nn.module import Module  # noqa: E402
from micrograd.nn.neuron import MLP, Layer, Neuron  # noqa: E402

__all__ = ["MLP", "Layer", "Module", "Neuron", "Residual", "Sequential"]
