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

from micrograd import Value, nn, ops
from micrograd.errors import MicrogradError
from tests.peers.modules import EXTRAS, MISSING, MODULES, REFUSED, ROUGH

pytestmark = pytest.mark.peer


@functools.cache
def infos() -> dict[str, Any]:
    """The records of PyTorch's database, by the name of the class."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's own tests import deprecated parts of it
        from torch.testing._internal.common_modules import module_db
    return {info.module_cls.__name__: info for info in module_db}


def samples(name: str, training: bool) -> list[Any]:
    """PyTorch's samples of a module, and ours."""
    import torch
    from torch.testing._internal.common_modules import FunctionInput, ModuleInput

    torch.manual_seed(0)
    found: list[Any] = []
    if info := infos().get(name):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found += info.module_inputs_func(info, "cpu", torch.float64, requires_grad=True, training=training)
    for extra in EXTRAS:
        if extra.name == name:
            inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in extra.shapes]
            made = FunctionInput(*extra.made, **extra.options)
            found.append(ModuleInput(made, FunctionInput(*inputs, **extra.given), "ours"))
    return found


def as_ours(x: Any, values: list[tuple[Value, Any]]) -> Any:
    """An argument with Values for tensors that are differentiated, noted in the list,
    arrays for others, and our functions for PyTorch's.
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
    return getattr(ops, x.__name__) if x in (torch.nn.functional.gelu, torch.nn.functional.relu) else x


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


def compare(name: str, sample: Any, training: bool) -> int:
    """How many gradients of this sample were compared, and were right."""
    import torch

    made, given = sample.constructor_input, sample.forward_input
    theirs = getattr(torch.nn, name)(*made.args, **made.kwargs).to(torch.float64).train(training)
    mine = MODULES[name](*as_ours(made.args, []), **as_ours(made.kwargs, [])).train(training)
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
            rtol, _ = ROUGH.get(name, (1e-8, ""))
            np.testing.assert_allclose(value.grad, right, rtol=rtol, atol=1e-10, err_msg=what)
    for key, x in theirs.named_buffers():
        np.testing.assert_allclose(dict(mine.named_buffers())[key], x.numpy(), rtol=1e-12, err_msg=key)
    return len(pairs)


@functools.cache
def outcome(name: str) -> tuple[Counter[str], list[str]]:
    """How many gradients were right, which samples were refused with which words, and
    what was wrong.
    """
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for training in (True, False):
        for sample in samples(name, training):
            try:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", module="torch")
                    counted["right"] += compare(name, sample, training)
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


@pytest.mark.parametrize(
    ("name", "options"),
    [("LeakyReLU", {"negative_slope": 0.02}), ("LayerNorm", {"eps": 1e-4}), ("BatchNorm1d", {"momentum": 0.2})],
)
def test_the_comparison_rejects(name: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODULES, name, functools.partial(MODULES[name], **options))
    _, wrong = outcome.__wrapped__(name)
    assert wrong


def test_every_module_of_pytorch_has_a_row_or_a_reason() -> None:
    assert set(infos()) <= set(MODULES) | set(MISSING)
    assert set(MISSING) <= set(infos())
    assert not set(MODULES) & set(MISSING)


def test_enough_was_compared() -> None:
    total = sum((outcome(name)[0] for name in MODULES), Counter())
    assert total["right"] > 3500
    assert sum(n for key, n in total.items() if key.startswith("refused")) < total["samples"] / 20


# A network, and first numbers


def test_a_network_of_pytorch_loads_and_trains_alike() -> None:
    import torch

    torch.manual_seed(0)
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 10),
    ).double()
    mine = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10)
    )
    mine.load_state_dict({name: x.numpy() for name, x in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(5, 1, 8, 8))
    for _ in range(3):
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.arange(5)).backward()
        mine.zero_grad()
        z = ops.log_softmax(mine(x))
        (-z[np.arange(5), np.arange(5)].mean()).backward()
        with torch.no_grad():
            for p in theirs.parameters():
                p -= 0.1 * p.grad
        for q in mine.parameters():
            q.data = q.data - 0.1 * q.grad
    state = mine.state_dict()
    assert list(state) == [*dict(theirs.named_parameters()), *dict(theirs.named_buffers())]
    for name, x in theirs.state_dict().items():
        np.testing.assert_allclose(state[name], x.numpy(), rtol=1e-10, atol=1e-12, err_msg=name)
    theirs.load_state_dict({name: torch.tensor(x) for name, x in state.items()})  # and back


FIRST_NUMBERS: dict[str, tuple[Any, ...]] = {
    "Linear": (60, 300),
    "Bilinear": (20, 30, 40),
    "Embedding": (100, 200),
    "Conv1d": (40, 100, 5),
    "Conv2d": (20, 100, 4),
    "Conv3d": (10, 100, 3),
    "ConvTranspose1d": (40, 100, 5),
    "ConvTranspose2d": (20, 100, 4),
    "ConvTranspose3d": (10, 100, 3),
    "PReLU": (5,),
    "BatchNorm1d": (5,),
    "InstanceNorm1d": (5, 1e-5, 0.1, True, True),
    "GroupNorm": (1, 5),
    "LayerNorm": (5,),
    "RMSNorm": (5,),
}


@pytest.mark.parametrize("name", FIRST_NUMBERS)
def test_first_numbers_are_distributed_as_pytorchs(name: str) -> None:
    """Mean, standard deviation and extremes, for many numbers."""
    import torch

    torch.manual_seed(0)
    args = FIRST_NUMBERS[name]
    options = {"rng": np.random.default_rng(0)} if np.prod(args) > 100 else {}
    mine, theirs = MODULES[name](*args, **options), getattr(torch.nn, name)(*args)
    state = mine.state_dict()
    assert list(state) == list(theirs.state_dict())
    for key, x in theirs.state_dict().items():
        wanted, found = x.double().numpy(), state[key]
        assert found.shape == wanted.shape
        spread = wanted.std()
        if not spread:
            np.testing.assert_array_equal(found, wanted, err_msg=key)
            continue
        noise = 6.0 * spread / np.sqrt(found.size)
        np.testing.assert_allclose([found.mean(), found.std()], [wanted.mean(), spread], atol=noise, err_msg=key)
        if name != "Embedding":  # uniform: the extremes are the bounds
            ends = [found.min(), found.max()]
            np.testing.assert_allclose(ends, [wanted.min(), wanted.max()], rtol=10.0 / found.size, err_msg=key)
