"""A run: the steps of a training, each kept, so that one can go back.

What the reader changes on the way (points, a parameter, the rate) is an edit: it stands
beside the step at which it was made. So the settings, with the edits among them, give
every number of the run again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd.errors import ArgumentError
from micrograd.playing.network import Measured, Network
from micrograd.playing.optimisers import Memory, moved, rate_at
from micrograd.playing.points import MOST, Point, points_of

MOST_STEPS = 2_000  # of a run
MOST_EDITS = 1_000
MOST_WORK = 100_000  # points times parameters: a step takes a third of a second then, on the plain engine


class Moment(NamedTuple):
    """A run after some steps."""

    points: tuple[Point, ...]
    numbers: tuple[float, ...]
    memory: Memory
    rate: float | str
    measured: Measured


class Run:
    """A training from its start.

    Args:
        settings: checked, as `settings_of` gives them.

    Attributes:
        network: with the parameters of the chosen moment.
        moments: one for each step from the start.
        at: which of them is shown.
        edits: what was changed on the way, in its order; some may lie ahead.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = {key: item for key, item in settings.items() if key != "edits"}
        self.network = Network(*(settings[name] for name in ("seed", "layers", "activation", "loss", "l2")))
        self.edits: list[dict[str, Any]] = list(settings["edits"])
        points = points_of(settings["data"])
        self._check_work(points)
        first = Moment(points, self.network.numbers(), Memory(), settings["rate"], _NOTHING)
        self.moments = [self._measured(self._with_edits(first, 0))]
        self.at = 0

    @property
    def now(self) -> Moment:
        """The moment that is shown."""
        return self.moments[self.at]

    def advance(self) -> None:
        """Take a step. What came after this moment, in an earlier try, is forgotten."""
        before, measured = self.now, self.now.measured
        chosen = self.batch(before.points)
        if measured.slopes is not None and chosen is not before.points:
            measured = self.network.measure(chosen)
        if measured.slopes is None:
            raise ArgumentError(
                f"step: the loss is {measured.loss}, and has no gradients; "
                f"go back some steps, or start again with a smaller rate"
            )
        if self.at >= MOST_STEPS:
            raise ArgumentError(f"step: a run has at most {MOST_STEPS:,} steps; start again, or go back")
        rate = rate_at(before.rate, self.at)
        numbers, memory = moved(self.settings["optimiser"], before.numbers, measured.slopes, before.memory, rate)
        self._cut()
        after = self._with_edits(before._replace(numbers=numbers, memory=memory), self.at + 1)
        after = self._measured(after)
        self.moments.append(after)
        self.at += 1

    def batch(self, points: tuple[Point, ...]) -> tuple[Point, ...]:
        """The points whose loss gives the next step its gradient."""
        size = self.settings["batch"]
        if not 0 < size < len(points):
            return points
        return tuple(random.Random(self.settings["seed"] + self.at).sample(points, size))

    def go(self, step: int) -> None:
        """Show an earlier moment, or the last one."""
        if step >= len(self.moments):
            raise ArgumentError(f"goto: step {step} is not there yet; give 0 to {len(self.moments) - 1}")
        self.at = step
        self.network.set(self.now.numbers)

    def edit(self, change: dict[str, Any]) -> None:
        """Change points, a parameter or the rate, at this moment.

        Args:
            change: as {"do": "delete", "index": 3}.
        """
        edit = {"at": self.at, **change}
        kept = [other for other in self.edits if other["at"] <= self.at]
        if kept and _replaces(edit, kept[-1]):
            kept.pop()
        if len(kept) >= MOST_EDITS:
            raise ArgumentError(f"{change['do']}: a run has at most {MOST_EDITS:,} changes; start again from here")
        after = CHANGES[edit["do"]](self, self.now, edit)
        if edit["do"] != "rate":
            after = self._measured(after)
        del self.moments[self.at :]
        self.moments.append(after)
        self.edits = [*kept, edit]

    def _with_edits(self, moment: Moment, step: int) -> Moment:
        """The moment with the edits that stand at a step."""
        for edit in self.edits:
            if edit["at"] == step:
                moment = CHANGES[edit["do"]](self, moment, edit)
        return moment

    def _cut(self) -> None:
        """Forget what came after this moment, and its edits."""
        if self.at < len(self.moments) - 1:
            del self.moments[self.at + 1 :]
            self.edits = [edit for edit in self.edits if edit["at"] <= self.at]

    def _measured(self, moment: Moment) -> Moment:
        self.network.set(moment.numbers)
        return moment._replace(measured=self.network.measure(moment.points))

    def _check_work(self, points: tuple[Point, ...]) -> None:
        parameters = len(self.network.parameters)
        if len(points) * parameters > MOST_WORK:
            raise ArgumentError(
                f"layers: {parameters} parameters are too many for {len(points)} points, as a step takes too long; "
                f"give at most {MOST_WORK // parameters} points, or fewer neurons"
            )

    # Edits

    def _add(self, moment: Moment, edit: dict[str, Any]) -> Moment:
        if len(moment.points) >= MOST:
            raise ArgumentError(f"add: there are {MOST} points, and no more are taken; delete one first")
        points = (*moment.points, Point(edit["x"], edit["y"], edit["label"]))
        self._check_work(points)
        return moment._replace(points=points)

    def _move(self, moment: Moment, edit: dict[str, Any]) -> Moment:
        i = _index("move", moment, edit["index"])
        point = moment.points[i]._replace(x=edit["x"], y=edit["y"])
        return moment._replace(points=(*moment.points[:i], point, *moment.points[i + 1 :]))

    def _delete(self, moment: Moment, edit: dict[str, Any]) -> Moment:
        i = _index("delete", moment, edit["index"])
        if len(moment.points) == 1:
            raise ArgumentError("delete: this is the only point, and the loss needs one; add another first")
        return moment._replace(points=moment.points[:i] + moment.points[i + 1 :])

    def _set(self, moment: Moment, edit: dict[str, Any]) -> Moment:
        i = self.network.place(edit["path"])
        return moment._replace(numbers=(*moment.numbers[:i], edit["value"], *moment.numbers[i + 1 :]))

    def _rate(self, moment: Moment, edit: dict[str, Any]) -> Moment:
        return moment._replace(rate=edit["rate"])


CHANGES: dict[str, Callable[[Run, Moment, dict[str, Any]], Moment]] = {
    "add": Run._add,
    "move": Run._move,
    "delete": Run._delete,
    "set": Run._set,
    "rate": Run._rate,
}
_NOTHING = Measured(0.0, None, [])


def _index(what: str, moment: Moment, index: int) -> int:
    if index >= len(moment.points):
        raise ArgumentError(f"{what}: there is no point {index}; give 0 to {len(moment.points) - 1}")
    return index


def _replaces(edit: dict[str, Any], last: dict[str, Any]) -> bool:
    """Whether an edit makes the last one of no effect, as when a point is dragged."""
    if edit["at"] != last["at"] or edit["do"] != last["do"]:
        return False
    same = {"move": "index", "set": "path", "rate": "do"}.get(edit["do"])
    return same is not None and edit[same] == last[same]
