"""Sparse Jacobians and Hessians: which derivatives can be other than 0, and how few
directions give them all.

`Dependence` runs a program on sets of indices in place of numbers. `coloring.py` finds
columns that can share a direction. `patterns.py` says where in the products each
derivative stands.
"""
