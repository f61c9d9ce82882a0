"""Row 29: gradients, Jacobians and Hessians of the programs of rows 18 and 19, by
`micrograd.compile`, against our own eager engine and JAX's jit.
"""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks import many_derivatives
from benchmarks.contest import compare
from benchmarks.many_derivatives import JACOBIANS
from benchmarks.numpy_programs import PROGRAMS
from benchmarks.programs import contestants
from benchmarks.programs.contestants import room_of, trial
from benchmarks.row import BY_COMPILE, COMPILED, JAX, Case, Goal, Outcome, Row, Settings, Trial, ratio

HESSIANS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Hessian, mixture": ("mixture", {"d": 2, "k": 5, "n": 1000}, {"d": 2, "k": 2, "n": 3}),
    "Hessian, clusters": ("clusters", {"d": 8, "k": 10, "n": 1000}, {"d": 2, "k": 3, "n": 5}),
    "Hessian, Rosenbrock": ("rosenbrock", {"n": 10}, {"n": 3}),
}
OTHERS = {name: given for name, given in many_derivatives.PROGRAMS.items() if given[0] in JACOBIANS}
MOST, NEAR = 1.5, 9


def compiled(program: str, degree: int, **size: Any) -> Trial:
    """micrograd.compile of the derivative."""
    import micrograd

    if program in JACOBIANS:
        jacobian: Trial = JACOBIANS[program].ours(**size, by=micrograd.compile)
        return jacobian
    if degree == 2:
        f, x = contestants.of_one_vector(numpy, program, size)
        second = micrograd.compile(micrograd.hessian(f))
        return trial(lambda: second(x))
    room = room_of(program)
    args = room.arguments(**size)
    first = micrograd.compile(micrograd.grad(room.written_in(numpy, **size), tuple(range(len(args)))))
    return trial(lambda: first(*args))


def eager(program: str, degree: int, **size: Any) -> Trial:
    """Our own engine."""
    if program in JACOBIANS:
        jacobian: Trial = JACOBIANS[program].ours(**size)
        return jacobian
    return contestants.hessian(program, **size) if degree == 2 else contestants.gradient(numpy, program, **size)


def jax(program: str, degree: int, **size: Any) -> Trial:
    """JAX's jit."""
    import jax

    if program in JACOBIANS:
        jacobian: Trial = JACOBIANS[program].jax(**size)
        return jacobian
    if degree == 2:
        return contestants.hessian_in_jax(program, **size)
    room = room_of(program)
    args = [jax.tree.map(jax.numpy.asarray, x) for x in room.arguments(**size)]
    f = room.in_jax(jax, **size) if hasattr(room, "in_jax") else room.written_in(jax.numpy, **size)
    fast = jax.jit(jax.grad(f, tuple(range(len(args)))))
    return trial(lambda: jax.block_until_ready(fast(*args)))


CONTESTANTS = {BY_COMPILE: compiled, COMPILED: eager, JAX: jax}


def cases(small: bool) -> list[Case]:
    """One per program."""
    made = []
    for degree, programs in ((1, PROGRAMS), (2, HESSIANS), (1, OTHERS)):
        for name, (program, full, tiny) in programs.items():
            made.append(Case(name, {"program": program, "degree": degree, **(tiny if small else full)}))
    return made


def measure(settings: Settings) -> list[Outcome]:
    """All programs."""
    return compare("compiled_programs", CONTESTANTS, cases(settings.small), settings, rounds=min(settings.rounds, 5))


def _near(outcomes: list[Outcome]) -> float | None:
    ratios = [outcome.ratio(BY_COMPILE, JAX) for outcome in outcomes]
    known = [r for r in ratios if r is not None]
    return float(sum(r <= MOST for r in known)) if known else None


def _goals() -> list[Goal]:
    names = [*PROGRAMS, *HESSIANS]
    goals = [Goal(f"at most {MOST} times JAX's jit on at least {NEAR} programs", _near, at_least=NEAR)]
    for name in names:
        if PROGRAMS.get(name, ("",))[0] in ("diagonal_lstm", "series", "minors"):
            measured = ratio(COMPILED, BY_COMPILE, names.index(name))
            goals.append(Goal(f"{name}: our eager engine takes at least 30 times as long", measured, at_least=30.0))
    return goals


ROW = Row(29, "Gradients, Jacobians and Hessians of programs written in NumPy, by micrograd.compile", measure, _goals())
