"""SciPy's solvers with exact derivatives: `from micrograd.scipy import minimize`.

`minimize least_squares root fixed_point curve_fit` have SciPy's names and arguments.
Functions are written with NumPy, `micrograd.numpy` or ops. Gradients, Jacobians,
Hessians and their products with vectors are exact, and parameters may be in any tree.
Results have derivatives by `args`. SciPy is loaded when a solver first runs; it is the
extra `scipy`. See docs/fitting.md and docs/implicit.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from micrograd.ops.hints import SOLVERS, elsewhere
from micrograd.scipy.fitting import curve_fit
from micrograd.scipy.fixed_points import fixed_point
from micrograd.scipy.minimizing import minimize
from micrograd.scipy.odes import odeint
from micrograd.scipy.roots import root
from micrograd.scipy.squares import least_squares

__all__ = ["curve_fit", "fixed_point", "least_squares", "minimize", "odeint", "root"]

if not TYPE_CHECKING:  # pragma: no branch - as in micrograd.nn

    def __getattr__(name: str) -> None:
        raise elsewhere(__name__, name, SOLVERS)
