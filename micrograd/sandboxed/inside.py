"""The process for a program of a reader, seen from inside: what is loaded, how the
program runs, and what is told about it.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import errno
import importlib
import io
import json
import os
import sys
import types
from collections.abc import Iterator
from typing import Any

from micrograd.engine import Value, toposort
from micrograd.sandboxed.engines import is_own, twin_of
from micrograd.sandboxed.limits import ImportRefusedError, close_all
from micrograd.see.graph import data
from micrograd.see.html import MOST_BOXES

PROGRAM = "<your program>"
ROOTS = ("loss", "L", "out")  # names of a Value whose graph is shown
MOST_VALUES = 20_000  # of a graph
OWN = "math random cmath statistics itertools functools collections dataclasses typing time operator fractions decimal"
OTHERS = "copy enum string re heapq bisect abc contextlib numbers textwrap __future__"
NUMPY = "numpy"
ROOMS = (  # with all that they import when they are first used
    "abstract check data draw dual engine errors expressions nn numpy op ops optim see.explanations see.html see.order "
    "see.why symbol transforms trees"
)
LATER = "ast decimal difflib fractions hashlib inspect platform warnings numpy.typing"  # imported in functions of ours
GRADING = "micrograd.grading"


def main(asked: dict[str, Any]) -> None:
    """Load what may be used, set the limits, run the program, tell of it, and end."""
    out = os.dup(1)
    os.dup2(2, 1)  # what C code prints is lost, and does not stand between our lines
    modules = _load(asked["wanted"])
    close_all(asked["seconds"], asked["megabytes"], _known(modules), asked["parent"])
    tell(out, {"ready": True})
    printed = Printed(out, asked["characters"])
    sys.stdout = sys.stderr = printed
    try:
        told = told_of(asked, modules)
        with contextlib.suppress(Exception):
            printed.flush()
        tell(out, {"done": True, **told})
    except BaseException:
        tell(out, {"done": True, "error": "the program has changed Python itself, and its end cannot be told"})
    os._exit(0)


def tell(out: int, told: dict[str, Any]) -> None:
    """Write a line of JSON."""
    text = json.dumps(told, allow_nan=False).encode() + b"\n"
    while text:
        text = text[os.write(out, text) :]


def _load(wanted: str) -> list[str]:
    """Import all that can be used later, and name it."""
    modules = []
    for name in (*OWN.split(), *OTHERS.split(), NUMPY):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
            modules.append(name)
    for name in LATER.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for room in ROOMS.split():
        with contextlib.suppress(ModuleNotFoundError):  # of NumPy, which a browser's Python lacks
            importlib.import_module(f"micrograd.{room}")
    if wanted == "grade":
        with contextlib.suppress(ImportError):
            importlib.import_module(GRADING)
    _warm_up()
    return [*modules, "micrograd"]


def _warm_up() -> None:
    """Do once what imports something at its first use."""
    x = Value(2.0, label="x")
    y = (x * x + x).tanh()
    y.backward()
    data(y)
    with contextlib.suppress(ImportError):
        import numpy as np

        z = (Value(np.ones((2, 2))) @ np.ones((2, 2))).sum()
        z.backward()
        repr(np.random.default_rng(0).normal(size=3))
        data(z)


# What the program sees


class Printed(io.TextIOBase):
    """Where the program prints: told at once, up to a limit."""

    def __init__(self, out: int, characters: int) -> None:
        self._out = out
        self._left = characters
        self._waiting = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Take a text; too much of it is an error."""
        part = str(text)[: self._left]
        self._left -= len(part)
        self._waiting += part
        if len(self._waiting) > 2000 or len(part) < len(text) or "\n" in part:
            self.flush()
        if len(part) < len(text):
            raise OutputError("the program prints too much; print less, or fewer times")
        return len(text)

    def flush(self) -> None:
        if self._waiting:
            text, self._waiting = self._waiting, ""
            tell(self._out, {"printed": text.encode(errors="replace").decode()})


class OutputError(Exception):
    """A program prints more than it may."""


def _known(modules: list[str]) -> str:
    """The modules that a beginner may want."""
    return ", ".join(name for name in modules if name not in OTHERS.split())


def _importer(modules: list[str]) -> Any:
    """Python's `import`, for a few modules; the others are refused in words."""
    plain, allowed = builtins.__import__, frozenset(modules)

    def import_one(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level == 0 and name.partition(".")[0] not in allowed:
            raise ImportRefusedError(f"{name} cannot be imported here; these can: {_known(modules)}")
        return plain(name, globals, locals, fromlist, level)

    return import_one


def _no_input(prompt: object = "") -> str:
    raise EOFError("nobody can type here; write the value into the program")


def _namespace(modules: list[str]) -> dict[str, Any]:
    own = dict(vars(builtins))
    own.update(__import__=_importer(modules), input=_no_input)
    module = types.ModuleType("__main__")
    vars(module)["__builtins__"] = own
    sys.modules["__main__"] = module  # where dataclasses and pickles look for the class
    return vars(module)


# What is told of it


def told_of(asked: dict[str, Any], modules: list[str]) -> dict[str, Any]:
    """Run the program, and say what came of it."""
    names = _namespace(modules)
    told: dict[str, Any] = {"error": None, "line": None, "graph": None}
    try:
        exec(compile(asked["code"], PROGRAM, "exec"), names)
        if asked["wanted"] == "grade":
            told["grades"] = _grades(names, asked["upto"])
    except BaseException as error:
        told.update(error=_words(error), line=_line(error))
    if asked["wanted"] == "run":
        try:
            told["graph"] = _graph(asked["code"], names)
        except Exception as error:
            told["error"] = told["error"] or f"the graph cannot be shown: {_words(error)}"
    return told


def _grades(names: dict[str, Any], upto: str | None) -> Any:
    if "Value" not in names:
        raise NameError("the program makes no class Value; the grader needs one")
    if GRADING not in sys.modules:
        raise ImportError("the grader is not installed")
    return sys.modules[GRADING].answer_of(names["Value"], upto)


def _words(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, SystemExit):
        return "SystemExit: the program ended itself"
    if isinstance(error, RecursionError):
        return "RecursionError: a function calls itself too often; does the recursion have an end?"
    if isinstance(error, MemoryError):
        return "MemoryError: the program needs more memory than it may have"
    try:
        text = str(error)
    except BaseException:
        text = ""
    if isinstance(error, OSError) and error.errno in (errno.EPERM, errno.EMFILE, errno.EAGAIN):
        text += "; files and other programs are out of reach here"
    if isinstance(error, ModuleNotFoundError) and str(error.name).startswith("micrograd"):
        text = f"{error.name} is not loaded here, and no file can be opened"
    if text == "can't start new thread":
        text = "threads cannot be started here"
    return f"{name}: {text[:2000]}" if text else name


def _line(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == PROGRAM:
        return error.lineno
    line, trace = None, vars(BaseException)["__traceback__"].__get__(error)  # a class may hide it
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _graph(code: str, names: dict[str, Any]) -> dict[str, Any] | None:
    """The graph of the Value with one of the usual names, or else of the last one."""
    assigned = [*_assigned(code)]
    found = (
        name for name in (*ROOTS, *reversed(assigned)) if isinstance(names.get(name), Value) or is_own(names.get(name))
    )
    if (name := next(found, None)) is None:
        return None
    root: Any = names[name]
    called = {id(names[other]): other for other in reversed(assigned) if other in names} | {id(root): name}
    if is_own(root):
        return _shown(name, twin_of(root, called, MOST_VALUES))
    for value in toposort(root):
        value.label = value.label or called.get(id(value), "")
    return _shown(name, root)


def _shown(name: str, root: Value) -> dict[str, Any] | None:
    count = len(toposort(root))
    if count > MOST_VALUES:
        raise ValueError(f"{name} has {count:,} values, and at most {MOST_VALUES:,} are shown")
    graph = data(root, title=name)
    count = len(graph["nodes"]["op"])
    if count > MOST_BOXES and not graph["groups"]:
        raise ValueError(f"{name} has {count:,} values, and at most {MOST_BOXES} boxes can be shown")
    return graph


def _assigned(code: str) -> Iterator[str]:
    """The names that a program assigns outside of functions, in its order."""
    try:
        ahead: list[Any] = [ast.parse(code)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        ahead += reversed([*ast.iter_child_nodes(node)])
