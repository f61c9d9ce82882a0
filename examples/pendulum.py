"""A double pendulum: its motion is computed from derivatives of its energies.

    python examples/pendulum.py --seconds 10

The Lagrangian is L(q, v) = kinetic energy - potential energy. Lagrange's equation is
d/dt dL/dv = dL/dq. With the chain rule it gives an equation for the acceleration a:

    (d2L/dv2) a  =  dL/dq - (d2L/dq dv) v

It needs three transforms: `hessian` in v, `grad` in q, and `jvp` of `grad` along v.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from micrograd import grad, hessian, jvp

GRAVITY = 9.81  # metres per second squared; both masses 1 kg, both rods 1 m


def kinetic(q: Any, v: Any) -> Any:
    """Kinetic energy in joules.

    Args:
        q: angles in radians.
        v: angular velocities in radians per second.
    """
    return v[0] ** 2 + 0.5 * v[1] ** 2 + v[0] * v[1] * np.cos(q[0] - q[1])


def potential(q: Any) -> Any:
    """Potential energy in joules."""
    return -GRAVITY * (2.0 * np.cos(q[0]) + np.cos(q[1]))


def lagrangian(q: Any, v: Any) -> Any:
    """Kinetic minus potential energy."""
    return kinetic(q, v) - potential(q)


def acceleration(q: Any, v: Any) -> Any:
    """Angular accelerations, by Lagrange's equation."""
    mass = hessian(lambda v: lagrangian(q, v))(v)
    force = grad(lagrangian, argnums=0)(q, v)
    _, turned = jvp(lambda q: grad(lagrangian, argnums=1)(q, v), (q,), (v,))
    return np.linalg.solve(mass, force - turned)


def step(q: Any, v: Any, dt: float) -> tuple[Any, Any]:
    """One step of the Runge-Kutta method of order 4."""
    v1, a1 = v, acceleration(q, v)
    v2, a2 = v + dt / 2 * a1, acceleration(q + dt / 2 * v1, v + dt / 2 * a1)
    v3, a3 = v + dt / 2 * a2, acceleration(q + dt / 2 * v2, v + dt / 2 * a2)
    v4, a4 = v + dt * a3, acceleration(q + dt * v3, v + dt * a3)
    return q + dt / 6 * (v1 + 2 * v2 + 2 * v3 + v4), v + dt / 6 * (a1 + 2 * a2 + 2 * a3 + a4)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Let the pendulum swing, and check that its energy does not change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="how long it swings (default: %(default)s)")
    parser.add_argument("--dt", type=float, default=0.01, help="length of a step in seconds (default: %(default)s)")
    options = parser.parse_args(arguments)
    q, v = np.array([2.0, 1.0]), np.zeros(2)
    energies = [kinetic(q, v) + potential(q)]
    for _ in range(round(options.seconds / options.dt)):
        q, v = step(q, v, options.dt)
        energies.append(kinetic(q, v) + potential(q))
    drift = max(abs(e - energies[0]) for e in energies)
    print(f"after {options.seconds} s: angles {q[0]:.6f} and {q[1]:.6f} radians")
    print(f"energy {energies[0]:.6f} J, at most {drift:.1e} J off")
    return {"q": q, "drift": drift}


if __name__ == "__main__":
    main()
