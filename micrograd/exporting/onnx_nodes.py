"""Each op as nodes of ONNX.

A row is the name of an operator, for ops on each element; or a function of the graph
and the step that gives the name of its result.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.exporting import indices
from micrograd.exporting.onnx_graph import Graph
from micrograd.exporting.program import Name, Size, Step

END = 2**63 - 1  # of an axis, in a slice

Row = Callable[[Graph, Step], str]

# Ops on each element that ONNX has too. Their inputs are converted to the dtype of the
# result, those of questions to one dtype.
SAME = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "negative": "Neg",
    "absolute": "Abs",
    "maximum": "Max",
    "minimum": "Min",
    "power": "Pow",
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "expit": "Sigmoid",
    "softsign": "Softsign",
    "rint": "Round",
    "arcsin": "Asin",
    "arccos": "Acos",
    "arctan": "Atan",
    "arcsinh": "Asinh",
    "arccosh": "Acosh",
    "arctanh": "Atanh",
    **{name: name.capitalize() for name in "sign floor ceil exp log sqrt sin cos tan sinh cosh tanh erf".split()},
}
QUESTIONS = {
    "equal": "Equal",
    "greater": "Greater",
    "less": "Less",
    "greater_equal": "GreaterOrEqual",
    "less_equal": "LessOrEqual",
    "isnan": "IsNaN",
    "isinf": "IsInf",
}
TRUTHS = {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not"}


def common(g: Graph, inputs: Any) -> Any:
    """The dtype of the inputs together; Python numbers do not decide it."""
    return np.result_type(
        *[g.kinds[x][1] or 0.0 if isinstance(x, Name) else 0 if isinstance(x, Size) else x for x in inputs]
    )


def result(g: Graph, step: Step) -> str | None:
    """The name of the result of a step, after its nodes were made; None where the op
    has no row.
    """
    name, inputs = step.op.name, step.inputs
    if name in SAME:
        return g.node(SAME[name], *(g.read(x, step.dtype) for x in inputs))
    if name in QUESTIONS:
        return g.node(QUESTIONS[name], *(g.read(x, common(g, inputs)) for x in inputs))
    if name in TRUTHS:
        return g.node(TRUTHS[name], *(g.read(x, np.dtype(bool)) for x in inputs))
    return ROWS[name](g, step) if name in ROWS else None


# Ops on each element that are made of several


def _numbers(g: Graph, step: Step) -> tuple[str, Callable[[float], str]]:
    """The first input, and a maker of constants of its dtype."""
    return g.read(step.inputs[0], step.dtype), lambda x: g.constant(np.asarray(x, step.dtype))


def _expm1(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Sub", g.node("Exp", x), number(1.0))


def _log1p(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Log", g.node("Add", x, number(1.0)))


def _exp2(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Pow", number(2.0), x)


def _logarithm(base: float) -> Row:
    def row(g: Graph, step: Step) -> str:
        x, number = _numbers(g, step)
        return g.node("Div", g.node("Log", x), number(math.log(base)))

    return row


def _raise_to(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Pow", x, number(step.params["exponent"]))


def _softplus_of(g: Graph, x: str, number: Callable[[float], str]) -> str:
    # Softplus of ONNX overflows in some libraries.
    rest = g.node("Log", g.node("Add", g.node("Exp", g.node("Neg", g.node("Abs", x))), number(1.0)))
    return g.node("Add", g.node("Relu", x), rest)


def _softplus(g: Graph, step: Step) -> str:
    return _softplus_of(g, *_numbers(g, step))


def _log_sigmoid(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Neg", _softplus_of(g, g.node("Neg", x), number))


def _tanhshrink(g: Graph, step: Step) -> str:
    x, _ = _numbers(g, step)
    return g.node("Sub", x, g.node("Tanh", x))


def _erfc(g: Graph, step: Step) -> str:
    x, number = _numbers(g, step)
    return g.node("Sub", number(1.0), g.node("Erf", x))


def _remainder(g: Graph, step: Step) -> str:
    x, y = (g.read(x, step.dtype) for x in step.inputs)
    return g.node("Sub", x, g.node("Mul", y, g.node("Floor", g.node("Div", x, y))))


def _not_equal(g: Graph, step: Step) -> str:
    return g.node("Not", g.node("Equal", *(g.read(x, common(g, step.inputs)) for x in step.inputs)))


def _where(g: Graph, step: Step) -> str:
    condition, *others = step.inputs
    return g.node("Where", g.read(condition, np.dtype(bool)), *(g.read(x, step.dtype) for x in others))


def _clipped(g: Graph, step: Step) -> str:
    x, low, high = (g.read(x, step.dtype) for x in step.inputs)
    return g.node("Min", g.node("Max", x, low), high)


def _cast(g: Graph, step: Step) -> str:
    return g.read(step.inputs[0], step.dtype)


# Shapes


def _reshape(g: Graph, step: Step) -> str:
    shape = list(step.params["shape"])
    if sum(isinstance(n, Size) for n in shape) == 1 and -1 not in shape and 0 not in shape:
        shape = [-1 if isinstance(n, Size) else n for n in shape]
    return g.node("Reshape", g.read(step.inputs[0], step.dtype), g.integers(shape), allowzero=int(0 in shape) or None)


def _transpose(g: Graph, step: Step) -> str:
    return g.node("Transpose", g.read(step.inputs[0], step.dtype), perm=list(step.params["axes"]))


def _broadcast_to(g: Graph, step: Step) -> str:
    return g.node("Expand", g.read(step.inputs[0], step.dtype), g.integers(step.params["shape"]))


def _getitem(g: Graph, step: Step) -> str:
    x = g.read(step.inputs[0], step.dtype)
    entries, array = indices.plain(g.asked, len(g.shape(step.inputs[0])), step.params["index"])
    axes = [e for e in entries if e is not None]
    parts = [(axis, e) for axis, e in enumerate(axes) if e != slice(None)]
    if parts:
        spans = [slice(e, e + 1 if e != -1 else None) if isinstance(e, int) else e for _, e in parts]
        by = [1 if span.step is None else span.step for span in spans]
        starts = [
            (0 if b > 0 else END) if span.start is None else span.start for span, b in zip(spans, by, strict=True)
        ]
        stops = [
            (END if b > 0 else -END) if span.stop is None else span.stop for span, b in zip(spans, by, strict=True)
        ]
        which = g.integers(axis for axis, _ in parts)
        x = g.node("Slice", x, g.integers(starts), g.integers(stops), which, g.integers(by))
    gone = [axis for axis, e in enumerate(axes) if isinstance(e, int)]
    if gone:
        x = g.node("Squeeze", x, g.integers(gone))
    kept = [e for e in entries if not isinstance(e, int)]
    new = [axis for axis, e in enumerate(kept) if e is None]
    if new:
        x = g.node("Unsqueeze", x, g.integers(new))
    if array is not None:
        x = g.node("Gather", x, g.constant(array[1].astype(np.int64)), axis=array[0])
    return x


def _stacked(g: Graph, step: Step) -> str:
    axis = g.integers([step.arguments["axis"]])
    parts = [g.node("Unsqueeze", g.read(x, step.dtype), axis) for x in step.inputs]
    return g.node("Concat", *parts, axis=step.arguments["axis"])


def _concatenated(g: Graph, step: Step) -> str:
    return g.node("Concat", *(g.read(x, step.dtype) for x in step.inputs), axis=step.arguments["axis"])


def _padded(g: Graph, step: Step) -> str:
    pads = [before for before, _ in step.params["pad"]] + [after for _, after in step.params["pad"]]
    number = g.constant(np.asarray(step.params["number"], step.dtype))
    return g.node("Pad", g.read(step.inputs[0], step.dtype), g.integers(pads), number)


def _rows_at(g: Graph, step: Step) -> str:
    table, places = step.inputs
    return g.node("Gather", g.read(table, step.dtype), g.read(places, np.dtype(np.int64)), axis=0)


def _in_bounds(g: Graph, step: Step) -> str:
    x = g.read(step.inputs[0], step.dtype)
    if not step.arguments["wraps"]:
        return x
    length = g.constant(np.asarray(step.params["length"], step.dtype))
    return g.node("Where", g.node("Less", x, g.constant(np.zeros((), step.dtype))), g.node("Add", x, length), x)


# Sums and products


def _reduction(kind: str) -> Row:
    def row(g: Graph, step: Step) -> str:
        axis = step.arguments["axis"]
        if axis == ():
            return g.read(step.inputs[0], step.dtype)
        axes = [] if axis is None else [g.integers(axis if isinstance(axis, (tuple, list)) else [axis])]
        return g.node(kind, g.read(step.inputs[0], step.dtype), *axes, keepdims=int(step.arguments["keepdims"]))

    return row


def _count_nonzero(g: Graph, step: Step) -> str:
    axis = step.arguments["axis"]
    axes = [] if axis is None else [g.integers(axis if isinstance(axis, (tuple, list)) else [axis])]
    x = g.cast(g.read(step.inputs[0], np.dtype(bool)), np.dtype(np.int64))
    return g.node("ReduceSum", x, *axes, keepdims=int(step.arguments["keepdims"]))


def _place_of(kind: str) -> Row:
    def row(g: Graph, step: Step) -> str:
        axis, keepdims = step.arguments["axis"], int(step.arguments["keepdims"])
        x = g.read(step.inputs[0], common(g, step.inputs))
        if axis is not None:
            return g.node(kind, x, axis=axis, keepdims=keepdims)
        place = g.node(kind, g.node("Reshape", x, g.integers([-1])), axis=0, keepdims=0)
        return g.node("Reshape", place, g.integers([1] * len(step.shape)))

    return row


def _euclidean_norm(g: Graph, step: Step) -> str:
    x = g.read(step.inputs[0], step.dtype)
    if not step.params["axis"]:
        return g.node("Abs", x)
    return g.node("ReduceL2", x, g.integers(step.params["axis"]), keepdims=1)


def _matmul(g: Graph, step: Step) -> str:
    return g.node("MatMul", *(g.read(x, step.dtype) for x in step.inputs))


def _linear(g: Graph, step: Step) -> str:
    x, weight, bias = (g.read(x, step.dtype) for x in step.inputs)
    if len(step.shape) == 2:
        return g.node("Gemm", x, weight, bias, transB=1)
    return g.node("Add", g.node("MatMul", x, g.node("Transpose", weight, perm=[1, 0])), bias)


def _contract(g: Graph, step: Step) -> str:
    return g.node("Einsum", *(g.read(x, step.dtype) for x in step.inputs), equation=step.params["subscripts"])


def _shifted(g: Graph, step: Step, axes: str) -> str:
    """x minus its largest element along axes, which is made finite."""
    x, number = _numbers(g, step)
    most = float(np.finfo(step.dtype).max)
    top = g.node("Min", g.node("Max", g.node("ReduceMax", x, axes, keepdims=1), number(-most)), number(most))
    return g.node("Sub", x, top)


def _axes(g: Graph, step: Step) -> str:
    axis = step.params["axis"]
    rank = len(step.shape)
    return g.integers(range(rank) if axis is None else axis if isinstance(axis, (tuple, list)) else [axis])


def _softmaxed(g: Graph, step: Step) -> str:
    """0 where all of a row is -inf, as the op gives; Softmax of ONNX gives nan."""
    axes = _axes(g, step)
    z = g.node("Exp", _shifted(g, step, axes))
    total = g.node("ReduceSum", z, axes, keepdims=1)
    zero, one = (g.constant(np.asarray(x, step.dtype)) for x in (0.0, 1.0))
    return g.node("Div", z, g.node("Where", g.node("Equal", total, zero), one, total))


def _log_softmaxed(g: Graph, step: Step) -> str:
    axes = _axes(g, step)
    z = _shifted(g, step, axes)
    return g.node("Sub", z, g.node("Log", g.node("ReduceSum", g.node("Exp", z), axes, keepdims=1)))


def _standardized(g: Graph, step: Step) -> str:
    """LayerNormalization of ONNX computes in float32 by itself."""
    x, number = _numbers(g, step)
    axes = list(step.params["axes"])
    where = g.integers(axes)
    zeros, ones = g.integers([0] * len(axes)), g.integers([1] * len(axes))
    x = g.node("Sub", x, g.node("Slice", x, zeros, ones, where))
    x = g.node("Sub", x, g.node("ReduceMean", x, where, keepdims=1))
    variance = g.node("ReduceMean", g.node("Mul", x, x), where, keepdims=1)
    return g.node("Div", x, g.node("Sqrt", g.node("Add", variance, number(step.params["eps"]))))


# Windows


def _windows(g: Graph, step: Step) -> str:
    """Each axis becomes two, by the places of elements; then axes are sorted."""
    x = g.read(step.inputs[0], step.dtype)
    shape = g.shape(step.inputs[0])
    k, size = len(step.params["size"]), step.params["size"]
    before = len(shape) - k
    for i, (s, by, spread) in enumerate(zip(size, step.params["stride"], step.params["dilation"], strict=True)):
        places = np.arange(step.shape[before + i])[:, None] * by + np.arange(s) * spread
        x = g.node("Gather", x, g.constant(places), axis=before + 2 * i)
    order = [*range(before), *(before + 2 * i for i in range(k)), *(before + 2 * i + 1 for i in range(k))]
    return g.node("Transpose", x, perm=order)


def _overlap_add(g: Graph, step: Step) -> str:
    """ConvTranspose with a kernel of ones: each element of a window is a channel."""
    x, lengths = step.inputs[0], step.params["lengths"]
    k, shape = len(lengths), g.shape(x)
    places, size = shape[-2 * k : -k], shape[-k:]
    count = math.prod(size)
    flat = g.node("Reshape", g.read(x, step.dtype), g.integers([-1, *places, count]))
    turned = g.node("Transpose", flat, perm=[0, k + 1, *range(1, k + 1)])
    kernel = np.eye(count, dtype=step.dtype).reshape(count, 1, *size)
    stride, dilation = list(step.params["stride"]), list(step.params["dilation"])
    z = g.node("ConvTranspose", turned, g.constant(kernel), strides=stride, dilations=dilation)
    covered = [(p - 1) * s + (q - 1) * d + 1 for p, s, q, d in zip(places, stride, size, dilation, strict=True)]
    rest = [n - m for n, m in zip(lengths, covered, strict=True)]
    if any(rest):
        z = g.node("Pad", z, g.integers([0] * (k + 2) + [0, 0, *rest]), g.constant(np.zeros((), step.dtype)))
    return g.node("Reshape", z, g.integers([-1 if isinstance(n, Size) else n for n in step.shape]))


def _ends(step: Step) -> list[int]:
    return [before for before, _ in step.params["pad"]] + [after for _, after in step.params["pad"]]


def _conv(g: Graph, step: Step) -> str:
    x, weight = (g.read(x, step.dtype) for x in step.inputs)
    how: dict[str, Any] = {"strides": list(step.params["stride"]), "dilations": list(step.params["dilation"])}
    return g.node("Conv", x, weight, pads=_ends(step), group=step.params["groups"], **how)


def _max_pool(g: Graph, step: Step) -> str:
    x, size = g.read(step.inputs[0], step.dtype), list(step.params["size"])
    missing = len(size) + 2 - len(step.shape)
    if missing < 0:
        x = g.node("Reshape", x, g.integers([-1, 1, *g.shape(step.inputs[0])[-len(size) :]]))
    elif missing:
        x = g.node("Unsqueeze", x, g.integers(range(missing)))
    how: dict[str, Any] = {
        "strides": list(step.params["stride"]),
        "dilations": list(step.params["dilation"]),
        "pads": _ends(step),
    }
    z = g.node("MaxPool", x, kernel_shape=size, **how)
    if missing < 0:
        return g.node("Reshape", z, g.integers([-1 if isinstance(n, Size) else n for n in step.shape]))
    return g.node("Squeeze", z, g.integers(range(missing))) if missing else z


ROWS: dict[str, Row] = {
    "expm1": _expm1,
    "log1p": _log1p,
    "exp2": _exp2,
    "log2": _logarithm(2.0),
    "log10": _logarithm(10.0),
    "raise_to": _raise_to,
    "softplus": _softplus,
    "log_sigmoid": _log_sigmoid,
    "tanhshrink": _tanhshrink,
    "erfc": _erfc,
    "remainder": _remainder,
    "not_equal": _not_equal,
    "where": _where,
    "clipped": _clipped,
    "cast": _cast,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "getitem": _getitem,
    "stacked": _stacked,
    "concatenated": _concatenated,
    "padded": _padded,
    "rows_at": _rows_at,
    "_in_bounds": _in_bounds,
    "sum": _reduction("ReduceSum"),
    "max": _reduction("ReduceMax"),
    "min": _reduction("ReduceMin"),
    "argmax": _place_of("ArgMax"),
    "argmin": _place_of("ArgMin"),
    "count_nonzero": _count_nonzero,
    "euclidean_norm": _euclidean_norm,
    "matmul": _matmul,
    "linear": _linear,
    "contract": _contract,
    "softmaxed": _softmaxed,
    "log_softmaxed": _log_softmaxed,
    "standardized": _standardized,
    "windows": _windows,
    "overlap_add": _overlap_add,
    "conv": _conv,
    "max_pool": _max_pool,
}
