"""How a program becomes a contestant: its derivative by each library, as a Trial."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy

from benchmarks.row import Trial

MOST = 10_000  # numbers that a contestant shows; of more it shows each second, third ...


def room_of(program: str) -> Any:
    """The module of a program."""
    return importlib.import_module(f"benchmarks.programs.{program}")


def numbers_of(tree: Any) -> list[float]:
    """The numbers in nested lists, tuples and dicts of arrays, and their total; of very
    many only some.
    """
    flat = numpy.concatenate([numpy.ravel(x) for x in _leaves(tree)])
    return [*flat[:: 1 + len(flat) // MOST].tolist(), float(flat.sum())]


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        tree = [tree[name] for name in sorted(tree)]
    if isinstance(tree, (list, tuple)):
        return [leaf for branch in tree for leaf in _leaves(branch)]
    return [numpy.asarray(tree, dtype=float)]


def trial(step: Callable[[], Any]) -> Trial:
    """The numbers of a step that computes a derivative, and the step."""
    return numbers_of(step()), step


def gradient(np: Any, program: str, **size: Any) -> Trial:
    """micrograd: the gradient by all arguments, with this library as NumPy."""
    from micrograd import grad

    room = room_of(program)
    args = room.arguments(**size)
    derivative = grad(room.written_in(np, **size), tuple(range(len(args))))
    return trial(lambda: derivative(*args))


def gradient_in_torch(program: str, **size: Any) -> Trial:
    """PyTorch, eager: forward, and back to the arguments."""
    import torch

    room = room_of(program)
    args = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in room.arguments(**size)]
    f = room.in_torch(torch, **size)
    return trial(lambda: torch.autograd.grad(f(*args), args))


def gradient_in_autograd(program: str, **size: Any) -> Trial:
    """HIPS autograd."""
    import autograd

    room = room_of(program)
    args = room.arguments(**size)
    derivative = autograd.grad(room.written_in(autograd.numpy, **size), tuple(range(len(args))))
    return trial(lambda: derivative(*args))


def hessian(program: str, **size: Any) -> Trial:
    """micrograd: the Hessian by all arguments in one vector."""
    from micrograd import hessian

    f, x = of_one_vector(numpy, program, size)
    derivative = hessian(f)
    return trial(lambda: derivative(x))


def hessian_in_torch(program: str, **size: Any) -> Trial:
    """PyTorch: torch.func.hessian."""
    import torch

    room = room_of(program)
    f, x = _joined(room.in_torch(torch, **size), room.arguments(**size))
    derivative = torch.func.hessian(f)
    vector = torch.tensor(x)
    return trial(lambda: derivative(vector))


def hessian_in_jax(program: str, **size: Any) -> Trial:
    """JAX: jit of hessian."""
    import jax

    f, x = of_one_vector(jax.numpy, program, size)
    derivative = jax.jit(jax.hessian(f))
    vector = jax.numpy.asarray(x)
    return trial(lambda: derivative(vector).block_until_ready())


def of_one_vector(np: Any, program: str, size: dict[str, Any]) -> tuple[Any, Any]:
    """A program as a function of one vector that holds all its arguments, and that
    vector.
    """
    room = room_of(program)
    return _joined(room.written_in(np, **size), room.arguments(**size))


def _joined(f: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    """f as a function of one vector that holds all arguments, and that vector."""
    ends = numpy.cumsum([x.size for x in args]).tolist()
    shapes = [x.shape for x in args]

    def of_vector(vector: Any) -> Any:
        parts = [vector[end - x.size : end] for end, x in zip(ends, args, strict=True)]
        return f(*[part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])

    return of_vector, numpy.concatenate([x.ravel() for x in args])
