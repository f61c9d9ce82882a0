"""The gradient of a network's loss, for each example of a batch on its own."""

from __future__ import annotations

import itertools
from typing import Any

import numpy

from benchmarks.programs.contestants import trial
from benchmarks.row import Trial


def arguments(sizes: list[int], batch: int) -> tuple[Any, Any, Any]:
    """A matrix and a bias for each layer, inputs, and labels."""
    generator = numpy.random.default_rng(17)
    X = generator.standard_normal((batch, sizes[0]))
    labels = generator.integers(sizes[-1], size=batch)
    layers = [
        (generator.standard_normal((nin, nout)) / nin**0.5, 0.1 * generator.standard_normal(nout))
        for nin, nout in itertools.pairwise(sizes)
    ]
    return layers, X, numpy.eye(sizes[-1])[labels]


def written_in(np: Any) -> Any:
    """The cross-entropy of one example, whose label is a row of zeros and a one."""

    def loss(layers: Any, x: Any, label: Any) -> Any:
        for W, b in layers[:-1]:
            x = np.tanh(x @ W + b)
        W, b = layers[-1]
        logits = x @ W + b
        return np.log(np.sum(np.exp(logits))) - np.sum(logits * label)

    return loss


def ours(sizes: list[int], batch: int, by: Any = lambda f: f) -> Trial:
    """micrograd: vmap of grad, run by `micrograd.compile` or as it is."""
    from micrograd import grad, vmap

    layers, X, labels = arguments(sizes, batch)
    gradient = by(vmap(grad(written_in(numpy)), (None, 0, 0)))
    return trial(lambda: gradient(layers, X, labels))


def torch(sizes: list[int], batch: int) -> Trial:
    """PyTorch: vmap of grad."""
    import torch

    layers, X, labels = arguments(sizes, batch)
    layers = [(torch.tensor(W), torch.tensor(b)) for W, b in layers]
    X, labels = torch.tensor(X), torch.tensor(labels)
    gradient = torch.func.vmap(torch.func.grad(written_in(torch)), (None, 0, 0))
    return trial(lambda: gradient(layers, X, labels))


def jax(sizes: list[int], batch: int) -> Trial:
    """JAX: jit of vmap of grad."""
    import jax

    layers, X, labels = jax.tree.map(jax.numpy.asarray, arguments(sizes, batch))
    gradient = jax.jit(jax.vmap(jax.grad(written_in(jax.numpy)), (None, 0, 0)))
    return trial(lambda: jax.block_until_ready(gradient(layers, X, labels)))
