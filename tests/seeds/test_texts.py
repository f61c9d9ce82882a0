"""`micrograd.texts`: each text's program as it stands, with its class definitions replaced by one import."""

from __future__ import annotations

import contextlib
import copy
import io
import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest

from micrograd import nn, texts
from micrograd.errors import ShapeError
from micrograd.texts import micrograduate, ngrad, pyimagesearch, walkthrough

from . import network_numbers as printed

ROOMS = {room.__name__.rpartition(".")[2]: room for room in (micrograduate, ngrad, pyimagesearch, walkthrough)}
PAGE = Path(__file__).parents[2] / "docs" / "texts.md"
TANH_ROOMS = [name for name in ROOMS if name != "pyimagesearch"]


def run(program: str, **names: object) -> list[str]:
    """The lines that a program prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, names)
    return out.getvalue().splitlines()


def test_the_page_of_imports():
    lines = re.findall(r"(from micrograd\.texts\.(\w+) import .*)", texts.__doc__)
    assert sorted(room for _, room in lines) == sorted(ROOMS) == sorted(texts.ROOMS)
    for line, room in lines:
        names: dict[str, object] = {}
        exec(line, names)
        # LastValue is imported where it is needed, under the text's name: as Value.
        assert set(names) - {"__builtins__"} == set(ROOMS[room].__all__) - {"LastValue"}


def test_the_page_names_what_there_is():
    rows = re.findall(r"^\| 00\d: .*? \| `(\w+)`: (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(room for room, _ in rows) == sorted(ROOMS)
    for room, cell in rows:
        names = re.findall(r"`(\w+)[^`]*`", cell.split(". ")[0])
        assert sorted(names) == sorted(ROOMS[room].__all__)


# ----------------------------------------------------------------------------------------------------------------------
# Text 000
# ----------------------------------------------------------------------------------------------------------------------

PYIMAGESEARCH = """
from micrograd.texts.pyimagesearch import Layer, MLP, Module, Neuron, Value

a = Value(data=5.0)
b = Value(data=6.0)
print(f"{a} + {b} => {a+b}")
c = a + b
c.grad = 11.0
print(f"c => {c}")
c._backward()
print(f"a => {a}")
print(f"b => {b}")

neuron = Neuron(number_inputs=2, name=1)
print(neuron)
layer = Layer(number_inputs=2, number_outputs=1, name=1)
print(layer)
mlp = MLP(number_inputs=2, list_number_outputs=[1, 1])
print(mlp)
"""


def test_text_000_prints():
    # The page has lost the indentation; the spaces at the ends of lines are those of the text's f-strings.
    assert run(PYIMAGESEARCH) == [
        "Value(data=5.0, grad=0.0) + Value(data=6.0, grad=0.0) => Value(data=11.0, grad=0.0)",
        "c => Value(data=11.0, grad=11.0)",
        "a => Value(data=5.0, grad=11.0)",
        "b => Value(data=6.0, grad=11.0)",
        "Neuron 1(Number=2, Non-Linearity=ReLU)",
        "Layer 1 ",
        " - Neuron 0(Number=2, Non-Linearity=ReLU)",
        "",
        "MLP of ",
        " - Layer 0 ",
        " - Neuron 0(Number=2, Non-Linearity=ReLU)",
        "",
        " - Layer 1 ",
        " - Neuron 0(Number=1, Non-Linearity=None)",
        "",
    ]


# ----------------------------------------------------------------------------------------------------------------------
# Text 001
# ----------------------------------------------------------------------------------------------------------------------

MICROGRADUATE = """
from micrograd.texts.micrograduate import Layer, MLP, Neuron, Value, draw, trace

a = Value(2.0, label="a")
b = Value(-3.0, label="b")
c = Value(10.0, label="c")
f = Value(-2.0, label="f")
d = a * b
e = d + c
L = e * f
L.label = "L"
print(L)
print(L.op)

mlp = MLP(3, [4, 4, 1])
for p, number in zip(mlp.parameters(), numbers):  # what the text drew without a seed
    p.data = number
mlp_params = mlp.parameters()
print(mlp_params)
print(len(mlp_params))

def forward_pass_mlp(mlp):
    return [mlp(x) for x in xs]

def calc_loss(ypreds, ys):
    return sum([(ypreds - y) ** 2 for ypreds, y in zip(ypreds, ys)])

ypreds = forward_pass_mlp(mlp)
loss = calc_loss(ypreds, ys)
for p in mlp.parameters():
    p.grad = 0.0
loss.backward()
mlp.layers[0].neurons[0].w[0].data += -0.001 * mlp.layers[0].neurons[0].w[0].grad
loss_after = calc_loss(forward_pass_mlp(mlp), ys)
print(f"Loss before optimization step: {loss}")
print(f"Loss after optimization step: {loss_after}")
"""


def test_text_001_prints():
    lines = run(MICROGRADUATE, numbers=printed.PARAMETERS, xs=printed.INPUTS, ys=printed.TARGETS)
    assert lines == [
        "Value(data='-8.0', label='L')",
        "*",
        f"[{', '.join(f'Value(data={str(x)!r})' for x in printed.PARAMETERS)}]",
        "41",
        "Loss before optimization step: Value(data='6.606895868054532')",
        "Loss after optimization step: Value(data='6.6067779753029345')",
    ]


def test_text_001_redefines_its_imported_class():
    # Its last cells, on the imported class: tanh made of exponentials.
    program = """
from micrograd.texts.micrograduate import Value
class Value(Value):
    def tanh(self):
        e = (2 * self).exp()
        return (e - 1) / (e + 1)
a = Value(2.0)
a_tanh = a.tanh()
a_tanh.backward()
print(a_tanh, a.grad)
"""
    x = micrograduate.LastValue(2.0)
    out = x.tanh()
    out.backward()
    assert run(program) == [f"Value(data='{out.data}') {x.grad}"]
    assert out.data == pytest.approx(np.tanh(2.0), rel=1e-14)


def test_tanh_of_exponentials_is_never_wrong_in_silence():
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert np.isnan(micrograduate.LastValue(400.0).tanh().data)
    assert micrograduate.Value(400.0).tanh().data == 1.0


# ----------------------------------------------------------------------------------------------------------------------
# Texts 002 and 003
# ----------------------------------------------------------------------------------------------------------------------

TRAINING = """
n = MLP(3, [4, 4, 1])
for k in range(20):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt)**2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.1 * p.grad
    print(k, loss.data)
print(n(xs[0]))
"""


@pytest.mark.parametrize("room", ["ngrad", "walkthrough"])
def test_texts_002_and_003_print(room):
    random.seed(3)
    line = f"from micrograd.texts.{room} import Layer, MLP, Neuron, Value, draw_dot, trace"
    lines = run(line + TRAINING, xs=printed.INPUTS, ys=printed.TARGETS)
    steps = [re.fullmatch(r"(\d+) (\d+\.\d+(?:e-\d+)?)", text).groups() for text in lines[:-1]]
    assert [int(k) for k, _ in steps] == list(range(20))
    assert float(steps[-1][1]) < 0.1 * float(steps[0][1])
    assert re.fullmatch(r"Value\(data=0\.\d+\)", lines[-1])


# ----------------------------------------------------------------------------------------------------------------------
# What they have in common
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", TANH_ROOMS)
def test_the_tanh_network_is_that_of_micrograd_nn(room):
    random.seed(1337)
    theirs = ROOMS[room].MLP(3, [4, 4, 1])
    random.seed(1337)
    ours = nn.MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh", bias="uniform")
    assert [p.data for p in theirs.parameters()] == [p.data for p in ours.parameters()]
    x = printed.INPUTS[0]
    for network in (theirs, ours):
        network(x).backward()
    assert theirs(x).data == pytest.approx(ours(x).data, rel=1e-12)
    grads = [[p.grad for p in network.parameters()] for network in (theirs, ours)]
    assert grads[0] == pytest.approx(grads[1], rel=1e-9)


def test_the_relu_network_is_that_of_micrograd_nn():
    random.seed(1337)
    theirs = pyimagesearch.MLP(3, [4, 4, 1])
    random.seed(1337)
    ours = nn.MLP(3, [4, 4, 1])
    for network in (theirs, ours):
        network([2.0, 3.0, -1.0]).backward()
    assert theirs([2.0, 3.0, -1.0]).data == ours([2.0, 3.0, -1.0]).data
    assert [p.grad for p in theirs.parameters()] == [p.grad for p in ours.parameters()]


@pytest.mark.parametrize("room", ROOMS)
def test_zero_grad(room):
    # Texts 001, 002 and 003 zero the gradients in a loop; as modules their classes do it in one call as well.
    network = ROOMS[room].MLP(2, [1])
    network([1.0, 2.0]).backward()
    assert [p.grad for p in network.parameters()] != [0.0, 0.0, 0.0]
    network.zero_grad()
    assert [p.grad for p in network.parameters()] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))], ids=["copy", "pickle"])
def test_networks_are_copied_and_pickled(room, copied):
    network = ROOMS[room].MLP(2, [2, 1])
    again = copied(network)
    assert type(again.parameters()[0]) is type(network.parameters()[0])
    assert again([1.0, 2.0]).data == network([1.0, 2.0]).data
    assert set(again.parameters()).isdisjoint(network.parameters())


@pytest.mark.parametrize("room", ROOMS)
def test_a_layer_of_one_neuron_in_the_middle(room):
    # The text's class fails there: a single output comes without its list.
    network = ROOMS[room].MLP(2, [1, 2])
    first, last = network.layers
    hidden = first([1.0, 2.0])
    assert [out.data for out in network([1.0, 2.0])] == [n([hidden.data]).data for n in last.neurons]


WRONG_INPUTS = {
    "too few": ([1.0], "Neuron: given 1 input, wanted 2; give a list with one input per weight"),
    "too many": ([1.0, 2.0, 3.0], "Neuron: given 3 inputs, wanted 2; give a list with one input per weight"),
    "a number": (1.0, "Neuron: given 1 input, wanted 2; give a list with one input per weight"),
    "a batch": (
        np.ones((2, 2)),
        "Neuron: given an array of shape (2, 2), wanted a list of 2 inputs; give one sample, X[0], or one array per "
        "input, list(X.T)",
    ),
}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("name", WRONG_INPUTS)
def test_a_wrong_number_of_inputs(room, name):
    x, message = WRONG_INPUTS[name]
    # The texts' zip drops what is left over, and gives a number.
    with pytest.raises(ShapeError) as error:
        ROOMS[room].MLP(2, [2, 1])(x)
    assert str(error.value) == message


def test_columns_of_a_batch():
    X = np.array(printed.INPUTS)
    network = ngrad.MLP(3, [4, 4, 1])
    assert network(list(X.T)).data == pytest.approx([network(x).data for x in printed.INPUTS], rel=1e-12)
