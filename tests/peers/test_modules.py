"""Modules against PyTorch's, on the sample inputs of PyTorch's own database of modules:
outputs, and the gradients of inputs and parameters, with PyTorch's numbers loaded.

Every number that comes out is right. A sample that is refused is listed in REFUSED of
modules.py, with the words of the error and the reason.
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
from tests.peers.modules import MISSING, MODULES, REFUSED

pytestmark = pytest.mark.peer


@functools.cache
def infos() -> dict[str, Any]:
    """The records of PyTorch's database, by the name of the class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own tests import deprecated parts of it
        from torch.testing._internal.common_modules import module_db
    return {info.module_cls.__name__: info for info in module_db}


def samples(info: Any, training: bool) -> list[Any]:
    import torch

    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(info.module_inputs_func(info, "cpu", torch.float64, requires_grad=True, training=training))


def as_ours(x: Any, values: list[tuple[Value, Any]]) -> Any:
    """An argument with Values for tensors that are differentiated, noted in the list,
    and arrays for others.
    """
    import torch

    if isinstance(x, torch.Tensor):
        if not x.requires_grad:
            return x.numpy().copy()
        values.append((Value(x.detach().numpy().copy()), x))
        return values[-1][0]
    if type(x) in (list, tuple):
        return type(x)(as_ours(part, values) for part in x)
    if isinstance(x, dict):
        return {name: as_ours(part, values) for name, part in x.items()}
    return x


def flat(x: Any) -> list[Any]:
    """The outputs that are not None."""
    if isinstance(x, (list, tuple)):
        return [leaf for part in x for leaf in flat(part)]
    return [] if x is None else [x]


def stirred(theirs: Any) -> dict[str, Any]:
    """The state of PyTorch's module, after its numbers were moved: those that are all 0
    or all 1 would hide an error.
    """
    import torch

    with torch.no_grad():
        for x in (*theirs.parameters(), *theirs.buffers()):
            if x.is_floating_point():
                x += 0.5 * torch.rand_like(x)
    return {name: x.numpy() for name, x in theirs.state_dict().items()}


def compare(name: str, info: Any, sample: Any, training: bool) -> int:
    """How many gradients of this sample were compared, and were right."""
    import torch

    made, given = sample.constructor_input, sample.forward_input
    theirs = info.module_cls(*made.args, **made.kwargs).to(torch.float64).train(training)
    mine = MODULES[name](*made.args, **made.kwargs).train(training)
    mine.load_state_dict(stirred(theirs))
    values: list[tuple[Value, Any]] = []
    args, options = as_ours(given.args, values), as_ours(given.kwargs, values)

    ours, wanted = flat(mine(*args, **options)), flat(theirs(*given.args, **given.kwargs))
    assert len(ours) == len(wanted)
    generator = np.random.default_rng(0)
    total: Any = 0.0
    outs, cotangents = [], []
    for z, t in zip(ours, wanted, strict=True):
        assert z.shape == tuple(t.shape)
        np.testing.assert_allclose(
            z.data if isinstance(z, Value) else z, t.detach().numpy(), rtol=1e-9, atol=1e-11, err_msg="output"
        )
        if t.requires_grad:
            g = generator.uniform(0.5, 1.5, tuple(t.shape))
            total = total + np.sum(z * g)
            outs.append(t)
            cotangents.append(torch.tensor(g))
    pairs = [(value, x, "input") for value, x in values]
    parameters = dict(mine.named_parameters())
    assert list(parameters) == [key for key, _ in theirs.named_parameters()]
    pairs += [(parameters[key], x, key) for key, x in theirs.named_parameters()]
    if outs and pairs:
        total.backward()
        grads = torch.autograd.grad(outs, [x for _, x, _ in pairs], cotangents, allow_unused=True)
        for (value, _, what), g in zip(pairs, grads, strict=True):
            right = 0.0 if g is None else g.numpy(force=True)
            np.testing.assert_allclose(value.grad, right, rtol=1e-8, atol=1e-10, err_msg=what)
    for key, x in theirs.named_buffers():
        np.testing.assert_allclose(dict(mine.named_buffers())[key], x.numpy(), rtol=1e-12, err_msg=key)
    return len(pairs)


@functools.cache
def outcome(name: str) -> tuple[Counter[str], list[str]]:
    """How many gradients were right, which samples were refused with which words, and
    what was wrong.
    """
    info = infos()[name]
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for training in (True, False):
        for sample in samples(info, training):
            try:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", module="torch")
                    counted["right"] += compare(name, info, sample, training)
                counted["samples"] += 1
            except MicrogradError as error:
                counted[f"refused: {error}"] += 1
            except Exception as error:
                made, given = sample.constructor_input, sample.forward_input
                text = f"{made.args} {made.kwargs} {sample.desc} training={training}"
                shapes = [tuple(getattr(x, "shape", ())) for x in (*given.args, *given.kwargs.values())]
                wrong.append(f"{text} on {shapes}\n{type(error).__name__}: {error}"[:2000])
    return counted, wrong


@pytest.mark.parametrize("name", MODULES)
def test_module_on_pytorchs_samples(name: str) -> None:
    counted, wrong = outcome(name)
    assert wrong == [], f"{len(wrong)} wrong; {counted}"
    refused = {key.removeprefix("refused: ") for key in counted if key.startswith("refused: ")}
    assert refused == set(REFUSED.get(name, {}))
    assert counted["samples"] > 0


def test_every_module_of_pytorch_has_a_row_or_a_reason() -> None:
    assert set(infos()) == set(MODULES) | set(MISSING)
    assert not set(MODULES) & set(MISSING)


def test_enough_was_compared() -> None:
    total = sum((outcome(name)[0] for name in MODULES), Counter())
    assert total["right"] > 700
    assert sum(n for key, n in total.items() if key.startswith("refused")) < total["samples"] / 20
