"""The command line: `python -m benchmarks --help` lists what it takes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import (
    adam_arrays,
    adam_scalars,
    before_after,
    characters,
    compiled_arrays,
    compiled_chain,
    compiled_mlp,
    compiled_moons,
    compiled_programs,
    compiled_transformer,
    derivatives,
    digits_mlp,
    estimators,
    first_call,
    fitting,
    fixed_cost,
    footprint,
    loops,
    lstm,
    machine,
    many_derivatives,
    mlp,
    moons_arrays,
    moons_scalar,
    nested_descent,
    nodes,
    numpy_programs,
    program_memory,
    report,
    scalar_ops,
    single_ops,
    transformer,
)
from benchmarks.contest import ROOT, ContestError
from benchmarks.row import Settings

MODULES = (
    moons_scalar,
    transformer,
    nodes,
    moons_arrays,
    mlp,
    single_ops,
    derivatives,
    footprint,
    scalar_ops,
    characters,
    lstm,
    fitting,
    digits_mlp,
    adam_arrays,
    adam_scalars,
    estimators,
    numpy_programs,
    many_derivatives,
    nested_descent,
    program_memory,
    fixed_cost,
    loops,
    compiled_moons,
    compiled_arrays,
    compiled_transformer,
    compiled_mlp,
    compiled_chain,
    compiled_programs,
    first_call,
)
ROWS = {module.ROW.number: module.ROW for module in MODULES}
UNCOMPARED = {footprint.ROW.number}  # with --against: what is installed is no checkout


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rows asked for, print them as they are done, and write the results."""
    options = _options(arguments)
    settings = Settings(options.small, options.threads, options.original, options.out, options.against)
    if options.against:
        return _compare_checkouts(options.rows, settings)
    results: report.Results = []
    for number in options.rows:
        row = ROWS[number]
        print(f"\n{number}. {row.title}", flush=True)
        try:
            outcomes = row.measure(settings)
        except ContestError as error:
            print(f"benchmarks: row {number}: {error}", file=sys.stderr)
            return 1
        results.append((row, outcomes))
        print("\n".join(report.lines_of(row, outcomes) + report.goals_of(row, outcomes)), flush=True)
    report.write(machine.about(_command(options), options.threads), results, options.out)
    return 0


def _compare_checkouts(rows: Sequence[int], settings: Settings) -> int:
    """Print the table of the two checkouts, line by line; nothing is written."""
    print("\n".join(before_after.HEAD), flush=True)
    try:
        for number in rows:
            print("\n".join(before_after.lines_of(ROWS[number], settings)), flush=True)
    except ContestError as error:
        print(f"benchmarks: row {number}: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="micrograd against its peers, as ratios.")
    parser.add_argument(
        "--rows",
        type=_rows,
        nargs="+",
        default=[sorted(ROWS)],
        help="numbers of rows, as in 1 4 or 1,4; all by default",
    )
    parser.add_argument("--small", action="store_true", help="at a size that only shows that everything runs")
    parser.add_argument("--threads", type=int, default=1, help="of every library; 1 by default")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks", help="folder for results.md and results.json")
    parser.add_argument(
        "--original", type=Path, default=ROOT / "build/micrograd-0.1.0", help="folder that holds micrograd 0.1.0"
    )
    parser.add_argument(
        "--against", type=Path, help="folder of another checkout, compiled: only it and this one, in turn"
    )
    options = parser.parse_args(arguments)
    options.rows = sorted({number for numbers in options.rows for number in numbers})
    if options.against and not (options.against / "micrograd").is_dir():
        parser.error(f"--against {options.against}: there is no folder micrograd in it; name the root of a checkout")
    if options.against:
        options.rows = [number for number in options.rows if number not in UNCOMPARED]
    return options


def _rows(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",")]
    if unknown := set(numbers) - set(ROWS):
        raise argparse.ArgumentTypeError(f"there is no row {min(unknown)}; rows are {min(ROWS)} to {max(ROWS)}")
    return numbers


def _command(options: argparse.Namespace) -> str:
    """What to type to measure the same again; folders are left out, as they are of one
    machine.
    """
    parts = ["python -m benchmarks"]
    parts += [] if options.rows == sorted(ROWS) else [f"--rows {','.join(map(str, options.rows))}"]
    parts += ["--small"] if options.small else []
    parts += [f"--threads {options.threads}"] if options.threads != 1 else []
    return " ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
