"""A graph of ONNX while it is made: nodes, constants, and the size of the batch."""

from __future__ import annotations

import importlib
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ExportError, MissingExtraError
from micrograd.exporting.program import Name, Program, Shape, Size, Step

OPSET = 18  # of the operators; IR 8 came with it, in ONNX 1.13
IR = 8


def onnx() -> Any:
    """The library.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("onnx")
    except ImportError:
        raise MissingExtraError(
            "to_onnx: the package onnx is not installed; pip install 'micrograd-nd[onnx]', or pip install onnx"
        ) from None


class Graph:
    """Nodes in order, and what they read.

    Args:
        asked: the function that exports, for errors.
        program: whose constants and inputs the nodes read.

    Attributes:
        nodes: of ONNX.
        kinds: shape and dtype of all that has a name in the program.
        step: the op that is being written.
    """

    def __init__(self, asked: str, program: Program) -> None:
        self.asked = asked
        self.program = program
        self.kinds = program.kinds()
        self.nodes: list[Any] = []
        self.step: Step = None  # type: ignore[assignment]  # set before any node is made
        self._arrays: dict[str, Any] = {}
        self._known: dict[Any, str] = {}
        self._size: str | None = None

    # Nodes

    def node(self, kind: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """A node; the name of its result.

        Args:
            kind: what ONNX calls the op.
            inputs: names.
            to: the name of the result; made up without it.
            attributes: of ONNX; None for those that are left out.
        """
        name = to or f"{self.step.name}.{len(self.nodes)}"
        path = self.step.module[0]
        given = {key: x for key, x in attributes.items() if x is not None}
        made = onnx().helper.make_node(kind, list(inputs), [name], name=f"{path}/{name}" if path else name, **given)
        self.nodes.append(made)
        return name

    # What nodes read

    def constant(self, array: Any, name: str = "") -> str:
        """The name of an initializer that holds this array."""
        array = np.ascontiguousarray(array).reshape(np.shape(array))
        key = (name, str(array.dtype), array.shape, array.tobytes())
        if key not in self._known:
            stem = name or f"constant.{len(self._arrays)}"
            while stem in self._arrays:
                stem += f".{array.dtype}"
            self._arrays[stem] = array
            self._known[key] = stem
        return self._known[key]

    def integers(self, numbers: Any) -> str:
        """A vector of whole numbers, some of which may follow the batch."""
        numbers = list(numbers)
        if not any(isinstance(n, Size) for n in numbers):
            return self.constant(np.array(numbers, np.int64))
        parts = [self._of_batch(n) if isinstance(n, Size) else self.constant(np.array([n], np.int64)) for n in numbers]
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=0)

    def _of_batch(self, size: Size) -> str:
        if self._size is None:
            x = next(x for x in self.program.inputs if x.axis is not None)
            assert x.axis is not None
            self._size = self.node("Shape", x.name, to="batch size", start=x.axis, end=x.axis + 1)
        name = self._size
        if size.times != 1:
            name = self.node("Mul", name, self.constant(np.array([size.times], np.int64)))
        return name if not size.plus else self.node("Add", name, self.constant(np.array([size.plus], np.int64)))

    def read(self, x: Any, dtype: Any) -> str:
        """An input of a step in this dtype: a name of the program, or a number."""
        if isinstance(x, Size):
            return self.cast(self.node("Squeeze", self._of_batch(x)), dtype)
        if not isinstance(x, Name):
            return self.constant(np.asarray(x, dtype))
        if x in self.program.constants:
            data = self.program.constants[x].data
            return self.constant(np.asarray(data, dtype), x)
        if self.kinds[x][1] == dtype:
            return x
        return self.cast(x, dtype)

    def cast(self, name: str, dtype: Any) -> str:
        """The same numbers in another dtype."""
        result = f"{self.step.name}.{len(self.nodes)}"
        self.nodes.append(onnx().helper.make_node("Cast", [name], [result], to=kind_of(self.asked, dtype)))
        return result

    def shape(self, x: Any) -> Shape:
        """The shape of an input of a step."""
        return self.kinds[x][0] if isinstance(x, Name) else ()

    # The whole

    def initializers(self) -> list[Any]:
        """The constants, as ONNX has them."""
        helper = onnx().numpy_helper
        return [helper.from_array(array, name) for name, array in self._arrays.items()]


def kind_of(asked: str, dtype: Any) -> int:
    """The number that ONNX has for a dtype.

    Raises:
        ExportError: it has none.
    """
    if str(np.dtype(dtype)) not in (
        "bool float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
    ):
        raise ExportError(f"{asked}: ONNX has no numbers of dtype {dtype}; use float32 or float64")
    return int(onnx().helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
