"""Optimizer: groups, parameters that no loss reached, dtypes, states, and errors."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

from micrograd import Value, no_grad, optim
from micrograd.errors import ArgumentError, DataError, ShapeError, StateError
from micrograd.gradients import has_grad
from micrograd.optim import buckets

CLASSES = {
    "SGD": lambda p: optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1),
    "plain SGD": lambda p: optim.SGD(p, 0.01),
    "ASGD": lambda p: optim.ASGD(p, 0.01, t0=3),
    "Adam": lambda p: optim.Adam(p, 0.01, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, 0.01),
    "Adamax": lambda p: optim.Adamax(p, 0.01),
    "NAdam": lambda p: optim.NAdam(p, 0.01),
    "RAdam": lambda p: optim.RAdam(p, 0.01),
    "RMSprop": lambda p: optim.RMSprop(p, 0.01, momentum=0.5, centered=True),
    "Adagrad": lambda p: optim.Adagrad(p, 0.1),
    "Adadelta": lambda p: optim.Adadelta(p),
    "Rprop": lambda p: optim.Rprop(p),
    "Lion": lambda p: optim.Lion(p, 0.01),
    "composed": lambda p: optim.Optimizer(p, optim.chain(optim.clip(1.0), optim.clip_values(0.5), optim.adam(0.01))),
    "composed of parts": lambda p: optim.Optimizer(p, optim.chain(optim.clip_values(0.5), optim.adam(0.01))),
    "LBFGS": lambda p: optim.LBFGS(p, max_iter=3, line_search_fn="strong_wolfe"),
}
STEPPED = [name for name in CLASSES if name != "LBFGS"]


def start(dtype: Any = np.float64) -> list[Value]:
    rng = np.random.default_rng(1)
    shapes = [(), (3,), (2, 2), (), (3,)]
    arrays = [rng.normal(size=shape).astype(dtype) for shape in shapes]
    return [Value(a if a.shape or dtype != np.float64 else float(a)) for a in arrays]


def loss_of(p: list[Value], step: int = 0) -> Value:
    """The fifth parameter is reached in every third step, from the second on."""
    loss = ((p[0] - 1.0) ** 2 + (p[1].tanh() ** 2).sum()) + (p[2] @ p[2]).sum() ** 2 * 0.1 + p[3] * p[3] * 0.5
    return loss + (p[4] ** 2).sum() if step % 3 == 1 else loss


def train(optimizer: Any, p: list[Value], steps: range) -> None:
    for step in steps:

        def closure(step: int = step) -> Value:
            optimizer.zero_grad()
            loss = loss_of(p, step)
            loss.backward()
            return loss

        optimizer.step(closure)


def bits(p: list[Value]) -> list[bytes]:
    return [np.asarray(v.data).tobytes() for v in p]


@pytest.mark.parametrize("name", CLASSES)
def test_a_state_goes_on_to_the_same_bits(name: str) -> None:
    p = start()
    optimizer = CLASSES[name](p)
    train(optimizer, p, range(5))
    state, data = optimizer.state_dict(), [copy.copy(v.data) for v in p]
    train(optimizer, p, range(5, 12))  # the state is a copy: this does not change it
    q = [Value(x) for x in data]
    other = CLASSES[name](q)
    other.load_state_dict({**state, "state": {str(i): x for i, x in state["state"].items()}})  # keys as JSON has them
    train(other, q, range(5, 12))
    assert bits(q) == bits(p)
    np.testing.assert_equal(other.state_dict(), optimizer.state_dict())


def kinds_in(x: Any) -> set[type]:
    inner = x.values() if isinstance(x, dict) else x if isinstance(x, list) else ()
    return {type(x)} | {kind for y in inner for kind in kinds_in(y)}


@pytest.mark.parametrize("name", CLASSES)
def test_a_state_is_of_numbers_strings_lists_and_arrays(name: str) -> None:
    p = start()
    optimizer = CLASSES[name](p)
    train(optimizer, p, range(3))
    assert kinds_in(optimizer.state_dict()) <= {dict, list, int, float, bool, str, np.ndarray, type(None)}


@pytest.mark.parametrize("name", STEPPED)
def test_a_parameter_that_no_loss_reached_stays(name: str) -> None:
    p = [*start(), Value(np.ones(2)), Value(7.0)]
    optimizer = CLASSES[name](p)
    assert p[5].grad.tolist() == [0.0, 0.0]  # to look at it is not to reach it
    train(optimizer, p, range(4))
    assert (p[5].data.tolist(), p[6].data) == ([1.0, 1.0], 7.0)
    assert set(optimizer.state_dict()["state"]) <= {0, 1, 2, 3, 4}
    before = p[4].data.copy()
    train(optimizer, p, range(2, 4))  # p[4] has a state, momentum and decay, and no gradient
    assert p[4].data.tolist() == before.tolist()


def test_a_gradient_of_zero_is_a_gradient() -> None:
    x, y = Value(2.0), Value(np.full(2, 2.0))
    optimizer = optim.AdamW([x, y], 0.1, weight_decay=0.5)
    ((x * 0.0) + (y * 0.0).sum()).backward()
    optimizer.step()
    assert (x.data, y.data.tolist()) == (1.9, [1.9, 1.9])
    optimizer.zero_grad(set_to_none=False)
    assert has_grad(x) and has_grad(y)
    optimizer.zero_grad()
    assert not has_grad(x) and not has_grad(y)


def test_zeros_for_gradients_leave_alone_what_has_none() -> None:
    """As in PyTorch: what the loss never reached does not decay."""
    x, y, z = Value(2.0), Value(2.0), Value(np.full(2, 2.0))
    optimizer = optim.AdamW([x, y, z], 0.1, weight_decay=0.5)
    (x * 1.0).backward()
    optimizer.zero_grad(set_to_none=False)
    assert [has_grad(p) for p in (x, y, z)] == [True, False, False]
    optimizer.step()
    assert (x.data, y.data, z.data.tolist()) == (1.9, 2.0, [2.0, 2.0])


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_the_dtype_stays(name: str, dtype: Any) -> None:
    p = start(dtype)
    for v, wanted in zip(p, start(dtype), strict=True):
        assert type(v.data) is type(wanted.data)
    train(CLASSES[name](p), p, range(3))
    for v, wanted in zip(p, start(dtype), strict=True):
        assert type(v.data) is type(wanted.data)
        assert getattr(v.data, "dtype", float) == getattr(wanted.data, "dtype", float)


@pytest.mark.parametrize("name", CLASSES)
def test_an_array_is_shared_with_the_user(name: str) -> None:
    array = np.ones((2, 3)).T  # a view, not in C's order
    v = Value(array)
    train_one(CLASSES[name]([v]), v)
    assert v.data is array and not np.any(array == 1.0)


def train_one(optimizer: Any, v: Value) -> None:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = (v * v).sum()
        loss.backward()
        return loss

    optimizer.step(closure)


@pytest.mark.parametrize("name", CLASSES)
def test_an_array_that_cannot_be_written_is_replaced(name: str) -> None:
    array = np.ones(3)
    array.flags.writeable = False
    v = Value(array)
    train_one(CLASSES[name]([v]), v)
    assert array.tolist() == [1.0] * 3 and not np.any(v.data == 1.0)


@pytest.mark.parametrize("name", STEPPED)
def test_arrays_in_blocks_and_joined_arrays_are_stepped_alike(name: str, monkeypatch: Any) -> None:
    results = []
    for joined, block in ((8192, 32768), (0, 2), (8192, 2)):
        monkeypatch.setattr(buckets, "JOINED", joined)
        monkeypatch.setattr(buckets, "BLOCK", block)
        p = start()
        train(CLASSES[name](p), p, range(6))
        results.append([np.asarray(v.data) for v in p])
    for other in results[1:]:
        for mine, wanted in zip(other, results[0], strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-13)


def test_matrices_of_muon_are_stepped_each_by_itself() -> None:
    arrays = [np.arange(6.0).reshape(2, 3), np.eye(3)]
    params = [Value(a) for a in arrays]
    optimizer = optim.Muon(params, 0.1)
    for v in params:
        train_one(optimizer, v)  # the other has no gradient, and stays
    assert [v.data is a for v, a in zip(params, arrays, strict=True)] == [True, True]
    twins = [Value(a.copy()) for a in arrays]
    other = optim.Muon(twins, 0.1)
    other.load_state_dict(optimizer.state_dict())
    for v in (params[0], twins[0]):
        train_one(optimizer if v is params[0] else other, v)
    assert bits(params) == bits(twins)


def test_arrays_of_other_libraries_are_stepped_as_they_are() -> None:
    da = pytest.importorskip("dask.array", reason="Dask is not installed")
    lazy, eager = Value(da.ones((4, 3), chunks=2)), Value(np.ones((4, 3)))
    for v in (lazy, eager):
        optimizer = optim.AdamW([v], 0.1)
        for _ in range(3):
            train_one(optimizer, v)
    assert type(lazy.data) is da.Array
    np.testing.assert_allclose(np.asarray(lazy.data), eager.data, rtol=1e-14)


def test_parameters_that_are_reached_at_random() -> None:
    """A hundred numbers in one optimiser, or each in one of its own."""
    rng = np.random.default_rng(0)
    p = [Value(float(x)) for x in rng.normal(size=100)]
    q = [Value(v.data) for v in p]
    mine, others = optim.Adam(p, 0.1), [optim.Adam([v], 0.1) for v in q]
    for _ in range(30):
        for v, w in zip(p, q, strict=True):
            v.grad = w.grad = float(rng.normal()) if rng.random() < 0.3 else None
        mine.step()
        for optimizer in others:
            optimizer.step()
    assert bits(p) == bits(q)


def test_counts_that_become_equal_are_joined_again() -> None:
    p = [Value(1.0) for _ in range(6)]
    optimizer = optim.Adam(p)
    for reached in (p[:3], p[3:]):
        for v in p:
            v.grad = 1.0 if v in reached else None
        optimizer.step()
    (bucket,) = optimizer._buckets[0]
    assert bucket.nodes == p


def test_a_number_and_its_graph() -> None:
    x = Value(2, label="x")  # an int
    optimizer = optim.SGD([x], 0.25)
    (x * x).backward()
    optimizer.step()
    assert x.data == 1.0 and type(x.data) is float


def test_a_gradient_that_is_recorded() -> None:
    x, y = Value(2.0), Value(np.ones(2))
    (x * x * y).sum().backward(create_graph=True)
    optim.SGD([x, y], 0.25).step()
    np.testing.assert_allclose([x.data, *y.data], [0.0, 0.0, 0.0])


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Lion", "composed"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_gradients_that_are_not_finite_are_not_hidden(name: str, wrong: float) -> None:
    x = Value(np.ones(3))
    optimizer = CLASSES[name]([x])
    x.grad = np.array([1.0, wrong, 1.0])
    optimizer.step()
    if name != "Lion" or wrong != math.inf:  # the sign of infinity is 1
        assert not math.isfinite(x.data[1])


# Groups


def test_groups_have_options_of_their_own() -> None:
    x, y, z = Value(1.0), Value(1.0), Value(1.0)
    optimizer = optim.SGD([{"params": [x]}, {"params": y, "lr": 0.5}], lr=0.1)
    optimizer.add_param_group({"params": [z], "lr": 0.0})
    (x + y + z).backward()
    optimizer.step()
    np.testing.assert_allclose([x.data, y.data, z.data], [0.9, 0.5, 1.0])
    optimizer.param_groups[2]["lr"] = 1.0
    optimizer.step()
    assert z.data == 0.0


def test_names_of_parameters_are_kept() -> None:
    x = Value(1.0)
    optimizer = optim.SGD([("slope", x)])
    assert optimizer.param_groups[0]["param_names"] == ["slope"]
    assert optim.SGD({"slope": x}.values()).param_groups[0]["params"] == [x]


def test_options_make_a_rule() -> None:
    x = Value(1.0)
    optimizer = optim.Optimizer([x], lambda lr, limit: optim.chain(optim.clip(limit), optim.sgd(lr)), lr=0.5, limit=1.0)
    (x * 10.0).backward()
    optimizer.step()
    assert x.data == pytest.approx(0.5)
    optimizer.param_groups[0]["limit"] = 2.0
    optimizer.step()
    assert x.data == pytest.approx(-0.5)


def test_repr() -> None:
    text = repr(optim.SGD([Value(1.0)], 0.1))
    assert text.startswith("SGD (\nParameter Group 0: 1 parameters\n    dampening: 0.0\n    lr: 0.1\n")


def test_a_closure_gives_the_loss() -> None:
    x = Value(3.0)
    optimizer = optim.SGD([x], 0.1)

    def closure() -> Value:
        loss = x * x
        loss.backward()
        return loss

    assert optimizer.step(closure).data == 9.0
    assert x.data == pytest.approx(2.4)


# Errors


def constant() -> Value:
    with no_grad():
        return Value(1.0) * 2.0


W = Value(1.0, label="w")
LEAF = "only a leaf can be trained: give the Value that it was made from, or Value(v.data)"
WRONG: list[tuple[str, Any, type[Exception], str]] = [
    (
        "a class",
        lambda: optim.Optimizer([W], optim.Adam),
        ArgumentError,
        f"Optimizer: {optim.Adam!r} is not a rule; give one, such as chain(clip(1.0), adam(0.001))",
    ),
    ("a text", lambda: optim.Adam([W], lr="0.1"), ArgumentError, "adam: lr is '0.1'; give a number"),
    (
        "empty",
        lambda: optim.SGD([]),
        ArgumentError,
        "SGD: there are no parameters; give Values, such as model.parameters(): those of a module are the "
        "Values in its attributes",
    ),
    (
        "one Value",
        lambda: optim.SGD(W),
        DataError,
        "SGD: the parameters are one Value; give a list of Values, such as [w] or model.parameters()",
    ),
    (
        "number",
        lambda: optim.SGD(3),
        DataError,
        "SGD: the parameters are 3; give a list of Values, such as model.parameters()",
    ),
    (
        "list of numbers",
        lambda: optim.SGD([3.0]),
        DataError,
        "SGD: parameter 0 is of type float; give Values, such as those of model.parameters()",
    ),
    (
        "result",
        lambda: optim.Adam([W * 2.0]),
        DataError,
        f"Adam: parameter 0, Value(data=2.0, grad=0.0), is a result of '*'; {LEAF}",
    ),
    (
        "constant",
        lambda: optim.Adam([constant()]),
        DataError,
        f"Adam: parameter 0, Value(data=2.0, grad=0.0), is a constant; {LEAF}",
    ),
    (
        "twice",
        lambda: optim.Adam([W, W]),
        ArgumentError,
        "Adam: parameter 1, 'w', comes twice; give each parameter once",
    ),
    (
        "in two groups",
        lambda: optim.Adam([{"params": [W]}, {"params": [W]}]),
        ArgumentError,
        "Adam: parameter 0, 'w', comes twice; give each parameter once",
    ),
    ("negative lr", lambda: optim.Adam([W], lr=-1), ArgumentError, "adam: lr is -1; give a number of 0 or more"),
    (
        "negative lr of a group",
        lambda: optim.Adam([{"params": [W], "lr": -1}]),
        ArgumentError,
        "adam: lr is -1; give a number of 0 or more",
    ),
    (
        "group without params",
        lambda: optim.Adam([{"lr": 1}]),
        ArgumentError,
        "Adam: the group {'lr': 1} has no 'params'; give a dict such as {'params': [w], ...}",
    ),
    (
        "empty group",
        lambda: optim.Adam([{"params": []}]),
        ArgumentError,
        "Adam: a group has no parameters; give at least one, or leave the group out",
    ),
    (
        "unknown option",
        lambda: optim.SGD([{"params": [W], "rate": 1}]),
        ArgumentError,
        "SGD: a group has no option 'rate'; options are lr, momentum, dampening, weight_decay, nesterov, maximize",
    ),
    (
        "set",
        lambda: optim.SGD([{"params": {1}}]),
        DataError,
        "SGD: the params of a group are {1}; give a list of Values, in order",
    ),
    (
        "no rule",
        lambda: optim.Optimizer([W], 0.1),
        ArgumentError,
        "Optimizer: 0.1 is not a rule; give one, such as chain(clip(1.0), adam(0.001))",
    ),
    (
        "makes no rule",
        lambda: optim.Optimizer([W], lambda: 3),
        ArgumentError,
        "Optimizer: 3 is not a rule; give a function that makes one of the options",
    ),
    (
        "vector in Muon",
        lambda: optim.Muon([Value(np.ones(2))]),
        ShapeError,
        "Muon: a parameter of shape (2,) is not a matrix; train it with another optimiser, as AdamW",
    ),
    (
        "groups in LBFGS",
        lambda: optim.LBFGS([{"params": [W]}, {"params": [Value(1.0)]}]),
        ArgumentError,
        "LBFGS: there are several groups; it has one step for all parameters: give one list",
    ),
    (
        "search in LBFGS",
        lambda: optim.LBFGS([W], line_search_fn="wolfe"),
        ArgumentError,
        "LBFGS: line_search_fn is 'wolfe'; give 'strong_wolfe' or None",
    ),
    (
        "no closure",
        lambda: optim.LBFGS([W]).step(),
        ArgumentError,
        "LBFGS: step needs a closure, which computes the loss anew; give step(closure)",
    ),
    (
        "closure without loss",
        lambda: optim.LBFGS([W]).step(lambda: None),
        ArgumentError,
        "LBFGS: the loss that the closure gives is None; give a number",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_refused(call: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_exact_numbers_are_refused() -> None:
    from fractions import Fraction

    with pytest.raises(DataError) as caught:
        optim.SGD([Value(Fraction(1, 3))])
    assert str(caught.value) == "SGD: parameter 0 holds Fraction; give floats or arrays of floats"


def test_another_shape_is_refused_before_anything_moves() -> None:
    x, y = Value(1.0), Value(np.ones(2))
    optimizer = optim.Adam([x, y])
    x.grad, y.grad = 1.0, np.ones(2)
    optimizer.step()
    before = x.data
    y.data = np.ones(3)
    x.grad, y.grad = 1.0, np.ones(3)
    with pytest.raises(ShapeError) as caught:
        optimizer.step()
    text = "step: parameter 1 had shape (2,) and dtype float64 at its first step, and has (3,) and float64 now; "
    assert str(caught.value) == text + "make a new optimiser for it"
    assert x.data == before


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (1.0, np.ones(1), "shape () and dtype float64 at its first step, and has (1,) and float64 now"),
        (1.0, np.float32(1), "shape () and dtype float64 at its first step, and has () and float32 now"),
        (
            np.ones(2),
            np.ones(2, np.float32),
            "shape (2,) and dtype float64 at its first step, and has (2,) and float32 now",
        ),
        (np.ones(2), 1.0, "shape (2,) and dtype float64 at its first step, and has () and float64 now"),
    ],
    ids=["array", "float32", "array of float32", "number"],
)
def test_other_data_is_refused_before_anything_moves(before: Any, after: Any, text: str) -> None:
    x, y = Value(before), Value(before)
    optimizer = optim.SGD([x, y])
    (x * y).sum().backward()
    optimizer.step()
    y.data = after
    optimizer.zero_grad()
    (x * y).sum().backward()
    known = copy.copy(x.data)
    with pytest.raises(ShapeError) as caught:
        optimizer.step()
    assert str(caught.value) == f"step: parameter 1 had {text}; make a new optimiser for it"
    np.testing.assert_array_equal(x.data, known)


def test_a_state_that_does_not_fit_is_refused_whole() -> None:
    p = start()
    optimizer = optim.Adam(p)
    train(optimizer, p, range(3))
    state = optimizer.state_dict()
    with pytest.raises(StateError) as caught:
        optim.Adam(p[:3]).load_state_dict(state)
    text = (
        "Adam: the state has groups of [5] parameters, this optimiser has groups of [3]; make it with the same groups"
    )
    assert str(caught.value) == text
    with pytest.raises(StateError) as caught:
        optim.RMSprop(p).load_state_dict(state)
    text = "group 0 lacks alpha, group 0 lacks momentum, group 0 lacks centered; it was saved by another optimiser"
    assert str(caught.value) == f"RMSprop: the state does not fit: {text}"
    del state["state"][0]["exp_avg"]
    state["state"][1]["exp_avg"] = np.ones(4)
    state["state"][2]["extra"] = 1.0
    state["state"][9] = {}
    with pytest.raises(StateError) as caught:
        optimizer.load_state_dict(state)
    assert str(caught.value) == (
        "Adam: the state does not fit: parameter 0 lacks exp_avg; parameter 1 has exp_avg of shape (4,), not (3,); "
        "parameter 2 has extra; there is no parameter 9"
    )
    with pytest.raises(StateError) as caught:
        optimizer.load_state_dict({"weights": 1})
    assert str(caught.value) == "Adam: this is not a state of an optimiser; give what state_dict() gave"


SWITCHED = [
    ("SGD", "momentum", 0.0, 0.9),
    ("RMSprop", "momentum", 0.0, 0.9),
    ("RMSprop", "centered", False, True),
    ("Adam", "amsgrad", False, True),
    ("AdamW", "amsgrad", False, True),
]


@pytest.mark.parametrize("on_first", [True, False], ids=["off", "on"])
@pytest.mark.parametrize("kind", ["class", "chain"])
@pytest.mark.parametrize(("name", "option", "off", "on"), SWITCHED, ids=[f"{x[0]} {x[1]}" for x in SWITCHED])
def test_a_state_after_an_option_is_switched(
    name: str, option: str, off: Any, on: Any, kind: str, on_first: bool
) -> None:
    """A state has a part more, or lacks one: it goes on with the same bits."""
    rule = getattr(optim, name.lower())
    values = (on, off, on) if on_first else (off, on, off)

    def made(p: list[Any], value: Any) -> Any:
        if kind == "class":
            return getattr(optim, name)(p, 0.01, **{option: value})
        return optim.Optimizer(p, lambda x: optim.chain(optim.clip(1.0), rule(0.01, **{option: x})), x=value)

    def trained(is_reloaded: bool) -> list[Any]:
        p = start()
        optimizer = made(p, values[0])
        for i, value in enumerate(values):
            optimizer.param_groups[0][option if kind == "class" else "x"] = value
            for steps in (range(6 * i, 6 * i + 3), range(6 * i + 3, 6 * i + 6)):
                if is_reloaded:
                    state = copy.deepcopy(optimizer.state_dict())
                    optimizer = made(p, off)
                    optimizer.load_state_dict(state)
                train(optimizer, p, steps)
        return p

    once, again = trained(False), trained(True)
    assert [np.asarray(x.data).tobytes() for x in again] == [np.asarray(x.data).tobytes() for x in once]
