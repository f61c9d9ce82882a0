"""Optimisers, schedules, clipping and averages against PyTorch's, over 100 steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, optim
from micrograd.node import has_grad

pytestmark = pytest.mark.peer

STEPS = 100

# Class, options of all groups, options of the second group.
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SGD", {"lr": 0.01}, {}),
    ("SGD", {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1}, {"lr": 0.03, "dampening": 0.3}),
    ("SGD", {"lr": 0.01, "momentum": 0.8, "nesterov": True}, {"momentum": 0.5}),
    ("SGD", {"lr": 0.001, "momentum": 0.5, "maximize": True}, {"weight_decay": 0.01}),
    ("Adam", {"lr": 0.01}, {}),
    ("Adam", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}, {"lr": 0.01}),
    ("Adam", {"lr": 0.05, "amsgrad": True}, {"weight_decay": 0.2, "betas": (0.5, 0.9)}),
    ("Adam", {"lr": 0.01, "maximize": True}, {"eps": 1e-3}),
    ("Adam", {"lr": 0.01, "weight_decay": 0.3, "decoupled_weight_decay": True}, {}),
    ("AdamW", {"lr": 0.01}, {"weight_decay": 0.5}),
    ("AdamW", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.1}, {"maximize": True}),
    ("NAdam", {"lr": 0.01}, {"weight_decay": 0.1}),
    ("NAdam", {"lr": 0.05, "momentum_decay": 0.1, "betas": (0.8, 0.9)}, {"momentum_decay": 0.0}),
    ("NAdam", {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.2}, {"maximize": True}),
    ("RAdam", {"lr": 0.01}, {"weight_decay": 0.1}),
    ("RAdam", {"lr": 0.05, "betas": (0.8, 0.9), "decoupled_weight_decay": True}, {"weight_decay": 0.3}),
    ("RAdam", {"lr": 0.01, "maximize": True, "eps": 1e-3}, {}),
    ("Adamax", {"lr": 0.01}, {"weight_decay": 0.1}),
    ("Adamax", {"lr": 0.05, "betas": (0.5, 0.9), "maximize": True}, {"eps": 1e-3}),
    ("RMSprop", {"lr": 0.01}, {"weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9, "centered": True}, {"alpha": 0.8}),
    ("RMSprop", {"lr": 0.001, "alpha": 0.9, "eps": 1e-4, "maximize": True}, {"momentum": 0.5}),
    ("Adagrad", {"lr": 0.1}, {"weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "initial_accumulator_value": 0.5}, {"lr_decay": 0.1}),
    ("Adagrad", {"lr": 0.01, "maximize": True}, {"eps": 1e-3}),
    ("Adadelta", {}, {"weight_decay": 0.1}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "maximize": True}, {"rho": 0.95}),
    ("Rprop", {}, {"lr": 0.1}),
    ("Rprop", {"lr": 0.01, "etas": (0.3, 1.5), "step_sizes": (1e-4, 0.1)}, {"maximize": True}),
    ("ASGD", {"lr": 0.05}, {"weight_decay": 0.1}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "alpha": 0.5, "t0": 20}, {"maximize": True, "lr": 0.001}),
]


@pytest.fixture(autouse=True)
def _double() -> Iterator[None]:
    """PyTorch keeps counts and factors in the default dtype."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def start() -> list[np.ndarray]:
    """Two matrices, a vector, and numbers."""
    rng = np.random.default_rng(3)
    return [rng.normal(size=shape) for shape in [(4, 3), (3,), (), (3, 2), (2,), ()]]


GROUPS = [[0, 1, 2], [3, 4, 5]]


def is_left_out(step: int, i: int) -> bool:
    """Whether the loss of a step does not reach a parameter."""
    return (i == 1 and step % 3 == 0) or (i == 5 and step < 10) or (i in (2, 3) and 40 <= step < 50)


def loss_of(p: list[Any], step: int, tanh: Any, total: Any) -> Any:
    """A smooth function whose gradient changes from step to step."""
    terms = [
        0 if is_left_out(step, i) else total((tanh(x) - 0.1 * i) ** 2 + 0.05 * (x - i) ** 2) for i, x in enumerate(p)
    ]
    loss = sum(terms) * (1.0 + 0.5 * np.sin(0.7 * step))
    if not any(is_left_out(step, i) for i in (0, 1, 3)):
        loss = loss + 0.1 * total((p[0] @ p[3]) ** 2) + total(p[1]) * 0.01
    return loss


def grouped(params: list[Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"params": [params[i] for i in GROUPS[0]]}, {"params": [params[i] for i in GROUPS[1]], **second}]


def ours_and_theirs(dtype: Any = np.float64) -> tuple[list[Value], list[Any]]:
    import torch

    arrays = [np.array(x, dtype) for x in start()]
    ours = [Value(float(x) if x.shape == () and dtype == np.float64 else x.copy()) for x in arrays]
    return ours, [torch.tensor(x, requires_grad=True) for x in arrays]


def run_beside(
    mine: Any, other: Any, ours: list[Value], theirs: list[Any], steps: int = STEPS, rtol: float = 1e-10
) -> None:
    import torch

    for step in range(steps):
        mine.zero_grad()
        other.zero_grad()
        loss_of(ours, step, lambda x: x.tanh(), lambda x: x.sum()).backward()
        loss_of(theirs, step, torch.tanh, torch.sum).backward()
        assert [has_grad(v) for v in ours] == [t.grad is not None for t in theirs]
        mine.step()
        other.step()
        for v, t in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(v.data, t.detach().numpy(), rtol=rtol, atol=rtol)


def name_of(case: tuple[str, dict[str, Any], dict[str, Any]]) -> str:
    return f"{case[0]}({', '.join(f'{k}={v}' for k, v in case[1].items())}; {', '.join(map(str, case[2]))})"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_hundred_steps(case: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    import torch

    name, options, second = case
    ours, theirs = ours_and_theirs()
    mine = getattr(optim, name)(grouped(ours, second), **options)
    other = getattr(torch.optim, name)(grouped(theirs, second), **options)
    run_beside(mine, other, ours, theirs)


@pytest.mark.parametrize(
    ("options", "second"),
    [
        ({"lr": 0.02}, {"nesterov": False}),
        ({"lr": 0.02, "momentum": 0.8, "adjust_lr_fn": "match_rms_adamw"}, {"adjust_lr_fn": "original", "eps": 0.1}),
        ({"lr": 0.01, "ns_steps": 3, "ns_coefficients": (2.0, -1.5, 0.5)}, {"weight_decay": 0.0}),
    ],
)
def test_a_hundred_steps_of_muon(options: dict[str, Any], second: dict[str, Any], monkeypatch: Any) -> None:
    """PyTorch's runs in bfloat16; here in float64, to compare the formula."""
    import torch

    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    ours, theirs = ours_and_theirs()
    mine = optim.Muon([{"params": [ours[0]]}, {"params": [ours[3]], **second}], **options)
    other = torch.optim.Muon([{"params": [theirs[0]]}, {"params": [theirs[3]], **second}], **options)
    run_beside(mine, other, ours, theirs)


def test_every_optimiser_is_compared() -> None:
    """But those for sparse tensors, and Adafactor, which is for memory's sake."""
    import torch

    theirs = {name for name in vars(torch.optim) if isinstance(getattr(torch.optim, name), type)}
    compared = {name for name, _, _ in CASES} | {"Muon", "LBFGS"}
    assert theirs - {"Optimizer", "SparseAdam", "Adafactor"} <= compared
