"""Pictures: the DOT text to the letter, the same in every process; its rendering, from
pip alone; what goes wrong.
"""

from __future__ import annotations

import os
import sys
import threading
import types
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import micrograd
from micrograd.draw import FORMATS, LINES_SHOWN, Drawing, draw, draw_dot, trace
from micrograd.engine import Value
from micrograd.errors import DataError, DrawError, MissingExtraError
from tests.processes import printed


def first_expression():
    """L = (a*b + c) * f of seed 001, with its gradients."""
    a, b, c, f = (Value(x, label=label) for x, label in [(2.0, "a"), (-3.0, "b"), (10.0, "c"), (-2.0, "f")])
    d = a * b
    e = d + c
    L = e * f
    d.label, e.label, L.label = "d", "e", "L"
    L.backward()
    return L


FIRST_EXPRESSION = """\
digraph {
    rankdir=LR
    0 [label="{ a | data 2.0000 | grad 6.0000 }" shape=record]
    1 [label="{ b | data -3.0000 | grad -4.0000 }" shape=record]
    2 [label="{ d | data -6.0000 | grad -2.0000 }" shape=record]
    op2 [label="*"]
    op2 -> 2
    0 -> op2
    1 -> op2
    3 [label="{ c | data 10.0000 | grad -2.0000 }" shape=record]
    4 [label="{ e | data 4.0000 | grad -2.0000 }" shape=record]
    op4 [label="+"]
    op4 -> 4
    2 -> op4
    3 -> op4
    5 [label="{ f | data -2.0000 | grad 4.0000 }" shape=record]
    6 [label="{ L | data -8.0000 | grad 1.0000 }" shape=record]
    op6 [label="*"]
    op6 -> 6
    4 -> op6
    5 -> op6
}
"""


def box(value):
    """The label of the root's box."""
    lines = [line for line in draw_dot(value).source.splitlines() if line.endswith("shape=record]")]
    return lines[-1].split('[label="', 1)[1].removesuffix('" shape=record]')


def texts(svg):
    """What can be read in an SVG."""
    return [
        "".join(e.itertext()).replace("\xa0", " ") for e in ElementTree.fromstring(svg).iter() if e.tag[-4:] == "text"
    ]


# The graph


def test_trace_is_that_of_the_texts():
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    d = c + a
    assert trace(d) == ({a, b, c, d}, {(a, c), (b, c), (c, d), (a, d)})


def test_trace_holds_raw_constants():
    x = Value(3.0)
    y = x * 2.0
    nodes, edges = trace(y)
    assert sorted(node.data for node in nodes) == [2.0, 3.0, 6.0]
    assert edges == {(y.inputs[0], y), (y.inputs[1], y)}
    assert trace(y) == (nodes, edges)


def test_trace_has_one_edge_for_an_input_used_twice():
    a = Value(3.0)
    b = a + a
    assert trace(b) == ({a, b}, {(a, b)})
    assert draw_dot(b).source.count("0 -> op1") == 1


def test_trace_of_a_million_nodes():
    v = one = Value(1.0)
    for _ in range(1_000_000):
        v = v + one
    nodes, edges = trace(v)
    assert len(nodes) == 1_000_001
    assert len(edges) == 1_999_999  # the first addition takes the same input twice


def test_drawing_a_long_chain():
    v = Value(0.5)
    for _ in range(50_000):
        v = v.tanh()
    assert draw_dot(v).source.count("\n") == 2 + 1 + 50_000 * 4 + 1


def test_ladder_of_60_diamonds():
    v = Value(0.5)
    for _ in range(60):
        v = v.tanh() * v.sigmoid()
    nodes, edges = trace(v)
    assert (len(nodes), len(edges)) == (1 + 3 * 60, 4 * 60)
    assert draw_dot(v).source.count("->") == 4 * 60 + 3 * 60


# The DOT text


def test_source_to_the_letter():
    assert draw_dot(first_expression()).source == FIRST_EXPRESSION


def test_draw_is_the_name_of_seed_001():
    assert draw is draw_dot


def test_the_room_is_called_like_its_function():
    from micrograd import draw as room

    L = first_expression()
    assert room(L).source == FIRST_EXPRESSION
    assert room(L, format="png", rankdir="TB").format == "png"
    assert room.draw_dot is draw_dot
    assert micrograd.draw.draw_dot(L).source == FIRST_EXPRESSION
    assert isinstance(room, types.ModuleType)
    with pytest.raises(DataError, match="draw_dot: given a float, not a Value"):
        room(3.0)


def test_raw_constants_are_drawn_with_their_gradients():
    x = Value(3.0, label="x")
    y = x * 2.0
    y.backward()
    assert '    1 [label="{  | data 2.0000 | grad 3.0000 }" shape=record]\n' in draw_dot(y).source


def test_drawing_leaves_gradients_as_they_are():
    x = Value(3.0)
    y = (x * 2.0 + 1.0).tanh()
    y.backward()
    before = x.grad
    draw_dot(y)
    y.backward()
    assert x.grad == 2 * before


def test_a_drawing_keeps_the_numbers_of_its_moment():
    L = first_expression()
    drawing = draw_dot(L)
    L.data = 7.0
    assert drawing.source == FIRST_EXPRESSION


def test_power_is_drawn_as_one_op_with_one_input():
    assert 'op1 [label="**2"]\n    op1 -> 1\n    0 -> op1\n}' in draw_dot(Value(3.0) ** 2).source


def test_a_node_made_by_hand_without_an_op():
    x = Value(1.0)
    assert draw_dot(Value(2.0, (x,))).source.endswith("shape=record]\n    0 -> 1\n}\n")


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_direction(rankdir):
    assert f"    rankdir={rankdir}\n" in draw_dot(Value(1.0), rankdir=rankdir).source


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (2, "2.0000"),
        (0.70710678, "0.7071"),
        (-1e-9, "-0.0000"),
        (123456789.0, "123456789.0000"),
        (1e300, "1.0000e+300"),
        (-(10**400), "-1.0000e+400"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.float32(0.5), "0.5000"),
    ],
)
def test_four_decimals(data, shown):
    assert box(Value(data)) == f"{{  | data {shown} | grad 0.0000 }}"


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (np.array([1.0, -2.0]), r"data [ 1., -2.]\lshape (2,), float64\l| grad [0., 0.] "),
        (
            np.array([[1.0, 0.25], [3.14159265, 1e-9]]),
            r"data [[1. \ \ \ , 0.25 \ ],\l\ \ \ \ \ \ [3.1416, 0. \ \ \ ]]\lshape (2, 2), float64\l"
            r"| grad [[0., 0.],\l\ \ \ \ \ \ [0., 0.]]\l",
        ),
        (np.zeros((0, 3)), r"data []\lshape (0, 3), float64\l| grad [] "),
        (np.ones(32), None),
        (np.ones(33), r"data [1., 1., ..., 1., 1.]\lshape (33,), float64\l| grad [0., 0., ..., 0., 0.] "),
    ],
)
def test_arrays_as_seed_002_prints_them(data, shown):
    if shown is None:
        assert "..." not in box(Value(data))
    else:
        assert box(Value(data)) == f"{{  | {shown}}}"


def test_a_large_array_takes_little_room_whatever_its_dimension():
    assert box(Value(np.ones((100, 100)))).count(r"\l") == 2 * 5 + 1
    what = "ndarray float64 (8, 8, 8, 8)"
    assert box(Value(np.ones((8, 8, 8, 8)))) == f"{{  | data {what} | grad {what} }}"
    assert "..." not in box(Value(np.ones((2, 2, 2, 2))))


class Lazy:
    """An array of another library, which is not to be computed for a picture."""

    dtype = np.dtype("float32")
    shape = (1_000_000, 1000)
    ndim = 2
    size = 10**9

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("computed")

    def __array_function__(self, func, types, args, kwargs):
        return Lazy()

    __repr__ = __str__ = __float__ = __iter__ = __array__


def test_arrays_of_other_libraries_are_not_computed():
    what = "Lazy float32 (1000000, 1000)"
    assert box(Value(Lazy(), label="X")) == f"{{ X | data {what} | grad {what} }}"


def test_gradients_that_are_values():
    x = Value(3.0, label="x")
    (x * x).backward(create_graph=True)
    assert box(x) == "{ x | data 3.0000 | grad 6.0000 }"


LABELS = [
    ("{a|b} <c>", r"\{a\|b\} \<c\>"),
    ('say "x"', r"say \"x\""),
    ("\\N\\", r"\\N\\"),
    ("two\nlines", r"two\nlines"),
    ("two\r\nlines", r"two\nlines"),
    ("R&D &lt;", "R&amp;D &amp;lt;"),
    ("α∈ℝ 🙂", "α∈ℝ 🙂"),
    ("\x00\t\x7f\ud800", r"\\x00\\t\\x7f\\ud800"),
    ('charset="x"', r"charset=\"x\""),
    (7, "7"),
    (None, ""),
]


@pytest.mark.parametrize(("label", "written"), LABELS)
def test_labels_are_escaped(label, written):
    assert box(Value(1.0, label=label)) == f"{{ {written} | data 1.0000 | grad 0.0000 }}"


def test_op_symbols_are_escaped():
    assert 'op1 [label="a\\"\\\\N\\<b\\>"]' in draw_dot(Value(1.0, (Value(2.0),), 'a"\\N<b>')).source


PROGRAM = """
from micrograd.draw import draw_dot
from micrograd.engine import Value
xs = [Value(0.1 * i, label=f"x{i}") for i in range(20)]
y = (sum(x * x.tanh() - 1 for x in xs) / 3).exp()
y.backward()
print(draw_dot(y).source)
"""


def test_two_processes_write_the_same_text():
    # Something else in memory first, so that addresses differ.
    one, other = (
        printed(f"junk = [object() for _ in range({seed}1000)]\n" + PROGRAM, PYTHONHASHSEED=seed) for seed in "12"
    )
    assert one == other


def test_drawing_numbers_loads_no_numpy():
    printed(PROGRAM + "import sys; assert 'numpy.linalg' not in sys.modules")  # numpy itself is there, unloaded


# The picture, by pygraphviz alone


@pytest.fixture
def only_pygraphviz(monkeypatch, tmp_path):
    pytest.importorskip("pygraphviz")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))


@pytest.mark.usefixtures("only_pygraphviz")
class TestPictures:
    def test_svg_shows_every_box_and_op(self):
        shown = texts(draw_dot(first_expression()).pipe())
        assert shown.count("*") == 2
        assert shown.count("+") == 1
        boxes = [["a", "data 2.0000", "grad 6.0000"], ["L", "data -8.0000", "grad 1.0000"], ["c", "data 10.0000"]]
        for fields in boxes:
            place = shown.index(fields[0])
            assert shown[place : place + len(fields)] == fields

    def test_svg_shows_labels_as_they_are(self):
        for label, _ in LABELS:
            as_shown = "" if label is None else str(label).replace("\x00\t\x7f\ud800", r"\x00\t\x7f\ud800")
            lines = [line for line in as_shown.splitlines() if line]
            assert [t for t in texts(draw_dot(Value(1.0, label=label)).pipe()) if t.strip()] == [
                *lines,
                "data 1.0000",
                "grad 0.0000",
            ]

    def test_svg_shows_the_rows_of_a_matrix_below_one_another(self):
        shown = texts(draw_dot(Value(np.array([[1.0, -2.0], [3.0, 4.5]]))).pipe())
        assert [t for t in shown if t.strip()][:2] == ["data [[ 1. , -2. ],", "      [ 3. ,  4.5]]"]

    def test_svg_is_the_same_every_time_and_in_every_thread(self):
        drawing = draw_dot(first_expression())
        pictures = []
        threads = [threading.Thread(target=lambda: pictures.append(drawing.pipe())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pictures == [drawing.pipe()] * 4

    @pytest.mark.parametrize(
        ("format", "signature"),
        [
            ("svg", b"<?xml"),
            ("png", b"\x89PNG\r\n\x1a\n"),
            ("pdf", b"%PDF-"),
            ("eps", b"%!PS-Adobe-3.0 EPSF"),
            ("ps", b"%!PS-Adobe"),
            ("jpg", b"\xff\xd8\xff"),
            ("jpeg", b"\xff\xd8\xff"),
            ("gif", b"GIF89a"),
            ("dot", b"digraph {"),
        ],
    )
    def test_formats(self, format, signature, tmp_path):
        drawing = draw_dot(first_expression(), format=format)
        assert drawing.pipe().startswith(signature)
        assert drawing.render(tmp_path / "L") == tmp_path / f"L.{format}"
        assert (tmp_path / f"L.{format}").read_bytes().startswith(signature)

    def test_every_format_is_tested(self):
        assert len(FORMATS) == 9

    def test_the_suffix_names_the_format(self, tmp_path):
        drawing = draw_dot(first_expression())
        path = drawing.render(str(tmp_path / "with.dots.PNG"))
        assert path == tmp_path / "with.dots.PNG"
        assert path.read_bytes().startswith(b"\x89PNG")

    def test_direction_turns_the_picture(self):
        def size(rankdir):
            svg = ElementTree.fromstring(draw_dot(first_expression(), rankdir=rankdir).pipe())
            return float(svg.attrib["width"][:-2]), float(svg.attrib["height"][:-2])

        assert size("LR")[0] > size("LR")[1]
        assert size("TB")[0] < size("TB")[1]

    def test_nothing_is_said_on_the_terminal(self, capfd):
        draw_dot(first_expression(), format="png").pipe()
        assert capfd.readouterr() == ("", "")

    def test_a_file_beside_the_user_does_not_stand_in_for_the_library(self, monkeypatch, tmp_path):
        (tmp_path / "tempfile.py").write_text("raise SystemExit('the wrong tempfile')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend("")
        monkeypatch.delenv("PYTHONPATH", raising=False)
        assert draw_dot(Value(1.0)).pipe().startswith(b"<?xml")

    def test_notebook_shows_svg(self):
        drawing = draw_dot(first_expression())
        bundle = drawing._repr_mimebundle_()
        assert list(bundle) == ["text/plain", "image/svg+xml"]
        assert bundle["text/plain"] == "<Drawing in 22 lines of DOT: .render('graph.svg') writes the picture>"
        assert bundle["image/svg+xml"] == drawing._repr_svg_()
        assert "data -8.0000" in texts(drawing._repr_svg_())

    @pytest.mark.parametrize(("format", "kind"), [("png", "image/png"), ("jpg", "image/jpeg"), ("jpeg", "image/jpeg")])
    def test_notebook_shows_images(self, format, kind):
        drawing = draw_dot(first_expression(), format=format)
        assert drawing._repr_svg_() is None
        assert drawing._repr_mimebundle_()[kind] == drawing.pipe()

    def test_notebook_shows_other_formats_as_svg(self):
        assert "image/svg+xml" in draw_dot(first_expression(), format="pdf")._repr_mimebundle_()

    def test_notebook_does_not_start_on_a_graph_of_minutes(self):
        drawing = Drawing("digraph {\n" + "    0\n" * LINES_SHOWN + "}\n")
        assert drawing._repr_svg_() is None
        assert drawing._repr_mimebundle_() == {
            "text/plain": "<Drawing in 10002 lines of DOT: .render('graph.svg') writes the picture>; "
            "it is too long to be drawn without a request"
        }

    def test_graphviz_refuses(self):
        with pytest.raises(DrawError) as error:
            Drawing("digraph {").pipe()
        assert str(error.value).startswith("draw_dot: Graphviz could not draw these 0 lines of DOT as svg: ")
        assert str(error.value).endswith(";\ndraw a part of it, or write the DOT text by save(path)")


def test_save_writes_the_source(tmp_path):
    drawing = draw_dot(Value(1.0, label="α"))
    path = drawing.save(str(tmp_path / "graph.dot"))
    assert path == tmp_path / "graph.dot"
    assert path.read_bytes() == drawing.source.encode()


# Without pygraphviz


@pytest.fixture
def no_pygraphviz(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install_dot(folder: Path, script: str) -> None:
    dot = folder / "dot"
    dot.write_text(f"#!{sys.executable}\nimport os, sys\n{script}\n")
    dot.chmod(0o755)


posix = pytest.mark.skipif(os.name != "posix", reason="a script stands in for dot")


@posix
def test_dot_on_the_path_is_the_fallback(no_pygraphviz):
    install_dot(no_pygraphviz, "print(sys.argv[1:], sys.stdin.read(), end='')")
    assert draw_dot(first_expression()).pipe("png").decode() == f"['-Tpng'] {FIRST_EXPRESSION}"


@posix
@pytest.mark.usefixtures("only_pygraphviz")
def test_dot_is_the_fallback_of_a_broken_pygraphviz_too(monkeypatch, tmp_path):
    room = sys.modules["micrograd.draw"]  # not by import: micrograd.draw is the function
    monkeypatch.setattr(room, "_PYGRAPHVIZ", "raise ImportError('libgvc.so is missing')")
    with pytest.raises(DrawError, match=r"1 lines of DOT as svg: ImportError: libgvc.so is missing;\n"):
        Drawing("digraph {}\n").pipe()
    install_dot(tmp_path, "print('<svg>')")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Drawing("digraph {}\n").pipe() == b"<svg>\n"


def test_missing_extra_is_named(no_pygraphviz):
    drawing = draw_dot(Value(1.0))
    for show in (drawing.pipe, drawing._repr_svg_, drawing._repr_mimebundle_):
        with pytest.raises(MissingExtraError) as error:
            show()
        assert str(error.value) == (
            "draw_dot: a picture needs Graphviz, which the package pygraphviz contains; it is not installed;\n"
            "python -m pip install 'micrograd-nd[draw]', or write the DOT text by save(path)"
        )
    assert isinstance(error.value, ImportError)
    assert drawing.save(no_pygraphviz / "graph.dot").read_text() == drawing.source


def test_a_picture_that_fails_leaves_the_older_one(no_pygraphviz):
    (no_pygraphviz / "L.svg").write_text("older")
    with pytest.raises(MissingExtraError):
        draw_dot(Value(1.0)).render(no_pygraphviz / "L.svg")
    assert (no_pygraphviz / "L.svg").read_text() == "older"


@posix
@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "it crashed (signal 9)"),
        ("sys.exit('Warning: one\\nError: two')", "Error: two"),
        ("sys.exit(3)", "it said nothing"),
        ("", "it said nothing"),
    ],
)
def test_graphviz_fails(no_pygraphviz, script, reason):
    install_dot(no_pygraphviz, script)
    with pytest.raises(DrawError) as error:
        draw_dot(Value(1.0)).pipe()
    assert str(error.value) == (
        f"draw_dot: Graphviz could not draw these 4 lines of DOT as svg: {reason};\n"
        f"draw a part of it, or write the DOT text by save(path)"
    )


# Bad input


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: draw_dot([Value(1.0)]),
            DataError,
            "draw_dot: given a list, not a Value; give one Value, such as the loss",
        ),
        (
            lambda: trace(3),
            DataError,
            "trace: given an int, not a Value; give one Value, such as the loss",
        ),
        (
            lambda: draw_dot(Value(1.0), format="webp"),
            DrawError,
            "draw_dot: 'webp' is not a format; take one of svg, png, pdf, eps, ps, jpg, jpeg, gif, dot, text, html",
        ),
        (
            lambda: draw_dot(Value(1.0)).pipe("SVG"),
            DrawError,
            "pipe: 'SVG' is not a format, did you mean 'svg'; take one of svg, png, pdf, eps, ps, jpg, jpeg, gif, dot",
        ),
        (
            lambda: draw_dot(Value(1.0), rankdir="up"),
            DrawError,
            "draw_dot: rankdir='up' is not a direction; take one of LR, RL, TB, BT",
        ),
        (
            lambda: draw_dot(Value(1.0)).render("graph.txt"),
            DrawError,
            "render: the suffix of 'graph.txt' is not a picture format; take one of "
            ".svg, .png, .pdf, .eps, .ps, .jpg, .jpeg, .gif, .dot;\n"
            "a tree is draw_dot(v, format='text').save(path), and a page draw_dot(v, format='html').save(path)",
        ),
    ],
)
def test_bad_input(call, kind, text):
    with pytest.raises(kind) as error:
        call()
    assert str(error.value) == text
