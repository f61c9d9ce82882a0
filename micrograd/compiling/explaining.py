"""Explaining: what was compiled, what was not and why, what is watched, and where
memory and time go."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd.compiling.c import CRunner
from micrograd.compiling.lines import Line
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.printing import Printout, shown
from micrograd.compiling.running import Running
from micrograd.compiling.sheet import GRADIENTS, Row

WIDEST = 60  # columns for the text of a line
MOST = 40  # lines of which the times are shown
FEW = 8  # names that are shown
LONGEST = 2e-3  # seconds that one line is run for, again and again
CHECKED = "a second capture has seen the same"
NOT_YET = "not yet: the second call captures again, and compares"
NAMES = {"CRunner": "C", "NumpyRunner": "NumPy", "TapeRunner": "the tape"}


class State(NamedTuple):
    """What a compiled function knows of itself.

    Attributes:
        plan: the program that ran last; None where none has.
        watched: the names of what is compared before each call.
        is_checked: whether a second capture has seen the same.
        kept: how many programs there are.
        backend: the one that was asked for.
        refusals: the errors of captures that failed.
        why: why it runs uncompiled; "" where it does not.
        has_waited: whether calls ran uncompiled, as an optimiser made its numbers.
    """

    plan: Any
    watched: Sequence[str]
    is_checked: bool
    kept: int
    backend: str
    refusals: Sequence[str]
    why: str
    has_waited: bool


def explained(compiled: Any, state: State, profile: bool) -> str:
    """The text of `fast.explain()`.

    Args:
        compiled: the compiled function.
        state: what it knows of itself.
        profile: measure the time of each line.
    """
    plan = state.plan
    if plan is None:
        return "\n".join([_without_program(compiled, state), *_refused(state.refusals)])
    printout = Printout(compiled, plan)
    opaque = [] if plan.is_unrolled else _opaque(printout)
    text = [printout.title, *_facts(state, printout), *opaque, *_refused(state.refusals)]
    if profile and not hasattr(plan.runner, "repeated"):
        text += ["", f"no time per line: {_runner(plan)} has no lines that run alone"]
    elif profile:
        text += _profile(plan, printout)
    return "\n".join(text)


def _without_program(compiled: Any, state: State) -> str:
    name = getattr(compiled, "__name__", "the function")
    if state.why:
        return f"{name}: it runs uncompiled, as {state.why}"
    if state.has_waited:
        return f"{name}: it has run uncompiled, as the first step of an optimiser makes what it keeps; call it again"
    return f"{name}: it has not run yet, so there is no program"


def _runner(plan: Any) -> str:
    name = type(plan.runner).__name__
    return NAMES.get(name, name)


def _chosen(state: State) -> str:
    """Why it runs as it does."""
    if state.plan.why:
        return f"as {state.plan.why}"
    return "the fastest that works here" if state.backend == "auto" else f"as backend={state.backend!r} asks"


def counted(count: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "line"), counted(1200, "line")
    ('1 line', '1,200 lines')
    """
    return f"{count:,} {thing}{'s' if count != 1 else ''}"


def _lines(printout: Printout) -> tuple[str, set[str]]:
    """How many lines there are, and the buffers that they use."""
    back = sum(row.section == GRADIENTS for row in printout.rows_of_lines())
    used = {b.name for line in printout.lines for b in [line.target, *[r.buffer for r in line.reads()]]}
    lines = counted(len(printout.lines), "line") + (f", {back:,} of them for gradients" if back else "")
    return f"rolled into {lines}", used


def _compiler(plan: Any) -> dict[str, str]:
    """The compiler, and what of it is not used."""
    compiler = plan.runner.compiler if isinstance(plan.runner, CRunner) else None
    if compiler is None:
        return {}
    facts = {
        "compiler": f"{compiler.version or 'of an unknown kind'}: {shlex.join(compiler.words)}",
        "flags": " ".join(compiler.flags),
    }
    return facts | ({"not used": "; ".join(compiler.refused)} if compiler.refused else {})


def _threads(plan: Any) -> dict[str, str]:
    """How many threads there are, where they were asked for."""
    if plan.threads is None:
        return {}
    if not isinstance(plan.runner, CRunner):
        return {"threads": "1: only C runs on several"}
    if plan.runner.threads is None:
        return {"threads": "1: the compiler makes no threads here"}
    shared = counted(plan.runner.count_of_shared, "large line")
    return {"threads": f"{plan.runner.threads}, which share {shared}; the others run on one"}


def _facts(state: State, printout: Printout) -> list[str]:
    plan = state.plan
    space = plan.runner.workspace()
    rolled, used = _lines(printout) if not plan.is_unrolled else ("not rolled into lines", space.arrays.keys())
    there = [array for name, array in space.arrays.items() if name in used or not hasattr(plan, "forward")]
    arrays = {array.__array_interface__["data"][0]: array for array in there if array.size}.values()  # each memory once
    states = [*plan.theta, *[state for _, state in plan.array_states]]
    size = sum(array.nbytes for array in arrays)
    given = ", ".join(f"{part.name} {part.shape}" for part in printout.given)
    others = "; another shape, length, boolean or string makes another program"
    held = ", ".join(dict.fromkeys(hold.home.name for hold in plan.held))
    again = "" if plan.is_step else "; as much again for each result that you keep"
    facts = {
        "captured": f"{counted(plan.count, 'number')} in one run, {rolled}",
        "runs as": f"{_runner(plan)}{', exact' if plan.exact else ''}, {_chosen(state)}",
        **_compiler(plan),
        **_threads(plan),
        "arguments": f"{given or 'no numbers'}{others if printout.has_arguments else ''}",
        "programs": f"{state.kept} kept",
        "reads": f"the data of {counted(len(states), 'Value')}{', and ' if held else ''}{held}, at each call",
        "watched": _watched(state.watched),
        "checked": CHECKED if state.is_checked else NOT_YET,
        "memory": f"{counted(size, 'byte')} in {counted(len(arrays), 'array')}{again}",
    }
    if plan.is_step:
        written = sum(len(values) for name, (values, _) in plan.writes.items() if name.startswith("written"))
        facts["writes"] = f"the data of {counted(written, 'Value')}, and gradients: it is a whole step"
    return [f"  {name:10} {fact}" for name, fact in facts.items()]


def _watched(names: Sequence[str]) -> str:
    """What is captured anew when it changes: the variables, and how much is in them."""
    words = [name for name in names if name and not name.startswith("__") and " " not in name]
    roots = list(dict.fromkeys(re.split(r"[.\[]", name)[0] for name in words))
    if not roots:
        return "nothing outside of the function"
    shown = ", ".join([*roots[:FEW], *(["..."] if len(roots) > FEW else [])])
    many = f", {len(words):,} things in all" if len(words) > len(roots) else ""
    return f"{shown}{many}; when one is replaced, the function is captured anew"


def _opaque(printout: Printout) -> list[str]:
    rows = [row for row in printout.rows if isinstance(row.line, Opaque)]
    if not rows:
        return [f"  {'whole ops':10} none: every line is a loop"]
    head = f"  {'whole ops':10} these have no form as loops; the op itself runs, between two parts of the program"
    return [head, *[f"  {'':10}   {row.text}{_at(row)}" for row in rows]]


def _refused(refusals: Sequence[str]) -> list[str]:
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
    rows = printout.rows_of_lines()
    by_place: dict[Any, float] = {}
    for row, time_ in zip(rows, seconds, strict=True):
        key = row.places[-1] if row.places else row.section
        by_place[key] = by_place.get(key, 0.0) + time_
    total = sum(seconds)
    slowest = sorted(by_place.items(), key=lambda item: -item[1])
    callers = [(key if isinstance(key, str) else f"{key.line}: {shown(key)}", time_) for key, time_ in slowest]
    return [
        "",
        f"time per line, alone and with warm caches: {total * 1e6:.2f} us in all",
        *_times([(row.text, time_) for row, time_ in zip(rows, seconds, strict=True)], total),
        "",
        "time per line of the caller",
        *_times(
            [(key if isinstance(key, str) else f"{key.line}: {shown(key)}", time_) for key, time_ in callers], total
        ),
    ]


def _times(rows: list[tuple[str, float]], total: float) -> list[str]:
    """Rows of times; of many, those that take longest, and the others in one."""
    least = sorted((time_ for _, time_ in rows), reverse=True)[:MOST][-1:]
    kept = [row for row in rows if row[1] >= least[0]]
    if len(kept) < len(rows):
        kept.append((f"{len(rows) - len(kept)} other lines", total - sum(time_ for _, time_ in kept)))
    width = max((len(text) for text, _ in kept), default=0)
    made = []
    for text, time_ in kept:
        short = text if len(text) <= WIDEST else f"{text[: WIDEST - 4]} ..."
        made.append(f"  {short:{min(width, WIDEST)}} {time_ * 1e6:9.2f} us {time_ / (total or 1.0):5.0%}")
    return made


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
