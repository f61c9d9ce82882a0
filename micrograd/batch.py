"""All examples at once: an interpreter of the ops in which every value stands for one
example, and holds the numbers of all.

A `Batch` has the shape of one example. An op on Batches runs once, on the arrays with
all examples, by the rules in batched/.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from micrograd import levels
from micrograd.arrays import are_truths, as_real
from micrograd.batched.rules import run
from micrograd.errors import DataError, GradientError, MicrogradError, OpError
from micrograd.interpreter import PLAIN, Array, ground, settled, shape_of
from micrograd.ops import logical_and, logical_not, logical_or, logical_xor
from micrograd.ops.operators import Operators
from micrograd.ops.refusals import one_of_many_error
from micrograd.record import Op


class Batch(Operators):
    """What one example is, where all examples run together.

    The number says which `vmap` it belongs to, so that nested ones stay apart. When its
    vmap has ended, a Batch cannot be used any more; but one that is the same in each
    example is a constant.

    Attributes:
        examples: the numbers or arrays of all examples, along axis 0; where this is the
            same in each example, the one number or array.
        is_mapped: whether it differs from example to example.
    """

    __slots__ = ("_number", "examples", "is_mapped")
    _is_batch = True

    def __init__(self, examples: Array, is_mapped: bool, number: int) -> None:
        self.examples = examples
        self.is_mapped = is_mapped
        self._number = number

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes of one example; () for a number."""
        shape = shape_of(self.examples)
        return shape[1:] if self.is_mapped else shape

    @property
    def _level(self) -> float:
        return self._number if levels.is_running(self._number) else -1.0

    @property
    def _below(self) -> Any:
        return self.examples

    def _settled(self) -> Any:
        """Itself while its vmap runs; afterwards the constant that it holds.

        Raises:
            GradientError: it holds all examples.
        """
        if levels.is_running(self._number):
            return self
        if self.is_mapped:
            raise GradientError(
                f"vmap: a value of shape {self.shape} is left over from a vmap that has ended, "
                f"and stands for one example no more; return it from the function that vmap maps"
            )
        return settled(self.examples)

    def _is_traced(self) -> bool:
        return isinstance(self.examples, Operators) and bool(self.examples._is_traced())

    def _has_history(self) -> bool:
        return self.is_mapped or (isinstance(self.examples, Operators) and bool(self.examples._has_history()))

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """Run the op on all examples; what belongs to another level is the same in
        each.
        """
        number = self._number
        if not levels.is_running(number):
            return op(*[x._settled() if isinstance(x, Batch) else x for x in inputs], **params)
        data, mapped = [], []
        for x in inputs:
            if type(x) is Batch and x._number == number:
                data.append(x.examples)
                mapped.append(x.is_mapped)
                continue
            if type(x) not in PLAIN or x is None:
                joined = as_real(x, op.name)
                if joined is not x:
                    return op(*[as_real(y, op.name) for y in inputs], **params)
            data.append(x)
            mapped.append(False)
        if True not in mapped:
            z = op(*data, **params)
            return Batch(z, False, number) if op.differentiable else z
        try:
            return Batch(run(op, data, mapped, params), True, number)
        except MicrogradError:
            op.shape(*inputs, **params)  # says the shapes of one example
            raise

    # Answers to comparisons are plain booleans elsewhere, and go together by & | ^ ~.

    def __and__(self, other: Any) -> Any:
        return logical_and(self, other) if are_truths(self, other) else NotImplemented

    def __or__(self, other: Any) -> Any:
        return logical_or(self, other) if are_truths(self, other) else NotImplemented

    def __xor__(self, other: Any) -> Any:
        return logical_xor(self, other) if are_truths(self, other) else NotImplemented

    def __rand__(self, other: Any) -> Any:
        return self & other

    def __ror__(self, other: Any) -> Any:
        return self | other

    def __rxor__(self, other: Any) -> Any:
        return self ^ other

    def __invert__(self) -> Any:
        if not are_truths(self):
            raise OpError(f"~: {self.dtype} numbers have no op for it; write np.logical_not(x), or -x")
        return logical_not(self)

    def __setitem__(self, index: Any, data: Array) -> None:
        raise DataError(
            f"setitem: {self.shape} is one example inside vmap, and not changed in place;\n"
            f"write x = x.at[{index!r}].set(...), or np.where(condition, ..., x)"
        )

    def __index__(self) -> int:
        if self.is_mapped:
            raise one_of_many_error("index", self)
        return operator.index(ground(self))

    def detach(self) -> Any:
        """The same numbers as a constant, to whatever is around the vmap."""
        examples = self.examples.detach() if isinstance(self.examples, Operators) else self.examples
        return Batch(examples, self.is_mapped, self._number)

    def __repr__(self) -> str:
        return f"Batch({self.examples!r})"


def unmapped(x: Array, number: int) -> Batch:
    """x as the same in each example of the vmap with this number."""
    return Batch(x, False, number)
