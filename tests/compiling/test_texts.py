"""Text 001, its training, compiled: the same losses, to the digits of the text."""

from __future__ import annotations

import random

import numpy as np
import pytest

import micrograd
from micrograd.data import make_moons
from micrograd.engine import Value
from micrograd.nn import MLP
from tests.seeds.moons_losses import MOONS_LOSSES


@pytest.fixture
def demo():
    """The data, the network and the loss of the text, unchanged."""
    np.random.seed(1337)
    random.seed(1337)
    X_moons, y_moons = make_moons(n_samples=100, noise=0.1)
    y_moons = y_moons * 2 - 1
    model = MLP(2, [16, 16, 1])

    def loss(batch_size=None):
        if batch_size is None:
            Xb, yb = X_moons, y_moons
        else:
            ri = np.random.permutation(X_moons.shape[0])[:batch_size]
            Xb, yb = X_moons[ri], y_moons[ri]
        inputs = [list(map(Value, xrow)) for xrow in Xb]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores, strict=True)]
        return total_loss, sum(accuracy) / len(accuracy)

    return model, loss


def _check(rows):
    losses, accuracies = zip(*rows, strict=True)
    wanted = MOONS_LOSSES[: len(rows)]
    assert losses == pytest.approx([loss for loss, _ in wanted], rel=1e-12)
    assert [100 * x for x in accuracies] == [accuracy for _, accuracy in wanted]


def test_the_loss_compiled(demo):
    model, loss = demo
    loss = micrograd.compile(loss)
    rows = []
    for k in range(100):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        rows.append((total_loss.data, acc))
    _check(rows)


def test_the_whole_step_compiled(demo):
    model, loss = demo

    @micrograd.compile
    def step(learning_rate):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        return total_loss.data, acc

    _check([step(1.0 - 0.9 * k / 100) for k in range(100)])
    assert model.parameters()[0].grad != 0.0


def test_a_batch_drawn_inside_is_refused(demo):
    _, loss = demo
    with pytest.raises(micrograd.errors.CaptureError, match="draws random numbers"):
        micrograd.compile(loss)(batch_size=20)
