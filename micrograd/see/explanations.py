"""Explanations: a gradient told with the user's numbers and names.

`explain(root, x)` says how each use of x adds to the gradient of root by x, follows the
largest part back to root, and compares the sum with `x.grad`.
"""

from __future__ import annotations

import html
import operator
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value, toposort
from micrograd.errors import GradientError, IndexingError
from micrograd.node import is_constant
from micrograd.see.chains import Chains
from micrograd.see.given import check_numbers, kind_of, paths_in
from micrograd.see.sections import Part, Writer
from micrograd.see.wording import counted, label_of


class Explanation:
    """A gradient, explained: what `explain` gives.

    `print` shows it as text, a notebook as HTML; `_repr_latex_` gives its formula. The
    numbers are those of the moment when it was made.

    Attributes:
        parts: a list of (use, arrived, slope, adds), the largest first. All `adds`
            together are the gradient.
        paths: the number of ways from x to root, an int that may be huge.
        gradient: the derivative of root by x, or by the chosen element of x.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> explanation = explain(a * b + a, a)
    >>> explanation.parts[0].adds, explanation.paths, explanation.gradient
    (-3.0, 2, -2.0)
    """

    def __init__(self, title: str, blocks: list[Any], latex: str, parts: list[Part], paths: int, gradient: Any) -> None:
        self.parts = parts
        self.paths = paths
        self.gradient = gradient
        self._title = title
        self._blocks = blocks
        self._latex = latex

    def __str__(self) -> str:
        lines = [self._title]
        for block in self._blocks:
            lines += ["", *block.lines()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_latex_(self) -> str:
        return f"${self._latex}$"

    def _repr_html_(self) -> str:
        inside = "\n".join(block.html() for block in self._blocks)
        return f'<div class="micrograd-explanation">\n<p><b>{html.escape(self._title)}</b></p>\n{inside}\n</div>'


def explain(root: Value, x: Value, index: Any = None, *, model: Any = None) -> Explanation:
    """Explain the gradient of root by x: which parts it is the sum of, and where they
    come from.

    Each use of x adds what arrived there, times its slope. Slopes are shown as the
    rules of the ops say them. The graph is walked once; nobody's `.grad` is touched.

    Args:
        root: what is differentiated, such as the loss. An array stands for the sum of
            its elements, as in `backward()`.
        x: a value that root is made from.
        index: which element of x to explain, such as (2, 1), where x is an array.
            Numbers below 0 count from the end, as in NumPy. Without it, an array is
            explained as a whole.
        model: a Module; its parameters without a label are called by their paths in it.

    Returns:
        The Explanation. Print it, or show it in a notebook.

    Raises:
        DataError: root or x is not a Value, or it is inside a transform.
        GradientError: root is not made from x, as when both are swapped; or one of them
            is detached, or a node in between has no rule.
        IndexingError: x has no such element, or x is a number.
        ArgumentError: model is not a Module.

    >>> a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    >>> L = a * b + c
    >>> L.label = "L"
    >>> L.backward()
    >>> print(explain(L, a))
    dL/da = -3
    <BLANKLINE>
      How L is made from a = 2:
        v1 = a * b  = -6
        L  = v1 + c = 4
    <BLANKLINE>
      One path, so one product, read from the end:
        dL/da = dL/dv1 * dv1/da
              = 1 * b
              = 1 * (-3)
              = -3
    <BLANKLINE>
      a.grad is -3: the same.
    """
    for name, v in (("root", root), ("x", x)):
        check_numbers("explain", name, v)
        _check_history(name, v)
    place, paths = _place(x, index), paths_in("explain", model)
    writer = Writer(_chains(root, x), place, paths)
    blocks, latex, parts = writer.written()
    return Explanation(writer.title(), blocks, latex, parts, writer.chains.paths, writer.gradient)


def _check_history(name: str, v: Value) -> None:
    if is_constant(v):
        named = repr(v.label) if v.label else "it"
        raise GradientError(
            f"explain: {name} is a constant: {named} was detached, or made under no_grad() or from constants alone;\n"
            f"give a value with a history, or a leaf that you made"
        )


def _chains(root: Value, x: Value) -> Chains:
    try:
        return Chains(root, x)
    except GradientError:
        if root is x or not any(node is root for node in toposort(x)):
            raise
    first, second = (label_of(v) if label_of(v).isidentifier() else other for v, other in ((x, "root"), (root, "x")))
    if first == second:
        first, second = "root", "x"
    raise GradientError(
        f"explain: it is the other way round: {first} was made from {second};\n"
        f"write explain({first}, {second}): first the root, then the value"
    )


def _place(x: Value, index: Any) -> tuple[int, ...] | None:
    """The index as a tuple, one whole number for each axis; None for all of x."""
    if index is None:
        return None
    given = index if isinstance(index, tuple) else (index,)
    if any(isinstance(i, bool) or not hasattr(i, "__index__") for i in given):
        raise _not_whole(index)
    try:
        place = tuple(operator.index(i) for i in given)
    except TypeError:  # an array, or a bool of NumPy
        raise _not_whole(index) from None
    if x.shape == ():
        raise IndexingError(f"explain: index={index!r}, but x is one number; leave the index out")
    if len(place) != len(x.shape):
        raise IndexingError(
            f"explain: index={index!r} has {counted(len(place), 'number')}, x has shape {x.shape}; "
            f"give one for each axis"
        )
    if any(not -n <= i < n for i, n in zip(place, x.shape, strict=True)):
        raise IndexingError(f"explain: index={index!r} is outside of x, which has shape {x.shape}")
    return tuple(i % n for i, n in zip(place, x.shape, strict=True))


def _not_whole(index: Any) -> IndexingError:
    if hasattr(index, "named_parameters"):
        return IndexingError(f"explain: index is {kind_of(index)}; write model= before it")
    told = " ".join(f"{index!r:.60}".split())
    pair = tuple(index) if isinstance(index, list) else index.tolist() if isinstance(index, np.ndarray) else None
    if pair and all(type(i) is int for i in pair):
        return IndexingError(f"explain: index={told} is not a tuple; write index={tuple(pair)}")
    return IndexingError(f"explain: index={told} is not made of whole numbers; give one for each axis, as in (2, 1)")
