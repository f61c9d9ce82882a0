"""The files: run as programs, wrong inputs, paths that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from micrograd import export_js, export_python, nn, to_onnx
from micrograd.errors import ArgumentError, ExportError, MissingExtraError

NODE = shutil.which("node")
RNG = np.random.default_rng(5)
X = RNG.normal(size=(4, 3))
MODEL = nn.Sequential(nn.Linear(3, 40, rng=RNG), nn.Tanh(), nn.Linear(40, 2, rng=RNG))
EXPORTS = [(export_python, "predict.py"), (export_js, "model.js")]


def right(x=X):
    return MODEL(x).data


@pytest.fixture
def predict(tmp_path):
    """The program, and a way to run it without micrograd."""
    path = export_python(MODEL, X, tmp_path / "predict.py")

    def run(*arguments):
        command = [sys.executable, "-I", str(path), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)

    return run


def test_a_program_reads_csv_and_npy(predict, tmp_path):
    np.save(tmp_path / "X.npy", X)
    np.savetxt(tmp_path / "X.csv", X, delimiter=",", fmt="%.17g")
    for name in ("X.npy", "X.csv"):
        ran = predict(name)
        assert not ran.stderr
        np.testing.assert_array_equal(np.loadtxt(ran.stdout.splitlines(), delimiter=","), right())
    assert "usage: python" in predict().stderr
    assert predict().returncode == 1


def test_a_file_of_python_imports_numpy_and_nothing_of_ours(tmp_path):
    text = export_python(MODEL, X, tmp_path / "predict.py").read_text(encoding="utf-8")
    imports = [line for line in text.splitlines() if line.startswith(("import", "from"))]
    assert imports == ["import base64", "import sys", "import numpy as np"]
    assert "from predict import predict" in text
    assert "y: (n, 2) float64" in text


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (X[:, :2], "predict: x has the shape (4, 2); give (n, 3)"),
        (X[0], "predict: x has the shape (3,); give (n, 3)"),
        (X * 1j, "predict: x holds complex128; give float64"),
    ],
)
def test_wrong_inputs_of_python(x, error, tmp_path):
    room = {"__name__": "predict"}
    exec(export_python(MODEL, X, tmp_path / "predict.py").read_text(encoding="utf-8"), room)
    with pytest.raises((ValueError, TypeError)) as caught:
        room["predict"](x)
    assert str(caught.value) == error


def test_rows_that_are_not_there(tmp_path):
    room = {"__name__": "predict"}
    path = export_python(nn.Embedding(5, 2, rng=RNG), np.array([[0, 1]]), tmp_path / "predict.py")
    exec(path.read_text(encoding="utf-8"), room)
    for row in (5, -1):
        with pytest.raises(IndexError, match=f"predict: there is no row {row}; give whole numbers from 0 to 4"):
            room["predict"](np.array([[row, 0]]))
    with pytest.raises(TypeError, match="predict: x holds float64; give int64"):
        room["predict"](np.array([[1.0, 0.0]]))


def node(text, tmp_path):
    """What node prints when it runs this module."""
    command = [str(NODE), "--input-type=module", "-e", text]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_a_module_of_javascript(tmp_path):
    (tmp_path / "package.json").write_text('{"type": "module"}')
    export_js(MODEL, X, tmp_path / "model.js")
    calls = [
        ("[[1, 2]]", "RangeError: predict: x has the shape (1, 2); give (n, 3)"),
        ("[1, 2, 3]", "RangeError: predict: x has the shape (3); give (n, 3)"),
        ("[[1, 2, 3], [4]]", "TypeError: predict: x is not made of numbers in nested arrays of equal lengths"),
        ("[['a', 'b', 'c']]", "TypeError: predict: x is not made of numbers in nested arrays of equal lengths"),
        ("undefined", "TypeError: predict: x is not made of numbers in nested arrays of equal lengths"),
        ("{ shape: [2, 3], data: [1, 2] }", "RangeError: predict: x has the shape (2, 3); give (n, 3)"),
        ("{ shape: [1, 3], data: new Float32Array(3) }", "1,2 2"),
        ("[new Float64Array(3)]", "1,2"),
    ]
    text = 'import { predict } from "./model.js";\n'
    for given, _ in calls:
        text += (
            f"try {{ const y = predict({given}); console.log(y.data ? `${{y.shape}} ${{y.data.length}}` : "
            "`${y.length},${y[0].length}`); } catch (error) { console.log(String(error)); }\n"
        )
    ran = node(text, tmp_path)
    assert not ran.stderr
    assert ran.stdout.splitlines() == [said for _, said in calls]


def test_a_module_of_javascript_asks_for_nothing(tmp_path):
    text = export_js(MODEL, X, tmp_path / "model.js").read_text(encoding="utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("//"))
    assert not any(word in code for word in ("import", "eval(", "Function(", "require", "fetch", "process", "window."))
    assert code.count("export function predict(x)") == 1


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_float32_in_javascript(tmp_path):
    model = nn.Sequential(nn.Linear(3, 40, dtype="float32", rng=RNG), nn.Tanh())
    export_js(model, X.astype("float32"), tmp_path / "model.mjs")
    ran = node(
        f'import {{ predict }} from "./model.mjs"; console.log(JSON.stringify(predict({X.tolist()})));', tmp_path
    )
    given = np.array(eval(ran.stdout))
    assert np.array_equal(given, given.astype("float32"))
    np.testing.assert_allclose(given, model(X.astype("float32")).data, rtol=1e-5, atol=1e-6)


# Paths


@pytest.mark.parametrize(("export", "name"), EXPORTS, ids=["python", "js"])
def test_paths(export, name, tmp_path):
    asked, suffix = export.__name__, name[name.index(".") :]
    with pytest.raises(ArgumentError, match=rf"{asked}: 'model.txt' does not end in \{suffix}"):
        export(MODEL, X, "model.txt")
    with pytest.raises(ArgumentError, match=f"{asked}: path is a int; give a str or a Path"):
        export(MODEL, X, 3)
    with pytest.raises(ExportError, match=f"{asked}: .* cannot be written: No such file or directory"):
        export(MODEL, X, tmp_path / "none" / name)
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(ExportError, match=f"{asked}: .* cannot be written: Is a directory"):
        export(MODEL, X, tmp_path / f"folder{suffix}")


@pytest.mark.parametrize(("export", "name"), EXPORTS, ids=["python", "js"])
def test_an_older_file_stays_whole(export, name, tmp_path, monkeypatch):
    path = tmp_path / name
    path.write_text("older")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ExportError, match="No space left on device"):
        export(MODEL, X, path)
    assert path.read_text() == "older"
    assert [file.name for file in tmp_path.iterdir()] == [name]
    with pytest.raises(ExportError):
        export(lambda x: float(x[0, 0]), X, path)
    assert path.read_text() == "older"


# ONNX


def test_a_model_of_onnx(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    made = to_onnx(MODEL, X, tmp_path / "model.onnx")
    read = onnx.load(tmp_path / "model.onnx")
    assert read == made
    assert (read.opset_import[0].version, read.ir_version, read.producer_name) == (18, 8, "micrograd")
    assert [node.op_type for node in read.graph.node] == ["Gemm", "Tanh", "Gemm", "Identity"]
    assert [node.name.partition("/")[0] for node in read.graph.node[:3]] == ["0", "1", "2"]
    assert [x.name for x in read.graph.initializer] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [d.dim_param or d.dim_value for d in read.graph.input[0].type.tensor_type.shape.dim] == ["n", 3]
    weight = onnx.numpy_helper.to_array(read.graph.initializer[0])
    assert weight.tobytes() == MODEL[0].weight.data.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_keep_their_dtype_in_onnx(dtype):
    reference = pytest.importorskip("onnx.reference", reason="onnx is not installed")
    model = nn.Sequential(nn.Conv1d(3, 4, 2, dtype=dtype, rng=RNG), nn.ELU(), nn.AvgPool1d(2))
    x = RNG.normal(size=(2, 3, 5)).astype(dtype)
    (given,) = reference.ReferenceEvaluator(to_onnx(model, x)).run(None, {"x": x})
    assert given.dtype == dtype
    np.testing.assert_allclose(given, model(x).data, rtol=1e-6, atol=1e-6)


def test_convolutions_and_pools_are_operators_of_onnx():
    pytest.importorskip("onnx", reason="onnx is not installed")
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, rng=RNG), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    kinds = [node.op_type for node in to_onnx(model, RNG.normal(size=(2, 1, 6, 6))).graph.node]
    assert kinds == ["Conv", "Reshape", "Add", "Relu", "MaxPool", "Reshape", "Identity"]


def test_without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as error:
        to_onnx(MODEL, X)
    assert str(error.value) == (
        "to_onnx: the package onnx is not installed; pip install 'micrograd-nd[onnx]', or pip install onnx"
    )
