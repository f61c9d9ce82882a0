"""The sets of points: their shape, their draws, and what they say to bad arguments."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd.data import make_blobs, make_circles, make_moons, make_spirals
from micrograd.errors import ArgumentError


def test_two_moons_on_their_circles():
    X, y = make_moons(101, shuffle=False)
    assert X.shape == (101, 2)
    assert X.dtype == np.float64
    assert y.shape == (101,)
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [50, 51]
    outer, inner = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(outer[:, 0], outer[:, 1]), 1.0, rtol=1e-15)
    np.testing.assert_allclose(np.hypot(inner[:, 0] - 1.0, inner[:, 1] - 0.5), 1.0, rtol=1e-15)


def test_shuffling_keeps_points_with_their_labels():
    X, y = make_moons(50, random_state=3)
    X_in_order, y_in_order = make_moons(50, shuffle=False)
    assert not np.array_equal(y, y_in_order)
    rows = {tuple(point): label for point, label in zip(X_in_order, y_in_order, strict=True)}
    assert all(rows[tuple(point)] == label for point, label in zip(X, y, strict=True))


def test_draws_from_the_global_generator_as_np_random_seed_leaves_it():
    np.random.seed(1337)
    X, y = make_moons(n_samples=100, noise=0.1)
    X_seeded, y_seeded = make_moons(n_samples=100, noise=0.1, random_state=1337)
    np.testing.assert_array_equal(X, X_seeded)
    np.testing.assert_array_equal(y, y_seeded)
    after = np.random.random_sample()
    np.random.seed(1337)
    make_moons(n_samples=100, noise=0.1)
    assert np.random.random_sample() == after  # it took exactly as many draws again


def test_a_seed_of_its_own_leaves_the_global_generator_alone():
    np.random.seed(7)
    make_moons(noise=0.1, random_state=1)
    drawn = np.random.random_sample()
    np.random.seed(7)
    assert np.random.random_sample() == drawn


def test_a_random_state_goes_on_where_it_is():
    generator = np.random.RandomState(5)
    first, _ = make_moons(noise=0.1, random_state=generator)
    second, _ = make_moons(noise=0.1, random_state=generator)
    assert not np.array_equal(first, second)


def test_the_two_moons_may_have_different_sizes():
    X, y = make_moons((3, 5))
    assert X.shape == (8, 2)
    assert np.bincount(y).tolist() == [3, 5]
    assert make_moons((0, 2))[0].shape == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"n_samples": 0}, ArgumentError, "make_moons: n_samples=0 is out of range; ask for 1 point or more"),
        ({"n_samples": -4}, ArgumentError, "make_moons: n_samples=-4 is out of range; ask for 1 point or more"),
        (
            {"n_samples": (3, -1)},
            ArgumentError,
            "make_moons: n_samples=(3, -1) is out of range; ask for 1 point or more",
        ),
        (
            {"n_samples": (1, 2, 3)},
            ArgumentError,
            "make_moons: n_samples=(1, 2, 3) has 3 parts; "
            "give a whole number, or two of them: (on the outer moon, on the inner moon)",
        ),
        (
            {"n_samples": 10.0},
            ArgumentError,
            "make_moons: n_samples=10.0 is not a number of points; "
            "give a whole number, or two of them: (on the outer moon, on the inner moon)",
        ),
        (
            {"noise": -0.1},
            ArgumentError,
            "make_moons: noise=-0.1 is not a standard deviation; give 0 or more, or None for no noise",
        ),
        (
            {"noise": float("nan")},
            ArgumentError,
            "make_moons: noise=nan is not a standard deviation; give 0 or more, or None for no noise",
        ),
        (
            {"noise": "much"},
            ArgumentError,
            "make_moons: noise='much' is not a standard deviation; give 0 or more, or None for no noise",
        ),
        (
            {"random_state": -1},
            ArgumentError,
            "make_moons: random_state=-1 is out of range; give a seed from 0 to 2**32 - 1",
        ),
        (
            {"random_state": "luck"},
            ArgumentError,
            "make_moons: random_state='luck' is of type str; give a whole number, a np.random.RandomState or None",
        ),
    ],
)
def test_bad_arguments_are_named_and_draw_nothing(arguments, error, text):
    np.random.seed(0)
    with pytest.raises(error) as raised:
        make_moons(**{"noise": 0.1, **arguments})
    assert str(raised.value) == text
    drawn = np.random.random_sample()
    np.random.seed(0)
    assert np.random.random_sample() == drawn


# The other sets


def test_circles_have_their_radii():
    X, y = make_circles(101, shuffle=False, factor=0.3)
    assert np.bincount(y).tolist() == [50, 51]
    np.testing.assert_allclose(np.hypot(*X[y == 0].T), 1.0, rtol=1e-15)
    np.testing.assert_allclose(np.hypot(*X[y == 1].T), 0.3, rtol=1e-15)


def test_blobs_lie_around_their_centres():
    X, y, centers = make_blobs(3000, 4, centers=3, cluster_std=[0.1, 0.2, 0.0], random_state=0, return_centers=True)
    assert X.shape == (3000, 4)
    assert np.bincount(y).tolist() == [1000, 1000, 1000]
    for blob, deviation in enumerate([0.1, 0.2, 0.0]):
        np.testing.assert_allclose(X[y == blob].mean(axis=0), centers[blob], atol=0.02)
        np.testing.assert_allclose(X[y == blob].std(axis=0), deviation, atol=0.01)


@pytest.mark.parametrize("arms", [1, 2, 5])
@pytest.mark.parametrize("turns", [0.0, 1.5, -1.0])
def test_spirals_follow_their_formula(arms, turns):
    X, y = make_spirals(7 * arms + 1, arms=arms, turns=turns, shuffle=False)
    assert np.bincount(y).tolist() == [8, *[7] * (arms - 1)]
    i = 0
    for arm, m in enumerate([8, *[7] * (arms - 1)]):
        for point in range(m):
            t = (point + 1) / m
            angle = 2 * np.pi * (turns * t + arm / arms)
            np.testing.assert_allclose(X[i], [t * np.cos(angle), t * np.sin(angle)], atol=1e-15)
            i += 1
    assert i == len(X)


def test_noise_moves_points_and_a_seed_repeats_them():
    for function in (make_circles, make_spirals):
        still, _ = function(50, random_state=1)
        X, _ = function(50, noise=0.1, random_state=1)
        assert 0.05 < (X - still).std() < 0.15
        np.testing.assert_array_equal(X, function(50, noise=0.1, random_state=1)[0])


def test_sizes_that_are_listed():
    assert np.bincount(make_spirals([3, 0, 5])[1]).tolist() == [3, 0, 5]
    assert np.bincount(make_blobs([3, 0, 5])[1]).tolist() == [3, 0, 5]
    assert np.bincount(make_circles((3, 5))[1]).tolist() == [3, 5]


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        (
            make_circles,
            {"factor": 1.0},
            "make_circles: factor=1.0 is not a radius of the inner circle; give 0 or more, and less than 1",
        ),
        (
            make_circles,
            {"n_samples": (1, 2, 3)},
            "make_circles: n_samples=(1, 2, 3) has 3 parts; "
            "give a whole number, or two of them: (on the outer circle, on the inner circle)",
        ),
        (
            make_circles,
            {"noise": -1},
            "make_circles: noise=-1 is not a standard deviation; give 0 or more, or None for no noise",
        ),
        (
            make_blobs,
            {"n_samples": []},
            "make_blobs: n_samples=[] has 0 parts; give a whole number, or a list of them: one per blob",
        ),
        (
            make_blobs,
            {"n_features": 0},
            "make_blobs: n_features=0: give an integer of at least 1",
        ),
        (
            make_blobs,
            {"centers": 1.5},
            "make_blobs: centers=1.5: give an integer of at least 1",
        ),
        (
            make_blobs,
            {"centers": [1.0, 2.0]},
            "make_blobs: centers of type list are not points; give a number of blobs, "
            "or finite numbers of shape (n_blobs, n_features)",
        ),
        (
            make_blobs,
            {"n_samples": [3, 4], "centers": 3},
            "make_blobs: n_samples lists 2 blobs, centers 3; give as many of one as of the other",
        ),
        (
            make_blobs,
            {"cluster_std": [1.0]},
            "make_blobs: cluster_std lists 1 numbers for 3 blobs; give one, or one per blob",
        ),
        (make_blobs, {"cluster_std": -1.0}, "make_blobs: cluster_std=-1.0 is not a standard deviation; give 0 or more"),
        (
            make_blobs,
            {"centers": [[1.0], [2.0, 3.0]]},
            "make_blobs: centers of type list are not points; give a number of blobs, "
            "or finite numbers of shape (n_blobs, n_features)",
        ),
        (
            make_blobs,
            {"center_box": "ab"},
            "make_blobs: center_box='ab' is not a range; give two numbers, the smaller first: (-10.0, 10.0)",
        ),
        (
            make_blobs,
            {"center_box": (1.0, -1.0)},
            "make_blobs: center_box=(1.0, -1.0) is not a range; give two numbers, the smaller first: (-10.0, 10.0)",
        ),
        (make_spirals, {"arms": 0}, "make_spirals: arms=0: give an integer of at least 1"),
        (
            make_spirals,
            {"turns": float("inf")},
            "make_spirals: turns=inf is not a number of turns; give a finite number",
        ),
        (
            make_spirals,
            {"random_state": "luck"},
            "make_spirals: random_state='luck' is of type str; give a whole number, a np.random.RandomState or None",
        ),
    ],
)
def test_what_the_others_refuse(function, arguments, text):
    with pytest.raises(ArgumentError) as raised:
        function(**arguments)
    assert str(raised.value) == text
