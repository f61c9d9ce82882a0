"""Products of arrays in all examples: matmul, contract, and what stands on them."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.batched.layouts import checked_shapes, joined_rows, shapes_of_one, stand_in
from micrograd.batched.rules import elementwise, one_by_one, rule_for
from micrograd.interpreter import Array, shape_of
from micrograd.ops import add, contract, linear, matmul, moveaxis, multiply, reshape, transpose
from micrograd.ops.einsum import LETTERS
from micrograd.ops.inverses import solution
from micrograd.ops.matrices import swap_last
from micrograd.ops.products import crossed
from micrograd.record import Op


@rule_for(matmul)
def _matmul(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    x, y = data
    shapes = shapes_of_one(data, mapped)
    if () in shapes:
        op.shape(*map(stand_in, shapes))  # refuses numbers
    rows, columns = len(shapes[0]), len(shapes[1])
    if not mapped[1] and columns < 3:
        return _rows_times(x, y, rows, columns)
    if not mapped[0] and rows < 3 and columns == 1:
        return matmul(y, x if rows == 1 else transpose(x))
    if all(mapped) and rows == columns == 1:
        return matmul(_row(x), _column(y))[:, 0, 0]
    # As matrices: a vector is a row on the left, and a column on the right.
    z = elementwise(op, [x if rows > 1 else _row(x, mapped[0]), y if columns > 1 else _column(y)], mapped, {})
    return z[..., 0, :] if rows == 1 else z[..., 0] if columns == 1 else z


def _rows_times(x: Array, y: Array, rows: int, columns: int) -> Array:
    """x of all examples times one matrix or vector: one product with all rows."""
    if rows < 2 or columns < 2:
        return matmul(x, y)
    return reshape(matmul(joined_rows(x, 1), y), shape=(*shape_of(x)[:-1], shape_of(y)[-1]))


def _row(x: Array, is_mapped: bool = True) -> Array:
    shape = shape_of(x)
    return reshape(x, shape=(shape[0], 1, shape[1]) if is_mapped else (1, *shape))


def _column(x: Array) -> Array:
    return reshape(x, shape=(*shape_of(x), 1))


@rule_for(multiply)
def _multiply(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """A column times a row, as in the gradient of a matrix, is twice as fast by
    einsum.
    """
    x, y = data
    if all(mapped) and type(x) is type(y) is np.ndarray and x.dtype is y.dtype and _are_column_and_row(x, y):
        return np.einsum("bi,bj->bij", x[:, :, 0], y if y.ndim == 2 else y[:, 0])
    return elementwise(op, data, mapped, params)


def _are_column_and_row(x: Any, y: Any) -> bool:
    return bool(x.ndim == 3 and x.shape[2] == 1 and (y.ndim == 2 or (y.ndim == 3 and y.shape[1] == 1)))


@rule_for(contract)
def _contract(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """One more letter, for the examples."""
    inputs, output = params["subscripts"].split("->")
    free = next((a for a in LETTERS if a not in params["subscripts"]), None)
    if free is None:
        return one_by_one(op, data, mapped, params)
    terms = [free * m + term for term, m in zip(inputs.split(","), mapped, strict=True)]
    optimize = params.get("optimize")
    return op(*data, subscripts=f"{','.join(terms)}->{free}{output}", optimize=optimize)


@rule_for(solution)
def _solution(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    shapes = checked_shapes(op, data, mapped, {})
    if mapped == [False, True] and len(shapes[0]) == len(shapes[1]) == 2:  # one matrix: all columns side by side
        b = data[1]
        count, n, k = shape_of(b)
        columns = reshape(moveaxis(b, 0, 1), shape=(n, count * k))
        return moveaxis(reshape(op(data[0], columns), shape=(n, count, k)), 1, 0)
    return elementwise(op, data, mapped, params)


@rule_for(crossed)
def _crossed(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """Vectors are along the last axis; the others broadcast."""
    if () in shapes_of_one(data, mapped):
        checked_shapes(op, data, mapped, {})  # refuses numbers
    return elementwise(op, data, mapped, params)


@rule_for(linear)
def _linear(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    x, weight, bias = data
    checked_shapes(op, data, mapped, {})
    if mapped == [True, False, False]:
        return op(x, weight, bias)
    turned = swap_last(weight)
    z = _matmul(matmul, [x, turned], mapped[:2], {}) if any(mapped[:2]) else matmul(x, turned)
    return elementwise(add, [z, bias], [any(mapped[:2]), mapped[2]], {})
