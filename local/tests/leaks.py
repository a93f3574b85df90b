"""What a run must not log: every value that a secret of its stack ever had, and any token."""

from __future__ import annotations

import re
from pathlib import Path

from local.stack import Stack

TOKEN = re.compile(rb"eyJ[\w-]{8,}\.[\w-]+")
"""What a JSON Web Token begins with."""
SHORTEST = 16
"""Shorter lines of a secret are not telling, such as the last one of a key."""


def secrets_of(stack: Stack) -> dict[bytes, str]:
    """Every telling line of every value that Secrets Manager has held, by the name of its secret."""
    client = stack.client("secretsmanager")
    found: dict[bytes, str] = {}
    for secret in client.list_secrets()["SecretList"]:
        name = secret["Name"]
        for version in client.list_secret_version_ids(SecretId=name, IncludeDeprecated=True)["Versions"]:
            value = client.get_secret_value(SecretId=name, VersionId=version["VersionId"])["SecretString"]
            lines = (line.encode() for line in value.splitlines() if not line.startswith("-----"))
            found |= {line: name for line in lines if len(line) >= SHORTEST}
    return found


def assert_not_logged(secrets: dict[bytes, str], logs: Path) -> None:
    """Fails with the names of secrets and logs, never with what it found."""
    leaks = set()
    for log in (path for path in logs.rglob("*") if path.is_file()):
        text = log.read_bytes()
        leaks |= {(name, log.name) for line, name in secrets.items() if line in text}
        if TOKEN.search(text):
            leaks.add(("a token", log.name))
    assert not leaks, "secrets in logs: " + ", ".join(f"{name} in {log}" for name, log in sorted(leaks))
