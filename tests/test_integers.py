"""`integers`: what may be a size or a count, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import Value, data, nn, optim, train
from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least


@pytest.mark.parametrize("given", [2, np.int64(2), np.uint8(2), np.array(2)], ids=lambda given: type(given).__name__)
def test_an_integer_is_a_python_int(given):
    found = integer_at_least(2, "f", "n", given)
    assert (type(found), found) == (int, 2)


@pytest.mark.parametrize("given", [1, -1, 2.0, "2", None, True, np.True_, [2], np.array([2, 3])], ids=repr)
def test_anything_else_is_refused(given):
    with pytest.raises(ArgumentError) as error:
        integer_at_least(2, "f", "n", given)
    assert str(error.value) == f"f: n={given!r}: give an integer of at least 2"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        # The third number of RNN is how many layers: True may be meant for the bias.
        (lambda: nn.RNN(4, 8, True), "RNN: num_layers=True: give an integer of at least 1"),
        (lambda: data.batches([1.0], batch_size=True), "batches: batch_size=True: give an integer of at least 1"),
        (lambda: data.make_spirals(arms=True), "make_spirals: arms=True: give an integer of at least 1"),
        (
            lambda: optim.LBFGS([Value(1.0)], max_iter=True),
            "LBFGS: max_iter=True: give an integer of at least 1",
        ),
        (lambda: train.EarlyStopping(True), "EarlyStopping: patience=True: give an integer of at least 1"),
    ],
    ids=["nn", "data", "synthetic", "optim", "train"],
)
def test_every_package_refuses_true_as_a_count(call, message):
    with pytest.raises(ArgumentError) as error:
        call()
    assert str(error.value) == message
