"""Text 001, its training demo: the moons, from seeds 1337 to a loss of 0.01098 and an accuracy of 100 %."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest

from micrograd.data import make_moons
from micrograd.engine import Value
from micrograd.nn import MLP

from .moons_losses import FIRST_ACCURACY, FIRST_LOSS, MOONS_LOSSES


@pytest.fixture(scope="module")
def demo():
    """The text's program, run once; scikit-learn's make_moons is ours here. What it prints, and its names."""
    np.random.seed(1337)
    random.seed(1337)

    X_moons, y_moons = make_moons(n_samples=100, noise=0.1)
    y_moons = y_moons * 2 - 1  # make y be -1 or 1

    model = MLP(2, [16, 16, 1])
    printed = [f"{model}", f"number of parameters {len(model.parameters())}"]

    def loss(batch_size=None):
        if batch_size is None:
            Xb, yb = X_moons, y_moons
        else:
            ri = np.random.permutation(X_moons.shape[0])[:batch_size]
            Xb, yb = X_moons[ri], y_moons[ri]
        inputs = [list(map(Value, xrow)) for xrow in Xb]

        # forward the model to get scores
        scores = list(map(model, inputs))

        # svm "max-margin" loss
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(yb, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        # L2 regularization
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss

        # also get accuracy
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(yb, scores, strict=True)]
        return total_loss, sum(accuracy) / len(accuracy)

    total_loss, acc = loss()
    first = (total_loss, acc)

    rows = []
    for k in range(100):
        total_loss, acc = loss()
        model.zero_grad()
        total_loss.backward()
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        rows.append((total_loss.data, acc))

    return SimpleNamespace(X=X_moons, y=y_moons, model=model, printed=printed, first=first, rows=rows, loss=loss)


def test_printed_model(demo):
    def layer_of(neurons: int, name: str) -> str:
        return f"Layer of [{', '.join([name] * neurons)}]"

    layers = [layer_of(16, "ReLUNeuron(2)"), layer_of(16, "ReLUNeuron(16)"), layer_of(1, "LinearNeuron(16)")]
    assert demo.printed == [f"MLP of [{', '.join(layers)}]", "number of parameters 337"]


def test_first_loss(demo):
    total_loss, acc = demo.first
    assert total_loss.data == pytest.approx(FIRST_LOSS, rel=1e-9)
    # The text prints Value(data=0.8958441028683222, grad=0); a gradient of ours is a float from the start.
    assert str(total_loss) == f"Value(data={total_loss.data!r}, grad=0.0)"
    assert type(total_loss.data) is float
    assert f"{acc}" == f"{FIRST_ACCURACY}" == "0.5"


def test_losses_and_accuracies(demo):
    assert [loss for loss, _ in demo.rows] == pytest.approx([loss for loss, _ in MOONS_LOSSES], rel=1e-9)
    assert [f"{acc * 100}%" for _, acc in demo.rows] == [f"{accuracy}%" for _, accuracy in MOONS_LOSSES]


def test_batch_of_the_trained_model(demo):
    total_loss, acc = demo.loss(batch_size=20)
    assert acc == 1.0
    assert 0.0 < total_loss.data < 0.1


def test_decision_boundary(demo):
    h = 0.25
    x_min, x_max = demo.X[:, 0].min() - 1, demo.X[:, 0].max() + 1
    y_min, y_max = demo.X[:, 1].min() - 1, demo.X[:, 1].max() + 1
    xx, yy = np.meshgrid(np.arange(x_min, x_max, h), np.arange(y_min, y_max, h))
    Xmesh = np.c_[xx.ravel(), yy.ravel()]
    inputs = [list(map(Value, xrow)) for xrow in Xmesh]
    scores = list(map(demo.model, inputs))
    Z = np.array([s.data > 0 for s in scores])
    Z = Z.reshape(xx.shape)
    # All points of the mesh in one pass: the same picture.
    at_once = demo.model(Xmesh)
    assert at_once.data == pytest.approx(np.array([s.data for s in scores]), rel=1e-9)
    assert ((at_once.data > 0).reshape(xx.shape) == Z).all()
    # Both moons have their region: the outer one's is above, the inner one's below.
    outer_top, inner_bottom = (0.0, 1.0), (1.0, -0.5)
    assert [demo.model(point).data > 0 for point in (outer_top, inner_bottom)] == [False, True]
    assert 0 < Z.sum() < Z.size
