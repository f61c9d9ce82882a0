"""An op is one record: its forward, its derivative, its symbol and its shape rule, said once.

Eager running, both derivative modes, drawing, explaining and testing read the record. The definers
`elementwise`, `multilinear`, `linear`, `primitive`, `comparison` and `question` make one, and enter it into `OPS`:

    @elementwise("tanh", lambda z, x: 1.0 - z * z)
    def tanh(x):
        return math.tanh(x) if type(x) is float else np.tanh(x)

Rules are written in ops. On numbers and arrays they compute; on a `Value` they record, which is all that
derivatives of higher order need. In a rule z is the output, x and y the inputs, g a cotangent (what
flows back, of the shape of z), t a tangent (what flows forward, of the shape of an input).

An op asks its inputs who interprets them, as NumPy's `__array_ufunc__` does: a class with `_apply_op` is an
interpreter (`Value` records, `Dual` pushes tangents, `Abstract` knows only shapes). Where several
kinds meet, the one with the highest `_level`, the one made last, takes the call.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import MicrogradError, OpError, ShapeError
from micrograd.exact import EXACT, HOMES, answer, as_float, check_slope, number_like
from micrograd.modes import ieee_gradients as ieee_gradients
from micrograd.modes import is_ieee, quiet_depth
from micrograd.modes import is_quiet as is_quiet
from micrograd.modes import quietly as quietly
from micrograd.unknown import current_zeros, known_zero_forward

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

Array = Any  # a Python number, a NumPy array, or anything that an interpreter or NumPy's protocols stand for
Rule = Callable[..., Array]

OPS: dict[str, Op] = {}
VARARGS = 0x04  # inspect.CO_VARARGS: that import takes longer than this room

# Types that no interpreter stands behind, so that nobody need ask: the types of raw data, entered as they are met.
PLAIN: set[type] = {float, int, bool}
NUMBERS = set(PLAIN)
HOMES += [PLAIN, NUMBERS]
SETTINGS = frozenset({tuple, str, slice, type(None), bool, int, float})  # types of params that no Value hides behind


def shape_of(x: Array) -> tuple[int, ...]:
    """Shape of a number, an array, or whatever an interpreter stands for; a Python number has ()."""
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        return ()
    return () if EXACT and kind in EXACT else x.shape


def named(x: Array) -> str:
    """An input as errors show it: its label, where it has one, and its shape."""
    label = getattr(x, "label", "")
    return f"{label!r} {shape_of(x)}" if label else f"{shape_of(x)}"


def broadcast_shape(name: str, *inputs: Array) -> tuple[int, ...]:
    """Shape of the inputs broadcast against one another. Raises ShapeError, naming them, where they do not fit."""
    try:
        return np.broadcast_shapes(*[shape_of(x) for x in inputs])
    except ValueError:
        given = " and ".join(named(x) for x in inputs)
        raise ShapeError(
            f"{name}: {given} do not broadcast: sizes on an axis, counted from the last, "
            f"must be equal or 1; reshape one operand?"
        ) from None


class Each(Sequence[Rule]):
    """One rule for any number of inputs, told as its first argument which input it is for."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: Any) -> Any:
        return functools.partial(self.rule, i)

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Rule]:
        return iter((self.rule,))  # by its items it would never end


class Op:
    """One op: call it with numbers, arrays or values; inputs are positional, params keyword-only.

    Attributes:
        name: what the function is called, the key in `OPS`.
        symbol: what pictures show, a format string over the params ("+", "**{exponent}").
        forward: the function on numbers and arrays.
        rules: one derivative rule per input; None where an input carries no gradient.
        differentiable: False for comparisons, whose result is plain data.
        kink: where the op has no derivative, and what it gives there: "0 at 0".
    """

    differentiable = True

    def __init__(self, forward: Callable[..., Array], symbol: str, rules: Sequence[Any]) -> None:
        self.name = forward.__name__
        self.symbol = symbol
        self.forward = forward
        self.rules = rules[0] if rules and isinstance(rules[0], Each) else tuple(rules)
        self.kink = ""
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
            elif not hasattr(x, "_apply_op"):
                return self._unusual(inputs, params)
            elif top is None or x._level > top._level:
                top = x
        if params:
            for x in params.values():
                if type(x) not in SETTINGS and type(x) not in PLAIN and hasattr(x, "_apply_op"):
                    return self._unusual(inputs, params)
        try:
            return self.run(inputs, inputs, params) if top is None else top._apply_op(self, inputs, params)
        except (TypeError, IndexError) as error:
            if self._count < 0 or len(inputs) <= self._count:
                raise error if _explain is None else _explain(self, inputs, params, error) from None
        return self._unusual(inputs, params)  # params by position: the forward took none of them

    def _unusual(self, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """The same for a call with lists, with params by position, or with inputs by name."""
        if _read_call is not None:
            inputs, params = _read_call(self, inputs, params)
        interpreters = [x for x in inputs if type(x) not in PLAIN and hasattr(x, "_apply_op")]
        if not interpreters:
            return self.run(inputs, inputs, params)
        return max(interpreters, key=lambda x: x._level)._apply_op(self, inputs, params)

    def run(self, data: Sequence[Array], inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """The forward on raw data; where it fails, the shape rule says what does not fit, by the inputs' labels."""
        if EXACT and not EXACT.isdisjoint(map(type, data)):
            return answer(self, data, params)
        try:
            return self.forward(*data, **params)
        except (MicrogradError, ValueError, TypeError, IndexError) as error:
            raise self._misfit(inputs, params, error) from None

    def _misfit(self, inputs: Sequence[Array], params: dict[str, Any], error: Exception) -> Exception:
        """What the shape rule says, or where the shapes do fit the error of the forward."""
        try:
            self.shape(*inputs, **params)
        except MicrogradError as misfit:
            return misfit.with_traceback(None)
        except TypeError:  # the call itself does not fit, and the forward's error says so
            return error
        return error

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        """What cotangent g of the output gives to input i, before it is summed to that input's shape."""
        raise NotImplementedError

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        """Tangent of the output, given one tangent (or None) per input; None when nothing moves."""
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
        """Shape of the output. Raises ShapeError, naming the inputs, where theirs do not fit."""
        raise NotImplementedError

    def dtype(self, *inputs: Array, **params: Any) -> Any:
        """dtype of the output; Python numbers do not decide it, as in NumPy."""
        return np.result_type(*[x if isinstance(x, (int, float)) else getattr(x, "dtype", 0.0) for x in inputs])

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} op {self.name}>"

    def __reduce__(self) -> Any:
        return _look_up, (self.name,)


class Elementwise(Op):
    """z[k] = f(x[k], y[k], ...) with broadcasting. A rule gives the partial dz/dx: `lambda z, x, y: ...`."""

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        return times(g, rule(z, *inputs, **params), z, self.name)

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        total = None
        for i, (rule, t) in enumerate(zip(self.rules, tangents, strict=True)):
            if t is not None and rule is not None:
                look = functools.partial(self._look, i, z, inputs, tangents, params)
                term = times(t, rule(z, *inputs, **params), z, self.name, look)  # a diagonal is its own transpose
                total = term if total is None else total + term
        return total

    def _look(
        self, i: int, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Where the partial of input i is not 0 for any data, and where all inputs are finite."""
        data = [as_float(ground(x)) for x in inputs]
        finite = functools.reduce(np.logical_and, map(np.isfinite, data))
        return self.varies(i, ground(z), data, [t is not None for t in tangents], params), finite

    def varies(self, i: int, z: Any, data: Sequence[Any], moving: Sequence[bool], params: dict[str, Any]) -> Any:
        """Where dz/dx of input i is not 0 for any data at all: as of x * 0, but for other inputs that move."""
        rule = self.rules[i]
        assert rule is not None
        unknown = [_nan_like(x) if moves else x for x, moves in zip(data, moving, strict=True)]
        return (rule(z, *data, **params) != 0) | (rule(_nan_like(z), *unknown, **params) != 0)

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        if self._count >= 0 and not self._least <= len(inputs) <= self._count:
            raise TypeError(f"{self.name}: {len(inputs)} inputs, not {self._count}")
        return broadcast_shape(self.name, *inputs)


class Multilinear(Op):
    """Linear in every input. A rule is the transpose: `lambda g, x, y: ...`; forward mode is the op itself."""

    def __init__(
        self, forward: Callable[..., Array], symbol: str, rules: Sequence[Any], shape: Callable[..., Any]
    ) -> None:
        super().__init__(forward, symbol, rules)
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
    """Linear in all inputs together, as `stack` is: forward mode is the op on all tangents, zeros for none."""

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
        return rule(g, inputs, **params)  # the inputs in one piece: there may be a million

    def push(
        self, z: Array, inputs: Sequence[Array], tangents: Sequence[Array | None], params: dict[str, Any]
    ) -> Array:
        filled = [_zeros_like(x) if t is None else t for x, t in zip(inputs, tangents, strict=True)]
        return self(*filled, **params)


class Primitive(Op):
    """Any other op: a vjp rule `lambda g, z, x: ...` and a jvp rule `lambda t, z, x: ...` per input."""

    chooses = False  # whether the output is some of the inputs, as of `where`: the others are not asked

    def __init__(
        self,
        forward: Callable[..., Array],
        symbol: str,
        rules: Sequence[Rule | None],
        push_rules: Sequence[Rule | None],
        shape: Callable[..., Any],
    ) -> None:
        super().__init__(forward, symbol, rules)
        self.push_rules = tuple(push_rules)
        self._shape = shape

    def pull(self, i: int, g: Array, z: Array, inputs: Sequence[Array], params: dict[str, Any]) -> Array:
        rule = self.rules[i]
        assert rule is not None
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
    """An op whose answer is a place, a count or a truth: plain data, and no gradient goes through it."""

    differentiable = False

    def __init__(self, forward: Callable[..., Array], symbol: str, shape: Callable[..., Any], kind: type) -> None:
        super().__init__(forward, symbol, ())
        self._shape = shape
        self._kind = kind

    def shape(self, *inputs: Array, **params: Any) -> tuple[int, ...]:
        return tuple(self._shape(*inputs, **params))

    def dtype(self, *inputs: Array, **params: Any) -> Any:
        return np.dtype(self._kind)


class Custom(Op):
    """The op of a node that a user made by hand, `Value(data, children, "name")`: a symbol and no rule."""

    def __init__(self, symbol: str) -> None:
        super().__init__(_no_forward, symbol, ())
        self.name = symbol

    def __reduce__(self) -> Any:
        return Custom, (self.symbol,)


def elementwise(symbol: str, *rules: Rule | None, kink: str = "") -> Callable[[Callable[..., Array]], Op]:
    """Define an elementwise op from its partials, one per input, each `lambda z, x, ...: dz/dx`.

    Args:
        symbol: what pictures show.
        rules: one per input, written in ops; None for an input without gradient.
        kink: where there is no derivative, and what the rules give there.

    Returns:
        A decorator that turns the forward function into the op and enters it into `OPS`.

    >>> from micrograd import Value
    >>> from micrograd.op import elementwise
    >>> @elementwise("cubed", lambda z, x: 3.0 * x * x)
    ... def cubed(x):
    ...     return x * x * x
    >>> a = Value(2.0)
    >>> cubed(a).backward()
    >>> a.grad
    12.0
    """
    return lambda forward: _enter(Elementwise(forward, symbol, rules), kink)


def multilinear(
    symbol: str, *rules: Rule | Each | None, shape: Callable[..., Any]
) -> Callable[[Callable[..., Array]], Op]:
    """Define an op that is linear in each input from its transposes, each `lambda g, x, ...: cotangent of x`.

    Args:
        symbol: what pictures show.
        rules: one per input, written in ops; None for an input without gradient.
        shape: the shape rule, a function of the inputs and params.

    Returns:
        A decorator that turns the forward function into the op and enters it into `OPS`.
    """
    return lambda forward: _enter(Multilinear(forward, symbol, rules, shape))


def linear(symbol: str, rule: Rule, *, shape: Callable[..., Any]) -> Callable[[Callable[..., Array]], Op]:
    """Define an op of any number of inputs, linear in all of them together.

    Args:
        symbol: what pictures show.
        rule: the transpose for input number i, `lambda i, g, inputs: cotangent of that input`.
        shape: the shape rule, a function of the inputs and params.

    Returns:
        A decorator that turns the forward function into the op and enters it into `OPS`.
    """
    return lambda forward: _enter(Linear(forward, symbol, [Each(rule)], shape))


def primitive(
    symbol: str, *, vjp: Sequence[Rule | None], jvp: Sequence[Rule | None], shape: Callable[..., Any], kink: str = ""
) -> Callable[[Callable[..., Array]], Op]:
    """Define any other op, from a vjp and a jvp rule per input; rare.

    Args:
        symbol: what pictures show.
        vjp: per input `lambda g, z, x, ...: cotangent of x`.
        jvp: per input `lambda t, z, x, ...: tangent of z`.
        shape: the shape rule, a function of the inputs and params.
        kink: where there is no derivative, and what the rules give there.

    Returns:
        A decorator that turns the forward function into the op and enters it into `OPS`.
    """
    return lambda forward: _enter(Primitive(forward, symbol, vjp, jvp, shape), kink)


def comparison(symbol: str) -> Callable[[Callable[..., Array]], Op]:
    """Define an elementwise question, which answers in plain booleans."""
    return lambda forward: _enter(Comparison(forward, symbol, ()))


def question(symbol: str, *, shape: Callable[..., Any], kind: type) -> Callable[[Callable[..., Array]], Op]:
    """Define an op that answers in plain data.

    Args:
        symbol: what pictures show.
        shape: the shape rule, a function of the inputs and params.
        kind: what the answer is of: int or bool.

    Returns:
        A decorator that turns the forward function into the op and enters it into `OPS`.
    """
    return lambda forward: _enter(Question(forward, symbol, shape, kind))


def _enter(op: Op, kink: str = "") -> Op:
    """Into the table; a name may be defined again where it was defined, as when a notebook cell is run twice."""
    check_rules(op)
    known = OPS.get(op.name)
    if known is not None and known.__module__ != op.__module__:
        raise OpError(f"{op.name}: {known.__module__} defines an op of this name already; choose another")
    op.kink = kink
    OPS[op.name] = op
    return op


def check_rules(op: Op) -> None:
    """Refuse rules that do not fit the forward: too many, too few, or with the wrong number of arguments.

    Raises:
        OpError: names the op, the rule, what it takes and what it is given.
    """
    if not op.differentiable or op._count < 0:
        return
    before, said = ("g, z" if isinstance(op, Primitive) else "z" if isinstance(op, Elementwise) else "g"), "rule"
    for rules in (op.rules, op.push_rules) if isinstance(op, Primitive) else (op.rules,):
        if isinstance(rules, Each):
            continue
        if len(rules) != op._count:
            raise OpError(
                f"{op.name}: {len(rules)} {said}s for {op._count} inputs; give one per input, None where none is needed"
            )
        for i, rule in enumerate(rules):
            taken = _arguments_of(rule)
            wanted = op._count + (2 if isinstance(op, Primitive) else 1)
            if taken is not None and not taken[0] <= wanted <= taken[1]:
                raise OpError(
                    f"{op.name}: {said} {i} takes {taken[1]} arguments, not {wanted}; "
                    f"write it as lambda {before}, {', '.join(op.forward.__code__.co_varnames[: op._count])}: ..."
                )
        before, said = "t, z", "jvp rule"


def _arguments_of(rule: Any) -> tuple[int, int] | None:
    """The least and the most arguments that a rule takes by position; None where that cannot be seen."""
    code = getattr(getattr(rule, "forward", rule), "__code__", None)  # a rule may be an op itself
    if code is None or code.co_flags & VARARGS:
        return None
    return code.co_argcount - len(getattr(rule, "__defaults__", None) or ()), code.co_argcount


def _look_up(name: str) -> Op:
    if name not in OPS:
        raise OpError(f"{name}: no op of this name is defined here; import the module that defines it, then load")
    return OPS[name]


def count_of(forward: Callable[..., Array]) -> int:
    """How many inputs a forward takes; -1 where it takes any number."""
    code = getattr(forward, "__code__", None)
    if code is None or code.co_flags & VARARGS:
        return -1
    return int(code.co_argcount)


# How a call that is out of the ordinary is read, and a failed one explained: micrograd.ops.calls says so.
_read_call: Callable[..., Any] | None = None
_explain: Callable[..., Any] | None = None


def read_calls_by(reader: Callable[..., Any], explainer: Callable[..., Any]) -> None:
    """Let these read the calls of ops that are out of the ordinary, and explain those that fail.

    Args:
        reader: of an op, its inputs and its params, gives inputs and params that the op takes.
        explainer: of an op, its inputs, its params and the error, gives the error to raise.
    """
    global _read_call, _explain
    _read_call, _explain = reader, explainer


def _no_forward(*inputs: Array) -> Array:
    raise OpError("a node made by hand has no forward to run again; make it with an op")


def _zeros_like(x: Array) -> Array:
    below = ground(x)  # None: only a shape
    if not shape_of(x):
        return number_like(0.0, x)
    return np.zeros_like(np.zeros(shape_of(x), x.dtype) if below is None else below)


def times(
    g: Array, partial: Array, z: Array = 0.0, name: str = "a rule", look: Callable[[], tuple[Any, Any]] | None = None
) -> Array:
    """g * partial in a chain rule, where no gradient is no gradient: zero times infinity, or times nan, is zero.

    So the branch that a `where` did not take has no say. A zero that came out as zero, and an infinite gradient that
    meets a slope of zero, are not known: see unknown.py. `ieee_gradients()` gives plain products back.

    Args:
        g: a cotangent; or a tangent, in forward mode.
        partial: the slope; where it is boolean, a choice.
        z: the output of the op.
        name: the op, for the warning.
        look: in forward mode, says where the partial is not 0 for any data, and where the inputs are finite.

    >>> times(0.0, float("inf"))
    0.0
    """
    if EXACT:
        g = number_like(g, z)  # the tangent of an int beside it
    if type(partial) is float and (partial == 1.0 or partial == -1.0):  # no pass over the array
        return g if partial == 1.0 else -g
    if type(partial) is not float and _is_choice(partial) and not is_ieee():  # the gradient, or none
        return OPS["where"](partial, g, number_like(0.0, z) if EXACT else 0.0)
    product = g * partial
    if EXACT:
        check_slope(name, product, g, z)
    if not _may_be_nan(product) or is_ieee():
        return product
    # Only where the product is nan: a slope of 0, as of x^2 at 0, has a slope of its own, which must not be lost.
    zero = _known_zero(name, ground(product), ground(g), ground(partial), ground(z), look)
    return OPS["where"](zero, number_like(0.0, product), product)


def _known_zero(name: str, product: Any, g: Any, partial: Any, z: Any, look: Any) -> Any:
    """Where a product that is nan stands for 0."""
    if not isinstance(product, (float, int, np.ndarray, np.generic)):  # it may not be computed yet
        return (product != product) & ((g == 0) | (partial == 0))
    product, g, partial, z = (np.asarray(as_float(x)) for x in (product, g, partial, z))
    zeros = current_zeros()
    if look is anywhere or (look is not None and quiet_depth() == 1):
        zero = known_zero_forward(name, product, g, partial, z, look)
    elif look is None and zeros is not None:
        zero = zeros.known_zero(name, product, g, partial, z)
    else:  # within a rule, which has been asked about already
        zero = (product != product) & ((g == 0) | (partial == 0))
    return zero if zero.shape else bool(zero)


def anywhere() -> tuple[Any, Any]:
    """For `times` in a jvp rule: the slope varies with the data, which are finite."""
    return np.True_, np.True_


def _nan_like(x: Any) -> Any:
    return np.full_like(x, np.nan) if getattr(x, "dtype", None) is not None and x.dtype.kind == "f" else math.nan


def _is_choice(partial: Array) -> bool:
    return type(partial) is bool or (type(partial) in PLAIN and hasattr(partial, "dtype") and partial.dtype == bool)


def ground(x: Array) -> Array:
    """The number or array below all interpreters; None below an Abstract."""
    while type(x) not in PLAIN and hasattr(x, "_apply_op"):
        x = x._below
    return x


def _may_be_nan(x: Array) -> bool:
    """False when x surely holds no nan. An array of another library is not asked: it may not be computed yet."""
    x = ground(x)
    if type(x) is float or type(x) is int:
        return x != x
    if EXACT and type(x) in EXACT:
        return bool(x != x)
    if type(x) is np.ndarray:
        x = x.ravel("K")
        return math.isnan(x.dot(x))  # one fast pass: a nan anywhere is a nan in the sum
    if isinstance(x, np.generic):
        return bool(x != x)
    return x is not None  # None: only a shape
