"""Workload identity federation: a token that AWS STS issued to a role stands for the user.

Snowflake documents what is accepted, not the codes of what is not: 390144 and 394300 are those of
key-pair tokens that cannot be accepted and of unknown users, chosen here.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import serialization

from local import jwt

from .catalog import Catalog
from .errors import ApiError

PREFIX = "WIF.AWS."
AUDIENCE = "snowflakecomputing.com"

Issuers = dict[str, dict[str, str]]
"""The public keys (PEM) that each issuer publishes, by their `kid`."""


def verify(catalog: Catalog, issuers: Issuers, token: str, now: float) -> str:
    """The service user whose WORKLOAD_IDENTITY the token proves. Raises `ApiError` 401."""
    if not token.startswith(PREFIX):
        raise _refused("390144", f"it does not start with {PREFIX}")
    try:
        parsed = jwt.parse(token.removeprefix(PREFIX))
    except ValueError as error:
        raise _refused("390144", "it cannot be read") from error
    claims = parsed.claims
    published = issuers.get(str(claims.get("iss")), {}).get(str(parsed.header.get("kid")))
    if published is None:
        raise _refused("390144", "its issuer publishes no such key")
    if not parsed.is_signed_by(serialization.load_pem_public_key(published.encode())):
        raise _refused("390144", "the signature is invalid")
    expires, audience = claims.get("exp"), claims.get("aud")
    if not isinstance(expires, (int, float)) or expires <= now:
        raise _refused("390144", "it has expired")
    if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("390144", f"its audience is not {AUDIENCE}")
    return _user(catalog, str(claims["iss"]), str(claims.get("sub")))


def _user(catalog: Catalog, issuer: str, subject: str) -> str:
    """A user without an ISSUER signs in with no such token (Snowflake knows an older kind)."""
    for user in catalog.all("USER"):
        identity = user.options.get("WORKLOAD_IDENTITY")
        if not isinstance(identity, dict) or user.options.get("DISABLED") is True:
            continue
        if (identity.get("ISSUER"), identity["ARN"]) == (issuer, subject):
            return user.name[0]
    raise _refused("394300", f"no service user has the identity {subject} of {issuer}")


def _refused(code: str, detail: str) -> ApiError:
    return ApiError(401, code, f"Workload identity token is invalid: {detail}")
