"""Functions of NumPy alone, which an exported file of Python holds where it calls them.

They stand here as they are printed: `inspect` reads them. So they have no types.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, arg-type"

import base64
import math

from micrograd import on_demand as np


def given(name, x, shape, dtype):
    """An input as an array; None in the shape stands for any length."""
    x = np.asarray(x)
    if x.ndim != len(shape) or any(n is not None and n != size for n, size in zip(shape, x.shape, strict=True)):
        wanted = ", ".join("n" if n is None else str(n) for n in shape)
        raise ValueError(f"predict: {name} has the shape {x.shape}; give ({wanted})")
    if not np.can_cast(x.dtype, dtype, "same_kind"):
        raise TypeError(f"predict: {name} holds {x.dtype}; give {np.dtype(dtype)}")
    return x.astype(dtype)


def array(dtype, shape, text):
    """An array from its bytes in base64, little-endian."""
    dtype = np.dtype(dtype)
    return np.frombuffer(base64.b64decode(text), dtype.newbyteorder("<")).astype(dtype).reshape(shape)


def sigmoid(x):
    """1 / (1 + e^-x), without overflow."""
    return 0.5 * (np.tanh(0.5 * x) + 1)


def softplus(x):
    """ln(1 + e^x), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def erfc(x):
    """1 minus the error function, elementwise."""
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(x), dtype=np.result_type(x))


def erf(x):
    """The error function, elementwise."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), dtype=np.result_type(x))


def lgamma(x):
    """Logarithm of the absolute value of the gamma function; inf at its poles."""

    def of_one(x):
        try:
            return math.lgamma(x)
        except (ValueError, OverflowError):  # a pole, or beyond 1e305
            return math.inf

    return np.asarray(np.frompyfunc(of_one, 1, 1)(x), dtype=np.result_type(x))


def logit(x):
    """ln(x / (1 - x))."""
    near = (x > 0.25) & (x < 0.75)
    return np.where(near, 2 * np.arctanh(np.where(near, 2 * x - 1, 0)), np.log(x) - np.log1p(-x))


def xlog(log, x, y):
    """x log(y), and 0 where x is 0."""
    idle = (x == 0) & ~np.isnan(y)
    return np.where(idle, 0, x) * log(np.where(idle, 1, y))


def length(x, axis):
    """Square root of the sum of squares along axes, without overflow."""
    top = np.abs(x).max(axis=axis, keepdims=True, initial=0)
    top = np.where((top > 0) & np.isfinite(top), top, 1)
    return top * np.sqrt(((x / top) ** 2).sum(axis=axis, keepdims=True))


def softmax(x, axis):
    """Exponentials divided by their sum; 0 where all of x is -inf."""
    top = np.finfo(x.dtype).max
    z = np.exp(x - np.clip(x.max(axis=axis, keepdims=True), -top, top))
    total = z.sum(axis=axis, keepdims=True)
    return z / np.where(total == 0, 1, total)


def log_softmax(x, axis):
    """Logarithm of softmax, without overflow."""
    top = np.finfo(x.dtype).max
    z = x - np.clip(x.max(axis=axis, keepdims=True), -top, top)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def standardize(x, axes, eps):
    """x with mean 0 and variance 1 along its last axes."""
    z = x - x[tuple(slice(0, 1) if a in axes else slice(None) for a in range(x.ndim))]
    z = z - z.mean(axis=axes, keepdims=True)
    return z / np.sqrt((z * z).mean(axis=axes, keepdims=True) + eps)


def in_bounds(i, length, wraps):
    """Numbers of rows from 0 on, after a check that the rows are there."""
    wrong = (i >= length) | (i < (-length if wraps else 0))
    if wrong.any():
        raise IndexError(f"predict: there is no row {i[wrong][0]}; give whole numbers from 0 to {length - 1}")
    return np.where(i < 0, i + length, i)


def windows(x, size, stride, dilation):
    """What a window sees that slides along the last axes."""
    spans = tuple((s - 1) * d + 1 for s, d in zip(size, dilation, strict=True))
    z = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(-len(size), 0)))
    return z[(..., *(slice(None, None, step) for step in (*stride, *dilation)))]


def conv(x, weight, pad, stride, dilation, groups):
    """A convolution: kernels slide along the last axes, with zeros around them."""
    k = len(stride)
    x = np.pad(x, [(0, 0), (0, 0), *pad])
    z = windows(x, weight.shape[2:], stride, dilation)
    z = z.reshape(z.shape[0], groups, -1, *z.shape[2:])
    w = weight.reshape(groups, -1, *weight.shape[1:])
    places, kernel = "pqr"[:k], "uvw"[:k]
    z = np.einsum(f"ngc{places}{kernel},gfc{kernel}->ngf{places}", z, w, optimize=True)
    return z.reshape(z.shape[0], -1, *z.shape[3:])


def max_pool(x, size, pad, stride, dilation):
    """The largest element of each window."""
    x = np.pad(x, [(0, 0)] * (x.ndim - len(size)) + list(pad), constant_values=-np.inf)
    return windows(x, size, stride, dilation).max(axis=tuple(range(-len(size), 0)))


def overlap_add(x, lengths, stride, dilation):
    """Windows added together where they came from."""
    k = len(lengths)
    places, size = x.shape[-2 * k : -k], x.shape[-k:]
    z = np.zeros((*x.shape[: -2 * k], *lengths), x.dtype)
    for offset in np.ndindex(*size):
        starts = [o * d for o, d in zip(offset, dilation, strict=True)]
        sides = zip(starts, places, stride, strict=True)
        z[(..., *(slice(a, a + (p - 1) * s + 1, s) for a, p, s in sides))] += x[(..., *offset)]
    return z


def rnn(p, w, h, nonlinearity):
    """The states of a recurrent layer, step by step."""
    states = []
    for x in p:
        h = x + h @ w.T
        h = np.tanh(h) if nonlinearity == "tanh" else np.maximum(h, 0)
        states.append(h)
    return np.stack(states)


def lstm(p, w, state):
    """Gates i, f, g, o and states c, h of a layer of long short-term memory."""
    h, c = state
    steps = []
    for x in p:
        i, f, g, o = np.split(x + h @ w.T, 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        steps.append([i, f, g, o, c, h])
    return np.stack(steps, axis=1)


def gru(p, w, b, h):
    """Gates r, u, n, the third block of w h + b, and states h of gated units."""
    steps = []
    for x in p:
        (xr, xu, xn), (hr, hu, q) = np.split(x, 3, axis=-1), np.split(h @ w.T + b, 3, axis=-1)
        r, u = sigmoid(xr + hr), sigmoid(xu + hu)
        n = np.tanh(xn + r * q)
        h = n + u * (h - n)
        steps.append([r, u, n, q, h])
    return np.stack(steps, axis=1)
