"""Systems of linear equations whose matrix is a Jacobian: with the matrix, or with its
products alone.

The implicit function theorem needs them. Everything is written in ops and transforms,
so that the solution has derivatives of any order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, GradientError, MissingExtraError
from micrograd.ops import expand_dims, solve, transpose, where
from micrograd.scipy.rules import Implicit, Many
from micrograd.transforms import jacobian, jvp, vjp

DENSE, GMRES, CG = "dense", "gmres", "cg"
MANY = 500  # unknowns, from which on the matrix is not made

Function = Callable[..., Any]  # (x, *leaves) to as many numbers as x has


def chosen(name: str, given: Any, size: int, krylov: str) -> str:
    """How to solve the linear systems.

    Args:
        name: the solver that the user called, for the error.
        given: what the user chose, or None.
        size: the number of unknowns.
        krylov: the method without a matrix that fits.

    Raises:
        ArgumentError: there is no such choice.
    """
    if given not in (None, DENSE, GMRES, CG):
        raise ArgumentError(
            f"{name}: solve={given!r} is not a way to solve linear systems; give 'dense', 'gmres', 'cg', or None"
        )
    return given or (DENSE if size < MANY else krylov)


class System:
    """The linear system of a Jacobian at a point: J w = b, or with its transpose.

    Args:
        name: the solver that the user called, for errors.
        f: a function (x, *leaves) of a vector, to a vector of the same size.
        how: "dense", "gmres" or "cg".
        x: where; a vector.
        leaves: the other arguments of f.
        active: None, or an array that is True where an element of x does not move.
            Its row and column are those of the identity.
    """

    def __init__(self, name: str, f: Function, how: str, x: Any, leaves: Sequence[Any], active: Any = None) -> None:
        self._name = name
        self._f = f
        self._how = how
        self._x = x
        self._leaves = tuple(leaves)
        self._active = active

    @functools.cached_property
    def matrix(self) -> Any:
        """The Jacobian, a row for each number of f."""
        found = jacobian(lambda x: self._f(x, *self._leaves))(self._x)
        if self._active is None:
            return found
        identity = np.eye(found.shape[0])
        found = where(expand_dims(self._active, axis=0), identity, found)
        return where(expand_dims(self._active, axis=1), identity, found)

    def solve(self, b: Any) -> Any:
        """The solution of J w = b."""
        return solve(self.matrix, b) if self._how == DENSE else self._krylov(b, _forward)

    def solve_transposed(self, b: Any) -> Any:
        """The solution of J^T w = b."""
        return solve(transpose(self.matrix), b) if self._how == DENSE else self._krylov(b, _back)

    def _krylov(self, b: Any, product: Any) -> Any:
        name, f, how = self._name, self._f, self._how
        active = () if self._active is None else (self._active * 1.0,)

        def products(x: Any, *rest: Any) -> Any:
            """The function w to J w, at a point."""
            if not active:
                return product(f, x, rest)
            still, move = rest[0] > 0.5, product(f, x, rest[1:])
            return lambda w: where(still, w, move(where(still, 0.0, w)))

        def equations(w: Any, b: Any, x: Any, *rest: Any) -> Any:
            return products(x, *rest)(w) - b

        def run(start: Any, b: Any, x: Any, *rest: Any) -> Any:
            return _solved(name, how, products(x, *rest), b)

        def inner(w: Any, leaves: Sequence[Any], state: Any) -> System:
            return System(name, equations, how, w, leaves)

        op = Implicit(name, run, equations, inner, b.shape[0], 2 + len(active) + len(self._leaves))
        return op(np.zeros(b.shape[0]), b, self._x, *active, *self._leaves)


def _forward(f: Function, x: Any, leaves: Many) -> Any:
    return lambda w: jvp(lambda x: f(x, *leaves), (x,), (w,))[1]


def _back(f: Function, x: Any, leaves: Many) -> Any:
    _, pull = vjp(lambda x: f(x, *leaves), x)
    return lambda w: pull(w)[0]


def _solved(name: str, how: str, product: Any, b: Any) -> Any:
    """The linear system on plain numbers, by SciPy."""
    try:
        from scipy.sparse import linalg
    except ImportError:
        raise MissingExtraError(
            f"{name}: SciPy solves its linear systems, and SciPy is not installed;\npip install 'micrograd-nd[scipy]'"
        ) from None
    size = b.size
    most = max(10 * size, 1000)
    matrix = linalg.LinearOperator((size, size), matvec=lambda w: product(np.ravel(w)), dtype=np.float64)
    if how == CG:
        w, _ = linalg.cg(matrix, b, rtol=1e-12, maxiter=most)
    else:
        inner = min(size, 100)
        w, _ = linalg.gmres(matrix, b, rtol=1e-12, restart=inner, maxiter=max(most // inner, 1))
    miss, wanted = np.linalg.norm(product(w) - b), np.linalg.norm(b)
    if not miss <= 1e-8 * wanted:
        raise GradientError(
            f"{name}: {how} did not solve the linear system of the gradient, the residual is {miss / wanted:.1e} "
            f"of the right-hand side;\nthe Jacobian may be singular, or the system hard: solve='dense' says which"
        )
    return w


def check_regular(name: str, matrix: Any, place: Callable[[int], str]) -> None:
    """Refuse a matrix on plain numbers that is singular, or singular but for rounding.

    Args:
        name: the solver that the user called.
        matrix: the Jacobian at the solution.
        place: says where an unknown stands, by its number.

    Raises:
        GradientError: names the unknown that the equations do not determine.
    """
    if not np.all(np.isfinite(matrix)):
        raise GradientError(
            f"{name}: a derivative at the solution is not finite, so the result has no gradient by args;\n"
            f"call {name} in `with no_grad():` for the numbers alone"
        )
    scaled = matrix / _or_one(abs(matrix).max(axis=1, keepdims=True))
    scaled = scaled / _or_one(abs(scaled).max(axis=0, keepdims=True))
    _, sizes, rows = np.linalg.svd(scaled)
    if sizes[-1] > 1e-13 * sizes[0]:
        return
    raise GradientError(
        f"{name}: the Jacobian at the solution is singular: {place(int(np.argmax(abs(rows[-1]))))} can move, and the "
        f"conditions still hold;\nadd a condition that determines it, or call {name} in `with no_grad():`"
    )


def check_minimum(name: str, matrix: Any, count: int, holding: int, place: Callable[[int], str]) -> None:
    """Refuse second derivatives, on plain numbers, that are those of a saddle or a
    maximum.

    With multipliers the matrix is that of Karush, Kuhn and Tucker: at a minimum it has
    one negative eigenvalue for each constraint that holds.

    Args:
        name: the solver that the user called.
        matrix: the Jacobian of the conditions at the solution; it is symmetric.
        count: how many unknowns are not multipliers.
        holding: how many constraints hold.
        place: says where an unknown stands, by its number.

    Raises:
        GradientError: names the unknown along which the loss falls most.

    Source: Gould (1985), doi:10.1007/BF01585660.
    """
    scale = 1.0 / np.sqrt(_or_one(abs(matrix).max(axis=1)))  # leaves the signs of eigenvalues
    sizes, directions = np.linalg.eigh((matrix + matrix.T) / 2.0 * np.outer(scale, scale))
    if np.sum(sizes < -1e-12 * np.max(abs(sizes))) <= holding:
        return
    raise GradientError(
        f"{name}: it stopped where the loss does not change, but at a saddle or a maximum: it falls when "
        f"{place(int(np.argmax(abs(directions[:count, 0]))))} moves;\n"
        f"start elsewhere, or call {name} in `with no_grad():`"
    )


def _or_one(x: Any) -> Any:
    return np.where(x == 0.0, 1.0, x)
