"""`numpy.random` without a change: random numbers have no gradient."""

from __future__ import annotations

from numpy.random import *  # noqa: F403
