"""Small CSV files that the tests of the command line train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write(path: Path, columns: dict[str, list[object]], delimiter: str = ",") -> Path:
    """Columns as a CSV file; None is an empty cell."""
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    text = "".join(delimiter.join("" if cell is None else str(cell) for cell in line) + "\n" for line in lines)
    path.write_text(text, encoding="utf-8")
    return path


def trees(n: int = 60, seed: int = 0) -> dict[str, list[object]]:
    """Trees: the kind follows from height and soil, but not from one of them alone."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(2, 30, n).round(1)
    age = rng.integers(5, 20, n)
    soil = rng.choice(["clay", "sand", "rock"], n)
    score = height / 10 + (soil == "sand") + rng.normal(0, 0.2, n)
    kind = np.where(score < 1.3, "birch", np.where(score < 2.2, "oak", "pine"))
    return {
        "height": height.tolist(),
        "age": age.tolist(),
        "soil": soil.tolist(),
        "kind": kind.tolist(),
    }


def prices(n: int = 60, seed: int = 0) -> dict[str, list[object]]:
    """Houses: the price follows from area and town, with noise."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(40, 200, n).round(1)
    town = rng.choice(["Ulm", "Bonn"], n)
    price = 2000 * area + 50_000 * (town == "Bonn") + rng.normal(0, 20_000, n)
    return {"area": area.tolist(), "town": town.tolist(), "price": price.round(2).tolist()}
