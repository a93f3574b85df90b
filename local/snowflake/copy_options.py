"""What a COPY INTO statement asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import errors, options
from .catalog import Object, Table
from .context import Context
from .scanner import Scanner, Value
from .staged import Location

if TYPE_CHECKING:
    from .session import Session

MAX_FILES = 1000

_ALLOWED = {
    "FILES", "PATTERN", "FILE_FORMAT", "ON_ERROR", "MATCH_BY_COLUMN_NAME", "INCLUDE_METADATA",
    "FORCE", "PURGE", "ENFORCE_LENGTH", "TRUNCATECOLUMNS", "RETURN_FAILED_ONLY",
    "LOAD_UNCERTAIN_FILES",
}
_FIXED = {
    "PURGE": False, "ENFORCE_LENGTH": True, "TRUNCATECOLUMNS": False, "RETURN_FAILED_ONLY": False,
}
"""Options that only their default is implemented for."""

METADATA = {
    "METADATA$FILENAME", "METADATA$FILE_ROW_NUMBER", "METADATA$START_SCAN_TIME",
    "METADATA$FILE_LAST_MODIFIED", "METADATA$FILE_CONTENT_KEY",
}


@dataclass(frozen=True)
class CopyStatement:
    """A COPY INTO table that was checked against the catalog."""

    table: Table
    prefix: Location
    role_arn: str
    blocked: list[str]
    file_format: dict[str, Value]
    files: list[str] | None
    pattern: re.Pattern[str] | None
    metadata: dict[str, str]
    case_sensitive: bool
    skip_file: bool
    force: bool
    load_uncertain: bool


def read(session: Session, scanner: Scanner) -> CopyStatement:
    """Reads what follows COPY INTO; the role needs INSERT on the table and USAGE of the stage."""
    context = session.context
    target = scanner.name()
    scanner.expect("FROM")
    if scanner.peek() == "(":
        raise errors.not_supported("COPY with a transforming SELECT")
    reference = scanner.stage()
    given = options.check("COPY", _ALLOWED, scanner.options())
    scanner.end()
    table = context.relation(target, "INSERT", ("TABLE",))
    if not isinstance(table, Table):
        raise errors.missing("Table", table.label())
    stage = context.lookup("STAGE", reference.name, "USAGE")
    integration = context.catalog.get("INTEGRATION", (str(stage.options["STORAGE_INTEGRATION"]),))
    bucket, _, path = str(stage.options["URL"]).removeprefix("s3://").partition("/")
    for name, only in _FIXED.items():
        if given.get(name, only) != only:
            raise errors.not_supported(f"{name} = {given[name]}")
    return CopyStatement(
        table=table,
        prefix=Location(bucket, path + reference.path),
        role_arn=str(integration.options["STORAGE_AWS_ROLE_ARN"]),
        blocked=_blocked(integration),
        file_format=_file_format(context, given.get("FILE_FORMAT", stage.options.get("FILE_FORMAT"))),
        files=_files(given),
        pattern=_pattern(given),
        metadata=_metadata(given, table),
        case_sensitive=_match(given) == "CASE_SENSITIVE",
        skip_file=_on_error(given) == "SKIP_FILE",
        force=given.get("FORCE") is True,
        load_uncertain=given.get("LOAD_UNCERTAIN_FILES") is True,
    )


def _blocked(integration: Object) -> list[str]:
    blocked = integration.options.get("STORAGE_BLOCKED_LOCATIONS", [])
    return [str(one) for one in blocked] if isinstance(blocked, list) else []


def _file_format(context: Context, given: Value) -> dict[str, Value]:
    if not isinstance(given, dict):
        raise errors.not_supported("files without FILE_FORMAT (the default is CSV)")
    if "FORMAT_NAME" not in given:
        return options.file_format(given)
    if len(given) > 1:
        raise errors.syntax("FORMAT_NAME and other format options are mutually exclusive")
    name = Scanner(str(given["FORMAT_NAME"])).name()
    return context.lookup("FILE FORMAT", name, "USAGE").options


def _files(given: dict[str, Value]) -> list[str] | None:
    files = given.get("FILES")
    if files is None:
        return None
    if not isinstance(files, list) or not all(isinstance(one, str) for one in files):
        raise errors.syntax("FILES must be a list of file names")
    if len(files) > MAX_FILES:
        message = f"Maximum number of files {MAX_FILES} exceeded in FILES: {len(files)}"
        raise errors.compilation("001075", "22023", message)
    if "PATTERN" in given:
        raise errors.syntax("FILES and PATTERN are mutually exclusive")
    return [str(one) for one in files]


def _pattern(given: dict[str, Value]) -> re.Pattern[str] | None:
    if "PATTERN" not in given:
        return None
    try:
        return re.compile(str(given["PATTERN"]))
    except re.error as error:
        raise errors.syntax(f"invalid PATTERN: {error}") from error


def _match(given: dict[str, Value]) -> str:
    match = str(given.get("MATCH_BY_COLUMN_NAME", "NONE"))
    if match not in ("CASE_SENSITIVE", "CASE_INSENSITIVE"):
        message = (
            "PARQUET and JSON file formats can produce one and only one column of type variant,"
            " object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME"
            " copy option or copy with transformation."
        )
        raise errors.compilation("002019", "0A000", message)
    return match


def _metadata(given: dict[str, Value], table: Table) -> dict[str, str]:
    """Column name to metadata name. (It needs MATCH_BY_COLUMN_NAME, which is always given here.)"""
    metadata = given.get("INCLUDE_METADATA", {})
    if not isinstance(metadata, dict):
        raise errors.syntax("INCLUDE_METADATA must be a list of column = METADATA$...")
    for column, source in metadata.items():
        if source not in METADATA:
            raise errors.syntax(f"invalid metadata column '{source}'")
        if not any(one.name == column for one in table.columns):
            raise errors.compilation("000904", "42000", f"invalid identifier '{column}'")
    return {column: str(source) for column, source in metadata.items()}


def _on_error(given: dict[str, Value]) -> str:
    on_error = str(given.get("ON_ERROR", "ABORT_STATEMENT")).upper()
    if on_error not in ("ABORT_STATEMENT", "SKIP_FILE"):
        raise errors.not_supported(f"ON_ERROR = {on_error}")
    return on_error
