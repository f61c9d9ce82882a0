"""plot_confusion: the counts and shares of scikit-learn, and the texts on them."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import Value, plot_confusion
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError

TRUE = np.random.default_rng(0).integers(0, 4, 60)
FOUND = np.where(np.random.default_rng(1).random(60) < 0.6, TRUE, (TRUE + 1) % 4)


def texts_of(ax):
    n = len(ax.get_xticks())
    return np.array([text.get_text() for text in ax.texts]).reshape(n, -1).tolist()


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
@pytest.mark.parametrize("labels", [None, [3, 1, 0, 2], [2, 0]])
def test_the_numbers_are_scikit_learns(normalize, labels):
    metrics = pytest.importorskip("sklearn.metrics", reason="the extra `sklearn` is not installed")
    wanted = metrics.confusion_matrix(TRUE, FOUND, labels=labels, normalize=normalize)
    ax = plot_confusion(TRUE, FOUND, labels=labels, normalize=normalize)
    np.testing.assert_allclose(ax.images[0].get_array(), wanted, rtol=1e-12)
    assert texts_of(ax) == [[format(x, "d" if normalize is None else ".2f") for x in row] for row in wanted.tolist()]
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == [text.get_text() for text in ax.get_yticklabels()] == [str(c) for c in labels or range(4)]
    left = sum(a not in (labels or range(4)) or b not in (labels or range(4)) for a, b in zip(TRUE, FOUND, strict=True))
    more = f"\n{left} samples of other classes are left out" if left else ""
    assert (ax.get_xlabel(), ax.get_ylabel()) == (f"predicted class{more}", "true class")


def test_names_values_and_booleans():
    ax = plot_confusion(["cat", "dog"], ["dog", "dog"], display_labels=["CAT", "DOG"], colorbar=False)
    assert texts_of(ax) == [["0", "1"], ["0", "1"]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CAT", "DOG"]
    assert len(ax.figure.axes) == 1
    assert texts_of(plot_confusion(Value([0.0, 1.0]), np.array([[1], [1]]))) == [["0", "1"], ["0", "1"]]
    assert texts_of(plot_confusion([True, False], [True, True])) == [["0", "1"], ["0", "1"]]


def test_a_class_without_samples_has_no_share():
    assert texts_of(plot_confusion([0, 0], [0, 1], normalize="true")) == [["0.50", "0.50"], ["-", "-"]]


def test_numbers_can_be_read_on_their_cells():
    ax = plot_confusion(TRUE, FOUND)
    for text, number in zip(ax.texts, np.ravel(ax.images[0].get_array()), strict=True):
        light = np.dot(ax.images[0].cmap(ax.images[0].norm(number))[:3], [0.299, 0.587, 0.114])
        assert text.get_color() == ("white" if light < 0.5 else "black")


def test_many_classes_have_room():
    ax = plot_confusion(np.arange(25), np.arange(25), normalize="true")
    assert texts_of(ax)[3][:5] == ["0", "0", "0", "1", "0"]
    assert min(ax.figure.get_size_inches()) > 7
    assert texts_of(plot_confusion(TRUE, FOUND, normalize="all", values_format=".0%"))[0][0].endswith("%")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (([0, 1], [0]), {}, ShapeError, "y_pred has shape (1,); give one class for each of 2 samples"),
        (([0, 1], np.zeros((2, 3))), {}, ShapeError, "give y_pred.argmax(axis=1)"),
        (([0, 1], [0.2, 0.9]), {}, ArgumentError, "y_pred has 0.2, which is not a class; of scores"),
        (([], []), {}, ArgumentError, "there are no samples"),
        (([0, "a"], np.array([0, None])), {}, DataError, "y_pred has classes of several kinds"),
        (([0, np.nan], [0, 1]), {}, DataError, "y_true[1] is nan; leave this sample out"),
        ((["a"], [0]), {}, ArgumentError, "give both as numbers or as names"),
        (([0], [0]), {"normalize": "rows"}, ArgumentError, "normalize='rows' is not known"),
        (([0], [0]), {"labels": [1, 1]}, ArgumentError, "a class is twice in labels=[1, 1]"),
        (([0], [0]), {"labels": [1]}, ArgumentError, "y_true has no sample of labels=[1]"),
        (([0], [0]), {"display_labels": ["a", "b"]}, ArgumentError, "2 display_labels for 1 classes"),
        (([0], [0]), {"values_format": "x.y"}, ArgumentError, "values_format='x.y' is not a format"),
        (([0], [0]), {"cmap": "x"}, ArgumentError, "cmap='x' is not a colour map"),
        ((3, [0]), {}, MicrogradError, "y_true has shape ()"),
    ],
)
def test_refused(arguments, options, error, words):
    with pytest.raises(error) as caught:
        plot_confusion(*arguments, **options)
    assert str(caught.value).startswith("plot_confusion: ") and words in str(caught.value)
