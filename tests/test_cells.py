"""A Value as the last expression of a cell: what a notebook asks, and what it gets."""

from __future__ import annotations

import random
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import micrograd
from micrograd import Value
from micrograd.cells import MOST_NODES
from micrograd.nn import MLP


def texts(svg):
    return [
        "".join(e.itertext()).replace("\xa0", " ") for e in ElementTree.fromstring(svg).iter() if e.tag[-4:] == "text"
    ]


def product():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    L = a * b
    L.label = "L"
    return L


def chain(length):
    v = Value(1.0)
    for _ in range(length):
        v = v.tanh()
    return v


def loss():
    random.seed(1)
    model = MLP(3, [4, 4, 1], activation="tanh", last_activation="tanh")
    return sum((model([2.0, 3.0, -1.0]) - y) ** 2 for y in (1.0, -1.0, -1.0, 1.0))


@pytest.fixture
def graphviz():
    pytest.importorskip("pygraphviz")


@pytest.fixture
def no_graphviz(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("graphviz")
class TestPictures:
    @pytest.mark.parametrize(
        ("make", "first", "boxes"),
        [
            (product, ["Value(data=-6.0, grad=0.0, label='L')"], 3),
            (lambda: Value(2.0, label="x"), ["Value(data=2.0, grad=0.0, label='x')"], 1),
            (lambda: chain(60), None, 61),
            (lambda: chain(200), None, 24),
            (loss, None, 8),
            (lambda: (Value(np.ones((3, 2)), label="A") * 2.0).sum(axis=0), None, 4),
        ],
        ids=["product", "leaf", "chain", "long chain", "network", "array"],
    )
    def test_a_picture_with_its_text(self, make, first, boxes):
        v = make()
        shown = texts(v._repr_svg_())
        assert shown[0].startswith(repr(v)[:20])
        assert first is None or shown[:1] == first
        assert (
            v._repr_svg_().count('class="node"') - sum(t in ("*", "+", "tanh", "sum(0)", "sum") for t in shown) <= boxes
        )
        assert v._repr_html_() is None

    def test_a_folded_one_says_so(self):
        assert any("values in 8 boxes" in text for text in texts(loss()._repr_svg_()))

    def test_a_subclass(self):
        class Weight(Value):
            pass

        assert texts((Weight(2.0) * 3.0)._repr_svg_())[0] == "Weight(data=6.0, grad=0.0)"

    def test_a_label_runs_nothing(self):
        v = Value(1.0, label="</text><script>alert(1)</script>") * 2.0
        assert "script" not in {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(v._repr_svg_()).iter()}

    def test_where_graphviz_fails_there_is_the_text(self, monkeypatch):
        monkeypatch.setattr(sys.modules["micrograd.draw"], "_PYGRAPHVIZ", "raise ImportError")
        monkeypatch.setenv("PATH", "")
        assert product()._repr_svg_() is None


@pytest.mark.usefixtures("no_graphviz")
class TestText:
    def test_a_tree(self):
        assert product()._repr_svg_() is None
        assert product()._repr_html_() == (
            "<pre>Value(data=-6.0, grad=0.0, label=&#x27;L&#x27;)\n"
            "L = *  data -6  grad 0\n├─ a   data 2   grad 0\n└─ b   data -3  grad 0</pre>"
        )

    def test_a_label_is_text(self):
        assert "<img" not in Value(1.0, label="<img src=x onerror=alert(1)>")._repr_html_()

    @pytest.mark.parametrize("make", [loss, lambda: chain(200)], ids=["network", "chain"])
    def test_a_large_one_is_folded(self, make):
        assert "boxes; " in make()._repr_html_().splitlines()[-1]
        assert len(make()._repr_html_().splitlines()) < 40


@pytest.mark.parametrize("length", [MOST_NODES, 100_000])
def test_a_large_graph_is_text_that_names_draw(length):
    v = chain(length)
    assert v._repr_svg_() is None
    assert v._repr_html_() == (
        f"<pre>{v!r}\nmade of more than 1,000 values; micrograd.draw_dot(v) draws it, folded</pre>"
    )


def test_many_inputs_of_one_node_are_many():
    v = Value(1.0, [Value(2.0) for _ in range(2 * MOST_NODES)], "many")
    assert v._repr_svg_() is None
    assert "more than 1,000 values" in v._repr_html_()


def test_nothing_is_an_error():
    class Broken(Value):
        def __repr__(self):
            raise RuntimeError("broken")

    assert Broken(1.0)._repr_svg_() is Broken(1.0)._repr_html_() is None


def test_inside_a_transform_or_a_compilation():
    seen = []

    def f(x):
        y = x * x
        seen.append(y._repr_html_() if hasattr(y, "_repr_html_") else None)
        return y

    assert micrograd.grad(micrograd.grad(f))(3.0) == 2.0
    assert micrograd.jvp(f, (3.0,), (1.0,)) == (9.0, 6.0)
    assert micrograd.compile(f)(Value(3.0)).data == 9.0
    assert all(shown is None or "<pre>" in shown for shown in seen)


def test_a_repr_stays_as_it_is():
    assert repr(Value(2.0, label="a")) == "Value(data=2.0, grad=0.0, label='a')"
