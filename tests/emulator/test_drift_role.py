"""The role of drift checks, enforced: it needs nothing more, nothing of it is needless, and it can write nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore import xform_name
from botocore.exceptions import ClientError

from demo import embedded_aws
from demo.embedded_aws import ACCOUNT, REGION, EmbeddedAws
from demo.seed import SIMULATED_TAG, seed
from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError
from slipway.drift import applied
from slipway.drift.applied import Applied
from slipway.drift.check import Checked, Described, check
from slipway.drift.under_way import look
from slipway.machine.address import address_of
from slipway.release.history import key_of
from slipway.resources import KINDS, LOOKUPS
from slipway.resources.vpc import find
from tests.e2e.playbook import ansible_playbook
from tests.emulator.lifecycle import Resource, apply
from tests.emulators.emulator import Emulator

pytestmark = pytest.mark.ministack
ROLE = "slipway-drift-lab"
TABLE = "slipway-releases"
POLICY = Path(__file__).resolve().parents[2] / "roles" / "schedule" / "vars" / "main" / "permissions.yml"
SERVICE: dict[str, Any] = {
    "service_repository": "web",
    "service_image_tag": SIMULATED_TAG,
    "service_http_check": False,
    "service_cluster": "lab",
    "service_cpu": 256,
    "service_memory": 512,
    "service_container_port": 8000,
    "service_health_check": {"path": "/health"},
    "service_domain": "web.example.com",
    "service_hosted_zone": "example.com",
    "service_task_role": "web-task",
    "service_task_policy": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::lab/*"]}],
    "service_secrets": {"A": "secretsmanager:lab/a", "B": "ssm:/lab/b"},
    "service_load_balancer_deletion_protection": True,
    "service_repository_keep_images": 30,
    "service_tags": {"Service": "web"},
}
IDENTITY = {"slipway:machine": "box", "slipway:environment": "lab"}
# Of the actions, what ministack has no part of, or what a check does without.
LACKING = {
    "application-autoscaling:DescribeScalableTargets": "ministack has no Application Auto Scaling",
    "application-autoscaling:DescribeScalingPolicies": "ministack has no Application Auto Scaling",
    "secretsmanager:ListSecrets": "without it each secret is asked for by itself",
}


def statements() -> list[dict[str, Any]]:
    """The policy as the role has it."""
    text = POLICY.read_text(encoding="utf-8").replace("{{ _schedule_partition }}", "aws")
    found: list[dict[str, Any]] = yaml.safe_load(text)["schedule_permissions"]
    table = f"arn:aws:dynamodb:*:*:table/{TABLE}"
    return [one | {"resources": [table]} if one["sid"] == "Releases" else one for one in found]


ACTIONS = [action for one in statements() for action in one["actions"]]


def machine(name: str, **more: Any) -> list[Resource]:
    """What role machine_aws describes, as far as ministack has it."""
    identity = {**IDENTITY, "slipway:machine": name}
    principals = {"service": ["ec2.amazonaws.com"]}
    instance = {
        "name": name,
        "identity": identity,
        "instance_type": "t3.small",
        "image_parameter": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
        "key_name": "box",
        "security_groups": ["box"],
        "instance_profile": "box",
        "termination_protection": False,
        "root_volume": {"size_gib": 8, "volume_type": "gp3", "encrypted": False},
        **more,
    }
    return [
        (
            "iam_role",
            {"name": "box", "assume_role_policy": [{"principals": principals, "actions": ["sts:AssumeRole"]}]},
        ),
        ("instance_profile", {"name": "box", "role": "box"}),
        ("security_group", {"name": "box", "description": "box"}),
        ("key_pair", {"name": "box", "public_key": f"ssh-ed25519 {'A' * 67}C me"}),
        ("ec2_instance", instance),
        ("elastic_ip", {"name": name, "identity": identity, "instance": name}),
    ]


@dataclass(frozen=True)
class Scene:
    """A deployment that its owner made, and somebody who may only look."""

    emulator: Emulator
    reader: Connection
    described: Sequence[Described]

    def root(self, service: str) -> Any:
        """A client that may do everything."""
        return self.emulator.client(service)

    def allow(self, *, but: str = "") -> None:
        """Give the reader the policy, or all of it but one action."""
        body = [
            {
                "Effect": "Allow",
                "Action": [action for action in one["actions"] if action != but] or ["sts:GetCallerIdentity"],
                "Resource": one["resources"],
            }
            for one in statements()
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": body})
        self.root("iam").put_role_policy(RoleName=ROLE, PolicyName="look", PolicyDocument=document)

    def look(self) -> tuple[Checked, list[str]]:
        """A check as the playbook makes it, by the reader; and everything that says it was not complete."""
        problems: list[str] = []
        try:
            aws = Aws(self.reader)
            find(aws, {"routes": True})
            assert look(aws, TABLE, [key_of("lab", "web")]).applied
            address_of.cache_clear()
            address_of("box", "lab", "public_ip", REGION, self.reader.profile, self.reader.endpoint_url)
        except SlipwayError as error:
            problems.append(str(error))
        checked = check([replace(one, connection=self.reader) for one in self.described], KINDS, LOOKUPS)
        problems += [f"{one.key}: {one.reason}" for one in checked.findings if one.state == "unreadable"]
        return checked, [*problems, *checked.errors.values(), *checked.notes]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Deployed with all rights, on a ministack that enforces policies."""
    folder = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTH", "true")
        aws = embedded_aws.start(folder, containers=False)
        try:
            patch.delenv("AUTH")
            resources = deployed(aws, folder)
            emulator = Emulator("ministack", aws.endpoint)
            patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(reader(emulator, folder)))
            yield Scene(emulator, Connection(REGION, "drift-reader", aws.endpoint), resources)
        finally:
            embedded_aws.stop(aws)


def deployed(aws: EmbeddedAws, folder: Path) -> list[Described]:
    """A service by deploy.yml, and two machines beside it."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    common = {
        "deployment_environment": "lab",
        "service_region": REGION,
        "service_image_registry": aws.endpoint.removeprefix("http://"),
    }
    groups = {"fargate": {"hosts": {"web": SERVICE}}, "compose": {"hosts": {}}, "machine": {"hosts": {}}}
    inventory = {"all": {"vars": local | common, "children": groups}}
    (folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    seed(aws, str(folder / "hosts.json"))
    arguments = ("deploy.yml", "-i", str(folder / "hosts.json"), "--skip-tags", "preflight")
    done = ansible_playbook(*arguments, environment=aws.environment())
    assert done.code == 0, done.output
    root = Connection(REGION, endpoint_url=aws.endpoint)
    web = applied.read(Aws(root), TABLE, key_of("lab", "web"))
    assert web is not None
    boxes = list(
        {(kind, options["name"]): (kind, options) for kind, options in machine("box") + machine("old")}.values()
    )
    apply(aws.endpoint, boxes)
    return [
        Described("web", root, web.resources, web, roles=["web-execution", "web-task"]),
        Described("box", root, boxes, Applied(boxes)),
    ]


def reader(emulator: Emulator, folder: Path) -> Path:
    """A user who may do nothing but assume the role, and a profile with its session."""
    iam = emulator.client("iam")
    user = iam.create_user(UserName="control")["User"]["Arn"]
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam.put_user_policy(
        UserName="control",
        PolicyName="assume",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    key = iam.create_access_key(UserName="control")["AccessKey"]
    trust = [{"principals": {"aws": [user]}, "actions": ["sts:AssumeRole"]}]
    inline = [{"name": "look", "statements": statements()}]
    apply(emulator.endpoint, [("iam_role", {"name": ROLE, "assume_role_policy": trust, "inline_policies": inline})])
    sts = boto3.client(
        "sts",
        region_name=REGION,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="drift")["Credentials"]
    file = folder / "credentials"
    file.write_text(
        f"[drift-reader]\naws_access_key_id={given['AccessKeyId']}\n"
        f"aws_secret_access_key={given['SecretAccessKey']}\naws_session_token={given['SessionToken']}\n"
    )
    return file


def test_the_role_sees_everything_and_finds_nothing(scene: Scene) -> None:
    checked, problems = scene.look()
    assert problems == []
    assert [one.key for one in checked.findings] == []
    assert checked.resources > 20


def written() -> list[tuple[str, str]]:
    """Every call by which a kind creates, changes or deletes: service and operation."""
    package = Path(__file__).resolve().parents[2] / "module_utils" / "slipway"
    text = "\n".join(file.read_text(encoding="utf-8") for file in (package / "resources").glob("*.py"))
    found = set(re.findall(r'Call\(\s*"([a-z0-9-]+)",\s*"([A-Z][A-Za-z]+)"', text))
    found = {one for one in found if not one[1].startswith(("Describe", "List", "Get"))}
    # What ministack does not have can't refuse anything.
    return sorted(one for one in found if one[0] != "application-autoscaling")


def test_the_role_can_write_nothing(scene: Scene) -> None:
    session = boto3.Session(profile_name="drift-reader")
    answered = {}
    for service, operation in written():
        client = session.client(service, REGION, endpoint_url=scene.reader.endpoint_url)  # type: ignore[call-overload]
        shape = client.meta.service_model.operation_model(operation).input_shape
        given = _some(shape) if shape else {}
        try:
            getattr(client, xform_name(operation))(**given)
            answered[service, operation] = "done"
        except ClientError as error:
            answered[service, operation] = error.response["Error"]["Code"]
    refused = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
    assert {one: code for one, code in answered.items() if code not in refused} == {}
    assert len(answered) > 60


def test_secrets_and_foreign_data_are_closed(scene: Scene) -> None:
    session = boto3.Session(profile_name="drift-reader")

    def client(service: str) -> Any:
        return session.client(service, REGION, endpoint_url=scene.reader.endpoint_url)  # type: ignore[call-overload]

    scene.root("dynamodb").create_table(
        TableName="customers",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    keys = {"customers": {"Keys": [{"id": {"S": "1"}}]}}
    attempts: list[Callable[[], Any]] = [
        lambda: client("secretsmanager").get_secret_value(SecretId="lab/a"),
        lambda: client("ssm").get_parameter(Name="/lab/b", WithDecryption=True),
        lambda: client("ssm").get_parameters(Names=["/lab/b"]),
        lambda: client("dynamodb").batch_get_item(RequestItems=keys),
        lambda: client("dynamodb").scan(TableName=TABLE),
        lambda: client("logs").filter_log_events(logGroupName="/ecs/web"),
        lambda: client("ecr").batch_get_image(repositoryName="web", imageIds=[{"imageTag": SIMULATED_TAG}]),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation"):
            attempt()


def _some(shape: Any, name: str = "") -> Any:
    """A value that AWS takes for this shape, as far as it is looked at before the permission is."""
    match shape.type_name:
        case "structure":
            return {one: _some(shape.members[one], one) for one in shape.required_members}
        case "list":
            return [_some(shape.member)]
        case "map":
            return {_some(shape.key): _some(shape.value)}
        case "boolean":
            return True
        case "integer" | "long" | "float" | "double":
            return max(1, int(shape.metadata.get("min", 1)))
        case "blob":
            return b"x"
        case "timestamp":
            return 0
    if name == "resourceArn":
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/web"
    return (shape.enum or ["x" * max(1, int(shape.metadata.get("min", 1)))])[0]


def test_no_action_of_the_role_is_needless(scene: Scene) -> None:
    """The last of this file: somebody changes things, so that every question is asked."""
    elbv2, ec2, iam = (scene.root(service) for service in ("elbv2", "ec2", "iam"))
    (group,) = elbv2.describe_target_groups(Names=["web"])["TargetGroups"]
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.9.9.9", "Port": 8000}])
    ec2.terminate_instances(InstanceIds=[alive(scene, "old")])
    iam.create_instance_profile(InstanceProfileName="other")
    of_box = [{"Name": "instance-id", "Values": [alive(scene, "box")]}]
    (known,) = ec2.describe_iam_instance_profile_associations(Filters=of_box)["IamInstanceProfileAssociations"]
    other = {"IamInstanceProfile": {"Name": "other"}}
    ec2.replace_iam_instance_profile_association(AssociationId=known["AssociationId"], **other)
    checked, problems = scene.look()
    assert sorted(one.key for one in checked.findings) == [
        "ec2_instance box instance_profile",
        "ec2_instance old",
        "elb_target_group web targets[10.9.9.9:8000]",
    ]
    assert problems == []
    needless = []
    for action in ACTIONS:
        scene.allow(but=action)
        if not scene.look()[1]:
            needless.append(action)
    assert sorted(needless) == sorted(LACKING)


def alive(scene: Scene, name: str) -> str:
    """The id of a machine's instance."""
    filters = [{"Name": "tag:slipway:machine", "Values": [name]}]
    found = scene.root("ec2").describe_instances(Filters=filters)["Reservations"]
    (instance,) = (one["InstanceId"] for item in found for one in item["Instances"])
    return str(instance)
