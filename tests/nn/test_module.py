"""Module: what it finds, its state, and a module as a tree."""

from __future__ import annotations

import functools
import pickle
import types
from collections import deque
from typing import Any

import numpy as np
import pytest

from micrograd import Value, enable_grad, grad, jvp, nn, no_grad, ops
from micrograd.errors import ArgumentError, DataError, StateError
from micrograd.nn import MLP, Module, Neuron, Residual, Sequential
from micrograd.trees import leaves_of, mapped


class Line(Module):
    """slope * x + offset."""

    def __init__(self, slope=2.0, offset=1.0):
        self.slope = Value(slope)
        self.offset = Value(offset)

    def forward(self, x):
        return self.slope * x + self.offset


class Net(Module):
    """Parameters in every place where they are found."""

    def __init__(self):
        self.weight = Value(np.arange(6.0).reshape(2, 3))
        self.blocks = [Line(1.0), (Line(3.0), {"last": Value(4.0)})]
        self.tied = self.weight
        self.inner = Line(np.ones(3), np.float32(0.5))
        self.register_buffer("mean", np.zeros(3, np.float32))
        self.rng = np.random.default_rng(1)

    def __call__(self, x):
        self.hidden = x @ self.tied * self.blocks[1][1]["last"]  # computed: not a parameter
        return self.inner(self.hidden).sum()


NAMES = [
    *("weight", "blocks.0.slope", "blocks.0.offset", "blocks.1.0.slope", "blocks.1.0.offset", "blocks.1.1.last"),
    *("inner.slope", "inner.offset"),
]


def test_names_are_in_the_order_of_definition():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [id(p) for p in net.parameters()] == [id(p) for _, p in net.named_parameters()]
    net(np.ones((2, 2)))
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert list(net.state_dict()) == [*NAMES, "mean"]
    assert [name for name, _ in net.named_modules()] == ["", "blocks.0", "blocks.1.0", "inner"]
    assert [name for name, _ in net.named_generators()] == ["rng"]
    assert [name for name, _ in MLP(2, [2, 1]).named_parameters()][:4] == [
        f"layers.0.neurons.{i}.{key}" for i, key in ((0, "w.0"), (0, "w.1"), (0, "b"), (1, "w.0"))
    ]


def test_any_name_may_be_a_parameters():
    line = Line()
    line.places, line.names = Value(1.0), [Value(2.0)]
    assert [name for name, _ in line.named_parameters()] == ["slope", "offset", "places", "names.0"]


def test_a_module_that_holds_its_parent_is_walked_once():
    child, parent = Line(), Line()
    parent.child, child.parent = child, parent
    parent.itself = [child]
    parent.itself.append(parent.itself)
    assert [name for name, _ in parent.named_parameters()] == ["slope", "offset", "child.slope", "child.offset"]


def with_function(w):
    return lambda x: w * x


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ({Value(1.0)}, "a set, which has no order; keep them in a list"),
        (frozenset([Value(1.0)]), "a set, which has no order; keep them in a list"),
        (np.array([Value(1.0), None]), "an array of objects; keep them in a list, or one Value of the whole array"),
        (deque([Value(1.0)]), "a deque; keep them in a list or a dict, or make its class a Module"),
        (with_function(Value(1.0)), "a function that has them from outside; keep them in an attribute of the module"),
    ],
    ids=["set", "frozenset", "objects", "deque", "closure"],
)
def test_values_that_are_not_found_are_told(thing, words):
    line = Line()
    line.extra = [thing]
    with pytest.raises(DataError) as caught:
        line.parameters()
    assert str(caught.value) == f"Line: the Values in extra.0 are not found: it is {words}"


def test_values_in_another_object_are_told():
    class Other:
        def __init__(self):
            self.held = [Value(1.0)]

    line = Line()
    line.other = Other()
    with pytest.raises(DataError, match="the Values in other are not found: it is an Other; keep them in a list"):
        line.zero_grad()
    line.other.held = [1.0, Value(1.0).detach(), Value(1.0) * 2.0]
    assert len(line.parameters()) == 2


def test_a_class_chooses_its_parameters():
    class Frozen(Line):
        def parameters(self):
            return [self.offset]

    frozen = Frozen()
    assert [name for name, _ in frozen.named_parameters()] == ["offset"]
    row = Sequential(frozen, Line())
    assert [name for name, _ in row.named_parameters()] == ["0.offset", "1.slope", "1.offset"]

    class Apart(Module):
        def parameters(self):
            return PARTS

    assert [name for name, _ in Apart().named_parameters()] == ["parameters.0"]


PARTS = [Value(1.0)]


def test_zero_grad_forgets():
    net = Net()
    net(np.ones((2, 2))).backward()
    assert net.weight.grad.any()
    net.zero_grad()
    assert not net.weight.grad.any()
    assert net.weight.grad.shape == (2, 3)


def test_training_is_set_in_all_modules():
    net = Net()
    assert [m.training for m in net.modules()] == [True] * 4
    assert net.eval() is net
    assert [m.training for m in net.modules()] == [False] * 4
    assert all(m.training for m in net.train().modules())
    assert Line().training


def test_apply_goes_from_inside_out():
    seen = []
    assert isinstance(Sequential(Line(), Residual(Line())).apply(lambda m: seen.append(type(m).__name__)), Sequential)
    assert seen == ["Line", "Residual", "Line", "Sequential"]


def test_a_module_without_call_says_what_is_missing():
    class Empty(Module):
        pass

    with pytest.raises(
        NotImplementedError, match=r"Empty: it cannot be called; define __call__\(self, x\) in class Empty"
    ):
        Empty()(1.0)
    assert Empty().parameters() == []
    assert Empty().state_dict() == {}


# Buffers


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("a.b", 1.0, "Line.register_buffer: 'a.b' is not the name of an attribute; give letters, as in 'mean'"),
        ("slope", 1.0, "Line.register_buffer: there is an attribute slope already; give another name"),
        ("train", 1.0, "Line.register_buffer: there is an attribute train already; give another name"),
        ("mean", Value(1.0), "Line.register_buffer: mean is a Value, which is trained; give its .data"),
    ],
)
def test_buffers_that_are_refused(name, array, words):
    with pytest.raises(ArgumentError) as caught:
        Line().register_buffer(name, array)
    assert str(caught.value) == words


# State


HIDDEN = {
    "a set": (lambda layer: {layer}, "a set, which has no order; keep them in a list"),
    "objects": (lambda layer: np.array([layer, 1.0], dtype=object), "an array of objects; keep them in a list"),
    "a deque": (lambda layer: deque([[layer]]), "a deque; keep them in a list or a dict, or make its class a Module"),
    "closure": (lambda layer: lambda x: layer(x), "a function that has them from outside; keep them in an attribute"),
    "default": (lambda layer: lambda x, f=layer: f(x), "a function that has them from outside"),
    "method": (lambda layer: layer.__call__, "a function that has them from outside"),
    "partial": (lambda layer: functools.partial(layer.__call__), "a function that has them from outside"),
    "object": (lambda layer: types.SimpleNamespace(inner=layer), "a SimpleNamespace; keep them in a list or a dict"),
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_a_module_that_is_not_found_is_said(kind):
    hide, words = HIDDEN[kind]
    layer, model = nn.Linear(2, 2), Sequential(nn.Tanh())
    model.extra = [hide(layer)]
    with pytest.raises(DataError) as caught:
        model.parameters()
    assert str(caught.value).startswith(f"Sequential: the modules in extra.0 are not found: it is {words}")
    model.layer = layer  # and now they are found
    assert [name for name, _ in model.named_parameters()] == ["layer.weight", "layer.bias"]
    model.extra = [hide(nn.ReLU())]  # it has nothing to find
    assert len(model.parameters()) == 2


def test_what_holds_the_module_itself_is_not_searched():
    outer = Sequential(Sequential(nn.Linear(2, 2)))
    outer[0].owner = types.SimpleNamespace(model=outer)
    outer.log = types.SimpleNamespace(model=outer)
    assert [name for name, _ in outer[0].named_parameters()] == ["0.weight", "0.bias"]
    assert [name for name, _ in outer.named_parameters()] == ["0.0.weight", "0.0.bias"]


@pytest.mark.parametrize("kind", ["closure", "default", "method", "partial"])
def test_functions_that_hold_a_part_from_outside_are_not_copied(kind):
    """The gradient by the layer was 0: the function used the old one."""
    model = Module()
    model.layer = nn.Linear(2, 2)
    model.act = HIDDEN[kind][0](model.layer)
    words = "Module: act is a function that has a part of the module from outside; in a copy, as transforms such as "
    with pytest.raises(DataError) as caught:
        grad(lambda m: m.act(np.ones(2)).sum())(model)
    assert str(caught.value) == f"{words}grad make it, it would use the old parameters; make it a method"
    if kind in ("closure", "default"):
        with pytest.raises(DataError, match="act is a function that has a part of the module from outside"):
            model.copy()
    else:  # Python copies these with what they are bound to
        twin = model.copy()
        twin.layer.weight.data *= 0.0
        np.testing.assert_array_equal(twin.act(np.ones(2)).data, twin.layer.bias.data)
    model.act(np.ones(2)).sum().backward()
    assert model.layer.bias.grad.tolist() == [1.0, 1.0]


def test_state_is_a_copy_and_comes_back():
    net = Net()
    state = net.state_dict()
    net.weight.data += 1.0
    net.blocks[0].slope.data = 9.0
    net.mean += 5.0
    assert (state["weight"] == np.arange(6.0).reshape(2, 3)).all()
    net.load_state_dict(state)
    assert net.weight.data[0, 0] == 0.0
    assert type(net.blocks[0].slope.data) is float
    assert net.blocks[0].slope.data == 1.0
    assert net.mean.dtype == np.float32
    assert not net.mean.any()
    state["weight"] += 7.0
    assert net.weight.data[0, 0] == 0.0


def test_dtypes_are_kept():
    line = Line(np.ones(2, np.float32), 1)
    line.load_state_dict({"slope": [0.5, 1.5], "offset": np.int64(3)})
    assert line.slope.data.dtype == np.float32
    assert line.slope.data.tolist() == [0.5, 1.5]
    assert line.offset.data == 3


def test_one_error_lists_all_that_does_not_fit():
    net, before = Net(), Net().state_dict()
    state = net.state_dict()
    del state["inner.slope"], state["mean"]
    state |= {"weight": np.ones((3, 2)), "blocks.0.slope": np.ones(1), "bias": 1.0}
    with pytest.raises(StateError) as caught:
        net.load_state_dict(state)
    assert str(caught.value) == (
        "load_state_dict: the state is of another Net: it lacks inner.slope, mean; this module has no bias; "
        "of another shape: weight (3, 2), wanted (2, 3), blocks.0.slope (1,), wanted ()"
    )
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Line(), "load_state_dict: given a module; give its state_dict()"),
        ([1.0, 2.0], "load_state_dict: given a list; give a dict of arrays by name"),
        ({"slope": "2", "offset": 1.0}, "load_state_dict: slope is of dtype <U1; give arrays of real numbers"),
        ({"slope": [[1.0], 2.0], "offset": 1.0}, "load_state_dict: slope is not an array: "),
        ({"slope": 2j, "offset": 1.0}, "load_state_dict: slope is of dtype complex128; give arrays of real numbers"),
        (
            {"slope": Value(2.0), "offset": 1.0},
            "load_state_dict: slope is a Value; give its .data, as state_dict() does",
        ),
        ({0: 2.0, "offset": 1.0}, "load_state_dict: the name 0 is not a string; give a dict of arrays by name"),
    ],
    ids=["module", "list", "text", "ragged", "complex", "value", "number"],
)
def test_what_is_not_a_state(state, words):
    with pytest.raises(StateError) as caught:
        Line().load_state_dict(state)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("weight", [[1.0, 1e300]], "weight holds 1e+300, which float32 does not have; give numbers that fit, or make"),
        ("count", 2.5, "count holds 2.5, which int64 does not have"),
        ("count", np.nan, "count holds nan, which int64 does not have"),
    ],
)
def test_numbers_that_do_not_fit_the_dtype_load_nothing(name, array, words):
    net = Module()
    net.first, net.weight = Value(np.ones(2)), Value(np.ones((1, 2), np.float32))
    net.register_buffer("count", np.zeros((), np.int64))
    state = {"first": [5.0, 6.0], "weight": [[np.inf, np.nan]], "count": 7.0}
    with pytest.raises(StateError) as caught:
        net.load_state_dict({**state, name: array})
    assert f"load_state_dict: {words}" in str(caught.value)
    assert net.first.data.tolist() == [1.0, 1.0]
    net.load_state_dict(state)  # infinities, nan and whole numbers fit
    assert (net.weight.data[0, 0], net.count.dtype, int(net.count)) == (np.inf, np.int64, 7)


def test_a_buffer_of_none_is_not_in_the_state():
    """It was an array of objects, which did not load."""
    module = Module()
    module.register_buffer("mean", None)
    module.register_buffer("count", np.zeros(2))
    assert list(module.state_dict()) == ["count"]
    module.load_state_dict({"count": [1.0, 2.0]})
    assert module.mean is None
    assert module.count.tolist() == [1.0, 2.0]


def test_a_shared_parameter_is_loaded_under_all_its_names():
    """PyTorch's states hold it under each."""
    line, norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
    net = Sequential(line, norm, line, norm)
    net.more = [{"tied": line.weight}]
    state = {name: array + 1 for name, array in net.state_dict().items()}
    twins = {f"{int(name[0]) + 2}{name[1:]}": array for name, array in state.items()}
    state |= twins | {"more.0.tied": state["0.weight"]}
    net.load_state_dict(state)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    del state["0.weight"]  # one name is enough
    net.load_state_dict(state)
    with pytest.raises(StateError) as caught:
        net.load_state_dict({**state, "2.bias": state["0.bias"] + 1.0})
    assert str(caught.value) == (
        "load_state_dict: 0.bias and 2.bias are one parameter of this Sequential, and differ in the state; "
        "leave one of them out, or give each module a parameter of its own"
    )
    for wrong in ("4.weight", "2.wheel", "more.1.tied", "more.0.tied.x", "0.in_features"):
        with pytest.raises(StateError, match=f"this module has no {wrong}"):
            net.load_state_dict({**state, wrong: np.ones(2)})


def test_two_parameters_of_one_name():
    line = Line()
    line.a = {"b.c": Value(1.0), "b": {"c": Value(2.0)}}
    with pytest.raises(StateError, match=r"two parameters have the name 'a.b.c'; rename an attribute or a key"):
        line.state_dict()


def test_many_faults_are_counted():
    with pytest.raises(StateError, match=r"it lacks w.0, w.1, w.2, w.3, w.4, w.5, w.6, w.7 and 13 more$"):
        Neuron(20).load_state_dict({})


def test_a_copy_is_apart():
    net = Net()
    twin = net.copy()
    twin.weight.data[0, 0] = 9.0
    assert net.weight.data[0, 0] == 0.0
    assert twin.tied is twin.weight
    assert pickle.loads(pickle.dumps(Line())).slope.data == 2.0


# A tree


def test_gradient_of_a_module_is_a_module():
    net, x = Net(), np.ones((2, 2))
    gradient = grad(lambda net: net(x))(net)
    net(x).backward()
    assert isinstance(gradient, Net)
    assert [name for name, _ in gradient.named_parameters()] == NAMES
    for p, g in zip(net.parameters(), gradient.parameters(), strict=True):
        np.testing.assert_allclose(g.data, p.grad)
    assert gradient.tied is gradient.weight
    assert [name for name, _ in net.named_parameters()] == NAMES


def test_forward_mode_and_second_order():
    line = Line()
    _, tangent = jvp(lambda line: line(3.0) ** 2, (line,), (line.with_leaves([1.0, 0.0]),))
    assert float(tangent) == 2 * 7.0 * 3.0
    twice = grad(lambda line: grad(lambda inner: inner(3.0) ** 2)(line).slope)(line)
    assert [float(g) for g in twice.parameters()] == [18.0, 6.0]


def test_eager_gradients_go_through_a_transform():
    line = Line()
    slope = grad(lambda line: line(3.0) ** 2)(line).slope
    slope.backward()
    assert (line.slope.grad, line.offset.grad) == (18.0, 6.0)


def test_leaves():
    line = Line()
    assert [p.data for p in leaves_of({"line": line, "x": Value(5.0)})] == [2.0, 1.0, 5.0]
    doubled = mapped(lambda p: 2.0 * p.data, [line])[0]
    assert isinstance(doubled, Line)
    assert (doubled.slope, doubled(10.0)) == (4.0, 42.0)
    assert doubled.parameters() == [4.0, 2.0]
    with pytest.raises(
        ArgumentError,
        match=r"jvp: the tangent has the structure \[\[\*\]\], but the primal has \[{'slope': \*, 'offset': \*}\]",
    ):
        jvp(lambda line: line(1.0), (line,), ([1.0],))


# Rows and bypasses


def test_a_row():
    model = Sequential(Line(), ops.tanh, Line(10.0, 0.0))
    assert model(0.5).data == pytest.approx(10.0 * np.tanh(2.0))
    assert (
        repr(model) == "Sequential(Line(slope=a number, offset=a number), tanh, Line(slope=a number, offset=a number))"
    )
    assert [name for name, _ in model.named_parameters()] == ["0.slope", "0.offset", "2.slope", "2.offset"]
    assert len(model) == 3
    assert model[-1] is list(model)[2]
    assert list(model[:2]) == [model[0], model[1]]
    model.append(abs)
    assert model(-0.5).data == 0.0
    model.train()
    assert len(model) == 4
    named = Sequential({"first": Line(), "second": Line()})
    assert next(name for name, _ in named.named_parameters()) == "first.slope"
    assert named.append(Line())(1.0).data == 15.0
    assert Sequential()(3.0) == 3.0


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ((2,), "Sequential: layer 0 is 2, which cannot be called; give modules or functions"),
        ((abs, Line), "Sequential: layer 1 is the class Line; make a layer of it: Line(...)"),
        (([abs],), "Sequential: layer 0 is [<built-in function abs>], which cannot be called"),
        (({"a.b": abs},), "Sequential: 'a.b' cannot be the name of a layer; give another, without a dot"),
        (({"train": abs},), "Sequential: 'train' cannot be the name of a layer; give another, without a dot"),
    ],
    ids=["number", "class", "list", "dot", "method"],
)
def test_rows_that_are_refused(layers, words):
    with pytest.raises(ArgumentError) as caught:
        Sequential(*layers)
    assert words in str(caught.value)


def test_a_bypass():
    assert Residual(Line())(3.0).data == 10.0
    with pytest.raises(nn.module.ArgumentError, match="Residual: given 3, which cannot be called"):
        Residual(3)
    with pytest.raises(ValueError, match=r"Residual: the module made shape \(3,\) of shape \(2,\); give a module"):
        Residual(lambda x: np.ones(3))(np.ones(2))


# For people


def test_summary():
    assert Net().summary().splitlines() == [
        "layer                                              shapes                   parameters  share",
        "---------------------------------------------------------------------------------------------",
        "its own                                            weight (2, 3), 1 number           7  48.3%",
        "blocks.0: Line(slope=a number, offset=a number)    2 numbers                         2  13.8%",
        "blocks.1.0: Line(slope=a number, offset=a number)  2 numbers                         2  13.8%",
        "inner: Line(slope=(3,), offset=a number)           slope (3,), 1 number              4  24.1%",
        "---------------------------------------------------------------------------------------------",
        "total                                              116 bytes                        15",
    ]
    text = Sequential(MLP(2, [16, 1]), Line(np.ones((2, 2)), np.ones(2))).summary()
    assert "0.layers.0.neurons.0 to neurons.15: 16 of Neuron" in text
    assert "slope (2, 2), offset (2,)" in text
    assert text.splitlines()[-1].split()[:4] == ["total", "568", "bytes", "71"]


def test_a_long_repr_is_short():
    class Wide(Module):
        def __init__(self):
            self.layers = [Line() for _ in range(9)]

    assert repr(Wide()) == "Wide(9 modules, 18 parameters)"
    assert repr(Line()) == "Line(slope=a number, offset=a number)"


def test_a_class_with_a_bypass_is_refused():
    with pytest.raises(ArgumentError, match=r"Residual: given the class Line; make a module of it: Line\(...\)"):
        Residual(Line)


def test_a_module_may_have_names_of_pytorchs_methods():
    class Own(Module):
        def __init__(self):
            self.half = Line()

        def to(self, x):
            return self.half(x)

    assert Own().to(2.0).data == 5.0
    assert [name for name, _ in Own().named_parameters()] == ["half.slope", "half.offset"]
    assert not hasattr(Own(), "cuda") and hasattr(Own(), "to")


class Doubled(Module):
    """A module with a Value that is computed once, and a number."""

    def __init__(self) -> None:
        self.w = Value([1.0, 2.0])

    @functools.cached_property
    def doubled(self) -> Any:
        return self.w * 2.0

    @functools.cached_property
    def pair(self) -> Any:
        return [self.w * 2.0, 1.0]

    @functools.cached_property
    def count(self) -> int:
        return 3


@pytest.mark.parametrize("name", ["doubled", "pair"])
@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "no_grad"])
def test_a_value_that_is_computed_once_is_refused(name: str, is_recorded: bool) -> None:
    """grad gave 0, and training used the parameters as they were."""
    module = Doubled()
    assert module.count == 3 and module.parameters() == [module.w]
    with enable_grad() if is_recorded else no_grad():
        getattr(module, name)
    words = (
        f"Doubled: {name} is a cached_property, and keeps a Value that was computed with the parameters as they were"
    )
    for f in (module.parameters, module.copy().parameters, lambda: grad(lambda m: m.w.sum())(module)):
        with pytest.raises(DataError, match=f"{words}; make it a property"):
            f()
