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
        code = compile(path.read_bytes(), str(path), "exec")
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        return Loaded(module, fault=f"{path.name}{line}: {_words(error)}")
    alarm = threading.Timer(seconds, _thread.interrupt_main)
    alarm.daemon = True
    alarm.start()
    try:
        exec(code, module.__dict__)
    except KeyboardInterrupt as error:
        repair = 'put a training under `if __name__ == "__main__":`'
        return Loaded(module, note=f"{_place(error, path, 0)}: stopped after {seconds:g} seconds; {repair}")
    except SystemExit as error:
        return Loaded(module, note=f"{_place(error, path, 0)}: the program ends itself here")
    except ModuleNotFoundError as error:
        return Loaded(module, note=f"{_place(error, path, 0)}: {said(error)}; what is below was not run")
    except BaseException as error:
        return Loaded(module, fault=f"{_place(error, path)}: {_words(error)}")
    finally:
        alarm.cancel()
    return Loaded(module)


def _words(error: BaseException) -> str:
    return f"SyntaxError: {error.msg}" if isinstance(error, SyntaxError) else said(error)


def _place(error: BaseException, path: Path, which: int = -1) -> str:
    """The line of the file that was running, inside all others; 0 for the outermost."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path.name}, line {lines[which]}" if lines else path.name
