"""Row 31: the first call of a compiled step in a new process: capture, compile, run.

Each turn starts a process with a cache of its own: an empty one, or one in which an
earlier process has left its objects. `first call` counts from the call on, as the
prototype did; `process` also counts Python's start, the imports and the data.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from benchmarks.contest import compare
from benchmarks.moons_scalar import moons, program
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial

CACHES = {"cold": "empty cache", "warm": "cache of an earlier process"}
MOST = {"cold": 0.6, "warm": 0.25}  # seconds


def first_call(points: list[list[float]], signs: list[int]) -> dict[str, Any]:
    """Compile the step of text 001, call it once: the seconds, and the loss."""
    import numpy as np

    import micrograd

    X, y = np.array(points), np.array(signs)
    model, loss = program()

    def step(X: Any, y: Any, rate: Any) -> Any:
        total, accuracy = loss(X, y)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= rate * p.grad
        return total, accuracy

    fast = micrograd.compile(step)
    start = time.perf_counter()
    total, _ = fast(X, y, 1.0)
    return {"first call": time.perf_counter() - start, "loss": total.data}


def in_new_process(given: dict[str, Any], folder: str) -> dict[str, Any]:
    """What a process with this cache measures; and how long it runs."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.first_call"],
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "MICROGRAD_CACHE": folder},
    )
    return {**json.loads(done.stdout), "process": time.perf_counter() - start}


def ours(cache: str, **given: Any) -> Trial:
    """micrograd.compile on either engine, with this cache."""
    kept = tempfile.TemporaryDirectory(prefix="benchmark-")
    loss = in_new_process(given, kept.name)["loss"]

    def step() -> dict[str, float]:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as empty:
            found = in_new_process(given, kept.name if cache == "warm" else empty)
        return {what: found[what] for what in ("first call", "process")}

    return [loss], step


CONTESTANTS: dict[str, Callable[..., Trial]] = {COMPILED: ours, PLAIN: ours}


def measure(settings: Settings) -> list[Outcome]:
    """A case for each cache, with two outcomes: the call, and the process."""
    cases = [Case(name, {"cache": cache, **moons(settings.small)}) for cache, name in CACHES.items()]
    return compare("first_call", CONTESTANTS, cases, settings, rounds=1 if settings.small else 7, turn=0)


def _seconds(cache: str) -> Callable[[list[Outcome]], float | None]:
    def measured(outcomes: list[Outcome]) -> float | None:
        name = f"first call, {CACHES[cache]}"
        return next((outcome.value(OURS) for outcome in outcomes if outcome.case == name), None)

    return measured


ROW = Row(
    31,
    "First call of the moons step of 001 in a new process, by micrograd.compile; the call, and the whole process",
    measure,
    [
        Goal(f"seconds of the call, {name}: at most {MOST[cache]}", _seconds(cache), at_most=MOST[cache])
        for cache, name in CACHES.items()
    ],
)

if __name__ == "__main__":
    print(json.dumps(first_call(**json.load(sys.stdin))))
