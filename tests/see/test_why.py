"""Each diagnosis is planted in random graphs of numbers and of arrays, and found there
and only there.
"""

from __future__ import annotations

import html
import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from micrograd import Value, compile, detect_anomaly, grad, no_grad, toposort, vmap, why_grad
from micrograd.errors import CaptureError, DataError, GradientError
from micrograd.nn import MLP
from micrograd.ops import OPS, softmax
from micrograd.see.obstacles import CANCELLED, GREW, LOST, SATURATED
from tests.samples import SAMPLES

SEEDS = range(20)
ZERO = {"multiplied-by-zero", "dead-relu", "saturated", "cancelled"}  # what a zero gradient may be called
KINDS = ["numbers", "arrays"]

# Bounded, smooth, and with slopes that are neither small nor large
STEPS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b * 0.5,
    lambda a, b: a * 0.8 - b * 0.3,
    lambda a, b: (a * b).sin() + a,
    lambda a, b: (a * 0.3).tanh() + b,
    lambda a, b: (a * a + 1.0) ** 0.5 + b * 0.1,
    lambda a, b: (a * a + 1.0).log() - b,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: (a * -0.2).exp() + b,
]


class Planter:
    """Random graphs with one thing planted.

    Args:
        kind: "numbers" or "arrays".
        seed: of the random numbers.
    """

    def __init__(self, kind: str, seed: int) -> None:
        self.rng = random.Random(f"{kind} {seed}")
        self.shape = () if kind == "numbers" else self.rng.choice([(3,), (2, 3), (4, 1)])
        self.x = self.leaf("x")

    def leaf(self, label: str = "") -> Value:
        """A leaf with random data."""
        return Value(self.data(), label=label)

    def data(self) -> Any:
        numbers = [self.rng.uniform(0.3, 1.4) for _ in range(math.prod(self.shape))]
        return np.array(numbers).reshape(self.shape) if self.shape else numbers[0]

    def above(self, *below: Value) -> Value:
        """A random graph above these nodes and some other leaves."""
        nodes = [*below, self.leaf("a"), self.leaf("b"), self.leaf()]
        for node in below:
            nodes.append(node * self.rng.uniform(0.5, 1.5) + self.rng.choice(nodes[len(below) :]))
        for _ in range(self.rng.randint(2, 6)):
            nodes.append(self.rng.choice(STEPS)(self.rng.choice(nodes), self.rng.choice(nodes)))
        total = nodes[len(below)]
        for node in nodes[len(below) + 1 :]:
            total = total + node * self.rng.uniform(0.2, 0.4)
        return total

    def root(self, *below: Value) -> Value:
        """The same, as one number with the label L."""
        top = self.above(*below)
        root = top * 0.5 if not self.shape else (top * self.leaf()).sum()
        root.label = "L"
        return root

    def chain(self, node: Value) -> Value:
        """A short chain above a node."""
        for _ in range(self.rng.randint(0, 2)):
            node = self.rng.choice([lambda v: v * 0.9, lambda v: v + 0.2, lambda v: (v * 0.5).tanh()])(node)
        return node


def backward(root: Value, times: int = 1) -> Value:
    for _ in range(times):
        root.backward()
    return root


def healthy(p: Planter) -> Value:
    return backward(p.root(p.x))


def not_called(p: Planter) -> Value:
    if p.rng.random() < 0.5:  # on another loss
        backward(p.root(p.x))
    return p.root(p.x)


def zeroed_after(p: Planter) -> Value:
    root = healthy(p)
    if p.rng.random() < 0.5:
        p.x.zero_grad()
    else:
        p.x.grad = p.x.grad * 0.0
    return root


def stale(p: Planter) -> Value:
    other = p.leaf("other")
    root = backward(p.root(p.x, other), p.rng.choice([1, 2]))
    changed = p.rng.choice([p.x, other])
    changed.data = changed.data - 0.1
    return root


def constant_copy(p: Planter) -> Value:
    how = p.rng.randrange(3)
    if how == 0:
        copy = p.x.detach()
    elif how == 1:
        with no_grad():
            copy = p.x * 1.0
    else:
        copy = p.x.data
    root = p.root(p.chain(p.leaf() * copy), *([p.leaf("x")] if p.rng.random() < 0.3 else []))
    return backward(root)


def other_leaf(p: Planter) -> Value:
    return backward(p.root(p.rng.choice([p.leaf("x"), Value(p.x.data)]), p.leaf()))


def not_made_from(p: Planter) -> Value:
    if p.rng.random() < 0.5:
        backward(p.root(p.x))
    return backward(p.root(p.leaf("y")))


def not_finite(p: Planter) -> Value:
    h = p.chain(p.x)
    zero = h - h.data
    bad = p.rng.choice([lambda v: v**0.5, lambda v: v**-1.0, lambda v: v.log(), lambda v: v.sqrt()])
    with np.errstate(all="ignore"):
        return backward(p.root(p.x, p.chain(bad(zero))), p.rng.choice([1, 2]))


def accumulated(p: Planter) -> Value:
    if p.rng.random() < 0.5:
        return backward(healthy(p), p.rng.choice([1, 2]))
    backward(p.root(p.x))
    return healthy(p)


def multiplied_by_zero(p: Planter) -> Value:
    zero = Value(p.data() * 0.0, label="zero")
    h = p.chain(p.x)
    product = p.rng.choice([lambda: h * zero, lambda: zero * h, lambda: (h - h.data) ** 2, lambda: h * 0.0])()
    return backward(p.root(p.chain(product)))


def dead_relu(p: Planter) -> Value:
    h = p.chain(p.x) * 0.3 - 5.0
    off = p.rng.choice([lambda v: v.relu(), lambda v: v.clip(-1.0, 1.0), lambda v: v.relu() + (v * 2.0).relu()])
    return backward(p.root(off(h)))


def saturated(p: Planter) -> Value:
    h = p.chain(p.x)
    flat = p.rng.choice([lambda v: (v + 6.0).tanh(), lambda v: (v - 9.0).sigmoid(), lambda v: (v * 0.1 - 40.0).tanh()])
    return backward(p.root(p.chain(flat(h))))


def cancelled(p: Planter) -> Value:
    h = p.chain(p.x)
    parts = [lambda: h - h, lambda: h * 3.0 - h * 3.0 + 1.0, lambda: h * 0.5 + h * (1e-8 - 0.5)]
    if p.shape:
        parts.append(lambda: (h * 7.0).sum() - 7.0 * h.sum() + p.leaf())
    return backward(p.root(p.chain(p.rng.choice(parts)())))


def grew(p: Planter) -> Value:
    h = p.x
    for _ in range(5):
        h = h * p.rng.uniform(60.0, 90.0) + p.rng.choice([0.0, 0.5])
    return backward(p.root(p.x) + (h if not p.shape else h.sum()))


PLANTS: dict[str, Callable[[Planter], Value]] = {
    "nothing-wrong": healthy,
    "not-called": not_called,
    "zeroed-after": zeroed_after,
    "stale": stale,
    "constant-copy": constant_copy,
    "other-leaf": other_leaf,
    "not-made-from": not_made_from,
    "not-finite": not_finite,
    "accumulated": accumulated,
    "multiplied-by-zero": multiplied_by_zero,
    "dead-relu": dead_relu,
    "saturated": saturated,
    "cancelled": cancelled,
    "grew": grew,
}


def plant(name: str, kind: str, seed: int) -> tuple[Value, Value]:
    """A random graph in which this diagnosis holds, as (x, root)."""
    planter = Planter(kind, seed)
    return planter.x, PLANTS[name](planter)


@pytest.mark.filterwarnings("ignore")  # of infinite slopes, by the forward pass and backward()
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PLANTS)
def test_what_is_planted_is_found_and_nothing_else(name, kind, seed):
    x, root = plant(name, kind, seed)
    before = [np.copy(node.grad) for node in toposort(root)]
    told = why_grad(x, root)
    assert told.name == name, f"{told}"
    assert str(told).startswith("x.grad is ")
    assert told.evidence
    assert all(np.array_equal(node.grad, g, equal_nan=True) for node, g in zip(toposort(root), before, strict=True))


# Ops that lose gradients now and then, on data with many zeros
LOSING: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: a * 0.0,
    lambda a, b: a**2,
    lambda a, b: a.relu(),
    lambda a, b: (a * 8.0).tanh(),
    lambda a, b: a.clip(-1.0, 1.0),
    lambda a, b: np.abs(a),
    lambda a, b: np.floor(a),
    lambda a, b: np.maximum(a, b),
    lambda a, b: np.where(np.asarray(a.data) > 0.0, a, b),
    lambda a, b: (a * a).sqrt(),
    lambda a, b: a.detach() * b,
    lambda a, b: a[::-1] * b if a.shape else a * b,
    lambda a, b: a.sum() * b if a.shape else b,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_no_mixture_of_losses_is_told_as_something_else(kind):
    found = set()
    for seed in range(400):
        rng = random.Random(seed)
        size = 1 if kind == "numbers" else 3
        numbers = [[rng.choice([0.0, 1.0, -1.0, 0.5, -2.0, 3.0]) for _ in range(size)] for _ in "wxyz"]
        leaves = [Value(n[0] if size == 1 else n, label=label) for n, label in zip(numbers, "wxyz", strict=True)]
        nodes = list(leaves)
        for _ in range(rng.randint(1, 8)):
            nodes.append(rng.choice(LOSING)(rng.choice(nodes), rng.choice(nodes)))
        root = nodes[-1].sum() if size > 1 else nodes[-1] * 1.0
        try:
            root.backward()
        except GradientError:  # of constants alone
            continue
        for x in leaves:
            told = why_grad(x, root)
            found.add(told.name)
            if not any(node is x for node in toposort(root)):
                assert told.name in {"not-made-from", "constant-copy", "other-leaf"}, told
            elif not np.all(np.isfinite(x.grad)):
                assert told.name == "not-finite", told
            else:
                assert told.name in ({"nothing-wrong", "saturated", "cancelled", "grew"} if np.any(x.grad) else ZERO), (
                    told
                )
    assert found >= ZERO | {"nothing-wrong", "not-made-from"}


# The texts


def labelled(**data: Any) -> list[Value]:
    return [Value(x, label=name) for name, x in data.items()]


def named(label: str, node: Value) -> Value:
    node.label = label
    return node


def neuron() -> tuple[Value, ...]:
    x1, x2, w1, w2, b = labelled(x1=2.0, x2=0.0, w1=-3.0, w2=1.0, b=6.8813735870195432)
    x1w1, x2w2 = named("x1*w1", x1 * w1), named("x2*w2", x2 * w2)
    o = named("o", named("n", named("x1*w1 + x2*w2", x1w1 + x2w2) + b).tanh())
    return o, w1, w2


def test_the_first_two_questions():
    o, w1, _ = neuron()
    assert str(why_grad(w1, o)) == (
        "w1.grad is 0, because o.backward() was not called.\n"
        "  o has no gradient; o.backward() gives it 1, and w1 1.\n"
        "  Call o.backward()."
    )
    o.backward()
    assert str(why_grad(w1, o)) == "w1.grad is 1: nothing is wrong.\n  o gives w1 1, by one use of it: the same."
    w1.zero_grad()
    assert str(why_grad(w1, o)) == (
        "w1.grad is 0, because it was set to 0 after o.backward().\n"
        "  o has the gradient 1, so backward() was called; it gives w1 1.\n"
        "  Call zero_grad() before o.backward(), and not between it and the step."
    )


def test_a_product_with_zero():
    o, _, w2 = neuron()
    o.backward()
    assert str(why_grad(w2, o)) == (
        "w2.grad is 0, because it is multiplied by x2, which is 0.\n"
        "  x2*w2 = x2 * w2 = 0: its derivative by w2 is x2 = 0; the 0.5 that arrived is multiplied by that. "
        "However w2 changes, x2*w2 stays 0.\n"
        "  If x2 is not meant to be 0, look at where it comes from."
    )


def test_not_made_from():
    x, y, a = labelled(x=3.0, y=2.0, a=1.5)
    z = named("z", y * a)
    assert str(why_grad(x, z)) == (
        "x.grad is 0, because z.backward() was not called.\n"
        "  z has no gradient; z.backward() gives it 1, and x none: z was not made from x.\n"
        "  Use x in the forward pass. Then call z.backward()."
    )
    z.backward()
    assert str(why_grad(x, z)) == (
        "x.grad is 0, because z was not made from it.\n"
        "  x is none of the 2 values below z.\n"
        "  Use it in the forward pass, or differentiate by a value that is used."
    )
    other = named("z", Value(4.0, label="x") * y)
    other.backward()
    assert str(why_grad(x, other)) == (
        "x.grad is 0, because z was not made from it.\n"
        "  Another value labelled 'x' is below z: its data is 4, that of the x you asked for is 3.\n"
        "  Was x made anew? Assign to x.data to change it, and keep the Value."
    )
    copy = named("z", x.detach() * Value(4.0, label="x"))
    copy.backward()
    assert str(why_grad(x, copy)) == (
        "x.grad is 0, because z was not made from it.\n"
        "  z = x * x uses a constant with the data of x, 3, in its place.\n"
        "  Use x itself: detach(), .data, float() and no_grad() cut the history."
    )


def infinite_root() -> tuple[Value, Value]:
    p = Value(0.0, label="p")
    q = named("q", p**0.5)
    return p, named("L", q * 3.0)


NOT_FINITE = (
    "p.grad is inf: on the way back, the first number that is not finite comes from raise_to.\n"
    "  q = p^0.5 = 0, where p = 0; its derivative 0.5 * p^-0.5 is inf, times the 3 that arrived.\n"
    "%s"
    "  Keep p away from there: a root has an infinite slope at 0, as (p + 1e-12)**0.5."
)


def test_not_finite():
    p, L = infinite_root()
    L.backward()
    assert str(why_grad(p, L)) == NOT_FINITE % ""


def test_not_finite_with_the_line():
    with detect_anomaly():
        p, L = infinite_root()
        assert why_grad(p, L).name == "not-called"  # nothing raises in there
    L.backward()
    line = infinite_root.__code__.co_firstlineno + 2
    assert str(why_grad(p, L)) == NOT_FINITE % f'  Made at {__file__}:{line}: q = named("q", p**0.5)\n'


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning")  # by the forward pass
def test_not_finite_on_the_way_forward():
    p = Value(0.0, label="p")
    L = named("L", p / p)
    L.backward()
    assert str(why_grad(p, L)) == (
        "p.grad is nan: on the way back, the first number that is not finite comes from multiply.\n"
        "  L = p * (p**-1) = nan, where p = 0; its derivative p**-1 is inf, times the 1 that arrived.\n"
        "  On the way forward, p^-1 = inf already, where p = 0.\n"
        "  Keep p away from there: a quotient by 0 has no number; add a small number to what divides."
    )
    L = named("L", p * 1e308 + p * 1e308 + p)
    p.zero_grad()
    L.backward()
    assert "their sum is too large for a float" in str(why_grad(p, L))
    p.data = 800.0
    L = named("L", p.exp() * 2.0)
    p.zero_grad()
    with np.errstate(all="ignore"):
        L.backward()
    assert why_grad(p, L).repair == (
        "Keep p away from there: exp overflows above 709; subtract the largest input before, as softmax does."
    )


def test_a_loss_at_its_minimum():
    w, y = labelled(w=2.0, y=2.0)
    L = named("L", (w - y) ** 2)
    L.backward()
    told = why_grad(w, L)
    assert told.name == "multiplied-by-zero"
    assert told.repair == "At a minimum of L that is right. Elsewhere, look at where the 0 comes from."


def test_accumulated():
    a, b = labelled(a=2.0, b=6.0)
    L = named("L", a * b)
    L.backward()
    L.backward()
    assert str(why_grad(a, L)) == (
        "a.grad is 12, which is 2 times what L gives: 6.\n"
        "  backward() adds to what is there, and was called 2 times since the gradient was zeroed, or on more than L.\n"
        "  Before the next one: a.zero_grad(), or model.zero_grad()."
    )
    a.grad = 1.5
    assert why_grad(a, L).head == "a.grad is 1.5, which is 0.25 times what L gives: 6."
    a.grad = 8.5
    assert why_grad(a, L).head == "a.grad is 8.5, and L gives 6: the other 2.5 was there before, or came later."


def test_a_relu_that_is_off():
    w, x = labelled(w=-2.0, x=1.0)
    h = named("h", (w * x).relu())
    h.backward()
    assert str(why_grad(w, h)) == (
        "w.grad is 0, because every way back to it ends at a ReLU that is off.\n"
        "  h = ReLU(w*x) with input -2: slope 0 there.\n"
        "  A unit that is off for all samples cannot come back: a smaller learning rate, another start, or tanh."
    )
    w = Value(np.linspace(-3.1, -0.2, 16), label="w")
    w.relu().sum().backward()
    L = w.relu().sum()
    L.backward()
    assert why_grad(w, L).evidence == ["16 of 16 ReLUs on the way have an input of 0 or below, from -3.1 to -0.2."]


def test_saturated():
    w = Value(4.0, label="w")
    n = named("n", w * 2.0)
    h = named("h", n.tanh())
    h.backward()
    assert str(why_grad(w, h)) == (
        "w.grad is 9.003e-07, because tanh is saturated on the way.\n"
        "  h = tanh(n) = 1.000000, with input 8: slope 1 - h^2 = 4.501e-07. Of the 1 that arrived, 4.501e-07 goes on.\n"
        "  Smaller weights or inputs keep tanh off its flat ends."
    )


def test_cancelled_and_grew():
    a, b, c = labelled(a=3.0, b=1.0, c=1.0)
    L = named("L", named("u", a * b) - named("v", a * c))
    L.backward()
    told = why_grad(a, L)
    assert told.head == "a.grad is 0, because parts cancel on the way."
    assert told.evidence == ["a gets -1 by v = a * c and 1 by u = a * b: together 0."]
    G = named("G", named("g", a * 1e4) * 2e4)
    a.zero_grad()
    G.backward()
    told = why_grad(a, G)
    assert told.head == "a.grad is 2e+08: it grew from 1 to 2e+08 on the way back."
    assert told.evidence == ["Over 2 products, most at G = g * (2e+04), by 2e+04 times."]


def test_stale():
    x = Value(3.0, label="x")
    y = named("y", x * x)
    y.backward()
    y.backward()
    x.data = 4.0
    assert str(why_grad(x, y)) == (
        "x.grad is 12, and cannot be trusted: data was changed after y was computed.\n"
        "  y = x * x is 9, where its inputs now give 16: x is 4.\n"
        "  Compute y again, call backward(), and ask before you change data, as a step of training does."
    )


# Borders


def why(x: Value, root: Value) -> str:
    root.backward()
    return why_grad(x, root).name


def test_inside_transforms():
    def ask(v):
        why_grad(v, v * v)
        return v * v

    for transformed in (grad(ask), vmap(ask)):
        with pytest.raises(DataError, match=r"why_grad: x (is a|has no plain numbers)"):
            transformed(np.array([1.0, 2.0]) if transformed is not None else None)
    with pytest.raises(CaptureError):
        compile(ask)(Value(2.0))


def test_a_step_of_ones_own():
    a = Value(2.0, label="a")
    out = Value(4.0, (a,), "own")
    out._backward = lambda: None
    (out * 2.0).backward()
    with pytest.raises(GradientError, match="own has a `_backward` of its own, and nobody can look into it; make it"):
        why_grad(a, out * 2.0)


def test_made_by_hand_without_a_step():
    a = Value(2.0, label="a")
    root = named("L", named("h", Value(4.0, (a,), "own")) * 2.0)
    root.backward()
    told = why_grad(a, root)
    assert told.name == "multiplied-by-zero"
    assert told.evidence == ["h = own(a) = 4: it has no derivative by a."]


@pytest.mark.parametrize("data", [2, Fraction(2, 3), np.float32(2.0), np.array([1.5, 2.5], np.float32)], ids=str)
def test_other_numbers(data):
    x = Value(data, label="x")
    root = (x * x * 3).sum() if np.ndim(data) else x * x * 3
    assert why(x, root) == "nothing-wrong"
    assert why(x, root) == "accumulated"
    zero = named("L", x * 0)
    x.zero_grad()
    assert why(x, zero) == "multiplied-by-zero"


def test_an_empty_array():
    x = Value(np.zeros((0, 3)), label="x")
    root = x.sum()
    assert why_grad(x, root).name == "not-called"
    assert why(x, root) == "nothing-wrong"


def test_an_empty_root():
    x = Value([1.0, 2.0], label="x")
    L = named("L", x + Value(np.zeros((0, 2))))
    assert why(x, L) == "multiplied-by-zero"
    assert why_grad(x, L).head == "x.grad is 0 in all of (2,), because L has no elements."


def test_root_itself_and_leaves():
    x, y = labelled(x=2.0, y=3.0)
    assert why_grad(x, x).name == "not-called"
    assert why(x, x) == "nothing-wrong"
    assert why(x, x) == "accumulated"
    assert why(y, x) == "not-made-from"


def test_the_other_way_round():
    w = Value(2.0, label="w")
    L = named("L", w * 3.0)
    L.backward()
    assert str(why_grad(L, w)) == (
        "L.grad is 1, and nothing of it comes from w: it is the other way round.\n"
        "  L was made from w.\n"
        "  Ask why_grad(w, L): first the value, then the root."
    )


def test_constants():
    x = Value(2.5, label="x")
    with no_grad():
        L = named("L", x * 2.0)
    assert why_grad(x, L).head == "x.grad is 0, because L has no history, and L.backward() is refused."
    constant = x.detach()
    root = constant * x
    root.backward()
    assert why_grad(constant, root).name == "constant-copy"
    assert why_grad(constant, root).head == "x.grad is 0, because it is a constant."


def test_a_small_whole_number_is_not_taken_for_a_copy():
    x, y = labelled(x=2.0, y=1.5)
    assert why(x, y * 2.0) == "not-made-from"
    x.data = 2.37
    assert why(x, y * 2.37) == "constant-copy"


def test_a_new_value_of_the_data():
    w = Value(3.25, label="w")
    L = named("L", Value(w.data) * 2.0)
    L.backward()
    assert str(why_grad(w, L)) == (
        "w.grad is 0, because L was not made from it.\n"
        "  v1, another leaf below L, has the data of w, 3.25.\n"
        "  Was it made from w.data? Use w itself: a Value of its data is new."
    )


def test_root_is_a_part_of_something_larger():
    x = Value(2.0, label="x")
    L = named("L", x * x)
    (L * 3.0).backward()
    told = why_grad(x, L)
    assert str(told) == "x.grad is 12: nothing is wrong.\n  L gives x 12, by 2 uses of it, where L.grad is 3: the same."
    x.zero_grad()
    (L - 10.0).relu().backward()
    assert why_grad(x, L).head == "x.grad is 0, because the gradient of L is 0."
    x.zero_grad()
    (L + x * 0.25).backward()
    assert why_grad(x, L).head == "x.grad is 4.25, and L gives 4: the other 0.25 was there before, or came later."


def test_a_value_that_an_op_made():
    x = Value(2.0, label="x")
    h = named("h", x * 3.0)
    first, second = named("L", h * 2.0), h * 5.0
    first.backward()
    assert why_grad(h, first).name == "nothing-wrong"
    second.backward()
    told = why_grad(h, first)
    assert told.name == "not-called"
    assert told.head == "h.grad is 5, and not from L: L gives it 2."
    assert why_grad(h, second).name == "nothing-wrong"


def test_a_gradient_that_is_recorded():
    x = Value(2.0, label="x")
    root = x * x
    root.backward(create_graph=True)
    assert why_grad(x, root).name == "nothing-wrong"


def stacked(a: Value, b: Value) -> Value:
    return np.stack([a, b])


# By what x does not change L, and what is said of it
GATES: dict[str, tuple[Callable[[Value], Value], str, str]] = {
    "floor": (lambda x: np.floor(x), "dead-relu", "floor(x) is flat: its slope is 0 everywhere."),
    "sign": (lambda x: np.sign(x) + 1.0, "dead-relu", "sign(x) is flat: its slope is 0 everywhere."),
    "clip": (lambda x: x.clip(0.0, 1.0), "dead-relu", "clip(x, 0, 1) with input 2.3: slope 0 there."),
    "maximum": (
        lambda x: np.maximum(x, Value(9.0, label="y")),
        "dead-relu",
        "maximum(x, y) takes nothing of x where a gradient arrives.",
    ),
    "where": (lambda x: np.where(True, Value(9.0), x), "dead-relu", "takes nothing of"),
    "index": (lambda x: stacked(x, Value(1.0))[1], "dead-relu", "takes nothing of"),
    "set": (lambda x: (x * Value([1.0])).at[0].set(5.0), "dead-relu", "takes nothing of"),
    "max": (lambda x: stacked(x, Value(9.0)).max(), "dead-relu", "takes nothing of"),
    "square": (lambda x: (x - 2.3) ** 2, "multiplied-by-zero", "its derivative by x + -2.3 is 2 * (x + -2.3) = 0"),
    "product": (lambda x: x * 0.0, "multiplied-by-zero", "its derivative by x is 0; the 1 that arrived"),
    "matmul": (lambda x: (x * Value([1.0, 2.0])) @ Value([0.0, 0.0], label="v"), "multiplied-by-zero", "0 goes on to"),
    "tanh": (lambda x: (x * 20.0).tanh(), "saturated", "with input 46: slope 1 - "),
    "softmax": (lambda x: softmax(x * Value([1.0, 2.0])).sum(), "cancelled", "the parts add up to 0"),
    "underflow": (lambda x: (x * 1e-200) * 1e-200, "multiplied-by-zero", "The product is too small for a float."),
    "broadcast": (
        lambda x: (x * Value([1.0, -1.0])).sum(),
        "cancelled",
        "of what goes on to x, the parts add up to 0.",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("sample", [s for s in SAMPLES if OPS[s.op].differentiable], ids=str)
def test_every_op(sample):
    inputs = [Value(x) if np.asarray(x).dtype.kind == "f" else x for x in sample.inputs]
    root = OPS[sample.op](*inputs, **sample.params) * 2.0
    root.backward()
    for x in inputs:
        if isinstance(x, Value):
            told = why_grad(x, root)
            is_zero = np.size(x.grad) and not np.any(x.grad)
            assert told.name in (ZERO if is_zero else {"nothing-wrong", "grew", "cancelled", "saturated"})
            assert max(map(len, str(told).splitlines())) < 250


@pytest.mark.parametrize("name", GATES)
def test_what_stops_a_gradient(name):
    build, diagnosis, evidence = GATES[name]
    x = Value(2.3, label="x")
    told_of = named("L", build(x) * 1.0)
    assert why(x, told_of) == diagnosis
    assert evidence in str(why_grad(x, told_of))


def test_several_ends_at_once():
    x, zero = labelled(x=-2.0, zero=0.0)
    L = named("L", named("h", x.relu()) + named("m", x * zero))
    L.backward()
    assert (
        str(why_grad(x, L))
        == (
            "x.grad is 0, because every way back to it ends, each for a reason of its own.\n"
            "  h = ReLU(x) with input -2: slope 0 there.\n"
            "  m = x * zero = 0: its derivative by x is zero = 0; the 1 that arrived is multiplied by that. "
            "However x changes, m stays 0.\n"
            "  Begin with the first of them."
        )
        or why_grad(x, L).evidence
    )


def input_of_slope(t: float) -> float:
    """Where tanh has this slope."""
    return math.atanh(math.sqrt(1.0 - t))


def logit_of_slope(t: float) -> float:
    """Where the sigmoid has this slope."""
    z = (1.0 + math.sqrt(1.0 - 4.0 * t)) / 2.0
    return math.log(z / (1.0 - z))


# What a share of the threshold gives: of the data of x, and of root
BORDERS: dict[str, tuple[Callable[[float], float], Callable[[Any, float], Any], bool]] = {
    "saturated": (lambda f: input_of_slope(SATURATED * f), lambda x, f: x.tanh(), True),
    "saturated by sigmoid": (lambda f: logit_of_slope(SATURATED * f), lambda x, f: x.sigmoid(), True),
    "saturated, with what stands above": (
        lambda f: input_of_slope(SATURATED / 2.0),
        lambda x, f: x.tanh() * (LOST * f * 2.0 / SATURATED),
        True,
    ),
    "cancelled": (lambda f: 2.0, lambda x, f: x * 1.0 - x * (1.0 - CANCELLED * f), True),
    "grew": (lambda f: 2.0, lambda x, f: x * (GREW * f), False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("border", BORDERS)
def test_the_thresholds(border, kind):
    """A thousandth below a threshold and above it."""
    data_at, build, is_below = BORDERS[border]
    for factor in (0.999, 1.001):
        data = data_at(factor)
        x = Value(data if kind == "numbers" else np.full(3, data))
        root = build(x, factor) if kind == "numbers" else build(x, factor).sum()
        expected = border.partition(" ")[0].rstrip(",") if (factor < 1.0) == is_below else "nothing-wrong"
        assert why(x, root) == expected


def test_the_thresholds_are_those_of_the_text():
    assert (SATURATED, LOST, CANCELLED, GREW) == (1e-3, 0.1, 1e-6, 1e6)


def test_what_a_logarithm_makes_up_for_is_not_lost():
    w = Value(-20.0, label="w")
    assert why(w, -w.sigmoid().log()) == "nothing-wrong"
    assert why(w, -w.sigmoid().log() * 0.01) == "accumulated"
    w.zero_grad()
    assert why(w, -w.sigmoid()) == "saturated"


def test_a_dead_network():
    np.random.seed(0)
    model = MLP(2, [3, 1])
    for p in model.parameters():
        p.data = -abs(p.data)
    w = model.parameters()[0]
    L = named("L", model([Value(1.0), Value(2.0)]))
    L.backward()
    told = why_grad(w, L)
    assert told.name == "dead-relu"
    assert told.head.startswith("x.grad is 0, because every way back to it ends at a ReLU that is off.")


def test_a_long_graph():
    x = Value(1.5, label="x")
    y = x
    for _ in range(20_000):
        y = y + 1e-4
    assert why(x, y) == "nothing-wrong"
    assert why(x, (y.relu() - 5.0).relu()) == "accumulated"


def test_html_is_escaped():
    x = Value(2.0, label="<b>&")
    L = x * 2.0
    told = why_grad(x, L)
    assert told._repr_html_() == f"<pre>{html.escape(str(told))}</pre>"
    assert "<b>" not in told._repr_html_()
    assert repr(told) == str(told)


@pytest.mark.parametrize("label", ["{a|b}", 'a"b', "a\nb", "x" * 10_000, "🎉", 7, None])
def test_labels(label):
    x = Value(2.0, label=label)
    assert max(map(len, str(why_grad(x, x * 2.0)).splitlines())) < 200
    assert max(map(len, str(why_grad(x, Value(1.0) * 2.0)).splitlines())) < 200


# What is rarely said


def test_an_infinite_start():
    x = Value(2.0, label="x")
    L = named("L", x * x)
    L.backward(np.inf)
    assert why_grad(x, L).head == "x.grad is inf: the gradient of L itself is inf."


@pytest.mark.parametrize(
    ("data", "told"), [(math.nan, "nan"), (math.inf, "inf"), (np.array([1.0, math.nan]), "[1, nan]")], ids=str
)
def test_data_that_is_not_finite_from_the_start(data, told):
    x = Value(data, label="x")
    L = named("L", (x * x).sum() if np.ndim(data) else x * x)
    L.backward()
    diagnosis = why_grad(x, L)
    assert diagnosis.name == "not-finite"
    assert diagnosis.repair == f"x is {told} from the start: look at where its data comes from."


def test_not_finite_by_an_op_without_one_slope():
    x = Value([1.0, 2.0], label="x")
    L = named("L", x @ Value([np.inf, 1.0], label="v"))
    L.backward()
    assert why_grad(x, L).evidence == ["L = x @ v = inf, where x = [1, 2]; 1 arrived, and [inf, 1] goes on."]


def test_parts_that_cancel_among_other_ends():
    x, zero = labelled(x=2.0, zero=0.0)
    h = named("h", x * 3.0)
    L = named("L", x * zero + named("m", (h - h * 1.0)))
    L.backward()
    told = why_grad(x, L)
    assert told.name == "multiplied-by-zero"
    assert "The parts of h add up to 0." in told.evidence


def test_an_x_without_a_label():
    w, x = Value(2.0), Value(3.0, label="x")
    w_name = str(why_grad(w, (Value(5.0) * w + x).tanh() * 2.0)).partition(".")[0]
    assert w_name.startswith("v")  # x is another
    assert str(why_grad(w, Value(5.0) * w)).startswith("x.grad")


def test_numbers_that_differ_late():
    x = Value(3.0, label="x")
    L = named("L", x * 2.0)
    x.data = 3.00001
    L.backward()
    assert why_grad(x, L).evidence == ["L = x * 2 is 6.0, where its inputs now give 6.00002: x is 3.00001."]


def test_data_that_does_not_fit_any_more():
    x, y = labelled(x=np.array([1.0, 2.0]), y=np.array([3.0, 4.0]))
    L = named("L", (x * y).sum())
    L.backward()
    y.data = np.array([1.0, 2.0, 3.0])
    assert why_grad(x, L).name == "stale"
    assert "and its op has no answer for its inputs as they are now" in str(why_grad(x, L))


def test_many_parts_that_cancel():
    a = Value(1.5, label="a")
    L = named("L", sum((a * k for k in (1.0, 2.0, 3.0, -4.0, -2.0)), Value(0.0)))
    L.backward()
    assert why_grad(a, L).evidence == [
        "a gets -4 by a * (-4), 3 by a * 3, -2 by a * (-2) and 2 more: together 0.",
    ]
