"""The data sets: their shape, their draws, and what they say to bad arguments."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd.data import make_moons
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


@pytest.mark.peer
@pytest.mark.parametrize("n_samples", [1, 2, 7, 100, 1001, (0, 5), (30, 11)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("noise", [None, 0.0, 0.1, 3])
@pytest.mark.parametrize("seed", [0, 1337, 2**32 - 1])
def test_equals_scikit_learn_bit_for_bit(n_samples, shuffle, noise, seed):
    from sklearn import datasets

    settings = {"n_samples": n_samples, "shuffle": shuffle, "noise": noise}

    def both(random_state):
        for function in (make_moons, datasets.make_moons):
            np.random.seed(seed)
            yield (*function(**settings, random_state=random_state()), np.random.random_sample())

    for random_state in (lambda: None, lambda: seed, lambda: np.random.RandomState(seed)):
        (X, y, after), (X_peer, y_peer, after_peer) = both(random_state)
        assert X.tobytes() == X_peer.tobytes()
        assert X.dtype == X_peer.dtype
        np.testing.assert_array_equal(y, y_peer)
        assert after == after_peer
