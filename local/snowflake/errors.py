"""What a statement or a request fails with: Snowflake's codes, SQL states and wording."""

from __future__ import annotations

import re

import duckdb


class SqlError(Exception):
    """A statement failed. The SQL API reports it as HTTP 422 (408 when it timed out)."""

    def __init__(self, code: str, sql_state: str, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.code = code
        self.sql_state = sql_state
        self.message = message
        self.status = status


class ApiError(Exception):
    """A request was refused before any statement ran."""

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def compilation(code: str, sql_state: str, message: str) -> SqlError:
    return SqlError(code, sql_state, f"SQL compilation error:\n{message}")


def syntax(message: str) -> SqlError:
    """Text that is not Snowflake SQL, or that this stand-in cannot translate faithfully."""
    return compilation("001003", "42000", message)


def not_supported(what: str) -> SqlError:
    return syntax(f"the stand-in does not support {what}")


def missing(kind: str, name: str) -> SqlError:
    """Missing and unauthorised objects are told apart by nobody, as in Snowflake."""
    state = "02000" if kind != "Object" else "42S02"
    return compilation("002003", state, f"{kind} '{name}' does not exist or not authorized.")


def already_exists(name: str) -> SqlError:
    return compilation("002002", "42710", f"Object '{name}' already exists.")


def insufficient(kind: str, name: str) -> SqlError:
    message = f"SQL access control error:\nInsufficient privileges to operate on {kind} '{name}'"
    return SqlError("003001", "42501", message)


def role_not_authorized(role: str) -> SqlError:
    message = f"Role '{role}' specified in the connect string does not exist or not authorized."
    return SqlError("390189", "08001", message)


def canceled() -> SqlError:
    return SqlError("000604", "57014", "SQL execution canceled")


def timed_out(seconds: float) -> SqlError:
    message = (
        f"Statement reached its statement or warehouse timeout of {seconds:g} second(s)"
        " and was canceled."
    )
    return SqlError("000630", "57014", message, status=408)


_DUCKDB_ERRORS: list[tuple[re.Pattern[str], str, str, str]] = [
    (re.compile(pattern, re.S), code, state, message)
    for pattern, code, state, message in [
        (r'(?:column|alias) "?([\w$.]+)"? (?:not found|does not exist)', "000904", "42000",
         "SQL compilation error:\ninvalid identifier '{0}'"),
        (r'does not have a column named "([\w$.]+)"', "000904", "42000",
         "SQL compilation error:\ninvalid identifier '{0}'"),
        (r'Ambiguous reference to column name "([^"]+)"', "002028", "42601",
         "SQL compilation error:\nambiguous column name '{0}'"),
        (r"Function with name \"?([\w$]+)\"? does not exist", "002140", "42601",
         "SQL compilation error:\nUnknown function {0}"),
        (r'column "([^"]+)" must appear in the GROUP BY', "000979", "42601",
         "SQL compilation error:\n[{0}] is not a valid group by expression"),
        (r"CHECK constraint failed on table \S+ with expression CHECK\(\(length\(\"?(\w+)\"?\) <= (\d+)",
         "100078", "22000", "String in column {0} is too long and would be truncated (limit {1})"),
        (r"NOT NULL constraint failed: \S+?\.([^.\s]+)$", "100072", "22000",
         "NULL result in a non-nullable column ({0})"),
        (r"Casting value \"?([^\"]*?)\"? to type (DECIMAL\(\d+,\d+\)) failed", "100039", "22003",
         "Numeric value '{0}' is out of range"),
        (r"(?:Type \w+ with value|Could not cast value) (\S+) (?:can't be cast|to DECIMAL)",
         "100039", "22003", "Numeric value '{0}' is out of range"),
        (r"Could not convert string ['\"](.*?)['\"] to (?:DECIMAL|U?INT|DOUBLE|HUGEINT)", "100038",
         "22018", "Numeric value '{0}' is not recognized"),
        (r"Could not convert string ['\"](.*?)['\"] to BOOL", "100037", "22018",
         "Boolean value '{0}' is not recognized"),
        (r"(?:invalid timestamp field format|timestamp field value out of range): \"([^\"]*)\"",
         "100035", "22007", "Timestamp '{0}' is not recognized"),
        (r"(?:invalid date field format|date field value out of range): \"([^\"]*)\"", "100040",
         "22007", "Date '{0}' is not recognized"),
        # 100108 and, here and in dml.py, 001044 and 002023 are from memory; no document lists them.
        (r"UDF: ValueError: (Error parsing JSON: [^\n]*)", "100069", "22P02", "{0}"),
        (r"(Invalid argument types for function .*)", "001044", "42P13", "SQL compilation error:\n{0}"),
        (r"time field value out of range: \"([^\"]*)\"", "100108", "22007", "Time '{0}' is not recognized"),
        (r"Malformed JSON", "100069", "22P02", "Error parsing JSON"),
        (r"(Division by zero)", "100051", "22012", "{0}"),
        (r"(Expected single-row|More than one row returned by a subquery)", "090150", "22000",
         "Single-row subquery returns more than one row."),
    ]
]


def from_duckdb(error: duckdb.Error) -> SqlError:
    """The Snowflake error a DuckDB error stands for."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return canceled()
    first = text.split("\n\n")[0]
    for pattern, code, state, message in _DUCKDB_ERRORS:
        if match := pattern.search(first):
            return SqlError(code, state, message.format(*match.groups()))
    if isinstance(error, (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)):
        return syntax(text)
    return SqlError("000603", "XX000", f"the stand-in failed to run the statement: {text}")
