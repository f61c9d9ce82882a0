"""The program that does what the page did: plain micrograd, with the same numbers."""

from __future__ import annotations

from typing import Any

from micrograd.playing.network import LOSSES
from micrograd.playing.optimisers import BETA1, BETA2, EPS, MOMENTUM
from micrograd.playing.points import points_of

EDITS = {
    "add": "points.append(({x!r}, {y!r}, {label!r}))",
    "move": "points[{index}] = ({x!r}, {y!r}, points[{index}][2])",
    "delete": "del points[{index}]",
}
UPDATES = {
    "sgd": ["for p in model.parameters():", "    p.data -= rate * p.grad"],
    "momentum": [
        "for i, p in enumerate(model.parameters()):",
        f"    first[i] = {MOMENTUM} * first[i] + p.grad if k else p.grad",
        "    p.data -= rate * first[i]",
    ],
    "adam": [
        f"root = math.sqrt(1.0 - {BETA2} ** (k + 1))",
        f"size = -rate * root / (1.0 - {BETA1} ** (k + 1))",
        "for i, p in enumerate(model.parameters()):",
        f"    first[i] = (p.grad - first[i]) * (1.0 - {BETA1}) + first[i]",
        f"    second[i] = p.grad * p.grad * (1.0 - {BETA2}) + second[i] * {BETA2}",
        f"    p.data += first[i] / (math.sqrt(second[i]) + {EPS!r} * root) * size",
    ],
}
NEEDS = {"sgd": 0, "momentum": 1, "adam": 2}  # lists that the optimiser remembers


def program_of(settings: dict[str, Any], edits: list[dict[str, Any]], steps: int) -> str:
    """The text of a program that takes these steps, and prints each loss.

    Args:
        settings: of the run, checked.
        edits: what was changed, and at which step.
        steps: how many are taken.
    """
    s = settings
    memory = [f"{name} = [0.0] * len(model.parameters())" for name in ("first", "second")[: NEEDS[s["optimiser"]]]]
    has_batch = s["batch"] > 0
    body = [
        *_edit_lines(edits, steps),
        "loss = loss_of(points)",
        "print(k, loss.data)",
        f"if k == {steps}:",
        "    break",
        *(_batch_lines(s) if has_batch else []),
        "model.zero_grad()",
        "loss.backward()",
        *_rate_lines(s["rate"], edits, steps),
        *UPDATES[s["optimiser"]],
    ]
    lines = [
        *(["import math"] if s["optimiser"] == "adam" else []),
        "import random",
        "",
        "from micrograd.nn import MLP",
        *(["from micrograd.ops import softplus"] if s["loss"] == "logistic" else []),
        "",
        "points = [  # x, y, label",
        *(f"    ({x!r}, {y!r}, {label!r})," for x, y, label in points_of(s["data"])),
        "]",
        f"random.seed({s['seed']})",
        f"model = MLP(2, {[*s['layers'], 1]}, activation={s['activation']!r})",
        *memory,
        "",
        "",
        "def loss_of(points):",
        "    losses = []",
        "    for x, y, label in points:",
        "        score = model([x, y])",
        f"        losses.append({LOSSES[s['loss']][0]})",
        "    loss = sum(losses) * (1.0 / len(losses))",
        *([f"    loss = loss + {s['l2']!r} * sum(p * p for p in model.parameters())"] if s["l2"] else []),
        "    return loss",
        "",
        "",
        f"for k in range({steps + 1}):",
        *(f"    {line}" for line in body),
        "",
    ]
    return "\n".join(lines)


def _edit_lines(edits: list[dict[str, Any]], steps: int) -> list[str]:
    lines: list[str] = []
    last = None
    for edit in edits:
        if edit["at"] > steps or edit["do"] == "rate":
            continue
        if edit["at"] != last:
            lines.append(f"if k == {edit['at']}:")
            last = edit["at"]
        if edit["do"] == "set":
            lines.append(f"    model.{_indexed(edit['path'])}.data = {edit['value']!r}")
        else:
            lines.append("    " + EDITS[edit["do"]].format(**edit))
    return lines


def _indexed(path: str) -> str:
    """A path as Python writes it: layers[0].neurons[1].w[0].

    >>> _indexed("layers.0.neurons.1.b")
    'layers[0].neurons[1].b'
    """
    first, *parts = path.split(".")
    return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts)


def _batch_lines(settings: dict[str, Any]) -> list[str]:
    size, seed = settings["batch"], settings["seed"]
    return [
        f"if len(points) > {size}:",
        f"    loss = loss_of(random.Random({seed} + k).sample(points, {size}))",
    ]


def _rate_lines(rate: float | str, edits: list[dict[str, Any]], steps: int) -> list[str]:
    lines = [f"rate = {_rate(rate)}"]
    for edit in edits:
        if edit["do"] == "rate" and edit["at"] < steps:
            lines += [f"if k >= {edit['at']}:", f"    rate = {_rate(edit['rate'])}"]
    return lines


def _rate(rate: float | str) -> str:
    return "max(0.1, 1.0 - 0.9 * k / 100)" if isinstance(rate, str) else repr(rate)
