"""Printing: a program as text in matrix form, with the names and the lines of the
caller.
"""

from __future__ import annotations

import functools
import itertools
import linecache
from pathlib import Path
from typing import Any

from micrograd.compiling import names
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.numpy_code import NumpyRunner
from micrograd.compiling.origins import Origins, Place, located
from micrograd.compiling.running import Running
from micrograd.compiling.sheet import Row, Sheet
from micrograd.errors import CaptureError

WIDEST = 64  # columns for the text of a line; a longer one is followed by nothing
LONGEST = 160  # columns of a line that is shown whole
MOST, FIRST, LAST = 60, 40, 12  # rows of a section that are shown; of a longer one these


class Printout:
    """A program of a compiled function: `print` shows it, `html()` makes a page of it.

    >>> import micrograd
    >>> from micrograd import Value
    >>> w, b = Value(2.0), Value(1.0)
    >>> loss = micrograd.compile(lambda xs: sum((w * x + b) ** 2 for x in xs))
    >>> z = loss([1.0, 2.0, 3.0])
    >>> for row in loss.program.rows:
    ...     print(row.text)
    b = theta[0]
    w = theta[1]
    result = sum((b + w * xs) ** 2)
    return result
    d_result = result.grad
    d_v1 = d_result
    d_b = 2 * (d_v1 @ (b + w * xs))
    d_w = 2 * sum(d_v1 * (b + w * xs) * xs)
    """

    def __init__(self, compiled: Any, plan: Any) -> None:
        self._compiled = compiled
        self._ran = plan

    @functools.cached_property
    def _plan(self) -> Any:
        """The program as lines, also where it runs on the tape."""
        if hasattr(self._ran, "forward"):
            return self._ran
        if self.origins is None:
            raise CaptureError("compile: the function does not do again what it did, so it cannot be printed")
        plan = self.origins.plan
        plan.given = self._ran.given
        return plan

    @functools.cached_property
    def lines(self) -> list[Line]:
        """The lines that run."""
        return [*self._plan.forward, *self._plan.back]

    @property
    def buffers(self) -> dict[str, Buffer]:
        """The arrays that they read and write, by name."""
        buffers: dict[str, Buffer] = self._plan.program.buffers
        return buffers

    @functools.cached_property
    def origins(self) -> Origins | None:
        """Which of the caller's lines made which line; the function runs once more for
        this. None where it does not do again what it did.
        """
        return located(self._compiled, self._ran)

    @functools.cached_property
    def sheet(self) -> Sheet:
        """The names of all blocks, and the lines as they are written."""
        return Sheet(self._compiled, self._plan, self.origins)

    @functools.cached_property
    def rows(self) -> list[Row]:
        """All printed lines."""
        return self.sheet.rows()

    def rows_of_lines(self) -> list[Row]:
        """A printed line for each line that runs, also for those that only copy a
        result.
        """
        return self.sheet.rows_of_lines()

    def rehearsed(self) -> dict[str, Any]:
        """The arrays of the captured call, by the name of their buffer; also of lines
        that C joins with others.
        """
        plan = self._plan
        runner = NumpyRunner(plan.program, plan.forward, plan.back)
        return dict(Running(plan).rehearsed(runner).arrays)

    @property
    def title(self) -> str:
        """The function with its arguments."""
        given = names.call_of(self._compiled.__wrapped__, *self._plan.given)
        return f"{getattr(self._compiled, '__name__', 'function')}({', '.join(given)})"

    @functools.cached_property
    def arguments(self) -> list[str]:
        """The names of the arguments."""
        return [part.name for part in self.given]

    @property
    def has_arguments(self) -> bool:
        """Whether the function was given anything."""
        args, options = self._plan.given
        return bool(args or options)

    @functools.cached_property
    def given(self) -> list[names.Given]:
        """The arguments."""
        leaves = names.given_arguments(self._compiled.__wrapped__, *self._ran.given)
        return [part for leaf in leaves for part in leaf]

    def __str__(self) -> str:
        if self._ran.is_unrolled:
            return f"{self.title}\n\n{self._ran.runner.source}"
        return as_text(self, True)

    __repr__ = __str__

    def text(self) -> str:
        """All lines as text; `print(program)` leaves some out of a long program."""
        return as_text(self, False)

    def html(self) -> str:
        """A page of the program beside the caller's lines: one file, which needs
        nothing else.
        """
        from micrograd.compiling.pages import as_html

        return as_html(self)


class NoProgram:
    """Stands for the program of a function that has none: `print` says why.

    >>> import micrograd
    >>> fast = micrograd.compile(lambda x: x * x)
    >>> fast.program
    <lambda>: it has not run yet, so there is no program
    >>> bool(fast.program)
    False
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def __str__(self) -> str:
        return self._why

    __repr__ = __str__

    def __bool__(self) -> bool:
        return False

    def text(self) -> str:
        """Why there is none."""
        return self._why

    def html(self) -> str:
        """Refused.

        Raises:
            CaptureError: it says why there is no program.
        """
        raise CaptureError(f"compile: there is nothing to show of {self._why}")


def shown(place: Place) -> str:
    """The text of one of the caller's lines."""
    return linecache.getline(place.file, place.line).strip()


def as_text(printout: Printout, is_short: bool) -> str:
    """The program as text: a column of lines, one of shapes, one of the caller's.

    Args:
        printout: the program.
        is_short: leave out rows of long sections, and ends of long lines.
    """
    rows = printout.rows
    width = min(max((len(row.text) for row in rows), default=0), WIDEST)
    tall = max((len(str(row.shape)) for row in rows), default=0)
    files = [row.places[-1].file for row in rows if row.places]
    home = max(files, key=files.count) if files else ""
    text = [printout.title + (f"  # {Path(home).name}" if home else "")]
    for section, group in itertools.groupby(rows, key=lambda row: row.section):
        lines, said = [], None
        for row in group:
            note = row.note
            if row.places and row.places[-1] != said:
                said = place = row.places[-1]
                name = "" if place.file == home else f"{Path(place.file).name}:"
                note = f"# {name}{place.line}: {shown(place)}"
            statement = f"{row.text[:LONGEST]} ..." if is_short and len(row.text) > LONGEST else row.text
            shape = "" if row.text.startswith("return ") else str(row.shape)
            lines.append(f"  {statement:{width}}  {shape:{tall}}  {note}".rstrip())
        if is_short and len(lines) > MOST:
            left_out = len(lines) - FIRST - LAST
            lines[FIRST:-LAST] = [f"  ... {left_out} more lines; print(fast.program.text()) shows them"]
        text += ["", section, *lines]
    return "\n".join(text)
