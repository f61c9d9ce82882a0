"""One run of a model, written down: `Recorded` stands for its inputs and for all that
is computed from them, an interpreter that has shapes and no numbers.

So nobody can look at a number of the input, and nothing that depends on one is frozen
in. Only whole numbers are shown to ops, which check that an index exists.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from threading import get_ident
from typing import Any, NamedTuple, NoReturn

from micrograd import on_demand as np
from micrograd.captures import CAPTURES
from micrograd.errors import ExportError
from micrograd.interpreter import Array
from micrograd.node import Node, data_of
from micrograd.op import Op
from micrograd.ops.operators import Operators

FOLLOWED = "an exported model does the same for all numbers: use np.where in place of if, and no plain numbers of x"


class Call(NamedTuple):
    """An op that was applied in the run.

    Attributes:
        op: the record.
        inputs: in order: numbers of earlier results, or what else was given.
        params: the keyword arguments.
        shape: of the result.
        dtype: of the result.
        module: the innermost module that was running; None outside of all.
    """

    op: Op
    inputs: list[Any]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: Any
    module: Any


class Recorded(Operators):
    """A number or an array of the run.

    Attributes:
        run: where it is written down.
        place: its number among the results of the run; the inputs come first.
        shape: sizes of its axes.
        example: whole numbers that it may hold; None for all others.
    """

    __slots__ = ("_element_type", "example", "place", "run", "shape")
    shape: tuple[int, ...]

    def __init__(self, run: Run, place: int, shape: tuple[int, ...], dtype: Any, example: Any = None) -> None:
        self.run = run
        self.place = place
        self.shape = shape
        self._element_type = np.dtype(dtype)
        self.example = example

    @property
    def _dtype(self) -> Any:
        return self._element_type

    @property
    def _level(self) -> float:
        return 0.75  # above that of a Value, below those of transforms

    @property
    def _below(self) -> Any:
        return self.example

    def __repr__(self) -> str:
        return f"an array {self.shape} made of the input"

    def _apply_op(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        return self.run.applied(op, inputs, params)

    def detach(self) -> Recorded:
        """The same: an exported model has no gradients."""
        return self

    # What would show a number

    def _refuse(self, asked: str) -> NoReturn:
        self.run.refuse(self, asked)

    def __bool__(self) -> bool:
        self._refuse("bool()")

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __index__(self) -> int:
        self._refuse("an index or a length")

    def __array__(self, *args: Any, **options: Any) -> Any:
        self._refuse("its plain numbers")

    def item(self) -> Any:
        """Refused: it has no number."""
        self._refuse("item()")

    def tolist(self) -> Any:
        """Refused: it has no numbers."""
        self._refuse("tolist()")

    def numpy(self) -> Any:
        """Refused: it has no numbers."""
        self._refuse("numpy()")

    @property
    def data(self) -> Any:
        """Refused: it has no numbers."""
        self._refuse(".data")


class _Forgotten(list[Any]):
    """Where the engine notes Values that are made: nobody reads it."""

    def append(self, node: Any) -> None:
        """Forget it."""


class Run:
    """What is written down of one run; in a `with` block the engine knows of it.

    It answers what the engine asks a capture: see micrograd/captures.py. So an index
    that is computed from the input is followed, as in `compile`.

    Args:
        asked: the function that exports, for errors.
        modules: the modules of the model, to say which of them applied an op.

    Attributes:
        calls: the ops in order.
        inputs: how many inputs there are; their numbers come before those of calls.
    """

    def __init__(self, asked: str, modules: Sequence[Any] = ()) -> None:
        self.asked = asked
        self.calls: list[Call] = []
        self.inputs = 0
        self.notes = _Forgotten()
        self._modules = {id(module): module for module in modules}

    def __enter__(self) -> Run:
        if get_ident() in CAPTURES:
            raise ExportError(f"{self.asked}: a function is being compiled; export outside of it")
        CAPTURES[get_ident()] = self
        return self

    def __exit__(self, *error: object) -> None:
        del CAPTURES[get_ident()]

    def input(self, shape: tuple[int, ...], dtype: Any, example: Any = None) -> Recorded:
        """An input of the model."""
        assert not self.calls
        self.inputs += 1
        return Recorded(self, self.inputs - 1, shape, dtype, example)

    def applied(self, op: Op, inputs: Sequence[Array], params: dict[str, Any]) -> Any:
        """The result of an op, which is written down."""
        shape, dtype = op.shape(*inputs, **params), op.dtype(*inputs, **params)
        example = None
        if np.dtype(dtype).kind in "iu":
            given = [x.example if isinstance(x, Recorded) else data_of(x) if isinstance(x, Node) else x for x in inputs]
            # Zeros where it follows from floats: that element is always there.
            example = np.zeros(shape, dtype) if any(x is None for x in given) else op(*given, **params)
        places = [Place(x.place) if isinstance(x, Recorded) else x for x in inputs]
        self.calls.append(Call(op, places, params, tuple(shape), np.dtype(dtype), self._module()))
        return Recorded(self, self.inputs + len(self.calls) - 1, tuple(shape), dtype, example)

    def _module(self) -> Any:
        """The innermost module that is running."""
        frame: Any = sys._getframe(1)
        while frame is not None:
            owner = frame.f_locals.get("self")
            if id(owner) in self._modules:
                return owner
            frame = frame.f_back
        return None

    def refuse(self, x: Any, asked: str) -> NoReturn:
        """Refuse to show a number of the run; what belongs to none is not asked here.

        Raises:
            ExportError: names the module.
        """
        raise ExportError(
            f"{self.asked}: {self._where()} asks for {asked} of what it computes from its input;\n{FOLLOWED}"
        )

    def _where(self) -> str:
        """What is running, for errors."""
        module = self._module()
        return "the model" if module is None else type(module).__name__

    # What the engine asks a capture

    def follows(self, x: Any) -> bool:
        """Whether x belongs to the run."""
        return isinstance(x, Recorded)

    def is_number(self, x: Any) -> bool:
        """Whether x is to be spelled as the texts spell numbers: never."""
        return False

    def show(self, node: Node, data: Any) -> Any:
        """The data of a parameter, which is a constant of the export."""
        return data

    show_grad = show

    def receive(self, node: Node, data: Any) -> Any:
        """What is put into a Value: nothing of the run."""
        return self.refuse(data, "a Value()") if isinstance(data, Recorded) else data

    receive_grad = receive

    def computed(self, op: Op, inputs: Any, params: Any, z: Any) -> Any:
        """The answer to a question about parameters: a constant."""
        return z

    def mixed(self, op: Op, inputs: Any, params: Any) -> None:
        """None: what is followed takes a call itself."""

    def attribute(self, module: Any, name: str) -> Any:
        """What a module keeps: a constant."""
        return getattr(module, name)

    def check(self, holds: Any) -> None:
        """Nothing is checked later: an export is of now."""

    def put(self, *given: Any) -> NoReturn:
        """Refuse what a module keeps for its next call.

        Raises:
            ExportError: names the module.
        """
        raise ExportError(
            f"{self.asked}: {self._where()} changes what it keeps, as in training; call eval() of that module first"
        )

    set_attribute = put

    def fail_as_frozen(self, what: str) -> NoReturn:
        """Refuse what gives plain numbers away."""
        self.refuse(None, what)


class Place(int):
    """The number of a result of the run, where it is an input of an op."""
