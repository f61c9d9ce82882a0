"""Threads that share leaves, or more of a graph: every gradient is counted once,
whoever is interrupted when.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from micrograd import Value, toposort, walks
from micrograd.gradients import Apart

THREADS = 4


@pytest.fixture(autouse=True)
def many_switches() -> Iterator[None]:
    """Threads take turns all the time; afterwards no walk is left over, and the lock is
    free.
    """
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)
    assert walks.ACTIVE == {}
    in_threads(lambda i: check_the_lock_is_free(), 1)


def check_the_lock_is_free() -> None:
    assert walks.LOCK.acquire(timeout=5)
    walks.LOCK.release()


def in_threads(task: Callable[[int], None], count: int = THREADS) -> None:
    """Run the task, given its number, in that many threads at once; raise what one of
    them raised.
    """
    errors: list[BaseException] = []
    together = threading.Barrier(count)

    def run(i: int) -> None:
        together.wait(10)
        try:
            task(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def own_step(x: Value, factor: float = 2.0) -> Value:
    """factor * x, made by hand with a step of its own, as in the texts."""
    out = Value(x.data * factor, (x,), "times")

    def step() -> None:
        x.grad += factor * out.grad

    out._backward = step
    return out


# Functions of a shared leaf p = 1 or (1, 1, 1); the gradient of each element is 2.
GRAPHS: dict[str, tuple[Callable[[Value], Value], Any]] = {
    "a product": (lambda p: (np.full((2, 3), 1.0) @ p).sum(), [1.0] * 3),
    "numbers": (lambda p: p * p, 1.0),
    "many numbers": (lambda p: sum((p * 0.02 for _ in range(100)), start=p * 0.0), 1.0),
    "rules in Python": (lambda p: (p + p).sin() * (1.0 / np.cos(2.0)), 1.0),
    "arrays and numbers": (lambda p: (p * np.ones(2)).sum(), 1.0),
    "a step of its own": (own_step, 1.0),
    "steps of their own": (lambda p: own_step(own_step(p, 4.0), 0.25) + own_step(p, 1.0), 1.0),
    "the leaf itself": (lambda p: p, 1.0),
}


def expected(name: str, times: int) -> Any:
    factor = 1.0 if name == "the leaf itself" else 2.0
    return np.asarray(GRAPHS[name][1]) * factor * times


@pytest.mark.parametrize("name", GRAPHS)
def test_a_shared_leaf_gets_every_gradient(name: str) -> None:
    """4 threads, 300 times each: 1,017 of 1,200 were counted."""
    f, data = GRAPHS[name]
    p, times = Value(data), 300 if name == "a product" else 60
    in_threads(lambda i: [f(p).backward() for _ in range(times)])
    np.testing.assert_allclose(p.grad, expected(name, THREADS * times), rtol=1e-9)


@pytest.mark.parametrize("name", GRAPHS)
def test_a_shared_graph_gets_every_gradient(name: str) -> None:
    """All nodes are shared, and every thread walks them from a root of its own, or from
    the same.
    """
    f, data = GRAPHS[name]
    p, times = Value(data), 60
    z = f(p)
    roots = [z, z, z * 3.0, z * 5.0]
    in_threads(lambda i: [roots[i].backward() for _ in range(times)])
    np.testing.assert_allclose(p.grad, expected(name, 10 * times), rtol=1e-9)
    p.grad = 0.0
    z.backward()
    np.testing.assert_allclose(p.grad, expected(name, 1), rtol=1e-9)


def test_gradients_that_are_values() -> None:
    p = Value(2.0)
    in_threads(lambda i: [(p**3.0).sin().backward(create_graph=True) for _ in range(25)])
    slope = p.grad
    assert isinstance(slope, Value)
    np.testing.assert_allclose(slope.data, 100 * np.cos(8.0) * 12.0, rtol=1e-9)
    p.grad = 0.0
    slope.backward()
    np.testing.assert_allclose(p.grad, 100 * (np.cos(8.0) * 12.0 - np.sin(8.0) * 144.0), rtol=1e-9)


def nested(p: Value, inner: Callable[[], Value]) -> Value:
    """2 p, with a step that goes back through another graph on the way."""
    out = Value(p.data * 2.0, (p,), "nested")

    def step() -> None:
        p.grad += out.grad
        inner().backward()
        p.grad += out.grad

    out._backward = step
    return out


def test_a_walk_inside_a_step_of_another() -> None:
    p, q = Value(1.0), Value(1.0)
    nested(p, lambda: p * 3.0 + q * 5.0).backward()
    assert (p.grad, q.grad) == (5.0, 5.0)


def test_a_walk_inside_a_step_shares_the_nodes_in_between() -> None:
    p = Value(1.0)
    y = p * 7.0
    z = nested(y, lambda: y * 3.0) + y
    z.backward()
    assert p.grad == 7.0 * (2.0 + 1.0 + 3.0)
    assert y.grad == 3.0


def test_walks_inside_steps_in_many_threads() -> None:
    p, q = Value(1.0), Value(1.0)
    y = p * 7.0
    in_threads(lambda i: [nested(y, lambda: y * 3.0 + q).backward() for _ in range(50)])
    assert (p.grad, q.grad) == (200 * 7.0 * 5.0, 200.0)


def test_threads_inside_a_step() -> None:
    """A step that waits for threads, which go back through the graph that is being
    walked.
    """
    p = Value(1.0)
    y = p * 7.0
    out = Value(2.0, (y,), "parallel")

    def step() -> None:
        in_threads(lambda i: (y * 2.0).backward())
        y.grad += 2.0 * out.grad

    out._backward = step
    out.backward()
    assert p.grad == 7.0 * (4 * 2.0 + 2.0)


class Stop(BaseException):
    pass


def failing(x: Value, error: type[BaseException]) -> Value:
    out = own_step(x)
    step = out._backward

    def stop() -> None:
        step()
        time.sleep(0)
        raise error

    out._backward = stop
    return out


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Stop])
@pytest.mark.parametrize("data", [1.0, [1.0, 1.0]], ids=["number", "array"])
def test_a_walk_that_fails_counts_nothing(error: type[BaseException], data: Any) -> None:
    p, times = Value(data), 60
    shared = p * 3.0

    def task(i: int) -> None:
        for _ in range(times):
            if i % 2:
                with pytest.raises(error):
                    (p * 5.0 + failing(p * 3.0, error) + failing(shared, error) + p).backward()
            else:
                (p * 5.0 + own_step(shared)).backward()

    p.grad = np.zeros_like(p.data) + 1.0
    in_threads(task)
    np.testing.assert_array_equal(p.grad, np.asarray(data) * (1.0 + 2 * times * 11.0))


def test_a_walk_inside_a_step_that_fails() -> None:
    p, q = Value(1.0), Value(1.0)
    p.grad = 4.0

    def inner() -> Value:
        (p * 3.0 + q).backward()
        raise ValueError

    with pytest.raises(ValueError):
        nested(p, inner).backward()
    assert p.grad == 4.0
    assert q.grad == 1.0  # its walk was complete, and it is not part of the other


def meanwhile(p: Value, what: Callable[[], Any]) -> Value:
    """2 p, with a step in whose middle another thread does something."""
    out = Value(p.data * 2.0, (p,), "meanwhile")

    def step() -> None:
        p.grad += out.grad
        in_threads(lambda i: what(), 1)
        p.grad += out.grad

    out._backward = step
    return out


@pytest.mark.parametrize("data", [1.0, [1.0, 1.0]], ids=["number", "array"])
def test_another_thread_sees_gradients_as_they_were(data: Any) -> None:
    p, seen = Value(data), []
    p.grad = np.ones_like(p.data) * 5.0
    (meanwhile(p, lambda: seen.append(np.copy(p.grad))) * 1.0).backward()
    np.testing.assert_array_equal(seen[0], np.asarray(data) * 5.0)
    np.testing.assert_array_equal(p.grad, np.asarray(data) * 7.0)


@pytest.mark.parametrize("before", [0.0, 5.0])
@pytest.mark.parametrize("data", [1.0, [1.0, 1.0]], ids=["number", "array"])
def test_another_thread_sets_a_gradient(data: Any, before: float) -> None:
    """What it sets holds, and the walk under way is added to that."""
    p = Value(data)
    for value in (0.0, 3.0):
        p.grad = np.ones_like(p.data) * before
        (meanwhile(p, lambda value=value: setattr(p, "grad", np.ones_like(p.data) * value)) * 1.0).backward()
        np.testing.assert_array_equal(p.grad, np.asarray(data) * (value + 2.0))


def test_readers_see_whole_walks_only() -> None:
    p, seen, done = Value(1.0), set(), threading.Event()

    def read(i: int) -> None:
        while not done.is_set():
            seen.add(p.grad)

    reader = threading.Thread(target=read, args=(0,))
    reader.start()
    try:
        for _ in range(200):
            (own_step(p, 4.0) + p.sin() * 0.0 + p * 4.0 + own_step(p * 8.0, 1.0)).backward()
    finally:
        done.set()
        reader.join()
    assert p.grad == 200 * 16.0
    assert all(grad % 16.0 == 0.0 for grad in seen)


def test_a_gradient_set_to_zero_by_another_thread_stays_zero() -> None:
    """Once for every walk that has ended: so the last time is after all of them."""
    p, ended = Value(1.0), threading.Semaphore(0)

    def task(i: int) -> None:
        for _ in range(100 if i else 300):
            if i:
                (p.sin() * 0.0 + own_step(p, 1.0)).backward()
                ended.release()
            else:
                ended.acquire()
                p.grad = 0.0

    in_threads(task)
    assert p.grad == 0.0


def test_steps_by_hand_are_counted_once() -> None:
    p = Value(1.0)

    def task(i: int) -> None:
        for _ in range(100):
            z = p * 2.0
            z.grad = 1.0
            z._backward()

    in_threads(task)
    assert p.grad == 800.0


def test_toposort_of_a_shared_graph() -> None:
    p = Value(1.0)
    y = p
    for _ in range(20):
        y = y * p + p
    order = toposort(y)
    roots = [y * 1.0 for _ in range(THREADS)]
    z = own_step(y)

    def task(i: int) -> None:
        for _ in range(100):
            if i == 3:
                z.backward()
            else:
                assert toposort(roots[i]) == [*order, roots[i]]

    in_threads(task)
    p.grad, count = 0.0, p.grad
    z.backward()
    assert count == 100 * p.grad


def test_toposort_inside_a_step() -> None:
    p = Value(1.0)
    y = p * 3.0
    out = own_step(y)
    step, orders = out._backward, []

    def sorts() -> None:
        orders.append(toposort(out))
        step()

    out._backward = sorts
    (out * 1.0).backward()
    assert (orders, p.grad) == ([[p, y, out]], 6.0)


def test_side_by_side() -> None:
    """Two walks of graphs that share a leaf are in the middle at the same time, each
    waiting for the other.
    """
    p, together = Value(1.0), threading.Barrier(2)

    def waiting(x: Value) -> Value:
        out = own_step(x)
        step = out._backward

        def step_and_wait() -> None:
            together.wait(10)
            step()
            together.wait(10)

        out._backward = step_and_wait
        return out

    shared = p * 1.0
    in_threads(lambda i: (waiting(p * 1.0) + waiting(p) + waiting(shared)).backward(), 2)
    assert p.grad == 12.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_in_the_middle_of_anothers_walk() -> None:
    """In the child, that walk does not go on: leaves are as they were."""
    p, pids = Value(1.0), []
    p.grad = 5.0

    def fork() -> None:
        child = os.fork()
        if child == 0:
            is_right = p.grad == 5.0 and not walks.ACTIVE
            (p * 3.0).backward()
            os._exit(7 if is_right and p.grad == 8.0 else 1)
        pids.append(child)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.12 on: it forks while threads run
        (meanwhile(p, fork) * 1.0).backward()
    _, status = os.waitpid(pids[0], 0)
    assert (os.waitstatus_to_exitcode(status), p.grad) == (7, 7.0)


def test_gradients_beside_the_nodes() -> None:
    x, y = Value(3.0), Value(4.0)
    x.grad = y.grad = 1.0
    gradients = Apart(None, {id(x): [x, None]})
    for node in (x, y):
        gradients.add(node, 2.0, 1.0)
        gradients.add(node, 5.0, 1.0)
    assert (x.grad, y.grad) == (1.0, 8.0)
    assert (gradients.of(x), gradients.of(y)) == (7.0, 8.0)
