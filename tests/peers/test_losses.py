"""Every loss, with every option and every reduction, against PyTorch's function: value,
gradients and second order, in float64 and in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.nn import losses

pytestmark = [pytest.mark.peer, pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")]

# The name in torch.nn.functional. Of hinge there is none.
THEIRS = {
    "mse": "mse_loss",
    "l1": "l1_loss",
    "huber": "huber_loss",
    "smooth_l1": "smooth_l1_loss",
    "multi_hinge": "multi_margin_loss",
    "cross_entropy": "cross_entropy",
    "nll": "nll_loss",
    "bce": "binary_cross_entropy",
    "bce_with_logits": "binary_cross_entropy_with_logits",
    "kl_div": "kl_div",
    "poisson_nll": "poisson_nll_loss",
    "gaussian_nll": "gaussian_nll_loss",
    "cosine_embedding": "cosine_embedding_loss",
    "triplet": "triplet_margin_loss",
}


def multi_margin(x: Any, target: Any, *, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str) -> Any:
    """PyTorch's multi_margin_loss in tensors and operators, as it has no second
    order.
    """
    import torch

    rows, classes = x.reshape(-1, x.shape[-1]), target.reshape(-1)
    is_right = torch.nn.functional.one_hot(classes, rows.shape[1]).bool()
    slack = (margin - rows[is_right][:, None] + rows).clamp_min(0.0).masked_fill(is_right, 0.0) ** p
    z = (slack if weight is None else slack * weight[classes][:, None]).mean(1).reshape(target.shape)
    return z if reduction == "none" else getattr(z, reduction)()


def drawn(*shape: int, seed: int = 0, low: float = -2.0, high: float = 2.0) -> Any:
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape)


def shares(*shape: int, seed: int = 0) -> Any:
    """Probabilities along axis 1, or the only one."""
    x = drawn(*shape, seed=seed, low=0.1, high=1.0)
    return x / x.sum(axis=min(1, x.ndim - 1), keepdims=True)


def classes(count: int, *shape: int) -> Any:
    return np.random.default_rng(count).integers(count, size=shape)


@dataclass(frozen=True)
class Case:
    """A call of a loss: arrays of floats have gradients, integers have none.

    Attributes:
        constant: the places of floats that have no gradient in PyTorch.
    """

    name: str
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    constant: tuple[int, ...] = ()

    def __str__(self) -> str:
        shapes = ",".join(str(np.shape(x)).replace(" ", "") for x in self.inputs)
        options = ",".join(f"{k}={np.shape(v) if np.ndim(v) else v}".replace(" ", "") for k, v in self.options.items())
        return f"{self.name}{shapes}{options}"

    @property
    def reductions(self) -> tuple[str, ...]:
        return ("mean", "sum", "none", *(["batchmean"] if self.name == "kl_div" else []))


X, Y, W = drawn(4, 3), drawn(4, 3, seed=1), drawn(4, 3, seed=2, low=0.5)
N, C = drawn(5, 3), classes(3, 5)
IGNORED = np.array([0, -100, 2, 1, -100])
PER_CLASS = np.array([0.5, 2.0, 1.5])
IMAGE, PIXELS = drawn(2, 3, 2, 4), classes(3, 2, 2, 4)
PAIR = (drawn(5, 4), drawn(5, 4, seed=1))
ALIKE = np.array([1, -1, 1, -1, -1])
COUNTS = np.random.default_rng(3).integers(6, size=(4, 3)).astype(float)
P, Q = drawn(4, 3, low=0.05, high=0.95), drawn(4, 3, seed=1, low=0.0, high=1.0)

ELEMENTWISE = [
    *(Case(name, (X, Y), {}) for name in ("mse", "l1", "huber", "smooth_l1")),
    *(Case(name, (X[0, 0], Y[0, 0]), {}) for name in ("mse", "l1", "huber", "smooth_l1")),
    *(Case(name, (X, Y), {"weight": W}) for name in ("mse", "l1", "huber")),
    *(Case("huber", (X, Y), {"delta": delta}) for delta in (0.3, 2.5)),
    *(Case("smooth_l1", (X, Y), {"beta": beta}) for beta in (0.3, 2.5, 0.0)),
    Case("poisson_nll", (X, COUNTS)),
    # Of a count of 0 PyTorch's gradient by the target is nan.
    Case("poisson_nll", (X, COUNTS), {"full": True}, constant=(1,)),
    Case("poisson_nll", (X, Y + 4.0), {"full": True}),
    *(
        Case("poisson_nll", (X + 3.0, COUNTS), {"log_input": False, "full": full, "eps": 0.5}, constant=(1,))
        for full in (False, True)
    ),
    Case("poisson_nll", (X + 3.0, Y + 4.0), {"log_input": False}),
    *(Case("gaussian_nll", (X, Y, V), {}) for V in (P, P[:, :1], P[:, 0])),
    *(Case("gaussian_nll", (X, Y, P), options) for options in ({"full": True}, {"eps": 0.5})),
    Case("gaussian_nll", (X[0], Y[0], P[0]), {}),
]
PROBABILITIES = [
    Case("bce", (P, Q), {}),
    Case("bce", (P, np.round(Q)), {"weight": W}),
    Case("bce", (P, Q), {"weight": PER_CLASS}),
    Case("bce_with_logits", (X, Q), {}),
    Case("bce_with_logits", (5.0 * X, np.round(Q)), {}),
    Case("bce_with_logits", (X, Q), {"weight": W}),
    Case("bce_with_logits", (X, Q), {"pos_weight": PER_CLASS}),
    Case("bce_with_logits", (X, Q), {"weight": PER_CLASS, "pos_weight": W}),
    Case("kl_div", (np.log(shares(4, 3)), shares(4, 3, seed=1)), {}),
    Case("kl_div", (np.log(shares(4, 3)), np.log(shares(4, 3, seed=1))), {"log_target": True}),
    Case("kl_div", (np.log(shares(4, 3)), np.eye(4, 3)), {}, constant=(1,)),
]
CLASSES = [
    *(
        Case(name, (x, t), options)
        for name in ("cross_entropy", "nll")
        for x, t in ((N, C), (N[0], C[0]), (IMAGE, PIXELS), (drawn(5, 3, 2), classes(3, 5, 2)))
        for options in ({}, {"weight": PER_CLASS}, {"ignore_index": 1, "weight": PER_CLASS})
        if np.ndim(t) or "ignore_index" not in options
    ),
    *(Case(name, (N, IGNORED), {}) for name in ("cross_entropy", "nll")),
    *(
        Case("cross_entropy", (x, t), {"label_smoothing": 0.2, **options})
        for x, t in ((N, IGNORED), (IMAGE, PIXELS), (N[0], C[0]))
        for options in ({}, {"weight": PER_CLASS})
    ),
    *(
        Case("cross_entropy", (x, shares(*x.shape, seed=1)), options)
        for x in (N, N[0], IMAGE)
        for options in (
            {},
            {"weight": PER_CLASS},
            {"label_smoothing": 0.2},
            {"weight": PER_CLASS, "label_smoothing": 1.0},
        )
    ),
    *(
        Case("multi_hinge", (N, C), options)
        for options in ({}, {"p": 2}, {"margin": 0.5}, {"weight": PER_CLASS}, {"p": 2, "weight": PER_CLASS})
    ),
    Case("multi_hinge", (N[0], C[0]), {}),
]
DISTANCES = [
    *(Case("cosine_embedding", (*PAIR, ALIKE), options) for options in ({}, {"margin": 0.3}, {"margin": -0.2})),
    Case("cosine_embedding", (PAIR[0][0], PAIR[1][0], np.array(1)), {}),
    *(
        Case("triplet", (*PAIR, drawn(5, 4, seed=2)), options)
        for options in (
            {},
            {"margin": 3.0},
            {"p": 1.0},
            {"p": 3.0},
            {"swap": True},
            {"eps": 0.1, "swap": True, "p": 1.5},
        )
    ),
    Case("triplet", (PAIR[0][0], PAIR[1][0], drawn(5, 4, seed=2)[0]), {}),
]
CASES = [*ELEMENTWISE, *PROBABILITIES, *CLASSES, *DISTANCES]


def test_every_loss_is_compared() -> None:
    assert {case.name for case in CASES} == set(THEIRS) == set(losses.__all__) - {"hinge"}


def ours(case: Case, reduction: str, dtype: Any) -> list[Any]:
    """The loss, its gradients, and the gradients of a sum over these."""
    inputs = [as_dtype(x, dtype) for x in case.inputs]
    values = [Value(x) if x.dtype == dtype and i not in case.constant else x for i, x in enumerate(inputs)]
    options = {k: as_dtype(v, dtype) if np.ndim(v) else v for k, v in case.options.items()}
    z = getattr(losses, case.name)(*values, reduction=reduction, **options)
    leaves = [v for v in values if isinstance(v, Value)]
    z.backward(cotangent(z.shape, 1).astype(dtype)[()], create_graph=True)
    first = [v.grad for v in leaves]
    total = sum((g * cotangent(g.shape, 2).astype(dtype)).sum() for g in first)
    for v in leaves:
        v.grad = None
    total.backward()
    assert {np.dtype(getattr(x, "dtype", float)) for x in (z, *first, *(v.grad for v in leaves))} == {np.dtype(dtype)}
    return [z.data, *(g.data for g in first), *(v.grad for v in leaves)]


def theirs(case: Case, reduction: str, dtype: Any) -> list[Any]:
    import torch

    function: Callable[..., Any] = getattr(torch.nn.functional, THEIRS[case.name])
    arrays = [as_dtype(x, dtype) for x in case.inputs]
    tensors = [torch.tensor(x, requires_grad=x.dtype == dtype and i not in case.constant) for i, x in enumerate(arrays)]
    options = {k: torch.tensor(as_dtype(v, dtype)) if np.ndim(v) else v for k, v in case.options.items()}
    z = function(*tensors, reduction=reduction, **options)
    leaves = [t for t in tensors if t.requires_grad]
    seed = torch.tensor(cotangent(z.shape, 1).astype(dtype))
    if case.name == "multi_hinge":
        first = torch.autograd.grad(z, leaves, seed)
        smooth = torch.autograd.grad(
            multi_margin(*tensors, reduction=reduction, **options), leaves, seed, create_graph=True
        )
    else:
        smooth = first = torch.autograd.grad(z, leaves, seed, create_graph=True)
    total = sum((g * torch.tensor(cotangent(g.shape, 2).astype(dtype))).sum() for g in smooth)
    second = (
        torch.autograd.grad(total, leaves, materialize_grads=True)
        if total.requires_grad
        else map(torch.zeros_like, leaves)
    )
    return [t.numpy(force=True) for t in (z, *first, *second)]


def as_dtype(x: Any, dtype: Any) -> Any:
    return np.asarray(x, dtype) if np.asarray(x).dtype == float else np.asarray(x)


def cotangent(shape: Any, seed: int) -> Any:
    return drawn(*shape, seed=seed, low=0.5, high=1.5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_losses_are_pytorchs(case: Case, dtype: Any, tolerance: float) -> None:
    for reduction in case.reductions:
        mine, other = ours(case, reduction, dtype), theirs(case, reduction, dtype)
        for x, y in zip(mine, other, strict=True):
            assert np.shape(x) == np.shape(y)
            np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


# What docs/losses.md says of PyTorch: these become 0 there, or nan, and are exact here

SURE: list[tuple[str, tuple[Any, ...], tuple[float, float], tuple[float, float]]] = [
    ("cross_entropy", ([[40.0, 0.0]], [0]), (0.0, 0.0), (4.248354255291589e-18, -4.248354255291589e-18)),
    ("cross_entropy", ([[1e4, -1e4]], [1]), (20_000.0, 1.0), (20_000.0, 1.0)),
    ("bce_with_logits", ([-40.0], [0.0]), (0.0, 4.248354255291589e-18), (4.248354255291589e-18, 4.248354255291589e-18)),
    ("bce_with_logits", ([40.0], [1.0]), (4.248354255291589e-18, 0.0), (4.248354255291589e-18, -4.248354255291589e-18)),
    ("bce", ([0.0], [0.0]), (0.0, 0.0), (0.0, 1.0)),
    ("cross_entropy", ([[0.0, -np.inf, 0.0]], [[0.5, 0.0, 0.5]]), (np.nan, 0.0), (np.log(2.0), 0.0)),
]


@pytest.mark.parametrize(("name", "inputs", "wrong", "right"), SURE, ids=[f"{n}{x}" for n, x, _, _ in SURE])
def test_digits_that_pytorch_loses(name: str, inputs: Any, wrong: Any, right: Any) -> None:
    """The loss, and the first element of its gradient."""
    import torch

    x, t = map(np.array, inputs)
    tensor = torch.tensor(x, requires_grad=True)
    z = getattr(torch.nn.functional, THEIRS[name])(tensor, torch.tensor(t))
    z.backward()
    np.testing.assert_allclose([z.item(), tensor.grad.ravel()[0].item()], wrong, rtol=1e-14)
    v = Value(x)
    mine = getattr(losses, name)(v, t)
    mine.backward()
    np.testing.assert_allclose([mine.data, v.grad.ravel()[0]], right, rtol=1e-14, atol=1e-30)
