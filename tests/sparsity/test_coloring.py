"""Colors: few, and every element of the matrix can be read from the products."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from micrograd.errors import ArgumentError, ShapeError
from micrograd.sparsity.coloring import column_colors, star_colors
from micrograd.sparsity.patterns import Compression, Pattern, check_products, read_pattern

sparse = pytest.importorskip("scipy.sparse", reason="the extra scipy")


def banded(n: int, width: int) -> Any:
    return abs(np.arange(n)[:, None] - np.arange(n)) <= width


def arrow(n: int) -> Any:
    return np.eye(n, dtype=bool) | (np.arange(n) == 0) | (np.arange(n) == 0)[:, None]


def grid(n: int) -> Any:
    """Five neighbors on a square."""
    row, eye = banded(n, 1), np.eye(n, dtype=bool)
    return np.kron(eye, row) | np.kron(row, eye)


def draws(count: int) -> Any:
    random = np.random.default_rng(7)
    for _ in range(count):
        m, n = random.integers(0, 12, 2)
        yield random, m, n, random.random((m, n)) < random.choice([0.1, 0.3, 0.6])


def test_random_matrices_come_back() -> None:
    for random, m, n, mask in draws(100):
        matrix = mask * random.uniform(1.0, 2.0, (m, n))
        pattern = read_pattern("jacobian", mask, n)
        for mode in ("forward", "reverse", None):
            found = Compression(pattern, mode)
            assert mode in (None, found.mode)
            v = found.directions(float)
            elements = found.elements(v @ (matrix.T if found.mode == "forward" else matrix))
            np.testing.assert_array_equal(elements, matrix[pattern.rows, pattern.members])


def test_random_symmetric_matrices_come_back() -> None:
    for random, _, n, _ in draws(100):
        matrix = random.uniform(1.0, 2.0, (n, n)) * (random.random((n, n)) < 0.2)
        matrix = matrix + matrix.T
        pattern = read_pattern("hessian", matrix, n)
        found = Compression(pattern, is_symmetric=True)
        elements = found.elements(found.directions(float) @ matrix)
        np.testing.assert_array_equal(elements, matrix[pattern.rows, pattern.members])


def test_star_colors_have_no_path_of_two_colors() -> None:
    for _, _, n, _ in draws(60):
        mask = np.random.default_rng(n).random((n, n)) < 0.25
        mask = mask | mask.T
        pattern = read_pattern("hessian", mask, n)
        colors = star_colors(pattern.starts, pattern.members)
        near = [set(np.flatnonzero(mask[i])) - {i} for i in range(n)]
        assert all(colors[i] != colors[j] for i in range(n) for j in near[i])
        for i, j in itertools.product(range(n), range(n)):
            if j in near[i]:
                for a, b in itertools.product(near[i] - {j}, near[j] - {i}):
                    assert a == b or len({colors[x] for x in (a, i, j, b)}) > 2


COUNTS = {
    "tridiagonal": (banded(50, 1), 3, 3),
    "diagonal": (np.eye(50, dtype=bool), 1, 1),
    "five diagonals": (banded(50, 2), 5, 5),
    "arrow": (arrow(50), 50, 2),
    "grid": (grid(8), 8, 6),
    "full": (np.ones((9, 9), bool), 9, 9),
    "empty": (np.zeros((4, 4), bool), 0, 0),
}


@pytest.mark.parametrize("row", COUNTS)
def test_how_many_colors(row: str) -> None:
    """At most as many as here: where there is a full row, as few as there can be."""
    mask, columns, star = COUNTS[row]
    pattern = read_pattern("hessian", mask, len(mask))
    assert Compression(pattern).count <= columns
    assert Compression(pattern, is_symmetric=True).count <= star


def test_the_cheaper_mode_is_taken() -> None:
    tall = np.zeros((5, 40), bool)
    tall[0] = True
    assert Compression(read_pattern("jacobian", tall, 40)).mode == "reverse"
    assert Compression(read_pattern("jacobian", tall.T, 5)).mode == "forward"


def test_order_by_degree_helps_where_the_natural_one_does_not() -> None:
    """A crown: pairs of columns that meet, in an order that fools the greedy one."""
    n = 8
    meets = [(2 * i, 2 * j + 1) for i in range(n) for j in range(n) if i != j]
    members = np.array(meets).reshape(-1)
    colors = column_colors(np.arange(0, len(members) + 1, 2), members, 2 * n)
    assert all(colors[a] != colors[b] for a, b in meets)


@pytest.mark.parametrize("kind", ["csr_array", "csc_array", "coo_array", "dia_array", "csr_matrix", "lil_matrix"])
def test_patterns_of_scipy(kind: str) -> None:
    mask = banded(6, 1)
    found = read_pattern("jacobian", getattr(sparse, kind)(mask.astype(float)), 6)
    assert (found.rows.tolist(), found.members.tolist()) == tuple(x.tolist() for x in np.nonzero(mask))


def test_stored_zeros_and_what_is_named_twice() -> None:
    """They belong to the pattern, once."""
    given = sparse.coo_array(([0.0, 1.0, 2.0], ([0, 1, 1], [1, 0, 0])), shape=(2, 2))
    found = read_pattern("jacobian", given, 2)
    assert (found.rows.tolist(), found.members.tolist()) == ([0, 1], [1, 0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "find",
            "jacobian: sparsity is 'find'; give 'detect', or the pattern: a SciPy sparse array or a boolean matrix",
        ),
        (
            np.ones(3, bool),
            "jacobian: sparsity is a ndarray; give 'detect', or the pattern: a SciPy sparse array or a boolean matrix",
        ),
        (True, "jacobian: sparsity is a bool; give 'detect', or the pattern: a SciPy sparse array or a boolean matrix"),
    ],
    ids=["text", "vector", "flag"],
)
def test_what_is_not_a_pattern(given: Any, said: str) -> None:
    with pytest.raises(ArgumentError) as raised:
        read_pattern("jacobian", given, 3)
    assert str(raised.value) == said


def test_a_pattern_of_the_wrong_width() -> None:
    with pytest.raises(ShapeError) as raised:
        read_pattern("jacobian", np.eye(3), 4)
    assert str(raised.value) == (
        "jacobian: the pattern has shape (3, 3), but there are 4 inputs in all; "
        "give a row for each element of the output, a column for each of the input"
    )


def test_the_check_finds_one_element_too_few() -> None:
    """Of any matrix, in any place; and nothing where the pattern is large enough."""
    for random, m, n, mask in draws(60):
        matrix = mask * random.uniform(1.0, 2.0, (m, n))
        for mode in ("forward", "reverse"):
            v = random.uniform(1.0, 2.0, n if mode == "forward" else m)
            product = matrix @ v if mode == "forward" else matrix.T @ v
            for i, j in [*zip(*np.nonzero(mask), strict=True)][:5]:
                small = mask.copy()
                small[i, j] = False
                pattern = read_pattern("jacobian", small, n)
                elements = matrix[pattern.rows, pattern.members]
                with pytest.raises(ArgumentError, match=r"^jacobian: the pattern is too small: (row|column) \d+ has"):
                    check_products("jacobian", pattern, mode, elements, v, product)
            pattern = read_pattern("jacobian", mask, n)
            check_products("jacobian", pattern, mode, matrix[pattern.rows, pattern.members], v, product)


def test_the_check_passes_over_what_is_not_finite() -> None:
    pattern = Pattern.of_places([0, 1], [0, 1], (2, 2))
    check_products("jacobian", pattern, "forward", np.array([np.inf, 1.0]), np.ones(2), np.array([np.nan, 1.0]))
    with pytest.raises(ArgumentError, match=r"row 1 has elements in other columns, too \(3 along"):
        check_products("jacobian", pattern, "forward", np.array([np.inf, 1.0]), np.ones(2), np.array([np.nan, 3.0]))
