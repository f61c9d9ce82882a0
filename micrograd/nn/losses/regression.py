"""Losses of numbers: how far a prediction is from its target."""

from __future__ import annotations

import math
from typing import Any

from micrograd.interpreter import Array, shape_of
from micrograd.nn.losses.checks import (
    beside,
    check_numbers,
    check_reduction,
    check_same_shape,
    number_above,
    number_from,
    prediction_of,
    reduced,
)
from micrograd.ops import (
    absolute,
    add,
    clip,
    exp,
    greater,
    log,
    minimum,
    reshape,
    stop_gradient,
    where,
    xlogy,
)

__all__ = ["gaussian_nll", "huber", "l1", "mse", "poisson_nll", "smooth_l1"]


def mse(prediction: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Array:
    """Mean squared error. PyTorch: `mse_loss`.

    z = mean of (prediction - target)^2

    Args:
        prediction: value of any shape.
        target: value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        weight: factors of the losses, of the same shape. The mean is then divided by
            their sum.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        ArgumentError: the reduction does not exist.

    >>> float(mse([1.0, 3.0], [0.0, 1.0]))
    2.5
    """
    difference = _difference("mse", prediction, target, reduction)
    return _weighted("mse", difference * difference, reduction, weight)


def l1(prediction: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Array:
    """Mean absolute error. PyTorch: `l1_loss`.

    z = mean of |prediction - target|

    Where both are equal its gradient is 0.

    Args:
        prediction: value of any shape.
        target: value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        weight: factors of the losses, of the same shape. The mean is then divided by
            their sum.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        ArgumentError: the reduction does not exist.

    >>> float(l1([1.0, 3.0], [0.0, 1.0]))
    1.5
    """
    return _weighted("l1", absolute(_difference("l1", prediction, target, reduction)), reduction, weight)


def huber(prediction: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Array:
    """Squared error up to a distance of delta, and absolute error beyond: an outlier
    counts less. PyTorch: `huber_loss`.

    z = mean of (d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)),
    where d = prediction - target

    Args:
        prediction: value of any shape.
        target: value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        delta: the distance, above 0.
        weight: factors of the losses, of the same shape. The mean is not divided by
            them, as in PyTorch, though that of mse and l1 is.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        ArgumentError: the reduction does not exist, or delta is not above 0.

    Source: Huber (1964), doi:10.1214/aoms/1177703732.

    >>> float(huber([0.5, 3.0], [0.0, 0.0]))
    1.3125
    """
    number_above("huber", "delta", delta, 0.0)
    difference = _difference("huber", prediction, target, reduction)
    near = clip(difference, -delta, delta)
    losses = near * (difference - 0.5 * near)
    if weight is not None:
        weight = beside("huber", weight, losses)
        check_same_shape("huber", "prediction", losses, "weight", weight)
        losses = losses * weight
    return reduced("huber", losses, reduction)


def smooth_l1(prediction: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    """Absolute error, with a parabola in place of its kink: huber divided by its delta.
    PyTorch: `smooth_l1_loss`.

    z = mean of (d^2 / (2 beta) where |d| <= beta, else |d| - beta / 2),
    where d = prediction - target

    Args:
        prediction: value of any shape.
        target: value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        beta: half the width of the parabola; with 0 it is l1.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        ArgumentError: the reduction does not exist, or beta is below 0.

    Source: Girshick (2015), arXiv:1504.08083.

    >>> float(smooth_l1([0.5, 3.0], [0.0, 0.0]))
    1.3125
    """
    number_from("smooth_l1", "beta", beta, 0.0)
    difference = _difference("smooth_l1", prediction, target, reduction)
    if beta == 0.0:
        return reduced("smooth_l1", absolute(difference), reduction)
    near = clip(difference, -beta, beta)
    return reduced("smooth_l1", near / beta * (difference - 0.5 * near), reduction)


def _difference(name: str, prediction: Any, target: Any, reduction: str) -> Array:
    check_reduction(name, reduction)
    prediction = prediction_of(name, prediction)
    target = beside(name, target, prediction)
    check_same_shape(name, "prediction", prediction, "target", target)
    return prediction - target


def _weighted(name: str, losses: Array, reduction: str, weight: Any) -> Array:
    if weight is None:
        return reduced(name, losses, reduction)
    weight = beside(name, weight, losses)
    check_same_shape(name, "prediction", losses, "weight", weight)
    return reduced(name, losses * weight, reduction, weight)


def poisson_nll(
    prediction: Any,
    target: Any,
    *,
    reduction: str = "mean",
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
) -> Array:
    """How unlikely counts are, if a Poisson distribution has the predicted rate.
    PyTorch: `poisson_nll_loss`.

    z = mean of (exp(prediction) - target prediction), or with log_input=False of
    (prediction - target ln(prediction + eps))

    Args:
        prediction: the logarithm of the rate, value of any shape; with log_input=False
            the rate, at least 0.
        target: the counts, at least 0; value of the same shape.
        reduction: "mean", "sum", or "none" for one loss per element.
        log_input: whether the prediction is a logarithm.
        full: add Stirling's approximation of ln(target!) where target is above 1. It
            does not depend on the prediction.
        eps: keeps the logarithm finite at a rate of 0.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        DomainError: a count is below 0, or a rate.
        ArgumentError: the reduction does not exist, or eps is below 0.

    >>> float(poisson_nll([0.0], [3.0]))
    1.0
    """
    check_reduction("poisson_nll", reduction)
    number_from("poisson_nll", "eps", eps, 0.0)
    prediction = prediction_of("poisson_nll", prediction)
    target = beside("poisson_nll", target, prediction)
    check_same_shape("poisson_nll", "prediction", prediction, "target", target)
    check_numbers("poisson_nll", "target", target, lambda x: x >= 0.0, "counts are numbers of at least 0")
    if log_input:
        losses = exp(prediction) - target * prediction
    else:
        repair = "a rate is at least 0; of its logarithm, leave log_input=True"
        check_numbers("poisson_nll", "prediction", prediction, lambda x: x >= 0.0, repair)
        losses = prediction - xlogy(target, prediction + eps)
    return reduced("poisson_nll", losses + _stirling(target) if full else losses, reduction)


def _stirling(target: Array) -> Array:
    """t ln t - t + ln(2 pi t) / 2, which is near ln(t!); 0 up to 1, where it is not."""
    is_large = greater(target, 1.0)
    t = where(is_large, target, 1.0)
    return where(is_large, xlogy(t, t) - t + 0.5 * log(2.0 * math.pi * t), 0.0)


def gaussian_nll(
    prediction: Any, target: Any, var: Any, *, reduction: str = "mean", full: bool = False, eps: float = 1e-6
) -> Array:
    """How unlikely targets are, if a normal distribution has the predicted mean and
    variance. PyTorch: `gaussian_nll_loss`.

    z = mean of (ln v + (prediction - target)^2 / v) / 2, where v = max(var, eps)

    The maximum does not stop the gradient: below eps, var gets the gradient of v.

    Args:
        prediction: the mean, value of any shape.
        target: value of the same shape.
        var: the variance, at least 0: of the same shape; or with a last axis of 1, or
            without the last axis, for one variance per row; or one number for all.
        reduction: "mean", "sum", or "none" for one loss per element.
        full: add ln(2 pi) / 2, which does not depend on the prediction.
        eps: the least variance, above 0.

    Returns:
        A number; with "none" a value of the shape of the prediction.

    Raises:
        ShapeError: the shapes differ, or there is no element to take the mean of.
        DomainError: a variance is below 0.
        ArgumentError: the reduction does not exist, or eps is not above 0.

    Source: Nix, Weigend (1994), doi:10.1109/ICNN.1994.374138.

    >>> float(gaussian_nll([1.0, 3.0], [0.0, 1.0], [1.0, 1.0]))
    1.25
    """
    name = "gaussian_nll"
    number_above(name, "eps", eps, 0.0)
    difference = _difference(name, prediction, target, reduction)
    var = _variance(beside(name, var, difference), difference)
    check_numbers(name, "var", var, lambda x: x >= 0.0, "a variance is at least 0; of its logarithm, give exp(var)")
    var = var - stop_gradient(minimum(var - eps, 0.0))
    losses = 0.5 * (log(var) + difference * difference / var)
    return reduced(name, add(losses, 0.5 * math.log(2.0 * math.pi)) if full else losses, reduction)


def _variance(var: Array, difference: Array) -> Array:
    """The variances in a shape that broadcasts against the predictions."""
    shape = shape_of(difference)
    if shape and shape_of(var) == shape[:-1]:
        var = reshape(var, shape=(*shape[:-1], 1))
    if shape_of(var) not in ((), shape, (*shape[:-1], 1)):
        check_same_shape("gaussian_nll", "prediction", difference, "var", var)
    return var
