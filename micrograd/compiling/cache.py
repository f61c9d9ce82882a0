"""Files that are kept from one process to the next, in a folder of the user alone.

A file lies at `<folder>/<key>/<digest><ending>`. The key says what it was made from;
the digest is that of its content, so a damaged file is seen before it is used. A file
is written under another name and renamed: whoever reads sees all of it or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import warnings
from collections.abc import Iterator

VARIABLE = "MICROGRAD_CACHE"
LIBRARY = {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")  # how the name of an object ends
_KEY = 32  # letters of a key, and of a digest
_OURS = re.compile(rf"[0-9a-f]{{{_KEY}}}\.\w+|\.[0-9a-f]{{16}}\.part")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_said: set[str] = set()


def digest(*parts: str | bytes) -> str:
    """A name for the content: equal for equal parts.

    >>> digest("a", "b") == digest("ab")
    False
    """
    import hashlib

    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()[:_KEY]


def folder() -> str:
    """Where files are kept; empty if this user has no home and named no folder.

    It is the folder `objects` in that of `MICROGRAD_CACHE`, else in the user's folder
    for such files: `~/.cache/micrograd` on Linux.
    """
    if named := os.environ.get(VARIABLE):
        return os.path.join(os.path.abspath(os.path.expanduser(named)), "objects")
    if sys.platform == "win32":  # pragma: no cover - other systems
        base = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":  # pragma: no cover - other systems
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # then it does not count, says its standard
            base = os.path.expanduser("~/.cache")
    return os.path.join(base, "micrograd", "objects") if os.path.isabs(base) else ""


def refusal(path: str) -> str:
    """Why the folder at a path is not used, and the repair; empty if nothing speaks
    against it, or if there is no folder yet.

    A library runs with the rights of its user, so nobody else may have put it there.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return ""
    if stat.S_ISLNK(found.st_mode):
        return f"is a link; remove it, or name the folder that it leads to in {VARIABLE}"
    if not stat.S_ISDIR(found.st_mode):
        return f"is not a folder; remove it, or name another in {VARIABLE}"
    if sys.platform == "win32":  # pragma: no cover - it has no such modes; the profile is the user's
        return ""
    if found.st_uid != os.geteuid():
        return f"belongs to another user (number {found.st_uid}); name a folder of your own in {VARIABLE}"
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        return f"is open to other users (mode {mode:03o}); empty it by `micrograd cache --clear`, then chmod 700"
    return ""


def found(key: str, ending: str) -> Iterator[tuple[str, bytes]]:
    """The path and the content of each file that is kept under a key and is whole.

    A damaged file is removed.
    """
    place = _usable()
    if not place:
        return
    for path in _paths(os.path.join(place, key)):
        name = os.path.basename(path)
        if not name.endswith(ending) or len(name) != _KEY + len(ending):
            continue
        content = _own_content(path)
        if content is not None and name == digest(content) + ending:
            yield path, content
        else:
            with contextlib.suppress(OSError):
                os.unlink(path)


def keep(key: str, ending: str, content: bytes) -> str:
    """Keep a file under a key.

    Returns:
        Its path.

    Raises:
        OSError: it cannot be written, or the folder is not one to be used.
    """
    place = _usable()
    if not place:
        raise OSError(errno.EACCES, "there is no folder to keep it in")
    make(place)
    if reason := refusal(place):  # somebody was faster
        raise OSError(errno.EACCES, reason)
    entry = os.path.join(place, key)
    make(entry)
    path = os.path.join(entry, digest(content) + ending)
    unfinished = os.path.join(entry, f".{os.urandom(8).hex()}.part")
    try:
        with open(os.open(unfinished, _NEW, 0o600), "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    return path


def size() -> tuple[int, int]:
    """How many objects are kept, and the bytes of all files."""
    return _each(remove=False)


def clear() -> tuple[int, int]:
    """Remove all files that are kept; others in the folder stay.

    Returns:
        How many objects were removed, and the bytes of all files that were. On Windows
        an object that is in use stays.
    """
    return _each(remove=True)


def _each(remove: bool) -> tuple[int, int]:
    objects = total = 0
    place = folder()
    if not place or not stat.S_ISDIR(_mode(place)):  # a link is not followed
        return 0, 0
    for entry in _paths(place):
        if len(os.path.basename(entry)) != _KEY or not stat.S_ISDIR(_mode(entry)):
            continue
        for path in _paths(entry):
            if not _OURS.fullmatch(os.path.basename(path)):
                continue
            with contextlib.suppress(OSError):
                length = os.lstat(path).st_size
                if remove:
                    os.unlink(path)
                objects, total = objects + path.endswith(LIBRARY), total + length
        if remove:
            with contextlib.suppress(OSError):
                os.rmdir(entry)
    return objects, total


def _usable() -> str:
    """The folder, or nothing where it is refused. A refusal is said once."""
    place = folder()
    reason = refusal(place) if place else ""
    if not reason:
        return place
    text = f"compile: {place} {reason}; until then each process compiles anew"
    if text not in _said:
        _said.add(text)
        warnings.warn(text, stacklevel=2)
    return ""


def make(path: str) -> None:
    """A folder for the user alone, and those that it lies in where they are missing."""
    parent = os.path.dirname(path)
    if not os.path.isdir(parent):
        make(parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)


def _paths(place: str) -> list[str]:
    try:
        return [os.path.join(place, name) for name in sorted(os.listdir(place))]
    except OSError:
        return []


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _own_content(path: str) -> bytes | None:
    """The content of a file of this user; None if it is something else."""
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
    try:
        with open(os.open(path, os.O_RDONLY | flags), "rb") as file:
            status = os.fstat(file.fileno())
            is_own = sys.platform == "win32" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)
            return file.read() if stat.S_ISREG(status.st_mode) and is_own else None
    except OSError:
        return None
