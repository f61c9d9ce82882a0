"""A neural ODE: the law of a spiral, learned from noisy points along it.

    python examples/neural_ode.py --picture neural_ode.png

A network f gives the velocity at each place: dy/dt = f(y). The Runge-Kutta method of
order 4 follows it from the points that were seen, and the loss is how far it comes from
the points that follow: first over short pieces, then over long ones. `backward()` goes
back through every step of it to the parameters of f. At last the path is followed for
half as long again as was seen, and from a new start.

Source: Chen, Rubanova, Bettencourt, Duvenaud (2018), arXiv:1806.07366.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from micrograd import no_grad
from micrograd.nn import Linear, Sequential, Tanh
from micrograd.optim import Adam
from micrograd.scipy import odeint

MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])  # the true law: dy/dt = MATRIX y
STEP = 0.1  # seconds
SEEN, AHEAD, ELSEWHERE = 100, 50, 60  # steps
SHORT, LONG = 10, 30  # steps of the pieces that the loss follows
NOISE = 0.04  # standard deviation of a point


def true_law(y: Any) -> Any:
    """The velocity at y, an array of shape (..., 2)."""
    return y @ MATRIX.T


def path(f: Callable[[Any], Any], y: Any, count: int, dt: float = STEP) -> Any:
    """The places after 0, 1, ... steps of the Runge-Kutta method of order 4."""
    return odeint(lambda t, y: f(y), y, dt * np.arange(count + 1.0), method="rk4")


def loss_of(net: Any, points: Any, starts: Any, length: int) -> Any:
    """The mean square of how far paths of some steps from the points are off."""
    places = path(net, points[starts], length)
    return ((places[1:] - points[starts + np.arange(1, length + 1)[:, None]]) ** 2).mean()


def train(net: Any, points: Any, epochs: int) -> list[float]:
    """Adam, with a rate that falls along a cosine; the losses."""
    optimizer, losses = Adam(net.parameters()), []
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = 0.01 * (1.0 + math.cos(math.pi * epoch / epochs))
        length = SHORT if epoch < 0.6 * epochs else LONG
        loss = loss_of(net, points, np.arange(0, len(points) - length, length // 10), length)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    return losses


def followed(net: Any, start: Any, count: int, dt: float = STEP) -> Any:
    """The path of the network as an array of shape (count + 1, 2)."""
    with no_grad():
        return path(lambda y: net(y).data, start, count, dt)


def draw(out: str, net: Any, points: Any, truth: Any, learned: Any, start: Any) -> None:
    """The learned law as a flow, with the paths; the coordinates over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    plane, times = figure.subplots(1, 2, width_ratios=[1, 1.1])
    side = np.linspace(-2.3, 2.3, 25)
    grid = np.stack(np.meshgrid(side, side), axis=-1)
    with no_grad():
        flow = net(grid).data
    plane.streamplot(side, side, flow[..., 0], flow[..., 1], color="0.85", linewidth=0.7, arrowsize=0.7)
    plane.plot(*points.T, "k.", ms=4, label="points seen")
    plane.plot(*followed(net, truth[0], 4 * SEEN, STEP / 4).T, "C0", lw=1.5, label="learned path")
    dense = path(true_law, start, 4 * ELSEWHERE, STEP / 4)
    plane.plot(*dense.T, color="0.6", lw=5, alpha=0.7, label="true path, new start")
    plane.plot(*followed(net, start, 4 * ELSEWHERE, STEP / 4).T, "C3", lw=1.5, label="learned path, new start")
    plane.plot(*start, "C3o", ms=6)
    plane.set(aspect="equal", xlabel="$y_1$", ylabel="$y_2$", xlim=(-2.3, 2.3), ylim=(-2.3, 3.3))
    plane.set_title("The learned law: arrows of dy/dt")
    clock = STEP * np.arange(len(truth))
    for i, colour in enumerate(("C0", "C1")):
        times.plot(clock, truth[:, i], color="0.75", lw=5, label="truth" if i == 0 else None)
        times.plot(clock[: len(points)], points[:, i], ".", color="k", ms=3, label="points seen" if i == 0 else None)
        times.plot(clock, learned[:, i], colour, lw=1.5, label=f"learned $y_{i + 1}$")
    times.axvspan(STEP * SEEN, clock[-1], color="0.5", alpha=0.12, lw=0)
    times.text(STEP * SEEN + 0.15, 2.15, "never seen", va="top")
    times.set(xlabel="time (s)", ylim=(-2.3, 3.0), xlim=(0.0, clock[-1]), title="The path over time")
    times.legend(frameon=False, ncols=2, loc="upper left", fontsize="small")
    plane.legend(loc="upper center", ncols=2, fontsize="small", framealpha=1.0, edgecolor="none", borderpad=0.2)
    times.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, dpi=150)


def main() -> None:
    """Learn the law, follow it further, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", default="neural_ode.png", help="the picture")
    parser.add_argument("--epochs", type=int, default=500, help="steps of Adam")
    parser.add_argument("--small", action="store_true", help="a quick run, for tests")
    options = parser.parse_args()

    rng = np.random.default_rng(0)
    truth = path(true_law, np.array([2.0, 0.0]), SEEN + AHEAD)
    points = truth[: SEEN + 1] + NOISE * rng.normal(size=(SEEN + 1, 2))
    net = Sequential(Linear(2, 32, rng=rng), Tanh(), Linear(32, 2, rng=rng))
    losses = train(net, points, 40 if options.small else options.epochs)
    print(f"loss: {losses[0]:.4f} at first, {losses[-1]:.5f} in the end; noise alone gives {2 * NOISE**2:.5f}")

    learned = followed(net, truth[0], SEEN + AHEAD)
    errors = np.abs(learned - truth)
    print(
        f"largest error of the path: {errors[: SEEN + 1].max():.3f} where it was seen, {errors[SEEN:].max():.3f} beyond"
    )
    start = np.array([0.0, -1.2])
    error = np.abs(followed(net, start, ELSEWHERE) - path(true_law, start, ELSEWHERE)).max()
    print(f"largest error from a new start: {error:.3f}")
    draw(options.picture, net, points, truth, learned, start)
    print("picture:", options.picture)


if __name__ == "__main__":
    main()
