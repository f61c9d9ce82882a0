"""A right engine with slips planted in it, and how the grader names each."""

from __future__ import annotations

import types
from pathlib import Path

from micrograd.grading import grade

SOURCE = (Path(__file__).parent / "learner.py").read_text(encoding="utf-8")


def learner(*changes):
    """The module of the right engine with pieces of its source changed."""
    source = SOURCE
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    module = types.ModuleType("learner")
    exec(compile(source, "learner.py", "exec"), module.__dict__)
    return module


def graded(*changes, **options):
    module = learner(*changes)
    return grade(module.Value, module=module, **options)


def the(method, old, new):
    """A change inside one method."""
    start = SOURCE.index(f"    def {method}(")
    end = SOURCE.find("\n    def ", start + 1)
    text = SOURCE[start : end if end > 0 else None]
    assert old in text, (method, old)
    return text, text.replace(old, new)


WALK = SOURCE[SOURCE.index("        topo, visited") : SOURCE.index("\n\nclass Neuron")]
SORTED = "each node passes its gradient on before all of its own has arrived"
EQUAL = (
    "    def __eq__(self, other):\n        return self.data == other.data\n\n"
    "    def __hash__(self):\n        return hash(self.data)\n\n"
)

# What is wrong; the changes; the check that fails first; in which words; the advice
PLANTED = {
    "= for +=": (
        [("self.grad += ", "self.grad = "), ("other.grad += ", "other.grad = ")],
        "a + a",
        "a + a, with a = 3: a.grad is 1; it is 2",
        "the gradients are set with `=`; where a value is used twice, both parts count: `+=`",
    ),
    "no topological sort": (
        [
            (
                WALK,
                "        self.grad = 1.0\n        self.spread()\n\n    def spread(self):\n        self._backward()\n"
                "        for child in self._prev:\n            child.spread()\n",
            )
        ],
        "b + b * 3",
        "",
        SORTED,
    ),
    "no visited set": ([("if node not in visited:", "if True:")], "b + b * 3", "", SORTED),
    "level by level": (
        [
            (
                WALK,
                "        queue, seen = [self], {self}\n        for node in queue:\n"
                "            for child in node._prev:\n"
                "                if child not in seen:\n                    seen.add(child)\n"
                "                    queue.append(child)\n        self.grad = 1.0\n        for node in queue:\n"
                "            node._backward()\n",
            )
        ],
        None,  # the set decides whether the first program shows it
        "",
        "a node passes its gradient on before all of its own has arrived: sort the nodes by their inputs",
    ),
    "zero_grad of Value does nothing": (
        [the("zero_grad", "self.grad = 0.0", "pass")],
        "zero",
        "(w * 2).backward(), then w.zero_grad(), then the same again: w.grad is 4; it is 2",
        "zero_grad() does not set the gradients to 0, and the next backward() adds to what is there",
    ),
    "visited is kept": (
        [
            ("topo, visited = [], set()", "topo, visited = [], VISITED"),
            ("class Value:", "VISITED = set()\n\n\nclass Value:"),
        ],
        "the same graph, after zero",
        "",
        "what backward() visits is kept from the first time: make the list and the set anew in each backward()",
    ),
    "exponent not lowered": (
        [("n * self.data ** (n - 1)", "n * self.data**n")],
        "**",
        "a**3: gradient of a, with a = 1.7 and out.grad = 3: a.grad is 44.217; it is 3 * 8.67 = 26.01",
        "the exponent is not lowered: d(a**n)/da = n a**(n-1)",
    ),
    "exponent no factor": (
        [("n * self.data ** (n - 1)", "self.data ** (n - 1)")],
        "**",
        "",
        "the factor n is missing: d(a**n)/da = n a**(n-1)",
    ),
    "tanh without the square": (
        [("(1 - t**2)", "(1 - t)")],
        "tanh",
        "",
        "the square is missing: d tanh(a)/da = 1 - tanh(a)**2",
    ),
    "tanh of the input": ([("(1 - t**2)", "(1 - self.data**2)")], "tanh", "", "the input stands where the output is"),
    "factors swapped": (
        [
            ("self.grad += other.data * out.grad", "self.grad += self.data * out.grad"),
            ("other.grad += self.data * out.grad", "other.grad += other.data * out.grad"),
        ],
        "*",
        "a * b: gradient of a, with a = 1.7, b = -0.6 and out.grad = 3: a.grad is 5.1; it is 3 * (-0.6) = -1.8",
        "the factors are swapped: d(a*b)/da = b and d(a*b)/db = a",
    ),
    "the sign of - forgotten": (
        [("other.grad -= out.grad", "other.grad += out.grad")],
        "-",
        "a - b: gradient of b, with a = 1.7, b = -0.6 and out.grad = 3: b.grad is 3; it is 3 * (-1) = -3",
        "the sign is missing: d(a-b)/db = -1",
    ),
    "relu passes everything": (
        [("(self.data > 0) * out.grad", "out.grad")],
        "relu",
        "a.relu(): gradient of a, with a = -0.6 and out.grad = 3: a.grad is 3; it is 3 * 0 = 0",
        "relu passes everything: below 0 its derivative is 0",
    ),
    "relu's mask by the gradient": (
        [("(self.data > 0) * out.grad", "(self.grad > 0) * out.grad")],
        "relu",
        "",
        "the mask reads self.grad, which is 0 until the gradient arrives: it has to read the data",
    ),
    "relu's forward is the input": ([("max(0.0, self.data)", "self.data")], "relu", "", "below 0 relu gives 0"),
    "quotient without minus": (
        [("-self.data / other.data**2", "self.data / other.data**2")],
        "/",
        "",
        "the minus is missing: d(a/b)/da = 1/b and d(a/b)/db = -a/b**2",
    ),
    "quotient without square": (
        [("-self.data / other.data**2", "-self.data / other.data")],
        "/",
        "",
        "the square is missing",
    ),
    "quotient without dividend": (
        [("-self.data / other.data**2", "-1 / other.data**2")],
        "/",
        "",
        "the factor a is missing",
    ),
    "no __radd__": (
        [("__radd__", "add_from_the_right")],
        "sum([a, b])",
        "sum([a, b]), with a = 2, b = 5: raises TypeError: unsupported operand type(s) for +: 'int' and 'Value'",
        "write `__radd__`: sum() begins with 0 + a",
    ),
    "out.grad forgotten in +": (
        [
            the(
                "__add__",
                "self.grad += out.grad\n            other.grad += out.grad",
                "self.grad += 1\n            other.grad += 1",
            )
        ],
        "+",
        "a + b: gradient of a, with a = 1.7, b = -0.6 and out.grad = 3: a.grad is 1; it is 3 * 1 = 3",
        "the factor out.grad is missing: derivative times out.grad",
    ),
    "out.grad forgotten in tanh": (
        [("(1 - t**2) * out.grad", "1 - t**2")],
        "tanh",
        "",
        "the factor out.grad is missing",
    ),
    "out.data for out.grad": (
        [the("exp", "out.data * out.grad", "out.data * out.data")],
        "exp",
        "",
        "out.data stands where out.grad is needed",
    ),
    "data of constants changed": (
        [
            the(
                "__mul__",
                "other.grad += self.data * out.grad",
                "other.grad += self.data * out.grad\n            other.data += 1",
            )
        ],
        "data after backward()",
        "k = a * 3; k * b + k, with a = 2, b = 5: b.data is 6; it is 5",
        "backward() changes data; it changes gradients, and nothing else",
    ),
    "backward starts with the data": (
        [("self.grad = 1.0\n", "self.grad = self.data\n")],
        "backward()",
        "a * b, with a = 1.7, b = -0.6: a.grad is 0.612; it is -0.6",
        "backward() starts with the data: it starts with self.grad = 1",
    ),
    "backward without a start": (
        [("        self.grad = 1.0\n", "")],
        "backward()",
        "",
        "all is 0: backward() starts with self.grad = 1, and sets nothing to 0 after that",
    ),
    "exp uses its input": (
        [the("exp", "out.data * out.grad", "self.data * out.grad")],
        "exp",
        "",
        "the input stands where the output is needed: d exp(a)/da = exp(a)",
    ),
    "data rounded": (
        [("self.data = data\n", "self.data = int(data)\n")],
        "Value(-1.5)",
        "Value(-1.5): data is -1; it is -1.5",
        "the number is rounded: keep it as it is, with its fraction",
    ),
    "result rounded": (
        [("Value(self.data + other.data", "Value(round(self.data + other.data)")],
        "+",
        "",
        "the number is rounded",
    ),
    "__rsub__ reversed": (
        [the("__rsub__", "Value(other) - self", "self - other")],
        "2 - a",
        "2 - a, with a = 1.7: data is -0.3; it is 0.3",
        "the operands are reversed: Python calls a.__rsub__(2) for 2 - a",
    ),
    "__rtruediv__ reversed": (
        [the("__rtruediv__", "Value(other) / self", "self / other")],
        "2 / a",
        "",
        "the operands are reversed",
    ),
    "__rpow__ reversed": (
        [the("__rpow__", "out = Value(base**self.data", "out = Value(self.data**base")],
        "2**a",
        "",
        "the operands are reversed: Python calls a.__rpow__(2) for 2 ** a",
    ),
    "only one input": (
        [the("__mul__", "other.grad += self.data * out.grad", "pass")],
        "*",
        "",
        "only self gets a part",
    ),
    "gradients are subtracted": (
        [
            the(
                "__add__",
                "self.grad += out.grad\n            other.grad += out.grad",
                "self.grad -= out.grad\n            other.grad -= out.grad",
            )
        ],
        "+",
        "",
        "the parts have the wrong sign",
    ),
    "negative with the sign of +": (
        [("-1.0 * out.grad", "1.0 * out.grad")],
        "neg",
        "",
        "the sign is missing: d(-a)/da = -1",
    ),
    "log of the input": ([("1 / self.data * out.grad", "self.data * out.grad")], "log", "", "it is one over the input"),
    "results without inputs": (
        [the("exp", "(self,)", "()")],
        "exp",
        "a is not among the inputs of the result, and no gradient finds it: (self,)",
        None,
    ),
    "a number among the inputs": (
        [the("__pow__", "(self,)", "(self, n)")],
        "a + a**3",
        "a + a**3, with a = 1.7: raises AttributeError: 'int' object has no attribute '_prev'",
        "a plain number is among the inputs of a node: give only Values, as (self,)",
    ),
    "an op changes its input": (
        [the("__neg__", "out = Value(-self.data", "self.data = -self.data\n        out = Value(self.data")],
        "neg",
        "-a, with a = 1.7: a.data is -1.7; it is 1.7",
        "an op makes a new value, and leaves its inputs as they are",
    ),
    "_backward called": (
        [("out._backward = _backward\n", "out._backward = _backward()\n")],
        "backward()",
        "'NoneType' object is not callable",
        "`_backward` is called where it is set: out._backward = _backward, without ()",
    ),
    "_backward not set": (
        [the("__mul__", "        out._backward = _backward\n", "")],
        "*",
        "a.grad is 0; it is 3 * (-0.6) = -1.8",
        "nothing arrives: `_backward` has to read out.grad when it runs, and out._backward = _backward has to set it",
    ),
    "out.grad read too early": (
        [
            the(
                "tanh",
                "        def _backward():\n            self.grad += (1 - t**2) * out.grad",
                "        g = out.grad\n\n        def _backward():\n            self.grad += (1 - t**2) * g",
            )
        ],
        "tanh",
        "",
        "nothing arrives: ",
    ),
    "nothing is returned": (
        [the("tanh", "        return out\n", "")],
        "tanh",
        "it is None",
        "nothing comes back: end the op with `return out`",
    ),
    "exponent without brackets": (
        [("n * self.data ** (n - 1)", "n * (self.data**n - 1)")],
        "**",
        "",
        "the exponent is n - 1, in brackets",
    ),
    "logarithm to base 10": ([the("log", "math.log(", "math.log10(")], "log", "", "that is the logarithm to base 10"),
    "e rounded": ([the("exp", "math.exp(self.data)", "2.718**self.data")], "exp", "", "e is rounded"),
    "equal by data": (
        [the("__radd__", "    def", EQUAL + "    def")],
        "c and d alike",
        "c = a * 2; d = b * 2; c + d, with a = 3, b = 3: ",
        "two nodes with the same data are taken for one",
    ),
    "equal, without a hash": (
        [the("__radd__", "    def", EQUAL.partition("\n\n")[0] + "\n\n    def")],
        "+",
        "raises TypeError: unhashable type: 'Value'",
        "a class with an `__eq__` of its own cannot be in a set",
    ),
    "visited holds data": (
        [("node not in visited", "node.data not in visited"), ("visited.add(node)", "visited.add(node.data)")],
        "c and d alike",
        "",
        "two nodes with the same data are taken for one",
    ),
    "not reversed": ([("reversed(topo)", "topo")], "c and d alike", "", "a node passes on once all of its own"),
    "one step only": (
        [(WALK, "        self.grad = 1.0\n        self._backward()\n")],
        "c and d alike",
        "",
        "a node passes on",
    ),
    "once for each input": (
        [
            (
                "                    build(child)\n                topo",
                "                    build(child)\n                    topo",
            )
        ],
        "backward()",
        "",
        "all is doubled: a node is in the list twice",
    ),
    "zero at the wrong time": (
        [("            node._backward()", "            node._backward()\n            node.grad = 0.0")],
        "backward()",
        "",
        "all is 0: backward() starts with self.grad = 1, and sets nothing to 0 after that",
    ),
    "a line copied": (
        [("other.grad += self.data * out.grad", "other.grad += other.data * out.grad")],
        "*",
        "",
        "one factor is wrong",
    ),
    "a name copied": (
        [the("__mul__", "other.grad += self.data", "self.grad += self.data")],
        "*",
        "",
        "self gets both parts",
    ),
    "tanh with plus": ([("(1 - t**2)", "(1 + t**2)")], "tanh", "", "the minus is missing"),
    "tanh squared outside": ([("(1 - t**2)", "(1 - t) ** 2")], "tanh", "", "only tanh is squared"),
    "tanh as the sigmoid": ([("(1 - t**2)", "t * (1 - t)")], "tanh", "", "that is the rule of the sigmoid"),
    "= in one line": (
        [the("__mul__", "self.grad += ", "self.grad = ")],
        "a + (b + a * b)",
        "a.grad is -0.6; it is 0.4",
        "the last op of the line sets a gradient with `=`",
    ),
    "= in tanh": ([the("tanh", "+=", "=")], "a + a.tanh()", "", "the last op of the line sets a gradient with `=`"),
    "__radd__ calls itself": (
        [the("__radd__", "self + other", "other + self")],
        "2 + a",
        "",
        "the method calls itself",
    ),
    "__rmul__ adds": ([the("__rmul__", "self * other", "self + other")], "2 * a", "", "that is the sum"),
    "minus twice": ([the("__sub__", "self.grad += ", "self.grad -= ")], "-", "", "one sign is wrong"),
    "quotient as a factor": ([("1 / other.data * out", "other.data * out")], "/", "", "it is one over b"),
    "only ints are wrapped": (
        [("other if isinstance(other, Value) else Value(other)", "Value(other) if isinstance(other, int) else other")],
        "a + 2",
        "a + 0.5, with a = 3: raises AttributeError",
        "a plain number has no `data`",
    ),
    "a bias that is a number": (
        [("self.b = Value(random.uniform(-1, 1))", "self.b = 0.5")],
        "Neuron",
        "Neuron has a float as a parameter; without a Value it gets no gradient: Value(0.5)",
        None,
    ),
    "one weight": (
        [("[Value(random.uniform(-1, 1)) for _ in range(nin)]", "[Value(random.uniform(-1, 1))] * nin")],
        "Neuron",
        "Neuron has one value as several of its 3 weights; make a new one for each",
        None,
    ),
    "parameters in lists": (
        [("[p for neuron in self.neurons for p in neuron.parameters()]", "[n.parameters() for n in self.neurons]")],
        "Layer",
        "Layer has parameters in lists of lists; give one list",
        None,
    ),
    "one neuron for all": (
        [("[neuron(x) for neuron in self.neurons]", "[self.neurons[-1](x) for _ in self.neurons]")],
        "Layer",
        "Layer(3, 4): its output does not change with parameter 0",
        "parameters() gives the values themselves, no copies",
    ),
    "copies as parameters": (
        [("[p for layer in self.layers for", "[Value(p.data) for layer in self.layers for")],
        "the 41 parameters",
        "MLP(3, [4, 4, 1]): its output does not change with parameter 0",
        "parameters() gives the values themselves, no copies",
    ),
    "zero_grad of the data": (
        [("            p.grad = 0.0\n", "            p.data = 0.0\n")],
        "zero_grad",
        "zero_grad changes the data of parameters; it sets p.grad = 0",
        None,
    ),
    "neuron without bias": (
        [("zip(self.w, x, strict=True)), self.b).tanh()", "zip(self.w, x, strict=True)), Value(0)).tanh()")],
        "Neuron",
        "",
        "the bias is not added",
    ),
    "neurons are one": (
        [("[Neuron(nin) for _ in range(nout)]", "[Neuron(nin)] * nout")],
        "Layer",
        "",
        "make a new one each time",
    ),
    "biases left out": (
        [("return self.w + [self.b]", "return self.w")],
        "Layer",
        "Layer(3, 4) has 12 parameters; it has 16",
        "the biases are not among the parameters",
    ),
    "the network's zero_grad does nothing": (
        [("            p.grad = 0.0\n", "            pass\n")],
        "zero_grad",
        "",
        "zero_grad() sets p.grad = 0 for each p of self.parameters()",
    ),
}
