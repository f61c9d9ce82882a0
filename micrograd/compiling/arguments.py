"""Arguments of a compiled function: what is traced, what is a key, and their numbers
in flat arrays.

Numbers, arrays and lists of numbers are traced: one argument each. None, booleans and
strings are keys: another one is another program. So are shapes and lengths.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.capture import RunsUncompiled
from micrograd.errors import CaptureError
from micrograd.interpreter import Interpreter
from micrograd.node import Node
from micrograd.trees import Branching, by_key, is_branch, joined

KEYS = {bool, str, bytes, type(None)}
REAL = set("?bBhHiIlLqQefdg")  # letters of NumPy's dtypes
USUAL = {float, int}  # kinds of numbers and arrays that compute as their base does
NAMES = "add sub mul truediv floordiv mod pow matmul lt le gt ge eq ne".split()
OPERATORS = [f"__{name}__" for name in [*NAMES, *[f"r{name}" for name in NAMES[:8]], "neg", "abs", "array_ufunc"]]


class Same:
    """An object as part of a key: equal to itself only, and kept alive by it."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.x is other.x

    def __hash__(self) -> int:
        return id(self.x)


def is_key(x: Any) -> bool:
    """Whether an argument is a part of the key itself: a string, a truth, or None."""
    return type(x) in KEYS


Given = tuple[tuple[Any, ...], dict[str, Any]]  # arguments by place and by name


def split(given: Given, leaves: list[Any]) -> Any:
    """The key of the arguments of a call; their traced leaves go into a list."""
    args, options = given
    key: tuple[Any, ...] = tuple([_key(x, leaves) for x in args])
    if options:
        key = (key, *[(name, _key(x, leaves)) for name, x in options.items()])
    return key


def replaced_in_call(given: Given, make: Any) -> Given:
    """The same arguments with make(leaf) for each traced leaf, in order."""
    args, options = given
    return tuple([replaced(x, make) for x in args]), {name: replaced(x, make) for name, x in options.items()}


def as_key(leaf: Any) -> Any:
    """A leaf that the function indexes by, or counts to, as part of the key."""
    if isinstance(leaf, np.ndarray):
        return leaf.tobytes()
    return tuple(map(as_key, leaf)) if isinstance(leaf, (list, tuple)) else leaf


def joins_numpy(x: Any) -> bool:
    """Whether x takes part in NumPy's functions without being NumPy's: an array of Dask
    or CuPy.
    """
    return hasattr(type(x), "__array_function__") and not isinstance(x, (np.ndarray, np.generic, Interpreter))


def _check_kind(kind: Any) -> None:
    """Refuse a subclass of float, int or np.ndarray whose operators are its own.

    Raises:
        CaptureError: it says what to give.
    """
    base: Any = next(x for x in (np.ndarray, np.generic, float, int) if issubclass(kind, x))
    if base is not np.generic and any(getattr(kind, x, None) is not getattr(base, x, None) for x in OPERATORS):
        repair = "np.asarray(x)" if base is np.ndarray else f"{base.__name__}(x)"
        repair = "x.filled(number)" if issubclass(kind, np.ma.MaskedArray) else repair
        raise CaptureError(f"compile: an argument is of {kind.__name__}, whose operators differ; give {repair}")
    USUAL.add(kind)


def _beside(x: Any) -> tuple[Any, ...]:
    """What a tree of a user's class holds beside its branches, as a part of the key."""
    fields = () if isinstance(x, (dict, list, tuple)) else by_key(x)
    own = [(name, _frozen(part)) for name, part in getattr(x, "__dict__", {}).items() if name not in fields]
    return (*own, Same(getattr(x, "default_factory", None)))


def _frozen(x: Any) -> Any:
    if isinstance(x, np.ndarray) and x.dtype.char in REAL:
        return (x.dtype.str, x.shape, x.tobytes())
    if isinstance(x, (list, tuple)):
        return (type(x), *map(_frozen, x))
    if isinstance(x, dict):
        return (type(x), *[(name, _frozen(part)) for name, part in x.items()])
    return (type(x), repr(x)) if isinstance(x, (np.generic, float, int, str)) else Same(x)


def _key(x: Any, leaves: list[Any]) -> Any:
    kind = type(x)
    if kind in KEYS or kind is np.bool_:
        return (kind, x)
    if isinstance(x, np.ndarray):  # also one of np.memmap
        if kind is not np.ndarray and kind not in USUAL:
            _check_kind(kind)
        char = x.dtype.char
        if char not in REAL:
            raise CaptureError(f"compile: an argument is an array of {x.dtype}; give one of real numbers")
        leaves.append(x)
        return (kind, x.shape, char)
    if isinstance(x, (np.generic, float, int)):
        if kind not in USUAL:
            if isinstance(x, Enum):
                return Same(x)
            _check_kind(kind)
        leaves.append(x)
        return kind
    if joins_numpy(x):
        return kind
    if isinstance(x, Node):  # a state as any other; another one is another program
        return Same(x)
    if isinstance(x, (list, tuple)):
        shape = _list_shape(x) if kind in (list, tuple) else None
        if shape is not None:
            leaves.append(x)
            return (kind, shape)
        key: Any = (kind, *[_key(part, leaves) for part in x])
        return key if kind is list or kind is tuple else (*key, *_beside(x))
    if isinstance(x, dict):
        key = (kind, *[(name, _key(part, leaves)) for name, part in x.items()])
        return key if kind is dict else (*key, *_beside(x))
    if is_branch(x) and not isinstance(x, Branching):  # a dataclass
        return (kind, *[(name, _key(part, leaves)) for name, part in by_key(x).items()], *_beside(x))
    return Same(x)  # a module, a function: looked at by the guards


def objects_of(args: Any) -> list[tuple[str, Any]]:
    """The objects in a tree of arguments that are neither traced nor keys, each with a
    name.
    """
    found: list[tuple[str, Any]] = []

    def look(x: Any, name: str) -> None:
        if type(x) in KEYS or isinstance(x, (np.ndarray, np.generic, float, int, Node)):
            return
        if is_branch(x) and not isinstance(x, Branching):
            for key, part in by_key(x).items():
                look(part, f"{name}.{key}" if name else str(key))
        else:
            found.append((name if name[-1:].isalpha() else "", x))

    for part in args:
        look(part, "")
    return found


def _list_shape(x: Any) -> Any:
    """The lengths of nested lists of plain numbers; None where they hold anything
    else.
    """
    if not x:
        return None
    kinds = set(map(type, x))
    if kinds <= {float, int}:
        return (len(x), *kinds) if len(kinds) == 1 else (len(x), *map(type, x))
    if kinds <= {list, tuple}:
        inner = [_list_shape(part) for part in x]
        return None if any(part is None for part in inner) else tuple(inner)
    return None


def flat(x: Any) -> Any:
    """The numbers of a leaf, as a flat array of float64."""
    if type(x) is np.ndarray and x.dtype.char in "df":
        return x.reshape(-1)
    if isinstance(x, (list, tuple)):
        return np.array(_flattened(x), float)
    return np.asarray(x, None if getattr(x, "dtype", None) == np.float32 else float).reshape(-1)


def _flattened(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)):
        return [number for part in x for number in _flattened(part)]
    return [x]


def replaced(args: Any, make: Any) -> Any:
    """The same tree with make(leaf) for each traced leaf, in order."""
    if type(args) in KEYS or type(args) is np.bool_ or isinstance(args, Enum):
        return args
    if isinstance(args, Node):
        return args
    if isinstance(args, (np.ndarray, np.generic, float, int)):
        return make(args)
    if joins_numpy(args):
        raise RunsUncompiled(f"an argument is an array of {type(args).__module__.partition('.')[0]}")
    if type(args) in (list, tuple) and _list_shape(args) is not None:
        return make(args)
    if not is_branch(args) or isinstance(args, Branching):
        return args
    twin = joined(args, [replaced(part, make) for part in by_key(args).values()])
    if isinstance(args, (list, tuple)) and hasattr(args, "__dict__"):  # of a user's class
        vars(twin).update(vars(args))
    return twin
