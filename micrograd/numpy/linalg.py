"""`numpy.linalg`, with functions that also accept lists of Values."""

from __future__ import annotations

import numpy.linalg as _linalg
from numpy.linalg import *  # noqa: F403

from micrograd.numpy.lists import taking_lists

globals().update(taking_lists(_linalg, __name__))
