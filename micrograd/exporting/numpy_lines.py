"""Each op as a line of NumPy.

A row is a template over the inputs by number and the params by name, or a function of
the inputs and params, as text. What it calls by a bare name is a function of
numpy_helpers.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.exporting.program import Size

INLINE = 64  # numbers of an array that is written in a line


def number(x: Any) -> str:
    """A number as Python writes it; the same bits when it is read."""
    if isinstance(x, float) and not math.isfinite(x):
        return "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    return repr(x.item() if isinstance(x, np.generic) else x)


def spelled(x: Any) -> str:
    """A param as Python writes it."""
    if isinstance(x, Size):
        return str(x)
    if isinstance(x, np.ndarray):
        return f"np.array({x.tolist()})"
    if isinstance(x, tuple):
        return f"({', '.join(map(spelled, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, list):
        return f"[{', '.join(map(spelled, x))}]"
    return repr(x) if isinstance(x, str) else number(x)


def entries(x: Any) -> str:
    """An index, as it stands in brackets."""
    if isinstance(x, tuple):
        return ", ".join(map(entries, x)) or "()"
    if isinstance(x, slice):
        start, stop = ("" if end is None else spelled(end) for end in (x.start, x.stop))
        return f"{start}:{stop}" + ("" if x.step is None else f":{x.step}")
    return "..." if x is ... else spelled(x)


def _getitem(x: str, index: Any) -> str:
    return f"{x}[{entries(index)}]"


def _transpose(x: str, axes: Any) -> str:
    return f"{x}.T" if axes == tuple(range(len(axes)))[::-1] else f"{x}.transpose{spelled(axes)}"


def _reduction(name: str) -> Callable[..., str]:
    def line(x: str, axis: Any = None, keepdims: bool = False, **rest: Any) -> str:
        axes = [] if axis is None else [f"axis={spelled(axis)}"]
        return f"np.{name}({', '.join([x, *axes, *(['keepdims=True'] if keepdims else [])])})"

    return line


def _reshape(x: str, shape: Any) -> str:
    sizes = [i for i, n in enumerate(shape) if isinstance(n, Size)]
    if len(sizes) == 1 and -1 not in shape and 0 not in shape:
        shape = tuple(-1 if i == sizes[0] else n for i, n in enumerate(shape))
    return f"{x}.reshape({', '.join(map(spelled, shape)) or '()'})"


def _joined(name: str) -> Callable[..., str]:
    return lambda *xs, axis=0: f"np.{name}([{', '.join(xs)}], axis={axis})"


def _contract(*xs: str, subscripts: str, optimize: Any = None) -> str:
    return f'np.einsum("{subscripts}", {", ".join(xs)}, optimize=True)'


def _clipped(x: str, low: str, high: str) -> str:
    return f"np.clip({x}, {low}, {high})"


def _called(name: str) -> Callable[..., str]:
    return lambda *xs: f"np.{name}({', '.join(xs)})"


# Ops that NumPy has under the same name
_SAME = (
    "equal not_equal greater less greater_equal less_equal logical_and logical_or logical_xor logical_not isnan isinf "
    "isfinite negative remainder absolute sign floor ceil maximum minimum where exp exp2 expm1 log log2 log10 log1p "
    "logaddexp sqrt cbrt sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh hypot "
    "floor_divide fmod trunc rint copysign power sinc logaddexp2 heaviside"
).split()

Line = str | Callable[..., str]

LINES: dict[str, Line] = {
    **{name: _called(name) for name in _SAME},
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "matmul": "{0} @ {1}",
    "raise_to": "({0}) ** {exponent}",
    "relu": "np.maximum({0}, 0)",
    "clipped": _clipped,
    "sigmoid": "sigmoid({0})",
    "expit": "sigmoid({0})",
    "softplus": "softplus({0})",
    "log_sigmoid": "-softplus(-{0})",
    "softsign": "{0} / (1 + np.abs({0}))",
    "tanhshrink": "{0} - np.tanh({0})",
    "erf": "erf({0})",
    "erfc": "erfc({0})",
    "lgamma": "lgamma({0})",
    "logit": "logit({0})",
    "entr": "-xlog(np.log, {0}, np.maximum({0}, 0)) - np.where({0} < 0, np.inf, 0)",
    "xlogy": "xlog(np.log, {0}, {1})",
    "xlog1py": "xlog(np.log1p, {0}, {1})",
    "round": "np.round({0}, {decimals})",
    "linear": "{0} @ {1}.T + {2}",
    "softmaxed": "softmax({0}, axis={axis})",
    "log_softmaxed": "log_softmax({0}, axis={axis})",
    "standardized": "standardize({0}, axes={axes}, eps={eps})",
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": "np.broadcast_to({0}, {shape})",
    "getitem": _getitem,
    "stacked": _joined("stack"),
    "concatenated": _joined("concatenate"),
    "sum": _reduction("sum"),
    "max": _reduction("max"),
    "min": _reduction("min"),
    "argmax": _reduction("argmax"),
    "argmin": _reduction("argmin"),
    "any": _reduction("any"),
    "all": _reduction("all"),
    "count_nonzero": _reduction("count_nonzero"),
    "argsort": lambda x, axis, descending: f'np.argsort({"-" * descending}{x}, axis={axis}, kind="stable")',
    "cast": lambda x, dtype: f'np.asarray({x}).astype("{np.dtype(dtype)}")',
    "cumsum": "np.cumsum({0}, axis={axis})",
    "euclidean_norm": "length({0}, axis={axis})",
    "contract": _contract,
    "padded": "np.pad({0}, {pad}, constant_values={number})",
    "windows": "windows({0}, size={size}, stride={stride}, dilation={dilation})",
    "overlap_add": "overlap_add({0}, lengths={lengths}, stride={stride}, dilation={dilation})",
    "conv": "conv({0}, {1}, pad={pad}, stride={stride}, dilation={dilation}, groups={groups})",
    "max_pool": "max_pool({0}, size={size}, pad={pad}, stride={stride}, dilation={dilation})",
    "_in_bounds": "in_bounds({0}, {length}, wraps={wraps})",
    "rows_at": "{0}[{1}]",
    "rnn_states": "rnn({0}, {1}, {2}, {nonlinearity})",
    "lstm_states": "lstm({0}, {1}, {2})",
    "gru_states": "gru({0}, {1}, {2}, {3})",
}


def line(name: str, inputs: list[str], params: dict[str, Any]) -> str | None:
    """An op as an expression of NumPy; None where it has no row.

    Args:
        name: of the op.
        inputs: as text.
        params: all keyword arguments.
    """
    row = LINES.get(name)
    if row is None:
        return None
    if callable(row):
        return row(*inputs, **params)
    return row.format(*inputs, **{key: spelled(x) for key, x in params.items()})
