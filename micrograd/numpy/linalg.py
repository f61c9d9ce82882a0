"""`numpy.linalg`, whose functions accept Values."""

from __future__ import annotations

from numpy.linalg import *  # noqa: F403
