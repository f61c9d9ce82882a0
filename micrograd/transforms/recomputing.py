"""`checkpoint`: a function whose intermediate results are computed twice, and not
kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from micrograd import levels
from micrograd import on_demand as np
from micrograd.asked import asked_in
from micrograd.batch import Batch
from micrograd.engine import Value
from micrograd.errors import ArgumentError, GradientError
from micrograd.interpreter import NUMBERS, Interpreter, numbers_below, shape_of, zeros_like
from micrograd.leaves import joined_leaves, unshared_leaves
from micrograd.modes import enable_grad, no_grad
from micrograd.node import Node, data_of, inputs_of, made, set_inputs
from micrograd.ops import positive
from micrograd.ops.hints import told_keywords
from micrograd.record import LEAF
from micrograd.reverse import Reach, pulled
from micrograd.traced import seal
from micrograd.transforms.calls import Arguments, Call, beneath, is_recorded_at, node_of
from micrograd.transforms.derived import Derived
from micrograd.transforms.examples import Examples
from micrograd.transforms.packing import Packing
from micrograd.transforms.pushing import Track, joint_reach
from micrograd.transforms.rewinding import Rewind, frozen
from micrograd.trees import leaves_of, like

P = ParamSpec("P")  # all arguments of f
R = TypeVar("R")  # what f returns


@told_keywords
def checkpoint(f: Callable[P, R], *args: Any) -> Derived[P, R]:
    """The same function, which keeps only its inputs for the gradient.

    `backward()` and the transforms of reverse mode run f once more to compute its
    gradient. A chain of n layers that is cut into sqrt(n) pieces needs memory for
    2 sqrt(n) layers instead of n, and one more run of each.

    The values that f closes over, such as the parameters of a layer, get their
    gradients too. Random numbers are the same in both runs. f must do the same each
    time; if the second run gives other numbers, there is an error.

    Args:
        f: a function of numbers, arrays, or trees of them, to the same.

    Returns:
        The function. It saves memory only where a gradient goes through an argument.

    Raises:
        ArgumentError: f is not a function, or arguments are given beside it.
        GradientError: at the gradient: the second run gave other numbers than the
            first.

    Source: Griewank and Walther (2000), "Algorithm 799: revolve",
    doi:10.1145/347837.347846; Chen et al. (2016), arXiv:1604.06174.

    >>> from micrograd import grad
    >>> import numpy as np
    >>> def f(x):
    ...     return np.sin(np.sin(x))
    >>> grad(checkpoint(f))(1.0) == grad(f)(1.0)
    True
    """
    if args:
        raise ArgumentError(
            "checkpoint: it takes the function alone; write checkpoint(f)(x), where PyTorch has checkpoint(f, x)"
        )
    return Derived("checkpoint", _checkpoint, f)


def _checkpoint(f: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    given = Arguments((args, options))
    if isinstance(given.top, Batch):
        return _for_all_examples(f, given)
    return _Recomputed(f, given).first() if isinstance(given.top, Value) and given.places else f(*args, **options)


def _for_all_examples(f: Any, given: Arguments) -> Any:
    """The same inside a vmap: a checkpoint outside of it, of a vmap of f."""

    def one(*leaves: Any) -> list[Any]:
        args, options = given.replaced(leaves)
        return examples.leaves_of_output(f(*args, **options))

    examples = Examples(given)
    if isinstance(examples.inside.top, Value) and examples.is_mapped():
        every = tuple(examples.inside.leaves)
        outs = _checkpoint(lambda *leaves: examples.over(one, tuple(examples.axes), *leaves), every, {})
        if not _are_above(outs, examples.number):
            return examples.result(outs)
    args, options = given.tree  # f closes over a value of the vmap, or of one further in: without a checkpoint
    return f(*args, **options)


class _Recomputed(Call):
    """A call of f that is run again for its gradient.

    Args:
        f: the function.
        given: its arguments.
    """

    def __init__(self, f: Any, given: Arguments) -> None:
        super().__init__("checkpoint", given)
        self._f = f
        self._again = frozen(f)
        self._rewind = Rewind([f, given.tree])
        self._others: list[Any] = []  # the values that f closes over
        self._packing = Packing((), ())

    def first(self) -> Any:
        """The output of f, with this call as its history."""
        inputs = self.given.inputs()
        fresh = [_fresh(x, data_of(x)) for x in inputs]
        tree = self._run(self._f, fresh)
        leaves = leaves_of(tree)
        if _are_above(leaves, self.level + 0.5):
            # f closes over a value of a jvp or a vmap further in. What it made of
            # that stands on Values of this level: they stay, with their history.
            for leaf, x in zip(fresh, inputs, strict=True):
                _lead_on(leaf, x)
            return tree
        self._packing = Packing(leaves, _depending(leaves, fresh))
        original = {id(x): before for x, before in zip(fresh, inputs, strict=True)}
        results = [original.get(id(z), z) for z in leaves]
        if self._packing.places:
            root = self._packed(leaves)
            self._others = Reach(root, fresh).widen()
            self.rules = self.rules[:1] * (len(inputs) + len(self._others))
            results = self._packing.filled(results, node_of(self, data_of(root), inputs + self._others))
        for leaf in fresh:
            seal(leaf)
        return like(tree, results)

    def _run(self, f: Any, fresh: Sequence[Any]) -> Any:
        args, options = self.given.replaced(self.given.placed(fresh, self.given.leaves))
        with levels.recording(), enable_grad():
            return joined_leaves(f(*args, **options))

    def _packed(self, leaves: list[Any]) -> Any:
        with enable_grad():
            return self._packing.packed(leaves)

    def run(self, data: Sequence[Any], inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        fresh = [_fresh(kind, x) for kind, x in zip(self.given.inputs(), data, strict=False)]  # f may call x.tanh()
        args, options = self.given.replaced(self.given.placed(fresh, self.given.data()))
        with beneath(self.level), self._rewind.again(), no_grad():
            return data_of(self._packing.packed(leaves_of(joined_leaves(self._again(*args, **options)))))

    def cotangents(self, g: Any, z: Any, inputs: Sequence[Any], is_recorded: bool) -> list[Any]:
        reach = self._second(z, inputs, is_recorded)
        found = pulled(reach, g, is_recorded)
        found = [zeros_like(x) if part is None else part for x, part in zip(reach.ends, found, strict=True)]
        return unshared_leaves(found, [g, *inputs])

    def asked(self, i: int, mask: Any, node: Any, inputs: Sequence[Any]) -> Any:
        """Where the gradient of the output, which is asked for where the mask is True,
        asks for that of input i: see asked.py.
        """
        reach = self._second(data_of(node), [data_of(x) for x in inputs], False)
        order = [*reach.ends, *reach.order]
        return asked_in(order, np.asarray(mask, float)[()], inputs_of)[reach.ends[i]]

    def push(self, z: Any, inputs: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        is_recorded = isinstance(z, Node) and z._record is self
        reach = self._second(z, inputs, is_recorded)
        return Track(reach, [reach.root]).pushed(tangents, is_recorded)[0]

    def _second(self, z: Any, inputs: Sequence[Any], is_recorded: bool) -> Reach:
        """The graph of a second run, from its output to what that was made from."""
        before = self.given.inputs()
        count = len(before)
        make = _passed_on if is_recorded else _fresh
        fresh = [make(kind, x) for kind, x in zip(before, inputs[:count], strict=True)]
        with beneath(self.level), self._rewind.again():  # the walk back may run in a vmap of its own
            leaves = leaves_of(self._run(self._again, fresh))
        if not all(i < len(leaves) and isinstance(leaves[i], Node) for i in self._packing.places):
            raise _other_run_error()
        root = self._packed(leaves)
        if not _are_close(numbers_below(root), numbers_below(z)):
            raise _other_run_error()
        reach = Reach(root, fresh)
        if [x.shape for x in reach.widen()] != [x.shape for x in self._others]:
            raise _other_run_error()
        return reach


def _fresh(like_this: Any, data: Any) -> Any:
    """A leaf of the class of a value, with this data."""
    leaf = made(type(like_this), data, LEAF, None, None)
    leaf.label = like_this.label
    return leaf


def _passed_on(like_this: Any, x: Any) -> Any:
    """A node of the class of a value, which leads on to x."""
    node = made(type(like_this), data_of(x), positive, None, None)
    set_inputs(node, (x,))
    return node


def _are_above(leaves: Sequence[Any], level: float) -> bool:
    """Whether there is one of this level among the leaves, or of a higher one."""
    return any(isinstance(x, Interpreter) and x._level >= level for x in leaves)


def _lead_on(leaf: Any, x: Any) -> None:
    """Make a node that leads on to x of a leaf with the same data."""
    leaf._record = positive
    set_inputs(leaf, (x,))


def _depending(leaves: list[Any], fresh: list[Any]) -> list[int]:
    """Which leaves of an output depend on the fresh ones, and are none of them."""
    level = max(x._level for x in fresh)
    known = {id(x) for x in fresh}
    found = [i for i, z in enumerate(leaves) if is_recorded_at(z, level) and id(z) not in known]
    if not found:
        return []
    _, nodes = joint_reach([leaves[i] for i in found], fresh).path()
    return [i for i in found if leaves[i] in nodes]


def _are_close(again: Any, before: Any) -> bool:
    """Whether two runs gave the same numbers.

    The last bits may differ, as NumPy may sum in another order in other places of the
    memory.
    """
    if again is None or before is None:
        return True
    if shape_of(again) != shape_of(before):
        return False
    if type(again) in NUMBERS and type(before) in NUMBERS:
        are_nan = again != again and before != before
        return bool(are_nan or again == before or abs(again - before) <= 1e-8 * abs(before))
    if np.array_equal(again, before):  # almost always
        return True
    dtype = np.result_type(again, before)
    if dtype.kind != "f":
        return bool(np.all(again == before))
    rtol = float(np.sqrt(np.finfo(dtype).eps))
    size = np.abs(before)
    size = np.max(size[np.isfinite(size)], initial=0.0) if shape_of(size) else size
    return bool(np.allclose(again, before, rtol=rtol, atol=rtol * float(size), equal_nan=True))


def _other_run_error() -> GradientError:
    return GradientError(
        "checkpoint: the second run of f gave other numbers than the first; its data was changed in between, "
        "or it draws random numbers where checkpoint cannot see it: draw them before, and give them as an argument"
    )
