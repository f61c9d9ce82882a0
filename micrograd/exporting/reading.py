"""From a model and an example to a program: the model runs, and what it applies is
written down.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ExportError, MicrogradError
from micrograd.exporting.batches import BatchError, joined, joined_calls
from micrograd.exporting.checking import check
from micrograd.exporting.inputs import BATCH, Batch, arguments_of, as_given, inputs_for
from micrograd.exporting.program import Constant, Input, Name, Program, Size, Spread, Step
from micrograd.exporting.recorded import Place, Recorded, Run
from micrograd.exporting.simplify import simplified
from micrograd.modes import no_grad
from micrograd.nn.module import Module
from micrograd.node import Node, data_of, inputs_of
from micrograd.op import Op
from micrograd.ops.shapes import broadcast_to
from micrograd.trees import Branching, leaves_of, like, mapped

LAYOUTS = {"reshape", "transpose", "getitem"}  # ops that only lay out anew what they are given


def read(asked: str, model: Callable[..., Any], example: Any, batch_axis: Batch = 0) -> Program:
    """The program of a model, in evaluation mode.

    Args:
        asked: the function that exports, for errors.
        model: a module, or a function of arrays.
        example: an input of the model; a tuple for several.
        batch_axis: the axis of the inputs that is the batch, or one for each input;
            None where the shape is fixed.

    Raises:
        ArgumentError: the model cannot be called, or batch_axis is not an axis.
        DataError: the example is not made of arrays.
        ExportError: the model cannot be exported.
    """
    if not callable(model):
        raise ArgumentError(f"{asked}: model is a {type(model).__name__}; give a module, or a function of arrays")
    arguments = arguments_of(asked, example)
    inputs = inputs_for(asked, model, arguments, batch_axis)
    with _evaluating(model):
        with no_grad():
            wanted = model(*mapped(as_given, arguments))
        program = _written(asked, model, arguments, inputs)
        program = simplified(program)
        check(asked, model, program, arguments, wanted)
    return program


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """In evaluation mode; afterwards each module is in the mode that it was in."""
    modules = model.modules() if isinstance(model, Module) else []
    modes = [(module, vars(module).get("training")) for module in modules]
    try:
        for module in modules:
            module.training = False
        yield
    finally:
        for module, mode in modes:
            if mode is None:
                vars(module).pop("training", None)  # it has that of its class
            else:
                module.training = mode


# The runs


def _written(asked: str, model: Any, arguments: tuple[Any, ...], inputs: list[Input]) -> Program:
    batch = next((x.shape[x.axis] for x in inputs if x.axis is not None), None)
    sizes = [0] if batch is None else [batch, batch + 1, batch + 4, *([1] if batch != 1 else [])]
    modules = model.modules() if isinstance(model, Module) else []
    runs: list[Run] = []
    results: list[Any] = []
    for size in sizes:
        run = Run(asked, modules)
        shown = [_stand_in(run, x, leaf, size) for x, leaf in zip(inputs, leaves_of(arguments), strict=True)]
        results.append(_result(asked, model, run, like(arguments, shown), size if runs else None))
        runs.append(run)
    try:
        calls = joined_calls([run.calls for run in runs], sizes)
        if len({len(leaves_of(result)) for result in results}) > 1:
            raise BatchError("it gives more results for one batch than for another")
        leaves = [joined(each, sizes) for each in zip(*map(leaves_of, results), strict=True)]
        shapes = [joined([_shape_in(x, size) for size in sizes], sizes) for x in inputs]
    except BatchError as error:
        where = "the model" if error.module is None else type(error.module).__name__
        raise ExportError(f"{asked}: {where} depends on the size of the batch: {error};\n{BATCH}") from None
    inputs = [x._replace(shape=shape) for x, shape in zip(inputs, shapes, strict=True)]
    return _Writer(model, inputs).program(calls, leaves, like(results[0], range(len(leaves))))


def _shape_in(x: Input, size: int) -> tuple[int, ...]:
    return tuple(size if axis == x.axis else n for axis, n in enumerate(x.shape))


def _stand_in(run: Run, x: Input, leaf: Any, size: int) -> Recorded:
    """An input of the run, with a batch of this size."""
    example = None
    if x.dtype.kind in "iu":
        example = leaf if x.axis is None else np.take(leaf, np.arange(size) % leaf.shape[x.axis], axis=x.axis)
    return run.input(_shape_in(x, size), x.dtype, example)


def _result(asked: str, model: Any, run: Run, arguments: Any, other: int | None) -> Any:
    """What the model gives in this run, with places where it follows from the input."""
    try:
        with run:
            result = model(*arguments)
    except ExportError:
        raise
    except Exception as error:
        if other is not None:
            raise ExportError(
                f"{asked}: a batch of {other} along the axis of the batch fails: {error};\n{BATCH}"
            ) from error
        if isinstance(error, MicrogradError):
            raise ExportError(f"{asked}: {error}") from error
        raise ExportError(
            f"{asked}: the model does something with its input that is not followed: {type(error).__name__}: {error};\n"
            f"write it in ops of micrograd or functions of NumPy"
        ) from error
    if isinstance(result, Branching):
        raise ExportError(f"{asked}: the model gives a {type(result).__name__}; give arrays, or a tuple of them")
    return mapped(lambda x: Place(x.place) if isinstance(x, Recorded) else _plain(x), result)


def _plain(x: Any) -> Any:
    return x if isinstance(x, Node) else np.asarray(x)


# Names


class _Writer:
    """Gives names to what was written down.

    Args:
        model: whose parameters have names.
        inputs: of the program.
    """

    def __init__(self, model: Any, inputs: list[Input]) -> None:
        self.model = model
        self.inputs = inputs
        self._paths: dict[int, str] = {}
        self._modules: dict[int, tuple[str, Any]] = {}
        if isinstance(model, Module):
            self._paths = {id(x): path for path, x in [*model.named_parameters(), *model.named_buffers()]}
            self._modules = {id(module): (path, module) for path, module in model.named_modules()}
        self._constants: dict[str, Constant] = {}
        self._known: dict[Any, Name] = {}
        self._steps: list[Step] = []

    def program(self, calls: Sequence[Any], leaves: Sequence[Any], tree: Any) -> Program:
        """The program of these calls."""
        names = [Name(x.name) for x in self.inputs]
        for call in calls:
            where = self._modules.get(id(call.module), ("", None))
            inputs = [self._operand(x, names, call.dtype, where) for x in call.inputs]
            names.append(self._step(call.op, inputs, call.params, call.shape, call.dtype, where))
        results = [self._operand(x, names, np.dtype(float), ("", None)) for x in leaves]
        is_module = isinstance(self.model, Module)
        title = type(self.model).__name__ if is_module else getattr(self.model, "__name__", "model")
        return Program(title, self.inputs, self._constants, self._steps, results, tree)

    def _step(self, op: Op, inputs: list[Any], params: dict[str, Any], shape: Any, dtype: Any, where: Any) -> Name:
        name = Name(f"v{len(self._steps) + 1}")
        if isinstance(params.get("shape"), int):
            params = {**params, "shape": (params["shape"],)}
        self._steps.append(Step(name, op, inputs, params, shape, dtype, where))
        return name

    def _operand(self, x: Any, names: list[Name], dtype: Any, where: Any) -> Any:
        if isinstance(x, Place):
            return names[x]
        if isinstance(x, Spread):
            constant = self._constant(x.data, x.data)
            return self._step(broadcast_to, [constant], {"shape": x.shape}, x.shape, x.data.dtype, where)
        if isinstance(x, Node) and self._is_laid_out(x):
            given = self._operand(inputs_of(x)[0], names, dtype, where)
            return self._step(x._record, [given], dict(x._params or {}), x.shape, x.dtype, where)
        if type(x) in (int, float, bool, Size):
            return x
        if isinstance(x, np.generic):
            return x.item() if x.dtype == dtype and x.dtype in (float, bool) else self._constant(x, np.asarray(x))
        return self._constant(x, data_of(x) if isinstance(x, Node) else x)

    def _is_laid_out(self, x: Node) -> bool:
        """Whether x is a parameter in another layout: then the file has the parameter
        as the model has it.
        """
        while x._record.name in LAYOUTS and id(x) not in self._paths:
            x = inputs_of(x)[0]
            if id(x) in self._paths:
                return True
        return False

    def _constant(self, x: Any, data: Any) -> Name:
        """The name of a constant, which is noted."""
        data = np.asarray(data) if hasattr(data, "dtype") else data
        path, about = self._path(x)
        key = (path, type(data), str(getattr(data, "dtype", "")), np.shape(data), np.asarray(data).tobytes())
        if key not in self._known:
            taken = {x.name for x in self.inputs}
            path = f"{path} (constant)" if path in taken or re.fullmatch(r"[vy]\d*", path) else path
            stem, count = path, 2
            while path in self._constants:
                path, count = f"{stem} ({count})", count + 1
            self._constants[path] = Constant(path, data, about)
            self._known[key] = Name(path)
        return self._known[key]

    def _path(self, x: Any) -> tuple[str, str]:
        """What a constant is called, and how it was computed."""
        if id(x) in self._paths:
            return self._paths[id(x)], ""
        base = x
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
            if id(base) in self._paths:
                return f"{self._paths[id(base)]} as {_sizes(x.shape)}", "reshaped"
        if not isinstance(x, Node):
            return (f"constant {_sizes(np.shape(x))}".rstrip(), "")
        leaves, ops = self._origin(x)
        for leaf in leaves:
            if id(leaf) in self._paths and _is_the_same(data_of(leaf), data_of(x)):
                return self._paths[id(leaf)], ""
        paths = sorted({self._paths[id(leaf)] for leaf in leaves if id(leaf) in self._paths})
        about = f"computed by {', '.join(dict.fromkeys(ops))}" if ops else ""
        if not paths:
            return getattr(x, "label", "") or "constant", about
        common = " and ".join(paths) if len(paths) <= 2 else _common(paths)
        return (f"{common} as {_sizes(np.shape(data_of(x)))}" if ops else common), about

    def _origin(self, x: Node) -> tuple[list[Node], list[str]]:
        """The leaves that a Value was computed from, and the ops."""
        leaves, ops, pending, seen = [], [], [x], set()
        while pending:
            node = pending.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            inputs = [i for i in inputs_of(node) if isinstance(i, Node)]
            if inputs:
                ops.append(node._record.name)
            else:
                leaves.append(node)
            pending += inputs
        return leaves, ops[::-1]


def _common(paths: list[str]) -> str:
    """The module that holds all of these."""
    parts = [path.split(".") for path in paths]
    same = [each[0] for each in zip(*parts, strict=False) if len(set(each)) == 1]
    return ".".join(same) or "parameters"


def _is_the_same(x: Any, y: Any) -> bool:
    return type(x) is type(y) and np.shape(x) == np.shape(y) and np.asarray(x).tobytes() == np.asarray(y).tobytes()


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a number"
