"""The wrong engines: each is wrong in the way that it says, and right elsewhere.

`Tutorial` is written as the texts write their class, with closures. It shares nothing
with the engines, and has to give the same wrong numbers.
"""

from __future__ import annotations

import math
import operator
import random

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import DataError, GradientError
from micrograd.see.wrong_engines import (
    ENGINES,
    MOST_NODES,
    Right,
    Step,
    Zeroed,
    advice_on,
    recorded,
    slips_that_give,
    sorted_below,
)


class Tutorial:
    """A Value of the texts, with one slip or none; inputs in order, each once."""

    slip = ""

    def __init__(self, data, inputs=()):
        self.data, self.grad = data, 0.0
        self.inputs = list(dict.fromkeys(inputs))
        self._backward = lambda: None

    def give(self, part):
        self.grad = part if self.slip == "assign-not-accumulate" else self.grad + part

    def made(self, data, *parts):
        out = type(self)(data, [x for x, _ in parts])
        out._backward = lambda: [x.give(slope * out.grad) for x, slope in parts]
        return out

    def __add__(self, other):
        other = other if isinstance(other, Tutorial) else type(self)(other)
        return self.made(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Tutorial) else type(self)(other)
        return self.made(self.data * other.data, (self, other.data), (other, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return self.made(t, (self, 1 - t * t))

    def backward(self):
        self.grad = 1.0
        if self.slip == "no-topological-sort":
            self.recurse()
            return
        for node in self.level_by_level() if self.slip == "level-by-level" else self.sorted():
            node._backward()

    def recurse(self):
        self._backward()
        for x in self.inputs:
            x.recurse()

    def sorted(self):
        topo, visited = [], set()

        def build(node):
            if node not in visited or self.slip == "no-visited-set":
                visited.add(node)
                for x in node.inputs:
                    build(x)
                topo.append(node)

        build(self)
        return reversed(topo)

    def level_by_level(self):
        queue, seen = [self], {self}
        for node in queue:
            for x in node.inputs:
                if x not in seen:
                    seen.add(x)
                    queue.append(x)
        return queue


def two_ways(Value):
    a = Value(3.0)
    b = a * 2
    (b + b * 3).backward()
    return a.grad


def twice(Value):
    a = Value(3.0)
    (a + a).backward()
    return a.grad


def broadcast(Value):
    b = Value(10.0)
    (b * Value([1.0, 2.0])).sum().backward()
    return b.grad


def two_steps(Value):
    w = Value(3.0)
    (w * 2).backward()
    w.zero_grad()
    (w * 2).backward()
    return w.grad


def drawn(seed):
    """A program of random sums, products and tanhs, in which values are used again."""

    def program(Value):
        draws = random.Random(seed)
        leaves = [Value(draws.uniform(-1.0, 1.0)) for _ in range(3)]
        values = list(leaves)
        for _ in range(7):
            x, y = draws.choice(values), draws.choice(values[-3:])
            values.append(draws.choice(OPS)(x, y))
        values[-1].backward()
        return [x.grad for x in leaves]

    return program


OPS = [operator.add, operator.mul, operator.add, operator.mul, lambda x, _: (x * 0.5).tanh()]


# The figures that were measured in the tutorials' engines: d = b + b*3, b = a*2, a = 3


@pytest.mark.parametrize(
    ("slip", "number"),
    [
        ("no-topological-sort", 10.0),
        ("level-by-level", 2.0),
        ("no-visited-set", 16.0),
        ("assign-not-accumulate", 6.0),
        ("forgot-zero-grad", 8.0),
        ("no-unbroadcast", 8.0),
    ],
)
def test_the_figures_of_two_ways(slip, number):
    assert two_ways(ENGINES[slip]) == number
    assert two_ways(Right) == two_ways(Value) == 8.0


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    "slip", ["", "no-topological-sort", "level-by-level", "no-visited-set", "assign-not-accumulate"]
)
def test_a_class_with_closures_gives_the_same_numbers(slip, seed):
    theirs = type("Theirs", (Tutorial,), {"slip": slip})
    assert drawn(seed)(ENGINES.get(slip, Right)) == pytest.approx(drawn(seed)(theirs), rel=1e-12)


@pytest.mark.parametrize("seed", range(25))
def test_the_right_engine_is_right(seed):
    for turned in (False, True):
        assert drawn(seed)(recorded(Right, turned)) == pytest.approx(drawn(seed)(Value), rel=1e-12)


EXPRESSIONS = [
    lambda a, b: a - b,
    lambda a, b: a / b,
    lambda a, b: -a * b,
    lambda a, b: 2 - a / 3 + 1 / b,
    lambda a, b: 2 * a + 3 + b,
    lambda a, b: a**3 * b**-1,
    lambda a, b: (a * b).tanh() + a.exp() * b.log(),
    lambda a, b: a.sqrt() * b.relu(),
    lambda a, b: (a.sum() * b).sum(),
    lambda a, b: (a * b).sum(axis=0).max() * a[0].sum(),
    lambda a, b: (a.T @ b).sum(),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@pytest.mark.parametrize("data", [(2.0, 3.0), (1.5, 0.25), (np.array([[1.0, 2.0], [3.0, 4.5]]), np.array([0.5, 3.0]))])
def test_the_right_engine_has_the_ops_of_the_table(expression, data):
    if isinstance(data[0], float) and expression in EXPRESSIONS[-3:]:
        data = tuple(np.array([[x]]) for x in data)  # axes are needed

    def program(Value):
        a, b = map(Value, data)
        expression(a, b).backward()
        return [a.grad, b.grad]

    for ours, right in zip(program(Right), program(Value), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-12)
    assert slips_that_give(program, program(Right)) == []


def test_the_walk_is_that_of_micrograd():
    def labels(Value, order):
        a, b = Value(2.0, label="a"), Value(3.0, label="b")
        c = a * b
        d = c + a
        e = (c * d).tanh()
        for name, node in {"c": c, "d": d, "e": e}.items():
            node.label = name
        return [node.label for node in order(e)]

    from micrograd import toposort

    assert labels(Right, sorted_below) == labels(Value, toposort)
    assert labels(Right, Right.walk) == labels(Value, toposort)[::-1]


def test_a_comparison_is_plain():
    assert bool(Right(2.0) > 1.0) is True


@pytest.mark.parametrize("engine", [Right, *ENGINES.values()])
def test_interior_gradients_are_computed_anew(engine):
    a = engine(3.0)
    b = a * 2
    for _ in range(2):
        b.backward()
        assert b.grad == 1.0
    assert a.grad == (2.0 if engine is ENGINES["assign-not-accumulate"] else 4.0)


# Each slip is seen where it matters, and only there


def tree(Value):
    a, b, c = map(Value, (2.0, 3.0, 4.0))
    (a * b + c).tanh().backward()
    return [a.grad, b.grad, c.grad]


@pytest.mark.parametrize("slip", ENGINES)
def test_where_each_value_is_used_once_no_slip_shows(slip):
    assert tree(ENGINES[slip]) == tree(Right)


def same_input_twice(Value):
    a = Value(3.0)
    b = a * 2
    (b * b).backward()
    return a.grad


def test_one_op_that_uses_a_value_twice_cannot_catch_a_missing_visited_set():
    """The caution of part 10: the inputs are a set there, and so here."""
    for program in (twice, same_input_twice):
        for slip in ("no-visited-set", "no-topological-sort", "level-by-level"):
            assert program(ENGINES[slip]) == program(Right)
    assert (twice(ENGINES["assign-not-accumulate"]), twice(Right)) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("slip", "program", "wrong", "right"),
    [
        ("forgot-zero-grad", two_steps, 4.0, 2.0),
        ("no-unbroadcast", broadcast, [1.0, 2.0], 3.0),
        ("assign-not-accumulate", twice, 1.0, 2.0),
    ],
)
def test_the_other_slips(slip, program, wrong, right):
    assert np.array_equal(program(ENGINES[slip]), wrong)
    assert np.array_equal(program(Right), right)
    assert np.array_equal(program(Value), right)
    for other in ENGINES.keys() - {slip}:
        assert np.array_equal(program(ENGINES[other]), right)


def test_the_engine_that_never_zeroes_is_a_program_without_the_call():
    def without(Value):
        w = Value(3.0)
        (w * 2).backward()
        (w * 2).backward()
        return w.grad

    assert two_steps(ENGINES["forgot-zero-grad"]) == without(Right)


def test_the_order_of_the_inputs_matters_to_a_wrong_walk():
    """Nobody knows the order in the tutorials' sets: a wrong walk may even be right."""
    numbers = {
        slip: [two_ways(recorded(ENGINES[slip], turned)) for turned in (False, True)]
        for slip in ("no-topological-sort", "no-visited-set", "level-by-level")
    }
    assert numbers == {
        "no-topological-sort": [10.0, 16.0],
        "no-visited-set": [16.0, 10.0],
        "level-by-level": [2.0, 8.0],
    }


# Which slip it was


@pytest.mark.parametrize(
    ("program", "given", "slips"),
    [
        (two_ways, 10.0, ["no-topological-sort", "no-visited-set"]),
        (two_ways, 16, ["no-topological-sort", "no-visited-set"]),
        (two_ways, 2.0, ["level-by-level"]),
        (two_ways, 6.0, ["assign-not-accumulate"]),
        (two_ways, 8.0, []),
        (two_ways, 7.0, []),
        (two_ways, float("nan"), []),
        (twice, 1.0, ["assign-not-accumulate"]),
        (two_steps, 4.0, ["forgot-zero-grad"]),
        (broadcast, [1.0, 2.0], ["no-unbroadcast"]),  # as a list
        (broadcast, np.array([1.0, 2.0]), ["no-unbroadcast"]),
        (broadcast, 3.0, []),
        (lambda Value: [twice(Value), broadcast(Value)], [1.0, 3.0], ["assign-not-accumulate"]),
        (lambda Value: [twice(Value), broadcast(Value)], [2.0, np.array([1.0, 2.0])], ["no-unbroadcast"]),
        (lambda Value: [twice(Value)], [2.0, 3.0], []),
    ],
)
def test_slips_that_give(program, given, slips):
    assert slips_that_give(program, given) == slips


@pytest.mark.parametrize("slip", ["no-topological-sort", "no-visited-set", "level-by-level", "assign-not-accumulate"])
def test_a_slip_is_found_in_random_programs(slip):
    theirs = type("Theirs", (Tutorial,), {"slip": slip})
    found = 0
    for seed in range(40):
        given = drawn(seed)(theirs)
        slips = slips_that_give(drawn(seed), given)
        is_right = given == pytest.approx(drawn(seed)(Value), rel=1e-9, abs=1e-12)
        assert (slip in slips) != is_right
        found += slip in slips
    assert found > 5


def test_advice():
    """The sentences of a grader."""
    unsorted = (
        "each node passes its gradient on before all of its own has arrived, and again for every user: "
        "sort the nodes first, and visit each once"
    )
    assert advice_on(slips_that_give(two_ways, 10.0)) == [unsorted]
    assert advice_on(slips_that_give(two_ways, 16.0)) == [unsorted]
    assert advice_on(slips_that_give(twice, 1.0)) == [
        "the gradients are set with `=`; where a value is used twice, both parts count: `+=`"
    ]
    assert advice_on(slips_that_give(two_ways, 8.0)) == []
    assert all(". " not in engine.advice and len(engine.advice) > 50 for engine in ENGINES.values())
    assert len({engine.advice for engine in ENGINES.values()}) == len(ENGINES)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("is_array", [False, True])
def test_any_small_graph_has_its_slips_named(seed, is_array):
    """Of every wrong engine whose numbers differ from the right ones."""

    def program(Value):
        rng = random.Random(seed)
        data = [rng.uniform(0.5, 1.5) for _ in range(3)]
        nodes = [Value(np.array([x, x / 2]) if is_array and i else x) for i, x in enumerate(data)]
        steps = [
            lambda a, b: a * b,
            lambda a, b: a + b,
            lambda a, b: a / b,
            lambda a, b: (a - b).tanh(),
            lambda a, b: a**2,
            lambda a, b: (a * 0.1).exp(),
        ]
        leaves = nodes[:]
        for _ in range(6):
            nodes.append(rng.choice(steps)(rng.choice(nodes), rng.choice(nodes)))
        root = nodes[-1] + nodes[-2] + nodes[0]
        root.backward()
        return [x.grad for x in leaves]

    for slip, engine in ENGINES.items():
        given = program(engine)
        slips = slips_that_give(program, given)
        assert slip in slips or all(np.allclose(x, y) for x, y in zip(given, program(Right), strict=True))
        assert bool(advice_on(slips)) == bool(slips)


def test_a_program_that_fails_on_a_wrong_engine_is_no_match():
    def program(Value):
        b = Value(10.0)
        (b * Value([1.0, 2.0])).sum().backward()
        return float(b.grad)

    assert slips_that_give(program, 7.0) == []


# What is recorded


def test_the_steps_of_a_run():
    Engine = recorded(Right)
    a = Engine(3.0)
    b = a + a
    b.backward()
    a.zero_grad()
    assert Engine.steps == [Step(b, a, 1.0, 1.0, 0.0, 1.0), Step(b, a, 1.0, 1.0, 1.0, 2.0), Zeroed(a, 2.0, 0.0)]
    assert recorded(Right).steps == []
    assert Right.steps is None


# Large graphs are refused


def chain(Value, length):
    x = Value(1.0)
    for _ in range(length):
        x = x * 1.0
    x.backward()


@pytest.mark.parametrize("engine", [Right, *ENGINES.values()])
def test_a_large_graph_is_refused(engine):
    chain(engine, MOST_NODES - 1)
    with pytest.raises(GradientError) as error:
        chain(engine, MOST_NODES)
    assert str(error.value) == (
        "backward: the graph has more than 300 nodes; this engine shows a slip on a small graph, take micrograd.Value"
    )


def paths(Value):
    """2^60 paths: doubling, each time by two nodes."""
    a = x = Value(1.0)
    for _ in range(60):
        x = x * 0.5 + x * 0.5
    x.backward()
    return a.grad


@pytest.mark.parametrize("slip", ["no-topological-sort", "no-visited-set"])
def test_a_walk_without_end_is_refused(slip):
    with pytest.raises(GradientError, match=r"^backward: the walk has more than 10000 steps; this engine shows a slip"):
        paths(ENGINES[slip])
    assert paths(Right) == 1.0
    assert slips_that_give(paths, 5.0) == []


def test_a_value_is_not_data():
    with pytest.raises(DataError, match=r"^Right: the data is a Value already; give a plain number$"):
        Right(Value(1.0))


def test_the_repr_shows_the_label():
    assert repr(Right(2.0, label="a")) == "Right(data=2.0, grad=0.0, label='a')"
    assert repr(Right(2.0)) == "Right(data=2.0, grad=0.0)"
