"""The pages of docs/: the table of ops is the one that the records give; a claim names
a test that there is.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import OpError
from micrograd.ops import OPS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def script(name: str) -> Any:
    """A program of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def claims_of(text: str) -> list[tuple[str, str]]:
    """Names of tests on a page, each with the file that its link leads to."""
    return re.findall(r"\[`(test_\w+)`\]\(([\w./]+)\)", text)


def has_test(path: Path, name: str) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.walk(tree))


def test_the_table_of_ops_is_up_to_date() -> None:
    wanted = script("make_tables").page()
    assert (DOCS / "ops.md").read_text(encoding="utf-8") == wanted, "run `python docs/make_tables.py`"


def test_the_page_of_numpys_functions_is_up_to_date() -> None:
    """Another NumPy than the page's has other functions; those that both have are the
    same.
    """
    lines = (DOCS / "numpy.md").read_text(encoding="utf-8").splitlines()
    written = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
    wanted = {name: line for name, line in script("make_numpy").rows().items() if name in written}
    assert len(wanted) > 350
    assert {name: written[name] for name in wanted} == wanted, "run `python docs/make_numpy.py`"
    if f"those of NumPy {np.__version__}." in lines:
        assert "\n".join(lines) + "\n" == script("make_numpy").page(), "run `python docs/make_numpy.py`"


@pytest.mark.filterwarnings("ignore")
def test_what_is_refused_on_the_page_is_refused_with_these_words() -> None:
    """Called with one, two or three Values, none of these answers; those that NumPy
    hands over say why.
    """
    page, told = script("make_numpy"), 0
    for name, function in page.functions().items():
        what, why = page.fate_of(name, function)
        assert why, name
        if what != "refused":
            continue
        for count in (1, 2, 3, 4):
            with pytest.raises(Exception) as caught:  # NumPy's own errors among them
                function(*[Value([1.0, 2.0])] * count)
            if isinstance(caught.value, OpError):
                assert why in str(caught.value)
                told += 1
                break
        else:
            pytest.fail(f"{name} is not refused by us: {caught.value!r}")
    assert told > 50


def test_the_table_has_every_op_and_every_rule() -> None:
    page = script("make_tables").page()
    ours = [op for op in OPS.values() if op.__module__.startswith("micrograd.ops.")]
    for op in ours:
        assert f"| `{op.name}(" in page
    assert page.count("| `") == 2 * len(ours)  # a row each: the call and the symbol
    assert "a lambda" not in page  # a rule whose source was not found


def test_a_rule_is_shown_as_it_is_written() -> None:
    source_of = script("make_tables").source_of
    assert source_of(OPS["tanh"].rules[0]) == "1.0 - z * z"
    assert source_of(OPS["divide"].rules[1]) == "divide(-z, y)"
    assert source_of(OPS["matmul"].rules[0]) == "_matmul_left"


def test_every_extra_is_told_at_the_start() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    rows = re.findall(r"^\| (`.*) \|.*\|$", (DOCS / "start.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(extras)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_are_named_exist(page: Path) -> None:
    missing = [
        (name, link)
        for name, link in claims_of(page.read_text(encoding="utf-8"))
        if not (page.parent / link).is_file() or not has_test(page.parent / link, name)
    ]
    assert missing == []


def test_the_reader_of_claims_finds_what_is_missing() -> None:
    text = "0: [`test_no_such_test`](../tests/test_docs.py), [`test_tests_that_are_named_exist`](../tests/test_docs.py)"
    found = [has_test(DOCS / link, name) for name, link in claims_of(text)]
    assert found == [False, True]


def test_every_row_of_features_shows_a_test_of_ours() -> None:
    rows = re.findall(r"^\| (?!\|)(.+) \|$", (DOCS / "features.md").read_text(encoding="utf-8"), re.MULTILINE)
    rows = [re.split(r"\s*\|\s*", row) for row in rows if not row.startswith("micrograd")]
    assert len(rows) > 15
    unshown = [row[0] for row in rows if row[1] and not claims_of(row[1]) and "the same test" not in row[1]]
    assert unshown == []
