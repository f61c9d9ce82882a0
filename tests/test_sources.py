"""Signatures, help and source are shown alike by both engines."""

from __future__ import annotations

import importlib
import inspect
import json
import linecache
import pydoc
from pathlib import Path

import pytest

from micrograd import Value, engine, op, sources
from micrograd.ops.operators import Operators
from micrograd.plain import COMPILED, is_compiled
from micrograd.traced import Traced
from tests.processes import printed

ROOT = Path(__file__).parents[1]

# Prints, for everything public of the compiled modules: its signature, and the file and
# text of its source.
SHOWN = """
import importlib, inspect, json, sys
def shown(x):
    try:
        return str(inspect.signature(x)), inspect.getsourcefile(inspect.unwrap(x)), inspect.getsource(x)
    except (TypeError, ValueError) as error:
        return type(error).__name__, None, None
found = {}
for name in %r:
    module = importlib.import_module(name)
    found[name] = ["", inspect.getsourcefile(module), inspect.getsource(module)]
    for key, x in vars(module).items():
        if getattr(x, "__module__", None) != name or key.startswith("_") or not callable(x):
            continue
        found[f"{name}.{key}"] = shown(x)
        if isinstance(x, type):
            for attribute, method in vars(x).items():
                if callable(method) and not attribute.startswith("_"):
                    found[f"{name}.{key}.{attribute}"] = shown(method)
print(json.dumps(found))
"""


def shown_by(pure: str) -> dict[str, list[str]]:
    return json.loads(printed(SHOWN % list(COMPILED), MICROGRAD_PURE=pure))


def test_both_engines_show_the_same():
    plain, ours = shown_by("1"), shown_by("0")
    assert {
        "micrograd.engine.Value",
        "micrograd.engine.Value.backward",
        "micrograd.op.elementwise",
        "micrograd.record.Op",
    } < plain.keys()
    assert plain.keys() == ours.keys()
    # A function that is C for the engine and Python for others (cpdef) keeps its
    # arguments, not its `-> ...`.
    for name, (signature, file, source) in plain.items():
        assert ours[name][0] in (signature, signature.rpartition(" -> ")[0]), name
        assert ours[name][1:] == [file, source], name


def test_the_signature_of_value():
    expected = (
        "(data: 'Array', _children: 'Iterable[Any]' = (), _op: 'str' = '', label: 'str' = '', *, "
        "prev: 'Iterable[Any]' = (), op: 'str' = '', copy: 'bool' = False)"
    )
    assert str(inspect.signature(Value)).removesuffix(" -> 'None'") == expected


def test_a_quick_method_shows_the_method_that_it_stands_for():
    assert str(inspect.signature(Value.tanh)).removesuffix(" -> 'Self'") == "(self)"
    assert inspect.getsource(Value.tanh) == inspect.getsource(Operators.tanh)
    assert (Value.tanh.__name__, Value.tanh.__doc__) == ("tanh", "Hyperbolic tangent, elementwise.")


def test_signatures_of_classes_made_from_compiled_ones():
    class Same(Value):
        pass

    class Other(Value):
        def __init__(self, width, height=2.0):
            super().__init__(width * height)

    class Below(Other):
        pass

    assert inspect.signature(Same) == inspect.signature(Value)
    assert str(inspect.signature(Other)) == str(inspect.signature(Below)) == "(width, height=2.0)"
    assert Other(3.0).data == 6.0
    assert inspect.signature(op.Elementwise) == inspect.signature(op.Op)
    assert inspect.signature(Traced) == inspect.signature(Value)  # in another room than its base


def test_help_shows_signatures():
    text = pydoc.plain(pydoc.render_doc(Value))
    assert "\nclass Value(micrograd.node.Node)\n" in text
    text = "".join(text.replace("|", "").split())  # Python 3.13 breaks long ones into lines
    assert "Value(data:'Array',_children:'Iterable[Any]'=()," in text
    assert "backward(self,gradient:'Array'=None,create_graph:'bool'=False" in text


@pytest.mark.parametrize(
    ("thing", "first_line"),
    [
        (Value, "class Value(Node):"),
        (Value.backward, "def backward(self, gradient"),
        (Value(1.0).tanh, "def tanh(self)"),
        (engine.toposort, "def toposort(root"),
        (engine.no_grad, "def no_grad("),
        (engine, '"""The engine'),
        (op.Op, "class Op:"),
    ],
    ids=[
        "class",
        "method",
        "bound method",
        "function",
        "decorated",
        "module",
        "class of ops",
    ],  # alike in every process
)
def test_source(thing, first_line):
    source = inspect.getsource(thing)
    assert any(line.strip().startswith(first_line) for line in source.splitlines()[:2])
    assert Path(sources.__file__).parent in Path(inspect.getsourcefile(inspect.unwrap(thing))).parents


@pytest.mark.skipif(not is_compiled(engine), reason="in plain Python an operator is a function like any other")
def test_what_a_c_type_has_no_place_for():
    """The limit that sources.py names: an operator is a slot of the type."""
    with pytest.raises(TypeError):
        inspect.getsource(Value.__add__)
    with pytest.raises(ValueError, match="no signature found"):
        inspect.signature(Value.__add__)


@pytest.mark.skipif(not is_compiled(engine), reason="there are no twins in plain Python")
def test_the_twin_of_a_compiled_function_says_what_it_is():
    twin = inspect.unwrap(engine.toposort)
    assert twin is not engine.toposort
    with pytest.raises(TypeError, match="this stands for a compiled function, to show its source; call the function"):
        twin(Value(1.0))


@pytest.mark.parametrize("name", COMPILED)
def test_the_file_of_a_module_is_its_source(name):
    module = importlib.import_module(name)
    assert module.__file__.endswith(".py")
    assert linecache.getline(module.__file__, 1).startswith('"""')
