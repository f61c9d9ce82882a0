"""The top level of a large graph: what is kept, and that its walk back is the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from micrograd import Value
from micrograd.nn import MLP, Linear
from micrograd.see.graph import checked, data, to_json
from micrograd.see.toplevel import count_boxes, outermost, top_level
from tests.compiling import moons
from tests.see.stepping import grouped_data, moons_like, nodes_of, random_graph, random_groups, replayed, run_in_node
from tests.see.test_steps import needs_node


def random_data(seed):
    root = random_graph(seed)
    return grouped_data(root, random_groups(len(nodes_of(root)), seed))


def kept_of(graph):
    """The nodes that the top level has: the root, and what is used outside of the
    outermost group around it.
    """
    of = outermost(graph["nodes"]["group"], [group["parent"] for group in graph["groups"]])
    start, sources = graph["edges"]["start"], graph["edges"]["from"]
    edges = [(j, i) for i in range(len(of)) for j in sources[start[i] : start[i + 1]]]
    used = {j for j, i in edges if of[i] < 0 or of[i] != of[j]}
    return [i for i in range(len(of)) if of[i] < 0 or i in used or i == graph["root"]]


GRAPHS = {
    **{f"random {seed}": (lambda seed=seed: random_data(seed)) for seed in range(40)},
    "network": lambda: grouped_data(*moons_like(3, [3, 1])),
    "moons": lambda: data(moons.loss(moons.X[:10], moons.y[:10])[0], model=moons.model),
    "no groups": lambda: data(random_graph(3)),
    "one group": lambda: data(MLP(2, [2, 1])([Value(1.0), Value(2.0)])),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_walk_ends_at_the_same_gradients(name):
    graph = checked(GRAPHS[name]())
    top = checked(json.loads(to_json(top_level(graph))))
    kept = kept_of(graph)
    for column in ("data", "grad"):
        assert top["nodes"][column] == [graph["nodes"][column][i] for i in kept]
    wanted = [0.0 if g is None else float(g) for g in top["nodes"]["grad"]]
    scale = max(map(abs, wanted))
    assert replayed(top) == pytest.approx(wanted, rel=1e-5, abs=1e-6 * scale)
    boxes = count_boxes(graph["nodes"]["group"], [group["parent"] for group in graph["groups"]])
    assert boxes == count_boxes(top["nodes"]["group"], [-1] * len(top["groups"]))


def test_what_is_left_out_is_counted():
    top = top_level(GRAPHS["moons"]())
    assert [(group["name"], group.get("count")) for group in top["groups"]] == [
        *(("337 parameters", None), ("10 samples", 6472), ("penalty on parameters", 677), ("sum of 9", 9))
    ]
    assert {group["parent"] for group in top["groups"]} == {-1}
    assert top["notes"]["whole"].endswith(
        "The graph has 7,498 values, too many for one page: this is its top level alone. "
        "To see inside, step through a part of it, such as the loss of one sample."
    )


def test_a_gradient_of_two_passes_is_told_of_what_is_kept():
    root = sum(Value(float(k), label=f"x{k}") * 2.0 for k in range(6)) * 3.0
    root.backward()
    root.backward()
    top = top_level(data(root))
    notes = [top["notes"]["nodes"].get(str(i)) for i in range(len(top["nodes"]["op"]))]
    assert [note for note in notes if note] == [f"x{k}.grad is 12; this pass gives 6." for k in range(6)]
    assert [top["nodes"]["label"][str(i)] for i, note in enumerate(notes) if note] == [f"x{k}" for k in range(6)]


@needs_node
def test_arrays_have_their_whole_gradient_at_the_end():
    layer = Linear(2, 2, rng=np.random.default_rng(0))
    x = Value(np.ones((3, 2)), label="x")
    root = (layer(x).tanh() + layer(x) + x).sum()
    graph = data(root, model=layer)
    graph["nodes"]["group"] = [0 if op >= 0 and i != graph["root"] else -1 for i, op in enumerate(graph["nodes"]["op"])]
    graph["groups"] = [{"name": "inside", "kind": "module", "parent": -1}]
    top = top_level(graph)
    whole, grads = run_in_node("return given.map(graph => replay(graph).grad);", [graph, top])
    assert grads == [whole[i] for i in kept_of(graph)]
    assert "the sum of 3 arrays" in top["edges"]["adds"].values()
