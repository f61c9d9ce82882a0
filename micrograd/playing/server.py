"""The server of the live page: on this machine only, for who has its token.

The files of the page are read once, when it starts: a request names one of them, or
gets nothing. What computes is a `Play`.
"""

from __future__ import annotations

import hmac
import html
import json
import os
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import TracebackType
from typing import Any, Self

from micrograd.errors import ArgumentError
from micrograd.integers import integer_at_least
from micrograd.playing.play import Play
from micrograd.sandboxed import run_apart

HERE = "127.0.0.1"
LARGEST = 1_000_000  # bytes of a request
LONGEST_PAGE = 64  # characters of X-Micrograd-Page
MOST_READ = 20_000_000  # bytes that are read to no purpose
PATIENCE = 30.0  # seconds for a request to arrive
FRAME_HEIGHT = 800  # pixels, in a notebook
TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
MOST_PAGES = 8  # whose networks are kept; that of the page that has asked nothing for longest goes
APART = ("run", "grade")  # they take seconds, and touch no state
LATER = "<!doctype html><title>micrograd play</title><p>This micrograd has no page; see docs/play.md.</p>"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
NOTEBOOKS = "http://127.0.0.1:* http://localhost:* vscode-webview:"  # who may show the page in a frame


class Server:
    """A `Play` behind a page, in threads of its own.

    Args:
        port: 0 takes a free one.
        frames: who may show the page in a frame, as a Content-Security-Policy says it.

    Attributes:
        port: the port.
        token: what a request must bring.
        address: of the page, with the token behind the #, where no server sees it.

    Raises:
        ArgumentError: the port is not a port, or is in use.
    """

    def __init__(self, port: int = 0, frames: str = "'none'") -> None:
        number = integer_at_least(0, "play", "port", port)
        if number > 65535:
            raise ArgumentError(f"play: port={number} is not a port; give 0 to 65535; 0 takes a free one")
        self.plays: dict[str, Play] = {}  # by page; the one that asked last is the last
        self.apart = Play(run=_run, grade=_grade)
        self.token = secrets.token_urlsafe(24)
        self.lock, self.lock_apart = threading.Lock(), threading.Lock()
        self.pages = pages()
        self.policy = POLICY + frames
        try:
            self._server = _Listening((HERE, number), _Handler)
        except OSError as error:
            raise ArgumentError(
                f"play: port {number} cannot be used ({error.strerror}); leave it out, and a free one is taken"
            ) from None
        self._server.owner = self
        self.port: int = self._server.server_address[1]
        self.address = f"http://{HERE}:{self.port}/#token={self.token}"
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Answer until `close`, or an interrupt."""
        self._server.serve_forever(poll_interval=0.2)

    def start(self) -> None:
        """Answer in a thread, which ends with the program."""
        self._thread = threading.Thread(target=self.serve, name="micrograd play", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and give the port back."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def answer(self, request: Any, page: str = "") -> dict[str, Any] | None:
        """The answer of the page's own `Play`, to one request at a time.

        Args:
            request: a request.
            page: a text of the page's own, so that two pages do not share a network.
                Where it is empty there is one network for all.

        Returns:
            The answer; None for a page that is not known and does not ask for `new`.
        """
        do = request.get("do") if isinstance(request, dict) else None
        if do in APART:
            with self.lock_apart:
                return self.apart.handle(request)
        with self.lock:
            play = self.plays.pop(page, None)
            if play is None:
                if page and do != "new":
                    return None
                play = Play()
            self.plays[page] = play
            if len(self.plays) > MOST_PAGES:
                del self.plays[next(iter(self.plays))]
            return play.handle(request)


def _run(code: str) -> dict[str, Any]:
    return run_apart(code)


def _grade(code: str, upto: str | None) -> dict[str, Any]:
    return run_apart(code, wanted="grade", upto=upto, seconds=20.0)


class _Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # a page asks for many files at once
    allow_reuse_address = os.name != "nt"  # there, another program could take the port too
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser may go away in the middle of an answer: that is not an error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "micrograd", ""
    timeout = PATIENCE
    # The head and the body of an answer go out together, and at once: apart, the body
    # would wait 40 ms for the other end to confirm the head.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Listening

    def do_GET(self) -> None:
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what follows is not read, and must not pass for a request
        if self._is_from_here():
            path = self.path.partition("?")[0]
            page = self.server.owner.pages.get(path)
            if path == "/play":
                self._refuse(405, "ask by POST", Allow="POST")
            elif page is None:
                self._refuse(404, "there is no such page")
            else:
                self._send(200, *page)

    do_HEAD = do_GET  # noqa: N815 - as http.server calls it

    def do_POST(self) -> None:
        owner = self.server.owner
        if not self._is_from_here():
            return
        if self.path in owner.pages:
            self._refuse(405, "this page is only read", Allow="GET, HEAD")
            return
        if self.path != "/play":
            self._refuse(404, "there is no such page")
            return
        token = self.headers.get("X-Micrograd-Token", "")
        if not hmac.compare_digest(token.encode(errors="replace"), owner.token.encode()):
            self._refuse(403, "the token is missing or wrong; open the address that `micrograd play` has printed")
            return
        body = self._body()
        if body is None:
            return
        try:
            request = json.loads(body)
        except (ValueError, RecursionError) as error:
            self._refuse(400, f"this is not JSON: {error}")
            return
        answer = owner.answer(request, self.headers.get("X-Micrograd-Page", "")[:LONGEST_PAGE])
        if answer is None:
            self._refuse(410, "the network of this page is not here; ask for new first")
            return
        self._send(200, "application/json", json.dumps(answer, allow_nan=False).encode())

    def _any_other(self) -> None:
        if self._is_from_here():
            self._refuse(405, "ask by GET or POST", Allow="GET, HEAD, POST")

    def _is_from_here(self) -> bool:
        """Whether the request is for this server, and from its own page, if from one.

        Another page may reach the server by a name of its own that leads here.
        """
        names = [f"{name}:{self.server.owner.port}" for name in (HERE, "localhost")]
        hosts, origins = self.headers.get_all("Host", []), self.headers.get_all("Origin", [])
        if len(hosts) == 1 and hosts[0] in names and (not origins or origins == [f"http://{hosts[0]}"]):
            return True
        self._refuse(403, "this server answers its own page only")
        return False

    def _body(self) -> bytes | None:
        lengths = self.headers.get_all("Content-Length", [])
        length = lengths[0] if len(lengths) == 1 else ""
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._refuse(411, "say how long the request is, by Content-Length")
            return None
        if len(length) > 9 or int(length) > LARGEST:
            self._read_away(length)
            self._refuse(413, f"the request is too large; at most {LARGEST:,} bytes are taken")
            return None
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self._refuse(400, "the request has ended too early")
            return None
        return body

    def _read_away(self, length: str) -> None:
        """Read a request that is too large, within limits: a browser reads no answer
        before it has sent all.
        """
        left = int(length) if len(length) < 9 else 0
        while 0 < left < MOST_READ and (chunk := self.rfile.read(min(left, 65536))):
            left -= len(chunk)

    def _refuse(self, status: int, why: str, **headers: str) -> None:
        self.close_connection = True  # what else it has sent was not read
        body = json.dumps({"ok": False, "error": why}).encode()
        self._send(status, "application/json", body, Connection="close", **headers)

    def _send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, text in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": self.server.owner.policy,
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            **headers,
        }.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What `http.server` itself refuses, such as a request that is not HTTP."""
        if code == 501:  # a method of another name
            self._any_other()
            return
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = self.protocol_version  # so that the answer has a status
        self._refuse(int(code), "this is not a request that can be read")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal belongs to who has started it."""


def pages() -> dict[str, tuple[str, bytes]]:
    """The files of the page, by the paths of requests: their types and their bytes."""
    found = {"/": (TYPES["html"], LATER.encode())}
    _gather(found, "/", files("micrograd.playing").joinpath("page"))
    _gather(found, "/see/", files("micrograd.see").joinpath("page"))
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def _gather(found: dict[str, tuple[str, bytes]], path: str, folder: Traversable) -> None:
    for file in folder.iterdir() if folder.is_dir() else ():
        kind = TYPES.get(file.name.rpartition(".")[2])
        if file.is_dir():
            _gather(found, f"{path}{file.name}/", file)
        elif kind is not None:
            found[path + file.name] = (kind, file.read_bytes())


class LivePage:
    """The live page in a notebook: what `play` gives.

    Attributes:
        address: of the page, with its token.
    """

    def __init__(self, server: Server) -> None:
        self._server: Server | None = server
        self.address = server.address

    def close(self) -> None:
        """Stop the server. A second call does nothing."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        if self._server is None:
            return "<p>This page is closed; call <code>play()</code> again.</p>"
        return (
            f'<iframe sandbox="allow-scripts allow-same-origin allow-downloads" title="micrograd play" width="100%" '
            f'height="{FRAME_HEIGHT}" style="border:0" src="{html.escape(self.address)}"></iframe>'
        )

    def __repr__(self) -> str:
        return "<LivePage: closed>" if self._server is None else f"<LivePage: open {self.address}>"


def play(port: int = 0) -> LivePage:
    """Start the live page: a notebook shows it, elsewhere open its address.

    A small network learns points in the plane, one step at a time: its activations, its
    weights and their gradients, one weight with its derivative, the graph of a point.
    The server answers on this machine only; it ends with the program, or by `close`.

    Args:
        port: where it answers; 0 takes a free one.

    Returns:
        The LivePage, which is also a context manager.

    Raises:
        ArgumentError: the port is not a port, or is in use.

    >>> with play() as page:
    ...     page.address.startswith("http://127.0.0.1:")
    True
    """
    server = Server(port, NOTEBOOKS)
    server.start()
    return LivePage(server)
