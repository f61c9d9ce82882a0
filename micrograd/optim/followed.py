"""A step of an optimiser while a function is captured: `micrograd.compile` makes it
part of its program.

The rule is the optimiser's own. It gets numbers that the capture follows: gradients,
parameters, its state, and what a schedule changes, which is the learning rate, the
momentum and the betas. They are read anew at each call of the compiled function. All
other options are compared at each call.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from micrograd import gathering
from micrograd.errors import CaptureError
from micrograd.gradients import has_grad
from micrograd.ops.operators import Operators
from micrograd.optim.buckets import ARRAYS, NUMBERS, Bucket
from micrograd.optim.rule import Rule
from micrograd.record import Elementwise, Op


class Many(Operators):
    """The numbers of many parameters side by side: an op runs on each of them."""

    __slots__ = ("items",)
    _level = 0.75  # above the numbers that a capture follows

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def _apply_op(self, op: Op, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        if op.name == "sum":
            return functools.reduce(operator.add, self.items)
        if not isinstance(op, Elementwise) and op.name not in ("where", "cast"):
            raise CaptureError(f"compile: this optimiser uses {op.name}; call optimizer.step() outside of the function")
        parts = [x.items if type(x) is Many else [x] * len(self.items) for x in inputs]
        return Many([op(*given, **params) for given in zip(*parts, strict=True)])


def step(
    capture: Any,
    groups: list[dict[str, Any]],
    buckets: list[list[Bucket]],
    rule_of: Callable[..., Rule],
    scheduled: Sequence[str],
    closure: Any,
) -> None:
    """Note a step of an optimiser.

    Args:
        capture: the capture of this thread.
        groups: the groups of parameters, with their options.
        buckets: those of each group.
        rule_of: gives the rule of a group.
        scheduled: the options that may change without a new capture.
        closure: what the user gave to `step`.
    """
    if closure is not None:
        raise CaptureError("compile: optimizer.step(closure) computes the loss anew; call it outside of the function")
    known = [list(found) for found in buckets]
    for group, found in zip(groups, known, strict=True):
        rule_of(group)  # checks the options
        reached = {id(p) for p in group["params"] if has_grad(p)}
        if not _is_settled(found, reached):
            capture.run_uncompiled()
        seen = seen_by(capture, group)
        follows = [name for name in scheduled if name in group and not _is_off(group, name)]
        rule = rule_of({**group, **{name: seen[name] for name in follows}})
        ready = [bucket for bucket in found if id(bucket.nodes[0]) in reached]
        _advance(capture, rule, ready)
        capture.check(functools.partial(_is_valid, rule_of, group))
        others = {name: x for name, x in group.items() if name not in (*follows, "params", "initial_lr")}
        nodes = [p for p in group["params"] if not (id(p) in reached and capture.is_of_run(p))]
        capture.check(functools.partial(_is_same, group, others, follows, nodes, [id(p) in reached for p in nodes]))
    capture.check(functools.partial(_are_same, buckets, known))


def _is_valid(rule_of: Callable[..., Rule], group: dict[str, Any]) -> bool:
    rule_of(group)
    return True


def _is_off(group: dict[str, Any], name: str) -> bool:
    """Whether there is no momentum: a rule does something else then."""
    return name == "momentum" and group[name] == 0.0


def _is_same(
    group: dict[str, Any], others: dict[str, Any], follows: list[str], nodes: list[Any], reached: list[bool]
) -> bool:
    return (
        all(group[name] == x for name, x in others.items())
        and not any(_is_off(group, name) for name in follows)
        and gathering.are_reached(nodes, reached)
    )


class Seen(MutableMapping[str, Any]):
    """A group of parameters as a captured function sees it: its numbers are read at
    each call, and a number that is put into it is written at the end of each call.

    Args:
        capture: the capture.
        group: the group of the optimiser.
    """

    def __init__(self, capture: Any, group: dict[str, Any]) -> None:
        self._capture = capture
        self._group = group
        self._numbers: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        option = self._group[name]
        if name not in self._numbers:
            if isinstance(option, tuple) and all(type(x) is float for x in option):
                self._numbers[name] = tuple([self._held(name, i) for i in range(len(option))])
            elif type(option) in (float, int) or hasattr(option, "dtype"):
                self._numbers[name] = self._held(name)
            else:
                return option
        self._capture.check_is_not_ending(f"param_groups[...][{name!r}]")
        return self._numbers[name]

    def _held(self, name: str, i: int | None = None) -> Any:
        path = (name,) if i is None else (name, str(i))
        return self._capture.hold(functools.partial(_number_of, self._group, name, i), self._group, *path)

    def __setitem__(self, name: str, option: Any) -> None:
        if not (type(option) in (float, int) or self._capture.is_number(option)):
            raise CaptureError(
                f"compile: {name} of a group becomes {type(option).__name__} in a step; put a number there"
            )
        self._capture.check_is_not_ending(f"param_groups[...][{name!r}]")
        self._numbers[name] = option
        self._capture.replace_number(functools.partial(self._group.__setitem__, name), option, self._group, name)

    def __delitem__(self, name: str) -> None:
        raise CaptureError(f"compile: {name} of a group is removed in a step; do it outside of the function")

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)


def seen_by(capture: Any, group: dict[str, Any]) -> Seen:
    """The group as the function of this capture sees it."""
    return capture.once(group, functools.partial(Seen, capture))  # type: ignore[no-any-return]


def _number_of(group: dict[str, Any], name: str, i: int | None) -> float:
    option = group[name]
    return float(option if i is None else option[i])


def _are_same(buckets: list[list[Bucket]], known: list[list[Bucket]]) -> bool:
    return all(
        len(now) == len(before) and all(x is y for x, y in zip(now, before, strict=True))
        for now, before in zip(buckets, known, strict=True)
    )


def _is_settled(buckets: list[Bucket], reached: set[int]) -> bool:
    """Whether each parameter that is reached has its state, and no bucket is to be
    split.
    """
    for bucket in buckets:
        found = [id(p) in reached for p in bucket.nodes]
        if any(found) and (not all(found) or not _is_whole(bucket.state)):
            return False
        reached = reached.difference([id(p) for p in bucket.nodes])
    return not reached


def _is_whole(state: dict[str, Any]) -> bool:
    return all(_is_whole(x) if type(x) is dict else x is not None for x in state.values())


def _advance(capture: Any, rule: Rule, buckets: list[Bucket]) -> None:
    pieces = [piece for bucket in buckets for piece in _pieces(capture, bucket, rule.reads)]
    updates, after = rule.move_all(
        [piece.gradient for piece in pieces], [piece.state for piece in pieces], [piece.data for piece in pieces]
    )
    for piece, update, state in zip(pieces, updates, after, strict=True):
        piece.move(update)
        _put(capture, piece, state, piece.state)


class _Piece:
    """What is moved at once: all numbers of a bucket, or one of its arrays."""

    def __init__(self, capture: Any, bucket: Bucket, nodes: list[Any], cut: Any, state: Any, reads: bool) -> None:
        self.bucket = bucket
        self.nodes = nodes
        self.cut = cut
        self.state = state
        self._capture = capture
        self._are_numbers = bucket.key[0] == NUMBERS
        self.gradient = self._joined([p.grad for p in nodes])
        self.data = self._joined([p.data for p in nodes]) if reads else None

    def _joined(self, found: list[Any]) -> Any:
        return Many(found) if self._are_numbers else found[0]

    def move(self, update: Any) -> None:
        """Add to the parameters."""
        for p, part in zip(self.nodes, update.items if self._are_numbers else [update], strict=True):
            if p.shape:
                self._capture.change_in_place(p)
            p.data = p.data + part


def _pieces(capture: Any, bucket: Bucket, reads: bool) -> list[_Piece]:
    if bucket.key[0] == NUMBERS:
        whole = _held(capture, bucket, lambda a: Many([a[i] for i in range(bucket.size)]))
        return [_Piece(capture, bucket, bucket.nodes, slice(None), whole, reads)]
    if bucket.key[0] != ARRAYS:
        return [_Piece(capture, bucket, bucket.nodes, None, _held(capture, bucket, lambda a: a), reads)]
    first, pieces = 0, []
    held = _held(capture, bucket, lambda a: a)
    for p, shape in zip(bucket.nodes, bucket.shapes, strict=True):
        count = functools.reduce(operator.mul, shape, 1)
        cut = slice(first, first + count)
        pieces.append(_Piece(capture, bucket, [p], cut, _cut(held, cut, shape), reads))
        first += count
    return pieces


def _held(capture: Any, bucket: Bucket, made: Callable[[Any], Any], path: tuple[str, ...] = ()) -> Any:
    """The state as it is read at each call. An eager step makes a new dictionary."""

    def held(name: str, x: Any) -> Any:
        if type(x) is dict:
            return _held(capture, bucket, made, (*path, name))
        number = capture.hold(functools.partial(_read, bucket, (*path, name)), bucket, *path, name)
        return made(number) if hasattr(x, "shape") and x.shape else number

    return {name: held(name, x) for name, x in _read(bucket, path).items()}


def _read(bucket: Bucket, path: tuple[str, ...]) -> Any:
    return functools.reduce(operator.getitem, path, bucket.state)


def _cut(state: dict[str, Any], cut: slice, shape: tuple[int, ...]) -> Any:
    return {
        name: _cut(x, cut, shape) if type(x) is dict else x[cut].reshape(shape) if x.shape else x
        for name, x in state.items()
    }


def _put(capture: Any, piece: _Piece, after: dict[str, Any], before: dict[str, Any], *path: str) -> None:
    """At the end of each call, write the new state into that of the bucket."""
    for name, x in after.items():
        if name not in before:
            capture.run_uncompiled()  # an option was switched on, and a part of the state begins
        where = (*path, name)
        if type(x) is dict:
            _put(capture, piece, x, before[name], *where)
        elif x is not before[name]:
            is_array = type(x) is Many or bool(x.shape)
            is_whole = is_array and len(piece.nodes) == len(piece.bucket.nodes)
            write = _write_whole if is_whole else _write_array if is_array else _write_number
            is_flat = type(x) is Many or piece.cut is None or not is_whole
            numbers = x.items if type(x) is Many else x if is_flat else x.reshape(-1)
            start = piece.cut.start or 0 if is_array and piece.cut is not None else 0
            written = functools.partial(write, piece.bucket, where, piece.cut)
            capture.put(written, numbers, piece.bucket, where, start, is_whole)


def _write_array(bucket: Bucket, path: tuple[str, ...], cut: Any, numbers: Any) -> None:
    if cut is None:
        _read(bucket, path)[...] = numbers
    else:
        _read(bucket, path)[cut] = numbers.reshape(-1)


def _write_whole(bucket: Bucket, path: tuple[str, ...], cut: Any, numbers: Any) -> None:
    _read(bucket, path[:-1])[path[-1]] = numbers


def _write_number(bucket: Bucket, path: tuple[str, ...], cut: Any, number: Any) -> None:
    _read(bucket, path[:-1])[path[-1]] = number
