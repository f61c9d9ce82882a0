"""Printed programs: their exact text. And the text, run by NumPy, gives the numbers of
the program.
"""

from __future__ import annotations

import inspect
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

import micrograd
from benchmarks.transformer import Transformer
from micrograd import Value, optim
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.writing import op_name
from micrograd.errors import CaptureError, CompileWarning
from micrograd.nn import MLP
from micrograd.ops import OPS
from tests.compiling import moons
from tests.compiling.programs import ARRAYS, SCALARS

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["loss", "step"])
def test_the_moons(name):
    compiled = micrograd.compile(getattr(moons, name))
    compiled(*moons.GIVEN[name])
    assert f"{compiled.program}\n" == (HERE / f"moons_{name}.txt").read_text(encoding="utf-8")


# Small programs: what is printed of the lines of a call


w, b, u = Value(2.0), Value(1.0), Value(3.0, label="scale")
ws = [Value(float(k)) for k in range(6)]
W, B = Value(np.arange(6.0).reshape(2, 3)), Value(np.arange(3.0))
K = Value(np.arange(24.0).reshape(2, 3, 4))
X = np.arange(6.0).reshape(3, 2)
TEXTS = {
    "names of variables": (lambda: w * 3.0 + b, ["result = b + 3 * w"]),
    "a label": (lambda: u * u, ["result = scale ** 2"]),
    "a list of values": (lambda: sum(x * x for x in ws), ["result = ws @ ws"]),
    "a scaled sum": (lambda: sum(x.exp() for x in ws) * 0.5, ["v1 = exp(ws)", "v2 = sum(v1)", "result = 0.5 * v2"]),
    "a third": (lambda: w * (1.0 / 3.0), ["result = 1 / 3 * w"]),
    "a difference": (lambda: 1.0 - w * b, ["result = 1 - w * b"]),
    "a sum within a product": (lambda: (w - b) * (w - 1.0), ["result = (w - b) * (w - 1)"]),
    "quotients": (lambda: W / (B / 2.0 + 1.0), ["v2 = 1 + B / 2", "result = W / v2"]),
    "a power": (lambda: (w * b) ** 3.5, ["result = (w * b) ** 3.5"]),
    "where": (lambda: np.where(W > 1.0, W, 0.0), ["result = where(W > 1, W, 0)"]),
    "detached": (lambda: w.detach() * b, ["result = b * w.detach()"]),
    "x @ w": (lambda: X @ W, ["result = c1 @ W"]),
    "w @ b": (lambda: W @ B, ["result = W @ B"]),
    "b @ w.T": (lambda: B @ W.T, ["result = W @ B"]),
    "w.T @ w": (lambda: W.T @ W, ["result = W.T @ W"]),
    "w @ w.T": (lambda: W @ W.T, ["result = W @ W.T"]),
    "a batch of products": (lambda: K @ np.ones((2, 4, 5)), ["result = K @ c1"]),
    "a stack times a matrix": (lambda: K @ np.ones((4, 5)), ["result = K @ c1"]),
    "a matrix times a stack": (lambda: np.ones((5, 3)) @ K, ["result = c1 @ K"]),
    "an einsum": (lambda: np.einsum("ij,kj,k->i", W, X.T, np.ones(2)), ["result = einsum('ij,kj,k->i', W, c1, c2)"]),
    "a sum over an axis": (lambda: W.sum(axis=1), ["result = sum(W, axis=1)"]),
    "a sum over two axes": (lambda: K.sum(axis=(0, 2)), ["result = sum(K, axis=(0, 2))"]),
    "the largest": (lambda: W.max(axis=0), ["result = max(W, axis=0)"]),
    "rows": (lambda: W[:, 0] * W[:, -1], ["result = W[:, 0] * W[:, 2]"]),
    "steps": (lambda: B[::2] + B[::-2], ["result = B[::2] + B[::-2]"]),
    "a part": (lambda: B[1:3], ["result = B[1:]"]),
    "rows by index": (lambda: W[np.array([1, 0, 1])], ["result = W[[1, 0, 1]]"]),
    "elements by index": (lambda: B[np.array([2, 0, 1])], ["result = B[[2, 0, 1]]"]),
    "a column and a row": (lambda: W[:, :1] * B, ["result = W[:, 0][:, None] * B"]),
    "a transpose": (lambda: W.T * X, ["result = W.T * c1"]),
    "stack": (lambda: np.stack([B, B * 2.0]), ["result[0] = B", "result[1] = 2 * B"]),
    "windows": (
        lambda: [sum(ws[i : i + 3]) for i in range(4)],
        ["v1[i] = sum(ws[i + j] for j < 3)  for i < 4", "result1, result2, result3, result4 = v1"],
    ),
    "the largest of all": (
        lambda: sum(x - max(y.data for y in ws) for x in ws),
        ["v1 = ws.detach()", "result = sum(ws)", "result -= sum(max(v1, axis=1))"],
    ),
    "another shape": (
        lambda: (K.sum(axis=2) * W).reshape(6) * np.arange(6.0),
        ["v1 = sum(K, axis=2)", "result = (v1 * W * c1.reshape(2, 3)).reshape(6)"],
    ),
    "what has no loops": (lambda: np.cumsum(B), ["result = cumsum(B)"]),
    "a dict": (lambda: {"double": w * 2.0, "half": w / 2.0}, ["double, half = w * c1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_lines(name):
    function, wanted = TEXTS[name]
    compiled = micrograd.compile(function)
    compiled()
    rows = [row.text for row in compiled.program.rows if row.section == "forward"]
    assert rows[:-1] == [text.replace("'", '"') for text in wanted]
    assert rows[-1].startswith("return ")


# The text is right: run by NumPy, it gives what the program gives


def _functions():
    found = {op_name(op): op for op in OPS.values()}
    found |= {
        "sum": _sum,
        "add": np.add,
        "max": np.max,
        "min": np.min,
        "where": np.where,
        "einsum": np.einsum,
        "take": np.take,
    }
    return found | {"inf": np.inf, "nan": np.nan}


def _sum(x, axis=None):
    return sum(x) if inspect.isgenerator(x) else np.sum(x, axis=axis)


def _python(text):
    """A printed statement as Python: names without dots, and loops."""
    text = re.sub(r"\b([A-Za-z_]\w*)\.(grad|data)\b", r"\1_\2", text).replace(".detach()", "")
    text, _, outer = text.partition("  for ")
    text = re.sub(r" for ((?:\w+ < \d+(?:, )?)+)\)", lambda m: _loops(m[1]) + ")", text)
    head = "".join(f"{'    ' * k}for {_loop(x)}:\n" for k, x in enumerate(outer.split(", ") if outer else []))
    return f"{head}{'    ' * (head.count(chr(10)))}{text}\n"


def _loops(text):
    return "".join(f" for {_loop(x)}" for x in text.split(", "))


def _loop(text):
    letter, _, size = text.partition(" < ")
    return f"{letter} in range({size})"


def run_by_numpy(printout, arrays):
    """The arrays that the printed text gives, by name; the same of the program."""
    sheet = printout.sheet
    rows = printout.rows
    space, wanted = _functions(), {}
    used = {b.name for line in printout.lines for b in [line.target, *[r.buffer for r in line.reads()]]}
    for family, blocks in sheet.layout.blocks.items():
        for name, buffer in printout.buffers.items():
            if name in used and sheet.layout.family(buffer) == family:
                flat = arrays[name][: buffer.size].astype(float)
                is_given = buffer.kind in ("argument", "constants", "state") or name == "d_outputs"
                mine = flat.copy() if is_given else np.full(len(flat), np.nan)
                for block in blocks:
                    shown = sheet.name(buffer, block).replace(".", "_")
                    part = slice(block.start, block.start + block.size)
                    space[shown], wanted[shown] = mine[part].reshape(block.shape), flat[part].reshape(block.shape)
                if family in ("theta", "constants"):
                    space.setdefault(sheet.whole(buffer).replace(".", "_"), mine)
    space |= sheet.notation.tables
    for row in rows:
        if isinstance(row.line, Opaque):
            name = sheet.notation.whole(row.line.target)
            space[name][...] = wanted[name]
        elif row.section not in ("theta", "constants") and not row.text.startswith("return "):
            _run(_python(row.text), space)
    return space, wanted


def _run(text, space):
    if re.match(r"[A-Za-z_]\w* = ", text):
        name, _, expression = text.partition(" = ")
        if name in space:
            text = f"{name}[...] = {expression}"
    exec(text, {}, space) if "for " not in text else exec(text, space)


@pytest.mark.parametrize("name", [*ARRAYS, *SCALARS])
def test_the_text_gives_the_numbers_of_the_program(name):
    function, _ = {**ARRAYS, **SCALARS}[name]
    compiled = micrograd.compile(function)
    compiled()
    _compare(compiled)


network = MLP(2, [3, 1])
optimizer = optim.Adam(network.parameters(), lr=0.1)


def adam(X, y):
    loss = sum((network(row) - yi) ** 2 for row, yi in zip(X, y, strict=True))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


def test_the_text_of_a_step_of_an_optimiser_gives_its_numbers():
    compiled = micrograd.compile(adam)
    for _ in range(2):  # the first makes what the optimiser keeps
        compiled(moons.X[:3], moons.y[:3])
    _compare(compiled)
    texts = [row.text for row in compiled.program.rows]
    assert "new_step = 1 + step" in texts
    assert "new_exp_avg = exp_avg + v7 * (d_theta[t1] - exp_avg)" in texts
    assert texts[-1] == "return loss"


def test_the_text_of_a_transformer_gives_its_numbers():
    model = Transformer(Value, 4, 2, 8)
    compiled = micrograd.compile(model.loss)
    compiled("ab")
    _compare(compiled)
    assert compiled.program.title == "loss(name='ab')"


@pytest.mark.parametrize("name", ["loss", "step"])
def test_the_text_of_the_moons_gives_their_numbers(name):
    compiled = micrograd.compile(getattr(moons, name))
    compiled(*moons.FEW[name])
    _compare(compiled)


def _compare(compiled):
    found, wanted = run_by_numpy(compiled.program, compiled.program.rehearsed())
    compared = 0
    for name, numbers in wanted.items():
        if not np.isnan(found[name]).all():
            assert np.allclose(found[name], numbers, rtol=1e-6, atol=1e-7), name
            compared += 1
    assert compared


def test_notes_say_what_a_name_in_the_gradients_stands_for():
    compiled = micrograd.compile(lambda xs: sum((w * x + b) ** 2 for x in xs))
    compiled([1.0, 2.0])
    notes = [row.note for row in compiled.program.rows if row.section == "gradients"]
    assert notes == ["# 1 in result.backward()", "# v1 is (b + w * xs) ** 2", "", ""]


# Long programs


def chain(x, steps):
    for _ in range(steps):
        x = (x * w).sin() + b
    return x


def test_print_leaves_lines_out_of_a_long_program_and_says_so():
    compiled = micrograd.compile(chain)
    compiled(1.0, 100)
    short, whole = str(compiled.program).splitlines(), compiled.program.text().splitlines()
    assert len(whole) > 400 > 150 > len(short)
    (said,) = {re.sub(r"\d+", "n", line) for line in short if "more lines" in line}
    assert said == "  ... n more lines; print(fast.program.text()) shows them"
    left_out = sum(int(line.split()[1]) - 1 for line in short if "more lines" in line)
    assert len(whole) == len(short) + left_out
    assert short[-1] == whole[-1]


# Pages


def test_a_page_needs_nothing_else_and_its_links_lead_somewhere():
    compiled = micrograd.compile(moons.loss)
    compiled(*moons.FEW["loss"])
    page = compiled.program.html()
    assert not re.search(r"https?:|src=|<link|@import|url\(", page)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) > 15
    assert [link for link in links if link not in ids] == []
    assert "scores = list(map(model, inputs))" in page
    assert "1 - scores * y &gt; 0" in page
    assert '<html lang="en">' in page
    assert "prefers-color-scheme: dark" in page


# Names


def test_results_that_the_run_has_not_computed():
    compiled = micrograd.compile(lambda: (w, w * 2.0, 3.0))
    compiled()
    assert [row.text for row in compiled.program.rows][1:3] == ["result2 = 2 * w", "return w, result2, 3.0"]
    alone = micrograd.compile(lambda: w)
    alone()
    assert [row.text for row in alone.program.rows] == ["return w"]


def test_numbers_as_arguments_have_their_own_names():
    compiled = micrograd.compile(lambda x, y: x * w + y)
    compiled(2.0, 3.0)
    assert compiled.program.rows[1].text == "result = x * w + y"
    assert compiled.program.title == "<lambda>(x, y)"


def test_arguments_in_lists_and_dicts():
    compiled = micrograd.compile(lambda batch, *more, scale: (batch["x"] * more[0][0] + more[0][1]).sum() * scale * w)
    compiled({"x": np.ones(2)}, [np.ones(2), np.ones(2)], scale=2.0)
    assert compiled.program.arguments == ["batch['x']", "more[0][0]", "more[0][1]", "scale"]


def test_the_caller_may_use_the_names_that_print_uses():
    v1, c1, t1 = (Value(np.arange(6.0) + k) for k in range(3))
    table = np.array([5, 0, 3, 3, 2])

    def function(v2):
        return (v1[table].exp() * np.arange(5.0) * c1[:5] * t1[table] * v2).sum() ** 2

    compiled = micrograd.compile(function)
    compiled(2.0)
    _compare(compiled)
    names = [row.text.split()[0] for row in compiled.program.rows if row.section != "gradients"]
    assert len(names) == len(set(names))


class Scaled:
    def __init__(self):
        self.scale = Value(2.0)
        self.parts = [Value(1.0), Value(3.0)]

    @micrograd.compile
    def loss(self, x):
        return sum(x * part for part in self.parts) * self.scale


def test_values_of_the_object_of_a_method():
    Scaled().loss(3.0)
    rows = Scaled.__dict__["loss"].program.rows
    assert [(row.text, row.note) for row in rows][:3] == [
        ("parts = theta[0:2]", "self.parts"),
        ("scale = theta[2]", "self.scale"),
        ("v1 = x * sum(parts)", ""),
    ]


def test_a_function_that_does_not_do_the_same_again_is_printed_without_its_lines():
    runs = []

    def changing():
        runs.append(1)
        return w * b if len(runs) == 1 else w + b

    compiled = micrograd.compile(changing)
    compiled()
    assert str(compiled.program).splitlines()[0] == "changing()"
    assert [row.text for row in compiled.program.rows][2] == "result = w * b"
    assert not any(row.places for row in compiled.program.rows)


def test_printing_changes_nothing():
    compiled = micrograd.compile(moons.step)
    compiled(*moons.FEW["step"])
    before = [(p.data, p.grad) for p in moons.model.parameters()]
    assert str(compiled.program) == str(compiled.program)
    compiled.program.html()
    compiled.explain(profile=True)
    assert [(p.data, p.grad) for p in moons.model.parameters()] == before
    assert {type(x) for pair in before for x in pair} == {float}


def test_the_tape_prints_what_it_is_as_lines():
    compiled = micrograd.compile(lambda x: w * x + b, backend="tape")
    compiled(2.0)
    assert [row.text for row in compiled.program.rows][2] == "result = b + w * x"


# What is explained


def test_explain_before_the_first_call_and_after_a_refusal():
    compiled = micrograd.compile(lambda x: w if x > 0 else b)
    assert compiled.explain() == "<lambda>: it has not run yet, so there is no program"
    with pytest.raises(CaptureError):
        compiled(1.0)
    refused = compiled.explain().splitlines()[1:]
    assert refused[0].startswith("  refused    compile: bool() of a number")
    assert refused[1].strip().startswith("a branch on a number would be frozen in")


def test_explain():
    compiled = micrograd.compile(moons.step)
    compiled(*moons.FEW["step"])
    text = dict(line.split(maxsplit=1) for line in compiled.explain().splitlines()[1:])
    assert re.match(r"[\d,]+ numbers in one run, rolled into \d\d lines, 1\d of them for gradients", text["captured"])
    assert text["arguments"].startswith("X (10, 2), y (10,), rate (); another shape")
    assert text["writes"] == "the data of 337 Values, and gradients: it is a whole step"
    assert re.match(r"[\d,]+ bytes in \d\d arrays", text["memory"])


def test_explain_says_what_is_watched_and_why_it_runs_so(alone):
    scale = 2.0
    compiled = micrograd.compile(lambda x: w * x * scale, backend="numpy")
    compiled(1.0)
    text = dict(line.split(maxsplit=1) for line in compiled.explain().splitlines()[1:])
    assert text["captured"] == "5 numbers in one run, rolled into 2 lines, 1 of them for gradients"
    assert text["runs"] == "as    NumPy, as backend='numpy' asks"
    assert text["reads"] == "the data of 1 Value, at each call"
    assert text["watched"] == "scale, w; when one is replaced, the function is captured anew"
    assert text["checked"] == "not yet: the second call captures again, and compares"
    compiled(1.0)
    assert "  checked    a second capture has seen the same" in compiled.explain().splitlines()


class Own(Value):
    """A class of the user's."""


def test_explain_what_runs_uncompiled():
    own = Own(1.0)
    compiled = micrograd.compile(lambda: own * 2.0)
    with pytest.warns(CompileWarning):
        compiled()
    assert compiled.explain() == "<lambda>: it runs uncompiled, as Own is a subclass of Value"


def test_explain_names_ops_without_loops():
    compiled = micrograd.compile(lambda: np.cumsum(B).sum() * 2.0)
    compiled()
    (line,) = [line for line in compiled.explain().splitlines() if "v1 = cumsum(B)" in line]
    assert "test_printing.py" in line


def test_the_time_of_each_line():
    compiled = micrograd.compile(moons.step)
    compiled(*moons.FEW["step"])
    text = compiled.explain(profile=True)
    lines = re.findall(r"^  (.*?) +([\d.]+) us +\d+%$", text, re.MULTILINE)
    shown = [line for line, _ in lines]
    assert "v1 = b1 + X @ W1.T" in shown
    assert any(line.endswith("scores = list(map(model, inputs))") for line in shown)
    total = float(re.search(r"([\d.]+) us in all", text)[1])
    assert sum(float(x) for _, x in lines) == pytest.approx(2 * total, abs=0.05 * len(lines))


def test_the_time_of_many_lines():
    compiled = micrograd.compile(chain)
    compiled(1.0, 20)
    assert re.search(r"\n  \d+ other lines +[\d.]+ us +\d+%\n", compiled.explain(profile=True))


# The documentation page


def test_the_page_is_what_its_script_makes():
    root = HERE.parent.parent
    script = runpy.run_path(str(root / "docs" / "make_compile.py"))
    text = (root / "docs" / "compile.md").read_text(encoding="utf-8")
    assert script["page"](text) == text
    assert script["page"](text.replace("**Tape.**", "Tape")) == text  # it would be seen
