"""Schedules: what the learning rate is after t steps. They have PyTorch's names.

>>> from micrograd import Value
>>> from micrograd.optim import SGD
>>> optimizer = SGD([Value(1.0)], lr=0.1)
>>> schedule = StepLR(optimizer, step_size=2)
>>> for _ in range(3):
...     optimizer.step()
...     schedule.step()
>>> round(optimizer.param_groups[0]["lr"], 6)
0.01
"""

from __future__ import annotations

from micrograd.optim.lr_scheduler.cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from micrograd.optim.lr_scheduler.decays import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from micrograd.optim.lr_scheduler.plateau import ReduceLROnPlateau
from micrograd.optim.lr_scheduler.schedule import LambdaLR, LRScheduler
from micrograd.optim.lr_scheduler.sequence import SequentialLR

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
