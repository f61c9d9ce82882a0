"""DOT text: numbers, arrays and labels as Graphviz reads them.

Nothing in a label can end it: what has a meaning for Graphviz, or for XML, is escaped.
"""

from __future__ import annotations

import re
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.exact import is_exact
from micrograd.see.numerals import UNPRINTABLE, four_decimals, is_readable
from micrograd.symbol import Symbol

# An array of more elements is abbreviated. If it has more than two dimensions, only its
# dtype and shape are shown.
NUMBERS_SHOWN = 32
SIGNS_SHOWN = 40  # of an expression
LONGEST = 24  # characters of an exact number that are shown
LABEL_SHOWN = 100  # characters of a label; Graphviz would draw a longer one across many screens


def data_field(x: Any) -> str:
    """The data as a field of a box; an array has its shape and dtype below."""
    is_array = getattr(x, "shape", ()) and is_readable(x) and not _is_told_by_kind(x)
    return field("data ", x, f"shape {x.shape}, {x.dtype}" if is_array else "")


def field(name: str, x: Any, below: str = "") -> str:
    """A number or an array as a field of a box, after its name."""
    text = shown(name, x) + (f"\n{below}" if below else "")
    # Graphviz centers a line that does not end in \l. A space after the last \l would
    # be one more line.
    return text.replace("\n", r"\l") + r"\l" if "\n" in text else text + " "


def zero_for(data: Any) -> Any:
    """The gradient that is shown where there is none: zeros that take no memory."""
    if not getattr(data, "shape", ()) or isinstance(data, Symbol):
        return 0.0
    return np.broadcast_to(np.zeros((), data.dtype), data.shape) if isinstance(data, np.ndarray) else data


def shown(name: str, x: Any) -> str:
    """A number or an array after its name, escaped."""
    if isinstance(x, Value):  # a gradient after backward(create_graph=True)
        x = x.data
    if isinstance(x, (int, float)):
        return name + four_decimals(x)
    if is_exact(x):
        return name + _exact(x)
    if isinstance(x, Symbol):
        text = f"{x:short}"
        return escaped(name + (text if len(text) <= SIGNS_SHOWN else text[: SIGNS_SHOWN - 3] + "..."))
    if not is_readable(x) or _is_told_by_kind(x):
        return escaped(f"{name}{type(x).__name__} {getattr(x, 'dtype', '')} {getattr(x, 'shape', '')}")
    return _array(name, x) if x.ndim else name + four_decimals(x.item())


def _is_told_by_kind(x: Any) -> bool:
    return bool(x.ndim > 2 and x.size > NUMBERS_SHOWN)


def _exact(x: Any) -> str:
    """A fraction or another exact number as it prints; its first digits where that is
    long.
    """
    text = str(x)
    return escaped(text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...")


def _array(name: str, x: Any) -> str:
    """An array as NumPy prints it, one row per line. A large one is abbreviated."""
    text = name + np.array2string(
        x, precision=4, separator=", ", suppress_small=True, prefix=name, threshold=NUMBERS_SHOWN, edgeitems=2
    )
    # Graphviz shows several spaces as one, unless they are escaped.
    return re.sub(r"(?<=[ \n]) ", r"\\ ", text)


# In the label of a box, backslash, braces, bars, angles and quotes have a meaning for
# Graphviz; & begins an entity.
_SPECIAL = {c: "\\" + c for c in '\\{}|<>"'} | {"&": "&amp;", "\n": r"\n"}


def escaped(text: Any) -> str:
    """DOT text for which Graphviz shows this text, in boxes and ellipses."""
    text = "" if text is None else str(text).replace("\r\n", "\n")
    text = UNPRINTABLE.sub(lambda match: "\n" if match[0] == "\n" else ascii(match[0])[1:-1], text)
    return "".join(_SPECIAL.get(c, c) for c in text)


def clipped(label: Any) -> str:
    """A label as DOT text; the beginning of a long one. Graphviz may crash on a field
    of blank lines alone.
    """
    text = "" if label is None else str(label).strip(" \r\n")
    return escaped(text if len(text) <= LABEL_SHOWN else text[: LABEL_SHOWN - 3] + "...")
