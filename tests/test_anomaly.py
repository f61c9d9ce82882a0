"""detect_anomaly(): the first number that is not finite raises, and says where it came
from.
"""

from __future__ import annotations

import inspect
import threading
import warnings

import numpy as np
import pytest

from micrograd import Value, detect_anomaly, grad, ieee_gradients, jvp, no_grad, ops
from micrograd.errors import AnomalyError, DomainError
from micrograd.nn import MLP

FORWARD = {
    "log of a negative": (
        lambda: Value(-1.0, label="x").log(),
        "log: the output is nan, from 'x' = -1.0; 'x' must lie between 0 and inf",
    ),
    "log of zero": (
        lambda: Value(0.0, label="x").log(),
        "log: the output is -inf, from 'x' = 0.0; 'x' must lie between 0 and inf",
    ),
    "no label": (
        lambda: Value(-1.0).sqrt(),
        "sqrt: the output is nan, from input 0 = -1.0; input 0 must lie between 0 and inf",
    ),
    "overflow": (lambda: Value(1000.0, label="big").exp(), "exp: the output is inf, from 'big' = 1000.0"),
    "element": (
        lambda: Value([[1.0, 2.0], [3.0, -4.0]], label="X").log(),
        "log: the output is nan at (1, 1), from 'X' = -4.0; 'X' must lie between 0 and inf",
    ),
    "two inputs": (
        lambda: Value([1.0, 2.0], label="a") / Value([3.0, 0.0], label="b"),
        "divide: the output is inf at (1,), from 'a' = 2.0 and 'b' = 0.0",
    ),
    "broadcast": (
        lambda: Value([[1.0], [2.0]], label="a") / Value([1.0, 0.0], label="b"),
        "divide: the output is inf at (0, 1), from 'a' = 1.0 and 'b' = 0.0",
    ),
    "raw input": (
        lambda: Value(2.0, label="a") * np.inf,
        "multiply: the output is inf, from 'a' = 2.0 and input 1 = inf",
    ),
    "reduction": (
        lambda: (Value([1e308, 1e308], label="a")).sum(),
        "sum: the output is inf, from 'a' (2,) from 1e+308 to 1e+308",
    ),
    "from NumPy": (
        lambda: np.log(Value(-1.0, label="x")),
        "log: the output is nan, from 'x' = -1.0; 'x' must lie between 0 and inf",
    ),
    "given as nan": (
        lambda: Value(np.nan, label="x") + 1.0,
        "add: the output is nan, from 'x' = nan and input 1 = 1.0",
    ),
    "float32": (
        lambda: Value(np.array([100.0], np.float32), label="x").exp(),
        "exp: the output is inf at (0,), from 'x' = 100.0",
    ),
    "power": (lambda: Value(-8.0, label="x") ** 0.5, "raise_to: the output is nan, from 'x' = -8.0"),
    "under no_grad": (
        lambda: unrecorded(lambda: Value(-1.0, label="x").log()),
        "log: the output is nan, from 'x' = -1.0; 'x' must lie between 0 and inf",
    ),
    "second input": (
        lambda: ops.rel_entr(Value([0.5, 0.5], label="p"), Value([0.5, 0.0], label="q")),
        "rel_entr: the output is inf at (1,), from 'p' = 0.5 and 'q' = 0.0; 'q' must lie between 0 and inf",
    ),
    "in grad": (
        lambda: grad(np.log)(-1.0),
        "log: the output is nan, from input 0 = -1.0; input 0 must lie between 0 and inf",
    ),
    "in grad of grad": (
        lambda: grad(grad(lambda x: np.log(x - 2.0)))(1.0),
        "log: the output is nan, from input 0 = -1.0; input 0 must lie between 0 and inf",
    ),
    "in grad in jvp": (
        lambda: jvp(grad(np.log), (-1.0,), (1.0,)),
        "log: the output is nan, from input 0 = -1.0; input 0 must lie between 0 and inf",
    ),
}

BACKWARD = {
    "number": (
        lambda: Value(0.0, label="x").sqrt(),
        "backward of sqrt: the gradient of 'x' is inf, where 'x' = 0.0 and the gradient of the output is 1.0",
    ),
    "element": (
        lambda: Value([4.0, 0.0], label="x").sqrt(),
        "backward of sqrt: the gradient of 'x' at (1,) is inf, where 'x' = 0.0 and the gradient of the output is 1.0",
    ),
    "no label": (lambda: (Value(0.0) * 1.0).sqrt(), "the gradient of input 0 is inf, where input 0 = 0.0 and"),
    "the second input": (
        lambda: Value(1e200, label="a") * 1e-300 / Value(1e-200, label="b"),
        "the gradient of 'b' is -inf, where 'b' = 1e-200 and the gradient of the output is",
    ),
    "further back": (
        lambda: Value(0.0, label="x").sqrt() * 3.0,
        "backward of sqrt: the gradient of 'x' is inf, where 'x' = 0.0 and the gradient of the output is 3.0",
    ),
}


def unrecorded(f):
    with no_grad():
        return f()


@pytest.mark.parametrize("row", FORWARD)
def test_forward(row):
    call, text = FORWARD[row]
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        call()
    assert str(caught.value).startswith(f"{text}\nmade at {__file__}:")
    assert str(caught.value).count("\n") == 1


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("row", BACKWARD)
def test_backward(row, create_graph):
    call, text = BACKWARD[row]
    with detect_anomaly():
        z = call()
        with pytest.raises(AnomalyError) as caught:
            z.backward(create_graph=create_graph)
    message = str(caught.value)
    assert text in message
    assert f"made at {__file__}:" in message


@pytest.mark.parametrize("create_graph", [False, True])
def test_zero_times_infinity_is_no_anomaly(create_graph):
    """What `where` did not take has no gradient, unless plain floating-point products
    are asked for.
    """

    def f(x):
        return ops.where(x.data > 0, x.sqrt(), 0.0)

    with detect_anomaly():
        x = Value([0.0, 4.0], label="x")
        f(x).backward(create_graph=create_graph)
        np.testing.assert_array_equal(getattr(x.grad, "data", x.grad), [0.0, 0.25])
        with ieee_gradients(), pytest.raises(AnomalyError, match=r"sqrt: the gradient of 'x' at \(0,\) is nan"):
            f(x).backward(create_graph=create_graph)


def test_the_line_is_that_of_the_users_program():
    here = inspect.currentframe().f_lineno
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        x = Value([1.0, 0.0], label="x")
        y = x.log()  # the culprit
        y.sum().backward()
    assert str(caught.value).splitlines()[1] == f"made at {__file__}:{here + 3}: y = x.log()  # the culprit"
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        x = Value([1.0, 0.0], label="x")
        y = x.sqrt()
        y = y * 2.0
        y.sum().backward()
    assert str(caught.value).splitlines()[1] == f"made at {__file__}:{here + 8}: y = x.sqrt()"


def test_the_line_within_our_own_modules_is_the_users_call():
    model = MLP(2, [2, 1])
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        model([np.inf, 1.0])
    assert str(caught.value).endswith("model([np.inf, 1.0])")


def test_the_line_in_a_program_without_a_file():
    program = compile("from micrograd import Value\nValue(-1.0).log()\n", "<typed in>", "exec")
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        exec(program, {})
    assert str(caught.value).splitlines()[1] == "made at <typed in>:2"


def test_a_folder_whose_name_begins_as_ours_is_the_users():
    from micrograd import unknown

    beside = unknown.HERE.rstrip("/\\") + "_of_mine/program.py"
    program = compile("from micrograd import Value\nValue(-1.0).log()\n", beside, "exec")
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        exec(program, {})
    assert str(caught.value).splitlines()[1] == f"made at {beside}:2"


def test_a_node_from_before():
    z = Value(0.0, label="x").sqrt()
    with detect_anomaly(), pytest.raises(AnomalyError, match="made before detect_anomaly\\(\\) began"):
        z.backward()


def test_nothing_is_changed_when_it_raises():
    x, w = Value([0.0, 4.0], label="x"), Value(2.0)
    x.grad, w.grad = np.array([7.0, 8.0]), 9.0
    with detect_anomaly():
        z = (x.sqrt() * w).sum()
        with pytest.raises(AnomalyError):
            z.backward()
    assert (x.data.tolist(), x.grad.tolist(), w.grad) == ([0.0, 4.0], [7.0, 8.0], 9.0)


def test_it_is_also_an_arithmetic_error():
    assert issubclass(AnomalyError, DomainError) and issubclass(AnomalyError, ArithmeticError)


def is_on():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            z = Value(0.0).log()
        except AnomalyError:
            return True
    assert z.data == -np.inf
    return False


def test_only_inside_of_the_block():
    assert not is_on()
    with detect_anomaly():
        assert is_on()
        with detect_anomaly():
            assert is_on()
        assert is_on()
    assert not is_on()
    with pytest.raises(KeyError), detect_anomaly():
        raise KeyError
    assert not is_on()
    with pytest.warns(RuntimeWarning):
        Value(0.0).log()


def test_other_threads_are_left_alone():
    inside, leave, seen = threading.Event(), threading.Event(), {}

    def watched():
        with detect_anomaly():
            inside.set()
            leave.wait(10)
            seen["watched"] = is_on()

    thread = threading.Thread(target=watched)
    thread.start()
    assert inside.wait(10)
    with np.errstate(all="ignore"):
        x = Value(0.0)
        x.sqrt().backward()
        seen["other"] = (Value(0.0).log().data, x.grad)
    leave.set()
    thread.join()
    assert seen == {"watched": True, "other": (-np.inf, np.inf)}


def test_what_is_finite_passes_unchanged():
    def run():
        x = Value([[1.0, 2.0], [3.0, 4.0]])
        z = ops.sum(np.exp(x) @ x / 3.0) * 2.0 + x[0].max()
        z.backward()
        return z.data, x.grad.tolist()

    plain = run()
    with detect_anomaly():
        assert run() == plain
        assert (Value(1.0) > np.inf) is False


@pytest.mark.parametrize("f", [lambda x: x.sqrt(), lambda x: np.sqrt(x)])
def test_gradients_of_transforms(f):
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        grad(f)(0.0)
    assert "backward of sqrt: the gradient of input 0 is inf" in str(caught.value)
    assert f"made at {__file__}:" in str(caught.value)


@pytest.mark.parametrize(
    ("f", "x", "text"),
    [(np.log, -1.0, "log: the output is nan"), (np.sqrt, 0.0, "sqrt: the tangent is inf, from input 0 = 0.0\nmade at")],
)
def test_forward_mode(f, x, text):
    with detect_anomaly(), pytest.raises(AnomalyError, match=text):
        jvp(lambda x: f(x), (x,), (1.0,))
