"""All derivatives at once: `jacobian`, `hessian`; and `hvp`, a Hessian times a
vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec

from micrograd import on_demand as np
from micrograd.argnums import Argnames, Argnums, Chosen, check_argnums
from micrograd.errors import ArgumentError
from micrograd.interpreter import Interpreter, settled, shape_of
from micrograd.leaves import as_array, basis, joined, size_of, unboxed, unshared_leaves
from micrograd.ops import moveaxis, reshape
from micrograd.ops.hints import told_keywords
from micrograd.tracing import Trace
from micrograd.transforms.derived import Derived, check_function, split_aux
from micrograd.transforms.directions import at_once, chunk_of, in_chunks, single_moves
from micrograd.transforms.gradients import named_gradient
from micrograd.transforms.products import Pushing, check_moves, pushed_forward
from micrograd.transforms.pushing import can_push, pushed
from micrograd.transforms.sparse import Settings, sparse_jacobian
from micrograd.trees import leaves_of, like, mapped

P = ParamSpec("P")  # all arguments of f


@told_keywords
def jacobian(
    f: Callable[P, Any],
    argnums: Argnums | None = None,
    mode: str | None = None,
    has_aux: bool = False,
    *,
    argnames: Argnames | None = None,
    chunk_size: int | None = None,
    sparsity: Any = None,
    check: bool = True,
) -> Derived[P, Any]:
    """All derivatives of all outputs: a function to arrays of shape (*output, *input).

    J[i, j] = dz_i / dx_j

    f runs once. All directions then go through it together, as examples of a `vmap`.

    Args:
        f: a function to an array or a tree of arrays; with has_aux, a pair of it and
            anything else.
        argnums: the number of the argument to differentiate by, or several; the first
            where there are no argnames.
        mode: "reverse" pulls a cotangent back for each output element, "forward" pushes
            a tangent for each input element; None takes the cheaper.
        has_aux: f returns (output, auxiliary data).
        argnames: the name of the argument to differentiate by, or several, among those
            given by name.
        chunk_size: how many directions to take at once. None takes as many as fit into
            32 MB for an input or output.
        sparsity: None for full arrays. The pattern of a sparse Jacobian: a SciPy sparse
            array or a boolean matrix, with a row for each element of the output and a
            column for each of the input; or "detect", to read it from the program.
            Columns, or rows, that do not meet share a direction.
        check: with a pattern, push one more direction, to find one that is too small.

    Returns:
        A function of f's arguments, to the Jacobian or (Jacobian, aux). For trees: the
        structure of the output, of the structure of the argument. With sparsity, each
        array is a csr_array of SciPy's, of shape (size of output, size of input).

    Raises:
        ArgumentError: there is no such mode or argument, f returns no pair with
            has_aux, or the pattern is too small.
        ShapeError: the pattern does not have the shape of the Jacobian.
        DataError: the pattern is to be detected, and f has a branch on data.
        GradientError: with sparsity, inside another transform or for a Value.
        MissingExtraError: with sparsity, SciPy is not installed.

    Source: Curtis, Powell, Reid (1974), doi:10.1093/imamat/13.1.117.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    >>> jacobian(lambda x: x[1:] * x[:-1], sparsity="detect")(np.arange(5.0)).toarray()
    array([[1., 0., 0., 0., 0.],
           [0., 2., 1., 0., 0.],
           [0., 0., 3., 2., 0.],
           [0., 0., 0., 4., 3.]])
    """
    if mode not in (None, "reverse", "forward"):
        raise ArgumentError(f"jacobian: there is no mode {mode!r}; take 'reverse', 'forward', or None for the cheaper")
    check_argnums("jacobian", argnums)
    chunk = chunk_of("jacobian", chunk_size)
    settings = Settings("jacobian", argnums, mode, has_aux, argnames, chunk, sparsity, check)
    return Derived("jacobian", _jacobian, f, settings)


def _jacobian(f: Any, settings: Settings, args: tuple[Any, ...], options: Any) -> Any:
    if settings.sparsity is not None:
        return sparse_jacobian(f, settings, args, options)
    if settings.mode == "forward":
        chosen = Chosen("jacobian", settings.argnums, args, options, settings.argnames)
        if any(map(size_of, chosen.leaves)):
            return _pushed_by_duals(f, chosen, settings)
    with Trace("jacobian", f, args, settings.argnums, options, settings.argnames) as trace:
        out, aux = split_aux("jacobian", trace.out) if settings.has_aux else (trace.out, None)
        outs = leaves_of(out)
        inputs, outputs = sum(map(size_of, trace.fresh)), sum(map(size_of, outs))
        if settings.mode is None and 0 < inputs < outputs and can_push(trace, outs):
            blocks = _pushed_blocks(trace, outs, settings)
        else:
            blocks = [_pulled_blocks(trace, z, settings) for z in outs]
        found = like(out, [trace.shaped(row) for row in blocks])
        return (found, trace.result(aux)) if settings.has_aux else found


def _pulled_blocks(trace: Trace, z: Any, settings: Settings) -> list[Any]:
    """The derivatives of one output leaf by each input leaf: a cotangent goes back for
    each of its elements.
    """
    z = as_array(z)
    shape, chunk = shape_of(z), at_once([z, *trace.fresh], settings.chunk_size)
    if chunk == 1 or size_of(z) < 2:
        rows = [trace.pull(z, seed) for seed in basis(z)]
        return [joined([row[j] for row in rows], shape, x, 0) for j, x in enumerate(trace.fresh)]
    found = in_chunks(lambda seeds: trace.pulled(z, seeds[0]), [z], chunk)
    pairs = zip(found, trace.fresh, strict=True)
    return trace.settled([reshape(rows, shape=(*shape, *shape_of(x))) for rows, x in pairs], [])


def _pushed_blocks(trace: Trace, outs: list[Any], settings: Settings) -> list[list[Any]]:
    """The derivatives by output leaf, then by input leaf: a tangent goes forward for
    each element of the inputs, through the graph of the one run.
    """
    chunk = at_once([*map(as_array, outs), *trace.fresh], settings.chunk_size)
    columns = _columns(lambda moves: pushed(trace, outs, moves), trace.fresh, chunk)
    return [trace.settled(_blocks(column, z, trace.fresh), []) for column, z in zip(columns, outs, strict=True)]


def _pushed_by_duals(f: Any, chosen: Chosen, settings: Settings) -> Any:
    """The Jacobian by `jvp`: the function runs once for each chunk of directions."""
    leaves, push = chosen.leaves, Pushing(f, chosen, settings.has_aux)
    columns = _columns(push, leaves, at_once(leaves, settings.chunk_size))
    rows = [unshared_leaves(_blocks(*pair, leaves), []) for pair in zip(columns, leaves_of(push.out), strict=True)]
    found = like(push.out, map(chosen.shaped, rows))
    return (found, mapped(settled, push.aux)) if settings.has_aux else found


def _columns(push: Callable[[list[Any]], list[Any]], leaves: list[Any], chunk: int) -> list[Any]:
    """For each output leaf its tangents along all unit vectors: an array with them
    along axis 0, or a list.
    """
    if chunk == 1 or sum(map(size_of, leaves)) < 2:
        return list(zip(*map(push, single_moves(leaves)), strict=True))
    return in_chunks(push, leaves, chunk)


def _blocks(column: Any, z: Any, leaves: list[Any]) -> list[Any]:
    """Tangents of one output leaf along all unit vectors, by input leaf."""
    found, first = [], 0
    for x in leaves:
        size = size_of(x)
        part = column[first : first + size]
        found.append(_turned(part, x) if hasattr(column, "shape") else joined(list(part), shape_of(x), z, -1))
        first += size
    return found


def _turned(part: Any, x: Any) -> Any:
    """Tangents along the unit vectors of x, with the axes of x last."""
    if shape_of(x) == ():
        return unboxed(part[0])
    block = reshape(moveaxis(part, source=0, destination=-1), shape=(*shape_of(part)[1:], *shape_of(x)))
    return block if isinstance(block, Interpreter) else np.ascontiguousarray(block)


@told_keywords
def hessian(
    f: Callable[P, Any],
    argnums: Argnums | None = None,
    has_aux: bool = False,
    *,
    argnames: Argnames | None = None,
    chunk_size: int | None = None,
    sparsity: Any = None,
    check: bool = True,
) -> Derived[P, Any]:
    """All second derivatives of a function to one number, of shape (*input, *input).

    H[i, j] = d2z / dx_i dx_j

    The gradient is recorded once. All directions go back through it together.

    Args:
        f: a function that returns one number; with has_aux, a pair of it and anything
            else.
        argnums: the number of the argument to differentiate by, or several; the first
            where there are no argnames.
        has_aux: f returns (number, auxiliary data).
        argnames: the name of the argument to differentiate by, or several, among those
            given by name.
        chunk_size, sparsity, check: as in `jacobian`. Of a pattern one triangle is
            enough. The colors use that a Hessian is symmetric.

    Returns:
        A function of f's arguments, to the Hessian or (Hessian, aux). For trees: the
        structure of the argument, of the structure of the argument.

    Raises:
        ShapeError: f does not return one number, or the pattern does not fit.
        ArgumentError, DataError, GradientError, MissingExtraError: as `jacobian`.

    Source: Coleman, Moré (1984), doi:10.1007/BF02612334.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([3.0, 5.0])
    [[10.0, 6.0], [6.0, 0.0]]
    """
    mode = "reverse" if sparsity is None else "forward"
    settings = Settings("hessian", argnums, mode, has_aux, argnames, chunk_of("hessian", chunk_size), sparsity, check)
    return Derived("hessian", _jacobian, named_gradient("hessian", f, argnums, has_aux, argnames), settings)


def hvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of f times a vector, without the Hessian: the gradient, pushed
    forward along the tangents.

    Args:
        f: a function to one number.
        primals: its arguments.
        tangents: one per primal, of its structure and shapes.

    Returns:
        The product, of the structure of the first primal; for several primals, a tuple
        with one of each.

    Raises:
        ArgumentError: primals or tangents are not tuples, or not as many.
        ShapeError: f does not return one number, or a tangent has another shape.

    >>> hvp(lambda x: x**3, (2.0,), (1.0,))
    12.0
    """
    check_function("hvp", f, "(lambda x: x**3, (2.0,), (1.0,))")
    check_moves("hvp", primals, tangents)
    argnums: Argnums = 0 if len(primals) == 1 else range(len(primals))
    return pushed_forward("hvp", named_gradient("hvp", f, argnums), primals, tangents)[1]
