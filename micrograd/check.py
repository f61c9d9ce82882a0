"""Checks of gradients against finite differences: `gradcheck` for a function, `check_op` for the record of an op.

The difference quotient has four points, so its error falls with the fourth power of the step, and the
tolerance can be tight: a factor, a sign, a missing term or a wrong shape does not pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from micrograd.arrays import as_data
from micrograd.engine import Value
from micrograd.errors import GradcheckError, GradientError, MicrogradError
from micrograd.exact import as_float
from micrograd.op import Array, Op, shape_of
from micrograd.ops import sum as sum_of
from micrograd.program import Abstract
from micrograd.transforms import jvp

if TYPE_CHECKING:
    import numpy as np
else:
    from micrograd import on_demand as np

STEP = 1e-3  # relative to the size of the input; the error is of order STEP**4
FEW = 128  # up to so many elements, each is checked alone; beyond, random directions are


def gradcheck(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    *,
    rtol: float = 1e-6,
    atol: float = 0.0,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients that `backward()` gives with finite differences of f.

    df/dx  ~  (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h

    Args:
        f: a function of Values that returns a Value of any shape (it is projected on a fixed random direction).
        inputs: a list of numbers, arrays or Values, float64, or one alone; where to check. They are not changed.
        rtol: largest error relative to the derivative, beyond the rounding error of the difference quotient itself.
        atol: error allowed on top of that.
        raise_exception: raise on a wrong gradient, rather than return False.

    Returns:
        True when every gradient agrees.

    Raises:
        GradcheckError: a gradient is wrong; says which, and what was expected.

    Source: the four-point formula is Abramowitz and Stegun (1964), 25.3.6.

    >>> gradcheck(lambda x, y: x * y.sin(), [2.0, 0.5])
    True
    """
    given = inputs if isinstance(inputs, (list, tuple)) else [inputs]  # one alone needs no list
    data = [as_float(as_data(x.data if isinstance(x, Value) else x)) for x in given]  # differences are floats
    try:
        _check_reverse(f, data, rtol, atol)
    except MicrogradError as error:
        if not raise_exception:
            return False
        if isinstance(error, GradcheckError):
            raise
        raise GradcheckError(f"{_name_of(f)}: the gradient could not be computed: {error}") from None
    return True


def check_op(op: Op | Callable[..., Any], *inputs: Array, rtol: float = 1e-6, atol: float = 0.0, **params: Any) -> bool:
    """Check everything that the record of an op says, at one point; or a function made of ops in the same way.

    Its shape rule against the real shape; its rules in reverse mode, in forward mode and in second order against
    finite differences; both modes against each other; and that rules are written in ops, by running them on shapes.

    Args:
        op: the op, from `OPS` or your own; or a plain function, which is held to all but the shape rule.
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
    if not movable:
        return True
    gradcheck(f, points, rtol=rtol, atol=atol)
    _check_forward(name, f, points, rtol, atol)

    def slope(*moved: Any) -> Any:
        return _gradient(f, moved, create_graph=True)

    _check_reverse(slope, points, rtol * 10, atol, "second order of " + name)
    return True


def _random(shape: tuple[int, ...], seed: int) -> Any:
    """Numbers between 1/2 and 3/2 with random signs: none small enough to hide an error."""
    generator = np.random.default_rng(seed)
    return as_data((0.5 + generator.random(shape)) * generator.choice([-1.0, 1.0], shape))


def _projected(f: Callable[..., Any], points: Sequence[Any]) -> Any:
    z = f(*points)
    return sum_of(z * _random(shape_of(z), 7)) if shape_of(z) else z


def _gradient(f: Callable[..., Any], points: Sequence[Any], create_graph: bool = False) -> Any:
    """Gradients of the projection of f; with create_graph one Value, projected again, of Values given."""
    leaves = [Value(x) if not isinstance(x, Value) else x for x in points]
    z = _projected(f, leaves)
    if not create_graph:
        if isinstance(z, Value) and z.inputs:
            z.backward()
        return [leaf.grad for leaf in leaves]
    fresh = [leaf + 0.0 for leaf in leaves]
    z = _projected(f, fresh)
    z.backward(create_graph=True)
    total = 0.0
    for seed, x in enumerate(fresh):
        total = total + sum_of(x.grad * _random(x.shape, 11 + seed))
    for leaf in leaves:
        leaf.grad = None
    return total


def _quotient(f: Callable[..., Any], points: Sequence[Any], direction: Sequence[Any]) -> tuple[float, float]:
    """Derivative of the projection of f along a direction, by four points; and its rounding error."""
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
    """Name, direction and its length: each element alone when there are few, else random directions through all.

    Each input moves in proportion to its own size, so that 1e-6 and 1e6 are checked alike.
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
            name = f"input {i}" + (f", element {place}" if place else "")
            yield name, [as_data(one) if i == j else as_data(other) for j, other in enumerate(zeros)], size


def _name_of(f: Any) -> str:
    """What errors call a function: lambdas and what has no name are called by what asks."""
    name = getattr(f, "__name__", "")
    return name if name.isidentifier() else "gradcheck"


def _check_reverse(f: Callable[..., Any], points: Sequence[Any], rtol: float, atol: float, name: str = "") -> None:
    name = name or _name_of(f)
    gradients = _gradient(f, points)
    for i, (g, x) in enumerate(zip(gradients, points, strict=True)):
        if shape_of(g) != shape_of(x):
            raise GradcheckError(f"{name}: input {i} has shape {shape_of(x)}, its gradient {shape_of(g)}")
    for place, direction, length in _directions(points):
        mine = sum(float(np.sum(g * d)) for g, d in zip(gradients, direction, strict=True))
        theirs, rounding = _quotient(f, points, direction)
        _compare(f"{name}: backward()", place, mine / length, theirs / length, rtol, atol + rounding / length)


def _check_forward(name: str, f: Callable[..., Any], points: Sequence[Any], rtol: float, atol: float) -> None:
    gradients = _gradient(f, points)
    for place, direction, length in _directions(points):
        z, t = jvp(f, points, direction)
        if shape_of(t) != shape_of(z):
            raise GradcheckError(f"{name}: the output has shape {shape_of(z)}, its tangent {shape_of(t)}")
        mine = float(np.sum(t * _random(shape_of(z), 7))) if shape_of(z) else float(t)
        theirs, rounding = _quotient(f, points, direction)
        _compare(f"{name}: forward mode", place, mine / length, theirs / length, rtol, atol + rounding / length)
        reverse = sum(float(np.sum(g * d)) for g, d in zip(gradients, direction, strict=True))
        _compare(f"{name}: forward mode against reverse", place, mine, reverse, rtol, atol + rounding * 1e-3)


def _compare(what: str, place: str, mine: float, theirs: float, rtol: float, allowed: float) -> None:
    if not abs(mine - theirs) <= allowed + rtol * abs(theirs):
        raise GradcheckError(f"{what} gives {mine!r} for {place}, wanted {theirs!r}; check the rule of that input")


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
