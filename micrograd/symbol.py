"""Symbol: an expression instead of a number. The interpreter that writes each op down.

A derivative of a Symbol is an expression too, by the same rules as everywhere:

>>> from micrograd import grad
>>> import numpy as np
>>> print(grad(lambda x: np.sin(x) * x**2)(Symbol("x")))
2.0 * x * sin(x) + x**2 * cos(x)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DataError, MicrogradError, OpError, ShapeError
from micrograd.folding import in_order, simplified
from micrograd.interpreter import Array, named, shape_of
from micrograd.op import Op
from micrograd.ops.operators import Operators
from micrograd.spelling import Latex, Python, Short, is_name, spelled

STYLES = {"": Python, "latex": Latex, "short": Short}


class Symbol(Operators):
    """A variable, or an op applied to expressions and numbers.

    An op on Symbols only writes itself down. What is superfluous is removed when an
    expression is printed: see `simplified`. `str(e)` is Python, in which ops have their
    names in `OPS`: `eval(str(e), {**OPS, "np": np, "x": 2.0})` is the number at x = 2.
    `f"{e:latex}"` is LaTeX, and `f"{e:short}"` is for pictures. A long text gives names
    to its parts.

    An expression has no number: `float`, `int`, `bool` and so `if` refuse it. `x == y`
    is an expression, as for arrays; `x is y` and hashes tell objects apart.

    Args:
        name: what the variable is called: a name of Python.
        shape: sizes of its axes; () for a number.

    Attributes:
        name: of a variable; empty for an expression.
        op: the record that made the expression; None for a variable.
        inputs: its inputs in order, Symbols and raw numbers.
        params: its keyword arguments.
        shape: sizes of its axes; () for a number.

    Raises:
        ArgumentError: the name is not a name of Python.
        ShapeError: an op of arrays is applied to a variable that has no shape.

    >>> x = Symbol("x")
    >>> expression = 3.0 * x**2 + 0.0
    >>> print(expression)
    3.0 * x**2
    >>> expression(x=2.0)
    12.0
    """

    __slots__ = ("inputs", "name", "op", "params", "shape")
    shape: tuple[int, ...]

    def __init__(self, name: str, shape: tuple[int, ...] = ()) -> None:
        if not isinstance(name, str) or not is_name(name):
            raise ArgumentError(f"Symbol: {name!r} is not a name of Python; give one, as Symbol('x')")
        self.name = name
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.op: Op | None = None
        self.inputs: tuple[Array, ...] = ()
        self.params: dict[str, Any] = {}

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Symbol:
        try:
            shape = op.shape(*inputs, **params)
        except MicrogradError as error:
            raise _with_hint(error, inputs) from None
        if params and any(map(_holds_symbols, params.values())):
            raise OpError(f"{op.name}: which elements it takes depends on numbers, and a Symbol has none")
        if shape == () and isinstance(op.facts.axes, str):
            _check_has_axes(op, inputs)
        made = Symbol.__new__(Symbol)
        made.name, made.shape = "", shape
        made.op, made.inputs, made.params = op, tuple(inputs), params
        return made

    @property
    def label(self) -> str:
        """The name, for errors."""
        return self.name

    @property
    def _dtype(self) -> Any:
        op = self.op
        if op is None or (op.differentiable and op.facts.dtype is None):
            return np.dtype(float)
        return op.dtype(*self.inputs, **self.params)

    def __call__(self, **values: Any) -> Any:
        """The number of the expression, run through the ops: expression(x=2.0, y=1.0).

        Args:
            values: a number, an array or a Value for each variable, of its shape. Where
                the expression has no arrays, arrays give a result for each element.
                Values for other variables are not used.

        Raises:
            ArgumentError: a variable has no value.
            ShapeError: a value has another shape than its variable.
        """
        order = in_order(self)
        _check_values(order, values)
        known: dict[int, Any] = {}
        for node in order:
            inputs = [known[id(x)] if isinstance(x, Symbol) else x for x in node.inputs]
            known[id(node)] = values[node.name] if node.op is None else node.op(*inputs, **node.params)
        return known[id(self)]

    def __str__(self) -> str:
        return spelled(simplified(self), Python())

    def __format__(self, spec: str) -> str:
        if spec not in STYLES:
            raise ArgumentError(f"format: {spec!r} formats numbers; an expression takes 'latex', 'short' or ''")
        return spelled(simplified(self), STYLES[spec]())

    def __repr__(self) -> str:
        return f"<Symbol {self.shape}: {self}>" if self.shape else f"<Symbol: {self}>"

    def _repr_latex_(self) -> str:
        """What a notebook shows."""
        return f"${self:latex}$"

    # An expression has no number.

    def item(self) -> NoReturn:
        """Refused: an expression has no number."""
        _refuse(self, "item()")

    def tolist(self) -> NoReturn:
        """Refused: an expression has no numbers."""
        _refuse(self, "tolist()")

    def __float__(self) -> NoReturn:
        _refuse(self, "float()")

    def __int__(self) -> NoReturn:
        _refuse(self, "int()")

    def __bool__(self) -> NoReturn:
        raise DataError("bool(): a Symbol has no number to branch on; use ops.where in place of if")

    def __round__(self, ndigits: Any = None) -> Any:
        return self.round(ndigits or 0)

    def __copy__(self) -> Symbol:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Symbol:
        return self  # nothing changes an expression


def _refuse(x: Symbol, asked: str) -> NoReturn:
    raise DataError(f"{asked}: {x:short} is an expression without a number; give its variables one, as in e(x=2.0)")


def _variables(order: Sequence[Any]) -> dict[str, Any]:
    return {node.name: node for node in order if node.op is None}


def _check_values(order: Sequence[Any], values: dict[str, Any]) -> None:
    variables = _variables(order)
    if missing := sorted(variables.keys() - values.keys()):
        raise ArgumentError(f"Symbol: {', '.join(missing)} has no value; give one, as in e({missing[0]}=2.0)")
    is_elementwise = all(node.shape == () for node in order)
    for name, variable in variables.items():
        given = np.shape(values[name]) if isinstance(values[name], (list, tuple)) else shape_of(values[name])
        if given != variable.shape and not is_elementwise:
            raise ShapeError(f"Symbol: {name} has shape {variable.shape}, its value {given}; give one of its shape")


def _with_hint(error: MicrogradError, inputs: Sequence[Any]) -> MicrogradError:
    """The error, and the repair where a variable has no shape."""
    roots = [x for x in inputs if isinstance(x, Symbol)]
    names = [name for x in roots for name, v in _variables(in_order(x)).items() if v.shape == ()]
    return type(error)(f"{error}\n{_hint(names[0])}") if names else error


def _check_has_axes(op: Op, inputs: Sequence[Any]) -> None:
    """Refuse the sum of a number, as its variable was given no shape."""
    for x in inputs:
        if isinstance(x, Symbol) and x.shape == ():
            names = [name for name, v in _variables(in_order(x)).items() if v.shape == ()]
            if names:
                raise ShapeError(f"{op.name}: {named(x)} is one number and has no axes\n{_hint(names[0])}")


def _holds_symbols(x: Any) -> bool:
    return any(map(_holds_symbols, x)) if isinstance(x, (tuple, list)) else isinstance(x, Symbol)


def _hint(name: str) -> str:
    return f"Symbol({name!r}) was given no shape; for an array write Symbol({name!r}, shape=(3,))"
