"""The errors of micrograd. Each is also the builtin error that a caller would catch.

    MicrogradError
    ├── DataError (TypeError)            the data is not a number or an array of numbers
    ├── ShapeError (ValueError)          shapes or sizes do not fit
    ├── IndexingError (IndexError)       the array does not have this index
    ├── ArgumentError (ValueError)       an option does not exist, or is out of range
    ├── FormatError (ValueError)         a file is damaged, or not of the kind asked for
    ├── DomainError (ArithmeticError)    the op has no answer for these numbers
    │   ├── AnomalyError                 a nan or an infinity in `detect_anomaly()`
    │   └── DivergenceError              the loss of a training is not finite
    ├── GradientError (RuntimeError)     a gradient cannot be computed
    │   └── GradcheckError (AssertionError)  a gradient is wrong
    ├── StateError (ValueError)          a state does not fit what it is loaded into
    ├── OpError (TypeError)              an op is defined badly, or does not exist
    ├── CaptureError (TypeError)         a function cannot be compiled as it is written
    ├── ExportError (TypeError)          a model cannot be exported as it is written
    ├── DrawError (ValueError)           a picture cannot be made
    ├── CheckpointError (ValueError)     a checkpoint is damaged, or does not fit
    └── MissingExtraError (ImportError)  an optional package is not installed

    GradientWarning (UserWarning)        zero times infinity, taken as 0, in a gradient
    CompileWarning (UserWarning)         a function is captured often or runs uncompiled

A message names the op, what was given, what was wanted, and the repair, in at most
three lines.
"""

from __future__ import annotations


class MicrogradError(Exception):
    """Base class of every error that micrograd raises on purpose."""


class DataError(MicrogradError, TypeError):
    """The data is not a number or an array of real numbers."""


class ShapeError(MicrogradError, ValueError):
    """Shapes, axes or sizes do not fit together."""


class IndexingError(MicrogradError, IndexError):
    """An index is outside the array, or is not of a kind that arrays accept."""


class ArgumentError(MicrogradError, ValueError):
    """An option is unknown or out of range."""


class FormatError(MicrogradError, ValueError):
    """A file is damaged, or is not of the kind that was asked for."""


class DomainError(MicrogradError, ArithmeticError):
    """The op has no answer for these numbers: the inverse of a singular matrix, say."""


class AnomalyError(DomainError):
    """A number that is not finite appeared in `detect_anomaly()`."""


class DivergenceError(DomainError):
    """The loss of a training is not finite."""


class GradientError(MicrogradError, RuntimeError):
    """A gradient cannot be computed."""


class CaptureError(MicrogradError, TypeError):
    """A function cannot be compiled as it is written."""


class ExportError(MicrogradError, TypeError):
    """A model cannot be exported as it is written, or in this format."""


class StateChangedError(CaptureError):
    """A Value that a compiled function reads holds data of another kind now."""


class GradcheckError(GradientError, AssertionError):
    """A gradient disagrees with finite differences."""


class StateError(MicrogradError, ValueError):
    """A saved state does not fit what it is loaded into."""


class OpError(MicrogradError, TypeError):
    """An op is defined badly, or no op has this name."""


class DrawError(MicrogradError, ValueError):
    """A picture cannot be made as asked."""


class PictureFileError(DrawError, OSError):
    """The file of a picture cannot be written."""


class CheckpointError(MicrogradError, ValueError):
    """A checkpoint is damaged, is not one of ours, or does not fit the model."""


class MissingExtraError(MicrogradError, ImportError):
    """An optional package is not installed."""


class GradientWarning(UserWarning):
    """A gradient is zero times infinity: it is not known, and taken as 0.

    See docs/numbers.md.
    """


class CompileWarning(UserWarning):
    """A compiled function is captured again and again, or it runs uncompiled."""


def a_kind(x: object) -> str:
    """What an object is, for a message: "a list", "an int"."""
    name = type(x).__name__
    return f"{'an' if name[0] in 'aeioAEIO' else 'a'} {name}"
