"""Each fact on a record is held to the op's own forward and rules, over the samples and
over edges.
"""

from __future__ import annotations

import ast
import ctypes
import ctypes.util
import inspect
import itertools
import math
import random
import re
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import micrograd.ops
from micrograd.facts import Facts
from micrograd.modes import quietly
from micrograd.op import OPS, Elementwise, Op
from micrograd.symbol import Symbol
from tests.samples import SAMPLES, Sample

TABLE = {name: op for name, op in OPS.items() if op.__module__.startswith("micrograd.")}
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 0.3, -0.75, 2.0, 2.5, 3.0, -7.0, 36.5, -745.0, 1e16, 1e300, -1e300, 5e-324, 1e-300]
EDGES += [math.inf, -math.inf, math.nan]


def samples_of(op: str) -> list[Sample]:
    return [sample for sample in SAMPLES if sample.op == op]


def numbers_of(sample: Sample) -> list[tuple[Any, ...]]:
    """The inputs of a sample, element by element, as Python numbers."""
    return list(zip(*(x.ravel().tolist() for x in np.broadcast_arrays(*sample.inputs)), strict=True))


def count_of(op: str) -> int:
    return len(samples_of(op)[0].inputs)


# c: what C says

LIBM: Any = ctypes.CDLL(ctypes.util.find_library("m") or ctypes.util.find_library("msvcrt"))


def _divide(x: float, y: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.divide(x, y))


OPERATORS: dict[str, Any] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": _divide,
    "neg": lambda x: -x,
    "==": lambda x, y: float(x == y),
    "!=": lambda x, y: float(x != y),
    ">": lambda x, y: float(x > y),
    ">=": lambda x, y: float(x >= y),
    "<": lambda x, y: float(x < y),
    "<=": lambda x, y: float(x <= y),
    "&&": lambda x, y: float(x != 0.0 and y != 0.0),
    "||": lambda x, y: float(x != 0.0 or y != 0.0),
    "!": lambda x: float(x == 0.0),
    "?:": lambda c, x, y: x if c != 0.0 else y,
}


def in_c(spelling: Any, numbers: tuple[float, ...], params: dict[str, Any]) -> float:
    """What C computes of doubles, by a fact c."""
    if callable(spelling):
        symbols = [Symbol(f"x{i}") for i in range(len(numbers))]
        return evaluated(spelling(*symbols, **params), dict(zip(symbols, numbers, strict=True)))
    if spelling in OPERATORS:
        return float(OPERATORS[spelling](*numbers))
    function = getattr(LIBM, spelling)
    function.restype, function.argtypes = ctypes.c_double, [ctypes.c_double] * len(numbers)
    return float(function(*numbers))


def evaluated(x: Any, numbers: dict[Symbol, float]) -> float:
    """The double that an expression stands for; LookupError where an op in it has no
    c.
    """
    if not isinstance(x, Symbol):
        return float(x)
    if x not in numbers:
        assert x.op is not None
        if not x.op.facts.c:
            raise LookupError(x.op.name)
        numbers[x] = in_c(x.op.facts.c, tuple(evaluated(y, numbers) for y in x.inputs), x.params)
    return numbers[x]


def forward_of(op: Op, numbers: tuple[Any, ...], params: dict[str, Any]) -> float:
    return called(op.forward, numbers, params)


def called(f: Any, numbers: tuple[Any, ...], params: dict[str, Any]) -> float:
    """f of plain numbers, without warnings."""
    with quietly(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(f(*numbers, **params))


def bits(x: float) -> bytes:
    return struct.pack("d", x)


def random_numbers(count: int) -> list[tuple[float, ...]]:
    source = random.Random(count)
    scales = [0.3, 1.0, 3.0, 30.0, 1000.0]
    return [tuple(source.gauss(0.0, source.choice(scales)) for _ in range(count)) for _ in range(300)]


def rows_of(name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Numbers and params for an op: its samples, and for each of their params all edges
    and some random numbers.
    """
    samples, count = samples_of(name), count_of(name)
    edges = itertools.product(EDGES if count < 3 else EDGES[::2], repeat=count)
    everywhere = [*edges, *random_numbers(count)]
    rows = [(numbers, sample.params) for sample in samples for numbers in numbers_of(sample)]
    rows += [
        (numbers, params) for params in {str(s.params): s.params for s in samples}.values() for numbers in everywhere
    ]
    return [((bool(c), *xs), params) for (c, *xs), params in rows] if name == "where" else rows


SPELLED = [name for name, op in TABLE.items() if op.facts.c]
RULES = [(name, i) for name in SPELLED if isinstance(TABLE[name], Elementwise) for i in range(len(TABLE[name].rules))]
UNSAID = {"sinc"}  # ops that C can say, but not their rules


@pytest.mark.parametrize("name", SPELLED)
def test_c_is_the_forward_bit_for_bit(name: str) -> None:
    op = TABLE[name]
    for numbers, params in rows_of(name):
        z, expected = in_c(op.facts.c, tuple(map(float, numbers)), params), forward_of(op, numbers, params)
        if math.isfinite(z) or math.isfinite(expected):
            assert bits(z) == bits(expected), (numbers, params, z, expected)


@pytest.mark.parametrize(("name", "i"), [rule for rule in RULES if rule[0] not in UNSAID])
def test_c_says_the_rule_bit_for_bit(name: str, i: int) -> None:
    op = TABLE[name]
    rule: Any = op.rules[i]
    if rule is None:
        return
    for numbers, params in rows_of(name):
        z = forward_of(op, numbers, params)
        if not math.isfinite(z):
            continue
        given = (z, *map(float, numbers))
        said, expected = in_c(rule, given, params), called(rule, given, params)
        if math.isfinite(said) or math.isfinite(expected):
            assert bits(said) == bits(expected), (given, params, said, expected)


@pytest.mark.parametrize("name", sorted(UNSAID))
def test_unsaid_rules_are_truly_so(name: str) -> None:
    with pytest.raises(LookupError):
        in_c(TABLE[name].rules[0], (0.5,) * (1 + count_of(name)), {})


# tex: how LaTeX writes it

MATPLOTLIB_LACKS = {"where"}  # it knows no cases


def written(name: str) -> str:
    """The op's LaTeX of the inputs x, y, w."""
    op, params = TABLE[name], samples_of(name)[-1].params
    return op.facts.tex.format("x", "y", "w", **{**(op.forward.__kwdefaults__ or {}), **params})


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.facts.tex])
def test_tex_is_latex_of_all_inputs(name: str) -> None:
    mathtext = pytest.importorskip("matplotlib.mathtext", reason="it reads the LaTeX")
    text, count = written(name), count_of(name)
    assert text.count("{") == text.count("}")
    commands = re.findall(r"\\[A-Za-z]+", TABLE[name].facts.tex)
    assert re.findall(r"\\[A-Za-z]+", text) == commands, "a command runs into an input: put a space between"
    for letter in "xyw"[:count]:
        assert re.search(rf"(?<![a-z\\]){letter}(?![a-z])", text), f"input {letter} is not written"
    if name not in MATPLOTLIB_LACKS:
        mathtext.MathTextParser("path").parse(f"${text}$")


# commutative, identity


def are_equal(x: float, y: float) -> bool:
    """Whether both are the same number, or nan; 0.0 and -0.0 are the same."""
    return x == y or (x != x and y != y)


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.facts.commutative])
def test_commutative_ops_take_inputs_in_any_order(name: str) -> None:
    op = TABLE[name]
    assert count_of(name) == 2
    for (x, y), params in rows_of(name):
        assert are_equal(forward_of(op, (x, y), params), forward_of(op, (y, x), params)), (x, y)
    if op.differentiable:  # as the gradient of x * x says
        for (x, _), params in rows_of(name):
            z = forward_of(op, (x, x), params)
            by_x, by_y = (called(rule, (z, x, x), params) for rule in op.rules)
            assert are_equal(by_x, by_y), x


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.facts.identity is not None])
def test_identity_changes_nothing(name: str) -> None:
    op = TABLE[name]
    for (x, _), params in rows_of(name):
        assert are_equal(forward_of(op, (x, op.facts.identity), params), x), x
    assert op.rules[0] is not None
    for (x, _), params in rows_of(name):
        if math.isfinite(x):
            assert called(op.rules[0], (float(x), float(x), op.facts.identity), params) == 1.0


# axes


def stacked_call(op: Op, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """op of inputs with an axis more in front, which holds separate calls."""
    if op.facts.axes != "axis":
        return op(*inputs, **params)
    ndim, axis = inputs[0].ndim - 1, params.get("axis", (op.forward.__kwdefaults__ or {}).get("axis"))
    if axis is None:
        return op(*(x.reshape(len(x), -1) for x in inputs), **{**params, "axis": 1})
    moved = tuple(a % ndim + 1 for a in axis) if isinstance(axis, tuple) else axis % ndim + 1
    return op(*inputs, **{**params, "axis": moved})


AXES = [
    sample
    for sample in SAMPLES
    if OPS[sample.op].facts.axes is not None and all(np.size(x) and np.ndim(x) for x in sample.inputs)
]


@pytest.mark.parametrize("sample", AXES, ids=str)
def test_axes_that_an_op_does_not_take_hold_separate_calls(sample: Sample) -> None:
    op = OPS[sample.op]
    others = tuple(1.25 * x[::-1] if isinstance(op.facts.axes, str) else 1.25 * x for x in sample.inputs)
    each = [np.asarray(op(*inputs, **sample.params)) for inputs in (sample.inputs, others)]
    z = np.asarray(stacked_call(op, tuple(map(np.stack, zip(sample.inputs, others, strict=True))), sample.params))
    np.testing.assert_allclose(z.reshape(np.stack(each).shape), np.stack(each), rtol=1e-13)


def test_axes_are_a_param_or_a_count() -> None:
    for name, op in TABLE.items():
        axes = op.facts.axes
        assert axes is None or not isinstance(op, Elementwise), name
        assert not isinstance(axes, str) or axes in inspect.signature(op.forward).parameters, name
        assert axes is None or any(sample.op == name for sample in AXES), f"{name} has no sample with axes"


# domain


def inside(low: float, high: float, source: random.Random) -> float:
    if math.isinf(high):
        return low + 10.0 ** source.uniform(-3.0, 2.0)
    return source.uniform(low, high)


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.facts.domain])
def test_domain_is_where_the_op_is_finite(name: str) -> None:
    op, source = TABLE[name], random.Random(1)
    domain = op.facts.domain or ()
    assert len(domain) == count_of(name)
    for params in {str(sample.params): sample.params for sample in samples_of(name)}.values():
        for _ in range(50):
            numbers = [inside(low, high, source) for low, high in domain]
            assert math.isfinite(forward_of(op, tuple(numbers), params)), numbers
            for i, ends in enumerate(domain):
                for end, side in zip(ends, (-1.0, 1.0), strict=True):
                    for far in (math.nextafter(0.0, 1.0), source.expovariate(1.0)):
                        beyond = max(math.nextafter(end, side * math.inf), end + far, key=lambda x: side * x)
                        given = [*numbers[:i], beyond if side > 0 else min(beyond, end - far), *numbers[i + 1 :]]
                        if math.isfinite(end):
                            assert not math.isfinite(forward_of(op, tuple(given), params)), given


# chooses, takes, dtype


@pytest.mark.parametrize("sample", [s for s in SAMPLES if OPS[s.op].facts.chooses], ids=str)
def test_what_chooses_makes_no_new_numbers(sample: Sample) -> None:
    z = OPS[sample.op](*sample.inputs, **sample.params)
    given = np.concatenate([np.ravel(x) for x in sample.inputs])
    assert np.isin(z, given).all()


@pytest.mark.parametrize("name", [name for name, op in TABLE.items() if op.facts.takes])
def test_what_takes_is_an_index_of_its_only_input(name: str) -> None:
    assert count_of(name) == 1
    for sample in samples_of(name):
        assert [*sample.params] == ["index"]
        (x,) = sample.inputs
        z = TABLE[name].forward(*sample.inputs, **sample.params)
        np.testing.assert_array_equal(z, np.asarray(x)[sample.params["index"]])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_dtype_is_that_of_the_output(sample: Sample, dtype: str) -> None:
    inputs = [x.astype(dtype) if getattr(x, "dtype", None) == np.float64 else x for x in sample.inputs]
    if all(isinstance(x, (int, float)) for x in inputs):
        return
    op = OPS[sample.op]
    assert op.dtype(*inputs, **sample.params) == np.asarray(op(*inputs, **sample.params)).dtype


# The tests themselves, and the records

WRONG: dict[str, tuple[str, str, Any]] = {
    "c of a nan": ("maximum", "test_c_is_the_forward_bit_for_bit", {"c": lambda x, y: OPS["where"](x >= y, x, y)}),
    "c but for a sign of zero": (
        "floor_divide",
        "test_c_is_the_forward_bit_for_bit",
        {"c": lambda x, y: OPS["floor"](x / y)},
    ),
    "c but for a last bit": ("expm1", "test_c_is_the_forward_bit_for_bit", {"c": lambda x: OPS["exp"](x) - 1.0}),
    "tex without an input": ("maximum", "test_tex_is_latex_of_all_inputs", {"tex": r"\max\left({0}\right)"}),
    "tex that runs on": ("floor", "test_tex_is_latex_of_all_inputs", {"tex": r"\left\lfloor{0}\right\rfloor"}),
    "tex with an open brace": ("sqrt", "test_tex_is_latex_of_all_inputs", {"tex": r"\sqrt{{{0}"}),
    "commutative": ("subtract", "test_commutative_ops_take_inputs_in_any_order", {"commutative": True}),
    "identity": ("hypot", "test_identity_changes_nothing", {"identity": 0.0}),
    "domain too wide": ("log", "test_domain_is_where_the_op_is_finite", {"domain": ((-1.0, math.inf),)}),
    "domain too narrow": ("log", "test_domain_is_where_the_op_is_finite", {"domain": ((1.0, math.inf),)}),
    "takes and adds": ("scatter", "test_what_takes_is_an_index_of_its_only_input", {"takes": True}),
    "domain of one input": ("rel_entr", "test_domain_is_where_the_op_is_finite", {"domain": ((0.0, math.inf),)}),
}


@pytest.mark.parametrize("row", WRONG)
def test_wrong_facts_are_noticed(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, test, facts = WRONG[row]
    op = TABLE[name]
    wrong = Elementwise(op.forward, op.symbol, op.rules, op.kink, Facts(**facts))
    monkeypatch.setitem(TABLE, name, wrong)
    with pytest.raises((AssertionError, ValueError)):
        globals()[test](name)


def test_every_fact_has_a_test() -> None:
    tests = [name for name in globals() if name.startswith("test_")]
    for field in Facts._fields:
        assert any(f"_{field}_" in name for name in tests), f"Facts.{field} has no test here"


def test_no_record_is_changed_after_it_is_made() -> None:
    """What is true of an op is said where the op is defined: no `op.rules = ...`
    further down.
    """
    definers = {"elementwise", "multilinear", "linear", "primitive", "comparison", "question"}
    for path in sorted(Path(micrograd.ops.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        made = {
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            for maker in node.decorator_list
            if isinstance(maker, ast.Call) and isinstance(maker.func, ast.Name) and maker.func.id in definers
        }
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    assert target.value.id not in made, f"{path.name}:{target.lineno}: {target.value.id} is changed"
