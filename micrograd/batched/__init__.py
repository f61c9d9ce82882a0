"""How each op runs on all examples at once: the rules of `vmap`.

A rule gets the inputs of one call. Some hold all examples, along axis 0; the others are
the same in each example. It gives the results of all examples, along axis 0. Most ops
need no rule of their own: their record says what joins elements, and what does not.
"""

from micrograd.batched import indexing, joining, normalized, products, recurrent, shapes, windowed
from micrograd.batched.rules import run

__all__ = ["indexing", "joining", "normalized", "products", "recurrent", "run", "shapes", "windowed"]
