"""Rules: one step of each, by the formula of its paper; purity, trees, composition."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

from micrograd import Value, grad, jvp, optim
from micrograd.errors import ArgumentError, ShapeError
from micrograd.nn import Module

X, G1, G2 = 2.0, 0.5, -1.5  # a parameter, and its gradients in two steps


def after(rule: optim.Rule, *gradients: float) -> list[float]:
    """The parameter after each step."""
    x, found = X, []
    state = rule.init([X])
    for g in gradients:
        updates, state = rule.update([g], state, [x])
        x += updates[0]
        found.append(x)
    return found


def sgd_by_hand() -> list[float]:
    g = G1 + 0.1 * X
    x = X - 0.2 * (g + 0.9 * g)  # b = g at the first step
    h = G2 + 0.1 * x
    b = 0.9 * g + h
    return [x, x - 0.2 * (h + 0.9 * b)]


def asgd_by_hand() -> list[float]:
    x = X * (1 - 0.01 * 0.2) - 0.2 * G1
    eta = 0.2 / (1 + 0.01 * 0.2 * 1) ** 0.75
    return [x, x * (1 - 0.01 * eta) - eta * G2]


def adam_by_hand() -> list[float]:
    m, v = 0.1 * G1, 0.001 * G1**2
    x = X - 0.2 * (m / 0.1) / (math.sqrt(v / 0.001) + 1e-8)
    m, v = 0.9 * m + 0.1 * G2, 0.999 * v + 0.001 * G2**2
    return [x, x - 0.2 * (m / (1 - 0.9**2)) / (math.sqrt(v / (1 - 0.999**2)) + 1e-8)]


def amsgrad_by_hand() -> list[float]:
    """With G1 > G2 in size the largest v is the first."""
    m, v = 0.1 * G2, 0.5 * G2**2
    x = X - 0.2 * (m / 0.1) / (math.sqrt(v / 0.5) + 1e-8)
    m, w = 0.9 * m + 0.1 * 0.01, 0.5 * v + 0.5 * 0.01**2
    return [x, x - 0.2 * (m / (1 - 0.9**2)) / (math.sqrt(max(v, w) / (1 - 0.5**2)) + 1e-8)]


def adamw_by_hand() -> list[float]:
    x = X * (1 - 0.2 * 0.1)
    return [x - 0.2 * G1 / (abs(G1) + 1e-8)]


def adamax_by_hand() -> list[float]:
    m, u = 0.1 * G1, abs(G1) + 1e-8
    x = X - 0.2 / 0.1 * m / u
    m, u = 0.9 * m + 0.1 * G2, max(0.999 * u, abs(G2) + 1e-8)
    return [x, x - 0.2 / (1 - 0.81) * m / u]


def nadam_by_hand() -> list[float]:
    m, v = 0.1 * G1, 0.001 * G1**2
    mu = [0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in range(3)]
    size = math.sqrt(v / 0.001) + 1e-8
    return [X - 0.2 * ((1 - mu[1]) / (1 - mu[1]) * G1 + mu[2] / (1 - mu[1] * mu[2]) * m) / size]


def radam_by_hand() -> list[float]:
    """With beta2 = 0.5 there are never more than 3 steps in v: no rectification."""
    return [X - 0.2 * G1, X - 0.2 * G1 - 0.2 * (0.9 * 0.1 * G1 + 0.1 * G2) / (1 - 0.81)]


def rmsprop_by_hand() -> list[float]:
    v, m = 0.25 * G1**2, 0.25 * G1
    b = G1 / (math.sqrt(v - m**2) + 1e-8)
    x = X - 0.2 * b
    v, m = 0.75 * v + 0.25 * G2**2, 0.75 * m + 0.25 * G2
    return [x, x - 0.2 * (0.5 * b + G2 / (math.sqrt(v - m**2) + 1e-8))]


def adagrad_by_hand() -> list[float]:
    s = 0.3 + G1**2
    x = X - 0.2 * G1 / (math.sqrt(s) + 1e-10)
    return [x, x - 0.2 / (1 + 0.5) * G2 / (math.sqrt(s + G2**2) + 1e-10)]


def adadelta_by_hand() -> list[float]:
    v = 0.1 * G1**2
    d = math.sqrt(1e-6) / math.sqrt(v + 1e-6) * G1
    u, v = 0.1 * d**2, 0.9 * v + 0.1 * G2**2
    return [X - d, X - d - math.sqrt(u + 1e-6) / math.sqrt(v + 1e-6) * G2]


def rprop_by_hand() -> list[float]:
    """Down by 0.2; the sign has changed: no step; then up by half of that."""
    return [X - 0.2, X - 0.2, X - 0.2 + 0.1, X - 0.2 + 0.1 + 0.12]


def lion_by_hand() -> list[float]:
    x = X - 0.2 * (1 + 0.1 * X)
    return [x, x - 0.2 * (-1 + 0.1 * x)]  # sign(0.9 * 0.01 * G1 + 0.1 * G2)


ONE_STEP = [
    (optim.sgd(0.2, 0.9, weight_decay=0.1, nesterov=True), (G1, G2), sgd_by_hand),
    (optim.asgd(0.2, 0.01), (G1, G2), asgd_by_hand),
    (optim.adam(0.2), (G1, G2), adam_by_hand),
    (optim.adam(0.2, (0.9, 0.5), amsgrad=True), (G2, 0.01), amsgrad_by_hand),
    (optim.adamw(0.2, weight_decay=0.1), (G1,), adamw_by_hand),
    (optim.adamax(0.2), (G1, G2), adamax_by_hand),
    (optim.nadam(0.2), (G1,), nadam_by_hand),
    (optim.radam(0.2, (0.9, 0.5)), (G1, G2), radam_by_hand),
    (optim.rmsprop(0.2, 0.75, momentum=0.5, centered=True), (G1, G2), rmsprop_by_hand),
    (optim.adagrad(0.2, 0.5, initial_accumulator_value=0.3), (G1, G2), adagrad_by_hand),
    (optim.adadelta(), (G1, G2), adadelta_by_hand),
    (optim.rprop(0.2), (G1, G2, G2, G2), rprop_by_hand),
    (optim.lion(0.2, weight_decay=0.1), (G1, G2), lion_by_hand),
]


@pytest.mark.parametrize(("rule", "gradients", "by_hand"), ONE_STEP, ids=lambda x: getattr(x, "__name__", ""))
def test_steps_by_hand(rule: optim.Rule, gradients: tuple[float, ...], by_hand: Any) -> None:
    np.testing.assert_allclose(after(rule, *gradients), by_hand(), rtol=1e-13)


def test_muon_by_hand() -> None:
    """One iteration, a tall matrix: the gram matrix of the transposed one."""
    g = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    x = g.T / 5.0
    gram = x @ x.T
    wanted = 2.0 * x + (-1.5 * gram + 0.5 * gram @ gram) @ x
    rule = optim.muon(0.1, 0.5, momentum=0.0, ns_coefficients=(2.0, -1.5, 0.5), ns_steps=1)
    updates, _ = rule.update([g], rule.init([g]), [g])
    np.testing.assert_allclose(updates[0], -0.1 * math.sqrt(3 / 2) * wanted.T - 0.05 * g, rtol=1e-13)


RULES = {
    "sgd": optim.sgd(0.1, 0.9),
    "asgd": optim.asgd(0.1),
    "adam": optim.adam(0.1),
    "amsgrad": optim.adam(0.1, amsgrad=True),
    "adamw": optim.adamw(0.1),
    "adamax": optim.adamax(0.1),
    "nadam": optim.nadam(0.1),
    "radam": optim.radam(0.1),
    "rmsprop": optim.rmsprop(0.05, momentum=0.5, centered=True),
    "adagrad": optim.adagrad(0.5),
    "adadelta": optim.adadelta(20.0),
    "rprop": optim.rprop(0.1),
    "lion": optim.lion(0.02),
    "muon": optim.muon(0.05, 0.0),
    "chain": optim.chain(optim.clip_values(5.0), optim.clip(1.0), optim.adam(0.1)),
}
TARGET = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize("name", RULES)
def test_a_rule_finds_the_minimum(name: str) -> None:
    rule, x = RULES[name], np.zeros((2, 2))
    state = rule.init([x])
    for _ in range(400):
        updates, state = rule.update([2 * (x - TARGET)], state, [x])
        x = x + updates[0]
    assert np.max(np.abs(x - TARGET)) < 0.1


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_a_rule_changes_nothing_in_place_and_keeps_the_dtype(name: str, dtype: Any) -> None:
    rule = RULES[name]
    params, gradients = [TARGET.astype(dtype)], [TARGET.T.astype(dtype)]
    _, state = rule.update(gradients, rule.init(params), params)
    before = copy.deepcopy((gradients, state, params))
    updates, later = rule.update(gradients, state, params)
    np.testing.assert_equal((gradients, state, params), before)
    assert updates[0].dtype == dtype
    assert not any(a is gradients[0] for a in arrays_of(later))
    assert {a.dtype for a in arrays_of(later)} <= {np.dtype(dtype)}


def arrays_of(state: Any) -> list[np.ndarray]:
    if isinstance(state, np.ndarray):
        return [state]
    inner = state.values() if isinstance(state, dict) else state if isinstance(state, list) else []
    return [a for x in inner for a in arrays_of(x)]


class Line(Module):
    def __init__(self) -> None:
        self.slope = Value(2.0, label="slope")
        self.offset = Value(np.zeros(2))

    def __call__(self, x: Any) -> Any:
        return self.slope * x + self.offset


def test_a_module_is_a_tree_of_parameters() -> None:
    model, rule = Line(), optim.sgd(0.1)
    gradients = grad(lambda m: (m(np.array([1.0, 2.0])) ** 2).sum())(model)
    updates, _ = rule.update(gradients, rule.init(model), model)
    moved = optim.apply_updates(model, updates)
    assert moved.slope.data == pytest.approx(2.0 - 0.1 * 20.0)
    np.testing.assert_allclose(moved.offset.data, [-0.4, -0.8])
    assert (model.slope.data, moved.slope.label) == (2.0, "slope")


def loss_of(w: Any) -> Any:
    return ((w - 1.0) ** 4).sum() + (w[0] * w[1]).sum()


def loss_after_steps(rule: optim.Rule, w: Any) -> Any:
    state = rule.init([w])
    for _ in range(3):
        updates, state = rule.update([grad(loss_of)(w)], state, [w])
        (w,) = optim.apply_updates([w], updates)
    return loss_of(w)


@pytest.mark.parametrize("name", RULES)
def test_steps_can_be_differentiated(name: str) -> None:
    """How the loss after three steps depends on the start: learning to learn."""

    def f(w: Any) -> Any:
        return loss_after_steps(RULES[name], w)

    w, d = np.array([[2.0, -0.5], [0.3, 3.0]]), np.array([[0.3, 0.1], [-0.2, 0.4]])
    wanted = (f(w + 1e-6 * d) - f(w - 1e-6 * d)) / 2e-6
    np.testing.assert_allclose(np.sum(grad(f)(w) * d), wanted, rtol=1e-5)
    np.testing.assert_allclose(jvp(f, (w,), (d,))[1], wanted, rtol=1e-5)


def test_outside_of_a_transform_a_value_is_its_data() -> None:
    """Gradients by a module have a history, which would grow with each step."""
    model, rule = Line(), optim.adam(0.1)
    state = rule.init(model)
    for _ in range(2):
        gradients = grad(lambda m: (m(np.array([1.0, 2.0])) ** 2).sum())(model)
        updates, state = rule.update(gradients, state, model)
        model = optim.apply_updates(model, updates)
    assert [p.inputs for p in model.parameters()] == [(), ()]
    held = [x for _, x in updates.named_leaves()] + [x for part in state for x in part.values()]
    assert len(held) == 8 and not any(isinstance(x, Value) for x in held)


def test_no_gradient_leaves_an_array_and_its_state() -> None:
    rule = optim.adamw(0.1)
    state = rule.init([1.0, 2.0])
    updates, later = rule.update([None, 1.0], state, [1.0, 2.0])
    assert updates[0] is None and later[0] is state[0]
    assert optim.apply_updates([1.0, 2.0], updates)[0] == 1.0


def test_clipping_is_of_all_gradients_together() -> None:
    rule = optim.chain(optim.clip(1.0), optim.sgd(1.0))
    updates, _ = rule.update({"a": np.array([3.0]), "b": 4.0, "c": None}, rule.init([0.0] * 3))
    np.testing.assert_allclose([updates["a"][0], updates["b"]], [-0.6, -0.8], rtol=1e-6)


MAKERS = {
    name: getattr(optim, name)
    for name in "sgd asgd adam adamw adamax nadam radam rmsprop adagrad adadelta rprop lion".split()
}


def updates_of(rule: optim.Rule, factor: float, decay: float = 0.0) -> list[float]:
    x, found, state = X, [], rule.init([X])
    for g in (G1, G2, G2):
        updates, state = rule.update([factor * g + decay * x], state, [x])
        x += updates[0]
        found.append(updates[0])
    return found


@pytest.mark.parametrize("name", MAKERS)
def test_to_climb_is_to_descend_by_the_negative_gradient(name: str) -> None:
    assert updates_of(MAKERS[name](maximize=True), 1.0) == updates_of(MAKERS[name](), -1.0)


@pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("adamw", "rprop", "lion")])
def test_weight_decay_is_part_of_the_gradient(name: str) -> None:
    wanted = updates_of(MAKERS[name](), 1.0, decay=0.25)
    np.testing.assert_allclose(updates_of(MAKERS[name](weight_decay=0.25), 1.0), wanted, rtol=1e-14)


@pytest.mark.parametrize("name", ["adam", "nadam", "radam"])
def test_decay_apart_from_the_gradient(name: str) -> None:
    plain = MAKERS[name](0.1)
    rule = MAKERS[name](0.1, weight_decay=0.25, decoupled_weight_decay=True)
    updates, _ = rule.update([G1], rule.init([X]), [X])
    wanted, _ = plain.update([G1], plain.init([X]), [X])
    assert updates[0] == pytest.approx(wanted[0] - 0.1 * 0.25 * X, rel=1e-14)


def test_the_root_of_a_variance_that_is_rounded_below_zero() -> None:
    rule, x, g = optim.rmsprop(centered=True, alpha=0.5), 1.0, 0.1 + 0.2
    state = rule.init([x])
    for _ in range(200):  # all gradients equal: their variance is 0
        updates, state = rule.update([g], state)
    assert math.isfinite(updates[0])


REFUSED = [
    (lambda: optim.sgd(-0.1), "sgd: lr is -0.1; give a number of 0 or more"),
    (lambda: optim.sgd("fast"), "sgd: lr is 'fast'; give a number"),
    (lambda: optim.sgd(float("nan")), "sgd: lr is nan; give a number of 0 or more"),
    (
        lambda: optim.sgd(nesterov=True),
        "sgd: nesterov with momentum 0.0 and dampening 0.0; give a momentum above 0, no dampening",
    ),
    (
        lambda: optim.adam(betas=(0.9, 1.0)),
        "adam: betas[1] is 1.0; give a number from 0 up to, but not including, 1",
    ),
    (lambda: optim.adam(betas=0.9), "adam: betas is 0.9; give a pair of numbers"),
    (lambda: optim.adadelta(rho=1.5), "adadelta: rho is 1.5; give a number from 0 to 1"),
    (lambda: optim.rprop(etas=(1.2, 0.5)), "rprop: etas are (1.2, 0.5); give one between 0 and 1, and one above 1"),
    (lambda: optim.muon(ns_steps=0), "muon: ns_steps is 0; give a whole number from 1 to 99"),
    (lambda: optim.muon(ns_coefficients=(1, 2)), "muon: ns_coefficients are (1, 2); give three numbers"),
    (
        lambda: optim.muon(adjust_lr_fn="adam"),
        "muon: adjust_lr_fn is 'adam'; give 'original' or 'match_rms_adamw'",
    ),
    (lambda: optim.clip(1.0, norm_type=0), "clip: norm_type is 0; give a number above 0"),
    (lambda: optim.chain(), "chain: there is no rule; give one or more, such as chain(clip(1.0), adam(0.001))"),
    (lambda: optim.chain(0.1), "chain: 0.1 is not a rule; give rules such as clip(1.0) and adam(0.001)"),
    (
        lambda: optim.adamw().update([1.0], optim.adamw().init([1.0])),
        "adam: this rule reads the parameters; call update(gradients, state, params)",
    ),
    (
        lambda: optim.sgd().update([1.0, 2.0], [{}]),
        "sgd: 2 gradients for a state of 1 arrays; give the tree that init() saw",
    ),
]


@pytest.mark.parametrize(("call", "text"), REFUSED, ids=[text.split(";")[0] for _, text in REFUSED])
def test_what_rules_refuse(call: Any, text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert str(caught.value) == text


def test_shapes_that_differ_are_refused() -> None:
    rule = optim.sgd()
    with pytest.raises(ShapeError) as caught:
        rule.update([np.ones(3)], rule.init([np.ones(2)]), [np.ones(2)])
    text = "sgd: a gradient of shape (3,) for a parameter of shape (2,); give one of the same shape"
    assert str(caught.value) == text
    with pytest.raises(ShapeError) as caught:
        optim.muon().init([np.ones(2)])
    text = "muon: a parameter of shape (2,) is not a matrix; train it with another optimiser, as AdamW"
    assert str(caught.value) == text
