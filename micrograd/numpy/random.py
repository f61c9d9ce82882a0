"""`numpy.random` as it is: draws carry no gradient."""

from __future__ import annotations

from numpy.random import *  # noqa: F403
