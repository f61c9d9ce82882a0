"""Losses of classes: one number per class is predicted, and one class is right."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.arrays import as_input, is_lazy
from micrograd.captures import is_followed
from micrograd.errors import ArgumentError, DataError, DomainError, IndexingError, ShapeError
from micrograd.interpreter import Array, Interpreter, is_one_of_many, named, numbers_below, shape_of
from micrograd.nn.losses.checks import (
    beside,
    check_numbers,
    check_reduction,
    check_same_shape,
    number_from,
    prediction_of,
    reduced,
)
from micrograd.ops import (
    equal,
    getitem,
    log_softmax,
    logical_and,
    moveaxis,
    relu,
    reshape,
    sum,
    take,
    take_along_axis,
    where,
)
from micrograd.ops.indices import in_bounds

__all__ = ["cross_entropy", "hinge", "multi_hinge", "nll"]


class Labels(NamedTuple):
    """Which class is right, sample by sample, in one row.

    Attributes:
        classes: the classes; 0 where the sample is ignored.
        kept: which samples are not ignored; None where all are kept.
        shape: of the target.
    """

    classes: Any
    kept: Any
    shape: tuple[int, ...]


def cross_entropy(
    prediction: Any,
    target: Any,
    *,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """How unlikely the right classes are, if the softmax of the predictions has their
    probabilities. PyTorch: `cross_entropy`.

    z = mean of -ln softmax(prediction)[target], or of
    -sum_c target_c ln softmax(prediction)_c for probabilities

    Args:
        prediction: a number per class (logits, no softmax before): value of shape (C,),
            (N, C) or (N, C, d1, ...).
        target: the right classes, integers from 0 to C - 1 in a plain array of shape
            (), (N,) or (N, d1, ...). Or their probabilities, a value of the shape of
            the prediction.
        weight: a factor for each class, of shape (C,). For classes, the mean is divided
            by the sum of the factors that were used.
        ignore_index: samples of this class are left out, of the mean too.
        reduction: "mean" over samples, "sum", or "none" for one loss per sample.
        label_smoothing: this share of each target is spread evenly over all classes,
            from 0 to 1.

    Returns:
        A number; with "none" a value of shape (), (N,) or (N, d1, ...).

    Raises:
        ShapeError: the shapes do not fit, or there is no sample to take the mean of.
        IndexingError: a class does not exist.
        DataError: classes are not integers, or are a Value.
        DomainError: all samples are ignored, or have weight 0, and the mean is wanted.
        ArgumentError: an option does not exist, or is out of range.

    Source: Bridle (1990), doi:10.1007/978-3-642-76153-9_28.

    >>> float(cross_entropy([[0.0, 0.0], [1e4, -1e4]], [1, 1], reduction="sum"))
    20000.69314718056
    """
    name = "cross_entropy"
    check_reduction(name, reduction)
    number_from(name, "label_smoothing", label_smoothing, 0.0, 1.0)
    prediction = prediction_of(name, prediction)
    count = _classes_of(name, prediction)
    weight = _class_weight(name, weight, prediction, count)
    target = as_input(target, name)
    if shape_of(target) == shape_of(prediction) and _is_floating(target):
        if ignore_index != -100:
            raise ArgumentError(f"{name}: ignore_index={ignore_index} is for classes; of probabilities, use a mask")
        target = beside(name, target, prediction)
        return _of_probabilities(prediction, target, weight, reduction, label_smoothing)
    labels = _labels_of(name, prediction, target, ignore_index)
    return _likelihood(name, log_softmax(_rows(prediction)), labels, weight, reduction, label_smoothing)


def nll(
    prediction: Any, target: Any, *, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> Array:
    """How unlikely the right classes are, from the logarithms of probabilities.
    PyTorch: `nll_loss`.

    z = mean of -prediction[target]

    cross_entropy is nll of log_softmax.

    Args:
        prediction: logarithms of probabilities, such as `log_softmax` gives: value of
            shape (C,), (N, C) or (N, C, d1, ...).
        target: the right classes, integers from 0 to C - 1 in a plain array of shape
            (), (N,) or (N, d1, ...).
        weight: a factor for each class, of shape (C,). The mean is divided by the sum
            of the factors that were used.
        ignore_index: samples of this class are left out, of the mean too.
        reduction: "mean" over samples, "sum", or "none" for one loss per sample.

    Returns:
        A number; with "none" a value of shape (), (N,) or (N, d1, ...).

    Raises:
        ShapeError: the shapes do not fit, or there is no sample to take the mean of.
        IndexingError: a class does not exist.
        DataError: classes are not integers, or are a Value.
        DomainError: all samples are ignored, or have weight 0, and the mean is wanted.
        ArgumentError: the reduction does not exist, or ignore_index is not an integer.

    >>> float(nll([[-0.5, -1.0], [-2.0, -0.25]], [0, 1]))
    0.375
    """
    check_reduction("nll", reduction)
    prediction = prediction_of("nll", prediction)
    weight = _class_weight("nll", weight, prediction, _classes_of("nll", prediction))
    labels = _labels_of("nll", prediction, target, ignore_index)
    return _likelihood("nll", _rows(prediction), labels, weight, reduction)


def multi_hinge(
    prediction: Any,
    target: Any,
    *,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    reduction: str = "mean",
) -> Array:
    """How far the right class is from being a margin above each other class. PyTorch:
    `multi_margin_loss`.

    z = mean of sum over c != t of max(0, margin - x_t + x_c)^p / C,
    where x = prediction, t = target

    Args:
        prediction: a number per class: value of shape (C,) or (N, C).
        target: the right classes, integers from 0 to C - 1 in a plain array of shape ()
            or (N,).
        p: 1 or 2.
        margin: the wanted distance.
        weight: a factor for each class, of shape (C,). The mean is not divided by them.
        reduction: "mean" over samples, "sum", or "none" for one loss per sample.

    Returns:
        A number; with "none" a value of shape () or (N,).

    Raises:
        ShapeError: the shapes do not fit, or there is no sample to take the mean of.
        IndexingError: a class does not exist.
        DataError: classes are not integers, or are a Value.
        ArgumentError: an option does not exist, or is out of range.

    Source: Crammer, Singer (2001), Journal of Machine Learning Research 2, 265.

    >>> float(multi_hinge([[2.0, 1.5, 0.0]], [0]))  # 0.5 / 3
    0.16666666666666666
    """
    name = "multi_hinge"
    check_reduction(name, reduction)
    if p not in (1, 2):
        raise ArgumentError(f"{name}: p={p!r}: give 1 or 2")
    number_from(name, "margin", margin, -math.inf)
    prediction = prediction_of(name, prediction)
    count = _classes_of(name, prediction)
    if len(shape_of(prediction)) > 2:
        raise ShapeError(f"{name}: prediction {named(prediction)}: it needs shape (C,) or (N, C)")
    weight = _class_weight(name, weight, prediction, count)
    labels, rows = _labels_of(name, prediction, target, None), _rows(prediction)
    right = reshape(_picked(rows, labels), shape=(-1, 1))
    is_other = labels.classes[:, None] != np.arange(count)
    slack = where(is_other, relu(rows - right + margin), 0.0)
    losses = sum(slack if p == 1 else slack * slack, axis=1) / count
    if weight is not None:
        losses = losses * take(weight, labels.classes, axis=0)
    return reduced(name, reshape(losses, shape=labels.shape), reduction)


def hinge(prediction: Any, target: Any, *, reduction: str = "mean", margin: float = 1.0) -> Array:
    """How far predictions are from a margin on the right side of 0. It is the loss of
    support vector machines. PyTorch has no function for it.

    z = mean of max(0, margin - target prediction)

    Args:
        prediction: value of any shape.
        target: -1 or 1 each; value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        margin: the wanted distance.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        DomainError: a target is not -1 or 1.
        ArgumentError: the reduction does not exist, or margin is not a number.

    Source: Cortes, Vapnik (1995), doi:10.1007/BF00994018.

    >>> float(hinge([0.5, 3.0], [1.0, -1.0]))
    2.25
    """
    check_reduction("hinge", reduction)
    number_from("hinge", "margin", margin, -math.inf)
    prediction = prediction_of("hinge", prediction)
    target = beside("hinge", target, prediction)
    check_same_shape("hinge", "prediction", prediction, "target", target)
    repair = "targets are -1 and 1; of 0 and 1, give 2 * target - 1"
    check_numbers("hinge", "target", target, lambda x: abs(x) == 1.0, repair)
    return reduced("hinge", relu(margin - target * prediction), reduction)


# Classes and predictions


def _classes_of(name: str, prediction: Array) -> int:
    """How many classes a prediction is for."""
    shape = shape_of(prediction)
    if not shape or not shape[min(1, len(shape) - 1)]:
        raise ShapeError(f"{name}: prediction {named(prediction)}: it needs a number per class, as in shape (N, C)")
    return shape[min(1, len(shape) - 1)]


def _class_weight(name: str, weight: Any, prediction: Array, count: int) -> Array | None:
    if weight is None:
        return None
    weight = beside(name, weight, prediction)
    if shape_of(weight) != (count,):
        raise ShapeError(f"{name}: weight {named(weight)}: give one number for each of the {count} classes")
    return weight


def _is_floating(target: Any) -> bool:
    if isinstance(target, Interpreter) and not is_one_of_many(target):
        return True
    return bool(np.dtype(getattr(target, "dtype", float)).kind == "f")


def _labels_of(name: str, prediction: Array, target: Any, ignored: int | None) -> Labels:
    """The right classes, checked.

    Args:
        name: the loss.
        prediction: the value that they are for.
        target: what was given.
        ignored: the class to ignore; None where there is no such option.
    """
    if ignored is not None and not hasattr(ignored, "__index__"):  # a list would be compared element by element
        raise ArgumentError(f"{name}: ignore_index={ignored!r}: give one integer, the class that is left out")
    target = as_input(target, name)
    if is_one_of_many(target) or is_followed(target):  # classes that differ from example to example, or call to call
        pass
    elif isinstance(target, Interpreter):
        raise DataError(
            f"{name}: target {named(target)} is a Value; classes have no gradient: give a plain array of them"
        )
    else:
        target = np.asarray(target)
    shape = shape_of(prediction)
    wanted = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if np.dtype(target.dtype).kind not in "iu":
        _refuse_kind(name, prediction, target, wanted)
    if target.shape != wanted:
        _refuse_shape(name, prediction, target, wanted)
    return _checked(name, prediction, target, ignored)


def _refuse_kind(name: str, prediction: Array, target: Any, wanted: tuple[int, ...]) -> None:
    if target.shape == wanted:
        repair = "classes are integers: give target.astype(int)"
    else:
        repair = f"give classes, integers of shape {wanted}"
        repair += f", or probabilities of shape {shape_of(prediction)}" if name == "cross_entropy" else ""
    raise DataError(
        f"{name}: target {named(target)} of {target.dtype} for the prediction {named(prediction)}: {repair}"
    )


def _refuse_shape(name: str, prediction: Array, target: Any, wanted: tuple[int, ...]) -> None:
    repair = f"give classes of shape {wanted}"
    if target.shape == shape_of(prediction) and name == "cross_entropy":
        repair += ", or probabilities as floats: target.astype(float)"
    elif target.shape == shape_of(prediction):
        repair += ": of one-hot rows, target.argmax(1)"
    elif math.prod(target.shape) == math.prod(wanted):
        repair += f": target.reshape({', '.join(map(str, wanted))})"
    raise ShapeError(f"{name}: target {named(target)} does not fit the prediction {named(prediction)}: {repair}")


def _checked(name: str, prediction: Array, target: Any, ignored: int | None) -> Labels:
    count = _classes_of(name, prediction)
    classes = target.reshape(-1)
    plain = np.asarray(numbers_below(classes))  # inside a vmap those of all examples
    follows = is_followed(target)
    if not follows and (not plain.size or (plain.min() >= 0 and plain.max() < count and not _is_class(ignored, count))):
        return Labels(classes, None, target.shape)  # as it almost always is
    kept = np.full(classes.shape, True) if ignored is None else classes != ignored
    is_kept = np.full(plain.shape, True) if ignored is None else plain != ignored
    wrong = plain[is_kept & ((plain < 0) | (plain >= count))]
    if wrong.size:
        rest = "" if ignored is None else f", and {ignored} is ignored"
        from_1 = wrong.max() == wrong.min() == count
        raise IndexingError(
            f"{name}: class {wrong[0]} in target {named(target)}: the prediction {named(prediction)} has the classes "
            f"0 to {count - 1}{rest}" + ("; of classes numbered from 1, give target - 1" if from_1 else "")
        )
    used = where(kept, classes, 0)
    return Labels(in_bounds(used, length=count, wraps=False) if follows else used, kept, target.shape)


def _is_class(ignored: int | None, count: int) -> bool:
    return ignored is not None and 0 <= ignored < count


def _rows(x: Array) -> Array:
    """One row of C numbers for each sample."""
    shape = shape_of(x)
    if len(shape) > 2:
        x = moveaxis(x, 1, -1)
    return x if len(shape) == 2 else reshape(x, shape=(-1, shape[min(1, len(shape) - 1)]))


def _picked(rows: Array, labels: Labels) -> Array:
    """The number of the right class in each row."""
    if is_one_of_many(labels.classes) or is_followed(labels.classes):
        return take_along_axis(rows, labels.classes[:, None], axis=1)[:, 0]
    if is_lazy(numbers_below(rows)):  # an array of Dask, which is not indexed by two arrays at once
        is_right = labels.classes[:, None] == np.arange(shape_of(rows)[1])
        return sum(where(is_right, rows, 0.0), axis=1)
    return getitem(rows, index=(np.arange(len(labels.classes)), labels.classes))


# Likelihoods


def _likelihood(
    name: str, rows: Array, labels: Labels, weight: Array | None, reduction: str, smoothing: float = 0.0
) -> Array:
    """Minus the logarithms of the right classes' probabilities, reduced."""
    losses = -_picked(rows, labels)
    used = None if weight is None else take(weight, labels.classes, axis=0)
    if used is not None:
        losses = losses * used
    if smoothing:
        spread = sum(rows if weight is None else rows * weight, axis=1) / shape_of(rows)[1]
        losses = (1.0 - smoothing) * losses - smoothing * spread
    if labels.kept is not None:
        if reduction == "mean" and not np.any(numbers_below(labels.kept)):
            raise DomainError(
                f"{name}: all targets {labels.shape} are of the class that is ignored, and there is no mean; "
                f"leave the batch out, or give reduction='sum'"
            )
        losses = where(labels.kept, losses, 0.0)
        used = where(labels.kept, 1.0 if used is None else used, 0.0)
    losses = reshape(losses, shape=labels.shape) if len(labels.shape) != 1 else losses
    return reduced(name, losses, reduction, used)


def _of_probabilities(
    prediction: Array, target: Array, weight: Array | None, reduction: str, smoothing: float
) -> Array:
    """The cross-entropy for probabilities. The mean is over samples, and the weights do
    not count.
    """
    shape = shape_of(prediction)
    rows, shares = log_softmax(_rows(prediction)), _rows(target)
    if smoothing:
        shares = (1.0 - smoothing) * shares + smoothing / shape_of(rows)[1]
    if weight is not None:
        shares = shares * weight
    impossible = logical_and(equal(shares, 0.0), equal(rows, -math.inf))  # 0 times -inf
    losses = -sum(shares * where(impossible, 0.0, rows), axis=1)
    shape = shape[:1] + shape[2:] if len(shape) > 1 else ()
    return reduced("cross_entropy", reshape(losses, shape=shape), reduction)
