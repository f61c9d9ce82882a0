"""A graph as plain data: the format to the letter, the replay, what is refused."""

from __future__ import annotations

import copy
import json
import math
import re
from fractions import Fraction

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import DataError, DrawError, FormatError
from micrograd.nn import MLP, Linear
from micrograd.see.graph import checked, data, to_json
from tests.compiling import moons
from tests.see.stepping import replayed


def neuron():
    """The neuron of text 001."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2, b = Value(-3.0, label="w1"), Value(1.0, label="w2"), Value(6.8813735870195432, label="b")
    o = (x1 * w1 + x2 * w2 + b).tanh()
    o.label = "o"
    return o


def test_the_neuron_to_the_letter():
    graph = data(neuron(), title="neuron")
    assert list(graph) == [
        *("format", "version", "title", "root", "seed"),
        *("ops", "nodes", "edges", "groups", "notes"),
    ]
    assert (graph["format"], graph["version"], graph["title"], graph["root"]) == ("micrograd-graph", 1, "neuron", 9)
    assert graph["ops"] == [
        {"name": "multiply", "symbol": "*", "formula": "{x} * {y}", "rules": ["{y}", "{x}"]},
        {"name": "add", "symbol": "+", "formula": "{x} + {y}", "rules": ["1", "1"]},
        {"name": "tanh", "symbol": "tanh", "formula": "tanh({x})", "rules": ["1 - {z}^2"]},
    ]
    nodes = graph["nodes"]
    assert nodes["op"] == [-1, -1, 0, -1, -1, 0, 1, -1, 1, 2]
    assert nodes["label"] == {"0": "x1", "1": "w1", "3": "x2", "4": "w2", "7": "b", "9": "o"}
    assert nodes["grad"] == pytest.approx([-1.5, 1.0, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5, 1.0])
    assert nodes["group"] == [-1] * 10
    assert nodes["params"] == nodes["array"] == {}
    edges = graph["edges"]
    assert edges["start"] == [0, 0, 0, 2, 2, 2, 4, 6, 6, 8, 9]
    assert edges["from"] == [0, 1, 3, 4, 2, 5, 6, 7, 8]
    assert edges["local"] == pytest.approx([-3.0, 2.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.5])
    assert edges["adds"] == edges["after"] == {}
    assert graph["groups"] == []
    assert graph["seed"] == 1.0
    assert graph["notes"]["nodes"] == {}


def test_constants_and_params():
    x = Value(3.0)
    graph = data(x**2 * 2.0)
    assert graph["nodes"]["op"] == [-1, 0, -2, 1]
    assert graph["nodes"]["params"] == {"1": {"exponent": 2}}
    assert graph["nodes"]["grad"] == [12.0, 2.0, None, 1.0]
    assert graph["edges"]["local"] == [6.0, 2.0, None]


def test_nothing_is_changed():
    x = Value(3.0)
    y = x * 2.0
    x.grad = 5.0
    data(y)
    assert (x.grad, y.grad, y._y) == (5.0, 0.0, 2.0)


@pytest.mark.parametrize(
    "make",
    [
        neuron,
        lambda: sum((MLP(2, [3, 1], activation="tanh")([0.1, k]) - 1) ** 2 for k in range(4)),
        lambda: (lambda a: (a * a + a) / (a.exp() - 3) + a.relu() * abs(a))(Value(1.5)),
        lambda: (lambda a: a * 0.0 + a.log())(Value(2.0)),
    ],
    ids=["neuron", "network", "expression", "zero"],
)
def test_the_replay_ends_at_the_gradients(make):
    root = make()
    graph = data(root)
    root.backward()
    wanted = [0.0 if g is None else float(g) for g in graph["nodes"]["grad"]]
    assert replayed(graph) == wanted
    assert graph["nodes"]["grad"][-1] == root.grad == 1.0


def test_the_moons_have_their_groups_and_short_numbers():
    graph = data(moons.loss(moons.X[:20], moons.y[:20])[0], model=moons.model)
    assert len(graph["nodes"]["op"]) > 2000
    assert [g for g in graph["groups"] if g["parent"] == -1] == [
        {"name": "337 parameters", "kind": "parameters", "parent": -1},
        {"name": "20 samples", "kind": "samples", "parent": -1},
        {"name": "penalty on parameters", "kind": "rest", "parent": -1},
        {"name": "sum of 19", "kind": "sum", "parent": -1},
    ]
    numbers = [x for x in graph["nodes"]["data"] if isinstance(x, float)]
    assert all(len(f"{abs(x):.17e}".split("e")[0].rstrip("0")) <= 9 or x == float(f"{x:.7g}") for x in numbers)
    assert checked(json.loads(to_json(graph))) == graph
    rest = zip(replayed(graph), graph["nodes"]["grad"], strict=True)
    assert all(g is None or math.isclose(mine, float(g), rel_tol=1e-3, abs_tol=1e-7) for mine, g in rest)


def test_numbers_that_json_lacks():
    x = Value(math.inf, label="x")
    graph = data(x * 0.0 + Value(-math.inf))
    assert graph["nodes"]["data"] == ["inf", 0.0, "nan", "-inf", "nan"]
    assert checked(json.loads(to_json(graph))) == graph


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (10**400, {"shape": [], "dtype": "int", "shown": "an int of 401 digits"}),
        (Fraction(1, 3), {"shape": [], "dtype": "Fraction", "shown": "1/3"}),
        (np.array([1.0, math.nan]), {"shape": [2], "dtype": "float64", "shown": "[1, nan]"}),
        (
            np.ones((3, 4), np.float32),
            {"shape": [3, 4], "dtype": "float32", "shown": "[1, 1, 1, 1, 1, 1, 1, 1, ...]"},
        ),
    ],
    ids=["large int", "fraction", "array", "float32"],
)
def test_what_is_no_number_of_javascript(number, shown):
    graph = data(Value(number))
    assert graph["nodes"]["data"] == [None]
    assert graph["nodes"]["array"] == {"0": shown}
    to_json(graph)


def test_arrays_say_what_is_added():
    layer = Linear(2, 1, rng=np.random.default_rng(0))
    graph = data((layer(np.ones((3, 2))) ** 2).sum(), model=layer)
    adds = {graph["edges"]["from"][int(edge)]: text for edge, text in graph["edges"]["adds"].items()}
    assert set(graph["nodes"]["label"].values()) >= {"weight", "bias"}
    assert all(re.fullmatch(r"\[.*\] \(.*, float64\)", text) for text in adds.values())
    assert graph["edges"]["after"] == graph["edges"]["adds"]  # each is used once
    assert graph["seed"] == 1.0
    assert graph["edges"]["local"] == [None] * 5
    json.loads(to_json(graph))


@pytest.mark.parametrize(
    "label", ["</script><script>alert(1)</script>", "<!--", '"\\{|}', "α🙂", "x" * 10_000, "\ud800"]
)
def test_a_label_ends_no_script(label):
    text = to_json(data(Value(1.0, label=label)))
    assert "<" not in text
    assert json.loads(text)["nodes"]["label"] == {"0": label}


def test_a_rule_that_asks_for_numbers_has_no_text():
    v = Value(np.array([3.0, 1.0, 2.0]))
    graph = data(v.max() + v.sum())
    assert {op["name"]: len(op["rules"]) for op in graph["ops"]} == {"max": 1, "sum": 1, "add": 2}


# Errors

CHANGES = {
    "no dict": (lambda graph: [], "graph: this is not data of a graph; give what data(root) returns"),
    "another format": (lambda graph: graph | {"format": "onnx"}, "graph: this is not data of a graph"),
    "a newer version": (
        lambda graph: graph | {"version": 2},
        "graph: version 2 is not known; this micrograd reads version 1; write it again here",
    ),
    "no version": (lambda graph: {"format": "micrograd-graph"}, "graph: version None is not known"),
    "True": (lambda graph: graph | {"version": True}, "graph: version True is not known"),
    "no nodes": (lambda graph: {**graph, "nodes": {}}, "graph: the data is damaged: KeyError at 'op'"),
    "a column": (lambda graph: put(graph, "nodes", "grad", [1.0]), "its columns have different lengths"),
    "the root": (lambda graph: graph | {"root": 10}, "there is no node 10, the root"),
    "an op": (lambda graph: put(graph, "nodes", "op", [-1] * 9 + [3]), "a node has an op that is not listed"),
    "edges": (lambda graph: put(graph, "edges", "from", [0]), "its edges do not fit its nodes"),
    "a circle": (
        lambda graph: put(graph, "edges", "from", [9, *graph["edges"]["from"][1:]]),
        "an input does not stand before its user",
    ),
    "a group": (lambda graph: put(graph, "nodes", "group", [0] * 10), "a node is in a group that is not listed"),
    "its own parent": (
        lambda graph: graph | {"groups": [{"name": "", "kind": "sum", "parent": 0}]},
        "a group stands before its parent",
    ),
    "a kind": (
        lambda graph: graph | {"groups": [{"name": "", "kind": "team", "parent": -1}]},
        "a group is of the unknown kind 'team'",
    ),
}


def put(graph, part, column, values):
    return graph | {part: graph[part] | {column: values}}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_refused(change):
    damage, words = CHANGES[change]
    graph = data(neuron())
    before = copy.deepcopy(graph)
    with pytest.raises(FormatError) as error:
        checked(damage(graph))
    assert words in str(error.value)
    assert checked(graph) == before


def test_a_root_that_is_no_value():
    with pytest.raises(DataError, match="graph: given a float, not a Value; give one Value, such as the loss"):
        data(3.0)


def test_a_step_of_ones_own():
    x = Value(3.0)
    y = Value(9.0, (x,), "square")
    y._backward = lambda: None
    with pytest.raises(DrawError, match="graph: square has a `_backward` of its own, whose arithmetic cannot be shown"):
        data(y)


def test_a_constant_root():
    graph = data(Value(2.0).detach())
    assert (graph["nodes"]["op"], graph["nodes"]["grad"]) == ([-2], [None])
