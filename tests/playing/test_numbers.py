"""The numbers of the page are those of plain micrograd, to the last bit."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
from typing import Any

import pytest

from micrograd import optim
from micrograd.nn import MLP
from micrograd.ops import softplus
from micrograd.playing import Play
from micrograd.playing.optimisers import MOVES, Memory, moved, rate_at

LOSSES = {
    "max-margin": lambda score, label: (1 + -label * score).relu(),
    "squares": lambda score, label: (score - label) ** 2,
    "logistic": lambda score, label: softplus(-label * score),
}
OPTIMISERS = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9),
    "adam": lambda parameters: optim.Adam(parameters, lr=0.1),
}
SETTINGS = list(itertools.product(LOSSES, ("tanh", "relu"), OPTIMISERS))
SMALL = {"layers": [4, 3], "data": {"n": 12}}


def ask(play: Play, do: str, **fields: Any) -> dict[str, Any]:
    answer = play.handle({"id": 1, "do": do, **fields})
    assert answer["ok"], answer["error"]
    json.dumps(answer, allow_nan=False)
    return answer


def steps(play: Play, n: int, **fields: Any) -> dict[str, Any]:
    """n steps, in as many messages as a busy machine needs."""
    state = ask(play, "step", **fields)
    until = state["step"] + n - 1
    while state["step"] < until:
        state = ask(play, "step", n=until - state["step"])
    return state


def the_loss(model: Any, points: Any, loss: str, l2: float = 1e-4) -> Any:
    scores = [model([x, y]) for x, y, _ in points]
    losses = [LOSSES[loss](score, point[2]) for score, point in zip(scores, points, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + l2 * sum(p * p for p in model.parameters()), scores


@pytest.mark.parametrize(("loss", "activation", "optimiser"), SETTINGS)
def test_fifty_steps_beside_plain_micrograd(loss, activation, optimiser):
    """Each loss, gradient, parameter and colour of 50 steps, by `micrograd.optim`."""
    play = Play()
    state = ask(play, "new", loss=loss, activation=activation, optimiser=optimiser, grid=5, **SMALL)
    random.seed(1337)
    model = MLP(2, [4, 3, 1], activation=activation)
    steps = OPTIMISERS[optimiser](model.parameters())
    for k in range(51):
        total, scores = the_loss(model, state["points"], loss)
        steps.zero_grad()
        total.backward()
        assert state["step"] == k
        assert state["loss"] == state["losses"][k] == total.data
        for layer, shown in zip(model.layers, state["layers"], strict=True):
            assert shown["w"] == [[w.data for w in n.w] for n in layer.neurons]
            assert shown["gw"] == [[w.grad for w in n.w] for n in layer.neurons]
            assert shown["b"] == [n.b.data for n in layer.neurons]
            assert shown["gb"] == [n.b.grad for n in layer.neurons]
        right = [(score.data > 0) == (point[2] > 0) for score, point in zip(scores, state["points"], strict=True)]
        assert state["accuracy"] == sum(right) / len(right)
        if k % 10 == 0:
            x0, x1, y0, y1 = state["grid"]["box"]
            places = [
                (x0 + (x1 - x0) * j / 4, y0 + (y1 - y0) * i / 4) for i, j in itertools.product(range(5), range(5))
            ]
            assert state["grid"]["scores"] == [model([x, y]).data for x, y in places]
        steps.step()
        if k < 50:
            state = ask(play, "step", grid=5)


@pytest.mark.parametrize(("loss", "activation", "optimiser"), SETTINGS)
def test_the_program_prints_the_same_losses(loss, activation, optimiser):
    """With a batch, and all changes that can be made on the way."""
    play = Play()
    ask(play, "new", loss=loss, activation=activation, optimiser=optimiser, rate="decay", batch=5, **SMALL)
    steps(play, 3)
    ask(play, "add", x=0.3, y=-0.1, label=1)
    steps(play, 2)
    ask(play, "move", index=2, x=0.25, y=0.5)
    ask(play, "set", path="layers.1.neurons.0.w.2", value=-0.5)
    steps(play, 2, rate=0.05)
    ask(play, "delete", index=0)
    ask(play, "set", path="layers.2.neurons.0.b", value=0.125)
    state = steps(play, 3)
    assert state["step"] == 10
    assert printed(ask(play, "python")["code"]) == state["losses"]
    # the settings give them again
    again = Play()
    ask(again, "new", **state["settings"])
    assert steps(again, 10)["losses"] == state["losses"]
    assert ask(again, "state")["settings"] == state["settings"]


def printed(code: str, names: dict[str, Any] | None = None) -> list[float]:
    out = io.StringIO()
    before = random.getstate()
    with contextlib.redirect_stdout(out):
        exec(code, {} if names is None else names)
    random.setstate(before)
    return [float(line.split()[1]) for line in out.getvalue().splitlines()]


def some_settings(generator: random.Random) -> dict[str, Any]:
    choices = {
        "seed": [0, 2**32 - 1, generator.randrange(2**32)],
        "layers": [[generator.randint(1, 4) for _ in range(n)] for n in range(1, 5)],
        "activation": ["tanh", "relu"],
        "loss": [*LOSSES],
        "l2": [0, 1e-4, 1],
        "optimiser": [*OPTIMISERS],
        "rate": ["decay", 0.1, 0.01, 0],
        "batch": [0, 1, 3, 200],
        "data": [{"name": name, "n": generator.randint(1, 9)} for name in ("moons", "circles", "spiral", "xor")],
    }
    return {name: generator.choice(some) for name, some in choices.items()}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_done_the_program_and_the_settings_give_it_again(seed):
    """Each parameter, to the last bit, also after going back and changing the past."""
    generator, play = random.Random(seed), Play()
    state = ask(play, "new", **some_settings(generator), grid=0)
    for _ in range(25):
        point = {"x": generator.uniform(-2, 2), "y": generator.choice([0.0, -0.0, 1.5])}
        index = generator.randrange(len(state["points"]))
        path = generator.choice(["layers.0.neurons.0.w.1", "layers.1.neurons.0.b"])
        requests: list[dict[str, Any]] = [
            *[{"do": "step"}] * 3,
            {"do": "step", "rate": generator.choice(["decay", 0.05])},
            {"do": "goto", "step": generator.randint(0, state["steps"])},
            {"do": "add", **point, "label": generator.choice([-1, 1])},
            {"do": "move", "index": index, **point},
            {"do": "set", "path": path, "value": generator.choice([-0.5, 0, generator.gauss(0, 1)])},
            *[{"do": "delete", "index": index}] * (len(state["points"]) > 1),
        ]
        state = ask(play, **generator.choice(requests), grid=0)
    names: dict[str, Any] = {}
    assert printed(ask(play, "python")["code"], names) == state["losses"][: state["step"] + 1]
    assert [[w.data for n in layer.neurons for w in [*n.w, n.b]] for layer in names["model"].layers] == [
        [x for w, b in zip(layer["w"], layer["b"], strict=True) for x in [*w, b]] for layer in state["layers"]
    ]
    again = Play()
    other = ask(again, "new", **json.loads(json.dumps(state["settings"])), grid=0)
    while other["step"] < state["steps"]:
        other = ask(again, "step", grid=0)
    assert other["losses"] == state["losses"]
    other = ask(again, "goto", step=state["step"], grid=0)
    assert other | {"chosen": 0, "score": 0, "activations": 0} == state | {"chosen": 0, "score": 0, "activations": 0}


def test_a_run_of_the_defaults_is_text_001s_with_points_of_its_own():
    play = Play()
    state = steps(play, 5)
    assert state["losses"][0] == 0.5878849812785998  # printed by the program of `python`
    assert printed(ask(play, "python")["code"]) == state["losses"]


@pytest.mark.parametrize("name", MOVES)
def test_an_optimiser_gives_the_bits_of_its_class(name):
    from micrograd import Value

    generator = random.Random(3)
    parameters = [Value(generator.gauss(0, 1)) for _ in range(20)]
    steps = OPTIMISERS[name](parameters)
    numbers, memory = [p.data for p in parameters], Memory()
    for _ in range(60):
        slopes = [generator.gauss(0, 1) * 10 ** generator.randint(-6, 3) for _ in parameters]
        for p, g in zip(parameters, slopes, strict=True):
            p.grad = g
        steps.step()
        numbers, memory = moved(name, numbers, slopes, memory, 0.1)
        assert list(numbers) == [p.data for p in parameters]


def test_the_rate_falls_as_in_text_001():
    assert [rate_at("decay", k) for k in range(100)] == [1.0 - 0.9 * k / 100 for k in range(100)]
    assert rate_at("decay", 5000) == 0.1


def test_a_slice_is_the_loss_along_one_parameter():
    play = Play()
    ask(play, "new", **SMALL)
    state = steps(play, 4)
    path = "layers.0.neurons.1.w.0"
    answer = ask(play, "slice", path=path, lo=-1.0, hi=1.0, n=9)
    assert answer["value"] == state["layers"][0]["w"][1][0]
    assert answer["grad"] == state["layers"][0]["gw"][1][0]
    for x, loss in zip(answer["xs"], answer["losses"], strict=True):
        other = Play()
        ask(other, "new", **state["settings"])
        steps(other, 4)
        assert ask(other, "set", path=path, value=x)["loss"] == loss
    assert ask(play, "state") == ask(play, "state") | {"loss": state["loss"]}  # nothing has moved


def test_activations_are_those_of_the_chosen_point():
    play = Play()
    ask(play, "new", **SMALL)
    state = ask(play, "choose", index=3)
    random.seed(1337)
    model = MLP(2, [4, 3, 1], activation="tanh")
    out: Any = state["points"][3][:2]
    wanted = [out]
    for layer in model.layers:
        out = layer(out)
        wanted.append([x.data for x in (out if isinstance(out, list) else [out])])
    assert state["activations"] == wanted
    assert state["score"] == wanted[-1][0]


def test_the_globals_of_random_are_left_alone():
    random.seed(5)
    wanted = random.random()
    random.seed(5)
    ask(Play(), "new", seed=3)
    assert random.random() == wanted
