"""Exact numbers: every op of the table is exact or refuses; gradients are exact in both
modes and every order.
"""

from __future__ import annotations

import copy
import math
import numbers
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from micrograd import (
    Value,
    detect_anomaly,
    elementwise_grad,
    grad,
    gradcheck,
    hessian,
    hvp,
    ieee_gradients,
    jacobian,
    jvp,
    no_grad,
    ops,
    value_and_grad,
    vjp,
)
from micrograd.abstract import Abstract
from micrograd.draw import draw_dot
from micrograd.engine import toposort
from micrograd.errors import AnomalyError, ArgumentError, DataError, GradientWarning, ShapeError
from micrograd.exact import FORWARDS, is_exact, number_like
from micrograd.op import elementwise
from micrograd.ops import OPS


class Surd:
    """a + b sqrt(2) with rational a and b: a number type of our own, exact, registered
    nowhere.
    """

    def __init__(self, a: Any, b: Any = 0) -> None:
        self.a, self.b = Fraction(a), Fraction(b)

    @staticmethod
    def of(x: Any) -> Surd | None:
        return x if isinstance(x, Surd) else Surd(x) if isinstance(x, (int, Fraction)) else None

    def __add__(self, other: Any) -> Any:
        y = self.of(other)
        return NotImplemented if y is None else Surd(self.a + y.a, self.b + y.b)

    def __neg__(self) -> Surd:
        return Surd(-self.a, -self.b)

    def __mul__(self, other: Any) -> Any:
        y = self.of(other)
        return NotImplemented if y is None else Surd(self.a * y.a + 2 * self.b * y.b, self.a * y.b + self.b * y.a)

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if self.of(other) is None else self + -self.of(other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __truediv__(self, other: Any) -> Any:
        y = self.of(other)
        if y is None:
            return NotImplemented
        norm = y.a * y.a - 2 * y.b * y.b
        return self * Surd(y.a / norm, -y.b / norm)

    def __rtruediv__(self, other: Any) -> Any:
        return Surd(other) / self

    def __pow__(self, n: int) -> Surd:
        z = Surd(1)
        for _ in range(abs(n)):
            z = z * self
        return z if n >= 0 else 1 / z

    __radd__, __rmul__ = __add__, __mul__

    def __eq__(self, other: Any) -> bool:
        y = self.of(other)
        return y is not None and (self.a, self.b) == (y.a, y.b)

    def __hash__(self) -> int:
        return hash((self.a, self.b))

    def __lt__(self, other: Any) -> bool:
        d = self - other  # a < -b sqrt(2), squared with the signs kept
        return d.a * abs(d.a) < -2 * d.b * abs(d.b)

    def __gt__(self, other: Any) -> bool:
        return -self < -self.of(other)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __abs__(self) -> Surd:
        return -self if self < 0 else self

    def __bool__(self) -> bool:
        return self != 0

    def __floor__(self) -> int:
        n = math.floor(float(self.a) + float(self.b) * math.sqrt(2.0))
        return n + 1 if self >= n + 1 else n - 1 if self < n else n

    def __floordiv__(self, other: Any) -> int:
        return math.floor(self / other)

    def __rfloordiv__(self, other: Any) -> int:
        return math.floor(other / self)

    def __mod__(self, other: Any) -> Any:
        return self - self.of(other) * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return Surd(other) % self

    def __float__(self) -> float:
        return float(self.a) + float(self.b) * math.sqrt(2.0)

    def __repr__(self) -> str:
        return f"Surd({self.a}, {self.b})"


@numbers.Number.register
class Residue:
    """An integer modulo a prime that its constructor asks for: no order, and no
    Residue(0).
    """

    def __init__(self, n: int, prime: int) -> None:
        self.n, self.prime = n % prime, prime

    def _other(self, x: Any) -> int:
        return x.n if isinstance(x, Residue) else x

    def __add__(self, x: Any) -> Residue:
        return Residue(self.n + self._other(x), self.prime)

    def __sub__(self, x: Any) -> Residue:
        return Residue(self.n - self._other(x), self.prime)

    def __mul__(self, x: Any) -> Residue:
        return Residue(self.n * self._other(x), self.prime)

    def __truediv__(self, x: Any) -> Residue:
        return Residue(self.n * pow(self._other(x), -1, self.prime), self.prime)

    def __pow__(self, n: int) -> Residue:
        return Residue(pow(self.n, n, self.prime), self.prime)

    def __neg__(self) -> Residue:
        return Residue(-self.n, self.prime)

    __radd__, __rmul__ = __add__, __mul__

    def __eq__(self, x: Any) -> bool:
        return isinstance(x, (Residue, int)) and (self.n - self._other(x)) % self.prime == 0

    def __hash__(self) -> int:
        return hash(self.n)

    def __repr__(self) -> str:
        return f"Residue({self.n}, {self.prime})"


KINDS: dict[str, Callable[[str], Any]] = {  # a number from its digits
    "Fraction": Fraction,
    "Decimal": Decimal,
    "Surd": lambda digits: Surd(Fraction(digits)),
}
THIRD, HALF = Fraction(1, 3), Fraction(1, 2)


@dataclass(frozen=True)
class Row:
    """An op, inputs as digits, its answer, and its partial derivatives: formulas in
    plain fractions.
    """

    op: str
    inputs: tuple[str, ...]
    answer: Callable[..., Any]
    partials: Callable[..., tuple[Any, ...]] = lambda *inputs: ()
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.op}({','.join(self.inputs)}{''.join(f',{k}={v}' for k, v in self.params.items())})"


def rounded(x: Fraction, decimals: int = 0) -> Fraction:
    return round(x, decimals) + Fraction(0)


ROWS = [
    Row("add", ("0.4", "-2.5"), lambda x, y: x + y, lambda x, y: (1, 1)),
    Row("subtract", ("0.4", "-2.5"), lambda x, y: x - y, lambda x, y: (1, -1)),
    Row("multiply", ("0.4", "-2.5"), lambda x, y: x * y, lambda x, y: (y, x)),
    Row("multiply", ("0", "-2.5"), lambda x, y: x * y, lambda x, y: (y, x)),
    Row("divide", ("0.4", "-2.5"), lambda x, y: x / y, lambda x, y: (1 / y, -x / y**2)),
    Row("negative", ("0.4",), lambda x: -x, lambda x: (-1,)),
    Row("positive", ("0.4",), lambda x: x, lambda x: (1,)),
    Row("stop_gradient", ("0.4",), lambda x: x, lambda x: (0,)),
    Row("raise_to", ("0.4",), lambda x: x**3, lambda x: (3 * x**2,), {"exponent": 3}),
    Row("raise_to", ("-0.5",), lambda x: x**-2, lambda x: (-2 * x**-3,), {"exponent": -2}),
    Row("raise_to", ("0.4",), lambda x: x**2, lambda x: (2 * x,), {"exponent": 2.0}),
    Row("raise_to", ("0.4",), lambda x: x, lambda x: (1,), {"exponent": 1}),
    Row("raise_to", ("0",), lambda x: 1, lambda x: (0,), {"exponent": 0}),
    Row("remainder", ("7.25", "2.5"), lambda x, y: x % y, lambda x, y: (1, -(x // y))),
    Row("floor_divide", ("7.25", "2.5"), lambda x, y: x // y, lambda x, y: (0, 0)),
    Row("fmod", ("-7.25", "2.5"), lambda x, y: -(-x % y), lambda x, y: (1, -x // y)),
    Row("fmod", ("7.25", "-2.5"), lambda x, y: x % -y, lambda x, y: (1, x // -y)),
    Row("absolute", ("-0.4",), abs, lambda x: (-1,)),
    Row("absolute", ("0",), abs, lambda x: (0,)),
    Row("sign", ("-0.4",), lambda x: -1, lambda x: (0,)),
    Row("sign", ("0",), lambda x: 0, lambda x: (0,)),
    Row("floor", ("-1.25",), lambda x: -2, lambda x: (0,)),
    Row("ceil", ("-1.25",), lambda x: -1, lambda x: (0,)),
    Row("trunc", ("-1.25",), lambda x: -1, lambda x: (0,)),
    Row("trunc", ("1.25",), lambda x: 1, lambda x: (0,)),
    Row("rint", ("2.5",), rounded, lambda x: (0,)),
    Row("round", ("2.5",), rounded, lambda x: (0,)),
    Row("round", ("-3.5",), rounded, lambda x: (0,)),
    Row("round", ("0.125",), lambda x: rounded(x, 2), lambda x: (0,), {"decimals": 2}),
    Row("round", ("1260",), lambda x: rounded(x, -2), lambda x: (0,), {"decimals": -2}),
    Row("maximum", ("0.4", "-2.5"), max, lambda x, y: (1, 0)),
    Row("maximum", ("0.4", "0.4"), max, lambda x, y: (HALF, HALF)),
    Row("minimum", ("0.4", "-2.5"), min, lambda x, y: (0, 1)),
    Row("minimum", ("0.4", "0.4"), min, lambda x, y: (HALF, HALF)),
    Row("clipped", ("0.4", "0", "1"), lambda x, a, b: x, lambda x, a, b: (1, 0, 0)),
    Row("clipped", ("1.4", "0", "1"), lambda x, a, b: b, lambda x, a, b: (0, 0, 1)),
    Row("clipped", ("-0.4", "0", "1"), lambda x, a, b: a, lambda x, a, b: (0, 1, 0)),
    Row("relu", ("0.4",), lambda x: x, lambda x: (1,)),
    Row("relu", ("-0.4",), lambda x: 0, lambda x: (0,)),
    Row("relu", ("0",), lambda x: 0, lambda x: (0,)),
]

# Ops whose answer is a plain truth, for two numbers (or the first alone), and what it
# is.
TRUTHS = {
    "equal": (False, True),
    "not_equal": (True, False),
    "greater": (True, False),
    "less": (False, False),
    "greater_equal": (True, True),
    "less_equal": (False, True),
    "logical_and": (True, True),
    "logical_or": (True, True),
    "logical_xor": (False, False),
    "logical_not": (False, False),
    "isnan": (False, False),
    "isinf": (False, False),
    "isfinite": (True, True),
}
ELSEWHERE = {"where", "power", "cast"}  # exact, too; they have tests of their own

rows = pytest.mark.parametrize("row", ROWS, ids=str)
kinds = pytest.mark.parametrize("kind", KINDS)


def read(row: Row, kind: str) -> tuple[list[Any], list[Fraction]]:
    """The inputs as numbers of that kind, and as fractions."""
    return [KINDS[kind](digits) for digits in row.inputs], [Fraction(digits) for digits in row.inputs]


def is_same(x: Any, wanted: Any, kind: str) -> bool:
    """Whether x is of that kind, and exactly the number wanted."""
    if type(x).__name__ != kind:
        return False
    return x == Surd(Fraction(wanted)) if kind == "Surd" else Fraction(x) == wanted


def test_the_checker_rejects():
    assert is_same(THIRD, THIRD, "Fraction")
    assert not is_same(1 / 3, THIRD, "Fraction")
    assert not is_same(0.5, HALF, "Fraction")
    assert not is_same(Decimal("0.3"), THIRD, "Decimal")
    assert not is_same(1, 1, "Fraction")


def test_every_op_has_a_row_or_refuses():
    assert {row.op for row in ROWS} | set(TRUTHS) | ELSEWHERE == set(FORWARDS)
    assert set(FORWARDS) < set(OPS)


# Forward and reverse mode, forward mode, second order


@rows
@kinds
def test_forward(row, kind):
    given, fractions = read(row, kind)
    op = OPS[row.op]
    for z in (op(*given, **row.params), op(*map(Value, given), **row.params).data):
        assert is_same(z, row.answer(*fractions), kind)


@rows
@kinds
def test_reverse_mode(row, kind):
    given, fractions = read(row, kind)
    leaves = [Value(x) for x in given]
    assert all(is_same(leaf.grad, 0, kind) for leaf in leaves)
    OPS[row.op](*leaves, **row.params).backward()
    wanted = row.partials(*fractions)
    assert all(is_same(leaf.grad, d, kind) for leaf, d in zip(leaves, wanted, strict=True)), [x.grad for x in leaves]


@rows
@kinds
def test_grad(row, kind):
    given, fractions = read(row, kind)
    everything = range(len(given))
    found = grad(lambda *inputs: OPS[row.op](*inputs, **row.params), everything)(*given)
    assert all(is_same(g, d, kind) for g, d in zip(found, row.partials(*fractions), strict=True)), found


@rows
@kinds
def test_forward_mode(row, kind):
    given, fractions = read(row, kind)
    wanted = row.partials(*fractions)
    for i, d in enumerate(wanted):
        tangents = [int(i == j) for j in range(len(given))]
        z, t = jvp(lambda *inputs: OPS[row.op](*inputs, **row.params), given, tangents)
        assert is_same(z, row.answer(*fractions), kind)
        assert is_same(t, d, kind), t
        _, t = jvp(
            lambda *inputs: OPS[row.op](*inputs, **row.params), given, [KINDS[kind]("0.5") * n for n in tangents]
        )
        assert is_same(t, HALF * d, kind), t


@rows
@kinds
def test_second_order(row, kind):
    """Reverse over reverse, both ways, and forward over reverse agree; all are of the
    kind.
    """
    given, _ = read(row, kind)

    def f(*inputs):
        z = OPS[row.op](*inputs, **row.params)
        return z * z * inputs[0]

    leaves = [Value(x) for x in given]
    f(*leaves).backward(create_graph=True)
    first = leaves[0].grad
    for leaf in leaves:
        leaf.zero_grad()
    first.backward()
    by_hand = leaves[0].grad
    by_grad = grad(grad(f))(*given)
    by_push = jvp(grad(f), given, [1, *[0] * (len(given) - 1)])[1]
    assert is_exact(by_hand)
    assert type(by_hand).__name__ == type(by_grad).__name__ == type(by_push).__name__ == kind
    assert by_hand == by_grad == by_push


POLYNOMIALS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]] = {
    "x**3": (lambda x: x**3, lambda x: 3 * x**2, lambda x: 6 * x),
    "x * x * x": (lambda x: x * x * x, lambda x: 3 * x**2, lambda x: 6 * x),
    "2x - x/3 + 1": (lambda x: 2 * x - x / 3 + 1, lambda x: Fraction(5, 3), lambda x: 0),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3),
    "(x + 1)/(x - 1)": (lambda x: (x + 1) / (x - 1), lambda x: -2 / (x - 1) ** 2, lambda x: 4 / (x - 1) ** 3),
    "x**-2": (lambda x: x**-2, lambda x: -2 * x**-3, lambda x: 6 * x**-4),
    "|x| x": (lambda x: abs(x) * x, lambda x: 2 * abs(x), lambda x: 2 * (1 if x > 0 else -1)),
    "max(x, x**2)": (
        lambda x: np.maximum(x, x**2),
        lambda x: 1 if 0 < x < 1 else 2 * x,
        lambda x: 0 if 0 < x < 1 else 2,
    ),
    "where(x > 0, x**2, 1/x)": (
        lambda x: np.where(x > 0, x**2, 1 / x),
        lambda x: 2 * x if x > 0 else -1 / x**2,
        lambda x: 2 if x > 0 else 2 / x**3,
    ),
    "sum of a list": (lambda x: sum([x, x * x, 2 * x]), lambda x: 3 + 2 * x, lambda x: 2),
    "NumPy's sum of a list": (lambda x: np.sum([x, x * x]), lambda x: 1 + 2 * x, lambda x: 2),
    "Horner": (lambda x: ops.polyval([2, 0, 1], x), lambda x: 4 * x, lambda x: 4),
    "square": (np.square, lambda x: 2 * x, lambda x: 2),
    "reciprocal": (np.reciprocal, lambda x: -1 / x**2, lambda x: 2 / x**3),
    "clip": (lambda x: np.clip(x, -1, 1) * x, lambda x: 2 * x, lambda x: 2),
    "leaky": (lambda x: ops.leaky_relu(x, negative_slope=2), lambda x: 1 if x > 0 else 2, lambda x: 0),
    "branch on data": (lambda x: x**2 if x > 0 else -x, lambda x: 2 * x if x > 0 else -1, lambda x: 2 if x > 0 else 0),
    "a constant fraction": (lambda x: THIRD * x * x - HALF, lambda x: 2 * x / 3, lambda x: Fraction(2, 3)),
}


@pytest.mark.parametrize("name", POLYNOMIALS)
@pytest.mark.parametrize("x", [THIRD, Fraction(-2, 7)], ids=str)
def test_programs(name, x):
    f, first, second = POLYNOMIALS[name]
    assert value_and_grad(f)(x)[1] == first(x)
    leaf = Value(x)
    f(leaf).backward()
    found = {
        "backward": (leaf.grad, first(x)),
        "grad": (grad(f)(x), first(x)),
        "elementwise_grad": (elementwise_grad(f)(x), first(x)),
        "vjp": (vjp(f, x)[1](1)[0], first(x)),
        "jvp": (jvp(f, (x,), (1,))[1], first(x)),
        "reverse jacobian": (jacobian(f, mode="reverse")(x), first(x)),
        "forward jacobian": (jacobian(f, mode="forward")(x), first(x)),
        "grad of grad": (grad(grad(f))(x), second(x)),
        "hessian": (hessian(f)(x), second(x)),
        "hvp": (hvp(f, (x,), (HALF,)), second(x) / Fraction(2)),
        "jvp of jvp": (jvp(lambda y: jvp(f, (y,), (1,))[1], (x,), (1,))[1], second(x)),
    }
    for way, (answer, wanted) in found.items():
        assert type(answer) is Fraction, (way, answer)
        assert answer == wanted, way


def test_third_order():
    assert grad(grad(grad(lambda x: 1 / x)))(THIRD) == Fraction(-486)
    assert grad(lambda x: x**3)(THIRD) == THIRD


def test_several_inputs():
    f = lambda p: p["w"] ** 2 * p["x"] / p["b"]  # noqa: E731
    point = {"w": THIRD, "x": Fraction(2), "b": Fraction(3, 4)}
    assert grad(f)(point) == {"w": Fraction(16, 9), "x": Fraction(4, 27), "b": Fraction(-32, 81)}
    assert hessian(lambda x: x[0] ** 2 * x[1])([Fraction(3), Fraction(5)]) == [[10, 6], [6, 0]]
    wanted = [[Fraction(2, 5), THIRD], [Fraction(5, 2), Fraction(-25, 12)]]
    for mode in ("reverse", "forward"):
        assert jacobian(lambda x: [x[0] * x[1], x[0] / x[1]], mode=mode)([THIRD, Fraction(2, 5)]) == wanted


# Refusals


def call_of(op: Any) -> list[Any]:
    return [Value(THIRD)] * (op._count if op._count > 0 else 2)


@pytest.mark.parametrize("name", sorted(set(OPS) - set(FORWARDS)))
@pytest.mark.parametrize("kind", ["raw", "Value", "jvp"])
def test_other_ops_refuse(name, kind):
    op = OPS[name]
    given = call_of(op)
    call: Callable[[], Any]
    if kind == "raw":
        call = lambda: op(*[x.data for x in given])  # noqa: E731
    elif kind == "Value":
        call = lambda: op(*given)  # noqa: E731
    else:
        call = lambda: jvp(lambda *xs: op(*xs), [THIRD] * len(given), [1] * len(given))  # noqa: E731
    with pytest.raises(DataError) as caught:
        call()
    said = str(caught.value)
    assert said.startswith(f"{name}: ")
    assert "Fraction(1, 3), of type Fraction; give a float: float(x), or x.astype(float)" in said


def test_messages():
    with pytest.raises(DataError, match=r"^exp: no exact answer for Decimal\('0.1'\), of type Decimal; give a float: "):
        Value(Decimal("0.1")).exp()
    with pytest.raises(DataError, match=r"^sum: it is for arrays, which hold floats, and not for Fraction\(1, 3\)"):
        Value(THIRD).sum()
    with pytest.raises(
        DataError, match=r"^raise_to: no exact answer for Fraction\(1, 3\) to the power of 0.5, which is"
    ):
        Value(THIRD) ** 0.5
    with pytest.raises(
        DataError, match=r"^power: no exact answer for Fraction\(1, 3\) to the power of Fraction\(1, 2\)"
    ):
        Value(THIRD) ** HALF
    with pytest.raises(ArgumentError, match=r"^round: decimals=0.5 is not an integer; give one, as 2$"):
        ops.round(Value(THIRD), decimals=0.5)
    with pytest.raises(DataError, match="does not mix") as caught:
        Value(Decimal("0.1")) + 0.5
    assert str(caught.value) == (
        "add: Python does not mix Decimal('0.1') (Decimal) and 0.5 (float);\n"
        "give all as Decimal, as in Decimal(y), or all as floats: float(x)"
    )
    with pytest.raises(DataError, match=r"^less: Residue\(3, 7\) \(Residue\) and Residue\(4, 7\) \(Residue\): '<' not"):
        Value(Residue(3, 7)) < Value(Residue(4, 7))  # noqa: B015
    with pytest.raises(
        DataError, match=r"^multiply: Decimal.*, of type Decimal, meets an array, which holds floats; give"
    ):
        Value(Decimal("0.1")) * np.ones(2)
    with pytest.raises(
        DataError, match=r"has exact numbers as its elements; arrays hold floats: astype\(float\), or a Value for each$"
    ):
        Value(np.array([THIRD, HALF]))
    with pytest.raises(
        DataError, match=r"^gelu: its constants are floats, so it has no exact answer for exact numbers; give a float"
    ):
        ops.gelu(Value(THIRD))
    with pytest.raises(DataError, match=r"^log: no exact answer"):  # the slope of x**y by y has a logarithm
        x, y = Value(THIRD), Value(2)
        (x**y).backward()


@pytest.mark.parametrize("mix", [lambda x: x + 0.5, lambda x: 0.5 * x, lambda x: x - 0.5, lambda x: 0.5 / x])
def test_decimal_and_float_do_not_mix(mix):
    with pytest.raises(DataError, match="Python does not mix"):
        mix(Value(Decimal("0.1")))
    with pytest.raises(DataError, match="Python does not mix"):
        grad(mix)(Decimal("0.1"))
    with pytest.raises(DataError, match="Python does not mix"):
        jvp(mix, (Decimal("0.1"),), (1,))


def test_two_exact_types_do_not_mix():
    with pytest.raises(DataError, match="add: Python does not mix"):
        Value(THIRD) + Decimal("0.1")
    with pytest.raises(DataError, match="power: Python does not mix"):
        Value(Decimal("0.1")) ** Fraction(2)


def test_composites_never_give_a_silent_float():
    """Of one number, or of two and three."""
    for name in sorted(ops.__all__):
        for n in (1, 2, 3):
            try:
                z = getattr(ops, name)(*[Value(Fraction(k, 3)) for k in range(1, n + 1)])
            except (TypeError, ValueError, IndexError, AttributeError):  # refused, or called in a wrong way
                continue
            assert not isinstance(getattr(z, "data", z), float) or name == "float_power", name


def test_a_rule_with_floats_is_refused():
    @elementwise("cubed", lambda z, x: 3.0 * x * x)
    def cubed(x):
        return x * x * x

    @elementwise("cubed2", lambda z, x: 3 * x * x)
    def cubed2(x):
        return x * x * x

    @elementwise("halved", lambda z, x: 0.5)
    def halved(x):
        return 0.5 * x

    assert cubed(THIRD) == Fraction(1, 27)
    assert grad(cubed2)(THIRD) == jvp(cubed2, (THIRD,), (1,))[1] == THIRD
    for wrong in (lambda: grad(cubed)(THIRD), lambda: jvp(cubed, (THIRD,), (1,))):
        with pytest.raises(
            DataError, match=r"^cubed: the rule gave the float 0.33\d+ for an exact gradient, of type Frac"
        ):
            wrong()
    with pytest.raises(DataError, match=r"^halved: no exact answer for Fraction"):
        halved(Value(THIRD))
    assert grad(cubed)(0.5) == 0.75


def test_division_by_zero_is_the_error_of_the_type():
    with pytest.raises(ZeroDivisionError):
        Value(THIRD) / 0
    with pytest.raises(ZeroDivisionError):
        Value(Fraction(0)) ** -1
    with pytest.raises(ZeroDivisionError):
        Value(Decimal(1)) / Value(Decimal(0))


# What is such a number


@pytest.mark.parametrize(
    "x", [THIRD, Decimal("0.1"), Surd(1, 2), Residue(3, 7), Decimal("NaN"), Fraction(0)], ids=lambda x: repr(x)
)
def test_data_is_kept_as_it_is(x):
    assert Value(x).data is x
    assert type(Value(x).grad) is type(x)
    assert Value(x, copy=True).data is x
    assert Value(x).shape == ()


def test_other_data_is_as_before():
    assert type(Value(True).data) is int
    assert type(Value(np.bool_(True)).data) is int
    assert type(Value(np.int64(3)).data) is int
    assert type(Value(np.float64(3)).data) is float
    assert type(Value(np.float32(3)).data) is np.float32

    class OnlyFloat:
        def __float__(self):
            return 0.5

    assert Value(OnlyFloat()).data == 0.5
    for wrong in (1j, "1", None, object(), [THIRD], {}):
        with pytest.raises(DataError):
            Value(wrong)


def test_a_complex_type_is_refused():
    @numbers.Complex.register
    class Gauss:
        def __add__(self, other):
            return self

        __sub__ = __mul__ = __truediv__ = __pow__ = __add__

    with pytest.raises(DataError, match="is a Gauss, not a number"):
        Value(Gauss())


def test_what_only_looks_like_a_number_is_refused():
    class Column:  # operators that build an expression, as in a library of queries
        def __add__(self, other):
            return Column()

        __radd__ = __sub__ = __mul__ = __truediv__ = __pow__ = __add__

    with pytest.raises(DataError, match="is a Column, not a number"):
        Value(Column())


def test_a_type_without_an_order_has_gradients():
    x = Value(Residue(3, 7))
    (x**3 + 2 * x / Residue(5, 7)).backward()
    assert x.grad == Residue(27 + 2 * 3, 7)  # 1/5 is 3
    assert grad(lambda x: x * x)(Residue(4, 7)) == Residue(1, 7)
    assert jvp(lambda x: x * x, (Residue(4, 7),), (1,))[1] == Residue(1, 7)


def test_a_constructor_that_means_something_else():
    """As sin of SymPy: sin(0) is 0, but sin(1) is not 1."""

    class Cubed(Surd):
        def __init__(self, a):
            super().__init__(a**3 + a if a else 0)

    assert Cubed(1) == 2
    x = Value(Cubed(1))
    assert x.grad == 0
    (x * 1).backward()
    assert x.grad == 1
    assert grad(lambda x: x * x)(Cubed(1)) == 4
    assert grad(lambda x: x)(Cubed(1)) == 1


def test_square_roots_of_two():
    root = Surd(0, 1)
    assert grad(lambda x: x**3)(root) == 6
    assert grad(lambda x: 1 / x)(root) == -HALF
    assert hessian(lambda x: x**3)(root) == Surd(0, 6)


def test_mpmath():
    mpmath = pytest.importorskip("mpmath", reason="mpmath is a requirement of SymPy, and not of ours")
    with mpmath.workdps(50):
        third = mpmath.mpf(1) / 3
        assert grad(lambda x: x**3 + np.floor(10 * x))(third) == third * third * 3
        assert ops.round(third, decimals=3) == mpmath.mpf(333) / 1000
        assert ops.floor(mpmath.mpf(10) ** 35 + 0.5) == mpmath.mpf(10) ** 35  # a float has 16 digits
        assert ops.isinf(mpmath.inf) is ops.isnan(mpmath.nan) is True
        x = Value(mpmath.mpf(0))
        np.where(x > 0, mpmath.inf * x, x).backward()
        assert x.grad == 1  # the branch that was not taken has no say
        with pytest.raises(DataError, match="mpc"):
            Value(mpmath.mpc(1, 2))


def test_number_like():
    assert number_like(0.5, 2.0, Value(THIRD)) == HALF
    assert number_like(0.5, Decimal(1)) == Decimal("0.5")
    assert number_like(1.0, Residue(3, 7)) == Residue(1, 7)
    assert number_like(0, Residue(3, 7)) == Residue(0, 7)
    assert type(number_like(0.5, 2.0)) is float
    assert number_like(math.inf, THIRD) == math.inf
    assert number_like("x", THIRD) == "x"


# Mixed


def test_ints_beside_fractions():
    n, x = Value(3), Value(THIRD)
    assert n.grad == 0.0
    (n * x - n / x + 2).backward()
    assert type(n.grad) is type(x.grad) is Fraction
    assert (n.grad, x.grad) == (THIRD - 3, 3 + 27)
    for mode in ("reverse", "forward"):
        found = jacobian(lambda x: [x[0] * x[1], x[0] + x[1], x[0] / x[1]], mode=mode)([3, Fraction(2, 5)])
        assert found == [[Fraction(2, 5), 3], [1, 1], [Fraction(5, 2), Fraction(-75, 4)]]
        assert {type(d) for row in found for d in row} == {Fraction}


def test_floats_beside_fractions_give_floats():
    x = Value(THIRD)
    z = x * 0.5 + 1
    assert type(z.data) is float
    z.backward()
    assert type(x.grad) is float
    assert x.grad == 0.5
    assert grad(lambda x: x * 0.25)(THIRD) == 0.25
    value, slope = jvp(lambda x: x + 0.25, (THIRD,), (1,))
    assert type(value) is type(slope) is float
    w = Value(0.5)
    (w * THIRD).backward()
    assert w.grad == 1 / 3


def test_arrays_beside_fractions_hold_floats():
    x, w = Value(THIRD), Value(np.array([1.0, 2.0]))
    z = x * w / Fraction(2) + w * HALF
    assert z.data.dtype == float
    z.sum().backward()
    assert x.grad == 1.5
    assert w.grad.tolist() == [2 / 3, 2 / 3]
    assert jvp(lambda w: w * HALF, (np.ones(2),), (np.ones(2),))[1].tolist() == [0.5, 0.5]
    assert ops.clip(np.array([0.0, 1.0]), THIRD, HALF).tolist() == [1 / 3, 0.5]
    assert ops.where(np.array([True, False]), THIRD, 2 * THIRD).tolist() == [1 / 3, 2 / 3]


def test_astype_keeps_the_gradient():
    for x in (Fraction(0), Decimal(0)):
        leaf = Value(x)
        leaf.astype(float).exp().backward()
        assert leaf.grad == 1.0
        assert grad(lambda x: np.exp(x.astype(float)))(x) == 1.0
        assert jvp(lambda x: np.exp(x.astype("float64")), (x,), (1,)) == (1.0, 1.0)
    leaf = Value(2.5)
    leaf.astype(np.float32).backward()
    assert leaf.grad == 1.0


def test_reflected_operators():
    x = Value(THIRD)
    assert [(HALF + x).data, (HALF - x).data, (HALF * x).data, (HALF / x).data] == [
        Fraction(5, 6), Fraction(1, 6), Fraction(1, 6), Fraction(3, 2),
    ]  # fmt: skip
    assert (Decimal(2) ** Value(3)).data == 8
    assert HALF > x  # noqa: SIM300
    assert not HALF < x  # noqa: SIM300


def test_powers():
    x = Value(THIRD)
    assert (x ** Fraction(3)).data == Fraction(1, 27)
    (x ** Fraction(3)).backward()
    assert x.grad == THIRD
    assert ops.power(2, Fraction(-1)) == HALF
    assert ops.power(0.5, Fraction(2)) == 0.25
    assert ops.power(THIRD, 0) == 1


def test_choices():
    x, y = Value(THIRD), Value(HALF)
    ops.where(True, x, y).backward()
    assert (x.grad, y.grad) == (1, 0)
    assert type(y.grad) is Fraction
    with ieee_gradients():
        assert grad(lambda x: np.where(x > 0, x * x, 1 / x))(THIRD) == Fraction(2, 3)
    # a float in the branch that is not taken leaves no float behind
    assert repr(grad(ops.elu)(THIRD)) == repr(Fraction(1))
    assert repr(jvp(ops.elu, (THIRD,), (1,))[1]) == repr(Fraction(1))
    assert grad(ops.elu)(Decimal("0.5")) == 1


@pytest.mark.parametrize("name", TRUTHS)
@kinds
def test_truths(name, kind):
    op = OPS[name]
    count = op._count
    for numbers_, wanted in zip((("0.4", "-2.5"), ("0.4", "0.4")), TRUTHS[name], strict=True):
        given = [KINDS[kind](digits) for digits in numbers_][:count]
        assert op(*given) is op(*map(Value, given)) is wanted


# All else that a Value does


def test_seeds():
    for seed in (HALF, Decimal("0.5"), 0.5):
        x = Value(THIRD) if seed != Decimal("0.5") or type(seed) is not Decimal else Value(Decimal(3))
        (x * x).backward(seed)
        assert x.grad == (x.data if type(seed) is not Decimal else 3)
        assert type(x.grad) is type(x.data)
    x = Value(THIRD)
    (x * x).backward(2)
    assert x.grad == Fraction(4, 3)
    with pytest.raises(ShapeError, match="backward: a gradient of shape"):
        (x * x).backward(np.ones(2))
    n = Value(3)
    (n * 4).backward(2)
    assert n.grad == 8.0
    assert vjp(lambda x: x * x, THIRD)[1](HALF) == (THIRD,)


def test_gradients_accumulate_and_are_set_to_zero():
    x = Value(THIRD)
    z = x * x
    z.backward()
    z.backward()
    assert x.grad == Fraction(4, 3)
    x.zero_grad()
    assert repr(x.grad) == "Fraction(0, 1)"
    x.grad = HALF
    z.backward()
    assert x.grad == Fraction(7, 6)
    x.grad = 1
    assert repr(x.grad) == "Fraction(1, 1)"
    x.grad = 0
    assert repr(x.grad) == "Fraction(0, 1)"


def test_gradient_descent():
    x = Value(Fraction(1))
    for _ in range(3):
        x.zero_grad()
        ((x - THIRD) ** 2).backward()
        x.data -= Fraction(1, 4) * x.grad
    assert x.data == THIRD + Fraction(2, 3) / 8


def test_one_step_by_hand():
    x = Value(THIRD)
    z = x * x
    z.grad = Fraction(1)
    z._backward()
    assert x.grad == Fraction(2, 3)
    y = Value(HALF)
    out = Value(y.data * 2, (y,), "twice")

    def step():
        y.grad += 2 * out.grad

    out._backward = step
    (out * out).backward()
    assert y.grad == 4


def test_check_stale():
    x = Value(THIRD)
    z = np.maximum(x * x, 0) + 1
    assert z.check_stale() == []
    x.data = HALF
    assert len(z.check_stale()) == 1
    (z * 1).backward()
    x.data = THIRD
    assert z.check_stale() == []


def test_repr_label_format_and_number():
    x = Value(THIRD, label="x")
    assert repr(x) == "Value(data=1/3, grad=0, label='x')"
    assert f"{x:.3f}" == "0.333"
    assert f"{Value(Decimal('0.125')):.2f}" == "0.12"
    assert f"{x}" == repr(x)
    assert x.item() is x.data
    assert (float(x), int(x), bool(x), round(x)) == (1 / 3, 0, True, 0)
    assert x.tolist() == THIRD
    assert x.numpy().dtype == x.dtype == object
    assert x.imag == 0
    assert Value(x.data, label="x").label == "x"


def test_equality_and_hash():
    x, y = Value(THIRD), Value(THIRD)
    assert x == x
    assert x != y  # two nodes
    assert x == THIRD
    assert x != HALF
    assert x == Fraction(2, 6)
    assert len({x, y}) == 2
    assert x in [y, x]


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda z: pickle.loads(pickle.dumps(z))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("x", [THIRD, Decimal("0.1"), Surd(1, 2)], ids=repr)
def test_copies(twin, x):
    leaf = Value(x, label="x")
    z = leaf * leaf + 1
    z.backward()
    other = twin(z)
    (copied,) = [node for node in toposort(other) if node.label == "x"]
    assert (copied.data, copied.grad, other.data) == (leaf.data, leaf.grad, z.data)
    copied.zero_grad()
    other.backward()
    assert copied.grad == 2 * x
    assert copy.copy(leaf).data == x


def test_pickle_in_a_process_that_has_met_no_fraction(tmp_path):
    import subprocess
    import sys

    file = tmp_path / "graph"
    x = Value(THIRD, label="x")
    file.write_bytes(pickle.dumps(x * x * x))
    program = (
        "import pickle, sys; z = pickle.load(open(sys.argv[1], 'rb')); z.backward(); "
        "from micrograd.engine import toposort; print(repr(toposort(z)[0].grad), (z * 0.5 + 1).shape)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Fraction(1, 3) ()", done.stderr


def test_draw():
    x = Value(THIRD, label="x")
    z = x * x
    z.backward()
    text = draw_dot(z).source
    assert "data 1/3" in text
    assert "grad 2/3" in text
    assert "data 1/1478088294143459233... " in draw_dot(Value(Fraction(1, 3**80))).source


def test_graph_has_one_node_per_operator():
    a, b = Value(THIRD), Value(HALF)
    assert (a - b)._op == "-"
    assert (a / b)._op == "/"
    assert (-a)._op == "neg"
    assert set((a / b)._prev) == {a, b}


def test_constants_and_modes():
    x = Value(THIRD)
    (x * x.detach()).backward()
    assert x.grad == THIRD
    with no_grad():
        assert (x * 2).data == Fraction(2, 3)
    with detect_anomaly():
        y = Value(THIRD)
        (y * y).backward()
        assert y.grad == Fraction(2, 3)
        assert jvp(lambda x: x * x, (THIRD,), (1,))[1] == Fraction(2, 3)


def test_gradcheck_compares_floats():
    assert gradcheck(lambda x: x * x.astype(float).exp(), [THIRD])
    assert gradcheck(lambda x: x**3, [Decimal("0.1")])


def test_an_unknown_product_beside_a_fraction():
    """Zero times infinity, where the zero or the input is exact and the output is a
    float.
    """
    with pytest.warns(GradientWarning, match="sqrt: a tangent of 0 "):
        assert jvp(lambda x: np.sqrt(x * 1.0), (Fraction(0),), (Fraction(0),)) == (0.0, 0.0)
    with pytest.warns(GradientWarning, match="multiply: a tangent of 0 "):
        assert jvp(lambda x: np.where(x > 0, x * np.inf, 1.0), (Fraction(0),), (0,)) == (1.0, 0.0)
    x, w = Value(Fraction(0)), Value(0.0)
    with pytest.warns(GradientWarning, match="sqrt: a gradient of 0 "):
        (x.astype(float).sqrt() * w).backward()
    assert x.grad == 0
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match=r"multiply: the output is nan, from 'x' = 0.0 and input 1"),
    ):
        Value(Fraction(0), label="x") * np.inf


def test_a_shape_beside_a_fraction():
    z = Abstract((2,)) * THIRD
    assert (z.shape, z.dtype) == ((2,), np.dtype(float))


def test_a_deep_graph():
    x = Value(Fraction(1, 2))
    z = x
    for _ in range(2000):
        z = z + x
    z.backward()
    assert x.grad == 2001
