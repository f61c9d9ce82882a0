"""Forward: the prediction and the loss of a batch, compiled or as the model gives
them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from micrograd import compiling


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
        self._model = model
        self._loss = loss
        self._compiled = compiling.compile(self._run) if compile else None

    def __call__(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The prediction and the loss."""
        if self._compiled is None:
            return self._run(X, y)
        try:
            return self._compiled(X, y)  # type: ignore[no-any-return]
        except Exception as error:
            self._compiled = None
            found = self._run(X, y)  # raises what the model itself raises
            warnings.warn(f"fit: compile=True has no effect, and the steps run as always:\n{error}", stacklevel=4)
            return found

    def _run(self, X: Any, y: Any) -> tuple[Any, Any]:
        prediction = self._model(X)
        return prediction, self._loss(prediction, y)
