"""micrograd: automatic differentiation that a learner reads in one sitting and a
professional then keeps.

What is named here is loaded when first used, so `import micrograd` takes no time and
needs no NumPy.
"""

from __future__ import annotations

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
    "detect_anomaly",
    "draw_dot",
    "elementwise_grad",
    "enable_grad",
    "grad",
    "gradcheck",
    "hessian",
    "hvp",
    "ieee_gradients",
    "jacobian",
    "jvp",
    "linear_transpose",
    "linearize",
    "no_grad",
    "scan",
    "toposort",
    "trace",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]
__version__ = "1.0.0.dev0"

# The names, and the rooms they come from, stand in __init__.pyi: type checkers read
# that file, and so does this line.
__getattr__, _lazy_names, _ = lazy_loader.attach_stub(__name__, __file__)


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
