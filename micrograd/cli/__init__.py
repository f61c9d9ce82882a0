"""The command line: `micrograd draw`, `explain`, `grad`, `derive`; `train`, `predict`,
`info`, `cache`; `grade`, `play`; `demo`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from importlib import metadata

from micrograd import installed
from micrograd.cli.arguments import arranged, parser
from micrograd.cli.streams import open_what_is_closed, reported

__all__ = ["main"]

# Imported only when they run: `--help` and bad arguments do not wait for the engine.
ROOMS = {
    **dict.fromkeys(["draw", "explain", "grad", "derive"], "expressions"),
    "train": "training",
    "predict": "predicting",
    "info": "info",
    "cache": "cache",
    "grade": "grading",
    "play": "play",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name.

    Args:
        arguments: the words after `micrograd`; None takes them from the command line.

    Returns:
        The exit status: 0 for success, 1 if the command failed, 2 if no command was
        given or `grade` cannot run the file, 130 if it was interrupted.
    """
    open_what_is_closed()
    installed.warn_of_conflict()
    return reported(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    words = parser()
    try:
        options = words.parse_args(arranged(sys.argv[1:] if arguments is None else arguments))
    finally:
        sys.stdout.flush()  # `--help` exits here
    if options.version:
        print(f"micrograd-nd {_version()}")
        return 0
    if options.command is None:
        words.print_help()
        return 2
    if options.command == "demo":
        return _demo(options)
    status: int | None = importlib.import_module(f"micrograd.cli.{ROOMS[options.command]}").run(options)
    return status or 0


def _demo(options: argparse.Namespace) -> int:
    from micrograd import demo

    demo.run(options.out, steps=options.steps)
    return 0


def _version() -> str:
    try:
        return metadata.version("micrograd-nd")
    except metadata.PackageNotFoundError:
        return "(not installed; runs from its source)"
