"""The expression language: what it computes, beside Python and differences, and what it
refuses.
"""

from __future__ import annotations

import math
import random
import subprocess
import sys

import numpy as np
import pytest

from micrograd import Symbol, Value
from micrograd.errors import ArgumentError, MicrogradError, OpError
from micrograd.expressions import COMPOSITES, INTERNAL, LARGEST, LONGEST, Expression, functions, value_of
from micrograd.ops import OPS

VARIABLES = {"x": 2.0, "y": -0.5}
ARRAYS = {"x": np.array([1.0, 2.0]), "w": np.array([[1.0, 2.0], [3.0, 4.0]])}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x + y * 2 - 3 / 4", 0.25),
        ("-x**2", -4.0),
        ("7 // 2 + 7 % 4 + x // 1.5", 7.0),
        ("+x", 2.0),
        ("pi * x", 2 * math.pi),
        ("log(e)", 1.0),
        ("a = x * 3; b = a + y; b * 2", 11.0),
        ("a = x\nb = a\nb", 2.0),
        ("where(x > 1, x**3, y)", 8.0),
        ("maximum(x, y) + minimum(x, 0)", 2.0),
        ("(x == 2) + (x != 2) + (x >= 2) + (x <= 1) + (x < 1)", 2),
        ("abs(y) + pow(x, 3) + ln(1)", 8.5),
        ("relu(y) + sigmoid(0) + sqrt(4)", 2.5),
        ("sum([x, y, 1])", 2.5),
        ("round(1.234, decimals=1)", 1.2),
        ("x  # a comment", 2.0),
    ],
)
def test_the_number_of_an_expression(text, wanted):
    result = Expression(text).run({name: Value(x) for name, x in VARIABLES.items()})
    assert (result.data if isinstance(result, Value) else result) == pytest.approx(wanted)
    assert Expression(text).run(VARIABLES) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x @ w", [7.0, 10.0]),
        ("[1, 2] * x", [1.0, 4.0]),
        ("sum(w, axis=0)", [4.0, 6.0]),
        ("sum(w, 0)", [4.0, 6.0]),
        ("reshape(w, (4,))", [1.0, 2.0, 3.0, 4.0]),
        ("mean(w) + x", [3.5, 4.5]),
        ("[1, 2]", [1.0, 2.0]),
    ],
)
def test_the_array_of_an_expression(text, wanted):
    assert np.asarray(Expression(text).run(ARRAYS)).tolist() == wanted


def test_names_and_what_is_assigned():
    expression = Expression("n = x*w + pi; tanh(n)")
    assert (expression.names, expression.assigned, expression.result_name) == (["x", "w", "pi"], ["n"], "")
    assert Expression("a = 2; o = a * x").result_name == "o"
    seen = {}
    Expression("n = x + 1; n").run({"x": 1.0}, lambda name, x: seen.setdefault(name, x))
    assert seen == {"n": 2.0}
    assert Expression("e + pi").run({"e": 1.0, "pi": 2.0}) == 3.0
    assert str(Expression("n = x*w; n**2").run({"x": Symbol("x"), "w": Symbol("w")})) == "(x * w)**2"


def test_the_graph_is_that_of_the_tutorials():
    a = Value(2.0)
    result = Expression("a - 1").run({"a": a})
    assert (result.op, [x.data for x in result.inputs]) == ("+", [2.0, -1])
    assert Expression("a**2").run({"a": a}).op == "**2"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_stay_small():
    assert Expression("9**9**9").run({}) == math.inf
    assert Expression("power(9, power(9, 9))").run({}) == math.inf
    assert Expression("square(" * 9 + "10" + ")" * 9).run({}) == math.inf
    assert Expression("2**53 * 2**53 * 2").run({}) == 2.0**107
    assert math.isnan(Expression("(-8)**0.5").run({}))
    assert Expression("1 / 0").run({}) == math.inf
    assert Expression("2**3 - 5 // 2").run({}) == 6


REFUSED = {
    "": "expression: it is empty; write one, as 'a*b + 1'",
    " # nothing": "expression: it holds a comment only; write one, as 'a*b + 1'",
    "x.tanh()": "expression: 'x.tanh': attributes are not used here; write tanh(x)",
    "(x + y).relu()": "expression: '(x + y).relu': attributes are not used here; write relu(x + y)",
    "np.tanh(x)": "expression: 'np.tanh': attributes are not used here; write tanh(x)",
    "x.data": "expression: 'x.data': attributes are not used here; call an op by its name, as tanh(x)",
    "tanhh(x)": "expression: there is no op 'tanhh'; did you mean tanh?",
    "eval(x)": "expression: there is no op 'eval'; docs/ops.md lists the ops; to multiply write *",
    "__import__(x)": "expression: there is no op '__import__'; docs/ops.md lists the ops; to multiply write *",
    "x(y + 1)": "expression: there is no op 'x'; docs/ops.md lists the ops; to multiply write *",
    "2(x)": "expression: '2': only an op can be called; to multiply write *",
    "2x": "expression: it cannot be read at character 1, '2x': invalid decimal literal; to multiply write 2*x",
    "x^2": "expression: 'x^2': ^ is not a power; write x**2",
    "x & y": "expression: 'x & y': whole numbers bit by bit have no gradient; for conditions write logical_and(a, b)",
    "~x": "expression: '~x': whole numbers bit by bit have no gradient; for conditions write logical_and(a, b)",
    "not x": "expression: 'not x': write logical_not(a)",
    "x and y": "expression: 'x and y': write logical_and(a, b) or logical_or(a, b)",
    "0 < x < 1": "expression: '0 < x < 1': compare two at a time: logical_and(0 < x, x < 1)",
    "x if y else 1": "expression: 'x if y else 1': write where(condition, a, b)",
    "x[0]": "expression: 'x[0]': elements are not taken by [ ]; give each number a name of its own",
    "lambda: 1": "expression: 'lambda: 1': functions are not made here; call an op by its name, as tanh(x)",
    "sum([i for i in x])": "expression: '[i for i in x]': there are no loops; write lists of numbers, and ops such as "
    "sum(x)",
    "'a'": "expression: ''a'': texts are not used here; write numbers and names",
    "f'{x}'": "expression: 'f'{x}'': texts are not used here; write numbers and names",
    "sum(*x)": "expression: '*x': write out each argument",
    "sum(**x)": "expression: 'sum(**x)': write out each argument",
    "(a := x) + 1": "expression: 'a := x': write a statement of its own: a = x*2; a + 1",
    "x += 1": "expression: 'x += 1': a name gets a value once; take a new name: b = a + 1",
    "a: int = 1": "expression: 'a: int = 1': leave the type out: a = x*2",
    "a = b = x": "expression: 'a = b = x': assign one name at a time: a = x*2",
    "a = 1; a = 2": "expression: 'a = 2': a has a value already; take another name",
    "a = a + 1": "expression: 'a = a + 1': a has a value already; take another name",
    "import os": "expression: 'import os': only numbers, names, arithmetic, ops such as tanh(x), and statements "
    "name = ... are known here",
    "x, y": "expression: 'x, y': one result is needed; an array is written [1, 2], a decimal point as in 1.2",
    "1j * x": "expression: '1j': complex numbers have no gradient here",
    "1e999": "expression: '1e999': the number is too large; a float goes up to 1.8e308",
    "9" * 400: f"expression: '{'9' * 47}...': the number is too large; a float goes up to 1.8e308",
    "max(x, y)": "expression: 'max(x, y)': for two values write maximum(a, b), for an axis max(x, axis=0)",
    "x + ": "expression: it cannot be read after 'x +': invalid syntax",
    "x\0": "expression: it holds the sign '\\x00', which cannot be printed; take it out",
    "x\ud800": "expression: it holds the sign '\\ud800', which cannot be printed; take it out",
    "x" * (LONGEST + 1): "expression: it has 10,001 characters, and may have 10,000; write a program in Python",
    "(" * 9_000: "expression: it has 9,000 brackets within brackets, and may have 80;\n"
    "name the inner parts: a = ...; b = a + 1",
    "-" * 9_000 + "x": "expression: it is too deep: too many signs or terms in a row; name parts of it: a = ...; "
    "b = a + 1",
    "None": "expression: None is not a number",
    "tanh": "expression: tanh is an op; call it, as tanh(x), or give it a value",
    "x + q + r": "expression: q and r have no value; give one, as q=2 r=2",
    "x + q": "expression: q has no value; give one, as q=2",
    "broadcast_to(x, shape=(1000, 1000))": "expression: an array of 1,000,000 elements; it may have 2,000; write a "
    "program in Python\nin the part 'broadcast_to(x, shape=(1000, 1000))'",
    "polygamma(x, n=100000)": "expression: the param 100000 is too large; it may be 1,000\n"
    "in the part 'polygamma(x, n=100000)'",
    "sum(x, axis=y)": "sum: axis Value(data=-0.5, grad=0.0, label='y'): give an integer, or a tuple of integers\n"
    "in the part 'sum(x, axis=y)'",
    "[1, 2] @ [1, 2, 3]": "matmul: (2,) @ (3,): inner sizes 2 and 3 differ; transpose one operand?\n"
    "in the part '[1, 2] @ [1, 2, 3]'",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_what_is_refused(text):
    with pytest.raises(MicrogradError) as caught:
        Expression(text).run({name: Value(x, label=name) for name, x in VARIABLES.items()})
    assert str(caught.value) == REFUSED[text]
    assert len(REFUSED[text].splitlines()) <= 3


def test_the_classes_of_errors():
    with pytest.raises(OpError):
        Expression("foo(x)")
    with pytest.raises(ArgumentError):
        Expression("x[0]")


def test_a_text_that_python_gives_up_on():
    with pytest.raises(ArgumentError, match=r"^expression: it cannot be read"):
        Expression("1" * 5_000)  # more digits than Python reads
    with pytest.raises(ArgumentError, match=r"^expression: it is too deep"):
        Expression("x**" * 3_000 + "x")
    total = Expression("+".join(["x"] * 900)).run({"x": Value(1.0)})
    assert total.data == 900.0


@pytest.mark.parametrize(
    ("text", "wanted"), [("-3", -3.0), (" - 3 ", -3.0), ("1/4", 0.25), ("pi", math.pi), ("1e-3", 0.001), ("True", 1.0)]
)
def test_the_value_of_a_variable(text, wanted):
    value = value_of("x", text)
    assert (type(value), value) == (float, wanted)


def test_the_array_of_a_variable():
    assert value_of("x", "[1, -2]").tolist() == [1.0, -2.0]
    assert value_of("x", "[[1, 2], [3, 4]]").dtype == np.float64


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("abc", "'abc' is a name"),
        ("a = 3", "'a' is a name"),
        ("=3", "it cannot be read at character 1, '=3': invalid syntax"),
        ("1e999", "'1e999': the number is too large; a float goes up to 1.8e308"),
        ("1e308*10", "it is not finite"),
        ("[1, 0] / 0", "it is not finite"),
        ("1,5", "'1,5': one result is needed; an array is written [1, 2], a decimal point as in 1.2"),
        ("1j", "'1j': complex numbers have no gradient here"),
        ("None", "None is not a number"),
        ("٣", "it cannot be read at character 1, '٣': invalid character '٣' (U+0663)"),
        ("[[1, 2], [3]]", "the list [[1, 2], [3]] is ragged: its rows differ in length; make all rows equally long"),
        (f"[{'1,' * (LARGEST + 1)}]", "an array of 2,001 elements; it may have 2,000; write a program in Python"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_not_a_value(text, why):
    with pytest.raises(ArgumentError) as caught:
        value_of("x", text)
    said = f"this is not a number: {why};\nwrite x=2, or x=[1,2,3] for an array"
    assert str(caught.value).endswith(said)
    with pytest.raises(ArgumentError, match=r"^x= has no value; write x=2, or x=\[1,2,3\] for an array$"):
        value_of("x", " ")


def test_the_lists_of_names_hold():
    assert set(OPS) >= INTERNAL
    assert not COMPOSITES & set(OPS)
    assert all(callable(function) for function in functions().values())
    assert set(OPS) - INTERNAL < set(functions())


def test_scalars_need_no_numpy():
    program = (
        "import sys; from micrograd import Value; from micrograd.expressions import Expression, value_of\n"
        "x = Value(value_of('x', '-3')); Expression('tanh(x)**2 + where(x > 0, x, 1)').run({'x': x}).backward()\n"
        "print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# Random expressions, beside Python's own numbers


def _power(x, y):
    z = x**y
    if isinstance(z, complex):
        raise ValueError("a power of a negative number")
    return z


PYTHON = {
    **{name: getattr(math, name) for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "pi", "e")},
    "abs": abs,
    "maximum": max,
    "power": _power,
    "arctan": math.atan,
    "where": lambda c, x, y: x if c else y,
    "relu": lambda x: max(x, 0.0),
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}
ONE = ["tanh", "exp", "log", "sqrt", "sin", "cos", "abs", "arctan", "relu", "sigmoid"]


def random_text(rng, depth):
    """A random expression of x, y, z."""
    kind = rng.random()
    if depth == 0 or kind < 0.15:
        return rng.choice(["x", "y", "z", "pi", f"{rng.randint(0, 5)}.0", f"{rng.uniform(0, 3):.3f}"])

    def part():
        return random_text(rng, depth - 1)

    if kind < 0.6:
        return f"({part()} {rng.choice(['+', '-', '*', '/', '//', '%'])} {part()})"
    if kind < 0.7:
        return f"-{part()}"
    if kind < 0.75:
        return f"where({part()} < {part()}, {part()}, {part()})"
    if kind < 0.85:
        return f"{rng.choice(['maximum', 'power'])}({part()}, {part()})"
    return f"{rng.choice(ONE)}({part()})"


def by_python(text, numbers):
    """What Python computes; None where it raises."""
    try:
        return float(eval(text, {**PYTHON, **numbers}))
    except (ArithmeticError, ValueError):
        return None


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::micrograd.errors.GradientWarning")
def test_random_expressions_beside_python(seed):
    rng = random.Random(seed)
    compared = gradients = 0
    for _ in range(60):
        text = random_text(rng, rng.randint(1, 5))
        numbers = {name: rng.uniform(-2, 3) for name in "xyz"}
        wanted = by_python(text, numbers)
        values = {name: Value(x, label=name) for name, x in numbers.items()}
        result = Expression(text).run(values)
        if wanted is None or not math.isfinite(wanted):
            continue
        compared += 1
        assert (result.data if isinstance(result, Value) else result) == pytest.approx(wanted, 1e-9, 1e-9), text
        if not isinstance(result, Value) or "//" in text or "%" in text:
            continue
        result.backward()
        for name, x in numbers.items():
            near = [by_python(text, numbers | {name: x + h}) for h in (1e-5, -1e-5, 5e-6, -5e-6)]
            if None in near or not all(map(math.isfinite, near)):
                continue
            wide, narrow = (near[0] - near[1]) / 2e-5, (near[2] - near[3]) / 1e-5
            # A difference tells nothing at a kink, nor where digits are lost.
            if math.isclose(wide, narrow, rel_tol=1e-4, abs_tol=1e-6) and abs(wanted) < 1e4:
                gradients += 1
                assert values[name].grad == pytest.approx(wide, rel=1e-3, abs=1e-3), (text, name)
    assert compared > 20
    assert gradients > 20


SEEDS = [
    "tanh(x*w + b)",
    "a = x*2; b = a + 1; b",
    "where(x > 0, x**2, -x)",
    "sum([1,2,3]*x, axis=0)",
    "maximum(x, 0) % 3 // 2",
    "mean([[1,2],[3,4]], axis=1) @ [1,x]",
]
PIECES = ["lambda", "if", "for x in x", "**9", "9**9**9", "1e999", "import os", "not ", "None", "...", "x.y", "[0]"]


def mutated(rng, text):
    """The text with one to four changes."""
    signs = list(text)
    for _ in range(rng.randint(1, 4)):
        place, kind = rng.randrange(len(signs) + 1), rng.random()
        if kind < 0.3:
            del signs[place : place + 1]
        elif kind < 0.6:
            signs.insert(place, rng.choice("()[]{}+-*/%@=<>!.,:;'\"\\ \n\t09xeabj_#~^&|"))
        elif kind < 0.8:
            signs.insert(place, rng.choice(PIECES))
        elif kind < 0.9:
            signs.insert(place, rng.choice([f"{rng.choice([*functions()])}(", "axis=", "x="]))
        else:
            signs.insert(place, chr(rng.randrange(0x110000)))
    return "".join(signs)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.filterwarnings("ignore")
def test_mutations_and_garbage_are_computed_or_refused(seed):
    rng = random.Random(seed)
    for i in range(300):
        garbage = "".join(chr(rng.randrange(1, 256)) for _ in range(rng.randint(1, 40)))
        text = mutated(rng, rng.choice(SEEDS)) if i % 5 else garbage
        try:
            expression = Expression(text)
            result = expression.run({name: Value(0.5, label=name) for name in expression.names})
        except MicrogradError as error:
            assert str(error)
        else:
            assert isinstance(result, (int, float, np.ndarray, np.generic, Value)), text
