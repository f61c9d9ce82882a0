"""Data sets to learn on. They are computed with NumPy; nothing is downloaded."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd import on_demand as np
from micrograd.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    n_outer, n_inner = _moon_sizes(n_samples)
    if noise is not None and not (_is_real(noise) and 0.0 <= noise < np.inf):
        raise ArgumentError(
            f"make_moons: noise={noise!r} is not a standard deviation; give 0 or more, or None for no noise"
        )
    generator = _generator(random_state)

    outer = np.linspace(0, np.pi, n_outer)
    inner = np.linspace(0, np.pi, n_inner)
    x = np.concatenate([np.cos(outer), 1 - np.cos(inner)])
    # 1 - sin - 0.5, not 0.5 - sin: the two round differently, and a test compares every
    # bit.
    y = np.concatenate([np.sin(outer), 1 - np.sin(inner) - 0.5])
    X = np.column_stack([x, y])
    labels = np.repeat(np.array([0, 1], dtype=np.int64), [n_outer, n_inner])

    if shuffle:
        order = np.arange(len(X))
        generator.shuffle(order)
        X, labels = X[order], labels[order]
    if noise is not None:
        X += generator.normal(scale=noise, size=X.shape)
    return X, labels


def _moon_sizes(n_samples: Any) -> tuple[int, int]:
    """The numbers of points on the outer and on the inner moon."""
    pair = isinstance(n_samples, (tuple, list))
    wanted = "give a whole number, or two of them: (on the outer moon, on the inner moon)"
    try:
        sizes = [operator.index(size) for size in (n_samples if pair else [n_samples])]
    except TypeError:
        raise ArgumentError(f"make_moons: n_samples={n_samples!r} is not a number of points; {wanted}") from None
    if len(sizes) != (2 if pair else 1):
        raise ArgumentError(f"make_moons: n_samples={n_samples!r} has {len(sizes)} parts; {wanted}")
    if min(sizes) < 0 or sum(sizes) < 1:
        raise ArgumentError(f"make_moons: n_samples={n_samples!r} is out of range; ask for 1 point or more")
    return (sizes[0], sizes[1]) if pair else (sizes[0] // 2, sizes[0] - sizes[0] // 2)


def _generator(random_state: Any) -> Any:
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
            f"make_moons: random_state={random_state!r} is of type {type(random_state).__name__}; "
            f"give a whole number, a np.random.RandomState or None"
        ) from None
    if not 0 <= seed < 2**32:
        raise ArgumentError(f"make_moons: random_state={seed} is out of range; give a seed from 0 to 2**32 - 1")
    return np.random.RandomState(seed)


def _is_real(x: Any) -> bool:
    return isinstance(x, (int, float, np.integer, np.floating))
