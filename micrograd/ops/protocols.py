"""NumPy's own functions on a Value: `np.exp(v)` and `np.linalg.inv(v)` find their op.

NumPy passes a call on when an argument has `__array_ufunc__` or `__array_function__`
(NEP 13, NEP 18). We look up the op by name, and translate the arguments from NumPy's
signature to the op's. A question whose answer has no gradient, such as `np.shape(v)`,
is answered by NumPy from the data.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.alignment import any_of_many, by_example
from micrograd.arrays import are_truths, as_operand
from micrograd.errors import DataError, OpError
from micrograd.interpreter import Interpreter, is_one_of_many
from micrograd.op import ground, shape_of
from micrograd.ops import ufuncs
from micrograd.ops.hints import why_not
from micrograd.ops.reducing import FULL
from micrograd.trees import leaves_of, like, mapped

# These call the operators of Value, which build the graph of the texts on numbers.
OPERATORS = {
    "add": ("__add__", "__radd__"),
    "subtract": ("__sub__", "__rsub__"),
    "multiply": ("__mul__", "__rmul__"),
    "divide": ("__truediv__", "__rtruediv__"),
    "power": ("__pow__", "__rpow__"),
    "negative": ("__neg__", ""),
    "matmul": ("__matmul__", "__rmatmul__"),
    "floor_divide": ("__floordiv__", "__rfloordiv__"),
}
SPELLED = {
    "true_divide": "divide",
    "fabs": "absolute",
    "amax": "max",
    "amin": "min",
    "around": "round",
    "row_stack": "vstack",
}
TRUTHS = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor"}
TRUTHS |= {"invert": "logical_not"}
HOMES = ("numpy", "numpy.linalg")
# Here they mean the last two axes; np.trace and np.diagonal mean the first two.
LAST_AXES = {"linalg.trace", "linalg.diagonal"}
OF_SPEED = {"optimize"}  # options that change no result: the op's own default is the better one
OF_SHAPE = {"shape", "ndim", "size", "zeros_like", "ones_like", "empty_like", "result_type", "einsum_path", "imag"}
OF_DATA = {"allclose", "array_equal", "array_equiv", "isclose", "iscomplexobj", "isrealobj", "nonzero", "signbit"}
OF_DATA |= {"iscomplex", "isreal", "isneginf", "isposinf", "argwhere", "flatnonzero", "nanargmax", "nanargmin"}
OF_DATA |= {"argpartition", "array_repr", "array_str", "array2string", "may_share_memory", "shares_memory"}


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`ufunc(*inputs)`, where one of the inputs has an interpreter.

    Raises:
        OpError: there is no op for this ufunc, method or option.
    """
    if method != "__call__":
        return ufuncs.apply_method(ufunc, _spelled(ufunc), method, inputs, options)
    if ufunc.signature is not None and ufunc.__name__ not in OPERATORS:
        return _products(ufunc, inputs, options)
    return ufuncs.called(ufunc, _spelled(ufunc), inputs, options) if options else _spelled(ufunc)(*inputs)


def _products(ufunc: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A ufunc of vectors or matrices, which has its own axis= or axes=."""
    asked = f"np.{ufunc.__name__}"
    op = _op_for(ufunc.__name__, asked)
    unknown = options.keys() - _parameters(op).keys()
    if unknown:
        raise ufuncs.option_error(asked, sorted(unknown))
    return op(*inputs, **options)


@functools.cache
def _spelled(ufunc: Any) -> Callable[..., Any]:
    """Our function for a ufunc of NumPy."""
    name = SPELLED.get(ufunc.__name__, ufunc.__name__)
    if name in OF_DATA:
        return lambda *inputs: by_example(lambda *numbers: ufunc(*map(_data, numbers)), *inputs)
    if name in TRUTHS:
        return functools.partial(_of_truths, name)
    if name in OPERATORS:
        return functools.partial(_operated, name, *OPERATORS[name])
    return _op_for(name, f"np.{ufunc.__name__}")


def _of_truths(name: str, *inputs: Any) -> Any:
    """`&`, `|`, `^` or `~` of booleans, which inside a vmap are not plain; of whole
    numbers there is none.
    """
    return _op_for(TRUTHS[name] if are_truths(*inputs) else name, f"np.{name}")(*inputs)


def _operated(name: str, direct: str, reflected: str, *inputs: Any) -> Any:
    x, *others = inputs
    if isinstance(x, Interpreter):
        return getattr(x, direct)(*[as_operand(y, name, inputs) for y in others])
    return getattr(others[0], reflected)(as_operand(x, name, inputs))


# How a call runs, by function, number of positions and names of options. To work it out
# takes ten times as long as an op.
_RUNS: dict[tuple[Any, ...], Callable[[tuple[Any, ...], dict[str, Any]], Any]] = {}


def apply_function(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A call of a function of NumPy, where one of the arguments has an interpreter.

    Raises:
        OpError: there is no op for this function or option.
    """
    key = (function, len(args), *options)
    run = _RUNS.get(key)
    if run is None:
        run = _RUNS[key] = _run_of(function, len(args), list(options))
    return run(args, options)


def _run_of(function: Any, count: int, names: list[str]) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
    """How calls with this number of positions and these options run."""
    name, home = function.__name__, function.__module__
    asked = f"{'np' if home == 'numpy' else home.replace('numpy', 'np', 1)}.{name}"
    if home not in HOMES:
        raise OpError(f"{asked}: there is no op for it, nor a similar one; take v.data for plain NumPy")
    if name in OF_SHAPE or name in OF_DATA:
        if name in OF_SHAPE:
            return lambda args, options: function(*mapped(_ghost, args), **mapped(_ghost, options))
        return functools.partial(_of_data, function)
    op = _op_for(SPELLED.get(name, name), asked)
    if asked.removeprefix("np.") in LAST_AXES:
        return lambda args, options: _fitted(op, function, asked, args, options | {"axis1": -2, "axis2": -1})
    return _fit(op, function, asked, count, names)


def _op_for(name: str, asked: str) -> Callable[..., Any]:
    if name in ops.__all__ and callable(getattr(ops, name)):
        return getattr(ops, name)  # type: ignore[no-any-return]
    if not hasattr(np, name) and not hasattr(np.linalg, name):
        asked = name  # a ufunc of SciPy or of another library
    why = why_not(name)
    raise OpError(
        f"{asked}: there is no op for it{f'; {why}; or' if why else ', nor a similar one;'} take v.data for plain NumPy"
    )


def _data(x: Any) -> Any:
    """The plain data of x, for NumPy itself."""
    data = ground(x)
    if data is None and x is not None:
        raise DataError(f"{x}: this is a shape without numbers; use ops.where instead of if")
    return data


def _of_data(function: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """A function of NumPy, of plain data; inside a vmap for each example."""
    leaves = leaves_of((args, options))
    given = [x for x in leaves if isinstance(x, Interpreter)]

    def plain(*numbers: Any) -> Any:
        supply = iter(numbers)
        here, there = like((args, options), [next(supply) if isinstance(x, Interpreter) else x for x in leaves])
        return function(*here, **there)

    return by_example(plain, *given) if any_of_many(given) else plain(*map(_data, given))


def _ghost(x: Any) -> Any:
    """The plain data of x; an array without memory for a shape without numbers, and for
    one example inside a vmap.
    """
    if is_one_of_many(x) or (ground(x) is None and x is not None):
        return np.broadcast_to(np.zeros((), np.dtype(x.dtype)), shape_of(x))
    return ground(x)


# NumPy before 2.4 has no signatures for its functions in C.
WRITTEN_IN_C: dict[str, Callable[..., Any]] = {
    "concatenate": lambda arrays, /, axis=0, out=None, *, dtype=None, casting="same_kind": None,
    "dot": lambda a, b, out=None: None,
    "inner": lambda a, b, /: None,
    "vdot": lambda a, b, /: None,
    "where": lambda condition, x=None, y=None, /: None,
}


@functools.cache
def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except ValueError:
        return dict(inspect.signature(WRITTEN_IN_C[function.__name__]).parameters)


def _fit(
    op: Callable[..., Any], function: Any, asked: str, count: int, names: list[str]
) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
    """`_fitted` for all calls with this number of positions and these options: where
    each argument of op comes from.
    """
    ours, theirs = _parameters(op), _parameters(function)
    inputs, given = [*range(count)], {name: count + i for i, name in enumerate(names)}
    filled: list[Any] = []  # the defaults of inputs that are not given
    if not _takes_any_number(theirs):
        places = _places(ours)
        our_name = dict(zip(theirs, places, strict=False))
        given = {name: i for i, name in enumerate([*theirs][:count])} | given
        given = {our_name.get(name, name): i for name, i in given.items()}
        theirs = {our_name.get(name, name): p for name, p in theirs.items()}
        filled = [ours[name].default for name in places if name not in given]
        if any(x is inspect.Parameter.empty for x in filled):  # an error, which says what is missing
            return lambda args, options: _fitted(op, function, asked, args, options)
        rest = itertools.count(count + len(names))
        inputs = [given.pop(name) if name in given else next(rest) for name in places]
    silent = [(i, theirs.get(name)) for name, i in given.items() if name not in ours]
    said = [(name, i) for name, i in given.items() if name in ours]
    defaults = _defaults(ours, theirs)
    as_given = inputs == [*range(count)]
    if as_given and not given:
        return lambda args, options: op(*args, **defaults)

    def run(args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        values = (*args, *options.values(), *filled)
        for i, parameter in silent:
            if not _says_nothing(values[i], parameter):
                return _fitted(op, function, asked, args, options)
        params = dict(defaults)
        for name, i in said:
            if values[i] is not np._NoValue:
                params[name] = values[i]
        return op(*(args if as_given else [values[i] for i in inputs]), **params)

    return run


def _takes_any_number(parameters: dict[str, inspect.Parameter]) -> bool:
    return any(p.kind is p.VAR_POSITIONAL for p in parameters.values())


def _places(parameters: dict[str, inspect.Parameter]) -> list[str]:
    return [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]


def _fitted(op: Callable[..., Any], function: Any, asked: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """op called with the arguments meant for function, and NumPy's defaults."""
    ours, theirs = _parameters(op), _parameters(function)
    inputs, given = list(args), dict(options)
    if not _takes_any_number(theirs):
        places = _places(ours)
        # Inputs are matched by their place, params by their name.
        our_name = dict(zip(theirs, places, strict=False))
        given = {our_name.get(name, name): x for name, x in (dict(zip(theirs, args, strict=False)) | options).items()}
        theirs = {our_name.get(name, name): p for name, p in theirs.items()}
        inputs = [given.pop(name, ours[name].default) for name in places]
        missing = [name for name, x in zip(places, inputs, strict=True) if x is inspect.Parameter.empty]
        if missing:
            raise OpError(f"{asked}: there is no op for it without {', '.join(missing)}; take v.data for plain NumPy")
    unknown = [name for name, x in given.items() if name not in ours and not _says_nothing(x, theirs.get(name))]
    full = FULL.get(op.__name__)
    if unknown and full and op is getattr(ops, op.__name__):  # where=, initial=, dtype=
        return _fitted(full, function, asked, args, options)
    if unknown:
        raise ufuncs.out_error(asked) if "out" in unknown else ufuncs.option_error(asked, unknown)
    said = {name: x for name, x in given.items() if name in ours and x is not np._NoValue}
    return op(*inputs, **_defaults(ours, theirs) | said)


def _defaults(ours: dict[str, inspect.Parameter], theirs: dict[str, inspect.Parameter]) -> dict[str, Any]:
    """The defaults of NumPy that differ from the op's own."""
    silent = (None, inspect.Parameter.empty, np._NoValue)
    return {
        name: p.default
        for name, p in theirs.items()
        if name in ours
        and name not in OF_SPEED
        and ours[name].kind is p.KEYWORD_ONLY
        and p.default not in (*silent, ours[name].default)
    }


def _says_nothing(x: Any, parameter: inspect.Parameter | None) -> bool:
    """Whether an option has NumPy's default value."""
    return x is None or x is np._NoValue or (parameter is not None and x is parameter.default)
