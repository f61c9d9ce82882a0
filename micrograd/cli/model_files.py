"""The file of a trained model: the weights, and the preparation of the columns.

It is a checkpoint of `micrograd.train.save`: safetensors with JSON, and no pickle.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

from micrograd import on_demand as np
from micrograd.cli import networks
from micrograd.cli.preparation import Preparation
from micrograd.errors import ArgumentError, CheckpointError, FormatError
from micrograd.nn import Sequential
from micrograd.train import load, save

FORMAT = "micrograd train 1"


@dataclass
class Trained:
    """A model and all that is needed to use it.

    Attributes:
        model: the network.
        sizes: inputs, neurons of each hidden layer, outputs.
        activation: what stands between the layers.
        preparation: how columns become inputs.
        target: the column that is predicted.
        classes: the answers; none for a regression.
        mean: added to the output of a regression, after `deviation`.
        deviation: what the output of a regression is multiplied by.
        columns: the names of all columns of the training file, in its order.
        has_header: whether its first line held the names.
        missing: the cells that stand for no value.
        training: what is known of the training: the file, rows, epochs, seed, scores.
    """

    model: Sequential
    sizes: list[int]
    activation: str
    preparation: Preparation
    target: str
    classes: list[str]
    mean: float
    deviation: float
    columns: list[str]
    has_header: bool
    missing: list[str]
    training: dict[str, Any]

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "classification" if self.classes else "regression"


def write(path: str | os.PathLike[str], trained: Trained) -> None:
    """Write the file; after an error the old file is as it was."""
    extra = {
        "format": FORMAT,
        "sizes": trained.sizes,
        "activation": trained.activation,
        "preparation": trained.preparation.to_json(),
        "target": trained.target,
        "classes": trained.classes,
        "mean": trained.mean,
        "deviation": trained.deviation,
        "columns": trained.columns,
        "has_header": trained.has_header,
        "missing": trained.missing,
        "training": trained.training,
    }
    save(path, trained.model, epoch=trained.training["epochs"], seed=trained.training["seed"], extra=extra)


def read(path: str | os.PathLike[str]) -> Trained:
    """Read the file.

    Raises:
        FormatError: it is damaged, or is not a model that `micrograd train` wrote.
        OSError: it cannot be read.
    """
    name = os.fspath(path)
    try:
        state = load(path)
    except FileNotFoundError:
        raise ArgumentError(f"{name}: there is no such file; `micrograd train --save {name}` makes one") from None
    except CheckpointError as error:
        reason = str(error).removeprefix(f"load: {name} ").partition(";")[0]
        raise FormatError(f"{name}: this is not a model that `micrograd train --save` wrote: it {reason}") from None
    extra = state.get("extra")
    if not isinstance(extra, dict) or extra.get("format") != FORMAT:
        raise FormatError(
            f"{name}: this file holds weights, but not the columns that they belong to; "
            f"give a file that `micrograd train --save` wrote"
        )
    try:
        # Before the network is made: its sizes may be anything.
        if {key: np.shape(x) for key, x in state["model"].items()} != networks.shapes(extra["sizes"]):
            raise FormatError("the weights do not fit the sizes of the layers")
        trained = _trained(extra)
        trained.model.load_state_dict(state["model"])
    except (FormatError, KeyError, TypeError, ValueError) as error:
        reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
        raise FormatError(f"{name}: the model is damaged ({reason}); train it again") from None
    return trained


def _trained(extra: dict[str, Any]) -> Trained:
    preparation, sizes, classes = Preparation.from_json(extra["preparation"]), extra["sizes"], extra["classes"]
    texts = (classes, extra["columns"], extra["missing"])
    if not all(isinstance(names, list) and all(isinstance(text, str) for text in names) for names in texts):
        raise FormatError("a list of texts is not one")
    if not (isinstance(sizes, list) and len(sizes) >= 2 and all(type(n) is int and n > 0 for n in sizes)):
        raise FormatError("the sizes of the layers are not whole numbers")
    if sizes[0] != preparation.width or sizes[-1] != max(len(classes), 1):
        raise FormatError("the network does not fit the columns")
    if extra["activation"] not in networks.ACTIVATIONS:
        raise FormatError(f"there is no activation {extra['activation']!r}")
    if not isinstance(extra["target"], str):
        raise FormatError("the target is not told")
    mean, deviation = float(extra["mean"]), float(extra["deviation"])
    if not (math.isfinite(mean) and math.isfinite(deviation)):
        raise FormatError("the mean or the deviation of the target is not finite")
    _check_facts(extra["training"], len(classes))
    return Trained(
        networks.network(sizes, extra["activation"]),
        sizes,
        extra["activation"],
        preparation,
        extra["target"],
        classes,
        mean,
        deviation,
        extra["columns"],
        bool(extra["has_header"]),
        extra["missing"],
        extra["training"],
    )


def _check_facts(facts: Any, classes: int) -> None:
    """Whether what is told of the training can be shown, and compared with."""
    numbers = {key: facts[key] for key in ("epochs", "best epoch", "batch size", "lr", "seed", "baseline")}
    numbers |= {"rows": facts["rows"]["train"], **facts["scores"]}
    wrong = [key for key, x in numbers.items() if type(x) not in (int, float) or not math.isfinite(x)]
    wrong += [key for key in ("file", "scored on") if not isinstance(facts[key], str)]
    if classes and facts["baseline"] not in range(classes):
        wrong.append("baseline")
    if wrong:
        raise FormatError(f"what it tells of its training is not right: {wrong[0]}")
