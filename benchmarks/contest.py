"""Contestants run in turn, round after round, so that a slow minute of the machine hits
all alike.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.row import AFTER, BEFORE, PLAIN, Case, Outcome, Settings

ROOT = Path(__file__).parents[1]


class ContestError(Exception):
    """A contestant failed, or computes other numbers than the rest."""


class Worker:
    """The parent's end of a contestant's process; see worker.py."""

    def __init__(self, module: str, name: str, settings: Settings) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", module, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(name, settings),
        )

    def ask(self, do: str, **order: Any) -> dict[str, Any]:
        """Give an order, and wait for the answer."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(BrokenPipeError):  # it has died: there will be no answer
            self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ContestError(f"{self.name}: failed, see above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin and self.process.stdout
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def environment(name: str, settings: Settings) -> dict[str, str]:
    """Environment variables of a contestant: threads alike for all, and which engine of
    ours to use.
    """
    n = str(settings.threads)
    several = str(settings.threads > 1).lower()
    kept = {key: value for key, value in os.environ.items() if key != "MICROGRAD_PURE"}
    return {
        **kept,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), n),
        "NPROC": n,  # XLA's thread pool
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={several} intra_op_parallelism_threads={n}",
        "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(ROOT),
        "BENCHMARKS_ORIGINAL": str(settings.original.resolve()),
        "BENCHMARKS_AGAINST": str((settings.against or ROOT).resolve()),
        **({"MICROGRAD_PURE": "1"} if name == PLAIN else {}),
    }


def compare(
    module: str,
    contestants: Iterable[str],
    cases: Sequence[Case],
    settings: Settings,
    rounds: int = 0,
    turn: float = -1,
) -> list[Outcome]:
    """Run every case with all contestants, each in one process for all cases.

    Args:
        module: the row's module in this package; its CONTESTANTS has a maker for each.
        contestants: their names; two checkouts take their place when the settings name
            another one.
        cases: what to compare.
        settings: how to run.
        rounds: turns of each contestant, if not the settings' number.
        turn: seconds of a turn, if not the settings'; with 0 a turn is one call,
            without a warm-up.

    Raises:
        ContestError: a contestant fails, or the numbers differ.
    """
    if settings.against:
        contestants = (BEFORE, AFTER)
    with contextlib.ExitStack() as stack:
        workers = [Worker(module, name, settings) for name in contestants]
        for worker in workers:
            stack.callback(worker.close)
        found: list[Outcome] = []
        for case in cases:
            found += _race(workers, case, rounds or settings.rounds, settings.turn if turn < 0 else turn)
        return found


def _race(workers: Sequence[Worker], case: Case, rounds: int, turn: float) -> list[Outcome]:
    """One outcome, or one for each of the things that the steps have measured for
    themselves.
    """
    answers = {worker.name: worker.ask("prepare", given=dict(case.given), turn=turn) for worker in workers}
    missing = {name: answer["missing"] for name, answer in answers.items() if "missing" in answer}
    _check_agreement(case, {name: answer.get("numbers") for name, answer in answers.items()})
    outcomes: dict[str, Outcome] = {}
    for _ in range(rounds):
        for worker in workers:
            if worker.name in missing:
                continue
            for what, sample in worker.ask("take_turn").items():
                name = case.name if what == "seconds" else f"{what}, {case.name}"
                unit = "B" if "bytes" in what else "s"
                outcome = outcomes.setdefault(what, Outcome(name, unit, missing=missing))
                outcome.samples.setdefault(worker.name, []).append(sample)
    return list(outcomes.values()) or [Outcome(case.name, missing=missing)]


def _check_agreement(case: Case, numbers: dict[str, list[float] | None]) -> None:
    known = {name: found for name, found in numbers.items() if found is not None}
    if not known:
        return
    first, *others = known
    scale = max(map(abs, known[first]), default=0.0)
    for name in others:
        if len(known[first]) != len(known[name]):
            raise ContestError(f"{case.name}: {first} gives {len(known[first])} numbers, {name} {len(known[name])}")
        pairs = list(zip(known[first], known[name], strict=True))
        if not all(math.isclose(x, y, rel_tol=case.tolerance, abs_tol=case.tolerance * scale) for x, y in pairs):
            raise ContestError(f"{case.name}: {first} and {name} compute different numbers: {pairs[:4]} ...")
