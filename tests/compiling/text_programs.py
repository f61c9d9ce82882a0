"""The programs of the four texts, to be compiled.

`PROGRAMS` has the tests of tests/seeds/ by name, with the programs that they run: a
function that makes fresh values, and gives a function on them, the arguments of its
calls, and the values. `NOTHING` has the others, and says why nothing can be compiled.
"""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np

from micrograd import Value, nn
from micrograd.texts import pyimagesearch
from tests.seeds import network_numbers as printed
from tests.seeds import test_000_pyimagesearch as text_000
from tests.seeds import test_001_micrograduate as text_001
from tests.seeds import test_001_network as network_001
from tests.seeds import test_002_arrays as text_002
from tests.seeds.networks import network_classes

THRICE = [()] * 3  # the second call captures again, and the third runs


def of(function: Any, *numbers: Any, Value: Any = Value) -> Any:
    """A program of values with these numbers: function(values)."""
    values = [Value(x) for x in numbers]
    return functools.partial(function, *values), THRICE, values


# Text 000


def _powers(a, b):
    return (a + b) ** 4.0 / 6.0


def _usages(x, y):
    return [eval(usage, {"x": x, "y": y}) for usage, *_ in text_000.USAGES]


def _module(make):
    random.seed(3)
    module = make()
    return lambda x: module(x), [([2.0, 3.0],), ([-1.0, 0.5],), ([0.3, 0.1],)], module.parameters()


def _training_000():
    random.seed(0)
    xs, ys = [[0.5, 0.5, 0.70], [0.4, -0.1, 0.5], [-0.2, -0.75, 1.0]], [0.0, 1.0, 0.0]
    mlp = pyimagesearch.MLP(number_inputs=3, list_number_outputs=[3, 3, 1])

    def step():
        loss = text_000.compute_loss(ys, text_000.forward(mlp, xs))
        mlp.zero_grad()
        loss.backward()
        text_000.update_mlp(mlp)
        return loss.data

    return step, [()] * 10, mlp.parameters()


# Text 001


def _sneak_peek(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


def _expression(a, b, c, f):
    d = a * b
    e = d + c
    L = e * f
    L.label = "L"
    return L, e, d


def _manual_step(a, b, c, f):
    d = a * b
    e = d + c
    L = e * f
    h = 0.001
    L.grad = ((L.data + h) - L.data) / h
    e.grad = f.data
    f.grad = e.data
    c.grad = e.grad * 1.0
    a.grad = e.grad * b.data
    b.grad = e.grad * a.data
    for v in (a, b, c, f):
        v.data += 0.01 * v.grad
    return L.data, ((a * b + c) * f).data


def _step_up(a, b, c, f):
    L = (a * b + c) * f
    L.backward()
    for leaf in (a, b, c, f):
        leaf.data += 0.01 * leaf.grad
    return L.data, ((a * b + c) * f).data


NEURON = (2.0, 0.0, -3.0, 1.0, 6.8813735870195432)


def _neuron(x1, x2, w1, w2, b):
    n = x1 * w1 + x2 * w2 + b
    return n.tanh(), n


def _composite_neuron(x1, x2, w1, w2, b):
    e = (2 * (x1 * w1 + x2 * w2 + b)).exp()
    return (e - 1) / (e + 1)


def _neuron_by_hand(x1, x2, w1, w2, b):
    x1w1, x2w2 = x1 * w1, x2 * w2
    n = x1w1 + x2w2 + b
    o = n.tanh()
    o.grad = 1.0
    n.grad = 1 - o.data**2
    x2w2.grad = x1w1.grad = b.grad = n.grad
    x1.grad, w1.grad = x1w1.grad * w1.data, x1w1.grad * x1.data
    x2.grad, w2.grad = x2w2.grad * w2.data, x2w2.grad * x2.data
    return o.data


def _whole_neuron():
    """All that the text names is made inside, the leaves too, and returned."""
    return vars(text_001.activate_neuron(Value))


def diamond(a, b):
    c = a * b
    d = a + b
    return d * c, c, d


def _network_001():
    mlp = network_classes(Value)[2](3, [4, 4, 1])
    network_001.load(mlp, printed.PARAMETERS)

    def loss():
        ypreds = network_001.forward_pass_mlp(mlp)
        return network_001.calc_loss(ypreds, printed.TARGETS), ypreds

    return loss, THRICE, mlp.parameters()


def _one_weight():
    loss, calls, parameters = _network_001()

    def step():
        before, _ = loss()
        for p in parameters:
            p.grad = 0.0
        before.backward()
        parameters[0].data += -0.001 * parameters[0].grad
        return before.data, loss()[0].data

    return step, calls, parameters


def _training(mlp, xs, ys, rate, resets=True, steps=6):
    def step(rate):
        ypred = [mlp(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        if resets:
            for p in mlp.parameters():
                p.grad = 0.0
        loss.backward()
        for p in mlp.parameters():
            p.data += -rate * p.grad
        return loss.data, [y.data for y in ypred]

    return step, [(rate,)] * steps, mlp.parameters()


def _training_001():
    mlp = network_classes(Value)[2](3, [4, 4, 1])
    network_001.load(mlp, printed.PARAMETERS)
    return _training(mlp, printed.INPUTS, printed.TARGETS, 0.05, steps=20)


# Texts 002 and 003: the tanh network from a seed


def _training_from(seed, rate, resets=True, steps=6):
    random.seed(seed)
    mlp = network_classes(Value)[2](3, [4, 4, 1])
    return _training(mlp, printed.INPUTS, printed.TARGETS, rate, resets, steps)


def _columns():
    random.seed(4)
    mlp = network_classes(Value)[2](3, [4, 4, 1])

    def loss(X):
        outputs = mlp([Value(column) for column in X.T])
        return ((outputs - np.array(printed.TARGETS)) ** 2).sum(), outputs

    return loss, [(np.array(printed.INPUTS),)] * 3, mlp.parameters()


def _batch():
    random.seed(4)
    mlp = nn.MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh", bias="uniform")
    return lambda X: (mlp(X) - np.array(printed.TARGETS)) ** 2, [(np.array(printed.INPUTS),)] * 3, mlp.parameters()


def _boundary():
    random.seed(1337)
    model = nn.MLP(2, [8, 8, 1])
    mesh = np.random.default_rng(0).normal(size=(30, 2))

    def boundary(mesh):
        scores = [model(list(map(Value, row))) for row in mesh]
        return [s.data > 0 for s in scores], model(mesh)

    return boundary, [(mesh,), (mesh + 0.1,), (mesh - 0.2,)], model.parameters()


_slopes = {
    "one number": lambda: of(lambda x: 3 * x**2 - 4 * x + 5, 3.0),
    "an array": lambda: of(lambda x: 3 * x**2 - 4 * x + 5, np.arange(-5, 5, 0.25)),
    "a difference": lambda: (lambda x, h: (text_002.f(x + h) - text_002.f(x)) / h, [(3.0, 0.001)] * 3, []),
}
_along_a = {
    "numbers": lambda: of(lambda a, b, c: a * b + c, 2.0, -3.0, 10.0),
    "arrays": lambda: of(lambda a, b, c: a * b + c, [2.0, 1.0], [-3.0, 5.0], [10.0, 0.0]),
}
_network = {
    "a neuron": lambda: _module(lambda: network_classes(Value)[0](2)),
    "a layer": lambda: _module(lambda: network_classes(Value)[1](2, 3)),
    "a network": lambda: _module(lambda: network_classes(Value)[2](2, [4, 4, 1])),
}

PROGRAMS: dict[str, dict[str, Any]] = {
    "000 test_printed_operation, test_one_step_backward, test_relu_of_a_negative": {
        name: functools.partial(of, program, *data) for name, (program, data, _, _) in text_000.ONE_STEP.items()
    },
    "000 test_docstring_usage": {"all": lambda: of(_usages, 2.0, 3.0)},
    "000 test_backward_docstring_usage": {"": lambda: of(lambda x, y: x * y, 2, 3)},
    "000 test_global_backward": {"": lambda: of(_powers, 2.0, 3.0)},
    "000 test_backward_solves_subtraction": {"": lambda: of(lambda a, b: a - b, 6.0, 3.0)},
    "000 test_backward_solves_division": {"": lambda: of(lambda a, b: a / b, 6.0, 3.0)},
    "000 test_neuron": {"": lambda: _module(lambda: pyimagesearch.Neuron(2, 1))},
    "000 test_layer": {"": lambda: _module(lambda: pyimagesearch.Layer(2, 3, 1))},
    "000 test_mlp": {"": lambda: _module(lambda: pyimagesearch.MLP(2, [3, 3, 1]))},
    "000 test_train_the_mlp": {"": _training_000},
    "001 test_sneak_peek": {"": lambda: of(_sneak_peek, -4.0, 2.0)},
    "001 test_parabola_and_its_slope": _slopes,
    "001 test_slope_of_d_along_a": _along_a,
    "001 test_expression": {"": lambda: of(_expression, 2.0, -3.0, 10.0, -2.0)},
    "001 test_manual_backprop_and_one_step_up": {"": lambda: of(_manual_step, 2.0, -3.0, 10.0, -2.0)},
    "001 test_backward_gives_what_the_stale_e_hides": {"": lambda: of(_step_up, 2.0, -3.0, 10.0, -2.0)},
    "001 test_neuron_by_hand": {"": lambda: of(_neuron_by_hand, *NEURON)},
    "001 test_neuron_in_one_call": {
        "": lambda: of(_neuron, *NEURON),
        "made inside": lambda: of(_whole_neuron),
    },
    "001 test_diamond_in_one_call": {"": lambda: of(diamond, -2.0, 3.0)},
    "001 test_power": {"": lambda: of(lambda a: a**3.0, 2.0)},
    "001 test_division": {"": lambda: of(lambda a, b: [a / b, a * (1 / b), a * b**-1], 2.0, 4.0)},
    "001 test_exp": {"": lambda: of(lambda a: a.exp(), 2.0)},
    "001 test_composite_tanh": {"": lambda: of(lambda a: ((2 * a).exp() - 1) / ((2 * a).exp() + 1), 2.0)},
    "001 test_neuron_with_composite_tanh": {"": lambda: of(_composite_neuron, *NEURON)},
    "001 test_torch_numbers_from_the_rounded_bias": {"": lambda: of(_neuron, *[float(np.float32(x)) for x in NEURON])},
    "001_moons test_decision_boundary": {"": _boundary},
    "001_network test_printed_numbers": {"loss": _network_001, "one weight": _one_weight, "training": _training_001},
    "001_network test_forward_pass_to_the_digit": {"": _network_001},
    "001_network test_loss_of_the_last_predictions": {
        "": lambda: of(
            lambda *ypreds: network_001.calc_loss(ypreds, printed.TARGETS), *printed.PREDICTIONS_AFTER_TRAINING
        )
    },
    "001_network test_neuron_layer_and_network": _network,
    "002 test_slope_of_a_parabola": _slopes,
    "002 test_slope_along_a": _along_a,
    "002 test_operation, test_backward_of_an_operation, test_one_step_of_an_operation": {
        name: functools.partial(of, program, text_002.X, text_002.Y)
        for name, (_, program, *_) in text_002.OPERATIONS.items()
    },
    "002 test_gradient_of_a_power_by_its_exponent": {"": lambda: of(lambda x, y: x**y, [2.0, 3.0], [3.0, 2.0])},
    "002 test_broadcast_gradient_is_summed_back": {
        name: functools.partial(of, program, x, y) for name, (program, x, y, _, _) in text_002.BROADCASTS.items()
    },
    "002 test_neuron": {"": lambda: of(_neuron, [2.0, 0.0], [0.0, 2.0], -3.0, 1.0, 6.8813735870195432)},
    "002 test_network": _network,
    "002 test_training": {f"seed {k}": functools.partial(_training_from, k, 0.5) for k in (0, 5)},
    "002 test_the_texts_step_is_too_long_for_some_starts": {"": lambda: _training_from(2, 0.5)},
    "002 test_a_batch_at_once_is_the_samples_one_by_one": {"columns": _columns, "batch": _batch},
    "003 test_slope": _slopes,
    "003 test_add_and_multiply": {"": lambda: of(lambda a, b, c: [a + b, a * b, a * b + c], 2.0, -3.0, 10.0)},
    "003 test_gradients_of_the_loss": {"": lambda: of(_expression, 2.0, -3.0, 10.0, -2.0)},
    "003 test_neuron_forward": {"": lambda: of(_neuron, *NEURON[:4], 6.7)},
    "003 test_neuron_by_hand": {"": lambda: of(_neuron_by_hand, *NEURON)},
    "003 test_neuron_in_one_call": {"": lambda: of(_neuron, *NEURON)},
    "003 test_a_plus_a": {"": lambda: of(lambda a: a + a, 3.0)},
    "003 test_diamond": {"": lambda: of(diamond, -2, 3)},
    "003 test_numbers_on_either_side": {
        "": lambda: of(lambda a: [a + 1, 1 + a, a * 2, 2 * a, a - 1, -a], 2.0),
    },
    "003 test_power_has_one_input": {"": lambda: of(lambda a: a**-1, 4.0)},
    "003 test_composite_tanh": {"": lambda: of(_composite_neuron, *NEURON)},
    "003 test_network": _network,
    "003 test_one_step": {"": lambda: _training_from(1, 0.01, steps=3)},
    "003 test_training_with_reset": {"": lambda: _training_from(1, 0.01)},
    "003 test_training_without_reset": {"": lambda: _training_from(1, 0.01, resets=False)},
    "003 test_gradients_add_up_over_iterations": {"": lambda: _training_from(1, 0.0, resets=False, steps=3)},
}

PRINTS = "it prints values: a program that prints numbers is refused, see test_what_is_refused"
PICTURE = "it draws a graph, and the Values of a compiled function have none of their inner ones"
ONE_STEPS = "it calls _backward() node by node: refused, see test_what_is_refused"
OWN_CLASS = "it needs the text's own class: see test_the_texts_own_classes_run_uncompiled"
NO_PROGRAM = "it looks at objects, and computes nothing"
NOTHING = {
    "000 test_value_node": PRINTS,
    "001 test_trace_and_picture_of_the_expression": PICTURE,
    "001 test_neuron_one_backward_after_another": ONE_STEPS,
    "001 test_neuron_in_topological_order": ONE_STEPS,
    "001 test_our_topological_order_is_fixed": NO_PROGRAM,
    "001 test_composite_tanh_is_the_texts_graph": PICTURE,
    "001 test_tensors": NO_PROGRAM,
    "001 test_torch_neuron": "it compares with PyTorch the program of test_torch_numbers_from_the_rounded_bias",
    "001_moons test_printed_model": NO_PROGRAM,
    "001_moons test_first_loss": "see test_texts.py: the loss, compiled",
    "001_moons test_losses_and_accuracies": "see test_texts.py: all 100 steps, to 1e-12",
    "001_moons test_batch_of_the_trained_model": "it draws the batch inside: refused, see test_texts.py",
    "001_network test_draw_order": NO_PROGRAM,
    "001_network test_pictures_are_the_texts": PICTURE,
    "002 test_value_of_an_array": NO_PROGRAM,
    "002 test_value_of_what_can_be_an_array": NO_PROGRAM,
    "002 test_repr": PRINTS,
    "002 test_power_of_something_else": "it is an error",
    "002 test_broadcast_by_the_rules_as_described": OWN_CLASS,
    "002 test_a_described_op_among_our_own": OWN_CLASS,
    "002 test_trace": NO_PROGRAM,
    "002 test_draw_dot": PICTURE,
    "003 test_trace_and_its_prints": PRINTS,
    "003 test_picture_of_the_neuron": PICTURE,
    "003 test_neuron_step_by_step": ONE_STEPS,
    "003 test_diamond_with_rules_that_overwrite": OWN_CLASS,
    "003 test_a_raw_number_among_the_children": OWN_CLASS,
    "003 test_without_visited_nodes_gradients_are_off": ONE_STEPS,
    "003 test_torch": "it compares with PyTorch the program of test_neuron_in_one_call",
}
