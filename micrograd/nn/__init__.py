"""Neural networks: the tutorials' Module, Neuron, Layer and MLP, for one sample or a batch at a time."""

from __future__ import annotations

from micrograd.nn.module import Module
from micrograd.nn.neuron import MLP, Layer, Neuron

__all__ = ["MLP", "Layer", "Module", "Neuron"]
