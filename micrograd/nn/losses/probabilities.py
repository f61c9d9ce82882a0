"""Losses of probabilities: how unlikely the targets are, if the predictions hold."""

from __future__ import annotations

import math
from typing import Any

from micrograd.interpreter import Array, shape_of
from micrograd.nn.losses.checks import (
    REDUCTIONS,
    beside,
    check_broadcasts,
    check_numbers,
    check_reduction,
    check_same_shape,
    prediction_of,
    reduced,
)
from micrograd.ops import binary_cross_entropy, equal, exp, logical_and, softplus, sum, where, xlogy

__all__ = ["bce", "bce_with_logits", "kl_div"]


def bce(prediction: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Array:
    """How unlikely yes-or-no answers are, from the probabilities of yes. PyTorch:
    `binary_cross_entropy`.

    z = mean of -(target ln prediction + (1 - target) ln(1 - prediction))

    The logarithms are at least -100, as in PyTorch. Where the prediction is the sigmoid
    of a logit, `bce_with_logits` of the logit keeps more digits.

    Args:
        prediction: probabilities, from 0 to 1; value of any shape.
        target: 0 for no, 1 for yes, or a probability; value of the same shape.
        weight: factors of the losses, of a shape that broadcasts. The mean is not
            divided by them.
        reduction: "mean", "sum", or "none" for one loss per element.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes do not fit, or there is no element to take the mean of.
        DomainError: a prediction or a target is not from 0 to 1.
        ArgumentError: the reduction does not exist.

    >>> float(bce([0.5, 0.0], [1.0, 0.0]))
    0.34657359027997264
    """
    prediction, target, weight = _given("bce", prediction, target, weight, reduction)
    repair = "a probability is from 0 to 1; of logits, use bce_with_logits"
    check_numbers("bce", "prediction", prediction, _is_probability, repair)
    losses = binary_cross_entropy(prediction, target)
    return reduced("bce", losses if weight is None else losses * weight, reduction)


def bce_with_logits(
    prediction: Any, target: Any, *, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Array:
    """How unlikely yes-or-no answers are, if the sigmoid of the predictions has the
    probability of yes. PyTorch: `binary_cross_entropy_with_logits`.

    z = mean of (pos_weight target ln(1 + e^-x) + (1 - target) ln(1 + e^x)),
    where x = prediction

    Args:
        prediction: logits (no sigmoid before): value of any shape.
        target: 0 for no, 1 for yes, or a probability; value of the same shape.
        weight: factors of the losses, of a shape that broadcasts. The mean is not
            divided by them.
        reduction: "mean", "sum", or "none" for one loss per element.
        pos_weight: factors of the targets, of a shape that broadcasts: above 1, a yes
            that was missed counts more than a no that was missed.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes do not fit, or there is no element to take the mean of.
        DomainError: a target is not from 0 to 1.
        ArgumentError: the reduction does not exist.

    >>> float(bce_with_logits([1e4, -40.0], [1.0, 0.0]))
    2.1241771276457944e-18
    """
    name = "bce_with_logits"
    x, target, weight = _given(name, prediction, target, weight, reduction)
    # Two terms of one sign: the one that PyTorch computes, (1 - t) x + ln(1 + e^-x),
    # gives 0 at x = -40, where the loss is 4e-18.
    missed_yes, missed_no = target * softplus(-x), (1.0 - target) * softplus(x)
    if pos_weight is not None:
        pos_weight = beside(name, pos_weight, x)
        check_broadcasts(name, "pos_weight", pos_weight, x)
        missed_yes = pos_weight * missed_yes
    losses = missed_yes + missed_no
    return reduced(name, losses if weight is None else losses * weight, reduction)


def _given(name: str, prediction: Any, target: Any, weight: Any, reduction: str) -> tuple[Array, Array, Array | None]:
    """Prediction, target and weight, checked."""
    check_reduction(name, reduction)
    prediction = prediction_of(name, prediction)
    target = beside(name, target, prediction)
    check_same_shape(name, "prediction", prediction, "target", target)
    repair = "a target is from 0 to 1; of -1 and 1, give (target + 1) / 2"
    check_numbers(name, "target", target, _is_probability, repair)
    if weight is not None:
        weight = beside(name, weight, prediction)
        check_broadcasts(name, "weight", weight, prediction)
    return prediction, target, weight


def _is_probability(x: Any) -> Any:
    return (x >= 0.0) & (x <= 1.0)


def kl_div(prediction: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """Divergence of Kullback and Leibler of predicted distributions from those of the
    target. PyTorch: `kl_div`.

    z = mean of target (ln target - prediction); 0 where target is 0

    The mean is over elements. "batchmean" divides the sum by the length of the first
    axis, which is the mean divergence of the distributions.

    Args:
        prediction: logarithms of probabilities, such as `log_softmax` gives: value of
            any shape.
        target: probabilities, or with log_target their logarithms; value of the same
            shape.
        reduction: "mean", "batchmean", "sum", or "none" for one term per element.
        log_target: whether the target holds logarithms.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        DomainError: a probability is below 0.
        ArgumentError: the reduction does not exist.

    Source: Kullback, Leibler (1951), doi:10.1214/aoms/1177729694.

    >>> float(kl_div([[-math.log(2.0), -math.log(2.0)]], [[1.0, 0.0]], reduction="sum"))
    0.6931471805599453
    """
    check_reduction("kl_div", reduction, (*REDUCTIONS, "batchmean"))
    prediction = prediction_of("kl_div", prediction)
    target = beside("kl_div", target, prediction)
    check_same_shape("kl_div", "prediction", prediction, "target", target)
    if log_target:
        is_zero = equal(target, -math.inf)  # then -inf - prediction, or -inf + inf, times 0
        losses = exp(target) * (where(is_zero, 0.0, target) - where(is_zero, 0.0, prediction))
    else:
        repair = "a probability is at least 0; of its logarithm, give log_target=True"
        check_numbers("kl_div", "target", target, lambda x: x >= 0.0, repair)
        is_zero = logical_and(equal(target, 0.0), equal(prediction, -math.inf))  # 0 times -inf
        losses = xlogy(target, target) - target * where(is_zero, 0.0, prediction)
    if reduction != "batchmean":
        return reduced("kl_div", losses, reduction)
    if not shape_of(losses) or not shape_of(losses)[0]:
        return reduced("kl_div", losses, "mean" if shape_of(losses) else "sum")
    return sum(losses) / shape_of(losses)[0]
