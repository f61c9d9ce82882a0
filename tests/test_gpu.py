"""Arrays of another kind: CuPy's on a GPU, and a class of nobody's that is as strict as
CuPy's, on any machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

from micrograd import Value, grad, hvp
from micrograd.errors import OpError
from micrograd.op import OPS
from tests.samples import SAMPLES, Sample


class Strict(NDArrayOperatorsMixin):
    """An array that speaks NumPy's protocols and nothing else, as CuPy's does.

    It does not turn into a NumPy array unasked, does not mix with NumPy's arrays, and
    has no `np.add.at`. Where the engine makes an array of NumPy's on the quiet, or
    leaves the protocols, a test with this one fails.
    """

    def __init__(self, held: Any) -> None:
        self.held = np.asarray(held)

    shape = property(lambda self: self.held.shape)
    dtype = property(lambda self: self.held.dtype)
    ndim = property(lambda self: self.held.ndim)
    size = property(lambda self: self.held.size)

    def __array__(self, *args: Any, **options: Any) -> Any:
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
        if method != "__call__" or getattr(np, ufunc.__name__, None) is not ufunc:  # SciPy's, say
            return NotImplemented
        if not all(isinstance(x, (Strict, int, float, np.generic)) for x in (*inputs, *out)):
            return NotImplemented
        z = ufunc(*map(_held, inputs), **options)
        if not out:
            return Strict(z)
        out[0].held[...] = z
        return out[0]

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if not all(issubclass(kind, Strict) for kind in types):
            return NotImplemented
        found = function(*map(_held, args), **{name: _held(x) for name, x in options.items()})
        if hasattr(found, "_fields"):  # a named tuple, of numpy.linalg
            return type(found)(*map(Strict, found))
        return type(found)(map(Strict, found)) if isinstance(found, (list, tuple)) else Strict(found)

    def __getitem__(self, index: Any) -> Any:
        return Strict(self.held[_held(index)])

    def __setitem__(self, index: Any, x: Any) -> None:
        self.held[_held(index)] = _held(x)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        return Strict(self.held.astype(dtype, copy=copy))

    def copy(self) -> Any:
        return Strict(self.held.copy())

    def sum(self, **options: Any) -> Any:
        return np.sum(self, **options)  # type: ignore[call-overload]

    def max(self, **options: Any) -> Any:
        return np.max(self, **options)  # type: ignore[call-overload]


def _held(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)(map(_held, x))
    return x.held if isinstance(x, Strict) else x


def _plain(x: Any) -> Any:
    """As a NumPy array, whatever it is."""
    return x.get() if hasattr(x, "get") else _held(x)


def _cupy() -> Any:
    cupy: Any = pytest.importorskip("cupy", reason="CuPy is not installed: it needs a GPU and the package for its CUDA")
    if not cupy.is_available():
        pytest.skip("CuPy is installed, and there is no GPU")
    return cupy


@pytest.fixture(params=["strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def array(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """What makes an array of the kind under test from one of NumPy's."""
    return Strict if request.param == "strict" else _cupy().asarray  # type: ignore[no-any-return]


def network(array: Callable[[Any], Any], activation: str, dtype: Any = float) -> list[Any]:
    """Loss and gradients of a two-layer network with softmax cross-entropy, all in that
    kind of array.
    """
    rng = np.random.default_rng(1)
    X = array(rng.normal(size=(24, 3)).astype(dtype))
    labels = array(np.eye(2, dtype=dtype)[rng.integers(0, 2, 24)])
    p = [Value(array(rng.normal(size=shape).astype(dtype))) for shape in [(3, 5), 5, (5, 2), 2]]
    out = OPS[activation](X @ p[0] + p[1]) @ p[2] + p[3]
    shifted = out - out.max(axis=1, keepdims=True)
    loss = -((shifted - shifted.exp().sum(axis=1, keepdims=True).log()) * labels).sum(axis=1).mean()
    loss.backward()
    return [loss.data, *(v.grad for v in p)]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_network_equals_numpys(array: Callable[[Any], Any], activation: str) -> None:
    kind = type(array(np.ones(2)))
    found = network(array, activation)
    assert [type(x) for x in found] == [kind] * 5
    for got, want in zip(found, network(np.asarray, activation), strict=True):
        np.testing.assert_allclose(_plain(got), want, rtol=1e-12, atol=1e-14)


def test_float32_stays_float32(array: Callable[[Any], Any]) -> None:
    assert {x.dtype for x in network(array, "tanh", np.float32)} == {np.dtype(np.float32)}


def test_a_step_of_training(array: Callable[[Any], Any]) -> None:
    w = Value(array(np.array([1.0, 2.0])))
    for _ in range(2):
        w.grad = 0.0
        (w * w).sum().backward()
        w.data -= 0.25 * w.grad
    np.testing.assert_array_equal(_plain(w.data), [0.25, 0.5])


def test_transforms(array: Callable[[Any], Any]) -> None:
    x = np.array([1.0, 2.0])
    f: Any = lambda w: (w**3).sum()  # noqa: E731
    np.testing.assert_allclose(_plain(grad(f)(array(x))), 3 * x**2)
    np.testing.assert_allclose(_plain(hvp(f, (array(x),), (array(x),))), 6 * x * x)


# Every op of the table, over its samples, forward and gradient.

# Ops of which a library like CuPy has a part, or nothing: a sample of theirs may be
# refused.
LACKING = {
    **dict.fromkeys(
        "getitem index_add index_set rows_at rows_put scatter scattered".split(), "indices that are arrays"
    ),
    **dict.fromkeys("betaln digamma erf erfc gammainc gammainc_da lgamma polygamma".split(), "SciPy's functions"),
    **dict.fromkeys("bessel_i bessel_ie betainc betaincc betainc_dab gammaincc".split(), "SciPy's functions"),
    **dict.fromkeys("erfcinv erfinv log_ndtr ndtr_gap ndtr_slope".split(), "SciPy's functions"),
    "logcumsumexp": "logaddexp.accumulate",
    **dict.fromkeys(
        "cholesky_factor cofactor cofactor_slope determinant eigenpairs orthogonal_factors singular_triplets".split(),
        "masks of NumPy's",
    ),
    **dict.fromkeys(
        "matrix_exponential matrix_logarithm matrix_square_root symmetric_function".split(), "NumPy's arrays only"
    ),
    "quantile_places": "counts that are numbers",
}
ROWS = [s for s in SAMPLES if all(isinstance(x, np.ndarray) and x.ndim for x in s.inputs)]


def _run(sample: Sample, change: Callable[[Any], Any]) -> list[Any]:
    op = OPS[sample.op]
    inputs = [change(x) if x.dtype == bool else Value(change(x)) for x in sample.inputs]
    z = op(*inputs, **sample.params)
    if not op.differentiable:
        return [z]
    z.backward()
    return [z.data, *(x.grad for x in inputs if isinstance(x, Value))]


def _stays(sample: Sample, array: Callable[[Any], Any]) -> None:
    kind = type(array(np.ones(2)))
    try:
        found = _run(sample, array)
    except (TypeError, OpError):
        assert sample.op in LACKING
        return
    assert [type(x) for x in found] == [kind] * len(found)
    for got, want in zip(found, _run(sample, np.asarray), strict=True):
        assert (got.shape, got.dtype) == (np.shape(want), np.asarray(want).dtype)
        np.testing.assert_allclose(_plain(got), want, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("sample", ROWS, ids=str)
def test_every_op_stays_in_its_kind_of_array(sample: Sample) -> None:
    _stays(sample, Strict)


@pytest.mark.gpu
def test_every_op_stays_on_the_gpu() -> None:
    for sample in ROWS:
        _stays(sample, _cupy().asarray)


def test_strict_arrays_are_strict() -> None:
    with pytest.raises(TypeError, match="implicit conversion"):
        np.asarray(Strict([1.0]))
    with pytest.raises(TypeError):
        Strict([1.0]) + np.ones(1)
    with pytest.raises(TypeError):
        np.stack([Strict([1.0]), np.ones(1)])
    with pytest.raises(TypeError):
        np.add.at(np.zeros(1), [0], Strict([1.0]))
