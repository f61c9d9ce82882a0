"""Functions of several numbers at once: which are there, and that they are right."""

from __future__ import annotations

import ctypes
import platform
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.compiling import c_vectors, cache, compilers, objects, vectors


@pytest.fixture(scope="module")
def there():
    """All functions that have a vector form here."""
    names = vectors.available([name + end for name in vectors.NAMES for end in ("", "f")])
    if not names:
        pytest.skip("there is no libmvec here, or no compiler that knows of it")
    return names


@pytest.fixture
def nothing_known(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(vectors, "_known", {})
    monkeypatch.setattr(objects, "_loaded", {})


def test_the_first_of_them_are_there(there):
    assert {"exp", "log", "sin", "cos", "pow", "expf", "powf"} <= there


def test_exact_programs_use_none():
    assert vectors.available(["tanh", "exp"], exact=True) == frozenset()


@pytest.mark.parametrize("names", [[], ["sqrt"], ["micrograd_f", "f", "", "tanhl", "fabs"]])
def test_functions_without_a_vector_form(names):
    assert vectors.available(names) == frozenset()


def test_without_a_compiler(monkeypatch, tmp_path):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert vectors.available(["tanh"]) == frozenset()


@pytest.mark.parametrize("name", ["tanh", "exp", "tanhf", "expf"])
def test_a_loop_uses_them(there, name):
    if name not in there:
        pytest.skip(f"there is no vector form of {name} here")
    kind, type_ = (ctypes.c_float, "float") if name.endswith("f") else (ctypes.c_double, "double")
    text = (
        f"{vectors.declared(frozenset({name}))}{objects.EXPORTED} void micrograd_f(int n, const {type_} *restrict x,"
        f" {type_} *restrict z)\n{{\n    for (int i = 0; i < n; i++) z[i] = {name}(x[i]);\n}}\n"
    )
    library = objects.loaded(text, libraries=vectors.LIBRARIES)
    x = np.linspace(-3.0, 3.0, 1000).astype(kind)
    z = np.zeros_like(x)
    library.micrograd_f(len(x), *[a.ctypes.data_as(ctypes.c_void_p) for a in (x, z)])
    wanted = getattr(np, name.removesuffix("f"))(x.astype(float))
    assert np.abs(z / wanted - 1.0).max() < 4.0 * np.finfo(x.dtype).eps
    assert b"_ZGV" in Path(library._name).read_bytes()  # the loop does not call the plain function


@pytest.mark.parametrize("damage", ["nan", "infinity", "a bit too large", "sign"])
def test_one_that_computes_wrongly_is_not_used(there, nothing_known, monkeypatch, damage):
    # A loop that is wrong for a few numbers stands for a wrong vector form of exp.
    wrong = {
        "nan": "x[i] != x[i] ? 0.0 : exp(x[i])",
        "infinity": "exp(x[i] > 1e4 ? 1e2 : x[i])",
        "a bit too large": "exp(x[i]) * (1.0 + 4e-15)",
        "sign": "-exp(x[i])",
    }[damage]
    loops = vectors._loops
    monkeypatch.setattr(
        vectors, "_loops", lambda name: loops(name).replace("many[i] = exp(x[i])", f"many[i] = {wrong}")
    )
    assert vectors.available(["exp", "log"]) == {"log"}


def test_what_is_known_is_kept(there, nothing_known, monkeypatch):
    assert vectors.available(["exp", "log"]) == {"exp", "log"}
    monkeypatch.setattr(vectors, "_known", {})
    asked = []
    looked = vectors._in_libmvec
    monkeypatch.setattr(vectors, "_in_libmvec", lambda names: asked.append(names) or looked(names))
    assert vectors.available(["exp", "log"]) == {"exp", "log"}
    assert asked == []
    assert vectors.available(["exp", "sin"]) == {"exp", "sin"}
    assert asked == [{"sin"}]


def test_a_compiler_that_does_not_know_of_them(there, nothing_known, tmp_path, monkeypatch):
    compiler, _ = compilers.found()
    path = tmp_path / "cc"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(compiler.words)} "-D__has_attribute(name)=0" "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("CC", str(path))
    assert vectors.available(["exp", "log"]) == frozenset()


def test_declarations():
    assert vectors.declared(frozenset()) == ""
    assert vectors.declared(frozenset({"tanh", "hypot", "erff"})).splitlines() == [
        '__attribute__((simd("notinbranch"), const)) float erff(float);',
        '__attribute__((simd("notinbranch"), const)) double hypot(double, double);',
        '__attribute__((simd("notinbranch"), const)) double tanh(double);',
    ]


def test_which_loops_take_the_widest_vectors():
    compiled = micrograd.compile(lambda x, y: (x.tanh(), y * 2.0))
    compiled(Value(np.ones(500)), Value(np.ones(50)))
    heads = [line for line in compiled.source.splitlines() if "_loops(" in line and line.endswith("{")]
    wide = [line for line in heads if line.startswith("WIDE static void")]
    assert 0 < len(wide) < len(heads)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="another processor")
def test_the_widest_vectors_of_gcc(there, tmp_path):
    compiler, _ = compilers.found()
    if "expf" not in there or not compiler.version.startswith("gcc"):
        pytest.skip("this is another compiler")
    loop = "for (int i = 0; i < 1024; i++) z[i] = expf(x[i]);"
    text = f"WIDE static void f(const float *restrict x, float *restrict z) {{ {loop} }}\n"
    text += "void micrograd_f(float *x, float *z) { f(x, z); }\n"
    (tmp_path / "wide.c").write_text(c_vectors.WIDE + vectors.declared(frozenset({"expf"})) + text)
    command = [*compiler.words, *compiler.flags, "-mavx512f", "-S", "wide.c", "-o", "wide.s"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert "_ZGVeN16v_expf" in (tmp_path / "wide.s").read_text()
