"""Parameter groups: what may be a parameter, and which options a group has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError
from micrograd.node import data_of, inputs_of, is_constant

NOT_OPTIONS = ("params", "param_names")
Group = dict[str, Any]


def read(name: str, params: Any) -> list[Group]:
    """What a user gives as parameters, as a list of groups.

    Raises:
        ArgumentError: there is no parameter.
        DataError: it is a single Value, or something that is not iterable.
    """
    if isinstance(params, Value):
        raise DataError(
            f"{name}: the parameters are one Value; give a list of Values, such as [w] or model.parameters()"
        )
    if not isinstance(params, Iterable) or isinstance(params, str):
        raise DataError(f"{name}: the parameters are {params!r}; give a list of Values, such as model.parameters()")
    given = list(params.values()) if isinstance(params, dict) else list(params)
    if not given:
        raise ArgumentError(
            f"{name}: there are no parameters; give Values, such as model.parameters(): "
            f"those of a module are the Values in its attributes"
        )
    return given if isinstance(given[0], dict) else [{"params": given}]


def checked(name: str, given: Any, defaults: dict[str, Any], others: list[Group]) -> Group:
    """A group with all options, or an error.

    Args:
        name: the class of the optimiser.
        given: the dictionary of the user.
        defaults: options that the group need not give.
        others: the groups that there are.

    Raises:
        ArgumentError: there is no `params`, a parameter comes twice, or an option is
            unknown.
        DataError: a parameter cannot be trained.
    """
    if not isinstance(given, dict) or "params" not in given:
        raise ArgumentError(f"{name}: the group {given!r} has no 'params'; give a dict such as {{'params': [w], ...}}")
    unknown = [option for option in given if option not in defaults and option not in (*NOT_OPTIONS, "initial_lr")]
    if unknown:
        raise ArgumentError(
            f"{name}: a group has no option {unknown[0]!r}; options are {', '.join(defaults) or 'none'}"
        )
    params = given["params"]
    params = [params] if isinstance(params, Value) else params
    if not isinstance(params, (Iterable)) or isinstance(params, (str, set)):
        raise DataError(f"{name}: the params of a group are {params!r}; give a list of Values, in order")
    pairs = [p if isinstance(p, tuple) and len(p) == 2 else (None, p) for p in params]
    values = [p for _, p in pairs]
    if not values:
        raise ArgumentError(f"{name}: a group has no parameters; give at least one, or leave the group out")
    seen = {id(p) for group in others for p in group["params"]}
    for i, p in enumerate(values):
        _check(name, i, p)
        if id(p) in seen:
            raise ArgumentError(f"{name}: parameter {i}, {_shown(p)}, comes twice; give each parameter once")
        seen.add(id(p))
    group = {**given, "params": values, **{option: given.get(option, value) for option, value in defaults.items()}}
    if pairs[0][0] is not None:
        group["param_names"] = [label for label, _ in pairs]
    return group


def _check(name: str, i: int, p: Any) -> None:
    if not isinstance(p, Value):
        raise DataError(
            f"{name}: parameter {i} is of type {type(p).__name__}; give Values, such as those of model.parameters()"
        )
    if is_constant(p) or inputs_of(p):
        kind = "a constant" if is_constant(p) else f"a result of {p.op!r}"
        raise DataError(
            f"{name}: parameter {i}, {_shown(p)}, is {kind}; only a leaf can be trained: give the Value that it was "
            f"made from, or Value(v.data)"
        )
    data = data_of(p)
    if not isinstance(data, (float, int, np.floating)) and getattr(getattr(data, "dtype", None), "kind", "") != "f":
        raise DataError(f"{name}: parameter {i} holds {type(data).__name__}; give floats or arrays of floats")


def _shown(p: Value) -> str:
    return repr(p.label) if p.label else f"of shape {p.shape}" if p.shape else repr(p)
