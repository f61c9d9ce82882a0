"""A program run by the ops themselves, and compared with the model: nothing is written
that gives other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ExportError
from micrograd.exporting.inputs import as_given
from micrograd.exporting.program import Input, Name, Program, at
from micrograd.modes import no_grad
from micrograd.node import Node, data_of
from micrograd.trees import leaves_of, like

OTHER = 3  # how many more examples the second batch has
CLOSE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2}  # of the largest number


def check(asked: str, model: Callable[..., Any], program: Program, arguments: Any, wanted: Any) -> None:
    """Compare the program with the model, on the example and on other numbers in
    another batch.

    Raises:
        ExportError: they differ.
    """
    close = max([CLOSE.get(str(dtype), 0.0) for _, dtype in program.kinds().values()], default=0.0)
    _compare(asked, run(program, leaves_of(arguments)), wanted, close, "of the example")
    others = [_other(x, leaf) for x, leaf in zip(program.inputs, leaves_of(arguments), strict=True)]
    with no_grad(), np.errstate(all="ignore"):
        wanted = model(*like(arguments, map(as_given, others)))
    _compare(asked, run(program, others), wanted, close, "of other numbers")


def run(program: Program, inputs: Sequence[Any]) -> list[Any]:
    """The results of a program."""
    values: dict[str, Any] = {x.name: given for x, given in zip(program.inputs, inputs, strict=True)}
    n = next((given.shape[x.axis] for x, given in zip(program.inputs, inputs, strict=True) if x.axis is not None), 0)
    values |= {name: constant.data for name, constant in program.constants.items()}
    with no_grad(), np.errstate(all="ignore"):
        for step in program.steps:
            given = [values[x] if isinstance(x, Name) else at(x, n) for x in step.inputs]
            values[step.name] = step.op(*given, **{name: at(x, n) for name, x in step.params.items()})
    return [values[x] if isinstance(x, Name) else x for x in program.results]


def _other(x: Input, leaf: Any) -> Any:
    """Other numbers of the same kind, in a batch of another size."""
    places = np.arange(leaf.size if x.axis is None else leaf.shape[x.axis] + OTHER)
    if x.axis is None:
        mixed = leaf.reshape(-1)[::-1].reshape(leaf.shape)
    else:
        mixed = np.take(leaf, (places + 1) % leaf.shape[x.axis], axis=x.axis)
    if x.dtype.kind != "f":
        return mixed
    scale = np.abs(leaf[np.isfinite(leaf)]).max(initial=0.0) or 1.0
    return mixed + (0.5 * scale * np.sin(1.0 + np.arange(mixed.size))).reshape(mixed.shape).astype(x.dtype)


def _compare(asked: str, given: list[Any], wanted: Any, near: float, which: str) -> None:
    for ours, theirs in zip(given, leaves_of(wanted), strict=True):
        theirs = np.asarray(data_of(theirs) if isinstance(theirs, Node) else theirs)
        ours = np.asarray(ours)
        close = near if theirs.dtype.kind == "f" else 0.0  # a float64 that was made of a float32 is as rough
        finite = theirs[np.isfinite(theirs)]
        scale = float(np.abs(finite).max(initial=1.0)) if finite.size and theirs.dtype.kind == "f" else 1.0
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, rtol=close, atol=close * scale, equal_nan=True):
            raise ExportError(
                f"{asked}: the ops that the model applied give other numbers than the model, {which}: it branches on\n"
                f"numbers, or reads some that the export does not follow; write it in ops, as with np.where"
            )
