"""A function of a few numbers called at many points: at all of them together where it
can, else at one after the other.

Whether it can is tried: at a few points both ways must give the same. So a text's
network, which takes lists of Values, gets one Value for each column. A function that
takes a number and asks `if x > 0` is called for each point.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError

PROBES = 7  # points at which the ways are compared
TOLERANCE = 1e-3  # another order of additions, and float32, are within it; another meaning is not
FEW = 60  # points to a side of a mesh that is computed one point after the other
MANY = 200  # the same, where all are computed together

Way = Callable[[Any], Any]


def plain(x: Any) -> Any:
    """The numbers of a Value, of lists of Values, or of anything, as an array."""
    if isinstance(x, Value):
        return x.numpy()
    if isinstance(x, (list, tuple)):
        return np.array([plain(part) for part in x])
    return np.asarray(x)


def mesh_of(low: Any, high: Any, n: int) -> Any:
    """n by n points of a rectangle, row by row, as an array (n * n, 2).

    >>> mesh_of((0, 0), (1, 2), 2).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]
    """
    xx, yy = np.meshgrid(np.linspace(low[0], high[0], n), np.linspace(low[1], high[1], n))
    return np.column_stack([xx.ravel(), yy.ravel()])


def way_to_call(asker: str, model: Any, points: Any) -> tuple[Way, bool]:
    """How a model is called with points of shape (n, columns).

    Returns:
        A function that gives an array with a row for each point, and whether it
        computes all points together.

    Raises:
        ArgumentError: it cannot be called with such points.
    """

    def batch(points: Any) -> Any:
        return plain(model(points))

    def row(point: Any) -> Any:
        return batch(point[None, :])[0]

    def columns(points: Any) -> Any:
        out = model([Value(column) for column in points.T])
        parts = [plain(part) for part in out] if isinstance(out, (list, tuple)) else [plain(out)]
        return np.stack(parts, axis=1)

    def one(point: Any) -> Any:
        return plain(model([Value(x) for x in point.tolist()]))

    if not callable(model):
        raise ArgumentError(
            f"{asker}: {type(model).__name__} can neither be called nor predict; give a Module, a function, or an "
            f"estimator of scikit-learn's kind"
        )
    return chosen_way(asker, [(batch, row), (columns, one)], one, points)


def way_of_function(asker: str, f: Any, points: Any) -> tuple[Way, bool]:
    """The same for a function that takes a number for each column: f(x) or f(x, y)."""

    def columns(points: Any) -> Any:
        return plain(f(*(Value(column) for column in points.T)))

    def one(point: Any) -> Any:
        out = plain(f(*(Value(x) for x in point.tolist())))
        if out.size != 1:
            raise ArgumentError(f"{asker}: f gives an array of shape {out.shape} at one point; give one number")
        return out.reshape(())

    if not callable(f):
        raise ArgumentError(f"{asker}: f={type(f).__name__} is not a function; give one, such as lambda x: x**2")
    return chosen_way(asker, [(columns, one)], one, points)


def chosen_way(asker: str, ways: Sequence[tuple[Way, Way]], one: Way, points: Any) -> tuple[Way, bool]:
    """The first way that gives for many points what it gives for single ones; else
    one after the other.

    Args:
        asker: the function that the user called, for errors.
        ways: pairs: for many points, and the same for a single one.
        one: for a single point, where no way fits.
        points: those that will be asked.
    """

    def each(call: Way) -> Way:
        return lambda points: np.stack([call(point) for point in points])

    places = np.unique(np.linspace(0, len(points) - 1, PROBES).round().astype(int))
    probes = points[places]
    errors: list[Exception] = []
    wanted = _tried(each(one), probes, errors)
    for way, single in ways:
        found = _tried(way, probes, errors)
        if found is None or found.shape[:1] != (len(probes),):
            continue
        alone = wanted if single is one else _tried(each(single), probes, errors)
        if alone is not None and _same(found, alone):
            return _quiet(way), True
    if wanted is None:
        error = errors[0]  # that of single points
        if isinstance(error, ArgumentError) and str(error).startswith(asker):
            raise error
        raise ArgumentError(
            f"{asker}: it cannot be computed at {probes[0].tolist()}: {type(error).__name__}: {_first_line(error)}\n"
            f"tried: a Value for each number, a Value for each column" + (", an array of rows" if len(ways) > 1 else "")
        ) from error
    return _quiet(each(one)), False


def _tried(way: Way, points: Any, errors: list[Exception]) -> Any:
    try:
        found = _quiet(way)(points)
    except Exception as error:  # of the user's function: any
        errors.append(error)
        return None
    return None if found.dtype == object else found


def _quiet(way: Way) -> Way:
    """The same without NumPy's warnings: what is not finite is seen in the picture."""

    def call(points: Any) -> Any:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return way(points)

    return call


def _same(found: Any, wanted: Any) -> bool:
    a, b = found.reshape(len(found), -1), wanted.reshape(len(wanted), -1)
    if a.shape != b.shape:
        return False
    if "f" not in (a.dtype.kind, b.dtype.kind):
        return bool(np.all(a == b))
    finite = np.abs(b[np.isfinite(b)])
    atol = TOLERANCE * float(finite.max(initial=0.0))
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=atol, equal_nan=True))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
