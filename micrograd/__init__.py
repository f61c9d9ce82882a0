"""micrograd: automatic differentiation that a learner reads in one sitting and a professional then keeps."""

from __future__ import annotations

from micrograd.check import check_op, gradcheck
from micrograd.draw import draw_dot, trace
from micrograd.engine import Value, no_grad, toposort
from micrograd.errors import MicrogradError

__all__ = ["MicrogradError", "Value", "check_op", "draw_dot", "gradcheck", "no_grad", "toposort", "trace"]
__version__ = "1.0.0.dev0"
