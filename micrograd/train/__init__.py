"""Training: `fit`, and checkpoints that survive a crash.

from micrograd.train import fit, load, save
"""

from __future__ import annotations

from micrograd.train.callbacks import Callback, Checkpoint, EarlyStopping, Plot, Schedule, TensorBoard
from micrograd.train.checkpoints import load, save
from micrograd.train.finder import LearningRates, find_learning_rate
from micrograd.train.fitting import fit
from micrograd.train.history import History
from micrograd.train.scores import accuracy, evaluate
from micrograd.train.training import Training

__all__ = [
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "History",
    "LearningRates",
    "Plot",
    "Schedule",
    "TensorBoard",
    "Training",
    "accuracy",
    "evaluate",
    "find_learning_rate",
    "fit",
    "load",
    "save",
]
