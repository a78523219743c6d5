"""The facts that a rule's title and remedy name, as a map for `str.format_map`."""

from __future__ import annotations

import re
from typing import Any

from .facts import Facts, reference
from .rules import Rule
from .signs import Sign

_SHELL = re.compile(r"(?:sh|bash)(?:: line \d+|: \d+)?: (?P<command>\S+?):")
# They may stand anywhere in a text, after what made the rule fit.
_ACTION = re.compile(r"not authorized to perform: (?P<found>[\w-]+:\w+)")
_COMMAND = re.compile(r'exec: \\?"(?P<found>[^"\\]+)')
_ROLE = re.compile(r"(?:assumed-role/|:role/(?:[^\s']+/)?)(?P<found>[\w+=,.@-]+)")


class _Words(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def sign(
    found: tuple[Rule, re.Match[str]], facts: Facts, text: str, *, container: str = "", line: str = "", counts: int = 1
) -> Sign:
    """A rule that fits, filled in."""
    rule, match = found
    known = _words(facts, match, text, container)
    # What is not known leaves a gap.
    title, remedy = (re.sub(" {2,}", " ", one.format_map(known)) for one in (rule.title, rule.remedy))
    return Sign(_code(rule, facts, known), title, line or text, remedy, counts=counts)


def _code(rule: Rule, facts: Facts, known: _Words) -> str:
    # AWS has the same words for both of a task's roles.
    is_task_role = known["named_role"] == facts.task_role != facts.execution_role
    return "task_role" if rule.code == "execution_role" and is_task_role else rule.code


def _in(text: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(text)
    return found["found"] if found else ""


def _words(facts: Facts, match: re.Match[str], text: str, container: str) -> _Words:
    groups = {name: value for name, value in match.groupdict().items() if value}
    key = str(groups.get("key") or groups.get("other_key") or "").rstrip(".,:;'\"")
    name = str(groups.get("name") or groups.get("other_name") or "").strip()
    image = facts.image(text, container)
    what = str(groups.get("what") or groups.get("other_what") or "").replace("MEMORY", "memory")
    known = _Words(
        image=image,
        list_images=_list_images(image, facts),
        container=container or facts.container("").get("name", ""),
        role=facts.execution_role or "of the task",
        memory=facts.memory or "?",
        cpu=facts.cpu or "?",
        architecture=facts.architecture,
        docker_platform="linux/arm64" if facts.architecture == "ARM64" else "linux/amd64",
        subnets=facts.subnets,
        subnet_ids=" ".join(facts.network.get("subnets") or ()) or "...",
        security_groups=facts.security_groups,
        in_region=facts.in_region,
        log_group=facts.log_group(container) or "of the task",
        endpoint=_endpoint(text),
        command=_in(text, _COMMAND) or "that was asked for",
        action=_in(text, _ACTION) or "the call",
        what=what,
        named_role=_in(text, _ROLE) or facts.execution_role or "of the task",
    )
    return _Words(known | _secret_words(facts, text, name, key))


def _secret_words(facts: Facts, text: str, name: str, key: str) -> dict[str, str]:
    named = facts.secrets(text, name, key)
    references = list(dict.fromkeys(one for _, one in named))
    if not references and name:
        references = [reference(name.split(",")[0].strip(" '\"."))]
    if not references:
        references, one_of = facts.candidates(text), "that is one of "
    else:
        one_of = ""
    names = list(dict.fromkeys(one.partition("#")[0] for one in references))
    shown = (one_of if len(names) > 1 else "") + ", ".join(names)
    variables = ", ".join(variable for variable, _ in named)
    first = references[0].partition("#")[0] if references else ""
    store, _, bare = first.partition(":")
    region = facts.in_region
    create = {
        "ssm": f"create it (aws ssm put-parameter --name {bare} --type SecureString --value ...{region})",
        "secretsmanager": f"create it (aws secretsmanager create-secret --name {bare} --secret-string ...{region})",
    }.get(store, "create it")
    return {
        "key": key,
        "secret": shown or "that the task reads",
        "secret_is": f" {shown}" if shown else "",
        "secret_name": bare or "...",
        "variables": f" (for {variables})" if variables else "",
        "create_secret": create,
    }


def _endpoint(text: str) -> str:
    for pattern, name in _ENDPOINTS:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return "AWS"


_ENDPOINTS = (
    (r"logs\.|cloudwatch", "CloudWatch Logs"),
    (r"secretsmanager|\basm\b|secrets manager", "Secrets Manager"),
    (r"\bssm\b|ssm\.|systems manager|parameter", "SSM (Parameter Store)"),
    (r"s3[.-]|starport-layer", "S3, where ECR keeps the layers"),
    (r"\becr\b|\.ecr\.|registry auth", "ECR"),
    (r"docker\.io", "Docker Hub"),
    (r"CannotPullContainer", "the image's registry"),
)


def _list_images(image: str, facts: Facts) -> str:
    host, _, rest = image.partition("/")
    repository = re.split(r"[@:]", rest)[0]
    if ".dkr.ecr." not in host or not repository:
        return "ask the registry"
    region = f" --region {host.split('.')[3]}"
    return f"aws ecr describe-images --repository-name {repository}{region or facts.in_region}"


def command_in_logs(lines: tuple[str, ...]) -> str:
    """The command that a shell did not find."""
    return next((found["command"] for line in lines if (found := _SHELL.search(line))), "")
