"""An op is one record: its forward, its derivative, its symbol and its shape rule, said
once.

    @elementwise("tanh", lambda z, x: 1.0 - z * z)
    def tanh(x):
        return math.tanh(x) if type(x) is float else np.tanh(x)

The definers `elementwise`, `multilinear`, `linear`, `primitive`, `comparison` and
`question` make a record, an `Op`, and enter it into the table `OPS`. Running, both
derivative modes, drawing, explaining and testing read the record:

>>> from micrograd.ops import tanh
>>> tanh.symbol, tanh.forward(0.0)
('tanh', 0.0)
>>> tanh.rules[0](0.5, None)
0.75

Rules are written in ops. Given numbers or arrays, they compute. Given Values, they
record: so derivatives of derivatives need no other rules. An elementwise rule is the
slope dz/dx, and `pull` multiplies it by g; the other rules take g themselves. In a rule
z is the output, x and y the inputs, g the gradient of z (a cotangent: what flows back),
t a tangent (what flows forward, of the shape of an input).

Calling an op calls `_apply_op` of one of its inputs: a `Value` records, a `Dual` pushes
tangents, an `Abstract` knows only shapes. Of several kinds, the one with the highest
`_level` takes the call (see interpreter.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from micrograd.errors import OpError
from micrograd.facts import Facts
from micrograd.interpreter import Array as Array
from micrograd.interpreter import broadcast_shape as broadcast_shape
from micrograd.interpreter import ground as ground
from micrograd.interpreter import named as named
from micrograd.interpreter import numbers_below as numbers_below
from micrograd.interpreter import shape_of as shape_of
from micrograd.modes import ieee_gradients as ieee_gradients
from micrograd.modes import is_quiet as is_quiet
from micrograd.modes import quietly as quietly
from micrograd.record import VARARGS, Each, Rule
from micrograd.record import Comparison as Comparison
from micrograd.record import Elementwise as Elementwise
from micrograd.record import Linear as Linear
from micrograd.record import Multilinear as Multilinear
from micrograd.record import Op as Op
from micrograd.record import Primitive as Primitive
from micrograd.record import Question as Question
from micrograd.table import OPS as OPS
from micrograd.table import enter

P = ParamSpec("P")  # the arguments of a forward
R = TypeVar("R")  # and what it gives

if TYPE_CHECKING:
    # What type checkers see of a definer's result: an op with the arguments of its
    # forward. To Python it is an Op of its kind, as a compiled class cannot be generic.
    class Defined(Op, Generic[P, R]):
        def __call__(self, *inputs: P.args, **params: P.kwargs) -> R: ...


def elementwise(
    symbol: str, *rules: Rule | None, kink: str = "", **facts: Any
) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define an elementwise op from its partials, one per input, each
    `lambda z, x, ...: dz/dx`.

    Args:
        symbol: what pictures show.
        rules: one per input, written in ops; None for an input without gradient.
        kink: where there is no derivative, and what the rules give there.
        facts: what else is known, by the names of `Facts`, as c="tanh".

    Returns:
        A decorator that turns the forward function into the op and enters it into
        `OPS`.

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
    known = Facts(**facts)
    return lambda forward: _entered(Elementwise(forward, symbol, rules, kink, known))


def multilinear(
    symbol: str, *rules: Rule | Each | None, shape: Callable[..., Any], **facts: Any
) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define an op that is linear in each input from its transposes, each
    `lambda g, x, ...: cotangent of x`.

    Args:
        symbol: what pictures show.
        rules: one per input, written in ops; None for an input without gradient.
        shape: the shape rule, a function of the inputs and params.
        facts: what else is known, by the names of `Facts`.

    Returns:
        A decorator that turns the forward function into the op and enters it into
        `OPS`.
    """
    known = Facts(**facts)
    return lambda forward: _entered(Multilinear(forward, symbol, rules, shape, known))


def linear(
    symbol: str, rule: Rule, *, shape: Callable[..., Any], **facts: Any
) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define an op of any number of inputs, linear in all of them together.

    Args:
        symbol: what pictures show.
        rule: the transpose for input number i,
            `lambda i, g, inputs: cotangent of that input`.
        shape: the shape rule, a function of the inputs and params.
        facts: what else is known, by the names of `Facts`.

    Returns:
        A decorator that turns the forward function into the op and enters it into
        `OPS`.
    """
    known = Facts(**facts)
    return lambda forward: _entered(Linear(forward, symbol, [Each(rule)], shape, known))


def primitive(
    symbol: str,
    *,
    vjp: Sequence[Rule | None],
    jvp: Sequence[Rule | None],
    shape: Callable[..., Any],
    kink: str = "",
    shared: Rule | None = None,
    **facts: Any,
) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define any other op, from a vjp and a jvp rule per input; rare.

    Args:
        symbol: what pictures show.
        vjp: per input `lambda g, z, x, ...: cotangent of x`.
        jvp: per input `lambda t, z, x, ...: tangent of z`.
        shape: the shape rule, a function of the inputs and params.
        kink: where there is no derivative, and what the rules give there.
        shared: where all vjp rules begin with the same work, that work, as
            `lambda g, z, x, ...: tuple`; the vjp rules get the tuple in place of g.
        facts: what else is known, by the names of `Facts`.

    Returns:
        A decorator that turns the forward function into the op and enters it into
        `OPS`.
    """
    known = Facts(**facts)
    return lambda forward: _entered(Primitive(forward, symbol, vjp, jvp, shape, kink, known, shared))


def comparison(symbol: str, **facts: Any) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define an elementwise question, which answers in plain booleans."""
    known = Facts(**facts)
    return lambda forward: _entered(Comparison(forward, symbol, (), "", known))


def question(
    symbol: str, *, shape: Callable[..., Any], kind: type | None, **facts: Any
) -> Callable[[Callable[P, R]], Defined[P, R]]:
    """Define an op that answers in plain data.

    Args:
        symbol: what pictures show.
        shape: the shape rule, a function of the inputs and params.
        kind: what the answer is of, int or bool; None for the dtype of the inputs.
        facts: what else is known, by the names of `Facts`.

    Returns:
        A decorator that turns the forward function into the op and enters it into
        `OPS`.
    """
    known = Facts(**facts)
    return lambda forward: _entered(Question(forward, symbol, shape, kind, known))


def _entered(op: Op) -> Any:
    check_rules(op)
    enter(op)
    return op


def check_rules(op: Op) -> None:
    """Refuse rules that do not fit the forward: too many, too few, or with the wrong
    number of arguments.

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
    """The least and the most arguments that a rule takes by position; None where that
    cannot be seen.
    """
    code = getattr(getattr(rule, "forward", rule), "__code__", None)  # a rule may be an op itself
    if code is None or code.co_flags & VARARGS:
        return None
    return code.co_argcount - len(getattr(rule, "__defaults__", None) or ()), code.co_argcount
