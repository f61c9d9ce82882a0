# To a type checker, on_demand is NumPy: `from micrograd import on_demand as np` stands for `import numpy as np`.
from numpy import *
from numpy import _NoValue as _NoValue
