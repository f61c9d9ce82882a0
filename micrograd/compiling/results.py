"""Results: the Values that a compiled function gives, and the way back through them."""

from __future__ import annotations

import math
import weakref
from typing import Any

from micrograd import on_demand as np
from micrograd.captures import CAPTURES, refuse
from micrograd.compiling import boundary
from micrograd.compiling.captured import AGAIN, Captured
from micrograd.compiling.lending import LARGE
from micrograd.compiling.spaces import Doubles, Space
from micrograd.engine import Value
from micrograd.errors import CaptureError, GradientError
from micrograd.modes import enable_grad
from micrograd.node import Node, data_of, forget_grad, grad_of, is_constant, made, set_grad
from micrograd.record import CONSTANT, LEAF, HandMade
from micrograd.reverse import cotangents
from micrograd.trees import fixed_of, leaves_of
from micrograd.walking import Pending, StepBack, Walking, add_part
from micrograd.walks import ACTIVE, LOCK, Walk

COMPILED = HandMade("compiled")
# Why the engine has to run what was compiled, and what to do in time.
NAN = "backward: a gradient through a compiled function is nan", "call backward()"
OWED = "grad: a result of a compiled function was made into another one", "read its gradient"


class Returned:
    """What a compiled function returns: values and numbers, in a flat list.

    A value that the function was not the one to make is returned itself, and so is a
    number that no argument and no value has a part in. A list of numbers is returned as
    an array.

    Attributes:
        entries: the entries of the tape that are results.
        entry_of: the entry of each result that is a value with a history, by its
            number.
        leaf_of: the same for leaves that the function has made.
        starts: where each result begins in the buffer of results.
        shapes: of each result.
        has_values: whether there are values with a history.
    """

    def __init__(self, results: list[Any], script: Any) -> None:
        self.entries: list[int] = []
        self.entry_of: dict[int, int] = {}
        self.leaf_of: dict[int, int] = {}
        self.starts = [0]
        self._makers: list[tuple[Any, ...]] = []
        for which, x in enumerate(results):
            size = 0
            if isinstance(x, Node) and isinstance(data_of(x), Captured):
                raise CaptureError(AGAIN)
            if isinstance(x, list):
                self.entries += [script.entry_of(part) for part in x]
                size = len(x)
                self._makers.append((NUMBER, (size,), np.dtype(float), ""))
            elif (isinstance(x, Node) and not script.is_state(x)) or isinstance(x, Captured):
                entry = script.entry_of(x)
                self.entries.append(entry)
                if script.inner_grads.get(id(x)) is not None:
                    raise CaptureError(
                        "compile: the function returns a value whose gradient it has assigned, and that would be "
                        "lost;\nreturn the gradient, too, and assign it outside"
                    )
                number = script.tape.numbers[entry]
                shape = np.shape(number)
                size = int(np.prod(shape, dtype=int))
                how, label = _how(x), x.label if isinstance(x, Node) else ""
                if how in (VALUE, FRESH):
                    (self.entry_of if how == VALUE else self.leaf_of)[which] = entry
                self._makers.append((how, shape, number.dtype if shape else type(number), label))
            elif isinstance(x, np.ndarray) and x.dtype == object and any(map(_is_of_run, x.ravel().tolist())):
                raise CaptureError("compile: an array of objects holds numbers of the run; return a list of them")
            else:
                self._makers.append((KEPT, (), x, ""))
            self.starts.append(self.starts[-1] + size)
        self.shapes = [shape for _, shape, _, _ in self._makers]
        self.has_values = bool(self.entry_of)

    def is_one_array(self, dtype: str) -> bool:
        """Whether the only result is a large array of this dtype, without a history."""
        if len(self._makers) != 1:
            return False
        how, shape, kind, _ = self._makers[0]
        return bool(how == NUMBER and math.prod(shape) >= LARGE and np.dtype(kind) == np.dtype(dtype))

    def values(self, space: Space, call: Any) -> list[Any]:
        """All results of a call.

        Args:
            space: its memory.
            call: the call; None where no result has a history.
        """
        starts, numbers, doubles = self.starts, space.outputs, space.results
        found = []
        for which, (how, shape, kind, label) in enumerate(self._makers):
            if how == KEPT:
                found.append(kind)
                continue
            start = starts[which]
            x: Any
            if not shape:
                x = float(doubles.numbers[start]) if kind is float and doubles is not None else kind(numbers[start])
            else:
                x = np.array(numbers[start : starts[which + 1]].reshape(shape), kind)
            if how == VALUE:
                x = call.value(x, which)
            elif how != NUMBER:
                x = made(Value, x, CONSTANT if how == FIXED else LEAF, None, None)
                if call is not None and how == FRESH:
                    call.keep_in_sight(x, which)
            if label:
                x.label = label
            found.append(x)
        return found


VALUE, FIXED, FRESH, NUMBER, KEPT = "value", "constant", "leaf", "number", "kept"


def _is_of_run(x: Any) -> bool:
    return isinstance(x, (Node, Captured))


def check_objects(result: Any, script: Any) -> None:
    """Refuse an object of a user's class in a result, where numbers of the run are in
    it: a program cannot make it anew.

    Raises:
        CaptureError: it says what to return.
    """
    for x in fixed_of(result):
        for name, part in getattr(x, "__dict__", {}).items() if not callable(x) else ():
            if any(
                _is_of_run(leaf) and not (isinstance(leaf, Node) and script.is_state(leaf)) for leaf in leaves_of(part)
            ):
                kind = type(x).__name__
                raise CaptureError(
                    f"compile: the function returns an object of class {kind}, and a program cannot make one. Its "
                    f".{name} is a result;\nreturn a tuple, a dict or a dataclass, and make the {kind} outside"
                )


def _how(x: Any) -> str:
    if not isinstance(x, Node):
        return NUMBER
    return FIXED if is_constant(x) else FRESH if x._record is LEAF else VALUE


class Call:
    """One call of a compiled function: it keeps the numbers of the call for the way
    back.

    Attributes:
        running: the program.
        space: its memory in this call.
        given: the numbers among the arguments, and the arguments: (args, options).
    """

    __slots__ = ("_above", "_free", "given", "running", "space")

    def __init__(self, running: Any, space: Any, given: Any) -> None:
        self.running = running
        self.space = space
        self.given = given
        self._free = [space]
        self._above: list[tuple[int, Any]] = []  # results that others depend on

    def __del__(self) -> None:
        self.running.give_back(self.space)

    def value(self, data: Any, which: int) -> Any:
        """A result as a Value."""
        way = Way(self, which, self.running.targets(1 << which))
        node: Node = made(Value, data, COMPILED, way, way.targets.before)
        node._own_step = way
        node._has_own_step = True
        self.keep_in_sight(node, which)
        return node

    def keep_in_sight(self, node: Node, which: int) -> None:
        """Remember a result that others depend on, as long as somebody has it."""
        if self.running.has_above and which in self.running.plan.above:
            self._above.append((which, weakref.ref(node)))

    def free_space(self) -> Any:
        """Memory in which the lines of the call have run; give it back with `free`."""
        try:
            return self._free.pop()
        except IndexError:  # another thread goes back through this call
            return self.running.copy_of(self.space)

    def free(self, space: Any) -> None:
        """This memory is not needed any more."""
        if space is self.space:
            self._free.append(space)

    def eager_gradients(self, seeds: dict[int, Any], targets: Targets) -> tuple[Any, list[Any]]:
        """The gradients of the states on the engine, given those of some results: it
        knows when zero times infinity is 0.
        """
        nodes = [*targets.nodes, *targets.array_nodes]
        totals: list[Any] = [0.0 if node.shape == () else np.zeros(node.shape, node._dtype) for node in nodes]
        for i, part in enumerate(self._by_engine(seeds, NAN, nodes)):
            totals[i] = totals[i] if part is None else totals[i] + part
        count = len(targets.nodes)
        return np.array(totals[:count], float), totals[count:]

    def _by_engine(
        self, seeds: dict[int, Any], why: tuple[str, str], nodes: list[Any], which: int | None = None
    ) -> list[Any]:
        """Run the function once more, and walk back from its results.

        Args:
            seeds: the gradients of some results.
            why: what the engine is needed for, and what to do in time.
            nodes: whose gradients are asked for.
            which: the number of a result whose gradient is asked for, too.
        """
        running, (leaves, (args, options)) = self.running, self.given
        function = running.plan.function()
        if function is None:
            raise GradientError(f"{why[0]}, and the compiled function is gone;\nkeep it as long as its results")
        if not running.is_unchanged(self.space, leaves):
            raise GradientError(f"{why[0]}, and its values have changed since the call;\n{why[1]} before they change")
        with enable_grad():
            results = leaves_of(function(*args, **options))
        nodes = nodes if which is None else [*nodes, results[which]]
        totals: list[Any] = [None] * len(nodes)
        for j, seed in seeds.items():
            for i, part in enumerate(cotangents(results[j], seed, nodes)):
                totals[i] = part if totals[i] is None else totals[i] if part is None else totals[i] + part
        return totals

    # Results that other results were made from

    def owed_to(self, which: int, seeds: dict[int, Any]) -> Any:
        """The gradient of a result, by way of others; None for zero."""
        return self._by_engine(seeds, OWED, [], which)[0]

    def parts_of_leaves(self, seeds: dict[int, Any]) -> list[tuple[Node, Any]]:
        """What leaves get that the function has made and returned."""
        reached = self._reached(seeds)
        return [(node, self.owed_to(which, below)) for which, node, below in reached if node._own_step is None]

    def owe(self, seeds: dict[int, Any], walk: Walk) -> None:
        """Note for the other results what they get if somebody reads it."""
        for _, node, below in self._reached(seeds):
            if node._own_step is not None:
                node._own_step.owe(node, below, walk)

    def _reached(self, seeds: dict[int, Any]) -> list[tuple[int, Node, dict[int, Any]]]:
        """The results that these were made from, and the gradients that reach each."""
        found = []
        for which, reference in self._above:
            node, mask = reference(), self.running.plan.above[which]
            below = {j: seed for j, seed in seeds.items() if mask >> j & 1}
            if node is not None and below:
                found.append((which, node, below))
        return found


class Targets:
    """The states that some results depend on.

    Attributes:
        before: those that have a history themselves, as the second input of a node.
        nodes: the numbers that have a gradient.
        places: where these are among the gradients of numbers; None for all.
        array_nodes: the arrays that have a gradient.
        names: of the buffers of their gradients.
        has_history: whether there is something in `before`.
    """

    def __init__(
        self, numbers: list[Any], reached: list[int], arrays: list[tuple[str, Any]], inputs: list[Any]
    ) -> None:
        self.inputs = tuple(inputs)
        older = tuple([x for x in inputs if x._x is not None])
        self.has_history = bool(older)
        self.before: Any = None if not older else older[0] if len(older) == 1 else older
        self.nodes = [numbers[i] for i in reached]
        self.places = None if len(reached) == len(numbers) else np.array(reached, int)
        self.array_nodes = [node for _, node in arrays]
        self.names = [f"d_{name}" for name, _ in arrays]

    def numbers_in(self, space: Space) -> Doubles:
        """The gradients of numbers: those of the space itself, where that is all."""
        if not self.nodes:
            return Doubles(np.zeros(0))
        if self.places is None and not self.has_history:
            assert space.d_theta is not None
            return space.d_theta
        return Doubles(space.arrays["d_theta"].copy() if self.places is None else space.arrays["d_theta"][self.places])

    def arrays_in(self, space: Space) -> list[Any]:
        """Copies of the gradients of arrays."""
        names, nodes = self.names, self.array_nodes
        return [boundary.shaped(space.arrays[names[i]], nodes[i]) for i in range(len(names))]


class Back(Pending):
    """The way back through a call: what its results were given, and what that adds to
    the states.
    """

    __slots__ = ("_arrays", "_leaves", "_numbers", "_space", "call", "seeds", "targets")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.seeds: dict[int, Any] = {}
        self.targets: Any = None
        self._numbers: Any = None
        self._arrays: Any = None
        self._space: Any = None
        self._leaves: list[tuple[Node, Any]] = []

    def give(self, way: Way, gradient: Any) -> None:
        """A result gets this gradient."""
        self.seeds[way.which] = gradient
        targets = way.targets
        if len(self.seeds) > 1:
            targets = self.call.running.targets(sum([1 << which for which in self.seeds]))
        self.targets = targets

    def compute(self) -> None:
        """Run the lines of the way back, for all results at once."""
        if self._numbers is not None:
            return
        call, targets = self.call, self.targets
        space = call.free_space()
        call.running.go_back(space, self.seeds)
        numbers, arrays = targets.numbers_in(space), targets.arrays_in(space)
        if boundary.has_nan(numbers.numbers) or boundary.have_nan(arrays):
            found, arrays = call.eager_gradients(self.seeds, targets)
            numbers = Doubles(found)
        if numbers is space.d_theta:  # until they are added
            self._space = space
        else:
            call.free(space)
        self._numbers, self._arrays = numbers, arrays
        if call._above:
            self._leaves = call.parts_of_leaves(self.seeds)

    def add(self, walk: Walk | None) -> None:
        """Add to the gradients of all states that are leaves."""
        targets = self.targets
        if walk is not None and self.call._above:
            self.call.owe(self.seeds, walk)
            for leaf, part in self._leaves:
                add_part(walk, leaf, part)
        if targets.has_history or len(ACTIVE) > (walk is not None) or (walk is not None and walk.apart):
            for node, part in self.pairs():
                if node._x is None:
                    add_part(walk, node, part)
        else:
            boundary.add_to_grads(targets.nodes, self._numbers.numbers)
            for i in range(len(self._arrays)):
                add_part(walk, targets.array_nodes[i], self._arrays[i])
        if self._space is not None:
            self.call.free(self._space)

    def add_by_hand(self) -> None:
        """Add to the gradients of all states, those with a history, too."""
        for node, part in self.pairs():
            add_part(None, node, part)
        if self._space is not None:
            self.call.free(self._space)

    def pairs(self) -> list[tuple[Any, Any]]:
        """The states, each with what is added to its gradient."""
        numbers = np.asarray(self._numbers.numbers).tolist()
        return [
            *zip(self.targets.nodes, numbers, strict=True),
            *zip(self.targets.array_nodes, self._arrays, strict=True),
        ]


class Way(StepBack):
    """The way back from one result of a call; it also knows what the result was made
    from, and what gradient it is owed.

    In `return loss, scores` the loss was made from the scores. After `loss.backward()`
    these have gradients, which the program does not compute. The engine does, if
    somebody reads one.
    """

    __slots__ = ("_due", "call", "targets", "which")

    def __init__(self, call: Call, which: int, targets: Targets) -> None:
        self.call = call
        self.which = which
        self.targets = targets
        # A walk, gradients of others, its own part; of a result of a step only this.
        self._due: tuple[int, dict[int, Any], Any] | None = None
        if call.running.is_step and which in call.running.plan.ended:
            self._due = 0, {}, call.running.plan.ended[which]

    def owe(self, node: Node, seeds: dict[int, Any], walk: Walk) -> None:
        """Note what the result gets in a walk; what it had in earlier ones is gone."""
        number, known, own = self._due or (0, {}, None)
        if number != walk.number:
            known, own = {}, grad_of(node) if node._mark == walk.number else None
        self._due = walk.number, {**known, **seeds}, own
        forget_grad(node)

    def owed(self, node: Node) -> Any:
        """The gradient that the node is owed, now put into it; None for zero."""
        if self._due is None:
            return None
        _, seeds, own = self._due
        if not seeds and own is None:
            raise GradientError(
                "grad: this value is a result of a compiled step, which has called backward() itself and keeps no "
                "gradient for it;\nreturn its .data, or compile the loss alone"
            )
        if not seeds:
            return own
        part = self.call.owed_to(self.which, seeds)
        self._due = None
        set_grad(node, part if own is None else own if part is None else own + part)
        return grad_of(node)

    def forgive(self) -> None:
        """Another gradient is put into the node."""
        self._due = None

    def listed(self) -> tuple[Any, ...]:
        """The values that the result depends on."""
        return self.targets.inputs

    def take(self, walk: Walking, gradient: Any) -> None:
        """Keep the gradient until the walk ends: then all results of the call go back
        at once. Values with a history get theirs now.
        """
        call = self.call
        self._check(walk.create_graph)
        pending = walk.pending
        if pending is None:
            pending = walk.pending = {}
        has_history = self.targets.has_history
        key = self if has_history else call
        back = pending.get(key)
        if back is None:
            back = pending[key] = Back(call)
        back.give(self, gradient)
        if has_history:
            back.compute()
            for node, part in back.pairs():
                if node._x is not None:
                    walk.gradients.add(node, part, None)

    def take_alone(self, node: Node, seed: Any) -> bool:
        """The whole walk back from a result that is its root: no order is needed."""
        call = self.call
        if ACTIVE or CAPTURES or self.targets.has_history or call._above or call.running.is_step:
            return False
        back = Back(call)
        back.give(self, seed)
        back.compute()
        with LOCK:
            if node._mark not in ACTIVE:  # else another thread walks back from it, too
                set_grad(node, seed)
            back.add(None)
        return True

    def take_by_hand(self, node: Node) -> None:
        """Add to the gradients of all values that the result was made from."""
        if CAPTURES:
            refuse(node, "_backward()")
        self._check(False)
        gradient = node._grad
        if gradient is None:
            return
        back = Back(self.call)
        back.give(self, gradient)
        back.compute()
        with LOCK:
            back.add_by_hand()

    def _check(self, create_graph: bool) -> None:
        if create_graph:
            raise GradientError(
                "backward: create_graph=True goes through the result of a compiled function, which has no graph;\n"
                "compile the derivative: micrograd.compile(grad(f))"
            )
        if self.call.running.is_step:
            raise GradientError(
                "backward: the compiled function that gave this value is a whole step, and has called backward() "
                "itself;\nreturn its .data, and compile the loss alone to go back through it"
            )
