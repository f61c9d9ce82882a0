"""Writes docs/numpy.md: what happens to each function of NumPy. A test compares.

python docs/make_numpy.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).with_name("numpy.md")
sys.path.insert(0, str(PAGE.parents[1]))

from micrograd import ops  # noqa: E402
from micrograd.op import OPS  # noqa: E402
from micrograd.ops import protocols  # noqa: E402
from micrograd.ops.hints import NO_VALUE, why_not  # noqa: E402

HEAD = f"""\
# NumPy's functions on a Value

This page says what happens when a function of `numpy` or `numpy.linalg` is called with a Value. The program
`python docs/make_numpy.py` writes it, from [the table of ops](ops.md) and from the hints in the errors; do not edit it.
The names are those of NumPy {np.__version__}.

- **op**: one record, with its own rule; **composite**: a function made of ops. Both have gradients, except an op
  that gives a position, a count or True and False.
- **plain answer**: NumPy computes the answer from the data or from the shape, and no gradient goes through it.
- **no Value**: the function takes no array to differentiate.
- **refused**: an `OpError`, with the words in the last column.

```python
>>> import numpy as np
>>> from micrograd import Value
>>> np.unique(Value([2.0, 1.0]))
Traceback (most recent call last):
micrograd.errors.OpError: np.unique: there is no op for it; {why_not("unique")}; or take v.data for plain NumPy

```

| function | what happens | |
|---|---|---|
"""


def functions() -> dict[str, Any]:
    """Every public function of numpy and numpy.linalg, by its full name."""
    found = {}
    for home, prefix in ((np, ""), (np.linalg, "linalg.")):
        for name in home.__all__:
            function = getattr(home, name)
            if callable(function) and not isinstance(function, type):
                found[prefix + name] = function
    return dict(sorted(found.items()))


def fate_of(name: str, function: Any) -> tuple[str, str]:
    """What happens to a function; and by which op, or why not."""
    own = getattr(function, "__name__", name)
    if own in protocols.OF_SHAPE or own in protocols.OF_DATA:
        return "plain answer", "from the shape" if own in protocols.OF_SHAPE else "from the data"
    op = protocols.SPELLED.get(own, own)
    if why := getattr(protocols, "WITHOUT", {}).get(own):
        return "refused", why
    if op in OPS and op in ops.__all__:
        return "op" if OPS[op].differentiable else "op, without a gradient", f"`ops.{op}`"
    if op in ops.__all__:
        return "composite", f"`ops.{op}`"
    if own in NO_VALUE:
        return "no Value", why_not(own)
    return "refused", why_not(own) or "there is no similar op"


def rows() -> dict[str, str]:
    """The line of each function."""
    fates = {name: fate_of(name, function) for name, function in functions().items()}
    return {name: f"| `{name}` | {what} | {why.replace('|', chr(92) + '|')} |" for name, (what, why) in fates.items()}


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join(rows().values()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
