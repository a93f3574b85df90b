"""The stand-in as a whole: an account, its HTTP server, and direct access for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from . import key_pair, scanner
from .auth import Authentication, Identity
from .catalog import Object
from .engine import Engine
from .http_api import HttpServer
from .jobs import Job, Jobs
from .staged import Storage

SYNC_SECONDS = 45.0
"""How long a request without async=true waits for its result before it is answered 202."""


class SnowflakeServer:
    """A Snowflake account on a loopback port.

    `public_keys` names the users there are from the start and the PEM files of their public keys.
    The first administers the account (ACCOUNTADMIN); the others hold what is granted to them.
    Databases are in memory, or files in a `directory`. `on_end` is told of every statement that has
    ended. `nice` is the niceness of statements other than COPY.
    """

    def __init__(
        self,
        s3_endpoint: str,
        public_keys: dict[str, Path] | None = None,
        port: int = 0,
        account: str | None = None,
        partition_rows: int = 10_000,
        directory: Path | None = None,
        external_id: str | None = None,
        on_end: Callable[[Job], None] | None = None,
        nice: int = 0,
    ) -> None:
        self.engine = Engine(Storage(s3_endpoint, external_id), directory=directory)
        self.authentication = Authentication(self.engine.catalog, account, lambda: self.engine.clock())
        self.partition_rows = partition_rows
        self.sync_seconds = SYNC_SECONDS
        self.jobs = Jobs(self.engine, on_end or (lambda _: None), nice)
        self.requests: list[str] = []
        """Method and path of every HTTP request, those that were refused among them."""
        for position, (user, file) in enumerate((public_keys or {}).items()):
            self.add_user(user, file.read_text(), administrator=position == 0)
        self._http = HttpServer(port, self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stops listening, cancels what still runs, and waits for all of it."""
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self.jobs.stop()
        self.engine.close()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def storage(self) -> Storage:
        """How the account reaches S3: what DESC INTEGRATION tells of it."""
        return self.engine.storage

    @property
    def history(self) -> list[Job]:
        """Every statement received over HTTP, in order, with its query tag and outcome."""
        return self.jobs.history

    def add_user(self, name: str, public_key: str, administrator: bool = False) -> None:
        """Adds a user who signs in with this PEM public key."""
        options = {"RSA_PUBLIC_KEY": key_pair.key_text(public_key)}
        key_pair.load_key(public_key)
        role = "ACCOUNTADMIN" if administrator else None
        self.engine.catalog.add(
            Object("USER", (name.upper(),), "USERADMIN", options | {"DEFAULT_ROLE": role})
        )
        if role:
            self.engine.access.grant_role_to_user(role, name.upper())

    def add_access_token(self, user: str, role: str | None = None, valid_for_s: float = 86_400) -> str:
        """A new programmatic access token of a user, good for this role alone if one is given."""
        return self.authentication.add_access_token(Identity(user, role), self.engine.clock() + valid_for_s)

    def trust_issuer(self, issuer: str, public_keys: dict[str, str]) -> None:
        """Makes an issuer of workload identity tokens known, with the keys (PEM by `kid`) it publishes."""
        self.authentication.issuers[issuer] = public_keys

    def shift_clock(self, seconds: float) -> None:
        """Makes the account's clock go ahead of this machine's (or behind)."""
        self.engine.clock = lambda: time.time() + seconds

    def slow_next(self, seconds: float, count: int = 1) -> None:
        """Makes the next statements take this much longer."""
        self.jobs.slow += [seconds] * count

    def query(self, sql: str, timezone: str = "UTC") -> list[tuple[object, ...]]:
        """Runs one statement past HTTP and grants; rows come as Python values.

        For assertions: names must be complete, and a query reads streams without moving them.
        """
        context = self.engine.context("STANDIN", None)
        context.timezone = timezone
        session = self.engine.session(context)
        try:
            return session.run(sql, []).python_rows()
        finally:
            session.close()

    def run_script(self, script: str, role: str = "ACCOUNTADMIN") -> None:
        """Runs statements as an administrator does in a worksheet, with grants enforced."""
        context = self.engine.context("STANDIN", role)
        for one in ("ACCOUNTADMIN", role):
            self.engine.access.grant_role_to_user(one, "STANDIN")
        context.timezone = "UTC"
        session = self.engine.session(context)
        try:
            for statement in scanner.split(script):
                session.run(statement, [])
        finally:
            session.close()
