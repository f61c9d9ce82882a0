"""Explaining: what was compiled, what was not and why, and where memory and time go."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from micrograd.compiling.lines import Line
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.printing import GRADIENTS, Printout, Row, shown
from micrograd.compiling.running import Running

WIDEST = 52  # columns for the text of a line
LONGEST = 2e-3  # seconds that one line is run for, again and again
NAMES = {"CRunner": "C", "NumpyRunner": "NumPy", "TapeRunner": "the tape"}


def explained(compiled: Any, plan: Any, kept: int, refusals: list[str], profile: bool) -> str:
    """The text of `fast.explain()`.

    Args:
        compiled: the compiled function.
        plan: the program that ran last; None before the first call.
        kept: how many programs there are.
        refusals: the errors of captures that failed.
        profile: measure the time of each line.
    """
    if plan is None:
        name = getattr(compiled, "__name__", "the function")
        return "\n".join([f"{name}: it has not run yet, so there is no program", *_refused(refusals)])
    printout = Printout(compiled, plan)
    text = [printout.title, *_facts(plan, printout, kept), *_opaque(printout), *_refused(refusals)]
    if profile and not hasattr(plan.runner, "repeated"):
        text += ["", f"no time per line: {_runner(plan)} has no lines that run alone"]
    elif profile:
        text += _profile(plan, printout)
    return "\n".join(text)


def _runner(plan: Any) -> str:
    name = type(plan.runner).__name__
    return NAMES.get(name, name)


def _facts(plan: Any, printout: Printout, kept: int) -> list[str]:
    back = sum(row.section == GRADIENTS for row in printout.rows_of_lines())
    lines = f"{len(printout.lines)} lines, of them {back} of gradients"
    space = plan.runner.workspace()
    used = {b.name for line in printout.lines for b in [line.target, *[r.buffer for r in line.reads()]]}
    arrays = [array for name, array in space.arrays.items() if name in used or not hasattr(plan, "forward")]
    states = [*plan.theta, *[state for _, state in plan.array_states]]
    size = sum(array.nbytes for array in arrays)
    given = ", ".join(f"{part.name} {part.shape}" for part in printout.given)
    facts = {
        "captured": f"{plan.count:,} numbers in one run, rolled into {lines}",
        "runs as": f"{_runner(plan)}{', exact' if plan.exact else ''}",
        "arguments": f"{given or 'none'}; another shape, length, boolean or string makes another program",
        "programs": f"{kept} kept",
        "reads": f"{len(states):,} values of the caller, at each call",
        "memory": f"{size:,} bytes in {len(arrays)} arrays, for each call whose result is alive",
    }
    if plan.is_step:
        written = sum(len(values) for name, (values, _) in plan.writes.items() if name.startswith("written"))
        facts["writes"] = f"the data of {written:,} values, and gradients: it is a whole step"
    return [f"  {name:10} {fact}" for name, fact in facts.items()]


def _opaque(printout: Printout) -> list[str]:
    rows = [row for row in printout.rows if isinstance(row.line, Opaque)]
    if not rows:
        return [f"  {'by ops':10} nothing: every line is loops"]
    head = f"  {'by ops':10} these have no form as loops; the op itself runs, between two parts of the program"
    return [head, *[f"  {'':10}   {row.text}{_at(row)}" for row in rows]]


def _refused(refusals: list[str]) -> list[str]:
    if not refusals:
        return []
    lines = refusals[-1].splitlines()
    return [f"  {'refused':10} {lines[0]}", *[f"  {'':10} {line}" for line in lines[1:]]]


def _at(row: Row) -> str:
    if not row.places:
        return ""
    place = row.places[-1]
    return f"  # {Path(place.file).name}:{place.line}: {shown(place)}"


# Time


def _profile(plan: Any, printout: Printout) -> list[str]:
    """The time of each line, and of each of the caller's lines."""
    seconds = seconds_of_lines(plan)
    total = sum(seconds) or 1.0
    rows = printout.rows_of_lines()
    text = ["", f"time per line, alone and with warm caches: {total * 1e6:.2f} us in all"]
    by_place: dict[Any, float] = {}
    for row, time_ in zip(rows, seconds, strict=True):
        short = row.text if len(row.text) <= WIDEST else f"{row.text[: WIDEST - 3]}..."
        text.append(f"  {short:{WIDEST}} {time_ * 1e6:9.2f} us {time_ / total:5.0%}")
        key = row.places[-1] if row.places else row.section
        by_place[key] = by_place.get(key, 0.0) + time_
    text += ["", "time per line of the caller"]
    for key, time_ in sorted(by_place.items(), key=lambda item: -item[1]):
        name = key if isinstance(key, str) else f"{key.line}: {shown(key)}"
        short = name if len(name) <= WIDEST else f"{name[: WIDEST - 3]}..."
        text.append(f"  {short:{WIDEST}} {time_ * 1e6:9.2f} us {time_ / total:5.0%}")
    return text


def seconds_of_lines(plan: Any) -> list[float]:
    """How long each line of a program takes, those of gradients last."""
    runner = plan.runner
    space = Running(plan).rehearsed()
    return [_seconds(runner, line, space) for line in [*plan.forward, *plan.back]]


def _seconds(runner: Any, line: Line, space: Any) -> float:
    """The least time of several tries, each of which runs the line many times."""
    count = 1
    while True:
        run = runner.repeated(line, count, space)
        taken = _timed(run)
        if taken > LONGEST / 10 or count > 100_000:
            break
        count *= 4
    return min(taken, *[_timed(run) for _ in range(5)]) / count


def _timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
