"""Checks of gradients against finite differences: `gradcheck` for a function,
`check_op` for the record of an op.

The difference quotient has four points, so its error falls with the fourth power of the
step, and the tolerance can be tight: a factor, a sign, a missing term or a wrong shape
does not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.abstract import Abstract
from micrograd.arrays import as_data
from micrograd.engine import Value
from micrograd.errors import ArgumentError, GradcheckError, GradientError, MicrogradError
from micrograd.exact import as_float
from micrograd.op import Array, Op, shape_of
from micrograd.ops import concatenate, ravel
from micrograd.ops import sum as sum_of
from micrograd.transforms import grad, jvp

STEP = 1e-3  # relative to the size of the input; the error is of order STEP**4
FEW = 128  # up to so many elements, each is checked alone; beyond, random directions are
REVERSE, FORWARD = "reverse", "forward"


def gradcheck(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    order: int = 2,
    modes: Collection[str] = (REVERSE, FORWARD),
    rtol: float = 1e-6,
    atol: float = 0.0,
    raise_exception: bool = True,
) -> bool:
    """Compare the derivatives of f, in both modes and of first and second order, with
    finite differences of f.

    df/dx  ~  (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h

    Args:
        f: a function of Values that returns a Value of any shape. A fixed random
            combination of its elements is checked.
        inputs: a list of numbers, arrays or Values, or one alone: where to check, away
            from kinks. They are not changed.
        order: 1 for the gradients alone; 2 for the derivatives of the gradients too;
            and so on.
        modes: "reverse" is what `backward()` gives, "forward" what `jvp` gives. Of
            higher orders, the gradient is differentiated in each mode.
        rtol: largest error relative to the derivative, beyond the rounding error of the
            difference quotient itself; of both, ten times as much for each order above
            the first.
        atol: error allowed on top of that.
        raise_exception: raise on a wrong gradient, rather than return False.

    Returns:
        True when every derivative agrees.

    Raises:
        GradcheckError: a derivative is wrong. The error says of which input and
            element, what it is, and what finite differences give.
        ArgumentError: order or modes are not as above.

    Source: the four-point formula is Abramowitz and Stegun (1964), 25.3.6.

    >>> gradcheck(lambda x, y: x * y.sin(), [2.0, 0.5])
    True
    """
    modes = _checked_modes(order, modes)
    given = inputs if isinstance(inputs, (list, tuple)) else [inputs]  # one alone needs no list
    points = [_in_float64(as_data(x.data if isinstance(x, Value) else x)) for x in given]
    try:
        _check_orders(_name_of(f), f, points, order, modes, _Allowed(rtol, atol))
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def check_op(op: Op | Callable[..., Any], *inputs: Array, rtol: float = 1e-6, atol: float = 0.0, **params: Any) -> bool:
    """Check everything that the record of an op says, at one point; or a function made
    of ops in the same way.

    Its shape rule against the real shape; that its rules are written in ops, by running
    them on shapes; and what `gradcheck` checks: both modes, first and second order.

    Args:
        op: the op, from `OPS` or your own; or a plain function, which is held to all
            but the shape rule.
        inputs: numbers or float64 arrays, away from kinks.
        rtol: largest error relative to the derivative, beyond rounding.
        atol: error allowed on top of that.
        params: the op's params.

    Returns:
        True when all agree.

    Raises:
        GradcheckError: something does not agree; says what.

    >>> from micrograd.ops import multiply
    >>> check_op(multiply, 2.0, 3.0)
    True
    """
    movable = [
        i for i in range(len(inputs)) if not isinstance(op, Op) or (op.differentiable and op.rules[i] is not None)
    ]

    def f(*moved: Any) -> Any:
        full = list(inputs)
        for i, x in zip(movable, moved, strict=True):
            full[i] = x
        return op(*full, **params)

    name = f.__name__ = _name_of(op)
    points = [as_data(inputs[i], name) for i in movable]
    if isinstance(op, Op):
        _check_shapes(op, inputs, params)
    return gradcheck(f, points, rtol=rtol, atol=atol) if movable else True


class _Allowed(NamedTuple):
    """How far a derivative may be from finite differences; times is how often as much
    rounding counts.
    """

    rtol: float
    atol: float
    times: float = 1.0

    def accepts(self, mine: float, theirs: float, rounding: float = 0.0) -> bool:
        return abs(mine - theirs) <= self.atol + self.times * rounding + self.rtol * abs(theirs)

    def of_next_order(self) -> _Allowed:
        return _Allowed(10.0 * self.rtol, self.atol, 10.0 * self.times)


def _checked_modes(order: int, modes: Collection[str]) -> tuple[str, ...]:
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ArgumentError(
            f"gradcheck: order={order!r} is not a whole number from 1 on; 2 checks second derivatives too"
        )
    given = (modes,) if isinstance(modes, str) else tuple(modes)
    if not given or set(given) - {REVERSE, FORWARD}:
        raise ArgumentError(f'gradcheck: modes={modes!r} has to be "reverse", "forward", or a tuple of both')
    return given


def _in_float64(x: Any) -> Any:
    """What is checked: differences are floats, and those of float32 would be rounded
    away.
    """
    x = as_float(x)
    return x.astype("float64") if getattr(x, "dtype", None) in ("float32", "float16") else x


def _check_orders(
    name: str, f: Callable[..., Any], points: Sequence[Any], order: int, modes: tuple[str, ...], allowed: _Allowed
) -> None:
    """Check the derivative of f, then that of its derivative, and so on."""
    for n in range(1, order + 1):
        title = name if n == 1 else f"second order of {name}" if n == 2 else f"order {n} of {name}"
        try:
            measured = [_Measured(*along, *_quotient(f, points, along[1])) for along in _directions(points)]
            found = [_check_mode(title, _MODES[mode](title, f, points), measured, f, points, allowed) for mode in modes]
            _check_agreement(title, found, measured, allowed)
        except GradcheckError:
            raise
        except MicrogradError as error:
            repair = f"; order={n - 1} leaves that out" if n > 1 else ""
            raise GradcheckError(f"{title}: the gradient could not be computed: {error}{repair}") from None
        f = _slope(f, len(points), modes)
        allowed = allowed.of_next_order()


def _slope(f: Callable[..., Any], n: int, modes: tuple[str, ...]) -> Callable[..., Any]:
    """The derivative of the projection of f: the gradients, as one vector; or by
    forward mode along a direction.
    """

    def gradients(*moved: Any) -> Any:
        if all(isinstance(x, Value) for x in moved):
            parts = _recorded_gradients(f, moved)
        else:
            parts = grad(lambda *xs: _projected(f, xs), argnums=tuple(range(n)))(*moved)
        return concatenate([ravel(part) for part in parts])

    def tangent(*moved: Any) -> Any:
        directions = [_random(shape_of(x), 11 + seed) for seed, x in enumerate(moved)]
        return jvp(lambda *xs: _projected(f, xs), moved, directions)[1]

    return gradients if REVERSE in modes else tangent


def _random(shape: tuple[int, ...], seed: int) -> Any:
    """Numbers between 1/2 and 3/2 with random signs: none small enough to hide an
    error.
    """
    generator = np.random.default_rng(seed)
    return as_data((0.5 + generator.random(shape)) * generator.choice([-1.0, 1.0], shape))


def _projected(f: Callable[..., Any], points: Sequence[Any]) -> Any:
    z = f(*points)
    return sum_of(z * _random(shape_of(z), 7)) if shape_of(z) else z


def _gradients(f: Callable[..., Any], points: Sequence[Any]) -> list[Any]:
    """By `backward()` from the projection of f."""
    leaves = [Value(x) for x in points]
    z = _projected(f, leaves)
    if isinstance(z, Value) and z.inputs:
        z.backward()
    return [leaf.grad for leaf in leaves]


def _recorded_gradients(f: Callable[..., Any], leaves: Sequence[Value]) -> list[Any]:
    """The same with the walk recorded, so that the gradients can be differentiated by
    the leaves.
    """
    inner = [leaf + 0.0 for leaf in leaves]
    z = _projected(f, inner)
    if isinstance(z, Value) and z.inputs:
        z.backward(create_graph=True)
    gradients = [x.grad for x in inner]
    for x in (*inner, *leaves):  # or a node would hold a gradient that holds the node
        x.grad = None
    return gradients


def _quotient(f: Callable[..., Any], points: Sequence[Any], direction: Sequence[Any]) -> tuple[float, float]:
    """Derivative of the projection of f along a direction, by four points; and its
    rounding error.
    """
    size = 0.0

    def at(h: float) -> float:
        nonlocal size
        z = f(*[Value(x + h * d) for x, d in zip(points, direction, strict=True)])
        weighted = np.asarray(z.data if isinstance(z, Value) else z) * (_random(shape_of(z), 7) if shape_of(z) else 1.0)
        size = max(size, float(np.sum(np.abs(weighted))))
        return float(np.sum(weighted))

    slope = (8.0 * (at(STEP) - at(-STEP)) - (at(2 * STEP) - at(-2 * STEP))) / (12.0 * STEP)
    return slope, 50.0 * float(np.finfo(float).eps) * size / STEP


def _directions(points: Sequence[Any]) -> Iterator[tuple[str, list[Any], float]]:
    """Name, direction and its length: each element alone when there are few, else
    random directions through all.

    Each input moves in proportion to its own size, so that 1e-6 and 1e6 are checked
    alike.
    """
    zeros = [np.zeros(shape_of(x)) for x in points]
    sizes = [float(np.max(np.abs(x), initial=0.0)) or 1.0 for x in points]
    if sum(z.size for z in zeros) > FEW:
        for seed in range(4):
            drawn = [
                size * _random(z.shape, seed * 31 + i) for i, (z, size) in enumerate(zip(zeros, sizes, strict=True))
            ]
            yield f"random direction {seed}", drawn, 1.0
        return
    for i, (z, size) in enumerate(zip(zeros, sizes, strict=True)):
        for place in np.ndindex(z.shape):
            one = z.copy()
            one[place] = size
            yield _place(i, place), [as_data(one) if i == j else as_data(other) for j, other in enumerate(zeros)], size


def _name_of(f: Any) -> str:
    """What errors call a function: lambdas and what has no name are called by what
    asks.
    """
    name = getattr(f, "__name__", "")
    return name if name.isidentifier() else "gradcheck"


class _Measured(NamedTuple):
    """A direction, how errors call it, and the derivative along it by finite
    differences.
    """

    place: str
    direction: list[Any]
    length: float
    quotient: float
    rounding: float


class _Mode(NamedTuple):
    """How a mode is called, and the derivative along a direction that it gives."""

    name: str
    along: Callable[[Sequence[Any]], float]


def _by_reverse(title: str, f: Callable[..., Any], points: Sequence[Any]) -> _Mode:
    gradients = _gradients(f, points)

    def along(direction: Sequence[Any]) -> float:
        return sum(float(np.sum(g * d)) for g, d in zip(gradients, direction, strict=True))

    return _Mode("backward()", along)


def _by_forward(title: str, f: Callable[..., Any], points: Sequence[Any]) -> _Mode:
    def along(direction: Sequence[Any]) -> float:
        try:
            z, t = jvp(f, points, direction)
        except Exception as error:  # of any kind: f may ask an input for what a Value alone has
            reason = f"{type(error).__name__}: {error}"
            raise GradcheckError(
                f'{title}: cannot run in forward mode: {reason}; modes="reverse" leaves it out'
            ) from None
        if shape_of(t) != shape_of(z):
            raise GradcheckError(f"{title}: the output has shape {shape_of(z)}, its tangent {shape_of(t)}")
        return float(np.sum(t * _random(shape_of(z), 7))) if shape_of(z) else float(t)

    return _Mode("forward mode", along)


_MODES = {REVERSE: _by_reverse, FORWARD: _by_forward}


def _check_mode(
    title: str,
    mode: _Mode,
    measured: Sequence[_Measured],
    f: Callable[..., Any],
    points: Sequence[Any],
    allowed: _Allowed,
) -> list[float]:
    """The derivatives along all directions, each held against finite differences."""
    found = []
    for x in measured:
        mine = mode.along(x.direction)
        if not allowed.accepts(mine / x.length, x.quotient / x.length, x.rounding / x.length):
            place, mine, theirs = _narrowed(mode, x, f, points, allowed)
            raise GradcheckError(
                f"{title}: {mode.name} gives {mine!r} for {place}, finite differences give {theirs!r}; "
                "check the rule of that input"
            )
        found.append(mine)
    return found


def _check_agreement(
    title: str, found: Sequence[list[float]], measured: Sequence[_Measured], allowed: _Allowed
) -> None:
    """Two modes against each other: closer than finite differences can tell."""
    if len(found) < 2:
        return
    for one, other, x in zip(*found, measured, strict=True):
        if not allowed.accepts(one, other, x.rounding * 1e-3):
            raise GradcheckError(
                f"{title}: the modes disagree for {x.place}, {one / x.length!r} and {other / x.length!r}; "
                "check the rules of that input"
            )


def _narrowed(
    mode: _Mode, x: _Measured, f: Callable[..., Any], points: Sequence[Any], allowed: _Allowed
) -> tuple[str, float, float]:
    """One element where the mode is wrong, its derivative, and the right one: a half
    that is wrong is halved again.
    """
    direction, mine, theirs = x.direction, mode.along(x.direction), x.quotient
    while len(moving := _moving(direction)) > 1:
        half = len(moving) // 2
        for part in (moving[:half], moving[half:]):
            narrower = _only(direction, part)
            other, (quotient, rounding) = mode.along(narrower), _quotient(f, points, narrower)
            if not allowed.accepts(other, quotient, rounding):
                direction, mine, theirs = narrower, other, quotient
                break
        else:  # each half alone is within what is allowed
            return x.place, mine, theirs
    ((i, element),) = moving
    length = float(np.asarray(direction[i])[element])
    return _place(i, element), mine / length, theirs / length


def _moving(direction: Sequence[Any]) -> list[tuple[int, tuple[int, ...]]]:
    """Input and element of everything that a direction moves."""
    return [(i, tuple(map(int, place))) for i, d in enumerate(direction) for place in np.argwhere(np.asarray(d))]


def _only(direction: Sequence[Any], part: Sequence[tuple[int, tuple[int, ...]]]) -> list[Any]:
    """The direction with all other elements at rest."""
    narrowed = [np.zeros(shape_of(d)) for d in direction]
    for i, element in part:
        narrowed[i][element] = np.asarray(direction[i])[element]
    return [as_data(d) for d in narrowed]


def _place(i: int, element: tuple[int, ...]) -> str:
    return f"input {i}" + (f", element {element}" if element else "")


def _check_shapes(op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> None:
    ghosts = [Abstract(shape_of(x), x.dtype) if hasattr(x, "dtype") else x for x in inputs]
    z = op(*inputs, **params)
    said = op.shape(*ghosts, **params)
    if said != shape_of(z):
        raise GradcheckError(f"{op.name}: its shape rule says {said}, its forward gives {shape_of(z)}")
    if not op.differentiable:
        return
    ghosts = [Abstract(shape_of(x), getattr(x, "dtype", "float64")) for x in inputs]
    output = Abstract(said)
    for i, x in enumerate(ghosts):
        if op.rules[i] is None:
            continue
        part = _on_shapes(op, i, output, ghosts, params)
        if shape_of(part) not in (said, x.shape):
            raise GradcheckError(f"{op.name}: rule {i} gives shape {shape_of(part)} for an input of shape {x.shape}")


def _on_shapes(op: Op, i: int, output: Abstract, ghosts: Sequence[Abstract], params: dict[str, Any]) -> Any:
    try:
        return op.pull(i, Abstract(output.shape), output, ghosts, params)
    except GradcheckError:
        raise
    except Exception as error:
        if isinstance(error, MicrogradError) and not isinstance(error, GradientError):  # a plain array was asked for
            raise
        raise GradcheckError(f"{op.name}: rule {i} is not written in ops: on a shape it says {error!r}") from None
