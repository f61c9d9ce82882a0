"""NIST's problems of nonlinear regression: models, and the data of certified.txt.

Source: National Institute of Standards and Technology, Statistical Reference Datasets,
Nonlinear Regression (1999), https://www.itl.nist.gov/div898/strd/.
"""

from __future__ import annotations

import configparser
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Problem:
    """A data set with its model.

    Attributes:
        name: NIST's name.
        model: a function (x, *parameters) to what y should be.
        x: the predictor, of shape (n,); or two of them, of shape (2, n).
        y: the response, of shape (n,).
        start1: starting values far from the solution.
        start2: starting values nearer to it.
        certified: the parameters, to 11 digits.
        deviations: their standard deviations.
        residual_sum_of_squares: at the certified parameters.
        residual_deviation: the root of that sum over the degrees of freedom.
    """

    name: str
    model: Callable[..., Any]
    x: np.ndarray
    y: np.ndarray
    start1: np.ndarray
    start2: np.ndarray
    certified: np.ndarray
    deviations: np.ndarray
    residual_sum_of_squares: float
    residual_deviation: float


def bennett5(x, b1, b2, b3):
    return b1 * (b2 + x) ** (-1.0 / b3)


def boxbod(x, b1, b2):
    return b1 * (1.0 - np.exp(-b2 * x))


def chwirut(x, b1, b2, b3):
    return np.exp(-b1 * x) / (b2 + b3 * x)


def danwood(x, b1, b2):
    return b1 * x**b2


def eckerle4(x, b1, b2, b3):
    return b1 / b2 * np.exp(-0.5 * ((x - b3) / b2) ** 2)


def wave(x, cosine, sine, months):
    """One cycle of ENSO: air pressure at Easter Island minus that at Darwin."""
    return cosine * np.cos(2.0 * np.pi * x / months) + sine * np.sin(2.0 * np.pi * x / months)


def enso(x, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    return b1 + wave(x, b2, b3, 12.0) + wave(x, b5, b6, b4) + wave(x, b8, b9, b7)


def gauss(x, b1, b2, b3, b4, b5, b6, b7, b8):
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-(((x - b4) / b5) ** 2)) + b6 * np.exp(-(((x - b7) / b8) ** 2))


def square_ratio(x, b1, b2, b3, b4, b5):
    return (b1 + b2 * x + b3 * x**2) / (1.0 + b4 * x + b5 * x**2)


def cubic_ratio(x, b1, b2, b3, b4, b5, b6, b7):
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1.0 + b5 * x + b6 * x**2 + b7 * x**3)


def lanczos(x, b1, b2, b3, b4, b5, b6):
    return b1 * np.exp(-b2 * x) + b3 * np.exp(-b4 * x) + b5 * np.exp(-b6 * x)


def mgh09(x, b1, b2, b3, b4):
    return b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4)


def mgh10(x, b1, b2, b3):
    return b1 * np.exp(b2 / (x + b3))


def mgh17(x, b1, b2, b3, b4, b5):
    return b1 + b2 * np.exp(-x * b4) + b3 * np.exp(-x * b5)


def misra1b(x, b1, b2):
    return b1 * (1.0 - (1.0 + b2 * x / 2.0) ** -2)


def misra1c(x, b1, b2):
    return b1 * (1.0 - (1.0 + 2.0 * b2 * x) ** -0.5)


def misra1d(x, b1, b2):
    return b1 * b2 * x / (1.0 + b2 * x)


def nelson(x, b1, b2, b3):
    return b1 - b2 * x[0] * np.exp(-b3 * x[1])


def rat42(x, b1, b2, b3):
    return b1 / (1.0 + np.exp(b2 - b3 * x))


def rat43(x, b1, b2, b3, b4):
    return b1 / (1.0 + np.exp(b2 - b3 * x)) ** (1.0 / b4)


def roszman1(x, b1, b2, b3, b4):
    return b1 - b2 * x - np.arctan(b3 / (x - b4)) / np.pi


MODELS = {
    "Bennett5": bennett5,
    "BoxBOD": boxbod,
    "Chwirut1": chwirut,
    "Chwirut2": chwirut,
    "DanWood": danwood,
    "Eckerle4": eckerle4,
    "ENSO": enso,
    "Gauss1": gauss,
    "Kirby2": square_ratio,
    "Lanczos1": lanczos,
    "Lanczos2": lanczos,
    "Lanczos3": lanczos,
    "MGH09": mgh09,
    "MGH10": mgh10,
    "MGH17": mgh17,
    "Misra1a": boxbod,
    "Misra1b": misra1b,
    "Misra1c": misra1c,
    "Misra1d": misra1d,
    "Nelson": nelson,
    "Rat42": rat42,
    "Rat43": rat43,
    "Roszman1": roszman1,
    "Thurber": cubic_ratio,
}

# Of Nelson's breakdown voltages the logarithm is modelled.
RESPONSES = {"Nelson": np.log}


def problems() -> dict[str, Problem]:
    """Those of certified.txt, by name."""
    parser = configparser.ConfigParser()
    parser.read_string(Path(__file__).with_name("certified.txt").read_text(encoding="utf-8"))
    return {name: _problem(name, parser[name]) for name in parser.sections()}


def _problem(name: str, section: configparser.SectionProxy) -> Problem:
    columns = {key: np.array(text.split(), dtype=float) for key, text in section.items()}
    vectors = {key: columns[key] for key in ("start1", "start2", "certified", "deviations")}
    sums = {key: columns[key].item() for key in ("residual_sum_of_squares", "residual_deviation")}
    x = np.stack([columns["x"], columns["x2"]]) if "x2" in columns else columns["x"]
    y = RESPONSES.get(name, np.asarray)(columns["y"])
    return Problem(name, MODELS[name], x, y, **vectors, **sums)
