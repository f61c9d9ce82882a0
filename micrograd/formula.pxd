# C types of formula.py: it writes programs for the C functions.
from micrograd cimport doubles
