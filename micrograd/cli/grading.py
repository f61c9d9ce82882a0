"""`micrograd grade`: a learner's engine, checked stage by stage."""

from __future__ import annotations

import argparse
import json
import sys

from micrograd.errors import ArgumentError
from micrograd.grading.apart import NotRunError, grade_file
from micrograd.grading.notebooks import cells
from micrograd.grading.report import TITLES, Report, Result, shown
from micrograd.sandboxed import run_apart


def run(options: argparse.Namespace) -> int:
    """Print the report.

    Returns:
        0 where all passed, 1 where a check failed, 2 where the file could not be run.
    """
    try:
        report = _sandboxed(options) if options.sandboxed else _apart(options)
    except NotRunError as error:
        if options.json:
            told = {"format": "micrograd-grade", "version": 1, "passed": False, "error": str(error), "checks": []}
            print(json.dumps(told))
        print(f"micrograd: grade: {shown(str(error))}", file=sys.stderr)
        return 2
    print(report.json() if options.json else report)
    return 0 if report.passed else 1


def _apart(options: argparse.Namespace) -> Report:
    return grade_file(
        options.file,
        upto=options.upto,
        name=options.name,
        seed=options.seed,
        seconds=options.seconds,
        megabytes=options.megabytes,
    )


def _sandboxed(options: argparse.Namespace) -> Report:
    """The report of a file that opens and imports next to nothing."""
    if options.name != "Value" or options.seed:
        raise ArgumentError("grade: --sandboxed goes with neither --class nor --seed; leave one out")
    try:
        is_notebook = options.file.suffix == ".ipynb"
        code = "\n".join(cells(options.file)) if is_notebook else options.file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotRunError(f"{options.file.name}: it is not UTF-8: {error.reason}") from None
    except ValueError as error:
        raise NotRunError(f"{options.file.name}: it is not a notebook: {error}") from None
    upto = None if options.upto is None else str(options.upto)
    told = run_apart(code, wanted="grade", upto=upto, seconds=options.seconds, megabytes=options.megabytes)
    if told["error"] is not None:
        line = "" if told["line"] is None else f", line {told['line']}"
        raise NotRunError(f"{options.file.name}{line}: {told['error']}")
    fields = [name for name in Result._fields if name not in ("advice", "slips")]
    try:
        checks = [
            Result(**{name: check[name] for name in fields}, advice=tuple(check["advice"]), slips=tuple(check["slips"]))
            for check in told["checks"]
        ]
        if {check.stage for check in checks} >= {*range(1, (options.upto or max(TITLES)) + 1)}:
            return Report(checks)
    except (KeyError, TypeError):  # the file has answered in the place of the grader
        pass
    raise NotRunError(f"{options.file.name}: the answer is not that of the grader")
