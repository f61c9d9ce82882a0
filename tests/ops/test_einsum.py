"""einsum: any string that NumPy takes, its gradients, and what it says to the
others.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd import Value, gradcheck
from micrograd.errors import ArgumentError, MicrogradError, ShapeError
from micrograd.ops.einsum import einsum
from micrograd.transforms import jvp
from tests.ops.composites import CHECKS, Row, agrees_with_torch, complaint
from tests.samples.sample import array

STRINGS: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk", ((2, 3), (3, 4))),
    (" i j , jk -> k i ", ((2, 3), (3, 4))),
    ("ba", ((2, 3),)),
    ("bA", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->j", ((2, 3),)),
    ("ij->ij", ((2, 3),)),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iji->j", ((3, 2, 3),)),
    ("iijj->ij", ((2, 2, 3, 3),)),
    ("iii->i", ((2, 2, 2),)),
    ("ii,jj->ij", ((2, 2), (3, 3))),
    ("ii,ij,jk->k", ((2, 2), (2, 3), (3, 2))),
    ("ij,k->i", ((2, 3), (4,))),
    ("ij,kl->", ((2, 3), (3, 2))),
    ("i,i", ((3,), (3,))),
    ("i,j->ij", ((3,), (2,))),
    (",ij", ((), (2, 3))),
    (",->", ((), ())),
    ("->", ((),)),
    ("...", ((2, 3),)),
    ("...ij->...ji", ((2, 2, 3),)),
    ("...ii->...i", ((2, 3, 3),)),
    ("i...->...", ((2, 3, 2),)),
    ("b...a", ((2, 3, 2, 2),)),
    ("...ij,...jk->...ik", ((4, 1, 2, 3), (2, 3, 2))),
    ("...ij,...jk", ((2, 3), (4, 3, 2))),
    ("...,...->...", ((2, 3), (3,))),
    ("...i,...i->...", ((2, 3), (3,))),
    ("ij...,jk...->ik...", ((2, 3, 2), (3, 2, 1))),
    ("...i->i", ((3,),)),
    ("i->...i", ((3,),)),
    ("ij,jk->ik", ((2, 1), (3, 4))),
    ("ij,ij->ij", ((2, 1), (1, 3))),
    ("ij,ij->", ((2, 1), (1, 3))),
    ("i,i,i->i", ((1,), (3,), (1,))),
    ("ij,jk,kl,lm->im", ((2, 3), (3, 2), (2, 3), (3, 2))),
    ("bij,bjk,kb->i", ((2, 3, 2), (2, 2, 3), (3, 2))),
    ("i->", ((0,),)),
    ("ij,jk->ik", ((2, 0), (0, 3))),
]


def _row(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Row:
    return Row(
        "einsum",
        tuple(array(*shape) + i if shape else 0.75 + i for i, shape in enumerate(shapes)),
        lambda *xs, subscripts: np.einsum(subscripts, *xs),
        {"subscripts": subscripts},
        lambda *xs, subscripts: einsum(subscripts, *xs),
    )


ROWS = [_row(*given) for given in STRINGS]


@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("check", CHECKS)
def test_composites(check: Callable[[Row], None], row: Row) -> None:
    check(row)


def _torch_einsum(torch: Any, *xs: Any, subscripts: str) -> Any:
    """In PyTorch capital letters come last in an output that is not given."""
    if subscripts in ("->", ",->"):
        return xs[0] * (xs[1] if len(xs) > 1 else 1.0)
    return torch.einsum("bA->Ab" if subscripts == "bA" else subscripts, *xs)


@pytest.mark.peer
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_against_torch(row: Row) -> None:
    agrees_with_torch(row, _torch_einsum)


@st.composite
def _anything(draw: st.DrawFn) -> tuple[str, list[tuple[int, ...]]]:
    """A valid string, and shapes for it: letters repeated, ellipses, axes of length 1,
    an output or none.
    """
    sizes = {a: draw(st.integers(0, 3)) for a in "aBcZ"}
    dots = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        letters = draw(st.lists(st.sampled_from([*sizes]), max_size=4))
        # A letter twice in a term has one size there; another operand may have 1 for
        # it.
        one = {a: 1 if draw(st.booleans()) and draw(st.booleans()) else sizes[a] for a in sizes}
        covered = dots[draw(st.integers(0, len(dots))) :]
        place = draw(st.integers(0, len(letters))) if draw(st.booleans()) else None
        shape = [one[a] for a in letters]
        if place is not None:
            letters.insert(place, "...")
            shape[place:place] = [n if draw(st.booleans()) else 1 for n in covered]
        terms.append("".join(letters))
        shapes.append(tuple(shape))
    subscripts = ",".join(terms)
    if draw(st.booleans()):
        used = sorted(set("".join(terms)) & set(sizes))
        kept = draw(st.permutations(used).map(lambda order: order[: len(order) // 2 + 1])) if used else []
        subscripts += "->" + ("..." if "..." in subscripts else "") + "".join(kept)
    return subscripts, shapes


@given(_anything())
def test_any_string_gives_numpys_numbers_and_modes_that_agree(given: tuple[str, list[tuple[int, ...]]]) -> None:
    subscripts, shapes = given
    generator = np.random.default_rng(len(subscripts))
    xs, ts = ([generator.uniform(0.5, 2.0, shape) for shape in shapes] for _ in range(2))
    wanted = np.einsum(subscripts, *xs)
    values = [Value(x) for x in xs]
    z = einsum(subscripts, *values)
    np.testing.assert_allclose(z.data, wanted, rtol=1e-12)
    _, t = jvp(lambda *xs: einsum(subscripts, *xs), xs, ts)
    cotangent = generator.uniform(0.5, 2.0, np.shape(wanted))
    z.backward(cotangent)
    forward, reverse = np.sum(t * cotangent), sum(np.sum(x.grad * t) for x, t in zip(values, ts, strict=True))
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)


@pytest.mark.parametrize("optimize", [False, True, "greedy", "optimal", ["einsum_path", (1, 2), (0, 1)]], ids=str)
def test_optimize_is_passed_on(optimize: Any) -> None:
    xs = [Value(array(2, 3)), Value(array(3, 4)), Value(array(4, 2))]
    z = einsum("ij,jk,kl->il", *xs, optimize=optimize)
    np.testing.assert_allclose(z.data, array(2, 3) @ array(3, 4) @ array(4, 2))
    z.sum().backward(create_graph=True)
    np.testing.assert_allclose(xs[0].grad.data, np.ones((2, 2)) @ (array(3, 4) @ array(4, 2)).T)


LARGE: list[tuple[str, tuple[tuple[int, ...], ...]]] = [
    ("ij,jk->ik", ((30, 40), (40, 50))),
    ("ij,kj->ki", ((30, 40), (50, 40))),
    ("ij,j->i", ((60, 50), (50,))),
    ("bij,kbj->ikb", ((2, 20, 30), (40, 2, 30))),
    ("ijkl,klm->mij", ((4, 5, 6, 7), (6, 7, 20))),
    ("ij,ij->", ((40, 50), (40, 50))),
    ("bi,bi->b", ((50, 60), (50, 60))),
    ("i,j->ij", ((50,), (60,))),
]


@pytest.mark.parametrize(("subscripts", "shapes"), LARGE, ids=str)
def test_large_products_are_products_of_matrices(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    xs = [Value(array(*shape)) for shape in shapes]
    z = einsum(subscripts, *xs)
    np.testing.assert_allclose(z.data, np.einsum(subscripts, *(x.data for x in xs)), rtol=1e-12)
    direction = np.cos(xs[0].data)
    slope = np.sum(np.einsum(subscripts, direction, xs[1].data))  # linear in each: the difference is the derivative
    z.backward()
    np.testing.assert_allclose(np.sum(xs[0].grad * direction), slope, rtol=1e-10)


def test_views_with_steps_are_made_fit_for_blas() -> None:
    x, y = array(60, 60)[::2, ::2], array(60, 60)[::3, ::2].T
    np.testing.assert_allclose(einsum("ij,jk->ik", x, y), x @ y, rtol=1e-12)


def test_a_constant_operand_gets_no_gradient_and_a_list_is_an_array() -> None:
    x = Value(array(3))
    einsum("i,i", [1.0, 2.0, 3.0], x).backward()
    np.testing.assert_array_equal(x.grad, [1.0, 2.0, 3.0])


def test_one_value_twice() -> None:
    x = Value(array(3))
    einsum("i,i", x, x).backward()
    np.testing.assert_allclose(x.grad, 2 * x.data)


x, y, n = Value(array(2, 3), label="x"), Value(array(3, 4), label="y"), Value(0.5, label="n")


@pytest.mark.parametrize(
    ("args", "error", "words"),
    [
        ((3, x), ArgumentError, "einsum: subscripts 3: give a string first, as 'ij,jk->ik'"),
        (
            ("i1", x),
            ArgumentError,
            "einsum: 'i1' of 'x' (2, 3): 'i1' is not a term; give letters, and at most one '...'",
        ),
        (("i..j", x), ArgumentError, "'i..j' is not a term; give letters, and at most one '...', between commas"),
        (("......ij", x), ArgumentError, "'......ij' is not a term"),
        ((". ..ij", x), ArgumentError, "'. ..ij' is not a term"),
        (("ij->->i", x), ArgumentError, "'->i' is not a term"),
        (("ij->i,", x), ArgumentError, "'i,' is not a term"),
        (("ij-i", x), ArgumentError, "'ij-i' is not a term"),
        (("ij,jk", x), ArgumentError, "einsum: 'ij,jk' of 'x' (2, 3): 2 terms for 1 operands; give one term for each"),
        (("ij", x, y), ArgumentError, "einsum: 'ij' of 'x' (2, 3), 'y' (3, 4): 1 terms for 2 operands"),
        (("ij",), ArgumentError, "einsum: 'ij' of nothing: 1 terms for 0 operands"),
        (
            ("ij->ik", x),
            ArgumentError,
            "'k' in the output is in no term; name each axis that remains once, in the output",
        ),
        (
            ("ij->ii", x),
            ArgumentError,
            "the output 'ii' repeats a letter; name each axis that remains once, in the output",
        ),
        (
            ("ijk", x),
            ShapeError,
            "einsum: 'ijk' of 'x' (2, 3): 'ijk' names 3 axes and 'x' (2, 3) has 2; give one letter per axis",
        ),
        (
            ("i", x),
            ShapeError,
            "'i' names 1 axes and 'x' (2, 3) has 2; give one letter per axis, or '...' for the axes",
        ),
        (("i", n), ShapeError, "'i' names 1 axes and 'n' () has 0"),
        (
            ("ij,ik", x, y),
            ShapeError,
            "einsum: 'ij,ik' of 'x' (2, 3), 'y' (3, 4): 'i' has size 2 in 'x' (2, 3) and 3 in 'y' (3, 4); "
            "sizes must be equal or 1",
        ),
        (("...i,...i", x, np.ones((5, 3))), ShapeError, "an axis of '...' has size 2 in 'x' (2, 3) and 5 in (5, 3)"),
        (
            ("ii", x),
            ShapeError,
            "einsum: 'ii': 'i' stands twice for 'x' (2, 3), with sizes 2 and 3; a diagonal needs equal sizes",
        ),
        (
            ("...j->j", x),
            ShapeError,
            "'...' stands for 1 axes, and the output has no '...'; write it there, or name these axes by letters",
        ),
        (
            (string.ascii_letters.replace("a", "") + "...->...", np.ones((1,) * 53)),
            ShapeError,
            "there are more axes than 52 letters; reshape first",
        ),
    ],
    ids=lambda given: str(given[0]) if isinstance(given, tuple) else "",
)
def test_errors(args: Any, error: type[MicrogradError], words: str) -> None:
    assert words in complaint(lambda: einsum(*args), error, [x, y, n])


def test_contract_says_what_does_not_fit() -> None:
    from micrograd.ops.einsum import contract

    with pytest.raises(ShapeError, match=r"contract: 'ij,ij->ij' of 'x' \(2, 3\), 'y' \(3, 4\): 'ij' does not fit 'y'"):
        contract(x, y, subscripts="ij,ij->ij")


# Lists of axes in place of letters


@pytest.mark.parametrize(
    "args",
    [
        ("ij", [0, 1], "jk", [1, 2], [0, 2]),
        ("ij", [0, 1], "jk", [1, 2]),
        ("ij", [5, 30], "jk", [30, 2]),
        ("ij", (1, 0)),
        ("ij", [0, 1], []),
        ("jj", [3, 3]),
        ("ij", [..., 0], "jk", [0, ...], [...]),
        ("ij", [Ellipsis, 1], [1, Ellipsis]),
        ("i", [0], "i", [0]),
        ("i", [51], "j", [0], [51, 0]),
    ],
    ids=str,
)
def test_lists_of_axes(args: Any) -> None:
    sizes = {"i": 2, "j": 3, "k": 2}
    arrays = [
        np.arange(1.0, np.prod([sizes[a] for a in term]) + 1.0).reshape([sizes[a] for a in term])
        for term in args[0 : len(args) - 1 : 2]
    ]

    def called(f: Any, arrays: Any) -> Any:
        supply = iter(arrays)
        return f(*(next(supply) if isinstance(arg, str) else arg for arg in args))

    wanted = called(np.einsum, arrays)
    for f in (einsum, np.einsum):
        z = called(f, map(Value, arrays))
        assert isinstance(z, Value)
        np.testing.assert_allclose(z.data, wanted, rtol=1e-14)
    assert gradcheck(lambda *xs: called(einsum, xs) * 1.0, arrays)


def test_lists_of_axes_that_are_none() -> None:
    x = Value(np.ones((2, 3)), label="x")
    with pytest.raises(
        ArgumentError, match=r"einsum: \[0, 52\] is not a list of axes; give after each operand a list of"
    ):
        einsum(x, [0, 52])
    with pytest.raises(ArgumentError, match=r"einsum: \[0, -1\] is not a list of axes"):
        einsum(x, [0, -1])
    with pytest.raises(ArgumentError, match=r"einsum: Value.* is not a list of axes; give after each operand"):
        einsum(x, [0, 1], x, x)
    with pytest.raises(ShapeError, match=r"'ABC' names 3 axes and 'x' \(2, 3\) has 2"):
        einsum(x, [0, 1, 2])
