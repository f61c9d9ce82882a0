"""Writes the types of the table of ops, for type checkers and editors:
`python docs/make_stubs.py`.

A test compares. The signatures come from the functions themselves: an argument
annotated with `Array` takes numbers, arrays, lists and Values. With a Value among them
the result is a Value of that class. Without one it is a number or an array. The stubs
of `micrograd.numpy` say the same of NumPy's names.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "micrograd"
sys.path.insert(0, str(ROOT))

from micrograd import ops  # noqa: E402
from micrograd.numpy import lists  # noqa: E402
from micrograd.op import Comparison, Op, Question  # noqa: E402
from micrograd.ops import protocols  # noqa: E402
from micrograd.ops.calls import order_of  # noqa: E402

MADE = f"Made by `python docs/make_stubs.py` with NumPy {np.__version__}; do not edit by hand."
# Plain calls come first, so that a list of numbers is not searched for a Value. The
# overlap is meant. NumPy's names differ a little from version to version.
CHECKERS = """\
# mypy: disable-error-code="overload-overlap, attr-defined"
# pyright: reportOverlappingOverload=false, reportAttributeAccessIssue=false"""
OPS_HEAD = '''\
"""The types of the table of ops. {made}

Plain numbers and arrays give plain results. A Value among the inputs makes the result a
Value of its class. What is Any is a number or an array, by the axes; or a plain answer.
"""
{checkers}
from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import Any, TypeAlias, TypeVar, overload

from numpy.typing import NDArray

from micrograd.arrays import Grid, Plain
from micrograd.op import Op
from micrograd.ops.indexing import At as At
from micrograd.ops.operators import Input, Operators
{imports}
V = TypeVar("V", bound=Operators)  # a Value, or what else interprets ops
Of: TypeAlias = V | Sequence[V | float] | Sequence[Sequence[V | float]]  # one, or lists that hold some

__all__: list[str]
OPS: dict[str, Op]
FAMILIES: tuple[ModuleType, ...]
'''
NUMPY_HEAD = '''\
"""The types of {module}. {made}

With a Value among the inputs the result is a Value. Without one the function is NumPy's.
"""
{checkers}
import builtins
from collections.abc import Callable, Iterable, Sequence
from typing import Any, overload

from numpy.typing import NDArray

from micrograd.arrays import Grid, Plain
from micrograd.ops import Of, V
from micrograd.ops.operators import Input
{imports}

__all__: list[str]
'''
OUR_OWN = """\
from . import linalg as linalg
from . import random as random
from .joiners import c_ as c_
from .joiners import r_ as r_
"""
ARRAY = """\
@overload
def {name}(object: Of[V], dtype: Any = None, **options: Any) -> V: ...
@overload
def {name}(object: Any, dtype: Any = None, **options: Any) -> NDArray[Any]: ...
"""
ARRAYS = "".join(ARRAY.format(name=name) for name in ("array", "asanyarray", "asarray"))


class Array:
    """Stands for `Array` while annotations are read."""


Array.__module__ = "builtins"  # so that it is shown by its bare name


class Argument(NamedTuple):
    """One argument of a function.

    Attributes:
        name: what it is called.
        said: its annotation, with `Array` where an array is meant.
        default: as a stub shows it; empty where there is none.
        by_place: whether it may come by position.
        stars: "*" or "**" where it stands for any number.
    """

    name: str
    said: str
    default: str = ""
    by_place: bool = True
    stars: str = ""

    @property
    def takes_arrays(self) -> bool:
        """Whether a Value may be given."""
        return "Array" in self.said

    @property
    def is_list(self) -> bool:
        """Whether several arrays may be given."""
        return self.takes_arrays and (self.stars != "" or self.said not in ("Array", "Array | None"))

    def typed(self, array: str) -> str:
        """The argument in a stub, with this in the place of `Array`."""
        return f"{self.stars}{self.name}: {self.said.replace('Array', array)}{self.default and ' = ' + self.default}"


def forward_of(function: Any) -> Any:
    """The function as it was written, without what wraps it."""
    return inspect.unwrap(function.forward if isinstance(function, Op) else function)


def arguments_of(function: Any) -> list[Argument]:
    """The arguments of an op or composite; those that may come by position first, in
    NumPy's order.
    """
    forward = forward_of(function)
    found: dict[str, Argument] = {}
    for name, p in inspect.signature(forward).parameters.items():
        said = "Any" if name == "condition" else shown(p.annotation, forward)  # it makes no result a Value
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        found[name] = Argument(name, said, default_of(p), p.kind is not p.KEYWORD_ONLY, stars)
    if any(a.stars for a in found.values()):
        return list(found.values())
    places = [name for name, a in found.items() if a.by_place]
    order = order_of(forward.__name__) or dict.fromkeys([*places, *found])
    for name in list(order)[len(places) :]:
        if name not in found:
            break
        places.append(name)
    return [found[name]._replace(by_place=name in places) for name in dict.fromkeys([*places, *found])]


def default_of(p: inspect.Parameter) -> str:
    """The default as a stub shows it: a simple one as it is."""
    if p.default is p.empty:
        return ""
    return repr(p.default) if isinstance(p.default, (int, float, str, type(None))) else "..."


def shown(annotation: Any, function: Any) -> str:
    """An annotation without the names of its room: `Axis` as
    `int | tuple[int, ...] | None`.
    """
    value = eval(annotation, function.__globals__ | {"Array": Array}) if isinstance(annotation, str) else annotation
    text = f"{value.__module__}.{value.__qualname__}" if type(value) is type else repr(value)
    for prefix in ("typing.", "collections.abc.", "builtins."):
        text = text.replace(prefix, "")
    return text.replace("NoneType", "None")


def is_elementwise(function: Any, arguments: list[Argument]) -> bool:
    """Whether numbers give a number, and arrays an array of their shape: found out by
    trying.
    """
    count = sum(1 for a in arguments if not a.default)
    if count > 2 or any(a.stars for a in arguments) or any(a.said != "Array" for a in arguments[:count]):
        return False
    with np.errstate(all="ignore"), contextlib.suppress(Exception):
        number = function(*[0.5, 0.25][:count])
        array = function(*[np.full((2, 3), 0.5), np.full((2, 3), 0.25)][:count])
        return isinstance(number, float) and isinstance(array, np.ndarray) and array.shape == (2, 3)
    return False


def signature(arguments: list[Argument], kinds: dict[str, str], result: str, required: str, by_place: bool) -> str:
    """One overload.

    Args:
        arguments: in order.
        kinds: what stands for `Array`, by argument.
        result: the type of the result.
        required: the argument that must be given here, though it may have a default.
        by_place: whether inputs come by position alone, as their names are not NumPy's.
    """
    parts, inputs = [], 0
    is_starred = is_optional = False
    for a in arguments:
        if a.name == required:  # after one with a default it can only come by name
            a = a._replace(default="", by_place=a.by_place and not is_optional)
        if not (a.by_place or a.stars or is_starred):
            parts.append("*")
            is_starred = True
        parts.append(a.typed(kinds.get(a.name, "")))
        is_starred = is_starred or a.stars == "*"
        is_optional = is_optional or a.default != ""
        if a.takes_arrays and not is_starred:
            inputs = len(parts)
    if by_place and inputs:
        parts.insert(inputs, "/")
    return f"({', '.join(parts)}) -> {result}"


def overloads_of(function: Any, by_place: bool = False) -> list[str]:
    """The signatures of a function: without a Value, and with one at each of its
    arrays.
    """
    arguments, forward = arguments_of(function), forward_of(function)
    arrays = [a for a in arguments if a.takes_arrays]
    result = shown(inspect.signature(forward).return_annotation, forward)
    if isinstance(function, (Comparison, Question)):
        result = "Any"
    if "Array" not in result or not arrays:
        kinds = dict.fromkeys([a.name for a in arrays], "Input")
        return [signature(arguments, kinds, result.replace("Array", "Any"), "", by_place)]

    def made(of: str, kinds: list[str], required: str = "") -> str:
        given = dict(zip([a.name for a in arrays], kinds, strict=True))
        return signature(arguments, given, result.replace("Array", of), required, by_place)

    rest = ["Plain"] * (len(arrays) - 1)
    if not is_elementwise(function, arguments):
        found = [made("Any", ["Plain", *rest])]
    else:
        found = [made("float", ["float"] * len(arrays)), made("NDArray[Any]", ["Grid", *rest])]
        if sum(1 for a in arrays if not a.default) == 2:
            found.append(made("NDArray[Any]", ["float", "Grid", *rest[1:]]))
    for a in sorted(arrays, key=lambda a: a.is_list):  # lists last: V is found nowhere where all in them is plain
        found.append(made("V", kinds_beside(a, arrays), a.name if a.default else "").replace("V | None", "V"))
    lists_of = [b for b in arrays if "[Array]" in b.said and "|" not in b.said]
    if lists_of:  # mypy takes [v, 1.0] for a list[object]: the result is a Value, of no known class
        found.append(found[0].replace(lists_of[0].typed("Plain"), f"{lists_of[0].name}: list[object]"))
    return found


def kinds_beside(a: Argument, arrays: list[Argument]) -> list[str]:
    """What may be given for each array where the first Value is at a."""
    kinds = []
    is_before = True
    for b in arrays:
        is_before = is_before and b is not a
        if b is a:
            kinds.append("V | Plain" if a.is_list else "V" if a.said == "Array | None" else "Of[V]")
        elif is_before:
            kinds.append("Plain" if a.is_list or not b.is_list else "Input")
        else:
            kinds.append("Plain" if a.is_list and not b.is_list else "Input")
    return kinds


def defined(name: str, found: list[str]) -> list[str]:
    """The lines that define a function with these signatures."""
    if len(found) == 1:
        return [f"def {name}{found[0]}: ..."]
    return [line for text in found for line in ("@overload", f"def {name}{text}: ...")]


def bare(text: str, imports: set[str]) -> str:
    """A signature with the bare names of our classes, which are imported."""
    for full in set(re.findall(r"micrograd(?:\.\w+)+", text)):
        module, _, name = full.rpartition(".")
        imports.add(f"from {module} import {name} as {name}")
        text = text.replace(full, name)
    return text


def ops_stub() -> str:
    """The text of micrograd/ops/__init__.pyi: ops of one signature are of one class."""
    classes: dict[str, str] = {}
    imports: set[str] = set()
    lines: list[str] = []
    for name in ops.__all__:
        function = getattr(ops, name)
        if isinstance(function, Op):
            body = [bare(f"(self, {text[1:]}", imports) for text in overloads_of(function)]
            lines.append(f"{name}: {class_of(function, body, classes)}")
        elif inspect.isfunction(function):
            lines += defined(name, [bare(text, imports) for text in overloads_of(function)])
    bodies = [f"class {name}(Op):\n    " + text.replace("\n", "\n    ") for text, name in classes.items()]
    head = OPS_HEAD.format(made=MADE, checkers=CHECKERS, imports="\n".join(sorted(imports)))
    return "\n".join([head, *bodies, *lines, ""])


def class_of(op: Op, body: list[str], classes: dict[str, str]) -> str:
    """The class of ops with these signatures, named for their arguments; made where
    there is none yet.
    """
    text = "\n".join(defined("__call__", body))
    if text not in classes:
        name = "_" + "_".join(a.name for a in arguments_of(op))
        while name in classes.values():
            name += "_"
        classes[text] = name
    return classes[text]


def numpy_stub(home: Any, module: str, imports: str = "", functions: str = "") -> str:
    """The text of the stub of micrograd.numpy, or of its linalg.

    Args:
        home: the module of NumPy.
        module: the name of ours.
        imports: lines for names that are our own.
        functions: the same.
    """
    own = set(re.findall(r"(?:def|as) (\w+)", imports + functions))
    wrapped = lists.taking_lists(home, module)
    needed: set[str] = set()
    lines: list[str] = []
    for name in sorted(set(home.__all__) - own):
        function = spelled(home, name) if name in wrapped else None
        if function is None:
            needed.add(f"from {home.__name__} import {name} as {name}")
            continue
        found = [bare(text, needed) for text in overloads_of(function, by_place=True)]
        found = [re.sub(r"\bbool\b", "builtins.bool", text) for text in found]  # there is a numpy.bool
        plain = "(a: Plain | Iterable[Plain], /, *args: Any, **options: Any) -> Any"  # all that NumPy's can do
        lines += defined(name, [*found, plain] if len(found) > 1 else ["(*args: Any, **options: Any) -> Any"])
    lines_of_imports = "\n".join([*sorted(needed), imports.strip()])
    head = NUMPY_HEAD.format(module=module, made=MADE, checkers=CHECKERS, imports=lines_of_imports)
    return head + functions + "\n".join([*lines, ""])


def spelled(home: Any, name: str) -> Callable[..., Any] | None:
    """Our function for a function of NumPy, where Values go through it."""
    own = getattr(getattr(home, name), "__name__", name)
    own = protocols.SPELLED.get(own, own)
    if own in protocols.OF_SHAPE or own in protocols.OF_DATA or own not in ops.__all__:
        return None
    function: Callable[..., Any] = getattr(ops, own)
    return function


def stubs() -> dict[Path, str]:
    """The text of every stub, by its path."""
    return {
        PACKAGE / "ops" / "__init__.pyi": ops_stub(),
        PACKAGE / "numpy" / "__init__.pyi": numpy_stub(np, "micrograd.numpy", OUR_OWN, ARRAYS),
        PACKAGE / "numpy" / "linalg.pyi": numpy_stub(np.linalg, "micrograd.numpy.linalg"),
    }


if __name__ == "__main__":
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
