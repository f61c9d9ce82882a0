"""`micrograd grade file.py`: words, JSON, exit status; files that do not behave."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from micrograd.cli import main

ENGINE = (Path(__file__).parents[1] / "grading" / "learner.py").read_text(encoding="utf-8")
WRONG = ENGINE.replace("n * self.data ** (n - 1)", "n * self.data**n")
TWO = ["--upto", "2"]  # stages, where the file is what matters


@pytest.fixture
def graded(tmp_path, capfd):
    def run(source, *options, name="engine.py"):
        file = tmp_path / name
        file.write_text(source, encoding="utf-8")
        status = main(["grade", str(file), *options])
        return status, *capfd.readouterr()

    return run


def test_all_passed(graded):
    status, out, err = graded(ENGINE)
    assert (status, err) == (0, "")
    assert out.startswith("✓  1  Value(2.0)")
    assert "✓ 10  neurons, layers, networks" in out
    assert out.endswith("\nAll passed, with 2 limits.\n")


def test_a_slip(graded):
    status, out, err = graded(WRONG, "--upto", "4")
    assert (status, err) == (1, "")
    assert (
        "✗ a**3: gradient of a, with a = 1.7 and out.grad = 3: a.grad is 44.217; it is 3 * 8.67 = 26.01\n"
        "    the exponent is not lowered: d(a**n)/da = n a**(n-1)\n"
    ) in out
    assert out.endswith("\n1 check failed. Repair the first one first.\n")


def test_json(graded):
    status, out, _ = graded(WRONG, "--json", "--upto", "3")
    told = json.loads(out)
    assert (status, told["format"], told["version"], told["passed"], told["notes"]) == (
        1,
        "micrograd-grade",
        1,
        False,
        [],
    )
    assert told["points"] == pytest.approx(20 / 3)  # two of three stages
    (failed,) = [check for check in told["checks"] if not check["ok"]]
    assert failed == {
        "stage": 3,
        "name": "**",
        "ok": False,
        "status": "failed",
        "said": "a**3: gradient of a, with a = 1.7 and out.grad = 3: a.grad is 44.217; it is 3 * 8.67 = 26.01",
        "advice": ["the exponent is not lowered: d(a**n)/da = n a**(n-1)"],
        "slips": ["exponent-not-lowered"],
        "follows": "",
    }


# The file runs, then something happens: the status, what is printed of it

LINE = ENGINE.count("\n") + 1
NOTES = {
    "it prints": ("print('hello')", 0, ""),
    "it ends itself": ("import sys; sys.exit(3)", 0, f"note: engine.py, line {LINE}: the program ends itself here"),
    "it is a program": ("if __name__ == '__main__':\n    1 / 0", 0, ""),
    "it trains": (
        "while True:\n    Value(1.0) + 1",
        0,
        'stopped after 3 seconds; put a training under `if __name__ == "__main__":`',
    ),
    "a library is missing": (
        "import no_such_library",
        0,
        f"note: engine.py, line {LINE}: ModuleNotFoundError: No module named 'no_such_library'; what is ",
    ),
    "it raises": ("1 / 0", 1, f"✗ engine.py, line {LINE}: ZeroDivisionError: division by zero"),
    "it asks": ("input('a number? ')", 1, f"✗ engine.py, line {LINE}: EOFError: EOF when reading a line"),
    "it starts a thread": ("import threading, time; threading.Thread(target=lambda: time.sleep(99)).start()", 0, ""),
    "it changes the folder": (
        "import os; os.chdir('/'); del Value.tanh",
        0,
        "○ not there, and not asked for: a.tanh()",
    ),
    "it warns": ("import warnings; warnings.warn('now')", 0, ""),
}


@pytest.mark.parametrize("name", NOTES)
def test_a_file_that_does_more(graded, name):
    more, wanted, said = NOTES[name]
    status, out, err = graded(f"{ENGINE}{more}\n", *TWO, *(["--seconds", "9"] if name == "it trains" else []))
    assert (status, err) == (wanted, "")
    assert said in out
    assert "hello" not in out


STATUS_2 = {
    "no class": ("x = 1\n", "engine.py has no class Value; name yours, as --class Number"),
    "no Python": ("def\n", "engine.py, line 1: SyntaxError: invalid syntax; until there it has no class Value"),
    "no text": ("\0", "engine.py: "),
    "an error first": (
        f"1 / 0\n{ENGINE}",
        "engine.py, line 1: ZeroDivisionError: division by zero; until there it has no",
    ),
    "the end first": (
        f"exit()\n{ENGINE}",
        "engine.py, line 1: the program ends itself here; until there it has no class",
    ),
    "a crash": ("import os\nos.abort()\n", "engine.py: the process "),
    "our own class": (
        "from micrograd import Value\n",
        "engine.py: its Value is that of micrograd.engine; grade a class of",
    ),
}


@pytest.mark.parametrize("name", STATUS_2)
def test_a_file_that_cannot_be_graded(graded, name):
    source, said = STATUS_2[name]
    status, out, err = graded(source)
    assert (status, out) == (2, "")
    assert err.startswith(f"micrograd: grade: {said}")
    assert "Traceback" not in err


def test_what_json_says_of_it(graded):
    status, out, err = graded("x = 1\n", "--json")
    assert status == 2
    assert json.loads(out) == {
        "format": "micrograd-grade",
        "version": 1,
        "passed": False,
        "error": "engine.py has no class Value; name yours, as --class Number",
        "checks": [],
    }
    assert err == "micrograd: grade: engine.py has no class Value; name yours, as --class Number\n"


def test_no_file(tmp_path, capsys):
    assert main(["grade", str(tmp_path / "engine.py")]) == 2
    assert capsys.readouterr().err.endswith("engine.py: there is no such file\n")


def test_no_such_stage(graded):
    status, out, err = graded(ENGINE, "--upto", "11")
    assert (status, out, err) == (1, "", "micrograd: grade: --upto 11: there is no such stage; take 1 to 10\n")


def test_another_name(graded):
    source = ENGINE.replace("Value", "Number")
    assert graded(source, "--class", "Number", *TWO)[0] == 0


@pytest.mark.parametrize("name", ["micrograd.py", "random.py", "engine_1.5.py"])
def test_a_file_with_any_name(graded, name):
    assert graded(ENGINE, *TWO, name=name)[0] == 0


def notebook(*sources):
    """A notebook with these code cells, between them text."""
    text = {"cell_type": "markdown", "source": ["%text"]}
    code = [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources]
    return json.dumps({"nbformat": 4, "cells": [text, *code, text]})


# The cells of a notebook: the status, what is printed of it
NOTEBOOKS = {
    "magics": (
        ["%matplotlib inline\n!pip list\nimport math\nfiles = !ls\nmath?", "%%bash\nls", ENGINE],
        0,
        "All passed",
    ),
    "a timed cell": ([f"%%time\n{ENGINE}"], 0, "All passed"),
    "Python with a percent": (['"""\n%d\n"""\nx = 5\nx %= 3', ENGINE], 0, "All passed"),
    "what Jupyter shows": ([ENGINE, "display(Value(2.0))"], 0, "All passed"),
    "a cell that raises": (["1 / 0", ENGINE], 1, "✗ engine.ipynb, cell 1, line 1: ZeroDivisionError: division by zero"),
    "a cell with a slip of the pen": (["x = = 3", ENGINE], 1, "✗ engine.ipynb, cell 1, line 1: SyntaxError: invalid"),
    "a library is missing": (
        ["import no_such_library", ENGINE],
        0,
        "note: engine.ipynb, cell 1, line 1: ModuleNotFoundError: No module named 'no_such_library'; "
        "what is below in the cell was not run",
    ),
    "the last class counts": ([ENGINE.replace("self.data * other.data", "1.0"), ENGINE], 0, "All passed"),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook(graded, name):
    cells, wanted, said = NOTEBOOKS[name]
    status, out, err = graded(notebook(*cells), *TWO, name="engine.ipynb")
    assert (status, err) == (wanted, "")
    assert said in out


@pytest.mark.parametrize("options", [[], ["--sandboxed"]])
def test_what_is_not_a_notebook(graded, options):
    for source, said in (
        ("{}", "it has no cells; a notebook is JSON of version 4"),
        ("x = 1", "Expecting value: "),
        ('{"cells": [3]}', "a cell has no text; save it in Jupyter again"),
        ('{"cells": [{"cell_type": "code", "source": 5}]}', "a cell has no text; save it in Jupyter again"),
    ):
        status, out, err = graded(source, *options, name="engine.ipynb")
        assert (status, out) == (2, "")
        assert err.startswith(f"micrograd: grade: engine.ipynb: it is not a notebook: {said}")


def test_a_notebook_in_the_sandbox(graded):
    assert graded(notebook("%pwd", ENGINE), *TWO, "--sandboxed", name="engine.ipynb")[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals that a process inherits")
def test_a_training_is_stopped_where_ctrl_c_is_ignored(graded):
    """As in a shell's background, whose processes inherit that."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status, out, _ = graded(f"{ENGINE}while True:\n    Value(1.0) + 1\n", *TWO, "--seconds", "6")
    finally:
        signal.signal(signal.SIGINT, before)
    assert status == 0
    assert "stopped after 2 seconds; put a training under" in out


def test_a_loop_that_calls_nothing_is_ended(graded):
    source = ENGINE.replace("        topo, visited", "        while True:\n            pass\n        topo, visited")
    status, out, _ = graded(source, "--seconds", "4")
    assert status == 1
    assert (
        "✗ stage 4 (backward(), and a value that is used twice): stopped after 4 seconds\n    does a loop never end?\n"
    ) in out
    assert "✓  3  each op backward, alone" in out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process so")
def test_too_much_memory(graded):
    source = ENGINE.replace("t = math.tanh(self.data)", "t, _ = math.tanh(self.data), bytearray(6 * 10**8)")
    assert graded(source, *TWO)[0] == 0
    status, out, _ = graded(source, *TWO, "--megabytes", "500")
    assert status == 1
    assert "✗ a.tanh(), with a = 1.7: raises MemoryError\n" in out


SANDBOXED = {
    "all passed": (ENGINE, 0, "All passed, with 2 limits.", ""),
    "a slip": (WRONG, 1, "    the exponent is not lowered: d(a**n)/da = n a**(n-1)", ""),
    "a file": (
        f"{ENGINE}open('engine.py')\n",
        2,
        "",
        f"engine.py, line {LINE}: FileRefusedError: files cannot be opened",
    ),
    "no class": ("x = 1\n", 2, "", "engine.py: NameError: the program makes no class Value; the grader needs one"),
}


@pytest.mark.parametrize("name", SANDBOXED)
def test_sandboxed(graded, name):
    source, wanted, printed, said = SANDBOXED[name]
    status, out, err = graded(source, "--sandboxed")
    assert (status, printed in out) == (wanted, True)
    assert err.startswith(f"micrograd: grade: {said}") if said else not err


def test_sandboxed_takes_no_other_name(graded):
    status, _, err = graded(ENGINE, "--sandboxed", "--class", "Number")
    assert (status, err) == (
        1,
        "micrograd: grade: --sandboxed goes with neither --class nor --seed; leave one out\n",
    )


def test_help(capsys):
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    text = capsys.readouterr().out
    assert "The exit status is 0 if all passed, 1 if a check failed, 2 if the file cannot be run." in text
