"""The record of an op, a class for each kind of op.

`Op` holds what all kinds have: name, symbol, forward, rules, facts. A subclass says
what a rule of its kind takes, and how a gradient goes back through it (`pull`) and a
tangent forward (`push`). The definers in op.py make the records.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.alignment import Aligned
from micrograd.chain import times
from micrograd.errors import MicrogradError, OpError
from micrograd.exact import EXACT, answer, as_float
from micrograd.facts import NO_FACTS, Facts
from micrograd.integers import are_large, as_floats, too_large
from micrograd.interpreter import NUMBERS, PLAIN, Array, Interpreter, broadcast_shape, ground, zeros_like
from micrograd.table import look_up

Rule = Callable[..., Array]

VARARGS = 0x04  # inspect.CO_VARARGS: that import takes longer than this room

SETTINGS = frozenset({tuple, str, slice, type(None), bool, int, float})  # types of params that no Value hides behind


class Each(Sequence[Rule]):
    """One rule for any number of inputs, told as its first argument which input it is
    for.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: Any) -> Any:
        return functools.partial(self.rule, i)

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Rule]:
        return iter((self.rule,))  # by its items it would never end


SUM, PRODUCT = 1, 2  # kinds of slopes that need no program to run


class Formulas:
    """The forward and the slopes of an op as programs on floats; formula.py makes them
    when they are needed.

    Attributes:
        state: 0 until they are made; then 1, or 2 where the op has none.
        uses: how often they were asked for before they were made.
        run: the program of the forward; None where the forward itself must run.
        slope_x, slope_y: per input the program of its partial derivative; None
            where the rule itself must run.
        slopes: SUM where all slopes are 1, PRODUCT where each is the other input,
            else 0.
        has_params: the nodes of the op may have params. Those of others are not asked:
            a node fills two cache lines, and its params are in the second.
    """

    def __init__(self, has_params: bool = True) -> None:
        self.state = self.uses = 0
        self.slopes = 0
        self.has_params = has_params
        self.run: Any = None
        self.slope_x: Any = None
        self.slope_y: Any = None


class Op:
    """One op: call it with numbers, arrays or values; inputs are positional, params
    keyword-only.

    Attributes:
        name: what the function is called, the key in `OPS`.
        symbol: what pictures show, a format string over the params ("+",
            "**{exponent}").
        forward: the function on numbers and arrays.
        rules: one derivative rule per input; None where an input carries no gradient.
        differentiable: False for comparisons, whose result is plain data.
        kink: where the op has no derivative, and what it gives there: "0 at 0".
        facts: what else is known of it: see facts.py.
        shared: the work that the rules of a `Primitive` share, or None.
    """

    differentiable = True

    def __init__(
        self,
        forward: Callable[..., Array],
        symbol: str,
        rules: Sequence[Any],
        kink: str = "",
        facts: Facts = NO_FACTS,
    ) -> None:
        self.name = forward.__name__
        self.symbol = symbol
        self.forward = forward
        self.rules = rules[0] if rules and isinstance(rules[0], Each) else tuple(rules)
        self.kink = kink
        self.facts = facts
        self.shared: Rule | None = None
        self.formulas = Formulas(getattr(getattr(forward, "__code__", None), "co_kwonlyargcount", 1) > 0)
        self._count = count_of(forward)
        self._least = self._count - len(getattr(forward, "__defaults__", None) or ())
        self.__name__ = self.__qualname__ = forward.__name__
        self.__module__ = forward.__module__
        self.__doc__ = forward.__doc__
        self.__wrapped__ = forward  # inspect.signature and help() show the forward's arguments

    def __call__(self, *inputs: Array, **params: Any) -> Array:
        """Apply the op, through the interpreter of the inputs if they have one."""
        top = None
        for x in inputs:
            kind = type(x)
            if kind is float:
                continue
            if kind in PLAIN:
                if kind not in NUMBERS and x.dtype.hasobject:
                    return self._unusual(inputs, params)
            elif not isinstance(x, Interpreter):
                return self._unusual(inputs, params)
            elif top is None or x._level > top._level:
                top = x
        if params:
            for x in params.values():
                if type(x) not in SETTINGS and type(x) not in PLAIN and isinstance(x, Interpreter):
                    return self._unusual(inputs, params)
        try:
            return self.run(inputs, inputs, params) if top is None else top._apply_op(self, inputs, params)
        except (TypeError, IndexError) as error:
            if self._count < 0 or len(inputs) <= self._count:
                raise error if _explain is None else _explain(self, inputs, params, error) from None
        return self._unusual(inputs, params)  # params by position: the forward took none of them

    def _unusual(self, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """The same for a call with lists, with params by position, or with inputs by
        name.
        """
        if _read_call is not None:
            inputs, params = _read_call(self, inputs, params)
        interpreters = [x for x in inputs if type(x) not in PLAIN and isinstance(x, Interpreter)]
        if not interpreters:
            return self.run(inputs, inputs, params)
        return max(interpreters, key=lambda x: x._level)._apply_op(self, inputs, params)

    def run(self, data: Sequence[Array], inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """The forward on raw data; where it fails, the shape rule says what does not
        fit, by the inputs' labels.
        """
        if EXACT and not EXACT.isdisjoint(map(type, data)):
            return answer(self, data, params)
        try:
            return self.forward(*data, **params)
        except (MicrogradError, ValueError, TypeError, IndexError) as error:
            if isinstance(error, TypeError) and are_large(data):
                return self.run(as_floats(self.name, data), inputs, params)
            raise self._misfit(inputs, params, error) from None
        except OverflowError:
            if not are_large(data):
                raise
            return self.run(as_floats(self.name, data), inputs, params)

    def _misfit(self, inputs: Sequence[Array], params: dict[str, Any], error: Exception) -> Exception:
        """What the shape rule says, or where the shapes do fit the error of the
        forward.
        """
        try:
            self.shape(*inputs, **params)
        except MicrogradError as misfit:
            return misfit.with_traceback(None)
        except TypeError:  # the call itself does not fit, and the forward's error says so
            return error
        return error

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """What cotangent g of the output gives to input i, before it is summed to that
        input's shape.
        """
        raise NotImplementedError

    def share(self, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """What `pull` takes in place of g for all inputs of one node, where the rules
        share work.
        """
        return g

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        """Tangent of the output, given one tangent (or None) per input; None when
        nothing moves.
        """
        total = None
        for i, t in enumerate(tangents):
            if t is not None and self.rules[i] is not None:
                term = self.push_one(i, t, z, inputs, params)
                total = term if total is None else total + term
        return total

    def push_one(self, i: int, t: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """What tangent t of input i alone gives to the output."""
        raise NotImplementedError

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        """Shape of the output.

        Raises ShapeError, naming the inputs, where theirs do not fit.
        """
        raise NotImplementedError

    def dtype(self, *inputs: Array, **params: Any) -> Any:
        """dtype of the output; Python numbers do not decide it, as in NumPy."""
        if self.facts.dtype is not None:
            return np.dtype(self.facts.dtype(*inputs, **params))
        return np.result_type(*[x if isinstance(x, (int, float)) else getattr(x, "dtype", 0.0) for x in inputs])

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} op {self.name}>"

    def __reduce__(self) -> Any:
        return look_up, (self.name,)


class Elementwise(Op):
    """z[k] = f(x[k], y[k], ...) with broadcasting.

    A rule gives the partial dz/dx: `lambda z, x, y: ...`.
    """

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        try:
            return times(g, rule(z, *inputs, **params), z, self.name)
        except OverflowError:
            raise too_large(self.name) from None

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        total = None
        for i, (rule, t) in enumerate(zip(self.rules, tangents, strict=True)):
            if t is not None and rule is not None:
                look = functools.partial(self._look, i, z, inputs, tangents, params)
                try:
                    term = times(t, rule(z, *inputs, **params), z, self.name, look)  # a diagonal is its own transpose
                except OverflowError:
                    raise too_large(self.name) from None
                total = term if total is None else total + term
        return total

    def _look(
        self,
        i: int,
        z: Array,
        inputs: Sequence[Array],
        tangents: Sequence[Array | None],
        params: dict[str, Any],
        beside: Sequence[Array] = (),
    ) -> tuple[Any, Any]:
        """Where the partial of input i is not 0 for any data, and where all inputs are
        finite; in examples of a vmap, for those that the values beside differ in.
        """
        values = [z, *inputs]
        numbers = Aligned([*values, *beside]).arrays[: len(values)] if beside else map(ground, values)
        out, *data = map(as_float, numbers)
        finite = functools.reduce(np.logical_and, map(np.isfinite, data))
        return self.varies(i, out, data, [t is not None for t in tangents], params), finite

    def varies(self, i: int, z: Any, data: Sequence[Any], moving: Sequence[bool], params: dict[str, Any]) -> Any:
        """Where dz/dx of input i is not 0 for any data at all: as of x * 0, but for
        other inputs that move.
        """
        rule = self.rules[i]
        assert rule is not None
        unknown = [_nan_like(x) if moves else x for x, moves in zip(data, moving, strict=True)]
        return (rule(z, *data, **params) != 0) | (rule(_nan_like(z), *unknown, **params) != 0)

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        if self._count >= 0 and not self._least <= len(inputs) <= self._count:
            raise TypeError(f"{self.name}: {len(inputs)} inputs, not {self._count}")
        return broadcast_shape(self.name, *inputs)


class Multilinear(Op):
    """Linear in every input.

    A rule is the transpose: `lambda g, x, y: ...`; forward mode is the op itself.
    """

    def __init__(
        self,
        forward: Callable[..., Array],
        symbol: str,
        rules: Sequence[Any],
        shape: Callable[..., Any],
        facts: Facts = NO_FACTS,
    ) -> None:
        super().__init__(forward, symbol, rules, "", facts)
        self._shape = shape

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        return rule(g, *inputs, **params)

    def push_one(self, i: int, t: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        return self(*inputs[:i], t, *inputs[i + 1 :], **params)

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        return tuple(self._shape(*inputs, **params))


class Linear(Multilinear):
    """Linear in all inputs together, as `stack` is: forward mode is the op on all
    tangents, zeros for none.
    """

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        return rule(g, inputs, **params)  # the inputs in one piece: there may be a million

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        filled = [zeros_like(x) if t is None else t for x, t in zip(inputs, tangents, strict=True)]
        return self(*filled, **params)


class _Shared(tuple[Array, ...]):
    """What the vjp rules of one node have in common, computed once."""

    __slots__ = ()


class Primitive(Op):
    """Any other op: a vjp rule `lambda g, z, x: ...` and a jvp rule
    `lambda t, z, x: ...` per input.

    Where the vjp rules begin with the same work, `shared` does it once for all of them:
    a function `lambda g, z, x: ...` that gives a tuple. The rules get this tuple in
    place of g.
    """

    def __init__(
        self,
        forward: Callable[..., Array],
        symbol: str,
        rules: Sequence[Rule | None],
        push_rules: Sequence[Rule | None],
        shape: Callable[..., Any],
        kink: str = "",
        facts: Facts = NO_FACTS,
        shared: Rule | None = None,
    ) -> None:
        super().__init__(forward, symbol, rules, kink, facts)
        self.push_rules = tuple(push_rules)
        self.shared = shared
        self._shape = shape

    def share(self, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        assert self.shared is not None
        return _Shared(self.shared(g, z, *inputs, **params))

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        if self.shared is not None and type(g) is not _Shared:
            g = self.share(g, z, inputs, params)
        return rule(g, z, *inputs, **params)

    def push_one(self, i: int, t: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.push_rules[i]
        assert rule is not None
        return rule(t, z, *inputs, **params)

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        return tuple(self._shape(*inputs, **params))


class Comparison(Elementwise):
    """An elementwise question: the answer is plain booleans and carries no gradient."""

    differentiable = False

    def dtype(self, *inputs: Array, **params: Any) -> Any:
        return np.dtype(bool)


class Question(Op):
    """An op whose answer is a place, a count or a truth: plain data, and no gradient
    goes through it.
    """

    differentiable = False

    def __init__(
        self,
        forward: Callable[..., Array],
        symbol: str,
        shape: Callable[..., Any],
        kind: type | None,
        facts: Facts = NO_FACTS,
    ) -> None:
        super().__init__(forward, symbol, (), "", facts)
        self._shape = shape
        self._kind = kind

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        return tuple(self._shape(*inputs, **params))

    def dtype(self, *inputs: Array, **params: Any) -> Any:
        return super().dtype(*inputs, **params) if self._kind is None else np.dtype(self._kind)


class HandMade(Op):
    """The op of a node that a user made by hand, `Value(data, children, "name")`: a
    symbol and no rule.
    """

    def __init__(self, symbol: str) -> None:
        super().__init__(_no_forward, symbol, ())
        self.name = symbol

    def __reduce__(self) -> Any:
        return HandMade, (self.symbol,)


class Leaf(HandMade):
    """The op of a value that the user made: its gradient accumulates.

    There is one, LEAF.
    """

    def __reduce__(self) -> Any:
        return "LEAF"


class Constant(HandMade):
    """The op of a value without a history: no gradient goes there.

    There is one, CONSTANT.
    """

    def __reduce__(self) -> Any:
        return "CONSTANT"


def _no_forward(*inputs: Array) -> Array:
    raise OpError("a node made by hand has no forward to run again; make it with an op")


def count_of(forward: Callable[..., Array]) -> int:
    """How many inputs a forward takes; -1 where it takes any number."""
    code = getattr(forward, "__code__", None)
    if code is None or code.co_flags & VARARGS:
        return -1
    return int(code.co_argcount)


# How a call that is out of the ordinary is read, and a failed one explained:
# micrograd.ops.calls says so.
_read_call: Callable[..., Any] | None = None
_explain: Callable[..., Any] | None = None


def read_calls_by(reader: Callable[..., Any], explainer: Callable[..., Any]) -> None:
    """Let these read the calls of ops that are out of the ordinary, and explain those
    that fail.

    Args:
        reader: of an op, its inputs and its params, gives inputs and params that the op
            takes.
        explainer: of an op, its inputs, its params and the error, gives the error to
            raise.
    """
    global _read_call, _explain
    _read_call, _explain = reader, explainer


def _nan_like(x: Any) -> Any:
    return np.full_like(x, np.nan) if getattr(x, "dtype", None) is not None and x.dtype.kind == "f" else math.nan


LEAF = Leaf("")
CONSTANT = Constant("")
