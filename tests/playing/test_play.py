"""What each message does, and what is refused."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd.playing import Play
from micrograd.playing.points import MAKERS, points_of, points_of_csv, some_data
from micrograd.see.graph import checked

pytestmark = pytest.mark.usefixtures("patience")

SMALL = {"layers": [3], "data": {"name": "own", "points": [[0.0, 0.5, 1], [1, -1, -1], [0.25, 0.75, 1]]}}


def ask(play: Play, do: str, **fields: Any) -> dict[str, Any]:
    answer = play.handle({"do": do, **({"grid": 0} if do in WITH_A_STATE else {}), **fields})
    assert answer["ok"], answer["error"]
    return answer


def refused(play: Play, do: str, **fields: Any) -> str:
    """The error; and nothing has changed."""
    before = play.handle({"do": "state"})
    answer = play.handle({"id": 1, "do": do, **fields})
    assert answer["ok"] is False, answer
    assert play.handle({"do": "state"}) == before
    return answer["error"]


WITH_A_STATE = "new state step goto choose add move delete set".split()


@pytest.fixture
def play() -> Play:
    play = Play()
    ask(play, "new", **SMALL)
    return play


def test_the_state(play):
    state = ask(play, "state", grid=3)
    assert (state["step"], state["steps"], state["losses"]) == (0, 0, [state["loss"]])
    assert state["points"] == [[0.0, 0.5, 1], [1.0, -1.0, -1], [0.25, 0.75, 1]]
    assert (state["chosen"], state["score"], state["activations"]) == (-1, None, None)
    assert state["grid"]["n"] == 3
    assert state["grid"]["box"] == [-0.5, 1.5, -1.5, 1.5]
    assert len(state["grid"]["scores"]) == 9
    assert [len(layer["w"]) for layer in state["layers"]] == [3, 1]
    assert state["settings"] == {
        "seed": 1337,
        "layers": [3],
        "activation": "tanh",
        "loss": "max-margin",
        "l2": 1e-4,
        "optimiser": "sgd",
        "rate": 0.1,
        "batch": 0,
        "data": {"name": "own", "points": [[0.0, 0.5, 1], [1.0, -1.0, -1], [0.25, 0.75, 1]]},
        "edits": [],
    }


def test_back_and_on_again(play):
    states = [ask(play, "state"), *(ask(play, "step") for _ in range(6))]
    for k in (3, 0, 6, 5):
        state = ask(play, "goto", step=k)
        assert state["loss"] == states[k]["loss"]
        assert state["layers"] == states[k]["layers"]
        assert (state["step"], state["steps"], len(state["losses"])) == (k, 6, 7)
    ask(play, "goto", step=2)
    state = ask(play, "step")
    assert (state["step"], state["steps"], state["losses"]) == (3, 3, states[3]["losses"])
    assert refused(play, "goto", step=4) == "goto: step 4 is not there yet; give 0 to 3"


def test_a_step_after_going_back_forgets_later_changes(play):
    ask(play, "step", n=2)
    ask(play, "add", x=0.5, y=0.5, label=-1)
    ask(play, "step", n=2)
    state = ask(play, "goto", step=1)
    assert len(state["points"]) == 3
    assert len(state["settings"]["edits"]) == 1  # until a step is taken
    state = ask(play, "step", n=3)
    assert len(state["points"]) == 3
    assert state["settings"]["edits"] == []


def test_points_are_added_moved_and_deleted(play):
    state = ask(play, "add", x=0.5, y=-0.5, label=-1)
    assert (state["points"][3], state["chosen"]) == ([0.5, -0.5, -1], 3)
    state = ask(play, "move", index=3, x=0.25, y=-0.75)
    state = ask(play, "move", index=3, x=0.125, y=-0.75)
    assert state["points"][3] == [0.125, -0.75, -1]
    assert [edit["do"] for edit in state["settings"]["edits"]] == ["add", "move"]  # a drag is one move
    state = ask(play, "delete", index=0)
    assert (len(state["points"]), state["chosen"]) == (3, 2)
    assert ask(play, "choose", index=0)["chosen"] == 0
    assert ask(play, "delete", index=0)["chosen"] == -1
    ask(play, "delete", index=0)
    assert refused(play, "delete", index=0) == (
        "delete: this is the only point, and the loss needs one; add another first"
    )
    assert refused(play, "move", index=1, x=0, y=0) == "move: there is no point 1; give 0 to 0"
    assert refused(play, "choose", index=1) == "choose: there is no point 1; give 0 to 0"


def test_a_chosen_point_that_is_gone_in_an_earlier_step(play):
    ask(play, "step")
    assert ask(play, "add", x=0.5, y=-0.5, label=-1)["chosen"] == 3
    state = ask(play, "goto", step=0)
    assert (state["chosen"], state["activations"]) == (-1, None)


def test_a_point_more_than_there_may_be():
    play = Play()
    ask(play, "new", data={"n": 200}, layers=[2])
    error = refused(play, "add", x=0, y=0, label=1)
    assert error == "add: there are 200 points, and no more are taken; delete one first"


def test_a_parameter_is_set(play):
    state = ask(play, "set", path="layers.0.neurons.2.w.1", value=2)
    assert state["layers"][0]["w"][2][1] == 2.0
    assert refused(play, "set", path="layers.7", value=2) == (
        "path: there is no parameter 'layers.7'; write one as layers.0.neurons.1.w.0"
    )


def test_the_rate_is_changed_on_the_way(play):
    first = ask(play, "step")["rate"]
    state = ask(play, "step", rate=0.5)
    assert (first, state["rate"], state["settings"]["rate"]) == (0.1, 0.5, 0.1)
    assert state["settings"]["edits"] == [{"at": 1, "do": "rate", "rate": 0.5}]
    assert ask(play, "step", rate=0.5)["settings"]["edits"] == state["settings"]["edits"]


def test_edits_that_lie_ahead_are_done_when_their_step_comes(play):
    edits = [{"at": 2, "do": "delete", "index": 0}, {"at": 4, "do": "rate", "rate": 1.0}]
    ask(play, "new", **SMALL, edits=edits)
    assert [len(ask(play, "step")["points"]) for _ in range(3)] == [3, 2, 2]
    assert ask(play, "step")["rate"] == 1.0
    ask(play, "goto", step=0)
    assert ask(play, "step", n=2)["settings"]["edits"] == []  # they were behind, and are forgotten


def test_a_batch_moves_by_some_of_the_points():
    play = Play()
    whole = ask(play, "new", **SMALL)
    batch = ask(play, "new", **SMALL, batch=1)
    assert whole["loss"] == batch["loss"]  # it is shown for all points
    assert ask(play, "step")["loss"] != Play().handle({"do": "step"})["loss"]
    again = Play()
    ask(again, "new", **SMALL, batch=1)
    assert ask(again, "step", n=1)["losses"] == ask(play, "state")["losses"]


def test_numbers_that_run_away(play):
    ask(play, "new", **SMALL, loss="squares", activation="relu", rate=1000.0)
    state = ask(play, "step", n=100)
    assert state["step"] < 100
    assert state["loss"] in ("inf", "nan")
    assert state["layers"][0]["gw"] is None
    json.dumps(state, allow_nan=False)
    assert refused(play, "step").startswith(
        f"step: the loss is {state['loss']}, and has no gradients; go back some steps"
    )
    assert refused(play, "graph", index=0) == f"graph: the loss is {state['loss']}; go back some steps first"
    ask(play, "goto", step=0)
    assert ask(play, "step", rate=0.01)["step"] == 1


def test_a_run_has_an_end():
    play = Play()
    ask(play, "new", layers=[1], data={"n": 1})
    assert ask(play, "step", n=2000)["steps"] == 2000
    assert refused(play, "step") == "step: a run has at most 2,000 steps; start again, or go back"


def test_the_changes_of_a_run_have_an_end():
    play = Play()
    edits = [{"at": 0, "do": "set", "path": "layers.0.neurons.0.b", "value": k} for k in range(1000)]
    ask(play, "new", layers=[1], data={"n": 1}, edits=edits)
    assert refused(play, "add", x=0, y=0, label=1) == "add: a run has at most 1,000 changes; start again from here"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"seed": -1}, "new: seed is -1; give a whole number from 0 to 4294967295"),
        ({"layers": []}, "new: layers has 0 items; give 1 to 4"),
        ({"layers": [8, 17]}, "new: layers[1] is 17; give a whole number from 1 to 16"),
        ({"layers": 8}, "new: layers is 8; give a list"),
        ({"activation": "sin"}, "new: activation is 'sin'; choose from tanh, relu"),
        ({"loss": 1}, "new: loss is 1; choose from max-margin, squares, logistic"),
        ({"optimiser": "lbfgs"}, "new: optimiser is 'lbfgs'; choose from sgd, momentum, adam"),
        ({"rate": "fast"}, "new: rate is 'fast'; give a number from 0 to 1,000, or 'decay'"),
        ({"batch": 1.5}, "new: batch is 1.5; give a whole number from 0 to 200"),
        ({"l2": math.nan}, "new: l2 is nan; give a number from 0 to 1"),
        ({"size": 3}, "new: there is no field 'size'; it has seed, layers, activation, loss, l2, optimiser, rate, "
                      "batch, data, edits, grid"),
        ({"data": {"name": "stars"}}, "new: data: name is 'stars'; choose from moons, circles, spiral, xor, own"),
        ({"data": {"name": "own"}}, "new: data: your own points are missing, or given twice; give points or csv"),
        ({"data": {"name": "moons", "csv": ""}}, "new: data: csv is for your own points; write name: 'own'"),
        ({"data": {"points": [[0, 0, 1]], "n": 3}}, "new: data: your own points have no n; leave it out"),
        ({"data": {"points": [[0, 0]]}}, "new: data: points[0] is not a point; give [x, y, label], as [0.5, -1, 1]"),
        ({"data": {"points": [[0, 0, 2]]}}, "new: data: label of points[0] is 2; choose from -1, 1"),
        ({"data": {"points": [[0, 999, 1]]}}, "new: data: y of points[0] is 999; give a number from -100 to 100"),
        ({"edits": [{"at": 1}]}, "new: edits[0] is {'at': 1}; give a change, as {'at': 3, 'do': 'delete', 'index': 0}"),
        ({"edits": [{"at": 1, "do": "delete"}]}, "new: edits[0]: the field index is missing; give at, do, index"),
        ({"edits": [{"at": 2, "do": "rate", "rate": 1}, {"at": 1, "do": "rate", "rate": 1}]},
         "new: edits: they are not in the order of their steps, at; sort them"),
        ({"edits": [{"at": 0, "do": "delete", "index": 99}]}, "delete: there is no point 99; give 0 to 39"),
    ],
)  # fmt: skip
def test_settings_that_are_refused(settings, error):
    assert refused(Play(), "new", **settings) == error


@pytest.mark.parametrize(
    ("do", "fields", "error"),
    [
        ("step", {"n": 0}, "step: n is 0; give a whole number from 1 to 2000"),
        ("step", {"m": 1}, "step: there is no field 'm'; it has n, rate, grid"),
        ("goto", {}, "goto: the field step is missing; give step"),
        ("add", {"x": 0, "y": 0}, "add: the field label is missing; give x, y, label"),
        ("state", {"grid": 65}, "state: grid is 65; give a whole number from 0 to 64"),
        ("slice", {"path": "w"}, "path: there is no parameter 'w'; write one as layers.0.neurons.1.w.0"),
        ("slice", {"path": "layers.0.neurons.0.b", "lo": 1, "hi": 1}, "slice: lo is 1 and hi is 1; give a lo below hi"),
        ("graph", {"index": 40}, "graph: there is no point 40; give 0 to 39"),
        ("python", {"n": 1}, "python: there is no field 'n'; it has no fields"),
        ("run", {"code": "x" * 50_001}, "run: code has 50,001 characters, and may have 50,000; shorten it"),
        ("run", {"code": ""}, "run: programs are not run here; start `micrograd play`"),
        ("grade", {"code": ""}, "grade: programs are not run here; start `micrograd play`"),
        ("secant", {"expression": "x", "values": {"x": 1}, "h": [0]},
         "secant: h[0] is 0, and a secant needs two points; give another h"),
        ("derive", {"expression": "x", "values": {"x y": 1}},
         "derive: values: 'x y' is not a name; write letters and digits, as x1"),
        ("derive", {"expression": "x", "values": {}}, "values: x has no value; give one, as x: 2"),
        ("derive", {"expression": "3", "values": {}}, "expression: it has no variable; write one, as x**2"),
        ("derive", {"expression": "x*y", "values": {"x": 1, "y": 1}},
         "of: it is missing; name one variable of the expression: x, y"),
        ("derive", {"expression": "x*y", "values": {"x": 1, "y": 1}, "of": "z"},
         "of: 'z' is not a variable of the expression; it has x, y"),
        ("derive", {"expression": "x[0]", "values": {"x": 1}},
         "expression: 'x[0]': elements are not taken by [ ]; give each number a name of its own"),
        ("derive", {"expression": "[x, x]", "values": {"x": 1}},
         "expression: its result has shape (2,); a curve needs one number: sum(...)"),
    ],
)  # fmt: skip
def test_requests_that_are_refused(do, fields, error):
    assert refused(Play(), do, **fields) == error


def test_the_graph_of_a_point(play):
    graph = checked(ask(play, "graph", index=1)["graph"])
    assert graph["title"] == "The loss of point 1"
    labels = set(graph["nodes"]["label"].values())
    assert {"x", "y", "loss", "layers.0.neurons.0.w.0"} <= labels
    root = graph["nodes"]["data"][graph["root"]]
    score = ask(play, "choose", index=1)["score"]
    assert root == max(1 + score, 0.0)


def test_a_parameter_is_explained(play):
    text = ask(play, "explain", path="layers.1.neurons.0.b")["text"]
    slope = ask(play, "state")["layers"][1]["gb"][0]
    assert text.startswith(f"dloss/db = {slope:.4g}")
    assert text.endswith("the same.")
    large = Play()
    ask(large, "new", layers=[16, 16], data={"n": 100})
    assert refused(large, "explain", path="layers.0.neurons.0.b").startswith(
        "explain: 100 points times 337 parameters are 33,700, and at most 10,000 are explained;"
    )


def test_a_derivative_as_a_curve():
    answer = ask(Play(), "derive", expression="a * x**2 + 1", values={"x": 3, "a": 2}, of="x", lo=0, hi=4, n=5)
    assert (answer["value"], answer["gradients"]) == (19.0, {"a": 9.0, "x": 12.0})
    assert answer["xs"] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert answer["ys"] == [1.0, 3.0, 9.0, 19.0, 33.0]
    assert answer["slopes"] == [0.0, 4.0, 8.0, 12.0, 16.0]
    assert answer["rule"] == "2.0 * a * x"
    assert "x      data 3    grad 12" in answer["tree"]


def test_a_curve_with_holes():
    answer = ask(Play(), "derive", expression="log(x)", values={"x": 1}, lo=-1, hi=1, n=3)
    assert answer["ys"] == ["nan", "-inf", 0.0]
    assert answer["slopes"][2] == 1.0
    answer = ask(Play(), "derive", expression="1/x", values={"x": 1}, lo=-1, hi=1, n=3)
    assert answer["ys"][::2] == [-1.0, 1.0]
    json.dumps(answer, allow_nan=False)


def test_the_secants_of_text_001():
    """3x^2 - 4x + 5 at 3: the slope is 14; a very small h is worse than a small one."""
    answer = ask(Play(), "secant", expression="3*x**2 - 4*x + 5", values={"x": 3}, h=[0.1, 0.001, 1e-8, 1e-14])
    assert answer["slope"] == 14.0
    hs, slopes, errors = zip(*answer["rows"], strict=True)
    assert hs == (0.1, 0.001, 1e-8, 1e-14)
    f = lambda x: 3 * x**2 - 4 * x + 5  # noqa: E731
    assert slopes == pytest.approx([(f(3 + h) - f(3)) / h for h in hs], rel=0.3)
    assert errors[2] < errors[1] < errors[0]
    assert errors[3] > errors[2]


def test_an_expression_that_takes_too_long(monkeypatch):
    monkeypatch.setattr("micrograd.playing.curves.MOST_SECONDS", -1.0)
    assert refused(Play(), "derive", expression="x", values={"x": 1}) == (
        "expression: it takes too long to compute so often; write a shorter one"
    )


def test_programs_go_where_they_are_run():
    play = Play(run=lambda code: {"printed": code}, grade=lambda code, upto: {"report": f"{code} to {upto}"})
    assert ask(play, "run", code="abc")["printed"] == "abc"
    assert ask(play, "grade", code="abc", upto="order")["report"] == "abc to order"
    assert ask(play, "grade", code="abc")["report"] == "abc to None"


def test_a_bug_is_an_answer(monkeypatch):
    play = Play(run=lambda code: 1 / 0)
    assert refused(play, "run", code="") == "this is a bug of micrograd: ZeroDivisionError: division by zero"


# Points


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("n", [1, 2, 3, 40, 199, 200])
def test_points_by_name(name, n):
    data = some_data("data", {"name": name, "n": n})
    points = points_of(data)
    assert len(points) == n
    assert points == points_of(data)
    assert abs(sum(point.label for point in points)) <= (n % 4 if name == "xor" else n % 2) or n < 4
    assert all(abs(x) < 4 and abs(y) < 4 for x, y, _ in points)
    if n == 40:
        assert points != points_of({**data, "seed": 1})
        assert {label for _, _, label in points_of({**data, "noise": 0.0})} == {-1, 1}


def test_points_without_noise_lie_where_they_should():
    for x, y, label in points_of(some_data("data", {"name": "circles", "noise": 0})):
        assert math.hypot(x, y) == pytest.approx(1.0 if label == -1 else 0.5)
    for x, y, label in points_of(some_data("data", {"name": "xor", "noise": 0})):
        assert label == math.copysign(1, x * y)
    for x, y, label in points_of(some_data("data", {"name": "moons", "noise": 0})):
        assert math.hypot(x - (label == 1), y - 0.5 * (label == 1)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("0.5,1,-1\n2,3,1", [(0.5, 1.0, -1), (2.0, 3.0, 1)]),
        ("x,y,label\n0.5,1,0\n2,3,1\n", [(0.5, 1.0, -1), (2.0, 3.0, 1)]),
        ("\ufeffx;y;kind\r\n0,5;1;dog\r\n\r\n2;3;cat\r\n", [(0.5, 1.0, 1), (2.0, 3.0, -1)]),
        ("1\t2\t10\n3\t4\t9", [(1.0, 2.0, 1), (3.0, 4.0, -1)]),
        (' "1" , "2" , "a"\n3,4,b', [(1.0, 2.0, -1), (3.0, 4.0, 1)]),
        ("1,2,1", [(1.0, 2.0, 1)]),
        ("1,2,a", [(1.0, 2.0, -1)]),
        ("1,2,+1\n3,4,-1", [(1.0, 2.0, 1), (3.0, 4.0, -1)]),
    ],
)
def test_points_of_csv(text, points):
    assert points_of_csv(text) == points


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "csv: it holds no points; give a line for each: x,y,label"),
        ("x,y,label\n", "csv: it holds no points; give a line for each: x,y,label"),
        ("1,2,1\n3,4", "csv: line 2 has 2 cells; give three: x,y,label"),
        ("1,2,1\n\nx,4,1", "csv: line 3: 'x' is not a number from -100 to 100"),
        ("1,nan,1", "csv: line 1: 'nan' is not a number from -100 to 100"),
        ("1,1e9,1", "csv: line 1: '1e9' is not a number from -100 to 100"),
        ("1,2,a\n1,2,b\n1,2,c", "csv: there are 3 labels, a, b, c; give two of them"),
        ("1,2,1\n" * 201, "csv: it has 201 points, and at most 200 are taken; leave some out"),
        ("x" * 20_001, "data: csv has 20,001 characters, and may have 20,000; shorten it"),
    ],
)
def test_csv_that_is_refused(text, error):
    assert refused(Play(), "new", data={"csv": text}) == f"new: {error}"


# Where it runs


def test_it_needs_no_numpy():
    """As in Pyodide: each message is answered where NumPy is not installed."""
    code = """
import sys
class NoNumPy:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")
sys.meta_path.insert(0, NoNumPy())
from micrograd.playing import Play
play = Play()
for optimiser, loss, activation in [("sgd", "max-margin", "tanh"), ("momentum", "squares", "relu"),
                                    ("adam", "logistic", "tanh")]:
    for do, fields in [("new", {"optimiser": optimiser, "loss": loss, "activation": activation}), ("step", {"n": 3}),
                       ("add", {"x": 0, "y": 1, "label": 1}), ("graph", {"index": 2}), ("python", {}), ("state", {}),
                       ("explain", {"path": "layers.0.neurons.0.b"}), ("slice", {"path": "layers.0.neurons.0.b"}),
                       ("derive", {"expression": "x**2*sin(x)", "values": {"x": 2}}),
                       ("secant", {"expression": "log(x)", "values": {"x": 2}, "h": [0.1]}),
                       ("new", {"rate": 1000.0, "loss": loss, "activation": "relu"}), ("step", {"n": 50})]:
        answer = play.handle({"id": 1, "do": do, **fields})
        assert answer["ok"], (do, answer)
print("done", play.handle({"id": 1, "do": "derive", "expression": "sum([x, x])", "values": {"x": 2}})["error"])
"""
    root = str(Path(__file__).parents[2])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": root})
    assert run.stderr == ""
    assert run.stdout == "done expression: 'sum([x, x])' cannot be computed: No module named 'numpy'\n"
