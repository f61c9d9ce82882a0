"""One backward pass as plain data: what the page of the stepper shows.

`data_of_steps(root)` is a dict for JSON: the format "micrograd-graph", version 1. Nodes
are columns, in the engine's order. An edge leads from an input to the node that uses
it, and holds the local derivative. From these the page walks back by itself. Whatever a
product of two floats does not give, as for arrays, stands in `adds`.

Beyond version 1's own keys there are `seed`, `notes`, and `after` of the edges: what an
input has once an array's part is added.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value, pull, toposort
from micrograd.errors import DataError, DrawError
from micrograd.folding import simplified
from micrograd.interpreter import ones_like, shape_of
from micrograd.node import Node, data_of, holds_grad, inputs_of, is_constant
from micrograd.op import Elementwise, Op
from micrograd.quiet import quietly
from micrograd.reverse import Route
from micrograd.see.graph import CONSTANT, EXACT_NODES, FORMAT, LEAF, LONGEST, VERSION, for_json, slope_at
from micrograd.spelling import Short, spelled
from micrograd.symbol import Symbol
from micrograd.unknown import Zeros
from micrograd.walking import asked_about

NUMBERS_SHOWN = 8  # of an array
SIGNS_SHOWN = 40  # of an exact number, or of a param


def nodes_of(root: Value) -> list[Any]:
    """The nodes of the page in their order, inputs before users: Values, and raw
    constants.
    """
    return _Graph(root).nodes


def data_of_steps(root: Value, title: str = "", groups: Any = None) -> dict[str, Any]:
    """The graph below root, and the steps of its backward pass, as plain data.

    The gradients are computed here: nobody's `grad` is read as a result or changed.

    Args:
        root: the Value that is differentiated, such as a loss.
        title: what the page is called.
        groups: which nodes are shown as one box. Its `groups` have a name, a kind and a
            parent, its `of` is the innermost group of each node or -1, its `labels` are
            names by node, and its `products` those that large graphs leave out. None
            for no groups.

    Raises:
        DataError: root is not a Value.
        DrawError: a node has a `_backward` of its own, which no step can show.

    >>> a = Value(3.0, label="a")
    >>> data = data_of_steps(a * a)
    >>> data["nodes"]["grad"], data["edges"]["local"]
    ([6.0, 1.0], [3.0, 3.0])
    >>> data["ops"][0]["formula"], data["ops"][0]["rules"]
    ('{x} * {y}', ['{y}', '{x}'])
    """
    check_root(root)
    graph = _Graph(root)
    columns = graph.columns()
    if groups is not None:
        columns["group"] = list(groups.of)
        # In a large graph, the names of the products are a tenth of the file.
        unnamed = groups.products if len(graph.nodes) > EXACT_NODES else ()
        columns["label"] = {str(i): str(label) for i, label in groups.labels.items() if label and i not in unnamed}
    if len(graph.nodes) > EXACT_NODES:
        _shorten(columns["data"], columns["grad"], graph.edges["local"])
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "root": len(graph.nodes) - 1,
        "seed": graph.shown(ones_like(data_of(root))),
        "ops": graph.ops,
        "nodes": columns,
        "edges": graph.edges,
        "groups": [
            {"name": group.name, "kind": group.kind, "parent": group.parent}
            for group in (groups.groups if groups else ())
        ],
        "notes": _notes(graph),
    }


def check_root(root: Any) -> None:
    """Refuse what has no steps.

    Raises:
        DataError: root is not a Value.
        CaptureError: root is a number of a run that is being compiled.
    """
    if not isinstance(root, Value):
        raise DataError(f"step: given a {type(root).__name__}, not a Value; give one Value, such as the loss")
    if CAPTURES:
        refuse(root, "step")


class _Noted(Route):
    """Gradients in a dictionary, and what each step adds, in its order."""

    __slots__ = ("added",)
    added: list[tuple[Any, Any]]

    def add(self, x: Node, part: Any, g: Any) -> None:
        super().add(x, part, g)
        self.added.append((part, self.grads[x]))

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        return False  # the rule of the op says what is added


class _Graph:
    """Nodes and edges of a graph with numbers for names, and one walk back."""

    def __init__(self, root: Value) -> None:
        self.root = root
        self.nodes: list[Any] = []  # Nodes, and raw constants
        self.inputs: list[list[int]] = []
        self.ops: list[dict[str, Any]] = []
        self.op: list[int] = []
        self.grads: list[Any] = []
        self._ops: dict[Any, int] = {}
        self._place: dict[int, int] = {}
        self._list_nodes()
        self.edges: dict[str, Any] = {"start": [0], "from": [], "local": [], "adds": {}, "after": {}}
        self._walk()

    def _list_nodes(self) -> None:
        for node in [self.root] if is_constant(self.root) else toposort(self.root):
            below = [self._placed(x) for x in inputs_of(node)]
            self._place[id(node)] = len(self.nodes)
            self._append(node, below)

    def _placed(self, x: Any) -> int:
        """The place of an input; a constant gets its own now."""
        if id(x) in self._place and isinstance(x, Node):
            return self._place[id(x)]
        if isinstance(x, Node):
            self._place[id(x)] = len(self.nodes)
        self._append(x, [])
        return len(self.nodes) - 1

    def _append(self, node: Any, below: list[int]) -> None:
        self.nodes.append(node)
        self.inputs.append(below)
        if not isinstance(node, Node) or is_constant(node):
            self.op.append(CONSTANT)
        elif not below and not node._op:
            self.op.append(LEAF)
        else:
            self.op.append(self._op_of(node))

    def _op_of(self, node: Any) -> int:
        op, params, inputs = node._record, node._params or {}, inputs_of(node)
        data = [data_of(x) for x in inputs]
        is_plain = all(_is_number(x) or isinstance(x, bool) for x in [*data, data_of(node)])
        key = (op.name, node._op, repr(params), is_plain, *map(shape_of, data))
        if key not in self._ops:
            self._ops[key] = len(self.ops)
            self.ops.append(_texts(op, node._op, data, params, None if is_plain else node.shape))
        return self._ops[key]

    def _walk(self) -> None:
        """Users before inputs, as `backward()` goes; edges in the order of nodes."""
        seed = ones_like(data_of(self.root))
        wanted = {x for x in self.nodes if isinstance(x, Node) and not is_constant(x)}
        noted: dict[int, list[Any]] = {}
        last: dict[int, Any] = {id(self.root): seed}
        with quietly(), Zeros(self.root, seed, asked_about) as zeros:
            gradients = _Noted(zeros, wanted, {self.root: seed})
            for node in reversed(self.nodes):
                if not isinstance(node, Node) or is_constant(node):
                    continue
                if node._has_own_step:
                    raise _own_step_error(node)
                g = last.get(id(node))
                gradients.added = []
                pull(node, False, gradients)
                noted[id(node)] = self._edges_of(node, g, gradients.added, last)
        for node in self.nodes:
            for edge in noted.get(id(node), []):
                self._add_edge(*edge)
            self.edges["start"].append(len(self.edges["from"]))
        self.grads = [last.get(id(node)) for node in self.nodes]

    def _edges_of(self, node: Any, g: Any, added: list[Any], last: dict[int, Any]) -> list[Any]:
        """Per input: its place, local derivative, part and sum; None where it gets
        nothing.
        """
        edges = []
        rest = iter(added)
        for i, x in enumerate(inputs_of(node)):
            part = total = local = None
            gets = g is not None and isinstance(x, Node) and not is_constant(x) and _has_rule(node._record, i)
            if gets:
                part, total = next(rest)
                last[id(x)] = total
                local = _local(node, i)
            edges.append((self.inputs[self._place[id(node)]][i], local, g, part, total))
        return edges

    def _add_edge(self, start: int, local: Any, g: Any, part: Any, total: Any) -> None:
        number = len(self.edges["from"])
        self.edges["from"].append(start)
        self.edges["local"].append(None if local is None else for_json(local))
        if part is None:
            return
        if not _is_number(part):
            self.edges["adds"][str(number)] = self.shown(part)
            self.edges["after"][str(number)] = self.shown(total)
        elif local is None or not _same(local * g, part):
            self.edges["adds"][str(number)] = for_json(part)

    def shown(self, x: Any) -> Any:
        """A number, or an array as text."""
        return for_json(x) if _is_number(x) else _array_text(x)

    def columns(self) -> dict[str, Any]:
        """The columns of the nodes."""
        data = [data_of(node) for node in self.nodes]
        named = {str(i): str(x.label) for i, x in enumerate(self.nodes) if isinstance(x, Node) and x.label}
        params = {
            str(i): {k: _setting(v) for k, v in x._params.items()}
            for i, x in enumerate(self.nodes)
            if isinstance(x, Node) and x._params
        }
        arrays = {str(i): _array(x) for i, x in enumerate(data) if not _is_number(x)}
        return {
            "op": self.op,
            "data": [for_json(x) if _is_number(x) else None for x in data],
            "grad": [None if g is None or not _is_number(g) else for_json(g) for g in self.grads],
            "group": [-1] * len(data),
            "label": named,
            "params": params,
            "array": arrays,
        }


# One step


def _has_rule(op: Op, i: int) -> bool:
    """Whether input i gets something; `rules` of some ops have no end, so ask per
    input.
    """
    return bool(op.rules) and op.rules[i] is not None


def _local(node: Any, i: int) -> Any:
    """The local derivative, where the node and its input are numbers; else None."""
    values = [data_of(x) for x in inputs_of(node)]
    z = data_of(node)
    if not _is_number(z) or not _is_number(values[i]):
        return None
    return slope_at(node._record, i, z, values, node._params or {})


def _own_step_error(node: Any) -> DrawError:
    return DrawError(
        f"step: {node._op or node.label or 'a node'} has a `_backward` of its own, whose arithmetic cannot be shown;\n"
        f"make it an op with micrograd.op.elementwise, or use draw_dot for the picture alone"
    )


def _notes(graph: _Graph) -> dict[str, Any]:
    """Sentences about gradients that are there already, for the panel."""
    root = graph.root
    if not holds_grad(root):
        whole = "backward() was not called. These gradients were computed for this page; no .grad was changed."
        return {"whole": whole, "nodes": {}}
    notes = {}
    for i, node in enumerate(graph.nodes):
        g = graph.grads[i]
        if isinstance(node, Node) and not is_constant(node) and holds_grad(node) and g is not None:
            own = data_of(node.grad)
            if not _alike(own, g):
                name = node.label or "this value"
                notes[str(i)] = f"{name}.grad is {_short(own)}; this pass gives {_short(g)}."
    return {"whole": "", "nodes": notes}


# Formulas: the op and its rules, run on Symbols


def names_of(count: int) -> list[str]:
    """What the inputs of an op are called in a formula: x, y, w, x3, x4 ..."""
    return ["x", "y", "w", *(f"x{i}" for i in range(3, count))][:count]


def _texts(op: Op, symbol: str, data: Sequence[Any], params: dict[str, Any], shape: Any) -> dict[str, Any]:
    """An op as the page knows it: texts in which {x}, {y} are inputs, {z} is the
    output and {g} what arrived.

    The shape is that of the output; None where all are plain numbers, and a rule then
    is the local derivative alone, without what arrived.
    """
    names = names_of(len(data))
    inputs = [Symbol(name, shape_of(x)) for name, x in zip(names, data, strict=True)]
    z, g = Symbol("z", shape or ()), Symbol("g", shape or ())

    def rule(i: int) -> Any:
        if isinstance(op, Elementwise) and shape is None:
            return op.rules[i](z, *inputs, **params)
        return op.pull(i, 1.0 if shape is None else g, z, inputs, params)

    formula = _text(lambda: op(*inputs, **params), names) if op.rules else None
    return {
        "name": op.name,
        "symbol": symbol,
        "formula": formula or f"{op.name or 'made'}({', '.join(f'{{{name}}}' for name in names)})",
        "rules": [_text(functools.partial(rule, i), names) if _has_rule(op, i) else None for i in range(len(data))],
    }


def _text(made: Callable[[], Any], names: Sequence[str]) -> str | None:
    """The text of an expression, its variables in braces; None where an op cannot be
    run on Symbols.
    """
    try:
        expression = simplified(made())
        text = spelled(expression, Short())
        if isinstance(expression, Symbol) and expression.op is not None and not expression.op.differentiable:
            text = f"1 if {text} else 0"
    except Exception:  # a rule may ask for numbers in any way; the page then shows none
        return None
    return _in_braces(text, {*names, "z", "g"})


def _in_braces(text: str, names: set[str]) -> str:
    escaped = text.replace("{", "(").replace("}", ")")
    return re.sub(
        r"[A-Za-z_]\w*(?![\w(=])", lambda match: f"{{{match[0]}}}" if match[0] in names else match[0], escaped
    )


# Numbers and arrays


def _is_number(x: Any) -> bool:
    return type(x) is float or (type(x) is int and abs(x) <= LONGEST)


def _shorten(*columns: list[Any]) -> None:
    for column in columns:
        column[:] = [_shortened(x) if type(x) is float else x for x in column]


def _shortened(x: float) -> float:
    short = float(f"{x:.7g}")
    return int(short) if short.is_integer() and 0 < abs(short) < 1e7 else short


def _same(x: Any, y: Any) -> bool:
    return bool(x == y or (x != x and y != y))


def _alike(x: Any, y: Any) -> bool:
    """Whether two gradients are equal, up to the rounding of one pass."""
    if _is_number(x) and _is_number(y):
        return _same(x, y) or math.isclose(x, y, rel_tol=1e-12)
    try:
        return bool(np.allclose(x, y, rtol=1e-5, atol=0.0, equal_nan=True))
    except TypeError:
        return bool(np.all(x == y))


def _array(x: Any) -> dict[str, Any]:
    return {"shape": list(shape_of(x)), "dtype": str(getattr(x, "dtype", type(x).__name__)), "shown": _first_numbers(x)}


def _array_text(x: Any) -> str:
    described = _array(x)
    shape = " × ".join(map(str, described["shape"])) or "one number"
    return f"{described['shown']} ({shape}, {described['dtype']})"


def _first_numbers(x: Any) -> str:
    if isinstance(x, Symbol):
        return f"{x:short}"
    if not isinstance(x, (np.ndarray, np.generic)):  # to print another library's array may take long
        return _cut(str(x)) if shape_of(x) == () else type(x).__name__
    first = [_short(n) for n in x.ravel()[:NUMBERS_SHOWN].tolist()]
    return f"[{', '.join(first)}{', …' if x.size > NUMBERS_SHOWN else ''}]"


def _short(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, float) else str(x) if isinstance(x, (int, bool)) else _array_text(x)


def _cut(text: str) -> str:
    return text if len(text) <= SIGNS_SHOWN else f"{text[: SIGNS_SHOWN - 1]}…"


def _setting(x: Any) -> Any:
    return x if isinstance(x, (int, str, type(None))) else for_json(x) if isinstance(x, float) else _cut(str(x))
