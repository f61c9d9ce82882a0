# To a type checker, on_demand is NumPy itself.
from numpy import *
from numpy import _NoValue as _NoValue
