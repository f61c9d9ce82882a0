"""Recurrent layers and attention against PyTorch: the same parameters give the same
outputs, states and gradients.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from micrograd import Value, nn

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

pytestmark = pytest.mark.peer

GENERATOR = np.random.default_rng(1337)


def random(*shape: int) -> Any:
    return GENERATOR.standard_normal(shape)


def pair(name: str, *args: Any, **options: Any) -> tuple[Any, Any]:
    """Our module and PyTorch's, with the same parameters."""
    torch.manual_seed(1337)
    theirs = getattr(torch.nn, name)(*args, **options).double()
    ours = getattr(nn, name)(*args, **options)
    ours.load_state_dict({key: x.numpy() for key, x in theirs.state_dict().items()})
    return ours, theirs


def flat(results: Any) -> list[Any]:
    """The arrays in nested tuples, in order, without what is None."""
    if isinstance(results, tuple):
        return [x for part in results for x in flat(part)]
    return [] if results is None else [results]


def both(ours: Any, theirs: Any, inputs: list[Any], call: Any) -> None:
    """Outputs, and the gradients of a weighted sum of them by all inputs and
    parameters.
    """
    values, tensors = [Value(x) for x in inputs], [torch.tensor(x, requires_grad=True) for x in inputs]
    z, expected = flat(call(ours, *values)), flat(call(theirs, *tensors))
    assert [x.shape for x in z] == [tuple(x.shape) for x in expected]
    weights = [random(*x.shape) for x in z]
    for x, y in zip(z, expected, strict=True):
        np.testing.assert_allclose(x.data, y.detach().numpy(), rtol=1e-9, atol=1e-12)
    loss = sum((x * w).sum() for x, w in zip(z, weights, strict=True))
    loss.backward()
    sum((x * torch.tensor(w)).sum() for x, w in zip(expected, weights, strict=True)).backward()
    names = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(names)
    pairs = [(f"input {i}", v, t) for i, (v, t) in enumerate(zip(values, tensors, strict=True))]
    pairs += [(name, p, names[name]) for name, p in ours.named_parameters()]
    for name, v, t in pairs:
        wanted = np.zeros(v.shape) if t.grad is None else t.grad.numpy()
        np.testing.assert_allclose(v.grad, wanted, rtol=1e-9, atol=1e-12, err_msg=name)


OPTIONS = [
    {"num_layers": layers, "bias": bias, "batch_first": batch_first, "bidirectional": bidirectional}
    for layers, bias, batch_first, bidirectional in itertools.product(
        (1, 2), (True, False), (False, True), (False, True)
    )
]
RECURRENT = [
    *(("RNN", options) for options in OPTIONS),
    *(("RNN", {**options, "nonlinearity": "relu"}) for options in OPTIONS[::5]),
    *(("LSTM", options) for options in OPTIONS),
    *(("LSTM", {**options, "proj_size": 2}) for options in OPTIONS[::3]),
    *(("GRU", options) for options in OPTIONS),
]


def spelled(options: Any) -> str:
    return ",".join(f"{key}={x}" for key, x in options.items()) if isinstance(options, dict) else str(options)


@pytest.mark.parametrize(("name", "options"), RECURRENT, ids=spelled)
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "states"])
def test_recurrent_layer(name: str, options: dict[str, Any], given: bool) -> None:
    ours, theirs = pair(name, 3, 4, **options)
    x = random(2, 5, 3) if options["batch_first"] else random(5, 2, 3)
    count = options["num_layers"] * (1 + options["bidirectional"])
    states = [random(count, 2, options.get("proj_size", 4)), random(count, 2, 4)][: 1 + (name == "LSTM")]
    if not given:
        both(ours, theirs, [x], lambda layer, x: layer(x))
    elif name == "LSTM":
        both(ours, theirs, [x, *states], lambda layer, x, h, c: layer(x, (h, c)))
    else:
        both(ours, theirs, [x, *states], lambda layer, x, h: layer(x, h))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_recurrent_layer_without_batch(name: str) -> None:
    ours, theirs = pair(name, 3, 4, num_layers=2, bidirectional=True, batch_first=True)
    both(ours, theirs, [random(5, 3)], lambda layer, x: layer(x))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(2,), ()])
@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cell(name: str, batch: tuple[int, ...], bias: bool) -> None:
    ours, theirs = pair(name, 3, 4, bias=bias)
    x, h, c = random(*batch, 3), random(*batch, 4), random(*batch, 4)
    both(ours, theirs, [x], lambda cell, x: cell(x))
    ours.zero_grad()
    theirs.zero_grad()
    if name == "LSTMCell":
        both(ours, theirs, [x, h, c], lambda cell, x, h, c: cell(x, (h, c)))
    else:
        both(ours, theirs, [x, h], lambda cell, x, h: cell(x, h))


ATTENTION = [
    {},
    {"batch_first": True},
    {"bias": False},
    {"kdim": 5, "vdim": 3},
    {"vdim": 3, "bias": False, "batch_first": True},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
]
MASKS = ["none", "padding", "booleans", "floats", "heads", "both", "causal"]


def masks(kind: str, batch: int, targets: int, sources: int) -> dict[str, Any]:
    """Masks that leave to each query at least one key."""
    padding = np.zeros((batch, sources), bool)
    padding[0, 1] = padding[-1, 2:] = True
    seen = np.random.default_rng(3).random((targets, sources)) < 0.4
    seen[:, 0] = False
    return {
        "none": {},
        "padding": {"key_padding_mask": padding},
        "booleans": {"attn_mask": seen},
        "floats": {"attn_mask": random(targets, sources)},
        "heads": {"attn_mask": random(batch * 2, targets, sources)},
        "both": {"attn_mask": seen, "key_padding_mask": padding},
        "causal": {"attn_mask": ~np.tri(targets, sources, dtype=bool), "is_causal": True},
    }[kind]


def for_torch(options: dict[str, Any]) -> dict[str, Any]:
    return {key: torch.tensor(x) if isinstance(x, np.ndarray) else x for key, x in options.items()}


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("options", ATTENTION, ids=spelled)
def test_attention(options: dict[str, Any], kind: str) -> None:
    ours, theirs = pair("MultiheadAttention", 4, 2, **options)
    shapes = [(5, 3, 4), (4, 3, options.get("kdim", 4)), (4, 3, options.get("vdim", 4))]
    inputs = [random(*(s[1], s[0], s[2]) if options.get("batch_first") else s) for s in shapes]
    given = masks(kind, 3, 5, 4)
    extras: list[dict[str, Any]] = [{}, {"average_attn_weights": False}, {"need_weights": False}]
    if kind == "causal" and {"add_bias_kv", "add_zero_attn"} & set(options):
        # Without weights PyTorch hides the added keys as well: other outputs than with.
        extras = extras[:2]
    for extra in extras:
        calls = {**given, **extra}
        ours.zero_grad()
        theirs.zero_grad()

        def call(module: Any, q: Any, k: Any, v: Any, calls: dict[str, Any] = calls) -> Any:
            return module(q, k, v, **(calls if isinstance(q, Value) else for_torch(calls)))

        both(ours, theirs, inputs, call)


@pytest.mark.parametrize("batch", [(3,), ()])
def test_attention_of_a_sequence_to_itself(batch: tuple[int, ...]) -> None:
    ours, theirs = pair("MultiheadAttention", 4, 2, batch_first=True)
    both(ours, theirs, [random(*batch, 5, 4)], lambda module, x: module(x, x, x))


LAYERS = [
    {"activation": activation, "norm_first": first, "bias": bias, "layer_norm_eps": 0.1, "batch_first": first}
    for activation, first, bias in itertools.product(("relu", "gelu"), (False, True), (False, True))
]


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("options", LAYERS, ids=spelled)
def test_transformer_layer(options: dict[str, Any], kind: str) -> None:
    ours, theirs = pair("TransformerEncoderLayer", 4, 2, 6, 0.0, **options)
    x = random(3, 5, 4) if options["batch_first"] else random(5, 3, 4)
    named = {"attn_mask": "src_mask", "key_padding_mask": "src_key_padding_mask"}
    given = {named.get(key, key): mask for key, mask in masks(kind, 3, 5, 5).items()}
    both(ours, theirs, [x], lambda m, x: m(x, **(given if isinstance(x, Value) else for_torch(given))))


@pytest.mark.parametrize("with_norm", [False, True])
def test_transformer(with_norm: bool) -> None:
    torch.manual_seed(1337)
    layer = torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True)
    theirs = torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(4) if with_norm else None).double()
    ours = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True), 2, nn.LayerNorm(4) if with_norm else None
    )
    ours.load_state_dict({key: x.numpy() for key, x in theirs.state_dict().items()})
    mask = ~np.tri(5, dtype=bool)
    both(ours, theirs, [random(3, 5, 4)], lambda m, x: m(x, mask if isinstance(x, Value) else torch.tensor(mask)))
