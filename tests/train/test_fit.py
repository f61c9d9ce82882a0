"""fit: the same as the loop that one writes by hand, and what it adds to it."""

from __future__ import annotations

import csv
import functools
import math
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value, no_grad, ops
from micrograd.data import batches
from micrograd.errors import (
    ArgumentError,
    CheckpointError,
    DataError,
    DivergenceError,
    GradientError,
    MicrogradError,
    MissingExtraError,
    ShapeError,
)
from micrograd.nn import BatchNorm1d, Dropout, Linear, Module, Sequential, Tanh
from micrograd.optim import LBFGS, SGD, Adam
from micrograd.optim.lr_scheduler import StepLR
from micrograd.train import (
    Callback,
    Checkpoint,
    EarlyStopping,
    History,
    Schedule,
    accuracy,
    evaluate,
    fit,
    load,
    progress,
    save,
)

ROOT = Path(__file__).parents[2]
needs_safetensors = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import safetensors"], capture_output=True).returncode != 0,
    reason="the extra `train` is not installed",
)


@pytest.fixture(autouse=True)
def _disk_is_not_waited_for(monkeypatch):
    """What the disk does is tested elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def network(dropout: float = 0.0, seed: int = 0) -> Sequential:
    rng = np.random.default_rng(seed)
    return Sequential(Linear(2, 6, rng=rng), Tanh(), Dropout(dropout), Linear(6, 1, rng=rng))


def data(n: int = 50, seed: int = 1) -> tuple[Any, Any]:
    X = np.random.default_rng(seed).standard_normal((n, 2))
    return X, np.sin(2 * X.sum(axis=1, keepdims=True))


def mse(prediction: Any, y: Any) -> Any:
    return ((prediction - y) ** 2).mean()


def bits(model: Any) -> dict[str, bytes]:
    return {name: x.tobytes() for name, x in model.state_dict().items()}


def table(history: History) -> dict[str, list[Any]]:
    """All but the times."""
    return {name: column for name, column in history.columns.items() if name != "seconds"}


def fitted(model: Any, given: Any = None, **options: Any) -> History:
    """A training with Adam, quiet."""
    optimizer = options.pop("optimizer", None) or Adam(model.parameters(), 0.01)
    return fit(model, options.pop("loss", mse), given or data(), optimizer, **{"verbose": False, "seed": 3, **options})


# The loop by hand


def test_it_is_the_loop_that_one_writes_by_hand():
    ours, by_hand = network(), network()
    history = fitted(ours, epochs=4, batch_size=8)
    optimizer = Adam(by_hand.parameters(), 0.01)
    X, y = data()
    loader = batches(X, y, batch_size=8, shuffle=True, seed=3)
    losses = []
    for _ in range(4):
        total = 0.0
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = mse(by_hand(inputs), targets)
            loss.backward()
            optimizer.step()
            total += float(loss.data) * len(targets)
        losses.append(total / len(X))
    assert bits(ours) == bits(by_hand)
    assert history["loss"] == losses
    assert history.keys() == ["epoch", "loss", "lr", "seconds"]
    assert history["epoch"] == [1, 2, 3, 4] and history["lr"] == [0.01] * 4
    assert history["seconds"] == sorted(history["seconds"])


def lists(X: Any, y: Any) -> Any:
    return (X.tolist(), y.tolist())


def in_a_file(X: Any, y: Any, folder: Path) -> Any:
    np.save(folder / "X.npy", X)
    return np.load(folder / "X.npy", mmap_mode="r"), y


@pytest.mark.parametrize("kind", ["lists", "a memory map", "batches", "a list of batches", "a function", "float32"])
def test_data_of_every_kind(tmp_path, kind):
    X, y = data()
    pairs = list(batches(X, y, batch_size=8))
    given: dict[str, Callable[[], Any]] = {
        "lists": lambda: lists(X, y),
        "a memory map": lambda: in_a_file(X, y, tmp_path),
        "batches": lambda: batches(X, y, batch_size=8),
        "a list of batches": lambda: pairs,
        "a function": lambda: lambda: iter(pairs),
        "float32": lambda: (X.astype(np.float32), y.astype(np.float32)),
    }
    expected, model = network(), network()
    first = fitted(expected, epochs=2, batch_size=8, shuffle=False)
    second = fitted(model, given[kind](), epochs=2, batch_size=8, shuffle=False)
    if kind == "float32":
        np.testing.assert_allclose(second["loss"], first["loss"], rtol=1e-5)
    else:
        assert bits(model) == bits(expected) and second["loss"] == first["loss"]


def test_dask_arrays():
    dask = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    X, y = data()
    expected, model = network(), network()
    fitted(expected, epochs=2, batch_size=10, shuffle=False)
    fitted(model, (dask.from_array(X, chunks=(20, 2)), y), epochs=2, batch_size=10, shuffle=False)
    assert bits(model) == bits(expected)


def test_all_rows_in_one_batch():
    model = network()
    seen = []

    def loss(prediction: Any, y: Any) -> Any:
        seen.append(len(y))
        return mse(prediction, y)

    fitted(model, epochs=2, batch_size=None, loss=loss)
    assert seen == [50, 50]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (3, "fit: data=int holds no batches; give (X, y) arrays, an iterable of batches (X, y), or a function"),
        ((x for x in []), "fit: data=generator is used up after one pass; give (X, y) arrays"),
        ([], "fit: the data gives no batches in pass 1; give (X, y) arrays"),
        ([3.0], "fit: a batch is float, not a pair (X, y); give (X, y) arrays"),
        ([(np.ones(1),)], "fit: a batch is tuple, not a pair"),
        (batches(np.ones((3, 2))), "fit: the batches hold X alone; make them with batches(X, y)"),
        ((np.ones((3, 2)), np.ones((4, 1))), "X has 3 rows, y 4; give one y for each row of X"),
        ((np.ones((0, 2)), np.ones((0, 1))), "X has no rows"),
    ],
    ids=["a number", "a generator", "nothing", "numbers", "a tuple", "batches of X", "other rows", "no rows"],
)
def test_data_that_is_refused(given, words):
    model = network()
    with pytest.raises(MicrogradError) as caught:
        fit(model, mse, given, SGD(model.parameters()), verbose=False)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": -1}, "fit: epochs=-1: give an integer of at least 0"),
        ({"epochs": 1.5}, "fit: epochs=1.5: give an integer of at least 0"),
        ({"batch_size": 0}, "fit: batch_size=0: give an integer of at least 1"),
        ({"accumulate": 0}, "fit: accumulate=0: give an integer of at least 1"),
        ({"patience": True}, "EarlyStopping: patience=True: give an integer of at least 1"),
        ({"seed": -1}, "fit: seed=-1: give an integer of at least 0"),
        ({"resume": True}, "fit: resume=True needs save=, to know where the checkpoint is"),
        ({"metrics": ["accuracy"]}, "the metric 'accuracy' is not a function; give functions of (prediction, target)"),
        ({"metrics": "accuracy"}, "the metric 'accuracy' is not a function; give functions of (prediction, target)"),
        ({"metrics": 3}, "the metric 3 is not a function"),
        (
            {"metrics": [lambda p, y: 1.0, lambda p, y: 2.0]},
            "two metrics have the name '<lambda>', and one column cannot hold both; give a dict by name, as in metr",
        ),
        ({"metrics": {"loss": accuracy}}, "a metric cannot have the name 'loss', which is a column"),
        ({"callbacks": [3]}, "the callback 3 is not a Callback or a function"),
        (
            {"callbacks": 3},
            "the callback 3 is not a Callback or a function; give a function, or an object of a class of",
        ),
        ({"callbacks": "plot"}, "the callback 'plot' is not a Callback or a function"),
        ({"callbacks": [Callback]}, "the callback Callback is a class; make an object: Callback(...)"),
        ({"callbacks": [StepLR(SGD([Value(1.0)]), 1)]}, "is not a Callback or a function; give it in Schedule(...)"),
        ({"save": True}, "Checkpoint: path=True is not a path; give one, such as 'model.safetensors'"),
        (
            {"callbacks": [lambda training: EarlyStopping(1, mode="most")]},
            "mode='most' is unknown; choose from min, max",
        ),
        ({"callbacks": [Checkpoint("a")], "save": "b"}, "fit: 2 checkpoints are given; give one"),
        (
            {"callbacks": [EarlyStopping(1, "val_loss")]},
            "there is no column 'val_loss' to monitor; choose from epoch, loss",
        ),
        ({"optimizer": 3}, "fit: optimizer=int has no step() and zero_grad(); give an optimizer"),
        ({"optimizer": SGD}, "fit: optimizer=SGD is a class; make an object: SGD(model.parameters())"),
        ({"loss": data()}, "fit: loss=tuple cannot be called; give a function of (prediction, y)"),
        ({"loss": "mse"}, "fit: loss='mse' cannot be called; give a function of (prediction, y)"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, dict) else "",
)
def test_arguments_that_are_refused(options, words):
    model = network()
    before = bits(model)
    with pytest.raises(ArgumentError) as caught:
        fitted(model, epochs=options.pop("epochs", 1), **options)
    assert words in str(caught.value)
    assert bits(model) == before or "callbacks" in options


def test_a_loss_that_is_not_one_number():
    with pytest.raises(ShapeError, match=r"returned an array of shape \(32, 1\), wanted one number; take its mean"):
        fitted(network(), loss=lambda z, y: (z - y) ** 2)
    with pytest.raises(DataError, match="the loss function returned float64, wanted a Value; compute it from the pred"):
        fitted(network(), loss=lambda z, y: ((z.data - y) ** 2).mean())


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_loss_that_reaches_no_parameter(accumulate):
    words = "does not depend on any parameter of the optimizer. Is it the optimizer of another model"
    with pytest.raises(GradientError, match=words):
        fitted(network(), optimizer=SGD(network().parameters()), accumulate=accumulate)
    with pytest.raises(GradientError, match=words):
        fitted(network(), loss=lambda z, y: Value(float(((z.data - y) ** 2).mean())))


PAIRED = {
    "squares": lambda p, y: ((p - y) ** 2).mean(),
    "the other way round": lambda p, y: ((y - p) ** 2).mean(),
    "a product": lambda p, y: (1.0 - (2.0 * y - 1.0) * p).relu().mean(),
    "a power": lambda p, y: (abs(p) ** abs(y)).mean(),
    "the larger": lambda p, y: ops.maximum(p, y).mean(),
    "a target that is computed": lambda p, y: (p - np.log1p(abs(y))).mean(),
    "both of the prediction": lambda p, y: (p * p.reshape(-1)).mean(),
}


@pytest.mark.parametrize("loss", PAIRED.values(), ids=PAIRED.keys())
@pytest.mark.parametrize("way", ["fit", "LBFGS", "accumulate", "validation", "evaluate"])
def test_a_loss_that_pairs_all_rows(way, loss):
    """A prediction of shape (n, 1) and a target of shape (n,) make n * n losses."""
    X, y = data()
    wrong = (X, y[:, 0])
    model = network()
    before = bits(model)
    words = r"in the loss, \w+ of shapes \(\d+, 1\) and \(\d+,\) pairs each row with all rows.\nGive shapes that are "
    with pytest.raises(ShapeError, match=words + r"the same: y.reshape\(-1, 1\), or prediction.reshape\(-1\); for all"):
        if way == "evaluate":
            evaluate(model, loss, wrong)
        elif way == "validation":
            fitted(model, (X, y), loss=lambda p, y: loss(p, y) if y.ndim == 1 else mse(p, y), validation=wrong)
        else:
            optimizer = {"optimizer": LBFGS(model.parameters())} if way == "LBFGS" else {}
            fitted(model, wrong, loss=loss, accumulate=2 if way == "accumulate" else 1, **optimizer)
    assert way == "validation" or bits(model) == before


@pytest.mark.parametrize(
    ("loss", "size"),
    [
        (lambda p, y: ((p.reshape(-1) - y) ** 2).mean(), 8),
        (lambda p, y: ((p - y.reshape(-1, 1)) ** 2).mean(), 8),
        (lambda p, y: ((p - p.T) ** 2).mean(), 8),
        (lambda p, y: ((p - y[None]) ** 2).mean(), 8),
        (lambda p, y: ((p - y) ** 2).mean(), 1),
        (lambda p, y: (((p - y[:, None]) * np.linspace(0.1, 1.0, 9)) ** 2).mean(), 8),
    ],
    ids=["flat", "a column", "pairs of predictions", "pairs on purpose", "one row", "weights of another length"],
)
def test_a_loss_with_shapes_that_are_meant(loss, size):
    X, y = data(16)
    model = network()
    assert len(fitted(model, (X, y[:, 0]), loss=loss, epochs=1, batch_size=size)) == 1
    assert evaluate(model, loss, (X, y[:, 0]), batch_size=size)["loss"] > 0.0


def test_a_model_that_computes_a_weight_once():
    class Scaled(Module):
        def __init__(self) -> None:
            self.w = Value(np.ones((2, 1)))

        @functools.cached_property
        def scaled(self) -> Any:
            return self.w * 2.0

        def __call__(self, x: Any) -> Any:
            return x @ self.scaled

    for kind in (SGD, LBFGS):
        model = Scaled()
        with pytest.raises(DataError, match="Scaled: scaled is a cached_property, and keeps a Value that was computed"):
            fitted(model, optimizer=kind(model.parameters()))


def test_inside_no_grad():
    with (
        no_grad(),
        pytest.raises(ArgumentError, match="fit: gradients are switched off here, by no_grad; call fit outs"),
    ):
        fitted(network())


def test_a_model_that_is_a_function():
    weight = Value(np.zeros((2, 1)))
    model = lambda X: X @ weight  # noqa: E731
    history = fitted(model, optimizer=SGD([weight], 0.1), epochs=3, validation=data(8), restore_best=False)
    assert history["loss"][2] < history["loss"][0]
    with pytest.raises(
        ArgumentError, match=r"fit: model=function has no state_dict\(\), which checkpoints and the best"
    ):
        fitted(model, optimizer=SGD([weight], 0.1), validation=data(8))


# Same seed, same bits


def test_same_seed_same_bits():
    def run(seed: int) -> Any:
        model = network(dropout=0.5)  # whose generator is another one each time
        return table(fitted(model, epochs=3, batch_size=8, seed=seed)), bits(model)

    assert run(1) == run(1) != run(2)


def test_without_a_seed_the_generators_go_on():
    model = network(dropout=0.5)
    (_, generator) = model.named_generators()[0]
    before = generator.bit_generator.state
    fitted(model, epochs=0, seed=None)
    assert generator.bit_generator.state == before


# Resuming


def schedule(optimizer: Any) -> Any:
    from micrograd.optim import lr_scheduler

    return lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def whole_training(path: Path, epochs: int, stop: int | None = None, **options: Any) -> Any:
    """A training with everything that has a state; stop interrupts it at a step."""
    model = network(dropout=0.3)
    optimizer = Adam(model.parameters(), 0.01)

    class Stop(Callback):
        def on_step_end(self, training: Any) -> None:
            if training.step == stop:
                raise KeyboardInterrupt

    history = fitted(
        model,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=8,
        validation=data(20, seed=2),
        metrics={"error": lambda z, y: np.abs(z - y).max()},
        patience=3,
        callbacks=[Stop()],
        save=Checkpoint(path, steps=1),
        **options,
    )
    return (
        table(history),
        bits(model),
        optimizer.state_dict()["state"][0]["exp_avg"].tobytes(),
        load(path)["generators"],
    )


@needs_safetensors
@pytest.mark.parametrize(("accumulate", "stops"), [(1, [1, 3, 6, 7, 8, 15, 27]), (3, [1, 2, 3, 4, 11])])
def test_a_training_continues_to_the_same_bits(tmp_path, accumulate, stops):
    """Seven batches are an epoch: 28 steps, or 12 of up to three batches."""
    whole = whole_training(tmp_path / "whole", 4, accumulate=accumulate)
    for stop in stops:
        path = tmp_path / f"{stop}"
        with pytest.raises(KeyboardInterrupt):
            whole_training(path, 4, stop=stop, accumulate=accumulate)
        assert whole_training(path, 4, resume=True, accumulate=accumulate) == whole


@needs_safetensors
def test_more_epochs_later(tmp_path):
    whole = whole_training(tmp_path / "whole", 5)
    whole_training(tmp_path / "a", 2)
    whole_training(tmp_path / "a", 4, resume=tmp_path / "a")
    assert whole_training(tmp_path / "a", 5, resume=True) == whole


@needs_safetensors
def test_a_training_that_was_stopped_early_stays_so(tmp_path):
    model = network()
    options: dict[str, Any] = {"validation": [data(8)], "epochs": 9, "save": tmp_path / "a"}
    first = fitted(model, loss=Losses(model, [3.0, 2.0, 4.0, 5.0]), patience=2, **options)
    assert len(first) == 4
    again = network(seed=5)
    second = fitted(again, loss=Losses(again, []), patience=2, resume=True, **options)
    assert table(second) == table(first) and bits(again) == bits(model)
    patient = fitted(again, loss=Losses(again, [1.0, 7.0, 8.0, 9.0]), patience=3, resume=True, **options)
    assert patient["val_loss"] == [3.0, 2.0, 4.0, 5.0, 1.0, 7.0, 8.0, 9.0]


@needs_safetensors
def test_a_training_with_other_settings_is_refused(tmp_path):
    path = tmp_path / "a"
    fitted(network(), epochs=1, batch_size=8, save=path)
    model = network(seed=9)
    before = bits(model)
    for options, words in (
        ({"batch_size": 16}, "was trained with batch_size=8, and this is batch_size=16; give what it was trained with"),
        ({"accumulate": 2}, "was trained with accumulate=1, and this is accumulate=2"),
        ({"seed": 4}, "was trained with seed=3, and this is seed=4"),
        ({"patience": 4}, r"holds the states of the callbacks \(none\), and here are EarlyStopping; give the same"),
        ({"shuffle": False}, r"was trained with batches=\[8, True, 3, False\]"),
        ({"given": data(49)}, "was trained with rows=50, and this is rows=49"),
        (
            {"given": data(seed=2)},
            "was trained on other data: X or y holds other numbers. Give the same rows; or start",
        ),
        (
            {"given": (data()[0], 2 * data()[1])},
            r"or start anew without resume=, from its weights, which load\(.*, model",
        ),
        ({"given": (data()[0].astype(np.float32), data()[1])}, "was trained on other data: X or y holds other numbers"),
        (
            {"given": [data(8)]},
            r"was trained with data of arrays, and data= here is batches; give \(X, y\) arrays as bef",
        ),
        ({"validation": data(9)}, "was trained with validation=False, and this is validation=True; give what it was"),
        ({"resume": 5}, "fit: resume=5 is not a path; give the path of a checkpoint, or True"),
        ({"optimizer": SGD(model.parameters())}, "holds the state of Adam, and optimizer= is SGD"),
    ):
        kind = ArgumentError if "resume" in options else CheckpointError
        with pytest.raises(kind, match=words):
            fitted(model, **{"epochs": 2, "batch_size": 8, "resume": path, **options})
    save(path, model)
    with pytest.raises(CheckpointError, match="holds a model, but not the state of a training; load"):
        fitted(model, epochs=2, resume=path)
    with pytest.raises(FileNotFoundError, match="load: No such file"):
        fitted(model, epochs=2, resume=tmp_path / "b")
    assert bits(model) == before


@needs_safetensors
@pytest.mark.parametrize("place", [0, 117, 4999])
def test_large_data_that_is_other_is_refused(tmp_path, place):
    """Of a megabyte and more, some rows are looked at: the first and the last too."""
    X = np.zeros((5000, 30))
    y = np.zeros((5000, 1))

    def trained(X: Any, **options: Any) -> Any:
        model = Linear(30, 1, rng=np.random.default_rng(0))
        return fitted(model, (X, y), batch_size=None, save=tmp_path / "a", **options)

    trained(X, epochs=1)
    other = X.copy()
    other[place if place != 117 else slice(100, 140)] = 1.0
    with pytest.raises(CheckpointError, match="was trained on other data"):
        trained(other, epochs=2, resume=True)
    assert len(trained(X.copy(order="F"), epochs=2, resume=True)) == 2


@needs_safetensors
def test_another_rate_is_said_when_a_training_goes_on(tmp_path):
    path = tmp_path / "a"

    def trained(epochs: int, optimizer: Any = None, callbacks: Any = (), **options: Any) -> Any:
        model = network()
        optimizer = optimizer(model) if optimizer else Adam(model.parameters(), 0.01)
        schedule = Schedule(StepLR(optimizer, 1, gamma=0.5))
        history = fitted(
            model, epochs=epochs, optimizer=optimizer, save=path, callbacks=[schedule, *callbacks], **options
        )
        return history["lr"]

    trained(2)
    assert trained(3, resume=True) == [0.01, 0.005, 0.0025]
    words = r"goes on as it began, with lr=0.01, not 0.5.\nTo change it from here on, set optimizer.param_groups\[0\]"
    with pytest.warns(UserWarning, match=words + r"\['lr'\] in on_train_begin of a Callback"):
        assert trained(4, lambda m: Adam(m.parameters(), 0.5), resume=True)[-1] == 0.00125
    with pytest.warns(UserWarning, match=r"with betas=\(0.9, 0.999\), not \(0.5, 0.9\)"):
        trained(5, lambda m: Adam(m.parameters(), 0.01, betas=(0.5, 0.9)), resume=True)

    class Faster(Callback):
        def on_train_begin(self, training: Any) -> None:
            training.optimizer.param_groups[0]["lr"] = 1.0

    assert trained(6, callbacks=[Faster()], resume=True)[-1] == 1.0


@needs_safetensors
def test_the_last_weights_of_a_training_that_kept_the_best(tmp_path):
    """restore_best=False leaves the last weights, of a training that is resumed too."""

    def trained(epochs: int, **options: Any) -> Any:
        model = network()
        loss = Losses(model, [3.0, 2.0, 4.0, 5.0][options.get("skip", 0) :])
        options.pop("skip", None)
        history = fitted(model, loss=loss, epochs=epochs, validation=[data(8)], save=tmp_path / "a", **options)
        return bits(model), history.best_epoch

    last = trained(4, restore_best=False)
    assert last[1] == 0
    best = trained(3)
    assert best[1] == 2
    assert trained(4, resume=True, restore_best=False, skip=3) == last
    with pytest.raises(CheckpointError, match="holds no best weights: it was trained with restore_best=False; give re"):
        trained(5, resume=True)


def test_a_place_to_save_is_looked_at_before_the_first_step(tmp_path):
    def loss(prediction: Any, y: Any) -> Any:
        raise AssertionError("a step was taken")

    (tmp_path / "file").touch()
    for place, error, words in (
        (tmp_path / "none" / "a", FileNotFoundError, "save: No such file or directory; make its folder first"),
        (tmp_path, IsADirectoryError, "save: Is a directory; name a file in it"),
        (tmp_path / "file" / "a", NotADirectoryError, "save: Not a directory; a part of its path is a file; name"),
        ("/dev/null", CheckpointError, "save: /dev/null is not a file, but a device, a socket or a FIFO; name a file"),
    ):
        for way in ({"save": place}, {"callbacks": [Checkpoint(place)]}):
            with pytest.raises(error, match=words):
                fitted(network(), loss=loss, **way)


@needs_safetensors
def test_resume_is_true_before_there_is_a_file(tmp_path):
    first, second = network(), network()
    fitted(first, epochs=2, save=tmp_path / "a", resume=True)
    fitted(second, epochs=2)
    assert bits(first) == bits(second)


@needs_safetensors
def test_the_seed_that_was_drawn_is_resumed(tmp_path):
    fitted(network(), epochs=1, seed=None, save=tmp_path / "a")
    seed = load(tmp_path / "a")["seed"]
    first, second = network(), network()
    fitted(first, epochs=3, seed=None, save=tmp_path / "a", resume=True)
    fitted(second, epochs=3, seed=seed)
    assert bits(first) == bits(second)


@needs_safetensors
def test_batches_of_the_users_are_resumed(tmp_path):
    def loader() -> Any:
        found = batches(*data(), batch_size=8, shuffle=True, seed=7)
        found.epoch = 2
        return found

    whole, part = network(), network()
    fitted(whole, loader(), epochs=3)
    fitted(part, loader(), epochs=1, save=tmp_path / "a")
    part = network()
    fitted(part, loader(), epochs=3, save=tmp_path / "a", resume=True)
    assert bits(part) == bits(whole)


# The best weights


class Losses:
    """A loss whose validation is what a list says, epoch after epoch."""

    def __init__(self, model: Any, numbers: list[float]) -> None:
        self.model, self.numbers = model, iter(numbers)

    def __call__(self, prediction: Any, y: Any) -> Any:
        return mse(prediction, y) if self.model.training else Value(next(self.numbers))


@pytest.mark.parametrize(
    ("numbers", "patience", "epochs", "best"),
    [
        ([3.0, 2.0, 2.5, 2.5, 9.0, 0.0], 3, 5, 2),
        ([3.0, 2.0, 2.5, 1.0, 2.0, 2.0, 0.0], 2, 6, 4),
        ([3.0, 2.0, 1.0], 2, 3, 3),
        ([math.nan, math.nan, 0.0], 2, 2, 0),
        ([1.0, math.nan, 1.0, 0.0], 2, 3, 1),
    ],
)
def test_early_stopping(numbers, patience, epochs, best):
    model = network()
    states = [bits(model)]
    history = fitted(
        model,
        loss=Losses(model, numbers),
        epochs=len(numbers),
        validation=[data(8)],
        patience=patience,
        callbacks=[lambda training: states.append(bits(training.model))],
    )
    assert len(history) == epochs and history.best_epoch == best
    assert history.stopped == ("" if epochs == len(numbers) else f"no better epoch for {patience} epochs")
    assert bits(model) == states[best or -1]


def test_patience_without_validation_watches_the_loss():
    model = network()
    history = fitted(model, optimizer=SGD(model.parameters(), 1e-30), patience=4, epochs=50, shuffle=False)
    assert len(history) == 5


def test_a_metric_that_is_watched():
    model = network()
    states = []
    stopping = EarlyStopping(2, "val_score", mode="max")
    for _ in range(2):  # it begins anew
        numbers = [0.0, 0.1, 0.0, 0.5, 0.0, 0.3, 0.0, 0.2, 0.0, 0.9]
        history = fitted(
            model,
            epochs=5,
            validation=data(8),
            metrics={"score": lambda z, y, numbers=numbers: numbers.pop(0)},
            callbacks=[stopping, lambda training: states.append(bits(training.model))],
        )
        assert history["val_score"] == [0.1, 0.5, 0.3, 0.2]
        assert bits(model) == states[1]
        states.clear()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, SystemExit])
def test_best_weights_are_restored_however_it_ends(error):
    model = network()
    states = []

    def callback(training: Any) -> None:
        states.append(bits(model))
        if training.epoch == 4:
            raise error

    numbers = [3.0, 2.0, 2.5, 2.5]
    with pytest.raises(error):
        fitted(model, loss=Losses(model, numbers), epochs=9, validation=[data(8)], callbacks=callback)
    assert bits(model) == states[1] != states[3]


def test_last_weights_on_demand():
    model = network()
    states = []
    numbers = [2.0, 3.0, 3.0]
    fitted(
        model,
        loss=Losses(model, numbers),
        epochs=3,
        validation=[data(8)],
        restore_best=False,
        callbacks=lambda training: states.append(bits(model)),
    )
    assert bits(model) == states[-1]


def test_a_loss_that_is_not_finite():
    model = network()
    before = []

    def loss(prediction: Any, y: Any) -> Any:
        before.append(bits(model))
        value = mse(prediction, y)
        return value if len(before) < 10 else value * math.nan

    words = (
        r"fit: the loss is nan in epoch 2, at step 10, which was not taken.\n"
        r"Try a smaller learning rate, or clip the gradients; inside micrograd.detect_anomaly\(\) the op is named"
    )
    with pytest.raises(DivergenceError, match=words):
        fitted(model, batch_size=8, loss=loss)
    assert bits(model) == before[-1]


@pytest.mark.parametrize(("place", "number"), [("X", math.nan), ("y", math.nan), ("y", -math.inf)])
def test_data_that_is_not_finite(place, number):
    arrays = dict(zip("Xy", data(), strict=True))
    arrays[place] = arrays[place].copy()
    arrays[place][3, 0] = number
    words = f"{place} of this batch holds {number}: fill such cells of the data, or leave their rows out"
    with pytest.raises(DivergenceError, match=words):
        fitted(network(), (arrays["X"], arrays["y"]), epochs=1)


def test_evaluate_with_loss_and_data_swapped():
    with pytest.raises(ArgumentError, match=r"evaluate: loss=tuple cannot be called; give \(model, loss, data\)"):
        evaluate(network(), data(), mse)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (
            lambda z, y: np.abs(z - y),
            r"the metric 'error' returned an array of shape \(\d+, 1\), wanted one number for all",
        ),
        (lambda z, y: "good", "the metric 'error' returned str, wanted one number for all rows; take its mean"),
        (lambda z, y: None, "the metric 'error' returned NoneType, wanted one number"),
    ],
    ids=["array", "str", "None"],
)
def test_a_metric_that_is_not_one_number(metric, words):
    with pytest.raises(DataError, match=words):
        fitted(network(), epochs=1, metrics={"error": metric})


# Gradient accumulation


def test_accumulated_batches_are_one_large_batch():
    """50 rows in batches of 8: windows of 24, 24 and, short in both ways, 2."""
    small, large = network(), network()
    options: dict[str, Any] = {"epochs": 3, "shuffle": False}
    first = fitted(small, batch_size=8, accumulate=3, optimizer=SGD(small.parameters(), 0.1), **options)
    second = fitted(large, batch_size=24, optimizer=SGD(large.parameters(), 0.1), **options)
    for p, q in zip(small.parameters(), large.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12)
    np.testing.assert_allclose(first["loss"], second["loss"], rtol=1e-12)


def test_a_short_window_of_several_batches():
    small, large = network(), network()
    X, y = data(50)
    sizes = [(0, 10), (10, 30), (30, 33), (33, 50)]
    parts = [(X[a:b], y[a:b]) for a, b in sizes]
    fitted(small, parts, accumulate=3, epochs=2, optimizer=SGD(small.parameters(), 0.1))
    fitted(large, [(X[:33], y[:33]), (X[33:], y[33:])], epochs=2, optimizer=SGD(large.parameters(), 0.1))
    for p, q in zip(small.parameters(), large.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12)


def test_accumulation_leaves_what_was_not_reached():
    class Net(Module):
        def __init__(self) -> None:
            self.weight, self.scale = Value(np.ones((2, 1))), Value(2.0)
            self.other, self.number = Value(np.ones(2)), Value(1.0)
            self.zero, self.zeros = Value(2.0), Value(np.ones(1))  # reached by gradients of 0: these decay

        def __call__(self, x: Any) -> Any:
            return x @ self.weight * self.scale + self.zero * 0.0 + self.zeros * 0.0

    small, large = Net(), Net()
    for model, options in ((small, {"batch_size": 25, "accumulate": 2}), (large, {"batch_size": None})):
        fitted(model, epochs=3, shuffle=False, optimizer=SGD(model.parameters(), 0.1, weight_decay=0.5), **options)
        assert model.other.data.tolist() == [1.0, 1.0] and model.number.data == 1.0
    np.testing.assert_allclose(small.weight.data, large.weight.data, rtol=1e-12)
    assert small.zero.data == large.zero.data < 2.0 and small.zeros.data == large.zeros.data < 1.0
    assert small.scale.data == pytest.approx(large.scale.data, rel=1e-12) and type(small.scale.data) is float


# Modes


def test_modes_are_as_they_were():
    model = Sequential(Linear(2, 4), BatchNorm1d(4), Dropout(0.5), Linear(4, 1))
    model[1].eval()  # stays frozen
    seen = []

    def loss(prediction: Any, y: Any) -> Any:
        seen.append((model.training, model[1].training, model[2].training, bool(prediction.inputs)))
        return mse(prediction, y)

    fitted(model, loss=loss, epochs=1, batch_size=None, validation=data(8))
    assert seen == [(True, False, True, True), (False, False, False, False)]
    assert (model.training, model[1].training, model[2].training) == (True, False, True)
    model.eval()
    seen.clear()
    fitted(model, loss=loss, epochs=2, batch_size=None, validation=data(8))
    assert [x[:3] for x in seen] == [(True, True, True), (False, False, False)] * 2
    assert not any(module.training for module in model.modules())
    model.train()
    with pytest.raises(ZeroDivisionError):
        fitted(model, loss=lambda z, y: mse(z, y) if model.training else 1 / 0, validation=data(8))
    assert all(module.training for module in model.modules())


# Metrics and evaluation


def test_metrics_are_of_all_rows():
    model = network()
    X, y = data(50)
    found = evaluate(model, mse, (X, y), metrics={"worst": lambda z, t: np.abs(z - t).max()}, batch_size=7)
    z = model(X).data
    np.testing.assert_allclose(found["loss"], np.mean((z - y) ** 2), rtol=1e-12)
    assert found["worst"] == np.abs(z - y).max()
    history = fitted(model, epochs=2, validation=(X, y), metrics=[worst], batch_size=7)
    assert history.keys() == ["epoch", "loss", "worst", "val_loss", "val_worst", "lr", "seconds"]


def worst(prediction: Any, y: Any) -> Any:
    assert prediction.shape == y.shape == (50, 1)
    return Value(float(np.abs(prediction - y).max()))


@pytest.mark.parametrize(
    ("prediction", "target", "share"),
    [
        ([[0.0, 1.0], [2.0, 1.0]], [1, 1], 0.5),
        ([[0.3], [-0.3]], [[1], [0]], 1.0),
        ([0.3, -0.3, 0.0], [1, -1, 1], 2 / 3),
    ],
)
def test_accuracy(prediction, target, share):
    assert accuracy(np.array(prediction), np.array(target)) == share


@pytest.mark.parametrize(
    ("prediction", "target"), [(np.ones((3, 2)), np.ones((3, 2))), (np.ones(3), np.ones(2)), ([], [])]
)
def test_accuracy_of_other_shapes(prediction, target):
    with pytest.raises(
        ShapeError, match=r"accuracy: the prediction has shape .*; give \(rows, classes\) and \(rows,\)"
    ):
        accuracy(prediction, target)


# Callbacks


def test_callbacks_are_called_in_order():
    calls = []

    class Log(Callback):
        def on_train_begin(self, training: Any) -> None:
            calls.append("begin")

        def on_step_end(self, training: Any) -> None:
            calls.append(training.step)

        def on_epoch_end(self, training: Any) -> None:
            calls.append(("epoch", training.epoch, len(training.history)))

        def on_train_end(self, training: Any) -> None:
            calls.append("end")

    fitted(network(), epochs=2, batch_size=25, callbacks=[Log()])
    assert calls == ["begin", 1, 2, ("epoch", 1, 1), 3, 4, ("epoch", 2, 2), "end"]


@needs_safetensors
def test_a_callback_that_stops_at_a_step(tmp_path):
    class Stop(Callback):
        def __init__(self, step: int) -> None:
            self.step = step

        def on_step_end(self, training: Any) -> None:
            if training.step == self.step:
                training.stop()

    model, whole = network(), network()
    history = fitted(model, epochs=4, batch_size=10, callbacks=[Stop(7)], save=tmp_path / "a")
    assert len(history) == 1
    assert load(tmp_path / "a")["extra"]["fit"]["step"] == 7
    fitted(model, epochs=4, batch_size=10, callbacks=[Stop(-1)], save=tmp_path / "a", resume=True)
    fitted(whole, epochs=4, batch_size=10)
    assert bits(model) == bits(whole)


def test_pictures_of_the_history(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    from micrograd.train import Plot

    history = fitted(network(), epochs=3, validation=data(8), callbacks=[Plot(tmp_path / "a.png", every=2)])
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    figure = history.plot()
    (axes,) = figure.axes
    assert [line.get_label() for line in axes.lines] == ["training", "validation"]
    assert len(history.plot("loss", "lr").axes) == 2
    with pytest.raises(ArgumentError, match="plot: there is no column 'acc'; choose from epoch, loss, val_loss, lr"):
        history.plot("acc")
    with pytest.raises(
        ArgumentError, match=r"plot: 'loss.txt' does not end like a picture; give another name, as in 'los"
    ):
        history.plot(path="loss.txt")
    with pytest.raises(ArgumentError, match="plot: there are no rows yet; train for an epoch first"):
        History().plot()


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([1.0, 0.5, 0.02], "log"), ([1.0, 0.5, 0.04], "linear"), ([9.0, 0.0], "linear"), ([1.0, math.nan, 0.01], "log")],
)
def test_a_picture_shows_small_losses_and_whole_epochs(losses, scale):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed")
    history = History({"epoch": list(range(1, len(losses) + 1)), "loss": losses, "val_loss": losses})
    (place,) = history.plot().axes
    assert place.get_yscale() == scale
    assert all(float(tick).is_integer() for tick in place.get_xticks())


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    from micrograd.train import TensorBoard

    fitted(network(), epochs=3, validation=data(8), callbacks=[TensorBoard(tmp_path)])
    (name,) = os.listdir(tmp_path)
    assert name.startswith("events") and b"val_loss" in (tmp_path / name).read_bytes()


def test_libraries_that_are_missing(monkeypatch):
    from micrograd.train import TensorBoard

    for name in ("tensorboardX", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=r"TensorBoard: .*; pip install 'micrograd-nd\[tensorboard\]'"):
        TensorBoard()
    history = History({"loss": [1.0]})
    with pytest.raises(MissingExtraError, match=r"plot: .* matplotlib, .*; pip install 'micrograd-nd\[plot\]'"):
        history.plot()


def test_targets_that_are_numbers():
    """A batch whose target is one number counts as the rows of X, or as one."""
    seen = []
    model = network()
    parts = [(data(4)[0], np.array(1.0)), (data(1)[0], 2.0), (data(6)[0], [1.0] * 6)]
    history = fitted(model, parts, epochs=1, loss=lambda z, y: (seen.append(len(z)), (z.mean() * 0.0 + seen[-1]))[1])
    assert history["loss"] == [(4 * 4 + 1 * 1 + 6 * 6) / 11]


def test_a_history_is_a_table(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    history = fitted(network(), epochs=3)
    frame = pandas.DataFrame(history)
    assert list(frame.columns) == history.keys() and frame["loss"].tolist() == history["loss"]
    history.to_csv(tmp_path / "a.csv")
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == history["loss"] and list(rows[0]) == history.keys()


def test_rows_of_a_history():
    history = History()
    history.append({"epoch": 1, "loss": 0.5})
    history.append({"epoch": 2, "loss": 0.25, "extra": 1})
    assert [row["epoch"] for row in history] == [1, 2] and len(history) == 2
    assert math.isnan(history[0]["extra"]) and history[-1] == {"epoch": 2, "loss": 0.25, "extra": 1}
    assert "loss" in history and "acc" not in history
    with pytest.raises(KeyError, match="acc: the columns are epoch, loss, extra"):
        history["acc"]
    for i in range(30):
        history.append({"epoch": i + 3})
    assert "... 20 more rows ..." in repr(history) and len(repr(history).splitlines()) == 14
    assert repr(History()) == "no rows yet"


# Progress


def test_progress_is_quiet_in_a_pipe():
    program = (
        "from tests.train.test_fit import *\n"
        "model = network(); fit(model, mse, data(), SGD(model.parameters()), epochs=3)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="there is no pty")
def test_progress_in_a_terminal():
    import pty
    import termios

    program = (
        "from tests.train.test_fit import *\n"
        "model = network()\n"
        "fit(model, mse, data(), SGD(model.parameters()), epochs=3, batch_size=10, validation=data(8))"
    )
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (30, 120))
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=child, stderr=child)
    os.close(child)
    shown = b""
    while True:
        try:
            shown += (part := os.read(parent, 1000))
        except OSError:  # the end, on Linux
            break
        if not part:
            break
    os.close(parent)
    assert process.wait() == 0
    last = shown.decode().strip().split("\r")[-1]
    assert "epoch 3/3" in last and "15/15" in last and "loss 0." in last and "val_loss" in last, shown


def test_progress_in_a_notebook(monkeypatch):
    """There, tqdm.auto has a bar of its own, which takes disable=None as False."""
    shown: list[Any] = []

    class Bar:
        def __init__(self, **options: Any) -> None:
            self.disable = bool(options["disable"])
            shown.append((options["total"], options["initial"]))

        def set_description_str(self, text: str, refresh: bool) -> None:
            shown.append(text)

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            shown.append(re.sub(r"[\d.]+", "1", text))

        def update(self, steps: int) -> None:
            shown.append(steps)

        def refresh(self) -> None:
            shown.append("refresh")

        def close(self) -> None:
            shown.append("close")

    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    fitted(network(), epochs=2, batch_size=25, metrics=[worst], verbose=True)
    both = "loss 1, worst 1"
    assert shown == [
        (4, 0),
        *("epoch 1/2", "loss 1", 1, "epoch 1/2", "loss 1", 1, "epoch 2/2", both, 0),
        *("epoch 2/2", both, 1, "epoch 2/2", both, 1, "epoch 2/2", both, 0),
        *("refresh", "close"),
    ]
