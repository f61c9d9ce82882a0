"""NumPy's own functions on Values: each row is one call, run on data, on Values,
backwards and forwards.
"""

from __future__ import annotations

import contextlib
import inspect

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import Value, grad, gradcheck, jvp, ops
from micrograd.abstract import Abstract
from micrograd.dual import Dual
from micrograd.errors import ArgumentError, DataError, MicrogradError, OpError
from micrograd.op import OPS
from micrograd.ops import protocols
from micrograd.trees import leaves_of, mapped
from tests.ops.composites import joined
from tests.processes import printed

GENERATOR = np.random.default_rng(5)
DATA = {
    "s": 0.7,  # a number
    "v": np.array([0.3, 0.9, 0.6]),
    "x": GENERATOR.permutation(np.linspace(0.2, 0.9, 6)).reshape(2, 3),
    "y": GENERATOR.permutation(np.linspace(0.25, 0.95, 6)).reshape(2, 3),
    "t": GENERATOR.permutation(np.linspace(0.2, 0.9, 24)).reshape(2, 3, 4),
    "m": np.array([[2.0, 0.3], [0.5, 1.5]]),
    "w": np.array([[0.7, 0.2], [0.1, 0.4], [0.6, 0.5]]),
    "p": np.array([[2.0, 0.4, 0.1], [0.4, 1.5, 0.3], [0.1, 0.3, 1.0]]),  # symmetric, positive
}
CONSTANTS = {"B": DATA["x"] > 0.5, "A": DATA["x"] + 1.0, "I": np.array([1, 0, 1]), "J": np.array([[0, 2], [1, 1]])}
CONSTANTS["H"] = np.array([[0.0, np.nan, 0.0], [np.nan, 0.0, 0.0]])

# What is small stands for a Value, what is capital for raw data. Wherever a Value may
# stand, a row has it stand.
ROWS = """
np.add(x, y) np.add(x, A) np.add(A, x) np.add(x, 2) np.add(s, A) np.add(np.float64(2.0), x) np.add([1.0, 2.0, 3.0], x)
np.subtract(x, y) np.subtract(A, x) np.subtract(s, 1) np.subtract(1, s) np.multiply(x, y) np.multiply(A, x)
np.multiply(np.int64(3), s) np.divide(x, y) np.divide(A, x) np.divide(1, s) np.true_divide(x, 2) np.power(x, y)
np.power(x, 2) np.power(2, x) np.power(A, x) np.power(x, A) np.power(s, 2.5) np.pow(x, 2) np.float_power(x, 2)
np.negative(x) np.negative(s) np.positive(x) np.absolute(-x) np.abs(s) np.fabs(x) np.sign(x) np.square(x) np.sqrt(s)
np.sqrt(x) np.cbrt(x) np.reciprocal(x) np.maximum(x, y) np.maximum(x, 0.5) np.maximum(0.5, x) np.minimum(x, A / 2.5)
np.clip(x, 0.3, 0.7) np.clip(x, a_min=0.3, a_max=0.7) np.clip(x, a_max=0.7, a_min=None) np.clip(x, None, 0.7)
np.clip(x, 0.3, None) np.clip(x, min=0.3) np.clip(x, max=0.7) np.where(B, x, y) np.where(B, x, 0.0) np.where(B, A, x)
np.where(x > 0.5, x, y) np.where([True, False, True], x, y) np.where(True, s, 1.0) np.floor(x) np.ceil(x)
np.round(x, 1) np.round(x, decimals=1) np.around(x) np.remainder(x, 0.35) np.mod(A, s) np.hypot(x, y) np.hypot(3.0, x)
np.logaddexp(x, y) np.arctan2(x, y) np.arctan2(A, x) np.exp(x) np.exp(s) np.exp2(x) np.expm1(x) np.log(x) np.log2(x)
np.log10(x) np.log1p(x) np.sin(x) np.cos(x) np.tan(x) np.arcsin(x) np.arccos(x) np.arctan(x) np.sinh(x) np.cosh(x)
np.tanh(x) np.arcsinh(x) np.arccosh(x+1) np.arctanh(x) np.asin(x) np.acos(x) np.atan(x) np.asinh(x) np.acosh(x+1)
np.trunc(s) np.rint(x) np.floor_divide(A + 0.03, x) x // 0.35 2.1 // x (A + 0.03) // x
np.divmod(A + 0.03, x) np.fmod(A + 0.03, x) np.modf(x)
np.heaviside(x, y) np.copysign(x, -y) np.copysign(A, x) np.nextafter(x, 2.0) np.ldexp(x, 3) np.ldexp(x, I) np.fmax(x, y)
np.fmin(x, 0.5) np.logaddexp2(x, y) np.deg2rad(x) np.rad2deg(s) np.degrees(x) np.radians(x) np.real(x) np.conj(x)
np.conjugate(x) np.real_if_close(x) np.angle(x) np.angle(x, deg=True) np.sinc(x) np.sinc(s) np.i0(x) np.nan_to_num(x)
np.nan_to_num(x, True, 1.0) np.polyval(v, x) np.polyval(A[0], x) np.polyval([s, 2.0], x) np.polyval(v, A) np.vander(v)
np.vander(v, 2) np.vander(v, increasing=True) np.diff(x) np.diff(x, 2, axis=1) np.diff(v, prepend=0.0, append=s)
np.diff(x, n=1, axis=0) np.ediff1d(x) np.ediff1d(v, to_begin=s) np.gradient(v) np.gradient(x, edge_order=1)
np.gradient(x, 0.5, axis=1) np.gradient(t, s, axis=(0, 2)) np.gradient(v, np.cumsum(y[0]), edge_order=2)
np.gradient(t[0], np.cumsum(v), 0.5) np.trapezoid(x) np.trapezoid(x, dx=s, axis=0) np.trapezoid(x, np.cumsum(v))
np.trapezoid(x, x=np.cumsum(y, 1), axis=-1) np.interp(x, np.cumsum(v), y[0]) np.interp(x, [0.3, 0.5, 0.8], v)
np.interp(x, [0.4, 0.7], [1.0, 2.0], left=s) np.interp(A, [0.4, 0.7], v[:2], period=0.9) np.convolve(v, x[0])
np.convolve(x[0], [1.0, 2.0], "same") np.convolve(v, A[0], mode="valid") np.correlate(v, y[1])
np.correlate(A[0], v, "full") np.cumulative_sum(v) np.cumulative_sum(x, axis=1, include_initial=True)
np.cumulative_prod(x, axis=0) np.unwrap(9.0 * x) np.average(x) np.average(x, 0) np.average(x, axis=1, weights=v)
np.average(x, weights=y, returned=True) np.average(A, 1, v) np.cov(x) np.cov(x, y[0]) np.cov(t[0], rowvar=False, ddof=0)
np.cov(x, aweights=v) np.cov(x, bias=True, fweights=[1, 2, 1]) np.corrcoef(t[0]) np.corrcoef(v, x[0])
np.percentile(x, 30) np.percentile(t, [20, 60], axis=(0, 2)) np.percentile(x, 40, 1, method="nearest", keepdims=True)
np.quantile(x, 0.3) np.quantile(x, [0.2, 0.9], axis=0) np.quantile(t, 0.7, axis=1, method="midpoint") np.ptp(x)
np.ptp(x, 0) np.nansum(x) np.nansum(H + x, axis=0) np.nanprod(H + x) np.nanmean(H + x, 1) np.nanmax(H + x, axis=0)
np.nanmin(H + x) np.nanvar(H + x, ddof=1) np.nanstd(H + x, axis=1) np.nancumsum(H + x) np.nancumprod(H + x, axis=1)
np.nanmedian(H + x) np.nanquantile(H + x, [0.2, 0.5], axis=1) np.nanpercentile(H + x, 70) np.sum(x, where=B, axis=1)
np.sum(x, initial=s) np.prod(x, where=B, initial=2.0) np.max(x, initial=0.6, axis=0) np.max(x, where=B, initial=0.1)
np.min(x, 1, initial=s) np.mean(x, where=B) np.var(x, where=B, axis=1, ddof=0) np.std(x, where=B) np.std(x, mean=0.5)
np.sum(x, dtype=float) np.mean(x, dtype=np.float64) np.cumsum(x, dtype=float) np.add.reduce(x) np.add.reduce(x, axis=1)
np.add.reduce(x, axis=None) np.multiply.reduce(x, 1, keepdims=True) np.maximum.reduce(x)
np.minimum.reduce(x, axis=(0, 1)) np.fmax.reduce(H + x, axis=None)
np.logaddexp.reduce(x, axis=1) np.subtract.reduce(x, axis=1) np.hypot.reduce(v)
np.subtract.reduce(x, initial=s) np.power.reduce(x) np.add.accumulate(x) np.add.accumulate(x, axis=1)
np.multiply.accumulate(v) np.maximum.accumulate(x, axis=1) np.logaddexp.accumulate(v) np.add.outer(x, y)
np.add.outer(s, v) np.multiply.outer(v, A) np.subtract.outer([1.0, 2.0], v) np.hypot.outer(v, v) np.exp(x, dtype=float)
np.exp(x, where=True) np.add(x, y, casting="same_kind") np.histogram(x, weights=y, bins=3)[0]
np.histogram(x, 3)[1] np.histogram(x, 2, density=True)[0] np.histogram_bin_edges(x, 4)
np.atanh(x) np.atan2(x, y) np.tanh(s) np.sum(x) np.sum(x, 0) np.sum(x, axis=0) np.sum(a=x, axis=-1)
np.sum(t, axis=(0, -1), keepdims=True) np.sum(x, keepdims=False) np.sum(x, dtype=None) np.mean(x) np.mean(x, 1)
np.prod(x) np.prod(x, axis=1) np.max(x) np.max(x, 0) np.amax(x, axis=1) np.min(x, axis=-1) np.amin(x) np.var(x)
np.var(x, axis=0, ddof=1) np.std(x) np.std(x, axis=1, ddof=1, keepdims=True) np.std(x, correction=1) np.cumsum(x)
np.cumsum(x, 1) np.cumprod(x, axis=0) np.median(x) np.median(x, axis=1) np.sort(x) np.sort(x, axis=0)
np.sort(x, axis=None) np.reshape(x, (3, 2)) np.reshape(x, -1) np.reshape(x, shape=(6,)) np.ravel(x) np.transpose(x)
np.transpose(t, (1, 0, 2)) np.transpose(t, axes=[2, 0, 1]) np.permute_dims(t, (1, 2, 0)) np.moveaxis(t, 0, -1)
np.moveaxis(t, [0, 1], [-1, -2]) np.moveaxis(t, source=0, destination=1) np.swapaxes(t, 0, 2)
np.swapaxes(t, axis1=-1, axis2=0) np.matrix_transpose(t) np.linalg.matrix_transpose(t) np.expand_dims(x, 1)
np.expand_dims(x, axis=(0, -1)) np.squeeze(x[:1]) np.squeeze(x[:1], axis=0) np.broadcast_to(v, (2, 3))
np.broadcast_to(s, shape=(2,)) np.concatenate([x, y]) np.concatenate([x, A], axis=1)
np.concatenate((A, x, y), axis=-1) np.concatenate([x, y], axis=None) np.concat([x, y]) np.stack([x, A])
np.vstack([x, A]) np.hstack((x, A, x)) np.dstack([x, y]) np.column_stack([v, v])
np.stack([x, y], axis=-1) np.stack([s, 1.0]) np.split(x, 3, axis=1) np.split(v, [1, 2]) np.array_split(v, 2)
np.tile(x, 2) np.tile(x, (2, 1)) np.repeat(x, 2) np.repeat(x, 2, axis=1) np.repeat(x, [1, 2], axis=0) np.flip(x)
np.flip(x, 1) np.flip(x, axis=(0, 1)) np.roll(x, 1) np.roll(x, 1, axis=1) np.roll(x, shift=-1, axis=0) np.tril(p)
np.triu(p, 1) np.tril(p, k=-1) np.diag(v) np.diag(p, k=1) np.diagonal(p) np.pad(x, 1) np.pad(x, ((0, 1), (2, 0)))
np.pad(x, 1, mode="constant", constant_values=3.0) np.atleast_1d(s) np.atleast_2d(v) np.atleast_3d(x) np.take(x, I)
np.take(x, I, axis=1) np.take(x, indices=[0, 0], axis=0) np.take_along_axis(x, J, axis=1) np.matmul(x, w)
np.matmul(x, w.T.T) np.matmul(A, w) np.matmul(x, v) np.dot(x, w) np.dot(v, v) np.dot(2.0, x) np.dot(A, v)
np.dot(v, [1.0, 2.0, 3.0]) np.inner(v, v) np.inner(x, y) np.vdot(x, y) np.outer(v, v) np.outer(v, [1.0, 2.0])
np.select([B, x > 0.3], [x, y], 0.0) np.select([B, ~B], [A, x], default=s) np.piecewise(x, [B, ~B], [np.sin, 2.0])
np.choose(I, [v, 2.0 * v]) np.choose([1, 0, 1], [v, s], mode="clip") np.compress([True, False], x, axis=0)
np.compress(I, v) np.extract(B, x) np.trim_zeros(np.pad(v, 2)) np.copy(x) np.append(x, y) np.append(A, x, axis=1)
np.insert(v, 1, s) np.insert(A, 0, v, axis=0) np.insert(x, [0, 2], 0.5, 1) np.delete(x, 1) np.delete(x, [0, -1], axis=1)
np.block([[x, y], [A, 2.0 * x]]) np.block([v, s]) np.fliplr(x) np.flipud(x) np.rot90(x) np.rot90(t, k=3, axes=(1, 2))
np.rollaxis(t, 2) np.rollaxis(t, 0, 3) np.hsplit(x, 3) np.hsplit(v, [1]) np.vsplit(x, 2) np.dsplit(t, (1, 3))
np.meshgrid(v, v) np.meshgrid(v, v[:2], indexing="ij", sparse=True) np.broadcast_arrays(x, v, s) np.linspace(s, 2.0, 5)
np.linspace(v, v + 1.0, num=3, endpoint=False, axis=-1) np.linspace(0.0, s, 3, retstep=True) np.logspace(s, 1.0, 4)
np.logspace(0.0, v, num=3, base=2.0) np.geomspace(s, 3.0, 4) np.geomspace(v, 2.0 * v, num=3, axis=1) np.full_like(x, s)
np.einsum(x, [0, 1], w, [1, 2], [0, 2]) np.einsum(t, [..., 0], v[:1], [1], [..., 1]) np.einsum(p, [0, 0])
np.einsum(A, [1, 0], x, [1, 2]) np.linalg.vecdot(x, y) np.linalg.vecdot(x, A, axis=0) np.linalg.vector_norm(t)
np.linalg.vector_norm(t, axis=(0, 2), keepdims=True) np.linalg.vector_norm(x, axis=1, ord=3) np.linalg.matrix_norm(t)
np.linalg.matrix_norm(x, ord="nuc", keepdims=True) np.linalg.cond(x) np.linalg.cond(m, 1) np.linalg.cond(p, "fro")
np.linalg.tensorsolve(p[:, :, None], v) np.linalg.tensorinv(m[:, None], ind=1)
np.kron(m, v) np.cross(v, v[::-1]) np.einsum("ij,kj->ik", x, A) np.einsum("ij->j", x) np.einsum("ii", p)
np.einsum("...i,i", t[..., 0], v) np.einsum("ij,jk,k", A, w, m[0], optimize=True) np.tensordot(x, w, 1)
np.tensordot(x, y, axes=([0, 1], [0, 1])) np.tensordot(x, A) np.trace(p) np.trace(p, 1) np.trace(t, offset=1)
np.linalg.trace(t) np.linalg.diagonal(t) np.linalg.inv(m) np.linalg.solve(m, w.T) np.linalg.solve(m, A)
np.linalg.solve(p, v[:, None]) np.linalg.det(m) np.linalg.slogdet(m)[1] np.linalg.cholesky(p)
np.linalg.cholesky(p, upper=True) np.linalg.eigh(p)[0] np.linalg.eigvalsh(p) np.linalg.svd(x, full_matrices=False)[1]
np.linalg.svd(x, compute_uv=False) np.linalg.svdvals(x) np.linalg.lstsq(w, v)[0]
np.linalg.lstsq(w, A.T, rcond=None)[0] np.linalg.norm(x) np.linalg.norm(v, 1) np.linalg.norm(x, axis=1)
np.linalg.norm(v, ord=3) np.linalg.norm(x, "fro") np.linalg.norm(x, ord=2) np.linalg.norm(x, "nuc")
np.linalg.norm(v, np.inf) np.linalg.norm(x, axis=0, keepdims=True) np.linalg.matrix_power(m, 3)
np.linalg.matrix_power(m, -1) np.linalg.pinv(x) np.linalg.multi_dot([x, w, m]) np.linalg.qr(w)[1]
np.linalg.outer(v, v) np.linalg.matmul(x, w) np.linalg.tensordot(x, w, axes=1) np.linalg.cross(v, v[::-1]) x + A A + x
A - x A * x A / x A ** x x ** A A @ w x @ w w @ A abs(x) -x np.float64(2.0) * x np.int64(2) - s np.int64(2) ** s x[0]
x[:, None] x[..., 1:] x[B] x[[0, 0, 1]] x[I, I] x[0, I] x.T np.sum(np.exp(x) * A, axis=0) @ v
"""


def split(rows):
    """Calls are set apart by blanks outside of brackets, unless an operator stands
    there.
    """
    found, depth, words = [], 0, ""
    for word in rows.split():
        words = f"{words} {word}" if words else word
        depth += sum(map(word.count, "([")) - sum(map(word.count, ")]"))
        found.append((depth, word))
    calls, current = [], []
    for i, (depth, word) in enumerate(found):
        current.append(word)
        following = found[i + 1][1] if i + 1 < len(found) else ""
        operators = ("+", "-", "*", "/", "//", "**", "@")
        if depth == 0 and word not in operators and following not in operators:
            calls.append(" ".join(current))
            current = []
    return calls


NEWER = (
    "np.unstack(x, axis=1) np.vecdot(x, y) np.vecdot(x, A, axis=0) np.matvec(x, v) np.matvec(A, v) np.vecmat(m[0], x)"
)
NEWER += " np.vecmat(v, w, axes=[0, (0, 1), 0])"  # than the oldest NumPy that is promised
OLDER = "np.fix(x)"  # NumPy 2.5 warns of it
CALLS = [*split(ROWS), *(split(OLDER) if np.lib.NumpyVersion(np.__version__) < "2.5.0" else ())]
CALLS += [call for call in split(NEWER) if hasattr(np, call[3 : call.index("(")])]
FLAT = tuple(f"np.{name}" for name in "floor ceil round around sign trunc rint fix".split())  # no gradient to speak of


def names_in(call):
    code = compile(call, call, "eval")
    return [name for name in DATA if name in code.co_names]


def function(call):
    """The call as a function of its Values, and where to call it."""
    code, names = compile(call, call, "eval"), names_in(call)
    return lambda *values: eval(code, {"np": np, **CONSTANTS}, dict(zip(names, values, strict=True))), [
        DATA[n] for n in names
    ]


def test_rows_are_read_as_meant():
    assert split("np.f(x, [1, 2]) A + x x[0]\n-x np.g(a=x)") == ["np.f(x, [1, 2])", "A + x", "x[0]", "-x", "np.g(a=x)"]
    assert len(CALLS) > 250 and len(set(CALLS)) == len(CALLS)


def test_every_op_with_a_name_of_numpys_has_a_row():
    public = {name for name in [*ops.__all__, *OPS] if callable(getattr(ops, name, None))}
    asked = {name for name in public if hasattr(np, name) or hasattr(np.linalg, name)}
    answers = set("equal greater greater_equal less less_equal not_equal isnan isinf isfinite all any".split())
    answers |= set("searchsorted digitize isin".split())
    answers |= set("argmax argmin argsort logical_and logical_or logical_not logical_xor count_nonzero".split())
    answers |= {"matrix_rank"}
    asked -= {"full"}  # of which NumPy asks no Value
    missing = {name for name in asked - answers if f".{name}(" not in ROWS + NEWER + OLDER}
    assert missing == set()
    assert {name for name in answers if f".{name}(" not in PLAIN} == set()


@pytest.mark.parametrize("call", CALLS)
def test_call(call):
    """The numbers of data, as a Value, with the gradient of both modes."""
    f, data = function(call)
    values = [Value(x) for x in data]
    given, wanted = leaves_of(f(*values)), leaves_of(f(*data))
    assert len(given) == len(wanted)
    for z, x in zip(given, wanted, strict=True):
        assert isinstance(z, Value)
        assert z.shape == np.shape(x)
        assert np.asarray(z.data).dtype == float
        np.testing.assert_allclose(z.data, x, rtol=1e-13, atol=1e-15)
    if call.startswith(FLAT):
        return

    assert gradcheck(joined(f), data)


@pytest.mark.parametrize("call", [c for c in CALLS if c.startswith("np.")])
def test_call_in_micrograds_numpy(call):
    """`import micrograd.numpy as np` has every name, on data and on Values."""
    f, data = function(call)
    code = compile(call, call, "eval")
    values = [Value(x) for x in data]
    for arguments in (data, values):
        z = eval(code, {"np": mnp, **CONSTANTS}, dict(zip(names_in(call), arguments, strict=True)))
        for mine, other in zip(leaves_of(z), leaves_of(f(*arguments)), strict=True):
            assert type(mine) is type(other)
            mine, other = (x.data if isinstance(x, Value) else x for x in (mine, other))
            np.testing.assert_array_equal(mine, other)


# Questions: NumPy's answer about the data

PLAIN = """
np.equal(x, y) np.not_equal(x, y) np.greater(x, y) np.greater_equal(x, 0.5) np.less(0.5, x) np.less_equal(A, x)
np.isnan(x) np.isinf(x) np.isfinite(s) np.all(x) np.any(x, axis=0) np.argmax(x) np.argmax(x, axis=1) np.argmin(x, 0)
np.argsort(x) np.argsort(x, axis=0) np.logical_and(x, y) np.logical_or(x, y) np.logical_not(x) np.logical_xor(x, A)
np.count_nonzero(x) np.shape(x) np.ndim(x) np.size(x) np.size(x, 0) np.zeros_like(x) np.ones_like(s)
np.full_like(x, 2.0) np.allclose(x, y) np.isclose(x, A) np.array_equal(x, x) np.nonzero(x) np.signbit(x)
np.linalg.matrix_rank(x) np.linalg.matrix_rank(m, tol=1.0) np.einsum_path("ij,kj->ik", x, A)
np.searchsorted(v, x) np.searchsorted([0.3, 0.5], x, side="right") np.digitize(x, [0.3, 0.5]) np.isin(x, y)
np.imag(x) np.imag(s) np.isreal(x) np.iscomplex(x) np.isneginf(x) np.flatnonzero(x) np.argwhere(x) np.nanargmax(x)
np.nanargmin(x, axis=0) np.argpartition(x, 1) np.array2string(x) np.array_repr(x) np.histogram(x, [0.2, 0.5, 0.9])
np.less.outer(v, x) np.logical_and.reduce(x) np.logical_or.reduce(x, axis=1) np.any(x, where=B) np.all(x, where=B)
np.iscomplexobj(x) np.isrealobj(x) np.result_type(x, A) np.empty_like(x).shape x>0.5 x<=y 0.5>x
"""


@pytest.mark.parametrize("call", split(PLAIN))
@pytest.mark.parametrize(
    "wrap", [Value, lambda x: Dual(x, x, 1), lambda x: Value(Dual(x, x, 1))], ids=["Value", "Dual", "both"]
)
def test_question(call, wrap):
    f, data = function(call)
    given, wanted = f(*map(wrap, data)), f(*data)
    assert not [z for z in leaves_of(given) if hasattr(z, "_apply_op")]
    for z, x in zip(leaves_of(given), leaves_of(wanted), strict=True):
        np.testing.assert_array_equal(z, x)


@pytest.mark.parametrize("call", ["shape", "ndim", "size", "zeros_like", "ones_like", "result_type"])
def test_questions_about_a_shape(call):
    ghost, x = Abstract((2, 3), "float32"), np.zeros((2, 3), np.float32)
    given, wanted = getattr(np, call)(ghost), getattr(np, call)(x)
    np.testing.assert_array_equal(given, wanted)
    assert getattr(given, "dtype", None) == getattr(wanted, "dtype", None)


def test_a_shape_has_no_numbers_to_answer_by():
    with pytest.raises(DataError, match="this is a shape without numbers"):
        np.allclose(Abstract((2, 3)), 1.0)


def test_float32_stays_float32():
    x = Value(np.ones(3, np.float32))
    assert (np.float32(2.0) / Value(0.5)).dtype == np.float32  # as NumPy says of np.float32(2.0) / 0.5
    for z in (np.exp(x), np.add(x, 1), np.sum(x), np.concatenate([x, x]), np.where(x > 0, x, 0.0), np.einsum("i->", x)):
        assert z.dtype == np.float32


# Refusals: an error of ours that names what there is

x = Value([[0.5, 0.25]], label="x")
REFUSALS = {
    "reduceat": (
        lambda: np.add.reduceat(x, [0]),
        "np.add.reduceat: there is no op for it; use reduce,",
    ),
    "at": (
        lambda: np.add.at(x, 0, 1.0),
        "np.add.at: a Value is never changed in place; write w = v.at[index].add(...)",
    ),
    "out of reduce": (lambda: np.add.reduce(x, out=np.ones(2)), "np.add.reduce: there is no op for it with out="),
    "where of fold": (
        lambda: np.subtract.reduce(x, where=[True, False]),
        "np.subtract.reduce: there is no op for it with where=",
    ),
    "out of a ufunc": (lambda: np.exp(x, out=np.ones((1, 2))), "np.exp: there is no op for it with out="),
    "out": (lambda: np.sum(x, out=np.ones(())), "np.sum: there is no op for it with out="),
    "a Value as out": (lambda: np.exp(np.ones((1, 2)), out=x), "np.exp: there is no op for it with out="),
    "where of a ufunc": (lambda: np.exp(x, where=[True, False]), "np.exp: there is no op for it with where="),
    "options of a ufunc": (
        lambda: np.exp(x, order="F", casting="no"),
        "np.exp: there is no op for it with order=, casting=",
    ),
    "order": (lambda: np.reshape(x, (2, 1), order="F"), "np.reshape: there is no op for it with order="),
    "where of one": (lambda: np.where(x), "np.where: there is no op for it without x, y"),
    "near in meaning": (lambda: np.partition(x, 1), "np.partition: there is no op for it; ops.sort is the nearest: it"),
    "a ufunc": (lambda: np.lcm(x, x), "np.lcm: there is no op for it; whole numbers have no gradient; or take v.data"),
    "far": (lambda: np.bincount(x), "np.bincount: there is no op for it; counts have no gradient; or take v.data"),
    "elsewhere": (lambda: np.fft.fft(x), "np.fft.fft: there is no op for it, nor a similar one; take v.data for"),
    "complex eigenvalues": (
        lambda: np.linalg.eig(x),
        "np.linalg.eig: there is no op for it; a matrix that is not symmetric may have complex eigenvalues, and Values "
        "are real; use eigh or eigvalsh for a symmetric one",
    ),
    "complex eigenvalues alone": (lambda: np.linalg.eigvals(x), "np.linalg.eigvals: there is no op for it; a matrix"),
    "a fill of NumPy's": (
        lambda: np.full((2, 2), Value([0.5, 0.25]), float),
        "np.copyto: there is no op for it; it writes into an array, which loses the history; use v.at[index].set(w), "
        "or micrograd.numpy.full to fill",
    ),
    "a place of NumPy's": (lambda: np.place(np.ones(2), [True, False], x), "np.place: there is no op for it; it writ"),
    "a matvec with out": (lambda: np.vecdot(x, x, out=np.ones(1)), "np.vecdot: there is no op for it with out="),
    "in a list": (
        lambda: np.lexsort((x, x)),
        "np.lexsort: there is no op for it; places have no gradient; argmax, argmin and argsort give them",
    ),
    "array, ndmin": (lambda: mnp.array([x, x], ndmin=4), "np.array: there is no ndmin= for Values"),
}


@pytest.mark.parametrize("row", REFUSALS)
def test_refusal(row):
    call, text = REFUSALS[row]
    with pytest.raises(OpError) as caught:
        call()
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert x.grad.tolist() == [[0.0, 0.0]]


SIDE_EFFECTS = {
    "test",
    "info",
    "show_config",
    "show_runtime",
    "seterr",
    "seterrcall",
    "setbufsize",
    "fromfile",
    "genfromtxt",
}
SIDE_EFFECTS |= {"save", "savez", "savez_compressed", "savetxt", "load", "loadtxt", "set_printoptions", "memmap"}
FUNCTIONS = {
    f"{home.__name__}.{name}": getattr(home, name)
    for home in (np, np.linalg)
    for name in sorted({*home.__all__} - SIDE_EFFECTS)
    if isinstance(getattr(home, name), np.ufunc) or inspect.isroutine(getattr(home, name))
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrap", [Value, lambda x: Dual(np.array(x), np.array(x), 1)], ids=["Value", "Dual"])
def test_nothing_gives_an_object_array(wrap):
    """Whatever of NumPy's is called with a Value gives numbers, Values or an error, and
    no array of objects.
    """
    found = []
    for name, f in FUNCTIONS.items():
        for v in (wrap([0.5, 0.25]), wrap([[0.5, 0.25], [0.25, 0.5]])):
            for args in ((v,), (v, v), (v, 1), ([v, v],), (1, v)):
                with contextlib.suppress(Exception):
                    found += [
                        (name, args) for leaf in leaves_of(f(*args)) if getattr(leaf, "dtype", 0) is np.dtype(object)
                    ]
    assert len(FUNCTIONS) > 300
    assert found == []


# Out of the graph


def test_numpy_shares_memory_with_data():
    data = np.ones((2, 2))
    v = Value(data)
    assert v.numpy() is data
    v = v.detach()
    assert np.asarray(v) is data
    assert np.asarray(v, dtype=float) is data
    assert np.array(v) is not data
    assert np.array(v, copy=None) is data
    assert np.asarray(v, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray(v, dtype=np.float32, copy=False)


@pytest.mark.parametrize(("data", "item"), [(2, 2), (2.5, 2.5), ([2.5], 2.5), ([[2.5]], 2.5), (np.float32(2.5), 2.5)])
def test_item(data, item):
    v = Value(data)
    assert (v.item(), type(v.item())) == (item, type(item))
    assert float(v) == item
    assert isinstance(v.numpy(), np.ndarray) and v.numpy().shape == v.shape
    np.testing.assert_array_equal(np.asarray(v.detach()), data)


def test_item_of_many():
    with pytest.raises(DataError, match=r"item\(\): 'x' \(1, 2\) has 2 elements, not one; sum\(\) or index it first"):
        x.item()


def test_dlpack():
    data = np.arange(3.0)
    assert np.from_dlpack(Value(data)).tolist() == [0.0, 1.0, 2.0]
    assert np.shares_memory(np.from_dlpack(Value(data)), data)
    assert Value(data).__dlpack_device__() == data.__dlpack_device__()
    assert np.from_dlpack(Value(2.5)) == 2.5


def test_an_array_on_the_left_meets_one_value_not_many():
    a = np.arange(3.0)
    for z in (a + Value(a), a * Value(2.0), a @ Value(a), np.float64(2.0) ** Value(a), a - Value(1)):
        assert type(z) is Value
    a += Value(1.0).numpy()
    assert a.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(MicrogradError, match=r"np\.add: there is no op for it with out="):
        a += Value(1.0)
    assert a.tolist() == [1.0, 2.0, 3.0]


# micrograd.numpy


def test_array_joins_values():
    a, b = Value(2.0), Value(3.0)
    z = mnp.array([[a, b], [b, 1.0]])
    assert z.shape == (2, 2)
    (z * np.array([[1.0, 10.0], [100.0, 1000.0]])).sum().backward()
    assert (a.grad, b.grad) == (1.0, 110.0)


@pytest.mark.parametrize("f", [mnp.array, mnp.asarray])
def test_array_of_anything_else_is_numpys(f):
    v = Value([1.0, 2.0])
    assert f(v) is v
    assert f(v, dtype=float) is v
    assert f(v, dtype=np.float32).dtype == np.float32
    assert f([v, v], dtype="float32").dtype == np.float32
    for given in ([1, 2], [[1.0], [2.0]], 3.0, (1, 2.5), np.ones(2), [], "text", [True]):
        found, wanted = f(given), np.asarray(given)
        assert (found.dtype, found.tolist()) == (wanted.dtype, wanted.tolist())
    assert f([1, 2], dtype=float).dtype == float
    assert mnp.array([1.0], ndmin=3).shape == (1, 1, 1)


def test_array_in_a_differentiated_function():
    def f(x):
        return mnp.sum(mnp.array([x, [x[0] * x[1], 2.0]]) ** 2)

    a = np.array([2.0, 3.0])
    wanted = [2 * 2 + 2 * 2 * 9, 2 * 3 + 2 * 3 * 4]
    np.testing.assert_allclose(grad(f)(a), wanted)
    np.testing.assert_allclose([jvp(f, (a,), (t,))[1] for t in np.eye(2)], wanted)


def test_all_of_numpys_names_are_there():
    assert {name for name in np.__all__ if not hasattr(mnp, name)} == set()
    assert {name for name in np.linalg.__all__ if not hasattr(mnp.linalg, name)} == set()
    assert {name for name in np.random.__all__ if not hasattr(mnp.random, name)} == set()
    assert mnp.pi == np.pi
    assert mnp.float32 is np.float32


def test_numpy_is_found_wherever_micrograd_is_imported_first():
    program = (
        "from micrograd import Value\nv = Value(2.0)\nv * v\nimport sys\nassert 'numpy' not in sys.modules\n"
        "import numpy as np\nprint(np.exp(v * 0.0), np.int64(2) * v)"
    )
    assert printed(program) == "Value(data=1.0, grad=0.0) Value(data=4.0, grad=0.0)"


def test_trees_are_not_arrays():
    assert mapped(lambda leaf: 1, {"v": x}) == {"v": 1}


def test_functions_written_in_c_are_called_alike_by_every_numpy(monkeypatch):
    """NumPy before 2.4 has no signatures for them: np.where(B, x, y) was a ValueError
    there.
    """
    signature = inspect.signature
    in_c = {function: getattr(np, function) for function in protocols.WRITTEN_IN_C}
    for name, function in in_c.items():
        with contextlib.suppress(ValueError):  # where this NumPy has one, ours is that one
            assert str(signature(function)) == str(signature(protocols.WRITTEN_IN_C[name]))

    def of_an_older_numpy(function):
        if function in in_c.values():
            raise ValueError(f"no signature found for builtin {function}")
        return signature(function)

    monkeypatch.setattr(protocols.inspect, "signature", of_an_older_numpy)
    protocols._parameters.cache_clear()
    try:
        x, A = Value(DATA["x"]), CONSTANTS["A"]
        np.testing.assert_array_equal(np.where(x > 0.5, x, 0.0).data, np.where(x.data > 0.5, x.data, 0.0))
        np.testing.assert_array_equal(np.concatenate([x, A], axis=1).data, np.concatenate([x.data, A], axis=1))
        np.testing.assert_allclose(np.dot(A.T, x).data, A.T @ x.data, rtol=1e-15)
        np.testing.assert_allclose(np.inner(x, A).data, np.inner(x.data, A), rtol=1e-15)
        np.testing.assert_allclose(np.vdot(x, A).data, np.vdot(x.data, A), rtol=1e-15)
        with pytest.raises(OpError, match=r"np.concatenate: there is no op for it with casting="):
            np.concatenate([x, A], casting="no")
    finally:
        protocols._parameters.cache_clear()


@pytest.mark.parametrize("axis", [0, None, (0,)])
@pytest.mark.parametrize("ufunc", [np.subtract, np.hypot, np.logaddexp])
def test_a_ufunc_reduces_a_vector_along_its_axis_however_it_is_named(ufunc, axis):
    x = np.array([3.0, 1.0, 2.0])
    v = Value(x)
    z = ufunc.reduce(v, axis=axis)
    wanted = ufunc.reduce(x, axis=0)
    np.testing.assert_allclose(z.data, wanted, rtol=1e-13)
    assert gradcheck(lambda x: ufunc.reduce(x, axis=axis), [x])


def test_a_ufunc_whose_order_matters_asks_for_one_axis():
    with pytest.raises(ArgumentError, match=r"^np\.hypot\.reduce: axis=None of \(2, 2\): .* matters; name one axis$"):
        np.hypot.reduce(Value(np.ones((2, 2))), axis=None)


def test_calls_of_one_form_are_read_one_by_one():
    """How arguments are read is worked out once for a form of call, but not what the
    options say: they may say nothing, or something that has no op.
    """
    v = Value(np.array([[1.0, 2.0], [3.0, 4.0]]))
    for _ in range(2):
        assert np.sum(v, out=None).data == 10.0
        with pytest.raises(OpError, match=r"np\.sum: there is no op for it with out="):
            np.sum(v, out=np.zeros(()))
        assert np.sum(v, axis=None, keepdims=np._NoValue).data == 10.0
        assert np.sum(v, axis=0).data.tolist() == [4.0, 6.0]
        assert np.sum(v, axis=0, where=np.array([True, False])).data.tolist() == [4.0, 0.0]
        assert np.sum(v, axis=0, where=np.array([False, True])).data.tolist() == [0.0, 6.0]
        assert np.sum(a=v, axis=1).data.tolist() == [3.0, 7.0]
