"""Batches of rows, and the split into training and test rows; same seed, same rows.

Arrays may be larger than memory: memory maps, and Dask arrays. A batch is then all that
is read, or a chunk.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.integers import integer_at_least


class Batches:
    """What `batches` returns: each `for` over it is a pass over all rows.

    Attributes:
        seed: the seed of the shuffling, drawn if none was given: with it, the batches
            can be had again.
        epoch: the number of the next pass, from 0. Each pass has its own order, which
            follows from the seed and this number. Assign it to continue a training.
    """

    def __init__(self, X: Any, y: Any, batch_size: int, shuffle: bool, seed: int, drop_last: bool) -> None:
        self.X, self.y = X, y
        self.batch_size, self.shuffle, self.seed, self.drop_last = batch_size, shuffle, seed, drop_last
        self.epoch = 0

    def __len__(self) -> int:
        """The number of batches of a pass."""
        n = len(self.X)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        # A list of numbers seeds it well: 0 and 1 are as far apart as any two.
        generator = np.random.default_rng([self.seed, epoch]) if self.shuffle else None
        arrays = [self.X] if self.y is None else [self.X, self.y]
        found = _by_chunks(arrays, self.batch_size, generator) if any(map(_is_dask, arrays)) else None
        for batch in found or _by_rows(arrays, self.batch_size, generator):
            if len(batch[0]) == self.batch_size or not self.drop_last:
                yield batch[0] if self.y is None else tuple(batch)

    def __repr__(self) -> str:
        order = f"shuffled with seed {self.seed}" if self.shuffle else "in order"
        return f"<{len(self)} batches of {self.batch_size} of {len(self.X)} rows, {order}>"


def batches(
    X: Any,
    y: Any = None,
    *,
    batch_size: int = 32,
    shuffle: bool = False,
    seed: int | None = None,
    drop_last: bool = False,
) -> Batches:
    """Rows in batches, again in each `for`; in another order each time if shuffled.

    If the arrays are in memory or in a memory map, all orders of the rows are equally
    likely, and only the rows of a batch are read. Of Dask arrays, the chunks come in
    random order, and the rows within each chunk; one chunk of them is computed at a
    time, and the rest of the chunk before it is kept.

    Args:
        X: array of shape (rows, ...), or what NumPy makes one of; a memory map; a Dask
            array.
        y: array of shape (rows, ...) that belongs to it, or None.
        batch_size: rows of a batch; the last one may have fewer.
        shuffle: whether the rows come in random order, another one in each pass.
        seed: a whole number, 0 or more: the same seed gives the same batches. None
            draws one, and keeps it in `.seed`.
        drop_last: whether a last batch with fewer rows is left out.

    Returns:
        An iterable of (X, y), or of X if there is no y, as NumPy arrays; `len()` of it
        is the number of batches.

    Raises:
        ShapeError: X has no rows, or y has another number of rows.
        DataError: X or y is not an array of numbers or texts.
        ArgumentError: batch_size or seed is out of range.

    >>> X, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    >>> loader = batches(X, y, batch_size=2, shuffle=True, seed=0)
    >>> [labels.tolist() for _, labels in loader]
    [[2, 4], [3, 0], [1]]
    >>> [labels.tolist() for _, labels in loader]
    [[1, 4], [3, 0], [2]]
    """
    X = _rows("batches", "X", X)
    if y is not None:
        y = _rows("batches", "y", y)
        if len(y) != len(X):
            raise ShapeError(f"batches: X has {len(X)} rows, y {len(y)}; give one y for each row of X")
    size = integer_at_least(1, "batches", "batch_size", batch_size)
    seed = seed_of("batches", seed)
    return Batches(X, y, size, bool(shuffle), seed, bool(drop_last))


def seed_of(who: str, given: Any) -> int:
    """The seed that is given, or a new one, drawn from the system, for None.

    Raises:
        ArgumentError: it is not an integer of at least 0.

    >>> seed_of("batches", 7)
    7
    """
    if given is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    return integer_at_least(0, who, "seed", given)


def train_test_split(
    *arrays: Any,
    test_size: float | int = 0.25,
    shuffle: bool = True,
    seed: int | None = None,
    stratify: Any = None,
    **unknown: Any,
) -> list[Any]:
    """Divide rows into those to train on and those to test on.

    Without `stratify`, the rows are those of `sklearn.model_selection.train_test_split`
    with `random_state=seed`. With it, each class gives its share of the test rows,
    rounded down; what is lacking then comes from the classes that rounding cost most.

    Args:
        *arrays: arrays with the same number of rows.
        test_size: number of test rows, or a float: their share, rounded up.
        shuffle: whether the test rows are drawn; otherwise they are the last ones.
        seed: a whole number from 0 to 2**32 - 1: the same seed gives the same rows.
            None draws one.
        stratify: the class of each row, or None. A class of one row stays in training.

    Returns:
        A list: the training rows and the test rows of the first array, then of the
        second, and so on.

    Raises:
        ShapeError: the arrays have different numbers of rows, or none.
        ArgumentError: test_size leaves no row on one side, seed is out of range, or
            rows that are not shuffled are to be stratified.

    Source: `sklearn.model_selection.train_test_split`.

    >>> X, y = np.arange(8).reshape(4, 2), [0, 1, 0, 1]
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, seed=0)
    >>> X_test, y_test
    (array([[4, 5]]), array([0]))
    """
    if unknown:
        name = next(iter(unknown))
        said = {"random_state": "here it is seed=", "train_size": "give test_size="}.get(name, "leave it out")
        raise ArgumentError(f"train_test_split: there is no option {name}=; {said}")
    if not arrays:
        raise ArgumentError("train_test_split: no array was given; give X and y")
    rows = [_rows("train_test_split", f"array {i}", array) for i, array in enumerate(arrays, start=1)]
    n = len(rows[0])
    if any(len(array) != n for array in rows):
        raise ShapeError(
            f"train_test_split: the arrays have {', '.join(str(len(array)) for array in rows)} rows; "
            f"give as many rows of each"
        )
    n_test = _test_rows(test_size, n)
    if seed is not None and integer_at_least(0, "train_test_split", "seed", seed) >= 2**32:
        raise ArgumentError(f"train_test_split: seed={seed} is out of range; give a seed from 0 to 2**32 - 1")
    if not shuffle:
        if stratify is not None:
            raise ArgumentError("train_test_split: stratify needs shuffle=True; leave one of them out")
        train, test = np.arange(n - n_test), np.arange(n - n_test, n)
    else:
        order = np.random.RandomState(seed).permutation(n)
        if stratify is None:
            test, train = order[:n_test], order[n_test:]
        else:
            train, test = _by_class(order, n_test, _rows("train_test_split", "stratify", stratify))
    return [array[part] for array in rows for part in (train, test)]


def _by_class(order: Any, n_test: int, classes: Any) -> tuple[Any, Any]:
    """Training and test rows, in the order given: each class has its share of both."""
    if len(classes) != len(order):
        raise ShapeError(
            f"train_test_split: stratify has {len(classes)} rows, the arrays {len(order)}; give a class for each row"
        )
    _, codes, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    shares = np.minimum(sizes * n_test / len(order), sizes - 1)
    taken = np.floor(shares).astype(int)
    for c in np.argsort(taken - shares, kind="stable"):  # the largest remainder first
        if taken.sum() < n_test and taken[c] < sizes[c] - 1:
            taken[c] += 1
    is_test = np.zeros(len(order), dtype=bool)
    for c, count in enumerate(taken):
        is_test[order[codes[order] == c][:count]] = True
    return order[~is_test[order]], order[is_test[order]]


def _test_rows(test_size: Any, n: int) -> int:
    share = isinstance(test_size, (float, np.floating))
    if share and 0.0 < test_size < 1.0:
        n_test = int(np.ceil(test_size * n))
    else:
        n_test = 0 if share else integer_at_least(1, "train_test_split", "test_size", test_size)
    if not 0 < n_test < n:
        raise ArgumentError(
            f"train_test_split: test_size={test_size!r} of {n} rows leaves none to test on or to train on; "
            f"give a number of rows, or a share between 0 and 1"
        )
    return n_test


def _by_rows(arrays: list[Any], batch_size: int, generator: Any) -> Iterator[list[Any]]:
    n = len(arrays[0])
    order = None if generator is None else generator.permutation(n)
    for start in range(0, n, batch_size):
        if order is None:
            yield [_read(array[start : start + batch_size]) for array in arrays]
            continue
        rows = order[start : start + batch_size]
        # In the order of the file, so that a disk reads forwards.
        ranks = np.argsort(rows)
        back = np.empty_like(ranks)
        back[ranks] = np.arange(len(ranks))
        yield [_read(array[rows[ranks]])[back] if isinstance(array, np.memmap) else array[rows] for array in arrays]


def _by_chunks(arrays: list[Any], batch_size: int, generator: Any) -> Iterator[list[Any]]:
    compute: Any = importlib.import_module("dask").compute
    # The chunks of the first Dask array; the others are cut as it is.
    borders = np.cumsum([0, *next(array for array in arrays if _is_dask(array)).chunks[0]])
    chunks = range(len(borders) - 1)
    rest: list[Any] | None = None
    for i in chunks if generator is None else generator.permutation(len(chunks)):
        parts = [np.asarray(part) for part in compute(*[array[borders[i] : borders[i + 1]] for array in arrays])]
        if generator is not None:
            order = generator.permutation(len(parts[0]))
            parts = [part[order] for part in parts]
        rest = parts if rest is None else [np.concatenate(pair) for pair in zip(rest, parts, strict=True)]
        whole = len(rest[0]) // batch_size * batch_size
        for start in range(0, whole, batch_size):
            yield [part[start : start + batch_size] for part in rest]
        rest = [part[whole:].copy() for part in rest]  # a copy: the chunk is freed
    if rest is not None and len(rest[0]):
        yield rest


def _rows(who: str, name: str, given: Any) -> Any:
    """The array, with rows; lists and data frames become arrays."""
    if not _is_dask(given):
        if hasattr(given, "toarray"):  # of scipy.sparse
            raise DataError(f"{who}: {name} is sparse, and its zeros are needed; give {name}.toarray()")
        try:
            array = np.asanyarray(given)
        except ValueError:  # rows of different lengths
            raise ShapeError(f"{who}: the rows of {name} have different lengths; give rows of one length") from None
        given = array if isinstance(array, np.memmap) else np.asarray(array)
        if given.dtype.hasobject and not all(isinstance(x, str) for x in given.flat):
            raise DataError(f"{who}: {name} holds Python objects, not numbers; give an array of numbers")
    elif any(np.isnan(size) for size in given.chunks[0]):
        raise ShapeError(f"{who}: the chunks of {name} have unknown lengths; call {name}.compute_chunk_sizes() first")
    if not given.ndim or not len(given):
        raise ShapeError(f"{who}: {name} has no rows (its shape is {given.shape}); give an array of one row or more")
    return given


def _is_dask(x: Any) -> bool:
    # Asked without importing Dask, which takes longer than all the rest.
    return type(x).__module__.partition(".")[0] == "dask" and hasattr(x, "chunks")


def _read(x: Any) -> Any:
    """Rows of a memory map, read into memory."""
    return np.array(x) if isinstance(x, np.memmap) else x
