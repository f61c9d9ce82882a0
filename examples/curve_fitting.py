"""A curve fitted to readings of two thermometers: error bars and a confidence band.

    python examples/curve_fitting.py --picture curve_fitting.png

Coffee cools. A good and a poor thermometer take turns, and `sigma=` says how far off
each may be. `curve_fit` gives the parameters, and their covariance C from exact
derivatives of the model. Derivatives also carry it on to the curve, whose variance is j
C j^T, where j holds the slopes by the parameters at a time t: that is the band. To see
whether the error bars are true, the program then measures many such cups.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from micrograd import jacobian
from micrograd.scipy import curve_fit

NAMES = ("room", "excess", "time")
UNITS = ("°C", "°C", "min")
TRUTH = np.array([21.0, 67.0, 18.0])  # degrees Celsius, degrees, minutes
GOOD, POOR = 1.2, 4.0  # standard deviations of the thermometers, degrees


def temperature(t: Any, room: Any, excess: Any, time: Any) -> Any:
    """Newton's law of cooling, in degrees Celsius.

    Args:
        t: minutes since the cup was filled.
        room: the temperature of the room, degrees Celsius.
        excess: how much hotter the coffee was at first, degrees.
        time: minutes in which the excess falls by the factor e.
    """
    return room + excess * np.exp(-t / time)


def readings(count: int, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Minutes, temperatures, and their standard deviations."""
    t = np.linspace(1.0, 45.0, count)
    sigma = np.where(np.arange(count) % 2 == 0, GOOD, POOR)
    return t, temperature(t, *TRUTH) + sigma * rng.normal(size=count), sigma


def fitted(t: Any, y: Any, sigma: Any) -> tuple[Any, Any]:
    """The parameters and their covariance; sigma is in degrees, so it is absolute."""
    popt, pcov = curve_fit(temperature, t, y, p0=(20.0, 50.0, 10.0), sigma=sigma, absolute_sigma=True)
    return popt, pcov


def band(t: Any, popt: Any, pcov: Any) -> Any:
    """The standard error of the curve at each t, by the chain rule."""
    slopes = jacobian(lambda p: temperature(t, *p))(popt)
    return np.sqrt(np.einsum("ti,ij,tj->t", slopes, pcov, slopes))


def share_inside(repeats: int, count: int, rng: np.random.Generator) -> Any:
    """How often the truth is within one standard error, for each parameter."""
    inside = []
    for _ in range(repeats):
        popt, pcov = fitted(*readings(count, rng))
        inside.append(np.abs(popt - TRUTH) < np.sqrt(np.diag(pcov)))
    return np.mean(inside, axis=0)


def draw(path: str, t: Any, y: Any, sigma: Any, popt: Any, pcov: Any) -> None:
    """Data, curve and band above; below, how far the data are off, in their sigmas."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 5.5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    dense = np.linspace(0.0, 60.0, 300)
    curve, error = temperature(dense, *popt), band(dense, popt, pcov)
    above.fill_between(
        dense, curve - 1.96 * error, curve + 1.96 * error, color="C0", alpha=0.25, lw=0, label="95 % confidence"
    )
    above.plot(dense, curve, "C0", label="fit")
    above.plot(dense, temperature(dense, *TRUTH), "k--", lw=1, label="truth")
    for scale, colour, name in ((GOOD, "C3", "good thermometer"), (POOR, "C1", "poor thermometer")):
        mine = sigma == scale
        look = {"fmt": "o", "color": colour, "ms": 4, "capsize": 2}
        above.errorbar(t[mine], y[mine], sigma[mine], label=name, **look)
        below.errorbar(t[mine], ((y - temperature(t, *popt)) / sigma)[mine], 1.0, **look)
    errors = np.sqrt(np.diag(pcov))
    rows = zip(NAMES, popt, errors, UNITS, strict=True)
    lines = [f"{name:>6} = {p:.1f} ± {error:.1f} {unit}" for name, p, error, unit in rows]
    above.text(0.03, 0.05, "\n".join(lines), transform=above.transAxes, family="monospace")
    above.set(ylabel="temperature (°C)", title="Cooling coffee, two thermometers")
    above.legend(frameon=False)
    below.axhspan(-1, 1, color="0.5", alpha=0.2, lw=0)
    below.axhline(0.0, color="C0", lw=1)
    below.set(xlabel="time (minutes)", ylabel="off by (σ)", xlim=(0.0, 60.0))
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Fit, print, repeat, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", default="curve_fitting.png", help="the picture")
    parser.add_argument("--repeats", type=int, default=1000, help="how many cups to measure")
    parser.add_argument("--small", action="store_true", help="a quick run, for tests")
    options = parser.parse_args()

    rng = np.random.default_rng(5)
    t, y, sigma = readings(18, rng)
    popt, pcov = fitted(t, y, sigma)
    shares = share_inside(40 if options.small else options.repeats, 18, rng)
    for name, p, error, truth, share in zip(NAMES, popt, np.sqrt(np.diag(pcov)), TRUTH, shares, strict=True):
        print(f"{name:>6} {p:6.2f} +- {error:.2f}   truth {truth:5.2f}   within one error: {share:4.0%} of cups")
    chi2 = np.sum(((y - temperature(t, *popt)) / sigma) ** 2)
    print(f"chi-squared {chi2:.1f} for {t.size - popt.size} degrees of freedom; one error should hold 68% of cups")
    draw(options.picture, t, y, sigma, popt, pcov)
    print("picture:", options.picture)


if __name__ == "__main__":
    main()
