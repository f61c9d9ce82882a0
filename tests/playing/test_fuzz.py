"""Requests of every kind, right, wrong and random: each has an answer, within a second,
and nothing grows without bound.
"""

from __future__ import annotations

import json
import math
import random
import sys
from typing import Any

import pytest

from micrograd.playing import Play
from micrograd.playing.play import REQUESTS

LIKELY: list[Any] = [
    *(0, 1, -1, 2, 3.0, 0.5, 40, 200, 1e-9, 1e300, -1e300, 2**63, -(2**70), 10**400, math.nan, math.inf, -math.inf),
    *(True, False, None, "", "x", "decay", "moons", "own", "tanh", "relu", "squares", "adam", "x**2", "sin(x)*y"),
    *("layers.0.neurons.1.w.0", "layers.2.neurons.0.b", "layers.9", "\ud800", "<script>", "x" * 500, "1/0", "(" * 300),
    *([], {}, [0], [8, 8], [[0.1, 0.2, 1]], [[0.1, 0.2, 3]], [1] * 300, {"x": 1}, {"x": "y"}, {"name": "xor"}),
    {"csv": "1,2,a\n3,4,b"},
    {"name": "own", "points": [[0, 0, 1], [1, 1, -1]]},
    [{"at": 0, "do": "delete", "index": 0}],
    [{"at": 2, "do": "set", "path": "layers.0.neurons.0.b", "value": 1}],
]


def something(generator: random.Random, depth: int = 0) -> Any:
    if depth < 3 and generator.random() < 0.15:
        return [something(generator, depth + 1) for _ in range(generator.randrange(4))]
    if depth < 3 and generator.random() < 0.15:
        names = ["x", "y", "at", "do", "index", "points", "name", "n", "csv", "noise"]
        return {generator.choice(names): something(generator, depth + 1) for _ in range(generator.randrange(4))}
    if generator.random() < 0.3:
        return generator.choice(
            [generator.randrange(-3, 50), generator.gauss(0, 10), 10.0 ** generator.randrange(-320, 308)]
        )
    return generator.choice(LIKELY)


def request(generator: random.Random) -> Any:
    if generator.random() < 0.03:
        return something(generator)
    do = generator.choice([*REQUESTS, *("step", "add", "set", "move")])
    fields, required = REQUESTS[do]
    names = [name for name in fields if name in required or generator.random() < 0.4]
    if generator.random() < 0.05:
        names.append("other")
    if names and generator.random() < 0.05:
        names.remove(generator.choice(names))
    return {"id": something(generator), "do": do, **{name: likely(generator, name) for name in names}}


def likely(generator: random.Random, name: str) -> Any:
    """What the field may be, two times in three, so that much is answered."""
    if generator.random() < 0.33:
        return something(generator)
    return {
        "x": generator.uniform(-2, 2),
        "y": generator.uniform(-2, 2),
        "label": generator.choice([-1, 1]),
        "index": generator.randrange(40),
        "path": generator.choice(["layers.0.neurons.1.w.0", "layers.1.neurons.0.b"]),
        "value": generator.gauss(0, 10.0 ** generator.randrange(-3, 6)),
        "grid": generator.choice([0, 5]),
        "n": generator.randrange(2, 40),
        "rate": generator.choice([0.1, 5.0, 1000.0, "decay"]),
        "step": generator.randrange(60),
        "layers": generator.choice([[1], [2, 3], [16, 16, 16, 16]]),
        "expression": generator.choice(
            ["x**2 * sin(x)", "log(x)", "x*y", "1/x", "exp(exp(x))", "x**0.5", "5", "a=x;a*a"]
        ),
        "values": {"x": generator.gauss(0, 3)},
        "of": "x",
        "h": [0.1, 1e-8],
        "code": "print(1)",
    }.get(name, something(generator))


@pytest.mark.parametrize("seed", range(6))
def test_random_requests(seed):
    generator = random.Random(seed)
    play = Play(run=lambda code: {"printed": code}, grade=lambda code, upto: {"report": code})
    answered = 0
    for _ in range(150):
        given = request(generator)
        answer = play.handle(given)
        text = json.dumps(answer, allow_nan=False)
        assert len(text) < 1_000_000
        if answer["ok"]:
            answered += 1
        else:
            assert "bug" not in answer["error"], (given, answer["error"])
            assert answer["error"].count("\n") < 3
            assert len(answer["error"]) < 700
        state = play.handle({"id": 1, "do": "state", "grid": 0})
        assert state["ok"], (given, state["error"])
        assert len(state["losses"]) == state["steps"] + 1 <= 2001
        assert 1 <= len(state["points"]) <= 200
        assert -1 <= state["chosen"] < len(state["points"])
    assert answered > 20


@pytest.mark.parametrize(
    "given", [None, 3, "text", [], {}, {"do": None}, {"do": ["step"]}, {"do": {}}, {"id": 1}, [{}]]
)
def test_what_is_no_request(given):
    answer = Play().handle(given)
    assert answer["ok"] is False
    assert "bug" not in answer["error"]


def test_a_request_that_is_very_deep():
    deep: Any = []
    for _ in range(sys.getrecursionlimit() * 3):
        deep = [deep]
    for given in (deep, {"do": deep}, {"id": deep, "do": "state"}, {"do": "add", "x": deep, "y": 0, "label": 1}):
        assert "bug" not in Play().handle(given).get("error", "")


@pytest.mark.parametrize(
    ("name", "same"),
    [
        (1, 1),
        (2.5, 2.5),
        ("a", "a"),
        (None, None),
        (True, None),
        ([], None),
        ("x" * 99, None),
        (10**30, None),
        (math.nan, None),
    ],
)
def test_the_id_comes_back(name, same):
    assert Play().handle({"id": name, "do": "state", "grid": 0})["id"] == same


def test_the_largest_page_answers_between_its_steps():
    """Each limit reached at once: the steps of a message end with its time."""
    points = [[math.cos(i), math.sin(2 * i), 1 - 2 * (i % 2)] for i in range(113)]
    play = Play()
    for do, fields in [
        ("new", {"layers": [16, 16, 16, 16], "data": {"name": "own", "points": points}, "grid": 64}),
        ("step", {"n": 2000, "grid": 64}),
        ("slice", {"path": "layers.0.neurons.0.w.0", "n": 101}),
        ("graph", {"index": 0}),
    ]:
        answer = play.handle({"id": 1, "do": do, **fields})
        assert answer["ok"], answer["error"]
    assert play.handle({"id": 1, "do": "state"})["step"] < 2000  # it stopped in between
    refused = play.handle({"id": 1, "do": "add", "x": 0, "y": 0, "label": 1})
    assert refused["error"] == (
        "layers: 881 parameters are too many for 114 points, as a step takes too long; "
        "give at most 113 points, or fewer neurons"
    )
