"""Row 26: loss and gradients of the scalar transformer for one name, and a whole step
with Adam, by `micrograd.compile`.
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
from benchmarks.transformer import MINIMAL, NAMES, Adam, Transformer

NODES = 58_160  # of the loss, as the engine runs it


def made(value: Any, change: Callable[[Any], Any], given: dict[str, Any], adam: Callable[..., Any] = Adam) -> Trial:
    """The transformer of a class of Values, its loss or its step changed so before it
    runs.
    """
    sizes = {name: x for name, x in given.items() if name != "whole"}
    model = Transformer(value, **sizes)
    if given.get("whole"):
        return whole(model, change, adam(model.parameters))
    loss = change(model.loss)

    def step() -> None:
        loss(NAMES[0]).backward()

    first = loss(NAMES[0])
    first.backward()
    return [first.data, math.hypot(*[p.grad for p in model.parameters])], step


def whole(model: Transformer, change: Callable[[Any], Any], optimizer: Any) -> Trial:
    """A whole step: the loss, backward, and Adam, which clears the gradients."""

    def step() -> Any:
        loss = model.loss(NAMES[0])
        loss.backward()
        optimizer.step()
        if hasattr(optimizer, "zero_grad"):
            optimizer.zero_grad()
        return loss.data

    fast = change(step)
    losses = [float(fast()) for _ in range(5)]
    return [*losses, math.hypot(*[p.data for p in model.parameters])], fast


def our_adam(parameters: Any) -> Any:
    """Our Adam, with the options of the one in plain Python."""
    from micrograd import optim

    return optim.Adam(parameters, lr=0.01, betas=(0.85, 0.99))


def compiled(backend: str) -> Callable[..., Trial]:
    """On our Value, compiled for a back end."""

    def make(**given: Any) -> Trial:
        import micrograd

        return made(micrograd.Value, lambda step: micrograd.compile(step, backend=backend), given, our_adam)

    return make


def ours(**given: Any) -> Trial:
    """On our Value."""
    from micrograd import Value

    return made(Value, lambda loss: loss, given, our_adam)


def minimal(**given: Any) -> Trial:
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
    """Two cases: forward and backward for one name, and a whole step."""
    given: dict[str, Any] = (
        {"width": 4, "heads": 2, "context": 3} if settings.small else {"width": 16, "heads": 4, "context": 8}
    )
    whole_step = {**given, "context": 3 if settings.small else 16, "whole": True}
    cases = [Case("loss and backward", given), Case("whole step with Adam", whole_step)]
    return compare("compiled_transformer", CONTESTANTS, cases, settings)


ROW = Row(
    26,
    "Scalar transformer, unchanged, by micrograd.compile: one name of 6 letters; forward, backward",
    measure,
    [
        Goal("our eager engine takes at least 250 times as long", ratio(COMPILED, BY_COMPILE), at_least=250.0),
        Goal("the tape takes at most 15 ns a node", nanoseconds(ON_TAPE, NODES), at_most=15.0),
        Goal(
            f"a whole step with Adam: the {MINIMAL} takes at least 3,000 times as long",
            ratio(MINIMAL, BY_COMPILE, case=1),
            at_least=3000.0,
        ),
    ],
)
