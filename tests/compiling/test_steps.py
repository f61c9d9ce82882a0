"""Whole steps of training: compiled they leave parameters, gradients and optimisers as
the functions themselves do.
"""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import micrograd
from micrograd import Value, nn, optim
from micrograd.errors import CaptureError, GradientError
from micrograd.gradients import has_grad
from micrograd.optim import lr_scheduler
from micrograd.trees import leaves_of

OPTIMISERS = {
    "sgd": lambda p: optim.SGD(p, 0.1),
    "momentum": lambda p: optim.SGD(p, 0.02, momentum=0.9, dampening=0.1),
    "nesterov": lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, 0.01),
    "amsgrad": lambda p: optim.Adam(p, 0.01, amsgrad=True, maximize=True),
    "adamw": lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
    "rmsprop": lambda p: optim.RMSprop(p, 0.01, momentum=0.9),
    "adagrad": lambda p: optim.Adagrad(p, 0.05),
    "adadelta": lambda p: optim.Adadelta(p),
    "adamax": lambda p: optim.Adamax(p),
    "nadam": lambda p: optim.NAdam(p),
    "lion": lambda p: optim.Lion(p),
    "radam": lambda p: optim.RAdam(p, 0.01),
    "asgd": lambda p: optim.ASGD(p, 0.01, t0=3),
    "rprop": lambda p: optim.Rprop(p),
    "muon": lambda p: optim.Muon([x for x in p if len(x.shape) == 2] or [Value(np.ones((1, 1)))], 0.01),
    "chain": lambda p: optim.Optimizer(p, lambda lr: optim.chain(optim.clip(0.5), optim.adam(lr)), lr=0.05),
    "groups": lambda p: optim.SGD([{"params": p[:2], "lr": 0.03}, {"params": p[2:]}], 0.01, momentum=0.5),
}


def _numbers():
    params = [Value(float(x)) for x in np.random.default_rng(1).normal(size=7)]

    def loss(X, y):
        scores = [(sum(p * x for p, x in zip(params, row, strict=False)) + params[3]).tanh() * params[4] for row in X]
        fit = sum((z - t) ** 2 for z, t in zip(scores, y, strict=True))
        return fit + 0.01 * (params[5] * params[6] - 1.0) ** 2

    return params, loss


def _arrays(dtype=float):
    rng = np.random.default_rng(1)
    params = [Value(rng.normal(size=s).astype(dtype)) for s in ((3, 2), (2,))] + [Value(0.5)]

    def loss(X, y):
        z = (X.astype(dtype) @ params[0] + params[1]).tanh() * params[2] - y.reshape(-1, 1).astype(dtype)
        return (z * z).sum()

    return params, loss


def _float32():
    return _arrays(np.float32)


_rng = np.random.default_rng(0)
X, y = _rng.normal(size=(5, 3)), _rng.normal(size=5)


def _train(make_model, make_optimizer, make_step, steps=30, tell=None):
    """Everything that training leaves."""
    params, loss = make_model()
    optimizer = make_optimizer(params)
    step = make_step(params, loss, optimizer)
    losses = []
    for k in range(steps):
        losses.append(step(X * (1.0 + 0.01 * k), y))
        if tell is not None:
            tell(optimizer, k)
    return [losses, [p.data for p in params], [p.grad for p in params], getattr(optimizer, "state_dict", list)()]


def _usual(params, loss, optimizer):
    def step(X, y):
        optimizer.zero_grad()
        z = loss(X, y)
        z.backward()
        optimizer.step()
        return z.data

    return step


def _compiled(make_step):
    return lambda *parts: micrograd.compile(make_step(*parts))


def _check(found, wanted, tolerance=1e-12):
    found, wanted = leaves_of(found), leaves_of(wanted)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert getattr(a, "dtype", None) == getattr(b, "dtype", None)
        scale = max(1.0, float(np.max(np.abs(np.asarray(b, float)), initial=0.0)))
        assert np.max(np.abs(np.asarray(a, float) - np.asarray(b, float)), initial=0.0) <= tolerance * scale


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("model", [_numbers, _arrays])
def test_optimisers(name, model):
    def decay(optimizer, k):
        for group in optimizer.param_groups:
            group["lr"] *= 0.97

    wanted = _train(model, OPTIMISERS[name], _usual, tell=decay)
    _check(_train(model, OPTIMISERS[name], _compiled(_usual), tell=decay), wanted, 1e-11)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_float32(name):
    wanted = _train(_float32, OPTIMISERS[name], _usual, 10)
    _check(_train(_float32, OPTIMISERS[name], _compiled(_usual), 10), wanted, 1e-5)


SCHEDULES = {
    "LambdaLR": lambda o: [lr_scheduler.LambdaLR(o, lambda t: 1.0 / (1.0 + t))],
    "StepLR": lambda o: [lr_scheduler.StepLR(o, 3, 0.5)],
    "MultiStepLR": lambda o: [lr_scheduler.MultiStepLR(o, [2, 5], 0.5)],
    "ExponentialLR": lambda o: [lr_scheduler.ExponentialLR(o, 0.9)],
    "ConstantLR": lambda o: [lr_scheduler.ConstantLR(o, 0.5, 4)],
    "LinearLR": lambda o: [lr_scheduler.LinearLR(o, 0.25)],
    "PolynomialLR": lambda o: [lr_scheduler.PolynomialLR(o, 20)],
    "CosineAnnealingLR": lambda o: [lr_scheduler.CosineAnnealingLR(o, 8)],
    "CosineAnnealingWarmRestarts": lambda o: [lr_scheduler.CosineAnnealingWarmRestarts(o, 3)],
    "CyclicLR": lambda o: [lr_scheduler.CyclicLR(o, 0.001, 0.01, 3, cycle_momentum=_has_momentum(o))],
    "OneCycleLR": lambda o: [lr_scheduler.OneCycleLR(o, 0.02, 20, cycle_momentum=_has_momentum(o))],
    "SequentialLR": lambda o: [
        lr_scheduler.SequentialLR(o, [lr_scheduler.ConstantLR(o, 0.1, 3), lr_scheduler.StepLR(o, 2)], [3])
    ],
    "ReduceLROnPlateau": lambda o: [lr_scheduler.ReduceLROnPlateau(o, patience=0), "loss"],
}


def _has_momentum(optimizer):
    return bool({"momentum", "betas"} & optimizer.defaults.keys())


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_schedules_capture_nothing_anew(name, schedule):
    answers = []
    for make in (lambda f: f, lambda f: micrograd.compile(f, backend="numpy" if name == "muon" else "tape")):
        params = [Value(np.array([[1.0, 2.0]]))] if name == "muon" else [Value(2.0), Value(-1.0), Value(0.5)]
        optimizer = OPTIMISERS[name](params)
        follows, *wants = SCHEDULES[schedule](optimizer)

        def step(x, params=params, optimizer=optimizer, follows=follows, wants=wants):
            optimizer.zero_grad()
            z = sum((p * p * x).sum() for p in params)
            z.backward()
            now = [group["lr"] for group in optimizer.param_groups], follows.get_last_lr()
            optimizer.step()
            follows.step(*([z.data] if wants else []))
            return z.data, now

        step = make(step)
        found = [step(1.0 + 0.1 * k) for k in range(9)]
        answers.append([found, [p.data for p in params], optimizer.state_dict(), follows.get_last_lr()])
    _check(answers[1], answers[0], 1e-11)
    assert step._captures == 1


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_momentum_that_is_switched_captures_anew(momentum):
    def switch(optimizer, k):
        if k == 3:
            optimizer.param_groups[0]["momentum"] = 0.9 - momentum

    wanted = _train(_numbers, lambda p: optim.SGD(p, 0.01, momentum=momentum), _usual, 8, switch)
    found = _train(_numbers, lambda p: optim.SGD(p, 0.01, momentum=momentum), _compiled(_usual), 8, switch)
    _check(found, wanted, 1e-11)


def test_a_rate_that_the_step_itself_sets():
    def make(params, loss, optimizer):
        def step(X, y):
            optimizer.zero_grad()
            z = loss(X, y)
            z.backward()
            group = optimizer.param_groups[0]
            group["lr"] *= 0.9
            group["lr"] = group["lr"] / (1.0 + 0.01 * z.data)
            optimizer.step()
            return z.data, group["lr"], dict(optimizer.param_groups[0])["momentum"]

        return step

    wanted = _train(_numbers, OPTIMISERS["momentum"], make, 8)
    _check(_train(_numbers, OPTIMISERS["momentum"], _compiled(make), 8), wanted, 1e-11)


def _zero_afterwards(params, loss, optimizer):
    def step(X, y):
        z = loss(X, y)
        z.backward()
        optimizer.step()
        optimizer.zero_grad()
        return z.data

    return step


def _accumulating(params, loss, optimizer):
    def step(X, y):
        z = loss(X, y)
        z.backward()
        optimizer.step()
        return z

    return lambda X, y: step(X, y).data


def _clipped(params, loss, optimizer):
    def step(X, y):
        optimizer.zero_grad()
        loss(X, y).backward()
        norm = optim.clip_grad_norm_(params, 0.5)
        optim.clip_grad_value_(params, 0.2)
        optimizer.step()
        return norm

    return step


def _by_hand(params, loss, optimizer):
    def step(X, y):
        z = loss(X, y)
        for p in params:
            p.zero_grad()
        z.backward(2.0)
        for p in params:
            p.data -= 0.01 * p.grad
            p.data *= 0.999
        return z.data, loss(X, y)

    return lambda X, y: [getattr(z, "data", z) for z in step(X, y)]


def _with_a_schedule(params, loss, optimizer):
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    average = optim.EMA(params, 0.9)
    optimizer.state_dict = lambda: [schedule.get_last_lr(), average.state_dict(), type(optimizer).state_dict(optimizer)]

    def step(X, y):
        optimizer.zero_grad()
        z = loss(X, y)
        z.backward()
        optimizer.step()
        schedule.step()
        average.update()
        return z.data

    return step


def _with_a_plateau(params, loss, optimizer):
    schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)

    def step(X, y):
        optimizer.zero_grad()
        z = loss(X, y)
        z.backward()
        optimizer.step()
        schedule.step(z.data)
        return z.data

    return step


STEPS = [_zero_afterwards, _accumulating, _clipped, _by_hand, _with_a_schedule, _with_a_plateau]


@pytest.mark.parametrize("make", STEPS)
@pytest.mark.parametrize("model", [_numbers, _arrays])
def test_steps(make, model):
    wanted = _train(model, OPTIMISERS["momentum"], make)
    _check(_train(model, OPTIMISERS["momentum"], lambda *parts: _inside(make(*parts))), wanted, 1e-11)


def _inside(step):
    """The step compiled; of a wrapper the step inside."""
    if step.__name__ != "<lambda>":
        return micrograd.compile(step)
    cell = next(c for c in step.__closure__ if callable(c.cell_contents))
    cell.cell_contents = micrograd.compile(cell.cell_contents)
    return step


def test_eager_and_compiled_steps_may_be_mixed():
    def mixed(params, loss, optimizer):
        step = _usual(params, loss, optimizer)
        compiled, count = micrograd.compile(step), iter(range(100))
        return lambda X, y: compiled(X, y) if next(count) % 3 else step(X, y)

    for model in (_numbers, _arrays):
        wanted = _train(model, OPTIMISERS["adam"], _usual)
        _check(_train(model, OPTIMISERS["adam"], mixed), wanted, 1e-11)


def test_a_parameter_that_is_not_reached_is_left_alone():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p, frozen, other = Value(2.0), Value(3.0), Value(5.0)
        optimizer = optim.Adam([p, other], 0.1, weight_decay=0.1)

        def step(p=p, frozen=frozen, optimizer=optimizer):
            optimizer.zero_grad()
            z = p * p * frozen
            z.backward()
            optimizer.step()

        step = make(step)
        for k in range(6):
            step()
            if k == 3:
                (other * 2.0).backward()  # zero_grad() of the next step forgets it
        answers.append([p.data, frozen.data, frozen.grad, other.data, float(has_grad(other)), optimizer.state_dict()])
    _check(answers[1], answers[0])


def test_options_that_change_are_noticed():
    def change(optimizer, k):
        if k == 5:
            optimizer.param_groups[0]["weight_decay"] = 0.1
        if k == 9:
            optimizer.load_state_dict(optimizer.state_dict())

    wanted = _train(_numbers, OPTIMISERS["adam"], _usual, 15, change)
    _check(_train(_numbers, OPTIMISERS["adam"], _compiled(_usual), 15, change), wanted, 1e-11)


def test_arrays_are_changed_in_place_where_they_would_be():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        both = np.arange(4.0)
        p = Value(both[:2])
        optimizer = optim.SGD([p], 0.1)

        def step(p=p, optimizer=optimizer):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()

        step = make(step)
        for _ in range(3):
            step()
        answers.append(both)
    _check(answers[1], answers[0])


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::micrograd.errors.GradientWarning")
def test_a_nan_runs_the_step_itself():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p, q = Value(1.0), Value(2.0)

        def step(x, p=p, q=q):
            p.grad = q.grad = 0.0
            z = (p * x) ** 0.5 * q + p
            z.backward()
            for v in (p, q):
                v.data -= 0.1 * v.grad
            return z.data

        step = make(step)
        found = [step(x) for x in (1.0, 2.0, 0.0, -1.0, 3.0)]
        answers.append([np.nan_to_num([*found, p.data, q.data, p.grad, q.grad], nan=77.0, posinf=88.0, neginf=99.0)])
    _check(answers[1], answers[0])


def test_a_function_that_only_changes_gradients():
    p, v = Value(2.0), Value(np.array([1.0, 2.0]))

    def halve():
        p.grad *= 0.5
        v.grad = v.grad * 0.25

    compiled = micrograd.compile(halve)
    for _ in range(3):
        p.grad, v.grad = 8.0, np.array([4.0, 8.0])
        compiled()
        assert p.grad == 4.0 and (v.grad == [1.0, 2.0]).all()


def test_a_loss_that_clears_gradients_goes_back_afterwards():
    p = Value(2.0)

    def loss():
        p.zero_grad()
        return p * p

    compiled = micrograd.compile(loss)
    for _ in range(3):
        compiled().backward()
        assert p.grad == 4.0


def test_what_a_step_returns_does_not_go_back():
    p = Value(2.0)

    def step():
        z = p * p
        z.backward()
        return z

    z = micrograd.compile(step)()
    assert z.data == 4.0 and p.grad == 4.0
    with pytest.raises(GradientError, match=r"is a whole step, .*itself;\nreturn its .data"):
        z.backward()


def _lbfgs(p):
    optimizer = optim.LBFGS([p])

    def step():
        optimizer.step(lambda: p * p)

    return step


def _twice(p):
    def step():
        (p * p).backward()
        (p * p).backward()

    return step


def _of_an_inner_value(p):
    def step():
        h = p * 2.0
        (h * h).backward()
        return h.grad

    return step


def _data_after_the_average(p):
    average = optim.EMA([p])

    def step():
        average.update()
        p.data = p.data * 2.0

    return step


def _with_schedule(p, ask):
    optimizer = optim.SGD([p], 0.1)
    schedule = lr_scheduler.StepLR(optimizer, 3)

    def step():
        p.zero_grad()
        (p * p).backward()
        schedule.step()
        return ask(optimizer, schedule)

    return step


REFUSED = {
    _lbfgs: "LBFGS computes the loss as often as it needs to; compile the closure",
    _twice: "backward() is called twice in one step",
    _of_an_inner_value: "the gradient of a value is read that the function has made itself",
    _data_after_the_average: "values change after a schedule or an average has been told of the step",
    lambda p: _with_schedule(p, lambda o, s: s.get_last_lr()): "get_last_lr() is used after a schedule",
    lambda p: _with_schedule(p, lambda o, s: o.param_groups[0]["lr"]): "param_groups[...]['lr'] is used after",
    lambda p: _with_schedule(p, lambda o, s: s.last_epoch): "`last_epoch` of StepLR, which changes at the end",
    lambda p: _with_schedule(p, lambda o, s: s.state_dict()): "StepLR.state_dict() gives numbers that would be",
    lambda p: _with_schedule(p, lambda o, s: o.state_dict()): "SGD.state_dict() gives numbers that would be",
}


@pytest.mark.parametrize("make", REFUSED)
def test_refused(make):
    p = Value(2.0)
    with pytest.raises(CaptureError, match=re.escape(REFUSED[make])):
        micrograd.compile(make(p))()
    assert p.data == 2.0 and not has_grad(p)


def test_modules():
    def logs(make):
        rng = np.random.default_rng(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        for p in model.parameters():
            p.data = rng.normal(size=p.shape)
        optimizer = optim.Adam(model.parameters(), 0.01)

        def step(X, y):
            model.zero_grad()
            z = ((model(X)[:, 0] - y) ** 2).mean()
            z.backward()
            optimizer.step()
            return z.data

        step = make(step)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return [[step(X, y) for _ in range(20)], [p.data for p in model.parameters()]]

    _check(logs(micrograd.compile), logs(lambda f: f), 1e-11)


def _with_batch_norm(make):
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Dropout(0.0), nn.Linear(4, 1))
    for p in model.parameters():
        p.data = rng.normal(size=p.shape)
    optimizer = optim.SGD(model.parameters(), 0.01, momentum=0.9)

    def step(X, y):
        model.zero_grad()
        z = ((model(X)[:, 0] - y) ** 2).mean()
        z.backward()
        optimizer.step()
        return z.data

    step, predict = make(step), make(lambda X: model(X)[:, 0].data)
    found = []
    for _ in range(3):
        model.train()
        found += [step(X * 1.5, y) for _ in range(5)]
        model.eval()
        found += [predict(X), step(X, y), model[1].running_mean.copy(), model[1].running_var.copy()]
    return [found, [p.data for p in model.parameters()], model[1].num_batches_tracked]


def test_running_means_and_modes():
    found, wanted = _with_batch_norm(micrograd.compile), _with_batch_norm(lambda f: f)
    _check(found, wanted, 1e-11)


def test_dropout_is_refused_in_training():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5))
    compiled = micrograd.compile(lambda X: model(X).sum())
    with pytest.raises(CaptureError, match=r"dropout draws random numbers, .*; call model.eval\(\),\nor draw the mask"):
        compiled(X)
    model.eval()
    assert abs(compiled(X).data - model(X).sum().data) < 1e-12


def _minus(p):
    p.data -= 0.1 * p.grad


def _anew(p):
    p.data = p.data - 0.1 * p.grad


@pytest.mark.parametrize("update", [_minus, _anew])
def test_who_shares_an_array_sees_what_he_would(update):
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p = Value(np.array([1.0, 2.0]))
        shared = p.data

        def step(p=p):
            p.zero_grad()
            (p * p).sum().backward()
            update(p)

        step = make(step)
        for _ in range(3):
            step()
        answers.append([shared, p.data, p.grad, float(shared is p.data)])
    _check(answers[1], answers[0])


def _of_an_argument(p, x):
    x -= 1.0
    return (p * x).sum()


def _of_data(p, x):
    data = p.data
    data *= 2.0
    return (p * x).sum()


def _of_a_gradient(p, x):
    g = p.grad
    g += x
    return (p * x).sum()


@pytest.mark.parametrize("function", [_of_an_argument, _of_data, _of_a_gradient])
def test_arrays_that_are_changed_and_not_assigned_back_are_refused(function):
    p = Value(np.array([1.0, 2.0]))
    with pytest.raises(CaptureError, match=r"changed in place, .*;\nwrite x = x - y, or for a value v.data -= y"):
        micrograd.compile(lambda x: function(p, x))(np.array([3.0, 4.0]))
    assert (p.data == [1.0, 2.0]).all()
