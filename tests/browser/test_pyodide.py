"""The same page on Pyodide, from a folder of files, without a server of ours.

MICROGRAD_PYODIDE names the unpacked npm package `pyodide`.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import micrograd
from micrograd.playing import Play

PYODIDE = Path(os.environ.get("MICROGRAD_PYODIDE", ""))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not PYODIDE.joinpath("pyodide.mjs").is_file(),
        reason="Pyodide is not here: name the unpacked npm package in MICROGRAD_PYODIDE",
    ),
]
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
PACKAGE = Path(micrograd.__file__).parent
STEPS = 50
CLOSE = 1e-12  # sin and cos of the C libraries differ in the last digit


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def pack(wheel: Path, name: str, folder: Path) -> None:
    """A wheel of a pure package: its files and a few words."""
    with zipfile.ZipFile(wheel, "w") as packed:
        for path in folder.rglob("*.py*"):
            if path.suffix in (".py", ".pyi"):
                packed.write(path, Path(name) / path.relative_to(folder))
        packed.writestr(f"{name}-1.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        packed.writestr(f"{name}-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{name}-1.dist-info/RECORD", "")


@pytest.fixture(scope="module")
def address(tmp_path_factory: Any) -> Iterator[str]:
    """Where the folder is served."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE / "playing" / "page", site, dirs_exist_ok=True)
    shutil.copytree(PACKAGE / "see" / "page", site / "see")
    (site / "pyodide").mkdir()
    (site / "wheels").mkdir()
    for name in FILES:
        shutil.copy(PYODIDE / name, site / "pyodide")
    lazy_loader = importlib.metadata.distribution("lazy_loader").locate_file("lazy_loader")
    folders = {"micrograd": PACKAGE, "lazy_loader": Path(str(lazy_loader))}
    wheels = [f"{name}-1-py3-none-any.whl" for name in folders]
    for wheel, (name, folder) in zip(wheels, folders.items(), strict=True):
        pack(site / "wheels" / wheel, name, folder)
    (site / "wheels" / "wheels.json").write_text(json.dumps(wheels), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(chromium: Any, address: str) -> Iterator[Any]:
    """The page with its first picture."""
    wrong: list[str] = []
    page = chromium.new_page()
    page.set_default_timeout(60_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("request", lambda asked: None if asked.url.startswith(address) else wrong.append(asked.url))
    page.goto(address)
    page.wait_for_selector(".plane canvas", timeout=300_000)
    page.evaluate("import('./pyodide.js').then(({ connect }) => { globalThis.ask = connect(null, () => {}); })")
    yield page
    page.close()
    assert wrong == []


def ask(page: Any, **request: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate("request => ask(request)", {"id": 1, **request})
    assert answer.pop("id") == 1
    return answer


def test_the_numbers_are_those_of_python(page):
    """Fifty steps, to 1e-12."""
    play = Play()
    asked, step = [], 0
    while step < STEPS:
        asked.append(ask(page, do="step", n=STEPS - step))
        step = asked[-1]["step"]
    there, here = asked[-1], play.handle({"do": "step", "n": STEPS})
    while here["step"] < STEPS:
        here = play.handle({"do": "step", "n": STEPS - here["step"]})
    assert there["losses"] == pytest.approx(here["losses"], rel=CLOSE)
    for mine, other in zip(here["layers"], there["layers"], strict=True):
        for key in ("w", "gw"):
            for a, b in zip(mine[key], other[key], strict=True):
                assert b == pytest.approx(a, abs=CLOSE)
        assert other["b"] == pytest.approx(mine["b"], abs=CLOSE)
    assert there["grid"]["scores"] == pytest.approx(here["grid"]["scores"], abs=1e-9)


@pytest.mark.parametrize(
    ("request_", "key"),
    [
        ({"do": "graph", "index": 3}, "graph"),
        ({"do": "explain", "path": "layers.0.neurons.0.w.0"}, "text"),
        ({"do": "python"}, "code"),
        ({"do": "derive", "expression": "tanh(w*x)", "values": {"w": 0.5, "x": 2.0}, "of": "w"}, "rule"),
        ({"do": "secant", "expression": "x**2", "values": {"x": 3.0}, "h": [1e-8]}, "rows"),
    ],
)
def test_each_word_is_answered(page, request_, key):
    answer = ask(page, **request_)
    assert answer["ok"], answer
    assert answer[key]


def test_the_screens(page):
    page.get_by_role("button", name="Step", exact=True).click()
    page.locator(".scrub b", has_text="1").wait_for()
    page.get_by_role("button", name="Step inside").click()
    page.wait_for_selector(".stepper .box")
    page.get_by_role("button", name="Derivative", exact=True).click()
    page.wait_for_selector(".numbers")
    page.get_by_role("button", name="Your own").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_selector(".own .stepper .box")
    assert page.locator(".printed").text_content() == "loss 36.0\na.grad 24.0\n"


@pytest.mark.parametrize(
    ("code", "printed", "error"),
    [
        ("print(1)\nwhile True:\n    pass\n", "1\n", "TimeoutError: the program took more than 5 seconds"),
        ("open('/etc/passwd')", "", "FileRefusedError: files cannot be opened here"),
        ("import js", "", "ImportRefusedError: js cannot be imported here"),
        ("import os", "", "ImportRefusedError: os cannot be imported here"),
        ("def f():\n    return f()\nf()\n", "", "RecursionError: a function calls itself too often"),
    ],
)
def test_a_program_of_the_reader_can_be_ended(page, code, printed, error):
    answer = ask(page, do="run", code=code)
    assert answer["printed"] == printed
    assert answer["error"].startswith(error)
    assert ask(page, do="state", grid=0)["ok"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            "pyodide.asm.wasm",
            "The page cannot start. Python could not be loaded: the server answers 404 for ./pyodide/",
        ),
        ("wheels.json", "The page cannot start. Python could not be loaded: the server answers 404 for ./wheels/"),
        ("pyodide-worker.js", "The page cannot start. Python could not be started in this page: a file is missing"),
        ("htm-preact.js", "If this line stays, a file of the page is missing"),
    ],
)
def test_a_missing_file_is_said(chromium, address, file, said):
    page = chromium.new_page()
    page.route(f"**/{file}", lambda route: route.fulfill(status=404))
    page.goto(address)
    page.get_by_text(said).wait_for()
    page.close()


def test_a_browser_without_webassembly_is_told(chromium, address):
    page = chromium.new_page()
    worker = (PACKAGE / "playing" / "page" / "pyodide-worker.js").read_text(encoding="utf-8")
    without = "Object.defineProperty(self, 'WebAssembly', { value: undefined });\n" + worker
    page.route(
        "**/pyodide-worker.js", lambda route: route.fulfill(body=without, headers={"content-type": "text/javascript"})
    )
    page.goto(address)
    page.get_by_text("this browser has no WebAssembly, or it is switched off").wait_for()
    page.close()
