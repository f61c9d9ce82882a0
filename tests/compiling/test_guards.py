"""What a compiled function looks at besides arguments and Values, and how a change is
noticed.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import random
from types import SimpleNamespace

import numpy as np
import pytest

import micrograd
from micrograd import Value, nn
from micrograd.errors import CaptureError, CompileWarning

pytestmark = pytest.mark.usefixtures("alone")

w = Value(2.0)
k = 1.5
config = SimpleNamespace(scale=2.0, deep=SimpleNamespace(er=SimpleNamespace(name="sin")))
table = {"a": 1.0, "rows": [[1.0, 2.0], [3.0]]}


class Settings:
    rate = 0.5


class Model:
    scale = 3.0

    def __init__(self):
        self.p = Value(1.0)
        self.is_on = True
        self.layers = [Value(1.0), Value(2.0)]
        self.epoch = 0  # no code reads it

    def __call__(self, x):
        z = self.p * x * self.scale + sum(layer * x for layer in self.layers)
        return z if self.is_on else -z

    @property
    def doubled(self):
        return self.p * self._factor()

    def _factor(self):
        return Settings.rate


class Scales(list):
    """A list with an attribute."""

    factor = 1.0


@dataclasses.dataclass
class Equal:
    """Equal to another one whatever its scale is."""

    name: str
    scale: float = dataclasses.field(compare=False)


def third(x):
    return x * k


def second(x, offset=1.0):
    return third(x) + offset


SECOND = second


def _named():
    return w.sin() if config.deep.er.name == "sin" else w.cos()


def _cell():
    scale, words = 2.0, ["a"]

    def change(number, word):
        nonlocal scale
        scale = number
        words[0] = word

    return (lambda: w * scale * (1.0 if words[0] == "a" else -1.0)), change


def _setter(name, value):
    return lambda: globals().__setitem__(name, value)


def _rows():
    """Per name: a function, and changes after each of which it must be right."""
    model, other = Model(), Model()
    array, large, fixed = np.arange(3.0), np.arange(2000.0), np.arange(3.0)
    fixed.flags.writeable = False

    class Patched:
        def size(self, x):
            return x * 2.0

    patched = Patched()

    def reloaded(x, factor=2.0):
        return x * factor

    shared = functools.partial(lambda x, y: x * y.scale, w, config)
    in_cell, change = _cell()
    module = nn.Sequential(nn.Linear(2, 2, rng=np.random.default_rng(0)), nn.Tanh())
    x = Value(np.ones((1, 2)))
    equals, scales, ordered = [Equal("a", 2.0)], Scales([2.0]), {"a": 2.0, "b": 3.0}
    rows, own = [[1.0, 2.0], [3.0]], [1.0]
    own.append(own)
    return {
        "an object replaced by one that is equal": (
            lambda: w * equals[0].scale,
            [lambda: equals.__setitem__(0, Equal("a", 3.0)), lambda: setattr(equals[0], "scale", 4.0)],
        ),
        "zero of another sign": (
            lambda: w * math.copysign(1.0, k),
            [_setter("k", 0.0), _setter("k", -0.0), _setter("k", 0.0)],
        ),
        "the order of a dict": (
            lambda: w * next(iter(ordered.values())),
            [lambda: ordered.__setitem__("a", ordered.pop("a"))],
        ),
        "a list with an attribute": (
            lambda: w * scales[0] * scales.factor,
            [lambda: setattr(scales, "factor", 5.0), lambda: scales.__setitem__(0, 7.0)],
        ),
        "a list in a list": (
            lambda: w * rows[0][1] * rows[1][0],
            [
                lambda: rows[0].__setitem__(1, 5.0),
                lambda: rows.__setitem__(1, [4.0]),
                lambda: rows.__setitem__(0, (1, 2)),
            ],
        ),
        "a list in itself": (
            lambda: w * own[0] + len(own[1]),
            [lambda: own.append(2.0), lambda: own.__setitem__(0, 3.0)],
        ),
        "another kind of number": (lambda: w * (1.0 if rows[1] is None else float(type(k) is int)), [_setter("k", 1)]),
        "a global": (lambda: w * k, [_setter("k", 2.0), _setter("k", 1.5)]),
        "a global of a function of a function": (lambda: second(w), [_setter("k", 3.0), _setter("k", 1.5)]),
        "a cell": (in_cell, [lambda: change(3.0, "a"), lambda: change(3.0, "b"), lambda: change(2.0, "a")]),
        "an attribute": (lambda: model(w), [lambda: setattr(model, "is_on", False), lambda: setattr(model, "p", w)]),
        "a list that grows": (lambda: model(w), [lambda: model.layers.append(Value(5.0)), model.layers.pop]),
        "an entry replaced": (lambda: model(w), [lambda: model.layers.__setitem__(0, Value(7.0))]),
        "a class": (lambda: model(w), [lambda: setattr(Model, "scale", 4.0), lambda: setattr(model, "scale", 5.0)]),
        "another class": (lambda: other.doubled, [lambda: setattr(Settings, "rate", 0.25)]),
        "a name far away": (_named, [lambda: setattr(config.deep.er, "name", "cos")]),
        "an object replaced": (
            _named,
            [lambda: setattr(config, "deep", SimpleNamespace(er=SimpleNamespace(name="x")))],
        ),
        "a dict": (lambda: w * table["a"] * table["rows"][0][1], [lambda: table["rows"][0].__setitem__(1, 9.0)]),
        "a small array": (lambda: (w * array).sum(), [lambda: array.__imul__(2.0)]),
        "a large array": (lambda: (w * large).sum(), [lambda: large.__imul__(2.0)]),
        "one element of a large array": (lambda: (w * large).sum(), [lambda: large.__setitem__(77, 5.0)]),
        "a read-only array": (
            lambda: (w * fixed).sum(),
            [lambda: (setattr(fixed.flags, "writeable", True), fixed.__setitem__(1, 5.0))],
        ),
        "a method of a class": (lambda: patched.size(w), [lambda: setattr(Patched, "size", lambda self, x: x * 3.0)]),
        "the code of a function": (
            lambda: reloaded(w),
            [lambda: setattr(reloaded, "__code__", (lambda x, factor=2.0: x - factor).__code__)],
        ),
        "the defaults of a function": (lambda: reloaded(w), [lambda: setattr(reloaded, "__defaults__", (4.0,))]),
        "a partial": (shared, [lambda: setattr(config, "scale", 3.0)]),
        "a function replaced": (lambda: second(w), [_setter("second", lambda x: x * 5.0), _setter("second", SECOND)]),
        "a layer replaced": (
            lambda: module(x).sum(),
            [lambda: setattr(module, "0", nn.Linear(2, 2, rng=np.random.default_rng(1)))],
        ),
    }


@pytest.mark.parametrize("name", _rows())
def test_a_change_is_captured_anew(name):
    function, changes = _rows()[name]
    compiled = micrograd.compile(function)
    try:
        for change in [lambda: None, lambda: None, *changes]:
            change()
            assert compiled().data == pytest.approx(function().data, rel=1e-12)
            assert compiled().data == pytest.approx(function().data, rel=1e-12)
    finally:
        globals().update(k=1.5, second=SECOND)
        Model.scale, Settings.rate, config.scale = 3.0, 0.5, 2.0
        config.deep = SimpleNamespace(er=SimpleNamespace(name="sin"))
        table["rows"] = [[1.0, 2.0], [3.0]]


def test_a_change_of_pandas_data_is_captured_anew():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    series, frame = pandas.Series([1.0, 2.0]), pandas.DataFrame({"name": ["x", "y"], "size": [1.0, 2.0]})
    compiled = micrograd.compile(lambda: w * series.sum() * frame["size"].sum())
    for change in (int, int, lambda: series.__setitem__(0, 5.0), lambda: frame.__setitem__("size", [3.0, 4.0])):
        change()
        assert compiled().data == w.data * series.sum() * frame["size"].sum()


def test_equal_numbers_and_lists_in_the_place_of_others_change_nothing():
    box = SimpleNamespace(scale=1.5, rows=[[1.0, 2.0], (3.0, {"a": math.nan})], words={"a": [4.0]})
    compiled = micrograd.compile(lambda: w * box.scale * box.rows[0][1] * box.words["a"][0])
    for _ in range(4):
        compiled()
        box.scale, box.rows[0] = float("1.5"), [float("1"), 2.0]
        box.words["a"] = [float("4")]
    assert sum(map(len, compiled._kept.entries.values())) == 1


def test_what_no_code_reads_may_change():
    model = Model()
    compiled = micrograd.compile(lambda: model(w))
    for epoch in range(6):
        model.epoch = epoch
        compiled()
    assert sum(map(len, compiled._kept.entries.values())) == 1


def test_the_third_change_of_a_number_is_an_error_that_names_it():
    model = Model()
    compiled = micrograd.compile(lambda: model(w))
    for scale in (3.0, 0.991, 0.982):
        model.scale = scale
        compiled()
    model.scale = 0.973
    with pytest.raises(
        CaptureError, match=r"`model.scale` was 3.0, then 0.991, then 0.982, then 0.973: .*\npass it as"
    ):
        compiled()
    model.scale = 0.991  # its program is still there
    assert compiled().data == model(w).data


def test_a_switch_may_go_on_and_off():
    model = Model()
    compiled = micrograd.compile(lambda: model(w))
    for i in range(12):
        model.is_on = i % 2 == 0
        assert compiled().data == model(w).data
    assert sum(map(len, compiled._kept.entries.values())) == 2


def test_training_and_evaluation_of_a_module():
    layer = nn.Sequential(nn.Linear(2, 3, rng=np.random.default_rng(0)), nn.Dropout(0.5))
    layer.eval()
    x = Value(np.ones((4, 2)))
    compiled = micrograd.compile(lambda: layer(x).sum())
    assert compiled().data == pytest.approx(layer(x).sum().data)
    layer.train()
    with pytest.raises(CaptureError, match="draws random numbers"):
        compiled()
    layer.eval()
    assert compiled().data == pytest.approx(layer(x).sum().data)


# States


@pytest.mark.parametrize(
    "data",
    [np.arange(5.0), np.arange(3.0, dtype=np.float32), np.ones((3, 1)), 3.0],
    ids=["shape", "dtype", "rank", "number"],
)
def test_a_state_of_another_kind_is_captured_anew(data):
    v = Value(np.arange(3.0))
    compiled = micrograd.compile(lambda: (v * v).sum())
    compiled(), compiled()
    v.data = data
    for _ in range(2):
        assert compiled().data == (v * v).sum().data
    v.data = np.arange(3.0)
    assert compiled().data == 5.0


# What guards do not see, the second capture does


def _hidden():
    hidden = iter(range(100))
    return lambda: w * next(hidden)


def _other_ops():
    calls = []

    def function():
        calls.append(0)
        return w.sin() if len(calls) % 2 else w.cos()

    return function


def _new_values():
    calls = []

    def function():
        calls.append(Value(float(len(calls))))
        return w * w + calls[-1] * 2.0

    return function


@pytest.mark.parametrize("make", [_hidden, _other_ops, _new_values])
def test_the_second_call_refuses_what_has_changed(make):
    compiled = micrograd.compile(make())
    compiled()
    for _ in range(2):
        with pytest.raises(CaptureError, match=r"did not do the same in its second run: .*\n.* pass it as an argument"):
            compiled()


def test_an_audit_at_any_time():
    box = [1.0]

    def numbers():  # what a running generator holds is hidden
        while True:
            yield box[0]

    hidden = numbers()
    compiled = micrograd.compile(lambda: w * next(hidden))
    assert [compiled().data for _ in range(4)] == [2.0] * 4
    compiled.audit()
    box[0] = 5.0
    with pytest.raises(CaptureError, match=r"constant 1 was 1\.0, now 5\.0"):
        compiled.audit()
    with pytest.raises(CaptureError, match=r"constant 1 was 1\.0, now 5\.0"):
        compiled()


def _twice(generator):
    return lambda: w * (generator.random() + generator.random())


@pytest.mark.parametrize(
    "function",
    [
        lambda: w * random.random(),
        lambda: w * np.random.random(),
        _twice(np.random.default_rng(0)),
        _twice(random.Random(0)),
        _twice(np.random.RandomState(0)),
    ],
    ids=["random", "np.random", "Generator", "Random", "RandomState"],
)
def test_draws_are_refused_and_put_back(function):
    generator = (function.__closure__ or [None])[0]
    before = generator and str(vars_of(generator.cell_contents))
    states = random.getstate(), np.random.get_state()[1].tolist()
    for _ in range(2):
        with pytest.raises(CaptureError, match="draws random numbers"):
            micrograd.compile(function)()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    assert before == (generator and str(vars_of(generator.cell_contents)))


def vars_of(generator):
    """The state of a generator."""
    if hasattr(generator, "getstate"):
        return generator.getstate()
    return generator.bit_generator.state if hasattr(generator, "bit_generator") else generator.get_state()


def test_a_change_behind_the_back_is_refused():
    v = Value(np.ones(3))

    def step():
        v._array[0] = v._array[0] + 1.0
        return (v * 2.0).sum()

    compiled = micrograd.compile(step)
    compiled()
    with pytest.raises(CaptureError):
        compiled()


def test_a_function_that_is_captured_again_and_again_warns():
    compiled = micrograd.compile(lambda x: (w * x).sum())
    with pytest.warns(CompileWarning, match="was captured 16 times"):
        for n in range(1, 20):
            compiled(np.ones(n))


def test_no_more_than_64_programs_are_kept():
    compiled = micrograd.compile(lambda word: w * len(word), backend="tape")
    with pytest.warns(CompileWarning):
        for n in range(70):
            compiled("x" * n)
    assert sum(map(len, compiled._kept.entries.values())) == 64
    assert compiled("").data == 0.0


NESTED = {
    "an item": lambda table: table[0].__setitem__(1, Value(5.0)),
    "an equal list": lambda table: table.__setitem__(0, list(table[0])),
    "a list of others": lambda table: table.__setitem__(0, [Value(5.0), Value(6.0)]),
    "a deep item": lambda table: table[1][0].__setitem__(0, Value(7.0)),
    "nothing": lambda table: None,
}


@pytest.mark.parametrize("change", NESTED)
def test_containers_in_containers(change):
    table = [[Value(1.0), Value(2.0)], [[Value(3.0)], 4.0]]

    def function():
        (a, b), ((c,), d) = table
        return a * 1.0 + b * 10.0 + c * 100.0 + d * 1000.0

    fast = micrograd.compile(function, backend="numpy")
    assert fast().data == fast().data == function().data
    NESTED[change](table)
    assert fast().data == function().data
    table[1][1] = 9.0
    assert fast().data == function().data


def test_parts_of_a_function():
    w = Value(2.0)

    def scaled(x, by=3.0, *, plus=1.0):
        return x * by + plus

    fast = micrograd.compile(lambda: scaled(w), backend="numpy")
    assert fast().data == 7.0
    scaled.__defaults__ = (4.0,)
    assert fast().data == 9.0
    scaled.__kwdefaults__ = {"plus": 2.0}
    assert fast().data == 10.0
    scaled.__code__ = (lambda x, by=0.0, *, plus=0.0: x * by - plus).__code__
    assert fast().data == 6.0


ARRAYS = {
    "in one piece": lambda: np.arange(6.0),
    "strided": lambda: np.arange(12.0)[::2],
    "by columns": lambda: np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "whole numbers": lambda: np.arange(6),
    "objects": lambda: np.array([1.0, 2.0, 3.0], object),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_arrays_in_closures(kind):
    table, w = ARRAYS[kind](), Value(2.0)
    fast = micrograd.compile(lambda: w * float(table.sum()), backend="numpy")
    assert fast().data == fast().data == 2.0 * float(table.sum())
    table[-1] = table[-1] + 1.0
    assert fast().data == 2.0 * float(table.sum())
