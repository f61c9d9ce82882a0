"""Row 19: Jacobians, Hessians, and gradients of each example: many derivatives at once,
against JAX with jit and PyTorch's function transforms.
"""

from __future__ import annotations

from typing import Any

from benchmarks.contest import compare
from benchmarks.programs import bundle, contestants, hand, perceptron
from benchmarks.row import COMPILED, JAX, OURS, PLAIN, TORCH, Case, Goal, Outcome, Row, Settings, Trial, ratio

JACOBIANS = {"bundle": bundle, "hand": hand, "perceptron": perceptron}

# The program, and its size: as measured, and so small that it only runs.
PROGRAMS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "bundle adjustment, 100 observations": ("bundle", {"n": 100}, {"n": 2}),
    "hand tracking, 26 columns": ("hand", {"n": 100}, {"n": 2}),
    "hessian of a mixture, 30 x 30": ("mixture", {"d": 2, "k": 5, "n": 1000}, {"d": 2, "k": 2, "n": 4}),
    "hessian of k-means, 80 x 80": ("clusters", {"d": 8, "k": 10, "n": 1000}, {"d": 2, "k": 3, "n": 5}),
    "hessian of Rosenbrock, 10 x 10": ("rosenbrock", {"n": 10}, {"n": 3}),
    "MLP 64-64-10, each of 256 examples": (
        "perceptron",
        {"sizes": [64, 64, 10], "batch": 256},
        {"sizes": [3, 4, 2], "batch": 2},
    ),
}


def ours(program: str, **size: Any) -> Trial:
    """micrograd.transforms."""
    return JACOBIANS[program].ours(**size) if program in JACOBIANS else contestants.hessian(program, **size)


def torch(program: str, **size: Any) -> Trial:
    """torch.func."""
    return JACOBIANS[program].torch(**size) if program in JACOBIANS else contestants.hessian_in_torch(program, **size)


def jax(program: str, **size: Any) -> Trial:
    """JAX, with jit."""
    return JACOBIANS[program].jax(**size) if program in JACOBIANS else contestants.hessian_in_jax(program, **size)


JIT = f"{JAX} with jit"
CONTESTANTS = {COMPILED: ours, PLAIN: ours, TORCH: torch, JIT: jax}


def measure(settings: Settings) -> list[Outcome]:
    """All programs."""
    cases = [
        Case(name, {"program": program, **(tiny if settings.small else full)})
        for name, (program, full, tiny) in PROGRAMS.items()
    ]
    return compare("many_derivatives", CONTESTANTS, cases, settings)


def _goals() -> list[Goal]:
    limits = [[(JIT, 3.0)], [(TORCH, 0.8)], *[[(JIT, 3.0), (TORCH, 0.2)]] * 3, [(TORCH, 1.0)]]
    return [
        Goal(f"{name}: at most {most} of {peer}", ratio(OURS, peer, i), at_most=most)
        for i, name in enumerate(PROGRAMS)
        for peer, most in limits[i]
    ]


ROW = Row(19, "Many derivatives at once: Jacobians, Hessians, gradients of each example", measure, _goals())
