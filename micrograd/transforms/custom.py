"""A function with a derivative of the user's own: what `custom_vjp` and `custom_jvp`
have in common.
"""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

from micrograd.arrays import as_data, as_operand, is_object_array
from micrograd.batch import Batch, unmapped
from micrograd.cotangents import in_dtype
from micrograd.dual import Dual
from micrograd.engine import Value
from micrograd.errors import ArgumentError, GradientError, OpError, ShapeError
from micrograd.interpreter import Interpreter, numbers_below, shape_of
from micrograd.leaves import described, joined_leaves
from micrograd.transforms.calls import Arguments, Call, beneath, carries_gradient, node_of
from micrograd.transforms.derived import check_takes
from micrograd.transforms.examples import Examples
from micrograd.transforms.packing import Packing
from micrograd.trees import is_branch, leaves_of, like, same_leaves


class Custom:
    """A function with a rule of its own.

    Args:
        f: the function.
        nondiff_argnums: the numbers of arguments that carry no gradient; the rules get
            them first.
    """

    kind = "custom"
    definer = ""  # how a rule is given, for the error

    def __init__(self, f: Callable[..., Any], nondiff_argnums: int | Sequence[int] = ()) -> None:
        if not callable(f):
            raise ArgumentError(f"{self.kind}: {f!r} is not a function; write it above a function, as @{self.kind}")
        functools.update_wrapper(self, f)
        self.f = f
        self.name = f"{self.kind} of {getattr(f, '__name__', 'f')}"
        given = nondiff_argnums if isinstance(nondiff_argnums, Sequence) else (nondiff_argnums,)
        try:
            self.nondiff_argnums = tuple(operator.index(i) for i in given)
        except TypeError:
            raise ArgumentError(
                f"{self.kind}: nondiff_argnums={nondiff_argnums!r}; give the numbers of arguments, from 0; "
                f"rules are given by {self.definer}"
            ) from None
        self._signature: Any = None

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)  # a method, where it stands in a class

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def __call__(self, *args: Any, **options: Any) -> Any:
        if not self.is_defined():
            raise OpError(f"{self.name}: it has no rule yet; give it one with {self.definer}")
        args = self._positional(args, options)
        fixed, moving = self._split(args)
        return self.applied(Arguments(moving), fixed)

    def is_defined(self) -> bool:
        """Whether it has a rule."""
        raise NotImplementedError

    def recorded(self, given: Arguments, fixed: list[Any]) -> Any:
        """The output for arguments of which some are Values: a node of a graph."""
        raise NotImplementedError

    def pushed(self, given: Arguments, fixed: list[Any]) -> Any:
        """The output for arguments of which some are Duals: primals and tangents."""
        number = given.top._number
        mine = [isinstance(x, Dual) and x._number == number for x in given.leaves]
        tangents = [x._tangent if m else None for x, m in zip(given.leaves, mine, strict=True)]
        inside = Arguments(given.replaced([x.primal if m else x for x, m in zip(given.leaves, mine, strict=True)]))
        if all(t is None for t in tangents):
            out = self.applied(inside, fixed)
            return like(out, [Dual(z, None, number) for z in leaves_of(out)])
        with beneath(number):
            out, slopes = self.moved(inside, tangents, fixed, number)
        pairs = zip(leaves_of(out), slopes, strict=True)
        return like(out, [z if t is None else Dual(z, in_dtype(t, numbers_below(z)), number) for z, t in pairs])

    def moved(self, inside: Arguments, tangents: list[Any], fixed: list[Any], number: int) -> tuple[Any, list[Any]]:
        """The output and its tangents by leaf, for primals of which some move."""
        raise NotImplementedError

    def applied(self, given: Arguments, fixed: list[Any]) -> Any:
        """The output, by the interpreter of the arguments."""
        top = given.top
        if isinstance(top, Value):
            return self.recorded(given, fixed) if given.places else self.applied(given.below(), fixed)
        if isinstance(top, Dual):
            return self.pushed(given, fixed)
        if not isinstance(top, Batch):
            return self.plain(given.tree, fixed)
        examples = Examples(given)
        if not examples.is_mapped():
            out = self.applied(Arguments(given.replaced(examples.inside.leaves)), fixed)
            return like(out, [unmapped(z, examples.number) for z in leaves_of(out)])
        if examples.inside.top is None:
            return self.plain(given.tree, fixed)
        return examples.result(self.twin(examples, given, fixed).applied(examples.inside, []))

    def twin(self, examples: Examples, given: Arguments, fixed: list[Any]) -> Custom:
        """The same function with the same rule, on the leaves of all examples.

        Args:
            examples: all of them.
            given: the arguments of one.
            fixed: those without a gradient.
        """
        twin = type(self)(lambda *leaves: examples.over(one, tuple(examples.axes), *leaves))
        twin.name = self.name

        def one(*leaves: Any) -> list[Any]:
            return examples.leaves_of_output(self.plain(given.replaced(leaves), fixed))

        return twin

    def plain(self, moving: Sequence[Any], fixed: list[Any]) -> Any:
        """The function itself."""
        return self.f(*self.together(moving, fixed))

    def together(self, moving: Sequence[Any], fixed: list[Any]) -> list[Any]:
        """All arguments, as f takes them."""
        args, rest = list(moving), iter(fixed)
        for i in sorted(self._fixed_places(len(args) + len(fixed))) if fixed else ():
            args.insert(i, next(rest))
        return args

    def check_rule(self, what: str, rule: Any, *last: str) -> None:
        """Refuse a rule that takes other arguments than it will get.

        Args:
            what: "backward" and so on, for the error.
            rule: the rule.
            last: words for what it gets after the arguments without a gradient.
        """
        fixed = [*dict.fromkeys(self.nondiff_argnums)]
        if len({i < 0 for i in fixed}) < 2:  # 1 and -1 may be the same argument: that is known at the call
            check_takes(self.name, what, rule, [*[f"argument {i}" for i in fixed], *last])

    def ruled(self, what: str, rule: Any, args: Sequence[Any]) -> Any:
        """What a rule returns.

        Args:
            what: "forward" and so on, for the error.
            rule: the rule.
            args: what it gets.

        Raises:
            ArgumentError: forward takes other arguments than f, or a rule changes an
                array in place.
        """
        try:
            return rule(*args)
        except TypeError:
            if what == "forward":
                check_takes(self.name, what, rule, [f"argument {i}" for i in range(len(args))])
            raise
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ArgumentError(
                f"{self.name}: {what} changes an array in place that others read too; "
                f"write g = g * 2, not g *= 2, or work on a copy"
            ) from error

    def _fixed_places(self, count: int) -> list[int]:
        try:
            return [*dict.fromkeys(range(count)[i] for i in self.nondiff_argnums)]
        except IndexError:
            raise ArgumentError(
                f"{self.name}: nondiff_argnums={self.nondiff_argnums}, and it was called with {count} arguments; "
                f"give the numbers of arguments that there are"
            ) from None

    def _split(self, args: tuple[Any, ...]) -> tuple[list[Any], tuple[Any, ...]]:
        """The arguments without a gradient, and the others."""
        places = self._fixed_places(len(args))
        for i in places:
            if any(isinstance(x, Interpreter) and carries_gradient(x) for x in leaves_of(joined_leaves(args[i]))):
                raise GradientError(
                    f"{self.name}: argument {i} is one of nondiff_argnums, but it carries a gradient, "
                    f"which would be lost; take {i} out of nondiff_argnums, or give its .detach()"
                )
        return [args[i] for i in sorted(places)], tuple(x for i, x in enumerate(args) if i not in places)

    def _positional(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
        """All arguments by position, with the defaults: rules take them so."""
        if self._signature is None:
            try:
                self._signature = not hasattr(self.f, "nin") and inspect.signature(self.f)
            except (TypeError, ValueError):  # a function written in C
                self._signature = False
        if self._signature is False or (not options and len(args) == len(self._signature.parameters)):
            if options:
                raise ArgumentError(f"{self.name}: {self.f!r} has no signature to read; give arguments by position")
            return args
        try:
            bound = self._signature.bind(*args, **options)
        except TypeError as error:
            raise ArgumentError(f"{self.name}: {error}; it takes {self._signature}, give it these arguments") from None
        if bound.kwargs:
            raise ArgumentError(
                f"{self.name}: {', '.join(bound.kwargs)} can be given by name only, and rules take all arguments "
                f"by position; let f take it by position too"
            )
        bound.apply_defaults()
        return tuple(bound.args)


class CustomCall(Call):
    """A call with a rule of the user's: the leaves of its output that have a gradient
    are in the node.

    Args:
        custom: the function with its rule.
        given: the arguments.
        fixed: those without a gradient.
    """

    def __init__(self, custom: Any, given: Arguments, fixed: list[Any]) -> None:
        super().__init__(custom.name, given)
        self.custom = custom
        self.fixed = fixed
        self.packing = Packing((), ())

    def with_history(self, out: Any) -> Any:
        """What the rule gave as the output, with this call as its history."""
        leaves = leaves_of(out)
        self.packing = Packing(leaves, [i for i, z in enumerate(leaves) if is_real(z)])
        if not self.packing.places:
            return out
        whole = node_of(self, self.packing.packed(leaves), self.given.inputs())
        return like(out, self.packing.filled(leaves, whole))


def is_real(x: Any) -> bool:
    """Whether a leaf of an output has a gradient: arrays of integers and truths have
    none.
    """
    below = numbers_below(x)
    if below is None or type(below) is int or isinstance(below, float):
        return True
    return getattr(getattr(below, "dtype", None), "kind", "O") in ("f", "O")


def moves_of_output(name: str, given: Any, out: Any) -> list[Any]:
    """The tangents that a rule gave, one per leaf of the output.

    Raises:
        ArgumentError: they have another structure than the output.
        ShapeError: one has another shape than its output.
    """
    moves = same_leaves(name, "tangent", given, "output", out)
    return [
        checked_move(name, "tangent", t, "output", z) if is_real(z) else None
        for t, z in zip(moves, leaves_of(out), strict=True)
    ]


def checked_move(name: str, what: str, given: Any, of: str, x: Any) -> Any:
    """A tangent or cotangent as data, of the shape of what it belongs to."""
    if is_branch(given):
        raise ArgumentError(f"{name}: the {what} is {described(given)}, for one array; give an array")
    if not isinstance(given, Interpreter):
        given = as_operand(given, name) if is_object_array(given) else as_data(given, name)
    if shape_of(given) != shape_of(x):
        more = f": sum a cotangent over the axes along which the {of} was broadcast" if what == "cotangent" else ""
        raise ShapeError(
            f"{name}: its rule gave a {what} of shape {shape_of(given)} for the {of} of shape {shape_of(x)}; "
            f"give one of the same shape{more}"
        )
    return given


def matched(name: str, given: Any, arg: Any) -> list[Any]:
    """The cotangents of the leaves of an argument, None for those without.

    None may stand for a whole branch.
    """
    if given is None:
        return [None] * len(leaves_of(arg))
    if isinstance(arg, dict) and isinstance(given, dict) and arg.keys() == given.keys():
        return [g for key in arg for g in matched(name, given[key], arg[key])]
    if isinstance(arg, (list, tuple)) and isinstance(given, (list, tuple)) and len(arg) == len(given):
        return [g for below, branch in zip(given, arg, strict=True) for g in matched(name, below, branch)]
    return list(same_leaves(name, "cotangent", given, "argument", arg))
