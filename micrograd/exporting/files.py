"""The file of an export: the old one or the new one, and no half of one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from micrograd.errors import ArgumentError, DrawError, ExportError, PictureFileError
from micrograd.exporting.program import Program
from micrograd.see import files

MOST = 100_000_000  # bytes of parameters in a file of text


def version() -> str:
    """The version of micrograd; its surface stands above this room, and is there."""
    return str(sys.modules["micrograd"].__version__)


def check_size(asked: str, program: Program) -> None:
    """Refuse parameters that a file of text is too small for.

    Raises:
        ExportError: there are too many bytes of them.
    """
    if program.nbytes > MOST:
        raise ExportError(
            f"{asked}: {program.nbytes:,} bytes of parameters, and a file of text holds at most {MOST:,};\n"
            f"use to_onnx, or parameters of float32"
        )


def check_path(asked: str, path: Any, *suffixes: str) -> None:
    """Refuse what is not the path of such a file, before the model runs.

    Raises:
        ArgumentError: it is not a path, or does not end in one of the suffixes.
    """
    if not isinstance(path, (str, os.PathLike)) or not isinstance(os.fspath(path), str):
        raise ArgumentError(
            f"{asked}: path is a {type(path).__name__}; give a str or a Path, as in 'model{suffixes[0]}'"
        )
    if Path(path).suffix not in suffixes:
        raise ArgumentError(f"{asked}: {os.fspath(path)!r} does not end in {' or '.join(suffixes)}; name it so")


def write(asked: str, path: Any, content: str | bytes) -> Path:
    """Write a file.

    Raises:
        ExportError: it cannot be written. An older file is then as it was.
    """
    try:
        return files.write(asked, path, content.encode() if isinstance(content, str) else content)
    except (DrawError, PictureFileError) as error:
        raise ExportError(str(error)) from error
