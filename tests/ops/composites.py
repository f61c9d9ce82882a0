"""What every function composed of ops is held to, on rows of samples: the same as an op
of the table.

A row is a `Sample` whose function is found by name in micrograd.ops, or given as `f`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value, gradcheck, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, MicrogradError
from micrograd.transforms import grad, jvp, vmap
from micrograd.trees import leaves_of
from tests.samples.sample import Sample


@dataclass(frozen=True)
class Row(Sample):
    """A sample of a function that is no op; f where its name alone does not call it."""

    f: Callable[..., Any] | None = None

    __str__ = Sample.__str__

    def __call__(self, *inputs: Any) -> Any:
        return (self.f or getattr(ops, self.op))(*inputs, **self.params)


def forward_is_numpys(row: Row) -> None:
    wanted = row.numpy(*row.inputs, **row.params)
    for z in (row(*row.inputs), row(*map(Value, row.inputs)).data):
        np.testing.assert_allclose(z, wanted, rtol=1e-13, atol=1e-15)
        assert np.shape(z) == np.shape(wanted)


def gradients_are_right(row: Row) -> None:
    """Both modes against finite differences and against each other, in first and second
    order.
    """
    assert gradcheck(lambda *xs: row(*xs) * 1.0, row.inputs)  # times 1: a node, where the function gives x itself


def shapes_are_enough(row: Row) -> None:
    z = row(*(Abstract(np.shape(x)) for x in row.inputs))
    assert (z.shape, z.dtype) == (np.shape(row(*row.inputs)), np.float64)


def float32_stays(row: Row) -> None:
    arrays = [np.asarray(x, np.float32) for x in row.inputs]
    values = [Value(x) for x in arrays]
    z = row(*values)
    z.backward()
    _, t = jvp(row, arrays, [np.ones_like(x) for x in arrays])
    assert {z.dtype, t.dtype, *(x.grad.dtype for x in values)} == {np.dtype(np.float32)}


TOLERANCES = {np.float64: 1e-10, np.float32: 1e-5}


def agrees_with_torch(row: Row, theirs: Callable[..., Any], tolerances: dict[Any, float] = TOLERANCES) -> None:
    """Forward and gradient, in each dtype, against theirs(torch, *tensors,
    **params).
    """
    import torch

    for dtype, rtol in tolerances.items():
        ours = [Value(np.asarray(x, dtype)) for x in row.inputs]
        tensors = [torch.tensor(np.asarray(x, dtype), requires_grad=True) for x in row.inputs]
        z, t = row(*ours), theirs(torch, *tensors, **row.params)
        np.testing.assert_allclose(z.data, t.detach().numpy(), rtol=rtol, atol=rtol * 1e-1)
        cotangent = np.random.default_rng(1).uniform(0.5, 1.5, z.shape).astype(dtype)
        z.backward(cotangent)
        t.backward(torch.tensor(cotangent))
        for mine, other in zip(ours, tensors, strict=True):
            np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=rtol, atol=rtol)


def agrees_on_dask(row: Row) -> None:
    """Forward and gradient on lazy arrays, cut into chunks along the first axis,
    against NumPy's.
    """
    lazy = pytest.importorskip("dask.array")
    plain = [Value(x) for x in row.inputs]
    cut = [Value(lazy.from_array(x, chunks=(1,) + np.shape(x)[1:]) if np.ndim(x) else x) for x in row.inputs]
    z, t = row(*plain), row(*cut)
    assert hasattr(t.data, "compute")
    cotangent = np.random.default_rng(1).uniform(0.5, 1.5, z.shape)
    z.backward(cotangent)
    t.backward(lazy.from_array(cotangent))
    np.testing.assert_allclose(t.data.compute(), z.data, rtol=1e-12)
    for x, y in zip(plain, cut, strict=True):
        assert np.ndim(y.data) == 0 or hasattr(y.grad, "compute")
        np.testing.assert_allclose(np.asarray(y.grad), x.grad, rtol=1e-12, atol=1e-15)


def vmap_is_a_loop(row: Row) -> None:
    """Forward and gradients for two examples at once, where all inputs differ, and
    where only the first one does.
    """
    if row.op == "dropout":  # both would get the same mask
        with pytest.raises(ArgumentError, match=r"^dropout: inside vmap all examples would get the same mask"):
            vmap(row)(*[np.stack([x, x]) for x in row.inputs])
        return
    rows = [[x * factor for x in row.inputs] for factor in (1.0, 0.97)]
    weights = np.cos(np.arange(float(np.size(row(*row.inputs))))).reshape(np.shape(row(*row.inputs)))
    gradient = grad(lambda *xs: ops.sum(row(*xs) * weights), range(len(row.inputs)))
    for count in {1, len(row.inputs)}:
        calls = [[*each[:count], *row.inputs[count:]] for each in rows]
        given = [np.stack(column) for column in zip(*rows, strict=True)][:count]
        axes = tuple(0 if i < count else None for i in range(len(row.inputs)))
        _equal(vmap(row, axes)(*given, *row.inputs[count:]), [row(*each) for each in calls])
        found, wanted = vmap(gradient, axes)(*given, *row.inputs[count:]), [gradient(*each) for each in calls]
        for g, each in zip(found, zip(*wanted, strict=True), strict=True):
            _equal(g, each)


def _equal(z: Any, rows: Iterable[Any]) -> None:
    wanted = np.stack([np.asarray(x) for x in rows])
    scale = max(1.0, float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0)))
    np.testing.assert_allclose(z, wanted, rtol=1e-12, atol=1e-13 * scale)


CHECKS = [forward_is_numpys, gradients_are_right, shapes_are_enough, float32_stays, vmap_is_a_loop]


def assert_alone(error: BaseException) -> None:
    """The error is the only one that a reader sees: none before it, and no frames of
    NumPy in it.
    """
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    files = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    assert not [file for file in files if Path(np.__file__).parent in file.parents]


def joined(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, which returns a tree of arrays, as a function to one number: their sums, each
    times another number.
    """
    return lambda *xs: sum(ops.sum(z) * (i + 1.0) for i, z in enumerate(leaves_of(f(*xs))))


def refused(f: Callable[[], Any], error: type[MicrogradError], state: Callable[[], Any]) -> str:
    """The text of exactly this error, which f raises and after which the state is as it
    was.
    """
    before = state()
    with pytest.raises(error) as caught:
        f()
    assert type(caught.value) is error
    assert_alone(caught.value)
    assert state() == before
    assert len(str(caught.value).splitlines()) <= 3
    return str(caught.value)


def refusal(program: str, error: type[MicrogradError], names: dict[str, Any], state: Callable[[], Any]) -> str:
    """The text of exactly this error, which the program raises and after which the
    state is as it was.
    """
    return refused(lambda: exec(program, {"np": np, "ops": ops, "Value": Value, **names}), error, state)


def complaint(f: Callable[[], Any], error: type[MicrogradError], values: Iterable[Any]) -> str:
    """The text of exactly this error, which f raises and after which the values are as
    they were.
    """
    return refused(f, error, lambda: [(repr(v), repr(getattr(v, "grad", None))) for v in values])


def said(program: str, error: type[MicrogradError]) -> str:
    """The text of a refusal of the things below."""
    things = {
        "w": Value(np.arange(6.0).reshape(2, 3), label="w"),
        "b": Value([1.0, 2.0], label="b"),
        "n": Value(2, label="n"),
        "e": Value(np.zeros((0, 3)), label="e"),
        "raw": np.arange(6.0).reshape(2, 3),
    }
    return refusal(program, error, things, lambda: repr(things))


def gradient_of(f: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of f at x, in reverse mode."""
    value = Value(x)
    f(value).backward()
    return value.grad
