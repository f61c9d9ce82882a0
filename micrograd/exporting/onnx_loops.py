"""Recurrent layers as nodes of ONNX: Scan, with the step of a layer as its body."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.exporting.onnx_graph import Graph, kind_of, onnx
from micrograd.exporting.program import Name, Step, no_such_op


class Body:
    """The body of a Scan: nodes on one step.

    Args:
        asked: the function that exports, for errors.
        dtype: of all numbers.
    """

    def __init__(self, asked: str, dtype: Any) -> None:
        self.kind = kind_of(asked, dtype)
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.arrays: list[Any] = []

    def node(self, kind: str, *inputs: str, to: tuple[str, ...] = (), **attributes: Any) -> Any:
        """A node; the name of its result, or the names of several."""
        names = to or (f"step.{len(self.nodes)}",)
        self.nodes.append(onnx().helper.make_node(kind, list(inputs), list(names), **attributes))
        return names[0] if len(names) == 1 else names

    def constant(self, array: Any, name: str) -> str:
        """The name of an initializer."""
        made = np.ascontiguousarray(np.asarray(array, self.dtype))
        self.arrays.append(onnx().numpy_helper.from_array(made, name))
        return name

    def parts(self, x: str, count: int, size: int, name: str) -> Any:
        """The last axis of x in equal parts."""
        sizes = f"{name} sizes"
        self.arrays.append(onnx().numpy_helper.from_array(np.full(count, size, np.int64), sizes))
        return self.node("Split", x, sizes, to=tuple(f"{name}.{k}" for k in range(count)), axis=-1)

    def graph(self, inputs: list[str], outputs: list[str], shapes: dict[str, Any]) -> Any:
        """The whole; each result that is given twice is copied."""
        helper, given = onnx().helper, []
        for i, name in enumerate(outputs):
            self.node("Identity", name, to=(f"out.{i}",))
            given.append(helper.make_tensor_value_info(f"out.{i}", self.kind, ["batch", shapes["state"]]))
        taken = [helper.make_tensor_value_info(x, self.kind, ["batch", shapes[x]]) for x in inputs]
        return helper.make_graph(self.nodes, "one step", taken, given, self.arrays)


def _weights(g: Graph, step: Step, *which: int) -> list[Any]:
    """Weights, which have to be constants: they stand within the body."""
    names = [step.inputs[i] for i in which]
    if not all(isinstance(name, Name) and name in g.program.constants for name in names):
        raise no_such_op(g.asked, step, "ONNX where its weights are computed from the input")
    return [g.program.constants[name].data for name in names]


def _scanned(g: Graph, body: Any, states: list[str], p: str, outputs: int) -> list[str]:
    """What the body gives at all steps."""
    name = f"{g.step.name}.{len(g.nodes)}"
    last, all_steps = [f"{name}.last{i}" for i in range(len(states))], [f"{name}.{i}" for i in range(outputs)]
    made = onnx().helper.make_node("Scan", [*states, p], [*last, *all_steps], num_scan_inputs=1, body=body, name=name)
    g.nodes.append(made)
    return all_steps


def _stacked(g: Graph, parts: list[str]) -> str:
    axis = g.integers([0])
    return g.node("Concat", *(g.node("Unsqueeze", part, axis) for part in parts), axis=0)


def rnn(g: Graph, step: Step) -> str:
    """States of a simple recurrent layer."""
    p, _, h = (g.read(x, step.dtype) for x in step.inputs)
    (w,) = _weights(g, step, 1)
    body = Body(g.asked, step.dtype)
    a = body.node("Add", "p", body.node("MatMul", "h", body.constant(w.T, "w")))
    z = body.node("Tanh" if step.arguments["nonlinearity"] == "tanh" else "Relu", a)
    n = w.shape[1]
    graph = body.graph(["h", "p"], [z, z], {"h": n, "p": n, "state": n})
    return _scanned(g, graph, [h], p, 1)[0]


def lstm(g: Graph, step: Step) -> str:
    """Gates and states of a layer of long short-term memory."""
    p, _, state = (g.read(x, step.dtype) for x in step.inputs)
    (w,) = _weights(g, step, 1)
    n = w.shape[1]
    body = Body(g.asked, step.dtype)
    a = body.node("Add", "p", body.node("MatMul", "h", body.constant(w.T, "w")))
    i, f, new, o = body.parts(a, 4, n, "gate")
    i, f, o = (body.node("Sigmoid", x) for x in (i, f, o))
    new = body.node("Tanh", new)
    c = body.node("Add", body.node("Mul", f, "c"), body.node("Mul", i, new))
    h = body.node("Mul", o, body.node("Tanh", c))
    graph = body.graph(["h", "c", "p"], [h, c, i, f, new, o, c, h], {"h": n, "c": n, "p": 4 * n, "state": n})
    first = [g.node("Gather", state, g.constant(np.array(k, np.int64)), axis=0) for k in (0, 1)]
    return _stacked(g, _scanned(g, graph, first, p, 6))


def gru(g: Graph, step: Step) -> str:
    """Gates and states of a layer of gated recurrent units."""
    p, _, _, h = (g.read(x, step.dtype) for x in step.inputs)
    w, b = _weights(g, step, 1, 2)
    n = w.shape[1]
    body = Body(g.asked, step.dtype)
    by_state = body.node("Add", body.node("MatMul", "h", body.constant(w.T, "w")), body.constant(b, "b"))
    xr, xu, xn = body.parts("p", 3, n, "x")
    hr, hu, q = body.parts(by_state, 3, n, "s")
    r, u = (body.node("Sigmoid", body.node("Add", *pair)) for pair in ((xr, hr), (xu, hu)))
    new = body.node("Tanh", body.node("Add", xn, body.node("Mul", r, q)))
    z = body.node("Add", new, body.node("Mul", u, body.node("Sub", "h", new)))
    graph = body.graph(["h", "p"], [z, r, u, new, q, z], {"h": n, "p": 3 * n, "state": n})
    return _stacked(g, _scanned(g, graph, [h], p, 5))


LOOPS = {"rnn_states": rnn, "lstm_states": lstm, "gru_states": gru}
