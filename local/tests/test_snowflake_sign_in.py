"""The stand-in accepts and refuses key-pair tokens as Snowflake's SQL API v2 does."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from local.tests.snowflake_account import Account

STATEMENTS = "/api/v2/statements"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"User_Agent": None}, 400, "391903"),
        ({"Accept": "text/html"}, 400, "391902"),
        ({"Authorization": None}, 401, "390144"),
        ({"X_Snowflake_Authorization_Token_Type": None}, 401, "390303"),
        ({"Content_Type": "text/plain"}, 415, None),
    ],
)
def test_required_headers(account: Account, headers: dict[str, Any], status: int, code: str | None) -> None:
    answer = account.admin.send("POST", STATEMENTS, {"statement": "select 1"}, **headers)
    assert answer.status == status
    assert code is None or answer.code == code


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": None}, "394301"),
        ({"iat": None}, "394301"),
        ({"iat": -7200, "exp": 60}, "394302"),
        ({"iat": 600, "exp": 900}, "394302"),
        ({"exp": -1}, "394303"),
        ({"exp": 4000}, "390144"),
        ({"sub": "OTHER.ADMIN", "iss": "OTHER.ADMIN.SHA256:x"}, "394307"),
        ({"sub": "LOCAL.NOBODY", "iss": "LOCAL.NOBODY.SHA256:x"}, "394300"),
        ({"iss": "LOCAL.ADMIN.SHA256:AAAA"}, "394304"),
        ({"sub": "local.admin", "iss": "local.admin.SHA256:x"}, "390144"),
    ],
)
def test_token_claims(account: Account, claims: dict[str, Any], code: str) -> None:
    """Times are in seconds from now."""
    now = int(time.time())
    token = account.admin.token(**{
        name: now + value if isinstance(value, int) else value for name, value in claims.items()
    })
    answer = account.admin.send("POST", STATEMENTS, {"statement": "select 1"}, token=token)
    assert (answer.status, answer.code) == (401, code)


def test_the_signature_must_be_of_the_users_key(account: Account) -> None:
    token = account.admin.token(sign_with=account.service.key)
    answer = account.admin.send("POST", STATEMENTS, {"statement": "select 1"}, token=token)
    assert (answer.status, answer.code) == (401, "394306")


def test_a_user_has_two_keys_so_that_they_rotate(account: Account) -> None:
    slots = account.server.engine.catalog.get("USER", ("ADMIN",)).options
    slots["RSA_PUBLIC_KEY_2"], slots["RSA_PUBLIC_KEY"] = slots["RSA_PUBLIC_KEY"], None
    assert account.admin.submit("select 1").status == 200


def test_answers_carry_the_accounts_time_so_that_a_skewed_client_can_correct_itself(account: Account) -> None:
    """394302: the token reached Snowflake more than 60 seconds from its `iat`, one way or the other."""
    for ahead in (90, -90):
        account.server.shift_clock(ahead)
        refused = account.admin.submit("select 1")
        assert (refused.status, refused.code) == (401, "394302")
        server_time = int(parsedate_to_datetime(refused.headers["date"]).timestamp())
        assert abs(server_time - time.time() - ahead) < 5
        token = account.admin.token(iat=server_time, exp=server_time + 60)
        answer = account.admin.send("POST", STATEMENTS, {"statement": "select 1"}, token=token)
        assert answer.status == 200
