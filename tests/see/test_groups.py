"""Groups of a graph: what is found without a record of the forward pass."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from micrograd import Value, toposort, trace
from micrograd.errors import ArgumentError
from micrograd.nn import MLP, BatchNorm1d, Conv2d, Embedding, Linear, Module, Neuron, ReLU, Sequential
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed
from tests.compiling import moons


@pytest.fixture(scope="module")
def moons_graph():
    return Listed(moons.loss(moons.X, moons.y)[0])


def groups_of(root, model=None):
    graph = Listed(root)
    return graph, Groups(graph, model)


def tops(graph, groups):
    """Names of the outermost groups, and the symbols of what is in none."""
    found = [path[0] if (path := groups.path(i)) else -1 - i for i in range(len(graph))]
    return [
        groups.groups[k].name if k >= 0 else graph.symbol(-1 - k) or str(graph.data(-1 - k)) for k in Counter(found)
    ]


# The graph as lists


def test_the_order_is_the_engines(moons_graph):
    nodes = [x for x, constant in zip(moons_graph.nodes, moons_graph.is_constant, strict=True) if not constant]
    assert nodes == toposort(moons_graph.nodes[-1])
    assert len(moons_graph) == 65_818


def test_a_constant_stands_before_its_first_user():
    a = Value(3.0, label="a")
    c = Value(5.0, label="c").detach()
    graph = Listed((a * c + 2.0) * c)
    assert graph.inputs == [(), (), (0, 1), (), (2, 3), (4, 1)]
    assert graph.is_constant == [False, True, False, True, False, False]
    assert graph.uses == [1, 2, 1, 1, 1, 0]


def test_listing_changes_nothing():
    y = Value(3.0) * 2.0
    Listed(y)
    assert y._y == 2.0  # raw still: looking at `inputs` would make it a Value


# The moons


@pytest.mark.parametrize("model", [moons.model, None], ids=["given", "guessed"])
def test_the_moons_are_seven_boxes(moons_graph, model):
    groups = Groups(moons_graph, model)
    assert tops(moons_graph, groups) == [
        "337 parameters",
        "100 samples",
        "sum of 99",
        "0.01",
        "*",
        "penalty on parameters",
        "+",
    ]
    kinds = Counter(group.kind for group in groups.groups)
    assert kinds == {"module": 3600, "sample": 100, "sum": 2, "parameters": 1, "samples": 1, "rest": 1}


def test_names_go_from_sample_to_neuron(moons_graph):
    groups = Groups(moons_graph, moons.model)
    last = moons_graph.place_of(moons.model.layers[2].neurons[0].b)
    user = next(i for i, inputs in enumerate(moons_graph.inputs) if last in inputs)
    assert [groups.groups[k].name for k in groups.path(user)] == [
        "100 samples",
        "sample 0",
        "MLP > Layer 2",
        "MLP > Layer 2 > Neuron 0",
    ]


def test_a_look_at_the_graph_before_changes_no_group():
    model = MLP(2, [3, 1])
    loss = sum((model([0.5, k]) - 1.0) ** 2 for k in range(6)) / 6 + 0.1 * sum(p * p for p in model.parameters())
    before = groups_of(loss, model)
    trace(loss)  # raw numbers are Values from now on
    after = groups_of(loss, model)
    assert len(before[0]) == len(after[0])
    assert before[1].groups == after[1].groups
    assert sorted(Counter(before[1].of).values()) == sorted(Counter(after[1].of).values())


# What each rule finds


def test_a_parent_stands_before_its_groups(moons_graph):
    for k, group in enumerate(Groups(moons_graph, moons.model).groups):
        assert group.parent < k


def test_one_sample_has_no_box_of_samples():
    model = MLP(2, [2, 1])
    graph, groups = groups_of(model([Value(1.0), Value(2.0)]), model)
    assert [group.kind for group in groups.groups] == ["parameters", *["module"] * 5]
    assert tops(graph, groups)[:1] == ["9 parameters"]


@pytest.mark.parametrize("inputs", [lambda x: x, lambda x: [Value(n) for n in x]], ids=["raw", "Values"])
def test_calls_that_share_values_are_one_sample(inputs):
    model = MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh")
    random.seed(3)
    xs = [inputs([random.random() for _ in range(3)]) for _ in range(5)]
    loss = sum((model(x) - 1.0) ** 2 for x in xs)
    graph, groups = groups_of(loss, model)
    kinds = Counter(group.kind for group in groups.groups)
    assert kinds == {"parameters": 1, "samples": 1, "sample": 5, "module": 5 * (3 + 9), "sum": 1}
    assert tops(graph, groups) == ["41 parameters", "5 samples", "sum of 4"]
    # All values of a sample have joined it: inputs, target, its part of the loss.
    sizes = Counter(groups.path(i)[1] for i in range(len(graph)) if len(groups.path(i)) > 1)
    assert max(sizes.values()) - min(sizes.values()) <= 2  # the first also adds the 0 of `sum`


def test_neurons_of_a_first_layer_that_meet_later_are_one_sample():
    """They read raw numbers, and share no value until an op of the user joins them."""
    model = MLP(2, [3])
    loss = sum(sum(o * o for o in model(x)) for x in [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    _, groups = groups_of(loss, model)
    assert Counter(group.kind for group in groups.groups)["sample"] == 3


def test_a_module_called_twice_on_one_sample_is_two_groups():
    neuron = Neuron(1, activation="tanh")
    _, groups = groups_of(neuron([neuron([Value(1.0)])]), neuron)
    assert [group.name for group in groups.groups] == ["2 parameters", "Neuron", "Neuron (call 2)"]


def test_layers_of_arrays():
    model = Sequential(Linear(3, 4), ReLU(), Linear(4, 1))
    X = np.arange(6.0).reshape(2, 3)
    graph, groups = groups_of((model(X) ** 2).mean(), model)
    names = [group.name for group in groups.groups]
    assert names == ["4 parameters", "Sequential > Linear 0", "Sequential > Linear 2"]
    assert all(groups.of[i] >= 0 for i, op in enumerate(graph.ops) if op is not None and op.name == "linear")


def test_a_batch_through_the_tutorials_network():
    model = MLP(2, [3, 1])
    graph, groups = groups_of(model(np.ones((5, 2))).sum(), model)
    neuron = "MLP > Layer 1 > Neuron 0"  # the layer's only one
    assert [group.name for group in groups.groups] == ["13 parameters", "MLP > Layer 0", "MLP > Layer 1", neuron]
    assert tops(graph, groups) == ["13 parameters", "MLP > Layer 0", "MLP > Layer 1", "reshape", "sum"]


def test_a_penalty_is_no_call_of_a_module():
    model = MLP(2, [2, 1])
    loss = model([1.0, 2.0]) + 0.1 * sum(abs(p) for p in model.parameters()) + sum(0.1 * p for p in model.parameters())
    graph, groups = groups_of(loss, model)
    assert "penalty on parameters" in tops(graph, groups)
    assert Counter(group.kind for group in groups.groups)["module"] == 5


def test_a_short_chain_of_additions_is_no_group():
    values = [Value(float(k)).tanh() for k in range(5)]
    assert [group.name for group in groups_of(sum(values[1:], values[0]))[1].groups] == ["sum of 4"]
    assert groups_of(sum(values[1:4], values[0]))[1].groups == []


def test_without_a_model_one_sum_of_products_is_no_neuron():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    assert groups_of((c + a * b).tanh())[1].groups == []


@pytest.mark.parametrize(
    ("model", "x", "names"),
    [
        (lambda: Conv2d(1, 2, 3), np.ones((1, 1, 5, 5)), ["2 parameters", "Conv2d"]),
        (lambda: Linear(3, 2, bias=False), np.ones((4, 3)), ["Linear"]),
        (lambda: BatchNorm1d(3), np.arange(6.0).reshape(2, 3), []),
        (
            lambda: Sequential(Embedding(5, 3), Linear(3, 2)),
            np.array([1, 2]),
            ["3 parameters", "Sequential > Linear 1"],
        ),
    ],
    ids=["convolution", "without a bias", "norm", "embedding"],
)
def test_other_layers(model, x, names):
    made = model()
    assert [group.name for group in groups_of(made(x).sum(), made)[1].groups] == names


class Own(Module):
    def __init__(self):
        self.gain = Value(2.0)
        self.head = Linear(2, 1)

    def __call__(self, x):
        return self.head(x * self.gain)


def test_a_module_of_ones_own_is_named_by_its_attributes():
    model = Own()
    _, groups = groups_of(model(np.ones((3, 2))).sum(), model)
    assert "Own > Linear head" in [group.name for group in groups.groups]


# Labels


def test_without_a_model_weights_are_called_as_in_their_products():
    mlp = MLP(2, [2, 1])
    graph, groups = groups_of(mlp([1.0, 2.0]))
    for neuron in mlp.layers[0].neurons:
        assert [groups.labels[graph.nodes.index(p)] for p in neuron.parameters()] == ["w0", "w1", "b"]


def test_labels_are_given_ones_then_paths_then_parts_of_a_neuron():
    neuron = Neuron(2)
    neuron.b.label = "bias"
    graph, groups = groups_of(neuron([Value(1.0, label="x"), 2.0]), neuron)
    assert sorted(groups.labels.values()) == sorted(["bias", "w.0", "w.1", "x", "w0*x0", "w1*x1", "sum", "out"])
    assert groups.labels[len(graph) - 1] == "out"


def test_the_path_of_a_parameter_is_its_label():
    model = MLP(3, [4, 4, 1])
    graph, groups = groups_of(model([1.0, 2.0, 3.0]), model)
    assert groups.labels[graph.place_of(model.layers[0].neurons[1].w[0])] == "layers.0.neurons.1.w.0"


@pytest.mark.parametrize("model", [3, [Value(1.0)], Value(1.0)], ids=lambda model: type(model).__name__)
def test_a_model_that_is_no_module(model):
    with pytest.raises(ArgumentError, match=r"model: an? \w+ has no named_modules\(\); give a Module, such as an MLP"):
        groups_of(Value(1.0).tanh(), model)


# Depth and size


def test_a_long_chain_and_many_diamonds():
    v = Value(0.5)
    for _ in range(20_000):
        v = v.tanh()
    for _ in range(60):
        v = v * v + v
    graph, groups = groups_of(v)
    assert len(graph) == 20_001 + 120
    assert groups.groups == []
