"""Modes: `with` blocks, and decorators of functions, generators and coroutines;
`no_grad()` costs no time.
"""

from __future__ import annotations

import asyncio
import inspect
import pickle
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from micrograd import Value, detect_anomaly, enable_grad, engine, ieee_gradients, modes, no_grad, op
from micrograd.errors import AnomalyError, ArgumentError
from micrograd.nn import MLP


def is_recorded() -> bool:
    x = Value(3.0)
    kinds = {(x * x).inputs != (), x.sin().inputs != (), (x * np.ones(2)).inputs != ()}
    assert len(kinds) == 1
    return kinds.pop()


@pytest.fixture(autouse=True)
def nothing_left() -> Any:
    yield
    assert not modes.PAUSES
    assert is_recorded()


FORMS: dict[str, Callable[[Any], Any]] = {
    "@no_grad": lambda f: no_grad(f),
    "@no_grad()": lambda f: no_grad()(f),
    "@enable_grad in no_grad()": lambda f: no_grad(enable_grad(f)),
    "@enable_grad() in no_grad()": lambda f: no_grad()(enable_grad()(f)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_function(form: str) -> None:
    @FORMS[form]
    def f(x: float, *, y: float) -> tuple[bool, float]:
        """Its text."""
        return is_recorded(), x + y

    assert f(1.0, y=2.0) == ("enable" in form, 3.0)
    assert (f.__name__, f.__doc__) == ("f", "Its text.")
    assert list(inspect.signature(f).parameters) == ["x", "y"]
    assert is_recorded()


def generator(log: list[Any]) -> Any:
    try:
        log.append(is_recorded())
        got = yield "first"
        log.append((is_recorded(), got))
        try:
            yield "second"
        except KeyError:
            log.append(("thrown", is_recorded()))
        inner = yield from (is_recorded() for _ in range(2))
        return inner, "end"
    finally:
        log.append(("finally", is_recorded()))


@pytest.mark.parametrize("form", FORMS)
def test_a_generator_only_while_its_body_runs(form: str) -> None:
    inside = "enable" in form
    f, log = FORMS[form](generator), []
    assert inspect.isgeneratorfunction(f)
    g = f(log)
    assert log == []
    assert next(g) == "first"
    assert is_recorded()
    assert g.send("sent") == "second"
    assert is_recorded()
    with no_grad():
        assert g.throw(KeyError()) is inside
        assert not is_recorded()
        with enable_grad():
            assert next(g) is inside
            assert is_recorded()
    with pytest.raises(StopIteration) as stop:
        next(g)
    assert stop.value.value == (None, "end")
    assert log == [inside, (inside, "sent"), ("thrown", inside), ("finally", inside)]


@pytest.mark.parametrize("form", FORMS)
def test_a_generator_that_is_closed_or_fails(form: str) -> None:
    f, inside = FORMS[form](generator), "enable" in form
    log: list[Any] = []
    g = f(log)
    next(g)
    g.close()
    assert log == [inside, ("finally", inside)]
    log.clear()
    g = f(log)
    next(g)
    with pytest.raises(ZeroDivisionError):
        g.throw(ZeroDivisionError())
    assert log == [inside, ("finally", inside)]
    assert list(g) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_coroutine_only_while_its_body_runs(form: str) -> None:
    @FORMS[form]
    async def f(x: int) -> tuple[bool, bool, int]:
        before = is_recorded()
        await asyncio.sleep(0)
        return before, is_recorded(), x

    async def others() -> list[bool]:
        seen = []
        for _ in range(4):
            seen.append(is_recorded())
            await asyncio.sleep(0)
        return seen

    async def both() -> Any:
        return await asyncio.gather(f(5), others())

    inside = "enable" in form
    assert inspect.iscoroutinefunction(f)
    assert asyncio.run(both()) == [(inside, inside, 5), [True] * 4]
    by_hand = f(6)
    by_hand.send(None)
    assert is_recorded()
    with pytest.raises(StopIteration) as stop:
        by_hand.send(None)
    assert stop.value.value == (inside, inside, 6)


@pytest.mark.parametrize("form", FORMS)
def test_an_asynchronous_generator_only_while_its_body_runs(form: str) -> None:
    inside, log = "enable" in form, []

    @FORMS[form]
    async def f() -> Any:
        try:
            log.append((yield is_recorded()))
            await asyncio.sleep(0)
            try:
                yield is_recorded()
            except KeyError:
                yield "thrown", is_recorded()
        finally:
            log.append(is_recorded())

    async def use() -> list[Any]:
        g = f()
        seen = [await g.asend(None), is_recorded(), await g.asend("sent"), is_recorded(), await g.athrow(KeyError())]
        await g.aclose()
        return [*seen, [x async for x in f()]]

    assert inspect.isasyncgenfunction(f)
    assert asyncio.run(use()) == [inside, True, inside, True, ("thrown", inside), [inside, inside]]
    assert log == ["sent", inside, None, inside]


def test_a_task_started_inside_keeps_the_mode() -> None:
    async def start() -> Any:
        async def f() -> bool:
            await asyncio.sleep(0)
            return is_recorded()

        with no_grad():
            task = asyncio.create_task(f())
        return is_recorded(), await task

    assert asyncio.run(start()) == (True, False)


class Model:
    @no_grad
    def method(self) -> bool:
        return is_recorded()

    @staticmethod
    @no_grad()
    def static() -> bool:
        return is_recorded()

    @classmethod
    @no_grad
    def of_class(cls) -> bool:
        return is_recorded()

    @property
    @no_grad
    def prop(self) -> bool:
        return is_recorded()


@no_grad
def in_this_module(x: float) -> bool:
    return is_recorded()


def test_methods_and_pickles() -> None:
    model = Model()
    assert [model.method(), model.static(), Model.of_class(), model.prop] == [False] * 4
    assert pickle.loads(pickle.dumps(in_this_module)) is in_this_module
    assert in_this_module(1.0) is False


@pytest.mark.parametrize("mode", [no_grad, enable_grad, ieee_gradients, detect_anomaly])
@pytest.mark.parametrize("wrong", [Model, 3.0, classmethod(len)], ids=["class", "number", "classmethod"])
def test_what_cannot_be_decorated(mode: Any, wrong: Any) -> None:
    for decorate in (mode, mode()):
        with pytest.raises(ArgumentError) as caught:
            decorate(wrong)
        assert str(caught.value) == (
            f"{mode.__name__}: it decorates a function, not {wrong!r}; "
            f"put it above a method of the class, and below @classmethod or @property"
        )


def test_a_block_ends_with_an_error_and_can_be_used_again() -> None:
    block = no_grad()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), block, block:
            assert not is_recorded()
            raise ZeroDivisionError
        assert is_recorded()


@pytest.mark.parametrize("decorate", [ieee_gradients, ieee_gradients()])
def test_ieee_gradients_as_a_decorator(decorate: Any) -> None:
    def slope() -> float:
        x = Value(0.0)
        (x * x).sqrt().backward()
        return float(x.grad)

    assert np.isnan(decorate(slope)())

    @decorate
    def slopes() -> Any:
        yield slope()
        yield slope()

    assert all(np.isnan(x) for x in slopes())


@pytest.mark.parametrize("form", ["with brackets", "without"])
def test_detect_anomaly_as_a_decorator(form: str) -> None:
    decorate: Any = detect_anomaly() if form == "with brackets" else detect_anomaly

    @decorate
    def steps() -> Any:
        x = Value(0.0, label="x")
        y = x**0.5
        yield 1
        y.backward()

    g = steps()
    next(g)
    assert (Value(0.0) ** 0.5).backward() is None
    with pytest.raises(AnomalyError, match=r"the gradient of 'x' is inf(?s:.*)y = x\*\*0.5"):
        next(g)


def test_old_import_paths() -> None:
    assert (engine.no_grad, engine.enable_grad, engine.is_recording) == (no_grad, enable_grad, modes.is_recording)
    assert (op.ieee_gradients, op.quietly, op.is_quiet) == (ieee_gradients, modes.quietly, modes.is_quiet)


OPS: list[Callable[[Any, Any], Any]] = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / y,
    lambda x, y: x**2,
    lambda x, y: 2.0 - x,
    lambda x, y: 1 / x,
    lambda x, y: x.exp() + y,
    lambda x, y: (x * x).log() * y,
    lambda x, y: x.relu(),
    lambda x, y: x.tanh() + y.sin(),
]


@pytest.mark.parametrize("f", OPS)
def test_numbers_under_no_grad_are_the_same_constants(f: Any) -> None:
    class Special(Value):
        pass

    x, y = Special(0.7, label="x"), Special(0.3)
    z = f(x, y)
    with no_grad():
        w = f(x, y)
        again = f(w, y)
    assert (type(w), w.data, w.inputs, w.op) == (type(z), z.data, (), "")
    assert again.data == f(z, y).data
    for constant in (w, again, f(w, again)):
        with pytest.raises(Exception, match="is a constant"):
            constant.backward()
    z = f(x, w)
    assert z.inputs
    z.backward()
    assert w.grad == 0.0


def test_no_grad_is_at_most_as_slow_as_recording() -> None:
    """It took 6.7 times as long on numbers.

    Medians of turns in one run, in time of the processor alone.
    """
    model, x = MLP(2, [16, 16, 1]), [0.5, -0.3]
    taken: dict[str, list[float]] = {"recording": [], "no_grad": [], "enable_grad": []}

    def forward(name: str) -> None:
        start = time.process_time()
        for _ in range(5):
            model(x)
        taken[name].append(time.process_time() - start)

    for _ in range(101):
        forward("recording")
        with no_grad():
            forward("no_grad")
            with enable_grad():
                forward("enable_grad")
    median = {name: statistics.median(times) for name, times in taken.items()}
    assert median["no_grad"] < 1.2 * median["recording"]  # the rest is for a machine that is busy
    assert median["enable_grad"] < 1.5 * median["recording"]
