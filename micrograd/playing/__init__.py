"""The live page: a small network that learns points in the plane, step by step."""

from __future__ import annotations

from micrograd.playing.play import Play

__all__ = ["Play"]
