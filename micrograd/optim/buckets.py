"""Buckets: parameters that are stepped together, as one flat array.

A step of NumPy on a small array costs the call, not the numbers. So small parameters of
one dtype are joined: one array holds all their gradients, and one array each part of
their state. A large array is a bucket of its own, and is stepped in blocks that stay in
the cache of the processor.

A bucket holds parameters that have been reached in the same steps, so that the count of
steps is the same for all. Where a step reaches some of them, the bucket is split.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from micrograd import gathering
from micrograd import on_demand as np
from micrograd.errors import ShapeError
from micrograd.gradients import has_grad
from micrograd.node import Node, data_of
from micrograd.optim import states
from micrograd.optim.parameters import add_to
from micrograd.optim.rule import Array, Move, Rule, State

JOINED = 8192  # elements of an array that is joined with others, at most
BLOCK = 32768  # elements that are stepped at once

NUMBERS, ARRAYS, WHOLE = "numbers", "arrays", "whole"
Key = tuple[Any, ...]


def key_of(node: Node, index: int, joins: bool) -> Key:
    """What parameters of one bucket have in common.

    Args:
        node: the parameter.
        index: its place in the group.
        joins: whether the rule lets arrays be joined.
    """
    data = data_of(node)
    if not joins or not isinstance(data, (float, int, np.ndarray, np.floating)):  # an array of Dask, say
        return (WHOLE, index)
    if isinstance(data, (float, int)):
        return (NUMBERS,)
    return (ARRAYS, data.dtype.name) if data.size <= JOINED else (ARRAYS, data.dtype.name, index)


class Bucket:
    """Some parameters of a group, their state, and room for their gradients.

    Args:
        key: what they have in common; see `key_of`.
        nodes: the parameters.
        indices: their places in the group, in ascending order.
        state: their state as one; None before it is made, by `begin`.
    """

    __slots__ = ("_buffer", "_cuts", "_pieces", "_view", "dtype", "indices", "key", "nodes", "shapes", "size", "state")

    def __init__(self, key: Key, nodes: list[Any], indices: list[int], state: State | None = None) -> None:
        self.key = key
        self.nodes = nodes
        self.indices = indices
        self.shapes = [node.shape for node in nodes]
        self.dtype = nodes[0]._dtype
        self._cuts: list[slice] = []
        self.size = 0
        for shape in self.shapes:
            count = math.prod(shape)
            self._cuts.append(slice(self.size, self.size + count))
            self.size += count
        self.state: State = {} if state is None else state
        self._buffer: Any = None
        self._view: Any = None
        self._pieces: list[Any] = []

    def begin(self, rule: Rule) -> None:
        """Make the state before the first step."""
        self.state = rule.start(self.data())

    def __getstate__(self) -> Any:
        """For copies and pickles, without the room for gradients: a copy of a piece of
        the room would not be a piece of its copy.
        """
        kept = {name: getattr(self, name) for name in self.__slots__}
        return None, {**kept, "_buffer": None, "_view": None, "_pieces": []}

    # Gradients

    def gradients(self) -> Array | None:
        """The gradients as one array, if all have one; None if not all have one.

        Raises:
            ShapeError: the data of a parameter has another shape or dtype than before.
        """
        if self.key[0] == NUMBERS:
            if not gathering.are_numbers(self.nodes):
                self._check()
            if self._buffer is None:
                self._buffer = np.empty(self.size)
                self._view = gathering.view(self._buffer)
            return self._buffer if gathering.gradients_into(self.nodes, self._view) == self.size else None
        self._check()
        found = gathering.gradients_of(self.nodes)
        if any(g is None for g in found):
            return None
        if len(found) == 1:
            return found[0] if self.key[0] == WHOLE else np.reshape(found[0], -1)
        if self._buffer is None:
            self._buffer = np.empty(self.size, self.dtype)
            self._pieces = self._cut(self._buffer)
        for piece, g in zip(self._pieces, found, strict=True):
            piece[...] = g
        return self._buffer

    def reached(self) -> list[bool]:
        """Which parameters have a gradient."""
        return [has_grad(node) for node in self.nodes]

    # Data

    def data(self) -> Array:
        """The parameters as one array; the array itself, if there is one of NumPy."""
        if self.key[0] == NUMBERS:
            data = np.empty(self.size)
            gathering.data_into(self.nodes, gathering.view(data))
            return data
        if self.key[0] == WHOLE:
            return data_of(self.nodes[0])
        if len(self.nodes) == 1:
            return np.reshape(data_of(self.nodes[0]), -1)
        return np.concatenate([np.reshape(data_of(node), -1) for node in self.nodes])

    def add(self, update: Array) -> None:
        """Add to the parameters; in place where they are arrays that can be written."""
        if self.key[0] == NUMBERS:
            gathering.add_to_data(self.nodes, gathering.view(np.ascontiguousarray(update, float)))
            return
        for node, piece in zip(self.nodes, self._cut(update), strict=True):
            add_to(node, piece)

    def advance(self, move: Move, gradients: Array, reads: bool) -> None:
        """One step of all parameters, by a rule for single elements."""
        if self.size > BLOCK and self.key[0] != WHOLE:
            self._advance_in_blocks(move, gradients, reads)
            return
        update, self.state = move(gradients, self.state, self.data() if reads else None)
        self.add(update)

    def _advance_in_blocks(self, move: Move, gradients: Array, reads: bool) -> None:
        x = self.data()
        shared = len(self.nodes) == 1 and np.shares_memory(x, data_of(self.nodes[0])) and x.flags.writeable
        update = None if shared else np.empty_like(x)
        before = states.mapped(lambda a: a, self.state)  # the numbers in it stay, of a chain's parts too
        for first in range(0, self.size, BLOCK):
            cut = slice(first, first + BLOCK)
            part = states.mapped(lambda a: a[cut], before)  # noqa: B023  # called at once
            moved, part = move(gradients[cut], part, x[cut] if reads else None)
            states.put(self.state, cut, part, self.size)
            if update is None:
                x[cut] += moved
            else:
                update[cut] = moved
        if update is not None:
            self.add(update)

    def _cut(self, joined: Array) -> list[Array]:
        """The pieces of a joined array that belong to the parameters."""
        if self.key[0] == WHOLE:
            return [joined]
        return [joined[cut].reshape(shape) for cut, shape in zip(self._cuts, self.shapes, strict=True)]

    def _check(self) -> None:
        for node, shape, index in zip(self.nodes, self.shapes, self.indices, strict=True):
            if node.shape != shape or node._dtype != self.dtype:
                raise ShapeError(
                    f"step: parameter {index} had shape {shape} and dtype {self.dtype} at its first step, "
                    f"and has {node.shape} and {node._dtype} now; make a new optimiser for it"
                )

    # Splits and joins

    def part(self, places: Sequence[int]) -> Bucket:
        """Some of the parameters, with a copy of their state."""
        nodes, indices = [self.nodes[i] for i in places], [self.indices[i] for i in places]
        if self.key[0] == WHOLE:
            return Bucket(self.key, nodes, indices, self.state)
        elements = np.concatenate([np.arange(self._cuts[i].start, self._cuts[i].stop) for i in places])
        return Bucket(self.key, nodes, indices, states.mapped(lambda a: a[elements], self.state))

    def state_of(self, place: int) -> State:
        """The state of one parameter, in its shape, as a copy; floats for a number."""
        if self.key[0] == WHOLE:
            return states.mapped(np.copy, self.state)
        cut, shape = self._cuts[place], self.shapes[place]
        return states.mapped(lambda a: a[cut].reshape(shape).copy() if shape else a[cut.start].item(), self.state)


def merged(buckets: list[Bucket]) -> list[Bucket]:
    """The buckets, joined where what they have in common and their counts are equal."""
    alike: dict[Any, list[Bucket]] = {}
    for bucket in buckets:
        key = (WHOLE, bucket.indices[0]) if bucket.key[0] == WHOLE else (bucket.key, states.outline(bucket.state))
        alike.setdefault(key, []).append(bucket)
    return [_join(group) if len(group) > 1 else group[0] for group in alike.values()]


def _join(buckets: list[Bucket]) -> Bucket:
    nodes = [node for bucket in buckets for node in bucket.nodes]
    indices = [i for bucket in buckets for i in bucket.indices]
    union = Bucket(buckets[0].key, nodes, indices, states.joined([bucket.state for bucket in buckets]))
    return union.part(sorted(range(len(indices)), key=indices.__getitem__))
