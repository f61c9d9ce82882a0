"""Attention: against NumPy written out and PyTorch; masks, all of a row masked; what it
says to bad input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gradcheck, ops
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, said
from tests.samples.sample import array

attention = ops.scaled_dot_product_attention


def _attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    is_causal: bool = False,
    scale: Any = None,
    enable_gqa: bool = False,
) -> Any:
    """By loops over the queries."""
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = np.repeat(key, times, -3), np.repeat(value, times, -3)
    scores = query @ np.swapaxes(key, -1, -2) * (1.0 / math.sqrt(query.shape[-1]) if scale is None else scale)
    z = np.zeros((*scores.shape[:-1], value.shape[-1]))
    for i in range(scores.shape[-2]):
        row = scores[..., i, :]
        if is_causal:
            row = np.where(np.arange(row.shape[-1]) <= i, row, -np.inf)
        if attn_mask is not None:
            mask = np.broadcast_to(attn_mask, scores.shape)[..., i, :]
            row = np.where(mask, row, -np.inf) if mask.dtype == bool else row + mask
        weights = np.exp(row)
        z[..., i, :] = np.einsum("...s,...sd->...d", weights / weights.sum(-1, keepdims=True), value)
    return z


QKV = (array(2, 3, 2), array(2, 4, 2, low=-1.0), array(2, 4, 1, low=-1.0))
HEADS = (array(1, 4, 2, 2), array(1, 2, 3, 2, low=-1.0), array(1, 2, 3, 1, low=-1.0))
MASK = np.array([[True, False, True, True], [True, True, False, False], [False, False, False, True]])
BIAS = array(3, 4, low=-1.0)
ROWS = [
    Row("scaled_dot_product_attention", QKV, _attention),
    Row("scaled_dot_product_attention", QKV, _attention, {"is_causal": True}),
    Row("scaled_dot_product_attention", QKV, _attention, {"scale": 2.0, "attn_mask": MASK}),
    Row("scaled_dot_product_attention", HEADS, _attention, {"enable_gqa": True}),
    Row("scaled_dot_product_attention", (*QKV, BIAS), _attention),
    Row("scaled_dot_product_attention", tuple(x[0] for x in QKV), _attention, {"attn_mask": MASK}),
]


@pytest.mark.parametrize("row", ROWS, ids=[str(i) for i in range(len(ROWS))])
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=[str(i) for i in range(len(ROWS))])
def test_against_torch(row: Row) -> None:
    def theirs(torch: Any, *xs: Any, **params: Any) -> Any:
        if "attn_mask" in params:
            params["attn_mask"] = torch.tensor(params["attn_mask"])
        return torch.nn.functional.scaled_dot_product_attention(*xs, **params)

    agrees_with_torch(row, theirs)


@pytest.mark.parametrize(
    "mask", [np.array([[False] * 4, [True] * 4, [True] * 4]), np.array([[-np.inf] * 4, [0.0] * 4, [0.0] * 4])]
)
def test_a_query_whose_keys_are_all_masked_gets_0_and_no_gradient(mask: Any) -> None:
    values = [Value(x[0]) for x in QKV]
    z = attention(*values, mask)
    np.testing.assert_array_equal(z.data[0], [0.0])
    np.testing.assert_allclose(z.data[1:], attention(*(x[0] for x in QKV))[1:], rtol=1e-14)
    z.backward()
    np.testing.assert_array_equal(values[0].grad[0], [0.0, 0.0])
    assert all(np.isfinite(v.grad).all() and np.any(v.grad) for v in values)
    assert gradcheck(lambda q, k, v: attention(q, k, v, mask), [x[0] for x in QKV])
    arrays = [x[0] for x in QKV]
    _, t = jvp(lambda q, k, v: attention(q, k, v, mask), arrays, [np.ones_like(x) for x in arrays])
    np.testing.assert_array_equal(t[0], [0.0])


def test_huge_products_do_not_overflow() -> None:
    z = attention(np.full((1, 2), 1e200), np.array([[1e100, 0.0], [0.0, 0.0]]), np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(z, [[1.0]])


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "attention(w, w, w, dropout_p=0.1)",
            ArgumentError,
            "dropout_p=0.1: it has no dropout; use ops.dropout",
        ),
        (
            "attention(w, w, w, np.ones((2, 2), bool), is_causal=True)",
            ArgumentError,
            "attn_mask and is_causal are both",
        ),
        ("attention(w, w, b)", ShapeError, "query 'w' (2, 3), key 'w' (2, 3), value 'b' (2,): they need shapes"),
        ("attention(w, w[:, :2], w)", ShapeError, "query 'w' (2, 3), key (2, 2), value 'w' (2, 3): they need shapes"),
        (
            "attention(w, w, w, enable_gqa=True)",
            ShapeError,
            "enable_gqa: query 'w' (2, 3) and 'w' (2, 3): the number of heads, axis -3",
        ),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    text = said("attention = ops.scaled_dot_product_attention\n" + program, error)
    assert text.startswith(f"scaled_dot_product_attention: {words}")
