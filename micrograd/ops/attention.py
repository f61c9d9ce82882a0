"""The table, attention: means of values, weighted by how well keys fit a query."""

from __future__ import annotations

import math
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.arithmetic import where
from micrograd.ops.layouts import repeat
from micrograd.ops.products import matmul
from micrograd.ops.shapes import swapaxes
from micrograd.ops.softmax import softmax

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """Means of values, weighted by the softmax of products of queries and keys.

    z = softmax(scale query @ key^T + mask) @ value

    A query whose keys are all masked gets 0, with gradient 0.

    Args:
        query: value of shape (..., targets, size).
        key: value of shape (..., sources, size).
        value: value of shape (..., sources, length).
        attn_mask: booleans, True where a query may see a key, or numbers that are
            added. They broadcast to (..., targets, sources).
        dropout_p: only 0: this function has no dropout.
        is_causal: query i sees only the keys 0 to i.
        scale: factor of the products; by default 1 / sqrt(size).
        enable_gqa: each head of key and value serves several heads of query. Heads are
            axis -3.

    Returns:
        Value of shape (..., targets, length).

    Raises:
        ArgumentError: dropout_p is not 0, or both a mask and is_causal are given.
        ShapeError: the shapes do not fit.

    Source: Vaswani et al. (2017), arXiv:1706.03762.

    >>> query, key = np.zeros((1, 2)), np.zeros((2, 2))
    >>> scaled_dot_product_attention(query, key, np.array([[1.0], [3.0]]))
    array([[2.]])
    """
    name = "scaled_dot_product_attention"
    query, key, value = operand(name, query), operand(name, key), operand(name, value)
    if dropout_p != 0.0:
        raise ArgumentError(f"{name}: dropout_p={dropout_p}: it has no dropout; use ops.dropout on the result")
    if attn_mask is not None and is_causal:
        raise ArgumentError(f"{name}: attn_mask and is_causal are both given; put the triangle into the mask")
    if enable_gqa:
        key, value = _shared(name, query, key), _shared(name, query, value)
    _check(name, query, key, value)
    (targets, size), sources = shape_of(query)[-2:], shape_of(key)[-2]
    scale = (1.0 / math.sqrt(size) if size else 1.0) if scale is None else scale
    scores = matmul(query * scale, swapaxes(key, -2, -1))
    if is_causal:
        attn_mask = np.tri(targets, sources, dtype=bool)
    if attn_mask is not None:
        attn_mask = attn_mask if hasattr(attn_mask, "dtype") else np.asarray(attn_mask)
        scores = where(attn_mask, scores, -math.inf) if attn_mask.dtype == bool else scores + attn_mask
    return matmul(softmax(scores, axis=-1), value)


def _check(name: str, query: Array, key: Array, value: Array) -> None:
    q, k, v = shape_of(query), shape_of(key), shape_of(value)
    if min(len(q), len(k), len(v)) < 2 or q[-1] != k[-1] or k[-2] != v[-2]:
        raise ShapeError(
            f"{name}: query {named(query)}, key {named(key)}, value {named(value)}: they need shapes "
            f"(..., targets, size), (..., sources, size) and (..., sources, length)"
        )


def _shared(name: str, query: Array, x: Array) -> Array:
    """The heads of x, each repeated for every head of query that it serves."""
    q, shape = shape_of(query), shape_of(x)
    if len(q) < 3 or len(shape) < 3 or not shape[-3] or q[-3] % shape[-3]:
        raise ShapeError(
            f"{name}: enable_gqa: query {named(query)} and {named(x)}: the number of heads, axis -3, of the first "
            f"must be a multiple of that of the second"
        )
    return x if q[-3] == shape[-3] else repeat(x, q[-3] // shape[-3], axis=len(shape) - 3)
