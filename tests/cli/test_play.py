"""`micrograd play`: the address, the browser, the end."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd.cli import main
from micrograd.cli.arguments import parser
from micrograd.playing.server import Server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def heard_interrupts():
    """A shell lets programs in its background ignore SIGINT, and these tests too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name == "nt", reason="a test cannot send Ctrl-C to another process there")
def test_it_prints_the_address_and_ends_by_ctrl_c(heard_interrupts):
    command = [sys.executable, "-m", "micrograd", "play", "--no-open"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stdout
        line = run.stdout.readline()
        port, token = re.fullmatch(r"The page is at http://127\.0\.0\.1:(\d+)/#token=([\w-]{32})\n", line).groups()
        assert run.stdout.readline() == "Ctrl-C ends it.\n"
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        connection.request("POST", "/play", '{"id": 1, "do": "step"}', {"X-Micrograd-Token": token})
        assert json.loads(connection.getresponse().read())["step"] == 1
        connection.close()
        run.send_signal(signal.SIGINT)
        try:
            out, err = run.communicate(timeout=60)
        finally:
            run.kill()  # or the test would wait for ever
        assert (out, err, run.returncode) == ("\nEnded.\n", "", 0)


@pytest.mark.parametrize("has_browser", [True, False])
def test_the_browser_is_opened(has_browser, monkeypatch, capsys):
    opened = []

    def stop(self: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or has_browser)
    monkeypatch.setattr(Server, "serve", stop)
    assert main(["play"]) == 0
    said = capsys.readouterr().out
    assert opened == [said.split()[4]]
    assert ("No browser was found" in said) is not has_browser


def test_a_port_in_use(capsys):
    server = Server()
    try:
        assert main(["play", "--no-open", "--port", str(server.port)]) == 1
    finally:
        server.close()
    assert capsys.readouterr().err.startswith(f"micrograd: play: port {server.port} cannot be used (")


@pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5", "", "\u0663"])
def test_a_port_that_is_none(port, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["play", f"--port={port}"])
    assert "is not a port; give a whole number from 0 to 65535" in capsys.readouterr().err
