"""The file of a picture: the old one or the new one, and no half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from micrograd.errors import PictureFileError


def write(asked: str, path: Path, content: bytes) -> Path:
    """Write a file. Where that fails, an older file at the path is as it was.

    Args:
        asked: what the caller is called, for errors.
        path: the file.
        content: all its bytes.

    Returns:
        The path.

    Raises:
        PictureFileError: the folder is not there or is full, or the path is a folder,
            or may not be written.
    """
    try:
        _write(path, content)
    except OSError as error:
        raise PictureFileError(
            f"{asked}: {str(path)!r} cannot be written: {error.strerror or error}; "
            f"give a path in a folder that is there"
        ) from error
    return path


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
