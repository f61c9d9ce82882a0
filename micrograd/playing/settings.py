"""The settings of a run, each with a default, and the changes on the way."""

from __future__ import annotations

import itertools
from typing import Any

from micrograd.errors import ArgumentError
from micrograd.playing.network import ACTIVATIONS, LOSSES
from micrograd.playing.optimisers import MOVES
from micrograd.playing.points import MOST, a_coordinate, a_label, some_data
from micrograd.playing.requests import Check, a_choice, a_list, a_number, a_text, a_whole, either, fields_of, shown
from micrograd.playing.run import MOST_EDITS, MOST_STEPS

a_path = a_text(60)
a_parameter = a_number(-1e6, 1e6)
a_rate = either(a_number(0.0, 1000.0), "decay")
an_index = a_whole(0, MOST - 1)

EDITS: dict[str, dict[str, Check]] = {  # all fields are required
    "add": {"x": a_coordinate, "y": a_coordinate, "label": a_label},
    "move": {"index": an_index, "x": a_coordinate, "y": a_coordinate},
    "delete": {"index": an_index},
    "set": {"path": a_path, "value": a_parameter},
    "rate": {"rate": a_rate},
}


def an_edit(name: str, given: Any) -> dict[str, Any]:
    """A change on the way, as {"at": 3, "do": "delete", "index": 0}."""
    what = given.get("do") if isinstance(given, dict) else None
    if not isinstance(what, str) or what not in EDITS:
        raise ArgumentError(f"{name} is {shown(given)}; give a change, as {{'at': 3, 'do': 'delete', 'index': 0}}")
    known = {"at": a_whole(0, MOST_STEPS), "do": a_choice(what), **EDITS[what]}
    return fields_of(name, given, known, tuple(known))


def _edits(name: str, given: Any) -> list[dict[str, Any]]:
    edits: list[dict[str, Any]] = a_list(an_edit, MOST_EDITS)(name, given)
    if any(before["at"] > after["at"] for before, after in itertools.pairwise(edits)):
        raise ArgumentError(f"{name}: they are not in the order of their steps, at; sort them")
    return edits


SETTINGS: dict[str, Check] = {
    "seed": a_whole(0, 2**32 - 1),
    "layers": a_list(a_whole(1, 16), 4, least=1),
    "activation": a_choice(*ACTIVATIONS),
    "loss": a_choice(*LOSSES),
    "l2": a_number(0.0, 1.0),
    "optimiser": a_choice(*MOVES),
    "rate": a_rate,
    "batch": a_whole(0, MOST),
    "data": some_data,
    "edits": _edits,
}
DEFAULTS: dict[str, Any] = {
    "seed": 1337,
    "layers": [8, 8],
    "activation": "tanh",
    "loss": "max-margin",
    "l2": 1e-4,
    "optimiser": "sgd",
    "rate": 0.1,
    "batch": 0,
    "data": {},
    "edits": [],
}


def settings_of(given: dict[str, Any]) -> dict[str, Any]:
    """All settings, from those that a request gives.

    Raises:
        ArgumentError: one is unknown or wrong.

    >>> settings_of({"seed": 7})["layers"]
    [8, 8]
    >>> settings_of({"layers": [8, 99]})
    Traceback (most recent call last):
    micrograd.errors.ArgumentError: new: layers[1] is 99; give a whole number from 1
    to 16
    """
    return fields_of("new", {**DEFAULTS, **given}, SETTINGS)
