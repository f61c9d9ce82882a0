"""Optimisers, schedules, clipping and averages against PyTorch's, over 100 steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, optim
from micrograd.gradients import has_grad
from micrograd.optim import lr_scheduler

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


QUADRATIC = np.diag(np.linspace(1.0, 30.0, 8)) + 0.3


@pytest.mark.parametrize(
    ("options", "calls"),
    [
        ({}, 5),
        ({"lr": 0.5, "max_iter": 4}, 10),
        ({"line_search_fn": "strong_wolfe"}, 6),
        ({"line_search_fn": "strong_wolfe", "max_iter": 3, "history_size": 2}, 30),
        ({"line_search_fn": "strong_wolfe", "max_iter": 100, "max_eval": 7}, 10),
        ({"line_search_fn": "strong_wolfe", "lr": 0.01, "max_iter": 10}, 6),
    ],
    ids=str,
)
@pytest.mark.parametrize("problem", ["valley", "bowl"])
def test_lbfgs(options: dict[str, Any], calls: int, problem: str) -> None:
    """Rosenbrock's valley, and a bowl with ripples: each call of step, each loss."""
    import torch

    if problem == "valley" and not options.get("line_search_fn"):
        options = {**options, "lr": 0.1}
    a = [Value(np.array([-1.2, 1.0])), Value(0.5)]
    b = [torch.tensor([-1.2, 1.0], requires_grad=True), torch.tensor(0.5, requires_grad=True)]

    def valley(p: Any) -> Any:
        x, y = p[0][0], p[0][1]
        return (1 - x) ** 2 + 10 * (y - x**2) ** 2 + (p[1] - x * y) ** 2

    if problem == "bowl":
        a, b = [Value(np.arange(8.0) - 3)], [(torch.arange(8.0) - 3).requires_grad_()]

    def bowl(p: Any) -> Any:
        matrix = QUADRATIC if isinstance(p[0], Value) else torch.tensor(QUADRATIC)
        return (p[0] * (matrix @ p[0])).sum() + (p[0] ** 4).sum() * 0.1

    loss_at = valley if problem == "valley" else bowl
    losses: dict[str, list[float]] = {"ours": [], "theirs": []}

    def closure(name: str, p: list[Any], optimizer: Any) -> Any:
        def run() -> Any:
            optimizer.zero_grad()
            loss = loss_at(p)
            loss.backward()
            losses[name].append(float(loss.data))
            return loss

        return run

    mine, other = optim.LBFGS(a, **options), torch.optim.LBFGS(b, **options)
    for _ in range(calls):
        mine.step(closure("ours", a, mine))
        other.step(closure("theirs", b, other))
        for v, t in zip(a, b, strict=True):
            np.testing.assert_allclose(v.data, t.detach().numpy(), rtol=1e-10, atol=1e-10)
    assert len(losses["ours"]) == len(losses["theirs"])
    np.testing.assert_allclose(losses["ours"], losses["theirs"], rtol=1e-10, atol=1e-10)


# Schedules

WAVE = {"T_max": 30, "eta_min": 0.001}
SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [60, 3, 20, 20], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.97}),
    ("CosineAnnealingLR", {"T_max": 30}),
    ("CosineAnnealingLR", WAVE),
    ("CosineAnnealingWarmRestarts", {"T_0": 13}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.01}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 40}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 12}),
    ("PolynomialLR", {"total_iters": 60, "power": 2.0}),
    ("PolynomialLR", {}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 101}),
    ("OneCycleLR", {"max_lr": [0.5, 0.2], "epochs": 11, "steps_per_epoch": 10, "three_phase": True}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 120, "anneal_strategy": "linear", "pct_start": 0.5}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 120, "cycle_momentum": False, "div_factor": 5.0}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 8}),
    ("CyclicLR", {"base_lr": [0.01, 0.1], "max_lr": [0.3, 0.2], "step_size_up": 8, "step_size_down": 5}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 8, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 8, "mode": "exp_range", "gamma": 0.95}),
    (
        "CyclicLR",
        {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 8, "scale_fn": lambda x: 1 / x, "scale_mode": "cycle"},
    ),
    ("LambdaLR", {"lr_lambda": lambda t: 0.9**t}),
    ("LambdaLR", {"lr_lambda": [lambda t: 0.9**t, lambda t: 1 / (1 + t)]}),
]
MOVING = [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.1})]


def options_now(optimizer: Any) -> list[Any]:
    """The rate and the momentum of each group."""
    return [[g["lr"], *(g["betas"] if "betas" in g else [g["momentum"]])] for g in optimizer.param_groups]


def optimizers(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    import torch

    ours, theirs = ours_and_theirs()
    second = {"lr": 0.3}
    mine = getattr(optim, name)(grouped(ours, second), **options)
    return mine, getattr(torch.optim, name)(grouped(theirs, second), **options)


@pytest.mark.parametrize(("name", "options"), MOVING, ids=["SGD", "Adam"])
@pytest.mark.parametrize("case", SCHEDULES, ids=lambda case: f"{case[0]}-{','.join(case[1])}")
def test_a_schedule(case: tuple[str, dict[str, Any]], name: str, options: dict[str, Any]) -> None:
    import torch

    mine, other = optimizers(name, options)
    a = getattr(lr_scheduler, case[0])(mine, **case[1])
    b = getattr(torch.optim.lr_scheduler, case[0])(other, **case[1])
    for _ in range(STEPS):
        np.testing.assert_allclose(options_now(mine), options_now(other), rtol=1e-10, atol=1e-15)
        assert a.get_last_lr() == [g["lr"] for g in mine.param_groups]
        other.step()
        a.step()
        b.step()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor": 0.5, "patience": 3, "threshold": 0.05, "cooldown": 2, "min_lr": [0.001, 0.01]},
        {"mode": "max", "factor": 0.5, "patience": 2, "threshold_mode": "abs", "threshold": 0.1, "eps": 0.01},
        {"mode": "max", "patience": 1, "threshold": 0.2},
        {"patience": 1, "threshold_mode": "abs", "threshold": 0.2},
    ],
)
def test_plateaus(options: dict[str, Any]) -> None:
    import torch

    mine, other = optimizers("SGD", {"momentum": 0.0})
    a = lr_scheduler.ReduceLROnPlateau(mine, **options)
    b = torch.optim.lr_scheduler.ReduceLROnPlateau(other, **options)
    rng = np.random.default_rng(0)
    for step in range(STEPS):
        metric = float("nan") if step == 5 else 1.0 / (1 + step // 4) + rng.normal() * 0.05
        a.step(metric)
        b.step(metric)
        np.testing.assert_allclose(options_now(mine), options_now(other), rtol=1e-12)
        assert (a.best, a.num_bad_epochs) == (b.best, b.num_bad_epochs)


def test_a_sequence_of_schedules() -> None:
    import torch

    pair = optimizers("SGD", {"momentum": 0.5})
    made = []
    for optimizer, room in zip(pair, (lr_scheduler, torch.optim.lr_scheduler), strict=True):
        parts = [
            room.LinearLR(optimizer, 0.1, total_iters=10),
            room.CosineAnnealingLR(optimizer, **WAVE),
            room.StepLR(optimizer, 5),
        ]
        made.append(room.SequentialLR(optimizer, parts, [10, 40]))
    for _ in range(STEPS):
        np.testing.assert_allclose(*map(options_now, pair), rtol=1e-10)
        pair[1].step()
        for schedule in made:
            schedule.step()


def test_schedules_that_multiply() -> None:
    """Two schedules of one optimiser, and a rate that the user changes between."""
    import torch

    pair = optimizers("SGD", {"momentum": 0.5})
    made = []
    for optimizer, room in zip(pair, (lr_scheduler, torch.optim.lr_scheduler), strict=True):
        made += [room.ConstantLR(optimizer, 0.5, 20), room.ExponentialLR(optimizer, 0.95), room.StepLR(optimizer, 9)]
        made += [room.CosineAnnealingLR(optimizer, 200, eta_min=1e-5)]
    for step in range(STEPS):
        np.testing.assert_allclose(*map(options_now, pair), rtol=1e-9)
        pair[1].step()
        for schedule in made:
            schedule.step()
        for optimizer in pair:
            optimizer.param_groups[0]["lr"] *= 3.0 if step == 30 else 1.0


def test_fractions_of_epochs() -> None:
    import torch

    mine, other = optimizers("SGD", {"momentum": 0.5})
    a = lr_scheduler.CosineAnnealingWarmRestarts(mine, 3, 2)
    b = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(other, 3, 2)
    for i in range(STEPS):
        a.step(i / 7)
        b.step(i / 7)
        np.testing.assert_allclose(options_now(mine), options_now(other), rtol=1e-10)


# Clipping


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, float("inf")])
@pytest.mark.parametrize("max_norm", [0.1, 1e3])
def test_clipping_by_norm(norm_type: float, max_norm: float) -> None:
    import torch

    ours, theirs = ours_and_theirs()
    loss_of(ours, 3, lambda x: x.tanh(), lambda x: x.sum()).backward()
    loss_of(theirs, 3, torch.tanh, torch.sum).backward()
    norm = optim.clip_grad_norm_(ours, max_norm, norm_type)
    np.testing.assert_allclose(norm, torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type).item(), rtol=1e-12)
    for v, t in zip(ours, theirs, strict=True):
        assert has_grad(v) == (t.grad is not None)
        if t.grad is not None:
            np.testing.assert_allclose(v.grad, t.grad.numpy(), rtol=1e-12)


def test_clipping_by_value() -> None:
    import torch

    ours, theirs = ours_and_theirs()
    loss_of(ours, 3, lambda x: x.tanh(), lambda x: x.sum()).backward()
    loss_of(theirs, 3, torch.tanh, torch.sum).backward()
    optim.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    for v, t in zip(ours, theirs, strict=True):
        assert has_grad(v) == (t.grad is not None)
        if t.grad is not None:
            np.testing.assert_allclose(v.grad, t.grad.numpy(), rtol=1e-12)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_is_not_hidden(wrong: float) -> None:
    import torch

    ours, theirs = (
        [Value(np.ones(3)), Value(2.0)],
        [torch.ones(3, requires_grad=True), torch.tensor(2.0, requires_grad=True)],
    )
    ours[0].grad, ours[1].grad = np.array([1.0, wrong, 2.0]), 3.0
    theirs[0].grad, theirs[1].grad = torch.tensor([1.0, wrong, 2.0]), torch.tensor(3.0)
    optim.clip_grad_norm_(ours, 1.0)
    torch.nn.utils.clip_grad_norm_(theirs, 1.0)
    for v, t in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(v.grad, t.grad.numpy())


def test_a_rule_that_clips() -> None:
    """chain(clip, adam) is clipping before Adam's step."""
    import torch

    ours, theirs = ours_and_theirs()
    mine = optim.Optimizer(ours, optim.chain(optim.clip(0.5), optim.adam(0.02)))
    other = torch.optim.Adam(theirs, 0.02)
    for step in range(STEPS):
        mine.zero_grad()
        other.zero_grad()
        loss_of(ours, step, lambda x: x.tanh(), lambda x: x.sum()).backward()
        loss_of(theirs, step, torch.tanh, torch.sum).backward()
        torch.nn.utils.clip_grad_norm_(theirs, 0.5)
        mine.step()
        other.step()
        for v, t in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(v.data, t.detach().numpy(), rtol=1e-10, atol=1e-10)


# Averages


@pytest.mark.parametrize("kind", ["EMA", "SWA"])
def test_averages(kind: str) -> None:
    import torch
    from torch.optim import swa_utils

    model = torch.nn.Linear(3, 2)
    ours = [Value(p.detach().numpy().copy()) for p in model.parameters()]
    mine = optim.EMA(ours, 0.9) if kind == "EMA" else optim.SWA(ours)
    rule = swa_utils.get_ema_multi_avg_fn(0.9) if kind == "EMA" else swa_utils.get_swa_multi_avg_fn()
    other = swa_utils.AveragedModel(model, multi_avg_fn=rule)
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        for v, p in zip(ours, model.parameters(), strict=True):
            change = rng.normal(size=v.shape)
            v.data += change
            p.data += torch.tensor(change)
        mine.update()
        other.update_parameters(model)
        for mean, p in zip(mine.averages, other.module.parameters(), strict=True):
            np.testing.assert_allclose(mean, p.detach().numpy(), rtol=1e-10, atol=1e-12)
