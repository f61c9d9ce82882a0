"""Schedules without PyTorch: states, borders, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from micrograd import Value, optim
from micrograd.errors import ArgumentError, StateError
from micrograd.optim import lr_scheduler


def sgd(lr: float = 1.0, groups: int = 1) -> optim.SGD:
    return optim.SGD([{"params": [Value(1.0)]} for _ in range(groups)], lr, momentum=0.9)


def sequence(optimizer: Any) -> Any:
    parts = [lr_scheduler.LinearLR(optimizer, 0.1, total_iters=4), lr_scheduler.ExponentialLR(optimizer, 0.9)]
    return lr_scheduler.SequentialLR(optimizer, parts, milestones=[4])


MAKERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [2, 8]),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 20),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 7, 0.01),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 4, mode="triangular2"),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.5, 20),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t)),
    "SequentialLR": sequence,
}


def rates(schedule: Any, optimizer: Any, steps: int) -> list[Any]:
    found = []
    for _ in range(steps):
        found.append((schedule.get_last_lr(), optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        schedule.step()
    return found


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_goes_on_to_the_same_rates(name: str) -> None:
    optimizer = sgd()
    schedule = MAKERS[name](optimizer)
    rates(schedule, optimizer, 6)
    states = optimizer.state_dict(), schedule.state_dict()
    wanted = rates(schedule, optimizer, 8)
    other = sgd()
    resumed = MAKERS[name](other)
    other.load_state_dict(states[0])
    resumed.load_state_dict(states[1])
    assert rates(resumed, other, 8) == wanted


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_holds_no_function(name: str) -> None:
    def kinds(x: Any) -> set[type]:
        inner = x.values() if isinstance(x, dict) else x if isinstance(x, list) else ()
        return {type(x)} | {kind for y in inner for kind in kinds(y)}

    assert kinds(MAKERS[name](sgd()).state_dict()) <= {dict, list, int, float, bool, str}


def test_a_plateau_goes_on_from_its_state() -> None:
    optimizer = sgd()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=2)
    for loss in (3.0, 2.0, 2.0, 2.0):
        schedule.step(loss)
    other = sgd()
    resumed = lr_scheduler.ReduceLROnPlateau(other, patience=2)
    resumed.load_state_dict(schedule.state_dict())
    resumed.step(2.0)
    assert other.param_groups[0]["lr"] == pytest.approx(0.1)


def test_a_function_of_its_own_for_each_group() -> None:
    optimizer = sgd(groups=2)
    schedule = lr_scheduler.LambdaLR(optimizer, [lambda t: 0.5**t, lambda t: 1.0])
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 1.0]


def test_a_schedule_that_resumes_without_a_state() -> None:
    optimizer = sgd()
    optimizer.param_groups[0].update(initial_lr=1.0, lr=0.25)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5, last_epoch=2)
    assert (schedule.last_epoch, schedule.get_last_lr()) == (3, [0.125])


def test_a_rate_of_zero_is_left_again() -> None:
    """Two lines of one optimiser: the first ends at 0, where there is no proportion."""
    optimizer = sgd()
    down, half = lr_scheduler.PolynomialLR(optimizer, 2), lr_scheduler.ConstantLR(optimizer, 0.5, 4)
    for _ in range(5):
        down.step()
        half.step()
    assert optimizer.param_groups[0]["lr"] == 0.0


def test_two_schedules_multiply() -> None:
    optimizer = sgd()
    fall, wave = lr_scheduler.ExponentialLR(optimizer, 0.5), lr_scheduler.CosineAnnealingLR(optimizer, 4)
    for t in range(4):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5**t * (1 + math.cos(math.pi * t / 4)) / 2)
        fall.step()
        wave.step()


@pytest.mark.parametrize("kind", ["LambdaLR", "CosineAnnealingWarmRestarts"])
def test_a_schedule_that_sets_the_rate_does_so_in_a_sequence(kind: str) -> None:
    """As alone, and as in PyTorch: it does not scale by what the user has changed."""
    make = {
        "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda t: 1.0 / (1 + t)),
        "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=4),
    }[kind]
    alone, inside = sgd(), sgd()
    schedules = make(alone), lr_scheduler.SequentialLR(inside, [make(inside)], milestones=[])
    for optimizer, schedule in zip((alone, inside), schedules, strict=True):
        schedule.step()
        optimizer.param_groups[0]["lr"] *= 2.0
        schedule.step()
    assert schedules[0].get_last_lr() == schedules[1].get_last_lr() == [alone.param_groups[0]["lr"]]
    assert inside.param_groups[0]["lr"] == alone.param_groups[0]["lr"]


def test_modes_of_cycles() -> None:
    heights = {
        "triangular": [0.0, 0.5, 1.0, 0.0, 0.5, 1.0],
        "triangular2": [0.0, 0.5, 1.0, 0.0, 0.25, 0.5],
        "exp_range": [0.0, 0.25, 0.25, 0.0, 0.5**5, 0.5**5],
    }
    for mode, wanted in heights.items():
        schedule = lr_scheduler.CyclicLR(sgd(), 0.0, 1.0, 2, 1, mode=mode, gamma=0.5)
        assert [schedule.height(t) for t in range(6)] == wanted
    schedule = lr_scheduler.CyclicLR(sgd(), 0.0, 1.0, 2, scale_fn=lambda t: t, scale_mode="iterations")
    assert [schedule.height(t) for t in range(4)] == [0.0, 0.5, 2.0, 1.5]


def test_one_cycle_in_three_phases() -> None:
    optimizer = optim.Adagrad([Value(1.0)])  # without momentum
    schedule = lr_scheduler.OneCycleLR(
        optimizer, 1.0, None, 2, 5, 0.3, "linear", False, div_factor=4.0, final_div_factor=5.0, three_phase=True
    )
    assert [round(schedule.rates(t)[0], 6) for t in (0, 1, 2, 3, 4, 9)] == [0.25, 0.625, 1.0, 0.625, 0.25, 0.05]


def test_an_epoch_between_two() -> None:
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(sgd(), 2)
    schedule.step(2.5)
    assert (schedule.last_epoch, schedule.get_last_lr()[0]) == (2, pytest.approx((1 + math.cos(math.pi / 4)) / 2))


def test_a_plateau_of_a_score_and_its_cooldown() -> None:
    optimizer = sgd()
    schedule = lr_scheduler.ReduceLROnPlateau(
        optimizer, "max", 0.5, 0, threshold=0.1, threshold_mode="abs", cooldown=1, min_lr=0.2
    )
    rates_seen = []
    for score in (1.0, 1.05, 1.05, 1.05, math.nan, 1.2, 1.0, 1.0, 1.0):
        schedule.step(score)
        rates_seen.append(optimizer.param_groups[0]["lr"])
    assert rates_seen == [1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_adam_cycles_its_first_beta() -> None:
    optimizer = optim.Adam([Value(1.0)])
    schedule = lr_scheduler.CyclicLR(optimizer, 0.1, 0.5, step_size_up=2)
    schedule.step()
    first, second = optimizer.param_groups[0]["betas"]
    assert (round(first, 6), second) == (0.85, 0.999)
    optimizer.step()  # the betas are a pair that the rule takes


def test_a_composed_rule_with_a_rate() -> None:
    optimizer = optim.Optimizer([Value(1.0)], lambda lr: optim.chain(optim.clip(1.0), optim.adam(lr)), lr=0.5)
    schedule = lr_scheduler.StepLR(optimizer, 1)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


WRONG = [
    (lambda: lr_scheduler.StepLR(3, 1), "StepLR: int is not an optimiser; give one, such as Adam(params)"),
    (
        lambda: lr_scheduler.StepLR(optim.Optimizer([Value(1.0)], optim.adam()), 1),
        "StepLR: this optimiser has no lr that a schedule could change; make it with one, such as "
        "Optimizer(params, lambda lr: chain(clip(1.0), adam(lr)), lr=0.001)",
    ),
    (lambda: lr_scheduler.StepLR(sgd(), 0), "StepLR: step_size=0: give an integer of at least 1"),
    (lambda: lr_scheduler.StepLR(sgd(), 2.5), "StepLR: step_size=2.5: give an integer of at least 1"),
    (
        lambda: lr_scheduler.ExponentialLR(sgd(), 0.9, last_epoch=3),
        "ExponentialLR: last_epoch is 3, but group 0 has no 'initial_lr'; load the state of the optimiser first, or "
        "leave last_epoch out",
    ),
    (lambda: lr_scheduler.ConstantLR(sgd(), 2.0), "ConstantLR: factor is 2.0; give a number from 0 to 1"),
    (lambda: lr_scheduler.LinearLR(sgd(), 0.0), "LinearLR: start_factor is 0; give a number above 0, up to 1"),
    (
        lambda: lr_scheduler.LambdaLR(sgd(), [math.exp, math.exp]),
        "LambdaLR: 2 functions for 1 groups; give one function, or one for each",
    ),
    (
        lambda: lr_scheduler.CyclicLR(sgd(), [0.1, 0.2], 0.3),
        "CyclicLR: base_lr has 2 numbers for 1 groups; give one for each",
    ),
    (
        lambda: lr_scheduler.CyclicLR(sgd(), 0.1, 0.3, mode="square"),
        "CyclicLR: mode is 'square'; give 'triangular', 'triangular2' or 'exp_range'",
    ),
    (
        lambda: lr_scheduler.CyclicLR(sgd(), 0.1, 0.3, scale_mode="steps"),
        "CyclicLR: scale_mode is 'steps'; give 'cycle' or 'iterations'",
    ),
    (
        lambda: lr_scheduler.CyclicLR(optim.Adagrad([Value(1.0)]), 0.1, 0.3),
        "CyclicLR: Adagrad has no momentum to cycle; give cycle_momentum=False",
    ),
    (
        lambda: lr_scheduler.LambdaLR(sgd(), 0.5),
        "LambdaLR: 0.5 is not a function; give one of the epoch, as in lambda t: 0.9**t",
    ),
    (
        lambda: lr_scheduler.MultiStepLR(sgd(), 5),
        "MultiStepLR: milestones=5; give a list of epochs, as in [30, 80]",
    ),
    (
        lambda: lr_scheduler.OneCycleLR(sgd(), 0.1),
        "OneCycleLR: the number of steps is missing; give total_steps, or epochs and steps_per_epoch",
    ),
    (
        lambda: lr_scheduler.OneCycleLR(sgd(), 0.1, 10, anneal_strategy="exp"),
        "OneCycleLR: anneal_strategy is 'exp'; give 'cos' or 'linear'",
    ),
    (
        lambda: lr_scheduler.OneCycleLR(sgd(), 0.1, 10, pct_start=2.0),
        "OneCycleLR: pct_start is 2.0; give a share from 0 to 1",
    ),
    (
        lambda: rates(lr_scheduler.OneCycleLR(sgd(), 0.1, 3), sgd(), 4),
        "OneCycleLR: step 4 of 3; give a larger total_steps",
    ),
    (
        lambda: lr_scheduler.CosineAnnealingWarmRestarts(sgd(), 3).step(-1),
        "CosineAnnealingWarmRestarts: epoch is -1; give a number of 0 or more",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd(), "least"),
        "ReduceLROnPlateau: mode is 'least'; give 'min' or 'max'",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd(), threshold_mode="share"),
        "ReduceLROnPlateau: threshold_mode is 'share'; give 'rel' or 'abs'",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd(), factor=1.0),
        "ReduceLROnPlateau: factor is 1.0; give a number below 1",
    ),
    (
        lambda: lr_scheduler.ReduceLROnPlateau(sgd()).step(),
        "ReduceLROnPlateau: the metric of step(metric) is None; give a number",
    ),
    (
        lambda: lr_scheduler.SequentialLR(sgd(), [], []),
        "SequentialLR: 0 schedules and 0 milestones; give one milestone between two schedules each",
    ),
    (
        lambda: lr_scheduler.SequentialLR(sgd(), [lr_scheduler.StepLR(sgd(), 1)], []),
        "SequentialLR: schedule 0 is of another optimiser; make it for this one",
    ),
    (
        lambda: lr_scheduler.SequentialLR(sgd(), [lr_scheduler.ReduceLROnPlateau(sgd())], []),
        "SequentialLR: schedule 0 is a ReduceLROnPlateau; give schedules that need only step()",
    ),
]


@pytest.mark.parametrize(("call", "text"), WRONG, ids=[text.split(";")[0] for _, text in WRONG])
def test_what_is_refused(call: Any, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text


def test_states_that_do_not_fit() -> None:
    schedule = lr_scheduler.StepLR(sgd(), 3)
    state = {**schedule.state_dict(), "base_lrs": [1.0, 2.0], "speed": 1}
    del state["gamma"]
    with pytest.raises(StateError) as caught:
        schedule.load_state_dict(state)
    text = "StepLR: the state does not fit: it lacks gamma; there is no speed; it has 2 groups, not 1"
    assert str(caught.value) == text
    schedules = sequence(sgd())
    state = schedules.state_dict()
    del state["milestones"]
    for wrong, text in ((state, "it lacks milestones"), ({}, "it has not the states of 2 schedules")):
        with pytest.raises(StateError) as caught:
            schedules.load_state_dict(wrong)
        assert str(caught.value) == f"SequentialLR: the state does not fit: {text}"
