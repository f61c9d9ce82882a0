"""Benchmarks: this project and its peers, in turn, on one machine, as one table of
ratios.

    make bench                                 # everything, with the peers: minutes
    python -m benchmarks --rows 1 4 --small    # two rows, so small that they only run
    python -m benchmarks --rows 1 4 --against ../before    # two checkouts, in turn

One module per row. Every contestant runs in a process of its own (worker.py); before
anything is timed, all have to compute the same numbers. A peer that is not installed is
named as missing. Results: results.md and results.json.
"""
