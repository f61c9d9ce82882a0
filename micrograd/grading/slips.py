"""The slips of learners as engines that run, and which of them gives a number.

`ENGINES` of `micrograd.see.wrong_engines` has those of the walk through the graph.
Here are those of single ops: a derivative that is wrong, an operator with its operands
reversed. A slip is named where the engine with it gives just the learner's numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from micrograd.grading.attempts import silenced
from micrograd.ops.operators import Operators
from micrograd.see.wrong_engines import ENGINES, Right, advice_on, gives, slips_that_give

# The ops that a learner may write with a rule of their own, where the texts make them
# of others: then the wrong rule is in that op.
OWN = {"subtract": "__sub__", "divide": "__truediv__", "negative": "__neg__"}
BINARY = ("add", "multiply", "subtract", "divide")
TRIED = (*BINARY, "negative", "raise_to", "tanh", "exp", "relu", "log", "sigmoid")

POWER = "d(a**n)/da = n a**(n-1)"
TANH = "d tanh(a)/da = 1 - tanh(a)**2"
PRODUCT = "d(a*b)/da = b and d(a*b)/db = a"
BOTH = "self gets both parts: one of them is for other.grad"
QUOTIENT = "d(a/b)/da = 1/b and d(a/b)/db = -a/b**2"

# A wrong derivative: the slip, the op, its derivatives by the inputs (None where that
# is right), from the output z and the inputs, and what to say
SLOPES: list[tuple[str, str, Sequence[Callable[..., float] | None], str]] = [
    ("exponent-not-lowered", "raise_to", [lambda z, x, n: n * x**n], f"the exponent is not lowered: {POWER}"),
    ("exponent-no-factor", "raise_to", [lambda z, x, n: x ** (n - 1)], f"the factor n is missing: {POWER}"),
    ("exponent-outside", "raise_to", [lambda z, x, n: n * (x**n - 1)], f"the exponent is n - 1, in brackets: {POWER}"),
    ("power-as-output", "raise_to", [lambda z, x, n: z], f"the output stands in the place of the derivative: {POWER}"),
    ("tanh-without-square", "tanh", [lambda z, x: 1 - z], f"the square is missing: {TANH}"),
    ("tanh-of-input", "tanh", [lambda z, x: 1 - x * x], f"the input stands where the output is needed: {TANH}"),
    ("tanh-twice", "tanh", [lambda z, x: 1 - math.tanh(z) ** 2], f"tanh is taken of the output again: {TANH}"),
    ("tanh-square-outside", "tanh", [lambda z, x: (1 - z) ** 2], f"only tanh is squared, not 1 - tanh: {TANH}"),
    ("tanh-sign", "tanh", [lambda z, x: 1 + z * z], f"the minus is missing: {TANH}"),
    ("sigmoid-for-tanh", "tanh", [lambda z, x: z * (1 - z)], f"that is the rule of the sigmoid: {TANH}"),
    ("tanh-without-one", "tanh", [lambda z, x: z * z], f"the 1 - is missing: {TANH}"),
    ("tanh-as-output", "tanh", [lambda z, x: z], f"the output stands in the place of the derivative: {TANH}"),
    ("exp-of-input", "exp", [lambda z, x: x], "the input stands where the output is needed: d exp(a)/da = exp(a)"),
    ("exp-as-power", "exp", [lambda z, x: x * math.exp(x - 1)], "exp is not a power: d exp(a)/da = exp(a)"),
    ("exp-twice", "exp", [lambda z, x: math.exp(z)], "exp is taken of the output again: d exp(a)/da = exp(a)"),
    ("relu-passes-everything", "relu", [lambda z, x: 1.0], "relu passes everything: below 0 its derivative is 0"),
    (
        "relu-turned",
        "relu",
        [lambda z, x: float(x < 0)],
        "relu passes what it has to stop: its derivative is 1 above 0",
    ),
    ("relu-as-output", "relu", [lambda z, x: z], "the output stands in the place of the derivative, which is 1 or 0"),
    ("factors-swapped", "multiply", [lambda z, x, y: x, lambda z, x, y: y], f"the factors are swapped: {PRODUCT}"),
    ("first-factor-twice", "multiply", [lambda z, x, y: x, None], f"one factor is wrong: {PRODUCT}"),
    ("second-factor-twice", "multiply", [None, lambda z, x, y: y], f"one factor is wrong: {PRODUCT}"),
    ("both-to-self", "multiply", [lambda z, x, y: x + y, lambda z, x, y: 0.0], BOTH),
    ("both-to-self-add", "add", [lambda z, x, y: 2.0, lambda z, x, y: 0.0], BOTH),
    ("product-as-sum", "multiply", [lambda z, x, y: 1.0] * 2, f"the other factor is missing: {PRODUCT}"),
    (
        "product-as-output",
        "multiply",
        [lambda z, x, y: z] * 2,
        f"the output stands in the place of the derivative: {PRODUCT}",
    ),
    ("minus-forgotten", "subtract", [None, lambda z, x, y: 1.0], "the sign is missing: d(a-b)/db = -1"),
    ("minus-twice", "subtract", [lambda z, x, y: -1.0, None], "one sign is wrong: d(a-b)/da = 1"),
    ("minus-turned", "subtract", [lambda z, x, y: -1.0, lambda z, x, y: 1.0], "the signs are turned: d(a-b)/db = -1"),
    ("negative-as-positive", "negative", [lambda z, x: 1.0], "the sign is missing: d(-a)/da = -1"),
    ("quotient-no-minus", "divide", [None, lambda z, x, y: x / y**2], f"the minus is missing: {QUOTIENT}"),
    ("quotient-no-dividend", "divide", [None, lambda z, x, y: -1 / y**2], f"the factor a is missing: {QUOTIENT}"),
    ("quotient-no-square", "divide", [None, lambda z, x, y: -x / y], f"the square is missing: {QUOTIENT}"),
    ("quotient-of-factor", "divide", [lambda z, x, y: y, None], f"it is one over b: {QUOTIENT}"),
    ("quotient-as-product", "divide", [lambda z, x, y: y, lambda z, x, y: x], f"that is the rule of a*b: {QUOTIENT}"),
    ("quotient-of-divisor", "divide", [None, lambda z, x, y: 1 / x], f"the derivative by b is wrong: {QUOTIENT}"),
    ("log-as-output", "log", [lambda z, x: z], "the output stands in the place of the derivative: d log(a)/da = 1/a"),
    ("log-of-input", "log", [lambda z, x: x], "it is one over the input: d log(a)/da = 1/a"),
    ("sigmoid-half", "sigmoid", [lambda z, x: z], "a factor is missing: d sigmoid(a)/da = s (1 - s)"),
    ("sigmoid-of-input", "sigmoid", [lambda z, x: x * (1 - x)], "it is s (1 - s) with the output s, not the input"),
]

NO_PART = "nothing arrives: `_backward` has to read out.grad when it runs, and out._backward = _backward has to set it"

# What may go wrong with the part of any op: from the node, the input's place, and the
# right derivative
PARTS: list[tuple[str, Callable[[Right, int, float], float], str]] = [
    ("out-grad-forgotten", lambda node, i, slope: slope, "the factor out.grad is missing: derivative times out.grad"),
    ("out-data", lambda node, i, slope: slope * node.data, "out.data stands where out.grad is needed"),
    ("own-grad", lambda node, i, slope: slope * node.inputs[i].grad, NO_PART),
    ("subtracted", lambda node, i, slope: -slope * node.grad, "the parts have the wrong sign: `+=`, and no minus"),
    ("first-only", lambda node, i, slope: (i == 0) * slope * node.grad, "only self gets a part: other needs one too"),
    ("second-only", lambda node, i, slope: (i == 1) * slope * node.grad, "only other gets a part: self needs one too"),
]

SEEDS: list[tuple[str, Callable[[Right], float], str]] = [
    ("seeded-with-data", lambda root: root.data, "backward() starts with the data: it starts with self.grad = 1"),
    (
        "not-seeded",
        lambda root: 0.0,
        "all is 0: backward() starts with self.grad = 1, and sets nothing to 0 after that",
    ),
    ("seeded-twice", lambda root: 2.0, "all is doubled: a node is in the list twice, or backward() starts with 2"),
]

RELU_MASK = "the mask reads self.grad, which is 0 until the gradient arrives: it has to read the data"
REVERSED = "the operands are reversed: Python calls a.{}(2) for 2 {} a"
SET = "the last op of the line sets a gradient with `=`; what was there is lost: `+=`"
WHOLE = "the number is rounded: keep it as it is, with its fraction"

ASSIGNED = [("", (0, 1)), ("-first", (0,)), ("-second", (1,))]  # the inputs whose gradients are set
NEARLY_E = (2.7, 2.71, 2.718, 2.71828, 2.72)

# Methods that give a wrong result
METHODS: list[tuple[str, dict[str, Callable[..., Any]], str]] = [
    ("rsub-reversed", {"__rsub__": lambda self, x: self - x}, REVERSED.format("__rsub__", "-")),
    ("rtruediv-reversed", {"__rtruediv__": lambda self, x: self / x}, REVERSED.format("__rtruediv__", "/")),
    ("rpow-reversed", {"__rpow__": lambda self, x: self**x}, REVERSED.format("__rpow__", "**")),
    ("sub-reversed", {"__sub__": lambda self, x: x + self * -1}, "the operands are reversed: a - b takes b from a"),
    (
        "truediv-reversed",
        {"__truediv__": lambda self, x: x * self**-1},
        "the operands are reversed: a / b divides a by b",
    ),
    ("sub-as-add", {"__sub__": lambda self, x: self + x}, "the minus is missing: a - b is a + (-b)"),
    ("neg-as-pos", {"__neg__": lambda self: self * 1}, "the minus is missing: -a is a * -1"),
    ("rsub-as-radd", {"__rsub__": lambda self, x: self + x}, "the minus is missing: 2 - a is 2 + (-a)"),
    ("truediv-as-mul", {"__truediv__": lambda self, x: self * x}, "the exponent is missing: a / b is a * b**-1"),
    ("pow-as-mul", {"__pow__": lambda self, n: self * n}, "that is a * n: a**n is a multiplied by itself"),
    ("add-as-mul", {"__add__": lambda self, x: Operators.__mul__(self, x)}, "that is the product"),
    ("mul-as-add", {"__mul__": lambda self, x: Operators.__add__(self, x)}, "that is the sum"),
    ("rmul-as-radd", {"__rmul__": lambda self, x: self + x}, "that is the sum: 2 * a is a * 2"),
    ("radd-as-rmul", {"__radd__": lambda self, x: self * x}, "that is the product: 2 + a is a + 2"),
    ("log-to-base-10", {"log": lambda self: self.log10()}, "that is the logarithm to base 10: math.log(self.data)"),
    ("log-to-base-2", {"log": lambda self: self.log2()}, "that is the logarithm to base 2: math.log(self.data)"),
    *((f"e-is-{e}", {"exp": lambda self, e=e: e**self}, "e is rounded: math.exp(self.data)") for e in NEARLY_E),
    ("relu-of-nothing", {"relu": lambda self: self * 1}, "below 0 relu gives 0"),
    ("relu-as-abs", {"relu": lambda self: self.abs()}, "below 0 relu gives 0"),
    ("tanh-half", {"tanh": lambda self: (self.exp() - 1) / (self.exp() + 1)}, "tanh(a) has exp(2a), not exp(a)"),
    ("tanh-as-sigmoid", {"tanh": lambda self: self.sigmoid()}, "that is the sigmoid; tanh(a) is 2 sigmoid(2a) - 1"),
]


def _engine(topic: str, advice: str, methods: dict[str, Any], op: str = "") -> type[Right]:
    """A right engine but for these methods; the op, if the texts make it of others, is
    one node.
    """
    method = OWN.get(op or topic)
    own = {method: getattr(Operators, method)} if method else {}
    return type("Slip", (Right,), {"advice": advice, "topic": topic, **own, **methods})


def _with_slopes(op: str, slopes: Sequence[Callable[..., float] | None]) -> dict[str, Any]:
    def part(self: Right, i: int, arrived: Any, data: Any) -> Any:
        slope = slopes[i] if self.op is not None and self.op.name == op else None
        if slope is None:
            return Right.part(self, i, arrived, data)
        return slope(self.data, *data, **({"n": self.params["exponent"]} if self.params else {})) * arrived

    return {"part": part}


def _with_parts(op: str, wrong: Callable[[Right, int, float], float]) -> dict[str, Any]:
    def part(self: Right, i: int, arrived: Any, data: Any) -> Any:
        if self.op is None or self.op.name != op:
            return Right.part(self, i, arrived, data)
        return wrong(self, i, Right.part(self, i, 1.0, data))

    return {"part": part}


def _setting(op: str, places: Sequence[int]) -> dict[str, Any]:
    """`=` for `+=` in one op, for the inputs at these places."""

    def pass_on(self: Right) -> None:
        if self.op is not None and self.op.name == op:
            for x in [x for i, x in enumerate(self.inputs) if i in places and isinstance(x, Right)]:
                x.grad = 0.0
        Right.pass_on(self)

    return {"pass_on": pass_on}


def _rounded(by: Callable[[float], float]) -> Callable[..., None]:
    def init(self: Right, data: Any, label: str = "") -> None:
        Right.__init__(self, float(by(data)), label)

    return init


def _results_rounded(by: Callable[[float], float]) -> Callable[..., Any]:
    def applied(self: Right, op: Any, inputs: Any, params: Any) -> Any:
        made = Right._apply_op(self, op, inputs, params)
        made.data = float(by(made.data))
        return made

    return applied


def _engines() -> Iterator[tuple[str, type[Right]]]:
    for slip, op, slopes, advice in SLOPES:
        yield slip, _engine(op, advice, _with_slopes(op, slopes))
    yield "relu-by-gradient", _engine("relu", RELU_MASK, _with_parts("relu", _masked_by_gradient))
    for slip, wrong, advice in PARTS:
        for op in BINARY if slip.endswith("only") else TRIED:
            if (slip, op) in (
                ("own-grad", "relu"),
                ("subtracted", "negative"),
                ("subtracted", "subtract"),
            ):  # they are above
                continue
            yield f"{slip}-{op}", _engine(op, advice, _with_parts(op, wrong))
    for op in TRIED:
        for place, places in ASSIGNED[: 3 if op in BINARY else 1]:
            yield f"assign-in-{op}{place}", _engine(f"set {op}", SET, _setting(op, places), op)
    for slip, first, advice in SEEDS:
        yield slip, _engine("seed", advice, {"first": first})
    for slip, methods, advice in METHODS:
        yield slip, _engine(f"forward {next(iter(methods))}", advice, methods)
    for by in (int, round, math.floor):
        yield f"whole-numbers-{by.__name__}", _engine("whole numbers", WHOLE, {"__init__": _rounded(by)})
        yield f"whole-results-{by.__name__}", _engine("whole numbers", WHOLE, {"_apply_op": _results_rounded(by)})


def _masked_by_gradient(node: Right, i: int, slope: float) -> float:
    return float(node.inputs[i].grad > 0) * float(node.grad)


SLIPS: dict[str, Any] = dict(_engines())

Numbers = Callable[[Any], list[float]]  # of a class: what a program gives on it


def named(numbers: Numbers, given: list[float], topics: Sequence[str] = ()) -> list[str]:
    """The slips with which a program gives just these numbers, and not the right ones.

    Args:
        numbers: what the program gives on a class.
        given: what it gave on the learner's.
        topics: the ops, methods and others of `SLIPS` that may be wrong; without any,
            the walk through the graph.

    >>> def program(Value):
    ...     a, b = Value(3.0), Value(2.0)
    ...     (a * b).backward()
    ...     return [a.grad, b.grad]
    >>> named(program, [3.0, 2.0], ["multiply"])
    ['factors-swapped']
    """
    with silenced():  # 1 / 0 on a wrong engine
        if not topics:
            return slips_that_give(numbers, given)
        wrong = {slip: engine for slip, engine in SLIPS.items() if engine.topic in topics}
        return [slip for slip, engine in wrong.items() if gives(engine, numbers, given, in_any_order=False)]


def advice_on_slips(slips: Sequence[str]) -> list[str]:
    """What to say on slips: a sentence each, none twice, two at most.

    >>> advice_on_slips(["factors-swapped"])
    ['the factors are swapped: d(a*b)/da = b and d(a*b)/db = a']
    """
    walks = advice_on(slip for slip in slips if slip in ENGINES)
    return list(dict.fromkeys([*walks, *(SLIPS[slip].advice for slip in slips if slip in SLIPS)]))[:2]
