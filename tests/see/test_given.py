"""What `explain`, `why_grad` and `topological_order` are given: what is refused, and
what to write in its place; names of parameters in a model.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, explain, nn, topological_order, vmap, why_grad
from micrograd.errors import ArgumentError, DataError, GradientError, IndexingError
from micrograd.nn import MLP
from micrograd.texts import pyimagesearch, walkthrough

W = Value(2.0, label="w")
L = (W * 3.0) ** 2
L.label = "L"
A = Value(np.arange(6.0).reshape(2, 3), label="A")
MODEL = MLP(2, [2, 1])
LOSS = MODEL([1.0, 2.0]) * 2.0


class Own:
    """A model as a beginner writes it, not a Module."""

    def parameters(self) -> list[Value]:
        return [W]


class Empty(nn.Module):
    """A Module without parameters."""


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (
            lambda: explain(L, "w"),
            "explain: x is the text 'w', not a Value; a label is only a name:\n"
            "give the Value itself, as in explain(loss, w)",
        ),
        (lambda: why_grad("w" * 99, L), f"why_grad: x is the text '{'w' * 39}, not a Value; a label is only"),
        (lambda: topological_order("L"), "as in topological_order(loss)"),
        (lambda: explain(L, [W]), "x is a list, not a Value; give one Value of it at a time, as in explain(loss, w)"),
        (
            lambda: explain([L], W),
            "root is a list, not a Value; give one Value of it at a time, as in explain(loss, w)",
        ),
        (lambda: topological_order([L]), "topological_order: root is a list, not a Value; give one Value of it"),
        (lambda: why_grad(2.0, L), "x is a float, not a Value; give the Value itself, not its .data, as in why_grad("),
        (lambda: explain(L, A.data), "x is a ndarray, not a Value; give the Value itself, not its .data"),
        (lambda: explain(2.0, W), "root is a float, not a Value; give a Value of the graph, as in explain(loss, w)"),
        (lambda: explain(L, Value), "x is the class Value, not a Value; give a Value of the graph"),
        (lambda: why_grad(None, None), "why_grad: x is None, not a Value; give a Value of the graph, as in why_grad("),
        (
            lambda: explain(LOSS, MODEL),
            "x is an MLP, not a Value; give one of its parameters, as in "
            "explain(loss, model.layers[0].neurons[0].w[0]);\n"
            "there are layers.0.neurons.0.w.0, layers.0.neurons.0.w.1, layers.0.neurons.0.b and 6 more",
        ),
        (
            lambda: why_grad(nn.Linear(2, 3), L),
            "x is a Linear, not a Value; give one of its parameters, as in why_grad(model.weight, loss);\n"
            "there are weight, bias",
        ),
        (lambda: explain(L, nn.Sequential(nn.Linear(2, 3))), "as in explain(loss, model[0].weight);"),
        (lambda: explain(L, Empty()), "x is an Empty, not a Value; it has no parameters; give a Value of the graph"),
        (
            lambda: topological_order(MODEL),
            "root is an MLP, not a Value; give what it returns, or the loss made of that, as in topological_order(",
        ),
        (
            lambda: vmap(lambda x: topological_order(W * x))(np.array([1.0, 2.0])),
            "topological_order: root is a Batch, not a Value",
        ),
    ],
    ids=range(17),
)
def test_what_is_not_a_value(use: Callable[[], Any], words: str) -> None:
    with pytest.raises(DataError) as raised:
        use()
    assert words in str(raised.value)


def test_a_module_of_another_library() -> None:
    class Foreign:
        def named_parameters(self) -> Any:
            yield "layer.weight", object()

    with pytest.raises(DataError, match=r"as in explain\(loss, dict\(model\.named_parameters\(\)\)\['layer\.weight'"):
        explain(L, Foreign())


def test_a_parameter_that_no_attribute_leads_to() -> None:
    class Chosen(nn.Module):
        """A Module that says which its parameters are."""

        def parameters(self) -> list[Value]:
            return [W]

    with pytest.raises(DataError, match=r"as in explain\(loss, dict\(model\.named_parameters\(\)\)\['parameters\.0'\]"):
        explain(L, Chosen())


@pytest.mark.parametrize(
    ("root", "x", "words"),
    [
        (W, L, "it is the other way round: L was made from w;\nwrite explain(L, w): first the root, then the value"),
        (Value(2.0), Value(3.0), "the root is not made from the given value"),
        (A, A * 2.0, "the other way round: root was made from A;\nwrite explain(root, A): first the root"),
    ],
    ids=["swapped", "unrelated", "swapped, no label"],
)
def test_arguments_that_are_swapped(root: Value, x: Value, words: str) -> None:
    with pytest.raises(GradientError) as raised:
        explain(root, x)
    assert words in str(raised.value)


def test_swapped_values_without_labels() -> None:
    x = Value(2.0)
    with pytest.raises(GradientError, match=r"write explain\(root, x\): first the root, then the value"):
        explain(x, x * 2.0)
    z = x * 3.0
    x.label = z.label = "a"
    with pytest.raises(GradientError, match=r"write explain\(root, x\): first the root, then the value"):
        explain(x, z)


@pytest.mark.parametrize(
    ("index", "words"),
    [
        ((True, False), "index=(True, False) is not made of whole numbers; give one for each axis, as in (2, 1)"),
        ((np.True_, 0), "is not made of whole numbers"),
        ([1, 1], "index=[1, 1] is not a tuple; write index=(1, 1)"),
        (np.array([1, 1]), "index=array([1, 1]) is not a tuple; write index=(1, 1)"),
        (np.array([0.5]), "index=array([0.5]) is not made of whole numbers"),
        (1.0, "index=1.0 is not made of whole numbers"),
        (slice(None), "index=slice(None, None, None) is not made of whole numbers"),
        (1, "index=1 has 1 number, x has shape (2, 3); give one for each axis"),
        ((-3, 0), "index=(-3, 0) is outside of x, which has shape (2, 3)"),
        (MODEL, "index is an MLP; write model= before it"),
    ],
    ids=range(10),
)
def test_indices_that_are_refused(index: Any, words: str) -> None:
    with pytest.raises(IndexingError) as raised:
        explain(A * A, A, index)
    assert words in str(raised.value)


def test_an_index_counts_from_the_end_as_in_numpy() -> None:
    z = A * A
    assert str(explain(z, A, (-1, -3))) == str(explain(z, A, (1, 0)))
    assert str(explain(z, A, (np.int64(1), 0))) == str(explain(z, A, (1, 0)))


# model=

CALLS: list[Callable[..., Any]] = [explain, lambda root, x, model: why_grad(x, root, model=model)]
CALLS.append(lambda root, x, model: topological_order(root, model=model))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (MLP, "model is the class MLP; give the model that you made, as in model = MLP()"),
        (3, "model is an int without named_parameters(); give a Module, such as an MLP"),
        (
            Own(),
            "model is an Own without named_parameters(); make its class a Module, as in class Own(micrograd.nn.Mod",
        ),
    ],
    ids=["class", "number", "own"],
)
def test_what_is_not_a_model(call: Callable[..., Any], model: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        call(L, W, model=model)
    assert words in str(raised.value)


def text_003() -> tuple[Any, Value, Value]:
    random.seed(3)
    model = walkthrough.MLP(2, [2, 1])
    return model, model([1.0, -2.0]), model.layers[0].neurons[1].w[0]


def text_000() -> tuple[Any, Value, Value]:
    random.seed(4)
    model = pyimagesearch.MLP(2, [2, 1])
    return model, model([1.0, 2.0]) ** 2, model.layers[0].neurons[1].weights[0]


def lists() -> tuple[Any, Value, Value]:
    return MODEL, LOSS, MODEL.layers[0].neurons[1].w[0]


def arrays() -> tuple[Any, Value, Value]:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    return model, model(np.ones((4, 2))).sum(), model[2].weight


@pytest.mark.parametrize("made", [text_003, text_000, lists, arrays])
def test_parameters_are_called_by_their_paths(made: Callable[[], tuple[Any, Value, Value]]) -> None:
    model, loss, w = made()
    path = {p: path for path, p in model.named_parameters()}[w]
    loss.backward()
    assert path.count(".") >= 1
    told = why_grad(w, loss, model=model)
    assert told.head.startswith((f"{path}.grad is ", f"({path}).grad is "))
    assert path in str(explain(loss, w, model=model))
    reasons = [reason for _, reason in topological_order(loss, model=model)]
    assert f"{path}: waits for nothing, as no op made it" in reasons
    assert all(any(path in reason for reason in reasons) for path, _ in model.named_parameters())


def test_a_label_of_the_user_s_stands_before_the_path() -> None:
    model = nn.Linear(2, 1)
    model.weight.label = "mine"
    z = model(np.ones((3, 2))).sum()
    assert str(topological_order(z, model=model)).startswith("mine: waits")


def test_the_end_of_a_long_path_is_kept() -> None:
    model = nn.Sequential(nn.Sequential(nn.Sequential(nn.Sequential(MLP(1, [1])))))
    z = model[0][0][0][0].layers[0].neurons[0].w[0] * 2.0
    assert str(topological_order(z, model=model)).startswith("0.0.0.0.layers.0.neurons.0.w.0: waits")
    model = nn.Sequential(nn.Sequential(model))
    z = model[0][0][0][0][0][0].layers[0].neurons[0].w[0] * 2.0
    assert str(topological_order(z, model=model)).startswith("...0.0.0.layers.0.neurons.0.w.0: waits")


def test_a_layer_that_is_not_used() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 5))
    loss = model[0](np.ones((4, 2))).sum()
    loss.label = "loss"
    loss.backward()
    told = why_grad(model[1].weight, loss, model=model)  # of the shape and the label of the other
    assert told.name == "not-made-from"
    assert told.head == "(1.weight).grad is 0 in all of (2, 2), because loss was not made from it."
    assert why_grad(model[2].weight, loss).name == "not-made-from"  # of its label alone
    assert why_grad(model[1].weight, loss).name == "other-leaf"
