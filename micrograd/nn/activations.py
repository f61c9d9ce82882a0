"""Activations as modules, with PyTorch's names and arguments.

Each calls the function of `micrograd.ops` that its docstring names, which says more. A
class lists its arguments as fields of a dataclass. `inplace` is there because PyTorch
has it, and may only be False. Those made of pieces are in
piecewise.py, those along an axis in softmax.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.interpreter import Interpreter
from micrograd.nn.init import constant
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import number, operand, true_or_false

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "LeakyReLU",
    "LogSigmoid",
    "Mish",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
    "Tanhshrink",
]


@dataclass(eq=False, repr=False)
class Activation(Module):
    """What activations share: a number is a number, or a Value to be trained, and no
    argument may ask for a change in place.
    """

    def __post_init__(self) -> None:
        for field in fields(self):  # each activation is a dataclass
            given = getattr(self, field.name)
            if isinstance(field.default, float) and not isinstance(given, Interpreter):
                number(type(self).__name__, field.name, given)
        name, inplace = type(self).__name__, getattr(self, "inplace", False)
        if hasattr(inplace, "shape"):  # who writes ReLU(x)
            raise ArgumentError(f"{name}: given data where inplace= stands; make the layer, then call it: {name}()(x)")
        if true_or_false(name, "inplace", inplace):
            raise ArgumentError(f"{name}: inplace=True: a Value is not changed in place; take the result instead")


@dataclass(eq=False, repr=False)
class ReLU(Activation):
    """Rectified linear unit, elementwise: `ops.relu`.

    z = max(x, 0)

    Args:
        inplace: only False.

    >>> ReLU()(-2.0)
    0.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.relu(input)


@dataclass(eq=False, repr=False)
class LeakyReLU(Activation):
    """Leaky rectified linear unit, elementwise: `ops.leaky_relu`.

    z = x where x > 0, else negative_slope x

    Args:
        negative_slope: the slope below 0.
        inplace: only False.

    >>> LeakyReLU(0.5)(-2.0)
    -1.0
    """

    negative_slope: float = 0.01
    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.leaky_relu(input, negative_slope=self.negative_slope)


@dataclass(eq=False, repr=False)
class ELU(Activation):
    """Exponential linear unit, elementwise: `ops.elu`.

    z = x where x > 0, else alpha (e^x - 1)

    Args:
        alpha: minus the limit at -inf.
        inplace: only False.

    Source: Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289.

    >>> ELU(2.0)(-1000.0)
    -2.0
    """

    alpha: float = 1.0
    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.elu(input, alpha=self.alpha)


@dataclass(eq=False, repr=False)
class CELU(Activation):
    """Exponential linear unit, smooth at 0 for every alpha, elementwise: `ops.celu`.

    z = x where x > 0, else alpha (e^(x / alpha) - 1)

    Args:
        alpha: minus the limit at -inf; not 0.
        inplace: only False.

    Raises:
        ArgumentError: alpha is 0.

    Source: Barron (2017), arXiv:1704.07483.

    >>> CELU(2.0)(-1000.0)
    -2.0
    """

    alpha: float = 1.0
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alpha == 0.0:
            raise ArgumentError("CELU: alpha=0.0, and x is divided by it; ReLU is the limit for alpha towards 0")

    def __call__(self, input: Array) -> Array:
        return ops.celu(input, alpha=self.alpha)


@dataclass(eq=False, repr=False)
class SELU(Activation):
    """Scaled exponential linear unit, elementwise: `ops.selu`.

    z = scale elu(x, alpha), where alpha = 1.673..., scale = 1.050...

    Args:
        inplace: only False.

    Source: Klambauer, Unterthiner, Mayr, Hochreiter (2017), arXiv:1706.02515.

    >>> SELU()(0.0)
    0.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.selu(input)


@dataclass(eq=False, repr=False)
class GELU(Activation):
    """Gaussian error linear unit, elementwise: `ops.gelu`.

    z = x (1 + erf(x / sqrt 2)) / 2, or an approximation by tanh

    Args:
        approximate: "none" or "tanh". On arrays, "none" needs SciPy.

    Raises:
        ArgumentError: approximate is neither.

    Source: Hendrycks, Gimpel (2016), arXiv:1606.08415.

    >>> GELU("tanh")(0.0)
    0.0
    """

    approximate: str = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.approximate not in ("none", "tanh"):
            raise ArgumentError(f"GELU: approximate={self.approximate!r} is not known; give 'none' or 'tanh'")

    def __call__(self, input: Array) -> Array:
        return ops.gelu(input, approximate=self.approximate)


@dataclass(eq=False, repr=False)
class SiLU(Activation):
    """Sigmoid linear unit, also called swish, elementwise: `ops.silu`.

    z = x / (1 + e^-x)

    Args:
        inplace: only False.

    Source: Elfwing, Uchibe, Doya (2018), arXiv:1702.03118.

    >>> SiLU()(0.0)
    0.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.silu(input)


@dataclass(eq=False, repr=False)
class Mish(Activation):
    """Mish, elementwise: `ops.mish`.

    z = x tanh(ln(1 + e^x))

    Args:
        inplace: only False.

    Source: Misra (2019), arXiv:1908.08681.

    >>> Mish()(1000.0)
    1000.0
    """

    inplace: bool = False

    def __call__(self, input: Array) -> Array:
        return ops.mish(input)


@dataclass(eq=False, repr=False)
class Softplus(Activation):
    """Smooth form of relu, elementwise: `ops.softplus`.

    z = ln(1 + e^(beta x)) / beta, or x where beta x > threshold

    Args:
        beta: the larger, the nearer to relu; not 0.
        threshold: where the line begins.

    Raises:
        ArgumentError: beta is 0.

    >>> Softplus()(1000.0)
    1000.0
    """

    beta: float = 1.0
    threshold: float = 20.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beta == 0.0:
            raise ArgumentError("Softplus: beta=0.0, and it is divided by it; give another number")

    def __call__(self, input: Array) -> Array:
        scaled = operand("Softplus", input) * self.beta
        curved = ops.softplus(scaled) if self.beta == 1.0 else ops.softplus(scaled) / self.beta
        return ops.where(ops.greater(scaled, self.threshold), input, curved)


@dataclass(eq=False, repr=False)
class Sigmoid(Activation):
    """Logistic function, elementwise: `ops.sigmoid`.

    z = 1 / (1 + e^-x)

    >>> Sigmoid()(0.0)
    0.5
    """

    def __call__(self, input: Array) -> Array:
        return ops.sigmoid(input)


@dataclass(eq=False, repr=False)
class LogSigmoid(Activation):
    """Logarithm of the logistic function, elementwise: `ops.log_sigmoid`.

    z = ln(1 / (1 + e^-x))

    >>> LogSigmoid()(-1000.0)
    -1000.0
    """

    def __call__(self, input: Array) -> Array:
        return ops.log_sigmoid(input)


@dataclass(eq=False, repr=False)
class Tanh(Activation):
    """Hyperbolic tangent, elementwise: `ops.tanh`.

    z = tanh x

    >>> Tanh()(0.0)
    0.0
    """

    def __call__(self, input: Array) -> Array:
        return ops.tanh(input)


@dataclass(eq=False, repr=False)
class Tanhshrink(Activation):
    """x minus its hyperbolic tangent, elementwise: `ops.tanhshrink`.

    z = x - tanh x

    >>> Tanhshrink()(0.0)
    0.0
    """

    def __call__(self, input: Array) -> Array:
        return ops.tanhshrink(input)


@dataclass(eq=False, repr=False)
class Softsign(Activation):
    """Softsign, elementwise: `ops.softsign`. It comes near its limits slowly.

    z = x / (1 + |x|)

    >>> Softsign()(1.0)
    0.5
    """

    def __call__(self, input: Array) -> Array:
        return ops.softsign(input)


class PReLU(Module):
    """Leaky rectified linear unit with slopes that are learned: `ops.prelu`.

    z = x where x > 0, else weight x

    Args:
        num_parameters: 1, or the number of channels, which are axis 1 of the input.
        init: the slope at first.
        dtype: the dtype of the weight; None is float64.

    Attributes:
        weight: Value of shape (num_parameters,).

    Raises:
        ArgumentError: num_parameters is not an integer of at least 1.
        ShapeError: when called, the input has another number of channels.

    Source: He, Zhang, Ren, Sun (2015), arXiv:1502.01852.

    >>> PReLU()([[-2.0, 4.0]]).data
    array([[-0.5,  4. ]])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None) -> None:
        self.num_parameters = integer_at_least(1, "PReLU", "num_parameters", num_parameters)
        self.init = number("PReLU", "init", init)
        self.weight = Value(constant(num_parameters, init, dtype=dtype), label="weight")

    def __call__(self, input: Array) -> Array:
        x = operand("PReLU", input)
        if self.num_parameters > 1 and shape_of(x)[1:2] != (self.num_parameters,):
            raise ShapeError(
                f"PReLU: input {named(x)}: it needs shape (batch, {self.num_parameters}, ...), with a slope for each "
                f"channel"
            )
        return ops.prelu(x, self.weight)
