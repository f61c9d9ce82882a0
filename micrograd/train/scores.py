"""Scores: the mean loss of a pass, and metrics of all its predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.engine import Value, enable_grad, no_grad
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.nn.untouched import restore_modes, training_modes
from micrograd.train.feeds import Feed, rows_of
from micrograd.train.pairs import check_pairs
from micrograd.trees import mapped

if TYPE_CHECKING:
    Metric = Callable[[Any, Any], Any]
    Metrics = Mapping[str, Metric] | Iterable[Metric] | Metric | None


def accuracy(prediction: Any, target: Any) -> float:
    """The share of rows whose class is predicted.

    Args:
        prediction: scores, such as logits: of shape (rows, classes), where the largest
            score is the predicted class; or of shape (rows,) or (rows, 1), where a
            score above 0 is the positive class.
        target: the classes: whole numbers from 0, of shape (rows,); or, for one score a
            row, 0 or -1 for the negative class and 1 for the positive one.

    Returns:
        A number from 0 to 1.

    Raises:
        ShapeError: the numbers of rows differ, or there are no rows.

    >>> accuracy(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0]))
    0.5
    >>> accuracy(np.array([1.5, -0.5]), np.array([1, -1]))
    1.0
    """
    scores, wanted = np.asarray(prediction), np.asarray(target)
    if scores.ndim == 2 and scores.shape[1] > 1:
        found = scores.argmax(axis=1)
    else:
        found, wanted = scores.reshape(-1) > 0, wanted.reshape(-1) > 0
    if found.shape != wanted.shape or not found.size:
        raise ShapeError(
            f"accuracy: the prediction has shape {scores.shape}, the target {np.shape(target)}; "
            f"give (rows, classes) and (rows,), or one score for each row"
        )
    return float(np.mean(found == wanted))


def named_metrics(metrics: Metrics) -> dict[str, Metric]:
    """Metrics by name: those of functions are the names of the functions.

    Raises:
        ArgumentError: one of them is not a function, or two have one name.
    """
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        found = dict(metrics)
    else:
        given = [metrics] if callable(metrics) or not isinstance(metrics, Iterable) else list(metrics)
        given = [metrics] if isinstance(metrics, str) else given
        names = [getattr(metric, "__name__", type(metric).__name__) for metric in given]
        found = dict(zip(names, given, strict=True))
        if len(found) < len(given):
            twice = next(name for name in names if names.count(name) > 1)
            raise ArgumentError(
                f"fit: two metrics have the name {twice!r}, and one column cannot hold both; "
                f"give a dict by name, as in metrics={{'error': ..., 'bias': ...}}"
            )
    for name, metric in found.items():
        if not callable(metric):
            raise ArgumentError(
                f"fit: the metric {metric!r} is not a function; give functions of (prediction, target), "
                f"such as micrograd.train.accuracy, in a list or by name in a dict"
            )
        if name in ("epoch", "loss", "lr", "seconds") or name.startswith("val_"):
            raise ArgumentError(f"fit: a metric cannot have the name {name!r}, which is a column; give a dict by name")
    return found


class Tally:
    """The sum of the loss over rows, and the predictions that metrics will read.

    A metric is computed once, from all rows of the pass: the mean over batches would be
    wrong for most metrics.
    """

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics
        self.loss, self.rows = 0.0, 0
        self._pairs: list[tuple[Any, Any]] = []

    def add(self, loss: float, rows: int, prediction: Any, target: Any) -> None:
        """Count a batch: its mean loss, and its number of rows."""
        self.loss += loss * rows
        self.rows += rows
        if self.metrics:
            self.keep(prediction, target)

    def keep(self, prediction: Any, target: Any) -> None:
        """Keep a batch for the metrics."""
        self._pairs.append((plain(prediction), plain(target)))

    def numbers(self) -> dict[str, float]:
        """The mean loss, and the metrics."""
        found = {"loss": self.loss / self.rows if self.rows else math.nan}
        if self.metrics:
            prediction, target = self._joined()
            found |= {name: _score(name, metric(prediction, target)) for name, metric in self.metrics.items()}
        return found

    def _joined(self) -> tuple[Any, Any]:
        return tuple(np.concatenate([np.atleast_1d(x) for x in part]) for part in zip(*self._pairs, strict=True))  # type: ignore[return-value]

    def state_dict(self) -> dict[str, Any]:
        """The state, for a checkpoint within a pass."""
        return {"loss": self.loss, "rows": self.rows, "pairs": list(self._joined()) if self._pairs else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.loss, self.rows = state["loss"], state["rows"]
        self._pairs = [tuple(state["pairs"])] if state["pairs"] is not None and self.metrics else []


def _score(name: str, given: Any) -> float:
    """What a metric returned, as a number."""
    score = plain(given)
    if score.size != 1 or score.dtype.kind not in "bfiu":
        said = f"an array of shape {score.shape}" if score.size != 1 else type(given).__name__
        raise DataError(f"fit: the metric {name!r} returned {said}, wanted one number for all rows; take its mean")
    return float(score.reshape(()))


def number_of(loss: Any) -> float:
    """The loss as a number.

    Raises:
        DataError: it is not a Value.
        ShapeError: it is not one number.
    """
    data = loss.data if isinstance(loss, Value) else None
    if type(data) is float:
        return data
    if data is None:
        raise DataError(
            f"fit: the loss function returned {type(loss).__name__}, wanted a Value; compute it from the prediction "
            f"with operators and ops, not from its .data"
        )
    if loss.shape != ():
        raise ShapeError(
            f"fit: the loss function returned an array of shape {loss.shape}, wanted one number; "
            f"take its mean, as with reduction='mean'"
        )
    return float(data)


def evaluate(
    model: Any,
    loss: Callable[[Any, Any], Any],
    data: Any,
    *,
    metrics: Metrics = None,
    batch_size: int | None = 256,
) -> dict[str, float]:
    """The loss and the metrics of a model on data, in eval mode and without gradients.

    Args:
        model: a Module, called with a batch of X.
        loss: a function of (prediction, y) that returns the mean loss of a batch.
        data: (X, y) arrays, or an iterable of batches (X, y).
        metrics: functions of (prediction, y) as arrays, in a list or a dict.
        batch_size: rows of a batch; None for all rows. It does not change the result,
            except for rounding.

    Returns:
        "loss", the mean over the rows, and each metric, computed from all rows.

    Raises:
        ArgumentError: the data has no batches, or loss is not a function.

    >>> from micrograd.nn import Linear
    >>> from micrograd.train import evaluate
    >>> model = Linear(1, 1, rng=np.random.default_rng(0))
    >>> X = np.zeros((4, 1))
    >>> evaluate(model, lambda z, y: ((z - y) ** 2).mean(), (X, model(X).data))
    {'loss': 0.0}
    """
    if not callable(loss):
        raise ArgumentError(f"evaluate: loss={type(loss).__name__} cannot be called; give (model, loss, data)")
    feed = Feed("evaluate", data, batch_size, shuffle=False, seed=0)
    return scored(model, loss, feed, named_metrics(metrics), lambda: None)


def scored(
    model: Any, loss: Callable[[Any, Any], Any], feed: Feed, metrics: Mapping[str, Metric], check: Callable[[], None]
) -> dict[str, float]:
    """As `evaluate`; check is called after each batch, and may raise."""
    tally = Tally(metrics)
    modes = training_modes(model)
    try:
        if modes:
            model.eval()
        with no_grad():
            for X, y in feed.batches(0):
                prediction = model(X)
                value = loss(prediction, y) if tally.rows else _first_loss(loss, prediction, y)
                tally.add(number_of(value), rows_of(X, y), prediction, y)
                check()
    finally:
        restore_modes(modes)
    return tally.numbers()


def _first_loss(loss: Callable[[Any, Any], Any], prediction: Any, target: Any) -> Any:
    """The loss of the first batch, recorded, to see what it does with the shapes."""
    leaves = mapped(lambda x: Value(x.data) if isinstance(x, Value) else x, prediction)
    with enable_grad():
        value = loss(leaves, target)
    check_pairs("evaluate", leaves, target, value)
    return value


def plain(x: Any) -> Any:
    """The numbers of a Value, or of anything, as an array."""
    return x.numpy() if isinstance(x, Value) else np.asarray(x)
