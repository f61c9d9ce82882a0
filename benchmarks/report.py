"""The results, as Markdown to read and JSON to compute with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.row import Outcome, Row

UNITS = {"s": [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")], "B": [(1e6, "MB"), (1e3, "kB"), (1.0, "B")]}
Results = list[tuple[Row, list[Outcome]]]


def shown(value: float, unit: str) -> str:
    """A value to three digits, in a unit that keeps it short.

    >>> shown(0.01544, "s"), shown(1790.0, "s"), shown(192.0, "B")
    ('15.4 ms', '1790 s', '192 B')
    """
    scale, name = next(((s, n) for s, n in UNITS[unit] if abs(value) >= s), UNITS[unit][-1])
    return f"{digits(value / scale)} {name}"


def digits(value: float) -> str:
    """A number to three digits, without an exponent.

    >>> digits(0.1234), digits(12.34), digits(1234.5)
    ('0.123', '12.3', '1234')
    """
    return f"{value:#.3g}".rstrip(".") if 1e-4 <= abs(value) < 1000 else f"{value:.0f}"


def lines_of(row: Row, outcomes: list[Outcome]) -> list[str]:
    """A table row per case and contestant, and one for each that is missing."""
    lines = []
    for outcome in row.condense(outcomes):
        for name in outcome.samples:
            value, times = outcome.value(name), outcome.ratio(name, outcome.base)
            if value is not None:
                share = digits(times) if times else ""
                lines.append(f"| {row.number} | {outcome.case} | {name} | {shown(value, outcome.unit)} | {share} |")
    missing = {name: reason for outcome in outcomes for name, reason in outcome.missing.items()}
    return lines + [f"| {row.number} | all | {name} | missing: {reason} | |" for name, reason in missing.items()]


def goals_of(row: Row, outcomes: list[Outcome]) -> list[str]:
    """A table row per goal."""
    lines = []
    for goal in row.goals:
        measured = goal.measure(outcomes)
        verdict = "not measured" if measured is None else "yes" if goal.is_reached(measured) else "**no**"
        lines.append(f"| {row.number} | {goal.words} | {'' if measured is None else digits(measured)} | {verdict} |")
    return lines


def details_of(row: Row, outcomes: list[Outcome]) -> list[str]:
    """The table that the row makes of all its outcomes, and an empty line."""
    lines = row.detail(outcomes) if row.detail else []
    return [f"Row {row.number}, all cases:", "", *lines, ""] if lines else []


def markdown(about: dict[str, Any], results: Results, notes: str) -> str:
    """The whole page."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"Measured on {about['date']} by `{about['command']}`, all in one run, in turn; medians. Processor: "
            f"{about['processor']}, {about['cores']} cores; {about['threads']} thread(s) for every library. "
            f"{about['system']}, {about['python']}, {versions}. Engine by default: {about['engine']}.",
            "",
            "A ratio is the contestant's median over that of our best engine here: above 1, ours needs less.",
            "",
            *[f"{row.number}. {row.title}" for row, _ in results],
            "",
            "| Row | Case | Contestant | Median | Ratio |",
            "|---|---|---|---|---|",
            *[line for row, outcomes in results for line in lines_of(row, outcomes)],
            "",
            "| Row | Goal | Measured | Reached |",
            "|---|---|---|---|",
            *[line for row, outcomes in results for line in goals_of(row, outcomes)],
            "",
            *[line for row, outcomes in results for line in details_of(row, outcomes)],
            notes,
        ]
    )


def as_json(about: dict[str, Any], results: Results) -> str:
    """The medians to three digits: a line per case, always in the same order, so that
    two versions can be compared.

    Seconds or bytes, as the key of the case says.
    """
    medians = {
        f"{row.number}, {outcome.case}, {outcome.unit}": {
            name: _rounded(value) for name in outcome.samples if (value := outcome.value(name)) is not None
        }
        for row, outcomes in results
        for outcome in outcomes
    }
    goals = {
        f"{row.number}, {goal.words}": None if (measured := goal.measure(outcomes)) is None else _rounded(measured)
        for row, outcomes in results
        for goal in row.goals
    }
    parts = {"about": about, "goals": goals, "medians": medians}
    return "{\n" + ",\n".join(f"{json.dumps(part)}: {_lines(content)}" for part, content in parts.items()) + "\n}\n"


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _lines(content: dict[str, Any]) -> str:
    """A dict as JSON with a line per key."""
    lines = [f"{json.dumps(key)}: {json.dumps(value, sort_keys=True)}" for key, value in content.items()]
    return "{\n " + ",\n ".join(lines) + "\n}"


def write(about: dict[str, Any], results: Results, out: Path) -> None:
    """results.md and results.json; what notes.md says beside them is put at the end of
    the page.
    """
    out.mkdir(parents=True, exist_ok=True)
    notes = out / "notes.md"
    page = markdown(about, results, notes.read_text(encoding="utf-8") if notes.exists() else "")
    (out / "results.md").write_text(page.rstrip() + "\n", encoding="utf-8")
    (out / "results.json").write_text(as_json(about, results), encoding="utf-8")
