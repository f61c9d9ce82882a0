"""Numbers and arrays as text: in pictures, on pages, in sentences.

A number has four digits. An array has its kind and its first eight numbers. How they
stand side by side is up to the place: `in_line` in a tree, `with_kind` on a page,
`described` in a sentence of its own, `brief` within one.
"""

from __future__ import annotations

import math
import re
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import shape_of
from micrograd.node import data_of
from micrograd.symbol import Symbol

FIRST = 8  # numbers of an array
FEW = 6  # numbers of an array within a sentence
WHOLE = 10**15  # a larger whole number has four digits
LARGEST = 10**300  # an int that is still printed as a float
EXACT_SIGNS = 12  # of a fraction
LONGEST = 60  # characters of a label, or of what is not a number
# Most of these are not allowed in XML. The others turn the direction of what follows
# them, beyond the end of a label too.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
JOINERS = "\u200c\u200d"  # within words and emoji; Python says that they are not printable


def number(x: Any) -> str:
    """Four digits of a number. A whole number, and a short fraction, as it is.

    >>> number(0.70710678), number(-0.0), number(65818), number(10**400)
    ('0.7071', '0', '65818', 'an int of 401 digits')
    """
    if isinstance(x, float):
        return f"{x + 0.0:.4g}"  # -0.0 is 0 to a reader
    if isinstance(x, int):
        if abs(x) < WHOLE:
            return str(x)
        return f"{x:.4g}" if abs(x) < LARGEST else f"an int of {int(math.log10(abs(x))) + 1} digits"
    if isinstance(x, Symbol):
        return clean(f"{x:short}")
    if hasattr(x, "dtype"):
        plain = x.item() if hasattr(x, "item") else x  # Dask has none
        return number(float(x) if hasattr(plain, "dtype") else plain)  # a long double is its own item
    text = str(x)
    is_long = len(text) > EXACT_SIGNS and hasattr(x, "numerator") and abs(x) < LARGEST
    return f"{float(x):.4g}" if is_long else clean(text)


def four_decimals(x: float) -> str:
    """A number as the tutorials' pictures have it: their look is kept."""
    if not abs(x) >= WHOLE or x in (math.inf, -math.inf):
        return f"{x:.4f}"
    from decimal import Decimal  # also for an int beyond the range of floats

    return f"{Decimal(x):.4e}"


def clean(label: Any, longest: int = LONGEST) -> str:
    """A label on one line, without signs that a terminal would obey."""
    line = " ".join(str(label).split())
    line = "".join(c if c.isprintable() or c in JOINERS else ascii(c)[1:-1] for c in line[: longest + 1])
    return line if len(line) <= longest else line[: longest - 3] + "..."


def listed(names: list[str], most: int = 3) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


# Arrays


def is_readable(x: Any) -> bool:
    """Whether it is an array of NumPy. Another library may compute its arrays only when
    they are printed, or copy them from a GPU.
    """
    return isinstance(x, (np.ndarray, np.generic))


def kind_of(x: Any) -> str:
    """The dtype, or the type of what has none."""
    return str(getattr(x, "dtype", type(x).__name__))


def first(x: Any) -> str:
    """The first numbers of an array; a number alone; what is not NumPy's by its type.

    >>> first(np.arange(20.0))
    '[0, 1, 2, 3, 4, 5, 6, 7, ...]'
    """
    if shape_of(x) == ():
        return number(x)
    if not is_readable(x):
        return type(x).__name__
    numbers = [number(n) for n in x.ravel()[:FIRST].tolist()]
    return f"[{', '.join(numbers)}{', ...' if x.size > FIRST else ''}]"


def in_line(x: Any) -> str:
    """A number; an array after its dtype and shape. None stands for zero.

    >>> in_line(np.array([1.0, 2.0]))
    'float64 (2,) [1, 2]'
    """
    if x is None:
        return "0"
    x = data_of(x)
    shape = shape_of(x)
    if shape == ():
        return number(x)
    return f"{x.dtype} {shape} {first(x)}" if is_readable(x) else f"{type(x).__name__} {shape}"


def with_kind(x: Any) -> str:
    """A number as it is; anything else before its shape and dtype.

    >>> with_kind(2.0), with_kind(np.ones((2, 2)))
    ('2', '[1, 1, 1, 1] (2 × 2, float64)')
    """
    if isinstance(x, (int, float)):
        return number(x)
    return f"{first(x)} ({' × '.join(map(str, shape_of(x))) or 'one number'}, {kind_of(x)})"


def described(x: Any) -> str:
    """Shape and dtype of an array, and its numbers, in rows where they are few."""
    if not is_readable(x):
        return f"{type(x).__name__} of shape {shape_of(x)}, {getattr(x, 'dtype', '')}"
    numbers = first(x)
    if x.ndim == 2 and 0 < x.size <= FIRST:
        numbers = f"[{', '.join(map(first, x))}]"
    return f"shape {x.shape}, {x.dtype}: {numbers}"


def brief(x: Any) -> str:
    """A number, or a short array; what is longer by its shape and its ends.

    >>> brief(0.5), brief(np.array([1.0, 2.0])), brief(np.zeros((3, 4)))
    ('0.5', '[1, 2]', '0 in all of (3, 4)')
    """
    shape = shape_of(x)
    if shape == ():
        return number(float(x))
    data = np.asarray(x, float)
    if not data.size:
        return f"empty, {shape}"
    if data.ndim == 1 and data.size <= FEW and np.any(data):
        return first(data)
    is_finite = np.isfinite(data)
    if not np.all(is_finite):
        place = tuple(int(i) for i in np.argwhere(~is_finite)[0])
        return f"{number(data[place])} at {place} of {shape}"
    if np.all(data == data.flat[0]):
        return f"{number(data.flat[0])} in all of {shape}"
    return f"an array {shape} from {number(data.min())} to {number(data.max())}"


def apart(x: Any, y: Any) -> tuple[str, str]:
    """Two numbers or arrays that differ, with as many digits as it takes to see it.

    >>> apart(1.0, 1.00001)
    ('1.0', '1.00001')
    """
    texts = brief(x), brief(y)
    return texts if texts[0] != texts[1] else (in_full(x), in_full(y))


def in_full(x: Any) -> str:
    """A number with all its digits; an array as in `brief`."""
    return repr(float(x)) if shape_of(x) == () else brief(x)
