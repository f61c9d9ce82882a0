"""Inputs of a node that are listed only when somebody asks for them."""

from __future__ import annotations

from typing import Any


class Deferred:
    """Stands in a node in the place of its inputs.

    A result of a compiled function was made from hundreds of values, and a walk back
    passes it in one step. Only pictures, `inputs` and transforms need the list.
    """

    __slots__ = ()

    def listed(self) -> tuple[Any, ...]:
        """The inputs."""
        raise NotImplementedError
