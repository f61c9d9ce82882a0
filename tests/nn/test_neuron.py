"""Module, Neuron, Layer, MLP: their draws, their reprs, batches against single samples,
and their errors.
"""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest

from micrograd.engine import Value, no_grad
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn import MLP, Layer, Module, Neuron
from micrograd.op import OPS, elementwise


@pytest.fixture(autouse=True)
def _seeded():
    random.seed(1337)


def draws(count):
    """The next numbers that a network would draw."""
    return [random.uniform(-1, 1) for _ in range(count)]


def test_a_module_has_no_parameters_until_it_says_so():
    module = Module()
    assert module.parameters() == []
    module.zero_grad()


def test_zero_grad_resets_every_parameter():
    model = MLP(2, [3, 1])
    model([1.0, 2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * len(model.parameters())


def test_zero_grad_keeps_the_shape_of_an_array_parameter():
    class Table(Module):
        def __init__(self):
            self.rows = Value(np.ones((2, 3)))

        def parameters(self):
            return [self.rows]

    table = Table()
    (table.rows * 2.0).sum().backward()
    assert table.rows.grad.tolist() == [[2.0] * 3] * 2
    table.zero_grad()
    assert table.rows.grad.tolist() == [[0.0] * 3] * 2


# The attributes, draws and reprs of micrograd 0.1.0


def test_the_draws_of_micrograd_0_1_0_weights_only():
    model = MLP(2, [3, 1])
    random.seed(1337)
    for layer, nin in zip(model.layers, [2, 3], strict=True):
        for neuron in layer.neurons:
            assert [w.data for w in neuron.w] == draws(nin)
            assert neuron.b.data == 0.0
            assert type(neuron.b.data) is float


def test_a_uniform_bias_is_drawn_after_its_neurons_weights():
    model = MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh", bias="uniform")
    random.seed(1337)
    assert [p.data for p in model.parameters()] == draws(41)


def test_reprs():
    assert repr(Neuron(2)) == "ReLUNeuron(2)"
    assert repr(Neuron(16, nonlin=False)) == "LinearNeuron(16)"
    assert repr(Neuron(16, activation="linear")) == "LinearNeuron(16)"
    assert repr(Neuron(3, activation="tanh")) == "TanhNeuron(3)"
    assert repr(Neuron(3, activation="sigmoid")) == "SigmoidNeuron(3)"
    assert repr(Neuron(1, activation="sin")) == "SinNeuron(1)"
    assert repr(Layer(2, 2)) == "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"
    assert repr(MLP(2, [2, 1])) == "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"


def test_the_network_of_text_001_has_337_parameters():
    model = MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 337
    assert [n.nonlin for n in model.layers[0].neurons] == [True] * 16
    assert [n.nonlin for n in model.layers[-1].neurons] == [False]


def test_parameters_come_layer_by_layer_weights_before_bias():
    model = MLP(2, [2, 1])
    first, second = model.layers[0].neurons
    assert model.parameters() == [*first.w, first.b, *second.w, second.b, *model.layers[1].parameters()]


# One sample: the texts' program


def test_a_neuron_is_the_texts_sum():
    neuron = Neuron(2)
    x = [2.0, 3.0]
    act = sum((wi * xi for wi, xi in zip(neuron.w, x, strict=True)), neuron.b)
    out = neuron(x)
    assert out.data == act.relu().data
    assert type(out.data) is float
    assert out._op == "ReLU"
    (before,) = out._prev
    assert before._op == "+"


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "sin"])
def test_activations(activation):
    neuron = Neuron(2, activation=activation)
    act = neuron.w[0].data * 2.0 + neuron.w[1].data * -1.0
    assert neuron([2.0, -1.0]).data == pytest.approx(OPS[activation](act), rel=1e-15)
    assert Neuron(2, nonlin=False, activation=activation)([0.0, 0.0])._op == "+"


def test_an_op_of_the_users_own_is_an_activation():
    @elementwise("bump", lambda z, x: 2.0 * x)
    def bump(x):
        return x * x

    neuron = Neuron(1, activation="bump")
    out = neuron([2.0])
    assert out.data == (neuron.w[0].data * 2.0) ** 2
    out.backward()
    assert neuron.w[0].grad == pytest.approx(2.0 * (neuron.w[0].data * 2.0) * 2.0)


def test_one_output_comes_alone_several_as_a_list():
    x = [1.0, -2.0]
    assert isinstance(Layer(2, 1)(x), Value)
    assert isinstance(MLP(2, [3, 1])(x), Value)
    assert [type(y) for y in Layer(2, 3)(x)] == [Value] * 3
    assert [type(y) for y in MLP(2, [3, 2])(x)] == [Value] * 2


@pytest.mark.parametrize(
    "sample",
    [
        [0.5, -2.0],
        (0.5, -2.0),
        [Value(0.5), Value(-2.0)],
        np.array([0.5, -2.0]),
        Value([0.5, -2.0]),
        map(float, ["0.5", "-2"]),
    ],
    ids=["list", "tuple", "values", "array", "array value", "iterator"],
)
def test_a_sample_in_any_form(sample):
    model = MLP(2, [3, 2], activation="tanh")
    expected = [y.data for y in model([0.5, -2.0])]
    assert [float(y.data) for y in model(sample)] == expected


def test_a_layer_of_one_neuron_in_the_middle():
    model = MLP(2, [3, 1, 2], activation="tanh")
    assert len(model([1.0, 2.0])) == 2
    assert model(np.array([[1.0, 2.0]])).shape == (1, 2)


def test_the_gradient_of_an_input_reaches_it():
    x = [Value(1.0), Value(2.0)]
    neuron = Neuron(2, nonlin=False)
    neuron(x).backward()
    assert [xi.grad for xi in x] == [w.data for w in neuron.w]


# Batches


SHAPES = [(1, [1]), (2, [1]), (2, [3]), (2, [16, 16, 1]), (3, [4, 1, 5, 2]), (1, [1, 1]), (5, [2, 2, 1, 1])]


@pytest.mark.parametrize("nin, nouts", SHAPES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "linear", "sin"])
@pytest.mark.parametrize("last_activation", ["linear", "tanh"])
def test_a_batch_gives_the_numbers_and_gradients_of_its_samples(nin, nouts, activation, last_activation):
    model = MLP(nin, nouts, activation=activation, last_activation=last_activation, bias="uniform")
    X = np.random.RandomState(0).uniform(-2.0, 2.0, size=(7, nin))
    weights = np.random.RandomState(1).normal(size=(7, nouts[-1]))

    rows = [out if isinstance(out := model(x), list) else [out] for x in X]
    sum(y * float(w) for row, ws in zip(rows, weights, strict=True) for y, w in zip(row, ws, strict=True)).backward()
    one_by_one = [p.grad for p in model.parameters()]

    model.zero_grad()
    out = model(X)
    assert out.shape == ((7,) if nouts[-1] == 1 else (7, nouts[-1]))
    expected = np.array([[y.data for y in row] for row in rows])
    np.testing.assert_allclose(out.data.reshape(7, -1), expected, rtol=1e-12, atol=1e-12)

    (out * weights.reshape(out.shape)).sum().backward()
    np.testing.assert_allclose([p.grad for p in model.parameters()], one_by_one, rtol=1e-12, atol=1e-12)
    assert all(type(p.data) is float and np.ndim(p.grad) == 0 for p in model.parameters())


def test_shapes_of_a_batch_for_neuron_layer_and_network():
    X = np.ones((5, 2))
    assert Neuron(2)(X).shape == (5,)
    assert Layer(2, 1)(X).shape == (5,)
    assert Layer(2, 3)(X).shape == (5, 3)
    assert MLP(2, [4, 1])(X).shape == (5,)
    assert MLP(2, [4, 3])(X).shape == (5, 3)
    assert MLP(2, [4, 3])(np.ones((1, 2))).shape == (1, 3)
    assert MLP(2, [4, 1, 1])(np.ones((0, 2))).shape == (0,)


def test_a_batch_of_values_gets_its_gradient():
    layer = Layer(3, 2, nonlin=False)
    X = Value(np.ones((4, 3)))
    layer(X).sum().backward()
    expected = [sum(n.w[i].data for n in layer.neurons) for i in range(3)]
    np.testing.assert_allclose(X.grad, [expected] * 4, rtol=1e-15)


def test_a_batch_of_integers_counts_as_numbers():
    layer = Layer(2, 3)
    np.testing.assert_array_equal(layer(np.array([[1, 2]])).data, layer(np.array([[1.0, 2.0]])).data)


def test_a_layer_whose_neurons_were_changed_one_by_one():
    layer = Layer(2, 3)
    layer.neurons[0].nonlin = False
    layer.neurons[1].activation = "tanh"
    X = np.random.RandomState(0).normal(size=(6, 2))
    expected = [[y.data for y in layer(x)] for x in X]
    np.testing.assert_allclose(layer(X).data, expected, rtol=1e-12, atol=1e-12)


def test_a_batch_records_few_nodes_and_none_under_no_grad():
    model = MLP(2, [4, 1])
    X = np.ones((100, 2))
    with no_grad():
        assert model(X).inputs == ()
    nodes, todo = set(), [model(X)]
    while todo:
        node = todo.pop()
        todo.extend(set(node.inputs) - nodes)
        nodes.add(node)
    assert len(nodes) < len(model.parameters()) + 25


# Copies


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_is_a_network_of_its_own(twin_of):
    model = MLP(2, [3, 1], activation="tanh")
    twin = twin_of(model)
    assert repr(twin) == repr(model)
    twin([1.0, 2.0]).backward()
    assert [p.data for p in twin.parameters()] == [p.data for p in model.parameters()]
    assert [p.grad for p in model.parameters()] == [0.0] * len(model.parameters())


# Bad input


SAMPLE = "a list of {0} for one sample, or an array of shape (batch, {0})"


@pytest.mark.parametrize(
    "x, text",
    [
        ([1.0], "Layer(2, 3): given 1 input, wanted 2 inputs: " + SAMPLE.format(2)),
        ([], "Layer(2, 3): given 0 inputs, wanted 2 inputs: " + SAMPLE.format(2)),
        ([1.0, 2.0, 3.0], "Layer(2, 3): given 3 inputs, wanted 2 inputs: " + SAMPLE.format(2)),
        (np.ones(3), "Layer(2, 3): given 3 inputs, wanted 2 inputs: " + SAMPLE.format(2)),
        (np.ones((5, 3)), "Layer(2, 3): given an array (5, 3), wanted 2 inputs: " + SAMPLE.format(2)),
        (np.ones((2, 5)), "Layer(2, 3): given an array (2, 5), wanted 2 inputs: " + SAMPLE.format(2) + "; give x.T"),
        (np.ones((4, 5, 2)), "Layer(2, 3): given an array (4, 5, 2), wanted 2 inputs: " + SAMPLE.format(2)),
        (
            Value(np.ones((5, 3)), label="X"),
            "Layer(2, 3): given an array 'X' (5, 3), wanted 2 inputs: " + SAMPLE.format(2),
        ),
        (1.5, "Layer(2, 3): given 1.5, wanted 2 inputs: " + SAMPLE.format(2)),
        (None, "Layer(2, 3): given None, wanted 2 inputs: " + SAMPLE.format(2)),
        (Value(1.5), "Layer(2, 3): given Value(data=1.5, grad=0.0), wanted 2 inputs: " + SAMPLE.format(2)),
        (
            [[1.0, 2.0], [3.0, 4.0]],
            "Layer(2, 3): given a list of 2 lists, wanted 2 inputs: "
            + SAMPLE.format(2)
            + "; give numpy.array(x), or one sample at a time",
        ),
    ],
)
def test_the_wrong_number_of_inputs_is_refused(x, text):
    model = MLP(2, [3, 1])
    model([1.0, -1.0]).backward()
    before = [(p.data, p.grad) for p in model.parameters()]
    with pytest.raises(ShapeError) as raised:
        model(x)
    assert str(raised.value) == text
    assert [(p.data, p.grad) for p in model.parameters()] == before
    with pytest.raises(ValueError, match="wanted 2 inputs"):  # the builtin that a caller would catch
        model.layers[0].neurons[0](x)


def test_a_neuron_names_itself():
    with pytest.raises(ShapeError) as raised:
        Neuron(1)(2.0)
    assert str(raised.value) == "ReLUNeuron(1): given 2.0, wanted 1 input: " + SAMPLE.format(1) + "; give [x]"


ACTIVATIONS = "choose from linear, "


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: MLP(2, []), "MLP: nouts=[] has no layers; give one size per layer, as in MLP(2, [16, 16, 1])"),
        (lambda: MLP(2, 16), "MLP: nouts=16 is not a list; give one size per layer, as in MLP(2, [16, 16, 1])"),
        (lambda: MLP(0, [1]), "MLP: nin=0 is not a size; give a whole number, 1 or more"),
        (lambda: MLP(2, [4, 0, 1]), "MLP: nouts[1]=0 is not a size; give a whole number, 1 or more"),
        (lambda: MLP(2, [4, 1.0]), "MLP: nouts[1]=1.0 is not a size; give a whole number, 1 or more"),
        (lambda: Layer(2, -1), "Layer: nout=-1 is not a size; give a whole number, 1 or more"),
        (lambda: Layer("2", 1), "Layer: nin='2' is not a size; give a whole number, 1 or more"),
        (lambda: Neuron(2.5), "Neuron: nin=2.5 is not a size; give a whole number, 1 or more"),
        (lambda: Neuron(2, bias="one"), "Neuron: bias='one' is unknown; choose from zero, uniform"),
        (lambda: MLP(2, [3, 1], bias=False), "MLP: bias=False is unknown; choose from zero, uniform"),
        (lambda: Neuron(2, activation="rely"), "Neuron: activation='rely' is unknown; " + ACTIVATIONS),
        (lambda: Neuron(2, activation="add"), "Neuron: activation='add' is unknown; " + ACTIVATIONS),
        (lambda: Neuron(2, activation=None), "Neuron: activation=None is unknown; " + ACTIVATIONS),
        (lambda: Layer(2, 1, activation="rely"), "Neuron: activation='rely' is unknown; " + ACTIVATIONS),
        (lambda: MLP(2, [3, 1], last_activation="max"), "MLP: last_activation='max' is unknown; " + ACTIVATIONS),
    ],
)
def test_a_network_that_cannot_be_made_draws_nothing(make, text):
    with pytest.raises(ArgumentError) as raised:
        make()
    assert str(raised.value).startswith(text)
    if text.endswith(ACTIVATIONS):
        choices = str(raised.value).removeprefix(text).split(", ")
        assert {"relu", "tanh", "sigmoid", "sin", "cos", "exp"} <= set(choices)
        assert not {"add", "power", "raise_to", "sum", "max", "where"} & set(choices)
    else:
        assert str(raised.value) == text
    after = draws(1)
    random.seed(1337)
    assert draws(1) == after
