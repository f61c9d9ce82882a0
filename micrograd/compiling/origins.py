"""Origins: by which of the caller's lines each line of a program was made.

A capture that notes a line for each number would be slow. So the function is captured
once more when somebody asks: `Located` looks at the caller's frames at each note. They
also say which variables hold the numbers of a line: that is a good name for it.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, NamedTuple

from micrograd.compiling.capture import Capture, Captured
from micrograd.compiling.plan import Plan
from micrograd.compiling.transcript import Transcript
from micrograd.node import Node
from micrograd.trees import leaves_of
from micrograd.unknown import HERE


class Place(NamedTuple):
    """A line of the caller.

    Attributes:
        file: its path.
        line: its number.
    """

    file: str
    line: int


class Located(Capture):
    """A capture that notes by which line of the caller each note was made.

    Args:
        base: the frame below which all frames belong to somebody else.

    Attributes:
        notes: as of every capture.
        frames: of the caller's functions that ran, outer ones before inner ones.
    """

    def __init__(self, base: FrameType) -> None:
        super().__init__()
        self.frames: list[FrameType] = []
        self.notes: Notes = Notes(base, self.frames)


class Notes(list[Any]):
    """Notes, and for each the place in the caller's text where it was made."""

    def __init__(self, base: FrameType, frames: list[FrameType]) -> None:
        super().__init__()
        self.places: list[Place] = []
        self._base = base
        self._frames = frames
        self._seen: set[int] = set()

    def append(self, note: Any) -> None:
        """Note it, and where."""
        super().append(note)
        frame: FrameType | None = sys._getframe(1)
        place = None
        new: list[FrameType] = []
        while frame is not None and frame is not self._base:
            if not frame.f_code.co_filename.startswith(HERE):
                place = place or Place(frame.f_code.co_filename, frame.f_lineno)
                if id(frame) in self._seen:
                    break
                self._seen.add(id(frame))
                new.append(frame)
            frame = frame.f_back
        self._frames += reversed(new)
        self.places.append(place or Place("", 0))


class Origins:
    """What a located capture says of the lines of a program.

    Attributes:
        plan: the program, planned once more.
        places: per buffer, or per result (its buffer and its number), the lines that
            made what is in it, in order; the last one made it what it is.
        variables: per buffer the variable that holds its numbers.
        results: per result the variable that holds it, or "".
        backward: where `backward()` was called; None where it was not.
    """

    def __init__(self, capture: Located, result: Any, plan: Plan) -> None:
        self.plan = plan
        assert plan.script is not None and plan.roller is not None
        self._script, self._roller = plan.script, plan.roller
        self._at = _places_of_entries(capture, self._script)
        self.backward: Place | None = None
        for note, place in zip(capture.notes, capture.notes.places, strict=True):
            if isinstance(note, tuple) and note[0] == "backward":
                self.backward = place
        self.results = _names_of_results(capture, result)
        self.variables = self._variables(capture)
        self.places = self._places()

    def _variables(self, capture: Located) -> dict[str, str]:
        """A name for each buffer whose numbers are all in one variable."""
        holders: dict[int, dict[tuple[int, str], None]] = {}
        for frame in capture.frames:
            for name, thing in frame.f_locals.items():
                if name.isidentifier() and not name.startswith("_"):
                    for x in _numbers_in(thing):
                        entry = self._script.known(x)
                        if entry is not None:
                            holders.setdefault(entry, {})[id(frame.f_code), name] = None
        found = {}
        met: set[str] = set()
        for group in self._roller.groups:
            home = group.home
            if home is None or home.name in met:  # a later one is only a view of the buffer
                continue
            met.add(home.name)
            names = holders.get(group.members[0], {})
            common = [key for key in names if all(key in holders.get(e, {}) for e in group.members)]
            if common and home.kind == "inner" and len(group.members) * group.size == home.size:
                found[home.name] = common[0][1]
        return found

    def _places(self) -> dict[Any, list[Place]]:
        roller, plan = self._roller, self.plan
        live = {line.target.name for line in [*plan.forward, *plan.back]}
        sinks: dict[int, set[Any]] = {}  # of a group, the buffers in whose lines it is computed
        found: dict[Any, list[Place]] = {}
        for key, entry in plan.results_of_entries():
            sinks.setdefault(int(roller.group_of[entry]), set()).add(key)
            found.setdefault(key, []).append(self._at[entry])
        for group in reversed(roller.groups):
            home = group.home
            if home is not None and home.name in live and home.kind == "inner":
                sinks[group.number] = {home.name}
            for entries in group.inputs:
                for number in set(roller.group_of[entries].reshape(-1).tolist()):
                    sinks.setdefault(number, set()).update(sinks.get(group.number, ()))
        for group in reversed(roller.groups):
            if not isinstance(group.record, str):
                for key in sinks.get(group.number, ()):
                    found.setdefault(key, []).append(self._at[group.members[0]])
        return {key: [p for p in dict.fromkeys(reversed(places)) if p.file] for key, places in found.items()}


def located(compiled: Any, plan: Plan) -> Origins | None:
    """The origins of the lines of a plan; None where the function does not do again
    what it did.
    """
    capture = Located(sys._getframe())
    try:
        result, leaves = compiled.captured_by(capture, *plan.given)
        again = Plan(capture, result, leaves, plan.exact, "")
    except Exception:  # the caller's function may raise anything: the program is shown without its lines
        return None
    if not hasattr(plan, "forward"):  # it runs on the tape
        return Origins(capture, result, again)
    is_same = [_mark(line) for line in [*plan.forward, *plan.back]] == [
        _mark(line) for line in [*again.forward, *again.back]
    ]
    return Origins(capture, result, again) if is_same else None


def _mark(line: Any) -> tuple[Any, ...]:
    return line.target.name, line.place.key, line.sizes, [(r.buffer.name, r.place.key) for r in line.reads()]


def _numbers_in(thing: Any) -> list[Any]:
    """The numbers of the run in a variable."""
    if isinstance(thing, Node) or type(thing) is Captured:
        return [thing]
    if type(thing) in (list, tuple):
        return [x for part in thing for x in _numbers_in(part)]
    return []


def _places_of_entries(capture: Located, script: Transcript) -> list[Place]:
    """For each entry of the tape the place of its note, or of the next one."""
    found: list[Place | None] = [None] * len(script.tape)
    for note, place in zip(capture.notes, capture.notes.places, strict=True):
        entry = script.known(note[0] if isinstance(note, tuple) else note)
        if entry is not None and found[entry] is None:
            found[entry] = place
    last = Place("", 0)
    for entry in reversed(range(len(found))):
        last = found[entry] = found[entry] or last
    return [place or last for place in found]


def _names_of_results(capture: Located, result: Any) -> list[str]:
    results = leaves_of(result)
    names = [""] * len(results)
    if isinstance(result, dict) and len(results) == len(result):
        return [str(name) if str(name).isidentifier() else "" for name in result]
    for frame in capture.frames[:1]:
        for name, thing in frame.f_locals.items():
            for i, x in enumerate(results):
                source = x.source if type(x) is Captured else ("",)
                if (thing is x or (source[0] == "data" and source[1] is thing)) and not names[i]:
                    names[i] = name
    return names
