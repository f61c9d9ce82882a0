"""Pools: the largest element or the mean of each window, along one to three axes.

Arguments are PyTorch's. `MaxPool2d`, `AvgPool2d` and `AdaptiveAvgPool2d` describe
them; the others take the same. Where several elements tie for the largest, each gets an
equal share of the gradient; PyTorch gives it all to the first.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd import ops
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn.module import Module
from micrograd.op import Array, named, shape_of
from micrograd.ops.arguments import operand
from micrograd.ops.pooling import check_divisor, check_padding
from micrograd.ops.sliding import AXES, Sizes, per_axis, window_of

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


class _Pool(Module):
    """What all pools share: an input has channels, and perhaps a batch."""

    AXES = 0  # along how many axes the window slides

    def _check_window(self, kernel_size: Sizes, stride: Sizes | None, padding: Sizes, dilation: Sizes = 1) -> None:
        """Refuse sizes at once, not at the first call."""
        name = type(self).__name__
        check_padding(name, window_of(name, self.AXES, kernel_size, stride, padding, dilation))

    def _checked(self, x: Any) -> Array:
        name, k = type(self).__name__, self.AXES
        x = operand(name, x)
        if len(shape_of(x)) not in (k + 1, k + 2):
            raise ShapeError(f"{name}: input {named(x)}: it needs shape (batch, channels, {', '.join(AXES[k])})")
        return x


class _MaxPool(_Pool):
    """The pools whose arguments `MaxPool2d` describes."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        self._check_window(kernel_size, stride, padding, dilation)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def __call__(self, input: Array) -> Any:
        pool = getattr(ops, f"max_pool{self.AXES}d")
        return pool(
            self._checked(input),
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool1d(_MaxPool):
    """The largest element of each window of a signal: `MaxPool2d` along one axis.

    Args:
        kernel_size: this and the other arguments are those of `MaxPool2d`.

    >>> MaxPool1d(2)(np.array([[1.0, 2.0, 5.0, 0.0]]))
    array([[2., 5.]])
    """

    AXES = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window of an image: `ops.max_pool2d`.

    The input has the shape (batch, channels, height, width), or no batch.

    Args:
        kernel_size: elements of the window. This, stride, padding and dilation are one
            number, or one per axis.
        stride: the step between places, in elements; by default the size of the window.
        padding: how many elements are added at both ends, at most half a window. They
            are smaller than any number.
        dilation: the step between the elements of a window.
        return_indices: return a pair: the values, and where they are, as positions in
            the flattened last axes.
        ceil_mode: the last window may reach beyond the end.

    Raises:
        ArgumentError: a size, a step or a padding is out of range.
        ShapeError: when called, the input does not fit.

    >>> MaxPool2d(2)(np.ones((5, 3, 8, 6))).shape
    (5, 3, 4, 3)
    """

    AXES = 2


class MaxPool3d(_MaxPool):
    """The largest element of each window of a volume: `MaxPool2d` along three axes.

    Args:
        kernel_size: this and the other arguments are those of `MaxPool2d`.

    >>> MaxPool3d(2)(np.ones((1, 4, 4, 4))).shape
    (1, 2, 2, 2)
    """

    AXES = 3


class _AvgPool(_Pool):
    """The pools whose arguments `AvgPool2d` describes."""

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self._check_window(kernel_size, stride, padding)
        check_divisor(type(self).__name__, divisor_override)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def __call__(self, input: Array) -> Array:
        pool = getattr(ops, f"avg_pool{self.AXES}d")
        options: dict[str, Any] = {} if self.AXES == 1 else {"divisor_override": self.divisor_override}
        x = self._checked(input)
        return pool(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, **options)


class AvgPool1d(_AvgPool):
    """The mean of each window of a signal: `AvgPool2d` along one axis.

    Args:
        kernel_size: this and the other arguments are those of `AvgPool2d`, but for
            divisor_override, which it does not have.

    >>> AvgPool1d(2)(np.array([[1.0, 2.0, 5.0, 0.0]]))
    array([[1.5, 2.5]])
    """

    AXES = 1

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)


class AvgPool2d(_AvgPool):
    """The mean of each window of an image: `ops.avg_pool2d`.

    The input has the shape (batch, channels, height, width), or no batch.

    Args:
        kernel_size: elements of the window. This, stride and padding are one number, or
            one per axis.
        stride: the step between places, in elements; by default the size of the window.
        padding: how many zeros are added at both ends, at most half a window.
        ceil_mode: the last window may reach beyond the end. What lies there does not
            count.
        count_include_pad: whether the zeros of the padding count.
        divisor_override: the divisor; by default the number of elements that count.

    Raises:
        ArgumentError: a size, a step, a padding or the divisor is out of range.
        ShapeError: when called, the input does not fit.

    >>> AvgPool2d(2)(np.ones((5, 3, 8, 6))).shape
    (5, 3, 4, 3)
    """

    AXES = 2


class AvgPool3d(_AvgPool):
    """The mean of each window of a volume: `AvgPool2d` along three axes.

    Args:
        kernel_size: this and the other arguments are those of `AvgPool2d`.

    >>> AvgPool3d(2)(np.ones((1, 4, 4, 4))).shape
    (1, 2, 2, 2)
    """

    AXES = 3


class _AdaptivePool(_Pool):
    """The pools whose argument `AdaptiveAvgPool2d` describes."""

    KIND = ""

    def __init__(self, output_size: Any) -> None:
        given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * self.AXES
        per_axis(type(self).__name__, "output_size", [1 if n is None else n for n in given], self.AXES, 1)
        self.output_size = output_size

    def __call__(self, input: Array) -> Array:
        return getattr(ops, f"adaptive_{self.KIND}_pool{self.AXES}d")(self._checked(input), self.output_size)


class AdaptiveAvgPool1d(_AdaptivePool):
    """The mean of each of some windows: `AdaptiveAvgPool2d` along one axis.

    Args:
        output_size: the number of windows.

    >>> AdaptiveAvgPool1d(2)(np.array([[1.0, 2.0, 6.0]]))
    array([[1.5, 4. ]])
    """

    AXES, KIND = 1, "avg"


class AdaptiveAvgPool2d(_AdaptivePool):
    """The mean of each window, for a given number of windows.

    Window i of o over n elements goes from floor(i n / o) to ceil((i + 1) n / o). The
    input has the shape (batch, channels, height, width), or no batch.

    Args:
        output_size: the number of windows; one number, or one per axis. None keeps the
            length of an axis.

    Raises:
        ArgumentError: the size is not an integer of at least 1.
        ShapeError: when called, the input does not fit.

    >>> AdaptiveAvgPool2d((1, None))(np.ones((5, 3, 8, 6))).shape
    (5, 3, 1, 6)
    """

    AXES, KIND = 2, "avg"


class AdaptiveAvgPool3d(_AdaptivePool):
    """The mean of each of some windows: `AdaptiveAvgPool2d` along three axes.

    Args:
        output_size: the number of windows; one number, or one per axis.

    >>> AdaptiveAvgPool3d(1)(np.ones((2, 4, 4, 4))).shape
    (2, 1, 1, 1)
    """

    AXES, KIND = 3, "avg"


class _AdaptiveMaxPool(_AdaptivePool):
    """The pools whose arguments `AdaptiveMaxPool2d` describes."""

    KIND = "max"

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        if return_indices:
            raise ArgumentError(f"{type(self).__name__}: return_indices=True is not here; MaxPool{self.AXES}d has it")
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest element of some windows: `AdaptiveMaxPool2d` along one axis.

    Args:
        output_size: the number of windows.
        return_indices: only False.

    >>> AdaptiveMaxPool1d(2)(np.array([[1.0, 2.0, 6.0]]))
    array([[2., 6.]])
    """

    AXES = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The largest element of each window, for a given number of windows.

    Args:
        output_size: as in `AdaptiveAvgPool2d`, and so are the windows.
        return_indices: only False.

    Raises:
        ArgumentError: the size is not an integer of at least 1.
        ShapeError: when called, the input does not fit.

    >>> AdaptiveMaxPool2d(2)(np.ones((5, 3, 8, 6))).shape
    (5, 3, 2, 2)
    """

    AXES = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The largest element of some windows: `AdaptiveMaxPool2d` along three axes.

    Args:
        output_size: the number of windows; one number, or one per axis.
        return_indices: only False.

    >>> AdaptiveMaxPool3d(1)(np.ones((2, 4, 4, 4))).shape
    (2, 1, 1, 1)
    """

    AXES = 3
