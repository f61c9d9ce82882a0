"""The classes of the four published texts about micrograd, on our Value: one room per text.

A program of a text runs with its imports, or its own class definitions, replaced by one line:

| text | the line |
|---|---|
| 000, PyImageSearch | `from micrograd.texts.pyimagesearch import Layer, MLP, Module, Neuron, Value` |
| 001, micrograduate | `from micrograd.texts.micrograduate import Layer, MLP, Neuron, Value, draw, trace` |
| 002, ngrad | `from micrograd.texts.ngrad import Layer, MLP, Neuron, Value, draw_dot, trace` |
| 003, a walk through the video | `from micrograd.texts.walkthrough import Layer, MLP, Neuron, Value, draw_dot, trace` |

Where a text has an error, the classes here are right, and their docstrings say what differs. For new programs take
`micrograd.nn`: its MLP also takes a batch of samples, and other activations.

>>> from micrograd.texts import pyimagesearch
>>> pyimagesearch.Neuron(number_inputs=2, name=1)
Neuron 1(Number=2, Non-Linearity=ReLU)
"""

from __future__ import annotations

import lazy_loader

ROOMS = ["micrograduate", "ngrad", "pyimagesearch", "walkthrough"]

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=ROOMS)
