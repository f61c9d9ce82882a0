"""The inputs of a model, as an example shows them: names, shapes, the batch."""

from __future__ import annotations

import functools
import inspect
import keyword
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError
from micrograd.exporting import numpy_helpers
from micrograd.exporting.program import Input
from micrograd.node import Node, data_of
from micrograd.trees import leaves_of, mapped

BATCH = "give batch_axis=None for a fixed shape, or the axis of x that is the batch"
Batch = int | None | Sequence[int | None]
WORDS = (  # of JavaScript, which cannot be names
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof var void while with yield "
    "undefined Array Boolean Float64Array Infinity Math NaN Number RangeError ValueError"
).split()


@functools.cache
def taken() -> set[str]:
    """Names that an exported file uses, so that no input may have them."""
    source = files("micrograd.exporting").joinpath("runtime.js").read_text(encoding="utf-8")
    functions = re.findall(r"^function (\w+)", source, re.MULTILINE)
    own = ["n", "y", "P", "np", "input", "isFlat", "out", "predict"]
    return {*WORDS, *keyword.kwlist, *functions, *vars(numpy_helpers), *own}


def arguments_of(asked: str, example: Any) -> tuple[Any, ...]:
    """The arguments of the model, with arrays as leaves.

    Raises:
        DataError: one is not made of numbers.
    """
    return tuple(_arrays(asked, x) for x in (example if isinstance(example, tuple) else (example,)))


def as_given(x: Any) -> Any:
    """An array as a model takes it: a Value, but for whole numbers and truths."""
    return Value(x) if x.dtype.kind == "f" else x


def _arrays(asked: str, x: Any) -> Any:
    """The leaves of an argument as arrays of floats, whole numbers or booleans."""
    if isinstance(x, list):
        x = np.array(x) if not any(isinstance(e, Node) for e in x) else x
    return mapped(lambda leaf: _array(asked, leaf), x)


def _array(asked: str, x: Any) -> Any:
    array = np.asarray(data_of(x) if isinstance(x, Node) else x)
    if array.dtype.kind not in "fiub":
        raise DataError(f"{asked}: the example holds {array.dtype}; give arrays of numbers, as the model takes them")
    return array


def inputs_for(asked: str, model: Any, arguments: tuple[Any, ...], batch_axis: Batch) -> list[Input]:
    """The inputs of the program, with the shapes of the example.

    Raises:
        ArgumentError: batch_axis is not an axis, or the batches differ in size.
        DataError: there are no arrays.
    """
    leaves = leaves_of(arguments)
    if not leaves:
        raise DataError(f"{asked}: the example holds no array; give what the model takes, or a tuple of several")
    axes = [batch_axis] * len(leaves) if batch_axis is None or isinstance(batch_axis, int) else list(batch_axis)
    if len(axes) != len(leaves):
        raise ArgumentError(f"{asked}: batch_axis={batch_axis!r} for {len(leaves)} inputs; give one axis for each")
    found = []
    for name, x, axis in zip(_names_of_inputs(model, arguments), leaves, axes, strict=True):
        if axis is not None and not (isinstance(axis, int) and -x.ndim <= axis < x.ndim):
            raise ArgumentError(f"{asked}: batch_axis={axis!r} is not an axis of {name} {x.shape}; {BATCH}")
        axis = None if axis is None else axis % x.ndim
        if axis is not None and not x.shape[axis]:
            raise ArgumentError(f"{asked}: {name} {x.shape} is an empty batch; give one with an example in it")
        found.append(Input(name, x.shape, x.dtype, axis))
    sizes = {x.shape[x.axis]: x for x in found if x.axis is not None}
    if len(sizes) > 1:
        given = " and ".join(f"{x.name} {x.shape}" for x in sizes.values())
        raise ArgumentError(f"{asked}: {given} hold batches of different sizes along axis {batch_axis}; {BATCH}")
    return found


def _names_of_inputs(model: Any, arguments: tuple[Any, ...]) -> list[str]:
    """What the inputs are called: x, or as the model calls several."""
    if len(leaves_of(arguments)) == 1:
        return ["x"]
    named: list[str] = []
    try:
        signature = inspect.signature(type(model).forward if hasattr(model, "forward") else model)
        given = [
            p.name for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        given = [name for name in given if name != "self"]
    except (TypeError, ValueError):
        given = []
    for i, argument in enumerate(arguments):
        name = given[i] if i < len(given) and not keyword.iskeyword(given[i]) else f"x{i + 1}"
        name = f"x{i + 1}" if name in taken() or re.fullmatch(r"v\d+", name) else name  # a step is v7
        leaves = leaves_of(argument)
        named += [name] if argument is leaves[0] else [f"{name}_{k}" for k in range(len(leaves))]
    return named if len(set(named)) == len(named) else [f"x{i + 1}" for i in range(len(named))]
