"""The network of the page: micrograd's MLP, its loss, and the same numbers as floats.

The loss and its gradients come from Values, as in text 001. The colours of the plane
and the loss along one parameter need thousands of forward passes, and no gradients:
they are computed on floats, by the same sums in the same order, so that each number is
the model's, to the last bit.
"""

from __future__ import annotations

import functools
import math
import random
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd import ops
from micrograd.errors import ArgumentError
from micrograd.nn import MLP
from micrograd.playing.points import Point

Numbers = Sequence[float]
Column = Sequence[float]  # a number for each point


def _relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x


def _square(x: float) -> float:
    try:
        return pow(x, 2)  # as `**2` does, where x * x may round otherwise
    except OverflowError:
        return math.inf


def _softplus(x: float) -> float:
    return float(ops.softplus(x))


ACTIVATIONS: dict[str, Callable[[float], float]] = {"tanh": math.tanh, "relu": _relu}
# Of a score and a label: as an expression of Python, on Values, and on floats.
LOSSES: dict[str, tuple[str, Callable[[Any, int], Any], Callable[[float, int], float]]] = {
    "max-margin": (
        "(1 + -label * score).relu()",
        lambda score, label: (1 + -label * score).relu(),
        lambda score, label: _relu(score * -label + 1),
    ),
    "squares": (
        "(score - label) ** 2",
        lambda score, label: (score - label) ** 2,
        lambda score, label: _square(score + -label),
    ),
    "logistic": (
        "softplus(-label * score)",
        lambda score, label: ops.softplus(-label * score),
        lambda score, label: _softplus(score * -label),
    ),
}


class Measured(NamedTuple):
    """The loss of all points at some parameters.

    Attributes:
        loss: the mean loss of the points, and the penalty on the parameters.
        slopes: its derivative by each parameter; None where the loss is not finite.
        scores: of the points.
    """

    loss: float
    slopes: tuple[float, ...] | None
    scores: list[float]


class Network:
    """An MLP with 2 inputs and 1 output, and its loss.

    Args:
        seed: of Python's `random`, from which the weights are drawn.
        layers: sizes of the hidden layers.
        activation: of the hidden layers, "tanh" or "relu".
        loss: "max-margin", "squares" or "logistic".
        l2: factor of the sum of the squares of all parameters.

    >>> network = Network(1337, [2], "tanh", "max-margin", 0.0)
    >>> points = [Point(1.0, 2.0, 1)]
    >>> network.measure(points).loss == network.loss_at(network.numbers(), points)
    True
    """

    def __init__(self, seed: int, layers: Sequence[int], activation: str, loss: str, l2: float) -> None:
        before = random.getstate()
        try:
            random.seed(seed)
            self.model = MLP(2, [*layers, 1], activation=activation)
        finally:
            random.setstate(before)
        self.activation = activation
        self.loss = loss
        self.l2 = l2
        self.parameters = self.model.parameters()
        order = {id(p): i for i, p in enumerate(self.parameters)}
        self.places = {path: order[id(p)] for path, p in self.model.named_parameters()}

    def place(self, path: str) -> int:
        """The place of a parameter among all, by its path."""
        if path not in self.places:
            raise ArgumentError(f"path: there is no parameter {path[:60]!r}; write one as layers.0.neurons.1.w.0")
        return self.places[path]

    def numbers(self) -> tuple[float, ...]:
        """The parameters as floats."""
        return tuple(float(p.data) for p in self.parameters)

    def set(self, numbers: Numbers) -> None:
        """Give the parameters these numbers."""
        for p, number in zip(self.parameters, numbers, strict=True):
            p.data = number

    # With Values

    def loss_of_point(self, point: Point, inputs: Any = None) -> Any:
        """The loss of one point, without the penalty, as a Value."""
        score = self.model([point.x, point.y] if inputs is None else inputs)
        return LOSSES[self.loss][1](score, point.label)

    def total(self, points: Sequence[Point]) -> tuple[Any, list[Any]]:
        """The loss of some points as a Value, and their scores."""
        scores = [self.model([x, y]) for x, y, _ in points]
        one = LOSSES[self.loss][1]
        losses = [one(score, point.label) for score, point in zip(scores, points, strict=True)]
        total = sum(losses) * (1.0 / len(losses))
        if self.l2:
            total = total + self.l2 * sum(p * p for p in self.parameters)
        return total, scores

    def measure(self, points: Sequence[Point]) -> Measured:
        """The loss of some points at the parameters of now, and its derivatives."""
        numbers = self.numbers()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers that are not finite: the page says it
            loss = self.loss_at(numbers, points)
            if not all(map(math.isfinite, (loss, *numbers))):  # tanh of inf is 1: the loss alone does not tell
                return Measured(loss, None, self.scores_at(numbers, [p.x for p in points], [p.y for p in points]))
            self.model.zero_grad()
            try:
                total, found = self.total(points)
                total.backward()
            except ImportError:  # an overflow on the way back asks NumPy, which Pyodide may not have
                return Measured(loss, None, self.scores_at(numbers, [p.x for p in points], [p.y for p in points]))
        slopes = tuple(float(p.grad) for p in self.parameters)
        self.model.zero_grad()
        return Measured(total.data, slopes, [score.data for score in found])

    # The same numbers on floats

    def layers_of(self, numbers: Numbers) -> list[list[tuple[Numbers, float]]]:
        """For each layer its neurons, each with its weights and its bias."""
        found, start = [], 0
        for layer in self.model.layers:
            neurons = []
            for neuron in layer.neurons:
                end = start + len(neuron.w)
                neurons.append((numbers[start:end], numbers[end]))
                start = end + 1
            found.append(neurons)
        return found

    def activations_at(self, numbers: Numbers, xs: Column, ys: Column) -> list[list[Column]]:
        """What each neuron gives for many points: per layer, per neuron, per point; the
        inputs first.
        """
        layers = self.layers_of(numbers)
        found: list[list[Column]] = [[xs, ys]]
        for i, neurons in enumerate(layers):
            activation = ACTIVATIONS[self.activation] if i < len(layers) - 1 else None
            found.append([_neuron(weights, bias, found[-1], activation) for weights, bias in neurons])
        return found

    def scores_at(self, numbers: Numbers, xs: Column, ys: Column) -> list[float]:
        """The scores of many points."""
        return list(self.activations_at(numbers, xs, ys)[-1][0])

    def loss_at(self, numbers: Numbers, points: Sequence[Point]) -> float:
        """The loss of some points at these parameters."""
        one = LOSSES[self.loss][2]
        scores = self.scores_at(numbers, [p.x for p in points], [p.y for p in points])
        losses = [one(score, point.label) for score, point in zip(scores, points, strict=True)]
        # Not sum(): since Python 3.12 it adds floats more exactly than Values add up.
        total = functools.reduce(lambda a, b: a + b, losses, 0.0) * (1.0 / len(losses))
        if self.l2:
            total = total + functools.reduce(lambda a, b: a + b * b, numbers, 0.0) * self.l2
        return total


def _neuron(weights: Numbers, bias: float, inputs: list[Column], activation: Any) -> Column:
    """b + w0 x0 + w1 x1 + ..., added from the left as in `Neuron`, for each point."""
    first, *others = zip(weights, inputs, strict=True)
    sums = [bias + first[0] * x for x in first[1]]
    for weight, column in others:
        sums = [s + weight * x for s, x in zip(sums, column, strict=True)]
    return sums if activation is None else list(map(activation, sums))
