"""The actions of a drift check: what was applied last, what is described now, and what differs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..drift import applied
from ..drift.check import Checked, Described, check
from ..drift.history import default_file, load, with_since
from ..drift.host_repair import ON_MACHINES
from ..drift.mend import Repaired, offered, repaired
from ..drift.repair import confirmed_of
from ..drift.report.report import Report
from ..drift.report.text import text
from ..drift.report.write import summarised, written
from ..drift.under_way import look
from ..machine.address import address_of
from ..release.recording import stamp
from ..resources import KINDS, LOOKUPS
from ..resources.vpc import find
from .action import InProcessAction, items
from .description import plain
from .drift_hosts import on_machines
from .drift_news import kept_and_told
from .drift_resources import Roles
from .drift_subjects import Subject, inventory, not_on_record, on_aws, subjects

Service = Mapping[str, Any]


class DriftBaselineAction(InProcessAction):
    """The action of drift_baseline: after a release."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what was applied, unless the same is kept already."""
        options = self.options("drift_baseline", args)
        aws = Aws(Connection.of(options))
        table, service = options["table"], options["service"]
        resources = plain(args.get("resources") or ())
        described = [(kind, self.options(kind, one)) for kind, one in items(resources) if one is not None]
        kept = applied.read(aws, table, service)
        new = _kept(kept, options, plain(described))
        is_new = new is not None and not (kept and kept.is_same(new))
        if new is not None and is_new and not self.check():
            applied.write(aws, table, service, new)
        calls = sum(aws.calls.values())
        # With -v, Ansible shows what a task returns.
        return {"changed": False, "is_new": is_new, "resources": resources, "api_calls": calls, "_ansible_no_log": True}


def _kept(
    kept: applied.Applied | None, options: Mapping[str, Any], described: list[tuple[str, Any]]
) -> applied.Applied | None:
    """What is to be kept from now on; nothing where no release has succeeded yet."""
    serving = str(options.get("serving") or "")
    if options["state"] == "applied":
        return applied.Applied(described, plain(options["image"]), stamp(time.time()), serving)
    if kept is None:
        return None
    if options["state"] == "serving":
        return replace(kept, serving=serving or kept.serving)
    # The same again makes nothing different.
    return kept if _texts(described) == _texts(kept.resources) else replace(kept, attempted=described)


def _texts(resources: Any) -> list[str]:
    return [json.dumps(one, sort_keys=True) for one in resources]


class DriftBaselineInfoAction(InProcessAction):
    """The action of drift_baseline_info: for all hosts of the play at once."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The network and what was applied last, of each description; why not, where it can't be known."""
        self.options("drift_baseline_info", args)
        hosts: dict[str, dict[str, dict[str, Any]]] = {}
        clients: dict[Connection, Aws] = {}
        networks: dict[Any, dict[str, Any]] = {}
        tables: dict[tuple[Connection, str], list[Subject]] = {}
        silent: dict[Connection, str] = {}
        for one in subjects(task_vars):
            known = hosts.setdefault(one.host, {}).setdefault(one.way, {})
            if one.description is None:
                known["error"] = one.problem
                continue
            try:
                if one.connection in silent:
                    # Each question to whom nobody knows, or who does not answer, would take as long as the first one.
                    known["error"] = silent[one.connection]
                    continue
                aws = clients.setdefault(one.connection, Aws(one.connection))
                # Given up sooner than other questions.
                aws.identity()
                network = (one.connection, one.way == "machine", one.network)
                if one.network and network not in networks:
                    networks[network] = _network(aws, one)
                known["network"] = networks.get(network) or {}
                if one.way == "machine":
                    known["address"] = _address(one)
            except SlipwayError as error:
                known["error"] = str(error)
                if isinstance(error, AwsError) and (error.is_about_credentials or error.is_passing):
                    silent[one.connection] = str(error)
                continue
            tables.setdefault((one.connection, one.table), []).append(one)
        for (connection, table), found in tables.items():
            self._read(clients[connection], table, found, hosts)
        calls = sum(sum(aws.calls.values()) for aws in clients.values())
        return {"changed": False, "hosts": hosts, "api_calls": calls}

    def _read(
        self, aws: Aws, table: str, found: Sequence[Subject], hosts: Mapping[str, Mapping[str, dict[str, Any]]]
    ) -> None:
        try:
            looked = look(aws, table, [key for one in found for key in (one.key, *one.more_keys)])
        except SlipwayError as error:
            # Nobody knows then what is only pending; the check goes on.
            self._display.warning(f"drift can't be told from what was not deployed yet: {error}")
            return
        for one in found:
            known = hosts[one.host][one.way]
            if one.key in looked.applied:
                # As JSON has it, so that the templates find lists.
                known["applied"] = json.loads(json.dumps(asdict(looked.applied[one.key])))
            if one.key in looked.held:
                known["under_way"] = looked.held[one.key]
            for key in one.more_keys:
                if key in looked.applied:
                    known["prepared"] = looked.applied[key].image.get("fingerprint", "")


def _network(aws: Aws, subject: Subject) -> dict[str, Any]:
    vpc, subnets = subject.network or (None, None)
    # A load balancer is in two zones, and a machine in one.
    zones = 0 if subject.way == "machine" else 2
    options = {
        "vpc_id": vpc,
        "subnet_ids": list(subnets) if subnets else None,
        "one_per_zone": subnets is None and subject.way != "machine",
        "zones_at_least": zones,
    }
    return find(aws, options)


def _address(subject: Subject) -> str:
    """Where a machine is; nowhere, where it is not made."""
    described = subject.description or {}
    connection = (described["region"], described["profile"], described["endpoint_url"])
    try:
        return address_of(subject.host, described["deployment_environment"], "public_ip", *connection)
    except AwsError:
        raise
    except SlipwayError:
        return ""


def described_services(task_vars: Mapping[str, Any]) -> Iterator[tuple[str, Service | None, str]]:
    """Each host of the play with its completed description, or why it has none."""
    hostvars = task_vars["hostvars"]
    for host in task_vars["ansible_play_hosts_all"]:
        try:
            result = hostvars[host].get("_service_description") or {}
            service = result.get("service")
            problem = str(result.get("msg") or "its description was not checked")
        except AnsibleError as error:
            service, problem = None, str(error)
        yield str(host), plain(service) if service else None, problem


class DriftCheckAction(InProcessAction):
    """The action of drift_check: one look at everything that the play describes."""

    def work(self, args: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Compare all, tell it, and write it down."""
        try:
            return self._checked(self.options("drift_check", args), task_vars)
        except SlipwayError as error:
            # A failure would say that something drifted.
            return {"unreachable": True, "msg": str(error)}

    def _checked(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        began, started = time.time(), time.monotonic()
        baseline, errors = options["baseline"], dict[str, str]()
        hosts: list[Described] = []
        notes: list[str] = []
        every, roles = list(subjects(task_vars)), Roles(self)
        for one in every:
            known = (baseline.get(one.host) or {}).get(one.way) or {}
            problem = known.get("error") or (one.problem if one.description is None else "")
            if problem:
                errors[one.host] = problem
                continue
            try:
                hosts.append(on_aws(self, roles, one, known, task_vars))
            except (SlipwayError, AnsibleError) as error:
                errors[one.host] = str(error)
                continue
            notes += [not_on_record(one)] if not known.get("applied") else []
        # A part of the services can't say what was added to what all of them share.
        whole = not errors and {*task_vars["groups"].get("fargate", ())} <= {*task_vars["ansible_play_hosts_all"]}
        checked = check(hosts, KINDS, LOOKUPS, whole=whole)
        fixed = self._repaired(checked, options)
        calls = checked.api_calls + fixed.api_calls
        if fixed.done and not self.check():
            checked = check(hosts, KINDS, LOOKUPS, whole=whole)
            calls += checked.api_calls
        repair = confirmed_of(options["confirm"]) if options["repair"] else None
        seen = on_machines(self, every, baseline, task_vars, repair)
        checked.findings += seen.findings
        checked.resources += seen.looked
        checked.notes += [*notes, *seen.notes, *fixed.notes]
        for host, problem in seen.errors.items():
            errors[host] = "; ".join(filter(None, [errors.get(host), problem]))
        command = f"ansible-playbook drift.yml -i {inventory(task_vars)} -e repair=true"
        now = stamp(began)
        file = Path(options["history"]) if options.get("history") else default_file(options["environment"])
        before = load(file)
        report = Report(
            options["environment"],
            now,
            round(time.monotonic() - started, 1),
            [str(host) for host in task_vars["ansible_play_hosts_all"]],
            checked.resources,
            calls + options["api_calls"],
            [with_since(one, before.findings, now) for one in offered(checked, KINDS, command)],
            {**errors, **checked.errors},
            checked.notes,
            [*fixed.done, *seen.repaired],
            is_planned=self.check(),
        )
        services = [(host, service) for host, service, _ in described_services(task_vars) if service is not None]
        everybody = task_vars["groups"]["all"]
        settled = whole and checked.settled
        report, news = kept_and_told(self, report, options, file, before, everybody, services, settled=settled)
        return {**self._told(report, options), "news": news.result()}

    def _repaired(self, checked: Checked, options: Mapping[str, Any]) -> Repaired:
        if not options["repair"]:
            return Repaired()
        # What is on a machine is put right there.
        confirmed = {one for one in confirmed_of(options["confirm"]) if one.partition(" ")[0] not in ON_MACHINES}
        # The locks end with the ansible-playbook whose worker this is.
        owner = os.getppid()
        return repaired(checked, KINDS, LOOKUPS, confirmed, check=self.check(), report=self.report, owner=owner)

    def _told(self, report: Report, options: Mapping[str, Any]) -> dict[str, Any]:
        self._display.display(text(report))
        files = written(report, Path(options["report_dir"])) if options.get("report_dir") else []
        summarised(report)
        for file in files:
            self.report(f"written: {file}")
        result = {"changed": bool(report.repaired), "files": [str(file) for file in files], **report.result()}
        if not report.is_complete:
            # Ansible's own exit status for it is another one than that of a failure.
            return {**result, "unreachable": True, "msg": f"not everything could be checked: {report.summary}"}
        if report.drifted:
            return {**result, "failed": True, "msg": report.summary}
        return {**result, "msg": report.summary}
