"""Names: what the caller calls the arguments and the values of a program.

Values are named by their places in modules and lists that the function can see, by
their labels, or by the variable that holds them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling import arguments
from micrograd.compiling.maps import Sizes
from micrograd.node import Node
from micrograd.trees import Branching

DEEPEST = 3  # functions in functions that are looked into
LONGEST = 24  # signs of an argument that is shown
FEW = 4  # places of a block that are shown
MOST = 10_000  # things that are looked at: a name is not worth a walk through a data set


class Named(NamedTuple):
    """A name for print.

    Attributes:
        short: the name in the lines.
        path: where the caller finds it; "" where that is not known.
    """

    short: str
    path: str


class Given(NamedTuple):
    """A part of the arguments.

    Attributes:
        name: where it is: `X`, or `batch[0]`.
        shape: its shape; rows of several lengths are one after the other.
    """

    name: str
    shape: Sizes


def given_arguments(function: Callable[..., Any], args: Any, options: Any) -> list[list[Given]]:
    """The traced leaves of the arguments, in order; of numbers or lists that make one
    leaf together, each.

    >>> given_arguments(lambda X, *, scale: X, ([[1.0]],), {"scale": 2.0})
    [[Given(name='X', shape=(1, 1))], [Given(name='scale', shape=())]]
    >>> given_arguments(lambda x, y: x, (1.0, 2.0), {})
    [[Given(name='x', shape=())], [Given(name='y', shape=())]]
    """
    found: list[list[Given]] = []
    for name, given in [*zip(_names_of_places(function, len(args)), args, strict=True), *options.items()]:
        _walk(given, name, found)
    return found


def call_of(function: Callable[..., Any], args: Any, options: Any) -> list[str]:
    """The names of all arguments of a call; with those that are part of the program:
    strings, truths and None.

    >>> call_of(lambda X, kind, *, scale: X, ([[1.0]], "sum"), {"scale": 2.0})
    ['X', "kind='sum'", 'scale']
    """
    named = [*zip(_names_of_places(function, len(args)), args, strict=True), *options.items()]
    return [f"{name}={_short(x)}" if arguments.is_key(x) else name for name, x in named]


def _short(x: Any) -> str:
    return repr(x) if len(repr(x)) <= LONGEST else f"{repr(x)[:LONGEST]}..."


def shape_of_leaf(leaf: Any) -> Sizes:
    """The shape of an argument; of a nested list with rows of several lengths, that of
    all its numbers.
    """
    if hasattr(leaf, "shape"):
        return tuple(leaf.shape)
    try:
        return tuple(np.shape(leaf))
    except ValueError:
        return (len(arguments.flat(leaf)),)


def _is_leaf(x: Any) -> bool:
    leaves: list[Any] = []
    arguments.replaced(x, leaves.append)
    return len(leaves) == 1 and leaves[0] is x


def _names_of_places(function: Any, count: int) -> list[str]:
    """The names of so many arguments that are given by place."""
    names: list[str] = []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C, perhaps
        parameters = []
    for p in parameters:
        if p.kind is p.VAR_POSITIONAL:
            names += [f"{p.name}[{k}]" for k in range(count - len(names))]
        elif p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
    return [*names, *[f"arg{k}" for k in range(len(names), count)]][:count]


def _walk(x: Any, path: str, found: list[list[Given]]) -> None:
    if _is_leaf(x):
        found.append([Given(path, shape_of_leaf(x))])
    elif type(x) in (list, tuple):
        for k, part in enumerate(x):
            _walk(part, f"{path}[{k}]", found)
    elif type(x) is dict:
        for name, part in x.items():
            _walk(part, f"{path}[{name!r}]", found)
    else:
        leaves: list[Any] = []
        arguments.replaced(x, leaves.append)
        found += [[Given(f"{path}_{k}", shape_of_leaf(leaf))] for k, leaf in enumerate(leaves)]


def reachable(function: Any) -> Iterator[tuple[str, Any]]:
    """The variables that a function, and functions that it calls, can see outside.

    >>> w = 2.0
    >>> [name for name, _ in reachable(lambda x: w * x)]
    ['w']
    """
    yield from _reachable(function, DEEPEST, set())


def _reachable(function: Any, depth: int, seen: set[int]) -> Iterator[tuple[str, Any]]:
    owner = getattr(function, "__self__", None)
    function = getattr(function, "__func__", function)
    function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    if owner is not None and not inspect.ismodule(owner):
        yield "self", owner
    if code is None:
        if isinstance(function, Branching) and not seen:
            yield "self", function
        return
    seen.add(id(function))
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    things = {name: cell.cell_contents for name, cell in cells if _is_full(cell)}
    for inner in (code, *(c for c in code.co_consts if inspect.iscode(c))):
        things |= {name: function.__globals__[name] for name in inner.co_names if name in function.__globals__}
    yield from things.items()
    for thing in things.values():
        if depth and inspect.isroutine(thing) and id(thing) not in seen and not _is_of_library(thing):
            yield from _reachable(thing, depth - 1, seen)


def _is_full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - it raises where there is nothing
    except ValueError:
        return False
    return True


def _is_of_library(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in ("micrograd", "numpy", "builtins")


def paths_of(function: Any, args: Any, states: Sequence[Any]) -> dict[int, str]:
    """Where the caller finds the states, by their ids: `model.layers.0.weight`.

    Args:
        function: what sees them, in its variables.
        args: positional arguments, which may be objects that hold some.
        states: the values.
    """
    wanted = {id(state) for state in states}
    found: dict[int, str] = {}
    count = 0
    given = zip(_names_of_places(function, len(args)), args, strict=True)
    for name, thing in [*given, *reachable(function)]:
        for path, value in _values_in(thing, name):
            count += 1
            if id(value) in wanted:
                found.setdefault(id(value), path)
            if count > MOST:
                break
    for state in states:
        if state.label:
            found[id(state)] = (
                state.label if id(state) not in found or "." not in found[id(state)] else found[id(state)]
            )
    return found


def _values_in(thing: Any, path: str, depth: int = DEEPEST) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Node):
        yield path, thing
    elif isinstance(thing, Branching):
        for name, value in thing.named_leaves():
            yield f"{path}.{name}", value
    elif depth and type(thing) in (list, tuple):
        for k, part in enumerate(thing):
            yield from _values_in(part, f"{path}.{k}", depth - 1)
    elif depth and type(thing) is dict:
        for name, part in thing.items():
            yield from _values_in(part, f"{path}.{name}", depth - 1)
    elif depth and hasattr(thing, "__dict__") and not _is_code(thing):
        for name, part in vars(thing).items():
            yield from _values_in(part, f"{path}.{name}", depth - 1)


def _is_code(thing: Any) -> bool:
    return inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isroutine(thing)


def common_path(paths: Sequence[str]) -> str:
    """The path of values that lie beside each other, without the numbers in which they
    differ; "" where they differ in more.

    >>> common_path(["layers.0.neurons.0.w.0", "layers.0.neurons.1.w.0"])
    'layers.0.neurons.w.0'
    >>> common_path(["w1", "w2"]), common_path(["a.b", "a.w"])
    ('w', '')
    """
    if len(paths) == 1:
        return paths[0]
    rows = [_parts(path) for path in paths]
    if len({len(row) for row in rows}) != 1:
        return ""
    kept = []
    for column in zip(*rows, strict=True):
        if len(set(column)) == 1:
            kept.append(column[0])
        elif not all(part.isdigit() for part in column):
            return ""
    return ".".join(kept)


def _parts(path: str) -> list[str]:
    """`layers.0.w` in its parts; a label `w12` is a name and a number."""
    parts = path.split(".")
    match = re.fullmatch(r"([^\W\d]\w*?)_?(\d+)", path)
    return [match[1], match[2]] if match else parts


def block_names(paths: Sequence[Sequence[str]], shapes: Sequence[Sizes], taken: set[str]) -> list[Named]:
    """A name for each block, of the paths of its values.

    A matrix of one letter is a capital one: `W1`. Names that stand in several modules
    are numbered by the modules; values without any are p1, p2, ...

    Args:
        paths: per block those of its values, in order; "" for one that has none.
        shapes: of the blocks.
        taken: names that are used already; new ones are added.
    """
    whole = [common_path(block) if all(block) else "" for block in paths]
    words = [_word(path) for path in whole]
    homes = sorted({_home(path) for path in whole if path}, key=_number_key)
    rank = {home: i + 1 for i, home in enumerate(homes)}
    named = []
    for path, word, shape, block in zip(whole, words, shapes, paths, strict=True):
        is_alone = not path or sum(other == word for other in words) == 1
        short = word.upper() if len(word) == 1 and len(shape) > 1 else word
        if path.rpartition(".")[2].isdigit():  # one of a list
            named.append(Named(free_name(short + path.rpartition(".")[2], taken), path))
            continue
        if path and not is_alone and len({_home(p) for p, w in zip(whole, words, strict=True) if w == word}) > 1:
            short += str(rank[_home(path)])
        shown = f"{path}{_range(block, path)}" if whole.count(path) > 1 else path or _homes(block)
        named.append(Named(free_name(short if path else "p", taken, starts_at=1 if path else 0), shown))
    return named


def _range(block: Sequence[str], path: str) -> str:
    """`[2:5]` for values that stand in a list one after the other."""
    ends = [name.removeprefix(f"{path}.") for name in block]
    numbers = [int(end) for end in ends if end.isdigit()]
    if len(numbers) < len(ends) or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return ""
    return f"[{numbers[0]}:{numbers[-1] + 1}]"


def _homes(block: Sequence[str]) -> str:
    """Where values of several lists or modules stand.

    >>> _homes(["net.query.0.0", "net.query.0.1", "net.key.0.0"])
    'net.query, net.key'
    """
    homes = [".".join(part for part in path.split(".") if not part.isdigit()) for path in block]
    found = [home for home in dict.fromkeys(homes) if home]
    return ", ".join([*found[:FEW], *(["..."] if len(found) > FEW else [])])


def free_name(wanted: str, taken: set[str], starts_at: int = 1) -> str:
    """The name, or the name and a number: one that is not taken."""
    name, k = wanted, starts_at
    while name in taken or (k == 0 and name == wanted):
        k += 1
        name = f"{wanted}{k}" if not wanted[-1:].isdigit() else f"{wanted}_{k}"
    taken.add(name)
    return name


def _word(path: str) -> str:
    """The last part of a path that is a name."""
    return next((part for part in reversed(path.split(".")) if part.isidentifier()), "p")


def _home(path: str) -> str:
    """What the last name of a path stands in."""
    parts = path.split(".")
    while parts and not parts[-1].isidentifier():
        parts.pop()
    return ".".join(parts[:-1])


def _number_key(path: str) -> list[tuple[int, Any]]:
    return [(0, int(part)) if part.isdigit() else (1, part) for part in path.split(".")]
