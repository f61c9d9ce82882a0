"""What a node tells only when somebody asks: its inputs, or its gradient."""

from __future__ import annotations

from typing import Any


class Deferred:
    """Stands in a node in the place of its inputs.

    A result of a compiled function was made from hundreds of values, and a walk back
    passes it in one step. Only pictures, `inputs` and transforms need the list. The
    same object is the node's own step back. The node may be owed a gradient, which is
    computed when somebody reads it.
    """

    __slots__ = ()

    def listed(self) -> tuple[Any, ...]:
        """The inputs."""
        raise NotImplementedError

    def owed(self, node: Any) -> Any:
        """The gradient that a node is owed whose own step back this is, now put into
        it; None for zero.
        """
        return None

    def forgive(self) -> None:
        """Another gradient is put into the node, which is owed nothing any more."""
        return
