"""The file of a picture: the old one or the new one, and no half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

from micrograd.errors import DrawError, PictureFileError, a_kind

PAGES = (".html", ".htm")
PICTURES = (".svg", ".png", ".pdf", ".eps", ".ps", ".jpg", ".jpeg", ".gif")


def path_of(asked: str, path: Any) -> Path:
    """What was given as a path.

    Raises:
        DrawError: it is not one.
    """
    if isinstance(path, (str, os.PathLike)) and isinstance(os.fspath(path), str):
        return Path(path)
    raise DrawError(f"{asked}: given {a_kind(path)}, not a path; give a str or a Path, such as 'graph.svg'")


def write(asked: str, path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file. Where that fails, an older file at the path is as it was.

    Args:
        asked: what the caller is called, for errors.
        path: the file.
        content: all its bytes.

    Returns:
        The path.

    Raises:
        DrawError: what was given is not a path.
        PictureFileError: the folder is not there or is full, or the path is a folder,
            or may not be written.
    """
    path = path_of(asked, path)
    try:
        _write(path, content)
    except (OSError, ValueError) as error:  # ValueError: a name that no file has, as with a null byte
        raise PictureFileError(
            f"{asked}: {str(path)!r} cannot be written: {getattr(error, 'strerror', None) or error}; "
            f"give a path in a folder that is there"
        ) from error
    return path


def write_text(path: str | os.PathLike[str], text: str, what: str, suffix: str) -> Path:
    """Write a text, unless the path has the suffix of a picture or of another text.

    Args:
        path: the file.
        text: what it will hold, with its last line ended.
        what: what the text is, for errors.
        suffix: the suffix that fits, for errors.
    """
    given = path_of("save", path)
    ending = given.suffix.lower()
    named = "a picture" if ending in PICTURES else "a page" if ending in PAGES else what
    if named != what:
        call = "draw_dot(v).render(path)" if ending in PICTURES else "draw_dot(v, format='html').save(path)"
        raise DrawError(
            f"save: {given.name!r} is the name of {named}, and this is {what}; name it {suffix}, or {named} is {call}"
        )
    return write("save", given, text.encode(errors="backslashreplace"))


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or not path.is_file() or path.is_symlink() or not os.access(path, os.W_OK):
        path.write_bytes(content)  # there is no old content to lose; or it is a device, or the system refuses
        return
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        beside.write_bytes(content)
        os.chmod(beside, path.stat().st_mode & 0o7777)
        os.replace(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
