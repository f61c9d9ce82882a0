"""Folding: an expression in the form that a person would write, for `Symbol`.

The rules of ops write `1.0 * y + 0.0`; folding makes `y` of it. It works on the graph,
inputs before users and without recursion, and makes equal expressions one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from micrograd import on_demand as np
from micrograd.interpreter import Array, Interpreter, broadcast_shape, shape_of
from micrograd.modes import quietly
from micrograd.op import Elementwise
from micrograd.ops.arithmetic import add, divide, multiply, negative, subtract
from micrograd.ops.comparisons import equal, logical_not, not_equal
from micrograd.ops.functions import raise_to
from micrograd.ops.products import matmul
from micrograd.ops.shapes import broadcast_to, reshape

MOST_FACTORS = 16  # gathering n factors one by one takes time n squared
LARGEST_WHOLE = 2**53  # up to here a float holds every whole number


def is_expression(x: Any) -> bool:
    """Whether x is an expression, and not a raw number or array."""
    return isinstance(x, Interpreter)


def in_order(root: Any) -> list[Any]:
    """Every expression that root is made of, inputs before users, each once.

    Args:
        root: a Symbol; a raw number has none.
    """
    order, seen, stack = [], set(), [root] if is_expression(root) else []
    while stack:
        node = stack[-1]
        if id(node) not in seen:
            ahead = [x for x in node.inputs if is_expression(x) and id(x) not in seen]
            if ahead:
                stack += reversed(ahead)
                continue
            seen.add(id(node))
            order.append(node)
        stack.pop()
    return order


def simplified(expression: Array) -> Array:
    """The same expression with what is superfluous folded away.

    - Zeros and ones go: 0 + x, 1 * x, x / 1, x**1. So does 0 * x, which is 0 here,
      although it is nan where x is infinite.
    - Like factors are gathered: x * x is x**2, and x / x is 1. Variables come first.
    - Like terms of one sign are gathered: 1 - x - x is 1 - 2 * x. Terms cancel only
      beside each other: (x + y) - y stays, as its digits may differ from those of x.
    - Constants of one product are multiplied: 3 * (2 * x) is 6 * x. Signs go outward.
    - What contains no variable is computed, and `stop_gradient(x)` is x.

    Where both are finite, the number is the same up to the rounding of its products.

    Args:
        expression: a Symbol; a number stays as it is.

    Returns:
        A Symbol, or a plain number or array where no variable is left.

    >>> from micrograd import Symbol
    >>> x = Symbol("x")
    >>> simplified(0.0 * x + 1.0 * x * x)
    <Symbol: x**2>
    """
    if not is_expression(expression):
        return expression
    folder = _Folder()
    memo: dict[int, Any] = {}
    with quietly():
        for node in in_order(expression):
            memo[id(node)] = folder.fold(node, [memo.get(id(x), x) for x in node.inputs])
    return memo[id(expression)]


class _Product:
    """A product: up / down, times each factor to its power; a factor is known by its
    id.
    """

    __slots__ = ("down", "factors", "up")

    def __init__(self, up: Any, down: Any, factors: dict[int, tuple[Any, int]]) -> None:
        self.up = up
        self.down = down
        self.factors = factors

    def is_like(self, other: _Product) -> bool:
        """Whether the two differ in their coefficient only."""
        powers = {key: power for key, (_, power) in self.factors.items()}
        return bool(powers) and powers == {key: power for key, (_, power) in other.factors.items()}

    def times(self, other: _Product, power: int = 1) -> _Product | None:
        """Times other to the power 1 or -1; None where the constants overflow or
        vanish.
        """
        up, down = (other.up, other.down) if power == 1 else (other.down, other.up)
        ratio = _ratio(self.up, self.down, up, down)
        if ratio is None:
            return None
        factors = dict(self.factors)
        for key, (x, n) in other.factors.items():
            total = n * power + (factors[key][1] if key in factors else 0)
            factors[key] = (x, min(total, 1) if is_truth(x) else total)
            if total == 0:
                del factors[key]
        return _Product(*ratio, factors)


class _Folder:
    """Folds one expression after another. Equal ones become one object."""

    def __init__(self) -> None:
        self.made: dict[Any, Any] = {}  # by op, inputs and params
        self.products: dict[int, _Product] = {}  # by the id of what was made of it
        self.kept: list[Any] = []  # raw inputs, whose ids are keys

    def fold(self, node: Any, inputs: list[Any]) -> Any:
        """The node, given its inputs folded."""
        if node.op is None:
            return self.made.setdefault(("variable", node.name, node.shape), node)
        inputs = self._without_broadcasts(node, inputs)
        fold = FOLDS.get(node.op.name)
        folded = self._without_identity(node, inputs) if fold is None else fold(self, node, inputs)
        if folded is not None and shape_of(folded) == node.shape:
            return folded
        made = self.make(node.op, *inputs, **node.params)
        return made if shape_of(made) == node.shape else self.make(node.op, *node.inputs, **node.params)

    def make(self, op: Any, *inputs: Any, **params: Any) -> Any:
        """op(*inputs, **params), made once; computed where all inputs are raw."""
        keys = [self._key(x) for x in inputs]
        if op.facts.commutative:
            keys.sort(key=repr)
        key = (op, *keys, *((name, _setting_key(x)) for name, x in sorted(params.items())))
        if key not in self.made:
            z = op(*inputs, **params)
            if not is_expression(z) and shape_of(z) == () and not isinstance(z, (bool, int, float)):
                z = np.asarray(z).item()
            self.made[key] = z
        return self.made[key]

    def _key(self, x: Any) -> Any:
        if is_expression(x):
            return id(x)
        self.kept.append(x)
        return _setting_key(x)

    def _without_broadcasts(self, node: Any, inputs: list[Any]) -> list[Any]:
        """Inputs of an elementwise op, each as small as broadcasting allows."""
        if not node.shape or not isinstance(node.op, Elementwise):
            return inputs
        inputs = list(inputs)
        for i, x in enumerate(inputs):
            smaller = _unbroadcast(x)
            others = [*inputs[:i], smaller, *inputs[i + 1 :]]
            if smaller is not x and broadcast_shape(node.op.name, *others) == node.shape:
                inputs[i] = smaller
        return inputs

    def _without_identity(self, node: Any, inputs: list[Any]) -> Any:
        """x for op(x, e), where the record says that e changes nothing."""
        identity = node.op.facts.identity
        if identity is None or len(inputs) != 2:
            return None
        x, y = inputs
        if _is(y, identity) and not is_truth(x):
            return x
        return y if node.op.facts.commutative and _is(x, identity) and not is_truth(y) else None

    # Products

    def product_of(self, x: Any) -> _Product:
        """x as a product.

        A number is a coefficient; anything else may be its only factor.
        """
        if _is_finite(x):
            return _Product(x, 1, {})
        known = self.products.get(id(x))
        if known is not None and len(known.factors) <= MOST_FACTORS:
            return known
        key = id(x) if is_expression(x) else self._key(x)
        return _Product(1, 1, {key: (x, 1)})

    def made_of(self, product: _Product, shape: tuple[int, ...]) -> Any:
        """A product written out: coefficient, factors, then what is divided by.

        None where it does not have this shape: a factor that has gone gave it.
        """
        up, down = product.up, product.down
        factors = sorted(product.factors.values(), key=_place)
        if up == 0 or (not factors and down == 1):
            return constant(up, shape)
        over, under = [f for f in factors if f[1] > 0], [(x, -n) for x, n in factors if n < 0]
        is_whole = not under and down == 1
        if is_whole and all(is_truth(x) for x, _ in over):  # 1.0 * (x > 0) is a number
            z = self._multiplied(float(up), over)
        elif is_whole and up == -1 and len(over) == 1 and _is_difference(*over[0]):
            # -(x - y)
            x, y = over[0][0].inputs
            z = self.make(subtract, y, x)
        else:
            z = self._multiplied(None if abs(up) == 1 and over else abs(up), over)
            z = z if is_whole else self.make(divide, z, self._multiplied(None if down == 1 else down, under))
            z = z if up > 0 else self.make(negative, z)
        if not is_expression(z) or shape_of(z) != shape:
            return None
        self.products[id(z)] = product
        return z

    def _multiplied(self, number: Any, factors: Iterable[tuple[Any, int]]) -> Any:
        z = number
        for x, n in factors:
            power = x if n == 1 else self.make(raise_to, x, exponent=n)
            if n != 1 and is_expression(x):
                self.products.setdefault(id(power), _Product(1, 1, {id(x): (x, n)}))
            z = power if z is None else self.make(multiply, z, power)
        return z

    # Terms

    def sum_of(self, node: Any, x: Any, y: Any, sign: int) -> Any:
        """x + y or x - y, by the sign."""
        if is_truth(x) and is_truth(y):
            return None
        if _is(y, 0) and not is_truth(x):
            return x
        p, q = self.product_of(x), self.product_of(y)
        if _is(x, 0) and not is_truth(y):
            return y if sign == 1 else self.negated(q, node.shape)
        if p.is_like(q) and p.down == q.down and _is_finite(p.up + sign * q.up):
            return self.made_of(_Product(p.up + sign * q.up, p.down, p.factors), node.shape)
        if (gathered := self._gathered(x, q, sign)) is not None:
            return gathered
        if q.up < 0 and (flipped := self.negated(q, shape_of(y))) is not None:
            return self.make(subtract if sign == 1 else add, x, flipped)
        if sign == 1 and p.up < 0 and (flipped := self.negated(p, shape_of(x))) is not None:
            return self.make(subtract, y, flipped)
        return None

    def _gathered(self, x: Any, q: _Product, sign: int) -> Any:
        """x plus or minus q, where the sum x has a term like q and of its sign
        already.
        """
        terms = _terms_of(x)
        if len(terms) == 1:
            return None
        for i, (own, term) in enumerate(terms):
            p = self.product_of(term)
            if p.is_like(q) and p.down == q.down and own * p.up * sign * q.up > 0:
                total = _Product(p.up + sign * own * q.up, p.down, p.factors)
                terms[i] = own, self.made_of(total, shape_of(term))
                break
        else:
            return None
        z: Any = terms[0][1]
        for own, term in terms[1:]:
            z = self.make(add if own == 1 else subtract, z, term)
        return z

    def negated(self, product: _Product, shape: tuple[int, ...]) -> Any:
        """The product with the other sign."""
        return self.made_of(_Product(-product.up, product.down, product.factors), shape)


def _add(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return folder.sum_of(node, inputs[0], inputs[1], 1)


def _subtract(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return folder.sum_of(node, inputs[0], inputs[1], -1)


def _multiply(folder: _Folder, node: Any, inputs: list[Any], power: int = 1) -> Any:
    x, y = map(folder.product_of, inputs)
    if all(map(is_truth, inputs)) or (power == -1 and (y.up == 0 or any(is_truth(f) for f, _ in y.factors.values()))):
        return None
    product = x.times(y, power)
    return None if product is None else folder.made_of(product, node.shape)


def _divide(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return _multiply(folder, node, inputs, -1)


def _negative(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return None if is_truth(inputs[0]) else folder.negated(folder.product_of(inputs[0]), node.shape)


def _positive(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return None if is_truth(inputs[0]) else inputs[0]


def _raise_to(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    return _power(folder, node, [inputs[0], node.params["exponent"]])


def _power(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    x, n = inputs
    if not _is_finite(n) or int(n) != n or is_truth(x) or not is_expression(x):
        return None
    n = int(n)
    if n in (0, 1):
        return x if n else constant(1.0, node.shape)
    p = folder.product_of(x)
    if p.down == 1 and abs(p.up) == 1 and len(p.factors) == 1:  # (-x)**3, and (x**2)**3
        ((key, (base, m)),) = p.factors.items()
        return folder.made_of(_Product(p.up ** (n % 2), 1, {key: (base, m * n)}), node.shape)
    return folder.made_of(_Product(1, 1, {id(x): (x, n)}), node.shape)


def _where(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    condition, x, y = inputs
    if is_expression(condition) and condition.op is logical_not:
        return folder.make(node.op, condition.inputs[0], y, x)
    if x is y or (not is_expression(x) and not is_expression(y) and _are_equal(x, y)):
        return x if shape_of(x) == node.shape else _uniform(x, node.shape)
    if isinstance(condition, (bool, np.bool_)):
        return x if condition else y
    return None


def _logical_not(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    (x,) = inputs
    return folder.make(not_equal, *x.inputs) if is_expression(x) and x.op is equal else None


def _itself(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    """x; not where it has another shape, which `fold` sees."""
    return inputs[0]


def _reshape(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    (x,) = inputs
    while is_expression(x) and x.op is reshape:
        (x,) = x.inputs
    if is_expression(x) and x.op is matmul and len(node.shape) == 1 and len(x.shape) == 2:
        a, b = map(_as_vector, x.inputs)  # of the rules of a matrix times a vector
        if x.shape[1] == 1 and b is not None:
            return folder.make(matmul, x.inputs[0], b)
        if x.shape[0] == 1 and a is not None:
            return folder.make(matmul, a, x.inputs[1])
    return x if shape_of(x) == node.shape else folder.make(reshape, x, shape=node.shape)


def _as_vector(x: Any) -> Any:
    """The vector that was made a matrix of one row or column."""
    if is_expression(x):
        is_vector = x.op is reshape and len(shape_of(x.inputs[0])) == 1
        return x.inputs[0] if is_vector else None
    return x.ravel() if len(shape_of(x)) == 2 and 1 in x.shape else None


def _transpose(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    (x,) = inputs
    if len(node.shape) - node.shape.count(1) < 2:  # the elements stay in their order
        return x if shape_of(x) == node.shape else folder.fold(reshape(x, shape=node.shape), [x])
    if is_expression(x) and x.op is node.op and node.params.get("axes") is None:
        return None if x.params.get("axes") else x.inputs[0]
    return None


def _matmul(folder: _Folder, node: Any, inputs: list[Any]) -> Any:
    """A column times a row is elementwise."""
    x, y = inputs
    if len(shape_of(x)) == len(shape_of(y)) == 2 and shape_of(x)[1] == 1:
        product = multiply(x, y)
        return folder.fold(product, folder._without_broadcasts(product, inputs))
    return None


# How an op folds beyond what its facts say, by its name.
FOLDS: dict[str, Callable[[_Folder, Any, list[Any]], Any]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "negative": _negative,
    "positive": _positive,
    "raise_to": _raise_to,
    "power": _power,
    "where": _where,
    "logical_not": _logical_not,
    "stop_gradient": _itself,
    "reshape": _reshape,
    "broadcast_to": _itself,
    "matmul": _matmul,
    "transpose": _transpose,
}


def constant(number: Any, shape: tuple[int, ...]) -> Any:
    """A number, or an array of it."""
    return np.full(shape, float(number)) if shape else float(number) if number == 0 else number


def is_truth(x: Any) -> bool:
    """Whether x is True or False: NumPy refuses -x of it, and x + x is "or"."""
    if is_expression(x) and (x.op is None or x.op.differentiable):
        return False
    return isinstance(x, bool) or getattr(getattr(x, "dtype", None), "kind", "") == "b"


def _is_difference(x: Any, power: int) -> bool:
    return power == 1 and is_expression(x) and x.op is subtract


def _place(factor: tuple[Any, int]) -> int:
    """Raw arrays first, then variables, then the rest."""
    x, _ = factor
    return 0 if not is_expression(x) else 1 if x.op is None else 2


def _is(x: Any, number: float) -> bool:
    return _is_finite(x) and bool(x == number)


def _is_finite(x: Any) -> bool:
    """Whether x is one finite number, which no truth is."""
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)


def _ratio(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any] | None:
    """(a / b) * (c / d): numerator and denominator, in lowest terms where they are
    whole.

    None where a product overflows or vanishes.
    """
    up, down = a * c, b * d
    if down < 0:
        up, down = -up, -down
    if not all(x == 0 or 1e-300 < abs(x) < 1e300 for x in (up, down)) or (up == 0) != (a == 0 or c == 0) or down == 0:
        return None
    if all(x == int(x) and abs(x) < LARGEST_WHOLE for x in (up, down)):
        divisor = math.gcd(int(up), int(down))
        up, down = type(up)(up / divisor), type(down)(down / divisor)
    return up, down


def _unbroadcast(x: Any) -> Any:
    """What x is before it was broadcast: of an array of equal numbers the number."""
    if is_expression(x):
        return x.inputs[0] if x.op is broadcast_to else x
    if shape_of(x) and x.size and x.dtype.kind == "f" and (x == x.flat[0]).all() and np.isfinite(x.flat[0]):
        return x.flat[0].item()
    return x


def _terms_of(x: Any) -> list[tuple[int, Any]]:
    """The last terms of a sum with their signs; the first is what is left of it."""
    terms: list[tuple[int, Any]] = []
    while is_expression(x) and x.op in (add, subtract) and len(terms) < MOST_FACTORS:
        terms.append((1 if x.op is add else -1, x.inputs[1]))
        x = x.inputs[0]
    return [(1, x), *reversed(terms)]


def _uniform(x: Any, shape: tuple[int, ...]) -> Any:
    return np.broadcast_to(x, shape) if not is_expression(x) else None


def _are_equal(x: Any, y: Any) -> bool:
    return shape_of(x) == shape_of(y) and type(x) is type(y) and bool(np.all(np.equal(x, y)))


def _setting_key(x: Any) -> Any:
    """What tells one param or raw input from another."""
    if isinstance(x, (list, tuple)):
        return (type(x).__name__, *map(_setting_key, x))
    if isinstance(x, (int, float, str, bool, slice, type(None))):
        return type(x).__name__, repr(x)
    if isinstance(x, np.ndarray) and not x.dtype.hasobject:
        return "array", x.shape, str(x.dtype), x.tobytes()
    return type(x).__name__, id(x)
