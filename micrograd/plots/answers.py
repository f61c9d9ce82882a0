"""What a classifier says of many points: classes, scores, probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.engine import no_grad
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.nn.untouched import untouched
from micrograd.ops import sigmoid, softmax
from micrograd.plots.calling import plain, way_to_call
from micrograd.plots.figures import short

CLASSES, PROBABILITIES, SCORES = KINDS = ("classes", "probabilities", "scores")


class Answers(NamedTuple):
    """What is drawn for n points.

    Attributes:
        classes: their names, k of them.
        index: for each point the place of its class; -1 where a score is nan.
        lines: arrays of n numbers, each with the level at which classes meet.
        line: what the line is, in words: "score = 0".
        shades: n numbers for two classes, or an array (n, k); None for classes alone.
        meaning: what the shades are, in words.
    """

    classes: list[Any]
    index: Any
    lines: list[tuple[Any, float]]
    line: str
    shades: Any
    meaning: str


def classes_of(asker: str, y: Any, count: int, name: str = "y") -> Any:
    """The class of each sample, as an array of shape (count,).

    Raises:
        ShapeError: there is not one class for each sample.
        DataError: a class is nan, or the classes cannot be sorted.
    """
    try:
        found = plain(y)
    except ValueError:
        found = np.empty((0, 0))
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.shape != (count,):
        hint = f"; give {name}.argmax(axis=1)" if found.ndim == 2 else ""
        raise ShapeError(f"{asker}: {name} has shape {found.shape}; give one class for each of {count} samples{hint}")
    if found.dtype.kind == "f" and np.isnan(found).any():
        raise DataError(f"{asker}: {name}[{int(np.isnan(found).argmax())}] is nan; leave this sample out")
    try:
        np.unique(found)
    except TypeError:
        raise DataError(f"{asker}: {name} has classes of several kinds; give all as numbers or all as names") from None
    return found


def answers_of(asker: str, model: Any, points: Callable[[bool], Any], y: Any, kind: str, threshold: Any) -> Answers:
    """Ask a model: an estimator with `predict`, or what is called with points.

    Args:
        points: gives the mesh: called with False for one that is computed one point
            after the other.
    """
    with untouched(model), no_grad():
        if not callable(model) and hasattr(model, "predict"):
            return _of_estimator(asker, model, points(True), y, kind, threshold)
        way, together = way_to_call(asker, model, points(True))
        scores = way(points(together))
    return _of_scores(asker, scores, np.unique(y), kind, threshold)


# Estimators


def _of_estimator(asker: str, model: Any, mesh: Any, y: Any, kind: str, threshold: Any) -> Answers:
    if threshold is not None:
        raise ArgumentError(f"{asker}: threshold= is for models that give scores; {type(model).__name__} predicts")
    method = {CLASSES: "predict", PROBABILITIES: "predict_proba", SCORES: "decision_function"}[kind]
    if not hasattr(model, method):
        raise ArgumentError(f"{asker}: kind={kind!r} needs {method}(), which {type(model).__name__} does not have")
    predicted = plain(model.predict(mesh)).reshape(-1)
    known = getattr(model, "classes_", None)
    classes = list(np.unique(y) if known is None else np.unique(known))
    if (strange := y[~np.isin(y, classes)]).size:
        raise ArgumentError(f"{asker}: y has the class {strange[0]}, which {type(model).__name__} has not learnt")
    if not np.isin(predicted, classes).all():
        raise ArgumentError(
            f"{asker}: {type(model).__name__} predicts {predicted[0]}, which is not a class of y; for a regression, "
            f"give the function model.predict, and the threshold= between the classes"
        )
    index = np.searchsorted(classes, predicted)
    if kind == CLASSES:
        return _of_index(classes, index, "where the prediction changes")
    shades = plain(getattr(model, method)(mesh))
    if kind == SCORES:
        _check_shades(asker, shades)
        return Answers(classes, index, [(shades, 0.0)], "score = 0", shades, f"score of class {classes[-1]}")
    if len(classes) == 2:
        shades = shades[:, 1]
        meaning = f"probability of class {classes[1]}"
        return Answers(classes, index, [(shades, 0.5)], "probability = 0.5", shades, meaning)
    return _of_index(classes, index, "where the prediction changes")._replace(shades=shades, meaning="probability")


def _of_index(classes: list[Any], index: Any, line: str) -> Answers:
    """Classes without scores: a line is between the points of the mesh."""
    lines = [(1.0 * (index == c), 0.5) for c in range(len(classes))]
    return Answers(classes, index, lines[1:] if len(classes) == 2 else lines, line, None, "")


# Scores


def _of_scores(asker: str, scores: Any, names: Any, kind: str, threshold: Any) -> Answers:
    if scores.ndim > 2:
        raise ShapeError(
            f"{asker}: the model gives shape {scores.shape[1:]} for a point; it must give a number, or one per class"
        )
    scores = scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores
    if scores.dtype.kind not in "biufUSO" or (scores.ndim == 2 and scores.dtype.kind not in "biuf"):
        raise DataError(f"{asker}: the model gives {scores.dtype} numbers; it must give real scores")
    if scores.ndim == 1 and (len(names) > 2 or scores.dtype.kind not in "biuf"):
        return _of_names(asker, scores, names, kind)
    # Of 0 and 1, or -1 and 1, the threshold finds the same.
    if scores.ndim == 1 and threshold is None and names[-1] != 1 and np.isin(scores, names).all():
        return _of_names(asker, scores, names, kind)
    scores = scores.astype(float)
    if scores.ndim == 1:
        return _of_one_score(asker, scores, names, kind, threshold)
    if threshold is not None:
        raise ArgumentError(
            f"{asker}: threshold= is for one score; the model gives {scores.shape[1]}, the largest wins"
        )
    return _of_many_scores(asker, scores, names, kind)


def _of_names(asker: str, found: Any, names: Any, kind: str) -> Answers:
    """A function that gives the class itself."""
    if not np.isin(found, names).all():
        raise ArgumentError(
            f"{asker}: y has {len(names)} classes, and the model gives one score for a point, which tells two apart; "
            f"give a model with a score for each class"
        )
    if kind != CLASSES:
        raise ArgumentError(f"{asker}: the model gives the classes themselves, without scores; give kind='classes'")
    return _of_index(list(names), np.searchsorted(names, found), "where the class changes")


def _of_one_score(asker: str, scores: Any, names: Any, kind: str, threshold: Any) -> Answers:
    classes = list(names) if len(names) == 2 else _pair_of(asker, names[0])
    is_margin = bool(classes[0] == -1)
    are_shares = not is_margin and bool(np.all((scores >= 0.0) & (scores <= 1.0) | np.isnan(scores)))
    if threshold is None:
        threshold = 0.5 if are_shares else 0.0
    index = np.where(np.isnan(scores), -1, scores > threshold)
    lines, line = [(scores, threshold)], f"score = {short(threshold)}"
    if kind == CLASSES:
        return Answers(classes, index, lines, line, None, "")
    if kind == PROBABILITIES and not are_shares:
        return Answers(classes, index, lines, line, plain(sigmoid(scores)), f"sigmoid(score), for class {classes[1]}")
    meaning = f"probability of class {classes[1]}" if kind == PROBABILITIES else f"score, for class {classes[1]}"
    return Answers(classes, index, lines, line, scores, meaning)


def _pair_of(asker: str, only: Any) -> list[Any]:
    """The two classes, where y has samples of one."""
    for pair in ([0, 1], [-1, 1]):
        if only in pair and not (only == 1 and pair == [-1, 1]):
            return pair
    raise ArgumentError(f"{asker}: y has the one class {only}; give samples of two classes")


def _of_many_scores(asker: str, scores: Any, names: Any, kind: str) -> Answers:
    k = scores.shape[1]
    if names.dtype.kind in "biuf" and np.isin(names, np.arange(k)).all():
        classes = list(range(k))
    elif len(names) == k:
        classes = list(names)
    else:
        raise ArgumentError(
            f"{asker}: the model gives {k} scores for a point, and y has the classes {_listed(names)}; "
            f"give classes from 0 to {k - 1}"
        )
    index = np.where(np.isnan(scores).any(axis=1), -1, scores.argmax(axis=1))
    with np.errstate(invalid="ignore"):
        lines = [(scores[:, c] - np.delete(scores, c, axis=1).max(axis=1), 0.0) for c in range(k)]
    lines = lines[1:] if k == 2 else lines
    line = "the two largest scores are equal"
    if kind == CLASSES:
        return Answers(classes, index, lines, line, None, "")
    if kind == SCORES:
        shades = scores[:, 1] - scores[:, 0] if k == 2 else scores
        _check_shades(asker, shades)
        return Answers(classes, index, lines, line, shades, f"score of {classes[1]} - score of {classes[0]}")
    are_shares = bool(np.all(scores >= 0.0)) and np.allclose(scores.sum(axis=1), 1.0)
    shades = scores if are_shares else plain(softmax(scores, axis=1))
    meaning = "probability" if are_shares else "softmax(scores)"
    if k == 2:
        shades, meaning = shades[:, 1], f"{meaning}, for class {classes[1]}"
    return Answers(classes, index, lines, line, shades, meaning)


def _check_shades(asker: str, shades: Any) -> None:
    if shades.ndim == 2:
        raise ArgumentError(
            f"{asker}: kind='scores' shades one score, and there are {shades.shape[1]}; give kind='probabilities'"
        )


def _listed(names: Any) -> str:
    return ", ".join(map(str, names[:6])) + (" ..." if len(names) > 6 else "")
