"""Value: its graph, its backward, its numbers and its arrays, held against independent
oracles.
"""

from __future__ import annotations

import copy
import math
import operator
import pickle

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from micrograd import Value, no_grad, ops, toposort
from micrograd.errors import GradientError

examples = settings(max_examples=100)


# The oracle of scalar graphs: the class of the texts, after 001 and micrograd 0.1.0,
# closures and recursion included


class Node:
    def __init__(self, data, children=(), op=""):
        self.data, self.children, self.op, self.grad = data, children, op, 0.0
        self.step = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        out = Node(self.data + other.data, (self, other), "+")

        def step():
            self.grad += out.grad
            other.grad += out.grad

        out.step = step
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Node) else Node(other)
        out = Node(self.data * other.data, (self, other), "*")

        def step():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.step = step
        return out

    def __pow__(self, other):
        return self.unary(self.data**other, f"**{other}", lambda z: other * self.data ** (other - 1))

    def unary(self, data, op, slope):
        if isinstance(data, complex):
            raise ValueError("(-8) ** 0.5 is complex in Python")
        out = Node(data, (self,), op)

        def step():
            self.grad += slope(out.data) * out.grad

        out.step = step
        return out

    def exp(self):
        return self.unary(math.exp(self.data), "exp", lambda z: z)

    def log(self):
        return self.unary(math.log(self.data), "log", lambda z: 1 / self.data)

    def tanh(self):
        return self.unary(math.tanh(self.data), "tanh", lambda z: 1 - z**2)

    def relu(self):
        return self.unary(max(self.data, 0.0), "ReLU", lambda z: float(z > 0))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return other + (-self)

    def __rtruediv__(self, other):
        return other * self**-1

    def order(self):
        topo, visited = [], set()

        def build(node):
            if node not in visited:
                visited.add(node)
                for child in node.children:
                    build(child)
                topo.append(node)

        build(self)
        return topo

    def backward(self):
        self.grad = 1.0
        for node in reversed(self.order()):
            node.step()


def everything(root):
    """All nodes below a Value, raw constants included, in the order of the texts."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(x, False) for x in reversed(node.inputs)]
    return order


BINARY = [operator.add, operator.sub, operator.mul, operator.truediv]
UNARY = [
    operator.neg,
    *(operator.methodcaller(name) for name in ("exp", "log", "tanh", "relu")),
    *(lambda x, n=n: x**n for n in (2, 3, -1, 0.5, 2.0)),
    *(lambda x, f=f, c=c: f(x, c) for f in BINARY for c in (2, -0.5)),
    *(lambda x, f=f, c=c: f(c, x) for f in BINARY for c in (3, 1.5)),
]
STEP = st.tuples(st.integers(0, len(BINARY) + len(UNARY) - 1), st.integers(0, 99), st.integers(0, 99))
LEAVES = st.lists(st.floats(-2, 2, allow_subnormal=False), min_size=1, max_size=4)


def run(program, leaves):
    """A program is a list of steps; each applies one function to earlier results."""
    made = list(leaves)
    for choice, i, j in program:
        x, y = made[i % len(made)], made[j % len(made)]
        made.append(BINARY[choice](x, y) if choice < len(BINARY) else UNARY[choice - len(BINARY)](x))
    return made[-1]


def texts_graph(program, leaves):
    """What the texts' class says; no example where plain Python has no answer (log of
    -1, overflow).
    """
    nodes = [Node(x) for x in leaves]
    try:
        root = run(program, nodes)
        root.backward()
    except (ArithmeticError, ValueError):
        assume(False)
    assume(all(math.isfinite(x) for node in root.order() for x in (node.data, node.grad)))
    return nodes, root


@examples
@given(st.lists(STEP, min_size=1, max_size=14), LEAVES)
def test_scalar_graph_is_that_of_the_texts_node_for_node(program, leaves):
    their_leaves, theirs = texts_graph(program, leaves)
    our_leaves = [Value(x) for x in leaves]
    ours = run(program, our_leaves)
    nodes = everything(ours)
    assert [(n._op, n.data) for n in nodes] == [(n.op, n.data) for n in theirs.order()]
    ours.backward()
    for mine, node in zip(nodes, theirs.order(), strict=True):
        assert mine.grad == pytest.approx(node.grad, rel=1e-9, abs=1e-9)
    for mine, node in zip(our_leaves, their_leaves, strict=True):
        assert mine.grad == pytest.approx(node.grad, rel=1e-9, abs=1e-9)
        assert type(mine.grad) is float


@examples
@given(st.lists(STEP, min_size=1, max_size=8), LEAVES)
def test_the_graph_survives_pickle_deepcopy_and_looking(program, leaves):
    texts_graph(program, leaves)
    root = run(program, [Value(x) for x in leaves])
    twins = [pickle.loads(pickle.dumps(root)), copy.deepcopy(root)]
    for n in toposort(root):
        repr(n)
    root.backward()
    for twin in twins:
        twin.backward()
        assert [(n._op, n.data, n.grad) for n in everything(twin)] == [
            (n._op, n.data, n.grad) for n in everything(root)
        ]
        assert not set(everything(twin)) & set(everything(root))


# Numbers of every kind on either side


def power_slopes(x, y):
    return y * x ** (y - 1), x**y * math.log(x)


SLOPES = {
    operator.add: lambda x, y: (1.0, 1.0),
    operator.sub: lambda x, y: (1.0, -1.0),
    operator.mul: lambda x, y: (y, x),
    operator.truediv: lambda x, y: (1 / y, -x / y**2),
    operator.pow: power_slopes,
}
NUMBERS = [
    *(3, 3.0, True, np.float64(3), np.int64(3), np.int8(3), np.uint8(3), np.float32(3), np.float16(3)),
    *(np.array(3.0), np.array(3), np.array(3, np.float32), np.bool_(True)),
]
operators = pytest.mark.parametrize("f", SLOPES, ids=lambda f: f.__name__)
numbers = pytest.mark.parametrize("c", NUMBERS, ids=lambda c: f"{type(c).__name__}-{c!r}")


@operators
@numbers
def test_a_number_on_either_side(f, c):
    c_ = float(c)
    for mine, expected, slope in [
        (lambda v: f(v, c), f(2.0, c_), SLOPES[f](2.0, c_)[0]),
        (lambda v: f(c, v), f(c_, 2.0), SLOPES[f](c_, 2.0)[1]),
    ]:
        v = Value(2.0)
        z = mine(v)
        assert type(z) is Value
        assert z.shape == ()
        z.backward()
        assert (z.data, v.grad) == (pytest.approx(expected, rel=1e-3), pytest.approx(slope, rel=1e-3))
        if c.dtype in (float, int) if hasattr(c, "dtype") else type(c) is not bool:
            assert (type(z.data), type(v.grad)) == (float, float)


@operators
def test_the_gradient_of_a_python_number_is_one_beside_float32_too(f):
    v = Value(2.0)
    f(v, np.array([1, 2], np.float32)).sum().backward()
    assert type(v.grad) is float


@operators
def test_two_values(f):
    x, y = Value(2.0), Value(3.0)
    z = f(x, y)
    z.backward()
    assert z.data == f(2.0, 3.0)
    assert (x.grad, y.grad) == pytest.approx(SLOPES[f](2.0, 3.0))


@operators
@pytest.mark.parametrize("left", [True, False], ids=["array left", "array right"])
@pytest.mark.parametrize(
    "make",
    [
        lambda a: a,
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.int64),
        lambda a: a < 9.0,
        lambda a: a.tolist(),
        lambda a: Value(a),
        lambda a: Value(a.astype(np.float32)),
    ],
    ids=["float64", "float32", "int64", "bool", "list", "Value", "Value32"],
)
@pytest.mark.parametrize("data", [2.0, [2.0, 3.0]], ids=["number", "array"])
def test_an_array_on_either_side(f, left, make, data):
    other = make(np.array([[1.0, 2.0], [3.0, 4.0]]))
    plain = np.asarray(other.data if isinstance(other, Value) else other, float)
    v = Value(data)
    z = f(other, v) if left else f(v, other)
    expected = f(plain, np.asarray(data)) if left else f(np.asarray(data), plain)
    assert type(z) is Value
    assert z.data.dtype == np.float64 or "32" in str(getattr(other, "dtype", ""))
    np.testing.assert_allclose(z.data, expected, rtol=1e-6)
    z.sum().backward()
    assert v.grad.shape == v.shape if v.shape else np.ndim(v.grad) == 0


SCALAR_GRAPHS = [
    (lambda a, b: a + b, ["+"]),
    (lambda a, b: a - b, ["*", "+"]),
    (lambda a, b: a / b, ["**-1", "*"]),
    (lambda a, b: -a, ["*"]),
    (lambda a, b: a - 2, ["+"]),
    (lambda a, b: 2 - a, ["*", "+"]),
    (lambda a, b: a / 2, ["*"]),
    (lambda a, b: 2 / a, ["**-1", "*"]),
    (lambda a, b: a**2, ["**2"]),
    (lambda a, b: a**b, ["**"]),
    (lambda a, b: 2**a, ["**"]),
    (lambda a, b: sum([a, b]), ["+", "+"]),
    (lambda a, b: np.float64(2) - a, ["*", "+"]),
    (lambda a, b: a - np.float64(2), ["+"]),
    (lambda a, b: a / np.int64(2), ["*"]),
    (lambda a, b: a ** np.int64(2), ["**2"]),
    (lambda a, b: a.reshape(1) - b, ["reshape", "-"]),
    (lambda a, b: a.reshape(1) / b, ["reshape", "/"]),
    (lambda a, b: -a.reshape(1), ["reshape", "neg"]),
    (lambda a, b: a - np.ones(2), ["-"]),
    (lambda a, b: np.ones(2) / a, ["/"]),
]


@pytest.mark.parametrize(("f", "symbols"), SCALAR_GRAPHS)
def test_which_nodes_an_expression_makes(f, symbols):
    assert [n._op for n in toposort(f(Value(3.0), Value(4.0))) if n._op] == symbols


# Functions of one number

FUNCTIONS = [
    ("exp", math.exp, math.exp),
    ("log", math.log, lambda x: 1 / x),
    ("tanh", math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    ("sigmoid", lambda x: 1 / (1 + math.exp(-x)), lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2),
    ("relu", lambda x: max(x, 0.0), lambda x: float(x > 0)),
    ("sin", math.sin, math.cos),
    ("cos", math.cos, lambda x: -math.sin(x)),
    ("sqrt", math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    ("abs", abs, lambda x: math.copysign(1.0, x)),
]


@pytest.mark.parametrize(("name", "f", "slope"), FUNCTIONS, ids=[row[0] for row in FUNCTIONS])
@pytest.mark.parametrize("x", [0.7, 1, -1.5, np.float64(0.7), np.float32(0.5)], ids=repr)
def test_a_function_as_method_op_and_on_arrays(name, f, slope, x):
    if name in ("log", "sqrt") and x < 0:
        x = -x
    v, w = Value(x), Value([[float(x)]])
    z, y = getattr(v, name)(), getattr(w, name)()
    z.backward()
    y.backward()
    assert (z.data, v.grad) == (pytest.approx(f(float(x)), rel=1e-6), pytest.approx(slope(float(x)), rel=1e-6))
    assert (y.data[0, 0], w.grad[0, 0]) == (pytest.approx(z.data, rel=1e-6), pytest.approx(v.grad, rel=1e-6))
    op = ops.absolute if name == "abs" else getattr(ops, name)
    assert op(Value(x)).data == z.data
    assert op(float(x)) == pytest.approx(z.data, rel=1e-6)


@pytest.mark.parametrize(("x", "kinds"), [(0.0, {"abs": 0.0, "relu": 0.0}), (-0.0, {"abs": 0.0, "relu": 0.0})])
def test_the_slope_at_a_kink(x, kinds):
    for name, expected in kinds.items():
        v, w = Value(x), Value([x])
        getattr(v, name)().backward()
        getattr(w, name)().backward()
        assert (v.grad, w.grad.tolist()) == (expected, [expected])


@pytest.mark.parametrize(
    ("x", "y", "dx", "dy"),
    [
        (2.0, 3.0, 12.0, 8 * math.log(2)),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (-2.0, 3.0, 12.0, math.nan),
        (3.0, 0.0, 0.0, math.log(3)),
    ],
)
def test_a_value_to_the_power_of_a_value(x, y, dx, dy):
    for kind in (float, lambda n: [n]):
        base, exponent = Value(kind(x)), Value(kind(y))
        (base**exponent).backward()
        np.testing.assert_allclose(np.ravel(base.grad), dx)
        np.testing.assert_allclose(np.ravel(exponent.grad), dy)


@pytest.mark.parametrize("x", [0.0, -2.0, 3.0])
def test_the_zeroth_power_is_flat(x):
    v, w = Value(x), Value([x])
    (v**0).backward()
    (w**0).backward()
    assert (v.grad, w.grad.tolist()) == (0.0, [0.0])


# Types of numbers


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (5, 5),
        (5.0, 5.0),
        (True, 1),
        (np.float64(5), 5.0),
        (np.int64(5), 5),
        (np.array(5.0), 5.0),
        (np.array(5), 5),
        (np.bool_(True), 1),
        (np.array(True), 1),
    ],
    ids=repr,
)
def test_a_number_is_a_python_number(data, expected):
    v = Value(data)
    assert (v.data, type(v.data)) == (expected, type(expected))
    assert v.dtype == np.float64


@pytest.mark.parametrize(
    ("given_as", "dtype"),
    [
        (np.float16, np.float16),
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.longdouble, np.longdouble),
        (np.int32, np.float64),
        (np.uint8, np.float64),
        (bool, np.float64),
        (list, np.float64),
        (tuple, np.float64),
    ],
)
def test_the_dtype_of_arrays(given_as, dtype):
    data = given_as([1, 0]) if given_as in (list, tuple) else np.array([1, 0], given_as)
    assert Value(data).dtype == dtype
    assert Value(data).data.tolist() == [1.0, 0.0]


KEEPING = [
    lambda x: x * 2,
    lambda x: 2.5 - x,
    lambda x: x / 3,
    lambda x: 1 / x,
    lambda x: x**2,
    lambda x: x**0.5,
    lambda x: 2**x,
    lambda x: x**x,
    lambda x: -x,
    lambda x: abs(x),
    lambda x: x.exp().log().sqrt().sin().cos(),
    lambda x: x.tanh() + x.sigmoid() + x.relu(),
    lambda x: x.sum(axis=0),
    lambda x: x.sum(),
    lambda x: x.mean(axis=-1),
    lambda x: x.max(axis=0) - x.min(axis=0),
    lambda x: x.reshape(4).reshape((2, 2)).T.transpose(1, 0),
    lambda x: x @ x + x @ x[0],
    lambda x: x[0],
    lambda x: x[:, None, 1:],
    lambda x: x + np.float16(2),
    lambda x: ops.stack([x, x]),
    lambda x: ops.where(np.array([[True, False]]), x, 0.0),
]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("f", KEEPING)
def test_a_dtype_is_kept_and_so_is_that_of_gradients(f, dtype):
    x = Value(np.array([[1.0, 2.0], [3.0, 4.0]], dtype))
    z = f(x)
    assert z.dtype == dtype
    z.backward()
    for node in toposort(z):
        assert (np.asarray(node.grad).dtype, np.shape(node.grad)) == (node.dtype, node.shape)


@pytest.mark.parametrize("left", [np.float32, np.float64, np.float16])
@pytest.mark.parametrize("right", [np.float32, np.float64, np.int64])
@operators
def test_mixed_dtypes_with_broadcasting(f, left, right):
    x, y = Value(np.full((3, 1), 2, left)), Value(np.full(2, 3, right))
    z = f(x, y)
    z.backward()
    assert z.dtype == np.result_type(left, float if right is np.int64 else right)
    assert (x.grad.dtype, x.grad.shape) == (x.dtype, x.shape)
    assert (y.grad.dtype, y.grad.shape) == (y.dtype, y.shape)
    slope = SLOPES[f](2.0, 3.0)
    np.testing.assert_allclose(x.grad, np.full((3, 1), 2 * slope[0]), rtol=1e-2)
    np.testing.assert_allclose(y.grad, np.full(2, 3 * slope[1]), rtol=1e-2)


def test_the_gradient_of_a_float32_number_is_a_float32_number():
    x = Value(np.float32(2))
    (x * np.ones(3, np.float32)).sum().backward()
    assert type(x.grad) is type(x.data) is np.float32


# Arrays: forward is NumPy, the gradient is summed back


def summed_back(g, shape):
    """The oracle of broadcasting, element by element: each element gets the sum over
    the places it was copied to.
    """
    total = np.zeros(math.prod(shape))
    origin = np.broadcast_to(np.arange(total.size).reshape(shape), g.shape)
    for place in np.ndindex(g.shape):
        total[origin[place]] += g[place]
    return total.reshape(shape)


@operators
@examples
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3), seed=st.integers(0, 99))
def test_broadcasting_sums_back(f, shapes, seed):
    generator = np.random.default_rng(seed)
    a, b = (generator.uniform(0.5, 2.0, shape) for shape in shapes.input_shapes)
    g = generator.uniform(-1.0, 1.0, shapes.result_shape)
    x, y = Value(a), Value(b)
    z = f(x, y)
    np.testing.assert_allclose(z.data, f(a, b), rtol=1e-15)
    z.backward(g)
    dx, dy = np.vectorize(SLOPES[f], otypes=[float, float])(*np.broadcast_arrays(a, b))
    np.testing.assert_allclose(x.grad, summed_back(g * dx, a.shape), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(y.grad, summed_back(g * dy, b.shape), rtol=1e-12, atol=1e-14)


def numeric_gradient(f, arrays, g):
    """d sum(g * f) / d each element, by central differences of plain arrays."""
    gradients = []
    for i, a in enumerate(arrays):
        slope = np.zeros(a.shape)
        for place in np.ndindex(a.shape):
            up, down = ([b.copy() for b in arrays] for _ in range(2))
            up[i][place] += 1e-6
            down[i][place] -= 1e-6
            slope[place] = (np.sum(g * f(*up)) - np.sum(g * f(*down))) / 2e-6
        gradients.append(slope)
    return gradients


def check_arrays(f, arrays, plain=None):
    """f on Values against the same f (or its NumPy spelling) on arrays, forward and
    backward.
    """
    values = [Value(a) for a in arrays]
    z = f(*values)
    expected = (plain or f)(*arrays)
    np.testing.assert_allclose(z.data, expected, rtol=1e-13)
    assert z.shape == np.shape(expected)
    g = np.random.default_rng(7).uniform(-1.0, 1.0, z.shape)
    z.backward(g)
    for v, slope in zip(values, numeric_gradient(plain or f, arrays, g), strict=True):
        assert np.shape(v.grad) == v.shape
        np.testing.assert_allclose(v.grad, slope, rtol=1e-6, atol=1e-8)


def distinct(*shape):
    """Numbers no two of which are near one another, so that max and min have slopes."""
    return np.asarray(np.random.default_rng(3).permutation(math.prod(shape)).reshape(shape) / 3.0 - 1.0)


@st.composite
def an_axis(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3))
    axes = st.integers(-len(shape), len(shape) - 1)
    several = hnp.valid_tuple_axes(len(shape))
    return shape, draw(st.none() | axes | several), draw(st.booleans())


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
@examples
@given(an_axis())
def test_reductions(name, case):
    shape, axis, keepdims = case
    method = operator.methodcaller(name, axis=axis, keepdims=keepdims)
    check_arrays(method, [distinct(*shape)])


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min"])
def test_reductions_of_a_number(name):
    v = Value(3.0)
    z = getattr(v, name)()
    z.backward()
    assert (z.data, v.grad, type(z.data), type(v.grad)) == (3.0, 1.0, float, float)


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share_the_gradient(name):
    v = Value([[1.0, 1.0, 1.0], [2.0, 2.0, 0.0 if name == "max" else 3.0]])
    getattr(v, name)(axis=1).backward([6.0, 6.0])
    assert v.grad.tolist() == [[2.0, 2.0, 2.0], [3.0, 3.0, 0.0]]


@st.composite
def a_product(draw):
    k, n, m = (draw(st.integers(1, 3)) for _ in range(3))
    batch = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=2)).input_shapes
    left = draw(st.sampled_from([(k,), (n, k), (*batch[0], n, k)]))
    right = draw(st.sampled_from([(k,), (k, m), (*batch[1], k, m)]))
    return left, right


@examples
@given(a_product())
def test_matrix_products(shapes):
    check_arrays(operator.matmul, [distinct(*shape) for shape in shapes])


@pytest.mark.parametrize("make", [np.array, list], ids=["array", "list"])
def test_a_raw_matrix_on_either_side(make):
    m = make([[1.0, 2.0], [3.0, 4.0]])
    for f in (lambda v: v @ m, lambda v: m @ v):
        check_arrays(f, [distinct(2, 2)])


@examples
@given(hnp.array_shapes(min_dims=0, max_dims=4, max_side=3), st.data())
def test_transposes(shape, data):
    axes = data.draw(st.permutations([a - len(shape) * (a % 2) for a in range(len(shape))]))
    x = distinct(*shape)
    check_arrays(lambda v: v.T, [x])
    check_arrays(lambda v: v.transpose(), [x])
    if shape:
        check_arrays(lambda v: v.transpose(*axes), [x])
        check_arrays(lambda v: v.transpose(axes), [x])


@examples
@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_reshapes(shape, data):
    size = math.prod(shape)
    n = data.draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    for target in [(-1,), (n, -1), (1, n, size // n), (size,)]:
        check_arrays(lambda v, target=target: v.reshape(target), [distinct(*shape)])
        check_arrays(lambda v, target=target: v.reshape(*target), [distinct(*shape)])


@examples
@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_indexing(shape, data):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    check_arrays(lambda v: v[index], [distinct(*shape)])


@pytest.mark.parametrize(
    "index", [0, -1, (1, 2), slice(None, None, -1), [0, 0, 1], np.array([[0], [0]]), (..., 0), ([0, 0], [1, 1]), None]
)
def test_an_element_taken_twice_receives_twice(index):
    check_arrays(lambda v: v[index], [distinct(2, 3)])


def test_a_boolean_index():
    check_arrays(lambda v: v[np.array([[True, False, True], [False, False, True]])], [distinct(2, 3)])


@pytest.mark.parametrize("index", [(), None, ..., (None, ...)], ids=repr)
def test_indexing_a_number(index):
    v = Value(3.0)
    v[index].sum().backward()
    assert v[index].data == np.asarray(3.0)[index]
    assert v.grad == 1.0


def test_iterating_goes_along_the_first_axis():
    v = Value(distinct(3, 2))
    rows = list(v)
    assert len(v) == len(rows) == 3
    sum(rows)[1].backward()
    assert v.grad.tolist() == [[0.0, 1.0]] * 3


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_stacking(axis):
    check_arrays(
        lambda *xs: ops.stack(xs, axis=axis),
        [distinct(2), distinct(2) + 1.0],
        lambda *xs: np.stack(xs, axis=axis),
    )


def test_stacking_numbers():
    a = Value(2.0)
    z = ops.stack([a, 3.0, a])
    assert (z.data.tolist(), z.shape) == ([2.0, 3.0, 2.0], (3,))
    z.backward([1.0, 10.0, 100.0])
    assert (a.grad, type(a.grad)) == (101.0, float)


def test_choosing_with_where():
    mask = np.array([True, False])
    check_arrays(lambda x, y: ops.where(mask, x, y), [distinct(3, 2), distinct(2)], lambda x, y: np.where(mask, x, y))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_no_elements(shape):
    v = Value(np.zeros(shape))
    (v * 2.0 + 1.0).sum().backward()
    assert (v.grad.shape, v.size) == (shape, 0)


@pytest.mark.parametrize("ufunc", [np.exp, np.tanh, np.sin, np.cos, np.sqrt, np.log, np.absolute, np.fabs, np.negative])
def test_numpys_functions_record(ufunc):
    check_arrays(ufunc, [np.abs(distinct(2, 3)) + 0.5])


def test_the_one_and_only_shapes_of_properties():
    v = Value(np.zeros((2, 3), np.float32))
    assert (v.shape, v.ndim, v.size, v.dtype) == ((2, 3), 2, 6, np.float32)
    n = Value(2.0)
    assert (n.shape, n.ndim, n.size, n.dtype) == ((), 0, 1, np.float64)


# Backward


def test_a_second_backward_gives_the_right_answer():
    x = Value(3.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (2 * 108.0, 18.0, 1.0)


def test_two_roots_share_a_part():
    x = Value(2.0)
    y = x * x
    a, b = y * 3.0, y * 4.0
    a.backward()
    b.backward()
    assert (x.grad, y.grad, a.grad, b.grad) == (28.0, 4.0, 1.0, 1.0)


def test_a_leaf_used_many_times():
    a = Value(3.0)
    b = a + a
    c = b + b * a
    c.backward()
    assert (a.grad, b.grad) == (2.0 + 4 * 3.0, 4.0)


def test_backward_of_a_leaf():
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0


def test_a_root_of_many_elements_is_seeded_with_ones():
    x = Value([1.0, 2.0])
    z = x * x
    z.backward()
    assert (x.grad.tolist(), z.grad.tolist()) == ([2.0, 4.0], [1.0, 1.0])


@pytest.mark.parametrize("gradient", [[1.0, 10.0], np.array([1, 10]), (1, 10), Value([1.0, 10.0])], ids=repr)
def test_a_gradient_given(gradient):
    x = Value([1.0, 2.0])
    (x * x).backward(gradient)
    assert x.grad.tolist() == [2.0, 40.0]


@pytest.mark.parametrize("gradient", [2, 2.0, np.float64(2), np.array(2.0), np.float32(2)], ids=repr)
def test_a_gradient_given_to_a_number(gradient):
    x = Value(3.0)
    (x * x).backward(gradient)
    assert x.grad == 12.0
    assert type(x.grad) in (float, np.float32)


@pytest.mark.parametrize("zero", [0, 0.0, None, [0.0, 0.0]], ids=repr)
def test_gradients_are_set_to_zero_between_steps(zero):
    x = Value([1.0, 2.0])
    for _ in range(2):
        x.grad = zero
        (x * x).backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_gradients_read_zero_before():
    assert (Value(2.0).grad, Value(2).grad) == (0.0, 0.0)
    g = Value(np.ones((2, 1), np.float32)).grad
    assert (g.tolist(), g.dtype) == ([[0.0], [0.0]], np.float32)


def test_one_step_of_the_chain_rule():
    a, b = Value(3.0), Value(4.0)
    c = a * b
    c.grad = 11.0
    c._backward()
    assert (a.grad, b.grad) == (44.0, 33.0)
    c._backward()
    assert (a.grad, b.grad) == (88.0, 66.0)
    a._backward()
    assert a.grad == 88.0


def test_a_raw_constant_appears_as_a_value_with_its_gradient():
    a = Value(3.0)
    c = a * 4
    c.backward()
    assert [(x.data, x.grad) for x in c.inputs] == [(3.0, 4.0), (4, 3.0)]
    assert c.inputs[1] is c.inputs[1]
    assert c._prev == c.prev == set(c.inputs)


def test_inputs_keep_order_and_repeats():
    a, b = Value(3.0), Value(4.0)
    assert (a * a).inputs == (a, a)
    assert (b + a).inputs == (b, a)
    assert (a * a)._prev == {a}
    assert a.inputs == ()
    assert ops.stack([a, b, a]).inputs == (a, b, a)
    assert ((a * b).op, (a * b)._op, a.op) == ("*", "*", "")


def test_toposort_has_inputs_before_users_and_the_root_last():
    a, b = Value(3.0), Value(4.0)
    c = a * b
    d = c + a * 2.0
    order = toposort(d)
    assert order[:3] == [a, b, c]
    assert order[-1] is d
    assert len(order) == 5
    for node in order:
        assert all(order.index(x) < order.index(node) for x in node.inputs if x in order)


def test_data_is_used_as_it_stands_at_backward():
    x = Value(3.0)
    z = x * x
    x.data = 5.0
    z.backward()
    assert (x.grad, z.data) == (10.0, 9.0)


def test_check_stale_finds_what_was_assigned():
    x, y = Value(3.0), Value([1.0, 2.0])
    z = x * x
    w = (z * y).sum()
    assert w.check_stale() == []
    x.data = 4.0
    assert w.check_stale() == [z]
    x.data = 3.0
    y.data = [1.0, 3.0]
    assert len(w.check_stale()) == 1
    y.data[1] = 2.0
    assert w.check_stale() == []


def test_check_stale_knows_nan_and_leaves_hand_made_nodes_alone():
    x = Value([1.0, math.nan])
    y = (x * 2.0) + math.nan
    made = Value(7.0, (x,), "made")
    assert y.check_stale() == made.check_stale() == []


def test_check_stale_finds_data_of_another_shape():
    x = Value([1.0, 2.0])
    y = x + np.ones(2)
    x.data = [1.0, 2.0, 3.0]
    assert y.check_stale() == [y]


def test_check_stale_finds_data_that_the_op_has_no_answer_for():
    x = Value([[2.0, 0.0], [0.0, 4.0]])
    y = np.linalg.inv(x)
    x.data[1, 1] = 0.0
    assert y.check_stale() == [y]


def test_the_gradient_has_the_shape_of_new_data():
    x = Value([1.0, 2.0])
    x.sum().backward()
    x.data = [1.0, 2.0, 3.0]
    assert x.grad.shape == (3,)


def test_a_leaf_with_a_symbol_accumulates():
    x = Value(2.0, _op="w")
    for _ in range(2):
        (x * 3.0).backward()
    assert x.grad == 6.0


# Higher order


@pytest.mark.parametrize("data", [0.7, [0.7, 1.3]], ids=["number", "array"])
@pytest.mark.parametrize(
    ("f", "derivatives"),
    [
        (lambda x: x**4, [lambda x: 4 * x**3, lambda x: 12 * x**2, lambda x: 24 * x]),
        (lambda x: x.exp(), [np.exp, np.exp, np.exp]),
        (lambda x: x.sin(), [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)]),
        (lambda x: 1 / x, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
        (lambda x: x.log(), [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3]),
        (lambda x: x * x * x, [lambda x: 3 * x**2, lambda x: 6 * x, lambda x: 6 + 0 * x]),
    ],
)
def test_derivatives_of_derivatives(f, derivatives, data):
    x = Value(data)
    z = f(x)
    for derivative in derivatives:
        x.grad = 0.0
        z.backward(create_graph=True)
        z = x.grad
        np.testing.assert_allclose(z.data, derivative(np.asarray(data)), rtol=1e-12)
    assert isinstance(x.grad, Value)
    assert x.grad.shape == x.shape


def test_the_last_derivative_is_plain():
    x = Value(3.0)
    (x**3).backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert (x.grad, type(x.grad)) == (18.0, float)


def test_a_hessian_row_by_row():
    x = Value([1.0, 2.0, 3.0])
    (x.sum() * (x * x).sum()).backward(create_graph=True)
    slope = x.grad
    rows = []
    for i in range(3):
        x.grad = 0.0
        slope[i].backward()
        rows.append(x.grad.tolist())
    a = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(rows, 2 * np.add.outer(a, a) + 2 * 6 * np.eye(3))


def test_create_graph_through_an_assigned_backward():
    x = Value(2.0)
    o = Value(x.data * 3, (x,), "triple")

    def step():
        x.grad += 3 * o.grad

    o._backward = step
    (o * o).backward(create_graph=True)
    slope, x.grad = x.grad, 0.0
    slope.backward()
    assert (slope.data, x.grad) == (36.0, 18.0)


def test_a_root_whose_backward_is_assigned():
    x = Value(2.0)
    o = Value(x.data * 3, (x,), "triple")

    def step():
        x.grad += 3 * o.grad

    o._backward = step
    for total in (3.0, 6.0):
        o.backward()
        assert (x.grad, o.grad) == (total, 1.0)


# Constants


def test_nothing_is_recorded_under_no_grad():
    x = Value(3.0)
    with no_grad():
        y = x * x + 2.0
        fresh = Value(1.0)
    assert (y.data, y.inputs, y._op) == (11.0, (), "")
    (fresh * x).backward()
    assert (fresh.grad, x.grad) == (3.0, 1.0)


def test_no_grad_nests_ends_with_an_error_and_decorates():
    x = Value(3.0)

    @no_grad()
    def quiet():
        with no_grad():
            pass
        return x * 2.0

    assert quiet().inputs == quiet().inputs == ()
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * 2.0).inputs[0] is x


def test_a_constant_costs_no_gradient():
    x = Value(3.0)
    c = x.detach()
    z = x * c
    z.backward()
    assert (x.grad, c.grad, c.data) == (3.0, 0.0, 3.0)
    assert toposort(z) == [x, z]
    with pytest.raises(GradientError):
        (c * c).backward()


def test_constants_make_constants():
    c = Value([1.0, 2.0]).detach()
    assert (c * 2.0).inputs == ()
    assert c.exp().sum().inputs == ()


# The class: subclasses, methods put on it, nodes made by hand


def test_results_are_of_the_subclass():
    class Sub(Value):
        def __add__(self, other):
            out = super().__add__(other)
            out.label = "mine"
            return out

        def tanh(self):
            e = (2 * self).exp()
            return (e - 1) / (e + 1)

    a = Sub(0.5)
    assert type(a + 1) is type(1 + a) is type(a * a) is type(a.exp()) is type(-a) is type(np.float64(2) * a) is Sub
    assert type(Sub([1.0]) @ Sub([1.0])) is type(np.ones(1) - Sub([1.0])) is Sub
    assert (a + 1).label == sum([a]).label == "mine"
    z = a.tanh()
    z.backward()
    assert repr(a) == f"Sub(data=0.5, grad={a.grad})"
    assert a.grad == pytest.approx(1 - math.tanh(0.5) ** 2)


def test_a_subclass_on_the_right_decides_as_well():
    sub = type("Sub", (Value,), {})
    assert type(Value([1.0]) + sub([1.0])) is type(Value(1.0) + sub(1.0))


def test_a_class_of_the_same_name_over_and_over():
    base = Value
    for symbol in ("one", "two"):

        class Again(base):
            def double(self, symbol=symbol):
                out = self.__class__(self.data * 2, prev=(self,), op=symbol)

                def step():
                    self.grad += 2 * out.grad

                out._backward = step
                return out

        base = Again
    x = base(3.0)
    (x.double() * x).backward()
    assert x.grad == 12.0


@pytest.mark.parametrize("data", [3.0, [3.0, 4.0]], ids=["number", "array"])
def test_methods_put_on_the_class(monkeypatch, data):
    def add(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(data=self.data + other.data, _children=(self, other), _op="my+")

        def step():
            self.grad += out.grad * 1.0
            other.grad += out.grad * 1.0

        out._backward = step
        return out

    monkeypatch.setattr(Value, "__add__", add)
    monkeypatch.setattr(Value, "__radd__", lambda self, other: self + other)
    monkeypatch.setattr(Value, "thrice", lambda self: self + self + self, raising=False)
    x = Value(data)
    z = x.thrice() * 2.0
    z.backward()
    assert [n._op for n in toposort(z)] == ["", "my+", "my+", "*"]
    np.testing.assert_array_equal(x.grad, np.full(np.shape(data), 6.0))


def made(x):
    """2x, made by hand as in the texts: the step adds in place when the gradient is an
    array.
    """
    out = Value(x.data * 2.0, (x,), "double")

    def step():
        x.grad += 2.0 * out.grad

    out._backward = step
    return out


def test_a_step_made_by_hand_below_a_sum():
    x = Value([1.0, 2.0])
    y = x * 2.0
    (made(y) + y).sum().backward()
    assert x.grad.tolist() == [6.0, 6.0]


def test_a_step_made_by_hand_changes_no_other_gradient():
    p, q = Value([1.0, 2.0]), Value([1.0, 1.0])
    a, b = p * 1.0, q * 1.0
    ((b * 0.5 + made(a) * 1.0) + (b + a)).backward()
    assert (p.grad.tolist(), q.grad.tolist()) == ([3.0, 3.0], [1.5, 1.5])


def test_a_node_made_by_hand_without_a_step_passes_nothing_on():
    x = Value(2.0)
    z = Value(4.0, (x,), "odd{}")
    (z * 3.0 + x).backward()
    assert (z.grad, x.grad, z._op) == (3.0, 1.0, "odd{}")


def test_an_assigned_step_wins_over_the_op():
    x = Value(2.0)
    y = x * 5.0
    calls = []
    y._backward = lambda: calls.append(y.grad)
    (y * 3.0).backward()
    assert (calls, x.grad) == ([3.0], 0.0)


@pytest.mark.parametrize("spelling", [{"_children": True, "_op": True}, {"prev": True, "op": True}])
def test_both_spellings_of_the_constructor(spelling):
    a = Value(1.0)
    named = {key: (a,) if key in ("prev", "_children") else "f" for key in spelling}
    z = Value(2.0, **named, label="z")
    assert (z.inputs, z.prev, z._prev, z.op, z._op, z.label) == ((a,), {a}, {a}, "f", "f", "z")
    assert repr(z) == "Value(data=2.0, grad=0.0, label='z')"
    assert Value(2.0, (a,), "f", "z").label == "z"


# Python's protocols


def test_two_eager_numbers_are_equal_if_they_are_the_same_node():
    """The texts look for nodes in lists: `if v not in visited`."""
    a, b = Value(2.0), Value(2.0)
    assert [a == a, a != a, a == b, a != b] == [True, False, False, True]
    assert len({a, b, a}) == 2
    assert [a, b].index(b) == 1
    assert b not in [a] and a in [b, a]


@pytest.mark.parametrize("other", [2.0, 2, np.float64(2.0), np.float32(2.0), np.array(2.0)], ids=repr)
def test_a_number_beside_a_value_is_compared_by_data(other):
    assert bool(Value(2.0) == other) and bool(other == Value(2.0)) and not bool(Value(3.0) == other)
    assert not bool(Value(2.0) != other) and not bool(other != Value(2.0)) and bool(Value(3.0) != other)


@pytest.mark.parametrize("other", [[2.0, 3.0], (2.0, 3.0), np.array([2.0, 3.0]), Value([2.0, 3.0])], ids=repr)
def test_arrays_are_compared_by_data(other):
    v = Value([2.0, 5.0])
    for z in (v == other, other == v):
        assert (type(z), z.dtype, z.tolist()) == (np.ndarray, bool, [True, False])
    for z in (v != other, other != v):
        assert z.tolist() == [False, True]
    assert (v == 2.0).tolist() == [True, False]
    assert (Value(2.0) == v).tolist() == (v == Value(2.0)).tolist() == [True, False]
    assert (Value(2.0) == np.array([2.0])).tolist() == [True]
    assert len({v, v}) == 1 and hash(v) == hash(v)


@pytest.mark.parametrize("other", [None, "2.0", object(), [None], {}], ids=lambda x: type(x).__name__)
def test_what_is_not_a_number_is_not_equal(other):
    for v in (Value(2.0), Value([2.0, 5.0])):
        assert (v == other) is False and (v != other) is True


@pytest.mark.parametrize("f", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("x", [1.0, 2.0, 3])
def test_comparisons_are_of_data(f, x):
    for y in (2.0, 2, Value(2.0), np.float64(2.0), np.array(2.0)):
        assert f(Value(x), y) == f(x, 2.0)
        assert f(y, Value(x)) == f(2.0, x)
    assert f(Value([x, 2.0]), 2.0).tolist() == [f(x, 2.0), f(2.0, 2.0)]
    assert f(np.array([x, 2.0]), Value(2.0)).dtype == bool


@pytest.mark.parametrize("data", [2.75, -2, np.float32(2.75), [2.75], [[2.0]]], ids=repr)
def test_conversions(data):
    v, number = Value(data), float(np.ravel(data)[0])
    assert (float(v), int(v), v.item()) == (number, int(number), number)
    assert (round(v), round(v, 1), bool(v)) == (round(number), round(number, 1), True)
    assert type(float(v)) is float
    assert "%.2f" % v == f"{number:.2f}"  # noqa: UP031
    assert math.floor(float(v)) == math.floor(number)


def test_truth_is_that_of_the_number():
    assert not Value(0.0)
    assert not Value([0.0])
    assert Value(0.1)


def test_lists_of_values():
    values = [Value(x) for x in (2.0, 5.0, 3.0)]
    assert max(values) is values[1]
    assert min(values) is values[0]
    assert sorted(values) == [values[0], values[2], values[1]]
    total = sum(values)
    total.backward()
    assert (total.data, [v.grad for v in values]) == (10.0, [1.0, 1.0, 1.0])
    assert sum(values, Value(1.0)).data == 11.0


def test_plain_numpy_from_a_value():
    v = Value([1.0, 2.0])
    assert np.asarray(v.detach()).tolist() == v.numpy().tolist() == [1.0, 2.0]
    assert type(v.numpy()) is np.ndarray
    assert np.array(v.detach()) is not v.data
    assert np.asarray(Value(2.0).detach()) == 2.0


# Copies


def shared_graph(data):
    a, b = Value(data, label="a"), Value(data, label="b")
    return a, b, a * b + a.tanh() * 2.0 - b / 3.0


@pytest.mark.parametrize("data", [0.5, 0.0, np.float32(0.5), [0.5, 0.0]], ids=repr)
@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_a_copy_of_the_graph_reaches_the_copys_leaves(duplicate, data):
    a, b, z = shared_graph(data)
    z.backward()
    twin_z, twin_a, twin_b = duplicate((z, a, b))
    assert (twin_a.label, twin_b.label) == ("a", "b")
    np.testing.assert_array_equal(twin_a.grad, a.grad)
    assert not set(toposort(twin_z)) & set(toposort(z))
    assert toposort(twin_z)[0] is twin_a
    before = copy.copy(a.grad)
    twin_a.grad = twin_b.grad = 0.0
    twin_z.backward()
    np.testing.assert_array_equal(twin_a.grad, a.grad)
    np.testing.assert_array_equal(twin_b.grad, b.grad)
    twin_a.data = np.asarray(twin_a.data) + 1.0
    np.testing.assert_array_equal(a.data, data)
    np.testing.assert_array_equal(a.grad, before)


def test_the_copy_of_a_zero_is_one():
    a = Value(0.0)
    z = a * 1.0
    pair = copy.deepcopy([z, a, z])
    assert pair[0] is pair[2]
    assert pair[0].inputs[0] is pair[1]


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"]
)
def test_copies_keep_constants_params_and_higher_order(duplicate):
    x = Value(2.0)
    y = (x * x.detach()) ** 3 + ops.stack([x, 1.0])[0]
    y.backward(create_graph=True)
    twin, slope, leaf = duplicate((y, x.grad, x))
    assert twin.data == y.data
    assert [n._op for n in toposort(twin)] == [n._op for n in toposort(y)]
    leaf.grad = x.grad = 0.0
    slope.backward()
    assert slope.data == 3 * 2.0**2 * 2.0**3 + 1.0
    assert leaf.grad == 6 * 2.0 * 2.0**3


def test_a_shallow_copy_shares_the_inputs():
    a = Value(2.0)
    z = a * 3.0
    twin = copy.copy(z)
    assert twin is not z
    twin.backward()
    assert a.grad == 3.0


@pytest.mark.parametrize(
    ("method", "numpys"),
    [
        (lambda v: v.flatten(), lambda x: x.flatten()),
        (lambda v: v.astype(np.float32), lambda x: x.astype(np.float32)),
        (lambda v: v.copy(), lambda x: x.copy()),
        (lambda v: v.prod(axis=0), lambda x: x.prod(axis=0)),
        (lambda v: v.std(1, ddof=1), lambda x: x.std(1, ddof=1)),
        (lambda v: v.cumsum(1), lambda x: x.cumsum(1)),
        (lambda v: v.clip(0.25, 1.0), lambda x: x.clip(0.25, 1.0)),
        (lambda v: v.take([0, 2], axis=1), lambda x: x.take([0, 2], axis=1)),
        (lambda v: v.swapaxes(0, 1), lambda x: x.swapaxes(0, 1)),
        (lambda v: v % 0.7, lambda x: x % 0.7),
        (lambda v: v.at[0].set(1.0), lambda x: np.vstack([np.ones(3), x[1]])),
    ],
)
def test_methods_of_arrays(method, numpys):
    x = distinct(2, 3)
    v = Value(x)
    z = method(v)
    np.testing.assert_allclose(z.data, numpys(x), rtol=1e-6)
    z.backward()
    assert v.grad.shape == x.shape
    assert np.any(v.grad)


@pytest.mark.parametrize("method", ["argmax", "argmin", "argsort", "any", "all", "tolist"])
def test_methods_with_plain_answers(method):
    x = distinct(2, 3)
    answer = getattr(Value(x), method)()
    assert not isinstance(answer, Value)
    np.testing.assert_array_equal(answer, getattr(x, method)())
