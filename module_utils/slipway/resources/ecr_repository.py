"""ECR repositories: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import Aws
from ..aws.errors import AwsError
from ..aws.shapes import from_api, input_shape, to_api
from ..engine.compare import Difference, Rules, changed_options
from ..engine.kind import Kind, Known, Options
from ..engine.plan import Call, Desired, Live
from . import policy, tags

_SHAPE = input_shape("ecr", "CreateRepository")
# The lifecycle policy is JSON of its own, with no model: https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
_RULE = {"priority": "rulePriority", "description": "description"}
_SELECTION = {
    "tag_status": "tagStatus",
    "tag_pattern_list": "tagPatternList",
    "tag_prefix_list": "tagPrefixList",
    "storage_class": "storageClass",
    "count_type": "countType",
    "count_unit": "countUnit",
    "count_number": "countNumber",
}
_ACTION = {"action": "type", "target_storage_class": "targetStorageClass"}


class EcrRepository(Kind):
    """A repository with its scanning, immutability, encryption, lifecycle, policy and tags."""

    name = "ecr_repository"
    exists = frozenset({"RepositoryAlreadyExistsException"})
    create_only = frozenset({"encryption_configuration"})
    rules = Rules(
        defaults={
            "lifecycle_policy[].action": "expire",
            "image_scanning_configuration": {"scan_on_push": False},
        },
        unordered={
            "lifecycle_policy": "priority",
            "image_tag_mutability_exclusion_filters": "filter",
            "lifecycle_policy[].tag_prefix_list": "",
            "lifecycle_policy[].tag_pattern_list": "",
        },
        whole=frozenset({"tags", "lifecycle_policy", "repository_policy"}),
    )

    def observe(self, aws: Aws, wanted: Mapping[str, Options], known: Known) -> Mapping[str, Live]:
        """DescribeRepositories for all at once; policies and tags only of those whose options manage them."""
        return {
            name: self._live(aws, repository, wanted[name]) for name, repository in _describe(aws, list(wanted)).items()
        }

    def _live(self, aws: Aws, repository: dict[str, Any], options: Options) -> Live:
        name, arn = repository["repositoryName"], repository["repositoryArn"]
        fields: dict[str, Any] = from_api(_SHAPE, repository)
        if options.get("lifecycle_policy") is not None:
            text = _optional(aws, "GetLifecyclePolicy", "lifecyclePolicyText", name)
            fields["lifecycle_policy"] = [_from_rule(rule) for rule in json.loads(text)["rules"]] if text else []
        if options.get("repository_policy") is not None:
            fields["repository_policy"] = policy.from_document(
                _optional(aws, "GetRepositoryPolicy", "policyText", name)
            )
        if options.get("tags") is not None:
            fields["tags"] = tags.from_pairs(aws.call("ecr", "ListTagsForResource", resourceArn=arn)["tags"])
        return Live(fields, _outputs(repository))

    def desired(self, options: Options, known: Known) -> Desired:
        """The fields of CreateRepository, and beside them the policies and tags."""
        fields = {key: options.get(key) for key in ("image_tag_mutability", "encryption_configuration", "tags")}
        fields["image_tag_mutability_exclusion_filters"] = options.get("image_tag_mutability_exclusion_filters")
        if options.get("scan_on_push") is not None:
            fields["image_scanning_configuration"] = {"scan_on_push": options["scan_on_push"]}
        fields["lifecycle_policy"] = options.get("lifecycle_policy")
        if options.get("repository_policy") is not None:
            fields["repository_policy"] = policy.statements(options["repository_policy"])
        settings = {"force": options.get("force")}
        return Desired(options["name"], fields, settings, absent=options.get("state") == "absent")

    def create(self, desired: Desired) -> Sequence[Call]:
        """CreateRepository, then the policies."""
        fields = {**desired.fields, "repository_name": desired.name}
        params = to_api(_SHAPE, {key: value for key, value in fields.items() if key != "tags"})
        if desired.fields.get("tags"):
            params["tags"] = tags.to_pairs(desired.fields["tags"])
        call = Call("ecr", "CreateRepository", params, lambda answer: _outputs(answer["repository"]))
        given = {name for name in ("lifecycle_policy", "repository_policy") if desired.fields.get(name)}
        return [call, *_policy_calls(desired, given)]

    def update(self, desired: Desired, live: Live, found: Sequence[Difference]) -> Sequence[Call]:
        """One call for each part of the repository that differs."""
        changed, name = changed_options(found), {"repositoryName": desired.name}
        api = to_api(
            _SHAPE,
            {**live.fields, **{key: v for key, v in desired.fields.items() if v is not None}, "tags": None},
        )
        calls = []
        if changed & {"image_tag_mutability", "image_tag_mutability_exclusion_filters"}:
            keys = ("imageTagMutability", "imageTagMutabilityExclusionFilters")
            given = {key: api[key] for key in keys if api.get(key)}
            calls.append(Call("ecr", "PutImageTagMutability", {**name, **given}))
        if "image_scanning_configuration" in changed:
            scanning = {"imageScanningConfiguration": api["imageScanningConfiguration"]}
            calls.append(Call("ecr", "PutImageScanningConfiguration", {**name, **scanning}))
        calls.extend(_policy_calls(desired, changed))
        set_tags, gone = tags.changes(found, desired.fields)
        arn = {"resourceArn": live.outputs["arn"]}
        if set_tags:
            calls.append(Call("ecr", "TagResource", {**arn, "tags": tags.to_pairs(set_tags)}))
        if gone:
            calls.append(Call("ecr", "UntagResource", {**arn, "tagKeys": gone}))
        return calls

    def delete(self, desired: Desired, live: Live) -> Sequence[Call]:
        """DeleteRepository; with images in it only when force says so."""
        params = {"repositoryName": desired.name, "force": bool(desired.settings.get("force"))}
        return [Call("ecr", "DeleteRepository", params, tolerate=frozenset({"RepositoryNotFoundException"}))]


def _policy_calls(desired: Desired, changed: set[str] | frozenset[str]) -> list[Call]:
    calls, name = [], {"repositoryName": desired.name}
    lifecycle, access = desired.fields.get("lifecycle_policy"), desired.fields.get("repository_policy")
    if "lifecycle_policy" in changed and lifecycle:
        text = json.dumps({"rules": [_to_rule(rule) for rule in lifecycle]}, sort_keys=True)
        calls.append(Call("ecr", "PutLifecyclePolicy", {**name, "lifecyclePolicyText": text}))
    elif "lifecycle_policy" in changed:
        calls.append(Call("ecr", "DeleteLifecyclePolicy", name))
    if "repository_policy" in changed and access:
        calls.append(Call("ecr", "SetRepositoryPolicy", {**name, "policyText": policy.to_document(access)}))
    elif "repository_policy" in changed:
        calls.append(Call("ecr", "DeleteRepositoryPolicy", name))
    return calls


def _describe(aws: Aws, names: list[str]) -> dict[str, dict[str, Any]]:
    """The repositories that exist; the API refuses the whole list when one is missing, so then one by one."""
    try:
        found = aws.pages("ecr", "DescribeRepositories", "repositories", repositoryNames=names)
    except AwsError as error:
        if error.code != "RepositoryNotFoundException":
            raise
        if len(names) == 1:
            return {}
        return {name: item for one in names for name, item in _describe(aws, [one]).items()}
    return {item["repositoryName"]: item for item in found}


def _optional(aws: Aws, operation: str, key: str, name: str) -> str:
    try:
        return str(aws.call("ecr", operation, repositoryName=name)[key])
    except AwsError as error:
        if error.code in {"LifecyclePolicyNotFoundException", "RepositoryPolicyNotFoundException"}:
            return ""
        raise


def _outputs(repository: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": repository["repositoryArn"],
        "uri": repository["repositoryUri"],
        "registry_id": repository["registryId"],
    }


def _to_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: rule[key] for key, name in _RULE.items() if rule.get(key) is not None},
        "selection": {name: rule[key] for key, name in _SELECTION.items() if rule.get(key) is not None},
        "action": {name: rule[key] for key, name in _ACTION.items() if rule.get(key) is not None},
    }


def _from_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    parts = ((_RULE, rule), (_SELECTION, rule.get("selection", {})), (_ACTION, rule.get("action", {})))
    return {key: part[name] for names, part in parts for key, name in names.items() if name in part}
