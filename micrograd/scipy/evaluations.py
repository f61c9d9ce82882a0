"""A function of parameters at the points that a solver asks for: its numbers, and its
exact derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.arrays import as_data
from micrograd.engine import Value, toposort
from micrograd.errors import DomainError, GradientError, ShapeError
from micrograd.interpreter import Interpreter, ground, ones_like, shape_of
from micrograd.leaves import as_array, described, joined_leaves, size_of
from micrograd.node import data_of
from micrograd.scipy.flat import Flat
from micrograd.scipy.plainly import captured
from micrograd.tracing import Trace, seal_all
from micrograd.transforms import grad, jacobian, jvp, vjp
from micrograd.trees import fixed_of, is_branch, leaves_of, like

Function = Callable[..., Any]


class Scalar:
    """A loss: a function (params, *args) to one number.

    The value is recorded, so that the gradient at the same point needs only a walk
    back. So is the gradient, for products with the Hessian.

    >>> loss = Scalar(Flat("minimize", [1.0, 2.0]), lambda p: p[0] ** 2 * p[1])
    >>> x = np.array([1.0, 2.0])
    >>> loss.value(x), loss.gradient(x), loss.product(x, np.array([1.0, 0.0]))
    (2.0, array([4., 1.]), array([4., 2.]))
    """

    def __init__(self, flat: Flat, f: Function, args: Sequence[Any] = (), what: str = "loss") -> None:
        self._flat = flat
        self._f = f
        self._args = tuple(args)
        self._what = what
        self._point: Any = None
        self._trace: Any = None
        self._pull: Any = None
        self._second_point: Any = None

    def value(self, x: Any) -> float:
        """The number at x."""
        self._go_to(x)
        return float(as_data(_settled(self._flat.name, self._trace.result(self._trace.out)), self._flat.name))

    def plain_value(self, x: Any) -> float:
        """The number at x, with nothing recorded: for solvers that need no gradient."""
        out = self._f(self._flat.tree(_finite(self._flat, x)), *self._args)
        self._check_shape(out)
        return float(as_data(_settled(self._flat.name, out), self._flat.name))

    def gradient(self, x: Any) -> Any:
        """The gradient at x, as a vector."""
        value = self.value(x)
        found = self._flat.joined(self._trace.pull(self._trace.out, ones_like(as_array(self._trace.out))))
        if np.isfinite(value):
            _check_slopes(self._flat, found, f"the {self._what} is {value:g}, but its derivative")
        return found

    def product(self, x: Any, direction: Any) -> Any:
        """The Hessian at x times a direction, as a vector."""
        return self._flat.flattened(self._second(x)(self._flat.tree(direction))[0], "product")

    def hessian(self, x: Any) -> Any:
        """The Hessian at x, over all elements in order."""
        return np.stack([self.product(x, direction) for direction in np.eye(x.size)])

    def check_start(self, x: Any) -> None:
        """Refuse a loss that is not finite at the start, or does not use params."""
        value = self.value(x)
        check_reached(self._flat, self._trace, self._what)
        if not np.isfinite(value):
            raise DomainError(
                f"{self._flat.name}: the {self._what} is {value} at the start; start from other parameters"
            )

    def close(self) -> None:
        """The solver is done: what the function kept of its parameters is a
        constant.
        """
        if self._trace is not None:
            seal_all(self._trace.fresh)
        self._trace = self._pull = None

    def _go_to(self, x: Any) -> None:
        if self._trace is not None and np.array_equal(x, self._point):
            return
        self.close()
        trace = Trace(self._flat.name, self._f, (self._flat.tree(_finite(self._flat, x)), *self._args), 0, {})
        self._check_shape(trace.out)
        self._trace, self._point = trace, np.array(x)

    def _second(self, x: Any) -> Any:
        if self._pull is None or not np.array_equal(x, self._second_point):
            tree = self._flat.tree(_finite(self._flat, x))
            _, self._pull = vjp(grad(lambda params: self._f(params, *self._args)), tree)
            self._second_point = np.array(x)
        return self._pull

    def _check_shape(self, out: Any) -> None:
        if is_branch(out) or out is None or shape_of(as_array(out)) != ():
            raise ShapeError(
                f"{self._flat.name}: the {self._what} returned {described(out)}, wanted one number; "
                f"sum it, or use least_squares"
            )


class Vector:
    """A function (params, *args) to numbers: residuals, equations, constraints.

    >>> curve = Vector(Flat("root", [1.0, 2.0]), lambda p: [p[0] * p[1], p[0]])
    >>> x = np.array([1.0, 2.0])
    >>> curve.value(x), curve.jacobian(x)
    (array([2., 1.]), array([[2., 1.], [1., 0.]]))
    """

    def __init__(self, flat: Flat, f: Function, args: Sequence[Any] = (), what: str = "residuals") -> None:
        self._flat = flat
        self._f = f
        self._args = tuple(args)
        self._what = what
        self._point: Any = None
        self._value: Any = None

    def value(self, x: Any) -> Any:
        """The numbers at x, as a vector."""
        if self._point is None or not np.array_equal(x, self._point):
            self._value = _vector(self._flat.name, self._out(self._flat.tree(_finite(self._flat, x))))
            self._point = np.array(x)
        return self._value.copy()

    def jacobian(self, x: Any) -> Any:
        """The matrix of derivatives: a row for each number, a column for each element
        of the parameters.
        """
        value = self.value(x)
        tree = self._flat.tree(x)
        if x.size <= value.size:
            columns = [self._columns(tree, i, leaf) for i, leaf in enumerate(leaves_of(tree)) if self._flat.sizes[i]]
            found = np.concatenate(columns, axis=1)
        else:
            by_output = jacobian(lambda params: leaves_of(self._out(params)), 0, "reverse")(tree)
            found = np.concatenate([self._rows(leaves_of(by_leaf)) for by_leaf in by_output])
        found = ground(found)  # a Value, if f uses one that is a constant
        _check_slopes(self._flat, found[np.isfinite(value)], f"a derivative of the {self._what}")
        return found

    def _columns(self, tree: Any, i: int, x: Any) -> Any:
        """The columns of leaf i. The other leaves are constants meanwhile: that is less
        work than a tangent of zeros.
        """
        leaves = leaves_of(tree)

        def moved(leaf: Any) -> Any:
            return leaves_of(self._out(like(tree, [*leaves[:i], leaf, *leaves[i + 1 :]])))

        blocks = jvp(moved, (x,), (1.0,))[1] if type(x) is float else jacobian(moved, 0, "forward")(x)
        return np.concatenate([np.reshape(block, (-1, self._flat.sizes[i])) for block in blocks])

    def _rows(self, blocks: Sequence[Any]) -> Any:
        """The rows of one output, from a block for each leaf of the parameters."""
        pairs = zip(blocks, self._flat.sizes, strict=True)
        return np.concatenate([np.reshape(block, (-1, size)) for block, size in pairs if size], axis=1)

    def curvature(self, x: Any, weights: Any) -> Any:
        """The Hessian of the sum of the numbers times their weights."""

        def weighted(params: Any) -> Any:
            total, rest = 0.0, np.asarray(weights)
            for z in leaves_of(joined_leaves(self._out(params))):
                size = size_of(z)
                total, rest = total + np.sum(np.reshape(rest[:size], shape_of(as_array(z))) * z), rest[size:]
            return total

        return Scalar(self._flat, weighted, what=self._what).hessian(x)

    def check_start(self, x: Any, every: bool = True) -> Any:
        """The numbers at x, after a check that the function uses params.

        Args:
            x: the vector to start from.
            every: whether each leaf must be used; else one is enough.

        Raises:
            GradientError: it does not.
            DomainError: a number is not finite.
        """
        trace = Trace(self._flat.name, self._out, (self._flat.tree(_finite(self._flat, x)),), 0, {})
        check_reached(self._flat, trace, self._what, every)
        seal_all(trace.fresh)
        return self.check_numbers(x)

    def _out(self, params: Any) -> Any:
        out = self._f(params, *self._args)
        fixed = fixed_of(out)
        if fixed or not leaves_of(out):
            what = repr(fixed[0]) if fixed else "no numbers"
            raise ShapeError(f"{self._flat.name}: {what} among the {self._what}; return an array of numbers")
        return out

    def check_numbers(self, x: Any) -> Any:
        """The numbers at x, after a check that they are finite."""
        value = self.value(x)
        wrong = np.flatnonzero(~np.isfinite(value))
        if wrong.size:
            raise DomainError(
                f"{self._flat.name}: {wrong.size} of {value.size} numbers of the {self._what} are not finite "
                f"at the start, number {wrong[0]} is {value[wrong[0]]}; start from other parameters"
            )
        return value


def check_reached(flat: Flat, trace: Trace, what: str, every: bool = True) -> None:
    """Refuse a function that makes nothing of its parameters, or of one of them.

    Raises:
        GradientError: SciPy would leave such a parameter where it started, in silence.
    """
    nodes = {node for z in leaves_of(trace.out) if isinstance(z, Value) for node in toposort(z)}
    missed = [i for i, x in enumerate(trace.fresh) if x not in nodes]
    if len(missed) == len(trace.fresh):
        raise GradientError(
            f"{flat.name}: the {what} used none of the parameters; compute with what the function is given, "
            f"not with other variables, and without .data, detach() or no_grad()"
        )
    if missed and every:
        raise GradientError(
            f"{flat.name}: {flat.leaf(missed[0])} is not used by the {what}; use it, or leave it out of the parameters"
        )


def _finite(flat: Flat, x: Any) -> Any:
    flat.refuse_if_not_finite(
        x, "SciPy's solver went there; scale parameters to about 1, start nearer, set bounds, or try another method"
    )
    return x


def _check_slopes(flat: Flat, found: Any, what: str) -> None:
    wrong = np.flatnonzero(~np.isfinite(found.reshape(-1, found.shape[-1])).all(axis=0))
    if wrong.size:
        raise DomainError(
            f"{flat.name}: {what} by {flat.element(wrong[0])} is not finite; "
            f"keep away from this point with bounds, or start elsewhere (docs/numbers.md says why it happens)"
        )


def _settled(name: str, out: Any) -> Any:
    if isinstance(out, Interpreter) and not isinstance(out, Value):
        raise captured(name)
    return data_of(out)


def _vector(name: str, out: Any) -> Any:
    """Numbers and arrays, however nested, as one vector."""
    data = [as_data(_settled(name, z), name) for z in leaves_of(joined_leaves(out))]
    return np.concatenate([np.ravel(np.asarray(z, dtype=np.float64)) for z in data])
