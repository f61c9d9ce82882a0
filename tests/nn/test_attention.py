"""MultiheadAttention and the layers of a transformer: against NumPy written out, and at
their borders.

tests/peers/test_sequences.py compares them with PyTorch, over all options.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, jvp, nn
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, ShapeError
from micrograd.ops import scaled_dot_product_attention, tanh


def rng() -> np.random.Generator:
    return np.random.default_rng(1337)


def random(*shape: int) -> Any:
    return rng().standard_normal(shape)


def written_out(layer: Any, x: Any, mask: Any = None) -> tuple[Any, Any]:
    """Attention of one sequence to itself, head by head."""
    names = {name: p.data for name, p in layer.named_parameters()}
    n, size = x.shape[1], x.shape[1] // layer.num_heads
    q, k, v = np.split(x @ names["in_proj_weight"].T + names["in_proj_bias"], 3, axis=-1)
    heads, weights = [], []
    for start in range(0, n, size):
        part = slice(start, start + size)
        scores = q[:, part] @ k[:, part].T / np.sqrt(size) + (0.0 if mask is None else mask)
        shares = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        heads.append(shares @ v[:, part])
        weights.append(shares)
    return np.concatenate(heads, axis=-1) @ names["out_proj.weight"].T + names["out_proj.bias"], np.array(weights)


def test_attention_is_the_formula() -> None:
    layer, x = nn.MultiheadAttention(6, 3, rng=rng()), random(4, 6)
    layer.in_proj_bias.data = random(18)
    for mask in (None, random(4, 4)):
        z, weights = layer(x, x, x, attn_mask=mask, average_attn_weights=False)
        expected, shares = written_out(layer, x, mask)
        np.testing.assert_allclose(z.data, expected, rtol=1e-12)
        np.testing.assert_allclose(weights.data, shares, rtol=1e-12)
        np.testing.assert_allclose(layer(x, x, x, attn_mask=mask)[1].data, shares.mean(axis=0), rtol=1e-12)


def test_one_head_is_the_op() -> None:
    layer, x = nn.MultiheadAttention(4, 1, batch_first=True, bias=False, rng=rng()), random(2, 3, 4)
    layer.in_proj_weight.data = np.concatenate([np.eye(4)] * 3)
    layer.out_proj.weight.data = np.eye(4)
    wanted = scaled_dot_product_attention(x, x, x, is_causal=True)
    np.testing.assert_allclose(layer(x, x, x, is_causal=True)[0].data, wanted, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"add_bias_kv": True, "add_zero_attn": True}, {"kdim": 2}], ids=str)
def test_gradients_of_first_and_second_order(options: dict[str, Any]) -> None:
    layer = nn.MultiheadAttention(4, 2, batch_first=True, rng=rng(), **options)
    inputs = [random(2, 3, 4), random(2, 2, options.get("kdim", 4)) + 0.5, random(2, 2, 4) - 0.5]
    padding = np.array([[False, True], [False, False]])
    assert gradcheck(lambda q, k, v: (layer(q, k, v, padding)[0] ** 2).sum(), inputs, order=2)
    assert gradcheck(lambda q, k, v: (layer(q, k, v)[1] ** 2).sum(), inputs, order=2)


def test_a_mask_has_a_gradient() -> None:
    layer, x = nn.MultiheadAttention(4, 2, rng=rng()), random(3, 4)
    assert gradcheck(lambda mask: (layer(x, x, x, attn_mask=mask)[0] ** 2).sum(), [random(3, 3)], order=2)


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "activation": "gelu"}, {"activation": tanh}], ids=str)
def test_gradients_of_a_layer(options: dict[str, Any]) -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 3, 0.0, batch_first=True, rng=rng(), **options)
    assert gradcheck(lambda x: (layer(x, is_causal=True) ** 3).sum(), [random(2, 3, 4)], order=2)


def test_forward_mode_is_the_gradient() -> None:
    layer, x = nn.TransformerEncoderLayer(4, 2, 3, 0.0, rng=rng()), random(3, 2, 4)
    direction = [random(*p.shape) for p in layer.parameters()]

    def loss(layer: Any) -> Any:
        return tanh(layer(x)).sum()

    gradients = [g.data for g in grad(loss)(layer).parameters()]
    _, tangent = jvp(lambda *leaves: loss(layer.with_leaves(leaves)), [p.data for p in layer.parameters()], direction)
    wanted = sum((g * t).sum() for g, t in zip(gradients, direction, strict=True))
    np.testing.assert_allclose(tangent, wanted, rtol=1e-9)


def test_what_comes_later_does_not_matter_to_a_causal_layer() -> None:
    layer, x = nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True, rng=rng()), random(2, 5, 4)
    other = x.copy()
    other[:, 3:] += 1.0
    first, second = layer(x, is_causal=True).data, layer(other, is_causal=True).data
    np.testing.assert_array_equal(first[:, :3], second[:, :3])
    assert not np.allclose(first[:, 3:], second[:, 3:])


def test_a_query_without_keys_gets_the_bias_alone() -> None:
    layer, x = nn.MultiheadAttention(4, 2, rng=rng()), Value(random(3, 4))
    layer.out_proj.bias.data = np.arange(4.0)
    z, weights = layer(x, x, x, np.ones(3, bool))
    np.testing.assert_array_equal(z.data, [np.arange(4.0)] * 3)
    np.testing.assert_array_equal(weights.data, np.zeros((3, 3)))
    (z**2).sum().backward()
    np.testing.assert_array_equal(x.grad, np.zeros((3, 4)))


def test_boolean_masks_and_numbers_say_the_same() -> None:
    layer, x = nn.MultiheadAttention(4, 2, batch_first=True, rng=rng()), random(2, 3, 4)
    mask = ~np.tri(3, dtype=bool)
    by_numbers = layer(x, x, x, attn_mask=np.where(mask, -np.inf, 0.0))[0]
    np.testing.assert_array_equal(layer(x, x, x, attn_mask=mask)[0].data, by_numbers.data)
    np.testing.assert_array_equal(layer(x, x, x, attn_mask=mask.tolist())[0].data, by_numbers.data)
    np.testing.assert_array_equal(layer(x, x, x, is_causal=True)[0].data, by_numbers.data)


def test_dropout_of_weights_while_training() -> None:
    layer, x = nn.MultiheadAttention(4, 2, 0.5, rng=rng()), random(3, 4)
    assert not np.array_equal(layer(x, x, x)[0].data, layer(x, x, x)[0].data)
    layer.eval()
    np.testing.assert_array_equal(layer(x, x, x)[0].data, layer(x, x, x)[0].data)


def test_layers_of_a_transformer_drop_other_elements() -> None:
    """Copies of a layer share its generator: with copies of that, each would drop the
    same elements.
    """
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 8, 0.5, rng=rng()), 2)
    first, second = (layer.dropout1(np.ones(100)) for layer in model.layers)
    assert not np.array_equal(first, second)
    assert len(model.named_generators()) == 1
    assert len(model.parameters()) == 24


def test_float32_stays_float32() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 6, dtype="float32", rng=rng())
    z = layer(random(3, 2, 4).astype(np.float32), is_causal=True, src_key_padding_mask=np.zeros((2, 3), bool))
    z.sum().backward()
    assert z.dtype == np.float32
    assert {p.grad.dtype for p in layer.parameters()} == {np.dtype("float32")}


@pytest.mark.parametrize("masks", [{"attn_mask": (3, 3)}, {"key_padding_mask": (2, 3)}], ids=str)
def test_masks_of_float64_leave_float32(masks: dict[str, Any]) -> None:
    layer = nn.MultiheadAttention(4, 2, batch_first=True, dtype="float32", rng=rng())
    x = Value(random(2, 3, 4).astype("float32"))
    ((name, shape),) = masks.items()
    mask = np.zeros(shape, bool)
    mask[:, 1] = True
    z, weights = layer(x, x, x, **{name: np.where(mask, -1e300, 0.0)})
    assert z.dtype == weights.dtype == np.float32
    np.testing.assert_array_equal(z.data, layer(x, x, x, **{name: mask})[0].data)
    z.sum().backward()
    assert {p.grad.dtype for p in (x, *layer.parameters())} == {np.dtype("float32")}


def test_first_numbers() -> None:
    layer = nn.MultiheadAttention(4, 2, rng=rng())
    assert np.abs(layer.in_proj_weight.data).max() <= np.sqrt(6 / 16)
    assert not layer.in_proj_bias.data.any() and not layer.out_proj.bias.data.any()
    assert repr(layer) == "MultiheadAttention(4, 2)"


ATTENTION, X = nn.MultiheadAttention(4, 2, batch_first=True), np.ones((2, 3, 4))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.MultiheadAttention(4, 3), ArgumentError, "embed_dim=4 is not a multiple of num_heads=3"),
        (lambda: nn.MultiheadAttention(4, 2, -1.0), ArgumentError, "dropout=-1.0 is not a probability"),
        (lambda: nn.MultiheadAttention(4, 0), ArgumentError, "num_heads=0: give an integer of at least 1"),
        (
            lambda: ATTENTION(X, X[:1], X),
            ShapeError,
            r"query \(2, 3, 4\), key \(1, 3, 4\), value \(2, 3, 4\): give shapes \(batch, targets, 4\), "
            r"\(batch, sources, 4\), \(batch, sources, 4\), or all three without batch",
        ),
        (lambda: ATTENTION(X, X, X[..., :2]), ShapeError, r"value \(2, 3, 2\)"),
        (lambda: ATTENTION(1.0, 1.0, 1.0), ShapeError, r"query \(\)"),
        (
            lambda: ATTENTION(X, X, X, attn_mask=np.zeros((2, 3))),
            ShapeError,
            r"attn_mask \(2, 3\): give shape \(3, 3\), or \(4, 3, 3\) for each head of each sample",
        ),
        (
            lambda: ATTENTION(X, X, X, np.zeros((3, 2))),
            ShapeError,
            r"key_padding_mask \(3, 2\): give shape \(2, 3\)",
        ),
        (
            lambda: ATTENTION(X, X, X, np.zeros((2, 3), int)),
            ArgumentError,
            "key_padding_mask has the dtype int64; give booleans, True where a key is ignored, or floats",
        ),
        (
            lambda: nn.TransformerEncoderLayer(4, 2, activation="swish"),
            ArgumentError,
            "activation='swish' is unknown; give 'relu', 'gelu' or a function",
        ),
        (
            lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 0),
            ArgumentError,
            "TransformerEncoder: num_layers=0: give an integer of at least 1",
        ),
        (
            lambda: nn.TransformerEncoder(None, 2),
            ArgumentError,
            "TransformerEncoder: encoder_layer=None is not a module; give a TransformerEncoderLayer",
        ),
    ],
)
def test_wrong_calls_are_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
