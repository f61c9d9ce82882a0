"""The bar that shows how a training gets on: steps, loss, metrics, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

INTERVAL = 0.1  # seconds between two updates of the bar


class Progress:
    """A bar of tqdm. It shows nothing where the output is not for a person: a pipe, a
    file.

    Args:
        verbose: False shows nothing.
        epochs: number of epochs.
        steps: number of steps of an epoch, or None if it is not known.
        done: number of steps that are done already.
    """

    def __init__(self, verbose: bool, epochs: int, steps: int | None, done: int) -> None:
        self._bar: Any = None
        self._epochs, self._shown, self._next = epochs, 0, 0.0
        self._numbers = ""
        if verbose and ("IPython" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())):
            from tqdm.auto import tqdm  # in a notebook, its own kind of bar

            # Without the thread that tqdm starts to look after slow bars.
            kind = type("Bar", (tqdm,), {"monitor_interval": 0})
            total = None if steps is None else steps * epochs
            # None: IPython may write to a file, too. A notebook takes it as False.
            bar = kind(total=total, initial=done, disable=None, unit=" steps", dynamic_ncols=True)
            self._bar = None if bar.disable else bar
            self._shown = done

    @property
    def is_on(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def step(self, steps: int, epoch: int, loss: float) -> None:
        """Show that so many steps are done, if it is time to."""
        now = time.perf_counter()
        if now >= self._next:
            self._next = now + INTERVAL
            self._update(steps, epoch, self._numbers or f"loss {loss:.4g}")

    def epoch(self, steps: int, epoch: int, numbers: Mapping[str, Any]) -> None:
        """Show the numbers of an epoch that is done."""
        if self._bar is not None:
            shown = {name: x for name, x in numbers.items() if name not in ("epoch", "lr", "seconds")}
            self._numbers = ", ".join(f"{name} {x:.4g}" for name, x in shown.items())
            self._update(steps, epoch, self._numbers)

    def _update(self, steps: int, epoch: int, numbers: str) -> None:
        self._bar.set_description_str(f"epoch {min(epoch, self._epochs)}/{self._epochs}", refresh=False)
        self._bar.set_postfix_str(numbers, refresh=False)
        self._bar.update(steps - self._shown)
        self._shown = steps

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()
