"""Stand-in for IAM: roles, who may assume them, what their credentials may do, and what they did."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.aws.policy import Call, Grant, Principal, Statement

LAMBDA, FIREHOSE, S3 = "lambda.amazonaws.com", "firehose.amazonaws.com", "s3.amazonaws.com"
OVER_TLS = {"aws:SecureTransport": "true"}
"""What travels over loopback here does so over TLS in the service."""


class AccessDenied(Exception):
    """A refusal, with the message of the service."""

    def __init__(self, who: str, call: Call, why: str) -> None:
        super().__init__(
            f"User: {who} is not authorized to perform: {call.action} on resource: {call.resource} {why}"
        )
        self.call = call


class InvalidCredentials(Exception):
    """An access key id that nobody has, or a session token that is not the one issued with it."""


@dataclass(frozen=True)
class Role:
    """A role as the template declares it."""

    arn: str
    trust: tuple[Statement, ...]
    statements: tuple[Statement, ...]

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Made:
    """A call that a role's credentials were used for, and was allowed."""

    role_arn: str
    call: Call


@dataclass(frozen=True)
class Session:
    """Temporary credentials of a role, whose policies count as they stand when a call is made.

    `context` are the condition keys of every call made with them.
    """

    iam: Iam = field(repr=False)
    role_arn: str
    name: str
    context: Mapping[str, str]
    access_key_id: str
    token: str

    @property
    def role(self) -> Role:
        return self.iam.roles[self.role_arn]

    @property
    def arn(self) -> str:
        """Whom a refusal names."""
        account = self.role_arn.split(":")[4]
        return f"arn:aws:sts::{account}:assumed-role/{self.role.name}/{self.name}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables in which an AWS SDK looks for credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_SESSION_TOKEN": self.token,
        }

    def require(self, call: Call) -> None:
        """Raises `AccessDenied` unless the role may make the call."""
        self.iam.require(self, call)

    def allows(self, call: Call) -> bool:
        """Whether the role may make the call; for what a service then leaves undone without an error."""
        try:
            self.require(call)
        except AccessDenied:
            return False
        return True


class Iam:
    """The roles and resource policies of an account.

    `made`, `used` and `refused` are all calls of roles that were allowed, each once, what of their
    policies allowed them, and every refusal as its message.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.roles: dict[str, Role] = {}
        self.users: dict[str, Principal] = {}
        """Users of other accounts by access key id; they may only assume roles that trust them."""
        self.resource_policies: dict[str, tuple[Statement, ...]] = {}
        """By the ARN of a bucket, queue, key or function."""
        self.made: set[Made] = set()
        self.used: set[Grant] = set()
        self.refused: list[str] = []
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def assume(
        self, role_arn: str, caller: Principal, name: str,
        request: Mapping[str, str] | None = None, context: Mapping[str, str] | None = None,
    ) -> Session:
        """Credentials of a role for a caller that its trust policy names.

        `request` are condition keys of this request, `context` those of the calls made with the
        credentials. Raises `AccessDenied`.
        """
        call = Call("sts:AssumeRole", role_arn).within(request or {})
        role = self.roles.get(role_arn)
        matching = [one for one in role.trust if one.names(caller) and one.matching(call)] if role else []
        if role is None or not matching or any(one.effect == "Deny" for one in matching):
            raise self._refuse(AccessDenied(caller.arn or caller.service, call, "by its trust policy"))
        session = Session(self, role_arn, name, context or {}, f"{name}-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex)
        with self._lock:
            self._sessions[session.access_key_id] = session
        return session

    def session(self, access_key_id: str, token: str) -> Session:
        """Whose credentials these are. Raises `InvalidCredentials`."""
        session = self._sessions.get(access_key_id)
        if session is None or session.token != token:
            raise InvalidCredentials(access_key_id)
        return session

    def require(self, session: Session, call: Call) -> None:
        """Raises `AccessDenied` unless the session's role may make the call."""
        call, role = self._completed(session, call), session.role
        used, why = self._decide(role, call)
        if why is not None:
            raise self._refuse(AccessDenied(session.arn, call, why))
        with self._lock:
            self.made.add(Made(role.arn, call))
            self.used.update(used)

    def would_allow(self, session: Session, call: Call) -> bool:
        """Whether the session's role could make the call, which it does not make."""
        return self._decide(session.role, self._completed(session, call))[1] is None

    def require_service(self, service: str, call: Call) -> None:
        """Raises `AccessDenied` unless the policy of the resource lets the service make the call."""
        caller, call = Principal(service=service), call.within(OVER_TLS)
        matching = [one for one in self._policy_of(call) if one.names(caller) and one.matching(call)]
        if not matching or any(one.effect == "Deny" for one in matching):
            raise self._refuse(AccessDenied(service, call, "because no resource-based policy allows it"))

    def _completed(self, session: Session, call: Call) -> Call:
        standard = {
            "aws:PrincipalArn": session.role_arn, "aws:PrincipalAccount": self.account,
            "aws:ResourceAccount": self.account,
        }
        return call.within(OVER_TLS | standard | session.context)

    def _decide(self, role: Role, call: Call) -> tuple[list[Grant], str | None]:
        """What allows the call, or why it is refused."""
        caller = Principal(self.account, role.arn)
        policy = self._policy_of(call)
        own = [one for one in role.statements if one.matching(call)]
        named = [one for one in policy if one.names(caller) and one.matching(call)]
        delegated = [one for one in policy if one.names_account_of(caller) and one.matching(call)]
        service, _, _ = call.action.partition(":")
        for kind, statements in (("identity", own), ("resource", named + delegated)):
            if denials := [one for one in statements if one.effect == "Deny"]:
                return [], f"with an explicit deny in {kind}-based policy {denials[0].origin}"
        # A key is used by its own policy alone, unless that leaves it to the account's policies.
        if own and (service != "kms" or delegated):
            return _grants(own, call), None
        if named:
            return [], None
        kind = "resource" if own else "identity"
        return [], f"because no {kind}-based policy allows the {call.action} action"

    def _policy_of(self, call: Call) -> tuple[Statement, ...]:
        arn = call.resource
        # An object is under the policy of its bucket.
        owner = arn.partition("/")[0] if call.action.startswith("s3:") else arn
        return self.resource_policies.get(owner, ())

    def _refuse(self, refusal: AccessDenied) -> AccessDenied:
        with self._lock:
            self.refused.append(str(refusal))
        return refusal


def _grants(statements: Iterable[Statement], call: Call) -> list[Grant]:
    return [grant for one in statements for grant in one.matching(call)]
