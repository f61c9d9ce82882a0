"""Draws: the generators of random numbers that a function reaches, and whether its run
has drawn from them.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import CaptureError


class Draws:
    """The states of generators before a run.

    Args:
        generators: each with a name.
    """

    def __init__(self, generators: Iterable[tuple[Any, str]]) -> None:
        self._before = [(g, _state_of(g), name) for g, name in generators]
        self._drawn: list[str] = []

    def put_back(self) -> None:
        """After the run: let the generators be as they were, whatever happened."""
        self._drawn = [name for g, state, name in self._before if pickle.dumps(_state_of(g)) != pickle.dumps(state)]
        for g, state, _ in self._before:
            _put_state(g, state)

    def refuse(self) -> None:
        """Refuse a run that has drawn.

        Raises:
            CaptureError: it has; the message names a generator.
        """
        if self._drawn:
            raise CaptureError(
                f"compile: the function draws random numbers from {self._drawn[0] or 'a generator'}, and they would be "
                f"frozen in;\ndraw them outside, and give them as an argument"
            )


def _state_of(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state


def _put_state(generator: Any, state: Any) -> None:
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    else:
        generator.bit_generator.state = state
