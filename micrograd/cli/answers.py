"""What a trained model answers, and how good the answers are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.cli import networks, reports
from micrograd.cli.model_files import Trained
from micrograd.ops import softmax


def prepared_answers(trained: Trained, inputs: Any) -> tuple[Any, Any]:
    """The answers for prepared rows.

    Returns:
        The number of the class of each row, and the probabilities of shape (rows,
        classes); or the predicted numbers, in the unit of the target, and None.
    """
    scores = networks.outputs(trained.model, inputs)
    with np.errstate(all="ignore"):  # an answer that is not finite is seen by whoever uses it
        if not trained.classes:
            return scores[:, 0] * trained.deviation + trained.mean, None
        return scores.argmax(axis=1), softmax(scores, axis=1)


def baseline_of(answers: Any, is_classifier: bool) -> float:
    """What knows nothing but the target: the commonest class, or the mean."""
    return int(np.bincount(answers).argmax()) if is_classifier else float(np.mean(answers))


def report(answers: Any, wanted: Any, classes: Sequence[str], baseline: float) -> tuple[list[str], dict[str, float]]:
    """Lines of text and the scores, for classes or for numbers."""
    if classes:
        return reports.report_of_classes(answers, wanted, classes, int(baseline))
    return reports.report_of_numbers(answers, wanted, baseline)
