"""Assembly: a tape of numbers as instructions of a flat program (flat.py).

The way back is eager's walk: the same nodes in the same order, so that each sum of
gradients has its terms in the order that `backward()` adds them in. What leads to no
state is left out; so nobody is warned of a zero times infinity there.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import flat
from micrograd.compiling.histories import Histories
from micrograd.compiling.tape import ARGUMENT, BEFORE, CONSTANT, GRADIENT, STATE, Tape
from micrograd.errors import CaptureError
from micrograd.floats import Params, shared_params
from micrograd.formula import formula, forward_formula, make
from micrograd.ops.arithmetic import add, divide, multiply, negative, subtract
from micrograd.record import PRODUCT, SUM, Elementwise, Op

EXACT_ON_WHOLE = (add, subtract, multiply, negative)  # doubles give the same as ints, up to 2**53
ON_WHOLE = (*EXACT_ON_WHOLE, divide)


class Recipe:
    """How the instructions of an op with some params are run.

    Attributes:
        run: the number of the program of the forward; -1 where Python has to run it.
        slopes: per input the number of the program of its slope; None where Python has
            to run the rules.
        kind: SUM, PRODUCT or 0, as in `Formulas`.
    """

    def __init__(self, run: int, slopes: list[int] | None, kind: int) -> None:
        self.run = run
        self.slopes = slopes
        self.kind = kind


class Walk:
    """The way back from a root.

    Attributes:
        root: the entry.
        rows: its instructions.
        unreached: the states to which no gradient comes.
    """

    def __init__(self, root: int, rows: list[flat.BackRow], unreached: list[int]) -> None:
        self.root = root
        self.rows = rows
        self.unreached = unreached


class Assembly:
    """A tape as a flat program.

    Args:
        tape: the columns; all numbers are Python's.
        states: how many states there are.

    Attributes:
        places: where the number of each entry lies.
        spans: where the leaves of a kind begin and end: STATE, BEFORE, GRADIENT, and
            the numbers of arguments.
        one, nothing: the places of 1.0 and of `flat.NOTHING`.
        first: how many places leaves have.
        kinds: per entry float, int or bool.
        steps: the entry of each instruction of the way forward.
        rows: those instructions.
        after: the first of them that may need gradients.
        programs: the small programs.
        histories: what eager's walk knows of the tape.
        is_useful: per entry, whether a gradient goes through it to a state.
    """

    def __init__(self, tape: Tape, states: int) -> None:
        self.tape = tape
        self.states = states
        self.kinds = [_kind(tape, i) for i in range(len(tape))]
        self.programs: list[Any] = []
        self._recipes: dict[Any, Recipe] = {}
        self._lay_out()
        self.histories = Histories(tape)
        self.is_useful = self.histories.is_useful
        self.rows = [self._row(i) for i in self.steps]

    def _lay_out(self) -> None:
        tape, n = self.tape, self.states
        leaves = {record for record in tape.records if type(record) is str}
        self.spans: dict[Any, tuple[int, int]] = {}
        size = 0
        for kind in (STATE, BEFORE, GRADIENT):
            self.spans[kind] = (size, size + n if kind == STATE or kind in leaves else size)
            size = self.spans[kind][1]
        for k, length in enumerate(tape.argument_sizes):
            self.spans[k] = (size, size + length)
            size += length
        self.places = [0] * len(tape)
        self.steps: list[int] = []
        self.constants: list[tuple[int, float]] = []
        self.after: int | None = None
        for i, record in enumerate(tape.records):
            if type(record) is not str:
                self.steps.append(i)
                continue
            if record == CONSTANT:
                self.constants.append((size, _as_double(tape.numbers[i])))
                self.places[i] = size
                size += 1
            elif record == ARGUMENT:
                k, place = tape.origin[i]
                self.places[i] = self.spans[k][0] + int(place)
            else:
                self.places[i] = self.spans[record][0] + tape.origin[i]
                if record == GRADIENT and self.after is None:
                    self.after = len(self.steps)
        self.one = size
        self.nothing = size + 1
        self.constants += [(size, 1.0), (size + 1, flat.NOTHING)]
        self.first = size = size + 2
        for k, i in enumerate(self.steps):
            self.places[i] = size + k

    def _row(self, i: int) -> flat.Row:
        op, inputs = self.tape.records[i], self.tape.inputs[i]
        head = self._head(i, op, inputs)
        x, y, w = ([self.places[e] for e in inputs] * 3)[:3] if inputs else (0, 0, 0)
        if head == flat.COMBINE and op is multiply:
            return head, x, y, self.nothing
        if head == flat.COMBINE:  # the later one is added last, as it is ready last
            return head, min(x, y), self.one, max(x, y)
        return head, x, y, w

    def _head(self, i: int, op: Op, inputs: tuple[int, ...]) -> int:
        recipe = self._recipe(i)
        whole = all(self.kinds[x] is not float for x in inputs)
        if recipe.run < 0 or (whole and op.differentiable and op not in ON_WHOLE):
            return flat.ASK  # math.tanh is not np.tanh, which an int goes through
        if self.kinds[i] is int:
            return flat.WHOLE | recipe.run << 8 if op in EXACT_ON_WHOLE else flat.ASK
        return flat.COMBINE if op is add or op is multiply else flat.RUN | recipe.run << 8

    def _recipe(self, i: int) -> Recipe:
        """The recipe of an entry, as eager would run it."""
        op, params, count = self.tape.records[i], self.tape.params[i] or None, len(self.tape.inputs[i])
        shared = params if params is None or type(params) is Params else shared_params(op, params)
        if (params and shared is None) or not 1 <= count <= 3 or count != op._count:
            return Recipe(-1, None, 0)
        key = (op, id(shared), count)
        if key not in self._recipes:
            self._recipes[key] = self._new_recipe(op, shared, count)
        return self._recipes[key]

    def _new_recipe(self, op: Op, params: Any, count: int) -> Recipe:
        is_elementwise = isinstance(op, Elementwise)
        if is_elementwise and op.differentiable and count < 3:
            formulas = op.formulas if params is None else params.formulas
            if formulas.state == 0:
                make(formulas, op, params or {})
            run, slopes, kind = formulas.run, [formulas.slope_x, formulas.slope_y][:count], formulas.slopes
        else:
            run, kind = forward_formula(op, count, params or {}) if is_elementwise or op.facts.c else None, 0
            rules = op.rules if is_elementwise and op.differentiable else [None] * count
            slopes = [formula(rule, count, params or {}) for rule in rules]
        missing = [slope is None and rule is not None for slope, rule in zip(slopes, op.rules, strict=False)]
        return Recipe(self._numbered(run), None if any(missing) else [self._numbered(s) for s in slopes], kind)

    def _numbered(self, program: Any) -> int:
        if program is None:
            return -1
        self.programs.append(program)
        return len(self.programs) - 1

    # The way back

    def walk(self, root: int) -> Walk:
        """The way back from an entry."""
        tape, states = self.tape, set()
        rows: list[flat.BackRow] = []
        for i, wanted in self.histories.walk(root):
            if type(tape.records[i]) is not str:
                rows += self._rows_back(i, wanted)
            elif tape.records[i] == STATE:
                states.add(tape.origin[i])
        return Walk(root, rows, [k for k in range(self.states) if k not in states])

    def _rows_back(self, i: int, wanted: list[int]) -> list[flat.BackRow]:
        recipe, z = self._recipe(i), self.places[i]
        places = [self.places[x] for x in self.tape.inputs[i]]
        if recipe.slopes is None:
            return [(flat.ASK, z, 0, 0, 0, 0)]
        if recipe.kind in (SUM, PRODUCT):
            factors = [self.one if recipe.kind == SUM else places[1 - m] for m in wanted]
            m, n = wanted[0], wanted[-1]
            return [(flat.GIVE if m == n else flat.GIVE_TWO, z, places[m], factors[0], places[n], factors[-1])]
        heads = [flat.RUN] * (len(wanted) - 1) + [flat.RUN_LAST]
        return [(head | recipe.slopes[m] << 8, z, places[m], 0, 0, 0) for head, m in zip(heads, wanted, strict=True)]


def _kind(tape: Tape, i: int) -> type:
    """Whether the number of an entry is a float, an int or a bool."""
    number = tape.numbers[i]
    if isinstance(number, (np.float64, np.integer, np.bool_)):
        number = number.item()
    for kind in (bool, int, float):
        if type(number) is kind:
            return kind
    shape = getattr(number, "shape", ())
    what = f"has shape {shape}" if shape else f"is of type {type(number).__name__}"
    name = getattr(tape.records[i], "name", tape.records[i])
    raise CaptureError(f"compile: the tape runs on Python's numbers, and {name} {what}; use backend='numpy'")


def _as_double(number: Any) -> float:
    try:
        double = float(number)
    except OverflowError:
        double = np.inf
    if double != number and number == number:
        raise CaptureError(f"compile: the int {number} has more digits than a double; use a float")
    return double
