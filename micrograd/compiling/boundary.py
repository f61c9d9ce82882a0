"""The boundary: numbers of the caller's values go into the arrays of a program, and
results and gradients come back.
"""

from __future__ import annotations

from typing import Any

from micrograd import fields
from micrograd import on_demand as np
from micrograd.compiling import copies, direct
from micrograd.errors import StateChangedError
from micrograd.node import Node, add_grad, data_of, grad_of, set_data, set_grad
from micrograd.walks import ACTIVE, LOCK


def read(values: list[Any], buffer: Any) -> int:
    """Put the data of values into a buffer of doubles.

    Returns:
        -1, or the number of the first value whose data is not a number.
    """
    count = len(values)
    i = fields.floats_into(values, buffer, 0)
    while i < count:
        node: Node = values[i]
        if not isinstance(node._array, (int, np.floating)):
            return i
        buffer[i] = float(node._array)
        i = fields.floats_into(values, buffer, i + 1)
    return -1


def read_grads(values: list[Any], buffer: Any) -> None:
    """Put the gradients of values into a buffer of doubles; 0 where there is none."""
    with LOCK:
        i = fields.grads_into(values, buffer, 0) if not ACTIVE else 0
        while i < len(values):
            node: Node = values[i]
            grad = node._grad if ACTIVE else grad_of(node)
            buffer[i] = 0.0 if grad is None else float(data_of(grad))
            i += 1
            if not ACTIVE:
                i = fields.grads_into(values, buffer, i)


def address_like(array: Any, other: Any) -> int:
    """The address of an array in one piece; 0 unless it is like the other one."""
    return copies.address_like(array, other)


def array_of(value: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The array of a value.

    Raises:
        CaptureError: it has another shape or dtype than when the function was captured.
    """
    data = data_of(value)
    if type(data) is not np.ndarray or data.shape != shape or data.dtype != dtype:
        raise StateChangedError(
            f"compile: {described(value)} was an array of shape {shape} and dtype {dtype} when the function was "
            f"captured;\ncompile the function again"
        )
    return data


def described(value: Any) -> str:
    """A value, for an error: by its label, or its data."""
    data = data_of(value)
    text = f"of shape {value.shape} and dtype {value._dtype}" if value.shape else repr(data)
    return repr(value.label) if value.label else f"a value, now {text},"


def read_array_grad(value: Any, buffer: Any) -> None:
    """Put the gradient of a value into a flat buffer; 0 where there is none."""
    grad = value._grad
    buffer[:] = 0.0 if grad is None else np.reshape(data_of(grad), -1)


def shaped(buffer: Any, value: Any) -> Any:
    """A copy of a flat buffer in the shape and dtype of the data of a value."""
    data = data_of(value)
    found = np.asarray(buffer).reshape(data.shape)
    return found.copy() if found.dtype is data.dtype else np.array(found, data.dtype)


def write_array(values: list[Any], buffer: Any) -> None:
    """Let a flat buffer be the data of a value."""
    set_data(values[0], shaped(buffer, values[0]))


def write_in_place(values: list[Any], buffer: Any) -> None:
    """Let a flat buffer be the data of a value, in its own array where that can be
    written.
    """
    data = data_of(values[0])
    if copies.copied(buffer, None, data):
        return
    if data.flags.writeable:
        data[...] = np.asarray(buffer).reshape(data.shape)
    else:
        write_array(values, buffer)


def set_array_grad(values: list[Any], buffer: Any) -> None:
    """Let a flat buffer be the gradient of a value: in the array of the last one, if
    nobody holds that.
    """
    node: Node = values[0]
    if not ACTIVE and copies.renewed(buffer, node._array, fields.gradient_of(node)):
        node._has_gradient = True
    else:
        node._grad = shaped(buffer, node)


def write(values: list[Any], buffer: Any) -> None:
    """Put doubles into the data of values."""
    count = len(values)
    i = fields.set_floats(values, buffer, 0)
    while i < count:
        node: Node = values[i]
        set_data(node, _like(node._array, buffer[i]))
        i = fields.set_floats(values, buffer, i + 1)


def _like(data: Any, number: float) -> Any:
    """A number in the type of the data, where that is a NumPy float."""
    return type(data)(number) if isinstance(data, np.floating) else float(number)


def add_to_grads(values: list[Any], buffer: Any) -> None:
    """Add each double to the gradient of the value. Call it under the lock, while no
    walk has these values.
    """
    count = len(values)
    i = fields.add_to_float_grads(values, buffer, 0)
    while i < count:
        add_grad(values[i], float(buffer[i]))
        i = fields.add_to_float_grads(values, buffer, i + 1)


def set_grads(values: list[Any], buffer: Any) -> None:
    """Let the gradients of values be these doubles."""
    with LOCK:
        i = fields.set_float_grads(values, buffer, 0) if not ACTIVE else 0
        while i < len(values):
            node: Node = values[i]
            if ACTIVE:
                node._grad = float(buffer[i])
            else:
                set_grad(node, float(buffer[i]))
            i += 1
            if not ACTIVE:
                i = fields.set_float_grads(values, buffer, i)


def run_steps(steps: list[Any], function: Any, address: int, space: Any) -> None:
    """Run lines of C, and what only Python can run between them.

    Args:
        steps: for lines, what `direct.call` asks for, in a tuple; else an opaque line.
        function: what runs lines of C.
        address: of the same function.
        space: the memory of the call: `arrays` has it by the name of the buffer, and
            `pointers` is the address of all pointers that lines of C get.
    """
    for step in steps:
        if type(step) is tuple:
            direct.call(function, address, step[0], step[1], step[2], space.pointers)
        else:
            step.run(space.arrays)


def has_nan(buffer: Any) -> bool:
    """Whether one of the doubles is nan."""
    total = other = 0.0  # two sums, so that a processor need not wait for one
    for i in range(0, len(buffer) - 1, 2):
        total += buffer[i] * 0.0  # nan for infinity, too
        other += buffer[i + 1] * 0.0
    if len(buffer) % 2:
        total += buffer[len(buffer) - 1] * 0.0
    total += other
    return total != total and bool(np.isnan(buffer).any())


def array_has_nan(array: Any) -> bool:
    """Whether one of the elements of an array of any kind is nan."""
    return array.dtype.kind == "f" and array.size > 0 and bool(np.isnan(np.minimum.reduce(array, axis=None)))


def have_nan(arrays: list[Any]) -> bool:
    """Whether one of these arrays has a nan."""
    for array in arrays:  # noqa: SIM110 - a loop is quicker than a generator
        if array_has_nan(array):
            return True
    return False


ARRAY = {write: write_array, set_grads: set_array_grad}  # what does the same for a value that is an array
