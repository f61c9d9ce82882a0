"""Pictures that fold, with gradients and colours; the tree of text; what goes wrong."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

import micrograd
from micrograd import Symbol, Value, draw_dot, scopes
from micrograd.errors import ArgumentError, DataError, DrawError
from micrograd.nn import MLP, Linear, Neuron, Sequential, Tanh
from micrograd.see.picture import MOST, shades
from tests.compiling import moons

XS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
YS = [1.0, -1.0, -1.0, 1.0]


@pytest.fixture
def model():
    random.seed(1)
    return MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh")


@pytest.fixture
def loss(model):
    loss = sum((model(x) - y) ** 2 for x, y in zip(XS, YS, strict=True))
    loss.label = "loss"
    loss.backward()
    return loss


def sharing():
    """d = b + b * 3, where b = a * 2."""
    a = Value(3, label="a")
    b = a * 2
    d = b + b * 3
    b.label, d.label = "b", "d"
    d.backward()
    return d


def names(drawing):
    """The first fields of the boxes."""
    lines = [line for line in drawing.source.splitlines() if "ecord" in line]
    return [line.split('[label="{ ')[1].split(" |")[0].split(" }")[0] for line in lines]


def note(drawing):
    (line,) = [line for line in drawing.source.splitlines() if line.startswith('    label="')]
    return line[11:-1]


def texts(svg):
    tree = ElementTree.fromstring(svg)
    return ["".join(e.itertext()).replace("\xa0", " ") for e in tree.iter() if e.tag.endswith("text")]


# The tree of text

TREE = """\
d = +             data 24   grad 1
├─ b = *          data 6    grad 4
│  ├─ a           data 3    grad 8
│  └─ 2           constant
└─ #4 = *         data 18   grad 1
   ├─ b  (above)
   └─ 3           constant"""


def test_a_tree_to_the_letter():
    tree = draw_dot(sharing(), format="text")
    assert str(tree) == repr(tree) == tree.source == TREE


def test_a_value_that_one_op_uses_twice_is_told_twice():
    a = Value(3.0, label="a")
    b = a + a
    b.label = "b"
    assert str(draw_dot(b * b, format="text", grad=False)).splitlines() == [
        "#2 = *            data 36",
        "├─ b = +          data 6",
        "│  ├─ a           data 3",
        "│  └─ a  (above)",
        "└─ b  (above)",
    ]


def test_a_tree_is_saved(tmp_path):
    path = draw_dot(sharing(), format="text").save(tmp_path / "tree.txt")
    assert path.read_text(encoding="utf-8") == TREE + "\n"


def test_a_tree_without_gradients():
    assert str(draw_dot(sharing(), format="text", grad=False)).splitlines()[:2] == [
        "d = +             data 24",
        "├─ b = *          data 6",
    ]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (0.70710678, "0.7071"),
        (-1e-9, "-1e-09"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (10**400, "an int of 401 digits"),
        (Fraction(1, 3), "1/3"),
        (np.array([[1.0, 0.25], [math.inf, 1e-9]]), "float64 (2, 2) [1, 0.25, inf, 1e-09]"),
        (np.ones((100, 100), np.float32), "float32 (100, 100) [1, 1, 1, 1, 1, 1, 1, 1, ...]"),
        (np.zeros((0, 3)), "float64 (0, 3) []"),
    ],
    ids=str,
)
def test_numbers_of_a_tree(data, shown):
    assert str(draw_dot(Value(data, label="x"), format="text", grad=False)) == f"x  data {shown}"


def test_a_tree_of_a_deep_graph_is_folded():
    v = Value(0.5, label="x")
    for _ in range(50_000):
        v = v.tanh()
    lines = str(draw_dot(v, format="text", max_nodes=5)).splitlines()
    assert [line.strip().split("  ")[0] for line in lines] == [
        "#50000 = tanh",
        "└─ #49999 = tanh",
        "└─ #49998 = tanh",
        "└─ #49997 = tanh",
        "└─ 49,997 more values",
        "50,001 values in 5 boxes; a larger max_nodes draws more",
    ]
    assert str(draw_dot(v, format="text")).count("\n") == 1000
    assert str(draw_dot(v, format="text", fold=None)).count("\n") == 1000


# Folding


def test_the_moons_are_a_picture_of_seven_boxes():
    moons.start()
    total, _ = moons.loss(moons.X, moons.y)
    drawing = draw_dot(total, model=moons.model)
    assert names(drawing) == [
        "337 parameters",
        "100 samples",
        "sum of 99",
        "",
        "",
        "penalty on parameters",
        "",
    ]
    assert note(drawing) == "65,818 values in 7 boxes; fold=None draws them all"
    assert str(draw_dot(total, format="text")).splitlines()[1:] == [
        "├─ #65139 = *                  data 0.8863    grad 0",
        "│  ├─ sum of 99                data 88.63     grad 0",
        "│  │  └─ 100 samples           64,702 values",
        "│  │     └─ 337 parameters",
        "│  └─ 0.01                     constant",
        "└─ penalty on parameters       data 0.009593  grad 0",
        "   └─ 337 parameters  (above)",
        "65,818 values in 7 boxes; fold=None draws them all",
    ]


def test_a_network_is_folded_by_default_and_full_on_request(loss):
    assert names(draw_dot(loss)) == ["41 parameters", "sample 0", "sample 1", "", "sample 2", "", "sample 3", "loss"]
    assert note(draw_dot(loss)) == "398 values in 8 boxes; fold=None draws them all"
    assert len(names(draw_dot(loss, fold=None))) == 398
    assert "    label=" not in draw_dot(loss, fold=None).source


def test_calls_of_one_sample_have_the_names_of_modules(model):
    drawing = draw_dot(model(XS[0]), model=model)
    assert set(names(drawing)) == {
        rf"MLP \> Layer {i} \> Neuron {k}" for i, width in enumerate([4, 4, 1]) for k in range(width)
    }
    assert r"{ MLP \> Layer 1 \> Neuron 3 | 9 values | 5 parameters | data " in drawing.source


def test_one_value_is_not_called_values():
    net = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), Tanh())
    with scopes():
        y = net(np.ones((4, 2)))
    source = draw_dot(y, model=net, fold="module").source
    assert r"{ Sequential \> Linear 0 | 2 values | data " in source
    assert r"{ Sequential \> Tanh 1 | 1 value | data " in source


@pytest.mark.parametrize(
    ("options", "boxes", "says"),
    [
        ({"fold": "module"}, 53, "398 values in 53 boxes; fold=None draws them all"),
        ({"fold": "sample"}, 8, "398 values in 8 boxes; fold=None draws them all"),
        ({"max_nodes": 53}, 53, "398 values in 53 boxes; a larger max_nodes draws more"),
        ({"max_nodes": 30}, 29, "398 values in 29 boxes; a larger max_nodes draws more"),
        ({"max_nodes": 20}, 8, "398 values in 8 boxes; a larger max_nodes draws more"),
        ({"max_nodes": 5}, 5, "398 values in 5 boxes; a larger max_nodes draws more"),
        ({"max_nodes": 2}, 2, "398 values in 2 boxes; a larger max_nodes draws more"),
        ({"fold": None, "max_nodes": 60}, 53, "398 values in 53 boxes; a larger max_nodes draws more"),
    ],
    ids=str,
)
def test_how_much_is_folded(loss, options, boxes, says):
    drawing = draw_dot(loss, **options)
    assert len(names(drawing)) == boxes
    assert note(drawing) == says


def test_a_small_network_folds_on_request(model):
    out = model.layers[0].neurons[0](XS[0])
    assert names(draw_dot(out, model=model, fold="module"))[-1] == r"MLP \> Layer 0 \> Neuron 0"
    assert names(draw_dot(out, model=model))[-1] == "out"


def test_what_is_far_from_the_root_is_one_box():
    v = Value(0.5)
    for _ in range(200):
        v = v.tanh() * 1.1
    drawing = draw_dot(v, max_nodes=10)
    assert names(drawing)[0] == "592 more values"
    assert len(names(drawing)) == 10


def test_a_long_chain_without_modules_is_drawn_in_full():
    v = Value(0.5)
    for _ in range(MOST + 1):
        v = v.tanh()
    assert len(names(draw_dot(v))) == MOST + 2


def test_labels_are_paths_of_parameters_where_a_model_is_given(model):
    shown = names(draw_dot(model(XS[0]), model=model, fold=None))
    assert "layers.0.neurons.1.w.0" in shown
    assert "w2*x2" in shown
    assert set(names(draw_dot(model(XS[0]), fold=None))) == {""}


# Gradients


def test_gradients_are_computed_where_backward_was_not_called():
    x = Value(3.0, label="x")
    y = x * 2.0
    drawing = draw_dot(y, grad=True)
    assert '[label="{ x | data 3.0000 | grad 2.0000 }"' in drawing.source
    assert '[label="{  | data 2.0000 }"' in drawing.source  # a raw number has none
    assert note(drawing) == "gradients computed for this picture: backward() was not called"
    assert (x.grad, y.grad) == (0.0, 0.0)


def test_gradients_that_stand_there_are_shown():
    x = Value(3.0, label="x")
    y = x * 2.0
    y.backward()
    x.grad = 7.0
    assert '[label="{ x | data 3.0000 | grad 7.0000 }"' in draw_dot(y, grad=True).source
    assert "label=" not in draw_dot(y, grad=True).source.splitlines()[2][:12]


@pytest.mark.parametrize("asked", [None, False])
def test_gradients_as_they_stand_or_none(asked):
    x = Value(3.0, label="x")
    source = draw_dot(x * 2.0, grad=asked).source
    assert ("{ x | data 3.0000 }" in source) is (asked is False)
    assert ("{ x | data 3.0000 | grad 0.0000 }" in source) is (asked is None)


def test_computed_gradients_are_those_of_backward(loss, model):
    fresh = sum((model(x) - y) ** 2 for x, y in zip(XS, YS, strict=True))
    lines = [
        line for line in draw_dot(fresh, fold=None, grad=True, model=model).source.splitlines() if "layers." in line
    ]
    assert len(lines) == 41
    for name, p in model.named_parameters():
        (line,) = [line for line in lines if f"{{ {name} |" in line]
        assert f"grad {p.grad:.4f} }}" in line


def test_gradients_of_arrays_are_computed():
    layer = Linear(2, 1, rng=np.random.default_rng(0))
    y = layer(np.ones((3, 2))).sum()
    assert "grad [[3., 3.]] " in draw_dot(y, grad=True, model=layer).source


def test_a_step_of_ones_own_is_refused_where_gradients_are_computed():
    x = Value(3.0)
    y = Value(9.0, (x,), "square")
    y._backward = lambda: None
    draw_dot(y)
    with pytest.raises(DrawError, match="draw_dot: square has a `_backward` of its own, which only backward"):
        draw_dot(y, grad=True)


# Colours


def test_colours_go_by_powers_of_ten():
    shade = shades([100.0, -1.0, 0.0, math.nan])
    assert shade(-100.0) == ' style=filled fillcolor="#ff9d3c"'
    assert "#ffffff" in shade(0.0)
    assert shade(1e-9) == shade(0.0) == shade(None) == shade(1e-2)
    greens = [int(shade(g).split("#")[1][2:4], 16) for g in (100.0, 10.0, 1.0, 0.1, 0.01)]
    assert greens == sorted(greens)
    assert len(set(greens)) == 5


@pytest.mark.parametrize("gradient", [math.nan, math.inf, -math.inf, np.array([1.0, math.nan])], ids=str)
def test_what_is_not_finite_has_a_colour_of_its_own(gradient):
    assert "#ff8080" in shades([1.0, gradient])(gradient)


@pytest.mark.parametrize("gradients", [[], [0.0], [math.nan], [None], [1e-320]], ids=str)
def test_nothing_to_compare_with(gradients):
    assert "#ffffff" in shades(gradients)(0.0)


def test_colours_compute_gradients_and_say_so(model):
    drawing = draw_dot(model(XS[0]), color="grad", model=model)
    assert "gradients computed for this picture" in note(drawing)
    assert drawing.source.count("style=filled") == 9
    assert "style=filled" not in draw_dot(model(XS[0]), model=model).source


# What goes wrong

LABELS = [
    "{a|b} <c>",
    'say "x"',
    "\\N\\",
    "R&D &lt;",
    "]]></script><script>alert(1)</script>",
    "α∈ℝ 🙂",
    "two\nlines",
    "\x1b[31mred\x00",
    "x" * 10_000,
    "{}",
    "a\\",
    "\\l\\G",
    "]]>",
    "<!--",
    "<![CDATA[",
    "<img src=x onerror=alert(1)>",
    "a\n\nb",
    "abcd\u202eefg",
    "abcd\u200f",
    "abcd\ud800",
    "abcd\ufffe\uffff",
    "\U000e0001",
]
BLANK = ["", " ", "\n", "\n\n", "\r\n", " \n ", "\n \n"]


@pytest.mark.parametrize("label", LABELS, ids=lambda label: ascii(label[:12]))
def test_labels_and_ops_break_no_picture(label):
    pytest.importorskip("pygraphviz")
    x = Value(2.0, label=label)
    y = Value(4.0, (x,), label)
    drawing = draw_dot(y, color="grad")
    assert len(drawing.source) < 2_000
    svg = drawing.pipe("svg")
    shown = "".join(texts(svg))
    assert "script" not in {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(svg).iter()}
    assert label.replace("\n", "").replace("\x1b", r"\x1b")[:4] in shown
    lines = str(draw_dot(y, format="text")).splitlines()
    assert len(lines) == 2
    page = draw_dot(x * 2.0, format="html", title=label).page
    assert page.lower().count("</script>") == 2
    assert "<img" not in page
    assert all(line.isprintable() and len(line) < 250 for line in lines)


@pytest.mark.parametrize("label", BLANK, ids=ascii)
@pytest.mark.parametrize("options", [{}, {"color": "grad"}, {"grad": False}], ids=str)
def test_a_blank_label_crashes_no_picture(label, options):
    pytest.importorskip("pygraphviz")
    x = Value(2.0, label=label)
    y = x * 3.0
    y.label = label
    assert "data 2.0000" in texts(draw_dot(y, **options).pipe())


@pytest.mark.parametrize(
    "data", [10**400, -(10**400), Fraction(10**500, 3), np.longdouble(2), np.ones(2, np.longdouble)]
)
def test_unusual_numbers_in_every_picture(data):
    y = Value(data, label="x") * 2
    assert draw_dot(y, format="text").source.startswith("#2 = *  data ")
    assert draw_dot(y).source.count("data ") == 3
    assert "fillcolor" in shades([data])(data)


@pytest.mark.parametrize("format", ["svg", "png", "dot", "text", "html"])
def test_every_format_says_that_gradients_were_computed(format):
    y = Value(3.0, label="x") * 2.0
    drawn = draw_dot(y, format=format, grad=True)
    said = drawn.page if format == "html" else drawn.source
    assert "backward() was not called" in said
    assert "computed for this" in said
    y.backward()
    drawn = draw_dot(y, format=format, grad=True)
    assert "backward() was not called" not in (to_json_of(drawn) if format == "html" else drawn.source)


def to_json_of(stepper):
    return stepper.page.split('id="graph">')[1].split("</script>")[0]


def test_labels_break_no_folded_picture(model):
    pytest.importorskip("pygraphviz")
    for p, label in zip(model.parameters(), LABELS * 9, strict=False):
        p.label = label
    out = model(XS[0])
    out.label = LABELS[0]
    for fold in (None, "module", "sample"):
        ElementTree.fromstring(draw_dot(out, model=model, fold=fold).pipe("svg"))


def test_the_name_of_a_module_is_escaped():
    class Net(type(Linear(1, 1))):
        pass

    Net.__name__ = 'N{e|t}"<x>'
    net = Net(2, 1)
    source = draw_dot(net(np.ones((1, 2))).sum(), model=net, fold="module").source
    assert r"{ N\{e\|t\}\"\<x\> | " in source


@pytest.mark.parametrize("data", [math.nan, math.inf, np.array([math.nan, -math.inf])], ids=str)
def test_numbers_that_are_not_finite(data):
    pytest.importorskip("pygraphviz")
    x = Value(data, label="x")
    y = (x * 2.0).sum() if isinstance(data, np.ndarray) else x * 2.0
    assert "nan" in (shown := " ".join(texts(draw_dot(y, grad=True, color="grad").pipe()))) or "inf" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "bmp"}, "draw_dot: 'bmp' is not a format; take one of svg, "),
        ({"rankdir": "up"}, "draw_dot: rankdir='up' is not a direction; take one of LR, RL, TB, BT"),
        ({"grad": "yes"}, "draw_dot: grad='yes' is not known; take True, False or None"),
        ({"color": "red"}, "draw_dot: color='red' is not known; take 'grad' or None"),
        ({"fold": "layer"}, "draw_dot: fold='layer' is not known; take 'auto', 'module', 'sample' or None"),
        ({"max_nodes": 1}, "draw_dot: max_nodes=1 is not a number of boxes; give 2 or more, or None"),
        ({"max_nodes": True}, "draw_dot: max_nodes=True is not a number of boxes; give 2 or more, or None"),
        ({"max_nodes": 2.5}, r"draw_dot: max_nodes=2\.5 is not a number of boxes; give 2 or more, or None"),
        ({"max_nodes": -3}, "draw_dot: max_nodes=-3 is not a number of boxes; give 2 or more, or None"),
        ({"max_nodes": np.ones(2)}, "draw_dot: max_nodes=a ndarray is not a number of boxes; give 2 or more, or None"),
        (
            {"format": "htm"},
            "draw_dot: 'htm' is not a format, did you mean 'html'; take one of svg, .*, dot, text, html$",
        ),
        ({"format": "SVG"}, "draw_dot: 'SVG' is not a format, did you mean 'svg'; take one of "),
        ({"format": None}, "draw_dot: None is not a format; take one of "),
        ({"format": np.ones(2)}, "draw_dot: a ndarray is not a format; take one of "),
        ({"rankdir": None}, "draw_dot: rankdir=None is not a direction; take one of LR, RL, TB, BT"),
        ({"grad": 0}, "draw_dot: grad=0 is not known; take True, False or None"),
        ({"grad": np.ones(2)}, "draw_dot: grad=a ndarray is not known; take True, False or None"),
        ({"color": True}, "draw_dot: color=True is not known; take 'grad' or None"),
        ({"fold": "modules"}, "draw_dot: fold='modules' is not known, did you mean 'module'; take 'auto', "),
        ({"fold": []}, "draw_dot: fold=a list is not known; take 'auto', "),
        ({"fold": "x" * 1000}, "draw_dot: fold='x{56}[.]{3} is not known; take 'auto', "),
        ({"max_nodes": -(10**500)}, "draw_dot: max_nodes=an int of 1661 bits is not a number of boxes; give 2 or "),
        ({"title": 3}, "draw_dot: title=3 is not text; give a str"),
        ({"title": "t"}, "draw_dot: title= names the page of format='html'; for a picture, set the label of the root"),
        ({"colour": "grad"}, "draw_dot: there is no option colour=, did you mean 'color'; the options are format, "),
        ({"depth": 3}, "draw_dot: there is no option depth=; the options are format, rankdir, grad, color, fold, "),
        ({"format": "html", "color": "grad"}, "draw_dot: the page of a stepper has no color=; it takes model, title$"),
        ({"format": "html", "grad": False}, "draw_dot: the page of a stepper has no grad=; it takes model, title$"),
        ({"format": "html", "fold": None}, "draw_dot: the page of a stepper has no fold=; it takes model, title$"),
        (
            {"format": "html", "rankdir": "TB"},
            "draw_dot: the page of a stepper has no rankdir=; it takes model, title$",
        ),
        (
            {"format": "text", "color": "grad"},
            "draw_dot: a tree of text has no color=; it takes grad, fold, max_nodes, ",
        ),
        ({"format": "text", "rankdir": "TB"}, "draw_dot: a tree of text has no rankdir=; it takes grad, fold, "),
    ],
    ids=str,
)
@pytest.mark.parametrize("function", [draw_dot, micrograd.draw], ids=["draw_dot", "draw"])
def test_unknown_options(options, words, function):
    with pytest.raises(DrawError, match=f"^{words}"):
        function(Value(1.0), **options)


def test_a_number_of_boxes_may_be_numpys(loss):
    assert draw_dot(loss, max_nodes=np.int64(5)).source == draw_dot(loss, max_nodes=5).source


@pytest.mark.parametrize("function", [draw_dot, micrograd.draw], ids=["draw_dot", "draw"])
def test_the_format_html_is_the_page_of_step(function):
    L = sharing()
    assert function(L, format="html", grad=True, title="T").page == micrograd.step(L, "T").page


def test_the_format_dot_is_the_source(tmp_path):
    drawing = draw_dot(sharing(), format="dot")
    assert drawing.pipe().decode() == drawing.source
    assert drawing.render(tmp_path / "graph").read_bytes() == drawing.pipe()
    assert (tmp_path / "graph.dot").exists()


@pytest.mark.parametrize("format", ["svg", "text", "html"])
def test_a_picture_inside_a_transform_changes_no_result(format):
    def f(x):
        y = x * 2
        draw_dot(y, format=format)
        y._repr_svg_()
        y._repr_html_()
        return y

    assert type(micrograd.grad(f)(3.0)) is float
    assert micrograd.grad(micrograd.grad(lambda x: f(x) * x))(3.0) == 4.0


def test_a_picture_takes_no_memory_for_gradients():
    x = Value(np.ones(1000))
    draw_dot(x * 2.0)
    assert x._gradient is None


@pytest.mark.parametrize("format", ["svg", "text", "html"])
@pytest.mark.parametrize(("model", "what"), [(3, "an int"), (MLP, "the class MLP")], ids=["int", "class"])
def test_a_model_that_is_no_module(format, model, what):
    with pytest.raises(ArgumentError, match=rf"model: {what} has no named_modules\(\); give a Module, such as an MLP"):
        draw_dot(Value(1.0), model=model, format=format)


@pytest.mark.parametrize("format", ["svg", "dot", "text", "html"])
@pytest.mark.parametrize(
    "root", [3.0, None, [], np.ones(2), Neuron(1), Symbol("x"), Value, "L"], ids=lambda x: type(x).__name__
)
def test_a_root_that_is_no_value(root, format):
    with pytest.raises(DataError, match=f"draw_dot: given a {type(root).__name__}, not a Value; give one Value"):
        draw_dot(root, format=format)


def test_a_detached_root():
    assert str(draw_dot(Value(2.0).detach(), format="text", grad=True)) == "2  constant"
    assert "data 2.0000" in draw_dot(Value(2.0).detach(), grad=True, color="grad").source


def test_a_model_of_another_graph():
    neuron = Neuron(2)
    assert "{ x | data 1.0000" in draw_dot(Value(1.0, label="x"), model=neuron, fold="module").source
