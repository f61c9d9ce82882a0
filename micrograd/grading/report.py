"""What the grader found: its checks, as text, as a page, as JSON."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

TITLES = {
    1: "Value(2.0)",
    2: "each op forward",
    3: "each op backward, alone",
    4: "backward(), and a value that is used twice",
    5: "the order of the nodes",
    6: "a second backward(), and zero",
    7: "ints and constants",
    8: "long chains and many paths",
    9: "50 random expressions",
    10: "neurons, layers, networks",
}
MARKS = {"passed": "✓", "failed": "✗", "limit": "!", "absent": "○"}


def shown(text: str) -> str:
    """Text that may hold a learner's words, as a terminal can print it.

    >>> print(shown("a line\\x1b[2J"))
    a line\\x1b[2J
    """
    return "".join(sign if sign.isprintable() or sign == "\n" else ascii(sign)[1:-1] for sign in text)


class Result(NamedTuple):
    """What one check found.

    Attributes:
        stage: from 1 to 10.
        name: of the check, as later checks call it.
        status: "passed"; "failed"; "limit", which is right within limits; "absent",
            which is not there and not asked for.
        said: what was done, what came, what is right.
        advice: which slip gives just that, and what to write.
        slips: the names of these slips.
        follows: the name of the failed check that this one rests on.
    """

    stage: int
    name: str
    status: str
    said: str = ""
    advice: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    follows: str = ""

    def __str__(self) -> str:
        advice = (f"follows from {self.follows}",) if self.follows else self.advice
        return "\n    ".join([f"{MARKS[self.status]} {self.said or self.name}", *advice])


class Report:
    """What the grader found. `str()` is the text.

    Attributes:
        results: a `Result` for each check, in their order.
        notes: what else a reader has to know.
        passed: whether checks were made, and none failed.
    """

    def __init__(self, results: Sequence[Result], notes: Sequence[str] = ()) -> None:
        self.results = list(results)
        self.notes = list(notes)

    @property
    def passed(self) -> bool:
        return bool(self.results) and all(result.status != "failed" for result in self.results)

    def failed(self) -> list[Result]:
        """The checks that failed."""
        return [result for result in self.results if result.status == "failed"]

    def points(self, most: float = 10.0) -> float:
        """Points for the stages without a fault, each the same part of `most`.

        Args:
            most: the points where all stages passed.
        """
        stages = self._stages()
        right = [stage for stage in stages if all(x.status != "failed" for x in self._of(stage))]
        return most * len(right) / max(len(stages), 1)

    def to_dict(self) -> dict[str, Any]:
        """What `micrograd grade --json` prints."""
        return {
            "format": "micrograd-grade",
            "version": 1,
            "passed": self.passed,
            "points": self.points(),
            "notes": self.notes,
            "checks": [
                {
                    "stage": x.stage,
                    "name": x.name,
                    "ok": x.status != "failed",
                    "status": x.status,
                    "said": x.said,
                    "advice": list(x.advice),
                    "slips": list(x.slips),
                    "follows": x.follows,
                }
                for x in self.results
            ],
        }

    def json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), indent=1)

    def __str__(self) -> str:
        return shown("\n".join(self._lines()))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return f"<pre>{html.escape(str(self))}</pre>"

    def _lines(self) -> Iterator[str]:
        yield from (f"note: {note}" for note in self.notes)
        for stage in self._stages():
            results = self._of(stage)
            asked = [x for x in results if x.status != "absent"]
            right = sum(x.status != "failed" for x in asked)
            mark = "○" if not asked else "✓" if right == len(asked) else "✗"
            count = f"{right} of {len(asked)}" if asked else "not there"
            yield f"{mark} {stage:>2}  {TITLES[stage]:<44}{count}"
        if told := [x for x in self.results if x.status in ("failed", "limit")]:
            yield ""
            yield from map(str, told)
        if absent := [x for x in self.results if x.status == "absent"]:
            yield f"\n{MARKS['absent']} not there, and not asked for: {', '.join(x.name for x in absent)}"
            yield from (f"    {advice}" for x in absent for advice in x.advice)
        yield f"\n{self._verdict()}"

    def _verdict(self) -> str:
        if self.passed:
            limits = sum(x.status == "limit" for x in self.results)
            return f"All passed{f', with {limits} limit' if limits else ''}{'s' * (limits > 1)}."
        own = [x for x in self.failed() if not x.follows]
        rest = len(self.failed()) - len(own)
        follow = (
            f"; {rest} more follow{'s' if rest == 1 else ''} from {'it' if len(own) == 1 else 'them'}" if rest else ""
        )
        return f"{len(own)} check{'' if len(own) == 1 else 's'} failed{follow}. Repair the first one first."

    def _stages(self) -> list[int]:
        return sorted({x.stage for x in self.results})

    def _of(self, stage: int) -> list[Result]:
        return [x for x in self.results if x.stage == stage]
