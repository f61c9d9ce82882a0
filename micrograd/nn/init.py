"""First numbers for parameters: PyTorch's `torch.nn.init`, as functions that return
arrays.

    weight = Value(init.kaiming_normal((64, 32), rng=np.random.default_rng(0)))

Each takes the shape first, and at the end a NumPy Generator (`rng`) and a `dtype`.
Without a Generator it makes a fresh one, so the numbers differ from run to run. A
shape is (outputs, inputs, *sizes of the kernel), as that of a weight of `Linear` or
`Conv2d`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn.names import HERE
from micrograd.ops.arguments import number
from micrograd.ops.hints import elsewhere

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Shape = int | Sequence[int]
    Floats = NDArray[np.floating[Any]]

__all__ = [
    "calculate_gain",
    "constant",
    "dirac",
    "eye",
    "fans",
    "float_dtype",
    "generator",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "ones",
    "orthogonal",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

# The gains of PyTorch's table; leaky_relu is a formula.
GAINS = {
    **dict.fromkeys(["linear", "conv1d", "conv2d", "conv3d", "sigmoid"], 1.0),
    **dict.fromkeys(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"], 1.0),
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


# What the functions share


def generator(rng: Any, asker: str = "init") -> np.random.Generator:
    """The Generator itself, or a fresh one for None.

    Args:
        rng: a NumPy Generator, or None.
        asker: who asks, for the error.

    Raises:
        ArgumentError: rng is something else.

    >>> float(generator(np.random.default_rng(0)).random())
    0.6369616873214543
    """
    if rng is None:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        raise ArgumentError(
            f"{asker}: rng={rng!r} is not a NumPy Generator; give rng=numpy.random.default_rng(seed), or None"
        )
    return rng


def float_dtype(dtype: Any, asker: str = "init") -> np.dtype[Any]:
    """A dtype of floating-point numbers; None is float64.

    Raises:
        ArgumentError: it is another dtype, or not a dtype.

    >>> float_dtype(None), float_dtype("float32")
    (dtype('float64'), dtype('float32'))
    """
    try:
        found = np.dtype(float if dtype is None else dtype)
    except TypeError:
        found = np.dtype(object)
    if found.kind != "f":
        raise ArgumentError(f"{asker}: dtype={dtype!r} is not of floating-point numbers; give 'float64' or 'float32'")
    return found


def fans(shape: Shape, asker: str = "fans") -> tuple[int, int]:
    """How many inputs an output reads (fan in), and how many outputs read an input (fan
    out), for a weight of this shape.

    Raises:
        ShapeError: the shape has fewer than two axes.

    >>> fans((8, 3, 5, 5))
    (75, 200)
    """
    sizes = _shape(shape, asker)
    if len(sizes) < 2:
        raise ShapeError(f"{asker}: shape {sizes} has fewer than two axes; give (outputs, inputs, *kernel)")
    area = math.prod(sizes[2:])
    return sizes[1] * area, sizes[0] * area


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which an activation's weights are larger, so that signals keep
    their size from layer to layer.

    Args:
        nonlinearity: "linear", "conv1d" and the like, "sigmoid" (1), "tanh" (5 / 3),
            "relu" (sqrt 2), "leaky_relu" (sqrt(2 / (1 + param^2))), or "selu" (3 / 4).
        param: the slope of "leaky_relu" below 0; by default 0.01.

    Raises:
        ArgumentError: the name is unknown, or param is not a number.

    Source: for relu and leaky_relu He, Zhang, Ren, Sun (2015), arXiv:1502.01852; the
    others are PyTorch's.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ArgumentError(f"calculate_gain: param={param!r} is not a slope; give a number")
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity not in GAINS:
        choices = ", ".join([*GAINS, "leaky_relu"])
        raise ArgumentError(f"calculate_gain: nonlinearity={nonlinearity!r} is unknown; choose from {choices}")
    return GAINS[nonlinearity]


# The same number everywhere, or a pattern


def constant(shape: Shape, value: float, *, dtype: Any = None) -> Floats:
    """An array of one number.

    >>> constant(2, 0.25)
    array([0.25, 0.25])
    """
    if value == value:  # nan may be what is wanted
        number("constant", "value", value)
    return np.full(_shape(shape, "constant"), value, float_dtype(dtype, "constant"))


def zeros(shape: Shape, *, dtype: Any = None) -> Floats:
    """An array of zeros.

    >>> zeros(2)
    array([0., 0.])
    """
    return constant(shape, 0.0, dtype=dtype)


def ones(shape: Shape, *, dtype: Any = None) -> Floats:
    """An array of ones.

    >>> ones(2)
    array([1., 1.])
    """
    return constant(shape, 1.0, dtype=dtype)


def eye(shape: Shape, *, dtype: Any = None) -> Floats:
    """The identity, for a weight of two axes: an output is the input of its number.

    Raises:
        ShapeError: the shape does not have two axes.

    >>> eye((2, 3))
    array([[1., 0., 0.],
           [0., 1., 0.]])
    """
    sizes = _shape(shape, "eye")
    if len(sizes) != 2:
        raise ShapeError(f"eye: shape {sizes} does not have two axes; give (outputs, inputs)")
    return np.eye(*sizes, dtype=float_dtype(dtype, "eye"))


def dirac(shape: Shape, groups: int = 1, *, dtype: Any = None) -> Floats:
    """The identity, for the weight of a convolution: a channel is copied.

    Args:
        shape: (outputs, inputs, *kernel), with one to three sizes of the kernel.
        groups: each group of outputs copies the inputs of its group.

    Raises:
        ShapeError: the shape has another number of axes, or the groups do not divide
            the outputs.

    >>> dirac((1, 1, 3))
    array([[[0., 1., 0.]]])
    """
    sizes = _shape(shape, "dirac")
    if len(sizes) not in (3, 4, 5) or groups < 1 or sizes[0] % groups:
        raise ShapeError(
            f"dirac: shape {sizes}, groups={groups}: give (outputs, inputs, *kernel), where outputs is a multiple "
            f"of groups"
        )
    found = np.zeros(sizes, float_dtype(dtype, "dirac"))
    each = sizes[0] // groups
    middle = tuple(size // 2 for size in sizes[2:])
    for group in range(groups):
        for i in range(min(each, sizes[1])):
            found[(group * each + i, i, *middle)] = 1.0
    return found


# Random numbers with given bounds or moments


def uniform(
    shape: Shape, low: float = 0.0, high: float = 1.0, *, rng: np.random.Generator | None = None, dtype: Any = None
) -> Floats:
    """Numbers between low and high, each as likely as any other.

    Raises:
        ArgumentError: low is above high.

    >>> uniform(2, -1.0, 1.0, rng=np.random.default_rng(0)).round(3)
    array([ 0.274, -0.46 ])
    """
    if not number("uniform", "low", low) <= number("uniform", "high", high):
        raise ArgumentError(f"uniform: low={low} is not below high={high}; swap them?")
    drawn = generator(rng, "uniform").uniform(low, high, _shape(shape, "uniform"))
    return drawn.astype(float_dtype(dtype, "uniform"), copy=False)


def normal(
    shape: Shape, mean: float = 0.0, std: float = 1.0, *, rng: np.random.Generator | None = None, dtype: Any = None
) -> Floats:
    """Normal numbers with this mean and standard deviation.

    Raises:
        ArgumentError: std is negative.

    >>> normal(2, rng=np.random.default_rng(0)).round(3)
    array([ 0.126, -0.132])
    """
    number("normal", "mean", mean)
    if not number("normal", "std", std) >= 0.0:
        raise ArgumentError(f"normal: std={std} is not a standard deviation; give 0 or more")
    drawn = generator(rng, "normal").normal(mean, std, _shape(shape, "normal"))
    return drawn.astype(float_dtype(dtype, "normal"), copy=False)


def trunc_normal(
    shape: Shape,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = None,
) -> Floats:
    """Normal numbers, where those outside of [a, b] are drawn again.

    Args:
        shape: the shape.
        mean: the mean before numbers are drawn again.
        std: the standard deviation before numbers are drawn again.
        a: the lower bound: a number, not a multiple of std.
        b: the upper bound.
        rng: a NumPy Generator; None makes a fresh one.
        dtype: None is float64.

    Raises:
        ArgumentError: std is not positive, or fewer than 1 draw of 100 is between the
            bounds.

    >>> bool(np.abs(trunc_normal(1000)).max() <= 2.0)
    True
    """
    for what, given in (("mean", mean), ("a", a), ("b", b)):
        number("trunc_normal", what, given)
    if not number("trunc_normal", "std", std) > 0.0:
        raise ArgumentError(f"trunc_normal: std={std} is not positive; give a number above 0")
    below, above = (0.5 * math.erfc((mean - bound) / (std * math.sqrt(2.0))) for bound in (a, b))
    if not above - below >= 0.01:
        raise ArgumentError(
            f"trunc_normal: a={a}, b={b}: only {max(above - below, 0.0):.1%} of the numbers with mean={mean}, "
            f"std={std} are between them; give bounds around the mean"
        )
    rng = generator(rng, "trunc_normal")
    found = np.empty(math.prod(_shape(shape, "trunc_normal")))
    wanted = np.arange(found.size)
    while wanted.size:
        found[wanted] = rng.normal(mean, std, wanted.size)
        wanted = wanted[(found[wanted] < a) | (found[wanted] > b)]
    # A narrow dtype rounds, at a bound outwards.
    drawn = found.astype(float_dtype(dtype, "trunc_normal"), copy=False).clip(a, b)
    return drawn.reshape(_shape(shape, "trunc_normal"))


# Random numbers by how many inputs an output has


def xavier_uniform(
    shape: Shape, gain: float = 1.0, *, rng: np.random.Generator | None = None, dtype: Any = None
) -> Floats:
    """Glorot's initialisation, uniform: for activations that are linear near 0.

    The numbers are between -bound and bound, where

    bound = gain sqrt(6 / (fan_in + fan_out))

    Raises:
        ShapeError: the shape has fewer than two axes.

    Source: Glorot, Bengio (2010), "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS, PMLR 9:249-256.

    >>> bool(np.abs(xavier_uniform((3, 3))).max() <= 1.0)
    True
    """
    fan_in, fan_out = fans(shape, "xavier_uniform")
    bound = number("xavier_uniform", "gain", gain, least=0.0) * math.sqrt(6.0 / max(fan_in + fan_out, 1))
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def xavier_normal(
    shape: Shape, gain: float = 1.0, *, rng: np.random.Generator | None = None, dtype: Any = None
) -> Floats:
    """Glorot's initialisation, normal: for activations that are linear near 0.

    std = gain sqrt(2 / (fan_in + fan_out))

    Raises:
        ShapeError: the shape has fewer than two axes.

    Source: Glorot, Bengio (2010), "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS, PMLR 9:249-256.

    >>> xavier_normal((4, 2)).shape
    (4, 2)
    """
    fan_in, fan_out = fans(shape, "xavier_normal")
    std = number("xavier_normal", "gain", gain, least=0.0) * math.sqrt(2.0 / max(fan_in + fan_out, 1))
    return normal(shape, 0.0, std, rng=rng, dtype=dtype)


def kaiming_uniform(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = None,
) -> Floats:
    """He's initialisation, uniform: for relu and its like.

    The numbers are between -bound and bound, where

    bound = gain sqrt(3 / fan)

    `Linear` and the convolutions use it with a = sqrt(5), so that bound is
    1 / sqrt(fan_in).

    Args:
        shape: the shape, of two axes or more.
        a: the slope below 0, where nonlinearity is "leaky_relu".
        mode: "fan_in" keeps the size of the outputs, "fan_out" that of the gradients.
        nonlinearity: a name that `calculate_gain` knows.
        rng: a NumPy Generator; None makes a fresh one.
        dtype: None is float64.

    Raises:
        ArgumentError: the mode or the nonlinearity is unknown.
        ShapeError: the shape has fewer than two axes.

    Source: He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    >>> bool(np.abs(kaiming_uniform((8, 6))).max() <= 1.0)
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std("kaiming_uniform", shape, a, mode, nonlinearity)
    return uniform(shape, -bound, bound, rng=rng, dtype=dtype)


def kaiming_normal(
    shape: Shape,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
    dtype: Any = None,
) -> Floats:
    """He's initialisation, normal: for relu and its like. std = gain / sqrt(fan)

    Args:
        shape: this and the other arguments are those of `kaiming_uniform`.

    Raises:
        ArgumentError: the mode or the nonlinearity is unknown.
        ShapeError: the shape has fewer than two axes.

    Source: He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    >>> kaiming_normal((4, 2)).shape
    (4, 2)
    """
    return normal(shape, 0.0, _kaiming_std("kaiming_normal", shape, a, mode, nonlinearity), rng=rng, dtype=dtype)


glorot_uniform, glorot_normal = xavier_uniform, xavier_normal
he_uniform, he_normal = kaiming_uniform, kaiming_normal


def orthogonal(shape: Shape, gain: float = 1.0, *, rng: np.random.Generator | None = None, dtype: Any = None) -> Floats:
    """A random matrix whose rows, or columns if they are fewer, are orthogonal and have
    length gain. More than two axes are taken as one row for each output.

    Raises:
        ShapeError: the shape has fewer than two axes.

    Source: Saxe, McClelland, Ganguli (2014), arXiv:1312.6120; that each such matrix is
    as likely as any other needs the signs: Mezzadri (2007), arXiv:math-ph/0609050.

    >>> w = orthogonal((2, 5))
    >>> bool(np.allclose(w @ w.T, np.eye(2)))
    True
    """
    sizes = _shape(shape, "orthogonal")
    if len(sizes) < 2:
        raise ShapeError(f"orthogonal: shape {sizes} has fewer than two axes; give (outputs, inputs, *kernel)")
    rows, columns = sizes[0], math.prod(sizes[1:])
    drawn = generator(rng, "orthogonal").normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    found = number("orthogonal", "gain", gain) * (q if rows >= columns else q.T)
    return np.ascontiguousarray(found.reshape(sizes), float_dtype(dtype, "orthogonal"))


def _kaiming_std(asker: str, shape: Shape, a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan)"""
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"{asker}: mode={mode!r} is unknown; give 'fan_in' or 'fan_out'")
    fan = fans(shape, asker)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def _shape(shape: Any, asker: str) -> tuple[int, ...]:
    if hasattr(shape, "shape") and not isinstance(shape, Integral):
        raise ShapeError(f"{asker}: given {type(shape).__name__}, not a shape; give its .shape, and assign to w.data")
    sizes = (shape,) if isinstance(shape, Integral) else tuple(shape) if isinstance(shape, Sequence) else (None,)
    if not all(isinstance(size, Integral) and int(size) >= 0 for size in sizes):
        raise ShapeError(f"{asker}: {shape!r} is not a shape; give whole numbers of 0 or more")
    return tuple(int(size) for size in sizes)


if not TYPE_CHECKING:  # pragma: no branch - as in micrograd.nn

    def __getattr__(name: str) -> None:
        raise elsewhere(__name__, name, HERE)
