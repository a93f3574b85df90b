"""GetWebIdentityToken of the Security Token Service, which moto lacks."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local import jwt
from local.aws.http import Request, Response, signer

SERVICE, ACTION = "sts", "GetWebIdentityToken"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
DEFAULT_DURATION_S = 300
MIN_DURATION_S, MAX_DURATION_S = 60, 3600
MAX_AUDIENCES, MAX_AUDIENCE_CHARS = 10, 1000


@dataclass(frozen=True)
class Caller:
    """Whose credentials an access key is of, and whether its policies allow the call."""

    role_arn: str
    allowed: bool


class StsError(Exception):
    """An error of the service's query protocol."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Sts:
    """An AWS account that issues tokens to its roles.

    `callers` are the roles by access key id; `published_keys` is what is found at the issuer's
    JWKS endpoint, as PEM by `kid`. The account's switch for outbound federation is `enabled`.
    """

    def __init__(self, account: str) -> None:
        self.issuer = f"https://{uuid.uuid4()}.tokens.sts.global.api.aws"
        self.callers: dict[str, Caller] = {}
        self.enabled = True
        self._account = account
        self._keys: dict[str, jwt.PrivateKey] = {
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
            "ES384": ec.generate_private_key(ec.SECP384R1()),
        }

    @property
    def published_keys(self) -> dict[str, str]:
        """The public keys by their `kid`."""
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return {kid: key.public_key().public_bytes(*form).decode() for kid, key in self._keys.items()}

    def handle(self, request: Request) -> Response:
        """Answers one call."""
        try:
            fields = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
            return _answer(*self._token(fields, signer(request.headers)[0]))
        except StsError as error:
            return _failure(error)

    def _token(self, fields: dict[str, str], access_key_id: str) -> tuple[str, int]:
        """A signed token and when it expires."""
        caller = self.callers.get(access_key_id)
        if caller is None:
            raise StsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        if not caller.allowed:
            message = f"User: {caller.role_arn} is not authorized to perform: sts:{ACTION}"
            raise StsError(403, "AccessDenied", message)
        audiences, algorithm, duration_s = _checked(fields)
        if not self.enabled:
            message = "Outbound web identity federation is not enabled for this account."
            raise StsError(403, "OutboundWebIdentityFederationDisabledException", message)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": caller.role_arn,
            "aud": audiences if len(audiences) > 1 else audiences[0],
            "iat": now,
            "exp": now + duration_s,
            "jti": str(uuid.uuid4()),
            "https://sts.amazonaws.com/": {"aws_account": self._account, "principal_id": caller.role_arn},
        }
        return jwt.sign(claims, self._keys[algorithm], kid=algorithm), now + duration_s


def _checked(fields: dict[str, str]) -> tuple[list[str], str, int]:
    """Audiences, signing algorithm and duration, within the limits of the service's model."""
    rest = dict(fields)
    del rest["Action"]
    rest.pop("Version", None)
    audiences = [rest.pop(name) for name in sorted(fields) if name.startswith("Audience.member.")]
    algorithm = rest.pop("SigningAlgorithm", "")
    duration = rest.pop("DurationSeconds", str(DEFAULT_DURATION_S))
    if rest:
        raise _invalid(f"the stand-in does not know {', '.join(rest)}")
    if not 1 <= len(audiences) <= MAX_AUDIENCES or any(len(one) > MAX_AUDIENCE_CHARS for one in audiences):
        raise _invalid(f"audience must have 1 to {MAX_AUDIENCES} members of at most {MAX_AUDIENCE_CHARS} characters")
    if algorithm not in ("RS256", "ES384"):
        raise _invalid("signingAlgorithm must be RS256 or ES384")
    if not duration.isdigit() or not MIN_DURATION_S <= int(duration) <= MAX_DURATION_S:
        raise _invalid(f"durationSeconds must be {MIN_DURATION_S} to {MAX_DURATION_S}")
    return audiences, algorithm, int(duration)


def _invalid(detail: str) -> StsError:
    return StsError(400, "ValidationError", f"1 validation error detected: {detail}")


def _answer(token: str, expires_at: int) -> Response:
    expiration = datetime.fromtimestamp(expires_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _xml(200, f"{ACTION}Response", (
        f"<{ACTION}Result><WebIdentityToken>{token}</WebIdentityToken>"
        f"<Expiration>{expiration}</Expiration></{ACTION}Result>"
        f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
    ))


def _failure(error: StsError) -> Response:
    return _xml(error.status, "ErrorResponse", (
        f"<Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId>"
    ))


def _xml(status: int, name: str, content: str) -> Response:
    body = f'<{name} xmlns="{NAMESPACE}">{content}</{name}>'
    return Response(status, body.encode(), {"Content-Type": "text/xml"})
