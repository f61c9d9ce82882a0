"""Each layer of nn in each format: the numbers are those of the model, in a batch of
another size too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import export_js, export_python, nn, to_onnx
from micrograd.trees import leaves_of, mapped
from tests.exporting.layers import CASES, IDS, Case, plain

NODE = shutil.which("node")


def larger(case: Case) -> tuple[Any, ...]:
    """Other numbers, in a batch of another size."""
    axes = iter(case.axis if isinstance(case.axis, tuple) else [case.axis] * len(leaves_of(case.inputs)))

    def other(x: Any) -> Any:
        axis = next(axes)
        x = x if axis is None else np.take(x, np.arange(x.shape[axis] + 2) % x.shape[axis], axis=axis)
        return x if x.dtype.kind == "i" else x * 0.7 + 0.1 * np.cos(np.arange(x.size)).reshape(x.shape)

    return mapped(other, case.inputs)


def wanted(case: Case, inputs: tuple[Any, ...]) -> list[Any]:
    modes = [(module, module.training) for module in case.model.modules()]
    try:
        return [plain(x) for x in leaves_of(case.model.eval()(*inputs))]
    finally:
        for module, mode in modes:
            module.training = mode


def compare(given: list[Any], right: list[Any], close: float) -> None:
    assert [np.shape(x) for x in given] == [x.shape for x in right]
    for ours, theirs in zip(given, right, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=close, atol=close)


def test_every_layer_is_here():
    kinds = {name for name in nn.__all__ if isinstance(getattr(nn, name), type)} - {"Module"}
    assert kinds == {type(module).__name__ for case in CASES for module in case.model.modules()} & kinds


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_python(case, tmp_path):
    path = export_python(case.model, case.inputs, tmp_path / "predict.py", batch_axis=case.axis)
    room: dict[str, Any] = {"__name__": "predict"}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), room)
    for inputs in (case.inputs, larger(case)):
        compare(leaves_of(room["predict"](*leaves_of(inputs))), wanted(case, inputs), 1e-12)


RUN = """
import items from "./items.mjs";
const out = [];
for (const { file, batches } of items) {
  const { predict } = await import(file);
  out.push(batches.map((inputs) => predict(...inputs)));
}
console.log(JSON.stringify(out));
"""


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript(tmp_path):
    """All layers in one run of node."""
    items = []
    for i, case in enumerate(CASES):
        export_js(case.model, case.inputs, tmp_path / f"model{i}.mjs", batch_axis=case.axis)
        batches = [[x.tolist() for x in leaves_of(inputs)] for inputs in (case.inputs, larger(case))]
        items.append({"file": f"./model{i}.mjs", "batches": batches})
    (tmp_path / "items.mjs").write_text(f"export default {json.dumps(items)};")
    (tmp_path / "run.mjs").write_text(RUN)
    ran = subprocess.run([str(NODE), str(tmp_path / "run.mjs")], capture_output=True, text=True, timeout=300)
    assert not ran.stderr
    for case, results in zip(CASES, json.loads(ran.stdout), strict=True):
        for inputs, result in zip((case.inputs, larger(case)), results, strict=True):
            numbers = [np.array(x).reshape(-1) for x in flat(result, wanted(case, inputs))]
            compare(numbers, [x.reshape(-1) for x in wanted(case, inputs)], 1e-12)


def flat(result: Any, right: list[Any]) -> list[Any]:
    """The arrays among nested results, by how many axes they have."""
    if len(right) == 1 and not isinstance(result, dict) and np.shape(result) == right[0].shape:
        return [result]
    found: list[Any] = []

    def walk(x: Any) -> None:
        if len(found) < len(right) and x is not None and is_array(x, right[len(found)].shape):
            found.append(x)
        elif isinstance(x, list):
            for part in x:
                walk(part)

    walk(result)
    return found


def is_array(x: Any, shape: tuple[int, ...]) -> bool:
    try:
        return np.array(x, float).shape == shape
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_onnx(case):
    reference = pytest.importorskip("onnx.reference", reason="onnx is not installed")
    made = to_onnx(case.model, case.inputs, batch_axis=case.axis)
    names = [x.name for x in made.graph.input]
    evaluator = reference.ReferenceEvaluator(made)
    for inputs in (case.inputs, larger(case)):
        given = evaluator.run(None, dict(zip(names, leaves_of(inputs), strict=True)))
        compare(given, wanted(case, inputs), 1e-6)


def test_the_tests_see_a_wrong_number():
    with pytest.raises(AssertionError):
        compare([np.array([1.0])], [np.array([1.0 + 1e-5])], 1e-6)


def test_files_are_text_that_a_person_reads(tmp_path):
    model = nn.Sequential(nn.Linear(2, 3, rng=np.random.default_rng(0)), nn.ReLU())
    path = export_python(model, np.ones((2, 2)), tmp_path / "predict.py")
    body = path.read_text(encoding="utf-8").partition("def predict")[2].partition("\n\n\n")[0]
    assert body == (
        '(x):\n    """What Sequential gives, after eval()."""\n'
        '    x = given("x", x, (None, 2), "float64")\n'
        "    # 0: Linear(2, 3)\n"
        '    v1 = x @ P["0.weight"].T + P["0.bias"]\n'
        "    # 1: ReLU()\n"
        "    v2 = np.maximum(v1, 0)\n"
        "    return v2"
    )
    assert Path(path).name == "predict.py"
