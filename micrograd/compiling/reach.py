"""Reach: the states, and the other results, to which `backward()` from a result gives a
gradient.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiling.tape import STATE, Tape


def reached(tape: Tape, entries: dict[int, int], made: dict[int, int]) -> tuple[dict[int, int], dict[int, int]]:
    """The results that depend on each state, through slopes: the sum of 2**i for each
    result i. And the same for each result that others depend on, without itself.

    Args:
        tape: the run.
        entries: the entry of each result with a history, by its number.
        made: the same for leaves that the run has made and returned.
    """
    masks = [0] * len(tape)
    for which, entry in entries.items():
        masks[entry] |= 1 << which
    found: dict[int, int] = {}
    wide: dict[Any, bool] = {}  # of an op, whether each of its inputs gets a gradient
    for entry in range(len(tape) - 1, -1, -1):
        mask, record = masks[entry], tape.records[entry]
        if not mask:
            continue
        if isinstance(record, str):
            if record == STATE:
                state = tape.origin[entry]
                found[state] = found.get(state, 0) | mask
            continue
        is_wide = wide.get(record)
        if is_wide is None:
            is_wide = wide[record] = record.differentiable and type(record.rules) is tuple and None not in record.rules
        if is_wide:
            for x in tape.inputs[entry]:
                masks[x] |= mask
        elif record.differentiable:
            for i, x in enumerate(tape.inputs[entry]):
                if record.rules[i] is not None:
                    masks[x] |= mask
    others = {which: masks[entry] & ~(1 << which) for which, entry in [*entries.items(), *made.items()]}
    return found, {which: mask for which, mask in others.items() if mask}
