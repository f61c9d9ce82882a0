"""`Play`: the live page without a page. A request goes in, an answer comes out.

Both are plain JSON. docs/play.md lists them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from micrograd.engine import Value
from micrograd.errors import ArgumentError, MicrogradError
from micrograd.playing.curves import LONGEST, curve_of, secants_of, spread
from micrograd.playing.points import MOST
from micrograd.playing.program import program_of
from micrograd.playing.requests import Check, a_list, a_number, a_text, a_whole, fields_of, is_number, shown
from micrograd.playing.run import MOST_STEPS, Run
from micrograd.playing.settings import EDITS, SETTINGS, a_path, a_rate, settings_of
from micrograd.see.explanations import explain
from micrograd.see.graph import data, for_json
from micrograd.spelling import is_name

MOST_SECONDS = 0.4  # of computing in one message; then it answers with the steps that were taken
MOST_EXPLAINED = 10_000  # points times parameters
LONGEST_CODE = 50_000  # characters
DIGITS = 2**53  # a larger whole number is not exact in JavaScript

a_grid = a_whole(0, 64)
an_index = a_whole(0, MOST - 1)
a_value = a_number(-1e6, 1e6)


def _values(name: str, given: Any) -> dict[str, float]:
    if not isinstance(given, dict) or len(given) > 20:
        raise ArgumentError(f"{name} is {shown(given)}; give a number for each name, as {{'x': 2}}")
    for key in given:
        if not isinstance(key, str) or not is_name(key):
            raise ArgumentError(f"{name}: {shown(key)} is not a name; write letters and digits, as x1")
    return {key: a_value(f"{name}: {key[:20]}", item) for key, item in given.items()}


def _step(name: str, given: Any) -> float:
    h: float = a_number(-1e6, 1e6)(name, given)
    if h == 0.0:
        raise ArgumentError(f"{name} is 0, and a secant needs two points; give another h")
    return h


EXPRESSION: dict[str, Check] = {"expression": a_text(LONGEST), "values": _values, "of": a_text(40)}
Function = Callable[..., dict[str, Any]]

CODE: dict[str, Check] = {"code": a_text(LONGEST_CODE)}
# For each word the fields of its request, and those that must be there.
REQUESTS: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    "new": ({**SETTINGS, "grid": a_grid}, ()),
    "state": ({"grid": a_grid}, ()),
    "step": ({"n": a_whole(1, MOST_STEPS), "rate": a_rate, "grid": a_grid}, ()),
    "goto": ({"step": a_whole(0, MOST_STEPS), "grid": a_grid}, ("step",)),
    "choose": ({"index": a_whole(-1, MOST - 1), "grid": a_grid}, ("index",)),
    **{do: ({**fields, "grid": a_grid}, tuple(fields)) for do, fields in EDITS.items() if do != "rate"},
    "slice": ({"path": a_path, "lo": a_value, "hi": a_value, "n": a_whole(2, 101)}, ("path",)),
    "graph": ({"index": an_index}, ("index",)),
    "explain": ({"path": a_path}, ("path",)),
    "python": ({}, ()),
    "derive": ({**EXPRESSION, "lo": a_value, "hi": a_value, "n": a_whole(2, 401)}, ("expression", "values")),
    "secant": ({**EXPRESSION, "h": a_list(_step, 60, least=1)}, ("expression", "values", "h")),
    "run": (CODE, ("code",)),
    "grade": ({**CODE, "upto": a_text(40)}, ("code",)),
}


class Play:
    """A network that learns points in the plane, and answers requests about it.

    Args:
        run: runs a program of the reader: takes its text, and gives the answer to
            `run`. Without it, programs are refused.
        grade: takes the text of an engine and `upto`, and gives the answer to `grade`.

    >>> play = Play()
    >>> play.handle({"id": 1, "do": "step", "grid": 0})["step"]
    1
    >>> play.handle({"id": 2, "do": "jump"})["error"]
    "there is no 'jump'; do is one of new, state, step, goto, choose, add, move, delete,
    set, slice, graph, explain, python, derive, secant, run, grade"
    """

    def __init__(self, run: Function | None = None, grade: Function | None = None) -> None:
        self._apart = {"run": run, "grade": grade}
        self._start({})

    def handle(self, request: Any) -> dict[str, Any]:
        """Answer a request. It raises nothing: an answer that is not ok says why.

        Args:
            request: {"id": a number or a short text, "do": a word, and its fields}.

        Returns:
            {"id": the same, "ok": true, and what was asked for}, or {"id": the same,
            "ok": false, "error": text}.
        """
        name = _id_of(request)
        try:
            return {"id": name, "ok": True, **self._answer(request)}
        except MicrogradError as error:
            return {"id": name, "ok": False, "error": str(error)}
        except Exception as error:  # a bug of ours must not end the page
            return {"id": name, "ok": False, "error": f"this is a bug of micrograd: {type(error).__name__}: {error}"}

    def _answer(self, request: Any) -> dict[str, Any]:
        if not isinstance(request, dict):
            raise ArgumentError(f"the request is {shown(request)}; give an object, as {{'id': 1, 'do': 'state'}}")
        do = request.get("do")
        if "do" not in request:
            raise ArgumentError(f"the field do is missing; it is one of {', '.join(REQUESTS)}")
        if not isinstance(do, str) or do not in REQUESTS:
            raise ArgumentError(f"there is no {shown(do)}; do is one of {', '.join(REQUESTS)}")
        known, required = REQUESTS[do]
        asked = fields_of(do, {key: item for key, item in request.items() if key not in ("id", "do")}, known, required)
        answer: dict[str, Any] = ANSWERS[do](self, asked)
        return answer

    # The state, and what changes it

    def _start(self, asked: dict[str, Any]) -> None:
        settings = settings_of({key: item for key, item in asked.items() if key in SETTINGS})
        self._run = Run(settings)
        self._chosen = -1

    def _new(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._start(asked)
        return self._state(asked)

    def _step(self, asked: dict[str, Any]) -> dict[str, Any]:
        run = self._run
        if "rate" in asked and asked["rate"] != run.now.rate:
            run.edit({"do": "rate", "rate": asked["rate"]})
        until = time.process_time() + MOST_SECONDS
        for done in range(asked.get("n", 1)):
            if done and (time.process_time() > until or run.now.measured.slopes is None or run.at >= MOST_STEPS):
                break
            run.advance()
        return self._state(asked)

    def _goto(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._run.go(asked["step"])
        return self._state(asked)

    def _choose(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["index"] >= 0:
            self._check_index("choose", asked["index"])
        self._chosen = asked["index"]
        return self._state(asked)

    def _add(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._edit("add", asked)
        self._chosen = len(self._run.now.points) - 1
        return self._state(asked)

    def _move(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._edit("move", asked)
        return self._state(asked)

    def _delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._edit("delete", asked)
        if self._chosen == asked["index"]:
            self._chosen = -1
        elif self._chosen > asked["index"]:
            self._chosen -= 1
        return self._state(asked)

    def _set(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._edit("set", asked)
        return self._state(asked)

    def _edit(self, do: str, asked: dict[str, Any]) -> None:
        self._run.edit({"do": do, **{name: asked[name] for name in EDITS[do]}})

    def _check_index(self, do: str, index: int) -> None:
        if index >= (count := len(self._run.now.points)):
            raise ArgumentError(f"{do}: there is no point {index}; give 0 to {count - 1}")

    def _state(self, asked: dict[str, Any]) -> dict[str, Any]:
        run, now = self._run, self._run.now
        network, measured = run.network, now.measured
        chosen = self._chosen if self._chosen < len(now.points) else -1
        layers = network.layers_of(now.numbers)
        slopes = None if measured.slopes is None else network.layers_of(measured.slopes)
        right = sum((score > 0) == (point.label > 0) for score, point in zip(measured.scores, now.points, strict=True))
        state = {
            "step": run.at,
            "steps": len(run.moments) - 1,
            "loss": for_json(measured.loss),
            "losses": [for_json(moment.measured.loss) for moment in run.moments],
            "accuracy": right / len(now.points),
            "settings": {**run.settings, "edits": run.edits},
            "rate": now.rate,
            "points": [list(point) for point in now.points],
            "chosen": chosen,
            "score": None,
            "activations": None,
            "layers": [
                {
                    "w": [list(map(for_json, w)) for w, _ in layer],
                    "b": [for_json(b) for _, b in layer],
                    "gw": None if slopes is None else [list(map(for_json, w)) for w, _ in slopes[i]],
                    "gb": None if slopes is None else [for_json(b) for _, b in slopes[i]],
                }
                for i, layer in enumerate(layers)
            ],
            "grid": self._grid(asked.get("grid", 28)),
        }
        if chosen >= 0:
            point = now.points[chosen]
            found = network.activations_at(now.numbers, [point.x], [point.y])
            state["activations"] = [[for_json(column[0]) for column in layer] for layer in found]
            state["score"] = for_json(found[-1][0][0])
        return state

    def _grid(self, n: int) -> dict[str, Any] | None:
        """The scores of n * n places around the points, row by row from below."""
        if n < 2:
            return None
        now = self._run.now
        box = [*_around([p.x for p in now.points]), *_around([p.y for p in now.points])]
        columns, rows = spread(box[0], box[1], n), spread(box[2], box[3], n)
        scores = self._run.network.scores_at(now.numbers, columns * n, [y for y in rows for _ in range(n)])
        return {"n": n, "box": box, "scores": list(map(for_json, scores))}

    # Views of it

    def _slice(self, asked: dict[str, Any]) -> dict[str, Any]:
        run, now = self._run, self._run.now
        i = run.network.place(asked["path"])
        value = now.numbers[i]
        lo, hi, n = asked.get("lo", value - 2.0), asked.get("hi", value + 2.0), asked.get("n", 41)
        if not lo < hi:
            raise ArgumentError(f"slice: lo is {lo:g} and hi is {hi:g}; give a lo below hi")
        xs = spread(lo, hi, n)
        losses = [run.network.loss_at((*now.numbers[:i], x, *now.numbers[i + 1 :]), now.points) for x in xs]
        slopes = now.measured.slopes
        return {
            "path": asked["path"],
            "value": for_json(value),
            "grad": None if slopes is None else for_json(slopes[i]),
            "xs": list(map(for_json, xs)),
            "losses": list(map(for_json, losses)),
        }

    def _graph(self, asked: dict[str, Any]) -> dict[str, Any]:
        self._check_index("graph", asked["index"])
        run, index = self._run, asked["index"]
        self._check_finite("graph")
        point = run.now.points[index]
        inputs = [Value(point.x, label="x"), Value(point.y, label="y")]
        loss = run.network.loss_of_point(point, inputs)
        loss.label = "loss"
        return {"graph": data(loss, model=run.network.model, title=f"The loss of point {index}")}

    def _explain(self, asked: dict[str, Any]) -> dict[str, Any]:
        run, now = self._run, self._run.now
        parameter = run.network.parameters[run.network.place(asked["path"])]
        self._check_finite("explain")
        if (size := len(now.points) * len(now.numbers)) > MOST_EXPLAINED:
            raise ArgumentError(
                f"explain: {len(now.points)} points times {len(now.numbers)} parameters are {size:,}, "
                f"and at most {MOST_EXPLAINED:,} are explained; take fewer points or neurons"
            )
        network = run.network
        loss, _ = network.total(now.points)
        loss.label = "loss"
        try:
            loss.backward()
            return {"text": str(explain(loss, parameter, model=network.model))}
        finally:
            network.model.zero_grad()

    def _check_finite(self, do: str) -> None:
        if self._run.now.measured.slopes is None:
            raise ArgumentError(f"{do}: the loss is {self._run.now.measured.loss}; go back some steps first")

    def _python(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"code": program_of(self._run.settings, self._run.edits, self._run.at)}

    def _derive(self, asked: dict[str, Any]) -> dict[str, Any]:
        return curve_of(asked)

    def _secant(self, asked: dict[str, Any]) -> dict[str, Any]:
        return secants_of(asked)

    # The reader's own programs, which run elsewhere

    def _own(self, what: str, *given: Any) -> dict[str, Any]:
        function = self._apart[what]
        if function is None:
            raise ArgumentError(f"{what}: programs are not run here; start `micrograd play`")
        answer: dict[str, Any] = function(*given)
        return answer

    def _own_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._own("run", asked["code"])

    def _own_grade(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._own("grade", asked["code"], asked.get("upto"))


ANSWERS: dict[str, Callable[[Play, dict[str, Any]], dict[str, Any]]] = {
    "new": Play._new,
    "state": Play._state,
    "step": Play._step,
    "goto": Play._goto,
    "choose": Play._choose,
    "add": Play._add,
    "move": Play._move,
    "delete": Play._delete,
    "set": Play._set,
    "slice": Play._slice,
    "graph": Play._graph,
    "explain": Play._explain,
    "python": Play._python,
    "derive": Play._derive,
    "secant": Play._secant,
    "run": Play._own_run,
    "grade": Play._own_grade,
}


def _id_of(request: Any) -> Any:
    """The id of a request, if it is a number or a short text."""
    name = request.get("id") if isinstance(request, dict) else None
    if isinstance(name, str):
        return name if len(name) < 80 else None
    is_fine: bool = is_number(name) and -DIGITS < name < DIGITS  # type: ignore[operator]  # a number
    return name if is_fine else None


def _around(numbers: list[float]) -> tuple[float, float]:
    """An interval around all of them, in halves, so that it stays while points move.

    >>> _around([-0.2, 1.1])
    (-0.5, 1.5)
    """
    return math.floor(2 * (min(numbers) - 0.3)) / 2, math.ceil(2 * (max(numbers) + 0.3)) / 2
