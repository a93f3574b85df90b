"""IAM policies: what a statement says, and whether it is about a call.

Of the policy language this knows what `_ELEMENTS` and the operators below name. Anything else is
an `InvalidPolicy` that names it: what is not understood is never ignored. moto has an evaluator too,
but it reads no conditions of identity policies and takes one that does not hold for a denial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

VERSION = "2012-10-17"
ARN_SEGMENTS = 6
_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}


class InvalidPolicy(ValueError):
    """A policy that the service would refuse, or of which this evaluator does not know a part."""


@dataclass(frozen=True)
class Call:
    """One action on one resource; `context` holds the values of condition keys, named in lower case."""

    action: str
    resource: str
    context: frozenset[tuple[str, tuple[str, ...]]] = frozenset()

    def values(self, key: str) -> tuple[str, ...]:
        """The values of a condition key; none if the request has no such key."""
        return dict(self.context).get(key.lower(), ())

    def within(self, context: Mapping[str, str | Iterable[str]]) -> Call:
        """The same call with more condition keys."""
        more = {(key.lower(), (one,) if isinstance(one, str) else tuple(one)) for key, one in context.items()}
        return Call(self.action, self.resource, self.context | more)


@dataclass(frozen=True)
class Principal:
    """Who calls: a role or user of an account by its ARN, or a service by its name."""

    account: str = ""
    arn: str = ""
    service: str = ""


@dataclass(frozen=True)
class Grant:
    """One pair of an action and a resource that a statement names; `origin` tells where that stands."""

    origin: str
    action: str
    resource: str


@dataclass(frozen=True)
class Condition:
    """One operator on one condition key."""

    operator: str
    key: str
    values: tuple[str, ...]

    def holds(self, call: Call) -> bool:
        """Whether the call meets it, by the rules for absent and multivalued keys."""
        found, operator = call.values(self.key), self.operator
        if operator == "Null":
            return any((value == "true") == (not found) for value in self.values)
        quantifier, _, operator = operator.rpartition(":")
        if operator.endswith("IfExists") and not found:
            return True
        operator = operator.removesuffix("IfExists")
        negated = operator in _NEGATIONS
        test = _TESTS[_NEGATIONS.get(operator, operator)]
        matches = [any(test(pattern, value) for pattern in self.values) != negated for value in found]
        if quantifier:
            return all(matches) if quantifier == "ForAllValues" else any(matches)
        if len(matches) > 1:
            raise InvalidPolicy(f"{self.key} has several values: {operator} needs ForAllValues or ForAnyValue")
        return all(matches) if matches else negated


@dataclass(frozen=True)
class Statement:
    """One statement; `principals` are pairs of kind and value, and `resources` are empty in a trust policy."""

    origin: str
    effect: str
    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def grants(self) -> Iterator[Grant]:
        """Every pair of an action and a resource that it names."""
        for action in self.actions:
            yield from (Grant(self.origin, action, resource) for resource in self.resources)

    def matching(self, call: Call) -> list[Grant]:
        """The pairs that the call matches; none if a condition does not hold."""
        actions = [one for one in self.actions if _like(one.lower(), call.action.lower())]
        if not actions:
            return []
        resources = [one for one in self.resources or ("*",) if _resource_matches(one, call.resource)]
        if not resources or not all(one.holds(call) for one in self.conditions):
            return []
        return [Grant(self.origin, action, resource) for action in actions for resource in resources]

    def names(self, caller: Principal) -> bool:
        """Whether it is about this caller itself, and not about the whole account that it is of."""
        itself = ("AWS", caller.arn) if caller.arn else ("Service", caller.service)
        return itself in self.principals or ("AWS", "*") in self.principals

    def names_account_of(self, caller: Principal) -> bool:
        """Whether it is about the account, which then decides by the caller's own policies."""
        root = re.compile(rf"arn:aws[\w-]*:iam::{caller.account}:root|{caller.account}")
        return any(kind == "AWS" and root.fullmatch(value) for kind, value in self.principals)


def identity_statements(document: Mapping[str, Any], origin: str) -> tuple[Statement, ...]:
    """The statements of a policy of a role. Raises `InvalidPolicy`."""
    return _statements(document, origin, {"Effect", "Action", "Resource"}, {"Principal"})


def resource_statements(document: Mapping[str, Any], origin: str) -> tuple[Statement, ...]:
    """The statements of a policy of a bucket, a queue, a key or a function. Raises `InvalidPolicy`."""
    return _statements(document, origin, {"Effect", "Action", "Resource", "Principal"}, set())


def trust_statements(document: Mapping[str, Any], origin: str) -> tuple[Statement, ...]:
    """The statements that say who may assume a role. Raises `InvalidPolicy`."""
    return _statements(document, origin, {"Effect", "Action", "Principal"}, {"Resource"})


def _statements(
    document: Mapping[str, Any], origin: str, needed: set[str], forbidden: set[str]
) -> tuple[Statement, ...]:
    if unknown := document.keys() - {"Version", "Id", "Statement"}:
        raise InvalidPolicy(f"{origin}: {', '.join(sorted(unknown))} is not known")
    if str(document.get("Version")) != VERSION:
        raise InvalidPolicy(f"{origin}: Version is {document.get('Version')!r}, not {VERSION}")
    # An !If without a value leaves an empty place.
    bodies = [body for body in _listed(document["Statement"]) if body]
    found = []
    for index, body in enumerate(bodies):
        where = f"{origin}/{body.get('Sid', index)}"
        if unknown := body.keys() - (_ELEMENTS - forbidden):
            raise InvalidPolicy(f"{where}: {', '.join(sorted(unknown))} is not known here")
        if missing := needed - body.keys():
            raise InvalidPolicy(f"{where}: {', '.join(sorted(missing))} is missing")
        found.append(_statement(body, where))
    return tuple(found)


def _statement(body: Mapping[str, Any], where: str) -> Statement:
    if body["Effect"] not in ("Allow", "Deny"):
        raise InvalidPolicy(f"{where}: Effect is {body['Effect']!r}")
    actions, resources = _texts(body["Action"], where), _texts(body.get("Resource", []), where)
    for action in actions:
        if action != "*" and ":" not in action:
            raise InvalidPolicy(f"{where}: Action {action!r} names no service")
    conditions = tuple(
        Condition(_operator(operator, where), key, _texts(values, where))
        for operator, tests in body.get("Condition", {}).items()
        for key, values in tests.items()
    )
    principals = tuple(_principals(body.get("Principal", {}), where))
    return Statement(where, body["Effect"], principals, actions, resources, conditions)


def _principals(element: Any, where: str) -> Iterator[tuple[str, str]]:
    for kind, values in ({"AWS": "*"} if element == "*" else element).items():
        if kind not in ("AWS", "Service"):
            raise InvalidPolicy(f"{where}: a Principal of kind {kind} is not known")
        yield from ((kind, value) for value in _texts(values, where))


def _operator(operator: str, where: str) -> str:
    quantifier, _, rest = operator.rpartition(":")
    known = _TESTS.keys() | _NEGATIONS.keys()
    quantified = quantifier in ("", "ForAllValues", "ForAnyValue")
    if operator != "Null" and not (quantified and rest.removesuffix("IfExists") in known):
        raise InvalidPolicy(f"{where}: the condition operator {operator} is not known")
    return operator


def _texts(value: Any, where: str) -> tuple[str, ...]:
    texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in _listed(value))
    for text in texts:
        if "${" in text:
            raise InvalidPolicy(f"{where}: the policy variable in {text!r} is not known")
    return texts


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@cache
def _pattern(wildcards: str) -> re.Pattern[str]:
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in wildcards)
    return re.compile("".join(parts), re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    """`*` stands for any text, `?` for any character."""
    return _pattern(pattern).fullmatch(value) is not None


def _arn_like(pattern: str, value: str) -> bool:
    """Compares segment by segment: a wildcard does not reach over the colons before the resource."""
    patterns, values = pattern.split(":", ARN_SEGMENTS - 1), value.split(":", ARN_SEGMENTS - 1)
    return len(patterns) == len(values) == ARN_SEGMENTS and all(map(_like, patterns, values))


def _resource_matches(pattern: str, resource: str) -> bool:
    return pattern == "*" or _arn_like(pattern, resource)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda pattern, value: pattern == value,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda pattern, value: pattern.lower() == value.lower(),
}
_NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
