"""Row 26: loss and gradients of the scalar transformer for one name, by
`micrograd.compile`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from benchmarks.contest import compare
from benchmarks.row import (
    BY_COMPILE,
    COMPILED,
    ON_NUMPY,
    ON_TAPE,
    Case,
    Goal,
    Outcome,
    Row,
    Settings,
    Trial,
    nanoseconds,
    ratio,
)
from benchmarks.transformer import MINIMAL, NAMES, Transformer

NODES = 58_160  # of the loss, as the engine runs it


def made(value: Any, change: Callable[[Any], Any], given: dict[str, int]) -> Trial:
    """The transformer of a class of Values, its loss changed so before it runs."""
    model = Transformer(value, **given)
    loss = change(model.loss)

    def step() -> None:
        loss(NAMES[0]).backward()

    first = loss(NAMES[0])
    first.backward()
    return [first.data, math.hypot(*[p.grad for p in model.parameters])], step


def compiled(backend: str) -> Callable[..., Trial]:
    """On our Value, compiled for a back end."""

    def make(**given: int) -> Trial:
        import micrograd

        return made(micrograd.Value, lambda loss: micrograd.compile(loss, backend=backend), given)

    return make


def ours(**given: int) -> Trial:
    """On our Value."""
    from micrograd import Value

    return made(Value, lambda loss: loss, given)


def minimal(**given: int) -> Trial:
    """On the minimal one."""
    from benchmarks.minimal import Value

    return made(Value, lambda loss: loss, given)


CONTESTANTS = {
    BY_COMPILE: compiled("auto"),
    ON_NUMPY: compiled("numpy"),
    ON_TAPE: compiled("tape"),
    COMPILED: ours,
    MINIMAL: minimal,
}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward and backward for one name."""
    given = {"width": 4, "heads": 2, "context": 3} if settings.small else {"width": 16, "heads": 4, "context": 8}
    return compare("compiled_transformer", CONTESTANTS, [Case("loss and backward", given)], settings)


ROW = Row(
    26,
    "Scalar transformer, unchanged, by micrograd.compile: one name of 6 letters; forward, backward",
    measure,
    [
        Goal("our eager engine takes at least 250 times as long", ratio(COMPILED, BY_COMPILE), at_least=250.0),
        Goal("the tape takes at most 15 ns a node", nanoseconds(ON_TAPE, NODES), at_most=15.0),
    ],
)
