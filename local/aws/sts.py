"""What of the Security Token Service moto lacks: GetWebIdentityToken, and AssumeRole by a trust policy."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local import jwt
from local.aws.http import Request, Response, signer
from local.aws.iam import AccessDenied, Iam, InvalidCredentials

SERVICE, TOKEN, ASSUME = "sts", "GetWebIdentityToken", "AssumeRole"
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
SESSION_DURATION = timedelta(hours=1)
DEFAULT_DURATION_S = 300
MIN_DURATION_S, MAX_DURATION_S = 60, 3600
MAX_AUDIENCES, MAX_AUDIENCE_CHARS = 10, 1000


class StsError(Exception):
    """An error of the service's query protocol."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Sts:
    """An AWS account that issues tokens to its roles.

    `published_keys` is what is found at the issuer's JWKS endpoint, as PEM by `kid`. The account's
    switch for outbound federation is `enabled`. Whether a role may ask for a token is the gateway's
    to say.
    """

    def __init__(self, iam: Iam) -> None:
        self.issuer = f"https://{uuid.uuid4()}.tokens.sts.global.api.aws"
        self.enabled = True
        self._iam = iam
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
        fields = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
        try:
            if fields["Action"] == ASSUME:
                return self._assume(fields, signer(request.headers)[0])
            return self._token(fields, request)
        except StsError as error:
            return _failure(error)
        except AccessDenied as error:
            return _failure(StsError(403, "AccessDenied", str(error)))

    def _assume(self, fields: dict[str, str], access_key_id: str) -> Response:
        """Credentials of a role for a user whom its trust policy names."""
        user = self._iam.users.get(access_key_id)
        if user is None:
            raise StsError(403, "AccessDenied", f"{access_key_id} may assume no role here")
        context = {"sts:ExternalId": fields["ExternalId"]} if "ExternalId" in fields else {}
        session = self._iam.assume(fields["RoleArn"], user, fields["RoleSessionName"], context)
        values = session.environment
        return _answer(ASSUME, (
            f"<Credentials><AccessKeyId>{values['AWS_ACCESS_KEY_ID']}</AccessKeyId>"
            f"<SecretAccessKey>{values['AWS_SECRET_ACCESS_KEY']}</SecretAccessKey>"
            f"<SessionToken>{values['AWS_SESSION_TOKEN']}</SessionToken>"
            f"<Expiration>{_moment(datetime.now(UTC) + SESSION_DURATION)}</Expiration></Credentials>"
            f"<AssumedRoleUser><Arn>{session.arn}</Arn><AssumedRoleId>{session.name}</AssumedRoleId></AssumedRoleUser>"
        ))

    def _token(self, fields: dict[str, str], request: Request) -> Response:
        """A signed token and when it expires."""
        try:
            token = request.headers.get("x-amz-security-token", "")
            role_arn = self._iam.session(signer(request.headers)[0], token).role.arn
        except InvalidCredentials:
            raise StsError(403, "AccessDenied", f"only a role may call {TOKEN} here") from None
        audiences, algorithm, duration_s = _checked(fields)
        if not self.enabled:
            message = "Outbound web identity federation is not enabled for this account."
            raise StsError(403, "OutboundWebIdentityFederationDisabledException", message)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": role_arn,
            "aud": audiences if len(audiences) > 1 else audiences[0],
            "iat": now,
            "exp": now + duration_s,
            "jti": str(uuid.uuid4()),
            "https://sts.amazonaws.com/": {"aws_account": self._iam.account, "principal_id": role_arn},
        }
        token = jwt.sign(claims, self._keys[algorithm], kid=algorithm)
        expiration = _moment(datetime.fromtimestamp(now + duration_s, UTC))
        return _answer(TOKEN, f"<WebIdentityToken>{token}</WebIdentityToken><Expiration>{expiration}</Expiration>")


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


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _answer(action: str, result: str) -> Response:
    return _xml(200, f"{action}Response", (
        f"<{action}Result>{result}</{action}Result>"
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
