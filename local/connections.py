"""How every server of the stand-ins keeps its connections."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import Any


class Connections(ThreadingMixIn):
    """Serves each connection on a thread, and waits for these threads when it stops.

    An interpreter that ends while a thread is inside native code, or writes to standard error,
    aborts the process.
    """

    daemon_threads = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(*arguments, **named)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends every connection that waits for a request; answers under way go out.

        For when none is accepted any more. `server_close` then waits for all of them.
        """
        for connection in list(self._connections):
            with suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RD)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, as a killed function does, is no error of the server."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
