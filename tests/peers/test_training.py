"""The same training in micrograd, with `fit`, and in PyTorch, with the loop by hand:
the same losses; and PyTorch's weights in our checkpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd.data import batches, make_moons
from micrograd.nn import Linear, ReLU, Sequential, losses
from micrograd.optim import Adam
from micrograd.train import fit, load, save

pytestmark = pytest.mark.peer


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


def both(torch: Any) -> tuple[Any, Any]:
    """A network of ours and one of PyTorch's, with the same weights."""
    rng = np.random.default_rng(0)
    ours = Sequential(Linear(2, 16, rng=rng), ReLU(), Linear(16, 16, rng=rng), ReLU(), Linear(16, 2, rng=rng))
    theirs = torch.nn.Sequential(
        torch.nn.Linear(2, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)
    ).double()
    theirs.load_state_dict({name: torch.tensor(x) for name, x in ours.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize("accumulate", [1, 3])
def test_fit_trains_as_the_loop_in_pytorch(torch, accumulate):
    ours, theirs = both(torch)
    X, y = make_moons(100, noise=0.1, random_state=0)
    options: dict[str, Any] = {"epochs": 15, "batch_size": 10, "seed": 1, "accumulate": accumulate, "verbose": False}
    history = fit(ours, losses.cross_entropy, (X, y), Adam(ours.parameters(), 0.01), **options)
    optimizer = torch.optim.Adam(theirs.parameters(), 0.01)
    loader = batches(X, y, batch_size=10, shuffle=True, seed=1)
    expected = []
    for _ in range(15):
        total, pairs = 0.0, [(torch.tensor(a), torch.tensor(b)) for a, b in loader]
        for start in range(0, len(pairs), accumulate):
            window = pairs[start : start + accumulate]
            optimizer.zero_grad()
            for inputs, targets in window:
                loss = torch.nn.functional.cross_entropy(theirs(inputs), targets)
                (loss / len(window)).backward()
                total += loss.item() * len(targets)
            optimizer.step()
        expected.append(total / len(X))
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-9)
    for name, x in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], x.numpy(), rtol=1e-7, atol=1e-9)


def test_safetensors_of_pytorch(torch, tmp_path: Path):
    """PyTorch reads our file, and the error for its file says how to read that."""
    numpy_files = pytest.importorskip("safetensors.numpy")
    torch_files = pytest.importorskip("safetensors.torch")
    ours, theirs = both(torch)
    save(tmp_path / "ours", ours)
    found = torch_files.load_file(tmp_path / "ours")
    theirs.load_state_dict({name.removeprefix("model."): x for name, x in found.items()})
    torch_files.save_file(theirs.state_dict(), tmp_path / "theirs")
    with pytest.raises(
        ValueError, match=r"not a checkpoint of micrograd.*\n.*model.load_state_dict\(safetensors.numpy"
    ):
        load(tmp_path / "theirs", ours)
    ours.load_state_dict(numpy_files.load_file(tmp_path / "theirs"))
