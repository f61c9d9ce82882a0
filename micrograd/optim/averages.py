"""Averages of a model's parameters over the steps of training: EMA and SWA."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from micrograd import on_demand as np
from micrograd.captures import postponed
from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError, StateError
from micrograd.interpreter import shape_of
from micrograd.node import data_of
from micrograd.optim.options import upto
from micrograd.optim.parameters import copied, set_data

State = dict[str, Any]


class _Average:
    """An average of parameters, which `update` brings up to date.

    Attributes:
        n_averaged: how many times it has been updated.
        averages: an array or a number for each parameter.
    """

    def __init__(self, model: Any) -> None:
        self.params = _parameters_of(type(self).__name__, model)
        self.n_averaged = 0
        self.averages = [copied(data_of(p)) for p in self.params]

    def _share(self) -> float:
        """The share of the parameters as they are now in the next average."""
        raise NotImplementedError

    @postponed
    def update(self) -> None:
        """Take the parameters as they are now into the average."""
        share = self._share() if self.n_averaged else 1.0
        for i, p in enumerate(self.params):
            data, mean = data_of(p), self.averages[i]
            if shape_of(data) != shape_of(mean):
                raise StateError(
                    f"{type(self).__name__}: parameter {i} had shape {shape_of(mean)}, and has {shape_of(data)} now; "
                    f"make a new average"
                )
            if share == 1.0:
                self.averages[i] = copied(data)
            elif isinstance(mean, np.ndarray):
                mean += (data - mean) * share
            else:
                self.averages[i] = mean + (data - mean) * share
        self.n_averaged += 1

    def copy_to(self, model: Any = None) -> None:
        """Set the parameters to the average, for good.

        Args:
            model: a model of the same structure; the model that is averaged by default.

        Raises:
            ArgumentError: the model has other parameters.
        """
        name = type(self).__name__
        params = self.params if model is None else _parameters_of(name, model)
        shapes, wanted = [p.shape for p in params], [shape_of(mean) for mean in self.averages]
        if shapes != wanted:
            raise ArgumentError(f"{name}: the average is of parameters of other shapes; give a model like the averaged")
        for p, mean in zip(params, self.averages, strict=True):
            set_data(p, mean)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Within, the parameters are the average; afterwards, as they were."""
        before = [copied(data_of(p)) for p in self.params]
        try:
            self.copy_to()
            yield
        finally:
            for p, data in zip(self.params, before, strict=True):
                set_data(p, data)

    def state_dict(self) -> State:
        """All that a checkpoint needs: `n_averaged`, and copies of the averages."""
        return {"n_averaged": self.n_averaged, "averages": [copied(mean) for mean in self.averages]}

    def load_state_dict(self, state_dict: State) -> None:
        """Go on from a state that `state_dict` gave.

        Raises:
            StateError: the state does not fit; the error lists all that does not.
        """
        name = type(self).__name__
        if not isinstance(state_dict, dict) or not {"n_averaged", "averages"} <= state_dict.keys():
            raise StateError(f"{name}: this is not a state of an average; give what state_dict() gave")
        given = state_dict["averages"]
        if len(given) != len(self.params):
            raise StateError(f"{name}: the state has {len(given)} averages for {len(self.params)} parameters")
        wrong = [
            f"parameter {i} has shape {shape_of(mean)}, not {p.shape}"
            for i, (p, mean) in enumerate(zip(self.params, given, strict=True))
            if shape_of(mean) != p.shape
        ]
        if wrong:
            raise StateError(f"{name}: the state does not fit: {'; '.join(wrong)}")
        self.n_averaged = int(state_dict["n_averaged"])
        self.averages = [_like(data_of(p), mean) for p, mean in zip(self.params, given, strict=True)]


class EMA(_Average):
    """Exponential moving average of a model's parameters.

    a = decay a + (1 - decay) x,  at the first update a = x

    The average is often better than the parameters, which jump about the minimum.

    Args:
        model: a module, or an iterable of Values.
        decay: how much of the average stays in an update.

    Attributes:
        n_averaged: how many times it has been updated.
        averages: an array or a number for each parameter.

    Raises:
        ArgumentError: decay is not from 0 to 1, or there is no parameter.
        DataError: something is not a Value.

    Source: Polyak, Juditsky (1992), doi:10.1137/0330046; Tarvainen, Valpola (2017),
    arXiv:1703.01780.

    >>> w = Value(1.0)
    >>> ema = EMA([w], decay=0.75)
    >>> for w.data in (1.0, 2.0):
    ...     ema.update()
    >>> with ema.swapped():
    ...     print(w.data)
    1.25
    >>> w.data
    2.0
    """

    def __init__(self, model: Any, decay: float = 0.999) -> None:
        self.decay = upto("EMA", "decay", decay)
        super().__init__(model)

    def _share(self) -> float:
        return 1.0 - self.decay


class SWA(_Average):
    """Stochastic weight averaging: the mean of a model's parameters, as each `update`
    finds them.

    a = a + (x - a) / n, at the n-th update

    Update once in an epoch, when training comes to its end. Batch norm's running means
    are not averaged: afterwards, run the model in `train()` once through the data.

    Args:
        model: a module, or an iterable of Values.

    Attributes:
        n_averaged: how many times it has been updated.
        averages: an array or a number for each parameter.

    Raises:
        ArgumentError: there is no parameter.
        DataError: something is not a Value.

    Source: Izmailov, Podoprikhin, Garipov, Vetrov, Wilson (2018), arXiv:1803.05407.

    >>> w = Value(1.0)
    >>> swa = SWA([w])
    >>> for w.data in (1.0, 2.0, 6.0):
    ...     swa.update()
    >>> swa.copy_to()
    >>> w.data
    3.0
    """

    def _share(self) -> float:
        return 1.0 / (self.n_averaged + 1)


def _parameters_of(name: str, model: Any) -> list[Value]:
    given = model.parameters() if hasattr(model, "parameters") else model
    if isinstance(given, Value) or not isinstance(given, Iterable):
        raise DataError(f"{name}: {type(model).__name__} is not a model; give a module, or a list of Values")
    params = list(given)
    for p in params:
        if not isinstance(p, Value):
            raise DataError(f"{name}: {type(p).__name__} is not a Value; give a module, or a list of Values")
    if not params:
        raise ArgumentError(f"{name}: there are no parameters; give a module that has some")
    return params


def _like(data: Any, mean: Any) -> Any:
    """The mean of a state, in the type and dtype of the data."""
    return (
        np.array(mean, dtype=data.dtype)
        if shape_of(data)
        else type(data)(mean)
        if hasattr(data, "dtype")
        else float(mean)
    )
