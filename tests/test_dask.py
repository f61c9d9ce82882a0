"""Values over Dask arrays: building a graph computes nothing; then threads, or a
cluster, give NumPy's numbers.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, hvp, jvp, ops
from micrograd.errors import OpError, ShapeError
from micrograd.nn import MLP
from micrograd.op import OPS
from tests.samples import SAMPLES, Sample

dask: Any = pytest.importorskip("dask", reason="the extra `dask` is not installed")
da: Any = pytest.importorskip("dask.array", reason="the extra `dask` is not installed")

N, NIN, NHIDDEN, NOUT = 24, 3, 5, 2
CHUNKS = [24, 10, 7, 1]  # rows per chunk: one chunk, two and a remainder, more, one row each


def _never(*args: Any, **options: Any) -> Any:
    raise AssertionError("a Dask graph was computed while it was being built")


@contextmanager
def building() -> Iterator[None]:
    """Inside, whatever computes a Dask array fails."""
    with dask.config.set(scheduler=_never):
        yield


def parameters() -> list[Value]:
    rng = np.random.default_rng(1)
    return [Value(rng.normal(size=shape)) for shape in [(NIN, NHIDDEN), NHIDDEN, (NHIDDEN, NOUT), NOUT]]


def batch() -> tuple[Any, Any, Any]:
    """Rows, targets, and one-hot labels."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(N, NIN)), rng.normal(size=(N, NOUT)), np.eye(NOUT)[rng.integers(0, NOUT, N)]


def mean_squared(out: Any, wanted: Any) -> Any:
    return ((out - wanted) ** 2).mean()


def cross_entropy(out: Any, labels: Any) -> Any:
    shifted = out - out.max(axis=1, keepdims=True)
    log_probabilities = shifted - shifted.exp().sum(axis=1, keepdims=True).log()
    return -(log_probabilities * labels).sum(axis=1).mean()


def loss_of(p: list[Value], X: Any, wanted: Any, activation: str, loss: Callable[..., Any]) -> Any:
    hidden = OPS[activation](X @ p[0] + p[1])
    return loss(hidden @ p[2] + p[3], wanted)


def numbers(p: list[Value], X: Any, wanted: Any, *rest: Any) -> list[Any]:
    """Loss and gradients, on NumPy."""
    loss = loss_of(p, X, wanted, *rest)
    loss.backward()
    return [loss.data, *(v.grad for v in p)]


def test_the_scheduler_that_never_computes_notices() -> None:
    with building(), pytest.raises(AssertionError, match="was computed"):
        da.ones(3).sum().compute()


@pytest.mark.parametrize("rows", CHUNKS)
@pytest.mark.parametrize("loss", [mean_squared, cross_entropy])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_network_is_lazy_and_equals_numpys(activation: str, loss: Callable[..., Any], rows: int) -> None:
    X, targets, labels = batch()
    wanted = targets if loss is mean_squared else labels
    expected = numbers(parameters(), X, wanted, activation, loss)
    p = parameters()
    with building():
        chunked = [da.from_array(x, chunks=(rows, -1)) for x in (X, wanted)]
        out = loss_of(p, *chunked, activation, loss)
        out.backward()
        lazy = [out.data, *(v.grad for v in p)]
    assert all(isinstance(x, da.Array) for x in lazy)
    assert [x.dtype for x in lazy] == [np.dtype(float)] * 5
    for got, want in zip(dask.compute(*lazy, scheduler="threads"), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)


def test_data_that_is_a_value_has_a_lazy_gradient() -> None:
    X, targets, _ = batch()
    x, y = Value(X), Value(da.from_array(X, chunks=(7, 2)))
    mean_squared((x * x).tanh() @ np.ones((NIN, NOUT)), targets).backward()
    with building():
        mean_squared((y * y).tanh() @ np.ones((NIN, NOUT)), targets).backward()
        assert y.shape == y.grad.shape == x.shape
    np.testing.assert_allclose(y.grad.compute(scheduler="sync"), x.grad, rtol=1e-12)


def test_training_by_steps_equals_numpys() -> None:
    """The loop of docs/arrays.md: compute loss and gradients together, then step on
    NumPy parameters.
    """
    X, targets, _ = batch()
    histories = []
    for rows in (X, da.from_array(X, chunks=(7, -1))):
        p, history = parameters(), []
        for _ in range(5):
            for v in p:
                v.grad = 0.0
            loss = loss_of(p, rows, targets, "tanh", mean_squared)
            loss.backward()
            value, *grads = dask.compute(loss.data, *(v.grad for v in p), scheduler="threads")
            for v, g in zip(p, grads, strict=True):
                v.data -= 0.1 * g
            history.append(value)
        histories.append(history)
    np.testing.assert_allclose(*histories, rtol=1e-12)
    assert histories[0][-1] < histories[0][0]


def test_float32_stays_float32() -> None:
    X, targets, _ = batch()
    p = [Value(v.data.astype(np.float32)) for v in parameters()]
    chunked = [da.from_array(x.astype(np.float32), chunks=(7, -1)) for x in (X, targets)]
    loss = loss_of(p, *chunked, "tanh", mean_squared)
    loss.backward()
    results = dask.compute(loss.data, *(v.grad for v in p), scheduler="sync")
    assert {x.dtype for x in results} == {np.dtype(np.float32)}


def test_gradients_of_gradients_are_lazy() -> None:
    X, _, _ = batch()
    w = np.array([1.0, -2.0, 0.5])

    def f(X: Any) -> Callable[[Any], Any]:
        return lambda w: ((X @ w).tanh() ** 2).mean()

    chunked = da.from_array(X, chunks=(7, -1))
    with building():
        lazy = [grad(f(chunked))(w), jvp(f(chunked), (w,), (w,))[1], hvp(f(chunked), (w,), (w,))]
    expected = [grad(f(X))(w), jvp(f(X), (w,), (w,))[1], hvp(f(X), (w,), (w,))]
    for got, want in zip(dask.compute(*lazy, scheduler="sync"), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_slope_of_zero_has_a_slope() -> None:
    x = da.zeros(3, chunks=2)
    with building():
        lazy = hvp(lambda x: (x**2).sum(), (x,), (x + 1.0,))
    np.testing.assert_array_equal(lazy.compute(scheduler="sync"), [2.0, 2.0, 2.0])


def test_a_module_takes_chunked_rows() -> None:
    X, _, _ = batch()
    model = MLP(NIN, [4, 1])
    (model(X) ** 2).mean().backward()
    expected = [p.grad for p in model.parameters()]
    model.zero_grad()
    with building():
        (model(da.from_array(X, chunks=(7, -1))) ** 2).mean().backward()
    np.testing.assert_allclose(
        dask.compute(*(p.grad for p in model.parameters()), scheduler="sync"), expected, rtol=1e-12, atol=1e-14
    )


def test_no_gradient_is_no_zero_times_infinity() -> None:
    x = Value(da.from_array(np.array([0.0, 4.0]), chunks=1))
    with building():
        ops.where(x > 0, ops.sqrt(x), 0.0).sum().backward()
    with np.errstate(divide="ignore", invalid="ignore"):  # Dask divides when it computes, after `backward()`
        np.testing.assert_array_equal(x.grad.compute(scheduler="sync"), [0.0, 0.25])


def test_shapes_are_checked_before_anything_is_computed() -> None:
    with (
        building(),
        pytest.raises(ShapeError, match=r"matmul: 'X' \(24, 3\) @ 'W' \(4, 5\): inner sizes 3 and 4 differ"),
    ):
        Value(da.ones((N, NIN), chunks=7), label="X") @ Value(np.ones((4, 5)), label="W")


def test_sizes_that_are_not_known_yet() -> None:
    X = da.from_array(batch()[0], chunks=(7, -1))
    kept, w = X[X[:, 0] > 0], np.ones(NIN)
    with building(), pytest.raises(ShapeError, match=r"the sizes of an array \(nan,\) are not known yet"):
        ((kept @ Value(w)) ** 2).sum().backward()
    kept.compute_chunk_sizes()
    ((kept @ Value(w)) ** 2).sum().backward()


def test_stale_data_is_found_by_computing() -> None:
    w = Value(np.ones(NIN))
    loss = ((da.ones((N, NIN), chunks=7) @ w) ** 2).sum()
    assert loss.check_stale() == []
    w.data = np.zeros(NIN)
    assert len(loss.check_stale()) == 1


def test_gradients_of_two_leaves_are_two_arrays() -> None:
    a, b = Value(da.ones(4, chunks=2)), Value(da.ones(4, chunks=2))
    (a + b).backward()
    a.grad[0] = 5.0
    np.testing.assert_array_equal(b.grad.compute(scheduler="sync"), np.ones(4))


# Every op of the table, over its samples. What Dask itself cannot do is refused, and
# not computed on the quiet.

# Ops of which Dask has a part, or nothing: a sample of theirs may be refused.
LACKING = {
    **dict.fromkeys("getitem index_add index_set".split(), "indices that are arrays: one of integers at most"),
    **dict.fromkeys("inverse solution cholesky_factor".split(), "matrices alone, in square chunks"),
    **dict.fromkeys(
        "cofactor cofactor_slope determinant determinant_sign eigenpairs log_determinant pseudoinverse".split(), "all"
    ),
    **dict.fromkeys("argsort middle".split(), "sorting"),
    **dict.fromkeys("matrix_exponential matrix_square_root matrix_logarithm symmetric_function".split(), "all"),
    **dict.fromkeys("convolved isin quantile_places".split(), "rows in order, or all of an array at once"),
    "logcumsumexp": "logaddexp.accumulate",
}
LEFT_OUT = {
    **dict.fromkeys("singular_triplets orthogonal_factors".split(), "Dask chooses other signs"),
    **dict.fromkeys(
        "gammainc gammainc_da gammaincc betainc betaincc betainc_dab".split(),
        "series and integrals that look at the numbers, and so compute them",
    ),
    **dict.fromkeys("searchsorted digitize".split(), "Dask computes some of them, and has no place for numbers"),
    **dict.fromkeys("rows_at rows_put".split(), "only take inside a vmap uses them, and vmap takes NumPy's arrays"),
}
REFUSALS = (NotImplementedError, TypeError, ValueError, IndexError, FutureWarning, OpError)
ARRAYS = [
    s
    for s in SAMPLES
    if s.op not in LEFT_OUT
    and any(isinstance(x, np.ndarray) and x.ndim for x in s.inputs)
    and all(np.size(x) for x in s.inputs)
]


def _chunked(x: Any) -> Any:
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        return x
    return da.from_array(x, chunks=tuple(max(1, (n + 1) // 2) for n in x.shape))


def _run(sample: Sample, change: Callable[[Any], Any]) -> list[Any]:
    """Output and gradients of a sample, its arrays changed to another kind."""
    op = OPS[sample.op]
    inputs = [change(x) if np.asarray(x).dtype == bool else Value(change(x)) for x in sample.inputs]
    z = op(*inputs, **sample.params)
    if not op.differentiable:
        return [z]
    z.backward()
    return [z.data, *(x.grad for x in inputs if isinstance(x, Value))]


@pytest.mark.parametrize("sample", ARRAYS, ids=str)
def test_every_op_is_lazy_and_equals_numpys(sample: Sample) -> None:
    expected = _run(sample, lambda x: x)
    with building():
        try:
            lazy = _run(sample, _chunked)
        except REFUSALS as refusal:  # NotImplementedError is Dask's word for a reshape that cuts across chunks
            assert sample.op in LACKING or isinstance(refusal, NotImplementedError), refusal
            return
    for got, want in zip(dask.compute(*lazy, scheduler="sync"), expected, strict=True):
        assert np.shape(got) == np.shape(want)
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)


# A cluster: two worker processes, one of which dies in the middle.


def test_a_worker_dies_and_the_answer_is_right(tmp_path: Path) -> None:
    distributed: Any = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    X, targets, _ = batch()
    expected = numbers(parameters(), X, targets, "tanh", mean_squared)
    died = tmp_path / "died"

    def rows(block: Any, block_info: Any = None) -> Any:
        """One chunk; whoever computes the third one first is killed on the spot, as if
        its machine had failed.
        """
        if block_info and block_info[0]["chunk-location"][0] == 2 and not died.exists():
            died.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)
        return block

    # Soon (in seconds) nobody waits any more for the worker that is gone; by default it
    # may be half a minute.
    timeouts = {"distributed.comm.timeouts.connect": 5}
    with (
        dask.config.set(timeouts),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any free port: two runs at once must not want the same one
            silence_logs=50,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        chunked = da.from_array(X, chunks=(4, -1)).map_blocks(rows, dtype=float, meta=np.empty((0, 0)))
        p = parameters()
        loss = loss_of(p, chunked, da.from_array(targets, chunks=(4, -1)), "tanh", mean_squared)
        loss.backward()
        before = set(client.run(os.getpid).values())
        futures = client.compute([loss.data, *(v.grad for v in p)])
        distributed.wait(futures, timeout=120)  # seconds, for a machine that does much else
        results = client.gather(futures)
        assert int(died.read_text()) in before  # one of the two workers did die
    for got, want in zip(results, expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)
