"""Newton's method on Rosenbrock's valley, where gradient descent is very slow.

    python examples/newton.py --dimensions 10

There are two ways. One computes the whole Hessian. The other computes only products of
the Hessian with vectors (conjugate gradients). Even in a million dimensions, such a
product costs only as much as a few gradients.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from micrograd import grad, hessian, hvp, value_and_grad


def rosenbrock(x: Any) -> Any:
    """A curved valley with the minimum 0 at (1, ..., 1).

    With 4 or more variables it has a second minimum, of about 4, near x[0] = -1.
    """
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def shorter(x: Any, step: Any) -> Any:
    """The step, halved until the function falls enough (Armijo's rule)."""
    value, slope = value_and_grad(rosenbrock)(x)
    while rosenbrock(x + step) > value + 1e-4 * slope @ step and np.abs(step).max() > 1e-12:
        step = step / 2.0
    return step


def newton_step(x: Any) -> Any:
    """Solve Hessian @ step = -gradient.

    A multiple of the identity is added to the Hessian, if it is not positive definite.
    """
    g, H = grad(rosenbrock)(x), hessian(rosenbrock)(x)
    lift = max(0.0, 1e-3 - np.linalg.eigvalsh(H)[0])
    return -np.linalg.solve(H + lift * np.eye(len(x)), g)


def conjugate_gradient_step(x: Any) -> Any:
    """The same step without the Hessian, by conjugate gradients.

    They need only Hessian-vector products. It stops at a direction of negative
    curvature.
    """
    residual = -grad(rosenbrock)(x)
    step, direction, enough = np.zeros_like(x), residual, 1e-6 * np.linalg.norm(residual)
    for _ in range(2 * len(x)):
        product = hvp(rosenbrock, (x,), (direction,))
        curvature = direction @ product
        if curvature <= 0:
            return step if step.any() else residual
        length = residual @ residual / curvature
        step, following = step + length * direction, residual - length * product
        if np.linalg.norm(following) < enough:
            break
        direction = following + (following @ following) / (residual @ residual) * direction
        residual = following
    return step


def minimise(step_of: Any, dimensions: int, most: int = 200) -> tuple[Any, int]:
    """Take steps from the usual start until the gradient is close to 0.

    Returns:
        The point, and the number of steps.
    """
    x = np.tile([-1.2, 1.0], dimensions)[:dimensions]
    for count in range(most):
        if np.abs(grad(rosenbrock)(x)).max() < 1e-9:
            return x, count
        x = x + shorter(x, step_of(x))
    return x, most


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Minimise in both ways, and by gradient descent for comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dimensions", type=int, default=4, help="number of variables (default: %(default)s)")
    dimensions = parser.parse_args(arguments).dimensions
    results: dict[str, Any] = {}
    ways = {"Hessian": newton_step, "products": conjugate_gradient_step, "gradient": lambda x: -grad(rosenbrock)(x)}
    for name, step_of in ways.items():
        x, count = minimise(step_of, dimensions)
        results[name] = (x, count)
        print(f"{name:9} {count:4} steps, f = {rosenbrock(x):.2e}, first coordinate {x[0]:.9f}")
    return results


if __name__ == "__main__":
    main()
