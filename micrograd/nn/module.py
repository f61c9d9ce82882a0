"""Module: anything that has parameters."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError
from micrograd.nn import state, summary
from micrograd.nn.members import (
    FUNCTIONS,
    check_is_computed_anew,
    check_is_copied,
    check_is_seen,
    is_leaf,
    is_parameter,
    members,
    refilled,
)
from micrograd.nn.names import METHODS
from micrograd.ops.hints import Elsewhere
from micrograd.trees import Branching


class Module(Branching):
    """Base of everything that has parameters.

    A subclass keeps its parameters, Values, in attributes, and defines `__call__` (or
    `forward`). Parameters are found in attributes, and in lists, tuples, dicts and
    modules in them, in the order of definition. A Value that was computed is not a
    parameter.

    A module is a tree: `grad` and the other transforms take it as an argument, and the
    gradient is a module of the same kind, which holds the gradients in the places of
    the parameters.

    Attributes:
        training: True while it trains. `eval()` sets it to False, for modules that then
            do something else, such as `Dropout`.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope = Value(2.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x
    >>> line = Line()
    >>> line(3.0).backward()
    >>> line.slope.grad
    3.0
    >>> line.zero_grad()
    >>> line.named_parameters()
    [('slope', Value(data=2.0, grad=0.0))]
    """

    # Here and not in an `__init__`, so that a subclass need not call it.
    training: bool = True
    _buffer_names: tuple[str, ...] = ()
    _places: frozenset[str] | None = None  # of the parameters, in what `with_leaves` made

    def __call__(self, *args: Any, **options: Any) -> Any:
        """What `forward` gives. A subclass defines one of the two."""
        forward = getattr(self, "forward", None)
        if forward is None:
            name = type(self).__name__
            raise NotImplementedError(f"{name}: it cannot be called; define __call__(self, x) in class {name}")
        return forward(*args, **options)

    # What it holds

    def parameters(self) -> list[Value]:
        """The Values that training changes, always in the same order, each once.

        A subclass may override it, to train less than it holds.

        Raises:
            DataError: there are Values or modules where they are not found: in a set,
                in an array of objects, in a function, in an object that is not a
                module.
        """
        return [p for _, p in self._found()]

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters with their names, such as "layers.0.weight". A shared one has
        the first of its names.
        """
        if not _chooses(self):
            return self._found()
        names = {id(p): name for name, p in self._found()}
        return [(names.get(id(p), f"parameters.{i}"), p) for i, p in enumerate(self.parameters())]

    def _found(self) -> list[tuple[str, Value]]:
        found: dict[int, tuple[str, Value]] = {}
        for member in members(self, is_end=_chooses):
            if isinstance(member.thing, Module):
                if _chooses(member.thing):
                    for name, p in member.thing.named_parameters():
                        found.setdefault(id(p), (f"{member.path}.{name}", p))
            elif is_parameter(member):
                found.setdefault(id(member.thing), (member.path, member.thing))
            else:
                check_is_computed_anew(member)
                check_is_seen(self, member.path, member.thing)
        return list(found.values())

    def register_buffer(self, name: str, array: Any) -> None:
        """Keep an array as an attribute that `state_dict` holds and training does not
        change, such as the running mean of `BatchNorm1d`.

        Raises:
            ArgumentError: the name is not one of an attribute, or is taken; or the
                array is a parameter.

        >>> module = Module()
        >>> module.register_buffer("mean", np.zeros(2))
        >>> module.mean, list(module.state_dict())
        (array([0., 0.]), ['mean'])
        """
        owner = f"{type(self).__name__}.register_buffer"
        if not (isinstance(name, str) and name.isidentifier()):
            raise ArgumentError(f"{owner}: {name!r} is not the name of an attribute; give letters, as in 'mean'")
        if name not in self._buffer_names and hasattr(self, name):
            raise ArgumentError(f"{owner}: there is an attribute {name} already; give another name")
        if is_leaf(array):
            raise ArgumentError(f"{owner}: {name} is a Value, which is trained; give its .data")
        self._buffer_names = tuple(dict.fromkeys((*self._buffer_names, name)))
        setattr(self, name, array)

    def named_buffers(self) -> list[tuple[str, Any]]:
        """The buffers with their names, such as "layers.1.running_mean"; not those
        that are None.
        """
        return [
            (f"{path}.{name}" if path else name, getattr(module, name))
            for path, module in self.named_modules()
            for name in module._buffer_names
            if getattr(module, name) is not None
        ]

    def named_modules(self) -> list[tuple[str, Module]]:
        """This module, named "", and all modules in it, each before what it holds."""
        inner = [(m.path, m.thing) for m in members(self) if isinstance(m.thing, Module)]
        return [("", self), *inner]

    def modules(self) -> list[Module]:
        """This module and all modules in it, each once."""
        return [module for _, module in self.named_modules()]

    def named_children(self) -> list[tuple[str, Module]]:
        """The modules that it holds itself, in attributes, lists, tuples and dicts."""
        ends = members(self, is_end=lambda module: True)
        return [(m.path, m.thing) for m in ends if isinstance(m.thing, Module)]

    def children(self) -> list[Module]:
        """The modules of `named_children`, without their names."""
        return [module for _, module in self.named_children()]

    def named_generators(self) -> list[tuple[str, np.random.Generator]]:
        """The random generators that it holds, each once: a checkpoint stores their
        states.
        """
        found: dict[int, tuple[str, Any]] = {}
        for member in members(self):
            if isinstance(member.thing, np.random.Generator):
                found.setdefault(id(member.thing), (member.path, member.thing))
        return list(found.values())

    # Training

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter: it then reads as zero. `backward`
        adds to gradients.
        """
        for p in self.parameters():
            p.grad = None

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all modules in it; gives the module itself."""
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """The module for use, not for training: `train(False)`."""
        return self.train(False)

    def apply(self, f: Callable[[Module], Any]) -> Self:
        """Call f with each module in it, then with itself; gives the module itself."""
        for module in reversed(self.modules()):
            f(module)
        return self

    # State

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters and buffers, as arrays by name.

        >>> from micrograd.nn import Neuron
        >>> sorted(Neuron(2).state_dict())
        ['b', 'w.0', 'w.1']
        """
        return {name: np.array(data) for name, data in state.entries(self).items()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take parameters and buffers from a state: one of ours, or PyTorch's with
        arrays in the place of its tensors.

        Each keeps its dtype; a parameter that is a number stays one. A shared
        parameter may have all its names in the state, as in PyTorch's, with the same
        numbers. Where anything does not fit, nothing is loaded.

        Raises:
            StateError: names are missing, or unknown, or shapes differ, and it lists
                all of them; or numbers do not fit a dtype.
        """
        state.load(self, state_dict)

    def copy(self) -> Self:
        """A copy with parameters and buffers of its own.

        Raises:
            DataError: a function in it has a part of it from outside, and would use
                that also in the copy.
        """
        check_is_copied(self, (types.FunctionType,))
        return copy.deepcopy(self)

    # A tree

    def named_leaves(self) -> list[tuple[str, Any]]:
        """The parameters: what a transform differentiates by."""
        return list(self.named_parameters())

    def with_leaves(self, leaves: Iterable[Any]) -> Self:
        """A module like this one with other things in the places of its parameters.
        Everything else is shared.

        >>> from micrograd.nn import Neuron
        >>> Neuron(2, nonlin=False).with_leaves([1.0, 2.0, 3.0])([10.0, 100.0])
        213.0
        """
        check_is_copied(self, FUNCTIONS)
        new = {id(p): leaf for (_, p), leaf in zip(self.named_leaves(), leaves, strict=True)}
        places: dict[int, set[str]] = {id(module): set() for module in self.modules()}
        for member in members(self):
            if id(member.thing) in new:
                places[id(member.holder)].add(member.place)
        done = dict(new)
        twin: Self = refilled(self, done)
        for module in self.modules():
            done[id(module)]._places = frozenset(places[id(module)])
        return twin

    # For people

    def summary(self) -> str:
        """A table: each layer with its shapes, its number of parameters, and its share
        of the memory that all of them take.
        """
        return summary.table(self)

    def __repr__(self) -> str:
        return summary.short(self)


def _chooses(module: Any) -> bool:
    """Whether the class of a module says itself what its parameters are."""
    kind = type(module)
    return kind.parameters is not Module.parameters or kind.named_parameters is not Module.named_parameters


for _name, _here in METHODS.items():
    setattr(Module, _name, Elsewhere(_name, _here))
