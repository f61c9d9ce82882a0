"""Row 12: a step of a character transformer of one layer with Adam, against PyTorch and
against its matrix products alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contest import compare
from benchmarks.mlp import summary
from benchmarks.row import COMPILED, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

PRODUCTS = "its matrix products alone, in NumPy"
LETTERS, HEADS = 27, 4


def data(width: int, batch: int, context: int) -> tuple[Any, Any, dict[str, Any]]:
    """Letters, the next letters, and parameters by name."""
    generator = np.random.default_rng(1337)
    X, Y = generator.integers(LETTERS, size=(2, batch, context))
    shapes: dict[str, tuple[int, ...]] = {"letters.weight": (LETTERS, width), "positions.weight": (context, width)}
    shapes |= {"layer.self_attn.in_proj_weight": (3 * width, width), "layer.self_attn.in_proj_bias": (3 * width,)}
    shapes |= {"layer.self_attn.out_proj.weight": (width, width), "layer.self_attn.out_proj.bias": (width,)}
    shapes |= {"layer.linear1.weight": (4 * width, width), "layer.linear1.bias": (4 * width,)}
    shapes |= {"layer.linear2.weight": (width, 4 * width), "layer.linear2.bias": (width,)}
    for norm in ("layer.norm1", "layer.norm2", "norm"):
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    shapes |= {"out.weight": (LETTERS, width), "out.bias": (LETTERS,)}
    drawn = {name: generator.standard_normal(shape, np.float32) * np.float32(0.1) for name, shape in shapes.items()}
    return X, Y, {name: x + np.float32("norm" in name and "weight" in name) for name, x in drawn.items()}


def ours(width: int, batch: int, context: int) -> Trial:
    """Modules, loss and Adam of micrograd."""
    from micrograd import nn, optim
    from micrograd.nn import losses

    class Model(nn.Module):
        def __init__(self) -> None:
            self.letters = nn.Embedding(LETTERS, width, dtype=np.float32)
            self.positions = nn.Embedding(context, width, dtype=np.float32)
            self.layer = nn.TransformerEncoderLayer(
                width, HEADS, 4 * width, 0.0, batch_first=True, norm_first=True, dtype=np.float32
            )
            self.norm = nn.LayerNorm(width, dtype=np.float32)
            self.out = nn.Linear(width, LETTERS, dtype=np.float32)

        def __call__(self, x: Any) -> Any:
            z = self.letters(x) + self.positions.weight
            return self.out(self.norm(self.layer(z, is_causal=True)))

    X, Y, state = data(width, batch, context)
    model = Model()
    model.load_state_dict(state)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        loss = losses.cross_entropy(model(X).reshape(-1, LETTERS), Y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    loss = step()
    return summary(loss.data, [p.grad for p in model.parameters()]), step


def torch(width: int, batch: int, context: int) -> Trial:
    """Modules, loss and Adam of PyTorch."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.letters = torch.nn.Embedding(LETTERS, width)
            self.positions = torch.nn.Embedding(context, width)
            self.layer = torch.nn.TransformerEncoderLayer(
                width, HEADS, 4 * width, 0.0, batch_first=True, norm_first=True
            )
            self.norm = torch.nn.LayerNorm(width)
            self.out = torch.nn.Linear(width, LETTERS)
            self.mask = torch.nn.Transformer.generate_square_subsequent_mask(context)

        def forward(self, x: Any) -> Any:
            z = self.letters(x) + self.positions.weight
            return self.out(self.norm(self.layer(z, src_mask=self.mask, is_causal=True)))

    X, Y, state = data(width, batch, context)
    model = Model()
    model.load_state_dict({name: torch.tensor(x) for name, x in state.items()})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    X, Y = torch.tensor(X), torch.tensor(Y)

    def step() -> Any:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(X).reshape(-1, LETTERS), Y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    loss = step()
    return summary(loss.detach(), [p.grad for p in model.parameters()]), step


def products(width: int, batch: int, context: int) -> Trial:
    """The products of a step: of each layer, and of the heads; forward, and back to
    both factors.
    """
    _, _, state = data(width, batch, context)
    rows = np.ones((batch * context, width), np.float32)
    weights = [x for name, x in state.items() if x.ndim == 2 and not name.startswith(("letters", "positions"))]
    pairs = [
        (np.ones((len(rows), w.shape[1]), np.float32), w, rows @ np.ones((width, len(w)), np.float32)) for w in weights
    ]
    heads = np.ones((batch, HEADS, context, width // HEADS), np.float32)
    scores = heads @ heads.swapaxes(-1, -2)

    def step() -> None:
        for x, w, z in pairs:
            _ = x @ w.T, z @ w, z.T @ x
        for _ in range(2):
            _ = heads @ heads.swapaxes(-1, -2), scores @ heads, scores.swapaxes(-1, -2) @ heads

    return None, step


CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch, PRODUCTS: products}


def measure(settings: Settings) -> list[Outcome]:
    """One case: forward, backward and update."""
    width, batch, context = (8, 3, 4) if settings.small else (64, 32, 16)
    given = {"width": width, "batch": batch, "context": context}
    return compare("characters", CONTESTANTS, [Case("step", given, 1e-3)], settings)


ROW = Row(
    12,
    "Character transformer, one layer, 64 wide, 4 heads, batch 32, context 16, float32, cross-entropy, Adam, eager",
    measure,
    [Goal("ours takes at most 1.2 times as long as PyTorch", ratio(OURS, TORCH), at_most=1.2)],
)
