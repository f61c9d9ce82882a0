"""Opaque lines: ops that have no form as loops, run by their own records between two
parts of a program.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.groups import contiguous
from micrograd.compiling.lines import Buffer, Line, Program
from micrograd.compiling.maps import Map, Sizes
from micrograd.compiling.terms import Read
from micrograd.cotangents import fit
from micrograd.modes import quietly
from micrograd.record import Op


class Opaque(Line):
    """target  =  what an op gives for its inputs, or what its rule gives for one.

    Attributes:
        op: the record.
        params: its keyword arguments.
        inputs: a read of each input, over its own shape.
        shapes: of the inputs.
        dtypes: of inputs that are whole numbers or truths; None for the others.
        pulled: None for the op itself; the number of an input for the gradient that
            goes to it, where the first two reads are the gradient and the output.
    """

    __slots__ = ("dtypes", "inputs", "op", "params", "pulled", "shapes")

    def __init__(
        self,
        target: Buffer,
        op: Op,
        params: Any,
        inputs: list[Read],
        shapes: list[Sizes],
        dtypes: list[Any],
        pulled: int | None = None,
    ) -> None:
        super().__init__(target, Map(0, (1,)), (target.size,), None, False)
        self.op = op
        self.params = params or {}
        self.inputs = inputs
        self.shapes = shapes
        self.dtypes = dtypes
        self.pulled = pulled

    def reads(self) -> list[Read]:
        """What it reads."""
        return self.inputs

    def run(self, arrays: dict[str, Any]) -> None:
        """Compute the target from the arrays of one call."""
        given = [_view(arrays, *x) for x in zip(self.inputs, self.shapes, self.dtypes, strict=True)]
        with quietly():
            z = self.op.forward(*given, **self.params) if self.pulled is None else self._pull(*given)
        arrays[self.target.name][:] = np.reshape(z, -1)

    def repeat(self, count: int, arrays: dict[str, Any]) -> None:
        """Run many times, to be measured."""
        for _ in range(count):
            self.run(arrays)

    def _pull(self, g: Any, z: Any, *inputs: Any) -> Any:
        op, i = self.op, self.pulled
        assert i is not None
        work = g if op.shared is None else op.share(g, z, inputs, self.params)
        return fit(op.pull(i, work, z, inputs, self.params), inputs[i])

    def transposed(self, program: Program, gradient: Buffer, need: set[str], gradient_of: Any) -> list[Line]:
        """The lines that pass the gradient of the target on."""
        terms = program.terms
        own = [terms.read(gradient, self._whole), terms.read(self.target, self._whole)]
        made: list[Line] = []
        if not self.op.differentiable:
            return made
        for i, (read, shape) in enumerate(zip(self.inputs, self.shapes, strict=True)):
            if self.op.differentiable and read.buffer.name in need and self.op.rules[i] is not None:
                size = int(np.prod(shape, dtype=int))
                name = f"part{sum(n.startswith('part') for n in program.buffers)}"
                part = program.new(name, size, dtype=read.buffer.dtype)
                part.shape = shape
                shapes = [self.target.shape, self.target.shape, *self.shapes]
                made.append(
                    Opaque(part, self.op, self.params, [*own, *self.inputs], shapes, [None, None, *self.dtypes], i)
                )
                term = terms.read(part, Map(0, contiguous(shape)))
                made.append(Line(gradient_of(program, read.buffer), read.place, shape, term, True))
        return made

    @property
    def _whole(self) -> Map:
        return Map(0, contiguous(self.target.shape))

    def __repr__(self) -> str:
        names = ", ".join(read.buffer.name for read in self.inputs)
        return f"{self.target.name} = {self.op.name}{'' if self.pulled is None else '.pull'}({names})"


def _view(arrays: dict[str, Any], read: Read, shape: Sizes, dtype: Any) -> Any:
    """The elements of a read as an array; a number for no axes."""
    array = arrays[read.buffer.name]
    if not shape:
        number = array[read.place.offset].item()
        return number if dtype is None else dtype.type(number)
    if read.place.table is not None:
        view = array[read.place.indices(shape)]
    else:
        size = array.itemsize
        steps = tuple([s * size for s in read.place.strides])
        view = np.ndarray(shape, array.dtype, array, read.place.offset * size, steps)  # as_strided is slow
    return view if dtype is None else view.astype(dtype)
