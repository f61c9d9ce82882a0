"""How to add your own op: a forward function and one rule.

    python examples/custom_op.py

Everything else follows from these two, and a check finds a wrong rule.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from micrograd import Value, check_op, draw, grad, jvp
from micrograd.errors import MicrogradError
from micrograd.op import elementwise
from micrograd.ops import exp


# The rule is dz/dx. It is written in ops, not in NumPy, so that it can be
# differentiated.
@elementwise("log1mexp", lambda z, x: -exp(x - z))
def log1mexp(x: Any) -> Any:
    """log(1 - e^x) for x < 0, elementwise. It is exact where e^x is close to 0 or 1.

    Source: Maechler (2012), "Accurately computing log(1 - exp(-|a|))", R package Rmpfr.
    """
    x = np.asarray(x)
    near = x > -np.log(2.0)
    return np.where(near, np.log(-np.expm1(np.where(near, x, -1.0))), np.log1p(-np.exp(np.where(near, -1.0, x))))


# The same op, with the wrong sign in its rule.
@elementwise("log1mexp", lambda z, x: exp(x - z))
def wrong(x: Any) -> Any:
    """log1mexp with a wrong rule."""
    return log1mexp.forward(x)


def main() -> dict[str, Any]:
    """Use the op, check it, and find the wrong one."""
    x = Value(np.array([-1e-10, -1.0, -50.0]), label="x")
    z = log1mexp(x)
    z.sum().backward()
    print("log(1 - e^x):", z.data)
    print("derivative:  ", x.grad)
    print("naively:     ", np.log(1.0 - np.exp(x.data)))

    # It compares reverse mode, forward mode and second order with finite differences,
    # and runs the rule on shapes alone.
    print("checked:", check_op(log1mexp, np.array([-0.5, -1.0, -5.0])))
    try:
        check_op(wrong, np.array([-0.5, -1.0, -5.0]))
        caught = ""
    except MicrogradError as error:
        caught = str(error)
    print("the wrong one:", caught)

    second = grad(grad(log1mexp))(-1.0)
    _, tangent = jvp(log1mexp, (-1.0,), (1.0,))
    print("second derivative at -1:", second, "| forward mode at -1:", tangent)
    print("it draws itself:", "log1mexp" in draw.draw_dot(z).source)
    return {"z": z.data, "gradient": x.grad, "caught": caught, "second": second, "tangent": tangent}


if __name__ == "__main__":
    main()
