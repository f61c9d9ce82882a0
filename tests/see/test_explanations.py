"""Explanations: the texts to the letter; their numbers, held to `backward()`; names;
what is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from micrograd import Value, compile, custom_vjp, explain, grad, nn, no_grad, ops, toposort
from micrograd.errors import CaptureError, DataError, GradientError, IndexingError, MicrogradError
from micrograd.gradients import has_grad
from micrograd.op import OPS
from micrograd.see.chains import Chains, pushed
from micrograd.see.numerals import described
from tests.processes import printed
from tests.samples import SAMPLES, Sample
from tests.see.programs import expression, first_expression, labelled, leaves, network, neuron, twice

TWICE = """\
db/da = 2

  How b is made from a = 3:
    b = a + a = 6

  a is used twice, so two parts are added:
    use                 arrived there  * its slope  = adds
    b = a + a, input 1              1          * 1     = 1
    b = a + a, input 2              1          * 1     = 1
                                                together 2

  a.grad is 2: the same."""

FIRST_EXPRESSION = """\
dL/da = 6

  How L is made from a = 2:
    e = a * b = -6
    d = e + c = 4
    L = d * f = -8

  One path, so one product, read from the end:
    dL/da = dL/dd * dd/de * de/da
          = f * 1 * b
          = (-2) * 1 * (-3)
          = 6

  a.grad is 6: the same."""

NEURON = """\
do/dw1 = 1

  How o is made from w1 = -3:
    x1*w1         = x1 * w1             = -6
    x1*w1 + x2*w2 = (x1*w1) + (x2*w2)   = -6
    n             = (x1*w1 + x2*w2) + b = 0.8814
    o             = tanh(n)             = 0.7071

  One path, so one product, read from the end:
    do/dw1 = do/dn * dn/d(x1*w1 + x2*w2) * d(x1*w1 + x2*w2)/d(x1*w1) * d(x1*w1)/dw1
           = (1 - o^2) * 1 * 1 * x1
           = 0.5 * 1 * 1 * 2
           = 1

  w1.grad is 1: the same."""

NETWORK = """\
dloss/dw = -0.4537, with w = layers.0.neurons.0.w.0

  w = 0.2355 reaches loss = 6.005 through 164 values, along 16 paths.

  w is used 4 times, so four parts are added, the largest first:
    use           arrived there  * its slope     = adds
    v1 = w * 3          -0.3372          * 3   = -1.012
    v2 = w * 2           0.1929          * 2   = 0.3858
    v3 = w * 1           0.2698          * 1   = 0.2698
    v4 = w * 0.5         -0.195        * 0.5  = -0.0975
                                       together -0.4537

  How -0.3372 arrived at v1, the largest part each time:
    back through                        arrived      * slope                            = goes on
    v5 = v6^2                                 1      * 3.114                              = 3.114
    v7 = tanh(v8)                         3.114     * 0.6897                              = 2.148
    v9 = layers.2.neurons.0.w.3 * v10     2.148  * (-0.9122)                             = -1.959
    v10 = tanh(v11)                      -1.959     * 0.4413                            = -0.8646
    v12 = layers.1.neurons.3.w.0 * v13  -0.8646     * 0.8302  + 0.2006 by 3 other uses  = -0.5172
    v13 = tanh(v14)                     -0.5172     * 0.6521                            = -0.3372
  Sums in between pass it on unchanged.

  w.grad is -0.4537: the same."""


# The texts


@pytest.mark.parametrize(
    ("program", "text"),
    [(twice, TWICE), (first_expression, FIRST_EXPRESSION), (neuron, NEURON)],
    ids=["twice", "first expression", "neuron"],
)
def test_text(program: Callable[[], tuple[Value, Value]], text: str) -> None:
    root, x = program()
    root.backward()
    assert str(explain(root, x)) == repr(explain(root, x)) == text


def test_text_of_a_network() -> None:
    loss, w, model = network()
    loss.backward()
    assert str(explain(loss, w, model=model)) == NETWORK


def test_a_chain_that_is_long_is_cut_in_the_middle() -> None:
    x = Value(0.1, label="x")
    y = x
    for _ in range(30):
        y = y.sin()
    text = str(explain(labelled(y, "y"), x))
    assert "  x = 0.1 reaches y = 0.09534 through 30 values, along 1 path.\n" in text
    assert "  x is used once:\n" in text
    assert "together" not in text
    assert text.count(" = sin(v") == 20  # beside the use of x, which is sin(x)
    assert "    ... 9 more ...\n" in text


def test_more_than_five_parts_are_summed() -> None:
    x = Value(2.0, label="x")
    y = labelled(sum((x * float(k) for k in range(1, 9)), Value(0.0)), "y")
    explanation = explain(y, x)
    assert [part.adds for part in explanation.parts] == [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    lines = [" ".join(line.split()) for line in str(explanation).splitlines()]
    assert lines[4] == "x is used 8 times, so eight parts are added, the largest first:"
    assert lines[6:13] == [
        *(f"v{i} = x * {k} 1 * {k} = {k}" for i, k in enumerate((8, 7, 6, 5, 4), 1)),
        "3 more = 6",
        "together 36",
    ]


def test_sums_alone() -> None:
    x = Value(2.0, label="x")
    y = labelled(x * x + x.exp(), "y")
    assert "\n  1 arrived at v2 by way of sums alone, which pass it on unchanged.\n" in str(explain(y, x))


def test_a_value_explained_by_itself() -> None:
    x = Value(2.0, label="x")
    explanation = explain(x, x)
    assert (explanation.paths, explanation.gradient, explanation.parts) == (1, 1.0, [("x itself", 1.0, 1.0, 1.0)])
    assert str(explanation).startswith("dx/dx = 1\n\n  x is explained by itself: when it grows by 1, it grows by 1.")
    assert explanation._repr_latex_() == r"$\frac{\partial x}{\partial x} = 1$"


@pytest.mark.parametrize("shape", [(2, 3), (0, 3), (1,)])
def test_an_array_explained_by_itself(shape: tuple[int, ...]) -> None:
    z = labelled(Value(np.ones(shape)) * 2.0, "z")
    z.backward()
    explanation = explain(z, z)
    assert str(explanation) == (
        f"dz/dz, an array of shape {shape}\n\n  z is explained by itself: when it grows by 1, it grows by 1.\n\n"
        f"  z.grad is the same array."
    )
    assert explanation._repr_latex_() == r"$\frac{\partial z}{\partial z} = 1$"
    if z.data.size:
        place = (0,) * len(shape)
        assert explain(z, z, place).gradient == 1.0
        assert explain(z, z, place)._repr_latex_().endswith("}} = 1$")


def test_a_zero_that_arrives_stays_zero() -> None:
    (x,) = leaves(x=0.0)
    y = labelled(x**0.5 * 0.0, "y")
    (w,) = leaves(w=2.0)
    z = labelled(ops.where(w > 5, x**0.5, w) + x, "z")
    text = str(explain(z, x))
    assert "A 0 that arrives stays 0, whatever the slope is." in text
    assert explain(z, x).gradient == 1.0
    z.backward()
    assert x.grad == 1.0
    assert y.data == 0.0


# The numbers


def paths_one_by_one(root: Any, x: Value) -> int:
    return 1 if root is x else sum(paths_one_by_one(y, x) for y in getattr(root, "inputs", ()))


@pytest.mark.parametrize("seed", range(50))
def test_parts_sum_to_the_gradient_of_backward(seed: int) -> None:
    root, inputs = expression(seed)
    explanations = [explain(root, x) for x in inputs]
    assert not any(has_grad(node) for node in toposort(root))
    root.backward()
    for x, explanation in zip(inputs, explanations, strict=True):
        adds = [part.adds for part in explanation.parts]
        assert explanation.gradient == x.grad
        assert sum(adds) == pytest.approx(x.grad, rel=1e-12, abs=1e-12)
        assert [abs(x) for x in adds] == sorted(map(abs, adds), reverse=True)
        assert explanation.paths == paths_one_by_one(root, x)
        for part in explanation.parts:
            assert part.adds == pytest.approx(part.arrived * part.slope, rel=1e-12, abs=1e-15)
        assert "the same." in str(explain(root, x)).splitlines()[-1]


@pytest.mark.parametrize("seed", range(5))
def test_values_in_between_are_explained_too(seed: int) -> None:
    root, _ = expression(seed)
    root.backward()
    for node in toposort(root):
        assert explain(root, node).gradient == pytest.approx(node.grad, rel=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_largest_chain_ends_at_what_arrived(seed: int) -> None:
    root, (x, *_) = expression(seed)
    chains = Chains(root, x)
    for node in chains.between[:-1]:
        steps = chains.largest(node)
        assert steps[0].arrived == 1.0
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            assert step.goes_on == (chains.arrived(node) if following is None else following.arrived)
            assert step.goes_on == pytest.approx(step.part + (step.rest or 0.0), rel=1e-12, abs=1e-12)


def test_nobodys_gradient_is_touched() -> None:
    root, inputs = expression(3)
    root.backward()
    before = [node.grad for node in toposort(root)]
    for x in inputs:
        explain(root, x)
    assert [node.grad for node in toposort(root)] == before


def test_paths_are_counted_and_not_walked() -> None:
    x = Value(0.9, label="x")
    y = x
    for _ in range(3000):
        y = y.tanh() + y.sin() * 0.01
    explanation = explain(y, x)
    assert explanation.paths == 2**3000
    assert "through 12,000 values, along about 1.230e+903 paths." in str(explanation)


def test_a_rule_of_the_users_own() -> None:
    @custom_vjp
    def sine(x: Any) -> Any:
        return np.sin(x)

    sine.defvjp(lambda x: (np.sin(x), x), lambda x, g: (g * np.cos(float(x)),))
    x = Value(0.5, label="x")
    y = labelled(sine(x) * 2.0, "y")
    y.backward()
    text = str(explain(y, x))
    assert text.startswith("dy/dx = 1.755\n")
    assert "v1 = custom_vjp of sine(x) = 0.4794" in text
    assert " = 2 * (the rule of custom_vjp of sine)\n          = 2 * 0.8776\n" in text
    assert "x.grad is 1.755: the same." in text


def test_ten_thousand_uses() -> None:
    x = Value(0.5, label="x")
    y = sum((x * (k * 0.001) for k in range(10_000)), Value(0.0))
    parts = explain(y, x).parts
    assert len(parts) == 10_000
    assert parts[-1].adds == 0.0


def test_exact_numbers_stay_exact() -> None:
    x = Value(Fraction(1, 3), label="x")
    y = labelled(x * x * Fraction(1, 7), "y")
    explanation = explain(y, x)
    assert explanation.gradient == Fraction(2, 21)
    assert str(explanation).startswith("dy/dx = 2/21\n")


DIFFERENTIABLE = [s for s in SAMPLES if OPS[s.op].differentiable]


@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_every_op_is_explained(sample: Sample) -> None:
    inputs = [Value(x) if np.asarray(x).dtype.kind == "f" else x for x in sample.inputs]
    values = [x for i, x in enumerate(inputs) if isinstance(x, Value) and OPS[sample.op].rules[i] is not None]
    root = OPS[sample.op](*inputs, **sample.params) * 2.0
    explanations = [explain(root, x) for x in values]
    root.backward()
    for x, explanation in zip(values, explanations, strict=True):
        np.testing.assert_array_equal(explanation.gradient, x.grad)
        np.testing.assert_allclose(sum(part.adds for part in explanation.parts), x.grad, rtol=1e-12, atol=1e-12)
        assert max(map(len, str(explanation).splitlines())) < 400
        assert "_0_" not in str(explanation)
        assert explanation._repr_latex_().count("{") == explanation._repr_latex_().count("}")
        assert str(explain(root, x)).splitlines()[-1].endswith((": the same.", "is the same array."))


# Arrays


def layer() -> tuple[Value, Value, Value]:
    W = Value(np.arange(6.0).reshape(3, 2) / 7, label="W")
    b = Value(np.array([0.1, -0.2]), label="b")
    h = labelled(np.tanh(np.arange(12.0).reshape(4, 3) / 10 @ W + b), "h")
    return labelled((h * h).sum(), "L"), W, b


LAYER = """\
dL/d(W[2, 1]) = 1.511

  W[2, 1] = 0.7143 reaches L = 2.468 through 5 values, along 2 paths.

  W[2, 1] is used once:
    use                   arrived there        by its rule   = adds
    v1 = array(4, 3) @ W   array (4, 2)  array(4, 3).T @ g  = 1.511

  W[2, 1] acts on 4 elements of v1:
    element   arrived there  * its slope       = adds
    v1[2, 1]          0.756        * 0.8     = 0.6048
    v1[3, 1]         0.5466        * 1.1     = 0.6012
    v1[1, 1]         0.6208        * 0.5     = 0.3104
    v1[0, 1]       -0.02856        * 0.2  = -0.005713
                                       together 1.511

  How the gradient arrived at v1, the largest part each time:
    back through       arrived                    by the rule                              = goes on
    L = sum(v2)              1  broadcast_to(g, shape=(4, 2))                         = array (4, 2)
    v2 = h * h    array (4, 2)                          g * h  + more by 1 other use  = array (4, 2)
    h = tanh(v3)  array (4, 2)                  g * (1 - h^2)                         = array (4, 2)
  Sums in between pass it on unchanged.
"""


def test_text_of_an_array() -> None:
    L, W, _ = layer()
    L.backward()
    text = str(explain(L, W, index=(2, 1)))
    assert text.startswith(LAYER)
    assert text.endswith("\n  W.grad[2, 1] is 1.511: the same.")
    assert "W   shape (3, 2), float64: [[0, 0.1429], [0.2857, 0.4286], [0.5714, 0.7143]]" in re.sub(
        " {3,}", "   ", text
    )
    whole = str(explain(L, W))
    assert whole.startswith("dL/dW, an array of shape (3, 2)\n")
    assert whole.endswith("\n  W.grad is the same array.")


@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_what_an_element_acts_on_gives_its_part(sample: Sample) -> None:
    inputs = [Value(x) if np.asarray(x).dtype.kind == "f" and np.size(x) else x for x in sample.inputs]
    z = OPS[sample.op](*inputs, **sample.params)
    root = z * np.random.default_rng(0).uniform(0.5, 1.5, z.shape)
    for i, x in enumerate(inputs):
        if isinstance(x, Value) and x.shape and OPS[sample.op].rules[i] is not None:
            place = tuple(n // 2 for n in x.shape)
            explanation, chains = explain(root, x, place), Chains(root, x)
            (part, *_) = [p for use, p in zip(chains.uses[x], chains.parts, strict=True) if use == (z, i)]
            slopes = pushed(z, i, place)
            assert np.sum(chains.arrived(z) * slopes) == pytest.approx(part[place], rel=1e-9, abs=1e-9)
            assert str(explanation).count("together") <= 2


def test_elements_are_explained_one_by_one() -> None:
    L, W, b = layer()
    L.backward()
    for x in (W, b):
        for index in np.ndindex(x.shape):
            explanation = explain(L, x, index)
            assert explanation.gradient == x.grad[index]
            assert sum(part.adds for part in explanation.parts) == pytest.approx(x.grad[index])
    assert explain(L, b, -1).gradient == b.grad[1]
    assert explain(L, b, np.int64(0)).gradient == b.grad[0]


def test_an_element_of_an_elementwise_op_has_a_slope() -> None:
    x = Value(np.array([1.0, 2.0, 3.0]), label="x")
    y = labelled(x * x, "y")
    assert explain(y, x, 2).parts == [
        ("y = x * x, input 1", 1.0, 3.0, 3.0),
        ("y = x * x, input 2", 1.0, 3.0, 3.0),
    ]
    assert "reaches the sum of y" in str(explain(y, x, 2))


def test_a_number_among_arrays() -> None:
    s = Value(2.0, label="s")
    z = labelled((s * np.ones((2, 3))).sum() + s, "z")
    explanation = explain(z, s)
    assert explanation.gradient == 7.0
    assert [(part.slope, part.adds) for part in explanation.parts] == [
        ("sum(g * array(2, 3), axis=(0, 1))", 6.0),
        (1.0, 1.0),
    ]


def test_elements_taken_of_a_value_in_between() -> None:
    x = Value(np.array([1.0, 2.0, 3.0]), label="x")
    y = labelled(x * x, "y")
    z = labelled(y[0] * 2.0 + y[0] + y[1:].sum(), "z")
    z.backward()
    np.testing.assert_array_equal(explain(z, x).gradient, x.grad)
    assert explain(z, x, 0).paths == 6
    assert last(z, x) == "x.grad is the same array."


def test_arrays_of_other_libraries_are_named_by_their_shape() -> None:
    class Elsewhere:
        shape, dtype = (1000, 1000), np.dtype("float32")

    assert described(Elsewhere()) == "Elsewhere of shape (1000, 1000), float32"


def test_arrays_of_dask() -> None:
    da = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")
    x = Value(da.from_array(np.array([1.0, 2.0, 3.0]), chunks=2), label="x")
    y = labelled((x * x + x.cumsum()).sum(), "y")
    explanation = explain(y, x, 1)
    assert explanation.gradient == 6.0
    assert "acts on" not in str(explanation)
    assert "Array of shape (3,), float64" in str(explanation)
    assert "x[1] = 2 reaches y = 24 through" in str(explanation)
    assert "dask" not in str(explain(y, x)) + explain(y, x)._repr_latex_()


def test_ways_that_carry_no_gradient_are_not_paths() -> None:
    x = Value(2.0, label="x")
    stopped = OPS["stop_gradient"]
    y = labelled(x * x + stopped(x * 3.0) * x + stopped(x), "y")
    y.backward()
    explanation = explain(y, x)
    assert (explanation.paths, explanation.gradient) == (3, x.grad)
    assert "v1 = x * 3" not in str(explanation)
    with pytest.raises(GradientError, match="'z' is made from 'x' only where an op has no derivative, as in a condi"):
        explain(labelled(stopped(x * 3.0) * Value(2.0), "z"), x)


# What `grad` holds


def test_the_gradient_that_is_there() -> None:
    root, x = twice()
    assert last(root, x) == "a.grad is 0: b.backward() was not called, or the gradient was zeroed since."
    root.backward()
    assert last(root, x) == "a.grad is 2: the same."
    root.backward()
    assert last(root, x) == (
        "a.grad is 4; this pass gives 2. Another backward() has added to it, or the data have changed since."
    )
    x.grad = 2.0001
    assert last(root, x).startswith("a.grad is 2.0001; this pass gives 2.0. ")
    x.zero_grad()
    y = labelled(x * 0.0, "y")
    assert last(y, x) == "a.grad is 0: the same; y.backward() was not called, or the gradient was zeroed since."


def test_the_gradient_that_is_there_of_arrays() -> None:
    L, W, b = layer()
    assert last(L, W) == "W.grad is all 0: L.backward() was not called, or the gradient was zeroed since."
    assert not has_grad(W)
    L.backward()
    L.backward()
    assert last(L, b).startswith("b.grad is another array, shape (2,), float64: [5.126, 3.79]. Another backward()")
    assert last(L, b, 1).startswith("b.grad[1] is 3.79; this pass gives 1.895. ")


@pytest.mark.parametrize(
    ("held", "found", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0001, False),
        (5.0, np.inf, False),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.nan, np.nan, True),
        (np.nan, 1.0, False),
        (0.0, np.nan, False),
        (1e-300, 0.0, False),
    ],
)
def test_what_is_the_same(held: float, found: float, same: bool) -> None:
    x = Value(1.0, label="x")
    y = labelled(x * found, "y")
    x.grad = held
    assert last(y, x).endswith(": the same.") is same
    v = Value(np.ones(3), label="v")
    z = labelled((v * np.array([1.0, found, 2.0])).sum(), "z")
    v.grad = np.array([1.0, held, 2.0])
    assert last(z, v).endswith("the same array.") is (same or held == 1e-300)


def test_data_that_were_assigned_since() -> None:
    x, w = leaves(x=2.0, w=3.0)
    y = labelled((x * w).tanh(), "y")
    w.data = 4.0
    warning = (
        "v1 = x * w no longer holds: data was assigned after it was computed. Run the forward pass again, then explain."
    )
    assert warning in str(explain(y, w))
    assert warning in str(explain(y, x))
    assert "no longer holds" not in str(explain(labelled((x * w).tanh(), "y"), w))


def test_float32_is_the_same_up_to_its_rounding() -> None:
    x = Value(np.linspace(0.1, 0.9, 7, dtype=np.float32), label="x")
    y = labelled((x.tanh() * x).sum(), "y")
    y.backward()
    x.grad = x.grad * np.float32(1 + 3e-7)
    assert last(y, x) == "x.grad is the same array."


def last(*arguments: Any) -> str:
    return str(explain(*arguments)).splitlines()[-1].strip()


# Names


def test_values_without_a_label_are_numbered() -> None:
    x = Value(2.0)
    y = x * x
    text = str(explain(y, x))
    assert text.startswith("dv1/dv2 = 4\n\n  How v1 is made from v2 = 2:\n    v1 = v2 * v2 = 4\n")
    v1 = Value(3.0, label="v1")
    assert str(explain(v1 * x, x)).startswith("dv2/dv3 = 3\n\n  How v2 is made from v3 = 2:\n    v2 = v1 * v3 = 6\n")


def test_constants_are_called_by_their_number() -> None:
    x, k = Value(2.0, label="x"), Value(7.0).detach()
    assert "y = x * 7 = 14\n" in str(explain(labelled(x * k, "y"), x))
    k.label = "k"
    assert "y = x * k = 14\n" in str(explain(labelled(x * k, "y"), x))


@pytest.mark.parametrize(
    ("root", "x", "title"),
    [
        ("training_loss", "learned_weight", "dL/dx = 2, with L = training_loss and x = learned_weight"),
        ("L", "model.layers.bias", "dL/dbias = 2, with bias = model.layers.bias"),
        ("L", "a.longer_name_than_it", "dL/dx = 2, with x = a.longer_name_than_it"),
        ("bias", "model.layers.bias", "dbias/dbias_ = 2, with bias_ = model.layers.bias"),
        ("x y", "twelve_signs", "d(x y)/dtwelve_signs = 2"),
    ],
)
def test_long_names_are_said_once(root: str, x: str, title: str) -> None:
    v = Value(3.0, label=x)
    assert str(explain(labelled(v + v, root), v)).splitlines()[0] == title


def test_two_values_of_one_label_are_told_apart() -> None:
    x, other, third = Value(2.0, label="x"), Value(3.0, label="x"), Value(4.0, label="x_2")
    assert "y  = x * x_3 = 6\n" in str(explain(labelled(x * other, "y") * third, x))


def test_the_label_of_a_module_is_part_of_the_path() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    loss = labelled(model(np.ones((3, 2))).sum(), "loss")
    explanation = explain(loss, model[0].weight, model=model)
    assert str(explanation).startswith("dloss/d(0.weight), an array of shape (2, 2)\n")
    assert [part.use for part in explanation.parts] == ["v1 = linear(array(3, 2), 0.weight, 0.bias)"]
    assert "loss = sum(v2)" in str(explanation)
    assert "v2 = linear(v1, 1.weight, 1.bias)" in str(explanation)


def test_labels_stand_before_paths_in_a_model() -> None:
    loss, w, model = network()
    w.label = "first"
    assert str(explain(loss, w, model=model)).startswith("dloss/dfirst = -0.4537\n")


EVIL = [
    "<script>alert(1)</script>",
    "</pre></table><img src=x onerror=alert(1)>",
    "a&lt;b",
    '"quoted"',
    "two\nlines\x00\u2028\ud800",
    "y" * 10_000,
    r"\href{javascript:alert(1)}{x}",
    "$x$ } {",
    "α∈ℝ 🙂",
    "_0_",
    "%(x)s {0}",
]


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("label", EVIL, ids=range(len(EVIL)))
def test_nothing_in_a_label_can_run(label: str) -> None:
    a, b = Value(2.0, label=label), Value(-3.0, label=label + "2")
    L = labelled((a * b + a).tanh(), label + "3")
    for x in (a, b):
        explanation = explain(L, x)
        page = Tags(explanation._repr_html_())
        assert page.tags <= {"div", "p", "b", "table", "tr", "td", "th", "pre"}
        assert page.attributes <= {"class", "style", "colspan"}
        assert max(map(len, str(explanation).splitlines())) < 500
        str(explanation).encode()
        latex = explanation._repr_latex_()
        assert latex.count("$") == 2
        assert latex.count("{") == latex.count("}")
        assert not re.search(r"\\(href|url|require|def|html)|[<>&#%]", latex)


def test_html_says_what_the_text_says() -> None:
    loss, w, model = network()
    loss.backward()
    explanation = explain(loss, w, model=model)
    words = " ".join(Tags(explanation._repr_html_()).texts).split()
    assert words == str(explanation).split()


@pytest.mark.parametrize(
    ("program", "latex"),
    [
        (twice, r"$\frac{\partial b}{\partial a} = 1 \cdot 1 + 1 \cdot 1 = 2$"),
        (
            first_expression,
            r"$\frac{\partial L}{\partial a} = \frac{\partial L}{\partial d} \cdot \frac{\partial d}{\partial e} \cdot "
            r"\frac{\partial e}{\partial a} = f \cdot 1 \cdot b = \left(-2\right) \cdot 1 \cdot \left(-3\right) = 6$",
        ),
    ],
    ids=["twice", "first expression"],
)
def test_latex(program: Callable[[], tuple[Value, Value]], latex: str) -> None:
    assert explain(*program())._repr_latex_() == latex


def test_latex_of_arrays() -> None:
    L, W, b = layer()
    assert explain(L, W)._repr_latex_() == (
        r"$\frac{\partial L}{\partial W} = \left(\text{array(4, 3)}^\top \frac{\partial L}{\partial v_{1}}\right)$"
    )
    assert explain(L, b, 1)._repr_latex_() == (
        r"$\frac{\partial L}{\partial {b}_{1}} = "
        r"\left(\sum\left(\frac{\partial L}{\partial v_{1}}\right)\right)_{1} = 1.895$"
    )
    s = Value(2.0, label="s")
    z = labelled((s * np.ones((2, 3))).sum() + s.exp(), "z")
    assert explain(z, s)._repr_latex_() == (
        r"$\frac{\partial z}{\partial s} = \frac{\partial z}{\partial v_{1}} \cdot v_{1}"
        r" + \left(\sum\left(\frac{\partial z}{\partial v_{2}} \cdot \text{array(2, 3)}\right)\right) = 13.39$"
    )


def mathtext(latex: str) -> None:
    """Matplotlib reads it: it knows no environments, so that these are taken out."""
    parser = pytest.importorskip("matplotlib.mathtext", reason="the extra `plot` is not installed").MathTextParser(
        "agg"
    )
    flat = re.sub(r"\\(begin|end)\{\w+\}", " ", latex).replace("&", ",").replace(r"\\ ", "; ")
    parser.parse(flat)


@pytest.mark.filterwarnings("ignore")  # of glyphs that the font does not have
@pytest.mark.parametrize("label", EVIL + ["a_b", "50%", "$x$", "_", "^", "x_1", "-", "中文", "\u0301"], ids=ascii)
def test_a_label_does_not_break_latex(label: str) -> None:
    x, A = Value(2.0, label=label), Value([2.0, 1.0], label=label)
    mathtext(explain(labelled((x * x + x).tanh(), label + "z"), x)._repr_latex_())
    for index in (None, 0):
        mathtext(explain(labelled((A * A).sum(), label + "z"), A, index)._repr_latex_())


@pytest.mark.parametrize("sample", {s.op if s.op != "getitem" else str(s): s for s in DIFFERENTIABLE}.values(), ids=str)
def test_latex_of_every_op_can_be_read(sample: Sample) -> None:
    inputs = [
        Value(x, label="abc"[i % 3]) if np.asarray(x).dtype.kind == "f" else x for i, x in enumerate(sample.inputs)
    ]
    z = labelled(OPS[sample.op](*inputs, **sample.params), "z_1")
    for i, x in enumerate(inputs):
        if isinstance(x, Value) and OPS[sample.op].rules[i] is not None:
            mathtext(explain(z, x)._repr_latex_())


# What is refused


def by_hand() -> Any:
    x = Value(2.0, label="x")
    return explain(Value(4.0, (x,), "square", label="y") * 2.0, x)


def own_step() -> Any:
    x = Value(2.0, label="x")
    y = labelled(x * x, "y")
    y._backward = lambda: None
    return explain(y * 2.0, x)


def made_anew() -> Any:
    x = Value(2.0, label="x")
    y = labelled(x * x, "y")
    return explain(y, Value(2.0, label="x"))


def detached() -> Any:
    x = Value(2.0, label="x")
    return explain(labelled(x.detach() * Value(3.0), "y"), x)


def without_history() -> Any:
    x = Value(2.0, label="x")
    with no_grad():
        return explain(labelled(x * x, "y"), x)


def within_a_transform() -> Any:
    return grad(lambda x: explain(x * x, x))(2.0)


def within_a_capture() -> Any:
    @compile
    def f(x: Value) -> Value:
        y = x * x
        explain(y, x)
        return y

    return f(Value(2.0))


def compiled() -> Any:
    x = Value(2.0, label="x")
    return explain(compile(lambda v: v * v)(x), x)


X, A = Value(2.0, label="x"), Value(np.ones((2, 3)), label="A")


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (
            within_a_transform,
            DataError,
            "explain: root has no plain numbers: it is inside a transform, or a Symbol; call",
        ),
        (within_a_capture, CaptureError, "explain()"),
        (detached, GradientError, "explain: 'y' is not made from 'x': it is not among the values that 'y' is made of"),
        (made_anew, GradientError, "another value has the label 'x': was it made anew?\nuse 'x' in the forward pass"),
        (lambda: explain(A * 2.0, X), GradientError, "explain: the root is not made from 'x': it is not among"),
        (lambda: explain(X * X, X.detach()), GradientError, "explain: x is a constant: 'x' was detached, or made"),
        (without_history, GradientError, "explain: root is a constant: 'y' was detached, or made under no_grad()"),
        (by_hand, GradientError, "explain: 'y' was made by hand, as Value(data, inputs, 'square'), and has no rule"),
        (own_step, GradientError, "explain: 'y' has a `_backward` of its own, and so no rule that can be printed"),
        (compiled, GradientError, "has a `_backward` of its own, and so no rule that can be printed; make it from ops"),
        (
            lambda: explain(A * A, A, (2, 0)),
            IndexingError,
            "explain: index=(2, 0) is outside of x, which has shape (2,",
        ),
        (lambda: explain(A * A, A, (0, 1.5)), IndexingError, "explain: index=(0, 1.5) is not made of whole numbers"),
        (lambda: explain(A * A, A, "ab"), IndexingError, "explain: index='ab' is not made of whole numbers"),
        (lambda: explain(X * X, X, 0), IndexingError, "explain: index=0, but x is one number; leave the index out"),
    ],
    ids=range(14),
)
def test_refused(use: Callable[[], Any], error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error) as raised:
        use()
    assert type(raised.value) is error
    assert words in str(raised.value)


def test_a_value_that_only_decides_is_refused() -> None:
    x = Value(np.array([1.0, 2.0]), label="x")
    condition = OPS["where"]
    y = condition(x > 1.5, Value(np.ones(2)), 0.0)
    with pytest.raises(GradientError, match="is not made from 'x'"):
        explain(y, x)


def test_explaining_numbers_loads_no_numpy() -> None:
    printed(
        "import sys; from micrograd import Value, explain; x = Value(2.0, label='x'); y = (x * x + 1.0).tanh() * x\n"
        "y.backward(); e = explain(y, x); str(e), e._repr_html_(), e._repr_latex_()\n"
        "assert 'numpy.linalg' not in sys.modules"
    )
