"""What a picture is asked to show, and the refusal of what no picture shows."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from micrograd.errors import ArgumentError, DrawError, a_kind

DIRECTIONS = ("LR", "RL", "TB", "BT")
FOLDS = ("auto", "module", "sample", None)
TEXTS = ("text", "html")  # formats that Graphviz does not draw
LONGEST = 60  # signs of what was given, in an error


class Options(NamedTuple):
    """What a picture shows, as `draw_dot` explains it."""

    grad: bool | None = None
    color: str | None = None
    fold: str | None = "auto"
    max_nodes: int | None = None
    model: Any = None


OPTIONS = ("format", "rankdir", *Options._fields, "title")
# What a format has no use for. A tree takes no colours, and the page of a stepper folds
# and unfolds by itself, always with gradients.
WITHOUT = {"text": {"rankdir", "color", "title"}, "html": {"rankdir", "color", "fold", "max_nodes", "grad"}}


def check_format(asked: str, format: Any, formats: Sequence[str]) -> None:
    """Refuse an unknown format.

    Args:
        asked: what the caller is called, for errors.
        format: what was given.
        formats: those that there are.

    Raises:
        DrawError: it is none of them.
    """
    if not isinstance(format, str) or format not in formats:
        raise DrawError(
            f"{asked}: {_given(format)} is not a format{_near(format, formats)}; take one of {_all(formats)}"
        )


def refuse_unknown(unknown: Iterable[str]) -> None:
    """Refuse options that a picture does not have.

    Raises:
        DrawError: there is one.
    """
    for name in unknown:
        raise DrawError(f"draw_dot: there is no option {name}={_near(name, OPTIONS)}; the options are {_all(OPTIONS)}")


def check_options(format: str, rankdir: Any, title: Any, options: Options) -> None:
    """Refuse values that an option does not take, and options that a format does not
    have.

    Raises:
        DrawError: an option has a value that it does not take, or none in this format.
        ArgumentError: the model is not a Module.
    """
    if not isinstance(rankdir, str) or rankdir not in DIRECTIONS:
        raise DrawError(f"draw_dot: rankdir={_given(rankdir)} is not a direction; take one of {_all(DIRECTIONS)}")
    if not isinstance(title, str):
        raise DrawError(f"draw_dot: title={_given(title)} is not text; give a str")
    if not any(options.grad is known for known in (None, True, False)):
        raise DrawError(f"draw_dot: grad={_given(options.grad)} is not known; take True, False or None")
    if options.color is not None and not _is(options.color, "grad"):
        raise DrawError(f"draw_dot: color={_given(options.color)} is not known; take 'grad' or None")
    if options.fold is not None and not any(_is(options.fold, known) for known in FOLDS):
        raise DrawError(
            f"draw_dot: fold={_given(options.fold)} is not known{_near(options.fold, FOLDS)}; "
            f"take 'auto', 'module', 'sample' or None"
        )
    if options.max_nodes is not None and not _is_count(options.max_nodes):
        raise DrawError(
            f"draw_dot: max_nodes={_given(options.max_nodes)} is not a number of boxes; give 2 or more, or None"
        )
    if options.model is not None and (isinstance(options.model, type) or not hasattr(options.model, "named_modules")):
        raise ArgumentError(f"model: {_kind(options.model)} has no named_modules(); give a Module, such as an MLP")
    _check_has(format, {"rankdir": rankdir != "LR", "title": title != ""} | _changed(options))


def _check_has(format: str, given: dict[str, bool]) -> None:
    if format != "html" and given["title"]:
        raise DrawError("draw_dot: title= names the page of format='html'; for a picture, set the label of the root")
    for name, is_given in given.items():
        if is_given and name in WITHOUT.get(format, ()):
            has = [known for known in OPTIONS[1:] if known not in WITHOUT[format]]
            what = "a tree of text" if format == "text" else "the page of a stepper"
            raise DrawError(f"draw_dot: {what} has no {name}=; it takes {_all(has)}")


def _changed(options: Options) -> dict[str, bool]:
    """Which options were given. grad=True says of a page what it is anyway."""
    changed = {name: getattr(options, name) is not default for name, default in Options._field_defaults.items()}
    return changed | {"fold": options.fold != "auto", "grad": options.grad is False}


def _is(given: Any, known: Any) -> bool:
    return isinstance(given, str) and given == known


def _is_count(given: Any) -> bool:
    try:
        return not isinstance(given, bool) and operator.index(given) >= 2
    except TypeError:
        return False


def _near(given: Any, known: Iterable[Any]) -> str:
    names = [name for name in known if isinstance(name, str)]
    near = difflib.get_close_matches(given.lower().lstrip("."), names, 1, 0.6) if isinstance(given, str) else ()
    return f", did you mean {near[0]!r}" if near else ""


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)


def _given(x: Any) -> str:
    """What was given, short enough for an error."""
    if x is not None and not isinstance(x, (str, bool, int, float)):
        return _kind(x)
    if isinstance(x, int) and not isinstance(x, bool) and x.bit_length() > 4 * LONGEST:
        return f"an int of {x.bit_length()} bits"
    text = repr(x)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _kind(x: Any) -> str:
    return f"the class {x.__name__}" if isinstance(x, type) else a_kind(x)
