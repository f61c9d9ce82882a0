"""A program of a reader in a process of its own: what it can do, what it cannot, and in
which words that is said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

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
def test_which_graph_is_shown(code, title):
    graph = run_apart("from micrograd import Value\n" + code)["graph"]
    assert (graph and graph["title"]) == title


def test_a_graph_that_is_too_large():
    code = "from micrograd import Value\na = Value(1.0)\nfor _ in range({}):\n    a = a * {}"
    assert said(code.format(30_000, "2")) == (
        "the graph cannot be shown: ValueError: a has 30,001 values, and at most 20,000 are shown"
    )
    assert said(code.format(500, "a.tanh()")).endswith("boxes can be shown")


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
        ("input('name?')", "EOFError: nobody can type here; write the value into the program", 1),
        (
            "def f():\n    f()\nf()",
            "RecursionError: a function calls itself too often; does the recursion have an end?",
            2,
        ),
        ("class E(Exception):\n    def __str__(self):\n        raise self\nraise E", "E", 4),
        ("print('\\ud800')", None, None),
        ("", None, None),
        ("\0", "SyntaxError: source code string cannot contain null bytes", None),
    ],
)
def test_errors_are_said_with_their_line(code, error, line):
    answer = run_apart(code)
    assert (answer["error"], answer["line"]) in [
        (error, line),
        (error and error.replace("SyntaxError", "ValueError"), line),
    ]


def test_a_micrograd_error_is_said_as_it_is():
    assert said("from micrograd import Value\nValue([1, [2, 3]])").startswith("DataError: ")


# Time, memory, output


@pytest.mark.parametrize(
    "code",
    [
        "while True:\n    pass",
        "import time\ntime.sleep(100)",
        "print(len(str(9**9**9)))",
        "while True:\n    try:\n        print('x' * 1000)\n    except BaseException:\n        pass",
        "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise E",
        "from micrograd import Value\na = Value(1.0)\nfor _ in range(40):\n    a = a + a\n"
        "def visit(v):\n    for x in v.inputs:\n        visit(x)\nvisit(a)",  # 2**40 paths
        OS + "s = modules['_signal']\nfor i in (2, 14, 15, 24):\n    s.signal(i, s.SIG_IGN)\nwhile True:\n    pass",
    ],
    ids=["loop", "sleep", "power", "prints", "str", "paths", "signals"],
)
def test_a_program_without_an_end_is_ended(code):
    start = time.monotonic()
    answer = run_apart(code, seconds=1)
    assert answer["error"] == (
        "TimeoutError: the program took more than 1 seconds, and was ended; "
        "is there a loop or a recursion without an end?"
    )
    assert time.monotonic() - start < 20


def test_what_was_printed_before_the_end_is_told():
    answer = run_apart("print('started')\nwhile True:\n    pass", seconds=1)
    assert answer["printed"] == "started\n"


@pytest.mark.parametrize(
    "code",
    [
        "x = [0] * 10**10",
        "x = []\nwhile True:\n    x.append('a' * 10**6)",
        "x = 'a'\nwhile True:\n    x += x",
        "import numpy as np\nx = np.ones(10**10)",
        "x = bytearray(10**12)",
    ],
)
@IS_POSIX
def test_memory_is_limited(code):
    assert said(code).startswith(("MemoryError: the program needs more memory than it may have", "_ArrayMemoryError"))


@IS_POSIX
def test_the_limit_of_memory_is_for_the_program():
    assert run_apart("x = bytearray(50 * 2**20)", megabytes=100)["error"] is None
    assert said("x = bytearray(150 * 2**20)", megabytes=100).startswith("MemoryError")


def test_output_is_limited():
    answer = run_apart("while True:\n    print('hello')")
    assert answer["error"] == "OutputError: the program prints too much; print less, or fewer times"
    assert len(answer["printed"]) == 100_000
    answer = run_apart("print('x' * 10**8)", characters=10)
    assert (answer["printed"], answer["error"][:11]) == ("x" * 10, "OutputError")


def test_a_recursion_that_is_too_deep_for_the_process():
    code = OS + "os.sys.setrecursionlimit(10**8)\ndef f(n):\n    return f(n + 1)\nf(0)"
    assert run_apart(code, seconds=2)["error"] is not None


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
    found = answer["printed"].splitlines()
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
    assert said(OS + "os.pipe()").endswith("; files and other programs are out of reach here")
    assert said(OS + "modules['_thread'].start_new_thread(print, ())") == "RuntimeError: threads cannot be started here"
    assert said("from micrograd import compile") == (
        "ModuleNotFoundError: micrograd.compiling is not loaded here, and no file can be opened"
    )


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
    assert run_apart(code)["error"] is not None
    assert "root:" not in json.dumps(run_apart(code + "\nprint(_.read())"))


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
    assert said(OS + "os._exit(3)") == "the process has ended without an answer (status 3); does the program end it?"
    assert said(OS + "os.abort()").startswith(
        ("the process crashed", "the process has ended without an answer (status -6)")
    )


FORGED = [
    {"done": True},
    {"done": True, "error": 5, "line": "x", "graph": {"format": "other"}},
    {"done": True, "error": "x" * 10_000, "line": -1, "graph": []},
    {"done": True, "error": None, "line": 10**9, "graph": {"format": "micrograd-graph", "version": 1, "nodes": {}}},
    {"printed": 7},
    {"printed": "x" * 90_000},
    [],
    "text",
]


@pytest.mark.parametrize("told", FORGED, ids=range(len(FORGED)))
def test_an_answer_that_the_program_forges_fools_itself_only(told):
    wanted = "grade" if FORGED.index(told) % 2 else "run"
    code = OS + f"os.write(3, {json.dumps(told).encode()!r} + b'\\n')\nos._exit(0)"
    answer = run_apart(code, wanted=wanted)
    assert len(answer["printed"]) <= 100_000
    assert answer["error"] is None or (isinstance(answer["error"], str) and len(answer["error"]) <= 4000)
    assert answer["line"] is None
    assert answer["graph"] is None
    if wanted == "grade":
        assert (answer["checks"], answer["passed"]) == ([], False)
        assert isinstance(answer["report"], str)


@pytest.mark.parametrize("text", ["b'x' * 65536", "b'{}\\n' * 20000"])
def test_a_flood_is_stopped(text):
    answer = run_apart(OS + f"while True:\n    os.write(3, {text})", seconds=1)
    assert answer["error"].startswith(("the program said too much", "TimeoutError"))


def test_no_process_is_left(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    for code in ("print(1)", "while True:\n    pass", OS + "os._exit(1)"):
        run_apart(code, seconds=0.5)
    assert len(started) == 3
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


def test_the_calls_are_in_order_and_once():
    numbers = list(calls.X86_64.values())
    assert numbers == sorted(set(numbers))
    assert not {2, 41, 42, 56, 57, 58, 59, 62, 83, 87, 101, 157, 160, 257, 322} & set(
        numbers
    )  # open, socket, fork, ...
    assert len(calls.filter_of(numbers)) == 8 * (5 + 2 * len(numbers))
