"""An account with a role of the tests, for a service without a template."""

from __future__ import annotations

from typing import Any

from local.aws.iam import LAMBDA, Iam, Role
from local.aws.policy import VERSION, identity_statements, trust_statements

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/probe"


def add_role(iam: Iam, arn: str, *statements: dict[str, Any]) -> None:
    """A role that functions run as and that may do what the statements say."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": LAMBDA}}
    iam.roles[arn] = Role(
        arn,
        trust_statements({"Version": VERSION, "Statement": trust}, "trust"),
        identity_statements({"Version": VERSION, "Statement": list(statements)}, "probe"),
    )


def account_with_role(*statements: dict[str, Any]) -> Iam:
    """An account in which `ROLE` may do what the statements say."""
    iam = Iam(ACCOUNT)
    add_role(iam, ROLE, *statements)
    return iam
