"""fit: a model learns from data, in one call.

>>> from micrograd.nn import Linear
>>> from micrograd.optim import SGD
>>> X = np.linspace(-1.0, 1.0, 64).reshape(-1, 1)
>>> y = 3.0 * X + 1.0
>>> model = Linear(1, 1)
>>> def mse(prediction, y):
...     return ((prediction - y) ** 2).mean()
>>> history = fit(model, mse, (X, y), SGD(model.parameters(), 0.3), epochs=50, seed=0)
>>> model.weight.data.round(3), model.bias.data.round(3)
(array([[3.]]), array([1.]))
>>> len(history), history[-1]["loss"] < 1e-6
(50, True)
"""

from __future__ import annotations

import contextlib
import copy
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.data.batching import seed_of
from micrograd.errors import ArgumentError, CheckpointError, MicrogradError
from micrograd.integers import integer_at_least
from micrograd.nn.untouched import restore_modes, training_modes
from micrograd.train.callbacks import Callback, Checkpoint, EarlyStopping, OnEpochEnd
from micrograd.train.checkpoints import generators_of, load
from micrograd.train.feeds import Feed
from micrograd.train.files import check_place
from micrograd.train.forward import Forward
from micrograd.train.history import History
from micrograd.train.progress import Progress
from micrograd.train.scores import named_metrics, scored
from micrograd.train.signals import Signals
from micrograd.train.steps import check_parts, train_pass
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
    compile: bool = False,
) -> History:
    """Train a model, and return the numbers of each epoch; see docs/training.md.

    With `validation` or `patience`, a copy of the best weights is kept, and the model
    has them at the end, however the training ends: an error and Ctrl-C included. With
    `save`, SIGINT (Ctrl-C) and SIGTERM finish the step, save, and exit with 130 or 143;
    `resume` continues to the same bits as if the training had not been interrupted.

    Args:
        model: a Module, called with a batch of X, in training mode.
        loss: a function of (prediction, y); it returns the mean over a batch, a Value.
        data: (X, y) arrays, in memory, in a memory map or of Dask; or an iterable of
            batches (X, y), or a function that makes one for each epoch.
        optimizer: an optimiser of the parameters, such as `optim.Adam`.
        epochs: number of passes over the data.
        batch_size: rows of a batch of arrays; None for all rows.
        validation: like `data`, for columns that begin with "val_"; in eval mode.
        metrics: functions of (prediction, y), arrays of all rows, in a list or a dict.
        callbacks: `Callback` objects, or functions to call after each epoch.
        seed: of the order of the rows and of the random generators in the model: same
            seed, same bits. None draws one for the order only.
        shuffle: whether the rows of arrays come in another order in each epoch.
        accumulate: number of batches whose gradients make a step together.
        patience: end so many epochs after the best one; None for never.
        restore_best: False leaves the last weights in the model.
        save: a path for checkpoints, or a `Checkpoint`.
        resume: a checkpoint to continue from; True for that of `save`, if it exists.
        verbose: False shows no progress; a pipe or a file never has it.
        compile: run each step as one program; a warning says where that cannot be.

    Returns:
        The `History`: a row for each epoch.

    Raises:
        DivergenceError: the loss is not finite.
        ArgumentError: an argument is out of range or of a wrong kind.
        GradientError: the loss does not depend on the parameters of the optimiser.
        CheckpointError: `resume` is damaged, or is of another training.
        OSError: the folder of `save` does not exist or may not be written to.
    """
    check_parts("fit", model, loss, optimizer)
    listed, checkpoint = _callbacks(callbacks, patience, save)
    path = _resumed(resume, checkpoint)
    state = None if path is None else _read(path)
    settings = _settings(state, seed=seed, batch_size=batch_size, accumulate=accumulate)
    feed = Feed("fit", data, settings["batch_size"], shuffle, settings["seed"])
    judge = None if validation is None else Feed("fit: validation", validation, settings["batch_size"], False, 0)
    best = _best(restore_best, listed, judge is not None)
    _check_state(model, best.is_kept or checkpoint is not None or state is not None)
    epochs = integer_at_least(0, "fit", "epochs", epochs)
    settings |= _facts(feed, judge, checkpoint is not None or state is not None)
    training = Training(model, optimizer, epochs, listed, named_metrics(metrics), best, settings)
    _begin(training, feed, path, state, seed)
    return _run(training, loss, Forward(model, loss, compile), feed, judge, checkpoint, verbose)


def _begin(training: Training, feed: Feed, path: Any, state: dict[str, Any] | None, seed: int | None) -> None:
    """Go on from a checkpoint, or give the random generators their states."""
    if state is not None:
        _resume(training, feed, path, state)
    elif seed is not None:
        _seed_generators(training.model, seed)


def _settings(state: dict[str, Any] | None, *, seed: Any, batch_size: Any, accumulate: Any) -> dict[str, Any]:
    """What must be the same where a training is resumed; the seed is drawn, or that of
    the training.
    """
    if seed is None and state is not None:
        seed = state["seed"]
    return {
        "seed": seed_of("fit", seed),
        "batch_size": None if batch_size is None else integer_at_least(1, "fit", "batch_size", batch_size),
        "accumulate": integer_at_least(1, "fit", "accumulate", accumulate),
    }


def _facts(feed: Feed, judge: Feed | None, is_saved: bool) -> dict[str, Any]:
    """What must be the same of the data. Its numbers are marked only for a file."""
    if is_saved:
        feed.mark()
    return {**feed.settings, "validation": judge is not None}


def _best(is_wanted: bool, callbacks: list[Callback], is_validated: bool) -> Best:
    """What keeps the best weights, by the number that early stopping watches."""
    stoppers = [c for c in callbacks if isinstance(c, EarlyStopping)]
    stopper = stoppers[0] if stoppers else EarlyStopping(1)
    return Best(is_wanted and (is_validated or bool(stoppers)), stopper.monitor, stopper.mode)


def _run(
    training: Training,
    loss: Callable[[Any, Any], Any],
    forward: Forward,
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
                train_pass(training, forward, feed, accumulate, after)
                if training.stopped:
                    if checkpoint is not None:
                        checkpoint.save(training)
                    break
                _end_epoch(training, loss, judge, check)
                progress.epoch(training.step, training.epoch + 1, training.logs)
                if checkpoint is not None and checkpoint.is_due(training):
                    checkpoint.save(training)
                check()
        finally:
            training.history.best_epoch, training.history.stopped = training.best.epoch, training.stopped
            training.best.restore(training.model)
            restore_modes(modes)
            progress.close()
            for callback in training.callbacks:
                callback.on_train_end(training)
    return training.history


def _end_epoch(
    training: Training, loss: Callable[[Any, Any], Any], judge: Feed | None, check: Callable[[], None]
) -> None:
    """Validate, write down the numbers of the epoch, and call the callbacks."""
    numbers = training.tally.numbers()
    if judge is not None:
        scores = scored(training.model, loss, judge, training.tally.metrics, check)
        numbers |= {f"val_{name}": number for name, number in scores.items()}
    training.end_epoch(numbers)
    for callback in training.callbacks:
        callback.on_epoch_end(training)


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


def _check_state(model: Any, is_needed: bool) -> None:
    if is_needed and not hasattr(model, "state_dict"):
        raise ArgumentError(
            f"fit: model={type(model).__name__} has no state_dict(), which checkpoints and the best weights need; "
            f"give a Module, or restore_best=False and no save="
        )


def _callbacks(given: Any, patience: int | None, save: Any) -> tuple[list[Callback], Checkpoint | None]:
    """The callbacks, and the one that saves, which comes last."""
    is_one = callable(given) or not isinstance(given, Iterable) or isinstance(given, str)
    listed = [given] if is_one else list(given)
    for callback in listed:
        if isinstance(callback, type):
            raise ArgumentError(
                f"fit: the callback {callback.__name__} is a class; make an object: {callback.__name__}(...)"
            )
        if not (callable(callback) or isinstance(callback, Callback)):
            is_schedule = callable(getattr(callback, "get_last_lr", None))
            repair = (
                "give it in Schedule(...)" if is_schedule else "give a function, or an object of a class of Callback"
            )
            raise ArgumentError(f"fit: the callback {callback!r} is not a Callback or a function; {repair}")
    listed = [c if isinstance(c, Callback) else OnEpochEnd(c) for c in listed]
    savers = [c for c in listed if isinstance(c, Checkpoint)]
    if save is not None:
        savers.append(save if isinstance(save, Checkpoint) else Checkpoint(save))
    if len(savers) > 1:
        raise ArgumentError(f"fit: {len(savers)} checkpoints are given; give one, as save= or as a callback")
    if savers:
        check_place(savers[0].path)
    listed = [c for c in listed if not isinstance(c, Checkpoint)]
    if patience is not None:
        listed.insert(0, EarlyStopping(patience))
    return listed, savers[0] if savers else None


def _resumed(resume: Any, checkpoint: Checkpoint | None) -> Any:
    """The path to continue from, or None."""
    if resume is None or resume is False:
        return None
    if resume is not True:
        if isinstance(resume, (str, os.PathLike)):
            return resume
        raise ArgumentError(f"fit: resume={resume!r} is not a path; give the path of a checkpoint, or True")
    if checkpoint is None:
        raise ArgumentError("fit: resume=True needs save=, to know where the checkpoint is; give the path of one")
    return checkpoint.path if os.path.exists(checkpoint.path) else None


def _read(path: Any) -> dict[str, Any]:
    state = load(path)
    if not isinstance(state.get("extra"), dict) or "fit" not in state["extra"]:
        raise CheckpointError(
            f"fit: resume={path} holds a model, but not the state of a training; "
            f"load(path, model) takes its weights, and fit(..., save=path) writes files to resume from"
        )
    return state


def _resume(training: Training, feed: Feed, path: Any, state: dict[str, Any]) -> None:
    """Go on from a checkpoint. If there is an error, everything is as it was."""
    own = state["extra"]["fit"]
    given = training.options
    before = [(c, copy.deepcopy(c.state_dict())) for c in training.callbacks]
    try:
        if "first pass" in feed.settings:
            feed.settings["first pass"] = training.settings["first pass"] = own["settings"].get("first pass", 0)
        training.check_same(path, own)
        training.load_state_dict(own, state["best"])
        load(path, training.model, training.optimizer)
    except Exception as error:
        for callback, kept in before:
            with contextlib.suppress(Exception):
                callback.load_state_dict(kept)
        if isinstance(error, MicrogradError):
            raise
        raise CheckpointError(
            f"fit: resume={path} is damaged: the state of the training is not complete ({error!r}); restore a copy"
        ) from error
    training.warn_of_options(path, given)


def _seed_generators(model: Any, seed: int) -> None:
    """Give each random generator in the model a state that follows from the seed."""
    for i, generator in enumerate(generators_of(model).values()):
        bits = generator.bit_generator
        bits.state = type(bits)(np.random.SeedSequence([seed, i])).state
