"""The table, sums of products over named axes: `einsum`, and the op behind it.

`einsum` brings any string that NumPy takes into a simple form. The ellipsis gets
letters. Diagonals are taken. Axes of length 1 that would be repeated are dropped. Axes
that only one operand has are summed. The rest is `contract`, in which every letter
stands at least twice among the inputs and the output. So the transpose of `contract` is
`contract`: the cotangent takes the place of an input, and the letters of that input
become the output.
"""

from __future__ import annotations

import functools
import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, multilinear, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.indexing import getitem
from micrograd.ops.reductions import sum
from micrograd.ops.shapes import reshape, transpose
from micrograd.record import Each

__all__ = ["contract", "einsum"]

# From this many multiplications per matrix on, it pays to arrange the operands for a
# product of matrices.
WORTH_ARRANGING = 1 << 10


def _split(subscripts: str) -> tuple[list[str], str]:
    inputs, output = subscripts.split("->")
    return inputs.split(","), output


def _contracted(*xs: Array, subscripts: str, optimize: Any = None) -> tuple[int, ...]:
    terms, output = _split(subscripts)
    sizes: dict[str, int] = {}
    for term, x in zip(terms, xs, strict=True):
        shape = shape_of(x)
        if len(shape) != len(term) or any(sizes.setdefault(a, n) != n for a, n in zip(term, shape, strict=True)):
            raise ShapeError(
                f"contract: {subscripts!r} of {_listed(xs)}: {term!r} does not fit {named(x)}; "
                f"give one letter per axis and one size per letter, or use einsum"
            )
    return tuple(sizes[a] for a in output)


@functools.lru_cache(1024)
def _for_input(i: int, subscripts: str) -> str:
    """The subscripts of the transpose: input i and the output change places."""
    terms, output = _split(subscripts)
    terms[i], output = output, terms[i]
    return f"{','.join(terms)}->{output}"


def _transposed(i: int, g: Array, *xs: Array, subscripts: str, optimize: Any = None) -> Array:
    # A path, which is a list, is valid for one order of operands only.
    own_path = optimize if isinstance(optimize, (bool, str)) else None
    return contract(*xs[:i], g, *xs[i + 1 :], subscripts=_for_input(i, subscripts), optimize=own_path)


@multilinear("einsum {subscripts}", Each(_transposed), shape=_contracted)
def contract(*xs: Array, subscripts: str, optimize: Any = None) -> Array:
    """Sum of products over named axes, in the simple form that `einsum` makes.

    z[output] = sum over letters not in output  of  x[term of x] y[term of y] ...

    Args:
        xs: at least two values, one per term.
        subscripts: terms and output, as "ij,jk->ik". A letter stands at most once in a
            term, and not in one term alone.
        optimize: how NumPy orders the products; None chooses.

    Raises:
        ShapeError: a term does not fit the shape of its input.

    >>> contract(np.ones((2, 3)), np.ones((3, 4)), subscripts="ij,jk->ik").shape
    (2, 4)
    """
    if optimize is None and len(xs) == 2 and type(xs[0]) is np.ndarray and type(xs[1]) is np.ndarray:
        return _pair(*xs, subscripts)
    z = np.einsum(subscripts, *xs, optimize=len(xs) > 2 if optimize is None else optimize)
    if all(type(x) is float for x in xs):
        return float(z)
    return z.astype(
        np.result_type(*[getattr(x, "dtype", x) for x in xs]), copy=False
    )  # NumPy takes a number for an array of float64


class _Arrangement:
    """How two operands of these shapes become matrices, and their product the result.

    Attributes:
        is_worth: whether it pays.
        x, y: of each operand the orders of its axes (rows before columns, and columns
            before rows) and the shape of the matrices.
        straight, turned: the shape of the product, and the order of its axes in the
            result, where the letters of y lie last, and where those of x do.
    """

    def __init__(self, subscripts: str, x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> None:
        (xs, ys), output = _split(subscripts)
        self.sizes = dict(zip(xs + ys, x_shape + y_shape, strict=True))
        batch = [a for a in xs if a in ys and a in output]
        left, right = [a for a in xs if a not in ys], [a for a in ys if a not in xs]
        summed = [a for a in xs if a not in output]
        n, k, m = (self.size(letters) for letters in (left, summed, right))
        self.is_worth = n * k * m >= WORTH_ARRANGING and bool(summed)
        self.x = self.orders(xs, batch, left, summed)
        self.y = self.orders(ys, batch, summed, right)
        self.straight, self.turned = (
            ([self.sizes[a] for a in laid], [laid.index(a) for a in output])
            for laid in (batch + left + right, batch + right + left)
        )

    def size(self, letters: list[str]) -> int:
        return math.prod(self.sizes[a] for a in letters)

    def orders(self, letters: str, batch: list[str], rows: list[str], columns: list[str]) -> Any:
        straight, turned = (
            [letters.index(a) for a in order] for order in (batch + rows + columns, batch + columns + rows)
        )
        return straight, turned, (self.size(batch), self.size(rows), self.size(columns))


_arrangement = functools.lru_cache(1024)(_Arrangement)


def _pair(x: Any, y: Any, subscripts: str) -> Any:
    """The contraction as a product of matrices, which is faster for large arrays."""
    arranged = _arrangement(subscripts, x.shape, y.shape)
    if not arranged.is_worth:
        return np.einsum(subscripts, x, y)
    x, x_turned = _as_matrices(x, *arranged.x)
    y, y_turned = _as_matrices(y, *arranged.y)
    # Where the letters of x alone lie last in memory, they stay last in the result.
    if x_turned and not y_turned:
        z, (shape, axes) = np.matmul(y.transpose(0, 2, 1), x.transpose(0, 2, 1)), arranged.turned
    else:
        z, (shape, axes) = np.matmul(x, y), arranged.straight
    return z.reshape(shape).transpose(axes)


def _as_matrices(x: Any, rows_first: Any, columns_first: Any, shape: tuple[int, int, int]) -> tuple[Any, bool]:
    """x as matrices (batch, rows, columns), and whether their columns lie in one piece
    in memory, not their rows. Where it has to be copied, whole runs are.
    """
    straight, turned = x.transpose(rows_first), x.transpose(columns_first)
    if _run(turned) <= _run(straight):
        return _contiguous(straight.reshape(shape)), False
    b, n, m = shape
    return _contiguous(turned.reshape(b, m, n)).transpose(0, 2, 1), True


def _run(x: Any) -> int:
    """How many elements lie side by side in memory, at the end of a row of x."""
    run, step = 1, x.itemsize
    for size, stride in zip(x.shape[::-1], x.strides[::-1], strict=True):
        if size > 1:
            if stride != step:
                break
            run, step = run * size, step * size
    return run


def _contiguous(x: Any) -> Any:
    # If neither rows nor columns have a step of one element, NumPy multiplies in simple
    # loops, which are a hundred times slower.
    return x if x.itemsize in x.strides[-2:] else np.ascontiguousarray(x)


def einsum(subscripts: Any, *operands: Any, optimize: Any = None) -> Array:
    """Einstein's summation: products, summed over the letters that the output lacks.

    z[output] = sum over letters not in output  of  x[term of x] y[term of y] ...

    A letter that stands twice in one term takes the diagonal. `...` stands for axes
    that broadcast. Axes of length 1 are repeated. Without `->` the output has the axes
    of `...` and then the letters that stand once, in alphabetical order.

    Lists of integers may replace the letters, one list after each operand:
    `einsum(x, [0, 1], y, [1, 2], [0, 2])`.

    Args:
        subscripts: one term of letters per operand, as "ij,jk->ik".
        operands: at least one value.
        optimize: what `np.einsum` takes: False, True, "greedy", "optimal" or a path. By
            default two operands become a product of matrices if that is faster, and
            more operands are multiplied in a good order.

    Returns:
        Value with one axis per letter of the output.

    Raises:
        ArgumentError: the subscripts are not valid for this number of operands.
        ShapeError: a term does not fit its operand, or two sizes of a letter differ.

    >>> einsum("ij,j->i", np.eye(2), np.array([3.0, 4.0]))
    array([3., 4.])
    >>> float(einsum("ii", np.eye(2)))
    2.0
    """
    if operands and isinstance(operands[0], (list, tuple)) and not isinstance(subscripts, str):
        subscripts, operands = _from_lists(subscripts, *operands)
    xs = [operand("einsum", x) for x in operands]
    if isinstance(subscripts, str) and _is_simple(subscripts, tuple(map(shape_of, xs))):
        return contract(*xs, subscripts=subscripts, optimize=optimize)
    terms, output = _parsed(subscripts, xs)
    terms, output = _without_ellipsis(subscripts, terms, output, xs)
    xs, terms = _without_repeats(subscripts, terms, xs)
    xs, terms = _without_broadcasts(subscripts, terms, xs)
    xs, terms = _without_lone_letters(terms, output, xs)
    if len(xs) == 1:
        axes = tuple(terms[0].index(a) for a in output)
        is_new = xs[0] is not operands[0]  # else transpose makes a new node
        return xs[0] if is_new and axes == tuple(range(len(axes))) else transpose(xs[0], axes=axes)
    return contract(*xs, subscripts=f"{','.join(terms)}->{output}", optimize=optimize)


@functools.lru_cache(1024)
def _is_simple(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> bool:
    """Whether nothing has to be done before `contract`: no ellipsis, diagonal or axis
    to repeat, no letter of one term alone.
    """
    if len(shapes) < 2 or not re.fullmatch(r"[a-zA-Z]+(,[a-zA-Z]+)+->[a-zA-Z]*", subscripts):
        return False
    terms, output = _split(subscripts)
    parts = [*terms, output]
    if len(terms) != len(shapes) or any(len(term) != len(shape) for term, shape in zip(terms, shapes, strict=True)):
        return False
    sizes = {(a, n) for term, shape in zip(terms, shapes, strict=True) for a, n in zip(term, shape, strict=True)}
    counts = Counter("".join(parts))
    return (
        all(len(set(part)) == len(part) for part in parts)
        and all(any(a in term for term in terms) for a in output)
        and len(sizes) == len({a for a, _ in sizes})
        and min(counts.values()) > 1
    )


# Integers as letters: sorted letters stand for sorted integers.
LETTERS = string.ascii_uppercase + string.ascii_lowercase


def _from_lists(*args: Any) -> tuple[str, tuple[Any, ...]]:
    """Subscripts as a string, and the operands, from operands and lists in turn."""
    terms = ",".join(_term(axes) for axes in args[1::2])
    if len(args) % 2:  # the list of the output stands at the end
        terms = ",".join(_term(axes) for axes in args[1:-1:2]) + "->" + _term(args[-1])
    return terms, args[0 : len(args) - 1 : 2]


def _term(axes: Any) -> str:
    parts = axes if isinstance(axes, (list, tuple)) else (None,)
    if not all(part is Ellipsis or (hasattr(part, "__index__") and 0 <= part < len(LETTERS)) for part in parts):
        shown = " ".join(repr(axes).split())
        raise ArgumentError(
            f"einsum: {shown if len(shown) <= 60 else shown[:57] + '...'} is not a list of axes; "
            f"give after each operand a list of integers from 0 to {len(LETTERS) - 1}, or `...`"
        )
    return "".join("..." if part is Ellipsis else LETTERS[part] for part in parts)


def _listed(xs: Sequence[Array]) -> str:
    return ", ".join(named(x) for x in xs) or "nothing"


def _parsed(subscripts: Any, xs: Sequence[Array]) -> tuple[list[str], str | None]:
    """The terms, and the output where it is given."""
    if not isinstance(subscripts, str):
        raise ArgumentError(
            f"einsum: subscripts {subscripts!r}: give a string first, as 'ij,jk->ik', "
            f"or a list of axes after each operand"
        )
    given = f"einsum: {subscripts!r} of {_listed(xs)}"
    inputs, arrow, output = subscripts.partition("->")
    terms, output = [_stripped(term) for term in inputs.split(",")], _stripped(output)
    for term in (*terms, output):
        if not re.fullmatch(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*", term):
            raise ArgumentError(f"{given}: {term!r} is not a term; give letters, and at most one '...', between commas")
    if len(terms) != len(xs) or not xs:
        raise ArgumentError(f"{given}: {len(terms)} terms for {len(xs)} operands; give one term for each")
    if not arrow:
        return terms, None
    unknown = [a for a in output if a.isalpha() and not any(a in term for term in terms)]
    if unknown or any(count > 1 for a, count in Counter(output).items() if a != "."):
        said = f"{unknown[0]!r} in the output is in no term" if unknown else f"the output {output!r} repeats a letter"
        raise ArgumentError(f"{given}: {said}; name each axis that remains once, in the output")
    return terms, output


def _stripped(term: str) -> str:
    """The term without spaces, except between dots: ". .." is not an ellipsis."""
    return re.sub(r"(?<!\.) +| +(?!\.)", "", term)


def _without_ellipsis(
    subscripts: str, terms: Sequence[str], output: str | None, xs: Sequence[Array]
) -> tuple[list[str], str]:
    """Terms and output with a new letter for each axis that an ellipsis stands for."""
    covered = []
    for term, x in zip(terms, xs, strict=True):
        letters, ndim = len(term.replace("...", "")), len(shape_of(x))
        if letters > ndim or (letters < ndim and "..." not in term):
            repair = "" if letters > ndim else ", or '...' for the axes before"
            raise ShapeError(
                f"einsum: {subscripts!r} of {_listed(xs)}: {term!r} names {letters} axes and {named(x)} "
                f"has {ndim}; give one letter per axis{repair}"
            )
        covered.append(ndim - letters)
    free = [a for a in string.ascii_letters if a not in subscripts]
    if max(covered) > len(free):
        raise ShapeError(f"einsum: {subscripts!r} of {_listed(xs)}: there are more axes than 52 letters; reshape first")
    dots = "".join(free[: max(covered)])
    full = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, covered, strict=True)]
    if output is None:
        counts = Counter("".join(terms))
        return full, dots + "".join(sorted(a for a, count in counts.items() if count == 1 and a != "."))
    if dots and "..." not in output:
        raise ShapeError(
            f"einsum: {subscripts!r} of {_listed(xs)}: '...' stands for {len(dots)} axes, "
            f"and the output has no '...'; write it there, or name these axes by letters"
        )
    return full, output.replace("...", dots)


def _without_repeats(subscripts: str, terms: Sequence[str], xs: Sequence[Array]) -> tuple[list[Array], list[str]]:
    """The diagonal of each operand whose term repeats a letter."""
    pairs = [_diagonal(subscripts, term, x) for term, x in zip(terms, xs, strict=True)]
    return [x for x, _ in pairs], [term for _, term in pairs]


def _diagonal(subscripts: str, term: str, x: Array) -> tuple[Array, str]:
    letters = "".join(dict.fromkeys(term))
    if len(letters) == len(term):
        return x, term
    sizes: dict[str, int] = {}
    for a, n in zip(term, shape_of(x), strict=True):
        if sizes.setdefault(a, n) != n:
            raise ShapeError(
                f"einsum: {subscripts!r}: {a!r} stands twice for {named(x)}, with sizes {sizes[a]} and {n}; "
                f"a diagonal needs equal sizes"
            )
    places = dict(zip(letters, np.ix_(*[np.arange(sizes[a]) for a in letters]), strict=True))
    return getitem(x, index=tuple(places[a] for a in term)), letters


def _without_broadcasts(subscripts: str, terms: Sequence[str], xs: Sequence[Array]) -> tuple[list[Array], list[str]]:
    """The operands, without axes of length 1 whose letter is longer elsewhere."""
    sizes: dict[str, tuple[int, Array]] = {}
    for term, x in zip(terms, xs, strict=True):
        for a, n in zip(term, shape_of(x), strict=True):
            known, other = sizes.setdefault(a, (n, x))
            if n != known and 1 not in (n, known):
                raise ShapeError(
                    f"einsum: {subscripts!r} of {_listed(xs)}: {_axis(subscripts, a)} has size {known} in "
                    f"{named(other)} and {n} in {named(x)}; sizes must be equal or 1"
                )
            if known == 1:
                sizes[a] = n, x
    kept_xs, kept_terms = [], []
    for term, x in zip(terms, xs, strict=True):
        kept = [(a, n) for a, n in zip(term, shape_of(x), strict=True) if n == sizes[a][0]]
        kept_terms.append("".join(a for a, _ in kept))
        kept_xs.append(x if len(kept) == len(term) else reshape(x, shape=tuple(n for _, n in kept)))
    return kept_xs, kept_terms


def _axis(subscripts: str, a: str) -> str:
    return repr(a) if a in subscripts else "an axis of '...'"


def _without_lone_letters(terms: Sequence[str], output: str, xs: Sequence[Array]) -> tuple[list[Array], list[str]]:
    """Each operand, summed over the letters that nothing else has."""
    counts = Counter("".join(terms) + output)
    kept_xs, kept_terms = [], []
    for term, x in zip(terms, xs, strict=True):
        lone = tuple(i for i, a in enumerate(term) if counts[a] == 1)
        kept_xs.append(sum(x, axis=lone) if lone else x)
        kept_terms.append("".join(a for a in term if counts[a] > 1))
    return kept_xs, kept_terms
