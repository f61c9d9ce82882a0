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

from micrograd.optim import lr_scheduler
from micrograd.optim.averages import EMA, SWA
from micrograd.optim.clipping import clip, clip_grad_norm_, clip_grad_value_, clip_values
from micrograd.optim.descent import ASGD, SGD, asgd, sgd
from micrograd.optim.moments import Adam, AdamW, adam, adamw
from micrograd.optim.newton import LBFGS
from micrograd.optim.optimizer import Optimizer
from micrograd.optim.orthogonal import Muon, muon
from micrograd.optim.rule import Rule, apply_updates, chain, elementwise
from micrograd.optim.signs import Lion, Rprop, lion, rprop
from micrograd.optim.squares import Adadelta, Adagrad, RMSprop, adadelta, adagrad, rmsprop
from micrograd.optim.variants import Adamax, NAdam, RAdam, adamax, nadam, radam

__all__ = [
    "ASGD",
    "EMA",
    "LBFGS",
    "SGD",
    "SWA",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "Rule",
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "adamw",
    "apply_updates",
    "asgd",
    "chain",
    "clip",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_values",
    "elementwise",
    "lion",
    "lr_scheduler",
    "muon",
    "nadam",
    "radam",
    "rmsprop",
    "rprop",
    "sgd",
]
