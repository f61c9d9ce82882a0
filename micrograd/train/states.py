"""States as JSON with arrays beside it.

A state is made of dicts, lists, tuples, numbers, strings, None and NumPy arrays, to any
depth. Its arrays become tensors of a safetensors file, and the rest becomes JSON: there
is nothing in a file that runs when it is read, as there is in a pickle.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.errors import CheckpointError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The key of what JSON cannot say: {"$": "tuple", "of": [...]}.
KIND = "$"
# The numbers that safetensors stores as NumPy's: booleans, integers, floats.
STORED = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64 complex64".split()


def flattened(state: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """The state as what JSON can say. Its arrays are put into a dict.

    Args:
        state: dicts, lists, tuples, numbers, strings, None and arrays, to any depth.
        name: what the state is called: the beginning of the names of its arrays.
        arrays: receives the arrays, in the form that `stored` gives.

    Raises:
        CheckpointError: it holds something else.

    >>> arrays = {}
    >>> flattened({"lr": 0.1, "moments": [np.zeros(2)]}, "adam", arrays)
    {'lr': 0.1, 'moments': [{'$': 'array', 'of': 'adam.moments.0'}]}
    >>> arrays
    {'adam.moments.0': array([0., 0.])}
    """
    kind = type(state)
    if state is None or kind in (bool, int, str):
        return state
    if kind is float:
        return state if math.isfinite(state) else {KIND: "float", "of": repr(state)}
    if kind is list:
        return [flattened(x, f"{name}.{i}", arrays) for i, x in enumerate(state)]
    if isinstance(state, (tuple, list)):
        return {KIND: "tuple", "of": [flattened(x, f"{name}.{i}", arrays) for i, x in enumerate(state)]}
    if isinstance(state, dict):
        values = [flattened(x, f"{name}.{key}", arrays) for key, x in state.items()]
        if all(type(key) is str and key != KIND for key in state):
            return dict(zip(state, values, strict=True))
        keys = [flattened(key, f"{name}.key", arrays) for key in state]
        return {KIND: "dict", "of": [list(pair) for pair in zip(keys, values, strict=True)]}
    unique = name
    while unique in arrays:  # the keys 1 and "1" of a dict
        unique += "'"
    arrays[unique] = stored(state, name)
    return {KIND: "scalar" if isinstance(state, np.generic) else "array", "of": unique}


def stored(x: Any, name: str) -> NDArray[Any]:
    """An array as safetensors needs it: contiguous, little-endian, of a known type.

    safetensors 0.8 copies memory as it lies. It writes wrong numbers, without an error,
    for an array that is transposed or strided.

    Raises:
        CheckpointError: it is not an array of such numbers.
    """
    if not isinstance(x, (np.ndarray, np.generic)) and not hasattr(x, "__array_function__"):
        raise CheckpointError(
            f"save: {name} is {_shown(x)}, which a checkpoint cannot hold; "
            f"give numbers, strings, lists, tuples, dicts and NumPy arrays"
        )
    array = np.asarray(x)
    if array.dtype.name not in STORED:
        raise CheckpointError(
            f"save: {name} is an array of {array.dtype.name}, which a safetensors file cannot hold; "
            f"convert it to one of {', '.join(STORED)}"
        )
    # Not np.ascontiguousarray: it makes an array of shape (1,) of one of shape ().
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def restored(state: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    """The state that `flattened` was given.

    Raises:
        CheckpointError: it is not what `flattened` gives.

    >>> restored({"a": {"$": "tuple", "of": [1, {"$": "float", "of": "inf"}]}}, {})
    {'a': (1, inf)}
    """
    if isinstance(state, list):
        return [restored(x, arrays) for x in state]
    if not isinstance(state, dict):
        return state
    if KIND not in state:
        return {key: restored(x, arrays) for key, x in state.items()}
    try:
        return _RESTORED[state[KIND]](state["of"], arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"load: the entry {_shown(state)} is not known ({error!r}); it is damaged") from None


_RESTORED: dict[Any, Any] = {
    "float": lambda of, arrays: float(of),
    "tuple": lambda of, arrays: tuple(restored(of, arrays)),
    "dict": lambda of, arrays: {restored(key, arrays): restored(x, arrays) for key, x in of},
    "array": lambda of, arrays: arrays[of],
    "scalar": lambda of, arrays: arrays[of][()],
}


def _shown(x: Any) -> str:
    text = repr(x)
    return text if len(text) <= 60 else f"{text[:57]}..."
