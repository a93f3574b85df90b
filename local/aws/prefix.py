"""Firehose's prefix expressions and object names."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

EXPRESSION = re.compile(r"!\{([^}]*)\}")
PATTERN_TOKEN = re.compile(r"'([^']*)'|([A-Za-z])\2*|[^A-Za-z']")
STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
DEFAULT_SUFFIX = "!{timestamp:yyyy}/!{timestamp:MM}/!{timestamp:dd}/!{timestamp:HH}/"


class InvalidPrefix(ValueError):
    """Firehose would refuse the prefix."""


def check_prefixes(prefix: str, error_prefix: str) -> None:
    """Raises `InvalidPrefix` for a pair of prefixes that Firehose refuses."""
    if not EXPRESSION.search(prefix):
        return
    if "firehose:error-output-type" in prefix:
        raise InvalidPrefix("Prefix may not contain !{firehose:error-output-type}")
    if "!{firehose:error-output-type}" not in error_prefix:
        raise InvalidPrefix("ErrorOutputPrefix must contain !{firehose:error-output-type}, as Prefix has an expression")
    evaluate(prefix, datetime(2000, 1, 1))


def evaluate(prefix: str, arrival: datetime) -> str:
    """The prefix of an object whose oldest record arrived at `arrival`, in UTC.

    A prefix without a timestamp expression gets YYYY/MM/dd/HH/ appended, as by the service.
    """
    if "!{timestamp:" not in prefix:
        prefix += DEFAULT_SUFFIX

    def replace(match: re.Match[str]) -> str:
        namespace, _, pattern = match[1].partition(":")
        if namespace == "timestamp":
            return format_timestamp(pattern, arrival)
        if match[1] == "firehose:random-string":
            return uuid.uuid4().hex[:11]
        raise InvalidPrefix(f"unsupported expression {match[0]}")

    return EXPRESSION.sub(replace, prefix)


def format_timestamp(pattern: str, at: datetime) -> str:
    """Formats by a Java DateTimeFormatter pattern; a letter we do not know is refused."""

    def replace(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith("'"):
            return match[1] or "'"
        if not token[0].isalpha():
            return token
        if token not in STRFTIME:
            raise InvalidPrefix(f"unsupported timestamp pattern {token!r} in {pattern!r}")
        return at.strftime(STRFTIME[token])

    return PATTERN_TOKEN.sub(replace, pattern)


def object_name(stream: str, arrival: datetime) -> str:
    """`<stream>-<version>-<time of the oldest record>-<random>`."""
    return f"{stream}-1-{arrival:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}"
