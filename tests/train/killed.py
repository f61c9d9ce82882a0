"""A training that is killed: a process that loads everything once, then makes a child
for each training, kills it with SIGKILL after a random time, and looks at what is left.

    python -m tests.train.killed FOLDER KILLS SEED [careless]

It prints a line of JSON: the step that was saved at each kill, what was wrong, which
files are left, and whether the training in the end has the bits of one that was never
interrupted. A careless one writes over its old file; that must be found out.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from micrograd.nn import Dropout, Linear, Sequential, Tanh
from micrograd.train import Callback, Checkpoint, checkpoints, fit, load

EPOCHS, ROWS, BATCH = 1_000_000, 40, 8


class Momentum:
    """A small optimiser with a state."""

    def __init__(self, params: Any, lr: float = 1e-4) -> None:
        self.param_groups: Any = [{"params": list(params), "lr": lr}]
        self.velocity = [np.zeros_like(p.data) for p in self.param_groups[0]["params"]]

    def zero_grad(self) -> None:
        for p in self.param_groups[0]["params"]:
            p.grad = None

    def step(self) -> None:
        for p, v in zip(self.param_groups[0]["params"], self.velocity, strict=True):
            v *= 0.9
            v += p.grad
            p.data = p.data - self.param_groups[0]["lr"] * v

    def state_dict(self) -> dict[str, Any]:
        return {"lr": self.param_groups[0]["lr"], "velocity": [v.copy() for v in self.velocity]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.param_groups[0]["lr"] = state["lr"]
        self.velocity = [np.array(v) for v in state["velocity"]]


def network() -> Sequential:
    """A small network with dropout, which draws random numbers."""
    rng = np.random.default_rng(0)
    return Sequential(Linear(2, 1000, rng=rng), Tanh(), Dropout(0.5), Linear(1000, 1, rng=rng))


def data() -> tuple[Any, Any]:
    """Points, and a function of them."""
    X = np.random.default_rng(1).standard_normal((ROWS, 2))
    return X, np.sin(X.sum(axis=1, keepdims=True))


def mse(prediction: Any, y: Any) -> Any:
    """Mean squared error."""
    return ((prediction - y) ** 2).mean()


class Report(Callback):
    """Tells the parent which step is done, before that step is saved."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def on_step_end(self, training: Any) -> None:
        os.write(self.descriptor, training.step.to_bytes(8, "little"))


class StopAt(Callback):
    """Stops at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, training: Any) -> None:
        if training.step >= self.step:
            training.stop("far enough")


def train(path: Path, callback: Callback) -> Sequential:
    """Train from where the checkpoint is, and save every step."""
    model = network()
    fit(
        model,
        mse,
        data(),
        Momentum(model.parameters()),
        epochs=EPOCHS,
        batch_size=BATCH,
        seed=5,
        callbacks=[callback],
        save=Checkpoint(path, steps=1),
        resume=True,
        verbose=False,
    )
    return model


def killed_training(path: Path, seconds: float) -> int:
    """Train in a child that is killed after a time; the last step that it has told."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            train(path, Report(writer))
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        first = told.read(8)  # the training has begun
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        steps = first + told.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
    return int.from_bytes(steps[-8:], "little")


def careless(path: Any, content: bytes) -> None:
    """Write over the old file, as slowly as a large file is written."""
    with open(path, "wb", buffering=0) as file:
        file.write(content[: len(content) // 2])
        time.sleep(0.002)
        file.write(content[len(content) // 2 :])


def bits(path: Path) -> Any:
    """Everything that a training has computed, from its checkpoint."""
    state = load(path)
    arrays = [*state["model"].values(), *state["optimizer"]["velocity"]]
    return [x.tobytes() for x in arrays], state["extra"]["fit"]["tally"], state["generators"]


def kill(path: Path, kills: int, chance: random.Random) -> tuple[list[int], list[str]]:
    """Kill trainings; the step that was saved each time, and what was wrong."""
    steps: list[int] = []
    for i in range(kills):
        told = killed_training(path, chance.uniform(0.0, 0.02))
        try:
            saved = load(path, network())["extra"]["fit"]["step"]
        except Exception as error:  # whatever it is, it is a failure
            return steps, [f"kill {i}: {error!r}"]
        if saved not in (told, told - 1):
            return steps, [f"kill {i}: step {told} was done, and step {saved} is saved"]
        steps.append(saved)
    return steps, []


def main(folder: str, kills: str, seed: str, *how: str) -> None:
    """Kill, look, and compare."""
    if how:
        checkpoints.write_whole = careless
    killed, whole = Path(folder) / "killed.safetensors", Path(folder) / "whole.safetensors"
    train(killed, StopAt(1))
    steps, wrong = kill(killed, int(kills), random.Random(int(seed)))
    result: dict[str, Any] = {"steps": steps, "wrong": wrong}
    if not wrong:
        for path in (killed, whole):
            train(path, StopAt(steps[-1] + 5))
        result |= {"left": sorted(os.listdir(folder)), "same": bits(killed) == bits(whole)}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
