"""`micrograd grade`: a learner's engine, checked stage by stage."""

from __future__ import annotations

import argparse
import json
import sys

from micrograd.grading.apart import NotRunError, grade_file


def run(options: argparse.Namespace) -> int:
    """Print the report.

    Returns:
        0 where all passed, 1 where a check failed, 2 where the file could not be run.
    """
    try:
        report = grade_file(
            options.file,
            upto=options.upto,
            name=options.name,
            seed=options.seed,
            seconds=options.seconds,
            megabytes=options.megabytes,
        )
    except NotRunError as error:
        if options.json:
            print(
                json.dumps(
                    {"format": "micrograd-grade", "version": 1, "passed": False, "error": str(error), "checks": []}
                )
            )
        print(f"micrograd: grade: {error}", file=sys.stderr)
        return 2
    print(report.json() if options.json else report)
    return 0 if report.passed else 1
