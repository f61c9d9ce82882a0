"""Demonstrations: what is printed is what ran."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest

from micrograd import Value, demonstrate, no_grad
from micrograd.errors import ArgumentError
from micrograd.see.demonstrations import LESSONS, run, run_recorded, shown
from micrograd.see.wrong_engines import ENGINES, Right, recorded

NAMES = list(LESSONS)
COMPARED = "a.grad, by engine: recursion 10, level by level 2, no visited set 16, = for += 6, sorted 8"


def test_every_engine_has_a_lesson():
    assert list(LESSONS) == list(ENGINES)


def test_the_text_of_the_sort():
    assert (
        str(demonstrate("no-topological-sort"))
        == f"""\
no-topological-sort: the gradients go back by recursion, without a sort

    a = Value(3.0)
    b = a * 2
    d = b + b * 3
    d.backward()

Wrong: a node passes on what it has, then each of its inputs does the same.
    d has 1: it passes 1 to b (0 + 1 = 1), 1 to b*3 (0 + 1 = 1)
    b has 1: it passes 2 to a (0 + 2 = 2)
    b*3 has 1: it passes 3 to b (1 + 3 = 4)
    b has 4: it passes 8 to a (2 + 8 = 10)
Right: each node once, after all its users.
    d has 1: it passes 1 to b (0 + 1 = 1), 1 to b*3 (0 + 1 = 1)
    b*3 has 1: it passes 3 to b (1 + 3 = 4)
    b has 4: it passes 8 to a (0 + 8 = 8)

gradient  wrong  right
       a     10      8  <-
       b      4      4
     b*3      1      1
       d      1      1

{COMPARED}

Why: b passes on a part of its gradient before all has arrived, and then all of it: the first part counts twice.
Repair: sort the nodes, inputs before users, and walk that list from its end, each node once."""
    )


@pytest.mark.parametrize("name", ["no-topological-sort", "no-visited-set", "level-by-level"])
def test_the_figures_of_all_engines_stand_in_a_line(name):
    assert COMPARED in str(demonstrate(name)).splitlines()


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("no-topological-sort", "10", "8"),
        ("assign-not-accumulate", "1", "2"),
        ("no-visited-set", "16", "8"),
        ("forgot-zero-grad", "4", "2"),
        ("no-unbroadcast", "[1, 2]", "3"),
        ("level-by-level", "2", "8"),
    ],
)
def test_the_numbers_that_tell_them_apart(name, wrong, right):
    shown_rows = [line.removesuffix("  <-") for line in str(demonstrate(name)).splitlines() if line.endswith("<-")]
    assert len(shown_rows) == 1
    assert re.fullmatch(rf" *[abw] +{re.escape(wrong)} +{re.escape(right)}", shown_rows[0])


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_it_fits_on_a_screen(self, name):
        lines = str(demonstrate(name)).splitlines()
        assert len(lines) <= 30
        assert max(map(len, lines)) <= 120

    def test_the_right_numbers_are_those_of_micrograd(self, name):
        demonstration = demonstrate(name)
        for variable, value in run(demonstration.program, Value).items():
            assert np.array_equal(demonstration.right[variable], value.grad)
            assert shown(demonstration.right[variable]) == shown(value.grad)

    def test_the_steps_that_are_called_right_end_at_the_right_numbers(self, name):
        demonstration = demonstrate(name)
        gradients, steps = run_recorded(demonstration.program, recorded(Right))
        assert steps == demonstration.right_steps
        assert gradients.keys() == demonstration.right.keys()
        assert all(np.array_equal(gradients[node], grad) for node, grad in demonstration.right.items())

    def test_the_last_step_to_a_node_leaves_its_gradient(self, name):
        demonstration = demonstrate(name)
        for steps, gradients in [
            (demonstration.wrong_steps, demonstration.wrong),
            (demonstration.right_steps, demonstration.right),
        ]:
            arrived = {}
            for step in steps:
                for to, after in re.findall(r" to (\S+) \((?:[^()]*?)= (\S+|\[.*?\])(?:, the .*?)?\)", step):
                    arrived[to] = after
            assert arrived == {to: shown(gradients[to]) for to in arrived}
            assert len(arrived) == len(gradients) - (2 if name == "forgot-zero-grad" else 1)  # all but the roots

    def test_only_the_slip_makes_the_difference(self, name):
        """No sentence has a number in it: all numbers come from the program."""
        lesson = LESSONS[name]
        for sentence in (lesson.slip, lesson.wrong, lesson.right, lesson.why, lesson.repair):
            assert not re.search(r"\d", sentence)

    def test_other_numbers_in_the_program_give_other_numbers(self, name, monkeypatch):
        lesson = LESSONS[name]
        other = lesson.program.replace("* 2", "* 5").replace("[1.0, 2.0]", "[4.0, 7.0]").replace("a + a", "a + a + a")
        before = demonstrate(name)
        monkeypatch.setitem(LESSONS, name, lesson._replace(program=other))
        after = demonstrate(name)
        assert after.right.keys() & before.right.keys()
        first = next(iter(before.right))
        for gradients in ("right", "wrong") if name != "assign-not-accumulate" else ("right",):
            assert shown(getattr(after, gradients)[first]) != shown(getattr(before, gradients)[first])
        value = run(other, Value)[first]
        assert shown(after.right[first]) == shown(value.grad)

    def test_a_notebook_shows_the_same_text_escaped(self, name):
        page = demonstrate(name)._repr_html_()
        inside = page.removeprefix("<pre>").removesuffix("</pre>")
        assert "<" not in inside
        assert html.unescape(inside) == str(demonstrate(name)) == repr(demonstrate(name))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_where_nothing_is_recorded(name):
    text = str(demonstrate(name))
    with no_grad():
        assert str(demonstrate(name)) == text


# A program with one op less does not show the slip


@pytest.mark.parametrize(
    ("name", "smaller"),
    [
        *(
            (name, program)
            for name in ("no-topological-sort", "no-visited-set", "level-by-level")
            for program in (
                "a = Value(3.0)\nd = a + a * 3\nd.backward()",
                "a = Value(3.0)\nb = a * 2\nd = b + b\nd.backward()",
                "a = Value(3.0)\nb = a * 2\nd = b * 3\nd.backward()",
                "a = Value(3.0)\nb = a * 2\nd = b + a\nd.backward()",
            )
        ),
        ("assign-not-accumulate", "a = Value(3.0)\nb = a + 1\nb.backward()"),
        ("forgot-zero-grad", "w = Value(3.0)\nfirst = w * 2\nfirst.backward()"),
        ("no-unbroadcast", "b = Value(10.0)\nx = Value(2.0)\ny = b * x\ny.backward()"),
    ],
)
def test_the_program_is_the_smallest(name, smaller):
    wrong, right = (run(smaller, engine) for engine in (ENGINES[name], Value))
    assert {key: shown(x.grad) for key, x in wrong.items()} == {key: shown(x.grad) for key, x in right.items()}


def test_numpy_refuses_the_same_slip_in_place():
    """What docs/demonstrate.md says of `+=` on arrays."""
    with pytest.raises(ValueError, match="non-broadcastable output operand"):
        gradient = np.zeros(2)
        gradient += np.ones((3, 2))


# The list, and names that are not known


def test_the_list():
    listed = demonstrate()
    assert list(listed) == NAMES
    assert len(listed) == 6
    assert repr(listed).splitlines()[1] == "assign-not-accumulate  a gradient is set with `=`, where `+=` is needed"
    assert html.unescape(listed._repr_html_()) == f"<pre>{listed!r}</pre>"


KNOWN = (
    "no-topological-sort, assign-not-accumulate, no-visited-set, forgot-zero-grad, no-unbroadcast, level-by-level;\n"
)


@pytest.mark.parametrize(
    ("given", "repair"),
    [
        ("no-toposort", "did you mean 'no-topological-sort'?"),
        ("no_visited_set", "did you mean 'no-visited-set'?"),
        ("Zero Grad", "did you mean 'forgot-zero-grad'?"),
        ("unbroadcast", "did you mean 'no-unbroadcast'?"),
        ("+=", "did you mean 'assign-not-accumulate'?"),
        ("recursion", "did you mean 'no-topological-sort'?"),
        ("=", "take one of these, as demonstrate('no-topological-sort')"),
        ("zzz", "take one of these, as demonstrate('no-topological-sort')"),
        ("", "take one of these, as demonstrate('no-topological-sort')"),
        (3, "take one of these, as demonstrate('no-topological-sort')"),
        (["no-visited-set"], "did you mean 'no-visited-set'?"),
        (Value(1.0), "take one of these, as demonstrate('no-topological-sort')"),
    ],
)
def test_unknown_names(given, repair):
    with pytest.raises(ArgumentError) as error:
        demonstrate(given)
    assert str(error.value) == f"demonstrate: {given!r} is not a demonstration; there are {KNOWN}{repair}"


def test_every_engine_may_be_asked_for_a_graph_of_arrays():
    """What a name of a program is to a notebook: labels are not markup."""
    gradients, steps = run_recorded("a = Value([1.0, 2.0])\nb = (a * a).sum()\nb.backward()", recorded(Right))
    assert {name: shown(x) for name, x in gradients.items()} == {"a": "[2, 4]", "a*a": "[1, 1]", "b": "1"}
    assert steps[-1] == (
        "a*a has [1, 1]: it passes [1, 2] to a ([0, 0] + [1, 2] = [1, 2]), [1, 2] to a ([1, 2] + [1, 2] = [2, 4])"
    )
