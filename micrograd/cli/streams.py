"""The command line: `micrograd demo`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from micrograd import installed
from micrograd.errors import MicrogradError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name.

    Args:
        arguments: the words after `micrograd`; None takes them from the command line.

    Returns:
        The exit status: 0 for success, 1 if the command failed, 2 if no command was
        given, 130 if it was interrupted.
    """
    _open_what_is_closed()
    installed.warn_of_conflict()
    return _reported(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    finally:
        sys.stdout.flush()  # `--help` exits here
    if options.version:
        print(f"micrograd-nd {_version()}")
        return 0
    if options.command is None:
        parser.print_help()
        return 2
    return _demo(options)


def _reported(run: Callable[[], int]) -> int:
    """The exit status of run. An error is printed in one line."""
    try:
        status = run()
        # Flush here, where the errors are still caught: a closed pipe, a full disk.
        sys.stdout.flush()
        return status
    except MicrogradError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        return _failed("interrupted", status=130)
    except BrokenPipeError:  # the reader has stopped, as in `micrograd demo | head`
        return _failed("")
    except OSError as error:  # a full disk, a folder that may not be written to
        return _failed(str(error))


def _failed(reason: str, status: int = 1) -> int:
    try:
        if reason:
            print(f"micrograd: {reason}", file=sys.stderr, flush=True)
    except OSError:
        _discard(sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
    return status


def _discard(stream: object) -> None:
    """Discard what the stream still holds, so that Python reports no error at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
    os.close(nowhere)


def _open_what_is_closed() -> None:
    """Open the standard streams that the shell has closed, as in `micrograd demo >&-`.

    What is written to them is discarded.

    If the shell closes a stream, Python's stream is None, and its file number is free.
    The next file that is opened, such as a picture, would get that number. Then output
    for the stream would be written into the picture.
    """
    # The order is that of the file numbers.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="micrograd", description="A gradient engine to read, to draw and to train.")
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    commands = parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser("demo", help="train a small network and draw what it has learned")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder for the pictures (default: %(default)s)")
    demo.add_argument("--steps", type=_count, default=100, help="training steps (default: %(default)s)")
    return parser


def _demo(options: argparse.Namespace) -> int:
    # Import it only now, so that `--help` and bad arguments do not wait for it.
    from micrograd import demo

    demo.run(options.out, steps=options.steps)
    return 0


def _version() -> str:
    try:
        return metadata.version("micrograd-nd")
    except metadata.PackageNotFoundError:
        return "(not installed; runs from its source)"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of steps; give a whole number, 1 or more")
    return int(text)
