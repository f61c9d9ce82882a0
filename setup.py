"""Builds the compiled engine where there is a C compiler; without one the same files
run as plain Python.

`MICROGRAD_PURE=1` in the environment builds the plain package on purpose: a wheel that
installs on every platform. Everything else about the package is in pyproject.toml.
"""

import os
import runpy
from contextlib import suppress

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# Read and not imported: the package cannot be imported before it is built. The base of
# Value has to be a C type as well. The rules of ops stay Python functions, whose source
# can be shown.
MODULES = runpy.run_path("micrograd/compiled.py")["COMPILED"]
# Classes are made at run time, as Python makes its own: methods can be put on Value
# from outside.
MACROS = [("CYTHON_USE_TYPE_SPECS", "1")]
FLAGS = [] if os.name == "nt" else ["-O2", "-g0"]  # twice as quick to build as Python's own flags, and a third as large
# Types come from the .pxd alone: an annotation in a .py must not change what a call
# accepts.
DIRECTIVES = {
    "language_level": 3,
    "annotation_typing": False,
    "auto_pickle": False,
    "autotestdict": False,
}


class AllOrNone(build_ext):
    """Builds all of the extension modules, or none: the compiled engine does not run on
    a plain base.
    """

    def build_extension(self, extension):
        try:
            super().build_extension(extension)
        except Exception:  # what an earlier build has made is not of this source
            with suppress(FileNotFoundError):
                os.remove(self.get_ext_fullpath(extension.name))
            raise

    def finalize_options(self):
        super().finalize_options()
        if self.parallel is None and os.name == "posix":  # each compiler is a process of its own
            self.parallel = os.cpu_count() or 1

    def build_extensions(self):
        super().build_extensions()
        built = {extension.name: self.get_ext_fullpath(extension.name) for extension in self.extensions}
        missing = [name for name, path in built.items() if not os.path.exists(path)]
        if not missing:
            return
        self.warn(f"no C compiler made {', '.join(missing)}: micrograd is installed with its plain engine")
        beside_the_sources = [self.get_ext_filename(name) for name in built]  # by an earlier build, for the same Python
        for path in [*built.values(), *beside_the_sources]:
            with suppress(FileNotFoundError):
                os.remove(path)


def extensions():
    """The modules to compile, as C that Cython makes; none where the plain package is
    asked for.
    """
    if os.environ.get("MICROGRAD_PURE", "0") not in ("", "0"):
        return []
    from Cython.Build import cythonize
    from Cython.Compiler.Options import get_directive_defaults

    # A chain of a million nodes is freed in a loop, not in a recursion. Cython reads
    # this directive only from a decorator in the .py, which would have to import
    # cython; a default reaches the classes of a .pxd too.
    get_directive_defaults()["trashcan"] = True
    wanted = [
        Extension(
            name,
            [name.replace(".", "/") + ".py"],
            depends=[f"micrograd/{name}.h" for name in ("memory", "doubles", "flat", "identical", "direct", "copies")],
            include_dirs=["."],  # for "micrograd/memory.h": a plain "memory.h" may be that of the C library
            define_macros=MACROS,
            extra_compile_args=FLAGS,
        )
        for name in MODULES
    ]
    # The C goes to build/, not beside the sources, from where it would go into the
    # wheel.
    made = cythonize(wanted, compiler_directives=DIRECTIVES, build_dir="build/cython")
    for extension in made:  # here, as cythonize makes Extensions of its own and leaves this out
        extension.optional = True  # a compiler that is missing or fails is not an error
    return made


setup(ext_modules=extensions(), cmdclass={"build_ext": AllOrNone})
