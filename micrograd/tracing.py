"""One run of a function under a reverse-mode transform, and how many such transforms
are around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from typing import Any

from micrograd import levels
from micrograd.argnums import Argnames, Argnums, Chosen
from micrograd.engine import Value
from micrograd.interpreter import Interpreter, zeros_like
from micrograd.leaves import joined_leaves, unshared_leaves
from micrograd.modes import is_recording, paused
from micrograd.node import data_of
from micrograd.reverse import Reach, pulled
from micrograd.traced import as_eager, seal, traced
from micrograd.trees import leaves_of, like, mapped

# Not the number of all transforms around: a jvp pushes tangents through numbers as
# through Values, so within it the count begins at 0 again.
_depth: ContextVar[int] = ContextVar("depth", default=0)


def depth() -> int:
    """How many reverse-mode transforms run around this call, inside the innermost
    jvp.
    """
    return _depth.get()


class none_around:  # noqa: N801 - it is used like a function
    """The function of a jvp runs in this block."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token: Token[int] = _depth.set(0)

    def __exit__(self, *error: object) -> None:
        _depth.reset(self._token)


class _OneMoreAround:
    """The function of a reverse-mode transform runs in this block, and is recorded."""

    __slots__ = ("_number", "_pause", "_token")

    def __enter__(self) -> None:
        self._token: Token[int] = _depth.set(_depth.get() + 1)
        self._number = levels.begin_recording()
        self._pause: Any = None if is_recording() else paused.set(None)

    def __exit__(self, *error: object) -> None:
        if self._pause is not None:
            paused.reset(self._pause)
        levels.end_recording(self._number)
        _depth.reset(self._token)


class Trace:
    """One run of f on fresh Values in place of the leaves of its chosen arguments.

    Inside another transform Values, at the top numbers: that is what the results are.
    What the user differentiates himself counts as another transform: an argument that
    is a Value, or a Value from outside that f uses.

    Args:
        name: the transform, for errors.
        f: the function.
        args: its arguments by position.
        argnums: the numbers of the chosen arguments: see `Chosen`.
        options: its arguments by name.
        argnames: the names of the chosen arguments.

    Attributes:
        out: what f returned.
        fresh: the Values that f got.
        is_inside: whether the results are Values.
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: Argnums | None,
        options: dict[str, Any],
        argnames: Argnames | None = None,
    ) -> None:
        self._chosen = Chosen(name, argnums, args, options, argnames)
        level, any_recorded = levels.innermost(), False
        self.fresh = []
        for x in self._chosen.leaves:
            is_recorded = type(x) is not float and isinstance(x, Value) and x._level > level
            any_recorded = any_recorded or is_recorded
            self.fresh.append(traced(x if is_recorded or not level else levels.lifted(x)))
        self._reaches: dict[int, Reach] = {}
        try:
            with _OneMoreAround():
                self.out = joined_leaves(self._chosen.called(f, self.fresh))
        except BaseException:
            seal_all(self.fresh)
            raise
        self.is_inside = is_recording() and (any_recorded or _depth.get() > 0 or self._rests_on_others())

    def _rests_on_others(self) -> bool:
        """Whether an output was made from a Value that f did not get from this run."""
        level = self.level()
        for z in leaves_of(self.out):  # noqa: SIM110 - Cython makes no generator of this
            if _has_level(z, level) and not self._reach(z).is_own:
                return True
        return False

    def level(self) -> float:
        """The level of the Values of this run: 0.5 on plain numbers, as of any Value,
        and above those of the transforms that its arguments come from.
        """
        level = 0.5
        for x in self.fresh:
            if not x._is_float:
                level = max(level, x._level)
        return level

    def _reach(self, root: Any) -> Reach:
        found = self._reaches.get(id(root))
        if found is None:
            found = self._reaches[id(root)] = Reach(root, self.fresh)  # which keeps the root
        return found

    def pull(self, root: Any, seed: Any) -> list[Any]:
        """Cotangents of the leaves, given one of an output; the caller's own, to change
        as he likes.
        """
        return self.settled(self.pulled(root, seed), [seed])

    def pulled(self, root: Any, seed: Any) -> list[Any]:
        """Cotangents of the leaves, as the rules of the ops give them."""
        found: list[Any] = [None] * len(self.fresh)
        if _has_level(root, self.level()):
            found = pulled(self._reach(root), seed, self.is_recorded())
        for i in range(len(found)):
            if found[i] is None:
                found[i] = zeros_like(self.fresh[i])
        return found

    def reaches(self, roots: list[Any]) -> list[Reach]:
        """The graphs between the leaves and those of some outputs that have one."""
        level = self.level()
        return [self._reach(z) for z in roots if _has_level(z, level)]

    def settled(self, found: list[Any], others: list[Any]) -> list[Any]:
        """Derivatives as the caller sees them, and may change: none of them is one of
        the others.
        """
        found = unshared_leaves(found, others)
        if self.is_recorded() and _is_at_the_top():  # Values in, Values out, even where they are constant
            return [as_eager(g) if isinstance(g, Interpreter) else Value(g) for g in found]
        return found

    def is_recorded(self) -> bool:
        """Whether derivatives are recorded, to be differentiated again."""
        return self.is_inside and is_recording()

    def result(self, tree: Any) -> Any:
        """Outputs as the caller sees them: inside another transform Values, at the top
        numbers.
        """
        if not self.is_inside:
            level = self.level()
            if _has_level(tree, level):
                return data_of(tree)
            return like(tree, [data_of(z) if _has_level(z, level) else z for z in leaves_of(tree)])
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


def _has_level(z: Any, level: float) -> bool:
    """Whether z is a Value of the level of a run: then it may depend on the fresh
    Values.
    """
    return isinstance(z, Value) and (0.5 if z._is_float else z._level) == level


def _is_at_the_top() -> bool:
    return _depth.get() == levels.innermost() == 0


def seal_all(fresh: Sequence[Value]) -> None:
    """The transform is over: what its function kept of the Values that it got is a
    constant from now on.
    """
    for leaf in fresh:
        seal(leaf)
