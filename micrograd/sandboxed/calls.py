"""The few calls of the kernel that a limited process may still make, on Linux.

The kernel checks each call by a small program, and refuses all that are not in the
list: whatever a stranger's program does to Python, it opens, lists, makes and sends
nothing. The numbers of the calls belong to the processor; those of x86-64 are known
here. Elsewhere the other limits hold.

Source: linux/seccomp.h, linux/filter.h, asm/unistd_64.h.
"""

from __future__ import annotations

import platform
import struct
import sys

try:  # here, as no file can be opened once the limits are set
    import ctypes
except ImportError:  # pragma: no cover - a Python built without libffi
    ctypes = None  # type: ignore[assignment]

X86_64 = {
    "read": 0,
    "write": 1,
    "close": 3,
    "fstat": 5,
    "poll": 7,
    "lseek": 8,
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "brk": 12,
    "rt_sigaction": 13,
    "rt_sigprocmask": 14,
    "rt_sigreturn": 15,
    "writev": 20,
    "select": 23,
    "sched_yield": 24,
    "mremap": 25,
    "madvise": 28,
    "nanosleep": 35,
    "getpid": 39,
    "exit": 60,
    "gettimeofday": 96,
    "getrlimit": 97,
    "getrusage": 98,
    "times": 100,
    "getuid": 102,
    "getgid": 104,
    "geteuid": 107,
    "getegid": 108,
    "getppid": 110,
    "sigaltstack": 131,
    "gettid": 186,
    "time": 201,
    "futex": 202,
    "sched_getaffinity": 204,
    "restart_syscall": 219,
    "clock_gettime": 228,
    "clock_getres": 229,
    "clock_nanosleep": 230,
    "exit_group": 231,
    "getrandom": 318,
    "membarrier": 324,
    "rseq": 334,
}
ARCHITECTURE = 0xC000003E  # AUDIT_ARCH_X86_64
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2  # of prctl
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06  # BPF: ld [k]; jeq k; ret k
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused: EPERM
NUMBER_AT, ARCHITECTURE_AT = 0, 4  # places in the data of a call


def filter_of(numbers: list[int]) -> bytes:
    """The program for the kernel: each instruction is a code, two jumps, and a number.

    >>> len(filter_of([0, 1])) // 8
    9
    """
    lines = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUALS, 1, 0, ARCHITECTURE),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    for number in numbers:
        lines += [(EQUALS, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("=HBBI", *line) for line in [*lines, (RETURN, 0, 0, REFUSE)])


def refuse_others() -> bool:
    """Let the kernel answer no call but these, from now on; False where it cannot."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.maxsize < 2**32 or ctypes is None:
        return False
    code = filter_of(list(X86_64.values()))
    room = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(room))
    program = ctypes.create_string_buffer(head, len(head))
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(SET_SECCOMP, FILTER, ctypes.addressof(program), 0, 0) == 0)
