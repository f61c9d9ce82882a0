"""Every op of the table under vmap: what it gives is what a loop over the examples
gives, and so are its derivatives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import grad, jvp, vmap
from micrograd.batched.rules import is_looped
from micrograd.errors import MicrogradError
from micrograd.op import OPS, Elementwise, Op
from tests.samples import SAMPLES, Sample

TABLE = {name: op for name, op in OPS.items() if op.__module__.startswith("micrograd.")}
FACTORS = (1.0, 0.97, 0.99)  # what the numbers of each example are multiplied by: all stay in the domain of the op

# The ops without a rule: vmap runs them example by example.
LOOPED: set[str] = {
    "digitize",
    "isin",
    "searchsorted",
    "symmetric_function",
}


def examples(x: Any) -> Any:
    """Three examples like x, along axis 0."""
    x = np.asarray(x)
    if x.dtype == bool:
        return np.stack([x, ~x, x])
    return np.stack([x * f for f in FACTORS]) if x.dtype.kind == "f" else np.stack([x] * 3)


def calls(sample: Sample) -> list[tuple[bool, ...]]:
    """Which inputs are mapped: each alone, and all together."""
    n = len(sample.inputs)
    alone = [tuple(i == j for j in range(n)) for i in range(n)]
    return alone if n == 1 else [*alone, (True,) * n]


def cases(samples: list[Sample]) -> list[Any]:
    rows = [(s, mapped) for s in samples for mapped in calls(s)]
    return [pytest.param(s, m, id=f"{s}-{''.join('01'[x] for x in m)}-{i}") for i, (s, m) in enumerate(rows)]


def arguments(sample: Sample, mapped: tuple[bool, ...], axis: int) -> tuple[list[Any], tuple[int | None, ...]]:
    given = [examples(x) if m else x for x, m in zip(sample.inputs, mapped, strict=True)]
    places = [axis if m else None for m in mapped]
    moved = [np.moveaxis(x, 0, axis) if m else x for x, m in zip(given, mapped, strict=True)]
    return moved, tuple(places)


def rows(sample: Sample, mapped: tuple[bool, ...]) -> list[list[Any]]:
    """The arguments of each example."""
    given = [examples(x) if m else [x] * 3 for x, m in zip(sample.inputs, mapped, strict=True)]
    return [list(row) for row in zip(*given, strict=True)]


def close(actual: Any, wanted: list[Any]) -> None:
    wanted = [np.asarray(z) for z in wanted]
    scale = max([float(np.max(np.abs(z))) for z in wanted if z.size and z.dtype != bool] + [1.0])
    np.testing.assert_allclose(actual, np.stack(wanted), rtol=1e-13, atol=1e-14 * scale)


@pytest.mark.parametrize(("sample", "mapped"), cases(SAMPLES))
def test_vmap_is_a_loop(sample: Sample, mapped: tuple[bool, ...]) -> None:
    op = OPS[sample.op]
    given, places = arguments(sample, mapped, -1 if all(mapped) else 0)
    z = vmap(lambda *xs: op(*xs, **sample.params), places)(*given)
    wanted = [op(*row, **sample.params) for row in rows(sample, mapped)]
    close(z, wanted)
    assert z.dtype == np.asarray(wanted[0]).dtype


def scalar(op: Op, params: dict[str, Any]) -> Any:
    """A number made of what an op gives, in which no element is like another."""

    def f(*xs: Any) -> Any:
        z = op(*xs, **params)
        return np.sum(z * np.cos(np.arange(float(np.size(z))).reshape(np.shape(z))))

    return f


def moving(sample: Sample) -> tuple[int, ...]:
    op = OPS[sample.op]
    return tuple(i for i, x in enumerate(sample.inputs) if np.asarray(x).dtype.kind == "f" and op.rules[i] is not None)


def for_gradients() -> list[Sample]:
    """All samples of ops with axes; of elementwise ops, whose derivatives have one
    rule in vmap, each third.
    """
    kept = [s for s in SAMPLES if OPS[s.op].differentiable and moving(s)]
    by_op = {name: [s for s in kept if s.op == name] for name in dict.fromkeys(s.op for s in kept)}
    return [s for name, rows in by_op.items() for s in (rows[1::3] if isinstance(OPS[name], Elementwise) else rows)]


@pytest.mark.parametrize(("sample", "mapped"), cases(for_gradients()))
def test_gradients(sample: Sample, mapped: tuple[bool, ...]) -> None:
    """vmap of grad, grad of vmap, jvp inside and outside, and a second derivative."""
    f, argnums = scalar(OPS[sample.op], sample.params), moving(sample)
    given, places = arguments(sample, mapped, 0)
    each = [grad(f, argnums)(*row) for row in rows(sample, mapped)]
    found = vmap(grad(f, argnums), places)(*given)
    for a, z in enumerate(found):
        close(z, [g[a] for g in each])
    total = grad(lambda *xs: np.sum(vmap(f, places)(*xs)), argnums)(*given)
    for a, i in enumerate(argnums):
        if mapped[i]:
            close(total[a], [g[a] for g in each])
        else:
            close([total[a]], [sum(g[a] for g in each)])
    moves = [np.cos(np.arange(float(np.size(x))).reshape(np.shape(x))) for x in sample.inputs]

    def pushed(*row: Any) -> Any:
        def along(*xs: Any) -> Any:
            full = list(row)
            for i, x in zip(argnums, xs, strict=True):
                full[i] = x
            return OPS[sample.op](*full, **sample.params)

        return jvp(along, [row[i] for i in argnums], [moves[i] for i in argnums])[1]

    slopes = [pushed(*row) for row in rows(sample, mapped)]
    close(vmap(pushed, places)(*given), slopes)

    def outside(*xs: Any) -> Any:
        full = list(given)
        for i, x in zip(argnums, xs, strict=True):
            full[i] = x
        return vmap(lambda *row: OPS[sample.op](*row, **sample.params), places)(*full)

    tangents = [np.stack([moves[i]] * 3) if mapped[i] else moves[i] for i in argnums]
    close(jvp(outside, [given[i] for i in argnums], tangents)[1], slopes)


@pytest.mark.parametrize("sample", for_gradients(), ids=str)
def test_second_derivatives(sample: Sample) -> None:
    """jvp of grad, in each example."""
    f, argnums, mapped = scalar(OPS[sample.op], sample.params), moving(sample), calls(sample)[-1]
    moves = [np.cos(np.arange(float(np.size(x))).reshape(np.shape(x))) for x in sample.inputs]

    def second(*row: Any) -> Any:
        def gradient(*xs: Any) -> Any:
            full = list(row)
            for i, x in zip(argnums, xs, strict=True):
                full[i] = x
            return grad(f, argnums)(*full)

        return jvp(gradient, [row[i] for i in argnums], [moves[i] for i in argnums])[1]

    given, places = arguments(sample, mapped, 0)
    each = [second(*row) for row in rows(sample, mapped)]
    for a, z in enumerate(vmap(second, places)(*given)):
        close(z, [row[a] for row in each])


def _float32(x: Any) -> Any:
    return np.asarray(x, np.float32)[()] if np.asarray(x).dtype == float else x


@pytest.mark.parametrize("sample", [s for s in for_gradients() if s.op != "cast"], ids=str)
def test_float32_stays_float32(sample: Sample) -> None:
    f, argnums, mapped = scalar(OPS[sample.op], sample.params), moving(sample), calls(sample)[-1]
    given, places = arguments(sample, mapped, 0)
    given = [_float32(x) for x in given]
    assert vmap(lambda *xs: OPS[sample.op](*xs, **sample.params), places)(*given).dtype == np.float32
    assert {g.dtype for g in vmap(grad(f, argnums), places)(*given)} == {np.dtype(np.float32)}


def test_which_ops_are_looped() -> None:
    assert {name for name, op in TABLE.items() if is_looped(op)} == LOOPED


# Op, shape of one example, params: what does not fit there, though the rules of vmap
# ask few questions where all is as usual.
MISFITS = [
    ("reshape", (4,), {"shape": (3,)}),
    ("reshape", (4,), {"shape": (-2, -2)}),
    ("reshape", (4,), {"shape": (2.0, 2.0)}),
    ("broadcast_to", (4,), {"shape": (3,)}),
    ("broadcast_to", (1, 4), {"shape": (4,)}),
    ("broadcast_to", (4,), {"shape": (2.0, 4)}),
    ("scattered", (2,), {"indices": (5,), "shape": (3,)}),
    ("scattered", (), {"indices": (5,), "shape": (3,)}),
    ("scattered", (2,), {"indices": (0,), "shape": (3,)}),
    ("scattered", (2,), {"indices": (0, 1), "shape": (3,)}),
    ("scattered", (2,), {"indices": ([0, 7],), "shape": (3,)}),
    ("scattered", (2,), {"indices": (slice(0, 9),), "shape": (3,)}),
    ("scattered", (2,), {"indices": (None,), "shape": (3,)}),
]


@pytest.mark.parametrize("count", [3, 0])
@pytest.mark.parametrize(("name", "shape", "params"), MISFITS, ids=str)
def test_what_does_not_fit_one_example_is_refused_with_its_shapes(
    name: str, shape: tuple[int, ...], params: dict[str, Any], count: int
) -> None:
    op = OPS[name]
    with pytest.raises(MicrogradError) as alone:
        op.shape(np.ones(shape), **params)
    with pytest.raises(MicrogradError) as together:
        vmap(lambda x: op(x, **params))(np.ones((count, *shape)))
    assert (type(together.value), str(together.value)) == (type(alone.value), str(alone.value))
