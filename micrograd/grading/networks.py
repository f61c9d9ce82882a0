"""Stage 10: Neuron, Layer and MLP of the learner, found beside the class."""

from __future__ import annotations

import contextlib
import inspect
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd.grading.attempts import Fault, attempt
from micrograd.grading.checks import Found, Grading, is_near
from micrograd.grading.programs import spelled, told_apart
from micrograd.grading.student import Student

XS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
YS = [1.0, -1.0, -1.0, 1.0]
SIZES = [4, 4, 1]
PARAMETERS = 41  # of MLP(3, [4, 4, 1]): 12 + 4, 16 + 4, 4 + 1

Case = tuple[list[float], float, list[float]]  # weights, a bias, inputs

# w·x + b is the same in a pair, and the output has to be
PAIRS: list[tuple[Case, Case]] = [
    (([0.5, 0.25, 0.75], 0.3, [2.0, 3.0, -1.0]), ([-0.4, 0.5, 0.2], 0.7, [1.0, 1.0, 2.5])),
    (([0.5, 0.25, 0.75], 0.3, [-2.0, -3.0, 1.0]), ([0.1, -0.6, 0.5], -0.2, [1.0, 1.0, 0.0])),
]
ACTIVATIONS: list[Callable[[float], float]] = [
    float,
    math.tanh,
    lambda s: max(s, 0.0),
    lambda s: 1 / (1 + math.exp(-s)),
]
STEP = 1e-5  # of the differences
NEARLY = 1e-4  # of the gradients against them


def networks(grading: Grading) -> None:
    """Stage 10: each class that the module has; the others are listed."""
    with _seeded_draws(grading.seed):
        for name, checks in CHECKS.items():
            cls = getattr(grading.module, name, None)
            if not isinstance(cls, type):
                grading.check(10, name, Found, "absent")
                continue
            if arrays := _arrays(cls, *MADE[name]):
                said = f"{name}: not graded, as its parameters are arrays {arrays}; the grader takes a Value per number"
                grading.check(10, name, Found, "limit", said)
                continue
            for what, find in checks:
                grading.check(10, what, find, grading.student, cls, rests_on=[*grading.failed])


def _neuron(student: Student, cls: type) -> Found:
    """The output depends on w·x + b, and on nothing else."""
    firsts = []
    for one, other in PAIRS:
        outputs = [attempt(_output, student, cls, *case) for case in (one, other)]
        if not is_near(*outputs):
            return _depends_on_more(outputs, one, other)
        firsts.append(outputs[0])
    if firsts[0] != firsts[1]:
        return Found()
    sums = " and ".join(spelled(_sum(*one)) for one, _ in PAIRS)
    said = f"Neuron(3)(x) is {spelled(firsts[0])} where w·x + b is {sums}; it changes with w·x + b"
    return Found("failed", said)


def _depends_on_more(outputs: Sequence[float], one: Case, other: Case) -> Found:
    w, b, x = other
    said = (
        f"Neuron(3)(x) depends on more than w·x + b, which is {spelled(_sum(*one))} twice: "
        f"it is {spelled(outputs[0])}, and {spelled(outputs[1])} with w = {w}, b = {b}, x = {x}"
    )
    totals = [_sum(case[0], 0.0, case[2]) for case in (one, other)]
    if any(all(is_near(y, f(total)) for y, total in zip(outputs, totals, strict=True)) for f in ACTIVATIONS):
        repair = "the bias is not added: sum((wi * xi for wi, xi in zip(self.w, x)), self.b)"
        return Found("failed", said, [repair], ["bias-forgotten"])
    repair = "each input times its weight; the sum of these and the bias; then the activation"
    return Found("failed", said, [repair])


def _sum(w: Sequence[float], b: float, x: Sequence[float]) -> float:
    return sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b


def _output(student: Student, cls: type, w: Sequence[float], b: float, x: Sequence[float]) -> float:
    """What a neuron gives with these numbers in the place of its own."""
    neuron = _made(cls, 3)
    weights, bias = _weights(student, neuron)
    if len(weights) != len(w):
        raise Fault(f"has {len(weights)} weights; Neuron(3) has 3, and a bias")
    for parameter, data in zip([*weights, bias], [*w, b], strict=True):
        parameter.data = parameter.data * 0.0 + data  # an array stays one
    return student.number(_single(neuron(list(x))))


def _weights(student: Student, neuron: Any) -> tuple[list[Any], Any]:
    """The weights of a neuron, and its bias."""
    weights = next((getattr(neuron, name) for name in ("w", "weights", "ws") if hasattr(neuron, name)), None)
    bias = next((getattr(neuron, name) for name in ("b", "bias") if hasattr(neuron, name)), None)
    if weights is None or bias is None:
        *weights, bias = neuron.parameters()
    weights = list(weights)
    for x in [*weights, bias]:
        _check_is_value(student, x)
    if len({*map(id, weights)}) < len(weights):
        raise Fault(f"has one value as several of its {len(weights)} weights; make a new one for each")
    return weights, bias


def _check_is_value(student: Student, x: Any) -> None:
    if isinstance(x, (list, tuple)):
        raise Fault(
            "has parameters in lists of lists; give one list: [p for n in self.neurons for p in n.parameters()]"
        )
    if not isinstance(x, student.cls):
        name = student.cls.__name__
        raise Fault(f"has a {type(x).__name__} as a parameter; without a {name} it gets no gradient: {name}({x!r:.9})")


def _arrays(cls: type, *arguments: Any) -> str:
    """The shapes of parameters that are arrays of several numbers; "" for others."""

    def run() -> list[Any]:
        return [getattr(getattr(p, "data", p), "shape", ()) for p in _made(cls, *arguments).parameters()]

    try:
        shapes = [tuple(shape) for shape in attempt(run) if math.prod(shape) > 1]
    except Fault:  # the checks say what is wrong
        return ""
    return " and ".join(map(str, shapes[:2])) + " ..." * (len(shapes) > 2)


def _layer(student: Student, cls: type) -> Found:
    """As many outputs as neurons, and neurons that are not one and the same."""

    def run() -> tuple[int, int, int]:
        layer = _made(cls, 3, 4)
        outputs = layer(list(XS[0]))
        parameters = _parameters(student, layer)
        return len(outputs) if isinstance(outputs, (list, tuple)) else 1, len(parameters), len({*map(id, parameters)})

    outputs, parameters, different = attempt(run)
    if outputs != 4:
        return Found(
            "failed", f"Layer(3, 4)(x) has {outputs} output{'s' * (outputs != 1)}; it has 4, one of each neuron"
        )
    found = _counted("Layer(3, 4)", parameters, different, 16, 12)
    return found if found.said else _each_counts("Layer(3, 4)", student, cls, 3, 4)


def _mlp(student: Student, cls: type) -> Found:
    """The 41 parameters of the texts' network."""

    def run() -> tuple[int, int]:
        parameters = _parameters(student, _made(cls, 3, SIZES))
        return len(parameters), len({*map(id, parameters)})

    found = _counted("MLP(3, [4, 4, 1])", *attempt(run), PARAMETERS, PARAMETERS - sum(SIZES))
    return found if found.said else _each_counts("MLP(3, [4, 4, 1])", student, cls, 3, SIZES)


def _each_counts(what: str, student: Student, cls: type, *arguments: Any) -> Found:
    """The output changes with each parameter: none is a copy, no neuron is left out."""

    def run() -> int | None:
        model = _made(cls, *arguments)
        parameters = _parameters(student, model)
        for i, parameter in enumerate(parameters):
            parameter.data = parameter.data * 0.0 + 0.1 + 0.005 * i  # so that no ReLU is off
        before = _outputs(student, model)
        for i, parameter in enumerate(parameters):
            data = parameter.data
            parameter.data = data + 0.1
            if all(map(is_near, _outputs(student, model), before)):
                return i
            parameter.data = data
        return None

    place = attempt(run)
    if place is None:
        return Found()
    advice = (
        "parameters() gives the values themselves, no copies; each neuron and each layer is used, one after the other"
    )
    return Found("failed", f"{what}: its output does not change with parameter {place}", [advice])


def _outputs(student: Student, model: Any) -> list[float]:
    outputs = model([1.0, 0.5, 2.0])
    return [student.number(y) for y in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def _counted(what: str, count: int, different: int, right: int, weights: int) -> Found:
    if count == different == right:
        return Found()
    if different < count:
        said = f"{what}: {different} of its {count} parameters are different values; all {right} are"
        return Found(
            "failed",
            said,
            ["make a new one each time: [Neuron(n)] * 4 is four times the same neuron"],
            ["shared-neurons"],
        )
    advice, slips = [], []
    if count == weights:
        advice, slips = ["the biases are not among the parameters: self.w + [self.b]"], ["biases-left-out"]
    if count == right - weights:
        advice, slips = ["the weights are not among the parameters: self.w + [self.b]"], ["weights-left-out"]
    return Found("failed", f"{what} has {count} parameters; it has {right}", advice, slips)


def _gradients(student: Student, cls: type) -> Found:
    """The gradients of a loss against differences of the loss itself."""
    wrong = attempt(_wrong_gradient, student, cls)
    if wrong is None:
        return Found()
    place, data, given, low, high = wrong
    loss = "MLP(3, [4, 4, 1]) and the loss of the four samples"
    said = f"the gradient of parameter {place}, {spelled(data)}, is {spelled(given)}"
    return Found("failed", f"{loss}: {said}; the loss changes with it by {(low + high) / 2:.4g}")


def _wrong_gradient(student: Student, cls: type) -> tuple[int, float, float, float, float] | None:
    """The first wrong one: its place, the parameter, it, and what it lies between."""
    model = _made(cls, 3, SIZES)
    parameters = _parameters(student, model)
    _zero(student, model, parameters)
    _loss(model).backward()
    before = _losses(student, model)
    for place, parameter in enumerate(parameters):
        data = parameter.data
        parameter.data = data + STEP
        above = _losses(student, model)
        parameter.data = data - STEP
        below = _losses(student, model)
        parameter.data = data
        # A ReLU has two slopes at 0, and any number between them is right.
        slopes = [((up - at) / STEP, (at - down) / STEP) for up, at, down in zip(above, before, below, strict=True)]
        low, high = sum(map(min, slopes)), sum(map(max, slopes))
        near = NEARLY * max(1.0, abs(low), abs(high))
        given = student.number(parameter, "grad")
        if not low - near <= given <= high + near:
            return place, student.number(parameter), given, low, high
    return None


def _losses(student: Student, model: Any) -> list[float]:
    """The loss of each sample."""
    return [(student.number(_single(model(list(x)))) - y) ** 2 for x, y in zip(XS, YS, strict=True)]


def _loss(model: Any) -> Any:
    """The sum of squares of the texts, by `+` and `*` alone."""
    total: Any = None
    for x, y in zip(XS, YS, strict=True):
        error = _single(model(list(x))) + -y
        total = error * error if total is None else total + error * error
    return total


def _zeroed(student: Student, cls: type) -> Found:
    """`zero_grad()`, if the network has it, and a second step."""

    def run() -> list[float]:
        model = _made(cls, 3, SIZES)
        parameters = _parameters(student, model)
        gradients = []
        for _ in range(2):
            data = [student.number(p) for p in parameters]
            _zero(student, model, parameters)
            if data != [student.number(p) for p in parameters]:
                raise Fault("changes the data of parameters; it sets p.grad = 0")
            left = max(abs(student.number(p, "grad")) for p in parameters)
            _loss(model).backward()
            gradients += [left, student.number(parameters[0], "grad"), student.number(parameters[-1], "grad")]
        return gradients

    first_left, *first, left, again, last = attempt(run)
    changed = [pair for pair in ((again, first[0]), (last, first[1])) if not is_near(*pair)]
    if first_left == left == 0.0 and not changed:
        return Found()
    said = "model.zero_grad(): a gradient of the 41 is "
    if left or first_left:
        advice = "zero_grad() sets p.grad = 0 for each p of self.parameters()"
        return Found("failed", f"{said}{spelled(left or first_left)} after it; it is 0", [advice], ["forgot-zero-grad"])
    second, right = told_apart(*changed[0])
    return Found("failed", f"{said}{second} in the second step; it is {right}, as in the first")


def _zero(student: Student, model: Any, parameters: Sequence[Any]) -> None:
    if callable(getattr(model, "zero_grad", None)):
        model.zero_grad()
        return
    for parameter in parameters:
        student.set_grad(parameter, 0.0)


def _parameters(student: Student, module: Any) -> list[Any]:
    if not hasattr(module, "parameters"):
        raise Fault("has no `parameters()`; it is a list of all weights and biases")
    parameters = list(module.parameters())
    for parameter in parameters:
        _check_is_value(student, parameter)
    return parameters


def _single(output: Any) -> Any:
    """The one output of a network; some give a list of one."""
    if isinstance(output, (list, tuple)):
        if len(output) != 1:
            raise Fault(f"gives {len(output)} outputs; with one neuron at the end it gives one")
        return output[0]
    return output


def _made(cls: type, *arguments: Any) -> Any:
    """An instance; of other arguments that it needs, such as a name, each is 0."""
    try:
        names = list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):
        return cls(*arguments)
    needed = [x for x in names if x.default is x.empty and x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
    return cls(*arguments, *[0] * (len(needed) - len(arguments)))


@contextlib.contextmanager
def _seeded_draws(seed: int) -> Iterator[None]:
    """The same random weights for the same seed; the caller's draws go on as before."""
    numpys = sys.modules.get("numpy")
    state, other = random.getstate(), numpys.random.get_state() if numpys else None
    random.seed(seed)
    if numpys:
        numpys.random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
        if numpys:
            numpys.random.set_state(other)


MADE: dict[str, tuple[Any, ...]] = {"Neuron": (3,), "Layer": (3, 4), "MLP": (3, SIZES)}
CHECKS: dict[str, list[tuple[str, Callable[[Student, type], Found]]]] = {
    "Neuron": [("Neuron", _neuron)],
    "Layer": [("Layer", _layer)],
    "MLP": [("the 41 parameters", _mlp), ("gradients of the 41", _gradients), ("zero_grad", _zeroed)],
}
