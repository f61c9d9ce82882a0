"""vmap with the other transforms: what it gives is what a loop over the examples
gives.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, detect_anomaly, grad, hessian, jacobian, jvp, ops, vjp, vmap
from micrograd.errors import AnomalyError, ArgumentError, GradientError, IndexingError, MicrogradError
from micrograd.nn.losses import cross_entropy
from micrograd.op import elementwise

RNG = np.random.default_rng(7)
XS, W, A = RNG.normal(size=(5, 3)), RNG.normal(size=3), RNG.normal(size=(4, 3))
BS = RNG.normal(size=5)


def looped(f: Callable[..., Any], *columns: Any) -> Any:
    return np.stack([np.asarray(f(*row)) for row in zip(*columns, strict=True)])


def close(actual: Any, wanted: Any) -> None:
    np.testing.assert_allclose(actual, wanted, rtol=1e-13, atol=1e-13)


def loss(x: Any, w: Any = W) -> Any:
    return np.sum(np.tanh(x * w) ** 2)


def curve(x: Any) -> Any:
    return np.tanh(A @ x)


PER_EXAMPLE: dict[str, Callable[[Any], Any]] = {
    "f": loss,
    "grad": grad(loss),
    "grad of an inner function": lambda x: grad(lambda w: loss(x, w))(W),
    "jacobian": jacobian(curve),
    "jacobian forward": jacobian(curve, mode="forward"),
    "hessian": hessian(loss),
    "jvp": lambda x: jvp(curve, (x,), (W,))[1],
    "jvp of an inner function": lambda x: jvp(lambda w: loss(x, w), (W,), (x,))[1],
    "vjp": lambda x: vjp(curve, x)[1](np.arange(4.0))[0],
    "vjp of a number": lambda x: vjp(np.tanh, x[0])[1](1.0)[0],
    "grad of grad": lambda x: grad(lambda y: np.sum(grad(loss)(y) * y))(x),
    "vmap": lambda x: vmap(lambda a: np.sum(a * x))(A),
    "grad of vmap": lambda x: grad(lambda y: np.sum(vmap(lambda a: np.sin(a @ y))(A)))(x),
    "vmap of grad": lambda x: vmap(grad(lambda a: np.sin(np.sum(a * x))))(A),
    "constant": lambda x: W,
    "gradient of a constant": lambda x: grad(lambda y: 3.0)(x),
}


@pytest.mark.parametrize("name", PER_EXAMPLE)
def test_of_each_example(name: str) -> None:
    f = PER_EXAMPLE[name]
    close(vmap(f)(XS), looped(f, XS))


def total(w: Any) -> Any:
    return np.sum(vmap(lambda x: loss(x, w) ** 2)(XS))


def total_looped(w: Any) -> Any:
    return sum(loss(x, w) ** 2 for x in XS)


AROUND: dict[str, Callable[[Callable[[Any], Any]], Any]] = {
    "grad": lambda f: grad(f)(W),
    "jvp": lambda f: jvp(f, (W,), (np.arange(3.0),))[1],
    "hessian": lambda f: hessian(f)(W),
    "jacobian of grad": lambda f: jacobian(grad(f), mode="forward")(W),
    "vjp": lambda f: vjp(f, W)[1](2.0)[0],
    "vmap": lambda f: vmap(f)(A),
    "vmap of grad": lambda f: vmap(grad(f))(A),
    "vmap of hessian": lambda f: vmap(hessian(f))(A),
}


@pytest.mark.parametrize("name", AROUND)
def test_inside_of_a_transform(name: str) -> None:
    close(AROUND[name](total), AROUND[name](total_looped))


def test_inner_number_is_not_confused_with_the_outer() -> None:
    close(vmap(lambda b: grad(lambda w: w * w * b)(2.0))(BS), 4.0 * BS)
    close(vmap(lambda b: jvp(lambda w: w * w * b, (2.0,), (1.0,))[1])(BS), 4.0 * BS)


def test_pullback_of_all_cotangents_at_once() -> None:
    out, pullback = vjp(curve, W)
    (rows,) = vmap(pullback)(np.eye(4))
    close(out, curve(W))
    close(rows, jacobian(curve)(W))


def test_pullback_of_all_cotangents_keeps_the_history() -> None:
    def size(x: Any) -> Any:
        _, pullback = vjp(curve, x)
        return np.sum(vmap(pullback)(np.eye(4))[0] ** 2)

    close(grad(size)(W), grad(lambda x: np.sum(jacobian(curve, mode="forward")(x) ** 2))(W))


def test_values_closed_over_keep_their_history() -> None:
    v = Value(W)
    z = vmap(lambda x: loss(x, v))(XS)
    assert isinstance(z, Value)
    z.sum().backward()
    close(v.grad, sum(grad(lambda w, x=x: loss(x, w))(W) for x in XS))


def test_gradients_of_each_example_keep_the_history_of_a_value() -> None:
    v = Value(W)
    z = vmap(grad(lambda x: np.sum(x * x * v)))(XS)
    z.sum().backward()
    close(v.grad, 2.0 * XS.sum(axis=0))


def test_a_result_that_no_argument_has_to_do_with() -> None:
    v = Value(2.0)
    z = vmap(lambda x: v * v)(XS)
    assert z.shape == (5,)
    z.sum().backward()
    assert v.grad == 20.0


# Zeros and infinities have their meaning in each example

POINTS = np.array([0.0, 1.0, 4.0, -1.0, np.inf, np.nan])
AT_KINKS: dict[str, Callable[[Any], Any]] = {
    "sqrt where": lambda x: np.where(x > 0, np.sqrt(x), 0.0),
    "log where": lambda x: np.where(x > 0, np.log(x), 0.0),
    "sqrt of a square": lambda x: np.sqrt(x * x),
    "power times 0": lambda x: x**0.5 * 0.0,
    "x log x": lambda x: (x - 1.0) * np.log(np.abs(x - 1.0)),
    "root of abs": lambda x: np.abs(x) ** 0.5,
    "where inside": lambda x: np.sum(np.where(np.array([True, False]), np.sqrt(x * np.ones(2)), 0.0)),
    "norm": lambda x: np.linalg.norm(np.stack([x, 2.0 * x])),
}


@pytest.mark.filterwarnings("ignore::micrograd.errors.GradientWarning")
@pytest.mark.parametrize("name", AT_KINKS)
def test_zero_times_infinity_in_each_example(name: str) -> None:
    f = AT_KINKS[name]

    def slope(t: float) -> Callable[[Any], Any]:
        return lambda x: jvp(f, (x,), (t,))[1]

    with np.errstate(all="ignore"):
        for g in (f, grad(f), grad(grad(f)), slope(1.0), slope(0.0)):
            np.testing.assert_array_equal(vmap(g)(POINTS), looped(g, POINTS))
        np.testing.assert_array_equal(jvp(vmap(f), (POINTS,), (np.ones(6),))[1], looped(slope(1.0), POINTS))
        _, pullback = vjp(f, 0.0)
        cotangents = np.array([0.0, 1.0, np.inf])
        np.testing.assert_array_equal(vmap(pullback)(cotangents)[0], [pullback(g)[0] for g in cotangents.tolist()])


def test_anomalies_are_found_in_an_example() -> None:
    with pytest.raises(AnomalyError, match=r"^log: the output is nan at \(1,\), from input 0 = -1.0"), detect_anomaly():
        vmap(grad(np.log))(np.array([1.0, -1.0]))


# Numbers of a type


def test_types_of_numbers_stay() -> None:
    xs = XS.astype(np.float32)
    assert vmap(loss)(xs).dtype == np.float64  # W is of float64
    f = lambda x: np.sum(np.tanh(2.0 * x) ** 2 + 1)  # noqa: E731
    assert vmap(f)(xs).dtype == vmap(grad(f))(xs).dtype == np.float32
    assert vmap(lambda x: x + 1)(np.arange(3)).dtype == int
    assert vmap(lambda x: x > 0)(BS).dtype == bool
    assert vmap(lambda x: 3)(BS).dtype == int


MASK, WHOLE = np.array([True, False, True]), np.array([2**60 + 1, 2, 3])
BITS = np.array([[200, 100, 3], [255, 0, 7]], np.uint8)
PLAIN_NUMBERS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "booleans beside plain ones": (lambda x: MASK + (x > 0), XS),
    "and counted": (lambda x: np.sum(MASK + (x > 0)), XS),
    "and multiplied": (lambda x: MASK @ (x > 0), XS),
    "and of a number": (lambda x: np.True_ + (x[0] > 0), XS),
    "&": (lambda x: MASK & (x > 0), XS),
    "|": (lambda x: np.bitwise_or(x > 0, MASK), XS),
    "^": (lambda x: MASK ^ (x > 0), XS),
    "~": (lambda x: np.invert(x > 0), XS),
    "outer": (lambda x: np.add.outer(MASK, x > 0), XS),
    "whole numbers beside plain ones": (lambda x: WHOLE - np.argsort(x), XS),
    "broadcast": (lambda x: np.stack(np.broadcast_arrays(WHOLE, np.argmax(x))), XS),
    "append": (lambda x: np.append(WHOLE, np.argsort(x)), XS),
    "block": (lambda x: np.block([WHOLE, np.argsort(x)]), XS),
    "meshgrid": (lambda x: np.stack(np.meshgrid(WHOLE, np.argsort(x))), XS),
    "prod": (lambda x: np.prod(x > 0) + np.prod(x > -9), XS),
    "cumprod": (lambda x: np.cumprod(x > -9) + 1, XS),
    "nanmean": (lambda x: np.nanmean(x > 0), XS),
    "mean where": (lambda x: np.mean(x > 0, where=MASK), XS),
    "std": (lambda x: np.std(x > 0), XS),
    "copy": (lambda x: np.copy(x > 0), XS),
    "var": (np.var, BITS),
    "nanvar": (np.nanvar, BITS),
    "gradient": (np.gradient, BITS),
    "average": (lambda x: np.average(x, weights=x + x), BITS),
    "product of few bits": (np.prod, BITS),
    "norm": (lambda x: np.linalg.norm(x, 1), BITS.astype(np.int8)),
}


@pytest.mark.parametrize("name", PLAIN_NUMBERS)
def test_booleans_and_whole_numbers_are_as_in_numpy(name: str) -> None:
    f, xs = PLAIN_NUMBERS[name]
    found, wanted = vmap(f)(xs), looped(f, xs)
    assert (found == wanted).all() if found.dtype.kind in "iub" else np.allclose(found, wanted, 1e-13)
    assert name == "norm" or found.dtype == wanted.dtype


def test_an_element_of_whole_numbers_is_set() -> None:
    table = np.arange(3.0)
    f = lambda i: ops.take(table, i.at[0].set(1), axis=0)  # noqa: E731
    assert vmap(f)(np.array([[0, 2], [2, 0]])).tolist() == [[1.0, 2.0], [1.0, 0.0]]
    assert vmap(lambda x: ~(x > 0).at[0].set(True))(XS)[:, 0].tolist() == [False] * 5


# Trees and axes


def test_axes_of_a_tree() -> None:
    tree = {"x": XS, "w": W, "none": None, "list": [BS]}
    axes = {"x": 0, "w": None, "none": None, "list": 0}
    found = vmap(lambda t, s: (loss(t["x"], t["w"]) * t["list"][0] + s, t["none"]), (axes, None))(tree, 2.0)
    close(found[0], looped(loss, XS) * BS + 2.0)
    assert found[1] is None


def test_negative_axes_in_and_out() -> None:
    cube = RNG.normal(size=(2, 3, 5))
    z = vmap(lambda x: np.tanh(x), in_axes=-1, out_axes=-2)(cube)
    close(z, np.moveaxis(np.tanh(cube), -1, -2))
    a, b = vmap(lambda x: (x, np.sum(x)), in_axes=2, out_axes=(1, 0))(cube)
    assert (a.shape, b.shape) == ((2, 5, 3), (5,))


def test_arguments_by_name_are_mapped_along_axis_0() -> None:
    close(vmap(lambda x, *, w: loss(x, w))(XS, w=2.0 * XS), looped(loss, XS, 2.0 * XS))


def test_axis_size_where_nothing_is_mapped() -> None:
    close(vmap(loss, in_axes=None, axis_size=4)(W), np.full(4, loss(W)))
    assert vmap(loss, in_axes=None, out_axes=None, axis_size=4)(W) == loss(W)


@pytest.mark.parametrize(
    ("f", "shape", "dtype"),
    [
        (lambda x: np.allclose(x, x), (), bool),
        (lambda x: np.array_equal(x, x[0]), (), bool),
        (lambda x: np.linalg.matrix_rank(x), (), int),
        (lambda x: np.searchsorted(x[0], 0.5), (), int),
        (lambda x: np.isin(x, [0.0]), (2, 3), bool),
        (lambda x: vmap(lambda row: np.allclose(row, x))(x), (2,), bool),
    ],
)
def test_plain_data_of_an_empty_batch(f: Any, shape: Any, dtype: Any) -> None:
    z = vmap(f)(np.zeros((0, 2, 3)))
    assert (z.shape, z.dtype) == ((0, *shape), dtype)


@pytest.mark.parametrize("f", [np.sum, np.sin, np.linalg.norm, grad(np.sum)])
def test_functions_of_numpy_are_not_watched(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """To read the state of the generator took longer than the call."""
    monkeypatch.delattr(np.random, "get_bit_generator")
    assert vmap(f)(XS).shape[0] == len(XS)


def test_an_empty_batch() -> None:
    none = np.zeros((0, 3))
    assert vmap(loss)(none).shape == (0,)
    assert vmap(grad(loss))(none).shape == (0, 3)
    assert vmap(jacobian(curve))(none).shape == (0, 4, 3)
    assert vmap(lambda x: np.linalg.inv(np.eye(3) + x))(none).shape == (0, 3, 3)
    assert vmap(lambda x: np.digitize(x, W))(none).shape == (0, 3)
    assert vmap(lambda x: np.sort(x)[0])(none).shape == (0,)


def test_the_result_may_be_changed() -> None:
    z = vmap(lambda x: W)(XS)
    z[0] = 7.0
    assert z[1, 0] == W[0]


def test_results_share_no_memory() -> None:
    xs = XS.copy()
    a, b, c = vmap(lambda x: (x, x, x[0]))(xs)
    a[0], b[1, 1], c[0] = 7.0, 8.0, 9.0
    np.testing.assert_array_equal(xs, XS)
    assert (a[1, 1], b[0, 0], a[0, 0]) == (XS[1, 1], XS[0, 0], 7.0)


def test_an_op_of_ones_own() -> None:
    op = elementwise("cubed in vmap", lambda z, x: 3.0 * x * x)(lambda x: x * x * x)
    close(vmap(grad(op))(BS), 3.0 * BS**2)


# Indices that differ from example to example


def test_elements_by_numbers_of_each_example() -> None:
    table, places = RNG.normal(size=(4, 2)), np.array([0, -1, 2, 2, 1])
    close(vmap(lambda i: ops.take(table, i, axis=0))(places), table[places])
    close(vmap(lambda x, i: np.take(x, i))(XS, places % 3), XS[np.arange(5), places % 3])
    close(vmap(lambda x: np.take_along_axis(x, np.argsort(x), axis=0))(XS), np.sort(XS, axis=1))
    close(vmap(lambda x, i: ops.take(x, i, axis=1, mode="wrap"), (None, 0))(table, places), table[:, places % 2].T)
    gradient = vmap(grad(lambda t, i: np.sum(ops.take(t, i, axis=0) ** 2)), (None, 0))(table, places)
    close(gradient, looped(grad(lambda t, i: np.sum(t[i] ** 2)), [table] * 5, places.tolist()))
    summed = grad(lambda t: np.sum(vmap(lambda i: ops.take(t, i, axis=0) ** 2)(places)))(table)
    close(summed, gradient.sum(axis=0))


def test_an_index_that_is_not_there() -> None:
    with pytest.raises(IndexingError, match=r"^take: index 3 is out of bounds for axis 0 of \(3,\), with size 3$"):
        vmap(lambda x, i: np.take(x, i))(XS, np.array([0, 1, 2, 3, 0]))
    with pytest.raises(IndexingError, match=r"^take: indices of type float64: give integers"):
        vmap(lambda x, i: np.take(x, i))(XS, BS)


def test_classes_of_each_example() -> None:
    logits, classes = RNG.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    f = lambda z, k: cross_entropy(z, k)  # noqa: E731
    close(vmap(grad(f))(logits, classes), looped(grad(f), logits, classes))
    close(vmap(lambda k: ops.one_hot(k, 3))(classes), np.eye(3)[classes])
    close(vmap(lambda k: ops.embedding(k, XS))(classes), XS[classes])


# What is refused

CHOICE = np.array([0, 1, 1])
REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "if": (lambda x, i: x[0] if x[0] > 0 else 0.0, r"^bool\(\): inside vmap this number stands for .*\nwrite np.where"),
    "float": (lambda x, i: float(x[0]), r"^float\(\): .*\nuse NumPy's functions, such as np.exp\(x\) for math.exp"),
    "math": (lambda x, i: math.exp(x[0]), r"^float\(\): inside vmap this number stands for all examples at once"),
    "int": (lambda x, i: int(x[0]), r"^int\(\): .*\nwrite micrograd.numpy.take\(table, i, axis=0\) for table\[i\]"),
    "item": (lambda x, i: x[0].item(), r"^item\(\): inside vmap this number"),
    "max": (lambda x, i: max(x[0], 0.0), r"^bool\(\): .*\n.*np.maximum for min and max$"),
    "tolist": (lambda x, i: x.tolist(), r"^tolist\(\): inside vmap a value of shape \(2,\) stands for"),
    "range": (lambda x, i: range(i), r"^index: .*\n.*;\nsizes, as of range\(n\), must be the same in each"),
    "table": (lambda x, i: W[i], r"^index: .*\nwrite micrograd.numpy.take"),
    "own table": (lambda x, i: x[i], r"^getitem: inside vmap the index \(\) differs .*;\nwrite micrograd.numpy.take"),
    "mask": (lambda x, i: x[x > 0], r"^getitem: inside vmap the index \(2,\) .* too;\nwrite np.where\(mask, x, 0.0\)"),
    "raw mask": (lambda x, i: W[:2][x > 0], r"^mask: .*\nwrite np.where\(mask, x, 0.0\) for x\[mask\]"),
    "at": (lambda x, i: x.at[i].set(0.0), r"^index_set: .*;\nwrite np.where\(np.arange\(n\) == i, w, x\)"),
    "float index": (lambda x, i: x[x], "an index must be made of integers, such as those of argmax$"),
    "asarray": (lambda x, i: np.asarray(x), r"^asarray: inside vmap a value of shape \(2,\)"),
    "format": (lambda x, i: f"{x[0]:.2f}", r"^format: inside vmap this number"),
    "round": (lambda x, i: round(x[0]), r"^round\(\): .*\nwrite np.round\(x\)$"),
    "nonzero": (lambda x, i: np.nonzero(x), "^vmap: the size of a result differs from example to example"),
    "histogram": (lambda x, i: np.histogram(x), r"^vmap: this function looks at the plain numbers of its input \(2,\)"),
    "random": (lambda x, i: x * np.random.rand(), r"^np.random: a function inside vmap drew random numbers"),
    "dropout": (lambda x, i: ops.dropout(x), "^dropout: inside vmap all examples would get the same mask"),
    "setitem": (lambda x, i: x.__setitem__(0, 1.0), r"^setitem: \(2,\) is one example .*\nwrite x = x.at\[0\].set"),
    "~": (lambda x, i: ~x, r"^~: float64 numbers have no op for it; write np.logical_not\(x\), or -x$"),
    "shapes": (lambda x, i: x + np.ones(3), r"^add: \(2,\) and \(3,\) do not broadcast"),
    "axis": (lambda x, i: np.sum(x, axis=1), r"^sum: axis 1 of \(2,\): its axes are numbered from -1 to 0$"),
    "matmul": (lambda x, i: x @ np.ones((3, 2)), r"^matmul: \(2,\) @ \(3, 2\): inner sizes 2 and 3 differ"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_the_repair(name: str) -> None:
    f, message = REFUSED[name]
    given = np.array([[1.0, 0.0], [-2.0, 1.0], [0.0, 3.0]])
    with pytest.raises(MicrogradError, match=message) as caught:
        vmap(f)(given, CHOICE)
    assert len(str(caught.value).splitlines()) <= 3


def test_answers_to_comparisons_go_together() -> None:
    close(
        vmap(lambda x: np.where((x > 0) & ~(x > 1) | (x < -1), x, 0.0))(BS),
        np.where((BS > 0) & (BS <= 1) | (BS < -1), BS, 0),
    )
    close(vmap(lambda x: True ^ (x > 0))(BS), BS <= 0)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "sizes": (
        lambda: vmap(loss)(XS, XS[:2]),
        "numbers of examples differ: 5 in argument 0, 2 in argument 1; give each",
    ),
    "size by name": (lambda: vmap(lambda x, w: x)(XS, w=XS[:2]), "differ: 5 in argument 0, 2 in w=; give"),
    "axis_size": (lambda: vmap(loss, axis_size=4)(XS), "differ: 4 by axis_size, 5 in argument 0; give"),
    "axis_size below 0": (lambda: vmap(loss, None, axis_size=-1)(W), "axis_size=-1: give an integer of at least 0"),
    "axis_size True": (lambda: vmap(loss, None, axis_size=True)(W), "axis_size=True: give an integer of at least 0"),
    "number": (
        lambda: vmap(loss)(XS, 2.0),
        "argument 1 is a number, which has no axes, and in_axes says axis 0; give None",
    ),
    "list": (lambda: vmap(loss)([1.0, 2.0]), r"or an array \(a list is a tree of its elements\)"),
    "axis": (lambda: vmap(loss, 2)(XS), r"argument 0 is of shape \(5, 3\), and in_axes says axis 2; give"),
    "count": (
        lambda: vmap(loss, (0, 0))(XS),
        r"in_axes=\(0, 0\), and f was called with 1 positional arguments; give one",
    ),
    "tree": (
        lambda: vmap(loss, ({"x": 0},))(XS),
        r"in_axes has {'x': 0} for an argument that is an array of shape \(5, 3\)",
    ),
    "nothing": (lambda: vmap(loss, None)(W), "no argument is mapped, so the number of examples is not known; give"),
    "out": (
        lambda: vmap(loss, out_axes=1)(XS),
        r"out_axes says axis 1 for a result of shape \(\) in each example; with",
    ),
    "axis_size not whole": (lambda: vmap(loss, None, axis_size=2.5)(W), "axis_size=2.5: give an integer of at least"),
    "unknown option": (
        lambda: vmap(loss, axis=1),
        "there is no axis=; write in_axes=, along which the examples lie, and out_axes= for the results",
    ),
    "out None": (lambda: vmap(loss, out_axes=None)(XS), "out_axes is None for a result that differs from example to"),
    "out tree": (
        lambda: vmap(loss, out_axes=(0, 0))(XS),
        r"out_axes has \(0, 0\) for an output that is a number; give",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_in_axes_name_the_argument(name: str) -> None:
    call, message = MISTAKES[name]
    with pytest.raises(MicrogradError, match=f"^vmap: .*{message}"):
        call()


LEFT_OVER: dict[str, Callable[[Any], Any]] = {
    "op": lambda x: x + 1.0,
    "float": float,
    "beside a Value": lambda x: Value(2.0) * x,
    "in a transform": lambda x: grad(lambda w: w * x)(1.0),
    "in another vmap": lambda x: vmap(lambda b: b * x)(BS),
}


@pytest.mark.parametrize("name", LEFT_OVER)
def test_left_over_from_a_vmap_that_has_ended(name: str) -> None:
    kept: list[Any] = []
    vmap(lambda x: kept.append(x) or x)(BS)
    with pytest.raises(GradientError, match=r"^vmap: a value of shape \(\) is left over from a vmap that has ended"):
        LEFT_OVER[name](kept[0])


def test_left_over_but_the_same_in_each_example() -> None:
    kept: list[Any] = []
    vmap(lambda b: grad(lambda w: kept.append(w) or w * b)(2.0))(BS)
    assert float(kept[0] * 3.0) == 6.0


def test_it_can_be_pickled_and_shown() -> None:
    f = pickle.loads(pickle.dumps(vmap(np.tanh)))
    close(f(BS), np.tanh(BS))
    assert repr(f) == "<vmap of tanh>"


@pytest.mark.parametrize("axes", [np.ones((3, 2)), np.array([0, 1]), "0", 1.0, {"x": 0}, True])
def test_in_axes_that_are_not_axes_are_refused_at_once(axes):
    """As in `vmap(f, x)`, where f's arguments stand in the place of in_axes."""
    with pytest.raises(ArgumentError) as caught:
        vmap(np.sin, axes)
    assert str(caught.value).startswith("vmap: in_axes is a")
    assert str(caught.value).endswith(
        "; give one axis for all, or a tuple with one entry for each; "
        "the arguments of f come in a second call: vmap(f)(x)"
    )
    assert vmap(np.sin, np.int64(0))(np.zeros(2)).shape == (2,)
