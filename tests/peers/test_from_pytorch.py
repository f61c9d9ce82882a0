"""The two loops of docs/from_pytorch.md, PyTorch's and ours, from the same weights."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd.data import make_moons

pytestmark = pytest.mark.peer

PAGE = Path(__file__).parents[2] / "docs" / "from_pytorch.md"


def blocks() -> tuple[list[str], list[str]]:
    """Statements of PyTorch's loop and of ours, each as those before the loop and those
    from there on.
    """
    text = PAGE.read_text(encoding="utf-8")
    theirs, ours, *_ = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    examples = doctest.DocTestParser().get_examples(ours)
    ours = "".join(example.source for example in examples)
    return _halves(theirs), _halves(ours)


def _halves(source: str) -> list[str]:
    before, start, after = source.partition("for epoch in")
    assert start
    return [before, start + after]


def test_the_loops_of_the_page_give_the_same_numbers() -> None:
    import torch

    theirs, ours = blocks()
    X, y = make_moons(200, noise=0.1, random_state=0)
    there: dict[str, Any] = {"X": X.astype(np.float32), "y": y}
    here: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(theirs[0], there)
    exec(ours[0], here)
    here["model"].load_state_dict({name: t.numpy() for name, t in there["model"].state_dict().items()})
    exec(theirs[1], there)
    exec(ours[1], here)
    assert float(here["loss"].data) == pytest.approx(there["loss"].item(), rel=1e-3)
    assert float(here["accuracy"]) == pytest.approx(there["accuracy"].item())
    for (name, array), tensor in zip(
        here["model"].state_dict().items(), there["model"].state_dict().values(), strict=True
    ):
        np.testing.assert_allclose(array, tensor.numpy(), rtol=1e-3, atol=1e-3, err_msg=name)


def test_the_weights_of_pytorch_load_and_go_back() -> None:
    import torch

    theirs, ours = blocks()
    there: dict[str, Any] = {"X": np.zeros((2, 2), np.float32), "y": np.zeros(2, int)}
    here: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(theirs[0], there)
    exec(ours[0], here)
    net, model = there["model"], here["model"]
    model.load_state_dict({name: tensor.numpy() for name, tensor in net.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32)
    np.testing.assert_allclose(model(x).data, net(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-7)
    for p in model.parameters():
        p.data = p.data * 2.0
    net.load_state_dict({name: torch.tensor(array) for name, array in model.state_dict().items()})
    np.testing.assert_allclose(model(x).data, net(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-7)
