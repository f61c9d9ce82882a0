"""Why the engine is as it is: a wrong engine and the right one, side by side.

A demonstration is a program, what the engine with one slip does with it step by step,
what the right one does, and the gradients of both. The program that is printed is the
one that runs. All numbers come from that run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, overload

from micrograd import on_demand as np
from micrograd.engine import Value, enable_grad, toposort
from micrograd.errors import ArgumentError
from micrograd.interpreter import shape_of
from micrograd.see.numerals import number
from micrograd.see.order import Made, made_of, names_of, preformatted
from micrograd.see.wrong_engines import (
    ENGINES,
    Assigning,
    LevelByLevel,
    Recursive,
    Repeating,
    Right,
    Step,
    Zeroed,
    recorded,
    sorted_below,
)


class Lesson(NamedTuple):
    """What a demonstration shows.

    Attributes:
        program: lines of Python that make Values and call `backward()`.
        slip: what the wrong engine does, in a few words.
        wrong, right: what each engine does, in a sentence.
        why: why the numbers of the wrong one are wrong.
        repair: what to write.
        others: whether the numbers of all engines are listed.
    """

    program: str
    slip: str
    wrong: str
    right: str
    why: str
    repair: str
    others: bool = False


# Whose numbers are listed for one program
COMPARED = (Recursive, LevelByLevel, Repeating, Assigning, Right)

SORTED = "each node once, after all its users"
TWO_WAYS = "a = Value(3.0)\nb = a * 2\nd = b + b * 3\nd.backward()"

LESSONS: dict[str, Lesson] = {
    "no-topological-sort": Lesson(
        TWO_WAYS,
        "the gradients go back by recursion, without a sort",
        "a node passes on what it has, then each of its inputs does the same",
        SORTED,
        "b passes on a part of its gradient before all has arrived, and then all of it: the first part counts twice.",
        "sort the nodes, inputs before users, and walk that list from its end, each node once.",
        others=True,
    ),
    "assign-not-accumulate": Lesson(
        "a = Value(3.0)\nb = a + a\nb.backward()",
        "a gradient is set with `=`, where `+=` is needed",
        "each part takes the place of the part before it",
        "each part is added to what is there",
        "a is used twice, so a change of a changes b in two ways, and both parts count.",
        "write `x.grad += part`, also where each value seems to be used once.",
    ),
    "no-visited-set": Lesson(
        TWO_WAYS,
        "the sort does not remember which nodes it has visited",
        "a node stands in the list once for each path to it, and passes its gradient on each time",
        SORTED,
        "two paths lead to b, so b stands in the list twice and passes its whole gradient on twice.",
        "keep a set of visited nodes while you sort, and skip a node that is in it.",
        others=True,
    ),
    "forgot-zero-grad": Lesson(
        "w = Value(3.0)\nfirst = w * 2\nfirst.backward()\nw.zero_grad()  # the wrong program does not do this\n"
        "second = w * 2\nsecond.backward()",
        "the gradients are not set to zero between two steps of training",
        "without zero_grad() the second backward() adds to what the first one left",
        "zero_grad() comes before the second backward()",
        "backward() adds to the gradients of leaves, so a sum of both steps stands there.",
        "call zero_grad() on the model or the optimiser before each backward().",
    ),
    "no-unbroadcast": Lesson(
        "b = Value(10.0)\nx = Value([1.0, 2.0])\ny = b * x\ns = y.sum()\ns.backward()",
        "the gradient of a value that was broadcast is not summed back to its shape",
        "b gets one number for each element of y",
        "the parts of b are summed, as b is one number",
        "b was used for each element of y, and each use counts: the parts have to be added.",
        "sum the part over the axes that broadcasting has added or stretched, before you add it to the gradient.",
    ),
    "level-by-level": Lesson(
        TWO_WAYS,
        "the nodes go in levels: the root, its inputs, then the inputs of these",
        "a node passes its gradient on where it first comes in a level",
        SORTED,
        "b is in the first level below d, but a part of its gradient comes from a node in the same level, too late.",
        "sort the nodes by their inputs, not by their distance from the root.",
        others=True,
    ),
}


@overload
def demonstrate(name: None = None) -> Demonstrations: ...


@overload
def demonstrate(name: str) -> Demonstration: ...


def demonstrate(name: str | None = None) -> Demonstration | Demonstrations:
    """Show why an engine needs a part of it: the engine without it, beside the right
    one.

    Both run the smallest program that tells them apart. The wrong engine is a small
    `Value` with one slip; see `micrograd.see.wrong_engines`. The gradients in the right
    column are those of `micrograd.Value`.

    Args:
        name: the slip; without it all are listed.

    Returns:
        The Demonstration, or the list of all. It prints itself.

    Raises:
        ArgumentError: there is no demonstration of this name.

    >>> demonstrate("assign-not-accumulate")
    assign-not-accumulate: a gradient is set with `=`, where `+=` is needed
    <BLANKLINE>
        a = Value(3.0)
        b = a + a
        b.backward()
    <BLANKLINE>
    Wrong: each part takes the place of the part before it.
        b has 1: it passes 1 to a (= 1), 1 to a (= 1, the 1 that was there is lost)
    Right: each part is added to what is there.
        b has 1: it passes 1 to a (0 + 1 = 1), 1 to a (1 + 1 = 2)
    <BLANKLINE>
    gradient  wrong  right
           a      1      2  <-
           b      1      1
    <BLANKLINE>
    Why: a is used twice, so a change of a changes b in two ways, and both parts count.
    Repair: write `x.grad += part`, also where each value seems to be used once.
    """
    if name is None:
        return Demonstrations({known: lesson.slip for known, lesson in LESSONS.items()})
    if not isinstance(name, str) or name not in LESSONS:
        raise ArgumentError(_unknown(name))
    return Demonstration(name)


class Demonstrations:
    """The names of all demonstrations, with a sentence each. It prints itself."""

    def __init__(self, slips: dict[str, str]) -> None:
        self.slips = slips

    def __iter__(self) -> Iterator[str]:
        return iter(self.slips)

    def __len__(self) -> int:
        return len(self.slips)

    def __repr__(self) -> str:
        width = max(map(len, self.slips))
        return "\n".join(f"{name:<{width}}  {slip}" for name, slip in self.slips.items())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return preformatted(repr(self))


class Demonstration:
    """A wrong engine and the right one on one program. `str()` is the text.

    Attributes:
        name: of the slip.
        program: what both ran.
        wrong, right: the gradients by the name of the value; those of the wrong engine,
            and those of `micrograd.Value`.
        wrong_steps, right_steps: what each engine did, a line for each node that passed
            something on.
        by_engine: the gradient of the first value on several engines, by what they do.
    """

    def __init__(self, name: str) -> None:
        lesson = LESSONS[name]
        self.name, self.program = name, lesson.program
        self._lesson = lesson
        self.wrong, self.wrong_steps = run_recorded(lesson.program, recorded(ENGINES[name]))
        _, self.right_steps = run_recorded(lesson.program, recorded(Right))
        ours = gradients(run(lesson.program, Value), toposort, made_of)
        self.right = {name: ours[name] for name in self.wrong}
        self.by_engine = {engine.said: _first(run(lesson.program, engine)).grad for engine in COMPARED}

    def __str__(self) -> str:
        lesson = self._lesson
        lines = [f"{self.name}: {lesson.slip}", "", *_indented(lesson.program.splitlines()), ""]
        lines += [f"Wrong: {lesson.wrong}.", *_indented(self.wrong_steps)]
        lines += [f"Right: {lesson.right}.", *_indented(self.right_steps), "", *self._table(), ""]
        if lesson.others:
            lines += [self._others(), ""]
        return "\n".join([*lines, f"Why: {lesson.why}", f"Repair: {lesson.repair}"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return preformatted(str(self))

    def _table(self) -> list[str]:
        rows = [("gradient", "wrong", "right")]
        rows += [(name, shown(self.wrong[name]), shown(self.right[name])) for name in self.right]
        sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
        marks = ["", *("" if wrong == right else "  <-" for _, wrong, right in rows[1:])]
        padded = ["  ".join(f"{x:>{size}}" for x, size in zip(row, sizes, strict=True)) for row in rows]
        return [row + mark for row, mark in zip(padded, marks, strict=True)]

    def _others(self) -> str:
        numbers = ", ".join(f"{said} {shown(grad)}" for said, grad in self.by_engine.items())
        return f"{next(iter(self.right))}.grad, by engine: {numbers}"


def run(program: str, engine: Any) -> dict[str, Any]:
    """Run the lines of a program with this class as its Value.

    Returns the values that have a name in it.

    >>> run("a = Value(3.0); (a * a).backward()", Value)
    {'a': Value(data=3.0, grad=6.0)}
    """
    names: dict[str, Any] = {"Value": engine}
    with enable_grad():  # also where the caller has no_grad()
        exec(program, names)  # our own text, so that what is printed is what ran
    return {name: x for name, x in names.items() if isinstance(x, engine)}


def run_recorded(program: str, engine: type[Right]) -> tuple[dict[str, Any], list[str]]:
    """The gradients of a program by name, and its steps as lines.

    Args:
        program: lines of Python.
        engine: a class that `recorded` made.
    """
    nodes, names = _named(run(program, engine), sorted_below, _made_of)
    return {names[node]: node.grad for node in nodes}, list(_lines(engine.steps or [], names))


def gradients(found: dict[str, Any], below: Callable[[Any], list[Any]], made: Callable[[Any], Made]) -> dict[str, Any]:
    """The gradients by name of all nodes below the values of a program.

    Args:
        found: the values by their names in the program.
        below: the nodes below one, inputs before users.
        made: how a node was made.
    """
    nodes, names = _named(found, below, made)
    return {names[node]: node.grad for node in nodes}


def _named(
    found: dict[str, Any], below: Callable[[Any], list[Any]], made: Callable[[Any], Made]
) -> tuple[list[Any], dict[Any, str]]:
    for name, node in found.items():
        node.label = name
    nodes = list(dict.fromkeys(x for node in found.values() for x in below(node)))
    return nodes, names_of(nodes, made)


def _made_of(node: Right) -> Made:
    return Made(node.op, node.inputs, node.params)


def _lines(log: Sequence[Step | Zeroed], names: dict[Any, str]) -> Iterable[str]:
    """A line for each time that a node passed something on."""
    i = 0
    while i < len(log):
        event = log[i]
        if isinstance(event, Zeroed):
            yield f"{names[event.node]}.grad is set from {shown(event.before)} to {shown(event.after)}"
            i += 1
            continue
        parts = _parts(log, i)
        yield f"{names[event.node]} has {shown(event.arrived)}: it passes " + ", ".join(
            f"{shown(step.part)} to {names[step.to]} ({_sum(step)})" for step in parts
        )
        i += len(parts)


def _parts(log: Sequence[Step | Zeroed], start: int) -> list[Step]:
    """The steps from here on that one node took at once: a part for each input."""
    first = log[start]
    assert isinstance(first, Step)
    count = sum(isinstance(x, Right) for x in first.node.inputs)
    return [step for step in log[start : start + count] if isinstance(step, Step)]


def _sum(step: Step) -> str:
    before, part, after = shown(step.before), shown(step.part), shown(step.after)
    if step.node.adds:
        return f"{before} + {part} = {after}"
    return f"= {after}" if not np.any(step.before) else f"= {after}, the {before} that was there is lost"


def shown(x: Any) -> str:
    """A number with four digits; an array as nested lists of them.

    >>> shown(0.70710678), shown(np.array([1.0, 2.0]))
    ('0.7071', '[1, 2]')
    """
    return f"[{', '.join(map(shown, x))}]" if shape_of(x) else number(float(x))


def _first(found: dict[str, Any]) -> Any:
    return next(iter(found.values()))


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _unknown(name: Any) -> str:
    import difflib

    given = str(name).lower()
    near = difflib.get_close_matches(given.replace("_", "-").replace(" ", "-"), LESSONS, 1, 0.5)
    if not near and len(given) > 1:  # a word of the sentence, such as += or recursion
        near = [known for known, lesson in LESSONS.items() if given in lesson.slip]
    repair = f"did you mean {near[0]!r}?" if near else f"take one of these, as demonstrate({next(iter(LESSONS))!r})"
    return f"demonstrate: {name!r} is not a demonstration; there are {', '.join(LESSONS)};\n{repair}"
