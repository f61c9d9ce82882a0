"""What stands in the way of a gradient: where it becomes 0, small, large, or not
finite.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.node import data_of, inputs_of
from micrograd.record import Elementwise, Linear, Multilinear
from micrograd.see.noted import size_of
from micrograd.see.ways import Use, Ways, bound_of, has_rule, is_finite, is_zero, slope_of

SATURATED = 1e-3  # a slope below this on a flat end
LOST = 0.1  # and less than this share goes on of the smallest gradient between it and the root
CANCELLED = 1e-6  # a sum below this, times its largest part
GREW = 1e6  # the largest gradient, by the largest at the root

# Ops with flat ends
SATURATING = frozenset({"tanh", "sigmoid", "expit", "erf", "erfc", "softsign", "arctan", "softplus", "log_sigmoid"})
FLAT = frozenset({"sign", "floor", "ceil", "round", "rint", "trunc", "heaviside", "floor_divide"})
TAKING = frozenset({"getitem", "rows_at", "index_set", "index_add"})
CHOOSING = frozenset({"where", "maximum", "minimum", "max", "min"}) | TAKING
GATES = frozenset({"relu", "clipped"}) | FLAT | CHOOSING

ZERO, OFF, FLAT_END, SUM, SEED = "multiplied-by-zero", "dead-relu", "saturated", "cancelled", "seed"


class Obstacle(NamedTuple):
    """A place where a gradient becomes 0.

    Attributes:
        kind: the name of the diagnosis, or `SEED` where the root itself has none.
        node: whose gradient it is.
        use: the use of the node that passes nothing on; None for the root, and where
            the parts of several uses cancel.
    """

    kind: str
    node: Any
    use: Use | None


def obstacles_of(ways: Ways) -> list[Obstacle]:
    """Where all ways back to x end, when its gradient is 0: from x towards the root."""
    found, seen, ahead = [], {ways.x}, [ways.x]
    while ahead:
        node = ahead.pop()
        uses = ways.uses.get(node, [])
        if node is ways.root:
            found += [Obstacle(SEED, node, None)] if is_zero(ways.seed) else []
            continue
        if is_zero(ways.grads.get(node)) and any(not is_zero(use.part) for use in uses):
            found.append(Obstacle(SUM, node, None))
            continue
        for use in uses:
            if not is_zero(use.arrived) and _blocks(use):
                found.append(Obstacle(_kind(use), node, use))
            if _has_zeros(use) and use.user not in seen:
                seen.add(use.user)
                ahead.append(use.user)
    return found or [Obstacle(ZERO, ways.x, use) for use in ways.uses[ways.x]]


def _blocks(use: Use) -> bool:
    """Whether something that arrived at the user, and is not 0, goes no further."""
    op = use.user._record
    if not has_rule(use):
        return True
    if op.name in GATES and not isinstance(op, Elementwise):
        return bool(np.any(np.asarray(use.part) == 0))
    if isinstance(op, Elementwise):
        if is_zero(use.part):
            return True
        return bool(np.any((np.asarray(use.arrived) != 0) & (_product(use) == 0)))
    return is_zero(use.part) and not _only_moves(use)


def _only_moves(use: Use) -> bool:
    """Whether the op moves elements, and all that it moved here was 0 before."""
    op = use.user._record
    is_linear = isinstance(op, Linear) or (isinstance(op, Multilinear) and len(op.rules) == 1)
    return is_linear and _has_zeros(use) and is_zero(bound_of(use))


def _has_zeros(use: Use) -> bool:
    """Whether some of what would go to this input was 0 already at the user."""
    return is_zero(use.arrived) or bool(np.any(np.asarray(use.arrived) == 0))


def _product(use: Use) -> Any:
    return np.asarray(use.arrived) * np.asarray(slope_of(use))


def _kind(use: Use) -> str:
    op = use.user._record
    if not has_rule(use):
        return ZERO
    if op.name in GATES:
        return OFF
    if isinstance(op, Elementwise) and is_zero(_product(use)):
        return FLAT_END if op.name in SATURATING else ZERO
    if op.name == "softmaxed":
        return FLAT_END if _is_flat_softmax(use) else SUM
    return ZERO if is_zero(bound_of(use)) else SUM


# The way of the largest parts


def chain_of(ways: Ways) -> list[Use]:
    """From x to the root, each time by the use that adds most."""
    chain: list[Use] = []
    node: Any = ways.x
    while node is not ways.root:
        use = max(ways.uses[node], key=_size)
        chain.append(use)
        node = use.user
    return chain


def first_not_finite(ways: Ways) -> Use | None:
    """Where the gradient of x stops to be finite, seen from the root.

    None where that of the root is not finite.
    """
    node = ways.x
    while node is not ways.root:
        uses: list[Use] = [use for use in ways.uses[node] if not is_finite(use.part)]
        if not uses:  # the parts are finite, and their sum is too large
            return max(ways.uses[node], key=_size)
        for use in uses:
            if is_finite(use.arrived):
                return use
        node = uses[0].user
    return None


def _size(use: Use) -> float:
    return size_of(use.part)


def saturated_in(chain: list[Use]) -> Use | None:
    """The first use on the way back, by an op on its flat end.

    In log(sigmoid(x)) the slope of log is as steep as that of sigmoid is flat: nothing
    is lost.
    """
    least = float("inf")
    for use in chain[::-1]:
        least = min(least, size_of(use.arrived))
        if size_of(use.part) < LOST * least and _is_flat(use):
            return use
    return None


def _is_flat(use: Use) -> bool:
    name = use.user._record.name
    if name == "softmaxed":
        return _is_flat_softmax(use)
    return name in SATURATING and _passes(use) < SATURATED


def _passes(use: Use) -> float:
    """Which share of what arrived goes on; the slope, where it is one number."""
    arrived = float(np.sum(np.abs(use.arrived)))
    return float(np.sum(np.abs(_product(use)))) / arrived if arrived else 1.0


def _is_flat_softmax(use: Use) -> bool:
    z = np.asarray(data_of(use.user), float)
    return bool(np.all(z * (1.0 - z) < SATURATED))


def cancelled_in(ways: Ways, chain: list[Use]) -> tuple[Any, Use | None] | None:
    """The first node, from x on, whose parts cancel; and the use within which they do,
    if it is one.
    """
    for use in chain:
        node = inputs_of(use.user)[use.i]
        parts = [u.part for u in ways.uses[node] if u.part is not None]
        if len(parts) > 1 and _is_small(ways.grads[node], np.max(np.abs(np.asarray(parts, float)), axis=0)):
            return node, None
        if _is_small(use.part, bound_of(use)):
            return node, use
    return None


def _is_small(total: Any, bound: Any) -> bool:
    if bound is None or is_zero(bound):
        return False
    return bool(np.all(np.abs(np.asarray(total, float)) <= CANCELLED * np.asarray(bound, float)))


def grew_in(ways: Ways) -> bool:
    """Whether the gradient grew on its way from the root to x."""
    return size_of(ways.grads[ways.x]) > GREW * size_of(ways.seed)


def growth_of(use: Use) -> float:
    """By how much the gradient grows in one step."""
    arrived = size_of(use.arrived)
    return size_of(use.part) / arrived if arrived else 0.0
