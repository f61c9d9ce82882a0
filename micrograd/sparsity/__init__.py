"""Sparse Jacobians and Hessians: which derivatives can be other than 0, and how few
directions give them all.

`Dependence` runs a program on sets of indices in place of numbers; `coloring.py` finds
directions that do not meet; `compressed.py` says where in their products each
derivative stands.
"""
