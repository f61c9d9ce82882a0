"""First numbers of parameters: their shapes, bounds and moments, and what is
refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.nn import init

RNG = np.random.default_rng
SHAPE = (200, 50, 4)  # fan in 200, fan out 800
COUNT = math.prod(SHAPE)

# Each with its standard deviation, and its bound or None
DRAWN: list[tuple[Callable[..., Any], dict[str, Any], float, float | None]] = [
    (init.uniform, {"low": -1.0, "high": 1.0}, 1.0 / math.sqrt(3.0), 1.0),
    (init.normal, {"std": 2.0}, 2.0, None),
    (init.trunc_normal, {}, 0.8796256610342398, 2.0),  # the standard deviation of N(0, 1) between -2 and 2
    (init.xavier_uniform, {}, math.sqrt(2.0 / 1000), math.sqrt(6.0 / 1000)),
    (init.xavier_normal, {"gain": 3.0}, 3.0 * math.sqrt(2.0 / 1000), None),
    (init.glorot_uniform, {"gain": 2.0}, 2.0 * math.sqrt(2.0 / 1000), 2.0 * math.sqrt(6.0 / 1000)),
    (init.kaiming_uniform, {}, math.sqrt(2.0 / 200), math.sqrt(6.0 / 200)),
    (init.kaiming_uniform, {"a": math.sqrt(5.0)}, 1.0 / math.sqrt(3.0 * 200), 1.0 / math.sqrt(200)),
    (init.he_uniform, {"nonlinearity": "tanh"}, 5.0 / 3.0 / math.sqrt(200), 5.0 / math.sqrt(3.0 * 200)),
    (init.kaiming_normal, {"mode": "fan_out"}, math.sqrt(2.0 / 800), None),
    (init.he_normal, {"nonlinearity": "relu"}, math.sqrt(2.0 / 200), None),
]


@pytest.mark.parametrize(
    ("f", "options", "std", "bound"), DRAWN, ids=[f"{i}-{x[0].__name__}" for i, x in enumerate(DRAWN)]
)
def test_moments_and_bounds(f: Callable[..., Any], options: dict[str, Any], std: float, bound: float | None) -> None:
    found = f(SHAPE, **options, rng=RNG(0))
    assert found.shape == SHAPE
    assert found.dtype == np.float64
    assert abs(found.mean()) < 6.0 * std / math.sqrt(COUNT)
    np.testing.assert_allclose(found.std(), std, rtol=6.0 / math.sqrt(COUNT))
    if bound is not None:
        assert 0.999 * bound < np.abs(found).max() <= bound
    np.testing.assert_array_equal(f(SHAPE, **options, rng=RNG(0)), found)  # the same seed, the same bits
    single = f(SHAPE, **options, rng=RNG(0), dtype="float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, found.astype(np.float32).clip(*((-bound, bound) if bound else (None, None))))


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 2, 3), (8, 2, 2)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal(shape, 2.0, rng=RNG(0)).reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-14)
    assert init.orthogonal(shape, rng=RNG(0)).flags.c_contiguous


def test_orthogonal_prefers_no_sign() -> None:
    """Without the signs of Mezzadri, LAPACK's first entry is negative every time."""
    first = [init.orthogonal((3, 3), rng=RNG(seed))[0, 0] for seed in range(200)]
    assert 60 < sum(x > 0 for x in first) < 140


def test_patterns() -> None:
    np.testing.assert_array_equal(init.constant((2, 2), 3.0), [[3.0, 3.0], [3.0, 3.0]])
    np.testing.assert_array_equal(init.zeros(2), [0.0, 0.0])
    np.testing.assert_array_equal(init.ones((1, 2), dtype="float32"), np.ones((1, 2), np.float32))
    np.testing.assert_array_equal(init.eye((2, 3)), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_dirac_copies_channels() -> None:
    from micrograd import ops

    x = RNG(0).normal(size=(2, 4, 5, 5))
    np.testing.assert_array_equal(ops.conv2d(x, init.dirac((4, 4, 3, 3)), padding=1), x)
    halves = ops.conv2d(x, init.dirac((4, 2, 3, 3), groups=2), padding=1, groups=2)
    np.testing.assert_array_equal(halves, x)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [("linear", None, 1.0), ("tanh", None, 5.0 / 3.0), ("relu", None, math.sqrt(2.0)), ("selu", None, 0.75)]
    + [("leaky_relu", None, math.sqrt(2.0 / 1.0001)), ("leaky_relu", 1, 1.0), ("conv_transpose3d", None, 1.0)],
)
def test_gain(name: str, param: float | None, gain: float) -> None:
    assert init.calculate_gain(name, param) == gain


ERRORS: list[tuple[Callable[[], Any], type[MicrogradError], str]] = [
    (lambda: init.uniform(2, 1.0, 0.0), ArgumentError, "uniform: low=1.0 is not below high=0.0; swap them?"),
    (
        lambda: init.normal(2, std=-1.0),
        ArgumentError,
        "normal: std=-1.0 is not a standard deviation; give 0 or more",
    ),
    (lambda: init.normal((2, -1)), ShapeError, "normal: (2, -1) is not a shape; give whole numbers of 0 or more"),
    (
        lambda: init.normal(Value(np.ones((2, 3)))),
        ShapeError,
        "normal: given Value, not a shape; give its .shape, and assign to w.data",
    ),
    (lambda: init.normal("ab"), ShapeError, "normal: 'ab' is not a shape; give whole numbers of 0 or more"),
    (
        lambda: init.normal(2, rng=1),
        ArgumentError,
        "normal: rng=1 is not a NumPy Generator; give rng=numpy.random.default_rng(seed), or None",
    ),
    (
        lambda: init.zeros(2, dtype="int64"),
        ArgumentError,
        "constant: dtype='int64' is not of floating-point numbers; give 'float64' or 'float32'",
    ),
    (
        lambda: init.zeros(2, dtype="float23"),
        ArgumentError,
        "constant: dtype='float23' is not of floating-point numbers; give 'float64' or 'float32'",
    ),
    (
        lambda: init.trunc_normal(2, std=0.0),
        ArgumentError,
        "trunc_normal: std=0.0 is not positive; give a number above 0",
    ),
    (
        lambda: init.trunc_normal(2, a=3.0, b=4.0),
        ArgumentError,
        "trunc_normal: a=3.0, b=4.0: only 0.1% of the numbers with mean=0.0, std=1.0 are between them; give bounds "
        "around the mean",
    ),
    (
        lambda: init.kaiming_normal(3),
        ShapeError,
        "kaiming_normal: shape (3,) has fewer than two axes; give (outputs, inputs, *kernel)",
    ),
    (
        lambda: init.kaiming_uniform((2, 3), mode="fan"),
        ArgumentError,
        "kaiming_uniform: mode='fan' is unknown; give 'fan_in' or 'fan_out'",
    ),
    (
        lambda: init.orthogonal(3),
        ShapeError,
        "orthogonal: shape (3,) has fewer than two axes; give (outputs, inputs, *kernel)",
    ),
    (lambda: init.eye(3), ShapeError, "eye: shape (3,) does not have two axes; give (outputs, inputs)"),
    (
        lambda: init.dirac((3, 3)),
        ShapeError,
        "dirac: shape (3, 3), groups=1: give (outputs, inputs, *kernel), where outputs is a multiple of groups",
    ),
    (
        lambda: init.calculate_gain("swish"),
        ArgumentError,
        "calculate_gain: nonlinearity='swish' is unknown; choose from linear, conv1d, conv2d, conv3d, sigmoid, "
        "conv_transpose1d, conv_transpose2d, conv_transpose3d, tanh, relu, selu, leaky_relu",
    ),
    (
        lambda: init.calculate_gain("leaky_relu", True),
        ArgumentError,
        "calculate_gain: param=True is not a slope; give a number",
    ),
]


@pytest.mark.parametrize(("f", "kind", "text"), ERRORS, ids=[f"{i}-{x[2].split(':')[0]}" for i, x in enumerate(ERRORS)])
def test_refused_with_these_words(f: Callable[[], Any], kind: type[MicrogradError], text: str) -> None:
    with pytest.raises(kind, match=f"^{re.escape(text)}$"):
        f()


def test_empty_shapes() -> None:
    for f in (init.uniform, init.normal, init.trunc_normal, init.xavier_uniform, init.kaiming_normal):
        assert f((0, 3)).shape == (0, 3)


@pytest.mark.parametrize(
    ("name", "option"),
    [("constant", "value"), ("uniform", "low"), ("uniform", "high"), ("normal", "mean"), ("normal", "std")]
    + [("trunc_normal", option) for option in ("mean", "std", "a", "b")]
    + [(name, "gain") for name in ("xavier_uniform", "xavier_normal", "orthogonal")],
)
@pytest.mark.parametrize("given", ["a", None, [1.0], True])
def test_what_is_not_a_number(name: str, option: str, given: Any) -> None:
    wanted = " of at least 0" if name.startswith("xavier") else ""
    with pytest.raises(ArgumentError, match=f"^{name}: {option}={re.escape(repr(given))}: give a number{wanted}$"):
        getattr(init, name)((2, 2), **{option: given})


def test_a_constant_may_be_nan() -> None:
    assert np.isnan(init.constant(2, math.nan)).all()
