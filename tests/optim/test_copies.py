"""An optimiser that is copied or pickled goes on as the original does."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from micrograd import Value, optim


def trained(params, optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        sum(((p - 1.0) ** 2).sum() if p.shape else (p - 1.0) ** 2 for p in params).backward()
        optimizer.step()
    return [np.asarray(p.data).tolist() for p in params]


def make(kind):
    random = np.random.default_rng(0)
    params = [Value(random.standard_normal((3, 2))), Value(random.standard_normal(2)), Value(3.0), Value(0.5)]
    return params, kind(params, lr=0.1)


@pytest.mark.parametrize("kind", [optim.SGD, optim.Adam, optim.RMSprop, optim.Lion], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["copy", "pickle"]
)
def test_a_copy_goes_on(kind, copied):
    params, optimizer = make(kind)
    trained(params, optimizer, 3)
    twins, twin = copied((params, optimizer))
    assert trained(twins, twin, 3) == trained(params, optimizer, 3)
