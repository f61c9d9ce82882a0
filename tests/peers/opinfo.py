"""PyTorch's own functions, by the names of its sample inputs (OpInfo), said with ours.

Each entry takes a sample's arguments as PyTorch's function takes them, with Values for
tensors. A sample that asks for an option that we do not have raises an error of ours,
which names it, or `UnmappedError`: neither is a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from micrograd import ops, special


class UnmappedError(Exception):
    """The sample uses an option that has no counterpart here."""


def only(given: dict[str, Any], *known: str) -> None:
    """Refuse other options, where they say something."""
    silent = (None, False)
    unknown = {
        name: x for name, x in given.items() if name not in known and x not in silent and str(x) != "torch.float64"
    }
    if unknown:
        raise UnmappedError(str(unknown))


def axis_of(dim: Any) -> Any:
    """PyTorch's dim as NumPy's axis: there no axes mean all of them."""
    if isinstance(dim, (list, tuple)):
        return tuple(dim) or None
    return dim


def reduced(f: Callable[..., Any], all_by_default: bool = True) -> Callable[..., Any]:
    def g(x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:
        only(options)
        return f(x, axis=axis_of(dim), keepdims=keepdim)

    return g


def spread(f: Callable[..., Any]) -> Callable[..., Any]:
    def g(x: Any, dim: Any = None, unbiased: Any = True, keepdim: bool = False, correction: Any = None) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        ddof = (1 if unbiased is None or unbiased else 0) if correction is None else correction
        return f(x, axis=axis_of(dim), ddof=ddof, keepdims=keepdim)

    return g


def scaled(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, y, alpha=1: f(x, y if alpha == 1 else alpha * y)


def along(f: Callable[..., Any]) -> Callable[..., Any]:
    def g(x: Any, dim: Any, **options: Any) -> Any:
        only(options)
        return f(x, axis=dim)

    return g


def divided(x: Any, y: Any, rounding_mode: Any = None) -> Any:
    z = np.divide(x, y)
    return z if rounding_mode is None else np.floor(z) if rounding_mode == "floor" else np.trunc(z)


def clamped(x: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(x, min, max)


def several(f: Callable[..., Any]) -> Callable[..., Any]:
    """For functions that take one list of tensors, or several tensors."""
    return lambda *xs, **options: f(
        list(xs[0]) if len(xs) == 1 and isinstance(xs[0], (list, tuple)) else list(xs), **options
    )


def unlisted(f: Callable[..., Any]) -> Callable[..., Any]:
    """For functions that take several tensors, where PyTorch takes a list of them as
    well.
    """
    return lambda *xs: f(*(xs[0] if isinstance(xs[0], (list, tuple)) else xs))


def joined(f: Callable[..., Any]) -> Callable[..., Any]:
    def g(xs: Any, dim: int = 0) -> Any:
        xs = list(xs)
        if f is np.concatenate and len({x.ndim for x in xs}) > 1:  # PyTorch skips empty tensors of one axis
            raise UnmappedError("tensors of several numbers of axes")
        return f(xs, axis=dim)

    return g


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else tuple(given)


def repeated(x: Any, *given: Any) -> Any:
    return np.tile(x, sizes(given))


def expanded(x: Any, *given: Any) -> Any:
    shape = sizes(given)
    old = (1,) * (len(shape) - x.ndim) + tuple(x.shape)
    return np.broadcast_to(x, tuple(o if n == -1 else n for n, o in zip(shape, old, strict=True)))


def narrowed(x: Any, dim: int, start: Any, length: int) -> Any:
    start = int(start)
    start += x.shape[dim] if start < 0 else 0
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, start + length),)]


def picked(x: Any, dim: int, index: Any) -> Any:
    return np.take(x, index, axis=dim)


def gathered(x: Any, dim: int, index: Any, sparse_grad: bool = False) -> Any:
    if not x.ndim or index.ndim != x.ndim or not index.size:
        raise UnmappedError("a number, or nothing to gather")
    places: list[Any] = list(np.ix_(*[range(n) for n in index.shape]))
    places[dim % x.ndim] = index
    return x[tuple(places)]


def scattered_sum(x: Any, dim: int, index: Any, src: Any) -> Any:
    if not x.ndim or not index.ndim or not index.size:
        raise UnmappedError("a number, or nothing to scatter")
    places: list[Any] = list(np.ix_(*[range(n) for n in index.shape]))
    places[dim % x.ndim] = index
    return x.at[tuple(places)].add(src[tuple(slice(n) for n in index.shape)])


def masked(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, x)


def addmm(base: Any, x: Any, y: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return beta * base + alpha * (x @ y)


def cut(x: Any, pieces: Any, dim: int = 0) -> Any:
    """PyTorch's split: sizes, or the size of every piece."""
    n = x.shape[dim]
    ends = np.cumsum(pieces)[:-1] if isinstance(pieces, (list, tuple)) else range(pieces, n, pieces)
    return np.split(x, list(ends), axis=dim)


def chunked(x: Any, chunks: int, dim: int = 0) -> Any:
    size = -(-x.shape[dim] // chunks)
    return cut(x, size, dim) if size else [x]


def quantiles(f: Callable[..., Any]) -> Callable[..., Any]:
    def g(x: Any, q: Any, dim: Any = None, keepdim: bool = False, interpolation: str = "linear") -> Any:
        return f(x, q, axis=dim, keepdims=keepdim, method=interpolation)

    return g


def sorted_by(x: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    if not x.ndim:
        return x
    z = np.sort(x, axis=dim)
    return np.flip(z, axis=dim) if descending else z


def first_of_max(f: Callable[..., Any], both: Callable[..., Any]) -> Callable[..., Any]:
    """max and min: of all, along one axis, or of two tensors."""

    def g(x: Any, *others: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if others and hasattr(others[0], "shape"):
            return both(x, others[0])
        if others:
            dim, keepdim = others[0], others[1] if len(others) > 1 else keepdim
        return f(x, axis=dim, keepdims=keepdim) if x.ndim else x

    return g


def normed(x: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    only({"dtype": dtype})
    at_zero(x, ord)
    return np.linalg.norm(x, ord, axis_of(dim), keepdim)


def at_zero(x: Any, ord: Any) -> None:
    if ord in ("nuc", 2, -2) and x.ndim == 2 and not np.any(x.data if hasattr(x, "data") else x):
        raise UnmappedError("the zero matrix: our subgradient there is 0, PyTorch's is any of many")


def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    only({"dtype": dtype})
    return np.linalg.vector_norm(x, axis=axis_of(dim), keepdims=keepdim, ord=ord)


def matrix_norm(x: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, dtype: Any = None) -> Any:
    only({"dtype": dtype})
    at_zero(x, ord)
    return np.linalg.norm(x, ord, tuple(dim), keepdim)


def squeezed(x: Any, *dim: Any) -> Any:
    return np.squeeze(x, tuple(d for d in sizes(dim) if x.shape[d] == 1)) if dim and x.ndim else np.squeeze(x)


def pieces(x: Any, n: Any, dim: int = 0) -> Any:
    return np.array_split(x, n if isinstance(n, int) else np.asarray(n).tolist(), axis=dim)


def solved(x: Any, y: Any) -> Any:
    if x.ndim > 2 and y.ndim == x.ndim - 1:
        raise UnmappedError("a batch of vectors, which NumPy reads as one matrix")
    return np.linalg.solve(x, y)


def pseudoinverse(x: Any, *tolerances: Any, **options: Any) -> Any:
    only({"tolerances": tolerances or None, **options})
    return np.linalg.pinv(x)


def symmetric(f: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch reads one triangle, as we do, but spreads the gradient over both: half of
    it goes to each.
    """

    def g(x: Any, UPLO: str = "L") -> Any:
        part = np.tril(x.detach()) if UPLO == "L" else np.triu(x.detach())
        whole = part + np.swapaxes(part, -1, -2) - part * np.eye(x.shape[-1])
        both = (x + np.swapaxes(x, -1, -2)) / 2
        return f(both + (whole - both.detach()), UPLO=UPLO)

    return g


def triangle(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, diagonal=0: f(x, k=diagonal)


def softmaxed(f: Callable[..., Any]) -> Callable[..., Any]:
    def g(x: Any, dim: int, dtype: Any = None, **options: Any) -> Any:
        only({"dtype": dtype, **options})
        return f(x, axis=dim)

    return g


def padded(x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    names = {"replicate": "edge", "circular": "wrap"}
    if any(n < 0 for n in pad):
        raise UnmappedError("negative widths")
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    if mode == "constant":
        return np.pad(x, widths, constant_values=value or 0.0)
    return np.pad(x, widths, mode=names.get(mode, mode))


def named(**renamed: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Options under other names."""

    def wrap(f: Callable[..., Any]) -> Callable[..., Any]:
        def g(*args: Any, **options: Any) -> Any:
            given = {renamed.get(name, name): x for name, x in options.items()}
            return f(*args, **{name: x for name, x in given.items() if name != "inplace"})

        return g

    return wrap


def activation(name: str) -> Callable[..., Any]:
    return lambda *args, inplace=False, **options: getattr(ops, name)(*args, **options)


def network(name: str) -> Callable[..., Any]:
    return lambda *args, **options: getattr(ops, name)(*args, **options)


def special_of(name: str) -> Callable[..., Any]:
    return lambda *args: getattr(special, name)(*args)


def of_numpy(name: str) -> Callable[..., Any]:
    return lambda *args, **options: getattr(np, name)(*args, **options)


SAME = """
abs exp exp2 expm1 log log10 log1p log2 sin cos tan sinh cosh tanh sqrt square ceil floor trunc sign sinc deg2rad
rad2deg i0 reciprocal positive hypot maximum minimum fmax fmin fmod copysign logaddexp logaddexp2 float_power
remainder floor_divide ldexp heaviside nextafter matmul kron inner outer vdot fliplr flipud real
""".split()

FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: of_numpy(name) for name in SAME},
    **{f"a{name}": of_numpy(f"arc{name}") for name in "cos cosh sin sinh tan tanh".split()},
    **{name: special_of(name) for name in "digamma erf erfc erfinv xlogy".split()},
    **{f"special.{name}": special_of(name) for name in "entr i0e i1 i1e log_ndtr ndtr xlog1py".split()},
    **{f"atleast_{n}d": unlisted(getattr(np, f"atleast_{n}d")) for n in (1, 2, 3)},
    "lgamma": special_of("gammaln"),
    "igamma": special_of("gammainc"),
    "igammac": special_of("gammaincc"),
    "polygamma": lambda x, n: special.polygamma(n, x),
    "special.polygamma": lambda x, n: special.polygamma(n, x),
    "logit": lambda x, eps=None: special.logit(x if eps is None else np.clip(x, eps, 1 - eps)),
    "sigmoid": lambda x: ops.sigmoid(x),
    "rsqrt": lambda x: ops.rsqrt(x),
    "neg": np.negative,
    "sgn": np.sign,
    "frac": lambda x: x - np.trunc(x),
    "round": lambda x, decimals=0: np.round(x, decimals),
    "nan_to_num": lambda x, nan=None, posinf=None, neginf=None: np.nan_to_num(
        x, nan=nan or 0.0, posinf=posinf, neginf=neginf
    ),
    "atan2": np.arctan2,
    "add": scaled(np.add),
    "sub": scaled(np.subtract),
    "rsub": lambda x, y, alpha=1: y - alpha * x,
    "mul": np.multiply,
    "div": divided,
    "true_divide": np.divide,
    "pow": lambda x, y: x**y,
    "__radd__": lambda x, y: y + x,
    "__rdiv__": lambda x, y: y / x,
    "__rmul__": lambda x, y: y * x,
    "__rmod__": lambda x, y: y % x,
    "__rpow__": lambda x, y: y**x,
    "__rsub__": lambda x, y: y - x,
    "__rmatmul__": lambda x, y: y @ x,
    "clamp": clamped,
    "clamp_min": lambda x, y: np.maximum(x, y),
    "clamp_max": lambda x, y: np.minimum(x, y),
    "lerp": lambda x, y, w: x + w * (y - x),
    "addcmul": lambda x, y, z, value=1: x + value * y * z,
    "addcdiv": lambda x, y, z, value=1: x + value * y / z,
    "where": lambda x, c, y: np.where(c, x, y),
    "masked_fill": masked,
    "masked_select": lambda x, mask: np.broadcast_to(x, np.broadcast_shapes(x.shape, mask.shape))[
        np.broadcast_to(mask, np.broadcast_shapes(x.shape, mask.shape))
    ],
    # reductions
    "sum": reduced(np.sum),
    "mean": reduced(np.mean),
    "amax": reduced(np.max),
    "amin": reduced(np.min),
    "nansum": reduced(of_numpy("nansum")),
    "nanmean": reduced(of_numpy("nanmean")),
    "logsumexp": reduced(lambda x, axis, keepdims: ops.logsumexp(x, axis=axis, keepdims=keepdims)),
    "prod": lambda x, dim=None, keepdim=False, dtype=None: np.prod(x, axis=dim, keepdims=keepdim),
    "max": first_of_max(np.max, np.maximum),
    "min": first_of_max(np.min, np.minimum),
    "var": spread(np.var),
    "std": spread(np.std),
    "cumsum": along(np.cumsum),
    "cumprod": along(np.cumprod),
    "logcumsumexp": lambda x, dim: special.logcumsumexp(x, axis=dim),
    "quantile": quantiles(of_numpy("quantile")),
    "diff": lambda x, n=1, dim=-1, prepend=None, append=None: np.diff(
        x, n, dim, **{k: v for k, v in (("prepend", prepend), ("append", append)) if v is not None}
    ),
    "trapezoid": lambda y, x=None, dx=1.0, dim=-1: np.trapezoid(y, x, dx, dim),
    "trapz": lambda y, x=None, dx=1.0, dim=-1: np.trapezoid(y, x, dx, dim),
    "cov": lambda x, correction=1, fweights=None, aweights=None: np.cov(
        x, ddof=correction, fweights=fweights, aweights=aweights
    ),
    "corrcoef": of_numpy("corrcoef"),
    "trace": np.trace,
    "sort": sorted_by,
    "msort": lambda x: np.sort(x, axis=0) if x.ndim else x,
    # shapes
    "reshape": lambda x, shape: np.reshape(x, tuple(shape)),
    "view": lambda x, shape: np.reshape(x, tuple(shape)),
    "reshape_as": lambda x, y: np.reshape(x, y.shape),
    "view_as": lambda x, y: np.reshape(x, y.shape),
    "ravel": np.ravel,
    "transpose": lambda x, a, b: np.swapaxes(x, a, b) if x.ndim else x,
    "permute": lambda x, dims: np.transpose(x, tuple(dims)),
    "movedim": np.moveaxis,
    "t": lambda x: x.T,
    "T": lambda x: x.T,
    "mT": lambda x: np.swapaxes(x, -1, -2),
    "squeeze": squeezed,
    "unsqueeze": lambda x, dim: np.expand_dims(x, dim),
    "flip": lambda x, dims: np.flip(x, tuple(dims)),
    "roll": lambda x, shifts, dims=None: np.roll(
        x, shifts, axis=tuple(dims) or None if isinstance(dims, (list, tuple)) else dims
    ),
    "rot90": lambda x, k=1, dims=(0, 1): np.rot90(x, k, tuple(dims)),
    "repeat": repeated,
    "tile": repeated,
    "expand": expanded,
    "expand_as": lambda x, y: np.broadcast_to(x, y.shape),
    "broadcast_to": lambda x, shape: np.broadcast_to(x, tuple(shape)),
    "broadcast_tensors": unlisted(of_numpy("broadcast_arrays")),
    "meshgrid": lambda *xs, indexing="ij": np.meshgrid(
        *(xs[0] if isinstance(xs[0], (list, tuple)) else xs), indexing=indexing
    ),
    "cat": joined(np.concatenate),
    "stack": joined(np.stack),
    "hstack": several(np.hstack),
    "vstack": several(np.vstack),
    "dstack": several(np.dstack),
    "column_stack": several(np.column_stack),
    "split": cut,
    "split_with_sizes": cut,
    "chunk": chunked,
    "hsplit": lambda x, n: np.hsplit(x, n),
    "vsplit": lambda x, n: np.vsplit(x, n),
    "dsplit": lambda x, n: np.dsplit(x, n),
    "tensor_split": pieces,
    "unbind": lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)),
    "narrow": narrowed,
    "select": lambda x, dim, index: np.take(x, int(index), axis=dim),
    "index_select": picked,
    "take": lambda x, index: np.take(x, index),
    "take_along_dim": lambda x, index, dim=None: np.take_along_axis(x, index, dim),
    "gather": gathered,
    "scatter_add": scattered_sum,
    "tril": triangle(np.tril),
    "triu": triangle(np.triu),
    "diag": lambda x, k=0: np.diag(x, k),
    "diagonal": lambda x, offset=0, dim1=0, dim2=1: np.diagonal(x, offset, dim1, dim2),
    "repeat_interleave": lambda x, repeats, dim=None, **_: np.repeat(x, repeats, axis=dim),
    "unflatten": lambda x, dim, shape: np.reshape(x, (*x.shape[: dim % x.ndim], *shape, *x.shape[dim % x.ndim + 1 :])),
    "constant_pad_nd": lambda x, pad, value=0.0: padded(x, pad, "constant", value),
    # linear algebra
    "mm": np.matmul,
    "bmm": np.matmul,
    "mv": np.matmul,
    "dot": np.dot,
    "tensordot": lambda x, y, dims=2: np.tensordot(x, y, dims),
    "einsum": lambda xs, text: np.einsum(text, *xs),
    "addmm": addmm,
    "addmv": addmm,
    "baddbmm": addmm,
    "addbmm": lambda base, x, y, beta=1, alpha=1: beta * base + alpha * np.sum(x @ y, axis=0),
    "addr": lambda base, x, y, beta=1, alpha=1: beta * base + alpha * np.outer(x, y),
    "cross": lambda x, y, dim=-1: np.cross(x, y, axis=dim),
    "linalg.cross": lambda x, y, dim=-1: np.cross(x, y, axis=dim),
    "linalg.det": np.linalg.det,
    "linalg.slogdet": np.linalg.slogdet,
    "linalg.inv": np.linalg.inv,
    "linalg.solve": lambda x, y, left=True: solved(x, y) if left else UnmappedError,
    "linalg.pinv": pseudoinverse,
    "pinverse": pseudoinverse,
    "linalg.matrix_power": np.linalg.matrix_power,
    "linalg.multi_dot": lambda xs: np.linalg.multi_dot(list(xs)),
    "linalg.norm": normed,
    "linalg.vector_norm": vector_norm,
    "linalg.matrix_norm": matrix_norm,
    "linalg.vecdot": lambda x, y, dim=-1: np.linalg.vecdot(x, y, axis=dim),
    "linalg.svdvals": lambda x, **_: np.linalg.svd(x, compute_uv=False),
    "linalg.eigvalsh": symmetric(np.linalg.eigvalsh),
    "linalg.diagonal": lambda x, offset=0, dim1=-2, dim2=-1: np.diagonal(x, offset, dim1, dim2),
    "linalg.vander": lambda x, N=None: np.vander(x, N, increasing=True) if x.ndim == 1 else UnmappedError,
    "matrix_exp": lambda x: ops.expm(x),
    "logdet": lambda x: np.linalg.slogdet(x)[1],
    # networks
    "softmax": softmaxed(lambda x, axis: ops.softmax(x, axis=axis)),
    "log_softmax": softmaxed(lambda x, axis: ops.log_softmax(x, axis=axis)),
    "nn.functional.softmin": softmaxed(lambda x, axis: ops.softmax(-x, axis=axis)),
    "nn.functional.pad": padded,
    **{
        f"nn.functional.{name}": activation(name)
        for name in """relu relu6 elu selu celu silu mish gelu softsign tanhshrink hardtanh hardswish
        hardsigmoid leaky_relu glu softshrink hardshrink threshold""".split()
    },
    "nn.functional.logsigmoid": activation("log_sigmoid"),
    "nn.functional.prelu": activation("prelu"),
    **{
        f"nn.functional.{name}": network(name)
        for name in """conv1d conv2d conv3d conv_transpose1d conv_transpose2d max_pool1d max_pool2d avg_pool1d
        avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d pixel_shuffle pixel_unshuffle group_norm instance_norm
        layer_norm rms_norm normalize cosine_similarity scaled_dot_product_attention unfold""".split()
    },
}
