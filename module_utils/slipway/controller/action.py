"""Runs resource modules in ansible-playbook's own process: no new interpreter, clients inherited by every fork."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase

from ..aws.clients import preload
from ..aws.errors import AwsError, SlipwayError
from ..engine.options import argument_spec, documentation_of, validated
from ..engine.perform import perform
from ..release.process import end_with_parent
from ..resources import KINDS, LOOKUPS
from ..step import step_of

_LIBRARY = Path(__file__).resolve().parents[3] / "library"
# The parts of a result that quote what was described, or what AWS said of it.
_SPOKEN = ("msg", "diff", "exception", "warnings")
_CONNECTION = ("region", "profile", "endpoint_url")

preload(("sts", "ecs", "ecr", "elbv2", "ec2", "iam", "logs", "acm", "route53", "ssm", "dynamodb"))


@cache
def _spec(kind: str) -> dict[str, Any]:
    secret = KINDS[kind].secret_options if kind in KINDS else frozenset[str]()
    return argument_spec(documentation_of(_LIBRARY / f"{kind}.py"), secret)


class InProcessAction(ActionBase):
    """What every in-process action does around its own work: errors for people, no secret in a result."""

    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False
    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        end_with_parent()
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.secrets: set[str] = set()
        self.host = (task_vars or {}).get("inventory_hostname", "")
        try:
            result.update(self.work(dict(self._task.args), task_vars or {}))
        except SlipwayError as error:
            result.update(failed=True, msg=str(error))
            if isinstance(error, AwsError):
                result["cause_code"] = error.cause_code
        if not (self._task.diff if self._task.diff is not None else self._play_context.diff):
            result.pop("diff", None)
        # Names and ARNs hold no secret, even where a parameter's value is a word of them: other tasks need them whole.
        spoken = {key: remove_values(result[key], self.secrets) for key in _SPOKEN if key in result}
        return {**result, **spoken}

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The action's own work; subclasses return their part of the result."""
        raise NotImplementedError

    def report(self, line: str) -> None:
        """A live line for the person who waits; services are deployed side by side, so it says whose it is."""
        self._display.display(f"  {self.host}: {line}")

    def options(self, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Validated options of one kind, its secrets noted."""
        options, secrets = validated(kind, _spec(kind), given)
        self.secrets |= secrets
        return options

    def check(self) -> bool:
        """Whether nothing may be written."""
        return bool(self._task.check_mode)


class StepAction(InProcessAction):
    """A step of a release, which is no resource: its function does the work."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Do the step."""
        name = self._task.action.rpartition(".")[2]
        return step_of(name)(self.options(name, args), check=self.check(), report=self.report)


class ResourceAction(InProcessAction):
    """One resource: the action of every module that has a kind."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Bring one resource to its description."""
        kind = self._task.action.rpartition(".")[2]
        options = self.options(kind, args)
        result = perform(KINDS, LOOKUPS, [(kind, options)], options, check=self.check(), report=self.report)
        resource = result.pop("resources")[0]
        return {**resource, **result}


class ResourcesAction(InProcessAction):
    """Many resources in one task: observed in batches, side by side."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Bring every resource of the list to its description."""
        unknown = set(args) - {*_CONNECTION, "resources"}
        if unknown or not args.get("resources"):
            what = f"unknown option {', '.join(sorted(unknown))}" if unknown else "the list of resources is empty"
            raise SlipwayError(what, where="aws_resources", remedy="see: ansible-doc aws_resources")
        wanted = [
            (kind, self.options(kind, options)) for kind, options in items(args["resources"]) if options is not None
        ]
        return perform(KINDS, LOOKUPS, wanted, args, check=self.check(), report=self.report)


def items(resources: Any) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """Each item's kind and options; no options where its `when` is false."""
    for index, item in enumerate(resources):
        where = f"aws_resources.resources[{index}]"
        kinds = [key for key in item if key != "when"] if isinstance(item, Mapping) else []
        if len(kinds) != 1 or not isinstance(item[kinds[0]], Mapping):
            remedy = "write: - ecs_cluster: {name: ...}, with a when: beside it if it is not always wanted"
            raise SlipwayError("each item is one kind with its options", where=where, remedy=remedy)
        kind, condition = str(kinds[0]), item.get("when", True)
        if kind not in KINDS:
            raise SlipwayError(f"there is no kind {kind!r}", where=where, remedy=f"one of: {', '.join(sorted(KINDS))}")
        if not isinstance(condition, bool):
            raise SlipwayError(
                f"when is {condition!r}, which is neither true nor false", where=where, remedy="compare, or add | bool"
            )
        yield kind, item[kind] if condition else None
