"""The same program in fewer and larger steps.

What changes nothing is left out, and a convolution or a pool is one step again, as
formats have it. Each rule looks at one step and at those that made its inputs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from micrograd import on_demand as np
from micrograd.exporting import numpy_helpers
from micrograd.exporting.program import Constant, Larger, Name, Program, Size, Step

PADDED = Larger("padded", lambda x, pad, number: np.pad(x, pad, constant_values=number))
CONV = Larger("conv", numpy_helpers.conv)
MAX_POOL = Larger("max_pool", numpy_helpers.max_pool)


def simplified(program: Program) -> Program:
    """The program after all rules."""
    steps = {step.name: step for step in program.steps}
    constants = dict(program.constants)
    kinds = program.kinds()
    for rule in (_left_out, _padded, _convolution, _ungrouped, _max_pool):
        other: dict[str, Name] = {}
        uses = Counter(x for step in steps.values() for x in step.inputs if isinstance(x, Name))
        uses.update(x for x in program.results if isinstance(x, Name))
        for step in list(steps.values()):
            step.inputs = [other.get(x, x) if isinstance(x, Name) else x for x in step.inputs]
            made = rule(step, steps, constants, uses, kinds)
            if isinstance(made, Name):
                other[step.name] = made
                del steps[step.name]
            elif made is not None:
                steps[step.name] = made
        program.results = [other.get(x, x) if isinstance(x, Name) else x for x in program.results]
    return _renumbered(_needed(replace(program, steps=list(steps.values()), constants=constants)))


def _needed(program: Program) -> Program:
    """Without what no result follows from."""
    asked = {x for x in program.results if isinstance(x, Name)}
    kept: list[Step] = []
    for step in reversed(program.steps):
        if step.name in asked:
            kept.append(step)
            asked |= {x for x in step.inputs if isinstance(x, Name)}
    constants = {name: constant for name, constant in program.constants.items() if name in asked}
    return replace(program, steps=kept[::-1], constants=constants)


def _renumbered(program: Program) -> Program:
    new = {step.name: Name(f"v{i}") for i, step in enumerate(program.steps, 1)}
    for step in program.steps:
        step.name = new[step.name]
        step.inputs = [new.get(x, x) if isinstance(x, Name) else x for x in step.inputs]
    program.results = [new.get(x, x) if isinstance(x, Name) else x for x in program.results]
    return program


# The rules. Each gives a step for the step, a name that stands for it, or None.

Steps = dict[Name, Step]


def _left_out(step: Step, steps: Steps, constants: Any, uses: Any, kinds: Any) -> Any:
    """Steps that change nothing."""
    name, x = step.op.name, step.inputs[0] if step.inputs else None
    if not isinstance(x, Name):
        return None
    if name in ("stop_gradient", "positive"):
        return x
    if name == "where" and step.inputs[1] == step.inputs[2] and isinstance(step.inputs[1], Name):
        return step.inputs[1] if kinds[step.inputs[1]] == (step.shape, step.dtype) else None
    if name == "transpose":
        axes = step.params.get("axes")
        rank = len(step.shape)
        step.params["axes"] = tuple(range(rank))[::-1] if axes is None else tuple(a % rank for a in axes)
    before = steps.get(x)
    if name == "_in_bounds" and before is not None and before.op is step.op:
        return x if before.params["length"] == step.params["length"] else None
    if name == "transpose" and step.params.get("axes") == tuple(range(len(step.shape))):
        return x
    if name in ("reshape", "broadcast_to", "cast") and kinds[x] == (step.shape, step.dtype):
        return x
    return None


def _padded(step: Step, steps: Steps, constants: Any, uses: Any, kinds: Any) -> Any:
    """An array put into the middle of a frame."""
    number: float | None = 0.0
    if step.op.name == "scatter":
        x = step.inputs[0]
    elif step.op.name == "index_set":
        frame, x = step.inputs
        base = steps.get(frame)
        frame = base.inputs[0] if base is not None and base.op.name == "broadcast_to" else frame
        if frame not in constants or not isinstance(x, Name):
            return None
        number = _number_around(constants[frame].data, step.params["index"])
        if number is None:
            return None
    else:
        return None
    index, shape = step.params["index"], step.shape
    if not isinstance(x, Name) or not isinstance(index, tuple) or len(index) != len(shape):
        return None
    pad = []
    for entry, n, inner in zip(index, shape, kinds[x][0], strict=True):
        if not isinstance(entry, slice) or entry.step is not None or not isinstance(entry.start, int):
            return None
        if isinstance(n, Size) or isinstance(inner, Size):
            if n != inner or entry.start != 0 or entry.stop != n:
                return None
            pad.append((0, 0))
        elif entry.stop - entry.start != inner:
            return None
        else:
            pad.append((entry.start, n - entry.stop))
    return replace(step, op=PADDED, inputs=[x], params={"pad": tuple(pad), "number": number})


def _number_around(frame: Any, index: Any) -> float | None:
    """The number that all of a frame is equal to, outside of an index."""
    outside = np.ones(frame.shape, bool)
    outside[tuple(s if n > 1 else slice(None) for s, n in zip(index, frame.shape, strict=True))] = False
    numbers = frame[outside]
    if not numbers.size:
        return 0.0
    return float(numbers[0]) if np.array_equal(numbers, np.full_like(numbers, numbers[0])) else None


def _before(x: Any, name: str, steps: Steps, uses: Any) -> Step | None:
    """The step that made x, if it is of this op and nobody else reads it."""
    step = steps.get(x) if isinstance(x, Name) else None
    return step if step is not None and step.op.name == name and uses[x] == 1 else None


def _window(x: Any, number: float, steps: Steps, uses: Any, kinds: Any) -> tuple[Any, dict[str, Any]] | None:
    """What a window slides over, and how."""
    seen = _before(x, "windows", steps, uses)
    if seen is None:
        return None
    k, source = len(seen.params["size"]), seen.inputs[0]
    frame = _before(source, "padded", steps, uses)
    pad: Any = ((0, 0),) * k
    if frame is not None and frame.params["number"] == number and not any(map(any, frame.params["pad"][:-k])):
        source, pad = frame.inputs[0], frame.params["pad"][-k:]
    return source, {"pad": pad, "stride": seen.params["stride"], "dilation": seen.params["dilation"]}


def _convolution(step: Step, steps: Steps, constants: dict[str, Constant], uses: Any, kinds: Any) -> Any:
    """A window and its products with kernels."""
    subscripts = step.params.get("subscripts", "") if step.op.name == "contract" else ""
    if len(step.inputs) != 2 or step.inputs[1] not in constants:
        return None
    for k in (1, 2, 3):
        p, q = "pqr"[:k], "uvw"[:k]
        if subscripts == f"nc{p}{q},fc{q}->nf{p}":
            found = _window(step.inputs[0], 0.0, steps, uses, kinds)
            if found is not None:
                return replace(step, op=CONV, inputs=[found[0], step.inputs[1]], params={**found[1], "groups": 1})
        if subscripts == f"ngc{p}{q},gfc{q}->ngf{p}":
            parted = _before(step.inputs[0], "reshape", steps, uses)
            found = None if parted is None else _window(parted.inputs[0], 0.0, steps, uses, kinds)
            if found is not None:
                data = constants[step.inputs[1]].data
                weight = Name(f"{step.inputs[1].split(' as ')[0]}")
                kernels = data.reshape(-1, *data.shape[2:])
                if weight in constants and not np.array_equal(constants[weight].data, kernels):
                    weight = Name(f"{step.inputs[1]} kernels")
                constants[weight] = Constant(weight, kernels, "")
                return replace(step, op=CONV, inputs=[found[0], weight], params={**found[1], "groups": data.shape[0]})
    return None


def _ungrouped(step: Step, steps: Steps, constants: Any, uses: Any, kinds: Any) -> Any:
    """The reshape after a convolution by groups, which has put them together."""
    before = _before(step.inputs[0], "conv", steps, uses) if step.op.name == "reshape" else None
    if before is None or before.params["groups"] == 1:
        return None
    before.shape = step.shape
    return before.name


def _max_pool(step: Step, steps: Steps, constants: Any, uses: Any, kinds: Any) -> Any:
    """Windows, with their elements along axis 0, and the largest of them."""
    if step.op.name != "max" or step.params.get("axis") != 0 or step.params.get("keepdims"):
        return None
    flat = _before(step.inputs[0], "reshape", steps, uses)
    moved = None if flat is None else _before(flat.inputs[0], "transpose", steps, uses)
    seen = None if moved is None else _before(moved.inputs[0], "windows", steps, uses)
    if seen is None or flat is None or moved is None:
        return None
    k, size = len(seen.params["size"]), seen.params["size"]
    rank = len(seen.shape)
    is_rotation = moved.params["axes"] == (*range(rank - k, rank), *range(rank - k))
    if not is_rotation or flat.shape != (int(np.prod(size)), *seen.shape[:-k]) or step.shape != seen.shape[:-k]:
        return None
    found = _window(moved.inputs[0], -np.inf, steps, uses, kinds)
    assert found is not None
    return replace(step, op=MAX_POOL, inputs=[found[0]], params={"size": size, **found[1]})
