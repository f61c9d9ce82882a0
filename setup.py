"""Builds the compiled engine where there is a C compiler; without one the same files run as plain Python.

Everything else about the package is in pyproject.toml.
"""

import os

from Cython.Build import cythonize
from Cython.Compiler.Options import get_directive_defaults
from setuptools import Extension, setup

# The base of Value has to be a C type as well. The rules of ops stay Python functions, whose source can be shown.
MODULES = ["micrograd.ops.operators", "micrograd.engine", "micrograd.op", "micrograd.arrays"]
# Classes are made at run time, as Python makes its own: methods can be put on Value from outside.
MACROS = [("CYTHON_USE_TYPE_SPECS", "1")]
FLAGS = [] if os.name == "nt" else ["-O2", "-g0"]  # twice as quick to build as Python's own flags, and a third as large
# Types come from the .pxd alone: an annotation in a .py must not change what a call accepts.
DIRECTIVES = {"language_level": 3, "annotation_typing": False, "auto_pickle": False, "autotestdict": False}
# A chain of a million nodes is freed in a loop, not in a recursion. Cython reads this directive only from a decorator
# in the .py, which would have to import cython; a default reaches the classes of a .pxd too.
get_directive_defaults()["trashcan"] = True

extensions = [
    Extension(
        name,
        [name.replace(".", "/") + ".py"],
        depends=["micrograd/memory.h"],
        define_macros=MACROS,
        extra_compile_args=FLAGS,
        optional=True,  # a compiler that is missing or fails is no error
    )
    for name in MODULES
]
setup(ext_modules=cythonize(extensions, compiler_directives=DIRECTIVES))
