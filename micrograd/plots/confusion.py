"""plot_confusion: how often each class is taken for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError
from micrograd.plots.answers import classes_of
from micrograd.plots.calling import plain
from micrograd.plots.figures import axes_of, colour_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_confusion"
NORMS = ("true", "pred", "all")
SMALL = 12  # classes from which on the numbers are smaller
CELL = 0.3  # inches, of a cell then


def plot_confusion(
    y_true: Any,
    y_pred: Any,
    *,
    labels: Any = None,
    normalize: str | None = None,
    display_labels: Any = None,
    values_format: str | None = None,
    cmap: Any = "cividis",
    colorbar: bool = True,
    ax: Any = None,
) -> Axes:
    """Draw how many samples of each class (a row) are predicted as each class (a
    column). The arguments are those of scikit-learn's `ConfusionMatrixDisplay`.

    Args:
        y_true: the classes of the samples.
        y_pred: the predicted classes, as many.
        labels: the classes to draw, in this order. None: all, sorted. Samples of other
            classes are left out, and the picture says how many.
        normalize: "true" for shares of each row, "pred" of each column, "all" of all
            samples; None for counts. A row or a column without samples has no shares,
            and shows "-".
        display_labels: names to show for the classes.
        values_format: how a number is written, as in format(x, ".2f").
        cmap: a colour map of matplotlib.
        colorbar: whether to draw the scale of colours.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes.

    Raises:
        ShapeError: there are not as many predictions as classes.
        DataError: a class is nan, or the classes cannot be sorted.
        ArgumentError: there are no samples, or an option is not known.
        MissingExtraError: matplotlib is not installed.

    >>> ax = plot_confusion([0, 0, 1, 1], [0, 1, 1, 1])
    >>> ax.images[0].get_array().tolist()
    [[1.0, 1.0], [0.0, 2.0]]
    """
    colours = colour_map(ASKER, cmap)
    true, predicted = _pair(y_true, y_pred)
    if normalize not in (None, *NORMS):
        raise ArgumentError(f"{ASKER}: normalize={normalize!r} is not known; choose from 'true', 'pred', 'all', None")
    classes = _classes(true, predicted, labels)
    names = [str(name) for name in (classes if display_labels is None else display_labels)]
    if len(names) != len(classes):
        raise ArgumentError(f"{ASKER}: {len(names)} display_labels for {len(classes)} classes; give a name for each")
    counts, left_out = _counts(true, predicted, classes)
    shown = _shares(counts, normalize)
    texts = _texts(shown if normalize else counts, values_format or (".2f" if normalize else "d"))
    if values_format is None and len(classes) > SMALL:  # 0.05 is .05: it must fit into its cell
        texts = [[text.lstrip("0").replace(".00", "") or "0" for text in row] for row in texts]
    axes = axes_of(ASKER, ax)
    if ax is None and len(classes) > SMALL:
        axes.figure.set_size_inches(CELL * len(classes) + 1.8, CELL * len(classes) + 0.8)  # type: ignore[union-attr]
    image = axes.imshow(shown, cmap=colours, vmin=0.0, vmax=None if normalize is None else 1.0)
    _write(axes, image, shown, texts)
    is_long = sum(map(len, names)) > 30
    axes.set_xticks(range(len(names)), names, rotation=45 if is_long else 0, ha="right" if is_long else "center")
    axes.set_yticks(range(len(names)), names)
    more = f"\n{left_out} samples of other classes are left out" if left_out else ""
    axes.set(xlabel=f"predicted class{more}", ylabel="true class")
    if colorbar:
        meaning = {None: "samples", "true": "share of the row", "pred": "share of the column", "all": "share of all"}
        axes.figure.colorbar(image, ax=axes, label=meaning[normalize])
    return axes


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    true = classes_of(ASKER, y_true, np.size(plain(y_true)), "y_true")
    found = classes_of(ASKER, y_pred, len(true), "y_pred")
    if not len(true):
        raise ArgumentError(f"{ASKER}: there are no samples; give at least one")
    if found.dtype.kind == "f" and (is_share := found != np.round(found)).any():
        raise ArgumentError(
            f"{ASKER}: y_pred has {found[is_share.argmax()]}, which is not a class; of scores, give scores > 0"
        )
    if "O" not in (true.dtype.kind, found.dtype.kind) and (true.dtype.kind in "US") != (found.dtype.kind in "US"):
        raise ArgumentError(f"{ASKER}: y_true has {true[0]}, y_pred {found[0]}; give both as numbers or as names")
    return true, found


def _classes(true: Any, predicted: Any, labels: Any) -> list[Any]:
    if labels is None:
        return list(np.unique(np.concatenate([true, predicted])).tolist())
    classes = list(np.asarray(labels).reshape(-1).tolist())
    if len(set(classes)) != len(classes):
        raise ArgumentError(f"{ASKER}: a class is twice in labels={classes}; give each once")
    if not any(c in true for c in classes):
        raise ArgumentError(f"{ASKER}: y_true has no sample of labels={classes}; give classes that it has")
    return classes


def _counts(true: Any, predicted: Any, classes: list[Any]) -> tuple[Any, int]:
    places = {name: i for i, name in enumerate(classes)}
    counts, left_out = np.zeros((len(classes), len(classes)), int), 0
    for one, other in zip(true.tolist(), predicted.tolist(), strict=True):
        if one in places and other in places:
            counts[places[one], places[other]] += 1
        else:
            left_out += 1
    return counts, left_out


def _shares(counts: Any, normalize: str | None) -> Any:
    if normalize is None:
        return counts.astype(float)
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    with np.errstate(invalid="ignore"):
        return counts / counts.sum(axis=axis, keepdims=True)


def _texts(numbers: Any, spec: str) -> list[list[str]]:
    try:
        return [["-" if x != x else format(x, spec) for x in row] for row in numbers.tolist()]
    except (ValueError, TypeError):
        raise ArgumentError(f"{ASKER}: values_format={spec!r} is not a format of these numbers; give '.2f'") from None


def _write(axes: Any, image: Any, shown: Any, texts: list[list[str]]) -> None:
    """The numbers in the cells, dark on light and light on dark."""
    size = 11 if len(texts) <= SMALL else 7
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            red, green, blue, _ = image.cmap(image.norm(shown[i, j]))
            is_dark = shown[i, j] == shown[i, j] and 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            axes.text(j, i, text, ha="center", va="center", color="white" if is_dark else "black", fontsize=size)
