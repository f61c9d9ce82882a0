"""Functions of C that compute several numbers at once: those of glibc's libmvec.

A loop that calls `tanh` computes four or eight of them at a time if the function is
declared as `declared` does, and libmvec is linked. Their last bits differ from those of
`tanh` itself, so exact programs do without.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from micrograd.compiling import c_vectors, cache, compilers, objects
from micrograd.errors import CaptureError

if TYPE_CHECKING:
    import ctypes

LIBRARIES = ("-lmvec",)
# TWO: of two arguments, which are two letters in the symbol of such a function.
NAMES = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 exp10 expm1 log log2 log10 log1p "
    "cbrt erf erfc pow atan2 hypot"
).split()
TWO = {"pow", "atan2", "hypot"}
KNOWN = """\
#if !defined(__has_attribute) || !__has_attribute(simd)
#error "this compiler does not know of vector functions"
#endif
"""
# How symbols begin on each processor, for two doubles and for four floats at a time.
_PREFIXES = {
    "x86_64": {"double": "_ZGVbN2", "float": "_ZGVbN4"},
    "aarch64": {"double": "_ZGVnN2", "float": "_ZGVnN4"},
}
# Errors may be four units in the last place, says glibc's manual.
_TOLERANCE = {"double": 8 * 2.0**-53, "float": 8 * 2.0**-24}
_TINY = {"double": 2.0**-1021, "float": 2.0**-125}  # near 0, this much may be lost
_SAMPLES = [
    *[0.0, -0.0, math.inf, -math.inf, math.nan, 1e-310, 1e-40, 1e300, -1e300, 3e38, -3e38],
    *[sign * x for x in (1e-20, 1e-5, 0.1, 0.5, 0.75, 0.99, 1.0, 1.5, 2.0, 3.14159, 7.3, 20.0) for sign in (1.0, -1.0)],
    *[sign * x for x in (80.0, 88.5, 103.0, 300.0, 709.5, 740.0, 1e4, 1e6, 1e10, 2.0**52) for sign in (1.0, -1.0)],
]
_known: dict[tuple[compilers.Compiler, str], dict[str, bool]] = {}


def available(names: Iterable[str], exact: bool = False) -> frozenset[str]:
    """Those of some functions of C, such as tanh, and tanhf for floats, that have a
    vector form here.

    Each has been compared with the function itself once, infinities and nan included.
    Empty without libmvec, without a compiler that knows of it, and for exact programs.
    """
    compiler, _ = compilers.found()
    if exact or compiler is None:
        return frozenset()
    known = _known.setdefault((compiler, cache.folder()), {})
    asked = {name for name in names if _split(name)[0] in NAMES}
    new = asked - known.keys()
    if new:
        known |= _looked_up(compiler, new)
    return frozenset(name for name in asked if known[name])


def declared(names: frozenset[str]) -> str:
    """Declarations in C, which make loops use the vector forms of these functions.

    >>> print(declared(frozenset({"powf"})), end="")
    __attribute__((simd("notinbranch"), const)) float powf(float, float);
    """
    text = ""
    for name in sorted(names):
        plain, type_ = _split(name)
        arguments = ", ".join([type_] * (1 + (plain in TWO)))
        text += f'__attribute__((simd("notinbranch"), const)) {type_} {name}({arguments});\n'
    return text


def _looked_up(compiler: compilers.Compiler, names: set[str]) -> dict[str, bool]:
    """Which of these functions have a vector form that is right: read, or tried."""
    known = {}
    for name in names:
        for _, content in cache.found(_key(compiler, name), ".txt"):
            known[name] = content == b"right"
    new = names - known.keys()
    if new:
        found = _in_libmvec(new)
        right = _right(found) if found else set()
        for name in new:
            known[name] = name in right
            with contextlib.suppress(OSError):
                cache.keep(_key(compiler, name), ".txt", b"right" if known[name] else b"none")
    return known


def _key(compiler: compilers.Compiler, name: str) -> str:
    facts = [
        name,
        *compiler.words,
        *compiler.flags,
        compiler.version,
        compilers.processor(),
        c_vectors.WIDE,
        repr(_SAMPLES),
    ]
    return cache.digest("a vector form", *facts)


def _in_libmvec(names: set[str]) -> frozenset[str]:
    """Those of some functions that have a symbol in libmvec."""
    import ctypes

    machine = compilers.processor().split("\n")[1]
    if machine not in _PREFIXES:
        return frozenset()
    try:
        library = ctypes.CDLL("libmvec.so.1")
    except OSError:
        return frozenset()
    found = set()
    for name in names:
        plain, type_ = _split(name)
        arguments = "vv" if plain in TWO else "v"
        if hasattr(library, f"{_PREFIXES[machine][type_]}{arguments}_{name}"):
            found.add(name)
    return frozenset(found)


def _right(names: frozenset[str]) -> set[str]:
    """Those that give what the plain functions give."""
    text = KNOWN + c_vectors.WIDE + declared(names) + "".join(_loops(name) for name in sorted(names))
    try:
        library = objects.loaded(text, libraries=LIBRARIES)
    except CaptureError:  # a compiler that does not know of vector functions, or no libmvec to link
        return set()
    return {name for name in names if _is_right(library, name)}


def _loops(name: str) -> str:
    """A function in C that computes a function in a loop, and one by one."""
    plain, type_ = _split(name)
    pair = plain in TWO
    given, call = (f"{type_}, {type_}", "x[i], y[i]") if pair else (type_, "x[i]")
    return f"""\
{objects.EXPORTED} WIDE void micrograd_{name}(int n, const {type_} *restrict x, const {type_} *restrict y,
    {type_} *restrict many, {type_} *restrict one)
{{
    {type_} (*volatile alone)({given}) = {name};
    for (int i = 0; i < n; i++) many[i] = {name}({call});
    for (int i = 0; i < n; i++) one[i] = alone({call});
    (void)y;
}}
"""


def _is_right(library: ctypes.CDLL, name: str) -> bool:
    import ctypes

    plain, type_ = _split(name)
    seconds = [0.5, -2.0, 3.0, 0.0, math.inf, math.nan, 1e-310] if plain in TWO else [0.0]
    xs = [x for _ in seconds for x in _SAMPLES]
    ys = [y for y in seconds for _ in _SAMPLES]
    array = (ctypes.c_double if type_ == "double" else ctypes.c_float) * len(xs)
    many, one = array(), array()
    getattr(library, f"micrograd_{name}")(len(xs), array(*xs), array(*ys), many, one)
    return all(_is_close(a, b, type_) for a, b in zip(many, one, strict=True))


def _is_close(found: float, wanted: float, type_: str) -> bool:
    if not math.isfinite(wanted):
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    return abs(found - wanted) <= _TOLERANCE[type_] * abs(wanted) + _TINY[type_]


def _split(name: str) -> tuple[str, str]:
    """A function and its type: tanhf is tanh of floats."""
    return (name, "double") if name in NAMES else (name[:-1], "float")
