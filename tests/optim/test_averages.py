"""Averages of parameters: EMA and SWA."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value, nn, optim
from micrograd.errors import ArgumentError, DataError, StateError


def parameters(dtype: Any = np.float64) -> list[Value]:
    return [Value(1.0), Value(np.arange(3, dtype=dtype)), Value(np.float32(2.0))]


def move(p: list[Value], by: float) -> None:
    for v in p:
        v.data = v.data + type(v.data)(by) if not v.shape else v.data + v.data.dtype.type(by)


@pytest.mark.parametrize("kind", ["EMA", "SWA"])
def test_the_formula(kind: str) -> None:
    p = parameters()
    average = optim.EMA(p, 0.75) if kind == "EMA" else optim.SWA(p)
    for by in (0.0, 1.0, 2.0):  # the parameters are x, x + 1, x + 3
        move(p, by)
        average.update()
    shift = 0.75 * 0.25 * 1.0 + 0.25 * 3.0 if kind == "EMA" else (0.0 + 1.0 + 3.0) / 3
    assert average.averages[0] == pytest.approx(1.0 + shift)
    np.testing.assert_allclose(average.averages[1], np.arange(3) + shift)
    assert average.n_averaged == 3


@pytest.mark.parametrize("make", [optim.EMA, optim.SWA], ids=["EMA", "SWA"])
def test_swapped_and_back(make: Any) -> None:
    p = parameters(np.float32)
    average = make(p)
    array = p[1].data
    before = [np.copy(v.data) for v in p]
    average.update()
    for v in p:
        if v.shape:
            v.data += np.float32(5.0)
        else:
            v.data = type(v.data)(v.data + 5.0)
    with pytest.raises(ZeroDivisionError), average.swapped():
        for v, x in zip(p, before, strict=True):
            np.testing.assert_array_equal(v.data, x)
        1 / 0  # noqa: B018
    for v, x in zip(p, before, strict=True):
        np.testing.assert_array_equal(v.data, x + 5.0)
    assert p[1].data is array and array.dtype == np.float32
    assert type(p[2].data) is np.float32


def test_a_module_and_a_copy_of_it() -> None:
    model = nn.Sequential(nn.Neuron(2), nn.Neuron(1))
    other = model.copy()
    for v in other.parameters():
        v.data = v.data + 1.0
    average = optim.SWA(model)
    average.update()
    average.copy_to(other)
    assert [v.data for v in other.parameters()] == [v.data for v in model.parameters()]


@pytest.mark.parametrize("make", [optim.EMA, optim.SWA], ids=["EMA", "SWA"])
def test_a_state_goes_on_to_the_same_bits(make: Any) -> None:
    p = parameters(np.float32)
    average = make(p)
    average.update()
    state = average.state_dict()
    other = make(p)
    other.load_state_dict(state)
    move(p, 0.3)
    average.update()
    other.update()
    for mine, wanted in zip(other.averages, average.averages, strict=True):
        assert np.asarray(mine).tobytes() == np.asarray(wanted).tobytes()
        assert np.asarray(mine).dtype == np.asarray(wanted).dtype


EMA_OF_TWO = {"n_averaged": 1, "averages": [np.ones(2), 1.0]}


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: optim.EMA([], 0.9), ArgumentError, "EMA: there are no parameters; give a module that has some"),
        (lambda: optim.EMA([Value(1.0)], 1.5), ArgumentError, "EMA: decay is 1.5; give a number from 0 to 1"),
        (lambda: optim.SWA(3), DataError, "SWA: int is not a model; give a module, or a list of Values"),
        (lambda: optim.SWA([3]), DataError, "SWA: int is not a Value; give a module, or a list of Values"),
        (
            lambda: optim.SWA([Value(1.0)]).copy_to([Value(np.ones(2))]),
            ArgumentError,
            "SWA: the average is of parameters of other shapes; give a model like the averaged",
        ),
        (
            lambda: optim.SWA([Value(1.0)]).load_state_dict({"step": 1}),
            StateError,
            "SWA: this is not a state of an average; give what state_dict() gave",
        ),
        (
            lambda: optim.SWA([Value(1.0)]).load_state_dict(EMA_OF_TWO),
            StateError,
            "SWA: the state has 2 averages for 1 parameters",
        ),
        (
            lambda: optim.SWA([Value(1.0), Value(np.ones(3))]).load_state_dict(EMA_OF_TWO),
            StateError,
            "SWA: the state does not fit: parameter 0 has shape (2,), not (); parameter 1 has shape (), not (3,)",
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_is_refused(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_a_parameter_with_another_shape() -> None:
    v = Value(np.ones(2))
    average = optim.SWA([v])
    v.data = np.ones(3)
    with pytest.raises(StateError) as caught:
        average.update()
    assert str(caught.value) == "SWA: parameter 0 had shape (2,), and has (3,) now; make a new average"
