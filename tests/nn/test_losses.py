"""Losses: right numbers far out, in first and second order; what is refused, and with
what words. tests/peers/test_losses.py compares them with PyTorch.
"""

from __future__ import annotations

import doctest
import importlib
import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, gradcheck, jvp, nn, ops
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, DomainError, IndexingError, MicrogradError, ShapeError
from micrograd.nn import Sequential, losses, names
from tests.ops.composites import complaint

ROOMS = ["checks", "classes", "distances", "probabilities", "regression"]


@pytest.mark.parametrize("room", ROOMS)
def test_examples(room: str) -> None:
    module = importlib.import_module(f"micrograd.nn.losses.{room}")
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


# A call of every loss: arrays of floats get gradients

X = np.array([[0.3, -1.2, 2.0], [0.9, 0.1, -0.4]])
Y = np.array([[1.0, 0.2, -0.3], [0.4, -2.5, 0.7]])
SHARES = np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
CALLS: dict[str, tuple[Any, ...]] = {
    "mse": (X, Y),
    "l1": (X, Y),
    "huber": (X, Y),
    "smooth_l1": (X, Y),
    "poisson_nll": (X, np.abs(Y)),
    "gaussian_nll": (X, Y, SHARES),
    "hinge": (X, np.array([[1, -1, 1], [-1, -1, 1]])),
    "multi_hinge": (X, np.array([2, 0])),
    "cross_entropy": (X, np.array([2, 0])),
    "nll": (X, np.array([2, 0])),
    "bce": (SHARES, SHARES[::-1]),
    "bce_with_logits": (X, SHARES),
    "kl_div": (np.log(SHARES), SHARES[::-1]),
    "cosine_embedding": (X, Y, np.array([1, -1])),
    "triplet": (X, Y, X + 0.5),
}


def call(name: str, *inputs: Any, **options: Any) -> Any:
    return getattr(losses, name)(*inputs, **options)


def of_floats(name: str, **options: Any) -> tuple[Callable[..., Any], list[Any]]:
    """A loss as a function of its inputs of floats, and these inputs."""
    inputs = CALLS[name]
    places = [i for i, x in enumerate(inputs) if x.dtype == float]

    def f(*given: Any) -> Any:
        filled = dict(zip(places, given, strict=True))
        return call(name, *(filled.get(i, x) for i, x in enumerate(inputs)), **options)

    return f, [inputs[i] for i in places]


def test_every_loss_is_called() -> None:
    assert sorted(CALLS) == losses.__all__


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", CALLS)
def test_derivatives_are_right_in_both_modes_and_second_order(name: str, reduction: str) -> None:
    f, inputs = of_floats(name, reduction=reduction)
    assert gradcheck(f, inputs)


@pytest.mark.parametrize("name", CALLS)
def test_reductions_are_of_the_same_losses(name: str) -> None:
    each = call(name, *CALLS[name], reduction="none")
    assert call(name, *CALLS[name], reduction="sum") == pytest.approx(each.sum())
    assert call(name, *CALLS[name]) == pytest.approx(each.mean())
    assert each.shape == (X.shape if each.ndim == 2 else X.shape[:1])


# Borders: what stands for an array, and what does not


@pytest.mark.parametrize("name", CALLS)
def test_lists_are_arrays(name: str) -> None:
    wanted = call(name, *CALLS[name])
    assert call(name, *(x.tolist() for x in CALLS[name])) == wanted
    prediction = [[Value(x) for x in row] for row in CALLS[name][0].tolist()]
    z = call(name, prediction, *CALLS[name][1:])
    assert z.data == pytest.approx(wanted, rel=1e-14)  # stacked, it lies otherwise in memory: another order of sums
    z.backward()
    v = Value(CALLS[name][0])
    call(name, v, *CALLS[name][1:]).backward()
    np.testing.assert_allclose([[x.grad for x in row] for row in prediction], v.grad, rtol=1e-14)


@pytest.mark.parametrize("name", ["mse", "l1", "huber", "smooth_l1", "poisson_nll", "bce_with_logits", "hinge"])
def test_numbers_of_python(name: str) -> None:
    assert call(name, 2, 1) == call(name, [2.0], [1.0])
    x = Value(0.5)
    call(name, x, 1).backward()
    assert type(x.grad) is float


@pytest.mark.parametrize("name", CALLS)
def test_float32_stays_float32(name: str) -> None:
    """Beside targets of float64, as NumPy makes them, and options too."""
    prediction, *rest = CALLS[name]
    v = Value(prediction.astype(np.float32))
    z = call(name, v, *rest)
    z.backward()
    assert z.dtype == v.grad.dtype == np.float32
    assert float(z.data) == pytest.approx(float(call(name, prediction, *rest)), rel=1e-6)


def test_weights_take_the_dtype_of_the_prediction() -> None:
    v = Value(X.astype(np.float32))
    per_class = [0.5, 1.0, 2.0]
    assert losses.cross_entropy(v, [0, 1], weight=per_class, label_smoothing=0.1).dtype == np.float32
    assert losses.bce_with_logits(v, SHARES, weight=per_class, pos_weight=per_class).dtype == np.float32
    assert losses.mse(v, Y, weight=np.ones((2, 3))).dtype == np.float32


@pytest.mark.parametrize("name", CALLS)
def test_within_transforms(name: str) -> None:
    f, inputs = of_floats(name)
    v = Value(inputs[0])
    z = f(v, *inputs[1:])
    z.backward()
    np.testing.assert_allclose(grad(f)(*inputs), v.grad, rtol=1e-14)
    _, tangent = jvp(lambda x: f(x, *inputs[1:]), [inputs[0]], [np.ones_like(inputs[0])])
    assert float(tangent) == pytest.approx(v.grad.sum(), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", CALLS)
def test_shapes_are_enough(name: str, reduction: str) -> None:
    f, inputs = of_floats(name, reduction=reduction)
    z = f(*(Abstract(x.shape) for x in inputs))
    assert z.shape == np.shape(call(name, *CALLS[name], reduction=reduction))


@pytest.mark.parametrize("name", CALLS)
def test_on_dask(name: str) -> None:
    """Predictions that are not computed yet, in chunks of a row."""
    lazy = pytest.importorskip("dask.array")
    prediction, *rest = CALLS[name]
    plain, cut = Value(prediction), Value(lazy.from_array(prediction, chunks=(1, 3)))
    z, t = call(name, plain, *rest), call(name, cut, *rest)
    z.backward()
    t.backward()
    assert hasattr(t.data, "compute")
    np.testing.assert_allclose(t.data.compute(), z.data, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(cut.grad), plain.grad, rtol=1e-12, atol=1e-15)


def test_a_model_is_trained_by_a_loss() -> None:
    """A loss of a module: grad gives a module of gradients."""
    model = Sequential(lambda x: x)
    model.scale = Value(2.0)
    slopes = grad(lambda model: losses.mse(X * model.scale, Y))(model)
    assert float(slopes.scale) == pytest.approx(float((2.0 * (2.0 * X - Y) * X).mean()))


# Options, by their formulas in NumPy; the peer test has them all

D, W = X - Y, np.array([[0.5, 1.0, 2.0], [1.5, 0.2, 1.0]])
PER_CLASS = np.array([0.5, 2.0, 1.5])
LOGS = X - np.log(np.exp(X).sum(axis=1, keepdims=True))
COUNTS = np.array([[0.0, 1.0, 3.0], [2.0, 5.0, 0.0]])
IMAGE = np.stack([X, -X, Y], axis=-1)  # (N, C, d1)
IMAGE_LOGS = IMAGE - np.log(np.exp(IMAGE).sum(axis=1, keepdims=True))
OPTIONS: list[tuple[str, tuple[Any, ...], dict[str, Any], float]] = [
    ("mse", (X, Y), {"weight": W}, (W * D**2).sum() / W.sum()),
    ("huber", (X, Y), {"weight": W, "delta": 9.0}, (W * D**2 / 2).mean()),
    ("smooth_l1", (X, Y), {"beta": 0.0}, abs(D).mean()),
    ("poisson_nll", (W, COUNTS), {"log_input": False}, (W - COUNTS * np.log(W + 1e-8)).mean()),
    (
        "poisson_nll",
        (X, COUNTS),
        {"full": True, "reduction": "sum"},
        (np.exp(X) - COUNTS * X).sum()
        + sum(n * math.log(n) - n + math.log(2.0 * math.pi * n) / 2.0 for n in (3.0, 2.0, 5.0)),
    ),
    ("gaussian_nll", (X, Y, W[:, 0]), {}, ((np.log(W[:, :1]) + D**2 / W[:, :1]) / 2.0).mean()),
    ("gaussian_nll", (X, Y, W), {"full": True}, ((np.log(W) + D**2 / W + math.log(2.0 * math.pi)) / 2.0).mean()),
    (
        "bce",
        (SHARES, SHARES[::-1]),
        {"weight": W},
        -(W * (SHARES[::-1] * np.log(SHARES) + (1 - SHARES[::-1]) * np.log(1 - SHARES))).mean(),
    ),
    (
        "bce_with_logits",
        (X, SHARES),
        {"weight": W, "pos_weight": PER_CLASS},
        (W * (PER_CLASS * SHARES * np.log1p(np.exp(-X)) + (1 - SHARES) * np.log1p(np.exp(X)))).mean(),
    ),
    ("kl_div", (LOGS, SHARES), {"reduction": "batchmean"}, (SHARES * (np.log(SHARES) - LOGS)).sum() / 2),
    ("kl_div", (LOGS, np.log(SHARES)), {"log_target": True}, (SHARES * (np.log(SHARES) - LOGS)).mean()),
    (
        "cross_entropy",
        (X, np.array([2, 0])),
        {"weight": PER_CLASS},
        -(1.5 * LOGS[0, 2] + 0.5 * LOGS[1, 0]) / 2.0,
    ),
    (
        "cross_entropy",
        (X, np.array([2, 0])),
        {"label_smoothing": 0.3, "weight": PER_CLASS},
        -(0.7 * (1.5 * LOGS[0, 2] + 0.5 * LOGS[1, 0]) + 0.1 * (PER_CLASS * LOGS).sum()) / 2.0,
    ),
    (
        "cross_entropy",
        (X, SHARES),
        {"label_smoothing": 0.3, "weight": PER_CLASS},
        -(PER_CLASS * (0.7 * SHARES + 0.1) * LOGS).sum() / 2.0,
    ),
    (
        "cross_entropy",
        (IMAGE, np.array([[0, 1, 2], [2, 2, 0]])),
        {},
        -(np.trace(IMAGE_LOGS[0]) + IMAGE_LOGS[1, 2, 0] + IMAGE_LOGS[1, 2, 1] + IMAGE_LOGS[1, 0, 2]) / 6.0,
    ),
    (
        "multi_hinge",
        (X, np.array([2, 0])),
        {"weight": PER_CLASS, "margin": 1.5, "p": 2},
        (0.5 * (0.7**2 + 0.2**2) / 3.0) / 2.0,
    ),
    (
        "triplet",
        (X, Y, X + 0.5),
        {"swap": True, "p": 1.0, "eps": 0.0},
        np.maximum(0.0, abs(D).sum(1) - np.minimum(1.5, abs(D + 0.5).sum(1)) + 1.0).mean(),
    ),
]


@pytest.mark.parametrize(
    ("name", "inputs", "options", "wanted"), OPTIONS, ids=[f"{n},{','.join(o)}" for n, _, o, _ in OPTIONS]
)
def test_options(name: str, inputs: tuple[Any, ...], options: dict[str, Any], wanted: float) -> None:
    assert float(call(name, *inputs, **options)) == pytest.approx(wanted, rel=1e-13)
    places = [i for i, x in enumerate(inputs) if x.dtype == float and x is not COUNTS]

    def f(*given: Any) -> Any:
        filled = dict(zip(places, given, strict=True))
        return call(name, *(filled.get(i, x) for i, x in enumerate(inputs)), **options)

    assert gradcheck(f, [inputs[i] for i in places])


# Far out: logits of +-1e4, in first and second order, against 60 digits

FAR = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4 - 30.0, 1e4 - 60.0], [-1e4, 1e4, -1e4]])
TARGETS = np.array([1, 2, 0, 0])


def log_of_1_plus(x: Decimal) -> Decimal:
    return x if x < Decimal("1e-30") else (1 + x).ln()


def exact_cross_entropy(row: Any, k: int) -> tuple[float, list[float], list[float]]:
    """-ln p_k, its gradient p - e_k, and the gradient of the gradient's element k; with
    60 digits, and no difference of numbers that are near.
    """
    with localcontext() as context:
        context.prec = 60
        powers = [(Decimal(x) - Decimal(row[k])).exp() for x in row]
        total, others = sum(powers), sum(x for i, x in enumerate(powers) if i != k)
        p, rest = [x / total for x in powers], others / total
        first = [-rest if i == k else p_i for i, p_i in enumerate(p)]
        second = [-p[k] * slope for slope in first]
        return float(log_of_1_plus(others)), [float(x) for x in first], [float(x) for x in second]


def derivatives(f: Callable[[Any], Any], x: Any, k: Any) -> tuple[Any, Any, Any]:
    """The value of f at x, the gradient, and the gradient of its element k."""
    v = Value(x)
    z = f(v)
    z.backward(create_graph=True)
    first, v.grad = v.grad, None
    if first[k]._has_history():
        first[k].backward()
    return z.data, first.data, v.grad


@pytest.mark.parametrize("i", range(len(FAR)))
def test_cross_entropy_far_out(i: int) -> None:
    row, k = FAR[i], int(TARGETS[i])
    value, first, second = exact_cross_entropy(row, k)
    found = derivatives(lambda x: losses.cross_entropy(x, k), row, k)
    for mine, wanted in zip(found, (value, first, second), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-13)
    one_hot = np.eye(3)[k]
    found = derivatives(lambda x: losses.cross_entropy(x, one_hot), row, k)
    for mine, wanted in zip(found, (value, first, second), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-13)
    found = derivatives(lambda x: losses.nll(ops.log_softmax(x), k), row, k)
    for mine, wanted in zip(found, (value, first, second), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-13)


@pytest.mark.parametrize("x", [1e4, -1e4, 700.0, -700.0, 40.0, -40.0, 1e-3, 0.0])
@pytest.mark.parametrize("t", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("weight", [None, 5.0])
def test_bce_with_logits_far_out(x: float, t: float, weight: float | None) -> None:
    """w t ln(1 + e^-x) + (1 - t) ln(1 + e^x); its first two derivatives."""
    with localcontext() as context:
        context.prec = 60
        w, y, e = Decimal(weight or 1.0), Decimal(t), Decimal(x).exp()
        p = e / (1 + e)
        value = w * y * log_of_1_plus(1 / e) + (1 - y) * log_of_1_plus(e)
        wanted = [value, (1 - y) * p - w * y / (1 + e), ((1 - y) + w * y) * p / (1 + e)]
        exact = [float(v) for v in wanted]
    found = derivatives(lambda v: losses.bce_with_logits(v, [t], pos_weight=weight), np.array([x]), 0)
    for mine, right in zip(found, exact, strict=True):
        np.testing.assert_allclose(np.ravel(mine), [right], rtol=1e-13)


FAR_OUT: dict[str, tuple[Any, ...]] = {
    "mse": (FAR, -FAR),
    "l1": (FAR, -FAR),
    "huber": (FAR, -FAR),
    "smooth_l1": (FAR, -FAR),
    "gaussian_nll": (FAR, -FAR, np.zeros_like(FAR)),
    "hinge": (FAR, np.where(FAR > 0, -1, 1)),
    "multi_hinge": (FAR, TARGETS),
    "cross_entropy": (FAR, TARGETS),
    "nll": (-abs(FAR), TARGETS),
    "bce": (ops.expit(FAR), (FAR <= 0) * 1.0),
    "bce_with_logits": (FAR, (FAR <= 0) * 1.0),
    "kl_div": (ops.log_softmax(FAR), ops.softmax(-FAR)),
    "cosine_embedding": (FAR, -FAR, np.array([1, -1, 1, -1])),
    "triplet": (FAR, -FAR, FAR),
    "poisson_nll": (-abs(FAR), abs(FAR)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CALLS)
def test_nothing_overflows_far_out(name: str, dtype: Any) -> None:
    """No nan, no infinity and no warning, in first and second order."""
    prediction, *rest = FAR_OUT[name]
    v = Value(prediction.astype(dtype))
    z = call(name, v, *rest)
    z.backward(create_graph=True)
    first, v.grad = v.grad, None
    total = (first * np.linspace(0.5, 1.5, first.size, dtype=dtype).reshape(first.shape)).sum()
    total.backward()
    for found in (z.data, first.data, v.grad):
        assert np.isfinite(found).all()


def test_batchmean_without_a_batch() -> None:
    assert losses.kl_div(-0.5, 1.0, reduction="batchmean") == 0.5
    with pytest.raises(ShapeError, match=r"^kl_div: \(0, 3\) has no elements, and no mean"):
        losses.kl_div(np.zeros((0, 3)), np.zeros((0, 3)), reduction="batchmean")


def test_rates_beyond_floats_are_infinite() -> None:
    """The one loss that has no finite answer far out: e^10000 is not a float."""
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert losses.poisson_nll([1e4], [0.0]) == math.inf


# What PyTorch does differently


def test_bce_at_0_and_1() -> None:
    """PyTorch's gradient is 0 in the first and the last place, where the slope is 1."""
    x = Value([0.0, 0.0, 1.0, 1.0])
    z = losses.bce(x, [0.0, 1.0, 0.0, 1.0], reduction="none")
    z.backward()
    np.testing.assert_array_equal(z.data, [0.0, 100.0, 100.0, 0.0])
    np.testing.assert_array_equal(x.grad, [1.0, -1e12, 1e12, -1.0])


def test_impossible_classes_cost_nothing_where_nothing_is_expected_of_them() -> None:
    """Masked logits of -inf: 0 times -inf is nan in PyTorch."""
    x = Value(np.array([[0.0, -math.inf, 0.0]]))
    losses.cross_entropy(x, [[0.5, 0.0, 0.5]]).backward()
    np.testing.assert_allclose(x.grad, [[0.0, 0.0, 0.0]], atol=1e-16)
    assert losses.cross_entropy(x, [[1.0, 0.0, 0.0]]).data == pytest.approx(math.log(2.0))
    assert losses.cross_entropy(x, [0]).data == pytest.approx(math.log(2.0))
    assert losses.cross_entropy(x, [1]).data == math.inf
    assert losses.kl_div([-math.inf, 0.0], [0.0, 1.0]) == 0.0
    assert losses.kl_div([-math.inf, 0.0], [-math.inf, 0.0], log_target=True) == 0.0


def test_a_clamped_variance_keeps_its_gradient() -> None:
    """As in PyTorch: the slope at eps, (1/eps - d^2/eps^2) / 2."""
    var = Value([0.0])
    losses.gaussian_nll([0.5], [0.0], var, eps=0.25).backward()
    np.testing.assert_allclose(var.grad, [0.5 * (1 / 0.25 - 0.5**2 / 0.25**2)])


def test_second_order_at_the_middle_of_huber() -> None:
    """The parabola is one: 1 at 0 too, where the distance has a kink."""
    for f in (losses.huber, losses.smooth_l1):
        np.testing.assert_array_equal(derivatives(lambda x, f=f: f(x, [0.0]), np.array([0.0]), 0)[2], [1.0])


def test_huge_errors_do_not_overflow_the_part_that_is_not_used() -> None:
    x = np.array([1e30], np.float32)  # its square is more than float32 holds
    assert losses.huber(x, [0.0]) == np.float32(1e30)
    assert losses.smooth_l1(x, [0.0]) == np.float32(1e30)


# Ignored and weighted


@pytest.mark.parametrize(("dtype", "length"), [("float32", 1e15), ("float64", 1e120)])
def test_the_cosine_of_long_vectors(dtype: str, length: float) -> None:
    x = Value(np.array([[3.0, 4.0], [1.0, 0.0]], dtype) * np.asarray(length, dtype))
    other = np.array([[4.0, 3.0], [1.0, 0.0]], dtype) * np.asarray(length, dtype)
    z = losses.cosine_embedding(x, other, [1.0, -1.0], reduction="none")
    assert z.dtype == dtype
    np.testing.assert_allclose(z.data, [1.0 - 24.0 / 25.0, 1.0], rtol=1e-5)
    z.sum().backward()
    np.testing.assert_allclose(x.grad * length, [[-0.0448, 0.0336], [0.0, 0.0]], rtol=1e-5, atol=1e-6)


def test_ignored_samples_do_not_count() -> None:
    x = Value(np.arange(12.0).reshape(4, 3) % 5)
    target = np.array([2, -100, 0, -100])
    z = losses.cross_entropy(x, target)
    z.backward()
    kept = Value(x.data[[0, 2]])
    wanted = losses.cross_entropy(kept, target[[0, 2]])
    wanted.backward()
    assert z.data == wanted.data
    np.testing.assert_array_equal(x.grad[[0, 2]], kept.grad)
    np.testing.assert_array_equal(x.grad[[1, 3]], 0.0)


@pytest.mark.parametrize("name", ["cross_entropy", "nll"])
def test_everything_ignored(name: str) -> None:
    """PyTorch's mean is nan, and so is every weight after the step."""
    x = Value(X, label="x")
    for reduction, wanted in (("sum", 0.0), ("none", [0.0, 0.0])):
        z = call(name, x, [7, 7], ignore_index=7, reduction=reduction)
        np.testing.assert_array_equal(z.data, wanted)
        z.backward()
        np.testing.assert_array_equal(x.grad, np.zeros((2, 3)))
    words = complaint(lambda: call(name, x, [7, 7], ignore_index=7), DomainError, [x])
    assert words == (
        f"{name}: all targets (2,) are of the class that is ignored, and there is no mean; "
        f"leave the batch out, or give reduction='sum'"
    )


@pytest.mark.parametrize("name", CALLS)
def test_empty_batches(name: str) -> None:
    """PyTorch's mean of nothing is nan; the sum is 0, and so are gradients."""
    inputs = [x[:0] for x in CALLS[name]]
    v = Value(inputs[0])
    for reduction in ("sum", "none"):
        z = call(name, v, *inputs[1:], reduction=reduction)
        z.backward()
        assert np.sum(z.data) == 0.0
        assert v.grad.shape == (0, 3)
    words = complaint(lambda: call(name, v, *inputs[1:]), ShapeError, [v])
    assert "has no elements, and no mean; leave the batch out, or reduction='sum'" in words
    assert words.startswith(f"{name}: ")


# What is refused

# A program, the error, and its words
WRONG: list[tuple[str, type[MicrogradError], str]] = [
    (
        "mse(col, row)",
        ShapeError,
        "mse: prediction 'col' (4, 1) and target 'row' (4,) differ in shape, and are not broadcast; give "
        "target.reshape(4, 1)",
    ),
    (
        "l1(row, col)",
        ShapeError,
        "l1: prediction 'row' (4,) and target 'col' (4, 1) differ in shape, and are not broadcast; give "
        "target.reshape(4)",
    ),
    (
        "mse(row, 0.0)",
        ShapeError,
        "mse: prediction 'row' (4,) and target () differ in shape, and are not broadcast; give np.full((4,), target)",
    ),
    (
        "mse(row[0], row)",
        ShapeError,
        "mse: prediction () and target 'row' (4,) differ in shape, and are not broadcast; give one target for "
        "each number of the prediction",
    ),
    (
        "mse(1.0, [2.0])",
        ShapeError,
        "mse: prediction () and target (1,) differ in shape, and are not broadcast; give target.item()",
    ),
    (
        "huber(row, row, weight=[1.0])",
        ShapeError,
        "huber: prediction (4,) and weight (1,) differ in shape, and are not broadcast; give one weight "
        "for each number of the prediction",
    ),
    (
        "mse(row, 'a')",
        DataError,
        "mse: 'a' is a str, not a number or an array of numbers",
    ),
    (
        "mse(None, row)",
        DataError,
        "mse: None is a NoneType, not a number or an array of numbers",
    ),
    (
        "mse(row, row, reduction='avg')",
        ArgumentError,
        "mse: reduction='avg' does not exist; give one of 'mean', 'sum', 'none'",
    ),
    (
        "kl_div(row, row, reduction='avg')",
        ArgumentError,
        "kl_div: reduction='avg' does not exist; give one of 'mean', 'sum', 'none', 'batchmean'",
    ),
    (
        "mse(row, row, weight=np.zeros(4))",
        DomainError,
        "mse: the weights sum to 0, and there is no mean; give other weights, or reduction='sum'",
    ),
    (
        "huber(row, row, delta=0.0)",
        ArgumentError,
        "huber: delta=0.0: give a number above 0",
    ),
    (
        "huber(row, row, delta='1')",
        ArgumentError,
        "huber: delta='1': give a number above 0",
    ),
    (
        "smooth_l1(row, row, beta=-1.0)",
        ArgumentError,
        "smooth_l1: beta=-1.0: give a number of at least 0",
    ),
    (
        "poisson_nll(row, -row - 1.0)",
        DomainError,
        "poisson_nll: target (4,) holds -1: counts are numbers of at least 0",
    ),
    (
        "poisson_nll(row - 2.0, row, log_input=False)",
        DomainError,
        "poisson_nll: prediction (4,) holds -2: a rate is at least 0; of its logarithm, leave log_input=True",
    ),
    (
        "poisson_nll(row, row, eps=-1.0)",
        ArgumentError,
        "poisson_nll: eps=-1.0: give a number of at least 0",
    ),
    (
        "gaussian_nll(row, row, -row - 1.0)",
        DomainError,
        "gaussian_nll: var (4,) holds -1: a variance is at least 0; of its logarithm, give exp(var)",
    ),
    (
        "gaussian_nll(row, row, [1.0, 1.0])",
        ShapeError,
        "gaussian_nll: prediction (4,) and var (2,) differ in shape, and are not broadcast; give one var for "
        "each number of the prediction",
    ),
    (
        "gaussian_nll(row, row, row, eps=0.0)",
        ArgumentError,
        "gaussian_nll: eps=0.0: give a number above 0",
    ),
    (
        "hinge(row, [0, 1, 1, 0])",
        DomainError,
        "hinge: target (4,) holds 0: targets are -1 and 1; of 0 and 1, give 2 * target - 1",
    ),
    (
        "bce(row, [0, 1, 1, 0])",
        DomainError,
        "bce: prediction 'row' (4,) holds 2: a probability is from 0 to 1; of logits, use bce_with_logits",
    ),
    (
        "bce([math.nan], [1.0])",
        DomainError,
        "bce: prediction (1,) holds nan: a probability is from 0 to 1; of logits, use bce_with_logits",
    ),
    (
        "bce_with_logits(row, [-1, 1, 1, -1])",
        DomainError,
        "bce_with_logits: target (4,) holds -1: a target is from 0 to 1; of -1 and 1, give (target + 1) / 2",
    ),
    (
        "bce_with_logits(row, [0, 1, 1, 0], weight=[1.0, 2.0])",
        ShapeError,
        "bce_with_logits: weight (2,) does not broadcast to the prediction 'row' (4,); give one number each, or "
        "a shape that ends like it",
    ),
    (
        "bce_with_logits(row, [0, 1, 1, 0], pos_weight=np.ones((2, 4)))",
        ShapeError,
        "bce_with_logits: pos_weight (2, 4) does not broadcast to the prediction 'row' (4,); give one number "
        "each, or a shape that ends like it",
    ),
    (
        "kl_div(row, -row - 1.0)",
        DomainError,
        "kl_div: target (4,) holds -1: a probability is at least 0; of its logarithm, give log_target=True",
    ),
    (
        "cosine_embedding(x, x, [0, 1, 1, 0])",
        DomainError,
        "cosine_embedding: target (4,) holds 0: targets are 1 for alike and -1 for not; of 0 and 1, give 2 * "
        "target - 1",
    ),
    (
        "cosine_embedding(x, x, 1)",
        ShapeError,
        "cosine_embedding: target () for pairs of vectors 'x' (4, 3): give one target for each pair, of shape (4,)",
    ),
    (
        "cosine_embedding(x, row, row)",
        ShapeError,
        "cosine_embedding: prediction 'x' (4, 3) and other 'row' (4,) differ in shape, and are not broadcast; "
        "give one other for each number of the prediction",
    ),
    (
        "cosine_embedding(1.0, 1.0, 1)",
        ShapeError,
        "cosine_embedding: (): it needs vectors, of shape (D,) or (N, D)",
    ),
    (
        "cosine_embedding(x, x, row, margin=2.0)",
        ArgumentError,
        "cosine_embedding: margin=2.0: give a number from -1 to 1",
    ),
    (
        "triplet(x, x, row)",
        ShapeError,
        "triplet: anchor 'x' (4, 3) and negative 'row' (4,) differ in shape, and are not broadcast; give one "
        "negative for each number of the anchor",
    ),
    (
        "triplet(x, x, x, margin=0.0)",
        ArgumentError,
        "triplet: margin=0.0: give a number above 0",
    ),
    (
        "triplet(x, x, x, p=-1.0)",
        ArgumentError,
        "triplet: p=-1.0: give a number above 0",
    ),
    (
        "cross_entropy(x, [0, 1, 2, 3])",
        IndexingError,
        "cross_entropy: class 3 in target (4,): the prediction 'x' (4, 3) has the classes 0 to 2, and -100 is "
        "ignored; of classes numbered from 1, give target - 1",
    ),
    (
        "nll(x, [0, -1, 2, 0])",
        IndexingError,
        "nll: class -1 in target (4,): the prediction 'x' (4, 3) has the classes 0 to 2, and -100 is ignored",
    ),
    (
        "multi_hinge(x, [0, 1, 5, 0])",
        IndexingError,
        "multi_hinge: class 5 in target (4,): the prediction 'x' (4, 3) has the classes 0 to 2",
    ),
    (
        "cross_entropy(x, [0.0, 1.0, 2.0, 0.0])",
        DataError,
        "cross_entropy: target (4,) of float64 for the prediction 'x' (4, 3): classes are integers: give "
        "target.astype(int)",
    ),
    (
        "cross_entropy(x, [True, False, True, False])",
        DataError,
        "cross_entropy: target (4,) of bool for the prediction 'x' (4, 3): classes are integers: give "
        "target.astype(int)",
    ),
    (
        "cross_entropy(x, row)",
        DataError,
        "cross_entropy: target 'row' (4,) is a Value; classes have no gradient: give a plain array of them",
    ),
    (
        "cross_entropy(x, [[0], [1], [2], [0]])",
        ShapeError,
        "cross_entropy: target (4, 1) does not fit the prediction 'x' (4, 3): give classes of shape (4,): "
        "target.reshape(4)",
    ),
    (
        "cross_entropy(x, [0, 1, 2])",
        ShapeError,
        "cross_entropy: target (3,) does not fit the prediction 'x' (4, 3): give classes of shape (4,)",
    ),
    (
        "cross_entropy(x, np.eye(4, 3, dtype=int))",
        ShapeError,
        "cross_entropy: target (4, 3) does not fit the prediction 'x' (4, 3): give classes of shape (4,), or "
        "probabilities as floats: target.astype(float)",
    ),
    (
        "nll(x, np.eye(4, 3, dtype=int))",
        ShapeError,
        "nll: target (4, 3) does not fit the prediction 'x' (4, 3): give classes of shape (4,): of one-hot rows, "
        "target.argmax(1)",
    ),
    (
        "cross_entropy(x, np.ones((4, 2)))",
        DataError,
        "cross_entropy: target (4, 2) of float64 for the prediction 'x' (4, 3): give classes, integers of shape "
        "(4,), or probabilities of shape (4, 3)",
    ),
    (
        "nll(x, np.ones((4, 2)))",
        DataError,
        "nll: target (4, 2) of float64 for the prediction 'x' (4, 3): give classes, integers of shape (4,)",
    ),
    (
        "cross_entropy(1.0, 0)",
        ShapeError,
        "cross_entropy: prediction (): it needs a number per class, as in shape (N, C)",
    ),
    (
        "cross_entropy(np.ones((4, 0)), [0] * 4)",
        ShapeError,
        "cross_entropy: prediction (4, 0): it needs a number per class, as in shape (N, C)",
    ),
    (
        "cross_entropy(x, [0] * 4, weight=[1.0, 2.0])",
        ShapeError,
        "cross_entropy: weight (2,): give one number for each of the 3 classes",
    ),
    (
        "cross_entropy(x, [0] * 4, weight=[0.0, 1.0, 1.0])",
        DomainError,
        "cross_entropy: the weights sum to 0, and there is no mean; give other weights, or reduction='sum'",
    ),
    (
        "cross_entropy(x, np.ones((4, 3)), ignore_index=2)",
        ArgumentError,
        "cross_entropy: ignore_index=2 is for classes; of probabilities, use a mask",
    ),
    (
        "cross_entropy(x, [0] * 4, label_smoothing=1.5)",
        ArgumentError,
        "cross_entropy: label_smoothing=1.5: give a number from 0 to 1",
    ),
    (
        "cross_entropy(x, [0, 3, 1, 4], ignore_index=[3, 3, 4, 4])",
        ArgumentError,
        "cross_entropy: ignore_index=[3, 3, 4, 4]: give one integer, the class that is left out",
    ),
    (
        "nll(x, [0] * 4, ignore_index='0')",
        ArgumentError,
        "nll: ignore_index='0': give one integer, the class that is left out",
    ),
    (
        "multi_hinge(x, [0] * 4, margin='1')",
        ArgumentError,
        "multi_hinge: margin='1': give a number",
    ),
    (
        "hinge(x, np.ones((4, 3)), margin=math.nan)",
        ArgumentError,
        "hinge: margin=nan: give a number",
    ),
    (
        "multi_hinge(x, [0] * 4, p=3)",
        ArgumentError,
        "multi_hinge: p=3: give 1 or 2",
    ),
    (
        "multi_hinge(np.ones((2, 3, 4)), [[0] * 4] * 2)",
        ShapeError,
        "multi_hinge: prediction (2, 3, 4): it needs shape (C,) or (N, C)",
    ),
]


@pytest.mark.parametrize(("program", "error", "words"), WRONG, ids=[program for program, _, _ in WRONG])
def test_refused(program: str, error: type[MicrogradError], words: str) -> None:
    things = {
        "row": Value(np.array([0.0, 2.0, 1.0, 0.5]), label="row"),
        "col": Value(np.zeros((4, 1)), label="col"),
        "x": Value(np.arange(12.0).reshape(4, 3), label="x"),
    }
    names = {**things, "np": np, "math": math, **vars(losses)}
    assert complaint(lambda: eval(program, names), error, things.values()) == words


# PyTorch's names


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("nn.CrossEntropyLoss", "micrograd.nn has no CrossEntropyLoss: here it is losses.cross_entropy, a function"),
        ("nn.functional", "micrograd.nn has no functional: here it is micrograd.ops, and micrograd.nn.losses"),
        ("nn.losses.mse_loss", "micrograd.nn.losses has no mse_loss: here it is losses.mse, a function"),
        ("nn.ModuleList", "micrograd.nn has no ModuleList: here it is a list of modules in an attribute"),
        ("nn.Nonsense", "module 'micrograd.nn' has no attribute 'Nonsense'"),
        ("nn.Linear(2, 3).cuda()", "Linear has no .cuda: here it is not needed: a Value is where its data is"),
        ("nn.ReLU().double", "ReLU has no .double: here it is dtype='float64', given to each layer, and the default"),
        (
            "nn.init.xavier_uniform_",
            "micrograd.nn.init has no xavier_uniform_: here it is w.data = init.xavier_uniform(w.shape), "
            "which returns an array",
        ),
        ("nn.init.nonsense", "module 'micrograd.nn.init' has no attribute 'nonsense'"),
        ("nn.losses.nonsense", "module 'micrograd.nn.losses' has no attribute 'nonsense'"),
    ],
)
def test_names_of_pytorch_are_answered_with_ours(program: str, words: str) -> None:
    with pytest.raises(AttributeError) as caught:
        eval(program, {"nn": nn})
    assert str(caught.value) == words


def test_every_loss_is_found_by_its_name_in_pytorch() -> None:
    ours = {
        here.removeprefix("losses.").removesuffix(", a function") for here in names.HERE.values() if "losses." in here
    }
    assert ours - {"micrograd.ops, and micrograd.nn.losses"} == set(losses.__all__) - {"hinge"}
    assert not [name for name in names.HERE if hasattr(nn, name)]


def test_a_rate_of_zero_is_certain_where_nothing_is_counted() -> None:
    """rate - 0 ln(rate) is the rate, at 0 too: only a count needs a logarithm."""
    rate = Value([0.0, 2.0])
    loss = losses.poisson_nll(rate, [0.0, 0.0], log_input=False, eps=0.0, reduction="sum")
    loss.backward()
    assert float(loss) == 2.0 and rate.grad.tolist() == [1.0, 1.0]
