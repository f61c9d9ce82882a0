"""The checks of the stages 1 to 8, in the order in which an engine is built."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import NamedTuple

from micrograd.grading.attempts import Fault, attempt
from micrograd.grading.checks import RIGHT, Found, Grading, is_near
from micrograd.grading.programs import Program, alone, backward, forward, spelled, unchanged
from micrograd.grading.slips import advice_on_slips, named
from micrograd.grading.student import Engine
from micrograd.see.wrong_engines import ENGINES

A = ({"a": 1.7}, {"a": -0.6})
POSITIVE = ({"a": 1.7},)
AB = ({"a": 1.7, "b": -0.6},)


class Operation(NamedTuple):
    """An op that a learner may have.

    Attributes:
        name: how later checks call it.
        text: the expression.
        method: what the class needs for it.
        topic: of the slips in its derivative.
        leaves: the numbers that are tried.
        rests_on: the ops that it may be made of.
        asked: whether it is named where it is not there.
        also: another expression of it.
    """

    name: str
    text: str
    method: str
    topic: str
    leaves: Sequence[dict[str, float]]
    rests_on: Sequence[str] = ()
    asked: bool = True
    also: str = ""

    @property
    def programs(self) -> list[Program]:
        texts = [self.text, self.also] if self.also else [self.text]
        return [Program(text, leaves) for text in texts for leaves in self.leaves]


OPERATIONS = [
    Operation("+", "a + b", "__add__", "add", AB),
    Operation("*", "a * b", "__mul__", "multiply", AB),
    Operation("neg", "-a", "__neg__", "negative", A, ["*"]),
    Operation("-", "a - b", "__sub__", "subtract", AB, ["+", "*", "neg"]),
    Operation("**", "a**3", "__pow__", "raise_to", A, also="a**2"),  # 3 is out.grad too
    Operation("/", "a / b", "__truediv__", "divide", AB, ["*", "**"]),
    Operation("2 + a", "2 + a", "__radd__", "add", A, ["+"]),
    Operation("2 * a", "2 * a", "__rmul__", "multiply", A, ["*"]),
    Operation("2 - a", "2 - a", "__rsub__", "subtract", A, ["-", "+", "neg", "*"]),
    Operation("2 / a", "2 / a", "__rtruediv__", "divide", A, ["/", "*", "**"]),
    Operation("2**a", "2.0**a", "__rpow__", "power", A, ["**"], asked=False),
    Operation("exp", "a.exp()", "exp", "exp", A),
    Operation("tanh", "a.tanh()", "tanh", "tanh", A, ["exp", "+", "-", "*", "/", "2 * a"]),
    Operation("relu", "a.relu()", "relu", "relu", A),
    Operation("log", "a.log()", "log", "log", POSITIVE, asked=False),
    Operation("sigmoid", "a.sigmoid()", "sigmoid", "sigmoid", A, ["exp", "+", "-", "*", "/"], asked=False),
]
ABSENT = {
    "2 + a": "write `__radd__`, and 2 + a works: Python calls it where the number stands first",
    "2 * a": "write `__rmul__`, and 2 * a works: Python calls it where the number stands first",
}
CALLED = "write the method with this name: Python calls {} for the operator"
NEEDED = ("+", "*")  # without these nothing else can be tried

# Programs in which a node is used again, at another distance from the root
ORDERS = {
    "b + b * 3": "b = a * 2; b + b * 3",
    "b * 3 + b": "b = a * 2; b * 3 + b",
    "(b + c) * c": "b = a * 2; c = a * b; (b + c) * c",
    "b + b * 3 * 4": "b = a * 2; b + b * 3 * 4",
}
# To what has arrived at a and b already, each op adds its part
ADDED = {
    op.name: f"a + (b + {f'({op.text})' if op.name in '+-' else op.text})"
    if len(op.leaves[0]) > 1
    else f"a + {op.text}"
    for op in OPERATIONS
    if not op.method.startswith("__r")  # 2 * a is a * 2
}
SORTED = (
    "a node passes on once all of its own has arrived: inputs before users in the list; walk all of it from its end"
)
ONE = "two nodes with the same data are taken for one: keep the nodes in the set, not numbers, and leave `__eq__` out"
DEPTH = 10_000
DOUBLINGS = 40
WRAP = "a plain number has no `data`: other = other if isinstance(other, Value) else Value(other)"


def a_value(grading: Grading) -> None:
    """Stage 1: `Value(2.0)` has its data, and a gradient of 0."""
    for data in (2.0, -1.5):
        grading.check(1, f"Value({data})", _data, grading, data)
    grading.check(1, "Value(2.0).grad", _no_gradient, grading)


def _data(grading: Grading, data: float) -> Found:
    student = grading.student
    number = attempt(lambda: student.number(student.new(data)))
    if is_near(number, data):
        return Found()
    slips = named(lambda cls: [cls(data).data], [number], ["whole numbers"])
    return Found("failed", f"Value({data}): data is {spelled(number)}; it is {data}", advice_on_slips(slips), slips)


def _no_gradient(grading: Grading) -> Found:
    student = grading.student
    hint = "nothing has arrived yet, and the parts are added to it: it starts with 0"
    if attempt(lambda: getattr(student.new(2.0), "grad", 0.0) is None):
        return Found("failed", "Value(2.0): grad is None; it is 0", [hint])
    number = attempt(lambda: student.number(student.new(2.0), "grad"))
    if number == 0.0:
        return Found()
    return Found("failed", f"Value(2.0): grad is {spelled(number)}; it is 0", [hint])


def each_op_forward(grading: Grading) -> None:
    """Stage 2: the data of each op; those that are not there are listed."""
    for op in OPERATIONS:
        if grading.student.has(op.method):
            topics = [f"forward {op.method}", "whole numbers"]
            grading.check(2, op.name, grading.compare, forward, op.programs, topics, rests_on=op.rests_on)
        elif op.name in NEEDED:
            grading.check(
                2, op.name, Found, "failed", f"{op.text}: there is no `{op.method}`", [CALLED.format(op.method)]
            )
        elif op.asked:
            grading.check(2, op.text, Found, "absent", "", [ABSENT[op.name]] if op.name in ABSENT else [])


def each_op_backward(grading: Grading) -> None:
    """Stage 3: what each op passes on, where 3 arrives at its result."""
    student = grading.student
    can_arrive = student.has_steps or student.seeds_by_product
    if not student.has_steps:
        _check_backward(grading, 3)
    for op in OPERATIONS:
        if not student.has(op.method):
            continue
        grading.check(
            3,
            op.name,
            grading.compare,
            alone if can_arrive else backward,
            op.programs,
            [op.topic],
            rests_on=[*([] if student.has_steps else ["backward()"]), op.name, *op.rests_on],
            own_first=not op.method.startswith("__r"),  # those that are reflected repeat the slip of the others
        )


def _check_backward(grading: Grading, stage: int) -> None:
    grading.check(stage, "backward()", _seeded, grading, rests_on=["*"] if grading.student.has_steps else [])


def _seeded(grading: Grading) -> Found:
    hint = "backward() sets self.grad = 1, sorts the nodes, and lets each pass its gradient on"
    if not grading.student.has("backward"):
        return Found("failed", "there is no `backward`", [hint])
    if grading.student.has_steps:  # the ops have been checked alone
        return grading.compare(backward, [Program("a * b", leaves) for leaves in AB], ["seed"], hint)
    programs = [Program("a + b", leaves) for leaves in AB]
    found = grading.compare(backward, programs, ["seed"], hint)
    return found if found.slips else grading.compare(backward, programs, ["add"], hint)


def used_twice(grading: Grading) -> None:
    """Stage 4: `backward()`, and the parts of a value that is used twice."""
    if grading.student.has_steps:
        _check_backward(grading, 4)
    for text, name in (("a + a", "+"), ("a * a", "*")):
        program = Program(text, {"a": 3.0})
        found = grading.check(4, text, grading.compare, backward, [program], rests_on=["backward()", name, "a + a"])
        if found.status == "passed":
            grading.cleared.add("assign-not-accumulate")
    grading.check(4, "c and d alike", _alike, grading, rests_on=["backward()", "+", "*", "a + a"])
    for op in OPERATIONS:
        if op.name in ADDED and op.name not in grading.failed and grading.student.has(op.method):
            programs = [Program(ADDED[op.name], leaves) for leaves in op.leaves]
            below = [ADDED[x] for x in op.rests_on if x in ADDED]
            rests_on = ["backward()", "+", "a + a", "c and d alike", *op.rests_on, *below]
            topics = [f"set {op.topic}"]
            grading.check(4, ADDED[op.name], grading.compare, backward, programs, topics, rests_on=rests_on)


def _alike(grading: Grading) -> Found:
    """Two nodes with the same data: a set of numbers takes them for one."""
    program = Program("c = a * 2; d = b * 2; c + d", {"a": 3.0, "b": 3.0})
    try:
        given = attempt(backward, program, grading.student)
    except Fault:  # compare says so
        given = {}
    is_one_lost = [*given.values()].count(0.0) == 1
    return grading.compare(backward, [program], [], ONE if is_one_lost else SORTED)


def the_order(grading: Grading) -> None:
    """Stage 5: a node passes its gradient on once all of it has arrived, and once."""
    for name, text in ORDERS.items():
        program = Program(text, {"a": 3.0})
        rests_on = ["backward()", "+", "*", "a + a", "c and d alike", ADDED["+"], ADDED["*"], *ORDERS]
        grading.check(5, name, grading.compare, backward, [program], [], SORTED, rests_on=rests_on)


# Stage 6: what a second backward() does


def a_second_backward(grading: Grading) -> None:
    """Stage 6: gradients after a second `backward()`, and after zero.

    The engines of the texts build a graph anew for each `backward()`, and set the
    gradients to 0 by hand before it. That has to be right. A second `backward()` of
    one graph adds to the gradients inside it, in these engines: that is a limit.
    """
    rests_on = ["backward()", "*", "a + a"]
    anew = "the same graph, after zero"
    grading.check(6, "two graphs", _two_graphs, grading, rests_on=rests_on)
    grading.check(6, "zero", _zero, grading, rests_on=rests_on)
    grading.check(6, anew, _same_graph, grading, True, rests_on=rests_on)
    grading.check(6, "the same graph again", _same_graph, grading, False, rests_on=[*rests_on, anew])


def _two_graphs(grading: Grading) -> Found:
    given = attempt(_steps, grading.student, False)
    if is_near(given, 4.0) or is_near(given, 2.0):  # it adds, or each backward() begins with 0
        return Found()
    said = "(w * 2).backward() twice, a new graph each time"
    return Found("failed", f"{said}: w.grad is {spelled(given)}; it is 4, as both add")


def _zero(grading: Grading) -> Found:
    given = attempt(_steps, grading.student, True)
    if is_near(given, 2.0):
        return Found()
    how = "w.zero_grad()" if grading.student.has("zero_grad") else "w.grad = 0"
    slips = named(lambda cls: [_steps(Engine(cls), True)], [given])
    said = f"(w * 2).backward(), then {how}, then the same again: w.grad is {spelled(given)}; it is 2"
    return Found("failed", said, advice_on_slips(slips), slips)


def _steps(engine: Engine, with_zero: bool) -> float:
    """The gradient after two steps of a training, with or without zero between."""
    w = engine.new(3.0)
    (w * engine.new(2.0)).backward()
    if with_zero and callable(getattr(w, "zero_grad", None)):
        w.zero_grad()
    elif with_zero:
        engine.set_grad(w, 0.0)
    (w * engine.new(2.0)).backward()
    return engine.number(w, "grad")


def _same_graph(grading: Grading, with_zero: bool) -> Found:
    again = "all gradients set to 0, and c.backward() again" if with_zero else "and c.backward() again"
    said = f"b = a * 2; c = b * 3; c.backward(), {again}"
    repair = "set the gradients inside the graph to 0 when backward() starts, or build the graph anew each time"
    try:
        given = attempt(_twice, grading.student, with_zero)
    except Fault as fault:
        return Found("limit", f"{said}: it {fault}", ["build the graph anew for each backward()"])
    came = f"a.grad is {spelled(given)}; it is"
    if is_near(given, 6.0) or (not with_zero and is_near(given, 12.0)):
        return Found()
    if not with_zero:
        return Found("limit", f"{said}: {came} 12", [repair])
    hint = "what backward() visits is kept from the first time: make the list and the set anew in each backward()"
    return Found("failed", f"{said}: {came} 6", [hint] if given == 0.0 else [])


def _twice(engine: Engine, with_zero: bool) -> float:
    """The gradient of a after two calls of `backward()` on one graph."""
    a, two, three = map(engine.new, (5.0, 2.0, 3.0))
    b = a * two
    c = b * three
    values = (a, b, c, two, three)
    data = [value.data for value in values]
    c.backward()
    for value, before in zip(values, data, strict=True):
        value.data = before  # stage 7 asks whether it changes
        if with_zero:
            engine.set_grad(value, 0.0)
    c.backward()
    return engine.number(a, "grad")


def ints_and_constants(grading: Grading) -> None:
    """Stage 7: ints as data and as operands; data that no `backward()` changes."""
    student = grading.student
    numbers = copy.copy(grading)
    numbers.student = copy.copy(student)
    numbers.student.takes_numbers = True  # a number is given as it stands
    has_quotient = student.has("__truediv__")
    for op, method in (("+", "__add__"), ("*", "__mul__"), ("-", "__sub__"), ("/", "__truediv__")):
        if student.has(method):
            programs = [Program(f"a {op} {number}", {"a": 3}) for number in (2, 0.5)]
            grading.check(7, f"a {op} 2", numbers.compare, forward, programs, ["whole numbers"], WRAP, rests_on=[op])
    program = Program("(a * 2 + 1) / 4" if has_quotient else "a * 2 + 1", {"a": 3})
    rests_on = ["backward()", "+", "*", "/", "a + 2", "a * 2", "a / 2"]
    grading.check(7, "gradients of ints", numbers.compare, backward, [program], rests_on=rests_on)
    program = Program("sum([a, b])", {"a": 2.0, "b": 5.0})
    hint = "write `__radd__`: sum() begins with 0 + a"
    rests_on = ["2 + a", "+", "a + 2"]
    grading.check(7, "sum([a, b])", numbers.compare, forward, [program], [], hint, rests_on=rests_on)
    program = Program("k = a * 3; k * b + k", {"a": 2.0, "b": 5.0})
    hint = "backward() changes data; it changes gradients, and nothing else"
    rests_on = ["backward()", "+", "*"]
    grading.check(7, "data after backward()", grading.compare, unchanged, [program], [], hint, rests_on=rests_on)


def depth_and_paths(grading: Grading) -> None:
    """Stage 8: a chain of 10,000 sums, and 2^40 paths."""
    rests_on = ["backward()", "+", "a + a", "c and d alike", *ORDERS]
    grading.check(8, "depth 10,000", _depth, grading, rests_on=rests_on)
    grading.check(8, "2^40 paths", _paths, grading, rests_on=["*", *rests_on])


def _depth(grading: Grading) -> Found:
    said = f"a chain of {DEPTH:,} sums"
    try:
        given = attempt(_chain, grading.student)
    except Fault as fault:
        if fault.is_endless:
            slow = "look nodes up in a set: a list compares with each of its elements"
            return Found("limit", f"{said}: backward() {fault}", [slow])
        if not isinstance(fault.error, RecursionError):
            raise
        how = "Python allows about 1,000 calls inside each other: sort the nodes with a list as a stack"
        return Found("limit", f"{said}: backward() {fault}", [how])
    right = _chain(RIGHT)
    if all(map(is_near, given, right)):
        return Found()
    came, true = " and ".join(map(spelled, given)), " and ".join(map(spelled, right))
    return Found("failed", f"{said} a + b + b + ...: a.grad and b.grad are {came}; they are {true}")


def _chain(engine: Engine) -> list[float]:
    a, b = engine.new(1.0), engine.new(0.5)
    x = a
    for _ in range(DEPTH):
        x = x + b
    x.backward()
    return [engine.number(a, "grad"), engine.number(b, "grad")]


def _paths(grading: Grading) -> Found:
    said = f"x = x * h + x * h, {DOUBLINGS} times, with h = 0.5"
    try:
        given = attempt(_doubled, grading.student)
    except Fault as fault:
        if not fault.is_endless:
            raise
        slip = "no-visited-set"
        return Found("failed", f"{said}: backward() {fault}; 2^40 paths lead to x", [ENGINES[slip].advice], [slip])
    if is_near(given, _doubled(RIGHT)):
        return Found()
    return Found("failed", f"{said}: x.grad is {spelled(given)}; it is {spelled(_doubled(RIGHT))}")


def _doubled(engine: Engine) -> float:
    a, half = engine.new(1.0), engine.new(0.5)
    x = a
    for _ in range(DOUBLINGS):
        x = x * half + x * half
    x.backward()
    return engine.number(a, "grad")


STAGES: dict[int, Callable[[Grading], None]] = {
    1: a_value,
    2: each_op_forward,
    3: each_op_backward,
    4: used_twice,
    5: the_order,
    6: a_second_backward,
    7: ints_and_constants,
    8: depth_and_paths,
}
