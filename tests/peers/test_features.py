"""What docs/features.md and docs/numbers.md say of PyTorch, JAX and HIPS autograd,
tried on them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = [
    pytest.mark.peer,
    pytest.mark.filterwarnings("ignore"),  # theirs
]


def torch_gradient(f: Any, x: list[float]) -> Any:
    import torch

    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    f(torch, leaf).sum().backward()
    return leaf.grad.numpy()


def jax_gradient(f: Any, x: list[float]) -> Any:
    import jax

    with jax.enable_x64(True):
        return np.asarray(jax.grad(lambda x: f(jax.numpy, x).sum())(np.array(x)))


def autograd_gradient(f: Any, x: list[float]) -> Any:
    import autograd

    return autograd.grad(lambda x: autograd.numpy.sum(f(autograd.numpy, x)))(np.array(x))


PEERS = {"torch": torch_gradient, "jax": jax_gradient, "autograd": autograd_gradient}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize(
    "f",
    [
        lambda np, x: np.where(x > 0, np.sqrt(x), 0.0),
        lambda np, x: np.where(x > 0, x**0.5, 0.0),
        lambda np, x: np.where(x > 0, x * np.log(x), 0.0),
    ],
    ids=["sqrt", "power", "x log x"],
)
def test_a_branch_not_taken_gives_nan(peer: str, f: Any) -> None:
    gradient = PEERS[peer](f, [0.0, 4.0])
    assert np.isnan(gradient).tolist() == [True, False]


@pytest.mark.parametrize(("peer", "at_0"), [("torch", 0.0), ("jax", np.nan), ("autograd", np.nan)])
def test_norm_at_0(peer: str, at_0: float) -> None:
    np.testing.assert_array_equal(PEERS[peer](lambda np, x: np.linalg.norm(x), [0.0, 0.0]), [at_0, at_0])


@pytest.mark.parametrize(("peer", "slope"), [("torch", 0.0), ("jax", 1.0), ("autograd", 0.0)])
def test_abs_at_0(peer: str, slope: float) -> None:
    assert PEERS[peer](lambda np, x: np.abs(x), [0.0]) == slope


@pytest.mark.parametrize("peer", PEERS)
def test_ties_share(peer: str) -> None:
    np.testing.assert_array_equal(PEERS[peer](lambda np, x: np.max(x), [3.0, 1.0, 3.0]), [0.5, 0.0, 0.5])


def test_of_max_along_an_axis_torch_gives_all_to_the_first() -> None:
    gradient = torch_gradient(lambda torch, x: torch.max(x, 0).values, [3.0, 1.0, 3.0])
    np.testing.assert_array_equal(gradient, [1.0, 0.0, 0.0])


def test_torch_refuses_a_second_backward() -> None:
    import torch

    x = torch.tensor(2.0, requires_grad=True)
    y = x * x * x
    y.backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_numpys_functions_on_tracked_arrays() -> None:
    import autograd
    import jax
    import torch

    with pytest.raises(RuntimeError, match="requires grad"):
        np.exp(torch.ones(2, requires_grad=True))
    with pytest.raises(jax.errors.TracerArrayConversionError):
        jax.grad(lambda x: np.exp(x).sum())(np.ones(2))
    np.testing.assert_allclose(autograd.grad(lambda x: np.sum(np.exp(x)))(np.ones(2)), np.exp([1.0, 1.0]))


def test_torchs_anomaly_detection_looks_at_gradients_alone() -> None:
    import torch

    with torch.autograd.detect_anomaly():
        assert torch.isnan(torch.log(torch.tensor(-1.0, requires_grad=True)))
