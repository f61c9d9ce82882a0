"""Right engines in other styles than that of the texts."""

from __future__ import annotations

import dataclasses
import math

import numpy as np


class Stored:
    """Each node stores its inputs and their local gradients, in tuples; no closures."""

    def __init__(self, data, children=(), local_grads=()):
        self.data, self.grad = data, 0
        self.children, self.local_grads = children, local_grads

    @classmethod
    def of(cls, x):
        return x if isinstance(x, cls) else cls(x)

    def __add__(self, other):
        other = self.of(other)
        return Stored(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = self.of(other)
        return Stored(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n):
        return Stored(self.data**n, (self,), (n * self.data ** (n - 1),))

    def exp(self):
        return Stored(math.exp(self.data), (self,), (math.exp(self.data),))

    def relu(self):
        return Stored(max(0, self.data), (self,), (float(self.data > 0),))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -self.of(other)

    def __rsub__(self, other):
        return self.of(other) + -self

    def __truediv__(self, other):
        return self * self.of(other) ** -1

    def __rtruediv__(self, other):
        return self.of(other) * self**-1

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v.children:
                    build(child)
                topo.append(v)

        build(self)
        self.grad = 1
        for v in reversed(topo):
            for child, local in zip(v.children, v.local_grads, strict=True):
                child.grad += local * v.grad


TAPE: list = []


class Taped:
    """Every op writes itself on a tape, which `backward()` reads from its end.

    A node knows nothing of its inputs.
    """

    def __init__(self, data):
        self.data = data
        self.grad = 0.0

    @staticmethod
    def record(data, *parts):
        out = Taped(data)
        TAPE.append((out, parts))
        return out

    @staticmethod
    def lift(x):
        return x if isinstance(x, Taped) else Taped(x)

    def __add__(self, other):
        other = Taped.lift(other)
        return Taped.record(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        other = Taped.lift(other)
        return Taped.record(self.data * other.data, (self, other.data), (other, self.data))

    def __sub__(self, other):
        other = Taped.lift(other)
        return Taped.record(self.data - other.data, (self, 1.0), (other, -1.0))

    def __truediv__(self, other):
        other = Taped.lift(other)
        parts = (self, 1 / other.data), (other, -self.data / other.data**2)
        return Taped.record(self.data / other.data, *parts)

    def __pow__(self, n):
        return Taped.record(self.data**n, (self, n * self.data ** (n - 1)))

    def __neg__(self):
        return Taped.record(-self.data, (self, -1.0))

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __rsub__(self, other):
        return Taped.lift(other) - self

    def __rtruediv__(self, other):
        return Taped.lift(other) / self

    def tanh(self):
        t = math.tanh(self.data)
        return Taped.record(t, (self, 1 - t * t))

    def backward(self):
        for out, _ in TAPE:
            out.grad = 0.0
        self.grad = 1.0
        for out, parts in reversed(TAPE):
            for x, slope in parts:
                x.grad += slope * out.grad


class Add:
    def forward(self, x, y):
        return x + y

    def backward(self, g):
        return g, g


class Mul:
    def forward(self, x, y):
        self.x, self.y = x, y
        return x * y

    def backward(self, g):
        return g * self.y, g * self.x


class Power:
    def __init__(self, n):
        self.n = n

    def forward(self, x):
        self.x = x
        return x**self.n

    def backward(self, g):
        return (g * self.n * self.x ** (self.n - 1),)


class Tanh:
    def forward(self, x):
        self.z = math.tanh(x)
        return self.z

    def backward(self, g):
        return (g * (1 - self.z**2),)


class Classed:
    """A class per op; `backward()` counts the users of each node, with a stack."""

    def __init__(self, data):
        self.data, self.grad = float(data), 0.0
        self.maker, self.prev = None, []

    @classmethod
    def apply(cls, op, *inputs):
        inputs = [x if isinstance(x, cls) else cls(x) for x in inputs]
        out = cls(op.forward(*(x.data for x in inputs)))
        out.maker, out.prev = op, inputs
        return out

    def __add__(self, other):
        return self.apply(Add(), self, other)

    def __mul__(self, other):
        return self.apply(Mul(), self, other)

    def __pow__(self, n):
        return self.apply(Power(n), self)

    def tanh(self):
        return self.apply(Tanh(), self)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1.0

    def zero_grad(self):
        self.grad = 0.0

    def backward(self):
        users, stack, seen = {self: 0}, [self], {self}
        while stack:
            for x in stack.pop().prev:
                users[x] = users.get(x, 0) + 1
                if x not in seen:
                    seen.add(x)
                    stack.append(x)
        for node in seen:
            if node.prev:
                node.grad = 0.0
        self.grad, ready = 1.0, [self]
        while ready:
            node = ready.pop()
            if node.maker is None:
                continue
            for x, part in zip(node.prev, node.maker.backward(node.grad), strict=True):
                x.grad += part
                users[x] -= 1
                if users[x] == 0:
                    ready.append(x)


class Spreading:
    """Right numbers, by a recursion along each path: its time doubles with reuse."""

    def __init__(self, data, parts=()):
        self.data, self.grad, self.parts = data, 0.0, parts

    def __add__(self, other):
        return Spreading(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        return Spreading(self.data * other.data, ((self, other.data), (other, self.data)))

    def backward(self, gradient=1.0):
        self.grad += gradient
        for x, slope in self.parts:
            x.backward(slope * gradient)


@dataclasses.dataclass(eq=False)
class Data:
    """A dataclass; a function of each node gives the parts of its inputs."""

    data: float
    grad: float = 0.0
    parents: tuple = ()
    pull: object = None

    @staticmethod
    def lift(x):
        return x if isinstance(x, Data) else Data(x)

    def __add__(self, other):
        other = self.lift(other)
        return Data(self.data + other.data, 0.0, (self, other), lambda g: (g, g))

    def __mul__(self, other):
        other = self.lift(other)
        return Data(self.data * other.data, 0.0, (self, other), lambda g: (g * other.data, g * self.data))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p in v.parents:
                    visit(p)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            if v.pull:
                for p, part in zip(v.parents, v.pull(v.grad), strict=True):
                    p.grad += part


class Slotted:
    """`__slots__`; a leaf has None as its `_backward`; the sort uses a stack."""

    __slots__ = ("_backward", "_prev", "data", "grad")

    def __init__(self, data, prev=()):
        self.data, self.grad, self._prev, self._backward = data, 0, prev, None

    def __add__(self, other):
        other = other if isinstance(other, Slotted) else Slotted(other)
        out = Slotted(self.data + other.data, (self, other))

        def step():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = step
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Slotted) else Slotted(other)
        out = Slotted(self.data * other.data, (self, other))

        def step():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = step
        return out

    __radd__ = __add__

    def backward(self):
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack += [(node, True), *((x, False) for x in node._prev)]
        self.grad = 1
        for node in reversed(order):
            if node._backward:
                node._backward()


class Counting:
    """A recursion in `backward()` that waits until all users have passed on."""

    def __init__(self, data, inputs=()):
        self.data, self.grad, self.parts = data, 0.0, inputs

    def __add__(self, other):
        other = other if isinstance(other, Counting) else Counting(other)
        return Counting(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Counting) else Counting(other)
        return Counting(self.data * other.data, ((self, other.data), (other, self.data)))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return Counting(max(0, self.data), ((self, float(self.data > 0)),))

    def backward(self):
        users, arrived = {}, {}

        def count(node):
            for x, _ in node.parts:
                users[x] = users.get(x, 0) + 1
                if users[x] == 1:
                    count(x)

        def push(node, gradient):
            node.grad += gradient
            for x, slope in node.parts:
                arrived[x] = arrived.get(x, 0.0) + slope * gradient
                users[x] -= 1
                if not users[x]:
                    push(x, arrived[x])

        count(self)
        push(self, 1.0)


class Scalars:
    """NumPy's scalars of float32 inside; ops as methods, which the operators call."""

    def __init__(self, data, children=()):
        self.data, self.grad = np.float32(data), np.float32(0)
        self.children, self._backward = children, lambda: None

    def add(self, other):
        other = other if isinstance(other, Scalars) else Scalars(other)
        out = Scalars(self.data + other.data, [self, other])

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def mul(self, other):
        other = other if isinstance(other, Scalars) else Scalars(other)
        out = Scalars(self.data * other.data, [self, other])

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        out = Scalars(np.tanh(self.data), [self])

        def _backward():
            self.grad += (1 - out.data**2) * out.grad

        out._backward = _backward
        return out

    __add__ = __radd__ = add
    __mul__ = __rmul__ = mul

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def backward(self):
        order, seen = [], []

        def build(node):
            if not any(node is x for x in seen):
                seen.append(node)
                for child in node.children:
                    build(child)
                order.append(node)

        build(self)
        self.grad = np.float32(1)
        for node in order[::-1]:
            node._backward()
