"""NumPy's names with gradients: `import micrograd.numpy as np`, and code written for NumPy can be differentiated.

NumPy's own functions accept Values already: they find the op of their name. What they cannot see is a list of Values,
of which NumPy would read the bare numbers. So each stands here wrapped, and joins such a list into one Value first:
`np.mean([x, x + 2])`. `np.array([v, w])` of this module joins, too, and so do `np.r_[v, 1.0]` and `np.c_[v, w]`.
"""
# mypy: disable-error-code="no-redef, assignment"

from __future__ import annotations

import numpy as _numpy
from numpy import *  # noqa: F403  (all of NumPy's names; below are those that are ours)

import micrograd.numpy.linalg as linalg  # noqa: F401
import micrograd.numpy.random as random  # noqa: F401
from micrograd.numpy.joiners import c_, r_  # noqa: F401
from micrograd.numpy.lists import array, asanyarray, asarray, taking_lists  # noqa: F401

__all__ = list(_numpy.__all__)
globals().update(taking_lists(_numpy, __name__))
