"""The errors of micrograd, each also the builtin that a caller would catch.

    MicrogradError
    ├── DataError (TypeError)              what was given is not a number or an array of numbers
    ├── ShapeError (ValueError)            shapes or sizes that do not fit
    ├── IndexingError (IndexError)         an index that the array does not have
    ├── ArgumentError (ValueError)         an option that does not exist, or is out of range
    ├── DomainError (ArithmeticError)      numbers that the op has no answer for, as the inverse of a singular matrix
    │   └── AnomalyError                   a nan or an infinity appeared, under `detect_anomaly()`
    ├── GradientError (RuntimeError)       a gradient that cannot be computed
    │   └── GradcheckError (AssertionError)  a gradient that is wrong
    ├── OpError (TypeError)                an op that is defined badly, or does not exist
    ├── DrawError (ValueError)             a picture that cannot be made
    └── MissingExtraError (ImportError)    an optional package that is not installed

    GradientWarning (UserWarning)          zero times infinity in a gradient, for which 0 is given

A message names the op, what was given, what was wanted, and the repair, in at most three lines.
"""

from __future__ import annotations


class MicrogradError(Exception):
    """Root of every error that micrograd raises on purpose."""


class DataError(MicrogradError, TypeError):
    """The data is not a number or an array of real numbers."""


class ShapeError(MicrogradError, ValueError):
    """Shapes, axes or sizes do not fit together."""


class IndexingError(MicrogradError, IndexError):
    """An index reaches outside the array, or is of no kind that arrays take."""


class ArgumentError(MicrogradError, ValueError):
    """An option is unknown or out of range."""


class DomainError(MicrogradError, ArithmeticError):
    """The op has no answer for these numbers."""


class AnomalyError(DomainError):
    """A number stopped being finite, under `detect_anomaly()`."""


class GradientError(MicrogradError, RuntimeError):
    """A gradient cannot be computed from here."""


class GradcheckError(GradientError, AssertionError):
    """A gradient disagrees with finite differences."""


class OpError(MicrogradError, TypeError):
    """An op is defined badly, or there is none of that name."""


class DrawError(MicrogradError, ValueError):
    """A picture cannot be made as asked."""


class MissingExtraError(MicrogradError, ImportError):
    """An optional package is not installed."""


class GradientWarning(UserWarning):
    """A gradient is zero times infinity, which is not known, and 0 is given for it: see docs/numbers.md."""
