"""Pictures of a graph: a box per Value, an ellipse per op, an arrow per input.

A box shows the label, the data and the gradient. This module writes DOT text, and
Graphviz makes a picture of it. Graphviz runs in a process of its own, for these
reasons. In our process it stops all threads, and the user cannot interrupt it. It draws
the same text slightly differently the second time. On a long chain it overruns the
stack, and that ends the user's program (pygraphviz 2.0.4: 100,000 nodes).
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value
from micrograd.errors import DataError, DrawError, MissingExtraError, a_kind
from micrograd.see.boxes import Boxes
from micrograd.see.choices import TEXTS, Options, check_format, check_options, refuse_unknown
from micrograd.see.dot import clipped, data_field, escaped, field, zero_for
from micrograd.see.files import path_of, write, write_text
from micrograd.see.picture import Picture, node_lines

FORMATS = ("svg", "png", "pdf", "eps", "ps", "jpg", "jpeg", "gif", "dot")
NOTEBOOK_IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
# Graphviz takes seconds to draw this number of DOT lines. For a longer drawing, a
# notebook shows only a line of text.
LINES_SHOWN = 10_000


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


def draw_dot(
    root: Value,
    format: str = "svg",
    rankdir: str = "LR",
    *,
    grad: bool | None = None,
    color: str | None = None,
    fold: str | None = "auto",
    max_nodes: int | None = None,
    model: Any = None,
    title: str = "",
    **unknown: Any,
) -> Any:
    """Draw the graph below a Value. Data and gradients are shown with four decimals.

    A notebook shows the result. Elsewhere `.render("graph.svg")` writes the picture,
    and `.save("graph.dot")` the DOT text. Only a picture needs pygraphviz (`pip install
    'micrograd-nd[draw]'`), or `dot` on the PATH; text in a PNG needs fonts, too.

    A graph of more than 60 values with calls of neurons or layers is folded: a call, a
    layer, a sample, or all samples are one box. The picture says so.

    Args:
        root: the Value to draw, such as a loss.
        format: svg, png, pdf, eps, ps, jpg, jpeg, gif; dot, the DOT text; text, a tree
            for a terminal; or html, the page of `micrograd.step`.
        rankdir: the direction of the arrows: LR (left to right), RL, TB or BT.
        grad: None shows the gradients as they stand, False none. True computes them for
            the picture where `backward()` was not called, and touches nobody's `grad`.
        color: "grad" colours each box by the size of its gradient.
        fold: "module" makes each call of a neuron or layer one box, "sample" each
            sample. None draws all values. "auto" folds large graphs alone.
        max_nodes: how many boxes there may be. Beyond it, more is folded.
        model: the Module that has the parameters, so that boxes have their names.
        title: what the page of format="html" is called.

    Returns:
        The Drawing, the Tree of text, or the Stepper. It keeps the numbers of this
        moment; draw again after `backward()`.

    Raises:
        DataError: root is not a Value.
        DrawError: the format or an option is unknown, or they do not go together.
        ArgumentError: the model is not a Module.

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
    >>> draw_dot(L, format="text")
    #2 = *  data -6  grad 1
    ├─ a    data 2   grad -3
    └─ b    data -3  grad 2
    """
    refuse_unknown(unknown)
    _check_root("draw_dot", root)
    check_format("draw_dot", format, (*FORMATS, *TEXTS))
    options = Options(grad, color, fold, max_nodes, model)
    check_options(format, rankdir, title, options)
    if format == "html":
        from micrograd.see.html import step  # no other picture needs it

        return step(root, title, model)
    picture = Picture(root, options)
    return picture.tree() if format == "text" else Drawing(source_of(picture, rankdir), format)


def can_draw() -> bool:
    """Whether there is a Graphviz to make pictures."""
    return next(_graphviz_commands("svg"), None) is not None


def source_of(picture: Picture, rankdir: str = "LR", most: int | None = None, text: str = "") -> str:
    """The DOT text of a picture, folded or in full.

    Args:
        picture: the picture.
        rankdir: the direction of the arrows.
        most: how many boxes there may be where no number was asked for.
        text: what is written above it, at the left.
    """
    root, boxes = picture.graph.nodes[-1], picture.boxes(most)
    if boxes is None and root._is_of_transform:  # to ask a node for its `inputs` changes what a transform gives
        boxes = Boxes(picture.graph, picture.groups, "value")
    lines = [*_lines_in_full(picture)] if boxes is None else [*picture.dot_lines(boxes)]
    place = ["    labelloc=t", "    labeljust=l"] if text else []
    said = "\n".join([text, *picture.notes] if text else picture.notes)
    notes = [f'    label="{escaped(said)}"', *place] if said else []
    return "\n".join(["digraph {", f"    rankdir={rankdir}", *notes, *lines, "}\n"])


def _lines_in_full(picture: Picture) -> Iterator[str]:
    """A box for each Value and each raw constant, as in the tutorials."""
    nodes = _inputs_first("draw_dot", picture.graph.nodes[-1])
    # A name is a position in the order, not an address, so a program writes the same
    # text in every process.
    name = {node: i for i, node in enumerate(nodes)}
    known = {id(x): i for i, x in enumerate(picture.graph.nodes)}
    color = picture.color()
    for node, i in name.items():
        place = known.get(id(node))  # None for a number that was raw
        label = node.label if place is None or picture.options.model is None else picture.groups.labels.get(place, "")
        fields = [f"{clipped(label)} ", data_field(node.data)]
        if picture.are_computed:
            grad = None if place is None else picture.gradients[place]
        else:  # `grad` makes zeros where there is none; but a step of its own may owe one
            grad = node.grad if node._has_own_step else node._grad
        if picture.options.grad is not False and not (picture.are_computed and place is None):
            fields.append(field("grad ", zero_for(node.data) if grad is None else grad))
        yield from node_lines(i, fields, node.op, [name[x] for x in dict.fromkeys(node.inputs)], color(grad))


draw = draw_dot


class _Room(ModuleType):
    """This module. It can be called: `from micrograd import draw; draw(L)`."""

    def __call__(self, root: Value, format: str = "svg", rankdir: str = "LR", **options: Any) -> Any:
        """The same as `draw_dot`."""
        return draw_dot(root, format, rankdir, **options)


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
            format: svg, png, pdf, eps, ps, jpg, jpeg, gif or dot; the drawing's own by
                default.

        Raises:
            DrawError: the format is unknown, or Graphviz fails on this graph.
            MissingExtraError: Graphviz is missing: neither pygraphviz nor `dot` was
                found.
        """
        format = format or self.format
        check_format("pipe", format, FORMATS)
        return self.source.encode() if format == "dot" else _run_graphviz(self.source, format)

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
            PictureFileError: the file cannot be written, which is an OSError too. An
                older file at this path is as it was.
        """
        path = path_of("render", path)
        if path.name and not path.suffix:
            path = path.with_name(f"{path.name}.{self.format}")
        format = path.suffix[1:].lower()
        if path.name and format not in FORMATS:
            suffixes = ", ".join("." + known for known in FORMATS)
            raise DrawError(
                f"render: the suffix of {path.name!r} is not a picture format; take one of {suffixes};\n"
                f"a tree is draw_dot(v, format='text').save(path), and a page draw_dot(v, format='html').save(path)"
            )
        return write("render", path, self.pipe(format or self.format))

    def save(self, path: str | Path) -> Path:
        """Write the DOT text to a file, for Graphviz or another program.

        Returns the path. Raises PictureFileError where it cannot be written, DrawError
        where the suffix is that of a picture or a page.
        """
        return write_text(path, self.source, "DOT text", ".dot")

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


def _check_root(name: str, root: Any) -> None:
    if CAPTURES:
        refuse(root, "print")
    if not isinstance(root, Value):
        raise DataError(f"{name}: given {a_kind(root)}, not a Value; give one Value, such as the loss")


def _inputs_first(name: str, root: Value) -> list[Value]:
    """Every Value below root, with its raw constants.

    The order is always the same: inputs before users.
    """
    _check_root(name, root)
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


# Graphviz, as a process that reads DOT text and writes a picture

_PYGRAPHVIZ = """
import sys
format, *users_path = sys.argv[1:]
sys.path += users_path
from pygraphviz import AGraph
graph = AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=format, prog="dot"))
"""


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
