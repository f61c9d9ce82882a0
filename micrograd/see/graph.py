"""A graph as plain data: what the page of the stepper reads, version 1.

Nodes are columns, in the engine's order. An edge leads from an input to its user, and
holds the local derivative: from these the page walks back by itself, and must end at
`grad`. Where what is added is not a product of two numbers, as for arrays, `adds` says
it. JSON has no nan and no infinity: they are "nan", "inf" and "-inf".
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from typing import Any

from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value
from micrograd.errors import DataError, DrawError, FormatError, a_kind
from micrograd.interpreter import Interpreter, ones_like, shape_of
from micrograd.node import data_of, holds_grad
from micrograd.quiet import quietly
from micrograd.record import Elementwise
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed
from micrograd.see.noted import Noted, is_same, passed_on, walk_all
from micrograd.see.numerals import clean, first, kind_of, with_kind
from micrograd.see.rules import texts_of_op

FORMAT, VERSION = "micrograd-graph", 1
LEAF, CONSTANT = -1, -2  # in the place of an op
EXACT_NODES = 2000  # in a larger graph, numbers have 7 digits, and w0*x0 has no name: it is a tenth of a file
LARGEST = 2**53  # a larger whole number is not exact in JavaScript
MOST_SETTINGS = 4  # numbers of a param that is written as a list
KINDS = ("samples", "sample", "module", "parameters", "sum", "rest")


def data(root: Value, *, model: Any = None, title: str = "", asked: str = "graph") -> dict[str, Any]:
    """The graph below a Value, with its gradients and its groups, as plain data.

    The gradients are computed here; nobody's `grad` is changed.

    Args:
        root: what is differentiated, such as a loss.
        model: the Module whose parameters are in the graph; guessed without one.
        title: what the page is called.
        asked: what the caller is called, for errors.

    Returns:
        Lists, dicts, strings and numbers.

    Raises:
        DataError: root is not a Value.
        CaptureError: root is a number of a run that is being compiled.
        ArgumentError: the model is not a Module.
        DrawError: a node has a `_backward` of its own, which shows no arithmetic.

    >>> a = Value(3.0, label="a")
    >>> graph = data(a * a)
    >>> graph["nodes"]["grad"], graph["edges"]["local"]
    ([6.0, 1.0], [3.0, 3.0])
    >>> graph["ops"][0]["formula"], graph["ops"][0]["rules"]
    ('{x} * {y}', ['{y}', '{x}'])
    """
    graph = graph_of(root, asked)
    return data_of_groups(Groups(graph, model), title, asked)


def graph_of(root: Any, asked: str) -> Listed:
    """The graph as lists.

    Raises:
        DataError: root is not a Value.
        CaptureError: root is a number of a run that is being compiled.
    """
    if not isinstance(root, Value):
        raise DataError(f"{asked}: given {a_kind(root)}, not a Value; give one Value, such as the loss")
    if CAPTURES:
        refuse(root, asked)
    return Listed(root)


def data_of_groups(groups: Groups, title: str, asked: str) -> dict[str, Any]:
    """The data of a graph whose groups are known: see `data`."""
    graph = groups.graph

    def own_step(node: Any) -> DrawError:
        return DrawError(
            f"{asked}: {node._op or 'a node'} has a `_backward` of its own, whose arithmetic cannot be shown;\n"
            f"make it an op with micrograd.op.elementwise, or use draw_dot for the picture alone"
        )

    noted = walk_all(graph, own_step, is_watched=True)
    with quietly():
        edges, ops = _Edges(graph, noted), _Ops(graph)
    number, unnamed = (for_json, set()) if len(graph) <= EXACT_NODES else (short, groups.products)
    numbers = [graph.data(i) for i in range(len(graph))]
    grads = [
        None if constant else noted.gradients.get(node)
        for node, constant in zip(graph.nodes, graph.is_constant, strict=True)
    ]

    def shown(x: Any) -> Any:
        return number(x) if is_number(x) else with_kind(x)

    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "root": len(graph) - 1,
        "seed": shown(ones_like(numbers[-1])),
        "ops": ops.texts,
        "nodes": {
            "op": ops.of,
            "data": [number(x) if is_number(x) else None for x in numbers],
            "grad": [number(g) if is_number(g) else None for g in grads],
            "group": groups.of,
            "label": {str(i): text for i, text in sorted(groups.labels.items()) if text and i not in unnamed},
            "params": {
                str(i): {name: _setting(x) for name, x in node._params.items()}
                for i, node in enumerate(graph.nodes)
                if getattr(node, "_params", None)
            },
            "array": {str(i): _array(x) for i, x in enumerate(numbers) if not is_number(x)},
        },
        "edges": {
            "start": [0, *itertools.accumulate(map(len, graph.inputs))],
            "from": edges.sources,
            "local": [None if x is None else number(x) for x in edges.locals],
            "adds": {str(edge): shown(x) for edge, x in edges.adds.items()},
            "after": {str(edge): shown(x) for edge, x in edges.after.items()},
        },
        "groups": [group._asdict() for group in groups.groups],
        "notes": _notes(graph, noted),
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


class _Edges:
    """The edges of a graph with numbers, in the order of their users.

    Attributes:
        sources: the inputs.
        locals: the local derivatives; None where it is not a number.
        adds: what an edge adds, where that is not the local derivative times what
            arrived; by the number of the edge.
        after: what the input has then, where that is not a number.
    """

    def __init__(self, graph: Listed, noted: Noted) -> None:
        self._graph, self._noted = graph, noted
        self.sources: list[int] = []
        self.locals: list[Any] = []
        self.adds: dict[int, Any] = {}
        self.after: dict[int, Any] = {}
        for i, inputs in enumerate(graph.inputs):
            if inputs:
                self._note(i, inputs)

    def _note(self, i: int, inputs: tuple[int, ...]) -> None:
        node = self._graph.nodes[i]
        added = self._noted.added.get(node)
        if not added:
            self.sources += inputs
            self.locals += [None] * len(inputs)
            return
        g, values = self._noted.gradients[node], [self._graph.data(j) for j in inputs]
        for k, j in enumerate(inputs):
            local = None
            if k in added:
                part, total = added[k]
                local = local_of(node, k, self._graph.data(i), values)
                if not is_number(part):
                    self.adds[len(self.sources)], self.after[len(self.sources)] = part, total
                elif local is None or not _same(local * g, part):
                    self.adds[len(self.sources)] = part
            self.sources.append(j)
            self.locals.append(local)


def local_of(node: Any, k: int, z: Any, values: Sequence[Any]) -> float | None:
    """The local derivative of a node by its input k, as a number; None where one of
    them is not a number.

    Args:
        node: the node.
        k: the input.
        z: the data of the node.
        values: those of its inputs.

    >>> local_of(Value(2.0) * 3.0, 0, 6.0, [2.0, 3.0])
    3.0
    """
    if not is_number(z) or not is_number(values[k]):
        return None
    op = node._record
    slope = op.rules[k](z, *values, **(node._params or {})) if isinstance(op, Elementwise) else passed_on(node, k, 1.0)
    return float(slope) if shape_of(slope) == () else None


def _notes(graph: Listed, noted: Noted) -> dict[str, Any]:
    """Sentences about gradients that are there already: of the whole, and by node."""
    if not graph.is_constant[-1] and not holds_grad(graph.nodes[-1]):
        whole = "backward() was not called. These gradients were computed for this page; no .grad was changed."
        return {"whole": whole, "nodes": {}}
    notes = {}
    for i, (node, constant) in enumerate(zip(graph.nodes, graph.is_constant, strict=True)):
        g = None if constant or not holds_grad(node) else noted.gradients.get(node)
        if g is not None and not isinstance(g, Interpreter) and not is_same(own := data_of(node.grad), g):
            name = graph.label(i) or "this value"
            notes[str(i)] = f"{name}.grad is {with_kind(own)}; this pass gives {with_kind(g)}."
    return {"whole": "", "nodes": notes}


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
            if op is None or graph.is_constant[i]:
                self.of.append(CONSTANT if graph.is_constant[i] else LEAF)
                continue
            node, data = graph.nodes[i], [graph.data(j) for j in graph.inputs[i]]
            shapes, symbol, params = [*map(shape_of, data)], graph.symbol(i), node._params or {}
            # Of an exact number there is no local derivative, but a rule.
            keeps_g = not all(is_number(x) or isinstance(x, bool) or shape_of(x) for x in [*data, graph.data(i)])
            key = (op.name, symbol, repr(params), keeps_g, node.shape, *shapes)
            if key not in known:
                known[key] = len(self.texts)
                formula, rules = texts_of_op(op, shapes, params, node.shape, keeps_g)
                self.texts.append({"name": op.name, "symbol": symbol, "formula": formula, "rules": rules})
            self.of.append(known[key])


# Numbers


def is_number(x: Any) -> bool:
    """Whether JavaScript has this number."""
    return type(x) is float or (type(x) is int and abs(x) <= LARGEST)


def for_json(x: Any) -> Any:
    """A number for JSON, which has no nan and no infinity; anything else as it is.

    >>> for_json(math.inf), for_json(2)
    ('inf', 2)
    """
    if isinstance(x, float) and not math.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return x


def short(x: Any) -> Any:
    """The same with seven digits, in as few signs as it takes."""
    if not isinstance(x, float) or not math.isfinite(x):
        return for_json(x)
    short = float(f"{x:.7g}")
    return (
        int(short) if short.is_integer() and abs(short) < 1e7 and (short or math.copysign(1, short) > 0) else short
    )  # 1 takes less room than 1.0


def _same(x: float, y: float) -> bool:
    return x == y or (x != x and y != y)


def _array(x: Any) -> dict[str, Any]:
    return {"shape": list(shape_of(x)), "dtype": kind_of(x), "shown": first(x)}


def _setting(x: Any) -> Any:
    """A param of an op."""
    if isinstance(x, (str, bool)) or x is None or is_number(x):
        return for_json(x)
    return [_setting(part) for part in x] if isinstance(x, (list, tuple)) and len(x) <= MOST_SETTINGS else clean(x)
