"""Files that are whole: the old one or the new one, at every instant.

A file is written beside its target, flushed to the disk, and renamed. To rename is one
step for the file system: whoever reads sees the old file or the new one, also after a
crash.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from micrograd.errors import CheckpointError

# Without O_NONBLOCK, to open a FIFO waits for whoever is at its other end.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
_WRITING = os.O_WRONLY | os.O_CREAT | _FLAGS | getattr(os, "O_NOFOLLOW", 0)


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that a crash at any instant leaves the old or the new one whole.

    The content goes to a temporary file in the same folder. It is flushed to the disk,
    takes the permissions of the old file, and is renamed. Then the folder is flushed,
    too. A link stays a link: its target is replaced.

    Args:
        path: the file to write.
        content: all its bytes.

    Raises:
        CheckpointError: there is something at the path that is not a file, a device for
            example.
        OSError: the folder does not exist or may not be written to, or the disk is
            full. The old file is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "a.txt", b"content")
    ...     (Path(folder) / "a.txt").read_bytes()
    b'content'
    """
    target = _target_of(path)
    try:
        mode = _mode_of(target)
        with _temporary_for(target) as (file, name):
            _write_all(file, content)
            if mode is not None:
                os.chmod(name, mode)
            os.fsync(file.fileno())
            if os.name == "nt":  # pragma: no cover - it does not rename an open file
                file.close()
            os.replace(name, target)  # the file is still ours: it is locked until it is closed
    except OSError as error:
        raise _explained(error, path, "save", _repair(error)) from None
    try:
        _flush_folder(target.parent)
    except OSError as error:
        raise _explained(error, path, "save", "the new file is there, but a crash may undo it; save again") from None


def check_place(path: str | os.PathLike[str]) -> None:
    """Refuse a path to which `write_whole` could not write, before the work is done.

    Raises:
        CheckpointError: there is something at the path that is not a file.
        OSError: it is a folder, or its folder does not exist or may not be written to.
    """
    target = _target_of(path)
    try:
        _mode_of(target)
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not os.access(target.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise _explained(error, path, "save", _repair(error)) from None


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """A file, open to read its bytes.

    A FIFO or a device is refused, not waited for.

    Raises:
        CheckpointError: it is not a file: a FIFO, for example.
        OSError: it does not exist, may not be read, or is a folder.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise CheckpointError(f"load: path={path!r} is not a path; give that of a checkpoint, as 'model.safetensors'")
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise _not_a_file("load", path) from None
        raise _explained(error, path, "load", "give the path of a checkpoint that `save` wrote") from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        found = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        raise _explained(found, path, "load", "name a file in it")
    raise _not_a_file("load", path)


def _repair(error: OSError) -> str:
    """What to do about a file that was not written."""
    if isinstance(error, IsADirectoryError):
        return "name a file in it"
    if isinstance(error, FileNotFoundError):
        return "make its folder first"
    if isinstance(error, NotADirectoryError):
        return "a part of its path is a file; name another folder"
    return "the old file is as it was; free space, or name another folder"


def _target_of(path: str | os.PathLike[str]) -> Path:
    """The file that a path means: where its links lead to."""
    if not isinstance(path, (str, os.PathLike)):
        raise CheckpointError(f"save: path={path!r} is not a path; give one, such as 'model.safetensors'")
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, f"save: {os.strerror(errno.ELOOP)}; remove the link", os.fspath(path))
    return target


def _mode_of(target: Path) -> int | None:
    """The permissions of a file; None where there is no file yet."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise _not_a_file("save", target)
    return stat.S_IMODE(mode)


@contextlib.contextmanager
def _temporary_for(target: Path) -> Iterator[tuple[io.FileIO, str]]:
    """A new file beside the target, and its path. An error removes it.

    A process that is killed leaves its temporary file. So all writers of a target use
    the same name, and the next one takes it over: at most one such file is left. Who
    writes holds a lock on it. If another process holds the lock, a name of our own is
    taken.
    """
    mark = zlib.crc32(os.fsencode(target.name))
    name = str(target.parent / f".{target.name[:40]}-{mark:08x}.part")
    descriptor = _locked(name)
    if descriptor is None:
        name = f"{name[:-5]}-{secrets.token_hex(4)}.part"
        descriptor = os.open(name, _WRITING | os.O_EXCL, 0o666)
    file = io.FileIO(descriptor, "wb")
    try:
        yield file, name
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    finally:
        file.close()


def _locked(name: str) -> int | None:
    """The temporary file of this name, empty and locked for us; None if it cannot be
    had: another process writes to it, or it belongs to somebody else.
    """
    lock = _lock_of_platform()
    if lock is None:  # pragma: no cover - only on Windows
        return None
    try:
        descriptor = os.open(name, _WRITING, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EACCES, errno.EISDIR, errno.ENXIO) and os.path.lexists(name):
            return None
        raise
    try:
        lock(descriptor)
        found = os.fstat(descriptor)
        # Who had the lock before us may have renamed the file. Then it is a checkpoint,
        # and not ours to write to.
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == os.geteuid()
        if ours and os.path.samestat(found, os.stat(name, follow_symlinks=False)):
            os.ftruncate(descriptor, 0)
            return descriptor
    except OSError:  # locked by another process, gone, or a file system without locks
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _lock_of_platform() -> Callable[[int], None] | None:
    """A function that locks a file, or fails at once; None on Windows."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - only on Windows
        return None
    return lambda descriptor: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write_all(file: io.FileIO, content: bytes) -> None:
    """All bytes: one call of the system may write only some of them."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _flush_folder(folder: Path) -> None:
    """Flush the folder, so that the new name is on the disk as well."""
    if os.name == "nt":  # pragma: no cover - a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems do not know how to flush a folder; they do so by themselves.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def _not_a_file(asker: str, path: str | os.PathLike[str]) -> CheckpointError:
    return CheckpointError(f"{asker}: {os.fspath(path)} is not a file, but a device, a socket or a FIFO; name a file")


def _explained(error: OSError, path: str | os.PathLike[str], asker: str, repair: str) -> OSError:
    """The same kind of error, with our words: who asks, and what to do."""
    if error.errno is None:
        return error
    return type(error)(error.errno, f"{asker}: {error.strerror}; {repair}", os.fspath(path))
