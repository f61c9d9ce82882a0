"""Clipping: gradients whose norm, or whose numbers, are kept within a limit.

`clip` and `clip_values` are rules, for `chain`. `clip_grad_norm_` and
`clip_grad_value_` change the gradients of parameters before a step, as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from micrograd import gathering
from micrograd import on_demand as np
from micrograd.captures import current
from micrograd.engine import Value
from micrograd.errors import CaptureError, DataError, GradientError
from micrograd.gradients import has_grad
from micrograd.interpreter import Interpreter, shape_of
from micrograd.node import data_of, set_grad
from micrograd.optim.options import number
from micrograd.optim.rule import Array, Rule, State, elementwise


def clip(max_norm: float, norm_type: float = 2.0) -> Rule:
    """A rule that scales all gradients by one factor, so that their norm is at most
    max_norm.

    g = g min(1, max_norm / (|g| + 1e-6)), with |g| over the gradients of all parameters

    Args:
        max_norm: the largest norm.
        norm_type: 2, or another power, or infinity for the largest absolute value.

    Raises:
        ArgumentError: max_norm or norm_type is out of range.

    >>> rule = clip(1.0)
    >>> updates, _ = rule.update([3.0, 4.0], rule.init([0.0, 0.0]))
    >>> [round(u, 4) for u in updates]
    [0.6, 0.8]
    """
    max_norm = number("clip", "max_norm", max_norm, least=0.0)
    norm_type = number("clip", "norm_type", norm_type, above=0.0)

    def move_all(gradients: list[Array], states: list[State], params: list[Array]) -> tuple[list[Array], list[State]]:
        factor = factor_of(norm_of(gradients, norm_type), max_norm)
        return [g * factor for g in gradients], states

    return Rule("clip", lambda x: {}, move_all, reads=False, joins=True)


def factor_of(norm: float, max_norm: float) -> float:
    """The factor that brings a norm down to max_norm: at most 1, and nan for nan."""
    factor = max_norm / (norm + 1e-6)
    if isinstance(factor, Interpreter):
        return np.minimum(factor, 1.0)  # type: ignore[no-any-return]
    return 1.0 if factor > 1.0 else factor


def norm_of(gradients: list[Array], norm_type: float = 2.0) -> Any:
    """The norm of all gradients together; 0 for none.

    >>> norm_of([3.0, np.array([4.0])])
    5.0
    """
    gradients = [g for g in gradients if 0 not in shape_of(g)]
    if not gradients:
        return 0.0
    if norm_type == math.inf:
        return max(_plain(np.max(np.abs(g))) for g in gradients)
    if norm_type == 2.0:
        return _plain(
            np.sqrt(sum(_plain(np.vdot(g, g) if type(g) is np.ndarray else np.sum(g * g)) for g in gradients))
        )
    return _plain(sum(_plain(np.sum(np.abs(g) ** norm_type)) for g in gradients) ** (1.0 / norm_type))


def _plain(x: Any) -> Any:
    """A number as a float of Python, which changes no dtype; a Value as it is."""
    return x if isinstance(x, Interpreter) else float(x)


def clip_values(limit: float) -> Rule:
    """A rule that keeps each number of the gradients between -limit and limit.

    Raises:
        ArgumentError: limit is negative.

    >>> rule = clip_values(1.0)
    >>> rule.update([3.0, -0.5], rule.init([0.0, 0.0]))[0]
    [1.0, -0.5]
    """
    limit = number("clip_values", "limit", limit, least=0.0)

    def move(g: Array, state: State, x: Array) -> tuple[Array, State]:
        return np.clip(g, -limit, limit), state

    return elementwise("clip_values", lambda x: {}, move)


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale the gradients by one factor, so that their norm is at most max_norm.

    A norm that is not finite leaves gradients that are not: they are not hidden.

    Args:
        parameters: a Value or several; those without a gradient are left out.
        max_norm: the largest norm of all gradients together.
        norm_type: 2, or another power, or infinity for the largest absolute value.
        error_if_nonfinite: refuse a norm of nan or infinity.

    Returns:
        The norm before.

    Raises:
        ArgumentError: max_norm or norm_type is out of range.
        GradientError: the norm is nan or infinite, and error_if_nonfinite is set.

    Source: Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> clip_grad_norm_([x], max_norm=1.0)
    6.0
    >>> round(x.grad, 5)
    1.0
    """
    max_norm = number("clip_grad_norm_", "max_norm", max_norm, least=0.0)
    norm_type = number("clip_grad_norm_", "norm_type", norm_type, above=0.0)
    reached = _reached("clip_grad_norm_", parameters)
    if current() is not None:
        return _clip_followed(reached, max_norm, norm_type, error_if_nonfinite)  # type: ignore[no-any-return]
    gradients = gathering.gradients_of(reached)
    norm: float = norm_of(gradients, norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise GradientError(
            f"clip_grad_norm_: the norm of the gradients is {norm}; find out where with micrograd.detect_anomaly()"
        )
    factor = factor_of(norm, max_norm)
    if factor != 1.0:
        for p, g in zip(reached, gradients, strict=True):
            _put(p, g * factor)
    return norm


def clip_grad_value_(parameters: Any, clip_value: float) -> None:
    """Keep each number of the gradients between -clip_value and clip_value.

    Args:
        parameters: a Value or several; those without a gradient are left out.
        clip_value: the largest absolute value.

    Raises:
        ArgumentError: clip_value is negative.

    >>> x = Value(3.0)
    >>> (x * x).backward()
    >>> clip_grad_value_([x], 0.5)
    >>> x.grad
    0.5
    """
    clip_value = number("clip_grad_value_", "clip_value", clip_value, least=0.0)
    reached = _reached("clip_grad_value_", parameters)
    given = gathering.gradients_of(reached) if current() is None else [p.grad for p in reached]
    for p, g in zip(reached, given, strict=True):
        _put(p, np.clip(g, -clip_value, clip_value))


def _clip_followed(reached: list[Value], max_norm: float, norm_type: float, error_if_nonfinite: bool) -> Any:
    """`clip_grad_norm_` while a function is captured: of numbers that it follows."""
    if error_if_nonfinite:
        raise CaptureError("clip_grad_norm_: error_if_nonfinite=True is a branch on a number; return the norm instead")
    gradients = [p.grad for p in reached]
    norm = norm_of(gradients, norm_type)
    factor = factor_of(norm, max_norm)
    for p, g in zip(reached, gradients, strict=True):
        _put(p, g * factor)
    return norm


def _reached(name: str, parameters: Any) -> list[Value]:
    """The parameters that have a gradient, each once."""
    given = [parameters] if isinstance(parameters, Value) else parameters
    if not isinstance(given, Iterable):
        raise DataError(f"{name}: {given!r} are not parameters; give Values, such as model.parameters()")
    found = {}
    for p in given:
        if not isinstance(p, Value):
            raise DataError(f"{name}: {type(p).__name__} is not a Value; give Values, such as model.parameters()")
        found[id(p)] = p
    return [p for p in found.values() if has_grad(p)]


def _put(p: Value, g: Array) -> None:
    """Let g be the gradient, even if it is 0, which by assignment means none."""
    if current() is not None:
        p.grad = g
        if not has_grad(p):
            set_grad(p, 0.0 * data_of(p))
        return
    if isinstance(g, np.ndarray) and isinstance(p.grad, np.ndarray):
        p.grad[...] = g
    else:
        p.grad = g if p.shape else np.asarray(g)
