"""What the benchmarks are made of: a Row of the table has Cases, a Case has an Outcome,
a Goal reads Outcomes.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# This project by its engines, or as a whole; OURS is the first of them that was
# measured.
COMPILED, PLAIN, MICROGRAD, OURS = "micrograd, compiled", "micrograd, plain", "micrograd", "ours"
BY_COMPILE, EXACTLY = "micrograd.compile", "micrograd.compile, exact"
ON_NUMPY, ON_TAPE = "micrograd.compile, NumPy back end", "micrograd.compile, tape"
ORIGINAL = "micrograd 0.1.0"
BEFORE, AFTER = "before", "after"  # two checkouts of this project, compared
TORCH, JAX, AUTOGRAD, CASADI = "PyTorch", "JAX", "HIPS autograd", "CasADi"

Step = Callable[[], Any]  # what is timed; where it returns a dict, it has measured for itself
Trial = tuple[Sequence[float] | None, Step]  # numbers that all contestants must agree on, and the step
Maker = Callable[..., Trial]


def threads() -> int:
    """How many a contestant may use, in its own process."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


@dataclass(frozen=True)
class Settings:
    """How to run.

    Attributes:
        small: at a size that only shows that everything runs.
        threads: of every contestant's libraries.
        original: the folder that micrograd 0.1.0 is installed in.
        out: the folder for results.
        against: another checkout of this project; it and this one are then the only
            contestants.
    """

    small: bool
    threads: int
    original: Path
    out: Path
    against: Path | None = None

    @property
    def rounds(self) -> int:
        """How often each contestant has its turn."""
        return 2 if self.small else 11

    @property
    def turn(self) -> float:
        """Seconds that a turn should last at least; quick steps are repeated in it."""
        return 0.001 if self.small else 0.05


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes:
        name: as the table shows it.
        given: the arguments for the makers of the contestants.
        tolerance: how far apart the contestants' numbers may be, relative to the
            largest of them.
    """

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-9


@dataclass
class Outcome:
    """What came out of a case: per contestant the samples, in seconds or bytes, or why
    there are none.
    """

    case: str
    unit: str = "s"
    samples: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """Which of ours the ratios are to; empty where none was measured."""
        return next((name for name in (BY_COMPILE, COMPILED, PLAIN, MICROGRAD) if name in self.samples), "")

    def value(self, name: str) -> float | None:
        """The median of a contestant's samples."""
        name = self.base if name == OURS else name
        return statistics.median(self.samples[name]) if self.samples.get(name) else None

    def ratio(self, of: str, to: str = OURS) -> float | None:
        """How many times the one's median is the other's."""
        dividend, divisor = self.value(of), self.value(to)
        return dividend / divisor if dividend is not None and divisor else None


@dataclass(frozen=True)
class Goal:
    """A number to reach.

    Attributes:
        words: what is wanted.
        measure: reads it from the row's outcomes; None where a contestant is missing.
        at_least: the limit from below, or None.
        at_most: the limit from above, or None.
    """

    words: str
    measure: Callable[[list[Outcome]], float | None]
    at_least: float | None = None
    at_most: float | None = None

    def is_reached(self, measured: float) -> bool:
        """Whether the number is on the right side of the limit."""
        above = self.at_least is None or measured >= self.at_least
        return above and (self.at_most is None or measured <= self.at_most)


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        number: as issues and the command line count them.
        title: what is measured.
        measure: runs it.
        goals: the numbers to reach.
        condense: outcomes for the table, where there are too many; all of them go into
            the JSON.
        detail: a table of its own for all of them, as Markdown; empty where there is
            nothing to show.
    """

    number: int
    title: str
    measure: Callable[[Settings], list[Outcome]]
    goals: Sequence[Goal] = ()
    condense: Callable[[list[Outcome]], list[Outcome]] = lambda outcomes: outcomes
    detail: Callable[[list[Outcome]], list[str]] | None = None


def ratio(of: str, to: str, case: int = 0) -> Callable[[list[Outcome]], float | None]:
    """For a goal: how many times as long the one takes as the other."""
    return lambda outcomes: outcomes[case].ratio(of, to)


def nanoseconds(of: str, nodes: int) -> Callable[[list[Outcome]], float | None]:
    """For a goal: how long a contestant takes for each of so many nodes."""

    def measure(outcomes: list[Outcome]) -> float | None:
        seconds = outcomes[0].value(of)
        return None if seconds is None else seconds * 1e9 / nodes

    return measure
