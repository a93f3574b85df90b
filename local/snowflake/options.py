"""The options each kind of object takes: those of Snowflake that mean something here, or that are
about operation only and may be accepted without changing what a statement does."""

from __future__ import annotations

import re

from . import errors
from .scanner import Value

WAREHOUSE = {
    "WAREHOUSE_TYPE", "WAREHOUSE_SIZE", "RESOURCE_CONSTRAINT", "GENERATION", "MAX_CLUSTER_COUNT",
    "MIN_CLUSTER_COUNT", "SCALING_POLICY", "AUTO_SUSPEND", "AUTO_RESUME", "INITIALLY_SUSPENDED",
    "RESOURCE_MONITOR", "COMMENT", "ENABLE_QUERY_ACCELERATION",
    "QUERY_ACCELERATION_MAX_SCALE_FACTOR", "MAX_CONCURRENCY_LEVEL",
    "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS", "STATEMENT_TIMEOUT_IN_SECONDS",
}
ROLE = {"COMMENT"}
USER = {
    "LOGIN_NAME", "DISPLAY_NAME", "EMAIL", "DISABLED", "DEFAULT_WAREHOUSE", "DEFAULT_NAMESPACE",
    "DEFAULT_ROLE", "DEFAULT_SECONDARY_ROLES", "RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2", "TYPE",
    "COMMENT", "NETWORK_POLICY", "TIMEZONE", "WORKLOAD_IDENTITY",
}
WORKLOAD_IDENTITY = {"TYPE", "ARN", "ISSUER"}
INTEGRATION = {
    "TYPE", "STORAGE_PROVIDER", "STORAGE_AWS_ROLE_ARN", "STORAGE_AWS_EXTERNAL_ID",
    "STORAGE_AWS_OBJECT_ACL", "ENABLED", "STORAGE_ALLOWED_LOCATIONS", "STORAGE_BLOCKED_LOCATIONS",
    "USE_PRIVATELINK_ENDPOINT", "COMMENT",
}
DATABASE = {"DATA_RETENTION_TIME_IN_DAYS", "MAX_DATA_EXTENSION_TIME_IN_DAYS", "COMMENT"}
SCHEMA = DATABASE
TABLE = DATABASE | {"CHANGE_TRACKING", "ENABLE_SCHEMA_EVOLUTION"}
STREAM = {"APPEND_ONLY", "SHOW_INITIAL_ROWS", "COMMENT"}
STAGE = {
    "URL", "STORAGE_INTEGRATION", "ENCRYPTION", "DIRECTORY", "FILE_FORMAT", "COMMENT",
    "USE_PRIVATELINK_ENDPOINT",
}

FORMATS: dict[str, dict[str, tuple[Value, tuple[Value, ...]]]] = {
    "PARQUET": {
        "COMPRESSION": ("AUTO", ("AUTO", "SNAPPY", "NONE")),
        "SNAPPY_COMPRESSION": (True, (True, False)),
        "BINARY_AS_TEXT": (True, (True, False)),
        "USE_LOGICAL_TYPE": (False, (True, False)),
        "USE_VECTORIZED_SCANNER": (False, (True, False)),
        "REPLACE_INVALID_CHARACTERS": (False, (False,)),
        "TRIM_SPACE": (False, (False,)),
        "NULL_IF": ([], ([],)),
    },
    "JSON": {
        "COMPRESSION": ("AUTO", ("AUTO", "GZIP", "NONE")),
        "STRIP_OUTER_ARRAY": (False, (True, False)),
        "STRIP_NULL_VALUES": (False, (False,)),
        "ALLOW_DUPLICATE": (False, (False,)),
        "ENABLE_OCTAL": (False, (False,)),
        "MULTI_LINE": (True, (True, False)),
        "IGNORE_UTF8_ERRORS": (False, (False,)),
        "REPLACE_INVALID_CHARACTERS": (False, (False,)),
        "SKIP_BYTE_ORDER_MARK": (True, (True,)),
        "TRIM_SPACE": (False, (False,)),
        "DATE_FORMAT": ("AUTO", ("AUTO",)),
        "TIME_FORMAT": ("AUTO", ("AUTO",)),
        "TIMESTAMP_FORMAT": ("AUTO", ("AUTO",)),
        "NULL_IF": ([], ([],)),
    },
}
"""For each file format's options: the default, and the values this stand-in implements."""


def check(kind: str, allowed: set[str], given: dict[str, Value]) -> dict[str, Value]:
    """Refuses an option the kind of object does not have."""
    for name in given:
        if name not in allowed:
            raise errors.syntax(f"invalid property '{name}' for '{kind}'")
    return given


def integration(given: dict[str, Value]) -> dict[str, Value]:
    check("INTEGRATION", INTEGRATION, given)
    for name in ("TYPE", "STORAGE_PROVIDER", "STORAGE_AWS_ROLE_ARN", "ENABLED",
                 "STORAGE_ALLOWED_LOCATIONS"):
        if name not in given:
            raise errors.syntax(f"Missing option(s): {name}")
    if given["TYPE"] != "EXTERNAL_STAGE" or given["STORAGE_PROVIDER"] != "S3":
        raise errors.not_supported("integrations other than EXTERNAL_STAGE on S3")
    locations = given["STORAGE_ALLOWED_LOCATIONS"]
    if not isinstance(locations, list) or not all(
        one == "*" or str(one).startswith("s3://") for one in locations
    ):
        raise errors.syntax(f"invalid value {locations} for property 'STORAGE_ALLOWED_LOCATIONS'")
    return given


def user(given: dict[str, Value]) -> dict[str, Value]:
    check("USER", USER, given)
    if given.get("TYPE", "PERSON") not in ("PERSON", "SERVICE", "LEGACY_SERVICE"):
        raise errors.syntax(f"invalid value '{given['TYPE']}' for property 'TYPE'")
    if "WORKLOAD_IDENTITY" in given:
        _workload_identity(given["WORKLOAD_IDENTITY"], given.get("TYPE"))
    return given


def _workload_identity(identity: Value, user_type: Value) -> None:
    """An identity of AWS: the ARN of an IAM role or user, and who issues its tokens."""
    if user_type != "SERVICE":
        raise errors.syntax("WORKLOAD_IDENTITY is a property of users with TYPE = SERVICE")
    if not isinstance(identity, dict) or identity.get("TYPE") != "AWS":
        raise errors.not_supported(f"WORKLOAD_IDENTITY = {identity}")
    check("WORKLOAD_IDENTITY", WORKLOAD_IDENTITY, identity)
    if not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/\S+", str(identity.get("ARN"))):
        raise errors.syntax(f"invalid value '{identity.get('ARN')}' for property 'ARN'")


def file_format(given: dict[str, Value]) -> dict[str, Value]:
    """The complete options of a file format, defaults filled in."""
    given = dict(given)
    given.pop("COMMENT", None)
    kind = str(given.pop("TYPE", "CSV")).upper()
    if kind not in FORMATS:
        raise errors.not_supported(f"files of type {kind}")
    complete: dict[str, Value] = {"TYPE": kind}
    known = FORMATS[kind]
    check(f"{kind} file format", set(known), given)
    for name, (default, implemented) in known.items():
        value = given.get(name, default)
        value = value.upper() if isinstance(value, str) else value
        if value not in implemented:
            raise errors.not_supported(f"{name} = {value} of {kind} files")
        complete[name] = value
    return complete
