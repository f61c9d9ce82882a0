"""Losses: functions of a prediction and a target, with PyTorch's options.

The prediction comes first, the target second, and options by name:

>>> from micrograd.nn import losses
>>> float(losses.mse([1.0, 3.0], [0.0, 1.0], reduction="sum"))
5.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.nn.losses.classes import cross_entropy, hinge, multi_hinge, nll
from micrograd.nn.losses.distances import cosine_embedding, triplet
from micrograd.nn.losses.probabilities import bce, bce_with_logits, kl_div
from micrograd.nn.losses.regression import gaussian_nll, huber, l1, mse, poisson_nll, smooth_l1
from micrograd.nn.names import HERE
from micrograd.ops.hints import elsewhere

__all__ = [
    "bce",
    "bce_with_logits",
    "cosine_embedding",
    "cross_entropy",
    "gaussian_nll",
    "hinge",
    "huber",
    "kl_div",
    "l1",
    "mse",
    "multi_hinge",
    "nll",
    "poisson_nll",
    "smooth_l1",
    "triplet",
]

if not TYPE_CHECKING:  # pragma: no branch - checkers, which then know all names, do not run

    def __getattr__(name: str) -> None:
        raise elsewhere(__name__, name, HERE)
