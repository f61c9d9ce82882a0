"""Where a matrix can be other than 0, and how its elements are read from few products.

The matrix J is never there as a whole. A product J v, or J^T v, costs one run of the
program; with coloring.py a few of them hold every element.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError, a_kind
from micrograd.sparsity.coloring import column_colors, star_colors


class Pattern:
    """The elements of a matrix that may be other than 0.

    Attributes:
        starts, members: row i has elements in the columns
            members[starts[i] : starts[i + 1]], in rising order.
        shape: rows and columns.
    """

    __slots__ = ("members", "shape", "starts")

    def __init__(self, starts: Any, members: Any, shape: tuple[int, int]) -> None:
        self.starts = starts
        self.members = members
        self.shape = shape

    @classmethod
    def of_places(cls, rows: Any, columns: Any, shape: tuple[int, int]) -> Pattern:
        """The pattern with elements at these places; one that is named twice is there
        once.
        """
        keys = np.unique(np.asarray(rows, np.int64) * max(shape[1], 1) + columns)
        rows, columns = np.divmod(keys, max(shape[1], 1))
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=shape[0]))])
        return cls(starts.astype(np.int64), columns, shape)

    @property
    def rows(self) -> Any:
        """The row of each element; their columns are the members."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.starts))

    def turned(self) -> Pattern:
        """The pattern of the transposed matrix."""
        return Pattern.of_places(self.members, self.rows, (self.shape[1], self.shape[0]))

    def symmetric(self) -> Pattern:
        """The smallest symmetric pattern that holds this one."""
        rows, columns = self.rows, self.members
        return Pattern.of_places(np.concatenate([rows, columns]), np.concatenate([columns, rows]), self.shape)


def read_pattern(name: str, given: Any, columns: int) -> Pattern:
    """The pattern that a user gave.

    Args:
        name: the transform, for errors.
        given: a sparse matrix or array of SciPy's, whose stored elements count; or
            an array with two axes, whose elements other than 0 count.
        columns: how many it must have.

    Raises:
        ArgumentError: it is neither.
        ShapeError: it has another number of columns.
    """
    if hasattr(given, "tocoo") and len(given.shape) == 2:
        listed = given.tocoo()
        rows, members, shape = listed.row, listed.col, listed.shape
    else:
        array = None if isinstance(given, str) else np.asarray(given)
        if array is None or array.ndim != 2 or array.dtype.kind not in "biuf":
            said = repr(given) if isinstance(given, str) else a_kind(given)
            raise ArgumentError(
                f"{name}: sparsity is {said}; give 'detect', or the pattern: a SciPy sparse array or a boolean matrix"
            )
        (rows, members), shape = np.nonzero(array), array.shape
    if shape[1] != columns:
        raise ShapeError(
            f"{name}: the pattern has shape {tuple(shape)}, but there are {columns} inputs in all; "
            f"give a row for each element of the output, a column for each of the input"
        )
    return Pattern.of_places(rows, members, (int(shape[0]), int(shape[1])))


class Compression:
    """The directions that give a whole matrix, and where in the products each element
    is.

    Args:
        pattern: that of the matrix.
        mode: "forward" for products J v, "reverse" for J^T v, None for the fewer.
        is_symmetric: the matrix and the pattern are symmetric.

    Attributes:
        mode: the one that was taken.
        colors: a color for each column ("forward") or row ("reverse"); -1 for an empty
            one.
        count: how many colors, and so how many directions.

    >>> rows, columns = [0, 0, 1, 1, 1, 2, 2], [0, 1, 0, 1, 2, 1, 2]
    >>> found = Compression(Pattern.of_places(rows, columns, (3, 3)))
    >>> found.mode, found.directions(float)
    ('forward', array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]]))
    """

    def __init__(self, pattern: Pattern, mode: str | None = None, is_symmetric: bool = False) -> None:
        self.pattern = pattern
        self._is_symmetric = is_symmetric
        if is_symmetric:
            found = [(mode or "forward", star_colors(pattern.starts, pattern.members))]
        else:
            found = []
            if mode != "reverse":
                found.append(("forward", column_colors(pattern.starts, pattern.members, pattern.shape[1])))
            if mode != "forward":
                turned = pattern.turned()
                found.append(("reverse", column_colors(turned.starts, turned.members, turned.shape[1])))
        self.mode, self.colors = min(found, key=lambda pair: int(pair[1].max(initial=-1)))
        self.count = int(self.colors.max(initial=-1)) + 1

    def directions(self, dtype: Any) -> Any:
        """For each color a vector with 1 where a column (or row) has it, else 0."""
        return (self.colors == np.arange(self.count)[:, None]).astype(dtype)

    def elements(self, products: Any) -> Any:
        """The elements of the matrix, in the order of the pattern.

        Args:
            products: one product per direction, of shape (count, rows), or with
                "reverse" of shape (count, columns).
        """
        rows, columns, colors = self.pattern.rows, self.pattern.members, self.colors
        if not self._is_symmetric:
            first, other = (columns, rows) if self.mode == "forward" else (rows, columns)
            return products[colors[first], other]
        # Of both ends of an edge, one is the only neighbor of the other with its color.
        keys = rows * max(self.count, 1) + colors[columns]
        is_alone = np.bincount(keys)[keys] == 1 if len(keys) else np.zeros(0, bool)
        return np.where(is_alone, products[colors[columns], rows], products[colors[rows], columns])


GIVE_A_LARGER_ONE = "give a larger one, or sparsity='detect'"
GIVE_ONE = "a rule of a custom_vjp or custom_jvp depends on more than its function; give the pattern: sparsity=pattern"


def check_products(
    name: str,
    pattern: Pattern,
    mode: str,
    elements: Any,
    direction: Any,
    product: Any,
    repair: str = GIVE_A_LARGER_ONE,
    sizes: Any = 0.0,
) -> None:
    """Compare the matrix with its product along one more direction: what is not in the
    pattern is in the product, too.

    Args:
        name: the transform, for the error.
        pattern: where the elements are.
        mode: "forward" if the product is J v, "reverse" if it is J^T v.
        elements: in the order of the pattern.
        direction: v.
        product: what the program gives for v.
        repair: what the user can do, for the error.
        sizes: for each row, how large an element is if nothing cancels. sin(x)**2 +
            cos(x)**2 has the derivative 0, and all that is computed of it is rounding.

    Raises:
        ArgumentError: they differ, so the pattern is too small.
    """
    forward = mode == "forward"
    places, chosen = (pattern.rows, pattern.members) if forward else (pattern.members, pattern.rows)
    parts = np.asarray(elements, float) * np.asarray(direction, float)[chosen]
    size, product = len(product), np.asarray(product, float)
    found = np.bincount(places, parts, minlength=size)
    scale = np.bincount(places, abs(parts), minlength=size)
    sizes = np.broadcast_to(sizes, pattern.shape[0])
    usual = sizes if forward else np.bincount(places, sizes[chosen], minlength=size)
    rounding = float(np.finfo(getattr(elements, "dtype", float)).eps)
    with np.errstate(invalid="ignore"):
        finite = np.where(np.isfinite(scale), scale, 0.0)
        allowed = np.sqrt(rounding) * (scale + abs(product))
        allowed += 16 * rounding * (finite.max(initial=0.0) + 4.0 * usual)
        is_wrong = abs(found - product) > allowed  # never so for nan
    if is_wrong.any():
        k = int(np.argmax(is_wrong))
        what, there = ("row", "columns") if forward else ("column", "rows")
        raise ArgumentError(
            f"{name}: the pattern is too small: {what} {k} has elements in other {there}, too "
            f"({product[k]:.6g} along a random direction, not {found[k]:.6g});\n"
            f"{repair}"
        )
