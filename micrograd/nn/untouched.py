"""A module in use, and afterwards as it was: its mode, and the random generators."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterable, Iterator
from typing import Any

from micrograd import on_demand as np


def training_modes(model: Any) -> list[tuple[Any, bool]]:
    """Each module in a model, and whether it is in training mode."""
    modules = getattr(model, "modules", None)
    return [(module, module.training) for module in modules()] if modules else []


def restore_modes(modes: Iterable[tuple[Any, bool]]) -> None:
    """Set each module to the mode that `training_modes` has found."""
    for module, mode in modes:
        module.training = mode


@contextlib.contextmanager
def untouched(model: Any) -> Iterator[None]:
    """A block in which a model is in eval mode. After it, also after an error, the mode
    and all random generators are as before: those of the model, Python's and NumPy's.

    >>> from micrograd.nn import Dropout
    >>> model = Dropout()
    >>> with untouched(model):
    ...     print(model.training)
    False
    >>> model.training
    True
    """
    made = None if isinstance(model, type) else model  # a class has no modules yet
    modes = training_modes(made)
    named = getattr(made, "named_generators", None)
    generators = [(generator, generator.bit_generator.state) for _, generator in named()] if named else []
    python, numpy = random.getstate(), np.random.get_state()
    try:
        if modes:
            model.eval()
        yield
    finally:
        restore_modes(modes)
        random.setstate(python)
        np.random.set_state(numpy)
        for generator, state in generators:
            generator.bit_generator.state = state
