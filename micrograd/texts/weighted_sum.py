"""The weighted sum in every text's neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.errors import ShapeError


def weighted_sum(weights: Sequence[Value], x: Any, bias: Value) -> Any:
    """The bias plus each input times its weight, added in the texts' order.

    z = b + w_0 x_0 + w_1 x_1 + ...

    The texts pair weights and inputs by `zip`, which drops extra weights or inputs.
    Here a wrong number of inputs is an error.

    Args:
        weights: one per input.
        x: the inputs, a list of numbers or Values. As in text 002, each may be an array
            that holds one number per sample. A single Value counts as one input,
            because a layer of one neuron gives its output without a list.
        bias: the first term of the sum.

    Raises:
        ShapeError: there are more or fewer inputs than weights.

    >>> weighted_sum([Value(0.5), Value(-1.0)], [2.0, 3.0], Value(10.0))
    Value(data=8.0, grad=0.0)
    """
    if not isinstance(x, Value) and len(getattr(x, "shape", ())) > 1:
        raise ShapeError(
            f"Neuron: given an array of shape {x.shape}, wanted a list of {len(weights)} inputs; "
            "give one sample, X[0], or one array per input, list(X.T)"
        )
    given = [x] if isinstance(x, Value) or not hasattr(x, "__iter__") else list(x)
    if len(given) != len(weights):
        raise ShapeError(
            f"Neuron: given {len(given)} input{'s' * (len(given) != 1)}, wanted {len(weights)}; "
            "give a list with one input per weight"
        )
    return sum((wi * xi for wi, xi in zip(weights, given, strict=True)), bias)
