"""The stepper's data, the page's walk on it, and the one file that it becomes."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Symbol, Value, draw, draw_dot, no_grad, step, toposort
from micrograd.errors import CaptureError, DataError, DrawError
from micrograd.node import holds_grad
from micrograd.ops import OPS
from micrograd.see import html as stepper
from micrograd.see.graph import data as data_of
from micrograd.see.graph import to_json
from micrograd.see.html import OWN, page_of, page_of_data, plain_script
from micrograd.see.toplevel import top_level
from tests.samples import SAMPLES
from tests.see.stepping import (
    grouped_data,
    moons_like,
    neuron,
    node_program,
    nodes_of,
    random_graph,
    random_groups,
    run_in_node,
)

NO_NODE = "Node.js is not here: pip install 'pyright[nodejs]' brings it"
needs_node = pytest.mark.skipif(node_program() is None, reason=NO_NODE)
PAGE = files("micrograd.see").joinpath("page")


def number(x: Any) -> Any:
    """A number of JSON, in which nan and inf are texts."""
    return float(x) if isinstance(x, str) else x


# The data


def test_the_neuron_of_text_001():
    data = data_of(neuron(), title="Neuron")
    assert (data["format"], data["version"], data["title"], data["root"]) == ("micrograd-graph", 1, "Neuron", 9)
    assert data["nodes"]["op"] == [-1, -1, 0, -1, -1, 0, 1, -1, 1, 2]
    assert data["nodes"]["label"]["6"] == "x1*w1 + x2*w2"
    assert data["edges"]["start"] == [0, 0, 0, 2, 2, 2, 4, 6, 6, 8, 9]
    assert data["edges"]["from"] == [0, 1, 3, 4, 2, 5, 6, 7, 8]
    assert data["edges"]["local"] == [-3.0, 2.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, pytest.approx(0.5)]
    assert [data["nodes"]["grad"][i] for i in (0, 1, 3, 4, 7)] == pytest.approx([-1.5, 1.0, 0.5, 0.0, 0.5])
    assert data["ops"][2] == {"name": "tanh", "symbol": "tanh", "formula": "tanh({x})", "rules": ["1 - {z}^2"]}


x, y = 0.5, 1.5
V = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("made", "formula", "rules"),
    [
        (lambda x, y: x + y, "{x} + {y}", ["1", "1"]),
        (lambda x, y: x * 2, "{x} * {y}", ["{y}", "{x}"]),
        (lambda x, y: x**3, "{x}^3", ["3 * {x}^2"]),
        (lambda x, y: x**-1, "1 / {x}", ["-1 / {x}^2"]),
        (lambda x, y: x.exp(), "exp({x})", ["{z}"]),
        (lambda x, y: x.log(), "log({x})", ["1 / {x}"]),
        (lambda x, y: x.relu(), "relu({x})", ["1 if {x} > 0 else 0"]),
        (lambda x, y: x.sigmoid(), "sigmoid({x})", ["{z} * (1 - {z})"]),
        (
            lambda x, y: micrograd.ops.maximum(x, y),
            "maximum({x}, {y})",
            ["where({x} == {y}, 0.5, {x} > {y})", "where({y} == {x}, 0.5, {y} > {x})"],
        ),
        (
            lambda x, y: micrograd.ops.where(True, x, y),
            "where({x}, {y}, {w})",
            [None, "where({x}, 1, 0)", "where({x}, 0, 1)"],
        ),
        (lambda x, y: x * V, "{x} * {y}", ["sum({g} * {y}, axis=(0,))", "{g} * {x}"]),
        (lambda x, y: micrograd.ops.stacked(x, y, x), "stacked({x}, {y}, {w})", ["{g}[0,]", "{g}[1,]", "{g}[2,]"]),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_rule_is_run_on_symbols(made, formula, rules):
    data = data_of(made(Value(x), Value(y)))
    assert (data["ops"][0]["formula"], data["ops"][0]["rules"]) == (formula, rules)


# Inputs for which no rule is printed: the number of largest elements is not known to a
# Symbol without axes, and the derivative by a cofactor's matrix asks for numbers.
WITHOUT_TEXT = {"cofactor_slope", "max", "min"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted({sample.op for sample in SAMPLES if OPS[sample.op].differentiable}))
def test_every_op_has_its_step(name):
    op = OPS[name]
    for sample in SAMPLES:
        inputs = [Value(x) if np.asarray(x).dtype.kind == "f" else x for x in sample.inputs]
        if sample.op != name or not any(isinstance(x, Value) for x in inputs):
            continue
        z = op(*inputs, **sample.params)
        data = data_of(z)
        json.dumps(data, allow_nan=False)
        for i, x in enumerate(inputs):
            if isinstance(x, Value) and name not in WITHOUT_TEXT:
                assert isinstance(data["ops"][-1]["rules"][i], str) == (op.rules[i] is not None)
        z.backward()
        for i, node in enumerate(nodes_of(z)):
            if data["nodes"]["grad"][i] is not None:
                assert number(data["nodes"]["grad"][i]) == pytest.approx(node.grad, rel=1e-14, nan_ok=True)


def test_the_symbol_of_an_op_with_one_param_of_two():
    z = OPS["betainc_dab"](Value(0.5), Value(2.0), Value(3.0), by_a=1)
    assert z.op == "betainc_dab 1 0"
    assert "betainc_dab 1 0" in draw_dot(z).source


def test_a_matrix_product():
    product = Value(np.ones((2, 3)), label="X") @ Value(np.ones((3, 2)), label="W")
    data = data_of(product)
    assert data["ops"][0]["rules"] == ["{g} @ {y}.T", "{x}.T @ {g}"]
    assert data["nodes"]["array"]["0"] == {"shape": [2, 3], "dtype": "float64", "shown": "[1, 1, 1, 1, 1, 1]"}
    assert data["nodes"]["data"] == data["nodes"]["grad"] == [None] * 3
    assert data["seed"] == "[1, 1, 1, 1] (2 × 2, float64)"
    assert data["edges"]["adds"]["0"] == data["edges"]["after"]["0"] == "[2, 2, 2, 2, 2, 2] (2 × 3, float64)"


def test_of_a_long_array_eight_numbers_are_shown():
    data = data_of(Value(np.arange(20.0)).sum())
    assert data["nodes"]["array"]["0"]["shown"] == "[0, 1, 2, 3, 4, 5, 6, 7, ...]"


@pytest.mark.parametrize(
    ("made", "shown", "adds"),
    [
        (
            lambda: Value(Fraction(1, 3)) * 3,
            {"shape": [], "dtype": "Fraction", "shown": "1/3"},
            "3 (one number, Fraction)",
        ),
        (lambda: Value(10**50) * 2, {"shape": [], "dtype": "int", "shown": "1e+50"}, 2.0),
        (lambda: Value(Symbol("x")) * 2.0, {"shape": [], "dtype": "float64", "shown": "x"}, 2.0),
        (
            lambda: Value(np.float32([1, 2])) * 2.0,
            {"shape": [2], "dtype": "float32", "shown": "[1, 2]"},
            "[2, 2] (2, float32)",
        ),
        (
            lambda: Value(np.zeros((0, 3))).sum(),
            {"shape": [0, 3], "dtype": "float64", "shown": "[]"},
            "[] (0 × 3, float64)",
        ),
        (lambda: Value([1, 2]).sum(), {"shape": [2], "dtype": "float64", "shown": "[1, 2]"}, "[1, 1] (2, float64)"),
    ],
    ids=["fraction", "large whole number", "symbol", "float32", "empty", "whole numbers"],
)
def test_what_is_no_float_is_shown_as_text(made, shown, adds):
    data = data_of(made())
    assert data["nodes"]["array"]["0"] == shown
    assert data["edges"]["adds"]["0"] == adds
    assert page_of_data(data)


def test_params():
    data = data_of(Value(np.arange(6.0).reshape(2, 3)).sum(axis=0)[1:] ** 0.5)
    assert data["nodes"]["params"] == {
        "1": {"axis": 0, "keepdims": False},
        "2": {"index": "slice(1, None, None)"},
        "3": {"exponent": 0.5},
    }


def test_constants_stand_before_their_users_and_get_nothing():
    a = Value(3.0)
    data = data_of(a * 2 + a.detach())
    assert data["nodes"]["op"] == [-1, -2, 0, -2, 1]
    assert data["nodes"]["grad"] == [2.0, None, 1.0, None, 1.0]


def test_a_truth_is_a_constant_with_a_text():
    data = data_of(micrograd.ops.where(True, Value(2.0), Value(3.0)))
    assert (data["nodes"]["op"], data["nodes"]["data"][2]) == ([-1, -1, -2, 0], None)
    assert data["nodes"]["array"]["2"] == {"shape": [], "dtype": "bool", "shown": "True"}
    assert data["edges"]["local"] == [None, 1.0, 0.0]


def test_the_graph_stays_as_it_was():
    a = Value(3.0)
    root = a * 2
    before = root._prev  # raw inputs become Values here, and not in the stepper
    del before
    b = a * 5
    inputs = b._y
    data_of(b)
    assert b._y is inputs


def test_what_a_product_does_not_give_is_written_down():
    a = Value(0.0)
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        root = (a**-1 * 0.0).relu() + a
    data = data_of(root)
    replayed = [None if g is None else float(g) for g in data["nodes"]["grad"]]
    root.backward()
    assert [g for g in replayed if g is not None and not math.isnan(g)]
    assert json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(("number", "text"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")])
def test_what_json_has_no_number_for(number, text):
    data = data_of(Value(number) + 1.0)
    assert data["nodes"]["data"][0] == text
    assert '"nan"' in page_of_data(data) or text != "nan"


def test_large_graphs_have_seven_digits():
    value = Value(0.123456789012345)
    total = value
    for _ in range(1100):
        total = total + value * 0.333333333333
    data = data_of(total)
    assert len(data["nodes"]["op"]) > 2000
    assert data["nodes"]["data"][0] == 0.1234568
    assert type(data["nodes"]["grad"][-1]) is int


# Gradients that are there already


def test_nobodys_grad_is_touched():
    root = neuron()
    data = data_of(root)
    assert not any(holds_grad(node) for node in toposort(root))
    assert data["notes"]["whole"].startswith("backward() was not called.")
    root.backward()
    grads = [node.grad for node in toposort(root)]
    assert data_of(root)["notes"] == {"whole": "", "nodes": {}}
    assert [node.grad for node in toposort(root)] == grads == data["nodes"]["grad"]


def test_a_gradient_of_two_passes_is_told():
    a = Value(3.0, label="x")
    root = a * 6.0
    root.backward()
    root.backward()
    assert data_of(root)["notes"]["nodes"] == {"0": "x.grad is 12; this pass gives 6."}


def test_an_array_gradient_of_two_passes_is_told():
    a = Value(np.array([1.0, 2.0]), label="x")
    root = (a * 3.0).sum()
    root.backward()
    root.backward()
    note = "x.grad is [6, 6] (2, float64); this pass gives [3, 3] (2, float64)."
    assert data_of(root)["notes"]["nodes"] == {"0": note}


def test_gradients_that_are_symbols_are_not_compared():
    root = Value(Symbol("x"), label="x") ** 2
    root.backward()
    root.backward()
    assert data_of(root)["notes"] == {"whole": "", "nodes": {}}


# The walk of the page


@needs_node
def test_the_walk_ends_at_grad():
    """On random graphs, to the last bit."""
    roots = [neuron(), *map(random_graph, range(40))]
    given = [data_of(root) for root in roots]
    walked = run_in_node(
        "return given.map(graph => { const walk = replay(graph); return [walk.grad, walk.steps.length]; });", given
    )
    for root, data, (grads, steps) in zip(roots, given, walked, strict=True):
        root.backward()
        numbers = [
            node.grad if isinstance(node, Value) and node in set(toposort(root)) else None for node in nodes_of(root)
        ]
        assert grads == numbers == [number(g) for g in data["nodes"]["grad"]]
        assert steps == sum(op >= 0 for op in data["nodes"]["op"])


@needs_node
def test_the_walk_goes_in_the_engines_order():
    root = random_graph(3)
    nodes = nodes_of(root)
    order = run_in_node("return replay(given).steps.map(step => step.node);", data_of(root))
    assert [nodes[i] for i in order] == [node for node in reversed(toposort(root)) if node._op]


@needs_node
def test_the_walk_of_arrays_takes_its_texts_from_python():
    X, W = Value(np.ones((2, 3))), Value(np.full((3, 1), 0.1))
    root = ((X @ W).tanh() * 2 + (X @ W)).sum()
    data = data_of(root)
    grads = run_in_node("return replay(given).grad;", data)
    root.backward()
    places = {id(node): i for i, node in enumerate(nodes_of(root))}
    assert grads[places[id(X)]] == f"[{', '.join(f'{g:.4g}' for g in X.grad.ravel())}] (2 × 3, float64)"


WALK_BOXES = """
return given.map(([graph, open]) => {
  const walk = replay(graph), plan = planOf(graph, walk, chainsOf(graph), new Set(open), new Map());
  return { grad: gradientsAfter(graph, plan.steps), walked: walk.grad, boxOf: plan.boxOf,
    steps: plan.steps.map(step => [step.box, step.inner.map(inner => inner.node)]) };
});
"""


@needs_node
def test_closed_boxes_are_taken_whole_and_end_at_grad():
    given = []
    for seed in range(30):
        data = grouped_data(root := random_graph(seed), random_groups(len(nodes_of(root)), seed))
        given += [[data, opened] for opened in ([], [0, 1, 2], [0, 1, 2, 3, 4, 5])]
    loss, groups = moons_like(3, [3, 1])
    given += [[grouped_data(loss, groups), opened] for opened in ([], [1], [1, 2, 3])]
    for (data, _), walked in zip(given, run_in_node(WALK_BOXES, given), strict=True):
        ops = [i for i, op in enumerate(data["nodes"]["op"]) if op >= 0]
        assert sorted(node for _, inner in walked["steps"] for node in inner) == ops
        for box, inner in walked["steps"]:
            assert {walked["boxOf"][node] for node in inner} == {box}
            assert inner == sorted(inner, reverse=True)  # inside, the engine's order
        for g, whole in zip(walked["grad"], walked["walked"], strict=True):
            assert g == pytest.approx(whole, rel=1e-12, abs=1e-12) if g is not None else whole is None
        _check_users_come_first(data, walked["steps"])


def _check_users_come_first(data: dict[str, Any], steps: list[Any]) -> None:
    done: set[int] = set()
    start, inputs = data["edges"]["start"], data["edges"]["from"]
    users: dict[int, set[int]] = {}
    for i in range(len(start) - 1):
        for j in inputs[start[i] : start[i + 1]]:
            users.setdefault(j, set()).add(i)
    for _, inner in steps:
        for node in inner:
            assert users.get(node, set()) <= done, "a box passes its gradient on before all of it has arrived"
            done.add(node)


@needs_node
def test_of_many_samples_four_are_shown():
    loss, groups = moons_like(12, [2, 1])
    program = """
    const walk = replay(given), chains = chainsOf(given);
    const boxes = more => planOf(given, walk, chains, new Set([1]), new Map([[1, more]])).boxes;
    const of = more => [boxes(more).filter(box => box.group > 1).length, boxes(more).some(box => box.id === "m1")];
    return [0, 1, 2].map(of);
    """
    assert run_in_node(program, grouped_data(loss, groups)) == [[4, True], [8, True], [12, False]]


@needs_node
def test_names_and_formulas_as_texts():
    program = """
    const numbers = [0.49999999999999994, -1.5, NaN, -Infinity, 1e-9, 65818, null, true].map(shown), x = "a", y = "b*c";
    return [filled("1 - {z}^2", { z: "o" }), filled("1 - {z}^2", { z: "−0.5" }), filled("{x} * {y}", { x, y }),
      filled("tanh({x})", { x: y }), filled("{y}", { y }), slope("L", "x1*w1"), ...numbers, equated(["1", "1"]),
      namesOf(given).join(" ")];
    """
    a = Value(1.0, label="v1")
    assert run_in_node(program, data_of((a + Value(2.0)) * 3)) == [
        *(
            "1 − o²",
            "1 − (−0.5)²",
            "a × (b*c)",
            "tanh(b*c)",
            "b*c",
            "∂L/∂(x1*w1)",
            "0.5",
            "−1.5",
            "nan",
            "−inf",
            "1e−9",
            "65818",
        ),
        *("–", "True", "1", "v1 v2 v3 3 v4"),
    ]


# The file


def test_the_page_allows_its_own_script_alone():
    page = page_of(neuron())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    for kind, tag in [("script", "<script>"), ("style", "<style>")]:
        inside = page.partition(tag)[2].partition(f"</{kind}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_page_asks_for_nothing():
    own = "".join(PAGE.joinpath(name).read_text(encoding="utf-8") for name in (*OWN, "style.css"))
    for asks in (
        "http:",
        "https:",
        "url(",
        "src=",
        "href=",
        "import(",
        "fetch(",
        "XMLHttpRequest",
        "innerHTML",
        "eval(",
    ):
        assert asks not in own.replace("url(#arrow)", ""), asks


def test_modules_become_scripts():
    assert sorted(OWN) == sorted(path.name for path in PAGE.iterdir() if path.name.endswith(".js"))
    script = "".join(map(plain_script, OWN))
    assert not re.search(r"^(import|export)\b", script, flags=re.MULTILINE)
    assert script.count("\nfunction Stepper(") == 1


@pytest.mark.parametrize(
    "label",
    [
        "</script><img src=x onerror=alert(1)>",
        "<!--<script>",
        "{a | b}",
        'say "hi"',
        "a" * 10_000,
        "🙂 ∂",
        "\ud800",
        "&lt;",
        "\u2028",
    ],
    ids=["end", "comment", "braces", "quotes", "long", "emoji", "surrogate", "entity", "line"],
)
def test_a_label_cannot_end_the_script(label):
    page = page_of(Value(2.0, label=label) * 3.0, title=label)
    inside = page.partition('id="graph">')[2].partition("</script>")[0]
    assert "<" not in inside
    data = json.loads(inside)
    assert data["nodes"]["label"]["0"] == data["title"] == label
    assert page.count("<script") == page.count("</script>") == 2
    page.encode()


def test_the_libraries_are_the_ones_that_were_read():
    folder = PAGE.joinpath("vendor")
    versions = json.loads(folder.joinpath("versions.json").read_text(encoding="utf-8"))
    assert {item.name for item in folder.iterdir()} == {*versions, "versions.json"}
    for name, row in versions.items():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == row["sha256"], name


def test_the_licences_go_with_the_page():
    page = page_of(neuron())
    for words in ("Chris Pettitt", "Jason Miller", "Apache License, Version 2.0", "The above copyright notice"):
        assert words in page


def test_the_doors():
    root = neuron()
    for made in (step(root), draw(root, format="html")):
        assert made.page == page_of(root)
    assert repr(step(root)) == "<Stepper: .save('steps.html') writes the page>"


def test_a_notebook_shows_it_in_a_frame_of_its_own():
    shown = step(neuron())._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" ')
    inside = re.search(r'srcdoc="([^"]*)"', shown)[1]
    assert html.unescape(inside) == page_of(neuron())


def test_save(tmp_path):
    path = step(neuron()).save(tmp_path / "steps.html")
    assert path == Path(tmp_path / "steps.html")
    assert path.read_text(encoding="utf-8") == page_of(neuron())


# What is refused, and borders


def own_step():
    a = Value(1.0)
    out = Value(2.0, (a,), "double", label="d")
    out._backward = lambda: None
    return out


def long_chain():
    a = Value(1.0)
    for _ in range(300):
        a = (a * Value(1.0)).tanh()
    return a


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        (lambda: 3.0, DataError, "step: given a float, not a Value; give one Value, such as the loss"),
        (lambda: [Value(1.0)], DataError, "step: given a list, not a Value; give one Value, such as the loss"),
        (
            own_step,
            DrawError,
            "step: double has a `_backward` of its own, whose arithmetic cannot be shown;\n"
            "make it an op with micrograd.op.elementwise, or use draw_dot for the picture alone",
        ),
        (
            long_chain,
            DrawError,
            "step: the graph has 901 values, and at most 400 boxes can be shown;\n"
            "step through a part of it, such as the loss of one sample",
        ),
    ],
    ids=["float", "list", "own step", "large"],
)
def test_refused(given, error, text):
    with pytest.raises(error, match=re.escape(text) + "$"):
        step(given())


def test_refused_while_a_function_is_compiled():
    @micrograd.compile
    def f(x):
        y = x * x
        step(y)
        return y

    with pytest.raises(CaptureError, match=r"^compile: step of a number that the run computes, in "):
        f(Value(2.0))


def test_a_very_large_graph_is_its_top_level(monkeypatch):
    loss, groups = moons_like(3, [3, 1])
    graph = grouped_data(loss, groups)
    monkeypatch.setattr(stepper, "MOST_VALUES", len(graph["nodes"]["op"]) - 1)
    inside = page_of_data(graph).partition('id="graph">')[2].partition("</script>")[0]
    assert json.loads(inside) == json.loads(to_json(top_level(graph)))
    assert f"The graph has {len(graph['nodes']['op'])} values, too many for one page" in inside


def test_closed_groups_may_be_too_many_boxes():
    x = Value(1.0)
    for _ in range(250):
        x = (x + 1.0 + 1.0 + 1.0 + 1.0).tanh()
    words = "step: the graph has 2,251 values in 500 boxes, and at most 400 boxes can be shown;\n"
    with pytest.raises(DrawError, match=re.escape(words)):
        step(x)


def made_under_no_grad() -> Value:
    with no_grad():
        return Value(2.0) * 3.0


@pytest.mark.parametrize("root", [Value(2.0, label="a"), made_under_no_grad(), Value(3), Value([[1.0]])], ids=str)
def test_a_graph_without_steps(root):
    data = data_of(root)
    assert data["edges"]["from"] == []
    assert page_of(root)


def test_a_node_made_by_hand_passes_nothing_on():
    a = Value(1.0, label="a")
    data = data_of(Value(2.0, (a,), "mine") + 0.0)
    assert data["ops"][0] == {"name": "mine", "symbol": "mine", "formula": "mine({x})", "rules": [None]}
    assert data["nodes"]["grad"][0] is None
