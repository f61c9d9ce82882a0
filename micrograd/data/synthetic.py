"""Points in the plane to learn on: moons, circles, blobs, spirals.

They are computed with NumPy. Those that scikit-learn also has draw the same random
numbers in the same order, so the points are the same, bit for bit.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def make_moons(
    n_samples: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Two half circles that reach into each other. No straight line separates them.

    The random numbers are drawn as in scikit-learn, in the same order. So the points
    are the same, bit for bit.

    Args:
        n_samples: number of points, half of them (rounded down) on the outer moon; or a
            pair of numbers, one per moon.
        shuffle: whether the points come in random order; otherwise the outer moon comes
            first.
        noise: standard deviation of the normal noise that is added to every coordinate;
            None adds no noise.
        random_state: a seed, or a generator to draw from; None is NumPy's global one
            (`np.random.seed`).

    Returns:
        X of shape (n_samples, 2), float64, and y of shape (n_samples,), int64: 0 on the
        outer moon, 1 on the inner.

    Raises:
        ArgumentError: n_samples is not a number of points, noise is negative or not a
            number, or random_state is not one of the three.

    Source: `sklearn.datasets.make_moons`.

    >>> X, y = make_moons(4, shuffle=False)
    >>> X.round(3) + 0.0
    array([[ 1. ,  0. ],
           [-1. ,  0. ],
           [ 0. ,  0.5],
           [ 2. ,  0.5]])
    >>> y
    array([0, 0, 1, 1])
    """
    n_outer, n_inner = _two_sizes("make_moons", n_samples, "moon")
    _check_noise("make_moons", noise)
    generator = _generator("make_moons", random_state)

    outer = np.linspace(0, np.pi, n_outer)
    inner = np.linspace(0, np.pi, n_inner)
    x = np.concatenate([np.cos(outer), 1 - np.cos(inner)])
    # 1 - sin - 0.5, not 0.5 - sin: the two round differently, and a test compares every
    # bit.
    y = np.concatenate([np.sin(outer), 1 - np.sin(inner) - 0.5])
    X = np.column_stack([x, y])
    labels = np.repeat(np.array([0, 1], dtype=np.int64), [n_outer, n_inner])

    return _shuffled_and_noisy(X, labels, generator, shuffle, noise)


def make_circles(
    n_samples: SupportsIndex | tuple[SupportsIndex, SupportsIndex] = 100,
    *,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: int | np.random.RandomState | None = None,
    factor: float = 0.8,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A small circle in a large one. No straight line separates them.

    The points are scikit-learn's, bit for bit.

    Args:
        n_samples: number of points, half of them (rounded down) on the outer circle; or
            a pair of numbers, one per circle.
        shuffle: whether the points come in random order; otherwise the outer circle
            comes first.
        noise: standard deviation of the normal noise that is added to every coordinate;
            None adds no noise.
        random_state: a seed, or a generator to draw from; None is NumPy's global one
            (`np.random.seed`).
        factor: radius of the inner circle, from 0 to less than 1. The outer one has
            radius 1.

    Returns:
        X of shape (n_samples, 2), float64, and y of shape (n_samples,), int64: 0 on the
        outer circle, 1 on the inner.

    Raises:
        ArgumentError: n_samples is not a number of points, noise is negative or not a
            number, factor is out of range, or random_state is not one of the three.

    Source: `sklearn.datasets.make_circles`.

    >>> X, y = make_circles(4, shuffle=False, factor=0.5)
    >>> X.round(3) + 0.0
    array([[ 1. ,  0. ],
           [-1. ,  0. ],
           [ 0.5,  0. ],
           [-0.5,  0. ]])
    >>> y
    array([0, 0, 1, 1])
    """
    n_outer, n_inner = _two_sizes("make_circles", n_samples, "circle")
    _check_noise("make_circles", noise)
    if not (_is_real(factor) and 0.0 <= factor < 1.0):
        raise ArgumentError(
            f"make_circles: factor={factor!r} is not a radius of the inner circle; give 0 or more, and less than 1"
        )
    generator = _generator("make_circles", random_state)

    outer = np.linspace(0, 2 * np.pi, n_outer, endpoint=False)
    inner = np.linspace(0, 2 * np.pi, n_inner, endpoint=False)
    x = np.concatenate([np.cos(outer), np.cos(inner) * factor])
    y = np.concatenate([np.sin(outer), np.sin(inner) * factor])
    labels = np.repeat(np.array([0, 1], dtype=np.int64), [n_outer, n_inner])
    X = np.column_stack([x, y])
    return _shuffled_and_noisy(X, labels, generator, shuffle, noise)


def make_blobs(
    n_samples: SupportsIndex | Sequence[SupportsIndex] = 100,
    n_features: SupportsIndex = 2,
    *,
    centers: SupportsIndex | ArrayLike | None = None,
    cluster_std: float | Sequence[float] = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    shuffle: bool = True,
    random_state: int | np.random.RandomState | None = None,
    return_centers: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Normally distributed clouds of points, each around a centre of its own.

    The points are scikit-learn's, bit for bit.

    Args:
        n_samples: number of points, divided evenly among the blobs (the first blobs get
            one more); or a list of numbers, one per blob.
        n_features: number of coordinates of a point. The centres decide if they are
            given.
        centers: number of blobs, or their centres, of shape (n_blobs, n_features). None
            is 3 blobs, or as many as n_samples lists.
        cluster_std: standard deviation of the blobs, or a list of them, one per blob.
        center_box: least and greatest coordinate of the centres that are drawn.
        shuffle: whether the points come in random order; otherwise blob by blob.
        random_state: a seed, or a generator to draw from; None is NumPy's global one
            (`np.random.seed`).
        return_centers: whether the centres are returned too.

    Returns:
        X of shape (n_samples, n_features), float64, y of shape (n_samples,), int64: the
        number of the blob; and the centres if they are asked for.

    Raises:
        ArgumentError: an argument is out of range, or the numbers of blobs that two
            arguments give differ.

    Source: `sklearn.datasets.make_blobs`.

    >>> X, y = make_blobs(5, centers=[[0.0, 0.0], [5.0, 5.0]], shuffle=False)
    >>> X.shape, y
    ((5, 2), array([0, 0, 0, 1, 1]))
    """
    listed = isinstance(n_samples, (list, tuple, np.ndarray))
    sizes = _sizes("make_blobs", n_samples, "one per blob")
    n_features = integer_at_least(1, "make_blobs", "n_features", n_features)
    low, high = _box(center_box)
    given = _centers(centers) if hasattr(centers, "__len__") else None
    if given is not None:
        n_blobs, n_features = given.shape
    elif centers is None:
        n_blobs = len(sizes) if listed else 3
    else:
        n_blobs = integer_at_least(1, "make_blobs", "centers", centers)
    if listed and len(sizes) != n_blobs:
        raise ArgumentError(
            f"make_blobs: n_samples lists {len(sizes)} blobs, centers {n_blobs}; give as many of one as of the other"
        )
    deviations = _deviations(cluster_std, n_blobs)
    generator = _generator("make_blobs", random_state)

    middles = generator.uniform(low, high, size=(n_blobs, n_features)) if given is None else given
    sizes = sizes if listed else _even(sizes[0], n_blobs)
    clouds = [
        generator.normal(loc=center, scale=deviation, size=(size, n_features))
        for center, deviation, size in zip(middles, deviations, sizes, strict=True)
    ]
    X, labels = np.concatenate(clouds), np.repeat(np.arange(n_blobs, dtype=np.int64), sizes)
    X, labels = _shuffled_and_noisy(X, labels, generator, shuffle, None)
    return (X, labels, middles) if return_centers else (X, labels)


def make_spirals(
    n_samples: SupportsIndex | Sequence[SupportsIndex] = 100,
    *,
    arms: SupportsIndex = 2,
    turns: float = 1.0,
    shuffle: bool = True,
    noise: float | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Spirals that wind around each other from the origin. They need a deeper network.

    Point i of the m points of arm k, of K arms, before the noise:
    t = (i + 1) / m,  angle = 2 pi (turns t + k / K),  (x, y) = t (cos angle, sin angle)

    Args:
        n_samples: number of points, divided evenly among the arms (the first arms get
            one more); or a list of numbers, one per arm.
        arms: number of arms K. It is not read when n_samples is a list.
        turns: how often an arm winds around the origin; negative winds it clockwise.
        shuffle: whether the points come in random order; otherwise arm by arm, from the
            inside to the outside.
        noise: standard deviation of the normal noise that is added to every coordinate;
            None adds no noise.
        random_state: a seed, or a generator to draw from; None is NumPy's global one
            (`np.random.seed`).

    Returns:
        X of shape (n_samples, 2), float64, and y of shape (n_samples,), int64: the
        number of the arm, from 0.

    Raises:
        ArgumentError: an argument is out of range, or is not a number.

    >>> X, y = make_spirals(4, shuffle=False)
    >>> X.round(3) + 0.0
    array([[-0.5,  0. ],
           [ 1. ,  0. ],
           [ 0.5,  0. ],
           [-1. ,  0. ]])
    >>> y
    array([0, 0, 1, 1])
    """
    listed = isinstance(n_samples, (list, tuple, np.ndarray))
    sizes = _sizes("make_spirals", n_samples, "one per arm")
    sizes = sizes if listed else _even(sizes[0], integer_at_least(1, "make_spirals", "arms", arms))
    if not (_is_real(turns) and -np.inf < turns < np.inf):
        raise ArgumentError(f"make_spirals: turns={turns!r} is not a number of turns; give a finite number")
    _check_noise("make_spirals", noise)
    generator = _generator("make_spirals", random_state)

    t = np.concatenate([np.arange(1, size + 1) / max(size, 1) for size in sizes])
    labels = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    angle = 2 * np.pi * (turns * t + labels / len(sizes))
    X = np.column_stack([t * np.cos(angle), t * np.sin(angle)])
    return _shuffled_and_noisy(X, labels, generator, shuffle, noise)


def _shuffled_and_noisy(
    X: Any, labels: Any, generator: Any, shuffle: bool, noise: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The points in random order, then moved: scikit-learn draws in this order."""
    if shuffle:
        order = np.arange(len(X))
        generator.shuffle(order)
        X, labels = X[order], labels[order]
    if noise is not None:
        X += generator.normal(scale=noise, size=X.shape)
    return X, labels


def _even(n: int, parts: int) -> list[int]:
    """n points in so many parts; the first parts get one more."""
    return [n // parts + (i < n % parts) for i in range(parts)]


def _two_sizes(who: str, n_samples: Any, part: str) -> tuple[int, int]:
    """The numbers of points on the outer and on the inner moon or circle."""
    sizes = _sizes(who, n_samples, f"(on the outer {part}, on the inner {part})", n_parts=2)
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (sizes[0] // 2, sizes[0] - sizes[0] // 2)


def _sizes(who: str, n_samples: Any, parts: str, n_parts: int | None = None) -> list[int]:
    """The numbers of points that n_samples lists, or the one that it is."""
    listed = isinstance(n_samples, (tuple, list, np.ndarray))
    wanted = f"give a whole number, or {'two' if n_parts == 2 else 'a list'} of them: {parts}"
    try:
        sizes = [operator.index(size) for size in (n_samples if listed else [n_samples])]
    except TypeError:
        raise ArgumentError(f"{who}: n_samples={n_samples!r} is not a number of points; {wanted}") from None
    if listed and (len(sizes) != n_parts if n_parts else not sizes):
        raise ArgumentError(f"{who}: n_samples={n_samples!r} has {len(sizes)} parts; {wanted}")
    if min(sizes) < 0 or sum(sizes) < 1:
        raise ArgumentError(f"{who}: n_samples={n_samples!r} is out of range; ask for 1 point or more")
    return sizes


def _check_noise(who: str, noise: Any) -> None:
    if noise is not None and not (_is_real(noise) and 0.0 <= noise < np.inf):
        raise ArgumentError(f"{who}: noise={noise!r} is not a standard deviation; give 0 or more, or None for no noise")


def _box(center_box: Any) -> tuple[float, float]:
    try:
        low, high = (float(x) for x in center_box)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not -np.inf < low <= high < np.inf:
        raise ArgumentError(
            f"make_blobs: center_box={center_box!r} is not a range; give two numbers, the smaller first: (-10.0, 10.0)"
        )
    return low, high


def _centers(given: Any) -> NDArray[Any]:
    try:
        centers = np.array(given)
    except ValueError:  # rows of different lengths
        centers = np.empty(0, dtype=object)
    if centers.ndim != 2 or centers.dtype.kind not in "iuf" or not centers.size or not np.isfinite(centers).all():
        raise ArgumentError(
            f"make_blobs: centers of type {type(given).__name__} are not points; give a number of blobs, "
            f"or finite numbers of shape (n_blobs, n_features)"
        )
    return centers


def _deviations(cluster_std: Any, n_blobs: int) -> list[float]:
    listed = list(cluster_std) if hasattr(cluster_std, "__len__") else [cluster_std] * n_blobs
    if len(listed) != n_blobs:
        raise ArgumentError(
            f"make_blobs: cluster_std lists {len(listed)} numbers for {n_blobs} blobs; give one, or one per blob"
        )
    if not all(_is_real(x) and 0.0 <= x < np.inf for x in listed):
        raise ArgumentError(f"make_blobs: cluster_std={cluster_std!r} is not a standard deviation; give 0 or more")
    return listed


def _generator(who: str, random_state: Any) -> Any:
    """The RandomState that a seed, a RandomState or None stands for."""
    if random_state is None:
        # np.random.seed seeds this one, and np.random.normal draws from it.
        return np.random.mtrand._rand
    if isinstance(random_state, np.random.RandomState):
        return random_state
    try:
        seed = operator.index(random_state)
    except TypeError:
        raise ArgumentError(
            f"{who}: random_state={random_state!r} is of type {type(random_state).__name__}; "
            f"give a whole number, a np.random.RandomState or None"
        ) from None
    if not 0 <= seed < 2**32:
        raise ArgumentError(f"{who}: random_state={seed} is out of range; give a seed from 0 to 2**32 - 1")
    return np.random.RandomState(seed)


def _is_real(x: Any) -> bool:
    return isinstance(x, (int, float, np.integer, np.floating))
