"""Indexing: what is composed of ops, what Dask arrays take, and what is said to bad
input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, on_demand, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, IndexingError, MicrogradError, OpError, ShapeError
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.indexing import BASIC
from tests.samples.sample import A3, A23, A234, SIGNED

I23 = np.array([[2, 0, 2], [1, 1, 0]])


def _along(x: Any, indices: Any, axis: Any) -> Any:
    return np.take_along_axis(x, np.asarray(indices), axis)


TAKES = [
    *(Row("take", (A234,), np.take, {"indices": i}) for i in (5, [0, 23, 0], -1, [])),
    *(Row("take", (A234,), np.take, {"indices": i, "axis": 1}) for i in (1, -1, [0, 2, 0], I23)),
    *(Row("take", (A23,), np.take, {"indices": [7, -9], "axis": 1, "mode": m}) for m in ("wrap", "clip")),
    Row("take_along_axis", (A23,), _along, {"indices": I23, "axis": -1}),
    Row("take_along_axis", (A23,), _along, {"indices": [[1, 0, -1]], "axis": 0}),
    Row("take_along_axis", (A234,), _along, {"indices": np.array([[[1], [0], [2]]]), "axis": 2}),
    Row("take_along_axis", (A23,), _along, {"indices": [5, 0, 5], "axis": None}),
]


def _multiplied(x: Any, w: Any, index: Any) -> Any:
    z = np.array(x)
    np.multiply.at(z, index, w)
    return z


# w with a zero in it, and elements that repeat
_FACTORS: list[tuple[Any, Any, Any]] = [
    (A23, 0.5, 0),
    (A23, np.array([0.0, 1.5, -2.0]), slice(None)),
    (A3, np.array([2.0, 0.0, 3.0, 4.0, 5.0]), [0, 2, 0, 0, -1]),
    (A23, A23[:1], [1, 1]),
    (A23, 3.0, ([0, 0, 1], [2, 2, 0])),
    (A23, 0.5, A23 > 1.0),
    (0.75, 2.0, ()),
]
MULTIPLIED = [Row("index_multiply", (x, w), _multiplied, {"index": i}) for x, w, i in _FACTORS]
ROWS = TAKES + MULTIPLIED


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_take(torch: Any, x: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    places = np.take(np.arange(x.numel()).reshape(x.shape), indices, axis, mode=mode)
    return x.reshape(-1)[torch.as_tensor(places.astype(int))]


def _torch_take_along(torch: Any, x: Any, indices: Any, axis: Any) -> Any:
    places = _along(np.arange(x.numel()).reshape(x.shape), indices, axis)
    return x.reshape(-1)[torch.as_tensor(places)]


def _torch_multiply(torch: Any, x: Any, w: Any, index: Any) -> Any:
    places = np.asarray(np.arange(x.numel()).reshape(x.shape)[index])
    factors = w.broadcast_to(places.shape).reshape(-1)
    elements = list(x.reshape(-1))
    for place, factor in zip(places.reshape(-1), factors, strict=True):
        elements[place] = elements[place] * factor
    return torch.stack(elements).reshape(x.shape)


TORCH = {"take": _torch_take, "take_along_axis": _torch_take_along, "index_multiply": _torch_multiply}


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, TORCH[row.op])


# Dask arrays are lazy and take no assignment: slices, integers, None, one array of
# integers, one mask of the same shape

A67 = np.arange(42.0).reshape(6, 7) / 10.0
_LAZY: list[Any] = [
    *BASIC[:-2],
    (slice(5, 0, -2), slice(None, None, 3)),
    ([0, 0, 1],),
    (slice(1, None), [0, 2, 2]),
    (None, slice(None), [1]),
    np.array([True, False]),
]


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


@pytest.mark.parametrize("index", _LAZY, ids=str)
def test_getitem_on_dask(index: Any) -> None:
    agrees_on_dask(Row("getitem", (A234,), _getitem, {"index": index}))


@pytest.mark.parametrize("index", [slice(None, None, 4), slice(-2, None, -3), slice(4, 5, 2), (slice(1, 6, 2), 3)])
def test_steps_on_dask(index: Any) -> None:
    agrees_on_dask(Row("getitem", (A67,), _getitem, {"index": index}))


@pytest.mark.parametrize("name", ["index_set", "index_add", "index_multiply"])
@pytest.mark.parametrize(
    ("w", "index"),
    [(0.25, (slice(None), 0)), (A3, slice(1, None)), (A3, 1), (A23[:, ::2], (..., [0, 2])), (A23[:1], [1, 1])],
    ids=str,
)
def test_writing_on_dask(name: str, w: Any, index: Any) -> None:
    if name == "index_multiply" and index == [1, 1]:
        pytest.skip("takes elements out by several arrays of integers, which Dask does not do")
    agrees_on_dask(Row(name, (A23, w), np.asarray, {"index": index}))


def test_masks_on_dask() -> None:
    lazy = pytest.importorskip("dask.array")
    x = Value(lazy.from_array(A23, chunks=(1, 3)))
    z = x.at[A23 > 1.0].set(0.0) + x.at[x > 1.0].set(0.0)
    z.backward()
    np.testing.assert_array_equal(z.data.compute(), 2.0 * np.where(A23 > 1.0, 0.0, A23))
    np.testing.assert_array_equal(x.grad.compute(), 2.0 * (A23 <= 1.0))


def test_what_dask_cannot_take_is_said() -> None:
    lazy = pytest.importorskip("dask.array")
    with pytest.raises(OpError, match="getitem: an array of dask has no gradient at this index; index by "):
        ops.scatter(lazy.ones(2, chunks=1), index=([0, 1], [0, 1]), shape=(2, 3))


# Writing


def test_nothing_is_written_into_x() -> None:
    x, w = Value(A23, label="x"), Value(A3)
    before = A23.copy()
    for z in (x.at[0].set(w), x.at[0].add(w), x.at[0].multiply(w), ops.At(A23)[0].set(1.0)):
        assert z is not x
    np.testing.assert_array_equal(x.data, before)
    np.testing.assert_array_equal(A23, before)


def test_the_last_of_several_is_written_and_has_the_gradient() -> None:
    x, w = Value([1.0, 2.0]), Value([5.0, 6.0, 7.0])
    z = x.at[[0, 1, 0]].set(w)
    np.testing.assert_array_equal(z.data, [7.0, 6.0])
    (z * np.array([10.0, 100.0])).backward()
    np.testing.assert_array_equal(w.grad, [0.0, 100.0, 10.0])
    np.testing.assert_array_equal(x.grad, [0.0, 0.0])


def test_many_writes_to_one_element_are_in_order() -> None:
    w = np.arange(10_000.0)
    index = np.arange(10_000)[::-1] % 7
    wanted = np.zeros(7)
    for i, value in zip(index, w, strict=True):
        wanted[i] = value
    np.testing.assert_array_equal(ops.index_set(np.zeros(7), w, index=index), wanted)


def test_a_repeated_element_receives_every_addition_and_factor() -> None:
    x, w = Value([2.0, 1.0]), Value([3.0, 0.0, 5.0])
    z = x.at[[0, 0, 0]].multiply(w)
    np.testing.assert_array_equal(z.data, [0.0, 1.0])
    z.backward()
    np.testing.assert_array_equal(w.grad, [0.0, 30.0, 0.0])
    np.testing.assert_array_equal(x.grad, [0.0, 1.0])
    x, w = Value([2.0, 1.0]), Value([3.0, 0.0, 5.0])
    z = x.at[[0, 0, 0]].add(w)
    np.testing.assert_array_equal(z.data, [10.0, 1.0])
    z.backward()
    np.testing.assert_array_equal(w.grad, [1.0, 1.0, 1.0])


def test_writing_where_infinity_was_leaves_no_trace_of_it() -> None:
    x = Value([np.inf, 1.0])
    z = x.at[0].set(0.0)
    (z * z).backward()
    np.testing.assert_array_equal(x.grad, [0.0, 2.0])


@pytest.mark.parametrize("name", ["index_set", "index_add", "index_multiply"])
def test_one_input_alone_may_move(name: str) -> None:
    for inputs in ([Value(A23), 2.0], [A23, Value(2.0)]):
        z = getattr(ops, name)(*inputs, index=(slice(None), [0, 0]))
        z.backward()
        (moved,) = (x for x in inputs if isinstance(x, Value))
        assert np.shape(moved.grad) == moved.shape
    f = getattr(ops, name)
    assert jvp(lambda w: f(A23, w, index=0), [A3], [np.ones(3)])[1].shape == (2, 3)
    assert jvp(lambda x: f(x, A3, index=0), [A23], [np.ones((2, 3))])[1].shape == (2, 3)


@pytest.mark.parametrize("name", ["index_set", "index_add", "index_multiply"])
@pytest.mark.parametrize(("x", "w"), [(np.float32, np.float64), (np.float64, np.float32)])
def test_two_types_of_float_become_the_wider(name: str, x: Any, w: Any) -> None:
    v, u = Value(A23.astype(x)), Value(A3.astype(w))
    z = getattr(ops, name)(v, u, index=0)
    assert z.dtype == np.float64 == getattr(ops, name)(Abstract((2, 3), x), Abstract((3,), w), index=0).dtype
    z.backward()
    assert (v.grad.dtype, u.grad.dtype) == (x, w)


def test_writing_into_an_integer_does_not_cut() -> None:
    assert Value(2).at[...].set(0.5).data == 0.5


# Reading


def test_an_index_that_a_comparison_gives() -> None:
    v = Value(SIGNED)
    z = v[v > 0.0]
    z.backward()
    np.testing.assert_array_equal(z.data, SIGNED[SIGNED > 0.0])
    np.testing.assert_array_equal(v.grad, SIGNED > 0.0)


def test_rows_of_a_table_add_up() -> None:
    """The gradient of an embedding, by the shorter way that whole rows take, is that of
    np.add.at.
    """
    table, index = Value(np.zeros((50, 4, 3), np.float32)), np.arange(600).reshape(20, 30) % 50 - 25
    z = table[index]
    cotangent = np.random.default_rng(0).normal(size=z.shape).astype(np.float32)
    z.backward(cotangent)
    wanted = np.zeros((50, 4, 3), np.float32)
    np.add.at(wanted, index, cotangent)
    np.testing.assert_array_equal(table.grad, wanted)


def test_places_from_a_shape_alone() -> None:
    """Where only shapes are known, sorted places are a shape too, and may be indexed
    by.
    """
    x = Abstract((4, 3))
    places = ops.argsort(x, axis=0)
    assert ops.take(x, places, axis=1).shape == (4, 4, 3)
    assert ops.take_along_axis(x, places, axis=0).shape == (4, 3)


VALUES = "the index holds Value 'n' (): an index carries no gradient; give plain integers, such as int(v)"


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            "b[2]",
            IndexingError,
            "getitem: index 2 of 'b' (2,): index 2 is out of bounds for axis 0 with size 2; give",
        ),
        ("w[0, -4]", IndexingError, "getitem: index (0, -4) of 'w' (2, 3): index -4 is out of bounds for axis 1 with "),
        ("w[..., 3]", IndexingError, "getitem: index (Ellipsis, 3) of 'w' (2, 3): index 3 is out of bounds for axis 1"),
        ("w[:, [0, 7]]", IndexingError, "index 7 is out of bounds for axis 1 with size 3; give -3 to 2"),
        ("w[[0, 1], [0, -4]]", IndexingError, "index -4 is out of bounds for axis 1 with size 3; give -3 to 2"),
        (
            "e[0]",
            IndexingError,
            "getitem: index 0 of 'e' (0, 3): index 0 is out of bounds for axis 0 with size 0; it has",
        ),
        ("w[0, 0, 0]", IndexingError, "too many indices for array: it has 2 axes, and 3 were indexed"),
        ("n[0]", IndexingError, "getitem: index 0 of 'n' (): too many indices for array: it has 0 axes, and 1 were"),
        ("w[..., ...]", IndexingError, "`...` stands for all axes that are not named, so give it once"),
        (
            "b[1.0]",
            IndexingError,
            "getitem: index 1.0 of 'b' (2,): give integers, slices, None, `...`, or arrays of int",
        ),
        (
            "b['x']",
            IndexingError,
            "getitem: index 'x' of 'b' (2,): give integers, slices, None, `...`, or arrays of int",
        ),
        ("b[[[0], [0, 1]]]", IndexingError, "getitem: index [[0], [0, 1]] of 'b' (2,): give integers, slices, None"),
        (
            "b[np.ones((50, 50))]",
            IndexingError,
            "getitem: index array([[1., 1., 1., ..., 1., 1., 1.], [1., 1., 1., ...,",
        ),
        ("b[0:'x']", IndexingError, "getitem: index slice(0, 'x', None) of 'b' (2,): slice indices must be integers"),
        ("b[::0]", IndexingError, "getitem: index slice(None, None, 0) of 'b' (2,): slice step cannot be zero"),
        ("w[np.ones(3, bool)]", IndexingError, "boolean index did not match: its shape is (3,), that of its axes (2,)"),
        ("w[0, np.ones((3, 1), bool)]", IndexingError, "too many indices for array: it has 2 axes, and 3 were indexed"),
        ("w[[0, 1], [0, 1, 2]]", IndexingError, "index arrays of shapes (2,) and (3,) do not broadcast; give them one"),
        ("w[n]", IndexingError, f"getitem: {VALUES}"),
        ("ops.getitem(raw, index=(0, n))", IndexingError, f"getitem: {VALUES}"),
        ("w[[0, n]]", IndexingError, f"getitem: {VALUES}"),
        ("w[[[0, n]]]", IndexingError, f"getitem: {VALUES}"),
        ("w[b]", IndexingError, "getitem: the index holds Value 'b' (2,): an index carries no gradient; give plain"),
        ("w[n:]", IndexingError, "slice indices must be integers"),
        ("w.at[n].set(1.0)", IndexingError, f"index_set: {VALUES}"),
        ("w.at[n].add(1.0)", IndexingError, f"index_add: {VALUES}"),
        ("w.at[n].multiply(1.0)", IndexingError, f"index_multiply: {VALUES}"),
        (
            "w.at[2].set(1.0)",
            IndexingError,
            "index_set: index 2 of 'w' (2, 3): index 2 is out of bounds for axis 0 wit",
        ),
        (
            "w.at[2].add(1.0)",
            IndexingError,
            "index_add: index 2 of 'w' (2, 3): index 2 is out of bounds for axis 0 wit",
        ),
        ("w.at[[0, 2]].add(1.0)", IndexingError, "index_add: index [0, 2] of 'w' (2, 3): index 2 is out of bounds for"),
        ("w.at[2].multiply(1.0)", IndexingError, "index_multiply: index 2 of 'w' (2, 3): index 2 is out of bounds for"),
        (
            "w.at[0].set(b)",
            ShapeError,
            "index_set: 'b' (2,) does not broadcast to the elements of 'w' (2, 3) at the index, of shape (3,)",
        ),
        (
            "w.at[0].add(b)",
            ShapeError,
            "index_add: 'b' (2,) does not broadcast to the elements of 'w' (2, 3) at the index, of shape (3,)",
        ),
        ("w.at[0].multiply(b)", ShapeError, "index_multiply: 'b' (2,) does not broadcast to the elements of 'w' (2,"),
        (
            "w.at[0, 0].set(b)",
            ShapeError,
            "index_set: 'b' (2,) does not broadcast to the elements of 'w' (2, 3) at the index, of shape",
        ),
        ("ops.scatter(b, index=[0, 1], shape=(1,))", IndexingError, "scatter: index [0, 1] of (1,): index 1 is out of"),
        ("ops.scatter(b, index=[0], shape=(3,))", ShapeError, "scatter: 'b' (2,) does not broadcast to the elements"),
        (
            "ops.take(w, 6)",
            IndexingError,
            "take: index 6 of (6,): index 6 is out of bounds for axis 0 with size 6; give",
        ),
        ("ops.take(w, [0, 3], axis=1)", IndexingError, "index 3 is out of bounds for axis 1 with size 3; give -3"),
        (
            "ops.take(raw, [0, 3], axis=1)",
            IndexingError,
            "index 3 is out of bounds for axis 1 with size 3; give -3",
        ),
        (
            "ops.take(w, 1.5)",
            IndexingError,
            "take: index 1.5 of (6,): give integers, slices, None, `...`, or arrays of",
        ),
        ("ops.take(w, n)", IndexingError, f"take: {VALUES}"),
        ("ops.take(w, 0, axis=2)", ShapeError, "take: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
        ("ops.take(w, 0, mode='near')", ArgumentError, "take: mode 'near': give 'raise', 'wrap' or 'clip'"),
        (
            "ops.take_along_axis(w, [0])",
            IndexingError,
            "take_along_axis: indices of shape (1,) for 'w' (2, 3): give",
        ),
        ("ops.take_along_axis(w, [[0], [5]])", IndexingError, "index 5 is out of bounds for axis 1 with size 3; give"),
        ("ops.take_along_axis(w, [[0], [0], [0]])", IndexingError, "index arrays of shapes (2, 1) and (3, 1) do not"),
        ("ops.take_along_axis(w, n)", IndexingError, f"take_along_axis: {VALUES}"),
        ("ops.take_along_axis(w, [[0]], axis='a')", ArgumentError, "take_along_axis: axis 'a': give an integer"),
        ("ops.stack(3)", ArgumentError, "stack: 3 is not a sequence; give a list of values"),
        ("ops.stack('ab')", ArgumentError, "stack: 'ab' is not a sequence; give a list of values"),
        ("ops.stack([n], axis='a')", ArgumentError, "stack: axis 'a': give an integer"),
        ("ops.stack([n, n], axis=2)", ShapeError, "stack: axis 2: the axes of the result are numbered from -1 to 0"),
        ("ops.stack([b, [n, 'a']])", DataError, "stack: 'a' is a str, not a number or an array of numbers"),
    ],
)
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert words in said(program, error)


# The gradient of a loop over x[i]


def each_alone(x):
    """A loop over the elements of x, and x whole in between."""
    total = 0.0
    for i in range(len(x)):
        total = total + x[i] ** 3 * x[-1]
        if i % 50 == 0:
            total = total + np.sum(x) * x[i]
    return total + np.sum(x[1:] * x[:-1]) + np.sum(x[[0, 0, 1]] ** 2)


def with_scatters(x):
    """The same, with the op that gives each gradient an array of its own."""
    n = len(x)

    def at(index):
        ones = np.zeros((len(np.atleast_1d(np.arange(n)[index])), n))
        ones[np.arange(len(ones)), np.atleast_1d(np.arange(n)[index])] = 1.0
        rows = ones @ x
        return rows[0] if isinstance(index, int) else rows

    total = 0.0
    for i in range(n):
        total = total + at(i) ** 3 * at(n - 1)
        if i % 50 == 0:
            total = total + np.sum(x) * at(i)
    return total + np.sum(at(slice(1, None)) * at(slice(0, -1))) + np.sum(at([0, 0, 1]) ** 2)


def recorded_gradient(f, x):
    v = Value(x)
    f(v).backward(create_graph=True)
    first, v.grad = v.grad, None
    np.sum(first * first).backward()
    return v.grad


def eager_gradient(f, x):
    v = Value(x)
    f(v).backward()
    f(v).backward()
    return v.grad


WALKS = {
    "backward": eager_gradient,
    "backward of an inner node": lambda f, x: eager_gradient(lambda v: f(v * 2.0), x),
    "create_graph": recorded_gradient,
    "grad": lambda f, x: micrograd.grad(f)(x),
    "grad of grad": lambda f, x: micrograd.grad(lambda x: np.sum(micrograd.grad(f)(x) ** 2))(x),
    "third order": lambda f, x: micrograd.grad(lambda x: np.sum(recorded(f)(x) ** 2))(x),
    "jvp of grad": lambda f, x: micrograd.jvp(micrograd.grad(f), (x,), (x,))[1],
    "vmap of grad": lambda f, x: micrograd.vmap(micrograd.grad(f))(np.stack([x, -x])),
    "grad of vmap": lambda f, x: micrograd.grad(lambda xs: np.sum(micrograd.vmap(f)(xs)))(np.stack([x, -x])),
}


def recorded(f):
    return micrograd.grad(lambda x: np.sum(micrograd.grad(f)(x) ** 2))


@pytest.mark.parametrize("walk", WALKS)
def test_gradients_of_a_loop_over_elements(walk):
    x = np.linspace(-1.0, 1.0, 7)
    np.testing.assert_allclose(WALKS[walk](each_alone, x), WALKS[walk](with_scatters, x), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("walk", WALKS)
def test_a_loop_over_elements_makes_no_array_per_element(walk, monkeypatch):
    """Of n gradients of one element each, n arrays of the shape of x would be n * n
    numbers.
    """
    made = []
    zeros = np.zeros

    def counted(shape, *options):
        made.append(int(np.prod(shape)))
        return zeros(shape, *options)

    monkeypatch.setattr(on_demand, "zeros", counted)
    numbers = []
    for n in (50, 100):
        made.clear()
        WALKS[walk](lambda x: sum((x[i] ** 3 for i in range(len(x))), 0.0), np.linspace(0.5, 1.0, n))
        numbers.append(sum(made))
    assert numbers[0] > 0, "the count sees nothing"
    assert numbers[1] <= 2 * numbers[0] + 16, numbers


def test_gradients_that_share_an_array_are_not_added_to_in_place():
    # y and x[0] share one gradient: what comes to x at last must not reach y.
    x = Value(np.array([1.0, 2.0, 3.0]))
    y = x * 1.0
    z = y + 0.0
    total = np.sum(z * np.array([1.0, 10.0, 100.0])) + y[0] + z[1] + y[2] + x[2]
    total.backward()
    assert z.grad.tolist() == [1.0, 11.0, 100.0]
    assert y.grad.tolist() == [2.0, 11.0, 101.0]
    assert x.grad.tolist() == [2.0, 11.0, 102.0]


def test_a_backward_of_the_users_own_sees_all_that_came_from_elements():
    x = Value(np.array([1.0, 2.0, 3.0]))
    y = x * 2.0
    seen = []

    def step():
        seen.append(y.grad.copy() if isinstance(y.grad, np.ndarray) else y.grad.data.copy())
        x.grad = x.grad + 2.0 * y.grad

    y._backward = step
    (y[0] + y[1] * 3.0 + y[1]).backward()
    assert seen[0].tolist() == [1.0, 4.0, 0.0] and x.grad.tolist() == [2.0, 8.0, 0.0]
    x.grad = None
    (y[0] * y[0] + y[1] * 3.0 + y[1]).backward(create_graph=True)
    assert seen[1].tolist() == [4.0, 4.0, 0.0]


def test_float32_gradients_of_elements_stay_float32():
    x = Value(np.ones(3, np.float32))
    (x[0] * 2.0 + x[1] + np.sum(x[:2].astype(float))).backward()
    assert x.grad.dtype == np.float32 and x.grad.tolist() == [3.0, 2.0, 0.0]


def test_scattered_wants_one_index_per_value():
    with pytest.raises(ShapeError) as caught:
        ops.scattered(1.0, 2.0, indices=(0,), shape=(3,))
    assert str(caught.value) == "scattered: 2 values for 1 indices; give one index per value"
