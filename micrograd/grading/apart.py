"""A learner's file, graded in a process of its own, within limits on time and memory.

It is a fence against mistakes: a loop without end, a list without end, a crash. It is
no fence against malice, as the file runs with the rights of whoever grades it. For that
there is `micrograd.sandboxed`, where a file can import and open next to nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micrograd.errors import ArgumentError, MicrogradError
from micrograd.grading.grades import stage_by_stage
from micrograd.grading.loading import Loaded, load
from micrograd.grading.report import TITLES, Report, Result

BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; from micrograd.grading import apart; apart.main()"
)
LOADING = 1 / 3  # of the seconds, for the file itself


class NotRunError(MicrogradError):
    """A file that cannot be graded: it has no class Value, or is not Python."""


def grade_file(
    path: Path,
    *,
    upto: int | None = None,
    name: str = "Value",
    seed: int = 0,
    seconds: float = 60.0,
    megabytes: int = 2048,
) -> Report:
    """Grade the class of a file, as `micrograd grade` does.

    Args:
        path: the file.
        upto: the last stage; None takes all.
        name: of the class.
        seed: of the random expressions and weights.
        seconds: for all; the file itself may take a third of them.
        megabytes: of memory, where the system limits that (not on Windows).

    Returns:
        A Report.

    Raises:
        ArgumentError: there is no such stage.
        NotRunError: the file does not come to its class.
    """
    if upto is not None and upto not in TITLES:
        raise ArgumentError(f"grade: --upto {upto}: there is no such stage; take 1 to {max(TITLES)}")
    if not path.is_file():
        raise NotRunError(f"{path}: there is no such file")
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        asked = {
            "path": [os.path.abspath(place) for place in sys.path if place],
            "file": str(path.resolve()),
            "answer": str(answer),
            "upto": upto,
            "name": name,
            "seed": seed,
            "seconds": seconds,
            "megabytes": megabytes,
        }
        status = _run(asked, seconds)
        told = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    return _report(path, told, status, seconds)


def _run(asked: dict[str, Any], seconds: float) -> int | None:
    """The exit status of the process; None where its time was over."""
    environment = {**os.environ, "MPLBACKEND": "Agg"}  # no window that waits
    process = subprocess.Popen(
        [sys.executable, "-c", BOOT, json.dumps(asked)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=os.path.dirname(asked["file"]),
        env=environment,
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)  # with what it has started
            else:  # pragma: no cover - Windows
                process.kill()
        process.wait()


def _report(path: Path, told: dict[str, Any], status: int | None, seconds: float) -> Report:
    """The report that the process wrote, with the stage in which it was ended."""
    end = f"stopped after {seconds:g} seconds" if status is None else f"the process ended, with status {status}"
    if status is not None and status < 0:
        end = f"the process crashed ({signal.Signals(-status).name}): a recursion that is too deep, or too much memory"
    if "error" in told:
        raise NotRunError(told["error"])
    if "results" not in told:
        raise NotRunError(f"{path.name}: {end}, before a class was found")
    results = [Result(*row) for row in told["results"]]
    if not told["is_done"]:
        stage = max((x.stage for x in results), default=0) + 1
        where = f"stage {stage} ({TITLES[stage]})"
        results.append(Result(stage, TITLES[stage], "failed", f"{where}: {end}", ("does a loop never end?",)))
    return Report(results, told["notes"])


# Inside the process


def main() -> None:
    """Load the file, grade its class, and write the answer after each stage."""
    asked = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it; loading needs it
    _limit_memory(asked["megabytes"])
    answer = Path(asked["answer"])
    for told in _told(asked):
        draft = answer.with_suffix(".draft")
        draft.write_text(json.dumps(told), encoding="utf-8")
        draft.replace(answer)  # the whole answer, or the one before
    os._exit(0)  # whatever threads the file has started


def _told(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    path = Path(asked["file"])
    loaded = load(path, asked["seconds"] * LOADING)
    cls = getattr(loaded.module, asked["name"], None)
    if not isinstance(cls, type):
        yield {"error": _without_class(loaded, path, asked["name"])}
        return
    if cls.__module__.partition(".")[0] == "micrograd":
        yield {"error": f"{path.name}: its {asked['name']} is that of {cls.__module__}; grade a class of your own"}
        return
    notes = [loaded.note] if loaded.note else []
    told = {"results": loaded.result, "notes": notes, "is_done": False}
    yield told
    for report in stage_by_stage(cls, upto=asked["upto"], module=loaded.module, seed=asked["seed"]):
        told["results"] = [*loaded.result, *report.results]
        yield told
    yield {**told, "is_done": True}


def _without_class(loaded: Loaded, path: Path, name: str) -> str:
    if why := loaded.fault or loaded.note:
        return f"{why}; until there it has no class {name}"
    return f"{path.name} has no class {name}; name yours, as --class Number"


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, megabytes * 2**20))
