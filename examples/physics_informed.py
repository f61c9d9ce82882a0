"""A physics-informed network: a few noisy readings, and the law of motion for the rest.

    python examples/physics_informed.py --picture physics_informed.png

A mass on a spring swings, and friction brings it to rest:

    x'' + mu x' + k x = 0,  x(0) = 1,  x'(0) = 0

A sensor reads x in the first third of the time only, and nobody knows the friction mu.
A network x(t) fitted to the readings knows nothing of later times. The physics-informed
network also has to obey the law, at points in all of the time. There its first and
second derivatives by t are computed by `jvp`, one in the other. Both losses are sums of
squares, so `least_squares` fits them; its parameters are a tree: the network and the
friction.

Source: Raissi, Perdikaris, Karniadakis (2019), doi:10.1016/j.jcp.2018.10.045.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from micrograd import jvp
from micrograd.nn import Linear, Sequential, Tanh
from micrograd.scipy import least_squares

FRICTION, STIFFNESS = 3.0, 225.0  # per second, per second squared; the mass is 1 kg
NOISE = 0.03  # standard deviation of a reading


def exact(t: Any) -> Any:
    """The solution: an oscillation that dies away."""
    decay = FRICTION / 2.0
    omega = np.sqrt(STIFFNESS - decay**2)
    return np.exp(-decay * t) * (np.cos(omega * t) + decay / omega * np.sin(omega * t))


def network(width: int, rng: np.random.Generator) -> Sequential:
    """A function of time, smooth, as its second derivative is needed."""
    return Sequential(
        Linear(1, width, rng=rng), Tanh(), Linear(width, width, rng=rng), Tanh(), Linear(width, 1, rng=rng)
    )


def motion(net: Any, t: Any) -> tuple[Any, Any, Any]:
    """Position, velocity and acceleration of the network at the times t."""
    along = np.ones_like(t)

    def velocity(t: Any) -> Any:
        return jvp(net, (t,), (along,))[1]

    return net(t), *jvp(velocity, (t,), (along,))


def law(params: Any, t: Any) -> Any:
    """What is left of the law of motion at the times t, relative to the spring."""
    x, v, a = motion(params["net"], t)
    return (a + params["friction"] * v + STIFFNESS * x) / STIFFNESS


def draw(path: str, t: Any, y: Any, plain: Any, informed: Any, friction: float) -> None:
    """Both networks against the solution; below, how far they are off."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1])
    dense = np.linspace(0.0, 1.0, 400)
    above.axvspan(0.0, t.max(), color="0.5", alpha=0.12, lw=0)
    above.plot(dense, exact(dense), color="0.75", lw=5, label="exact solution")
    above.errorbar(t[:, 0], y[:, 0], NOISE, fmt="ko", ms=4, capsize=2, label="readings", zorder=3)
    names = ("network, readings only", "network, readings and law")
    for net, colour, name in zip((plain, informed), ("C1", "C0"), names, strict=True):
        x = net(dense[:, None]).data[:, 0]
        above.plot(dense, x, colour, lw=1.8, label=name)
        below.semilogy(dense, np.abs(x - exact(dense)), colour, lw=1.5)
    above.set(ylabel="position", ylim=(-1.6, 1.5), title="A damped oscillator, from its first third and its law")
    above.text(0.18, 1.3, "where the sensor reads", ha="center")
    above.text(1.0, 1.3, f"friction: found {friction:.2f}, true {FRICTION:.2f}", ha="right")
    above.legend(frameon=False, ncols=2, loc="lower right")
    below.axhline(NOISE, color="k", ls=":", lw=1)
    below.text(1.0, NOISE * 1.2, "noise of a reading", ha="right", va="bottom", fontsize="small")
    below.set(xlabel="time (s)", ylabel="error", xlim=(0.0, 1.0), ylim=(1e-4, 10.0))
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Fit both networks, print how far they are off, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", default="physics_informed.png", help="the picture")
    parser.add_argument("--steps", type=int, default=150, help="steps of least squares, at most")
    parser.add_argument("--small", action="store_true", help="a quick run, for tests")
    options = parser.parse_args()
    width, points, steps = (8, 20, 10) if options.small else (16, 40, options.steps)

    rng = np.random.default_rng(0)
    start = network(width, rng)
    t = np.linspace(0.0, 0.36, 12)[:, None]
    y = exact(t) + NOISE * rng.normal(size=t.shape)
    everywhere = np.linspace(0.0, 1.0, points)[:, None]

    def off(net: Any) -> Any:
        return (net(t) - y).reshape(-1) / NOISE

    def residuals(params: Any) -> list[Any]:
        return [off(params["net"]), law(params, everywhere).reshape(-1) / NOISE]

    plain = least_squares(off, start, max_nfev=steps)
    informed = least_squares(residuals, {"net": start, "friction": 1.0}, max_nfev=steps)
    friction = informed.x["friction"]
    dense = np.linspace(0.0, 1.0, 400)[:, None]
    for name, net in (("readings only", plain.x), ("readings and law", informed.x["net"])):
        print(f"{name:>16}: largest error {np.abs(net(dense).data - exact(dense)).max():.3f}")
    print(f"sum of squares {2.0 * informed.cost:.2f} after {informed.nfev} steps")
    print(f"friction: found {friction:.3f}, true {FRICTION:.3f}")
    draw(options.picture, t, y, plain.x, informed.x["net"], friction)
    print("picture:", options.picture)


if __name__ == "__main__":
    main()
