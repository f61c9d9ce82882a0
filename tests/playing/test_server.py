"""The server of the page: whom it answers, and with what."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest

import micrograd
from micrograd.errors import ArgumentError
from micrograd.playing.server import LARGEST, MOST_PAGES, Server, pages

POLICY = "default-src 'none'"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.close()


def ask(server: Server, method: str = "POST", path: str = "/play", body: Any = None, **headers: str) -> Any:
    """The status, the headers and the body of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    given = {"X-Micrograd-Token": server.token, **{name.replace("_", "-"): text for name, text in headers.items()}}
    if isinstance(body, dict):
        body = json.dumps(body)
    connection.request(method, path, body, {name: text for name, text in given.items() if text is not None})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, answer.headers, text


def test_a_request_with_the_token_is_answered(server):
    status, headers, text = ask(server, body={"id": 7, "do": "state", "grid": 0})
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert json.loads(text)["id"] == 7
    assert json.loads(text)["ok"] is True


def test_it_listens_on_this_machine_only(server):
    assert server.address == f"http://127.0.0.1:{server.port}/#token={server.token}"
    assert len(server.token) >= 32
    other = Server()
    other.close()
    assert server.token != other.token


OURS = "http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X_Micrograd_Token": "wrong"}, 403),
        ({"X_Micrograd_Token": ""}, 403),
        ({"X_Micrograd_Token": None}, 403),
        ({"X_Micrograd_Token": "\u00e9"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "evil.example:{port}"}, 403),
        ({"Host": "127.0.0.1:{port}.evil.example"}, 403),
        ({"Host": "localhost:{port}"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Origin": OURS}, 200),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 200),
    ],
)
def test_others_are_refused(server, headers, status):
    given = {name: text if text is None else text.format(port=server.port) for name, text in headers.items()}
    found, _, text = ask(server, body={"id": 1, "do": "state"}, **given)
    assert found == status
    assert json.loads(text)["ok"] is (status == 200)


def test_pages_need_the_host_but_no_token(server):
    assert ask(server, "GET", "/", X_Micrograd_Token=None)[0] == 200
    assert ask(server, "GET", "/", Host="evil.example")[0] == 403
    assert ask(server, "GET", "/", Origin="http://evil.example")[0] == 403
    assert ask(server, "GET", "/?x=1")[0] == 200
    status, _, text = ask(server, "HEAD", "/")
    assert (status, text) == (200, b"")


@pytest.mark.parametrize("path", ["/", "/play", "/none"])
def test_every_answer_has_a_policy_and_is_not_kept(server, path):
    _, headers, _ = ask(server, "GET", path)
    assert headers["Content-Security-Policy"].startswith(POLICY)
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "//etc/passwd",
        "/../server.py",
        "/page/../../server.py",
        "/%2e%2e/server.py",
        "/..%2fserver.py",
        "/see/../../engine.py",
        "/see/style.css/../../graph.py",
        "/server.py",
        "/index.html%00.js",
        "file:///etc/passwd",
        "/see/",
        "/./",
    ],
)
def test_no_path_reaches_the_files_of_this_machine(server, path):
    status, _, text = ask(server, "GET", path)
    assert status == 404
    assert json.loads(text)["error"] == "there is no such page"


def test_the_files_of_the_page_are_a_list_of_a_few_kinds():
    found = pages()
    assert found["/see/style.css"][0] == "text/css; charset=utf-8"
    assert all(re.fullmatch(r"/|(/[a-z0-9._-]+)+\.(html|js|css|svg|txt)", path, re.I) for path in found)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/play", 405),
        ("DELETE", "/play", 405),
        ("OPTIONS", "/play", 405),
        ("PATCH", "/", 405),
        ("BREW", "/", 405),
        ("GET", "/play", 405),
        ("POST", "/", 405),
        ("POST", "/other", 404),
        ("POST", "/play/", 404),
    ],
)
def test_other_methods_and_paths(server, method, path, status):
    found, headers, text = ask(server, method, path, body="{}")
    assert found == status
    assert json.loads(text)["ok"] is False
    assert ("Allow" in headers) is (status == 405)


@pytest.mark.parametrize("body", ["", "{", "[1,", "nul", "\x00", "[" * 100_000, b"\xff\xfe", '{"a": 1} x'])
def test_what_is_not_json(server, body):
    status, _, text = ask(server, body=body)
    assert status == 400
    assert json.loads(text)["error"].startswith("this is not JSON")


@pytest.mark.parametrize("body", ["null", "[]", "3", '"text"', "NaN", '{"do": NaN}', '{"do": "step", "n": 1e999}'])
def test_json_that_is_no_request(server, body):
    status, _, text = ask(server, body=body)
    assert status == 200
    assert json.loads(text)["ok"] is False
    assert "bug" not in json.loads(text)["error"]


def test_sizes(server):
    just = json.dumps({"id": 1, "do": "run", "code": ""})
    just = just.replace('""', '"' + "x" * (LARGEST - len(just)) + '"')
    status, _, text = ask(server, body=just)
    assert (status, json.loads(text)["ok"]) == (200, False)
    assert ask(server, body=just + " ")[0] == 413
    for length in ("", "-1", "x", "1e3", "9" * 30, "\u0663"):
        status = raw(
            server,
            f"POST /play HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"X-Micrograd-Token: {server.token}\r\nContent-Length: {length}\r\n\r\n",
        )
        assert status in (b"411", b"413"), length
    chunked = (
        f"POST /play HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nX-Micrograd-Token: {server.token}\r\n"
        f"Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    )
    assert raw(server, chunked) == b"411"


def test_an_answer_goes_out_in_one_piece(server):
    """In two, the body waited 40 ms for the confirmation of the head."""
    body = '{"do": "derive", "expression": "x", "values": {"x": 1}, "n": 2}'
    host = f"127.0.0.1:{server.port}"
    asked = (
        f"POST /play HTTP/1.1\r\nHost: {host}\r\nX-Micrograd-Token: {server.token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for _ in range(30):
            connection.sendall(asked.encode())
            head, _, text = connection.recv(65536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert json.loads(text)["ok"]


def raw(server: Server, text: str) -> bytes:
    """The status of what is sent byte by byte."""
    return all_of(server, text).split()[1]


def all_of(server: Server, text: str) -> bytes:
    """All that comes back. The server may end the connection before all is sent."""
    got = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(text.encode())
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                got += chunk
    return got


def test_where_a_request_ends(server):
    """No rest of a request passes for another one, and no part for the whole."""
    two = f"Host: 127.0.0.1:{server.port}\r\nX-Micrograd-Token: {server.token}\r\n"
    whole = f"POST /play HTTP/1.1\r\n{two}Content-Length: 2\r\n\r\n{{}}"
    assert all_of(server, whole * 3).count(b"HTTP/1.1 200") == 3
    hidden = f"GET / HTTP/1.1\r\n{two}Content-Length: {len(whole)}\r\n\r\n{whole}"
    assert all_of(server, hidden).count(b"HTTP/1.1") == 1
    assert raw(server, whole.replace("Length: 2", "Length: 3")) == b"400"
    assert raw(server, whole.replace("Content-Length: 2", "Content-Length: 2\r\nContent-Length: 1")) == b"411"


def test_what_is_not_http(server):
    assert raw(server, "hello\r\n\r\n") == b"400"
    assert b"<script>" not in all_of(server, "<script> HTTP/9.9\r\n\r\n")  # nothing is said back as it came
    assert raw(server, "GET / HTTP/9.9\r\n\r\n") == b"505"
    assert raw(server, f"GET / HTTP/1.1\r\n{'A: b' * 20_000}\r\n\r\n") in (b"431", b"400")
    two = f"Host: 127.0.0.1:{server.port}\r\n"
    assert raw(server, f"GET / HTTP/1.1\r\n{two}{two}\r\n") == b"403"
    assert raw(server, "GET / HTTP/1.1\r\n\r\n") == b"403"
    assert ask(server, body={"id": 1, "do": "state", "grid": 0})[0] == 200  # it goes on


def test_a_connection_is_used_again(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for i in range(3):
        connection.request(
            "POST", "/play", json.dumps({"id": i, "do": "state", "grid": 0}), {"X-Micrograd-Token": server.token}
        )
        assert json.loads(connection.getresponse().read())["id"] == i
    connection.close()


def test_a_program_runs_behind_it(server):
    code = "from micrograd import Value\na = Value(3.0)\nloss = a * a\nprint('hello')"
    answer = json.loads(ask(server, body={"id": 1, "do": "run", "code": code})[2])
    assert (answer["ok"], answer["printed"], answer["error"]) == (True, "hello\n", None)
    assert answer["graph"]["nodes"]["data"] == [3.0, 9.0]


# In a notebook, and as a command


def test_play_in_a_notebook():
    with micrograd.play() as page:
        assert f'src="{page.address}"' in page._repr_html_()
        assert 'sandbox="allow-scripts allow-same-origin' in page._repr_html_()
        assert repr(page) == f"<LivePage: open {page.address}>"
        port = int(page.address.split(":")[2].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/")
        assert "frame-ancestors http://127.0.0.1:* " in connection.getresponse().headers["Content-Security-Policy"]
        connection.close()
        with pytest.raises(
            ArgumentError, match=rf"^play: port {port} cannot be used \(.*\); leave it out, and a free "
        ):
            micrograd.play(port)
    page.close()
    assert page._repr_html_().startswith("<p>This page is closed")
    assert repr(page) == "<LivePage: closed>"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize("port", [-1, 65536, "80", 1.5, None, True])
def test_a_port_that_is_none(port):
    with pytest.raises(ArgumentError, match=r"^play: port="):
        micrograd.play(port)


# Pages


def step_of(server: Server, page: str, **request: Any) -> int:
    """The step of this page's network, or the status of a refusal."""
    status, _, text = ask(server, body={"grid": 0, **request}, X_Micrograd_Page=page)
    return json.loads(text)["step"] if status == 200 else -status


@pytest.mark.usefixtures("patience")
def test_two_pages_share_no_network(server):
    assert [step_of(server, page, do="new") for page in ("a", "b")] == [0, 0]
    assert step_of(server, "a", do="step", n=3) == 3
    assert step_of(server, "b", do="state") == 0
    assert step_of(server, "a", do="state") == 3


def test_a_page_that_is_not_known_is_told_so(server):
    assert step_of(server, "c", do="state") == -410
    assert step_of(server, "c", do="new") == 0
    assert step_of(server, "c", do="step") == 1


def test_the_networks_of_the_last_pages_are_kept(server):
    names = [f"page {i}" for i in range(MOST_PAGES + 1)]
    for name in names[:-1]:
        assert step_of(server, name, do="new") == 0
    assert step_of(server, names[0], do="step") == 1
    assert step_of(server, names[-1], do="new") == 0
    assert step_of(server, names[1], do="state") == -410
    assert step_of(server, names[0], do="state") == 1
    assert len(server.plays) == MOST_PAGES
