"""Trainings that are killed and interrupted: the checkpoint loads, no more than a step
is lost, and what continues from it has the bits of one that was never interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micrograd.train import Callback, Checkpoint, fit, load
from tests.train import killed

pytest.importorskip("safetensors", reason="the extra `train` is not installed")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such signals here")

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """A shell lets programs in its background ignore SIGINT, and these tests too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def started(*arguments: Any) -> subprocess.Popen[str]:
    """A process that runs a program of this checkout, in one thread."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # Coverage does not measure what is killed: it would leave a broken file of data.
    is_killed = "tests.train.killed" in arguments
    kept = {k: x for k, x in os.environ.items() if not (is_killed and k.startswith("COVERAGE_PROCESS"))}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env={**kept, **threads, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_fifty_kills(tmp_path):
    process = started("-m", "tests.train.killed", tmp_path, 50, 0)
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    found = json.loads(out)
    assert found["wrong"] == []
    assert found["same"]
    assert found["left"] == ["killed.safetensors", "whole.safetensors"]
    assert len(found["steps"]) == 50 and found["steps"] == sorted(found["steps"])


def test_kills_find_out_a_writer_that_is_not_careful(tmp_path):
    process = started("-m", "tests.train.killed", tmp_path, 50, 0, "careless")
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    (wrong,) = json.loads(out)["wrong"]
    assert "CheckpointError" in wrong


# Signals

PROGRAM = """
import sys
from tests.train.killed import *

class Aloud(Callback):
    def on_step_end(self, training):
        print(training.step, flush=True)
        time.sleep(0.005)

model = network()
fit(model, mse, data(), Momentum(model.parameters()), epochs=EPOCHS, batch_size=BATCH, seed=5,
    callbacks=[Aloud()], save=sys.argv[1], verbose=False)
"""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_the_step_and_saves(tmp_path, number, status):
    path, whole = tmp_path / "a.safetensors", tmp_path / "whole.safetensors"
    process = started("-c", PROGRAM, path)
    steps = [int(process.stdout.readline()) for _ in range(7)]
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == status
    last = [*steps, *map(int, out.split())][-1]
    assert errors.splitlines()[-1] == (
        f"micrograd: stopped by a signal at step {last}; saved to {path}, and fit(..., resume=...) continues from there"
    )
    assert load(path)["extra"]["fit"]["step"] == last
    for place in (path, whole):
        killed.train(place, killed.StopAt(last + 9))
    assert killed.bits(path) == killed.bits(whole)


class RaiseAt(Callback):
    """Sends signals to this process, at the end of a step."""

    def __init__(self, step: int, *numbers: int) -> None:
        self.step, self.numbers = step, numbers

    def on_step_end(self, training: Any) -> None:
        if training.step == self.step:
            for number in self.numbers:
                signal.raise_signal(number)


def training(callback: Callback, validation: bool = False, **options: Any) -> tuple[Any, Callable[[], Any]]:
    """A model, and a function that trains it."""
    model = killed.network()
    optimizer = killed.Momentum(model.parameters())
    X, y = killed.data()
    return model, lambda: fit(
        model,
        killed.mse,
        (X, y),
        optimizer,
        epochs=3,
        batch_size=8,
        seed=5,
        validation=(X, y) if validation else None,
        callbacks=[callback],
        verbose=False,
        **options,
    )


@pytest.fixture
def handlers():
    """The handlers of both signals, which are afterwards the same."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_handlers_are_restored(tmp_path, handlers, capsys, number, status):
    _, run = training(RaiseAt(7, number), save=tmp_path / "a")
    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == status
    assert load(tmp_path / "a")["extra"]["fit"]["step"] == 7
    assert "saved to" in capsys.readouterr().err


def test_a_second_ctrl_c_ends_it_at_once(tmp_path, handlers):
    _, run = training(RaiseAt(7, signal.SIGINT, signal.SIGINT), save=tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        run()
    assert load(tmp_path / "a")["extra"]["fit"]["step"] == 5  # of the end of the first epoch


def test_ctrl_c_without_save(handlers):
    model, run = training(RaiseAt(7, signal.SIGINT), validation=True)
    best = {}
    original = model.state_dict

    def kept() -> Any:
        best.update(original())
        return original()

    object.__setattr__(model, "state_dict", kept)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert {name: x.tobytes() for name, x in original().items()} == {name: x.tobytes() for name, x in best.items()}


def test_a_signal_while_validating(tmp_path, handlers):
    number, whole = 0, tmp_path / "whole"

    def metric(prediction: Any, y: Any) -> float:
        return 0.0

    def loss(prediction: Any, y: Any) -> Any:
        nonlocal number
        number += 1
        if number == 8:  # five batches of training, then the third of validation
            signal.raise_signal(signal.SIGTERM)
        return killed.mse(prediction, y)

    X, y = killed.data()

    def run(path: Path, **options: Any) -> Any:
        model = killed.network()
        optimizer = killed.Momentum(model.parameters())
        options |= {"epochs": 2, "batch_size": 8, "seed": 5, "metrics": metric, "verbose": False}
        history = fit(model, loss, (X, y), optimizer, validation=(X, y), save=path, **options)
        history.columns.pop("seconds")
        return history.columns

    with pytest.raises(SystemExit):
        run(tmp_path / "a")
    assert load(tmp_path / "a")["extra"]["fit"]["step"] == 5
    assert load(tmp_path / "a")["epoch"] == 0
    resumed = run(tmp_path / "a", resume=True)
    assert resumed == run(whole)
    assert killed.bits(tmp_path / "a") == killed.bits(whole)


def test_in_a_thread_signals_are_left_alone(tmp_path, handlers):
    seen = []

    class Look(Callback):
        def on_step_end(self, training: Any) -> None:
            seen.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    _, run = training(Look(), save=Checkpoint(tmp_path / "a"))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert set(seen) == {before} and len(seen) == 15


def test_a_signal_that_is_ignored_stays_ignored(tmp_path):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        training(RaiseAt(7, signal.SIGINT), save=tmp_path / "a")[1]()
    finally:
        signal.signal(signal.SIGINT, before)
    assert load(tmp_path / "a")["epoch"] == 3
