"""Pictures of a graph: a box per Value, an ellipse per op, an arrow per input.

A box shows the label, the data and the gradient. This module writes DOT text, and
Graphviz makes a picture of it. Graphviz runs in a process of its own, for these
reasons. In our process it stops all threads, and the user cannot interrupt it. It draws
the same text slightly differently the second time. On a long chain it overruns the
stack, and that ends the user's program (pygraphviz 2.0.4: 100,000 nodes).
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from micrograd import on_demand as np
from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value
from micrograd.errors import DataError, DrawError, MissingExtraError
from micrograd.exact import is_exact
from micrograd.symbol import Symbol

FORMATS = ("svg", "png", "pdf", "eps", "ps", "jpg", "jpeg", "gif")
NOTEBOOK_IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
DIRECTIONS = ("LR", "RL", "TB", "BT")
# An array of more elements is abbreviated. If it has more than two dimensions, only its
# dtype and shape are shown.
NUMBERS_SHOWN = 32
# Graphviz takes seconds to draw this number of DOT lines. For a longer drawing, a
# notebook shows only a line of text.
LINES_SHOWN = 10_000
SIGNS_SHOWN = 40  # of an expression
LONGEST = 24  # characters of an exact number that are shown


def trace(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """All nodes and edges of the graph below a Value, with its raw constants.

    Args:
        root: the Value to start from, such as a loss.

    Returns:
        The set of nodes, and the set of edges (input, result). If one op uses an input
        twice, as in `a + a`, that is one edge.

    Raises:
        DataError: root is not a Value.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> nodes, edges = trace(a * b)
    >>> sorted(node.data for node in nodes)
    [-6.0, -3.0, 2.0]
    >>> sorted((x.label, z.op) for x, z in edges)
    [('a', '*'), ('b', '*')]
    """
    nodes = _inputs_first("trace", root)
    return set(nodes), {(x, node) for node in nodes for x in node.inputs}


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Drawing:
    """Draw the graph below a Value. Data and gradients are shown with four decimals.

    A notebook shows the result. Elsewhere `.render("graph.svg")` writes the picture,
    and `.save("graph.dot")` writes the DOT text. A picture needs pygraphviz
    (`pip install 'micrograd-nd[draw]'`), or Graphviz's `dot` on the PATH. `.source` and
    `.save` need neither. The text in a PNG needs fonts on the machine; an SVG does not.

    Args:
        root: the Value to draw, such as a loss.
        format: the format of the picture: svg, png, pdf, eps, ps, jpg, jpeg or gif.
        rankdir: the direction of the arrows: LR (left to right), RL, TB (top to bottom)
            or BT.

    Returns:
        The Drawing. It keeps the numbers of this moment; draw again after `backward()`.

    Raises:
        DataError: root is not a Value.
        DrawError: the format or the direction is unknown.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> L = a * b
    >>> L.backward()
    >>> print(draw_dot(L).source, end="")
    digraph {
        rankdir=LR
        0 [label="{ a | data 2.0000 | grad -3.0000 }" shape=record]
        1 [label="{ b | data -3.0000 | grad 2.0000 }" shape=record]
        2 [label="{  | data -6.0000 | grad 1.0000 }" shape=record]
        op2 [label="*"]
        op2 -> 2
        0 -> op2
        1 -> op2
    }
    """
    nodes = _inputs_first("draw_dot", root)
    _check_format("draw_dot", format)
    if rankdir not in DIRECTIONS:
        raise DrawError(f"draw_dot: rankdir={rankdir!r} is not a direction; take one of {', '.join(DIRECTIONS)}")
    # A name is a position in the order, not an address, so a program writes the same
    # text in every process.
    name = {node: i for i, node in enumerate(nodes)}
    lines = [line for node in nodes for line in _dot_lines(node, name)]
    return Drawing("\n".join(["digraph {", f"    rankdir={rankdir}", *lines, "}\n"]), format)


draw = draw_dot


class _Room(ModuleType):
    """This module. It can be called: `from micrograd import draw; draw(L)`."""

    def __call__(self, root: Value, format: str = "svg", rankdir: str = "LR") -> Any:
        """The same as `draw_dot`; with format="html" that of `micrograd.step`."""
        if format == "html":
            from micrograd.see.html import step

            return step(root)
        return draw_dot(root, format, rankdir)


sys.modules[__name__].__class__ = _Room


class Drawing:
    """A drawn graph: DOT text, and the picture that Graphviz makes of it.

    Args:
        source: the DOT text.
        format: the format of the picture, unless a method is given another one.

    >>> drawing = draw_dot(Value(2.0).tanh())
    >>> drawing
    <Drawing in 8 lines of DOT: .render('graph.svg') writes the picture>
    """

    def __init__(self, source: str, format: str = "svg") -> None:
        self.source = source
        self.format = format

    def pipe(self, format: str | None = None) -> bytes:
        """The picture as bytes.

        Args:
            format: svg, png, pdf, eps, ps, jpg, jpeg or gif; the drawing's own by
                default.

        Raises:
            DrawError: the format is unknown, or Graphviz fails on this graph.
            MissingExtraError: Graphviz is missing: neither pygraphviz nor `dot` was
                found.
        """
        format = format or self.format
        _check_format("pipe", format)
        return _run_graphviz(self.source, format)

    def render(self, path: str | Path) -> Path:
        """Write the picture.

        Args:
            path: the file. Its suffix is the format; if it has none, the suffix of the
                drawing's format is added.

        Returns:
            The path of the file.

        Raises:
            DrawError: the suffix is not a picture format, or Graphviz fails on this
                graph.
            MissingExtraError: Graphviz is missing: neither pygraphviz nor `dot` was
                found.
            OSError: the file cannot be written.
        """
        path = Path(path)
        if not path.suffix:
            path = path.with_name(f"{path.name}.{self.format}")
        format = path.suffix[1:].lower()
        if format not in FORMATS:
            raise DrawError(
                f"render: the suffix of {path.name!r} is not a picture format; take one of "
                f"{', '.join('.' + known for known in FORMATS)}, or write the DOT text by save(path)"
            )
        # If pipe fails, an older picture at this path is kept.
        path.write_bytes(self.pipe(format))
        return path

    def save(self, path: str | Path) -> Path:
        """Write the DOT text to a file, for Graphviz or another program.

        Returns the path.
        """
        path = Path(path)
        path.write_text(self.source, encoding="utf-8", newline="\n")
        return path

    def __repr__(self) -> str:
        lines = self.source.count("\n")
        return f"<Drawing in {lines} lines of DOT: .render('graph.{self.format}') writes the picture>"

    # Notebooks call these. A drawing in a format that they cannot show, such as PDF, is
    # shown as SVG.

    def _repr_svg_(self) -> str | None:
        if self.format in NOTEBOOK_IMAGES or self._is_too_long():
            return None
        return self.pipe("svg").decode()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str | bytes]:
        if self._is_too_long():
            return {"text/plain": f"{self!r}; it is too long to be drawn without a request"}
        if self.format in NOTEBOOK_IMAGES:
            return {"text/plain": repr(self), NOTEBOOK_IMAGES[self.format]: self.pipe()}
        return {"text/plain": repr(self), "image/svg+xml": self.pipe("svg").decode()}

    def _is_too_long(self) -> bool:
        # Graphviz may take minutes and gigabytes for it, and the last line of a cell is
        # not a request for that.
        return self.source.count("\n") > LINES_SHOWN


# The graph


def _inputs_first(name: str, root: Value) -> list[Value]:
    """Every Value below root, with its raw constants.

    The order is always the same: inputs before users.
    """
    if CAPTURES:
        refuse(root, "print")
    if not isinstance(root, Value):
        raise DataError(f"{name}: given a {type(root).__name__}, not a Value; give one Value, such as the loss")
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = [root]
    while stack:
        node = stack.pop()
        # None says: all inputs of the next node on the stack are in the order now.
        if node is None:
            order.append(cast(Value, stack.pop()))
        elif node not in seen:
            seen.add(node)
            stack += (node, None, *reversed(node.inputs))
    return order


# The DOT text


def _dot_lines(node: Value, name: dict[Value, int]) -> Iterator[str]:
    i = name[node]
    data, grad = _field("data ", node.data), _field("grad ", node.grad)
    yield f'    {i} [label="{{ {_escaped(node.label)} | {data}| {grad}}}" shape=record]'
    if node.op:
        yield f'    op{i} [label="{_escaped(node.op)}"]'
        yield f"    op{i} -> {i}"
    # A node that the user made may have inputs and no op.
    user = f"op{i}" if node.op else f"{i}"
    for x in dict.fromkeys(node.inputs):
        yield f"    {name[x]} -> {user}"


def _field(name: str, x: Any) -> str:
    """A number or an array as a field of a box, after its name."""
    text = _shown(name, x)
    # Graphviz centers a line that does not end in \l. A space after the last \l would
    # be one more line.
    return text.replace("\n", r"\l") + r"\l" if "\n" in text else text + " "


def _shown(name: str, x: Any) -> str:
    if isinstance(x, Value):  # a gradient after backward(create_graph=True)
        x = x.data
    if isinstance(x, (int, float)):
        return name + _decimal(x)
    if is_exact(x):
        return name + _exact(x)
    if isinstance(x, Symbol):
        text = f"{x:short}"
        return _escaped(name + (text if len(text) <= SIGNS_SHOWN else text[: SIGNS_SHOWN - 3] + "..."))
    # Printing another library's array may copy it from a GPU, or compute it.
    if not isinstance(x, (np.ndarray, np.generic)) or (x.ndim > 2 and x.size > NUMBERS_SHOWN):
        return _escaped(f"{name}{type(x).__name__} {getattr(x, 'dtype', '')} {getattr(x, 'shape', '')}")
    return _array(name, x) if x.ndim else name + _decimal(x.item())


def _decimal(x: float) -> str:
    if not abs(x) >= 1e15 or x in (float("inf"), float("-inf")):
        return f"{x:.4f}"
    from decimal import Decimal  # also for an int beyond the range of floats

    return f"{Decimal(x):.4e}"


def _exact(x: Any) -> str:
    """A fraction or another exact number as it prints; its first digits where that is
    long.
    """
    text = str(x)
    return _escaped(text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}...")


def _array(name: str, x: Any) -> str:
    """An array as NumPy prints it, one row per line.

    A large one is abbreviated and followed by its shape.
    """
    text = name + np.array2string(
        x, precision=4, separator=", ", suppress_small=True, prefix=name, threshold=NUMBERS_SHOWN, edgeitems=2
    )
    if x.size > NUMBERS_SHOWN or x.size == 0:
        text += f"\nshape {x.shape}"
    # Graphviz shows several spaces as one, unless they are escaped.
    return re.sub(r"(?<=[ \n]) ", r"\\ ", text)


# In the label of a box, backslash, braces, bars, angles and quotes have a meaning for
# Graphviz; & begins an entity.
_SPECIAL = {c: "\\" + c for c in '\\{}|<>"'} | {"&": "&amp;", "\n": r"\n"}
# These are not allowed in XML.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def _escaped(text: Any) -> str:
    """DOT text for which Graphviz shows this text, in boxes and ellipses."""
    text = "" if text is None else str(text).replace("\r\n", "\n")
    text = _UNPRINTABLE.sub(lambda match: "\n" if match[0] == "\n" else ascii(match[0])[1:-1], text)
    return "".join(_SPECIAL.get(c, c) for c in text)


# Graphviz, as a process that reads DOT text and writes a picture

_PYGRAPHVIZ = """
import sys
format, *users_path = sys.argv[1:]
sys.path += users_path
from pygraphviz import AGraph
graph = AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=format, prog="dot"))
"""


def _check_format(name: str, format: str) -> None:
    if format not in FORMATS:
        raise DrawError(f"{name}: {format!r} is not a picture format; take one of {', '.join(FORMATS)}")


def _graphviz_commands(format: str) -> Iterator[list[str]]:
    if sys.executable and importlib.util.find_spec("pygraphviz"):
        # -P and the user's path last: a file tempfile.py beside the notebook must not
        # replace the library's module.
        yield [sys.executable, "-P", "-c", _PYGRAPHVIZ, format, *sys.path]
    if dot := shutil.which("dot"):
        yield [dot, f"-T{format}"]


def _run_graphviz(source: str, format: str) -> bytes:
    reason = ""
    for command in _graphviz_commands(format):
        done = subprocess.run(command, input=source.encode(), capture_output=True, check=False)
        if done.returncode == 0 and done.stdout:
            return done.stdout
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = f"it crashed (signal {-done.returncode})" if done.returncode < 0 else (said or ["it said nothing"])[-1]
    if not reason:
        raise MissingExtraError(
            "draw_dot: a picture needs Graphviz, which the package pygraphviz contains; it is not installed;\n"
            "python -m pip install 'micrograd-nd[draw]', or write the DOT text by save(path)"
        )
    raise DrawError(
        f"draw_dot: Graphviz could not draw these {source.count(chr(10))} lines of DOT as {format}: {reason};\n"
        f"draw a part of it, or write the DOT text by save(path)"
    )
