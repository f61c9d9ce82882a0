"""Seeing a graph: pictures that fold, and a backward pass that steps."""
