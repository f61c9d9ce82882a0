"""Which rule an op has, and the rules that follow from what its record says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.batched.layouts import (
    all_mapped,
    checked_shapes,
    count_of,
    example,
    rank_of,
    shapes_of_one,
    stand_in,
    with_rank,
)
from micrograd.interpreter import Array, shape_of
from micrograd.ops import reshape, stack, where
from micrograd.ops.axes import axes_of, named_axis
from micrograd.record import Elementwise, Op
from micrograd.table import OPS

Rule = Callable[[Op, list[Array], list[bool], dict[str, Any]], Array]

_rules: dict[Op, Rule] = {}


def rule_for(*ops: Any) -> Callable[[Rule], Rule]:
    """The decorated function is the rule of these ops."""

    def entered(rule: Rule) -> Rule:
        _rules.update(dict.fromkeys(ops, rule))
        return rule

    return entered


def run(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """The results of an op in all examples, along axis 0.

    Args:
        op: the record.
        data: its inputs.
        mapped: which of them hold all examples, along axis 0; at least one does.
        params: the keyword arguments.
    """
    return rule_of(op)(op, data, mapped, params)


def rule_of(op: Op) -> Rule:
    """The rule of an op: its own, the one that its facts allow, or the loop."""
    rule = _rules.get(op)
    if rule is None:
        rule = _general(op)
        if OPS.get(op.name) is op:  # one that is made for a moment is not kept
            _rules[op] = rule
    return rule


def _general(op: Op) -> Rule:
    if isinstance(op, Elementwise):
        return elementwise
    if isinstance(op.facts.axes, str):
        return along_axes
    return last_axes if isinstance(op.facts.axes, int) else one_by_one


def elementwise(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """Axes count from the last, so examples stand before the axes of the largest."""
    ranks = [rank_of(x) - m for x, m in zip(data, mapped, strict=True)]
    most = max(ranks)
    if most == min(ranks):
        return op(*data, **params)
    rows = zip(data, mapped, ranks, strict=True)
    return op(*[with_rank(x, most) if m and rank < most else x for x, m, rank in rows], **params)


rule_for(where)(elementwise)  # a decorator would be lost on what is compiled with C types


def along_axes(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """An op that joins elements along the axes that a param names."""
    (x,) = data
    name = str(op.facts.axes)
    axis = named_axis(op, params)
    shape = shape_of(x)[1:]
    if axis is not None and shape:
        return op(x, **{**params, name: _behind_examples(op, shape, axis)})
    # All elements of an example in one row; a number, too, has one.
    wanted = op.shape(stand_in(shape), **params)
    row = reshape(x, shape=(shape_of(x)[0], math.prod(shape)))
    along: Any = 1
    if isinstance(axis, tuple):
        along = (1,)
    z = op(row, **{**params, name: along})
    return z if shape_of(z)[1:] == wanted else reshape(z, shape=(shape_of(x)[0], *wanted))


def _behind_examples(op: Op, shape: tuple[int, ...], axis: Any) -> Any:
    """The axis, or the axes, of one example, counted behind that of the examples."""
    if isinstance(axis, tuple):
        return tuple([a + 1 for a in axes_of(op.name, stand_in(shape), axis)])
    return axes_of(op.name, stand_in(shape), axis)[0] + 1


def last_axes(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """An op that joins elements along its last axes, and takes any axes before."""
    checked_shapes(op, data, mapped, params)  # refuses what has too few axes
    return elementwise(op, all_mapped(data, mapped), [True] * len(data), params)


def one_by_one(op: Op, data: list[Array], mapped: list[bool], params: dict[str, Any]) -> Array:
    """Any other op: a loop over the examples."""
    count = count_of(data, mapped)
    if count == 0:
        shape = op.shape(*map(stand_in, shapes_of_one(data, mapped)), **params)
        return np.zeros((0, *shape), op.dtype(*data, **params))
    rows = zip(data, mapped, strict=True)
    columns = [[example(x, b) for b in range(count)] if m else [x] * count for x, m in rows]
    return stack([op(*column, **params) for column in zip(*columns, strict=True)])


def is_looped(op: Op) -> bool:
    """Whether vmap runs this op in a loop."""
    return rule_of(op) is one_by_one
