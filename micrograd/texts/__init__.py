"""The classes of four published texts about micrograd, made of our Value.

A program of a text runs if one line replaces its imports, or its own class definitions.
For text 000 (PyImageSearch), 001 (micrograduate), 002 (ngrad) and 003 (a walk through
the video) that line is:

    from micrograd.texts.pyimagesearch import Layer, MLP, Module, Neuron, Value
    from micrograd.texts.micrograduate import Layer, MLP, Neuron, Value, draw, trace
    from micrograd.texts.ngrad import Layer, MLP, Neuron, Value, draw_dot, trace
    from micrograd.texts.walkthrough import Layer, MLP, Neuron, Value, draw_dot, trace

Where a text has an error, the classes here are right, and their docstrings say what
differs. In a new program use `micrograd.nn`: its MLP also takes a batch of samples, and
other activations.

>>> from micrograd.texts import pyimagesearch
>>> pyimagesearch.Neuron(number_inputs=2, name=1)
Neuron 1(Number=2, Non-Linearity=ReLU)
"""

from __future__ import annotations

import lazy_loader

ROOMS = ["micrograduate", "ngrad", "pyimagesearch", "walkthrough"]

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submodules=ROOMS)
