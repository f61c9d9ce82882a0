"""The text of every rule of the table, evaluated beside the rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.cotangents import fit
from micrograd.op import OPS
from micrograd.see.rules import Texts, enclosed, python_of_rule
from micrograd.symbol import Symbol
from tests.samples import SAMPLES, Sample

SMOOTH = [s for s in SAMPLES if OPS[s.op].differentiable]
# A Symbol of shape () may be a variable whose shape was forgotten: it is not summed.
UNSAID = {"max()axis=None", "max()", "min()"}


def moving(sample: Sample) -> list[int]:
    """The inputs that have a rule."""
    is_float = [np.asarray(x).dtype.kind == "f" for x in sample.inputs]
    return [i for i, x in enumerate(is_float) if x and OPS[sample.op].rules[i] is not None]


def check_texts(sample: Sample, said: Callable[..., str] = python_of_rule) -> None:
    """Evaluate the texts of the rules of an op beside the rules."""
    op = OPS[sample.op]
    z = op(*sample.inputs, **sample.params)
    is_float = [np.asarray(x).dtype.kind == "f" for x in sample.inputs]
    symbols = [Symbol(f"_{i}_", shape=np.shape(x)) if is_float[i] else x for i, x in enumerate(sample.inputs)]
    for i in moving(sample):
        text = said(op, i, symbols, sample.params, np.shape(z))
        is_number = np.shape(z) == () == np.shape(sample.inputs[i])
        g = np.random.default_rng(0).uniform(0.5, 1.5, np.shape(z)) if np.shape(z) else 1.0 if is_number else 1.25
        names: dict[str, Any] = {f"_{k}_": x for k, x in enumerate(sample.inputs)} | {"_z_": z, "_g_": g}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a branch that `where` does not take
            told = eval(text, {**OPS, "np": np, **names})
            ruled = fit(op.pull(i, g, z, sample.inputs, sample.params), sample.inputs[i])
        np.testing.assert_allclose(told, ruled, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sample", [s for s in SMOOTH if str(s) not in UNSAID], ids=str)
def test_text_evaluates_to_the_rule(sample: Sample) -> None:
    check_texts(sample)


SAID: dict[tuple[str, int], list[Sample]] = {}
for _sample in SMOOTH:
    for _i in moving(_sample):
        SAID.setdefault((_sample.op, _i), []).extend([_sample] if str(_sample) not in UNSAID else [])
ALIKE = {("symmetric_function", 3), ("symmetric_function", 4)}  # as 1 and 2: one function, by the number


def test_every_input_of_every_op_has_a_text() -> None:
    ops = [op for op in OPS.values() if op.differentiable]
    finite = {
        (op.name, i)
        for op in ops
        for i in range(len(op.rules) if isinstance(op.rules, (list, tuple)) else 1)
        if op.rules[i] is not None
    }
    assert finite - ALIKE <= {key for key, samples in SAID.items() if samples}


@pytest.mark.parametrize(("op", "i"), SAID, ids=str)
def test_a_wrong_text_is_found(op: str, i: int) -> None:
    def wrong(record: Any, k: int, *rest: Any) -> str:
        text = python_of_rule(record, k, *rest)
        return f"1.0001 * ({text}) + 1e-6" if k == i else text

    assert any(fails(sample, wrong) for sample in SAID[op, i])


def fails(sample: Sample, said: Callable[..., str]) -> bool:
    try:
        check_texts(sample, said)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("op", "inputs", "params", "texts"),
    [
        ("tanh", [0.5], {}, ["1 - z^2"]),
        ("exp", [0.5], {}, ["z"]),
        ("log", [0.5], {}, ["1 / x0"]),
        ("relu", [0.5], {}, ["1 if x0 > 0 else 0"]),
        ("raise_to", [0.5], {"exponent": 3}, ["3 * x0^2"]),
        ("multiply", [0.5, 2.0], {}, ["x1", "x0"]),
        ("add", [0.5, 2.0], {}, ["1", "1"]),
        ("divide", [0.5, 2.0], {}, ["1 / x1", "-z / x1"]),
        ("hypot", [3.0, 4.0], {}, ["cosine(x0, z)", "cosine(x1, z)"]),
        ("erf", [0.5], {}, ["1.128 * exp(-x0^2)"]),
        ("max", [0.5], {}, ["the rule of max"]),
        ("matmul", [np.ones((2, 3)), np.ones((3, 4))], {}, ["g @ x1.T", "x0.T @ g"]),
        ("multiply", [np.ones((2, 3)), np.ones(3)], {}, ["g * x1", "sum(g * x0, axis=(0,))"]),
        ("stacked", [0.5, 2.0], {}, ["g[0,]", "g[1,]"]),
        ("sum", [np.ones(3)], {}, ["broadcast_to(g, shape=(3,))"]),
    ],
    ids=str,
)
def test_text_of_a_slope(op: str, inputs: list[Any], params: dict[str, Any], texts: list[str]) -> None:
    values = [Value(x, label=f"x{i}") for i, x in enumerate(inputs)]
    z = OPS[op](*values, **params)
    z.label = "z"
    written = Texts(lambda v: v.label)
    assert [written.slope(z, i) for i in range(len(inputs))] == texts


def test_text_of_a_forward() -> None:
    x, y = Value(0.5, label="x"), Value(np.ones((2, 2)), label="y + y")
    written = Texts(lambda v: v.label if isinstance(v, Value) else f"{v}")
    assert written.forward(x + x) == "x + x"
    assert written.forward(x * 3) == "x * 3"
    assert written.forward(x**2) == "x^2"
    assert written.forward(OPS["matmul"](y, y)) == "(y + y) @ (y + y)"
    assert written.forward(OPS["sum"](y, axis=0)) == "sum((y + y), axis=0)"
    assert written.forward(OPS["stacked"](*[x] * 100)) == "stacked(x, x, x, x, x, x, 94 more)"


X, Y = Symbol("x"), Symbol("y")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (-(X + Y), "-(x + y)"),
        (X - (Y - X), "x - (y - x)"),
        ((-X) ** Y, "(-x)**y"),
        (np.where(X > 0.0, -np.inf, Y), "where(x > 0.0, -np.inf, y)"),
    ],
    ids=str,
)
def test_signs_that_no_rule_has(expression: Symbol, text: str) -> None:
    assert str(expression) == text


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("x", "x"),
        ("-x", "(-x)"),
        ("1e-05", "1e-05"),
        ("tanh(x + y)", "tanh(x + y)"),
        ("x*y", "(x*y)"),
        ("x[0, 1]", "x[0, 1]"),
        ("(x) + (y)", "((x) + (y))"),
        ("layers.0.w.1", "layers.0.w.1"),
        ("o^2", "o^2"),
    ],
)
def test_factors_are_enclosed_where_they_must(text: str, factor: str) -> None:
    assert enclosed(text) == factor
