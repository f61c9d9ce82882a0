"""`custom_vjp`: a function whose gradient the user writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import levels
from micrograd.errors import ArgumentError, GradientError
from micrograd.interpreter import Interpreter, ones_like, zeros_like
from micrograd.leaves import described, unshared_leaves
from micrograd.modes import enable_grad, is_recording
from micrograd.node import Node, data_of
from micrograd.ops import sum as sum_of
from micrograd.ops.hints import Elsewhere
from micrograd.quiet import quietly
from micrograd.transforms.calls import (
    Arguments,
    below,
    beneath,
    foreign_error,
    is_recorded_below,
    probe,
    pulled_together,
    refuse_foreign,
    unlifted,
)
from micrograd.transforms.custom import Custom, CustomCall, checked_move, is_real, matched
from micrograd.transforms.examples import Examples
from micrograd.transforms.linearity import nonlinear_op
from micrograd.transforms.read_only import ReadOnly
from micrograd.trees import leaves_of, like, mapped

INFINITY = float("inf")  # a level above all: nothing is refused


class custom_vjp(Custom):  # noqa: N801 - it is used like a function
    """A function with a gradient of your own, for reverse mode.

    (x', y', ...) = backward(residuals, z')    where (z, residuals) = forward(x, y, ...)

    x' is the cotangent of x, the gradient by x of what the program ends in. The rule is
    used by `backward()` and by every transform, to any order: backward is written in
    NumPy or ops, so it is differentiated like any other function. Forward mode
    transposes it, which needs a backward that is linear in the cotangent.

    Args:
        f: a function of numbers, arrays, or trees of them, to the same. It runs where
            no gradient is needed.
        nondiff_argnums: the numbers of arguments that carry no gradient. forward gets
            all arguments as f does; backward gets these first.

    Raises:
        ArgumentError: f is not a function.

    >>> from micrograd import grad
    >>> import numpy as np
    >>> @custom_vjp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> def forward(x):
    ...     return log1pexp(x), x
    >>> def backward(x, g):
    ...     return (g * (1.0 - 1.0 / (1.0 + np.exp(x))),)
    >>> log1pexp.defvjp(forward, backward)
    >>> grad(log1pexp)(100.0)
    1.0
    """

    kind = "custom_vjp"
    definer = "f.defvjp(forward, backward)"
    defjvp = Elsewhere("defjvp", "defvjp(forward, backward); custom_jvp has defjvp(rule)")

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self.forward: Any = None
        self.backward: Any = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Give the rule.

        Args:
            forward: a function of the arguments of f, to a pair: the output of f, and
                residuals, a tree of all that backward needs.
            backward: a function (residuals, cotangent of the output) to a tuple with
                the cotangent of each argument, of its structure and shapes; None where
                there is no gradient. It gets the arguments of nondiff_argnums first.
        """
        for what, rule in (("forward", forward), ("backward", backward)):
            if not callable(rule):
                raise ArgumentError(f"{self.name}: {what}={rule!r} is not a function; write {self.definer}")
        self.check_rule("backward", backward, "residuals", "cotangent")
        self.forward, self.backward = forward, backward

    def is_defined(self) -> bool:
        return self.backward is not None

    def recorded(self, given: Arguments, fixed: list[Any]) -> Any:
        with beneath(given.top._level):
            return _Reversed(self, given, fixed).first()

    def moved(self, inside: Arguments, tangents: list[Any], fixed: list[Any], number: int) -> tuple[Any, list[Any]]:
        out, residuals = self.outward(inside, fixed, number)
        return out, self.transposed(inside.tree, fixed, out, residuals, tangents)

    def twin(self, examples: Examples, given: Arguments, fixed: list[Any]) -> Custom:
        twin = super().twin(examples, given, fixed)
        assert isinstance(twin, custom_vjp)

        def forward(*leaves: Any) -> tuple[list[Any], tuple[list[Any], _Rest]]:
            rest = _Rest()

            def one(*leaves: Any) -> tuple[list[Any], list[Any]]:
                out, residuals = self.run_forward(given.replaced(leaves), fixed, INFINITY)
                return examples.leaves_of_output(out), rest.taken_from(residuals)

            outs, arrays = examples.over(one, tuple(examples.axes), *leaves)
            examples.check_own(self.name, outs + arrays)
            return outs, (arrays, rest)

        def backward(residuals: Any, cotangents: list[Any]) -> tuple[Any, ...]:
            arrays, rest = residuals
            is_there: list[bool] = []

            def one(arrays: list[Any], seeds: list[Any]) -> list[Any]:
                parts = self.run_backward(given.tree, fixed, rest.joined(arrays), like(examples.tree, seeds))
                is_there[:] = [part is not None for part in parts]
                return [part for part in parts if part is not None]

            found = examples.over(one, (0, 0), arrays, cotangents)
            examples.check_own(self.name, found)
            parts = iter(found)
            totals = [next(parts) if there else None for there in is_there]
            pairs = zip(totals, examples.axes, strict=True)
            return tuple(part if part is None or axis == 0 else sum_of(part, axis=0) for part, axis in pairs)

        twin.defvjp(forward, backward)
        return twin

    def run_forward(self, moving: Sequence[Any], fixed: list[Any], level: float) -> tuple[Any, Any]:
        """The output and the residuals, which must be made from the arguments alone."""
        given = ReadOnly()
        pair = self.ruled("forward", self.forward, self.together(given.of(list(moving)), fixed))
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentError(
                f"{self.name}: forward returned {described(pair)}; return a pair (output, residuals), as f gives "
                f"the output and backward takes the residuals"
            )
        out, residuals = (below(self.name, "forward", tree, level) for tree in pair)
        return given.originals(out), residuals

    def outward(self, given: Arguments, fixed: list[Any], level: float) -> tuple[Any, Any]:
        """The output and the residuals. For transforms around, which see this output
        too, the derivative of f is again that of the rule.
        """
        out, residuals = self.run_forward(given.tree, fixed, level)
        if given.top is not None:
            out = below(self.name, "f", self.applied(given, fixed), level)
        return out, residuals

    def run_backward(self, moving: Sequence[Any], fixed: list[Any], residuals: Any, cotangent: Any) -> list[Any]:
        """A cotangent for each leaf of the arguments; None for none."""
        given = ReadOnly()
        found = self.ruled("backward", self.backward, [*fixed, given.of(residuals), given.of(cotangent)])
        if not isinstance(found, (tuple, list)) or len(found) != len(moving):
            what = f"{len(found)} cotangents" if isinstance(found, (tuple, list)) else described(found)
            raise ArgumentError(
                f"{self.name}: backward returned {what} for {len(moving)} arguments; "
                f"return a tuple with one per argument, None where there is no gradient"
            )
        parts = [part for g, arg in zip(found, moving, strict=True) for part in matched(self.name, g, arg)]
        return [
            None if part is None else checked_move(self.name, "cotangent", part, "argument", x)
            for part, x in zip(parts, leaves_of(moving), strict=True)
        ]

    def transposed(
        self, moving: Any, fixed: list[Any], out: Any, residuals: Any, tangents: list[Any], level: float = -1.0
    ) -> list[Any]:
        """The tangents of the output: backward is linear in its cotangent, and its
        transpose takes tangents forward.

        Args:
            moving: the arguments.
            fixed: those without a gradient.
            out: the output.
            residuals: what forward gave beside it.
            tangents: one per leaf of the arguments, or None.
            level: that of the arguments, if the tangents shall depend on them.
        """
        outs = leaves_of(out)
        # Ones: a part that has lost its history shows as a number that is not 0.
        probes = {i: probe(ones_like(z)) for i, z in enumerate(outs) if is_real(z)}
        is_outer = is_recording()
        with levels.recording(), enable_grad(), quietly():
            seeds = like(out, [probes.get(i, z) for i, z in enumerate(outs)])
            parts = self.run_backward(moving, fixed, residuals, seeds)
            ends = [*probes.values()]
            moving = [i for i, t in enumerate(tangents) if parts[i] is not None and t is not None]
            for i in moving:
                refuse_foreign(self.name, "backward", parts[i], ends[0]._level if ends else level)
                self._check_linear(parts[i], ends)
            again = any(x._level == level for x in ends)
            totals = pulled_together([parts[i] for i in moving], [tangents[i] for i in moving], ends, again, is_outer)
        slopes: list[Any] = [None] * len(outs)
        for i, total in zip(probes, totals, strict=True):
            slopes[i] = zeros_like(outs[i]) if total is None else unlifted(total)
        return slopes

    def _check_linear(self, part: Any, ends: list[Any]) -> None:
        wrong = nonlinear_op(part, ends)
        if wrong:
            raise GradientError(
                f"{self.name}: backward is not linear in the cotangent ({wrong}), so forward mode cannot "
                f"use it; write a custom_jvp, or take grad or vjp"
            )


class _Rest:
    """The residuals of one example without the values of interpreters among them: plain
    numbers and arrays are the same in each example, and stay as they are.
    """

    def taken_from(self, residuals: Any) -> list[Any]:
        """The values of interpreters; the others are kept here."""
        leaves = leaves_of(residuals)
        self._moving = [isinstance(x, Interpreter) for x in leaves]
        self._tree = like(residuals, [0.0 if m else x for x, m in zip(leaves, self._moving, strict=True)])
        return [x for x, m in zip(leaves, self._moving, strict=True) if m]

    def joined(self, arrays: Sequence[Any]) -> Any:
        """All residuals, with these in the place of the values of interpreters."""
        parts, leaves = iter(arrays), leaves_of(self._tree)
        return like(self._tree, [next(parts) if m else x for x, m in zip(leaves, self._moving, strict=True)])


class _Reversed(CustomCall):
    """A call whose cotangents are those of the user's rule."""

    def __init__(self, custom: custom_vjp, given: Arguments, fixed: list[Any]) -> None:
        super().__init__(custom, given, fixed)
        self._out: Any = None  # like the output, without its numbers
        self._residuals: Any = None

    def first(self) -> Any:
        """The output of forward, with this call as its history."""
        out, self._residuals = self.custom.outward(self.given.below(), self.fixed, self.level)
        self._out = mapped(lambda z: 0.0 if is_real(z) else zeros_like(z), out)
        return self.with_history(out)

    def run(self, data: Sequence[Any], inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        moving = self.given.replaced(self.given.placed(data, self.given.data()))
        out, _ = self.custom.run_forward(moving, self.fixed, self.level)
        return self.packing.packed(leaves_of(out))

    def cotangents(self, g: Any, z: Any, inputs: Sequence[Any], is_recorded: bool) -> list[Any]:
        moving, residuals = self._at(inputs, is_recorded)
        parts = self.custom.run_backward(moving, self.fixed, residuals, self._seeds(g))
        if not is_recorded and not is_recorded_below(g, self.level):
            parts = self._own(parts)
        found = [parts[i] for i in self.given.places]
        found = [zeros_like(x) if part is None else part for x, part in zip(inputs, found, strict=True)]
        return unshared_leaves(found, [g, *inputs, *leaves_of(residuals)])

    def _own(self, parts: list[Any]) -> list[Any]:
        """The cotangents without a history, which that of the output does not have."""
        if any(is_recorded_below(part, self.level) for part in parts):
            raise foreign_error(self.custom.name, "backward", "Value")
        return [data_of(x) if isinstance(x, Node) and x._level == self.level else x for x in parts]

    def push(self, z: Any, inputs: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        is_recorded = isinstance(z, Node) and z._record is self
        moving, residuals = self._at(inputs, is_recorded)
        moves = self.given.placed(tangents, [None] * len(self.given.leaves))
        level = self.level if is_recorded else -1.0
        slopes = self.custom.transposed(moving, self.fixed, self._seeds(z), residuals, moves, level)
        return self.packing.packed(slopes)

    def _at(self, inputs: Sequence[Any], is_recorded: bool) -> tuple[Any, Any]:
        """The arguments and the residuals. Where the walk is recorded, these have a
        history, so that what is made of them has one.
        """
        if not is_recorded:
            return self.given.tree, self._residuals
        moving = self.given.replaced(self.given.placed(inputs, self.given.leaves))
        return moving, self.custom.run_forward(moving, self.fixed, INFINITY)[1]

    def _seeds(self, g: Any) -> Any:
        """What is in one array like the output, in the structure of the output."""
        return like(self._out, self.packing.filled(leaves_of(self._out), g))
