"""micrograd.numpy: lists that hold Values are joined by every function; `r_` and `c_`;
plain calls are NumPy's.
"""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import micrograd.numpy as mnp
from micrograd import Value, grad, gradcheck
from micrograd.errors import ArgumentError, MicrogradError, OpError, ShapeError
from micrograd.trees import leaves_of, mapped
from tests.ops.composites import joined
from tests.test_protocols import split

DATA = {"v": 0.7, "w": 1.5, "x": np.array([0.3, 0.9, 0.6]), "y": np.array([0.8, 0.4, 1.1])}

# As in test_protocols.py, v and w stand for numbers, x and y for vectors; each is a
# Value once, and data once.
CALLS = split("""
np.mean([x, x+2]) np.sum([v, w]) np.sum([[v, w], [w, 1.0]], axis=0) np.sum(a=[v, w]) np.prod((v, w, 2.0))
np.max([v, w]) np.std([v, w, 1.0]) np.var([x, y], axis=1) np.median([v, w, 3.0]) np.cumsum([v, w]) np.sort([w, v])
np.min([x, y], 0) np.exp([v, w]) np.tanh([[v], [w]]) np.add([v, w], x[:2]) np.maximum([v, 1.0], [w, 0.5])
np.multiply(2.0, [x, y]) np.logaddexp([v, w], [w, w]) np.stack([[v, w], [w, v]]) np.stack(([v, w], [w, 1.0]), axis=1)
np.stack([v, w]) np.concatenate([[v, w], x]) np.concatenate(([v, w], [1.0, 2.0])) np.concat([x, [v]])
np.vstack([x, [v, w, 1.0]]) np.hstack([[v, w], x]) np.dstack([[v], [w]]) np.column_stack([x, [v, w, 1.0]])
np.block([[x, y], [y, x]]) np.block([[v, w], [w, v]]) np.block([x, v]) np.meshgrid([v, w], x)
np.meshgrid(x, [v, 1.0], indexing="ij") np.array([[v, w], [w, 1.0]]) np.asarray([v, w]) np.asanyarray([x, y])
np.reshape([v, w, v, w], (2, 2)) np.ravel([[v], [w]]) np.transpose([[v, w]]) np.roll([v, w, 1.0], 1) np.flip([v, w])
np.rot90([[v, w], [w, v]]) np.tile([v, w], 2) np.repeat([v, w], 2) np.append([v, w], 1.0) np.append(x, [v, w])
np.insert([v, w], 1, 9.0) np.insert(x, 1, [v, w]) np.delete([v, w, 1.0], 0) np.where([True, False], [v, w], 0.0)
np.where([True, False], 1.0, [v, w]) np.pad([v, w], 1) np.select([[True, False]], [[v, w]], 0.0)
np.select([np.ones(2, bool), np.zeros(2, bool)], [[v, 1.0], [2.0, w]])
np.select([np.array([True, False])], [np.ones(2)], default=v) np.select([np.zeros(2, bool)], [np.ones(2)], w)
np.choose([1, 0], [[v, w], x[:2]]) np.piecewise(np.ones(2), [np.array([True, False])], [v, w]) np.full(3, v)
np.full((2, 3), x) np.full((2, 2), [v, w]) np.full_like(np.ones(2), v) np.full_like(np.ones((2, 3)), fill_value=x)
np.linspace(v, [w, 2.0], 3) np.linspace(0.0, [v, w], num=3) np.clip([v, w], 0.8, 2.0) np.clip(np.ones(2), v, None)
np.dot([v, w], [w, 1.0]) np.inner([v, w], x[:2]) np.outer([v, w], x) np.matmul([[v, w]], [[1.0], [w]])
np.kron([v, w], x) np.tensordot([[v, w]], [v, w], 1) np.trace([[v, w], [w, w]]) np.diag([v, w])
np.cross([v, w, 1.0], x) np.einsum("i,i", [v, w], [w, v]) np.einsum("ij->j", [[v, w]])
np.einsum([v, w], [0], x, [1], [1, 0]) np.linalg.norm([v, w]) np.linalg.norm([x, y], axis=1)
np.linalg.det([[v, w], [1.0, w]]) np.linalg.inv([[v, w], [1.0, w]]) np.linalg.solve([[v, w], [1.0, 3.0]], [w, v])
np.linalg.multi_dot([[[v, w]], [[w], [v]]]) np.linalg.vector_norm([[v, w]])
np.linalg.matrix_power([[v, w], [w, 1.0]], 2) np.linalg.cond([[v, w], [w, 0.5]]) np.atleast_2d([v, w])
np.expand_dims([v, w], 0) np.squeeze([[v, w]]) np.take([v, w], [1, 1, 0]) np.broadcast_to([v, w], (2, 2))
np.broadcast_arrays([v, w], [[1.0], [w]]) np.moveaxis([[v, w]], 0, 1) np.r_[v, 1.0] np.r_[x, y] np.r_[1.0:3.0, v]
np.r_[x, 0, [v, w]] np.r_[v:w:4j] np.r_[v] np.r_["0,2", x, y] np.r_["1,2,0", x, y] np.r_["-1", [x, y], [x, x]]
np.r_["0,2,1", x[:1], [v]] np.r_["1", [x, y], [x, y]] np.r_[0:2:3j, v] np.r_["1,3,1", [[v, w]], [[v, 2.0]]]
np.r_["0,3,-1", [[v, w]], [[v, 2.0]]] np.r_["0,3,-2", [[v, w]], [[v, 2.0]]] np.c_[x, y] np.c_[[v, w], [1.0, 2.0]]
np.c_[[[v, w]], [[1.0, 2.0]]] np.c_[v, w] np.c_[1:4, x] np.c_[x, [x, y, y]] np.array(np.sum([v, 2.0]))
""")


def function(call: str, home: Any) -> tuple[Any, list[Any]]:
    code = compile(call, call, "eval")
    names = [name for name in DATA if name in code.co_names]
    return lambda *values: eval(code, {"np": home, **dict(zip(names, values, strict=True))}), [DATA[n] for n in names]


@pytest.mark.parametrize("call", CALLS)
def test_a_list_of_values_is_joined(call: str) -> None:
    plain, data = function(call, np)
    ours, _ = function(call, mnp)
    given, wanted, same = leaves_of(ours(*map(Value, data))), leaves_of(plain(*data)), leaves_of(ours(*data))
    assert len(given) == len(wanted) == len(same)
    for z, number, x in zip(given, same, wanted, strict=True):
        assert isinstance(z, Value) or "broadcast" in call or "mesh" in call  # one of several parts may be plain
        assert np.shape(z) == np.shape(x) == np.shape(number)
        np.testing.assert_allclose(np.asarray(getattr(z, "data", z)), x, rtol=1e-13)
        np.testing.assert_array_equal(number, x)
        assert type(number) is type(x)

    assert gradcheck(joined(ours), data)


NAMES = [(home, name) for home in (mnp, mnp.linalg) for name in vars(home) if inspect.isroutine(getattr(home, name))]
WRAPPED = sorted(
    ((home, name) for home, name in NAMES if getattr(home, name).__module__ == home.__name__),
    key=lambda pair: (pair[0].__name__, pair[1]),
)  # np.__all__ comes in another order in every process


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("home", "name"), WRAPPED, ids=[f"{home.__name__}.{name}" for home, name in WRAPPED])
def test_a_list_is_as_what_it_joins_to(home: Any, name: str) -> None:
    """Each function of a list of Values gives what it gives for the joined Value,
    errors too.
    """
    f = getattr(home, name)
    for listed in ([Value(0.25), Value(0.5)], [[Value(0.25), 0.5], [0.5, Value(0.75)]]):
        whole = mnp.array(listed)
        for others in ((), (1,), (listed,)):
            outcomes = []
            for first in (listed, whole):
                try:
                    outcomes.append(_plainly(f(first, *others)))
                except Exception as error:
                    outcomes.append(type(error))
            assert repr(outcomes[0]) == repr(outcomes[1]) or name in LAID_OUT, (others, outcomes)


LAID_OUT = {  # whose lists are lists of arrays
    "block", "choose", "column_stack", "concat", "concatenate", "dstack", "hstack", "multi_dot", "piecewise", "select",
    "stack", "vstack",
}  # fmt: skip


def _plainly(z: Any) -> Any:
    return mapped(lambda leaf: ("Value", leaf.data.tolist()) if isinstance(leaf, Value) else repr(leaf), z)


def test_there_are_many() -> None:
    assert len(WRAPPED) > 250


def test_no_function_drops_history() -> None:
    """grad through a list: the derivative of np.f([x, 2 x]) is not 0 in silence."""
    for name in ("mean", "sum", "std", "max", "prod", "cumsum", "exp", "sort", "ravel", "array", "hstack", "stack"):
        assert grad(lambda x, name=name: mnp.sum(getattr(mnp, name)([x, 2.0 * x])))(3.0) != 0.0


# What stays as it is


def test_a_wrapped_function_looks_like_numpys() -> None:
    for home, mine in ((np, mnp), (np.linalg, mnp.linalg)):
        for name in home.__all__:
            theirs, ours = getattr(home, name), getattr(mine, name)
            if name in ("array", "asarray", "asanyarray", "linalg", "random", "r_", "c_") or ours is theirs:
                continue
            assert (ours.__name__, ours.__wrapped__) == (theirs.__name__, theirs)
            known, wanted = inspect.getdoc(ours), inspect.getdoc(theirs)
            assert known and wanted and wanted.startswith(known.splitlines()[0])  # SciPy adds to the text of np.sinc
            assert pickle.loads(pickle.dumps(ours)) is ours
    assert mnp.abs is mnp.absolute
    assert inspect.signature(mnp.mean) == inspect.signature(np.mean)


def test_a_wrapped_ufunc_keeps_its_methods() -> None:
    assert mnp.add.reduce([1.0, 2.0]) == 3.0
    assert mnp.add.outer([1.0], [2.0]).tolist() == [[3.0]]
    assert (mnp.add.nin, mnp.add.identity) == (2, 0)
    a = np.zeros(2)
    mnp.add.at(a, [0, 0], 1.0)
    assert a.tolist() == [2.0, 0.0]


def test_plain_calls_are_numpys() -> None:
    out = np.zeros(2)
    assert mnp.exp(np.zeros(2), out=out) is out
    assert mnp.sum([1, 2], dtype=np.int8).dtype == np.int8
    assert mnp.full((2,), 3).dtype == int
    assert mnp.r_[1:3, 5].tolist() == [1, 2, 5]
    with pytest.warns(PendingDeprecationWarning, match="matrix"):
        assert mnp.r_["r", [1, 2]].shape == (1, 2)
    assert mnp.c_[[1, 2], [3, 4]].tolist() == [[1, 3], [2, 4]]
    assert mnp.array([]).shape == (0,)
    with pytest.raises(TypeError):
        mnp.sum()
    with pytest.raises(ValueError, match="need at least one array to concatenate"):
        mnp.concatenate([])


def test_float32_stays_float32() -> None:
    x = Value(np.ones(2, np.float32))
    for z in (mnp.mean([x, x]), mnp.r_[x, x], mnp.c_[x, x], mnp.full(2, Value(np.float32(1.0))), mnp.block([x, x])):
        assert z.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda v, x: mnp.sum([v, x]), ShapeError, "stack: (), (2,): give at least one value, all of one shape"),
        (lambda v, x: mnp.full(2, v, order="F"), OpError, "np.full: there is no op for it with order="),
        (lambda v, x: mnp.pad(np.ones(2), 1, constant_values=v), ArgumentError, "pad: constant_values () carry no"),
        (lambda v, x: mnp.r_["r", x, v], ArgumentError, "r_: 'r' before Values: give integers, 'axis,nd"),
        (lambda v, x: mnp.r_["0,1,2,3", x, v], ArgumentError, "r_: '0,1,2,3' before Values: give integers"),
        (lambda v, x: mnp.r_[x, "0", v], ArgumentError, "r_: '0' is one of the parts; put a string first, before all"),
        (lambda v, x: mnp.r_[0:v], ArgumentError, "r_: start:stop:step has a Value in it; give the number of points"),
        (lambda v, x: mnp.c_[x, [[v]]], ShapeError, "concatenate: (2, 1), (1, 1): sizes must be equal, except on"),
        (lambda v, x: mnp.put(np.ones(2), 0, v), OpError, "np.put: there is no op for it; it writes into an array"),
    ],
)  # fmt: skip
def test_errors(call: Any, error: type[MicrogradError], words: str) -> None:
    with pytest.raises(error) as caught:
        call(Value(1.0), Value([1.0, 2.0]))
    assert str(caught.value).startswith(words)


def test_a_matrix_of_numbers_is_joined_by_one_op():
    x, y = Value(2.0), Value(3.0)
    z = mnp.array([[x, 0.0, 1], [y, x, np.float64(4.0)]])
    assert z.data.tolist() == [[2.0, 0.0, 1.0], [3.0, 2.0, 4.0]]
    assert [op.name for op in (z._record, z.inputs[0]._record)] == ["reshape", "stacked"]
    uneven = mnp.array([[Value([1.0, 2.0]), [x, y]], [[0.0, 1.0], np.array([5.0, 6.0])]])
    assert uneven.data.tolist() == [[[1.0, 2.0], [2.0, 3.0]], [[0.0, 1.0], [5.0, 6.0]]]
    with pytest.raises(ShapeError, match="stack"):
        mnp.array([[x, y], [x]])
