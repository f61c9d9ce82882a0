"""Reach: the states to which `backward()` from a result gives a gradient."""

from __future__ import annotations

from micrograd.compiling.tape import STATE, Tape


def reached_states(tape: Tape, entries: dict[int, int]) -> dict[int, int]:
    """The results that depend on each state, through slopes: the sum of 2**i for each
    result i.

    Args:
        tape: the run.
        entries: the entry of each result, by its number.
    """
    reached = [0] * len(tape)
    for which, entry in entries.items():
        reached[entry] |= 1 << which
    found: dict[int, int] = {}
    for entry in range(len(tape) - 1, -1, -1):
        mask, record = reached[entry], tape.records[entry]
        if not mask:
            continue
        if record == STATE:
            state = tape.origin[entry]
            found[state] = found.get(state, 0) | mask
        elif not isinstance(record, str) and record.differentiable:
            for i, x in enumerate(tape.inputs[entry]):
                if record.rules[i] is not None:
                    reached[x] |= mask
    return found
