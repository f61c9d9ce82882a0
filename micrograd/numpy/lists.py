"""Lists of Values as arguments of NumPy's functions: joined before the call.

NumPy passes a call on to us when an argument is a Value. From a list of Values it reads
only the plain numbers. And it does not look at every argument: not at the default of
`select`, nor at the fill value of `full`. So `taking_lists` wraps NumPy's functions. A
list that holds Values becomes one Value, and a call with a Value in any argument comes
to us. All other calls go to NumPy unchanged.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from micrograd.errors import OpError
from micrograd.interpreter import PLAIN, Interpreter, shape_of
from micrograd.ops import cast, reshape, stack
from micrograd.ops.operators import Operators
from micrograd.ops.protocols import apply_function

# Parameters that are lists of arrays. They are not joined: the function reads each
# element.
OF_ARRAYS = {"arrays", "choicelist", "choices", "condlist", "funclist", "tup"}
NESTED = {"block"}  # here the nested lists are the layout of the result
UNASKED = {"full"}  # NumPy looks for a Value in none of its arguments
METHODS = ("reduce", "accumulate", "reduceat", "outer", "at", "resolve_dtypes")
FACTS = ("nin", "nout", "nargs", "ntypes", "types", "identity", "signature")


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.array`, which joins Values in nested lists into one Value.

    Args:
        object: anything that NumPy makes an array of, or a Value, or nested lists that
            hold Values.
        dtype: type of the elements.
        options: NumPy's other options, for plain numbers. With Values only `copy` is
            allowed.

    Raises:
        OpError: another option was given with Values.

    >>> from micrograd import Value
    >>> array([Value(1.0), 2.0])
    Value(data=[1. 2.], grad=[0. 0.])
    """
    return _converted("array", object, dtype, options)


def asarray(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asarray`, which joins Values in nested lists into one Value.

    A Value stays a Value.
    """
    return _converted("asarray", object, dtype, options)


def asanyarray(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asanyarray`, which joins Values in nested lists into one Value.

    A Value stays a Value.
    """
    return _converted("asanyarray", object, dtype, options)


def _converted(name: str, object: Any, dtype: Any, options: dict[str, Any]) -> Any:
    object = joined(object)
    if not isinstance(object, Operators):
        return getattr(np, name)(object, dtype=dtype, **options)
    unknown = options.keys() - {"copy"}
    if unknown:
        raise OpError(f"np.{name}: there is no {', '.join(sorted(unknown))}= for Values; reshape the result instead?")
    return object if dtype is None or object.dtype == dtype else cast(object, dtype=dtype)


def joined(x: Any) -> Any:
    """One Value for a list that holds Values at any depth; anything else unchanged.

    >>> joined([1.0, 2.0])
    [1.0, 2.0]
    """
    if not isinstance(x, (list, tuple)) or not holds_values(x):
        return x
    numbers, shape = _numbers_in(x)
    if len(shape) > 1:  # a matrix of numbers: one op in place of one for each row
        return reshape(stack(numbers), shape=shape)
    return stack([joined(part) for part in x])


def _numbers_in(x: Any) -> tuple[list[Any], tuple[int, ...]]:
    """The numbers in nested lists, in order, and the shape that they fill.

    The shape is () where something else is in the lists, or where they are uneven.
    """
    if not isinstance(x, (list, tuple)):
        return [x], (() if shape_of(x) else (-1,))
    parts = [_numbers_in(part) for part in x]
    inner = {shape for _, shape in parts}
    if len(inner) != 1 or () in inner:
        return [], ()
    sizes = next(iter(inner))
    return [number for numbers, _ in parts for number in numbers], (len(x), *(n for n in sizes if n >= 0))


def holds_values(x: Any) -> bool:
    """Whether x is a Value, or a list that holds one at any depth.

    >>> holds_values([1.0, [2.0]])
    False
    """
    if not isinstance(x, (list, tuple)):
        return isinstance(x, Interpreter)
    if PLAIN.issuperset(map(type, x)):  # a fast answer for a long list of numbers
        return False
    kinds = set(map(type, x))
    if any(issubclass(kind, Interpreter) for kind in kinds):
        return True
    return any(issubclass(kind, (list, tuple)) for kind in kinds) and any(
        isinstance(part, (list, tuple)) and holds_values(part) for part in x
    )


def taking_lists(home: Any, name: str) -> dict[str, Any]:
    """The functions of a NumPy module that take Values, now also lists of Values.

    Args:
        home: the module: `numpy` or `numpy.linalg`.
        name: our module that will hold the functions. A pickle needs it.

    Returns:
        A dict from names to functions. If NumPy has two names for one function, so does
        the dict.

    >>> mean = taking_lists(np, "micrograd.numpy")["mean"]
    >>> mean([1.0, 2.0])
    np.float64(1.5)
    """
    wrap = functools.cache(functools.partial(_wrapped, home=name))
    return {
        known: wrap(function)
        for known in home.__all__
        if isinstance(function := getattr(home, known), np.ufunc)
        # the mark of a function that NumPy passes on to us
        or hasattr(function, "_implementation")
        or known in UNASKED
    }


def _wrapped(function: Any, *, home: str) -> Callable[..., Any]:
    names, positions = _of_arrays(function)
    nested = function.__name__ in NESTED
    is_ufunc = isinstance(function, np.ufunc)

    @functools.wraps(function)
    def wrapper(*args: Any, **options: Any) -> Any:
        for x in args:
            if type(x) not in PLAIN and holds_values(x):
                break
        else:
            if not options or not any(map(holds_values, options.values())):
                return function(*args, **options)
        if not nested:
            args = tuple(_each_joined(x) if i in positions else joined(x) for i, x in enumerate(args))
            options = {k: _each_joined(x) if k in names else joined(x) for k, x in options.items()}
        return function(*args, **options) if is_ufunc else apply_function(function, args, options)

    wrapper.__module__ = home
    if is_ufunc:
        _add_methods(wrapper, function)
    return wrapper


def _each_joined(x: Any) -> Any:
    return type(x)(map(joined, x)) if type(x) in (list, tuple) else x


def _of_arrays(function: Any) -> tuple[set[str], set[int]]:
    """The parameters that are lists of arrays: their names and their positions."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except ValueError:
        return set(), set()
    return OF_ARRAYS & set(parameters), {i for i, name in enumerate(parameters) if name in OF_ARRAYS}


def _add_methods(wrapper: Any, ufunc: Any) -> None:
    for name in FACTS:
        setattr(wrapper, name, getattr(ufunc, name))
    for name in METHODS:
        setattr(wrapper, name, _on_joined(getattr(ufunc, name)))


def _on_joined(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(*args: Any, **options: Any) -> Any:
        return method(*map(joined, args), **options)

    return wrapper
