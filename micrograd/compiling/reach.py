"""Reach: the states, and the other results, to which `backward()` from a result gives a
gradient.
"""

from __future__ import annotations

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
    for entry in range(len(tape) - 1, -1, -1):
        mask, record = masks[entry], tape.records[entry]
        if not mask:
            continue
        if record == STATE:
            state = tape.origin[entry]
            found[state] = found.get(state, 0) | mask
        elif not isinstance(record, str) and record.differentiable:
            for i, x in enumerate(tape.inputs[entry]):
                if record.rules[i] is not None:
                    masks[x] |= mask
    others = {which: masks[entry] & ~(1 << which) for which, entry in [*entries.items(), *made.items()]}
    return found, {which: mask for which, mask in others.items() if mask}
