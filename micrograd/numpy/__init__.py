"""NumPy's names with gradients: `import micrograd.numpy as np`.

Then code that is written for NumPy can be differentiated. NumPy's own functions already
accept a Value: they call the op of the same name. But from a list of Values NumPy reads
only the plain numbers. So this module wraps each function, and the wrapper first joins
such a list into one Value: `np.mean([x, x + 2])`. The functions `np.array([v, w])`,
`np.r_[v, 1.0]` and `np.c_[v, w]` of this module also join Values.
"""
# mypy: disable-error-code="no-redef, assignment"

from __future__ import annotations

import numpy as _numpy
from numpy import *  # noqa: F403  (all of NumPy's names; our own are below)

import micrograd.numpy.linalg as linalg  # noqa: F401
import micrograd.numpy.random as random  # noqa: F401
from micrograd.numpy.joiners import c_, r_  # noqa: F401
from micrograd.numpy.lists import array, asanyarray, asarray, taking_lists  # noqa: F401

__all__ = list(_numpy.__all__)
globals().update(taking_lists(_numpy, __name__))
