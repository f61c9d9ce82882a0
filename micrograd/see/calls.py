"""The calls of neurons and layers in a graph, found from its parameters.

A call is a chain of `+` that adds up products of an input and a parameter, and often a
bias; with them the op after it, as the activation. In arrays it is the same with `@`.
Nothing is recorded in the forward pass. Without a model the parameters are guessed:
where several sums begin with a leaf and go on with products of a leaf, these are biases
and weights.
"""

from __future__ import annotations

from typing import Any

from micrograd.errors import ArgumentError, a_kind
from micrograd.interpreter import shape_of
from micrograd.record import Elementwise
from micrograd.see.listed import Listed

# Ops that only arrange parameters: what they give is still weights or biases.
ARRANGING = {
    "reshape",
    "transpose",
    "stack",
    "stacked",
    "concatenate",
    "getitem",
    "broadcast_to",
    "swapaxes",
    "squeeze",
}
# Ops of one input that follow a sum, and are more often part of a loss.
NO_ACTIVATIONS = {"raise_to", "exp", "log", "negative", "square", "sqrt", "absolute", "stop_gradient"}
FEWEST = 2  # calls; a single sum of products may be anything, unless a model is given


class Named:
    """The parameters of a model, by their places in a graph, and the modules that hold
    them.

    Attributes:
        paths: for each parameter its name, such as "layers.0.w".
        owners: for each parameter the path of the module that holds it.
        kinds: for each module its class. "" is the model itself.

    Raises:
        ArgumentError: the model is not a Module.
    """

    def __init__(self, graph: Listed, model: Any) -> None:
        self.paths: dict[int, str] = {}
        self.owners: dict[int, str] = {}
        if not (hasattr(model, "named_parameters") and hasattr(model, "named_modules")):
            raise ArgumentError(f"model: {a_kind(model)} has no named_modules(); give a Module, such as an MLP")
        self.kinds = {path: type(module).__name__ for path, module in model.named_modules()}
        for path, parameter in model.named_parameters():
            i = graph.place_of(parameter)
            if i is not None:
                self.paths[i] = path
                self.owners[i] = self.common(path, path)

    def common(self, one: str, other: str) -> str:
        """The path of the innermost module that holds both."""
        shared = []
        for a, b in zip(one.split("."), other.split("."), strict=False):
            if a != b:
                break
            shared.append(a)
        while shared and ".".join(shared) not in self.kinds:
            shared.pop()
        return ".".join(shared)

    def around(self, path: str) -> list[str]:
        """The modules around a module, from the outermost to itself. The model is left
        out where there is another.
        """
        parts = path.split(".")
        prefixes = [".".join(parts[: n + 1]) for n in range(len(parts))]
        return [prefix for prefix in prefixes if prefix and prefix in self.kinds] or [""]

    def title(self, path: str) -> str:
        """How pictures call a module: "MLP > Layer 0 > Neuron 3"."""
        names = [f"{self.kinds[p]} {p.rpartition('.')[2]}" for p in self.around(path) if p]
        return " > ".join([self.kinds[""], *names])


class Call:
    """One call of a neuron or layer, by the places of its nodes.

    Attributes:
        owner: what tells one neuron or layer from another.
        products: the products of an input and a parameter.
        sums: the chain of `+`.
        activation: the node after the chain, or None.
        inputs: what is multiplied by the parameters.
        has_bias: whether a parameter is added by itself.
    """

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.products: list[int] = []
        self.sums: list[int] = []
        self.activation: int | None = None
        self.inputs: list[int] = []
        self.has_bias = False

    def nodes(self) -> list[int]:
        """All nodes of the call that an op made."""
        return [*self.products, *self.sums, *([] if self.activation is None else [self.activation])]

    @property
    def end(self) -> int:
        """The node that the call gives."""
        return self.nodes()[-1]


class Finder:
    """One look through a graph, inputs before users.

    Attributes:
        is_plain: for each node, whether it is a constant, or like one.
        needs: for each node, whether it depends on parameters (1), on other leaves (2),
            on both (3), or on numbers alone (0). What a call gives counts as 3.
        calls: the calls, in the order of the graph.
    """

    def __init__(self, graph: Listed, owners: dict[int, Any], named: Named | None) -> None:
        self.graph = graph
        self.named = named
        self.owner: dict[int, Any] = dict(owners)  # of parameters, and of what only arranges them
        self.is_plain = [False] * len(graph)
        self.needs = [0] * len(graph)
        self.calls: list[Call] = []
        self._terms: dict[int, tuple[Any, list[int]]] = {}  # products: the owner, and the inputs
        self._chains: dict[int, Call] = {}  # by the last node so far
        for i in range(len(graph)):
            self._look_at(i)
        self.calls = [call for call in self.calls if self._is_call(call)] + self._products_alone()
        self.calls.sort(key=lambda call: call.end)

    def _products_alone(self) -> list[Call]:
        """Ops of arrays that are calls by themselves, as of layers without a bias."""
        taken = {i for call in self.calls for i in call.products}
        alone = []
        for i, (owner, inputs) in self._terms.items():
            if i not in taken and not isinstance(self.graph.ops[i], Elementwise):
                alone.append(call := Call(owner))
                call.products, call.inputs = [i], inputs
        return alone

    def _look_at(self, i: int) -> None:
        graph, needs, op = self.graph, self.needs, self.graph.ops[i]
        if op is None:
            self.is_plain[i] = i not in self.owner and (graph.is_constant[i] or graph.is_like_raw(i))
            is_data = not self.is_plain[i] or shape_of(graph.data(i)) != ()
            needs[i] = 1 if i in self.owner else 2 if is_data else 0
            return
        inputs = graph.inputs[i]
        for j in inputs:
            needs[i] |= needs[j]
        name = op.name
        if name == "add" and len(inputs) == 2:
            self._add(i, *inputs)
        elif name in ARRANGING and all(j in self.owner for j in inputs):
            self.owner[i] = self._shared_owner([self.owner[j] for j in inputs])
        elif len(inputs) > 1 and (name == "multiply" or not isinstance(op, Elementwise)):
            self._multiply(i, inputs)
        elif len(inputs) == 1 and isinstance(op, Elementwise) and name not in NO_ACTIVATIONS:
            call = self._chains.get(inputs[0])
            if call is not None and graph.uses[inputs[0]] == 1 and self._is_call(call):
                call.activation = i
                needs[i] = 3

    def _multiply(self, i: int, inputs: tuple[int, ...]) -> None:
        """A product of an input and parameters; in arrays also any op on both."""
        is_array_op = not isinstance(self.graph.ops[i], Elementwise)
        parameters = [j for j in inputs if j in self.owner]
        others = [j for j in inputs if j not in self.owner]
        if is_array_op and not others and len({self.owner[j] for j in inputs}) > 1:
            parameters, others = parameters[1:], parameters[:1]  # rows of an embedding, read by another layer
        if parameters and others:
            self._terms[i] = (self._shared_owner([self.owner[j] for j in parameters]), others)
            self.needs[i] |= 3 if is_array_op else 0

    def _add(self, i: int, x: int, y: int) -> None:
        uses = self.graph.uses
        for p, q in ((x, y), (y, x)):
            call = self._chains.get(p)
            if call is not None and uses[p] == 1 and self._takes(call, q):
                self._chains[i] = call
                self._put(call, i, q)
                return
        parts = [j for j in (x, y) if self._is_part(j)]
        owners = {self._owner_of(j) for j in parts}
        is_start = len(parts) == 2 or (len(parts) == 1 and self._is_zero(x if parts[0] == y else y))
        if is_start and len(owners) == 1 and any(j in self._terms for j in parts):
            call = self._chains[i] = Call(owners.pop())
            self.calls.append(call)
            for j in parts:
                self._put(call, i, j)

    def _put(self, call: Call, i: int, part: int) -> None:
        if call.sums[-1:] != [i]:
            call.sums.append(i)
        if part in self._terms:
            call.products.append(part)
            call.inputs += self._terms[part][1]
        else:
            call.has_bias = True
        if self._is_call(call):
            self.needs[i] = 3

    def _is_part(self, j: int) -> bool:
        return j in self.owner or (j in self._terms and self.graph.uses[j] == 1)

    def _takes(self, call: Call, j: int) -> bool:
        return self._is_part(j) and self._owner_of(j) == call.owner

    def _owner_of(self, j: int) -> Any:
        return self.owner[j] if j in self.owner else self._terms[j][0]

    def _is_zero(self, j: int) -> bool:
        """Whether it is the 0 with which Python's `sum` begins."""
        data = self.graph.data(j) if self.is_plain[j] else None
        return type(data) in (int, float) and data == 0

    def _is_call(self, call: Call) -> bool:
        # A sum of parameters times constants is a penalty, unless there is a bias.
        return bool(call.products) and (call.has_bias or any(self.needs[x] & 2 for x in call.inputs))

    def _shared_owner(self, owners: list[Any]) -> Any:
        if self.named is None:
            return owners[0]
        common = owners[0]
        for owner in owners[1:]:
            common = self.named.common(common, owner)
        return common


def guessed(graph: Listed) -> dict[int, Any]:
    """The parameters as far as the graph itself shows them: for each the place of the
    bias that it is used with.
    """
    owners: dict[int, int] = {}
    calls = 0
    biases: dict[int, int] = {}  # by the last node of a chain, its bias
    for i, op in enumerate(graph.ops):
        if op is None or op.name != "add" or len(graph.inputs[i]) != 2:
            continue
        x, y = graph.inputs[i]
        weight = _weight(graph, y)
        bias = biases.get(x, x if _is_leaf(graph, x) else None)
        if weight is None or bias is None:
            continue
        calls += x == bias
        biases[i] = owners[bias] = bias
        owners.setdefault(weight, bias)
    return owners if calls >= FEWEST else {}


def _weight(graph: Listed, i: int) -> int | None:
    op = graph.ops[i]
    if op is None or op.name != "multiply" or graph.uses[i] != 1:
        return None
    return next((j for j in graph.inputs[i] if _is_leaf(graph, j)), None)


def _is_leaf(graph: Listed, i: int) -> bool:
    return graph.ops[i] is None and not graph.is_constant[i]
