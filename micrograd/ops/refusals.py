"""What is refused inside a `vmap`, where a value stands for all examples, and the
repair.
"""

from __future__ import annotations

from typing import Any

from micrograd.errors import DataError
from micrograd.op import shape_of


def one_of_many_error(asked: str, x: Any) -> DataError:
    """The error where plain data is asked of one example inside a vmap."""
    batch = x
    while not (batch._is_batch and batch.is_mapped):
        batch = batch._below
    batch._settled()  # refuses what is left over from a vmap that has ended
    what = f"a value of shape {shape_of(x)}" if shape_of(x) else "this number"
    return DataError(
        f"{asked}: inside vmap {what} stands for all examples at once, so it has no plain data of its own;\n"
        f"{_REPAIRS.get(asked, _REPAIRS[''])}"
    )


_BRANCH = "write np.where(condition, x, y) for `if`, np.minimum and np.maximum for min and max"
_PLACE = (
    "write micrograd.numpy.take(table, i, axis=0) for table[i], np.stack([x, y]) for np.array([x, y]);\n"
    "sizes, as of range(n), must be the same in each"
)
_JOINED = "write np.stack([x, y]) for np.array([x, y]), and x for np.asarray(x)"
_REPAIRS = {
    "bool()": _BRANCH,
    "asarray": _JOINED,
    "index": _PLACE,
    "int()": _PLACE,
    "round()": "write np.round(x)",
    "mask": "write np.where(mask, x, 0.0) for x[mask], or multiply by the mask",
    "float()": "use NumPy's functions, such as np.exp(x) for math.exp(x), and np.stack for numbers put into an array",
    "": "use NumPy's functions (np.exp(x) for math.exp(x)), np.where for `if`, a loop over the examples for the rest",
}
