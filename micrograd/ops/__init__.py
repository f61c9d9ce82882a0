"""The table of ops, by family; each family's `__all__` says what it offers.

Every function here takes numbers, arrays and values alike: `exp(1.0)` is a number, `exp(Value(1.0))` a Value.
"""

from __future__ import annotations

from micrograd.op import OPS
from micrograd.ops import (
    arithmetic,
    calculus,
    elementwise,
    functions,
    indexing,
    linalg,
    nanfunctions,
    networks,
    reductions,
    rounding,
    shapes,
    special,
    statistics,
)
from micrograd.ops import (
    einsum as _einsum,
)
from micrograd.ops import (
    softmax as _softmax,
)
from micrograd.ops.arithmetic import *  # noqa: F403
from micrograd.ops.calculus import *  # noqa: F403
from micrograd.ops.einsum import *  # noqa: F403
from micrograd.ops.elementwise import *  # noqa: F403
from micrograd.ops.functions import *  # noqa: F403
from micrograd.ops.indexing import *  # noqa: F403
from micrograd.ops.linalg import *  # noqa: F403
from micrograd.ops.nanfunctions import *  # noqa: F403
from micrograd.ops.networks import *  # noqa: F403
from micrograd.ops.reductions import *  # noqa: F403
from micrograd.ops.rounding import *  # noqa: F403
from micrograd.ops.shapes import *  # noqa: F403
from micrograd.ops.softmax import *  # noqa: F403
from micrograd.ops.special import *  # noqa: F403
from micrograd.ops.statistics import *  # noqa: F403

FAMILIES = (
    *(arithmetic, functions, rounding, elementwise, special, reductions, _softmax, statistics, nanfunctions, calculus),
    *(shapes, indexing, linalg, _einsum, networks),
)
__all__ = ["OPS", *sorted(name for family in FAMILIES for name in family.__all__)]
