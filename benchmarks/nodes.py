"""Row 3: time and memory per node, for graphs of a thousand to ten million nodes: both
should be flat.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.contest import compare
from benchmarks.row import COMPILED, OURS, PLAIN, Case, Goal, Outcome, Row, Settings, Trial

LEAVES = 100
SIZES = [10**3, 10**4, 10**5, 10**6, 10**7]
BUILD, BACKWARD, MEMORY, PEAK = "build", "backward", "bytes when built", "bytes at most, in backward"


def make(nodes: int) -> Trial:
    """Build a long sum of products and go back, measuring both, per node."""
    from micrograd.engine import Value

    weights = [Value(0.001 * i) for i in range(LEAVES)]
    inputs = [Value(1.0 - 0.001 * i) for i in range(LEAVES)]

    def build() -> Value:
        total = Value(0.0)
        for _ in range(nodes // (2 * LEAVES)):
            for w, x in zip(weights, inputs, strict=True):
                total = total + w * x
        return total

    repeats = max(1, 10**5 // nodes)
    gc.collect()  # the first full collection of a process goes through all that it has imported: 2 ms, no node's

    def step() -> dict[str, float]:
        occupied = resident()
        measured = {BUILD: 0.0, BACKWARD: 0.0}
        for _ in range(repeats):
            start = time.perf_counter()
            total = build()
            measured[BUILD] += (time.perf_counter() - start) / (repeats * nodes)
            memory = resident() - occupied
            start = time.perf_counter()
            total.backward()
            measured[BACKWARD] += (time.perf_counter() - start) / (repeats * nodes)
        if repeats > 1:  # in so small a graph, what the process had free already counts too much
            return measured
        return {**measured, MEMORY: memory / nodes, PEAK: (resident(at_most=True) - occupied) / nodes}

    if nodes > 10**4:  # another graph before would leave its memory for this one
        return None, step
    total = build()
    total.backward()
    return [total.data, *(x.grad for x in weights + inputs)], step


CONTESTANTS = {COMPILED: make, PLAIN: make}


def resident(at_most: bool = False) -> int:
    """Memory of this process in bytes: now, or the most that it ever was."""
    statm = Path("/proc/self/statm")
    if statm.exists() and not at_most:
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def measure(settings: Settings) -> list[Outcome]:
    """Every size and repeat in fresh processes, since memory that was freed once would
    be used again.
    """
    outcomes: dict[str, Outcome] = {}
    for nodes in SIZES[:2] if settings.small else SIZES:
        case = Case(f"10^{len(str(nodes)) - 1} nodes, per node", {"nodes": nodes})
        for _ in range(1 if settings.small else 3 if nodes == SIZES[-1] else 7):
            for found in compare("nodes", CONTESTANTS, [case], settings, rounds=1, turn=0):
                outcome = outcomes.setdefault(found.case, Outcome(found.case, found.unit, missing=found.missing))
                for name, samples in found.samples.items():
                    outcome.samples.setdefault(name, []).extend(samples)
    return sorted(outcomes.values(), key=lambda outcome: (BUILD, BACKWARD, MEMORY, PEAK).index(_what(outcome)))


def _what(outcome: Outcome) -> str:
    return outcome.case.rpartition(", 10^")[0]


def _over_sizes(what: str, of_all: Callable[[list[float]], float]) -> Callable[[list[Outcome]], float | None]:
    """For a goal: something of the values per node for 10^4 to 10^7 nodes, of our best
    engine.
    """

    def measured(outcomes: list[Outcome]) -> float | None:
        chosen = [x for x in outcomes if _what(x) == what and "10^3" not in x.case]
        values = [value for x in chosen if (value := x.value(OURS)) is not None]
        return of_all(values) if len(values) > 1 else None

    return measured


ROW = Row(
    3,
    "Time and memory per node: a sum of products, fresh processes",
    measure,
    [
        Goal("nanoseconds to build a node: at most 130", _over_sizes(BUILD, lambda s: 1e9 * max(s)), at_most=130.0),
        Goal("nanoseconds to go back: at most 60", _over_sizes(BACKWARD, lambda s: 1e9 * max(s)), at_most=60.0),
        Goal("bytes of a node: at most 200", _over_sizes(MEMORY, max), at_most=200.0),
        Goal("build, 10^4 to 10^7: flat within 2.5", _over_sizes(BUILD, lambda s: max(s) / min(s)), at_most=2.5),
        Goal("backward, 10^4 to 10^7: flat within 2.5", _over_sizes(BACKWARD, lambda s: max(s) / min(s)), at_most=2.5),
    ],
)
