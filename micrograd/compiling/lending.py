"""Lending: a program reads large arrays of the caller where they are, where no way back
needs them later. A whole step writes into spare ones that change places with them, and
a large result is the caller's without a copy.

Nobody can tell an array from another one of the same numbers, unless he holds it. So
the array that a step replaces is the spare one of the next call, if nobody else holds
it. Where somebody does, it is as without compiling: `p.data -= ...` changes his array,
and `p.data = ...` leaves it as it was.
"""

from __future__ import annotations

import functools
import math
import sys
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.compiling.held import Hold, Put
from micrograd.node import data_of, set_data

LARGE = 512  # elements of an array; copying a smaller one costs less than looking at it


class Loan(NamedTuple):
    """An array that a program writes.

    Attributes:
        name: of its buffer.
        shape: of the array.
        get: gives the array that is there now; None where there is none.
        put: takes the array that comes in its place.
        in_place: whether the array that is there changes.
    """

    name: str
    shape: tuple[int, ...]
    get: Callable[[], Any]
    put: Callable[[Any], Any]
    in_place: bool

    def is_possible(self, dtype: str) -> bool:
        """Whether arrays can change places: the one that is there is large, and of the
        dtype of the buffer.
        """
        found = self.get()
        kind = np.dtype(dtype) if found is None else getattr(found, "dtype", None)
        return math.prod(self.shape) >= LARGE and kind == np.dtype(dtype)


def of_state(name: str, state: Any, is_data: bool, in_place: bool) -> Loan:
    """The data, or the gradient, of a value.

    Args:
        name: of the buffer.
        state: the value.
        is_data: whether it is the data.
        in_place: whether the array itself changes.
    """
    if is_data:
        return Loan(name, state.shape, functools.partial(data_of, state), functools.partial(set_data, state), in_place)

    def put(gradient: Any) -> None:
        state._grad = gradient

    return Loan(name, state.shape, lambda: state._grad, put, False)


def of_put(name: str, put: Put, reads: list[Hold]) -> Loan:
    """An array that is kept outside of all values."""
    read = next((hold.read for hold in reads if put.home is not None and hold.home.is_that_of(put.home)), None)
    shape = () if read is None else np.shape(read())
    return Loan(name, shape, _nothing if read is None else read, put.write, False)


def _nothing() -> None:
    return None


class Lending:
    """The arrays that a program reads and writes where they are.

    Args:
        loans: those that it writes.
    """

    def __init__(self, loans: list[Loan]) -> None:
        self.loans = loans
        self.names = {loan.name for loan in loans}

    def prepare(self, space: Any) -> Any:
        """A new workspace with spare arrays."""
        for loan in self.loans:
            provide(space, loan.name, loan.shape)
        return space

    def settle(self, space: Any) -> None:
        """At the end of a call, let the arrays change places."""
        for loan in self.loans:
            new = space.arrays[loan.name].base
            old = loan.get()
            is_alone = old is not None and _is_like(old, new) and sys.getrefcount(old) <= ALONE
            if loan.in_place and not is_alone and _can_take(old, new):
                old[...] = new
                continue
            loan.put(new)
            space.bind(loan.name, old if is_alone else np.empty(loan.shape, new.dtype))


def provide(space: Any, name: str, shape: tuple[int, ...]) -> None:
    """Let a program write into a new array."""
    space.bind(name, np.empty(shape, space.arrays[name].dtype))


def given_away(space: Any, name: str) -> Any:
    """The array that a program has written. It is the caller's, and there is a new one
    for the next call.
    """
    array = space.arrays[name].base
    provide(space, name, array.shape)
    return array


def borrowed(space: Any, name: str, array: Any) -> bool:
    """Let a program read an array where it is, if it can: one of the right kind."""
    if len(space.own[name]) < LARGE or not space.bind(name, array):
        return False
    space.borrowed.append(name)
    return True


def give_back(space: Any) -> None:
    """A program holds no array of the caller any more."""
    for name in space.borrowed:
        space.unbind(name)  # the next call may copy into it
    space.borrowed.clear()


def _can_take(old: Any, new: Any) -> bool:
    """Whether an array can be changed in place: there may be another thing now."""
    return isinstance(old, np.ndarray) and old.shape == new.shape and bool(old.flags.writeable)


def _is_like(old: Any, new: Any) -> bool:
    """Whether an array may be the next spare one."""
    return (
        type(old) is np.ndarray
        and old.base is None
        and old.shape == new.shape
        and old.dtype == new.dtype
        and old.flags.carray
        and not weakref.getweakrefcount(old)
    )


def _alone() -> int:
    """What `sys.getrefcount` says in `settle` of an array that only its owner holds."""
    owner = {"array": np.zeros(1)}
    get = owner.get
    old = get("array")
    return sys.getrefcount(old)


ALONE = -1  # where nobody counts, each array is taken to be held by somebody
if hasattr(sys, "getrefcount"):
    ALONE = _alone()
