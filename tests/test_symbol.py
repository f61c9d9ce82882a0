"""Symbols: expressions, their derivatives, and how both are printed."""

from __future__ import annotations

import ast
import copy
import math
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from micrograd import (
    Symbol,
    Value,
    draw_dot,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    ops,
    value_and_grad,
    vjp,
)
from micrograd.errors import ArgumentError, DataError, GradientError, IndexingError, OpError, ShapeError
from micrograd.folding import FOLDS, in_order, simplified
from micrograd.op import OPS, Elementwise, elementwise
from tests.samples import SAMPLES, Sample

x, y = Symbol("x"), Symbol("y")
v, w = Symbol("v", shape=(3,)), Symbol("w", shape=(2, 3))

SMOOTH = [s for s in SAMPLES if isinstance(OPS[s.op], Elementwise) and np.size(s.inputs[0])]


def evaluated(text: str, **values: Any) -> Any:
    return eval(text, {**OPS, "np": np, **values})


def text_of(given: Any) -> str:
    """An id: the expected text."""
    return given if isinstance(given, str) else ""


def by_symbols(sample: Sample) -> tuple[list[Any], dict[str, Any]]:
    """Inputs of the sample, each number that may move as a variable; and the numbers of
    these.
    """
    inputs: list[Any] = []
    values = {}
    for i, number in enumerate(sample.inputs):
        is_variable = np.asarray(number).dtype.kind == "f"
        inputs.append(Symbol(f"x{i}", shape=np.shape(number)) if is_variable else number)
        if is_variable:
            values[f"x{i}"] = number
    return inputs, values


@pytest.mark.parametrize("sample", SMOOTH, ids=str)
def test_text_evaluates_to_the_number(sample: Sample) -> None:
    """Of the op and of its derivatives of first and second order, by each input."""
    op = OPS[sample.op]
    inputs, values = by_symbols(sample)

    def f(*args: Any) -> Any:
        return op(*args, **sample.params)

    functions: list[Callable[..., Any]] = [f]
    if op.differentiable:
        for i, rule in enumerate(op.rules):
            if rule is not None and isinstance(inputs[i], Symbol):
                functions += [elementwise_grad(f, i), elementwise_grad(elementwise_grad(f, i), i)]
    for function in functions:
        expression, number = function(*inputs), function(*sample.inputs)
        if not isinstance(expression, Symbol):  # no variable is left
            np.testing.assert_array_equal(expression, number)
        else:
            np.testing.assert_allclose(evaluated(str(expression), **values), number, rtol=1e-12, atol=1e-12)
            np.testing.assert_array_equal(expression(**values), number)
            tex = f"{expression:latex}"
            assert tex.count("{") == tex.count("}")
            assert tex.count(r"\left") == tex.count(r"\right")


# Derivatives that a person can read


def loss(u: Any) -> Any:
    return np.sum(np.tanh(w @ u) ** 2)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (grad(lambda x: np.sin(x) * x**2)(x), "2.0 * x * sin(x) + x**2 * cos(x)"),
        (grad(lambda x: x * x * x)(x), "3.0 * x**2"),
        (grad(grad(lambda x: x**3))(x), "6.0 * x"),
        (grad(lambda x: 1 / x)(x), "-1.0 / x**2"),
        (grad(np.log)(x), "1.0 / x"),
        (grad(np.tanh)(x), "1.0 - tanh(x)**2"),
        (grad(grad(np.tanh))(x), "-2.0 * tanh(x) * (1.0 - tanh(x)**2)"),
        (grad(ops.sigmoid)(x), "sigmoid(x) * (1.0 - sigmoid(x))"),
        (grad(ops.relu)(x), "1.0 * (x > 0)"),
        (grad(np.sqrt)(x), "0.5 / sqrt(x)"),
        (grad(np.abs)(x), "sign(x)"),
        (grad(lambda x: np.exp(-(x**2)))(x), "-2.0 * x * exp(-x**2)"),
        (grad(lambda x: (x - y) ** 2)(x), "2.0 * (x - y)"),
        (grad(lambda x: np.maximum(x, y))(x), "where(x == y, 0.5, x > y)"),
        (grad(np.sum)(v), "np.ones((3,))"),
        (grad(lambda v: np.sum(v**2))(v), "2.0 * v"),
        (grad(lambda v: v @ v)(v), "2.0 * v"),
        (grad(lambda v: v[0] * v[1])(v), "scatter(v[0], index=1, shape=(3,)) + scatter(v[1], index=0, shape=(3,))"),
        (grad(lambda v: np.log(np.sum(np.exp(v))))(v), "exp(v) / sum(exp(v))"),
        (grad(loss)(v), "2.0 * tanh(w @ v) * (1.0 - tanh(w @ v)**2) @ w"),
        (grad(lambda v: np.mean(v * y))(v), "np.full((3,), 0.3333333333333333) * y"),
        (jvp(np.cos, (x,), (1.0,))[1], "-sin(x)"),
        (value_and_grad(np.cosh)(x)[1], "sinh(x)"),
    ],
    ids=text_of,
)
def test_derivative_is_printed_as_a_person_writes_it(expression: Any, text: str) -> None:
    assert str(expression) == text if isinstance(expression, Symbol) else np.array_equal(expression, evaluated(text))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (0.0 + x, "x"),
        (x - 0.0, "x"),
        (0.0 - x, "-x"),
        (1.0 * x, "x"),
        (x / 1.0, "x"),
        (0.0 * x + y, "y"),
        (x**1, "x"),
        (x * x, "x**2"),
        (x * y * x, "x**2 * y"),
        (x * y / x, "y"),
        (x**2 / x**3, "1 / x"),
        (-(-x), "x"),  # noqa: B002
        (-(x - y), "y - x"),
        (x + -y, "x - y"),
        (x - -y, "x + y"),
        (-x + y, "y - x"),
        (-x * -y, "x * y"),
        (-x - y, "-x - y"),
        ((-x) ** 3, "-x**3"),
        ((-x) ** 2, "x**2"),
        ((x**2) ** 3, "x**6"),
        (x + x, "2 * x"),
        (x + y + x, "2 * x + y"),
        (1 - x - x, "1 - 2 * x"),
        (3 * (2 * x), "6 * x"),
        (4 * x / 6, "2 * x / 3"),
        (x / 3, "x / 3"),
        (x + -2.0, "x - 2.0"),
        (Symbol("x") + Symbol("x"), "2 * x"),
        # What would change the number stays
        (x + 1 - 1, "x + 1 - 1"),
        (x + y - y, "x + y - y"),
        (x + (y + 1), "x + (y + 1)"),
        (x - (y - 1), "x - (y - 1)"),
        ((x**0.5) ** 2, "(x**0.5)**2"),
        ((x**2) ** 0.5, "(x**2)**0.5"),
        (math.inf * x, "np.inf * x"),
        (1e200 * (1e200 * x), "1e+200 * (1e+200 * x)"),
        (1.0 * (x > 0) + (x > 0), "2.0 * (x > 0)"),
        # Parentheses
        ((x + y) * 2, "2 * (x + y)"),
        (x / (y * 2), "x / (2 * y)"),
        ((x > 0) == (y > 0), "(x > 0) == (y > 0)"),
        (x ** (y + 1), "x**(y + 1)"),
        (x**-y, "x**-y"),
        ((-x) ** np.floor(y), "(-x)**floor(y)"),
        ((x + y) % 2, "(x + y) % 2"),
        (x - (x % y), "x - x % y"),
        (x**-0.5, "x**-0.5"),
        # Arrays
        (v[0], "v[0]"),
        (w[:, 1:], "w[:, 1:]"),
        (w[..., ::2], "w[..., ::2]"),
        (v[[0, 2]], "v[[0, 2]]"),
        (w.T, "w.T"),
        (w.T.T, "w"),
        (w.sum(axis=0), "sum(w, axis=0)"),
        (v * np.array([1.0, 0.5, 0.25]), "np.array([1.0, 0.5, 0.25]) * v"),
        (v * np.float32(0.1), "np.float32(0.10000000149011612) * v"),
        (v * np.full(3, 7.0), "7.0 * v"),
        (v.round(2), "round(v, decimals=2)"),
    ],
    ids=text_of,
)
def test_folded(expression: Symbol, text: str) -> None:
    assert str(expression) == text
    values = {"x": 0.75, "y": 2.5, "v": np.array([0.5, -1.5, 2.0]), "w": np.arange(6.0).reshape(2, 3)}
    np.testing.assert_allclose(evaluated(text, **values), expression(**values), rtol=1e-14)


# Folding, held to exact arithmetic: trees of ops, built of Symbols and of fractions

LEAVES = st.sampled_from(["x", "y"]) | st.integers(-3, 3)
TREES = st.recursive(
    LEAVES,
    lambda below: (
        st.tuples(st.sampled_from(["add", "subtract", "multiply", "divide", "greater"]), below, below)
        | st.tuples(st.just("negative"), below)
        | st.tuples(st.just("power"), below, st.integers(-2, 3))
    ),
    max_leaves=12,
)
BUILD: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "greater": lambda a, b: (a > b) * (Fraction(1) if isinstance(a, Fraction) else 1),
    "negative": lambda a: -a,
    "power": lambda a, n: a**n,
}


def built(tree: Any, x: Any, y: Any) -> Any:
    if isinstance(tree, tuple):
        name, *parts = tree
        return BUILD[name](*[built(part, x, y) for part in parts])
    return x if tree == "x" else y if tree == "y" else Fraction(tree) if isinstance(x, Fraction) else tree


class Exact(ast.NodeTransformer):
    """Whole numbers of a text as fractions, but for exponents; whether all are
    whole.
    """

    is_whole = True

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        self.is_whole = self.is_whole and node.value == int(node.value)
        return ast.parse(f"Fraction({node.value})", mode="eval").body

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        node.left = self.visit(node.left)
        node.right = node.right if isinstance(node.op, ast.Pow) else self.visit(node.right)
        return node


def is_algebra(tree: Any, a: Fraction, b: Fraction) -> bool:
    """Whether an expression and its text have the same number: exactly, as the numbers
    are exact.
    """
    try:
        number, expression = built(tree, a, b), built(tree, x, y)
    except ZeroDivisionError:
        reject()
    exact = Exact()
    text = exact.visit(ast.parse(f"({simplified(expression)})", mode="eval"))
    if not exact.is_whole:  # 1 / 3 was a float before it met a Symbol
        reject()
    return bool(evaluated(ast.unparse(ast.fix_missing_locations(text)), x=a, y=b, Fraction=Fraction) == number)


@settings(max_examples=200)
@given(TREES, st.fractions(-3, 3, max_denominator=7), st.fractions(-3, 3, max_denominator=7))
def test_folding_is_algebra(tree: Any, a: Fraction, b: Fraction) -> None:
    assert is_algebra(tree, a, b)


def test_the_check_of_folding_sees_a_wrong_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = ("subtract", ("multiply", 3, "x"), "x")
    assert is_algebra(tree, Fraction(1, 3), Fraction(2))
    monkeypatch.setitem(FOLDS, "subtract", FOLDS["add"])
    assert not is_algebra(tree, Fraction(1, 3), Fraction(2))


def test_zero_times_anything_is_zero_of_its_shape() -> None:
    assert simplified(0.0 * x) == 0.0
    np.testing.assert_array_equal(simplified(0.0 * w), np.zeros((2, 3)))
    assert math.isnan((0.0 * x)(x=math.inf))  # the expression itself is not changed by how it is printed


def test_equal_expressions_become_one() -> None:
    z = simplified(np.sin(x * y) * np.exp(np.sin(Symbol("x") * y)))
    assert [node.op.name for node in in_order(z) if node.op is not None].count("sin") == 1


@pytest.mark.parametrize(
    ("f", "value"),
    [
        (np.prod, v),
        (np.mean, v),
        (lambda v: np.sum(np.var(v)), v),
        (lambda v: np.linalg.norm(v), v),
        (lambda v: np.max(v) * np.min(v), v),
        (lambda v: np.sum(ops.softmax(v) ** 2), v),
        (lambda v: np.sum(np.reshape(v, (3, 1)) * v), v),
        (lambda v: np.sum(np.broadcast_to(v, (2, 3)) ** 2), v),
        (lambda w: np.sum(np.transpose(w) @ w), w),
        (lambda w: np.sum(w[0] * w[1, ::-1]), w),
        (lambda w: np.sum(np.cumsum(w, axis=1) ** 2), w),
        (lambda w: np.sum(np.einsum("ij,kj->ik", w, w) ** 2), w),
        (lambda w: np.sum(np.stack([w[0], w[1] ** 2])), w),
        (lambda w: np.sum(np.concatenate([w, w**2], axis=1)), w),
    ],
    ids=lambda given: None,
)
def test_gradients_of_arrays_evaluate_to_numbers(f: Any, value: Symbol) -> None:
    number = np.linspace(0.5, 2.0, value.size).reshape(value.shape)
    for function in (f, grad(f)):
        expression = function(value)
        found = evaluated(str(expression), **{value.name: number}) if isinstance(expression, Symbol) else expression
        np.testing.assert_allclose(found, function(number), rtol=1e-12)


def test_jacobian_and_hessian_of_an_array() -> None:
    number = np.array([0.5, 1.0, 2.0])
    for function in (jacobian(np.tanh), hessian(lambda v: np.sum(v**3))):
        np.testing.assert_allclose(evaluated(str(function(v)), v=number), function(number), rtol=1e-14)


def test_every_transform_takes_symbols() -> None:
    t, ones = Symbol("t"), np.ones(3)
    assert str(vjp(lambda x: x * y, x)[1](t)[0]) == "t * y"
    assert str(hvp(lambda x: x**3, (x,), (1.0,))) == "6.0 * x"
    assert str(hvp(lambda v: np.sum(v**3), (v,), (ones,))) == "6.0 * v"
    assert str(jacobian(np.tanh, mode="forward")(x)) == "1.0 - tanh(x)**2"
    assert [str(z) for z in grad(lambda a, b: a * b**2, argnums=(0, 1))(x, y)] == ["y**2", "2.0 * x * y"]
    assert {k: str(z) for k, z in grad(lambda p: p["a"] / p["b"])({"a": x, "b": y}).items()} == {
        "a": "1.0 / y",
        "b": "-x / y**2",
    }
    assert str(grad(lambda x: grad(lambda t: x * t * t)(y))(x)) == "2.0 * y"
    assert grad(lambda x: 3.0 * x)(x) == 3.0


def test_backward_over_symbols() -> None:
    a = Value(x, label="a")
    z = a * a + 1 / a
    z.backward()
    assert (str(z.data), str(a.grad)) == ("x**2 + 1 / x", "2.0 * x - 1.0 / x**2")
    b = Value(v)
    (b * b).sum().backward()
    assert str(b.grad) == "2.0 * v"
    assert (Value(x).grad, repr(Value(x))) == (0.0, "Value(data=x, grad=0.0)")


# Long and deep ones


def test_a_long_text_names_its_parts() -> None:
    e = x
    for _ in range(30):  # written out, it would have 2**30 variables
        e = e * e + e
    text = str(e)
    assert text.startswith("(\n    t0 := (x**2 + x)**2 + (x**2 + x),\n    t1 := t0**2 + t0,\n")
    assert evaluated(text, x=1e-9) == pytest.approx(e(x=1e-9), rel=1e-12)
    assert f"{e:short}" == "...^2 + ..."
    assert f"{e:latex}".startswith("\\begin{aligned}\nt_{0} &= \\left(x^{2} + x\\right)^{2}")


def test_names_of_parts_are_not_those_of_variables() -> None:
    t0, e = Symbol("t0"), x
    for _ in range(8):
        e = np.sin(e * t0) * e
    assert "    t0 := " not in str(e)
    assert evaluated(str(e), x=0.5, t0=0.25) == pytest.approx(e(x=0.5, t0=0.25), rel=1e-12)


def test_ten_thousand_ops_within_one_another() -> None:
    e = x
    for _ in range(10_000):
        e = np.tanh(e)
    assert evaluated(str(e), x=0.5) == e(x=0.5)
    assert f"{e:latex}".count(r"\tanh") == 10_000
    assert copy.deepcopy(e) is e


def test_a_long_product_is_no_square_of_time() -> None:
    e = Symbol("x0")
    for i in range(1, 2000):
        e = e * Symbol(f"x{i}")
    assert len(str(e)) > 2000


# LaTeX, and a few signs


SCATTERED = (
    r"{\operatorname{scatter}\left(w_{0, :2}, \mathrm{index}=\mathrm{np.array([0, 2])}, "
    r"\mathrm{shape}=\mathrm{(3,)}\right)}_{0}"
)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (x**2 + 1, "x^{2} + 1"),
        ((x + 1) ** 2, r"\left(x + 1\right)^{2}"),
        (x / (y + 1), r"\frac{x}{y + 1}"),
        ((x / y) ** 2, r"\left(\frac{x}{y}\right)^{2}"),
        (-x * y, "-x y"),
        (2.5 * x, "2.5 x"),
        (x * 2.0**y, r"x \cdot 2^{y}"),
        (x / 3.0e7, r"\frac{x}{3 \cdot 10^{7}}"),
        (grad(ops.relu)(x) * y, r"y \left[x > 0\right]"),
        (Symbol("alpha_1") * Symbol("x2"), r"\alpha_{1} x_{2}"),
        (Symbol("loss") * Symbol("w_out"), r"\mathrm{loss} w_{\mathrm{out}}"),
        (np.where(x > 0, x, y + 1), r"\begin{cases} x & x > 0 \\ y + 1 & \text{otherwise} \end{cases}"),
        (w @ v, "w v"),
        (v @ v, r"v^\top v"),
        (w.T @ (w @ v), r"w^\top \left(w v\right)"),
        (w[0, 1], "w_{0, 1}"),
        (Symbol("w_1", shape=(2,))[0], "{w_{1}}_{0}"),  # without the braces it is a double subscript
        (v[np.array([0, 2])][0], r"{v_{\begin{pmatrix} 0 & 2 \end{pmatrix}}}_{0}"),
        (grad(lambda v: v[np.array([0, 2])] @ w[0, :2])(v)[0], SCATTERED),
        (v * np.array([1.0, 2.0, 0.5]), r"\begin{pmatrix} 1 & 2 & 0.5 \end{pmatrix} v"),
        (v + np.ones(3), "v + 1"),
        (np.tanh(x + 1), r"\tanh\left(x + 1\right)"),
    ],
    ids=text_of,
)
def test_latex(expression: Symbol, text: str) -> None:
    assert f"{expression:latex}" == text
    assert expression._repr_latex_() == f"${text}$"


def test_short_is_for_pictures() -> None:
    assert f"{x**2 / 3.0 + 0.123456789 * y:short}" == "x^2 / 3 + 0.1235 * y"
    a = Value(x, label="a")
    z = a * a
    z.backward()
    source = draw_dot(z).source
    assert '[label="{ a | data x | grad 2 * x }"' in source
    assert '[label="{  | data x^2 | grad 1.0000 }"' in source


def test_a_picture_cuts_a_long_expression() -> None:
    (field,) = re.findall(
        r"data (.*?)\|", draw_dot(Value(np.exp(x) + np.sin(x) * np.cos(y) * np.tanh(x - 2 * y))).source
    )
    assert len(field.strip()) == 40
    assert field.strip().endswith("...")


# What a Symbol is, and what it refuses


def test_what_it_shows() -> None:
    assert [repr(x), repr(2 * x), repr(2 * v)] == ["<Symbol: x>", "<Symbol: 2 * x>", "<Symbol (3,): 2 * v>"]
    assert [str(x), f"{x}"] == ["x", "x"]
    assert str(pickle.loads(pickle.dumps(x * y + 1))) == "x * y + 1"


def test_an_equality_is_an_expression() -> None:
    assert str(x == 2.0) == "x == 2.0"
    assert (x == 2.0)(x=2.0) is True
    assert {x: 1}[x] == 1
    assert (x == None, x == "x") == (False, False)  # noqa: E711 - what None answers is the question


def test_called_with_numbers() -> None:
    e = x**2 + y
    assert e(x=3.0, y=1.0) == 10.0
    np.testing.assert_array_equal(e(x=np.array([1.0, 2.0]), y=1.0), [2.0, 5.0])
    a = Value(3.0)
    z = e(x=a, y=1.0)
    z.backward()
    assert (z.data, a.grad) == (10.0, 6.0)
    assert grad(lambda t: e(x=t, y=t))(3.0) == 7.0
    assert str(e(x=y, y=x)) == "y**2 + x"
    assert e(x=3.0, y=1.0, z=5.0) == 10.0  # a derivative may have lost a variable


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda: float(x), DataError, "float(): x is an expression without a number; give its variables one"),
        (lambda: int(x), DataError, "int(): x is an expression without a number"),
        (lambda: math.sin(2 * x), DataError, "float(): 2 * x is an expression without a number"),
        (lambda: x.item(), DataError, "item(): x is an expression without a number"),
        (lambda: v.tolist(), DataError, "tolist(): v is an expression without a number"),
        (lambda: 1 if x > 0 else 2, DataError, "bool(): a Symbol has no number to branch on; use ops.where in place"),
        (lambda: max(x, 0.0), DataError, "bool(): a Symbol has no number to branch on"),
        (lambda: bool(Value(x)), DataError, "bool(): () has no number yet; replace `if` by ops.where"),
        (lambda: len(x), DataError, "len: 'x' () is a number, and has no length"),
        (lambda: list(x), DataError, "len: 'x' () is a number, and has no length"),
        (lambda: np.asarray(v), GradientError, "asarray: 'v' (3,) has a gradient, which a plain array would lose"),
        (lambda: x.sum(), ShapeError, "sum: 'x' () is one number and has no axes\nSymbol('x') was given no shape; for"),
        (lambda: np.mean(2 * x), ShapeError, "sum: () is one number and has no axes\nSymbol('x') was given no shape"),
        (lambda: np.max(x), ShapeError, "max: 'x' () is one number and has no axes"),
        (lambda: x[0], IndexingError, "Symbol('x') was given no shape; for an array write Symbol('x', shape=(3,))"),
        (lambda: x @ w, ShapeError, "Symbol('x') was given no shape; for an array write Symbol('x', shape=(3,))"),
        (lambda: w @ np.ones(2), ShapeError, "matmul: 'w' (2, 3) @ (2,)"),
        (lambda: np.sort(v), OpError, "getitem: which elements it takes depends on numbers, and a Symbol has none"),
        (lambda: f"{x:.2f}", ArgumentError, "format: '.2f' formats numbers; an expression takes 'latex', 'short' or"),
        (lambda: Symbol("a b"), ArgumentError, "Symbol: 'a b' is not a name of Python; give one, as Symbol('x')"),
        (lambda: Symbol("if"), ArgumentError, "Symbol: 'if' is not a name of Python"),
        (lambda: Symbol(3), ArgumentError, "Symbol: 3 is not a name of Python"),  # type: ignore[arg-type]
        (lambda: (x * y)(x=1.0), ArgumentError, "Symbol: y has no value; give one, as in e(y=2.0)"),
        (lambda: (v + 1)(v=1.0), ShapeError, "Symbol: v has shape (3,), its value (); give one of its shape"),
        (lambda: np.sum(v * x)(v=np.ones(3), x=np.ones(3)), ShapeError, "Symbol: x has shape (), its value (3,)"),
        (lambda: x + "a", DataError, "add: 'a' is a str, not a number"),
    ],
    ids=[f"refused{i}" for i in range(26)],
)
def test_refused(use: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)):
        use()


def test_a_sum_that_has_become_a_number_may_be_summed_again() -> None:
    assert str(np.sum(np.sum(v))) == "sum(sum(v))"


def test_expressions_of_numbers_need_no_numpy() -> None:
    program = "import sys; from micrograd import Symbol; x = Symbol('x'); e = (x * x + 1.0 * x).tanh() / 3\n"
    program += "print(e, f'{e:latex}', e(x=0.0), 'numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("tanh(x**2 + x) / 3 ")
    assert run.stdout.endswith(" 0.0 False\n")


def test_users_op_prints_by_its_name() -> None:
    @elementwise("cubed", lambda z, x: 3.0 * x * x)
    def cubed_for_symbols(x: Any) -> Any:
        return x * x * x

    assert str(cubed_for_symbols(x)) == "cubed_for_symbols(x)"
    assert str(grad(cubed_for_symbols)(x)) == "3.0 * x**2"
    assert f"{cubed_for_symbols(x):latex}" == r"\operatorname{cubed\_for\_symbols}\left(x\right)"
    del OPS["cubed_for_symbols"]
