"""How a command ends, and the streams that it writes to: closed, full, unread."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from micrograd.errors import MicrogradError


def reported(run: Callable[[], int]) -> int:
    """The exit status of run. An error is printed, without a traceback."""
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
    except FileNotFoundError as error:
        return _failed(str(error) if error.filename is None else f"{error.filename}: there is no such file")
    except IsADirectoryError as error:
        return _failed(f"{error.filename}: this is a folder; give the name of a file in it")
    except OSError as error:  # a full disk, a folder that may not be written to
        return _failed(str(error))
    except UnicodeEncodeError as error:
        letters = error.object[error.start : error.end]
        return _failed(
            f"this terminal cannot show {letters!a} (its encoding is {error.encoding}); "
            f"set PYTHONIOENCODING=utf-8 in the environment"
        )


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


def open_what_is_closed() -> None:
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
