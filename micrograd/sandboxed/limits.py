"""The limits of a process, set by itself: before a stranger's program runs in it.

Three fences, one behind the other. Python asks the audit hook before it opens a file, a
connection or a process, and the hook refuses in words. Where the system has `resource`
(not on Windows), the kernel gives no file descriptor, no process, no file of any size,
and no memory beyond the limit, whatever the program does to Python. A process of root
becomes one of nobody, as root may raise its limits. On Linux the kernel answers a few
calls only (calls.py).
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from micrograd.sandboxed.calls import end_with, refuse_others

NOBODY = 65534


class FileRefusedError(PermissionError):
    """A program tried to open a file, or to change one."""


class RefusedError(PermissionError):
    """A program tried something else that reaches out of its process."""


class ImportRefusedError(ImportError):
    """A program tried to import what is not there."""


def close_all(seconds: float, megabytes: float, modules: str, parent: int) -> None:
    """Set all limits that this system has. They cannot be taken back.

    Args:
        seconds: the process ends itself a little later, should its parent be gone.
        megabytes: of memory, besides what it has.
        modules: the names of those that can be imported, for the words.
        parent: the id of the process that waits for this one.
    """
    _limit(seconds, megabytes)
    _become_nobody()
    end_with(parent)  # after that, as a change of the user undoes it
    refuse_others()
    sys.addaudithook(_hook(modules, FileRefusedError, RefusedError, ImportRefusedError))


def _limit(seconds: float, megabytes: float) -> None:
    try:
        import resource
        import signal
    except ImportError:  # pragma: no cover - Windows
        return
    whole = int(seconds) + 2
    limits = {
        "RLIMIT_CPU": whole,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_AS": _memory() + int(megabytes * 2**20),
        "RLIMIT_NOFILE": 0,  # the last: to see the memory, a file is read
    }
    signal.setitimer(signal.ITIMER_REAL, whole + 2)
    for name, limit in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not on every system
            resource.setrlimit(getattr(resource, name), (limit, limit))


def _memory() -> int:
    """Bytes of address space that the process has; a guess where the system does not
    say.
    """
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 2**30


def _become_nobody() -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):  # where there is no such user, the hook holds alone
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _hook(modules: str, file_error: Any, error: Any, import_error: Any) -> Any:
    """The audit hook. It uses no global name, so that a program that changes builtins
    does not change it.
    """

    def hook(event: str, args: Any) -> None:
        if event in {
            "array.__new__",
            "builtins.id",
            "code.__new__",
            "compile",
            "cpython.run_interactivehook",
            "exec",
            "function.__new__",
            "marshal.loads",
            "object.__delattr__",
            "object.__getattr__",
            "object.__setattr__",
            "pickle.find_class",
            "sys._getframe",
            "sys._getframemodulename",
            "sys.excepthook",
            "sys.set_asyncgen_hooks_finalizer",
            "sys.set_asyncgen_hooks_firstiter",
            "sys.setprofile",
            "sys.unraisablehook",
            "time.sleep",
        } and not (event == "object.__setattr__" and args[1] == "__code__"):
            return
        if event == "import":
            raise import_error(f"{args[0]} cannot be imported here; these can: {modules}")
        if event == "open" or event[:7] == "shutil." or event[:5] == "glob.":
            raise file_error("files cannot be opened here")
        if event[:7] == "socket.":
            raise error("there is no network here")
        if event[:10] == "subprocess" or event in {"os.system", "os.fork", "os.exec", "os.posix_spawn", "os.spawn"}:
            raise error("no other program can be started here")
        if event[:3] == "os." and event[:7] != "os.kill":
            raise file_error(f"files cannot be changed or listed here, as by {event}")
        raise error(f"{event} is not allowed here")

    return hook
