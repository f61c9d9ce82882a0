"""The moons, as in the tutorial: a loss that is written for one sample at a time."""

import random

import numpy as np

from micrograd import Value
from micrograd.data import make_moons
from micrograd.nn import MLP

np.random.seed(1337)
random.seed(1337)

X, y = make_moons(n_samples=100, noise=0.1, random_state=1337)
y = y * 2 - 1
model = MLP(2, [16, 16, 1])


def loss(X, y):
    inputs = [list(map(Value, xrow)) for xrow in X]

    # forward the model to get scores
    scores = list(map(model, inputs))

    # svm "max-margin" loss
    losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    # L2 regularization
    alpha = 1e-4
    reg_loss = alpha * sum(p * p for p in model.parameters())
    total_loss = data_loss + reg_loss

    # also get accuracy
    accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
    return total_loss, sum(accuracy) / len(accuracy)


def step(X, y, rate):
    total_loss, accuracy = loss(X, y)
    model.zero_grad()
    total_loss.backward()
    for p in model.parameters():
        p.data -= rate * p.grad
    return total_loss, accuracy


FIRST = [p.data for p in model.parameters()]


def start():
    """Give the model its first weights again, as other tests train it."""
    for p, data in zip(model.parameters(), FIRST, strict=True):
        p.data, p.grad = data, 0.0


GIVEN = {"loss": (X, y), "step": (X, y, 1.0)}
FEW = {"loss": (X[:10], y[:10]), "step": (X[:10], y[:10], 1.0)}
