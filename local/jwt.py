"""JSON Web Tokens as the stand-ins sign and read them: RS256 and ES384."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_ES384_BYTES = 48
"""An ES384 signature is two numbers of this length, one after the other (RFC 7518)."""


@dataclass(frozen=True)
class Token:
    """A token that was read; nothing of it is to be believed before `is_signed_by`."""

    header: dict[str, Any]
    claims: dict[str, Any]
    _signed: bytes
    _signature: bytes

    def is_signed_by(self, key: PublicKey) -> bool:
        """Whether the signature is of this key, by the algorithm that goes with its kind."""
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(self._signature, self._signed, padding.PKCS1v15(), hashes.SHA256())
            else:
                key.verify(_der(self._signature), self._signed, ec.ECDSA(hashes.SHA384()))
        except InvalidSignature:
            return False
        return self.header.get("alg") == algorithm(key)


def algorithm(key: PrivateKey | PublicKey) -> str:
    return "RS256" if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)) else "ES384"


def parse(text: str) -> Token:
    """Reads a token. Raises `ValueError` for what is none."""
    header, claims, signature = text.split(".")
    read = [json.loads(_decode(part)) for part in (header, claims)]
    if not all(isinstance(part, dict) for part in read):
        raise ValueError("header and claims must be objects")
    return Token(read[0], read[1], f"{header}.{claims}".encode(), _decode(signature))


def sign(claims: dict[str, Any], key: PrivateKey, **header: str) -> str:
    """A token with these claims."""
    parts = [{"alg": algorithm(key), "typ": "JWT"} | header, claims]
    signed = ".".join(_encode(json.dumps(part).encode()) for part in parts)
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        numbers = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA384())))
        signature = b"".join(number.to_bytes(_ES384_BYTES) for number in numbers)
    return f"{signed}.{_encode(signature)}"


def _der(signature: bytes) -> bytes:
    if len(signature) != 2 * _ES384_BYTES:
        raise InvalidSignature
    numbers = (signature[:_ES384_BYTES], signature[_ES384_BYTES:])
    return encode_dss_signature(*(int.from_bytes(number) for number in numbers))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
