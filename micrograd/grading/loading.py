"""A learner's file, run as far as it goes: the class is graded though a training below
it takes long, or the file ends with `sys.exit()`.
"""

from __future__ import annotations

import _thread
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import NamedTuple

from micrograd.grading.attempts import said
from micrograd.grading.notebooks import cells
from micrograd.grading.report import Result


class Loaded(NamedTuple):
    """What came of a file.

    Attributes:
        module: the module of the file, with what it had defined by its end.
        note: how it ended before its last line, where that is not a fault.
        fault: what it raised; "" where it raised nothing.
    """

    module: types.ModuleType
    note: str = ""
    fault: str = ""

    @property
    def result(self) -> list[Result]:
        """The check that the file runs, where it failed."""
        return [Result(1, "the file", "failed", self.fault)] if self.fault else []


def load(path: Path, seconds: float) -> Loaded:
    """Run a file as an import does: what is under `if __name__ == "__main__":` is not.
    A notebook runs cell by cell; after a cell that raises, the next one runs.

    Args:
        path: the file.
        seconds: after which it is stopped.
    """
    name = f"{path.stem}_" if path.stem in sys.modules else path.stem  # micrograd.py, random.py
    module = types.ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    sys.argv[:] = [str(path)]
    try:
        parts = _parts(path)
    except ValueError as error:
        return Loaded(module, fault=f"{path.name}: it is not a notebook: {error}")
    if path.suffix == ".ipynb":
        vars(module)["display"] = lambda *shown, **options: None  # Jupyter has it
    alarm = threading.Timer(seconds, _thread.interrupt_main)
    alarm.daemon = True
    alarm.start()
    loaded, place = Loaded(module), path.name
    try:
        for place, source in parts:
            note, fault, goes_on = _run(module, place, source)
            loaded = loaded._replace(note=loaded.note or note, fault=loaded.fault or fault)
            if not goes_on:
                break
    except KeyboardInterrupt as error:
        repair = 'put a training under `if __name__ == "__main__":`'
        note = f"{_place(error, place, 0)}: stopped after {seconds:g} seconds; {repair}"
        return loaded._replace(note=loaded.note or note)
    finally:
        alarm.cancel()
    return loaded


def _parts(path: Path) -> list[tuple[str, str | bytes]]:
    """The source, or that of each cell, with what its place is called.

    Raises:
        ValueError: it is not a notebook.
    """
    if path.suffix != ".ipynb":
        return [(path.name, path.read_bytes())]
    return [(f"{path.name}, cell {i}", source) for i, source in enumerate(cells(path), 1)]


def _run(module: types.ModuleType, place: str, source: str | bytes) -> tuple[str, str, bool]:
    """Run one part: a note, a fault, and whether the next part is run."""
    try:
        code = compile(source, place, "exec")
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return "", f"{place}{line}: {_words(error)}", True
    try:
        exec(code, module.__dict__)
    except KeyboardInterrupt:
        raise
    except SystemExit as error:
        return f"{_place(error, place, 0)}: the program ends itself here", "", False
    except ModuleNotFoundError as error:
        below = " in the cell" if ".ipynb, cell " in place else ""
        return f"{_place(error, place, 0)}: {said(error)}; what is below{below} was not run", "", True
    except BaseException as error:
        return "", f"{_place(error, place)}: {_words(error)}", True
    return "", "", True


def _words(error: BaseException) -> str:
    return f"SyntaxError: {error.msg}" if isinstance(error, SyntaxError) else said(error)


def _place(error: BaseException, place: str, which: int = -1) -> str:
    """The line of the file that was running, inside all others; 0 for the outermost."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == place]
    return f"{place}, line {lines[which]}" if lines else place
