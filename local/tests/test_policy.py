"""What IAM's evaluator makes of statements, by the rules of the IAM guide."""

from __future__ import annotations

from typing import Any

import pytest

from local.aws.iam import LAMBDA, S3, AccessDenied, InvalidCredentials
from local.aws.policy import (
    VERSION,
    Call,
    Condition,
    InvalidPolicy,
    Principal,
    identity_statements,
    resource_statements,
    trust_statements,
)
from local.tests.iam_role import ACCOUNT, ROLE, account_with_role

LAKE = "arn:aws:s3:::lake"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"


def allow(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | elements


def deny(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    return allow(action, resource, **elements) | {"Effect": "Deny"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


GET = Call("s3:GetObject", f"{LAKE}/landing/year=2026/a.gz")


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow("s3:GetObject", f"{LAKE}/landing/*")], True),
        ([allow("S3:getobject", f"{LAKE}/landing/*")], True),
        ([allow("s3:Get*", f"{LAKE}/*/a.gz")], True),
        ([allow("s3:Ge?Object")], True),
        ([allow("*")], True),
        ([allow(["s3:PutObject", "s3:GetObject"], ["arn:aws:s3:::other/*", f"{LAKE}/*"])], True),
        ([allow("s3:GetObjectVersion")], False),
        ([allow("s3:GetObject", LAKE)], False),
        ([allow("s3:GetObject", f"{LAKE}/Landing/*")], False),
        ([allow("s3:GetObject", f"{LAKE}/landing/")], False),
        # A wildcard does not reach over the colons before the resource.
        ([allow("s3:GetObject", "arn:aws:*")], False),
        ([allow("s3:GetObject", "arn:*:s3:::lake/*")], True),
        # What a bracket stands for in a glob is itself here.
        ([allow("s3:GetObject", f"{LAKE}/[l]anding/*")], False),
        ([allow("s3:*"), deny("s3:GetObject", f"{LAKE}/landing/*")], False),
        ([deny("s3:GetObject", f"{LAKE}/landing/*"), allow("s3:*")], False),
        ([allow("s3:*"), deny("s3:GetObject", f"{LAKE}/ledger/*")], True),
        ([allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})], True),
        ([allow("s3:GetObject", Condition={"StringEquals": {"aws:PrincipalAccount": "1"}})], False),
        ([allow("s3:*"), deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}})], True),
        ([allow("s3:*"), deny("s3:*", Condition={"Bool": {"aws:SecureTransport": True}})], False),
    ],
)
def test_allows_and_denials(statements: list[dict[str, Any]], allowed: bool) -> None:
    session = account_with_role(*statements).assume(ROLE, Principal(service=LAMBDA), "probe")
    assert session.allows(GET) == allowed


@pytest.mark.parametrize(
    ("operator", "wanted", "found", "holds"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", ["a"], "A", False),
        ("StringEquals", ["a*"], "ab", False),
        ("StringEquals", ["a"], None, False),
        ("StringEqualsIfExists", ["a"], None, True),
        ("StringEqualsIfExists", ["a"], "b", False),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", ["a"], None, True),
        ("StringLike", ["landing/*"], "landing/", True),
        ("StringLike", ["landing/*"], "processed/landing/", False),
        ("StringLike", ["l?nding/"], "landing/", True),
        ("StringNotLike", ["landing/*"], "ledger/", True),
        ("ArnEquals", ["arn:aws:s3:::lake"], "arn:aws:s3:::lake", True),
        ("ArnEquals", ["arn:aws:s3:::la*"], "arn:aws:s3:::lake", True),
        ("ArnLike", ["arn:aws:lambda:*:123456789012:function:*"], "arn:aws:lambda:r:123456789012:function:f:1", True),
        ("ArnLike", ["arn:aws:*"], "arn:aws:s3:::lake", False),
        ("ArnNotEquals", ["arn:aws:s3:::lake"], "arn:aws:s3:::other", True),
        ("Bool", ["true"], "True", True),
        ("Bool", ["false"], "true", False),
        ("Bool", ["false"], None, False),
        ("Null", ["true"], None, True),
        ("Null", ["true"], "a", False),
        ("Null", ["false"], "a", True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], ["b", "a"], True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAnyValue:StringNotLike", ["a*"], ["ab", "b"], True),
    ],
)
def test_condition_operators(operator: str, wanted: list[str], found: str | list[str] | None, holds: bool) -> None:
    call = Call("a:B", "*").within({} if found is None else {"Some:Key": found})
    assert Condition(operator, "some:key", tuple(wanted)).holds(call) == holds


def test_a_key_of_several_values_needs_a_quantifier() -> None:
    call = Call("a:B", "*").within({"some:key": ["a", "b"]})
    with pytest.raises(InvalidPolicy, match="some:key has several values: StringEquals needs ForAllValues"):
        Condition("StringEquals", "some:key", ("a",)).holds(call)


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (document(allow("s3:GetObject") | {"NotAction": "s3:*"}), "NotAction"),
        (document({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "*"}), "NotResource"),
        (document(allow("s3:GetObject", Principal="*")), "Principal"),
        (document(allow("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), "IpAddress"),
        (document(allow("s3:GetObject", Condition={"ForSomeValues:StringLike": {"a:b": "c"}})), "ForSomeValues"),
        (document(allow("s3:GetObject", "arn:aws:s3:::lake/${aws:username}")), "aws:username"),
        (document({"Effect": "Allow", "Action": "s3:GetObject"}), "Resource is missing"),
        (document(allow("GetObject")), "names no service"),
        (document(allow("s3:GetObject") | {"Effect": "allow"}), "Effect is 'allow'"),
        ({"Version": "2008-10-17", "Statement": []}, "2008-10-17"),
        (document() | {"Statements": []}, "Statements"),
    ],
)
def test_what_is_not_known_is_an_error_by_name(policy: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidPolicy, match=f"Role/policy.*{named}"):
        identity_statements(policy, "Role/policy")
    with pytest.raises(InvalidPolicy, match="a Principal of kind Federated"):
        trust_statements(document({"Effect": "Allow", "Action": "sts:A", "Principal": {"Federated": "x"}}), "Role")


def test_a_role_is_assumed_only_by_whom_it_trusts() -> None:
    iam = account_with_role()
    user = Principal("999999999999", "arn:aws:iam::999999999999:user/snowflake")
    for stranger in (Principal(service="firehose.amazonaws.com"), user):
        with pytest.raises(AccessDenied, match="sts:AssumeRole"):
            iam.assume(ROLE, stranger, "probe")
    with pytest.raises(AccessDenied):
        iam.assume(f"{ROLE}-2", Principal(service=LAMBDA), "probe")
    session = iam.assume(ROLE, Principal(service=LAMBDA), "probe")
    assert iam.session(session.access_key_id, session.token) is session
    with pytest.raises(InvalidCredentials):
        iam.session(session.access_key_id, "another token")


def by(principal: Any, *statements: dict[str, Any]) -> tuple[Any, ...]:
    return resource_statements(document(*(one | {"Principal": principal} for one in statements)), "policy")


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


@pytest.mark.parametrize(
    ("own", "policy", "allowed"),
    [
        ([allow("s3:*")], by("*", deny("s3:GetObject", f"{LAKE}/landing/*")), False),
        ([], by({"AWS": ROLE}, allow("s3:GetObject", f"{LAKE}/*")), True),
        ([], by({"AWS": f"{ROLE}-2"}, allow("s3:GetObject", f"{LAKE}/*")), False),
        # The account's own policies still decide.
        ([], by(ROOT, allow("s3:GetObject", f"{LAKE}/*")), False),
        ([allow("s3:*")], by(ROOT, deny("s3:GetObject", f"{LAKE}/*")), False),
    ],
)
def test_the_policy_of_a_bucket(own: list[Any], policy: Any, allowed: bool) -> None:
    iam = account_with_role(*own)
    iam.resource_policies[LAKE] = policy
    assert iam.assume(ROLE, Principal(service=LAMBDA), "probe").allows(GET) == allowed


@pytest.mark.parametrize(
    ("own", "policy", "allowed"),
    [
        ([allow("kms:Decrypt", KEY)], by(ROOT, allow("kms:*")), True),
        ([allow("kms:Decrypt", KEY)], (), False),
        ([], by(ROOT, allow("kms:*")), False),
        ([], by({"AWS": ROLE}, allow("kms:Decrypt")), True),
        ([allow("kms:Decrypt", KEY)], by(ROOT, allow("kms:GenerateDataKey")), False),
    ],
)
def test_a_key_is_used_by_its_policy_and_not_past_it(own: list[Any], policy: Any, allowed: bool) -> None:
    iam = account_with_role(*own)
    iam.resource_policies[KEY] = policy
    assert iam.assume(ROLE, Principal(service=LAMBDA), "probe").allows(Call("kms:Decrypt", KEY)) == allowed


def test_a_service_reaches_a_resource_only_as_its_policy_says() -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
    iam = account_with_role()
    only_from_the_lake = allow("sqs:SendMessage", queue, Condition={"ArnEquals": {"aws:SourceArn": LAKE}})
    iam.resource_policies[queue] = by({"Service": S3}, only_from_the_lake)
    send = Call("sqs:SendMessage", queue)
    iam.require_service(S3, send.within({"aws:SourceArn": LAKE}))
    iam.resource_policies[queue] += by("*", deny("sqs:*", Condition={"Bool": {"aws:SecureTransport": "false"}}))
    iam.require_service(S3, send.within({"aws:SourceArn": LAKE}))
    for service, source in ((S3, "arn:aws:s3:::other"), ("sns.amazonaws.com", LAKE)):
        with pytest.raises(AccessDenied):
            iam.require_service(service, send.within({"aws:SourceArn": source}))
    iam.resource_policies[queue] += by("*", deny("sqs:SendMessage"))
    with pytest.raises(AccessDenied):
        iam.require_service(S3, send.within({"aws:SourceArn": LAKE}))


def test_what_was_done_is_kept_with_what_allowed_it() -> None:
    iam = account_with_role(allow(["s3:GetObject", "s3:PutObject"], [f"{LAKE}/landing/*", f"{LAKE}/ledger/*"]))
    session = iam.assume(ROLE, Principal(service=LAMBDA), "probe")
    for _ in range(2):
        session.require(GET)
    assert [(made.role_arn, made.call.action, made.call.resource) for made in iam.made] == [
        (ROLE, GET.action, GET.resource)
    ]
    assert {(grant.action, grant.resource) for grant in iam.used} == {("s3:GetObject", f"{LAKE}/landing/*")}
    with pytest.raises(AccessDenied) as refused:
        session.require(Call("s3:DeleteObject", GET.resource))
    assert iam.refused == [str(refused.value)] and "s3:DeleteObject" in iam.refused[0]
