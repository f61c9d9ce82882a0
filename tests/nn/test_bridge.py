"""From the texts' network to layers of arrays, and back."""

from __future__ import annotations

import random

import numpy as np
import pytest

from micrograd import nn, ops
from micrograd.errors import ArgumentError
from micrograd.nn import MLP, Layer, Linear, Neuron, ReLU, Sequential, Tanh

X = np.random.default_rng(1).standard_normal((7, 3))


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softplus", "softsign", "linear"])
def test_there_and_back(activation):
    random.seed(3)
    network = MLP(3, [5, 4, 2], activation=activation, last_activation="tanh", bias="uniform")
    model = Sequential.from_neurons(network)
    np.testing.assert_allclose(model(X * 20).data, network(X * 20).data, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(model(X[0]).data, [z.data for z in network(list(X[0]))], rtol=1e-12, atol=1e-14)
    back = model.to_neurons()
    assert [p.data for p in back.parameters()] == [p.data for p in network.parameters()]
    assert repr(back) == repr(network)
    model(X).sum().backward()
    network(X).sum().backward()
    np.testing.assert_allclose(model[0].weight.grad[1], [w.grad for w in network.layers[0].neurons[1].w], rtol=1e-10)
    model[0].weight.data[0, 0] = 9.0
    assert network.layers[0].neurons[0].w[0].data != 9.0


def test_a_single_output_keeps_its_axis():
    network = MLP(3, [2, 1])
    assert network(X).shape == (7,)
    assert Sequential.from_neurons(network)(X).shape == (7, 1)
    np.testing.assert_allclose(Sequential.from_neurons(network)(X).data[:, 0], network(X).data, rtol=1e-12)


def test_a_layer_and_a_neuron():
    assert repr(Sequential.from_neurons(Layer(3, 2))) == "Sequential(Linear(3, 2), ReLU())"
    assert repr(Sequential.from_neurons(Neuron(3, nonlin=False))) == "Sequential(Linear(3, 1))"


def test_nothing_is_drawn_from_the_users_generator():
    random.seed(5)
    wanted = random.random()
    random.seed(5)
    Sequential(Linear(2, 1)).to_neurons()
    assert random.random() == wanted


def mixed():
    layer = Layer(2, 2)
    layer.neurons[1].activation = "tanh"
    return layer


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            lambda: Sequential.from_neurons(Linear(2, 1)),
            "from_neurons: given Linear(2, 1); give an MLP, a Layer or a Neuron",
        ),
        (
            lambda: Sequential.from_neurons(mixed()),
            "from_neurons: layer 0 mixes relu, tanh: its neurons have different",
        ),
        (lambda: Sequential().to_neurons(), "to_neurons: there are no layers; an MLP has one or more"),
        (lambda: Sequential(Linear(2, 1, bias=False)).to_neurons(), "has no bias, and every Neuron has one"),
        (
            lambda: Sequential(Linear(2, 1), Tanh(), ReLU()).to_neurons(),
            "to_neurons: layer 2 is ReLU(); an MLP",
        ),
        (lambda: Sequential(ReLU()).to_neurons(), "to_neurons: layer 0 is ReLU(); an MLP has only Linear"),
        (lambda: Sequential(Linear(2, 1), nn.LeakyReLU(0.3)).to_neurons(), "to_neurons: layer 1 is LeakyReLU("),
        (lambda: Sequential(Linear(2, 1), ops.sum).to_neurons(), "to_neurons: layer 1 is "),
    ],
    ids=["kind", "mixed", "empty", "bias", "twice", "first", "argument", "op"],
)
def test_what_cannot_cross(run, words):
    with pytest.raises(ArgumentError) as caught:
        run()
    assert words in str(caught.value)
