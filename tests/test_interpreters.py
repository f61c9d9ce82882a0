"""The contract of interpreters, and the two that docs/interpreters.md writes, run as
they are printed there.
"""

from __future__ import annotations

import doctest
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Symbol, Value, elementwise_grad, grad, jvp, ops
from micrograd.abstract import Abstract
from micrograd.dual import Dual
from micrograd.errors import OpError
from micrograd.interpreter import Interpreter
from micrograd.op import OPS, Elementwise
from micrograd.ops.operators import Operators
from tests.processes import printed
from tests.samples import SAMPLES, Sample

PAGE = (Path(__file__).parents[1] / "docs" / "interpreters.md").read_text(encoding="utf-8")


def names_of_the_page() -> dict[str, Any]:
    """What its examples define, up to the first that is refused."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    for example in doctest.DocTestParser().get_examples("".join(blocks)):
        if example.exc_msg is None and not example.want:
            exec(example.source, names)
    return names


NAMES = names_of_the_page()
Counted, Interval = NAMES["Counted"], NAMES["Interval"]
KINDS = [Value, Dual, Abstract, Symbol, Counted, Interval]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_interpreter_has_the_five_members(kind: type) -> None:
    assert issubclass(kind, Interpreter)
    assert all(hasattr(kind, name) for name in ("_apply_op", "_level", "_below", "shape", "dtype"))
    assert kind._apply_op is not Interpreter._apply_op  # type: ignore[attr-defined]


def test_one_that_writes_only_apply_op_is_a_number_at_the_lowest_level() -> None:
    class Plain(Operators):
        def _apply_op(self, op: Any, inputs: Any, params: Any) -> Any:
            return op.name

    x = Plain()
    assert (x._level, x._below, x.shape, x.dtype, x.ndim) == (0.0, None, (), float, 0)
    assert (x + 1.0, 1.0 / x, np.sin(x)) == ("add", "divide", "sin")


def test_shape_and_dtype_are_of_what_is_below() -> None:
    x = Counted(np.ones((2, 3), np.float32), Counter())
    assert (x.shape, x.dtype, x.size) == ((2, 3), np.float32, 6)
    assert (Value(x).shape, Value(x).dtype) == ((2, 3), np.float32)


def test_one_without_apply_op_says_where_to_read() -> None:
    with pytest.raises(NotImplementedError, match=r"^Bare has no _apply_op; see docs/interpreters.md$"):
        type("Bare", (Operators,), {})() + 1.0


def test_each_class_of_the_page_is_written_in_forty_lines() -> None:
    classes = re.findall(r"^>>> class (\w+)\(Operators\):\n((?:\.\.\. ?.*\n)+)", PAGE, re.MULTILINE)
    assert [name for name, _ in classes] == ["Counted", "Interval"]
    assert all(len(body.splitlines()) < 40 for _, body in classes)


def data_of(z: Any) -> Any:
    return z.data if isinstance(z, Counted) else z


@pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if isinstance(OPS[s.op], Elementwise) and OPS[s.op].differentiable], ids=str
)
def test_the_counter_changes_no_number(sample: Sample) -> None:
    """Of any elementwise op and of its derivatives, both modes; and it has counted
    something.
    """
    op, tally = OPS[sample.op], Counter[str]()
    inputs = [Counted(x, tally) if np.asarray(x).dtype.kind == "f" else x for x in sample.inputs]

    def f(x: Any, *others: Any) -> Any:
        return op(x, *others, **sample.params)

    np.testing.assert_array_equal(data_of(f(*inputs)), f(*sample.inputs))
    assert tally[sample.op] == 1
    if op.rules[0] is not None and isinstance(inputs[0], Counted):
        slope = elementwise_grad(f)
        np.testing.assert_array_equal(data_of(slope(*inputs)), slope(*sample.inputs))
        move = np.ones(np.shape(sample.inputs[0]))
        _, tangent = jvp(lambda x: f(x, *inputs[1:]), (inputs[0],), (move,))
        _, expected = jvp(lambda x: f(x, *sample.inputs[1:]), (sample.inputs[0],), (move,))
        np.testing.assert_array_equal(data_of(tangent), expected)


def test_a_gradient_costs_a_fixed_multiple_of_its_function() -> None:
    """Three products per factor, as the page prints."""
    tally: Counter[str] = Counter()
    for n in (5, 50):
        numbers = [Counted(1.0, tally) for _ in range(n)]
        tally.clear()
        grad(NAMES["product"])(numbers)
        assert tally["multiply"] == 3 * (n - 1)


@pytest.mark.parametrize("f", [np.tanh, lambda x: np.exp(-x) * x**2, lambda x: x**3 - x], ids=["tanh", "exp", "cubic"])
def test_an_interval_holds_every_number_between(f: Any) -> None:
    low, high = 0.25, 1.5
    for function in (f, grad(f), grad(grad(f))):
        bounds = function(Interval(low, high))
        for x in np.linspace(low, high, 20):
            assert bounds.low - 1e-12 <= function(x) <= bounds.high + 1e-12


def test_an_interval_refuses_what_it_has_no_rule_for() -> None:
    with pytest.raises(OpError, match=r"^log: an Interval has no rule for it; add one to BOUNDS$"):
        ops.log(Interval(1.0, 2.0))


@pytest.mark.parametrize("first", ["Symbol", "Value", "grad"])
def test_interpreters_may_be_imported_in_any_order(first):
    program = f"""
from micrograd import {first}
from micrograd import Symbol, Value, grad
from micrograd.abstract import Abstract
import copy
print(-Symbol("x"), grad(lambda x: x * x)(3.0), copy.copy(Abstract((2,))).shape)
"""
    assert printed(program) == "-x 6.0 (2,)"
