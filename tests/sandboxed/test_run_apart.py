"""A program of a reader in a process of its own: what it can do, what it cannot, and in
which words that is said.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lazy_loader
import pytest

from micrograd.errors import ArgumentError, MicrogradError
from micrograd.sandboxed import calls, inside, process, run_apart

IS_POSIX = pytest.mark.skipif(os.name == "nt", reason="there are no limits by the kernel on Windows")
IS_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls are filtered on Linux alone")
OS = "import random\nos = random._os\nmodules = os.sys.modules\n"  # how a program gets at what it may not import


def said(code: str, **limits: float) -> str:
    """The error, which must be of one line."""
    answer = run_apart(code, **limits)
    assert answer["error"] is not None, answer["printed"]
    assert "\n" not in answer["error"]
    return answer["error"]


def all_apart(codes: list[str], **limits: float) -> list[dict[str, Any]]:
    """The answers to several programs, which run side by side."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda code: run_apart(code, **limits), codes))


@pytest.fixture
def told(monkeypatch):
    """What is told of a program that runs here, without limits."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return lambda code: inside.told_of({"code": code, "wanted": "run"}, ["micrograd"])


# What can be done


def test_a_program_with_a_graph():
    answer = run_apart(
        "from micrograd import Value\na = Value(2.0, label='a')\nL = a * a + a\nL.backward()\nprint(a.grad)"
    )
    seconds = answer.pop("seconds")
    graph = answer.pop("graph")
    assert answer == {"printed": "5.0\n", "error": None, "line": None}
    assert 0 <= seconds < 5
    assert graph["format"] == "micrograd-graph"
    assert graph["title"] == "L"
    assert graph["nodes"]["grad"] == [5.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("b = Value(1.0)\nloss = b * 2\nc = b * 3", "loss"),
        ("b = Value(1.0)\nc = b * 3\nd = b * 4\nx = 1", "d"),
        ("b = Value(1.0)\nc = b * 3\nd = b * 4\nc = c * 5", "c"),
        ("b = Value(1.0)\nfor i in range(3):\n    b = b * 2\nif True:\n    z, t = b, 1", "z"),
        ("b = Value(1.0)\ndef f():\n    out = b * 2\n    return out\nc = f()", "c"),
        ("out = Value(1.0) * 2\nloss = 3", "out"),
        ("b = Value(1.0) * 2\n1 / 0", "b"),
        ("b = 1", None),
        ("b = (", None),
    ],
)
def test_which_graph_is_shown(told, code, title):
    graph = told("from micrograd import Value\n" + code)["graph"]
    assert (graph and graph["title"]) == title


def test_a_graph_that_is_too_large(told):
    code = "from micrograd import Value\na = Value(1.0)\nfor _ in range({}):\n    a = a * {}"
    assert told(code.format(30_000, "2"))["error"] == (
        "the graph cannot be shown: ValueError: a has 30,001 values, and at most 20,000 are shown"
    )
    assert told(code.format(500, "a.tanh()"))["error"].endswith("boxes can be shown")


def test_modules_that_can_be_used():
    code = """
from __future__ import annotations
import math, random, cmath, statistics, itertools, functools, collections, dataclasses, typing, time, fractions, enum
import numpy as np
from micrograd import MicrogradError, Value, draw_dot, explain, grad, hessian, nn, optim, topological_order, why_grad
from micrograd.engine import Value
from micrograd.nn import MLP

@dataclasses.dataclass
class Point:
    x: float

Pair = collections.namedtuple("Pair", "a b", defaults=[1])
print(Point(1.0), Pair(2), statistics.mean([1, 2]), list(itertools.pairwise([1, 2])), time.time() > 0)
random.seed(1337)
model = MLP(2, [3, 1])
optimiser = optim.Adam(model.parameters())
loss = (model([1.0, 2.0]) - 1) ** 2
loss.backward()
optimiser.step()
w = model.parameters()[0]
texts = explain(loss, w, model=model), why_grad(w, loss), draw_dot(loss, "text")
print(*(len(str(text)) > 20 for text in texts))
print(grad(lambda x: x**3)(2.0), hessian(lambda x: x**3)(2.0), (Value(np.eye(2)) @ np.ones((2, 2))).sum().item())
print(np.linalg.det(np.eye(3)), np.random.default_rng(0).integers(5))
try:
    Value("x")
except MicrogradError as error:
    print(type(error).__name__)
"""
    answer = run_apart(code)
    assert answer["error"] is None
    assert answer["printed"].splitlines() == [
        "Point(x=1.0) Pair(a=2, b=1) 1.5 [(1, 2)] True",
        "True True True",
        "12.0 12.0 4.0",
        "1.0 4",
        "DataError",
    ]


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("x = 1\n1 / 0", "ZeroDivisionError: division by zero", 2),
        ("def f():\n    return y\n\nf()", "NameError: name 'y' is not defined", 2),
        ("a = 1\nb = (", "SyntaxError: '(' was never closed (<your program>, line 2)", 2),
        ("raise ValueError", "ValueError", 1),
        ("exit()", "SystemExit: the program ended itself", 1),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", 1),
        ("x = '\ud800'", "UnicodeEncodeError: 'utf-8' codec can't encode", None),
        ("input('name?')", "EOFError: nobody can type here; write the value into the program", 1),
        (
            "def f():\n    f()\nf()",
            "RecursionError: a function calls itself too often; does the recursion have an end?",
            2,
        ),
        ("class E(Exception):\n    def __str__(self):\n        raise self\nraise E", "E", 4),
        ("class E(Exception):\n    def __traceback__(self):\n        pass\nraise E", "E", 4),
        ("", None, None),
        ("\0", "SyntaxError: source code string cannot contain null bytes", None),
    ],
)
def test_errors_are_said_with_their_line(told, code, error, line):
    answer = told(code)
    found = answer["error"] and answer["error"].replace("ValueError: source", "SyntaxError: source")
    assert (found and found[: len(error)], answer["line"]) == (error, line)


def test_errors_are_told_across_the_border():
    codes = ["from micrograd import Value\nValue([1, [2, 3]])", "x = 1\n1 / 0", "print('\\ud800')", "x = '\ud800'"]
    first, second, third, fourth = all_apart(codes)
    assert first["error"].startswith("DataError: ")
    assert (second["error"], second["line"]) == ("ZeroDivisionError: division by zero", 2)
    assert (third["error"], third["printed"]) == (None, "?\n")
    assert fourth["error"].startswith("UnicodeEncodeError: ")


# Time, memory, output


ENDLESS = [
    "print('started')\nwhile True:\n    pass",
    "import time\ntime.sleep(100)",
    "print(len(str(9**9**9)))",
    "while True:\n    try:\n        print('x' * 1000)\n    except BaseException:\n        pass",
    "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise E",
    "from micrograd import Value\na = Value(1.0)\nfor _ in range(40):\n    a = a + a\n"
    "def visit(v):\n    for x in v.inputs:\n        visit(x)\nvisit(a)",  # 2**40 paths
]


def test_a_program_without_an_end_is_ended():
    start = time.monotonic()
    answers = all_apart(ENDLESS, seconds=0.5)
    for answer in answers:
        assert answer["error"] == (
            "TimeoutError: the program took more than 0.5 seconds, and was ended; "
            "is there a loop or a recursion without an end?"
        )
    assert answers[0]["printed"] == "started\n"  # what was printed before is told
    assert time.monotonic() - start < 40


@IS_POSIX
def test_memory_is_limited():
    for words in words_of(
        [
            "x = [0] * 10**10",
            "x = []\nwhile True:\n    x.append('a' * 10**6)",
            "x = 'a'\nwhile True:\n    x += x",
            "import numpy as np\nx = np.ones(10**10)",
            "x = bytearray(10**12)",
        ]
    ):
        assert words.startswith(("MemoryError", "_ArrayMemoryError"))
    assert said("x = [0] * 10**10").startswith("MemoryError: the program needs more memory than it may have")


@IS_POSIX
def test_the_limit_of_memory_is_for_the_program():
    few, many = all_apart([f"x = bytearray({n} * 2**20)" for n in (50, 150)], megabytes=100)
    assert few["error"] is None
    assert many["error"].startswith("MemoryError")


def test_output_is_limited():
    answer = run_apart("while True:\n    print('hello')")
    assert answer["error"] == "OutputError: the program prints too much; print less, or fewer times"
    assert len(answer["printed"]) == 100_000
    answer = run_apart("print('x' * 10**8)", characters=10)
    assert (answer["printed"], answer["error"][:11]) == ("x" * 10, "OutputError")


def test_a_recursion_that_is_too_deep_for_the_process():
    code = OS + "os.sys.setrecursionlimit(10**8)\ndef f(n):\n    return f(n + 1)\nf(0)"
    assert run_apart(code, seconds=0.5)["error"] is not None


# Files, other programs, the network


READS = [
    "open('/etc/passwd')",
    "open(0)",
    "open(3, 'w')",
    OS + "os.open('/etc/passwd', 0)",
    OS + "modules['_io'].FileIO('/etc/passwd')",
    OS + "modules['io'].open_code('/etc/passwd')",
    OS + "modules['posix'].open('/etc/passwd', 0)",
    "l = type(__import__('random').__spec__.loader)\nl('x', '/etc/passwd').get_data('/etc/passwd')",
    "import numpy as np\nnp.fromfile('/etc/passwd')",
    "import numpy as np\nnp.load('/etc/passwd')",
    "import numpy as np\nnp.loadtxt('/etc/passwd', dtype=str)",
    "import numpy as np\nnp.genfromtxt('/etc/passwd', dtype=str)",
    "import numpy as np\nnp.ones(3).tofile('/tmp/x')",
    "import numpy as np\nnp.save('/tmp/x', np.ones(3))",
    "import micrograd.train as train",
    "import numpy as np\nnp.memmap('/etc/passwd')",
    OS + "modules['tokenize'].open('/etc/passwd')",
    OS + "modules['pathlib'].Path('/etc/passwd').read_text()",
    OS + "os.listdir('/')",
    OS + "os.scandir('/')",
    OS + "os.mkdir('/tmp/made')",
    OS + "os.remove('/tmp/x')",
    OS + "os.rename('/tmp/x', '/tmp/y')",
    OS + "os.symlink('/etc/passwd', '/tmp/x')",
    OS + "os.link('/etc/passwd', '/tmp/x')",
    OS + "os.chmod('/tmp', 0)",
    OS + "os.chdir('/tmp')",
    OS + "os.truncate('/tmp/x', 0)",
    "from micrograd import Value, draw_dot\na = Value(1.0) * 2\ndraw_dot(a).save('/tmp/x.dot')",
    "from micrograd import Value, step\na = Value(1.0) * 2\nstep(a).save('/tmp/x.html')",
]


def words_of(codes: list[str]) -> list[str]:
    """What each program raises, one after the other in one process."""
    lines = [OS]
    for code in codes:
        body = "".join(f"    {line}\n" for line in code.replace(OS, "").splitlines())
        lines.append(f"try:\n{body}    print('nothing')\nexcept BaseException as e:\n    print(type(e).__name__, e)\n")
    answer = run_apart("".join(lines), seconds=20)
    assert answer["error"] is None
    assert "root:" not in answer["printed"]
    found: list[str] = answer["printed"].splitlines()
    assert len(found) == len(codes)
    return found


REFUSED = "FileRefusedError files cannot be ", "ImportRefusedError ", "PermissionError [Errno 1]", "PictureFileError "
NOT_THERE = "OSError [Errno 24] Too many open files", "ModuleNotFoundError No module named 'micrograd.train'"


def test_no_file_can_be_reached():
    for code, words in zip(READS, words_of(READS), strict=True):
        assert words.startswith((*REFUSED, *NOT_THERE)), code


OTHERS = [
    "os.system('ls')",
    "os.popen('ls')",
    "os.fork()",
    "os.execv('/bin/ls', ['ls'])",
    "os.posix_spawn('/bin/ls', ['ls'], {})",
    "modules['subprocess'].run(['ls'])",
    "os.kill(os.getppid(), 9)",
    "os.killpg(0, 9)",
    "modules['ctypes'].CDLL(None)",
    "modules['ctypes'].pythonapi.PyRun_SimpleString(b'1')",
    "modules['ctypes'].string_at(0)",
    "modules['resource'].setrlimit(7, (10, 10))",
    "modules['gc'].get_objects()",
    "modules['_thread'].start_new_thread(print, ())",
    "os.setuid(0)",
    "os.pipe()",
    "os.putenv('A', 'B')",
]


@IS_POSIX
def test_nothing_else_can_be_reached():
    for code, words in zip(OTHERS, words_of(OTHERS), strict=True):
        assert words.startswith(
            (
                "RefusedError ",
                "FileRefusedError ",
                "PermissionError ",
                "RuntimeError can't start new",
                "OSError [Errno 24]",
            )
        ), code


def test_another_hook_is_not_taken():
    assert run_apart(OS + "os.sys.addaudithook(print)\ncompile('1', '', 'eval')")["printed"] == ""


ASKED = [
    "os.stat('/etc/passwd')",
    "os.readlink('/proc/self/exe')",
    "os.mkfifo('/tmp/fifo')",
    "os.getcwd()",
    "if not os.access('/etc/passwd', 0):\n    raise PermissionError('[Errno 1]')",
]


@IS_LINUX
def test_calls_that_python_does_not_ask_about():
    """The kernel refuses them: not even the name of a file can be asked for."""
    if not is_filtered():
        pytest.skip("this kernel, or this processor, has no filter that we know")
    for code, words in zip(ASKED, words_of(ASKED), strict=True):
        assert words.startswith("PermissionError [Errno 1]"), code


@IS_LINUX
def test_the_fence_is_the_same_without_numpy(monkeypatch, tmp_path):
    """What sets the limits is loaded first, also where NumPy has not loaded it."""
    package = Path(lazy_loader.__file__).parent
    (tmp_path / "lazy_loader").symlink_to(package)
    kept = [place for place in sys.path if place and not list(Path(place).glob("numpy"))]
    monkeypatch.setattr(sys, "path", [str(Path(inside.__file__).parents[2]), *kept, str(tmp_path)])
    words = words_of(["import numpy", "from micrograd import Value\n(Value(2.0) ** 2).backward()\n1 / 0", *ASKED])
    assert words[0].startswith("ImportRefusedError numpy cannot be imported here")
    assert words[1] == "ZeroDivisionError division by zero"
    if is_filtered():
        assert all(word.startswith("PermissionError [Errno 1]") for word in words[2:])


@IS_POSIX
def test_what_the_kernel_refuses_is_said_in_words():
    codes = [OS + "os.pipe()", OS + "modules['_thread'].start_new_thread(print, ())", "from micrograd import compile"]
    pipe, thread, module = [answer["error"] for answer in all_apart(codes)]
    assert pipe.endswith("; files and other programs are out of reach here")
    assert thread == "RuntimeError: threads cannot be started here"
    assert module == ("ModuleNotFoundError: micrograd.compiling is not loaded here, and no file can be opened")


def is_filtered() -> bool:
    code = "from micrograd.sandboxed.calls import refuse_others; print(refuse_others(), flush=True)"
    root = str(Path(inside.__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": root})
    return done.stdout == "True\n"


def test_other_modules_are_refused_in_words():
    names = "os sys socket subprocess ctypes io pathlib threading urllib.request importlib builtins gc nonsense".split()
    for name, words in zip(names, words_of([f"import {name}" for name in names]), strict=True):
        assert words.startswith(f"ImportRefusedError {name} cannot be imported here; these can: math, random, cmath, ")
        assert words.endswith(", numpy, micrograd")


def test_the_hook_holds_when_builtins_change():
    code = (
        OS + "try:\n    open('/x')\nexcept Exception as error:\n    frame = error.__traceback__.tb_next.tb_frame\n"
        "    frame.f_builtins.clear()\n    frame.f_globals.clear()\nmodules['_io'].open('/etc/passwd')"
    )
    answer = run_apart(code + "\nprint(_.read())")
    assert answer["error"] is not None
    assert "root:" not in json.dumps(answer)


@IS_POSIX
def test_a_program_of_root_is_of_nobody():
    answer = run_apart(OS + "print(os.getuid())")
    assert answer["printed"].strip() == str(os.getuid() or 65534)


def test_the_environment_and_the_folder_are_not_shown(monkeypatch):
    monkeypatch.setenv("MY_SECRET", "hunter2")
    answer = run_apart(OS + "print(dict(os.environ), os.sys.argv, os.sys.path)")
    assert "hunter2" not in answer["printed"]
    assert "MY_SECRET" not in answer["printed"]


# What the process says is not trusted


def test_a_process_that_ends_without_an_answer():
    exited, aborted = all_apart([OS + "os._exit(3)", OS + "os.abort()"])
    assert exited["error"] == "the process has ended without an answer (status 3); does the program end it?"
    assert aborted["error"].startswith(("the process crashed", "the process has ended without an answer (status -6)"))


FORGED = [
    {"done": True},
    {"done": True, "error": 5, "line": "x", "graph": {"format": "other"}},
    {"done": True, "error": "x" * 10_000, "line": -1, "graph": []},
    {"done": True, "error": None, "line": 10**9, "graph": {"format": "micrograd-graph", "version": 1, "nodes": {}}},
    {"printed": 7},
    {"printed": "x" * 90_000},
    [],
    "text",
    "[" * 100_000,
    '{"done": true, "grades": {"report": "", "checks": [1e999], "passed": true}}',
    {"done": True, "grades": {"report": "", "checks": [1], "passed": True}},
    {"done": True, "grades": {"report": 1, "checks": [], "passed": True}},
]


class Told:
    """A process that has said something."""

    returncode = 0

    def __init__(self, text: bytes) -> None:
        self.stdin, self.stdout = io.BytesIO(), io.BufferedReader(io.BytesIO(text))

    def wait(self, seconds: float | None = None) -> int:
        return 0

    kill = wait


@pytest.mark.parametrize("told", FORGED, ids=range(len(FORGED)))
def test_an_answer_that_the_program_forges_fools_itself_only(monkeypatch, told):
    line = told if isinstance(told, str) else json.dumps(told)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: Told(b'{"ready": true}\n' + line.encode() + b"\n"))
    for wanted in ("run", "grade"):
        answer = run_apart("", wanted=wanted)
        json.dumps(answer, allow_nan=False)
        assert len(answer["printed"]) <= 100_000
        assert answer["error"] is None or (isinstance(answer["error"], str) and len(answer["error"]) <= 4000)
        assert answer["line"] is None
        assert answer["graph"] is None
        if wanted == "grade":
            assert (answer["checks"], answer["passed"]) == ([], False)
            assert isinstance(answer["report"], str)


def test_what_a_program_does_to_its_own_end():
    codes = [
        OS + 'os.write(3, b\'{"done": true, "error": "mine"}\\n\')',
        OS + "os.sys.__stdout__.write('{')\nos.sys.__stdout__.flush()",  # between our lines
        OS + "os.close(3)",
        OS + "modules['json'].dumps = lambda *_, **__: '5'",
        "print.__self__.type = None\n1 / 0",
    ]
    assert [answer["error"] and answer["error"][:24] for answer in all_apart(codes)] == [
        "mine",
        None,
        *["the process has ended wi"] * 2,
        "the program has changed ",
    ]


def test_a_flood_is_stopped():
    floods = [OS + f"while True:\n    os.write(3, {text})" for text in ("b'x' * 65536", "b'{}\\n' * 20000")]
    for answer in all_apart(floods, seconds=0.5):
        assert answer["error"].startswith(("the program said too much", "TimeoutError"))


def test_no_process_is_left(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    all_apart(["print(1)", "while True:\n    pass", OS + "os._exit(1)"], seconds=0.5)
    assert len(started) == 3
    assert not process._RUNNING
    assert all(one.returncode is not None and one.stdout.closed and one.stdin.closed for one in started)
    assert not [t for t in threading.enumerate() if "_read" in t.name]


def test_an_interrupt_ends_the_process(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])

    def interrupted(self: object, seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(process._Heard, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_apart("while True:\n    pass")
    assert started[0].returncode is not None


# What is given


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"code": None}, "run_apart: the program is a NoneType; give its text"),
        ({"code": "x" * 100_001}, "run_apart: the program has 100,001 characters, and may have 100,000"),
        ({"code": "", "wanted": "eat"}, "run_apart: wanted='eat' is unknown; choose from run, grade"),
        ({"code": "", "seconds": 0}, "run_apart: seconds=0 is not a limit; give a number above 0"),
        ({"code": "", "seconds": float("nan")}, "run_apart: seconds=nan is not a limit; give a number above 0"),
        ({"code": "", "megabytes": True}, "run_apart: megabytes=True is not a limit; give a number above 0"),
    ],
)
def test_what_is_refused(given, error):
    with pytest.raises(ArgumentError) as caught:
        run_apart(**given)
    assert str(caught.value) == error


def test_without_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(MicrogradError, match=r"^run_apart: Python cannot be started again: .*; is '/no/python' it\?$"):
        run_apart("")


DEAF = (
    OS + "s = modules['_signal']\nfor i in (2, 14, 15, 24):\n    try:\n        s.signal(i, s.SIG_IGN)\n"
    "    except OSError:\n        pass\nmodules['time'].sleep(1000)"
)
WAITING = """
import os, threading, time
from micrograd.sandboxed.process import _RUNNING, run_apart

threading.Thread(target=run_apart, args=({code!r},), kwargs={{"seconds": 60}}, daemon=True).start()
until = time.monotonic() + 20
while not _RUNNING and time.monotonic() < until:
    time.sleep(0.01)
time.sleep(0.4)
print(*(p.pid for p in _RUNNING), flush=True)
"""


@IS_POSIX
@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"], ids=["exit", "kill"])
def test_a_program_ends_with_the_one_that_waits_for_it(end):
    """In whatever way that one ends, and whatever signals the program does not hear."""
    if end and not is_filtered():
        pytest.skip("this kernel, or this processor, ends no child with its parent")
    code = WAITING.format(code=DEAF) + end
    root = str(Path(inside.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": root}, timeout=60
    )
    assert done.returncode == (-signal.SIGKILL if end else 0), done.stderr
    pid = int(done.stdout.split()[-1])
    for _ in range(200):
        if not is_alive(pid):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it was left")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def answer_of(code: bytes, architecture: int, number: int) -> int:
    """What the kernel's small machine answers to a call."""
    seen, at = 0, 0
    while True:
        kind, yes, no, operand = struct.unpack_from("=HBBI", code, 8 * at)
        at += 1
        if kind == calls.RETURN:
            return operand
        if kind == calls.LOAD:
            seen = {calls.NUMBER_AT: number, calls.ARCHITECTURE_AT: architecture}[operand]
        else:
            assert kind == calls.EQUALS
            at += yes if seen == operand else no


# open, socket, clone, execve, kill, unlink, ptrace, prlimit64, tgkill, sigaction ...
FORBIDDEN = {
    "x86_64": [2, 257, 41, 56, 57, 59, 62, 87, 263, 101, 160, 302, 322, 234, 13, 437],
    "aarch64": [56, 198, 220, 221, 129, 35, 117, 164, 261, 281, 131, 134, 437, 38, 48, 49],
}


@pytest.mark.parametrize("processor", calls.PROCESSORS)
def test_the_filter_allows_its_calls_and_no_other(processor):
    architecture, column = calls.PROCESSORS[processor]
    numbers = {pair[column] for pair in calls.CALLS.values()} - {None}
    code = calls.filter_for(processor)
    allowed = {n for n in range(600) if answer_of(code, architecture, n) == calls.ALLOW}
    assert allowed == numbers
    assert not allowed & {*FORBIDDEN[processor]}
    assert answer_of(code, architecture, 0x40000000) == calls.REFUSE  # the calls of x32
    others = {other for other, _ in calls.PROCESSORS.values()} - {architecture} | {0x40000003}
    assert all(answer_of(code, other, n) == calls.KILL for other in others for n in range(600))


HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


@pytest.mark.parametrize("processor", calls.PROCESSORS)
def test_the_numbers_are_those_of_the_headers(processor):
    header = Path(HEADERS[processor])
    if not header.exists():
        pytest.skip("the headers of the kernel are not installed")
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", header.read_text()))
    column = calls.PROCESSORS[processor][1]
    assert {name: pair[column] for name, pair in calls.CALLS.items()} == {
        name: int(known[name]) if name in known else None for name in calls.CALLS
    }
