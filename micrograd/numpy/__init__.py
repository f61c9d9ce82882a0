"""NumPy's names with gradients: `import micrograd.numpy as np`, and code written for NumPy can be differentiated.

NumPy's own functions accept Values already (they find the op of their name). The one thing they cannot see is a list
of Values, of which NumPy would read the bare numbers: `np.array([v, w])` of this module joins them into one Value.
"""
# mypy: disable-error-code="no-redef, assignment"

from __future__ import annotations

import numpy as _numpy
from numpy import *  # noqa: F403  (all of NumPy's names; below are the few that are ours)

import micrograd.numpy.linalg as linalg  # noqa: F401
import micrograd.numpy.random as random  # noqa: F401
from micrograd.numpy.lists import array, asarray  # noqa: F401

__all__ = list(_numpy.__all__)
