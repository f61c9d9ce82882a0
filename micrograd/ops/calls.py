"""How a function of ops may be called: with NumPy's positions, and with lists where an array is meant.

`sum(v, 0)` is `sum(v, axis=0)`, and `tanh([1.0, 2.0])` is `tanh(np.array([1.0, 2.0]))`; lists and object arrays that
hold Values are stacked. A position counts as in NumPy: what would mean something else there is refused. Ops come here
only when a call is out of the ordinary (`Op.__call__`); composites are wrapped once, by `open_calls`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from micrograd.arrays import USUAL, as_input, is_odd
from micrograd.errors import MicrogradError, OpError
from micrograd.exact import EXACT, check_result
from micrograd.op import Op, read_calls_by
from micrograd.ops.hints import KEYWORDS, OTHER_ORDERS

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

Call = tuple[tuple[Any, ...], dict[str, Any]]  # arguments by position and by keyword

AS_IT_IS = {"sum_to"}  # the engine calls it for every gradient that is broadcast, and with arrays alone

ONE, MAYBE, MANY = "an array", "an array or None", "several arrays"  # what an argument stands for


class Plan:
    """What the signature of a function says about its arguments.

    Attributes:
        name: what the function is called.
        places: names of the arguments that come by position, in order.
        params: names of the arguments that come by keyword only, in order.
        kinds: what each argument stands for whose annotation says `Array`: an array, or several.
        rest: what each of `*values` stands for, where there are any number; None where there are not.
        is_open: whether any keyword is taken.
        most: how many arguments may come by position.
        required: names of the arguments without a default.
    """

    def __init__(self, function: Callable[..., Any], is_op: bool = False) -> None:
        import inspect  # here: it takes longer to load than all of micrograd.ops

        self.name: str = function.__name__
        self.places: list[str] = []
        self.params: list[str] = []
        self.kinds: dict[str, str] = {}
        self.required: list[str] = []
        self.rest: str | None = None  # "" for any number of arguments that are no arrays
        self.is_open = False
        for name, p in inspect.signature(function).parameters.items():
            kind = ONE if is_op and p.kind is not p.KEYWORD_ONLY else kind_of(p.annotation)
            if p.kind is p.VAR_POSITIONAL:
                self.rest = kind
                continue
            if p.kind is p.VAR_KEYWORD:
                self.is_open = True
                continue
            (self.params if p.kind is p.KEYWORD_ONLY else self.places).append(name)
            if p.default is p.empty:
                self.required.append(name)
            if kind:
                self.kinds[name] = kind
        self.most = sys.maxsize if self.rest is not None else len(self.places)
        self.array_places = [(i, name) for i, name in enumerate(self.places) if name in self.kinds]

    def names_array(self, params: dict[str, Any]) -> bool:
        """Whether an array is among these params."""
        return not self.kinds.keys().isdisjoint(params)

    def suits(self, args: Sequence[Any], params: dict[str, Any]) -> bool:
        """Whether the call can be made as it is: no position too many, no list where an array is meant."""
        if len(args) > self.most:
            return False
        for i, name in self.array_places:
            if i >= len(args):
                break
            kind, x = self.kinds[name], args[i]
            if x is None and kind == MAYBE:
                continue
            if any(map(is_odd, x)) if kind == MANY and isinstance(x, (list, tuple)) else is_odd(x):
                return False
        if self.rest == ONE and any(map(is_odd, args[len(self.places) :])):
            return False
        return not any(is_odd(x) for name, x in params.items() if name in self.kinds)

    def read(self, args: Sequence[Any], params: dict[str, Any]) -> Call:
        """The call as it was meant: params by name, and arrays where arrays are meant.

        Raises:
            OpError: an argument is unknown, missing, given twice, or at a position that NumPy takes otherwise.
            DataError: what is given for an array is not one.
        """
        if self.rest is None:
            args, params = self._named(args, params)
        for name in params:
            if not self.is_open and name not in self.params and name not in self.places:
                raise OpError(self._unknown(name))
        missing = [name for name in self.required if name not in self.places[: len(args)] and name not in params]
        if missing:
            raise OpError(f"{self.name}: {' and '.join(missing)} missing; call it as {self.spelled()}")
        kinds = [self.kinds.get(name) for name in self.places] + [self.rest] * len(args)
        read = tuple(self._input(x, kind) for x, kind in zip(args, kinds, strict=False))
        return read, {name: self._input(x, self.kinds.get(name)) for name, x in params.items()}

    def spelled(self) -> str:
        """The call as it should be written: `sum(x, axis=, keepdims=)`."""
        several = [] if self.rest is None else ["..."]
        return f"{self.name}({', '.join([*several, *self.places, *(f'{name}=' for name in self.params)])})"

    def _named(self, args: Sequence[Any], params: dict[str, Any]) -> Call:
        """Positions beyond our own, as params of the names that NumPy has there."""
        count, params = len(self.places), dict(params)
        order = order_of(self.name) or dict.fromkeys([*self.places, *self.params])
        for i, x in enumerate(args[count:], count):
            name = [*order][i] if i < len(order) else None
            if name is None:
                raise OpError(f"{self.name}: {len(args)} arguments are too many; call it as {self.spelled()}")
            if name not in self.params:
                if x is None or x is order[name]:
                    continue  # NumPy's default: it says nothing
                raise OpError(f"{self.name}: argument {i + 1} is {name}= in NumPy, and not here; {self._repair(name)}")
            if name in params:
                raise OpError(f"{self.name}: {name} is given twice, by position and by name; give it once")
            params[name] = x
        twice = [name for name in self.places[: len(args)] if name in params]
        if twice:
            raise OpError(f"{self.name}: {twice[0]} is given twice, by position and by name; give it once")
        return tuple(args[:count]), params

    def _repair(self, name: str) -> str:
        return KEYWORDS.get(name) or f"call it as {self.spelled()}"

    def _unknown(self, name: str) -> str:
        ours = [*self.places, *self.params]
        said = KEYWORDS.get(name, "")
        if said.removesuffix("=") in ours:
            return f"{self.name}: there is no {name}=; write {said}"
        if said and not said.endswith("="):
            return f"{self.name}: there is no {name}=; {said}"
        import difflib

        near = difflib.get_close_matches(name, ours, 1, 0.6)
        return f"{self.name}: there is no {name}=; " + (
            f"the nearest is {near[0]}=" if near else f"call it as {self.spelled()}"
        )

    def _input(self, x: Any, kind: str | None) -> Any:
        if kind == MANY:
            return [as_input(y, self.name) for y in x] if isinstance(x, (list, tuple)) else x
        if not kind or (x is None and kind == MAYBE):
            return x
        return as_input(x, self.name)


def kind_of(annotation: Any) -> str:
    """What an argument of this annotation stands for; "" where it is not surely an array.

    >>> kind_of("Array | None"), kind_of("Iterable[Array]"), kind_of("int")
    ('an array or None', 'several arrays', '')
    """
    said = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    words = said.replace("[", " ").replace("]", " ").replace("|", " ").replace(",", " ").split()
    if "Array" not in words or "str" in words:
        return ""
    return MANY if "[Array" in said else MAYBE if "None" in words else ONE


@functools.cache
def plan_of(function: Callable[..., Any]) -> Plan:
    """The plan of a function, read once."""
    return Plan(function.forward, True) if isinstance(function, Op) else Plan(function)


@functools.cache
def order_of(name: str) -> dict[str, Any] | None:
    """The arguments that NumPy's function of this name takes by position, each with its default, in order.

    None where NumPy has no such function, or does not say.
    """
    if name in OTHER_ORDERS:
        return dict.fromkeys(OTHER_ORDERS[name].split())
    function = getattr(np, name, None) or getattr(np.linalg, name, None)
    if not callable(function):
        return None
    if isinstance(function, np.ufunc):
        return dict.fromkeys([*(f"x{i + 1}" for i in range(function.nin)), "out"])
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C
        return None
    return {p.name: p.default for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)}


def read_op_call(op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Call:
    """The call of an op as it was meant; all inputs by position."""
    plan = plan_of(op)
    inputs, params = plan.read(inputs, params)
    named = [params.pop(name) for name in plan.places[len(inputs) :]]
    carried = [name for name, x in params.items() if hasattr(x, "_apply_op") and name not in ("axis", "index")]
    if carried:
        raise OpError(
            f"{op.name}: {carried[0]}= is a Value, and a param carries no gradient; "
            f"give a plain number, such as its .data, or an op that takes it as an input"
        )
    return (*inputs, *named), params


def explained(plan: Plan, args: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception:
    """The error to show for a call that failed: what is wrong with its arguments, or the error itself."""
    if isinstance(error, MicrogradError) or not isinstance(error, TypeError):
        return error
    try:
        plan.read(args, params)
    except MicrogradError as said:
        return said.with_traceback(None)
    return error


def open_calls(families: Iterable[ModuleType]) -> dict[str, Callable[..., Any]]:
    """Let every composite in these rooms be called as ops are: with NumPy's positions, lists and friendly errors.

    Args:
        families: the rooms; the names of their `__all__` are replaced in them.

    Returns:
        The same functions by name, for who has copied the names before.
    """
    opened = {}
    for family in families:
        for name in family.__all__:
            function = getattr(family, name)
            if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__") and name not in AS_IT_IS:
                opened[name] = _opened(function)
                setattr(family, name, opened[name])
    return opened


def _opened(function: Callable[..., Any]) -> Callable[..., Any]:
    plan: Plan | None = None

    @functools.wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        nonlocal plan
        if plan is None:
            plan = plan_of(function)
        is_usual = len(args) <= plan.most and not (params and plan.names_array(params))
        for x in args:
            is_usual = is_usual and (type(x) in USUAL or not is_odd(x))
        if not is_usual and not plan.suits(args, params):
            args, params = plan.read(args, params)
        try:
            z = function(*args, **params)
        except TypeError as error:
            raise explained(plan, args, params, error) from None
        if EXACT:
            check_result(plan.name, args, params, z)
        return z

    return call


read_calls_by(read_op_call, lambda op, inputs, params, error: explained(plan_of(op), inputs, params, error))
