"""Gradients against PyTorch's on PyTorch's own sample inputs (OpInfo), for the
functions that both have.

Every gradient that comes out here is right. A sample that is refused counts as neither:
the errors are ours and named.
"""

from __future__ import annotations

import functools
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import MicrogradError
from tests.peers.opinfo import FUNCTIONS, UnmappedError

pytestmark = pytest.mark.peer


@functools.cache
def infos() -> dict[str, list[Any]]:
    """The OpInfos of each name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own tests import deprecated parts of it
        from torch.testing._internal.common_methods_invocations import op_db
    found: dict[str, list[Any]] = {}
    for info in op_db:
        found.setdefault(info.name, []).append(info)
    return found


def as_ours(x: Any, values: list[tuple[Value, Any]]) -> Any:
    """A sample's argument with Values for tensors that are differentiated, noted in the
    list, and arrays for others.
    """
    import torch

    if isinstance(x, torch.Tensor):
        if x.requires_grad:
            value = Value(x.detach().numpy().copy()) if x.ndim else Value(float(x))
            values.append((value, x))
            return value
        return x.numpy().copy()
    if isinstance(x, (list, tuple)):
        return type(x)(as_ours(part, values) for part in x) if type(x) in (list, tuple) else tuple(x)
    if isinstance(x, dict):
        return {name: as_ours(part, values) for name, part in x.items()}
    return x


def in_double(x: Any) -> Any:
    """A sample's argument, with its float32 tensors (weights of cov) in float64:
    PyTorch would round by them.
    """
    import torch

    if isinstance(x, torch.Tensor):
        return x.detach().double().requires_grad_(x.requires_grad) if x.dtype == torch.float32 else x
    if isinstance(x, dict):
        return {name: in_double(part) for name, part in x.items()}
    return type(x)(in_double(part) for part in x) if type(x) in (list, tuple) else x


def flat(x: Any) -> list[Any]:
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, (list, tuple)) else [x]


def gradients_of(info: Any, sample: Any) -> int:
    """How many gradients of this sample were compared, and were right."""
    import torch

    values: list[tuple[Value, Any]] = []
    given, named = in_double((sample.input, *sample.args)), in_double(dict(sample.kwargs))
    args, options = as_ours(given, values), as_ours(named, values)
    if not values:
        return 0
    mine = flat(FUNCTIONS[info.name](*args, **options))
    theirs = [t for t in flat(info(*given, **named)) if isinstance(t, torch.Tensor)]
    theirs = [t for t in theirs if t.dtype == torch.float64]
    if any(z is UnmappedError for z in mine):
        raise UnmappedError(info.name)
    mine = [z for z in mine if isinstance(z, Value) or np.asarray(z).dtype == float]
    assert len(mine) >= len([t for t in theirs if t.requires_grad])
    generator = np.random.default_rng(0)
    total: Any = 0.0
    outs, cotangents = [], []
    for z, t in zip(mine, theirs, strict=False):
        np.testing.assert_allclose(z.data if isinstance(z, Value) else z, t.detach().numpy(), rtol=1e-8, atol=1e-10)
        if t.requires_grad and isinstance(z, Value):
            g = generator.uniform(0.5, 1.5, t.shape)
            total = total + np.sum(z * g)
            outs.append(t)
            cotangents.append(torch.tensor(g))
    if not outs:
        return 0
    wanted = torch.autograd.grad(outs, [x for _, x in values], cotangents, allow_unused=True)
    total.backward()
    for (value, _), g in zip(values, wanted, strict=True):
        np.testing.assert_allclose(value.grad, 0.0 if g is None else g.numpy(force=True), rtol=1e-7, atol=1e-9)
    return len(values)


@functools.cache
def outcome(name: str) -> tuple[Counter[str], list[str]]:
    """How many gradients were right and how many samples refused; and what was
    wrong.
    """
    import torch

    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for info in infos()[name]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(0)
            for sample in info.sample_inputs("cpu", torch.float64, requires_grad=True):
                try:
                    counted["right"] += gradients_of(info, sample)
                except (MicrogradError, UnmappedError, NotImplementedError) as error:
                    counted["refused"] += 1
                    counted[f"{type(error).__name__}: {error}"] += 1
                except Exception as error:
                    if isinstance(error, RuntimeError) and "is not implemented" in str(error):  # by PyTorch
                        counted["refused"] += 1
                        continue
                    wrong.append(f"{sample.summary()}\n{type(error).__name__}: {error}"[:2000])
    return counted, wrong


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_on_pytorchs_samples(name: str) -> None:
    counted, wrong = outcome(name)
    assert wrong == [], f"{len(wrong)} wrong; {counted}"


def test_enough_was_compared() -> None:
    total = sum((outcome(name)[0] for name in FUNCTIONS), Counter())
    assert total["right"] > 2600
    assert total["refused"] < total["right"] / 10
