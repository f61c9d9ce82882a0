"""The tape back end: a flat program computes what eager computes, bit for bit."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, no_grad
from micrograd.compiling import arguments, compile
from micrograd.compiling.capture import Capture, Captured
from micrograd.compiling.tape import STATE, Tape
from micrograd.compiling.tape_runner import TapeRunner, Workspace
from micrograd.compiling.transcript import Transcript
from micrograd.data import make_moons
from micrograd.errors import CaptureError
from micrograd.nn import MLP
from micrograd.ops import add, exp, log, maximum, multiply, power, relu, sin, sqrt, stop_gradient, tanh, where
from micrograd.plain import is_compiled
from micrograd.record import Elementwise
from micrograd.table import OPS
from micrograd.trees import leaves_of
from tests.samples import KINKS, SAMPLES


class Run:
    """A function on the tape: captured once, then called with other numbers."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        capture = Capture()
        leaves: list[Any] = []

        def make(leaf: Any) -> Any:
            leaves.append(leaf)
            size = np.arange(np.size(leaf)).reshape(np.shape(leaf)) if np.shape(leaf) else 0
            captured = Captured(capture, leaf, ("argument", len(leaves) - 1, size))
            capture.notes.append(captured)
            return captured

        with warnings.catch_warnings(), capture:
            warnings.simplefilter("ignore")
            result = function(*[make(leaf) for leaf in args])
        script = Transcript(capture)
        script.tape.argument_sizes = [np.size(leaf) for leaf in leaves]
        entries = [script.entry_of(x) for x in leaves_of(result)]
        grads = {k: e for k, e in script.grads.items() if e is not None}
        self.states = script.states
        self.written, self.held = [*script.written], [*grads]
        self.runner = TapeRunner(
            script.tape,
            len(self.states),
            entries,
            [*script.written.values()],
            [*grads.values()],
            script.root,
            script.seed,
        )
        self.space: Workspace = self.runner.workspace()
        self.arrays = self.space.arrays

    def forward(self, *args: Any) -> list[float]:
        self.arrays["theta"][:] = [state.data for state in self.states]
        if self.arrays["before"].size == len(self.states):
            self.arrays["before"][:] = [state.grad for state in self.states]
        for k, leaf in enumerate(args):
            self.arrays[f"arg{k}"][:] = arguments.flat(leaf)
        self.runner.forward(self.space)
        return self.arrays["outputs"].tolist()

    def backward(self, *seeds: float) -> list[float]:
        self.arrays["d_outputs"][:] = seeds
        self.runner.backward(self.space)
        return self.arrays["d_theta"].tolist()

    def step(self, *args: Any) -> list[float]:
        """A call of a whole step, which changes its states."""
        outputs = self.forward(*args)
        for k, number in zip(self.written, self.arrays["written"].tolist(), strict=True):
            self.states[k].data = number
        for k, number in zip(self.held, self.arrays["grads"].tolist(), strict=True):
            self.states[k].grad = number
        return outputs


def outcome(compute: Callable[[], Any]) -> Any:
    """What comes out: bits and warnings, or the error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result: Any = repr(compute())
        except Exception as error:
            result = (type(error), str(error))
    return result, sorted({(w.category, str(w.message).split(", in ")[0]) for w in caught}, key=str)


def eager(function: Callable[..., Any], states: list[Value], *args: Any, seed: float = 1.0) -> Any:
    """The number and the gradients that the engine gives."""
    for state in states:
        state.zero_grad()
    z = function(*args)
    number = float(z.data)
    z.backward(seed)
    return number, [state.grad + 0.0 for state in states]


def on_tape(run: Run, *args: Any, seed: float = 1.0) -> Any:
    (number,) = run.forward(*args)
    return number, [grad + 0.0 for grad in run.backward(seed)]  # the sign of a zero depends on the way, in eager too


def same(function: Callable[[], Any], states: list[Value], points: list[list[float]], seed: float = 1.0) -> None:
    """A function of states gives the same on the tape at all points, where it was
    captured at the first.
    """

    def put(point: list[float]) -> None:
        for state, number in zip(states, point, strict=True):
            state.data = number

    put(points[0])
    run = Run(function)
    places = [[s is state for s in run.states].index(True) if state in run.states else -1 for state in states]
    for point in points:
        put(point)

        def found() -> Any:
            number, grads = on_tape(run, seed=seed)
            return number, [grads[k] if k >= 0 else 0.0 for k in places]

        wanted = outcome(lambda: eager(function, states, seed=seed))
        assert outcome(found) == wanted, (point, run.runner.source)


# Every op


def scalars(x: Any) -> Any:
    """The first number of an input."""
    return x if np.shape(x) == () else float(np.asarray(x, float).ravel()[0])


CALLS: dict[str, tuple[str, list[float], dict[str, Any]]] = {}
for sample in [*SAMPLES]:
    if isinstance(OPS[sample.op], Elementwise) and all(np.size(x) for x in sample.inputs):
        given = [float(scalars(x)) for x in sample.inputs]
        CALLS.setdefault(f"{sample.op}{sample.params or ''}", (sample.op, given, sample.params))
DIFFERENTIABLE = [name for name, (op, _, _) in CALLS.items() if OPS[op].differentiable]
EDGES = [0.0, -0.0, 1.0, -1.0, 2.0, -3.5, 1e-310, 1e308, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_each_op_gives_eagers_bits(name: str) -> None:
    op, given, params = CALLS[name]
    states = [Value(x) for x in given]
    draw = random.Random(name)
    near = [[x * draw.uniform(0.9, 1.1) for x in given] for _ in range(4)]
    at_edges = [[draw.choice(EDGES) for _ in given] for _ in range(20)]
    same(lambda: OPS[op](*states, **params) * 3.0, states, [given, *near, *at_edges])


@pytest.mark.parametrize("name", [name for name in CALLS if name not in DIFFERENTIABLE])
def test_each_comparison_chooses_as_eager(name: str) -> None:
    op, given, params = CALLS[name]
    x, y = Value(0.0), Value(0.0)
    count = len(given)
    points = [[a, b] for a in EDGES for b in EDGES]
    same(
        lambda: where(OPS[op](*[x.data, y.data][:count], **params), x * 2.0, y * y),
        [x, y],
        [[2.0, 3.0], *points],
    )


@pytest.mark.parametrize(
    "kink", [k for k in KINKS if np.shape(k.x) == () and isinstance(OPS[k.op], Elementwise)], ids=str
)
def test_kinks(kink: Any) -> None:
    x = Value(float(kink.x))
    same(lambda: OPS[kink.op](x, *kink.others, **kink.params), [x], [[float(kink.x)], [1.5], [float(kink.x)]])


# Random programs


def drawn_program(seed: int) -> tuple[Callable[[], Value], list[Value]]:
    """A function of a few states: ops of all kinds, shared nodes, constants,
    comparisons, numbers without history.
    """
    draw = random.Random(seed)
    states = [Value(draw.uniform(0.2, 2.0)) for _ in range(draw.randint(1, 6))]
    plan: list[Any] = []
    numbers: list[Any] = [*states]
    for _ in range(draw.randint(5, 60)):
        name = draw.choice(DIFFERENTIABLE) if draw.random() < 0.5 else draw.choice(["add", "multiply"])
        op, given, params = CALLS[name]
        picks = [
            draw.uniform(-2.0, 2.0) if draw.random() < 0.1 else draw.choice([-1, 2]) if draw.random() < 0.05 else None
            for _ in given
        ]
        places = [len(numbers) - 1 - min(int(draw.expovariate(0.3)), len(numbers) - 1) for _ in given]
        step = (op, picks, places, params, draw.random())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                made = applied(step, numbers)
            except Exception:
                continue
        if isinstance(made, Value) and math.isfinite(made.data) and abs(made.data) < 1e6:
            plan.append(step)
            numbers.append(made)

    def program() -> Value:
        values: list[Any] = [*states]
        for step in plan:
            values.append(applied(step, values))
        return states[0] * sum(values[-3:])

    return program, states


def applied(step: Any, values: list[Any]) -> Any:
    op, picks, places, params, kind = step
    inputs = [values[place] if pick is None else pick for pick, place in zip(picks, places, strict=True)]
    if kind < 0.1:
        inputs[0] = values[places[0]].detach()
    z = OPS[op](*inputs, **params)
    if kind > 0.95:
        z = where(values[places[0]].data > 1.0, z, values[0] * z)
    elif kind > 0.9:
        z = z * values[places[-1]].data
    return z


@pytest.mark.parametrize("seed", range(200))
def test_random_programs_give_eagers_bits(seed: int) -> None:
    program, states = drawn_program(seed)
    draw = random.Random(-seed)
    start = [state.data for state in states]
    others = [[x * draw.uniform(0.8, 1.2) for x in start] for _ in range(2)]
    same(program, states, [start, *others, [0.0] * len(start)], seed=draw.choice([1.0, -0.3]))


def test_arguments_are_read_at_each_call() -> None:
    x = Value(0.7)

    def f(a: Any, b: Any) -> Any:
        return tanh(x * a[0]) * Value(b) + a[1] ** 2 * x

    run = Run(f, np.array([1.0, 2.0]), 3.0)
    for a, b in ((np.array([1.0, 2.0]), 3.0), (np.array([-4.0, 0.25]), 0.1)):
        assert on_tape(run, a, b) == eager(f, [x], [a[0].item(), a[1].item()], b)


# What is not finite


POLES: list[tuple[str, Callable[[Value, Value], Any], list[list[float]]]] = [
    ("0 times inf is 0", lambda x, y: where(x.data > 0.0, x, 1.0) * 2.0 + sqrt(x) * 0.0, [[1.0, 1.0], [0.0, 1.0]]),
    ("a branch not taken", lambda x, y: where(x.data > 0.0, log(x), y), [[1.0, 1.0], [0.0, 3.0], [-1.0, 2.0]]),
    ("a kink that warns", lambda x, y: sqrt(x * x) + y, [[1.0, 1.0], [0.0, 1.0]]),
    ("a division by 0", lambda x, y: 1.0 / x + y, [[1.0, 1.0], [0.0, 1.0]]),
    ("too large", lambda x, y: exp(x * 1000.0) * y, [[0.1, 1.0], [1.0, 1.0], [1.0, 0.0]]),
    ("a nan that a comparison hides", lambda x, y: relu(x) + maximum(x, y), [[1.0, 1.0], [math.nan, 1.0]]),
    ("inf minus inf", lambda x, y: x * 2.0 - y * 2.0, [[1.0, 1.0], [math.inf, math.inf], [math.inf, 1.0]]),
    ("power at 0", lambda x, y: power(x, y) + x**0.5, [[1.0, 1.0], [0.0, 1.0], [0.0, 0.5], [-1.0, 0.5]]),
]


@pytest.mark.parametrize(("name", "f", "points"), POLES, ids=[name for name, _, _ in POLES])
def test_not_finite(name: str, f: Any, points: list[list[float]]) -> None:
    x, y = Value(1.0), Value(1.0)
    for seed in (1.0, 0.0, math.inf):
        same(lambda: f(x, y), [x, y], points, seed=seed)


def test_after_an_error_the_memory_serves_again() -> None:
    x = Value(2.0)
    run = Run(lambda: 1.0 / (x - 1.0) * x)
    wanted = on_tape(run)
    x.data = 1.0
    with pytest.raises(RuntimeWarning, match="divide by zero"):
        run.forward()
    x.data = 2.0
    assert on_tape(run) == wanted


def test_a_rule_that_fails_leaves_no_gradients_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(2.0)
    run = Run(lambda: sin(where(x.data > 0.0, x, 1.0)) * x)
    wanted = on_tape(run)

    def fails(*_: Any) -> Any:
        raise KeyError("a rule")

    monkeypatch.setattr("micrograd.compiling.tape_runner.parts_by_rules", fails)
    if not is_compiled(__import__("micrograd.compiling.tape_runner", fromlist=["x"])):
        with pytest.raises(KeyError):
            run.backward(1.0)
    monkeypatch.undo()
    assert on_tape(run) == wanted


# Whole numbers


def test_ints_stay_ints() -> None:
    x = Value(1.5)

    def f(labels: Any) -> Any:
        right = [(label > 0) == (x.data > 0) for label in labels]
        return sum(right) / len(right) + x * -labels[0], -labels[1] * 1 + 3

    run = Run(f, np.array([1, 0, -1]))
    for labels in ([1, 0, -1], [-1, 0, 1], [5, 7, 0]):
        z, n = f([*labels])
        assert run.forward(np.array(labels)) == [z.data, n]
        assert [str(number) for number in run.arrays["outputs"].tolist()] == [str(z.data), str(float(n))]  # no -0.0


def test_an_int_that_no_double_holds_is_refused() -> None:
    x = Value(1.5)
    run = Run(lambda n: x * (n[0] * n[0] + 1), np.array([3]))
    assert run.forward(np.array([5])) == [39.0]
    with pytest.raises(CaptureError, match="add gives 1267650600228229401496703205377, an int with more digits"):
        run.forward(np.array([2**50]))
    with pytest.raises(CaptureError, match="the int 9007199254740993 has more digits than a double; use a float"):
        Run(lambda: x * (2**53 + 1))


# Whole steps


def moons(samples: int) -> tuple[Any, Any, Any]:
    """001's moons: the loss, the parameters, and a step of the training."""
    np.random.seed(1337)
    random.seed(1337)
    X, y = make_moons(n_samples=samples, noise=0.1, random_state=1337)
    y = y * 2 - 1
    model = MLP(2, [16, 16, 1])

    def loss(X: Any, y: Any) -> Any:
        inputs = [list(map(Value, xrow)) for xrow in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
        return data_loss + reg_loss, sum(accuracy) / len(accuracy)

    def step(X: Any, y: Any, lr: Any) -> Any:
        total, accuracy = loss(X, y)
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= lr * p.grad
        return total.data, accuracy

    return model, step, (X, y)


def test_100_steps_of_the_moons() -> None:
    import micrograd.compiling.tape_runner as room

    steps, samples = (100, 100) if is_compiled(room) else (6, 20)  # the plain engine takes a second a step
    model, step, (X, y) = moons(samples)
    start = [p.data for p in model.parameters()]
    wanted = [step(X, y, 1.0 - 0.9 * k / 100) for k in range(steps)]
    end = [(p.data, p.grad) for p in model.parameters()]
    for p, data in zip(model.parameters(), start, strict=True):
        p.data = data
    run = Run(step, X, y, 1.0)
    found = [tuple(run.step(X, y, 1.0 - 0.9 * k / 100)) for k in range(steps)]
    assert found == wanted
    assert [(p.data, p.grad) for p in model.parameters()] == end


def test_compile_runs_on_the_tape() -> None:
    model, step, (X, y) = moons(5)
    start = [p.data for p in model.parameters()]
    wanted = [step(X, y, lr) for lr in (0.5, 0.25)]
    end = [(p.data, p.grad) for p in model.parameters()]
    for p, data in zip(model.parameters(), start, strict=True):
        p.data, p.grad = data, 0.0
    fast = compile(step, backend="tape", exact=True)
    assert [fast(X, y, lr) for lr in (0.5, 0.25)] == wanted
    assert [(p.data, p.grad) for p in model.parameters()] == end
    w = Value(2.0)
    loss = compile(lambda xs: (sum(sin(w * x) for x in xs), len(xs)), backend="tape")
    z, count = loss([1.0, 2.0])
    (z * 2.0).backward()
    assert (z.data, count, w.grad) == (math.sin(2.0) + math.sin(4.0), 2, 2.0 * (math.cos(2.0) + 2.0 * math.cos(4.0)))


def test_gradients_accumulate_without_zero_grad() -> None:
    def program(x: Value, y: Value) -> Callable[[Any], Any]:
        def step(lr: Any) -> Any:
            z = tanh(x * y) * x
            z.backward(0.5)
            x.data -= lr * x.grad
            y.data = x.data * y.data
            return z.data

        return step

    x, y, a, b = Value(0.3), Value(1.1), Value(0.3), Value(1.1)
    run, step = Run(program(x, y), 0.1), program(a, b)
    for lr in (0.1, 0.2, 0.3):
        assert run.step(lr) == [step(lr)]
        assert (x.data, x.grad, y.data, y.grad) == (a.data, a.grad, b.data, b.grad)


def test_a_step_where_zero_meets_infinity_goes_through_the_engine() -> None:
    def program(x: Value) -> Callable[[], Any]:
        def step() -> Any:
            x.zero_grad()
            (sqrt(x * x) + x).backward()
            x.data = x.data - x.grad
            return x.data

        return step

    x, a = Value(2.0), Value(2.0)
    run, step = Run(program(x)), program(a)
    with pytest.warns(match="a gradient of 0 times an infinite slope|0"):
        for _ in range(3):
            assert run.step() == [step()]
            assert (x.data, x.grad) == (a.data, a.grad)


@pytest.mark.parametrize("kind", ["a result", "a value made inside", "a state"])
def test_data_assigned_before_backward_is_refused(kind: str) -> None:
    """The rules would read the new data, and the tape has the old."""
    x = Value(2.0)

    def step() -> Any:
        y = Value(3.0)
        z = x * y
        (x if kind == "a state" else y if kind == "a value made inside" else z).data = 5.0
        z.backward()
        return x.grad

    wanted = "the result of an op; make a Value" if kind == "a result" else "is assigned data before backward"
    with pytest.raises(CaptureError, match=wanted):
        Run(step)


# Several results


def test_each_result_has_its_gradients() -> None:
    x, y, unused = Value(2.0), Value(3.0), Value(5.0)
    run = Run(lambda: (x * y, x + unused.detach(), Value(4.0)))
    assert run.forward() == [6.0, 7.0, 4.0]
    order = [run.states.index(v) for v in (x, y, unused)]

    def back(*seeds: float) -> list[float]:
        grads = run.backward(*seeds)
        return [grads[k] for k in order]

    assert back(1.0, 0.0, 0.0) == [3.0, 2.0, 0.0]
    assert back(0.0, -2.0, 0.0) == [-2.0, 0.0, 0.0]
    assert back(1.0, 2.0, 7.0) == [5.0, 2.0, 0.0]
    assert back(0.0, 0.0, 0.0) == [0.0, 0.0, 0.0]
    assert back(1.0, 0.0, 0.0) == [3.0, 2.0, 0.0]


def test_a_state_that_is_the_result() -> None:
    x = Value(2.0)
    run = Run(lambda: x)
    assert (run.forward(), run.backward(3.0)) == ([2.0], [3.0])


def test_no_gradient_goes_through_no_grad() -> None:
    x = Value(2.0)

    def f() -> Any:
        with no_grad():
            z = x * x
        return z * x + stop_gradient(x) * x

    same(f, [x], [[2.0], [-3.0]])


def test_two_workspaces_do_not_meet() -> None:
    x = Value(2.0)
    run = Run(lambda: x * x)
    other = run.runner.workspace()
    other.arrays["theta"][:] = 5.0
    run.runner.forward(other)
    assert run.forward() == [4.0]
    other.arrays["d_outputs"][:] = 1.0
    run.runner.backward(other)
    assert (other.arrays["d_theta"].tolist(), run.backward(1.0)) == ([10.0], [4.0])


# Large graphs, and what is refused


@pytest.mark.parametrize("shape", ["chain", "random"])
def test_large_graphs(shape: str) -> None:
    draw = random.Random(1)
    states = [Value(draw.uniform(-1.0, 1.0)) for _ in range(50)]

    def f() -> Any:
        draw = random.Random(2)
        values: list[Any] = [*states]
        for k in range(20_000):
            x, y = (values[-1], states[k % 50]) if shape == "chain" else draw.choices(values, k=2)
            values.append(tanh(x) if draw.random() < 0.2 else x + y if draw.random() < 0.5 else x * y)
        return sum(values[-5000:])

    same(f, states, [[state.data for state in states], [0.5] * 50])


def test_arrays_are_refused() -> None:
    x = Value([1.0, 2.0])
    with pytest.raises(
        CaptureError, match=r"the tape runs on Python's numbers, and state has shape \(2,\); use backend"
    ):
        Run(lambda: (x * 2.0).sum())
    with pytest.raises(CaptureError, match="and add is of type Fraction"):
        tape = Tape()
        a = tape.add(STATE, number=1.0, origin=0)
        TapeRunner(tape, 1, [tape.add(add, (a, a), number=__import__("fractions").Fraction(1, 2))])


def test_the_source_lists_the_entries() -> None:
    x = Value(2.0)
    run = Run(lambda a: (x**3 * a[1] + 0.5, True), np.array([1.0, 2.0]))
    assert run.runner.source.splitlines() == [
        "v0 = raise_to(theta[0], exponent=3)",
        "v1 = multiply(v0, arg0[1])",
        "v2 = add(v1, 0.5)",
        "return v2, True",
    ]

    def step(lr: Any) -> None:
        (x * x).backward()
        x.data = x.data - lr * x.grad

    assert Run(step, 0.5).runner.source.splitlines() == [
        "v0 = multiply(theta[0], theta[0])",
        "backward(v0)",
        "v1 = add(d_theta[0], before[0])",
        "v2 = stop_gradient(theta[0])",
        "v3 = multiply(arg0[0], v1)",
        "v4 = subtract(v2, v3)",
        "return",
    ]
    run = Run(lambda: sum([x * k for k in range(100)]))
    lines = run.runner.source.splitlines()
    assert (len(lines), lines[30], lines[-1]) == (62, "...  # 140 more", "return v199")


def test_the_way_back_is_eagers_order() -> None:
    """A sum of three gradients, which depends on its order."""
    x = Value(1.0)
    same(lambda: x * 1e16 + (x * -1e16 + x * 1.0), [x], [[1.0]])
    same(lambda: (x * 1.0 + x * 1e16) + x * -1e16, [x], [[1.0]])
    same(lambda: multiply(x * 1e16, 1.0) + (x * 1.0 + relu(x * -1e16 + 1e17)), [x], [[1.0]])
