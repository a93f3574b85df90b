"""Key-pair authentication: a JWT that the user's private key signed, checked claim by claim."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local import jwt

from .catalog import Catalog, Object
from .errors import ApiError

MAX_AGE_S = 60
MAX_LIFETIME_S = 3600


def verify(catalog: Catalog, token: str, account: str | None, now: float) -> str:
    """The user a token proves; any account is accepted when `account` is `None`.

    Raises `ApiError` 401 with the code Snowflake gives.
    """
    parsed = _parse(token)
    _check_times(parsed.claims, now)
    issuer, subject = parsed.claims.get("iss"), parsed.claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise _refused("390144", "iss or sub is missing")
    prefix, separator, fingerprint = issuer.partition(".SHA256:")
    named, _, login = subject.partition(".")
    if not separator or prefix != subject or not login or subject != subject.upper():
        raise _refused("390144", "iss must be ACCOUNT.USER.SHA256:fingerprint and sub ACCOUNT.USER")
    if account is not None and named != account.upper():
        raise _refused("394307", f"account '{named}' is not the host's")
    user = _user(catalog, login)
    key = _keys(user).get(fingerprint)
    if key is None:
        raise _refused("394304", "the public key fingerprint matches no key of the user")
    if not parsed.is_signed_by(key):
        raise _refused("394306", "the signature is invalid")
    return user.name[0]


def key_text(pem: str) -> str:
    """The body of a PEM public key, as RSA_PUBLIC_KEY holds it."""
    return "".join(line for line in pem.splitlines() if line and not line.startswith("-----"))


def load_key(text: str) -> rsa.RSAPublicKey:
    """Reads RSA_PUBLIC_KEY. Raises `ValueError` unless it is an RSA key of at least 2048 bits."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(key_text(text), validate=True))
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise ValueError("not an RSA key of at least 2048 bits")
    return key


def _fingerprint(key: rsa.RSAPublicKey) -> str:
    """Base64 of SHA-256 over the key's SPKI DER."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def _refused(code: str, detail: str) -> ApiError:
    return ApiError(401, code, f"JWT token is invalid: {detail}")


def _parse(token: str) -> jwt.Token:
    try:
        parsed = jwt.parse(token)
    except ValueError as error:
        raise _refused("390144", "it cannot be read") from error
    if parsed.header.get("alg") != "RS256":
        raise _refused("390144", "it is not signed with RS256")
    return parsed


def _check_times(claims: dict[str, object], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, (int, float)) or not isinstance(expires, (int, float)):
        raise _refused("394301", "iat or exp is missing")
    if abs(now - issued) > MAX_AGE_S:
        raise _refused("394302", "iat is more than 60 seconds away")
    if expires <= now:
        raise _refused("394303", "it has expired")
    if expires - issued > MAX_LIFETIME_S:
        raise _refused("390144", "it is valid for more than an hour")


def _user(catalog: Catalog, login: str) -> Object:
    for user in catalog.all("USER"):
        named = str(user.options.get("LOGIN_NAME", user.name[0])).upper()
        if named == login and user.options.get("DISABLED") is not True:
            return user
    raise _refused("394300", f"user '{login}' does not exist or is disabled")


def _keys(user: Object) -> dict[str, rsa.RSAPublicKey]:
    """The user's keys, of which there are two slots, by fingerprint."""
    found = {}
    for slot in ("RSA_PUBLIC_KEY", "RSA_PUBLIC_KEY_2"):
        if text := user.options.get(slot):
            key = load_key(str(text))
            found[_fingerprint(key)] = key
    return found
