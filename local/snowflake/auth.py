"""Who sends a request: by key pair, workload identity or programmatic access token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from . import key_pair, workload_identity
from .catalog import Catalog
from .errors import ApiError


@dataclass(frozen=True)
class Identity:
    """A user who has signed in; with a `role`, no other can be assumed."""

    user: str
    role: str | None = None


@dataclass(frozen=True)
class _AccessToken:
    identity: Identity
    expires_at: float


class Authentication:
    """Checks the headers of requests against the users of the account.

    `account` is the only one whose key-pair tokens are accepted, or `None` for any. `issuers` are
    those whose workload identity tokens are.
    """

    def __init__(self, catalog: Catalog, account: str | None, clock: Callable[[], float]) -> None:
        self._catalog = catalog
        self._account = account
        self._clock = clock
        self.issuers: workload_identity.Issuers = {}
        self._access_tokens: dict[bytes, _AccessToken] = {}

    def add_access_token(self, identity: Identity, expires_at: float) -> str:
        """Makes a programmatic access token; like Snowflake, only its hash is kept."""
        secret = secrets.token_urlsafe(48)
        self._access_tokens[_digest(secret)] = _AccessToken(identity, expires_at)
        return secret

    def identify(self, headers: dict[str, str]) -> Identity:
        """Who sends a request with these headers, whose names are lower case.

        Raises `ApiError` for headers that every request needs, and 401 for a refused token.
        """
        if not headers.get("user-agent"):
            raise ApiError(400, "391903", "Unsupported User-Agent null is specified.")
        accept = headers.get("accept", "")
        if "application/json" not in accept and "*/*" not in accept:
            raise ApiError(400, "391902", f"Unsupported Accept header {accept or 'null'} is specified.")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        kind = headers.get("x-snowflake-authorization-token-type", "OAUTH")
        if kind == "OAUTH":  # what Snowflake assumes when the header is missing
            raise ApiError(401, "390303", "Invalid OAuth access token.")
        if scheme != "Bearer" or not token:
            raise ApiError(401, "390144", "JWT token is invalid.")
        if kind == "KEYPAIR_JWT":
            return Identity(key_pair.verify(self._catalog, token, self._account, self._clock()))
        if kind == "WORKLOAD_IDENTITY_FEDERATION":
            return Identity(workload_identity.verify(self._catalog, self.issuers, token, self._clock()))
        if kind == "PROGRAMMATIC_ACCESS_TOKEN":
            return self._access_token(token)
        raise ApiError(401, "390144", f"the stand-in does not accept tokens of type {kind}")

    def _access_token(self, token: str) -> Identity:
        """The drivers' tests know one answer to any token that is wrong: 394400."""
        found = self._access_tokens.get(_digest(token))
        if found is None or found.expires_at <= self._clock():
            raise ApiError(401, "394400", "Programmatic access token is invalid.")
        user = self._catalog.find("USER", (found.identity.user,))
        if user is None or user.options.get("DISABLED") is True:
            raise ApiError(401, "394400", "Programmatic access token is invalid.")
        return found.identity


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
