"""A model as one file of Python that needs only NumPy."""

from __future__ import annotations

import base64
import inspect
import json
import os
import re
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.exporting import numpy_helpers
from micrograd.exporting.files import check_path, check_size, version, write
from micrograd.exporting.inputs import Batch
from micrograd.exporting.numpy_lines import INLINE, line, number
from micrograd.exporting.program import Constant, Input, Name, Program, Size, no_such_op
from micrograd.exporting.reading import LAYOUTS, read
from micrograd.exporting.tree import drawn

ASKED = "export_python"
WIDE = 88  # columns of base64
HELPERS = {name: f for name, f in vars(numpy_helpers).items() if inspect.isfunction(f)}


def export_python(
    model: Callable[..., Any], example: Any, path: str | os.PathLike[str], *, batch_axis: Batch = 0
) -> Path:
    """Write a model as one file of Python, with a function `predict`. It needs NumPy,
    and nothing else.

    The model runs in evaluation mode, as after `eval()`, and is left in the mode that
    it was in. The file gives the numbers that the model gives now, with a batch of any
    size. As a program, `python predict.py X.npy` prints the results.

    Args:
        model: a module, or a function of arrays.
        example: an input of the model, such as two rows of the data; a tuple for a
            model of several inputs. Its dtype is that of `predict`.
        path: the file, with the ending .py.
        batch_axis: the axis of the inputs that is the batch, or one for each input;
            None where only the shape of the example is wanted.

    Returns:
        The path.

    Raises:
        ArgumentError: the path does not end in .py, or batch_axis is not an axis.
        ExportError: the model cannot be exported, or the file cannot be written. An
            older file is then as it was.

    >>> import tempfile
    >>> from micrograd.nn import Linear, ReLU, Sequential
    >>> model = Sequential(Linear(2, 3), ReLU())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_python(model, np.ones((2, 2)), f"{folder}/predict.py")
    ...     lines = path.read_text().splitlines()
    >>> [line.strip() for line in lines if line.startswith("    v")]
    ['v1 = x @ P["0.weight"].T + P["0.bias"]', 'v2 = np.maximum(v1, 0)']
    """
    check_path(ASKED, path, ".py")
    program = read(ASKED, model, example, batch_axis)
    check_size(ASKED, program)
    return write(ASKED, path, python_of(program, Path(path).stem))


def python_of(program: Program, name: str = "predict") -> str:
    """The text of the file, which is imported by a name."""
    body = _body(program)
    constants = "".join(map(_constant, program.constants.values()))
    used = _helpers(body + 'array("' * (': array("' in constants))  # not all of base64
    text = _head(program, name)
    modules = [m for m in ("base64", "math", "sys") if (m == "sys" and _is_program(program)) or f"{m}." in used]
    text += "".join(f"import {m}\n" for m in modules) + ("\n" if modules else "") + "import numpy as np\n\n\n"
    text += body + "\n\n" + used
    if constants:
        text += f"# The parameters, by their names in the model.\nP = {{\n{constants}}}\n"
    return text + (
        _MAIN.format(shape=_wanted(program.inputs[0]), dtype=program.inputs[0].dtype) if _is_program(program) else ""
    )


def _head(program: Program, name: str) -> str:
    given = ", ".join(x.name for x in program.inputs)
    rows = [f"    {x.name}: {_sizes(x.shape)} {x.dtype}" for x in program.inputs]
    kinds = program.kinds()
    results = ", ".join(f"{_sizes(kinds[x][0])} {kinds[x][1]}" for x in program.results if isinstance(x, Name))
    size = f"{program.nbytes:,} bytes of parameters"
    text = f'"""{program.title}, exported by micrograd {version()}. It needs NumPy, and nothing else.\n\n'
    text += f"    from {name} import predict\n\n    y = predict({given})\n\n"
    return text + "\n".join(rows) + f"\n    y: {results}\n\n{size}.\n" + '"""\n\n'


def _sizes(shape: Any) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _body(program: Program) -> str:
    """The function predict."""
    lines = []
    for x in program.inputs:
        shape = tuple(None if isinstance(n, Size) else n for n in x.shape)
        lines.append(f'{x.name} = given("{x.name}", {x.name}, {shape}, "{x.dtype}")')
    batches = [f"{x.name}.shape[{x.axis}]" for x in program.inputs if x.axis is not None]
    if len(batches) > 1:
        lines.append(f"if not {' == '.join(batches)}:")
        lines.append('    raise ValueError("predict: the inputs hold batches of different sizes")')
    steps, result = _steps(program)
    if any(re.search(r"\bn\b", re.sub(r'"[^"]*"|#.*', "", text)) for text in steps):
        lines.append(f"n = {batches[0]}")
    lines += [*steps, f"return {result}"]
    given = ", ".join(x.name for x in program.inputs)
    head = f'def predict({given}):\n    """What {program.title} gives, after eval()."""\n'
    return head + textwrap.indent("\n".join(lines), "    ") + "\n"


def _steps(program: Program) -> tuple[list[str], str]:
    """A line for each step, and the result. A parameter in another layout has no line:
    it stands where it is read.
    """
    texts: dict[str, str] = {name: f"P[{json.dumps(name)}]" for name in program.constants}
    texts |= {x.name: x.name for x in program.inputs}
    uses = Counter(x for step in program.steps for x in step.inputs if isinstance(x, Name))
    uses.update(x for x in program.results if isinstance(x, Name))
    laid_out = set(program.constants)
    lines: list[str] = []
    module: tuple[str, Any] = ("", None)
    count = 0
    for step in program.steps:
        inputs = [texts[x] if isinstance(x, Name) else _literal(x) for x in step.inputs]
        text = line(step.op.name, inputs, step.arguments)
        if text is None:
            raise no_such_op(ASKED, step, "NumPy")
        if step.op.name in LAYOUTS and step.inputs[0] in laid_out and uses[step.name] == 1:
            texts[step.name] = text
            laid_out.add(step.name)
            continue
        if step.module != module and step.module[1] is not None:
            lines.append(f"# {title_of(step.module)}")
        module, count = step.module, count + 1
        texts[step.name] = f"v{count}"
        lines.append(f"v{count} = {text}")
    return lines, drawn(ASKED, program, lambda x: texts[x] if isinstance(x, Name) else _literal(x))


def _literal(x: Any) -> str:
    if isinstance(x, Size):
        return f"({x})"
    text = number(x)
    return f"({text})" if text.startswith("-") else text


def title_of(module: tuple[str, Any]) -> str:
    """A comment that says which module the next lines are of."""
    path, what = " ".join(module[0].split()), module[1]
    text = " ".join(repr(what).split())
    if len(text) > 60:
        text = type(what).__name__
    return f"{path}: {text}" if path else text


def _constant(constant: Constant) -> str:
    """An entry of P."""
    name, data, about = constant
    text = f"    # {about}\n" if about else ""
    if not hasattr(data, "dtype"):
        return f"{text}    {json.dumps(name)}: {number(data)},\n"
    if 0 < data.size <= INLINE and (data.dtype.kind != "f" or np.isfinite(data).all()):
        numbers = textwrap.fill(str(data.tolist()), WIDE, subsequent_indent=" " * 8, break_long_words=False)
        return f'{text}    {json.dumps(name)}: np.array({numbers}, "{data.dtype}"),\n'
    rows = in_base64(data)
    return f'{text}    {json.dumps(name)}: array("{data.dtype}", {data.shape}, """\n{rows}"""),\n'


def in_base64(data: Any) -> str:
    """The bytes of an array, little-endian, in rows."""
    text = base64.b64encode(np.ascontiguousarray(data).astype(data.dtype.newbyteorder("<")).tobytes()).decode()
    return "\n".join(text[i : i + WIDE] for i in range(0, len(text), WIDE))  # textwrap takes minutes for megabytes


def _helpers(text: str) -> str:
    """The functions of numpy_helpers.py that a text calls, and those that they call."""
    used: list[str] = []
    pending = [text]
    while pending:
        called = pending.pop()
        for name, function in HELPERS.items():
            if name not in used and re.search(rf"(?<![\w.]){name}\(", called):
                used.append(name)
                pending.append(inspect.getsource(function).partition("\n")[2])
    return "".join(inspect.getsource(HELPERS[name]) + "\n\n" for name in HELPERS if name in used)


def _is_program(program: Program) -> bool:
    """Whether the file can be run: it has one input and one result."""
    return len(program.inputs) == 1 and len(program.results) == 1 and bool(program.inputs[0].shape)


def _wanted(x: Input) -> str:
    return str(tuple(-1 if isinstance(n, Size) else n for n in x.shape))


_MAIN = """

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python " + sys.argv[0] + " X.npy, or X.csv: numbers alone, an example in each row")
    is_csv = not sys.argv[1].endswith(".npy")
    X = np.loadtxt(sys.argv[1], "{dtype}", delimiter=",", ndmin=2) if is_csv else np.load(sys.argv[1])
    z = np.asarray(predict(X.reshape{shape}))
    np.savetxt(sys.stdout, z.reshape(z.shape[0] if z.ndim else 1, -1), delimiter=",", fmt="%.17g")
"""
