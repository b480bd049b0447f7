"""The simulator over HTTP/1.1: sockets, keep-alive and cut connections. Decides nothing."""

import socket
import struct
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self

from simulator.exchange import Answer, Reply, Request
from simulator.faults import Hold


class Service(Protocol):
    """Whatever answers requests."""

    def answer(self, request: Request, hold: Hold) -> Reply:
        """Answer a request; `hold` waits so many seconds, or until the server closes."""

    def environment(self, url: str) -> dict[str, str]:
        """Return the environment of a client of this address."""


class Server:
    """A running server; closing it cuts every connection, as an outage does."""

    def __init__(self, service: Service, *, host: str, port: int) -> None:
        self._closing = threading.Event()
        self._http = _HTTPServer((host, port), service, self._closing)
        self.host, self.port = host, int(self._http.server_address[1])
        self.url = f"http://{host}:{self.port}"
        self.environment = service.environment(self.url)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        trouble: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening and cut all connections."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.cut_all()
        self._http.server_close()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # A handler whose connection was cut ends by itself.
    request_queue_size = 256  # 500 disks may be down at once.

    def __init__(
        self, address: tuple[str, int], service: Service, closing: threading.Event
    ) -> None:
        self.service, self.closing = service, closing
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def cut_all(self) -> None:
        """Cut every open connection."""
        with self._open_lock:
            for one in self._open:
                _shut(one)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up; a fault of this program is said aloud."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Small answers must not wait for the client's next packet.
    server: _HTTPServer

    def handle_any(self) -> None:
        """Take one request and send one reply."""
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        reply = self.server.service.answer(request, self.server.closing.wait)
        if isinstance(reply, Answer):
            self._send(reply)
        else:
            self._cut(reset=reply.reset)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: paths hold signatures."""

    def _send(self, answer: Answer) -> None:
        phrase = HTTPStatus(answer.status).phrase if answer.status in _STATUSES else ""
        lines = [f"HTTP/1.1 {answer.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status != HTTPStatus.NO_CONTENT:
            length = len(answer.body) if answer.announced is None else answer.announced
            lines.append(f"Content-Length: {length}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body)
        self.close_connection = self.close_connection or answer.announced is not None

    def _cut(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:  # Linger for no time at all: the client sees a reset, not an end.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()


_STATUSES = frozenset(int(one) for one in HTTPStatus)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It had ended already.
