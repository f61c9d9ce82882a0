"""Data: sets to learn on, files, batches. Nothing is downloaded.

from micrograd.data import make_moons, read_csv, batches
"""

from __future__ import annotations

from micrograd.data.array_files import read_npy, read_npz
from micrograd.data.batching import Batches, batches, train_test_split
from micrograd.data.bundled import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from micrograd.data.csv_files import MISSING, read_csv
from micrograd.data.idx_files import read_idx
from micrograd.data.synthetic import make_blobs, make_circles, make_moons, make_spirals
from micrograd.data.tables import NUMBER, Column, Table, meant

__all__ = [
    "MISSING",
    "NUMBER",
    "Batches",
    "Column",
    "Table",
    "batches",
    "load_breast_cancer",
    "load_diabetes",
    "load_digits",
    "load_iris",
    "load_wine",
    "make_blobs",
    "make_circles",
    "make_moons",
    "make_spirals",
    "meant",
    "read_csv",
    "read_idx",
    "read_npy",
    "read_npz",
    "train_test_split",
]
