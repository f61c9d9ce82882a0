"""Arguments of compiled functions: what is traced, what is a key, what is an index."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
import pytest

import micrograd
from micrograd import Value, nn, ops
from micrograd.errors import CaptureError, CompileWarning
from micrograd.nn import losses
from micrograd.trees import leaves_of

w, b = Value(2.0), Value(np.array([0.5, -1.0, 2.0]))
A = Value(np.arange(12.0).reshape(4, 3) ** 1.3)
S = Value(np.random.default_rng(0).normal(size=(2, 3, 4)))
B = [Value(0.5 * i + 1.0) for i in range(5)]
STATES = [w, b, A, S, *B]
embedding = nn.Embedding(4, 3, rng=np.random.default_rng(0))
X = np.random.default_rng(1).normal(size=(4, 3))


@dataclass
class Batch:
    x: Any
    kind: str = "plain"


class Pair(NamedTuple):
    x: Any
    y: Any


class Affine:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, x):
        return w * x * self.scale


def _results(function, args, options):
    for v in STATES:
        v.grad = None
    results = leaves_of(function(*args, **options))
    for z in results:
        if isinstance(z, Value):
            z.backward(np.ones(z.shape) if z.shape else 1.0)
    return [np.asarray(z.data if isinstance(z, Value) else z) for z in results] + [np.asarray(v.grad) for v in STATES]


def _check(compiled, function, *args, **options):
    wanted = _results(function, args, options)
    for got, expected in zip(_results(compiled, args, options), wanted, strict=True):
        assert got.shape == expected.shape
        assert np.allclose(got, expected, rtol=1e-10, atol=1e-12)


def _count(compiled):
    return sum(map(len, compiled._kept.entries.values()))


# Per name: a function, calls of it, and how many programs these need.
ROWS: dict[str, Any] = {
    "a number": (lambda x: w * x, [(2.0,), (3.0,)], 1),
    "an int is traced": (lambda x: w * x, [(2,), (3,)], 1),
    "an int and a float": (lambda x: w * x, [(2,), (3.5,)], 2),
    "an array": (lambda x: (b * x).sum(), [(np.ones(3),), (np.arange(3.0),)], 1),
    "shapes": (lambda x: (b * x).sum(), [(np.ones(3),), (np.ones((2, 3)),), (np.ones(3),)], 2),
    "float32": (lambda x: (b * x).sum(), [(np.ones(3, np.float32),), (np.full(3, 0.1, np.float32),)], 1),
    "a list": (lambda xs: sum(w * x for x in xs), [([1.0, 2.0],), ([3.0, 5.0],), ([1.0],)], 2),
    "lists of lists": (lambda xs: sum(w * x * y for x, y in xs), [([[1, 2], [3, 4]],), ([[5, 6], [7, 8]],)], 1),
    "an empty list": (lambda xs: w + sum(xs), [([],), ([],)], 1),
    "a bool": (lambda x, on: w * x if on else -w * x, [(2.0, True), (3.0, False), (4.0, True)], 2),
    "None": (lambda x=None: w * 2.0 if x is None else w * x, [(), (None,), (5.0,), (6.0,)], 3),
    "a word": (lambda kind: w.sin() if kind == "sin" else w.cos(), [("sin",), ("cos",), ("sin",)], 2),
    "a dict": (lambda d: w * d["a"] + d["b"][0], [({"a": 1.0, "b": [2.0]},), ({"a": 3.0, "b": [4.0]},)], 1),
    "a dataclass": (
        lambda z: w * z.x if z.kind == "plain" else w,
        [(Batch(1.0),), (Batch(2.0),), (Batch(2.0, "x"),)],
        2,
    ),
    "a named tuple": (lambda z: w * z.x + z.y, [(Pair(1.0, 2.0),), (Pair(3.0, 4.0),)], 1),
    "an object": (lambda f, x: f(x), [(Affine(2.0), 1.0), (Affine(3.0), 2.0)], 2),
    "range": (lambda n: sum(B[i] * w for i in range(n)), [(1,), (3,), (1,)], 2),
    "a list's index": (lambda i: B[i] * w, [(1,), (2,), (1,)], 2),
    "ints of a list": (lambda ids: sum(B[i] * w for i in ids), [([1, 2],), ([2, 2],)], 2),
    "ints of an array": (lambda ids: sum(B[i] * w for i in ids), [(np.array([1, 2]),), (np.array([2, 0]),)], 2),
    "a mask as a condition": (lambda m: np.where(m, A, 0.0).sum(), [(X > 0,), (X > 0.5,)], 1),
    # Indices
    "rows": (lambda i: A[i] ** 2, [(np.array([0, 2, 1]),), (np.array([3, 3, -1]),)], 1),
    "one row": (lambda i: A[i] ** 2, [(0,), (3,), (-1,)], 1),
    "one element": (lambda i, j: A[i, j], [(0, 2), (3, -1)], 1),
    "one of each row": (lambda i: A[np.arange(4), i], [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, -1]),)], 1),
    "columns": (lambda i: A[:, i] ** 2, [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, -1]),)], 1),
    "columns of a part": (lambda i: A[1:, i], [(np.array([0, 2]),), (np.array([2, -3]),)], 1),
    "the last axis": (lambda i: S[..., i], [(np.array([[0, 2], [1, 1]]),), (np.array([[3, -1], [0, 1]]),)], 1),
    "a new axis": (lambda i: A[None, i], [(np.array([0, 2]),), (np.array([3, 3]),)], 1),
    "of an argument": (lambda x, i: w * x[i], [(X, np.array([0, 2])), (X * 2, np.array([3, 3]))], 1),
    "take": (lambda i: np.take(A, i), [(np.array([0, 11]),), (np.array([-12, 5]),)], 1),
    "take along": (lambda i: np.take(A, i, axis=1), [(np.array([0, 2]),), (np.array([-1, 1]),)], 1),
    "take, wrapped": (lambda i: np.take(A, i, mode="wrap"), [(np.array([0, 15]),), (np.array([-1, 30]),)], 1),
    "take of plain rows": (lambda i: ops.take(X, i, axis=0) @ b, [(np.array([0, 2]),), (np.array([3, -4]),)], 1),
    "take_along_axis": (
        lambda i: np.take_along_axis(A, i, axis=1),
        [(np.array([[0], [2], [1], [1]]),), (np.array([[2], [2], [0], [-1]]),)],
        1,
    ),
    "embedding": (lambda i: (embedding(i) * A[0]).sum(), [(np.array([0, 3]),), (np.array([2, 2]),)], 1),
    "one_hot": (lambda y: (ops.one_hot(y, 3) * A[:2]).sum(), [(np.array([0, 2]),), (np.array([1, 1]),)], 1),
    "cross_entropy": (
        lambda y: losses.cross_entropy(A * 0.1, y),
        [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, 0]),), (np.array([2, -100, 0, 0]),)],
        1,
    ),
    "cross_entropy, weighted": (
        lambda y: losses.cross_entropy(A * 0.1, y, weight=np.array([1.0, 2.0, 3.0]), label_smoothing=0.1),
        [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, 0]),)],
        1,
    ),
    "nll": (lambda y: losses.nll(ops.log_softmax(A), y), [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, 0]),)], 1),
    "multi_hinge": (lambda y: losses.multi_hinge(A, y), [(np.array([0, 2, 1, 1]),), (np.array([2, 2, 0, 0]),)], 1),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_call_gives_eagers_numbers_and_gradients(name):
    function, calls, programs = ROWS[name]
    compiled = micrograd.compile(function)
    for args in [*calls[:1], *calls, *calls]:
        _check(compiled, function, *args)
    assert _count(compiled) == programs


def test_arguments_by_name():
    def function(x, *, scale=1.0, on=True):
        return w * x * scale if on else w * x

    compiled = micrograd.compile(function)
    for options in ({}, {}, {"scale": 2.0}, {"scale": 3.0}, {"on": False, "scale": 4.0}, {"scale": 5.0, "on": True}):
        _check(compiled, function, 2.0, **options)


# Bounds are checked at each call

OUTSIDE: dict[str, Any] = {
    "rows": (lambda i: A[i], np.array([0, 3]), [np.array([0, 4]), np.array([-5, 0])]),
    "one row": (lambda i: A[i], 0, [4, -5]),
    "one of each row": (lambda i: A[np.arange(2), i], np.array([0, 2]), [np.array([0, 3]), np.array([-4, 0])]),
    "columns": (lambda i: A[:, i], np.array([0, 2]), [np.array([0, 3]), np.array([-4, 0])]),
    "take": (lambda i: np.take(A, i), np.array([0, 11]), [np.array([0, 12]), np.array([-13, 0])]),
    "take_along_axis": (
        lambda i: np.take_along_axis(A, i, axis=1),
        np.array([[0], [2], [1], [1]]),
        [np.array([[0], [3], [1], [1]]), np.array([[0], [-4], [1], [1]])],
    ),
    "embedding": (lambda i: embedding(i).sum(), np.array([0, 3]), [np.array([0, 4]), np.array([-1, 0])]),
    "labels": (
        lambda y: losses.cross_entropy(A, y),
        np.array([0, 2, 1, 1]),
        [np.array([0, 3, 1, 1]), np.array([0, -1, 1, 1])],
    ),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_an_index_outside_is_an_error_as_in_eager(name):
    function, good, wrong = OUTSIDE[name]
    compiled = micrograd.compile(function)
    compiled(good), compiled(good)
    for bad in wrong:
        with pytest.raises(IndexError):
            function(bad)
        with pytest.raises(IndexError, match="out of bounds"):
            compiled(bad)
    _check(compiled, function, good)


REFUSED: dict[str, Any] = {
    "a mask as an index": (lambda m: A[m], X > 0, "np.where"),
    "a float as an index": (lambda i: A[i], 1.0, "integers"),
    "a plain array indexed": (lambda i: X[i] @ b, np.array([0, 1]), "micrograd.numpy.take"),
    "beside an array and a slice": (lambda i: S[np.array([0, 1]), :, i], np.array([0, 1]), "np.take"),
    "an array of complex numbers": (lambda x: w, np.ones(2, complex), "real numbers"),
    "an array of objects": (lambda x: w, np.array([None]), "real numbers"),
    "an argument changed in place": (lambda x: _changed(x), np.ones(3), "x = x - y"),
}


def _changed(x):
    x += 1.0
    return (b * x).sum()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    function, given, repair = REFUSED[name]
    with pytest.raises(CaptureError, match=repair):
        micrograd.compile(function)(given)


def test_an_object_that_is_gone_does_not_lend_its_place():
    compiled = micrograd.compile(lambda f, x: f(x))
    for scale in range(1, 8):
        assert compiled(Affine(float(scale)), 1.0).data == 2.0 * scale


def test_methods_bind():
    class Model:
        def __init__(self, scale):
            self.scale = scale
            self.p = Value(1.5)

        @micrograd.compile
        def loss(self, x):
            return self.p * x * self.scale

    first, second = Model(2.0), Model(3.0)
    for x in (1.0, 2.0, 3.0):
        assert (first.loss(x).data, second.loss(x).data) == (3.0 * x, 4.5 * x)
    first.scale = 5.0
    assert first.loss(1.0).data == 7.5
    first.loss(1.0).backward()
    assert (first.p.grad, second.p.grad) == (5.0, 0.0)


# Values as arguments


def test_values_as_arguments_get_their_gradients():
    x, y = Value(1.5), Value(np.array([1.0, 2.0, 3.0]))
    function = lambda x, y: (x * y * b).sum() * w  # noqa: E731
    compiled = micrograd.compile(function)
    for data in (1.5, 1.5, 2.5):
        x.data = data
        for v in (x, y, w):
            v.grad = None
        function(x, y).backward()
        wanted = [x.grad, y.grad.copy(), w.grad]
        for v in (x, y, w):
            v.grad = None
        compiled(x, y).backward()
        assert all(np.allclose(v.grad, g) for v, g in zip((x, y, w), wanted, strict=True))
    assert _count(compiled) == 1
    z = Value(4.0)
    assert compiled(z, y).data == function(z, y).data
    assert compiled(x, y).data == function(x, y).data


# What runs uncompiled, and says so once


class Mine(Value):
    __slots__ = ()


MINE = Mine(3.0)


def _own_step():
    z = w * 2.0
    z._backward = lambda: None
    return z


def _by_hand():
    return Value(w.data, (w,), "mine") * 1.0


@micrograd.custom_vjp
def tenfold(x):
    return x * 1.0


tenfold.defvjp(lambda x: (x * 1.0, None), lambda residual, g: (10.0 * g,))


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda: tenfold(w), "custom_vjp of tenfold calls a function whose rule is yours"),
        (lambda: MINE * w, "Mine is a subclass of Value"),
        (_own_step, "the `_backward` of 'a node' is a function of yours"),
        (_by_hand, "made by hand"),
    ],
    ids=["custom_vjp", "subclass", "_backward", "by hand"],
)
def test_what_runs_uncompiled_says_so_once(function, why):
    compiled = micrograd.compile(function)
    with pytest.warns(CompileWarning, match=f"runs uncompiled, as .*{why}"):
        first = compiled()
    assert type(first) is type(function()) and first.data == function().data
    w.data = 3.0
    try:
        assert compiled().data == function().data  # without a warning
    finally:
        w.data = 2.0


@pytest.mark.parametrize("x", [np.float32(0.3), np.array(0.3, np.float32), np.float16(0.3)])
def test_a_single_number_of_few_bits_runs_uncompiled(x):
    compiled = micrograd.compile(lambda x: (w * x).exp())
    with pytest.warns(CompileWarning, match="an argument is a single number of float"):
        found = compiled(x)
    wanted = (w * x).exp()
    assert found.data == wanted.data and type(found.data) is type(wanted.data)


def test_a_list_of_ints_is_an_index():
    values = Value(np.arange(5.0))
    compiled = micrograd.compile(lambda rows: values[rows] * values[[0, 1]])
    for rows in ([0, 1], [2, 2], [4, -1]):
        np.testing.assert_array_equal(compiled(rows).data, values.data[rows] * [0.0, 1.0])
    assert _count(compiled) == 1


def test_arrays_of_a_subclass_are_read_anew():
    class Mapped(np.ndarray):
        """As np.memmap is."""

    values, x = Value(np.ones(3)), np.arange(3.0).view(Mapped)
    compiled = micrograd.compile(lambda x: (values * x).sum())
    for _ in range(3):
        x[0] += 1.0
        assert compiled(x).data == x.sum()
    assert _count(compiled) == 1


def test_dask_runs_uncompiled():
    dask = pytest.importorskip("dask.array")
    values = Value(np.ones(4))
    for function, given in ((lambda x: values * x, dask.ones(4)), (lambda x: Value(dask.ones(4)) * x, np.ones(4))):
        compiled = micrograd.compile(function)
        with pytest.warns(CompileWarning, match="holds an array of dask|is an array of dask"):
            z = compiled(given)
        assert type(z.data) is type(function(given).data)


def test_an_array_without_elements():
    values = Value(np.zeros(0))
    compiled = micrograd.compile(lambda x: (values * x).sum())
    for _ in range(2):
        z = compiled(np.zeros(0))
        z.backward()
        assert z.data == 0.0 and values.grad.shape == (0,)


def test_a_replaced_operator_runs_uncompiled(monkeypatch):
    usual = Value.__mul__
    monkeypatch.setattr(Value, "__mul__", lambda self, other: usual(self, other) + 1.0)
    compiled = micrograd.compile(lambda: w * 3.0)
    with pytest.warns(CompileWarning, match="Value.__mul__ was replaced"):
        assert compiled().data == 7.0


def test_generators_and_coroutines_are_refused():
    def generator():
        yield w

    async def coroutine():
        return w

    for function in (generator, coroutine):
        with pytest.raises(CaptureError, match="a generator or a coroutine"):
            micrograd.compile(function)()


class Listed(list):
    extra = 0.0


class Mapped(dict):
    extra = 0.0


class AsAttributes(dict):
    def __init__(self, **items):
        super().__init__(**items)
        self.__dict__ = self


@dataclass
class Prepared:
    x: Any

    def __post_init__(self):
        self.extra = 1.0


@pytest.mark.parametrize("make", [lambda x: Listed([x]), lambda x: Mapped({0: x}), Prepared])
@pytest.mark.parametrize("extra", [float, lambda n: np.full(2, n), lambda n: [n, {"n": n}], str, Value])
def test_what_a_tree_holds_beside_its_branches_is_a_key(make, extra):
    def function(tree):
        x, extra = tree.x if isinstance(tree, Prepared) else tree[0], tree.extra
        number = extra[0] if isinstance(extra, list) else float(extra) if isinstance(extra, str) else extra
        return (w * x * number).sum()

    compiled = micrograd.compile(function)
    for x, n in ((1.0, 1.0), (2.0, 1.0), (3.0, 5.0), (4.0, 1.0), (5.0, 5.0)):
        tree = make(x)
        tree.extra = extra(n)
        assert compiled(tree).data == function(tree).data
    assert _count(compiled) == (5 if extra is Value else 2)


def test_a_dict_whose_items_are_attributes():
    compiled = micrograd.compile(lambda x: w * x.a + x["b"])
    for a, c in ((1.0, 1.0), (1.0, 2.0), (3.0, 1.0)):
        assert compiled(AsAttributes(a=a, b=c)).data == 2.0 * a + c


def test_the_default_of_a_dict_is_a_key():
    compiled = micrograd.compile(lambda x: w * x["a"] + x["b"])
    for make, wanted in ((float, 2.0), (float, 2.0), (lambda: 5.0, 7.0), (float, 2.0)):
        assert compiled(defaultdict(make, a=1.0)).data == wanted


def test_which_numbers_of_a_list_are_ints_is_a_key():
    compiled = micrograd.compile(lambda x: (x[0], x[1] * 2, x[0] // 2))
    for x in ([1, 2.5], [1.5, 2], [3, 4], [1.5, 2.5], [2, 3.5]):
        found, wanted = compiled(x), (x[0], x[1] * 2, x[0] // 2)
        assert found == wanted and list(map(type, found)) == list(map(type, wanted))


class Choice(IntEnum):
    ONE = 1
    TWO = 2


def test_members_of_an_enum_are_keys():
    compiled = micrograd.compile(lambda x, c: w * x * c if c is Choice.ONE else w * x - c)
    for x, c in ((3.0, Choice.ONE), (4.0, Choice.ONE), (3.0, Choice.TWO), (5.0, Choice.ONE)):
        assert compiled(x, c).data == (2.0 * x if c is Choice.ONE else 2.0 * x - 2)
    assert _count(compiled) == 2


class Tenfold(float):
    def __mul__(self, other):
        return 10.0 * float(self) * other


class Hundredfold(np.ndarray):
    def __array_ufunc__(self, *given, **options):
        return 100.0


@pytest.mark.parametrize(
    ("x", "repair"),
    [
        (Tenfold(2.0), r"Tenfold, whose operators differ; give float\(x\)"),
        (np.ones(2).view(Hundredfold), r"Hundredfold, whose operators differ; give np.asarray\(x\)"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), r"MaskedArray, whose operators differ; give x.filled\(number\)"),
    ],
)
def test_operators_of_a_users_number_are_refused(x, repair):
    with pytest.raises(CaptureError, match=repair):
        micrograd.compile(lambda x: x * 2.0)(x)
