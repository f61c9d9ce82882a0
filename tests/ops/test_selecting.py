"""Elements chosen by conditions and places, put in and left out; and what these say to
bad input.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, IndexingError, MicrogradError, ShapeError
from tests.ops.composites import CHECKS, Row, agrees_on_dask, agrees_with_torch, said
from tests.samples.sample import A3, A21, A23, A234, EMPTY

B23, MASK = A23 + 2.0, A23 > 1.0
ZEROS = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.5, 3.0, 0.0]])


def _select(*choices: Any, conditions: Any) -> Row:
    return Row(
        "select",
        choices,
        lambda *xs: np.select(conditions, list(xs[:-1]), xs[-1]),
        {},
        lambda *xs: ops.select(conditions, list(xs[:-1]), xs[-1]),
    )


def _piecewise(x: Any, conditions: Any, *functions: Any) -> Row:
    return Row(
        "piecewise",
        (x,),
        lambda x: np.piecewise(x, conditions, list(functions)),
        {},
        lambda x: ops.piecewise(x, conditions, list(functions)),
    )


def _by(name: str, x: Any, *args: Any, **options: Any) -> Row:
    """Calls with plain arguments before or after the value, in which a Value stands for
    None.
    """

    def call(home: Any) -> Callable[..., Any]:
        return lambda *xs: getattr(home, name)(*_filled(args, xs), **options)

    return Row(name, x if isinstance(x, tuple) else (x,), call(np), {}, call(ops))


def _filled(args: tuple[Any, ...], xs: tuple[Any, ...]) -> list[Any]:
    supply = iter(xs)
    return [next(supply) if arg is None else arg for arg in args]


CHOOSING = [
    _select(A23, B23, 7.0, conditions=[MASK, A23 > 0.7]),
    _select(A23, A3, A21, conditions=[MASK, A3 > 1.0]),
    _select(0.75, 1.5, A3, conditions=[A3 > 1.5, A3 > 0.7]),
    _select(EMPTY, A3, conditions=[EMPTY > 1.0]),
    _piecewise(A23, [A23 < 1.0, A23 >= 1.0], lambda t: t * t, lambda t: 3.0 * t),
    _piecewise(A23, [MASK, A23 > 1.5], lambda t: t * t, 3.0),
    _piecewise(A23, [A23 > 9.0], lambda t: t * t, lambda t: 2.0 * t),
    _piecewise(A3, A3 > 1.0, lambda t: t * t),
    _piecewise(np.array(0.75), [True], lambda t: t * t),
    _piecewise(EMPTY, [EMPTY > 1.0], lambda t: t * t),
    Row("choose", (A23, B23), lambda *xs: np.choose(MASK, xs), {}, lambda *xs: ops.choose(MASK, xs)),
    Row("choose", (A3, 0.5, A21), lambda *xs: np.choose([2, 0, 1], xs), {}, lambda *xs: ops.choose([2, 0, 1], xs)),
    Row(
        "choose",
        (A3, 0.5),
        lambda *xs: np.choose([5, -1, 1], xs, mode="wrap"),
        {},
        lambda *xs: ops.choose([5, -1, 1], xs, mode="wrap"),
    ),
    _by("compress", A23, [False, True], None, axis=0),
    _by("compress", A23, [True, False, True], None, axis=1),
    _by("compress", A23, [True, False, True, True], None),
    _by("extract", A23, MASK, None),
    _by("extract", EMPTY, EMPTY > 0, None),
]
PUTTING = [
    *(Row("copy", (x,), np.copy) for x in (0.75, A23, EMPTY)),
    _by("append", (A23, A3), None, None),
    _by("append", (A3, 0.75), None, None),
    _by("append", (A23, A23[:1]), None, None, axis=0),
    _by("append", (EMPTY, A23), None, None, 0),
    _by("insert", (A3, 0.75), None, 1, None),
    _by("insert", (A23, 0.75), None, -1, None),
    _by("insert", (A23, A3), None, 1, None, axis=0),
    _by("insert", (A23, A3[:2]), None, 1, None, axis=1),
    _by("insert", (A23, A21), None, [0, 2], None, 1),
    _by("insert", (A3, A3[:2]), None, [1, 1], None),
    _by("insert", (A3, A3), None, [2], None),
    _by("insert", (A3, 0.75), None, slice(0, 3, 2), None),
    _by("insert", (A3, 0.75), None, np.array([True, False, True]), None),
    _by("insert", (A3, 0.75), None, [], None),
    _by("insert", (np.zeros(0), 0.75), None, 0, None),
    _by("delete", A3, None, 1),
    _by("delete", A23, None, [0, -1]),
    _by("delete", A23, None, 1, axis=0),
    _by("delete", A234, None, slice(0, 2), axis=-1),
    _by("delete", A23, None, np.array([True, False, True]), 1),
    _by("delete", A3, None, []),
]  # fmt: skip
ROWS = CHOOSING + PUTTING


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


@pytest.mark.parametrize(
    ("x", "options"),
    [
        (np.array([0.0, 0.0, 1.0, 0.0, 2.0, 0.0]), {}),
        (np.array([0.0, 0.0, 1.0, 0.0, 2.0, 0.0], np.float32), {"trim": "b"}),
        (ZEROS, {}),
        (ZEROS, {"trim": "F", "axis": 1}),
        (ZEROS, {"axis": (0,)}),
        (np.zeros((2, 2)), {}),
        (np.zeros(0), {}),
    ],
)
def test_trim_zeros(x: Any, options: dict[str, Any]) -> None:
    if "axis" not in inspect.signature(np.trim_zeros).parameters and (x.ndim > 1 or options.get("axis")):
        pytest.skip("NumPy before 2.2 trims one axis only")
    v = Value(x)
    z, wanted = ops.trim_zeros(v, **options), np.trim_zeros(x, **options)
    np.testing.assert_array_equal(z.data, wanted)
    assert (z.shape, z.dtype) == (wanted.shape, wanted.dtype)
    (z * z).sum().backward()
    np.testing.assert_array_equal(v.grad, 2.0 * x)  # what is cut off is zero


def test_what_depends_on_numbers_does_not_answer_for_a_shape() -> None:
    with pytest.raises(DataError, match=r"trim_zeros: \(3,\) is a shape without numbers, and the result depends on"):
        ops.trim_zeros(Abstract((3,)))


@pytest.mark.parametrize("row", [_select(A23, B23, A3, conditions=[MASK, A23 > 0.7]), PUTTING[1], PUTTING[17]], ids=str)
def test_on_dask(row: Row) -> None:
    agrees_on_dask(row)


@pytest.mark.peer
@pytest.mark.parametrize("row", [row for row in ROWS if row.op not in ("piecewise", "trim_zeros")], ids=str)
def test_against_torch(row: Row) -> None:
    """Each is a choice of elements, whose places NumPy says."""

    def theirs(torch: Any, *xs: Any) -> Any:
        ends = np.cumsum([x.numel() for x in xs])
        places = [np.arange(end - x.numel(), end).reshape(x.shape) + 0.0 for x, end in zip(xs, ends, strict=True)]
        chosen = torch.as_tensor(np.asarray(row.numpy(*places)).astype(int))
        return torch.cat([x.reshape(-1) for x in xs])[chosen]

    agrees_with_torch(row, theirs)


def test_piecewise_goes_through_its_functions() -> None:
    def f(x: Any) -> Any:
        return ops.sum(ops.piecewise(x, [x < 0.0, x >= 0.0], [lambda t, k: k * t, lambda t, k: t**k], 3.0))

    np.testing.assert_allclose(grad(f)(np.array([-2.0, 2.0])), [3.0, 12.0])
    np.testing.assert_allclose(grad(f)(2.0), 12.0)


def test_parameters_of_a_function_by_parts_have_gradients() -> None:
    w = Value(2.0)
    z = ops.piecewise(np.array([-1.0, 3.0]), [np.array([True, False])], [lambda t: w * t, w])
    z.sum().backward()
    assert (z.data.tolist(), w.grad) == ([-2.0, 2.0], 0.0)


def test_what_is_put_in_takes_the_dtype() -> None:
    x = Value(np.ones(2, np.float32))
    for z in (ops.insert(x, 0, 2.5), ops.insert(x, 0, np.ones(1)), ops.select([x.data > 0], [x], 2.5)):
        assert z.dtype == np.float32
    assert ops.insert(np.array([1, 2]), 0, Value(2.5)).data.tolist() == [2.5, 1.0, 2.0]  # integers become floats


def test_a_copy_has_memory_of_its_own() -> None:
    v = Value([1.0, 2.0])
    w = ops.copy(v)
    w.data[0] = 9.0
    assert v.data.tolist() == [1.0, 2.0]


def test_ix_chooses_a_grid() -> None:
    v = Value(A23)
    v[np.ix_([0, 1], [2, 2])].sum().backward()
    np.testing.assert_array_equal(v.grad, [[0.0, 0.0, 2.0]] * 2)


def test_elements_that_are_put_in_twice_add_up() -> None:
    v, w = Value([1.0, 2.0]), Value(5.0)
    (ops.insert(v, [0, 1, 2], w) * np.arange(5.0)).sum().backward()
    assert (v.grad.tolist(), w.grad) == ([1.0, 3.0], 0.0 + 2.0 + 4.0)


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        ("ops.select([b > 0], [b, b])", ArgumentError, "select: 1 conditions and 2 choices; give as many of both"),
        ("ops.select([], [])", ArgumentError, "select: 0 conditions and 0 choices; give as many of both, at least"),
        ("ops.select([b], [b])", ArgumentError, "select: a condition 'b' (2,) of float64: give booleans, such as"),
        ("ops.select([b > 0], ['a'])", DataError, "select: 'a' is a str, not a number or an array of numbers"),
        ("ops.piecewise(b, [b.data > 0], [1, 2, 3])", ArgumentError, "piecewise: 3 functions for 1 conditions; give"),
        ("ops.choose([0, 1], [b, b], mode='a')", ArgumentError, "choose: mode 'a': give 'raise', 'wrap' or 'clip'"),
        ("ops.choose([0, 2], [b, b])", IndexingError, "choose: a number is outside 0 to 1, as there are 2"),
        ("ops.choose(b, [b, b])", IndexingError, "choose: the numbers 'b' (2,): it says which elements are meant,"),
        ("ops.choose([0.5, 1.0], [b, b])", IndexingError, "choose: the numbers are of type float64; give"),
        ("ops.choose([0, 1], [w, b])", ShapeError, "choose: numbers of shape (2,) and choices 'w' (2, 3), 'b'"),
        ("ops.compress(b > 0, w, axis=2)", ShapeError, "take: axis 2 of 'w' (2, 3): its axes are numbered from -2 to"),
        ("ops.compress([[True]], w)", ShapeError, "compress: the condition has shape (1, 1); give one boolean per"),
        ("ops.compress([True] * 3, b)", IndexingError, "take: index array([0, 1, 2]) of (2,): index 2 is out of"),
        ("ops.compress(b, b)", IndexingError, "compress: the condition 'b' (2,): it says which elements are meant"),
        ("ops.compress([n, n], b)", IndexingError, "compress: the condition a list of Values: it says which elements"),
        ("ops.extract(b, b)", IndexingError, "extract: the condition 'b' (2,): it says which elements are meant"),
        ("ops.trim_zeros(b, 'x')", ArgumentError, "trim_zeros: trim 'x': give 'fb', 'f' or 'b'"),
        ("ops.trim_zeros(b, axis=1)", ShapeError, "trim_zeros: axis 1 of 'b' (2,): its axes are numbered from -1 to 0"),
        ("ops.append(w, b, axis=0)", ShapeError, "concatenate: 'w' (2, 3), 'b' (2,): give at least one value, all"),
        ("ops.insert(b, 5, 1.0)", IndexingError, "insert: into 'b' (2,): index 5 is out of bounds for axis 0 with"),
        ("ops.insert(w, 0, [1.0, 2.0], axis=0)", ShapeError, "insert: (2,) into 'w' (2, 3) at 0, axis 0: "),
        ("ops.insert(w, 0, 1.0, axis=2)", ShapeError, "insert: axis 2 of 'w' (2, 3): its axes are numbered from -2 to"),
        ("ops.insert(b, n, 1.0)", IndexingError, "insert: the place 'n' (): it says which elements are meant,"),
        ("ops.delete(b, 5)", IndexingError, "delete: from 'b' (2,), axis 0: index 5 is out of bounds for axis 0 with"),
        ("ops.delete(b, n)", IndexingError, "delete: the place 'n' (): it says which elements are meant, and"),
        ("ops.delete(w, 0, axis=2)", ShapeError, "delete: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ],
)  # fmt: skip
def test_errors(program: str, error: type[MicrogradError], words: str) -> None:
    assert said(program, error).startswith(words)
