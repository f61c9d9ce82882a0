"""Layers of a transformer, as in PyTorch: TransformerEncoderLayer and
TransformerEncoder.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np  # noqa: F401 - for the examples
from micrograd import ops
from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least
from micrograd.nn import init
from micrograd.nn.attention import MultiheadAttention
from micrograd.nn.dropout import Dropout
from micrograd.nn.linear import Linear
from micrograd.nn.module import Module
from micrograd.nn.normalization import LayerNorm
from micrograd.op import Array

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["TransformerEncoder", "TransformerEncoderLayer"]

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {"relu": ops.relu, "gelu": ops.gelu}


class TransformerEncoderLayer(Module):
    """Attention of a sequence to itself, and a network of two layers, each with a
    bypass and a normalization.

    x = norm1(x + self_attn(x))
    z = norm2(x + linear2(activation(linear1(x))))

    Args:
        d_model: the length of a vector of the sequence.
        nhead: the number of heads, which divides d_model.
        dim_feedforward: the length between linear1 and linear2.
        dropout: the probability that an element is dropped, in four places.
        activation: "relu", "gelu", or a function.
        layer_norm_eps: eps of the normalizations.
        batch_first: the batch is axis 0 of input and output, not axis 1.
        norm_first: normalize what goes into the attention and into the network, and not
            the sums.
        bias: False leaves the biases out.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, for the parameters and for dropout.

    Raises:
        ArgumentError: an argument is out of range.

    Source: Vaswani et al. (2017), arXiv:1706.03762; norm_first: Xiong et al. (2020),
    arXiv:2002.04745.

    >>> layer = TransformerEncoderLayer(8, 2, 32, batch_first=True)
    >>> layer(np.ones((4, 5, 8))).shape
    (4, 5, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Array], Array] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        name = "TransformerEncoderLayer"
        rng = init.generator(rng, name)
        if not callable(activation) and activation not in ACTIVATIONS:
            raise ArgumentError(f"{name}: activation={activation!r} is unknown; give 'relu', 'gelu' or a function")
        if isinstance(activation, type):
            raise ArgumentError(
                f"{name}: activation={activation.__name__} is a class; make a module of it: {activation.__name__}()"
            )
        self.norm_first = bool(norm_first)
        self.activation = activation if callable(activation) else ACTIVATIONS[activation]
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1, self.dropout2 = Dropout(dropout, rng=rng), Dropout(dropout, rng=rng)

    def __call__(
        self, src: Array, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Array:
        """The sequence after the layer.

        Args:
            src: value of shape (steps, batch, d_model); with batch_first (batch, steps,
                d_model); without a batch (steps, d_model).
            src_mask: attn_mask of `MultiheadAttention`.
            src_key_padding_mask: key_padding_mask of `MultiheadAttention`.
            is_causal: each step sees only itself and those before.

        Returns:
            Value of the shape of src.

        Raises:
            ShapeError: a shape does not fit.
        """

        def attention(x: Array) -> Array:
            z, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(z)

        def network(x: Array) -> Array:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        if self.norm_first:
            x = src + attention(self.norm1(src))
            return x + network(self.norm2(x))
        x = self.norm1(src + attention(src))
        return self.norm2(x + network(x))


class TransformerEncoder(Module):
    """Several layers like one that is given, one after the other.

    Args:
        encoder_layer: the layer; each layer is a copy of it, with parameters of its
            own, equal at first.
        num_layers: how many layers.
        norm: a module for the output, such as `LayerNorm`, or None.

    Raises:
        ArgumentError: encoder_layer is not a module, or num_layers is not an integer of
            at least 1.

    >>> model = TransformerEncoder(TransformerEncoderLayer(8, 2, 32), 2)
    >>> model(np.ones((5, 4, 8))).shape
    (5, 4, 8)
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        self.num_layers = integer_at_least(1, "TransformerEncoder", "num_layers", num_layers)
        if not isinstance(encoder_layer, Module):
            raise ArgumentError(
                f"TransformerEncoder: encoder_layer={encoder_layer!r} is not a module; give a TransformerEncoderLayer"
            )
        # Generators are shared. With copies of them, all layers would drop the same
        # elements.
        shared = {id(generator): generator for _, generator in encoder_layer.named_generators()}
        self.layers = [copy.deepcopy(encoder_layer, dict(shared)) for _ in range(self.num_layers)]
        self.norm = norm

    def __call__(
        self, src: Array, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Array:
        """The sequence after all layers: see `TransformerEncoderLayer`."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal)
        return src if self.norm is None else self.norm(src)
