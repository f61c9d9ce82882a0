"""The process for a program of a reader, seen from outside: it is started, heard, and
ended.

What it says is not trusted: it is a stream of lines of JSON, of a limited size, and
each part is checked.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

from micrograd.errors import ArgumentError, FormatError, MicrogradError
from micrograd.see.graph import checked

START = 30.0  # seconds within which the process must be ready
MOST_HEARD = 16_000_000  # bytes of all that it says
LONGEST = 100_000  # characters of a program
WANTED = ("run", "grade")
KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "MICROGRAD_PURE")  # of the environment
ONE_THREAD = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
BOOT = (
    "import json, sys; asked = json.loads(sys.stdin.readline()); sys.path[:] = asked['path']; "
    "from micrograd.sandboxed.inside import main; main(asked)"
)


def run_apart(
    code: str,
    *,
    wanted: str = "run",
    upto: str | None = None,
    seconds: float = 5.0,
    megabytes: int = 256,
    characters: int = 100_000,
) -> dict[str, Any]:
    """Run a program in a process of its own, which has limits and reads no file.

    The process has Python's own modules for numbers (math, random, itertools and
    others), NumPy if it is installed, and micrograd. It opens no file, no connection
    and no other program, and is ended when its time is over. docs/play.md says what
    holds it, and on which systems.

    Args:
        code: the text of the program.
        wanted: "run", or "grade" for an engine with a class `Value`.
        upto: the last stage that is graded; all by default.
        seconds: for the program, by the clock on the wall. It starts when the process
            has loaded micrograd.
        megabytes: of memory, besides what micrograd and NumPy take.
        characters: that the program may print.

    Returns:
        What JSON can hold. For "run": `printed`, `error` (a text, or None), `line` (of
        the error, or None), `graph` (of the Value named loss, L or out, or the last
        one; data of `micrograd.see.graph`, or None), and `seconds`. For "grade" the
        same with `report`, `checks` and `passed` besides.

    Raises:
        ArgumentError: the program is not a text or is too long, or a limit is not a
            number above 0.

    >>> run_apart("print(1 + 1)")["printed"]
    '2\\n'
    >>> run_apart("open('/etc/passwd')")["error"]
    'FileRefusedError: files cannot be opened here'
    """
    _check(code, wanted, seconds=seconds, megabytes=megabytes, characters=characters)
    asked = {
        "code": code,
        "wanted": wanted,
        "upto": upto,
        "seconds": seconds,
        "megabytes": megabytes,
        "characters": characters,
        "parent": os.getpid(),
        "path": [os.path.abspath(place) for place in sys.path if place],
    }
    heard = _heard(asked, seconds)
    error = heard.error(seconds)
    answer = {
        "printed": heard.printed[:characters],
        "error": error,
        "line": _as_line(heard.last.get("line"), code),
        "graph": _as_graph(heard.last.get("graph")),
        "seconds": round(heard.seconds, 3),
    }
    return answer if wanted == "run" else {**answer, **_as_grades(heard.last, error)}


def _check(code: Any, wanted: Any, **limits: Any) -> None:
    if not isinstance(code, str):
        raise ArgumentError(f"run_apart: the program is a {type(code).__name__}; give its text")
    if len(code) > LONGEST:
        raise ArgumentError(f"run_apart: the program has {len(code):,} characters, and may have {LONGEST:,}")
    if wanted not in WANTED:
        raise ArgumentError(f"run_apart: wanted={wanted!r} is unknown; choose from {', '.join(WANTED)}")
    for name, limit in limits.items():
        if type(limit) not in (int, float) or not 0 < limit < 1e9:
            raise ArgumentError(f"run_apart: {name}={limit!r} is not a limit; give a number above 0")


class _Heard:
    """What a process says, line by line; read in a thread, so that time can be kept."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.printed = ""
        self.last: dict[str, Any] = {}  # the line with which it ends
        self.is_too_late = self.is_too_much = False
        self.ready = threading.Event()
        self.began = time.monotonic()
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        said: list[bytes] = []
        total = 0
        stream = self.process.stdout
        assert stream is not None
        while not self.last and (chunk := stream.read1()):  # type: ignore[attr-defined]
            total += len(chunk)
            if total > MOST_HEARD:
                self.is_too_much = True
                break
            said.append(chunk)
            if b"\n" in chunk:
                *lines, rest = b"".join(said).split(b"\n")
                said = [rest]
                for line in lines:
                    self._note(line)
        stream.close()
        self.ready.set()

    def _note(self, line: bytes) -> None:
        try:
            told = json.loads(line, parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            return
        if not isinstance(told, dict) or self.last:
            return
        if told.get("ready") is True and not self.ready.is_set():
            self.began = time.monotonic()
            self.ready.set()
        elif isinstance(told.get("printed"), str):
            self.printed += told["printed"]
        elif told.get("done") is True:
            self.last = told

    def wait(self, seconds: float) -> None:
        """Until it has ended, or its time is over; then it is ended."""
        is_ready = self.ready.wait(START)
        self._thread.join(seconds if is_ready else 0.0)
        self.is_too_late = self._thread.is_alive()
        self.seconds = time.monotonic() - self.began
        if not (self.last or self.is_too_late or self.is_too_much):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1.0)  # it says no more, so it ends by itself; its status says why
        self.process.kill()
        self._thread.join()  # at the end of what it says
        self.process.wait()

    def error(self, seconds: float) -> str | None:
        """What went wrong, in words; None where nothing did."""
        if self.last:
            said = self.last.get("error")
            return said[:4000] if isinstance(said, str) else None
        if self.is_too_late:
            return (
                f"TimeoutError: the program took more than {seconds:g} seconds, and was ended; "
                f"is there a loop or a recursion without an end?"
            )
        if self.is_too_much:
            return "the program said too much, and was ended"
        status = self.process.returncode
        if status == -getattr(signal, "SIGSEGV", 11):
            return "the process crashed (segmentation fault); is there a very deep recursion?"
        if status in (-getattr(signal, "SIGXCPU", 24), -getattr(signal, "SIGALRM", 14)):
            return f"TimeoutError: the program took more than {seconds:g} seconds, and was ended"
        return f"the process has ended without an answer (status {status}); does the program end it?"


def _heard(asked: dict[str, Any], seconds: float) -> _Heard:
    """Start the process, tell it what is asked, and hear it to its end."""
    environment = {**{name: os.environ[name] for name in KEPT if name in os.environ}, **ONE_THREAD}
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=os.path.abspath(os.sep),
            start_new_session=True,
        )
    except OSError as error:
        raise MicrogradError(f"run_apart: Python cannot be started again: {error}; is {sys.executable!r} it?") from None
    _RUNNING.add(process)
    try:
        heard = _Heard(process)
        with contextlib.suppress(OSError):  # it has ended already; its status says more
            assert process.stdin is not None
            process.stdin.write(json.dumps(asked).encode() + b"\n")
            process.stdin.close()
        heard.wait(seconds)
        return heard
    finally:
        _RUNNING.discard(process)
        process.kill()
        process.wait()


_RUNNING: set[subprocess.Popen[bytes]] = set()


@atexit.register
def _end_all() -> None:
    """End what runs when this program ends, also where a thread waits for it."""
    for process in [*_RUNNING]:
        process.kill()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_RUNNING.clear)  # they are not children of the copy


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    if math.isfinite(number := float(text)):
        return number
    raise ValueError(f"{text} is too large")


def _as_line(line: Any, code: str) -> int | None:
    return line if type(line) is int and 1 <= line <= code.count("\n") + 2 else None


def _as_graph(graph: Any) -> dict[str, Any] | None:
    try:
        return None if graph is None else checked(graph)
    except FormatError:
        return None


def _as_grades(last: dict[str, Any], error: str | None) -> dict[str, Any]:
    grades = last.get("grades")
    if (
        error is None
        and isinstance(grades, dict)
        and isinstance(grades.get("report"), str)
        and isinstance(grades.get("checks"), list)
        and all(isinstance(check, dict) for check in grades["checks"])
    ):
        return {"report": grades["report"], "checks": grades["checks"], "passed": grades.get("passed") is True}
    return {"report": error or "there is no answer", "checks": [], "passed": False}
