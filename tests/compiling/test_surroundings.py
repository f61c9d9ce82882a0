"""What the code of a function reads: found, and no more than that is walked."""

from __future__ import annotations

import sys
import types

import pytest

import micrograd
from micrograd import Value
from micrograd.compiling.surroundings import Surroundings


def _module(name, source="", **names):
    """A module of that name with names in it."""
    module = types.ModuleType(name)
    module.__dict__.update(names)
    exec(source, module.__dict__)
    return module


def _reads(source, **names):
    """The function `f` that a source defines, with globals of its own."""
    module = _module("mine", source, **names)
    return module.f


NAMESPACE = types.SimpleNamespace(scale=2.0)
BIG = "\n".join(f"def f{i}(x):\n    return x.a{i} + x.b{i}" for i in range(500))


@pytest.mark.parametrize(
    "source", ["def f(x):\n    return x * tools.scale", "def f(x):\n    return x * tools.part.scale"]
)
def test_what_a_module_holds_beside_is_left_alone(source):
    # a test module that named pytest in a process with torch was walked for 25 seconds
    big = _module("big", BIG)
    tools = _module("tools", scale=2.0, big=big, **vars(big), part=_module("tools.part", scale=3.0, big=big))
    around = Surroundings([("", _reads(source, tools=tools))])
    assert "scale" in around.read
    assert len(around.read) < 10
    assert len(around.entries) < 20


def test_attributes_by_name_of_an_installed_package():
    # `getattr` in the user's code makes all attributes count, but no whole package
    package = _module("package", BIG, scale=2.0, __file__="/somewhere/lib/site-packages/package/__init__.py")
    sys.modules["package"] = package
    try:
        around = Surroundings([("", _reads("def f(x):\n    return x * getattr(package, 'scale')", package=package))])
        assert len(around.read) < 10
        assert len(around.entries) < 20
        own = Surroundings(
            [("", _reads("def f(x):\n    return x * getattr(tools, 'scale')", tools=_module("tools", BIG)))]
        )
        assert len(own.read) > 1000
    finally:
        del sys.modules["package"]


@pytest.mark.parametrize("deep", [1, 3, 6])
def test_a_number_deep_in_a_package_is_seen(deep):
    names = ["deep", *(f"part{i}" for i in range(deep))]
    inner = _module(".".join(names), rate=1.0)
    whole = inner
    for count in range(deep, 0, -1):
        whole = _module(".".join(names[:count]), **{names[count]: whole})
    w = Value(3.0)
    f = _reads(f"def f():\n    return w * {'.'.join(names)}.rate", deep=whole, w=w)
    fast = micrograd.compile(f, backend="numpy")
    assert fast().data == 3.0
    inner.rate = 2.0
    assert fast().data == 6.0


def test_a_name_leads_to_more_names():
    # f reads `inner` of x, whose code reads `scale` of y, which holds the number
    y = types.SimpleNamespace(scale=1.0)
    w = Value(3.0)
    tools = _module("tools", "def inner():\n    return y.scale", y=y)
    fast = micrograd.compile(_reads("def f():\n    return w * tools.inner()", tools=tools, w=w), backend="numpy")
    assert fast().data == 3.0
    y.scale = 2.0
    assert fast().data == 6.0


def test_an_object_of_an_installed_package():
    # what it keeps for itself, such as pytest's session with all tests, is not walked
    source = "class Session:\n    def __init__(self, inner):\n        self.inner, self.scale = inner, 2.0"
    package = _module("package", source, __file__="/somewhere/lib/site-packages/package/__init__.py")
    sys.modules["package"] = package
    try:
        session = package.Session(_module("big", BIG))
        f = _reads("def f(x):\n    return x * session.scale * getattr(own, 'scale')", session=session, own=NAMESPACE)
        around = Surroundings([("", f)])
        assert len(around.read) < 10
        assert {"session.scale", "own.scale"} <= {name for _, _, name in around.entries}
    finally:
        del sys.modules["package"]
