"""Plots of trainings, functions and models: each takes `ax=` and gives axes of
Matplotlib, which is the extra `plot`. docs/plots.md has a picture of each.
"""

from __future__ import annotations

from micrograd.plots.activations import plot_activations
from micrograd.plots.boundaries import plot_decision_boundary
from micrograd.plots.confusion import plot_confusion
from micrograd.plots.curves import plot_loss
from micrograd.plots.functions import plot_function
from micrograd.plots.gradients import plot_gradients
from micrograd.plots.surfaces import plot_surface

__all__ = [
    "plot_activations",
    "plot_confusion",
    "plot_decision_boundary",
    "plot_function",
    "plot_gradients",
    "plot_loss",
    "plot_surface",
]
