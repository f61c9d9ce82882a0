"""Tests generated from the table: every op, over all its rows of samples."""

from __future__ import annotations

import doctest
import pickle
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from micrograd import Value
from micrograd.check import check_op
from micrograd.errors import OpError
from micrograd.op import OPS, Op, elementwise
from micrograd.transforms import jvp
from tests.samples import KINKS, SAMPLES, Kink, Sample

TABLE = {name: op for name, op in OPS.items() if op.__module__.startswith("micrograd.")}


def test_every_op_has_a_sample() -> None:
    assert sorted(TABLE) == sorted({sample.op for sample in SAMPLES})


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_forward_is_numpys(sample: Sample) -> None:
    z = OPS[sample.op](*sample.inputs, **sample.params)
    np.testing.assert_allclose(z, sample.numpy(*sample.inputs, **sample.params), rtol=1e-14)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_forward_of_values_is_forward_of_data(sample: Sample) -> None:
    op = OPS[sample.op]
    z = op(*(Value(x) if np.asarray(x).dtype != bool else x for x in sample.inputs), **sample.params)
    np.testing.assert_array_equal(z.data if isinstance(z, Value) else z, op(*sample.inputs, **sample.params))


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_record_agrees_with_finite_differences(sample: Sample) -> None:
    """Reverse and forward mode, second order, the modes against each other, shape rule,
    rules on shapes.
    """
    assert check_op(OPS[sample.op], *sample.inputs, **sample.params)


def _float32(x: Any) -> Any:
    return np.asarray(x, np.float32)[()] if np.asarray(x).dtype == float else x


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.op != "cast" and OPS[s.op].differentiable], ids=str)
def test_float32_stays_float32(sample: Sample) -> None:
    inputs = [Value(_float32(x)) if np.asarray(x).dtype == float else x for x in sample.inputs]
    z = OPS[sample.op](*inputs, **sample.params)
    z.backward()
    assert z.dtype == np.float32
    for x in inputs:
        if isinstance(x, Value):
            assert (x.grad.dtype, x.grad.shape) == (np.float32, x.shape)
    tangents = [_float32(np.ones(x.shape)) for x in inputs if isinstance(x, Value)]
    if len(tangents) == len(inputs):
        _, t = jvp(lambda *xs: OPS[sample.op](*xs, **sample.params), [x.data for x in inputs], tangents)
        assert t.dtype == np.float32


@pytest.mark.parametrize("kink", KINKS, ids=str)
def test_kink_gets_the_documented_slope(kink: Kink) -> None:
    x = Value(kink.x)
    OPS[kink.op](x, *kink.others, **kink.params).backward()
    np.testing.assert_array_equal(x.grad, kink.slope)


@given(st.data())
def test_gradient_is_summed_over_whatever_was_broadcast(data: st.DataObject) -> None:
    shapes = data.draw(mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3))
    values = [Value(np.ones(shape)) for shape in shapes.input_shapes]
    (values[0] * values[1]).backward()
    for v in values:
        # Each element meets as many elements of the result as the result has more of
        # them.
        times = np.prod(shapes.result_shape) / v.size if v.size else 0
        np.testing.assert_array_equal(v.grad, np.full(v.shape, times))


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_op_is_documented_with_an_example_that_runs(op: Op) -> None:
    examples = doctest.DocTestFinder().find(op.forward, op.name, globs=vars(sys.modules[op.__module__]))
    assert examples and examples[0].examples, f"{op.name} has no example"
    assert doctest.DocTestRunner(verbose=False).run(examples[0]).failed == 0


@pytest.mark.parametrize("op", TABLE.values(), ids=str)
def test_op_pickles_to_itself(op: Op) -> None:
    assert pickle.loads(pickle.dumps(op)) is op


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (("log", 0.0), -np.inf),
        (("log", -1.0), np.nan),
        (("exp", 1000.0), np.inf),
        (("sqrt", -1.0), np.nan),
        (("divide", 1.0, 0.0), np.inf),
        (("power", -8.0, 0.5), np.nan),
        (("power", 0.0, -1.0), np.inf),
    ],
    ids=str,
)
def test_numbers_answer_as_arrays_do_where_math_raises(inputs: tuple[Any, ...], expected: float) -> None:
    name, *numbers = inputs
    with pytest.warns(RuntimeWarning):
        z = OPS[name](*numbers)
    with np.errstate(all="ignore"):
        on_arrays = OPS[name](*(np.array([x]) for x in numbers))
    assert type(z) is float
    np.testing.assert_array_equal([z, on_arrays[0]], [expected, expected])


def test_a_name_is_defined_once() -> None:
    with pytest.raises(OpError, match=r"tanh: micrograd.ops.functions defines an op of this name already"):

        @elementwise("tanh", lambda z, x: z)
        def tanh(x: Any) -> Any:
            return x


@pytest.mark.parametrize(("x", "y"), [(0.0, 2.0), (0.0, 0.0), (2.0, 3.0)])
def test_power_by_its_exponent_at_zero(x: float, y: float) -> None:
    """Text 002 gives log(x) alone, without the factor x**y; at 0 that would be -inf
    times 0.
    """
    exponent = Value(y)
    (Value(x) ** exponent).backward()
    assert exponent.grad == (0.0 if x == 0.0 else x**y * np.log(x))
