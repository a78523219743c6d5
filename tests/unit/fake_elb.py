"""One load balancer, target group, listener and rule as the writes left them, read back as AWS fills them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from slipway.engine.kind import Kind, Known
from slipway.engine.plan import Call, Live, Plan, resolve
from tests.unit.fake_aws import FakeAws

ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:"
ARNS = {
    "LoadBalancer": f"{ARN}loadbalancer/app/web/1",
    "TargetGroup": f"{ARN}targetgroup/api/2",
    "Listener": f"{ARN}listener/app/web/1/3",
    "Rule": f"{ARN}listener-rule/app/web/1/3/4",
}
REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
SESSION = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}


class FakeElb(FakeAws):
    """Elastic Load Balancing: what a Modify call does not name stays as it is."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        super().__init__()
        self.found: dict[str, dict[str, Any]] = {}
        self.attributes: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.extra_certificates: list[str] = []
        self.write(calls)

    def write(self, calls: Iterable[Call]) -> None:
        """Do what the calls say."""
        outputs: dict[str, Any] = {}
        for call in calls:
            params = resolve(call.params, outputs)
            self._write(call.operation, params)
            if call.collect and call.operation.startswith("Create"):
                what = call.operation.removeprefix("Create")
                outputs |= call.collect({f"{what}s": [self.found[what]]})

    def _write(self, operation: str, params: Mapping[str, Any]) -> None:
        what = operation.removeprefix("Create").removeprefix("Modify")
        if operation.endswith("Attributes"):
            self.attributes |= {item["Key"]: item["Value"] for item in params["Attributes"]}
        elif operation == "AddTags":
            self.tags |= _tags(params)
        elif operation == "RemoveTags":
            self.tags = {key: value for key, value in self.tags.items() if key not in params["TagKeys"]}
        elif operation == "AddListenerCertificates":
            self.extra_certificates += [item["CertificateArn"] for item in params["Certificates"]]
        elif operation == "RemoveListenerCertificates":
            gone = [item["CertificateArn"] for item in params["Certificates"]]
            self.extra_certificates = [one for one in self.extra_certificates if one not in gone]
        elif operation.startswith(("Set", "ModifyIpPools")):
            self._balancer(params)
        else:
            start = {f"{what}Arn": ARNS[what]} if operation.startswith("Create") else self.found[what]
            self.tags |= _tags(params)
            self.found[what] = _filled({**start, **params})
            if what == "LoadBalancer":
                self._balancer(params)

    def _balancer(self, params: Mapping[str, Any]) -> None:
        balancer = self.found["LoadBalancer"]
        balancer.update(params)
        mappings = params.get("SubnetMappings") or [{"SubnetId": one} for one in params.get("Subnets") or ()]
        if mappings:
            balancer["AvailabilityZones"] = [
                {"SubnetId": one["SubnetId"], "LoadBalancerAddresses": [one]} for one in mappings
            ]

    def answer(self, operation: str, params: dict[str, Any]) -> Any:
        """Every read there is."""
        if operation == "DescribeTags":
            pairs = [{"Key": key, "Value": value} for key, value in self.tags.items()]
            return {"TagDescriptions": [{"ResourceArn": arn, "Tags": pairs} for arn in params["ResourceArns"]]}
        if operation.endswith("Attributes"):
            return {"Attributes": [{"Key": key, "Value": value} for key, value in self.attributes.items()]}
        if operation == "DescribeListenerCertificates":
            default = [{**item, "IsDefault": True} for item in self.found["Listener"].get("Certificates", ())]
            more = [{"CertificateArn": one, "IsDefault": False} for one in self.extra_certificates]
            return {"Certificates": [*default, *more]}
        what = operation.removeprefix("Describe")
        return {what: [self.found[what[:-1]]] if what[:-1] in self.found else []}


def plan(kind: Kind, options: Mapping[str, Any], aws: FakeElb) -> Plan:
    """What one run would do, with the load balancer and the listener beside it."""
    known = Known(aws)
    known.put("elb_load_balancer", "web", Live({}, {"arn": ARNS["LoadBalancer"]}))
    known.put("elb_listener", "web:443", Live({}, {"arn": ARNS["Listener"]}))
    key = kind.key(options)
    live = kind.observe(aws, {key: options}, known).get(key)
    return kind.plan(kind.desired(options, known), live)


def _filled(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource with what AWS adds."""
    for key in ("Actions", "DefaultActions"):
        if key in resource:
            numbered = enumerate(resource[key], start=1)
            resource[key] = [_action({"Order": index, **action}) for index, action in numbered]
    if "Conditions" in resource:
        # In another order, and host and path told twice.
        resource["Conditions"] = [_condition(item) for item in reversed(resource["Conditions"])]
    if resource.pop("ResetTransforms", False):
        resource["Transforms"] = []
    if "Priority" in resource:
        resource["Priority"] = str(resource["Priority"])
    for what in ("LoadBalancer", "TargetGroup"):
        if "Name" in resource and f"{what}Arn" in resource:
            resource[f"{what}Name"] = resource["Name"]
    return resource


def _action(action: dict[str, Any]) -> dict[str, Any]:
    action = {key: dict(value) if isinstance(value, dict) else value for key, value in action.items()}
    if action["Type"] == "forward":
        plain = {"TargetGroups": [{"TargetGroupArn": action.get("TargetGroupArn"), "Weight": 1}]}
        config = {"TargetGroupStickinessConfig": {"Enabled": False}, **(action.get("ForwardConfig") or plain)}
        action["ForwardConfig"] = config
        if len(config["TargetGroups"]) == 1:
            action["TargetGroupArn"] = config["TargetGroups"][0]["TargetGroupArn"]
    if action["Type"] == "redirect":
        action["RedirectConfig"] = REDIRECT | action["RedirectConfig"]
    for key in ("AuthenticateOidcConfig", "AuthenticateCognitoConfig"):
        if key in action:
            hidden = {"ClientSecret", "UseExistingClientSecret"}
            action[key] = SESSION | {name: value for name, value in action[key].items() if name not in hidden}
    return action


def _condition(condition: dict[str, Any]) -> dict[str, Any]:
    for key in ("HostHeaderConfig", "PathPatternConfig"):
        if condition.get(key, {}).get("Values"):
            return {**condition, "Values": condition[key]["Values"]}
    return condition


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in params.get("Tags", ())}
