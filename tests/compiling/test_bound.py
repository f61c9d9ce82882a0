"""A compiled method is asked as a compiled function is."""

from __future__ import annotations

import numpy as np
import pytest

import micrograd
from micrograd import Value, optim
from micrograd.errors import CaptureError


class Model:
    def __init__(self, w):
        self.w = Value(w)
        self.optimizer = optim.Adam([self.w], 0.1)
        self.steps = 0

    @micrograd.compile
    def step(self, x):
        """One step."""
        self.steps += 1
        self.optimizer.zero_grad()
        z = (self.w * x).sum() ** 2
        z.backward()
        self.optimizer.step()
        return z.data


def test_programs_are_those_of_the_object(tmp_path):
    one, two = Model(np.ones(2)), Model(np.ones(3))
    assert (
        not two.step.program
        and "not run yet" in str(two.step.program)
        and two.step.source == ""
        and "not run yet" in two.step.explain()
    )
    with pytest.raises(CaptureError, match="was not called yet"):
        two.step.export_c(tmp_path / "model.c")
    one.step(1.0), two.step(1.0), one.step(2.0)
    assert "(2,)" in str(one.step.program) and "(3,)" in str(two.step.program)
    assert one.step.program.title == "step(self, x)" and "it is a whole step" in one.step.explain()
    assert one.step.source != "" and Model.step.program
    one.step.audit(1.0)
    assert one.step.export_c(tmp_path / "model.c") == [one.w]
    assert (one.steps, two.steps) == (2, 1)


def test_as_methods_are():
    one, two = Model(1.0), Model(1.0)
    assert one.step == one.step != two.step
    assert len({one.step, one.step, two.step}) == 2
    assert one.step.__self__ is one and one.step.__name__ == "step" and one.step.__doc__ == "One step."


def test_the_program_is_there_after_the_first_call(tmp_path):
    w = Value(1.0)
    optimizer = optim.SGD([w], 0.1, momentum=0.9)

    @micrograd.compile
    def step(x):
        optimizer.zero_grad()
        z = w * w * x
        z.backward()
        optimizer.step()
        return z.data

    step(1.0)
    assert "new_momentum_buffer" in str(step.program)
    assert step.source and "momentum" in step.explain(profile=True)
    assert step.export_c(tmp_path / "step.c") == [w]
