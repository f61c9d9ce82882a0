"""`micrograd info`: what a model file holds."""

from __future__ import annotations

import argparse

from micrograd.cli import model_files, networks
from micrograd.cli.wording import aligned, counted, listed, short


def run(options: argparse.Namespace) -> None:
    """Print what the model predicts, from what, how it was trained, how good it is."""
    trained = model_files.read(options.model)
    facts = trained.training
    print(f"{options.model}: predicts {trained.target}, a {trained.task}.")
    if trained.classes:
        print(f"Answers: {listed(trained.classes, 20)}.")
    print(f"Inputs: {counted(len(trained.preparation.columns), 'column')}.")
    rows = [[f"  {column.name}", str(column), f"missing: {column.filling}"] for column in trained.preparation.columns]
    print("\n".join(aligned(rows, left=3)))
    kind = f"with {trained.activation}" if len(trained.sizes) > 2 else "without hidden layers"
    shape = "-".join(map(str, trained.sizes))
    print(f"Network {shape} {kind}: {counted(networks.size(trained.sizes), 'parameter')}.")
    print(
        f"Trained on {counted(facts['rows']['train'], 'row')} of {facts['file']} for "
        f"{counted(facts['epochs'], 'epoch')} (the weights are of epoch {facts['best epoch']}), "
        f"batches of {facts['batch size']}, lr {facts['lr']:g}, seed {facts['seed']}."
    )
    print(f"Scores on {facts['scored on']}: {', '.join(f'{name} {short(x)}' for name, x in facts['scores'].items())}.")
