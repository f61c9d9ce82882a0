"""with scopes(): which call of a module made a value, for modules without a pattern."""

from __future__ import annotations

import gc
import threading

import numpy as np
import pytest

from micrograd import Value, detect_anomaly, draw_dot, grad, no_grad, scopes
from micrograd.anomaly import OPEN
from micrograd.errors import AnomalyError
from micrograd.nn import MLP, Linear, Module, Sequential, TransformerEncoderLayer
from micrograd.see import scopes as room
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed


class Half(Module):
    def __call__(self, x):
        return (x * 0.5).tanh()


class Net(Module):
    def __init__(self):
        self.gain = Value(2.0)
        self.halves = [Half(), Half()]

    def forward(self, x):
        y = self.halves[0](x) * self.gain
        return self.halves[1](y) + self.halves[1](x)


def names(root, model=None):
    return [group.name for group in Groups(Listed(root), model).groups]


def test_calls_of_modules_of_ones_own():
    net = Net()
    with scopes():
        y = net(Value(1.0))
    assert names(y) == ["Net", "Net > Half 0", "Net > Half 1", "Net > Half 1"]
    assert names(net(Value(1.0))) == []  # outside the block nothing is noted


@pytest.mark.parametrize("model", [True, False], ids=["given", "found"])
def test_the_model_is_the_module_around_all_calls(model):
    net = Net()
    with scopes():
        y = net(Value(1.0, label="x"))
    groups = Groups(Listed(y), net if model else None)
    assert set(groups.labels.values()) == {"x", "gain"}


def test_noted_calls_stand_in_the_place_of_found_ones():
    model = MLP(2, [2, 1])
    plain = model([Value(1.0), Value(2.0)])
    with scopes():
        noted = model([Value(1.0), Value(2.0)])
    found = [name for name in names(plain, model) if "Neuron" in name]
    assert sorted(found) == sorted(name for name in names(noted, model) if "Neuron" in name)
    assert names(noted).count("MLP") == 1


def test_every_group_has_nodes():
    model = Sequential(Linear(2, 2), Half())
    with scopes():
        y = model(np.ones((3, 2))).sum()
    groups = Groups(Listed(y))
    inside = {k for i in range(len(groups.of)) for k in groups.path(i)}
    assert inside == set(range(len(groups.groups)))


def test_samples_of_a_model_hold_its_calls():
    model = MLP(2, [2, 1])
    with scopes():
        outs = [model([0.1, float(k)]) for k in range(3)]
    groups = Groups(Listed(sum((out - 1.0) ** 2 for out in outs)), model).groups
    assert [group.name for group in groups if group.kind == "sample"] == ["sample 0", "sample 1", "sample 2"]
    assert {groups[group.parent].kind for group in groups if group.name == "MLP"} == {"sample"}


def test_a_transformer_is_one_box():
    layer = TransformerEncoderLayer(4, 2, 8)
    with scopes():
        z = layer(Value(np.ones((1, 3, 4)), label="x")).sum()
    lines = str(draw_dot(z, format="text", max_nodes=5, grad=False)).splitlines()
    assert [line.split("  data")[0].strip() for line in lines] == [
        "#82 = sum",
        "└─ TransformerEncoderLayer",
        "├─ x",
        "└─ 12 parameters",
        "83 values in 4 boxes; a larger max_nodes draws more",
    ]


def test_as_a_decorator():
    @scopes()
    def forward(x):
        return Half()(x)

    assert names(forward(Value(1.0))) == ["Half"]


# What else goes on at the same time


def test_numbers_and_gradients_are_the_same():
    net = Net()
    with scopes():
        y = net(Value(1.0))
        y.backward()
    inside = net.gain.grad
    net.zero_grad()
    net(Value(1.0)).backward()
    assert inside == net.gain.grad
    with scopes():
        slope = float(grad(net)(1.0))
    assert slope == float(grad(net)(1.0))


def test_an_anomaly_is_still_found():
    with detect_anomaly(), scopes(), pytest.raises(AnomalyError, match="log: the output is nan"):
        Value(-1.0).log()
    with scopes(), detect_anomaly(), pytest.raises(AnomalyError, match="log: the output is nan"):
        Value(-1.0).log()


def test_the_block_ends_where_an_error_is_raised():
    with pytest.raises(ZeroDivisionError), scopes():
        raise ZeroDivisionError
    assert not OPEN


def test_other_threads_note_nothing():
    made = []
    with scopes():
        thread = threading.Thread(target=lambda: made.append(Half()(Value(1.0))))
        thread.start()
        thread.join()
    assert names(made[0]) == []


def test_nothing_is_kept_of_values_that_are_gone():
    gc.collect()
    before = len(room._made)
    with scopes():
        y = Net()(Value(1.0))
        assert len(room._made) > before
    del y
    gc.collect()
    assert len(room._made) == before


def test_constants_of_no_grad_do_no_harm():
    with scopes(), no_grad():
        y = Net()(Value(1.0))
    assert str(draw_dot(y, format="text")).endswith("constant")


def test_two_models_of_one_graph():
    with scopes():
        y = Half()(Value(1.0)) + Net()(Value(2.0))
    assert names(y)[:2] == ["Half", "Net"]
