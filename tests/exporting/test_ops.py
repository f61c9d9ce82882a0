"""Every op that a format has words for, on the samples of the table."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from micrograd import export_python
from micrograd.errors import ExportError
from micrograd.exporting import js_lines, numpy_lines, onnx_loops, onnx_nodes
from micrograd.exporting.javascript import js_of
from micrograd.exporting.onnx_model import model_of
from micrograd.exporting.python import python_of
from micrograd.exporting.reading import read
from micrograd.ops import OPS
from tests.samples import SAMPLES

NODE = shutil.which("node")
LARGER = {"padded", "conv", "max_pool"}  # made of several ops
OF_PYTHON = set(numpy_lines.LINES)
OF_JS = {*js_lines.LINES, *js_lines.ELEMENTS}
OF_ONNX = {*onnx_nodes.SAME, *onnx_nodes.QUESTIONS, *onnx_nodes.TRUTHS, *onnx_nodes.ROWS, *onnx_loops.LOOPS}
# onnx's reference evaluator cannot run these, which are right by the standard:
# softsign of one number, and a sum of nothing
UNRUN = {"softsign()", "overlap_add(0,2,2)lengths=(3,),stride=(1,),dilation=(1,)"}


def samples_of(named: set[str]) -> list[Any]:
    return [sample for sample in SAMPLES if sample.op in named]


def ops_of(named: set[str]) -> list[str]:
    """A test for each op: one for each sample takes pytest longer than the op."""
    return list(dict.fromkeys(sample.op for sample in samples_of(named)))


def program(sample: Any) -> tuple[Any, list[Any], Any]:
    op, inputs = OPS[sample.op], [np.asarray(x) for x in sample.inputs]
    made = read("export", lambda *xs: op(*xs, **sample.params), tuple(inputs), None)
    return made, inputs, np.asarray(op(*inputs, **sample.params))


def is_refused(sample: Any) -> bool:
    """Whether JavaScript and ONNX have no words for an index."""
    index = sample.params.get("index")
    entries = index if isinstance(index, tuple) else (index,)
    arrays = [x for x in entries if isinstance(x, (list, np.ndarray)) and np.ndim(x)]
    is_mask = any(np.asarray(x).dtype == bool and np.ndim(x) > 1 for x in arrays)
    mixes = bool(arrays) and any(isinstance(x, (int, np.integer)) for x in entries)
    return sample.op == "getitem" and (len(arrays) > 1 or is_mask or mixes or any(x is True for x in entries))


def test_every_op_of_a_format_is_an_op():
    for named in (OF_PYTHON, OF_JS, OF_ONNX):
        assert named - LARGER - {"_in_bounds"} <= set(OPS)


@pytest.mark.parametrize("op", ops_of(OF_PYTHON))
def test_python(op):
    for sample in samples_of({op}):
        made, inputs, right = program(sample)
        room: dict[str, Any] = {"__name__": "predict"}
        exec(python_of(made), room)
        with np.errstate(all="ignore"):
            given = np.asarray(room["predict"](*inputs))
        assert given.shape == right.shape, sample
        assert given.dtype == right.dtype, sample
        np.testing.assert_allclose(given, right, rtol=1e-12, atol=1e-13, err_msg=str(sample))


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_javascript(tmp_path):
    """All in one run of node. Arrays are given flat: so empty ones have a shape."""
    calls, wanted = [], []
    for i, sample in enumerate(samples_of(OF_JS)):
        made, inputs, right = program(sample)
        if is_refused(sample):
            with pytest.raises(ExportError, match="export_js: an index by "):
                js_of(made)
            continue
        (tmp_path / f"op{i}.mjs").write_text(js_of(made), encoding="utf-8")
        given = [{"shape": x.shape, "data": x.reshape(-1).astype(float).tolist()} for x in inputs]
        calls.append({"file": f"./op{i}.mjs", "inputs": given})
        wanted.append((str(sample), right))
    (tmp_path / "calls.mjs").write_text(f"export default {json.dumps(calls)};")
    (tmp_path / "run.mjs").write_text(
        'import calls from "./calls.mjs";\nconst out = [];\n'
        "for (const { file, inputs } of calls) {\n"
        "  const { shape, data } = (await import(file)).predict(...inputs);\n"
        "  out.push({ shape, data: Array.from(data, String) });\n}\nconsole.log(JSON.stringify(out));\n"
    )
    ran = subprocess.run([str(NODE), str(tmp_path / "run.mjs")], capture_output=True, text=True, timeout=300)
    assert not ran.stderr
    for (name, right), result in zip(wanted, json.loads(ran.stdout), strict=True):
        given = np.array([float(x.replace("Infinity", "inf")) for x in result["data"]])
        assert tuple(result["shape"]) == right.shape, name
        np.testing.assert_allclose(given, right.reshape(-1), rtol=1e-12, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("op", ops_of(OF_ONNX))
def test_onnx(op):
    for sample in samples_of({op}):
        if str(sample) not in UNRUN:
            check_onnx(sample)


def check_onnx(sample):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx.reference import ReferenceEvaluator

    made, inputs, right = program(sample)
    if sample.op in onnx_loops.LOOPS or is_refused(sample):  # weights of a loop must be constants; see test_layers.py
        with pytest.raises(ExportError, match=r"to_onnx: (an index by |the op \w+ is not one of those)"):
            model_of(made)
        return
    model = model_of(made)
    onnx.checker.check_model(model, full_check=True)
    with np.errstate(all="ignore"):
        given = ReferenceEvaluator(model).run(None, dict(zip((x.name for x in made.inputs), inputs, strict=True)))[0]
    assert given.shape == right.shape, sample
    np.testing.assert_allclose(given, right, rtol=1e-6, atol=1e-7, err_msg=str(sample))


def test_an_op_without_words_is_refused_by_name(tmp_path):
    with pytest.raises(ExportError) as error:
        export_python(OPS["digamma"], np.ones(3), tmp_path / "predict.py")
    assert str(error.value) == (
        "export_python: the op digamma is not one of those that are written in NumPy;\n"
        "compute it outside of the model, or write it in other ops"
    )
