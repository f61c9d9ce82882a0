"""Classes as numbers for a loss, and outputs of a network as classes."""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd import ops
from micrograd.errors import ArgumentError

ONE, SEVERAL, MANY = "one question", "several questions", "many classes"


class Labels:
    """What a classifier tells apart.

    - Two classes are one question, whose answer is yes or no: one output.
    - Several labels for a sample are several questions: an output for each.
    - Otherwise each class has an output, and the largest one wins.

    Args:
        classes: the classes in ascending order; with several labels, their numbers.
        kind: ONE, SEVERAL or MANY.
    """

    def __init__(self, classes: Any, kind: str) -> None:
        self.classes = classes
        self.kind = kind

    @classmethod
    def of(cls, y: Any, classes: Any, joins_two: bool) -> Labels:
        """Those of targets, of shape (samples,) or (samples, labels).

        Args:
            y: the targets.
            classes: the classes in ascending order; None for those in y.
            joins_two: whether two classes are one question.
        """
        if y.ndim == 2:
            return cls(np.arange(y.shape[1]), SEVERAL)
        classes = np.unique(y) if classes is None else classes
        return cls(classes, ONE if joins_two and len(classes) == 2 else MANY)

    @property
    def outputs(self) -> int:
        """How many outputs a network needs."""
        return 1 if self.kind == ONE else len(self.classes)

    def check(self, owner: str, y: Any) -> None:
        """Refuse targets that these labels do not have.

        Raises:
            ArgumentError: there are other classes, or another number of labels.
        """
        if (y.ndim == 2) != (self.kind == SEVERAL) or (y.ndim == 2 and y.shape[1] != len(self.classes)):
            raise ArgumentError(
                f"{owner}: y has shape {y.shape}, and the network has learnt {self._described()}; "
                f"give the same kind of y, or make a new estimator"
            )
        if y.ndim == 1 and len(unknown := np.setdiff1d(y, self.classes)):
            raise ArgumentError(
                f"{owner}: y has the classes {unknown.tolist()}, which are not among {self.classes.tolist()}; "
                f"name all classes in the first call, or make a new estimator"
            )

    def _described(self) -> str:
        return f"{len(self.classes)} labels" if self.kind == SEVERAL else f"the classes {self.classes.tolist()}"

    def encoded(self, y: Any) -> Any:
        """Targets for a loss: numbers of classes, or 0 and 1 in a column per output."""
        if self.kind == SEVERAL:
            return y.astype(float)
        places = np.searchsorted(self.classes, y)
        return places[:, None].astype(float) if self.kind == ONE else places

    def decided(self, outputs: Any) -> Any:
        """Outputs as targets: what the network says, in the form of `encoded`."""
        return np.argmax(outputs, axis=1) if self.kind == MANY else (outputs > 0).astype(float)

    def named(self, outputs: Any) -> Any:
        """Outputs as classes; as 0 and 1 for several labels."""
        decided = self.decided(outputs)
        if self.kind == SEVERAL:
            return decided.astype(int)
        return self.classes[decided.ravel().astype(int)]

    def log_probabilities(self, outputs: Any) -> Any:
        """The logarithm of the probability of each class, or of each label."""
        if self.kind == MANY:
            return ops.log_softmax(outputs)
        if self.kind == SEVERAL:
            return ops.log_sigmoid(outputs)
        return np.concatenate([ops.log_sigmoid(-outputs), ops.log_sigmoid(outputs)], axis=1)

    def probabilities(self, outputs: Any) -> Any:
        """The probability of each class, or of each label."""
        if self.kind == MANY:
            return ops.softmax(outputs)
        if self.kind == SEVERAL:
            return ops.expit(outputs)
        return np.concatenate([ops.expit(-outputs), ops.expit(outputs)], axis=1)
