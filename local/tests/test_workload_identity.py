"""AWS STS issues tokens to roles and Snowflake accepts them, both as documented."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec

from local import jwt
from local.aws.authorisation import Authoriser
from local.aws.encryption import Encryption
from local.aws.gateway import Gateway
from local.aws.iam import LAMBDA
from local.aws.policy import Principal
from local.aws.sts import SERVICE, TOKEN, Sts
from local.tests.iam_role import ACCOUNT, REGION, ROLE, account_with_role, add_role
from local.tests.snowflake_account import Account, Response

OTHER, MAY_NOT = f"{ROLE}-other", f"{ROLE}-may-not"
AUDIENCE = ["snowflakecomputing.com"]


MAY_ASK = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*"}


@pytest.fixture
def sts() -> Iterator[Sts]:
    """An STS at a gateway, with a role that may ask for tokens."""
    iam = account_with_role(MAY_ASK)
    add_role(iam, OTHER, MAY_ASK)
    add_role(iam, MAY_NOT)
    sts = Sts(iam)
    authoriser = Authoriser(iam, Encryption(ACCOUNT, REGION), REGION, frozenset())
    gateway = Gateway(authoriser.refusal)
    gateway.route_action(SERVICE, TOKEN, sts.handle)
    sts.url = gateway.url  # type: ignore[attr-defined]
    sts.iam = iam  # type: ignore[attr-defined]
    yield sts
    gateway.stop()


def client(sts: Any, role_arn: str = ROLE, access_key_id: str = "") -> Any:
    """A client of a function, which leaves it to the service to refuse a request."""
    session = sts.iam.assume(role_arn, Principal(service=LAMBDA), "load")
    return boto3.client(
        "sts", endpoint_url=sts.url, region_name="us-east-1",
        aws_access_key_id=access_key_id or session.access_key_id,
        aws_secret_access_key="local", aws_session_token=session.token, config=Config(parameter_validation=False),
    )


def issue(sts: Sts, role_arn: str = ROLE, **changes: Any) -> str:
    request = {"Audience": AUDIENCE, "SigningAlgorithm": "RS256"} | changes
    return client(sts, role_arn).get_web_identity_token(**request)["WebIdentityToken"]


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_sts_issues_a_token_of_the_callers_role(sts: Sts, algorithm: str) -> None:
    """GetWebIdentityToken of the STS API reference, as its SDK parses the answer."""
    answer = client(sts).get_web_identity_token(Audience=AUDIENCE, SigningAlgorithm=algorithm, DurationSeconds=60)
    token = jwt.parse(answer["WebIdentityToken"])
    assert (token.claims["sub"], token.claims["iss"], token.claims["aud"]) == (ROLE, sts.issuer, AUDIENCE[0])
    assert token.claims["exp"] == int(answer["Expiration"].timestamp())
    assert 55 < token.claims["exp"] - time.time() <= 60
    assert token.header["alg"] == algorithm and token.header["kid"] in sts.published_keys


def test_sts_refuses_as_its_model_says(sts: Sts) -> None:
    good = {"Audience": AUDIENCE, "SigningAlgorithm": "RS256"}
    refused = [
        (ROLE, good | {"SigningAlgorithm": "HS256"}, "ValidationError"),
        (ROLE, good | {"DurationSeconds": 59}, "ValidationError"),
        (ROLE, good | {"DurationSeconds": 3601}, "ValidationError"),
        (ROLE, good | {"Audience": ["a"] * 11}, "ValidationError"),
        (MAY_NOT, good, "AccessDenied"),
    ]
    for role_arn, request, code in refused:
        with pytest.raises(ClientError) as caught:
            client(sts, role_arn).get_web_identity_token(**request)
        assert caught.value.response["Error"]["Code"] == code
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(sts, access_key_id="stranger").get_web_identity_token(**good)
    sts.enabled = False
    federation = client(sts)
    with pytest.raises(federation.exceptions.OutboundWebIdentityFederationDisabledException):
        federation.get_web_identity_token(**good)


def test_other_calls_of_sts_go_to_moto(sts: Sts) -> None:
    assert client(sts).get_caller_identity()["Account"] == "123456789012"


@pytest.fixture
def federated(account: Account, sts: Sts) -> Account:
    """An account with a service user who has no key, only the role's identity."""
    account.server.trust_issuer(sts.issuer, sts.published_keys)
    account.server.run_script(
        "use role useradmin; create user robot type = service default_role = worker workload_identity ="
        f" (type = aws arn = '{ROLE}' issuer = '{sts.issuer}'); use role accountadmin; grant role worker to user robot"
    )
    return account


def sign_in(account: Account, token: str, kind: str = "WORKLOAD_IDENTITY_FEDERATION") -> Response:
    body = {"statement": "select current_user(), current_role()"}
    headers = {"X_Snowflake_Authorization_Token_Type": kind}
    return account.admin.send("POST", "/api/v2/statements", body, token=token, **headers)


def test_the_roles_token_signs_the_user_in(federated: Account, sts: Sts) -> None:
    """ "Workload identity federation": `Bearer WIF.AWS.<token>` and the type WORKLOAD_IDENTITY_FEDERATION."""
    for token in (issue(sts), issue(sts, SigningAlgorithm="ES384"), issue(sts, Audience=["other", *AUDIENCE])):
        assert sign_in(federated, f"WIF.AWS.{token}").data() == [["ROBOT", "WORKER"]]


def test_any_other_token_is_refused(federated: Account, sts: Sts) -> None:
    token = issue(sts)
    parsed = jwt.parse(token)
    stranger = ec.generate_private_key(ec.SECP384R1())
    for presented, code in [
        (token, "390144"),
        (f"WIF.GCP.{token}", "390144"),
        ("WIF.AWS.a.b", "390144"),
        (f"WIF.AWS.{issue(sts, Audience=['example.com'])}", "390144"),
        (f"WIF.AWS.{jwt.sign(parsed.claims, stranger, kid='ES384')}", "390144"),
        (f"WIF.AWS.{jwt.sign(parsed.claims | {'iss': 'https://example.com'}, stranger, kid='ES384')}", "390144"),
        (f"WIF.AWS.{issue(sts, OTHER)}", "394300"),
    ]:
        answer = sign_in(federated, presented)
        assert (answer.status, answer.code) == (401, code), presented
    assert sign_in(federated, f"WIF.AWS.{token}", "KEYPAIR_JWT").code == "390144"
    assert sign_in(federated, f"WIF.AWS.{token}", "SAML").code == "390144"
    federated.server.shift_clock(301)
    assert sign_in(federated, f"WIF.AWS.{token}").code == "390144"


def test_the_issuer_must_be_the_users(federated: Account, sts: Sts) -> None:
    """The STS token needs an ISSUER on the user; the identity can be changed, for users of TYPE = SERVICE."""
    token = f"WIF.AWS.{issue(sts)}"
    for issuer in ("issuer = 'https://other.tokens.sts.global.api.aws'", ""):
        federated.server.run_script(f"alter user robot set workload_identity = (type = aws, arn = '{ROLE}' {issuer})")
        assert sign_in(federated, token).code == "394300"
    for statement in (
        f"create user person workload_identity = (type = aws arn = '{ROLE}')",
        f"create user robot2 type = service workload_identity = (type = aws arn = '{ROLE}' key = 'x')",
        "create user robot3 type = service workload_identity = (type = aws arn = 'role')",
        "create user robot4 type = service workload_identity = (type = oidc issuer = 'x' subject = 'y')",
    ):
        assert federated.admin.submit(statement, role="USERADMIN").code == "001003", statement


def test_programmatic_access_tokens(federated: Account) -> None:
    """Whatever is wrong with a token, drivers know one error: 394400, "Programmatic access token is invalid"."""
    pat = "PROGRAMMATIC_ACCESS_TOKEN"
    token = federated.server.add_access_token("ROBOT", valid_for_s=600)
    assert sign_in(federated, token, pat).data() == [["ROBOT", "WORKER"]]
    assert sign_in(federated, token).code == "390144"
    restricted = federated.server.add_access_token("ADMIN", role="WORKER")
    assert sign_in(federated, restricted, pat).code == "390189"
    federated.server.run_script("grant role worker to user admin")
    assert sign_in(federated, restricted, pat).data() == [["ADMIN", "WORKER"]]
    wider = {"statement": "select 1", "role": "ACCOUNTADMIN"}
    headers = {"X_Snowflake_Authorization_Token_Type": pat}
    assert federated.admin.send("POST", "/api/v2/statements", wider, token=restricted, **headers).code == "390189"
    federated.server.shift_clock(601)
    for refused in (token, "nonsense"):
        answer = sign_in(federated, refused, pat)
        assert (answer.status, answer.code) == (401, "394400")
    federated.server.run_script("alter user admin set disabled = true")
    assert sign_in(federated, restricted, pat).code == "394400"
