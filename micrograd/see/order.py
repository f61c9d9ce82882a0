"""The order of the nodes, with a reason for each place; and names for the nodes.

`backward()` sorts the nodes first: inputs before users. Then it walks the list from the
end, so that a node has its whole gradient before it passes it on.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, overload

from micrograd import on_demand as np
from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value, toposort
from micrograd.exact import is_exact
from micrograd.interpreter import shape_of
from micrograd.node import Node, data_of, inputs_of, is_constant
from micrograd.ops.operators import Operators
from micrograd.record import HandMade, Op
from micrograd.see.given import called, check_value, paths_in
from micrograd.see.numerals import listed
from micrograd.spelling import ATOM, OPERATORS, PRODUCT, SUM, Short, Spelling, held, is_name
from micrograd.symbol import Symbol

LONGEST = 32  # characters of a name
MOST_INPUTS = 4  # that a reason names
MOST_LINES = 60  # that are printed
LINES_AT_END = 10
LARGEST = 10**15  # of an int in a name


def topological_order(root: Value, *, model: Any = None) -> Order:
    """The nodes below a Value in the order in which `backward()` sorts them.

    Inputs stand before users. `backward()` walks this list from the end. Constants have
    no gradient and are left out, as in `toposort`.

    A node without a label is called by its formula. Where that is long, it is called v
    and its place.

    Args:
        root: the Value to start from, such as a loss.
        model: a Module; its parameters without a label are called by their paths in it.

    Returns:
        The Order: a sequence of (node, reason). It prints itself.

    Raises:
        DataError: root is not a Value.
        ArgumentError: model is not a Module.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> order = topological_order((a * b + a).tanh())
    >>> order
    a: waits for nothing, as no op made it
    b: waits for nothing, as no op made it
    a*b: after a and b, which it is made of
    a*b + a: after a*b and a, which it is made of
    tanh(a*b + a): after a*b + a, which it is made of
    backward() walks this list from its end, so a node passes its gradient on after all
    its users.
    >>> node, reason = order[2]
    >>> node.data, reason
    (-6.0, 'a*b: after a and b, which it is made of')
    """
    check_value("topological_order", "root", root)
    if CAPTURES:
        refuse(root, "print")
    nodes = toposort(root)
    names = names_of(nodes, made_of, paths_in("topological_order", model))
    return Order([(node, _reason(node, names)) for node in nodes])


class Order(Sequence[tuple[Value, str]]):
    """Nodes with the reason for the place of each: a sequence of (node, reason).

    `str()` of it has a line for each node. Of more than 60 it shows the first 50 and
    the last 10.
    """

    def __init__(self, places: Sequence[tuple[Value, str]]) -> None:
        self._places = list(places)

    @overload
    def __getitem__(self, i: int) -> tuple[Value, str]: ...

    @overload
    def __getitem__(self, i: slice) -> list[tuple[Value, str]]: ...

    def __getitem__(self, i: int | slice) -> tuple[Value, str] | list[tuple[Value, str]]:
        return self._places[i]

    def __len__(self) -> int:
        return len(self._places)

    def __str__(self) -> str:
        lines = [reason for _, reason in self._places]
        if len(lines) > MOST_LINES:
            start = MOST_LINES - LINES_AT_END
            left_out = len(lines) - MOST_LINES
            lines = [*lines[:start], f"... {left_out} more, as order[{start}] ...", *lines[-LINES_AT_END:]]
        end = "backward() walks this list from its end, so a node passes its gradient on after all its users."
        return "\n".join([*lines, end])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return preformatted(str(self))


def preformatted(text: str) -> str:
    """A text as HTML, with its lines and spaces; nothing in it is markup."""
    return f"<pre>{html.escape(text)}</pre>"


def _reason(node: Value, names: dict[Any, str]) -> str:
    nodes = dict.fromkeys(x for x in inputs_of(node) if isinstance(x, Node))
    inputs = [names[x] for x in nodes if x in names]
    if not inputs:
        why = "no op made it" if isinstance(node._record, HandMade) else "all that it is made of is constant"
        why = "it is a constant" if is_constant(node) else why
        return f"{names[node]}: waits for nothing, as {why}"
    return f"{names[node]}: after {listed(inputs, MOST_INPUTS)}, which it is made of"


# Names


class Made(NamedTuple):
    """How a node was made.

    Attributes:
        op: the record of its op; None for a leaf.
        inputs: the inputs in order, nodes and raw constants.
        params: the keyword arguments of the op.
    """

    op: Op | None
    inputs: Sequence[Any]
    params: dict[str, Any]


def made_of(node: Value) -> Made:
    """How a Value was made."""
    is_leaf = not node._record.symbol
    return Made(None if is_leaf else node._record, inputs_of(node), node._params or {})


def names_of(
    nodes: Iterable[Any], made: Callable[[Any], Made], paths: Mapping[Any, str] | None = None
) -> dict[Any, str]:
    """A name for each node, and no two alike.

    It is the label, or the path of a parameter. A node without one is called by its
    formula, such as `x1*w1`, or v and its place from 1 where the formula is longer than
    32 characters.

    Args:
        nodes: inputs before users; each has a `label`.
        made: how a node was made.
        paths: names of parameters, by the value.

    >>> a = Value(2.0, label="a")
    >>> list(names_of(toposort((a * 3 + a) ** 2), made_of).values())
    ['a', 'a*3', 'a*3 + a', '(a*3 + a)**2']
    """
    paths = paths or {}
    spelled: dict[Any, Spelling] = {}
    uses: dict[str, int] = {}
    taken: set[str] = set()
    for place, node in enumerate(nodes, 1):
        text, level = _as_name(name) if (name := name_in(paths, node)) else _spelled(node, made, spelled, place)
        unique = text
        while unique in taken:  # a label that stands at two nodes
            uses[text] = uses.get(text, 1) + 1
            unique = f"{text} ({uses[text]})"
        taken.add(unique)
        spelled[node] = unique, level
    return {node: text for node, (text, _) in spelled.items()}


def _spelled(node: Any, made: Callable[[Any], Made], known: dict[Any, Spelling], place: int) -> Spelling:
    op, inputs, params = made(node)
    if op is None:
        return f"v{place}", ATOM
    spellings = [_input(x, known) for x in inputs[: LONGEST // 2]]
    if isinstance(op, HandMade):
        text, level = f"{op.symbol}({', '.join(text for text, _ in spellings)})", ATOM
    else:
        text, level = _Tight().op(SimpleNamespace(op=op, inputs=inputs, params=params), spellings)
    return (text, level) if len(text) <= LONGEST and len(inputs) <= LONGEST // 2 else (f"v{place}", ATOM)


def name_in(paths: Mapping[Any, str], node: Any) -> str:
    """The label on one line, or the path of a parameter; not longer than a name. Empty
    where there is none.
    """
    label = called(" ".join(str("" if node.label is None else node.label).split()), paths.get(node, ""))
    if len(label) <= LONGEST:
        return label
    if label != paths.get(node):
        return f"{label[: LONGEST - 3]}..."
    end = label[3 - LONGEST :]  # of a path the end says most
    return f"...{end.partition('.')[2] or end}"


def _as_name(name: str) -> Spelling:
    return name, ATOM if is_name(name.replace(".", "")) else SUM


def _input(x: Any, known: dict[Any, Spelling]) -> Spelling:
    if isinstance(x, Operators) and x in known:
        return known[x]
    if isinstance(x, Node) and (label := name_in({}, x)):  # a constant
        return _as_name(label)
    data = data_of(x)
    if isinstance(data, (float, np.floating)) or (isinstance(data, int) and abs(data) < LARGEST):
        return _Tight().number(float(data))
    if is_exact(data) or isinstance(data, Symbol):
        text = str(data)
        return text, ATOM if is_name(text) else SUM
    return f"constant {shape_of(data)}", ATOM


class _Tight(Short):
    """Products without spaces, as in `x1*w1 + x2*w2`; powers as in Python."""

    power = "**"

    def op(self, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        name = node.op.name
        if name in OPERATORS and OPERATORS[name][1] == PRODUCT:
            sign, level, left, right = OPERATORS[name]
            return f"{held(inputs[0], left)}{sign}{held(inputs[1], right)}", level
        return super().op(node, inputs)
