"""Rows of samples, at least one per op of the table: the generic tests run over all of
them.

A module per family mirrors micrograd/ops/. SAMPLES stand away from kinks; what an op
does at its kinks is in KINKS; TORCH names the same ops in PyTorch.
"""

from __future__ import annotations

from typing import Any

from tests.samples import (
    activations,
    arithmetic,
    bessel,
    beta,
    calculus,
    comparisons,
    decompositions,
    determinants,
    einsum,
    elementwise,
    entropy,
    functions,
    incomplete,
    indexing,
    inverses,
    joining,
    lengths,
    logistic,
    matrix_functions,
    networks,
    normal,
    normalization,
    ordering,
    products,
    quantiles,
    recurrent,
    reductions,
    rounding,
    scans,
    shapes,
    sliding,
    softmax,
    special,
)
from tests.samples.sample import Kink, Sample

FAMILIES: list[Any] = [
    activations,
    arithmetic,
    bessel,
    beta,
    calculus,
    decompositions,
    determinants,
    comparisons,
    einsum,
    elementwise,
    entropy,
    functions,
    incomplete,
    indexing,
    inverses,
    joining,
    lengths,
    logistic,
    matrix_functions,
    networks,
    normal,
    normalization,
    products,
    ordering,
    quantiles,
    recurrent,
    reductions,
    rounding,
    scans,
    shapes,
    sliding,
    softmax,
    special,
]
SAMPLES: list[Sample] = [sample for family in FAMILIES for sample in family.SAMPLES]
KINKS: list[Kink] = [kink for family in FAMILIES for kink in family.KINKS]
TORCH: dict[str, Any] = {name: f for family in FAMILIES for name, f in family.TORCH.items()}

__all__ = ["FAMILIES", "KINKS", "SAMPLES", "TORCH", "Kink", "Sample"]
