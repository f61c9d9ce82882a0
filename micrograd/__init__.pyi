"""What `import micrograd` offers, typed; `__init__.py` reads the names from here."""

from . import abstract as abstract
from . import check as check
from . import data as data
from . import draw as draw
from . import dual as dual
from . import engine as engine
from . import errors as errors
from . import exporting as exporting
from . import grading as grading
from . import nn as nn
from . import numpy as numpy
from . import op as op
from . import ops as ops
from . import optim as optim
from . import plots as plots
from . import scipy as scipy
from . import see as see
from . import sklearn as sklearn
from . import special as special
from . import symbol as symbol
from . import texts as texts
from . import train as train
from . import transforms as transforms
from . import trees as trees
from .check import check_op as check_op
from .check import gradcheck as gradcheck
from .compiling import compile as compile
from .draw import draw_dot as draw_dot
from .draw import trace as trace
from .engine import Value as Value
from .engine import detect_anomaly as detect_anomaly
from .engine import enable_grad as enable_grad
from .engine import no_grad as no_grad
from .engine import toposort as toposort
from .errors import MicrogradError as MicrogradError
from .exporting.javascript import export_js as export_js
from .exporting.onnx_model import to_onnx as to_onnx
from .exporting.python import export_python as export_python
from .grading.grades import grade as grade
from .op import ieee_gradients as ieee_gradients
from .playing.server import play as play
from .plots.activations import plot_activations as plot_activations
from .plots.boundaries import plot_decision_boundary as plot_decision_boundary
from .plots.confusion import plot_confusion as plot_confusion
from .plots.curves import plot_loss as plot_loss
from .plots.functions import plot_function as plot_function
from .plots.gradients import plot_gradients as plot_gradients
from .plots.surfaces import plot_surface as plot_surface
from .see.demonstrations import demonstrate as demonstrate
from .see.explanations import explain as explain
from .see.html import step as step
from .see.order import topological_order as topological_order
from .see.scopes import scopes as scopes
from .see.why import why_grad as why_grad
from .symbol import Symbol as Symbol
from .transforms import checkpoint as checkpoint
from .transforms import custom_jvp as custom_jvp
from .transforms import custom_vjp as custom_vjp
from .transforms import elementwise_grad as elementwise_grad
from .transforms import grad as grad
from .transforms import hessian as hessian
from .transforms import hvp as hvp
from .transforms import jacobian as jacobian
from .transforms import jvp as jvp
from .transforms import linear_transpose as linear_transpose
from .transforms import linearize as linearize
from .transforms import scan as scan
from .transforms import value_and_grad as value_and_grad
from .transforms import vjp as vjp
from .transforms import vmap as vmap
from .transforms import while_loop as while_loop

__all__: list[str]
__version__: str

def about() -> str: ...
