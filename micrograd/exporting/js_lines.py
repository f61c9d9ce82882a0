"""Each op as a line of JavaScript.

A row is an expression of elements a, b and c, for ops on each element; or a function of
`Words`. What it calls by a bare name is a function of runtime.js.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.exporting import indices
from micrograd.exporting.program import Size


class Words(NamedTuple):
    """What a line is made of.

    Attributes:
        asked: the function that exports, for errors.
        inputs: as text.
        params: all keyword arguments.
        ranks: of the inputs, how many axes each has.
    """

    asked: str
    inputs: list[str]
    params: dict[str, Any]
    ranks: list[int]

    def called(self, function: str, *names: str) -> str:
        """A call of a function of runtime.js, with these params after the inputs."""
        return f"{function}({', '.join([*self.inputs, *(spelled(self.params[name]) for name in names)])})"


def spelled(x: Any) -> str:
    """A param as JavaScript writes it."""
    if isinstance(x, Size):
        return str(x)
    if isinstance(x, (tuple, list)):
        return f"[{', '.join(map(spelled, x))}]"
    if isinstance(x, np.ndarray):
        return spelled(x.tolist())
    if x is None or isinstance(x, (bool, str)):
        return json.dumps(x)
    x = x.item() if isinstance(x, np.generic) else x
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return repr(x)


ELEMENTS = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "negative": "-a",
    "remainder": "remainder(a, b)",
    "floor_divide": "Math.floor(a / b)",
    "fmod": "a % b",
    "equal": "Number(a === b)",
    "not_equal": "Number(a !== b)",
    "greater": "Number(a > b)",
    "less": "Number(a < b)",
    "greater_equal": "Number(a >= b)",
    "less_equal": "Number(a <= b)",
    "logical_and": "Number(a !== 0 && b !== 0)",
    "logical_or": "Number(a !== 0 || b !== 0)",
    "logical_xor": "Number((a !== 0) !== (b !== 0))",
    "logical_not": "Number(a === 0)",
    "isnan": "Number(a !== a)",
    "isfinite": "Number(Number.isFinite(a))",
    "isinf": "Number(Math.abs(a) === Infinity)",
    "absolute": "Math.abs(a)",
    "maximum": "Math.max(a, b)",
    "minimum": "Math.min(a, b)",
    "clipped": "clip(a, b, c)",
    "where": "a !== 0 ? b : c",
    "exp2": "2 ** a",
    "power": "a ** b",
    "relu": "Math.max(a, 0)",
    "sigmoid": "sigmoid(a)",
    "expit": "sigmoid(a)",
    "softplus": "softplus(a)",
    "log_sigmoid": "-softplus(-a)",
    "softsign": "a / (1 + Math.abs(a))",
    "tanhshrink": "a - Math.tanh(a)",
    "lgamma": "lgamma(a)",
    "logit": "logit(a)",
    "entr": "a < 0 ? -Infinity : -xlog(Math.log, a, a)",
    "xlogy": "xlog(Math.log, a, b)",
    "xlog1py": "xlog(Math.log1p, a, b)",
    "logaddexp": "logaddexp(a, b)",
    "logaddexp2": "Math.max(a, b) + (a === b ? 1 : Math.log1p(2 ** -Math.abs(a - b)) / Math.LN2)",
    "sinc": "sinc(a)",
    "copysign": "copysign(a, b)",
    "heaviside": "a === 0 ? b : a !== a ? a : Number(a > 0)",
    "erf": "erf(a)",
    "erfc": "erfc(a)",
    "rint": "rint(a)",
    "hypot": "Math.hypot(a, b)",
    "arctan2": "Math.atan2(a, b)",
    **{name: f"Math.{name}(a)" for name in "sign floor ceil trunc exp expm1 log log2 log10 log1p sqrt cbrt".split()},
    **{name: f"Math.{name}(a)" for name in "sin cos tan sinh cosh tanh".split()},
    **{f"arc{name}": f"Math.a{name}(a)" for name in "sin cos tan sinh cosh tanh".split()},
}


def _power(w: Words) -> str:
    return f"each((a) => a ** {spelled(w.params['exponent'])}, {w.inputs[0]})"


def _getitem(w: Words) -> str:
    entries, array = indices.plain(w.asked, w.ranks[0], w.params["index"])
    text = w.inputs[0]
    if any(e != slice(None) for e in entries):
        text = f"getitem({text}, [{', '.join(map(_entry, entries))}])"
    if array is not None:
        axis, places = array
        index = f"tensor({spelled(places.shape)}, {spelled(places.reshape(-1))})"
        text = f"take({text}, {axis}, {index})"
    return text


def _entry(entry: Any) -> str:
    if entry is None:
        return '"new"'
    return spelled([entry.start, entry.stop, entry.step]) if isinstance(entry, slice) else spelled(entry)


def _counted(element: str, answer: str = "") -> Callable[[Words], str]:
    """How many elements are so; or what follows from that number."""

    def row(w: Words) -> str:
        count = w._replace(inputs=[f"each((a) => Number({element}), {w.inputs[0]})"]).called("sum", "axis", "keepdims")
        return f"each((a) => Number({answer}), {count})" if answer else count

    return row


def _place_of(better: str) -> Callable[[Words], str]:
    """The first place where an element is better than all before; NaN is the best."""

    def row(w: Words) -> str:
        is_better = f"(a, b) => a {better} b || (a !== a && b === b)"
        return w._replace(inputs=[is_better, *w.inputs]).called("placeOf", "axis", "keepdims")

    return row


def _joined(function: str) -> Callable[[Words], str]:
    return lambda w: f"{function}([{', '.join(w.inputs)}], {w.params['axis']})"


def _contract(w: Words) -> str:
    terms, output = w.params["subscripts"].split("->")
    return f"contract({spelled(terms.split(','))}, {spelled(output)}, {', '.join(w.inputs)})"


def _call(function: str, *names: str) -> Callable[[Words], str]:
    return lambda w: w.called(function, *names)


def _round(w: Words) -> str:
    scale = 10 ** abs(w.params["decimals"])
    down, up = ("*", "/") if w.params["decimals"] >= 0 else ("/", "*")
    return f"each((a) => rint(a {down} {scale}) {up} {scale}, {w.inputs[0]})"


LINES: dict[str, Callable[[Words], str]] = {
    "round": _round,
    "cumsum": _call("cumsum", "axis"),
    "raise_to": _power,
    "getitem": _getitem,
    "matmul": _call("matmul"),
    "linear": _call("linear"),
    "softmaxed": _call("softmax", "axis"),
    "log_softmaxed": _call("logSoftmax", "axis"),
    "standardized": _call("standardize", "axes", "eps"),
    "reshape": _call("reshape", "shape"),
    "transpose": _call("transpose", "axes"),
    "broadcast_to": _call("broadcastTo", "shape"),
    "stacked": _joined("stack"),
    "concatenated": _joined("concatenate"),
    **{name: _call(name, "axis", "keepdims") for name in ("sum", "max", "min")},
    "count_nonzero": _counted("a !== 0"),
    "any": _counted("a !== 0", "a > 0"),
    "all": _counted("a === 0", "a === 0"),
    "argmax": _place_of(">"),
    "argmin": _place_of("<"),
    "euclidean_norm": lambda w: f"reduced(Math.hypot, 0, {w.inputs[0]}, {spelled(w.params['axis'])}, true)",
    "contract": _contract,
    "padded": _call("padded", "pad", "number"),
    "windows": _call("windows", "size", "stride", "dilation"),
    "overlap_add": _call("overlapAdd", "lengths", "stride", "dilation"),
    "conv": _call("conv", "pad", "stride", "dilation", "groups"),
    "max_pool": _call("maxPool", "size", "pad", "stride", "dilation"),
    "_in_bounds": _call("inBounds", "length", "wraps"),
    "rows_at": lambda w: f"take({w.inputs[0]}, 0, {w.inputs[1]})",
    "rnn_states": _call("rnn", "nonlinearity"),
    "lstm_states": _call("lstm"),
    "gru_states": _call("gru"),
}


def line(name: str, words: Words) -> str | None:
    """An op as an expression of JavaScript; None where it has no row."""
    if name in ELEMENTS:
        letters = ", ".join("abc"[: len(words.inputs)])
        body = ELEMENTS[name]
        if re.fullmatch(rf"[\w.]+\({letters}\)", body):
            return f"each({body.partition('(')[0]}, {', '.join(words.inputs)})"
        return f"each(({letters}) => {body}, {', '.join(words.inputs)})"
    return LINES[name](words) if name in LINES else None
