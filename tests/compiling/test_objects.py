"""Objects: compiled once, kept, loaded only when they are what they should be."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd
from micrograd import Value
from micrograd.compiling import cache, compilers, objects, processes
from micrograd.errors import CaptureError
from tests.processes import ROOT, printed

posix = pytest.mark.skipif(os.name != "posix", reason="scripts of the shell stand for compilers")
COUNTER = itertools.count(1)


@pytest.fixture(scope="module")
def real():
    """The command of a compiler that works."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CC", raising=False)
        compiler, why = compilers.found()
    if compiler is None:
        pytest.skip(f"there is no compiler here: {why}")
    return shlex.join(compiler.words)


@pytest.fixture
def folder(real, tmp_path, monkeypatch):
    """A cache of this test alone, that knows the compiler."""
    monkeypatch.delenv("CC", raising=False)
    compilers.found()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache" / "objects"


@pytest.fixture
def log(folder, tmp_path, monkeypatch, real):
    """A file with a line for each library that the compiler makes."""
    path = tmp_path / "logging cc"
    path.write_text(f'#!/bin/sh\ncase " $* " in *" -shared "*) echo "$@" >> {tmp_path}/log;; esac\nexec {real} "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("CC", shlex.quote(str(path)))
    (tmp_path / "log").touch()
    return tmp_path / "log"


def program(body="return x + {};"):
    """C that no test has compiled before, and the number that it adds."""
    n = next(COUNTER)
    return f"{objects.EXPORTED} double micrograd_f(double x) {{ {body.format(n)} }}\n", n


def result(library, x=1.0):
    library.micrograd_f.restype, library.micrograd_f.argtypes = ctypes.c_double, [ctypes.c_double]
    return library.micrograd_f(x)


def count(log):
    return len(log.read_text().splitlines())


def as_in_a_new_process(monkeypatch):
    """Nothing is loaded."""
    monkeypatch.setattr(objects, "_loaded", {})


def kept(folder, ending=cache.LIBRARY):
    return sorted(folder.rglob(f"*{ending}"))


def test_a_program_is_compiled_once_in_a_process_and_once_on_a_disk(folder, log, monkeypatch):
    source, n = program()
    library = objects.loaded(source)
    assert result(library) == 1.0 + n
    assert objects.loaded(source) is library
    as_in_a_new_process(monkeypatch)
    assert result(objects.loaded(source)) == 1.0 + n
    assert count(log) == len(kept(folder)) == 1


def test_what_makes_another_object(folder, log, monkeypatch, real):
    source, _ = program()
    objects.loaded(source)
    optimised = os.environ["CC"] + " -O1"
    different = [
        lambda: objects.loaded(source, exact=True),
        lambda: objects.loaded(source + "\n"),
        lambda: objects.loaded(source, libraries=("-lc",)),
        lambda: (monkeypatch.setenv("CC", optimised), objects.loaded(source)),
        lambda: (monkeypatch.setattr(compilers, "processor", lambda: "another"), objects.loaded(source)),
    ]
    for made, make in enumerate(different, start=2):
        make()
        assert count(log) == made
        make()
        assert count(log) == made
    assert len(kept(folder)) == len(different) + 1


def test_exact_rounds_each_product(folder):
    source = f"{objects.EXPORTED} double micrograd_f(double x) {{ return x * x - (x * x); }}"
    assert result(objects.loaded(source, exact=True), 1.0 + 1e-9) == 0.0


def test_only_what_is_marked_is_exported(folder):
    source, _ = program()
    library = objects.loaded(
        source + "double micrograd_g(double x) { return x; }\ndouble step(double x) { return x; }\n"
    )
    assert library.micrograd_f
    for name in ("micrograd_g", "step"):
        with pytest.raises(AttributeError):
            getattr(library, name)


def test_what_a_program_exports_is_named_micrograd():
    w = Value(2.0)
    compiled = micrograd.compile(lambda x: (w * x).tanh(), backend="c")
    compiled(1.0).backward()
    functions = re.findall(r"^(?!static|typedef|    |#|\}|\{|$)(.*)$", compiled.source, re.MULTILINE)
    assert functions
    for function in functions:
        assert re.match(re.escape(f"{objects.EXPORTED} void ") + r"micrograd_\w+\(", function)


def test_small_numbers_stay_when_a_library_is_loaded(folder):
    text = (
        "import ctypes, numpy as np\n"
        "from micrograd.compiling import objects\n"
        f"f = objects.loaded({program('return x * 0.5 + 0.0 * {};')[0]!r}).micrograd_f\n"
        "f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]\n"
        "print(f(1e-310) == (np.array([1e-310]) * 0.5)[0] == 1e-310 * 0.5 == 5e-311)"
    )
    assert printed(text) == "True"


# No compiler, or one that fails


def test_without_a_compiler(tmp_path, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert objects.why_none() == "none of cc, gcc, clang, zig is on the PATH"
    with pytest.raises(CaptureError) as caught:
        objects.loaded(program()[0])
    assert str(caught.value) == (
        "compile: backend='c' needs a C compiler that works: none of cc, gcc, clang, zig is on the PATH;\n"
        "install gcc, or use backend='numpy'"
    )


def test_with_a_compiler(folder):
    assert objects.why_none() == objects.why_none(exact=True) == ""


def test_a_program_that_cannot_be_compiled(folder):
    with pytest.raises(CaptureError) as caught:
        objects.loaded("int micrograd_f(void) { return nothing; }\nint micrograd_g(void) { return never; }\n")
    first, second, *more = str(caught.value).split("\n")
    assert first.startswith("compile: cc could not compile the program: program.c:1:")
    assert "nothing" in first and "program.c:2:" in first and "never" in first
    (source,) = kept(folder, ".c")
    assert second == f"its source is in {source}; install gcc, or use backend='numpy'"
    assert more == []
    assert source.read_text().startswith("int micrograd_f(void) { return nothing; }")
    assert kept(folder) == []


def fails_later(tmp_path, monkeypatch, real, lines):
    """A compiler that works until it has to make a library."""
    path = tmp_path / "cc"
    path.write_text(f'#!/bin/sh\ncase " $* " in *" -shared "*) {lines};; esac\nexec {real} "$@"\n')
    path.chmod(0o755)
    monkeypatch.setenv("CC", str(path))


@posix
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("exit 1", "it failed (exit status 1)"),
        ("kill -9 $$", "it was ended by signal 9"),
        ("exit 0", "it wrote no library"),
        ('while [ "$1" != -o ]; do shift; done; echo nothing > "$2"; exit 0', "it wrote something else"),
        ("sleep 1000", "it did not end within 2 s"),
    ],
)
def test_a_compiler_that_fails(folder, tmp_path, monkeypatch, real, lines, said):
    fails_later(tmp_path, monkeypatch, real, lines)
    compilers.found()
    monkeypatch.setattr(processes, "TIMEOUT", 2.0)
    with pytest.raises(
        CaptureError, match=re.escape(f"compile: cc could not compile the program: {said};\nits source")
    ):
        objects.loaded(program()[0])


# Damaged objects


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text"])
def test_a_damaged_object_is_compiled_anew(folder, log, monkeypatch, damage):
    source, n = program()
    objects.loaded(source)
    (path,) = kept(folder)
    content = path.read_bytes()
    # A new file: what is loaded is not touched.
    path.unlink()
    middle = len(content) // 2
    path.write_bytes(
        {
            "empty": b"",
            "cut": content[:middle],
            "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
            "text": b"this is not a library\n",
        }[damage]
    )
    path.chmod(0o600)
    as_in_a_new_process(monkeypatch)
    assert result(objects.loaded(source)) == 1.0 + n
    assert count(log) == 2
    assert kept(folder)[0].read_bytes() == content


@pytest.mark.parametrize("kind", ["of another program", "not a library"])
def test_a_whole_file_that_is_not_the_object_is_not_used(folder, log, monkeypatch, kind):
    (source, n), (other, _) = program(), program()
    objects.loaded(source)
    (path,) = kept(folder)
    objects.loaded(other)
    (another,) = set(kept(folder)) - {path}
    content = (
        another.read_bytes()
        if kind == "of another program"
        else b"no library, but of the key " + path.parent.name.encode()
    )
    path.unlink()
    cache.keep(path.parent.name, cache.LIBRARY, content)
    as_in_a_new_process(monkeypatch)
    assert result(objects.loaded(source)) == 1.0 + n
    assert count(log) == 3
    as_in_a_new_process(monkeypatch)
    assert result(objects.loaded(source)) == 1.0 + n
    assert count(log) == 3


# Disks and folders


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_cache_that_takes_nothing(folder, log, monkeypatch, tmp_path, error):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    compilers.found()

    def full(*arguments):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(cache, "keep", full)
    source, n = program()
    library = objects.loaded(source)
    assert result(library) == 1.0 + n
    assert objects.loaded(source) is library
    assert count(log) == 1
    assert kept(folder) == []
    assert list((tmp_path / "temporary").iterdir()) == []


@posix
@pytest.mark.parametrize("words", ["No space left on device", "Disk quota exceeded"])
def test_temporary_files_on_a_full_disk(folder, tmp_path, monkeypatch, real, words):
    (tmp_path / "full").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    here = f"case $TMPDIR in {tmp_path}/full/*)"
    fails_later(tmp_path, monkeypatch, real, f'{here} echo "fatal error: error writing: {words}"; exit 1;; esac')
    source, n = program()
    assert result(objects.loaded(source)) == 1.0 + n
    assert [path.name for path in folder.iterdir() if path.name.startswith("micrograd-")] == []


def test_no_disk_takes_anything(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    (tmp_path / "file").touch()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(CaptureError) as caught:
        objects.loaded(program()[0])
    said = str(caught.value)
    assert said.startswith("compile: a program cannot be written or loaded here: ")
    assert said.endswith(";\nfree space, name another folder in TMPDIR, or use backend='numpy'")


@posix
def test_a_folder_of_another_user(folder, log, monkeypatch):
    compilers.found()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    monkeypatch.setattr(cache, "_said", set())
    source, n = program()
    with pytest.warns(UserWarning, match="is open to other users"):
        assert result(objects.loaded(source)) == 1.0 + n
    assert kept(folder) == []


# Processes

COMPILE = """
import ctypes, sys
from micrograd.compiling import objects
sys.stdin.readline()
for source, n in {programs}:
    f = objects.loaded(source).micrograd_f
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]
    assert f(1.0) == 1.0 + n
print("right")
"""


def test_two_processes_compile_the_same_programs_at_once(folder):
    programs = [program() for _ in range(3)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COMPILE.format(programs=programs)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in processes] == ["right\n", "right\n"]
    assert [path.name for path in folder.rglob("*") if path.name.endswith(".part")] == []
    assert len({path.parent for path in kept(folder)}) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_forks_after_loading(folder):
    first, second, third = (program() for _ in range(3))
    text = f"""
import ctypes, os, sys
from micrograd.compiling import cache, objects
def check(source, n):
    f = objects.loaded(source).micrograd_f
    f.restype, f.argtypes = ctypes.c_double, [ctypes.c_double]
    assert f(1.0) == 1.0 + n
check(*{first})
child = os.fork()
check(*{first})
check(*{second})
if not child:
    check(*{third})
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
check(*{third})
print(cache.size()[0])
"""
    assert printed(text) == "3"


def test_an_emptied_cache_leaves_what_is_loaded(folder):
    source, n = program()
    library = objects.loaded(source)
    assert cache.clear()[0] == 1
    assert result(library) == result(objects.loaded(source)) == 1.0 + n


def test_the_whole_way_in_two_processes(folder):
    text = """
import sys
started = []
events = {"subprocess.Popen", "os.fork", "os.exec", "os.posix_spawn", "os.system"}
sys.addaudithook(lambda event, given: started.append(given) if event in events else None)
import numpy as np
import micrograd
from micrograd import Value
w = Value(3.0)
z = micrograd.compile(lambda x: (w * x) ** 2, backend="c")(2.0)
z.backward()
many = micrograd.compile(lambda x: (w * x).tanh().sum())(np.ones(100))  # its vector form is looked for
exact = micrograd.compile(lambda x: w * x, exact=True)(2.0)
print(z.data, w.grad, not started)
"""
    first, *later = [printed(text) for _ in range(3)]
    assert first == "36.0 24.0 False"
    assert later == ["36.0 24.0 True"] * 2  # no process is started where the cache knows all
    assert 3 <= len(kept(folder)) <= 4
    assert Path(os.environ["MICROGRAD_CACHE"]) == folder.parent
