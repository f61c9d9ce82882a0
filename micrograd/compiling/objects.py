"""Libraries of compiled programs: taken from the cache, or compiled and kept there."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from micrograd.compiling import cache, compilers
from micrograd.errors import CaptureError

if TYPE_CHECKING:
    import ctypes

EXPORTED = '__attribute__((visibility("default")))'
REPAIR = "install gcc, or use backend='numpy'"
# The key stands in the object: one of another program is seen before it is loaded.
MARK = EXPORTED + ' const char micrograd_object[] = "{}";\n'
_loaded: dict[str, ctypes.CDLL] = {}
_failed: dict[tuple[str, ...], str] = {}  # per command of a compiler, why it is not asked again


def why_none(exact: bool = False) -> str:
    """Why nothing can be compiled here; empty if there is a compiler that works."""
    compiler, why = compilers.found(exact)
    return why if compiler is None else _failed.get(compiler.words, "")


def give_up(failure: CaptureError, exact: bool = False) -> str:
    """Say no more that the compiler works, which has failed with a program: one that
    hangs would do so for each program.

    Returns:
        Why.
    """
    why = str(failure).partition("\n")[0].removeprefix("compile: ").rstrip(";")
    compiler, _ = compilers.found(exact)
    if compiler is not None:
        _failed[compiler.words] = why
    return why


def loaded(source: str, exact: bool = False, libraries: tuple[str, ...] = ()) -> ctypes.CDLL:
    """The library of a C source.

    Args:
        source: C; what it exports is marked as visible, and named micrograd_something.
        exact: whether each operation is rounded by itself.
        libraries: those to be linked, such as "-lmvec".

    Raises:
        CaptureError: there is no compiler, or it failed.
    """
    compiler, why = compilers.found(exact)
    if compiler is None:
        raise CaptureError(f"compile: backend='c' needs a C compiler that works: {why};\n{REPAIR}")
    parts = [source, *compiler, compilers.processor(), *libraries]
    key = cache.digest(*map(repr, parts))
    library = _loaded.get(key) or _kept(key)
    if library is None:
        library = _compiled(compiler, f"{source}\n{MARK.format(key)}", key, libraries)
    _loaded[key] = library
    return library


def _kept(key: str) -> ctypes.CDLL | None:
    for path, content in cache.found(key, cache.LIBRARY):
        if key.encode() in content:
            # A folder may forbid libraries; or the object needs a newer system library.
            with contextlib.suppress(OSError):
                return _library(path)
    return None


def _compiled(compiler: compilers.Compiler, source: str, key: str, libraries: tuple[str, ...]) -> ctypes.CDLL:
    def task(folder: str) -> ctypes.CDLL | str:
        text, target = os.path.join(folder, "program.c"), os.path.join(folder, "program" + cache.LIBRARY)
        with open(text, "w", encoding="utf-8") as file:
            file.write(source)
        if reason := compilers.trouble(compiler, text, target, libraries):
            return reason
        with open(target, "rb") as file:
            content = file.read()
        if key.encode() not in content:
            return "it wrote something else"
        with contextlib.suppress(OSError):  # a full disk, a folder that may not be written to
            return _library(cache.keep(key, cache.LIBRARY, content))
        return _library(target)  # it stays loaded when the file is removed

    try:
        done = compilers.in_work_folder(task)
    except OSError as error:
        raise CaptureError(
            f"compile: a program cannot be written or loaded here: {error};\n"
            f"free space, name another folder in TMPDIR, or use backend='numpy'"
        ) from None
    if isinstance(done, str):
        name = os.path.basename(compiler.words[0])
        raise CaptureError(f"compile: {name} could not compile the program: {done};\n{_left(key, source)}{REPAIR}")
    return done


def _left(key: str, source: str) -> str:
    """Keep a program that could not be compiled, and say where."""
    try:
        return f"its source is in {cache.keep(key, '.c', source.encode())}; "
    except OSError:
        return ""


def _library(path: str) -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(path)
