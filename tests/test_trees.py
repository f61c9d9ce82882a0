"""Trees: taken apart and put together again, whatever they are made of."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd.errors import ArgumentError
from micrograd.trees import leaves_of, like, mapped, places_of, same_leaves

Point = namedtuple("Point", "x y")
TREES = st.recursive(
    st.integers(),
    lambda branch: st.one_of(
        st.lists(branch, max_size=3),
        st.lists(branch, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), branch, max_size=3),
        st.tuples(branch, branch).map(lambda pair: Point(*pair)),
        st.dictionaries(st.text(max_size=2), branch, max_size=3).map(lambda d: defaultdict(list, d)),
        st.dictionaries(st.text(max_size=2), branch, max_size=3).map(OrderedDict),
    ),
    max_leaves=12,
)


def kinds(tree):
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, (list, tuple)) else ()
    return type(tree), [kinds(branch) for branch in branches], list(tree) if isinstance(tree, dict) else None


@given(TREES)
def test_apart_and_together(tree):
    twin = like(tree, leaves_of(tree))
    assert twin == tree
    assert kinds(twin) == kinds(tree)
    assert twin is not tree or leaves_of(tree) in ([], [tree])


@given(TREES)
def test_mapped_keeps_structure_and_order(tree):
    doubled = mapped(lambda n: 2 * n, tree)
    assert leaves_of(doubled) == [2 * n for n in leaves_of(tree)]
    assert kinds(doubled) == kinds(tree)


@given(TREES)
def test_a_tree_matches_itself_in_any_order_of_keys(tree):
    def reversed_keys(tree):
        if isinstance(tree, dict):
            return {key: reversed_keys(tree[key]) for key in reversed(tree)}
        if isinstance(tree, (list, tuple)):
            return [reversed_keys(branch) for branch in tree]
        return tree

    assert same_leaves("f", "mine", reversed_keys(tree), "other", tree) == leaves_of(tree)


@pytest.mark.parametrize(
    ("given", "wanted", "text"),
    [
        (1.0, [1.0], "f: the mine has the structure *, but the other has [*]; give the mine the same structure"),
        ([1.0], 1.0, "structure [*], but the other has *"),
        ([1.0, 2.0], [1.0], "structure [*, *], but the other has [*]"),
        ({"a": 1.0}, {"b": 1.0}, "structure {'a': *}, but the other has {'b': *}"),
        ({"a": 1.0}, [1.0], "structure {'a': *}, but the other has [*]"),
        ({0: 1.0}, [1.0], "structure {0: *}, but the other has [*]"),
        ([[], 1.0], [1.0, []], "structure [[], *], but the other has [*, []]"),
        (Point(1.0, 2.0), Point(1.0, (2.0,)), "structure Point(x=*, y=*), but the other has Point(x=*, y=(*,))"),
    ],
)
def test_trees_that_differ(given, wanted, text):
    with pytest.raises(ArgumentError) as caught:
        same_leaves("f", "mine", given, "other", wanted)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("tree", "places"),
    [
        (2.0, ["t"]),
        ([], []),
        ({"w": [1.0, None], 3: 2.0}, ["t['w'][0]", "t['w'][1]", "t[3]"]),
        (Point(1.0, (2.0,)), ["t.x", "t.y[0]"]),
    ],
)
def test_where_leaves_stand(tree, places):
    assert [place for place, _ in places_of(tree, "t")] == places
    assert all(eval(place, {"t": tree}) is x for place, x in places_of(tree, "t"))
