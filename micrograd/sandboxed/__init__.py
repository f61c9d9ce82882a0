"""Programs of a reader, run in a process of their own, within limits."""

from __future__ import annotations

from micrograd.sandboxed.process import run_apart

__all__ = ["run_apart"]
