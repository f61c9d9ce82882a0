"""A model in ONNX, which other programs run."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from micrograd.errors import ExportError
from micrograd.exporting.files import check_path, version, write
from micrograd.exporting.inputs import Batch
from micrograd.exporting.onnx_graph import IR, OPSET, Graph, kind_of, onnx
from micrograd.exporting.onnx_loops import LOOPS
from micrograd.exporting.onnx_nodes import result
from micrograd.exporting.program import Name, Program, Shape, Size, Step, no_such_op
from micrograd.exporting.reading import read

ASKED = "to_onnx"
MOST = 2_000_000_000  # bytes: a file of this format has at most 2 GiB


def to_onnx(
    model: Callable[..., Any], example: Any, path: str | os.PathLike[str] | None = None, *, batch_axis: Batch = 0
) -> Any:
    """A model in ONNX, operators of version 18. It needs the package onnx.

    The model runs in evaluation mode, as after `eval()`, and is left in the mode that
    it was in. Parameters have the names of `named_parameters`, and their dtype.

    Args:
        model: a module, or a function of arrays.
        example: an input of the model, such as two rows of the data; a tuple for a
            model of several inputs.
        path: a file to write, with the ending .onnx; None for none.
        batch_axis: the axis of the inputs that is the batch, or one for each input;
            None where only the shape of the example is wanted.

    Returns:
        The `onnx.ModelProto`, which `onnx.checker` has checked.

    Raises:
        MissingExtraError: onnx is not installed.
        ArgumentError: the path does not end in .onnx, or batch_axis is not an axis.
        ExportError: the model cannot be exported, or the file cannot be written. An
            older file is then as it was.
    """
    library = onnx()
    if path is not None:
        check_path(ASKED, path, ".onnx")
    program = read(ASKED, model, example, batch_axis)
    if program.nbytes > MOST:
        raise ExportError(f"{ASKED}: {program.nbytes:,} bytes of parameters; a file of ONNX holds at most {MOST:,}")
    made = model_of(program)
    try:
        library.checker.check_model(made, full_check=True)
    except Exception as error:
        raise ExportError(f"{ASKED}: onnx.checker refuses the model: {error}") from error
    if path is not None:
        write(ASKED, path, made.SerializeToString())
    return made


def model_of(program: Program) -> Any:
    """The model, not yet checked."""
    helper = onnx().helper
    g = Graph(ASKED, program)
    renamed: dict[str, str] = {}
    for step in program.steps:
        g.step = step
        name = LOOPS[step.op.name](g, step) if step.op.name in LOOPS else result(g, step)
        if name is None:
            raise no_such_op(ASKED, step, "ONNX")
        renamed[step.name] = name
        g.node("Identity", name, to=step.name)
    outputs = []
    for i, x in enumerate(program.results, 1):
        shape, dtype = g.kinds[x] if isinstance(x, Name) else ((), float)
        g.step = Step(Name("y"), None, [], {}, shape, dtype, ("", None))  # type: ignore[arg-type]
        name = g.node("Identity", g.read(x, dtype or float), to="y" if len(program.results) == 1 else f"y{i}")
        outputs.append(helper.make_tensor_value_info(name, kind_of(ASKED, dtype or float), _dimensions(shape)))
    inputs = [
        helper.make_tensor_value_info(x.name, kind_of(ASKED, x.dtype), _dimensions(x.shape)) for x in program.inputs
    ]
    nodes = _without_copies(g.nodes, {output.name for output in outputs})
    graph = helper.make_graph(nodes, program.title, inputs, outputs, g.initializers())
    return helper.make_model(
        graph,
        producer_name="micrograd",
        producer_version=version(),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
    )


def _without_copies(nodes: list[Any], outputs: set[str]) -> list[Any]:
    """The nodes, where a copy of a result is the result itself."""
    made = {name for node in nodes for name in node.output}
    source: dict[str, str] = {}
    kept = []
    for node in nodes:
        for i, name in enumerate(node.input):
            node.input[i] = source.get(name, name)
        if node.op_type == "Identity" and node.input[0] in made and node.output[0] not in outputs:
            source[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    return kept


def _dimensions(shape: Shape) -> list[Any]:
    return [str(n) if isinstance(n, Size) else n for n in shape]
