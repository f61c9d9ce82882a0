"""One run of a function under a reverse-mode transform, and how many such transforms
are around it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

from micrograd import levels
from micrograd.argnums import Argnums, Chosen
from micrograd.engine import Value
from micrograd.interpreter import Interpreter, zeros_like
from micrograd.leaves import joined_leaves, unshared_leaves
from micrograd.modes import enable_grad, is_recording, quietly
from micrograd.reverse import cotangents, rests_on_others, route
from micrograd.traced import as_eager, seal, traced
from micrograd.trees import leaves_of, mapped

# Not the number of all transforms around: a jvp pushes tangents through numbers as
# through Values, so within it the count begins at 0 again.
_depth: ContextVar[int] = ContextVar("depth", default=0)


def depth() -> int:
    """How many reverse-mode transforms run around this call, inside the innermost
    jvp.
    """
    return _depth.get()


@contextlib.contextmanager
def none_around() -> Iterator[None]:
    """The function of a jvp runs in this block."""
    token = _depth.set(0)
    try:
        yield
    finally:
        _depth.reset(token)


@contextlib.contextmanager
def _one_more_around() -> Iterator[None]:
    token = _depth.set(_depth.get() + 1)
    try:
        with levels.recording():
            yield
    finally:
        _depth.reset(token)


class Trace:
    """One run of f on fresh Values in place of the leaves of its chosen arguments.

    Inside another transform Values, at the top numbers: that is what the results are.
    What the user differentiates himself counts as another transform: an argument that
    is a Value, or a Value from outside that f uses.

    Attributes:
        out: what f returned.
        fresh: the Values that f got.
        is_inside: whether the results are Values.
    """

    def __init__(self, name: str, f: Callable[..., Any], args: tuple[Any, ...], argnums: Argnums, options: Any) -> None:
        self._chosen = Chosen(name, argnums, args)
        recorded = [isinstance(x, Value) and x._level > levels.innermost() for x in self._chosen.leaves]
        given = zip(self._chosen.leaves, recorded, strict=True)
        self.fresh = [traced(x if is_recorded else levels.lifted(x)) for x, is_recorded in given]
        self._routes: dict[Value, Any] = {}
        with _one_more_around(), enable_grad():
            self.out = joined_leaves(f(*self._chosen.replaced(self.fresh), **options))
        self.is_inside = is_recording() and (depth() > 0 or any(recorded) or self._rests_on_others())

    def _rests_on_others(self) -> bool:
        known = set(self.fresh)
        return any(rests_on_others(z, known) for z in leaves_of(self.out) if self._is_mine(z))

    def _is_mine(self, z: Any) -> bool:
        """Whether z has the level of this run: then it may depend on the fresh
        Values.
        """
        return isinstance(z, Value) and z._level == max((x._level for x in self.fresh), default=0.5)

    def pull(self, root: Any, seed: Any) -> list[Any]:
        """Cotangents of the leaves, given one of an output; the caller's own, to change
        as he likes.
        """
        found: list[Any] = [None] * len(self.fresh)
        again = self.is_inside and is_recording()
        if self._is_mine(root):
            known = self._routes[root] = self._routes.get(root) or route(root, self.fresh)
            with quietly():
                found = cotangents(root, seed, self.fresh, again, known)
        found = [zeros_like(x) if g is None else g for g, x in zip(found, self.fresh, strict=True)]
        found = unshared_leaves(found, [seed])
        if again and _is_at_the_top():  # Values in, Values out, even where they are constant
            return [as_eager(g) if isinstance(g, Interpreter) else Value(g) for g in found]
        return found

    def result(self, tree: Any) -> Any:
        """Outputs as the caller sees them: inside another transform Values, at the top
        numbers.
        """
        if not self.is_inside:
            return mapped(lambda z: z.data if self._is_mine(z) else z, tree)
        return mapped(as_eager, tree) if _is_at_the_top() else tree

    def shaped(self, leaves: Sequence[Any]) -> Any:
        """Results by leaf in the structure of the chosen arguments: a tuple for several
        argnums, else one tree.
        """
        return self._chosen.shaped(leaves)

    def __enter__(self) -> Trace:
        return self

    def __exit__(self, *error: Any) -> None:
        seal_all(self.fresh)


def _is_at_the_top() -> bool:
    return depth() == levels.innermost() == 0


def seal_all(fresh: Sequence[Value]) -> None:
    """The transform is over: what its function kept of the Values that it got is a
    constant from now on.
    """
    for leaf in fresh:
        seal(leaf)
