"""Boxes of a folded picture, on random graphs: every value is in one box, and an arrow
stands for each use.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from micrograd import Value, draw_dot, scopes
from micrograd.nn import MLP, Module
from micrograd.see.boxes import LEVELS, Boxes, fitting
from micrograd.see.groups import Groups
from micrograd.see.listed import Listed


def random_graph(seed):
    """A random expression, in which networks may be called on what is there."""
    numbers = random.Random(seed)
    random.seed(seed)
    model = MLP(2, [3, 1], activation=numbers.choice(["tanh", "relu"]))
    values = [Value(numbers.uniform(-1, 1), label=numbers.choice(["", "x"])) for _ in range(4)]
    for _ in range(numbers.randrange(5, 60)):
        x, y = numbers.choice(values), numbers.choice(values)
        made = numbers.choice(
            [
                lambda x, y: x + y,
                lambda x, y: x * y,
                lambda x, y: x * 0.5 + 1,
                lambda x, y: x.tanh(),
                lambda x, y: model([x, y]),
                lambda x, y: model([0.5, y]),
                lambda x, y: sum(p * p for p in model.parameters()) + x,
                lambda x, y: sum([x, y, x, y, x, y]),
                lambda x, y: x.detach() * y,
            ]
        )
        values.append(made(x, y))
    return sum(values), model


@pytest.mark.parametrize("with_model", [True, False], ids=["given", "guessed"])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("seed", range(8))
def test_every_value_is_in_one_box(seed, level, with_model):
    root, model = random_graph(seed)
    graph = Listed(root)
    groups = Groups(graph, model if with_model else None)
    boxes = Boxes(graph, groups, level)
    counts = Counter(i for box in boxes.boxes for i in box.nodes)
    hidden = {i for i in range(len(graph)) if i not in counts}
    assert set(counts.values()) == {1}
    kinds = {groups.groups[groups.of[i]].kind for i in hidden}
    assert kinds <= {"parameters"}  # where the boxes say how many they use
    assert boxes.boxes[-1].nodes[-1] == len(graph) - 1
    of = {i: k for k, box in enumerate(boxes.boxes) for i in box.nodes}
    uses = {(of[j], of[i]) for i, js in enumerate(graph.inputs) for j in js if j in of and of[i] != of[j]}
    assert {(j, k) for k, inputs in enumerate(boxes.inputs) for j in inputs} == uses
    assert all(len(set(inputs)) == len(inputs) for inputs in boxes.inputs)


@pytest.mark.parametrize("most", [2, 3, 7, 30])
@pytest.mark.parametrize("start", ["value", "module", "sample"])
@pytest.mark.parametrize("seed", range(4))
def test_no_more_boxes_than_asked_for(seed, start, most):
    root, model = random_graph(seed)
    graph = Listed(root)
    boxes = fitting(graph, Groups(graph, model), start, most)
    assert len(boxes) <= most
    assert boxes.boxes[-1].nodes[-1] == len(graph) - 1


@pytest.mark.parametrize("seed", range(8))
def test_groups_are_nested_and_used(seed):
    root, model = random_graph(seed)
    graph = Listed(root)
    groups = Groups(graph, model)
    assert all(group.parent < k for k, group in enumerate(groups.groups))
    used = {k for i in range(len(graph)) for k in groups.path(i)}
    assert used == set(range(len(groups.groups)))
    parents = {groups.groups[g.parent].kind for g in groups.groups if g.kind == "sample"}
    assert parents <= {"samples"}


@pytest.mark.parametrize("seed", range(4))
def test_random_pictures_are_drawn(seed):
    pytest.importorskip("pygraphviz")
    root, model = random_graph(seed)
    for options in ({}, {"fold": "module"}, {"max_nodes": 9, "grad": True, "color": "grad"}):
        assert draw_dot(root, model=model, **options).pipe().startswith(b"<?xml")
        options.pop("color", None)
        assert "above" in str(draw_dot(root, format="text", model=model, **options)) or len(Listed(root)) < 20


class Pair(Module):
    def __init__(self, make):
        self.first, self.second = make(), make()

    def __call__(self, x):
        return self.second(self.first(x))


@pytest.mark.parametrize(("most", "boxes"), [(None, 17), (17, 17), (16, 9), (8, 6), (5, 4), (2, 2)])
def test_nested_modules_close_level_by_level(most, boxes):
    """Four boxes or fewer have a box of all parameters beside them."""
    model = Pair(lambda: Pair(lambda: MLP(2, [2, 2])))
    with scopes():
        x, y = model([1.0, 2.0])
    graph = Listed(x + y)
    assert len(fitting(graph, Groups(graph, model), "module", most)) == boxes
