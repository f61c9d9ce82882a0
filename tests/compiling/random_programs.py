"""Programs made at random: lists of steps, each with a number that says the rest.

A step takes what it needs from a pool and puts what it makes into it. Every program of
one list of steps does the same, with whatever values the pool begins with.
"""

from __future__ import annotations

import random

import numpy as np

from micrograd import Value, ops

CUT = 0.0123  # comparisons with 0 would hang on rounding, as in x - mean where all are equal
UNARY = {
    "tanh": lambda x: x.tanh(),
    "sine": lambda x: np.sin(x * 1.5),
    "exp": lambda x: (x * 0.3).exp(),
    "sigmoid": lambda x: x.sigmoid(),
    "square": lambda x: x * x * 0.3,
    "cube": lambda x: (x * 0.5) ** 3,
    "root": lambda x: (x * x + 1.0) ** 0.5,
    "reciprocal": lambda x: 1.0 / (x * x + 2.0),
    "log": lambda x: (x * x + 1.0).log(),
    "negative": lambda x: -x,
    "relu": lambda x: x.relu(),
    "constant": lambda x: 0.7 - x,
    "absolute": abs,
    "detached": lambda x: x.detach() * x,
}


# Lists of numbers


def _map(rng, pool, parameters):
    name = rng.choice(sorted(UNARY))
    return [UNARY[name](x) for x in rng.choice(pool)]


def _reversed(rng, pool, parameters):
    xs = rng.choice(pool)
    return [x * y for x, y in zip(xs, reversed(xs), strict=True)]


def _matvec(rng, pool, parameters):
    xs, count = rng.choice(pool), rng.randint(1, 4)
    start = rng.randrange(len(parameters))
    weights = [parameters[(start + i) % len(parameters)] for i in range(len(xs) * count)]
    rows = [weights[i * len(xs) : (i + 1) * len(xs)] for i in range(count)]
    return [sum((w * x for w, x in zip(row, xs, strict=True)), parameters[start]) for row in rows]


def _gather(rng, pool, parameters):
    xs = rng.choice(pool)
    return [rng.choice(xs) * rng.choice([0.5, 2.0, -1.0]) for _ in range(rng.randint(1, 6))]


def _shifted(rng, pool, parameters):
    xs, c = rng.choice(pool), rng.choice(parameters)
    return [(x + c).relu() for x in xs]


def _centred(rng, pool, parameters):
    xs = rng.choice(pool)
    mean = sum(xs) / len(xs)
    return [x - mean for x in xs]


def _softmax(rng, pool, parameters):
    xs = rng.choice(pool)
    largest = max(x.data for x in xs) if rng.random() < 0.5 else 0.5
    powers = [(x * 0.5 - largest).exp() for x in xs]
    return [p / sum(powers) for p in powers] if rng.random() < 0.5 else _quotients(powers)


def _quotients(powers):
    total = sum(powers)
    return [p / total for p in powers]


def _outer(rng, pool, parameters):
    xs, ys = rng.choice(pool)[:5], rng.choice(pool)[:5]
    return [x * y for x in xs for y in ys]


def _windows(rng, pool, parameters):
    xs, width = rng.choice(pool), rng.randint(2, 3)
    return [sum(xs[i : i + width]) for i in range(max(1, len(xs) - width + 1))]


def _products(rng, pool, parameters):
    xs, ys = rng.choice(pool), rng.choice(pool)
    return [x * y + x for x, y in zip(xs, ys, strict=False)]


def _chosen(rng, pool, parameters):
    xs, ys = rng.choice(pool), rng.choice(pool)
    return [np.where(x > y, x * 2.0, y) for x, y in zip(xs, ys, strict=False)]


def _chain(rng, pool, parameters):
    """A state that goes through all numbers: each depends on the one before."""
    z, (w, c) = rng.choice(parameters), rng.sample(parameters, 2)
    states = []
    for x in rng.choice(pool)[:8]:
        z = (w * z + x * c).tanh()
        states.append(z)
    return states


def _product(rng, pool, parameters):
    z = rng.choice(pool)[0]
    for x in rng.choice(pool)[:6]:
        z = z * (x * 0.1 + 1.0)
    return [z, z * rng.choice(parameters)]


def _powers(rng, pool, parameters):
    c = rng.choice(parameters)
    return [(x * x + 0.5) ** c / (c * c + 1.0) for x in rng.choice(pool)[:6]]


def _extremes(rng, pool, parameters):
    xs = rng.choice(pool)
    largest, smallest = xs[0], xs[0]
    for x in xs[1:5]:
        largest, smallest = np.maximum(largest, x), np.minimum(smallest, x)
    return [largest - smallest, *[np.clip(x, smallest * 0.5, 0.5) for x in xs[:4]]]


def _matmat(rng, pool, parameters):
    xs, ys = rng.choice(pool), rng.choice(pool)
    n = rng.randint(1, min(3, len(xs), len(ys)))
    rows = [xs[i : i + n] for i in range(0, len(xs) - n + 1, n)][:3]
    columns = [ys[i : i + n] for i in range(0, len(ys) - n + 1, n)][:3]
    return [sum(x * y for x, y in zip(row, column, strict=True)) for row in rows for column in columns]


def _compared(rng, pool, parameters):
    xs, c = rng.choice(pool), rng.choice(parameters)
    return [x * (x > c) + (x.data <= 0.1) * c for x in xs]


NUMBERS = {
    "map": _map,
    "chain": _chain,
    "product": _product,
    "powers": _powers,
    "extremes": _extremes,
    "matmat": _matmat,
    "compared": _compared,
    "reversed": _reversed,
    "matvec": _matvec,
    "gather": _gather,
    "shifted": _shifted,
    "centred": _centred,
    "softmax": _softmax,
    "outer": _outer,
    "windows": _windows,
    "products": _products,
    "chosen": _chosen,
}


def numbers_program(steps, values, seed):
    """The results of steps on a list of values: two sums, a count, and one number."""
    third = len(values) // 3
    parameters = values[third:]
    pool = [values[:third], values[third : 2 * third]]
    for name, number in steps:
        pool.append(NUMBERS[name](random.Random(number), pool, parameters)[:25])
    rng = random.Random(seed)
    first = sum(sum(rng.sample(xs, len(xs))) * (i + 1.0) for i, xs in enumerate(pool) if rng.random() < 0.6 or i == 0)
    second = sum(x * x for x in pool[-1]) / len(pool[-1])
    count = sum((x.data if isinstance(x, Value) else x) > CUT for x in pool[-1])
    return {"first": first, "rest": [second, count], "last": pool[-1][-1]}


# Arrays


def _elementwise(rng, pool):
    return UNARY[rng.choice(sorted(UNARY))](rng.choice(pool))


def _binary(rng, pool):
    x = rng.choice(pool)
    fitting = [y for y in pool if _is_broadcast(x.shape, y.shape)]
    y = rng.choice(fitting)
    return rng.choice([lambda: x * y, lambda: x + y, lambda: x - 0.5 * y, lambda: x / (y * y + 1.0)])()


def _is_broadcast(a, b):
    return all(m == n or m == 1 or n == 1 for m, n in zip(a[::-1], b[::-1], strict=False))


def _matmul(rng, pool):
    pairs = [
        (x, y) for x in pool for y in pool if x.ndim and y.ndim and x.shape[-1] == y.shape[-2 if y.ndim > 1 else 0]
    ]
    pairs = [(x, y) for x, y in pairs if _is_broadcast(x.shape[:-2], y.shape[:-2])]
    x, y = rng.choice(pairs) if pairs else (pool[0], pool[0].T)
    return x @ y


def _transposed(rng, pool):
    x = rng.choice(pool)
    return x.transpose(rng.sample(range(x.ndim), x.ndim)) if x.ndim else x * 2.0


def _sliced(rng, pool):
    x = rng.choice(pool)
    return x[tuple(_slice(rng, n) for n in x.shape)]


def _slice(rng, n):
    start = rng.randrange(n)
    kinds = [
        slice(None),
        slice(start, None),
        slice(None, None, -1),
        slice(None, None, 2),
        start,
        slice(start, start + 2),
    ]
    return rng.choice(kinds)


def _taken(rng, pool):
    x = rng.choice(pool)
    if not x.ndim:
        return x * x
    axis = rng.randrange(x.ndim)
    index = [rng.randrange(x.shape[axis]) for _ in range(rng.randint(1, 4))]
    return np.take(x, np.array(index), axis=axis)


def _reshaped(rng, pool):
    x = rng.choice(pool)
    shapes = [(x.size,), (1, x.size), (x.size, 1)]
    if x.size % 2 == 0:
        shapes += [(2, x.size // 2), (x.size // 2, 2)]
    return x.reshape(rng.choice(shapes))


def _reduced(rng, pool):
    x = rng.choice(pool)
    axis = rng.randrange(x.ndim) if x.ndim and rng.random() < 0.8 else None
    name = rng.choice(["sum", "mean", "max", "min", "std"])
    x = x + 0.0 if x.ndim else x.reshape(1)
    axis = axis if axis is not None and axis < x.ndim else None
    if name == "std":
        return (x * x + 1.0).mean(axis=axis, keepdims=True) ** 0.5
    return getattr(x, name)(axis=axis, keepdims=rng.random() < 0.5)


def _normed(rng, pool):
    x = rng.choice(pool)
    if not x.ndim:
        return x.tanh()
    axis = rng.randrange(x.ndim)
    return rng.choice([ops.softmax, ops.log_softmax])(x, axis=axis)


def _stacked(rng, pool):
    x = rng.choice(pool)
    alike = [y for y in pool if y.shape == x.shape]
    given = [rng.choice(alike) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.5 or not x.ndim:
        return np.stack(given, axis=rng.randint(0, x.ndim) if x.ndim < 3 else 0)[0 if x.ndim > 2 else slice(None)]
    return np.concatenate(given, axis=rng.randrange(x.ndim))


def _where(rng, pool):
    x = rng.choice(pool)
    y = rng.choice([y for y in pool if _is_broadcast(x.shape, y.shape)])
    return np.where(x > y, x * 2.0, y) if rng.random() < 0.5 else np.maximum(x, y)


def _added_at(rng, pool):
    x = rng.choice(pool)
    if not x.ndim:
        return x - 1.0
    index = np.array([rng.randrange(x.shape[0]) for _ in range(3)])
    return x.at[index].add(x[index] * 0.5) if rng.random() < 0.5 else x.at[rng.randrange(x.shape[0])].set(x[0] * 2.0)


def _summed_products(rng, pool):
    matrices = [x for x in pool if x.ndim == 2]
    x = rng.choice(matrices)
    y = rng.choice([y for y in matrices if y.shape == x.shape])
    return np.einsum(rng.choice(["ij,ij->i", "ij,ij->j", "ij,ij->", "ij,kj->ik", "ij,ij->ij", "ij,ik->kj"]), x, y)


def _axis(rng, x):
    return rng.randrange(x.ndim)


def _array_centred(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    return x - x.mean(axis=rng.choice([None, _axis(rng, x)]), keepdims=True)


def _softmax_by_hand(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    axis = _axis(rng, x)
    largest = rng.choice([0.5, x.max(axis=axis, keepdims=True), x.data.max(axis=axis, keepdims=True)])
    powers = np.exp(x * 0.5 - largest)
    return powers / powers.sum(axis=axis, keepdims=True)


def _array_outer(rng, pool):
    vectors = [x.reshape(-1)[:8] for x in pool]
    x, y = rng.choice(vectors), rng.choice(vectors)
    return np.outer(x, y) if rng.random() < 0.5 else x[:, None] * y[None, :] + x[:1]


def _array_windows(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    width = rng.randint(1, min(3, x.shape[0]))
    count = x.shape[0] - width + 1
    if rng.random() < 0.5:
        return sum(x[i : i + count] * (i + 1.0) for i in range(width))
    return np.stack([x[i : i + width].sum(axis=0) for i in range(count)])


def _moved(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    axis = _axis(rng, x)
    return rng.choice(
        [
            lambda: np.roll(x, rng.randint(-2, 2), axis=axis),
            lambda: np.flip(x, axis=axis),
            lambda: np.repeat(x, 2, axis=axis),
            lambda: np.cumsum(x, axis=axis),
            lambda: np.pad(x, [(1, 0)] * x.ndim),
            lambda: np.moveaxis(x, axis, 0),
            lambda: np.expand_dims(x, axis),
            lambda: np.squeeze(x[..., None]),
        ]
    )()


def _lengths(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    axis = _axis(rng, x)
    return rng.choice(
        [
            lambda: ops.logsumexp(x, axis=axis),
            lambda: x.var(axis=axis),
            lambda: np.prod(x * 0.1 + 1.0, axis=axis),
            lambda: np.linalg.norm(x, axis=axis),
            lambda: np.clip(x, -0.5, x.mean()),
            lambda: np.sum(x > 0.1, axis=axis) * x.sum(),
            lambda: (x.data > x.data.mean() + CUT) * x,
        ]
    )()


def _rows_in_a_loop(rng, pool):
    x = rng.choice([x for x in pool if x.ndim])
    state = x[0] * 0.0
    for i in range(min(4, x.shape[0])):
        state = np.tanh(state * 0.5 + x[i])
    return state


ARRAYS = {
    "elementwise": _elementwise,
    "centred": _array_centred,
    "softmax by hand": _softmax_by_hand,
    "outer": _array_outer,
    "windows": _array_windows,
    "moved": _moved,
    "lengths": _lengths,
    "rows in a loop": _rows_in_a_loop,
    "binary": _binary,
    "matmul": _matmul,
    "transposed": _transposed,
    "sliced": _sliced,
    "taken": _taken,
    "reshaped": _reshaped,
    "reduced": _reduced,
    "normed": _normed,
    "stacked": _stacked,
    "where": _where,
    "added at": _added_at,
    "einsum": _summed_products,
}
SHAPES = ((3, 4), (4,), (3, 1), (4, 4), (2, 3, 4))
LARGEST = 400  # elements


def arrays_program(steps, values, seed):
    """The results of steps on arrays of SHAPES: a sum, a count, and an array."""
    pool = list(values)
    for name, number in steps:
        z = ARRAYS[name](random.Random(number), pool)
        if z.size <= LARGEST and z.size:
            pool.append(z)
    rng = random.Random(seed)
    first = sum(x.sum() * (i + 1.0) for i, x in enumerate(pool) if rng.random() < 0.6 or i == 0)
    second = (pool[-1] * pool[-1]).mean()
    return {"first": first, "rest": [second, np.sum(np.atleast_1d(pool[-1]) > CUT)], "last": pool[-1]}
