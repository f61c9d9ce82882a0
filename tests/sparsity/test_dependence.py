"""Which inputs an element depends on: no op may say too few, and those that move
elements say exactly which.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, jacobian, jvp, ops, vmap
from micrograd.errors import DataError
from micrograd.leaves import joined_leaves
from micrograd.op import OPS, primitive
from micrograd.sparsity.dependence import Dependence, seeds, sets_of
from micrograd.sparsity.sets import collected_rows
from tests.samples import SAMPLES, Sample

DIFFERENTIABLE = [s for s in SAMPLES if OPS[s.op].differentiable]
EXACT = (
    "add subtract multiply divide reshape transpose broadcast_to getitem scatter index_set index_add stacked "
    "concatenated windows overlap_add scattered rows_at rows_put crossed sum matmul contract convolved cumsum linear "
    "solution standardized cast"
).split()


def pattern(f: Any, *leaves: Any) -> Any:
    """A boolean matrix: what f says that it depends on."""
    sets = sets_of(joined_leaves(f(*seeds(leaves))))
    found = np.zeros((sets.which.size, sum(np.size(x) for x in leaves)), bool)
    found[collected_rows([sets])] = True
    return found


def derivatives(f: Any, *leaves: Any) -> Any:
    """The Jacobian as one matrix, in reverse mode, which knows nothing of patterns."""
    z = f(*leaves)
    blocks = jacobian(f, argnums=tuple(range(len(leaves))), mode="reverse")(*leaves)
    return np.concatenate([np.reshape(b, (np.size(z), np.size(x))) for b, x in zip(blocks, leaves, strict=True)], 1)


def split(sample: Sample) -> tuple[Any, list[Any]]:
    """The op of a sample as a function of its inputs of floats."""
    inputs = list(sample.inputs)
    places = [i for i, x in enumerate(inputs) if np.asarray(x).dtype.kind == "f"]

    def f(*xs: Any) -> Any:
        given = list(inputs)
        for i, x in zip(places, xs, strict=True):
            given[i] = x
        return OPS[sample.op](*given, **sample.params)

    return f, [np.asarray(inputs[i]) for i in places]


@pytest.mark.parametrize("sample", DIFFERENTIABLE, ids=str)
def test_no_op_says_too_few(sample: Sample) -> None:
    """And its gradient neither, which the Hessian's pattern is made of."""
    f, leaves = split(sample)
    said, known = pattern(f, *leaves), derivatives(f, *leaves)
    assert said.shape == known.shape
    assert said[known != 0].all()
    if sample.op in EXACT:
        assert not said[known == 0].any()
    weights = np.cos(np.arange(np.size(f(*leaves)), dtype=float)).reshape(np.shape(f(*leaves)))

    def gradient(*xs: Any) -> Any:
        parts = grad(lambda *ys: np.sum(f(*ys) * weights), argnums=tuple(range(len(xs))))(*xs)
        return np.concatenate([np.ravel(part) for part in parts])

    if leaves and weights.size and not sample.op.startswith("beta"):  # seconds of series
        assert pattern(gradient, *leaves)[derivatives(gradient, *leaves) != 0].all()


def test_a_gradient_of_many_elements_stays_sparse() -> None:
    """In reverse mode, a loop over the elements of x adds up as many cotangents."""

    def f(x: Any) -> Any:
        return sum(x[k] * x[k + 1] ** 2 for k in range(400))

    assert pattern(grad(f), np.ones(401)).sum() == 401 + 2 * 400 - 1  # the first element is linear


X = np.array([3.0, -1.0, 2.0])
FULL = np.ones((3, 3), bool)
EYE = np.eye(3, dtype=bool)
PROGRAMS: dict[str, tuple[Any, Any]] = {
    "a product with 0 depends on both": (lambda x: x * 0.0 + np.sum(x) * 0.0, FULL),
    "both branches of where": (lambda x: np.where(x > 0, x, x[::-1]), EYE | EYE[::-1]),
    "sort": (np.sort, FULL),
    "max": (lambda x: np.max(x) * np.ones(3), FULL),
    "maximum": (lambda x: np.maximum(x, x[0]), EYE | (np.arange(3) == 0)),
    "an index that is not known": (lambda x: ops.take(x, np.argmax(x)), FULL[:1]),
    "one row of a table": (lambda x: ops.take(np.reshape(x, (1, 3)), np.argmax(x, keepdims=True) * 0, axis=0), EYE),
    "steps": (lambda x: np.floor(x) + np.sign(x) + x * (x > 0), EYE),
    "only steps": (lambda x: np.floor(x), ~FULL),
    "a constant": (lambda x: np.ones((3, 3)) @ X, ~FULL),
    "a list of numbers": (
        lambda x: np.array([x[2], x[0] * x[0], 1.0]),
        np.array([EYE[2], EYE[0], ~FULL[0]]),
    ),
    "a loop": (lambda x: np.stack([np.sum(x[: k + 1]) for k in range(3)]), np.tri(3, dtype=bool)),
    "stop_gradient": (lambda x: ops.stop_gradient(x) * x[0], FULL & (np.arange(3) == 0)),
    "detach": (lambda x: x.detach() * x[0], FULL & (np.arange(3) == 0)),
    "a gradient inside": (
        lambda x: grad(lambda y: np.sum(y[1:] * y[:-1] ** 2))(x),
        np.array([[1, 1, 0], [1, 1, 1], [0, 1, 0]], bool),
    ),
    "forward mode inside": (lambda x: jvp(np.sin, (x,), (X,))[1], EYE),
    "vmap inside": (lambda x: vmap(lambda a: np.tanh(a) * X[0])(x), EYE),
}


@pytest.mark.parametrize("row", PROGRAMS)
def test_programs(row: str) -> None:
    f, wanted = PROGRAMS[row]
    np.testing.assert_array_equal(pattern(f, X), wanted)


def test_an_op_without_a_rule_depends_on_everything() -> None:
    @primitive("two", vjp=[lambda g, z, x: g * 2.0], jvp=[lambda t, z, x: t * 2.0], shape=lambda x: x.shape)
    def twice_of_test(x: Any) -> Any:
        return x * 2.0

    try:
        np.testing.assert_array_equal(pattern(lambda x: twice_of_test(x[:2]), X), FULL[:2] & (np.arange(3) < 2))
    finally:
        del OPS["twice_of_test"]


def test_inputs_are_numbered_in_one_row() -> None:
    x, y = seeds([np.zeros((2, 2)), 1.0])
    assert repr(y) == "Dependence((), float64)"
    assert [list(map(int, (x * y).sets.of(k))) for k in range(4)] == [[0, 4], [1, 4], [2, 4], [3, 4]]


def test_dtypes_go_along() -> None:
    (x,) = seeds([np.zeros(2, np.float32)])
    assert (x * x).dtype == np.float32 and (x > 0).dtype == bool
    assert sets_of(Value(x) * 2.0).of(1) == [1]


@pytest.mark.parametrize("f", [lambda x: x if x[0] > 0 else -x, lambda x: x[0] < 1 and x[1]], ids=["if", "and"])
def test_a_branch_is_refused(f: Any) -> None:
    with pytest.raises(DataError) as raised:
        pattern(f, X)
    assert str(raised.value) == (
        "sparsity='detect': a branch (`if`, `while`, `and`) asks for a number, but the pattern must hold for all "
        "numbers;\nuse np.where, or give the pattern: sparsity=pattern"
    )


def test_many_elements_share_one_set() -> None:
    """A product with a full matrix takes no memory per element of the pattern."""
    (x,) = seeds([np.zeros(1000)])
    z = np.tanh(np.ones((2000, 1000)) @ x) + np.sum(x)
    assert isinstance(z, Dependence) and len(z.sets.members) == 1000
