"""Row 13: a step of an LSTM with Adam, against PyTorch and against its matrix products
alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.mlp import summary
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

PRODUCTS = "its matrix products alone, in NumPy"


def data(size: int, batch: int, steps: int) -> tuple[Any, Any, dict[str, Any]]:
    """A sequence of vectors, a number to predict from it, and parameters by name."""
    generator = np.random.default_rng(1337)
    X = generator.standard_normal((steps, batch, size), np.float32)
    y = generator.standard_normal((batch, 1), np.float32)
    shapes = {"weight_ih_l0": (4 * size, size), "weight_hh_l0": (4 * size, size)}
    shapes |= {"bias_ih_l0": (4 * size,), "bias_hh_l0": (4 * size,)}
    names = {f"lstm.{name}": shape for name, shape in shapes.items()} | {"out.weight": (1, size), "out.bias": (1,)}
    bound = 1.0 / size**0.5
    return X, y, {name: generator.uniform(-bound, bound, shape).astype(np.float32) for name, shape in names.items()}


def ours(size: int, batch: int, steps: int) -> Trial:
    """Modules and Adam of micrograd."""
    from micrograd import nn, optim

    class Model(nn.Module):
        def __init__(self) -> None:
            self.lstm = nn.LSTM(size, size, dtype=np.float32)
            self.out = nn.Linear(size, 1, dtype=np.float32)

        def __call__(self, x: Any) -> Any:
            output, _ = self.lstm(x)
            return self.out(output[-1])

    X, y, state = data(size, batch, steps)
    model = Model()
    model.load_state_dict(state)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        e = model(X) - y
        loss = (e * e).mean()
        loss.backward()
        optimizer.step()
        return loss

    loss = step()
    return summary(loss.data, [p.grad for p in model.parameters()]), step


def torch(size: int, batch: int, steps: int) -> Trial:
    """Modules and Adam of PyTorch."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(size, size)
            self.out = torch.nn.Linear(size, 1)

        def forward(self, x: Any) -> Any:
            output, _ = self.lstm(x)
            return self.out(output[-1])

    X, y, state = data(size, batch, steps)
    model = Model()
    model.load_state_dict({name: torch.tensor(x) for name, x in state.items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    X, y = torch.tensor(X), torch.tensor(y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(X), y)
        loss.backward()
        optimizer.step()
        return loss

    loss = step()
    return summary(loss.detach(), [p.grad for p in model.parameters()]), step


def products(size: int, batch: int, steps: int) -> Trial:
    """The products of a step: with the inputs and with each state, forward and back."""
    X, _, state = data(size, batch, steps)
    inputs, weight = X.reshape(-1, size), state["lstm.weight_hh_l0"]
    transposed, out = np.ascontiguousarray(weight.T), inputs @ weight.T

    def step() -> None:
        _ = inputs @ transposed
        for t in range(steps):
            _ = X[t] @ transposed
        for t in range(steps):
            _ = out[t * batch : (t + 1) * batch] @ weight
        _ = out.T @ inputs, out.T @ inputs

    return None, step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch, PRODUCTS: products}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    size, batch, steps = (4, 3, 3) if settings.small else (64, 32, 20)
    return compare("lstm", CONTESTANTS, [Case("step", {"size": size, "batch": batch, "steps": steps}, 1e-4)], settings)


ROW = Row(
    13,
    "LSTM 64 wide, batch 32, 20 steps, float32, mean squared error, Adam, eager",
    measure,
    [Goal("ours takes at most 1.5 times as long as PyTorch", ratio(OURS, TORCH), at_most=1.5)],
)
