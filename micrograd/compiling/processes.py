"""Processes: commands that are run without a shell, within a time."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

TIMEOUT = 120.0  # seconds for one run
SAID = "said.txt"  # what a command says, in its folder
# Commands that somebody will ask for, each with its folder.
_begun: dict[tuple[str, ...], tuple[str, subprocess.Popen[bytes]]] = {}


class TooLongError(Exception):
    """A command ran too long, and was ended."""


def ended(status: int) -> str:
    """How a command has ended that failed, in words."""
    return f"was ended by signal {-status}" if status < 0 else f"failed (exit status {status})"


def begin(command: list[str], folder: str) -> None:
    """Start a command that `run` is asked for later.

    Raises:
        OSError: it cannot be run.
    """
    _begun[tuple(command)] = (folder, _started(command, folder))


def give_up(folder: str) -> None:
    """End what was begun in a folder."""
    for command, (place, process) in list(_begun.items()):
        if place == folder:
            del _begun[command]
            _end(process)


def run(command: list[str], folder: str) -> tuple[int, str]:
    """Run a command, or wait for one that was begun: its exit status, and what it said.

    Raises:
        PermissionError: programs in this folder may not run.
    """
    import subprocess

    try:
        begun = _begun.pop(tuple(command), None)
        process = begun[1] if begun else _started(command, folder)
    except OSError as error:
        if isinstance(error, PermissionError) and os.path.dirname(command[0]) == folder:
            raise
        return 126, f"{os.path.basename(command[0])} cannot be run: {error.strerror}"
    try:
        status = _waited(process)
    except subprocess.TimeoutExpired:
        raise TooLongError(f"it did not end within {TIMEOUT:g} s") from None
    finally:
        _end(process)
    with open(os.path.join(folder, SAID), "rb") as said:
        return status, said.read(100_000).decode(errors="replace")


def _started(command: list[str], folder: str) -> subprocess.Popen[bytes]:
    import subprocess

    # A file, not a pipe: a pipe that a child of a child holds open is waited for.
    with open(os.path.join(folder, SAID), "wb") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C", "TMPDIR": folder},  # English messages; its files go with ours
            start_new_session=os.name == "posix",
        )


def _waited(process: subprocess.Popen[bytes]) -> int:
    """The exit status of a process when it has ended."""
    if sys.platform == "linux":
        import select

        # Popen.wait with a time sleeps up to 0.05 s longer than the process runs.
        with contextlib.suppress(OSError):
            ended = os.pidfd_open(process.pid)
            try:
                poll = select.poll()
                poll.register(ended, select.POLLIN)
                end = time.monotonic() + TIMEOUT
                # In pieces: `poll` does not see an interrupt that comes just before it.
                while (left := end - time.monotonic()) > 0.0:
                    if poll.poll(1000.0 * min(left, 1.0)):
                        return process.wait()
            finally:
                os.close(ended)
            return process.wait(0.0)
    return process.wait(TIMEOUT)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children, if it runs: an interrupt, or too long a time."""
    if process.poll() is not None:
        return
    if os.name == "posix":
        import signal

        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:  # pragma: no cover - Windows
        process.kill()
    process.wait()
