"""`micrograd train`: a network learns to predict a column of a CSV file."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from micrograd import on_demand as np
from micrograd.cli import model_files, networks
from micrograd.cli.answers import baseline_of, prepared_answers, report
from micrograd.cli.preparation import Findings, Preparation, fitted
from micrograd.cli.roles import Roles, alike, roles_of
from micrograd.cli.wording import aligned, counted, lines_of, short
from micrograd.data import Table, read_csv, train_test_split
from micrograd.errors import ArgumentError, MissingExtraError
from micrograd.train import History

MARKS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "|", " ": "spaces"}
FEWEST = 10  # rows, to train and to hold some out

PICTURES = (".png", ".svg", ".pdf", ".jpg")


def run(options: argparse.Namespace) -> None:
    """Read, train, report, save."""
    _check_files(options)
    table = read_csv(
        options.data,
        delimiter=options.delimiter,
        decimal=options.decimal,
        header=options.header,
        encoding=options.encoding,
        missing=options.missing,
    )
    _say_table(table)
    roles = roles_of(table, options.target, task=options.task, keep=options.keep, drop=options.drop, text=options.text)
    _say_target(table, roles)
    parts = _split(table, roles, options)
    rows = {name: roles.rows[part] for name, part in parts.items()}
    preparation = fitted(table, roles.used, roles.texts, rows["train"])
    if not preparation.width:
        raise ArgumentError("train: the columns are empty in all rows to train on; use other --validation or --seed")
    inputs, found = preparation.prepared(table, roles.rows)
    _say_inputs(roles, preparation, found)

    mean, deviation = _scale(roles, parts["train"])
    wanted = roles.answers if roles.classes else ((roles.answers - mean) / deviation)[:, None]
    sizes = [preparation.width, *options.hidden, len(roles.classes) or 1]
    _say_network(sizes, options.activation, parts)
    sys.stdout.flush()  # whoever reads through a pipe sees it before the training
    model = networks.network(sizes, options.activation, options.seed)
    history = networks.trained(
        model,
        (inputs[parts["train"]], wanted[parts["train"]]),
        (inputs[parts["validation"]], wanted[parts["validation"]]) if len(parts["validation"]) else None,
        is_classifier=bool(roles.classes),
        epochs=options.epochs,
        batch_size=options.batch_size,
        lr=options.lr,
        patience=options.patience,
        seed=options.seed,
        compile=options.compile,
    )
    _say_training(history, len(parts["validation"]) > 0)

    trained = model_files.Trained(
        model=model,
        sizes=sizes,
        activation=options.activation,
        preparation=preparation,
        target=roles.target,
        classes=roles.classes,
        mean=mean,
        deviation=deviation,
        columns=table.names,
        has_header=table.has_header,
        missing=list(options.missing),
        training=_facts(options, parts, history),
    )
    _report(trained, roles, parts, inputs)
    _save(trained, history, options)


def _check_files(options: argparse.Namespace) -> None:
    """Before the training: whether what it makes can be written."""
    taken = {os.path.realpath(options.data): "the data"}
    for option, path in (("--save", options.save), ("--plot", options.plot)):
        if path is None:
            continue
        if (same := taken.get(os.path.realpath(path))) is not None:
            raise ArgumentError(f"train: {option} {path} would overwrite {same}; give another name")
        taken[os.path.realpath(path)] = option
        if path.is_dir():
            raise ArgumentError(f"train: {option} {path} is a folder; give the name of a file in it")
        if path.exists() and not path.is_file():
            raise ArgumentError(f"train: {option} {path} is a device or a pipe; give the name of a file")
        if not path.absolute().parent.is_dir():
            raise ArgumentError(f"train: the folder of {option} {path} does not exist; make it first")
    for path, package, extra in ((options.save, "safetensors", "train"), (options.plot, "matplotlib", "plot")):
        if path is not None and not importlib.util.find_spec(package):
            raise MissingExtraError(
                f"train: to write {path}, {package} is needed, which is not installed; "
                f"python -m pip install 'micrograd-nd[{extra}]'"
            )
    if options.plot is not None and options.plot.suffix.lower() not in PICTURES:
        raise ArgumentError(
            f"train: --plot {options.plot} does not end like a picture; give a name that ends in {', '.join(PICTURES)}"
        )


def _split(table: Table, roles: Roles, options: argparse.Namespace) -> dict[str, Any]:
    """Places in roles.rows: to train on, to choose the epoch by, to test on."""
    n = len(roles.rows)
    if n < FEWEST:
        raise ArgumentError(
            f"train: {counted(n, 'row has', 'rows have')} a {roles.target}, and at least {FEWEST} are needed; add rows"
        )
    parts = {"train": np.arange(n), "validation": np.arange(0), "test": np.arange(0)}
    for name, share in (("test", options.test), ("validation", options.validation)):
        if share:
            rest = parts["train"]
            classes = roles.answers[rest] if roles.classes else None
            count = max(1, round(share * n))
            if count >= len(rest):
                raise ArgumentError(
                    f"train: --validation and --test leave none of the {n} rows to train on; give smaller shares"
                )
            # A seed for each: the same order twice would test on rows of one kind.
            seed = options.seed + (name == "test")
            parts["train"], parts[name] = train_test_split(rest, test_size=count, seed=seed, stratify=classes)
    return {name: np.sort(part) for name, part in parts.items()}


def _scale(roles: Roles, train: Any) -> tuple[float, float]:
    """Mean and standard deviation of the target in the training rows."""
    if roles.classes:
        return 0.0, 1.0
    numbers = roles.answers[train]
    return float(numbers.mean()), float(numbers.std()) or 1.0


# What is said


def _say_table(table: Table) -> None:
    mark = MARKS.get(table.delimiter, repr(table.delimiter))
    cells = f"cells divided by {mark}, decimal {'comma' if table.decimal == ',' else 'point'}"
    print(f"{table.source}: {counted(len(table), 'row')}, {counted(len(table.columns), 'column')}; {cells}.")
    if not table.has_header:
        print("The first line holds numbers, so it is taken as data, and the columns are named column 1, column 2 ...")


def _say_target(table: Table, roles: Roles) -> None:
    print(f"Target {roles.target}: {roles.task}, as {roles.why}.")
    if roles.classes:
        counts = Counter(roles.answers.tolist())
        shown = [f"{name!r} {counts[i]:,}" for i, name in enumerate(roles.classes[:12])]
        more = f", and {len(roles.classes) - 12} more" if len(roles.classes) > 12 else ""
        print(f"  Rows of each: {', '.join(shown)}{more}.")
        for one, other in alike(roles.classes):
            print(f"  {one!r} and {other!r} are taken as two answers; if they are one, spell them alike.")
        for i, name in enumerate(roles.classes):
            if counts[i] == 1:
                print(f"  {name!r} has one row only; it trains the network, and is not tested.")
    else:
        numbers = roles.answers
        print(f"  From {short(numbers.min())} to {short(numbers.max())}, mean {short(numbers.mean())}.")
    without = np.setdiff1d(np.arange(len(table)), roles.rows)
    if len(without):
        print(f"  {counted(len(without), 'row')} without {roles.target} left out: {lines_of(table, without)}.")


def _say_inputs(roles: Roles, preparation: Preparation, found: Findings) -> None:
    print(f"Inputs: {counted(len(roles.used), 'column')}.")
    rows = [[f"  {column.name}", str(column)] for column in preparation.columns[:30]]
    print("\n".join(aligned(rows, left=2)))
    if len(preparation.columns) > 30:
        print(f"  and {len(preparation.columns) - 30} more")
    for column in preparation.columns:
        if count := found.filled.get(column.name):
            print(f"  {column.name}: {counted(count, 'missing cell')} filled with {column.filling}.")
    for name, reason in roles.doubtful.items():
        print(f"  {name} is used as you asked, though {reason}.")
    for name, reason in roles.telling.items():
        print(f"  {name}: {reason}.")
    if roles.left_out:
        print(f"Left out: {counted(len(roles.left_out), 'column')}.")
    for name, reason in roles.left_out.items():
        print(f"  {name}: {reason}.")


def _say_network(sizes: list[int], activation: str, parts: dict[str, Any]) -> None:
    shape = "-".join(map(str, sizes))
    kind = f"with {activation}" if len(sizes) > 2 else "without hidden layers, a linear model"
    print(f"Network {shape} {kind}: {counted(networks.size(sizes), 'parameter')}.")
    held = [f"{counted(len(parts[name]), 'row')} for {name}" for name in ("validation", "test") if len(parts[name])]
    print(f"{counted(len(parts['train']), 'row')} to train on{''.join(', ' + text for text in held)}.")


def _say_training(history: History, is_validated: bool) -> None:
    first, last = history["loss"][0], history["loss"][-1]
    text = f"Trained for {counted(len(history), 'epoch')}: the loss went from {short(first)} to {short(last)}."
    if is_validated and history.best_epoch:  # 0 where every loss in validation was nan
        epoch, loss = networks.best_epoch(history)
        text += f" The weights of epoch {epoch} are kept: their validation loss, {short(loss)}, is the least."
    print(text)


def _report(trained: model_files.Trained, roles: Roles, parts: dict[str, Any], inputs: Any) -> None:
    part = next(name for name in ("test", "validation", "train") if len(parts[name]))
    n = counted(len(parts[part]), "row")
    print(
        {
            "test": f"On {n} that were kept apart for this test:",
            "validation": f"On the {n} for validation. They chose the epoch as well, so new rows may do a little worse "
            f"(--test 0.2 keeps other rows apart):",
            "train": f"On the {n} of the training itself. New rows will do worse (--validation 0.2 keeps rows apart):",
        }[part]
    )
    answers, _ = prepared_answers(trained, inputs[parts[part]])
    baseline = baseline_of(roles.answers[parts["train"]], bool(trained.classes))
    lines, scores = report(answers, roles.answers[parts[part]], trained.classes, baseline)
    print("\n".join(f"  {line}" for line in lines))
    if count := _again(inputs, roles.answers, parts["train"], parts[part]) if part != "train" else 0:
        print(f"  {counted(count, 'row')} of these {len(parts[part])} equal rows that were trained on; they are easy.")
    trained.training |= {"scores": scores, "scored on": f"{len(parts[part])} rows of {part}", "baseline": baseline}


def _again(inputs: Any, answers: Any, train: Any, held: Any) -> int:
    """How many rows that are held out are also among the training rows."""
    rows = np.column_stack([inputs, answers])
    seen = {row.tobytes() for row in rows[train]}
    return sum(row.tobytes() in seen for row in rows[held])


def _facts(options: argparse.Namespace, parts: dict[str, Any], history: History) -> dict[str, Any]:
    """What the model file tells of its training."""
    return {
        "file": Path(options.data).name,
        "rows": {name: len(part) for name, part in parts.items()},
        "epochs": len(history),
        "best epoch": networks.best_epoch(history)[0],
        "batch size": options.batch_size,
        "lr": options.lr,
        "seed": options.seed,
    }


def _save(trained: model_files.Trained, history: History, options: argparse.Namespace) -> None:
    if options.save is None:
        print("The model is not saved; --save model.safetensors saves it.")
    else:
        model_files.write(options.save, trained)
        print(f"Saved in {options.save}. To use it: micrograd predict {options.save} new.csv")
    if options.plot is not None:  # last: if it fails, the model is there
        names = [name for name in ("loss", "val_loss") if name in history]
        history.plot(*names, path=options.plot)
        print(f"The loss of each epoch is drawn in {options.plot}.")
