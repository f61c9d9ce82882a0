"""Groups of nodes that a person sees as one thing: a sample, a call of a neuron, a sum.

They are found after the fact, from the parameters; the forward pass records nothing.
Calls that share values are one sample. What depends on one sample only joins it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd.see.calls import Call, Finder, Named, guessed
from micrograd.see.listed import Listed
from micrograd.see.scopes import scope_of

SHORTEST = 4  # additions of a chain that becomes a group
MIXED = -1  # in the place of a sample: several


class Group(NamedTuple):
    """A group of nodes.

    Attributes:
        name: what pictures call it: "MLP > Layer 0 > Neuron 3".
        kind: samples, sample, module, parameters, sum or rest.
        parent: the place of the group that it is in; -1 for none.
    """

    name: str
    kind: str
    parent: int = -1


class Groups:
    """The groups of a graph.

    Attributes:
        groups: parents stand before what is in them.
        of: for each node the innermost group that it is in; -1 for none.
        labels: names of nodes by their places: given labels, then the paths of
            parameters, then the parts of a neuron.
        products: the nodes that are named after the products of a neuron.

    Args:
        graph: the graph.
        model: the Module whose parameters are in it. Without one they are guessed.

    Raises:
        ArgumentError: the model is not a Module.

    >>> from micrograd import Value
    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [2, 1])
    >>> found = Groups(Listed(model([Value(1.0), Value(2.0)])), model)
    >>> for group in found.groups:
    ...     print(group)
    Group(name='9 parameters', kind='parameters', parent=-1)
    Group(name='MLP > Layer 0', kind='module', parent=-1)
    Group(name='MLP > Layer 0 > Neuron 0', kind='module', parent=1)
    Group(name='MLP > Layer 0 > Neuron 1', kind='module', parent=1)
    Group(name='MLP > Layer 1', kind='module', parent=-1)
    Group(name='MLP > Layer 1 > Neuron 0', kind='module', parent=4)
    """

    def __init__(self, graph: Listed, model: Any = None) -> None:
        self.graph = graph
        self.groups: list[Group] = []
        self.of = [-1] * len(graph)
        self.labels: dict[int, str] = {}
        self._scopes = {i: scope for i, node in enumerate(graph.nodes) if (scope := scope_of(node)) is not None}
        model = self._model_of_scopes() if model is None else model
        named = None if model is None else Named(graph, model)
        owners = guessed(graph) if named is None else named.owners
        finder = Finder(graph, owners, named)
        samples = _Samples(finder)
        self._group_parameters(owners, finder)
        places = self._group_samples(samples)
        self._group_calls(finder, samples, places, named)
        self._group_scopes(samples, places)
        self._join_users(finder)
        self._group_penalty(finder)
        self._group_sums()
        self._join_constants(finder)
        self._name_nodes(finder, named)

    def path(self, i: int) -> list[int]:
        """The groups around a node, from the outermost in."""
        group, found = self.of[i], []
        while group >= 0:
            found.append(group)
            group = self.groups[group].parent
        return found[::-1]

    def _new(self, name: str, kind: str, parent: int = -1) -> int:
        self.groups.append(Group(name, kind, parent))
        return len(self.groups) - 1

    def _group_parameters(self, owners: dict[int, Any], finder: Finder) -> None:
        if (finder.calls or self._scopes) and len(owners) > 1:
            group = self._new(f"{len(owners)} parameters", "parameters")
            for i in owners:
                self.of[i] = group

    def _group_samples(self, samples: _Samples) -> dict[int, int]:
        """The group of each sample, by its number; none where there is only one."""
        numbers = list(dict.fromkeys(s for s in samples.of if s > 0))
        if len(numbers) < 2:
            return {}
        parent = self._new(f"{len(numbers)} samples", "samples")
        places = {number: self._new(f"sample {k}", "sample", parent) for k, number in enumerate(numbers)}
        for i, sample in enumerate(samples.of):
            if sample > 0 and self.of[i] < 0:
                self.of[i] = places[sample]
        return places

    def _group_calls(self, finder: Finder, samples: _Samples, places: dict[int, int], named: Named | None) -> None:
        titles = _titles(finder, samples) if named is None else None
        known: dict[Any, int] = {}
        count: dict[Any, int] = {}
        for call in finder.calls:
            if call.end in self._scopes:
                continue
            sample = samples.of[call.end]
            turn = count[sample, call.owner] = count.get((sample, call.owner), 0) + 1
            levels: list[tuple[Any, str]]
            if named is not None:
                levels = [(p, named.title(p)) for p in named.around(call.owner)]
            else:
                assert titles is not None
                layer, neuron = titles[call.owner]
                levels = [(layer, f"Layer {layer}"), (call.owner, f"Layer {layer} > Neuron {neuron}")]
            parent = places.get(sample, -1)
            for depth, (key, title) in enumerate(levels):
                place = (sample, depth, key, turn)
                if place not in known:
                    known[place] = self._new(title + (f" (call {turn})" if turn > 1 else ""), "module", parent)
                parent = known[place]
            for i in call.nodes():
                self.of[i] = parent

    def _group_scopes(self, samples: _Samples, places: dict[int, int]) -> None:
        """The calls that `with scopes():` has noted, in place of found ones."""
        known: dict[int, int] = {}
        for i, scope in self._scopes.items():
            parent = places.get(samples.of[i], -1)
            for call in scope.chain():
                if id(call) not in known:
                    known[id(call)] = self._new(call.title(), "module", parent)
                parent = known[id(call)]
            self.of[i] = parent

    def _model_of_scopes(self) -> Any:
        """The module that all noted calls were made in; None if there are several."""
        models = {id(model): model for scope in self._scopes.values() for model in [scope.chain()[0].module]}
        (model,) = models.values() if len(models) == 1 else (None,)
        return model if hasattr(model, "named_modules") else None

    def _join_users(self, finder: Finder) -> None:
        """What only arranges parameters for one module joins it. What only one sample
        uses, such as its inputs, joins the sample.
        """
        graph = self.graph
        of_users: list[int | None] = [None] * len(graph)
        for i in range(len(graph) - 1, -1, -1):
            users = of_users[i]
            if users is not None and users >= 0 and self.of[i] < 0 and (graph.uses[i] > 1 or not finder.is_plain[i]):
                if finder.needs[i] != 1:
                    self.of[i] = self._sample_around(users)
                elif i in finder.owner and graph.ops[i] is not None:
                    self.of[i] = users
            # Users in several groups of one sample are in that sample.
            for j in graph.inputs[i]:
                before = of_users[j]
                of_users[j] = self.of[i] if before is None else self._around_both(before, self.of[i])

    def _sample_around(self, group: int) -> int:
        while group >= 0 and self.groups[group].kind != "sample":
            group = self.groups[group].parent
        return group

    def _around_both(self, one: int, other: int) -> int:
        """The innermost group that both are in; samples are not one thing."""
        while one != other and (one >= 0 or other >= 0):
            if one > other:
                one = self.groups[one].parent
            else:
                other = self.groups[other].parent
        return -1 if one >= 0 and self.groups[one].kind == "samples" else one

    def _group_penalty(self, finder: Finder) -> None:
        needs, arranged = finder.needs, finder.owner
        ops = [i for i, op in enumerate(self.graph.ops) if op is not None]
        found = [i for i in ops if self.of[i] < 0 and needs[i] == 1 and i not in arranged]
        if len(found) > 1:
            group = self._new("penalty on parameters", "rest")
            for i in found:
                self.of[i] = group

    def _group_sums(self) -> None:
        """A chain of additions within one group is a group in it."""
        graph = self.graph
        taken: set[int] = set()
        for end in range(len(graph) - 1, -1, -1):
            parent = self.of[end]
            if end in taken or not self._is_addition(end) or (parent >= 0 and self.groups[parent].kind == "module"):
                continue
            chain, i = [end], end
            while True:
                before = [j for j in graph.inputs[i] if self._is_addition(j) and self.of[j] == parent]
                if len(before) != 1 or graph.uses[before[0]] != 1:
                    break
                i = before[0]
                chain.append(i)
            taken.update(chain)
            if len(chain) >= SHORTEST:
                group = self._new(f"sum of {len(chain)}", "sum", parent)
                for i in chain:
                    self.of[i] = group

    def _is_addition(self, i: int) -> bool:
        op = self.graph.ops[i]
        return op is not None and op.name == "add"

    def _join_constants(self, finder: Finder) -> None:
        """A constant with one user is in the group of that user."""
        for i, inputs in enumerate(self.graph.inputs):
            for j in inputs:
                if finder.is_plain[j] and self.of[j] < 0 and self.graph.uses[j] == 1:
                    self.of[j] = self.of[i]

    def _name_nodes(self, finder: Finder, named: Named | None) -> None:
        for call in finder.calls:
            end = "out"
            if call.activation is not None:
                self.labels[call.activation], end = "out", "sum"
            if call.sums:
                self.labels[call.sums[-1]] = end
                self.labels |= {i: f"w{k}*x{k}" for k, i in enumerate(call.products)}
                weights = [j for i in call.products for j in self.graph.inputs[i] if j in finder.owner]
                biases = [j for i in call.sums for j in self.graph.inputs[i] if j in finder.owner]
                self.labels |= {j: f"w{k}" for k, j in enumerate(weights)} | dict.fromkeys(biases, "b")
        if named is not None:
            self.labels |= named.paths
        given = {i: label for i in range(len(self.graph)) if (label := self.graph.label(i))}
        self.labels |= given
        self.products = {i for call in finder.calls for i in call.products} - given.keys()


class _Samples:
    """Which sample each node depends on: its number, 0 for none, MIXED for several.

    Two samples become one where a call reads from both, or where they meet and have no
    neuron in common: the neurons of a first layer may read raw numbers, and share no
    value.
    """

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._above = [0]  # by the number of a sample: the one that it has become a part of
        self._owners: list[set[Any]] = [set()]
        self._ends = {(call.sums or call.products)[-1]: call for call in finder.calls}
        self._inside = {i for call in finder.calls for i in call.nodes()} - {
            i for call in finder.calls for i in (call.activation,) if i is not None
        }
        self.of = [0] * len(finder.graph)
        if finder.calls:
            self._go_through()
            self._go_through()  # what was MIXED may be one sample by now
        self.of = [self._find(s) for s in self.of]
        for call in finder.calls:
            for i in call.nodes():
                self.of[i] = self.of[call.end]

    def _find(self, sample: int) -> int:
        if sample <= 0:
            return sample
        above = self._above
        while above[sample] != sample:
            above[sample] = above[above[sample]]
            sample = above[sample]
        return sample

    def _go_through(self) -> None:
        of, ends, inside = self.of, self._ends, self._inside
        for i, inputs in enumerate(self._finder.graph.inputs):
            if i in ends:
                of[i] = self._of_call(ends[i])
            elif inputs and i not in inside:
                of[i] = self._of_op(inputs)

    def _of_call(self, call: Call) -> int:
        of, is_plain = self.of, self._finder.is_plain
        one = next((s for s in (self._find(of[x]) for x in call.inputs) if s > 0), 0) or self._find(of[call.end])
        if one <= 0:
            one = len(self._above)
            self._above.append(one)
            self._owners.append(set())
        self._owners[one].add(call.owner)
        for x in call.inputs:
            other = self._find(of[x])
            if other == 0 and not is_plain[x]:
                of[x] = one
            elif other > 0:
                one = self._joined(one, other)
        return one

    def _of_op(self, inputs: tuple[int, ...]) -> int:
        samples = {self._find(self.of[j]) for j in inputs} - {0}
        if not samples or MIXED in samples:
            return MIXED if samples else 0
        one, *others = sorted(samples)
        for other in others:
            if not self._owners[one].isdisjoint(self._owners[other]):
                return MIXED
            one = self._joined(one, other)
        return one

    def _joined(self, one: int, other: int) -> int:
        if one == other:
            return one
        one, other = min(one, other), max(one, other)
        self._above[other] = one
        self._owners[one] |= self._owners[other]
        return one


def _titles(finder: Finder, samples: _Samples) -> dict[Any, tuple[int, int]]:
    """The layer and the number in it of each neuron of a model that was not given: how
    many calls its inputs go through, and when it is first used.
    """
    depth = [0] * len(finder.graph)
    ends = {(call.sums or call.products)[-1]: call for call in finder.calls}
    titles: dict[Any, tuple[int, int]] = {}
    width: dict[int, int] = {}
    for i, inputs in enumerate(finder.graph.inputs):
        depth[i] = max((depth[j] for j in inputs), default=0)
        if (call := ends.get(i)) is not None:
            layer = max(depth[x] for x in call.inputs)
            depth[i] = layer + 1
            if call.owner not in titles:
                titles[call.owner] = (layer, width.get(layer, 0))
                width[layer] = width.get(layer, 0) + 1
    return titles
