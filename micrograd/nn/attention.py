"""Attention: MultiheadAttention, with PyTorch's arguments, names and shapes.

Heads are axes of one array, so that all heads are one product of matrices.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.engine import Value
from micrograd.errors import ArgumentError, ShapeError
from micrograd.integers import integer_at_least
from micrograd.interpreter import Interpreter
from micrograd.nn import init
from micrograd.nn.linear import Linear
from micrograd.nn.module import Module
from micrograd.nn.recurrent import product
from micrograd.op import Array, ground, named, shape_of
from micrograd.ops.arguments import operand, probability, true_or_false

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Means of values, weighted by how well keys fit queries, in several heads.

    head_k = softmax(q_k k_k^T / sqrt(embed_dim / num_heads) + mask) v_k
    z = out_proj(head_1, ..., head_n)

    where q, k and v are linear in query, key and value. A query whose keys are all
    masked gets the bias of out_proj; in PyTorch it gets nan.

    Args:
        embed_dim: the length of a query, and of an output.
        num_heads: the number of heads, which divides embed_dim.
        dropout: the probability that a weight of the attention is dropped.
        bias: False leaves the biases out.
        add_bias_kv: one more key and one more value are parameters.
        add_zero_attn: one more key and one more value are zeros.
        kdim: the length of a key; embed_dim by default.
        vdim: the length of a value; embed_dim by default.
        batch_first: the batch is axis 0 of inputs and output, not axis 1.
        dtype: the dtype of the parameters; None is float64.
        rng: a NumPy Generator, for the parameters and for dropout.

    Attributes:
        in_proj_weight: Value of shape (3 * embed_dim, embed_dim), for q, k and v; or
            None where kdim or vdim is another length.
        q_proj_weight, k_proj_weight, v_proj_weight: then Values of shape (embed_dim,
            length); else None.
        in_proj_bias: Value of shape (3 * embed_dim,), at first zeros; or None.
        bias_k, bias_v: Values of shape (1, 1, embed_dim), or None.
        out_proj: a Linear layer, whose bias is at first zeros.

    Raises:
        ArgumentError: an argument is out of range.

    Source: Vaswani et al. (2017), arXiv:1706.03762; the first numbers: Glorot, Bengio
    (2010), PMLR 9:249-256.

    >>> attention, x = MultiheadAttention(8, 2, batch_first=True), np.ones((4, 5, 8))
    >>> z, weights = attention(x, x, x)
    >>> z.shape, weights.shape
    ((4, 5, 8), (4, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = None,
        rng: Generator | None = None,
    ) -> None:
        name = "MultiheadAttention"
        n = self.embed_dim = integer_at_least(1, name, "embed_dim", embed_dim)
        self.num_heads = integer_at_least(1, name, "num_heads", num_heads)
        self.kdim = n if kdim is None else integer_at_least(1, name, "kdim", kdim)
        self.vdim = n if vdim is None else integer_at_least(1, name, "vdim", vdim)
        if n % self.num_heads:
            raise ArgumentError(f"{name}: embed_dim={n} is not a multiple of num_heads={num_heads}")
        self.dropout = probability(name, "dropout", dropout)
        self.batch_first, self.add_zero_attn = bool(batch_first), bool(add_zero_attn)
        rng = self.rng = init.generator(rng, name)

        def glorot(columns: int, rows: int = n) -> Value:
            return Value(init.xavier_uniform((rows, columns), rng=rng, dtype=dtype))

        if self.kdim == self.vdim == n:
            self.in_proj_weight: Value | None = glorot(n, 3 * n)
            self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        else:
            self.in_proj_weight = None
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight = glorot(n), glorot(self.kdim), glorot(self.vdim)
        has_bias = true_or_false("MultiheadAttention", "bias", bias)
        self.in_proj_bias = Value(init.zeros((3 * n,), dtype=dtype)) if has_bias else None
        self.bias_k = self.bias_v = None
        if add_bias_kv:
            self.bias_k = Value(init.xavier_normal((1, 1, n), rng=rng, dtype=dtype))
            self.bias_v = Value(init.xavier_normal((1, 1, n), rng=rng, dtype=dtype))
        self.out_proj = Linear(n, n, bias, dtype=dtype, rng=rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias = Value(init.zeros((n,), dtype=dtype))

    def __call__(
        self,
        query: Array,
        key: Array,
        value: Array,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Array, Array | None]:
        """The means, and the weights that made them.

        Args:
            query: value of shape (targets, batch, embed_dim); with batch_first (batch,
                targets, embed_dim); without a batch (targets, embed_dim).
            key: value of shape (sources, batch, kdim), and so on.
            value: value of shape (sources, batch, vdim), and so on.
            key_padding_mask: booleans, True where a key is ignored, or numbers that are
                added to the products; of shape (batch, sources), or (sources,).
            need_weights: whether the weights are returned.
            attn_mask: booleans, True where a query must not see a key, or numbers that
                are added to the products; of shape (targets, sources), or (batch *
                num_heads, targets, sources).
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: query i sees only the keys 0 to i. Where attn_mask is given, it
                alone counts, and this is PyTorch's hint that it says the same.

        Returns:
            A pair: the output, of the shape of query; and the weights, of shape (batch,
            targets, sources), or (batch, num_heads, targets, sources) if they are not
            averaged, or None.

        Raises:
            ShapeError: the shapes do not fit.
            ArgumentError: a mask is not made of booleans or floats.
        """
        x = self._batched(query, key, value)
        q, k, v = self._projected(*x)
        mask = self._mask(key_padding_mask, attn_mask, is_causal, shape_of(q), shape_of(k)[2], len(shape_of(query)))
        if self.bias_k is not None or self.add_zero_attn:
            k, v, mask = self._extended(k, v, mask)
        scores = ops.matmul(q * (1.0 / math.sqrt(shape_of(q)[-1])), ops.swapaxes(k, -2, -1))
        weights = ops.softmax(scores if mask is None else scores + mask, axis=-1)
        if self.dropout:
            weights = ops.dropout(weights, p=self.dropout, training=self.training, rng=self.rng)
        z = self._joined(ops.matmul(weights, v), is_single=len(shape_of(query)) == 2)
        if not need_weights:
            return z, None
        weights = ops.mean(weights, axis=1) if average_attn_weights else weights
        return z, weights[0] if len(shape_of(query)) == 2 else weights

    def _batched(self, query: Array, key: Array, value: Array) -> list[Array]:
        """The inputs with the batch as axis 0, checked; what is one stays one."""
        name, sizes = "MultiheadAttention", (self.embed_dim, self.kdim, self.vdim)
        given = [operand(name, query), operand(name, key), operand(name, value)]
        ndim, (batch, steps) = len(shape_of(given[0])), (0, 1) if self.batch_first else (1, 0)
        fits = ndim in (2, 3) and all(len(shape_of(x)) == ndim for x in given)
        fits = fits and all(shape_of(x)[-1] == size for x, size in zip(given, sizes, strict=True))
        if fits:
            lengths = [shape_of(x)[steps if ndim == 3 else 0] for x in given]
            fits = lengths[1] == lengths[2] and (ndim == 2 or len({shape_of(x)[batch] for x in given}) == 1)
        if not fits:
            order = "batch, {}" if self.batch_first else "{}, batch"
            wanted = ", ".join(
                f"({order.format(what)}, {size})"
                for what, size in zip(("targets", "sources", "sources"), sizes, strict=True)
            )
            raise ShapeError(
                f"{name}: query {named(given[0])}, key {named(given[1])}, value {named(given[2])}: give shapes "
                f"{wanted}, or all three without batch"
            )
        turned = {key: self._batch_first_of(x) for key, x in {id(x): x for x in given}.items()}
        return [turned[id(x)] for x in given]

    def _batch_first_of(self, x: Array) -> Array:
        if len(shape_of(x)) == 2:
            return ops.expand_dims(x, axis=0)
        return x if self.batch_first else ops.swapaxes(x, 0, 1)

    def _projected(self, query: Array, key: Array, value: Array) -> tuple[Array, ...]:
        """q, k and v, each of shape (batch, heads, steps, size of a head).

        These are three products also where query, key and value are one: to cut one
        result into three costs more, as its gradient is put together from three.
        """
        n, bias = self.embed_dim, self.in_proj_bias
        if self.in_proj_weight is not None:
            weights: Any = [self.in_proj_weight[i * n : (i + 1) * n] for i in range(3)]
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        biases = [None if bias is None else bias[i * n : (i + 1) * n] for i in range(3)]
        inputs = zip((query, key, value), weights, biases, strict=True)
        return tuple(self._heads(product(x, weight, b)) for x, weight, b in inputs)

    def _heads(self, x: Array) -> Array:
        batch, steps, n = shape_of(x)
        x = ops.reshape(x, shape=(batch, steps, self.num_heads, n // self.num_heads))
        return ops.swapaxes(x, 1, 2)

    def _extended(self, k: Array, v: Array, mask: Any) -> tuple[Array, Array, Any]:
        """One key and one value more, or two, which no mask hides."""
        for extra in [(self.bias_k, self.bias_v)] * (self.bias_k is not None) + [(None, None)] * self.add_zero_attn:
            batch, heads, _, size = shape_of(k)
            rows = [
                np.zeros((batch, heads, 1, size), x.dtype)
                if b is None
                else ops.broadcast_to(ops.reshape(b, shape=(1, heads, 1, size)), shape=(batch, heads, 1, size))
                for x, b in zip((k, v), extra, strict=True)
            ]
            k, v = ops.concatenate([k, rows[0]], axis=2), ops.concatenate([v, rows[1]], axis=2)
            if mask is not None:
                mask = ops.concatenate([mask, np.zeros((*shape_of(mask)[:-1], 1), mask.dtype)], axis=-1)
        return k, v, mask

    def _joined(self, z: Array, is_single: bool) -> Array:
        """The heads side by side, through out_proj, in the layout of the inputs."""
        batch, _, steps, _ = shape_of(z)
        z = ops.reshape(ops.swapaxes(z, 1, 2), shape=(batch, steps, self.embed_dim))
        z = self.out_proj(z)
        return z[0] if is_single else z if self.batch_first else ops.swapaxes(z, 0, 1)

    def _mask(
        self, padding: Any, attn: Any, is_causal: bool, q_shape: tuple[int, ...], sources: int, ndim: int
    ) -> Array | None:
        """What is added to the products: one mask that broadcasts to all of them."""
        batch, heads, targets, _ = q_shape
        dtype = self.out_proj.weight.dtype
        mask: Array = None
        if attn is not None:
            attn = _added("attn_mask", attn, dtype)
            if shape_of(attn) == (batch * heads, targets, sources):
                mask = ops.reshape(attn, shape=(batch, heads, targets, sources))
            elif shape_of(attn) == (targets, sources):
                mask = attn
            else:
                raise ShapeError(
                    f"MultiheadAttention: attn_mask {named(attn)}: give shape {(targets, sources)}, or "
                    f"{(batch * heads, targets, sources)} for each head of each sample"
                )
        elif is_causal:
            mask = np.where(np.tri(targets, sources, dtype=bool), 0.0, -math.inf).astype(dtype)
        if padding is not None:
            padding = _added("key_padding_mask", padding, dtype)
            wanted = (sources,) if ndim == 2 else (batch, sources)
            if shape_of(padding) != wanted:
                raise ShapeError(f"MultiheadAttention: key_padding_mask {named(padding)}: give shape {wanted}")
            padding = ops.reshape(padding, shape=(batch, 1, 1, sources))
            mask = padding if mask is None else mask + padding
        return mask

    def __repr__(self) -> str:
        return f"MultiheadAttention({self.embed_dim}, {self.num_heads})"


def _added(name: str, mask: Any, dtype: Any) -> Array:
    """A mask as numbers that are added: -inf where it is True."""
    mask = mask if hasattr(mask, "dtype") else np.asarray(mask)  # a list of booleans stays booleans
    kind = np.dtype(mask.dtype).kind
    if kind == "b":
        return np.where(ground(mask), -math.inf, 0.0).astype(dtype)
    if kind != "f":
        raise ArgumentError(
            f"MultiheadAttention: {name} has the dtype {mask.dtype}; give booleans, True where a key is ignored, or "
            f"floats that are added"
        )
    if isinstance(mask, Interpreter) or mask.dtype == dtype:
        return mask
    with np.errstate(over="ignore"):  # -1e300 is -inf in float32, which masks as well
        return mask.astype(dtype)  # a mask of float64 would make float64 of a model of float32
