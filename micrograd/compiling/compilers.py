"""The C compiler: which one there is, whether it computes as it should, how it is run.

A compiler is used once it has compiled a small program whose results are known. So a
broken one, one that compiles for another processor, and one that is told to compute
carelessly (`CC="gcc -ffast-math"`) are found before they can give a wrong number. What
is found is kept with the objects.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from micrograd.compiling import cache, processes

T = TypeVar("T")

COMMANDS = (("cc",), ("gcc",), ("clang",), ("zig", "cc"))
NEEDED = ("-O2", "-fvisibility=hidden", "-std=gnu99")
# Left out where refused. The last two keep the sums of a tile in registers: its loops
# are written out, and no memset of zeros gives it an address.
FASTER = (
    *("-march=native", "-ftree-vectorize", "-fno-math-errno", "-fno-trapping-math"),
    *("-fpeel-loops", "-fno-tree-loop-distribute-patterns"),
)
# What a compiler knows of these functions may be one bit from what the C library says:
# gcc takes pow(x, -1.0) for 1.0 / x, and computes exp(2.0) itself.
FUNCTIONS = (
    "pow exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh "
    "cbrt hypot erf erfc lgamma tgamma"
).split()
EXACT = ("-ffp-contract=off", *[f"-fno-builtin-{name}" for name in FUNCTIONS])
# GCC 12 may put a small array below the stack pointer, in the "red zone" of x86-64,
# where a function calls no other one. It moves aligned vectors there, but the address
# may not be a multiple of 16. Then the process ends.
X86 = ("-mno-red-zone",)
SHARED = ("-shared", *(() if sys.platform == "win32" else ("-fPIC",)))

# `volatile`: nothing of it is computed by the compiler.
PROOF = """\
#include <float.h>
#include <stdio.h>

#if defined(__clang__)
#define NAME "clang " __clang_version__
#elif defined(__GNUC__)
#define NAME "gcc " __VERSION__
#else
#define NAME ""
#endif

int main(void)
{
    volatile double tiny = 1e-310, zero = 0.0, big = 1e16, four = 4.0, divisor = 49.0, root = 1.0 + 1e-9;
    volatile double square = root * root;
    double none = zero / zero, b = big, one = four - 3.0, minus = -zero, r = root, x = divisor;
    double quotient = 49.0 / x, second = (quotient + one) / x;
    volatile double third = (second + one) / x;
    int method = FLT_EVAL_METHOD; /* 16: half precision stays so, where the processor has it; else as 0 */
    if ((method != 0 && method != 16) || DBL_MANT_DIG != 53) puts("it computes with other numbers than IEEE doubles");
    else if (tiny * 0.5 == 0.0) puts("it takes numbers below 2.2e-308 as 0 (-ffast-math?)");
    else if (none == none) puts("nan equals itself (-ffast-math?)");
    else if ((b + one) - b != 0.0) puts("it regroups sums (-ffast-math?)");
    else if (1.0 / (minus + 0.0) < 0.0) puts("it forgets the sign of zero (-ffast-math?)");
    else if (quotient != 1.0) puts("it divides inexactly (-ffast-math?)");
#if EXACT
    else if (r * r - square != 0.0) puts("it does not round each product");
#endif
    else puts("right\\n" NAME);
    (void)r;
    (void)square;
    (void)third;
    return 0;
}
"""
# What tells processors apart in /proc/cpuinfo; other lines there change all the time.
_CPU = (
    "vendor_id|cpu family|model|model name|stepping|flags|"
    "Features|features|CPU implementer|CPU part|CPU variant|isa|cpu"
).split("|")

_asked: set[tuple[str, str, bool]] = set()  # of which compilers a proof was begun, or need not be
_begun: dict[str, str] = {}  # of proofs that are begun, by their key, the folder


class Compiler(NamedTuple):
    """A compiler that works.

    Attributes:
        words: the command, the first word being a path.
        version: what it says of itself.
        flags: those of ours with which it computes as it should.
        refused: the others, each with the reason.
    """

    words: tuple[str, ...]
    version: str
    flags: tuple[str, ...]
    refused: tuple[str, ...] = ()


def found(exact: bool = False) -> tuple[Compiler | None, str]:
    """The compiler, or None and why there is none.

    It is the one that `CC` names, which may be several words, else the first of cc,
    gcc, clang and zig that works.
    """
    try:
        return _found(os.environ.get("CC", "").strip(), os.environ.get("PATH", ""), exact)
    except LookupError as error:
        return None, str(error)  # not remembered: somebody may install one while we run
    except OSError as error:
        return None, f"{error.strerror or error} in the folder of temporary files (TMPDIR names another)"


def look_again() -> None:
    """Forget which compilers there are and which of them work."""
    _found.cache_clear()
    _asked.clear()


@contextlib.contextmanager
def begun(exact: bool = False) -> Iterator[None]:
    """Meanwhile the compiler builds the program that proves it, if nothing is known of
    it: `found` waits for what is left.
    """
    key = _begin(os.environ.get("CC", "").strip(), os.environ.get("PATH", ""), exact)
    try:
        yield
    finally:
        if folder := _begun.pop(key, ""):  # nobody asked for the compiler
            processes.give_up(folder)
            _remove(folder)


def trouble(compiler: Compiler, source: str, target: str, libraries: tuple[str, ...] = ()) -> str:
    """Compile a file to a library.

    Returns:
        What went wrong, in a line; empty if nothing did.

    Raises:
        OSError: the disk is full.
    """
    command = [*compiler.words, *compiler.flags, *SHARED, source, "-o", target, *libraries, "-lm"]
    try:
        return _build(command, source) or ("" if os.path.isfile(target) else "it wrote no library")
    except processes.TooLongError as error:
        return str(error)


def in_work_folder(task: Callable[[str], T], begun: str = "") -> T:
    """What a task gives that needs a folder. The folder is new, and is removed.

    It lies where temporary files do; if that fails, beside the objects.

    Args:
        task: takes the path.
        begun: the first folder, if there is one already.

    Raises:
        OSError: the task failed in both places.
    """
    import shutil
    import tempfile

    errors = []
    for place in (None, cache.folder()):
        try:
            if place is not None:
                if not place or cache.refusal(place):
                    continue
                cache.make(place)
            folder = begun or tempfile.mkdtemp(prefix="micrograd-", dir=place)
            try:
                return task(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                begun = ""
        except OSError as error:
            errors.append(error)
    raise errors[0]


@functools.cache
def processor() -> str:
    """What the processor can do, and of which kind it is: other text, other objects."""
    machine = [os.uname().sysname, os.uname().machine] if hasattr(os, "uname") else [sys.platform]
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        lines = file.read(32768).partition("\n\n")[0].splitlines()
        facts = [line for line in lines if line.partition(":")[0].strip() in _CPU]
        if facts:
            return "\n".join([*machine, *facts])
    # Nothing tells it from others that share this home: the name of the machine does.
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return "\n".join([*machine, os.environ.get("PROCESSOR_IDENTIFIER", ""), name])


@functools.cache
def _found(asked: str, path: str, exact: bool) -> tuple[Compiler | None, str]:
    reasons = []
    for words in _different(_commands(asked)):
        compiler, reason = _tried(words, exact)
        if compiler:
            return compiler, ""
        reasons.append(f"{os.path.basename(words[0])}: {reason}")
    return None, "; ".join(reasons)


def _commands(asked: str) -> list[tuple[str, ...]]:
    """The commands to be tried, the first one first."""
    commands = [_words(asked)] if asked else [words for command in COMMANDS if (words := _command(command))]
    if not commands:
        raise LookupError(f"none of {', '.join(command[0] for command in COMMANDS)} is on the PATH")
    return commands


def _different(commands: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Without those that are another name of an earlier one: cc is gcc, as a rule."""
    first: dict[str, tuple[str, ...]] = {}
    for words in commands:
        first.setdefault(os.path.realpath(words[0]), words)
    return list(first.values())


def _words(asked: str) -> tuple[str, ...]:
    """The command that `CC` means."""
    import shlex

    if words := _command((asked,)):  # a path with spaces
        return words
    try:
        split = shlex.split(asked, posix=os.name == "posix")
    except ValueError as error:
        raise LookupError(f"CC={asked!r} cannot be split into words ({error})") from None
    if words := _command(tuple(split)):
        return words
    raise LookupError(f"CC={asked!r} is not on the PATH")


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command with the path of its program; empty if there is no such program."""
    import shutil

    program = shutil.which(words[0]) if words else None
    if program is None or not _is_installed(program):
        return ()
    return (os.path.abspath(program), *words[1:])


def _is_installed(program: str) -> bool:
    """Whether it is more than the stand-in of macOS that asks for an installation."""
    if sys.platform != "darwin" or not program.startswith("/usr/bin/"):
        return True
    import subprocess  # pragma: no cover - only on macOS

    return not subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, check=False).returncode


def _tried(words: tuple[str, ...], exact: bool) -> tuple[Compiler | None, str]:
    """The compiler of a command, if it computes as it should; what is known is kept."""
    key = _key(words, exact)
    for _, content in cache.found(key, ".txt"):
        version, flags, *refused = content.decode().split("\n")
        return Compiler(words, version, tuple(flags.split()), tuple(refused)), ""
    try:
        compiler, reason = in_work_folder(lambda folder: _proved(words, folder, exact), _begun.pop(key, ""))
    except processes.TooLongError as error:
        return None, str(error)
    if compiler:
        with contextlib.suppress(OSError):
            lines = [compiler.version, " ".join(compiler.flags), *compiler.refused]
            cache.keep(key, ".txt", "\n".join(lines).encode())
    return compiler, reason


def _key(words: tuple[str, ...], exact: bool) -> str:
    """Under which what is known of a compiler is kept."""
    facts = [*words, *_identities(words), processor(), PROOF, str(exact), *_always(exact), *FASTER, *Compiler._fields]
    return cache.digest(*facts)


def _begin(asked: str, path: str, exact: bool) -> str:
    """Start the first command of a proof that is still to be made; its key, or nothing
    if none was started.
    """
    import tempfile

    if (asked, path, exact) in _asked:
        return ""
    _asked.add((asked, path, exact))
    folder = ""
    try:
        words = _commands(asked)[0]
        key = _key(words, exact)
        if next(cache.found(key, ".txt"), None) is not None:
            return ""
        folder = tempfile.mkdtemp(prefix="micrograd-")
        processes.begin(_proving(words, folder, _faster(words), exact), folder)
    except (LookupError, OSError):  # `found` says why
        _remove(folder)
        return ""
    _begun[key] = folder
    return key


def _remove(folder: str) -> None:
    import shutil

    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def _identities(words: tuple[str, ...]) -> Iterator[str]:
    """What changes when a program among the words is replaced."""
    import shutil

    for word in words:
        path = os.path.realpath(shutil.which(word) or word)
        with contextlib.suppress(OSError, ValueError):
            status = os.stat(path)
            yield f"{path} {status.st_size} {status.st_mtime_ns}"


def _proved(words: tuple[str, ...], folder: str, exact: bool) -> tuple[Compiler | None, str]:
    """The compiler, if a small program of it computes as it should.

    Where it does not with all flags that make it faster, each is tried alone.
    """

    def tried(faster: tuple[str, ...]) -> tuple[str, str]:
        reason = _build(_proving(words, folder, faster, exact), _program(folder))
        return ("", reason) if reason else _proof(_program(folder))

    faster = _faster(words)
    refused: list[str] = []
    version, reason = tried(faster)
    if reason:
        if reason := tried(())[1]:
            return None, reason
        faster, refused = _sorted_out(lambda flag: tried((flag,))[1], faster)
        version, reason = tried(faster)
    if reason and faster:
        refused.append(f"{' '.join(faster)}: together, {reason}")
        faster = ()
        version, reason = tried(faster)
    return (None, reason) if reason else (Compiler(words, version, (*_always(exact), *faster), tuple(refused)), "")


def _proving(words: tuple[str, ...], folder: str, faster: tuple[str, ...], exact: bool) -> list[str]:
    """The command that builds the proof with these flags. Its source is written once:
    a command that was begun may be reading it.
    """
    source = os.path.join(folder, "proof.c")
    with contextlib.suppress(FileExistsError), open(source, "x", encoding="utf-8") as file:
        file.write(PROOF)
    flags = [*_always(exact), *faster, f"-DEXACT={exact:d}"]
    return [*words, *flags, source, "-o", _program(folder), "-lm"]


def _program(folder: str) -> str:
    return os.path.join(folder, "proof.exe")


def _faster(words: tuple[str, ...]) -> tuple[str, ...]:
    """The flags that make programs of a command faster. A processor that `CC` names
    stays.
    """
    return FASTER[any(word.startswith(("-march=", "-mcpu=")) for word in words) :]


def _always(exact: bool) -> tuple[str, ...]:
    return (*_needed(), *EXACT) if exact else _needed()


def _needed() -> tuple[str, ...]:
    """The flags without which no compiler is used."""
    import platform

    return (*NEEDED, *X86) if platform.machine().lower() in ("x86_64", "amd64") else NEEDED


def _sorted_out(why_not: Callable[[str], str], flags: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The flags with which a compiler computes as it should; and the others, with the
    reason.
    """
    good, refused = [], []
    for flag in flags:
        reason = why_not(flag)
        if not reason:
            good.append(flag)
            continue
        refused.append(f"{flag}: {reason}")
        # On some processors clang knows the one name, on some the other.
        if flag == "-march=native" and not why_not("-mcpu=native"):
            good.append("-mcpu=native")
    return tuple(good), refused


def _proof(program: str) -> tuple[str, str]:
    """What the program of a compiler says: the compiler's name, and what is computed
    wrongly, of which one is empty.
    """
    status, said = processes.run([program], os.path.dirname(program))
    first, _, name = said.strip().partition("\n")
    if status == 0 and first == "right":
        return name.strip(), ""
    return "", first[:100] or f"its program {processes.ended(status)}"


def _build(command: list[str], source: str) -> str:
    """Run a compiler; what went wrong, in a line."""
    folder = os.path.dirname(source)
    status, said = processes.run(command, folder)
    if status == 0:
        return ""
    for code, words in (
        (errno.ENOSPC, "No space left on device"),
        (errno.EDQUOT, "Disk quota exceeded"),
    ):
        if words in said:
            raise OSError(code, words, folder)
    check_space(folder)
    lines = [line.strip() for line in said.replace(folder + os.sep, "").splitlines() if line.strip()]
    told = [line for line in lines if "error" in line] or lines
    return "; ".join(told[:2])[:300] or f"it {processes.ended(status)}"


def check_space(folder: str) -> None:
    """See that a full disk is not the reason: then what a compiler says is lost, too.

    Raises:
        OSError: the disk is full.
    """
    path = os.path.join(folder, "space")
    with open(path, "wb") as file:
        file.write(bytes(1 << 20))
    os.unlink(path)
