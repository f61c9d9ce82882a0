"""What other libraries' names are here: the keywords, attributes and functions that newcomers reach for.

Said once, for the errors of calls and of `np.*`, for the attributes of a Value, and for docs/numpy.md.
"""

from __future__ import annotations

# Keywords of NumPy and PyTorch. One that ends in "=" is the same thing under our name.
KEYWORDS = {
    "dim": "axis=",
    "dims": "axis=",
    "keepdim": "keepdims=",
    "axes": "axis=",
    "input": "x=",
    "other": "y=",
    "a": "x=",
    "m": "x=",
    "x1": "x=",
    "x2": "y=",
    "newshape": "shape=",
    "size": "shape=",
    "unbiased": "ddof=",
    "n": "exponent=",
    "p": "ord=",
    "alpha": "negative_slope=",
    "out": "nothing is computed into an array that there is; take the result instead",
    "inplace": "a Value is not changed in place; take the result instead",
    "dtype": "use .astype(dtype) on the input or on the result",
    "order": "elements are in C order here",
    "kind": "the sort is a stable one here",
    "stable": "the sort is a stable one here",
    "casting": "use .astype(dtype) on the input",
    "subok": "the result is a Value, or an array of the input's kind",
    "copy": "a Value is never changed in place, so a copy makes no difference",
    "where": "use ops.where on the result, or on the input",
    "initial": "use ops.maximum, ops.minimum, + or * on the result",
}

# Where the order of arguments is that of another library than NumPy.
OTHER_ORDERS = {
    "logsumexp": "a axis b keepdims return_sign",  # SciPy's
}
