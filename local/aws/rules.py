"""The rules of a template: which values of its parameters go together."""

from __future__ import annotations

from typing import Any

from local.aws.translation import DeploymentError


def check_rules(template: dict[str, Any], parameters: dict[str, str]) -> None:
    """Raises `DeploymentError` with the description of the first assertion that does not hold."""
    defaults = {name: one["Default"] for name, one in template.get("Parameters", {}).items() if "Default" in one}
    values = {name: str(value) for name, value in (defaults | parameters).items()}
    for rule in template.get("Rules", {}).values():
        if "RuleCondition" in rule and not _holds(rule["RuleCondition"], values):
            continue
        for assertion in rule["Assertions"]:
            if not _holds(assertion["Assert"], values):
                raise DeploymentError(assertion["AssertDescription"])


def _holds(condition: dict[str, Any], values: dict[str, str]) -> bool:
    ((function, arguments),) = condition.items()
    match function:
        case "Fn::Equals":
            left, right = (_value(one, values) for one in arguments)
            return left == right
        case "Fn::Contains":
            listed, wanted = arguments
            return _value(wanted, values) in [_value(one, values) for one in listed]
        case "Fn::Not":
            return not _holds(arguments[0], values)
        case "Fn::And":
            return all(_holds(one, values) for one in arguments)
        case "Fn::Or":
            return any(_holds(one, values) for one in arguments)
    raise DeploymentError(f"{function} in a rule has no stand-in")


def _value(operand: Any, values: dict[str, str]) -> str:
    return values[operand["Ref"]] if isinstance(operand, dict) else str(operand)
