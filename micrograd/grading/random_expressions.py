"""Stage 9: random expressions, and the smallest part of one that fails."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from micrograd.engine import Value
from micrograd.grading.attempts import Fault, attempt
from micrograd.grading.checks import RIGHT, Found, Grading, is_near
from micrograd.grading.programs import Program, backward
from micrograd.grading.stages import ADDED, NEEDED, OPERATIONS, ORDERS
from micrograd.see.explanations import explain

COUNT = 50
FEWEST = 4  # ops
LARGEST = 50.0  # of the data: sums and differences stay exact to many digits
STEEPEST = 1e4  # of the gradients
SINGLE = 1e-3  # how near a gradient of float32 has to be
MOST_TRIALS = 400  # of a smaller expression

# How an op is written, and for which data of its last input it is drawn. Kinks and
# poles are kept away, where rounding decides.
WRITTEN: dict[str, tuple[str, float, float]] = {
    "+": ("{} + {}", -LARGEST, LARGEST),
    "*": ("{} * {}", -LARGEST, LARGEST),
    "neg": ("-{}", -LARGEST, LARGEST),
    "-": ("{} - {}", -LARGEST, LARGEST),
    "**": ("{}**3", -3.0, 3.0),
    "/": ("{} / {}", 0.3, LARGEST),
    "2 + a": ("2 + {}", -LARGEST, LARGEST),
    "2 * a": ("2 * {}", -LARGEST, LARGEST),
    "2 - a": ("2 - {}", -LARGEST, LARGEST),
    "2 / a": ("2 / {}", 0.3, LARGEST),
    "exp": ("{}.exp()", -3.0, 3.0),
    "tanh": ("{}.tanh()", -3.0, 3.0),
    "relu": ("{}.relu()", 0.01, LARGEST),
    "log": ("{}.log()", 0.3, LARGEST),
    "sigmoid": ("{}.sigmoid()", -3.0, 3.0),
}
SIMPLE = (1.0, 2.0, 3.0, -1.0, -2.0, 0.5)


class Node(NamedTuple):
    """A leaf with its data, or an op and the places of its inputs."""

    op: str
    inputs: tuple[int, ...] = ()
    data: float = 0.0


Expression = tuple[Node, ...]  # inputs before users; the root is the last


def program_of(expression: Expression) -> Program:
    """The expression as statements: what is used more than once has a name.

    >>> a = Node("", data=3.0)
    >>> program_of((a, Node("+", (0, 0)), Node("*", (1, 1)))).text
    'b = a + a; b * b'
    """
    uses = [sum(node.inputs.count(i) for node in expression) for i in range(len(expression))]
    names = iter("abcdefghijklmnopqrstuvwxyz")
    texts: list[str] = []
    statements: list[str] = []
    leaves: dict[str, float] = {}
    for i, node in enumerate(expression):
        if not node.op:
            name = next(names)
            leaves[name] = node.data
            texts.append(name)
            continue
        text = WRITTEN[node.op][0].format(*(_inside(texts[j]) for j in node.inputs))
        if uses[i] > 1:
            name = next(names)
            statements.append(f"{name} = {text}")
            text = name
        texts.append(text)
    return Program("; ".join([*statements, texts[-1]]), leaves)


def _inside(text: str) -> str:
    return text if re.fullmatch(r"\w+(\.\w+\(\))*", text) else f"({text})"


def expressions(names: Sequence[str], seed: int) -> Iterator[Expression]:
    """Random expressions of these ops, without end; the same for the same seed."""
    draws = random.Random(seed)
    while True:
        drawn = _drawn(names, draws)
        if drawn is not None:
            yield drawn


def _drawn(names: Sequence[str], draws: random.Random) -> Expression | None:
    nodes = [
        Node("", data=round(draws.choice([-1, 1]) * draws.uniform(0.3, 2.5), 1)) for _ in range(draws.choice([2, 3]))
    ]
    values = [Value(node.data) for node in nodes]
    for _ in range(60):
        if len(nodes) >= 10:
            break
        op = draws.choice(names)
        text, low, high = WRITTEN[op]
        latest = len(nodes) - 1
        places = tuple(draws.choice([latest, latest, draws.randrange(len(nodes))]) for _ in range(text.count("{}")))
        last: Any = values[places[-1]].data
        is_fit = low <= last <= high or (op in ("/", "2 / a", "relu") and low <= abs(last) <= high)
        value = RIGHT_OPS[op](*(values[i] for i in places)) if is_fit else None
        if value is not None and abs(value.data) <= LARGEST:
            nodes.append(Node(op, places))
            values.append(value)
    expression = _reached(tuple(nodes))
    is_large = sum(bool(node.op) for node in expression) >= FEWEST
    return expression if is_large and _is_fit(expression) else None


RIGHT_OPS = {name: eval("lambda *x: " + text.format("x[0]", "x[1]")) for name, (text, _, _) in WRITTEN.items()}


def _reached(expression: Expression) -> Expression:
    """The expression without the nodes that its root does not use."""
    needed = {len(expression) - 1}
    for i in reversed(range(len(expression))):
        if i in needed:
            needed.update(expression[i].inputs)
    places = {old: new for new, old in enumerate(sorted(needed))}
    kept = [expression[i] for i in sorted(needed)]
    return tuple(node._replace(inputs=tuple(places[j] for j in node.inputs)) for node in kept)


def _is_fit(expression: Expression) -> bool:
    """Whether the right numbers are of a size at which rounding does not count."""
    try:
        gradients = attempt(backward, program_of(expression), RIGHT)  # without NumPy's warnings
    except Fault:
        return False
    return all(math.isfinite(x) and abs(x) <= STEEPEST for x in gradients.values())


def random_expressions(grading: Grading) -> None:
    """Stage 9: expressions of the ops that the engine has, drawn by the seed."""
    names = [op.name for op in OPERATIONS if op.name in WRITTEN and grading.student.has(op.method)]
    if not grading.student.takes_numbers:
        names = [name for name in names if "2" not in name]
    if not names:
        grading.check(9, "random expressions", Found, "failed", "random expressions need an op", rests_on=NEEDED)
        return
    if grading.endless:
        grading.check(9, "random expressions", Found, "failed", rests_on=sorted(grading.endless))
        return
    failing: list[Expression] = []
    for _, expression in zip(range(COUNT), expressions(names, grading.seed), strict=False):
        try:
            if not _fails(grading, expression):
                continue
        except Fault:  # it does not end
            failing.append(expression)
            break
        failing.append(expression)
        if not _follows(grading, expression):
            failing = [expression]
            break
    if not failing:
        grading.check(9, "random expressions", Found)
        return
    expression = failing[0]
    rests_on = _follows(grading, expression)
    grading.check(9, "random expressions", _told, grading, expression, bool(rests_on), rests_on=rests_on)


def _follows(grading: Grading, expression: Expression) -> list[str]:
    """The failed checks that an expression rests on."""
    rests_on = {node.op for node in expression} | {"backward()", "a + a", "a * a", "data after backward()"}
    rests_on |= {*ORDERS, "c and d alike", *(ADDED[node.op] for node in expression if node.op in ADDED)}
    return [name for name in grading.failed if name in rests_on]


def _fails(grading: Grading, expression: Expression) -> bool:
    program = program_of(expression)
    right = backward(program, RIGHT)
    try:
        given = attempt(backward, program, grading.student)
    except Fault as fault:
        if fault.is_endless:
            raise
        return True
    if grading.student.is_single:  # where terms cancel, few of its 7 digits are left
        return not all(math.isclose(given[key], right[key], rel_tol=SINGLE, abs_tol=SINGLE) for key in right)
    return not all(is_near(given[key], right[key]) for key in right)


def _told(grading: Grading, expression: Expression, follows: bool) -> Found:
    """The smallest expression that fails, the slip, how the right number is made."""
    if not follows:
        expression = shrunk(grading, expression)
    program = program_of(expression)
    found = grading.compare(backward, [program])
    if follows or found.status != "failed":
        return found
    return found._replace(advice=[*found.advice, *_explained(grading, program)])


def _explained(grading: Grading, program: Program) -> list[str]:
    """How the right gradient of the first wrong leaf is made."""
    root, values = program.run(RIGHT)
    root.label = "result"
    for name, value in values.items():
        value.label = name
    root.backward()
    try:
        given = attempt(backward, program, grading.student)
    except Fault:
        given = {}
    wrong = [name for name in program.leaves if not is_near(given.get(f"{name}.grad", math.nan), values[name].grad)]
    if not wrong or root is values[wrong[0]]:
        return []
    parts = str(explain(root, values[wrong[0]])).split("\n\n")[1:-1]  # without the head, and without the end
    return ["so it is made:", *(line for part in parts for line in part.splitlines())]


def shrunk(grading: Grading, expression: Expression) -> Expression:
    """An expression that fails, from which nothing can be left out."""
    trials = MOST_TRIALS
    found = True
    while found:
        found = False
        for smaller in _smaller(expression):
            trials -= 1
            if trials < 0:
                return expression
            try:
                if _is_fit(smaller) and _fails(grading, smaller):
                    expression, found = smaller, True
                    break
            except Fault:  # it does not end: small is better than smallest
                return expression
    return expression


def _smaller(expression: Expression) -> Iterator[Expression]:
    """An input in the place of a node; a leaf in the place of a node; a leaf with a
    simpler number.
    """
    for i, node in reversed(list(enumerate(expression))):
        if not node.op:
            continue
        for j in dict.fromkeys(node.inputs):
            instead = [x._replace(inputs=tuple(j if k == i else k for k in x.inputs)) for x in expression]
            yield _reached(tuple(instead[: j + 1]) if i == len(expression) - 1 else tuple(instead))
    for i, node in reversed(list(enumerate(expression[:-1]))):
        if node.op:
            yield _reached((*expression[:i], Node("", data=2.0), *expression[i + 1 :]))
    for i, node in enumerate(expression):
        if not node.op and node.data not in SIMPLE:
            for data in SIMPLE:
                yield (*expression[:i], node._replace(data=data), *expression[i + 1 :])
