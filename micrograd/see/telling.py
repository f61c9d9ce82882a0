"""Names, formulas and numbers for sentences about a graph."""

from __future__ import annotations

import re
from typing import Any

from micrograd.anomaly import line_of
from micrograd.engine import Value, toposort
from micrograd.interpreter import shape_of
from micrograd.node import Node, data_of, inputs_of
from micrograd.see.numerals import brief
from micrograd.see.order import made_of, name_in, names_of
from micrograd.see.rules import Texts
from micrograd.see.ways import Use
from micrograd.spelling import ATOM, SUM, is_name

MOST_INPUTS = 6  # of an op in a formula
CALLED = {"relu": "ReLU", "clipped": "clip", "expit": "sigmoid", "softmaxed": "softmax"}  # as users call these ops


class Telling:
    """Words for the nodes below a root.

    Args:
        root: where the graph ends.
        x: the value that is asked about; it need not be below root.
        paths: names of parameters, by the value.

    Attributes:
        root, x: their names.

    >>> a = Value(2.0, label="a")
    >>> told = Telling(a.tanh(), a)
    >>> told.root, told.x
    ('root', 'a')
    """

    def __init__(self, root: Value, x: Value, paths: dict[Any, str] | None = None) -> None:
        self._texts = Texts(self.name, lambda name: (name, _level(name)), CALLED)
        self._paths = paths or {}
        self._names = names_of(toposort(root), made_of, self._paths)
        if not name_in(self._paths, root):  # its formula may be long
            self._names[root] = "root"
        if not x.label and re.fullmatch(r"v\d+", self._names.get(x, "")):
            self._call_it_x(x)
        self.root, self.x = (
            self._enclosed(root),
            self._enclosed(x) if x in self._names or name_in(self._paths, x) else "x",
        )

    def _call_it_x(self, x: Value) -> None:
        """The name x for a value without a label, where no label has it."""
        own = self._names[x]
        token = re.compile(rf"\b{own}\b")
        if any(re.search(rf"\b(x|{own})\b", str(node.label)) for node in self._names if node.label):
            return
        for node, name in self._names.items():
            if not node.label and own in name:
                self._names[node] = token.sub("x", name)

    def _enclosed(self, node: Any) -> str:
        """The name as it stands before `.grad`."""
        name = self.name(node)
        return name if _level(name) == ATOM else f"({name})"

    def name(self, x: Any) -> str:
        """What a node or a raw constant is called."""
        if isinstance(x, Node) and x in self._names:
            return self._names[x]
        if isinstance(x, Node) and (name := name_in(self._paths, x)):
            return name
        data = data_of(x)
        return brief(data) if shape_of(data) == () else f"a constant {shape_of(data)}"

    def formula(self, node: Any) -> str:
        """How a node is made, in the names of its inputs: `tanh(n)`."""
        return self._texts.forward(node)

    def made(self, node: Any) -> str:
        """A node and how it is made: `h = tanh(n)`."""
        name, formula = self.name(node), self.formula(node)
        says_more = node.label or name == "root" or re.fullmatch(r"v\d+", name)
        return f"{name} = {formula}" if says_more and name != formula else formula

    def slope(self, use: Use) -> str:
        """The derivative of an elementwise op by this input, as a formula of the names;
        empty where there is none.
        """
        user = use.user
        if any(shape_of(x) != () for x in inputs_of(user) if not isinstance(x, Node)):
            return ""
        return self._texts.partial(user, use.i)


def _level(name: str) -> int:
    is_atom = is_name(name.replace(".", "")) or name.replace(".", "").isdigit()
    return ATOM if is_atom else SUM


def called(node: Any) -> str:
    """What users call the op of a node."""
    name = str(node._record.name)
    return CALLED.get(name, name)


def made_at(node: Any) -> list[str]:
    """A sentence with the line that made a node, where `detect_anomaly()` was on."""
    line = line_of(node)
    return [f"{line[:1].upper()}{line[1:]}"] if line else []
