"""Two distributions of one import name, and why an engine is plain: folders as pip
leaves them, without pip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd
from micrograd import installed, plain

CONFLICT = (
    "micrograd 0.1.0 and micrograd-nd are both installed, and both are imported as `micrograd`: "
    "one overwrites or hides the other;\n"
    "remove both, then install micrograd-nd again: python -m pip uninstall --yes micrograd micrograd-nd"
)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty site-packages with our package in it."""
    folder = tmp_path / "site-packages"
    (folder / "micrograd").mkdir(parents=True)
    monkeypatch.setattr(installed, "PACKAGE", str(folder / "micrograd"))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lib"), str(folder)])
    return folder


@pytest.mark.parametrize("theirs", ["micrograd-0.1.0.dist-info", "micrograd-0.1.0-py3.11.egg-info"])
def test_both_in_one_folder(site, theirs):
    (site / theirs).mkdir()
    assert installed.conflict() == ""  # theirs alone: what runs here is not installed
    (site / "micrograd_nd-1.0.0.dev0.dist-info").mkdir()
    assert installed.conflict() == CONFLICT


def test_both_in_folders_of_their_own(site, tmp_path, monkeypatch):
    other = tmp_path / "user" / "site-packages"
    (other / "micrograd-0.1.0.dist-info").mkdir(parents=True)
    (site / "micrograd_nd-1.0.0.dev0.dist-info").mkdir()
    assert installed.conflict() == ""
    monkeypatch.setattr(sys, "path", [*sys.path, str(other), str(tmp_path / "missing" / "dist-packages")])
    assert installed.conflict() == CONFLICT


@pytest.mark.parametrize("name", ["micrograd_extra-1.0.dist-info", "micrograd-nd-1.0.dist-info", "micrograd-0.1.0"])
def test_others_of_a_similar_name(site, name):
    (site / "micrograd_nd-1.0.0.dev0.dist-info").mkdir()
    (site / name).mkdir()
    assert installed.conflict() == ""


def test_about_says_so(site):
    assert "\n" not in micrograd.about()
    for name in ("micrograd_nd-1.0.0.dev0.dist-info", "micrograd-0.1.0.dist-info"):
        (site / name).mkdir()
    assert micrograd.about().partition("\n")[2] == CONFLICT


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("import math\nimport micrograd\nimport micrograd.nn", "<string>:2: UserWarning: micrograd 0.1.0 and"),
        # pip has put their empty __init__.py in the place of ours
        ("open(INIT, 'w').close()\nfrom micrograd.nn import MLP", "UserWarning: micrograd 0.1.0 and"),
        ("open(INIT, 'w').close()\nfrom micrograd.cli import main\nmain(['--version'])", "micrograd 0.1.0 and"),
    ],
    ids=["import", "overwritten", "overwritten, command"],
)
def test_a_warning_at_import_once(tmp_path, program, line):
    folder = tmp_path / "site-packages"
    source = Path(micrograd.__file__).parent
    shutil.copytree(source, folder / "micrograd", ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.c", "*.pyd"))

    def said():
        command = [sys.executable, "-c", f"INIT = {str(folder / 'micrograd/__init__.py')!r}; {program}"]
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stderr

    assert said() == ""
    for name in ("micrograd_nd-1.0.0.dev0.dist-info", "micrograd-0.1.0.dist-info"):
        (folder / name).mkdir()
    text = said()
    assert line in text
    assert text.count("UserWarning") == 1
    assert CONFLICT.splitlines()[1] in text


# Why the engine is plain


def wheel(site, text):
    record = site / "micrograd_nd-1.0.0.dev0.dist-info"
    record.mkdir()
    (record / "WHEEL").write_text(text, encoding="utf-8")


def test_plain_as_no_compiler_worked(site, monkeypatch):
    wheel(site, "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n")
    reason = (
        "because no C compiler worked when it was installed; get one (gcc, clang or MSVC, and Python's headers), "
        "then install again with pip's --force-reinstall --no-cache-dir"
    )
    assert installed.why_plain() == reason
    monkeypatch.setattr(plain, "is_compiled", lambda module: False)
    monkeypatch.setattr(plain, "ASKED_FOR", False)
    assert micrograd.about().endswith(f": the plain engine, {reason}")


def test_plain_as_the_wheel_is_for_every_platform(site):
    wheel(site, "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    assert (
        installed.why_plain()
        == "because the wheel for all platforms is installed, and it does not contain a compiled engine; "
        "install again without MICROGRAD_PURE on a machine with a C compiler"
    )


def test_plain_as_it_runs_from_its_source(site):
    assert (
        installed.why_plain() == "because it runs from its source, which is not compiled; "
        "`python -m pip install -e .` compiles it if there is a C compiler"
    )


def test_a_folder_without_its_record(site):
    (site / "micrograd_nd-1.0.0.dev0.dist-info").mkdir()
    assert installed.why_plain().startswith("because no C compiler worked when it was installed; ")


# The surface


def test_dir_is_complete():
    listed = dir(micrograd)
    assert listed == sorted(set(listed))
    assert set(micrograd.__all__) <= set(listed)
    assert {"about", "__version__", "__all__", "__doc__", "__file__", "__path__"} <= set(listed)
    assert not {"TYPE_CHECKING", "annotations", "lazy_loader", "plain", "installed"} & set(listed)
    for name in listed:
        assert hasattr(micrograd, name), name


def test_dir_names_every_public_room():
    inner = set(
        "alignment anomaly argnums arrays asked batch batched captures cells chain cli compiled compiling copies "
        "cotangents cycles deferred demo doubles exact expressions facts fields floats folding formula gathering "
        "gradients heap installed integers interpreter leaves levels memory modes node notebook on_demand operands "
        "plain playing pure quiet reading record reverse sandboxed sources sparsity spelling stale table traced "
        "tracing unchecked unknown walking walks".split()
    )
    found = {path.stem for path in Path(micrograd.__file__).parent.glob("[a-z]*") if path.suffix in ("", ".py")}
    assert found - inner == found & set(dir(micrograd)), "a new room: name it in micrograd/__init__.pyi, or here"
    assert inner <= found, "gone: drop them here"


def test_a_conflict_is_said_once_in_a_process(monkeypatch):
    monkeypatch.setattr(installed, "_has_warned", False)
    monkeypatch.setattr(installed, "conflict", lambda: "two of that name")
    with pytest.warns(UserWarning, match="^two of that name$") as caught:
        installed.warn_of_conflict()
        installed.warn_of_conflict()
    assert len(caught) == 1
