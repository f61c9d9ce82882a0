"""Wrong programs, one a function.

`# red` says that a checker must refuse the line, with the code that mypy gives.
"""

from __future__ import annotations

import micrograd
import micrograd.numpy as mnp
from micrograd import Value, ops
from micrograd.nn import MLP
from micrograd.op import Array, elementwise
from micrograd.transforms import grad


@elementwise("fourfold", lambda z, x: 4.0)
def fourfold(x: Array) -> Array:
    """4 x."""
    return 4.0 * x


def energy(x: float, k: float = 1.0) -> float:
    return 0.5 * k * x * x


def too_many_inputs(a: Value) -> None:
    ops.tanh(a, 3)  # red: call-overload


def unknown_param(a: Value) -> None:
    ops.tanh(a, colour=4)  # red: call-overload


def too_few_inputs(a: Value) -> None:
    ops.add(a)  # red: call-overload


def misspelt_param(a: Value) -> None:
    ops.sum(a, axes=0)  # red: call-overload


def misspelt_method(a: Value) -> None:
    a.backwards()  # red: attr-defined


def text_for_a_number(a: Value) -> None:
    a + "2"  # red: operator


def assigned_shape(a: Value) -> None:
    a.shape = (2, 2)  # red: misc


def data_for_a_value(a: Value) -> None:
    a.data.backward()  # red: union-attr


def own_op_with_too_many_inputs(a: Value) -> None:
    fourfold(a, a)  # red: call-arg


def argument_of_another_type(a: Value) -> None:
    grad(energy)("3")  # red: arg-type


def argument_too_many(a: Value) -> None:
    grad(energy)(3.0, 1.0, 2.0)  # red: call-arg


def gradient_of_a_number(a: Value) -> None:
    grad(3.0)  # red: call-overload


def name_that_is_not_there(a: Value) -> None:
    micrograd.gradient(energy)  # red: attr-defined


def size_as_text(a: Value) -> None:
    MLP("2", [3, 1])  # red: arg-type


def option_that_numpy_lacks(a: Value) -> None:
    mnp.mean(a, axes=0)  # red: arg-type
