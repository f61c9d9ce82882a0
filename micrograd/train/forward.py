"""Forward: the prediction and the loss of a batch, and whole steps; compiled, or as the
model gives them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from micrograd import compiling
from micrograd.captures import current
from micrograd.errors import MicrogradError
from micrograd.train.scores import number_of


class Forward:
    """A function of a batch (X, y) that gives the prediction and the loss.

    Args:
        model: called with X.
        loss: a function of (prediction, y).
        compile: whether both run as one program. Where they cannot be compiled, they
            run as they are, with one warning that has the reason.

    >>> from micrograd import Value
    >>> w = Value(2.0)
    >>> forward = Forward(lambda x: w * x, lambda z, y: (z - y) ** 2, compile=True)
    >>> prediction, loss = forward(3.0, 5.0)
    >>> loss.backward()
    >>> prediction.data, loss.data, w.grad
    (6.0, 1.0, 6.0)
    """

    def __init__(self, model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], compile: bool = False) -> None:
        def run(X: Any, y: Any) -> tuple[Any, Any]:
            prediction = model(X)
            return prediction, loss(prediction, y)

        self._run = run
        self._model, self._loss = model, loss
        self._compiled = compiling.compile(run) if compile else None
        self._step: Any = None
        self._has_step = compile
        self._why_apart = ""  # why the optimiser is not in one program with the loss

    def __call__(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The prediction and the loss."""
        if self._compiled is None:
            return self.plainly(X, y)
        try:
            found = self._compiled(X, y)
        except Exception as error:
            self._compiled = None
            self._has_step, self._why_apart = False, ""
            found = self.plainly(X, y)  # raises what the model itself raises
            warnings.warn(f"fit: compile=True has no effect, and the steps run as always:\n{error}", stacklevel=4)
        if self._why_apart:
            why, self._why_apart = self._why_apart, ""
            warnings.warn(
                f"fit: compile=True compiles the model and the loss, and the optimiser runs as always:\n{why}",
                stacklevel=4,
            )
        return found  # type: ignore[no-any-return]

    def plainly(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The same as the model gives it."""
        return self._run(X, y)

    def step(self, optimizer: Any, X: Any, y: Any, keeps: bool) -> tuple[Any, float] | None:
        """A whole step as one program: the loss, backward, and the optimiser.

        Args:
            optimizer: of the parameters; it has taken a step before.
            X, y: the batch.
            keeps: whether the prediction is wanted.

        Returns:
            The prediction, and the loss as a number. If that is not finite, no step was
            taken. None where this cannot be one program.
        """
        if not self._has_step:
            return None
        if self._step is None:
            self._step = compiling.compile(whole_step(self._model, self._loss, optimizer, keeps))
        try:
            prediction, number, _ = self._step(X, y)
        except NotFiniteError as found:
            return None, found.number
        except Exception as error:
            self._has_step, self._why_apart = False, str(error)
            return None
        return prediction, number


class NotFiniteError(MicrogradError):
    """The loss is not finite, and no step was taken.

    Args:
        number: the loss.
    """

    def __init__(self, number: float) -> None:
        super().__init__(f"the loss is {number}")
        self.number = number


def whole_step(model: Callable[[Any], Any], loss: Callable[[Any, Any], Any], optimizer: Any, keeps: bool) -> Any:
    """A function of a batch that takes one step, for `compile`."""

    def step(X: Any, y: Any) -> tuple[Any, Any, Any]:
        optimizer.zero_grad()
        prediction = model(X)
        value = loss(prediction, y)
        if current() is None and not math.isfinite(number_of(value)):
            raise NotFiniteError(number_of(value))
        value.backward()
        optimizer.step()
        # The last one is nan where the loss is infinite: then the function itself runs.
        return prediction if keeps else None, value.data, value.data - value.data

    return step
