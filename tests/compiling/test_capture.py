"""Each door by which a number leaves a Value: the run follows it, gives the structure
only, or refuses with the line and the repair.
"""

from __future__ import annotations

import builtins
import copy
import fractions
import json
import math
import pickle
import random
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, grad, no_grad, while_loop
from micrograd.errors import CaptureError, MicrogradError
from micrograd.ops.hints import ATTRIBUTES
from micrograd.trees import leaves_of

pytestmark = pytest.mark.usefixtures("alone")

p, q = Value(1.7, label="p"), Value(0.6)
A = Value(np.array([[0.3, 1.2, 0.5], [0.2, 0.9, 1.1]]))
B = [Value(0.1 * i + 0.2) for i in range(4)]
ALL = [p, q, A, *B]

# What reading an attribute of a Value, or calling it, does while a function is captured

UNARY = (
    "abs arccos arccosh arcsin arcsinh arctan arctanh cbrt conj conjugate copy cos cosh cumprod cumsum deg2rad degrees "
    "exp exp2 expm1 fabs flatten log log10 log1p log2 max mean min prod rad2deg radians ravel relu rint round sigmoid "
    "sin sinh sqrt diagonal sort squeeze std sum tan tanh trace transpose var detach argmax argmin "
    "argsort all any"
).split()
METHODS: dict[str, Callable[[], Any]] = {
    "arctan2": lambda: A.arctan2(2.0),
    "astype": lambda: A.astype(np.float32),
    "at": lambda: A.at[0].set(2.0) * A,
    "clip": lambda: A.clip(0.4, 1.0),
    "dot": lambda: A.dot(np.ones(3)),
    "fmod": lambda: A.fmod(0.4),
    "hypot": lambda: A.hypot(A),
    "logical_xor": lambda: A.logical_xor(0.0),
    "repeat": lambda: A.repeat(2),
    "reshape": lambda: A.reshape(3, 2),
    "swapaxes": lambda: A.swapaxes(0, 1),
    "take": lambda: A.take([0, 2]),
    "T": lambda: A.T,
    "real": lambda: A.real,
    "data": lambda: p.data * q,
    "grad": lambda: p.grad * 2.0,
    "inputs": lambda: (p * q).inputs[0] * 2.0,
    "prev": lambda: sum(x * 2.0 for x in (p * p).prev),
    "_prev": lambda: sum(x * 2.0 for x in (p * p)._prev),
    "check_stale": lambda: p * (1 + len((p * q).check_stale())),
    "__abs__": lambda: abs(A),
    "__add__": lambda: p + q,
    "__array_function__": lambda: np.stack([A, A]),
    "__array_ufunc__": lambda: np.exp(A),
    "__divmod__": lambda: divmod(A, 0.4),
    "__eq__": lambda: p * (p == p) + A * (A == 0.3),
    "__floordiv__": lambda: A // 0.4,
    "__ge__": lambda: A >= 0.5,
    "__getitem__": lambda: A[1, ::2],
    "__gt__": lambda: p > q,
    "__iter__": lambda: [row * 2.0 for row in A],
    "__le__": lambda: A <= 0.5,
    "__lt__": lambda: p < q,
    "__matmul__": lambda: A @ A.T,
    "__mod__": lambda: A % 0.4,
    "__mul__": lambda: p * q,
    "__ne__": lambda: A != 0.3,
    "__neg__": lambda: -p,
    "__pos__": lambda: +p,
    "__pow__": lambda: p**2 + p**q,
    "__radd__": lambda: 2.0 + p,
    "__rdivmod__": lambda: divmod(2.0, p),
    "__rfloordiv__": lambda: 2.0 // A,
    "__rmatmul__": lambda: np.ones(2) @ A,
    "__rmod__": lambda: 2.0 % A,
    "__rmul__": lambda: 2.0 * p,
    "__rpow__": lambda: 2.0**p,
    "__rsub__": lambda: 2.0 - p,
    "__rtruediv__": lambda: 2.0 / p,
    "__sub__": lambda: p - q,
    "__truediv__": lambda: p / q,
    "__init__": lambda: Value(p.data) * p,
    "__hash__": lambda: {p: q}[p] * 2.0,  # of a Value: by identity
}
STRUCTURE: dict[str, Callable[[], Any]] = {
    "dtype": lambda: A * np.ones(3, A.dtype),
    "imag": lambda: A.imag,
    "label": lambda: p * (2.0 if p.label == "p" else 3.0),
    "ndim": lambda: A * A.ndim,
    "op": lambda: p * len((p * q).op),
    "_op": lambda: p * len((p * q)._op),
    "shape": lambda: A / A.shape[0],
    "size": lambda: A.sum() / A.size,
    "__len__": lambda: A.sum() / len(A),
    "__class__": lambda: p * (2.0 if isinstance(p, Value) else 3.0),
}
REFUSED: dict[str, Callable[[], Any]] = {
    "item": lambda: p.item(),
    "numpy": lambda: A.numpy(),
    "tolist": lambda: A.tolist(),
    "__array__": lambda: np.asarray(A.detach()),
    "__bool__": lambda: p if p else q,
    "__deepcopy__": lambda: copy.deepcopy(p),
    "__dlpack__": lambda: np.from_dlpack(A),
    "__float__": lambda: float(p),
    "__format__": lambda: f"{p:.2f}",
    "__int__": lambda: int(p),
    "__reduce_ex__": lambda: pickle.dumps(p),
    "__repr__": lambda: repr(p),
    "__round__": lambda: round(p),
    "__str__": lambda: str(p),
    "__trunc__": lambda: math.trunc(p),
    "_as_array": lambda: A._as_array(),
    "__dlpack_device__": lambda: A.__dlpack_device__(),
}
STEPS = {"backward", "zero_grad", "_backward"}  # see test_programs.py
# No door for a program: the fields of the engine. What is read there is found by the
# second capture.
INNER = {
    *"_apply_op _array _below _dtype _float _float_grad _grad _gradient _has_float_grad _has_gradient".split(),
    "_has_history",
    *"_repr_html_ _repr_svg_".split(),  # a notebook asks for them, and gets nothing inside a capture
    *"_has_own_step _is_batch _is_eager_number _is_float _is_of_transform _is_traced _level _mark _own_step".split(),
    *"_params _record _restore _state _x _y __pandas_priority__ __setstate__ __setitem__ __reduce__".split(),
}


def _numbers(results: Any) -> list[Any]:
    return [np.asarray(x.data if isinstance(x, Value) else x) for x in leaves_of(results)]


def _follows(function: Callable[[], Any]) -> None:
    """Compiled it gives eager's numbers, also after the data has changed."""
    compiled = micrograd.compile(function)
    before = [v.data for v in ALL]
    try:
        for factor in (1.0, 1.0, 0.93):
            for v, data in zip(ALL, before, strict=True):
                v.data = data * factor
            for got, wanted in zip(_numbers(compiled()), _numbers(function()), strict=True):
                assert got.shape == wanted.shape
                assert np.allclose(got, wanted, rtol=1e-6, equal_nan=True)
    finally:
        for v, data in zip(ALL, before, strict=True):
            v.data, v.grad = data, 0.0


def _line_of(error: Any) -> str:
    return str(error.value)


def test_the_table_names_every_attribute():
    named = {*UNARY, *METHODS, *STRUCTURE, *REFUSED, *STEPS, *INNER}
    own = {name for name in dir(Value) if name not in ATTRIBUTES} - set(dir(object))
    usual = {"__weakref__", "__slots__", "__module__", "__annotations__", "__delitem__", "__signature__"}  # of C, too
    assert own - usual - named == set()


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.filterwarnings("ignore")
def test_methods_without_arguments_are_followed(name):
    _follows(lambda: getattr(A, name)())


@pytest.mark.parametrize("name", [*METHODS, *STRUCTURE])
def test_what_is_followed_or_is_structure(name):
    _follows({**METHODS, **STRUCTURE}[name])


# What is done with a number, once it is out

FOLLOWED: dict[str, Callable[[], Any]] = {
    "truths joined": lambda: np.where((A.data > 0) & ~(A.data > 1) | (A.data < -2) ^ (A.data > 3), A, 0.0),
    "one truth counted": lambda: p * np.sum(q.data > 0),
    "isinstance": lambda: p * (2.0 if isinstance(p.data, float) else 3.0),
    "isinstance of an array": lambda: p * (2.0 if isinstance(A.data, np.ndarray) else 3.0),
    "isinstance of an int": lambda: p * (2.0 if isinstance(p.data, int) else 3.0),
    "type": lambda: p * (2.0 if type(p.data) is float else 3.0),
    "np.isscalar": lambda: p * (2.0 if np.isscalar(p.data) else 3.0),
    "is None": lambda: p * (2.0 if p.data is None else 3.0),
    "== None": lambda: p * (2.0 if p.data == None else 3.0),  # noqa: E711
    "== a word": lambda: p * (2.0 if p.data == "word" else 3.0),
    "max": lambda: max(b.data for b in B) * p,
    "min": lambda: min(p.data, q.data) * p,
    "sum": lambda: sum(b.data for b in B),
    "np.sum": lambda: np.sum(A.data, axis=0),
    "==": lambda: p * (p.data == 1.7),
    "abs, divmod, pow": lambda: (abs(p.data), divmod(p.data, 0.5), pow(p.data, 2)),
    "copy of an array": lambda: A.data.copy() * 2.0,
    "a row of an array": lambda: A.data[0] * 2.0,
    "methods of arrays": lambda: (A.data.sum(), A.data.mean(axis=0), A.data.max(), A.data.prod(), A.data.std()),
    "argmax as an index": lambda: A[0][A.data[1].argmax()],
    "tolist": lambda: sum(A.data[0].tolist()),
    "nbytes": lambda: p * A.data.nbytes,
    "np.where": lambda: np.where(A.data > 0.5, A, 0.0),
}
STOPPED: dict[str, Callable[[], Any]] = {
    "a derivative by a Value again": lambda: grad(lambda z: z**3 * p)(2.0 * q.data),
    "backward() from such a derivative": lambda: grad(lambda z: z**3 * p)(2.0 * q.data).backward(),
    "another thread": lambda: _in_a_thread(lambda x: p * x, q.data),
    "how often a loop runs": lambda: while_loop(lambda s: s < 10.0, lambda s: s * 2.0, 1.0 + p.data**2),
    "an int of a float": lambda: p * round(q.data),
    "bits of a float": lambda: p * (q.data & 1),
    "if": lambda: p if p.data > 1.0 else q,
    "and": lambda: p.data and q,
    "while": lambda: _doubled(),
    "in a list": lambda: p if p.data in [1.7, 2.0] else q,
    "in an array": lambda: p if 1.2 in A.data else q,
    "sorted": lambda: sorted(b.data for b in B),
    "max by a key": lambda: max(B, key=lambda b: b.data),
    "float": lambda: float(p.data) * q,
    "int": lambda: int(p.data) * q,
    "math.exp": lambda: math.exp(p.data) * q,
    "math.floor": lambda: math.floor(p.data) * q,
    "math.fsum": lambda: math.fsum(b.data for b in B),
    "print": lambda: print(p.data),
    "format": lambda: f"{p.data:.2f}",
    "%": lambda: "%.2f" % p.data,  # noqa: UP031
    "hash": lambda: hash(p.data) * q,
    "a key": lambda: {p.data: q},
    "range": lambda: sum(q for _ in range(p.data)),
    "a list's index": lambda: B[A.data[0].argmax()],
    "np.array of numbers": lambda: np.array([p.data, q.data]) * 2.0,
    "np.asarray": lambda: np.asarray(A.data) * 2.0,
    "np.float64": lambda: np.float64(p.data) * q,
    "np.full": lambda: np.full(3, p.data),
    "np.fromiter": lambda: np.fromiter((b.data for b in B), float),
    "item of a plain array": lambda: _put_into(np.zeros(3), p.data),
    "row of a plain array": lambda: _put_into(np.zeros((2, 3)), A.data[0]),
    "fill": lambda: np.zeros(3).fill(p.data),
    "out=": lambda: np.exp(A.data, out=np.zeros((2, 3))),
    "np.add.at": lambda: np.add.at(np.zeros(3), [0], p.data),
    "plain +=": lambda: _plus(np.zeros(3), p.data),
    "data[0] =": lambda: _put_into_data(),
    "in place, kept": lambda: _kept_in_place(),
    "a mask": lambda: A[A.data > 0.5],
    "copy": lambda: copy.copy(p.data),
    "deepcopy of data": lambda: copy.deepcopy(A.data),
    "statistics": lambda: statistics.mean(b.data for b in B),
    "Fraction": lambda: fractions.Fraction(p.data) * q,
    "is_integer": lambda: p.data.is_integer(),
    "np.unique": lambda: np.unique(A.data),
    "random.gauss": lambda: random.gauss(p.data, 1.0),
    "item of an array": lambda: A.data.item(),
}


def _doubled():
    z = p
    while z.data < 5.0:
        z = z * 2.0
    return z


def _in_a_thread(function, x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, x).result()


def _put_into(array, number):
    array[0] = number
    return array


def _plus(array, number):
    array += number
    return array


def _put_into_data():
    A.data[0] = 1.0
    return A.sum()


def _kept_in_place():
    kept = A.data
    kept *= 0.5
    return A.sum()


@pytest.mark.parametrize("name", FOLLOWED)
def test_numbers_that_are_followed(name):
    _follows(FOLLOWED[name])


@pytest.mark.parametrize("name", [*REFUSED, *STOPPED])
def test_what_is_refused(name):
    function = {**REFUSED, **STOPPED}[name]
    before = [(v.data, v._grad) for v in ALL]
    for _ in range(2):
        with pytest.raises(CaptureError) as error:
            micrograd.compile(function)()
        assert str(error.value).startswith("compile: ") and str(error.value).count("\n") <= 2
    assert [(v.data, v._grad) for v in ALL] == before or all(
        np.array_equal(v.data, data) for v, (data, _) in zip(ALL, before, strict=True)
    )


@pytest.mark.parametrize("name", ["if", "float", "math.exp", "np.asarray", "sorted", "print", "statistics"])
def test_a_refusal_names_the_users_line(name):
    with pytest.raises(CaptureError, match=r"in .*test_capture.py:\d+: \""):
        micrograd.compile(STOPPED[name])()


def test_json_does_not_know_such_a_number():
    with pytest.raises(TypeError, match="not JSON serializable"):
        micrograd.compile(lambda: json.dumps(p.data))()


def test_what_is_read_past_all_doors_is_refused_by_the_second_capture():
    for function in (lambda: p * q._float, lambda: A * A._array, lambda: p * q._below):
        compiled = micrograd.compile(function)
        assert np.array_equal(compiled().data, function().data)  # right for these numbers
        with pytest.raises(CaptureError, match="did not do the same in its second run: constant"):
            compiled()


def test_a_refusal_that_the_function_swallows_is_raised_at_its_end():
    def careless():
        try:
            return q * float(p.data)
        except TypeError:
            return q

    with pytest.raises(CaptureError, match=r"float\(\) of a number"):
        micrograd.compile(careless)()


def test_after_an_error_all_is_as_it_was():
    def fails():
        p.data = p.data * 2.0
        A.data *= 0.5
        (p * q).backward()
        q.grad = 3.0
        random.random()
        np.random.random()
        raise RuntimeError("mine")

    before, grads = [v.data for v in ALL], [v._grad for v in ALL]
    states = random.getstate(), np.random.get_state()[2], builtins.max, builtins.min
    with pytest.raises(RuntimeError, match="mine"):
        micrograd.compile(fails)()
    assert all(np.array_equal(v.data, data) for v, data in zip(ALL, before, strict=True))
    assert [v._grad for v in ALL] == grads
    assert (random.getstate(), np.random.get_state()[2], builtins.max, builtins.min) == states
    assert "type" not in globals()
    with pytest.raises(RuntimeError, match="mine"):
        micrograd.compile(fails)()


def test_a_number_that_is_kept_beyond_its_capture_refuses_everything():
    kept = []
    micrograd.compile(lambda: kept.append(p.data) or p * 2.0)()
    assert "capture that is over" in repr(kept[0])
    with pytest.raises(CaptureError, match="capture that is over"):
        kept[0] + 1.0


def test_an_array_that_is_changed_in_place_and_assigned():
    w = Value(np.array([1.0, 2.0]))

    def step():
        w.data *= 0.5
        return w.data * 2.0

    def numbers(function):
        w.data = np.array([1.0, 2.0])
        return [(np.array(function()), w.data.copy()) for _ in range(4)]

    assert np.array_equal(numbers(micrograd.compile(step)), numbers(step))


def test_another_name_of_an_array_that_was_changed_in_place():
    def step():
        old = A.data
        A.data *= 0.5
        return old * 1.0

    with pytest.raises(CaptureError, match="other names of the same array"):
        micrograd.compile(step)()


def test_no_grad_gives_numbers_that_are_followed():
    def program():
        with no_grad():
            z = p * q
        return z.data * p

    _follows(program)


def test_every_error_of_the_table_is_ours():
    assert issubclass(CaptureError, (MicrogradError, TypeError))


def test_an_array_that_two_values_share_is_not_changed_in_place():
    w = Value(np.ones(3))
    v = Value(w.data)

    def step(x):
        ((w * v * x) ** 2).sum().backward()
        w.data -= 0.1 * w.grad
        v.data -= 0.1 * v.grad

    with pytest.raises(CaptureError, match="is changed in place, and another Value shares it"):
        micrograd.compile(step)(np.arange(3.0))
    assert (w.data == 1.0).all()
