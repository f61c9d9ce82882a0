"""Losses of distances: what is alike should be near, and what is not, far."""

from __future__ import annotations

import math
from typing import Any

from micrograd.errors import ShapeError
from micrograd.interpreter import Array, named, shape_of
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
from micrograd.ops import greater, minimum, norm, relu, sqrt, sum, where

__all__ = ["cosine_embedding", "triplet"]

TINY = 1e-12  # added to squared lengths, as in PyTorch, so that a zero vector has an angle


def cosine_embedding(
    prediction: Any, other: Any, target: Any, *, margin: float = 0.0, reduction: str = "mean"
) -> Array:
    """Whether two vectors point in one direction, or, where they should differ, do not.
    PyTorch: `cosine_embedding_loss`.

    z = mean of (1 - cos where target is 1, max(0, cos - margin) where it is -1),
    where cos is the cosine of the angle between prediction and other

    Args:
        prediction: value of shape (N, D) or (D,).
        other: value of the same shape.
        target: 1 for alike, -1 for not, in an array of shape (N,) or ().
        margin: the largest cosine that costs nothing where the target is -1, from -1
            to 1.
        reduction: "mean", "sum", or "none" for one loss per pair.

    Returns:
        A number; with "none" a value of shape (N,) or ().

    Raises:
        ShapeError: the shapes do not fit, or there is no pair to take the mean of.
        DomainError: a target is not -1 or 1.
        ArgumentError: an option does not exist, or is out of range.

    >>> float(cosine_embedding([[1.0, 0.0]], [[0.0, 2.0]], [1.0]))
    1.0
    """
    name = "cosine_embedding"
    check_reduction(name, reduction)
    number_from(name, "margin", margin, -1.0, 1.0)
    prediction = prediction_of(name, prediction)
    other, target = beside(name, other, prediction), beside(name, target, prediction)
    check_same_shape(name, "prediction", prediction, "other", other)
    _check_vectors(name, prediction)
    if shape_of(target) != shape_of(prediction)[:-1]:
        raise ShapeError(
            f"{name}: target {named(target)} for pairs of vectors {named(prediction)}: "
            f"give one target for each pair, of shape {shape_of(prediction)[:-1]}"
        )
    repair = "targets are 1 for alike and -1 for not; of 0 and 1, give 2 * target - 1"
    check_numbers(name, "target", target, lambda x: abs(x) == 1.0, repair)
    # Roots first: the product of two squared lengths of 1e10 is more than float32 has.
    lengths = [sqrt(sum(x * x, axis=-1) + TINY) for x in (prediction, other)]
    cosine = sum(prediction * other, axis=-1) / (lengths[0] * lengths[1])
    return reduced(name, where(greater(target, 0.0), 1.0 - cosine, relu(cosine - margin)), reduction)


def triplet(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    """How far an anchor is from being a margin nearer to its like than to something
    else. PyTorch: `triplet_margin_loss`.

    z = mean of max(0, d(anchor, positive) - d(anchor, negative) + margin),
    where d(x, y) = |x - y + eps|_p

    Args:
        anchor: value of shape (N, D) or (D,).
        positive: what is like the anchor; value of the same shape.
        negative: what is not; value of the same shape.
        margin: the wanted difference of the distances, above 0.
        p: the norm, above 0: (sum_i |x_i|^p)^(1/p).
        eps: added to each difference, so that equal vectors have a gradient.
        swap: take the distance of positive and negative, where that is smaller than the
            one of anchor and negative.
        reduction: "mean", "sum", or "none" for one loss per triplet.

    Returns:
        A number; with "none" a value of shape (N,) or ().

    Raises:
        ShapeError: the shapes differ, or there is no triplet to take the mean of.
        ArgumentError: an option does not exist, or is out of range.

    Source: Balntas et al. (2016), doi:10.5244/C.30.119.

    >>> float(triplet([[0.0]], [[2.0]], [[1.0]], eps=0.0))
    2.0
    """
    check_reduction("triplet", reduction)
    number_above("triplet", "margin", margin, 0.0)
    number_above("triplet", "p", p, 0.0)
    number_from("triplet", "eps", eps, 0.0)
    anchor = prediction_of("triplet", anchor)
    positive, negative = beside("triplet", positive, anchor), beside("triplet", negative, anchor)
    check_same_shape("triplet", "anchor", anchor, "positive", positive)
    check_same_shape("triplet", "anchor", anchor, "negative", negative)
    _check_vectors("triplet", anchor)

    def distance(x: Array, y: Array) -> Array:
        return norm(x - y + eps, ord=p, axis=-1)

    far = distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced("triplet", relu(distance(anchor, positive) - far + margin), reduction)


def _check_vectors(name: str, x: Array) -> None:
    if not shape_of(x) or not math.prod(shape_of(x)[-1:]):
        raise ShapeError(f"{name}: {named(x)}: it needs vectors, of shape (D,) or (N, D)")
