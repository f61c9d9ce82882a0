"""A Value in a cell of a notebook: its text, and a picture of some tens of boxes.

A cell whose last expression is a Value has not asked for a picture. So a large graph is
not drawn, and nothing that goes wrong here is an error: the text is shown.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from micrograd.captures import CAPTURES
from micrograd.draw import Drawing, can_draw, draw_dot, source_of
from micrograd.interpreter import Interpreter
from micrograd.node import Node, data_of, inputs_of
from micrograd.see.choices import Options
from micrograd.see.dot import LABEL_SHOWN
from micrograd.see.picture import MOST, READABLE, Picture

MOST_NODES = 1000  # of a graph that is drawn without a request: to find its groups takes 20 ms
SHOWN = 2000  # signs of the text of a Value


def svg_of(value: Any) -> str | None:
    """The picture of a Value, with its text above; None where there is none.

    >>> from micrograd import Value
    >>> svg_of(sum(Value(1.0) for _ in range(1001)))
    """
    return _or_nothing(value, lambda: _svg(value) if can_draw() and _is_small(value) else None)


def html_of(value: Any) -> str | None:
    """The text of a Value where there is no picture; None where there is one.

    >>> from micrograd import Value
    >>> print(html_of(sum(Value(1.0) for _ in range(1001))))
    <pre>Value(data=1001.0, grad=0.0)
    made of more than 1,000 values; micrograd.draw_dot(v) draws it, folded</pre>
    """
    return _or_nothing(value, lambda: None if can_draw() and _is_small(value) else _html(value))


def _or_nothing(value: Any, show: Callable[[], str | None]) -> str | None:
    """What is shown; None where a Value has no number of its own, as inside a transform
    or a compilation, and where it fails. A notebook then shows the text of its `repr`.
    """
    try:
        return None if CAPTURES or isinstance(data_of(value), Interpreter) else show()
    except Exception:
        return None


def _svg(value: Any) -> str:
    picture = Picture(value, Options())
    most = MOST if len(picture.graph) <= MOST else READABLE
    return Drawing(source_of(picture, most=most, text=_cut(" ".join(repr(value).split()), LABEL_SHOWN))).pipe().decode()


def _html(value: Any) -> str:
    if _is_small(value):
        below = str(draw_dot(value, format="text", max_nodes=READABLE))
    else:
        below = f"made of more than {MOST_NODES:,} values; micrograd.draw_dot(v) draws it, folded"
    return f"<pre>{html.escape(f'{_cut(repr(value), SHOWN)}{chr(10)}{below}')}</pre>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _is_small(value: Any) -> bool:
    """Whether there are few nodes. It looks at no more than that, and the raw numbers
    count too.
    """
    seen, stack = {id(value)}, [value]
    while stack:
        for x in inputs_of(stack.pop()):
            if id(x) not in seen:
                seen.add(id(x))
                stack += [x] if isinstance(x, Node) else []
                if len(seen) > MOST_NODES:
                    return False
    return True
