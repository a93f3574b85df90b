"""The load metadata of a table: which files COPY has loaded, as far back as Snowflake remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from .catalog import Table
from .copy_options import CopyStatement
from .staged import StagedFile
from .state import load_history

if TYPE_CHECKING:
    from .session import Session

KEPT_S = 64 * 86_400


def unloaded(
    session: Session, statement: CopyStatement, files: list[StagedFile]
) -> list[StagedFile]:
    """The files COPY shall load: those not known to be loaded, and of which that is certain.

    The load status of a file is uncertain when it was last modified, and its table first loaded,
    before what is remembered; such a file is skipped unless LOAD_UNCERTAIN_FILES says otherwise.
    """
    if statement.force:
        return files
    horizon = session.engine.clock() - KEPT_S
    history = load_history(statement.table.name)
    query = f"select path, etag, loaded_at from {history} where table_name = ?"
    loads = session.execute(query, [statement.table.label()]).fetchall()
    known = {(path, etag) for path, etag, loaded_at in loads if loaded_at > horizon}
    all_known = all(loaded_at > horizon for _, _, loaded_at in loads)
    return [
        file for file in files
        if (file.location.key, file.etag) not in known
        and (all_known or file.modified.timestamp() > horizon or statement.load_uncertain)
    ]


def remember(session: Session, table: Table, files: list[StagedFile]) -> None:
    """Enters files that were loaded."""
    rows = pa.table({
        "table_name": [table.label() for _ in files],
        "path": [file.location.key for file in files],
        "etag": [file.etag for file in files],
        "loaded_at": [session.engine.clock() for _ in files],
    })
    if files:
        session.insert_arrow(load_history(table.name), rows)
