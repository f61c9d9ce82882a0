"""One contestant, in a process of its own:
`python -m benchmarks.worker MODULE CONTESTANT`.

It reads orders, one JSON object a line, and answers each with one: to prepare a case,
and to run it for one turn.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.row import AFTER, BEFORE, BY_COMPILE, COMPILED, EXACTLY, ON_NUMPY, ON_TAPE, ORIGINAL, PLAIN, Step

OURS = (COMPILED, BY_COMPILE, EXACTLY, ON_NUMPY, ON_TAPE, PLAIN, BEFORE, AFTER)


class MissingError(Exception):
    """The contestant is not here."""


def main() -> None:
    """Answer orders until there are no more."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, name = sys.argv[1:]
    contestant = Contestant(module, name)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(contestant, order.pop("do"))(**order)
        except MissingError as error:
            answer = {"missing": str(error)}
        except ModuleNotFoundError as error:
            if name in OURS:  # we are always here
                raise
            answer = {"missing": str(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Contestant:
    """What this process runs, and its step once a case is prepared."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name
        self.step: Step = lambda: None
        self.calls = 1

    def prepare(self, given: dict[str, Any], turn: float) -> dict[str, Any]:
        """Build the case, warm up, and find out how many calls make a turn of that many
        seconds.
        """
        _admit(self.name)
        makers = importlib.import_module(f"benchmarks.{self.module}").CONTESTANTS
        maker = makers[COMPILED if self.name in (BEFORE, AFTER) else self.name]
        numbers, self.step = maker(**given)
        self.calls = 1
        if turn:
            self.warm_up(turn)
        return {"numbers": None if numbers is None else [float(x) for x in numbers]}

    def warm_up(self, turn: float) -> None:
        """Two calls at least, and more until a doubled number of them fills the
        turn.
        """
        self.step()
        while (seconds := self.take_turn()["seconds"]) * self.calls < turn:
            self.calls = max(2 * self.calls, min(int(turn / seconds) + 1, 10 * self.calls))

    def take_turn(self) -> dict[str, Any]:
        """Seconds per call, or what the step has measured; with the garbage collector
        as Python has it.
        """
        start = time.perf_counter()
        for _ in range(self.calls):
            measured = self.step()
        seconds = (time.perf_counter() - start) / self.calls
        return measured if isinstance(measured, dict) else {"seconds": seconds}


def _admit(name: str) -> None:
    """See to it that `import micrograd` is what the name says, or say that it is
    missing.
    """
    if name == ORIGINAL:
        folder = Path(os.environ["BENCHMARKS_ORIGINAL"])
        if not (folder / "micrograd").is_dir():
            raise MissingError("not installed; `make bench` does it")
        _import_from(folder)
    if name in (BEFORE, AFTER):
        _import_from(Path(os.environ["BENCHMARKS_AGAINST"]) if name == BEFORE else Path(__file__).parents[1])
    if name in OURS:
        from micrograd import engine, plain

        is_compiled = plain.is_compiled(engine)
        if is_compiled and name == PLAIN:
            raise MissingError("the engine is compiled although MICROGRAD_PURE=1")
        if not is_compiled and name != PLAIN:
            raise MissingError("the engine is not compiled here")


def _import_from(folder: Path) -> None:
    """Import the micrograd that lies in a folder; the benchmarks stay those of this
    checkout.
    """
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))
    import micrograd

    assert Path(micrograd.__path__[0]).parent == folder, "another micrograd was imported before"


if __name__ == "__main__":
    main()
