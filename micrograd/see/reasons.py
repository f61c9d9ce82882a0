"""The diagnoses of a gradient that is right, and yet a surprise: not finite, zero,
small, or large. Each is told with the numbers of the place that makes it so.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.node import Node, data_of, inputs_of
from micrograd.see import obstacles
from micrograd.see.noted import size_of
from micrograd.see.numerals import brief, listed
from micrograd.see.obstacles import (
    OFF,
    SEED,
    SUM,
    ZERO,
    Obstacle,
    cancelled_in,
    chain_of,
    first_not_finite,
    grew_in,
    growth_of,
    obstacles_of,
    saturated_in,
)
from micrograd.see.telling import Telling, called, made_at
from micrograd.see.ways import Use, has_rule, is_finite, is_zero, slope_of

MOST_LINES = 3  # of places that are told one by one

KEEP_AWAY = {
    "raise_to": "a root has an infinite slope at 0, as (p + 1e-12)**0.5",
    "sqrt": "a root has an infinite slope at 0, as (p + 1e-12)**0.5",
    "log": "a logarithm has an infinite slope at 0, as (p + 1e-12).log()",
    "divide": "a quotient by 0 has no number; add a small number to what divides",
    "exp": "exp overflows above 709; subtract the largest input before, as softmax does",
}


def not_finite(case: Any) -> Any:
    """The gradient has a nan or an infinity."""
    if is_finite(case.given):
        return None
    told, use = case.told, first_not_finite(case.ways)
    if use is None:
        head = f"{case.grad_is}: the gradient of {told.root} itself is {brief(case.ways.seed)}."
        repair = "Give backward() a gradient of finite numbers, or look at what it was called on."
        return "not-finite", head, [f"{told.root} passes it on."], repair
    node, p = use.user, told.name(inputs_of(use.user)[use.i])
    data = brief(data_of(inputs_of(node)[use.i]))
    head = f"{case.grad_is}: on the way back, the first number that is not finite comes from {node._record.name}."
    first = f"{told.made(node)} = {brief(data_of(node))}, where {p} = {data}; "
    slope = slope_of(use)
    if is_finite(use.part):
        first += f"the parts of {p} are finite, but their sum is too large for a float."
    elif slope is not None:
        first += f"its derivative {told.slope(use) or f'by {p}'} is {brief(slope)}, times {_that_arrived(use)}."
    else:
        first += f"{brief(use.arrived)} arrived, and {brief(use.part)} goes on."
    lines = [first, *made_at(node)]
    bad = next((y for y in case.order if inputs_of(y) and not is_finite(data_of(y))), None)
    if bad is not None and bad is not node:
        values = [
            f"{told.name(y)} = {brief(data_of(y))}"
            for y in dict.fromkeys(y for y in inputs_of(bad) if isinstance(y, Node))
        ]
        lines += [
            f"On the way forward, {told.made(bad)} = {brief(data_of(bad))} already, where {listed(values)}.",
            *made_at(bad),
        ]
    return "not-finite", head, lines, _kept_finite(told, use, bad)


def _kept_finite(told: Telling, use: Use, bad: Any) -> str:
    """What to do: the advice for the op with the first number that is not finite."""
    node = use.user if bad is None else bad
    name, p = node._record.name, told.name(inputs_of(node)[use.i if node is use.user else 0])
    if is_finite(use.part) and bad is None:
        return f"Smaller weights or inputs keep the parts of {p} small."
    for y in inputs_of(node):
        if not is_finite(data_of(y)) and not (isinstance(y, Node) and inputs_of(y)):
            return f"{told.name(y)} is {brief(data_of(y))} from the start: look at where its data comes from."
    is_quotient = name == "raise_to" and (node._params or {}).get("exponent", 0) < 0
    advice = KEEP_AWAY.get("divide" if is_quotient else name, "look at what it is made from")
    return f"Keep {p} away from there: {advice}."


def zero(case: Any) -> Any:
    """The gradient is 0, although there are ways back."""
    if not np.size(case.given) or not is_zero(case.given):
        return None
    told, found = case.told, obstacles_of(case.ways)
    if not np.size(case.ways.seed):
        head = f"{case.grad_is}, because {told.root} has no elements."
        return ZERO, head, [f"{told.root} has the shape {np.shape(case.ways.seed)}."], "Give it some data."
    if found[0].kind == SEED:
        head = f"{case.grad_is}, because the gradient of {told.root} is 0."
        evidence = f"{told.root}.grad is {brief(case.ways.seed)}: backward() was given that, or went further up."
        repair = f"Call {told.root}.backward(), or ask with the value on which it was called."
        return ZERO, head, [evidence], repair
    kinds = {place.kind for place in found}
    if len(kinds) > 1:
        name = next(kind for kind in (ZERO, OFF, obstacles.FLAT_END, SUM) if kind in kinds)
        head = f"{case.grad_is}, because every way back to it ends, each for a reason of its own."
        return name, head, _lines(told, found), "Begin with the first of them."
    return TOLD[found[0].kind](case, found)


def _lines(told: Telling, found: list[Obstacle]) -> list[str]:
    lines = [_line(told, place) for place in found[:MOST_LINES]]
    more = len(found) - MOST_LINES
    return [*lines, f"And {more} more places."] if more > 0 else lines


def _line(told: Telling, place: Obstacle) -> str:
    """One place, with its numbers."""
    use = place.use
    if use is None:
        return f"The parts of {told.name(place.node)} add up to 0."
    name, made = told.name(inputs_of(use.user)[use.i]), f"{told.made(use.user)} = {brief(data_of(use.user))}"
    if not has_rule(use):
        return f"{made}: it has no derivative by {name}."
    if place.kind == OFF:
        return _off(told, use)
    if place.kind == SUM:
        return f"{made}: of what goes on to {name}, the parts add up to 0."
    slope, formula = slope_of(use), told.slope(use)
    if slope is None:
        return f"{made}: {brief(use.arrived)} arrived, and 0 goes on to {name}."
    shown = brief(slope) if formula == brief(slope) or not formula else f"{formula} = {brief(slope)}"
    if place.kind == obstacles.FLAT_END:
        return f"{made}, with input {brief(data_of(inputs_of(use.user)[use.i]))}: slope {shown}."
    line = f"{made}: its derivative by {name} is {shown}; {_that_arrived(use)} is multiplied by that."
    if not is_zero(slope):
        return f"{line} The product is too small for a float."
    if _other(use) is not None and is_zero(data_of(use.user)):
        return f"{line} However {name} changes, {told.name(use.user)} stays 0."
    return line


def _that_arrived(use: Use) -> str:
    is_number = np.ndim(use.arrived) == 0
    return f"the {brief(use.arrived)} that arrived" if is_number else f"what arrived ({brief(use.arrived)})"


def _other(use: Use) -> Any:
    """The other factor of a product, where it is 0; None where there is none."""
    if use.user._record.name not in ("multiply", "matmul"):
        return None
    other = inputs_of(use.user)[1 - use.i]
    return other if is_zero(data_of(other)) else None


def _off(told: Telling, use: Use) -> str:
    op, made = use.user._record, told.made(use.user)
    x = brief(data_of(inputs_of(use.user)[use.i]))
    if op.name in obstacles.FLAT:
        return f"{made} is flat: its slope is 0 everywhere."
    if op.name in obstacles.CHOOSING:
        name = told.name(inputs_of(use.user)[use.i])
        return f"{made} takes nothing of {name} where a gradient arrives."
    return f"{made} with input {x}: slope 0 there."


def _multiplied(case: Any, found: list[Obstacle]) -> Any:
    told = case.told
    others = [None if place.use is None else _other(place.use) for place in found]
    if len(found) == 1 and others[0] is not None:
        factor, node = told.name(others[0]), found[0].node
        what = "it" if node is case.x else f"{told.name(node)}, which is made from it,"
        which = "" if factor == "0" else ", which is 0"
        head = f"{case.grad_is}, because {what} is multiplied by {factor}{which}."
        return ZERO, head, _lines(told, found), f"If {factor} is not meant to be 0, look at where it comes from."
    head = f"{case.grad_is}, because every way back to it is multiplied by 0."
    repair = f"At a minimum of {told.root} that is right. Elsewhere, look at where the 0 comes from."
    return ZERO, head, _lines(told, found), repair


def _dead(case: Any, found: list[Obstacle]) -> Any:
    told, uses = case.told, [place.use for place in found if place.use is not None]
    names = list(dict.fromkeys(called(use.user) for use in uses))
    what = f"a {names[0]} that is off" if names == ["ReLU"] else f"{listed(names)} with slope 0"
    head = f"{case.grad_is}, because every way back to it ends at {what}."
    if names != ["ReLU"]:
        repair = (
            "What is cut off, or not chosen, gets no gradient. If that is not meant: other data, or a smooth function."
        )
        return OFF, head, _lines(told, found), repair
    inputs = np.concatenate([_inputs_off(use) for use in uses])
    lines = _lines(told, found)
    if inputs.size > 1:
        ends = f"from {brief(inputs.min())} to {brief(inputs.max())}"
        lines = [f"{inputs.size} of {inputs.size} ReLUs on the way have an input of 0 or below, {ends}."]
    repair = "A unit that is off for all samples cannot come back: a smaller learning rate, another start, or tanh."
    return OFF, head, lines, repair


def _inputs_off(use: Use) -> Any:
    """The inputs of a ReLU at which something arrived."""
    x, g = np.asarray(data_of(inputs_of(use.user)[0]), float), np.asarray(use.arrived, float)
    return x[(g != 0) & (x <= 0)].reshape(-1)


def _flat(case: Any, found: list[Obstacle]) -> Any:
    names = listed(list(dict.fromkeys(called(place.use.user) for place in found if place.use is not None)))
    head = f"{case.grad_is}, because {names} is saturated on the way."
    return obstacles.FLAT_END, head, _lines(case.told, found), _unsaturated(names)


def _unsaturated(name: str) -> str:
    return f"Smaller weights or inputs keep {name} off its flat ends."


def saturated(case: Any) -> Any:
    """An op on the largest way is on a flat end."""
    if _is_nothing(case) or (use := saturated_in(chain_of(case.ways))) is None:
        return None
    name, told = called(use.user), case.told
    x, z, slope = data_of(inputs_of(use.user)[use.i]), data_of(use.user), slope_of(use)
    shown = f"{float(z):.6f}" if np.ndim(z) == 0 else brief(z)
    formula = told.slope(use)
    evidence = f"{told.made(use.user)} = {shown}, with input {brief(x)}: "
    evidence += "" if slope is None else f"slope {formula}{' = ' if formula else ''}{brief(slope)}. "
    most = "" if np.ndim(z) == 0 else "at most "
    evidence += f"Of {most or 'the '}{brief(size_of(use.arrived) if most else use.arrived)} that arrived, "
    evidence += f"{most}{brief(size_of(use.part) if most else use.part)} goes on."
    head = f"{case.grad_is}, because {name} is saturated on the way."
    return obstacles.FLAT_END, head, [evidence], _unsaturated(name)


def cancelled(case: Any) -> Any:
    """Parts add up to almost 0."""
    if _is_nothing(case) or (found := cancelled_in(case.ways, chain_of(case.ways))) is None:
        return None
    return _cancelled(case, [Obstacle(SUM, *found)])


def _cancelled(case: Any, found: list[Obstacle]) -> Any:
    told, place = case.told, found[0]
    name = told.name(place.node)
    head = f"{case.grad_is}, because parts cancel on the way."
    if place.use is None:
        uses = sorted(case.ways.uses[place.node], key=lambda use: -size_of(use.part))
        parts = [f"{brief(use.part)} by {told.made(use.user)}" for use in uses[:MOST_LINES]]
        more = [f"{len(uses) - MOST_LINES} more"] if len(uses) > MOST_LINES else []
        evidence = f"{name} gets {listed(parts + more, MOST_LINES + 1)}: together {brief(case.ways.grads[place.node])}."
    else:
        total = brief(place.use.part)
        evidence = f"{told.made(place.use.user)}: of what goes on to {name}, the parts add up to {total}."
    repair = f"To first order {told.root} does not change with {name}. If that is a surprise, look at the signs."
    return SUM, head, [evidence], repair


def grew(case: Any) -> Any:
    """The gradient grew on its way from the root."""
    if _is_nothing(case) or not grew_in(case.ways):
        return None
    told, uses = case.told, chain_of(case.ways)
    most = max(uses, key=growth_of)
    steps = sum(growth_of(use) != 1.0 for use in uses)
    first, last = brief(size_of(case.ways.seed)), brief(size_of(case.given))
    head = f"{case.grad_is}: it grew from {first} to {last} on the way back."
    over = "one product" if steps == 1 else f"{steps} products"
    evidence = f"Over {over}, most at {told.made(most.user)}, by {brief(growth_of(most))} times."
    return "grew", head, [evidence], "Smaller weights, inputs of size 1, or a clipped gradient keep it small."


def _is_nothing(case: Any) -> bool:
    return case.x is case.root or is_zero(case.given)


TOLD = {ZERO: _multiplied, OFF: _dead, obstacles.FLAT_END: _flat, SUM: _cancelled}
REASONS = {"not-finite": not_finite, "zero": zero, "saturated": saturated, "cancelled": cancelled, "grew": grew}
