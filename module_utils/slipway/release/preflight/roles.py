"""The roles: ECS tasks may assume them, and nothing denies what this deploy allows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...aws.clients import Aws
from ...engine.parallel import side_by_side
from ...resources import policy
from ...service.roles import Place, Statement, execution_role_statements
from .check import Check, fail, ok, warn
from .seen import Seen, Unread, absent

Service = Mapping[str, Any]
_DECRYPT = "kms:Decrypt"
_ECS_TASKS = "ecs-tasks.amazonaws.com"
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
_LINKED = "AWSServiceRoleForECS"


def observe(aws: Aws, service: Service, seen: Seen) -> None:
    """After the secrets, whose keys count too: GetRole for each, and what a simulation says of the execution role."""
    names = {"execution_role": service["execution_role"], "task_role": service.get("task_role"), "linked": _LINKED}
    wanted = {key: name for key, name in names.items() if name}
    side_by_side(lambda key: seen.read(key, lambda: _role(aws, wanted[key])), list(wanted))
    role = seen.get("execution_role")
    if role is not None:
        seen.read("simulation", lambda: _simulated(aws, role["Arn"], statements(aws.account, service), _keys(seen)))


def statements(account: str, service: Service) -> list[Statement]:
    """What this deploy allows the execution role."""
    place = Place(str(service["region"]), account)
    return execution_role_statements(
        place, repository=service["repository"], log_group=service["log_group"], secrets=service.get("secrets") or {}
    )


def check_execution_role(service: Service, seen: Seen) -> Iterator[Check]:
    """It is there and trusts ECS tasks, or this deploy sees to it."""
    yield _trust("execution role", service["execution_role"], seen["execution_role"])


def check_task_role(service: Service, seen: Seen) -> Iterator[Check]:
    """The same for the role of the application."""
    if service.get("task_role"):
        yield _trust("task role", service["task_role"], seen["task_role"])


def check_permissions(service: Service, seen: Seen) -> Iterator[Check]:
    """Pull, log, read the secrets: this deploy allows it, so that only a denial from elsewhere stands in the way."""
    name, answers = service["execution_role"], seen["simulation"]
    if seen["execution_role"] is None:
        yield ok("what it may do is given to it by this deploy")
        return
    wanted = {(action, resource) for one in statements(seen.account, service) for action, resource in _pairs(one)}
    denials = [(one, why) for one in answers if _pair(one) in wanted and (why := _denial(one))]
    for why in dict.fromkeys(why for _, why in denials):
        denied = [one for one, reason in denials if reason == why]
        actions = sorted({str(one["EvalActionName"]) for one in denied})
        resources = sorted({str(one["EvalResourceName"]) for one in denied})
        remedy = f"allow {', '.join(actions)} on {', '.join(resources)} there"
        yield fail(f"{name} may not {', '.join(actions)}: {why}", remedy, "service_execution_role")
    if not denials:
        yield ok(f"{name} may pull the image, write the logs{' and read the secrets' * bool(service.get('secrets'))}")


def check_customer_keys(service: Service, seen: Seen) -> Iterator[Check]:
    """A secret with a KMS key of one's own also needs kms:Decrypt, from this role's policies or from the key's own."""
    name, keys = service["execution_role"], _keys(seen)
    if not keys:
        return
    answers = seen["simulation"] or ()
    allowed = {
        _pair(one)[1] for one in answers if one["EvalActionName"] == _DECRYPT and one.get("EvalDecision") == "allowed"
    }
    for key in keys:
        if key in allowed:
            yield ok(f"{name} may use the KMS key {key}")
        else:
            remedy = f"allow {name} {_DECRYPT} in the key's policy, which cannot be seen here, or in one of the role"
            yield warn(f"no policy of {name} lets it use the KMS key {key} of a secret", remedy, "service_secrets")


def check_linked_role(service: Service, seen: Seen) -> Iterator[Check]:
    """ECS's own role; without it ECS makes it with the first cluster."""
    if seen["linked"] is not None:
        yield ok(f"{_LINKED} is there")
    else:
        yield ok(f"{_LINKED} is made by ECS with the first cluster or service (iam:CreateServiceLinkedRole)")


def _trust(what: str, name: str, role: Mapping[str, Any] | None) -> Check:
    if role is None:
        return ok(f"the {what} {name} is made by this deploy")
    if _trusts(role.get("AssumeRolePolicyDocument")):
        return ok(f"the {what} {name} trusts ECS tasks")
    return ok(f"the {what} {name} does not trust ECS tasks yet: this deploy corrects that")


def _trusts(document: Any) -> bool:
    return any(
        one.get("effect") == "Allow" and _ECS_TASKS in one.get("principals", {}).get("service", ())
        for one in policy.from_document(document)
    )


def _role(aws: Aws, name: str) -> Mapping[str, Any] | None:
    answer = absent(lambda: aws.call("iam", "GetRole", RoleName=name), "NoSuchEntity")
    return answer["Role"] if answer else None


def _keys(seen: Seen) -> list[str]:
    """The ARNs of the KMS keys of one's own that secrets are encrypted with."""
    found = (seen.get("kms_keys") or {}).values()
    return [str(one["Arn"]) for one in found if not isinstance(one, Unread) and one.get("KeyState") == "Enabled"]


def _simulated(aws: Aws, role: str, added: list[Statement], keys: list[str]) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html."""
    pairs = [pair for one in added for pair in _pairs(one)] + [(_DECRYPT, key) for key in keys]
    return aws.pages(
        "iam",
        "SimulatePrincipalPolicy",
        "EvaluationResults",
        PolicySourceArn=role,
        PolicyInputList=[policy.to_document(added)],
        ActionNames=sorted({action for action, _ in pairs}),
        ResourceArns=sorted({resource for _, resource in pairs}),
    )


def _pairs(statement: Statement) -> Iterator[tuple[str, str]]:
    """Each action with each resource, patterns replaced by something that they match."""
    for action in statement["actions"]:
        for resource in statement["resources"]:
            concrete = resource.replace("?", "0")
            yield action, f"{concrete[:-1]}log-stream:slipway" if concrete.endswith(":*") else concrete


def _pair(answer: Mapping[str, Any]) -> tuple[str, str]:
    return str(answer["EvalActionName"]), str(answer.get("EvalResourceName") or "*")


def _denial(answer: Mapping[str, Any]) -> str:
    """Who denies it. An implicit denial alone is none: an emulator leaves out what this deploy adds."""
    if answer.get("EvalDecision") == "allowed":
        return ""
    if (answer.get("OrganizationsDecisionDetail") or {}).get("AllowedByOrganizations") is False:
        return "a policy of the organization does not allow it"
    if (answer.get("PermissionsBoundaryDecisionDetail") or {}).get("AllowedByPermissionsBoundary") is False:
        return "its permissions boundary does not allow it"
    if answer.get("EvalDecision") == "explicitDeny":
        sources = sorted({str(one.get("SourcePolicyId")) for one in answer.get("MatchedStatements") or ()})
        return f"denied by {', '.join(sources)}" if sources else "a policy denies it"
    return ""
