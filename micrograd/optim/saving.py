"""What `state_dict` gives of an optimiser, and how it is read again."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.errors import StateError
from micrograd.interpreter import shape_of
from micrograd.optim import states
from micrograd.optim.buckets import WHOLE, Bucket, key_of
from micrograd.optim.rule import Rule, State

Group = dict[str, Any]
NUMBERS = (int, float, bool)  # of these types are counts and the like; arrays are of none


def state_dict(groups: list[Group], held: list[list[Bucket]]) -> dict[str, Any]:
    """State and options, the parameters as numbers in the order of the groups."""
    found: dict[int, State] = {}
    saved, first = [], 0
    for group, buckets in zip(groups, held, strict=True):
        count = len(group["params"])
        for bucket in buckets:
            for place, index in enumerate(bucket.indices):
                found[first + index] = bucket.state_of(place)
        options = {name: list(x) if isinstance(x, tuple) else x for name, x in group.items() if name != "params"}
        saved.append({**options, "params": list(range(first, first + count))})
        first += count
    return {"state": {i: found[i] for i in sorted(found)}, "param_groups": saved}


def read_groups(name: str, given: Any, groups: list[Group]) -> list[Group]:
    """The options of a state, for each group.

    Raises:
        StateError: it is not a state, or the groups differ.
    """
    if not isinstance(given, dict) or not {"state", "param_groups"} <= given.keys():
        raise StateError(f"{name}: this is not a state of an optimiser; give what state_dict() gave")
    saved = given["param_groups"]
    sizes, wanted = [len(group["params"]) for group in saved], [len(group["params"]) for group in groups]
    if sizes != wanted:
        raise StateError(
            f"{name}: the state has groups of {sizes} parameters, this optimiser has groups of {wanted}; "
            f"make it with the same groups"
        )
    options = []
    wrong = []
    for i, (group, own) in enumerate(zip(saved, groups, strict=True)):
        missing = [option for option in own if option not in group and option not in ("param_names", "initial_lr")]
        wrong += [f"group {i} lacks {option}" for option in missing]
        options.append({option: _like(x, own.get(option)) for option, x in group.items() if option != "params"})
    if wrong:
        raise StateError(f"{name}: the state does not fit: {', '.join(wrong)}; it was saved by another optimiser")
    return options


def _like(x: Any, own: Any) -> Any:
    return tuple(x) if isinstance(own, tuple) and isinstance(x, list) else x


def read_states(name: str, given: Any, groups: list[Group], rules: list[Rule]) -> list[list[Bucket]]:
    """The buckets of each group, one for each parameter.

    Raises:
        StateError: a state does not fit its parameter.
    """
    saved = {int(i): state for i, state in given["state"].items()}
    wrong: list[str] = []
    loaded: list[list[Bucket]] = []
    first = 0
    for group, rule in zip(groups, rules, strict=True):
        loaded.append([])
        for place, p in enumerate(group["params"]):
            state = saved.pop(first + place, None)
            if state is None:
                continue
            bucket = Bucket(key_of(p, place, rule.joins), [p], [place])
            wanted = _as_held(state, rule.start(bucket.data()), rule.optional)
            misfits = _misfits(state, wanted, p.shape)
            wrong += [f"parameter {first + place} {misfit}" for misfit in misfits]
            if not misfits:
                bucket.state = _restored(state, wanted, bucket)
                loaded[-1].append(bucket)
        first += len(group["params"])
    wrong += [f"there is no parameter {i}" for i in sorted(saved)]
    if wrong:
        raise StateError(f"{name}: the state does not fit: {'; '.join(wrong)}")
    return loaded


def _as_held(state: State, wanted: State, optional: frozenset[str], within: str = "") -> State:
    """The wanted state, with those of the optional parts that a state has: an option
    may have been switched since the first step.
    """
    found: State = {}
    for n, like in wanted.items():
        if type(like) is dict and type(state.get(n)) is dict:
            found[n] = _as_held(state[n], like, optional, f"{within}{n}.")
        elif f"{within}{n}" not in optional or state.get(n) is not None:
            found[n] = like
    more = {n: None for n, x in state.items() if n not in wanted and f"{within}{n}" in optional and x is not None}
    return {**found, **more}


def _misfits(state: State, wanted: State, shape: tuple[int, ...]) -> list[str]:
    """What is wrong with the state of a parameter of this shape."""
    has, needs = states.names({n: x for n, x in state.items() if x is not None}), states.names(wanted)
    misfits = [f"lacks {n}" for n in needs if n not in has] + [f"has {n}" for n in has if n not in needs]
    if misfits:
        return misfits
    return _misshapen(state, wanted, shape)


def _misshapen(state: State, wanted: State, shape: tuple[int, ...]) -> list[str]:
    found = []
    for n, like in wanted.items():
        if type(like) is dict:
            found += _misshapen(state[n], like, shape)
        elif shape_of(state[n]) != (right := () if type(like) in NUMBERS else shape):
            found.append(f"has {n} of shape {shape_of(state[n])}, not {right}")
    return found


def _restored(state: State, wanted: State, bucket: Bucket) -> State:
    """A copy of the state, as the bucket holds it."""
    made: State = {}
    for n, like in wanted.items():
        if type(like) is dict:
            made[n] = _restored(state[n], like, bucket)
        elif type(like) in NUMBERS:
            made[n] = type(like)(state[n])
        else:
            made[n] = np.array(state[n], dtype=getattr(like, "dtype", bucket.dtype))
            if bucket.key[0] != WHOLE:
                made[n] = made[n].reshape(-1)
    return made
