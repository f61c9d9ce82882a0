"""Row 2: a one-layer character transformer on scalar Values, against the same program
on a minimal Value class.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

from benchmarks.contest import compare
from benchmarks.row import COMPILED, PLAIN, Case, Goal, Outcome, Row, Settings, Trial, ratio

MINIMAL = "minimal Value class"

# Made up, and all of six letters, so that every step has the same work.
NAMES = (
    "abrine belmor calino dovela elstan farima gonric halune isolde jarven kelina lomira marten nivola oresta".split()
)
END = 0  # the token before and after a name; letters are 1 to 26

Vector = list[Any]
Matrix = list[Vector]


class Transformer:
    """Token and position embeddings, one block of attention and one of a two-layer
    network, logits.

    Args:
        value: the class of its parameters.
        width: of the embedding.
        heads: that share the width.
        context: the longest text.
    """

    def __init__(self, value: Any, width: int, heads: int, context: int) -> None:
        self.value, self.heads, self.context = value, heads, context
        generator = random.Random(1337)

        def matrix(rows: int, columns: int) -> Matrix:
            return [[value(generator.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.tokens, self.positions = matrix(27, width), matrix(context, width)
        self.query, self.key, self.value_of, self.join = (matrix(width, width) for _ in range(4))
        self.widen, self.narrow = matrix(4 * width, width), matrix(width, 4 * width)
        self.out = matrix(27, width)
        blocks = (self.query, self.key, self.value_of, self.join, self.widen, self.narrow)
        weights = (self.tokens, self.positions, *blocks, self.out)
        self.parameters = [p for weight in weights for row in weight for p in row]

    def loss(self, name: str) -> Any:
        """Mean cross-entropy of each next letter; keys and values of the letters before
        are kept.
        """
        text = [END, *(ord(letter) - ord("a") + 1 for letter in name), END][: self.context + 1]
        keys: Matrix = []
        values: Matrix = []
        losses = []
        for position, (token, wanted) in enumerate(itertools.pairwise(text)):
            logits = self.logits(token, position, keys, values)
            losses.append(-softmax(logits)[wanted].log())
        return sum(losses) * (1.0 / len(losses))

    def logits(self, token: int, position: int, keys: Matrix, values: Matrix) -> Vector:
        """Scores of the next token, after one token at one position."""
        x = normed(plus(self.tokens[token], self.positions[position]))
        y = normed(x)
        keys.append(linear(self.key, y))
        values.append(linear(self.value_of, y))
        x = plus(x, linear(self.join, self.attend(linear(self.query, y), keys, values)))
        y = linear(self.widen, normed(x))
        x = plus(x, linear(self.narrow, [yi.relu() for yi in y]))
        return linear(self.out, x)

    def attend(self, query: Vector, keys: Matrix, values: Matrix) -> Vector:
        """What each head reads from the values, as its query fits their keys."""
        size = len(query) // self.heads
        read: Vector = []
        for start in range(0, len(query), size):
            part = slice(start, start + size)
            weights = softmax([dot(query[part], key[part]) / size**0.5 for key in keys])
            read += [dot(weights, [v[i] for v in values]) for i in range(start, start + size)]
        return read


def dot(x: Vector, y: Vector) -> Any:
    """Sum of products."""
    return sum(xi * yi for xi, yi in zip(x, y, strict=True))


def plus(x: Vector, y: Vector) -> Vector:
    """Element by element."""
    return [xi + yi for xi, yi in zip(x, y, strict=True)]


def linear(weights: Matrix, x: Vector) -> Vector:
    """Matrix times vector."""
    return [dot(row, x) for row in weights]


def softmax(x: Vector) -> Vector:
    """Positive, with sum 1; shifted by the largest, so that nothing overflows."""
    largest = max(xi.data for xi in x)
    powers = [(xi - largest).exp() for xi in x]
    total = sum(powers)
    return [power / total for power in powers]


def normed(x: Vector) -> Vector:
    """RMSNorm: scaled to a mean square of 1."""
    scale = (dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


class Adam:
    """Adam in plain Python, on the numbers."""

    def __init__(self, parameters: Vector) -> None:
        self.parameters = parameters
        self.means = [0.0] * len(parameters)
        self.squares = [0.0] * len(parameters)
        self.steps = 0

    def step(self, rate: float = 0.01, decay: float = 0.85, decay_of_squares: float = 0.99) -> None:
        """Move every parameter, and set its gradient to zero."""
        self.steps += 1
        correction, correction_of_squares = 1 - decay**self.steps, 1 - decay_of_squares**self.steps
        for i, p in enumerate(self.parameters):
            self.means[i] = decay * self.means[i] + (1 - decay) * p.grad
            self.squares[i] = decay_of_squares * self.squares[i] + (1 - decay_of_squares) * p.grad**2
            slope = self.means[i] / correction
            p.data -= rate * slope / ((self.squares[i] / correction_of_squares) ** 0.5 + 1e-8)
            p.grad = 0.0


def make(value: Any, width: int, heads: int, context: int) -> Trial:
    """Train on one name a step, in turn."""
    model = Transformer(value, width, heads, context)
    first = model.loss(NAMES[0])
    first.backward()
    numbers = [first.data, *(p.grad for p in model.parameters)]
    for p in model.parameters:
        p.grad = 0.0
    adam = Adam(model.parameters)

    def step() -> None:
        model.loss(NAMES[adam.steps % len(NAMES)]).backward()
        adam.step()

    return numbers, step


def ours(**given: Any) -> Trial:
    """On our Value."""
    from micrograd.engine import Value

    return make(Value, **given)


def minimal(**given: Any) -> Trial:
    """On the minimal one."""
    from benchmarks.minimal import Value

    return make(Value, **given)


CONTESTANTS = {COMPILED: ours, PLAIN: ours, MINIMAL: minimal}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and Adam for one name."""
    given = {"width": 4, "heads": 2, "context": 3} if settings.small else {"width": 16, "heads": 4, "context": 16}
    return compare("transformer", CONTESTANTS, [Case("step", given)], settings)


ROW = Row(
    2,
    "Character transformer on scalar Values: embedding 16, 4 heads, context 16, 4,192 parameters; one name, with Adam",
    measure,
    [Goal(f"{MINIMAL} takes at least 12 times as long as {COMPILED}", ratio(MINIMAL, COMPILED), at_least=12.0)],
)
