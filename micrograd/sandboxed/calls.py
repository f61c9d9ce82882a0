"""The few calls of the kernel that a limited process may still make, on Linux.

The kernel checks each call by a small program, and refuses all that are not in the
list: whatever a stranger's program does to Python, it opens, lists, makes and sends
nothing. Nor does it change what a signal does, so that none is ignored. The numbers of
the calls belong to the processor; those of x86-64 and of 64-bit ARM are known here.
Elsewhere the other limits hold.

Source: linux/seccomp.h, linux/filter.h, linux/audit.h, asm/unistd_64.h,
asm-generic/unistd.h.
"""

from __future__ import annotations

import os
import platform
import signal
import struct
import sys
from typing import Any

try:  # here, as no file can be opened once the limits are set
    import ctypes
except ImportError:  # pragma: no cover - a Python built without libffi
    ctypes = None  # type: ignore[assignment]

CALLS = {  # their numbers on x86-64, and on 64-bit ARM
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "poll": (7, None),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigreturn": (15, 139),
    "writev": (20, 66),
    "select": (23, None),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "times": (100, 153),
    "getuid": (102, 174),
    "getgid": (104, 176),
    "geteuid": (107, 175),
    "getegid": (108, 177),
    "getppid": (110, 173),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "time": (201, None),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "pselect6": (270, 72),
    "ppoll": (271, 73),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
PROCESSORS = {  # by their names: AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64, and the column
    "x86_64": (0xC000003E, 0),
    "aarch64": (0xC00000B7, 1),
}
END_WITH_PARENT, SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 1, 38, 22, 2  # of prctl
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06  # BPF: ld [k]; jeq k; ret k
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused: EPERM
NUMBER_AT, ARCHITECTURE_AT = 0, 4  # places in the data of a call


def filter_for(processor: str) -> bytes:
    """The program for the kernel: each instruction is a code, two jumps, and a number.

    >>> len(filter_for("x86_64")) // 8 - 2 * len(CALLS)
    5
    """
    architecture, column = PROCESSORS[processor]
    lines = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUALS, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    for numbers in CALLS.values():
        if (number := numbers[column]) is not None:
            lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in [*lines, (RETURN, 0, 0, REFUSE)])


def end_with(parent: int) -> None:
    """Let the kernel end this process when its parent ends, in whatever way."""
    if sys.platform == "linux" and ctypes is not None:
        _prctl()(END_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it has ended before
            os._exit(1)


def refuse_others() -> bool:
    """Let the kernel answer no call but these, from now on; False where it cannot."""
    processor = platform.machine()
    if sys.platform != "linux" or processor not in PROCESSORS or sys.maxsize < 2**32 or ctypes is None:
        return False
    code = filter_for(processor)
    room = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(room))
    program = ctypes.create_string_buffer(head, len(head))
    prctl = _prctl()
    if prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(SET_SECCOMP, FILTER, ctypes.addressof(program), 0, 0) == 0)


def _prctl() -> Any:
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return prctl
