"""The command line: `micrograd demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from micrograd.errors import MicrogradError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name.

    Args:
        arguments: the words after `micrograd`; None takes them from the command line.

    Returns:
        The exit status: 0, 1 when the command failed, 2 without a command, 130 when it was interrupted.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.version:
        print(f"micrograd-nd {_version()}")
        return 0
    if options.command is None:
        parser.print_help()
        return 2
    try:
        return _demo(options)
    except MicrogradError as error:
        print(f"micrograd: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("micrograd: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone, as in `micrograd demo | head`: Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:  # a full disk, a folder that may not be written to
        print(f"micrograd: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="micrograd", description="A gradient engine to read, to draw and to train.")
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser("demo", help="train a small network and draw what it has learned")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder for the pictures (default: %(default)s)")
    demo.add_argument("--steps", type=_count, default=100, help="training steps (default: %(default)s)")
    return parser


def _demo(options: argparse.Namespace) -> int:
    from micrograd import demo  # after the arguments are known to be good: `--help` does not wait for it

    demo.run(options.out, steps=options.steps)
    return 0


def _version() -> str:
    try:
        return metadata.version("micrograd-nd")
    except metadata.PackageNotFoundError:
        return "(not installed: run from its source)"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of steps; give a whole number, 1 or more")
    return int(text)
