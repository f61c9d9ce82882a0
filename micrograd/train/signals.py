"""SIGINT and SIGTERM while a training runs: noted, and answered after the step."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Within the block, the first SIGINT or SIGTERM is only noted.

    The second one does what it would have done without us: Ctrl-C twice ends a training
    at once. Only the main thread may set handlers; in another one, this does nothing. A
    signal that is ignored stays ignored.

    Args:
        active: False does nothing.

    Attributes:
        received: the number of the signal, or None.
    """

    def __init__(self, active: bool = True) -> None:
        self.received: int | None = None
        self._active = active
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if self._active and threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                handler = signal.getsignal(number)
                # None: somebody else than Python has set it, and it cannot be set back.
                if handler is not None and handler != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._set_back()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.received = number
            return
        self._set_back()
        signal.raise_signal(number)

    def _set_back(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
