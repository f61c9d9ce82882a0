"""Steps: one pass over the data, a step of the optimiser for each window of batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DivergenceError, GradientError
from micrograd.gradients import has_grad
from micrograd.modes import is_recording
from micrograd.node import set_grad
from micrograd.optim import LBFGS
from micrograd.train.feeds import Feed, rows_of
from micrograd.train.forward import Forward
from micrograd.train.pairs import check_pairs
from micrograd.train.scores import number_of, plain
from micrograd.train.training import Training


def train_pass(
    training: Training, forward: Forward, feed: Feed, accumulate: int, after: list[Callable[[], None]]
) -> None:
    """Train on what is left of a pass.

    With `accumulate`, a step of the optimiser uses the gradient of the mean loss of all
    rows in a window of so many batches; the last window may be shorter.

    Args:
        training: where the training stands; it is kept up to date.
        forward: gives the prediction and the loss of a batch, or takes a whole step.
        feed: the data.
        accumulate: number of batches of a window.
        after: functions to call after each step of the optimiser.

    Raises:
        DivergenceError: the loss is not finite. The parameters are as they were.
        GradientError: the first loss has reached none of the parameters.
        ShapeError: the first loss pairs each row of the batch with all rows.
    """
    model, optimizer, tally = training.model, training.optimizer, training.tally
    if isinstance(optimizer, LBFGS):
        if accumulate > 1:
            raise ArgumentError("fit: LBFGS needs whole batches; give accumulate=1 and a larger batch_size, or None")
        _search_pass(training, forward, feed, after)
        return
    keeps, isfinite, is_first = bool(tally.metrics), math.isfinite, training.is_fresh
    training.is_fresh = False
    seen = window = 0  # batches, rows: since the last step
    for X, y in feed.batches(training.epoch, training.batch):
        if seen == 0:
            optimizer.zero_grad()
        taken = None if accumulate > 1 or is_first else forward.step(optimizer, X, y, keeps)
        prediction: Any
        value: Any = None
        if taken is not None:
            prediction = taken[0]
        elif is_first and accumulate == 1:  # what comes next is one program, and this is not a part of it
            prediction, value = forward.plainly(X, y)
        else:
            prediction, value = forward(X, y)
        number = training.loss = number_of(value) if taken is None else taken[1]
        if not isfinite(number):
            raise _diverged(training, number, X, y)
        if is_first:
            check_pairs("fit", prediction, y, value)
            check_is_trained(model)
            is_first = False
        rows = rows_of(X, y)
        tally.loss += number * rows  # as `tally.add` does: a small step takes 200 microseconds
        tally.rows += rows
        if keeps:
            tally.keep(prediction, y)
        if accumulate == 1:
            if taken is None:
                _go_back(training, value)
                optimizer.step()
            prediction = value = None  # free the graph: the next one takes its memory
            training.step += 1
            training.batch += 1
            for call in after:
                call()
        else:
            # Not the mean of the means: batches may have different numbers of rows.
            _go_back(training, value, float(rows))
            prediction = value = None
            seen += 1
            window += rows
            if seen == accumulate:
                _move(training, seen, window, after)
                seen = window = 0
        if training.stopped:
            return
    if seen:
        _move(training, seen, window, after)


def _go_back(training: Training, value: Any, *seed: float) -> None:
    """The gradients of a loss; the first one has to reach a parameter."""
    value.backward(*seed)
    if training.step == 0:
        check_reached("fit", training.optimizer)


def _move(training: Training, seen: int, window: int, after: list[Callable[[], None]]) -> None:
    """A step of the optimiser, after a window of batches with so many rows."""
    for group in training.optimizer.param_groups:
        for p in group["params"]:
            if has_grad(p):
                set_grad(p, p.grad / window)  # not `p.grad = 0.0`, which stands for none
    training.optimizer.step()
    training.step += 1
    training.batch += seen
    for call in after:
        call()


def _search_pass(training: Training, forward: Forward, feed: Feed, after: list[Callable[[], None]]) -> None:
    """`train_pass` with an optimiser that computes the loss several times a step."""
    for X, y in feed.batches(training.epoch, training.batch):
        first: list[Any] = []  # prediction and loss, before the optimiser has moved

        def closure(X: Any = X, y: Any = y, first: list[Any] = first) -> Any:
            training.optimizer.zero_grad()
            prediction, value = forward(X, y)
            if not first:
                first += (prediction, number_of(value))
                if not math.isfinite(first[1]):  # later ones may be: a line search takes shorter steps then
                    raise _diverged(training, first[1], X, y)
                if training.is_fresh:
                    check_pairs("fit", prediction, y, value)
                    check_is_trained(training.model)
                    training.is_fresh = False
            value.backward()
            if training.step == 0:
                check_reached("fit", training.optimizer)
            return value

        training.optimizer.step(closure)
        prediction, training.loss = first
        training.tally.add(training.loss, rows_of(X, y), prediction, y)
        training.step += 1
        training.batch += 1
        for call in after:
            call()
        if training.stopped:
            return


def check_parts(asker: str, model: Any, loss: Any, optimizer: Any) -> None:
    """Refuse what a training cannot use.

    Raises:
        ArgumentError: the model or the loss cannot be called, the optimiser is not one,
            or gradients are switched off.
    """
    for name, part, wanted in (("model", model, "Module"), ("loss", loss, "function of (prediction, y)")):
        if not callable(part):
            given = repr(part) if isinstance(part, str) else type(part).__name__
            raise ArgumentError(f"{asker}: {name}={given} cannot be called; give a {wanted}")
    if isinstance(optimizer, type):
        name = optimizer.__name__
        raise ArgumentError(f"{asker}: optimizer={name} is a class; make an object: {name}(model.parameters())")
    if not (hasattr(optimizer, "step") and hasattr(optimizer, "zero_grad")):
        raise ArgumentError(
            f"{asker}: optimizer={type(optimizer).__name__} has no step() and zero_grad(); "
            f"give an optimizer, such as micrograd.optim.Adam(model.parameters())"
        )
    if not is_recording():
        raise ArgumentError(f"{asker}: gradients are switched off here, by no_grad; call {asker} outside of that block")


def check_is_trained(model: Any) -> None:
    """Refuse a model that keeps Values where training does not see them, once it has
    been called: only then may they be there.

    Raises:
        DataError: it does; see `Module.parameters`.
    """
    if callable(found := getattr(model, "parameters", None)):
        found()


def check_reached(asker: str, optimizer: Any) -> None:
    """Refuse to train what the loss does not depend on: nothing would ever move.

    Raises:
        GradientError: no parameter of the optimiser has a gradient.
    """
    groups = getattr(optimizer, "param_groups", ())
    if groups and not any(has_grad(p) for group in groups for p in group["params"]):
        raise GradientError(
            f"{asker}: the loss does not depend on any parameter of the optimizer. "
            f"Is it the optimizer of another model?\n"
            f"Does the loss function use .data or numpy() of the prediction, which forget how it was computed?"
        )


def _diverged(training: Training, number: float, X: Any, y: Any) -> DivergenceError:
    repair = "Try a smaller learning rate, or clip the gradients; inside micrograd.detect_anomaly() the op is named"
    for name, x in (("X", X), ("y", y)):
        data = plain(x)
        if data.dtype.kind == "f" and not np.isfinite(data).all():
            found = data[~np.isfinite(data)].flat[0]
            repair = f"{name} of this batch holds {found}: fill such cells of the data, or leave their rows out"
            break
    return DivergenceError(
        f"fit: the loss is {number} in epoch {training.epoch + 1}, at step {training.step + 1}, which was not taken.\n"
        f"{repair}"
    )
