"""How a function of ops may be called: with NumPy's positions, and lists for arrays.

`sum(v, 0)` is `sum(v, axis=0)`, and `tanh([1.0, 2.0])` is `tanh(np.array([1.0, 2.0]))`.
Lists and object arrays that hold Values are stacked. A position means what it means in
NumPy; where we have no such param, it is refused. Ops come here only for unusual calls
(`Op.__call__`); composites are wrapped once, by `open_calls`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType, ModuleType
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import USUAL, as_input, is_odd
from micrograd.errors import MicrogradError, OpError
from micrograd.exact import EXACT, check_result
from micrograd.interpreter import Interpreter
from micrograd.op import Op
from micrograd.ops.hints import KEYWORDS, OTHER_ORDERS
from micrograd.record import read_calls_by

Call = tuple[tuple[Any, ...], dict[str, Any]]  # arguments by position and by keyword

# Not wrapped: the engine calls it for every broadcast gradient, and only with arrays.
AS_IT_IS = {"sum_to"}

# What an argument stands for
ONE, MAYBE, MANY = "an array", "an array or None", "several arrays"


class Plan:
    """What the signature of a function says about its arguments.

    Attributes:
        name: what the function is called.
        places: names of the arguments that come by position, in order.
        params: names of the keyword-only arguments, in order.
        kinds: what an argument stands for, if its annotation says `Array`: one array or
            several.
        rest: what each of `*values` stands for; None if there is no `*values`.
        is_open: whether any keyword is accepted.
        most: how many arguments may come by position.
        required: names of the arguments without a default.
    """

    def __init__(self, function: Callable[..., Any], is_op: bool = False) -> None:
        import inspect  # not at the top: it loads slower than all of micrograd.ops

        self.name: str = function.__name__
        self.places: list[str] = []
        self.params: list[str] = []
        self.kinds: dict[str, str] = {}
        self.required: list[str] = []
        self.rest: str | None = None  # "" for `*values` that are not arrays
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
        """Whether one of these params is an array."""
        return not self.kinds.keys().isdisjoint(params)

    def suits(self, args: Sequence[Any], params: dict[str, Any]) -> bool:
        """Whether the call can be made as it is: no extra position, no list."""
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
        """The call as it was meant: with params by name, and arrays for lists.

        Raises:
            OpError: an argument is unknown, missing, given twice, or at a position with
                another meaning in NumPy.
            DataError: what is given for an array is not an array.
        """
        if self.rest is None:
            args, params = self._named(args, params)
        for name in params:
            if not self.is_open and name not in self.params and name not in self.places:
                raise OpError(self._unknown(name))
        missing = [name for name in self.required if name not in self.places[: len(args)] and name not in params]
        if missing:
            raise OpError(f"{self.name}: missing {' and '.join(missing)}; call it as {self.spelled()}")
        kinds = [self.kinds.get(name) for name in self.places] + [self.rest] * len(args)
        read = tuple(self._input(x, kind) for x, kind in zip(args, kinds, strict=False))
        return read, {name: self._input(x, self.kinds.get(name)) for name, x in params.items()}

    def spelled(self) -> str:
        """How the call is written: `sum(x, axis=, keepdims=)`."""
        several = [] if self.rest is None else ["..."]
        return f"{self.name}({', '.join([*several, *self.places, *(f'{name}=' for name in self.params)])})"

    def _named(self, args: Sequence[Any], params: dict[str, Any]) -> Call:
        """Extra positions as params, by the names that NumPy has at these positions."""
        count, params = len(self.places), dict(params)
        order = order_of(self.name) or dict.fromkeys([*self.places, *self.params])
        for i, x in enumerate(args[count:], count):
            name = [*order][i] if i < len(order) else None
            if name is None:
                raise OpError(f"{self.name}: {len(args)} arguments are too many; call it as {self.spelled()}")
            if name not in self.params:
                if x is None or x is order[name]:
                    continue  # NumPy's default, which changes nothing
                raise OpError(f"{self.name}: argument {i + 1} is {name}= in NumPy, but not here; {self._repair(name)}")
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
    """What an argument with this annotation stands for; "" if it may not be an array.

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
    """The plan of a function, made once."""
    return Plan(function.forward, True) if isinstance(function, Op) else Plan(function)


@functools.cache
def order_of(name: str) -> dict[str, Any] | None:
    """The positional arguments of NumPy's function of this name, with their defaults.

    None if NumPy has no such function, or does not say.
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
    """The call of an op as it was meant, with all inputs by position."""
    plan = plan_of(op)
    inputs, params = plan.read(inputs, params)
    named = [params.pop(name) for name in plan.places[len(inputs) :]]
    carried = [name for name, x in params.items() if isinstance(x, Interpreter) and name not in ("axis", "index")]
    if carried:
        raise OpError(
            f"{op.name}: {carried[0]}= is a Value, and a param carries no gradient; "
            f"give a plain number, such as its .data, or use an op that takes it as an input"
        )
    return (*inputs, *named), params


def explained(plan: Plan, args: Sequence[Any], params: dict[str, Any], error: Exception) -> Exception:
    """The error to raise for a failed call: one about its arguments, or the error."""
    if isinstance(error, MicrogradError) or not isinstance(error, TypeError):
        return error
    try:
        plan.read(args, params)
    except MicrogradError as said:
        return said.with_traceback(None)
    return error


def open_calls(families: Iterable[ModuleType]) -> dict[str, Callable[..., Any]]:
    """Let all composites in these rooms be called as ops are.

    They then take NumPy's positions and lists, and their errors explain a wrong call.

    Args:
        families: the rooms; the functions in their `__all__` are replaced there.

    Returns:
        The new functions by name, for a module that has copied the names before.
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
