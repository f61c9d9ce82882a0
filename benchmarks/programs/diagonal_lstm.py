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


def in_jax(jax: Any, layers: int, width: int, steps: int) -> Any:
    """The same, its loop by `scan`: JAX's jit of the unrolled loop takes minutes."""
    letters, state = sequence(width, steps), start(layers, width)
    step = _step(jax.numpy, jax.nn.sigmoid)

    def loss(gates: Any, ends: Any) -> Any:
        def following(states: Any, pair: Any) -> Any:
            return step(gates, ends, states, *pair)

        states = [(h, c) for h, c in state]
        _, parts = jax.lax.scan(following, states, (letters[:-1], letters[1:]))
        return -parts.sum() / ((steps - 1) * width)

    return loss


def _step(np: Any, sigmoid: Any) -> Any:
    """One letter: the new states, and how well the next letter is predicted."""

    def unit(gates: Any, x: Any, h: Any, c: Any) -> tuple[Any, Any]:
        width = len(x)
        z = np.concatenate([x, h, x, h]) * gates[0] + gates[1]
        forget = sigmoid(z[:width])
        take = sigmoid(z[width : 2 * width])
        give = sigmoid(z[2 * width : 3 * width])
        c = c * forget + take * np.tanh(z[3 * width :])
        return give * np.tanh(c), c

    def step(gates: Any, ends: Any, states: Any, letter: Any, following: Any) -> tuple[Any, Any]:
        x = letter * ends[0]
        found = []
        for i in range(len(states)):
            h, c = unit(gates[i], x, *states[i])
            found.append((h, c))
            x = h
        out = x * ends[1] + ends[2]
        out = out - np.log(np.sum(np.exp(out)) + 2.0)
        return found, np.sum(following * out)

    return step


def _written(np: Any, sigmoid: Any, letters: Any, state: Any) -> Any:
    layers, _, width = state.shape
    step = _step(np, sigmoid)

    def loss(gates: Any, ends: Any) -> Any:
        states = [(state[i][0], state[i][1]) for i in range(layers)]
        total = 0.0
        for t in range(len(letters) - 1):
            states, part = step(gates, ends, states, letters[t], letters[t + 1])
            total = total + part
        return -total / ((len(letters) - 1) * width)

    return loss
