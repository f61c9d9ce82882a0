"""A graph as plain data: what the page of the stepper reads, version 1.

Nodes are columns, in the engine's order. An edge leads from an input to its user, and
holds the local derivative: from these the page walks back by itself, and must end at
`grad`. Where what is added is not a product of two numbers, as for arrays, `adds` says
it. JSON has no nan and no infinity: they are "nan", "inf" and "-inf".
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.engine import Value, pull
from micrograd.errors import DataError, DrawError, FormatError, MicrogradError
from micrograd.folding import simplified
from micrograd.interpreter import ones_like, shape_of
from micrograd.node import Node
from micrograd.quiet import quietly
from micrograd.record import Elementwise, Op
from micrograd.reverse import Route
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed
from micrograd.see.tree import shown
from micrograd.spelling import Short, spelled
from micrograd.symbol import Symbol
from micrograd.unknown import Zeros
from micrograd.walking import asked_about

FORMAT, VERSION = "micrograd-graph", 1
LEAF, CONSTANT = -1, -2  # in the place of an op
EXACT_NODES = 2000  # in a larger graph, numbers have 7 digits, and w0*x0 has no name: it is a tenth of a file
LONGEST = 2**53  # a larger whole number is not exact in JavaScript
MOST_INPUTS = 4  # of an op whose rules are written out
KINDS = ("samples", "sample", "module", "parameters", "sum", "rest")


def data(root: Value, *, model: Any = None, title: str = "") -> dict[str, Any]:
    """The graph below a Value, with its gradients and its groups, as plain data.

    The gradients are computed here; nobody's `grad` is read or changed.

    Args:
        root: what is differentiated, such as a loss.
        model: the Module whose parameters are in the graph; guessed without one.
        title: what the page is called.

    Returns:
        Lists, dicts, strings and numbers.

    Raises:
        DataError: root is not a Value.
        ArgumentError: the model is not a Module.
        DrawError: a node has a `_backward` of its own, which shows no arithmetic.

    >>> a = Value(3.0, label="a")
    >>> graph = data(a * a)
    >>> graph["nodes"]["grad"], graph["edges"]["local"]
    ([6.0, 1.0], [3.0, 3.0])
    >>> graph["ops"][0]["formula"], graph["ops"][0]["rules"]
    ('{x} * {y}', ['{y}', '{x}'])
    """
    if not isinstance(root, Value):
        raise DataError(f"graph: given a {type(root).__name__}, not a Value; give one Value, such as the loss")
    graph = Listed(root)
    groups = Groups(graph, model)
    walk = _Walk(graph)
    ops = _Ops(graph)
    number, unnamed = (for_json, set()) if len(graph) <= EXACT_NODES else (_short, groups.products)
    numbers = [graph.data(i) for i in range(len(graph))]
    start = [0]
    for inputs in graph.inputs:
        start.append(start[-1] + len(inputs))
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "root": len(graph) - 1,
        "ops": ops.texts,
        "nodes": {
            "op": ops.of,
            "data": [number(x) if is_number(x) else None for x in numbers],
            "grad": [number(g) if is_number(g) else None for g in walk.gradients],
            "group": groups.of,
            "label": {str(i): label for i, label in sorted(groups.labels.items()) if i not in unnamed},
            "params": {str(i): _settings(node) for i, node in enumerate(graph.nodes) if getattr(node, "_params", None)},
            "array": {str(i): _array(x) for i, x in enumerate(numbers) if not is_number(x)},
        },
        "edges": {
            "start": start,
            "from": [j for inputs in graph.inputs for j in inputs],
            "local": [None if x is None else number(x) for x in walk.locals],
            "adds": {str(edge): number(x) if is_number(x) else shown(x) for edge, x in walk.adds.items()},
        },
        "groups": [group._asdict() for group in groups.groups],
    }


def to_json(graph: dict[str, Any]) -> str:
    """The data as JSON that may stand in a script of a page: no label can end it.

    >>> to_json({"label": "</script>"})
    '{"label":"\\\\u003c/script>"}'
    """
    return json.dumps(graph, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def checked(graph: Any) -> dict[str, Any]:
    """The data, if it is a graph of this version.

    Raises:
        FormatError: it is not, or is of another version, or its parts do not fit
            together.

    >>> checked({"format": "micrograd-graph", "version": 2})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    micrograd.errors.FormatError: graph: version 2 is not known; ...
    """
    if not isinstance(graph, dict) or graph.get("format") != FORMAT:
        raise FormatError(
            f"graph: this is not data of a graph; give what data(root) returns, a dict of format {FORMAT!r}"
        )
    if type(graph.get("version")) is not int or graph["version"] != VERSION:
        raise FormatError(
            f"graph: version {graph.get('version')!r} is not known; this micrograd reads version {VERSION}; "
            f"write it again here"
        )
    try:
        fault = _fault(graph)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        fault = f"{type(error).__name__} at {error}"
    if fault:
        raise FormatError(f"graph: the data is damaged: {fault}; write it again with data(root)")
    return graph


def _fault(graph: dict[str, Any]) -> str:
    """What does not fit together; empty where all does."""
    nodes, edges, groups = graph["nodes"], graph["edges"], graph["groups"]
    start, sources = edges["start"], edges["from"]
    size = len(nodes["op"])
    if any(len(nodes[column]) != size for column in ("data", "grad", "group")):
        return "its columns have different lengths"
    if not 0 <= graph["root"] < size:
        return f"there is no node {graph['root']}, the root"
    if not all(CONSTANT <= op < len(graph["ops"]) for op in nodes["op"]):
        return "a node has an op that is not listed"
    if len(start) != size + 1 or start[0] != 0 or start[-1] != len(sources) or len(edges["local"]) != len(sources):
        return "its edges do not fit its nodes"
    if not all(0 <= j < i for i in range(size) for j in sources[start[i] : start[i + 1]]):
        return "an input does not stand before its user"
    if not all(-1 <= group < len(groups) for group in nodes["group"]):
        return "a node is in a group that is not listed"
    if not all(-1 <= group["parent"] < k for k, group in enumerate(groups)):
        return "a group stands before its parent"
    unknown = [group["kind"] for group in groups if group["kind"] not in KINDS]
    return f"a group is of the unknown kind {unknown[0]!r}" if unknown else ""


# The walk back


class _Noting(Route):
    """Gradients in a dictionary, and what each step adds."""

    __slots__ = ("added", "kept")

    def __init__(self, zeros: Any, nodes: set[Any], grads: dict[Any, Any]) -> None:
        super().__init__(zeros, nodes, grads)
        self.added: list[Any] = []
        self.kept: dict[int, Any] = {}

    def of(self, node: Node) -> Any:
        self.kept[id(node)] = g = super().of(node)
        return g

    def add(self, x: Node, part: Any, g: Any) -> None:
        super().add(x, part, g)
        self.added.append(part)

    def add_at(self, x: Node, g: Any, params: dict[str, Any]) -> bool:
        return False  # the rule of the op says what is added


class _Walk:
    """The backward pass.

    Attributes:
        gradients: of each node; None where there is none.
        locals: of each edge the local derivative; None where it is not a number.
        adds: what an edge adds, where that is not the local derivative times what
            arrived.
    """

    def __init__(self, graph: Listed) -> None:
        self._graph = graph
        self.locals: list[Any] = []
        self.adds: dict[int, Any] = {}
        root, seed = graph.nodes[-1], ones_like(graph.data(len(graph) - 1))
        wanted = {x for x, constant in zip(graph.nodes, graph.is_constant, strict=True) if not constant}
        steps: list[list[Any]] = []
        with quietly(), Zeros(root, seed, asked_about) as zeros:
            gradients = _Noting(zeros, wanted, {root: seed} if wanted else {})
            for i in range(len(graph) - 1, -1, -1):
                gradients.added = []
                if not graph.is_constant[i]:
                    _check_has_rules(graph, i)
                    pull(graph.nodes[i], False, gradients)
                steps.append(gradients.added)
        self.gradients = [gradients.kept.get(id(node)) for node in graph.nodes]
        for i, added in enumerate(reversed(steps)):
            self._note_edges(i, added)

    def _note_edges(self, i: int, added: list[Any]) -> None:
        graph, g, op = self._graph, self.gradients[i], self._graph.ops[i]
        parts = iter(added)
        for k, j in enumerate(graph.inputs[i]):
            local = None
            if added and not graph.is_constant[j] and op is not None and op.rules[k] is not None:
                part, local = next(parts), _local(graph, i, k)
                if local is None or not is_number(part) or not _same(local * g, part):
                    self.adds[len(self.locals)] = part
            self.locals.append(local)


def _check_has_rules(graph: Listed, i: int) -> None:
    if graph.nodes[i]._has_own_step:
        raise DrawError(
            f"graph: {graph.symbol(i) or 'a node'} has a `_backward` of its own, whose arithmetic cannot be shown;\n"
            f"make it an op with micrograd.op.elementwise, or take draw_dot for a picture without steps"
        )


def _local(graph: Listed, i: int, k: int) -> Any:
    """The local derivative by input k, where the node and the input are numbers."""
    z, values = graph.data(i), [graph.data(j) for j in graph.inputs[i]]
    if not is_number(z) or not is_number(values[k]):
        return None
    op = graph.ops[i]
    assert op is not None
    return slope_at(op, k, z, values, graph.nodes[i]._params or {})


def slope_at(op: Op, k: int, z: Any, values: Sequence[Any], params: dict[str, Any]) -> float | None:
    """The local derivative of an op by input k, as a number; None where it is an array.

    Args:
        op: the record.
        k: the input.
        z: the output.
        values: the inputs.
        params: of the op.

    >>> from micrograd.op import OPS
    >>> slope_at(OPS["multiply"], 0, 6.0, [2.0, 3.0], {})
    3.0
    """
    slope = op.rules[k](z, *values, **params) if isinstance(op, Elementwise) else op.pull(k, 1.0, z, values, params)
    return float(slope) if shape_of(slope) == () else None


# The ops and their rules, run on Symbols


class _Ops:
    """The ops of a graph with their texts, each once for the shapes that it has.

    Attributes:
        of: for each node its op, LEAF or CONSTANT.
        texts: the ops.
    """

    def __init__(self, graph: Listed) -> None:
        self.of: list[int] = []
        self.texts: list[dict[str, Any]] = []
        known: dict[Any, int] = {}
        for i, op in enumerate(graph.ops):
            if op is None:
                self.of.append(CONSTANT if graph.is_constant[i] else LEAF)
                continue
            node, inputs = graph.nodes[i], [graph.data(j) for j in graph.inputs[i]]
            symbol = graph.symbol(i)
            key = (op.name, symbol, repr(node._params), node.shape, *map(shape_of, inputs))
            if key not in known:
                known[key] = len(self.texts)
                self.texts.append(_texts(op, symbol, list(map(shape_of, inputs)), node._params or {}, node.shape))
            self.of.append(known[key])


class _Braced(Short):
    """Text in which variables are in braces, for the names or numbers of a node."""

    def name(self, name: str) -> str:
        return f"{{{name}}}"


def _texts(op: Op, symbol: str, shapes: list[Any], params: dict[str, Any], shape: Any) -> dict[str, Any]:
    names = [*"xyw", *(f"x{k}" for k in range(3, len(shapes)))][: len(shapes)]
    written = [f"{{{name}}}" for name in names[:MOST_INPUTS]] + ["..."] * (len(names) > MOST_INPUTS)
    called = f"{op.name}({', '.join(written)})"
    if len(shapes) > MOST_INPUTS or not op.rules:
        return {"name": op.name, "symbol": symbol, "formula": called, "rules": [None] * len(shapes)}
    inputs = [Symbol(name, own) for name, own in zip(names, shapes, strict=True)]
    z, g = Symbol("z", shape), Symbol("g", shape)
    is_plain = shape == () and not any(shapes)

    def rule(k: int) -> Any:
        if op.rules[k] is None:
            return None
        if is_plain and isinstance(op, Elementwise):
            return op.rules[k](z, *inputs, **params)
        return op.pull(k, 1.0 if is_plain else g, z, inputs, params)

    return {
        "name": op.name,
        "symbol": symbol,
        "formula": _text(lambda: op(*inputs, **params)) or called,
        "rules": [_text(functools.partial(rule, k)) for k in range(len(shapes))],
    }


def _text(made: Callable[[], Any]) -> str | None:
    """The text of an expression; None where a rule asks for numbers."""
    try:
        expression = made()
    except (MicrogradError, TypeError, ValueError, AttributeError, IndexError):
        return None
    if expression is None:
        return None
    if not isinstance(expression, Symbol):
        return f"{float(expression):.6g}" if shape_of(expression) == () else None
    expression = simplified(expression)
    text = spelled(expression, _Braced())
    is_truth = isinstance(expression, Symbol) and expression.op is not None and not expression.op.differentiable
    return f"1 if {text} else 0" if is_truth else text


# Numbers


def is_number(x: Any) -> bool:
    """Whether JavaScript has this number."""
    return type(x) is float or (type(x) in (int, bool) and abs(x) <= LONGEST)


def for_json(x: Any) -> Any:
    """A number for JSON, which has no nan and no infinity; anything else as it is.

    >>> for_json(math.inf), for_json(2)
    ('inf', 2)
    """
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return x


def _short(x: Any) -> Any:
    if not isinstance(x, float) or not math.isfinite(x):
        return for_json(x)
    short = float(f"{x:.7g}")
    return (
        int(short) if short.is_integer() and abs(short) < 1e7 and (short or math.copysign(1, short) > 0) else short
    )  # 1 takes less room than 1.0


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


def _array(x: Any) -> dict[str, Any]:
    dtype = str(getattr(x, "dtype", type(x).__name__))
    return {"shape": list(shape_of(x)), "dtype": dtype, "shown": shown(x).removeprefix(f"{dtype} {shape_of(x)} ")}


def _settings(node: Any) -> dict[str, Any]:
    return {name: _setting(x) for name, x in node._params.items()}


def _setting(x: Any) -> Any:
    if isinstance(x, str) or x is None or is_number(x):
        return for_json(x)
    return [_setting(part) for part in x] if isinstance(x, Sequence) and len(x) <= MOST_INPUTS else str(x)[:60]
