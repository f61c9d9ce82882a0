"""fit: a model learns from data, in one call."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, CheckpointError
from micrograd.train.callbacks import Callback, Checkpoint, EarlyStopping, OnEpochEnd, whole
from micrograd.train.checkpoints import generators_of, load
from micrograd.train.feeds import Feed
from micrograd.train.history import History
from micrograd.train.progress import Progress
from micrograd.train.scores import named_metrics, restore_modes, scored, training_modes
from micrograd.train.signals import Signals
from micrograd.train.steps import train_pass
from micrograd.train.training import Best, Training

if TYPE_CHECKING:
    from micrograd.train.scores import Metrics


def fit(
    model: Any,
    loss: Callable[[Any, Any], Any],
    data: Any,
    optimizer: Any,
    *,
    epochs: int = 10,
    batch_size: int | None = 32,
    validation: Any = None,
    metrics: Metrics = None,
    callbacks: Iterable[Callback | Callable[[Training], Any]] = (),
    seed: int | None = None,
    shuffle: bool = True,
    accumulate: int = 1,
    patience: int | None = None,
    restore_best: bool = True,
    save: str | os.PathLike[str] | Checkpoint | None = None,
    resume: str | os.PathLike[str] | bool = False,
    verbose: bool = True,
) -> History:
    """Train a model, and return the numbers of each epoch.

    For each batch: prediction = model(X), loss(prediction, y).backward(), and a step of
    the optimiser. The loss function returns the mean over a batch.

    With `validation` or `patience`, a copy of the best weights is kept. The model has
    them at the end, however the training ends: an error and Ctrl-C included.

    With `save`, the training is saved after each epoch. At SIGINT (Ctrl-C) or SIGTERM
    it finishes the step, saves, and exits with 130 or 143. `resume` continues it to the
    same bits as if it had not been interrupted.

    Args:
        model: a Module, called with a batch of X. It trains in training mode, and is in
            the mode that it had before at the end; its modules that are in eval mode
            stay so, if the model itself is in training mode.
        loss: a function of (prediction, y) that returns a Value: one number.
        data: (X, y) arrays with a row for each sample, in memory, in a memory map or of
            Dask; or an iterable of batches (X, y); or a function that returns such an
            iterable for each epoch.
        optimizer: an optimiser of the model's parameters, such as `optim.Adam`.
        epochs: number of passes over the data.
        batch_size: rows of a batch of arrays; None for all rows.
        validation: data that is not trained on, like `data`: its numbers get columns
            that begin with "val_". The model is in eval mode for it.
        metrics: functions of (prediction, y), both arrays, in a list or a dict: each is
            computed once an epoch, from all rows.
        callbacks: `Callback` objects, or functions that are called with the `Training`
            after each epoch.
        seed: of the order of the rows, and of the random generators in the model, such
            as those of dropout: same seed, same bits. None draws a seed for the order,
            and leaves the generators as they are.
        shuffle: whether the rows of arrays come in another order in each epoch.
        accumulate: number of batches whose gradients are put together for a step.
        patience: end so many epochs after the best one; None for never.
        restore_best: False leaves the last weights in the model.
        save: a path for checkpoints, or a `Checkpoint`.
        resume: the path of a checkpoint to continue from; True for that of `save`, if
            there is a file already.
        verbose: False shows no progress. It is not shown in a pipe or a file either.

    Returns:
        The `History`: the columns "epoch", "loss", the metrics, those of the
        validation, "lr" and "seconds".

    Raises:
        DivergenceError: the loss is not finite. The weights are the best ones, or those
            before the step.
        ArgumentError: an argument is out of range or of a wrong kind.
        CheckpointError: `resume` is damaged, or is of another training.

    >>> from micrograd.nn import Linear
    >>> from micrograd.optim import SGD
    >>> X = np.linspace(-1.0, 1.0, 64).reshape(-1, 1)
    >>> model = Linear(1, 1)
    >>> def mse(prediction, y):
    ...     return ((prediction - y) ** 2).mean()
    >>> history = fit(
    ...     model, mse, (X, 3 * X + 1), SGD(model.parameters(), 0.1), epochs=50, seed=0
    ... )
    >>> model.weight.data.round(3), model.bias.data.round(3)
    (array([[3.]]), array([1.]))
    """
    _check_parts(model, loss, optimizer)
    listed, checkpoint = _callbacks(callbacks, patience, save)
    batch_size = None if batch_size is None else whole("fit", "batch_size", batch_size, 1)
    settings = {"seed": seed, "batch_size": batch_size, "accumulate": whole("fit", "accumulate", accumulate, 1)}
    path = _resumed(resume, checkpoint)
    state = None if path is None else _read(path)
    if state is not None and seed is None:
        settings["seed"] = state["seed"]
    elif seed is None:
        settings["seed"] = int(np.random.SeedSequence().generate_state(1)[0])
    feed = Feed("fit", data, batch_size, shuffle, whole("fit", "seed", settings["seed"], 0))
    settings |= feed.settings
    judge = None if validation is None else Feed("fit: validation", validation, batch_size, shuffle=False, seed=0)
    stopper = next((c for c in listed if isinstance(c, EarlyStopping)), EarlyStopping(1))
    is_kept = restore_best and (judge is not None or any(isinstance(c, EarlyStopping) for c in listed))
    best = Best(is_kept, stopper.monitor, stopper.mode)
    training = Training(
        model, optimizer, whole("fit", "epochs", epochs, 0), listed, named_metrics(metrics), best, settings
    )
    if path is not None and state is not None:
        _resume(training, feed, path, state)
    elif seed is not None:
        _seed_generators(model, seed)
    return _run(training, loss, feed, judge, checkpoint, verbose)


def _run(
    training: Training,
    loss: Callable[[Any, Any], Any],
    feed: Feed,
    judge: Feed | None,
    checkpoint: Checkpoint | None,
    verbose: bool,
) -> History:
    """Train until it is over, and leave everything as it should be."""
    modes = training_modes(training.model)
    accumulate = training.settings["accumulate"]
    steps = -(-len(feed) // accumulate) or None
    progress = Progress(verbose, training.epochs, steps, training.step)
    with Signals(checkpoint is not None) as signals:

        def check() -> None:
            if signals.received is not None and checkpoint is not None:
                _leave(training, checkpoint, signals.received)

        after = _after_step(training, checkpoint, progress, check)
        try:
            if modes and not training.model.training:
                training.model.train()
            for callback in training.callbacks:
                callback.on_train_begin(training)
            while not training.is_over:
                train_pass(training, loss, feed, accumulate, after)
                if training.stopped:
                    if checkpoint is not None:
                        checkpoint.save(training)
                    break
                numbers = training.tally.numbers()
                if judge is not None:
                    scores = scored(training.model, loss, judge, training.tally.metrics, check)
                    numbers |= {f"val_{name}": number for name, number in scores.items()}
                training.end_epoch(numbers)
                for callback in training.callbacks:
                    callback.on_epoch_end(training)
                progress.epoch(training.step, training.epoch + 1, training.logs)
                if checkpoint is not None and checkpoint.is_due(training):
                    checkpoint.save(training)
                check()
        finally:
            training.best.restore(training.model)
            restore_modes(modes)
            progress.close()
            for callback in training.callbacks:
                callback.on_train_end(training)
    return training.history


def _after_step(
    training: Training, checkpoint: Checkpoint | None, progress: Progress, check: Callable[[], None]
) -> list[Callable[[], None]]:
    """What to call after each step: as few functions as there is need for."""
    after: list[Callable[[], None]] = []
    for callback in training.callbacks:
        if type(callback).on_step_end is not Callback.on_step_end:
            after.append(lambda callback=callback: callback.on_step_end(training))  # type: ignore[misc]
    if checkpoint is not None:
        if checkpoint.steps is not None:
            every, save = checkpoint.steps, checkpoint.save
            after.append(lambda: None if training.step % every else save(training))
        after.append(check)
    if progress.is_on:
        after.append(lambda: progress.step(training.step, training.epoch + 1, training.loss))
    return after


def _leave(training: Training, checkpoint: Checkpoint, number: int) -> None:
    """Save, and exit as a program that the signal has ended."""
    checkpoint.save(training)
    print(
        f"micrograd: stopped by a signal at step {training.step}; saved to {checkpoint.path}, "
        f"and fit(..., resume=...) continues from there",
        file=sys.stderr,
    )
    raise SystemExit(128 + number)


def _check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    for name, part, wanted in (("model", model, "Module"), ("loss", loss, "function of (prediction, y)")):
        if not callable(part):
            raise ArgumentError(f"fit: {name}={part!r} cannot be called; give a {wanted}")
    if not (hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad")):
        raise ArgumentError(
            f"fit: optimizer={type(optimizer).__name__} has no step() and zero_grad(); "
            f"give an optimizer, such as micrograd.optim.Adam(model.parameters())"
        )


def _callbacks(given: Any, patience: int | None, save: Any) -> tuple[list[Callback], Checkpoint | None]:
    """The callbacks, and the one that saves, which comes last."""
    listed = [given] if callable(given) or isinstance(given, Callback) else list(given)
    for callback in listed:
        if isinstance(callback, type) or not (callable(callback) or isinstance(callback, Callback)):
            raise ArgumentError(f"fit: the callback {callback!r} is not a Callback or a function; make an object of it")
    listed = [c if isinstance(c, Callback) else OnEpochEnd(c) for c in listed]
    savers = [c for c in listed if isinstance(c, Checkpoint)]
    if save is not None:
        savers.append(save if isinstance(save, Checkpoint) else Checkpoint(save))
    if len(savers) > 1:
        raise ArgumentError(f"fit: {len(savers)} checkpoints are given; give one, as save= or as a callback")
    listed = [c for c in listed if not isinstance(c, Checkpoint)]
    if patience is not None:
        listed.insert(0, EarlyStopping(patience))
    return listed, savers[0] if savers else None


def _resumed(resume: Any, checkpoint: Checkpoint | None) -> Any:
    """The path to continue from, or None."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        return resume
    if checkpoint is None:
        raise ArgumentError("fit: resume=True needs save=, to know where the checkpoint is; give the path of one")
    return checkpoint.path if os.path.exists(checkpoint.path) else None


def _read(path: Any) -> dict[str, Any]:
    state = load(path)
    if not isinstance(state.get("extra"), dict) or "training" not in state["extra"]:
        raise CheckpointError(
            f"fit: resume={path} holds a model, but not the state of a training; "
            f"load(path, model) takes its weights, and fit(..., save=path) writes files to resume from"
        )
    return state


def _resume(training: Training, feed: Feed, path: Any, state: dict[str, Any]) -> None:
    """Go on from a checkpoint; all is checked before anything is assigned."""
    own = state["extra"]["training"]
    if "first pass" in feed.settings:
        feed.settings["first pass"] = training.settings["first pass"] = own["settings"].get("first pass", 0)
    training.check_same(path, own)
    load(path, training.model, training.optimizer)
    training.load_state_dict(own, state["best"])


def _seed_generators(model: Any, seed: int) -> None:
    """Give each random generator in the model a state that follows from the seed."""
    for i, generator in enumerate(generators_of(model).values()):
        bits = generator.bit_generator
        bits.state = type(bits)(np.random.SeedSequence([seed, i])).state
