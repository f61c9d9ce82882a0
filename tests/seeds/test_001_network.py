"""Text 001, its network of tanh neurons: from the 41 parameters it prints, every loss and prediction it prints."""

from __future__ import annotations

import random

import pytest

from micrograd.draw import draw
from micrograd.engine import Value
from micrograd.texts import micrograduate

from . import network_numbers as printed
from .classes_001 import chain
from .networks import network_classes
from .pictures import boxes

COMPOSITE = chain(Value)["composite tanh"]
NETWORKS = {
    "micrograd.texts": micrograduate.MLP,
    "the text's classes on our Value": network_classes(Value)[2],
    "the text's classes on its Value": network_classes(COMPOSITE)[2],
}
COMPOSITE_NETWORKS = [name for name in NETWORKS if name != "the text's classes on our Value"]

xs, ys = printed.INPUTS, printed.TARGETS


def forward_pass_mlp(mlp):
    return [mlp(x) for x in xs]


def calc_loss(ypreds, ys):
    return sum([(ypred - y) ** 2 for ypred, y in zip(ypreds, ys, strict=True)])


def load(mlp, numbers):
    for p, number in zip(mlp.parameters(), numbers, strict=True):
        p.data = number


def run_program(mlp):
    """The text's cells in order, from its printed parameters on; what they print, by name."""
    lines = {}
    load(mlp, printed.PARAMETERS)
    ypreds = forward_pass_mlp(mlp)
    loss = calc_loss(ypreds, ys)
    loss.backward()
    weight = mlp.layers[0].neurons[0].w[0]
    lines["number of parameters"] = len(mlp.parameters())
    lines["first weight"] = weight.data
    lines["gradient of the first weight"] = weight.grad

    # One step along the first weight.
    ypreds = forward_pass_mlp(mlp)
    loss = calc_loss(ypreds, ys)
    for p in mlp.parameters():
        p.grad = 0.0
    loss.backward()
    weight.data += -0.001 * weight.grad
    loss_after = calc_loss(forward_pass_mlp(mlp), ys)
    lines["losses around one weight"] = [loss.data, loss_after.data]

    # One step along all parameters.
    ypreds = forward_pass_mlp(mlp)
    loss = calc_loss(ypreds, ys)
    for p in mlp.parameters():
        p.grad = 0.0
    loss.backward()
    for p in mlp.parameters():
        p.data += -0.001 * p.grad
    ypreds_after = [mlp(x) for x in xs]
    loss_after = sum([(ypreds - y) ** 2 for ypreds, y in zip(ypreds_after, ys, strict=True)])
    lines["losses around all"] = [loss.data, loss_after.data]
    lines["predictions before all"] = [y.data for y in ypreds]
    lines["predictions after all"] = [y.data for y in ypreds_after]
    lines["parameters after all"] = [p.data for p in mlp.parameters()]

    # The training loop.
    lines["training losses"] = []
    for _ in range(20):
        ypreds = forward_pass_mlp(mlp)
        loss = calc_loss(ypreds, ys)
        for p in mlp.parameters():
            p.grad = 0.0
        loss.backward()
        for p in mlp.parameters():
            p.data += -0.05 * p.grad
        lines["training losses"].append(loss.data)
    lines["predictions after training"] = [y.data for y in ypreds]
    return lines


PRINTED = {
    "number of parameters": 41,
    "first weight": printed.PARAMETERS[0],
    "gradient of the first weight": printed.FIRST_WEIGHT_GRAD,
    "losses around one weight": [printed.LOSS, printed.LOSS_AFTER_ONE_WEIGHT],
    "losses around all": [printed.LOSS_AFTER_ONE_WEIGHT, printed.LOSS_AFTER_ALL],
    "predictions before all": printed.PREDICTIONS_BEFORE_ALL,
    "predictions after all": printed.PREDICTIONS_AFTER_ALL,
    "parameters after all": printed.PARAMETERS_AFTER_ALL,
    "training losses": printed.TRAINING_LOSSES,
    "predictions after training": printed.PREDICTIONS_AFTER_TRAINING,
}


@pytest.fixture(scope="module", params=NETWORKS)
def lines(request):
    return run_program(NETWORKS[request.param](3, [4, 4, 1]))


@pytest.mark.parametrize("name", PRINTED)
def test_printed_numbers(lines, name):
    # To 1e-9, not to the digit: the text adds gradients up in the order of addresses, and its tanh is the composite.
    assert lines[name] == pytest.approx(PRINTED[name], rel=1e-9)


@pytest.mark.parametrize(
    ("parameters", "loss", "predictions"),
    [
        (printed.PARAMETERS, printed.LOSS, None),
        (printed.PARAMETERS_AFTER_ALL, printed.LOSS_AFTER_ALL, printed.PREDICTIONS_AFTER_ALL),
    ],
    ids=["first parameters", "parameters after all"],
)
@pytest.mark.parametrize("name", COMPOSITE_NETWORKS)
def test_forward_pass_to_the_digit(name, parameters, loss, predictions):
    # Forward, the order is fixed: with the text's own operations, composite tanh included, no digit differs.
    mlp = NETWORKS[name](3, [4, 4, 1])
    load(mlp, parameters)
    ypreds = forward_pass_mlp(mlp)
    assert calc_loss(ypreds, ys).data == loss
    if predictions is not None:
        assert [y.data for y in ypreds] == predictions


def test_loss_of_the_last_predictions():
    ypreds = [Value(x) for x in printed.PREDICTIONS_AFTER_TRAINING]
    assert calc_loss(ypreds, ys).data == pytest.approx(printed.TRAINING_LOSSES[-1], rel=1e-9)


def test_draw_order():
    drawn = {}
    for name, make in NETWORKS.items():
        random.seed(1)
        drawn[name] = [p.data for p in make(3, [4, 4, 1]).parameters()]
    random.seed(1)
    # Neuron by neuron, its weights and then its bias: the order of parameters().
    assert set(map(tuple, drawn.values())) == {tuple(random.uniform(-1, 1) for _ in range(41))}


@pytest.mark.parametrize(("name", "of_tanh"), [(name, 9 if name in COMPOSITE_NETWORKS else 1) for name in NETWORKS])
def test_pictures_are_the_texts(name, of_tanh):
    mlp = NETWORKS[name](3, [4, 4, 1])
    # A neuron with 3 raw inputs: 3 weights, a bias, 3 inputs, 3 products, 3 sums. With 4 Values: 4, 1, 4 and 4.
    nodes = 4 * (13 + of_tanh) + 4 * (13 + of_tanh) + (13 + of_tanh)
    # In full, as in the text. Without fold=None a picture of so many values is folded.
    assert len(boxes(draw(mlp(xs[0]), fold=None))) == nodes
    # Each sample draws all but the parameters anew, and -y, y - ypred and its square; then come 0 and four sums.
    assert len(boxes(draw(calc_loss(forward_pass_mlp(mlp), ys), fold=None))) == 4 * (nodes - 41 + 3) + 41 + 5


# ----------------------------------------------------------------------------------------------------------------------
# The unseeded neuron, layer and network: -0.432..., 0.439... and 0.802... are the text's own
# ----------------------------------------------------------------------------------------------------------------------


CLASSES = {
    "micrograd.texts": (micrograduate.Neuron, micrograduate.Layer, micrograduate.MLP),
    "the text's classes on our Value": network_classes(Value),
    "the text's classes on its Value": network_classes(COMPOSITE),
}


@pytest.mark.parametrize("name", CLASSES)
def test_neuron_layer_and_network(name):
    Neuron, Layer, MLP = CLASSES[name]
    neuron, layer, mlp = Neuron(2), Layer(2, 3), MLP(3, [4, 4, 1])
    x = [2.0, 3.0]
    by_hand = Value(neuron.w[0].data * 2.0 + neuron.w[1].data * 3.0 + neuron.b.data).tanh()
    assert neuron(x).data == pytest.approx(by_hand.data, rel=1e-9)
    assert len(layer(x)) == 3
    assert all(-1.0 < out.data < 1.0 for out in [*layer(x), mlp([2.0, 3.0, -1.0]), *forward_pass_mlp(mlp)])
    loss = calc_loss(forward_pass_mlp(mlp), ys)
    loss.backward()
    # "Slightly increasing this particular weight" moves the loss along the sign of its gradient.
    weight = mlp.layers[0].neurons[0].w[0]
    weight.data += -1e-4 * weight.grad
    assert calc_loss(forward_pass_mlp(mlp), ys).data < loss.data
