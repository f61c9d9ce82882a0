"""Results of compiled functions go back like those of the functions themselves."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

import micrograd
from micrograd import Value, enable_grad, grad, hessian, jvp, no_grad, toposort, vmap
from micrograd.draw import draw_dot, trace
from micrograd.errors import CaptureError, GradientError, ShapeError
from micrograd.gradients import has_grad
from micrograd.node import is_constant
from micrograd.trees import leaves_of


def _fresh():
    """Values of both kinds: a number, an array, one that a result may leave out."""
    return Value(1.5), Value(np.array([1.0, -2.0, 0.5])), Value(0.25)


def _losses(w, v, u):
    def loss(x):
        return (w * x + (v * v).sum()).tanh() + w * w, (v * w).sum() + x, v * 2.0 + w

    return loss


def _walk_two(f):
    a, b = f(0.3)[0], f(0.7)[0]
    b.backward()
    a.backward()


def _walk_twice(f):
    a = f(0.3)[0]
    a.backward()
    a.backward()


def _walk_twice_inside(f):
    a = f(0.3)[0]
    for factor in (2.0, 3.0):
        (a * factor).backward()
    return a.grad


def _seed(f):
    f(0.3)[0].backward(2.5)
    f(0.3)[2].backward(np.array([1.0, -1.0, 3.0]))


def _both_in_one(f):
    a, b, c = f(0.3)
    z = a * b + (c * c).sum()
    z.backward()
    return a.grad, b.grad, c.grad, z.data


def _one_of_three(f):
    _, b, _ = f(0.3)
    (b * b).backward()


def _while_the_next_runs(f):
    a = f(0.3)[0]
    others = [f(0.1 * i) for i in range(5)]
    a.backward()
    for other in others:
        other[1].backward()


def _kept_in_a_list(f):
    losses = [f(0.1 * i)[0] for i in range(4)]
    sum(losses).backward()


def _with_no_grad(f):
    with no_grad():
        a = f(0.3)[0]
    with pytest.raises(GradientError):
        a.backward()
    with no_grad(), enable_grad():
        f(0.3)[0].backward()


def _by_hand(f):
    z = f(0.3)[0] * 2.0
    z.grad = 1.0
    for node in reversed(toposort(z)):
        node._backward()


# What may be done with the results of a function.
WALKS = [
    _walk_two,
    _walk_twice,
    _walk_twice_inside,
    _seed,
    _both_in_one,
    _one_of_three,
    _while_the_next_runs,
    _kept_in_a_list,
    _with_no_grad,
    _by_hand,
]


def _close(found, wanted):
    found, wanted = leaves_of(found), leaves_of(wanted)
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-14, equal_nan=True), (a, b)


@pytest.mark.parametrize("walk", WALKS)
def test_walks(walk):
    answers = []
    for make in (lambda f: f, micrograd.compile):
        values = _fresh()
        f = make(_losses(*values))
        f(0.1)
        found = walk(f)
        answers.append([() if found is None else found, [v.grad for v in values], [float(has_grad(v)) for v in values]])
    _close(answers[1], answers[0])


def test_inside_a_larger_graph():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p, q, unused = Value(2.0), Value(-1.0), Value(3.0)
        f = make(lambda x, p=p, q=q: p * q * x + p * p)
        h = p * 3.0
        z = f(2.0) * 2.0 + p + h * f(1.0) + unused * 0.0
        z.backward()
        answers.append([z.data, p.grad, q.grad, h.grad, unused.grad])
        z.backward()  # leaves accumulate
        answers[-1] += [p.grad, q.grad, h.grad]
    _close(answers[1], answers[0])


def test_states_that_have_a_history():
    answers = []
    for make in (lambda f: f, micrograd.compile):
        a, b = Value(1.5), Value(np.array([1.0, 2.0]))
        w, W, p = a * a, b.exp(), Value(0.5)
        f = make(lambda x, w=w, W=W, p=p: (w * x + (W * p).sum(), W * w))
        y, z = f(3.0)
        (y * w + z.sum() + y).backward()
        answers.append([a.grad, b.grad, p.grad, w.grad, W.grad])
        f(1.0)[0].backward()
        answers[-1] += [a.grad, b.grad, p.grad]
    _close(answers[1], answers[0])


@pytest.mark.parametrize("backend", ["numpy", "tape"])
def test_results_that_others_were_made_from_have_gradients(backend):
    p = Value(2.0)

    def function(x):
        leaf = Value(x)
        n = p * leaf
        o = (n.tanh() * n + n).exp()
        return {"leaf": leaf, "n": n, "o": o, "again": o, "other": p * 3.0}

    logs = []
    for f in (function, micrograd.compile(function, backend=backend)):
        p.grad = 0.0
        v = f(0.3)
        rows = []
        for walk in (
            v["o"].backward,
            v["o"].backward,  # the leaf's adds up
            (v["n"] * 3.0 + v["o"] * v["leaf"]).backward,  # on two ways
            v["n"].zero_grad,
            lambda v=v: setattr(v["leaf"], "grad", 0.5),
            v["o"].backward,
            v["n"].backward,
            lambda v=v: (v["n"] * p).backward(),
        ):
            walk()
            rows.append([x.grad for x in [*v.values(), p]])
        logs.append(rows)
    assert logs[1] == [pytest.approx(row, rel=1e-14) for row in logs[0]]


def test_results_that_are_arrays_have_gradients_by_way_of_others():
    w = Value(np.array([1.0, -2.0, 0.5]))

    def function(x):
        scores = w * x
        return (scores * scores).sum(), scores, scores[0] + 1.0

    answers = []
    for f in (function, micrograd.compile(function)):
        for calls in range(2):  # both are alive
            loss, scores, first = f(np.array([1.0, 2.0, 3.0 + calls]))
            assert not scores.grad.any()
            (loss + first * 2.0).backward()
            answers.append([scores.grad, first.grad, w.grad])
        w.grad = None
    _close(answers[2:], answers[:2])


def test_a_gradient_by_way_of_another_result_is_read_in_time():
    p = Value(2.0)

    def function(x):
        n = p * x
        return n * n, n

    f = micrograd.compile(function)
    z, n = f(1.5)
    z.backward()
    with no_grad():
        assert n.grad == 6.0
    z.backward()
    p.data = 1.0
    with pytest.raises(
        GradientError, match=r"values have changed since the call;\nread its gradient before they change"
    ):
        n.grad  # noqa: B018
    n.grad = 0.0
    assert n.grad == 0.0
    z.backward()
    del f, function
    with pytest.raises(GradientError, match=r"the compiled function is gone;\nkeep it as long as its results"):
        n.grad  # noqa: B018


def test_gradients_that_a_step_leaves_in_its_results():
    p = Value(2.0)

    def step(x):
        p.grad = 0.0
        n = p * x
        o = n * n
        o.backward()
        return o, n, n.detach()

    for f in (step, micrograd.compile(step)):
        o, n, data = f(3.0)
        assert (o.grad, data.grad) == (1.0, 0.0)
    with pytest.raises(GradientError, match=r"a result of a compiled step, .*\nreturn its \.data"):
        n.grad  # noqa: B018
    n.grad = 0.0
    assert n.grad == 0.0

    def leaf(x):
        leaf = Value(x)
        (p * leaf).backward()
        return leaf

    with pytest.raises(CaptureError, match=r"makes and returns gets a gradient .*\nmake the value outside"):
        micrograd.compile(leaf)(1.0)


def test_gradients_by_hand():
    p, q = Value(2.0), Value(-3.0)

    def walk(x):
        n = p * q * x
        o = n.tanh()
        o.grad = 1.0
        n.grad += (1.0 - o.data**2) * o.grad
        p.grad, q.grad = n.grad * q.data * x, n.grad * p.data * x
        return [n.grad, o.grad, n.data]

    logs = []
    for f in (walk, micrograd.compile(walk)):
        logs.append([[*f(x), p.grad, q.grad] for x in (0.1, 0.2, 0.3)])
    assert logs[1] == [pytest.approx(row, rel=1e-14) for row in logs[0]]

    def one_step():
        z = p * q
        z.grad = 1.0
        z._backward()

    def picture():
        return draw_dot(p * q).source

    def given():
        z = p * q
        z.grad = 1.0
        return z

    for f, message in (
        (one_step, r"_backward\(\) of a number .*\n.*call backward\(\)"),
        (picture, "print of a number"),
        (given, "returns a value whose gradient it has assigned"),
    ):
        with pytest.raises(CaptureError, match=message):
            micrograd.compile(f)()


def test_constants_and_unread_values_get_no_gradient():
    a = Value(2.0)
    constant, unread = a.detach(), Value(3.0)
    f = micrograd.compile(lambda x: a * constant * x + unread.data * x)
    f(2.0).backward()
    assert a.grad == 4.0 and not has_grad(constant) and not has_grad(unread)


def test_what_is_returned():
    p, q = Value(2.0, label="p"), Value(np.ones(2, np.float32))

    def function(x):
        z = p * x
        z.label = "z"
        return {"own": p, "z": z, "data": z.data, "constant": p.detach() * 2.0, "leaf": Value(x), "int": 3, "array": q}

    compiled = micrograd.compile(function)
    for _ in range(2):
        found, wanted = compiled(1.5), function(1.5)
        assert found["own"] is p and found["array"] is q and found["int"] == 3
        for name in ("z", "constant", "leaf"):
            assert found[name].data == wanted[name].data and found[name].label == wanted[name].label
        assert found["data"] == 3.0 and type(found["data"]) is float
        assert found["leaf"].op == "" and found["z"].op == "compiled"
        with pytest.raises(GradientError):
            found["constant"].backward()


class Kept:
    """Keeps a result beside what it returns."""

    def __init__(self, way):
        self.way, self.w, self.last, self.all = way, Value(3.0), None, []

    def __call__(self, x):
        h = self.way(self.w, x)
        self.last = h
        self.all.append(h)
        return h * 2.0


def _unrecorded(w, x):
    with no_grad():
        return w * x


@pytest.mark.parametrize(
    "way",
    [lambda w, x: w * x, lambda w, x: (w * x).detach(), _unrecorded, lambda w, x: np.array([1.0, 2.0]) * w * x],
)
def test_a_result_that_the_function_keeps_is_refused(way):
    """Its second run has slightly other numbers, and later calls do not change it."""
    kept = Kept(way)
    f = micrograd.compile(kept)
    for x in (1.0, 2.0, 3.0):
        assert np.all(f(x).data == way(kept.w, x).data * 2.0)
    assert len(kept.all) == 2 and kept.all[1] is kept.last
    for use in (lambda h: h * 2.0, lambda h: h.data + 1.0, lambda h: h.sum().backward(), lambda h: (h + 1.0).data):
        with pytest.raises(
            CaptureError, match=r"belongs to a capture that is over, in .*\n.*return it, do not keep it"
        ):
            use(kept.last)
    if not is_constant(kept.last) and not kept.last.shape:
        with pytest.raises(CaptureError, match="return it, do not keep it"):
            kept.last.backward()
    assert kept.w.grad == 0.0 and np.all(kept.all[0].data == way(kept.w, 1.0).data)


def test_objects_of_other_classes():
    w = Value(2.0)

    class Pair:
        def __init__(self, loss):
            self.loss = loss

    for make in (lambda x: Pair(w * x), lambda x: [Pair([w.data * x])], lambda x: {"pair": Pair({"x": w * x})}):
        f = micrograd.compile(make)
        for _ in range(2):
            with pytest.raises(
                CaptureError, match=r"an object of class Pair, and .* Its \.loss is a result;\nreturn a"
            ):
                f(3.0)
    known = Pair(w)
    f = micrograd.compile(lambda x: (known, known.loss * x))
    for x in (1.0, 2.0, 3.0):
        found, z = f(x)
        assert found is known and z.data == 2.0 * x


def test_data_that_changes_before_backward_does_not_count():
    p, v = Value(2.0), Value(np.array([1.0, 2.0]))
    f = micrograd.compile(lambda x: (v * p).sum() * x[0])
    x = np.array([3.0])
    z = f(x)
    p.data, x[0] = 100.0, 100.0
    v.data += 100.0
    z.backward()
    assert p.grad == 9.0 and (v.grad == [6.0, 6.0]).all()


SPECIAL = [
    (lambda p: p * np.inf, 0.0),
    (lambda p: (p * 0.0) * np.inf, 1.0),
    (lambda p: (p**0.5) * 0.0, 0.0),
    (lambda p: p.log() * 0.0, 0.0),
    (lambda p: (p**0.5) * (p - 0.0), 0.0),
    (lambda p: (p * p) ** 0.5 * p.relu(), 0.0),
    (lambda p: p.exp() * 0.0, 800.0),
    (lambda p: np.maximum(p, np.nan), 1.0),
    (lambda p: p / (p * 0.0 + 1e308), np.inf),
    (lambda p: p.relu() * 2.0, np.nan),
    (lambda p: np.where(p > 0, p, (p * p) ** 0.5), 0.0),
    (lambda p: (p - p) / p, np.inf),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::micrograd.errors.GradientWarning")
@pytest.mark.parametrize("which", range(len(SPECIAL)))
def test_nan_and_infinity_are_as_without_compiling(which):
    function, data = SPECIAL[which]
    answers = []
    for make in (lambda f: f, micrograd.compile):
        p = Value(1.25)
        f = make(lambda p=p: function(p))
        f()
        p.data = data
        z = f() * 1.0
        z.backward()
        answers.append([z.data, p.grad])
    assert np.array_equal(answers[0], answers[1], equal_nan=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_after_changes_is_refused():
    p, q = Value(0.0), Value(0.0)
    f = micrograd.compile(lambda: (p**0.5) * q)
    z = f()
    p.data = 1.0
    with pytest.raises(
        GradientError, match=r"values have changed since the call;\ncall backward\(\) before they change"
    ):
        z.backward()
    assert p.grad == 0.0


def test_a_walk_that_fails_leaves_all_as_it_was():
    p, q = Value(2.0), Value(3.0)
    p.grad, q.grad = 0.5, 0.25
    f = micrograd.compile(lambda: p * q)

    def broken():
        raise KeyError("broken")

    h = q * 1.0
    h._backward = broken
    z = f() * 2.0 + h
    with pytest.raises(KeyError):
        z.backward()
    assert (p.grad, q.grad) == (0.5, 0.25)
    f().backward()
    assert (p.grad, q.grad) == (3.5, 2.25)


def test_a_walk_of_one_step():
    p, v, c = Value(2.0), Value(np.array([1.0, 2.0])), Value(5.0)
    f = micrograd.compile(lambda: p * (v * v).sum())
    g = micrograd.compile(lambda: v * p)
    for _ in range(3):
        z = f()
        z.backward()
        z.backward(0.5)
        assert z.grad == 0.5
    assert p.grad == 22.5 and v.grad.tolist() == [18.0, 36.0]
    p.grad = v.grad = None
    seed = np.array([1.0, -1.0])
    z = g()
    z.backward(seed)
    assert z.grad.tolist() == [1.0, -1.0] and p.grad == -1.0 and v.grad.tolist() == [2.0, -2.0]
    assert c.grad == 0.0 and toposort(z)[-1] is z
    with pytest.raises(ShapeError):
        z.backward(np.ones(3))
    step = micrograd.compile(lambda: (p * p).backward() or p * 3.0)
    for _ in range(3):
        z = step()
        with pytest.raises(GradientError, match="is a whole step"):
            z.backward()


def test_refusals():
    p = Value(2.0)
    f = micrograd.compile(lambda: p * p)
    z = f()
    with pytest.raises(GradientError, match=r"create_graph=True goes through .*;\ncompile the derivative: micrograd"):
        (z * z).backward(create_graph=True)
    for copied in (copy.deepcopy, lambda z: pickle.loads(pickle.dumps(z))):
        with pytest.raises(GradientError, match="'compiled' has a `_backward`"):
            copied(z)


# Transforms of a compiled function of a number or of an array.
TRANSFORMS = [
    (grad, 2.0),
    (lambda f: grad(grad(f)), 2.0),
    (lambda f: lambda x: jvp(f, (x,), (1.0,)), 2.0),
    (vmap, np.array([1.0, 2.0, 3.0])),
    (lambda f: vmap(grad(f)), np.array([1.0, 2.0, 3.0])),
    (lambda f: grad(lambda x: vmap(f)(x).sum()), np.array([1.0, 2.0, 3.0])),
    (hessian, 2.0),
]


@pytest.mark.parametrize("which", range(len(TRANSFORMS)))
def test_transforms_of_a_compiled_function(which):
    transform, x = TRANSFORMS[which]
    p = Value(3.0)

    def function(x):
        return np.sin(x * p) * x

    compiled = micrograd.compile(function)
    compiled(0.5)
    wanted = [getattr(z, "data", z) for z in leaves_of(transform(function)(x))]
    found = [getattr(z, "data", z) for z in leaves_of(transform(compiled)(x))]
    _close(found, wanted)


def test_transforms_of_what_a_compiled_function_closes_over():
    model = micrograd.nn.MLP(2, [3, 1])

    def loss(X):
        return (model(X) ** 2).sum()

    compiled = micrograd.compile(loss)
    X = [0.5, -1.0]
    compiled(X)
    _close(
        leaves_of(grad(lambda model: compiled(X))(model)),
        leaves_of(grad(lambda model: loss(X))(model)),
    )


def test_a_transform_through_a_result_is_right_or_refused():
    p = Value(2.0)
    f = micrograd.compile(lambda: p * p)
    z = f()
    assert grad(lambda x: x * z)(3.0).data == 4.0  # z is a constant of it
    with pytest.raises(GradientError, match="compiled: it has a `_backward` of its own"):
        micrograd.reverse.cotangents(z * 2.0, 1.0, [p])


def test_pictures_and_inputs():
    a = Value(2.0)
    p, q, h = Value(2.0, label="p"), Value(3.0, label="q"), a * a
    f = micrograd.compile(lambda: (p * h, p + q))
    y, z = f()
    assert y.op == "compiled" and set(y.inputs) == {p, h} and y.prev == {p, h} and set(z.inputs) == {p, q}
    assert {id(x) for x in toposort(y * z)} >= {id(x) for x in (a, h, p, q, y, z)}
    nodes, edges = trace(z)
    assert nodes == {z, p, q} and edges == {(p, z), (q, z)}
    assert 'label="compiled"' in draw_dot(z).source
    z.backward()
    assert z.check_stale() == []
    assert (p.grad, q.grad) == (1.0, 1.0)


def test_workspaces_do_not_pile_up():
    p = Value(2.0)
    f = micrograd.compile(lambda x: p * x)
    kept = [f(1.0) for _ in range(50)]
    assert len({id(z._own_step.call.space) for z in kept}) == 50
    spaces = [weakref.ref(z._own_step.call.space.work) for z in kept]
    del kept
    assert sum(space() is not None for space in spaces) <= 8


def test_a_result_keeps_its_numbers_when_the_function_is_gone():
    p = Value(2.0)
    z = micrograd.compile(lambda x: p * x * x)(3.0)
    gc.collect()
    z.backward()
    assert p.grad == 9.0


@pytest.mark.parametrize("is_root", [False, True])
def test_threads(is_root):
    over = threading.Event()
    threading.Thread(target=over.wait).start()  # so calls capture again while others run: function.CHECKED
    p, v = Value(2.0), Value(np.array([1.0, 2.0]))
    f = micrograd.compile(lambda x: p * x + (v * v).sum() * x)
    f(1.0)
    shared = f(1.0)
    errors = []

    def work(i):
        try:
            for _ in range(20):
                z = f(float(i))
                assert z.data == 2.0 * i + 5.0 * i
                if is_root:  # a walk of one step
                    z.backward()
                    shared.backward()
                else:
                    (z + shared).backward()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(100)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
        over.set()
    assert not errors
    total = 20.0 * sum(i + 1 for i in range(100))
    assert p.grad == total and (v.grad == np.array([2.0, 4.0]) * total).all()


def test_walks_of_other_threads_that_have_the_same_leaves():
    p, q = Value(2.0), Value(3.0)
    f = micrograd.compile(lambda: p * q)
    reached, go_on = threading.Event(), threading.Event()

    def step():
        reached.set()
        go_on.wait(10)
        p.grad += 10.0

    slow = p * 1.0
    slow._backward = step
    thread = threading.Thread(target=lambda: (slow * 1.0 + p).backward())
    thread.start()
    assert reached.wait(10)
    (f() + p).backward()  # p is in the hands of the other walk
    assert (p.grad, q.grad) == (4.0, 2.0)
    f().backward()
    assert (p.grad, q.grad) == (7.0, 4.0)
    go_on.set()
    thread.join()
    assert (p.grad, q.grad) == (18.0, 4.0)


CHILD = """
import os, sys
from micrograd import Value, compile
p = Value(2.0)
f = compile(lambda x: p * x)
kept = [f(2.0), f(3.0)]
pid = os.fork()
f(4.0).backward(); kept[1].backward()
assert p.grad == 7.0
if pid:
    sys.exit(os.waitpid(pid, 0)[1])
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
def test_fork_and_the_end_of_the_process():
    program = [sys.executable, "-c", CHILD]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)  # a busy machine takes its time
    assert (done.returncode, done.stderr) == (0, "")
