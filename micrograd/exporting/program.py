"""A model as a list of ops on arrays: what the printers of all formats read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from micrograd.errors import ExportError
from micrograd.op import Op


class Size(NamedTuple):
    """A whole number that follows the size n of the batch: times n + plus."""

    times: int
    plus: int

    def at(self, n: int) -> int:
        """The number for a batch of this size."""
        return self.times * n + self.plus

    def __str__(self) -> str:
        product = "n" if self.times == 1 else f"{self.times} * n"
        if not self.plus:
            return product
        return f"{product} + {self.plus}" if self.plus > 0 else f"{product} - {-self.plus}"


Shape = tuple[Any, ...]  # of ints and Sizes


class Name(str):
    """An input, a constant or an earlier result, by its name; what else stands among
    the inputs of a step is a plain number.
    """


class Input(NamedTuple):
    """What the model is given.

    Attributes:
        name: the argument of `predict`.
        shape: sizes; a Size where it follows the batch.
        dtype: to which it is converted.
        axis: the axis that is the batch; None for none.
    """

    name: str
    shape: Shape
    dtype: Any
    axis: int | None


class Larger:
    """What stands in the place of several ops; it is called like a record.

    Args:
        name: of the step.
        forward: computes it, on arrays.
    """

    def __init__(self, name: str, forward: Callable[..., Any]) -> None:
        self.name = name
        self.forward = forward

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        return self.forward(*inputs, **params)


class Constant(NamedTuple):
    """A number or an array that the file holds.

    Attributes:
        name: a path, such as "0.weight".
        data: a Python number or an array.
        about: how it was computed from parameters; "" for a parameter itself.
    """

    name: str
    data: Any
    about: str


class Spread(NamedTuple):
    """A constant that is repeated along the batch.

    Attributes:
        data: with length 1 along the axes whose size follows the batch.
        shape: of the whole.
    """

    data: Any
    shape: Shape


@dataclass
class Step:
    """One op.

    Attributes:
        name: of the result.
        op: the record.
        inputs: names, plain numbers, and Sizes that are computed with.
        params: the keyword arguments, with Sizes where they follow the batch.
        shape: of the result.
        dtype: of the result.
        module: path of the module that applied it, and the module; ("", None) outside.
    """

    name: Name
    op: Op | Larger
    inputs: list[Any]
    params: dict[str, Any]
    shape: Shape
    dtype: Any
    module: tuple[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """All keyword arguments, with the defaults of those that were not given."""
        parameters = inspect.signature(self.op.forward).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY} | self.params


@dataclass
class Program:
    """The whole of a model.

    Attributes:
        title: what the model is called.
        inputs: what it is given.
        constants: by name.
        steps: in order.
        results: names and plain numbers.
        tree: their structure, with the places of results in it.
    """

    title: str
    inputs: list[Input]
    constants: dict[str, Constant]
    steps: list[Step]
    results: list[Any]
    tree: Any

    def kinds(self) -> dict[str, tuple[Shape, Any]]:
        """Shape and dtype of all that has a name."""
        found: dict[str, tuple[Shape, Any]] = {x.name: (x.shape, x.dtype) for x in self.inputs}
        found |= {
            x.name: (getattr(x.data, "shape", ()), getattr(x.data, "dtype", None)) for x in self.constants.values()
        }
        return found | {step.name: (step.shape, step.dtype) for step in self.steps}

    @property
    def nbytes(self) -> int:
        """How many bytes the constants take."""
        return sum(getattr(constant.data, "nbytes", 8) for constant in self.constants.values())


def no_such_op(asked: str, step: Step, form: str) -> ExportError:
    """The error where a format has no words for an op."""
    path, module = step.module
    where = f" of {path or 'the model'} ({type(module).__name__})" if module is not None else ""
    return ExportError(
        f"{asked}: the op {step.op.name}{where} is not one of those that are written in {form};\n"
        f"compute it outside of the model, or write it in other ops"
    )


def at(x: Any, n: int) -> Any:
    """A shape or a param for a batch of n."""
    if isinstance(x, Size):
        return x.at(n)
    if isinstance(x, (tuple, list)):
        return type(x)([at(e, n) for e in x])
    return slice(at(x.start, n), at(x.stop, n), at(x.step, n)) if isinstance(x, slice) else x
