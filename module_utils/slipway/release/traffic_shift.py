"""Moving a domain's requests from one side to the other in steps, each with the new side's answers as its gate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..aws.clients import Aws, Connection
from ..aws.errors import AwsError, SlipwayError
from ..engine.kind import Known
from ..resources import hosted_zone
from .observe import describe, target_group_arns
from .traffic_shift_decision import Move, Record, Side, changes, longest_ttl, remaining, serves_alone, share, target
from .traffic_shift_gate import Gate, SideFailedError

Report = Callable[[str], None]
# An alias of a load balancer has its TTL:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
_ALIAS_TTL = 60
_INSYNC = 180.0
_LOOK = 2.0
_OF_THE_OLD = 3


class Shift:
    """One move, and what has become of it.

    Attributes:
        records: the records of the name as they are.
        steps: what was done: percent, and the answers at it.
    """

    def __init__(self, aws: Aws, options: Mapping[str, Any], move: Move, gate: Gate, report: Report) -> None:
        self.aws, self.options, self.move, self.gate, self.report = aws, options, move, gate, report
        self.zone = _zone(aws, str(options["zone"]))
        self.records = self._read()
        self.first = list(self.records)
        self.steps: list[dict[str, Any]] = []
        self.changed = False

    def run(self, *, check: bool) -> dict[str, Any]:
        """Move the requests, and go back when the new side fails.

        Raises:
            SlipwayError: AWS refused a call, or the old side does not answer and would be needed.
        """
        move, now = self.move, share(self.records, self.move)
        if serves_alone(self.records, move.new):
            return self._result(f"all requests of {move.domain} go to {move.new.name} already: nothing to do")
        try:
            self._begin(now)
            # A domain that nobody asked yet has no requests to be careful with.
            steps = [] if now is None else remaining(self.options["steps"], now)
            if check:
                return self._planned(steps)
            for step in steps:
                self._step(step)
            self._write(move.only(move.new))
        except SideFailedError as error:
            return self._failed(error, check=check)
        except SlipwayError as error:
            raise self._interrupted(error) from error
        return self._result(f"all requests of {move.domain} go to {move.new.name}")

    def _begin(self, now: int | None) -> None:
        """Both sides answer, before anything is moved.

        Raises:
            SideFailedError: the new side does not.
            SlipwayError: the old side does not, and has all the requests.
        """
        new, old = self.move.new, self.move.old
        self.report(f"{new.name}: {self.gate.watch(new, wanted=self.options['answers'])}")
        try:
            self.report(f"{old.name}: {self.gate.watch(old, wanted=_OF_THE_OLD)}")
        except SideFailedError as error:
            if not now:
                remedy = "repair it first: without it there would be nothing to go back to"
                raise SlipwayError(error.what, where=old.name, remedy=remedy) from error
            self.report(f"{old.name} does not answer, so that there is nothing to go back to: {error.what}")

    def _step(self, percent: int) -> None:
        """Give the new side its share, and see it answer while that stands.

        Raises:
            SideFailedError: it does not.
        """
        before = longest_ttl(self.records, _ALIAS_TTL)
        whose = f"{'all' if percent == 100 else f'{percent} %'} of the requests go to {self.move.new.name}"
        self._write(self.move.at(percent))
        pause = self.options.get("pause")
        if pause is None:
            # So long do some clients go on with what they were told before.
            pause = max(before, longest_ttl(self.records, _ALIAS_TTL))
        self.report(f"{whose}: watching it for {pause} s")
        seen = self.gate.watch(self.move.new, wanted=self.options["answers"], pause=pause)
        self.steps.append({"percent": percent, "answers": len(seen.answers), "good": sum(seen.answers)})
        self.report(f"{whose}: {seen}")

    def _failed(self, failure: SideFailedError, *, check: bool) -> dict[str, Any]:
        """All requests to the old side, which had them before."""
        new, old, now = self.move.new, self.move.old, share(self.records, self.move)
        told = f"{failure.where}: {failure.what}\n  -> {failure.remedy}"
        if check or now is None or serves_alone(self.records, old):
            return self._failure(f"{told}\nNothing was moved.", went_back=False)
        try:
            self.gate.watch(old, wanted=_OF_THE_OLD)
        except SideFailedError as error:
            # No weight helps, and the clients that are with the new side have as much hope there.
            stays = f"{old.name} does not answer either: {error.what}. {new.name} keeps {now} % of the requests."
            return self._failure(f"{told}\n{stays}\n  -> repair one of them, and run this again", went_back=False)
        except AwsError as error:
            self.report(f"{old.name} can't be looked at: {error.what}")
        self.report(f"{new.name} fails: all requests go back to {old.name}")
        try:
            self._write(self.move.only(old))
        except SlipwayError as error:
            raise self._interrupted(SlipwayError(f"{told}\nand the way back failed: {error}")) from error
        back = f"That was at {now} %. All requests of {self.move.domain} go to {old.name} again."
        return self._failure(f"{told}\n{back}\n  -> repair {new.name}, and run this again", went_back=True)

    def _interrupted(self, error: SlipwayError) -> SlipwayError:
        """The same error, and where the requests are now."""
        now = share(self.records, self.move)
        if not now and not self.changed:
            return error
        where = f"{self.move.new.name} has {now} % of the requests of {self.move.domain}"
        return SlipwayError(f"{error}\n{where}", remedy="run the same command again: it goes on from there")

    def _read(self) -> list[Record]:
        name = hosted_zone.fqdn(self.move.domain)
        # The list begins with all records of the name; a weighted one has at most 100.
        answer = self.aws.call(
            "route53", "ListResourceRecordSets", HostedZoneId=self.zone, StartRecordName=name, MaxItems="300"
        )
        return [one for one in answer["ResourceRecordSets"] if hosted_zone.fqdn(one["Name"]) == name]

    def _write(self, wanted: Sequence[Record]) -> None:
        """Make the records so, and wait until every name server of Route 53 has them."""
        batch = {"Changes": changes(self.records, wanted)}
        if not batch["Changes"]:
            return
        answer = self.aws.call("route53", "ChangeResourceRecordSets", HostedZoneId=self.zone, ChangeBatch=batch)
        self.changed = True
        self.records = [*(one for one in self.records if one["Type"] != "A"), *wanted]
        deadline = time.monotonic() + _INSYNC
        while not self._is_everywhere(str(answer["ChangeInfo"]["Id"])):
            if time.monotonic() >= deadline:
                self.report(f"not all name servers of Route 53 have it within {_INSYNC:.0f} s; going on")
                return
            time.sleep(_LOOK)

    def _is_everywhere(self, change: str) -> bool:
        try:
            return bool(self.aws.call("route53", "GetChange", Id=change)["ChangeInfo"]["Status"] == "INSYNC")
        except AwsError as error:
            if error.is_passing:
                return False
            raise

    def _planned(self, steps: Sequence[int]) -> dict[str, Any]:
        self.changed = True
        self.records = [*(one for one in self.records if one["Type"] != "A"), *self.move.only(self.move.new)]
        told = ", then ".join(f"{step} %" for step in steps or [100])
        return self._result(f"would give {self.move.new.name} {told} of the requests of {self.move.domain}")

    def _failure(self, msg: str, *, went_back: bool) -> dict[str, Any]:
        return {**self._result(msg), "failed": True, "went_back": went_back}

    def _result(self, msg: str) -> dict[str, Any]:
        return {
            "changed": self.changed,
            "msg": msg,
            "percent": share(self.records, self.move),
            "steps": self.steps,
            "went_back": False,
            "diff": {"before": _shown(self.first), "after": _shown(self.records)},
            "api_calls": sum(self.aws.calls.values()),
        }


def _shown(records: Sequence[Record]) -> str:
    return "".join(
        f"{one['Name']} {one['Type']} -> {target(one)}{_weight(one)}\n" for one in records if one["Type"] == "A"
    )


def _weight(record: Record) -> str:
    return f" ({record['SetIdentifier']}: weight {record['Weight']})" if "Weight" in record else ""


def shift(options: Mapping[str, Any], /, *, check: bool, report: Report) -> dict[str, Any]:
    """The step of traffic_shift; a new side that fails is a result with `failed`, after it went back.

    Raises:
        SlipwayError: one of the sides is not there, the records are not those of the two, or AWS refused a call.
    """
    _refuse(options)
    aws = Aws(Connection.of(options))
    fargate, compose = options["fargate"], options["compose"]
    balancer, groups = _balancer(aws, fargate), _groups(aws, fargate)
    sides = {
        "fargate": Side("fargate", fargate["set_identifier"], {"AliasTarget": _alias(balancer)}),
        "compose": Side(
            "compose",
            compose["set_identifier"],
            {"TTL": compose["ttl"], "ResourceRecords": [{"Value": compose["address"]}]},
        ),
    }
    ask = {
        "fargate": fargate.get("connect_to") or balancer["DNSName"],
        "compose": compose.get("connect_to") or compose["address"],
    }
    new = sides.pop(options["to"])
    move = Move(options["name"], next(iter(sides.values())), new, options.get("weight"))
    gate = Gate(aws, options, ask, {"fargate": groups})
    return Shift(aws, options, move, gate, report).run(check=check)


def _refuse(options: Mapping[str, Any]) -> None:
    steps = options["steps"]
    if not steps or not all(1 <= step <= 100 for step in steps):
        remedy = "give the percentages of the requests, such as -e steps=10,50,100"
        raise SlipwayError(f"{steps} are no steps from 1 to 100 %", where="steps", remedy=remedy)
    if (options.get("pause") or 0) < 0 or options["answers"] < 1:
        raise SlipwayError("a pause is no less than 0 s, and 1 answer is the least", where="traffic_shift")
    if options["fargate"]["set_identifier"] == options["compose"]["set_identifier"]:
        remedy = "give each of the two records its own"
        raise SlipwayError("both sides have the same", where="set_identifier", remedy=remedy)


def _balancer(aws: Aws, fargate: Mapping[str, Any]) -> Mapping[str, Any]:
    name = fargate["load_balancer"]
    try:
        found = aws.call("elbv2", "DescribeLoadBalancers", Names=[name])["LoadBalancers"]
    except AwsError as error:
        if error.code != "LoadBalancerNotFound":
            raise
        found = []
    if not found:
        raise SlipwayError(f"there is no load balancer {name}", where="fargate", remedy="run deploy.yml first")
    return dict(found[0])


def _groups(aws: Aws, fargate: Mapping[str, Any]) -> list[str]:
    service = describe(aws, fargate["cluster"], fargate["service"])
    if service is None:
        what = f"there is no ECS service {fargate['cluster']}/{fargate['service']}"
        raise SlipwayError(what, where="fargate", remedy="run deploy.yml first")
    return target_group_arns(service)


def _alias(balancer: Mapping[str, Any]) -> dict[str, Any]:
    """As the role fargate has it."""
    return {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": balancer["DNSName"].lower(),
        "EvaluateTargetHealth": True,
    }


def _zone(aws: Aws, zone: str) -> str:
    wanted: dict[str, Mapping[str, Any]] = {key: {} for _, key in hosted_zone.references(zone)}
    known = Known(aws)
    live = next(iter(hosted_zone.HostedZone().observe(aws, wanted, known).values()), None) if wanted else None
    if wanted and live is None:
        remedy = "correct service_hosted_zone"
        raise SlipwayError(f"there is no public hosted zone {zone!r} in this account", where="zone", remedy=remedy)
    return str(live.outputs["id"]) if live is not None else zone
