"""What pip and browsers get: the source distribution and the wheels, what is in them,
and that they run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import micrograd
from micrograd import compiled

ROOT = Path(__file__).parents[1]
MADE = (
    ".git",
    ".venv*",
    "build",
    "dist",
    "demo",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    ".coverage*",
    "*.so",
    "*.c",
)
FOLDERS = ("micrograd", "tests", "docs", "examples", "benchmarks", ".ci", ".github")
NAME = f"micrograd_nd-{micrograd.__version__}"


def run(*command, **options):
    """What a program prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, with what builds and editors have left in it."""
    tree = tmp_path_factory.mktemp("tree") / "micrograd"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*MADE))
    for left in ("micrograd/engine.c", "micrograd/ops/operators.cpython-311.so", "tests/seen.pyc", "build/lib/old.py"):
        (tree / left).parent.mkdir(parents=True, exist_ok=True)
        (tree / left).write_text("left from an earlier build")
    return tree


def names_in(archive):
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as source:
        return {member.name.partition("/")[2] for member in source.getmembers() if member.isfile()}


# Without the network: what is in them


@pytest.fixture(scope="module")
def plain_build(tree, tmp_path_factory):
    """Folder with the source distribution, and the plain wheel made from it."""
    pytest.importorskip("build")
    pytest.importorskip("setuptools", minversion="77")
    out = tmp_path_factory.mktemp("plain")
    environment = {**os.environ, "MICROGRAD_PURE": "1"}
    run(
        *(sys.executable, "-m", "build", "--no-isolation", "--skip-dependency-check", "--outdir", str(out), str(tree)),
        env=environment,
    )
    return out


def test_the_switch_makes_a_wheel_for_every_platform(plain_build):
    assert sorted(path.name for path in plain_build.iterdir()) == [f"{NAME}-py3-none-any.whl", f"{NAME}.tar.gz"]


def test_the_wheel_holds_the_package_alone(plain_build, tree):
    names = names_in(plain_build / f"{NAME}-py3-none-any.whl")
    kinds = (".py", ".pyi", ".pxd", ".h", ".typed", ".js", ".css", ".json", ".txt", ".html", ".svg")
    package = {path.relative_to(tree).as_posix() for path in (tree / "micrograd").rglob("*") if path.suffix in kinds}
    assert {name for name in names if not name.startswith(f"{NAME}.dist-info/")} == package
    assert {"micrograd/see/page/page.js", "micrograd/see/page/vendor/dagre.LICENSE.txt"} <= names
    assert {"micrograd/playing/page/index.html", "micrograd/playing/page/icon.svg"} <= names
    assert {"micrograd/engine.py", "micrograd/py.typed", "micrograd/ops/operators.pxd"} <= names
    assert {"micrograd/__init__.pyi", "micrograd/ops/__init__.pyi", "micrograd/numpy/linalg.pyi"} <= names


def test_the_source_distribution_holds_what_its_tests_need(plain_build, tree):
    names = names_in(plain_build / f"{NAME}.tar.gz")
    left = (".c", ".so", ".pyc")
    files = {
        path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file() and path.suffix not in left
    }
    in_folders = {name for name in files if name.startswith(tuple(f"{folder}/" for folder in FOLDERS))}
    assert in_folders <= names
    top = {
        "Makefile",
        "conftest.py",
        "pyproject.toml",
        "setup.py",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "MANIFEST.in",
    }
    assert top <= names
    made = {name for name in names - files if not name.startswith("micrograd_nd.egg-info/")}
    assert made == {"PKG-INFO", "setup.cfg"}
    assert not {name for name in names if name.endswith(left) or name.startswith("build/")}


def test_what_is_promised_is_what_is_tested():
    """The oldest NumPy of pyproject.toml is in the workflow, and each Python of its
    classifiers.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    workflow = (ROOT / ".github/workflows/checks.yml").read_text(encoding="utf-8")
    oldest = {word for line in project["dependencies"] for word in re.findall(r"^numpy>=([\d.]+)", line)}
    assert oldest == set(re.findall(r'numpy: "([\d.]+)"', workflow)) == {"2.2.0", "2.3.2"}
    tested = re.findall(r'"(3\.\d+)"', re.search(r"python: \[(.*)\]", workflow)[1])
    seen = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert seen == ["3.11", "3.12", "3.13"]
    assert set(seen) <= set(tested)
    assert re.search(r"for version in (.*);", (ROOT / ".ci/matrix").read_text(encoding="utf-8"))[1].split() == tested


def test_each_command_of_the_makefile_has_its_lines():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"^#   make (\S+)", text, re.MULTILINE)
    assert set(named) == set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert [name for name in named if not re.search(rf"^{name}:", text, re.MULTILINE)] == []


# With the network: that they install and run


ASK = (
    "import micrograd; from micrograd import Value; x = Value(3.0); (x * x).backward(); "
    "print(micrograd.about()); print(x.grad); import numpy; print(Value(numpy.ones(3)).exp().sum().shape)"
)
COMPILED = ": the compiled engine; MICROGRAD_PURE=1 in the environment takes the plain one"
NO_COMPILER = ": the plain engine, because no C compiler worked when it was installed; get one"
EVERY_PLATFORM = ": the plain engine, because the wheel for all platforms is installed"


@pytest.fixture(scope="module")
def source(tree, tmp_path_factory):
    """The source distribution, built as anybody would."""
    out = tmp_path_factory.mktemp("source")
    run(sys.executable, "-m", "build", "--sdist", "--outdir", str(out), str(tree))
    return out / f"{NAME}.tar.gz"


class Environment:
    """A clean environment, and what is installed there."""

    def __init__(self, folder):
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.programs = folder / ("Scripts" if os.name == "nt" else "bin")
        self.variables = {name: x for name, x in os.environ.items() if name not in ("PYTHONPATH", "MICROGRAD_PURE")}

    def python(self, *arguments, **variables):
        return run(str(self.programs / "python"), *arguments, cwd=self.folder, env=self.variables | variables)

    def install(self, *what, **variables):
        self.python("-m", "pip", "install", "--quiet", "--no-cache-dir", *map(str, what), **variables)

    def warned(self, program):
        command = [str(self.programs / "python"), "-c", program]
        done = subprocess.run(command, cwd=self.folder, env=self.variables, capture_output=True, text=True, check=False)
        return done.stderr


def wheel_from(source, folder, **variables):
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir"]
    run(*command, str(folder), str(source), env={**os.environ, **variables})
    (wheel,) = folder.glob("*.whl")
    return wheel


def is_c(name):
    return name.endswith((".so", ".pyd", ".c", ".o"))


@pytest.mark.install
@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler here")
def test_with_a_compiler(source, tmp_path):
    wheel = wheel_from(source, tmp_path)
    assert "none-any" not in wheel.name
    made = {name.partition(".")[0] for name in names_in(wheel) if is_c(name)}
    assert made == {name.replace(".", "/") for name in compiled.COMPILED}
    assert not [name for name in names_in(wheel) if name.endswith((".c", ".o"))]
    environment = Environment(tmp_path / "environment")
    environment.install(wheel)
    about, *rest = environment.python("-c", ASK).splitlines()
    assert about.endswith(COMPILED)
    assert rest == ["6.0", "()"]
    assert environment.python("-m", "micrograd", "--version") == f"micrograd-nd {micrograd.__version__}\n"
    assert run(str(environment.programs / "micrograd"), "--version") == f"micrograd-nd {micrograd.__version__}\n"


@pytest.mark.install
@pytest.mark.skipif(os.name != "posix", reason="CC names the compiler on POSIX")
@pytest.mark.parametrize("way", ["one that fails", "none on the path", "one that fails in the middle"])
def test_without_a_compiler(source, tmp_path, way):
    variables = {"CC": "/bin/false"}
    if way == "none on the path":
        variables = {"PATH": str(Path(sys.executable).parent)}
        assert not shutil.which("cc", path=variables["PATH"])
    elif way == "one that fails in the middle":
        if not shutil.which("cc"):
            pytest.skip("there is no C compiler here")
        compiler = tmp_path / "compiler"
        compiler.write_text('#!/bin/sh\ncase "$*" in *engine.c*) exit 1;; esac\nexec cc "$@"\n')
        compiler.chmod(0o755)
        variables = {"CC": str(compiler)}
    wheel = wheel_from(source, tmp_path, **variables)
    assert not [name for name in names_in(wheel) if is_c(name)]
    if way == "one that fails in the middle":
        return
    environment = Environment(tmp_path / "environment")
    environment.install(wheel)
    about, *rest = environment.python("-c", ASK).splitlines()
    assert NO_COMPILER in about
    assert rest == ["6.0", "()"]


@pytest.mark.install
def test_beside_the_micrograd_of_pypi(source, tmp_path):
    wheel = wheel_from(source, tmp_path, MICROGRAD_PURE="1")
    assert wheel.name == f"{NAME}-py3-none-any.whl"
    environment = Environment(tmp_path / "environment")
    environment.install("micrograd==0.1.0")
    environment.install(wheel)
    about, conflict, *_ = environment.python("-c", ASK).splitlines()
    assert EVERY_PLATFORM in about
    assert conflict.startswith(
        "micrograd 0.1.0 and micrograd-nd are both installed, and both are imported as `micrograd`"
    )
    assert environment.warned("import micrograd").startswith(
        "<string>:1: UserWarning: micrograd 0.1.0 and micrograd-nd"
    )
    environment.install("--force-reinstall", "--no-deps", "micrograd==0.1.0")  # now theirs lie on ours
    assert "UserWarning: micrograd 0.1.0 and micrograd-nd" in environment.warned("from micrograd.nn import MLP")
    environment.python("-m", "pip", "uninstall", "--quiet", "--yes", "micrograd", "micrograd-nd")  # the repair
    environment.install("--no-deps", wheel)
    assert environment.warned(ASK) == ""


@pytest.mark.install
def test_the_source_distribution_installs_and_its_tests_run(source, tmp_path):
    environment = Environment(tmp_path / "environment")
    environment.install(source, MICROGRAD_PURE="1")  # the wheels above are compiled from it
    about, *rest = environment.python("-c", ASK).splitlines()
    assert EVERY_PLATFORM in about
    assert rest == ["6.0", "()"]
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    tests = ["tests/test_docs.py", "tests/test_readme.py", "tests/test_imports.py", "tests/test_examples.py"]
    run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests),
        cwd=tmp_path / NAME,
        env={**os.environ, "MICROGRAD_PURE": "1"},
    )
