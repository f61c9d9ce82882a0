"""Kept: the programs of a compiled function, by the structure of the arguments.

A call with arguments of a known structure runs the program whose guards hold.
"""

from __future__ import annotations

from typing import Any

from micrograd.compiling import arguments
from micrograd.compiling.guards import Guards
from micrograd.compiling.own import Own
from micrograd.compiling.plan import Plan
from micrograd.compiling.running import Running
from micrograd.errors import StateChangedError
from micrograd.modes import PAUSES, is_recording

MOST = 64  # programs that are kept
NOTHING = object()  # stands for the result where no program can give it


class Entry:
    """A program that is kept, with its guards.

    Attributes:
        own: the places in which the function itself keeps numbers from call to call.
        is_checked: whether a second capture has seen the same.
        calls: how many there were before it was checked.
        refusal: what the second capture has found.
        used: the number of the last call that it has run.
    """

    def __init__(self, plan: Plan, guards: Guards, own: list[Own]) -> None:
        self.plan = plan
        self.running = Running(plan)
        self.guards = guards
        self.own = own
        self.is_checked = False
        self.calls = 0
        self.refusal = ""
        self.used = 0


class Kept:
    """The programs of one function.

    Attributes:
        entries: by the key of the arguments, the newest first.
        keyed: by the key without them, the leaves whose values are keys, too.
        calls: how many calls a program has run.
        last: the plan that ran last.
    """

    def __init__(self) -> None:
        self.entries: dict[Any, list[Entry]] = {}
        self.keyed: dict[Any, frozenset[int]] = {}
        self.calls = 0
        self.last: Plan | None = None

    def result(self, given: arguments.Given) -> Any:
        """The result of a call; NOTHING where its program is not there, or not
        checked yet.
        """
        leaves: list[Any] = []
        key = self.key(given, leaves)
        entry = self.fitting(key)
        if entry is None or not entry.is_checked:
            return NOTHING
        try:
            return self.run(entry, leaves, given)
        except StateChangedError:
            self.drop(key, entry)
            return NOTHING

    def base(self, given: arguments.Given, leaves: list[Any]) -> Any:
        """The key of arguments without values; their traced leaves go into a list."""
        return arguments.split(given, leaves), not PAUSES or is_recording()

    def key(self, given: arguments.Given, leaves: list[Any]) -> Any:
        """The key of arguments; their traced leaves go into a list."""
        key = self.base(given, leaves)
        if not self.keyed:
            return key
        keyed = self.keyed.get(key)
        return key if not keyed else (key, *[arguments.as_key(leaves[k]) for k in sorted(keyed)])

    def fitting(self, key: Any) -> Entry | None:
        """The program for this key whose guards hold."""
        for entry in self.entries.get(key, ()):
            if entry.guards.hold() and entry.running.holds():
                return entry
        return None

    def run(self, entry: Entry, leaves: list[Any], given: arguments.Given) -> Any:
        """The result of a program.

        Raises:
            StateChangedError: a Value is of another shape or dtype now.
        """
        self.calls += 1
        entry.used = self.calls
        self.last = entry.plan
        return entry.running.run(leaves, given)

    def add(self, key: Any, entry: Entry) -> None:
        """Keep a program.

        Give up the one that was not used for longest, if there are too many.
        """
        self.entries.setdefault(key, []).insert(0, entry)
        all_of_them = [(kept.used or self.calls + 1, key, kept) for key, rows in self.entries.items() for kept in rows]
        if len(all_of_them) > MOST:
            _, key, entry = min(all_of_them, key=lambda each: each[0])
            self.drop(key, entry)
            if not self.entries[key]:
                del self.entries[key]

    def all(self) -> list[Entry]:
        """All programs."""
        return [entry for entries in self.entries.values() for entry in entries]

    def drop(self, key: Any, entry: Entry) -> None:
        """Give up a program."""
        self.entries[key] = [kept for kept in self.entries.get(key, ()) if kept is not entry]
