"""Zero times infinity: nan at a pole, 0 with a warning at a kink, silent only where
nobody asked.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from micrograd import Value, detect_anomaly, grad, hessian, ieee_gradients, jacobian, jvp, ops
from micrograd.errors import AnomalyError, GradientWarning

MODES = ["reverse", "forward"]
pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")


def by(mode, f):
    return jacobian(f, mode=mode)


def sure_mistake(x):
    return -ops.log(ops.softmax(x))[0]


# Poles: the forward value is infinite, so nan, and no warning

POLES = {
    "log of softmax": (sure_mistake, np.array([-800.0, 0.0])),
    "log of sigmoid": (lambda x: ops.log(ops.sigmoid(x)), -800.0),
    "log of sigmoid of an array": (lambda x: ops.log(ops.sigmoid(x)), np.array([-800.0])),
    "log of a square": (lambda x: ops.log(x * x), 0.0),
    "one over a square": (lambda x: 1.0 / x**2, 0.0),
    "one over one over x": (lambda x: 1.0 / (1.0 / x), 0.0),
    "exp of log": (lambda x: ops.exp(ops.log(x)), 0.0),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", POLES)
def test_a_pole_gives_nan(name, mode):
    f, x = POLES[name]
    assert np.isnan(by(mode, f)(x)).all()


def test_a_pole_by_backward():
    x = Value([-800.0, 0.0])
    sure_mistake(x).backward()
    assert np.isnan(x.grad).all()
    y = Value(-800.0)
    y.sigmoid().log().backward()
    assert math.isnan(y.grad)


# Kinks: all forward values are finite, so 0, and a warning

KINKS = {
    "square of sqrt": (lambda x: np.sqrt(x) ** 2, 0.0),
    "sqrt times sqrt": (lambda x: np.sqrt(x) * np.sqrt(x), 0.0),
    "sqrt by sqrt in a product": (lambda x: np.dot(np.sqrt(x), np.sqrt(x)), np.zeros(2)),
    "sqrt of a square": (lambda x: np.sqrt(x * x), 0.0),
    "sqrt of a sum of squares": (lambda x: np.sqrt(np.sum(x * x)), np.zeros(3)),
    "sqrt of abs": (lambda x: np.sqrt(abs(x)), 0.0),
    "square of sqrt, chosen": (lambda x: np.where(x < 1.0, np.sqrt(x) ** 2, 0.0), 0.0),
    "norm of sqrt": (lambda x: np.linalg.norm(np.sqrt(x)), np.zeros(2)),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", KINKS)
def test_a_kink_gives_0_and_says_so(name, mode):
    f, x = KINKS[name]
    if (name, mode) == ("sqrt by sqrt in a product", "forward"):
        with pytest.warns(GradientWarning):  # of the direction (0, 1), in which the first element does not move
            assert np.isnan(by(mode, f)(x)).all()  # a sum over products that are nan
        return
    with pytest.warns(GradientWarning, match="is not known, and taken as 0, in .*test_unknown.py:"):
        slopes = by(mode, f)(x)
    assert not np.any(slopes)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", KINKS)
def test_a_kink_by_backward(name, create_graph):
    f, x = KINKS[name]
    v = Value(x)
    with pytest.warns(GradientWarning):
        f(v).backward(create_graph=create_graph)
    assert not np.any(v.grad.data if create_graph else v.grad)


SECOND = {
    "square of norm": lambda x: np.linalg.norm(x) ** 2,
    "square of hypot": lambda x: np.hypot(x[0], x[1]) ** 2,
    "square of std": lambda x: np.std(x) ** 2,
    "norm": lambda x: np.linalg.norm(x),
}


@pytest.mark.parametrize("name", SECOND)
def test_the_second_derivative_of_a_length_at_0_is_not_known(name):
    with pytest.warns(GradientWarning, match="norm or hypot"):
        found = hessian(SECOND[name])(np.zeros(2))
    assert not np.any(found)
    with pytest.warns(GradientWarning):
        jacobian(jacobian(SECOND[name], mode="forward"), mode="forward")(np.zeros(2))


# Where nobody asked, and where the slope is the op's own choice: 0 without a word

SILENT = {
    "norm": (lambda x: np.linalg.norm(x), np.zeros(3)),
    "norm 1": (lambda x: np.linalg.norm(x, 1), np.zeros(3)),
    "norm 3": (lambda x: np.linalg.norm(x, 3), np.zeros(3)),
    "norm 1/2": (lambda x: np.linalg.norm(x, 0.5), np.zeros(3)),
    "hypot": (lambda x: np.hypot(x, x), 0.0),
    "std": (np.std, np.ones(3)),
    "abs": (abs, 0.0),
    "max of log": (lambda x: np.max(np.log(x)), np.array([0.0, 1.0])),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", SILENT)
def test_a_kink_of_its_own_is_silent(name, mode):
    f, x = SILENT[name]
    if name == "max of log":
        if mode == "reverse":
            np.testing.assert_array_equal(grad(f)(x), [0.0, 1.0])
    else:
        assert not np.any(by(mode, f)(x))


UNASKED = {
    "where": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0.0, 0.25]),
    "where of a square": (lambda x: np.where(x > 0, np.sqrt(x) ** 2, 0.0), [0.0, 1.0]),
    "where of a matrix product": (lambda x: np.where(x > 0, np.sqrt(x) @ np.eye(2), 0.0), [0.0, 0.25]),
    "index": (lambda x: np.sqrt(x)[1:], [0.0, 0.25]),
    "times a mask": (lambda x: np.sqrt(x) * np.array([0.0, 1.0]), [0.0, 0.25]),
    "times a matrix of zeros and ones": (lambda x: np.sqrt(x) @ np.diag([0.0, 1.0]), [0.0, 0.25]),
    "max": (lambda x: np.max(np.sqrt(x)), [0.0, 0.25]),
    "clip": (lambda x: np.clip(np.sqrt(x), 1.0, 9.0), [0.0, 0.25]),
    "a step": (lambda x: np.sign(np.sqrt(x)), [0.0, 0.0]),
    "stacked": (lambda x: np.where([False, True], np.concatenate([np.sqrt(x), x])[:2], 0.0), [0.0, 0.25]),
    "summed rows": (lambda x: np.sum(np.where(np.array([[0], [1]]) * x > 0, np.sqrt(x), 0.0), axis=0), [0.0, 0.25]),
}


@pytest.mark.parametrize("name", UNASKED)
def test_nobody_asked(name):
    f, wanted = UNASKED[name]
    np.testing.assert_array_equal(grad(lambda x: np.sum(f(x)))(np.array([0.0, 4.0])), wanted)


def test_a_cotangent_of_zero_is_silent():
    x = Value([0.0, 4.0])
    np.sqrt(x).backward(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(x.grad, [0.0, 0.25])
    np.testing.assert_array_equal(jacobian(lambda x: np.log(x))(np.array([0.0, 4.0])), [[np.inf, 0.0], [0.0, 0.25]])


def test_forward_mode_is_silent_about_a_constant_zero():
    assert jvp(lambda x: np.sqrt(x) * 0.0, (0.0,), (1.0,))[1] == 0.0
    assert jvp(lambda x: np.where(x > 0, np.sqrt(x), 0.0), (0.0,), (1.0,))[1] == 0.0


# The warning itself


def test_the_warning_points_at_the_users_line_and_comes_once():
    program = "def slope():\n    return grad(lambda x: np.sqrt(x) ** 2)(0.0)\nfor _ in range(3):\n    slope()\n"
    names = {"grad": grad, "np": np, "__name__": "users"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        exec(compile(program, "users.py", "exec"), names)
    (warning,) = caught
    assert warning.category is GradientWarning
    assert issubclass(GradientWarning, UserWarning)
    assert (warning.filename, warning.lineno) == ("users.py", 2)
    assert str(warning.message).splitlines() == [
        "sqrt: a gradient of 0 times an infinite slope is not known, and taken as 0, in users.py:2",
        "Avoid this point, for example with the input np.where(x > 0, x, 1.0); detect_anomaly() raises an error here",
    ]


def test_a_program_without_a_name_is_warned_too():
    with pytest.warns(GradientWarning):
        exec("grad(lambda x: np.sqrt(x) ** 2)(0.0)", {"grad": grad, "np": np})


@pytest.mark.parametrize("derivative", [grad, lambda f: lambda x: jvp(f, (x,), (1.0,))])
def test_detect_anomaly_raises(derivative):
    with detect_anomaly(), pytest.raises(AnomalyError):
        derivative(lambda x: np.sqrt(x) ** 2)(0.0)
    with detect_anomaly(), pytest.raises(AnomalyError):
        derivative(lambda x: np.sqrt(x * x))(0.0)


def test_detect_anomaly_names_op_and_line():
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        grad(lambda x: np.sqrt(x) ** 2)(0.0)
    first, second = str(caught.value).splitlines()
    assert first == "sqrt: a gradient of 0 times an infinite slope is not known"
    assert "test_unknown.py" in second and "grad(lambda x: np.sqrt(x) ** 2)(0.0)" in second


def test_ieee_gradients_are_plain_products():
    with ieee_gradients():
        for f, x in [*KINKS.values(), *POLES.values()]:
            assert np.isnan(grad(lambda x, f=f: np.sum(f(x)))(x)).any() or f is KINKS["sqrt of abs"][0]


def test_a_step_by_hand_is_silent():
    x = Value(0.0)
    y = x.sqrt()
    y.grad = 0.0
    y._backward()
    assert x.grad == 0.0
