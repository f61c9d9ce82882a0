"""Checkpoints: a training in a file, to go on from there.

They are safetensors files, which other programs can read, too. They hold no pickles, so
to load one never runs what is in it.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import CheckpointError, MicrogradError
from micrograd.train.files import open_file, write_whole
from micrograd.train.tensors import Header, damaged, packed, read_header, safetensors

if TYPE_CHECKING:
    Generators = np.random.Generator | Mapping[str, np.random.Generator]


def save(
    path: str | os.PathLike[str],
    model: Any,
    optimizer: Any = None,
    epoch: int = 0,
    *,
    seed: int | None = None,
    rng: Generators | None = None,
    best: Mapping[str, Any] | None = None,
    extra: Any = None,
) -> None:
    """Write a checkpoint. A crash at any instant leaves the old or the new file whole.

    It is a safetensors file. Its arrays are named "model.layers.0.weight" and so on.
    Everything else is JSON in its metadata, with a checksum of every byte.

    Args:
        path: the file. If it is a link, its target is written.
        model: a Module. Its parameters and buffers are saved, and the states of its
            random generators.
        optimizer: an optimiser, or None.
        epoch: number of epochs that are done.
        seed: the seed of the training, or None.
        rng: a random generator, or a dict of them: their states are saved.
        best: the `state_dict()` of the best weights, or None.
        extra: what else to keep: dicts, lists, numbers, strings and arrays.

    Raises:
        CheckpointError: something cannot be stored without a pickle, or the path is not
            that of a file.
        OSError: the folder does not exist or may not be written to, or the disk is
            full. The old file is as it was.
        MissingExtraError: safetensors is not installed.

    >>> import tempfile
    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [4, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/model.safetensors", model, epoch=3, extra=["a", "b"])
    ...     checkpoint = load(f"{folder}/model.safetensors", model)
    >>> checkpoint["epoch"], checkpoint["extra"]
    (3, ['a', 'b'])
    """
    state = {
        "model": dict(_asked(model, "model", "save")),
        "generators": {name: g.bit_generator.state for name, g in generators_of(model).items()},
        "optimizer": None if optimizer is None else _asked(optimizer, "optimizer", "save"),
        "optimizer_kind": None if optimizer is None else type(optimizer).__name__,
        "epoch": epoch,
        "seed": seed,
        "rng": {name: g.bit_generator.state for name, g in _named(rng).items()},
        "best": None if best is None else dict(best),
        "extra": extra,
    }
    write_whole(path, packed(state))


def load(
    path: str | os.PathLike[str],
    model: Any = None,
    optimizer: Any = None,
    *,
    rng: Generators | None = None,
    best: bool = False,
) -> dict[str, Any]:
    """Read a checkpoint into a model and an optimiser.

    Everything is checked before anything is assigned. If there is an error, the model
    and the optimiser are as they were.

    Args:
        path: a file that `save` wrote.
        model: a Module with the same parameters, or None.
        optimizer: an optimiser of the same class, or None.
        rng: a random generator, or a dict of them, to be set as they were saved.
        best: whether the model gets the best weights; otherwise the last ones.

    Returns:
        What was saved: a dict with the keys "model" (arrays by name), "optimizer",
        "epoch", "seed", "best", "extra" and others.

    Raises:
        CheckpointError: the file is damaged, is not a checkpoint, or does not fit the
            model or the optimiser.
        OSError: it does not exist, may not be read, or is a folder.
        MissingExtraError: safetensors is not installed.

    >>> load("no-such-file.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] load: No such file or directory; give the path of a
    checkpoint that `save` wrote: 'no-such-file.safetensors'
    """
    safetensors()
    name = str(path)  # whether it is a path, open_file says
    with open_file(path) as file:
        header = read_header(file, name)
        part = "best" if best else "model"
        if model is not None:
            _check_fits(header, part, model)
        if optimizer is not None:
            _check_kind(header, optimizer)
        state = header.state(file)
    changes: list[tuple[Callable[[Any], Any], Any, Any]] = []
    for generators, key in ((generators_of(model), "generators"), (_named(rng), "rng")):
        changes += _changed_generators(generators, state.get(key), name)
    if model is not None:
        changes.append((model.load_state_dict, model.state_dict(), state[part]))
    if optimizer is not None:
        changes.append(
            (optimizer.load_state_dict, copy.deepcopy(optimizer.state_dict()), copy.deepcopy(state["optimizer"]))
        )
    _apply(changes, name)
    return state  # type: ignore[no-any-return]


def generators_of(model: Any) -> dict[str, np.random.Generator]:
    """The random generators that a model holds, by name: those of dropout, say."""
    found = getattr(model, "named_generators", None)
    return dict(found()) if found else {}


def _apply(changes: list[tuple[Callable[[Any], Any], Any, Any]], path: str) -> None:
    """Make all changes, or none: each is a function, the old state and the new one."""
    done = []
    try:
        for change, old, new in changes:
            done.append((change, old))
            change(new)
    except BaseException as error:
        for change, old in reversed(done):
            with contextlib.suppress(Exception):  # the others still go back
                change(old)
        if isinstance(error, MicrogradError) or not isinstance(error, Exception):
            raise
        raise damaged(path, f"its state cannot be taken over ({error!r})") from error


def _changed_generators(
    generators: Mapping[str, np.random.Generator], states: Any, path: str
) -> list[tuple[Callable[[Any], Any], Any, Any]]:
    if generators and (not isinstance(states, dict) or set(states) != set(generators)):
        raise CheckpointError(
            f"load: {path} holds the random generators {_listed(states or ())}, and the model or rng= has "
            f"{_listed(generators)}; give the same ones as to `save`"
        )
    changes: list[tuple[Callable[[Any], Any], Any, Any]] = []
    for name, generator in generators.items():
        bits = generator.bit_generator
        try:
            type(bits)().state = states[name]  # on another generator: this may fail
        except Exception as error:
            raise CheckpointError(
                f"load: the state of the random generator {name!r} in {path} is not one of {type(bits).__name__} "
                f"({error}); make the generator as it was when it was saved"
            ) from None
        changes.append((functools.partial(setattr, bits, "state"), bits.state, states[name]))
    return changes


def _check_fits(header: Header, part: str, model: Any) -> None:
    """Whether the arrays of a file have the names, shapes and types of the model's."""
    wanted = {name: np.asarray(x) for name, x in _asked(model, "model", "load").items()}
    places = header.tree.get(part)
    if not isinstance(places, dict):
        raise CheckpointError(
            f"load: {header.path} has no {part} weights; "
            + ("it was saved without best=, load it with best=False" if part == "best" else "it is damaged")
        )
    wrong = [f"{name} is missing" for name in wanted if name not in places]
    wrong += [f"{name} is unknown to the model" for name in places if name not in wanted]
    for name in [name for name in wanted if name in places]:
        dtype, shape = header.tensors.get(_place(places[name]), (None, None))
        if (dtype, shape) != (wanted[name].dtype, wanted[name].shape):
            wrong.append(
                f"{name} is {dtype} of shape {shape}, wanted {wanted[name].dtype} of shape {wanted[name].shape}"
            )
    if wrong:
        more = f", and {len(wrong) - 8} more" if len(wrong) > 8 else ""
        raise CheckpointError(
            f"load: {header.path} does not fit the model: {'; '.join(wrong[:8])}{more}.\n"
            f"Build the model as it was when it was saved: the same layers, sizes and dtype"
        )


def _place(entry: Any) -> str:
    """The name of the tensor that an entry of the state stands for."""
    return str(entry.get("of")) if isinstance(entry, dict) else ""


def _check_kind(header: Header, optimizer: Any) -> None:
    _asked(optimizer, "optimizer", "load")
    saved = header.tree.get("optimizer_kind")
    if saved is None:
        raise CheckpointError(
            f"load: {header.path} holds no state of an optimizer; save it with save(path, model, optimizer), "
            f"or load without optimizer="
        )
    if saved != type(optimizer).__name__:
        raise CheckpointError(
            f"load: {header.path} holds the state of {saved}, and optimizer= is {type(optimizer).__name__}; "
            f"give an optimizer of the same class"
        )


def _asked(x: Any, what: str, asker: str) -> Any:
    """The `state_dict()` of a model or an optimiser."""
    if not (callable(getattr(x, "state_dict", None)) and callable(getattr(x, "load_state_dict", None))):
        raise CheckpointError(
            f"{asker}: {what}={type(x).__name__} has no state_dict and load_state_dict; "
            f"give a {'Module' if what == 'model' else 'class of micrograd.optim'}"
        )
    return x.state_dict()


def _named(rng: Generators | None) -> dict[str, np.random.Generator]:
    if rng is None:
        return {}
    return {"": rng} if isinstance(rng, np.random.Generator) else dict(rng)


def _listed(names: Any) -> str:
    return ", ".join(repr(name) for name in names) or "none"
