"""Optimisers: rules that move parameters against their gradients.

The classes have PyTorch's names, arguments and defaults. Each stands on a rule, a pure
function of gradients and state, with its name in small letters; rules compose.

>>> from micrograd import Value
>>> w = Value(3.0)
>>> optimizer = SGD([w], lr=0.25)
>>> for _ in range(20):
...     optimizer.zero_grad()
...     ((w - 1.0) ** 2).backward()
...     optimizer.step()
>>> round(w.data, 3)
1.0
"""

from __future__ import annotations

from micrograd.optim.descent import SGD, clip, clip_values, sgd
from micrograd.optim.moments import Adam, AdamW, adam, adamw
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.rule import Rule, apply_updates, chain, elementwise

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "Rule",
    "adam",
    "adamw",
    "apply_updates",
    "chain",
    "clip",
    "clip_values",
    "elementwise",
    "sgd",
]
