"""Repositories of ECR."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.drift_cases.iam_role import API_WHOLE, ONE, THIS, WHOLE, principals, statement_changes
from tests.emulator.drift_cases.model import Document, Scene, Shown, To, World

KIND = "ecr_repository"
NAME = "drift"


def _mutability(world: World, document: Document) -> None:
    world.ecr.put_image_tag_mutability(repositoryName=NAME, **document)


def _scanning(value: bool) -> Any:
    return lambda world: world.ecr.put_image_scanning_configuration(
        repositoryName=NAME, imageScanningConfiguration={"scanOnPush": value}
    )


def _tag(value: str) -> Any:
    return lambda world: world.ecr.tag_resource(
        resourceArn=world.arn("ecr", f"repository/{NAME}"), tags=[{"Key": "Service", "Value": value}]
    )


BASICS = Scene(
    KIND,
    lambda _: {
        "name": NAME,
        "image_tag_mutability": "MUTABLE",
        "scan_on_push": True,
        "tags": {"Service": "drift"},
    },
    {
        "image_tag_mutability": "IMMUTABLE",
        "scan_on_push": To(
            do=_scanning(False),
            undo=_scanning(True),
            at="image_scanning_configuration.scan_on_push",
            found=False,
        ),
        "tags": To(do=_tag("other"), undo=_tag("drift"), at="tags.Service", expected="drift", found="other"),
    },
    read=lambda _: {"imageTagMutability": "MUTABLE"},
    put=_mutability,
    title="basics",
)
F = "image_tag_mutability_exclusion_filters"
FILTERS = Scene(
    KIND,
    lambda _: {
        "name": NAME,
        "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
        F: [{"filter_type": "WILDCARD", "filter": "latest*"}],
    },
    {
        f"{F}[]": To(
            {"filterType": "WILDCARD", "filter": "dev*"},
            at=f"{F}[dev*]",
            found={"filter_type": "WILDCARD", "filter": "dev*"},
        ),
        f"{F}[].filter_type": To("other", at=f"{F}[latest*].filter_type"),
        f"{F}[].filter": To(
            "dev*",
            at=f"{F}[latest*]",
            expected={"filter_type": "WILDCARD", "filter": "latest*"},
            found=None,
            also=(Shown(f"{F}[dev*]", None, {"filter_type": "WILDCARD", "filter": "dev*"}),),
        ),
    },
    read=lambda _: {
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "latest*"}],
    },
    put=_mutability,
    answer=("DescribeRepositories", ("repositories", 0)),
    unkept={key: {f"{F}*": "drops it"} for key in ("ministack", "moto")},
    title="filters",
)


def _anew(world: World, document: Document) -> None:
    """What AWS fixes at creation: somebody made another one of the same name."""
    world.ecr.delete_repository(repositoryName=NAME, force=True)
    world.ecr.create_repository(repositoryName=NAME, **document)


E = "encryption_configuration"
KEY, OTHER_KEY = (f"arn:aws:kms:ap-northeast-2:000000000000:key/{name}" for name in ("one", "two"))
FIXED = Scene(
    KIND,
    lambda _: {"name": NAME, E: {"encryption_type": "KMS", "kms_key": KEY}},
    {f"{E}.encryption_type": "KMS_DSSE", f"{E}.kms_key": OTHER_KEY},
    read=lambda _: {"encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY}},
    put=_anew,
    answer=("DescribeRepositories", ("repositories", 0)),
    title="encryption",
)


def _lifecycle(world: World, document: Document) -> None:
    world.ecr.put_lifecycle_policy(repositoryName=NAME, lifecyclePolicyText=json.dumps(document))


def _lay_lifecycle(operation: str, answer: Any, option: str, value: Any) -> None:
    if operation != "GetLifecyclePolicy":
        return
    number, group, name = _PLACES[option.partition("[].")[2]]
    rules = json.loads(answer["lifecyclePolicyText"])["rules"]
    (rules[number][group] if group else rules[number])[name] = value
    answer["lifecyclePolicyText"] = json.dumps({"rules": rules})


L = "lifecycle_policy[]"
_RULES = [
    {
        "priority": 1,
        "description": "old",
        "tag_status": "untagged",
        "count_type": "sinceImagePushed",
        "count_unit": "days",
        "count_number": 7,
        "action": "expire",
    },
    {
        "priority": 2,
        "tag_status": "tagged",
        "tag_prefix_list": ["dev"],
        "count_type": "imageCountMoreThan",
        "count_number": 5,
    },
    {
        "priority": 3,
        "tag_status": "tagged",
        "tag_pattern_list": ["sha*"],
        "count_type": "imageCountMoreThan",
        "count_number": 30,
        "storage_class": "standard",
        "target_storage_class": "archive",
    },
]
_API_RULES = [
    {
        "rulePriority": 1,
        "description": "old",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": 7,
        },
        "action": {"type": "expire"},
    },
    {
        "rulePriority": 2,
        "selection": {
            "tagStatus": "tagged",
            "tagPrefixList": ["dev"],
            "countType": "imageCountMoreThan",
            "countNumber": 5,
        },
        "action": {"type": "expire"},
    },
    {
        "rulePriority": 3,
        "selection": {
            "tagStatus": "tagged",
            "tagPatternList": ["sha*"],
            "countType": "imageCountMoreThan",
            "countNumber": 30,
        },
        "action": {"type": "expire"},
    },
]
# Option -> number of the rule, and where that has it.
_PLACES: dict[str, tuple[int, str, str]] = {
    "description": (0, "", "description"),
    "tag_status": (0, "selection", "tagStatus"),
    "count_type": (0, "selection", "countType"),
    "count_unit": (0, "selection", "countUnit"),
    "count_number": (0, "selection", "countNumber"),
    "tag_prefix_list": (1, "selection", "tagPrefixList"),
    "tag_pattern_list": (2, "selection", "tagPatternList"),
    "storage_class": (2, "selection", "storageClass"),
    "action": (0, "action", "type"),
    "target_storage_class": (2, "action", "targetStorageClass"),
}


def _of_rule(option: str, value: Any) -> tuple[str, To]:
    number, group, name = _PLACES[option]
    place: tuple[str | int, ...] = ("rules", number, *([group] if group else []), name)
    said = {"action": "expire"} | _RULES[number]
    to = To(value, api=place, at=f"lifecycle_policy[{number + 1}].{option}", expected=said[option], was=said[option])
    return f"{L}.{option}", to


_ARCHIVE = [f"{L}.storage_class", f"{L}.target_storage_class"]
LIFECYCLE = Scene(
    KIND,
    lambda _: {"name": NAME, "lifecycle_policy": _RULES},
    dict(
        [
            _of_rule("description", "older"),
            _of_rule("tag_status", "any"),
            _of_rule("tag_pattern_list", ["sha*", "v*"]),
            _of_rule("tag_prefix_list", ["dev", "test"]),
            _of_rule("storage_class", "archive"),
            _of_rule("count_type", "sinceImagePulled"),
            _of_rule("count_unit", "weeks"),
            _of_rule("count_number", 8),
            _of_rule("action", "transition"),
            _of_rule("target_storage_class", "other"),
        ]
    )
    | {
        L: To(
            {
                "rulePriority": 9,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
                "action": {"type": "expire"},
            },
            api=("rules", 0),
            at="lifecycle_policy[9]",
            found={
                "priority": 9,
                "tag_status": "any",
                "count_type": "imageCountMoreThan",
                "count_number": 1,
                "action": "expire",
            },
        ),
        f"{L}.priority": To(
            4,
            api=("rules", 1, "rulePriority"),
            at="lifecycle_policy[2]",
            expected={**_RULES[1], "action": "expire"},
            found=None,
            also=(Shown("lifecycle_policy[4]", None, {**_RULES[1], "priority": 4, "action": "expire"}),),
        ),
    },
    read=lambda _: {"rules": _API_RULES},
    put=_lifecycle,
    lay=_lay_lifecycle,
    unkept={
        "ministack": dict.fromkeys(_ARCHIVE, "does not know the archive"),
        "moto": dict.fromkeys(
            (*_ARCHIVE, f"{L}.count_type", f"{L}.count_unit", f"{L}.action"), "refuses what is newer"
        ),
    },
    refused={"moto": _ARCHIVE},
    title="lifecycle",
)


def _policy(world: World, document: Document) -> None:
    world.ecr.set_repository_policy(repositoryName=NAME, policyText=json.dumps({"Version": "2012-10-17", **document}))


P = "repository_policy[]"
_KINDS = {
    "aws": ("AWS", "arn:aws:iam::000000000000:user/one"),
    "service": ("Service", "one.amazonaws.com"),
    "federated": ("Federated", "arn:aws:iam::000000000000:saml-provider/one"),
    "canonical_user": ("CanonicalUser", "one"),
}
_BODY = {**WHOLE, "resources": [THIS], "principals": {kind: [who] for kind, (_, who) in _KINDS.items()}}
_BUT = {"not_actions": [ONE], "not_resources": [THIS]}
POLICY = Scene(
    KIND,
    lambda _: {"name": NAME, "repository_policy": [_BODY]},
    statement_changes(
        P,
        "repository_policy",
        _BODY,
        {
            **principals(P, "repository_policy", _KINDS),
            "": To(
                {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"},
                api=("Statement", 0),
                at="repository_policy",
                expected=[_BODY],
                found=[{"effect": "Allow", "principals": {"aws": ["*"]}, "actions": ["ecr:*"]}, _BODY],
            ),
        },
    ),
    read=lambda _: {"Statement": [{**API_WHOLE, "Resource": THIS, "Principal": dict(_KINDS.values())}]},
    put=_policy,
    title="policy",
)
POLICY_BUT = Scene(
    KIND,
    lambda _: {"name": NAME, "repository_policy": [{"effect": "Deny", "principals": {"aws": ["*"]}, **_BUT}]},
    statement_changes(P, "repository_policy", _BUT, {}),
    read=lambda _: {"Statement": [{"Effect": "Deny", "Principal": "*", "NotAction": ONE, "NotResource": THIS}]},
    put=_policy,
    title="policy but",
)
SCENES = (BASICS, FILTERS, FIXED, LIFECYCLE, POLICY, POLICY_BUT)
NO_FIELDS = {
    KIND: {
        "name": "its name: another name is another resource",
        "force": "says how it may be removed",
    }
}
