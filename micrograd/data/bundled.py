"""The small data sets that come with scikit-learn: digits, iris, wine, breast cancer,
diabetes. Install the extra `sklearn`.

They are in scikit-learn's own package, so nothing is downloaded.
"""

from __future__ import annotations

import importlib
from typing import Any

from micrograd.errors import MissingExtraError


def load_digits(*, n_class: int = 10, return_X_y: bool = True) -> Any:
    """Handwritten digits: 1,797 pictures of 8 by 8 pixels.

    Args:
        n_class: the digits are 0 to n_class - 1.
        return_X_y: False returns scikit-learn's Bunch, with the names and a
            description.

    Returns:
        X of shape (1797, 64), float64, from 0 (white) to 16 (black), and y of shape
        (1797,), int64: the digit.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: `sklearn.datasets.load_digits`.

    >>> X, y = load_digits()
    >>> X.reshape(-1, 8, 8).shape
    (1797, 8, 8)
    """
    return _datasets("load_digits").load_digits(n_class=n_class, return_X_y=return_X_y)


def load_iris(*, return_X_y: bool = True) -> Any:
    """Fisher's irises: 150 flowers of 3 species, by the lengths and widths of leaves.

    Args:
        return_X_y: False returns scikit-learn's Bunch, with the names and a
            description.

    Returns:
        X of shape (150, 4), float64: length and width of sepal and petal, in
        centimetres; and y of shape (150,), int64: the species, 0 to 2.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: `sklearn.datasets.load_iris`.

    >>> X, y = load_iris()
    >>> X.shape
    (150, 4)
    """
    return _datasets("load_iris").load_iris(return_X_y=return_X_y)


def load_wine(*, return_X_y: bool = True) -> Any:
    """Wines: 178 of 3 growers, by 13 chemical measurements.

    Args:
        return_X_y: False returns scikit-learn's Bunch, with the names and a
            description.

    Returns:
        X of shape (178, 13), float64, and y of shape (178,), int64: the grower, 0 to 2.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: `sklearn.datasets.load_wine`.

    >>> X, y = load_wine()
    >>> X.shape
    (178, 13)
    """
    return _datasets("load_wine").load_wine(return_X_y=return_X_y)


def load_breast_cancer(*, return_X_y: bool = True) -> Any:
    """Tumours of the breast: 569, malignant or benign, by 30 measurements of cells.

    Args:
        return_X_y: False returns scikit-learn's Bunch, with the names and a
            description.

    Returns:
        X of shape (569, 30), float64, and y of shape (569,), int64: 0 is malignant, 1
        benign.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: `sklearn.datasets.load_breast_cancer`.

    >>> X, y = load_breast_cancer()
    >>> X.shape
    (569, 30)
    """
    return _datasets("load_breast_cancer").load_breast_cancer(return_X_y=return_X_y)


def load_diabetes(*, scaled: bool = True, return_X_y: bool = True) -> Any:
    """Diabetes: how far the illness of 442 patients is after a year: a regression.

    Args:
        scaled: whether each column has mean 0 and sum of squares 1; otherwise the
            numbers as measured.
        return_X_y: False returns scikit-learn's Bunch, with the names and a
            description.

    Returns:
        X of shape (442, 10), float64, and y of shape (442,), float64: 25 to 346.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    Source: `sklearn.datasets.load_diabetes`.

    >>> X, y = load_diabetes()
    >>> X.shape
    (442, 10)
    """
    return _datasets("load_diabetes").load_diabetes(scaled=scaled, return_X_y=return_X_y)


def _datasets(who: str) -> Any:
    try:
        return importlib.import_module("sklearn.datasets")
    except ImportError:
        raise MissingExtraError(
            f"{who}: the data comes with scikit-learn, which is not installed; "
            f"python -m pip install 'micrograd-nd[sklearn]'"
        ) from None
