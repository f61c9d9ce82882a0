"""The table, products of vectors over chosen axes: `vecdot`, `matvec`, `vecmat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.einsum import einsum
from micrograd.ops.shapes import expand_dims, moveaxis

__all__ = ["matvec", "vecdot", "vecmat"]


def vecdot(x1: Array, x2: Array, *, axis: int = -1, axes: Any = None, keepdims: bool = False) -> Array:
    """Inner products of vectors. The other axes are a batch, and broadcast.

    z = sum_i x1_i x2_i

    Args:
        x1: value of shape (..., n).
        x2: value of shape (..., n).
        axis: the axis of the vectors, in both.
        axes: the axis of the vectors in each, as [a, b].
        keepdims: keep that axis, with length 1.

    Raises:
        ShapeError: the lengths differ, or the other axes do not broadcast.

    >>> float(vecdot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    axes = [axis, axis] if axes is None else axes
    z = einsum("...i,...i->...", *_arranged("vecdot", (x1, x2), ("i", "i"), axes))
    return expand_dims(z, axis=_as_tuple(axes[-1])[0]) if keepdims else z


def matvec(x1: Array, x2: Array, *, axes: Any = None) -> Array:
    """Products of a matrix and a vector. The other axes are a batch, and broadcast.

    z_i = sum_j x1_ij x2_j

    Args:
        x1: value of shape (..., m, n).
        x2: value of shape (..., n).
        axes: which axes to use, as [(-2, -1), -1, -1]: of each input and of the result.

    Raises:
        ShapeError: sizes differ, or the other axes do not broadcast.

    >>> matvec(np.array([[1.0, 2.0]]), np.array([3.0, 4.0]))
    array([11.])
    """
    return _placed(einsum("...ij,...j->...i", *_arranged("matvec", (x1, x2), ("ij", "j"), axes)), axes)


def vecmat(x1: Array, x2: Array, *, axes: Any = None) -> Array:
    """Products of a vector and a matrix. The other axes are a batch, and broadcast.

    z_j = sum_i x1_i x2_ij

    Args:
        x1: value of shape (..., m).
        x2: value of shape (..., m, n).
        axes: which axes to use, as [-1, (-2, -1), -1]: of each input and of the result.

    Raises:
        ShapeError: sizes differ, or the other axes do not broadcast.

    >>> vecmat(np.array([3.0, 4.0]), np.array([[1.0], [2.0]]))
    array([11.])
    """
    return _placed(einsum("...i,...ij->...j", *_arranged("vecmat", (x1, x2), ("i", "ij"), axes)), axes)


def _arranged(name: str, values: Sequence[Any], terms: Sequence[str], axes: Any) -> list[Array]:
    """The inputs, with the axes of vectors and matrices moved to the end.

    A term has one letter for each of these axes: "i" is a vector, "ij" a matrix.
    """
    xs = [operand(name, x) for x in values]
    given = " and ".join(named(x) for x in xs)
    for x, term in zip(xs, terms, strict=True):
        if len(shape_of(x)) < len(term):
            kind = "a vector" if len(term) == 1 else "a matrix"
            raise ShapeError(f"{name}: {given}: {named(x)} has too few axes; give {kind}, or a batch")
    if axes is not None:
        if len(axes) not in (len(terms), len(terms) + 1):
            raise ArgumentError(f"{name}: axes {axes}: give a list of the axes of each input and of the result")
        xs = [moveaxis(x, _as_tuple(a), tuple(range(-len(_as_tuple(a)), 0))) for x, a in zip(xs, axes, strict=False)]
    sizes: dict[str, int] = {}
    for x, term in zip(xs, terms, strict=True):
        for letter, n in zip(term, shape_of(x)[-len(term) :], strict=True):
            if sizes.setdefault(letter, n) != n:
                raise ShapeError(f"{name}: {given}: inner sizes {sizes[letter]} and {n} differ; transpose one?")
    return xs


def _as_tuple(axis: Any) -> tuple[int, ...]:
    return (axis,) if hasattr(axis, "__index__") else tuple(axis)


def _placed(z: Array, axes: Any) -> Array:
    """The result, with its last axis where axes[2] says."""
    return z if axes is None or len(axes) < 3 else moveaxis(z, -1, _as_tuple(axes[2])[0])
