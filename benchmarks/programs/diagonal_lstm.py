"""ADBench's LSTM: it predicts the next vector of a sequence. Each unit sees only the
same unit of the layer below, so that all its weights are vectors.
"""

from __future__ import annotations

from typing import Any

import numpy


def arguments(layers: int, width: int, steps: int) -> tuple[Any, ...]:
    """Weights and biases of the gates, and weights at the two ends with a bias."""
    generator = numpy.random.default_rng(7)
    return generator.standard_normal((layers, 2, 4 * width)), generator.standard_normal((3, width))


def sequence(width: int, steps: int) -> Any:
    """Vectors of 0 and 1, as of the bits of letters."""
    return numpy.random.default_rng(8).integers(2, size=(steps, width)).astype(float)


def start(layers: int, width: int) -> Any:
    """Per layer, what is put out before the first step, and the cell then."""
    return numpy.random.default_rng(9).standard_normal((layers, 2, width))


def written_in(np: Any, layers: int, width: int, steps: int) -> Any:
    """How badly the sequence is predicted: a mean over steps and units."""

    def sigmoid(x: Any) -> Any:
        return 1.0 / (1.0 + np.exp(-x))

    return _written(np, sigmoid, sequence(width, steps), start(layers, width))


def in_torch(torch: Any, layers: int, width: int, steps: int) -> Any:
    """The same, with PyTorch's own sigmoid."""
    return _written(torch, torch.sigmoid, *map(torch.tensor, (sequence(width, steps), start(layers, width))))


def _written(np: Any, sigmoid: Any, letters: Any, state: Any) -> Any:
    layers, _, width = state.shape

    def unit(gates: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
        z = np.concatenate([x, h, x, h]) * gates[0] + gates[1]
        forget = sigmoid(z[:width])
        take = sigmoid(z[width : 2 * width])
        give = sigmoid(z[2 * width : 3 * width])
        c = c * forget + take * np.tanh(z[3 * width :])
        return give * np.tanh(c), c

    def loss(gates: Any, ends: Any) -> Any:
        states = [(state[i][0], state[i][1]) for i in range(layers)]
        total = 0.0
        for t in range(len(letters) - 1):
            x = letters[t] * ends[0]
            for i in range(layers):
                states[i] = unit(gates[i], x, *states[i])
                x = states[i][0]
            out = x * ends[1] + ends[2]
            out = out - np.log(np.sum(np.exp(out)) + 2.0)
            total = total + np.sum(letters[t + 1] * out)
        return -total / ((len(letters) - 1) * width)

    return loss
