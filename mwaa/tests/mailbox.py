"""A mail server on a loopback port that keeps what it is given."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class Mailbox:
    """The messages received so far."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)


@contextmanager
def serve() -> Iterator[Mailbox]:
    """Runs a mail server for as long as the context lasts."""
    mailbox = Mailbox()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self.answer("220 ready")
            while line := self.rfile.readline():
                command = line[:4].upper()
                if command == b"DATA":
                    self.answer("354 go on")
                    mailbox.messages.append(self.message())
                self.answer("221 bye" if command == b"QUIT" else "250 ok")

        def answer(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def message(self) -> EmailMessage:
            lines = iter(self.rfile.readline, b".\r\n")
            return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    ThreadingTCPServer.daemon_threads = True
    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    mailbox.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield mailbox
    finally:
        server.shutdown()
        server.server_close()
