"""Sums of a line in NumPy: products of two arrays go to BLAS, others are added up by a
ufunc.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd.compiling.numpy_products import by_stride, lies_well, product
from micrograd.compiling.numpy_terms import Calls, Given, joint_kind, joint_shape
from micrograd.compiling.places import Place
from micrograd.compiling.terms import Part, Term, reads_of
from micrograd.ops.arithmetic import add, multiply, negative, subtract

ONES = 100_000  # a sum of at most so many numbers may be a product with ones, which is quicker
SHORT = 64  # so may many sums of at most so many
Sizes = tuple[int, ...]
Axes = Sequence[int]


class Sums:
    """Writes the calls that add up along axes of a domain."""

    def __init__(self, calls: Calls, sizes: Sizes, summed: Axes) -> None:
        self.calls = calls
        self.sizes = sizes
        self.summed = summed

    def total(self, term: Any, out: Place | None) -> Place:
        """The sum of a term; the summed axes get the length 1.

        Args:
            term: what is added up.
            out: where it is wanted; None for anywhere.
        """
        number, term = _peeled(term)
        if isinstance(term, Term) and term.op in (add, subtract) and self._is_spread(term):
            x, y = (self.total(side, None) for side in term.inputs)
            return self._scaled(self._joined(term.op.name, x, y, out if number == 1 else None), number, out)
        factors = self._factors(term)
        sides = [self.calls.value(factors[0], self.sizes)]
        if len(factors) == 2:
            sides.append(sides[0] if factors[0] is factors[1] else self.calls.value(factors[1], self.sizes))
        moving = [[a for a in self.summed if isinstance(p, Place) and p.shape[a] > 1] for p in sides]
        number *= math.prod(self.sizes[a] for a in self.summed if not any(a in axes for axes in moving))
        first = out if number == 1 else None
        if len(sides) == 1:
            value = sides[0]
            if isinstance(value, Place):
                value = self.add_up(value, moving[0], first)
            return self._scaled(value, number, out)
        x, y = (
            self.add_up(side, [a for a in axes if a not in others], None)
            for side, axes, others in zip(self._alike(sides), moving, moving[::-1], strict=True)
        )
        common = [a for a in moving[0] if a in moving[1]]
        kept = [a for a in range(len(self.sizes)) if a not in self.summed]
        is_row_by_row = all(x.shape[a] == y.shape[a] for a in kept) and any(x.shape[a] > 1 for a in kept)
        if common and not is_row_by_row:
            found = product(self.calls, x, y, common, first)
        else:
            found = self._joined("multiply", x, y, None if common else first)
            found = self.add_up(found, common, first)
        return self._scaled(found, number, out)

    def _alike(self, sides: Sequence[Given]) -> list[Place]:
        """Two arrays in one dtype: float32 beside float64 is added up as float64."""
        given = self.calls.as_floats(sides, set())
        made = []
        for side in given:
            assert isinstance(side, Place)
            if side.dtype == "float32" and joint_kind(given) == "float64":
                wide = self.calls.scratch.take(side.shape, "float64")
                self.calls.put(wide, side)
                side = wide
            made.append(side)
        return made

    def _scaled(self, found: Given, number: float, out: Place | None) -> Place:
        """A sum times a number, where it is wanted."""
        if not isinstance(found, Place):
            place = out or self.calls.scratch.take((1,) * len(self.sizes), "float64")._replace(is_weak=True)
            self.calls.put(place, found * number)
            return place
        if number != 1:
            found = self._joined("multiply", found, number, out)
        if out is not None and found != out:
            self.calls.put(out, found)
            return out
        return found

    def _joined(self, function: str, x: Given, y: Given, out: Place | None) -> Place:
        """A ufunc of two arrays."""
        given = self.calls.as_floats([x, y], set())
        kind = joint_kind(given)
        if out is None:
            out = self.calls.scratch.take(joint_shape(given), "float32" if kind == "float32" else "float64")
            out = out._replace(is_weak=kind == "weak")
        self.calls.call(function, given, out)
        return out

    # One array

    def add_up(self, x: Place, axes: Axes, out: Place | None) -> Place:
        """The sum of an array along axes of it; it may come to lie elsewhere."""
        if not axes:
            return x
        (x,) = self.calls.as_floats([x], set())  # type: ignore[assignment]
        order = by_stride(x, axes)
        kept = by_stride(x, [a for a in range(len(x.shape)) if x.shape[a] > 1 and a not in axes])
        length = math.prod(x.shape[a] for a in axes)
        if x.dtype == "float64" and (x.size <= ONES or length <= SHORT) and lies_well(x, kept, order):
            step, strides = 1, [0] * len(x.shape)
            for a in reversed(order):
                strides[a] = step
                step *= x.shape[a]
            self.calls.ones = max(self.calls.ones, step)
            shape = tuple(n if a in axes else 1 for a, n in enumerate(x.shape))
            return product(self.calls, Place("ones", 0, shape, tuple(strides), "float64", True), x, order, out)
        return self.reduced("add", x, axes, out)

    def reduced(self, function: str, x: Place, axes: Axes, out: Place | None) -> Place:
        """What a ufunc makes of an array along axes; it may come to lie elsewhere."""
        (x,) = self.calls.as_floats([x], set())  # type: ignore[assignment]
        shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
        if out is None or out.shape != shape:
            out = self.calls.scratch.take(shape, x.dtype)._replace(is_weak=x.is_weak)
        self.calls.reduce(function, x, axes, out)
        return out

    # Factors

    def _axes(self, part: Any) -> frozenset[int]:
        """The axes along which a part changes."""
        axes = [a for a, n in enumerate(self.sizes) if n != 1]
        return frozenset(a for r in reads_of(part) for a in axes if not r.place.is_fixed(a))

    def _size(self, part: Any) -> int:
        return math.prod(self.sizes[a] for a in self._axes(part))

    def _is_spread(self, term: Term) -> bool:
        """Whether a term has more points than anything that it reads."""
        return self._size(term) > max(self._size(read) for read in reads_of(term))

    def _factors(self, term: Any) -> tuple[Any, ...]:
        """Two factors of a term, on as few points as may be; or the term itself."""
        if not isinstance(term, Term) or term.op is not multiply:
            return (term,)
        x, y = term.inputs
        factors = _flat(term)
        largest = max(factors, key=self._size)
        mine = [f for f in factors if self._axes(f) <= self._axes(largest)]
        others = [f for f in factors if not self._axes(f) <= self._axes(largest)]
        if mine and others:
            p, q = _multiplied(mine), _multiplied(others)
            if self._size(p) + self._size(q) < self._size(x) + self._size(y):
                return p, q
        return x, y


def _peeled(term: Any) -> tuple[float, Any]:
    """A number, and the term that it is multiplied by."""
    number = 1.0
    while isinstance(term, Term) and term.op in (multiply, negative):
        if term.op is negative:
            number, term = -number, term.inputs[0]
            continue
        x, y = term.inputs
        if isinstance(x, Part) and isinstance(y, Part):
            break
        factor, term = (y, x) if isinstance(x, Part) else (x, y)
        number *= float(factor)
    return number, term


def _flat(term: Any) -> list[Any]:
    """The factors of a product of products."""
    if isinstance(term, Term) and term.op is multiply:
        return [factor for side in term.inputs for factor in _flat(side)]
    return [term]


def _multiplied(factors: list[Any]) -> Any:
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total
