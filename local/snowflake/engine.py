"""The account: its DuckDB database, its catalog and grants, and the lock that orders statements."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from . import errors, json_parser
from .access import Access
from .catalog import Catalog, Name, Object, Stream, Table
from .context import Context, quoted
from .lanes import ALL
from .results import Result, status
from .session import Session
from .state import CREATE, HIDDEN_SCHEMA, load_history, rows_of, segments_of

if TYPE_CHECKING:
    from .staged import Storage


_WRITE_BACK_S = 0.5
FILE_SETTINGS = (
    "memory_limit = '6GB'",
    # Compressing takes longer than all else that a MERGE does.
    "force_compression = 'uncompressed'",
    # A COPY that commits would wait while a MERGE beside it writes a gigabyte.
    "checkpoint_threshold = '1TB'",
)
"""Of databases in files, which may outgrow memory."""


class Engine:
    """Everything the sessions share.

    Transactions that write run one at a time, but for a COPY beside a MERGE: each holds its lanes
    from its first statement to its commit. What a COPY appends, a MERGE or a query beside it does
    not see, also in a stream. That is as good as one after the other, which is stricter than
    Snowflake's read committed and never loses an update.
    """

    def __init__(
        self, storage: Storage, clock: Callable[[], float] = time.time, directory: Path | None = None
    ) -> None:
        self._directory = directory
        self._temporary = tempfile.TemporaryDirectory(prefix="snowflake-")
        self.files = Path(self._temporary.name) if directory is None else directory / "segments"
        self._over = threading.Event()
        self.connection = duckdb.connect(":memory:")
        # One for each statement: more would wait for one another, on processors that all else needs.
        self.connection.execute("set threads = 1")
        # Of a join it would keep in memory what it takes for the smaller side, and take the rows of a
        # MERGE for it. So it is the side that the query names second.
        self.connection.execute("set disabled_optimizers = 'build_side_probe_side'")
        if directory is not None:
            for setting in FILE_SETTINGS:
                self.connection.execute(f"set {setting}")
            self.connection.execute("set temp_directory = ?", [str(directory / "spilled")])
            threading.Thread(target=self._write_back, args=(directory,), daemon=True).start()
        json_parser.register(self.connection)
        self.catalog = Catalog()
        self.access = Access(self.catalog)
        self.lanes = {lane: threading.Lock() for lane in ALL}
        self.storage = storage
        self.clock = clock

    def close(self) -> None:
        """Ends what goes on beside statements, and removes the files of databases in memory."""
        self._over.set()
        self._temporary.cleanup()

    def session(self, context: Context, cancel: threading.Event | None = None) -> Session:
        return Session(self, context, cancel or threading.Event())

    def context(self, user: str, role: str | None) -> Context:
        return Context(self.catalog, self.access, user, role)

    def before_create(
        self, session: Session, kind: str, name: Name, replace: bool, if_not_exists: bool
    ) -> Result | None:
        """Checks that the role may create this; answers if there is nothing to do."""
        self._require_create(session.context, kind, name)
        existing = self.catalog.taken(kind, name)
        if existing is None:
            return None
        if if_not_exists:
            return status(f"{name[-1]} already exists, statement succeeded.")
        if not replace or existing.kind != kind:
            raise errors.already_exists(".".join(name))
        self.access.require_owner(session.context.role, existing)
        return None

    def created(self, item: Object) -> None:
        """Enters a new object, in place of the one of the same name that it replaces."""
        if replaced := self.catalog.taken(item.kind, item.name):
            self._forget(replaced)
        self.catalog.add(item)
        self.access.created(item)

    def drop(self, session: Session, item: Object) -> None:
        """Drops an object and what depends on it for its existence."""
        if item.kind == "DATABASE":
            self.connection.execute(f"detach {quoted(item.name)}")
        elif item.kind == "SCHEMA":
            self.connection.execute(f"drop schema {quoted(item.name)} cascade")
        elif item.kind == "VIEW":
            with session.statement():
                session.execute(f"drop view {quoted(item.name)}")
        elif item.kind == "TABLE":
            with session.statement():
                session.execute(f"drop view {quoted(item.name)}")
                session.execute(f"drop table {quoted(rows_of(item.name))}")
                session.execute(f"drop table if exists {quoted(segments_of(item.name))}")
        elif isinstance(item, Stream):
            with session.statement():
                session.execute(f"drop view {quoted(item.name)}")
                session.execute(f"drop table {item.changes_table}")
        self._forget(item)

    def create_database(self, name: str) -> None:
        database = quoted((name,))
        if self.catalog.find("DATABASE", (name,)):
            self.connection.execute(f"detach {database}")
        if self._directory is None:
            self.connection.execute(f"attach ':memory:' as {database}")
        else:
            self.connection.execute(f"attach '{self._directory / f'{name}.duckdb'}' as {database}")
        self.connection.execute(f"create schema {quoted((name, HIDDEN_SCHEMA))}")
        self.connection.execute(f"create table {load_history((name,))} {CREATE}")

    def create_schema(self, name: Name) -> None:
        if self.catalog.find("SCHEMA", name):
            self.connection.execute(f"drop schema {quoted(name)} cascade")
        self.connection.execute(f"create schema {quoted(name)}")

    def streams_on(self, table: Name) -> list[Stream]:
        """The streams that follow a table."""
        return [
            stream for stream in self.catalog.all("STREAM", table[:1])
            if isinstance(stream, Stream) and stream.table == table and not stream.stale
        ]

    def _write_back(self, directory: Path) -> None:
        """Has the system write a little at a time: a COPY that commits would wait for all that a MERGE wrote."""
        while not self._over.wait(_WRITE_BACK_S):
            for path in directory.glob("*.duckdb"):
                with path.open("rb") as file:
                    os.fdatasync(file.fileno())

    def _forget(self, item: Object) -> None:
        self.access.dropped(item)
        self.catalog.remove(item)
        if isinstance(item, Table):
            for stream in self.streams_on(item.name):
                stream.stale = True
            self.connection.execute(
                f"delete from {load_history(item.name)} where table_name = ?", [item.label()]
            )

    def _require_create(self, context: Context, kind: str, name: Name) -> None:
        privilege = f"CREATE {kind}"
        if kind in ("DATABASE", "WAREHOUSE", "ROLE", "USER", "INTEGRATION"):
            if not self.access.has_account(context.role, privilege):
                raise errors.insufficient("account", "LOCAL")
        else:
            parent = "DATABASE" if kind == "SCHEMA" else "SCHEMA"
            context.lookup(parent, name[:-1], privilege)
