"""The table, recurrent networks: what a layer goes through, step by step; as in
PyTorch.

Each op runs a layer over a whole sequence, in NumPy, and is one node. It gets the
products with the inputs ready made, as they are one product for all steps,
`x @ weight_ih.T`. An op has one output. So the gates of all steps and the states are
packed into one array, along axis 0, and no rule has to compute the gates again.

In the shapes below, steps is the length of the sequence, and hidden the length of a
state.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import is_lazy
from micrograd.errors import ShapeError
from micrograd.op import Array, named, primitive, shape_of
from micrograd.ops.arithmetic import maximum, where
from micrograd.ops.comparisons import greater
from micrograd.ops.functions import sigmoid, tanh
from micrograd.ops.joining import concatenated, stacked
from micrograd.ops.reductions import sum
from micrograd.ops.shapes import reshape, transpose

__all__ = ["gru_states", "lstm_states", "rnn_states"]


# Words of the rules


def _blocks(x: Array, count: int) -> list[Array]:
    """The last axis of x in equal parts."""
    n = shape_of(x)[-1] // count
    return [x[..., k * n : (k + 1) * n] for k in range(count)]


def _before(first: Array, states: Array) -> Array:
    """The state before each step: the first one, then all but the last."""
    return concatenated(first, states[:-1], axis=0)


def _is_asked(g: Array) -> bool:
    """False where g is all zero: a layer hands out its states, and nobody asks for the
    gates.
    """
    return not isinstance(g, np.ndarray) or bool(g.any())


def _plus(x: Array, own: Array | None, t: int) -> Array:
    return x if own is None else x + own[t]


def _by_weight(d: Array, before: Array) -> Array:
    """What the weight of the state receives from all steps: one product for all."""
    rows = [reshape(x, shape=(-1, shape_of(x)[-1])) for x in (d, before)]
    return transpose(rows[0]) @ rows[1]


def _checked(name: str, gates: int, p: Array, w: Array, state: Array, rows: int) -> tuple[int, int, int]:
    """Steps, batch and hidden size, after a check of all shapes."""
    given, hidden = shape_of(p), shape_of(w)[-1] if shape_of(w) else 0
    batch = given[1] if len(given) == 3 else 0
    wanted = (batch, hidden) if rows == 1 else (rows, batch, hidden)
    if len(given) != 3 or not given[0] or given[2] != gates * hidden or shape_of(w) != (gates * hidden, hidden):
        raise ShapeError(
            f"{name}: {named(p)} with weight {named(w)}: they need shapes (steps, batch, {gates} * hidden) and "
            f"({gates} * hidden, hidden), with at least one step"
        )
    if shape_of(state) != wanted:
        raise ShapeError(f"{name}: state {named(state)}: give one of shape {wanted}")
    return given[0], batch, hidden


def _room(blocks: int, p: Any, *others: Any) -> Any:
    """An array for the result, with this many blocks."""
    shape = (*p.shape[:2], others[0].shape[-1])
    return np.empty((blocks, *shape) if blocks > 1 else shape, np.result_type(p, *others))


# Simple recurrent network


def _rnn_slope(z: Array, nonlinearity: str) -> Array:
    return 1.0 - z * z if nonlinearity == "tanh" else where(greater(z, 0.0), 1.0, 0.0)


def _rnn_shared(g: Array, z: Array, p: Array, w: Array, h: Array, *, nonlinearity: str = "tanh") -> tuple[Array, ...]:
    """Gradients of all p, and of h."""
    slope = _rnn_slope(z, nonlinearity)
    back: Array = 0.0
    parts: list[Array] = []
    for t in reversed(range(shape_of(z)[0])):
        d = (g[t] + back) * slope[t]
        back = d @ w
        parts.append(d)
    return stacked(*reversed(parts), axis=0), back


def _rnn_push(
    z: Array, w: Array, h: Array, nonlinearity: str, tp: Array = None, tw: Array = None, th: Array = None
) -> Array:
    slope, before = _rnn_slope(z, nonlinearity), _before(h[None], z)
    moved: list[Array] = []
    for t in range(shape_of(z)[0]):
        th = _sum_of(_at(tp, t), _times_weight(before[t], tw), _times_weight(th, w)) * slope[t]
        moved.append(th)
    return stacked(*moved, axis=0)


def _at(x: Array | None, t: int) -> Array | None:
    return None if x is None else x[t]


def _times_weight(x: Array | None, w: Array | None) -> Array | None:
    return None if x is None or w is None else x @ transpose(w)


def _sum_of(*terms: Array | None) -> Array:
    total: Array = None
    for term in terms:
        if term is not None:
            total = term if total is None else total + term
    return 0.0 if total is None else total


def _rnn_shape(p: Array, w: Array, h: Array, *, nonlinearity: str = "tanh") -> tuple[int, ...]:
    _checked("rnn_states", 1, p, w, h, 1)
    return shape_of(p)


def _rnn_anywhere(p: Array, w: Array, h: Array, nonlinearity: str) -> Array:
    """The forward for arrays of other libraries, to which nothing may be assigned."""
    states: list[Array] = []
    for t in range(shape_of(p)[0]):
        a = p[t] + h @ transpose(w)
        h = tanh(a) if nonlinearity == "tanh" else maximum(a, 0.0)
        states.append(h)
    return stacked(*states, axis=0)


@primitive(
    "rnn",
    vjp=[
        lambda work, z, p, w, h, **how: work[0],
        lambda work, z, p, w, h, **how: _by_weight(work[0], _before(h[None], z)),
        lambda work, z, p, w, h, **how: work[1],
    ],
    jvp=[
        lambda t, z, p, w, h, *, nonlinearity="tanh": _rnn_push(z, w, h, nonlinearity, tp=t),
        lambda t, z, p, w, h, *, nonlinearity="tanh": _rnn_push(z, w, h, nonlinearity, tw=t),
        lambda t, z, p, w, h, *, nonlinearity="tanh": _rnn_push(z, w, h, nonlinearity, th=t),
    ],
    shape=_rnn_shape,
    kink="relu: 0 at 0",
    shared=_rnn_shared,
)
def rnn_states(p: Array, w: Array, h: Array, *, nonlinearity: str = "tanh") -> Array:
    """States of a simple recurrent layer.

    h_t = tanh(p_t + w h_(t-1))

    Args:
        p: value of shape (steps, batch, hidden): what the inputs and the biases give.
        w: weight of the state, of shape (hidden, hidden).
        h: first state, of shape (batch, hidden).
        nonlinearity: "tanh" or "relu".

    Returns:
        Value of shape (steps, batch, hidden).

    Raises:
        ShapeError: the shapes do not fit, or there is no step.

    Source: Elman (1990), doi:10.1207/s15516709cog1402_1.

    >>> p, w, h = np.ones((3, 1, 1)), np.ones((1, 1)), np.zeros((1, 1))
    >>> rnn_states(p, w, h, nonlinearity="relu").ravel()
    array([1., 2., 3.])
    """
    _rnn_shape(p, w, h)
    if any(map(is_lazy, (p, w, h))):
        return _rnn_anywhere(p, w, h, nonlinearity)
    z = _room(1, p, w, h)
    wt = np.ascontiguousarray(w.T)
    for t in range(len(z)):
        a = np.matmul(h, wt, out=z[t])
        a += p[t]
        h = np.tanh(a, out=a) if nonlinearity == "tanh" else np.maximum(a, 0, out=a)
    return z


# Long short-term memory


def _lstm_slopes(i: Array, f: Array, g: Array, o: Array) -> tuple[Array, ...]:
    """Slopes of the gates by what goes into them."""
    return i * (1.0 - i), f * (1.0 - f), 1.0 - g * g, o * (1.0 - o)


def _lstm_shared(g: Array, z: Array, p: Array, w: Array, state: Array) -> tuple[Array, ...]:
    """Gradients of all p, and of the first state."""
    i, f, new, o, c = (z[k] for k in range(5))
    tanh_c = tanh(c)
    slopes = _lstm_slopes(i, f, new, o)
    users = new, _before(state[1:], c), i, tanh_c  # what each gate is multiplied by
    factors = concatenated(*(slope * user for slope, user in zip(slopes, users, strict=True)), axis=-1)
    own = None
    if _is_asked(g[:4]):
        own = concatenated(*(slope * g[k] for k, slope in enumerate(slopes)), axis=-1)
    by_h, gc, gh = o * (1.0 - tanh_c * tanh_c), g[4], g[5]
    dh: Array = 0.0
    dc: Array = 0.0
    parts: list[Array] = []
    for t in reversed(range(shape_of(z)[1])):
        dh = gh[t] + dh
        dc = gc[t] + dc + dh * by_h[t]
        d = _plus(concatenated(dc, dc, dc, dh, axis=-1) * factors[t], own, t)
        dh, dc = d @ w, dc * f[t]
        parts.append(d)
    return stacked(*reversed(parts), axis=0), stacked(dh, dc, axis=0)


def _lstm_push(z: Array, w: Array, state: Array, tp: Array = None, tw: Array = None, ts: Array = None) -> Array:
    i, f, new, o, c, h = (z[k] for k in range(6))
    slopes, tanh_c = concatenated(*_lstm_slopes(i, f, new, o), axis=-1), tanh(c)
    c_before, h_before = _before(state[1:], c), _before(state[:1], h)
    th, tc = _at(ts, 0), _at(ts, 1)
    moved: list[Array] = []
    for t in range(shape_of(z)[1]):
        a = _sum_of(_at(tp, t), _times_weight(h_before[t], tw), _times_weight(th, w)) * slopes[t]
        ti, tf, tnew, to = _blocks(a, 4)
        tc = ti * new[t] + i[t] * tnew + tf * c_before[t] + (0.0 if tc is None else f[t] * tc)
        th = to * tanh_c[t] + o[t] * (1.0 - tanh_c[t] * tanh_c[t]) * tc
        moved.append(stacked(ti, tf, tnew, to, tc, th, axis=0))
    return stacked(*moved, axis=1)


def _lstm_shape(p: Array, w: Array, state: Array) -> tuple[int, ...]:
    return (6, *_checked("lstm_states", 4, p, w, state, 2))


def _lstm_anywhere(p: Array, w: Array, state: Array) -> Array:
    h, c = state[0], state[1]
    steps: list[Array] = []
    for t in range(shape_of(p)[0]):
        i, f, new, o = _blocks(p[t] + h @ transpose(w), 4)
        i, f, new, o = sigmoid(i), sigmoid(f), tanh(new), sigmoid(o)
        c = f * c + i * new
        h = o * tanh(c)
        steps.append(stacked(i, f, new, o, c, h, axis=0))
    return stacked(*steps, axis=1)


@primitive(
    "lstm",
    vjp=[
        lambda work, z, p, w, state: work[0],
        lambda work, z, p, w, state: _by_weight(work[0], _before(state[:1], z[5])),
        lambda work, z, p, w, state: work[1],
    ],
    jvp=[
        lambda t, z, p, w, state: _lstm_push(z, w, state, tp=t),
        lambda t, z, p, w, state: _lstm_push(z, w, state, tw=t),
        lambda t, z, p, w, state: _lstm_push(z, w, state, ts=t),
    ],
    shape=_lstm_shape,
    shared=_lstm_shared,
)
def lstm_states(p: Array, w: Array, state: Array) -> Array:
    """Gates and states of a layer of long short-term memory.

    i, f, o = sigmoid, g = tanh of the blocks of p_t + w h_(t-1)
    c_t = f c_(t-1) + i g
    h_t = o tanh(c_t)

    Args:
        p: value of shape (steps, batch, 4 * hidden): what the inputs and the biases
            give, in the order i, f, g, o.
        w: weight of the state, of shape (4 * hidden, hidden).
        state: the first h and the first c, of shape (2, batch, hidden).

    Returns:
        Value of shape (6, steps, batch, hidden): i, f, g, o, c and h.

    Raises:
        ShapeError: the shapes do not fit, or there is no step.

    Source: Hochreiter, Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735; with the
    forget gate of Gers, Schmidhuber, Cummins (2000), doi:10.1162/089976600300015015.

    >>> lstm_states(np.zeros((1, 1, 4)), np.zeros((4, 1)), np.ones((2, 1, 1)))[4]
    array([[[0.5]]])
    """
    _, steps, batch, n = _lstm_shape(p, w, state)
    if any(map(is_lazy, (p, w, state))):
        return _lstm_anywhere(p, w, state)
    z = _room(6, p, w, state)
    h, c = state
    # sigmoid(x) = tanh(x / 2) / 2 + 1/2: so one tanh does for all four gates.
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], z.dtype), n)
    shift = np.repeat(np.array([[[0.5]], [[0.5]], [[0.0]], [[0.5]]], z.dtype), n, axis=2)
    p, wt = p * scale, np.ascontiguousarray(w.T) * scale
    for t in range(steps):
        a = h @ wt
        a += p[t]
        np.tanh(a, out=a)
        a *= scale
        np.add(a.reshape(batch, 4, n).transpose(1, 0, 2), shift, out=z[:4, t])
        i, f, new, o, after, h = z[:, t]
        np.multiply(f, c, out=after)
        after += i * new
        np.multiply(o, np.tanh(after), out=h)
        c = after
    return z


# Gated recurrent unit


def _gru_shared(g: Array, z: Array, p: Array, w: Array, b: Array, h: Array) -> tuple[Array, ...]:
    """Gradients of all p, of what the states give to the gates, and of h."""
    n = shape_of(w)[-1]
    r, u, new, q, states = (z[k] for k in range(5))
    slope_r, slope_u, slope_new = r * (1.0 - r), u * (1.0 - u), 1.0 - new * new
    own_ru = own_new = own_q = None
    if _is_asked(g[:4]):
        own_ru, own_new, own_q = concatenated(g[0] * slope_r, g[1] * slope_u, axis=-1), g[2] * slope_new, g[3]
    by_u = (_before(h[None], states) - new) * slope_u
    by_ru, by_new, gh = concatenated(q * slope_r, by_u, axis=-1), (1.0 - u) * slope_new, g[4]
    dh: Array = 0.0
    parts: list[Array] = []
    news: list[Array] = []
    for t in reversed(range(shape_of(z)[1])):
        dh = gh[t] + dh
        dnew = _plus(dh * by_new[t], own_new, t)
        dru = _plus(concatenated(dnew, dh, axis=-1) * by_ru[t], own_ru, t)
        d = concatenated(dru, _plus(dnew * r[t], own_q, t), axis=-1)
        dh = dh * u[t] + d @ w
        parts.append(d)
        news.append(dnew)
    d = stacked(*reversed(parts), axis=0)
    return concatenated(d[..., : 2 * n], stacked(*reversed(news), axis=0), axis=-1), d, dh


def _gru_push(
    z: Array, w: Array, h: Array, tp: Array = None, tw: Array = None, tb: Array = None, th: Array = None
) -> Array:
    r, u, new, q, states = (z[k] for k in range(5))
    slope_r, slope_u, slope_new, before = r * (1.0 - r), u * (1.0 - u), 1.0 - new * new, _before(h[None], states)
    moved: list[Array] = []
    for t in range(shape_of(z)[1]):
        zero = concatenated(*[0.0 * new[t]] * 3, axis=-1)
        by_x = _blocks(zero if tp is None else tp[t], 3)
        by_state = _sum_of(_times_weight(before[t], tw), tb, _times_weight(th, w))
        qr, qu, tq = _blocks(by_state + zero, 3)
        tr, tu = (by_x[0] + qr) * slope_r[t], (by_x[1] + qu) * slope_u[t]
        tnew = (by_x[2] + tr * q[t] + r[t] * tq) * slope_new[t]
        th = tu * (before[t] - new[t]) + (1.0 - u[t]) * tnew + (0.0 if th is None else u[t] * th)
        moved.append(stacked(tr, tu, tnew, tq, th, axis=0))
    return stacked(*moved, axis=1)


def _gru_shape(p: Array, w: Array, b: Array, h: Array) -> tuple[int, ...]:
    sizes = _checked("gru_states", 3, p, w, h, 1)
    if shape_of(b) != (3 * sizes[2],):
        raise ShapeError(f"gru_states: bias {named(b)}: give one of shape {(3 * sizes[2],)}")
    return (5, *sizes)


def _gru_anywhere(p: Array, w: Array, b: Array, h: Array) -> Array:
    steps: list[Array] = []
    for t in range(shape_of(p)[0]):
        (xr, xu, xn), (hr, hu, q) = _blocks(p[t], 3), _blocks(h @ transpose(w) + b, 3)
        r, u = sigmoid(xr + hr), sigmoid(xu + hu)
        new = tanh(xn + r * q)
        h = new + u * (h - new)
        steps.append(stacked(r, u, new, q, h, axis=0))
    return stacked(*steps, axis=1)


@primitive(
    "gru",
    vjp=[
        lambda work, z, p, w, b, h: work[0],
        lambda work, z, p, w, b, h: _by_weight(work[1], _before(h[None], z[4])),
        lambda work, z, p, w, b, h: sum(work[1], axis=(0, 1)),
        lambda work, z, p, w, b, h: work[2],
    ],
    jvp=[
        lambda t, z, p, w, b, h: _gru_push(z, w, h, tp=t),
        lambda t, z, p, w, b, h: _gru_push(z, w, h, tw=t),
        lambda t, z, p, w, b, h: _gru_push(z, w, h, tb=t),
        lambda t, z, p, w, b, h: _gru_push(z, w, h, th=t),
    ],
    shape=_gru_shape,
    shared=_gru_shared,
)
def gru_states(p: Array, w: Array, b: Array, h: Array) -> Array:
    """Gates and states of a layer of gated recurrent units.

    q = w h_(t-1) + b
    r, u = sigmoid of the first two blocks of p_t + q
    n = tanh(p_t + r q) of the third
    h_t = (1 - u) n + u h_(t-1)

    Args:
        p: value of shape (steps, batch, 3 * hidden): what the inputs and their bias
            give, in the order r, u, n.
        w: weight of the state, of shape (3 * hidden, hidden).
        b: bias of the state, of shape (3 * hidden,).
        h: first state, of shape (batch, hidden).

    Returns:
        Value of shape (5, steps, batch, hidden): r, u, n, the third block of q, and h.

    Raises:
        ShapeError: the shapes do not fit, or there is no step.

    Source: Cho et al. (2014), arXiv:1406.1078; with the reset gate after the product,
    as in PyTorch.

    >>> p, w, b, h = np.zeros((1, 1, 3)), np.zeros((3, 1)), np.zeros(3), np.ones((1, 1))
    >>> gru_states(p, w, b, h).ravel()
    array([0.5, 0.5, 0. , 0. , 0.5])
    """
    _, steps, batch, n = _gru_shape(p, w, b, h)
    if any(map(is_lazy, (p, w, b, h))):
        return _gru_anywhere(p, w, b, h)
    z = _room(5, p, w, b, h)
    wt = np.ascontiguousarray(w.T)
    for t in range(steps):
        by_state = h @ wt
        by_state += b
        gates = p[t, :, : 2 * n] + by_state[:, : 2 * n]
        gates *= 0.5  # sigmoid(x) = tanh(x / 2) / 2 + 1/2
        np.tanh(gates, out=gates)
        gates *= 0.5
        np.add(gates.reshape(batch, 2, n).transpose(1, 0, 2), 0.5, out=z[:2, t])
        r, u, new, q, after = z[:, t]
        q[...] = by_state[:, 2 * n :]
        np.multiply(r, q, out=new)
        new += p[t, :, 2 * n :]
        np.tanh(new, out=new)
        np.multiply(u, h - new, out=after)
        after += new
        h = after
    return z
