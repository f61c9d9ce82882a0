"""fit with every optimiser and schedule: checkpoints hold their states, to the bit; and
the learning-rate finder.
"""

from __future__ import annotations

import copy
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value, optim
from micrograd.data import batches
from micrograd.errors import ArgumentError, CheckpointError, DivergenceError, GradientError
from micrograd.nn import BatchNorm1d, Dropout, Linear, Sequential, Tanh
from micrograd.optim import lr_scheduler
from micrograd.train import Schedule, find_learning_rate, fit, load

pytest.importorskip("safetensors", reason="the extra `train` is not installed")

RULES = sorted(
    name
    for name, kind in vars(optim).items()
    if isinstance(kind, type) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer
)


@pytest.fixture(autouse=True)
def _disk_is_not_waited_for(monkeypatch):
    """What the disk does is tested elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def network() -> Sequential:
    rng = np.random.default_rng(0)
    return Sequential(Linear(2, 6, rng=rng), BatchNorm1d(6), Tanh(), Dropout(0.2, rng=rng), Linear(6, 1, rng=rng))


def data() -> tuple[Any, Any]:
    X = np.random.default_rng(1).standard_normal((40, 2))
    return X, np.sin(2 * X.sum(axis=1, keepdims=True))


def mse(prediction: Any, y: Any) -> Any:
    return ((prediction - y) ** 2).mean()


def bits(x: Any) -> Any:
    if isinstance(x, dict):
        return {key: bits(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return [bits(value) for value in x]
    return x.tobytes() if isinstance(x, (np.ndarray, np.generic)) else repr(x)


def train(path: Path, epochs: int, make: Any, schedule: Any = None, **options: Any) -> Any:
    """What a training computes, and what its checkpoint holds."""
    model = network()
    optimizer = make(model)
    callbacks = [schedule(optimizer)] if schedule else []
    options |= {"epochs": epochs, "batch_size": 10, "seed": 0, "callbacks": callbacks, "save": path, "verbose": False}
    history = fit(model, mse, data(), optimizer, resume=True, **options)
    history.columns.pop("seconds")
    saved = load(path)
    return bits([model.state_dict(), optimizer.state_dict(), history.columns, saved["optimizer"], saved["generators"]])


@pytest.mark.parametrize("rule", RULES)
def test_every_optimizer_is_resumed(tmp_path, rule):
    def make(model: Any) -> Any:
        matrices = [p for p in model.parameters() if len(p.shape) == 2]
        return getattr(optim, rule)(matrices if rule == "Muon" else model.parameters())

    train(tmp_path / "a", 2, make)
    resumed = train(tmp_path / "a", 4, make)
    assert resumed == train(tmp_path / "b", 4, make)


def test_groups_are_resumed(tmp_path):
    def make(model: Any) -> Any:
        first, *rest = model.parameters()
        return optim.AdamW([{"params": [first], "lr": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=0.01)

    train(tmp_path / "a", 2, make)
    assert train(tmp_path / "a", 4, make) == train(tmp_path / "b", 4, make)


SCHEDULES = {
    "step": lambda o: Schedule(lr_scheduler.StepLR(o, step_size=2, gamma=0.5)),
    "cosine": lambda o: Schedule(lr_scheduler.CosineAnnealingLR(o, T_max=7)),
    "one cycle": lambda o: Schedule(lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=40), every="step"),
    "plateau": lambda o: Schedule(lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=0.5)),
    "multi-step": lambda o: Schedule(lr_scheduler.MultiStepLR(o, [1, 3])),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_resumed(tmp_path, name):
    def make(model: Any) -> Any:
        return optim.SGD(model.parameters(), 0.05, momentum=0.9)

    train(tmp_path / "a", 3, make, SCHEDULES[name])
    resumed = train(tmp_path / "a", 6, make, SCHEDULES[name])
    assert resumed == train(tmp_path / "b", 6, make, SCHEDULES[name])
    rates = load(tmp_path / "a")["extra"]["fit"]["history"]["lr"]
    assert len(set(rates)) > 1


def test_a_schedule_that_does_not_fit_changes_nothing(tmp_path):
    def make(model: Any) -> Any:
        return optim.SGD(model.parameters(), 0.05)

    train(tmp_path / "a", 3, make, SCHEDULES["step"])
    model = network()
    optimizer = make(model)
    callback = SCHEDULES["cosine"](optimizer)
    before = bits([model.state_dict(), optimizer.state_dict(), callback.state_dict()])
    with pytest.raises(ValueError):  # the scheduler's own
        fit(model, mse, data(), optimizer, epochs=4, batch_size=10, callbacks=[callback], resume=tmp_path / "a")
    assert bits([model.state_dict(), optimizer.state_dict(), callback.state_dict()]) == before


def test_a_state_of_a_training_that_is_not_complete(tmp_path):
    from micrograd.train import save

    model = network()
    optimizer = optim.SGD(model.parameters())
    save(tmp_path / "a", model, optimizer, seed=0, extra={"fit": {"settings": {}, "callbacks": []}})
    with pytest.raises(CheckpointError, match=r"is damaged: the state of the training is not complete \(KeyError"):
        fit(model, mse, data(), optimizer, resume=tmp_path / "a")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"every": "batch"}, "Schedule: every='batch' is unknown; choose from epoch, step"),
        ({"scheduler": 3}, "Schedule: int is not a schedule; give one of micrograd.optim.lr_scheduler, such as StepLR"),
        (
            {"scheduler": optim.SGD([Value(1.0)])},
            "Schedule: SGD is not a schedule; give one of micrograd.optim.lr_sche",
        ),
    ],
)
def test_schedules_that_are_refused(options, words):
    optimizer = optim.SGD(network().parameters())
    with pytest.raises(ArgumentError, match=words):
        Schedule(**{"scheduler": lr_scheduler.StepLR(optimizer, 1), **options})


def test_lbfgs_takes_its_closure():
    X, y = data()
    models = [
        Sequential(Linear(2, 6, rng=rng), Tanh(), Linear(6, 1, rng=rng)) for rng in map(np.random.default_rng, (0, 0))
    ]
    ours, by_hand = models
    options: dict[str, Any] = {"batch_size": None, "shuffle": False, "verbose": False}
    history = fit(ours, mse, (X, y), optim.LBFGS(ours.parameters()), epochs=3, **options)
    optimizer = optim.LBFGS(by_hand.parameters())

    def closure() -> Any:
        optimizer.zero_grad()
        value = mse(by_hand(X), y)
        value.backward()
        return value

    rows = len(X)  # the history has the mean over rows, and its rounding
    assert history["loss"] == [float(optimizer.step(closure).data) * rows / rows for _ in range(3)]
    assert bits(ours.state_dict()) == bits(by_hand.state_dict())


def test_lbfgs_refuses():
    model = network()
    optimizer = optim.LBFGS(model.parameters())
    with pytest.raises(
        ArgumentError, match="fit: LBFGS needs whole batches; give accumulate=1 and a larger batch_size"
    ):
        fit(model, mse, data(), optimizer, accumulate=2, verbose=False)
    with pytest.raises(DivergenceError, match="the loss is nan in epoch 1, at step 1, which was not taken"):
        fit(model, lambda z, y: mse(z, y) * math.nan, data(), optimizer, verbose=False)


# The learning-rate finder


def test_the_finder_leaves_everything_as_it_was():
    model = network().eval()
    optimizer = optim.Adam(model.parameters(), 0.02)
    fit(model, mse, data(), optimizer, epochs=1, seed=0, verbose=False)
    before = copy.deepcopy(
        [
            bits([model.state_dict(), optimizer.state_dict()]),
            [g.bit_generator.state for _, g in model.named_generators()],
        ]
    )
    found = find_learning_rate(model, mse, data(), optimizer, steps=50, seed=0)
    after = [
        bits([model.state_dict(), optimizer.state_dict()]),
        [g.bit_generator.state for _, g in model.named_generators()],
    ]
    assert after == before and not model.training and optimizer.param_groups[0]["lr"] == 0.02
    assert found.table.keys() == ["lr", "loss", "smoothed"]
    assert found.table["lr"][0] == 1e-6 and 1e-4 < found.suggestion < 1.0
    assert repr(found).startswith("<learning rates 1e-06 to ")


def test_the_finder_takes_all_steps_where_nothing_diverges():
    model = network()
    loader = batches(*data(), batch_size=10)
    found = find_learning_rate(model, mse, loader, optim.SGD(model.parameters()), start=1e-9, end=1e-8, steps=20)
    rates = found.table["lr"]
    assert len(rates) == 20 and rates[-1] == pytest.approx(1e-8)
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(10) / 19)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("rates", [(1e-12, 1e-9), (30.0, 1e4), (1e-6, 10.0)], ids=["tiny", "too large", "usual"])
def test_the_finder_suggests_only_a_rate_that_was_tried(rates, seed):
    """By chance an early batch has the least loss; a tenth of its rate is not tried."""
    model = network()
    start, end = rates
    optimizer = optim.SGD(model.parameters())
    found = find_learning_rate(model, mse, data(), optimizer, start=start, end=end, seed=seed, batch_size=4)
    smoothed = found.table["smoothed"]
    rate = found.table["lr"][smoothed.index(min(smoothed))] / 10.0
    labels = found.plot().axes[0].get_legend_handles_labels()[1]
    if rate >= start:
        assert found.suggestion == rate and len(labels) == 3
    else:
        assert found.suggestion is None and labels == ["loss", "smoothed"]
        assert repr(found).endswith(": nothing learnt at the first ones; try others>")
    assert start < 1.0 or found.suggestion is None


def test_the_finder_stops_where_the_loss_explodes():
    model = network()
    found = find_learning_rate(model, mse, data(), optim.SGD(model.parameters()), start=1e-3, end=1e9, steps=200)
    assert len(found.table) < 200
    assert all(map(math.isfinite, found.table["smoothed"]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 0.0}, "find_learning_rate: start=0.0 and end=10.0 are out of range; give 0 < start < end"),
        ({"end": math.inf}, "start=1e-06 and end=inf are out of range"),
        ({"steps": 1}, "find_learning_rate: steps=1: give an integer of at least 2"),
        ({"loss": lambda z, y: mse(z, y) * math.nan}, "the loss is nan before the first step; look at the data and"),
    ],
)
def test_the_finder_refuses(options, words):
    model = network()
    with pytest.raises(ArgumentError, match=words):
        find_learning_rate(model, options.pop("loss", mse), data(), optim.SGD(model.parameters()), **options)


def test_the_finder_refuses_what_fit_refuses():
    model = network()
    before = model.state_dict()
    with pytest.raises(
        ArgumentError, match=r"find_learning_rate: optimizer=str has no step\(\) and zero_grad\(\); give an"
    ):
        find_learning_rate(model, mse, data(), "adam")
    with pytest.raises(GradientError, match="find_learning_rate: the loss does not depend on any parameter of the opt"):
        find_learning_rate(model, mse, data(), optim.SGD(network().parameters()))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_the_picture_of_the_finder(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    model = network()
    found = find_learning_rate(model, mse, data(), optim.SGD(model.parameters()), steps=10)
    figure = found.plot(tmp_path / "a.png")
    assert figure.axes[0].get_xscale() == "log" and (tmp_path / "a.png").stat().st_size > 1000
