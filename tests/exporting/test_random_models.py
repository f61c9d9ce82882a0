"""Random models: three exports of each give the numbers of the model, which trains."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import export_js, export_python, nn, ops, to_onnx
from tests.exporting.layers import plain

NODE = shutil.which("node")
HAS_ONNX = importlib.util.find_spec("onnx") is not None
COUNT = 40

FUNCTIONS: list[Callable[[Any], Any]] = [
    lambda x: np.where(x > 0.1, x, 0.3 * x),
    lambda x: np.clip(x, -0.7, 0.9),
    lambda x: x / (1 + np.abs(x)),
    lambda x: ops.log(np.abs(x) + 0.5),
    lambda x: (np.abs(x) + 1) ** -1.5,
    lambda x: x**3 - 2.0**x,
    lambda x: ops.logsumexp(x)[..., None] + x,
    lambda x: np.var(x, axis=-1, keepdims=True) + x,
    lambda x: np.concatenate([x, x * 2], axis=-1)[..., ::2],
    lambda x: np.argmax(x, axis=-1)[..., None] * 0.1 + x,
    lambda x: np.max(x, axis=-1, keepdims=True) - x,
    lambda x: np.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 0)])[..., :-1],
]


class Applied(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, x: Any) -> Any:
        return self.function(x)


def dense(rng: Any, dtype: str) -> tuple[list[Any], Any]:
    n = int(rng.integers(1, 6))
    x, layers = rng.normal(size=(int(rng.integers(1, 4)), n)), []
    for kind in rng.integers(0, 6, int(rng.integers(1, 5))):
        if kind < 2:
            outputs = int(rng.integers(1, 6))
            layers.append(nn.Linear(n, outputs, bias=bool(rng.integers(2)), dtype=dtype, rng=rng))
            n = outputs
        elif kind == 2:
            layers.append([nn.GELU("tanh"), nn.SiLU(), nn.Hardswish(), nn.Dropout(0.5)][rng.integers(4)])
        elif kind == 3:
            layers.append(
                [nn.LayerNorm(n, dtype=dtype), nn.BatchNorm1d(n, dtype=dtype), nn.Softmax(1)][rng.integers(3)]
            )
        else:
            layers.append(Applied(FUNCTIONS[rng.integers(len(FUNCTIONS))]))
    return layers, x


def sliding(rng: Any, dtype: str) -> tuple[list[Any], Any]:
    k, channels = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    x, layers = rng.normal(size=(2, channels, *rng.integers(6, 10, k))), []
    for kind in rng.integers(0, 4, 2):
        if kind == 0:
            layers.append(
                getattr(nn, f"Conv{k}d")(channels, 2 * channels, 3, 2, 1, groups=channels, dtype=dtype, rng=rng)
            )
            channels *= 2
        elif kind == 1:
            layers.append(getattr(nn, f"ConvTranspose{k}d")(channels, 2, 2, 2, dtype=dtype, rng=rng))
            channels = 2
        elif kind == 2:
            layers.append(getattr(nn, f"MaxPool{k}d")(2, 1, ceil_mode=True))
        else:
            layers.append(getattr(nn, f"BatchNorm{k}d")(channels, dtype=dtype))
    return [*layers, Applied(FUNCTIONS[rng.integers(len(FUNCTIONS))]), nn.Flatten()], x


def drawn(seed: int) -> tuple[Any, list[Any], float]:
    """A model in training mode, two batches of it, how close its exports have to be."""
    rng = np.random.default_rng(seed)
    dtype = ["float64", "float32"][seed % 3 == 0]
    layers, x = (sliding if seed % 4 == 0 else dense)(rng, dtype)
    batches = [x.astype(dtype), np.concatenate([x, 0.7 * x[:1] + 0.2, x]).astype(dtype)]
    return nn.Sequential(*layers), batches, 1e-11 if dtype == "float64" else 3e-5


def wanted(model: Any, batches: list[Any]) -> list[Any]:
    assert model.training  # an export leaves it so
    model.eval()
    results = [plain(model(x)) for x in batches]
    model.train()
    return results


def compare(given: Any, right: Any, close: float) -> None:
    assert given.shape == right.shape
    np.testing.assert_allclose(given, right, rtol=close, atol=close * max(1.0, np.abs(right).max(initial=0.0)))


@pytest.mark.parametrize("seed", range(COUNT))
def test_python_and_onnx(seed, tmp_path):
    model, batches, close = drawn(seed)
    path = export_python(model, batches[0], tmp_path / "predict.py")
    made = to_onnx(model, batches[0]) if HAS_ONNX else None
    room: dict[str, Any] = {"__name__": "predict"}
    exec(path.read_text(encoding="utf-8"), room)
    for x, right in zip(batches, wanted(model, batches), strict=True):
        assert room["predict"](x).dtype == right.dtype
        compare(room["predict"](x), right, close)
        if made is not None:
            from onnx.reference import ReferenceEvaluator

            compare(ReferenceEvaluator(made).run(None, {"x": x})[0], right, max(close, 2e-6))


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript(tmp_path):
    """All models in one run of node."""
    models = [drawn(seed) for seed in range(COUNT)]
    for seed, (model, batches, _) in enumerate(models):
        export_js(model, batches[0], tmp_path / f"model{seed}.mjs")
    (tmp_path / "batches.json").write_text(json.dumps([[x.tolist() for x in batches] for _, batches, _ in models]))
    (tmp_path / "run.mjs").write_text(
        'import fs from "fs";\nconst out = [];\n'
        'for (const [i, batches] of JSON.parse(fs.readFileSync("batches.json")).entries()) {\n'
        "  const { predict } = await import(`./model${i}.mjs`);\n"
        "  out.push(batches.map((x) => predict(x)));\n}\nconsole.log(JSON.stringify(out));\n"
    )
    ran = subprocess.run([str(NODE), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert not ran.stderr
    for (model, batches, close), results in zip(models, json.loads(ran.stdout), strict=True):
        for given, right in zip(results, wanted(model, batches), strict=True):
            compare(np.array(given, float), right, close)
