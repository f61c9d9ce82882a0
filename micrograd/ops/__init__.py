"""The table of ops, by family; each family's `__all__` says what it offers.

Every function here takes numbers, arrays and values alike: `exp(1.0)` is a number,
`exp(Value(1.0))` a Value.
"""

from __future__ import annotations

from micrograd.op import OPS
from micrograd.ops import (
    activations,
    arithmetic,
    attention,
    bessel,
    beta,
    calculus,
    columns,
    comparisons,
    convolution,
    decompositions,
    determinants,
    diagonals,
    elementwise,
    entropy,
    functions,
    grids,
    incomplete,
    indexing,
    inverses,
    joining,
    layouts,
    lengths,
    logistic,
    matrices,
    matrix_functions,
    nanfunctions,
    networks,
    normal,
    normalization,
    norms,
    ordering,
    pooling,
    products,
    quantiles,
    recurrent,
    reductions,
    rounding,
    scans,
    selecting,
    shapes,
    sliding,
    special,
    splitting,
    statistics,
    symmetric_functions,
    taking,
    vector_products,
)
from micrograd.ops import (
    einsum as _einsum,
)
from micrograd.ops import (
    softmax as _softmax,
)
from micrograd.ops.activations import *  # noqa: F403
from micrograd.ops.arithmetic import *  # noqa: F403
from micrograd.ops.attention import *  # noqa: F403
from micrograd.ops.bessel import *  # noqa: F403
from micrograd.ops.beta import *  # noqa: F403
from micrograd.ops.calculus import *  # noqa: F403
from micrograd.ops.calls import open_calls
from micrograd.ops.columns import *  # noqa: F403
from micrograd.ops.comparisons import *  # noqa: F403
from micrograd.ops.convolution import *  # noqa: F403
from micrograd.ops.decompositions import *  # noqa: F403
from micrograd.ops.determinants import *  # noqa: F403
from micrograd.ops.diagonals import *  # noqa: F403
from micrograd.ops.einsum import *  # noqa: F403  # noqa: F403
from micrograd.ops.elementwise import *  # noqa: F403
from micrograd.ops.entropy import *  # noqa: F403
from micrograd.ops.functions import *  # noqa: F403
from micrograd.ops.grids import *  # noqa: F403
from micrograd.ops.incomplete import *  # noqa: F403
from micrograd.ops.indexing import *  # noqa: F403
from micrograd.ops.inverses import *  # noqa: F403
from micrograd.ops.joining import *  # noqa: F403
from micrograd.ops.layouts import *  # noqa: F403
from micrograd.ops.lengths import *  # noqa: F403
from micrograd.ops.logistic import *  # noqa: F403
from micrograd.ops.matrices import *  # noqa: F403
from micrograd.ops.matrix_functions import *  # noqa: F403
from micrograd.ops.nanfunctions import *  # noqa: F403
from micrograd.ops.networks import *  # noqa: F403
from micrograd.ops.normal import *  # noqa: F403
from micrograd.ops.normalization import *  # noqa: F403
from micrograd.ops.norms import *  # noqa: F403
from micrograd.ops.ordering import *  # noqa: F403
from micrograd.ops.pooling import *  # noqa: F403
from micrograd.ops.products import *  # noqa: F403
from micrograd.ops.quantiles import *  # noqa: F403
from micrograd.ops.recurrent import *  # noqa: F403
from micrograd.ops.reductions import *  # noqa: F403
from micrograd.ops.rounding import *  # noqa: F403
from micrograd.ops.scans import *  # noqa: F403
from micrograd.ops.selecting import *  # noqa: F403
from micrograd.ops.shapes import *  # noqa: F403  # noqa: F403
from micrograd.ops.sliding import *  # noqa: F403
from micrograd.ops.softmax import *  # noqa: F403  # noqa: F403
from micrograd.ops.special import *  # noqa: F403  # noqa: F403
from micrograd.ops.splitting import *  # noqa: F403
from micrograd.ops.statistics import *  # noqa: F403
from micrograd.ops.symmetric_functions import *  # noqa: F403
from micrograd.ops.taking import *  # noqa: F403
from micrograd.ops.vector_products import *  # noqa: F403

FAMILIES = (
    comparisons,
    arithmetic,
    functions,
    rounding,
    elementwise,
    lengths,
    logistic,
    activations,
    special,
    normal,
    incomplete,
    beta,
    bessel,
    entropy,
    reductions,
    _softmax,
    scans,
    ordering,
    quantiles,
    statistics,
    nanfunctions,
    calculus,
    shapes,
    indexing,
    taking,
    joining,
    splitting,
    layouts,
    diagonals,
    grids,
    selecting,
    _einsum,
    matrices,
    products,
    vector_products,
    inverses,
    determinants,
    decompositions,
    norms,
    matrix_functions,
    symmetric_functions,
    sliding,
    convolution,
    columns,
    pooling,
    networks,
    normalization,
    attention,
    recurrent,
)
globals().update(open_calls(FAMILIES))  # composites take positions and lists, as ops do
__all__ = ["OPS", *sorted(name for family in FAMILIES for name in family.__all__)]
