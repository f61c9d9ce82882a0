"""Running: what a plan does at each call. It reads numbers, runs the lines, and gives
results.
"""

from __future__ import annotations

from typing import Any

from micrograd import on_demand as np
from micrograd.compiling import arguments, boundary, copies, lending
from micrograd.compiling.results import Call, Targets
from micrograd.compiling.spaces import Doubles, Space
from micrograd.errors import CaptureError, StateChangedError
from micrograd.gathering import forget_gradients
from micrograd.node import data_of, is_constant
from micrograd.trees import like

KEPT = 8  # workspaces that wait for the next calls, at most


class Running:
    """What calls of a plan need.

    Attributes:
        plan: the plan.
        is_step: whether a call changes data or gradients of states.
        has_above: whether results depend on other results.
        pool: workspaces that wait for the next calls.
    """

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        self.is_step = plan.is_step
        self.has_above = bool(plan.above)
        self._forward, self._backward = plan.runner.forward, plan.runner.backward
        self._theta = plan.theta
        self._states = [(name, x, x.shape, x._dtype) for name, x in plan.array_states]
        self._array = np.ndarray
        self._befores = plan.array_befores
        self._reads = plan.reads
        self._checks = plan.checks
        self._cleared = plan.cleared
        self._puts = plan.put_at
        self._lending = plan.lending
        self._borrows, self._gives_away = plan.borrows, plan.gives_away
        self._returned = plan.returned
        self._tree = plan.tree
        self._is_single = type(plan.tree) is int
        self._is_tuple = type(plan.tree) is tuple and plan.tree == tuple(range(len(plan.tree)))
        self._count = len(plan.argument_shapes) - len(plan.reads)
        self.pool: list[Any] = []
        self._targets: dict[int, Targets] = {}

    def holds(self) -> bool:
        """Whether what our own objects told the capture is still so."""
        for holds in self._checks:  # noqa: SIM110 - a loop is quicker than a generator
            if not holds():
                return False
        return True

    def run(self, leaves: list[Any], given: Any) -> Any:
        """The results for these arguments.

        Args:
            leaves: the numbers and arrays among the arguments.
            given: the arguments themselves, (args, options).
        """
        if self._reads:
            leaves = [*leaves, *[read() for read in self._reads]]
        space = self._space()
        lent = self._lending
        self._read(space, leaves, self._borrows)
        self._forward(space.work)
        if self._borrows:
            lending.give_back(space.work)
        if self._is_nan(space):
            return self._uncompiled(space, given)
        for states, put, numbers in space.writes:
            put(states, numbers)
        if lent is not None:
            lent.settle(space.work)
        for write, numbers in space.apart:
            write(numbers.copy())
        if self._cleared:
            forget_gradients(self._cleared)
        if not self._returned.has_values:
            if self._gives_away:
                results = [lending.given_away(space.work, "outputs")]
            else:
                results = self._returned.values(space, None)
            self.give_back(space)
        else:
            results = self._returned.values(space, Call(self, space, (leaves, given)))
        for i, write in self._puts:
            write(results[i])
        if self._is_single:
            return results[0]
        return tuple(results) if self._is_tuple and not self._puts else like(self._tree, results)

    def _read(self, space: Space, leaves: list[Any], borrows: bool) -> None:
        """Put all numbers that the program reads into the workspace.

        Args:
            space: the workspace.
            leaves: the numbers and arrays among the arguments.
            borrows: read large arrays where they are.
        """
        arrays, views = space.arrays, space.views
        if space.theta is not None:
            wrong = boundary.read(self._theta, space.theta.numbers)
            if wrong >= 0:
                raise StateChangedError(
                    f"compile: {boundary.described(self._theta[wrong])} was a number when the function was captured;\n"
                    f"compile the function again"
                )
        for name, state, shape, dtype in self._states:
            view = views.get(name)
            if view is not None and copies.copied(data_of(state), shape, view):
                continue
            data = boundary.array_of(state, shape, dtype)
            if not borrows or not lending.borrowed(space.work, name, data):
                arrays[name][:] = data.reshape(-1)
        if space.before is not None:
            boundary.read_grads(self._theta, space.before.numbers)
        for name, state in self._befores:
            boundary.read_array_grad(state, arrays[name])
        for k in range(len(leaves)):
            x = space.arguments[k]
            if x is not None:
                leaf = leaves[k]
                is_array = type(leaf) is self._array
                view = space.argument_views[k]
                if view is not None and (is_array or type(leaf) is float) and copies.copied(leaf, None, view):
                    continue
                if borrows and is_array and lending.borrowed(space.work, f"arg{k}", leaf):
                    continue
                x[...] = leaf if k < self._count and is_array else arguments.flat(leaf)

    def _is_nan(self, space: Space) -> bool:
        """Whether something that comes out is nan: the engine knows when zero times
        infinity is 0, and what to raise or to warn of.
        """
        for x in space.looked_at:
            if type(x) is Doubles:
                doubles: Doubles = x
                if boundary.has_nan(doubles.numbers):
                    return True
            elif boundary.array_has_nan(x):
                return True
        for name in space.lent:  # noqa: SIM110 - a loop is quicker than a generator
            if boundary.array_has_nan(space.arrays[name]):
                return True
        return False

    def _uncompiled(self, space: Space, given: Any) -> Any:
        """What the function itself gives."""
        self.give_back(space)
        args, options = given
        function = self.plan.function()
        return function(*args, **options)

    def rehearsed(self, runner: Any = None) -> Any:
        """A workspace in which the captured call was run, without a trace outside.

        Args:
            runner: runs it in the place of the plan's own.
        """
        space = Space(self.plan, self._count, runner)
        runner = runner or self.plan.runner
        leaves: list[Any] = []
        arguments.replaced_in_call(self.plan.given, leaves.append)
        leaves += [read() for read in self._reads]
        self._read(space, leaves, False)
        runner.forward(space.work)
        if self.plan.back:
            space.arrays["d_outputs"][:] = 1.0
            runner.backward(space.work)
        return space.work

    # Memory

    def _space(self) -> Space:
        try:
            return self.pool.pop()  # type: ignore[no-any-return]
        except IndexError:
            return Space(self.plan, self._count)

    def give_back(self, space: Space) -> None:
        """A workspace that no result needs any more."""
        if len(self.pool) < KEPT:
            self.pool.append(space)

    def copy_of(self, space: Space) -> Space:
        """A workspace that has computed the same."""
        other = Space(self.plan, self._count)
        for name in self._inputs(other.arrays):
            other.arrays[name][:] = space.arrays[name]
        self._forward(other.work)
        return other

    # The way back

    def targets(self, which: int) -> Targets:
        """The states that some results depend on.

        Args:
            which: the sum of 2**i for each result i.
        """
        known = self._targets.get(which)
        if known is None:
            known = self._targets[which] = self._targets_of(which)
        return known

    def _targets_of(self, which: int) -> Targets:
        plan = self.plan
        found = [s for s, x in enumerate(plan.states) if plan.reached.get(s, 0) & which and not is_constant(x)]
        there = set(found)
        reached = [i for i, s in enumerate(plan.numbers) if s in there]
        arrays = [(name, x) for name, x in plan.array_states if int(name[len("state") :]) in there]
        return Targets(self._theta, reached, arrays, [plan.states[s] for s in found])

    def go_back(self, space: Space, seeds: dict[int, Any]) -> None:
        """Run the way back, given the gradients of some results."""
        starts, doubles = self._returned.starts, space.seeds
        if doubles is None:
            space.d_outputs[:] = 0.0
        else:
            doubles.numbers[:] = 0.0
        for which, gradient in seeds.items():
            start = starts[which]
            if doubles is not None and type(gradient) is float:
                numbers = doubles.numbers
                numbers[start] = gradient
            else:
                space.d_outputs[start : starts[which + 1]] = np.reshape(data_of(gradient), -1)
        self._backward(space.work)

    def is_unchanged(self, space: Space, leaves: list[Any]) -> bool:
        """Whether values and arguments are as they were in a call."""
        now = Space(self.plan, self._count)
        try:
            self._read(now, leaves, False)
        except (CaptureError, ValueError):
            return False
        return all(
            np.array_equal(now.arrays[name], space.arrays[name], equal_nan=True) for name in self._inputs(now.arrays)
        )

    def _inputs(self, arrays: dict[str, Any]) -> list[str]:
        """The buffers that hold what a call reads."""
        plan = self.plan
        states = {name for name, _ in [*plan.array_states, *plan.array_befores]}
        names = {*states, "theta", *(["before"] if plan.reads_before else ())}
        return [name for name in arrays if name in names or name.startswith("arg")]
