"""Exactness: whether two ways to run a program give the same numbers, bit for bit.

The order in which a gradient is added up is eager's where the program is regular
enough. This is tried when a function is compiled with `exact=True`: on the numbers of
the first call and on others near them, where a different order would show in the last
digits. Where they differ, the program runs on the tape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.quiet import quietly

GIVEN = re.compile(r"theta|before|state\d+|before\d+|arg\d+")
ANSWERS = re.compile(r"outputs|written\d*|grads\d*")
GRADIENTS = re.compile(r"d_theta|d_state\d+")  # the answers of backward(); a whole step has it inside
TRIALS = 12
APART = (0.01, 0.3)  # how far the numbers of a trial are from the first, in turns


def agree(
    one: Any,
    other: Any,
    numbers: Mapping[str, Any],
    orders: Mapping[str, Sequence[int]] | None = None,
    is_step: bool = False,
) -> bool:
    """Whether two runners give equal results and gradients.

    Args:
        one: a runner, such as `CRunner`.
        other: another one of the same program.
        numbers: by the name of the buffer, what a call gives to the program.
        orders: for buffers whose elements stand elsewhere in the other runner, where
            each is found there.
        is_step: whether the way back is a part of the program.
    """
    generator = np.random.default_rng(12)
    orders = orders or {}
    for trial in range(TRIALS):
        spaces = [one.workspace(), other.workspace()]
        for name, given in numbers.items():
            if GIVEN.fullmatch(name):
                by = APART[trial % len(APART)] if trial else 0.0
                near = given * (1.0 + by * generator.normal(size=given.shape))
                _fill(spaces, name, near, orders.get(name))
        if "d_outputs" in spaces[1].arrays:
            _fill(spaces, "d_outputs", generator.normal(size=spaces[1].arrays["d_outputs"].shape), None)
        for runner, space in zip((one, other), spaces, strict=True):
            with quietly():  # not all numbers are in the domain of all functions
                runner.forward(space)
                runner.backward(space)
        first, second = (space.arrays for space in spaces)
        names = [name for name in first if name in second and _is_answer(name, is_step)]
        if not all(_are_equal(first[name], second[name], orders.get(name)) for name in names):
            return False
    return True


def _is_answer(name: str, is_step: bool) -> bool:
    return bool(ANSWERS.fullmatch(name) or (not is_step and GRADIENTS.fullmatch(name)))


def _fill(spaces: list[Any], name: str, numbers: Any, order: Sequence[int] | None) -> None:
    one, other = (space.arrays.get(name) for space in spaces)
    if one is not None:
        one[: len(numbers)] = numbers
    if other is not None:
        other[slice(len(numbers)) if order is None else list(order)] = numbers


def _are_equal(x: Any, y: Any, order: Sequence[int] | None) -> bool:
    """Whether the numbers of y, in this order, are those with which x begins."""
    y = y if order is None else y[list(order)]
    x = x[: len(y)]
    return bool(((x == y) | ((x != x) & (y != y))).all())
