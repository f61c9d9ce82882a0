// Programs to begin with.

export const TWICE = `from micrograd import Value

a = Value(3.0, label="a")
b = a + a
loss = b * b
b.label, loss.label = "b", "loss"
loss.backward()

print("loss", loss.data)
print("a.grad", a.grad)
`;

const NEURON = `from micrograd import Value

x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
b = Value(6.8813735870195432, label="b")

n = x1 * w1 + x2 * w2 + b
out = n.tanh()
n.label, out.label = "n", "out"
out.backward()

print("out", out.data)
for value in (x1, w1, x2, w2, b):
    print(value.label, value.grad)
`;

const ENGINE = `# Your own engine, step by step. Grade tells how far it is.
# The gradients are not right yet: look at what the grader says first.

class Value:
    def __init__(self, data, _children=(), _op="", label=""):
        self.data = data
        self.grad = 0.0
        self._prev = set(_children)
        self._op = _op
        self.label = label
        self._backward = lambda: None

    def __repr__(self):
        return f"Value(data={self.data})"

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad = out.grad
            other.grad = out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad = other.data * out.grad
            other.grad = self.data * out.grad

        out._backward = _backward
        return out

    def backward(self):
        order, visited = [], set()

        def build(value):
            if value not in visited:
                visited.add(value)
                for child in value._prev:
                    build(child)
                order.append(value)

        build(self)
        self.grad = 1.0
        for value in reversed(order):
            value._backward()


a = Value(3.0)
b = a + a
b.backward()
print("b.grad", b.grad, "a.grad", a.grad)
`;

export const TEMPLATES = [
  { name: "a, used twice", code: TWICE },
  { name: "a neuron (text 001)", code: NEURON },
  { name: "your own engine (text 003)", code: ENGINE },
];
