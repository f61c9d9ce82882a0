"""micrograd: automatic differentiation that a learner reads in one sitting and a
professional then keeps.

What is named here is loaded when first used, so `import micrograd` takes no time and
needs no NumPy.
"""

from __future__ import annotations

import functools
import importlib
import os
from typing import Any

import lazy_loader

from micrograd import (
    installed,
    plain,  # which engine runs, decided before it is imported
)

__all__ = [
    "MicrogradError",
    "Symbol",
    "Value",
    "about",
    "check_op",
    "checkpoint",
    "compile",
    "custom_jvp",
    "custom_vjp",
    "demonstrate",
    "detect_anomaly",
    "draw_dot",
    "elementwise_grad",
    "enable_grad",
    "explain",
    "export_js",
    "export_python",
    "grad",
    "gradcheck",
    "grade",
    "hessian",
    "hvp",
    "ieee_gradients",
    "jacobian",
    "jvp",
    "linear_transpose",
    "linearize",
    "no_grad",
    "play",
    "plot_activations",
    "plot_confusion",
    "plot_decision_boundary",
    "plot_function",
    "plot_gradients",
    "plot_loss",
    "plot_surface",
    "scan",
    "scopes",
    "step",
    "to_onnx",
    "topological_order",
    "toposort",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
    "why_grad",
]
__version__ = "1.0.0.dev0"

# The names, and the rooms they come from, stand in __init__.pyi: type checkers read
# that file, and so does this line.
_loaded, _lazy_names, _ = lazy_loader.attach_stub(__name__, __file__)

# Where a name is looked for that stands in another room, and how the room is called
_PLACES = ("scipy", "nn", "nn.losses", "optim", "train", "data", "numpy", "ops", "special")


def __getattr__(name: str) -> Any:
    if name in _lazy_names():
        return _loaded(name)
    if name.startswith("_") or name in _rooms():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from micrograd.ops.hints import FUNCTIONS, elsewhere

    raise elsewhere(__name__, name, FUNCTIONS if name in FUNCTIONS else _found(name))


@functools.cache
def _rooms() -> set[str]:
    """The names of the rooms: `from micrograd import levels` asks for an attribute
    first.
    """
    return {file.partition(".")[0] for file in os.listdir(os.path.dirname(__file__))}


def _found(name: str) -> dict[str, str]:
    """The name as it is called in another room, if one has it."""
    for place in _PLACES:
        if name in importlib.import_module(f"{__name__}.{place}").__all__:
            return {name: f"{__name__}.{place}.{name}"}
    return {}


def __dir__() -> list[str]:
    return sorted({*__all__, *_lazy_names(), *(name for name in globals() if name.startswith("__"))})


def about() -> str:
    """Which micrograd this is, which engine runs, and why; and what is wrong with the
    installation.

    >>> print(about())  # doctest: +ELLIPSIS
    micrograd 1... on Python 3...: the ... engine...
    """
    import platform

    from micrograd import engine

    text = f"micrograd {__version__} on Python {platform.python_version()}: "
    if plain.is_compiled(engine):
        text += "the compiled engine; MICROGRAD_PURE=1 in the environment takes the plain one"
    elif plain.ASKED_FOR:
        text += "the plain engine, because MICROGRAD_PURE is set"
    else:
        text += f"the plain engine, {installed.why_plain()}"
    conflict = installed.conflict()
    return f"{text}\n{conflict}" if conflict else text


installed.warn_of_conflict()
