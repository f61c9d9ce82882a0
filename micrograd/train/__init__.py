"""Training: `fit`, and checkpoints that survive a crash."""

from __future__ import annotations

from micrograd.train.checkpoints import load, save

__all__ = ["load", "save"]
