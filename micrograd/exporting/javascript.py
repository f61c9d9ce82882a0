"""A model as an ES module of JavaScript that needs nothing."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ExportError
from micrograd.exporting.files import check_path, check_size, version, write
from micrograd.exporting.inputs import Batch
from micrograd.exporting.js_lines import Words, line, spelled
from micrograd.exporting.numpy_lines import INLINE
from micrograd.exporting.program import Constant, Name, Program, Size, Step, no_such_op
from micrograd.exporting.python import in_base64, title_of
from micrograd.exporting.reading import read
from micrograd.exporting.tree import drawn

ASKED = "export_js"
TYPES = {"float64": "f8", "float32": "f4", "int64": "i8", "int32": "i4", "bool": "u1"}


def export_js(model: Callable[..., Any], example: Any, path: str | os.PathLike[str], *, batch_axis: Batch = 0) -> Path:
    """Write a model as an ES module of JavaScript, with a function `predict`. It needs
    nothing else, and runs in a browser and in node.

    `predict` takes nested arrays of numbers and gives such; or `{shape, data}`, where
    data are the numbers in row-major order, and gives such. The model runs in
    evaluation mode, as after `eval()`, and is left in the mode that it was in.

    Args:
        model: a module, or a function of arrays.
        example: an input of the model, such as two rows of the data; a tuple for a
            model of several inputs.
        path: the file, with the ending .js or .mjs.
        batch_axis: the axis of the inputs that is the batch, or one for each input;
            None where only the shape of the example is wanted.

    Returns:
        The path.

    Raises:
        ArgumentError: the path does not end in .js, or batch_axis is not an axis.
        ExportError: the model cannot be exported, or the file cannot be written. An
            older file is then as it was.

    >>> import tempfile
    >>> from micrograd.nn import Linear, ReLU, Sequential
    >>> model = Sequential(Linear(2, 3), ReLU())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_js(model, np.ones((2, 2)), f"{folder}/model.js")
    ...     lines = path.read_text().splitlines()
    >>> [line.strip() for line in lines if line.startswith("  const v")][0]
    'const v1 = linear(x, P["0.weight"], P["0.bias"]);'
    """
    check_path(ASKED, path, ".js", ".mjs")
    program = read(ASKED, model, example, batch_axis)
    check_size(ASKED, program)
    return write(ASKED, path, js_of(program, Path(path).name))


def js_of(program: Program, name: str = "model.js") -> str:
    """The text of the module."""
    body = _body(program)
    constants = "".join(map(_constant, program.constants.values()))
    text = _head(program, name) + body + "\n" + _functions(f"{body}{constants}")
    if constants:
        text += f"// The parameters, by their names in the model.\nconst P = {{\n{constants}}};\n"
    return text


def _head(program: Program, name: str) -> str:
    kinds = program.kinds()
    rows = [f"//   {x.name}: [{', '.join(map(str, x.shape))}] {x.dtype}" for x in program.inputs]
    results = "  ".join(f"[{', '.join(map(str, kinds[x][0]))}]" for x in program.results if isinstance(x, Name))
    given = ", ".join(x.name for x in program.inputs)
    return (
        f"// {program.title}, exported by micrograd {version()}. It needs nothing else.\n//\n"
        f'//   import {{ predict }} from "./{name}";\n//   const y = predict({given});\n//\n'
        + "\n".join(rows)
        + f"\n//   y: {results}\n//\n// {program.nbytes:,} bytes of parameters. "
        + "Arrays are nested, or {shape, data}.\n\n"
    )


def _body(program: Program) -> str:
    names = [x.name for x in program.inputs]
    lines = [f"const isFlat = {' || '.join(f'Boolean({name} && {name}.data)' for name in names)};"]
    for x in program.inputs:
        shape = spelled([None if isinstance(n, Size) else n for n in x.shape])
        lines.append(f'{x.name} = given("{x.name}", {x.name}, {shape}, {spelled(x.dtype.kind in "iu")});')
        if x.dtype == np.float32:
            lines.append(f"{x.name} = float32({x.name});")
    batches = [f"{x.name}.shape[{x.axis}]" for x in program.inputs if x.axis is not None]
    for batch in batches[1:]:
        lines.append(f'if ({batch} !== {batches[0]}) throw new RangeError("predict: batches of different sizes");')
    kinds, before, steps = program.kinds(), None, []
    for step in program.steps:
        if step.module != before and step.module[1] is not None:
            steps.append(f"// {title_of(step.module)}")
        before = step.module
        steps.append(f"const {step.name} = {_line(step, program, kinds)};")
    if any(re.search(r"\bn\b", re.sub(r'"[^"]*"|//.*', "", text)) for text in steps):
        lines.append(f"const n = {batches[0]};")
    result = drawn(ASKED, program, lambda x: f"out({_operand(x, program)})", ("[", "]", ""), "null")
    if result.startswith("{"):
        result = f"({result})"
    lines += [*steps, "const out = (x) => (isFlat ? scalar(x) : nested(scalar(x)));", f"return {result};"]
    return f"export function predict({', '.join(names)}) {{\n{textwrap.indent(chr(10).join(lines), '  ')}\n}}\n"


def _line(step: Step, program: Program, kinds: dict[str, Any]) -> str:
    inputs = [_operand(x, program) for x in step.inputs]
    ranks = [len(kinds[x][0]) if isinstance(x, Name) else 0 for x in step.inputs]
    if step.op.name == "cast" and np.dtype(step.params["dtype"]).kind in "fb":
        text: str | None = f"each((a) => {'Number(a !== 0)' if step.dtype == bool else 'a'}, {inputs[0]})"
    else:
        text = line(step.op.name, Words(ASKED, inputs, step.arguments, ranks))
    if text is None:
        raise no_such_op(ASKED, step, "JavaScript")
    if step.dtype not in (float, np.float32, bool, np.int64):
        raise ExportError(f"{ASKED}: {step.op.name} gives {step.dtype}; JavaScript takes float64, float32 and int64")
    return f"float32({text})" if step.dtype == np.float32 else text


def _operand(x: Any, program: Program) -> str:
    if isinstance(x, Name):
        return f"P[{json.dumps(x)}]" if x in program.constants else str(x)
    return str(x) if isinstance(x, Size) else spelled(float(x))


def _constant(constant: Constant) -> str:
    """An entry of P."""
    name, data, about = constant.name, np.asarray(constant.data), constant.about
    if str(data.dtype) not in TYPES:
        raise ExportError(f"{ASKED}: {name} holds {data.dtype}; JavaScript takes {', '.join(TYPES)}")
    text = f"  // {about}\n" if about else ""
    if data.size <= INLINE:
        numbers = spelled(data.astype(float).reshape(-1))
        return f"{text}  {json.dumps(name)}: tensor({spelled(data.shape)}, Float64Array.of({numbers[1:-1]})),\n"
    rows = in_base64(data)
    return f'{text}  {json.dumps(name)}: decoded({spelled(data.shape)}, "{TYPES[str(data.dtype)]}", `\n{rows}`),\n'


def _functions(text: str) -> str:
    """The functions of runtime.js that a text uses, and those that they use."""
    source = files("micrograd.exporting").joinpath("runtime.js").read_text(encoding="utf-8")
    texts = {m[2]: m[1] for m in re.finditer(r"^((?://.*\n)*function (\w+)\((?:.*\n)*?\}\n)", source, re.MULTILINE)}
    used: set[str] = set()
    pending = [text, "scalar nested"]
    while pending:
        words = set(re.findall(r"(?<![.\w\"])[A-Za-z]\w*", pending.pop()))
        found = [name for name in texts if name in words and name not in used]
        used.update(found)
        pending += [texts[name] for name in found]
    return "".join(texts[name] + "\n" for name in texts if name in used)
