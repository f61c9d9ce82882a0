"""`curve_fit`: SciPy's fit of a curve to data, with exact Jacobians."""

from __future__ import annotations

import functools
import inspect
import math
import warnings
from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, DomainError, ShapeError
from micrograd.interpreter import shape_of
from micrograd.leaves import as_array, joined_leaves
from micrograd.scipy.evaluations import Vector
from micrograd.scipy.flat import Flat
from micrograd.scipy.solving import check_function, hint, optimizers, solved

UNKNOWN = (
    "curve_fit: the data do not determine all parameters, as the Jacobian does not have full rank; "
    "SciPy's covariance is not true of those"
)


def curve_fit(
    model: Callable[..., Any],
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: bool | None = None,
    bounds: Any = (-math.inf, math.inf),
    method: str | None = None,
    jac: Any = None,
    *,
    full_output: bool = False,
    nan_policy: str | None = None,
    **options: Any,
) -> Any:
    """`scipy.optimize.curve_fit` with exact Jacobians.

    minimize sum_i ((model(x_i, *p) - y_i) / sigma_i)^2 by p

    Args:
        model: a function (x, a, b, ...) to what y should be, written with NumPy,
            `micrograd.numpy` or ops.
        xdata: what the model gets as x.
        ydata: the data, of shape (m,).
        p0: where to start, one number for each parameter; None is 1 for each, or the
            middle of the bounds, as in SciPy.
        sigma: standard deviations of y, a number or of shape (m,), or their covariance,
            of shape (m, m).
        absolute_sigma: sigma is in the units of y; else only its proportions count.
        check_finite: refuse data with nan or inf, as in SciPy.
        bounds: (low, high), each a number or one for each parameter; or SciPy's Bounds.
        method: "lm", "trf" or "dogbox"; None takes "lm" without bounds, else "trf".
        jac: None is exact. "2-point" and others are SciPy's differences, for a model
            that is not differentiable. A function (x, a, b, ...) gives the matrix of
            shape (m, n).
        full_output: return SciPy's (popt, pcov, infodict, mesg, ier).
        nan_policy: as in SciPy.
        options: as in SciPy's leastsq ("lm") or least_squares.

    Returns:
        (popt, pcov): the n parameters, and their covariance, of shape (n, n). The
        square roots of its diagonal are the standard errors. If the data do not
        determine all parameters, it warns; then pcov is inf with "lm", and comes from a
        pseudo-inverse with the others.

    Raises:
        ArgumentError: p0 does not have a number for each parameter of the model.
        ShapeError: the model does not return one number for each y.
        GradientError: it does not use a parameter, or is not differentiable.
        DomainError: its numbers at the start, a derivative or a step are not finite.
        MissingExtraError: SciPy is not installed.

    >>> x = np.linspace(0.0, 4.0, 20)
    >>> y = 3.0 * np.exp(-0.5 * x)
    >>> popt, pcov = curve_fit(lambda x, a, b: a * np.exp(-b * x), x, y)
    >>> popt.round(6)
    array([3. , 0.5])
    """
    check_function("curve_fit", "model", model)
    if options.get("col_deriv"):
        raise ArgumentError("curve_fit: col_deriv turns the Jacobian round, and ours is exact as it is; leave it out")
    fit = _Fit(model, jac, np.shape(ydata), has_gaps=nan_policy == "omit")
    # SciPy's method "lm" has differences of its own, and no name for them.
    own = fit.jacobian if jac is None else None if jac == "2-point" else jac
    # With a Jacobian, SciPy (1.17) takes no single number.
    sigma = _deviations(sigma, ydata)
    given = {"p0": p0, "sigma": sigma, "absolute_sigma": absolute_sigma, "check_finite": check_finite}
    given |= {"bounds": bounds, "method": method, "full_output": full_output, "nan_policy": nan_policy}
    scipy = optimizers("curve_fit")
    with hint("curve_fit", None):
        result = solved("curve_fit", lambda: scipy.curve_fit(fit.model, xdata, ydata, jac=own, **given, **options))
    if np.all(np.isfinite(result[1])) and fit.lacks_rank():
        warnings.warn(UNKNOWN, scipy.OptimizeWarning, stacklevel=2)
    return result


class _Fit:
    """The model and its Jacobian, as SciPy calls them."""

    def __init__(self, model: Callable[..., Any], jac: Any, shape: tuple[int, ...], has_gaps: bool) -> None:
        if len(shape) != 1:
            raise ShapeError(
                f"curve_fit: ydata has the shape {shape}, wanted (m,); ravel it, and what the model returns"
            )
        self._model = model
        self._shape = None if has_gaps else shape  # SciPy leaves out a number of rows
        self._is_exact = jac is None
        self._started = False
        self._vector: Vector | None = None
        self._last: Any = None  # the last Jacobian: solvers end with that of their result

        @functools.wraps(model)  # SciPy counts the parameters in its signature
        def value(x: Any, *p: Any) -> Any:
            return self._value(x, p)

        self.model = value

    def jacobian(self, x: Any, *p: Any) -> Any:
        """The matrix of derivatives, of shape (m, n)."""
        found = self._run(x, p).jacobian(np.asarray(p, dtype=np.float64))
        self._last = found if self._shape is None else np.broadcast_to(found, (*self._shape, len(p)))
        return np.array(self._last)  # SciPy writes into it, where a loss is robust

    def lacks_rank(self) -> bool:
        """Whether the last Jacobian was singular, by the measure of SciPy, which then
        takes a pseudo-inverse: a variance of 0 for what is not known at all.
        """
        if self._last is None:
            return False
        s = np.linalg.svd(self._last, compute_uv=False)
        return bool(s[-1] <= np.finfo(float).eps * max(self._last.shape) * s[0])

    def _value(self, x: Any, p: tuple[Any, ...]) -> Any:
        run, vector = self._run(x, p), np.asarray(p, dtype=np.float64)
        if self._started or not self._is_exact:
            found = run.value(vector)
        else:
            found = run.check_start(vector)
            self._started = True
        return found if self._shape is None else np.array(np.broadcast_to(found, self._shape))

    def _run(self, x: Any, p: tuple[Any, ...]) -> Vector:
        """The same for each call of a fit, as SciPy changes neither x nor the number
        of parameters.
        """
        if self._vector is None:
            _check_count(self._model, x, p)
            start = [1.0] * len(p)  # only the structure; whether p is finite is asked later
            flat = Flat("curve_fit", start, "parameters", names=_names(self._model, len(p)))
            self._vector = Vector(flat, lambda params: self._checked(self._model(x, *params)), what="model")
        return self._vector

    def _checked(self, out: Any) -> Any:
        """What the model returned, if it fits the data."""
        if out is None:
            raise ShapeError("curve_fit: the model returned None; return its values, one for each y")
        joined = joined_leaves(out)
        shape = (len(joined),) if isinstance(joined, (list, tuple)) else shape_of(as_array(joined))
        if shape not in (self._shape or shape, (), (1,)) or len(shape) > 1:
            raise ShapeError(
                f"curve_fit: the model returned shape {shape}, and ydata has {self._shape or '(m,)'}; "
                f"return one number for each y"
            )
        return out


def _deviations(sigma: Any, ydata: Any) -> Any:
    """sigma as SciPy takes it, one number as one for each y.

    A deviation of 0 or less is refused: SciPy would divide by it, and give the start
    as the answer. A covariance is looked at by SciPy itself.

    Raises:
        DomainError: names the first one.
    """
    if sigma is None or np.ndim(sigma) > 1:
        return sigma
    found = np.atleast_1d(np.asarray(sigma, float))
    if (found <= 0.0).any():
        i = int(np.argmax(found <= 0.0))
        raise DomainError(
            f"curve_fit: sigma[{i}] is {found[i]:g}, and a standard deviation is above 0; give how exact each y is, "
            f"or leave sigma out"
        )
    return np.broadcast_to(sigma, np.shape(ydata)) if np.size(sigma) == 1 else sigma


def _check_count(model: Callable[..., Any], x: Any, p: tuple[Any, ...]) -> None:
    """Refuse a start that has more or fewer numbers than the model has parameters."""
    try:
        signature = inspect.signature(model)
    except (TypeError, ValueError):  # of C code, which does not tell
        return
    try:
        signature.bind(x, *p)
    except TypeError:
        names = [str(parameter) for parameter in signature.parameters.values()]
        raise ArgumentError(
            f"curve_fit: p0 gives {len(p)} parameters, and the model takes ({', '.join(names)}); "
            f"give one number for each argument after the first"
        ) from None


def _names(model: Callable[..., Any], count: int) -> list[str]:
    """The parameters as the model calls them; by number where it does not say."""
    try:
        names = [p.name for p in inspect.signature(model).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):
        names = []
    return [repr(name) for name in names[1:]] if len(names) == count + 1 else [f"p0[{i}]" for i in range(count)]
