"""docs/grader.md: its table of slips is the one that runs."""

from __future__ import annotations

import re
from pathlib import Path

from micrograd.grading.slips import SLIPS
from micrograd.see.wrong_engines import ENGINES

PAGE = (Path(__file__).parents[2] / "docs" / "grader.md").read_text(encoding="utf-8")


def test_the_table_has_every_slip_and_its_words():
    words: dict[str, str] = {}
    for slip, engine in {**ENGINES, **SLIPS}.items():
        words.setdefault(engine.advice, slip)
    wanted = {slip: advice for advice, slip in words.items() if slip != "no-unbroadcast"}  # of arrays
    table = PAGE.partition("| slip | what the report says |\n|---|---|\n")[2].partition("\n\n")[0]
    assert {slip: said.replace("\\", "") for slip, said in re.findall(r"\| `(.+?)` \| (.+) \|", table)} == wanted
