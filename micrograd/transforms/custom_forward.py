"""`custom_jvp`: a function whose derivative the user writes, for both modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from micrograd import levels
from micrograd.errors import ArgumentError, GradientError
from micrograd.interpreter import ones_like, zeros_like
from micrograd.leaves import described, joined_leaves, unshared_leaves
from micrograd.modes import enable_grad
from micrograd.node import Node
from micrograd.ops.hints import Elsewhere
from micrograd.quiet import quietly
from micrograd.transforms.calls import Arguments, below, beneath, probe, pulled_together, refuse_foreign, unlifted
from micrograd.transforms.custom import Custom, CustomCall, moves_of_output
from micrograd.transforms.examples import Examples
from micrograd.transforms.linearity import nonlinear_op
from micrograd.transforms.read_only import ReadOnly
from micrograd.trees import leaves_of


class custom_jvp(Custom):  # noqa: N801 - it is used like a function
    """A function with a derivative of your own, for both modes.

    (z, t) = rule((x, y, ...), (tx, ty, ...))    where t = dz/dx tx + dz/dy ty + ...

    tx is the tangent of x, a direction in which it moves. Forward mode uses the rule as
    it is. For reverse mode, the part of the rule that is linear in the tangents is
    recorded and walked back: `backward()` and every transform use it, to any order. The
    rule is written in NumPy or ops, so it is differentiated like any other function.

    Args:
        f: a function of numbers, arrays, or trees of them, to the same. It runs where
            no derivative is needed.
        nondiff_argnums: the numbers of arguments that carry no gradient. The rule gets
            these first.

    Raises:
        ArgumentError: f is not a function.

    >>> from micrograd import grad, jvp
    >>> import numpy as np
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return np.log(1.0 + np.exp(x))
    >>> @log1pexp.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), t * (1.0 - 1.0 / (1.0 + np.exp(x)))
    >>> grad(log1pexp)(100.0), jvp(log1pexp, (0.0,), (2.0,))[1]
    (1.0, 1.0)
    """

    kind = "custom_jvp"
    definer = "f.defjvp(rule)"
    defvjp = Elsewhere("defvjp", "defjvp(rule); custom_vjp has defvjp(forward, backward)")

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        super().__init__(f, nondiff_argnums)
        self.rule: Any = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Give the rule; also as a decorator.

        Args:
            rule: a function (primals, tangents) to a pair: the output, and its tangent,
                of the same structure and shapes. Both arguments are tuples with one
                entry per argument of f. It gets the arguments of nondiff_argnums first.

        Returns:
            The rule.
        """
        if not callable(rule):
            raise ArgumentError(f"{self.name}: the rule {rule!r} is not a function; write {self.definer}")
        self.check_rule("rule", rule, "primals", "tangents")
        self.rule = rule
        return rule

    def defjvps(self, *rules: Callable[..., Any] | None) -> None:
        """Give a rule for each argument.

        Args:
            rules: for each argument a function (tangent, output, *primals) to what this
                tangent gives to that of the output; None where it gives nothing.
        """
        if not rules or not all(rule is None or callable(rule) for rule in rules):
            raise ArgumentError(f"{self.name}: defjvps takes one function per argument, None where there is nothing")
        if self.nondiff_argnums:
            raise ArgumentError(f"{self.name}: defjvps has no place for nondiff_argnums; use defjvp")

        def rule(primals: Any, tangents: Any) -> Any:
            if len(rules) != len(primals):
                raise ArgumentError(
                    f"{self.name}: defjvps got {len(rules)} rules, and it was called with {len(primals)} arguments; "
                    f"give one per argument, None where there is nothing"
                )
            out = self(*primals)
            terms = [r(t, out, *primals) for r, t in zip(rules, tangents, strict=True) if r is not None]
            total = zeros_like(out) if not terms else terms[0]
            for term in terms[1:]:
                total = total + term
            return out, total

        self.rule = rule

    def is_defined(self) -> bool:
        return self.rule is not None

    def recorded(self, given: Arguments, fixed: list[Any]) -> Any:
        with beneath(given.top._level):
            return _Pushed(self, given, fixed).first()

    def moved(self, inside: Arguments, tangents: list[Any], fixed: list[Any], number: int) -> tuple[Any, list[Any]]:
        filled = [zeros_like(x) if t is None else t for x, t in zip(inside.leaves, tangents, strict=True)]
        out, slopes = self.run(inside.tree, inside.replaced(filled), fixed)
        out = self.outward(out, inside, fixed, number)
        return out, below(self.name, "the rule", slopes, number)

    def twin(self, examples: Examples, given: Arguments, fixed: list[Any]) -> Custom:
        twin = super().twin(examples, given, fixed)
        assert isinstance(twin, custom_jvp)

        def one(primals: Any, tangents: Any) -> tuple[list[Any], list[Any]]:
            out, slopes = self.run(given.replaced(primals), given.replaced(tangents), fixed)
            outs = examples.leaves_of_output(out)
            return outs, [zeros_like(z) if t is None else t for z, t in zip(outs, slopes, strict=True)]

        def rule(primals: Any, tangents: Any) -> tuple[list[Any], list[Any]]:
            found = examples.over(one, (examples.axes, examples.axes), list(primals), list(tangents))
            examples.check_own(self.name, leaves_of(found))
            return found  # type: ignore[no-any-return]

        twin.defjvp(rule)
        return twin

    def outward(self, out: Any, given: Arguments, fixed: list[Any], level: float) -> Any:
        """The output. For transforms around, which see it too, the derivative of f is
        again that of the rule.
        """
        return below(self.name, "the rule", out if given.top is None else self.applied(given, fixed), level)

    def run(self, primals: Any, tangents: Any, fixed: list[Any]) -> tuple[Any, list[Any]]:
        """The output, and the tangents of its leaves; None for those that have none."""
        given = ReadOnly()
        with quietly():
            moves = [*fixed, given.of(tuple(primals)), given.of(tuple(tangents))]
            pair = self.ruled("the rule", self.rule, moves)
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentError(
                f"{self.name}: the rule returned {described(pair)}; return a pair (output, tangent of the output)"
            )
        out, slope = given.originals(joined_leaves(pair[0])), joined_leaves(pair[1])
        return out, moves_of_output(self.name, slope, out)


class _Pushed(CustomCall):
    """A call whose tangents are those of the user's rule, and whose cotangents come
    from its transpose.
    """

    def __init__(self, custom: custom_jvp, given: Arguments, fixed: list[Any]) -> None:
        super().__init__(custom, given, fixed)
        self._slopes: list[Any] = []  # the tangents of the leaves of the output
        self._probes: list[Any] = []  # what they are made from

    def first(self) -> Any:
        """The output of the rule, with this call as its history."""
        out, self._slopes, self._probes = self._run(self.given.data())
        return self.with_history(self.custom.outward(out, self.given.below(), self.fixed, self.level))

    def _run(self, leaves: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        """The output, its tangents, and the leaves that these are made from."""
        zeros = [zeros_like(x) for x in leaves]
        # Ones: a slope that has lost its history shows as a number that is not 0.
        probes = [probe(ones_like(leaves[i])) for i in self.given.places]
        replaced = self.given.replaced
        with levels.recording(), enable_grad():
            out, slopes = self.custom.run(replaced(leaves), replaced(self.given.placed(probes, zeros)), self.fixed)
            self._check(slopes, probes)
        return out, slopes, probes

    def _check(self, slopes: list[Any], probes: list[Any]) -> None:
        for t in slopes:
            refuse_foreign(self.custom.name, "the rule", t, probes[0]._level)
            with quietly():
                wrong = "" if t is None else nonlinear_op(t, probes)
            if wrong:
                raise GradientError(
                    f"{self.custom.name}: its rule is not linear in the tangents ({wrong}), so it has no gradient; "
                    f"a tangent of the output is a sum of slopes times tangents of the inputs"
                )

    def run(self, data: Sequence[Any], inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        out, _, _ = self._run(self.given.placed(data, self.given.data()))
        return self.packing.packed(leaves_of(out))

    def cotangents(self, g: Any, z: Any, inputs: Sequence[Any], is_recorded: bool) -> list[Any]:
        slopes, probes, again = self._slopes, self._probes, False
        if is_recorded:  # slopes with a history, so that the gradient has one
            _, slopes, probes = self._run(self.given.placed(inputs, self.given.leaves))
            again = any(x._level == self.level for x in probes)
        totals = pulled_together(self.packing.chosen(slopes), self.packing.unpacked(g), probes, again)
        found = [zeros_like(x) if t is None else unlifted(t) for x, t in zip(inputs, totals, strict=True)]
        return unshared_leaves(found, [g, *self.given.data()])

    def push(self, z: Any, inputs: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        leaves = self.given.leaves if isinstance(z, Node) else self.given.data()
        moves = [zeros_like(x) if t is None else t for x, t in zip(inputs, tangents, strict=True)]
        moves = self.given.placed(moves, [zeros_like(x) for x in leaves])
        replaced = self.given.replaced
        _, slopes = self.custom.run(replaced(self.given.placed(inputs, leaves)), replaced(moves), self.fixed)
        return self.packing.packed(slopes)
