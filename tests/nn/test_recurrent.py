"""RNN, LSTM, GRU and their cells: against loops in NumPy, and at their borders.

tests/peers/test_sequences.py compares them with PyTorch, over all options.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, jvp, nn
from micrograd.check import gradcheck
from micrograd.errors import ArgumentError, ShapeError
from micrograd.ops import gru_states, lstm_states, rnn_states, tanh
from tests.samples.recurrent import sigmoid


def rng() -> np.random.Generator:
    return np.random.default_rng(1337)


def rnn_step(x: Any, state: Any, wi: Any, wh: Any, bi: Any, bh: Any) -> Any:
    return (np.tanh(wi @ x + bi + wh @ state[0] + bh),)


def lstm_step(x: Any, state: Any, wi: Any, wh: Any, bi: Any, bh: Any) -> Any:
    i, f, g, o = np.split(wi @ x + bi + wh @ state[0] + bh, 4)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x: Any, state: Any, wi: Any, wh: Any, bi: Any, bh: Any) -> Any:
    (xr, xu, xn), (hr, hu, hn) = np.split(wi @ x + bi, 3), np.split(wh @ state[0] + bh, 3)
    u = sigmoid(xu + hu)
    return ((1.0 - u) * np.tanh(xn + sigmoid(xr + hr) * hn) + u * state[0],)


STEPS: dict[str, Any] = {"RNN": rnn_step, "LSTM": lstm_step, "GRU": gru_step}


def written_out(layer: Any, name: str, x: Any) -> tuple[Any, list[Any]]:
    """The outputs of a layer for one sequence, step by step, and its last states."""
    names = {key: p.data for key, p in layer.named_parameters()}
    last = []
    for i, direction in itertools.product(range(layer.num_layers), ("", "_reverse")[: 1 + layer.bidirectional]):
        if not direction:
            parts: list[Any] = []
        end = f"l{i}{direction}"
        parameters = [names[f"{kind}_{end}"] for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        state, out = [np.zeros(layer.hidden_size)] * (1 + (name == "LSTM")), []
        for step in x[::-1] if direction else x:
            state = STEPS[name](step, state, *parameters)
            out.append(state[0])
        parts.append(np.array(out[::-1] if direction else out))
        last.append(state)
        if direction or not layer.bidirectional:
            x = np.concatenate(parts, axis=-1)
    return x, [np.array(kind) for kind in zip(*last, strict=True)]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("name", STEPS)
def test_layer_is_the_loop_written_out(name: str, bidirectional: bool) -> None:
    layer = getattr(nn, name)(3, 4, 2, bidirectional=bidirectional, rng=rng())
    x = rng().standard_normal((5, 2, 3))
    output, last = layer(x)
    for k in range(2):
        expected, states = written_out(layer, name, x[:, k])
        np.testing.assert_allclose(output.data[:, k], expected, rtol=1e-12)
        for state, wanted in zip(last if name == "LSTM" else (last,), states, strict=True):
            np.testing.assert_allclose(state.data[:, k], wanted, rtol=1e-12)


@pytest.mark.parametrize("name", STEPS)
def test_cells_in_a_loop_are_the_layer(name: str) -> None:
    layer, cell = getattr(nn, name)(3, 4, rng=rng()), getattr(nn, f"{name}Cell")(3, 4)
    cell.load_state_dict({key.removesuffix("_l0"): x for key, x in layer.state_dict().items()})
    x, state = rng().standard_normal((5, 2, 3)), None
    for step in x:
        state = cell(step, state)
    _, last = layer(x)
    for mine, other in zip(*((state, last) if name == "LSTM" else ((state,), (last,))), strict=True):
        np.testing.assert_allclose(mine.data, other.data[0], rtol=1e-13)


@pytest.mark.parametrize("given", ["zeros", "states"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RNN", {}),
        ("RNN", {"nonlinearity": "relu"}),
        ("LSTM", {}),
        ("LSTM", {"proj_size": 1}),
        ("GRU", {"bias": False}),
    ],
    ids=str,
)
def test_gradients_of_first_and_second_order(name: str, options: dict[str, Any], given: str) -> None:
    layer = getattr(nn, name)(2, 2, bidirectional=True, rng=rng(), **options)
    x = rng().standard_normal((3, 2, 2))
    hidden = options.get("proj_size", 2)
    states = [rng().standard_normal((2, 2, n)) for n in (hidden, 2)[: 1 + (name == "LSTM")]]

    def f(x: Any, *hx: Any) -> Any:
        output, last = layer(x, None if not hx else hx if name == "LSTM" else hx[0])
        return output, last

    inputs = [x, *(states if given == "states" else [])]
    assert gradcheck(lambda *xs: (f(*xs)[0] ** 2).sum(), inputs, order=2)
    assert gradcheck(lambda *xs: (f(*xs)[1][-1] ** 2).sum(), inputs, order=2)


@pytest.mark.parametrize("name", STEPS)
def test_forward_mode_is_the_gradient(name: str) -> None:
    layer, x = getattr(nn, name)(3, 2, rng=rng()), rng().standard_normal((4, 2, 3))

    def loss(layer: Any) -> Any:
        return tanh(layer(x)[0]).sum()

    direction = [rng().standard_normal(p.shape) for p in layer.parameters()]
    found = grad(loss)(layer)
    wanted = sum((g.data * t).sum() for g, t in zip(found.parameters(), direction, strict=True))
    _, tangent = jvp(lambda *leaves: loss(layer.with_leaves(leaves)), [p.data for p in layer.parameters()], direction)
    np.testing.assert_allclose(tangent, wanted, rtol=1e-10)


@pytest.mark.parametrize("name", STEPS)
def test_float32_stays_float32(name: str) -> None:
    layer = getattr(nn, name)(3, 4, dtype="float32", rng=rng())
    output, last = layer(np.ones((5, 2, 3), np.float32))
    output.sum().backward()
    assert output.dtype == np.float32
    assert {np.dtype(p.grad.dtype) for p in layer.parameters()} == {np.dtype("float32")}
    assert all(state.dtype == np.float32 for state in (last if name == "LSTM" else [last]))


@pytest.mark.parametrize("name", STEPS)
def test_lists_are_taken(name: str) -> None:
    layer = getattr(nn, name)(1, 2, rng=rng())
    np.testing.assert_array_equal(layer([[1.0], [2.0]])[0].data, layer(np.array([[1.0], [2.0]]))[0].data)


def test_parameters_are_drawn_from_the_generator() -> None:
    first, second = (nn.LSTM(3, 4, 2, rng=rng()).state_dict() for _ in range(2))
    assert list(first)[:4] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    assert all((first[name] == second[name]).all() for name in first)
    assert max(abs(x).max() for x in first.values()) <= 0.5


def test_dropout_is_between_layers_while_training() -> None:
    layer = nn.GRU(3, 8, 2, dropout=0.5, rng=rng())
    x = np.ones((2, 2, 3))
    assert not np.array_equal(layer(x)[0].data, layer(x)[0].data)
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, layer(x)[0].data)
    ((name, generator),) = layer.named_generators()
    assert (name, generator) == ("rng", layer.rng)


def test_dropout_in_one_layer_does_nothing_and_says_so() -> None:
    with pytest.warns(UserWarning, match="RNN: dropout=0.5 does nothing in one layer: it stands between layers"):
        nn.RNN(3, 4, dropout=0.5)


def test_repr() -> None:
    assert repr(nn.LSTM(3, 4, 2, False, True, 0.5, True, 2)) == (
        "LSTM(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True, proj_size=2)"
    )
    assert (repr(nn.GRU(3, 4)), repr(nn.GRUCell(3, 4, False))) == ("GRU(3, 4)", "GRUCell(3, 4, bias=False)")


LAYER, LONG = nn.LSTM(3, 4), nn.GRU(3, 4, batch_first=True)
X = np.ones((5, 2, 3))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: nn.RNN(0, 4), ArgumentError, "RNN: input_size=0: give an integer of at least 1"),
        (
            lambda: nn.RNN(3, 4, nonlinearity="sin"),
            ArgumentError,
            "nonlinearity='sin' is unknown; give 'tanh' or 'relu'",
        ),
        (lambda: nn.LSTM(3, 4, proj_size=4), ArgumentError, "proj_size=4: give less than hidden_size=4, or 0"),
        (lambda: nn.LSTM(3, 4, 2, dropout=2), ArgumentError, "LSTM: dropout=2 is not a probability"),
        (lambda: nn.LSTM(3, 4, rng=7), ArgumentError, "LSTM"),
        (lambda: LAYER(np.ones((5, 2, 4))), ShapeError, r"LSTM: input \(5, 2, 4\): give shape \(steps, batch, 3\), or"),
        (lambda: LONG(np.ones((5, 0, 3))), ShapeError, r"GRU: input \(5, 0, 3\): give shape \(batch, steps, 3\), or"),
        (lambda: LAYER(3.0), ShapeError, r"LSTM: input \(\): give shape"),
        (lambda: LAYER(X, np.ones((1, 2, 4))), ArgumentError, r"LSTM: hx is not a pair; give \(h_0, c_0\)"),
        (
            lambda: LAYER(X, (np.ones((1, 2, 4)), np.ones((2, 4)))),
            ShapeError,
            r"LSTM: c_0 \(2, 4\): give one of shape \(1, 2, 4\)",
        ),
        (lambda: nn.LSTMCell(3, 4)(np.ones((2, 4))), ShapeError, r"give shape \(batch, 3\), or \(3,\) without a batch"),
        (
            lambda: nn.LSTMCell(3, 4)(np.ones(3), np.ones(4)),
            ArgumentError,
            r"LSTMCell: hx is not a pair; give \(h, c\)",
        ),
        (lambda: nn.GRUCell(3, 4)(np.ones(3), np.ones(3)), ShapeError, r"GRUCell: h \(3,\): give one of shape \(4,\)"),
        (
            lambda: rnn_states(np.ones((0, 2, 4)), np.ones((4, 4)), np.ones((2, 4))),
            ShapeError,
            r"rnn_states: \(0, 2, 4\) with weight \(4, 4\): they need shapes .* with at least one step",
        ),
        (
            lambda: lstm_states(np.ones((1, 2, 4)), np.ones((4, 1)), np.ones((2, 1))),
            ShapeError,
            r"lstm_states: state \(2, 1\): give one of shape \(2, 2, 1\)",
        ),
        (
            lambda: gru_states(np.ones((1, 2, 3)), np.ones((3, 1)), np.ones(1), np.ones((2, 1))),
            ShapeError,
            r"gru_states: bias \(1,\): give one of shape \(3,\)",
        ),
    ],
)
def test_wrong_calls_are_refused(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_a_layer_of_one_node_per_operation_agrees() -> None:
    """The record against the same loop on Values, float by float of the gradients."""
    layer, x = nn.LSTM(3, 4, rng=rng()), Value(rng().standard_normal((5, 2, 3)))
    (layer(x)[0] ** 2).sum().backward()
    found = [x.grad, *(p.grad for p in layer.parameters())]
    x.grad = None
    layer.zero_grad()
    cell = nn.LSTMCell(3, 4)
    wi, wh, bi, bh = layer.parameters()
    cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh = wi, wh, bi, bh
    state, loss = None, Value(0.0)
    for t in range(5):
        state = cell(x[t], state)
        loss = loss + (state[0] ** 2).sum()
    loss.backward()
    for mine, other in zip(found, [x.grad, *(p.grad for p in layer.parameters())], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-10, atol=1e-14)
