"""Neural networks: the tutorials' Module, Neuron, Layer and MLP, for one sample or a batch at a time."""

from __future__ import annotations

from micrograd import installed

# Here too: where PyPI's micrograd has overwritten micrograd/__init__.py, that does not say so.
installed.warn_of_conflict()

from micrograd.nn.module import Module  # noqa: E402
from micrograd.nn.neuron import MLP, Layer, Neuron  # noqa: E402

__all__ = ["MLP", "Layer", "Module", "Neuron"]
