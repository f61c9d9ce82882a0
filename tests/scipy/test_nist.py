"""NIST's certified nonlinear regressions: first the data, then our fits."""

from __future__ import annotations

import dataclasses
import decimal

import numpy as np
import pytest

from micrograd import jacobian
from micrograd.scipy import curve_fit, least_squares
from tests.scipy.nist import Problem, problems

optimize = pytest.importorskip("scipy.optimize", reason="the extra `scipy` is not installed")

PROBLEMS = problems()
EACH = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=list(PROBLEMS))

# Its data are a sum of exponentials, rounded at the 14th digit. The residuals are these
# roundings, 1e-13, and a float64 near 2 has steps of 4e-16: so the sum of their squares
# has three digits at most, and the standard errors have no more.
BEYOND_FLOAT64 = "Lanczos1"

TIGHT = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 0.0, "maxfev": 10_000}


def digits(found: np.ndarray, wanted: np.ndarray) -> float:
    """The number of digits in which all of them agree; certified values have 11."""
    with np.errstate(all="ignore"):
        error = np.nan_to_num(np.abs(found / wanted - 1.0), nan=np.inf)
    return float(-np.log10(np.max(error) + 1e-11))


def slopes(p: Problem, b: np.ndarray) -> np.ndarray:
    """The exact Jacobian of the model, of shape (m, n)."""
    columns = jacobian(lambda b: p.model(p.x, *b), mode="forward")(list(b))
    return np.stack([np.broadcast_to(column, p.y.shape) for column in columns], axis=-1)


def deviations(J: np.ndarray, residual_sum: float) -> np.ndarray:
    """Standard errors; the columns are scaled first, as they differ by up to 1e12."""
    scale = np.linalg.norm(J, axis=0)
    inverse = np.linalg.inv(np.linalg.qr(J / scale).R)
    m, n = J.shape
    return np.sqrt((inverse**2).sum(axis=1) * residual_sum / (m - n)) / scale


def assert_as_certified(p: Problem, residual_sum: float, J: np.ndarray) -> None:
    m, n = J.shape
    assert digits(np.array([residual_sum]), np.array([p.residual_sum_of_squares])) > 9
    assert digits(np.array([np.sqrt(residual_sum / (m - n))]), np.array([p.residual_deviation])) > 9
    assert digits(deviations(J, residual_sum), p.deviations) > 9


def test_these_problems_are_held():
    """24 of NIST's 27, with 6 to 250 observations; not Gauss2, Gauss3, Hahn1."""
    assert len(PROBLEMS) == 24
    assert sum(p.y.size for p in PROBLEMS.values()) == 1440


@EACH
def test_the_data_are_nists(problem):
    """From the certified parameters follow the other certified numbers, so the data
    have no typing error.
    """
    if problem.name == BEYOND_FLOAT64:
        return assert_as_certified(problem, *lanczos1_in_decimals(problem))
    residuals = problem.y - problem.model(problem.x, *problem.certified)
    return assert_as_certified(problem, residuals @ residuals, slopes(problem, problem.certified))


def lanczos1_in_decimals(p: Problem) -> tuple[float, np.ndarray]:
    """The least sum of squares, by decimals of 40 digits and one step of Gauss and
    Newton from the numbers that generated the data.
    """
    near = ["0.0951", "1", "0.8607", "3", "1.5576", "5"]
    with decimal.localcontext(decimal.Context(prec=40)):
        b = [decimal.Decimal(x) for x in near]
        y = [decimal.Decimal(repr(float(y))) for y in p.y]
        x = [decimal.Decimal(repr(float(x))) for x in p.x]
        curve = [sum(b[k] * (-b[k + 1] * t).exp() for k in (0, 2, 4)) for t in x]
        residuals = np.array([float(u - v) for u, v in zip(y, curve, strict=True)])
    J = slopes(p, np.array(near, dtype=float))
    Q = np.linalg.qr(J).Q
    rest = residuals - Q @ (Q.T @ residuals)
    return rest @ rest, J


@pytest.mark.parametrize(
    ("name", "row"),
    [("Misra1a", 3), ("Thurber", 20), ("Roszman1", 24), ("Lanczos1", 5), ("ENSO", 100), ("Bennett5", 77)],
)
def test_a_typing_error_would_be_found(name, row):
    p = PROBLEMS[name]
    last_digit = 10.0 ** -len(np.format_float_positional(p.y[row]).partition(".")[2])
    wrong = dataclasses.replace(p, y=p.y + last_digit * (np.arange(p.y.size) == row))
    with pytest.raises(AssertionError):
        test_the_data_are_nists(wrong)


# Fits


def fit(p: Problem, start: np.ndarray, **options: object) -> tuple[float, float]:
    """Digits of the parameters and of their standard errors."""
    with np.errstate(over="ignore", invalid="ignore"):  # exp overflows where a trial step goes too far
        popt, pcov = curve_fit(p.model, p.x, p.y, start, **{**TIGHT, **options})
    return digits(popt, p.certified), digits(np.sqrt(np.diag(pcov)), p.deviations)


@EACH
def test_from_start_2(problem):
    parameters, errors = fit(problem, problem.start2)
    assert parameters > 6
    assert (errors > 6) == (problem.name != BEYOND_FLOAT64)


# From 1 and 1 the first step goes to where exp(-b2 x) is 0 for all x: there the second
# column of the Jacobian is 0, for any solver of this kind. `curve_fit` warns.
TOO_FAR = "BoxBOD"


@EACH
@pytest.mark.filterwarnings("ignore:curve_fit. the data do not determine all parameters")
def test_from_start_1(problem):
    parameters, errors = fit(problem, problem.start1)
    assert (parameters > 6) == (problem.name != TOO_FAR)
    assert (errors > 6) == (problem.name not in (TOO_FAR, BEYOND_FLOAT64))


@EACH
def test_least_squares_from_start_2(problem):
    def residuals(b):
        return problem.model(problem.x, *b) - problem.y

    result = least_squares(residuals, problem.start2, ftol=1e-15, xtol=1e-15, gtol=1e-15, x_scale="jac")
    assert result.success
    assert digits(result.x, problem.certified) > 6


def test_differences_have_fewer_digits():
    """The same problems, solver and tolerances with SciPy's finite differences."""
    reached = []
    for p in PROBLEMS.values():
        try:
            reached.append(min(fit(p, p.start2, jac="2-point")) > 6)
        except RuntimeError:  # no end within 10,000 evaluations
            reached.append(False)
    assert sum(reached) < len(PROBLEMS) - 1  # exact derivatives miss one: see above
