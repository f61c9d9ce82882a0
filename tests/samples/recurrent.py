"""Samples of micrograd/ops/recurrent.py: the layers written out, number by number of a
step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.sample import Sample, array


def signed(*shape: int) -> Any:
    return array(*shape, low=-0.9, high=1.1)


def sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-x))


def _rnn(p: Any, w: Any, h: Any, nonlinearity: str = "tanh") -> Any:
    states = []
    for x in p:
        a = x + h @ w.T
        h = np.tanh(a) if nonlinearity == "tanh" else np.maximum(a, 0.0)
        states.append(h)
    return np.array(states)


def _lstm(p: Any, w: Any, state: Any) -> Any:
    (h, c), steps = state, []
    for x in p:
        i, f, g, o = np.split(x + h @ w.T, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append(np.array([i, f, g, o, c, h]))
    return np.stack(steps, axis=1)


def _gru(p: Any, w: Any, b: Any, h: Any) -> Any:
    steps = []
    for x in p:
        (xr, xu, xn), (qr, qu, qn) = np.split(x, 3, axis=-1), np.split(h @ w.T + b, 3, axis=-1)
        r, u = sigmoid(xr + qr), sigmoid(xu + qu)
        n = np.tanh(xn + r * qn)
        h = (1.0 - u) * n + u * h
        steps.append(np.array([r, u, n, qn, h]))
    return np.stack(steps, axis=1)


SIZES = [(1, 1, 1), (3, 2, 2), (2, 0, 2)]  # steps, batch, hidden

SAMPLES = [
    *(
        Sample("rnn_states", (signed(t, b, n), signed(n, n), signed(b, n)), _rnn, {"nonlinearity": how})
        for t, b, n in SIZES
        for how in ("tanh", "relu")
    ),
    *(Sample("lstm_states", (signed(t, b, 4 * n), signed(4 * n, n), signed(2, b, n)), _lstm) for t, b, n in SIZES),
    *(
        Sample("gru_states", (signed(t, b, 3 * n), signed(3 * n, n), signed(3 * n), signed(b, n)), _gru)
        for t, b, n in SIZES
    ),
]

KINKS: list[Any] = []


def _torch_lstm(torch: Any, p: Any, w: Any, state: Any) -> Any:
    (h, c), steps = state, []
    for x in p:
        i, f, g, o = (x + h @ w.T).chunk(4, dim=-1)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = f * c + i * g
        h = o * c.tanh()
        steps.append(torch.stack([i, f, g, o, c, h]))
    return torch.stack(steps, dim=1)


def _torch_gru(torch: Any, p: Any, w: Any, b: Any, h: Any) -> Any:
    steps = []
    for x in p:
        (xr, xu, xn), (qr, qu, qn) = x.chunk(3, dim=-1), (h @ w.T + b).chunk(3, dim=-1)
        r, u = (xr + qr).sigmoid(), (xu + qu).sigmoid()
        n = (xn + r * qn).tanh()
        h = (1.0 - u) * n + u * h
        steps.append(torch.stack([r, u, n, qn, h]))
    return torch.stack(steps, dim=1)


def _torch_rnn(torch: Any, p: Any, w: Any, h: Any, nonlinearity: str = "tanh") -> Any:
    states = []
    for x in p:
        h = getattr(torch, nonlinearity)(x + h @ w.T)
        states.append(h)
    return torch.stack(states)


TORCH: dict[str, Any] = {"rnn_states": _torch_rnn, "lstm_states": _torch_lstm, "gru_states": _torch_gru}
