"""Sparse Jacobians and Hessians: a few directions, and SciPy's arrays."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.argnums import Argnames, Argnums, Chosen
from micrograd.errors import GradientError, MissingExtraError, ShapeError
from micrograd.interpreter import Interpreter, numbers_below, settled, shape_of
from micrograd.leaves import as_array, joined_leaves, size_of
from micrograd.sparsity.dependence import seeds, sets_of
from micrograd.sparsity.patterns import (
    GIVE_A_LARGER_ONE,
    GIVE_ONE,
    Compression,
    Pattern,
    check_products,
    read_pattern,
)
from micrograd.sparsity.sets import collected_rows
from micrograd.tracing import Trace
from micrograd.transforms.derived import split_aux
from micrograd.transforms.directions import at_once, over
from micrograd.transforms.products import Pushing
from micrograd.trees import leaves_of, like, mapped


class Settings(NamedTuple):
    """How a Jacobian is to be computed: the arguments of `jacobian` but for f."""

    name: str
    argnums: Argnums | None
    mode: str | None
    has_aux: bool
    argnames: Argnames | None
    chunk_size: int | None
    sparsity: Any
    check: bool


class _Products(NamedTuple):
    """What a run of the program gave: the products, and what it returned."""

    rows: Any  # one per direction
    out: Any
    aux: Any


def sparse_jacobian(f: Any, settings: Settings, args: tuple[Any, ...], options: Any) -> Any:
    """The Jacobian of f by a few directions, as SciPy's sparse arrays.

    Args:
        f: the function; for a Hessian the gradient.
        settings: of `jacobian` or `hessian`; sparsity is not None.
        args, options: the arguments of the call.

    Raises:
        MissingExtraError: SciPy is not installed.
        GradientError: the result would need a gradient of its own.
        ArgumentError, ShapeError: the pattern does not fit, or is too small.
    """
    name, sparse = settings.name, _sparse_arrays(settings.name)
    chosen = Chosen(name, settings.argnums, args, options, settings.argnames)
    if any(isinstance(x, Interpreter) for x in chosen.leaves):
        raise _carries_no_gradient(name)
    inputs = sum(map(size_of, chosen.leaves))
    is_symmetric = name == "hessian"
    is_detected = isinstance(settings.sparsity, str) and settings.sparsity == "detect"
    pattern = _detected(f, chosen, settings) if is_detected else read_pattern(name, settings.sparsity, inputs)
    if is_symmetric:
        _check_rows(name, pattern, inputs)
        pattern = pattern.symmetric()
    plan = _planned(pattern.starts.tobytes(), pattern.members.tobytes(), pattern.shape, settings.mode, is_symmetric)
    run = _pushed if plan.mode == "forward" else _pulled
    directions = plan.directions(float)
    one_more: Any = np.zeros((1, directions.shape[1]))
    if settings.check:
        one_more = np.random.default_rng(0).uniform(0.5, 1.5, one_more.shape)
    if settings.check or not plan.count:  # an empty pattern needs a run too: it says the structure of the output
        directions = np.concatenate([directions, one_more])
    found = run(f, chosen, settings, directions, pattern)
    elements = plan.elements(found.rows[: plan.count]) if plan.count else np.zeros(0)
    if settings.check:
        repair = GIVE_ONE if is_detected else GIVE_A_LARGER_ONE
        sizes = _sizes(found.out, chosen)
        check_products(name, pattern, plan.mode, elements, one_more[0], found.rows[-1], repair, sizes)
    matrix = sparse.csr_array((elements, pattern.members, pattern.starts), shape=pattern.shape)
    tree = like(found.out, map(chosen.shaped, _blocks(matrix, leaves_of(found.out), chosen.leaves)))
    return (tree, mapped(settled, found.aux)) if settings.has_aux else tree


@functools.lru_cache(8)  # a solver asks again and again with one pattern
def _planned(
    starts: bytes, members: bytes, shape: tuple[int, int], mode: str | None, is_symmetric: bool
) -> Compression:
    pattern = Pattern(np.frombuffer(starts, np.int64), np.frombuffer(members, np.int64), shape)
    return Compression(pattern, mode, is_symmetric)


def _sparse_arrays(name: str) -> Any:
    try:
        import scipy.sparse
    except ImportError:
        raise MissingExtraError(
            f"{name}: sparsity= gives SciPy's sparse arrays, and SciPy is not installed;\n"
            f"pip install 'micrograd-nd[scipy]'"
        ) from None
    return scipy.sparse


def _carries_no_gradient(name: str) -> GradientError:
    return GradientError(
        f"{name}: sparsity= gives SciPy's sparse arrays, which carry no gradient; give plain numbers (x.numpy() of a "
        f"Value),\nand inside another transform call {name} without sparsity"
    )


def _detected(f: Any, chosen: Chosen, settings: Settings) -> Pattern:
    """The pattern that the program has for all numbers."""
    out = joined_leaves(chosen.called(f, seeds(chosen.leaves)))
    out = split_aux(settings.name, out)[0] if settings.has_aux else out
    rows, members = collected_rows([sets_of(z) for z in leaves_of(out)])
    size = sum(size_of(z) for z in leaves_of(out))
    return Pattern.of_places(rows, members, (size, sum(map(size_of, chosen.leaves))))


def _check_rows(name: str, pattern: Pattern, rows: int) -> None:
    if pattern.shape[0] != rows:
        raise ShapeError(
            f"{name}: the pattern has shape {pattern.shape}, but there are {rows} elements in all that f returned; "
            f"give a row for each element of the output, a column for each of the input"
        )


def _pushed(f: Any, chosen: Chosen, settings: Settings, directions: Any, pattern: Pattern) -> _Products:
    """J v for each direction v: the function runs once for each chunk of them."""
    leaves, push = chosen.leaves, Pushing(f, chosen, settings.has_aux)
    chunk = at_once(leaves, settings.chunk_size)
    rows = _in_chunks(push, _split(directions, leaves), chunk, settings.name)
    _check_rows(settings.name, pattern, rows.shape[1])
    return _Products(rows, push.out, push.aux)


def _pulled(f: Any, chosen: Chosen, settings: Settings, directions: Any, pattern: Pattern) -> _Products:
    """J^T v for each direction v, after one run."""
    with Trace(settings.name, chosen.called, (f, chosen.leaves), 1, {}) as trace:
        if trace.is_inside:
            raise _carries_no_gradient(settings.name)
        out, aux = split_aux(settings.name, trace.out) if settings.has_aux else (trace.out, None)
        outs = [as_array(z) for z in leaves_of(out)]
        _check_rows(settings.name, pattern, sum(map(size_of, outs)))

        def pull(weights: list[Any]) -> list[Any]:
            parts = [trace.pulled(z, weight) for z, weight in zip(outs, weights, strict=True)]
            return [functools.reduce(lambda x, y: x + y, column) for column in zip(*parts, strict=True)]

        chunk = at_once([*outs, *trace.fresh], settings.chunk_size)
        rows = _in_chunks(pull, _split(directions, outs), chunk, settings.name)
        return _Products(rows, out, trace.result(aux))


def _split(directions: Any, leaves: Sequence[Any]) -> list[Any]:
    """Directions over all elements, as one array for each leaf, in its dtype."""
    found = []
    for x, span in zip(leaves, _spans(leaves), strict=True):
        part = directions[:, span].reshape(len(directions), *shape_of(x))
        dtype = np.dtype(getattr(x, "dtype", float))
        found.append(part.astype(dtype if dtype.kind == "f" else float, copy=False))
    return found


def _in_chunks(f: Callable[[list[Any]], list[Any]], moves: list[Any], chunk: int, name: str) -> Any:
    """The products of all directions, in one row each."""
    count, rows = len(moves[0]), []
    for start in range(0, count, chunk):
        part = [x[start : start + chunk] for x in moves]
        found = [[x] for x in f([x[0] for x in part])] if chunk == 1 else over(f, part)
        if any(isinstance(z, Interpreter) for z in found):
            raise _carries_no_gradient(name)
        size = len(part[0])
        rows.append(np.concatenate([np.reshape(z, (size, -1)) for z in found], axis=1))
    return np.concatenate(rows)


def _sizes(out: Any, chosen: Chosen) -> Any:
    """For each element of the output how large a derivative of it is if nothing
    cancels: its own size, over that of the input.
    """
    largest = max([float(abs(np.asarray(x)).max(initial=0.0)) for x in chosen.leaves], default=0.0)
    sizes = np.concatenate([np.zeros(0), *(np.ravel(abs(np.asarray(numbers_below(z), float))) for z in leaves_of(out))])
    return np.where(np.isfinite(sizes), sizes, 0.0) / largest if 0.0 < largest < np.inf else 0.0


def _blocks(matrix: Any, outs: list[Any], leaves: list[Any]) -> list[list[Any]]:
    """The parts of the matrix by output leaf, then by input leaf."""
    if len(outs) == len(leaves) == 1:
        return [[matrix]]
    rows, columns = _spans(outs), _spans(leaves)
    return [[matrix[row, column] for column in columns] for row in rows]


def _spans(leaves: Sequence[Any]) -> list[slice]:
    """Where the elements of each leaf stand among those of all."""
    ends = [0, *itertools.accumulate(map(size_of, leaves))]
    return [slice(*pair) for pair in itertools.pairwise(ends)]
