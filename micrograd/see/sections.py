"""Sections of an explanation: how the root is made, its parts, what `x.grad` holds."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.interpreter import ones_like, shape_of
from micrograd.node import data_of, holds_grad, inputs_of
from micrograd.record import Elementwise
from micrograd.see.chains import Chains, Step, pushed, slope_of
from micrograd.see.noted import is_same, size_of
from micrograd.see.numerals import apart, described, number
from micrograd.see.rules import Texts, enclosed
from micrograd.see.wording import (
    Lines,
    Names,
    Paragraph,
    Table,
    after_d,
    as_factor,
    beside,
    counted,
    factor_in_latex,
    in_latex,
    in_words,
    label_of,
    number_in_latex,
    shape,
    times,
)
from micrograd.stale import is_stale

Block = Paragraph | Lines | Table

PARTS_SHOWN = 5
STEPS_SHOWN = 20  # of the largest chain; beyond, its first and its last ones
MADE_SHOWN = 8  # with more values in between, it is not told how each is made


class Part(NamedTuple):
    """What one use of x adds to its gradient.

    Attributes:
        use: the op that uses x, as a formula.
        arrived: the gradient that arrived at the result of this op.
        slope: the derivative of this op by x; for arrays, the rule as a text.
        adds: what this use adds; for numbers, arrived * slope.
    """

    use: str
    arrived: Any
    slope: Any
    adds: Any


class Writer:
    """Writes one explanation.

    Args:
        chains: how root depends on x.
        place: the element of x; None for all.
        paths: names of parameters.
    """

    def __init__(self, chains: Chains, place: tuple[int, ...] | None, paths: dict[Any, str]) -> None:
        self.chains, self.place = chains, place
        self.root, self.x = chains.root, chains.x
        labels = {label_of(y) for node in chains.between for y in (node, *inputs_of(node)) if isinstance(y, Value)}
        self.names = Names(paths, labels - {""})
        self.texts = Texts(self.names.of)
        self.names.shorten(self.root, "L")
        self.names.shorten(self.x, "x")
        self.r, self.n = self.names.of(self.root), self.names.of(self.x)
        if place is not None:
            self.n += f"[{', '.join(map(str, place))}]"
        self.is_scalar = all(shape_of(data_of(v)) == () for v in chains.uses)
        self.gradient = self._taken(chains.gradient)
        self.uses_by = Counter(user for user, _ in chains.uses[self.x])

    def written(self) -> tuple[list[Block], str, list[Part]]:
        """The sections, the formula in LaTeX, and all parts."""
        if self.root is self.x:
            return self._of_itself()
        is_small = len(self.chains.between) <= MADE_SHOWN and self.is_scalar
        is_product = is_small and self.chains.paths == 1
        blocks: list[Block] = [self._how_made() if is_small else self._how_far(), *self._stale()]
        order = sorted(range(len(self.chains.parts)), key=lambda k: -size_of(self._taken(self.chains.parts[k])))
        shown = {k: self._part(k) for k in order[:PARTS_SHOWN]}
        if is_product:
            blocks.append(self._product())
        else:
            blocks.append(self._table(list(shown.values()), order[PARTS_SHOWN:]))
            user, _ = self.chains.uses[self.x][order[0]]
            if self.place is not None and isinstance(shown[order[0]].slope, str):
                blocks += self._elements(*self.chains.uses[self.x][order[0]], self.place)
            if user is not self.root:
                blocks.append(self._largest(user))
            if not self.is_scalar:
                blocks.append(self._arrays(user))
        # Names of the other parts come after those of the text.
        parts = [shown[k] if k in shown else self._part(k) for k in order]
        latex = (
            self._latex_of_product()
            if is_product
            else self._latex_of(parts, [self.chains.uses[self.x][k] for k in order])
        )
        return [*blocks, self._compared()], latex, parts

    def _of_itself(self) -> tuple[list[Block], str, list[Part]]:
        one = self._taken(ones_like(data_of(self.root)))
        told = Paragraph(f"{self.n} is explained by itself: when it grows by 1, it grows by 1.")
        part = Part(f"{self.r} itself", one, 1.0, self.gradient)
        return [told, self._compared()], rf"{self._derivative_in_latex()} = 1", [part]

    def _taken(self, g: Any) -> Any:
        """The chosen element of a gradient of x."""
        return g if self.place is None else float(g[self.place])

    def _derivative(self) -> str:
        return f"d{after_d(self.r)}/d{after_d(self.n)}"

    def title(self) -> str:
        """The first line: the gradient, and what short names stand for."""
        is_number = shape_of(self.gradient) == ()
        value = f" = {number(self.gradient)}" if is_number else f", an array of shape {shape_of(self.gradient)}"
        named = [f"{short} = {long}" for short, long in self.names.short.items()]
        told = f", with {' and '.join(named)}" if named else ""
        return f"{self._derivative()}{value}{told}"

    def _part(self, k: int) -> Part:
        """What use k of x adds, as a row."""
        user, i = self.chains.uses[self.x][k]
        which = f", input {i + 1}" if self.uses_by[user] > 1 else ""
        use = f"{self.names.of(user)} = {self.texts.forward(user)}{which}"
        arrived, adds = self.chains.arrived(user), self._taken(self.chains.parts[k])
        if shape_of(arrived) == () == shape_of(adds):
            return Part(use, arrived, self._taken(slope_of(user, i)), adds)
        if self.place is not None and isinstance(user._record, Elementwise) and shape_of(arrived) == self.x.shape:
            return Part(use, self._taken(arrived), self._taken(slope_of(user, i)), adds)
        return Part(use, arrived, self.texts.slope(user, i), adds)

    def _how_made(self) -> Lines:
        rows = [
            [self.names.of(node), f"= {self.texts.forward(node)}", f"= {number(data_of(node))}"]
            for node in self.chains.between
        ]
        return Lines(f"How {self.r} is made from {self.n} = {number(data_of(self.x))}:", beside(rows))

    def _how_far(self) -> Paragraph:
        x, root = self._taken(data_of(self.x)), data_of(self.root)
        start = f"{self.n} = {number(x)}" if shape_of(x) == () else self.n
        end = f"{self.r} = {number(root)}" if shape_of(root) == () else f"the sum of {self.r}"
        through, paths = counted(len(self.chains.between), "value"), counted(self.chains.paths, "path")
        return Paragraph(f"{start} reaches {end} through {through}, along {paths}.")

    def _stale(self) -> list[Block]:
        """A warning where data was assigned after the forward pass."""
        stale = next((node for node in self.chains.between if is_stale(node)), None)
        if stale is None:
            return []
        name = self.names.of(stale)
        return [
            Paragraph(
                f"{name} = {self.texts.forward(stale)} no longer holds: data was assigned after it was computed. "
                f"Run the forward pass again, then explain."
            )
        ]

    def _product(self) -> Lines:
        """One path: its slopes, from the end."""
        steps = self.chains.largest(self.x)
        names = [after_d(self.names.of(v)) for v in (self.root, *(inputs_of(step.node)[step.i] for step in steps))]
        ways = [f"d{z}/d{x}" for z, x in itertools.pairwise(names)]
        numbers = [number(slope_of(step.node, step.i)) for step in steps]
        numbers = numbers if len(numbers) == 1 else [as_factor(text) for text in numbers]
        slopes = [self.texts.slope(step.node, step.i) for step in steps]
        slopes = slopes if len(slopes) == 1 else [enclosed(slope) for slope in slopes]
        told = [" * ".join(texts) for texts in (ways, slopes, numbers)] + [number(self.gradient)]
        told = [text for k, text in enumerate(told) if not k or text != told[k - 1]]
        start = self._derivative()
        if told[0] == start:
            told = told[1:]
        lines = [f"{start if not k else ' ' * len(start)} = {text}" for k, text in enumerate(told)]
        return Lines("One path, so one product, read from the end:", lines)

    def _table(self, shown: list[Part], others: list[int]) -> Table:
        """The uses of x, what arrived there, and what each adds."""
        count = len(shown) + len(others)
        sizes = {size_of(self._taken(part)) for part in self.chains.parts}
        ranked = ", the largest first" if len(sizes) > 1 else ""
        added = f", so {in_words(count)} parts are added{ranked}" if count > 1 else ""
        rows = [[part.use, *self._arrived_and_slope(part), f"= {shape(part.adds)}"] for part in shown]
        if others:
            rest = sum(self._taken(self.chains.parts[k]) for k in others)
            rows.append([f"{len(others):,} more", "", "", f"= {shape(rest)}"])
        foot = f"together {shape(self.gradient)}" if count > 1 else ""
        slope = "* its slope" if self.is_scalar else "by its rule"
        after = ""
        if any(isinstance(p.slope, float) and size_of(p.slope) == float("inf") and size_of(p.adds) == 0 for p in shown):
            after = "A 0 that arrives stays 0, whatever the slope is."
        title = f"{self.n} is used {times(count)}{added}:"
        return Table(title, ["use", "arrived there", slope, "= adds"], rows, foot, after)

    def _arrived_and_slope(self, part: Part) -> tuple[str, str]:
        slope = part.slope if isinstance(part.slope, str) else f"* {as_factor(number(part.slope))}"
        return shape(part.arrived), slope

    def _elements(self, user: Any, i: int, place: tuple[int, ...]) -> list[Block]:
        """The elements of a node on which the element of x acts."""
        slopes, name = pushed(user, i, place), self.names.of(user)
        if slopes is None:
            return []
        arrived = self.chains.arrived(user)
        found = [(arrived[k], slopes[k], k) for k in zip(*np.nonzero(slopes), strict=True)]
        found.sort(key=lambda element: -size_of(element[0] * element[1]))
        rows = [
            [f"{name}[{', '.join(map(str, k))}]", number(g), f"* {as_factor(number(t))}", f"= {number(g * t)}"]
            for g, t, k in found[:PARTS_SHOWN]
        ]
        if others := found[PARTS_SHOWN:]:
            rows.append([f"{len(others):,} more", "", "", f"= {number(sum(g * t for g, t, _ in others))}"])
        title = f"{self.n} acts on {counted(len(found), 'element')} of {name}:"
        foot = f"together {number(sum(g * t for g, t, _ in found))}" if len(found) > 1 else ""
        return [Table(title, ["element", "arrived there", "* its slope", "= adds"], rows, foot)] if found else []

    def _largest(self, user: Any) -> Block:
        """The largest chain from root to a use of x."""
        steps = self.chains.largest(user)
        told = [step for step in steps if not _is_plain_sum(step)]
        rows = [self._row(step) for step in told[:STEPS_SHOWN]]
        if len(told) > STEPS_SHOWN:
            half = STEPS_SHOWN // 2
            ends = [self._row(step) for step in told[-half:]]
            rows = [*rows[:half], [f"... {len(told) - 2 * half:,} more ...", "", "", "", ""], *ends]
        arrived = self.chains.arrived(user)
        what = number(arrived) if shape_of(arrived) == () else "the gradient"
        title = f"How {what} arrived at {self.names.of(user)}, the largest part each time:"
        head = ["back through", "arrived", "* slope" if self.is_scalar else "by the rule", "", "= goes on"]
        after = "Sums in between pass it on unchanged." if len(told) < len(steps) else ""
        if not told:
            return Paragraph(
                f"{what} arrived at {self.names.of(user)} by way of sums alone, which pass it on unchanged."
            )
        return Table(title, head, rows, "", after)

    def _row(self, step: Step) -> list[str]:
        node = step.node
        name = f"{self.names.of(node)} = {self.texts.forward(node)}"
        if shape_of(step.arrived) == () == shape_of(step.part):
            slope = f"* {as_factor(number(slope_of(node, step.i)))}"
        else:
            slope = self.texts.slope(node, step.i)
        others = ""
        if step.others:
            rest = number(step.rest) if shape_of(step.rest) == () else "more"
            sign, rest = ("-", rest[1:]) if rest.startswith("-") else ("+", rest)
            others = f"{sign} {rest} by {counted(step.others, 'other use')}"
        return [name, shape(step.arrived), slope, others, f"= {shape(step.goes_on)}"]

    def _arrays(self, user: Any) -> Lines:
        """The arrays at the largest use of x, with some of their numbers."""
        lines = [[f"{self.names.of(user)}", _shown(data_of(user))]]
        lines += [["g, which arrived there", _shown(self.chains.arrived(user))]]
        lines += [[self.names.of(self.x), _shown(data_of(self.x))]]
        lines += [[f"d{after_d(self.r)}/d{after_d(self.names.of(self.x))}", _shown(self.chains.gradient)]]
        return Lines("The arrays of the first row:", beside([[name, f" {text}"] for name, text in lines]))

    def _compared(self) -> Paragraph:
        """What `x.grad` holds, beside what this explanation says."""
        where = f"{enclosed(self.names.of(self.x))}.grad" + self.n.removeprefix(self.names.of(self.x))
        call = f"{enclosed(self.r)}.backward()"
        if not holds_grad(self.x) and not self.x._has_own_step:
            what = f"is {number(0.0)}" if self.place is not None or self.x.shape == () else "is all 0"
            if size_of(self.gradient) == 0:
                return Paragraph(f"{where} {what}: the same; {call} was not called, or the gradient was zeroed since.")
            return Paragraph(f"{where} {what}: {call} was not called, or the gradient was zeroed since.")
        grad = self._taken(data_of(self.x.grad))
        if is_same(grad, self.gradient):
            what = number(grad) if shape_of(grad) == () else "the same array"
            return Paragraph(f"{where} is {what}: the same." if shape_of(grad) == () else f"{where} is {what}.")
        if shape_of(grad) == ():
            held, given = apart(grad, self.gradient)
            told = f"{where} is {held}; this pass gives {given}."
        else:
            told = f"{where} is another array, {described(grad)}."
        return Paragraph(f"{told} Another backward() has added to it, or the data have changed since.")

    def _name_in_latex(self, v: Any) -> str:
        return in_latex(self.names.of(v))

    def _derivative_in_latex(self) -> str:
        x, at = self._name_in_latex(self.x), self._at()
        return rf"\frac{{\partial {in_latex(self.r)}}}{{\partial {f'{{{x}}}{at}' if at else x}}}"

    def _at(self) -> str:
        """The element of x, in LaTeX."""
        return "" if self.place is None else f"_{{{', '.join(map(str, self.place))}}}"

    def _latex_of(self, parts: list[Part], uses: list[tuple[Any, int]]) -> str:
        start, at = self._derivative_in_latex(), self._at()
        shown = parts[:PARTS_SHOWN]
        if any(isinstance(part.slope, str) for part in shown):
            terms = [self._latex_of_use(node, i, at) for node, i in uses[:PARTS_SHOWN]]
        else:
            terms = [rf"{number_in_latex(part.arrived)} \cdot {number_in_latex(part.slope)}" for part in shown]
        more = [r"\ldots"] if len(parts) > PARTS_SHOWN else []
        value = f" = {number_in_latex(self.gradient, True)}" if shape_of(self.gradient) == () else ""
        return f"{start} = {' + '.join(terms + more)}{value}"

    def _latex_of_use(self, node: Any, i: int, at: str) -> str:
        """The rule of one use of x, by what arrived there."""
        arrived = rf"\frac{{\partial {in_latex(self.r)}}}{{\partial {self._name_in_latex(node)}}}"
        rule = self.texts.latex_of_slope(node, i, self._name_in_latex, arrived)
        if shape_of(data_of(node)) == () == self.x.shape:
            return rf"{arrived} \cdot {factor_in_latex(rule)}"
        return rf"\left({rule}\right){at}"

    def _latex_of_product(self) -> str:
        steps = self.chains.largest(self.x)
        names = [self._name_in_latex(v) for v in (self.root, *(inputs_of(step.node)[step.i] for step in steps))]
        ways = [rf"\frac{{\partial {z}}}{{\partial {x}}}" for z, x in itertools.pairwise(names)]
        slopes = [factor_in_latex(self.texts.latex_of_slope(step.node, step.i, self._name_in_latex)) for step in steps]
        numbers = [number_in_latex(slope_of(step.node, step.i)) for step in steps]
        told = [r" \cdot ".join(texts) for texts in (ways, slopes, numbers)]
        start = rf"\frac{{\partial {names[0]}}}{{\partial {names[-1]}}}"
        return " = ".join([start, *(t for t in told if t != start), number_in_latex(self.gradient, True)])


def _is_plain_sum(step: Step) -> bool:
    """Whether a step only passes on what arrived: it need not be told."""
    is_alike = shape_of(step.arrived) == shape_of(step.part)
    return step.node._record.name == "add" and step.others == 0 and is_alike


def _shown(x: Any) -> str:
    """A number, or what there is to say of an array."""
    return number(x) if shape_of(x) == () else described(x)
