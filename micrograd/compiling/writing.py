"""Writing: the text of one line, on whole arrays."""

from __future__ import annotations

import itertools
import keyword
import math
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling.layout import Block
from micrograd.compiling.lines import Line
from micrograd.compiling.maps import Map, Sizes
from micrograd.compiling.terms import Part, Read, Term, in_order, is_choice
from micrograd.compiling.views import (
    ATOM,
    COMPARISON,
    MATMUL,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Axes,
    NoMatrixFormError,
    Text,
    View,
    aligned,
    spread,
)
from micrograd.ops.arithmetic import add, divide, maximum, minimum, multiply, negative, stop_gradient, subtract
from micrograd.ops.comparisons import logical_not
from micrograd.ops.functions import power, raise_to
from micrograd.record import Comparison, Op

INFIX = {multiply: ("*", PRODUCT), divide: ("/", PRODUCT), add: ("+", SUM), subtract: ("-", SUM)}
EXTREMES: dict[Op, str] = {maximum: "max", minimum: "min"}
LETTERS = "ijklmnpqrstuvw"
FEWEST = 3  # ops in a term that is written once, in a line of its own, where it is used twice
LONGEST = 10  # signs of a number: a longer one is shown as a quotient, if it is one


class Statement(NamedTuple):
    """A written line.

    Attributes:
        text: the whole statement.
        shape: of what it computes.
        line: the line of the program; None for a part of one that is written by itself.
    """

    text: str
    shape: Sizes
    line: Line | None


def op_name(op: Op) -> str:
    """How a function is called in print: its symbol where that is a word."""
    is_word = op.symbol.isidentifier() and not keyword.iskeyword(op.symbol) and op.symbol != "xor"
    return op.symbol.lower() if is_word else op.name.lstrip("_")


def flat(name: str, block: Block) -> str:
    """The elements of a block one after the other."""
    return name if len(block.shape) == 1 else f"{name}.reshape(-1)"


def number(x: Any) -> str:
    """A number, to 12 digits; a whole one without its point.

    >>> number(2.0), number(0.01), number(1.0 / 12.0), number(1.0 - 0.9)
    ('2', '0.01', '1 / 12', '0.1')
    """
    x = float(x)
    if x.is_integer() and abs(x) < 1e15:
        return str(int(x))
    if len(repr(x)) > LONGEST and 0 < x < 1 and 1.0 / round(1.0 / x) == x:
        return f"1 / {round(1.0 / x)}"
    return min(f"{x:.12g}", repr(x), key=len)


def assigned(target: str, grows: bool, text: Text) -> str:
    """`target = text`, or `target += text`, or `target -= -text`."""
    if grows and text.text.startswith("-") and text.level >= PRODUCT:
        return f"{target} -= {text.text[1:]}"
    return f"{target} {'+=' if grows else '='} {text.text}"


def numeral(x: Any) -> Text:
    text = number(x)
    return Text(text, SIGN if text.startswith("-") else PRODUCT if "/" in text else ATOM)


class Writer:
    """Writes one line on whole arrays.

    Args:
        notation: the names and shapes of what it reads: see notation.py.
        line: the line.
    """

    def __init__(self, notation: Any, line: Line) -> None:
        self.notation = notation
        self.line = line
        self.views: dict[int, View] = {}
        self.axes: dict[int, frozenset[int]] = {}  # that each part of the term goes along
        self.names: dict[int, View] = {}  # of parts that are written by themselves
        self.shows_stops = notation.is_derived(line)
        for root in (line.term, line.start):
            for part in in_order(root):
                if isinstance(part, Read):
                    view = self.views[id(part)] = notation.view(part.buffer, part.place, line.sizes)
                    self.axes[id(part)] = frozenset(view.axes)
                else:
                    self.axes[id(part)] = frozenset().union(*map(self.axes_of, part.inputs))

    def axes_of(self, part: Any) -> frozenset[int]:
        return self.axes[id(part)] if isinstance(part, Part) else frozenset()

    def factors_of(self, part: Any) -> list[Any]:
        """The factors of a product of products; of any other term itself."""
        if isinstance(part, Term) and id(part) not in self.names:
            if part.op is multiply:
                return [*self.factors_of(part.inputs[0]), *self.factors_of(part.inputs[1])]
            if part.op is stop_gradient and not self.shows_stops:
                return self.factors_of(part.inputs[0])
            if part.op is negative:
                return [-1.0, *self.factors_of(part.inputs[0])]
            if part.op is add and part.inputs[0] is part.inputs[1]:
                return [2.0, *self.factors_of(part.inputs[0])]
        return [part]

    def statements(self) -> list[Statement]:
        line, notation = self.line, self.notation
        target = notation.view(line.target, line.place, line.sizes)
        order = target.axes
        made = [*self._shared(line.start, order), *self._shared(line.term, self._natural(line.term, order))]
        if set(line.summed) or line.reduce != "sum":
            text = self._reduced(order)
        else:
            if not self.axes_of(line.term) <= set(order):
                raise NoMatrixFormError
            text = self.write(line.term, order)
        if line.start is not None and not is_number(line.start, 0):
            text = _added(add, [self.write(line.start, order), text])
        return [*made, self._assigned(target, text)]

    def _assigned(self, target: View, text: Text) -> Statement:
        """The statement; NumPy's `+=` would add to an element once only."""
        line = self.line
        shape = tuple(line.sizes[a] for a in target.axes)
        places = line.place.indices(line.sizes)
        for axis in line.summed[::-1]:
            places = places.take(0, axis)
        if line.grows and places.size != len(np.unique(places)):
            array, _, index = target.text.partition("[")
            return Statement(f"add.at({array}, {index[:-1]}, {text.text})", shape, line)
        if not target.text.endswith(")"):
            return Statement(assigned(target.text, line.grows, text), shape, line)
        block = self.notation.layout.block_of(line.target, line.place, line.sizes)
        name = target.text.partition(".reshape")[0]
        is_all = name == self.notation.name(line.target, block) and math.prod(shape) == block.size
        if not is_all or not set(target.axes) <= self.axes_of(line.term):
            return Statement(assigned(f"{target.text}[:]", line.grows, text), shape, line)
        sizes = ", ".join(map(str, block.shape))
        whole = Text(f"{text.within(ATOM)}.reshape({sizes})", ATOM)
        return Statement(assigned(name, line.grows, whole), block.shape, line)

    def _natural(self, part: Any, order: Axes) -> Axes:
        """An order of the axes of a term: that of the read that has the most."""
        reads = [self.views[id(x)].axes for x in in_order(part) if isinstance(x, Read)]
        first = max(reads, key=len, default=())
        if set(order) >= self.axes_of(part):
            first = order
        rest = [a for a in (*order, *range(len(self.line.sizes))) if a not in first]
        return (*first, *dict.fromkeys(a for a in rest if a in self.axes_of(part) or a in order))

    def _shared(self, root: Any, order: Axes) -> list[Statement]:
        """Lines for the parts of a term that are used twice and long."""
        uses: dict[int, int] = {}
        ops: dict[int, int] = {}
        made = []
        parts = in_order(root)
        for part in parts:
            for x in {id(x) for x in part.inputs} if isinstance(part, Term) else ():
                uses[x] = uses.get(x, 0) + 1
        for part in parts:
            if not isinstance(part, Term):
                continue
            ops[id(part)] = 1 + sum(ops.get(id(x), 0) for x in part.inputs)
            if ops[id(part)] > FEWEST and uses.get(id(part), 0) > 1 and part is not root:
                axes = tuple(a for a in order if a in self.axes_of(part))
                name = self.notation.free("a")
                text = f"{name} = {self.write(part, axes).text}"
                made.append(Statement(text, tuple(self.line.sizes[a] for a in axes), None))
                self.names[id(part)] = View(name, axes, name, axes)
                ops[id(part)] = 0
        return made

    def write(self, part: Any, order: Axes) -> Text:
        """A part of the term, as an array whose last axes are those of the order."""
        if not isinstance(part, Part):
            return numeral(part)
        view = self.names.get(id(part)) or self.views.get(id(part))
        if view is not None:
            return aligned(view, order)
        assert isinstance(part, Term)
        axes = tuple(a for a in order if a in self.axes_of(part))
        index = spread(axes, order)
        if index and sum(isinstance(x, Read) for x in in_order(part)) > 1:
            return Text(self._operation(part, axes).within(ATOM) + index, ATOM)
        return self._operation(part, order if index else axes)

    def _operation(self, part: Term, order: Axes) -> Text:
        op, inputs = part.op, part.inputs
        if op is stop_gradient:
            text = self.write(inputs[0], order)
            return Text(f"{text.within(ATOM)}.detach()", ATOM) if self.shows_stops else text
        if op is multiply or op is negative or (op is add and inputs[0] is inputs[1]):
            return self.product(self.factors_of(part), order)
        if op is raise_to or op is power:
            exponent = part.params["exponent"] if op is raise_to else inputs[1]
            return Text(
                f"{self.write(inputs[0], order).within(ATOM)} ** {self.write(exponent, order).within(ATOM)}", POWER
            )
        shown, self.shows_stops = self.shows_stops, self.shows_stops and not isinstance(op, Comparison)
        texts = [self.write(x, order) for x in inputs]
        self.shows_stops = shown
        if op is add or op is subtract:
            return _added(op, texts)
        if op in EXTREMES and (found := self._extreme(part, order)) is not None:
            return found
        if op in INFIX:
            sign, level = INFIX[op]
            return Text(f"{texts[0].within(level)} {sign} {texts[1].within(level + 1)}", level)
        if op is logical_not and isinstance(inputs[0], Term) and isinstance(inputs[0].op, Comparison):
            return Text(f"~{texts[0].within(ATOM)}", SIGN)
        if isinstance(op, Comparison) and len(inputs) == 2 and not op.symbol.isalpha():
            if op.symbol in ("==", "!=") and not isinstance(inputs[0], Part):
                texts.reverse()
            return Text(f"{texts[0].within(SUM)} {op.symbol} {texts[1].within(SUM)}", COMPARISON)
        params = [f"{k}={self.notation.param(v)}" for k, v in part.params.items()]
        return Text(f"{op_name(op)}({', '.join([*[t.text for t in texts], *params])})", ATOM)

    def _extreme(self, part: Term, order: Axes) -> Text | None:
        """`max(x)` for the largest of many elements that stand at even steps."""
        rest: list[Any] = [part]
        reads: list[Read] = []
        while rest:
            x = rest.pop()
            if isinstance(x, Term) and x.op is part.op:
                rest += x.inputs
            elif isinstance(x, Read) and x.place.table is None:
                reads.append(x)
            else:
                return None
        first = min(reads, key=lambda x: x.place.offset)
        steps = {b - a for a, b in itertools.pairwise(sorted(x.place.offset for x in reads))}
        kinds = {(x.buffer.name, x.place.strides) for x in reads}
        if len(reads) < FEWEST or len(steps) > 1 or len(kinds) > 1:
            return None
        place = Map(first.place.offset, (*first.place.strides, steps.pop()))
        try:
            view = self.notation.view(first.buffer, place, (*self.line.sizes, len(reads)))
        except NoMatrixFormError:
            return None
        axis = view.axes.index(len(self.line.sizes))
        text = f"{EXTREMES[part.op]}({view.text}{f', axis={axis}' if len(view.axes) > 1 else ''})"
        axes = tuple(a for a in view.axes if a < len(self.line.sizes))
        return aligned(View(text, axes, text, axes), order)

    def product(self, factors: list[Any], order: Axes, core: Text | None = None) -> Text:
        """Numbers first, then the other factors, then one that is written already."""
        scale = math.prod(float(x) for x in factors if not isinstance(x, Part))
        parts = sorted((x for x in factors if isinstance(x, Part)), key=lambda x: bool(self.axes_of(x)))
        has_numbers = core is not None or abs(scale) != 1 or not all(map(is_choice, parts))
        texts: list[Text] = []
        while parts:
            part: Any = parts.pop(0)
            count = 1 + sum(x is part for x in parts)
            parts = [x for x in parts if x is not part]
            text = self.write(part.inputs[0] if is_choice(part) and has_numbers else part, order)
            texts.append(text if count == 1 else Text(f"{text.within(ATOM)} ** {count}", POWER))
        if core is not None:
            texts.append(core)
        if not texts:
            return numeral(scale)
        if scale not in (1, -1):
            texts.insert(0, numeral(scale))
        if len(texts) == 1:
            return Text(f"-{texts[0].within(SIGN)}", SIGN) if scale == -1 else texts[0]
        first, *others = texts
        joined = " * ".join([first.within(PRODUCT), *[t.within(SIGN) for t in others]])
        return Text(f"-{joined}", SIGN) if scale == -1 else Text(joined, PRODUCT)

    def _reduced(self, order: Axes) -> Text:
        """The sum, or the largest, over the axes along which the target stays."""
        line = self.line
        summed = set(line.summed)
        if line.reduce != "sum":
            return self._over([line.term], order, summed, line.reduce)
        factors = self.factors_of(line.term)
        idle = summed - self.axes_of(line.term)
        count = math.prod(line.sizes[a] for a in idle)
        outside = [x for x in factors if not self.axes_of(x) & summed] + ([float(count)] if count > 1 else [])
        inside = [x for x in factors if self.axes_of(x) & summed]
        summed -= idle
        if not inside:
            return self.product(outside, order)
        core = self._core(inside, order, summed)
        return self.product(outside, order, core) if outside else core

    def _core(self, inside: list[Any], order: Axes, summed: set[int]) -> Text:
        sets = [self.axes_of(x) for x in inside]
        if len(inside) == 2 and not (inside[0] is inside[1] and isinstance(inside[0], Term)):
            found = self._matrix_product(inside, order, summed)
            if found is not None:
                return found
        if all(axes == sets[0] for axes in sets):
            return self._over(inside, order, summed, "sum")
        return self._einsum(inside, order)

    def _over(self, inside: list[Any], order: Axes, summed: set[int], name: str) -> Text:
        """sum(x, axis=...), or max or min."""
        every = frozenset().union(*[self.axes_of(x) for x in inside])
        natural = max((self._natural(x, order) for x in inside), key=len)
        axes = tuple(a for a in natural if a in every)
        text = self.product(inside, axes).text
        left = [a for a in axes if a not in summed]
        if left:
            gone = [axes.index(a) for a in axes if a in summed]
            text = f"{name}({text}, axis={gone[0] if len(gone) == 1 else tuple(gone)})"
        else:
            text = f"{name}({text})"
        return aligned(View(text, tuple(left), text, tuple(left)), order)

    def _matrix_product(self, inside: list[Any], order: Axes, summed: set[int]) -> Text | None:
        x, y = inside
        of_x, of_y = self.axes_of(x), self.axes_of(y)
        if len(summed) != 1 or not summed <= of_x & of_y:
            return None
        own_x, own_y, batch = of_x - of_y, of_y - of_x, (of_x & of_y) - summed
        if len(own_y) > 1 and len(own_x) <= 1:
            x, y, own_x, own_y = y, x, own_y, own_x
        if len(own_y) > 1 or (batch and (len(own_x) != 1 or not own_y)):
            return None
        if len(own_x) > 1:  # a stack of matrices times a matrix
            return self._stack_product(x, y, order, summed, own_x, own_y)
        free = [a for a in order if a in own_x | own_y]
        if own_y and free[0] in own_y and (own_x or self._is_written_first(y, x, summed)):
            x, y, own_x, own_y = y, x, own_y, own_x
        both = tuple(a for a in order if a in batch)
        first = self.write(x, (*both, *own_x, *summed))
        second = self.write(y, (*both, *summed, *own_y))
        text = Text(f"{first.within(PRODUCT)} @ {second.within(PRODUCT + 1)}", MATMUL)
        axes = [*both, *own_x, *own_y]
        if tuple(axes) == tuple(a for a in order if a in axes) and not spread(axes, order):
            return text
        text = Text(f"({text.text})", ATOM)
        return aligned(View(text.text, tuple(axes), text.text, tuple(axes)), order)

    def _stack_product(
        self, x: Any, y: Any, order: Axes, summed: set[int], own_x: frozenset[int], own_y: frozenset[int]
    ) -> Text:
        rows = tuple(a for a in order if a in own_x)
        wanted = tuple(a for a in order if a in own_x | own_y)
        if own_y and wanted == (*rows[:-1], *own_y, rows[-1]) and not spread(wanted, order):  # the matrix comes first
            first, second = self.write(y, (*own_y, *summed)), self.write(x, (*rows[:-1], *summed, rows[-1]))
            return Text(f"{first.within(PRODUCT)} @ {second.within(PRODUCT + 1)}", MATMUL)
        first, second = self.write(x, (*rows, *summed)), self.write(y, (*summed, *own_y))
        axes = (*rows, *own_y)
        text = Text(f"{first.within(PRODUCT)} @ {second.within(PRODUCT + 1)}", MATMUL)
        if axes == tuple(a for a in order if a in axes) and not spread(axes, order):
            return text
        return aligned(View(f"({text.text})", axes, f"({text.text})", axes), order)

    def _is_written_first(self, y: Any, x: Any, summed: set[int]) -> bool:
        """Whether `y @ x` needs no transpose, where x is a vector and y is a matrix."""
        return not isinstance(y, Read) or self.views[id(y)].axes[-1:] == tuple(summed)

    def _einsum(self, inside: list[Any], order: Axes) -> Text:
        every = [a for a in (*order, *self.line.summed) if any(a in self.axes_of(x) for x in inside)]
        letters = {a: LETTERS[i] for i, a in enumerate(dict.fromkeys(every))}
        words, texts = [], []
        for x in inside:
            axes = self._natural(x, ())
            words.append("".join(letters[a] for a in axes))
            texts.append(self.write(x, axes).text)
        left = [a for a in order if a in letters]
        out = "".join(letters[a] for a in left)
        text = f'einsum("{",".join(words)}->{out}", {", ".join(texts)})' + spread(left, order)
        return Text(text, ATOM)


def _added(op: Op, texts: list[Text]) -> Text:
    """A sum or a difference, without a sign before its second part."""
    x, y = texts
    if op is add and _has_sign(x) and not _has_sign(y):
        x, y = y, x
    sign = "+" if (op is add) != _has_sign(y) else "-"
    second = Text(y.text[1:], PRODUCT) if _has_sign(y) else y
    return Text(f"{x.within(SUM)} {sign} {second.within(PRODUCT if sign == '-' else SUM)}", SUM)


def _has_sign(text: Text) -> bool:
    return text.level == SIGN and text.text.startswith("-")


def is_number(x: Any, value: float) -> bool:
    return isinstance(x, (int, float)) and x == value
