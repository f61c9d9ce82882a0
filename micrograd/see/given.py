"""What `explain`, `why_grad` and `topological_order` are given: checked, and each
refusal says what to write; names of parameters in a model.
"""

from __future__ import annotations

import re
from typing import Any

from micrograd.captures import CAPTURES, refuse
from micrograd.engine import Value
from micrograd.errors import ArgumentError, DataError
from micrograd.interpreter import Interpreter
from micrograd.node import data_of
from micrograd.ops.operators import Operators

PATHS_SHOWN = 3  # of the parameters of a model that was given for a Value

EXAMPLES = {
    "explain": "explain(loss, w)",
    "why_grad": "why_grad(w, loss)",
    "topological_order": "topological_order(loss)",
}


def check_value(call: str, name: str, v: Any) -> None:
    """Refuse what is not a Value, and say what to give.

    Args:
        call: the function that was called.
        name: of the argument.
        v: what was given.

    >>> check_value("why_grad", "x", None)
    Traceback (most recent call last):
    micrograd.errors.DataError: why_grad: x is None, not a Value; give a Value of the
    graph, as in why_grad(w, loss)
    """
    if isinstance(v, Value):
        return
    what = f"the text {v!r:.40}" if isinstance(v, str) else kind_of(v)
    raise DataError(f"{call}: {name} is {what}, not a Value; {_repair(call, name, v)}")


def check_numbers(call: str, name: str, v: Any) -> None:
    """Refuse what is not a Value of plain numbers: see `check_value`."""
    check_value(call, name, v)
    if CAPTURES:
        refuse(v, f"{call}()")
    if isinstance(data_of(v), Interpreter) or v._is_of_transform:
        raise DataError(
            f"{call}: {name} has no plain numbers: it is inside a transform, or a Symbol; "
            f"call {call}() outside of it, on Values of numbers"
        )


def paths_in(call: str, model: Any) -> dict[Any, str]:
    """The paths of the parameters of a model, such as "layers.0.neurons.1.w.0".

    Args:
        call: the function that was called.
        model: a Module; None for no names.

    Raises:
        ArgumentError: it is not a Module.
    """
    if model is None:
        return {}
    if isinstance(model, type):
        name = model.__name__
        raise ArgumentError(f"{call}: model is the class {name}; give the model that you made, as in model = {name}()")
    if not hasattr(model, "named_parameters"):
        repair = "give a Module, such as an MLP"
        if hasattr(model, "parameters"):
            repair = f"make its class a Module, as in class {type(model).__name__}(micrograd.nn.Module)"
        raise ArgumentError(f"{call}: model is {kind_of(model)} without named_parameters(); {repair}")
    return {parameter: path for path, parameter in model.named_parameters()}


def called(label: str, path: str) -> str:
    """The label of a parameter, or its path where it has none.

    Modules give labels too, which are the end of the path.

    >>> called("w", ""), called("", "layers.0.w.0"), called("weight", "layers.0.weight")
    ('w', 'layers.0.w.0', 'layers.0.weight')
    """
    return path if not label or path.endswith(f".{label}") else label


def kind_of(v: Any) -> str:
    """What a thing is, in a sentence.

    >>> kind_of(3.0), kind_of(int), kind_of(None)
    ('a float', 'the class int', 'None')
    """
    if isinstance(v, type):
        return f"the class {v.__name__}"
    if v is None:
        return "None"
    name = type(v).__name__
    is_spelled = name.isupper()  # an MLP, an RNN
    return f"{'an' if name[0] in ('AEFHILMNORSX' if is_spelled else 'aeiouAEIO') else 'a'} {name}"


def _repair(call: str, name: str, v: Any) -> str:
    example = EXAMPLES[call]
    is_x = name == "x"
    if isinstance(v, str):
        return f"a label is only a name:\ngive the Value itself, as in {example}"
    if not isinstance(v, type) and hasattr(v, "named_parameters"):
        return _choice(example, v) if is_x else f"give what it returns, or the loss made of that, as in {example}"
    if isinstance(v, (list, tuple, dict, set)):
        return f"give one Value of it at a time, as in {example}"
    if is_x and not isinstance(v, (type, Operators)) and v is not None:
        return f"give the Value itself, not its .data, as in {example}"
    return f"give a Value of the graph, as in {example}"


def _choice(example: str, model: Any) -> str:
    """The parameters of a model, of which one is to be given."""
    named = list(model.named_parameters())
    if not named:
        return f"it has no parameters; give a Value of the graph, as in {example}"
    paths = [path for path, _ in named[:PATHS_SHOWN]]
    more = f" and {len(named) - PATHS_SHOWN} more" if len(named) > PATHS_SHOWN else ""
    expression = _expression(model, *named[0])
    one = re.sub(r"\bw\b", lambda _: expression, example)
    return f"give one of its parameters, as in {one};\nthere are {', '.join(paths)}{more}"


def _expression(model: Any, path: str, parameter: Any) -> str:
    """Python that gives a parameter: `model.layers[0].w`."""
    at, text = model, "model"
    try:
        for part in path.split("."):
            at, text = (at[int(part)], f"{text}[{part}]") if part.isdigit() else (getattr(at, part), f"{text}.{part}")
    except (AttributeError, LookupError, TypeError):
        at = None
    return text if at is parameter else f"dict(model.named_parameters())[{path!r}]"
