"""Files of data, opened to be read: what is none is refused in our words."""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, BinaryIO

from micrograd.errors import ArgumentError, FormatError

REPAIRS = {
    errno.ENOENT: "look at the name, and at the folder that the program runs in",
    errno.EISDIR: "give the name of a file in it",
}


def opened(asker: str, path: Any) -> BinaryIO:
    """A file, open to read its bytes. A pipe may stand in its place.

    Raises:
        ArgumentError: path is not a path.
        FormatError: it is a device, such as /dev/zero, which may never end.
        OSError: there is no such file, it is a folder, or it may not be read.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentError(f"{asker}: path={path!r} is not a path; give one, as in {asker}('file')")
    try:
        file = open(path, "rb")  # noqa: SIM115  # the caller closes it
    except OSError as error:
        repair = REPAIRS.get(error.errno or 0, "choose another file")
        raise type(error)(error.errno, f"{asker}: {error.strerror}; {repair}", os.fspath(path)) from None
    if stat.S_ISCHR(os.fstat(file.fileno()).st_mode) and not file.isatty() and not _is_empty(path):
        file.close()
        raise FormatError(f"{asker}: {os.fspath(path)} is a device, not a file; give the name of a file")
    return file


def _is_empty(path: Any) -> bool:
    return bool(os.path.realpath(path) == os.devnull)
